"""The room that captures sides of ID cards: pictures go from the camera to the reading process, answers to a capture.

It has a thread of its own, because a reading takes a while; the customer's preview goes on beside it. It never waits
for a reading longer than the reading process lets it, nor for a camera longer than PATIENCE_S.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from kiosk_core.camera import Camera, Picture, Pixels
from kiosk_core.clock import Clock
from kiosk_core.errors import Fault, OpenTellerError
from kiosk_core.id_document import CapturedSide, CaptureNews, CaptureProblem, DocumentSide, Hint
from ocr.capture import Capture
from ocr.id_card import IdCard, Unreadable
from ocr.worker import ReadingFailed
from openteller.questions import Worker

_log = logging.getLogger(__name__)

WIDTH_PX = 1600
"""Larger pictures are read no better, and longer."""
PATIENCE_S = 2.0
"""How long there may be no picture that could be read."""
FAILURES = 3
"""So many readings in a row may fail: a process that died is started again for the next picture."""
_PAUSE_S = 0.1
_USELESS = frozenset({Fault.PICTURE_DARK, Fault.PICTURE_FROZEN})


class Reading(Protocol):
    """What reads a picture (ocr.worker.ReadingProcess)."""

    def start(self) -> None:
        """Make ready, and return at once."""
        ...

    def read(self, picture: Pixels, today: date | None = None) -> IdCard | Unreadable:
        """Return the card in a picture. Raises ReadingFailed."""
        ...

    def close(self) -> None:
        """End it; a reading under way fails."""
        ...


@dataclass(frozen=True, eq=False)
class _Order:
    side: DocumentSide
    tell: Callable[[CaptureNews], None]


class IdCapture:
    """A kiosk_core.id_document.DocumentCapture.

    Args:
        pause_s: between two pictures.
    """

    def __init__(self, camera: Worker[Camera], reading: Reading, clock: Clock, pause_s: float = _PAUSE_S) -> None:
        self._camera = camera
        self._reading = reading
        self._clock = clock
        self._pause_s = pause_s
        self._changed = threading.Condition()
        # Both are guarded by `_changed`.
        self._order: _Order | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="id-capture", daemon=True)
        self._thread.start()

    def start(self, side: DocumentSide, tell: Callable[[CaptureNews], None]) -> None:
        """Begin to capture a side; one under way ends untold."""
        self._set(_Order(side, tell))

    def stop(self) -> None:
        """End the capture under way; nothing is told after this has returned."""
        self._set(None)

    def close(self) -> None:
        """End for good, with the reading process."""
        with self._changed:
            self._closed = True
        self._set(None)
        self._reading.close()
        self._thread.join()

    def _set(self, order: _Order | None) -> None:
        with self._changed:
            self._order = order
            self._changed.notify_all()

    def _run(self) -> None:
        while (order := self._next()) is not None:
            try:
                news: CaptureNews = self._capture(order)
            except Exception as error:  # noqa: BLE001  (the thread must live)
                _log.error("a capture failed: %s", type(error).__name__)  # its text might be a person's
                news = CaptureProblem.NO_READING
            if not isinstance(news, Hint):
                self._tell(order, news)

    def _next(self) -> _Order | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._order is not None)
            return None if self._closed else self._order

    def _tell(self, order: _Order, news: CaptureNews) -> None:
        """Tell it if it still matters; all but a hint ends the capture."""
        with self._changed:
            matters = self._order is order
            if matters:
                if not isinstance(news, Hint):
                    self._order = None
                order.tell(news)
        if not matters and isinstance(news, CapturedSide):
            news.wipe()

    def _capture(self, order: _Order) -> CaptureNews:
        """Return what came of it; a Hint where it was ended."""
        self._reading.start()
        capture = Capture(order.side, self._clock.now(), self._clock.wall().date())
        try:
            return self._watch(order, capture)
        finally:
            capture.wipe()

    def _watch(self, order: _Order, capture: Capture) -> CaptureNews:
        said = capture.hint
        self._tell(order, said)
        seen, failures, useful_at = 0, 0, self._clock.now()
        while self._wanted(order):
            picture = self._look(seen)
            if picture is None:
                if self._clock.now() - useful_at >= PATIENCE_S:
                    return CaptureProblem.NO_PICTURE
                continue
            with picture:
                seen, useful_at = picture.number, self._clock.now()
                try:
                    read = self._reading.read(picture.pixels, self._clock.wall().date())
                except ReadingFailed as error:
                    failures += 1
                    _log.warning("a picture was not read: %s", error)
                    if failures >= FAILURES:
                        return CaptureProblem.NO_READING
                    continue
                failures = 0
                news = capture.see(picture.pixels, read, self._clock.now())
            if isinstance(news, CapturedSide | CaptureProblem):
                return news
            if news is not said:
                said = news
                self._tell(order, said)
            useful_at = self._clock.now()  # the reading's time is not the camera's
        return said

    def _wanted(self, order: _Order) -> bool:
        """Wait a little; return whether the capture is to go on."""
        with self._changed:
            self._changed.wait_for(lambda: self._order is not order, self._pause_s)
            return self._order is order

    def _look(self, seen: int) -> Picture | None:
        """Return a new picture of the camera that can be read, in full size; None: there is none now."""
        asked = self._camera.call(_newest)
        try:
            useless, picture = asked.result(PATIENCE_S)
        except TimeoutError:
            asked.cancel()
            asked.add_done_callback(_wipe)
            return None
        except OpenTellerError:
            return None
        if picture is not None and (useless or picture.number == seen):
            picture.wipe()
            return None
        return picture


def _newest(camera: Camera) -> tuple[bool, Picture | None]:
    return bool(camera.status().faults & _USELESS), camera.latest(WIDTH_PX)


def _wipe(late: "Future[tuple[bool, Picture | None]]") -> None:
    if not late.cancelled() and late.exception() is None and (picture := late.result()[1]) is not None:
        picture.wipe()
