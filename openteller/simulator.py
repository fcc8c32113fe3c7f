"""`openteller sim`: the simulated terminal as a process."""

import contextlib
import signal
import threading
from pathlib import Path

from device_sim.http_control import HttpControl
from device_sim.settings import SimSettings
from device_sim.terminal import SimulatedTerminal
from kiosk_core.clock import Clock
from openteller.config import anchored
from openteller.toml_file import TomlFile


def load_simulator(path: Path) -> SimSettings:
    """Read and check `sim.toml`.

    Raises:
        ConfigError: what is wrong, all of it.
    """
    return anchored(TomlFile(path).checked(SimSettings), path.parent)


def run_simulator(path: Path, clock: Clock, *, panel: bool, http: int | None = None) -> None:
    """Serve until SIGTERM or SIGINT; the panel's window may be closed before. `http` is the port of the control API.

    Raises:
        ConfigError: as `load_simulator`.
        OSError: a port, socket or file cannot be made or read.
    """
    settings = load_simulator(path)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):  # before there is a socket: who sees it may send one
        signal.signal(number, lambda *_: stopped.set())
    with SimulatedTerminal(settings, clock) as terminal, contextlib.ExitStack() as undo:
        if http is not None:
            api = undo.enter_context(HttpControl(http, terminal.actions))
            print(f"The control API listens at {api.url}; {api.url}/openapi.json describes it.", flush=True)
        if panel:
            from device_sim.panel import run_panel  # noqa: PLC0415  (Qt only where there is a screen)

            run_panel(terminal, stopped)
            if not stopped.is_set():
                print(f"The panel is closed, the simulator goes on: Ctrl-C ends it, {settings.sockets.control} acts.")
        stopped.wait()
