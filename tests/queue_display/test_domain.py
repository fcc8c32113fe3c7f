"""A visit to the branch: numbers, calls, transfers, no-shows, appointments, windows, and what is refused."""

import pytest

from kiosk_core.texts import Language
from queue_display import acts
from queue_display.branch import Branch, BrokenLog
from queue_display.deciding import lapsed
from queue_display.dispatch import Because, Reason
from queue_display.events import BreakReason, By, Called, Entry, Finished, Issued, Started
from queue_display.policy import Rule, TellerSkills, WindowRule
from queue_display.refusals import Refusal, Why
from queue_display.sentences import reason_sentence
from queue_display.tickets import Channel, TicketState
from tests.queue_display.logs import MIDNIGHT, Log
from tests.queue_display.policies import branch_policy


@pytest.fixture
def log() -> Log:
    log = Log(branch_policy())
    log.did(acts.SignIn("1", "1001"))
    log.did(acts.SignIn("2", "1002"))
    return log


def take(log: Log, *services: str, customers: str = "ordinary", slot: float | None = None, wait_min: float = 0) -> str:
    issued = log.did(acts.IssueTicket(services, customers, "zh", Channel.KIOSK, slot=slot))
    assert isinstance(issued, Issued)
    log.now += wait_min * 60
    return issued.ticket


def call(log: Log, window: str = "1") -> Called:
    called = log.did(acts.CallNext(window))
    assert isinstance(called, Called)
    return called


def refused(log: Log, act: acts.Act, language: Language = "en") -> str:
    decision = log.do(act)
    assert isinstance(decision, Refusal)
    return decision.sentence(language)


# -- numbers -------------------------------------------------------------------------------------------------


def test_numbers_run_by_series_and_day(log: Log) -> None:
    assert [take(log, "simple"), take(log, "complex"), take(log, "simple")] == ["A001", "B001", "A002"]
    log.did(acts.Cancel("A002", By.CUSTOMER))
    assert take(log, "simple") == "A003"
    log.did(acts.OpenDay("2026-11-24", MIDNIGHT + 86_400))
    assert take(log, "simple") == "A001"


def test_the_thousandth_number_is_a_new_one_too(log: Log) -> None:
    numbers = [take(log, "simple") for _ in range(1001)]
    assert numbers[998:] == ["A999", "A1000", "A1001"]


def test_who_is_called_before_others_of_his_only_line_is_not_said_to_be_alone(log: Log) -> None:
    take(log, "simple")
    take(log, "simple")
    assert [call(log, window).reason.because for window in ("1", "2")] == [Because.SENIOR, Because.ALONE]


def test_a_log_that_was_damaged_is_refused(log: Log) -> None:
    take(log, "complex")
    call(log, "2")
    take(log, "simple")
    before = Branch(log.entries)
    last = log.entries[-1]
    for entry in (
        last,
        Entry(last.number + 2, log.now, last.event),
        Entry(last.number + 1, log.now, last.event),  # A001 once more
        Entry(last.number + 1, log.now - 1, Called("A001", "1", Reason(Because.ALONE, 0))),
        Entry(last.number + 1, log.now, Started("A001")),
        Entry(last.number + 1, log.now, Finished("Z001")),
        Entry(last.number + 1, log.now, Called("A001", "2", Reason(Because.ALONE, 0))),  # it is busy
        Entry(last.number + 1, log.now, Called("A001", "9", Reason(Because.ALONE, 0))),
    ):
        with pytest.raises(BrokenLog):
            log.branch.apply(entry)
        assert log.branch == before


# -- calls and why -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Called before B001: waited 4 min, target 2 min, urgency 200% (B001: 9 min, target 15 min, 60%)."),
        ("zh", "先于B001号：已等4分钟，目标2分钟，紧迫度200%（B001号：9分钟，目标15分钟，60%）。"),
    ],
)
def test_whoever_used_up_more_of_the_target_goes_first_and_the_teller_reads_why(
    log: Log, language: Language, sentence: str
) -> None:
    take(log, "complex", wait_min=5)
    take(log, "simple", wait_min=4)
    called = call(log)
    assert called.ticket == "A001"
    assert reason_sentence(called.reason, Rule.ACCUMULATING, language) == sentence


