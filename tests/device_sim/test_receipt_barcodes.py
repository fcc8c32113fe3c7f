"""Barcodes on the paper, bar by bar, against the patterns of their standards and another library's."""

import barcode
import pytest

from device_sim.receipt_printer import SimulatedReceiptPrinter
from tests.device_sim.printing import CUT, ink, printed, refused, row

THIN = b"\x1d\x77\x02"  # GS w 2: two dots a module; thin 2, thick 5 (Shandong BT-T080 p51)


def gs_k(m: int, data: bytes) -> bytes:
    """Function B."""
    return bytes((0x1D, 0x6B, m, len(data))) + data


def bars(command: bytes) -> str:
    """Return the dots of a printed barcode from its first bar to its last."""
    return row(printed(THIN + command).picture, 10)


def modules(command: bytes) -> str:
    """Return a barcode module by module: two dots each."""
    dots = bars(command)
    assert all(dots[i] == dots[i + 1] for i in range(0, len(dots), 2))
    return dots[::2]


def of_widths(text: str) -> str:
    """Return modules for the widths of bars and spaces in turn."""
    return "".join(("0" if i % 2 else "1") * int(width) for i, width in enumerate(text.replace(" ", "")))


# -- against python-barcode, a library that is not ours -----------------------------------------------------------


@pytest.mark.parametrize(
    ("m", "data", "other", "text"),
    [
        (67, b"690123456789", "ean13", "690123456789"),
        (67, b"012345678901", "ean13", "012345678901"),
        (67, b"987654321098", "ean13", "987654321098"),
        (68, b"1234567", "ean8", "1234567"),
        (68, b"9031101", "ean8", "9031101"),
        (65, b"01234567890", "upca", "01234567890"),
        (73, b"{BHello, 1", "code128", "Hello, 1"),
    ],
)
def test_prints_the_modules_that_another_library_makes(m: int, data: bytes, other: str, text: str) -> None:
    assert modules(gs_k(m, data)) == barcode.get_barcode_class(other)(text).build()[0]


@pytest.mark.parametrize("digits", ["".join(str((i + step) % 10) for i in range(12)) for step in range(10)])
def test_prints_every_digit_of_ean_in_every_place(digits: str) -> None:
    assert modules(gs_k(67, digits.encode())) == barcode.get_barcode_class("ean13")(digits).build()[0]


@pytest.mark.parametrize("text", ["0123456789", "ABCDEFGHIJKLM", "NOPQRSTUVWXYZ", "-. $/+%"])
def test_prints_all_of_code_39(text: str) -> None:
    """The other library draws thick as three thin ones: compared by thick and thin."""
    theirs = barcode.get_barcode_class("code39")(text, add_checksum=False).build()[0]
    assert bars(gs_k(69, text.encode())) == theirs.replace("111", "T").replace("000", "t").replace("1", "n").replace(
        "0", "m"
    ).replace("T", "1" * 5).replace("t", "0" * 5).replace("n", "11").replace("m", "00")


@pytest.mark.parametrize(
    ("m", "other", "text"),
    [
        (70, "itf", "0123456789"),
        (70, "itf", "5678901234"),
        (71, "codabar", "A0123456789B"),
        (71, "codabar", "C-$:/.+D"),
    ],
)
def test_prints_thin_and_thick_as_another_library_does(m: int, other: str, text: str) -> None:
    assert bars(gs_k(m, text.encode())) == barcode.get_barcode_class(other)(text).build()[0]


# -- against the standards, typed by hand -------------------------------------------------------------------------


def test_prints_upc_e() -> None:
    """0 123456 5: check digit 5 has the parities E O O E E O (ISO/IEC 15420, table of number system 0)."""
    symbol = "101 0110011 0010011 0111101 0011101 0111001 0101111 010101".replace(" ", "")
    assert modules(gs_k(66, b"123456")) == symbol
    assert modules(gs_k(66, b"0123456")) == symbol
    assert modules(gs_k(66, b"01234565")) == symbol
    assert modules(gs_k(66, b"01234500006")) == symbol  # the UPC-A number 0 12345 00006
    assert modules(gs_k(66, b"012345000065")) == symbol


