"""How large a picture may be: what is larger costs too much time and memory, what is smaller has no legible text."""

from ocr.id_card import Unreadable

MOST_DOTS = 25_000_000  # of a good camera; decoding takes 7 bytes a dot
LONGEST = 16_000  # dots of a side: OpenCV projects no picture of 32,768 and more
LEAST = (320, 200)  # dots of the long side and the short: a card that small has no legible character


def refused(width: int, height: int) -> Unreadable | None:
    """Return why no picture of this size is read; None for one that is."""
    if width * height > MOST_DOTS or max(width, height) > LONGEST:
        return Unreadable.TOO_LARGE
    return Unreadable.TOO_SMALL if max(width, height) < LEAST[0] or min(width, height) < LEAST[1] else None
