"""The states of a transaction in the journal, and the journal's port (facts: money-safety 5.2).

A row is on disk before the step that it announces becomes visible outside the terminal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from kiosk_core.card_number import CardNumber
from kiosk_core.id_card_reader import IdNumber

Facts = Mapping[str, str | int | bool | None]


class LedgerState(Enum):
    """Where a transaction stands; each name is a row in the journal."""

    NEW = "NEW"  # a customer chose the service
    CARD_READ = "CARD_READ"
    INIT = "INIT"  # 80 50 answered: old balance, counter, MAC1
    FUND_REQ = "FUND_REQ"  # the payment is about to be asked for
    FUND_OK = "FUND_OK"  # the customer has paid
    MAC2_REQ = "MAC2_REQ"
    MAC2_OK = "MAC2_OK"
    CREDIT_SENT = "CREDIT_SENT"  # 80 52 is about to leave: from here on only the card knows
    CARD_UNKNOWN = "CARD_UNKNOWN"  # no answer to 80 52
    REFUSED = "REFUSED"  # the card proved that it was not credited
    CARD_OK = "CARD_OK"  # the card gave its TAC
    CONFIRM_SAF = "CONFIRM_SAF"  # the TAC is on its way to the host until the host says yes
    REV_REQ = "REV_REQ"  # a reversal is on its way to the host until the host says yes
    UPDATE_REQ = "UPDATE_REQ"  # a customer's new data are about to be sent: from here on only the host knows
    TICKET_REQ = "TICKET_REQ"  # a ticket of the queue is about to be asked for: from here on only the queue knows
    SUSPENSE = "SUSPENSE"  # the card is gone; open until it is seen again or staff settle it
    MANUAL = "MANUAL"  # evidence contradicts itself; open until staff settle it
    DONE = "DONE"
    REVERSED = "REVERSED"
    DECLINED = "DECLINED"
    ABANDONED = "ABANDONED"
    SETTLED = "SETTLED"  # staff closed a SUSPENSE or MANUAL case: facts `resolution` (a Resolution), `by`, `reason`

    @property
    def closed(self) -> bool:
        """Whether nothing is left to do."""
        return self in _CLOSED

    @property
    def before_payment(self) -> bool:
        """Whether nobody has been asked for money yet."""
        return self in _BEFORE_PAYMENT

    @property
    def needs_card(self) -> bool:
        """Whether only the card can tell what happened."""
        return self in {LedgerState.CREDIT_SENT, LedgerState.CARD_UNKNOWN, LedgerState.SUSPENSE}


_BEFORE_PAYMENT = frozenset({LedgerState.NEW, LedgerState.CARD_READ, LedgerState.INIT})
_CLOSED = frozenset(
    {LedgerState.DONE, LedgerState.REVERSED, LedgerState.DECLINED, LedgerState.ABANDONED, LedgerState.SETTLED}
)


class Resolution(Enum):
    """How staff closed a case that the terminal could not close: the fact `resolution` of a SETTLED row."""

    LOADED = "loaded"  # the card holds the money
    REFUNDED = "refunded"  # the payer has it back
    PAID_OUT = "paid_out"  # the customer got it in another way, over the counter say
    WRITTEN_OFF = "written_off"  # nobody has a claim to it, or the bank bears the loss


class IssuerResult(Enum):
    """The fact `issuer` of a note, or of a row: what came of the question for commands of the card's issuer."""

    SENT = "commands_sent"  # written before the first of them leaves
    DONE = "commands_done"
    REFUSED = "command_refused"
    NO_COMMANDS = "no_commands"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"


class ReceiptResult(Enum):
    """What became of a transaction's receipt: the fact `receipt` of a note."""

    PRINTED = "printed"
    NOT_PRINTED = "not_printed"  # none, or half of one


@dataclass(frozen=True)
class LedgerRow:
    """One row: its number in the journal, when, which transaction, which state, and what is known with it."""

    number: int
    at: datetime
    transaction: str
    state: LedgerState
    facts: Facts


@dataclass(frozen=True)
class Transaction:
    """A transaction as the journal tells it: its rows in order, never empty."""

    id: str
    rows: tuple[LedgerRow, ...]

    @property
    def state(self) -> LedgerState:
        """The state of the last row."""
        return self.rows[-1].state

    @property
    def facts(self) -> dict[str, str | int | bool | None]:
        """All facts of all rows, later ones over earlier ones."""
        merged: dict[str, str | int | bool | None] = {}
        for row in self.rows:
            merged.update(row.facts)
        return merged

    @property
    def is_about_money(self) -> bool:
        """Whether money could move in it; the others are of no account to books and limits."""
        return self.rows[0].facts.get("kind") not in {"id_update", "queue_ticket"}


class Journal(Protocol):
    """The electronic journal. Every method raises JournalUnavailable when the disk does not keep its promise."""

    def begin(self, facts: Facts) -> Transaction:
        """Open a transaction: write its NEW row and return it, under an id that this journal has never used before.

        The row's facts gain `sequence`, the running number (1 to 99999) that the id ends with. A journal that was lost
        may have used the id: that is found out when the bank's host is told of the head, before anybody is served.
        """
        ...

    def record(self, transaction: str, state: LedgerState, facts: Facts) -> LedgerRow:
        """Append a row; it is on disk when this returns."""
        ...

    def note(self, transaction: str, facts: Facts) -> LedgerRow:
        """Append a row that repeats the transaction's last state: what came to be known behind it, money aside.

        It is on disk when this returns. A note moves nothing: what was closed stays closed, what is open is recovered
        as before.
        """
        ...

    def unsettled(self) -> Sequence[Transaction]:
        """Return every transaction whose last state is not closed, oldest first."""
        ...

    def since(self, moment: datetime) -> Sequence[Transaction]:
        """Return every transaction that began at or after `moment`, open or closed, oldest first, with all its rows.

        What is old enough to lie in an archive is not among them; the last 31 days always are.
        """
        ...

    def head(self) -> tuple[int, str]:
        """Return number and hash of the last row: (0, sixty-four "0") for an empty journal."""
        ...

    def confirmed(self) -> str:
        """Return the hash of the newest row by which staff took this journal for the terminal's own.

        Sixty-four "0" where there is none.
        """
        ...

    def maintain(self) -> None:
        """Do what may take a second, while no customer waits; raise if no transaction could begin now."""
        ...

    def token(self, number: CardNumber | IdNumber) -> str:
        """Return the keyed digest under which a card or person is known in the journal (the number never is)."""
        ...
