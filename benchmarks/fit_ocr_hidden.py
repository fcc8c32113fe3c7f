"""Fit what tells a field that glare or an object hides, on training pictures: writes ocr/data/hidden.json.

    python -m benchmarks.fit_ocr_hidden [PICTURES]

So many pictures each with glare on a field, with something over one, with blur, and to which nothing was done on
purpose, 200 without a number: some ten minutes. Cards lie where they truly do, give or take 0.2 % of their width. The
seed is Set.TRAIN's own. `likely` is a margin above 0, or above what all but one in a hundred of the pictures without
the risk stay below with their likeliest field, if that is higher, when each fifth of the pictures is judged by what the
other four teach.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.options import how_many
from ocr import hidden, quality
from ocr.id_card import Risk
from ocr.synth.flattened import flattened
from ocr.synth.samples import Set, risk_sample

Numbers = NDArray[np.float64]

_RISKS = Risk.GLARE, Risk.OCCLUDED
_PULL = 2.0  # how strongly weights are drawn to 0, in standard deviations of their signs
_FALSE = 0.01
_MARGIN = 0.7  # a finder errs more than the pictures here do: chosen on what the whole reader finds of Set.TRAIN
_FOLDS = 5
_TARGET = Path(__file__).parent.parent / "ocr" / "data" / "hidden.json"


@dataclass(frozen=True)
class _Card:
    """What a card shows: `signs` by field; `lost`: fields that cannot be read."""

    number: int
    asked: Risk | None
    true: frozenset[Risk]
    slight: frozenset[Risk]
    lost: frozenset[str]
    signs: dict[str, Numbers]


@dataclass(frozen=True)
class _Weights:
    weights: Numbers
    bias: float

    def of(self, card: _Card) -> float:
        """Return the odds of the card's likeliest field."""
        return float(max(each @ self.weights + self.bias for each in card.signs.values()))


def main(number: int) -> None:
    """Draw, fit, write and tell."""
    cards = [card for risk in (*_RISKS, Risk.BLURRED, None) for card in _cards(risk, number)]
    fits, likely = [], []
    for risk in _RISKS:
        odds = [0.0] * len(cards)
        for fold in range(_FOLDS):
            others = _fit([card for card in cards if card.number % _FOLDS != fold], risk)
            for place, card in enumerate(cards):
                if card.number % _FOLDS == fold:
                    odds[place] = others.of(card)
        told = list(zip(cards, odds, strict=True))
        with_it = np.array([each for card, each in told if card.asked is risk])
        without = np.array([each for card, each in told if card.asked is None and risk not in card.true | card.slight])
        least = max(0.0, float(np.quantile(without, 1 - _FALSE, method="lower"))) + _MARGIN
        print(f"{risk.value}: of {len(without)} pictures without, {(without > least).sum()} are above {least:.2f};"
              f" of {len(with_it)} with it, {(with_it > least).sum()}")  # fmt: skip
        fits.append(_fit(cards, risk))
        likely.append(round(least, 3))
    data = {
        "set": Set.TRAIN.value,
        "pictures_of_each": number,
        "signs": {
            name: [round(float(fit.weights[place]), 5) for fit in fits] for place, name in enumerate(hidden.SIGNS)
        },
        "bias": [round(fit.bias, 4) for fit in fits],
        "likely": likely,
    }
    _TARGET.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _cards(risk: Risk | None, number: int) -> Iterator[_Card]:
    for count in range(number):
        scene = risk_sample(Set.TRAIN, risk, count)
        sight, corners = flattened(scene)
        sharpness = quality.measure(sight, scene.pixels.shape, corners).sharpness
        yield _Card(count, risk, scene.risks, scene.slight, scene.cards[0].lost, hidden.signs(sight, sharpness))


def _fit(cards: list[_Card], risk: Risk) -> _Weights:
    """Return what tells fields that are lost by this risk, and no other, from those of cards without a trace of it."""
    (other,) = set(_RISKS) - {risk}
    rows: list[Numbers] = []
    truth: list[float] = []
    for card in cards:
        if risk in card.true and other not in card.true:
            rows += [signs for name, signs in card.signs.items() if name in card.lost]
            truth += [1.0] * (len(rows) - len(truth))
        elif risk not in card.true | card.slight:
            rows += list(card.signs.values())
            truth += [0.0] * (len(rows) - len(truth))
    return _logistic(np.array(rows), np.array(truth))


def _logistic(signs: Numbers, truth: Numbers) -> _Weights:
    mean, spread = signs.mean(axis=0), signs.std(axis=0) + 1e-9
    measures = np.column_stack([np.ones(len(signs)), (signs - mean) / spread])
    weights = np.zeros(measures.shape[1])
    pull = np.full(len(weights), _PULL)
    pull[0] = 0.0
    for _ in range(30):  # Newton's way to the likeliest weights
        chance = 1 / (1 + np.exp(-np.clip(measures @ weights, -30, 30)))
        bend = (measures * (chance * (1 - chance))[:, None]).T @ measures + np.diag(pull) + 1e-6 * np.eye(len(weights))
        weights += np.linalg.solve(bend, measures.T @ (truth - chance) - pull * weights)
    scaled = weights[1:] / spread
    return _Weights(scaled, float(weights[0] - mean @ scaled))


if __name__ == "__main__":
    main(how_many("fit_ocr_hidden", 200))
