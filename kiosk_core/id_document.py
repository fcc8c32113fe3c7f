"""The port that captures an ID card under the camera, and what it brings: a person's data that cannot slip into a log.

How a capture goes: `start(side, tell)`; at once and whenever it changes a `Hint` for the customer is told, while the
camera's picture goes on on the screen; then either a `CapturedSide` or a `CaptureProblem`, and the capture is over.
It waits for a card as long as nobody calls `stop`: when a customer has gone is the journey's to say.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import NoReturn, Protocol

LONG_TERM = "长期"
"""What `valid_until` says on a card without an end."""


class DocumentSide(Enum):
    """A side of a resident ID card."""

    FRONT = "front"  # portrait, name, sex, ethnicity, birth, address, id_number
    BACK = "back"  # emblem, authority, valid_from, valid_until


class Hint(Enum):
    """What the customer should do now, or what happens; the value names the text of the screen."""

    LAY_DOWN = "lay_down"  # no card is seen
    TURN_OVER = "turn_over"  # a card is seen, with its other side up
    WHOLE_CARD = "whole_card"  # a part of the card is outside the picture
    CLOSER = "closer"  # too small to be read
    HOLD_STILL = "hold_still"  # it moves, or is blurred because it moved
    GLARE = "glare"  # light is reflected where something is printed
    UNCOVER = "uncover"  # a finger or something else lies over a field
    LIGHT = "light"  # too dark or too bright
    ORIGINAL = "original"  # a copy, a print or a screen is shown instead of the card
    READING = "reading"  # all is well, one moment


class DocumentRisk(Enum):
    """Why a picture of a document should not be trusted, or not for all."""

    EDGE_MISSING = "edge_missing"
    OCCLUDED = "occluded"
    GLARE = "glare"
    BLURRED = "blurred"
    PHOTOCOPY = "photocopy"
    SCREEN = "screen"
    EDITED = "edited"
    EXPIRED = "expired"
    NUMBER_DISAGREES = "number_disagrees"
    REGION_UNKNOWN = "region_unknown"


class CaptureProblem(Enum):
    """Why a capture was given up; the value names the text that the customer reads."""

    NO_PICTURE = "no_picture"  # the camera is unplugged, dark or frozen
    NO_READING = "no_reading"  # what reads pictures does not work


class Crop:
    """A piece of the picture of a card as a PNG. In memory only: it cannot be pickled, and its repr shows its size.

    Whoever was given it wipes it when he is done.
    """

    __slots__ = ("png",)

    def __init__(self, png: bytes | bytearray) -> None:
        self.png = bytearray(png)
        """The file; zeros after `wipe`."""

    def wipe(self) -> None:
        """Overwrite the file; may be called twice."""
        self.png[:] = bytes(len(self.png))

    def __repr__(self) -> str:
        return f"Crop({len(self.png)} bytes, ***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a crop stays in memory")


@dataclass(frozen=True)
class CapturedField:
    """A field by its name as DocumentSide has them; `text` "" where nothing was read, dates YYYY-MM-DD or 长期.

    `sure`: may be taken without asking; `verified`: a rule proves it. A field that is not sure has the `crop` where
    it is printed, None where nothing was seen.
    """

    name: str
    text: str = field(repr=False)
    sure: bool
    verified: bool = False
    crop: Crop | None = None


@dataclass(frozen=True)
class CapturedSide:
    """A side as it was read, its fields in the order of the card. Belongs to who is told, who wipes it when done."""

    side: DocumentSide
    fields: tuple[CapturedField, ...]
    risks: frozenset[DocumentRisk] = frozenset()

    def of(self, name: str) -> CapturedField | None:
        """Return a field by its name; None where the side has none of this name."""
        return next((each for each in self.fields if each.name == name), None)

    def wipe(self) -> None:
        """Overwrite all crops."""
        for each in self.fields:
            if each.crop is not None:
                each.crop.wipe()


CaptureNews = Hint | CapturedSide | CaptureProblem


class DocumentCapture(Protocol):
    """What captures a side; one at a time, of which no one but the conductor's thread may start or stop any."""

    def start(self, side: DocumentSide, tell: Callable[[CaptureNews], None]) -> None:
        """Begin; a capture under way ends untold. `tell` is called from another thread and must not block.

        First comes a Hint, last a CapturedSide or a CaptureProblem.
        """
        ...

    def stop(self) -> None:
        """End the capture under way; nothing more is told. Without one it does nothing."""
        ...


def one_document(front: CapturedSide, back: CapturedSide) -> bool:
    """Return whether both sides may be of one card, as far as what is sure tells.

    Law on Resident ID Cards, art. 5: valid for 5 years below 16, 10 years from 16 to 25, 20 from 26 to 45, else 长期; a
    card is applied for before it is made, so within a year of a limit both terms pass. Art. 8: it is made where its
    holder is registered, which is the address.
    """
    return _term_fits(front, back) and _place_fits(front, back)


def _term_fits(front: CapturedSide, back: CapturedSide) -> bool:
    birth, begins = _day(_sure(front, "birth")), _day(_sure(back, "valid_from"))
    until = _sure(back, "valid_until")
    ends = _day(until)
    if birth is None or begins is None or (ends is None and until != LONG_TERM):
        return True
    years = None if ends is None else ends.year - begins.year
    age = begins.year - birth.year - ((begins.month, begins.day) < (birth.month, birth.day))
    return age >= 0 and years in {_term(max(age - 1, 0)), _term(age)}


def _place_fits(front: CapturedSide, back: CapturedSide) -> bool:
    address, authority = _sure(front, "address"), _sure(back, "authority")
    return not address or authority.partition("公安局")[0] in address


def _term(age: int) -> int | None:
    """Return for how many years a card is made at an age; None: 长期."""
    return 5 if age < 16 else 10 if age < 26 else 20 if age < 46 else None


def _sure(side: CapturedSide, name: str) -> str:
    found = side.of(name)
    return found.text if found is not None and found.sure else ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
