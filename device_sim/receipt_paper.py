"""The paper of the simulated receipt printer: dots line by line, and a picture of a cut receipt to show."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image, ImageDraw, ImageFilter

LINE_SPACING = 34  # 1/6 inch at 203 dpi: what ESC 2, the default, means
LONGEST = 40_000  # dots (5 m) of paper without a cut that are remembered


@dataclass(frozen=True)
class PrintedReceipt:
    """A receipt that was cut off: its dots, its text line by line, and its codes.

    `rows` are the dots, eight a byte, 0 = black. `barcodes` are pairs of system (CODE128, say) and what a person reads
    below it. `partial_cut` says that the cutter left a bridge of paper.
    """

    width: int
    height: int
    rows: bytes = field(repr=False)
    text: str
    qr_codes: tuple[str, ...] = ()
    barcodes: tuple[tuple[str, str], ...] = ()
    partial_cut: bool = False

    @property
    def picture(self) -> Image.Image:
        """Its dots (mode "1", 0 = black)."""
        return Image.frombytes("1", (self.width, self.height), self.rows)


@dataclass(frozen=True)
class _Strip:
    """What passed the head at once: dots, or only their height where they are white; and what they show."""

    dots: Image.Image | int
    texts: Sequence[str]
    qr_codes: Sequence[str]
    barcodes: Sequence[tuple[str, str]]

    @property
    def height(self) -> int:
        return self.dots if isinstance(self.dots, int) else self.dots.height

    @property
    def white(self) -> bool:
        return isinstance(self.dots, int) or self.dots.getextrema()[0] != 0


class Paper:
    """What has passed the head since the last cut, `dots` wide. Of more than 5 m the beginning is forgotten."""

    def __init__(self, dots: int) -> None:
        self.dots = dots
        self._strips: deque[_Strip] = deque()
        self._height = 0

    @property
    def clean(self) -> bool:
        """Whether nothing was printed since the last cut."""
        return all(strip.white and not (any(strip.texts) or strip.qr_codes or strip.barcodes) for strip in self._strips)

    def add(
        self,
        dots: Image.Image | int,
        texts: Sequence[str] = (),
        qr_codes: Sequence[str] = (),
        barcodes: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Let a strip (mode "1", as wide as the paper) pass, or so many dots of white paper."""
        strip = _Strip(dots, texts, qr_codes, barcodes)
        self._strips.append(strip)
        self._height += strip.height
        while self._height > LONGEST or len(self._strips) > LONGEST:
            self._height -= self._strips.popleft().height

    def look(self, partial: bool = False) -> PrintedReceipt:
        """Return what passed since the last cut as it would be if it were cut now."""
        picture = blank(self.dots, max(1, self._height))
        top = 0
        for strip in self._strips:
            if not isinstance(strip.dots, int):
                picture.paste(strip.dots, (0, top))
            top += strip.height
        return PrintedReceipt(
            *picture.size,
            picture.tobytes(),
            "\n".join(text.rstrip() for strip in self._strips for text in strip.texts),
            tuple(code for strip in self._strips for code in strip.qr_codes),
            tuple(code for strip in self._strips for code in strip.barcodes),
            partial,
        )

    def cut(self, partial: bool = False) -> PrintedReceipt:
        """Return what passed since the last cut and begin anew."""
        receipt = self.look(partial)
        self._strips.clear()
        self._height = 0
        return receipt


def blank(dots: int, height: int) -> Image.Image:
    """Return white paper."""
    return Image.new("1", (dots, height), 1)


# -- the picture to show -----------------------------------------------------------------------------------

_MARGIN = 32  # 80 mm paper is 640 dots wide, the head 576
_AROUND = 28
_TOOTH = 10
_OVERSAMPLING = 4
_BRIDGE = 24  # dots of paper that a partial cut leaves
_TABLE, _PAPER, _INK = (233, 230, 224), (254, 253, 250), (38, 37, 42)


def paper_picture(receipt: PrintedReceipt) -> Image.Image:
    """Return a receipt as it lies on a table: margins, serrated ends, a soft shadow (mode "RGB")."""
    sheet = sheet_picture(receipt)
    shape = sheet.getchannel("A")
    whole = Image.new("RGB", (sheet.width + 2 * _AROUND, sheet.height + 2 * _AROUND), _TABLE)
    shadow = Image.new("L", whole.size, 0)
    shadow.paste(shape.point(lambda value: value * 90 // 255), (_AROUND, _AROUND + 8))
    whole.paste((70, 62, 50), (0, 0), shadow.filter(ImageFilter.GaussianBlur(10)))
    whole.paste(sheet, (_AROUND, _AROUND), shape)
    return whole


def sheet_picture(receipt: PrintedReceipt, *, cut: bool = True) -> Image.Image:
    """Return the paper alone: margins and serrated ends, the lower one straight where it is not `cut` (mode "RGBA")."""
    dots = receipt.picture
    below = _MARGIN + _MARGIN // 2 if cut else 0
    size = (dots.width + 2 * _MARGIN, dots.height + 2 * _MARGIN + below)
    sheet = Image.new("RGB", size, _PAPER)
    sheet.paste(_INK, (_MARGIN, 2 * _MARGIN), dots.convert("L").point(lambda value: 255 - value))
    shape = _outline(size, receipt.partial_cut)
    if not cut:
        shape.paste(255, (0, size[1] - 2 * _TOOTH, *size))
    sheet.putalpha(shape)
    return sheet


def _outline(size: tuple[int, int], partial: bool) -> Image.Image:
    """Return the paper's outline (mode "L", 255 = paper) with the teeth of a cutter at top and bottom.

    After a partial cut the torn bridge hangs at the bottom.
    """
    width, height = (side * _OVERSAMPLING for side in size)
    tooth = _TOOTH * _OVERSAMPLING
    half = tooth // 2
    foot = height - (tooth if partial else 0)
    top = [(x, half if (x // half) % 2 else 0) for x in range(0, width + half, half)]
    bottom = [(x, foot - y - 1) for x, y in reversed(top)]
    shape = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(shape)
    pen.polygon(top + bottom, fill=255)
    if partial:
        left, right = ((width + side * _BRIDGE * _OVERSAMPLING) // 2 for side in (-1, 1))
        step = (right - left) // 6
        torn = [(x, height - (i % 2) * half // 2 - 1) for i, x in enumerate(range(right, left - 1, -step))]
        pen.polygon([(left, foot - tooth), (right, foot - tooth), *torn], fill=255)
    return shape.resize(size, Image.Resampling.BOX)
