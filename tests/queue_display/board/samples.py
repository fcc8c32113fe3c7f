"""A branch's morning as its board is told it, and a board without a queue."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

from kiosk_core.texts import LocalText
from queue_display.announcer import Announcer
from queue_display.board.notices import Notices
from queue_display.board.screen import BoardScreen
from queue_display.board.view_model import BoardModel
from queue_display.board.words import Trouble
from queue_display.listening.heard import Alive, Board, CallShown, Happened, ServiceNow, WaitSaid
from tests.clocks import SetClock
from tests.patience import PATIENCE_S

# The offscreen platform cannot tell a window manager how large a window may be, and says so each time.
IGNORED_QT_MESSAGES = ["This plugin does not support propagateSizeHints"]

PATIENCE_MS = round(1000 * PATIENCE_S)

PORTRAIT, LANDSCAPE = (1080, 1920), (1920, 1080)

OPENED = datetime(2026, 11, 23, 9, 41, tzinfo=timezone(timedelta(hours=8)))
NOW = OPENED.timestamp()

MEDIA = Path(__file__).parent / "media"

PLACE = "http://queue.branch:8640"


NOT_IN_SIGHT = WaitSaid(None, None)


def minutes(about: float, up_to: float) -> WaitSaid:
    return WaitSaid(about * 60, up_to * 60)


def service(name: str, title: LocalText, waiting: int, wait: WaitSaid) -> ServiceNow:
    return ServiceNow(name, title, name[:1].upper(), waiting, {"green": minutes(0, 0), "ordinary": wait})


SERVICES = (
    service("simple", LocalText("简单业务", "Simple services"), 12, minutes(8.2, 13)),
    service("complex", LocalText("复杂业务", "Complex services"), 7, minutes(26, 41.5)),
    service("corporate", LocalText("对公业务", "Business banking"), 0, minutes(1, 2)),
)

CALLS = (
    ("A031", "3"),
    ("B012", "5"),
    ("A030", "1"),
    ("C004", "6"),
    ("A029", "12"),
    ("A028", "3"),
    ("B011", "4"),
)


def board(
    calls: tuple[tuple[str, str], ...] = CALLS,
    services: tuple[ServiceNow, ...] = SERVICES,
    *,
    ago_s: float = 30,
    at: float = NOW,
    entry: int = 100,
) -> Board:
    """A board at entry 100: the newest call is that entry and `ago_s` old, each other is 40 s older."""
    shown = tuple(
        CallShown(entry - place, at - ago_s - 40 * place, ticket, window, again=False)
        for place, (ticket, window) in enumerate(calls)
    )
    return Board(at, shown, services, entry)


def called(number: int, ticket: str, window: str, at: float = NOW) -> Happened:
    return Happened(number, at, "Called", ticket, window)


class Rig:
    """A view-model whose time passes when a test says so."""

    def __init__(self, media: Path | None = None, announcer: Announcer | None = None) -> None:
        self.clock = SetClock(OPENED)
        self.model = BoardModel(self.clock, PLACE, Notices(media), announcer)

    def pass_time(self, seconds: float, *, step: float = 0.1, alive: bool = True) -> None:
        """Let time pass in beats; the queue shows that it is alive, or does not."""
        for _ in range(round(seconds / step)):
            self.clock.sleep(step)
            if alive:
                self.model.hear(Alive(10**6, self.clock.wall().timestamp()))
            else:
                self.model.tick()


def busy(rig: Rig) -> None:
    rig.model.begin(board())


def calling(rig: Rig) -> None:
    rig.model.begin(board())
    rig.model.hear(called(101, "A032", "2"))
    rig.model.hear(called(102, "B013", "5"))


def idle(rig: Rig) -> None:
    rig.model.begin(board(ago_s=240))


def offline(rig: Rig) -> None:
    rig.model.begin(board())
    rig.pass_time(5, alive=False)
    rig.model.go_offline()


def opening(rig: Rig) -> None:
    rig.model.begin(board(calls=()))


def connecting(rig: Rig) -> None:
    rig.model.lose(Trouble.TOKEN)


SCENES: Mapping[str, Callable[[Rig], None]] = {
    each.__name__: each for each in (busy, calling, idle, offline, opening, connecting)
}


@contextmanager
def open_board(size: tuple[int, int], media: Path | None = None) -> Iterator[tuple[Rig, BoardScreen]]:
    rig = Rig(media)
    screen = BoardScreen(rig.model, size=size)
    screen.show()
    try:
        yield rig, screen
    finally:
        screen.close()
