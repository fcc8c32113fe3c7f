"""The customers of the simulated bank: whose ID card it knows, and whether it takes a new one.

Written from docs/host-messages.md, "A customer's new ID card". A person is known again by keyed digests: the books
hold neither number nor name nor address.
"""

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

import apsw

from wire.host_messages import IdUpdateRequest

_SCHEMA = """
    create table if not exists id_cards (holder blob primary key, valid_from text, valid_until text, left_open text);
    create table if not exists withdrawn (terminal text, number text, primary key (terminal, number));
"""


@dataclass(frozen=True)
class BankCustomer:
    """A customer, and the ID card that the bank knows of him; days are YYYYMMDD."""

    id_number: str = field(repr=False)
    name: str = field(repr=False)
    valid_from: str
    valid_until: str


class Customers:
    """The customers, in a database that its owner opens, locks and commits; `token` makes of a text what is kept."""

    def __init__(
        self, database: apsw.Connection, customers: Iterable[BankCustomer], token: Callable[[str], bytes]
    ) -> None:
        self._db = database
        self._token = token
        self._customers = {each.id_number: each for each in customers}
        list(self._db.execute(_SCHEMA))  # a statement runs when its rows are fetched

    def refusal(self, request: IdUpdateRequest, today: date) -> str | None:
        """Return the response code why a card is not taken; None: it is, and known from now on."""
        if self.is_withdrawn(request.terminal, request.order):
            return "P1"
        customer = self._customers.get(request.id_number)
        if customer is None:
            return "K0"
        if not hmac.compare_digest(self._token(customer.name), self._token(request.name)):
            return "K2"
        if request.valid_until < f"{today:%Y%m%d}":
            return "K3"
        if request.valid_from < self.valid_from(request.id_number):
            return "K1"
        left_open = [name for name in ("address", "authority") if not getattr(request, name)]
        card = (self._token(request.id_number), request.valid_from, request.valid_until, " ".join(left_open))
        self._db.execute("insert or replace into id_cards values (?, ?, ?, ?)", card)
        return None

    def valid_from(self, id_number: str) -> str:
        """Return from when the card is valid that the bank knows of a customer."""
        known = self._db.execute("select valid_from from id_cards where holder = ?", (self._token(id_number),)).get
        return str(known or self._customers[id_number].valid_from)

    def left_open(self, id_number: str) -> list[str]:
        """Return what the counter has to fill in."""
        known = self._db.execute("select left_open from id_cards where holder = ?", (self._token(id_number),)).get
        return str(known or "").split()

    def withdraw(self, terminal: str, number: str) -> None:
        """Take no card under this number any more."""
        self._db.execute("insert or ignore into withdrawn values (?, ?)", (terminal, number))

    def is_withdrawn(self, terminal: str, number: str) -> bool:
        """Return whether no card is taken under this number any more."""
        known = "select 1 from withdrawn where (terminal, number) = (?, ?)"
        return self._db.execute(known, (terminal, number)).get is not None
