"""The card's end of T=0 and T=1 behind its contacts: ISO/IEC 7816-3 chapters 9 (PPS), 10 (T=0) and 11 (T=1).

A reader of TPDU level hands these what the terminal sends. Strict: what breaks a rule is answered as the rules for
invalid blocks say, or not at all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from device_sim.card import Card
from wire import apdu, atr, t1
from wire.atr import Atr
from wire.errors import WireError
from wire.t1 import Block, BlockError, Edc, IBlock, RBlock, SBlock, Supervision

_DEFAULT_IFSD = 32
_GET_RESPONSE = 0xC0

Transmit = Callable[[bytes], bytes | None]


@dataclass
class Whims:
    """What a card over T=1 does beside answering, each counted down."""

    garbled: int = 0
    """So many of its next blocks have a wrong error detection code."""
    deaf: int = 0
    """So many of the next blocks to it arrive garbled."""
    waiting_times: list[int] = field(default_factory=list)
    """Waiting-time extensions that it asks for before its next answer."""
    new_ifsc: int | None = None
    """The length of blocks that it asks for before its next answer."""


class Contacts:
    """The contacts of a card that has power: PPS first, if at all, then the protocol that was agreed on."""

    def __init__(self, card: Card, answer_to_reset: bytes, whims: Whims) -> None:
        """Give the card power before; raises WireError where its ATR is none."""
        self._atr: Atr = atr.decode_atr(answer_to_reset)
        self._card = card
        self._whims = whims
        self._begun = False
        self.gone = False
        """Whether the card left before its answer was through."""
        self.protocol = self._atr.protocols[0]
        self.fi_di = atr.DEFAULT_FI_DI if self._atr.specific_mode is None else self._atr.fi_di
        self._end = self._protocol_end()

    def exchange(self, data: bytes) -> bytes | None:
        """Return what the card sends after `data`, None where it sends nothing."""
        if data[:1] == b"\xff" and not self._begun:
            return self._agree(data)
        self._begun = True
        return self._end.exchange(data)

    def _transmit(self, command: bytes) -> bytes | None:
        answer = self._card.transmit(command)
        self.gone = answer is None
        return answer

    def _agree(self, data: bytes) -> bytes | None:
        self._begun = True
        try:
            protocol, fi_di = atr.decode_pps(data)
        except WireError:
            return None
        if protocol not in self._atr.protocols or self._atr.specific_mode is not None:
            return None
        if fi_di not in {None, atr.DEFAULT_FI_DI, self._atr.fi_di}:
            fi_di = None
        self.protocol, self.fi_di = protocol, fi_di or atr.DEFAULT_FI_DI
        self._end = self._protocol_end()
        return atr.encode_pps(protocol, fi_di)

    def _protocol_end(self) -> "_T0 | _T1":
        return _T1(self._transmit, self._atr, self._whims) if self.protocol == 1 else _T0(self._transmit)


class _T0:
    """T=0: the reader handles the procedure bytes, a TPDU is a header of five bytes and what the card takes."""

    def __init__(self, transmit: Transmit) -> None:
        self._transmit = transmit
        self._waiting = b""

    def exchange(self, data: bytes) -> bytes | None:
        if len(data) < 5 or (len(data) > 5 and len(data) != 5 + data[4]):
            return None
        if data[1] == _GET_RESPONSE and len(data) == 5:
            return self._get_response(data[4] or apdu.MAX_ANSWER)
        self._waiting = b""
        if len(data) > 5:
            return self._keep(self._transmit(data))
        length = data[4] or apdu.MAX_ANSWER
        answer = self._transmit(data)
        if answer is None or len(answer) in {2, length + 2}:
            return answer
        return bytes((0x6C, (len(answer) - 2) & 0xFF))

    def _keep(self, answer: bytes | None) -> bytes | None:
        """Keep the data of an answer for GET RESPONSE: after a command with data only a status word may come."""
        if answer is None or len(answer) == 2:
            return answer
        self._waiting = answer
        return bytes((0x61, (len(answer) - 2) & 0xFF))

    def _get_response(self, length: int) -> bytes:
        waiting, self._waiting = self._waiting, b""
        if not waiting:
            return bytes.fromhex("6985")
        if length != len(waiting) - 2:
            self._waiting = waiting
            return bytes((0x6C, (len(waiting) - 2) & 0xFF))
        return waiting


class _T1:
    """T=1: the card's half of the rules."""

    def __init__(self, transmit: Transmit, card_atr: Atr, whims: Whims) -> None:
        self._transmit = transmit
        self._edc = Edc.CRC if card_atr.crc else Edc.LRC
        self._ifsc = card_atr.ifsc
        self._whims = whims
        self._last = b""
        self._begin_anew()

    def exchange(self, data: bytes) -> bytes | None:
        if self._whims.deaf:
            self._whims.deaf -= 1
            data = data[:-1] + bytes((data[-1] ^ 0xFF,))
        try:
            block = t1.decode(data, self._edc)
        except WireError:
            return self._send(RBlock(self._nr, BlockError.EDC))
        answer = self._answer(block)
        return None if answer is None else self._send(answer)

    def _begin_anew(self) -> None:
        self._ns = self._nr = 0
        self._ifsd = _DEFAULT_IFSD
        self._coming = b""
        self._going = b""
        self._sent = 0
        self._asked: SBlock | None = None

    def _send(self, block: Block) -> bytes:
        self._last = t1.encode(block, self._edc)
        return self._garbled(self._last)

    def _garbled(self, data: bytes) -> bytes:
        if not self._whims.garbled:
            return data
        self._whims.garbled -= 1
        return data[:-1] + bytes((data[-1] ^ 0xFF,))

    def _answer(self, block: Block) -> Block | None:
        match block:
            case SBlock(Supervision.RESYNCHRONISE, response=False):
                self._begin_anew()
                return SBlock(Supervision.RESYNCHRONISE, response=True)
            case SBlock(Supervision.IFS, response=False, value=value) if value and value <= t1.MAX_INFORMATION:
                self._ifsd = value
                return SBlock(Supervision.IFS, response=True, value=value)
            case SBlock(response=True) if self._asked is not None and block == SBlock(
                self._asked.kind, response=True, value=self._asked.value
            ):
                if self._asked.kind is Supervision.IFS and self._asked.value:
                    self._ifsc = self._asked.value
                self._asked = None
                return self._next()
            case IBlock(sequence, more, data) if sequence == self._nr and len(data) <= self._ifsc and not self._asked:
                return self._take(more, data)
            case RBlock(expected):
                return self._received(expected)
        return RBlock(self._nr, BlockError.OTHER)

    def _take(self, more: bool, data: bytes) -> Block | None:
        if self._going:
            # The terminal's I-block says that it has our last one.
            self._ns ^= 1
            self._going = b""
        self._nr ^= 1
        self._coming += data
        if more:
            return RBlock(self._nr)
        command, self._coming = self._coming, b""
        answer = self._transmit(command)
        if answer is None:
            return None
        self._going = answer
        self._sent = 0
        return self._next()

    def _next(self) -> Block:
        if self._whims.new_ifsc is not None:
            self._asked = SBlock(Supervision.IFS, response=False, value=self._whims.new_ifsc)
            self._whims.new_ifsc = None
            return self._asked
        if self._whims.waiting_times:
            multiplier = self._whims.waiting_times.pop(0)
            self._asked = SBlock(Supervision.WAITING_TIME, response=False, value=multiplier)
            return self._asked
        piece = self._going[self._sent : self._sent + self._ifsd]
        return IBlock(self._ns, self._sent + len(piece) < len(self._going), piece)

    def _received(self, expected: int) -> Block:
        if self._going and not self._asked and expected != self._ns:
            # The terminal has this piece and waits for the next.
            if self._sent + self._ifsd < len(self._going):
                self._ns ^= 1
                self._sent += self._ifsd
                return self._next()
            return RBlock(self._nr, BlockError.OTHER)
        return t1.decode(self._last, self._edc) if self._last else RBlock(self._nr, BlockError.OTHER)
