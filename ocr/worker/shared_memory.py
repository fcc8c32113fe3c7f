"""Memory without a name, in which a picture crosses from one process to another: no file, nothing left on a disk."""

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from ocr.arrays import Pixels

PORTRAIT_ROOM = 1_000_000
"""Bytes behind the picture into which the process puts the portrait that it cut out."""

# Nobody who has it makes it shorter: whoever then touched what is missing would be killed (memfd_create(2)).
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


@contextmanager
def lent(picture: Pixels) -> Iterator[tuple[int, mmap.mmap]]:
    """Give a descriptor of memory that holds a copy of a picture, and the memory; overwrite it in the end."""
    descriptor = os.memfd_create("", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        size = picture.nbytes + PORTRAIT_ROOM
        os.ftruncate(descriptor, size)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
        memory = mmap.mmap(descriptor, size)
        try:
            pixels(memory, *picture.shape[:2])[:] = picture
            yield descriptor, memory
        finally:
            np.frombuffer(memory, np.uint8).fill(0)
            memory.close()
    finally:
        os.close(descriptor)


def pixels(memory: mmap.mmap, height: int, width: int, start: int = 0) -> Pixels:
    """Return the dots of height x width x 3 that begin at `start`; they are the memory, not a copy of it."""
    return np.frombuffer(memory, np.uint8, height * width * 3, start).reshape(height, width, 3)
