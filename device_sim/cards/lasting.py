"""What a card keeps without power: replaced as a whole, in a JSON file too, unless the card is torn out meanwhile."""

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


class Tear(Enum):
    """When a card loses contact in the middle of a command that writes."""

    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT = "after_commit"


class TornError(Exception):
    """The card lost contact: it does not answer."""


@dataclass
class Tearing:
    """What will happen to the next command that writes to a card, whatever part of it; None: nothing."""

    next: Tear | None = None

    def take(self) -> Tear | None:
        """Return it and have it done with."""
        tear, self.next = self.next, None
        return tear


class Lasting(Generic[T]):
    """A frozen dataclass that a card keeps, `fresh` or what is in `file`.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds no such memory.
    """

    def __init__(self, fresh: T, file: Path | None = None, tearing: Tearing | None = None) -> None:
        self._value = fresh
        self._file = file
        self._tearing = tearing or Tearing()
        self._adapter: TypeAdapter[T] | None = None
        if file is not None:
            self._adapter = TypeAdapter(type(fresh))
            if file.exists():
                self._value = _load(file, self._adapter)

    @property
    def value(self) -> T:
        """What would be kept if the power went now."""
        return self._value

    @property
    def tearing(self) -> Tearing:
        """What will happen to the next commit."""
        return self._tearing

    def commit(self, value: T) -> None:
        """Keep `value` from now on.

        Raises:
            TornError: the card lost contact, before it or after.
            OSError: the file cannot be written; the old value is kept.
        """
        tear = self._tearing.take()
        if tear is Tear.BEFORE_COMMIT:
            raise TornError
        if self._file is not None and self._adapter is not None:
            _save(self._file, self._adapter.dump_json(value, indent=2))
        self._value = value
        if tear is Tear.AFTER_COMMIT:
            raise TornError


def _save(file: Path, text: bytes) -> None:
    fresh = file.with_name(file.name + ".new")
    with fresh.open("wb") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def _load(file: Path, adapter: TypeAdapter[T]) -> T:
    try:
        return adapter.validate_json(file.read_bytes())
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ValueError(f"{file}: no memory of such a card: {wrong}") from None
