"""The newest row of each terminal's journal as the simulated bank knows it: none is shortened or begun anew unseen.

docs/host-messages.md, "Journal head". A journal is known by the row with which staff confirmed it; those before the
newest confirmation are closed.
"""

import logging

import apsw

from wire.host_messages import JournalHeadRequest

_log = logging.getLogger(__name__)

_NEVER = bytes(32)

_SCHEMA = """
    create table if not exists journals (
        id integer primary key, terminal text, confirmed blob, row blob, hash blob, unique (terminal, confirmed))
"""


class JournalHeads:
    """Decides about heads; in a database that its owner opens, locks and commits."""

    def __init__(self, database: apsw.Connection) -> None:
        self._db = database
        list(self._db.execute(_SCHEMA))  # a statement runs when its rows are fetched

    def take(self, request: JournalHeadRequest) -> bool:
        """Keep a head; False: an honest journal of this terminal cannot have it behind those before."""
        number = request.row_number.to_bytes(8, "big")  # more than SQLite's integers hold
        newest = self._db.execute(
            "select id, confirmed, row, hash from journals where terminal = ? order by id desc limit 1",
            (request.terminal,),
        ).fetchone()
        if newest is not None and newest[1] == request.confirmed:
            identity, _, row, known = newest
            if number == row:
                return bool(request.row_hash == known)
            if number > row:
                self._db.execute(
                    "update journals set row = ?, hash = ? where id = ?", (number, request.row_hash, identity)
                )
            return bool(number > row)
        if newest is not None and (request.confirmed == _NEVER or self._is_closed(request)):
            return False
        if newest is not None:
            last = int.from_bytes(newest[2], "big")
            _log.warning(
                "terminal %s begins another journal, as its staff confirm: row %d follows row %d of the one before",
                request.terminal,
                request.row_number,
                last,
            )
        journal = (request.terminal, request.confirmed, number, request.row_hash)
        self._db.execute("insert into journals (terminal, confirmed, row, hash) values (?, ?, ?, ?)", journal)
        return True

    def _is_closed(self, request: JournalHeadRequest) -> bool:
        """Whether the head is of a journal before the newest confirmation."""
        known = "select 1 from journals where (terminal, confirmed) = (?, ?)"
        return self._db.execute(known, (request.terminal, request.confirmed)).get is not None
