"""The double-entry ledger of the simulated bank: what was booked, and postings in fen that add up to zero."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import apsw

from wire.settlement import BookingKind

_SCHEMA = """
    create table if not exists bookings (
        id integer primary key, day text, moment text, number text, kind text, terminal text, stan integer, rrn text,
        amount_fen integer, tac_proven integer);
    create index if not exists bookings_of_an_order on bookings (number);
    create table if not exists postings (booking integer, account text, holder blob, amount_fen integer);
    create index if not exists postings_of_a_holder on postings (holder);
"""


class Account(Enum):
    """Where money can be. Every movement takes from one account what it gives to another."""

    CUSTOMERS = "customers"
    """The payers' own money: below zero by what they have paid and not got back."""
    SUSPENSE = "suspense"
    """Paid, and neither on a card nor given back: the open orders' payments."""
    PURSE_FLOAT = "purse_float"
    """In the purses of cards: all loads that were proven by their TAC."""
    TERMINAL_CLEARING = "terminal_clearing"
    """What the terminal's operator owes, below zero: loads that were proven after the payer had got the money back."""


@dataclass(frozen=True)
class Pocket:
    """A part of an account; of CUSTOMERS each customer's of this bank, by his token, and b"" for all others."""

    account: Account
    holder: bytes = b""


Movement = tuple[Pocket, Pocket]
"""From where to where."""


@dataclass(frozen=True, kw_only=True)
class Booking:
    """One thing that was booked, `at` the host's time, for the message with this STAN and RRN."""

    at: datetime
    order: str
    kind: BookingKind
    terminal: str
    stan: int
    rrn: str
    amount_fen: int
    tac_proven: bool = False


@dataclass(frozen=True)
class Posting:
    """One side of a movement: `amount_fen` goes onto the account, or off it where it is below zero.

    `booking` numbers the movement, `date` is YYYYMMDD, `reference` the RRN of what caused it.
    """

    booking: int
    date: str
    order: str
    account: Account
    amount_fen: int
    reference: str


class Ledger:
    """Bookings and postings in a database that its owner opens, locks and commits."""

    def __init__(self, database: apsw.Connection) -> None:
        self._db = database
        list(self._db.execute(_SCHEMA))  # a statement runs when its rows are fetched

    def book(self, booking: Booking, movement: Movement | None = None) -> None:
        """Book something; with a `movement` its amount goes from the first pocket to the second."""
        fields = vars(booking) | {
            "day": f"{booking.at:%Y%m%d}",
            "moment": f"{booking.at:%H%M%S}",
            "word": booking.kind.value,
        }
        self._db.execute(
            "insert into bookings values"
            " (null, :day, :moment, :order, :word, :terminal, :stan, :rrn, :amount_fen, :tac_proven)",
            fields,
        )
        if movement is not None:
            number, (source, target) = self._db.last_insert_rowid(), movement
            self._db.execute(
                "insert into postings values (?, ?, ?, ?), (?, ?, ?, ?)",
                (
                    *(number, source.account.value, source.holder, -booking.amount_fen),
                    *(number, target.account.value, target.holder, booking.amount_fen),
                ),
            )

    def bookings(self) -> list[Booking]:
        """Return all that was booked, oldest first."""
        rows = self._db.execute("select * from bookings order by id")
        return [
            Booking(
                at=datetime.fromisoformat(f"{day}T{moment}"),
                order=order,
                kind=BookingKind(kind),
                terminal=terminal,
                stan=stan,
                rrn=rrn,
                amount_fen=amount,
                tac_proven=bool(proven),
            )
            for _, day, moment, order, kind, terminal, stan, rrn, amount, proven in rows
        ]

    def postings(self) -> list[Posting]:
        """Return every posting, oldest first."""
        rows = self._db.execute(
            "select booking, day, number, account, postings.amount_fen, rrn"
            " from postings join bookings on bookings.id = booking order by postings.rowid"
        )
        return [Posting(booking, day, order, Account(name), fen, rrn) for booking, day, order, name, fen, rrn in rows]

    def balances(self) -> Mapping[Account, int]:
        """Return what is on every account, in fen."""
        found = dict(self._db.execute("select account, sum(amount_fen) from postings group by account"))
        return {account: found.get(account.value, 0) for account in Account}

    def change_of(self, holder: bytes) -> int:
        """Return by how much the money of a customer of this bank has grown."""
        sql = "select coalesce(sum(amount_fen), 0) from postings where holder = ?"
        change: int = self._db.execute(sql, (holder,)).get
        return change

    def balances_of_orders(self) -> Mapping[tuple[str, Pocket], int]:
        """Return what the postings of each order leave in each pocket that they touch."""
        rows = self._db.execute(
            "select number, account, holder, sum(postings.amount_fen)"
            " from postings join bookings on bookings.id = booking group by number, account, holder"
        )
        return {(order, Pocket(Account(account), holder)): fen for order, account, holder, fen in rows}

    def flaws(self) -> list[str]:
        """Return a sentence for each movement that does not add up to zero; none: the ledger is whole."""
        rows = self._db.execute(
            "select booking, sum(amount_fen) as rest from postings group by booking having rest != 0 or count(*) != 2"
        )
        return [f"booking {booking} is out of balance by {rest} fen" for booking, rest in rows]
