"""From a network's chances to a text: greedy, within an alphabet, or the likeliest of some texts (CTC).

A line may have been looked at more than once; what is likeliest then is so over all looks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.arrays import Chances

BLANK = 0
_LEAST = 1e-9
_NEVER = -1e9


@dataclass(frozen=True)
class Reading:
    """A text and how sure it is. `sure`: the least chance of its characters, 0 to 1.

    For a text that was chosen from several, `sure` is its share among them. `chances`: each character's, `columns`:
    the steps they stand at, `lead`: the least distance of a character's chance to the next best's, 0 to 1.
    """

    text: str
    sure: float
    chances: tuple[float, ...] = ()
    columns: tuple[int, ...] = ()
    lead: float = 0.0


def greedy(chances: Chances, characters: Sequence[str], allowed: NDArray[np.intp] | None = None) -> Reading:
    """Return the text of the likeliest character of each step.

    `allowed`: the columns that may occur, without the blank; what the others had is shared out among them.
    """
    if allowed is not None:
        columns = np.concatenate(([BLANK], allowed))
        chances = chances[:, columns]
        chances = chances / np.maximum(chances.sum(axis=1, keepdims=True), _LEAST)
        characters = [characters[column] for column in columns]
    best = chances.argmax(axis=1)
    text, sure, where, last = [], [], [], BLANK
    for step, column in enumerate(best):
        chance = float(chances[step, column])
        if column not in (BLANK, last):
            text.append(characters[column])
            sure.append(chance)
            where.append(step)
        elif column == last and column != BLANK and chance > sure[-1]:
            sure[-1], where[-1] = chance, step
        last = int(column)
    lead = min((_lead(chances[step], best[step]) for step in where), default=0.0)
    return Reading("".join(text), min(sure, default=0.0), tuple(sure), tuple(where), lead)


def _lead(step: Chances, best: int) -> float:
    """Return how far the likeliest character is ahead of the next."""
    return float(step[best] - max(step[:best].max(initial=0.0), step[best + 1 :].max(initial=0.0)))


def likelihood(chances: Chances, columns: Sequence[int]) -> float:
    """Return the logarithm of the chance that the steps spell these columns, over all ways to do so."""
    spelt = np.full(2 * len(columns) + 1, BLANK)
    spelt[1::2] = columns
    steps = np.log(np.maximum(chances[:, spelt], _LEAST))
    skips = np.zeros(len(spelt), bool)
    skips[3::2] = spelt[3::2] != spelt[1:-2:2]
    alive = np.full(len(spelt), _NEVER)
    alive[:2] = steps[0, :2]
    one, two = np.full(len(spelt), _NEVER), np.full(len(spelt), _NEVER)
    for row in steps[1:]:
        one[1:] = alive[:-1]
        two[2:] = np.where(skips[2:], alive[:-2], _NEVER)
        alive = np.logaddexp(np.logaddexp(alive, one), two) + row
    return float(np.logaddexp(alive[-1], alive[-2]) if len(spelt) > 1 else alive[-1])


def weigh(looks: Sequence[Chances], places: Mapping[str, int], texts: Iterable[str]) -> list[tuple[float, str]]:
    """Return texts with the logarithm of their chance, the mean over all looks at a line, the likeliest first.

    `places`: the column of each character. A text with a character that has none is left out.
    """
    weighed = []
    for text in dict.fromkeys(texts):
        if all(character in places for character in text):
            columns = [places[character] for character in text]
            weighed.append((float(np.mean([likelihood(look, columns) for look in looks])), text))
    return sorted(weighed, key=lambda each: -each[0])


def share(weighed: Sequence[tuple[float, str]]) -> float:
    """Return the share of the first among all, 0 to 1; 0 where there is none."""
    return 1 / sum(float(np.exp(score - weighed[0][0])) for score, _ in weighed) if weighed else 0.0


def beam(chances: Chances, characters: Sequence[str], allowed: NDArray[np.intp], keep: int = 24) -> list[str]:
    """Return the `keep` likeliest texts of the allowed characters, the likeliest first."""
    columns = np.concatenate(([BLANK], allowed))
    steps = chances[:, columns]
    steps = np.log(np.maximum(steps / np.maximum(steps.sum(axis=1, keepdims=True), _LEAST), 1e-6))
    # Of each beginning: the chance that it was spelt, ending in a blank and ending in its last character.
    alive: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, _NEVER)}
    for row in steps:
        likely = [column for column in range(1, len(columns)) if row[column] > -9.0]
        grown: dict[tuple[int, ...], tuple[float, float]] = {}
        for text, (blank, spelt) in alive.items():
            either = float(np.logaddexp(blank, spelt))
            again = spelt + float(row[text[-1]]) if text else _NEVER
            _add(grown, text, either + float(row[BLANK]), again)
            for column in likely:
                before = blank if text and column == text[-1] else either
                _add(grown, (*text, column), _NEVER, before + float(row[column]))
        best = sorted(grown.items(), key=lambda each: -max(each[1]))[:keep]
        alive = dict(best)
    ranked = sorted(alive.items(), key=lambda each: -float(np.logaddexp(*each[1])))
    return ["".join(characters[columns[column]] for column in text) for text, _ in ranked]


def _add(grown: dict[tuple[int, ...], tuple[float, float]], text: tuple[int, ...], blank: float, spelt: float) -> None:
    old = grown.get(text, (_NEVER, _NEVER))
    grown[text] = (float(np.logaddexp(old[0], blank)), float(np.logaddexp(old[1], spelt)))
