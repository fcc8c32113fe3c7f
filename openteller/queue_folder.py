"""Where the branch queue's data lie."""

import os
from pathlib import Path
from typing import Annotated

import typer

from kiosk_core.errors import OpenTellerError
from queue_display.server.access import TOKENS_NAME

FolderOfQueue = Annotated[Path | None, typer.Option("--data", metavar="FOLDER", help="As of: openteller queue serve.")]
"""The option by which a command names the folder of a queue that has run; see `folder_of_queue`."""


class NoQueue(OpenTellerError):
    """There is no queue in a folder."""


def default_folder() -> Path:
    """Return where the queue's data lie: with the terminal's for root, else in the user's own state."""
    if os.geteuid() == 0:
        return Path("/var/lib/openteller/queue")
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "openteller" / "queue"


def folder_of_queue(named: Path | None) -> Path:
    """Return the folder of a queue that has run once: only the queue itself makes what lies there.

    Raises:
        NoQueue: none has run there.
    """
    folder = named or default_folder()
    if not (folder / TOKENS_NAME).exists():
        raise NoQueue(
            f"there is no queue in {folder}: start it once with openteller queue serve, or name its folder by --data"
        )
    return folder
