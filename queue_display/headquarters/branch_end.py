"""When a branch sends which entries, decided without a network: its log is the outbox, and headquarters holds the mark.

The branch keeps nothing of its own. It asks what headquarters has, sends what follows, and goes back to there whenever
headquarters says that something got lost. So neither a crash of anybody nor what a broker forgets loses an entry.
"""

from dataclasses import dataclass

from queue_display.headquarters.messages import Have

MOST_ENTRIES = 200
"""Entries in one message."""

_WINDOW = 5 * MOST_ENTRIES  # sent and not acknowledged: more would only fill the broker
_GATHER_S = 1.0  # for how long entries gather into one message
_ASK_S = 5.0  # how soon it asks again where nothing was heard; then twice as long each time, to _ALIVE_S
_ALIVE_S = 60.0
_BACK_S = 5.0  # several messages behind a lost one report the same loss

OTHER_LOG = "headquarters has another log under this branch's name: give the branch a new name"


@dataclass(frozen=True)
class Sending:
    """Send the entries behind `after`, `count` of them; none: ask."""

    after: int
    count: int


class BranchEnd:
    """What was sent and what is acknowledged. Times are those of `Clock.now`.

    `have` is the last entry that headquarters has, None while that is unknown; `problem` says why nothing is sent.
    """

    def __init__(self) -> None:
        self.have: int | None = None
        self.sent = 0
        self.problem = ""
        self._next_batch_at = 0.0
        self._next_question_at = 0.0
        self._pause_s = _ASK_S
        self._went_back: tuple[int, float] = (-1, 0.0)

    def connected(self, now: float) -> None:
        """Ask at once: what was under way may be lost."""
        self._pause_s = _ASK_S
        self._next_question_at = now

    def heard(self, have: Have, own_digest: str, now: float) -> None:
        """Take in what headquarters has; `own_digest` is that of this branch's entry of that number, "" if none."""
        if have.digest != own_digest:
            self.have, self.problem = None, OTHER_LOG
            return
        self.problem = ""
        if self.have is None or have.number > self.have:
            self._pause_s = _ASK_S
            self._next_question_at = now + self._pause_s
        is_first = self.have is None
        self.have = have.number
        if is_first or have.number > self.sent:
            self.sent = have.number
        elif have.again and have.number < self.sent:
            where, when = self._went_back
            if have.number != where or now - when >= _BACK_S:
                self._went_back = have.number, now
                self.sent = have.number

    def due(self, last: int, now: float) -> Sending | None:
        """Return what to send now, where `last` is the last entry of the log."""
        if self.have is not None and now >= self._next_batch_at:
            count = min(MOST_ENTRIES, last - self.sent, self.have + _WINDOW - self.sent)
            if count > 0:
                sending = Sending(self.sent, count)
                self.sent += count
                self._next_batch_at = now if count == MOST_ENTRIES else now + _GATHER_S
                return sending
        if now >= self._next_question_at:
            self._next_question_at = now + self._pause_s
            self._pause_s = min(2 * self._pause_s, _ALIVE_S)
            return Sending(self.sent, 0)
        return None
