"""A whole branch for tests: the simulated terminal, its core, and a customer who speaks the core's protocol.

Everything is real but the hardware: USB frames, pty, TLS, SQLite. Only waiting is taken out of the simulator, unless
a printer of so many `dots_per_s` is asked for. A customer is only asked how he wants to pay where `bank_card` is set.
The host is given up after `host_s` seconds.
"""

import contextlib
import queue
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from device_sim.transit_card import TransitCard
from journal.reading import read_latest
from kiosk_core.funding import FundingKind
from kiosk_core.intents import Cancel, ChooseAmount, ChooseFunding, ChooseService, Done, Intent
from kiosk_core.ledger import Transaction
from kiosk_core.pages import MenuPage, Page
from kiosk_core.protocol import decode_from_core, encode
from kiosk_core.screen_messages import ShowPage, Touched
from ocr.worker import ReadingProcess
from openteller.agreement import CardBalance, HostEntry, disagreements
from openteller.core import Core
from openteller.demo import CARD, SERVICE, write_configuration
from openteller.reconcile import compared
from openteller.reconciliation import Reconciliation
from openteller.simulator import simulated_at_free_ports
from tests.clocks import RealClock
from tests.patience import PATIENCE_S

HOST_S = 30.0
IMPATIENT_S = 8.0
"""After which the host is given up where a test waits for just that."""
READING_MS = 120_000
UNHURRIED = """
from openteller import conductor
from openteller.cli import main
conductor.START_SECONDS = 120.0
main()
"""
"""The command; a core begins when reader and host are there, however late: a card that lies there is asked first."""
AMOUNT_FEN = 5_000
ACCOUNT_FEN = 500_000
MASKED = "310487*********5678"


