"""The board as a process: window, view-model and follower, put together and taken apart in order."""

import logging
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QGuiApplication

from kiosk_core.clock import Clock
from queue_display.announcer import Announcer
from queue_display.board.follower import Follower
from queue_display.board.notices import Notices
from queue_display.board.screen import BoardScreen
from queue_display.board.view_model import BoardModel
from queue_display.listening.place import QueuePlace

BEAT_MS = 100

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LobbyBoard:
    """The parts of a running board."""

    model: BoardModel
    screen: BoardScreen
    follower: Follower
    beat: QTimer

    def close(self) -> None:
        """Hang up and close the window; the view goes before the model that it is bound to."""
        self.beat.stop()
        self.follower.close()
        self.screen.close()


def start(
    queue: QueuePlace,
    clock: Clock,
    *,
    size: tuple[int, int],
    fullscreen: bool = False,
    media: Path | None = None,
    announcer: Announcer | None = None,
) -> LobbyBoard:
    """Open the board on an existing QGuiApplication; `size` in pixels.

    `clock` is the screen's own, also where the queue's runs faster: what time it is in the branch, the queue says.

    Raises:
        CannotFollow, OSError: as `Follower`.
    """
    model = BoardModel(clock, queue.url, Notices(media), announcer)
    follower = Follower(queue, model, clock, model)
    screen = BoardScreen(model, size=size, fullscreen=fullscreen)
    beat = QTimer(model)
    beat.setInterval(BEAT_MS)
    beat.timeout.connect(follower.tick)
    beat.timeout.connect(model.tick)
    beat.start()
    follower.start()
    screen.show()
    return LobbyBoard(model, screen, follower, beat)


def run(
    queue: QueuePlace,
    clock: Clock,
    *,
    size: tuple[int, int],
    fullscreen: bool = False,
    media: Path | None = None,
    announcer: Announcer | None = None,
) -> int:
    """Show the board until the window is closed or SIGTERM or SIGINT comes; return the exit code."""
    application = QGuiApplication(sys.argv[:1])
    board = start(queue, clock, size=size, fullscreen=fullscreen, media=media, announcer=announcer)
    survive_errors(board)
    # The beat wakes the interpreter ten times a second, so signals are heard.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: application.quit())
    code = application.exec()
    board.close()
    return code


def survive_errors(board: LobbyBoard) -> None:
    """Keep the process alive when a slot raises, which PyQt6 would abort: log it and connect to the queue again."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        _log.critical("an error in the board: connecting to the queue again", exc_info=(kind, error, trace))
        board.follower.restart()

    sys.excepthook = hook
