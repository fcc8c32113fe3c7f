"""The frames of host messages on the line (docs/host-messages.md): two bytes of length before each message."""

from wire.errors import WireError

MAX_MESSAGE_BYTES = 1024


def frame(payload: bytes) -> bytes:
    """Return `payload` behind its length, two bytes, most significant first.

    Raises:
        WireError: it is empty or longer than MAX_MESSAGE_BYTES.
    """
    if not 1 <= len(payload) <= MAX_MESSAGE_BYTES:
        raise WireError(f"a message has 1 to {MAX_MESSAGE_BYTES} bytes and not {len(payload)}")
    return len(payload).to_bytes(2, "big") + payload


class Deframer:
    """Cuts a byte stream into messages; keeps at most one unfinished message.

    A stream of lengths cannot find its way back after a wrong one: after a WireError the connection is lost.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are complete with `data`, without their frames.

        Raises:
            WireError: a length is 0 or above MAX_MESSAGE_BYTES; what was received is forgotten.
        """
        self._buffer += data
        complete: list[bytes] = []
        while len(self._buffer) >= 2:
            length = int.from_bytes(self._buffer[:2], "big")
            if not 1 <= length <= MAX_MESSAGE_BYTES:
                self._buffer.clear()
                raise WireError(f"a frame claims {length} bytes")
            if len(self._buffer) < 2 + length:
                break
            complete.append(bytes(self._buffer[2 : 2 + length]))
            del self._buffer[: 2 + length]
        return complete
