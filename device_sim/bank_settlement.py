"""The simulated bank's settlement of a day: its bookings, with what had become of their orders by its end."""

from collections.abc import Iterable
from datetime import date

from device_sim.bank_ledger import Booking
from device_sim.bank_orders import Order
from wire.settlement import BookingKind, SettledState, Settlement, SettlementEntry


def settlement_of(day: date, orders: Iterable[Order], bookings: Iterable[Booking]) -> Settlement:
    """Return the settlement of `day` from all `orders` and all `bookings`, both oldest first."""
    known = {order.number: order for order in orders}
    states: dict[str, SettledState] = {}
    of_day: dict[tuple[str, BookingKind], Booking] = {}
    for each in bookings:
        if each.at.date() > day:
            continue
        states[each.order] = _state_after(each, known[each.order], states.get(each.order, SettledState.OPEN))
        if each.at.date() == day:
            of_day.pop((each.order, each.kind), None)  # a load's permission, where its proof came on the same day
            of_day[each.order, each.kind] = each
    return Settlement(
        day,
        tuple(
            SettlementEntry(
                order=each.order,
                terminal=each.terminal,
                stan=each.stan,
                rrn=each.rrn,
                date=day,
                time=each.at.time(),
                kind=each.kind,
                amount_fen=each.amount_fen,
                state=states[each.order],
                tac_proven=each.tac_proven,
                card=_card_of(each, known[each.order]),
            )
            for each in of_day.values()
        ),
    )


def _card_of(booking: Booking, order: Order) -> str:
    is_payer_s = booking.kind in {BookingKind.PAYMENT, BookingKind.REFUND}
    return order.payer if order.payer and is_payer_s else order.card


def _state_after(booking: Booking, order: Order, before: SettledState) -> SettledState:
    """Return the state of an order behind a booking."""
    match booking.kind:
        case BookingKind.PAYMENT if order.deposit_token:
            return SettledState.DEPOSITED
        case BookingKind.LOAD if booking.tac_proven:
            return SettledState.DISPUTED if before is SettledState.REVERSED else SettledState.LOADED
        case BookingKind.SUSPENSE:
            return SettledState.SUSPENSE
        case BookingKind.REVERSAL:
            return SettledState.REVERSED
        case _:
            return before
