"""Programs that stand in for espeak-ng and aplay: shell scripts that behave or misbehave."""

from pathlib import Path


def write_program(folder: Path, script: str) -> str:
    """Return the path of a program of this shell script."""
    path = folder / f"program-{len(list(folder.iterdir()))}"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)
