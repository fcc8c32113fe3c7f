"""Blocks of T=1 against logs of real readers and cards."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import t1
from wire.errors import WireError
from wire.t1 import Block, BlockError, Edc, IBlock, RBlock, SBlock, Supervision

OSEID = "OsEID T1_CRC.txt (GemPC Twin): "

# Each with its error detection code. The CRCs are those that a card and libccid agreed on over a real reader.
VECTORS: dict[str, tuple[str, Edc, Block]] = {
    "PCSC issue 71 -> I(1,0)": ("00 40 06 80 FE 00 00 01 01 38", Edc.LRC, IBlock(1, False, b"\x80\xfe\0\0\x01\x01")),
    "PCSC issue 71 <- I(1,0)": ("00 40 02 6D 00 2F", Edc.LRC, IBlock(1, False, b"\x6d\0")),
    "CCID issue 72 <- R(0), other error": ("00 82 00 82", Edc.LRC, RBlock(0, BlockError.OTHER)),
    "CCID issue 72 -> R(1), other error": ("00 92 00 92", Edc.LRC, RBlock(1, BlockError.OTHER)),
    "CCID issue 72 <- I(0,0)": ("00 00 02 6D 00 6F", Edc.LRC, IBlock(0, False, b"\x6d\0")),
    OSEID + "-> S(IFS request)": ("00 C1 01 FE 54 4E", Edc.CRC, SBlock(Supervision.IFS, False, 254)),
    OSEID + "<- S(IFS response)": ("00 E1 01 FE 57 75", Edc.CRC, SBlock(Supervision.IFS, True, 254)),
    OSEID + "-> I(0,0)": ("00 00 05 00 A4 00 00 00 B8 DA", Edc.CRC, IBlock(0, False, bytes.fromhex("00A4000000"))),
    OSEID + "<- I(0,1)": (
        "00 20 14 6F 17 81 02 7F FF 82 01 38 83 02 3F 00 86 03 11 3F FF 85 02 10 29",
        Edc.CRC,
        IBlock(0, True, bytes.fromhex("6F1781027FFF82013883023F008603113FFF8502")),
    ),
    OSEID + "-> R(1)": ("00 90 00 20 6E", Edc.CRC, RBlock(1)),
    OSEID + "<- I(1,1)": (
        "00 60 07 00 02 8A 01 AA 90 00 A6 33",
        Edc.CRC,
        IBlock(1, True, bytes.fromhex("00028A01AA9000")),
    ),
    OSEID + "-> R(0)": ("00 80 00 B5 FF", Edc.CRC, RBlock(0)),
    OSEID + "<- I(0,0), empty": ("00 00 00 39 33", Edc.CRC, IBlock(0, False, b"")),
    # PCB by proto-t1.c: T1_EDC_ERROR 01, S types 00 to 03, T1_S_RESPONSE 20; LRC is the XOR of what stands before it
    "ISO/IEC 7816-3 11.3 R(0), code error [computed]": ("00 81 00 81", Edc.LRC, RBlock(0, BlockError.EDC)),
    "ISO/IEC 7816-3 11.3 S(IFS request) [computed]": ("00 C1 01 FE 3E", Edc.LRC, SBlock(Supervision.IFS, False, 254)),
    "ISO/IEC 7816-3 11.3 S(WTX request) [computed]": (
        "00 C3 01 05 C7",
        Edc.LRC,
        SBlock(Supervision.WAITING_TIME, False, 5),
    ),
    "ISO/IEC 7816-3 11.3 S(WTX response) [computed]": (
        "00 E3 01 05 E7",
        Edc.LRC,
        SBlock(Supervision.WAITING_TIME, True, 5),
    ),
    "ISO/IEC 7816-3 11.3 S(RESYNCH request) [computed]": (
        "00 C0 00 C0",
        Edc.LRC,
        SBlock(Supervision.RESYNCHRONISE, False),
    ),
    "ISO/IEC 7816-3 11.3 S(RESYNCH response) [computed]": (
        "00 E0 00 E0",
        Edc.LRC,
        SBlock(Supervision.RESYNCHRONISE, True),
    ),
    "ISO/IEC 7816-3 11.3 S(ABORT request) [computed]": ("00 C2 00 C2", Edc.LRC, SBlock(Supervision.ABORT, False)),
}


@pytest.mark.parametrize(("octets", "edc", "block"), VECTORS.values(), ids=VECTORS.keys())
def test_blocks_are_written_and_read_as_in_the_log(octets: str, edc: Edc, block: Block) -> None:
    assert t1.encode(block, edc) == bytes.fromhex(octets)
    assert t1.decode(bytes.fromhex(octets), edc) == block


def test_every_kind_of_block_has_a_vector() -> None:
    blocks = [block for _, _, block in VECTORS.values()]
    assert {type(block) for block in blocks} == set(get_args(Block))
    assert {block.kind for block in blocks if isinstance(block, SBlock)} == set(Supervision)
    assert {block.error for block in blocks if isinstance(block, RBlock)} == set(BlockError)


@pytest.mark.parametrize(("octets", "edc", "block"), VECTORS.values(), ids=VECTORS.keys())
def test_a_block_with_any_bit_turned_is_refused(octets: str, edc: Edc, block: Block) -> None:
    whole = int(octets.replace(" ", ""), 16)
    length = len(bytes.fromhex(octets))
    for bit in range(8 * length):
        with pytest.raises(WireError):
            t1.decode((whole ^ 1 << bit).to_bytes(length, "big"), edc)


@pytest.mark.parametrize(
    "octets",
    [
        "",
        "00 00 00",
        "12 00 00 12",  # NAD
        "00 00 02 6D 6F",  # LEN 2, one byte
        "00 80 01 00 81",  # an R-block with information
        "00 83 00 83",  # an R-block with both errors
        "00 A0 00 A0",  # bit 6 of an R-block
        "00 C1 00 C1",  # S(IFS) without a value
        "00 C0 01 00 C1",  # S(RESYNCH) with one
        "00 C4 00 C4",  # no S-block
        "00 10 00 10",  # a reserved bit of an I-block
    ],
)
def test_what_is_no_block_is_refused(octets: str) -> None:
    with pytest.raises(WireError):
        t1.decode(bytes.fromhex(octets), Edc.LRC)


@pytest.mark.parametrize(
    "block",
    [
        IBlock(2, False, b""),
        IBlock(0, False, bytes(255)),
        RBlock(2),
        SBlock(Supervision.IFS, False),
        SBlock(Supervision.ABORT, False, 1),
        SBlock(Supervision.IFS, False, 256),
    ],
)
def test_what_does_not_fit_is_not_sent(block: Block) -> None:
    with pytest.raises(WireError):
        t1.encode(block, Edc.LRC)


@given(st.binary(max_size=300), st.sampled_from(Edc))
def test_any_bytes_are_a_block_or_a_wire_error(data: bytes, edc: Edc) -> None:
    try:
        block = t1.decode(data, edc)
    except WireError:
        return
    assert t1.encode(block, edc) == data
