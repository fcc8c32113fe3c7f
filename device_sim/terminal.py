"""The simulated terminal: its devices on their ports, its cards, the bank host, and what people do to them."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from device_sim.bank_books import BankRules
from device_sim.bank_host import BankHostSettings, SimulatedBankHost
from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.control import Action, ControlError, ControlServer
from device_sim.receipt_paper import PrintedReceipt, paper_picture
from device_sim.receipt_printer import Pace, SimulatedReceiptPrinter, UsbReceiptPrinter
from device_sim.serial.pty_port import PtyPort
from device_sim.settings import CardSettings, SimSettings
from device_sim.transit_card import CardIdentity, Tear, TransitCard
from device_sim.usb.bus import SimulatedBus
from device_sim.usb.device import UsbFunction
from device_sim.usb.remote import BusServer
from kiosk_core.card_number import CardNumber
from kiosk_core.clock import Clock

READER = "top_up_module"
PRINTER = "receipt_printer"


class SimulatedTerminal:
    """Everything around a terminal's core, behind a USB bus, a pty, a TLS port and a control socket.

    Raises (in the constructor):
        OSError: a socket, port or file cannot be made or read.
    """

    def __init__(self, settings: SimSettings, clock: Clock) -> None:
        self._settings = settings
        with contextlib.ExitStack() as undo:
            self._bus = SimulatedBus(clock)
            self._reader = SimulatedCcidReader(
                *_numbers(settings.top_up_module.usb), clock, apdu_s=settings.top_up_module.apdu_ms / 1000
            )
            self._functions: dict[str, UsbFunction] = {READER: self._reader}
            pace = Pace(clock, settings.receipt_printer.dots_per_s) if settings.receipt_printer.dots_per_s else None
            self._printer = SimulatedReceiptPrinter(pace=pace)
            self._pty: PtyPort | None = None
            if settings.receipt_printer.usb is not None:
                self._functions[PRINTER] = UsbReceiptPrinter(self._printer, *_numbers(settings.receipt_printer.usb))
            if settings.receipt_printer.serial is not None:
                settings.receipt_printer.serial.parent.mkdir(parents=True, exist_ok=True)
                self._pty = undo.enter_context(PtyPort(settings.receipt_printer.serial, self._printer))
            for function in self._functions.values():
                self._bus.attach(function)
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
            "printer": self.set_printer,
            "bank": self.set_bank,
            "unplug": self.unplug,
            "plug": self.plug,
        }

    # -- what the customer does ----------------------------------------------------------------------------

    def place_card(self, card: str) -> None:
        """Lay the card of that name on the reader."""
        if card not in self._cards:
            raise ControlError(f"no card {card!r}; there are {', '.join(self._cards)}")
        if self._reader.card is not None:
            raise ControlError("a card lies on the reader already")
        self._reader.insert(self._cards[card])

    def take_card(self) -> None:
        """Take the card off the reader."""
        if self._reader.remove() is None:
            raise ControlError("no card lies on the reader")

    def tear_card(self, when: str) -> None:
        """Let the card on the reader lose contact during the next credit: "before_commit" or "after_commit"."""
        card = self._reader.card
        if not isinstance(card, TransitCard):
            raise ControlError("no transit card lies on the reader")
        card.tear_next(Tear(when))

    def pay(self, order: str | None = None) -> Mapping[str, Any]:
        """Pay an order by phone; without a number the latest that can be paid."""
        orders = [order] if order else [entry.order for entry in reversed(self._bank.ledger())]
        paid = next((each for each in orders if self._bank.pay(each)), None)
        if paid is None:
            raise ControlError("there is no order to pay")
        return {"order": paid}

    def take_receipt(self, picture: str | None = None) -> Mapping[str, Any]:
        """Take the oldest receipt; `picture` is where its PNG goes."""
        try:
            receipt = self._printer.take_receipt()
        except IndexError:
            raise ControlError("there is no receipt") from None
        if picture is not None:
            paper_picture(receipt).save(picture)
        return {"text": receipt.text}

    # -- what a technician and bad luck do -------------------------------------------------------------------

    def set_printer(self, **condition: bool) -> None:
        """Set the printer's condition: paper_out, cover_open, cutter_stuck and so on."""
        self._printer.condition = replace(self._printer.condition, **condition)

    def set_bank(self, **faults: Any) -> None:
        """Set the bank host's faults: silent, loses_answers, delay_s, declines_next, wrong_mac2."""
        self._bank.faults = replace(self._bank.faults, **faults)

    def unplug(self, device: str) -> None:
        """Pull the plug of a device."""
        if device == PRINTER and self._pty is not None:
            self._pty.unplug()
        else:
            self._bus.detach(self._function(device))

    def plug(self, device: str) -> None:
        """Plug a device in again."""
        if device == PRINTER and self._pty is not None:
            self._pty.plug()
        else:
            self._bus.attach(self._function(device))

    # -- what can be seen ------------------------------------------------------------------------------------

    def state(self) -> Mapping[str, Any]:
        """Return cards (masked), receipts in the slot, and the bank's books."""
        return {
            "on_reader": next((name for name, card in self._cards.items() if card is self._reader.card), None),
            "cards": {
                name: {
                    "number": card.identity.number.masked,
                    "balance_fen": card.memory.balance_fen,
                    "counter": card.memory.counter,
                }
                for name, card in self._cards.items()
            },
            "receipts": len(self._printer.receipts),
            "orders": [vars(entry) for entry in self._bank.ledger()],
        }

    @property
    def latest_receipt(self) -> PrintedReceipt | None:
        """The receipt on top of the slot, to look at."""
        receipts = self._printer.receipts
        return receipts[-1] if receipts else None

    @property
    def bank_port(self) -> int:
        """The TCP port of the bank host."""
        return self._bank.port

    # -- inside ----------------------------------------------------------------------------------------------

    def _function(self, device: str) -> UsbFunction:
        if device not in self._functions:
            raise ControlError(f"no device {device!r}; there are {READER} and {PRINTER}")
        return self._functions[device]

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
