"""The books and the rules of the simulated bank: orders, payments, loads, refunds; durable before it answers.

Written from docs/host-messages.md (messages, codes, repeats) and facts/purse-load.md 1.2 (MAC1, MAC2, TAC).
"""

import hmac
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import apsw

from device_sim.bank_accounts import Accounts, BankAccount
from device_sim.bank_answers import refusal
from device_sim.bank_customers import BankCustomer, Customers
from device_sim.bank_heads import JournalHeads
from device_sim.bank_issuer import commands_for
from device_sim.bank_keys import PurseKeys
from device_sim.bank_ledger import Account, Booking, Ledger, Movement, Pocket, Posting
from device_sim.bank_orders import Order, Orders
from device_sim.bank_pin_keys import PinKeys
from device_sim.bank_settlement import settlement_of
from kiosk_core.card_number import CardNumber
from kiosk_core.clock import Clock
from wire.host_decoder import decode
from wire.host_encoder import encode
from wire.host_messages import (
    APPROVED,
    Approval,
    ChargeRequest,
    ChargeResponse,
    ConfirmRequest,
    ConfirmResponse,
    DepositRequest,
    DepositResponse,
    EchoRequest,
    EchoResponse,
    IdInquiryRequest,
    IdInquiryResponse,
    IdUpdateRequest,
    IdUpdateResponse,
    IssuerRequest,
    JournalHeadRequest,
    JournalHeadResponse,
    LoadPermission,
    LoadRequest,
    LoadResponse,
    Message,
    OrderRequest,
    OrderResponse,
    OrderStatus,
    PinKeyInUseRequest,
    PinKeyInUseResponse,
    PinKeyRequest,
    PinKeyResponse,
    QrOffer,
    Response,
    ReversalRequest,
    ReversalResponse,
    SignOnRequest,
    SignOnResponse,
    StatusRequest,
    StatusResponse,
    SuspenseRequest,
    SuspenseResponse,
)
from wire.settlement import BookingKind, Settlement

_MAY_CHANGE = {"reason", "repeat"}  # between a message and its repeats
_HIGHEST_BALANCE = 0xFFFFFFFF  # in fen: four bytes

_Opening = OrderRequest | ChargeRequest | DepositRequest
_Lasting = _Opening | LoadRequest | ConfirmRequest | SuspenseRequest | ReversalRequest | IdUpdateRequest
_Refusal = str


