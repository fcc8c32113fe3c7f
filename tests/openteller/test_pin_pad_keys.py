"""The MAC key in the PIN pad, against a pad that a test plays with the simulator's cryptography."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from device_sim import key_block
from device_sim.key_block import HeldKey, KeyBlockError
from device_sim.secure_module import SecureModule
from host_link.mac_keys import KeyRefused, NoMacKey
from host_link.pin_key import PinKeyExchange
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault
from kiosk_core.pin_pad import KeyDetail, KeyName, PinPadRefusal
from kiosk_core.status import DeviceState, DeviceStatus
from openteller.pin_pad_keys import PadOfBank, PinKeyInPad, PinPadKeys, with_key_of_bank
from tests.clocks import SetClock
from tests.host_link.test_software_keys import EXCHANGE, MESSAGE, OLD, PROOF, RETAIL_BLOCK


@dataclass
class Pad:
    """A pad with one place for a MAC key; as a worker it does at once what it is asked."""

    key: HeldKey | None = None
    fails: Exception | None = None

    def key_detail(self, name: KeyName) -> KeyDetail | None:
        assert name is KeyName.MAC
        return None if self.key is None else KeyDetail(self.key.usage, self.key.mode, self.key.algorithm)

    def import_key(self, name: KeyName, block: str, check_value: bytes | None = None) -> KeyDetail | PinPadRefusal:
        try:
            self.key = key_block.unwrap(EXCHANGE, block)
        except KeyBlockError:
            return PinPadRefusal.VERIFICATION_FAILED
        return KeyDetail("M3", "C", "T")

    def generate_mac(self, data: bytes) -> bytes | PinPadRefusal:
        if self.key is None:
            raise DeviceFault("pin_pad", Fault.KEY_MISSING)
        module = SecureModule(bytes)
        module.put("mac", self.key)
        return module.mac("mac", data)

    def call(self, work: Callable[[Any], Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        if self.fails is not None:
            future.set_exception(self.fails)
            return future
        try:
            future.set_result(work(self))
        except Exception as error:
            future.set_exception(error)
        return future


def keys_in(pad: Pad) -> PinPadKeys:
    return PinPadKeys(lambda: pad)


def test_a_key_goes_into_the_pad_and_macs_come_out() -> None:
    pad = Pad()
    keys = keys_in(pad)
    assert not keys.has_key
    keys.install(RETAIL_BLOCK, MESSAGE, PROOF)
    assert keys.has_key
    assert keys.mac(MESSAGE) == PROOF


def test_a_key_that_is_in_the_pad_already_is_used() -> None:
    assert keys_in(Pad(HeldKey("M3", "T", "C", OLD))).mac(b"Hello World !!!!") == bytes.fromhex("F09B856213BAB83B")


def test_a_damaged_block_is_refused_by_the_pad_and_the_old_key_stays() -> None:
    keys = keys_in(Pad(HeldKey("M3", "T", "C", OLD)))
    with pytest.raises(KeyRefused, match="the PIN pad refuses the key block: signatureInvalid"):
        keys.install(RETAIL_BLOCK[:-1] + "0", MESSAGE, PROOF)
    assert keys.mac(b"Hello World !!!!") == bytes.fromhex("F09B856213BAB83B")


def test_a_block_that_was_played_back_is_not_worked_with_until_a_good_one_comes() -> None:
    keys = keys_in(Pad())
    with pytest.raises(KeyRefused, match="not sealed with it"):
        keys.install(RETAIL_BLOCK, MESSAGE, bytes(8))
    assert not keys.has_key
    with pytest.raises(NoMacKey, match="a new one must come first"):
        keys.mac(MESSAGE)
    keys.install(RETAIL_BLOCK, MESSAGE, PROOF)
    assert keys.mac(MESSAGE) == PROOF


@pytest.mark.parametrize(
    "error", [DeviceUnavailable("pin_pad", "unplugged"), DeviceFault("pin_pad", Fault.TAMPERED)], ids=["gone", "opened"]
)
def test_a_pad_that_is_not_well_makes_no_mac_and_says_why(error: Exception) -> None:
    keys = keys_in(Pad(HeldKey("M3", "T", "C", OLD), fails=error))
    assert not keys.has_key
    with pytest.raises(NoMacKey, match=f"the PIN pad, which holds the MAC key, does not answer: {error}"):
        keys.mac(MESSAGE)
    with pytest.raises(KeyRefused, match=str(error)):
        keys.install(RETAIL_BLOCK, MESSAGE, PROOF)


def test_a_pad_that_cannot_make_macs_says_so() -> None:
    class Bare(Pad):
        def generate_mac(self, data: bytes) -> bytes | PinPadRefusal:
            return PinPadRefusal.UNSUPPORTED

    with pytest.raises(NoMacKey, match="the PIN pad makes no MAC: unsupported"):
        keys_in(Bare()).mac(MESSAGE)


def test_a_pad_that_is_busy_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Busy(Pad):
        def call(self, work: Callable[[Any], Any]) -> "Future[Any]":
            return Future()

    monkeypatch.setattr("openteller.pin_pad_keys.PATIENCE_S", 0.01)
    with pytest.raises(NoMacKey, match="is busy"):
        keys_in(Busy()).mac(MESSAGE)


# -- the PIN key -----------------------------------------------------------------------------------------------------

BLOCK, CHECK_VALUE = "B0080P0TE00E0000", bytes.fromhex("57C409")
PIN_KEY = KeyDetail("P0", "E", "T")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class PadForPins:
    """A pad that takes a PIN key as it was told to; as a worker it does at once what it is asked."""

    def __init__(self, *answers: KeyDetail | PinPadRefusal | Exception, faults: frozenset[Fault] = frozenset()) -> None:
        self.answers = list(answers)
        self.given: list[tuple[str, bytes | None]] = []
        self.faults = faults
        self.key: KeyDetail | None = PIN_KEY

    def import_key(self, name: KeyName, block: str, check_value: bytes | None = None) -> KeyDetail | PinPadRefusal:
        assert name is KeyName.PIN
        self.given.append((block, check_value))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def key_detail(self, name: KeyName) -> KeyDetail | None:
        assert name is KeyName.PIN
        return self.key

    def status(self) -> DeviceStatus:
        return DeviceStatus("pin_pad", DeviceState.ONLINE, NOON, self.faults)

    call = Pad.call
    fails: Exception | None = None


def test_a_pad_that_works_out_check_values_compares_the_bank_s() -> None:
    pad = PadForPins(PIN_KEY)
    PinKeyInPad(lambda: pad).load(BLOCK, CHECK_VALUE)  # type: ignore[arg-type, return-value]
    assert pad.given == [(BLOCK, CHECK_VALUE)]


def test_a_pad_that_works_out_none_gets_the_block_alone() -> None:
    pad = PadForPins(PinPadRefusal.CRYPTO_METHOD_NOT_SUPPORTED, PIN_KEY)
    PinKeyInPad(lambda: pad).load(BLOCK, CHECK_VALUE)  # type: ignore[arg-type, return-value]
    assert pad.given == [(BLOCK, CHECK_VALUE), (BLOCK, None)]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (PinPadRefusal.VERIFICATION_FAILED, "the PIN pad refuses the key block: signatureInvalid"),
        (PinPadRefusal.TOO_MANY, "the PIN pad refuses the key block: tooMany"),
        (DeviceFault("pin_pad", Fault.TAMPERED), "the PIN pad does not answer: pin_pad: tampered"),
        (DeviceUnavailable("pin_pad", "silent"), "the PIN pad does not answer: pin_pad: silent"),
    ],
)
def test_why_the_pad_took_no_key_is_said_without_naming_one(answer: PinPadRefusal | Exception, problem: str) -> None:
    pad = PadForPins(answer)
    with pytest.raises(KeyRefused) as refused:
        PinKeyInPad(lambda: pad).load(BLOCK, CHECK_VALUE)  # type: ignore[arg-type, return-value]
    assert str(refused.value) == problem


def exchange_for(pad: PadForPins) -> PinKeyExchange:
    key = PinKeyInPad(lambda: pad)  # type: ignore[arg-type, return-value]
    return PinKeyExchange(key, "T0000001", SetClock(NOON), renew_after=1000)


def test_a_pad_tells_that_it_has_no_key_until_the_bank_has_brought_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pad = PadForPins()
    exchange = exchange_for(pad)
    of_bank = PadOfBank(pad, exchange)  # type: ignore[arg-type]
    status = of_bank.status()
    assert (status.in_service, status.faults) == (False, {Fault.KEY_MISSING})
    assert status.detail == "no PIN key has come from the bank host yet"
    monkeypatch.setattr(PinKeyExchange, "is_wanted", False)
    assert of_bank.status() == pad.status()
    assert of_bank.key_detail(KeyName.PIN) == PIN_KEY


@pytest.mark.parametrize(
    ("key", "faults", "problem"),
    [
        (None, {Fault.KEY_MISSING}, "the PIN pad has lost its PIN key"),
        (PIN_KEY, {Fault.KEY_MISSING}, ""),  # it is another key that it lacks
        (None, set(), ""),
    ],
)
def test_a_pad_that_lost_its_key_has_a_new_one_fetched(key: KeyDetail | None, faults: set[Fault], problem: str) -> None:
    pad = PadForPins(faults=frozenset(faults))
    pad.key = key
    exchange = exchange_for(pad)
    exchange._state = replace(exchange.state, problem="")
    status = PadOfBank(pad, exchange).status()  # type: ignore[arg-type]
    assert exchange.state.problem == status.detail == problem


def test_whenever_a_pad_is_connected_a_key_is_fetched_for_it() -> None:
    pad, fetched = PadForPins(), []
    exchange = exchange_for(pad)
    assert not exchange.is_due
    with_key_of_bank(lambda: pad, exchange, lambda: fetched.append(exchange.is_due))()  # type: ignore[arg-type, return-value]
    assert fetched == [True]


def test_for_a_pad_that_cannot_be_opened_no_key_is_fetched() -> None:
    def no_pad() -> Any:
        raise DeviceUnavailable("pin_pad", "unplugged")

    exchange = exchange_for(PadForPins())
    with pytest.raises(DeviceUnavailable):
        with_key_of_bank(no_pad, exchange, lambda: pytest.fail("there is no pad"))()
    assert not exchange.is_due
