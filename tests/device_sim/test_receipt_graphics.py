"""Pictures on the paper: bit images, graphics in the print buffer and in memory, QR codes; and page mode."""

import pytest

from device_sim.receipt_printer import SimulatedReceiptPrinter
from tests.device_sim.printing import CUT, ink, printed, refused

# A triangle of 8 by 3 dots by rows, 1 = black, and the same by columns.
ROWS = bytes((0b11111111, 0b01111110, 0b00111100))
COLUMNS = bytes.fromhex("80 c0 e0 e0 e0 e0 c0 80")
TRIANGLE = "########\n.######.\n..####.."


def gs_l(fn: int, parameters: bytes = b"") -> bytes:
    """GS ( L pL pH 30 fn."""
    return b"\x1d(L" + (len(parameters) + 2).to_bytes(2, "little") + bytes((0x30, fn)) + parameters


def gs_k(fn: int, parameters: bytes) -> bytes:
    """GS ( k pL pH 31 fn."""
    return b"\x1d(k" + (len(parameters) + 2).to_bytes(2, "little") + bytes((0x31, fn)) + parameters


DEFINE = gs_l(67, b"0G1\x01" + bytes.fromhex("08 00 03 00 31") + ROWS)


def seen(data: bytes) -> str:
    """Return what was printed, dot by dot."""
    picture = printed(data).picture
    box = ink(picture)
    return "\n".join(
        "".join(".#"[picture.getpixel((x, y)) == 0] for x in range(box[0], box[2])) for y in range(box[1], box[3])
    )


def wide(picture: str) -> str:
    return "\n".join("".join(dot * 2 for dot in line) for line in picture.split("\n"))


def high(picture: str) -> str:
    return "\n".join(line for line in picture.split("\n") for _ in range(2))


# -- graphics (HPRT TP80K pp56-62) -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "picture"),
    [
        (gs_l(112, bytes.fromhex("30 01 01 31 08 00 03 00") + ROWS) + gs_l(50), TRIANGLE),
        (gs_l(113, bytes.fromhex("30 01 01 31 08 00 03 00") + COLUMNS) + gs_l(2), TRIANGLE),
        (gs_l(112, bytes.fromhex("30 02 01 31 08 00 03 00") + ROWS) + gs_l(50), wide(TRIANGLE)),
        (gs_l(112, bytes.fromhex("30 01 02 31 08 00 03 00") + ROWS) + gs_l(50), high(TRIANGLE)),
        (
            b"\x1d8L\x0d\x00\x00\x00" + gs_l(112, bytes.fromhex("30 01 01 31 08 00 03 00") + ROWS)[5:] + gs_l(50),
            TRIANGLE,
        ),
        (DEFINE + gs_l(69, b"G1\x01\x01"), TRIANGLE),
        (DEFINE + gs_l(69, b"G1\x02\x02"), wide(high(TRIANGLE))),
        (gs_l(68, b"0G1\x01" + bytes.fromhex("08 00 03 00 31") + COLUMNS) + gs_l(69, b"G1\x01\x01"), TRIANGLE),
        (gs_l(83, b"0D1\x01" + bytes.fromhex("08 00 03 00 31") + ROWS) + gs_l(85, b"D1\x01\x01"), TRIANGLE),
        (gs_l(84, b"0D1\x01" + bytes.fromhex("08 00 03 00 31") + COLUMNS) + gs_l(85, b"D1\x01\x01"), TRIANGLE),
        (b"\x1d\x2a\x01\x01" + COLUMNS + b"\x1d\x2f\x00", TRIANGLE),
        (b"\x1d\x2a\x01\x01" + COLUMNS + b"\x1d\x2f\x03", wide(high(TRIANGLE))),
        (b"\x1c\x71\x01\x01\x00\x01\x00" + COLUMNS + b"\x1c\x70\x01\x00", TRIANGLE),
        (b"\x1c\x71\x01\x01\x00\x01\x00" + COLUMNS + b"\x1c\x70\x01\x01", wide(TRIANGLE)),
        (b"\x1b\x2a\x01\x08\x00" + COLUMNS + b"\n", "\n".join(line for line in TRIANGLE.split("\n") for _ in range(3))),
        (b"\x1b\x2a\x21\x08\x00" + b"".join(bytes((byte, 0, 0)) for byte in COLUMNS) + b"\n", TRIANGLE),
        (b"\x1b\x2a\x20\x08\x00" + b"".join(bytes((byte, 0, 0)) for byte in COLUMNS) + b"\n", wide(TRIANGLE)),
    ],
)
def test_prints_a_picture_dot_by_dot(data: bytes, picture: str) -> None:
    assert seen(data) == picture


def test_bit_images_stand_in_a_line_with_text() -> None:
    receipt = printed(b"ab\x1b\x2a\x21\x02\x00" + b"\xff" * 6 + b"c\n")
    assert receipt.text == "abc"
    assert receipt.picture.getpixel((24, 0)) == receipt.picture.getpixel((25, 23)) == 0


