"""Numbered test pictures: the same number of the same set and level is the same picture, always."""

from enum import Enum
from random import Random

from ocr.synth import faces, scenes
from ocr.synth.people import person
from ocr.synth.scenes import Level, Scene
from ocr.synth.typefaces import typefaces


class Set(Enum):
    """What pictures are for. What is tuned on one set is judged on another."""

    TRAIN = "train"
    DEV = "dev"
    TEST = "test"


def sample(purpose: Set, level: Level, number: int) -> Scene:
    """Return a picture with one card, six fronts for four backs."""
    chance = Random(f"{purpose.value}/{level.value}/{number}")  # noqa: S311  (no secret: it must be repeatable)
    who = person(chance)
    draw = faces.front if chance.random() < 0.6 else faces.back
    return scenes.photograph(draw(who, chance, chance.choice(typefaces())), level, chance)