@pytest.mark.parametrize(
    ("number", "short"),
    [
        (b"01200000789", "0127890"),
        (b"01210000789", "0127891"),
        (b"01220000789", "0127892"),
        (b"01230000089", "0123893"),
        (b"01234000009", "0123494"),
        (b"01234500009", "0123459"),
    ],
)
def test_shortens_upc_a_numbers_to_upc_e(number: bytes, short: str) -> None:
    ((_, hri),) = printed(gs_k(66, number)).barcodes
    assert hri[:7] == short


def test_prints_code_93_with_both_check_characters() -> None:
    """TEST93 has the check characters + and 6: 464 mod 47 = 41 and 617 mod 47 = 6 (ANSI/AIM BC5)."""
    symbol = (
        "101011110 110100110 110010010 110101100 110100110 100001010 101000010 101110110 100100010 101011110 1"
    ).replace(" ", "")
    assert modules(gs_k(72, b"TEST93")) == symbol


def test_prints_the_manuals_example_of_code_128() -> None:
    """No. in code set B, 12 34 56 in C (HPRT TP80K p69); check character (104+46+2*79+...+7*56) mod 103 = 63."""
    widths = "211214 113321 134111 122231 113141 112232 131123 331121 111224 2331112"
    assert modules(bytes.fromhex("1D 6B 49 0A 7B 42 4E 6F 2E 7B 43 0C 22 38")) == of_widths(widths)


def test_prints_code_128_with_shift_and_functions() -> None:
    """{A FNC1 A SHIFT a {B {{: 103, 102, 33, 98, 65, 100, 91; check (103+102+66+294+260+500+546) mod 103 = 17."""
    widths = "211412 411131 111323 411311 121124 114131 412121 123221 2331112"
    receipt = printed(THIN + gs_k(73, b"{A{1A{Sa{B{{"))
    assert row(receipt.picture, 10)[::2] == of_widths(widths)
    assert receipt.barcodes == (("CODE128", " Aa{"),)


def test_prints_gs1_128_with_an_fnc1_of_its_own() -> None:
    """(10)AB: Start B, FNC1, 1, 0, A, B; check (104+102+34+48+132+170) mod 103 = 75 (Epson TM-C3500 p98)."""
    widths = "211214 411131 123221 123122 111323 131123 241211 2331112"
    receipt = printed(THIN + gs_k(74, b"(10)AB"))
    assert row(receipt.picture, 10)[::2] == of_widths(widths)
    assert receipt.barcodes == (("GS1_128", "(10)AB"),)


def test_works_out_the_check_digit_of_a_gtin_in_gs1_128() -> None:
    assert printed(gs_k(74, b"(01)0690123456789*")).barcodes == (("GS1_128", "(01)06901234567892"),)


# -- size and text --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_makes_modules_as_wide_and_bars_as_high_as_asked(n: int) -> None:
    receipt = printed(bytes((0x1D, 0x77, n, 0x1D, 0x68, 50)) + gs_k(68, b"1234567"))
    assert ink(receipt.picture) == (0, 0, 67 * n, 50)  # EAN-8 has 67 modules


def test_is_162_dots_high_and_three_wide_to_begin_with() -> None:
    assert ink(printed(gs_k(68, b"1234567")).picture) == (0, 0, 67 * 3, 162)


def test_prints_what_a_person_reads_above_and_below() -> None:
    plain = printed(b"\x1d\x68\x20" + gs_k(67, b"690123456789")).picture.height
    below = printed(b"\x1d\x48\x02\x1d\x68\x20" + gs_k(67, b"690123456789"))
    both = printed(b"\x1d\x48\x33\x1d\x66\x01\x1d\x68\x20" + gs_k(67, b"690123456789")).picture
    assert below.barcodes == (("EAN13", "6901234567892"),)
    assert below.picture.height == plain + 24 + 2
    assert row(below.picture, 5)
    assert both.height == plain + 2 * (17 + 2)  # font B is 17 dots high
    assert ink(both)[1] > 0


