"""The orders of the simulated bank as they stand at this moment, and every movement of their money."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from device_sim.bank_ledger import Booking, Ledger, Movement
from device_sim.bank_orders import Order, Orders
from device_sim.bank_rules import BankRules
from kiosk_core.clock import Clock
from wire.host_messages import ConfirmRequest, LoadRequest, StatusRequest, SuspenseRequest
from wire.host_values import OrderStatus
from wire.settlement import BookingKind


class OrderBook:
    """Orders and ledger together, for an owner who locks and commits; `today` is what bookings are dated by.

    With time, orders are paid by themselves or expire, as the `rules` say, which may be changed.
    """

    def __init__(
        self, orders: Orders, ledger: Ledger, rules: BankRules, clock: Clock, today: Callable[[], datetime]
    ) -> None:
        self.rules = rules
        self._orders = orders
        self._ledger = ledger
        self._clock = clock
        self.today = today

    def find(self, number: str) -> Order | None:
        """Return an order, None if there is none."""
        order = self._orders.find(number)
        return self._as_it_is_now(order) if order is not None else None

    def all(self) -> list[Order]:
        """Return every order, oldest first."""
        return [self._as_it_is_now(order) for order in self._orders.all()]

    def now_s(self) -> float:
        """Return the moment by which orders age, in seconds; no wrong calendar shifts it."""
        return self._clock.wall().timestamp()

    def keep(self, order: Order) -> None:
        """Write an order, new or changed."""
        self._orders.keep(order)

    def of_card(self, card_token: bytes) -> list[Order]:
        """Return every order of a card, as it was when it was last looked at."""
        return self._orders.of_card(card_token)

    def _as_it_is_now(self, order: Order) -> Order:
        """Return the order paid by itself or expired, if its time has come."""
        if order.status is not OrderStatus.PENDING:
            return order
        age = self.now_s() - order.opened_at
        pays_after = self.rules.pays_itself_after_s
        if pays_after is not None and age >= pays_after and pays_after < self.rules.order_lifetime_s:
            return self.pay(order)
        if age >= self.rules.order_lifetime_s:
            order = replace(order, expired=1)
            self._orders.keep(order)  # "expired" is final: the terminal closes its books on it
        return order

    def pay(self, order: Order) -> Order:
        """Take in what is due for the order, and return it paid."""
        order = replace(order, paid=1)
        self._orders.keep(order)
        self.book(BookingKind.PAYMENT, order, order.stan, order.rrn, (order.from_payer, order.while_open))
        return order

    def of_terminal(self, request: StatusRequest | LoadRequest | ConfirmRequest | SuspenseRequest) -> Order | None:
        """Return the order that a request names, None where its terminal has no such."""
        order = self.find(request.order)
        return order if order is not None and order.terminal == request.terminal else None

    def book(self, kind: BookingKind, order: Order, stan: int, rrn: str, movement: Movement | None = None) -> None:
        """Book the order's amount, and move it from the first pocket to the second."""
        self._ledger.book(
            Booking(
                at=self.today(),
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
