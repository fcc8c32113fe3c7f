"""The exchange of the PIN key between the link and the simulated bank, with the keys of the simulated PIN pad.

docs/host-messages.md, "Exchange of the PIN key". Whether bank and pad agree is always tried with a PIN.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from device_sim.bank_books import BankBooks
from device_sim.bank_desk import BankDesk
from device_sim.bank_faults import BankFault, BankFaults, BankMisfortune
from device_sim.bank_keys import LineKeys, MacAgreement
from device_sim.bank_keys import MacAlgorithm as BankAlgorithm
from device_sim.key_block import HeldKey, KeyBlockError, wrap
from device_sim.secure_module import SecureModule, SecureModuleError
from host_link.link import HostLink
from host_link.mac_keys import KeyRefused
from host_link.pin_key import RETRY_S, PinKeyExchange, PinKeyState
from host_link.software_keys import MacAlgorithm, SoftwareMacKeys
from kiosk_core.bank_card import BankCard, CardPayment, Charged, ChipRequest
from kiosk_core.pin_pad import PinBlock, PinFormat
from kiosk_core.ports import Declined, DeclineReason, QrOrder, Trace
from tests.bank import ACCOUNT, BANK_RULES, TERMINAL, TRACE, Purse, chip_data
from tests.clocks import SetClock
from tests.host_link.lines import Arrival, FakeNetwork
from tests.host_link.test_line import NOON
from tests.host_link.test_with_the_bank import EXCHANGE
from wire.host_mac import unseal

LOADING = bytes.fromhex("89E88CF7931444F334BD7547FC3F380C")
OTHER = bytes.fromhex("DD7515F2BFC17F85CE48F3CA25CB21F6")
# TR-31:2018 A.7.2.2, whose protecting key is OTHER and no pad's here.
FOREIGN_BLOCK = "B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E"
RULES = replace(BANK_RULES, pin_key=None, pad_loading_key=LOADING)
INIT = Purse().init()


@dataclass
class Pad:
    """Implements host_link.pin_key.PinKeyPad with the pad's secure module; `broken` is what it says to anybody."""

    module: SecureModule = field(default_factory=lambda: SecureModule(bytes))
    broken: str = ""
    blocks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.module.put("F", HeldKey("K0", "T", "D", LOADING))

    def look(self) -> None:
        if self.broken:
            raise KeyRefused(self.broken)

    def load(self, block: str, check_value: bytes) -> None:
        self.blocks.append(block)
        try:
            key = self.module.open_block("F", "0", block)
        except (KeyBlockError, SecureModuleError) as error:
            raise KeyRefused(f"the PIN pad refuses the key block: {error}") from None
        if key.usage != "P0":
            raise KeyRefused("the PIN pad refuses the key block: useViolation")
        self.module.put("0", key)
        if self.module.check_value("0") != check_value.hex().upper():
            raise KeyRefused("the PIN pad refuses the key block: signatureInvalid")

    def pin_block(self, digits: str = ACCOUNT.pin) -> PinBlock:
        data = self.module.pin_block("0", PinFormat.ISO0, digits, ACCOUNT.number.reveal())
        return PinBlock(PinFormat.ISO0, len(digits), data)


