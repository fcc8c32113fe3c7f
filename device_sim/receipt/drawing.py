"""A line of the simulated receipt printer, and a barcode with the text around it, as dots."""

from functools import lru_cache

from PIL import Image, ImageChops

from device_sim.receipt.barcodes import Barcode
from device_sim.receipt.glyphs import Font, Style, glyph
from device_sim.receipt_paper import blank

_COLUMN = 12  # dots of a column in a line's text


class Line:
    """The print buffer: pictures side by side on one base line. `x` is where the next one goes."""

    def __init__(self) -> None:
        self.x = 0
        self.text = ""
        self._pictures: list[tuple[int, Image.Image]] = []

    @property
    def empty(self) -> bool:
        """Whether there is nothing to print."""
        return not self._pictures

    def put(self, picture: Image.Image, text: str, before: int = 0, after: int = 0) -> None:
        """Put a picture behind the last one, with dots of space around it."""
        self._pictures.append((self.x + before, picture))
        self.x += before + picture.width + after
        self.text += text

    def go(self, x: int) -> None:
        """Go on at `x`; the text gets a space for each column."""
        if self._pictures:
            self.text += " " * ((x - self.x) // _COLUMN)
        self.x = x

    def strip(
        self, dots: int, margin: int, width: int, justification: int, spacing: int, *, upside_down: bool
    ) -> Image.Image | int:
        """Return the line on paper `dots` wide, in the area `width` wide behind `margin`; white paper as its height.

        `justification` is 0 left, 1 centre, 2 right.
        """
        if not self._pictures:
            return spacing
        tallest = max(picture.height for _, picture in self._pictures)
        area = blank(width, tallest)
        shift = max(0, width - self.x) * justification // 2
        for x, picture in self._pictures:
            area.paste(0, (shift + x, tallest - picture.height), ImageChops.invert(picture))  # dots add up
        strip = blank(dots, max(spacing, tallest))
        strip.paste(area.transpose(Image.Transpose.ROTATE_180) if upside_down else area, (margin, 0))
        return strip


_HRI_GAP = 2


def barcode_picture(barcode: Barcode, module: int, height: int, hri: int, font: Font) -> tuple[Image.Image, int]:
    """Return the symbol with its text, and how many dots of that are below the symbol.

    `module` is n of GS w, `hri` n of GS H: 0 no text, 1 above, 2 below, 3 both.
    """
    widths = barcode.widths(module)
    text = _hri(barcode.hri, font) if hri else blank(1, 1)
    width = max(sum(widths), text.width)
    part = text.height + _HRI_GAP
    above, below = part * (hri & 1), part * (hri >> 1)
    picture = blank(width, above + height + below)
    x = (width - sum(widths)) // 2
    for i, run in enumerate(widths):
        if i % 2 == 0:
            picture.paste(0, (x, above, x + run, above + height))
        x += run
    if above:
        picture.paste(text, ((width - text.width) // 2, 0))
    if below:
        picture.paste(text, ((width - text.width) // 2, above + height + _HRI_GAP))
    return picture, below


@lru_cache(maxsize=64)
def _hri(text: str, font: Font) -> Image.Image:
    across, down = font.value
    picture = blank(max(1, across * len(text)), down)
    for i, character in enumerate(text):
        picture.paste(glyph(character, Style(font=font)), (i * across, 0))
    return picture
