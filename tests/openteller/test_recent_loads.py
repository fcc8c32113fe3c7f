"""What is remembered of the journal is what reading all of it would say, whatever is written in between."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk_core.ledger import Journal, LedgerRow, Transaction
from kiosk_core.ledger import LedgerState as L
from kiosk_core.risk import Load, loads_of
from openteller.recent_loads import RecentLoads

MORNING = datetime(2026, 11, 22, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Written:
    """A journal in memory; `read` counts the transactions that were read."""

    transactions: list[Transaction] = field(default_factory=list)
    read: int = 0

    def since(self, moment: datetime) -> Sequence[Transaction]:
        found = [each for each in self.transactions if each.rows[0].at >= moment]
        self.read += len(found)
        return found

    def unsettled(self) -> Sequence[Transaction]:
        return [each for each in self.transactions if not each.state.closed]

    def begin(self, at: datetime, *states: L) -> None:
        number = f"T{len(self.transactions)}"
        rows = [LedgerRow(1, at, number, L.NEW, {"token": "card", "amount_fen": 1_000})]
        self.transactions.append(Transaction(number, tuple(rows)))
        for state in states:
            self.go_on(len(self.transactions) - 1, at, state)

    def go_on(self, place: int, at: datetime, state: L) -> None:
        each = self.transactions[place]
        if not each.state.closed:
            row = LedgerRow(len(each.rows) + 1, at, each.id, state, {})
            self.transactions[place] = replace(each, rows=(*each.rows, row))


def recent(journal: Written) -> RecentLoads:
    return RecentLoads(cast("Journal", journal))


def test_a_closed_transaction_is_read_once() -> None:
    journal = Written()
    for minutes in range(100):
        journal.begin(MORNING + timedelta(minutes=minutes), L.FUND_REQ, L.DONE)
    loads = recent(journal)
    now = MORNING + timedelta(hours=3)
    assert len(loads.since(MORNING, now)) == 100
    journal.read = 0
    assert len(loads.since(MORNING, now + timedelta(minutes=1))) == 100
    assert journal.read == 0


def test_a_case_that_stays_open_has_nothing_read_again() -> None:
    journal = Written()
    journal.begin(MORNING, L.FUND_REQ, L.SUSPENSE)
    for minutes in range(100):
        journal.begin(MORNING + timedelta(minutes=minutes), L.FUND_REQ, L.DONE)
    loads = recent(journal)
    now = MORNING + timedelta(hours=3)
    assert len(loads.since(MORNING, now)) == 101
    journal.read = 0
    assert len(loads.since(MORNING, now + timedelta(minutes=1))) == 101
    assert journal.read == 0


def test_an_open_case_that_is_closed_later_counts_as_it_ended() -> None:
    journal = Written()
    journal.begin(MORNING, L.FUND_REQ, L.REV_REQ)
    loads = recent(journal)
    assert loads.since(MORNING, MORNING + timedelta(hours=1)) == (Load(MORNING, "card", 1_000),)
    journal.go_on(0, MORNING + timedelta(hours=2), L.REVERSED)
    assert loads.since(MORNING, MORNING + timedelta(hours=3)) == ()


def test_after_a_clock_was_set_back_everything_is_read_anew() -> None:
    journal = Written()
    loads = recent(journal)
    loads.since(MORNING - DAY, MORNING)
    journal.begin(MORNING - timedelta(hours=5), L.FUND_REQ, L.DONE)
    assert len(loads.since(MORNING - DAY, MORNING - timedelta(hours=4))) == 1


STEPS = st.one_of(
    st.tuples(st.just("wait"), st.integers(0, 700)),  # minutes
    st.tuples(st.just("clock back"), st.integers(0, 2_000)),
    st.tuples(st.just("begin"), st.sampled_from([L.CARD_READ, L.FUND_REQ, L.DONE, L.REVERSED, L.SUSPENSE])),
    st.tuples(st.just("go on"), st.integers(0, 30), st.sampled_from([L.FUND_REQ, L.REV_REQ, L.DONE, L.REVERSED])),
    st.tuples(st.just("look")),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_it_remembers_what_reading_everything_would_say(steps: list[tuple[str, object]]) -> None:
    journal, now = Written(), MORNING
    loads = recent(journal)
    for step in [*steps, ("look",)]:
        match step:
            case ("wait", int(minutes)):
                now += timedelta(minutes=minutes)
            case ("clock back", int(minutes)):
                now -= timedelta(minutes=minutes)
            case ("begin", L() as state):
                journal.begin(now, state)
                loads.since(now - DAY, now)  # every customer is looked at before he pays
            case ("go on", int(place), L() as state) if place < len(journal.transactions):
                journal.go_on(place, now, state)
            case ("look",):
                expected = sorted(loads_of(journal.since(now - DAY)), key=lambda load: load.at)
                assert sorted(loads.since(now - DAY, now), key=lambda load: load.at) == expected
