"""Folders and the files in them, so that they outlive a power cut and belong to one program."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from kiosk_core.errors import OpenTellerError

PRIVATE = 0o600


class FolderHeld(OpenTellerError):
    """Another program holds the folder."""


def lock_folder(folder: Path) -> int:
    """Hold `folder` until the returned descriptor is closed, or this process dies.

    Raises:
        FolderHeld: another program holds it.
        OSError: there is no such folder, or the disk says no.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise FolderHeld(f"another program holds {folder}") from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def sync_folder(folder: Path) -> None:
    """Make the names of the files in `folder` durable.

    Raises:
        OSError: the disk says no.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def replacing(path: Path, mode: int = PRIVATE) -> Iterator[BinaryIO]:
    """Open a file for what `path` is to hold from the end of the block on.

    Whoever reads `path`, also after a power cut, finds the old content or all of the new.

    Raises:
        OSError: the disk says no; the old content is there still.
    """
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    sync_folder(path.parent)
