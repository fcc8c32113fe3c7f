"""Which class a customer is of, by the rule of the branch (`services/queue_ticket.toml`)."""

from datetime import date

from kiosk_core.branch_queue import QueueWay
from kiosk_core.card_number import CardNumber
from kiosk_core.services import QueueTicketing


def by_birth(service: QueueTicketing, birth: date, today: date) -> str:
    """Return the class of whoever was born on `birth`."""
    age = today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
    fits = (each.name for each in service.classes if each.min_age is not None and age >= each.min_age)
    return next(fits, service.ordinary_class)


def by_card(service: QueueTicketing, number: CardNumber) -> str:
    """Return the class of whoever has the bank card of this number."""
    digits = number.reveal()
    fits = (each.name for each in service.classes if digits.startswith(each.card_prefixes))
    return next(fits, service.ordinary_class)


def useful(service: QueueTicketing, ways: frozenset[QueueWay]) -> tuple[QueueWay, ...]:
    """Return those of `ways` that some class asks for; the camera only where no reader reads ID cards."""
    by_age = any(each.min_age is not None for each in service.classes)
    by_prefix = any(each.card_prefixes for each in service.classes)
    wanted = {
        QueueWay.ID_CARD: by_age,
        QueueWay.ID_CARD_PICTURE: by_age and QueueWay.ID_CARD not in ways,
        QueueWay.BANK_CARD: by_prefix,
        QueueWay.APPOINTMENT: True,
    }
    return tuple(way for way in QueueWay if way in ways and wanted[way])
