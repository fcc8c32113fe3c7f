"""The simulated terminal: its devices on their ports, its cards, the bank host, and what people do to them."""

import contextlib
import random
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le
from pydantic import StringConstraints

from device_sim import mishaps
from device_sim.bank_books import BankRules
from device_sim.bank_host import BankHostSettings, SimulatedBankHost
from device_sim.cards.lasting import Tear
from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.control import Action, ControlError, ControlServer
from device_sim.misfortune import Towards
from device_sim.ports import unit_on_bus, unit_on_pty
from device_sim.receipt_paper import PrintedReceipt, paper_picture
from device_sim.receipt_printer import Pace, SimulatedReceiptPrinter, UsbReceiptPrinter
from device_sim.serial.pty_port import PtyPort
from device_sim.serial.wire import Wire
from device_sim.settings import CardSettings, SimSettings
from device_sim.transit_card import CardIdentity, TransitCard
from device_sim.unit import Unit, UnknownFaultError
from device_sim.usb.bus import SimulatedBus
from device_sim.usb.cable import Cable
from device_sim.usb.remote import BusServer
from kiosk_core.card_number import CardNumber
from kiosk_core.clock import Clock

READER = "top_up_module"
PRINTER = "receipt_printer"

_SEEDS = 2**32

_TEARS = {"before_commit": Tear.BEFORE_COMMIT, "after_commit": Tear.AFTER_COMMIT, "never": None}


