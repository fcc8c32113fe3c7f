"""What keeps the terminal's picture of the branch's queue fresh."""

import logging
import math
import threading
from collections.abc import Callable, Iterator

from kiosk_core.branch_queue import QueueNow, QueueSilent
from kiosk_core.clock import Clock
from openteller.queue_client import QueueClient

_log = logging.getLogger(__name__)

Tell = Callable[[QueueNow | None], None]

LEAST_S = 0.3
"""Between two looks: a branch in which much happens is looked at no more often."""
MOST_S = 10.0
"""Waits change while nothing happens."""
_PAUSES_S = (0.5, 1.0, 2.0, 5.0)


class QueueFollower:
    """A thread that follows the queue and tells how it stands; None: it does not answer.

    A call is told at once, or LEAST_S after the last look; that the queue is silent within SILENT_S.

    Args:
        client: is the thread's own.
        tell: must not block.
    """

    def __init__(self, client: QueueClient, clock: Clock, tell: Tell) -> None:
        self._client = client
        self._clock = clock
        self._tell = tell
        self._stopped = threading.Event()
        self._online: bool | None = None
        self._thread = threading.Thread(target=self._run, name="queue-follower")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End it; returns when the thread has ended."""
        self._stopped.set()
        self._client.interrupt()
        if self._thread.ident is not None:
            self._thread.join()
        self._client.close()

    def _run(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            try:
                for _ in self._looks():
                    failures = 0
            except QueueSilent as error:
                if not self._stopped.is_set():
                    self._lose(error)
            except Exception as error:  # noqa: BLE001  (whatever it is, old numbers must not stand for new ones)
                _log.exception("the follower failed")
                self._lose(error)
            self._stopped.wait(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])
            failures += 1

    def _looks(self) -> Iterator[None]:
        """Look whenever something has happened, and now and then; yields after each look."""
        looked = -math.inf
        for happened in self._client.follow():
            if self._stopped.is_set():
                return
            since = self._clock.now() - looked
            if not happened and since < MOST_S:
                continue
            if since < LEAST_S:  # what happens meanwhile is seen in the same look
                self._clock.sleep(LEAST_S - since)
            now = self._client.now()
            looked = self._clock.now()
            self._find(now)
            yield

    def _find(self, now: QueueNow) -> None:
        if self._online is not True:
            _log.info("the branch's queue answers")
        self._online = True
        self._tell(now)

    def _lose(self, error: Exception) -> None:
        if self._online is not False:
            _log.warning("the branch's queue is lost: %s", error)
            self._online = False
            self._tell(None)
