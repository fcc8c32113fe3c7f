"""The technician's look through the camera: its picture on the customer's screen while nobody is served."""

from collections.abc import Callable

from kiosk_core.clock import Clock
from kiosk_core.pages import CapturePage, MenuPage, Picture, Preview
from kiosk_core.texts import Words
from openteller.page_on_screen import PageOnScreen


class CameraCheck:
    """Belongs to the conductor's thread.

    Args:
        ended: is called when the picture has left the screen again.
    """

    def __init__(self, screen: PageOnScreen, clock: Clock, ended: Callable[[], None]) -> None:
        self._screen = screen
        self._clock = clock
        self._ended = ended
        self.until: float | None = None
        """When it ends by itself; None: there is none."""

    @property
    def is_on(self) -> bool:
        """Whether the camera's picture is on the screen."""
        return self.until is not None

    def show(self, seconds: int, preview: Preview) -> bool:
        """Show the picture for `seconds` from now, 0 ends it; return False where a customer needs the screen."""
        if self.is_on:
            self.end()
        if not isinstance(self._screen.page, MenuPage):
            return seconds == 0
        if seconds > 0:
            self._begin(seconds, preview)
        return True

    def end(self) -> None:
        """Take the picture off the screen."""
        self.until = None
        self._ended()

    def _begin(self, seconds: int, preview: Preview) -> None:
        self.until = self._clock.now() + seconds
        self._screen.show(
            CapturePage(
                title=Words("camera_check.title"),
                body=Words("camera_check.body"),
                picture=Picture.PLACE_CARD,
                preview=preview,
                cancellable=True,
            ),
            None,
        )
