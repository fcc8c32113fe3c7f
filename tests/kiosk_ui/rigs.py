"""What the tests of the screen stand on: a screen without a core, and a core that says what a test wants."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from PyQt6.QtCore import QCoreApplication
from PyQt6.QtNetwork import QLocalServer, QLocalSocket

from kiosk_core.intents import StayHere
from kiosk_core.pages import KeypadPage, ListPage, Page
from kiosk_core.screen_messages import ShowPage, Touched
from kiosk_core.speech import Chime, Utterance
from kiosk_core.texts import Language
from kiosk_ui.screen import KioskScreen
from kiosk_ui.texts import Catalogue
from kiosk_ui.view_model import ViewModel
from tests.clocks import SetClock
from tests.kiosk_ui.sample_pages import SIZE, hello
from tests.patience import PATIENCE_S

# The offscreen platform cannot tell a window manager how large a window may be, and says so each time. It is no
# fault of the screen.
IGNORED_QT_MESSAGES = ["This plugin does not support propagateSizeHints"]


_CATALOGUE = Catalogue(strict=True)


def clock() -> SetClock:
    return SetClock(datetime(2026, 11, 22, 9, 41, tzinfo=UTC))


class ListSpeaker:
    """A speaker that speaks until it is told that it has ended, and writes down what it was told."""

    def __init__(self) -> None:
        self.said: list[Utterance | Chime] = []
        self.hushed = 0
        self.speaking = False

    def say(self, utterances: Sequence[Utterance | Chime]) -> None:
        self.said += utterances
        self.speaking = True

    def is_speaking(self) -> bool:
        return self.speaking

    def hush(self) -> None:
        self.hushed += self.speaking
        self.speaking = False

    def close(self) -> None:
        self.hush()


class Rig:
    """A view-model and what it sent, without a window; `typing` are the signs of life that typing gives."""

    def __init__(self, *, double_tap_s: float = 0.35) -> None:
        self.clock = clock()
        self.speaker = ListSpeaker()
        self.model = ViewModel(self.clock, double_tap_s=double_tap_s, catalogue=_CATALOGUE, speaker=self.speaker)
        self.sent: list[Touched] = []
        self.typing: list[Touched] = []
        self.model.touched.connect(self._take)
        self.number = 0
        self._page: Page | None = None

    def _take(self, touched: Touched) -> None:
        by_typing = isinstance(touched.intent, StayHere) and isinstance(self._page, KeypadPage | ListPage)
        (self.typing if by_typing and self._page.warning_s is None else self.sent).append(touched)

    def show(self, page: Page, language: Language | None = None) -> None:
        self.number += 1
        self._page = page
        self.model.show_page(ShowPage(number=self.number, page=page, language=language))

    def pass_time(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.model.tick()


@contextmanager
def open_screen(
    orientation: str, *, width_mm: float | None = None, still: bool = True
) -> Iterator[tuple[Rig, KioskScreen]]:
    """A screen on a rig that has been greeted; `width_mm` is the panel's short side."""
    rig = Rig(double_tap_s=0)
    screen = KioskScreen(rig.model, size=SIZE[orientation], still=still)
    screen.show()
    greeting = hello(orientation)
    if width_mm is not None:
        width, height = SIZE[orientation]
        greeting = replace(greeting, width_mm=width_mm * width / min(width, height))
    rig.model.greet(greeting)
    try:
        yield rig, screen
    finally:
        screen.close()


class FakeCore:
    """The core's end of the socket."""

    def __init__(self, socket: Path) -> None:
        self.server = QLocalServer()
        assert self.server.listen(str(socket)), self.server.errorString()
        self.connections: list[QLocalSocket] = []
        self.server.newConnection.connect(self._accept)

    def _accept(self) -> None:
        connection = self.server.nextPendingConnection()
        assert connection is not None
        self.connections.append(connection)

    def say(self, data: bytes) -> None:
        self.connections[-1].write(data)
        self.connections[-1].flush()

    def heard(self) -> bytes:
        return self.connections[-1].readAll().data()

    def hang_up(self) -> None:
        self.connections[-1].abort()

    def close(self) -> None:
        for connection in self.connections:
            connection.abort()
        self.server.close()


def settle(qtbot: object, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=round(1000 * PATIENCE_S))  # type: ignore[attr-defined]
    QCoreApplication.processEvents()