class Customer:
    """Watches the pages of a core and touches them."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._socket.connect(str(path))
                break
            except OSError:
                if time.monotonic() > until:
                    self._socket.close()
                    raise
                time.sleep(0.01)
        self._pages: queue.Queue[ShowPage | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.seen: list[Page] = []
        self._number = 0

    def _read(self) -> None:
        with self._socket.makefile("rb") as lines, contextlib.suppress(OSError):
            for line in lines:
                message = decode_from_core(line)
                if isinstance(message, ShowPage):
                    self._pages.put(message)
        self._pages.put(None)

    def see(self, wanted: str, fits: Callable[[Any], bool] = lambda _: True) -> Any:
        """Wait for a page of kind `wanted` that `fits` and return it."""
        if self.seen and self.seen[-1].kind == wanted and fits(self.seen[-1]):
            return self.seen[-1]
        until = time.monotonic() + PATIENCE_S
        with contextlib.suppress(queue.Empty):
            while (left := until - time.monotonic()) > 0:
                page = self.next(left)
                if page.kind == wanted and fits(page):
                    return page
        raise TimeoutError(f"no {wanted} page; seen were {[page.kind for page in self.seen]}; last: {self.seen[-1:]}")

    def next(self, patience_s: float = PATIENCE_S) -> Page:
        """Wait for the next page, whatever it is. Raises queue.Empty."""
        shown = self._pages.get(timeout=patience_s)
        if shown is None:
            raise ConnectionError("the core hung up")
        self._number = shown.number
        self.seen.append(shown.page)
        return shown.page

    def touch(self, intent: Intent) -> None:
        self._socket.sendall(encode(Touched(number=self._number, intent=intent)))

    def choose_service(self, service_id: str = SERVICE) -> None:
        """Touch the tile, again whenever the home page changes under the finger."""

        def can_be_had(page: MenuPage) -> bool:
            return any(item.service_id == service_id and item.unavailable is None for item in page.items)

        self.see("menu", can_be_had)
        self.touch(ChooseService(service_id=service_id))
        while (page := self.next()).kind != "capture":
            if isinstance(page, MenuPage) and can_be_had(page):
                self.touch(ChooseService(service_id=service_id))

    def choose_amount(self, amount_fen: int = AMOUNT_FEN) -> None:
        self.see("keypad")
        self.touch(ChooseAmount(amount_fen=amount_fen))

    def choose_funding(self, funding: FundingKind) -> None:
        self.see("funding")
        self.touch(ChooseFunding(funding=funding))

    def pay_after_choosing(self) -> None:
        """Choose the amount, again if the card had to be read again, until the QR is shown."""
        self.choose_amount()
        while (page := self.next()).kind != "payment":
            if page.kind == "keypad":
                self.choose_amount()
            elif page.kind == "funding":
                self.choose_funding(FundingKind.QR)

    def cancel(self) -> None:
        self.touch(Cancel())

    def done(self) -> None:
        self.touch(Done())

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._socket.close()


class Branch:
    """The simulated terminal in this process, and a core beside it that may be killed and started again."""

    def __init__(
        self,
        *,
        printer_on_usb: bool = False,
        dots_per_s: int = 0,
        bank_card: bool = False,
        account_fen: int = ACCOUNT_FEN,
        host_s: float = HOST_S,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ot-"))
        self.out = self.folder / "out"
        run = self.folder / "run"
        self.out.mkdir()
        run.mkdir()
        write_configuration(self.out, run, (1080, 1920))
        self.config_file = self.out / "kiosk.toml"
        self.core_socket = run / "core.sock"
        self.sim_socket = run / "sim.sock"
        sim_file = self.out / "sim.toml"
        sim_text = sim_file.read_text().replace("apdu_ms = 30", "apdu_ms = 0").replace("= 1200 ", f"= {dots_per_s} ")
        sim_text = sim_text.replace("stacker = 20", "stacker = 20\ncommand_ms = 0")
        sim_text = sim_text.replace("balance_fen = 500000", f"balance_fen = {account_fen}")
        if not bank_card:  # nobody fetches the pad a PIN key then
            sim_text = re.sub(r"key_loading_key = (\S+) .*", r"key_loading_key = \1\npin_key = \1", sim_text)
        if printer_on_usb:
            serial = str(run / "receipt-printer")
            sim_text = sim_text.replace(f'serial = "{serial}"', 'usb = "1209:0002"')
            text = self.config_file.read_text().replace(f'"{serial}"', '"sim-usb://1209:0002"')
            self.config_file.write_text(text)
        sim_file.write_text(sim_text)
        text = self.config_file.read_text().replace("timeout_s = 5", f"timeout_s = {host_s}")
        self.config_file.write_text(text if bank_card else re.sub(r"\[bank_card\][^[]*", "", text))
        self.sim = simulated_at_free_ports(self.out, RealClock())
        self._stack = contextlib.ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        self.stop_core()
        self.sim.close()
        shutil.rmtree(self.folder)

    @property
    def card(self) -> TransitCard:
        purse = self.sim._cards.card(CARD).purse
        assert purse is not None
        return purse

    # -- the core, in this process or in one of its own ------------------------------------------------------

    def start_core(self) -> None:
        unhurried = partial(ReadingProcess, limit_ms=READING_MS)  # what a busy machine has no time for is no test of it
        with mock.patch("openteller.core.ReadingProcess", unhurried):
            core = self._stack.enter_context(Core(self.config_file, RealClock()))
        thread = threading.Thread(target=core.run)
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(core.stop)

    def stop_core(self) -> None:
        self._stack.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def spawn_core(self) -> None:
        if self._process is not None:
            self._process.wait()  # a dying process may still take connections
        command = [sys.executable, "-c", UNHURRIED, "core", str(self.config_file)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def kill_core(self) -> None:
        """Kill the core; from any thread, while the test may be starting the next one."""
        process = self._process
        assert process is not None
        process.kill()
        process.wait()

    @contextlib.contextmanager
    def customer(self) -> Iterator[Customer]:
        customer = Customer(self.core_socket)
        try:
            yield customer
        finally:
            customer.close()

    # -- the books -------------------------------------------------------------------------------------------

    def transactions(self) -> list[Transaction]:
        return list(read_latest(self.out / "journal", 1_000))

    def reconciled(self) -> Reconciliation:
        """Compare the journal with the bank's files of its day and of the next: a test may run over midnight."""
        day = self.transactions()[0].rows[0].at.date()
        days = (day, day + timedelta(days=1))
        files = [self.out / f"{each}.txt" for each in days]
        for each, file in zip(days, files, strict=True):
            self.sim.settlement(f"{each:%Y%m%d}", str(file))
        return compared(day, self.config_file, files, RealClock().wall())

    def disagreements(self, balance_before: int = 2_350) -> list[str]:
        state = self.sim.state()
        host = [
            HostEntry(each["order"], each["amount_fen"], each["paid"], each["loaded"], each["refunded_fen"])
            for each in state["orders"]
        ]
        return disagreements(
            self.transactions(), host, [CardBalance(MASKED, balance_before, self.card.memory.balance_fen)]
        )
