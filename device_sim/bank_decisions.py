"""What the simulated bank decides of a request that lasts, when it hears it first.

Written from docs/host-messages.md (messages, codes) and facts/purse-load.md 1.2 (MAC1, MAC2, TAC).
"""

import hmac
from dataclasses import replace

from device_sim.bank_accounts import Accounts
from device_sim.bank_answers import approved, rrn_of
from device_sim.bank_customers import Customers
from device_sim.bank_keys import PurseKeys
from device_sim.bank_ledger import Account, Pocket
from device_sim.bank_order_book import OrderBook
from device_sim.bank_orders import Order
from device_sim.bank_rules import BankRules
from kiosk_core.card_number import CardNumber
from wire.host_messages import (
    ChargeRequest,
    ChargeResponse,
    ConfirmRequest,
    ConfirmResponse,
    DepositRequest,
    DepositResponse,
    IdUpdateRequest,
    IdUpdateResponse,
    LoadRequest,
    LoadResponse,
    OrderRequest,
    OrderResponse,
    Response,
    ReversalRequest,
    ReversalResponse,
    SuspenseRequest,
    SuspenseResponse,
)
from wire.host_values import Approval, LoadPermission, QrOffer
from wire.settlement import BookingKind

_HIGHEST_BALANCE = 0xFFFFFFFF  # in fen: four bytes

_OpeningRequest = OrderRequest | ChargeRequest | DepositRequest
LastingRequest = _OpeningRequest | LoadRequest | ConfirmRequest | SuspenseRequest | ReversalRequest | IdUpdateRequest
"""The requests whose answers the bank remembers."""

Refusal = str
"""A response code that does not approve."""


