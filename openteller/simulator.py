"""`openteller sim`: the simulated terminal as a process."""

import contextlib
import signal
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from device_sim.cards.kinds import CardKind, built_in_kinds
from device_sim.http_control import HttpControl
from device_sim.settings import SimSettings
from device_sim.terminal import SimulatedTerminal
from kiosk_core.clock import Clock
from kiosk_core.errors import ConfigError
from openteller.config import anchored
from openteller.toml_file import TomlFile, together


def load_simulator(path: Path) -> SimSettings:
    """Read and check `sim.toml`.

    Raises:
        ConfigError: what is wrong, all of it.
    """
    file = TomlFile(path)
    settings = anchored(file.checked(SimSettings), path.parent)
    kinds = load_card_kinds(settings)
    mistakes = []
    for number, card in enumerate(settings.cards):
        if card.kind not in kinds:
            known = ", ".join(sorted(kinds))
            mistakes.append(file.error(("cards", number, "kind"), f'"{card.kind}" is no kind; there are {known}'))
            continue
        try:
            kinds[card.kind].with_purse(card.number, card.balance_fen, card.expires)
        except ValueError as error:
            mistakes.append(file.error(("cards", number, "kind"), str(error)))
    if mistakes:
        raise together(mistakes)
    return settings


def simulated_at_free_ports(out: Path, clock: Clock) -> SimulatedTerminal:
    """Run the simulator of a configuration that a demo wrote to `out`, at whatever TCP ports are free now.

    Its kiosk.toml is told which: those that were looked for before may have been given to another program meanwhile.

    Raises:
        ConfigError: as `load_simulator`.
        OSError: a port, socket or file cannot be made or read.
    """
    settings = load_simulator(out / "sim.toml")
    bank, camera = settings.bank_host, settings.camera
    anywhere = replace(
        settings, bank_host=replace(bank, port=0), camera=replace(camera, port=0) if camera is not None else None
    )
    terminal = SimulatedTerminal(anywhere, clock)
    kiosk = out / "kiosk.toml"
    text = kiosk.read_text(encoding="utf-8").replace(f"\nport = {bank.port}\n", f"\nport = {terminal.bank_port}\n")
    if camera is not None:
        url = terminal.state()["devices"]["camera"]["url"]
        text = text.replace(f'"http://127.0.0.1:{camera.port}/video"', f'"{url}"')
    kiosk.write_text(text, encoding="utf-8")
    return terminal


def load_card_kinds(settings: SimSettings) -> Mapping[str, CardKind]:
    """Return the card kinds of the simulator and those of `card_store`, which go before, by name.

    Raises:
        ConfigError: what is wrong in the files of `card_store`, all of it.
    """
    kinds = dict(built_in_kinds())
    mistakes: list[ConfigError] = []
    if settings.card_store is not None and not settings.card_store.is_dir():
        raise ConfigError(str(settings.card_store), None, "", "there is no such folder")
    for path in sorted(settings.card_store.glob("*.toml")) if settings.card_store is not None else ():
        try:
            kinds[path.stem] = TomlFile(path).checked(CardKind)
        except ConfigError as error:
            mistakes += error.all
    if mistakes:
        raise together(mistakes)
    return kinds


def run_simulator(path: Path, clock: Clock, *, panel: bool, http: int | None = None) -> None:
    """Serve until SIGTERM or SIGINT; the panel's window may be closed before.

    `http` is the port of the control API, instead of that in `[sockets]`.

    Raises:
        ConfigError: as `load_simulator`.
        OSError: a port, socket or file cannot be made or read.
    """
    settings = load_simulator(path)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):  # before there is a socket: who sees it may send one
        signal.signal(number, lambda *_: stopped.set())
    with SimulatedTerminal(settings, clock, load_card_kinds(settings)) as terminal, contextlib.ExitStack() as undo:
        port = http if http is not None else settings.sockets.http
        if port is not None:
            api = undo.enter_context(HttpControl(port, terminal.actions))
            print(f"The control API listens at {api.url}; {api.url}/openapi.json describes it.", flush=True)
        if panel:
            from device_sim.panel import run_panel  # noqa: PLC0415  (Qt only where there is a screen)
            from openteller.wire_reading import WireReading, families_of  # noqa: PLC0415

            run_panel(terminal, stopped, clock, WireReading(families_of(settings)))
            if not stopped.is_set():
                print(f"The panel is closed, the simulator goes on: Ctrl-C ends it, {settings.sockets.control} acts.")
        stopped.wait()
