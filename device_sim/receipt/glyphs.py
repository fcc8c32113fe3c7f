"""The characters of the simulated receipt printer as dots: fonts A and B, Chinese, and every style of them."""

import unicodedata
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from importlib.resources import as_file, files

from PIL import Image, ImageChops, ImageDraw, ImageFont

CELL = 24  # dots of a Chinese character each way

_OVERSAMPLING = 4
_THRESHOLD = 128  # of 255: how much of a dot must be covered before the head burns it


class Font(Enum):
    """What ESC M chooses: dots across and down of a single-byte character (HPRT TP80K, ESC M)."""

    A = (12, 24)
    B = (9, 17)


@dataclass(frozen=True)
class Style:
    """How a character is printed: times wide and high, bold, dots of underline, white on black, turned clockwise."""

    width: int = 1
    height: int = 1
    bold: bool = False
    underline: int = 0
    font: Font = Font.A
    inverted: bool = False
    turned: bool = False


@lru_cache(maxsize=4096)
def glyph(character: str, style: Style, *, double: bool = False) -> Image.Image:
    """Return the dots of `character` (mode "1", 0 = black) in its cell; `double` for a double-byte character."""
    across, down = (CELL, CELL) if double else style.font.value
    width, height = across * style.width, down * style.height
    cell = _drawn(character, width, height, style, double)
    if style.underline and not (style.inverted or style.turned):
        ImageDraw.Draw(cell).rectangle((0, height - style.underline, width, height - 1), fill=0)
    dots = cell.point(lambda value: 255 if value > _THRESHOLD else 0).convert("1")
    if style.inverted:
        dots = ImageChops.invert(dots)
    return dots.transpose(Image.Transpose.ROTATE_270) if style.turned else dots


def _drawn(character: str, width: int, height: int, style: Style, double: bool) -> Image.Image:
    box = _box_drawing(character, width, height)
    if box is not None:
        return box
    base, mark = _parts(character, style.bold)
    cell = _letter(base, width, height, style, double)
    return _accented(cell, mark, base.isupper()) if mark else cell


# -- letters ------------------------------------------------------------------------------------------------

_BASELINE, _SINGLE_BASELINE = 20 / 24, 19 / 24  # single-byte: room for the tails of g, j, p
_SINGLE_SIZE = 21 / 24
_SINGLE_FILL = 0.92


@lru_cache(maxsize=64)
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    name = f"NotoSansSC-{'Bold' if bold else 'Regular'}.ttf"
    with as_file(files("kiosk_core.fonts") / name) as path:
        return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


def _letter(character: str, width: int, height: int, style: Style, double: bool) -> Image.Image:
    size = round(height * _OVERSAMPLING * (1 if double else _SINGLE_SIZE))
    font = _font(size, style.bold)
    left, _, right, _ = font.getbbox(character, anchor="ls")
    ink = max(1, round(right - left))
    drawn = Image.new("L", (ink, height * _OVERSAMPLING), 255)
    baseline = height * _OVERSAMPLING * (_BASELINE if double else _SINGLE_BASELINE)
    ImageDraw.Draw(drawn).text((-left, baseline), character, fill=0, font=font, anchor="ls")
    cell = Image.new("L", (width, height), 255)
    stretch = style.width / style.height * (1 if double else _SINGLE_FILL)
    target = max(1, min(width - style.width, round(ink / _OVERSAMPLING * stretch)))
    cell.paste(drawn.resize((target, height), Image.Resampling.BOX), (_left(character, width, target, double), 0))
    return cell


def _left(character: str, width: int, ink: int, double: bool) -> int:
    """Return where the ink begins: Chinese punctuation hugs the left or right of its cell, all else is centred."""
    if not double or character not in "，。、；：！？）》」』】〕（《「『【〔“”‘’":
        return (width - ink) // 2
    return width // 12 if character in "，。、；：！？）》」』】〕”’" else width - ink - width // 12


# -- what the font has not ------------------------------------------------------------------------------------

