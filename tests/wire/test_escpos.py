"""ESC/POS commands against bytes from manuals, however they arrive, with anything around them."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import WireError
from wire.escpos import (
    CharacterSize,
    CodePage,
    Command,
    ControlEjector,
    Cut,
    CutMode,
    Eject,
    Emphasis,
    FeedLines,
    Initialize,
    Justification,
    Justify,
    KanjiMode,
    KanjiOff,
    KanjiOn,
    KanjiUnderline,
    LineFeed,
    OldCut,
    Present,
    PrintMode,
    RetractAfter,
    RetractNow,
    Text,
    Underline,
    encode,
)
from wire.escpos_barcode import (
    Barcode,
    BarcodeFont,
    BarcodeHeight,
    BarcodeModule,
    BarcodeSystem,
    BarcodeText,
    HriFont,
    HriPosition,
    code128,
)
from wire.escpos_graphics import (
    AskNvKeys,
    DefineNvGraphics,
    DefineNvImages,
    DeleteNvGraphics,
    NvImage,
    PrintGraphics,
    PrintNvGraphics,
    PrintNvImage,
    Raster,
    RasterScale,
    StoreGraphics,
)
from wire.escpos_qr import QrCorrection, QrLevel, QrModel, QrModuleSize, QrPrint, QrStore
from wire.escpos_questions import (
    Acknowledge,
    AskIdByte,
    AskInformation,
    AskProcessed,
    AskStatus,
    AutoStatusBack,
    ClearBuffers,
    InformationKind,
    Recover,
    Recovery,
    StatusKind,
    TransmitStatus,
)
from wire.escpos_stream import CommandDeframer, RealTimeScanner, Unknown, holds_real_time_command

# (bytes typed from the source, command, source)
VECTORS: list[tuple[str, Command, str]] = [
    ("1B 40", Initialize(), "facts 3c; JPM112 manual 4.1.1"),
    ("0A", LineFeed(), "JPM112 manual 4.1.3"),
    ("1B 64 03", FeedLines(3), "JPM112 manual, ESC d n"),
    ("1B 61 00", Justify(Justification.LEFT), "Epson TM-T88III p102"),
    ("1B 61 01", Justify(Justification.CENTER), "Epson TM-T88III p102"),
    ("1B 61 02", Justify(Justification.RIGHT), "Epson TM-T88III p102"),
    ("1B 45 01", Emphasis(True), "Sewoo LK-P manual p18; ZJ-58 manual p37"),
    ("1B 45 00", Emphasis(False), "Sewoo LK-P manual p18; ZJ-58 manual p37"),
    ("1B 21 00", PrintMode(), "Woosim Porti-S p16; Citizen PPU-231II p17"),
    ("1B 21 01", PrintMode(font_b=True), "Woosim Porti-S p16"),
    ("1B 21 08", PrintMode(emphasized=True), "Woosim Porti-S p16"),
    ("1B 21 10", PrintMode(double_height=True), "Woosim Porti-S p16"),
    ("1B 21 20", PrintMode(double_width=True), "Woosim Porti-S p16"),
    ("1B 21 80", PrintMode(underline=True), "Woosim Porti-S p16"),
    ("1D 21 00", CharacterSize(), "Epson TM-T88III p116"),
    ("1D 21 11", CharacterSize(2, 2), "Epson TM-T88III p116, tables 1 and 2"),
    ("1D 21 70", CharacterSize(width=8), "Epson TM-T88III p116, table 1"),
    ("1D 21 07", CharacterSize(height=8), "Epson TM-T88III p116, table 2"),
    ("1C 26", KanjiOn(), "facts 3c; ZJ-58 manual p67"),
    ("1C 2E", KanjiOff(), "facts 3c; ZJ-58 manual p68"),
    ("1C 21 00", KanjiMode(), "Epson TM-T88III p146"),
    ("1C 21 04", KanjiMode(double_width=True), "Epson TM-T88III p146"),
    ("1C 21 08", KanjiMode(double_height=True), "Epson TM-T88III p146"),
    ("1C 21 80", KanjiMode(underline=True), "Epson TM-T88III p146"),
    ("1B 74 05", CodePage(5), "Epson TM-H6000 p79: page 5 (PC865)"),
    ("1D 76 30 00 01 00 02 00 81 7E", Raster(1, b"\x81\x7e"), "facts 3c; HPRT TP80K p53"),
    ("1D 76 30 01 02 00 01 00 AA 55", Raster(2, b"\xaa\x55", RasterScale.DOUBLE_WIDTH), "HPRT TP80K p53"),
    ("1D 76 30 02 01 00 01 00 FF", Raster(1, b"\xff", RasterScale.DOUBLE_HEIGHT), "HPRT TP80K p53"),
    ("1D 76 30 03 01 00 01 00 FF", Raster(1, b"\xff", RasterScale.QUADRUPLE), "HPRT TP80K p53"),
    ("1D 28 6B 04 00 31 41 32 00", QrModel(2), "facts 3c; Epson GS ( k function 165"),
    ("1D 28 6B 03 00 31 43 06", QrModuleSize(6), "Metapace T-3 p98, function 167"),
    ("1D 28 6B 03 00 31 45 30", QrCorrection(QrLevel.L), "Epson GS ( k function 169"),
    ("1D 28 6B 03 00 31 45 31", QrCorrection(QrLevel.M), "Epson GS ( k function 169"),
    ("1D 28 6B 03 00 31 45 32", QrCorrection(QrLevel.Q), "Epson GS ( k function 169"),
    ("1D 28 6B 03 00 31 45 33", QrCorrection(QrLevel.H), "Epson GS ( k function 169"),
    ("1D 28 6B 05 00 31 50 30 48 69", QrStore(b"Hi"), "Epson TM-T81 p96, function 180"),
    ("1D 28 6B 03 00 31 51 30", QrPrint(), "Epson TM-J2000 p559, function 181"),
    ("1D 56 00", Cut(CutMode.FULL), "facts 3c; Epson GS V p373"),
    ("1D 56 01", Cut(CutMode.PARTIAL), "facts 3c; Epson GS V p373"),
    ("1D 56 41 10", Cut(CutMode.FULL, 16), "Epson GS V p373, m = 65"),
    ("1D 56 42 00", Cut(CutMode.PARTIAL, 0), "Epson TM-L60II p1290, program example"),
    ("10 04 01", AskStatus(StatusKind.PRINTER), "facts 3c"),
    ("10 04 02", AskStatus(StatusKind.OFFLINE_CAUSE), "facts 3c"),
    ("10 04 03", AskStatus(StatusKind.ERROR_CAUSE), "facts 3c"),
    ("10 04 04", AskStatus(StatusKind.PAPER), "facts 3c"),
    ("10 05 01", Recover(Recovery.RESUME), "Epson TM-T88III p75"),
    ("10 05 02", Recover(Recovery.CLEAR), "Epson TM-T88III p75"),
    ("10 14 08 01 03 14 01 06 02 08", ClearBuffers(), "Epson ESC/POS reference, DLE DC4 fn 8; TM-T90 p98"),
    ("1D 61 00", AutoStatusBack(), "facts 3c; Epson TM-T88III p133"),
    ("1D 61 01", AutoStatusBack(drawer=True), "Epson TM-T88III p133"),
    ("1D 61 02", AutoStatusBack(online=True), "Epson TM-T88III p133"),
    ("1D 61 04", AutoStatusBack(error=True), "Epson TM-T88III p133"),
    ("1D 61 08", AutoStatusBack(paper=True), "Epson TM-T88III p133"),
    ("1D 49 01", AskIdByte(1), "facts 3c; Toshiba B-EP p590"),
    ("1D 49 02", AskIdByte(2), "facts 3c; Toshiba B-EP p590"),
    ("1D 49 03", AskIdByte(3), "facts 3c; Toshiba B-EP p590"),
    ("1D 49 41", AskInformation(InformationKind.FIRMWARE), "Bixolon SRP-330II p101, n = 65"),
    ("1D 49 42", AskInformation(InformationKind.MAKER), "Bixolon SRP-330II p101, n = 66"),
    ("1D 49 43", AskInformation(InformationKind.MODEL), "Bixolon SRP-330II p101, n = 67"),
    ("1D 49 44", AskInformation(InformationKind.SERIAL), "Epson TM-J2000 p469, n = 68"),
    ("1D 72 01", TransmitStatus(1), "facts 3c; Epson TM-U295 p70"),
    ("1D 72 02", TransmitStatus(2), "facts 3c; Epson TM-U295 p70"),
    ("1B 2D 00", Underline(0), "Custom KPM216H p43"),
    ("1B 2D 01", Underline(1), "Custom KPM216H p43"),
    ("1B 2D 02", Underline(2), "Custom KPM216H p43"),
    ("1C 2D 00", KanjiUnderline(0), "facts 3c; HCC POS80B p49"),
    ("1C 2D 02", KanjiUnderline(2), "facts 3c; HPRT TP80K p34"),
    ("1B 69", OldCut(CutMode.FULL), "facts 3c: ESC i"),
    ("1B 6D", OldCut(CutMode.PARTIAL), "facts 3c: ESC m"),
    ("1D 65 03 50", Present(80), "Infinite Peripherals KPM210 p76: n = 3, m steps"),
    ("1D 65 02", ControlEjector(Eject.RETRACT), "Infinite Peripherals KPM210 p76: n = 2"),
    ("1D 65 05", ControlEjector(Eject.EJECT), "Infinite Peripherals KPM210 p76: n = 5"),
    ("1D 52 30", RetractNow(), "Citizen PPU-700 p121: GS R 0"),
    ("1D 52 31 01", RetractAfter(1), "Citizen PPU-700 p121: GS R 1 n, its sample program"),
    ("1D 28 48 06 00 30 30 30 30 34 32", AskProcessed("0042"), "Epson TM-J2000 p430; ESC/POS reference, GS ( H 48"),
    ("06", Acknowledge(), "Citizen CT-S280 p160: ACK 6"),
    ("1D 68 50", BarcodeHeight(80), "Cashino CSN-A1K p45"),
    ("1D 77 02", BarcodeModule(2), "Cashino CSN-A1K p45"),
    ("1D 77 06", BarcodeModule(6), "Cashino CSN-A1K p45"),
    ("1D 48 00", BarcodeText(HriPosition.NONE), "Cashino CSN-A1K p45"),
    ("1D 48 01", BarcodeText(HriPosition.ABOVE), "Cashino CSN-A1K p45"),
    ("1D 48 02", BarcodeText(HriPosition.BELOW), "Cashino CSN-A1K p45"),
    ("1D 48 03", BarcodeText(HriPosition.BOTH), "Cashino CSN-A1K p45"),
    ("1D 66 00", BarcodeFont(HriFont.A), "IDIPOS TP-80 p38"),
    ("1D 66 01", BarcodeFont(HriFont.B), "IDIPOS TP-80 p38"),
    ("1D 6B 41 0B 30 33 36 30 30 30 32 39 31 34 35", Barcode(BarcodeSystem.UPC_A, b"03600029145"), "TM-U210 p346"),
    ("1D 6B 42 0B 30 34 32 31 30 30 30 30 35 32 36", Barcode(BarcodeSystem.UPC_E, b"04210000526"), "TM-U210 p346"),
    ("1D 6B 43 0C 34 30 30 36 33 38 31 33 33 33 39 33", Barcode(BarcodeSystem.EAN13, b"400638133393"), "TM-U210 p346"),
    ("1D 6B 44 07 37 33 35 31 33 35 33", Barcode(BarcodeSystem.EAN8, b"7351353"), "Epson TM-U210 p346"),
    ("1D 6B 45 04 41 2D 31 2A", Barcode(BarcodeSystem.CODE39, b"A-1*"), "Epson TM-U210 p346"),
    ("1D 6B 46 04 31 32 33 34", Barcode(BarcodeSystem.ITF, b"1234"), "Epson TM-U210 p346"),
    ("1D 6B 47 05 41 34 30 3A 42", Barcode(BarcodeSystem.CODABAR, b"A40:B"), "Epson TM-U210 p346"),
    ("1D 6B 48 03 61 00 7F", Barcode(BarcodeSystem.CODE93, b"a\x00\x7f"), "Epson TM-U210 p346"),
    (
        "1D 6B 49 0A 7B 42 4E 6F 2E 7B 43 0C 22 38",
        Barcode(BarcodeSystem.CODE128, b"{BNo.{C\x0c\x22\x38"),
        "SPRT SP-T8 p111: GS k 73 10 123 66 78 111 46 123 67 12 34 56",
    ),
    ("1D 28 4C 04 00 30 40 4B 43", AskNvKeys(), "Epson TM-U210 p233, function 64"),
    ("1D 28 4C 04 00 30 42 30 31", DeleteNvGraphics("01"), "HPRT TP809 p11, function 66"),
    (
        "1D 28 4C 0D 00 30 43 30 30 31 01 09 00 01 00 31 FF 80",
        DefineNvGraphics("01", 9, b"\xff\x80"),
        "Epson TM-T81 p87, function 67",
    ),
    ("1D 28 4C 06 00 30 45 30 31 01 02", PrintNvGraphics("01", 1, 2), "Epson TM-L90 p159, function 69"),
    (
        "1D 28 4C 0C 00 30 70 30 01 02 31 09 00 01 00 FF 80",
        StoreGraphics(9, b"\xff\x80", 1, 2),
        "facts 3c; HPRT TP809 p14, function 112",
    ),
    ("1D 28 4C 02 00 30 32", PrintGraphics(), "facts 3c, function 50"),
    (
        "1C 71 02 01 00 01 00 01 02 03 04 05 06 07 08 01 00 01 00 FF FF FF FF FF FF FF FF",
        DefineNvImages((NvImage(1, 1, bytes(range(1, 9))), NvImage(1, 1, b"\xff" * 8))),
        "Microcom 814M p39",
    ),
    ("1C 70 01 03", PrintNvImage(1, 3), "Custom SMICE p44"),
    ("54 41 43 20 39", Text(b"TAC 9"), "ASCII as is"),
]
CASES = pytest.mark.parametrize(("data", "command"), [pytest.param(*v[:2], id=f"{v[1]} ({v[2]})") for v in VECTORS])

# What a printer takes for the same, and does not say itself. (bytes, command, source)
SYNONYMS: list[tuple[str, Command, str]] = [
    ("1B 61 31", Justify(Justification.CENTER), "Epson TM-T88III p102: 1, 49"),
    ("1B 45 FF", Emphasis(True), "Sewoo LK-P p18: only the least significant bit counts"),
    ("1D 56 30", Cut(CutMode.FULL), "Epson GS V p373: 0, 48"),
    ("1D 56 31", Cut(CutMode.PARTIAL), "Epson GS V p373: 1, 49"),
    ("1D 76 30 30 01 00 01 00 FF", Raster(1, b"\xff"), "HPRT TP80K p53: 0, 48"),
    ("1D 49 31", AskIdByte(1), "Toshiba B-EP p590: 1, 49"),
    ("1D 72 31", TransmitStatus(1), "Epson TM-U295 p70: 1, 49"),
    ("1D 61 F2", AutoStatusBack(online=True), "Epson TM-T88III p133: bits 4-7 undefined"),
    ("1B 2D 31", Underline(1), "Custom KPM216H p43: 1, 49"),
    ("1C 2D 32", KanjiUnderline(2), "HPRT TP80K p34: 2 or 50"),
    ("1D 48 32", BarcodeText(HriPosition.BELOW), "Cashino CSN-A1K p45: 2, 50"),
    ("1D 66 31", BarcodeFont(HriFont.B), "IDIPOS TP-80 p38: 1, 49"),
    ("1C 70 01 33", PrintNvImage(1, 3), "Custom SMICE p44: 3, 51"),
    (
        "1D 6B 00 30 33 36 30 30 30 32 39 31 34 35 00",
        Barcode(BarcodeSystem.UPC_A, b"03600029145"),
        "Ithaca 80PLUS p99: k 11, then NUL",
    ),
    ("1D 6B 04 41 2D 31 00", Barcode(BarcodeSystem.CODE39, b"A-1"), "Ithaca 80PLUS p99: function A ends with NUL"),
]


@CASES
def test_encodes_the_bytes_of_the_manual(data: str, command: Command) -> None:
    assert encode(command) == bytes.fromhex(data)


@CASES
def test_reads_the_bytes_of_the_manual(data: str, command: Command) -> None:
    assert CommandDeframer().feed(bytes.fromhex(data)) == [command]


@pytest.mark.parametrize(("data", "command"), [pytest.param(*v[:2], id=v[2]) for v in SYNONYMS])
def test_reads_what_means_the_same(data: str, command: Command) -> None:
    assert CommandDeframer().feed(bytes.fromhex(data)) == [command]


def test_every_command_has_a_vector() -> None:
    kinds = {kind for member in get_args(Command) for kind in (get_args(member) or (member,))}
    assert {type(command) for _, command, _ in VECTORS} == kinds


def _whole_stream() -> tuple[bytes, list[Command]]:
    commands = [command for _, command, _ in VECTORS]
    return b"".join(bytes.fromhex(data) for data, _, _ in VECTORS), commands


def test_reads_all_commands_in_one_go() -> None:
    data, commands = _whole_stream()
    assert CommandDeframer().feed(data) == commands


def test_reads_all_commands_byte_by_byte() -> None:
    data, commands = _whole_stream()
    deframer = CommandDeframer()
    found = [command for byte in data for command in deframer.feed(bytes((byte,)))]
    assert _joined(found) == commands
    assert deframer.pending == 0


def _joined(commands: list[Command | Unknown]) -> list[Command | Unknown]:
    """Return the commands with neighbouring texts made one: where a text is cut depends on how it came."""
    joined: list[Command | Unknown] = []
    for command in commands:
        match joined, command:
            case [*_, Text(before)], Text(data):
                joined[-1] = Text(before + data)
            case _:
                joined.append(command)
    return joined


@pytest.mark.parametrize(
    ("data", "unknown"),
    [
        ("1B 7A", "1B 7A"),  # no such command
        ("07", "07"),  # BEL
        ("0D", "0D"),  # CR does nothing where automatic line feed is off
        ("1B 61 07", "1B 61 07"),  # n out of range: ignored (Epson TM-T88III p102)
        ("1D 21 88", "1D 21 88"),
        ("1D 49 7F", "1D 49 7F"),
        ("10 04 09", "10 04 09"),
        ("10 14 01", "10 14"),
        ("10 14 08 01 03 00", "10 14"),
        ("1D 56 63", "1D 56 63"),
        ("1D 76 31", "1D 76"),
        ("1D 76 30 09 01 00 01 00", "1D 76 30 09 01 00 01 00"),
        ("1D 76 30 00 00 00 01 00", "1D 76 30 00 00 00 01 00"),  # no width: k must not be 0 (HPRT TP80K p53)
        ("1D 76 30 00 FF FF FF FF", "1D 76 30 00 FF FF FF FF"),  # 4 GiB would be promised
        ("1D 28 6B 03 00 31 43 00", "1D 28 6B 03 00 31 43 00"),  # module size 0
        ("1D 28 6B 03 00 30 43 03", "1D 28 6B 03 00 30 43 03"),  # cn 48 is PDF417
        ("1D 28 4C 02 00 30 30", "1D 28 4C 02 00 30 30"),  # GS ( L 48, the memory's size: framed, not modelled
        ("1D 28 4C 04 00 30 40 4B 44", "1D 28 4C 04 00 30 40 4B 44"),
        ("1D 28 4C 04 00 30 42 30 07", "1D 28 4C 04 00 30 42 30 07"),  # no key
        ("1D 28 4C 06 00 30 45 30 31 01 03", "1D 28 4C 06 00 30 45 30 31 01 03"),  # three times as high
        ("1D 28 4C 0C 00 30 43 30 30 31 01 09 00 01 00 31 FF", "1D 28 4C 0C 00 30 43 30 30 31 01 09 00 01 00 31 FF"),
        ("1D 28 4C 0B 00 30 70 30 01 01 31 09 00 01 00 FF", "1D 28 4C 0B 00 30 70 30 01 01 31 09 00 01 00 FF"),
        ("1D 28 4C 03 00 30 43 30", "1D 28 4C 03 00 30 43 30"),
        ("1D 28 48 06 00 30 30 30 30 34 07", "1D 28 48 06 00 30 30 30 30 34 07"),
        ("1D 6B 07", "1D 6B 07"),
        ("1D 6B 4A", "1D 6B 4A"),
        ("1D 6B 43 03 31 32 33", "1D 6B 43 03 31 32 33"),  # EAN-13 of three digits
        ("1D 6B 46 03 31 32 33", "1D 6B 46 03 31 32 33"),  # ITF wants pairs
        ("1D 6B 49 02 41 42", "1D 6B 49 02 41 42"),  # CODE128 without a code set (SPRT SP-T8 p111)
        ("1D 6B 04 61 00", "1D 6B 04 61 00"),
        ("1D 77 07", "1D 77 07"),
        ("1D 65 01", "1D 65 01"),
        ("1D 52 31 0A", "1D 52 31 0A"),
        ("1D 52 39", "1D 52 39"),
        ("1C 70 00 00", "1C 70 00 00"),
        ("1C 71 00", "1C 71 00"),
        ("1C 71 01 FF FF 01 00", "1C 71 01 FF FF 01 00"),
        ("1D 28 6B 00 00", "1D 28 6B 00 00"),
        ("1D 28 6B 03 00 31 50 30", "1D 28 6B 03 00 31 50 30"),  # nothing to store
    ],
)
def test_reports_what_it_does_not_know_and_goes_on(data: str, unknown: str) -> None:
    found = CommandDeframer().feed(b"a\n" + bytes.fromhex(data) + b"\x1b\x40")
    assert found[:3] == [Text(b"a"), LineFeed(), Unknown(bytes.fromhex(unknown))]
    assert found[-1] == Initialize()


@pytest.mark.parametrize("data", [data for data, command, _ in VECTORS if not isinstance(command, Text | LineFeed)])
def test_waits_for_the_rest_of_a_command_that_is_cut_short(data: str) -> None:
    whole = bytes.fromhex(data)
    for cut in range(1, len(whole)):
        deframer = CommandDeframer()
        assert deframer.feed(whole[:cut]) == []
        assert deframer.pending == cut
        assert len(deframer.feed(whole[cut:])) == 1


def test_holds_no_more_than_one_picture() -> None:
    deframer = CommandDeframer()
    deframer.feed(b"\x1d\x76\x30\x00\x80\x00\xff\x0f")  # 128 x 4095 bytes to come: the largest that is taken
    for _ in range(600):
        deframer.feed(b"\xff" * 1024)
    assert deframer.pending <= 512 * 1024


def test_forgets_a_half_command_when_told() -> None:
    deframer = CommandDeframer()
    deframer.feed(b"\x1d\x76\x30\x00\x48\x00")
    deframer.reset()
    assert deframer.feed(b"ok") == [Text(b"ok")]


@given(st.binary(max_size=200), st.integers(1, 7))
def test_reads_the_same_however_the_bytes_are_cut(data: bytes, size: int) -> None:
    whole, pieces = CommandDeframer(), CommandDeframer()
    at_once = whole.feed(data)
    piecewise = [command for i in range(0, len(data), size) for command in pieces.feed(data[i : i + size])]
    assert _joined(piecewise) == _joined(at_once)
    assert pieces.pending == whole.pending


@given(st.binary(max_size=60))
def test_finds_a_command_behind_any_line_noise(noise: bytes) -> None:
    """A raster or QR command in the noise may swallow what follows, as in a printer; a reset ends that."""
    deframer = CommandDeframer()
    deframer.feed(noise)
    deframer.reset()
    assert deframer.feed(b"\x1d\x56\x42\x00") == [Cut(CutMode.PARTIAL, 0)]


@given(st.binary(max_size=120))
def test_every_known_command_read_from_noise_can_be_said_again(data: bytes) -> None:
    for command in CommandDeframer().feed(data):
        if not isinstance(command, Unknown):
            assert CommandDeframer().feed(encode(command)) == [command]


@pytest.mark.parametrize(
    "command",
    [
        FeedLines(256),
        CharacterSize(9, 1),
        CharacterSize(1, 0),
        CodePage(-1),
        Raster(0, b""),
        Raster(2, b"\xff"),
        Raster(1, b"\xff" * 4096),
        Raster(2047, b"\xff" * 2047 * 300),
        QrModel(0),
        QrModuleSize(17),
        QrStore(b""),
        QrStore(b"x" * 7090),
        Cut(CutMode.FULL, 256),
        AskIdByte(4),
        TransmitStatus(0),
        Underline(3),
        KanjiUnderline(-1),
        Present(256),
        RetractAfter(10),
        AskProcessed("12345"),
        AskProcessed("12\n4"),
        BarcodeHeight(0),
        BarcodeModule(1),
        Barcode(BarcodeSystem.EAN13, b"12"),
        Barcode(BarcodeSystem.CODE128, b"no code set"),
        DeleteNvGraphics("1"),
        DefineNvGraphics("01", 9, b"\xff"),
        DefineNvGraphics("01", 0, b"\xff"),
        DefineNvGraphics("01", 512, bytes(64 * 1024)),
        PrintNvGraphics("01", 3, 1),
        StoreGraphics(8, b""),
        DefineNvImages(()),
        DefineNvImages((NvImage(1, 1, b"short"),)),
        PrintNvImage(0),
        Text(b"a\x1b@"),
    ],
)
def test_refuses_what_the_wire_cannot_say(command: Command) -> None:
    with pytest.raises(WireError):
        encode(command)


# -- CODE128 ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("No.123456", "7B 42 4E 6F 2E 7B 43 0C 22 38"),  # SPRT SP-T8 p111
        ("123456", "7B 43 0C 22 38"),
        ("12345", "7B 43 0C 22 7B 42 35"),
        ("A12", "7B 42 41 31 32"),  # two digits are no shorter in C
        ("a{b", "7B 42 61 7B 7B 62"),  # Hwasung HPP-240 p44: "{" is "{{"
        ("160401", "7B 42 31 36 30 34 30 31"),  # 10 04 01 in C would be DLE EOT 1
    ],
)
def test_code128_takes_digits_in_pairs_and_never_says_a_real_time_command(text: str, data: str) -> None:
    assert code128(text) == bytes.fromhex(data)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=80))
def test_code128_can_be_read_back(text: str) -> None:
    data = code128(text)
    assert not holds_real_time_command(data)
    assert _code128_text(data) == text
    assert CommandDeframer().feed(encode(Barcode(BarcodeSystem.CODE128, data))) == [
        Barcode(BarcodeSystem.CODE128, data)
    ]


def _code128_text(data: bytes) -> str:
    """Read the data as the manual says, by a reading of our own."""
    text, in_c, at = "", False, 0
    while at < len(data):
        if data[at] == 0x7B and data[at + 1] in b"BC":
            in_c = data[at + 1] == 0x43
            at += 2
        elif data[at] == 0x7B:
            text += "{"
            at += 2
        else:
            text += f"{data[at]:02d}" if in_c else chr(data[at])
            at += 1
    return text


def test_code128_refuses_what_is_not_printable_ascii() -> None:
    for text in ("", "\x10\x04\x01", "é"):
        with pytest.raises(WireError):
            code128(text)


# -- real-time commands ------------------------------------------------------------------------------------


def test_finds_real_time_commands_even_inside_a_picture() -> None:
    """PosBank A10plus, DLE EOT: the printer processes it, then goes on with the bit image."""
    data = bytes.fromhex("1D 76 30 00 03 00 01 00 10 04 01 10 05 02")
    assert RealTimeScanner().feed(data) == [(11, AskStatus(StatusKind.PRINTER)), (14, Recover(Recovery.CLEAR))]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_finds_real_time_commands_cut_anywhere(size: int) -> None:
    data = bytes.fromhex("41 10 04 04 10 10 14 08 01 03 14 01 06 02 08 10 04 09 10 04 02")
    scanner = RealTimeScanner()
    found = []
    for start in range(0, len(data), size):
        found += [(start + end, command) for end, command in scanner.feed(data[start : start + size])]
    assert found == [
        (4, AskStatus(StatusKind.PAPER)),
        (15, ClearBuffers()),
        (21, AskStatus(StatusKind.OFFLINE_CAUSE)),
    ]


@given(st.binary(max_size=100), st.integers(1, 5))
def test_the_scanner_finds_the_same_however_the_bytes_are_cut(data: bytes, size: int) -> None:
    pieces = RealTimeScanner()
    found = []
    for start in range(0, len(data), size):
        found += [(start + end, command) for end, command in pieces.feed(data[start : start + size])]
    assert found == RealTimeScanner().feed(data)
