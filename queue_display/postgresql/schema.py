"""The tables of the queue in PostgreSQL: many branches in one database, in a schema of its own.

`branch` has a row for each; who holds that row's lock has the branch's turn. Triggers keep what the log promises
whoever writes: numbers without gaps, entries that are never changed.
"""

from sqlalchemy import Connection, column, table, text

from queue_display.events import UNKNOWN
from queue_display.keeping import StoreUnavailable

SCHEMA = "openteller_queue"

BRANCH = table("branch", column("name"), schema=SCHEMA)
ENTRY = table("entry", *map(column, ("branch", "number", "at", "kind", "fields", "author")), schema=SCHEMA)
ANSWER = table("answer", *map(column, ("branch", "key", "request", "body", "number")), schema=SCHEMA)
CLAIM = table("claim", *map(column, ("branch", "work", "holder", "until")), schema=SCHEMA)
NOTE = table("note", *map(column, ("branch", "number", "text")), schema=SCHEMA)
STANDING = table(
    "standing",
    *map(column, ("branch", "number", "digest", "at", "last", "heard_at", "behind_since")),
    schema=SCHEMA,
)

_VERSION_1 = (
    """
CREATE TABLE openteller_queue.branch (
    name text PRIMARY KEY
)""",
    """
CREATE TABLE openteller_queue.entry (
    branch text NOT NULL REFERENCES openteller_queue.branch,
    number bigint NOT NULL,
    at double precision NOT NULL,
    kind text NOT NULL,
    fields text NOT NULL,
    PRIMARY KEY (branch, number)
)""",
    "CREATE INDEX entry_opens_day ON openteller_queue.entry (branch, number) WHERE kind = 'DayOpened'",
    """
CREATE TABLE openteller_queue.answer (
    branch text NOT NULL REFERENCES openteller_queue.branch,
    key text NOT NULL,
    request text NOT NULL,
    body text NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (branch, key)
)""",
    """
CREATE TABLE openteller_queue.note (
    branch text NOT NULL REFERENCES openteller_queue.branch,
    number bigint NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (branch, number)
)""",
    """
CREATE TABLE openteller_queue.claim (
    branch text NOT NULL REFERENCES openteller_queue.branch,
    work text NOT NULL,
    holder text NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (branch, work)
)""",
    """
CREATE TABLE openteller_queue.standing (
    branch text PRIMARY KEY REFERENCES openteller_queue.branch,
    number bigint NOT NULL,
    digest text NOT NULL,
    at double precision NOT NULL,
    last bigint NOT NULL,
    heard_at double precision NOT NULL,
    behind_since double precision
)""",
    """
CREATE FUNCTION openteller_queue.entries_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (
            SELECT branch, min(number) AS first, max(number) AS last, count(*) AS count FROM added GROUP BY branch
        ) AS batch
        WHERE batch.last - batch.first + 1 <> batch.count OR batch.first <> 1 + coalesce((
            SELECT max(earlier.number) FROM openteller_queue.entry AS earlier
            WHERE earlier.branch = batch.branch AND earlier.number < batch.first
        ), 0)
    ) THEN
        RAISE EXCEPTION 'entries are numbered without gaps';
    END IF;
    RETURN NULL;
END $$""",
    """
CREATE TRIGGER entries_follow AFTER INSERT ON openteller_queue.entry
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION openteller_queue.entries_follow()""",
    """
CREATE FUNCTION openteller_queue.entries_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries are never changed or deleted';
END $$""",
    """
CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON openteller_queue.entry
FOR EACH STATEMENT EXECUTE FUNCTION openteller_queue.entries_stay()""",
)

# No row is written anew for it, and a server of the version before may go on beside those of this one.
_VERSION_2 = (f"ALTER TABLE openteller_queue.entry ADD COLUMN author text NOT NULL DEFAULT '{UNKNOWN}'",)

STEPS: tuple[tuple[str, ...], ...] = (_VERSION_1, _VERSION_2)
"""The n-th step makes schema version n of version n - 1; the table `schema_version` says where a database stands."""

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext(:schema))").bindparams(schema=SCHEMA)
# Not by to_regclass: it remembers within a transaction that there was none, also when another one has made it.
_IS_THERE = text(
    "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = :schema AND tablename = 'schema_version')"
).bindparams(schema=SCHEMA)
_VERSION = text(f"SELECT version FROM {SCHEMA}.schema_version")  # noqa: S608  (our name)
_NEW_VERSION = text(f"UPDATE {SCHEMA}.schema_version SET version = :version")  # noqa: S608


def migrate(connection: Connection) -> None:
    """Bring a database to the newest version in the transaction of `connection`; one process at a time.

    Where it is there already no right is needed to make anything.

    Raises:
        StoreUnavailable: it is newer than this program.
        sqlalchemy.exc.SQLAlchemyError: the database says no.
    """
    if _version(connection) == len(STEPS):
        return
    connection.execute(_ONE_AT_A_TIME)
    version = _version(connection)
    if version == 0:
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        connection.execute(text(f"CREATE TABLE {SCHEMA}.schema_version AS SELECT 0 AS version"))
    for step in STEPS[version:]:
        for statement in step:
            connection.execute(text(statement))
    connection.execute(_NEW_VERSION, {"version": len(STEPS)})


def _version(connection: Connection) -> int:
    if not connection.execute(_IS_THERE).scalar_one():
        return 0
    version = int(connection.execute(_VERSION).scalar_one())
    if version > len(STEPS):
        raise StoreUnavailable(
            f"the queue's database was written by a newer program (schema {version}; this one knows schemas up to"
            f" {len(STEPS)}): install that program or a later one"
        )
    return version
