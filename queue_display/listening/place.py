"""Where a branch's queue is, for whoever asks it."""

import re
from dataclasses import dataclass, field
from pathlib import Path

_MOST_BYTES = 1000


@dataclass(frozen=True)
class QueuePlace:
    """Where the queue is, as http(s)://HOST:PORT, and the token by which it is asked.

    `ca` is who signs its certificate (PEM), and nobody else is trusted; None: whom this machine trusts.
    """

    url: str
    token: str = field(repr=False)
    ca: Path | None = None


class NoToken(ValueError):
    """A file holds no token, or more than one."""


def read_token(file: Path) -> str:
    """Return the token in a file that holds it and nothing else.

    Raises:
        NoToken: it does not.
        OSError: it cannot be read.
    """
    with file.open("rb") as opened:
        words = opened.read(_MOST_BYTES + 1).split()
    if len(words) != 1 or not re.fullmatch(rb"[!-~]{1,200}", words[0]):
        raise NoToken
    return words[0].decode("ascii")
