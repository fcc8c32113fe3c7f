"""What the driver does when all is well, and when it is not. The printer is OpenTeller's simulated one."""

import pytest
from tiny_printer import PrinterError, TinyPrinter


@pytest.fixture
def driver(printer):
    driver = TinyPrinter(printer.port, timeout_s=0.3)
    yield driver
    driver.close()


def test_prints_a_receipt(driver, printer):
    driver.print_receipt("One coffee", "Total 3.20")
    assert printer.device.take_receipt().text == "One coffee\nTotal 3.20"


@pytest.mark.fault("receipt_printer", "paper_out")
def test_says_that_the_paper_is_out(driver, printer):
    with pytest.raises(PrinterError, match="the paper is out"):
        driver.print_receipt("One coffee")
    assert printer.device.receipts == []


@pytest.mark.fault("receipt_printer", "drop", towards="device", times=2)
def test_a_printer_that_hears_nothing_is_told(driver):
    with pytest.raises(PrinterError, match="the printer says nothing"):
        driver.print_receipt("One coffee")


@pytest.mark.fault("receipt_printer", "late", seconds=0.1)
def test_an_answer_that_is_late_but_not_too_late_is_taken(driver, printer):
    driver.print_receipt("One coffee")
    assert len(printer.device.receipts) == 1


def test_a_plug_that_is_pulled_is_told_and_it_prints_again_once_it_is_back(driver, printer):
    printer.strike("unplug")
    with pytest.raises(PrinterError, match="the printer is gone"):
        driver.print_receipt("One coffee")
    printer.mend()
    again = TinyPrinter(printer.port)
    again.print_receipt("Two coffees")
    again.close()
    assert printer.device.take_receipt().text == "Two coffees"


def test_prints_through_the_network(network_printer):
    driver = TinyPrinter(network_printer.port)
    driver.print_receipt("One coffee")
    driver.close()
    assert network_printer.device.take_receipt().text == "One coffee"
