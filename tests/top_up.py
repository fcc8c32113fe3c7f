"""A bench for the top-up module: pyusb on a simulated bus, a reader, a card, and what the bank would answer."""

from device_sim import card_crypto
from device_sim.ccid_reader import SimulatedCcidReader
from device_sim.transit_card import CardIdentity, TransitCard
from device_sim.usb.backend import BusBackend, InProcessBackend, SimulatedBus
from device_sim.usb.device import UsbFunction
from drivers.ccid_reader import CcidReader
from drivers.top_up_module import TUnionTopUpModule
from drivers.usb import UsbInterface, open_usb
from kiosk_core.card_number import CardNumber
from kiosk_core.clock import Clock
from kiosk_core.ports import LoadAuthorisation, LoadInit
from wire import ccid

NAME = "top-up"
VENDOR, PRODUCT = 0x1209, 0x0B0B
NUMBER = CardNumber("3104760000000123456")
OTHER_NUMBER = CardNumber("3104760000000654321")
LOAD_MASTER = bytes.fromhex("11223344556677888877665544332211")
TAC_MASTER = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
TERMINAL = bytes.fromhex("001122334455")
DATE, TIME = "20260726", "120000"


def a_card(number: CardNumber = NUMBER, balance_fen: int = 1230, counter: int = 7) -> TransitCard:
    """Return a card of the test issuer."""
    return TransitCard(
        CardIdentity.of_issuer(number, LOAD_MASTER, TAC_MASTER), balance_fen=balance_fen, counter=counter
    )


class Bench:
    """The bus with the reader on it; `function` may be put between bus and reader."""

    def __init__(self, clock: Clock, function: UsbFunction | None = None) -> None:
        self.clock = clock
        self.bus = SimulatedBus(clock)
        self.reader = SimulatedCcidReader(VENDOR, PRODUCT, clock)
        self.function: UsbFunction = function or self.reader
        self.backend: BusBackend = InProcessBackend(self.bus)
        self.bus.attach(self.function)

    def transport(self) -> UsbInterface:
        """Open the reader's interface."""
        return open_usb(VENDOR, PRODUCT, NAME, self.clock, ccid.INTERFACE_CLASS, backend=self.backend)

    def open(self) -> TUnionTopUpModule:
        """Open the module as the terminal does."""
        return TUnionTopUpModule(NAME, CcidReader(NAME, self.transport(), self.clock), self.clock)


def authorise(init: LoadInit) -> LoadAuthorisation:
    """Check MAC1 and make MAC2, as the bank does."""
    factor = card_crypto.diversification_factor(init.number.reveal())
    load_key = card_crypto.diversify(LOAD_MASTER, factor)
    key = card_crypto.session_key(load_key, init.random, init.counter)
    assert card_crypto.mac1(key, init.balance_fen, init.amount_fen, 2, init.terminal_no) == init.mac1
    return LoadAuthorisation(DATE, TIME, card_crypto.mac2(key, init.amount_fen, 2, init.terminal_no, DATE, TIME))


def expected_tac(init: LoadInit) -> bytes:
    """Return the TAC that proves the load of `init`."""
    factor = card_crypto.diversification_factor(init.number.reveal())
    tac_key = card_crypto.diversify(TAC_MASTER, factor)
    balance = init.balance_fen + init.amount_fen
    return card_crypto.tac(tac_key, balance, init.counter, init.amount_fen, 2, init.terminal_no, DATE, TIME)
