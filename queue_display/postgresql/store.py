"""A branch's log in PostgreSQL, beside those of other branches; several processes may write it.

A turn is a transaction that holds the lock of the branch's row.
"""

import json
import secrets
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from sqlalchemy import (
    ARRAY,
    JSON,
    URL,
    BigInteger,
    Connection,
    Double,
    Row,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert as insert_if_new
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from queue_display.events import DayOpened, Entry
from queue_display.keeping import KeptAnswer, StoreUnavailable, Turn, in_pieces
from queue_display.postgresql.claims import claim, release
from queue_display.postgresql.database import keeping_promises, once_more, opened
from queue_display.postgresql.schema import ANSWER, BRANCH, ENTRY, NOTE, migrate
from queue_display.postgresql.wake import tell, told_numbers
from queue_display.rows import Row as EntryRow
from queue_display.rows import read_entry, write_entry

_OURS = bindparam("ours", type_=Text)

_TAKE = select(BRANCH.c.name).where(BRANCH.c.name == _OURS).with_for_update(key_share=True)

_ENTRIES = (
    select(ENTRY.c.number, ENTRY.c.at, ENTRY.c.kind, ENTRY.c.fields, ENTRY.c.author, NOTE.c.text)
    .select_from(ENTRY.outerjoin(NOTE, and_(NOTE.c.branch == ENTRY.c.branch, NOTE.c.number == ENTRY.c.number)))
    .where(ENTRY.c.branch == _OURS, ENTRY.c.number >= bindparam("first"))
    .order_by(ENTRY.c.number)
    .limit(bindparam("most"))
)
_ANSWERS = select(ANSWER.c.key, ANSWER.c.request, ANSWER.c.body).where(
    ANSWER.c.branch == _OURS, ANSWER.c.key == func.any(bindparam("keys", type_=ARRAY(Text)))
)
_LAST = select(func.coalesce(func.max(ENTRY.c.number), 0)).where(ENTRY.c.branch == _OURS)
_DAYS = (
    select(ENTRY.c.number)
    .where(ENTRY.c.branch == _OURS, ENTRY.c.kind == text(f"'{DayOpened.__name__}'"))
    .order_by(ENTRY.c.number.desc())
    .limit(bindparam("days"))
)
_OPENED = (
    select(cast(ENTRY.c.fields, JSON)["day"].as_string(), ENTRY.c.number)
    .where(ENTRY.c.branch == _OURS, ENTRY.c.kind == text(f"'{DayOpened.__name__}'"))
    .order_by(ENTRY.c.number)
)
_NEW = (
    func.unnest(
        bindparam("numbers", type_=ARRAY(BigInteger)),
        bindparam("ats", type_=ARRAY(Double)),
        bindparam("kinds", type_=ARRAY(Text)),
        bindparam("fields", type_=ARRAY(Text)),
        bindparam("authors", type_=ARRAY(Text)),
    )
    .table_valued("number", "at", "kind", "fields", "author")
    .render_derived()
)
_APPEND = insert(ENTRY).from_select(
    ["branch", "number", "at", "kind", "fields", "author"],
    select(_OURS, _NEW.c.number, _NEW.c.at, _NEW.c.kind, _NEW.c.fields, _NEW.c.author),
)


class PostgresStore:
    """The log of `branch` in the database at `url`: a `keeping.LogStore` of which there may be several.

    Raises:
        StoreUnavailable: the database is not there, or not as it must be; the text says why.
    """

    def __init__(self, url: URL, branch: str) -> None:
        self._ours = {"ours": branch}
        self._branch = branch
        self._holder = secrets.token_hex(8)
        self._engine = opened(url, "the queue's database", self._prepare)
        self._asking = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._turn: Connection | None = None

    def _prepare(self, connection: Connection) -> None:
        migrate(connection)
        connection.execute(insert_if_new(BRANCH).values(name=_OURS).on_conflict_do_nothing(), self._ours)

    # -- turns ----------------------------------------------------------------------------------------------------

    def take_turn(self, after: int, keys: Sequence[str]) -> Turn:
        """Lock the branch's row; return what follows entry `after`, and answers that are kept."""
        with keeping_promises("read the queue's log"):
            connection = self._lock()
            try:
                return self._seen(connection, after, keys)
            except BaseException:
                self.let_go()
                raise

    def _seen(self, connection: Connection, after: int, keys: Sequence[str]) -> Turn:
        # Entry `after` is asked for too: a database that was restored from a copy may not have it any more.
        rows = connection.execute(_ENTRIES, self._ours | {"first": after, "most": None}).all()
        if after and not (rows and rows[0].number == after):
            raise StoreUnavailable(
                f"the database has lost entry {after} of this branch; if it was restored, start this server anew"
            )
        answers = connection.execute(_ANSWERS, self._ours | {"keys": list(keys)}).all() if keys else []
        news = rows[1:] if after else rows
        return Turn(tuple(_entry(row) for row in news), {row.key: KeptAnswer(*row) for row in answers})

    def append(self, entries: Iterable[Entry], answers: Iterable[KeptAnswer] = ()) -> None:
        """Commit the next entries and what was answered; then wake the others."""
        rows = [write_entry(entry) for entry in entries]
        last = rows[-1].number
        kept = [
            {"branch": self._branch, "key": each.key, "request": each.request, "body": each.body, "number": last}
            for each in answers
        ]
        # As JSON: PostgreSQL's text cannot hold every character that a form may send.
        notes = [
            {"branch": self._branch, "number": row.number, "text": json.dumps(row.notes)} for row in rows if row.notes
        ]
        with keeping_promises("write the queue's log"):
            connection = self._turn or self._lock()
            try:
                if any(row.kind == DayOpened.__name__ for row in rows):
                    self._forget(connection)
                connection.execute(_APPEND, self._ours | _columns(rows))
                if notes:
                    connection.execute(insert(NOTE), notes)
                if kept:
                    connection.execute(insert(ANSWER), kept)
                connection.commit()
            finally:
                self.let_go()
        with suppress(SQLAlchemyError), self._asking.connect() as telling:  # it is on disk, whoever hears of it
            tell(telling, self._branch, last)

    def let_go(self) -> None:
        """Roll back what the turn has not committed."""
        connection, self._turn = self._turn, None
        if connection is None:
            return
        try:
            connection.rollback()
        except SQLAlchemyError:
            connection.invalidate()  # it is lost, and with it all that it held
        finally:
            connection.close()

    def _lock(self) -> Connection:
        self.let_go()
        try:
            return self._locked()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        return self._locked()  # the database was restarted since the last turn

    def _locked(self) -> Connection:
        self._turn = self._engine.connect()
        try:
            self._turn.execute(_TAKE, self._ours)
        except BaseException:
            self.let_go()
            raise
        return self._turn

    def _forget(self, connection: Connection) -> None:
        """Delete what is kept for a day, and for two."""
        connection.execute(delete(NOTE).where(NOTE.c.branch == _OURS), self._ours)
        day = connection.execute(_DAYS, self._ours | {"days": 1}).scalar()
        connection.execute(
            delete(ANSWER).where(ANSWER.c.branch == _OURS, ANSWER.c.number < bindparam("day")),
            self._ours | {"day": day or 0},
        )

    # -- reading --------------------------------------------------------------------------------------------------

    def entries(self, after: int = 0, most: int = -1) -> Iterator[Entry]:
        """Yield what follows entry `after`, at most so many (-1: all)."""
        return in_pieces(self._piece, after, most)

    def _piece(self, after: int, most: int) -> Sequence[Entry]:
        asked = self._ours | {"first": after + 1, "most": most}
        with keeping_promises("read the queue's log"):
            rows = once_more(self._asking, lambda connection: connection.execute(_ENTRIES, asked).all())
            return [_entry(row) for row in rows]

    def last_number(self) -> int:
        """Return the number of the last entry, 0 for an empty log."""
        with keeping_promises("read the queue's log"):
            return int(once_more(self._asking, lambda connection: connection.execute(_LAST, self._ours).scalar_one()))

    def first_of_days(self, days: int) -> int:
        """Return the number of the entry that opened the oldest of the last so many days; 1 for an empty log."""
        asked = self._ours | {"days": days}
        with keeping_promises("read the queue's log"):
            opened = once_more(self._asking, lambda connection: connection.execute(_DAYS, asked).scalars().all())
        return int(opened[-1]) if opened else 1

    def days(self) -> Mapping[str, int]:
        """Return the days of the log (YYYY-MM-DD), each with the number of the entry that opened it."""
        with keeping_promises("read the queue's log"):
            opened = once_more(self._asking, lambda connection: connection.execute(_OPENED, self._ours).all())
        return {day: int(number) for day, number in opened}

    def claim(self, work: str) -> bool:
        """Take or renew a claim, for `CLAIM_S` from now."""
        with keeping_promises("claim what one server is to do"):
            return once_more(self._asking, lambda connection: claim(connection, self._branch, work, self._holder))

    def heard(self) -> AsyncGenerator[int, None]:
        """Yield numbers of entries as they are told, and after a pause the last one."""
        return told_numbers(self._engine, self._branch)

    # -- the end --------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of the turn, of claims and of all connections; may be called twice."""
        self.let_go()
        with suppress(SQLAlchemyError), self._asking.connect() as ending:
            release(ending, self._branch, self._holder)
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _entry(row: Row[Any, Any, Any, Any, Any, Any]) -> Entry:
    notes = json.loads(row.text) if row.text else ""
    return read_entry(EntryRow(row.number, row.at, row.kind, row.fields, row.author, notes))


def _columns(rows: Sequence[EntryRow]) -> dict[str, object]:
    return {
        "numbers": [row.number for row in rows],
        "ats": [row.at for row in rows],
        "kinds": [row.kind for row in rows],
        "fields": [row.fields for row in rows],
        "authors": [row.author for row in rows],
    }
