"""T=1 through a reader of TPDU level: the interface device's end of the block protocol.

Sources: ISO/IEC 7816-3 chapters 11.5 and 11.6 (rules 1 to 9); LudovicRousseau/CCID @5de6a96 src/openct/proto-t1.c.
Where this differs from that code on purpose: after a resynchronisation the numbers of blocks begin anew, so a card that
has carried the command out already would do it again. It is therefore not sent again; the exchange fails.
"""

from dataclasses import dataclass, field

from drivers.card_links import MAX_ANSWER, SendBlock, check_length
from drivers.smart_card_reader import ExchangeFailed
from wire import t1
from wire.ccid import IccStatus, SlotError
from wire.errors import WireError
from wire.t1 import Block, BlockError, Edc, IBlock, RBlock, SBlock, Supervision

RETRIES = 3
MAX_BLOCKS = 8192
"""In one exchange, with all waiting-time extensions; 65538 bytes in blocks of 32 take 2049 and as many R-blocks."""

_DEFAULT_IFSD = 32
_LOST = ExchangeFailed(IccStatus.ACTIVE, SlotError.PARITY.value)

# What the reader reports when the card's block did not come through whole, or not at all.
_NOT_RECEIVED = {SlotError.PARITY.value, SlotError.OVERRUN.value, SlotError.ICC_MUTE.value}


@dataclass
class _Exchange:
    """Where one command and its answer are: what of the command is left, and what of the answer has come."""

    rest: bytes
    piece: int = 0
    sending: bool = True
    answer: bytearray = field(default_factory=bytearray)

    @property
    def more(self) -> bool:
        """Whether the card still waits for another piece after the one that was sent."""
        return self.piece < len(self.rest)


class T1Link:
    """The link to one card, from one power-on to the next. It is a drivers.card_links.Link."""

    def __init__(self, send: SendBlock, *, ifsc: int, edc: Edc, ifsd: int | None) -> None:
        """`send` takes a block and its waiting-time multiplier; `ifsd`: ask for blocks up to this, None: do not ask."""
        self._send = send
        self._first_ifsc = self._ifsc = ifsc
        self._edc = edc
        self._ifsd = ifsd
        self._agreed = False
        self._ns = self._nr = 0
        self._failed: ExchangeFailed | None = None

    def agree_on_ifsd(self) -> ExchangeFailed | None:
        """Tell the card how long its blocks may be, unless that is so already or needs no telling."""
        if self._agreed or self._ifsd in {None, _DEFAULT_IFSD}:
            return None
        response = SBlock(Supervision.IFS, response=True, value=self._ifsd)
        for _ in range(RETRIES):
            got = self._swap(SBlock(Supervision.IFS, response=False, value=self._ifsd))
            if isinstance(got, ExchangeFailed):
                return got
            if got == response:
                self._agreed = True
                return None
        return self._fail(_LOST)

    def transmit(self, command: bytes) -> bytes | ExchangeFailed:
        """Send an APDU of any length once. Raises ValueError: it is none."""
        check_length(command)
        if self._failed is not None:
            return self._failed
        refused = self.agree_on_ifsd()
        return self._exchange(command) if refused is None else refused

    def _exchange(self, command: bytes) -> bytes | ExchangeFailed:
        exchange = _Exchange(command)
        block: Block = self._piece(exchange)
        multiplier = tries = 0
        for _ in range(MAX_BLOCKS):
            sent = self._ns
            got = self._swap(block, multiplier)
            if isinstance(got, ExchangeFailed):
                return got
            following = None if got is None else self._follow(exchange, got)
            if isinstance(following, bytes | ExchangeFailed):
                return following
            # Not understood by us or by the card: rule 7; once too often: rule 6.
            asked_again = isinstance(got, RBlock) and self._ns == sent
            tries = tries + 1 if following is None or asked_again else 0
            if tries > RETRIES:
                return self._resynchronise()
            if following is not None:
                block = following
            elif not isinstance(block, RBlock):
                block = RBlock(self._nr, BlockError.EDC if got is None else BlockError.OTHER)
            multiplier = _multiplier(block)
        return self._fail(_LOST)

    def _follow(self, exchange: _Exchange, got: Block) -> Block | bytes | ExchangeFailed | None:
        """Return what follows a block of the card: a block, the whole answer, a failure; None where it has no place."""
        match got:
            case IBlock():
                return self._take(exchange, got)
            case RBlock(expected) if not exchange.sending:
                # The card did not understand our R-block, the last thing that we sent.
                return RBlock(self._nr) if expected == self._ns else None
            case RBlock(expected) if expected == self._ns:
                return self._piece(exchange)
            case RBlock(error=BlockError.NONE) if exchange.more:
                exchange.rest = exchange.rest[exchange.piece :]
                self._ns ^= 1
                return self._piece(exchange)
            case SBlock(Supervision.IFS, response=False, value=value) if value and value <= t1.MAX_INFORMATION:
                self._ifsc = value
                return SBlock(Supervision.IFS, response=True, value=value)
            case SBlock(Supervision.WAITING_TIME, response=False, value=value):
                return SBlock(Supervision.WAITING_TIME, response=True, value=value)
            case SBlock(Supervision.ABORT, response=False):
                return self._resynchronise()
        return None

    def _take(self, exchange: _Exchange, got: IBlock) -> Block | bytes | ExchangeFailed | None:
        if got.sequence != self._nr or (exchange.sending and exchange.more):
            return None
        if exchange.sending:
            exchange.sending = False
            self._ns ^= 1
        self._nr ^= 1
        exchange.answer += got.data
        if len(exchange.answer) > MAX_ANSWER:
            return self._fail(ExchangeFailed(IccStatus.ACTIVE, SlotError.OVERRUN.value))
        return RBlock(self._nr) if got.more else bytes(exchange.answer)

    def _piece(self, exchange: _Exchange) -> IBlock:
        exchange.piece = min(len(exchange.rest), self._ifsc)
        return IBlock(self._ns, exchange.more, exchange.rest[: exchange.piece])

    def _resynchronise(self) -> ExchangeFailed:
        """Begin the numbers anew and fail: whether the card has carried out the command is not known."""
        for _ in range(RETRIES):
            got = self._swap(SBlock(Supervision.RESYNCHRONISE, response=False))
            if isinstance(got, ExchangeFailed):
                return got
            if got == SBlock(Supervision.RESYNCHRONISE, response=True):
                self._ns = self._nr = 0
                self._ifsc = self._first_ifsc
                self._agreed = False
                return _LOST
        return self._fail(_LOST)

    def _swap(self, block: Block, multiplier: int = 0) -> Block | ExchangeFailed | None:
        """Send a block and return the card's, None where none came through."""
        got = self._send(t1.encode(block, self._edc), multiplier)
        if isinstance(got, ExchangeFailed):
            if got.icc is IccStatus.ACTIVE and got.error in _NOT_RECEIVED:
                return None
            return self._fail(got)
        try:
            return t1.decode(got, self._edc)
        except WireError:
            return None

    def _fail(self, failure: ExchangeFailed) -> ExchangeFailed:
        """Give the card up until it gets power anew."""
        self._failed = failure
        return failure


def _multiplier(block: Block) -> int:
    """Return how many block waiting times the card may take after `block`; 0 is one."""
    match block:
        case SBlock(Supervision.WAITING_TIME, response=True, value=value):
            return value or 0
    return 0