def test_prints_stored_graphics_once() -> None:
    stored = gs_l(112, bytes.fromhex("30 01 01 31 08 00 03 00") + ROWS)
    assert refused(stored + gs_l(50) + gs_l(50)) == ["no graphics are stored"]


def test_keeps_graphics_without_power_but_not_downloaded_ones() -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(DEFINE + gs_l(83, b"0D1\x01" + bytes.fromhex("08 00 03 00 31") + ROWS))
    printer.receive(b"\x1c\x71\x01\x01\x00\x01\x00" + COLUMNS)
    printer.power_cycle()
    printer.receive(gs_l(69, b"G1\x01\x01") + b"\x1c\x70\x01\x00" + CUT)
    assert ink(printer.take_receipt().picture) == (0, 0, 8, 3 + 3)
    printer.receive(gs_l(85, b"D1\x01\x01"))
    assert [report.reason for report in printer.ignored] == ["no graphics under this key"]


def test_lists_keys_and_room() -> None:
    """GS ( L fn 64: 37 72 40 keys 00; fn 48, 51: 37 30 / 31 digits 00 (Citizen CT-S280 pp159-161)."""
    printer = SimulatedReceiptPrinter()
    assert printer.receive(gs_l(64, b"KC")) == b"\x37\x72\x40\x00"
    assert printer.receive(b"\x06" + gs_l(48)) == b"\x37\x30262144\x00"
    assert printer.receive(DEFINE + gs_l(51)) == b"\x37\x31262141\x00"
    assert printer.receive(gs_l(64, b"KC") + b"\x06") == b"\x37\x72\x40G1\x00"
    assert printer.receive(gs_l(66, b"G1") + gs_l(64, b"KC")) == b"\x37\x72\x40\x00"
    assert printer.receive(b"\x06" + DEFINE + gs_l(65, b"CLR") + gs_l(3)) == b"\x37\x31262144\x00"
    assert printer.receive(gs_l(52)) == b"\x37\x3265536\x00"
    assert printer.ignored == []


def test_lists_forty_keys_at_a_time_and_waits_for_a_reply() -> None:
    printer = SimulatedReceiptPrinter()
    keys = [f"{i:02d}".encode() for i in range(41)]
    for key in keys:
        printer.receive(DEFINE.replace(b"G1", key))
    first = b"\x37\x72\x41" + b"".join(keys[:40]) + b"\x00"
    assert printer.receive(gs_l(64, b"KC")) == first
    assert printer.receive(b"\x15") == first
    assert printer.receive(b"\x06") == b"\x37\x72\x4040\x00"
    assert printer.receive(b"\x06") == b""
    assert printer.receive(gs_l(64, b"KC") + b"\x18") == first
    assert printer.receive(b"a\n" + CUT) == b""
    assert printer.ignored == []


@pytest.mark.parametrize(
    "data",
    [
        gs_l(66, b"XX"),
        gs_l(69, b"XX\x01\x01"),
        gs_l(69, b"G1\x03\x01"),
        gs_l(65, b"ABC"),
        gs_l(67, b"0G1\x01" + bytes.fromhex("08 00 04 00 31") + ROWS),  # a row is missing
        gs_l(67, b"0\x1f1\x01" + bytes.fromhex("08 00 03 00 31") + ROWS),  # no such key
        gs_l(112, bytes.fromhex("30 01 01 32 08 00 03 00") + ROWS),  # another colour
        gs_l(99),
        b"\x1d(L\x00\x00",
        b"\x1d\x2f\x00",
        b"\x1c\x70\x01\x00",
        b"\x1d(X\x02\x00ab",
        b"\x1d(k\x03\x000Q0",  # PDF417
        b"\x1d8L\x00\x00\x10\x00",
    ],
)
def test_reports_what_it_cannot_do_and_prints_nothing(data: bytes) -> None:
    printer = SimulatedReceiptPrinter()
    printer.receive(data + CUT)
    assert len(printer.ignored) == 1
    assert printer.receipts == []


def test_refuses_graphics_that_do_not_fit_into_memory() -> None:
    printer = SimulatedReceiptPrinter()
    picture = bytes.fromhex("00 04 00 04 31") + bytes(128 * 1024)  # 1024 by 1024 dots
    for key in (b"A1", b"A2", b"A3"):
        define = b"0C0" + key + b"\x01" + picture
        printer.receive(b"\x1d8L" + len(define).to_bytes(4, "little") + define)
    assert [report.reason for report in printer.ignored] == ["memory for graphics is full"]
    assert printer.receive(gs_l(64, b"KC")) == b"\x37\x72\x40A1A2\x00"


# -- QR codes --------------------------------------------------------------------------------------------------------


def test_prints_micro_qr() -> None:
    receipt = printed(gs_k(65, b"3\0") + gs_k(67, b"\x04") + gs_k(80, b"0" + b"12345") + gs_k(81, b"0"))
    assert ink(receipt.picture) == (0, 0, 52, 52)  # M2, the smallest with level L: 13 modules (ISO/IEC 18004)
    assert receipt.qr_codes == ("12345",)