class Decisions:
    """The rules, applied to the orders, accounts and customers; its owner locks, commits and remembers the answers."""

    def __init__(
        self, book: OrderBook, accounts: Accounts, customers: Customers, keys: PurseKeys, rules: BankRules
    ) -> None:
        self._book = book
        self._accounts = accounts
        self._customers = customers
        self._keys = keys
        self._rules = rules

    def decide(self, request: LastingRequest, rowid: int) -> Response | Refusal:
        """Return the answer, or the response code that refuses; `rowid` is the answer's number, counted from 1."""
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

    def _order(self, request: OrderRequest, rowid: int) -> Response | Refusal:
        unfit = self._unfit_to_open(request) or self._unfit_to_load(request)
        if unfit:
            return unfit
        self._book.keep(self._opened(request, rowid))
        return OrderResponse(**approved(request, rowid), offer=self._offer(request))

    def _charge(self, request: ChargeRequest, rowid: int) -> Response | Refusal:
        unfit = self._unfit_to_open(request) or self._unfit_to_load(request)
        if unfit:
            return "P3" if unfit == "14" else unfit
        payer = request.payer
        unfit = self._accounts.refusal(request.terminal, payer, request.amount_fen, self._book.today().date())
        if unfit:
            return unfit
        order = self._opened(request, rowid)
        self._book.pay(
            replace(order, payer=CardNumber(payer.number).masked, payer_token=self._keys.token(payer.number))
        )
        approval = Approval(f"{rowid % 10**6:06d}", self._accounts.for_the_chip(payer))
        return ChargeResponse(**approved(request, rowid), approval=approval)

    def _deposit(self, request: DepositRequest, rowid: int) -> Response | Refusal:
        unfit = self._unfit_to_open(request)
        if unfit:
            return unfit
        if not self._accounts.knows(request.card):
            return "14"
        order = self._opened(request, rowid)
        self._book.keep(replace(order, card_token=b"", deposit_token=order.card_token))
        return DepositResponse(**approved(request, rowid), offer=self._offer(request))

    def _unfit_to_open(self, request: _OpeningRequest) -> Refusal | None:
        """Return why no order of this number can be opened for the amount."""
        order = self._book.find(request.order)
        if order is not None:
            return "P1" if order.terminal == request.terminal and (order.reversed or order.expired) else "94"
        if request.amount_fen <= 0:
            return "13"
        is_deposit = isinstance(request, DepositRequest)
        limit_fen = self._rules.deposit_limit_fen if is_deposit else self._rules.limit_fen
        return "61" if request.amount_fen > limit_fen else None

    def _unfit_to_load(self, request: OrderRequest | ChargeRequest) -> Refusal | None:
        """Return why the transit card cannot be loaded."""
        if request.amount_fen > _HIGHEST_BALANCE - request.purse.balance_fen:
            return "61"
        if len(request.card) < 16:
            return "14"
        if not self._keys.mac1_is_right(request):
            return "A0"
        # The terminal of an open load knows of it, and asks the card first; another cannot.
        known = self._book.of_card(self._keys.token(request.card))
        return "P2" if any(each.is_in_doubt and each.terminal != request.terminal for each in known) else None

    def _opened(self, request: _OpeningRequest, rowid: int) -> Order:
        return Order(
            number=request.order,
            terminal=request.terminal,
            stan=request.stan,
            began_at=request.date + request.time,
            amount_fen=request.amount_fen,
            rrn=rrn_of(rowid),
            card=CardNumber(request.card).masked,
            card_token=self._keys.token(request.card),
            opened_at=self._book.now_s(),
        )

    def _offer(self, request: OrderRequest | DepositRequest) -> QrOffer:
        return QrOffer(text=f"https://pay.example.com/o/{request.order}", expires_in_s=self._rules.order_lifetime_s)

    def _authorise(self, request: LoadRequest, rowid: int) -> Response | Refusal:
        order = self._book.of_terminal(request)
        if order is None or order.deposit_token:
            return "25"
        unfit = _load_refusal(order, request)
        if unfit:
            return unfit
        if order.card_token != self._keys.token(request.card):
            return "14"
        if not self._keys.mac1_is_right(request):
            return "A0"
        if request.purse.balance_fen + request.amount_fen > _HIGHEST_BALANCE:
            return "61"
        at = self._book.today()
        day, moment = f"{at:%Y%m%d}", f"{at:%H%M%S}"
        # The proof that the card will give is worked out now: later nobody knows the card number any more.
        expected = self._keys.tac(request, day, moment)
        self._book.keep(
            replace(order, expected_tac=expected, counter=request.purse.counter, authorised_at=day + moment)
        )
        self._book.book(BookingKind.LOAD, order, request.stan, rrn_of(rowid))
        permission = LoadPermission(date=day, time=moment, mac2=self._keys.mac2(request, day, moment))
        return LoadResponse(**approved(request, rowid), permission=permission)

    def _confirm(self, request: ConfirmRequest, rowid: int) -> Response | Refusal:
        order = self._book.of_terminal(request)
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
            self._book.keep(replace(order, loaded=1))
            source = Pocket(Account.TERMINAL_CLEARING) if order.refunded_fen else order.while_open
            self._book.book(BookingKind.LOAD, order, request.stan, rrn_of(rowid), (source, Pocket(Account.PURSE_FLOAT)))
        return "P1" if order.reversed else ConfirmResponse(**approved(request, rowid))

    def _suspend(self, request: SuspenseRequest, rowid: int) -> Response | Refusal:
        order = self._book.of_terminal(request)
        if order is None:
            return "25"
        unfit = _suspense_refusal(order, request)
        if unfit:
            return unfit
        if not order.suspended:
            self._book.keep(replace(order, suspended=1))
            self._book.book(BookingKind.SUSPENSE, order, request.stan, rrn_of(rowid))
        return SuspenseResponse(**approved(request, rowid))

    def _reverse(self, request: ReversalRequest, rowid: int) -> Response | Refusal:
        order = self._book.find(request.order)
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
            self._book.keep(order)
            self._book.book(BookingKind.REVERSAL, order, request.stan, rrn_of(rowid))
            if order.refunded_fen:
                back = order.while_open, order.from_payer
                self._book.book(BookingKind.REFUND, order, request.stan, rrn_of(rowid), back)
        return ReversalResponse(**approved(request, rowid), refunded_fen=order.refunded_fen)

    def _update_id(self, request: IdUpdateRequest, rowid: int) -> Response | Refusal:
        unfit = self._customers.refusal(request, self._book.today().date())
        return unfit or IdUpdateResponse(**approved(request, rowid))


def _load_refusal(order: Order, request: LoadRequest) -> Refusal | None:
    """Return why `order` cannot be loaded; the keys of the card are not looked at."""
    if order.reversed or order.expired:
        return "P1"
    if not order.paid:
        return "P0"
    if order.expected_tac:
        return "94"
    return "13" if request.amount_fen != order.amount_fen else None


def _suspense_refusal(order: Order, request: SuspenseRequest) -> Refusal | None:
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
