"""The books of the simulated bank: what it decided and whatever follows from it, durable before it answers.

Written from docs/host-messages.md (messages, codes, repeats).
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import cast

import apsw

from device_sim.bank_accounts import Accounts
from device_sim.bank_answers import refusal, rrn_of
from device_sim.bank_customers import Customers
from device_sim.bank_decisions import Decisions, LastingRequest, Refusal
from device_sim.bank_heads import JournalHeads
from device_sim.bank_issuer import commands_for
from device_sim.bank_keys import PurseKeys
from device_sim.bank_ledger import Account, Ledger, Posting
from device_sim.bank_order_book import OrderBook
from device_sim.bank_orders import Orders
from device_sim.bank_pin_keys import PinKeys
from device_sim.bank_rules import BankRules
from device_sim.bank_settlement import settlement_of
from kiosk_core.card_number import CardNumber
from kiosk_core.clock import Clock
from wire.host_decoder import decode
from wire.host_encoder import encode
from wire.host_messages import (
    APPROVED,
    ChargeRequest,
    ConfirmRequest,
    DepositRequest,
    EchoRequest,
    EchoResponse,
    IdInquiryRequest,
    IdInquiryResponse,
    IdUpdateRequest,
    IdUpdateResponse,
    IssuerRequest,
    JournalHeadRequest,
    JournalHeadResponse,
    LoadRequest,
    Message,
    OrderRequest,
    PinKeyInUseRequest,
    PinKeyInUseResponse,
    PinKeyRequest,
    PinKeyResponse,
    Response,
    ReversalRequest,
    SignOnRequest,
    SignOnResponse,
    StatusRequest,
    StatusResponse,
    SuspenseRequest,
)
from wire.host_values import OrderStatus
from wire.settlement import Settlement

_MAY_CHANGE = {"reason", "repeat"}  # between a message and its repeats


@dataclass(frozen=True)
class BankEntry:
    """One order as the bank sees it; `payable` until it is paid or expired, `loaded` once the card's TAC was verified.

    `card` is masked, and empty for an order that is only known from its reversal.
    """

    order: str
    terminal: str
    card: str
    amount_fen: int
    payable: bool
    paid: bool
    loaded: bool
    reversed: bool
    refunded_fen: int


_VERSION = 5  # of the tables, in the file's user_version
_LEGACY_JOURNAL = b"\x01\x01"  # https://sqlite.org/fileformat2.html 1.3.3: what a database without WAL says of itself
_SCHEMA = f"""
    pragma journal_mode = wal;
    pragma synchronous = full;
    create table if not exists answers (
        id integer primary key, terminal text, kind text, stan integer, number text, fingerprint blob, response blob,
        unique (terminal, kind, stan, number));
    create table if not exists mac_keys (terminal text primary key, blocks text);
    pragma user_version = {_VERSION};
