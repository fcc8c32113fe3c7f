"""The program's end of the reading process: starts it, asks it, and ends it where it fails."""

import os
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import date
from threading import Lock

import numpy as np

from ocr.arrays import Pixels
from ocr.id_card import IdCard, Unreadable
from ocr.sizes import refused
from ocr.worker.messages import LONGEST, READY, Question, decode_answer, encode_question
from ocr.worker.shared_memory import PORTRAIT_ROOM, lent, pixels

COMMAND = (sys.executable, "-I", "-m", "ocr.worker")
# What the C library does with memory: what is freed is overwritten (mallopt(3), M_PERTURB), pictures and what networks
# need are given back at once, and threads share what is left.
_MEMORY = {"MALLOC_PERTURB_": "90", "MALLOC_MMAP_THRESHOLD_": "4000000", "MALLOC_ARENA_MAX": "1"}
_START_S = 30.0  # to load networks; 1 or 2 on a machine that does nothing else


class ReadingFailed(RuntimeError):
    """No answer was had for a picture. The next call starts a new process; the same picture may well fail again."""


class ReadingProcess:
    """Reads cards in a process of its own, which is killed where it takes too long. Any thread may call it."""

    def __init__(self, threads: int = 2, limit_ms: int = 3000) -> None:
        """Take how many threads the process computes with, and how long a reading may take; start nothing yet."""
        self._threads = threads
        self._limit_s = limit_ms / 1000
        self._turn = Lock()
        self._child: _Child | None = None
        self._closed = False

    def start(self) -> None:
        """Start the process, if it does not run, and return at once: the first picture then waits less or not."""
        with self._turn:
            self._running()

    def read(self, picture: Pixels, today: date | None = None) -> IdCard | Unreadable:
        """Return the card in a picture of height x width x 3, uint8, BGR, after those that others asked for before.

        Its copies are overwritten; the picture itself, and the portrait that is returned, are the caller's.
        `today`: the day by which cards have expired; without one, none has.

        Raises:
            ReadingFailed: it took too long, or the process died, or said what makes no sense; or this was closed.
            ValueError: this is no such array.
        """
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise ValueError("a picture is height x width x 3, uint8")
        height, width = picture.shape[:2]
        why_not = refused(width, height)
        if why_not:
            return why_not
        with self._turn:
            child = self._running()
            try:
                return child.read(picture, today, self._limit_s)
            except (OSError, ValueError) as error:
                late = isinstance(error, TimeoutError)
                raise ReadingFailed("reading took too long" if late else "the reading process failed") from error
            finally:
                if not child.well:
                    self._child = None
                    child.end()

    @property
    def pid(self) -> int | None:
        """Return the number of the process, for those who look at its memory and time; None while none runs."""
        child = self._child
        return None if child is None else child.pid

    def close(self) -> None:
        """End the process; whoever waits for a picture gets ReadingFailed. Nothing can be read any more."""
        self._closed = True
        child = self._child
        if child is not None:
            child.kill()
        with self._turn:
            if self._child is not None:
                self._child.end()
                self._child = None

    def __enter__(self) -> "ReadingProcess":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _running(self) -> "_Child":
        if self._child is None and not self._closed:
            self._child = _Child(self._threads)
        if self._closed or self._child is None:
            raise ReadingFailed("the reading process was closed")
        return self._child


class _Child:
    """One life of the process. `well`: it may be asked again."""

    def __init__(self, threads: int) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  (our own words)
                [*COMMAND, str(threads), str(theirs.fileno())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env={**os.environ, **_MEMORY},
            )
        self.pid = self._process.pid
        self._ready = False
        self._asked = 0
        self.well = True

    def read(self, picture: Pixels, today: date | None, limit_s: float) -> IdCard | Unreadable:
        """Return what is on a picture. Raises OSError, of which TimeoutError, and ValueError; it is not well then."""
        self.well = False
        if not self._ready:
            self._socket.settimeout(_START_S)
            if self._message() != READY:
                raise ValueError("the process did not say that it is ready")
            self._ready = True
        self._asked += 1
        height, width = picture.shape[:2]
        with lent(picture) as (descriptor, memory):
            question = encode_question(Question(self._asked, width, height, today))
            self._socket.settimeout(limit_s)
            socket.send_fds(self._socket, [question], [descriptor])
            answer = decode_answer(self._message())
            if answer.number != self._asked:
                raise ValueError("the process answered another question")
            told = answer.told
            if isinstance(told, IdCard) and answer.portrait is not None:
                high, wide = answer.portrait
                if not 0 < high * wide * 3 <= PORTRAIT_ROOM:
                    raise ValueError("a portrait that has no room")
                told = replace(told, portrait=pixels(memory, high, wide, picture.nbytes).copy())
        self.well = True
        return told

    def kill(self) -> None:
        """Let it stop whatever it is doing; may be called while another thread waits for it."""
        self._process.kill()

    def end(self) -> None:
        """Kill it, and leave nothing behind."""
        self.kill()
        self._process.wait()
        self._socket.close()
        if self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()

    def _message(self) -> bytes:
        message = self._socket.recv(LONGEST + 1)
        if not message:
            raise ConnectionError("the process ended")
        return message
