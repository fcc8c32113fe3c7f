"""The processes of the demo: simulator, branch queue and core, beside the one that has the screen."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiosk_core.errors import OpenTellerError
from kiosk_core.technician_questions import AskDevices, Devices
from openteller.core_client import CoreClient, CoreSilent

START_SECONDS = 120.0  # a machine that does much else
STOP_SECONDS = 5.0


class DemoError(OpenTellerError):
    """The demo cannot start or did not end as it must; the text says why and what to do."""


@dataclass(frozen=True)
class Part:
    """A part of the demo: the command of openteller that runs it, and how to see that it is there."""

    name: str
    command: Sequence[str]
    is_there: Callable[[], bool]


@contextlib.contextmanager
def running(parts: Sequence[Part], out: Path) -> Iterator[None]:
    """Run them, and wait until all are there; what they say goes to `out`/NAME.log.

    Raises:
        DemoError: one did not start.
    """
    with contextlib.ExitStack() as undo:
        started = []
        for part in parts:
            log = undo.enter_context((out / f"{part.name}.log").open("w", encoding="utf-8"))
            process = subprocess.Popen(  # noqa: S603  (our own command)
                [sys.executable, "-m", "openteller", *part.command], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
            undo.callback(_end, process)
            started.append(process)
        for part, process in zip(parts, started, strict=True):
            _wait_for(part, process, out / f"{part.name}.log")
        yield


def listens(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def all_devices_work(core: Path) -> bool:
    """Whether the core at this socket has all its devices: what it offers depends on what is there."""
    try:
        with CoreClient(core) as asked:
            answer = asked.ask(AskDevices())
    except CoreSilent:
        return False
    devices = answer.devices if isinstance(answer, Devices) else ()
    return bool(devices) and all(each.state == "online" and not each.faults for each in devices)


def _wait_for(part: Part, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while not part.is_there():
        if process.poll() is not None or time.monotonic() > until:
            last = "\n".join(log.read_text(encoding="utf-8").splitlines()[-5:])
            raise DemoError(f"{part.name} did not start; the end of {log}:\n{last}")
        time.sleep(0.02)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
