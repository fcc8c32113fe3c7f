"""The loads that the rules count, out of the journal: a transaction that is closed is read once."""

from datetime import datetime, timedelta

from kiosk_core.ledger import Journal
from kiosk_core.risk import Load, loads_of

# A clock that is set may step back so far without anybody's leave (the journal refuses more), and the transactions
# that begin then must be seen all the same.
_OVERLAP = timedelta(minutes=5)


class RecentLoads:
    """Reads the journal from where something may have changed, and remembers the rest.

    Closed transactions never change; what is open the journal has at hand. Where the clock has gone back everything is
    read anew.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._closed: dict[str, tuple[datetime, tuple[Load, ...]]] = {}
        self._open: dict[str, datetime] = {}
        self._read_at: datetime | None = None

    def since(self, start: datetime, now: datetime) -> tuple[Load, ...]:
        """Return what counts of the transactions that began since `start`.

        Raises:
            JournalUnavailable: the journal cannot be read.
        """
        waiting = [each for each in self._journal.unsettled() if each.rows[0].at >= start]
        still_open = {each.id: each.rows[0].at for each in waiting}
        if self._read_at is None or now < self._read_at:
            known, moment = {}, start
        else:
            closed_meanwhile = (began for id_, began in self._open.items() if id_ not in still_open)
            known, moment = self._closed, min([self._read_at - _OVERLAP, *closed_meanwhile])
        found = self._journal.since(max(start, moment))
        closed = {each.id: (each.rows[0].at, loads_of((each,))) for each in found if each.state.closed}
        self._closed = {id_: each for id_, each in (known | closed).items() if each[0] >= start}
        self._open, self._read_at = still_open, now
        return (*(load for _, loads in self._closed.values() for load in loads), *loads_of(waiting))
