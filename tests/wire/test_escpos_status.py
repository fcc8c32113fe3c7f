"""What a printer answers, against bytes from manuals, and told apart with several in flight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import WireError
from wire.escpos_questions import StatusKind
from wire.escpos_status import (
    CLEAR_RESPONSE,
    AnswerDeframer,
    AutoStatus,
    ClearResponse,
    ErrorCause,
    Information,
    Noise,
    NvKeys,
    OfflineCause,
    PaperStatus,
    PrinterStatus,
    Processed,
    RealTimeAnswer,
    RealTimeStatus,
    TransmittedByte,
    decode_auto_status,
    decode_presenter_paper,
    decode_status,
    decode_transmitted_paper,
    encode_auto_status,
    encode_information,
    encode_nv_keys,
    encode_processed,
    encode_status,
    encode_transmitted_paper,
)

# (kind, byte, status, source); "facts 3c" is facts/device-protocols.md
STATUS_VECTORS: list[tuple[StatusKind, int, RealTimeStatus, str]] = [
    (StatusKind.PRINTER, 0x12, PrinterStatus(), "facts 3c: all-OK 12; python-escpos online 18"),
    (StatusKind.PRINTER, 0x1A, PrinterStatus(offline=True), "facts 3c: hardless-http-dialects 1A; python-escpos 26"),
    (StatusKind.PRINTER, 0x16, PrinterStatus(drawer_pin_high=True), "facts 3c: b2"),
    (StatusKind.PRINTER, 0x32, PrinterStatus(waiting_for_recovery=True), "facts 3c: b5"),
    (StatusKind.PRINTER, 0x52, PrinterStatus(feed_button=True), "facts 3c: b6"),
    (StatusKind.OFFLINE_CAUSE, 0x12, OfflineCause(), "facts 3c"),
    (StatusKind.OFFLINE_CAUSE, 0x16, OfflineCause(cover_open=True), "facts 3c: b2"),
    (StatusKind.OFFLINE_CAUSE, 0x1A, OfflineCause(fed_by_button=True), "facts 3c: b3"),
    (StatusKind.OFFLINE_CAUSE, 0x32, OfflineCause(stopped_on_paper_end=True), "facts 3c: hardless-http-dialects 32"),
    (StatusKind.OFFLINE_CAUSE, 0x52, OfflineCause(error=True), "facts 3c: b6"),
    (StatusKind.ERROR_CAUSE, 0x12, ErrorCause(), "facts 3c"),
    (StatusKind.ERROR_CAUSE, 0x16, ErrorCause(recoverable=True), "facts 3c: b2"),
    (StatusKind.ERROR_CAUSE, 0x1A, ErrorCause(cutter=True), "facts 3c: b3"),
    (StatusKind.ERROR_CAUSE, 0x32, ErrorCause(unrecoverable=True), "facts 3c: b5"),
    (StatusKind.ERROR_CAUSE, 0x52, ErrorCause(recovers_itself=True), "facts 3c: b6"),
    (StatusKind.PAPER, 0x12, PaperStatus(), "facts 3c: python-escpos paper 18"),
    (StatusKind.PAPER, 0x1E, PaperStatus(near_end=True), "facts 3c: python-escpos low 30"),
    (StatusKind.PAPER, 0x72, PaperStatus(end=True), "facts 3c: python-escpos none 114"),
    (StatusKind.PAPER, 0x7E, PaperStatus(near_end=True, end=True), "facts 3c: hardless-http-dialects 7E"),
]
# (frame, status, source)
ASB_VECTORS = [
    ("10 00 00 00", AutoStatus(), "Samsung STP-103P p44: bit 4 of byte 1 fixed to on"),
    ("14 00 00 00", AutoStatus(drawer_pin_high=True), "Ithaca PcOS 80PLUS p90"),
    ("18 00 00 00", AutoStatus(offline=True), "Samsung STP-103P p44"),
    ("30 00 00 00", AutoStatus(cover_open=True), "Samsung STP-103P p44"),
    ("50 00 00 00", AutoStatus(fed_by_button=True), "Samsung STP-103P p44"),
    ("10 01 00 00", AutoStatus(waiting_for_recovery=True), "facts 3c: B2 b0"),
    ("10 02 00 00", AutoStatus(feed_button=True), "facts 3c: B2 b1"),
    ("10 04 00 00", AutoStatus(recoverable=True), "facts 3c: B2 b2"),
    ("10 08 00 00", AutoStatus(cutter=True), "facts 3c: B2 b3; Custom SMICE p66"),
    ("10 20 00 00", AutoStatus(unrecoverable=True), "facts 3c: B2 b5; Custom SMICE p66"),
    ("10 40 00 00", AutoStatus(recovers_itself=True), "facts 3c: B2 b6; Custom SMICE p66"),
    ("10 00 03 00", AutoStatus(near_end=True), "Samsung STP-103P p45: byte 3, 03"),
    ("10 00 0C 00", AutoStatus(end=True), "Samsung STP-103P p45: byte 3, 0C"),
    ("38 00 0F 00", AutoStatus(offline=True, cover_open=True, near_end=True, end=True), "the above together"),
]


@pytest.mark.parametrize(
    ("kind", "byte", "status"), [pytest.param(*v[:3], id=f"{v[2]} ({v[3]})") for v in STATUS_VECTORS]
)
def test_reads_and_says_dle_eot(kind: StatusKind, byte: int, status: RealTimeStatus) -> None:
    assert decode_status(kind, byte) == status
    assert encode_status(status) == bytes((byte,))


@pytest.mark.parametrize(("frame", "status"), [pytest.param(*v[:2], id=f"{v[1]} ({v[2]})") for v in ASB_VECTORS])
def test_reads_and_says_auto_status(frame: str, status: AutoStatus) -> None:
    assert decode_auto_status(bytes.fromhex(frame)) == status
    assert encode_auto_status(status) == bytes.fromhex(frame)


def test_ignores_the_reserved_byte_of_auto_status() -> None:
    assert decode_auto_status(bytes.fromhex("10 00 00 0F")) == AutoStatus()


@pytest.mark.parametrize(
    ("byte", "paper"),
    [
        (0x00, PaperStatus()),
        (0x03, PaperStatus(near_end=True)),  # facts 3c: GS r 1 b0-1
        (0x0C, PaperStatus(end=True)),  # facts 3c: GS r 1 b2-3
        (0x0F, PaperStatus(near_end=True, end=True)),
    ],
)
def test_reads_and_says_the_paper_of_gs_r(byte: int, paper: PaperStatus) -> None:
    assert decode_transmitted_paper(byte) == paper
    assert encode_transmitted_paper(paper) == bytes((byte,))


@given(st.sampled_from(StatusKind), st.integers(0, 255))
def test_a_byte_is_an_answer_to_dle_eot_only_with_its_fixed_bits(kind: StatusKind, byte: int) -> None:
    if f"{byte:08b}"[0] + f"{byte:08b}"[3] + f"{byte:08b}"[6:] == "0110":  # 0xx1xx10
        status = decode_status(kind, byte)
        assert decode_status(kind, encode_status(status)[0]) == status
    else:
        with pytest.raises(WireError):
            decode_status(kind, byte)


@given(st.binary(max_size=6))
def test_four_bytes_are_auto_status_only_with_their_fixed_bits(frame: bytes) -> None:
    bits = [f"{byte:08b}" for byte in frame]
    fixed = len(bits) == 4 and bits[0][0] + bits[0][3] + bits[0][6:] == "0100"
    if fixed and all(byte[0] + byte[3] == "00" for byte in bits[1:]):
        status = decode_auto_status(frame)
        assert decode_auto_status(encode_auto_status(status)) == status
    else:
        with pytest.raises(WireError):
            decode_auto_status(frame)


def test_a_gs_r_answer_has_its_fixed_bits() -> None:
    with pytest.raises(WireError):
        decode_transmitted_paper(0x12)


# -- several answers in flight ------------------------------------------------------------------------------

# DLE EOT 4 near end; ASB cover open; GS r 1; GS I 67; clear response; DLE EOT 1
STREAM = bytes.fromhex("1E 38 00 00 0F 03 5F 53 49 4D 2D 38 30 00 37 25 00 12")
ANSWERS = [
    RealTimeAnswer(0x1E),
    AutoStatus(offline=True, cover_open=True),
    TransmittedByte(0x03),
    Information("SIM-80"),
    ClearResponse(),
    RealTimeAnswer(0x12),
]


def test_tells_all_answers_apart() -> None:
    assert AnswerDeframer().feed(STREAM) == ANSWERS


def test_tells_all_answers_apart_byte_by_byte() -> None:
    deframer = AnswerDeframer()
    assert [answer for byte in STREAM for answer in deframer.feed(bytes((byte,)))] == ANSWERS


def test_skips_flow_control_even_inside_an_auto_status() -> None:
    """Citizen CBM1000 appendix 3: the three bytes that follow, except for XOFF."""
    assert AnswerDeframer().feed(bytes.fromhex("11 18 13 00 11 0C 00 13")) == [AutoStatus(offline=True, end=True)]


def test_begins_again_when_an_auto_status_is_cut_short() -> None:
    found = AnswerDeframer().feed(bytes.fromhex("18 00 12 10 00 00 00"))
    assert found == [Noise(b"\x18\x00"), RealTimeAnswer(0x12), AutoStatus()]


def test_reports_bytes_that_no_answer_has() -> None:
    found = AnswerDeframer().feed(bytes.fromhex("FF 15 12 80"))
    assert found == [Noise(b"\xff"), Noise(b"\x15"), RealTimeAnswer(0x12), Noise(b"\x80")]


def test_a_block_without_an_end_does_not_grow_for_ever() -> None:
    deframer = AnswerDeframer()
    found = deframer.feed(b"\x5f" + b"A" * 500 + b"\x12")
    assert isinstance(found[0], Noise)
    assert len(found[0].data) < 100
    assert found[-1] == RealTimeAnswer(0x12)


def test_a_block_that_is_broken_off_does_not_hide_what_follows() -> None:
    assert AnswerDeframer().feed(b"\x5fSIM\x12") == [Noise(b"\x5fSIM"), RealTimeAnswer(0x12)]


def test_a_block_of_another_kind_is_noise() -> None:
    assert AnswerDeframer().feed(b"\x37\x21\x00") == [Noise(b"\x37\x21")]


def test_forgets_a_half_answer_when_told() -> None:
    deframer = AnswerDeframer()
    deframer.feed(b"\x18\x00")
    deframer.reset()
    assert deframer.feed(b"\x00") == [TransmittedByte(0)]


def test_says_information_and_the_clear_response() -> None:
    assert encode_information("BIXOLON") == b"\x5fBIXOLON\x00"  # Bixolon SRP-330II p101
    assert bytes.fromhex("37 25 00") == CLEAR_RESPONSE  # Epson TM-T90 p98


@given(st.binary(max_size=200), st.integers(1, 5))
def test_tells_the_same_however_the_bytes_are_cut(data: bytes, size: int) -> None:
    pieces = AnswerDeframer()
    found = [answer for i in range(0, len(data), size) for answer in pieces.feed(data[i : i + size])]
    assert found == AnswerDeframer().feed(data)


@given(st.binary(max_size=200))
def test_finds_an_answer_behind_any_noise(noise: bytes) -> None:
    """84 bytes end every block, and a DLE EOT answer ends every half ASB frame."""
    assert AnswerDeframer().feed(noise + b"\x12")[-1] == RealTimeAnswer(0x12)


# -- blocks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "answer", "said"),
    [
        ("37 22 30 30 34 32 00", Processed("0042"), encode_processed("0042")),  # ESC/POS reference, GS ( H 48
        ("37 72 40 00", NvKeys(frozenset()), encode_nv_keys(NvKeys(frozenset()))),  # Metapace T-3 p73: no key code
        ("37 72 40 30 31 00", NvKeys(frozenset({"01"})), encode_nv_keys(NvKeys(frozenset({"01"})))),
        (
            "37 72 41 30 31 30 32 00",  # Citizen CT-S280 p160: 41 = more blocks follow
            NvKeys(frozenset({"01", "02"}), more=True),
            encode_nv_keys(NvKeys(frozenset({"02", "01"}), more=True)),
        ),
    ],
)
def test_reads_and_says_blocks(data: str, answer: Processed | NvKeys, said: bytes) -> None:
    assert AnswerDeframer().feed(bytes.fromhex(data)) == [answer]
    assert said == bytes.fromhex(data)


@pytest.mark.parametrize("data", ["37 22 30 30 34 00", "37 72 42 00", "37 72 40 30 00", "37 20 00", "37 00"])
def test_a_block_of_another_form_is_noise(data: str) -> None:
    assert AnswerDeframer().feed(bytes.fromhex(data)) == [Noise(bytes.fromhex(data)[:-1])]


@pytest.mark.parametrize("at", range(7))
def test_an_auto_status_may_come_at_any_byte_of_a_block(at: int) -> None:
    block = bytes.fromhex("37 22 30 30 34 32 00")
    frame = bytes.fromhex("18 00 0C 00")  # off-line, paper end (facts 3c)
    found = AnswerDeframer().feed(block[:at] + frame + block[at:])
    assert sorted(found, key=repr) == [AutoStatus(offline=True, end=True), Processed("0042")]


@pytest.mark.parametrize(
    ("byte", "paper"),
    [
        (0x12, PaperStatus(presented=False)),
        (0x52, PaperStatus(presented=True)),  # Citizen PPU-700 p58: bit 6
        (0x32, PaperStatus(end=True, presented=False)),
        (0x1E, PaperStatus(near_end=True, presented=False)),
    ],
)
def test_reads_and_says_the_paper_of_a_printer_with_a_presenter(byte: int, paper: PaperStatus) -> None:
    assert decode_presenter_paper(byte) == paper
    assert encode_status(paper) == bytes((byte,))
