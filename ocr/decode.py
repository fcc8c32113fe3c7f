"""From a network's chances to a text: greedy, within an alphabet, or the likeliest of a closed list (CTC)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.recogniser import Chances

BLANK = 0
_LEAST = 1e-9
_NEVER = -1e9


@dataclass(frozen=True)
class Reading:
    """A text and how sure it is. `sure`: the least chance of its characters, 0 to 1; `characters`: each one's."""

    text: str
    sure: float
    chances: tuple[float, ...] = ()
    columns: tuple[int, ...] = ()


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
        if column not in (BLANK, last):
            text.append(characters[column])
            sure.append(float(chances[step, column]))
            where.append(step)
        elif column == last and column != BLANK:
            sure[-1] = max(sure[-1], float(chances[step, column]))
        last = int(column)
    return Reading("".join(text), min(sure, default=0.0), tuple(sure), tuple(where))


def likelihood(chances: Chances, columns: Sequence[int]) -> float:
    """Return the logarithm of the chance that the steps spell these columns, over all ways to do so."""
    steps = np.log(np.maximum(chances, _LEAST))
    spelt = np.full(2 * len(columns) + 1, BLANK)
    spelt[1::2] = columns
    skips = np.zeros(len(spelt), bool)
    skips[3::2] = spelt[3::2] != spelt[1:-2:2]
    alive = np.full(len(spelt), _NEVER)
    alive[:2] = steps[0, spelt[:2]]
    for row in steps[1:]:
        one = np.concatenate(([_NEVER], alive[:-1]))
        two = np.where(skips, np.concatenate(([_NEVER, _NEVER], alive[:-2])), _NEVER)
        alive = np.logaddexp(np.logaddexp(alive, one), two) + row[spelt]
    return float(np.logaddexp(alive[-1], alive[-2]) if len(spelt) > 1 else alive[-1])


def likeliest(chances: Chances, characters: Sequence[str], texts: Iterable[str]) -> Reading:
    """Return the one of `texts` that the steps spell most probably; `sure` is its share among them all."""
    place = {character: column for column, character in enumerate(characters)}
    scored = [(likelihood(chances, [place[each] for each in text]), text) for text in texts]
    best, text = max(scored)
    share = 1 / sum(float(np.exp(score - best)) for score, _ in scored)
    return Reading(text, share)
