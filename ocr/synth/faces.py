"""The two sides of a resident ID card, drawn: 1000 x 631 dots for 85.6 x 54 mm, and where each field stands on it.

The places are the mean of nine public mock-ups (docs/sources.md), which differ by up to ten dots: so do these cards.
"""

import math
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from ocr.synth.people import Person

WIDTH, HEIGHT = 1000, 631
OVER = 2  # drawn twice as large, then made smaller: smooth strokes
Colour = tuple[int, int, int]
_INK, _LABEL = (32, 30, 36), (70, 128, 178)
FRONT: tuple[Colour, Colour] = (205, 222, 236), (238, 214, 214)
"""The waves of the side with the portrait."""
_ADDRESS_CHARACTERS = 11
_RISE = 0.37  # from the middle of a line down to its baseline, in heights of its characters

Box = tuple[float, float, float, float]
"""left, top, right, bottom in dots of the card."""


@dataclass(frozen=True)
class Face:
    """One side. `fields`: what is printed, by the field's name; `boxes`: where, by the same names.

    `picture` is 1000 x 631 dots; the side itself is `aspect` times as wide as high.
    """

    side: str
    picture: Image.Image
    fields: dict[str, str]
    boxes: dict[str, Box]
    document: str = "resident_id"
    aspect: float = WIDTH / HEIGHT


@dataclass(frozen=True)
class Fonts:
    """A face for labels and texts: `path`, `index` in a collection, `weight` of a variable one or None."""

    path: str
    index: int = 0
    weight: int | None = None


@cache
def font(fonts: Fonts, size: int) -> ImageFont.FreeTypeFont:
    """Return the face in `size` dots."""
    found = ImageFont.truetype(fonts.path, size, index=fonts.index)
    if fonts.weight is not None:
        found.set_variation_by_axes([fonts.weight])
    return found


OCR_B = Fonts(str(files("ocr.synth").joinpath("fonts/OCRB.otf")))


