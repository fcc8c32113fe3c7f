"""Tokens of a branch queue for a while: for whoever watches a simulated day, and for the screens of the demo."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from queue_display.server.access import Role, TokenNamed, Tokens

TO_LEND = (Role.CUSTOMER, Role.DISPLAY, Role.TELLER, Role.MANAGER)


def lend(tokens: Tokens, purpose: str) -> Mapping[Role, str]:
    """Make a token for each role; those that were lent for the same purpose are worth nothing any more."""
    take_back(tokens, purpose)
    return {role: tokens.add(role, _name(purpose, role)) for role in TO_LEND}


def take_back(tokens: Tokens, purpose: str) -> None:
    """Let the tokens that were lent be worth nothing."""
    for role in TO_LEND:
        with suppress(TokenNamed):
            tokens.remove(_name(purpose, role))


def write_token(path: Path, token: str) -> None:
    """Put a token into a file that only its owner may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:
        file.write(f"{token}\n")


def _name(purpose: str, role: Role) -> str:
    return f"{purpose}: {role.value}"
