"""A simulated terminal for tests, on sockets with short paths (a Unix socket's has at most 107 bytes)."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from device_sim.settings import (
    BankSettings,
    CardSettings,
    PrinterSettings,
    ReaderSettings,
    SimSettings,
    SocketSettings,
)
from device_sim.terminal import SimulatedTerminal
from kiosk_core.clock import Clock
from openteller.demo_certificates import make_demo_certificates
from tests.bank import CARD, RULES, Purse
from tests.clocks import SetClock
from wire.host_messages import OrderRequest, OrderResponse
from wire.host_values import PurseData

ORDER = "T0000001-000042"
TRANSIT = "3104870000012345678"
NEARLY_FULL = "3104870000087654321"


@dataclass(frozen=True)
class Rig:
    """The terminal, the folder of everything it writes, and its settings."""

    terminal: SimulatedTerminal
    folder: Path
    settings: SimSettings

    @property
    def control(self) -> Path:
        return self.settings.sockets.control

    @property
    def serial(self) -> Path:
        assert self.settings.receipt_printer.serial is not None
        return self.settings.receipt_printer.serial


@contextlib.contextmanager
def open_terminal(
    clock: Clock | None = None,
    *,
    printer_usb: str | None = None,
    equip: Callable[[SimSettings, Path], SimSettings] = lambda settings, _: settings,
) -> Iterator[Rig]:
    now = datetime(2026, 11, 22, 9, 41, tzinfo=UTC)
    folder = Path(tempfile.mkdtemp(prefix="ot-"))
    try:
        certificates = make_demo_certificates(folder / "certificates", now)
        settings = SimSettings(
            sockets=SocketSettings(control=folder / "sim.sock", usb=folder / "usb.sock"),
            top_up_module=ReaderSettings(usb="1209:0001", apdu_ms=0),
            receipt_printer=PrinterSettings(
                serial=None if printer_usb else folder / "printer", usb=printer_usb, dots_per_s=0
            ),
            bank_host=BankSettings(
                port=0,
                folder=folder / "bank",
                ca_file=certificates.ca,
                certificate_file=certificates.server_certificate,
                key_file=certificates.server_key,
                load_master_key=RULES.load_master_key.hex(),
                tac_master_key=RULES.tac_master_key.hex(),
            ),
            card_folder=folder / "cards",
            cards=(
                CardSettings("transit", TRANSIT, 2_350, date(2031, 12, 31)),
                CardSettings("nearly_full", NEARLY_FULL, 99_500, date(2031, 12, 31)),
            ),
        )
        settings = equip(settings, folder)
        with SimulatedTerminal(settings, clock or SetClock(now)) as terminal:
            yield Rig(terminal, folder, settings)
    finally:
        shutil.rmtree(folder)


def open_order(terminal: SimulatedTerminal, number: str = ORDER) -> None:
    """Let the bank open an order of ¥50.00, as if a terminal had asked for it."""
    init = Purse().init()
    purse = PurseData(
        balance_fen=init.balance_fen,
        counter=init.counter,
        key_version=init.key_version,
        algorithm=init.algorithm,
        random=init.random,
        mac1=init.mac1,
        terminal_no=init.terminal_no,
    )
    request = OrderRequest(
        terminal="T0000001",
        branch="B",
        stan=42,
        date="1122",
        time="090000",
        order=number,
        card=CARD,
        amount_fen=5_000,
        purse=purse,
    )
    answer = terminal._bank._books.answer(request)
    assert isinstance(answer, OrderResponse)
    assert answer.offer is not None


def print_receipt(terminal: SimulatedTerminal, text: str = "Topped up") -> None:
    terminal._printer.receive(text.encode() + b"\n\x1dV\x00")  # GS V 0: cut
