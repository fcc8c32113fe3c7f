"""What the tests of the simulated receipt printer print with and look at."""

from PIL import Image

from device_sim.receipt_paper import PrintedReceipt
from device_sim.receipt_printer import SimulatedReceiptPrinter

CUT = b"\x1d\x56\x42\x00"  # GS V 66 0


def printed(data: bytes) -> PrintedReceipt:
    """Return the receipt of data that have an effect to the last byte and no answer."""
    printer = SimulatedReceiptPrinter()
    assert printer.receive(data + CUT) == b""
    assert printer.ignored == []
    return printer.take_receipt()


def refused(data: bytes) -> list[str]:
    """Return why what of the data had no effect."""
    printer = SimulatedReceiptPrinter()
    printer.receive(data)
    return [report.reason for report in printer.ignored]


def ink(picture: Image.Image) -> tuple[int, int, int, int]:
    """Return the box around all black dots."""
    box = picture.convert("L").point(lambda value: 255 - value).getbbox()
    assert box is not None
    return box


def row(picture: Image.Image, y: int) -> str:
    """Return a row of dots from the first black one to the last, 1 = black."""
    dots = "".join("0" if picture.getpixel((x, y)) else "1" for x in range(picture.width))
    return dots.strip("0")
