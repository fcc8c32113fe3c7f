"""The bank's servers in the order in which they are tried: which one is in use, and when the first is tried again."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from host_link.connection import Connect, Connection
from kiosk_core.clock import Clock

_log = logging.getLogger(__name__)

FIRST_REST_S = 0.5
LONGEST_REST_S = 15.0


class Resting(OSError):
    """No server is tried right now: each has failed a moment ago, the last one for the reason `why`."""

    def __init__(self, seconds: float, why: OSError) -> None:
        super().__init__(f"no server could be reached; they are tried again in {seconds:.1f} s")
        self.seconds = seconds
        self.why = why


@dataclass(frozen=True)
class Server:
    """One of the bank's servers: its `name` in logs ("192.0.2.1:8583") and how it is reached."""

    name: str
    connect: Connect


@dataclass(frozen=True)
class ServerState:
    """What is known of a server: whether it is the one in use, and how often in a row it could not be reached."""

    name: str
    in_use: bool = False
    failures: int = 0
    rests_until: float = 0.0


class ServerList:
    """Opens connections to the first server that can be reached; stays with it, and goes back to the first in time.

    A server that could not be reached rests before it is tried again: 0.5 s, then twice as long each time, up to 15 s.
    `states` may be read by any thread, all else is one thread's.

    Args:
        servers: at least one.
        return_after_s: for how long another than the first is used before the first is tried again.
    """

    def __init__(self, servers: Sequence[Server], clock: Clock, *, return_after_s: float = 600.0) -> None:
        if not servers:
            raise ValueError("there must be a server")
        self._servers = tuple(servers)
        self._clock = clock
        self._return_after_s = return_after_s
        self._current = 0
        self._left_first_at = 0.0
        self._states = tuple(ServerState(server.name) for server in servers)
        self._why = OSError()

    @property
    def states(self) -> tuple[ServerState, ...]:
        """What is known of every server, in their order."""
        return self._states

    @property
    def wants_back(self) -> bool:
        """Whether the first server should be tried again now."""
        return self._current != 0 and self._clock.now() - self._left_first_at >= self._return_after_s

    def __call__(self, deadline: float) -> Connection:
        """Connect to a server, each tried for its share of the time.

        Raises:
            OSError: none can be reached; it is the last one's error.
        """
        count = len(self._servers)
        now = self._clock.now()
        onwards = [(self._current + step) % count for step in range(count)]
        wanted = dict.fromkeys([0, *onwards] if self.wants_back else onwards)
        ready = [index for index in wanted if self._states[index].rests_until <= now]
        if not ready:
            raise Resting(min(state.rests_until for state in self._states) - now, self._why)
        *others, last = ready
        for tried, index in enumerate(others):
            share = (deadline - self._clock.now()) / (len(ready) - tried)
            try:
                return self._reach(index, self._clock.now() + share)
            except OSError as error:
                _log.warning("%s cannot be reached: %s", self._servers[index].name, error)
        return self._reach(last, deadline)

    def _reach(self, index: int, deadline: float) -> Connection:
        try:
            connection = self._servers[index].connect(deadline)
        except OSError as error:
            self._why = error.with_traceback(None)
            self._could_not_reach(index)
            raise
        self._use(index)
        return connection

    def no_answer(self) -> None:
        """Hear that the server in use was reached and of no use: the next connection goes to the one behind it."""
        if len(self._servers) > 1:
            _log.warning("%s was reached and does not serve us", self._servers[self._current].name)
            self._use((self._current + 1) % len(self._servers))

    def _use(self, index: int) -> None:
        if index != self._current or self.wants_back:
            self._left_first_at = self._clock.now()
        if index != self._current:
            _log.warning("the bank's server is now %s", self._servers[index].name)
        self._current = index
        self._states = tuple(
            replace(state, in_use=True, failures=0, rests_until=0.0) if each == index else replace(state, in_use=False)
            for each, state in enumerate(self._states)
        )

    def _could_not_reach(self, index: int) -> None:
        state = self._states[index]
        rest = min(FIRST_REST_S * 2.0 ** min(state.failures, 10), LONGEST_REST_S)
        tired = replace(state, in_use=False, failures=state.failures + 1, rests_until=self._clock.now() + rest)
        self._states = (*self._states[:index], tired, *self._states[index + 1 :])
        if index == 0 and self._current != 0:
            self._left_first_at = self._clock.now()
