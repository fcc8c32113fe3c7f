"""Folders that a command makes its own: what it deletes and overwrites there, it has made."""

from pathlib import Path


def claim(folder: Path, mark: str) -> bool:
    """Make a folder the command's own, by an empty file named `mark`; return False where something else is in it.

    Raises:
        OSError: it is not there, or cannot be written.
    """
    marked = folder / mark
    if not marked.exists() and any(folder.iterdir()):
        return False
    marked.touch()
    return True
