"""The latest of many: a list that does not grow without end."""

from typing import TypeVar

T = TypeVar("T")

KEPT = 256


class Recent(list[T]):
    """The latest things that were appended, at least KEPT and fewer than twice as many, oldest first."""

    def append(self, each: T) -> None:
        """Append one, and forget the oldest from time to time."""
        super().append(each)
        if len(self) >= 2 * KEPT:
            del self[:KEPT]
