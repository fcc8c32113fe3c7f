"""The receipt as a model: what is on the paper, not how a printer is told. Widths come from the printer."""

from dataclasses import dataclass
from enum import Enum


class Align(Enum):
    """Where a line stands on the paper."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


@dataclass(frozen=True)
class TextLine:
    """A line of text; `large` doubles width and height. The driver wraps what is too long."""

    text: str
    align: Align = Align.LEFT
    bold: bool = False
    large: bool = False


@dataclass(frozen=True)
class Pair:
    """A label at the left edge and its value at the right edge of one line."""

    label: str
    value: str
    bold: bool = False


@dataclass(frozen=True)
class Rule:
    """A dividing line across the paper."""


@dataclass(frozen=True)
class Blank:
    """An empty line."""


@dataclass(frozen=True)
class Bitmap:
    """A one-bit picture, a logo say: rows of `width` dots, a byte eight dots, most significant bit left, 1 = black.

    Raises:
        ValueError: `rows` is not a whole number of rows of ceil(width / 8) bytes.
    """

    width: int
    rows: bytes
    align: Align = Align.CENTER

    def __post_init__(self) -> None:
        if self.width <= 0 or len(self.rows) % self.stride:
            raise ValueError("a bitmap's rows must be whole")

    @property
    def stride(self) -> int:
        """Bytes of one row."""
        return (self.width + 7) // 8

    @property
    def height(self) -> int:
        """Rows of dots."""
        return len(self.rows) // self.stride


@dataclass(frozen=True)
class QrCode:
    """A QR code that holds `text` (UTF-8)."""

    text: str


Element = TextLine | Pair | Rule | Blank | Bitmap | QrCode


@dataclass(frozen=True)
class Receipt:
    """A receipt from top to bottom; the printer cuts after it."""

    elements: tuple[Element, ...]