def test_the_green_channel_goes_first_until_somebody_reaches_the_cap(log: Log) -> None:
    take(log, "complex", wait_min=44)
    take(log, "simple", customers="green", wait_min=0.5)
    called = call(log)
    assert called.ticket == "A001"
    assert called.reason.because is Because.GREEN
    log.now += 60
    take(log, "simple", customers="green", wait_min=1)
    called = call(log, "2")
    assert called.ticket == "B001"


def test_who_reached_the_cap_goes_before_whoever_came_to_the_green_channel_since(log: Log) -> None:
    take(log, "complex")
    take(log, "complex", customers="vip", wait_min=31)
    take(log, "simple", customers="green")
    called = call(log)
    assert called.ticket == "B002"  # the cap of VIP customers is 30 minutes, that of B001 is 45
    assert called.reason.because is Because.CAP
    assert "more than the limit of 30 min" in reason_sentence(called.reason, Rule.ACCUMULATING, "en")


def test_next_finishes_who_is_served_and_refuses_while_somebody_is_on_his_way(log: Log) -> None:
    first, second = take(log, "simple"), take(log, "simple")
    assert call(log).ticket == first
    assert refused(log, acts.CallNext("1")) == "Window 1 has A001: finish, park or mark it as a no-show first."
    log.did(acts.Arrive("1"))
    log.did(acts.Start("1"))
    assert call(log).ticket == second
    assert log.branch.tickets[first].state is TicketState.FINISHED


def test_a_teller_may_call_a_number_and_the_log_says_that_he_did(log: Log) -> None:
    take(log, "simple", wait_min=1)
    number = take(log, "complex")
    called = log.did(acts.CallTicket("1", number))
    assert isinstance(called, Called)
    assert called.reason.because is Because.BY_HAND
    assert refused(log, acts.CallTicket("1", "A001")).startswith(f"Window 1 has {number}")


def test_of_two_who_came_at_one_moment_the_first_is_called_first(log: Log) -> None:
    for service in ("complex", "simple", "corporate"):
        take(log, service, customers="green")
    assert (call(log).ticket, call(log, "2").ticket) == ("B001", "A001")


# -- visits --------------------------------------------------------------------------------------------------


def test_a_visit_of_several_services_keeps_its_number_and_its_seniority(log: Log) -> None:
    number = take(log, "simple", "complex", wait_min=1)
    came = log.branch.tickets[number].since
    call(log)
    log.did(acts.Finish("1"))
    ticket = log.branch.tickets[number]
    assert (ticket.state, ticket.services, ticket.since) == (TicketState.WAITING, ("complex",), came)
    call(log, "2")
    log.did(acts.Finish("2"))
    assert log.branch.tickets[number].state is TicketState.FINISHED


def test_the_next_service_of_the_same_customer_may_follow_at_once(log: Log) -> None:
    number = take(log, "simple", "complex")
    call(log)
    assert isinstance(log.did(acts.Finish("1", go_on=True)), Started)
    assert log.branch.tickets[number].services == ("complex",)
    assert log.branch.windows["1"].ticket == number


def test_a_transfer_keeps_its_seniority_and_may_be_for_one_window_alone(log: Log) -> None:
    number = take(log, "simple", wait_min=10)
    call(log)
    log.did(acts.Start("1"))
    log.now += 300
    take(log, "complex")
    came = log.branch.tickets[number].since
    log.did(acts.Transfer("1", "complex", to_window="2"))
    assert log.branch.tickets[number].since == came
    assert call(log).ticket == "B001"
    assert call(log, "2").ticket == number


def test_who_waits_for_a_window_that_closes_waits_for_any(log: Log) -> None:
    number = take(log, "simple")
    call(log)
    log.did(acts.Transfer("1", "simple", to_window="2"))
    log.did(acts.SignOut("2"))
    assert call(log).ticket == number


def test_a_no_show_who_comes_back_loses_some_of_his_wait_and_one_who_comes_too_late_all(log: Log) -> None:
    number, late = take(log, "simple"), take(log, "simple", wait_min=10)
    call(log)
    call(log, "2")
    log.did(acts.MarkNoShow("1"))
    log.did(acts.MarkNoShow("2"))
    log.now += 60
    before = log.branch.tickets[number].since
    log.did(acts.ReEnter(number, By.CUSTOMER))
    assert log.branch.tickets[number].since == before + 300
    log.now += 30 * 60
    sentence = refused(log, acts.ReEnter(late, By.CUSTOMER))
    assert sentence == "A002 was missed more than 30 minutes ago; please take a new one."
    log.append(*lapsed(log.branch, log.policy, log.now))
    assert log.branch.tickets[late].state is TicketState.CANCELLED


