"""Draws the cards that lie under the simulator's camera: python -m ocr.synth.specimens device_sim/id_pictures."""

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

import cv2
import numpy as np
from PIL import ImageDraw

from kiosk_core.id_card_reader import check_character
from ocr.arrays import Pixels
from ocr.synth import faces
from ocr.synth.faces import HEIGHT, WIDTH, Face
from ocr.synth.mishaps import wear
from ocr.synth.people import Person
from ocr.synth.typefaces import typefaces

_QUALITY = 80


def _person(name: str, birth: date, region: str, address: str, authority: str, *valid: date) -> Person:
    """Return nobody: order code 000 of a day is never given to anyone; even as it is, it makes a woman."""
    digits = f"{region}{birth:%Y%m%d}000"
    number = digits + check_character(digits)
    return Person(name, "女", "汉", birth, address, number, authority, valid[0], valid[1] if valid[1:] else None)


PEOPLE = {
    "citizen": _person(
        "甄模拟", date(1990, 1, 1), "110101", "北京市东城区虚构路1号", "北京市公安局东城分局",
        date(2025, 3, 1), date(2045, 3, 1),
    ),
    "worn": _person(
        "禤虚晞", date(1958, 5, 6), "350102", "福建省福州市鼓楼区示例巷3号", "福州市公安局鼓楼分局", date(2010, 1, 1),
    ),
    "expired": _person(
        "贾过期", date(1975, 6, 15), "320102", "江苏省南京市玄武区样本街8号", "南京市公安局玄武分局",
        date(2005, 8, 1), date(2025, 8, 1),
    ),
}  # fmt: skip
"""Whose cards they are, by the names of the pictures."""


def pictures() -> Iterator[tuple[str, Pixels]]:
    """Yield the name of each file and its picture, 1000 x 631 dots, BGR; always the same."""
    for name, who in PEOPLE.items():
        for draw in (faces.front, faces.back):
            chance = Random(f"specimen/{name}/{draw.__name__}/2")  # noqa: S311  (no secret: it must be repeatable)
            face = _marked(draw(who, chance, typefaces()[0]))
            flat = np.asarray(face.picture)[:, :, ::-1].copy()
            yield f"{name}_{face.side}.jpg", _worn(flat, chance) if (name, face.side) == ("worn", "front") else flat


def _marked(face: Face) -> Face:
    """Say on the card itself that it is none."""
    pen, font = ImageDraw.Draw(face.picture), faces.font(typefaces()[0], 24)
    where = (WIDTH - 210, 456) if face.side == "front" else (84, 276)
    pen.text(where, "样本 SPECIMEN", (150, 160, 172), font)
    return face


def _worn(card: Pixels, chance: Random) -> Pixels:
    """Return a card that was carried for years without a case: scratched, name and address rubbed off in part."""
    for _ in range(3):
        wear(card, chance)
    rubbed = np.zeros((HEIGHT, WIDTH), np.float32)
    for x, y, length in ((205, 96, 110), (300, 345, 190)):
        cv2.ellipse(rubbed, (x, y), (length // 2, 26), -8.0, 0, 360, 1.0, -1)
    rubbed = cv2.GaussianBlur(rubbed, (0, 0), 9)[..., None] * 0.78
    pale = cv2.GaussianBlur(card, (0, 0), 2.2).astype(np.float32) * 0.35 + 0.65 * 232
    return np.asarray(card * (1 - rubbed) + pale * rubbed, np.uint8)


def main() -> None:
    """Write them into the folder that is named."""
    for name, picture in pictures():
        jpeg = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))[1]
        Path(sys.argv[1], name).write_bytes(jpeg.tobytes())


if __name__ == "__main__":
    main()
