"""The name on a card alone, printed, photographed and flattened: for a tenth of the time that a whole picture takes."""

from functools import cache
from random import Random

import numpy as np
from PIL import Image, ImageDraw

from ocr.arrays import Pixels
from ocr.synth import faces, scenes
from ocr.synth.scenes import Level
from ocr.synth.typefaces import typefaces

WIDTH, HEIGHT = 620, 180  # dots from the card's top left corner
_PAPERS = 12


def name(text: str, level: Level, chance: Random) -> Pixels:
    """Return HEIGHT x WIDTH dots of a flat card with this name, seen as pictures of a level are, without mishaps."""
    sheet = faces.Sheet(chance, chance.choice(typefaces()), (WIDTH, HEIGHT))
    sheet.picture = chance.choice(_papers()).copy()
    sheet.draw = ImageDraw.Draw(sheet.picture)
    faces.name(sheet, text)
    strip = np.asarray(sheet.picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))[:, :, ::-1]
    return scenes.photograph_strip(np.ascontiguousarray(strip), level, chance)


@cache
def _papers() -> tuple[Image.Image, ...]:
    """Return the top left of cards with nothing printed on them but waves, twice as large."""
    papers = []
    for number in range(_PAPERS):
        chance = Random(f"paper {number}")  # noqa: S311  (no secret: it must be repeatable)
        sheet = faces.Sheet(chance, chance.choice(typefaces()))
        faces.guilloche(sheet, chance, *faces.FRONT)
        papers.append(sheet.picture.crop((0, 0, WIDTH * faces.OVER, HEIGHT * faces.OVER)))
    return tuple(papers)