class World:
    """A terminal's link, its pad, and the bank. `spoil` changes the bank's answers on their way."""

    def __init__(self, *, sealed: bool = True, renew_after: int = 1000) -> None:
        self.clock = SetClock(NOON)
        self.books = BankBooks(None, RULES, self.clock)
        self.faults = BankFaults()
        keys = LineKeys(MacAgreement(BankAlgorithm.CMAC, EXCHANGE), self.books) if sealed else None
        self.desk = BankDesk(self.books, self.faults, keys)
        self.spoil: Callable[[bytes], bytes] = lambda payload: payload
        self.asked: list[bytes] = []
        self.sealed = sealed
        self.renew_after = renew_after
        self.pad = Pad()
        self.number = 0
        self.switch_on()

    def switch_on(self) -> None:
        """Start the terminal anew: what it knew of the key is gone, what is in the pad is not."""
        keys = SoftwareMacKeys(MacAlgorithm.CMAC, EXCHANGE) if self.sealed else None
        self.exchange = PinKeyExchange(self.pad, TERMINAL, self.clock, renew_after=self.renew_after)
        network = FakeNetwork(self.clock, self.answer)
        self.link = HostLink(network.connect, TERMINAL, self.clock, keys=keys, pin_key=self.exchange)
        self.exchange.want("the PIN pad has just been connected")

    def answer(self, data: bytes) -> list[Arrival]:
        self.asked.append(data[2:])
        reply = self.desk.reply(data[2:]).data
        if not reply:
            return []
        spoilt = self.spoil(reply[2:])
        return [(0.0, len(spoilt).to_bytes(2, "big") + spoilt)]

    def strike(self, fault: BankFault, request: str, **more: Any) -> None:
        self.faults.strike(BankMisfortune(fault, request=request, **more))

    @property
    def state(self) -> PinKeyState:
        return self.exchange.state

    def pay(self, digits: str = ACCOUNT.pin) -> Charged | Declined:
        """Pay as a customer does whom the terminal offers it: only while no key is wanted."""
        assert not self.exchange.is_wanted
        return self.charge(self.pad.pin_block(digits))

    def charge(self, pin: PinBlock) -> Charged | Declined:
        self.number += 1
        trace = Trace(f"T0000001-{self.number:06}", TRACE.began, self.number * 4, 0, 0, 0)
        card = BankCard(ACCOUNT.number, NOON.date().replace(2031, 12, 31), 1, "PBOC DEBIT")
        chip = ChipRequest(chip_data(INIT.amount_fen, self.number))
        return self.link.charge(trace, INIT, CardPayment(card, chip, pin))


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.books.close()


def kinds(world: World) -> list[str]:
    """Return the network management codes that were asked since last time."""
    codes = [unseal(each).payload[-2:].hex()[1:] for each in world.asked if each[:2] == b"\x08\x00"]
    world.asked.clear()
    return codes


# -- it goes well --------------------------------------------------------------------------------------------


def test_a_key_is_fetched_loaded_and_confirmed_and_pins_are_read_with_it(world: World) -> None:
    assert world.exchange.is_wanted
    assert world.link.online()
    assert kinds(world) == ["001", "161", "301", "162", "163"]
    assert world.state == PinKeyState(world.pad.module.check_value("0"), "")
    assert isinstance(world.pay(), Charged)
    assert world.pay("654321") == Declined(DeclineReason.PIN_WRONG, "55")


def test_a_key_that_is_in_use_is_not_fetched_again(world: World) -> None:
    world.link.online()
    kinds(world)
    world.link.close()
    assert world.link.online()
    assert kinds(world) == ["001", "301"]


def test_without_a_mac_key_tls_alone_vouches_for_the_exchange() -> None:
    world = World(sealed=False)
    assert world.link.online()
    assert isinstance(world.pay(), Charged)
    world.books.close()


def test_after_so_many_pins_no_more_are_taken_until_a_new_key_has_come() -> None:
    world = World(renew_after=2)
    world.link.online()
    first = world.state.check_value
    assert isinstance(world.pay(), Charged)
    assert not world.exchange.is_wanted
    assert isinstance(world.pay(), Charged)
    assert world.state.problem == "the PIN key has served 2 PINs"
    world.link.online()
    assert world.state.check_value not in {first, ""}
    assert [isinstance(world.pay(), Charged) for _ in range(2)] == [True, True]
    assert world.exchange.is_wanted
    world.books.close()


def test_the_bank_asks_for_a_new_key_by_refusing_a_charge_with_99(world: World) -> None:
    world.link.online()
    first = world.state.check_value
    world.strike(BankFault.DECLINED, "charge", code="99")
    assert world.pay() == Declined(DeclineReason.HOST_ERROR, "99")
    assert world.state.problem == "the bank host could not open a PIN block"
    world.link.online()
    assert world.state.check_value != first
    assert isinstance(world.pay(), Charged)


