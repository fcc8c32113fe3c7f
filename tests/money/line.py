"""The line to the bank, and what befalls messages on it: host_link's Connection at one end, the books at the other.

Requests are decoded and answers encoded by the codec of the wire; the bank behind it decides and remembers.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from device_sim.bank_books import BankBooks
from kiosk_core.clock import Clock
from wire.host_decoder import decode
from wire.host_encoder import encode
from wire.host_frames import Deframer, frame
from wire.host_messages import EchoRequest, JournalHeadRequest, Request

Notice = Callable[[str], None]


class Mishap(Enum):
    """What befalls a request or its answer."""

    REQUEST_LOST = "request lost"
    REQUEST_LATE = "request late"  # it arrives behind the next one, whoever sends that
    ANSWER_LOST = "answer lost"
    ANSWER_TWICE = "answer duplicated"  # the second one comes before the answer to the next request of its kind


@dataclass(frozen=True)
class LineFault:
    """A mishap of the first request of class `request` (its name in wire.host_messages)."""

    mishap: Mishap
    request: str

    def __str__(self) -> str:
        return f"{self.request}: {self.mishap.value}"


class Line:
    """The line and the bank at its end. It lives on when the terminal dies, and so does what is under way.

    `leaving` is shown every request, and `notice` hears when it is about to leave and when the bank has acted on it.
    Until `down_until`, a time of the clock, nothing gets through.
    """

    def __init__(self, books: BankBooks, clock: Clock, notice: Notice) -> None:
        self.fault: LineFault | None = None
        self.late: tuple[Request, ...] = ()
        self.down_until = 0.0
        self.leaving: Callable[[Request], None] = lambda _: None
        self._books = books
        self._clock = clock
        self._notice = notice

    def connect(self, _: float) -> "Call":
        """Open a connection: a host_link.connection.Connect."""
        return Call(self, self._clock)

    def carry(self, request: Request) -> tuple[bytes, Mishap | None]:
        """Take a request to the bank; return the answer, empty where none comes back, and what befell it."""
        name = type(request).__name__
        self.leaving(request)
        if self._clock.now() < self.down_until:
            self._notice(f"{name} leaves")
            return b"", Mishap.REQUEST_LOST
        if isinstance(request, EchoRequest | JournalHeadRequest):  # neither changes anything about money
            return self._ask(request), None
        self._notice(f"{name} leaves")
        mishap = self._befalls(name)
        match mishap:
            case Mishap.REQUEST_LOST:
                return b"", mishap
            case Mishap.REQUEST_LATE:
                self.late += (request,)
                return b"", mishap
        answer = self._ask(request)
        self.deliver_late()
        self._notice(f"{name} has arrived")
        return (b"" if mishap is Mishap.ANSWER_LOST else answer), mishap

    def deliver_late(self) -> None:
        """Let what is still under way arrive; nobody waits for the answers."""
        late, self.late = self.late, ()
        for request in late:
            self._ask(request)

    def _befalls(self, name: str) -> Mishap | None:
        fault = self.fault
        if fault is None or fault.request != name:
            return None
        self.fault = None
        return fault.mishap

    def _ask(self, request: Request) -> bytes:
        answer = self._books.answer(request)
        return encode(answer) if answer is not None else b""


class Call:
    """One connection over the line: a host_link.connection.Connection."""

    def __init__(self, line: Line, clock: Clock) -> None:
        self._line = line
        self._clock = clock
        self._deframer = Deframer()
        self._coming: deque[bytes] = deque()
        self._again: dict[type, bytes] = {}

    def send(self, data: bytes, deadline: float) -> None:
        for payload in self._deframer.feed(data):
            request = decode(payload)
            assert isinstance(request, Request)
            kind = type(request)
            if kind in self._again:
                self._coming.append(self._again.pop(kind))
            answer, mishap = self._line.carry(request)
            if answer:
                self._coming.append(frame(answer))
            if mishap is Mishap.ANSWER_TWICE:
                self._again[kind] = frame(answer)

    def receive(self, deadline: float) -> bytes:
        if self._coming:
            return self._coming.popleft()
        self._clock.sleep(deadline - self._clock.now())
        raise TimeoutError

    def close(self) -> None:
        self._coming.clear()
