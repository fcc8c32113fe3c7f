"""What is folded from the log for screens and managers, and the log on disk."""

import pytest

from queue_display import acts
from queue_display.branch import Branch, BrokenLog
from queue_display.dispatch import Because, Reason
from queue_display.events import BreakReason, By, Called, Cancelled, Entry, Parked, ReEntered, Transferred
from queue_display.rows import read_event, write_event
from queue_display.tickets import Channel
from queue_display.views import KnownWindows, LastCalls
from tests.queue_display.logs import Log
from tests.queue_display.policies import branch_policy


def a_day() -> Log:
    log = Log(branch_policy())
    for window in ("1", "2"):
        log.did(acts.SignIn(window, f"100{window}"))
    log.did(acts.IssueTicket(("simple", "complex"), "vip", "zh", Channel.KIOSK, notes="开户", said_about_s=3.5))
    log.did(acts.IssueTicket(("simple",), "ordinary", "en", Channel.BOOKING, slot=log.now + 60))
    log.now += 150
    for window in ("1", "2"):
        log.did(acts.CallNext(window))
    log.now += 100
    log.did(acts.Recall("2"))
    log.did(acts.MarkNoShow("2"))
    log.did(acts.Arrive("1"))
    log.did(acts.Start("1"))
    log.did(acts.Transfer("1", "complex", "2"))
    log.did(acts.CallNext("2"))
    log.did(acts.Finish("2"))
    log.did(acts.ReEnter("A002", By.CUSTOMER))
    log.did(acts.Park("A002", By.TELLER, log.now + 60))
    log.did(acts.Cancel("A002", By.CUSTOMER))
    log.did(acts.BeginBreak("1", BreakReason.MEAL))
    log.did(acts.EndBreak("1"))
    log.did(acts.SignOut("1"))
    return log


def test_the_last_calls_are_newest_first_and_each_has_its_number_in_the_log() -> None:
    log, calls = a_day(), LastCalls(most=3)
    for entry in log.entries:
        if isinstance(entry.event, ReEntered):
            break
        calls.observe(entry)
    assert [(call.ticket, call.window, call.again) for call in calls.calls] == [
        ("A001", "2", False),
        ("A002", "2", True),
        ("A002", "2", False),
    ]
    for call in calls.calls:
        assert log.entries[call.number - 1].at == call.at


def test_windows_are_known_by_those_who_signed_in() -> None:
    known = KnownWindows()
    for entry in a_day().entries:
        known.observe(entry)
    assert known.names == {"1", "2"}


@pytest.mark.parametrize(
    "event", [Transferred("A001", "complex"), Parked("A001", By.TELLER), Cancelled("A001", By.TELLER)]
)
def test_a_call_is_not_shown_once_its_ticket_waits_again_or_is_gone(event: Transferred | Parked | Cancelled) -> None:
    calls = LastCalls()
    for number, ticket in enumerate(("A001", "A002"), 1):
        calls.observe(Entry(number, 0.0, Called(ticket, "1", Reason(Because.ALONE, 0.0))))
    calls.observe(Entry(3, 0.0, event))
    assert [call.ticket for call in calls.calls] == ["A002"]


def test_every_event_comes_back_from_disk_as_it_was() -> None:
    log = a_day()
    rows = [(entry.number, entry.at, *write_event(entry.event)) for entry in log.entries]
    read = [Entry(number, at, read_event(kind, fields)) for number, at, kind, fields in rows]
    assert read == log.entries
    assert Branch(read) == log.branch
    kinds = {kind for _, _, kind, _ in rows}
    assert len(kinds) == 16  # all that there are


def test_the_row_of_a_call_says_why_in_words_that_last() -> None:
    called = next(entry.event for entry in a_day().entries if isinstance(entry.event, Called))
    assert write_event(called) == (
        "Called",
        '{"ticket":"A001","window":"1","reason":["senior",150.0,300.0,0.75,"",0.0,0.0,0.0]}',
    )


@pytest.mark.parametrize(
    ("kind", "fields"), [("Applauded", "{}"), ("Started", "{}"), ("Started", '{"ticket":1}'), ("Started", "{")]
)
def test_a_row_that_says_nothing_known_is_a_broken_log(kind: str, fields: str) -> None:
    with pytest.raises(BrokenLog):
        read_event(kind, fields)
