"""The demo's branch queue: its place and tokens, its teller, and whether kiosk, log and board tell the same story."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from openteller.lent_tokens import lend, write_token
from queue_display.server.access import Role, Tokens
from queue_display.store import read_day

WINDOW = "1"
_TELLER = "1001"
_ANSWERS_S = 10.0
_TOKEN_FILES = {Role.CUSTOMER: "kiosk.token", Role.DISPLAY: "board.token"}


@dataclass(frozen=True)
class DemoQueue:
    """A queue that is, or will be, served at `url`; its log lies in `folder`, its token files in `run`."""

    url: str
    folder: Path
    run: Path
    tokens: Mapping[Role, str] = field(repr=False)

    @property
    def command(self) -> Sequence[str]:
        """What serves it."""
        return ["queue", "serve", "--data", str(self.folder), "--port", self.url.rpartition(":")[2]]

    @property
    def section(self) -> str:
        """The section of kiosk.toml that lets the terminal take tickets."""
        return f'\n[queue]\nurl = "{self.url}"\ntoken_file = "{self.run / _TOKEN_FILES[Role.CUSTOMER]}"\n'

    @property
    def where(self) -> str:
        """Say how to look at it, a line for each screen."""
        return (
            f"Board:   openteller board {self.url} --token-file {self.run / _TOKEN_FILES[Role.DISPLAY]}\n"
            f"Teller:  {self.url}/teller#{self.tokens[Role.TELLER]}\n"
            f"Manager: {self.url}/manager#{self.tokens[Role.MANAGER]}\n"
            "Phone:   the code on a ticket of the kiosk"
        )


def prepare_queue(folder: Path, run: Path, port: int) -> DemoQueue:
    """Make the queue's folder and tokens; those of kiosk and board lie in files in `run`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    tokens = lend(Tokens(folder), "demo")
    for role, name in _TOKEN_FILES.items():
        write_token(run / name, tokens[role])
    return DemoQueue(f"http://127.0.0.1:{port}", folder, run, tokens)


class DemoTeller:
    """A teller at window 1, by HTTP as from a console.

    Raises (in all methods):
        httpx.HTTPError: the queue does not answer, or says no.
    """

    def __init__(self, queue: DemoQueue) -> None:
        bearer = {"Authorization": f"Bearer {queue.tokens[Role.TELLER]}"}
        self._client = httpx.Client(base_url=queue.url, headers=bearer, timeout=_ANSWERS_S, trust_env=False)

    def open_window(self) -> None:
        """Sign in."""
        self._do("sign-in", {"teller": _TELLER})

    def call_next(self) -> None:
        """Call whom the queue's policy chooses."""
        self._do("call-next")

    def serve(self) -> None:
        """Let the customer come, be served, and go."""
        for act in ("arrived", "start", "finish"):
            self._do(act)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _do(self, act: str, body: Mapping[str, Any] | None = None) -> None:
        self._client.post(f"/v1/windows/{WINDOW}/{act}", json=body or {}).raise_for_status()


def queue_disagreements(queue: DemoQueue, day: str, journal: Sequence[str], kiosk: str, board: str) -> list[str]:
    """Return what does not fit, a sentence each.

    Args:
        queue: whose log is read.
        day: YYYY-MM-DD.
        journal: the numbers of tickets in the terminal's journal.
        kiosk: the number that the kiosk showed.
        board: the number that the board showed at the window.
    """
    happened = [
        f"{type(entry.event).__name__} {entry.event.ticket}"
        for entry in read_day(queue.folder, day)
        if hasattr(entry.event, "ticket")
    ]
    expected = [f"{event} {kiosk}" for event in ("Issued", "Called", "Arrived", "Started", "Finished")]
    found = []
    if happened != expected:
        found.append(f"ticket {kiosk}: the queue's log says {', '.join(happened) or 'nothing'}")
    if list(journal) != [kiosk]:
        found.append(f"ticket {kiosk}: the terminal's journal has {', '.join(journal) or 'none'}")
    if board != kiosk:
        found.append(f"ticket {kiosk}: the board showed {board or 'nobody'}")
    return found
