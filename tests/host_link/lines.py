"""A connection to a bank host that is a function, on time that a test sets: the whole link without a socket."""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from host_link.connection import Connection
from tests.clocks import SetClock

Arrival = tuple[float, bytes | None]
"""After how many seconds which bytes arrive; b"" is the host hanging up, None a line that breaks."""

Host = Callable[[bytes], Iterable[Arrival]]
"""What comes back for the bytes of one `send`."""


@dataclass
class FakeLine:
    """Implements host_link.connection.Connection."""

    network: "FakeNetwork"
    closed: bool = False
    _coming: list[tuple[float, int, bytes | None]] = field(default_factory=list)
    _count: int = 0

    def send(self, data: bytes, deadline: float) -> None:
        assert not self.closed
        assert self.network.clock.now() <= deadline
        for delay, chunk in self.network.host(data):
            self._count += 1
            heapq.heappush(self._coming, (self.network.clock.now() + delay, self._count, chunk))

    def receive(self, deadline: float) -> bytes:
        assert not self.closed
        if not self._coming or self._coming[0][0] > max(deadline, self.network.clock.now()):
            self.network.clock.sleep(max(0.0, deadline - self.network.clock.now()))
            raise TimeoutError
        self.network.clock.sleep(self.network.read_s)
        due, _, chunk = heapq.heappop(self._coming)
        self.network.clock.sleep(max(0.0, due - self.network.clock.now()))
        if chunk is None:
            raise ConnectionResetError
        return chunk

    def close(self) -> None:
        self.closed = True

    @property
    def coming(self) -> int:
        """How many pieces are still under way."""
        return len(self._coming)


@dataclass
class FakeNetwork:
    """Opens FakeLines to one host; keeps them all. To take in a piece needs `read_s` seconds."""

    clock: SetClock
    host: Host
    read_s: float = 0.0
    opened: list[FakeLine] = field(default_factory=list)

    def connect(self, deadline: float) -> Connection:
        line = FakeLine(self)
        self.opened.append(line)
        return line


def framed(body: bytes) -> bytes:
    """A frame made by hand: length and bytes."""
    return len(body).to_bytes(2, "big") + body
