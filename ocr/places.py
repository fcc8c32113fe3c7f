"""What an address may begin with, and what an authority may be called: names of the regions of GB/T 2260.

A character that was misread is mended where one name of the book is much likelier, on the network's own chances, than
all others: 埔桥区 is in no city, 埇桥区 is in 宿州市.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ocr import regions

_POLICE = "公安局"
_LOSS = 9.0  # a character that the network holds for e^-9 times as likely may still be the book's
_LEAD = 2.0
_AT_HOME, _SAME_CITY, _SAME_PROVINCE = 5.0, 2.5, 1.0  # most people live where they were first registered
_EDITS = 2
_LONG = 8  # characters: a shorter name is not mended in two places


@dataclass(frozen=True)
class Place:
    """A text whose region is known. `repaired`: it was not what was read; `settled`: the book has the region."""

    text: str
    settled: bool
    repaired: bool = False


Weigh = Callable[[str], float]
"""How likely a text is on what was seen, compared with what was read: the logarithm of the ratio of their chances."""


@cache
def _starts() -> dict[str, frozenset[str]]:
    """Return all that addresses begin with, and the codes it stands for."""
    found: dict[str, set[str]] = {}
    for code, province, cities, county in regions.every_name():
        ways = {province + county}
        for city in cities:
            ways |= {province + city + county, city + county}
        for way in ways:
            found.setdefault(way, set()).add(code)
    return {text: frozenset(codes) for text, codes in found.items()}


@cache
def _divided() -> frozenset[str]:
    """Return the starts that only name a city, where counties and districts of it may follow."""
    above = {(province, city) for _, province, cities, _ in regions.every_name() for city in cities}
    return frozenset(way for province, city in above for way in (province + city, city))


@cache
def _authorities() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for code, province, cities, county in regions.every_name():
        ways = {county + _POLICE}
        if county.endswith("区"):
            short = county.removesuffix("区")
            for above in cities or (province,):
                ways |= {f"{above}{_POLICE}{short}分局", f"{above}{_POLICE}{county}分局"}
        for way in ways:
            found.setdefault(way, set()).add(code)
    return {text: frozenset(codes) for text, codes in found.items()}


@cache
def _names_of_starts() -> tuple[str, ...]:
    return tuple(_starts())


@cache
def _names_of_authorities() -> tuple[str, ...]:
    return tuple(_authorities())


def address(read: str, weigh: Weigh, home: str = "") -> Place:
    """Return an address whose region is one of the book, mended if need be.

    `home`: six digits of a region that is likelier than others, or "".
    """
    longest = _named(read)
    if longest and read[:longest] not in _divided():
        return Place(read, settled=True)
    found = []
    for start in _near(read[:26], _names_of_starts(), whole=False):
        if len(start) <= longest:
            continue
        for end in range(len(start) - 1, len(start) + 2):
            edits = distance(start, read[:end])
            if edits <= _EDITS:
                found.append((edits, start + read[end:], _nearness(_starts()[start], home)))
    # Some cities were counties once, so that their name alone may do: if nothing longer is near.
    near = [each for each in found if each[0] <= (1 if longest else _EDITS)]
    return Place(read, settled=True) if longest and not near else _likeliest(read, near, weigh)


def codes(text: str) -> frozenset[str]:
    """Return the codes of the region that an address begins with; none where the book has no such region."""
    longest = _named(text)
    return _starts()[text[:longest]] if longest else frozenset()


def _named(text: str) -> int:
    """Return how many characters of an address name its region, 0 where the book has none like it."""
    return next((length for length in range(min(len(text), 24), 2, -1) if text[:length] in _starts()), 0)


def authority(read: str, weigh: Weigh) -> Place:
    """Return an authority of the book, mended if need be."""
    if read in _authorities():
        return Place(read, settled=True)
    near = _near(read, _names_of_authorities(), whole=True)
    return _likeliest(read, [(distance(name, read), name, 0.0) for name in near], weigh)


def _likeliest(read: str, texts: Iterable[tuple[int, str, float]], weigh: Weigh) -> Place:
    best: dict[str, tuple[float, int]] = {}
    seen = sorted((each for each in texts if each[0] <= _EDITS), key=lambda each: each[0] - each[2] / 8)[:12]
    if not seen:
        return Place(read, settled=False)
    for edits, text, prior in seen:
        best[text] = max(best.get(text, (-1e9, 0)), (weigh(text) + prior - edits, edits))
    (text, (score, edits)), *others = sorted(best.items(), key=lambda each: -each[1][0])
    if score < -_LOSS * edits or (others and score - others[0][1][0] < _LEAD):
        return Place(read, settled=False)
    return Place(text, settled=True, repaired=True)


def _nearness(codes: frozenset[str], home: str) -> float:
    if home in codes:
        return _AT_HOME
    if any(code[:4] == home[:4] for code in codes):
        return _SAME_CITY
    return _SAME_PROVINCE if any(code[:2] == home[:2] for code in codes) else 0.0


def _near(read: str, names: tuple[str, ...], *, whole: bool) -> list[str]:
    """Return names that share all but a few characters with what was read."""
    book = _index(names)
    shared: NDArray[np.intp] = np.zeros(len(names), np.intp)
    for letter in set(read):
        if letter in book.having:
            shared[book.having[letter]] += 1
    fitting = book.letters - shared <= np.where(book.lengths >= _LONG, _EDITS, 1)
    fitting &= book.lengths > _EDITS
    if whole:
        fitting &= np.abs(book.lengths - len(read)) <= 1
    return [names[one] for one in np.flatnonzero(fitting)]


@dataclass(frozen=True, eq=False)
class _Index:
    """Names by what they are written with: how long each is, how many letters it has, and which have a letter."""

    lengths: NDArray[np.intp]
    letters: NDArray[np.intp]
    having: Mapping[str, NDArray[np.intp]]


@cache
def _index(names: tuple[str, ...]) -> _Index:
    having: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        for letter in set(name):
            having.setdefault(letter, []).append(number)
    return _Index(
        np.array([len(name) for name in names], np.intp),
        np.array([len(set(name)) for name in names], np.intp),
        {letter: np.array(numbers, np.intp) for letter, numbers in having.items()},
    )


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many characters must be put in, left out or changed to make one of the other."""
    row = list(range(len(other) + 1))
    for number, character in enumerate(one, 1):
        before, row[0] = row[0], number
        for column, another in enumerate(other, 1):
            before, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, before + (character != another)),
            )
    return row[-1]
