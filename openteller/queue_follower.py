"""What keeps the terminal's picture of the branch's queue fresh."""

import logging
import threading
from collections.abc import Callable
from contextlib import closing

from kiosk_core.branch_queue import QueueNow, QueueSilent
from kiosk_core.clock import Clock
from openteller.queue_answers import queue_now
from openteller.queue_client import QueueClient
from queue_display.listening.event_stream import BrokenStream
from queue_display.listening.heard import Board
from queue_display.listening.listener import Gap, Listener

_log = logging.getLogger(__name__)

Tell = Callable[[QueueNow | None], None]

LOOK_APART_S = 0.3
_BEAT_S = 0.1


class QueueFollower:
    """A thread that follows the queue and tells how it stands; None: it is silent, what was told is old.

    A call is told at once, or LOOK_APART_S after the last look. What the bytes mean, and when to do what, is
    `queue_display.listening`.

    Args:
        client: is the thread's own.
        tell: must not block.
    """

    def __init__(self, client: QueueClient, clock: Clock, tell: Tell) -> None:
        self._client = client
        self._clock = clock
        self._tell = tell
        self._listener = Listener(clock, LOOK_APART_S)
        self._stopped = threading.Event()
        self._is_shown = False
        self._is_lost = False
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
        while not self._stopped.is_set():
            try:
                self._follow()
            except (QueueSilent, BrokenStream, Gap) as error:
                self._lose(error)
            except Exception as error:  # noqa: BLE001  (whatever it is, old numbers must not stand for new ones)
                _log.exception("the follower failed")
                self._lose(error)
            while not (self._stopped.is_set() or self._listener.may_begin):
                self._tell_if_offline()
                self._clock.sleep(_BEAT_S)

    def _follow(self) -> None:
        """Look at the board, then whenever something has happened behind it, and now and then."""
        self._listener.begin()
        with closing(self._client.events(self._listener.follow(self._look()))) as events:
            for data in events:
                if self._stopped.is_set():
                    return
                self._listener.hear(data)
                if self._listener.is_silent:
                    raise QueueSilent("its stream says nothing of a queue")
                if self._listener.look_in_s <= LOOK_APART_S:  # what happens meanwhile is seen in the same look
                    self._clock.sleep(max(0.0, self._listener.look_in_s))
                    self._look()

    def _look(self) -> Board:
        self._listener.look()
        board = self._client.board()
        self._listener.see(board)
        if self._is_lost or not self._is_shown:
            _log.info("the branch's queue answers")
        self._is_lost, self._is_shown = False, True
        self._tell(queue_now(board))
        return board

    def _lose(self, error: Exception) -> None:
        self._listener.lose()
        if not (self._is_lost or self._stopped.is_set()):
            self._is_lost = True
            _log.warning("the branch's queue is lost: %s", error)
        self._tell_if_offline()

    def _tell_if_offline(self) -> None:
        if self._is_shown and self._listener.is_offline:
            self._is_shown = False
            self._tell(None)
