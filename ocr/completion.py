"""An ID number of which digits are hidden, completed where GB 11643 leaves one way only.

Every digit has its slot on the card, so it is known which are missing. The birth fills its own, and the character that
checks one other; of two others, the region must be the one that the address names. It is a proposal, to be asked back.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product

import numpy as np

from ocr import fields, regions
from ocr.arrays import Chances
from ocr.decode import greedy
from ocr.fields import Interpreter
from ocr.layout import Box
from ocr.recogniser import LINE_HEIGHT, STEP

_SLOTS = 18
_BORN = range(6, 14)  # slots of the day of birth
_DIGITS = "0123456789X"
_SEEN = 0.9  # a digit that is less certain is half hidden, and may be any
_MOST = 2  # so many may be missing
# Dots of the card: middle of the first slot, and from one to the next. On 204 training pictures 367 to 380, and 29.2
# to 29.5; on public specimens, print is up to ten dots aside.
_FIRST, _PITCH = 374.0, 29.4
_SHIFTS = np.linspace(-13, 13, 27)  # less than half a slot, or the digits may as well be those of the next
_STRETCHES = np.linspace(0.98, 1.02, 9)
_OFF = 0.3  # of a slot, that a digit may be aside of where the others have it


def completed(
    look: Chances, box: Box, interpreter: Interpreter, *, day: str, sex: str, homes: Collection[str] = ()
) -> str:
    """Return the one number that a look at a line may stand for, of somebody of this birth and sex; "" for none.

    `box`: what was looked at, in dots of the card; `day`: YYYY-MM-DD; `homes`: codes of the region that the address
    names.
    """
    seen = _slots(look, box, interpreter)
    missing = [slot for slot in range(_SLOTS) if slot not in seen]
    if not day or not 0 < len(missing) <= _MOST:
        return ""
    known = seen | dict(zip(_BORN, day.replace("-", ""), strict=True))
    if any(known[slot] != seen[slot] for slot in seen):
        return ""
    unknown = [slot for slot in missing if slot not in known]
    ways = [
        number
        for number in _numbers(known, unknown)
        if fields.checks(number) and fields.sex(number) == sex and regions.known(number[:6])
    ]
    if len(unknown) == _MOST:
        ways = [number for number in ways if number[:6] in homes]
    return ways[0] if len(ways) == 1 else ""


def _numbers(known: Mapping[int, str], unknown: Sequence[int]) -> Iterator[str]:
    for digits in product(_DIGITS, repeat=len(unknown)):
        whole = {**known, **dict(zip(unknown, digits, strict=True))}
        yield "".join(whole[slot] for slot in range(_SLOTS))


def _slots(look: Chances, box: Box, interpreter: Interpreter) -> dict[int, str]:
    """Return the digits that were seen for certain by the slots they stand in; {} where they stand in none."""
    read = greedy(look, interpreter.characters, interpreter.columns(_DIGITS))
    if not read.columns:
        return {}
    dots = box[0] + (np.array(read.columns) + 0.5) * STEP * (box[3] - box[1]) / LINE_HEIGHT
    ways = [(dots - _FIRST - shift) / (_PITCH * stretch) for shift in _SHIFTS for stretch in _STRETCHES]
    places = min(ways, key=lambda way: float(np.abs(way - np.round(way)).max()))
    slots = np.round(places).astype(int)
    if np.abs(places - slots).max() > _OFF or slots[0] < 0 or slots[-1] >= _SLOTS or np.diff(slots).min(initial=1) < 1:
        return {}
    return {
        int(slot): digit for slot, digit, chance in zip(slots, read.text, read.chances, strict=True) if chance >= _SEEN
    }
