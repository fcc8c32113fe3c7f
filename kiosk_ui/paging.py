"""A list that is cut into pages of as many items as the screen has room for, and which page is shown."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from kiosk_core.texts import Words

T = TypeVar("T")


class Paging(Generic[T]):
    """Items and the page of them that is shown; it begins with none, and with room for one."""

    def __init__(self) -> None:
        self.items: Sequence[T] = ()
        self._first = 0
        self._room = 1

    def begin(self, items: Sequence[T]) -> None:
        """Show the first page of `items`."""
        self.items = items
        self._first = 0

    def fit(self, room: int) -> bool:
        """Take `room` items to a page, at least one, what was shown first among them; return whether that is new."""
        room = max(1, room)
        if room == self._room:
            return False
        self._room = room
        self.turn_to(self._first)
        return True

    def turn_to(self, index: int) -> None:
        """Show the page with the item `index`."""
        self._first = index - index % self._room

    def turn_back(self) -> bool:
        """Show the page before this one; return whether there is one."""
        there = self.has_newer
        if there:
            self._first -= self._room
        return there

    def turn_on(self) -> bool:
        """Show the page behind this one; return whether there is one."""
        there = self.has_older
        if there:
            self._first += self._room
        return there

    @property
    def shown(self) -> Sequence[T]:
        """The items of the page that is shown."""
        return self.items[self._first : self._first + self._room]

    @property
    def has_newer(self) -> bool:
        """Whether there is a page before this one."""
        return self._first > 0

    @property
    def has_older(self) -> bool:
        """Whether there is a page behind this one."""
        return self._first + self._room < len(self.items)

    @property
    def place(self) -> Words | None:
        """Which page of how many this is, None where there is only one."""
        pages = -(-len(self.items) // self._room)
        if pages < 2:
            return None
        return Words("ui.list.place", {"page": str(self._first // self._room + 1), "pages": str(pages)})
