"""Fit how likely each kind of field is right, on training pictures: writes ocr/data/doubt.json.

    python -m benchmarks.fit_ocr_doubt [PICTURES OF EACH LEVEL]

Cards lie where the finder has them, and each is read with one look at every line and with several. Names are the
fields that no list or rule knows: three times as many of each level and each of CLASSES are printed alone. Coefficients
are drawn towards what common sense says (PRIOR), for some kinds of fields are hardly ever wrong. A field is sure from
where fewer than one in 4,000 is wrong and sure, both as counted on fields that the coefficients were not fitted to,
fold by fold, and as the chances themselves would have it: so no threshold lies where nothing was counted. Half of that
may be spent on fields that were looked at once.
"""

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.options import how_many
from ocr import rules
from ocr.arrays import Pixels
from ocr.doubt import Signs
from ocr.field_reader import FieldReader, Seen
from ocr.finder import CardFinder
from ocr.id_card import RESIDENT_ID
from ocr.layout import Layout, layout, layouts
from ocr.projection import to_picture
from ocr.recogniser import OnnxRecogniser, QuickRecogniser
from ocr.synth import strips
from ocr.synth.people import RARE_GIVEN, person
from ocr.synth.samples import Set, sample
from ocr.synth.scenes import Level, Scene

SEED = "doubt"
GROUPS = ("name", "address", "authority", "id_number birth validity", "sex ethnicity")
# For 1 and then the signs in the order of doubt.Signs: what would be expected of them without any picture.
PRIOR = (2.2, 0.6, 0.2, 4.0, 4.0, 0.0, -3.0, -4.0, -0.5, 2.0, 2.0, -2.0)
# How much a name counts, by where a character of it is from. Of a hundred people, about ten are called by one of the
# second level of GB 2312, and fewer than one by one that only the 20,902 of GBK have; of those of ocr/synth, 20 by one
# that is listed there as rare. Counted is whichever is more.
CLASSES = {"first": 1.0, "second": 0.1, "listed": 0.3, "any": 0.01}
_NAMES = 3  # of each level and class for a picture: they cost little, and are the fields most often wrong
_PULL = 0.5  # how strongly coefficients are drawn to the prior
_SELDOM = 1 / 4000  # of all fields
_LEAST = 0.98  # no field is sure that is wrong once in fifty times, however few there are
_FOLDS = 10
_TARGET = Path(__file__).parent.parent / "ocr" / "data" / "doubt.json"


@dataclass(frozen=True)
class Look:
    """A field as it was read: its signs, whether it was right, and whether it is sure where its chance is enough.

    `open`: it is; rules neither prove it nor ask it back.
    """

    signs: Signs
    right: bool
    open: bool


@dataclass(frozen=True)
class Outcome:
    """A field: its kind, how it was read with one look and with several, and how much it counts."""

    kind: str
    looks: tuple[Look, ...]
    weight: float = 1.0


def _never(_kind: str, _signs: Signs) -> bool:
    return False


def _always(_kind: str, _signs: Signs) -> bool:
    return True


class Trial:
    """Reads pictures whose truth is known, once with one look at each line and once with several."""

    def __init__(self) -> None:
        recogniser = OnnxRecogniser()
        quick = QuickRecogniser(recogniser.characters)
        self._readers = [FieldReader(recogniser, again, quick=quick) for again in (_never, _always)]
        self._finder = CardFinder(layouts()[RESIDENT_ID], 1)

    def scene(self, scene: Scene) -> Iterator[Outcome]:
        """Yield each field that could be read of a picture's card, if it is found."""
        card = scene.cards[0]
        found = self._finder.find(scene.pixels, most=1)
        if not found or found[0].layout.side != card.face.side:
            return
        side = found[0].layout
        flat = cv2.warpPerspective(
            scene.pixels,
            np.linalg.inv(to_picture(found[0].corners, side.size)),
            side.size,
            borderMode=cv2.BORDER_REPLICATE,
        )
        looks = [_looks(reader, flat, side, card.face.fields) for reader in self._readers]
        for name in card.face.fields:  # what is lost, too: it may not be sure
            if all(name in each for each in looks):
                kind = "validity" if name.startswith("valid") else name
                yield Outcome(kind, tuple(each[name] for each in looks))

    def name(self, level: Level, origin: str, number: int) -> Outcome | None:
        """Return a name of which a character is of this origin; None where nothing was seen."""
        chance = Random(f"{SEED}/{level.value}/{origin}/{number}")  # noqa: S311  (no secret: it must be repeatable)
        truth = person(chance).name[0] + _given(origin, chance)
        flat = strips.name(truth, level, chance)
        side = layout("resident_id_front")
        alone = replace(side, fields=tuple(field for field in side.fields if field.name == "name"))
        looks = [_looks(reader, flat, alone, {"name": truth}) for reader in self._readers]
        seen = all(looks)
        return Outcome("name", tuple(each["name"] for each in looks), CLASSES[origin]) if seen else None


