"""`openteller demo`: simulator, bank host, core and screen on one machine, with a customer or a scripted one."""

import contextlib
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import httpx

from device_sim.control import SimControl
from device_sim.kept_port import KeptPort
from journal.reading import read_latest
from openteller.agreement import CardBalance, HostEntry, disagreements
from openteller.demo_certificates import make_demo_certificates
from openteller.demo_processes import DemoError, Part, all_devices_work, listens, running
from openteller.demo_queue import DemoQueue, DemoTeller, prepare_queue, queue_disagreements
from openteller.own_folder import claim
from openteller.system_clock import SystemClock
from queue_display.listening.place import QueuePlace
from queue_display.server.access import Role

if TYPE_CHECKING:
    from openteller.rehearsal import Rehearsal

_log = logging.getLogger(__name__)

CARD = "transit"
SERVICE = "transit_top_up"
ID_SERVICE = "id_update"
ID_CARD = "citizen"
AMOUNT_FEN = 5_000
BANK_CARD_PIN = "123456"
MM_PER_PX = 268.0 / 1080  # a 21.5 inch panel in portrait is 268 mm wide
_HERE = Path(__file__).parent
TICKET_SERVICE = "queue_ticket"
TICKET_FOR = "simple"
BOARD_PX = (1920, 1080)
_RECEIPTS = {
    "by_phone": "receipt.png",
    "id_card": "receipt-id-card.png",
    "by_card": "receipt-bank-card.png",
    "ticket": "receipt-ticket.png",
}
_EVERY_REHEARSAL_MAKES = ("pages", "journal", "bank", "cards", "queue", *_RECEIPTS.values(), "summary.json")
_ALL_TRANSACTIONS = 1_000_000
_MARK = ".openteller-demo"


def run_demo(out: Path, headless: bool | None, size: tuple[int, int], language: str, *, verbose: bool) -> int:
    """Run the demo and return the exit code: 0 only if card, bank host and journal agree, and kiosk, queue and board.

    Raises:
        DemoError: a part did not start, or there is something else in `out`.
        OSError: `out` cannot be written.
    """
    began = time.monotonic()
    if headless is None:
        headless = not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    out = out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    if not claim(out, _MARK):
        raise DemoError(f"{out} is not empty and was not made by a demo; give another folder with --out")
    if headless:
        _begin_afresh(out)
    with (
        tempfile.TemporaryDirectory(prefix="openteller-") as run,
        KeptPort() as bank_port,
        KeptPort() as camera_port,
        KeptPort() as queue_port,
    ):
        write_configuration(out, Path(run), size, (bank_port.number, camera_port.number))
        queue = prepare_queue(out / "queue", Path(run), queue_port.number)
        with (out / "kiosk.toml").open("a", encoding="utf-8") as configuration:
            configuration.write(queue.section)
        with running(_parts(out, Path(run), queue, panel=not headless, verbose=verbose), out):
            if headless:
                return _rehearse(out, Path(run), queue, size, language=language, began=began)
            return _open_window(out, Path(run), queue, size)


# -- preparing ---------------------------------------------------------------------------------------------


def _begin_afresh(out: Path) -> None:
    """Forget the last rehearsal: with a new journal, new cards and new books the pictures are always the same."""
    for name in _EVERY_REHEARSAL_MAKES:
        path = out / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    (out / "pages").mkdir()


