"""Numbered test pictures: the same number of the same set and level is the same picture, always."""

from dataclasses import replace
from datetime import date, timedelta
from enum import Enum
from random import Random

from kiosk_core.id_card_reader import check_character
from ocr import regions
from ocr.id_card import Risk
from ocr.synth import faces, scenes
from ocr.synth.documents import DOCUMENTS
from ocr.synth.people import Person, person
from ocr.synth.scenes import Level, Scene
from ocr.synth.strangers import STRANGERS
from ocr.synth.typefaces import typefaces

TODAY = date(2026, 6, 1)
"""The day on which all pictures are taken: cards that expired before it have expired."""


class Set(Enum):
    """What pictures are for. What is tuned on one set is judged on another."""

    TRAIN = "train"
    DEV = "dev"
    TEST = "test"


def sample(purpose: Set, level: Level, number: int) -> Scene:
    """Return a picture with one card, six fronts for four backs."""
    chance = Random(f"{purpose.value}/{level.value}/{number}")  # noqa: S311  (no secret: it must be repeatable)
    who = person(chance, TODAY)
    draw = faces.front if chance.random() < 0.6 else faces.back
    return scenes.photograph(draw(who, chance, chance.choice(typefaces())), level, chance)


def document_sample(purpose: Set, name: str, level: Level, number: int) -> Scene:
    """Return a picture with one other document, of the layout of this name."""
    chance = Random(f"{purpose.value}/{name}/{level.value}/{number}")  # noqa: S311
    return scenes.photograph(DOCUMENTS[name](chance, chance.choice(typefaces())), level, chance)


def risk_sample(purpose: Set, risk: Risk | None, number: int) -> Scene:
    """Return a picture that has a risk, or to which for None nothing was done on purpose; levels take turns."""
    level = tuple(Level)[number % 3]
    if risk is None:
        return sample(purpose, level, 100_000 + number)
    chance = Random(f"{purpose.value}/{risk.value}/{number}")  # noqa: S311
    who, fonts = person(chance, TODAY), chance.choice(typefaces())
    draw = faces.front if chance.random() < 0.6 else faces.back
    match risk:
        case Risk.EXPIRED:
            face = faces.back(_expired(who, chance), chance, fonts)
        case Risk.NUMBER_DISAGREES:
            face = faces.front(_disagreeing(who, chance), chance, fonts)
        case Risk.REGION_UNKNOWN:
            face = faces.front(_from_nowhere(who, chance), chance, fonts)
        case Risk.PHOTOCOPY:
            sides = [faces.front(who, chance, fonts), faces.back(who, chance, fonts)]
            chance.shuffle(sides)
            return scenes.photograph_copy(sides[: chance.randrange(1, 3)], fonts, level, chance)
        case Risk.SCREEN:
            return scenes.photograph_screen(draw(who, chance, fonts), level, chance)
        case Risk.EDITED:
            other = draw(person(chance, TODAY), chance, chance.choice(typefaces()))
            return scenes.photograph_forged(draw(who, chance, fonts), other, chance.choice(typefaces()), level, chance)
        case _:
            return scenes.photograph(draw(who, chance, fonts), level, chance, risk)
    scene = scenes.photograph(face, level, chance)
    return replace(scene, risks=scene.risks | {risk})


def stranger(purpose: Set, number: int) -> Scene:
    """Return a picture in which there is no resident ID card; `effects` says what there is."""
    chance = Random(f"{purpose.value}/stranger/{number}")  # noqa: S311
    kind = sorted(STRANGERS)[number % len(STRANGERS)]
    return scenes.photograph_other(STRANGERS[kind](chance, chance.choice(typefaces())), kind, chance)


def _expired(who: Person, chance: Random) -> Person:
    """Let somebody's card run out between yesterday and six years ago."""
    until = TODAY - timedelta(days=chance.randrange(1, 6 * 365))
    years = chance.choice((5, 10, 20))
    day = min(until.day, 28)
    return replace(who, valid_from=until.replace(year=until.year - years, day=day), valid_until=until.replace(day=day))


def _disagreeing(who: Person, chance: Random) -> Person:
    """Print another birth or another sex than the number has."""
    if chance.random() < 0.5:
        return replace(who, sex="女" if who.sex == "男" else "男")
    return replace(who, birth=who.birth + timedelta(days=chance.choice((-1, 1)) * chance.randrange(1, 4000)))


def _from_nowhere(who: Person, chance: Random) -> Person:
    """Give somebody a number that is right in itself and whose region never was."""
    while True:
        code = f"{chance.choice((1, 2, 3, 4, 5, 6))}{chance.randrange(100_000):05}"
        if not regions.known(code):
            number = code + who.id_number[6:17]
            return replace(who, id_number=number + check_character(number))