"""


class BankBooks:
    """Decides every request and remembers it; may be used by many threads.

    Without a `folder` they are in memory and as fast as a proof by exhaustion needs them; `snapshot` and `restore`
    then fork them.

    `skew_s` is by how much the bank's clock is wrong: it shifts the dates that it gives and books under, no period.

    Raises:
        apsw.Error: the file in `folder` cannot be read or written.
        OSError: the file was made by another version of the simulator.
    """

    def __init__(self, folder: Path | None, rules: BankRules, clock: Clock) -> None:
        self._rules = rules
        self._keys = PurseKeys(rules.load_master_key, rules.tac_master_key)
        self._clock = clock
        self._lock = threading.Lock()
        self._folder = folder
        self._open()
        self.skew_s = 0.0

    def _open(self) -> None:
        folder = self._folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._db = apsw.Connection(str(folder / "bank.sqlite") if folder is not None else ":memory:")
        self._db.set_busy_timeout(5000)
        if self._db.execute("select count(*) from sqlite_schema").get and self._db.pragma("user_version") != _VERSION:
            self._db.close()
            raise OSError(f"the bank's books in {folder} are of another version; delete the folder, or name another")
        list(self._db.execute(_SCHEMA))  # a statement runs when its rows are fetched
        self._orders = Orders(self._db)
        self._ledger = Ledger(self._db)
        self._heads = JournalHeads(self._db)
        rules = self._rules
        self._pin_keys = PinKeys(self._db, rules.pin_key, rules.long_pin_key, rules.pad_loading_key)
        self._customers = Customers(self._db, rules.customers, self._keys.token)
        self._accounts = Accounts(self._db, rules.accounts, self._pin_keys, self._ledger, self._keys.token)
        self._book = OrderBook(self._orders, self._ledger, rules, self._clock, self._today)
        self._decisions = Decisions(self._book, self._accounts, self._customers, self._keys, rules)

    def reopen(self) -> None:
        """Close the file and read it anew, as after a restart; books in memory stay as they are."""
        if self._folder is not None:
            with self._lock:
                self._db.close()
                self._open()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def snapshot(self) -> bytes:
        """Return all that the books know, for `restore`."""
        with self._lock:
            copy = bytearray(self._db.serialize("main"))
        copy[18:20] = _LEGACY_JOURNAL  # a database in memory has no WAL
        return bytes(copy)

    def restore(self, snapshot: bytes) -> None:
        """Make books in memory know what those knew whose snapshot it is, and nothing else.

        Raises:
            ValueError: these books are in a file.
        """
        with self._lock:
            if self._db.filename:
                raise ValueError("only books in memory are restored")
            self._db.deserialize("main", snapshot)

    def answer(self, request: Message, refuse_with: str | None = None) -> Response | None:  # noqa: C901  (a case a kind)
        """Return the answer to `request`, None if it is none of ours; what was decided is on disk by then.

        Ours are all but responses, and requests for a MAC key: those are its holder's (device_sim.bank_keys).

        `refuse_with` is a response code with which an order or a load is refused whatever it says.
        """
        with self._transaction():
            match request:
                case EchoRequest(terminal=terminal, stan=stan):
                    return EchoResponse(terminal=terminal, stan=stan, response_code=APPROVED)
                case SignOnRequest(terminal=terminal, stan=stan):
                    return SignOnResponse(terminal=terminal, stan=stan, response_code=APPROVED)
                case PinKeyRequest():
                    return self._pin_key(request)
                case PinKeyInUseRequest():
                    return self._pin_key_in_use(request)
                case JournalHeadRequest():
                    return self._head(request)
                case StatusRequest():
                    return self._status(request)
                case IssuerRequest():
                    return commands_for(request, self._keys, self._today().date(), self._rules.validity_days)
                case OrderRequest() | ChargeRequest() | DepositRequest() | LoadRequest():
                    return self._once(request, refuse_with)
                case IdInquiryRequest():
                    return self._inquire(request)
                case ConfirmRequest() | SuspenseRequest() | ReversalRequest() | IdUpdateRequest():
                    return self._once(request, None)
                case _:
                    return None

    def pay(self, number: str) -> bool:
        """Let the customer's phone pay the order; False if it cannot be paid (any more)."""
        with self._transaction():
            order = self._book.find(number)
            if order is None or order.status is not OrderStatus.PENDING:
                return False
            self._book.pay(order)
            return True

    def entries(self) -> list[BankEntry]:
        """Return every order, oldest first."""
        with self._transaction():
            found = self._book.all()
        return [
            BankEntry(
                order=order.number,
                terminal=order.terminal,
                card=order.card,
                amount_fen=order.amount_fen,
                payable=order.status is OrderStatus.PENDING,
                paid=bool(order.paid),
                loaded=bool(order.loaded),
                reversed=bool(order.reversed),
                refunded_fen=order.refunded_fen,
            )
            for order in found
        ]

    def balance_fen(self, number: CardNumber) -> int:
        """Return what is on the account of a bank card that the rules name."""
        with self._transaction():
            return self._accounts.balance_fen(number.reveal())

    def balances(self) -> Mapping[Account, int]:
        """Return what is on every account, in fen; the sum is 0."""
        with self._transaction():
            return self._ledger.balances()

    def postings(self) -> list[Posting]:
        """Return every posting, oldest first."""
        with self._transaction():
            return self._ledger.postings()

    def flaws(self) -> list[str]:
        """Return a sentence for each contradiction in the books; none proves that no fen was lost or doubled in them.

        Every movement adds up to zero, and what the postings say of each order is what the order says of itself.
        """
        with self._transaction():
            orders, flaws, posted = self._book.all(), self._ledger.flaws(), self._ledger.balances_of_orders()
        strangers = {number for number, _ in posted} - {order.number for order in orders}
        flaws += [f"{number} has postings and no order" for number in sorted(strangers)]
        for order in orders:
            for pocket, right in order.right_balances().items():
                found = posted.get((order.number, pocket), 0)
                if found != right:
                    flaws.append(f"{order.number} leaves {found} fen on {pocket.account.value} and not {right}")
        return flaws

    def settlement(self, day: date) -> Settlement:
        """Return what was booked on `day` by the bank's own calendar, with the states of its end."""
        with self._transaction():
            return settlement_of(day, self._book.all(), self._ledger.bookings())

    def mac_key_blocks(self, terminal: str) -> tuple[str, ...]:
        """Return a terminal's MAC keys; see device_sim.bank_keys.KeyShelf."""
        with self._transaction():
            blocks = self._db.execute("select blocks from mac_keys where terminal = ?", (terminal,)).get
        return tuple((blocks or "").split())

    def keep_mac_key_blocks(self, terminal: str, blocks: tuple[str, ...]) -> None:
        """Remember a terminal's MAC keys; see device_sim.bank_keys.KeyShelf."""
        with self._transaction():
            self._db.execute("insert or replace into mac_keys values (?, ?)", (terminal, " ".join(blocks)))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._db:
            yield

    # -- repeats -------------------------------------------------------------------------------------------

    def _once(self, request: LastingRequest, refuse_with: str | None) -> Response:
        """Answer a repeated request as the first time, and a new one by the rules."""
        key = (request.terminal, type(request).__name__, request.stan, request.order)
        fingerprint = self._fingerprint(request)
        known = self._db.execute(
            "select id, fingerprint, response from answers where (terminal, kind, stan, number) = (?, ?, ?, ?)", key
        ).fetchone()
        if known:
            rowid, before, response = known
            return (
                cast("Response", decode(response)) if before == fingerprint else refusal(request, "94", rrn_of(rowid))
            )
        rowid = self._db.execute("select coalesce(max(id), 0) + 1 from answers").get
        outcome = refuse_with or self._decisions.decide(request, rowid)
        answer = refusal(request, outcome, rrn_of(rowid)) if isinstance(outcome, Refusal) else outcome
        self._db.execute("insert into answers values (?, ?, ?, ?, ?, ?, ?)", (rowid, *key, fingerprint, encode(answer)))
        return answer

    def _fingerprint(self, request: LastingRequest) -> bytes:
        """Return a keyed digest of what a repeat must not change; keyed, because card numbers and a PIN are in it."""
        same = {name: value for name, value in vars(request).items() if name not in _MAY_CHANGE}
        if isinstance(request, ChargeRequest):
            same["payer"] = astuple(request.payer)  # its repr hides what must not change either
        return self._keys.token(repr(same))

    # -- questions -----------------------------------------------------------------------------------------

    def _pin_key(self, request: PinKeyRequest) -> PinKeyResponse:
        key = self._pin_keys.offer(request.terminal)
        return PinKeyResponse(
            terminal=request.terminal,
            stan=request.stan,
            response_code="96" if key is None else APPROVED,
            challenge=request.challenge,
            key=key,
        )

    def _pin_key_in_use(self, request: PinKeyInUseRequest) -> PinKeyInUseResponse:
        known = self._pin_keys.take_into_use(request.terminal, request.check_value)
        return PinKeyInUseResponse(
            terminal=request.terminal,
            stan=request.stan,
            response_code=APPROVED if known else "25",
            check_value=request.check_value,
        )

    def _head(self, request: JournalHeadRequest) -> JournalHeadResponse:
        return JournalHeadResponse(
            terminal=request.terminal,
            stan=request.stan,
            response_code=APPROVED if self._heads.take(request) else "94",
            row_number=request.row_number,
        )

    def _status(self, request: StatusRequest) -> StatusResponse:
        order = self._book.of_terminal(request)
        return StatusResponse(
            terminal=request.terminal,
            stan=request.stan,
            order=request.order,
            response_code=APPROVED if order else "25",
            status=order.status if order else None,
        )

    def _inquire(self, request: IdInquiryRequest) -> Response:
        """Tell what became of a card; one that never came is not taken if it comes later."""
        asked = request.terminal, "IdUpdateRequest", request.order
        said = self._db.execute("select response from answers where (terminal, kind, number) = (?, ?, ?)", asked).get
        taken = said is not None and cast("IdUpdateResponse", decode(said)).response_code == APPROVED
        if not taken:
            self._customers.withdraw(request.terminal, request.order)
        return IdInquiryResponse(
            terminal=request.terminal, stan=request.stan, order=request.order, response_code=APPROVED, taken=taken
        )

    def _today(self) -> datetime:
        """Return date and time as the bank takes them to be."""
        return self._clock.wall() + timedelta(seconds=self.skew_s)
