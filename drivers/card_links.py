"""How a command APDU travels through a CCID reader: as it is, in pieces, or as a TPDU of T=0.

Sources: CCID revision 1.1 chapter 3.2 and 6.1.4 (exchange levels, wLevelParameter); ISO/IEC 7816-3 chapter 12.2.1
(short APDUs over T=0); LudovicRousseau/CCID @5de6a96 src/commands.c (the same as code). T=1 has a room
of its own, drivers/t1_link.py.
"""

from collections.abc import Callable
from typing import Protocol

from drivers.smart_card_reader import ExchangeFailed
from wire import apdu
from wire.ccid import Chain, DataBlock
from wire.errors import WireError

MAX_ANSWER = 65536 + 2
_MAX_SHORT = 4 + 1 + 255 + 1
MAX_EXTENDED = 4 + 3 + 65535 + 2
MIN_COMMAND = 4

SendPiece = Callable[[bytes, Chain], DataBlock | ExchangeFailed]
SendBlock = Callable[[bytes, int], bytes | ExchangeFailed]


class Link(Protocol):
    """The way to one card that has power; a new power-on makes a new one."""

    def transmit(self, command: bytes) -> bytes | ExchangeFailed:
        """Send a command APDU once and return the answer.

        Raises:
            ValueError: it is no APDU, or one that does not go this way.
        """
        ...


class ShortLink:
    """A reader of short APDU level: one message each way."""

    def __init__(self, send: SendPiece) -> None:
        self._send = send

    def transmit(self, command: bytes) -> bytes | ExchangeFailed:
        """Send a short APDU. Raises ValueError: it is none."""
        check_length(command, _MAX_SHORT)
        return _data_of(self._send(command, Chain.WHOLE))


class ExtendedLink:
    """A reader of extended APDU level: what is longer than its messages goes and comes in pieces."""

    def __init__(self, send: SendPiece, max_piece: int, violation: Callable[[str], Exception]) -> None:
        """`max_piece` is how many bytes of an APDU a message takes; `violation` makes the error that is raised."""
        self._send = send
        self._max_piece = max_piece
        self._violation = violation

    def transmit(self, command: bytes) -> bytes | ExchangeFailed:
        """Send a short or extended APDU. Raises ValueError: it is none."""
        check_length(command, MAX_EXTENDED)
        pieces = [command[start : start + self._max_piece] for start in range(0, len(command), self._max_piece)]
        for index, piece in enumerate(pieces[:-1]):
            asked = self._send(piece, Chain.MIDDLE if index else Chain.FIRST)
            if isinstance(asked, ExchangeFailed):
                return asked
            if asked.data or asked.chain != Chain.CONTINUE:
                raise self._violation(f"chain parameter {asked.chain:02X} where the rest of the command is asked for")
        return self._collect(self._send(pieces[-1], Chain.LAST if len(pieces) > 1 else Chain.WHOLE))

    def _collect(self, first: DataBlock | ExchangeFailed) -> bytes | ExchangeFailed:
        if isinstance(first, ExchangeFailed) or first.chain == Chain.WHOLE:
            return _data_of(first)
        whole = bytearray()
        expected: tuple[int, ...] = (Chain.FIRST,)
        piece: DataBlock | ExchangeFailed = first
        while True:
            if isinstance(piece, ExchangeFailed):
                return piece
            if piece.chain not in expected:
                raise self._violation(f"chain parameter {piece.chain:02X} after {len(whole)} bytes of an answer")
            whole += piece.data
            if not piece.data or len(whole) > MAX_ANSWER:
                raise self._violation(f"a chained answer of {len(whole)} bytes that does not end")
            if piece.chain == Chain.LAST:
                return bytes(whole)
            expected = (Chain.MIDDLE, Chain.LAST)
            piece = self._send(b"", Chain.CONTINUE)


class T0Link:
    """T=0 through a reader of TPDU level, which handles the procedure bytes; 61xx and 6Cxx go to the caller."""

    def __init__(self, send: SendBlock) -> None:
        self._send = send

    def transmit(self, command: bytes) -> bytes | ExchangeFailed:
        """Send a short APDU. Raises ValueError: it is none."""
        try:
            parsed = apdu.decode_command(command)
        except WireError as error:
            raise ValueError(f"not for T=0: {error}") from None
        if parsed.data and parsed.expected is not None:
            command = command[:-1]  # case 4: the card answers 61xx, Le is for GET RESPONSE
        elif len(command) == MIN_COMMAND:
            command += b"\x00"  # case 1: P3
        return self._send(command, 0)


def check_length(command: bytes, longest: int = MAX_EXTENDED) -> None:
    """Raise ValueError unless `command` may be an APDU of at most `longest` bytes."""
    if not MIN_COMMAND <= len(command) <= longest:
        raise ValueError(f"a command of {len(command)} bytes does not go to this card: {MIN_COMMAND} to {longest}")


def _data_of(answer: DataBlock | ExchangeFailed) -> bytes | ExchangeFailed:
    if isinstance(answer, ExchangeFailed):
        return answer
    # An empty answer is a mute card as well: the ACR122U says so in bError alone (libnfc issue 263).
    return answer.data or ExchangeFailed(answer.state.icc, answer.state.error)
