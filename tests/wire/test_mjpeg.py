"""MJPEG over HTTP: parts cut out of whatever arrives. Expected bytes are typed by hand from RFC 2046 and T.81."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import WireError
from wire.mjpeg import MAX_HEAD, Damage, Deframer, Part, boundary_of, encode_part, jpeg_size

# RFC 2046, 5.1.1: a boundary line is "--" and the boundary; a head ends with an empty line.
HEAD_5 = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\n"
HEAD = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n"
# T.81: SOI; APP0 of 4 bytes; SOF0, length 11, 8 bits, 480 lines, 640 columns, 1 component; EOI.
SOF = bytes.fromhex("FFC0 000B 08 01E0 0280 01 01 11 00")
JPEG = bytes.fromhex("FFD8 FFE0 0004 1234") + SOF + bytes.fromhex("FFD9")


def deframer(max_body: int = 1000) -> Deframer:
    return Deframer("frame", max_body)


def fed(data: bytes, max_body: int = 1000) -> list[bytes | Damage]:
    return [bytes(each.body) if isinstance(each, Part) else each for each in deframer(max_body).feed(data)]


def byte_by_byte(data: bytes, max_body: int = 1000) -> list[bytes | Damage]:
    cut = deframer(max_body)
    found = [each for octet in data for each in cut.feed(bytes((octet,)))]
    return [bytes(each.body) if isinstance(each, Part) else each for each in found]


# -- bad input -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"--frame\r\nContent-Length: five\r\n\r\nhello\r\n", [Damage.LENGTH_UNREADABLE]),
        (b"--frame\r\nContent-Length: -5\r\n\r\nhello\r\n", [Damage.LENGTH_UNREADABLE]),
        (b"--frame\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", [Damage.LENGTH_UNREADABLE]),
        (b"--frame\r\nContent-Length: 1001\r\n\r\n", [Damage.TOO_LONG]),
        (b"--frame\r\nContent-Length: 999999999\r\n\r\n", [Damage.TOO_LONG]),
        (b"--frame\r\nX: " + b"x" * MAX_HEAD, [Damage.HEAD_TOO_LONG]),
        (b"--frame\r\nContent-Length: 40\r\n\r\nhe", [Damage.BOUNDARY_INSIDE]),
        (HEAD + b"x" * 1020, [Damage.TOO_LONG]),
        (b"\x00\xff" * 5000, []),
        (b"--fram" * 500, []),
    ],
)
def test_what_is_damaged_is_named_and_left_out(data: bytes, expected: list[Damage]) -> None:
    whole = data + b"\r\n" + HEAD_5 + b"after\r\n" + HEAD_5 + b"again\r\n"
    assert fed(whole) == [*expected, b"after", b"again"]
    assert byte_by_byte(whole) == [*expected, b"after", b"again"]


@pytest.mark.parametrize(("size", "expected"), [(MAX_HEAD, [b"a", b"b"]), (MAX_HEAD + 1, [Damage.HEAD_TOO_LONG, b"b"])])
def test_the_longest_head_is_one_however_it_comes(size: int, expected: list[bytes | Damage]) -> None:
    whole = b"--frame\r\nX: ".ljust(size, b"x") + b"\r\n\r\na\r\n--frame\r\n\r\nb\r\n--frame"
    assert fed(whole) == expected
    assert byte_by_byte(whole) == expected


def test_a_part_cut_in_the_middle_costs_itself_alone() -> None:
    cut = b"--frame\r\nContent-Length: 40\r\n\r\nhalf of"
    assert fed(cut + b"\r\n" + HEAD_5 + b"hello\r\n" + HEAD_5 + b"again\r\n") == [
        Damage.BOUNDARY_INSIDE, b"hello", b"again",
    ]  # fmt: skip


def test_a_length_that_is_too_short_or_too_long_costs_two_parts_at_most() -> None:
    assert fed(HEAD_5 + b"hello world\r\n" + HEAD_5 + b"after") == [b"hello", b"after"]
    assert fed((HEAD_5 + b"he\r\n") * 2 + HEAD_5 + b"after") == [b"he\r\n-", b"after"]


def test_an_endless_head_does_not_grow() -> None:
    cut = deframer()
    cut.feed(b"--frame\r\n")
    for _ in range(200):
        cut.feed(b"X-Nothing: " + b"x" * 100 + b"\r\n")
        assert len(cut._buffer) <= MAX_HEAD + 200


def test_an_endless_body_does_not_grow() -> None:
    for head in (HEAD, b"--frame\r\nContent-Length: 1000\r\n\r\n"):
        cut = deframer()
        cut.feed(head)
        for _ in range(100):
            cut.feed(b"x" * 100)
            assert len(cut._buffer) <= MAX_HEAD + 1000 + 200


@given(
    st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([HEAD, HEAD_5, b"\r\n--frame", b"\n\n", b"\r\n\r\n"])))
)
def test_whatever_arrives_is_parts_or_damage_and_is_bounded(chunks: list[bytes]) -> None:
    cut = deframer(200)
    for chunk in chunks:
        for found in cut.feed(chunk):
            assert isinstance(found, Damage) or len(found.body) <= 200
        assert len(cut._buffer) <= MAX_HEAD + 200 + 60


@given(st.binary(max_size=400).filter(lambda data: b"--frame" not in data), st.integers(1, 50))
def test_bodies_come_out_as_they_went_in_however_they_are_cut(body: bytes, size: int) -> None:
    stream = b"".join(encode_part("frame", body) for _ in range(3))
    cut = deframer()
    found = [each for at in range(0, len(stream), size) for each in cut.feed(stream[at : at + size])]
    assert [bytes(each.body) if isinstance(each, Part) else each for each in found] == [body] * 3


# -- streams as cameras send them ----------------------------------------------------------------------------


@pytest.mark.parametrize("feed", [fed, byte_by_byte])
def test_parts_with_a_length(feed: object) -> None:
    assert callable(feed)
    assert feed(HEAD_5 + b"hello\r\n" + HEAD_5 + b"again\r\n--frame--\r\n") == [b"hello", b"again"]
    assert feed(b"\r\n" + HEAD_5 + b"hello" + HEAD_5 + b"again") == [b"hello", b"again"]
    assert feed(b"--frame\ncontent-LENGTH :5\n\nhello\n--frame\n") == [b"hello"]
    assert feed(b"--frame\r\nContent-Length: 5\r\nX: \r\n\r\n--fra\r\n--frame") == [b"--fra"]


@pytest.mark.parametrize("feed", [fed, byte_by_byte])
def test_parts_without_a_length(feed: object) -> None:
    assert callable(feed)
    assert feed(HEAD + b"hello\r\n" + HEAD + b"again\r\n--frame--\r\n") == [b"hello", b"again"]
    assert feed(b"--frame\n\nhello\n--frame\n\n\n--frame") == [b"hello", b""]


def test_a_part_with_a_length_does_not_wait_for_the_next_one() -> None:
    assert fed(HEAD_5 + b"hello") == [b"hello"]


def test_what_was_taken_or_forgotten_does_not_stay_in_the_buffer() -> None:
    cut = deframer()
    assert [each.body for each in cut.feed(HEAD_5 + b"hello") if isinstance(each, Part)] == [b"hello"]
    cut.feed(b"\r\n" + HEAD + b"private")
    cut.reset()
    assert cut._buffer == b""
    assert cut.feed(HEAD_5 + b"after") == [Part(bytearray(b"after"))]


def test_a_part_is_encoded_with_its_length() -> None:
    assert encode_part("frame", b"hello") == HEAD_5 + b"hello\r\n"


def test_a_part_shows_nothing_of_itself() -> None:
    assert repr(Part(bytearray(b"private"))) == "Part()"


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/x-mixed-replace; boundary=frame", "frame"),
        ("multipart/x-mixed-replace;boundary=--myboundary", "myboundary"),
        ('Multipart/X-Mixed-Replace; charset=x; Boundary="a b:c"', "a b:c"),
        (" multipart/mixed; boundary = frame ; x=y", "frame"),
    ],
)
def test_the_boundary_is_found(content_type: str, boundary: str) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    "content_type",
    ["", "image/jpeg", "text/html; boundary=x", "multipart/mixed", "multipart/mixed; boundary=",
     'multipart/mixed; boundary="', "multipart/mixed; boundary=--", "multipart/mixed; boundary=边",
     "multipart/mixed; boundary=a\x00b", "multipart/mixed; boundary=" + "x" * 101],
)  # fmt: skip
def test_a_type_without_a_boundary_is_refused(content_type: str) -> None:
    with pytest.raises(WireError, match="multipart"):
        boundary_of(content_type)


# -- JPEG ----------------------------------------------------------------------------------------------------


def test_the_size_of_a_jpeg_stands_in_its_frame_header() -> None:
    assert jpeg_size(JPEG) == (640, 480)
    assert jpeg_size(JPEG + bytes(7)) == (640, 480)  # cameras fill up with zeros
    # A fill byte before a marker (T.81, B.1.1.2), and SOF2 in place of SOF0.
    assert jpeg_size(JPEG[:8] + b"\xff" + SOF.replace(b"\xff\xc0", b"\xff\xc2") + b"\xff\xd9") == (640, 480)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff", b"\xff\xd8", JPEG[:-2], JPEG[:-1], JPEG[1:], b"GIF89a", JPEG[:8] + b"\xff\xd9",
        b"\xff\xd8" + bytes.fromhex("FFC4 000B 08 01E0 0280 01 01 11 00") + b"\xff\xd9",  # DHT is no frame header
        b"\xff\xd8" + SOF[:6] + b"\xff\xd9",
        b"\xff\xd8" + SOF.replace(bytes.fromhex("01E0"), bytes(2)) + b"\xff\xd9",
        b"\xff\xd8" + bytes.fromhex("FFE0 0000 FFE0 0000") + b"\xff\xd9",
        b"\xff\xd8\x00" + SOF + b"\xff\xd9",
    ],
)  # fmt: skip
def test_what_is_no_whole_jpeg_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        jpeg_size(data)


@given(st.binary(max_size=200))
def test_any_bytes_have_a_size_or_are_refused(inside: bytes) -> None:
    try:
        width, height = jpeg_size(b"\xff\xd8" + inside + b"\xff\xd9")
    except WireError:
        return
    assert 1 <= width <= 0xFFFF
    assert 1 <= height <= 0xFFFF
