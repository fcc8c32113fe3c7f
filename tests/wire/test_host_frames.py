"""Frames of host messages: the length in front, and how a stream is cut (docs/host-messages.md, On the line)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import WireError
from wire.host_frames import MAX_MESSAGE_BYTES, Deframer, frame


def test_a_frame_is_the_length_and_the_message() -> None:
    assert frame(b"abc") == bytes.fromhex("0003 616263")
    assert frame(bytes(MAX_MESSAGE_BYTES))[:2] == bytes.fromhex("0400")


@pytest.mark.parametrize("payload", [b"", bytes(MAX_MESSAGE_BYTES + 1)])
def test_a_message_without_or_with_too_many_bytes_gets_no_frame(payload: bytes) -> None:
    with pytest.raises(WireError):
        frame(payload)


STREAM = bytes.fromhex("0003 616263 0001 64 0002 6566")


def test_a_stream_is_cut_into_messages_whole() -> None:
    assert Deframer().feed(STREAM) == [b"abc", b"d", b"ef"]


def test_a_stream_is_cut_into_messages_byte_by_byte() -> None:
    deframer = Deframer()
    assert [payload for byte in STREAM for payload in deframer.feed(bytes([byte]))] == [b"abc", b"d", b"ef"]


@given(st.lists(st.binary(min_size=1, max_size=50)), st.integers(1, 20))
def test_a_stream_is_cut_the_same_however_it_arrives(payloads: list[bytes], step: int) -> None:
    stream = b"".join(len(payload).to_bytes(2, "big") + payload for payload in payloads)
    deframer = Deframer()
    received = [p for start in range(0, len(stream), step) for p in deframer.feed(stream[start : start + step])]
    assert received == payloads


@pytest.mark.parametrize("head", ["0000", "0401", "FFFF"])
def test_a_length_that_cannot_be_is_refused_at_once(head: str) -> None:
    deframer = Deframer()
    deframer.feed(bytes.fromhex("0003 616263"))
    with pytest.raises(WireError):
        deframer.feed(bytes.fromhex(head))
