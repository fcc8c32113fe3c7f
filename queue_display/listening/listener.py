"""Whether a branch's queue is heard: which entry follows, what is silence, when to try again and to look at the board.

It does no I/O, and time is that of `Clock.now`; who has it moves the bytes (docs/queue/board.md, kiosk.md).
"""

import math
from collections.abc import Sequence

from kiosk_core.clock import Clock
from queue_display.listening.event_stream import EventStreamParser
from queue_display.listening.heard import Alive, Board, Happened, read_event

SILENCE_S = 4.5
"""The queue shows every two seconds that it is alive; whoever looks is told within five that it does not."""

LOOK_EVERY_S = 10.0
"""Waits change while nothing happens."""

FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 4.0
"""Less than SILENCE_S: a queue that shows its board but lets nobody more follow is looked at before that is old."""


class Gap(Exception):
    """Something of the log is missing: begin anew, with the board."""


class Listener:
    """What one screen knows of its line to the queue, connection after connection.

    A try begins with `begin`. The board is asked for (`look`) and comes (`see`); then the stream of events behind it is
    asked for, with what `follow` returns as Last-Event-ID, and its bytes go through `hear`. When `look_in_s` has passed
    the board is asked for again. A try that fails ends with `lose`; the next one begins when `may_begin`.

    Args:
        apart_s: between two looks at the board, where much happens.
    """

    def __init__(self, clock: Clock, apart_s: float) -> None:
        self._clock = clock
        self._apart_s = apart_s
        self._parser = EventStreamParser()
        self._entry = 0
        self._seen_entry = 0
        self._word_at = math.inf  # nothing was heard yet, so nothing is missed
        self._quiet_since = clock.now()
        self._looked_at = -math.inf
        self._look_at = -math.inf
        self._awaits_board = False
        self._begin_at = -math.inf
        self._retry_s = FIRST_RETRY_S

    # -- what is so now ----------------------------------------------------------------------------------------

    @property
    def is_offline(self) -> bool:
        """Whether nothing was heard for SILENCE_S, since it was heard at all: what is shown of it is old."""
        return self._clock.now() - self._word_at >= SILENCE_S

    @property
    def is_silent(self) -> bool:
        """Whether this try has brought nothing for SILENCE_S: it is to be given up."""
        now = self._clock.now()
        return now - self._quiet_since >= SILENCE_S or (self._awaits_board and now - self._looked_at >= SILENCE_S)

    @property
    def may_begin(self) -> bool:
        """Whether it is time for the next try."""
        return self._clock.now() >= self._begin_at

    @property
    def look_in_s(self) -> float:
        """In how many seconds the board may be asked for again; at most 0: now."""
        return self._look_at - self._clock.now()

    # -- what is done ------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Begin a try."""
        self._quiet_since = self._clock.now()
        self._awaits_board = False

    def look(self) -> None:
        """Take in that the board is asked for."""
        self._looked_at = self._clock.now()
        self._look_at = self._looked_at + LOOK_EVERY_S
        self._awaits_board = True

    def see(self, board: Board) -> None:
        """Take in that the board has come."""
        self._word_at = self._clock.now()
        self._seen_entry = board.entry
        self._awaits_board = False

    def follow(self, board: Board) -> str:
        """Go on behind `board`, by a new connection; return the Last-Event-ID that it is to send."""
        self._parser = EventStreamParser()
        self._entry = board.entry
        self._quiet_since = self._clock.now()
        return str(board.entry)

    def hear(self, data: bytes) -> Sequence[Alive | Happened]:
        """Return what these bytes of the stream say that is new; what was heard before is no word.

        Raises:
            BrokenStream: what comes is no event stream of a queue.
            Gap: an entry is missing, or the log is another one.
        """
        said = [each for event in self._parser.feed(data) if (each := read_event(event)) is not None]
        new = [each for each in said if self._is_new(each)]
        if new:
            self._word_at = self._quiet_since = self._clock.now()
            self._retry_s = FIRST_RETRY_S
        if any(isinstance(each, Happened) and each.number > self._seen_entry for each in new):
            self._look_at = min(self._look_at, self._looked_at + self._apart_s)
        return new

    def lose(self) -> None:
        """End a try that failed; the next one begins after a while, each time after twice as long."""
        self._begin_at = self._clock.now() + self._retry_s
        self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)

    def _is_new(self, said: Alive | Happened) -> bool:
        if isinstance(said, Alive):
            if said.entry < self._entry:
                raise Gap(f"the log ends with {said.entry}, before {self._entry} which was heard of it")
            return True
        if said.number > self._entry + 1:
            raise Gap(f"entry {said.number} came behind {self._entry}")
        is_new = said.number > self._entry
        self._entry = max(self._entry, said.number)
        return is_new
