"""Fit how likely each kind of field is right, on training pictures: writes ocr/data/doubt.json.

    python -m benchmarks.fit_ocr_doubt [PICTURES OF EACH LEVEL]

Cards lie a little beside their true outline; as many again bear names with rare characters, some of which the network
does not know. Each is read with one look at every line and with several. Coefficients are drawn towards what common
sense says (PRIOR), for some kinds of fields are hardly ever wrong. A field is sure from where fewer than one in
4,000 of the training pictures was wrong, and a little above: they are too few to trust the coefficients' own
expectation up there, so the share of wrong but sure fields is to be measured on other pictures.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr import rules
from ocr.doubt import Signs
from ocr.field_reader import FieldReader, Seen
from ocr.layout import layout
from ocr.recogniser import OnnxRecogniser
from ocr.synth import faces, scenes
from ocr.synth.people import person
from ocr.synth.samples import Set, sample
from ocr.synth.scenes import Level, Scene
from ocr.synth.typefaces import typefaces

SEED = "doubt"
GROUPS = ("name", "address", "authority", "id_number birth validity", "sex ethnicity")
# For 1 and then the signs in the order of doubt.Signs: what would be expected of them without any picture.
PRIOR = (2.2, 0.6, 0.2, 4.0, 4.0, 0.0, -3.0, -4.0, -0.5)
_PULL = 0.5  # how strongly coefficients are drawn to the prior
_ASIDE = 0.015  # of the card's width, how far a corner may lie beside its true place
_WRONG = 1 / 4000
_RARE = 0.01  # how much a picture of rare_name counts: fewer than one in a hundred people are called so
_LOWEST = 0.98  # below this no field is sure, wrong pictures or none: some hundred fields of a kind prove no more
_LOWEST_NAME = 0.99  # no list or rule knows of a name that is wrong
_TARGET = Path(__file__).parent.parent / "ocr" / "data" / "doubt.json"

Outcome = tuple[str, Signs, bool, float]
"""Kind of field, its signs, whether it was read right, and how much it counts when the threshold is set."""


def _never(_kind: str, _signs: Signs) -> bool:
    return False


def _always(_kind: str, _signs: Signs) -> bool:
    return True


def main(number: int) -> None:
    """Read, fit, write and tell."""
    recogniser = OnnxRecogniser()
    readers = [FieldReader(recogniser, again) for again in (_never, _always)]
    outcomes: list[Outcome] = []
    for count in range(number):
        for level in Level:
            scene = sample(Set.TRAIN, level, count)
            for reader in readers:
                outcomes += _read(reader, scene, count)
            scene = rare_name(level, count)
            for reader in readers:
                outcomes += [(*each[:3], _RARE) for each in _read(reader, scene, count, "name") if each[0] == "name"]
            print(level.value, count, len(outcomes), sum(not right for _, _, right, _ in outcomes), file=sys.stderr)
    kinds = {}
    for group in GROUPS:
        of_group = [each for each in outcomes if each[0] in group.split()]
        kinds[group] = _fit(of_group, _LOWEST_NAME if group == "name" else _LOWEST)
        print(group, kinds[group])
    fitted = {"seed": SEED, "pictures_of_each_level": number, "kinds": kinds}
    _TARGET.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")


def rare_name(level: Level, number: int) -> Scene:
    """Return a picture of a front whose given name has one or two characters of all 20,902, mostly rare ones."""
    chance = Random(f"{SEED}/{level.value}/{number}")  # noqa: S311  (no secret: it must be repeatable)
    given = "".join(chr(chance.randrange(0x4E00, 0x9FA6)) for _ in range(chance.choice((1, 1, 2))))
    who = person(chance)
    who = replace(who, name=who.name[0] + given)
    return scenes.photograph(faces.front(who, chance, chance.choice(typefaces())), level, chance)


def _read(reader: FieldReader, scene: Scene, number: int, only: str = "") -> Iterator[Outcome]:
    """Yield kind, signs and whether it is right of each field that could be read, or of the one that is asked for."""
    card = scene.cards[0]
    whole = layout(f"resident_id_{card.face.side}")
    side = replace(whole, fields=tuple(field for field in whole.fields if only in ("", field.name)))
    width, height = side.size
    aside = np.random.default_rng(number).uniform(-_ASIDE, _ASIDE, (4, 2)) * np.linalg.norm(
        card.corners[1] - card.corners[0]
    )
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform((card.corners + aside).astype(np.float32), corners)
    flat = cv2.warpPerspective(scene.pixels, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    told: dict[str, Signs] = {}

    def note(kind: str, signs: Signs) -> float:
        told[kind] = signs
        return 0.0

    unseen = {field.name: Seen(field.kind, (), Signs(0.0, 0.0), None) for field in whole.fields}
    seen = unseen | reader.read(flat, side)
    boxes = dict.fromkeys(seen)
    tell = rules.front if side.side == "front" else rules.back
    read = vars(tell(seen, boxes, reader.interpreter, note))
    for name, truth in card.face.fields.items():
        kind = "validity" if name.startswith("valid") else name
        if kind in told and not {kind, name} & card.lost:
            yield kind, told[kind], read[name].text == truth, 1.0


def _fit(outcomes: list[Outcome], lowest: float) -> dict[str, object]:
    measures = np.array([signs.measures for _, signs, _, _ in outcomes])
    right = np.array([each[2] for each in outcomes], float)
    counting = np.array([each[3] for each in outcomes])
    prior = np.array(PRIOR)
    weights = prior.copy()
    for _ in range(50):  # Newton's way to the likeliest coefficients
        chance = _chances(measures, weights)
        slope = measures.T @ (counting * (right - chance)) - _PULL * (weights - prior)
        bend = (measures * (counting * chance * (1 - chance))[:, None]).T @ measures + _PULL * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        weights += step / max(1.0, float(np.abs(step).max()))
    # No sign may count the wrong way for want of pictures.
    weights[1:5], weights[6:] = np.maximum(weights[1:5], 0), np.minimum(weights[6:], 0)
    chance = _chances(measures, weights)
    order = np.argsort(-chance)
    counts = counting[order].cumsum()
    wrong = (counting * (1 - right))[order].cumsum() / counts
    good = np.flatnonzero(wrong <= _WRONG)
    last = float(chance[order[good[-1]]]) if len(good) else 1.0
    # A little above the last wrong one, if it is that which sets the bound.
    below = chance[(chance < last) & (right == 0)].max(initial=0.0)
    sure = min(max(last, below + (1 - below) * 0.2, lowest), 1.0)
    return {
        "weights": [round(float(weight), 4) for weight in weights],
        "sure": round(float(sure), 6),
        "fields": len(outcomes),
        "wrong": int((right == 0).sum()),
        "share_sure": round(float(((chance >= sure) * counting).sum() / counting.sum()), 4),
        "wrong_but_sure": int(((chance >= sure) & (right == 0)).sum()),
    }


def _chances(measures: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(measures @ weights, -30, 30))))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
