"""Whether the bank host answers: an echo test from time to time, oftener while it does not."""

import math
from collections.abc import Callable
from concurrent.futures import Future

from kiosk_core.clock import Clock
from kiosk_core.ports import BankHost
from openteller.questions import Worker

ECHO_SECONDS = 15.0
ECHO_AGAIN_SECONDS = 1.0


class HostEcho:
    """Belongs to the conductor's thread.

    Args:
        on_thread: has a function called by the conductor's thread.
        heard: is called there after each answer, and after each that did not come.
    """

    def __init__(
        self,
        host: Worker[BankHost],
        clock: Clock,
        on_thread: Callable[[Callable[[], None]], None],
        heard: Callable[[], None],
    ) -> None:
        self._host = host
        self._clock = clock
        self._on_thread = on_thread
        self._heard = heard
        self.online: bool | None = None
        """What the host said last; None: it has not been asked yet."""
        self.due = clock.now()
        """When to ask next."""

    def ask(self) -> None:
        """Ask the host whether it is there."""
        self.due = math.inf  # until this one is answered
        future = self._host.call(lambda host: host.online())
        future.add_done_callback(lambda done: self._on_thread(lambda: self._take(_succeeded(done))))

    def host_failed(self) -> None:
        """Take it that the host did not answer another question; any thread may say so."""
        self._on_thread(lambda: self._take(False))

    def _take(self, online: bool) -> None:
        self.online = online
        self.due = self._clock.now() + (ECHO_SECONDS if online else ECHO_AGAIN_SECONDS)
        self._heard()


def _succeeded(done: "Future[bool]") -> bool:
    return done.exception() is None and done.result()
