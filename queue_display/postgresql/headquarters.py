"""The branches' logs at headquarters in PostgreSQL: tables as the branches' own, and how far each log is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import ARRAY, URL, BigInteger, Double, Text, bindparam, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as insert_if_new

from queue_display.events import DayOpened
from queue_display.headquarters.keeping import News, Standing
from queue_display.headquarters.messages import BareEntry
from queue_display.postgresql.database import keeping_promises, once_more, opened
from queue_display.postgresql.schema import BRANCH, ENTRY, STANDING, migrate

_PIECE = 1000

_NEW = (
    func.unnest(
        bindparam("branches", type_=ARRAY(Text)),
        bindparam("numbers", type_=ARRAY(BigInteger)),
        bindparam("ats", type_=ARRAY(Double)),
        bindparam("kinds", type_=ARRAY(Text)),
        bindparam("fields", type_=ARRAY(Text)),
    )
    .table_valued("branch", "number", "at", "kind", "fields")
    .render_derived()
)
_KEEP_ENTRIES = insert(ENTRY).from_select(["branch", "number", "at", "kind", "fields"], select(_NEW))
_KEEP_BRANCH = insert_if_new(BRANCH).on_conflict_do_nothing()
_STANDING = insert_if_new(STANDING)
_KEEP_STANDING = _STANDING.on_conflict_do_update(
    index_elements=["branch"],
    set_={column.name: column for column in _STANDING.excluded if column.name != "branch"},
)
_STANDINGS = select(STANDING).order_by(STANDING.c.branch)
_ENTRIES = (
    select(ENTRY.c.number, ENTRY.c.at, ENTRY.c.kind, ENTRY.c.fields)
    .where(ENTRY.c.branch == bindparam("ours", type_=Text), ENTRY.c.number > bindparam("after"))
    .order_by(ENTRY.c.number)
    .limit(_PIECE)
)
_FIRST_OF_DAY = select(func.coalesce(func.max(ENTRY.c.number), 1)).where(
    ENTRY.c.branch == bindparam("ours", type_=Text), ENTRY.c.kind == text(f"'{DayOpened.__name__}'")
)


class PostgresHeadquarters:
    """A headquarters.keeping.HeadquartersStore in the database at `url`.

    Raises:
        StoreUnavailable: the database is not there, or not as it must be; the text says why.
    """

    def __init__(self, url: URL) -> None:
        self._engine = opened(url, "headquarters' database", migrate)
        self._asking = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    def standings(self) -> Mapping[str, Standing]:
        """Return how far each branch is, by name."""
        with keeping_promises("read headquarters' copy of the queues"):
            rows = once_more(self._asking, lambda connection: connection.execute(_STANDINGS).all())
        return {row[0]: Standing(*row[1:]) for row in rows}

    def keep(self, news: Sequence[News]) -> None:
        """Put it on disk in one transaction."""
        entries = [(each.branch, entry) for each in news for entry in each.entries]
        columns = {
            "branches": [branch for branch, _ in entries],
            "numbers": [entry.number for _, entry in entries],
            "ats": [entry.at for _, entry in entries],
            "kinds": [entry.kind for _, entry in entries],
            "fields": [entry.fields for _, entry in entries],
        }
        if not news:
            return
        with keeping_promises("write headquarters' copy of the queues"), self._engine.begin() as connection:
            connection.execute(_KEEP_BRANCH, [{"name": each.branch} for each in news])
            connection.execute(_KEEP_ENTRIES, columns)
            connection.execute(_KEEP_STANDING, [{"branch": each.branch, **asdict(each.standing)} for each in news])

    def entries(self, branch: str, after: int = 0) -> Iterator[BareEntry]:
        """Yield what follows entry `after` of a branch's log."""
        while rows := self._piece(branch, after):
            yield from rows
            after = rows[-1].number

    def _piece(self, branch: str, after: int) -> Sequence[BareEntry]:
        asked = {"ours": branch, "after": after}
        with keeping_promises("read headquarters' copy of the queues"):
            rows = once_more(self._asking, lambda connection: connection.execute(_ENTRIES, asked).all())
        return [BareEntry(*row) for row in rows]

    def first_of_day(self, branch: str) -> int:
        """Return the number of the entry that opened the branch's last day, 1 if none did."""
        asked = {"ours": branch}
        with keeping_promises("read headquarters' copy of the queues"):
            return int(
                once_more(self._asking, lambda connection: connection.execute(_FIRST_OF_DAY, asked).scalar_one())
            )

    def close(self) -> None:
        """Let go of all connections; may be called twice."""
        self._engine.dispose()
