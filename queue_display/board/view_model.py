"""What the board shows, as properties that QML binds to; it decides what flashes, and when the lobby is told what."""

from collections.abc import Sequence
from datetime import datetime
from math import ceil, inf

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from kiosk_core.clock import Clock
from queue_display.announcer import Announcer
from queue_display.board.lamp import Lamp
from queue_display.board.lobby_calls import LobbyCalls
from queue_display.board.notices import Notice, Notices
from queue_display.board.shown_call import ShownCall
from queue_display.board.words import UNKNOWN, Trouble, dates, service_row, words_for_qml
from queue_display.listening.heard import Alive, Board, CallShown, Happened
from screen_parts.qt_property import qt_property

FLASH_S = 8.0
IDLE_S = 60.0
"""So long nobody was called: then notices take the place of the last call."""

ROWS = 10
SERVICES_AT_ONCE = 3
_PAGE_S = 8.0
_NO_NOTICE = Notice()
_UNKNOWN_NOW = dict.fromkeys(("waiting", "about", "up_to", "about_up_to"), UNKNOWN)


class BoardModel(QObject):
    """The one object between the follower and QML. `tick` is called several times a second."""

    calls_changed = pyqtSignal()
    services_changed = pyqtSignal()
    time_changed = pyqtSignal()
    state_changed = pyqtSignal()
    notice_changed = pyqtSignal()

    def __init__(self, clock: Clock, place: str, notices: Notices, announcer: Announcer | None = None) -> None:
        super().__init__()
        self._clock = clock
        self._place = place
        self._notices = notices
        self._announcer = announcer
        self._calls = LobbyCalls()
        self._lamp = Lamp()
        self._flashing: dict[int, float] = {}
        self._newest = ShownCall(self)
        self._rows = [ShownCall(self) for _ in range(ROWS)]
        self._services: list[dict[str, str]] = []
        self._page = 0
        self._was_heard = False
        self._called_at = -inf
        self._trouble: Trouble | None = None
        self._is_offline = False
        self._notice: Notice = _NO_NOTICE
        self._minute: datetime | None = None
        self._words = words_for_qml()

    # -- from the follower ---------------------------------------------------------------------------------------

    def begin(self, board: Board) -> None:
        """Take the board of a new connection: calls that were missed are shown, fresh ones flash and are spoken."""
        fresh = self._calls.begin(board)
        if board.calls:
            self._called_at = self._clock.now() - (board.at - board.calls[0].at)
        self._take_services(board)
        self._told(fresh)

    def take(self, board: Board) -> None:
        """Take the board as it was asked for in between."""
        fresh = self._calls.take(board)
        self._take_services(board)
        self._told(fresh)

    def hear(self, said: Happened | Alive) -> None:
        """Take what happened."""
        self._told(self._calls.hear(said))

    def lose(self, trouble: Trouble) -> None:
        """Take in why nothing is heard now; the lobby is told once it lasts."""
        if trouble is not self._trouble:
            self._trouble = trouble
            self.state_changed.emit()

    def go_offline(self) -> None:
        """Tell the lobby that calls may be missing, and show neither waits nor the time: they would be wrong."""
        if not self._is_offline:
            self._is_offline = True
            self.state_changed.emit()
            self.services_changed.emit()

    def tick(self) -> None:
        """Let time pass: what flashes, which services and notices are shown."""
        now = self._clock.now()
        self._light(now)
        self._turn_page(now)
        self._look_at_notices(now)
        if self._announcer is not None:
            self._announcer.let_time_pass()

    def _told(self, fresh: Sequence[CallShown]) -> None:
        now = self._clock.now()
        begins = not self._was_heard or self._is_offline
        self._was_heard, self._is_offline = True, False
        self._trouble = None
        for call in fresh:
            self._flashing[call.number] = now + FLASH_S
            self._called_at = now
            if self._announcer is not None:
                self._announcer.called(call.ticket, call.window)
        if begins:
            self.state_changed.emit()
            self.services_changed.emit()
        self._show_calls()
        self._show_time()
        self.tick()

    # -- inside --------------------------------------------------------------------------------------------------

    def _show_calls(self) -> None:
        calls = [*self._calls.rows, *[None] * (ROWS + 1)]
        self._newest.show(calls[0])
        before = calls if self._notice is not _NO_NOTICE else calls[1:]
        for row, call in zip(self._rows, before, strict=False):
            row.show(call)

    def _light(self, now: float) -> None:
        self._flashing = {number: until for number, until in self._flashing.items() if until > now}
        self._lamp.tick(now, flashing=bool(self._flashing))
        for row in (self._newest, *self._rows):
            row.light(self._lamp.is_lit and row.number in self._flashing)

    def _take_services(self, board: Board) -> None:
        services = [service_row(service) for service in board.services]
        if services != self._services:
            self._services = services
            self.services_changed.emit()

    def _turn_page(self, now: float) -> None:
        page = int(now // _PAGE_S) % self._pages
        if page != self._page:
            self._page = page
            self.services_changed.emit()

    @property
    def _pages(self) -> int:
        """Pages of services, at least one."""
        return max(1, ceil(len(self._services) / SERVICES_AT_ONCE))

    def _look_at_notices(self, now: float) -> None:
        is_idle = self._was_heard and now - self._called_at >= IDLE_S
        self._show_notice(self._notices.at(now) if is_idle else None)

    def _show_notice(self, notice: Notice | None) -> None:
        if (notice or _NO_NOTICE) != self._notice:
            self._notice = notice or _NO_NOTICE
            self._show_calls()
            self.notice_changed.emit()

    def _show_time(self) -> None:
        if self._calls.now is None:
            return
        moment = datetime.fromtimestamp(self._calls.now, self._clock.wall().tzinfo)
        minute = moment.replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute = minute
            self.time_changed.emit()

    # -- what QML binds to ---------------------------------------------------------------------------------------

    @pyqtSlot()
    def skip_notice(self) -> None:
        """Show the next notice: this one cannot be drawn."""
        self._show_notice(self._notices.skip(self._clock.now()))

    @qt_property(bool, notify=state_changed)
    def connecting(self) -> bool:
        """Return whether nothing was heard of the queue since the start."""
        return not self._was_heard

    @qt_property(bool, notify=state_changed)
    def offline(self) -> bool:
        """Return whether the queue has been silent too long."""
        return self._is_offline

    @qt_property(str, constant=True)
    def place(self) -> str:
        """Return where the queue should be."""
        return self._place

    @qt_property(str, notify=state_changed)
    def trouble_zh(self) -> str:
        """Return why nothing is heard."""
        return self._trouble.value.zh if self._trouble else ""

    @qt_property(str, notify=state_changed)
    def trouble_en(self) -> str:
        """Return the same in English."""
        return self._trouble.value.en if self._trouble else ""

    @qt_property(QObject, constant=True)
    def newest(self) -> ShownCall:
        """Return the newest call."""
        return self._newest

    @qt_property("QVariantList", constant=True)
    def rows(self) -> list[ShownCall]:
        """Return the calls before it, where a notice has its place from it on; those beyond the last are not there."""
        return self._rows

    @qt_property("QVariantList", notify=services_changed)
    def services(self) -> list[dict[str, str]]:
        """Return the services of this page, each with how many wait and how long."""
        first = self._page * self.services_at_once
        shown = self._services[first : first + self.services_at_once]
        return [service | _UNKNOWN_NOW for service in shown] if self._is_offline else shown

    @qt_property(int, notify=services_changed)
    def services_at_once(self) -> int:
        """Return how many a page has room for: no page has many where another has one."""
        return ceil(len(self._services) / self._pages)

    @qt_property(str, notify=services_changed)
    def services_page(self) -> str:
        """Return which page of how many this is: 1/2; "" where there is one."""
        return f"{self._page + 1}/{self._pages}" if self._pages > 1 else ""

    @qt_property(str, notify=time_changed)
    def time(self) -> str:
        """Return the branch's time: 09:41."""
        return self._minute.strftime("%H:%M") if self._minute else ""

    @qt_property(str, notify=time_changed)
    def date_zh(self) -> str:
        """Return the branch's day."""
        return dates(self._minute).zh if self._minute else ""

    @qt_property(str, notify=time_changed)
    def date_en(self) -> str:
        """Return the same in English."""
        return dates(self._minute).en if self._minute else ""

    @qt_property(str, notify=notice_changed)
    def notice_picture(self) -> str:
        """Return the URL of the picture that is shown while nobody is called, "" if there is none."""
        return self._notice.picture

    @qt_property(str, notify=notice_changed)
    def notice_headline(self) -> str:
        """Return the headline of the notice that is shown instead, "" if there is none."""
        return self._notice.headline

    @qt_property(str, notify=notice_changed)
    def notice_text(self) -> str:
        """Return its text."""
        return self._notice.text

    @qt_property("QVariantMap", constant=True)
    def words(self) -> dict[str, str]:
        """Return the board's own words: words.title_zh, words.title_en."""
        return self._words
