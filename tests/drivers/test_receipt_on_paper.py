"""What the driver of every printer model sends, as a printer written from the manuals alone puts it on paper."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from device_sim.receipt_printer import Presenter as SimulatedPresenter
from device_sim.receipt_printer import SimulatedReceiptPrinter
from device_sim.serial.handlers import register
from device_sim.serial.world import SerialWorld
from device_sim.virtual_time import VirtualClock
from drivers.receipt_layout import PRINTERS, Lack, Presenter
from drivers.receipt_printer import EscPosPrinter
from drivers.registry import Place, models
from kiosk_core.receipt import Barcode, Bitmap, Pair, QrCode, Receipt, Rule, Symbology, TextLine

LOGO = Bitmap(64, bytes([0xF0] * 8 * 32))
ELEMENTS = (
    TextLine("Receipt", bold=True, large=True),
    Pair("Amount", "50.00", bold=True),
    Rule(),
    TextLine("underlined", underline=True),
    QrCode("https://bank.example/r/1"),
)
CODES = (Barcode(Symbology.CODE128, "A1234"), Barcode(Symbology.EAN13, "5901234123457"))
PRESENTERS = {Presenter.GS_E: SimulatedPresenter.GS_E, Presenter.GS_R: SimulatedPresenter.GS_R}

Open = Callable[[str], tuple[EscPosPrinter, SimulatedReceiptPrinter]]


@pytest.fixture
def printer() -> Open:
    def open_model(name: str) -> tuple[EscPosPrinter, SimulatedReceiptPrinter]:
        profile = PRINTERS[name]
        clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
        presenter = PRESENTERS[profile.presenter] if profile.presenter is not None else None
        simulator = SimulatedReceiptPrinter(dots=profile.dots, presenter=presenter)
        world = SerialWorld(clock)
        world.add("printer", simulator)
        register(world)
        driver = models()[name].open(Place("printer", "sim://printer", None, clock, lambda _: None))
        assert isinstance(driver, EscPosPrinter)
        return driver, simulator

    return open_model


def paper(simulator: SimulatedReceiptPrinter) -> tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]:
    receipt = simulator.take_receipt()
    return receipt.text, receipt.qr_codes, receipt.barcodes


@pytest.mark.parametrize("name", sorted(name for name, profile in PRINTERS.items() if profile.cutter))
def test_a_receipt_is_on_the_paper_and_nothing_of_it_was_strange_to_the_printer(name: str, printer: Open) -> None:
    driver, simulator = printer(name)
    lacks = PRINTERS[name].lacks
    codes = () if Lack.BARCODE in lacks else CODES
    driver.print(Receipt((*ELEMENTS, *codes)))
    text, qr_codes, barcodes = paper(simulator)
    assert "Receipt" in text
    assert "50.00" in text
    if Lack.QR_CODE not in lacks:
        assert qr_codes == ("https://bank.example/r/1",)
    assert barcodes == (() if not codes else (("CODE128", "A1234"), ("EAN13", "5901234123457")))
    assert list(simulator.ignored) == []


@pytest.mark.parametrize(
    "name", sorted(name for name, profile in PRINTERS.items() if Lack.NV_GRAPHICS not in profile.lacks)
)
def test_a_logo_in_the_printers_memory_prints_as_the_dots_do(name: str, printer: Open) -> None:
    driver, simulator = printer(name)
    driver.print(Receipt((LOGO, TextLine("dots"))))
    dots = simulator.take_receipt()
    assert driver.store(LOGO)
    driver.print(Receipt((LOGO, TextLine("dots"))))
    kept = simulator.take_receipt()
    assert (kept.width, kept.height, kept.rows) == (dots.width, dots.height, dots.rows)
    assert list(simulator.ignored) == []


def test_chinese_text_is_on_the_paper(printer: Open) -> None:
    driver, simulator = printer("escpos-80mm")
    driver.print(Receipt((TextLine("交易成功 镕"), Pair("充值金额", "￥50.00"))))
    text, _, _ = paper(simulator)
    assert "交易成功 镕" in text
    assert "￥50.00" in text
