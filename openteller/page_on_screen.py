"""The page on the customer's screen: which touches it still takes, and how long it waits for one."""

from collections.abc import Callable
from dataclasses import replace

from kiosk_core.clock import Clock
from kiosk_core.pages import MessagePage, Page
from kiosk_core.screen_messages import ShowPage
from kiosk_core.texts import Language, Words

DEFAULT_LANGUAGE: Language = "zh"


class PageOnScreen:
    """Belongs to the conductor's thread; `shown` may be asked by any.

    Args:
        screen: is given every page; must not block.
    """

    def __init__(self, screen: Callable[[ShowPage], None], clock: Clock) -> None:
        self._screen = screen
        self._clock = clock
        self._shown = ShowPage(number=0, page=MessagePage(title=Words("starting.title"), body=Words("starting.body")))
        self._same_since = 0
        self._place: object = None
        self.language: Language = DEFAULT_LANGUAGE
        """What the customer reads."""
        self.idle_until: float | None = None
        """When the customer's time on this page is over; None: the page waits for the machine."""

    @property
    def page(self) -> Page:
        """The page itself."""
        return self._shown.page

    @property
    def shown(self) -> ShowPage:
        """The page as a screen needs it that has just connected."""
        return replace(self._shown, language=self.language)

    def show(self, page: Page, place: object, language: Language | None = None) -> None:
        """Show `page`. One of the same kind at the same `place` still takes touches of the one before it."""
        number = self._shown.number + 1
        if place != self._place or page.kind != self.page.kind:
            self._place = place
            self._same_since = number
        self._shown = ShowPage(number=number, page=page, language=language)
        self._wait()
        self._screen(self._shown)

    def renew(self, page: Page) -> None:
        """Show `page`, of the same kind at the same place, with new values; the customer's time goes on."""
        self._shown = ShowPage(number=self._shown.number + 1, page=page)
        self._screen(self._shown)

    def takes(self, number: int) -> bool:
        """Return whether a touch of page `number` counts: a second tap on a page that has gone does not."""
        return self._same_since <= number <= self._shown.number

    def stay(self, place: object) -> None:
        """Give the customer his time again; take the warning away if it stands there."""
        if self.page.warning_s is not None:
            self.show(replace(self.page, warning_s=None), place)
        else:
            self._wait()

    def _wait(self) -> None:
        seconds = self.page.warning_s if self.page.warning_s is not None else self.page.idle_s
        self.idle_until = None if seconds is None else self._clock.now() + seconds
