"""ESC/POS commands against bytes from manuals, however they arrive, with anything around them."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import escpos
from wire.errors import WireError
from wire.escpos import (
    AskIdByte,
    AskInformation,
    AskStatus,
    AutoStatusBack,
    CharacterSize,
    ClearBuffers,
    CodePage,
    Command,
    CommandDeframer,
    Cut,
    CutMode,
    Emphasis,
    FeedLines,
    InformationKind,
    Initialize,
    Justification,
    Justify,
    KanjiMode,
    KanjiOff,
    KanjiOn,
    LineFeed,
    PrintMode,
    QrCorrection,
    QrLevel,
    QrModel,
    QrModuleSize,
    QrPrint,
    QrStore,
    Raster,
    RasterScale,
    RealTimeScanner,
    Recover,
    Recovery,
    StatusKind,
    Text,
    TransmitStatus,
    Unknown,
    encode,
    encode_text,
    printable,
)

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
        ("1D 28 4C 02 00 30 32", "1D 28 4C 02 00 30 32"),  # GS ( L graphics: framed, not modelled
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
        Text(b"a\x1b@"),
    ],
)
def test_refuses_what_the_wire_cannot_say(command: Command) -> None:
    with pytest.raises(WireError):
        encode(command)


# -- text ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("TAC 9F3A", "54 41 43 20 39 46 33 41"),
        ("啊", "1C 26 B0 A1 1C 2E"),  # UP-PH manual p14: 啊 is B0A1
        ("No.啊1", "4E 6F 2E 1C 26 B0 A1 1C 2E 31"),
        ("啊啊", "1C 26 B0 A1 B0 A1 1C 2E"),  # one run is switched on once
        ("¥5", "1C 26 A3 A4 1C 2E 35"),  # facts, simulation 3.2: U+00A5 has four bytes; A3A4 is the full-width sign
        ("", ""),
        ("\U0001f600", "3F"),  # an emoji has four bytes in GB 18030
        ("é", "1C 26 A8 A6 1C 2E"),  # GB 2312 row 8
        ("ñ", "3F"),
    ],
)
def test_puts_double_byte_runs_between_fs_and_and_fs_stop(text: str, data: str) -> None:
    assert encode_text(text) == bytes.fromhex(data)


def test_never_lets_a_text_become_a_command() -> None:
    assert encode_text("a\x1bp\x00\x10\x04\x01\nb") == b"a?p?????b"
    assert not set(encode_text("".join(map(chr, range(0x20))) + "\x7f")) - {0x3F}


@given(st.text())
def test_text_has_only_characters_and_the_two_switches(text: str) -> None:
    data = encode_text(text).replace(b"\x1c\x26", b"").replace(b"\x1c\x2e", b"")
    assert all(byte >= 0x20 for byte in data)
    assert data.decode("gb18030") == printable(text)


@given(st.text())
def test_columns_count_double_bytes_twice(text: str) -> None:
    assert escpos.columns(text) == len(printable(text).encode("gb18030"))


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
