"""The simulated terminal: its devices on their ports, its cards, the bank host, and what people do to them."""

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from annotated_types import Ge, Gt, Le
from pydantic import StringConstraints

from device_sim.bank_faults import REQUEST_KINDS, BankFault, BankMisfortune
from device_sim.bank_host import BankHostSettings, SimulatedBankHost
from device_sim.bank_setup import bank_rules, issued_cards, mac_agreement
from device_sim.card_places import TEARS, CardPlaces
from device_sim.cards.kinds import CardKind, built_in_kinds
from device_sim.control import Action, ControlError, ControlServer
from device_sim.crt288k import SimulatedCrt288k
from device_sim.devices import PRINTER, READER, CardReader, build_devices
from device_sim.documents import Document, Side
from device_sim.misfortune import Towards
from device_sim.plastic_card import PlasticCard
from device_sim.receipt_paper import PrintedReceipt, paper_picture
from device_sim.sdt_reader import ID_CARDS
from device_sim.settings import SimSettings
from device_sim.unit import Unit, UnknownFaultError
from device_sim.usb.bus import SimulatedBus
from device_sim.usb.remote import BusServer
from kiosk_core.clock import Clock
from wire.host_frames import MAX_MESSAGE_BYTES
from wire.pp791 import KeyCode
from wire.settlement import encode as encode_settlement

__all__ = ["PRINTER", "READER", "SimulatedTerminal"]

BANK = "bank"

_KEYS = {each.name.lower(): each for each in KeyCode if each is not KeyCode.TIMED_OUT} | {
    each.value: each for each in KeyCode if each.value.isdigit()
}

_LONGEST_SKEW_S = 366 * 86_400

T = TypeVar("T")

Angle = Annotated[float, Ge(-360), Le(360)]


