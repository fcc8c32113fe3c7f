"""What the replay foresees besides times and arrivals: pauses, customers who give up or are sent on, its own doubt."""

import random
from dataclasses import replace

import pytest

from queue_display import acts
from queue_display.arrival_rates import ArrivalRates, Rate
from queue_display.estimates import Estimator
from queue_display.events import BreakReason, By
from queue_display.pauses import Pauses, Pausing
from queue_display.policy import Rule
from queue_display.replay import OpenDesk, Replay, Standing, Wait, newcomer
from queue_display.service_times import Law, ServiceTimes
from queue_display.simulation import Arrival, Desk, Floor
from queue_display.tickets import Channel, Head, Line
from queue_display.visits import GivingUp, Onward
from tests.queue_display.logs import OPENING, Log
from tests.queue_display.policies import branch_policy

SIMPLE = Line("simple", "ordinary")
COMPLEX = Line("complex", "ordinary")
POLICY = branch_policy(Rule.FIFO)
REST = BreakReason.REST


class Exact(ServiceTimes):
    """Every service takes 100 s, and that is known."""

    def law(self, service: str, hour: int, teller: str) -> Law:
        return Law(100, (1.0,))

    def doubt(self, service: str, rng: random.Random) -> float:
        return 1.0


def standing(waiting: int, *desks: OpenDesk) -> Standing:
    heads = [Head(place - 1000, place, f"A{place:03}", SIMPLE) for place in range(waiting)]
    return Standing(0.0, 9, desks, heads, {})


def wait_of_newcomer(now: Standing) -> Wait:
    return Replay(POLICY, Exact(POLICY)).waits(now, [SIMPLE])[newcomer(SIMPLE, now.now).number]


BUSY = OpenDesk(Desk("1"), "simple", -50.0)


# -- pauses ------------------------------------------------------------------------------------------------------


def test_a_window_that_pauses_is_expected_back_as_pauses_of_its_kind_end() -> None:
    pausing = Pausing({}, {REST: Law(600, (1.0,))})
    away = OpenDesk(Desk("2"), since=-550.0, pause=REST)
    now = replace(standing(2, BUSY, away), pausing=pausing)
    assert wait_of_newcomer(standing(2, BUSY)).about_s == pytest.approx(250)
    assert wait_of_newcomer(now).about_s == pytest.approx(150)  # one at 50 s at each window, the next at 150 s


def test_windows_that_may_pause_make_waits_longer() -> None:
    pausing = Pausing({REST: Rate(1000.0, 1000 * 500.0)}, {REST: Law(600, (1.0,))})
    wait = wait_of_newcomer(replace(standing(9, BUSY), pausing=pausing))
    assert wait.about_s == pytest.approx(950 + 10 * 100 / 500 * 600, rel=0.2)


def pausing_log() -> tuple[Log, Pauses]:
    pauses = Pauses()
    log = Log(POLICY, pauses.observe)
    for window in ("1", "2"):
        log.did(acts.SignIn(window, f"100{window}"))
    return log, pauses


def test_how_long_windows_pause_is_learned_by_reason() -> None:
    log, pauses = pausing_log()
    assert pauses.known(9, log.now).lasts[REST].mean == 900
    for _ in range(60):
        log.did(acts.BeginBreak("1", REST))
        log.now += 300
        log.did(acts.EndBreak("1"))
    lasts = pauses.known(9, log.now).lasts
    assert lasts[REST].mean == pytest.approx(300)
    assert lasts[BreakReason.MEAL].mean == 2700


def test_how_often_windows_pause_is_learned_from_the_last_while() -> None:
    log, pauses = pausing_log()
    assert pauses.known(9, log.now + 600).rates == {}
    for _ in range(4):
        log.now += 600
        log.did(acts.BeginBreak("1", REST))
        log.did(acts.EndBreak("1"))
    rate = pauses.known(9, log.now).rates[REST]
    assert rate.tickets / rate.seconds == pytest.approx(1 / 600, rel=0.2)


# -- customers ---------------------------------------------------------------------------------------------------


def test_who_gives_up_while_he_waits_keeps_no_window_busy() -> None:
    now = standing(40, BUSY)
    patient, impatient = (wait_of_newcomer(replace(now, giving_up=rate)) for rate in (Rate(0, 1), Rate(1000, 600_000)))
    assert patient.about_s == pytest.approx(4050)
    assert impatient.about_s is not None
    assert 600 < impatient.about_s < 2000


def test_how_often_customers_give_up_is_learned_from_those_who_waited() -> None:
    giving_up = GivingUp()
    assert giving_up.rate.draw(random.Random(1)) == 0
    for _ in range(2000):
        giving_up.learn(300, gave_up=False)
        giving_up.learn(300, gave_up=True)
    assert giving_up.rate.tickets / giving_up.rate.seconds == pytest.approx(1 / 600, rel=0.01)


