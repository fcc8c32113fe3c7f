"""How far the characters of a line stand apart: where one was not seen, there is a hole."""

import numpy as np

from ocr.decode import Reading

_NARROW = 0.57  # of a character's width: a digit, or a letter of the Latin alphabet


def hole(reading: Reading, pitch: float, begin: float, end: float) -> float:
    """Return by how much the widest space is wider than the characters beside it take, in widths of a character.

    `pitch`: from a character to the next, `begin` and `end` of the line's ink: in steps, as the reading's columns. Of
    1,105 lines that were read right, none had one of 0.2; a digit that is not seen makes one of 0.5.
    """
    if not reading.columns:
        return 0.0
    halves = np.array([_NARROW if each.isascii() else 1.0 for each in reading.text]) / 2
    middles = (np.array(reading.columns) + 0.5) / pitch
    between = np.diff(middles) - halves[1:] - halves[:-1]
    ends = middles[0] - halves[0] - begin / pitch, end / pitch - middles[-1] - halves[-1]
    return float(max(0.0, *ends, between.max(initial=0.0)))
