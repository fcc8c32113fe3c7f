"""Headquarters as it runs: what comes from the line is kept, as much at once as has come, and then answered."""

import logging
import queue
import threading
from collections.abc import Sequence
from contextlib import suppress

from queue_display.headquarters.collecting import Collector, Message
from queue_display.headquarters.line import Line
from queue_display.headquarters.messages import have_topic, write_have
from queue_display.keeping import StoreUnavailable

_log = logging.getLogger(__name__)

_LOOK_S = 0.5  # how soon it notices that it is to end
_MOST_AT_ONCE = 200
_MOST_WAITING = 1000  # then the broker waits: the line's thread takes nothing more from it


class Headquarters:
    """Takes what is `heard`, from any thread, and deals with it in that of `run`."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._waiting: queue.Queue[Message] = queue.Queue(_MOST_WAITING)
        self._ended = threading.Event()

    def heard(self, topic: str, payload: bytes) -> None:
        """Take a message."""
        while not self._ended.is_set():
            with suppress(queue.Full):
                self._waiting.put((topic, payload), timeout=_LOOK_S)
                return

    def end(self) -> None:
        """Let `run` end; what it has not dealt with the branches send again."""
        self._ended.set()

    def line_changed(self, reason: str) -> None:
        """Log how the line stands; see `mqtt.MqttLine`."""
        if reason:
            _log.warning("%s", reason)
        else:
            _log.info("the line to the broker is up")

    def run(self, line: Line) -> None:
        """Deal with what comes until `end`."""
        while not self._ended.is_set():
            messages: list[Message] = []
            with suppress(queue.Empty):
                messages.append(self._waiting.get(timeout=_LOOK_S))
                while len(messages) < _MOST_AT_ONCE:
                    messages.append(self._waiting.get_nowait())
            if messages:
                self._deal_with(messages, line)

    def _deal_with(self, messages: Sequence[Message], line: Line) -> None:
        try:
            answers = self._collector.take(messages)
        except StoreUnavailable as error:
            _log.error("%s", error)  # the branches ask again, and then send it again
            return
        for branch, have in answers.items():
            line.publish(have_topic(branch), write_have(have), retain=True)