def test_tells_the_size_of_a_qr_code() -> None:
    """Ten dots a module and 21 modules: 37 36 32 31 30 1F 32 31 30 1F 31 1F 30 00 (NCR 7168, the manual's example)."""
    printer = SimulatedReceiptPrinter()
    printer.receive(gs_k(67, b"\x0a") + gs_k(80, b"0Hi"))
    assert printer.receive(gs_k(82, b"0")) == bytes.fromhex("37 36 32 31 30 1f 32 31 30 1f 31 1f 30 00")
    printer.receive(gs_k(80, b"0" + b"A" * 1000))
    assert printer.receive(gs_k(82, b"0"))[-3:] == bytes.fromhex("1f 31 00")  # too wide for the paper


def test_keeps_qr_data_after_printing() -> None:
    assert printed(gs_k(80, b"0Hi") + gs_k(81, b"0") * 2).qr_codes == ("Hi", "Hi")


# -- page mode (Epson TM-T88 p5-10, Citizen iDP-3221 p137) -----------------------------------------------------------

BLOCK = b"\x1c\x2e\xdb"  # PC437: a full block, 12 by 24
PAGE = b"\x1bL"


def area(x: int, y: int, width: int, height: int) -> bytes:
    return b"\x1bW" + b"".join(value.to_bytes(2, "little") for value in (x, y, width, height))


@pytest.mark.parametrize(
    ("direction", "box"),
    [
        (0, (100, 50, 112, 74)),  # begins at the upper left
        (1, (100, 238, 124, 250)),  # lower left, upwards
        (2, (388, 226, 400, 250)),  # lower right, upside down
        (3, (376, 50, 400, 62)),  # upper right, downwards
    ],
)
def test_begins_in_the_corner_of_its_direction(direction: int, box: tuple[int, int, int, int]) -> None:
    data = PAGE + area(100, 50, 300, 200) + bytes((0x1B, 0x54, direction)) + BLOCK + b"\x0c"
    receipt = printed(data)
    assert ink(receipt.picture) == box
    assert receipt.picture.height == 250


def test_places_things_along_and_down_the_page() -> None:
    data = PAGE + area(0, 0, 400, 300) + b"\x1b\x24\x64\x00\x1d\x24\x32\x00" + BLOCK + b"\x0c"
    assert ink(printed(data).picture) == (100, 50, 112, 74)
    down = PAGE + area(0, 0, 400, 300) + b"\x1d\x5c\x0a\x00\x1d\x5c\xfb\xff" + BLOCK + b"\x0c"
    assert ink(printed(down).picture) == (0, 5, 12, 29)


def test_breaks_lines_in_the_area_and_drops_what_has_no_room() -> None:
    receipt = printed(PAGE + area(0, 0, 24, 75) + BLOCK * 7 + b"\x0c")
    assert ink(receipt.picture) == (0, 0, 24, 75)  # two a line; 34 dots a line, the third is cut off
    assert receipt.text == "██\n██\n██\n█"


def test_cuts_off_what_is_higher_than_the_first_line() -> None:
    assert ink(printed(PAGE + area(0, 0, 400, 300) + b"\x1d\x21\x11" + BLOCK + b"\x0c").picture) == (0, 0, 24, 24)


def test_prints_a_page_twice_and_leaves_it() -> None:
    receipt = printed(PAGE + area(0, 0, 100, 40) + BLOCK + b"\x1b\x0c\x0cend\n")
    assert receipt.picture.height == 40 + 40 + 34
    assert receipt.text == "█\n█\nend"


def test_cancels_the_area_or_the_whole_page() -> None:
    assert ink(printed(PAGE + area(0, 0, 50, 40) + BLOCK + area(100, 0, 50, 40) + BLOCK + b"\x18\x0c").picture)[2] == 12
    assert printed(PAGE + BLOCK + b"\x1bSa\n").text == "a"


def test_puts_pictures_and_codes_on_the_page() -> None:
    data = PAGE + area(0, 0, 400, 300) + b"\x1d\x24\xc8\x00"
    receipt = printed(
        data
        + gs_k(80, b"0Hi")
        + gs_k(81, b"0")
        + b"\x1d\x68\x20\x1d\x48\x02\x1d\x6b\x44\x071234567"
        + DEFINE
        + gs_l(69, b"G1\x01\x01")
        + b"\x0c"
    )
    assert receipt.qr_codes == ("Hi",)
    assert receipt.barcodes == (("EAN8", "12345670"),)
    assert ink(receipt.picture) == (0, 224 - 63, 63 + 201 + 8, 224 + 26)  # on one base line, the text below it


@pytest.mark.parametrize(
    "data", [b"\x0c", b"\x1b\x0c", b"\x18", b"\x1bS", b"\x1d\x24\x01\x00", b"a\x1bL", area(0, 0, 0, 9)]
)
def test_reports_a_page_command_at_the_wrong_place(data: bytes) -> None:
    assert len(refused(data)) == 1


def test_an_empty_page_takes_no_paper() -> None:
    assert printed(b"a\n\x1bL\x0c").picture.height == 34
