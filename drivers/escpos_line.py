"""The exchange with a printer that speaks ESC/POS: commands out, answers in, and those that are still to come.

Nothing numbers the answers. So before an operation what came earlier is thrown away, and where one was waited for in
vain the line is left alone until it is quiet; only marks and counted answers tell that all before them is done.
"""

from collections import deque
from typing import TypeVar

from drivers.receipt_layout import Lack
from drivers.transport import Transport
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceUnavailable, ProtocolViolation
from kiosk_core.status import Counters
from wire import escpos_status
from wire.escpos import Command, encode
from wire.escpos_questions import AskProcessed, AskStatus, ClearBuffers, StatusKind, TransmitStatus
from wire.escpos_status import (
    Answer,
    AutoStatus,
    ClearResponse,
    Noise,
    PaperStatus,
    Processed,
    RealTimeAnswer,
    TransmittedByte,
)

T = TypeVar("T", bound=Answer)

ANSWER_S = 1.0  # a printer with nothing to do answers a real-time request in milliseconds
BUSY_ANSWER_S = 10.0  # behind a full buffer of the operating system: 4 KiB take 4.3 s at 9600 Bd
QUIET_S = 0.3  # a line on which nothing comes for so long has no late answer on it
_READ = 256
_QUESTIONS = {kind: encode(AskStatus(kind)) for kind in StatusKind}


