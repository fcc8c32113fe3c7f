"""One-dimensional barcodes of ESC/POS: GS k (function B, and A as a printer takes it), GS h, GS w, GS H, GS f.

Sources: Epson TM-U210 specification p346 (systems, lengths, characters of GS k); SPRT SP-T8 manual p111 (CODE128 with
its code sets and the example "No. 123456"); Hwasung HPP-240 p44 (the "{" pairs of CODE128); Cashino CSN-A1K p45 (GS h,
GS w, GS H); IDIPOS TP-80 p38 (GS f).
"""

import re
from dataclasses import dataclass
from enum import Enum

from wire.errors import WireError

GS = 0x1D


class BarcodeSystem(Enum):
    """`m` of GS k, function B."""

    UPC_A = 65
    UPC_E = 66
    EAN13 = 67
    EAN8 = 68
    CODE39 = 69
    ITF = 70
    CODABAR = 71
    CODE93 = 72
    CODE128 = 73


class HriPosition(Enum):
    """`n` of GS H: where the human-readable text of a barcode stands."""

    NONE = 0
    ABOVE = 1
    BELOW = 2
    BOTH = 3


class HriFont(Enum):
    """`n` of GS f."""

    A = 0
    B = 1


@dataclass(frozen=True)
class Barcode:
    """GS k: print `data` at once, with what GS h, w, H and f chose. CODE128 begins with a code set: {A, {B or {C."""

    system: BarcodeSystem
    data: bytes


@dataclass(frozen=True)
class BarcodeHeight:
    """GS h: 1 to 255 dots."""

    dots: int


@dataclass(frozen=True)
class BarcodeModule:
    """GS w: 2 to 6 dots the narrowest bar."""

    dots: int


@dataclass(frozen=True)
class BarcodeText:
    """GS H."""

    position: HriPosition


@dataclass(frozen=True)
class BarcodeFont:
    """GS f."""

    font: HriFont


BarcodeCommand = Barcode | BarcodeHeight | BarcodeModule | BarcodeText | BarcodeFont

_LONGEST = 255
# Lengths count the check digit that the printer adds where it is not sent.
_DATA = {
    BarcodeSystem.UPC_A: re.compile(rb"[0-9]{11,12}"),
    BarcodeSystem.UPC_E: re.compile(rb"[0-9]{11,12}"),
    BarcodeSystem.EAN13: re.compile(rb"[0-9]{12,13}"),
    BarcodeSystem.EAN8: re.compile(rb"[0-9]{7,8}"),
    BarcodeSystem.CODE39: re.compile(rb"[0-9A-Z $%*+\-./]{1,255}"),
    BarcodeSystem.ITF: re.compile(rb"(?:[0-9]{2}){1,127}"),
    BarcodeSystem.CODABAR: re.compile(rb"[0-9A-Da-d$+\-./:]{1,255}"),
    BarcodeSystem.CODE93: re.compile(rb"[\x00-\x7f]{1,255}"),
    BarcodeSystem.CODE128: re.compile(rb"\{[ABC][\x00-\x7f]{0,253}"),
}


def encode(command: BarcodeCommand) -> bytes:
    """Return the bytes of `command`.

    Raises:
        WireError: a parameter is out of its range, or the data are not what its system can hold.
    """
    match command:
        case Barcode(system, data):
            if not _DATA[system].fullmatch(data):
                raise WireError(f"{len(data)} bytes are no data of a barcode {system.name}")
            return bytes((GS, 0x6B, system.value, len(data))) + data
        case BarcodeHeight(dots) if 1 <= dots <= 255:
            return bytes((GS, 0x68, dots))
        case BarcodeModule(dots) if 2 <= dots <= 6:
            return bytes((GS, 0x77, dots))
        case BarcodeText(position):
            return bytes((GS, 0x48, position.value))
        case BarcodeFont(font):
            return bytes((GS, 0x66, font.value))
        case BarcodeHeight() | BarcodeModule():
            raise WireError(f"{command} is out of its range")


def code128(text: str) -> bytes:
    """Return the data of a CODE128 that holds `text` (printable ASCII): code set B, and C for runs of digits.

    In code set C a byte is two digits. Digits that would be DLE EOT, DLE ENQ or DLE DC4 there (16 04, 16 05, 16 20) are
    left in B: a printer obeys these wherever they stand.

    Raises:
        WireError: another character.
    """
    if not re.fullmatch(r"[ -~]+", text):
        raise WireError("CODE128 here holds printable ASCII")
    data = b""
    code_set = b""
    for digits, other in re.findall(r"((?:[0-9]{2}){2,})|((?:(?!(?:[0-9]{2}){2,}).)+)", text):
        pairs = bytes(int(digits[at : at + 2]) for at in range(0, len(digits), 2))
        plain = re.search(rb"\x10[\x04\x05\x14]", pairs) is not None or not digits
        wanted = b"{B" if plain else b"{C"
        data += b"" if wanted == code_set else wanted
        data += (digits or other).encode("ascii").replace(b"{", b"{{") if plain else pairs
        code_set = wanted
    return data


def decode_setting(code: int, n: int) -> BarcodeCommand | None:
    """Return what GS `code` `n` sets, None where a printer ignores it."""
    match code, n:
        case (0x68, _) if n > 0:
            return BarcodeHeight(n)
        case (0x77, 2 | 3 | 4 | 5 | 6):
            return BarcodeModule(n)
        case (0x48, 0 | 1 | 2 | 3 | 48 | 49 | 50 | 51):
            return BarcodeText(HriPosition(n % 48))
        case (0x66, 0 | 1 | 48 | 49):
            return BarcodeFont(HriFont(n % 48))
        case _:
            return None


def next_barcode(data: bytes) -> tuple[int, Barcode | None] | None:
    """Return how long the GS k at the beginning of `data` is and the barcode, None in its place where it is none.

    None for all where bytes are missing. Function A ends with NUL, function B tells its length.
    """
    if len(data) < 3:
        return None
    m = data[2]
    if m <= 6:
        end = data.find(b"\0", 3, 4 + _LONGEST)
        if end < 0:
            return None if len(data) < 4 + _LONGEST else (3, None)
        return end + 1, _barcode(m + 65, data[3:end])
    if not 65 <= m <= 73:
        return 3, None
    if len(data) < 4 or len(data) < 4 + data[3]:
        return None
    end = 4 + data[3]
    return end, _barcode(m, data[4:end])


def _barcode(m: int, data: bytes) -> Barcode | None:
    system = BarcodeSystem(m)
    return Barcode(system, data) if _DATA[system].fullmatch(data) else None
