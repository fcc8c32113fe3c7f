"""How likely a field is right, from signs in how it was read; fitted by benchmarks/fit_ocr_doubt.py.

The signs of a field in several lines are those of its worst line.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from functools import cache
from importlib.resources import files

_GAP = 1.5  # widths of a character: no print without holes has a wider one
_HOLE = 1.75  # a character was not seen
_BROKEN = 0.9  # no field that breaks a rule, or has a hole, is surer than this


@dataclass(frozen=True)
class Signs:
    """What tells a right reading from a wrong one.

    sure, lead: of Reading, 0 to 1. agreeing: the share of looks at the line that read the same, 1 for a single one.
    ahead: how far the text is before the next likeliest of what the looks read, in logarithms of chance. again: whether
    it was looked at more than once. gap: the widest hole in the print, in widths of a character. odd: how many rules of
    the field's grammar it breaks. rare: how many of its characters are uncommon.
    """

    sure: float
    lead: float
    agreeing: float = 1.0
    ahead: float = 12.0
    again: bool = False
    gap: float = 0.0
    odd: int = 0
    rare: int = 0

    @property
    def measures(self) -> tuple[float, ...]:
        """Return what the coefficients are multiplied with; the first is 1."""
        return (
            1.0,
            _logit(self.sure),
            _logit(self.lead),
            self.agreeing - 1.0,
            min(max(self.ahead, 0.0), 12.0) / 12.0 - 1.0,
            float(self.again),
            min(max(self.gap - _GAP, 0.0) * 3, 2.0),
            float(min(self.odd, 3)),
            float(min(self.rare, 2)),
        )


def worst(signs: Iterable[Signs]) -> Signs:
    """Return the worst of each sign."""
    columns = list(zip(*(astuple(each) for each in signs), strict=True))
    least = {"sure", "lead", "agreeing", "ahead"}
    added = {"odd", "rare"}
    picked = {
        each.name: (min if each.name in least else sum if each.name in added else max)(column)
        for each, column in zip(fields(Signs), columns, strict=True)
    }
    return Signs(**picked)


def confidence(kind: str, signs: Signs) -> float:
    """Return how likely a field of this kind is right, 0 to 1."""
    weights = _fitted()[kind].weights
    chance = 1 / (1 + math.exp(-sum(a * b for a, b in zip(weights, signs.measures, strict=True))))
    return min(chance, _BROKEN) if signs.odd or signs.gap > _HOLE else chance


def doubtful(kind: str, signs: Signs) -> bool:
    """Return whether a field of this kind is not to be taken without asking."""
    return confidence(kind, signs) < enough(kind)


def enough(kind: str) -> float:
    """Return the confidence from which a field of this kind is taken without asking."""
    return _fitted()[kind].sure


@dataclass(frozen=True)
class _Fit:
    weights: tuple[float, ...]
    sure: float


@cache
def _fitted() -> Mapping[str, _Fit]:
    groups = json.loads(files("ocr").joinpath("data/doubt.json").read_text(encoding="utf-8"))["kinds"]
    return {kind: _Fit(tuple(fit["weights"]), fit["sure"]) for group, fit in groups.items() for kind in group.split()}


def _logit(chance: float) -> float:
    clipped = min(max(chance, 1e-3), 1 - 1e-4)
    return math.log(clipped / (1 - clipped))