class EscPosLine:
    """The host's end of the line, on an open transport; `lacks` is what the model does not know. One thread uses it.

    Every operation is begun by `begin`, and nothing in it lasts longer than it may.
    """

    def __init__(self, name: str, transport: Transport, lacks: frozenset[Lack], clock: Clock) -> None:
        self._name = name
        self._transport = transport
        self._lacks = lacks
        self._clock = clock
        self._deframer = escpos_status.AnswerDeframer()
        self._inbox: deque[Answer] = deque()
        self._clears: bool | None = None if Lack.CLEARING not in lacks else False  # None: not known yet
        self._within_s = 0.0  # how long the operation that is going on may take
        self._until = clock.now()  # when it has to end
        self._in_step = True  # no late answer can be on the line
        self._owed = 0  # answers to GS r that are still to come
        self._marks = int(clock.wall().timestamp() * 1000)
        self._mark = ""
        self._marked = False  # the mark has come back
        self.counters = Counters()
        self.pushed: AutoStatus | None = None
        """The newest status that came unasked."""
        self.left_over = False
        """More DLE EOT were answered than asked."""
        self.paper: PaperStatus | None = None
        """What the newest answer to GS r said."""

    def begin(self, within_s: float) -> None:
        """Begin an operation: what came before it answers nothing of it."""
        self._within_s = within_s
        self._until = self._clock.now() + within_s
        self._discard()
        if not self._in_step:
            self.settle()

    def extend(self, within_s: float) -> None:
        """Let the operation end `within_s` from now."""
        self._until = self._clock.now() + within_s

    def left(self) -> float:
        """Return how long the operation may still take; raises DeviceUnavailable where it may no longer."""
        left = self._until - self._clock.now()
        if left <= 0:
            raise DeviceUnavailable(self._name, f"not done after {self._within_s:.0f} s")
        return left

    def settle(self) -> None:
        """Wait until no late answer can come any more: the answers to DLE EOT cannot be told apart."""
        end = min(self._clock.now() + 10 * QUIET_S, self._until)
        while self._transport.read(_READ, QUIET_S):
            if self._clock.now() >= end:
                raise DeviceUnavailable(self._name, "never stops talking")
        self._discard()
        self._in_step = True

    def send(self, command: Command, timeout_s: float) -> None:
        """Send `command`; may raise DeviceUnavailable."""
        self.write(encode(command), timeout_s)

    def write(self, data: bytes, timeout_s: float) -> None:
        """Send bytes of commands; may raise DeviceUnavailable."""
        self._transport.write(data, min(timeout_s, self.left()))
        self.counters.bytes_sent += len(data)

    def ask(self, kind: StatusKind, timeout_s: float) -> int:
        """Ask DLE EOT and return the byte that answers it; raises DeviceUnavailable."""
        self.note_all()
        self.write(_QUESTIONS[kind], timeout_s)
        answer = self.expect(RealTimeAnswer, timeout_s)
        if answer is None:
            raise self.silent(f"DLE EOT {kind.value}")
        self.counters.exchanges += 1
        return answer.byte

    def expect(self, wanted: type[T], timeout_s: float) -> T | None:
        """Return the next answer of that kind, None after `timeout_s`; others are noted.

        Raises:
            ProtocolViolation: nothing but bytes that are no ESC/POS came.
        """
        deadline = self._end(timeout_s)
        noise = b""
        while (answer := self._next(deadline - self._clock.now())) is not None:
            if isinstance(answer, wanted):
                return answer
            if isinstance(answer, Noise):
                noise = (noise + answer.data)[:16]
            self._note(answer)
            if not self._inbox and self._clock.now() >= deadline:
                break
        if noise:
            self._in_step = False
            raise ProtocolViolation(self._name, f"answers {noise.hex(' ')}, which is no ESC/POS")
        return None

    def listen(self, timeout_s: float) -> bool:
        """Take in the next answer, whatever it is; return False where none came in time."""
        answer = self._next(timeout_s)
        if answer is not None:
            self._note(answer)
        return answer is not None

    def note_all(self) -> None:
        """Take in what has come and nobody has waited for."""
        while self._inbox:
            self._note(self._inbox.popleft())

    def silent(self, question: str) -> DeviceUnavailable:
        """Return the error of a question that was not answered; what answers it late is not believed."""
        self._in_step = False
        return DeviceUnavailable(self._name, f"does not answer {question}")

    def ask_done(self, timeout_s: float) -> None:
        """Ask for what tells that all before it is done."""
        if Lack.PROCESSED in self._lacks:
            self.send(TransmitStatus(1), timeout_s)
            self._owed += 1
        else:
            self._marks += 1
            self._mark = _mark(self._marks)
            self._marked = False
            self.send(AskProcessed(self._mark), timeout_s)

    @property
    def is_done(self) -> bool:
        """Whether what `ask_done` asked for has come."""
        return self._owed == 0 if Lack.PROCESSED in self._lacks else self._marked

    def wait_done(self, timeout_s: float) -> None:
        """Wait for what `ask_done` asked for; raises DeviceUnavailable where it does not come."""
        end = self._end(timeout_s)
        while not self.is_done:
            if not self.listen(end - self._clock.now()):
                raise self.silent("GS r" if Lack.PROCESSED in self._lacks else "GS ( H")

    def forget(self) -> None:
        """Have the printer drop what it received and did not print; a printer that never could is asked once.

        Raises:
            DeviceUnavailable: it could before, and does not say that it has.
        """
        if self._clears is False:
            return
        self.send(ClearBuffers(), BUSY_ANSWER_S)
        if self.expect(ClearResponse, ANSWER_S) is not None:
            self._clears = True
            self._owed = 0  # the questions are gone, or their answers came before this one
        elif self._clears is None:
            self._clears = False
        else:
            raise self.silent("DLE DC4")

    def _discard(self) -> None:
        self._transport.discard_input()
        self._deframer.reset()
        self._inbox.clear()
        self.pushed = None

    def _end(self, timeout_s: float) -> float:
        return min(self._clock.now() + timeout_s, self._until)

    def _note(self, answer: Answer) -> None:
        """Take in an answer that is not the one waited for at the moment."""
        match answer:
            case AutoStatus():
                self.pushed = answer
            case TransmittedByte(byte) if self._owed > 0:
                self._owed -= 1
                self.paper = escpos_status.decode_transmitted_paper(byte)
            case Processed(mark) if mark == self._mark:
                self._marked = True
            case _:
                self.left_over |= isinstance(answer, RealTimeAnswer)
                self.counters.strays += 1

    def _next(self, timeout_s: float) -> Answer | None:
        """Return the next answer, None after `timeout_s`."""
        deadline = self._clock.now() + timeout_s
        while not self._inbox:
            left = deadline - self._clock.now()
            data = self._transport.read(_READ, max(left, 0.0))
            if data:
                self.counters.bytes_received += len(data)
                self._inbox.extend(self._deframer.feed(data))
            if left <= 0:
                break
        return self._inbox.popleft() if self._inbox else None


def _mark(number: int) -> str:
    """Return four of the 94 visible characters of ASCII that come again only after 78 million numbers."""
    return "".join(chr(0x21 + number // 94**place % 94) for place in range(4))