def test_a_customer_who_needs_more_time_is_back_in_line_by_itself(log: Log) -> None:
    number = take(log, "simple")
    log.did(acts.Park(number, By.CUSTOMER, back_at=log.now + 300))
    assert refused(log, acts.CallNext("1")) == "Nobody is waiting."
    log.now += 300
    log.append(*lapsed(log.branch, log.policy, log.now))
    assert call(log).ticket == number


def test_an_appointment_is_merged_at_its_slot(log: Log) -> None:
    booked = take(log, "complex", slot=log.now + 600)  # ten minutes early
    walk_in = take(log, "complex", wait_min=5)
    assert call(log).ticket == walk_in
    walk_in = take(log, "complex", wait_min=7)
    called = call(log, "2")
    assert called.ticket == booked  # two minutes after the slot, of two; the walk-in seven of fifteen
    assert called.reason.over == walk_in


def test_an_appointment_that_is_early_is_called_when_nobody_else_waits(log: Log) -> None:
    booked = take(log, "complex", slot=log.now + 600)
    assert call(log).ticket == booked


def test_an_appointment_that_is_late_is_a_walk_in(log: Log) -> None:
    number = take(log, "complex", slot=log.now - 16 * 60)
    assert not log.branch.tickets[number].line.appointment


# -- windows -------------------------------------------------------------------------------------------------


def test_windows_and_tellers_call_what_they_do() -> None:
    policy = branch_policy(
        window={
            "1": WindowRule(services=("complex",)),
            "2": WindowRule(first=("vip",)),
            "3": WindowRule(only=("vip",)),
        },
        teller={"1004": TellerSkills(("corporate",))},
    )
    log = Log(policy)
    for window, teller in (("1", "1001"), ("2", "1002"), ("3", "1003"), ("4", "1004")):
        log.did(acts.SignIn(window, teller))
    take(log, "simple", wait_min=10)
    take(log, "simple", customers="vip")
    assert refused(log, acts.CallNext("1")) == "2 are waiting, but for nothing that window 1 does."
    assert refused(log, acts.CallNext("4")) == "2 are waiting, but for nothing that window 4 does."
    called = call(log, "2")
    assert (called.ticket, called.reason.because) == ("A002", Because.WINDOW)
    assert refused(log, acts.CallNext("3"), "zh") == "有1人等候，但3号窗口不办理他们的业务。"


def test_a_window_that_pauses_calls_nobody(log: Log) -> None:
    take(log, "simple")
    log.did(acts.BeginBreak("1", BreakReason.MEAL))
    assert refused(log, acts.CallNext("1")) == "Window 1 is paused; end the pause first."
    log.did(acts.EndBreak("1"))
    assert call(log).ticket == "A001"
    assert refused(log, acts.SignOut("1")) == "Window 1 has A001: finish, park or mark it as a no-show first."


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (acts.CallNext("9"), "Nobody has signed in at window 9."),
        (acts.Start("1"), "No customer is at window 1."),
        (acts.Cancel("A009", By.CUSTOMER), "There is no ticket A009 today."),
        (acts.IssueTicket(("gold",), "vip", "en", Channel.KIOSK), "There is no service gold."),
        (acts.IssueTicket(("simple",), "king", "en", Channel.KIOSK), "There is no class of customers king."),
        (acts.SignIn("1", "1009"), "1001 is signed in at window 1."),
        (acts.SignIn("9", "1001"), "1001 is at window 1 already."),
        (acts.EndBreak("1"), "Window 1 is not paused."),
        (acts.OpenDay("2026-11-23", MIDNIGHT), "2026-11-23 has begun or is over already."),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(log: Log, act: acts.Act, sentence: str) -> None:
    assert refused(log, act) == sentence


def test_before_the_day_is_open_nothing_can_be_done() -> None:
    decision = Log(branch_policy(), opened=False).do(acts.SignIn("1", "1001"))
    assert isinstance(decision, Refusal)
    assert decision.why is Why.NO_DAY
