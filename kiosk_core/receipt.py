"""The receipt as a model: what is on the paper, not how a printer is told. Widths come from the printer."""

import re
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
    underline: bool = False


@dataclass(frozen=True)
class Headline:
    """A short text in the middle, as large as the printer can and the paper is wide."""

    text: str


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


class Symbology(Enum):
    """The kinds of one-dimensional barcodes that receipt printers print."""

    UPC_A = "UPC-A"
    UPC_E = "UPC-E"
    EAN13 = "EAN-13"
    EAN8 = "EAN-8"
    CODE39 = "Code 39"
    ITF = "Interleaved 2 of 5"
    CODABAR = "Codabar"
    CODE93 = "Code 93"
    CODE128 = "Code 128"


_DIGITS = {Symbology.UPC_A: 12, Symbology.UPC_E: 12, Symbology.EAN13: 13, Symbology.EAN8: 8}
# The numbers that UPC-E can shorten: system 0 and zeros where they are left out (GS1 General Specifications 5.2.2.4).
_SHORT_UPC = re.compile(
    "0[0-9]{2}[0-2]0{4}[0-9]{3}|0[0-9]{2}[3-9]0{5}[0-9]{2}|0[0-9]{3}[1-9]0{5}[0-9]|0[0-9]{4}[1-9]0{4}[5-9]"
)
_CHARACTERS = {
    Symbology.CODE39: (re.compile(r"[0-9A-Z $%+\-./]{1,80}"), "1 to 80 digits, capitals and signs of $%+-./ and space"),
    Symbology.ITF: (re.compile(r"(?:[0-9]{2}){1,40}"), "an even number of digits, at most 80"),
    Symbology.CODABAR: (
        re.compile(r"[A-D][0-9$+\-./:]{1,78}[A-D]"),
        "digits and signs of $+-./: between two of A to D",
    ),
    Symbology.CODE93: (re.compile(r"[ -~]{1,80}"), "1 to 80 characters of printable ASCII"),
    Symbology.CODE128: (re.compile(r"[ -~]{1,80}"), "1 to 80 characters of printable ASCII"),
}
_QUIET_MODULES = 20  # ten on either side
# How many modules frame the data, and how many each character takes at most (of two or three widths: wide = 3).
_MODULES = {
    Symbology.CODE39: (32, 16),
    Symbology.ITF: (9, 9),
    Symbology.CODABAR: (0, 14),
    Symbology.CODE93: (37, 18),
    Symbology.CODE128: (35, 11),
}


def check_digit(number: str) -> str:
    """Return the check digit behind the digits `number` of an EAN or UPC (GS1 General Specifications 7.9.1)."""
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(number)))
    return str(-total % 10)


@dataclass(frozen=True)
class Barcode:
    """A one-dimensional barcode of `data`, with the same in plain text below where it is `readable`.

    EAN and UPC are all their digits; the check digit may be left out. A UPC-E is the whole UPC-A that it shortens.

    Raises:
        ValueError: the symbology cannot hold `data`, or its check digit is wrong.
    """

    symbology: Symbology
    data: str
    readable: bool = True
    align: Align = Align.CENTER

    def __post_init__(self) -> None:
        name = self.symbology.value
        digits = _DIGITS.get(self.symbology)
        if digits is None:
            pattern, demand = _CHARACTERS[self.symbology]
            if not pattern.fullmatch(self.data):
                raise ValueError(f"the data of a {name} barcode are not {demand}")
            return
        if not re.fullmatch(f"[0-9]{{{digits - 1},{digits}}}", self.data):
            raise ValueError(f"the data of a {name} barcode are not {digits - 1} or {digits} digits")
        number, check = self.data[: digits - 1], self.data[digits - 1 :]
        if check and check != check_digit(number):
            raise ValueError(f"the check digit of a {name} barcode is {check}, not {check_digit(number)}")
        if self.symbology is Symbology.UPC_E and not _SHORT_UPC.fullmatch(number):
            raise ValueError("a UPC-E barcode can shorten no such number")

    @property
    def modules(self) -> int:
        """How many times its narrowest bar it is wide at most, the white on either side included."""
        if self.symbology in _DIGITS:
            return 95 + _QUIET_MODULES
        frame, each = _MODULES[self.symbology]
        return frame + each * len(self.data) + _QUIET_MODULES


@dataclass(frozen=True)
class QrCode:
    """A QR code that holds `text` (UTF-8)."""

    text: str


Element = TextLine | Headline | Pair | Rule | Blank | Bitmap | Barcode | QrCode


@dataclass(frozen=True)
class Receipt:
    """A receipt from top to bottom; the printer cuts after it."""

    elements: tuple[Element, ...]
