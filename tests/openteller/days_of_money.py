"""A terminal's day, typed by hand: its transactions as the journal has them, and the bank's file of it."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from itertools import pairwise
from pathlib import Path

from journal.store import SqliteJournal
from kiosk_core.ledger import LedgerRow, Transaction
from kiosk_core.ledger import LedgerState as L
from tests.clocks import SetClock
from wire.settlement import BookingKind, SettledState, Settlement, SettlementEntry

BEIJING = timezone(timedelta(hours=8))
DAY = date(2026, 11, 22)
TERMINAL = "KT000001"
CARD = "310487*********5678"

Rows = tuple[tuple[L, int, Mapping[str, str | int | bool]], ...]
"""The rows of a transaction: state, seconds after the customer chose, facts."""

# The path of a payment, in seconds after the customer chose; docs/money: one row a state.
CHOSEN: Rows = (
    (L.NEW, 0, {"service": "transit_top_up"}),
    (L.CARD_READ, 5, {"card": CARD, "token": "ab" * 16, "old_balance_fen": 2_350}),
)
ASKED = (*CHOSEN, (L.INIT, 10, {}), (L.FUND_REQ, 10, {}))
PAID = (*ASKED, (L.FUND_OK, 30, {"paid": True}), (L.MAC2_REQ, 31, {}))
SENT = (*PAID, (L.MAC2_OK, 32, {}), (L.CREDIT_SENT, 32, {}))
PROVEN = (*SENT, (L.CARD_OK, 33, {"tac": "96436186", "proven": False}), (L.CONFIRM_SAF, 34, {}))
LOADED = (*PROVEN, (L.DONE, 35, {}))
REVERSING = (*PAID, (L.REV_REQ, 32, {"paid": True, "reason": "96"}))
REFUNDED = (*REVERSING, (L.REVERSED, 33, {"refunded_fen": 5_000}))
UNPAID = (*ASKED, (L.REV_REQ, 130, {"paid": False, "reason": "06"}), (L.REVERSED, 131, {"refunded_fen": 0}))
SUSPENDED = (*SENT, (L.CARD_UNKNOWN, 33, {"why": "CardGone"}), (L.SUSPENSE, 93, {}))
CANCELLED = (*CHOSEN, (L.ABANDONED, 20, {}))
ACCOUNT = {"account": "622202*********0000", "account_token": "cd" * 16}
DEPOSIT_ASKED: Rows = ((L.NEW, 0, {"service": "account_deposit"}), (L.CARD_READ, 5, ACCOUNT), (L.FUND_REQ, 10, {}))
DEPOSITED = (*DEPOSIT_ASKED, (L.DONE, 30, {"paid": True}))
DEPOSIT_REVERSED = (*DEPOSIT_ASKED, (L.REV_REQ, 130, {"reason": "06"}), (L.REVERSED, 131, {"refunded_fen": 5_000}))

PAYMENT, LOAD, REVERSAL, REFUND = BookingKind.PAYMENT, BookingKind.LOAD, BookingKind.REVERSAL, BookingKind.REFUND
TOLD = BookingKind.SUSPENSE


def at(clock: str, day: date = DAY) -> datetime:
    """Return hh:mm or hh:mm:ss of the day in Beijing."""
    return datetime.combine(day, time.fromisoformat(clock), BEIJING)


def order(number: int, begun: date = DAY, terminal: str = TERMINAL) -> str:
    """Return a transaction's id: terminal, day and running number."""
    return f"{terminal}-{begun:%y%m%d}{number:05}"


def told(
    number: int,
    rows: Iterable[tuple[L, int, Mapping[str, str | int | bool]]],
    began: datetime,
    *,
    amount_fen: int = 5_000,
    terminal: str = TERMINAL,
) -> Transaction:
    """Return the transaction `number` as the journal tells it.

    Its amount stands in INIT, in the FUND_REQ of a deposit, and in what was refunded.
    """
    id_ = order(number, began, terminal)
    told_rows = []
    for place, (state, after, facts) in enumerate(rows):
        amount = {"amount_fen": amount_fen} if state in {L.INIT, L.FUND_REQ} else {}
        refund = {"refunded_fen": amount_fen} if facts.get("refunded_fen") else {}
        moment = began + timedelta(seconds=after)
        told_rows.append(LedgerRow(100 * number + place, moment, id_, state, {**facts, **amount, **refund}))
    return Transaction(id_, tuple(told_rows))


def booked(
    number: int,
    kind: BookingKind,
    moment: datetime,
    state: SettledState,
    *,
    amount_fen: int = 5_000,
    terminal: str = TERMINAL,
    proven: bool | None = None,
    begun: date = DAY,
) -> SettlementEntry:
    """Return a line of the bank's file about the order `number` that began on `begun`.

    A load is proven unless it is said not to be.
    """
    return SettlementEntry(
        order=order(number, begun, terminal),
        terminal=terminal,
        stan=number,
        rrn=f"{number:012}",
        date=moment.date(),
        time=moment.time(),
        kind=kind,
        amount_fen=amount_fen,
        state=state,
        tac_proven=kind is LOAD if proven is None else proven,
        card=CARD,
    )


def bank_day(*entries: SettlementEntry, day: date = DAY) -> Settlement:
    """Return the bank's file of the day."""
    return Settlement(day, entries)


def write_journal(folder: Path, transactions: Iterable[Transaction]) -> None:
    """Write the transactions one behind the other, at the times that they tell; their numbers go from 1 up."""
    clock = SetClock(at("00:00", DAY - timedelta(days=30)))
    with SqliteJournal(folder, TERMINAL, clock) as journal:
        for transaction in transactions:
            for before, row in pairwise((None, *transaction.rows)):
                assert row is not None
                clock.sleep((row.at - clock.wall()).total_seconds())
                if row.state is L.NEW:
                    assert journal.begin(row.facts).id == transaction.id
                elif before is not None and row.state is before.state:
                    journal.note(transaction.id, row.facts)
                else:
                    journal.record(transaction.id, row.state, row.facts)
