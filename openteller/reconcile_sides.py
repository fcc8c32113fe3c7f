"""What the journal, and what the bank's settlement files, know of one transaction: in the same words, to be compared.

All money is in fen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from enum import Enum
from functools import cached_property

from kiosk_core.funding import FundingKind
from kiosk_core.ledger import LedgerState as L
from kiosk_core.ledger import ReceiptResult, Resolution, Transaction
from kiosk_core.suspense import IN_DOUBT, REPORTED
from wire.settlement import BookingKind, SettledState, SettlementEntry

CLOCK_SKEW = timedelta(minutes=10)
"""How far the clocks of terminal and bank may be apart."""

_ON_CARD = frozenset({L.CARD_OK, L.CONFIRM_SAF, L.DONE})


class End(Enum):
    """How a transaction ended on one side; the value is how it is said."""

    LOADED = "loaded"
    DEPOSITED = "deposited"
    REFUNDED = "given back"
    BOTH = "loaded and given back"
    PAID = "paid, neither loaded nor given back"
    UNPAID = "not paid"
    BY_STAFF = "closed by staff"
    OPEN = "open"
    ABSENT = "not there"


@dataclass(frozen=True)
class Money:
    """One side's equation: payments - refunds = loads + deposits + what is open + what staff closed."""

    payments_fen: int = 0
    refunds_fen: int = 0
    loads_fen: int = 0
    deposits_fen: int = 0
    open_fen: int = 0
    by_staff_fen: int = 0

    @property
    def undecided_fen(self) -> int:
        """What was paid and is neither on a card or account nor with the payer again."""
        return self.payments_fen - self.refunds_fen - self.loads_fen - self.deposits_fen

    @property
    def off_fen(self) -> int:
        """What was paid and is nowhere; below zero, what came from nowhere."""
        return self.undecided_fen - self.open_fen - self.by_staff_fen

    def __add__(self, other: "Money") -> "Money":
        return Money(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Money)))


@dataclass(frozen=True)
class Move:
    """Something that the bank must have booked: no earlier than it was `begun`, no later than it was `certain` here."""

    kind: BookingKind
    amount_fen: int
    begun: datetime
    certain: datetime


@dataclass(frozen=True)
class Days:
    """The day that is reconciled, in the terminal's zone, and the days whose files are at hand."""

    day: date
    at_hand: frozenset[date]

    def touches(self, begun: datetime, certain: datetime) -> bool:
        """Return whether any of the time between lies on the day."""
        return begun.date() <= self.day <= certain.date()

    def must_show(self, move: Move) -> bool:
        """Return whether every day on which the bank may have booked `move` is at hand."""
        return self._all_days(move) <= self.at_hand

    def may_show(self, move: Move, entry: SettlementEntry) -> bool:
        """Return whether `entry` was booked on a day that fits `move`."""
        return entry.date in self._all_days(move)

    @staticmethod
    def _all_days(move: Move) -> frozenset[date]:
        first, last = (move.begun - CLOCK_SKEW).date(), (move.certain + CLOCK_SKEW).date()
        return frozenset(first + timedelta(days=each) for each in range((last - first).days + 1))