def test_justifies_a_barcode() -> None:
    box = ink(printed(b"\x1b\x61\x01\x1d\x77\x02" + gs_k(68, b"1234567")).picture)
    assert (box[0], box[2]) == (221, 221 + 134)


# -- function A -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (b"\x1d\x6b\x00" + b"01234567890\x00", gs_k(65, b"01234567890")),
        (b"\x1d\x6b\x02" + b"6901234567892", gs_k(67, b"6901234567892")),  # all 13 digits: ends by itself
        (b"\x1d\x6b\x03" + b"1234567\x00", gs_k(68, b"1234567")),
        (b"\x1d\x6b\x04" + b"A-1\x00", gs_k(69, b"A-1")),
        (b"\x1d\x6b\x05" + b"1234\x00", gs_k(70, b"1234")),
        (b"\x1d\x6b\x06" + b"A12B\x00", gs_k(71, b"A12B")),
    ],
)
def test_prints_the_same_by_function_a_as_by_b(a: bytes, b: bytes) -> None:
    assert bars(a) == bars(b)


def test_leaves_out_the_last_of_an_odd_number_of_itf_digits() -> None:
    assert bars(gs_k(70, b"12345")) == bars(gs_k(70, b"1234"))


# -- wrong data: nothing is printed, or text (HPRT TP80K pp68-69) ------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (gs_k(67, b"12345"), "12345"),  # too few digits
        (gs_k(67, b"1234X6789012"), "X6789012"),  # what follows the wrong one
        (gs_k(73, b"No."), "No."),  # no code set
        (gs_k(73, b"{C\x0c{Q9"), "{Q9"),  # no special character
        (gs_k(73, b"{Aa"), "a"),  # not in code set A
        (gs_k(71, b"1234"), ""),
        (gs_k(66, b"01234567890"), ""),  # cannot be shortened
        (gs_k(66, b"123456789"), "123456789"),
        (gs_k(74, b"AB"), ""),
        (b"\x1d\x6b\x02" + b"12x", "x"),
        (b"\x1d\x6b\x09" + b"1", "1"),  # no such system
        (gs_k(75, b"1234567890123"), ""),  # GS1 DataBar
    ],
)
def test_prints_no_barcode_of_wrong_data(data: bytes, text: str) -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(data + b"\nend\n" + CUT)
    receipt = printer.take_receipt()
    assert receipt.barcodes == ()
    assert receipt.text == f"{text}\nend"
    assert [report.data[:2] for report in printer.ignored] == [b"\x1dk"]


def test_reads_the_data_as_text_where_text_stands_in_the_line() -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(b"a\x1d\x6b\x02123456789012\x00\n" + CUT)
    assert printer.take_receipt().text == "a123456789012"
    assert [report.reason for report in printer.ignored] == ["GS k with data in the line"]


def test_only_feeds_for_a_barcode_wider_than_the_paper() -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(b"\x1d\x77\x06\x1d\x68\x20" + gs_k(69, b"A" * 20) + b"end\n" + CUT)
    receipt = printer.take_receipt()
    assert (receipt.barcodes, receipt.text) == ((), "end")
    assert ink(receipt.picture)[1] >= 32
    assert [report.reason for report in printer.ignored] == ["GS k: wider than the printing area"]


@pytest.mark.parametrize(
    "command", [b"\x1d\x77\x01", b"\x1d\x77\x07", b"\x1d\x48\x04", b"\x1d\x66\x02", b"\x1d\x68\x00"]
)
def test_reports_a_setting_out_of_range(command: bytes) -> None:
    assert len(refused(command)) == 1
