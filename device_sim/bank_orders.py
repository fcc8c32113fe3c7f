"""The orders of the simulated bank: rows of a table, what each is, and where its money has to be."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import apsw

from device_sim.bank_ledger import Account, Pocket
from wire.host_values import OrderStatus


@dataclass(frozen=True)
class Order:
    """A row of the table, column by column; an order that is only known from its reversal has no RRN.

    `card` and `payer` are masked: the transit card, or the bank card whose account a deposit goes to; the bank card
    that pays, empty for a phone. `payer_token` and `deposit_token` are the holders in the ledger. `began_at`
    (MMDDhhmmss) is the terminal's time in the 0200; `counter` and `authorised_at` (YYYYMMDDhhmmss) are those of the
    load that was permitted.
    """

    number: str
    terminal: str
    stan: int
    began_at: str
    amount_fen: int
    rrn: str = ""
    card: str = ""
    card_token: bytes = b""
    opened_at: float = 0.0
    paid: int = 0
    expired: int = 0
    expected_tac: bytes = b""
    loaded: int = 0
    reversed: int = 0
    refunded_fen: int = 0
    payer: str = ""
    payer_token: bytes = b""
    deposit_token: bytes = b""
    suspended: int = 0
    counter: int = 0
    authorised_at: str = ""

    @property
    def status(self) -> OrderStatus:
        """What a terminal is told that asks."""
        if self.reversed or self.expired:
            return OrderStatus.EXPIRED
        return OrderStatus.PAID if self.paid else OrderStatus.PENDING

    @property
    def is_in_doubt(self) -> bool:
        """Whether its card may have been loaded, and nobody has said yet."""
        return bool(self.expected_tac) and not self.loaded and not self.reversed

    @property
    def from_payer(self) -> Pocket:
        """Whose money pays it."""
        return Pocket(Account.CUSTOMERS, self.payer_token)

    @property
    def while_open(self) -> Pocket:
        """Where the money is from the payment on: a deposit is not open then, it has arrived."""
        return Pocket(Account.CUSTOMERS, self.deposit_token) if self.deposit_token else Pocket(Account.SUSPENSE)

    def right_balances(self) -> Mapping[Pocket, int]:
        """Return what it must leave in each pocket, in fen."""
        amount, paid, loaded, refunded = self.amount_fen, self.paid, self.loaded, self.refunded_fen
        return {
            self.from_payer: refunded - amount * paid,
            self.while_open: 0 if loaded or refunded else amount * paid,
            Pocket(Account.PURSE_FLOAT): amount * loaded,
            Pocket(Account.TERMINAL_CLEARING): -refunded if loaded else 0,
        }


_INDEX = "create index if not exists orders_of_card on orders (card_token)"
_COLUMNS = [column.name for column in fields(Order)]
_SCHEMA = f"create table if not exists orders ({', '.join(_COLUMNS)}, primary key (number))"
_MARKS = ", ".join("?" for _ in _COLUMNS)
_UPDATES = ", ".join(f"{column} = excluded.{column}" for column in _COLUMNS)
_KEEP = f"insert into orders values ({_MARKS}) on conflict (number) do update set {_UPDATES}"  # noqa: S608  (our names)


class Orders:
    """The table of orders in a database that its owner opens, locks and commits."""

    def __init__(self, database: apsw.Connection) -> None:
        self._db = database
        for statement in (_SCHEMA, _INDEX):
            list(self._db.execute(statement))  # a statement runs when its rows are fetched

    def find(self, number: str) -> Order | None:
        """Return an order, None if there is none."""
        row = self._db.execute("select * from orders where number = ?", (number,)).fetchone()
        return Order(*row) if row is not None else None

    def of_card(self, card_token: bytes) -> list[Order]:
        """Return every order of a card."""
        rows: list[Any] = self._db.execute("select * from orders where card_token = ?", (card_token,)).fetchall()
        return [Order(*row) for row in rows]

    def all(self) -> list[Order]:
        """Return every order, oldest first."""
        rows: list[Any] = self._db.execute("select * from orders order by rowid").fetchall()
        return [Order(*row) for row in rows]

    def keep(self, order: Order) -> None:
        """Write an order, new or changed."""
        self._db.execute(_KEEP, tuple(vars(order).values()))