class Sheet:
    """Draws at twice the size, and notes where each field comes to stand."""

    def __init__(self, chance: Random, fonts: Fonts, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
        """Take the typeface, and the size of the flat document in dots; the paper is white, nearly."""
        self._fonts, self._size = fonts, size
        self.boxes: dict[str, Box] = {}
        self.picture = Image.new("RGB", (size[0] * OVER, size[1] * OVER), _paper(chance))
        self.draw = ImageDraw.Draw(self.picture)
        # The whole personal print is laid on in one pass, never quite in the same place.
        self._dx, self._dy = chance.uniform(-6, 6), chance.uniform(-5, 5)
        own = Random(f"{self._dx} {self._dy}")  # noqa: S311
        self._aside = own.uniform(-5, 5), own.uniform(-4, 4)  # of the labels
        self.stretch = own.uniform(0.93, 1.07)

    # Rows are given by their middles: faces differ in what is above and below.
    def label(  # noqa: PLR0917  (place, text, size, as everywhere here)
        self, x: float, y: float, text: str, size: int = 30, pitch: float | None = None, colour: Colour = _LABEL
    ) -> None:
        """Print what every document has. `y`: the middle of the line; `pitch` 0: as far apart as in the typeface."""
        face = font(self._fonts, size * OVER)
        for number, character in enumerate(text):
            left = (
                x + self._aside[0] + (face.getlength(text[:number]) / OVER if pitch == 0 else number * (pitch or size))
            )
            self.draw.text(
                (OVER * left, OVER * (y + self._aside[1] + _RISE * size)), character, colour, face, anchor="ls"
            )

    def text(
        self,
        name: str,
        x: float,
        y: float,
        text: str,
        size: int,
        *,
        fonts: Fonts | None = None,
        pitch: float = 0,
        colour: Colour = _INK,
    ) -> None:
        """Print a field, or a part of it; `pitch`: dots from a character to the next, 0 as the typeface has it."""
        face = font(fonts or self._fonts, size * OVER)
        x, y = x + self._dx, y + self._dy + _RISE * size
        right = x
        for character in text:
            self.draw.text((OVER * right, OVER * y), character, colour, face, anchor="ls")
            right += pitch or face.getlength(character) / OVER
        left, top, _, bottom = self.draw.textbbox((OVER * x, OVER * y), text, face, anchor="ls")
        box = (left / OVER, top / OVER, right, bottom / OVER)
        old = self.boxes.get(name)
        self.boxes[name] = box if old is None else (
            min(old[0], box[0]), min(old[1], box[1]), max(old[2], box[2]), max(old[3], box[3])
        )  # fmt: skip

    def face(self, side: str, fields: dict[str, str], document: str = "resident_id") -> Face:
        """Return what was drawn, 1000 x 631 dots, whatever shape it has."""
        small = self.picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        x, y = WIDTH / self._size[0], HEIGHT / self._size[1]
        boxes = {name: (box[0] * x, box[1] * y, box[2] * x, box[3] * y) for name, box in self.boxes.items()}
        return Face(side, small, fields, boxes, document, self._size[0] / self._size[1])


def front(person: Person, chance: Random, fonts: Fonts) -> Face:
    """Draw the side with the portrait; somebody without ethnicity gets no label for one, either."""
    sheet = Sheet(chance, fonts)
    guilloche(sheet, chance, *FRONT)
    for x, y, text in (
        (80, 112, "姓名"), (80, 188, "性别"), (306, 188, "民族"), (80, 264, "出生"),
        (306, 264, "年"), (403, 264, "月"), (499, 264, "日"), (80, 343, "住址"),
    ):  # fmt: skip
        if text != "民族" or person.ethnicity:
            sheet.label(x, y, text, 29, pitch=50)
    sheet.label(80, 539, "公民身份号码", pitch=35.4 * sheet.stretch)
    portrait(sheet, chance, person.sex)
    name(sheet, person.name)
    sheet.text("sex", 197, 188, person.sex, 34)
    if person.ethnicity:
        sheet.text("ethnicity", 396, 188, person.ethnicity, 34)
    year, month, day = f"{person.birth.year}", f"{person.birth.month}", f"{person.birth.day}"
    sheet.text("birth", 194, 264, year, 34)
    sheet.text("birth", 361 if len(month) == 1 else 351, 264, month, 34)
    sheet.text("birth", 458 if len(day) == 1 else 448, 264, day, 34)
    for number, start in enumerate(range(0, len(person.address), _ADDRESS_CHARACTERS)):
        line = person.address[start : start + _ADDRESS_CHARACTERS]
        sheet.text("address", 191, 343 + number * 48, line, 34, pitch=0)
    sheet.text("id_number", 355, 539, person.id_number, 42, fonts=OCR_B, pitch=29.4)
    fields = {
        "name": person.name,
        "sex": person.sex,
        "ethnicity": person.ethnicity,
        "birth": person.birth.isoformat(),
        "address": person.address,
        "id_number": person.id_number,
    }
    return sheet.face("front", fields)


def name(sheet: Sheet, text: str) -> None:
    """Print somebody's name where the front has it."""
    sheet.text("name", 197, 112, text, 40, pitch=44 if "·" not in text else 0)


def back(person: Person, chance: Random, fonts: Fonts) -> Face:
    """Draw the side with the emblem."""
    sheet = Sheet(chance, fonts)
    guilloche(sheet, chance, (226, 226, 212), (240, 212, 208))
    emblem(sheet)
    for text, left, y, size, pitch in (("中华人民共和国", 352, 105, 56, 79.3), ("居民身份证", 310, 216, 84, 131.5)):
        for number, character in enumerate(text):
            at = (OVER * (left + number * pitch), OVER * (y + _RISE * size))
            sheet.draw.text(at, character, (52, 46, 46), font(fonts, size * OVER), anchor="ls")
    sheet.label(241, 465, "签发机关", pitch=34.6)
    sheet.label(241, 541, "有效期限", pitch=34.6)
    sheet.text("authority", 398, 465, person.authority, 34)
    until = "长期" if person.valid_until is None else _dotted(person.valid_until)
    sheet.text("validity", 398, 541, f"{_dotted(person.valid_from)}-{until}", 34)
    fields = {
        "authority": person.authority,
        "valid_from": person.valid_from.isoformat(),
        "valid_until": "长期" if person.valid_until is None else person.valid_until.isoformat(),
    }
    return sheet.face("back", fields)


def _dotted(day: date) -> str:
    return f"{day:%Y.%m.%d}"


def _paper(chance: Random) -> tuple[int, int, int]:
    light = chance.randrange(226, 246)
    return light - chance.randrange(0, 8), light, light + chance.randrange(0, 8)


def guilloche(sheet: Sheet, chance: Random, cool: tuple[int, int, int], warm: tuple[int, int, int]) -> None:
    """Lay the fine waves of both printing colours over the paper."""
    width, height = sheet.picture.size
    xs = np.arange(0, width + 12, 12)
    for colour, count, swing in ((cool, 44, 26.0), (warm, 26, 60.0)):
        period, drift = chance.uniform(260, 520), chance.uniform(0, 6.28)
        for number in range(count):
            base = (number + 0.5) * height / count
            ys = base + swing * np.sin(xs / period * 2 * math.pi + drift + number * 0.35)
            sheet.draw.line(list(map(tuple, np.stack([xs, ys], axis=1).tolist())), fill=colour, width=3)
    for number in range(16):  # the rosette behind the texts
        radius = 60 + number * 22
        middle = width * 0.42, height * 0.5
        turn = np.linspace(0, 2 * math.pi, 120)
        wave = radius * (1 + 0.08 * np.sin(8 * turn + number * 0.5))
        points = np.stack([middle[0] + wave * np.cos(turn), middle[1] + 0.8 * wave * np.sin(turn)], axis=1)
        sheet.draw.line(list(map(tuple, points.tolist())), fill=warm, width=2)


def portrait(sheet: Sheet, chance: Random, sex: str, place: tuple[int, int, int, int] = (655, 80, 937, 452)) -> None:
    """Draw one of three styles of a head: long hair, short hair, bald with a beard."""
    left, top, right, bottom = place
    drawn = _head(chance, sex, sheet.picture.getpixel((4, 4)))
    head = drawn.resize(((right - left) * OVER, (bottom - top) * OVER)) if place != (655, 80, 937, 452) else drawn
    under = sheet.picture.crop((left * OVER, top * OVER, right * OVER, bottom * OVER))
    sheet.picture.paste(ImageChops.darker(head, under), (left * OVER, top * OVER))
    sheet.boxes["portrait"] = place


def _head(chance: Random, sex: str, paper: Any) -> Image.Image:
    wide, high = 282, 372
    size = (wide * OVER, high * OVER)
    picture = Image.new("RGB", size, paper)  # the paper shows through
    pen = ImageDraw.Draw(picture)
    skin = chance.choice([(226, 188, 160), (208, 164, 132), (238, 206, 184), (190, 148, 120)])
    hair = chance.choice([(28, 24, 24), (52, 40, 34), (120, 118, 118), (18, 18, 22)])
    coat = chance.choice([(40, 44, 60), (90, 30, 36), (30, 70, 60), (110, 110, 120), (240, 240, 240), (20, 20, 22)])
    middle, eyes = size[0] // 2, int(size[1] * 0.42)
    style = chance.choice(["long", "long", "short"] if sex == "女" else ["short", "short", "bald"])
    if style == "long":
        pen.ellipse((middle - 190, 40, middle + 190, size[1] - 90), fill=hair)
    pen.rounded_rectangle((40, size[1] - 190, size[0] - 40, size[1] + 120), 110, fill=coat)
    pen.polygon(
        [(middle - 60, size[1] - 190), (middle + 60, size[1] - 190), (middle, size[1] - 80)], fill=(245, 245, 245)
    )
    pen.rectangle((middle - 52, eyes + 120, middle + 52, size[1] - 160), fill=skin)
    pen.ellipse((middle - 135, 90, middle + 135, size[1] - 190), fill=skin)
    if style != "bald":
        pen.pieslice((middle - 148, 60, middle + 148, 420), 180, 360, fill=hair)
        pen.rectangle((middle - 100, 190, middle + 100, 245), fill=skin)
    for side in (-1, 1):
        x = middle + side * 58
        pen.line((x - 30, eyes - 34, x + 30, eyes - 36), fill=hair, width=9)
        pen.ellipse((x - 22, eyes - 10, x + 22, eyes + 10), fill=(250, 250, 250))
        pen.ellipse((x - 10, eyes - 10, x + 10, eyes + 10), fill=(30, 24, 24))
    pen.line((middle, eyes + 20, middle - 14, eyes + 90, middle + 10, eyes + 94), fill=(150, 110, 90), width=5)
    pen.arc((middle - 46, eyes + 110, middle + 46, eyes + 156), 20, 160, fill=(150, 60, 60), width=9)
    return picture.filter(ImageFilter.GaussianBlur(2.5))


def emblem(sheet: Sheet) -> None:
    """Draw something like the national emblem."""
    draw, red, gold = sheet.draw, (196, 58, 54), (222, 176, 96)
    left, top, right, bottom = (value * OVER for value in (75, 60, 245, 250))
    draw.ellipse((left, top, right, bottom), fill=red, outline=gold, width=16)
    draw.rectangle((left + 70, top + 210, right - 70, top + 250), fill=gold)
    for x, y, size in ((170, 120, 30), (110, 160, 11), (140, 90, 11), (200, 90, 11), (230, 160, 11)):
        points = [
            (
                left + x + size * (1 if corner % 2 == 0 else 0.4) * math.sin(corner * math.pi / 5),
                top + y - size * (1 if corner % 2 == 0 else 0.4) * math.cos(corner * math.pi / 5),
            )
            for corner in range(10)
        ]
        draw.polygon(points, fill=gold)
