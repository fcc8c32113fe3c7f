"""What the pages of all journeys share."""

from kiosk_core.pages import Picture, ProgressPage
from kiosk_core.texts import Words

LAST_PAGE_IDLE_S = 30


def one_step(key: str, picture: Picture | None = None) -> ProgressPage:
    """Say what the machine does, in one step, by the key of its texts."""
    return ProgressPage(title=Words(f"{key}.title"), body=Words(f"{key}.body"), steps=(), current=0, picture=picture)
