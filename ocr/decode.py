"""From a network's chances to a text: greedy, within an alphabet, or the likeliest of some texts (CTC).

A line may have been looked at more than once; what is likeliest then is so over all looks.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.arrays import Chances

BLANK = 0
_LEAST = 1e-9
_NEVER = -1e9
_UNLIKELY = -9.0  # a character that is less likely at a step, as a logarithm, does not stand there


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
    highest = chances[np.arange(len(best)), best].tolist()
    text, sure, where, last = [], [], [], BLANK
    for step, (column, chance) in enumerate(zip(best.tolist(), highest, strict=True)):
        if column not in (BLANK, last):
            text.append(characters[column])
            sure.append(chance)
            where.append(step)
        elif column == last and column != BLANK and chance > sure[-1]:
            sure[-1], where[-1] = chance, step
        last = column
    return Reading("".join(text), min(sure, default=0.0), tuple(sure), tuple(where), _least_lead(chances, where, sure))


def _least_lead(chances: Chances, where: Sequence[int], sure: Sequence[float]) -> float:
    """Return how far the likeliest characters, `sure` at the steps `where`, are ahead of the next, the least of all."""
    least = 1.0 if where else 0.0
    for chance, step in sorted(zip(sure, where, strict=True)):
        if 2 * chance - 1 >= least:  # no other can have more than the rest to 1
            break
        least = min(least, float(np.subtract(*np.partition(chances[step], (-2, -1))[:-3:-1])))
    return least


def likelihoods(chances: Chances, texts: Sequence[Sequence[int]]) -> list[float]:
    """Return for each text, in columns, the logarithm of the chance that the steps spell it, over all ways to do so."""
    longest = max(map(len, texts), default=0)
    spelt = np.full((len(texts), 2 * longest + 1), BLANK)  # what is behind the end of a text changes nothing before it
    for row, columns in zip(spelt, texts, strict=True):
        row[1 : 2 * len(columns) : 2] = columns
    steps = np.log(np.maximum(chances[:, spelt], _LEAST))
    skips = np.where(spelt[:, 3::2] != spelt[:, 1:-2:2], 0.0, _NEVER)
    alive = np.full(spelt.shape, _NEVER)
    alive[:, :2] = steps[0, :, :2]
    for step in steps[1:]:
        grown = alive.copy()
        grown[:, 1:] = np.logaddexp(alive[:, 1:], alive[:, :-1])
        grown[:, 3::2] = np.logaddexp(grown[:, 3::2], alive[:, 1:-2:2] + skips)  # blanks are never skipped
        alive = grown + step
    ends = np.array([[2 * len(columns), 2 * len(columns) - 1] for columns in texts])
    found = np.where(ends < 0, _NEVER, alive[np.arange(len(texts))[:, None], ends])
    return [float(each) for each in np.logaddexp(found[:, 0], found[:, 1])]


def weigh(looks: Sequence[Chances], places: Mapping[str, int], texts: Iterable[str]) -> list[tuple[float, str]]:
    """Return texts with the logarithm of their chance, the mean over all looks at a line, the likeliest first.

    `places`: the column of each character. A text with a character that has none is left out.
    """
    known = [text for text in dict.fromkeys(texts) if all(character in places for character in text)]
    if not known:
        return []
    columns = [[places[character] for character in text] for text in known]
    scores = np.mean([likelihoods(look, columns) for look in looks], axis=0).tolist()
    return sorted(zip(scores, known, strict=True), key=lambda each: -each[0])


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
    for row in steps.tolist():
        likely = [column for column in range(1, len(columns)) if row[column] > _UNLIKELY]
        grown: dict[tuple[int, ...], tuple[float, float]] = {}
        for text, (blank, spelt) in alive.items():
            either = _sum(blank, spelt)
            again = spelt + row[text[-1]] if text else _NEVER
            _add(grown, text, either + row[BLANK], again)
            for column in likely:
                before = blank if text and column == text[-1] else either
                _add(grown, (*text, column), _NEVER, before + row[column])
        best = sorted(grown.items(), key=lambda each: -max(each[1]))[:keep]
        alive = dict(best)
    ranked = sorted(alive.items(), key=lambda each: -_sum(*each[1]))
    return ["".join(characters[columns[column]] for column in text) for text, _ in ranked]


def _add(grown: dict[tuple[int, ...], tuple[float, float]], text: tuple[int, ...], blank: float, spelt: float) -> None:
    old = grown.get(text)
    grown[text] = (blank, spelt) if old is None else (_sum(old[0], blank), _sum(old[1], spelt))


def _sum(one: float, other: float) -> float:
    """Return the logarithm of the sum of two chances given as logarithms; numpy takes ten times as long for one."""
    more, less = (one, other) if one > other else (other, one)
    return more + math.log1p(math.exp(less - more))
