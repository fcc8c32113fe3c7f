"""Fit what tells a forged field from one that was printed, on training pictures: writes ocr/data/forgery.json.

    python -m benchmarks.fit_ocr_risks [PICTURES]

So many pictures with a forged field and as many to which nothing was done on purpose, 130 each without a number:
some five minutes. Cards lie where they truly do, give or take 0.2 % of their width. The seed is Set.TRAIN's own.
`likely` is a margin above what all but one in a hundred of the pictures without a forgery stay below with their oddest
field, when each fifth of the pictures is judged by what the other four fifths teach.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr import forgery, quality, risks
from ocr.id_card import Risk
from ocr.sight import Sight
from ocr.synth.flattened import flattened
from ocr.synth.samples import Set, risk_sample

Numbers = NDArray[np.float64]

_PULL = 2.0  # how strongly weights are drawn to 0, in standard deviations of their signs
_CAP = 90  # per cent of forged fields whose sign is below its cap
_FALSE = 0.01
_MARGIN = 0.8  # above that, chosen on Set.DEV: the highest of so few pictures may be higher next time
_FOLDS = 5
_TARGET = Path(__file__).parent.parent / "ocr" / "data" / "forgery.json"


@dataclass(frozen=True)
class _Card:
    """A card that can be judged. `forged`: the field, or None; `clear`: fields that can be seen."""

    number: int
    forged: str | None
    sight: Sight
    sharpness: float
    clear: frozenset[str]


@dataclass(frozen=True)
class _Weights:
    caps: Numbers
    weights: Numbers
    bias: float

    def odds(self, signs: Numbers) -> Numbers:
        return np.asarray(np.minimum(signs, self.caps) @ self.weights + self.bias)


def main(number: int) -> None:
    """Draw, fit, write and tell."""
    cards = [card for risk in (Risk.EDITED, None) for card in _cards(risk, number)]
    usual = _usual([card for card in cards if card.forged is None])
    rows, forged, owners = [], [], []
    for owner, card in enumerate(cards):
        told = forgery.signs(card.sight, card.sharpness, usual)
        for name in sorted(card.clear & set(told)):
            rows.append(told[name])
            forged.append(name == card.forged)
            owners.append(owner)
    signs, truth, owner_of = np.array(rows), np.array(forged, float), np.array(owners)
    fold_of = np.array([cards[owner].number % _FOLDS for owner in owners])
    odds = np.zeros(len(rows))
    for fold in range(_FOLDS):
        odds[fold_of == fold] = _fit(signs[fold_of != fold], truth[fold_of != fold]).odds(signs[fold_of == fold])
    worst = np.array([odds[owner_of == owner].max(initial=-np.inf) for owner in range(len(cards))])
    without = np.array([card.forged is None for card in cards])
    likely = float(np.quantile(worst[without], 1 - _FALSE, method="lower")) + _MARGIN
    print(f"of {without.sum()} pictures without a forgery, {(worst[without] > likely).sum()} are above {likely:.2f};"
          f" of {(~without).sum()} with one, {(worst[~without] > likely).sum()}")  # fmt: skip
    fit = _fit(signs, truth)
    data = {
        "set": Set.TRAIN.value,
        "pictures_of_each": number,
        "usual": {name: [round(float(value), 4) for value in values] for name, values in usual.items()},
        "signs": {
            name: {"cap": round(float(cap), 5), "weight": round(float(weight), 5)}
            for name, cap, weight in zip(forgery.SIGNS, fit.caps, fit.weights, strict=True)
        },
        "bias": round(fit.bias, 4),
        "likely": round(likely, 3),
    }
    _TARGET.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _cards(risk: Risk | None, number: int) -> Iterator[_Card]:
    for count in range(number):
        scene = risk_sample(Set.TRAIN, risk, count)
        sight, corners = flattened(scene)
        measured = quality.measure(sight, scene.pixels.shape, corners)
        if risks.blurred(measured):
            continue
        clear = frozenset(field.name for field in sight.layout.fields if risks.Hidden.of(sight, field).clear)
        forged = scene.effects[-1].removeprefix("forged ") if risk else None
        yield _Card(count, forged, sight, measured.sharpness, clear)


def _usual(cards: list[_Card]) -> dict[str, tuple[float, ...]]:
    """Return by field the median of how its ink differs from the card's others'."""
    found: dict[str, list[Numbers]] = {}
    for card in cards:
        inks = {name: each.ink for name, each in forgery.prints(card.sight).items()}
        for name, off in forgery.offsets(inks).items():
            found.setdefault(name, []).append(off)
    return {name: tuple(np.median(each, axis=0).tolist()) for name, each in sorted(found.items())}


def _fit(signs: Numbers, truth: Numbers) -> _Weights:
    caps = np.percentile(signs[truth == 1], _CAP, axis=0)
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
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 130)
