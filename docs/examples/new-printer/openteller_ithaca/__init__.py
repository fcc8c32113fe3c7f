"""Ithaca PcOS printers (TransAct) for OpenTeller."""

from drivers.registry import Model, Place, Role
from drivers.text_printer import TextPrinter
from drivers.trace.maskers import HideSent

from openteller_ithaca.language import IthacaPcos

BAUDRATE = 9600
ITHERM_280 = IthacaPcos("Ithaca iTherm 280", columns=44, feed=6)


def open_printer(place: Place) -> TextPrinter:
    """Return the driver on an open port."""
    return TextPrinter(place.name, place.open_line(BAUDRATE), place.clock, ITHERM_280)


MODEL = Model(Role.RECEIPT_PRINTER, open_printer, family="ithaca-pcos", masker=HideSent)