class SimulatedTerminal:
    """Everything around a terminal's core, behind a USB bus, a pty, a TLS port and a control socket.

    Its actions may be called from any thread: clients of the control socket and the panel act side by side.

    Raises (in the constructor):
        OSError: a socket, port or file cannot be made or read.
    """

    def __init__(self, settings: SimSettings, clock: Clock) -> None:
        self._settings = settings
        self._lock = threading.RLock()  # an action is whole before the next one begins
        with contextlib.ExitStack() as undo:
            seeds = random.Random(settings.seed)  # noqa: S311  (bad luck, no secret)
            self._bus = SimulatedBus(clock)
            self._reader = SimulatedCcidReader(
                *_numbers(settings.top_up_module.usb), clock, apdu_s=settings.top_up_module.apdu_ms / 1000
            )
            printer = settings.receipt_printer
            pace = Pace(clock, printer.dots_per_s) if printer.dots_per_s else None
            self._printer = SimulatedReceiptPrinter(pace=pace)
            of_printer = mishaps.of_receipt_printer(self._printer)
            cable = Cable(self._reader, clock, seed=seeds.randrange(_SEEDS))
            self._units = {READER: unit_on_bus(READER, self._bus, cable, {})}
            seed = seeds.randrange(_SEEDS)
            if printer.usb is not None:
                cable = Cable(UsbReceiptPrinter(self._printer, *_numbers(printer.usb)), clock, seed=seed)
                self._units[PRINTER] = unit_on_bus(PRINTER, self._bus, cable, of_printer)
            if printer.serial is not None:
                printer.serial.parent.mkdir(parents=True, exist_ok=True)
                wire = Wire(self._printer, clock, baudrate=printer.baudrate, seed=seed)
                pty = undo.enter_context(PtyPort(printer.serial, wire))
                self._units[PRINTER] = unit_on_pty(PRINTER, pty, wire, of_printer)
            settings.card_folder.mkdir(parents=True, exist_ok=True)
            self._cards = {card.name: self._make_card(card) for card in settings.cards}
            bank = settings.bank_host
            self._bank = SimulatedBankHost(
                BankHostSettings(bank.ca_file, bank.certificate_file, bank.key_file, port=bank.port),
                BankRules(bytes.fromhex(bank.load_master_key), bytes.fromhex(bank.tac_master_key)),
                bank.folder,
                clock,
            )
            undo.enter_context(self._bank)
            usb = BusServer(self._bus, settings.sockets.usb)
            undo.callback(usb.close)
            usb.start()
            control = ControlServer(settings.sockets.control, self.actions)
            undo.callback(control.close)
            control.start()
            self._undo = undo.pop_all()

    def close(self) -> None:
        """Take everything down."""
        self._undo.close()

    def __enter__(self) -> "SimulatedTerminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def actions(self) -> Mapping[str, Action]:
        """What the control socket offers, by name; docs/simulator.md describes each."""
        return {
            "state": self.state,
            "place_card": self.place_card,
            "take_card": self.take_card,
            "tear_card": self.tear_card,
            "take_receipt": self.take_receipt,
            "pay": self.pay,
            "strike": self.strike,
            "mend": self.mend,
            "bank": self.set_bank,
        }

    # -- what the customer does ----------------------------------------------------------------------------

    def place_card(self, card: str) -> None:
        """Lay the card of that name on the reader."""
        if card not in self._cards:
            raise ControlError(f"no card {card!r}; there are {', '.join(self._cards)}")
        with self._lock:
            if self._reader.card is not None:
                raise ControlError("a card lies on the reader already")
            self._reader.insert(self._cards[card])

    def take_card(self) -> None:
        """Take the card off the reader."""
        if self._reader.remove() is None:
            raise ControlError("no card lies on the reader")

    def tear_card(self, when: Literal["before_commit", "after_commit", "never"]) -> None:
        """Let the card on the reader lose contact during its next credit, or no more."""
        card = self._reader.card
        if not isinstance(card, TransitCard):
            raise ControlError("no transit card lies on the reader")
        card.tear_next(_TEARS[when])

    def pay(self, order: str | None = None) -> Mapping[str, Any]:
        """Pay an order by phone; without a number the latest that can be paid."""
        with self._lock:
            orders = [order] if order else [entry.order for entry in reversed(self._bank.ledger()) if entry.payable]
            paid = next((each for each in orders if self._bank.pay(each)), None)
        if paid is None:
            raise ControlError(f"the order {order} cannot be paid" if order else "there is no order to pay")
        return {"order": paid}

    def take_receipt(self, picture: str | None = None) -> Mapping[str, Any]:
        """Take the oldest receipt; `picture` is where its PNG goes."""
        receipt = self.take_paper()
        if picture is not None:
            paper_picture(receipt).save(picture)
        return {"text": receipt.text}

    def take_paper(self) -> PrintedReceipt:
        """Take the oldest receipt and look at it."""
        try:
            return self._printer.take_receipt()
        except IndexError:
            raise ControlError("there is no receipt") from None

    # -- what a technician and bad luck do -------------------------------------------------------------------

    def strike(
        self,
        device: str,
        fault: str,
        *,
        times: Annotated[int, Ge(1)] | None = 1,
        chance: Annotated[float, Gt(0), Le(1)] = 1.0,
        seconds: Annotated[float, Ge(0), Le(600)] = 1.0,
        towards: Literal["host", "device"] = "host",
    ) -> None:
        """Let a fault of the library happen to a device; all but the two names are of the cable's faults."""
        with self._lock:
            try:
                self._unit(device).strike(fault, times=times, chance=chance, seconds=seconds, towards=Towards(towards))
            except UnknownFaultError as error:
                raise ControlError(str(error)) from None

    def mend(self, device: str | None = None, fault: str | None = None) -> None:
        """Mend a fault of a device; without a fault all of it, without a device everything."""
        with self._lock:
            try:
                for unit in [self._unit(device)] if device is not None else self._units.values():
                    unit.mend(fault)
            except UnknownFaultError as error:
                raise ControlError(str(error)) from None

    def set_bank(
        self,
        *,
        silent: bool | None = None,
        loses_answers: bool | None = None,
        delay_s: Annotated[float, Ge(0), Le(600)] | None = None,
        declines_next: Annotated[str, StringConstraints(pattern=r"^([0-9A-Z]{2})?$")] | None = None,
        wrong_mac2: bool | None = None,
    ) -> None:
        """Set the bank host's faults; what is not named stays as it is, and `declines_next` "" declines nothing."""
        faults = self._bank.faults
        with self._lock:
            if silent is not None:
                faults.silent = silent
            if loses_answers is not None:
                faults.loses_answers = loses_answers
            if delay_s is not None:
                faults.delay_s = delay_s
            if declines_next is not None:
                faults.declines_next = declines_next or None
            if wrong_mac2 is not None:
                faults.wrong_mac2 = wrong_mac2

    # -- what can be seen ------------------------------------------------------------------------------------

    def state(self) -> Mapping[str, Any]:
        """Return cards (masked), receipts in the slot, the bank's books, and every fault that is set."""
        with self._lock:
            here = self._reader.card
            return {
                "on_reader": next((name for name, card in self._cards.items() if card is here), None),
                "cards": {
                    name: {
                        "number": card.identity.number.masked,
                        "balance_fen": card.memory.balance_fen,
                        "counter": card.memory.counter,
                        "tears": next(word for word, tear in _TEARS.items() if tear is card.tear),
                    }
                    for name, card in self._cards.items()
                },
                "receipts": len(self._printer.receipts),
                "orders": [asdict(entry) for entry in self._bank.ledger()],
                "faults": {name: list(unit.active) for name, unit in self._units.items()},
                "bank": asdict(self._bank.faults),
            }

    @property
    def bank_port(self) -> int:
        """The TCP port of the bank host."""
        return self._bank.port

    # -- inside ----------------------------------------------------------------------------------------------

    def _unit(self, device: str) -> Unit:
        if device not in self._units:
            raise ControlError(f"no device {device!r}; there are {' and '.join(self._units)}")
        return self._units[device]

    def _make_card(self, card: CardSettings) -> TransitCard:
        bank = self._settings.bank_host
        identity = CardIdentity.of_issuer(
            CardNumber(card.number),
            bytes.fromhex(bank.load_master_key),
            bytes.fromhex(bank.tac_master_key),
            end=f"{card.expires:%Y%m%d}",
        )
        return TransitCard(identity, balance_fen=card.balance_fen, file=_file_of(self._settings.card_folder, card.name))


def _file_of(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"


def _numbers(usb_id: str) -> tuple[int, int]:
    vendor_id, _, product_id = usb_id.partition(":")
    return int(vendor_id, 16), int(product_id, 16)
