"""The MAC field of a host message: ISO 8583:1987 DE 64, or DE 128 in a message with two bitmaps; 8 bytes, the last.

It covers every byte before it, from the message type on, with its own bit set in the bitmap (docs/host-messages.md).
How a MAC is made is the business of whoever holds the key.
"""

from dataclasses import dataclass

from wire.errors import WireError

MAC_BYTES = 8

_BITMAP = 2  # behind the message type
_BITMAP_BYTES = 8
_MORE = 0x80  # the first bit of the first bitmap: there is a second one
_LAST = 0x01  # DE 64 in the first bitmap, DE 128 in the second


@dataclass(frozen=True)
class Sealed:
    """A message as received: `payload` is what `wire.host_messages.decode` takes, `mac` the MAC of `covered`.

    `mac` is None where the message has none; `covered` and `payload` are then the same.
    """

    payload: bytes
    covered: bytes
    mac: bytes | None


def covered(payload: bytes) -> bytes:
    """Return `payload`, an encoded message, with the bit of its MAC field set: the bytes that the MAC covers.

    The message on the line is these bytes and the MAC.

    Raises:
        WireError: there is no whole bitmap, or it announces a MAC already.
    """
    last = _last_of_bitmap(payload)
    if payload[last] & _LAST:
        raise WireError("the message has a MAC field already")
    return payload[:last] + bytes([payload[last] | _LAST]) + payload[last + 1 :]


def unseal(data: bytes) -> Sealed:
    """Take a received message apart; whether the MAC is right is not looked at.

    Raises:
        WireError: there is no whole bitmap, or no room for the MAC that it announces.
    """
    last = _last_of_bitmap(data)
    if not data[last] & _LAST:
        return Sealed(data, data, None)
    end = len(data) - MAC_BYTES
    if end <= last:
        raise WireError("the message ends inside its MAC")
    payload = data[:last] + bytes([data[last] & ~_LAST]) + data[last + 1 : end]
    return Sealed(payload, data[:end], data[end:])


def _last_of_bitmap(data: bytes) -> int:
    """Return where the byte with the bit of the MAC field is."""
    if len(data) <= _BITMAP:
        raise WireError("the message has no bitmap")
    bitmaps = 2 if data[_BITMAP] & _MORE else 1
    last = _BITMAP + bitmaps * _BITMAP_BYTES - 1
    if len(data) <= last:
        raise WireError("the bitmap is cut short")
    return last
