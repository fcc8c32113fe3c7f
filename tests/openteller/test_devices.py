"""Devices from configuration: a printer that keeps the logo in its own memory."""

import logging

import pytest

from drivers.receipt_printer import EscPosPrinter
from kiosk_core.errors import DeviceUnavailable
from kiosk_core.receipt import Bitmap
from openteller.devices import with_logo

LOGO = Bitmap(8, b"\xff")


class Printer(EscPosPrinter):
    """A printer whose memory a test decides."""

    def __init__(self, raises: Exception | None = None) -> None:
        self.raises = raises
        self.stored: list[Bitmap] = []
        self.closed = False

    def store(self, picture: Bitmap) -> bool:
        if self.raises is not None:
            raise self.raises
        self.stored.append(picture)
        return True

    def close(self) -> None:
        self.closed = True


def test_the_logo_is_stored_when_the_printer_is_opened() -> None:
    assert with_logo(Printer, LOGO)().stored == [LOGO]
    assert with_logo(Printer, None)().stored == []


def test_a_logo_that_is_too_large_is_logged_and_the_printer_is_used(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        printer = with_logo(lambda: Printer(ValueError("too wide")), LOGO)()
    assert not printer.closed
    assert "too wide" in caplog.text


def test_a_printer_that_is_lost_meanwhile_is_closed() -> None:
    printer = Printer(DeviceUnavailable("receipt_printer", "unplugged"))
    with pytest.raises(DeviceUnavailable):
        with_logo(lambda: printer, LOGO)()
    assert printer.closed
