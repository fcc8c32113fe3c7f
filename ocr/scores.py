"""How well pictures are read whose truth is known: shares of fields and cards, doubt, and how long it takes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ocr.id_card import IdCard, Unreadable


@dataclass(frozen=True)
class Truth:
    """What stands on a picture's card: its side, its fields by name, and those of them that nobody could read."""

    side: str
    fields: Mapping[str, str]
    lost: frozenset[str] = frozenset()
    level: str = ""


@dataclass(frozen=True)
class Mistake:
    """A field that was not read as it stands there; `read` "" where nothing was."""

    picture: str
    level: str
    field: str
    right: str
    read: str
    sure: bool


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    right: int
    of: int

    @property
    def value(self) -> float:
        """Return it as a number between 0 and 1; 1 of nothing."""
        return self.right / self.of if self.of else 1.0


class Scores:
    """Counts what was read of pictures, one after the other."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self._right: Counter[tuple[str, str]] = Counter()
        self._of: Counter[tuple[str, str]] = Counter()
        self._sure = 0
        self._sure_and_wrong = 0
        self._seconds: list[float] = []

    def add(self, picture: str, truth: Truth, found: IdCard | Unreadable, seconds: float) -> None:
        """Count one picture. What nobody could read is right if it is not said to be sure."""
        self._seconds.append(seconds)
        read = found.fields if isinstance(found, IdCard) else {}
        whole = True
        for name, right in truth.fields.items():
            field = read.get(name)
            text, sure = ("", False) if field is None else (field.text, field.sure)
            self._sure += sure
            self._sure_and_wrong += sure and text != right
            if name in truth.lost:
                continue
            whole &= text == right
            for kind in (name, "field"):
                self._of[truth.level, kind] += 1
                self._right[truth.level, kind] += text == right
            if text != right:
                self.mistakes.append(Mistake(picture, truth.level, name, right, text, sure))
        self._of[truth.level, "card"] += 1
        self._right[truth.level, "card"] += whole

    @property
    def pictures(self) -> int:
        """Return how many pictures were counted."""
        return len(self._seconds)

    @property
    def levels(self) -> Sequence[str]:
        """Return the levels that occurred, in their order."""
        return list(dict.fromkeys(level for level, _ in self._of))

    @property
    def kinds(self) -> Sequence[str]:
        """Return the names of the fields that occurred, in their order."""
        return [kind for kind in dict.fromkeys(kind for _, kind in self._of) if kind not in {"field", "card"}]

    def share(self, kind: str, level: str | None = None) -> Share:
        """Return how many were right of a field by its name, of every "field", or of every whole "card"."""
        keys = [key for key in self._of if key[1] == kind and level in {None, key[0]}]
        return Share(sum(self._right[key] for key in keys), sum(self._of[key] for key in keys))

    @property
    def wrong_but_sure(self) -> Share:
        """Return how many fields were said to be sure and are not what stands there, of all that were shown."""
        return Share(self._sure_and_wrong, self.share("field").of)

    @property
    def sure(self) -> Share:
        """Return how many fields need not be asked back."""
        return Share(self._sure, self.share("field").of)

    def milliseconds(self, percentile: float) -> float:
        """Return how long a picture took that is slower than so many per cent of them."""
        return float(np.percentile(self._seconds, percentile)) * 1000 if self._seconds else 0.0