def test_who_has_more_services_to_come_waits_again_before_who_came_later() -> None:
    served = Head(-2000.0, 0, "A100", SIMPLE)
    now = standing(2, replace(BUSY, served=served))
    assert wait_of_newcomer(now).about_s == pytest.approx(250)
    assert wait_of_newcomer(replace(now, further={"A100": ("complex",)})).about_s == pytest.approx(350)
    assert wait_of_newcomer(replace(now, further={"A001": ("complex", "simple")})).about_s == pytest.approx(450)


def test_to_which_services_customers_are_sent_on_is_learned() -> None:
    onward, rng = Onward(), random.Random(1)
    assert onward.draw("simple", rng) == ""
    for place in range(1000):
        onward.learn("simple", "complex" if place % 4 == 0 else "")
    drawn = [onward.draw("simple", rng) for _ in range(4000)]
    assert drawn.count("complex") / 4000 == pytest.approx(0.25, abs=0.03)
    assert onward.draw("complex", rng) == ""
    always = replace(standing(20, BUSY), onward=onward)
    assert wait_of_newcomer(always).about_s == pytest.approx(2050 * 1.25, rel=0.1)


def test_a_customer_who_comes_later_than_the_floor_begins_is_called_then() -> None:
    called: list[tuple[str, float]] = []
    floor = Floor(POLICY, 0.0, lambda *_: 100.0, lambda head, _, at: called.append((head.number, at)))
    floor.open(Desk("1"))
    for number, at in (("A002", 50.0), ("A001", 10.0)):
        floor.expect(Arrival(at, Head(at, int(at), number, SIMPLE)))
    floor.run(iter((Arrival(20.0, Head(20.0, 20, "A003", SIMPLE)),)))
    assert called == [("A001", 10.0), ("A003", 110.0), ("A002", 210.0)]


# -- what is not yet known ---------------------------------------------------------------------------------------


def test_the_mean_of_a_service_is_the_less_in_doubt_the_more_customers_were_served() -> None:
    times, rng = ServiceTimes(POLICY), random.Random(1)
    before = [times.doubt("simple", rng) for _ in range(4000)]
    for _ in range(400):
        times.learn("simple", 9, "1001", 180)
    after = [times.doubt("simple", rng) for _ in range(4000)]
    for factors, spread in ((before, 0.25), (after, 0.04)):
        mean = sum(factors) / 4000
        assert mean == pytest.approx(1, abs=0.02)
        assert (sum((each - mean) ** 2 for each in factors) / 4000) ** 0.5 == pytest.approx(spread, rel=0.15)


def test_that_nobody_comes_before_the_branch_is_open_teaches_nothing() -> None:
    rates: ArrivalRates[Line] = ArrivalRates()
    rates.open_day(0)
    rates.begin(9 * 3600 - 120)
    rates.learn(SIMPLE, 9, 9 * 3600)
    rates.begin(9 * 3600 + 60)  # it has begun
    rates.learn(SIMPLE, 9, 9 * 3600 + 120)
    known = rates.rates(9, 9 * 3600 + 120)[SIMPLE]
    assert known.tickets / known.seconds == pytest.approx(2 / 240, rel=0.03)


# -- the whole path ----------------------------------------------------------------------------------------------


def test_a_branch_learns_from_its_log_what_may_come() -> None:
    estimator = Estimator(POLICY)
    log = Log(POLICY, estimator.observe)
    log.did(acts.SignIn("1", "1001"))
    log.did(acts.SignIn("2", "1002"))
    for number in range(1, 5):
        log.did(acts.IssueTicket(("simple", "corporate"), "ordinary", "zh", Channel.KIOSK))
        log.now += 100
        if number % 2:
            log.did(acts.Cancel(f"A{number:03}", By.CUSTOMER))
            continue
        log.did(acts.CallNext("1"))
        log.did(acts.Start("1"))
        log.now += 100
        log.did(acts.Transfer("1", "complex"))
        log.did(acts.Cancel(f"A{number:03}", By.TELLER))
    log.did(acts.BeginBreak("2", REST))
    log.did(acts.IssueTicket(("simple", "corporate"), "ordinary", "zh", Channel.KIOSK))
    log.did(acts.CallNext("1"))
    now = estimator.standing(log.branch, log.now)
    assert (now.giving_up.tickets, now.giving_up.seconds) == pytest.approx((2, 400), rel=0.02)
    assert {now.onward.draw("simple", random.Random(seed)) for seed in range(200)} == {"", "complex"}
    assert now.further == {"A005": ("corporate",)}
    assert [(each.pause, each.served and each.served.number) for each in now.desks] == [(None, "A005"), (REST, None)]
    assert now.pausing.rates[REST].tickets > 0
    assert now.rates[SIMPLE].tickets / now.rates[SIMPLE].seconds == pytest.approx(
        5 / (log.now - OPENING + 120), rel=0.2
    )