@dataclass(frozen=True)
class Here:
    """A transaction as the journal knows it."""

    transaction: Transaction

    @property
    def id(self) -> str:
        """Its number, which is the bank's order number too."""
        return self.transaction.id

    @cached_property
    def facts(self) -> Mapping[str, str | int | bool | None]:
        """All that was noted of it."""
        return self.transaction.facts

    @property
    def state(self) -> L:
        """Where it stands."""
        return self.transaction.state

    @property
    def amount_fen(self) -> int:
        """What was to be paid; 0 before the customer chose."""
        return int(self.facts.get("amount_fen") or 0)

    @property
    def refunded_fen(self) -> int:
        """What went back by the host's word."""
        return int(self.facts.get("refunded_fen") or 0)

    @property
    def resolution(self) -> Resolution:
        """How staff closed it. Raises ValueError where they did not."""
        return Resolution(self.facts.get("resolution"))

    @property
    def funding(self) -> FundingKind:
        """How it was to be paid; by phone where the journal is from before there was anything else."""
        return FundingKind(self.facts.get("funding", FundingKind.QR.value))

    @property
    def bank_keeps(self) -> bool | None:
        """What the bank said when it was told that the load is in doubt: it keeps it open; None: nothing yet."""
        said = self.facts.get(REPORTED)
        return None if said is None else bool(said)

    @property
    def receipt(self) -> ReceiptResult | None:
        """What became of its last receipt; None: the journal does not say."""
        said = self.facts.get("receipt")
        return ReceiptResult(said) if said is not None else None

    @cached_property
    def is_paid(self) -> bool:
        """Whether the payment is known here; a refund proves it too."""
        return self.facts.get("paid") is True or bool(self.refunded_fen)

    @property
    def is_deposit(self) -> bool:
        """Whether the money is for a bank account: the payment is all that there is to book."""
        return "account_token" in self.facts

    @property
    def is_proven(self) -> bool:
        """Whether the card's TAC is here and nobody doubts it."""
        return self.state in _ON_CARD and bool(self.facts.get("tac"))

    @cached_property
    def end(self) -> End:
        """How it ended."""
        match self.state:
            case L.SETTLED:
                return End.BY_STAFF
            case L.DONE if self.is_deposit:
                return End.DEPOSITED
            case L.DONE:
                return End.BOTH if self.refunded_fen else End.LOADED
            case L.REVERSED if self.refunded_fen:
                return End.REFUNDED
            case state if state.closed:
                return End.PAID if self.is_paid else End.UNPAID
            case state:
                return End.UNPAID if state.before_payment else End.OPEN

    @cached_property
    def money(self) -> Money:
        """Its part of the equation."""
        amount = self.amount_fen
        paid = amount * self.is_paid
        loaded = amount * self.is_proven
        return Money(
            payments_fen=paid,
            refunds_fen=self.refunded_fen,
            loads_fen=loaded,
            deposits_fen=paid * (self.end is End.DEPOSITED),
            open_fen=paid * (self.end is End.OPEN and not loaded),
            by_staff_fen=paid * (self.end is End.BY_STAFF),
        )

    @cached_property
    def moves(self) -> Mapping[BookingKind, Move]:
        """What the bank must have booked, by kind; nothing of which the host's word is still awaited."""
        found: list[Move] = []
        if self.is_paid:
            found.append(self._move(BookingKind.PAYMENT, self.amount_fen, L.FUND_REQ, self._paid_at))
        if self.state is L.DONE and not self.is_deposit:
            found.append(self._move(BookingKind.LOAD, self.amount_fen, L.CARD_OK, self.since))
        if self.state is L.REVERSED:
            found.append(self._move(BookingKind.REVERSAL, self.amount_fen, L.REV_REQ, self.since))
        if self.refunded_fen:
            found.append(self._move(BookingKind.REFUND, self.refunded_fen, L.REV_REQ, self.since))
        if self.bank_keeps:
            doubted = next(row.at for row in self.transaction.rows if row.state in IN_DOUBT)
            told = next(row.at for row in self.transaction.rows if REPORTED in row.facts)
            found.append(_between(BookingKind.SUSPENSE, self.amount_fen, doubted, told))
        return {each.kind: each for each in found}

    @property
    def began(self) -> datetime:
        """When the customer chose the service."""
        return self.transaction.rows[0].at

    @property
    def since(self) -> datetime:
        """When it came to stand as it does: a row that only repeats the state does not make it younger."""
        return next(self._at_of(self.state))

    def is_of(self, days: Days) -> bool:
        """Return whether it began on the day, or the bank may have booked something of it on the day."""
        return self.began.date() == days.day or any(
            days.touches(each.begun, each.certain) for each in self.moves.values()
        )

    @property
    def _paid_at(self) -> datetime:
        paid = (row.at for row in self.transaction.rows if row.facts.get("paid") is True)
        return next(paid, self.since)

    def _at_of(self, state: L) -> Iterator[datetime]:
        return (row.at for row in self.transaction.rows if row.state is state)

    def _move(self, kind: BookingKind, amount_fen: int, begun_in: L, certain: datetime) -> Move:
        return _between(kind, amount_fen, next(self._at_of(begun_in), self.began), certain)


def _between(kind: BookingKind, amount_fen: int, begun: datetime, certain: datetime) -> Move:
    """Return the move; a clock that was set back in between widens its time and never turns it round."""
    return Move(kind, amount_fen, min(begun, certain), max(begun, certain))


