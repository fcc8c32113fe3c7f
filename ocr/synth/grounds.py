"""What a card may lie on: the tray of a terminal, a desk, wood, a printed page."""

from random import Random

import cv2
import numpy as np

from ocr.arrays import Plane


def _plain(size: tuple[int, int], chance: Random) -> Plane:
    base = np.array([chance.randrange(40, 215) for _ in range(3)], np.float32)
    base = base * 0.4 + base.mean() * 0.6
    return _slope(np.ones((*size, 3), np.float32) * base, chance)


def _pale(size: tuple[int, int], chance: Random) -> Plane:
    """Lay a ground as light as the card itself."""
    return _slope(np.ones((*size, 3), np.float32) * chance.randrange(205, 240), chance)


def _tray(size: tuple[int, int], chance: Random) -> Plane:
    """Lay the dark tray of a terminal, lit by LEDs."""
    tray = np.ones((*size, 3), np.float32) * chance.randrange(18, 70)
    return _slope(tray, chance, 0.15)


def _wood(size: tuple[int, int], chance: Random) -> Plane:
    height, width = size
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    noise = np.random.default_rng(chance.randrange(2**63))
    grain = cv2.resize(
        noise.normal(0, 1, (max(height // 6, 2), max(width // 90, 2))).astype(np.float32), (width, height)
    )
    rings = np.sin(y / chance.uniform(9, 22) + grain * 2 + x / 300)
    base = np.array([chance.randrange(40, 110), chance.randrange(80, 140), chance.randrange(120, 190)], np.float32)
    return np.asarray(base + (rings * 10 + grain * 6)[..., None], np.float32)


def _paper(size: tuple[int, int], chance: Random) -> Plane:
    """Lay a printed page."""
    page = np.full((*size, 3), chance.randrange(220, 250), np.uint8)
    height, width = size
    pitch = chance.randrange(22, 40)
    for top in range(pitch, height - pitch, pitch):
        x = chance.randrange(10, 60)
        while x < width - 30:
            word = chance.randrange(14, 90)
            letters = "".join(chance.choice("abcdefghiklmnoprstuvw0123456789") for _ in range(word // 9 + 1))
            cv2.putText(page, letters, (x, top), cv2.FONT_HERSHEY_SIMPLEX, pitch / 48, (40, 40, 40), 1, cv2.LINE_AA)
            x += word + 16
    return page.astype(np.float32)


def _busy(size: tuple[int, int], chance: Random) -> Plane:
    """Lay a desk with things on it."""
    desk = _wood(size, chance) if chance.random() < 0.5 else _plain(size, chance)
    height, width = size
    for _ in range(chance.randrange(5, 14)):
        colour = tuple(chance.randrange(20, 245) for _ in range(3))
        middle = (chance.randrange(width), chance.randrange(height))
        if chance.random() < 0.6:
            box = cv2.boxPoints(
                (middle, (chance.randrange(40, 500), chance.randrange(30, 300)), chance.uniform(0, 180))
            )
            cv2.fillConvexPoly(desk, box.astype(np.int32), colour, cv2.LINE_AA)
            if chance.random() < 0.5:
                cv2.polylines(desk, [box.astype(np.int32)], True, (30, 30, 30), 2, cv2.LINE_AA)
        else:
            cv2.circle(desk, middle, chance.randrange(15, 130), colour, -1, cv2.LINE_AA)
    return desk


def _slope(picture: Plane, chance: Random, strength: float = 0.3) -> Plane:
    height, width = picture.shape[:2]
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    slope = 1 + strength * (chance.uniform(-1, 1) * x + chance.uniform(-1, 1) * y) / 2
    return np.asarray(picture * slope[..., None], np.float32)


GROUNDS = {"plain": _plain, "pale": _pale, "tray": _tray, "wood": _wood, "paper": _paper, "busy": _busy}
