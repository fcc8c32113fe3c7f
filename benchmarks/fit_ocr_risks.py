"""Fit what tells a forged field from one that was printed, on training pictures: writes ocr/data/forgery.json.

    python -m benchmarks.fit_ocr_risks [PICTURES]

So many pictures with a forged field and as many to which nothing was done on purpose, 650 each without a number, and an
eleventh as many with a lamp, and with an object, over a field: some eight minutes of two processors. Blurred ones are
left out. Cards lie where they truly do, give or take 0.2 % of their width. The seed is Set.TRAIN's own. `likely` is a
margin above what all but one in two hundred of the pictures without a forgery stay below with their oddest field, when
each fifth of the pictures is judged by what the other four fifths teach.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.options import how_many
from ocr import forgery, quality, risks
from ocr.forgery import Print
from ocr.id_card import Risk
from ocr.synth.flattened import flattened
from ocr.synth.samples import Set, risk_sample

Numbers = NDArray[np.float64]

_PULL = 10.0  # how strongly weights are drawn to 0, in standard deviations of their signs
_CAP, _CAP_OF_ALL = 95, 99.5  # per cent of forged fields, and of all, whose sign is below its cap
_FALSE = 0.005
_MARGIN = 1.0  # the outline of a card that was found, and not known, puts up to that much on its oddest field
_FOLDS = 5
_OTHERS = Risk.GLARE, Risk.OCCLUDED  # what must not be taken for a forgery
_OF_OTHERS = 11  # one of each of these for so many forgeries
_PICTURES = 650
_TARGET = Path(__file__).parent.parent / "ocr" / "data" / "forgery.json"


@dataclass(frozen=True)
class Card:
    """A card, measured. `risk`: what was done on purpose, or None; `forged`: the field, or None."""

    number: int
    risk: Risk | None
    forged: str | None
    prints: dict[str, Print]


@dataclass(frozen=True)
class _Weights:
    caps: Numbers
    weights: Numbers
    bias: float

    def odds(self, signs: Numbers) -> Numbers:
        return np.asarray(np.minimum(signs, self.caps) @ self.weights + self.bias)


def main(number: int) -> None:
    """Draw, fit, write and tell."""
    jobs = [(risk, count) for risk in (Risk.EDITED, None) for count in range(number)]
    jobs += [(risk, count) for risk in _OTHERS for count in range(number // _OF_OTHERS)]
    with get_context("spawn").Pool(initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        data = fit(card for card in pool.starmap(_card, jobs, chunksize=4) if card is not None)
    _TARGET.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def fit(cards: Iterable[Card]) -> dict[str, object]:
    """Return what is written to the file, and tell how well forgeries are found."""
    cards = list(cards)
    usual = _usual([card for card in cards if card.risk is None])
    rows, forged, owners = [], [], []
    for owner, card in enumerate(cards):
        for name, told in sorted(forgery.signs(card.prints, usual).items()):
            rows.append(told)
            forged.append(name == card.forged)
            owners.append(owner)
    signs, truth, owner_of = np.array(rows), np.array(forged, float), np.array(owners)
    fold_of = np.array([cards[owner].number % _FOLDS for owner in owners])
    odds = np.zeros(len(rows))
    for fold in range(_FOLDS):
        odds[fold_of == fold] = _fit(signs[fold_of != fold], truth[fold_of != fold]).odds(signs[fold_of == fold])
    worst = np.full(len(cards), -np.inf)
    np.maximum.at(worst, owner_of, odds)
    of_risk = {risk: worst[[card.risk is risk for card in cards]] for risk in (None, Risk.EDITED, *_OTHERS)}
    likely = float(np.quantile(of_risk[None], 1 - _FALSE, method="lower")) + _MARGIN
    for risk, each in of_risk.items():
        print(f"{risk.value if risk else 'nothing'}: {(each > likely).sum()} of {len(each)} are above {likely:.2f}")
    whole = _fit(signs, truth)
    return {
        "set": Set.TRAIN.value,
        "pictures": {risk.value if risk else "none": len(each) for risk, each in of_risk.items()},
        "usual": {name: [round(float(value), 4) for value in values] for name, values in usual.items()},
        "signs": {
            name: {"cap": round(float(cap), 5), "weight": round(float(weight), 5)}
            for name, cap, weight in zip(forgery.SIGNS, whole.caps, whole.weights, strict=True)
        },
        "bias": round(whole.bias, 4),
        "likely": round(likely, 3),
    }


def _card(risk: Risk | None, number: int) -> Card | None:
    """Return what is to be learned from a picture; None: it is blurred, and nothing is told of such."""
    scene = risk_sample(Set.TRAIN, risk, number)
    sight, corners = flattened(scene)
    measured = quality.measure(sight, scene.pixels.shape, corners)
    if risks.blurred(measured):
        return None
    forged = scene.effects[-1].removeprefix("forged ") if risk is Risk.EDITED else None
    return Card(number, risk, forged, forgery.prints(sight, measured.sharpness))


def _usual(cards: list[Card]) -> dict[str, tuple[float, ...]]:
    """Return by field the median of how its print differs from the card's others'."""
    found: dict[str, list[Numbers]] = {}
    for card in cards:
        for name, off in forgery.offsets(card.prints).items():
            if len(card.prints) > 1:
                found.setdefault(name, []).append(off)
    return {name: tuple(np.median(each, axis=0).tolist()) for name, each in sorted(found.items())}


def _fit(signs: Numbers, truth: Numbers) -> _Weights:
    caps = np.maximum(np.percentile(signs[truth == 1], _CAP, axis=0), np.percentile(signs, _CAP_OF_ALL, axis=0))
    capped = np.minimum(signs, caps)
    mean, spread = capped.mean(axis=0), capped.std(axis=0) + 1e-9
    measures = np.column_stack([np.ones(len(signs)), (capped - mean) / spread])
    weights = np.zeros(measures.shape[1])
    pull = np.full(len(weights), _PULL)
    pull[0] = 0.0
    for _ in range(30):  # Newton's way to the likeliest weights
        chance = 1 / (1 + np.exp(-np.clip(measures @ weights, -30, 30)))
        bend = (measures * (chance * (1 - chance))[:, None]).T @ measures + np.diag(pull) + 1e-6 * np.eye(len(weights))
        weights += np.linalg.solve(bend, measures.T @ (truth - chance) - pull * weights)
    scaled = weights[1:] / spread
    return _Weights(caps, scaled, float(weights[0] - mean @ scaled))


if __name__ == "__main__":
    main(how_many("fit_ocr_risks", _PICTURES))
