"""Where the branch queue's data lie."""

import os
from pathlib import Path


def default_folder() -> Path:
    """Return where the queue's data lie: with the terminal's for root, else in the user's own state."""
    if os.geteuid() == 0:
        return Path("/var/lib/openteller/queue")
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "openteller" / "queue"
