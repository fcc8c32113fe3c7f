"""HTTP connections that nobody holds without asking: uvicorn alone waits for the rest of a request for ever."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_ASKING_S = 20.0

_NOT_WHOLE = frozenset({h11.IDLE, h11.SEND_BODY})
"""States of a client whose request is not all here."""


class TimelyHttp(H11Protocol):
    """Lets a client go whose request, head and body, is not all here 20 s after it began, or after he connected.

    Whoever has asked may take his time: uvicorn ends what is idle after an answer, and a stream of events lasts.
    """

    _too_late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take a connection."""
        super().connection_made(transport)
        self._begin()

    def data_received(self, data: bytes) -> None:
        """Take what he sends."""
        self._begin()
        super().data_received(data)
        if self.conn.their_state not in _NOT_WHOLE:
            self._end()

    def on_response_complete(self) -> None:
        """Go on with what he may have sent since."""
        super().on_response_complete()
        if self.conn.their_state is h11.IDLE:
            self._end()  # he has been answered: from now on he is idle

    def connection_lost(self, exc: Exception | None) -> None:
        """He has gone."""
        self._end()
        super().connection_lost(exc)

    def _begin(self) -> None:
        if self._too_late is None:
            self._too_late = self.loop.call_later(_ASKING_S, self.transport.abort)

    def _end(self) -> None:
        if self._too_late is not None:
            self._too_late.cancel()
            self._too_late = None
