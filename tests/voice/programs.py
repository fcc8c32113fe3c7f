"""Programs that stand in for espeak-ng and aplay: shell scripts that behave or misbehave."""

from pathlib import Path

from tests.patience import until


def write_program(folder: Path, script: str) -> str:
    """Return the path of a program of this shell script."""
    path = folder / f"program-{len(list(folder.iterdir()))}"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


def until_written(path: Path) -> str:
    """Wait until a program has written a line into a file; return it without its end."""
    until(lambda: path.exists() and path.read_text().endswith("\n"))
    return path.read_text().strip()
