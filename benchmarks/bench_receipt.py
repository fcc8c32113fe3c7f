"""A receipt on its way to the printer: ours beside python-escpos, which neither wraps lines nor sends FS &.

Both encode the logo anew each time, and texts that neither has seen before.
"""

import itertools
import logging

from escpos.printer import Dummy
from PIL import Image

from benchmarks.measure import Figure, side_by_side
from drivers.receipt_layout import PAPER_80_MM, compose
from kiosk_core.receipt import Bitmap, QrCode, Receipt, TextLine

LOGO = Bitmap(576, bytes(range(256)) * 56 + bytes(64))
TEXT = "充值成功，请妥善保管本凭条，如有疑问请联系大堂经理"
QR = "OT000001-26112200001"

_numbers = itertools.count()


def _lines() -> list[str]:
    number = next(_numbers)
    return [f"{TEXT}{number}-{line}" for line in range(40)]


def _by_python_escpos() -> bytes:
    printer = Dummy(profile="TM-T20II")
    printer.image(Image.frombytes("1", (LOGO.width, LOGO.height), LOGO.rows), impl="bitImageRaster")
    for line in _lines():
        printer.text(line + "\n")
    printer.qr(QR, native=True, size=6)
    printer.cut()
    return bytes(printer.output)


def _by_us() -> bytes:
    receipt = Receipt((LOGO, *map(TextLine, _lines()), QrCode(QR)))
    return b"".join(compose(receipt, PAPER_80_MM))


def run() -> list[Figure]:
    """Return python-escpos first, then ours."""
    logging.getLogger("escpos").setLevel(logging.ERROR)
    return side_by_side(
        {"python-escpos 3.1": _by_python_escpos, "ours: 576 x 200 logo, 40 Chinese lines, QR": _by_us},
        repeat=30,
    )
