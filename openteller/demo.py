"""`openteller demo`: simulator, bank host, core and screen on one machine, with a customer or a scripted one."""

import contextlib
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from string import Template

from device_sim.control import SimControl
from journal.reading import read_latest
from kiosk_core.errors import OpenTellerError
from openteller.agreement import CardBalance, HostEntry, disagreements
from openteller.demo_certificates import make_demo_certificates
from openteller.system_clock import SystemClock

_log = logging.getLogger(__name__)

START_SECONDS = 15.0
STOP_SECONDS = 5.0
CARD = "transit"
SERVICE = "transit_top_up"
ID_SERVICE = "id_update"
ID_CARD = "citizen"
AMOUNT_FEN = 5_000
BANK_CARD_PIN = "123456"
MM_PER_PX = 268.0 / 1080  # a 21.5 inch panel in portrait is 268 mm wide
_HERE = Path(__file__).parent
_EVERY_REHEARSAL_MAKES = ("pages", "journal", "bank", "cards", "receipt.png", "receipt-id-card.png", "summary.json")
_ALL_TRANSACTIONS = 1_000_000
_MARK = ".openteller-demo"


class DemoError(OpenTellerError):
    """The demo cannot start or did not end as it must; the text says why and what to do."""


def run_demo(out: Path, headless: bool | None, size: tuple[int, int], language: str, *, verbose: bool) -> int:
    """Run the demo and return the exit code: 0 only if card, bank host and journal agree.

    Raises:
        DemoError: a part did not start.
        OSError: `out` cannot be written.
    """
    began = time.monotonic()
    if headless is None:
        headless = not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    out = out.resolve()
    _claim(out)
    if headless:
        _begin_afresh(out)
    with tempfile.TemporaryDirectory(prefix="openteller-") as run:
        write_configuration(out, Path(run), size)
        with _processes(out, Path(run), panel=not headless, verbose=verbose):
            if headless:
                return _rehearse(out, Path(run), size, language, began)
            return _open_window(out, Path(run), size)


# -- preparing ---------------------------------------------------------------------------------------------


def _claim(out: Path) -> None:
    """Make `out` the demo's own: what a demo deletes and overwrites was made by a demo.

    Raises:
        DemoError: there is something else in it.
    """
    out.mkdir(parents=True, exist_ok=True)
    mark = out / _MARK
    if not mark.exists() and any(out.iterdir()):
        raise DemoError(f"{out} is not empty and was not made by a demo; give another folder with --out")
    mark.touch()


def _begin_afresh(out: Path) -> None:
    """Forget the last rehearsal: with a new journal, new cards and new books the pictures are always the same."""
    for name in _EVERY_REHEARSAL_MAKES:
        path = out / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    (out / "pages").mkdir()


def write_configuration(out: Path, run: Path, size: tuple[int, int]) -> None:
    """Write kiosk.toml and sim.toml; sockets live in the short folder `run`, whatever the length of `out`."""
    certificates = make_demo_certificates(out / "certificates", SystemClock().wall())
    values = {
        "out": out,
        "run": run,
        "services": _HERE.parent / "services",
        "logo": _HERE / "receipt_logo.png",
        "bank_port": _free_port(),
        "camera_port": _free_port(),
        "width_px": size[0],
        "height_px": size[1],
        "width_mm": round(MM_PER_PX * size[0], 1),
        "ca": certificates.ca,
        "server_certificate": certificates.server_certificate,
        "server_key": certificates.server_key,
        "client_certificate": certificates.client_certificate,
        "client_key": certificates.client_key,
    }
    for name in ("kiosk.toml", "sim.toml"):
        template = Template((_HERE / "demo_templates" / name).read_text(encoding="utf-8"))
        quoted = {
            key: value if isinstance(value, int | float) else _quoted(str(value)) for key, value in values.items()
        }
        (out / name).write_text(template.substitute(quoted), encoding="utf-8")


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


