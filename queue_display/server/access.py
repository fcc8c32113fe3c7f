"""Who may do what: roles by bearer tokens, customers by the token of their ticket, and how often anybody may ask.

`tokens.json` (0600) in the queue's folder holds the SHA-256 of each role's token and the key of the tickets' tokens.
A role's token has 256 random bits, so its plain hash tells nobody anything.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pydantic import TypeAdapter

from durable.folders import replacing
from kiosk_core.clock import Clock
from kiosk_core.errors import OpenTellerError
from queue_display.events import HOLDER

TOKENS_NAME = "tokens.json"
HAND_OUT_NAME = "tokens-to-hand-out.txt"

_MOST_CLIENTS = 10_000
_LONGEST_NAME = 64


class Role(Enum):
    """Whom a token stands for."""

    CUSTOMER = "customer"  # a kiosk or a phone page that gives out tickets
    TELLER = "teller"
    MANAGER = "manager"
    DISPLAY = "display"
    TECHNICIAN = "technician"
    TICKET = "ticket"  # the customer who holds this ticket; its token is given out with it


@dataclass(frozen=True)
class Caller:
    """Who asks. For the role TICKET `name` is its number, and `order` that of the entry which issued it."""

    role: Role
    name: str
    order: int = 0

    @property
    def author(self) -> str:
        """Who he is to the log."""
        return HOLDER if self.role is Role.TICKET else f"{self.role.value}/{self.name}"


class TokensUnusable(OpenTellerError):
    """The file of the tokens is damaged."""


class TokenNamed(OpenTellerError):
    """A token cannot be made or removed by this name."""


@dataclass(frozen=True)
class _Known:
    role: Role
    name: str
    sha256: str


@dataclass(frozen=True)
class _File:
    ticket_key: str
    tokens: tuple[_Known, ...]


_FILE = TypeAdapter(_File)


class Tokens:
    """The tokens of a branch; a change of the file is seen at once.

    Raises (in the constructor and whatever reads the file):
        TokensUnusable: the file is damaged.
        OSError: it cannot be read, or made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / TOKENS_NAME
        if not self._path.exists():
            _make(folder)
        self._read()

    @property
    def callers(self) -> tuple[Caller, ...]:
        """Whom the roles' tokens stand for."""
        return tuple(Caller(each.role, each.name) for each in self._file.tokens)

    def who(self, token: str) -> Caller | None:
        """Return whom a token stands for, None if it is none of ours; equally fast for any wrong one."""
        if _version(self._path) != self._version:
            self._read()
        presented = hashlib.sha256(token.encode()).hexdigest().encode()
        found: Caller | None = None
        for known in self._file.tokens:
            if hmac.compare_digest(presented, known.sha256.encode()):
                found = Caller(known.role, known.name)
        ticket = re.fullmatch(r"([A-Z]{1,8}[0-9]{3,9})\.([0-9]{1,18})\.[0-9A-Za-z_-]{22}", token, re.ASCII)
        if ticket is not None and hmac.compare_digest(self.of_ticket(ticket[1], int(ticket[2])), token):
            found = Caller(Role.TICKET, ticket[1], int(ticket[2]))
        return found

    def of_ticket(self, number: str, order: int) -> str:
        """Return the token of the ticket with this number, which entry `order` issued."""
        mac = hmac.new(self._key, f"{number}.{order}".encode(), hashlib.sha256).digest()[:16]
        return f"{number}.{order}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"

    def add(self, role: Role, name: str) -> str:
        """Make a token for somebody; return it, for it is not kept.

        Raises:
            TokenNamed: the name has one, or cannot stand in the log, or the role is that of a ticket.
        """
        if not name.isprintable() or not 0 < len(name) <= _LONGEST_NAME:
            raise TokenNamed(f"a name has 1 to {_LONGEST_NAME} characters that can be printed: take another one")
        if role is Role.TICKET or any(each.name == name for each in self._file.tokens):
            raise TokenNamed(f'"{name}" has a token already, or may have none: take another name')
        token = secrets.token_urlsafe(32)
        known = _Known(role, name, hashlib.sha256(token.encode()).hexdigest())
        self._write(_File(self._file.ticket_key, (*self._file.tokens, known)))
        return token

    def remove(self, name: str) -> None:
        """Let a token be worth nothing from now on.

        Raises:
            TokenNamed: there is none of that name.
        """
        left = tuple(each for each in self._file.tokens if each.name != name)
        if left == self._file.tokens:
            those = ", ".join(each.name for each in left)
            raise TokenNamed(f'there is no token of "{name}"; there are those of {those}')
        self._write(_File(self._file.ticket_key, left))

    def _read(self) -> None:
        version = _version(self._path)
        try:
            self._file = _FILE.validate_json(self._path.read_bytes())
            self._key = bytes.fromhex(self._file.ticket_key)
            self._version = version  # one that is damaged stays unread
        except ValueError:
            problem = f"{self._path} is damaged: restore it, or delete it and hand out new tokens"
            raise TokensUnusable(problem) from None

    def _write(self, file: _File) -> None:
        _write(self._path, _FILE.dump_json(file, indent=1))
        self._read()


def _make(folder: Path) -> None:
    """Make a token for each role. The file that is handed out is complete before the other knows of it."""
    roles = [role for role in Role if role is not Role.TICKET]
    tokens = {role: secrets.token_urlsafe(32) for role in roles}
    lines = ["# Hand these out, then delete this file: the queue itself keeps only their hashes.\n"]
    lines += [f"{role.value:<11}{token}\n" for role, token in tokens.items()]
    _write(folder / HAND_OUT_NAME, "".join(lines).encode())
    known = tuple(
        _Known(role, role.value, hashlib.sha256(token.encode()).hexdigest()) for role, token in tokens.items()
    )
    _write(folder / TOKENS_NAME, _FILE.dump_json(_File(secrets.token_hex(32), known), indent=1))


def _version(path: Path) -> tuple[int, int]:
    """Return what changes whenever the file is replaced: its time alone may not, within a tick of the disk's clock."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def _write(path: Path, data: bytes) -> None:
    with replacing(path) as file:
        file.write(data)


@dataclass(frozen=True)
class Limits:
    """How often one client may ask: so many times a second for long, `burst` times at once."""

    per_second: float = 20.0
    burst: float = 60.0
    strangers_per_second: float = 1.0
    strangers_burst: float = 10.0


@dataclass
class _Bucket:
    left: float
    at: float


class RateLimit:
    """A bucket for each client, that fills as time passes; the clients that asked longest ago are forgotten."""

    def __init__(self, clock: Clock, per_second: float, burst: float) -> None:
        self._clock = clock
        self._per_second = per_second
        self._burst = burst
        self._buckets: dict[str, _Bucket] = {}

    def wait_s(self, client: str) -> float:
        """Count a request; return 0, or after how many seconds the client may ask again."""
        now = self._clock.now()
        bucket = self._buckets.pop(client, None) or _Bucket(self._burst, now)
        bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self._per_second)
        bucket.at = now
        self._buckets[client] = bucket
        if len(self._buckets) > _MOST_CLIENTS:
            del self._buckets[next(iter(self._buckets))]
        if bucket.left < 1:
            return (1 - bucket.left) / self._per_second
        bucket.left -= 1
        return 0.0


def names(roles: Sequence[Role]) -> str:
    """Return the roles as they are named to people."""
    return ", ".join(role.value for role in roles)
