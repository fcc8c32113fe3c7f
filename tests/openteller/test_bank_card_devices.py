"""The same payment with every kind of card reader, over the bytes of its line and of the PIN pad's."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from device_sim.cards.debit import issuer_cryptogram
from device_sim.cards.kinds import Issuer, built_in_kinds, make_card
from device_sim.key_block import HeldKey
from device_sim.plastic_card import PlasticCard
from drivers.bank_card import EmvBankCard
from drivers.device_thread import DeviceThread
from drivers.registry import Place, models
from kiosk_core.bank_card import CardPayment, Charged
from kiosk_core.card_number import CardNumber
from kiosk_core.funding import FundingStage, Paid, Pending
from kiosk_core.ports import LoadInit, Trace
from openteller.bank_card_funding import AtOnce, BankCardDevices, BankCardFunding, PayerRules
from openteller.bench import Bench
from openteller.devices import giving_cards_back
from tests.clocks import RealClock
from tests.openteller.paying_by_card import TYPING_S
from tests.patience import until
from wire import emv

BEGAN = datetime(2026, 11, 22, 10, 29, tzinfo=UTC)
TRACE = Trace("OT000001-000000007", BEGAN, 41, 42, 43, 44)
INIT = LoadInit(CardNumber("3104870000012345678"), 5_000, bytes(6), 2_350, 7, 1, 0, bytes(4), bytes(4))
CHIP_KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")  # of the card store's bank card
PIN_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
# ISO 9564-1 format 0 of PIN 123456 and account 9999990000000000014: 06123456FFFFFFFF xor 0000000000000001.
CLEAR_BLOCK = "06123456FFFFFFFE"


class Bank:
    """The card's own bank: its chip believes its yes."""

    def __init__(self) -> None:
        self.charged: list[CardPayment] = []

    def charge(self, trace: Trace, init: LoadInit, payment: CardPayment) -> Charged:
        assert (trace, init) == (TRACE, INIT)
        self.charged.append(payment)
        objects = {each.tag: each.value for each in emv.decode_objects(payment.chip.data)}
        seal = issuer_cryptogram(CHIP_KEY, objects["9F36"], objects["9F26"], b"00")
        return Charged(emv.encode_object("91", seal + b"00"))


@pytest.fixture
def card(tmp_path: Path) -> PlasticCard:
    return make_card(built_in_kinds()["bank"], "bank", tmp_path, Issuer(bytes(16), bytes(16))).plastic


@pytest.fixture
def threads() -> Iterator[list[DeviceThread[Any]]]:
    started: list[DeviceThread[Any]] = []
    yield started
    for thread in started:
        thread.stop()


def started(name: str, model: str, port: str) -> DeviceThread[Any]:
    clock = RealClock()
    place = Place(name, port, None, clock, lambda _: None)

    def open_device() -> Any:
        return models()[model].open(place)

    in_reader = giving_cards_back(open_device) if name == "card_reader" else open_device
    thread: DeviceThread[Any] = DeviceThread(name, in_reader, clock, lambda _: None, 0.2)
    thread.start()
    until(lambda: thread.status.in_service)
    return thread


@pytest.mark.slow
@pytest.mark.parametrize("model", ["crt-591", "crt-310", "crt-288k"])
def test_a_customer_pays_and_takes_his_card(model: str, card: PlasticCard, threads: list[DeviceThread[Any]]) -> None:
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    with Bench() as bench:
        plugged: Any = {"crt-591": bench.crt591, "crt-310": bench.crt310, "crt-288k": bench.crt288k}[model]()
        pad, bank = bench.pin_pad(), Bank()
        pad.module.put("0", HeldKey("P0", "T", "E", PIN_KEY))
        threads += [started("card_reader", model, plugged.port), started("pin_pad", "pp791", pad.port)]
        reader, typing = threads
        devices = BankCardDevices(reader, typing, AtOnce(bank), EmvBankCard)  # type: ignore[arg-type]
        funding = BankCardFunding(devices, PayerRules(lambda _: "t0ken", lambda _, __: None), RealClock())

        funding.begin(TRACE, INIT)
        until(lambda: reader.call(lambda _: True).result())  # the gate is open
        assert funding.poll(TRACE) == Pending(FundingStage.INSERT_CARD)
        plugged.device.insert(card)
        until(lambda: funding.poll(TRACE) == Pending(FundingStage.ENTER_PIN))
        until(lambda: pad.device.waits_for_pin)
        time.sleep(TYPING_S)
        pad.device.type_pin("123456")
        until(lambda: funding.poll(TRACE) == Paid("t0ken"))
        take = plugged.device.pull_out if model == "crt-288k" else plugged.device.take
        assert take() is card
        for thread in threads:
            thread.stop()
        threads.clear()

    (payment,) = bank.charged
    assert payment.card.track2 == "9999990000000000014=311222000000"
    assert payment.pin is not None
    open_block = Cipher(TripleDES(PIN_KEY + PIN_KEY[:8]), modes.ECB()).decryptor()
    assert open_block.update(payment.pin.data).hex().upper() == CLEAR_BLOCK
