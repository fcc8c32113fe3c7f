"""Devices from configuration: a printer that keeps the logo in its own memory, a reader that keeps no card."""

import logging

import pytest

from drivers.receipt_printer import EscPosPrinter
from kiosk_core.card_reader import ResetAction
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault
from kiosk_core.receipt import Bitmap
from kiosk_core.status import Media
from openteller.devices import giving_cards_back, with_logo

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


class Reader:
    """A card reader that has just been opened, with what lies in it."""

    def __init__(self, media: Media = Media.NOT_PRESENT, raises: Exception | None = None) -> None:
        self.lies = media
        self.raises = raises
        self.resets: list[ResetAction] = []
        self.closed = False

    def media(self) -> Media:
        return self.lies

    def reset(self, action: ResetAction) -> None:
        self.resets.append(action)
        if self.raises is not None:
            raise self.raises

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("lies", [Media.PRESENT, Media.LATCHED, Media.ENTERING, Media.JAMMED, Media.UNKNOWN])
def test_a_card_that_a_reader_is_opened_with_comes_out(lies: Media) -> None:
    assert giving_cards_back(lambda: Reader(lies))().resets == [ResetAction.EXIT]


def test_a_reader_without_a_card_is_let_be() -> None:
    assert giving_cards_back(Reader)().resets == []


def test_a_reader_whose_card_does_not_come_out_is_open_and_says_what_is_wrong(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        reader = giving_cards_back(lambda: Reader(Media.JAMMED, DeviceFault("card_reader", Fault.CARD_JAM)))()
    assert not reader.closed
    assert "card_reader: card_jam" in caplog.text


def test_a_reader_that_is_lost_meanwhile_is_closed() -> None:
    reader = Reader(Media.PRESENT, DeviceUnavailable("card_reader", "unplugged"))
    with pytest.raises(DeviceUnavailable):
        giving_cards_back(lambda: reader)()
    assert reader.closed
