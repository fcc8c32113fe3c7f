"""Films of a card that is laid under a terminal's camera: the desk, a hand, focus, shaking, passing glare, and rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np

from ocr.arrays import Pixels, Plane, Points
from ocr.synth import faces
from ocr.synth.faces import HEIGHT, WIDTH, Face
from ocr.synth.grounds import GROUNDS
from ocr.synth.mishaps import card_matrix, finger, glare
from ocr.synth.people import person
from ocr.synth.samples import TODAY, Set
from ocr.synth.typefaces import typefaces

PER_SECOND = 5
"""Pictures: so many are read of those that a camera takes."""
SECONDS = 14
_SIZE = 1024, 768
_LAID, _SHARP, _CALM, _CLEAR = 1.4, 2.2, 2.6, 3.8  # when the card lies, is in focus, is at rest, and glare has gone
_ARRIVES = 0.6


@dataclass(frozen=True)
class Film:
    """The pictures of a card being laid down and left there, `SECONDS` long, the same every time they are drawn."""

    face: Face
    seed: str
    side: str

    def frames(self) -> Iterator[Pixels]:
        """Yield one picture after the other, height x width x 3, BGR."""
        chance = Random(self.seed)  # noqa: S311  (no secret: it must be repeatable)
        noise = np.random.default_rng(chance.randrange(2**63))
        ground = GROUNDS[chance.choice(("tray", "tray", "wood", "plain"))](_SIZE[::-1], chance).astype(np.float32)
        scene = _Scene(np.asarray(self.face.picture)[:, :, ::-1].copy(), ground, chance)
        for number in range(PER_SECOND * SECONDS):
            yield scene.at(number / PER_SECOND, noise)


def film(purpose: Set, number: int) -> Film:
    """Return a film of a set: fronts and backs in turn."""
    seed = f"{purpose.value}/film/{number}"
    chance = Random(f"{seed}/card")  # noqa: S311
    side, draw = ("front", faces.front) if number % 2 == 0 else ("back", faces.back)
    return Film(draw(person(chance, TODAY), chance, chance.choice(typefaces())), seed, side)


class _Scene:
    """Where the card comes to lie, and how well the camera sees it in the end."""

    def __init__(self, card: Pixels, ground: Plane, chance: Random) -> None:
        self._card, self._ground, self._chance = card, ground, chance
        wide = chance.uniform(470, 800)
        high = wide * HEIGHT / WIDTH
        flat = np.array([[-wide, -high], [wide, -high], [wide, high], [-wide, high]]) / 2
        flat += [[chance.uniform(-0.015, 0.015) * wide for _ in range(2)] for _ in range(4)]
        angle = np.radians(chance.uniform(-8, 8))
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        self._rest: Points = flat @ turn + np.array(_SIZE) / 2 + [chance.uniform(-30, 30), chance.uniform(-20, 20)]
        self._from = np.array([chance.choice((-1, 1)) * 0.9 * _SIZE[0], chance.uniform(-0.3, 0.3) * _SIZE[1]])
        self._light = chance.uniform(0.7, 1.1)
        self._blur = chance.uniform(0.3, 1.3)
        self._grain = chance.uniform(2, 10)
        self._jpeg = chance.randrange(55, 92)
        self._stays = chance.random() < 0.25  # some glare never goes
        self._lamp = chance.uniform(0.2, 0.8)

    def at(self, when: float, noise: np.random.Generator) -> Pixels:
        """Return the picture of the moment, in seconds from the empty desk on."""
        chance, picture, blur, moved = self._chance, self._ground.copy(), self._blur, 0.0
        if when >= _ARRIVES:
            corners = self._rest.copy()
            if when < _LAID:
                corners += self._from * (1 - (when - _ARRIVES) / (_LAID - _ARRIVES)) ** 2
                moved = 9.0
            elif when < _SHARP:
                blur += 3.0 * abs(np.cos(4 * (when - _LAID)))  # the lens hunts for its focus
            elif when < _CALM:
                corners += [chance.uniform(-25, 25), chance.uniform(-18, 18)]
                moved = 5.0
            corners += [chance.gauss(0, 0.4), chance.gauss(0, 0.4)]
            picture = _laid(picture, self._card, corners)
            if when < _CALM:
                picture, _ = finger(picture, corners, chance)
            if _CALM <= when < _CLEAR or self._stays:
                picture, _ = self._mirror(picture, corners, when)
        picture = cv2.GaussianBlur(picture * self._light, (0, 0), blur)
        if moved:
            picture = cv2.blur(picture, (max(round(moved), 1), 1))
        grainy = picture + noise.standard_normal(picture.shape, np.float32) * self._grain
        jpeg = cv2.imencode(".jpg", np.clip(grainy, 0, 255).astype(np.uint8), (cv2.IMWRITE_JPEG_QUALITY, self._jpeg))[1]
        return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)

    def _mirror(self, picture: Plane, corners: Points, when: float) -> tuple[Plane, Plane]:
        """Let a lamp pass over the card, or stay on it."""
        share = self._lamp if self._stays else (when - _CALM) / (_CLEAR - _CALM)
        x, y = share * 0.9 * WIDTH, (0.15 + 0.7 * share) * HEIGHT
        same = Random(f"{self._lamp}/{round(share, 2)}")  # noqa: S311  (what stays is the same lamp)
        return glare(picture, corners, same, (x, y, x + 60, y + 40))


def _laid(picture: Plane, card: Pixels, corners: Points) -> Plane:
    across = float(np.linalg.norm(corners[1] - corners[0]))
    soft = cv2.GaussianBlur(card, (0, 0), max(0.35 * WIDTH / across, 0.3))
    matrix = card_matrix(corners)
    mask = cv2.warpPerspective(np.ones(card.shape[:2], np.float32), matrix, _SIZE)[..., None]
    return np.asarray(picture * (1 - mask) + cv2.warpPerspective(soft, matrix, _SIZE) * mask, np.float32)
