"""A program that voice or loudspeaker is made of: run to its end, to a time limit, or until it is hushed."""

import os
import shutil
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO

from kiosk_core.clock import Clock
from voice.unavailable import Hushed, VoiceUnavailable

_PACKAGES = {"espeak-ng": "espeak-ng", "aplay": "alsa-utils"}  # of Debian, for who must install it
_LOOK_S = 0.05
_DYING_S = 5.0


def missing_packages() -> tuple[str, ...]:
    """Return the packages of Debian that voice and loudspeaker still need."""
    return tuple(package for program, package in _PACKAGES.items() if shutil.which(program) is None)


class ProgramFailed(VoiceUnavailable):
    """The program is there, and said no."""


def run_program(command: Sequence[str], data: bytes, limit_s: float, clock: Clock, hush: threading.Event) -> bytes:
    """Give a program `data` and return what it wrote; no shell is between.

    Raises:
        ProgramFailed: it ended with an error; the text has its last line.
        VoiceUnavailable: it is not there, or did not end within `limit_s`.
        Hushed: `hush` was set; the program is gone by then.
    """
    if hush.is_set():
        raise Hushed
    # Its input is a file in memory: `communicate` of Python 3.11 does not go on with a pipe after a timeout.
    with os.fdopen(os.memfd_create("voice"), "w+b") as source:
        source.write(data)
        source.seek(0)
        process = _started(command, source)
    deadline = clock.now() + limit_s
    while True:
        try:
            output, complaint = process.communicate(timeout=_LOOK_S)
        except subprocess.TimeoutExpired:
            if hush.is_set():
                _end(process)
                raise Hushed from None
            if clock.now() > deadline:
                _end(process)
                raise VoiceUnavailable(f"{command[0]} hangs: no end after {limit_s:.0f} s") from None
            continue
        if process.returncode:
            raise ProgramFailed(f"{command[0]} failed ({process.returncode}): {_last_line(complaint)}")
        return output


def _started(command: Sequence[str], source: BinaryIO) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(  # noqa: S603  (a list of words, no shell)
            command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except FileNotFoundError:
        package = _PACKAGES.get(command[0])
        hint = f"; Debian has it in {package}" if package else ""
        raise VoiceUnavailable(f"{command[0]} is not installed{hint}") from None
    except OSError as error:
        raise VoiceUnavailable(f"{command[0]} cannot be run: {error.strerror}") from error


def _last_line(complaint: bytes) -> str:
    lines = complaint.decode(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "it does not say why"


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    # One that waits inside the kernel, for a sound card that is gone say, cannot be killed and is not waited for.
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=_DYING_S)
