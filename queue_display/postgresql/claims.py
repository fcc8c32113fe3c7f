"""Work that any server of a branch may do, and one is to do: it holds a claim, for a while, by the database's clock.

Whoever finds the claim's row locked passes it by (SKIP LOCKED): another server is renewing or taking it.
"""

from sqlalchemy import Connection, Text, bindparam, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from queue_display.keeping import CLAIM_S
from queue_display.postgresql.schema import CLAIM

_OURS, _WORK, _HOLDER = (bindparam(name, type_=Text) for name in ("ours", "claimed", "who"))
_UNTIL = func.now() + text(f"interval '{CLAIM_S} seconds'")

_FREE = (
    select(CLAIM.c.work)
    .where(CLAIM.c.branch == _OURS, CLAIM.c.work == _WORK)
    .where(or_(CLAIM.c.holder == _HOLDER, CLAIM.c.until < func.now()))
    .with_for_update(skip_locked=True)
)
_RENEW = (
    update(CLAIM)
    .where(CLAIM.c.branch == _OURS, CLAIM.c.work.in_(_FREE))
    .values(holder=_HOLDER, until=_UNTIL)
    .returning(CLAIM.c.work)
)
_IS_THERE = exists().where(CLAIM.c.branch == _OURS, CLAIM.c.work == _WORK)
_FIRST = (  # where there is one it is not tried: it would wait for whoever has it locked
    insert(CLAIM)
    .from_select(["branch", "work", "holder", "until"], select(_OURS, _WORK, _HOLDER, _UNTIL).where(~_IS_THERE))
    .on_conflict_do_nothing()
    .returning(CLAIM.c.work)
)
_RELEASE = delete(CLAIM).where(CLAIM.c.branch == _OURS, CLAIM.c.holder == _HOLDER)


def claim(connection: Connection, branch: str, work: str, holder: str) -> bool:
    """Take or renew a claim; return whether `holder` has it now.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database says no.
    """
    asked = {"ours": branch, "claimed": work, "who": holder}
    return any(connection.execute(way, asked).first() is not None for way in (_RENEW, _FIRST))


def release(connection: Connection, branch: str, holder: str) -> None:
    """Give up all that `holder` has of this branch, so that another server takes it over at once.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database says no; the claims end by themselves.
    """
    connection.execute(_RELEASE, {"ours": branch, "who": holder})
