"""How the lines of a field become its text: each kind of field has its alphabet, its grammar or its list."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr.decode import Reading, greedy, likeliest
from ocr.ethnicities import ETHNICITIES
from ocr.recogniser import Chances

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True)
class Alphabet:
    """The characters of a recogniser, and where the ones are that some fields are made of."""

    characters: Sequence[str]

    def only(self, characters: str) -> NDArray[np.intp]:
        """Return the columns of these characters."""
        return np.array([self.characters.index(each) for each in characters], np.intp)


def checks(number: str) -> bool:
    """Return whether an ID number of 18 characters has the right last one (GB 11643: mod 11-2)."""
    if not re.fullmatch(r"\d{17}[\dX]", number):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return number[17] == "10X98765432"[total % 11]


def interpreters(characters: Sequence[str]) -> dict[str, Callable[[Chances], Reading]]:
    """Return what reads a line of each kind of field."""
    alphabet = Alphabet(characters)
    digits, birth, validity = (alphabet.only(each) for each in ("0123456789X", "0123456789年月日", "0123456789.-长期"))

    def anything(line: Chances) -> Reading:
        return greedy(line, characters)

    return {
        "id_number": lambda line: greedy(line, characters, digits),
        "birth": lambda line: greedy(line, characters, birth),
        "validity": lambda line: greedy(line, characters, validity),
        "sex": lambda line: likeliest(line, characters, "男女"),
        "ethnicity": lambda line: likeliest(line, characters, ETHNICITIES),
        "name": anything,
        "address": anything,
        "authority": anything,
    }


def birth_date(text: str) -> str:
    """Return YYYY-MM-DD of 1984年3月7日, whose 年月日 may be missed; "" where it is none."""
    found = re.fullmatch(r"(\d{4})年?(\d{1,2})月?(\d{1,2})日?", text)
    return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}" if found else ""


def validity(text: str) -> tuple[str, str]:
    """Return the first and the last day of 2012.03.04-2032.03.04 or 2012.03.04-长期; "" for one that is none."""
    found = re.fullmatch(r"(\d{4})\.?(\d\d)\.?(\d\d)-?(?:(\d{4})\.?(\d\d)\.?(\d\d)|(长?期?))", text)
    if not found:
        return "", ""
    until = f"{found[4]}-{found[5]}-{found[6]}" if found[4] else "长期" if found[7] else ""
    return f"{found[1]}-{found[2]}-{found[3]}", until