@dataclass(frozen=True)
class BankRules:
    """How the bank decides: master keys (16 bytes each), the largest load and deposit, how long an order can be paid.

    A purse is valid for `validity_days` after its last load. `accounts` are those of the bank cards that it knows; PINs
    come under `pin_key` (3DES, 16 bytes) or `long_pin_key` (AES), or under keys that terminals fetch, in blocks under
    `pad_loading_key` (3DES, 16 bytes). With `pays_itself_after_s` the customer's phone pays that many seconds after the
    order by itself. `customers` are those whose ID cards it knows.
    """

    load_master_key: bytes = field(repr=False)
    tac_master_key: bytes = field(repr=False)
    limit_fen: int = 100_000
    deposit_limit_fen: int = 5_000_000
    order_lifetime_s: int = 120
    validity_days: int = 365
    pays_itself_after_s: float | None = None
    accounts: tuple[BankAccount, ...] = ()
    pin_key: bytes | None = field(default=None, repr=False)
    long_pin_key: bytes | None = field(default=None, repr=False)
    pad_loading_key: bytes | None = field(default=None, repr=False)
    customers: tuple[BankCustomer, ...] = ()


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
        self._customers = Customers(self._db, rules.customers, self._token)
        self._accounts = Accounts(self._db, self._rules.accounts, self._pin_keys, self._ledger, self._token)

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
            order = self._find(number)
            if order is None or order.status is not OrderStatus.PENDING:
                return False
            self._pay(order)
            return True

    def entries(self) -> list[BankEntry]:
        """Return every order, oldest first."""
        with self._transaction():
            found = self._all()
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
            orders, flaws, posted = self._all(), self._ledger.flaws(), self._ledger.balances_of_orders()
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
            return settlement_of(day, self._all(), self._ledger.bookings())

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

    def _once(self, request: _Lasting, refuse_with: str | None) -> Response:
        """Answer a repeated request as the first time, and a new one by the rules."""
        key = (request.terminal, type(request).__name__, request.stan, request.order)
        fingerprint = self._fingerprint(request)
        known = self._db.execute(
            "select id, fingerprint, response from answers where (terminal, kind, stan, number) = (?, ?, ?, ?)", key
        ).fetchone()
        if known:
            rowid, before, response = known
            return cast("Response", decode(response)) if before == fingerprint else refusal(request, "94", _rrn(rowid))
        rowid = self._db.execute("select coalesce(max(id), 0) + 1 from answers").get
        outcome = refuse_with or self._decide(request, rowid)
        answer = refusal(request, outcome, _rrn(rowid)) if isinstance(outcome, _Refusal) else outcome
        self._db.execute("insert into answers values (?, ?, ?, ?, ?, ?, ?)", (rowid, *key, fingerprint, encode(answer)))
        return answer

    def _fingerprint(self, request: _Lasting) -> bytes:
        """Return a keyed digest of what a repeat must not change; keyed, because card numbers and a PIN are in it."""
        same = {name: value for name, value in vars(request).items() if name not in _MAY_CHANGE}
        if isinstance(request, ChargeRequest):
            same["payer"] = astuple(request.payer)  # its repr hides what must not change either
        return self._keys.token(repr(same).encode("utf-8"))

    # -- rules ---------------------------------------------------------------------------------------------

    def _decide(self, request: _Lasting, rowid: int) -> Response | _Refusal:
        match request:
            case OrderRequest():
                return self._order(request, rowid)
            case ChargeRequest():
                return self._charge(request, rowid)
            case DepositRequest():
                return self._deposit(request, rowid)
            case LoadRequest():
                return self._authorise(request, rowid)
            case ConfirmRequest():
                return self._confirm(request, rowid)
            case SuspenseRequest():
                return self._suspend(request, rowid)
            case ReversalRequest():
                return self._reverse(request, rowid)
            case IdUpdateRequest():
                return self._update_id(request, rowid)

    def _order(self, request: OrderRequest, rowid: int) -> Response | _Refusal:
        unfit = self._unfit_to_open(request) or self._unfit_to_load(request)
        if unfit:
            return unfit
        self._orders.keep(self._opened(request, rowid))
        return OrderResponse(**_approved(request, rowid), offer=self._offer(request))

    def _charge(self, request: ChargeRequest, rowid: int) -> Response | _Refusal:
        unfit = self._unfit_to_open(request) or self._unfit_to_load(request)
        if unfit:
            return "P3" if unfit == "14" else unfit
        payer = request.payer
        unfit = self._accounts.refusal(request.terminal, payer, request.amount_fen, self._today().date())
        if unfit:
            return unfit
        order = self._opened(request, rowid)
        self._pay(replace(order, payer=CardNumber(payer.number).masked, payer_token=self._token(payer.number)))
        approval = Approval(f"{rowid % 10**6:06d}", self._accounts.for_the_chip(payer))
        return ChargeResponse(**_approved(request, rowid), approval=approval)

    def _deposit(self, request: DepositRequest, rowid: int) -> Response | _Refusal:
        unfit = self._unfit_to_open(request)
        if unfit:
            return unfit
        if not self._accounts.knows(request.card):
            return "14"
        order = self._opened(request, rowid)
        self._orders.keep(replace(order, card_token=b"", deposit_token=order.card_token))
        return DepositResponse(**_approved(request, rowid), offer=self._offer(request))

    def _unfit_to_open(self, request: _Opening) -> _Refusal | None:
        """Return why no order of this number can be opened for the amount."""
        order = self._find(request.order)
        if order is not None:
            return "P1" if order.terminal == request.terminal and (order.reversed or order.expired) else "94"
        if request.amount_fen <= 0:
            return "13"
        is_deposit = isinstance(request, DepositRequest)
        limit_fen = self._rules.deposit_limit_fen if is_deposit else self._rules.limit_fen
        return "61" if request.amount_fen > limit_fen else None

    def _unfit_to_load(self, request: OrderRequest | ChargeRequest) -> _Refusal | None:
        """Return why the transit card cannot be loaded."""
        if request.amount_fen > _HIGHEST_BALANCE - request.purse.balance_fen:
            return "61"
        if len(request.card) < 16:
            return "14"
        if not self._keys.mac1_is_right(request):
            return "A0"
        # The terminal of an open load knows of it, and asks the card first; another cannot.
        known = self._orders.of_card(self._token(request.card))
        return "P2" if any(each.is_in_doubt and each.terminal != request.terminal for each in known) else None

    def _opened(self, request: _Opening, rowid: int) -> Order:
        return Order(
            number=request.order,
            terminal=request.terminal,
            stan=request.stan,
            began_at=request.date + request.time,
            amount_fen=request.amount_fen,
            rrn=_rrn(rowid),
            card=CardNumber(request.card).masked,
            card_token=self._token(request.card),
            opened_at=self._clock.wall().timestamp(),
        )

    def _offer(self, request: OrderRequest | DepositRequest) -> QrOffer:
        return QrOffer(text=f"https://pay.example.com/o/{request.order}", expires_in_s=self._rules.order_lifetime_s)

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
        order = self._of_terminal(request)
        return StatusResponse(
            terminal=request.terminal,
            stan=request.stan,
            order=request.order,
            response_code=APPROVED if order else "25",
            status=order.status if order else None,
        )

    def _authorise(self, request: LoadRequest, rowid: int) -> Response | _Refusal:
        order = self._of_terminal(request)
        if order is None or order.deposit_token:
            return "25"
        unfit = _load_refusal(order, request)
        if unfit:
            return unfit
        if order.card_token != self._token(request.card):
            return "14"
        if not self._keys.mac1_is_right(request):
            return "A0"
        if request.purse.balance_fen + request.amount_fen > _HIGHEST_BALANCE:
            return "61"
        at = self._today()
        day, moment = f"{at:%Y%m%d}", f"{at:%H%M%S}"
        # The proof that the card will give is worked out now: later nobody knows the card number any more.
        expected = self._keys.tac(request, day, moment)
        self._orders.keep(
            replace(order, expected_tac=expected, counter=request.purse.counter, authorised_at=day + moment)
        )
        self._book(BookingKind.LOAD, order, request.stan, _rrn(rowid))
        permission = LoadPermission(date=day, time=moment, mac2=self._keys.mac2(request, day, moment))
        return LoadResponse(**_approved(request, rowid), permission=permission)

    def _confirm(self, request: ConfirmRequest, rowid: int) -> Response | _Refusal:
        order = self._of_terminal(request)
        if order is None:
            return "25"
        if request.amount_fen != order.amount_fen:
            return "13"
        if order.reversed and not order.expected_tac:
            return "P1"  # no card can have been loaded for it
        if not order.expected_tac or not hmac.compare_digest(order.expected_tac, request.tac):
            return "A0"
        if not order.loaded:
            # The card is loaded, whatever the books thought: they follow the proof even after a reversal.
            self._orders.keep(replace(order, loaded=1))
            source = Pocket(Account.TERMINAL_CLEARING) if order.refunded_fen else order.while_open
            self._book(BookingKind.LOAD, order, request.stan, _rrn(rowid), (source, Pocket(Account.PURSE_FLOAT)))
        return "P1" if order.reversed else ConfirmResponse(**_approved(request, rowid))

    def _suspend(self, request: SuspenseRequest, rowid: int) -> Response | _Refusal:
        order = self._of_terminal(request)
        if order is None:
            return "25"
        unfit = _suspense_refusal(order, request)
        if unfit:
            return unfit
        if not order.suspended:
            self._orders.keep(replace(order, suspended=1))
            self._book(BookingKind.SUSPENSE, order, request.stan, _rrn(rowid))
        return SuspenseResponse(**_approved(request, rowid))

    def _reverse(self, request: ReversalRequest, rowid: int) -> Response | _Refusal:
        order = self._find(request.order)
        if order is None:
            # Remembered, so that the order is refused if it comes after its own reversal.
            order = Order(
                request.order, request.terminal, request.original_stan, request.original_at, request.amount_fen
            )
        named = request.terminal, request.original_stan, request.original_at
        if (order.terminal, order.stan, order.began_at) != named:
            return "25"
        if order.amount_fen != request.amount_fen:
            return "13"
        if order.loaded:
            return "22"
        if not order.reversed:
            order = replace(order, reversed=1, refunded_fen=order.amount_fen if order.paid else 0)
            self._orders.keep(order)
            self._book(BookingKind.REVERSAL, order, request.stan, _rrn(rowid))
            if order.refunded_fen:
                back = order.while_open, order.from_payer
                self._book(BookingKind.REFUND, order, request.stan, _rrn(rowid), back)
        return ReversalResponse(**_approved(request, rowid), refunded_fen=order.refunded_fen)

    def _update_id(self, request: IdUpdateRequest, rowid: int) -> Response | _Refusal:
        unfit = self._customers.refusal(request, self._today().date())
        return unfit or IdUpdateResponse(**_approved(request, rowid))

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

    # -- orders --------------------------------------------------------------------------------------------

    def _find(self, number: str) -> Order | None:
        order = self._orders.find(number)
        return self._as_it_is_now(order) if order is not None else None

    def _all(self) -> list[Order]:
        return [self._as_it_is_now(order) for order in self._orders.all()]

    def _as_it_is_now(self, order: Order) -> Order:
        """Return the order paid by itself or expired, if its time has come."""
        if order.status is not OrderStatus.PENDING:
            return order
        age = self._clock.wall().timestamp() - order.opened_at
        pays_after = self._rules.pays_itself_after_s
        if pays_after is not None and age >= pays_after and pays_after < self._rules.order_lifetime_s:
            return self._pay(order)
        if age >= self._rules.order_lifetime_s:
            order = replace(order, expired=1)
            self._orders.keep(order)  # "expired" is final: the terminal closes its books on it
        return order

    def _pay(self, order: Order) -> Order:
        order = replace(order, paid=1)
        self._orders.keep(order)
        self._book(BookingKind.PAYMENT, order, order.stan, order.rrn, (order.from_payer, order.while_open))
        return order

    def _of_terminal(self, request: StatusRequest | LoadRequest | ConfirmRequest | SuspenseRequest) -> Order | None:
        order = self._find(request.order)
        return order if order is not None and order.terminal == request.terminal else None

    def _book(self, kind: BookingKind, order: Order, stan: int, rrn: str, movement: Movement | None = None) -> None:
        """Book the order's amount, and move it from the first pocket to the second."""
        self._ledger.book(
            Booking(
                at=self._today(),
                order=order.number,
                kind=kind,
                terminal=order.terminal,
                stan=stan,
                rrn=rrn,
                amount_fen=order.amount_fen,
                tac_proven=kind is BookingKind.LOAD and movement is not None,
            ),
            movement,
        )

    def _token(self, number: str) -> bytes:
        """Return by what a card is known again: its number is never kept."""
        return self._keys.token(number.encode("utf-8"))

    def _today(self) -> datetime:
        """Return date and time as the bank takes them to be."""
        return self._clock.wall() + timedelta(seconds=self.skew_s)


def _load_refusal(order: Order, request: LoadRequest) -> _Refusal | None:
    """Return why `order` cannot be loaded; the keys of the card are not looked at."""
    if order.reversed or order.expired:
        return "P1"
    if not order.paid:
        return "P0"
    if order.expected_tac:
        return "94"
    return "13" if request.amount_fen != order.amount_fen else None


def _suspense_refusal(order: Order, request: SuspenseRequest) -> _Refusal | None:
    """Return why there can be no doubt about the order's load."""
    if request.amount_fen != order.amount_fen:
        return "13"
    if order.loaded:
        return "22"
    if order.reversed:
        return "P1"
    if not order.expected_tac:
        return "P0"
    told = request.counter, request.authorised_date + request.authorised_time
    return None if told == (order.counter, order.authorised_at) else "25"


def _approved(request: _Lasting, rowid: int) -> dict[str, Any]:
    return {
        "terminal": request.terminal,
        "stan": request.stan,
        "order": request.order,
        "rrn": _rrn(rowid),
        "response_code": APPROVED,
    }


def _rrn(rowid: int) -> str:
    return f"{rowid:012d}"
