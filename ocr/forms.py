"""How strange a character looks for what it was read as; fitted by benchmarks/fit_ocr_forms.py.

A network that hardly knows a rare character is sure of the common one that is like it. What it saw is not quite what it
sees in the common one, though, and that is in the chances of all others: logarithms of them, turned so that what blur,
light and typefaces do counts as much in any direction, lie around a middle of each character.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.arrays import Chances

_LEAST = 1e-38
_DATA = "data/forms.npz"


class Forms:
    """What the network of a list of characters sees in those of names."""

    def __init__(self, characters: Sequence[str]) -> None:
        """Take what columns of chances stand for; of any other network than that of the data, nothing is strange."""
        data = _data()
        self._probes = data["probes"].astype(np.intp)
        told = "".join(characters[probe] for probe in self._probes if probe < len(characters))
        known = told == str(data["probed"])
        self._turn, self._middles = data["turn"], data["middles"]
        self._rows = {each: row for row, each in enumerate(str(data["characters"]))} if known else {}
        self._scale = float(data["scale"])

    def strange(self, step: Chances, character: str) -> float:
        """Return how far a step of chances is from those of a character: 0 as most are, 1.3 farther than 99 of 100.

        It is the logarithm of a mean square; 0 for a character of which no form is known.
        """
        row = self._rows.get(character)
        if row is None:
            return 0.0
        away = probed(step, self._probes) @ self._turn - self._middles[row] * self._scale
        return max(float(np.log(np.mean(away**2))), 0.0)


def probed(step: Chances, probes: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return the logarithms of the chances in some columns, less their mean."""
    logs = np.log(np.maximum(step[probes], _LEAST))
    return np.asarray(logs - logs.mean(), np.float32)


@cache
def _data() -> dict[str, NDArray[Any]]:
    with as_file(files("ocr").joinpath(_DATA)) as path, np.load(path) as data:
        return dict(data)