@dataclass(frozen=True)
class Bank:
    """An order as the bank's files know it: its bookings, oldest first; none where they do not know it."""

    entries: Sequence[SettlementEntry]

    @cached_property
    def booked(self) -> Mapping[BookingKind, SettlementEntry]:
        """The last booking of each kind; a load only if its TAC was verified."""
        return {each.kind: each for each in self.entries if each.kind is not BookingKind.LOAD or each.tac_proven}

    @property
    def _said(self) -> SettledState | None:
        return self.entries[-1].state if self.entries else None

    @property
    def is_loaded(self) -> bool:
        """Whether the card's proof is there, be it on a day whose file is not at hand."""
        return BookingKind.LOAD in self.booked or self._said is SettledState.DISPUTED

    @property
    def is_refunded(self) -> bool:
        """Whether the payer has the money back, be it from a day whose file is not at hand."""
        return BookingKind.REFUND in self.booked or self._said is SettledState.DISPUTED

    @property
    def known(self) -> frozenset[BookingKind]:
        """What was booked by the files' word, be it on a day that is not at hand."""
        said = {BookingKind.LOAD: self.is_loaded, BookingKind.REFUND: self.is_refunded}
        return frozenset(self.booked) | {kind for kind, booked in said.items() if booked}

    @property
    def is_paid(self) -> bool:
        """Whether the order was paid: nothing else lets the bank allow a load, hear of one or give money back."""
        allowed = any(each.kind in {BookingKind.LOAD, BookingKind.SUSPENSE} for each in self.entries)
        return BookingKind.PAYMENT in self.booked or allowed or self.is_loaded or self.is_refunded

    @property
    def amount_fen(self) -> int:
        """The amount of its first booking, 0 where there is none."""
        return self.entries[0].amount_fen if self.entries else 0

    @property
    def end(self) -> End:
        """How it ended."""
        match (self.is_loaded, self.is_refunded):
            case (True, True):
                return End.BOTH
            case (True, False):
                return End.LOADED
            case (False, True):
                return End.REFUNDED
        if self._said is SettledState.DEPOSITED:
            return End.DEPOSITED
        if self.is_paid:
            return End.PAID
        return End.UNPAID if self.entries else End.ABSENT

    @property
    def contradicts_itself(self) -> bool:
        """Whether the state that a line names is not what the lines up to the end of its day make of the order."""
        states = {day: self._state_on(day) for day in {each.date for each in self.entries}}
        return any(each.state is not states[each.date] for each in self.entries)

    def _state_on(self, day: date) -> SettledState:
        """Return the state that the bookings up to the end of `day` make; DISPUTED needs one that is not at hand."""
        is_last = self.entries[-1].date == day
        known = self if is_last else Bank(tuple(each for each in self.entries if each.date <= day))
        loaded = known.is_loaded
        if BookingKind.REVERSAL in known.booked or known.is_refunded:
            return SettledState.DISPUTED if loaded else SettledState.REVERSED
        if loaded:
            return SettledState.LOADED
        if any(each.state is SettledState.DEPOSITED for each in known.entries):
            return SettledState.DEPOSITED
        return SettledState.SUSPENSE if BookingKind.SUSPENSE in known.booked else SettledState.OPEN


def money_at_bank(here: Here | None, bank: Bank, days: Days) -> Money:
    """Return the order's part of the bank's equation.

    What the files at hand imply counts too: a load or a refund was paid, be it on an earlier day. Money that waits
    is open if it does so here as well, or if what became of it may be booked on a day that is not at hand.
    """
    moves = here.moves if here is not None else {}

    def booked_fen(kind: BookingKind, *, implied: bool) -> int:
        entry = bank.booked.get(kind)
        return entry.amount_fen if entry is not None else bank.amount_fen * implied

    payment = moves.get(BookingKind.PAYMENT)
    known = Money(
        payments_fen=booked_fen(
            BookingKind.PAYMENT, implied=bank.is_paid and (payment is None or not days.must_show(payment))
        ),
        refunds_fen=booked_fen(BookingKind.REFUND, implied=bank.is_refunded),
        loads_fen=booked_fen(BookingKind.LOAD, implied=bank.is_loaded),
        deposits_fen=booked_fen(BookingKind.PAYMENT, implied=True) * (bank.end is End.DEPOSITED),
    )
    waits = max(0, known.undecided_fen)
    elsewhere = any(kind not in bank.booked and not days.must_show(move) for kind, move in moves.items())
    if here is not None and (here.end is End.OPEN or elsewhere):
        return replace(known, open_fen=waits)
    if here is not None and here.end is End.BY_STAFF:
        return replace(known, by_staff_fen=waits)
    return known
