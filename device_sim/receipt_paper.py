"""The paper of the simulated receipt printer: dots line by line, and a picture of a cut receipt to show."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files

from PIL import Image, ImageDraw, ImageFilter, ImageFont

CELL = 24  # dots of a Chinese character each way; a single-byte character is half as wide (font A, 12 x 24)
LINE_SPACING = 34  # 1/6 inch at 203 dpi: what ESC 2, the default, means

_BASELINE = 20 / 24
_ASCII_BASELINE = 19 / 24  # room for the tails of g, j, p
_ASCII_SIZE = 21 / 24
_OVERSAMPLING = 4
_THRESHOLD = 128  # of 255: how much of a dot must be covered before the head burns it


@dataclass(frozen=True)
class PrintedReceipt:
    """A receipt that was cut off: its dots (mode "1", 0 = black), its text line by line, and its QR codes' texts."""

    picture: Image.Image
    text: str
    qr_codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Style:
    """How a character is printed: times wide and high, bold, underlined."""

    width: int = 1
    height: int = 1
    bold: bool = False
    underline: bool = False


class Paper:
    """What has passed the head since the last cut, `dots` wide."""

    def __init__(self, dots: int) -> None:
        self.dots = dots
        self._strips: list[Image.Image] = []
        self._lines: list[str] = []
        self._qr_codes: list[str] = []

    @property
    def clean(self) -> bool:
        """Whether nothing was printed since the last cut."""
        return not (any(self._lines) or self._qr_codes or any(strip.getextrema()[0] == 0 for strip in self._strips))

    def add(self, strip: Image.Image, text: str | None = None, qr_code: str | None = None) -> None:
        """Let `strip` (mode "1", `dots` wide) pass; `text` is the line it shows."""
        self._strips.append(strip)
        if text is not None:
            self._lines.append(text.rstrip())
        if qr_code is not None:
            self._qr_codes.append(qr_code)

    def cut(self) -> PrintedReceipt:
        """Return what passed since the last cut and begin anew."""
        picture = _stacked(self._strips, self.dots)
        receipt = PrintedReceipt(picture, "\n".join(self._lines), tuple(self._qr_codes))
        self._strips, self._lines, self._qr_codes = [], [], []
        return receipt


def blank(dots: int, height: int) -> Image.Image:
    """Return white paper."""
    return Image.new("1", (dots, height), 1)


def _stacked(strips: list[Image.Image], dots: int) -> Image.Image:
    whole = blank(dots, max(1, sum(strip.height for strip in strips)))
    top = 0
    for strip in strips:
        whole.paste(strip, (0, top))
        top += strip.height
    return whole


# -- characters ------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    name = f"NotoSansSC-{'Bold' if bold else 'Regular'}.ttf"
    with as_file(files("kiosk_core.fonts") / name) as path:
        return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=2048)
def glyph(character: str, style: Style) -> Image.Image:
    """Return the dots of `character` (mode "1", 0 = black), in a cell of 12 or 24 by 24, times width and height."""
    single = character < "\x80"
    width = (CELL // 2 if single else CELL) * style.width
    height = CELL * style.height
    size = round(height * _OVERSAMPLING * (_ASCII_SIZE if single else 1))
    font = _font(size, style.bold)
    left, _, right, _ = font.getbbox(character, anchor="ls")
    ink = max(1, round(right - left))
    drawn = Image.new("L", (ink, height * _OVERSAMPLING), 255)
    baseline = height * _OVERSAMPLING * (_ASCII_BASELINE if single else _BASELINE)
    ImageDraw.Draw(drawn).text((-left, baseline), character, fill=0, font=font, anchor="ls")
    cell = Image.new("L", (width, height), 255)
    stretch = style.width / style.height
    target = max(1, min(width - style.width, round(ink / _OVERSAMPLING * stretch * (0.92 if single else 1))))
    small = drawn.resize((target, height), Image.Resampling.BOX)
    cell.paste(small, (_left(character, width, target, single), 0))
    if style.underline:
        ImageDraw.Draw(cell).line((0, height - 1, width, height - 1), fill=0)
    return cell.point(lambda value: 255 if value > _THRESHOLD else 0).convert("1")


def _left(character: str, width: int, ink: int, single: bool) -> int:
    """Return where the ink begins: Chinese punctuation hugs the left or right of its cell, all else is centred."""
    if single or character not in "，。、；：！？）》」』】〕（《「『【〔“”‘’":
        return (width - ink) // 2
    return width // 12 if character in "，。、；：！？）》」』】〕”’" else width - ink - width // 12


def text_line(characters: list[tuple[str, Style]], dots: int, justification: int) -> Image.Image:
    """Return a line of text; `justification` is 0 left, 1 centre, 2 right; characters stand on one baseline."""
    glyphs = [glyph(character, style) for character, style in characters]
    tallest = max((one.height for one in glyphs), default=CELL)
    strip = blank(dots, max(LINE_SPACING, tallest))
    x = (dots - sum(one.width for one in glyphs)) * justification // 2
    for one in glyphs:
        strip.paste(one, (x, tallest - one.height))
        x += one.width
    return strip


def picture_strip(picture: Image.Image, dots: int, justification: int) -> Image.Image:
    """Return `picture` (mode "1") on a strip; what is wider than the paper is lost."""
    strip = blank(dots, picture.height)
    strip.paste(picture, (max(0, dots - picture.width) * justification // 2, 0))
    return strip


# -- the picture to show -----------------------------------------------------------------------------------

_MARGIN = 32  # 80 mm paper is 640 dots wide, the head 576
_AROUND = 28
_TOOTH = 10
_TABLE, _PAPER, _INK = (233, 230, 224), (254, 253, 250), (38, 37, 42)


def paper_picture(receipt: PrintedReceipt) -> Image.Image:
    """Return a receipt as it lies on a table: margins, serrated ends, a soft shadow (mode "RGB")."""
    dots = receipt.picture
    size = (dots.width + 2 * _MARGIN, dots.height + 3 * _MARGIN + _MARGIN // 2)
    shape = _serrated(size)
    whole = Image.new("RGB", (size[0] + 2 * _AROUND, size[1] + 2 * _AROUND), _TABLE)
    shadow = Image.new("L", whole.size, 0)
    shadow.paste(shape.point(lambda value: value * 90 // 255), (_AROUND, _AROUND + 8))
    whole.paste((70, 62, 50), (0, 0), shadow.filter(ImageFilter.GaussianBlur(10)))
    sheet = Image.new("RGB", size, _PAPER)
    sheet.paste(_INK, (_MARGIN, 2 * _MARGIN), dots.convert("L").point(lambda value: 255 - value))
    whole.paste(sheet, (_AROUND, _AROUND), shape)
    return whole


def _serrated(size: tuple[int, int]) -> Image.Image:
    """Return the paper's outline (mode "L", 255 = paper) with the teeth of a cutter at top and bottom."""
    width, height = (side * _OVERSAMPLING for side in size)
    tooth = _TOOTH * _OVERSAMPLING
    half = tooth // 2
    top = [(x, half if (x // half) % 2 else 0) for x in range(0, width + half, half)]
    bottom = [(x, height - y - 1) for x, y in reversed(top)]
    shape = Image.new("L", (width, height), 0)
    ImageDraw.Draw(shape).polygon(top + bottom, fill=255)
    return shape.resize(size, Image.Resampling.BOX)