class SimulatedTerminal:
    """Everything around a terminal's core, behind a USB bus, ptys, a TLS port and a control socket.

    `kinds` are what its cards may be, those of the store that comes with the simulator where there are none. Its
    actions may be called from any thread: clients of the control socket and the panel act side by side.

    Raises (in the constructor):
        OSError: a socket, port or file cannot be made or read.
        ValueError: a card's kind is unknown or does not fit, or its file holds something else.
    """

    def __init__(self, settings: SimSettings, clock: Clock, kinds: Mapping[str, CardKind] | None = None) -> None:
        self._clock = clock
        self._lock = threading.RLock()  # an action is whole before the next one begins
        bank = settings.bank_host
        kinds = kinds or built_in_kinds()
        cards = issued_cards(settings, kinds)
        rules = bank_rules(settings, kinds)
        self._accounts = {each.card: opened.number for each, opened in zip(bank.accounts, rules.accounts, strict=True)}
        self._document: Document | None = None  # under the camera
        with contextlib.ExitStack() as undo:
            self._bus = SimulatedBus(clock)
            self._devices = build_devices(settings, self._bus, clock, undo)
            self._cards = CardPlaces(cards, self._devices)
            self._reader = self._devices.top_up_module
            self._printer = self._devices.receipt_printer
            self._units = self._devices.units
            self._bank = SimulatedBankHost(
                BankHostSettings(
                    bank.ca_file, bank.certificate_file, bank.key_file, port=bank.port, mac=mac_agreement(bank)
                ),
                rules,
                bank.folder,
                clock,
                settings.seed,
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
            "insert_card": self.insert_card,
            "pull_card": self.pull_card,
            "empty_bin": self.empty_bin,
            "tear_card": self.tear_card,
            "place_id_card": self.place_id_card,
            "take_id_card": self.take_id_card,
            "press": self.press,
            "scan": self.scan,
            "lay_document": self.lay_document,
            "turn_document": self.turn_document,
            "turn_over_document": self.turn_over_document,
            "take_document": self.take_document,
            "take_receipt": self.take_receipt,
            "pay": self.pay,
            "strike": self.strike,
            "mend": self.mend,
            "bank": self.set_bank,
            "strike_bank": self.strike_bank,
            "settlement": self.settlement,
        }

    # -- what the customer does with cards ---------------------------------------------------------------------

    def place_card(self, card: str) -> None:
        """Lay the card of that name on the top-up module; one without a chip behind its coil is not noticed."""
        with self._lock:
            self._cards.card(card)
            if self._cards.on_reader is not None or self._reader.card is not None:
                raise ControlError("a card lies on the reader already")
            stored = self._cards.in_hand(card)
            if stored.plastic.radio is None:
                self._cards.unseen = card
            else:
                self._reader.insert(stored.plastic.radio)

    def take_card(self) -> None:
        """Take the card off the top-up module, whatever it is."""
        with self._lock:
            unseen, self._cards.unseen = self._cards.unseen, None
            if unseen is None and self._reader.remove() is None:
                raise ControlError("no card lies on the reader")

    def insert_card(self, card: str) -> None:
        """Push the card of that name into the card reader."""
        with self._lock:
            reader = self._card_reader
            stored = self._cards.in_hand(card)
            if reader.card is not None:
                raise ControlError("there is a card in the card reader already")
            if isinstance(reader, SimulatedCrt288k):
                reader.insert(stored.plastic)
            elif not reader.insert(stored.plastic):
                raise ControlError("the card reader does not let the card in")

    def pull_card(self) -> Mapping[str, Any]:
        """Pull the card out of the card reader's gate; returns its name, null for one that is not of this terminal."""
        with self._lock:
            reader = self._card_reader
            card = reader.pull_out() if isinstance(reader, SimulatedCrt288k) else reader.take()
            if card is None:
                raise ControlError("no card sticks out of the card reader, or it is held")
            return {"card": self._cards.name_of(card)}

    def empty_bin(self) -> Mapping[str, Any]:
        """Take the captured cards out of the card reader's bin; returns their names."""
        with self._lock:
            reader = self._card_reader
            if isinstance(reader, SimulatedCrt288k):
                raise ControlError("this card reader has no bin")
            return {"cards": [self._cards.name_of(card) for card in reader.empty_bin()]}

    def tear_card(self, when: Literal["before_commit", "after_commit", "never"], card: str | None = None) -> None:
        """Let a card lose contact during its next command that writes, or no more; by default the one on the reader."""
        with self._lock:
            name = card or self._cards.on_reader or self._cards.in_card_reader
            if name is None:
                raise ControlError("no card lies on the reader")
            self._cards.card(name).plastic.tearing.next = TEARS[when]

    # -- what the customer does at the other devices -----------------------------------------------------------

    def place_id_card(self, card: str) -> None:
        """Lay an invented person's ID card on the ID-card reader."""
        with self._lock:
            reader = self._fitted(self._devices.id_card_reader, "ID-card reader")
            if card not in ID_CARDS:
                raise ControlError(f"no ID card {card!r}; there are {', '.join(ID_CARDS)}")
            if reader.card is not None:
                raise ControlError("an ID card lies on the reader already")
            reader.place(ID_CARDS[card])

    def take_id_card(self) -> None:
        """Take the ID card off the ID-card reader."""
        if self._fitted(self._devices.id_card_reader, "ID-card reader").lift() is None:
            raise ControlError("no ID card lies on the reader")

    def press(self, keys: list[str]) -> None:
        """Press keys on the PIN pad: "0" to "9", "enter", "clear", "cancel", "f1" to "f3"; it may pay no heed."""
        pad = self._fitted(self._devices.pin_pad, "PIN pad")
        if any(key not in _KEYS for key in keys):  # no word of which: it might be a PIN
            raise ControlError(f"there is no such key; there are {', '.join(sorted(_KEYS))}")
        pad.press(*(_KEYS[key] for key in keys))

    def scan(
        self, code: str, symbology: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][0-9A-Za-z]$")] = "Q1"
    ) -> None:
        """Hold a code before the scanner; `symbology` is its AIM identifier, Q1 a QR code."""
        if not self._fitted(self._devices.barcode_scanner, "barcode scanner").show(code.encode(), symbology):
            raise ControlError("the scanner is dark")

    def lay_document(self, document: Document = "specimen", side: Side = "front", angle: Angle = 0.0) -> None:
        """Lay a document under the camera with this side up, turned by `angle` degrees to the left."""
        from device_sim.camera import picture  # noqa: PLC0415  (OpenCV only where there is a camera)

        with self._lock:
            desk = self._fitted(self._devices.camera, "camera").desk
            desk.lay(picture(document, side), angle, picture(document, "back" if side == "front" else "front"))
            self._document = document

    def turn_over_document(self) -> None:
        """Turn the document under the camera so that its other side is up."""
        self._fitted(self._devices.camera, "camera").desk.turn_over()

    def turn_document(self, angle: Angle) -> None:
        """Turn the document under the camera so that it lies at `angle` degrees."""
        self._fitted(self._devices.camera, "camera").desk.turn(angle)

    def take_document(self) -> None:
        """Take the document from under the camera."""
        with self._lock:
            self._fitted(self._devices.camera, "camera").desk.take()
            self._document = None

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
        """Mend a fault of a device or of the bank; without a fault all of it, without a device everything."""
        with self._lock:
            if device == BANK or (device is None and fault is None):
                self._bank.faults.mend(None if fault is None else _bank_fault(fault))
            if device == BANK:
                return
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
        """Set the bank host's switches; what is not named stays as it is, and `declines_next` "" declines nothing."""
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

    def strike_bank(
        self,
        fault: str,
        *,
        request: str | None = None,
        times: Annotated[int, Ge(1)] | None = 1,
        after: Annotated[int, Ge(0)] = 0,
        chance: Annotated[float, Gt(0), Le(1)] = 1.0,
        seconds: Annotated[float, Ge(-_LONGEST_SKEW_S), Le(_LONGEST_SKEW_S)] = 1.0,
        byte: Annotated[int, Ge(0), Le(MAX_MESSAGE_BYTES)] = 0,
        code: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{2}$")] = "96",
    ) -> None:
        """Let a fault befall the bank's next requests, or those of one kind: `order`, `load`, `confirm`..."""
        if request is not None and request not in REQUEST_KINDS:
            raise ControlError(f"there is no request {request!r}; there are {', '.join(REQUEST_KINDS)}")
        struck = _bank_fault(fault)
        if struck is BankFault.ANSWER_LATE and seconds < 0:
            raise ControlError("no answer comes before its request; seconds must be 0 or more")
        self._bank.faults.strike(BankMisfortune(struck, request, times, after, chance, seconds, byte, code))

    def settlement(
        self, day: Annotated[str, StringConstraints(pattern=r"^\d{8}$")] | None = None, file: str | None = None
    ) -> Mapping[str, Any]:
        """Return the bank's settlement file of a day (YYYYMMDD), by default today; `file` is where it goes instead."""
        try:
            asked = date.fromisoformat(day) if day is not None else self._clock.wall().date()
        except ValueError:
            raise ControlError(f"{day} is no day") from None
        settlement = self._bank.settlement(asked)
        data = encode_settlement(settlement)
        if file is None:
            return {"bookings": len(settlement.entries), "text": data.decode("utf-8")}
        Path(file).write_bytes(data)
        return {"bookings": len(settlement.entries)}

    # -- what can be seen ------------------------------------------------------------------------------------

    def state(self) -> Mapping[str, Any]:
        """Return cards (masked), receipts in the slot, the bank's books, and every fault that is set."""
        with self._lock:
            return {
                "on_reader": self._cards.on_reader,
                "cards": self._cards.states(),
                "devices": self._device_states(),
                "receipts": len(self._printer.receipts),
                "accounts": {name: self._bank.balance_fen(number) for name, number in self._accounts.items()},
                "orders": [asdict(entry) for entry in self._bank.ledger()],
                "faults": {name: list(unit.active) for name, unit in self._units.items()},
                "bank": {**self._bank.faults.switches, "faults": list(self._bank.faults.active)},
            }

    @property
    def bank_port(self) -> int:
        """The TCP port of the bank host."""
        return self._bank.port

    @property
    def units(self) -> Mapping[str, Unit]:
        """The devices on their ports by name: to see what can befall them, and to listen in on them."""
        return self._units

    @property
    def slot(self) -> tuple[PrintedReceipt, bool] | None:
        """What hangs out of the printer's slot, and whether it is cut: the oldest receipt, or what is being printed."""
        for receipt in self._printer.receipts[:1]:
            return receipt, True
        unfinished = self._printer.unfinished
        return (unfinished, False) if unfinished is not None else None

    # -- inside ----------------------------------------------------------------------------------------------

    def _unit(self, device: str) -> Unit:
        if device not in self._units:
            raise ControlError(f"no device {device!r}; there are {', '.join(self._units)}")
        return self._units[device]

    def _fitted(self, device: T | None, name: str) -> T:
        if device is None:
            raise ControlError(f"this terminal has no {name}")
        return device

    @property
    def _card_reader(self) -> CardReader:
        reader = self._devices.card_reader
        if reader is None:
            raise ControlError("this terminal has no card reader")
        return reader

    def _device_states(self) -> Mapping[str, Any]:
        devices = self._devices
        states: dict[str, Any] = {}
        if devices.card_reader is not None:
            states["card_reader"] = _card_reader_state(devices.card_reader, self._cards.name_of)
        if devices.id_card_reader is not None:
            here = devices.id_card_reader.card
            states["id_card_reader"] = {"card": next((name for name, each in ID_CARDS.items() if each is here), None)}
        if devices.pin_pad is not None:
            waits = "pin" if devices.pin_pad.waits_for_pin else "key" if devices.pin_pad.waits_for_key else None
            states["pin_pad"] = {"waits_for": waits}
        if devices.barcode_scanner is not None:
            states["barcode_scanner"] = {"light": devices.barcode_scanner.light}
        if devices.camera is not None:
            states["camera"] = {"url": devices.camera.url, "document": self._document}
        return states


def _bank_fault(name: str) -> BankFault:
    try:
        return BankFault(name)
    except ValueError:
        known = ", ".join(sorted(each.value for each in BankFault))
        raise ControlError(f"the bank knows no fault {name!r}; there are {known}") from None


def _card_reader_state(reader: CardReader, name_of: Callable[[PlasticCard | None], str | None]) -> Mapping[str, Any]:
    card = name_of(reader.card)
    match reader:
        case SimulatedCrt288k():
            empty = reader.card is None
            return {"card": card, "occupied": not empty, "lets_in": empty, "locked": reader.locked}
        case _:
            return {
                "card": card,
                "occupied": reader.card is not None,
                "lets_in": reader.lets_in,
                "position": reader.position.name.lower(),
                "captured": len(reader.captured),
            }