def write_configuration(out: Path, run: Path, size: tuple[int, int], ports: tuple[int, int] | None = None) -> None:
    """Write kiosk.toml and sim.toml; sockets live in the short folder `run`, whatever the length of `out`.

    `ports`: of bank host and camera; without them two that are free just now.
    """
    certificates = make_demo_certificates(out / "certificates", SystemClock().wall())
    bank_port, camera_port = ports or (_free_port(), _free_port())
    values = {
        "out": out,
        "run": run,
        "services": _HERE.parent / "services",
        "logo": _HERE / "receipt_logo.png",
        "bank_port": bank_port,
        "camera_port": camera_port,
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


def _parts(out: Path, run: Path, queue: DemoQueue, *, panel: bool, verbose: bool) -> tuple[Part, ...]:
    said = ["--verbose"] if verbose else []
    port = int(queue.url.rpartition(":")[2])
    sim = ["sim", "run", str(out / "sim.toml"), *(["--panel"] if panel else []), *said]
    core = run / "core.sock"
    return (
        Part("sim", sim, (run / "sim.sock").exists),
        Part("queue", [*queue.command, *said], lambda: listens(port)),
        Part(
            "core",
            ["core", str(out / "kiosk.toml"), "--verbose"],
            core.exists if panel else lambda: all_devices_work(core),
        ),
    )


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _free_port() -> int:
    with KeptPort() as port:
        return port.number


# -- the customer ------------------------------------------------------------------------------------------


def _open_window(out: Path, run: Path, queue: DemoQueue, size: tuple[int, int]) -> int:
    from device_sim.panel.window import ROOM as PANEL_ROOM  # noqa: PLC0415
    from kiosk_ui.app import run as run_kiosk  # noqa: PLC0415
    from openteller.voice_file import open_reader  # noqa: PLC0415
    from voice.settings import VoiceSettings  # noqa: PLC0415

    print("The terminal is open; it also gives out tickets of the branch's queue. To see and call them:")
    print(queue.where)
    print(f"Journal: openteller journal show -j {out / 'journal'}")
    clock = SystemClock()
    speaker = open_reader(VoiceSettings(), clock)
    code = run_kiosk(run / "core.sock", clock, size=size, beside_px=PANEL_ROOM, speaker=speaker)
    with contextlib.closing(SimControl(run / "sim.sock")) as sim:
        problems = _disagreements(out, sim, {})
    for problem in problems:
        print(problem)
    return code or (1 if problems else 0)


def _rehearse(out: Path, run: Path, queue: DemoQueue, size: tuple[int, int], *, language: str, began: float) -> int:
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
        ticket = ""
        try:
            rehearsal.top_up(SERVICE, CARD, AMOUNT_FEN, language)
            rehearsal.keep_receipt(out / _RECEIPTS["by_phone"])
            rehearsal.update_id_card(ID_SERVICE, ID_CARD, language)
            rehearsal.keep_receipt(out / _RECEIPTS["id_card"])
            rehearsal.top_up_by_bank_card(SERVICE, CARD, AMOUNT_FEN, language, BankCardInHand("bank", BANK_CARD_PIN))
            rehearsal.keep_receipt(out / _RECEIPTS["by_card"])
            ticket, misfits = _rehearse_ticket(out, queue, rehearsal, language)
            problems += misfits
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
            "ticket": ticket,
            "journal": [{"transaction": each.id, "state": each.state.value} for each in _transactions(out)],
        }
    (out / "summary.json").write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    _tell(out, summary, rehearsal.steps)
    return 1 if problems else 0


def _rehearse_ticket(out: Path, queue: DemoQueue, rehearsal: "Rehearsal", language: str) -> tuple[str, list[str]]:
    """Take a ticket, have it called by a teller, see the call at kiosk and board; return it, and what does not fit.

    Raises:
        RehearsalError: a screen did not show what it must, or the queue did not answer.
    """
    from openteller.rehearsal import RehearsalError  # noqa: PLC0415
    from queue_display.board import app as board_app  # noqa: PLC0415

    clock = SystemClock()
    day = clock.wall().date().isoformat()
    board = board_app.start(QueuePlace(queue.url, queue.tokens[Role.DISPLAY]), clock, size=BOARD_PX)
    try:
        with contextlib.closing(DemoTeller(queue)) as teller:
            teller.open_window()
            number = rehearsal.take_ticket(TICKET_SERVICE, TICKET_FOR, language)
            rehearsal.keep_receipt(out / _RECEIPTS["ticket"])
            rehearsal.see_call(number, teller.call_next, board)
            teller.serve()
        shown = board.model.newest.ticket
    except httpx.HTTPError as error:
        raise RehearsalError(f"the queue does not answer its teller: {error}") from None
    finally:
        board.close()
    journal = [str(each.facts["ticket"]) for each in _transactions(out) if "ticket" in each.facts]
    return number, queue_disagreements(queue, day, journal, number, shown)


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
        console.print("[green]Card, bank host and journal agree; so do kiosk, queue and board.[/]")
    for problem in summary["problems"]:  # type: ignore[attr-defined]
        console.print(f"[red]{problem}[/]")
    console.print(f"Pages: {out / 'pages'}   Receipts: {out / 'receipt*.png'}   Journal: {out / 'journal'}")


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
