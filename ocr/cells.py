"""A line whose characters are all equally wide, as in a machine-readable zone: each is read in its own cell."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product

import numpy as np

from ocr.arrays import Chances
from ocr.decode import BLANK, Reading

FILLER = "<"
CELLS = {"A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ<", "9": "0123456789<", "*": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"}
"""What may stand in a cell, by its letter in layouts."""
# In a cell of letters, what looks like a digit is the letter like it, and the other way round.
_ALIKE = {
    "A": (("O", "0"), ("I", "1"), ("Z", "2"), ("S", "5"), ("B", "8")),
    "9": (("0", "O"), ("1", "I"), ("2", "Z"), ("5", "S"), ("8", "B"), ("0", "D"), ("0", "Q")),
}
_OPEN = 7  # so many of the least certain cells may be something else
_SHARE = 0.003  # of the likeliest character's chance: what is less likely is not tried
_LEAST = 1e-6


def read(looks: Sequence[Chances], places: Mapping[str, int], cells: str) -> Reading:
    """Return what a line says; its looks reach from the begin of its print to the end.

    `places`: the column of each character.
    """
    return _reading(_evidence(looks, places, cells))


def mended(looks: Sequence[Chances], places: Mapping[str, int], cells: str, good: Callable[[str], bool]) -> str:
    """Return the likeliest text that is good, where it is not quite what was read; "" where there is none."""
    evidence = _evidence(looks, places, cells)
    ranked = [sorted(each.items(), key=lambda one: -one[1]) for each in evidence]
    ways = [[(text, chance) for text, chance in each[:3] if chance > _SHARE * each[0][1]] for each in ranked]
    least = sorted(range(len(ways)), key=lambda cell: len(ways[cell]) < 2 or ways[cell][0][1] - ways[cell][1][1])
    open_cells = sorted(least[:_OPEN])
    best, worth = "", 0.0
    for choice in product(*(ways[cell] for cell in open_cells)):
        text = [each[0][0] for each in ranked]
        for cell, (character, _) in zip(open_cells, choice, strict=True):
            text[cell] = character
        chance = float(np.prod([chance for _, chance in choice]))
        if chance > worth and good("".join(text)):
            best, worth = "".join(text), chance
    return best


def _evidence(looks: Sequence[Chances], places: Mapping[str, int], cells: str) -> list[dict[str, float]]:
    """Return for each cell the chance of each character that may stand in it; what they lack to 1 is something else."""
    found: list[dict[str, float]] = [dict.fromkeys(CELLS[cell], 0.0) for cell in cells]
    for look in looks:
        wide = len(look) / len(cells)
        middles = _shift(look, wide) + (np.arange(len(cells)) + 0.5) * wide
        for cell, middle in enumerate(middles):
            first = min(max(round(middle - wide / 2), 0), len(look) - 1)
            window = look[first : max(round(middle + wide / 2), first + 1)]
            for character, chance in _chances(window, places, cells[cell]).items():
                found[cell][character] += chance / len(looks)
    return found


def _chances(window: Chances, places: Mapping[str, int], cell: str) -> dict[str, float]:
    """Return the chance of each character of a cell in the steps that are its own."""
    best = window.max(axis=0)
    told = {each: float(best[places[each]]) for each in CELLS[cell]}
    for each, alike in _ALIKE.get(cell, ()):
        told[each] = max(told[each], float(best[places[alike]]))
    # Of a row of fillers, networks see some only: a cell without ink is one.
    told[FILLER] = max(told[FILLER], float(window[:, BLANK].min()))
    allowed = [BLANK, *(places[each] for each in CELLS["*"])]
    other = float((1 - window[:, allowed].sum(axis=1)).max())
    whole = max(sum(told.values()) + max(other, 0.0), _LEAST)
    return {each: chance / whole for each, chance in told.items()}


def _shift(look: Chances, wide: float) -> float:
    """Return how many steps the characters stand beside the middles of their cells, mostly."""
    best = look.argmax(axis=1)
    steps = np.flatnonzero((best != BLANK) & (look.max(axis=1) > 0.5))
    if len(steps) == 0:
        return 0.0
    off = (steps + 0.5) / wide
    turn = np.exp(2j * np.pi * (off - 0.5)).mean()  # cells follow each other: what is off counts round and round
    return float(np.angle(turn) / (2 * np.pi) * wide)


def _reading(evidence: list[dict[str, float]]) -> Reading:
    ranked = [sorted(each.items(), key=lambda one: -one[1]) for each in evidence]
    chances = tuple(each[0][1] for each in ranked)
    lead = min(each[0][1] - each[1][1] for each in ranked)
    return Reading("".join(each[0][0] for each in ranked), min(chances), chances, (), lead)
