"""What had no effect in the simulated receipt printer, and why."""

from dataclasses import dataclass


class Refused(Exception):
    """The command has no effect, and why."""


@dataclass(frozen=True)
class Report:
    """Something had no effect: the byte it began at since power-up, its first bytes, where it was, and why.

    `where` is "line start", "line" or "page".
    """

    at: int
    data: bytes
    where: str
    reason: str
