"""How one server of a branch hears that another one wrote: soon, by NOTIFY. It only wakes; the log says what there is.

It is told after the commit, in a transaction of its own, which waits for no disk: PostgreSQL lets transactions that
notify commit only one by one, so a bank's branches would wait for each other's disk.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine, Text, bindparam, func, select

from queue_display.postgresql.database import CONNECT
from queue_display.postgresql.schema import SCHEMA

_log = logging.getLogger(__name__)

_AGAIN_S = 1.0

_LAST: LiteralString = f"SELECT coalesce(max(number), 0) FROM {SCHEMA}.entry WHERE branch = %s"  # noqa: S608  (our name)
_TELL = select(func.pg_notify(bindparam("channel", type_=Text), bindparam("number", type_=Text)))


def tell(connection: Connection, branch: str, number: int) -> None:
    """Wake who listens for `branch`: entry `number` is there.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: nobody heard.
    """
    connection.execute(_TELL, {"channel": _channel(branch), "number": str(number)})


async def told_numbers(engine: Engine, branch: str) -> AsyncGenerator[int, None]:
    """Yield the numbers that are told; at first, and where nothing was heard for a while, that of the last entry."""
    is_lost = False
    while True:
        try:
            async with _listening(engine, branch) as told:
                is_lost = False
                async for number in told:
                    yield number
        except psycopg.Error:
            if not is_lost:
                _log.warning("the database is lost, or lets nobody listen: tried again every second")
            is_lost = True
            await asyncio.sleep(_AGAIN_S)


@asynccontextmanager
async def _listening(engine: Engine, branch: str) -> AsyncIterator[AsyncIterator[int]]:
    _, options = engine.dialect.create_connect_args(engine.url)
    connection = await psycopg.AsyncConnection.connect(**{**options, **CONNECT}, autocommit=True)
    try:
        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(_channel(branch))))
        async with aclosing(_numbers(connection, branch)) as told:
            yield told
    finally:
        await connection.close()


async def _numbers(connection: psycopg.AsyncConnection[Any], branch: str) -> AsyncGenerator[int, None]:
    last = await (await connection.execute(_LAST, (branch,))).fetchone()
    yield last[0] if last else 0
    async with aclosing(connection.notifies()) as told:
        async for notify in told:
            yield int(notify.payload)


def _channel(branch: str) -> str:
    """Return a name of at most 63 bytes; nothing depends on it but who is woken."""
    return f"openteller_queue_{hashlib.sha256(branch.encode()).hexdigest()[:16]}"
