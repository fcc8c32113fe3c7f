"""The calls that the lobby sees: what the queue said of all, then each as it comes."""

from collections.abc import Iterable, Sequence

from queue_display.listening.heard import Alive, Board, CallShown, Happened

FRESH_S = 15.0
"""A call is shown however late it is heard; it flashes and is spoken if it is at most so old in the branch's time."""

_MOST = 12


class LobbyCalls:
    """The last calls, to entry `entry` of the log; `now` is the branch's time as it was last said.

    Recalls of calls that are no longer known, and tickets that left their window, come with the next `take`.
    """

    def __init__(self) -> None:
        self.entry = 0
        self.now: float | None = None
        self._calls: tuple[CallShown, ...] = ()

    @property
    def rows(self) -> tuple[CallShown, ...]:
        """The newest call of each ticket, the newest first."""
        newest: dict[str, CallShown] = {}
        for call in self._calls:
            newest.setdefault(call.ticket, call)
        return tuple(newest.values())

    def begin(self, board: Board) -> Sequence[CallShown]:
        """Take the board of a new connection; a log that ends before what is known is another one. As `take`."""
        if board.entry < self.entry:
            self.entry = 0
        return self.take(board)

    def take(self, board: Board) -> Sequence[CallShown]:
        """Take what the queue says of all, unless more is known already; return the fresh calls, the oldest first."""
        self.now = board.at
        if board.entry < self.entry:
            return ()
        before, self.entry = self.entry, board.entry
        self._calls = board.calls
        return self._fresh(call for call in reversed(board.calls) if call.number > before)

    def hear(self, said: Happened | Alive) -> Sequence[CallShown]:
        """Take what happened, in order; return the call if it is one and fresh."""
        self.now = said.at if self.now is None else max(self.now, said.at)
        if isinstance(said, Alive) or said.number <= self.entry:  # a board that was asked for meanwhile knew of it
            return ()
        self.entry = said.number
        call = self._call(said)
        if call is None:
            return ()
        self._calls = (call, *self._calls)[:_MOST]
        return self._fresh([call])

    def _call(self, said: Happened) -> CallShown | None:
        match said.kind:
            case "DayOpened":
                self._calls = ()
            case "Called":
                return CallShown(said.number, said.at, said.ticket, said.window, again=False)
            case "Recalled":
                window = next((call.window for call in self._calls if call.ticket == said.ticket), None)
                if window is not None:
                    return CallShown(said.number, said.at, said.ticket, window, again=True)
            case _:
                pass
        return None

    def _fresh(self, calls: Iterable[CallShown]) -> Sequence[CallShown]:
        return tuple(call for call in calls if self.now is None or self.now - call.at <= FRESH_S)
