"""The invariants of the fuzz targets notice what they are for."""

import pytest

from tests.fuzz.invariants import comes_back, cuts_alike, decoded, means_the_same
from wire.errors import WireError


class Pairs:
    """Gives two bytes at a time; spoilt in one way."""

    def __init__(self, spoilt: str = "") -> None:
        self._spoilt = spoilt
        self._held = bytearray()
        self._hoard = b""

    def feed(self, data: bytes) -> list[bytes]:
        self._held += data
        if self._spoilt == "hoards":
            self._hoard += data
        if self._spoilt == "raises" and b"!" in data:
            raise KeyError("!")
        whole = len(self._held) // 2 * 2
        found = [bytes(self._held[at : at + 2]) for at in range(0, whole, 2)]
        del self._held[: len(self._held) if self._spoilt == "forgets" else whole]
        return found


def test_a_sound_deframer_passes() -> None:
    assert cuts_alike(Pairs, b"abcde", 2) == [b"ab", b"cd"]


@pytest.mark.parametrize(
    ("spoilt", "complaint"), [("hoards", "bytes are kept"), ("forgets", "single bytes give something else")]
)
def test_a_spoilt_deframer_does_not(spoilt: str, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        cuts_alike(lambda: Pairs(spoilt), b"abcde", 2)


def test_only_a_wire_error_is_a_refusal() -> None:
    def refuse(data: bytes) -> bytes:
        raise WireError("no")

    def stumble(data: bytes) -> bytes:
        raise IndexError

    assert decoded(refuse, b"x") is None
    with pytest.raises(IndexError):
        decoded(stumble, b"x")
    with pytest.raises(KeyError):
        cuts_alike(lambda: Pairs("raises"), b"a!", 2)


def test_a_message_that_comes_back_otherwise_is_noticed() -> None:
    with pytest.raises(AssertionError, match="became 62"):
        comes_back(bytes, lambda _: b"b", b"a")
    with pytest.raises(AssertionError, match="does not come back"):
        means_the_same(bytes, lambda _: b"b", b"a")
