"""A log for tests: acts go in, entries come out, the branch follows."""

from collections.abc import Callable

from queue_display.acts import Act, OpenDay
from queue_display.branch import Branch
from queue_display.deciding import Decision, decide
from queue_display.events import Entry
from queue_display.policy import Policy
from queue_display.refusals import Refusal

MIDNIGHT = 1_795_363_200.0  # 2026-11-23 00:00 in China
OPENING = MIDNIGHT + 9 * 3600


class Log:
    """The entries of a day and the branch that follows from them; time passes only when a test says so.

    `observers` hear of every entry before it happens to the branch.
    """

    def __init__(self, policy: Policy, *observers: Callable[[Branch, Entry], None], opened: bool = True) -> None:
        self._observers = observers
        self.policy = policy
        self.entries: list[Entry] = []
        self.branch = Branch()
        self.now = OPENING
        if opened:
            self.do(OpenDay("2026-11-23", MIDNIGHT))

    def do(self, act: Act) -> Decision:
        decision = decide(self.branch, self.policy, act, self.now)
        if not isinstance(decision, Refusal):
            self.append(*decision)
        return decision

    def append(self, *events: object) -> None:
        for event in events:
            entry = Entry(len(self.entries) + 1, self.now, event)  # type: ignore[arg-type]
            for observe in self._observers:
                observe(self.branch, entry)
            self.branch.apply(entry)
            self.entries.append(entry)

    def did(self, act: Act) -> object:
        """Do it, and return the last event; a refusal fails the test."""
        decision = self.do(act)
        assert not isinstance(decision, Refusal), decision.sentence("en")
        return decision[-1]