def _given(origin: str, chance: Random) -> str:
    """Return a given name of one or two characters, one of which is of this origin."""
    match origin:
        case "any":
            one = chr(chance.randrange(0x4E00, 0x9FA6))
        case "listed":
            one = chance.choice(RARE_GIVEN)
        case "second":
            one = _gb2312(chance, 0xD8, 0xF8)
        case _:
            one = _gb2312(chance, 0xB0, 0xD7)
    given = [one, *([_gb2312(chance, 0xB0, 0xD7)] * chance.randrange(2))]
    chance.shuffle(given)
    return "".join(given)


def _gb2312(chance: Random, first: int, end: int) -> str:
    """Return a character of one of these rows."""
    return bytes((chance.randrange(first, end), chance.randrange(0xA1, 0xFF))).decode("gb2312")


def _looks(reader: FieldReader, flat: Pixels, side: Layout, truth: Mapping[str, str]) -> dict[str, Look]:
    """Return the fields of which something was read, after rules, by their names."""
    told: dict[str, Signs] = {}

    def note(kind: str, signs: Signs) -> float:
        told[kind] = signs
        return 1.0

    whole = layout(f"resident_id_{side.side}")
    unseen = {field.name: Seen(field.kind, (), Signs(0.0, 0.0), None) for field in whole.fields}
    seen = unseen | reader.read(flat, side)
    tell = rules.front if side.side == "front" else rules.back
    read = vars(tell(seen, dict.fromkeys(seen), reader.interpreter, note))
    kinds = {name: "validity" if name.startswith("valid") else name for name in truth}
    return {
        name: Look(told[kind], read[name].text == truth[name], read[name].sure and not read[name].verified)
        for name, kind in kinds.items()
        if kind in told and read[name].text
    }


def main(number: int) -> None:
    """Read, fit, write and tell."""
    outcomes = list(read(range(number)))
    fitted = {"seed": SEED, "pictures_of_each_level": number, "kinds": fits(outcomes)}
    _TARGET.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")


def read(numbers: Sequence[int]) -> Iterator[Outcome]:
    """Yield the fields of the pictures of these numbers of each level, and names; two processes work."""
    with ProcessPoolExecutor(2) as pool:
        for number, outcomes in zip(numbers, pool.map(_read, numbers), strict=True):
            yield from outcomes
            print(number, file=sys.stderr)


def _read(number: int) -> list[Outcome]:
    trial = _trial()
    outcomes: list[Outcome] = []
    for level in Level:
        outcomes += trial.scene(sample(Set.TRAIN, level, number))
        names = range(number * _NAMES, (number + 1) * _NAMES)
        outcomes += filter(None, (trial.name(level, origin, each) for each in names for origin in CLASSES))
    return outcomes


@cache
def _trial() -> Trial:
    cv2.setNumThreads(1)
    return Trial()


def fits(outcomes: Sequence[Outcome]) -> dict[str, dict[str, object]]:
    """Return the fit of each group of kinds."""
    kinds = {}
    for group in GROUPS:
        kinds[group] = _fit([each for each in outcomes if each.kind in group.split()], _SELDOM)
        print(group, kinds[group])
    return kinds


