"""One connection to the bank host with its questions and answers: sign-on, MACs, matching, and what is known of it."""

import hmac
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from host_link.connection import Connection
from host_link.mac_keys import KeyRefused, MacKeys, NoMacKey
from host_link.reasons import plain_reason
from host_link.servers import ServerList
from kiosk_core.clock import Clock
from kiosk_core.errors import HostSilent, HostUntrusted
from wire.errors import WireError
from wire.host_decoder import decode
from wire.host_encoder import encode
from wire.host_frames import Deframer, frame
from wire.host_mac import Sealed, covered, unseal
from wire.host_messages import (
    APPROVED,
    CHALLENGE_BYTES,
    KeyRequest,
    KeyResponse,
    Request,
    Response,
    SignOnRequest,
    SignOnResponse,
    has_mac,
    is_answer,
)

_log = logging.getLogger(__name__)

_MOST_UNASKED = 16  # pieces that are read before a question; a host that says more is hung up on

_Answer = TypeVar("_Answer", bound=Response)


class _WrongMac(Exception):
    """An answer that is otherwise the right one has a wrong MAC or none."""


class _NotSignedOn(Exception):
    """The host refused the sign-on, or gave no key to work with; the text says which."""


@dataclass(frozen=True)
class LineState:
    """What is known of the line: since when it is connected, the last answer, how long it took.

    None where that never was; `failure` says why the last question got no answer, "" after one that did. `mac_key` is
    the check value of the MAC key, "unknown" where its holder tells none, "" where there is no key.
    """

    connected_since: datetime | None = None
    last_answer: datetime | None = None
    round_trip_ms: int | None = None
    failure: str = ""
    mac_key: str = ""


