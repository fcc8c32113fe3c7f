"""How likely a field is right, from signs in how it was read; fitted by benchmarks/fit_ocr_doubt.py.

The signs of a field in several lines are those of its worst line.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from functools import cache
from importlib.resources import files

_GAP = 0.2  # of a character's width: print without holes has no wider one, mostly
_HOLE = 0.4  # a character was not seen
_FAR = 12.0  # what is so far ahead, as a logarithm of chance, is as far as it need be
_FOREIGN = 1.7  # so strange look one of 50 names that are right, and most that are not though the network is sure
_BROKEN = 0.9  # no field that breaks a rule, has a hole, or looks foreign, is surer than this


@dataclass(frozen=True)
class Signs:
    """What tells a right reading from a wrong one.

    sure, lead: of Reading, 0 to 1. agreeing: the share of looks at the line that read the same, 1 for a single one.
    ahead: how far the text is before the next likeliest of what the looks read, in logarithms of chance. again: whether
    it was looked at more than once. gap: by how much its widest space is too wide, in widths of a character. odd: how
    many rules of the field's grammar it breaks. rare: how many of its characters are uncommon. margin, rival: how far
    its least certain character is before the likeliest common and uncommon other, as logarithms of chance: networks
    take a rare character for the common one that is like it, but hardly ever without a thought of the right one.
    strange: of names, how strange the strangest character looks for what it was read as (forms.py), 0 to some 2.
    """

    sure: float
    lead: float
    agreeing: float = 1.0
    ahead: float = 12.0
    again: bool = False
    gap: float = 0.0
    odd: int = 0
    rare: int = 0
    margin: float = _FAR
    rival: float = _FAR
    strange: float = 0.0

    @property
    def broken(self) -> bool:
        """Return whether it breaks a rule, has a hole, or looks too strange for what it was read as."""
        return self.odd > 0 or self.gap > _HOLE or self.strange > _FOREIGN

    @property
    def measures(self) -> tuple[float, ...]:
        """Return what the coefficients are multiplied with; the first is 1."""
        return (
            1.0,
            _logit(self.sure),
            _logit(self.lead),
            self.agreeing - 1.0,
            _short(self.ahead),
            float(self.again),
            min(max(self.gap - _GAP, 0.0) * 5, 2.0),
            float(min(self.odd, 3)),
            float(min(self.rare, 2)),
            _short(self.margin),
            _short(self.rival),
            self.strange,
        )


def worst(signs: Iterable[Signs]) -> Signs:
    """Return the worst of each sign."""
    columns = list(zip(*(astuple(each) for each in signs), strict=True))
    least = {"sure", "lead", "agreeing", "ahead", "margin", "rival"}
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
    return min(chance, _BROKEN) if signs.broken else chance


def doubtful(kind: str, signs: Signs) -> bool:
    """Return whether a field of this kind is not to be taken without asking."""
    return confidence(kind, signs) < enough(kind, again=signs.again)


def enough(kind: str, *, again: bool = True) -> float:
    """Return the confidence from which a field of this kind is taken without asking.

    `again`: it was looked at more than once. At a single glance it takes more.
    """
    return _fitted()[kind].sure if again else _fitted()[kind].at_once


@dataclass(frozen=True)
class _Fit:
    weights: tuple[float, ...]
    at_once: float
    sure: float


@cache
def _fitted() -> Mapping[str, _Fit]:
    groups = json.loads(files("ocr").joinpath("data/doubt.json").read_text(encoding="utf-8"))["kinds"]
    return {
        kind: _Fit(tuple(fit["weights"]), fit["at_once"], fit["sure"])
        for group, fit in groups.items()
        for kind in group.split()
    }


def _short(ahead: float) -> float:
    """Return 0 for what is far ahead, -1 for what is not at all."""
    return min(max(ahead, 0.0), _FAR) / _FAR - 1.0


def _logit(chance: float) -> float:
    clipped = min(max(chance, 1e-3), 1 - 1e-4)
    return math.log(clipped / (1 - clipped))