def _fit(fields: Sequence[Outcome], few: float) -> dict[str, object]:
    looks = _Looks.of(fields)
    fold = np.arange(len(fields)) % _FOLDS
    chance = np.zeros(looks.right.shape)
    for number in range(_FOLDS):
        chance[fold == number] = _chances(looks.measures[fold == number], _weights(looks, fold != number))
    chance[looks.broken | ~looks.open | (chance < _LEAST)] = 0.0
    budget = few * looks.counting.sum()
    at_once = threshold(chance[:, 0], ~looks.right[:, 0], looks.counting, budget / 2)
    taken = (chance[:, 0] >= at_once) * looks.counting
    spent = float((taken * ~looks.right[:, 0]).sum()), float((taken * (1 - chance[:, 0])).sum())
    left = np.where(taken > 0, 0.0, chance[:, 1])
    sure = min(threshold(left, ~looks.right[:, 1], looks.counting, budget, spent), at_once)
    is_sure = (taken > 0) | (left >= sure)
    wrong = np.where(taken > 0, ~looks.right[:, 0], (left >= sure) & ~looks.right[:, 1])
    return {
        "weights": [round(float(weight), 4) for weight in _weights(looks, fold >= 0)],
        "at_once": _below(at_once),
        "sure": _below(sure),
        "fields": len(fields),
        "wrong": int((~looks.right[:, 1]).sum()),
        "share_sure": round(float((is_sure * looks.counting).sum() / looks.counting.sum()), 4),
        "wrong_but_sure": int(wrong.sum()),
    }


def _below(chance: float) -> float:
    """Return six decimals that are no more, so that the field at the threshold itself stays sure."""
    return math.floor(chance * 1e6) / 1e6


@dataclass(frozen=True, eq=False)
class _Looks:
    """Fields in rows, looks in columns: measures of signs, what was right, broken and open; how much fields count."""

    measures: NDArray[np.float64]
    right: NDArray[np.bool_]
    broken: NDArray[np.bool_]
    open: NDArray[np.bool_]
    counting: NDArray[np.float64]

    @classmethod
    def of(cls, fields: Sequence[Outcome]) -> "_Looks":
        return cls(
            np.array([[look.signs.measures for look in each.looks] for each in fields]),
            np.array([[look.right for look in each.looks] for each in fields]),
            np.array([[look.signs.broken for look in each.looks] for each in fields]),
            np.array([[look.open for look in each.looks] for each in fields]),
            np.array([each.weight for each in fields]),
        )


def _weights(looks: _Looks, which: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the likeliest coefficients for these fields; what is broken is never sure, and left out."""
    some = which[:, None] & ~looks.broken
    measures, right = looks.measures[some], looks.right[some].astype(float)
    counting = np.broadcast_to(looks.counting[:, None] / some.shape[1], some.shape)[some]
    prior = np.array(PRIOR)
    weights = prior.copy()
    for _ in range(50):  # Newton's way
        chance = _chances(measures, weights)
        slope = measures.T @ (counting * (right - chance)) - _PULL * (weights - prior)
        bend = (measures * (counting * chance * (1 - chance))[:, None]).T @ measures + _PULL * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        weights += step / max(1.0, float(np.abs(step).max()))
    # No sign may count the wrong way for want of pictures.
    good, bad = [1, 2, 3, 4, 9, 10], [6, 7, 8, 11]
    weights[good], weights[bad] = np.maximum(weights[good], 0), np.minimum(weights[bad], 0)
    return weights


def threshold(
    chance: NDArray[np.float64],
    wrong: NDArray[np.bool_],
    counting: NDArray[np.float64],
    budget: float,
    spent: tuple[float, float] = (0.0, 0.0),
) -> float:
    """Return the least chance from which, and from any above, no more are wrong than the budget allows.

    That is so both as counted and as expected; `spent`: what of the budget is gone already, either way.
    """
    order = np.argsort(-chance, kind="stable")
    counted = spent[0] + (counting * wrong)[order].cumsum()
    expected = spent[1] + (counting * (1 - chance))[order].cumsum()
    over = np.flatnonzero((np.maximum(counted, expected) > budget) | (chance[order] <= 0))
    good = order[: over[0]] if len(over) else order
    above = float(chance[order[over[0]]]) if len(over) else 0.0
    kept = chance[good][chance[good] > above]
    return float(kept.min()) if len(kept) else 1.0


def _chances(measures: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(measures @ weights, -30, 30))))


if __name__ == "__main__":
    main(how_many("fit_ocr_doubt", 150))
