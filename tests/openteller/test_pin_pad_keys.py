"""The MAC key in the PIN pad, against a pad that a test plays with the simulator's cryptography."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import pytest

from device_sim import key_block
from device_sim.key_block import HeldKey, KeyBlockError
from device_sim.secure_module import SecureModule
from host_link.mac_keys import KeyRefused, NoMacKey
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault
from kiosk_core.pin_pad import KeyDetail, KeyName, PinPadRefusal
from openteller.pin_pad_keys import PinPadKeys
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
