"""How a line of a field becomes its text: each kind of field has its alphabet, its grammar or its list."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from kiosk_core.ethnicities import ETHNICITIES
from kiosk_core.id_card_reader import check_character
from kiosk_core.id_document import LONG_TERM
from ocr import cells
from ocr.arrays import Chances
from ocr.characters import DOT, DOTS, ONE, STROKES, common, han, simplified
from ocr.decode import BLANK, Reading, beam, greedy, share, weigh
from ocr.forms import Forms
from ocr.grammar import alphabet as alphabet_of
from ocr.id_card import day
from ocr.layout import Field

_ALPHABETS = {
    "id_number": "0123456789X",
    "birth": "0123456789年月日",
    "validity": "0123456789.-长期",
    "latin_name": "ABCDEFGHIJKLMNOPQRSTUVWXYZ,-'. ",
}
_LISTS: dict[str, Sequence[str]] = {"sex": ("男", "女"), "ethnicity": ETHNICITIES}
_PLAIN = 0.9  # what is in a list and so sure needs no comparing with all others
_FREQUENT = {"汉": 3.0}  # nine of ten people: where the picture hardly tells, as a logarithm of chance
_PLACES = {"address", "authority"}  # where a traditional form is always a misread one
_FAR = 12.0  # e to this is as much likelier as anything needs to be
_HARDLY = float(np.exp(-_FAR))
_NONE = float(np.finfo(np.float32).tiny)
_NOTHING = 1e-8  # less of a form is not worth moving
_BLANK = 0.999  # a step so surely blank is no form of anything
_FIRST_BIRTH, _FIRST_CARD, _NEVER = 1890, 2004, 2100  # cards of this kind are made since 29 March 2004
_TERMS = (5, 10, 20)  # years that a card is valid


def checks(number: str) -> bool:
    """Return whether an ID number of 18 characters has the right last one (GB 11643: mod 11-2)."""
    return bool(re.fullmatch(r"[0-9]{17}[0-9X]", number)) and number[17] == check_character(number[:17])


def born(number: str) -> str:
    """Return YYYY-MM-DD of an ID number of 18 characters; "" where its digits are no day."""
    text = f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
    return text if _lived(text) else ""


def sex(number: str) -> str:
    """Return the sex that an ID number of 18 characters tells."""
    return "男" if int(number[16]) % 2 else "女"


@dataclass(frozen=True)
class Line:
    """A line as it was read. `looks`: the chances of each look at it; all else is as in doubt.Signs."""

    reading: Reading
    looks: tuple[Chances, ...]
    agreeing: float = 1.0
    ahead: float = 12.0
    margin: float = 12.0
    rival: float = 12.0
    strange: float = 0.0


class Interpreter:
    """Reads lines of any kind of field from the chances of one network."""

    def __init__(self, characters: Sequence[str]) -> None:
        """Take what the columns of the chances stand for."""
        self.characters = characters
        self.places = {character: column for column, character in enumerate(characters)}
        self._columns: dict[str, NDArray[np.intp]] = {}
        pairs = sorted((new, old) for old, new in simplified().items() if old in self.places and new in self.places)
        self._old = np.array([self.places[old] for _, old in pairs], np.intp)
        self._new = np.array([self.places[new] for new, _ in pairs], np.intp)
        self._folds = np.arange(len(characters))
        self._folds[self._old] = self._new
        self._uncommon = np.array([han(each) and not common(each) for each in characters], np.intp)
        self._forms = Forms(characters)

    def line(self, field: Field, looks: Sequence[Chances]) -> Line:
        """Return what one or more looks at a line say together; may move chances of forms that are not printed."""
        kind = field.kind
        if field.cells:
            return Line(cells.read(looks, self.places, field.cells), tuple(looks))
        for look in looks:
            if kind in _PLACES:
                self._simplify(look)
            if kind == "name":
                for printed, others in ((DOT, DOTS), (ONE, STROKES)):
                    look[:, self.columns(printed)] += look[:, self.columns(others)].sum(axis=1, keepdims=True)
                    look[:, self.columns(others)] = 0
        if field.texts or kind in _LISTS:
            return self._chosen(looks, field.texts or _LISTS[kind])
        alphabet = alphabet_of(field) or _ALPHABETS.get(kind, "")
        allowed = self.columns(alphabet) if alphabet else None
        read = [greedy(look, self.characters, allowed) for look in looks]
        if len(looks) == 1:
            return Line(read[0], tuple(looks), 1.0, _FAR, *self._before(kind, looks, read, allowed))
        weighed = weigh(looks, self.places, [each.text for each in read])
        text = weighed[0][1]
        alike = [each for each in read if each.text == text]
        reading = Reading(
            text,
            float(np.mean([each.sure for each in alike])),
            alike[0].chances,
            alike[0].columns,
            float(np.mean([each.lead for each in alike])),
        )
        ahead = weighed[0][0] - weighed[1][0] if len(weighed) > 1 else _FAR
        same = [each.text == text for each in read]
        before = self._before(kind, [look for look, good in zip(looks, same, strict=True) if good], alike, allowed)
        return Line(reading, tuple(looks), len(alike) / len(read), ahead, *before)

    def _before(
        self, kind: str, looks: Sequence[Chances], read: Sequence[Reading], allowed: NDArray[np.intp] | None
    ) -> tuple[float, float, float]:
        """Return how far a text is before common and uncommon other characters, the mean of all looks; how strange."""
        if allowed is not None:
            return _FAR, _FAR, 0.0
        margin, rival = np.mean([self._least(look, each) for look, each in zip(looks, read, strict=True)], axis=0)
        # Forms are those of names; what is itself looks so in one way at least.
        strange = min(map(self._strangest, looks, read)) if kind == "name" else 0.0
        return float(margin), float(rival), strange

    def _strangest(self, look: Chances, reading: Reading) -> float:
        """Return how strange the strangest character of a text looks."""
        pairs = zip(reading.text, reading.columns, strict=True)
        return max((self._forms.strange(look[column], character) for character, column in pairs), default=0.0)

    def _least(self, look: Chances, reading: Reading) -> tuple[float, float]:
        """Return how far the least certain character is before the likeliest common and uncommon others."""
        least = [_FAR, _FAR]
        steps, others = divmod(np.flatnonzero(look > _HARDLY), look.shape[1])  # in one go: some tens of a million
        folds, uncommon, told = self._folds[others], self._uncommon[others], np.log(look[steps, others])
        seen = list(zip(others.tolist(), folds.tolist(), uncommon.tolist(), told.tolist(), strict=True))
        begins = np.searchsorted(steps, np.arange(len(look) + 1)).tolist()
        for place, (character, column) in enumerate(zip(reading.text, reading.columns, strict=True)):
            own = float(np.log(max(look[column, self.places[character]], _NONE)))  # what mends may have no chance
            beside = {BLANK, *(self.places[each] for each in reading.text[max(place - 1, 0) : place + 2])}
            beside.add(int(self._folds[self.places[character]]))
            # Others may be likeliest a step aside.
            for other, fold, rare, chance in seen[begins[max(column - 1, 0)] : begins[min(column + 2, len(look))]]:
                if other not in beside and fold not in beside:
                    least[rare] = min(least[rare], own - chance)
        return least[0], least[1]

    def numbers(self, looks: Sequence[Chances]) -> list[tuple[float, str]]:
        """Return ID numbers that check and name a day, with the logarithm of their chance, the likeliest first."""
        return self.candidates(looks, _ALPHABETS["id_number"], lambda text: checks(text) and bool(born(text)), 48)

    def dates(self, kind: str, looks: Sequence[Chances]) -> list[tuple[float, str]]:
        """Return births or validities that are in order, with the logarithm of their chance, the likeliest first."""
        good = birth_date if kind == "birth" else in_order
        return self.candidates(looks, _ALPHABETS[kind], lambda text: bool(good(text)))

    def candidates(
        self, looks: Sequence[Chances], alphabet: str, good: Callable[[str], bool], keep: int = 24
    ) -> list[tuple[float, str]]:
        """Return good texts of these characters, with the logarithm of their chance, the likeliest first."""
        texts = [text for look in looks for text in beam(look, self.characters, self.columns(alphabet), keep)]
        return weigh(looks, self.places, [text for text in texts if good(text)])

    def likelihood(self, line: Line, text: str) -> float:
        """Return the logarithm of the chance that a line says `text`; very low where it has unknown characters."""
        weighed = weigh(line.looks, self.places, [text])
        return weighed[0][0] if weighed else -1e3

    def _chosen(self, looks: Sequence[Chances], texts: Sequence[str]) -> Line:
        read = [greedy(look, self.characters) for look in looks]
        if all(each.text in texts and each.sure > _PLAIN and each.text == read[0].text for each in read):
            return Line(min(read, key=lambda each: each.sure), tuple(looks))
        weighed = [(score + _FREQUENT.get(text, 0.0), text) for score, text in weigh(looks, self.places, texts)]
        weighed.sort(key=lambda each: -each[0])
        reading = Reading(weighed[0][1], share(weighed), lead=min(share(weighed), max(each.sure for each in read)))
        agreeing = sum(each.text == reading.text for each in read) / len(read)
        return Line(reading, tuple(looks), agreeing, weighed[0][0] - weighed[1][0])

    def _simplify(self, look: Chances) -> None:
        """Give the chances of traditional forms to their simplified ones, in place."""
        steps = np.flatnonzero(look[:, BLANK] < _BLANK)
        chances = look[steps][:, self._old]
        rows, forms = divmod(np.flatnonzero(chances > _NOTHING), len(self._old))  # a few, in one go
        moved, places = chances[rows, forms], steps[rows]
        look[places, self._old[forms]] = 0
        np.add.at(look, (places, self._new[forms]), moved)

    def columns(self, alphabet: str) -> NDArray[np.intp]:
        """Return the columns of these characters, without those that the network does not know."""
        if alphabet not in self._columns:
            known = [self.places[each] for each in alphabet if each in self.places]
            self._columns[alphabet] = np.array(known, np.intp)
        return self._columns[alphabet]


def birth_date(text: str) -> str:
    """Return YYYY-MM-DD of 1984年3月7日, whose 年月日 may be missed; "" where it is none."""
    found = re.fullmatch(r"(\d{4})年?(\d{1,2})月?(\d{1,2})日?", text)
    written = f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}" if found else ""
    return written if _lived(written) else ""


def _lived(text: str) -> bool:
    """Return whether YYYY-MM-DD is a day on which somebody may be born who has a card."""
    found = day(text)
    return found is not None and _FIRST_BIRTH <= found.year < _NEVER


def validity(text: str) -> tuple[str, str]:
    """Return the first and the last day of 2012.03.04-2032.03.04 or 2012.03.04-长期; "" for one that is none."""
    found = re.fullmatch(r"(\d{4})\.?(\d\d)\.?(\d\d)-?(?:(\d{4})\.?(\d\d)\.?(\d\d)|(长?期?))", text)
    if not found:
        return "", ""
    begins = f"{found[1]}-{found[2]}-{found[3]}"
    until = f"{found[4]}-{found[5]}-{found[6]}" if found[4] else LONG_TERM if found[7] else ""
    return begins if day(begins) else "", until if until == LONG_TERM or day(until) else ""


def in_order(text: str) -> bool:
    """Return whether a validity is one that cards have: 5, 10 or 20 years, or 长期."""
    begins, until = validity(text)
    first, last = day(begins), day(until)
    if first is None or not _FIRST_CARD <= first.year < _NEVER:
        return False
    if last is None:
        return until == LONG_TERM
    return any(last in _ends(first, years) for years in _TERMS)


def _ends(first: date, years: int) -> tuple[date, ...]:
    """Return the same day so many years on; for 29 February, where there is none, the days beside it."""
    try:
        return (first.replace(year=first.year + years),)
    except ValueError:
        return date(first.year + years, 2, 28), date(first.year + years, 3, 1)
