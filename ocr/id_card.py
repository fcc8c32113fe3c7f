"""What was read from a picture of an ID card or another document: fields with their doubt, quality, risks.

`str` and `repr` of everything here hide what stands on a card; only the named fields give it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from kiosk_core.id_document import DocumentRisk
from ocr.arrays import Pixels

Quad = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""Four corners, x and y in dots of the picture, clockwise from the top left of what they surround."""


class Source(Enum):
    """Where the text of a field came from."""

    PRINT = "print"  # read as it stands there
    REPAIRED = "repaired"  # the nearest that a rule or a list allows
    DERIVED = "derived"  # not read: it follows from the ID number


Risk = DocumentRisk
"""Why a picture should not be trusted, or not for all: one list for the reader and for the journeys."""


class Unreadable(Enum):
    """Why there is no card in a picture."""

    NO_CARD = "no_card"
    BLURRED = "blurred"  # nothing in it is sharp: a card may be there
    NOT_A_PICTURE = "not_a_picture"
    TOO_LARGE = "too_large"
    TOO_SMALL = "too_small"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class FieldReading:
    """A field. `text` "" where nothing was read; `confidence` 0 to 1: how likely it is right.

    `sure`: it may be taken without asking; `verified`: a rule proves it. Dates are YYYY-MM-DD, or 长期.
    """

    text: str = field(repr=False)
    confidence: float
    box: Quad | None
    source: Source = Source.PRINT
    sure: bool = False
    verified: bool = False


@dataclass(frozen=True)
class IdCardFront:
    """The side with the portrait."""

    name: FieldReading
    sex: FieldReading
    ethnicity: FieldReading
    birth: FieldReading
    address: FieldReading
    id_number: FieldReading


@dataclass(frozen=True)
class IdCardBack:
    """The side with the emblem."""

    authority: FieldReading
    valid_from: FieldReading
    valid_until: FieldReading


@dataclass(frozen=True)
class Document:
    """A side of another document than a resident ID card, as its file in ocr/layouts describes it.

    `readings`: its fields by their names, in their order; `masked`: those of which people are shown a part only.
    """

    kind: str
    side: str
    readings: Mapping[str, FieldReading]
    masked: frozenset[str] = frozenset()


RESIDENT_ID = "resident_id"


@dataclass(frozen=True)
class Quality:
    """The picture of the card: each 0 (useless) to 1 (perfect), but `rotation` in degrees clockwise, 0 to 360."""

    sharpness: float
    glare: float
    exposure: float
    coverage: float
    rotation: float


@dataclass(frozen=True, eq=False)
class IdCard:
    """A side of a card in a picture. `portrait`: height x width x 3, BGR, to be overwritten after use; or None."""

    side: IdCardFront | IdCardBack | Document
    corners: Quad
    quality: Quality
    risks: frozenset[Risk]
    portrait: Pixels | None = field(default=None, repr=False)

    @property
    def fields(self) -> dict[str, FieldReading]:
        """Return the fields by their names, in the order of the card."""
        return dict(self.side.readings if isinstance(self.side, Document) else vars(self.side))

    @property
    def document(self) -> str:
        """Return what it is: resident_id, or what the layouts call it."""
        return self.side.kind if isinstance(self.side, Document) else RESIDENT_ID

    @property
    def side_name(self) -> str:
        """Return which side it is: front, back, or what its layout says."""
        if isinstance(self.side, Document):
            return self.side.side
        return "front" if isinstance(self.side, IdCardFront) else "back"


def day(text: str) -> date | None:
    """Return the date of YYYY-MM-DD; None where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
