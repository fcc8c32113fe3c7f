"""The customer's screen as a process: window, view-model and link, put together and taken apart in order."""

import logging
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from PyQt6.QtGui import QGuiApplication

from kiosk_core.clock import Clock
from kiosk_core.speech import Speaker
from kiosk_ui.link import CoreLink
from kiosk_ui.screen import KioskScreen
from kiosk_ui.view_model import DOUBLE_TAP_S, ViewModel

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kiosk:
    """The parts of a running screen."""

    model: ViewModel
    screen: KioskScreen
    link: CoreLink

    def close(self) -> None:
        """Hang up and close the window; the view goes before the model that it is bound to."""
        self.link.close()
        self.screen.close()


def start(
    core_socket: Path,
    clock: Clock,
    *,
    size: tuple[int, int],
    fullscreen: bool = False,
    beside_px: int = 0,
    still: bool = False,
    double_tap_s: float = DOUBLE_TAP_S,
    speaker: Speaker | None = None,
) -> Kiosk:
    """Open the screen on an existing QGuiApplication; `size` in pixels.

    A scripted customer sets `double_tap_s` to 0 and, for screenshots, `still`. With a `speaker` pages are read aloud.
    """
    model = ViewModel(clock, double_tap_s=double_tap_s, speaker=speaker)
    screen = KioskScreen(model, size=size, fullscreen=fullscreen, beside_px=beside_px, still=still)
    screen.show()
    return Kiosk(model, screen, CoreLink(core_socket, model))


def run(
    core_socket: Path,
    clock: Clock,
    *,
    size: tuple[int, int],
    fullscreen: bool = False,
    beside_px: int = 0,
    speaker: Speaker | None = None,
) -> int:
    """Show the screen until the window is closed or SIGTERM or SIGINT comes; return the exit code.

    A window leaves `beside_px` of the desktop's width free at its right. The `speaker` is closed at the end.
    """
    application = QGuiApplication(sys.argv[:1])
    kiosk = start(core_socket, clock, size=size, fullscreen=fullscreen, beside_px=beside_px, speaker=speaker)
    survive_errors(kiosk)
    # The view-model's clock ticks wake the interpreter five times a second, so signals are heard.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: application.quit())
    code = application.exec()
    kiosk.close()
    if speaker is not None:
        speaker.close()
    return code


def survive_errors(kiosk: Kiosk) -> None:
    """Keep the process alive when a slot raises, which PyQt6 would abort: log it and begin again with the core.

    The core holds the transaction and sends its page again; until then the screen asks for patience.
    """

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        _log.critical("an error in the screen: connecting to the core again", exc_info=(kind, error, trace))
        kiosk.link.restart()

    sys.excepthook = hook
