"""What the customers of the day do, and what each of them may rightly expect of the terminal."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from device_sim import card_crypto
from device_sim.card import OtherCard
from device_sim.cards.lasting import Tear
from device_sim.crt310 import SimulatedCrt310
from device_sim.crt591 import SimulatedCrt591
from device_sim.plastic_card import PlasticCard
from device_sim.sdt_reader import CITIZEN, ELDERLY_CITIZEN, FOREIGNER_2017, FOREIGNER_2023, HONG_KONG_RESIDENT
from device_sim.transit_card import TransitCard
from drivers.crt288k import Crt288kReader
from kiosk_core.barcode_scanner import Barcode, BarcodeScanner
from kiosk_core.card_number import CardNumber
from kiosk_core.card_reader import CardReader, CardRefusal, Destination, RawData, ResetAction
from kiosk_core.clock import Clock
from kiosk_core.errors import OpenTellerError
from kiosk_core.id_card_reader import IdCard, IdCardReader
from kiosk_core.magnetic_tracks import MagneticTracks, TrackData
from kiosk_core.pin_pad import EntryEnd, PinBlock, PinEntry, PinPad
from kiosk_core.ports import (
    CardProblem,
    Credited,
    CreditResult,
    CreditUnknown,
    LoadAuthorisation,
    LoadInit,
    LoadNotFound,
    LoadProven,
    PurseCard,
    ReceiptPrinter,
    TopUpModule,
)
from kiosk_core.receipt import Pair, Receipt, TextLine
from openteller.virtual_day.host import luhn_digit, pin_in
from openteller.virtual_day.station import ASK_S
from openteller.virtual_day.stations import LOAD_MASTER, PIN_KEY, DayTerminal
from wire.pp791 import KeyCode

_TERMINAL_NO = bytes.fromhex("000000000001")
_HASTY = 0.05  # of the customers lift their card in the middle of its credit, and lay it down again
_GIVES_UP = 0.1  # of the customers press CAN instead of ENTER
_KEY_S = 0.3  # between two keys
_PIN_S = 60
_SHOWS_EVERY_S = 0.3
_SCAN_S = 12.0  # longer than commands and codes are late together: a code must not reach the next customer
_PATIENCE = 40  # how often a customer tries to have a load settled, every few seconds
_SELECT = bytes.fromhex("00A4040007A0000000031010")
_ID_CARDS = (CITIZEN, ELDERLY_CITIZEN, HONG_KONG_RESIDENT, FOREIGNER_2017, FOREIGNER_2023)


class WrongError(Exception):
    """A driver said what is not so."""


@dataclass
class Books:
    """What the terminal may claim at the end of the day; money is fen."""

    served: int = 0
    turned_away: int = 0
    loaded_fen: dict[str, int] = field(default_factory=dict)
    open_fen: dict[str, int] = field(default_factory=dict)
    receipts: int = 0
    settled_by_proof: int = 0


class Customers:
    """Their visits, one method each. Who cannot be served now is turned away; nobody may be deceived."""

    def __init__(self, terminal: DayTerminal, clock: Clock, seed: int) -> None:
        self.books = Books()
        self._terminal = terminal
        self._stations = terminal.stations
        self._clock = clock
        self._random = random.Random(seed)  # noqa: S311  (people, no secret)
        self._busy: set[str] = set()
        self._used: set[str] = set()  # codes that the host has seen
        self._receipt = 0

    def visit(self) -> None:
        """Let one customer do what he came for."""
        kind: Callable[[], bool] = self._random.choices(
            (self._top_up, self._identify, self._at_dispenser, self._at_card_reader, self._dip, self._pin, self._pay),
            weights=(35, 15, 10, 10, 10, 10, 10),
        )[0]
        with suppress(_TakenError):
            try:
                done = kind()
            except OpenTellerError:
                done = False
            if done:
                self.books.served += 1
                return
        self.books.turned_away += 1

    @contextmanager
    def _at(self, name: str) -> Iterator[None]:
        """Have the device for oneself; whoever finds it taken goes away."""
        if name in self._busy:
            raise _TakenError
        self._busy.add(name)
        try:
            yield
        finally:
            self._busy.discard(name)

    # -- money ---------------------------------------------------------------------------------------------------

    def _top_up(self) -> bool:
        card = self._random.choice(self._terminal.cards)
        amount_fen = 100 * self._random.randrange(1, 50)
        number = card.identity.number.reveal()
        if number in self.books.open_fen:
            return False
        with self._at("top_up_module"):
            if self._terminal.top_up.card is not None:
                return False
            self._terminal.top_up.insert(card)
            try:
                loaded = self._load(card, amount_fen)
            finally:
                self._terminal.top_up.remove()
        if loaded:
            self._print(("充值成功", number[-4:], f"{amount_fen / 100:.2f}"))
        return loaded

    def _load(self, card: TransitCard, amount_fen: int) -> bool:
        ask = self._stations["top_up_module"].ask
        number = card.identity.number
        before = ask(lambda module: _module(module).read_card())
        if isinstance(before, CardProblem):
            return False
        _expect(before == PurseCard(number, card.memory.balance_fen, before.expires), "another card was read")
        init = ask(lambda module: _module(module).initialize_load(number, amount_fen, _TERMINAL_NO))
        if isinstance(init, CardProblem):
            return False
        permission = _authorise(init)
        self.books.open_fen[number.reveal()] = amount_fen
        result: CreditResult = CreditUnknown("not asked")
        if self._random.random() < _HASTY:
            card.tear_next(self._random.choice(list(Tear)))
        with suppress(OpenTellerError):
            result = ask(lambda module: _module(module).credit_load(permission))
        match result:
            case Credited():
                return self._settle(number.reveal(), amount_fen)
            case CreditUnknown():
                return self._prove(init, card)
        del self.books.open_fen[number.reveal()]
        return False

    def _prove(self, init: LoadInit, card: TransitCard) -> bool:
        number = init.number
        for _ in range(_PATIENCE):
            self._clock.sleep(3.0)
            if self._terminal.top_up.card is None:
                self._terminal.top_up.insert(card)  # "please put the card back"
            try:
                proof = self._stations["top_up_module"].ask(
                    lambda module: _module(module).prove_load(
                        lambda shown: shown == number, init.counter, init.amount_fen, _TERMINAL_NO
                    )
                )
            except OpenTellerError:
                continue
            match proof:
                case LoadProven():
                    self.books.settled_by_proof += 1
                    return self._settle(number.reveal(), init.amount_fen)
                case LoadNotFound():
                    self.books.settled_by_proof += 1
                    del self.books.open_fen[number.reveal()]
                    return False
        return False

    def _settle(self, number: str, amount_fen: int) -> bool:
        del self.books.open_fen[number]
        self.books.loaded_fen[number] = self.books.loaded_fen.get(number, 0) + amount_fen
        return True

    # -- paper ---------------------------------------------------------------------------------------------------

    def _print(self, lines: tuple[str, ...]) -> None:
        """Print a receipt, if the printer can; what it says is printed must lie in the slot, whole and cut."""
        self._receipt += 1
        mark = f"No {self._receipt:06}"
        receipt = Receipt((TextLine(mark), *(TextLine(line) for line in lines), Pair("end", mark)))
        try:
            with self._at("receipt_printer"):
                self._stations["receipt_printer"].ask(lambda printer: _printer(printer).print(receipt))
                found = [each.text for each in self._terminal.take_receipts() if mark in each.text]
                _expect(len(found) == 1, f"{len(found)} receipts of one that was printed")
                _expect(found[0].count(mark) == 2, "a receipt is not whole")
        except (OpenTellerError, _TakenError):
            return
        self.books.receipts += 1

    # -- cards ---------------------------------------------------------------------------------------------------

    def _identify(self) -> bool:
        card = self._random.choice(_ID_CARDS)
        with self._at("id_card_reader"):
            if self._terminal.id_reader.card is not None:
                return False
            self._terminal.id_reader.place(card)
            try:
                read = self._stations["id_card_reader"].ask(lambda reader: _id_reader(reader).read_card())
            finally:
                self._terminal.id_reader.lift()
        if not isinstance(read, IdCard):
            return False
        text = card.text
        name = getattr(text, "name", None) or getattr(text, "chinese_name", None)
        _expect(read.name.reveal() == name, "another person was read")
        return True

    def _at_dispenser(self) -> bool:
        return self._in_motor_reader("dispenser", self._terminal.dispenser)

    def _at_card_reader(self) -> bool:
        return self._in_motor_reader("card_reader", self._terminal.card_reader)

    def _in_motor_reader(self, name: str, reader: SimulatedCrt591 | SimulatedCrt310) -> bool:
        """Have the chip of a card used, which must come back."""
        ask = self._stations[name].ask
        with self._at(name):
            ask(lambda driver: _card_reader(driver).set_entry(True))
            card = PlasticCard(chip=OtherCard())
            if not reader.insert(card):
                return self._clear(ask, reader.take)
            done = self._use_chip(ask, lambda: reader.card is card, reader.take)
            _expect(card not in reader.captured, "a card was kept")
            return done

    def _dip(self) -> bool:
        """Have stripe and chip of a card read; whoever holds on to the card can take it when the latch opens."""
        reader = self._terminal.dip_reader
        ask = self._stations["dip_reader"].ask
        track = f"6222{self._random.randrange(10**12):012}=3012".encode("ascii")
        with self._at("dip_reader"):
            if reader.card is not None:
                return self._clear(ask, reader.pull_out)
            card = PlasticCard(tracks={2: track}, chip=OtherCard())
            reader.insert(card)
            with suppress(OpenTellerError):
                tracks = ask(lambda driver: _dip_reader(driver).read_tracks())
                if isinstance(tracks, MagneticTracks) and isinstance(tracks.track2, TrackData):
                    _expect(tracks.track2.reveal() == track.decode("ascii"), "another stripe was read")
            return self._use_chip(ask, lambda: reader.card is card, reader.pull_out)

    @staticmethod
    def _clear(ask: Callable[..., object], take: Callable[[], object]) -> bool:
        """Have whatever is in a slot brought out and take it away; whoever does so goes away without service."""
        ask(lambda driver: _card_reader(driver).reset(ResetAction.EXIT))
        take()
        return False

    def _use_chip(self, ask: Callable[..., object], is_inside: Callable[[], bool], take: Callable[[], object]) -> bool:
        """Read the chip and give the card back, by a reset where nothing else helps. Some pull it out by force."""
        done = False
        with suppress(OpenTellerError):
            raw = ask(lambda driver: _card_reader(driver).read_raw_data())
            if isinstance(raw, RawData):
                _expect(raw.atr == OtherCard.ATR, "another chip answered")
                answer = ask(lambda driver: _card_reader(driver).chip_io(raw.protocol, _SELECT))
                done = not isinstance(answer, CardRefusal)
        for _ in range(_PATIENCE):
            with suppress(OpenTellerError):
                if ask(lambda driver: _card_reader(driver).move(Destination.EXIT)) is None:
                    take()
                if not is_inside():
                    return done
                ask(lambda driver: _card_reader(driver).reset(ResetAction.EXIT))
            take()
            if not is_inside():
                return done
            self._clock.sleep(5.0)
        raise WrongError("a card was never given back")

    # -- keys and codes ------------------------------------------------------------------------------------------

    def _pin(self) -> bool:
        """Type a PIN, or think better of it; the host finds that PIN in the block and nobody finds another."""
        number = f"622202{self._random.randrange(10**12):012}"
        digits = "".join(self._random.choices("0123456789", k=self._random.randrange(4, 7)))
        gives_up = self._random.random() < _GIVES_UP
        keys = [KeyCode(digit) for digit in digits] + [KeyCode.CANCEL if gives_up else KeyCode.ENTER]
        pad = self._terminal.pin_pad
        entry = PinEntry(CardNumber(number), timeout_s=_PIN_S)
        with self._at("pin_pad"):
            finger = _Every(_KEY_S, lambda: pad.press(keys.pop(0)) if keys and pad.waits_for_pin else None)
            entered = self._stations["pin_pad"].ask(
                lambda driver: _pin_pad(driver).enter_pin(entry, lambda: False), finger
            )
        if not isinstance(entered, PinBlock):
            return gives_up and entered is EntryEnd.CANCEL
        _expect(not gives_up, "a PIN was given out that was never entered")
        _expect(pin_in(entered.data, PIN_KEY, number) == digits, "another PIN was encrypted")
        return True

    def _pay(self) -> bool:
        """Hold a code of one use before the scanner until it beeps; the host refuses codes that are none, and old."""
        code = f"28{self._random.randrange(10**16):016}"
        code += luhn_digit(code)
        scanner = self._terminal.scanner
        with self._at("barcode_scanner"):
            hand = _Every(_SHOWS_EVERY_S, lambda: scanner.show(code.encode("ascii")), until_done=True)
            read, again = self._stations["barcode_scanner"].ask(lambda driver: _scan(_scanner(driver)), hand)
        if read is None:
            return False
        text = read.reveal().decode("ascii", "replace")
        if text in self._used or text[-1:] != luhn_digit(text[:-1]):
            return False
        _expect(text == code, "another code was read")
        _expect(again is None or again.reveal() != read.reveal(), "a code was read twice")
        self._used.add(text)
        return True


def _scan(scanner: BarcodeScanner) -> tuple[Barcode | None, Barcode | None]:
    """Return the code that is held before the scanner, and what comes after it."""
    scanner.set_reading(True)
    try:
        read = scanner.read(_SCAN_S)
        return read, scanner.read(1.0) if read is not None else None
    finally:
        scanner.set_reading(False)


class _Every:
    """Does something every so many seconds, for one who is called every ASK_S: for ever or until it says True."""

    def __init__(self, seconds: float, deed: Callable[[], object], *, until_done: bool = False) -> None:
        self._calls = round(seconds / ASK_S)
        self._deed = deed
        self._until_done = until_done
        self._done = False
        self._called = 0

    def __call__(self) -> None:
        self._called += 1
        if self._called % self._calls == 0 and not self._done:
            self._done = self._deed() is True and self._until_done


class _TakenError(Exception):
    """Another customer has the device."""


def _expect(right: bool, wrong: str) -> None:
    if not right:
        raise WrongError(wrong)


def _authorise(init: LoadInit) -> LoadAuthorisation:
    """Check MAC1 and make MAC2, as the bank does."""
    key = card_crypto.session_key(
        card_crypto.diversify(LOAD_MASTER, card_crypto.diversification_factor(init.number.reveal())),
        init.random,
        init.counter,
    )
    right = card_crypto.mac1(key, init.balance_fen, init.amount_fen, 2, init.terminal_no)
    _expect(right == init.mac1, "MAC1 is wrong")
    date, time = "20260101", "120000"
    return LoadAuthorisation(date, time, card_crypto.mac2(key, init.amount_fen, 2, init.terminal_no, date, time))


def _module(driver: TopUpModule) -> TopUpModule:
    return driver


def _printer(driver: ReceiptPrinter) -> ReceiptPrinter:
    return driver


def _dip_reader(driver: Crt288kReader) -> Crt288kReader:
    return driver


def _pin_pad(driver: PinPad) -> PinPad:
    return driver


def _scanner(driver: BarcodeScanner) -> BarcodeScanner:
    return driver


def _card_reader(driver: CardReader) -> CardReader:
    return driver


def _id_reader(driver: IdCardReader) -> IdCardReader:
    return driver