# -- nothing is used that is not the bank's own --------------------------------------------------------------


def test_a_bank_that_gives_no_keys_is_said_to(world: World) -> None:
    world.strike(BankFault.DECLINED, "pin_key", code="57")
    assert world.link.online()
    assert world.state == PinKeyState("", "no new PIN key: the bank host gives none (57)")
    assert world.pad.blocks == []


def brought(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Change the bank's answer that brings a PIN key; every other passes."""
    return lambda payload: change(payload) if b"B0080P0" in payload else payload


FORGED = wrap(LOADING, HeldKey("P0", "T", "E", OTHER), bytes(6))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("a bit", lambda payload: payload.replace(b"B0080P0", b"B0080P1")),
        ("its key", lambda payload: _with_block(payload, FORGED)),
        ("its check value", lambda payload: payload[:-13] + bytes((payload[-13] ^ 1,)) + payload[-12:]),
        ("its end", lambda payload: payload[:-1]),
    ],
)
def test_the_pad_gets_no_block_from_an_answer_that_was_changed(
    world: World, name: str, change: Callable[[bytes], bytes]
) -> None:
    world.spoil = brought(change)
    assert world.link.online()
    assert world.exchange.is_wanted
    assert world.state.check_value == ""
    assert world.pad.blocks == []


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        (FOREIGN_BLOCK, "the PIN pad refuses the key block: the key block's mac is wrong"),
        (FORGED[:-1] + ("1" if FORGED[-1] == "0" else "0"), "the PIN pad refuses the key block"),
        (wrap(LOADING, HeldKey("M3", "T", "C", OTHER), bytes(6)), "the PIN pad refuses the key block: useViolation"),
        (FORGED, "the PIN pad refuses the key block: signatureInvalid"),
        ("B00", "the PIN pad refuses the key block: the key block's format is wrong"),
        ("B0079" + FORGED[5:-1], "the PIN pad refuses the key block: the key block's format is wrong"),
    ],
    ids=["under another pad's key", "damaged", "for MACs", "not of this check value", "cut short", "a digit less"],
)
def test_what_the_pad_refuses_is_said_and_not_worked_with(
    block: str, problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(sealed=False)  # the MAC would refuse it before the pad does
    world.spoil = lambda payload: _with_block(payload, block) if b"B0080P0" in payload else payload
    with caplog.at_level(logging.WARNING):
        assert world.link.online()
    assert world.state.problem.startswith(f"no new PIN key: {problem}")
    assert "163" not in kinds(world)
    assert f"bank cards cannot pay, {world.state.problem}" in caplog.text
    assert block not in caplog.text
    world.books.close()


def _with_block(payload: bytes, block: str) -> bytes:
    """Put another block into an unsealed answer, its lengths right; a sealed one has a wrong MAC then."""
    at = payload.index(b"\xdf\x12")
    old = 3 + payload[at + 2]
    new = b"\xdf\x12" + bytes((len(block),)) + block.encode()
    total = int(payload[at - 13 : at - 11].hex()) + len(new) - old
    return payload[: at - 13] + bytes.fromhex(f"{total:04}") + payload[at - 11 : at] + new + payload[at + old :]


def test_a_pad_that_does_not_answer_costs_the_bank_no_key(world: World) -> None:
    world.pad.broken = "the PIN pad does not answer: pin_pad: unplugged"
    assert world.link.online()
    assert world.state.problem == "no new PIN key: the PIN pad does not answer: pin_pad: unplugged"
    assert kinds(world) == ["001", "161", "301"]


def test_a_key_that_the_bank_does_not_know_for_its_own_is_not_worked_with(world: World) -> None:
    world.strike(BankFault.DECLINED, "pin_key_in_use", code="25")
    world.link.online()
    assert world.state.problem == "no new PIN key: the bank host does not take it for its own (25)"


def test_the_same_key_once_more_is_taken_and_staff_can_see_it(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.link.online()
    same = world.pad.module._keys["0"].value
    monkeypatch.setattr(world.books._pin_keys, "_random", lambda size: same[:size])
    world.exchange.want("a test")
    world.link.online()
    assert "the bank host gave the PIN key again that was in use" in caplog.text
    assert isinstance(world.pay(), Charged)


# -- what is lost on the way ---------------------------------------------------------------------------------

LOSSES = [
    (fault, request)
    for fault in (
        BankFault.REQUEST_LOST,
        BankFault.REQUEST_LATE,
        BankFault.ANSWER_LOST,
        BankFault.ANSWER_HALF,
        BankFault.HANG_UP,
        BankFault.WRONG_MAC,
    )
    for request in ("pin_key", "pin_key_in_use")
]


@pytest.mark.parametrize("had_a_key", [False, True])
@pytest.mark.parametrize("power_cut", [False, True])
@pytest.mark.parametrize(("fault", "request_"), LOSSES, ids=[f"{fault.value} {name}" for fault, name in LOSSES])
def test_whatever_is_lost_no_pin_is_taken_until_the_next_exchange_has_mended_it(
    world: World, fault: BankFault, request_: str, power_cut: bool, had_a_key: bool
) -> None:
    if had_a_key:
        world.link.online()
        assert isinstance(world.pay(), Charged)
        world.exchange.want("a test")
    world.strike(fault, request_)
    assert world.link.online()  # the host is there, whatever becomes of the key: QR goes on
    assert world.exchange.is_wanted
    assert isinstance(world.link.order_qr(Trace("T0000001-009999", TRACE.began, 9999, 0, 0, 0), INIT), QrOrder)
    if power_cut:
        world.switch_on()
    else:
        world.clock.sleep(RETRY_S)
    assert world.link.online()
    assert not world.exchange.is_wanted
    assert world.state.check_value == world.pad.module.check_value("0")
    assert isinstance(world.pay(), Charged)


def test_a_bank_that_was_silent_is_left_alone_for_a_minute(world: World) -> None:
    world.strike(BankFault.REQUEST_LOST, "pin_key", times=2)
    world.link.online()
    kinds(world)
    world.clock.sleep(RETRY_S - 11)  # the question itself took ten seconds
    world.link.online()
    assert "162" not in kinds(world)
    world.clock.sleep(11)
    world.link.online()
    assert "162" in kinds(world)


def test_a_pad_that_was_connected_anew_does_not_wait_for_that_minute(world: World) -> None:
    world.strike(BankFault.REQUEST_LOST, "pin_key")
    world.link.online()
    world.exchange.want("the PIN pad has just been connected")
    world.link.online()
    assert not world.exchange.is_wanted


def test_a_pad_that_is_exchanged_during_the_exchange_gets_a_key_of_its_own(world: World) -> None:
    load = world.pad.load

    def loaded_and_gone(block: str, check_value: bytes) -> None:
        load(block, check_value)
        world.pad.module.erase("0")
        world.exchange.want("the PIN pad has just been connected")

    world.pad.load = loaded_and_gone  # type: ignore[method-assign]
    world.link.online()
    assert world.exchange.is_wanted
    world.pad.load = load  # type: ignore[method-assign]
    world.link.online()
    assert isinstance(world.pay(), Charged)


def test_where_bank_and_pad_differ_all_the_same_the_first_pin_mends_it() -> None:
    world = World(sealed=False)
    before = world.books.snapshot()
    world.link.online()
    world.books.restore(before)  # a bank that came back from an old backup
    assert world.pay() == Declined(DeclineReason.HOST_ERROR, "99")
    world.link.online()
    assert isinstance(world.pay(), Charged)
    world.books.close()


def test_the_books_hold_no_key_but_its_block(world: World) -> None:
    world.link.online()
    world.pay()
    key = world.pad.module._keys["0"].value
    kept = world.books.snapshot()
    assert world.pad.blocks[0].encode() in kept
    for form in (key, key.hex().encode(), key.hex().upper().encode()):
        assert form not in kept
    assert key.hex() not in repr(world.exchange.state).lower()