class Line:
    """A connection that is opened when a question needs it, signed on, and closed after any failure.

    One question is under way at a time; each gets at most `timeout_s` from connecting to its answer. Since a failure
    closes the connection, a late answer comes to nobody. `state` may be read by any thread, all else is one thread's.

    Args:
        keys: with them every message but network management is sealed, and a connection begins with a sign-on.
        random: so many random bytes.
    """

    def __init__(
        self,
        servers: ServerList,
        terminal: str,
        clock: Clock,
        *,
        timeout_s: float,
        keys: MacKeys | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._servers = servers
        self._terminal = terminal
        self._clock = clock
        self._timeout_s = timeout_s
        self._keys = keys
        self._random = random
        self._wants_key = True
        self._connection: Connection | None = None
        self._deframer = Deframer()
        self._next_stan = 1
        self._state = LineState()

    @property
    def state(self) -> LineState:
        """What is known of the line now."""
        return self._state

    def close(self) -> None:
        """Hang up; the next question connects again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._state = replace(self._state, connected_since=None)

    def own_stan(self) -> int:
        """Return a STAN for what the host does not remember; its kinds of message never carry another's."""
        stan = self._next_stan
        self._next_stan = stan % 999_999 + 1
        return stan

    def ask(self, request: Request, kind: type[_Answer]) -> _Answer:
        """Send `request` and return its answer.

        Raises:
            HostSilent: there is none in time; the host may or may not have acted.
            HostUntrusted: there is one, with a wrong MAC; the same is true.
        """
        name = f"{type(request).__name__} {request.stan:06d}"
        began = self._clock.now()
        deadline = began + self._timeout_s
        try:
            data = encode(request)
        except WireError as error:
            raise HostSilent(f"the request cannot be put on the line: {error}") from None
        try:
            connection = self._connected(deadline)
            answer = self._exchange(connection, request, data, kind, deadline)
        except _WrongMac:
            self._wants_key = True
            raise self._failed(name, HostUntrusted("the bank host's answer has a wrong MAC or none")) from None
        except NoMacKey as error:
            raise self._failed(name, HostSilent(str(error))) from None
        except _NotSignedOn as error:
            self._servers.no_answer()
            raise self._failed(name, HostSilent(str(error))) from None
        except (OSError, WireError) as error:
            if self._connection is not None:  # it was reached, then
                self._servers.no_answer()
            raise self._failed(name, HostSilent(plain_reason(error, self._timeout_s))) from None
        _log.info("%s: %s", name, answer.response_code)
        self._state = replace(
            self._state,
            last_answer=self._clock.wall(),
            round_trip_ms=round((self._clock.now() - began) * 1000),
            failure="",
        )
        return answer

    def _failed(self, name: str, error: HostSilent) -> HostSilent:
        self.close()
        self._state = replace(self._state, failure=str(error))
        _log.warning("%s: %s", name, error)
        return error

    # -- the connection ------------------------------------------------------------------------------------

    def _connected(self, deadline: float) -> Connection:
        """Return a connection that the host had not closed a moment ago, so that a request is not wasted on it."""
        if self._connection is not None and (self._servers.wants_back or not self._is_open(self._connection)):
            self.close()
        if self._connection is None:
            self._deframer = Deframer()
            self._connection = self._servers(deadline)
            self._state = replace(self._state, connected_since=self._clock.wall())
            if self._keys is not None:
                self._sign_on(self._connection, self._keys, deadline)
        return self._connection

    def _is_open(self, connection: Connection) -> bool:
        """Return whether the connection is still open; what has come in unasked is read and dropped."""
        try:
            for _ in range(_MOST_UNASKED):
                data = connection.receive(self._clock.now())
                if not data:
                    return False
                for _ in self._deframer.feed(data):
                    _log.warning("dropped a message that nobody asked for")
        except TimeoutError:
            return True
        except (OSError, WireError):
            return False
        return False  # a host that never stops talking does not stop us

    def _sign_on(self, connection: Connection, keys: MacKeys, deadline: float) -> None:
        request = SignOnRequest(terminal=self._terminal, stan=self.own_stan())
        code = self._exchange(connection, request, encode(request), SignOnResponse, deadline).response_code
        if code != APPROVED:
            raise _NotSignedOn(f"the bank host refuses the sign-on ({code}): the bank must admit this terminal")
        _log.info("signed on")
        if self._wants_key:
            self._fetch_key(connection, keys, deadline)
        self._state = replace(self._state, mac_key=_check_value(keys))

    def _fetch_key(self, connection: Connection, keys: MacKeys, deadline: float) -> None:
        """Ask for a new MAC key; without one the old one is used on, if there is any."""
        challenge = self._random(CHALLENGE_BYTES)
        request = KeyRequest(terminal=self._terminal, stan=self.own_stan(), challenge=challenge)
        connection.send(frame(encode(request)), deadline)
        answer, sealed = self._await(connection, request, KeyResponse, deadline)
        try:
            _install(keys, answer, sealed)
        except KeyRefused as error:
            if not keys.has_key:
                raise _NotSignedOn(f"no MAC key: {error}") from None
            _log.warning("no new MAC key, the old one stays: %s", error)
            return
        self._wants_key = False
        _log.info("a new MAC key is in use, check value %s", _check_value(keys))

    # -- question and answer -------------------------------------------------------------------------------

    def _exchange(
        self, connection: Connection, request: Request, data: bytes, kind: type[_Answer], deadline: float
    ) -> _Answer:
        """Send `request`, which is encoded as `data`, and return its answer, with the MACs that both need."""
        keys = self._keys if has_mac(request) else None
        if keys is not None:
            data = covered(data)
            data += keys.mac(data)
        connection.send(frame(data), deadline)
        answer, sealed = self._await(connection, request, kind, deadline)
        if keys is None:
            if sealed.mac is not None:
                raise WireError("it has a MAC, and none is agreed for it")
        elif sealed.mac is None or not hmac.compare_digest(keys.mac(sealed.covered), sealed.mac):
            raise _WrongMac
        return answer

    def _await(
        self, connection: Connection, request: Request, kind: type[_Answer], deadline: float
    ) -> tuple[_Answer, Sealed]:
        """Return the answer to `request` and how it was sealed; messages that are another's are dropped."""
        while True:
            if self._clock.now() >= deadline:
                raise TimeoutError  # even if the host is still talking
            data = connection.receive(deadline)
            if not data:
                raise ConnectionResetError
            for payload in self._deframer.feed(data):
                sealed = unseal(payload)
                message = decode(sealed.payload)
                if isinstance(message, kind) and is_answer(message, request):
                    return message, sealed
                _log.warning("dropped a %s that answers something else", type(message).__name__)


def _check_value(keys: MacKeys) -> str:
    return (keys.check_value or "unknown") if keys.has_key else ""


def _install(keys: MacKeys, answer: KeyResponse, sealed: Sealed) -> None:
    """Hand the key of `answer` to `keys`. Raises KeyRefused."""
    if answer.key_block is None:
        raise KeyRefused(f"the bank host gives none ({answer.response_code})")
    if sealed.mac is None:
        raise KeyRefused("the answer that brought the key has no MAC")
    keys.install(answer.key_block, sealed.covered, sealed.mac)