_ALIKE = {"ƒ": "f", "ı": "i", "đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "∙": "·", "⌐": "¬", "Œ": "E", "‚": ",", "„": '"'}
_MARKS = {  # strokes in eighths of a cell across, sixths of the mark's own height down
    "\u0301": ((3, 6, 5, 0),),
    "\u0300": ((3, 0, 5, 6),),
    "\u0302": ((2, 6, 4, 0), (4, 0, 6, 6)),
    "\u030c": ((2, 0, 4, 6), (4, 6, 6, 0)),
    "\u0306": ((2, 0, 3, 5), (3, 5, 5, 5), (5, 5, 6, 0)),
    "\u030b": ((2, 6, 3, 0), (5, 6, 6, 0)),
    "\u0308": ((2, 3, 3, 3), (5, 3, 6, 3)),
    "\u0307": ((4, 3, 4, 4),),
    "\u030a": ((3, 3, 4, 0), (4, 0, 5, 3), (5, 3, 4, 6), (4, 6, 3, 3)),
    "\u0303": ((2, 4, 3, 1), (3, 1, 5, 5), (5, 5, 6, 2)),
    "\u0328": ((5, 0, 4, 3), (4, 3, 6, 6)),
    "\u0327": ((4, 0, 5, 3), (5, 3, 3, 6)),
}
_BELOW = ("\u0327", "\u0328")


@lru_cache(maxsize=512)
def _parts(character: str, bold: bool) -> tuple[str, str]:
    """Return what the font can draw of a character, and the accent to be drawn over or under it ("" = none)."""
    character = _ALIKE.get(character, character)
    decomposed = unicodedata.normalize("NFD", character)
    if len(decomposed) == 2 and decomposed[1] in _MARKS and _missing(character, bold):
        return decomposed[0], decomposed[1]
    return character, ""


def _missing(character: str, bold: bool) -> bool:
    font = _font(CELL, bold)
    return bytes(font.getmask(character)) == bytes(font.getmask("\ue000"))


def _accented(cell: Image.Image, mark: str, tall: bool) -> Image.Image:
    width, height = cell.size
    rise = height // 6
    if mark in _BELOW:
        top = round(height * _SINGLE_BASELINE)
    elif tall:  # the letter makes room
        letter = cell.crop((0, 0, width, round(height * _SINGLE_BASELINE))).resize(
            (width, round(height * _SINGLE_BASELINE) - rise // 2), Image.Resampling.BOX
        )
        cell.paste(255, (0, 0, width, height))
        cell.paste(letter, (0, rise // 2))
        top = 0
    else:
        top = rise // 2
    pen = ImageDraw.Draw(cell)
    for x0, y0, x1, y1 in _MARKS[mark]:
        line = (x0 * width // 8, top + y0 * rise // 6, x1 * width // 8, top + y1 * rise // 6)
        pen.line(line, fill=0, width=max(1, height // 12))
    return cell


# -- lines and blocks (code page 437, B0 to DF) ----------------------------------------------------------------

_SHADES = {"░": 4, "▒": 2, "▓": 4}
_BLOCKS = {"█": (0, 0, 2, 2), "▄": (0, 1, 2, 2), "▀": (0, 0, 2, 1), "▌": (0, 0, 1, 2), "▐": (1, 0, 2, 2)}  # in halves


def _box_drawing(character: str, width: int, height: int) -> Image.Image | None:
    if character not in _SHADES and character not in _BLOCKS and not "\u2500" <= character <= "\u256c":
        return None
    cell = Image.new("L", (width, height), 255)
    if character in _BLOCKS:
        x0, y0, x1, y1 = _BLOCKS[character]
        box = (x0 * width // 2, y0 * height // 2, x1 * width // 2, y1 * height // 2)
        cell.paste(0, box)
    elif character in _SHADES:
        ink, paper = (255, 0) if character == "▓" else (0, 255)
        every = _SHADES[character]
        cell.putdata([ink if (x + 2 * y) % every == 0 else paper for y in range(height) for x in range(width)])
    else:
        _arms(ImageDraw.Draw(cell), unicodedata.name(character).split(), width, height)
    return cell


def _arms(pen: ImageDraw.ImageDraw, name: list[str], width: int, height: int) -> None:
    """Draw the arms that a character's own name tells: BOX DRAWINGS DOWN SINGLE AND RIGHT DOUBLE and the like."""
    weights = {"LIGHT": 0, "SINGLE": 0, "DOUBLE": 1}
    found: dict[str, int] = {}
    weight = next((weights[word] for word in name if word in weights), 0)
    for word, behind in zip(name, [*name[1:], ""], strict=True):
        for arm in {"HORIZONTAL": ("LEFT", "RIGHT"), "VERTICAL": ("UP", "DOWN")}.get(word, (word,)):
            if arm in ("LEFT", "RIGHT", "UP", "DOWN"):
                found[arm] = weights.get(behind, weight)
    x, y = width // 2, height // 2
    for arm, double in found.items():
        for shift in (-2, 2) if double else (0,):
            match arm:
                case "LEFT":
                    pen.line((0, y + shift, x + 2 * double, y + shift), fill=0, width=2)
                case "RIGHT":
                    pen.line((x - 2 * double, y + shift, width, y + shift), fill=0, width=2)
                case "UP":
                    pen.line((x + shift, 0, x + shift, y + 2 * double), fill=0, width=2)
                case _:
                    pen.line((x + shift, y - 2 * double, x + shift, height), fill=0, width=2)
