"""What headquarters sees of a branch's present day: the same folds of the log as in the branch itself."""

from dataclasses import dataclass, replace

from queue_display.branch import Branch
from queue_display.events import Issued
from queue_display.figures import DayFigures, Figures
from queue_display.headquarters.keeping import HeadquartersStore
from queue_display.policy import Policy


@dataclass(frozen=True)
class BranchToday:
    """A branch's present day, as far as it is known here: how many wait, open windows, waits against targets."""

    day: str
    waiting: int
    windows: int
    figures: DayFigures

    @property
    def called(self) -> int:
        """How many were called."""
        return sum(line.called for line in self.figures.lines.values())

    @property
    def share_within_target(self) -> float:
        """The share of those called that was called within its target."""
        within = sum(line.share_within_target * line.called for line in self.figures.lines.values())
        return within / self.called if self.called else 0.0

    @property
    def longest_s(self) -> float:
        """The longest wait of those called; seconds."""
        return max((line.longest_s for line in self.figures.lines.values()), default=0.0)


def today(store: HeadquartersStore, branch: str, policy: Policy) -> BranchToday:
    """Return a branch's present day; tickets for what `policy` does not know are not measured.

    Raises:
        StoreUnavailable: the copy cannot be read.
        BrokenLog: what is there cannot be folded; a later version may have written it.
    """
    first = store.first_of_day(branch)
    folded, figures = Branch(), Figures(policy, most=1)
    folded.last = replace(folded.last, number=first - 1)
    for bare in store.entries(branch, first - 1):
        entry = bare.entry
        event = entry.event
        if not isinstance(event, Issued) or policy.knows(event.services[0], event.customer_class):
            figures.observe(entry)
        folded.apply(entry)
    waiting = sum(map(len, folded.lines.values()))
    return BranchToday(folded.day, waiting, len(folded.windows), figures.today)
