"""Pictures of pictures: a card on a screen, with the screen's grid of dots, moire, bands and bezel."""

from random import Random

import cv2
import numpy as np

from ocr.arrays import Pixels, Plane, Points

_SUB = 3  # a dot of a screen is three stripes wide


def on_screen(shown: Pixels, corners: Points, chance: Random) -> tuple[Plane, Points]:
    """Photograph a screen that shows a picture. Return the photo and where the corners of the card are in it."""
    dots = chance.uniform(420, 760) / float(np.linalg.norm(corners[1] - corners[0]))  # of the screen, across the card
    small = cv2.resize(shown, None, fx=dots, fy=dots, interpolation=cv2.INTER_AREA)
    bezel = chance.randrange(6, 60)
    small = cv2.copyMakeBorder(small, bezel, bezel, bezel, bezel, cv2.BORDER_CONSTANT, value=(14, 13, 12))
    grid: Plane = np.repeat(np.repeat(small, _SUB, axis=0), _SUB, axis=1).astype(np.float32)
    stripes: Plane = np.zeros((1, _SUB, 3), np.float32)
    order = (2, 1, 0) if chance.random() < 0.8 else (0, 1, 2)
    leak = chance.uniform(0.1, 0.4)  # what a stripe lets through of the other colours
    for stripe, channel in enumerate(order):
        stripes[0, stripe] = leak
        stripes[0, stripe, channel] = 3 - 2 * leak
    grid *= np.tile(stripes, (1, small.shape[1], 1))
    grid[_SUB - 1 :: _SUB] *= chance.uniform(0.35, 0.7)  # the gap between rows
    high, wide = grid.shape[:2]
    pitch = chance.uniform(1.1, 2.3)  # dots of the camera for one of the screen
    scale = pitch / _SUB
    turn = np.radians(chance.uniform(-6, 6))
    square = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], float) * scale
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    seen = (square - square.mean(axis=0)) @ spin.T
    seen = seen + [[chance.uniform(-0.03, 0.03) * wide * scale for _ in range(2)] for _ in range(4)]
    seen = seen - seen.min(axis=0)
    size = np.ceil(seen.max(axis=0)).astype(int)
    matrix = cv2.getPerspectiveTransform(
        np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32), seen.astype(np.float32)
    )
    # What a lens blurs, in stripes; what is left of the grid beats with the dots of the sensor.
    grid = cv2.GaussianBlur(grid, (0, 0), chance.uniform(0.5, 0.9) / scale * 0.55)
    photo = cv2.warpPerspective(grid, matrix, (int(size[0]), int(size[1])), flags=cv2.INTER_LINEAR)
    y = np.linspace(0, 1, photo.shape[0], dtype=np.float32)[:, None, None]
    bands = 1 + chance.uniform(0.01, 0.06) * np.sin(y * chance.uniform(8, 60) + chance.uniform(0, 6))
    cold = np.array([chance.uniform(1.0, 1.12), 1.0, chance.uniform(0.9, 1.0)], np.float32)
    at = ((corners * dots + bezel) * _SUB)[None].astype(float)
    return np.asarray(photo * bands * cold, np.float32), np.asarray(cv2.perspectiveTransform(at, matrix)[0])
