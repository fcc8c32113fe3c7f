"""The QR codes of GS ( k: models 2 and Micro, as segno makes them.

Sources: HPRT TP80K, GS ( k fn 65 to 81; Epson "Paper roll" reference ver. 10.01 p538 and NCR 7168 (fn 82).
"""

from dataclasses import dataclass
from functools import lru_cache

import segno
from PIL import Image

from device_sim.receipt.pictures import enlarged
from device_sim.receipt.reports import Refused

_LEVELS = {48: "L", 49: "M", 50: "Q", 51: "H"}
_MAX_DATA = 7089  # bytes


@dataclass
class QrCode:
    """The symbol to come: model (49, 50, or 51 for Micro QR), dots a module, level of correction, and data."""

    model: int = 50
    dots: int = 3
    level: int = 48
    data: bytes = b""

    def change(self, fn: int, p: bytes) -> None:
        """Carry out function 65, 67, 69 or 80 of GS ( k with what follows it.

        Raises:
            Refused: it is another one, or out of range.
        """
        match fn:
            case 65 if len(p) == 2 and p[0] in (49, 50, 51) and p[1] == 0:
                self.model = p[0]
            case 67 if len(p) == 1 and 1 <= p[0] <= 16:
                self.dots = p[0]
            case 69 if len(p) == 1 and p[0] in _LEVELS:
                self.level = p[0]
            case 80 if p[:1] == b"0" and 1 < len(p) <= _MAX_DATA + 1:
                self.data = p[1:]
            case _:
                raise Refused("GS ( k: unknown function or parameter out of range")

    def picture(self) -> Image.Image | None:
        """Return the symbol without a quiet zone, None if there is none."""
        modules = _modules(self.data, self.model, self.level)
        return None if modules is None else enlarged(modules, self.dots, self.dots)

    def size_answer(self, width: int) -> bytes:
        """Return the answer to fn 82: 37 36, width, 1F, height, 1F 31 1F, 30 if it can be printed, else 31, 00."""
        picture = self.picture()
        side = str(picture.width if picture else 0).encode()
        possible = picture is not None and picture.width <= width
        return b"\x37\x36%b\x1f%b\x1f1\x1f%b\0" % (side, side, b"0" if possible else b"1")


@lru_cache(maxsize=16)
def _modules(data: bytes, model: int, level: int) -> Image.Image | None:
    """Return the symbol, one dot a module; None for no data, too many, or model 1, which no standard has any more."""
    if not data or model == 49:
        return None
    try:
        symbol = segno.make(data, error=_LEVELS[level], micro=model == 51, boost_error=False)
    except ValueError:  # does not fit, or Micro QR has no such level
        return None
    side = len(symbol.matrix)
    picture = Image.new("1", (side, side))
    picture.putdata([0 if module else 255 for row in symbol.matrix for module in row])
    return picture
