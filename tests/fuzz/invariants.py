"""What must hold for every deframer and every decoder, whatever bytes come; broken, it is an AssertionError."""

import random
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from wire.errors import WireError

T = TypeVar("T")


class Deframer(Protocol):
    """What takes a stream apart."""

    def feed(self, data: bytes, /) -> Iterable[object]: ...


def held(deframer: object) -> int:
    """Return how many bytes an object keeps in its own fields."""
    return sum(len(value) for value in vars(deframer).values() if isinstance(value, bytes | bytearray))


def pieces_of(data: bytes) -> Iterator[bytes]:
    """Cut data into pieces of 0 to 40 bytes: the same data always in the same way."""
    dice = random.Random(zlib.crc32(data))
    at = 0
    while at < len(data):
        size = dice.choice((0, 1, 2, 3, 5, 8, 40))
        yield data[at : at + size]
        at += size


def cuts_alike(
    make: Callable[[], Deframer],
    data: bytes,
    most: int,
    result: Callable[[list[object]], object] = list,
) -> list[object]:
    """Feed data whole, byte by byte and in pieces; return what came of it whole.

    The same comes each time (as `result` looks at it), nothing is raised, and of single bytes at most `most` are kept.
    """
    whole = list(make().feed(data))
    deframer = make()
    singly: list[object] = []
    for byte in data:
        singly += deframer.feed(bytes((byte,)))
        assert held(deframer) <= most, f"{held(deframer)} bytes are kept, {most} are allowed"
    deframer = make()
    in_pieces = [found for piece in pieces_of(data) for found in deframer.feed(piece)]
    assert result(singly) == result(whole), "single bytes give something else"
    assert result(in_pieces) == result(whole), "pieces give something else"
    return whole


def decoded(decode: Callable[[bytes], T], data: bytes) -> T | None:
    """Return what `decode` makes of data, None where it refuses; it may refuse with a WireError alone."""
    try:
        return decode(data)
    except WireError:
        return None


def comes_back(decode: Callable[[bytes], T], encode: Callable[[T], bytes], data: bytes) -> T | None:
    """Decode; what is taken must give the same bytes again."""
    message = decoded(decode, data)
    if message is not None:
        again = encode(message)
        assert again == data, f"{message!r} became {again.hex(' ')}"
    return message


def means_the_same(decode: Callable[[bytes], T], encode: Callable[[T], bytes], data: bytes) -> T | None:
    """Decode; where one message has several forms, what is encoded must mean the same."""
    message = decoded(decode, data)
    if message is not None:
        assert decode(encode(message)) == message, f"{message!r} does not come back"
    return message