# -- processes ---------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _processes(out: Path, run: Path, *, panel: bool, verbose: bool) -> Iterator[None]:
    """Run simulator and core; what they say goes to `out`/sim.log and core.log."""
    sim = ["sim", "run", str(out / "sim.toml"), *(["--panel"] if panel else [])]
    commands = {"sim": sim, "core": ["core", str(out / "kiosk.toml")]}
    waits_for = {"sim": run / "sim.sock", "core": run / "core.sock"}
    with contextlib.ExitStack() as undo:
        started = {}
        for name, command in commands.items():
            log = undo.enter_context((out / f"{name}.log").open("w", encoding="utf-8"))
            process = subprocess.Popen(  # noqa: S603  (our own command)
                [sys.executable, "-m", "openteller", *command, *(["--verbose"] if verbose or name == "core" else [])],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
            undo.callback(_end, process)
            started[name] = process
        for name, process in started.items():
            _wait_for(waits_for[name], process, out / f"{name}.log")
        yield


def _wait_for(path: Path, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while not path.exists():
        if process.poll() is not None or time.monotonic() > until:
            last = "\n".join(log.read_text(encoding="utf-8").splitlines()[-5:])
            raise DemoError(f"{log.stem} did not start; the end of {log}:\n{last}")
        time.sleep(0.01)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# -- the customer ------------------------------------------------------------------------------------------


def _open_window(out: Path, run: Path, size: tuple[int, int]) -> int:
    from device_sim.panel.window import ROOM as PANEL_ROOM  # noqa: PLC0415
    from kiosk_ui.app import run as run_kiosk  # noqa: PLC0415
    from openteller.voice_file import open_reader  # noqa: PLC0415
    from voice.settings import VoiceSettings  # noqa: PLC0415

    print(f"The terminal is open. Journal: openteller journal show -j {out / 'journal'}")
    clock = SystemClock()
    speaker = open_reader(VoiceSettings(), clock)
    code = run_kiosk(run / "core.sock", clock, size=size, beside_px=PANEL_ROOM, speaker=speaker)
    with contextlib.closing(SimControl(run / "sim.sock")) as sim:
        problems = _disagreements(out, sim, {})
    for problem in problems:
        print(problem)
    return code or (1 if problems else 0)


def _rehearse(out: Path, run: Path, size: tuple[int, int], language: str, began: float) -> int:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PyQt6.QtGui import QGuiApplication  # noqa: PLC0415

    from kiosk_ui.app import start  # noqa: PLC0415
    from openteller.rehearsal import BankCardInHand, Rehearsal, RehearsalError  # noqa: PLC0415

    app = QGuiApplication(sys.argv[:1])
    with contextlib.closing(SimControl(run / "sim.sock")) as sim:
        before = _balances(sim)
        kiosk = start(run / "core.sock", SystemClock(), size=size, double_tap_s=0, still=True)
        rehearsal = Rehearsal(app, kiosk.screen, kiosk.model, sim, out / "pages", began)
        problems = []
        try:
            rehearsal.top_up(SERVICE, CARD, AMOUNT_FEN, language)
            rehearsal.keep_receipt(out / "receipt.png")
            rehearsal.update_id_card(ID_SERVICE, ID_CARD, language)
            rehearsal.keep_receipt(out / "receipt-id-card.png")
            rehearsal.top_up_by_bank_card(SERVICE, CARD, AMOUNT_FEN, language, BankCardInHand("bank", BANK_CARD_PIN))
        except RehearsalError as error:
            problems.append(str(error))
        finally:
            kiosk.close()
        problems += _disagreements(out, sim, before)
        summary = {
            "agree": not problems,
            "problems": problems,
            "steps": rehearsal.steps,
            "pictures": rehearsal.pictures,
            "cards": sim.do("state")["cards"],
            "orders": sim.do("state")["orders"],
            "journal": [{"transaction": each.id, "state": each.state.value} for each in _transactions(out)],
        }
    (out / "summary.json").write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    _tell(out, summary, rehearsal.steps)
    return 1 if problems else 0


def _tell(out: Path, summary: dict[str, object], steps: list[dict[str, str | int]]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console(highlight=False)
    table = Table("step", "ms", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for step in steps:
        table.add_row(str(step["step"]).replace("_", " "), str(step["ms"]))
    console.print(table)
    if summary["agree"]:
        console.print("[green]Card, bank host and journal agree.[/]")
    for problem in summary["problems"]:  # type: ignore[attr-defined]
        console.print(f"[red]{problem}[/]")
    console.print(f"Pages: {out / 'pages'}   Receipt: {out / 'receipt.png'}   Journal: {out / 'journal'}")


# -- do they agree? ----------------------------------------------------------------------------------------


def _transactions(out: Path) -> list:  # type: ignore[type-arg]
    return list(read_latest(out / "journal", _ALL_TRANSACTIONS))


def _balances(sim: SimControl) -> dict[str, int]:
    cards = sim.do("state")["cards"].items()
    return {name: card["balance_fen"] for name, card in cards if card["balance_fen"] is not None}


def _disagreements(out: Path, sim: SimControl, before: dict[str, int]) -> list[str]:
    """Compare the books; `before` are the cards' balances at the start (empty: cards are not compared)."""
    state = sim.do("state")
    host = [
        HostEntry(entry["order"], entry["amount_fen"], entry["paid"], entry["loaded"], entry["refunded_fen"])
        for entry in state["orders"]
    ]
    cards = [
        CardBalance(card["number"], before[name], card["balance_fen"])
        for name, card in state["cards"].items()
        if name in before
    ]
    return disagreements(_transactions(out), host, cards)
