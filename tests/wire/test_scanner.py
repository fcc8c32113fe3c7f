"""Codes between prefix and suffix: bytes typed by hand; the settings are those of scanner manuals (wire/scanner.py)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import WireError
from wire.scanner import CR, ETX, LF, STX, TAB, Broken, Deframer, Framing, Identifier, is_text, split_identifier

STX_ETX = Framing(prefix=STX, suffix=ETX)
PAUSE = Framing(suffix=b"")


def fed(data: bytes, framing: Framing) -> list[bytes | Broken]:
    return Deframer(framing).feed(data)


def byte_by_byte(data: bytes, framing: Framing) -> list[bytes | Broken]:
    cut = Deframer(framing)
    return [each for octet in data for each in cut.feed(bytes((octet,)))]


@pytest.mark.parametrize("feed", [fed, byte_by_byte])
@pytest.mark.parametrize(
    ("data", "framing", "expected"),
    [
        (b"\x02abc\x03abc\x03", STX_ETX, [b"abc", Broken.NO_PREFIX]),
        (b"\x02ab\x02abc\x03", STX_ETX, [Broken.UNFINISHED, b"abc"]),
        (b"ab\x02abc\x03", STX_ETX, [Broken.UNFINISHED, b"abc"]),
        (b"\x03\x02\x03", STX_ETX, []),
        (b"abc\r", Framing(prefix=b"~"), [Broken.NO_PREFIX]),
        (b"~a~bc\r", Framing(prefix=b"~"), [b"a~bc"]),
        (b"123456\rabc\r", Framing(max_length=5), [Broken.TOO_LONG, b"abc"]),
        (b"x" * 99 + b"\rabc\r", Framing(max_length=5), [Broken.TOO_LONG, b"abc"]),
        (b"x" * 99 + b"\r\nabc\r\n", Framing(suffix=CR + LF, max_length=5), [Broken.TOO_LONG, b"abc"]),
        (b"\x02123456\x03\x02abc\x03", Framing(STX, ETX, 5), [Broken.TOO_LONG, b"abc"]),
        (b"\r\r\r", Framing(), []),
        # whole codes
        (b"abc\r", Framing(), [b"abc"]),
        (b"abc\n", Framing(suffix=LF), [b"abc"]),
        (b"abc\t", Framing(suffix=TAB), [b"abc"]),
        (b"abc\r\n", Framing(suffix=CR + LF), [b"abc"]),
        (b"a\rb\r\n", Framing(suffix=CR + LF), [b"a\rb"]),
        (b"\x02abc\x03", STX_ETX, [b"abc"]),
        (b"12345\r", Framing(max_length=5), [b"12345"]),
        (b"abc\rdef\rgh", Framing(), [b"abc", b"def"]),
        (b"abc\rdef\r", PAUSE, []),
    ],
)
def test_what_arrives_is_a_code_or_named(
    feed: object, data: bytes, framing: Framing, expected: list[bytes | Broken]
) -> None:
    assert callable(feed)
    assert feed(data, framing) == expected


def test_a_pause_ends_a_code_without_suffix_and_drops_a_half_one() -> None:
    cut = Deframer(PAUSE)
    assert cut.feed(b"ab") + cut.feed(b"c") + cut.pause() == [b"abc"]
    assert cut.pause() == []
    cut = Deframer(Framing())
    assert cut.feed(b"ab") + cut.pause() + cut.feed(b"c\r") == [Broken.UNFINISHED, b"c"]


def test_too_long_a_code_is_skipped_up_to_the_pause() -> None:
    cut = Deframer(Framing(suffix=b"", max_length=5))
    assert cut.feed(b"123456") == [Broken.TOO_LONG]
    assert cut.skipping
    assert not cut.half
    assert cut.feed(b"789") + cut.pause() == []
    assert cut.feed(b"789") + cut.pause() == [b"789"]


def test_the_rest_of_a_code_that_was_given_up_is_no_code() -> None:
    cut = Deframer(Framing())
    cut.feed(b"12")
    assert cut.half
    assert cut.give_up() == [Broken.UNFINISHED]
    assert cut.give_up() == []
    assert cut.feed(b"34\r56\r") == [b"56"]
    cut.feed(b"12")
    cut.reset()
    assert not cut.half
    assert cut.feed(b"34\r") == [b"34"]


@given(
    st.lists(st.binary(max_size=20)),
    st.sampled_from([Framing(max_length=9), Framing(STX, ETX, 9), Framing(b"~", CR + LF, 9), Framing(b"", b"", 9)]),
)
def test_whatever_arrives_is_bounded(chunks: list[bytes], framing: Framing) -> None:
    cut = Deframer(framing)
    for chunk in chunks:
        for found in [*cut.feed(chunk), *(cut.pause() if chunk[:1] == b"\x00" else [])]:
            assert isinstance(found, Broken) or 1 <= len(found) <= 9
        assert len(cut._buffer) <= 9 + 3


def test_a_prefix_ends_the_skipping() -> None:
    assert byte_by_byte(b"x" * 20 + b"\x02abc\x03", Framing(STX, ETX, 9)) == [Broken.TOO_LONG, b"abc"]
    assert byte_by_byte(b"x" * 20 + b"\x02\x01abc\x03", Framing(b"\x02\x01", ETX, 9)) == [Broken.TOO_LONG, b"abc"]


@given(st.binary(max_size=60), st.integers(1, 7))
def test_how_it_is_cut_makes_no_difference(data: bytes, size: int) -> None:
    for framing in (Framing(max_length=9), Framing(STX, ETX, 9)):
        cut = Deframer(framing)
        pieces = [each for at in range(0, len(data), size) for each in cut.feed(data[at : at + size])]
        assert [each for each in pieces if isinstance(each, bytes)] == [
            each for each in fed(data, framing) if isinstance(each, bytes)
        ]


# -- symbology identifiers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "identifier", "data"),
    [
        # Zebra DS9908 reference, "AIM code identifiers": a UPC-A 012345678905 is sent as ]E00012345678905
        (b"]E00012345678905", Identifier("E", "0"), b"0012345678905"),
        (b"]C1AIMID", Identifier("C", "1"), b"AIMID"),
        (b"]A7AIMID", Identifier("A", "7"), b"AIMID"),
        (b"]Q3", Identifier("Q", "3"), b""),
    ],
)
def test_a_symbology_identifier_stands_in_front(code: bytes, identifier: Identifier, data: bytes) -> None:
    assert split_identifier(code) == (identifier, data)


@pytest.mark.parametrize("code", [b"", b"]Q", b"Q3data", b"]?3data", b"]\xff3data", b"]Q\x00data", b"]W3data"])
def test_a_code_without_an_identifier_is_refused_and_not_quoted(code: bytes) -> None:
    with pytest.raises(WireError) as refused:
        split_identifier(code)
    assert "data" not in str(refused.value)


def test_text_has_no_line_ends_or_other_controls() -> None:
    assert is_text("付款码 0123\x1d~".encode())
    assert is_text(b"[)>\x1e06\x1d1P\x1e\x04")  # ISO/IEC 15434
    for control in (b"\n", b"\r", b"\x00", b"\x02", b"\x7f"):
        assert not is_text(b"12" + control + b"34")
