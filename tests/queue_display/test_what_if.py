"""How many windows a day needs."""

from dataclasses import replace

import pytest

from kiosk_core.services import SettingError
from queue_display import acts
from queue_display.forecast import Forecast, Stream
from queue_display.policy import Rule
from queue_display.service_times import ServiceTimes
from queue_display.tickets import Channel, Line
from queue_display.what_if import Coming, WhatIf, learned_times, recorded_day
from tests.queue_display.logs import Log
from tests.queue_display.policies import branch_policy

SIMPLE = Line("simple", "ordinary")
COMPLEX = Line("complex", "ordinary")
BUSY = Forecast(9, (Stream("simple", "ordinary", (30, 30, 30)), Stream("complex", "ordinary", (12, 12, 12))))


def test_more_windows_serve_more_within_the_targets_until_all_are() -> None:
    policy = branch_policy()
    what_if = WhatIf(policy, BUSY.day(1), ServiceTimes(policy), runs=5)
    outcomes = [what_if.outcome(windows) for windows in (3, 4, 6, 12)]
    shares = [outcome.lines[SIMPLE].within_target for outcome in outcomes]
    assert shares == sorted(shares)
    assert not outcomes[0].meets(0.9)
    assert outcomes[-1].meets(0.99)
    busy = [outcome.busy for outcome in outcomes]
    assert busy == sorted(busy, reverse=True)
    assert 0.2 < busy[-1] < 0.4  # 3.5 windows' work for twelve


def test_the_same_question_has_the_same_answer() -> None:
    policy = branch_policy(Rule.GCMU)
    what_if = WhatIf(policy, BUSY.day(2), ServiceTimes(policy), runs=2)
    assert what_if.outcome(4) == what_if.outcome(4)
    assert BUSY.day(2) == BUSY.day(2)


def test_a_recorded_day_is_who_came_and_when() -> None:
    log = Log(branch_policy())
    log.now += 60
    log.did(acts.IssueTicket(("complex", "simple"), "ordinary", "zh", Channel.KIOSK))
    log.now += 60
    log.did(acts.IssueTicket(("simple",), "vip", "zh", Channel.BOOKING, slot=log.now + 300))
    nine = 9 * 3600
    assert recorded_day(log.entries, "2026-11-23") == (
        Coming(nine + 60, COMPLEX, nine + 60),
        Coming(nine + 120, Line("simple", "vip", appointment=True), nine + 420),
    )
    assert recorded_day(log.entries, "2026-11-22") == ()


def test_times_are_learned_from_a_day_of_the_log() -> None:
    log = Log(branch_policy())
    log.did(acts.SignIn("1", "t1"))
    for _ in range(40):
        log.did(acts.IssueTicket(("simple",), "ordinary", "zh", Channel.KIOSK))
        log.did(acts.CallNext("1"))
        log.now += 400
        log.did(acts.Finish("1"))
    assert learned_times(log.entries, log.policy).mean("simple", 9, "t1") == pytest.approx(400, rel=0.15)
    assert learned_times(log.entries[3:3], log.policy).mean("simple", 9, "t1") == 180


def test_a_day_for_what_the_policy_does_not_know_is_refused() -> None:
    log = Log(branch_policy())
    log.did(acts.IssueTicket(("simple", "corporate"), "vip", "zh", Channel.KIOSK))
    without = {name: each for name, each in log.policy.service.items() if name != "corporate"}
    with pytest.raises(SettingError, match='tickets of that day are for "corporate"'):
        learned_times(log.entries, replace(log.policy, service=without))
    no_vip = {name: each for name, each in log.policy.customer_class.items() if name != "vip"}
    with pytest.raises(SettingError, match='tickets of that day are of the class "vip"'):
        learned_times(log.entries, replace(log.policy, customer_class=no_vip))


def test_a_day_on_which_nobody_came_needs_no_window() -> None:
    policy = branch_policy()
    outcome = WhatIf(policy, (), ServiceTimes(policy)).outcome(1)
    assert (outcome.lines, outcome.busy) == ({}, 0.0)
