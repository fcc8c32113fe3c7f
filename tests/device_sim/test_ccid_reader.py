"""The simulated reader, asked and answering in bytes typed by hand (facts/device-protocols.md 3d)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.card import OtherCard
from device_sim.ccid_reader import BULK_IN, BULK_OUT, INTERRUPT_IN, SimulatedCcidReader
from device_sim.usb.device import Stall
from tests.clocks import RealClock

GET_STATUS = "65 00 00 00 00 00 01 00 00 00"
POWER_ON = "62 00 00 00 00 00 02 01 00 00"
POWER_OFF = "63 00 00 00 00 00 03 00 00 00"
TRANSFER = "6F 05 00 00 00 00 04 00 00 00 80 5C 00 02 04"


def a_reader(*, with_card: bool = True) -> SimulatedCcidReader:
    reader = SimulatedCcidReader(0x0001, 0x0002, RealClock())
    if with_card:
        reader.insert(OtherCard())
    return reader


def ask(reader: SimulatedCcidReader, message: str) -> list[str]:
    reader.bulk_out(BULK_OUT, bytes.fromhex(message))
    answers = []
    while (answer := reader.bulk_in(BULK_IN, 512)) is not None:
        answers.append(answer.hex(" ").upper())
    return answers


def test_slot_status_follows_card_and_power() -> None:
    reader = a_reader(with_card=False)
    assert ask(reader, GET_STATUS) == ["81 00 00 00 00 00 01 02 00 00"]
    reader.insert(OtherCard())
    assert ask(reader, GET_STATUS) == ["81 00 00 00 00 00 01 01 00 00"]
    assert ask(reader, POWER_ON) == ["80 05 00 00 00 00 02 00 00 00 3B 80 80 01 01"]
    assert ask(reader, GET_STATUS) == ["81 00 00 00 00 00 01 00 00 00"]
    assert ask(reader, POWER_OFF) == ["81 00 00 00 00 00 03 01 00 00"]


def test_transfer_reaches_the_card() -> None:
    reader = a_reader()
    ask(reader, POWER_ON)
    assert ask(reader, TRANSFER) == ["80 02 00 00 00 00 04 00 00 00 6D 00"]


def test_without_card_power_on_and_transfer_fail_as_mute() -> None:
    # PCSC issue 102: bError FE with bmCommandStatus failed
    reader = a_reader(with_card=False)
    assert ask(reader, POWER_ON) == ["80 00 00 00 00 00 02 42 FE 00"]
    assert ask(reader, TRANSFER) == ["80 00 00 00 00 00 04 42 FE 00"]


def test_transfer_to_a_card_without_power_fails() -> None:
    assert ask(a_reader(), TRANSFER) == ["80 00 00 00 00 00 04 41 FE 00"]


def test_time_extensions_come_before_the_answer() -> None:
    reader = a_reader()
    reader.time_extensions = 2
    ask(reader, POWER_ON)
    extension = "80 00 00 00 00 00 04 80 01 00"
    assert ask(reader, TRANSFER) == [extension, extension, "80 02 00 00 00 00 04 00 00 00 6D 00"]


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("65 00 00 00 00 01 09 00 00 00", "81 00 00 00 00 01 09 42 05 00"),  # bSlot 1: error 05
        ("62 00 00 00 00 01 09 00 00 00", "80 00 00 00 00 01 09 42 05 00"),
        ("6F 05 00 00 00 00 09 00 01 00 80 5C 00 02 04", "80 00 00 00 00 00 09 41 08 00"),  # wLevelParameter: byte 8
        ("6F 00 00 00 00 00 09 00 00 00", "80 00 00 00 00 00 09 41 01 00"),  # no APDU
        ("6F 06 00 00 00 00 09 00 00 00 80 5C 00 02 04", "81 00 00 00 00 00 09 41 01 00"),  # dwLength too large
        ("69 00 00 00 00 00 09 00 00 00", "81 00 00 00 00 00 09 41 00 00"),  # Secure: not supported
        ("6C 00 00 00 00 00 09 00 00 00", "82 00 00 00 00 00 09 41 FE 00"),  # GetParameters without power
        ("62 00 00 00 00 00 09 00 00 00", "80 00 00 00 00 00 09 41 07 00"),  # it does not choose the voltage: byte 7
        ("6B 01 00 00 00 00 09 00 00 00 6A", "83 00 00 00 00 00 09 41 0A 00"),  # Escape, PCSC issue 71
        ("71 00 00 00 00 00 09 01 00 00", "81 00 00 00 00 00 09 41 00 00"),  # Mechanical: nothing moves
    ],
)
def test_what_is_wrong_fails_with_its_error(message: str, answer: str) -> None:
    assert ask(a_reader(), message) == [answer]


@pytest.mark.parametrize("message", ["", "65 00 00", "81 00 00 00 00 00 01 00 00 00", "50 03"])
def test_what_is_no_command_stalls(message: str) -> None:
    with pytest.raises(Stall):
        ask(a_reader(), message)


def test_class_requests_stall() -> None:
    with pytest.raises(Stall):
        a_reader().control_in(0xA1, 2, 0, 0, 4)


def test_interrupt_pipe_tells_of_cards_that_come_and_go() -> None:
    # pyscard issue 18 (ACR122U): 50 03 card came, 50 02 card left
    reader = a_reader()
    assert reader.bulk_in(INTERRUPT_IN, 8) == bytes.fromhex("5003")
    assert reader.bulk_in(INTERRUPT_IN, 8) is None
    reader.remove()
    assert reader.bulk_in(INTERRUPT_IN, 8) == bytes.fromhex("5002")
    assert reader.remove() is None
    assert reader.bulk_in(INTERRUPT_IN, 8) is None


def test_two_cards_do_not_fit() -> None:
    with pytest.raises(ValueError, match="already"):
        a_reader().insert(OtherCard())


def test_power_loss_forgets_answers_and_card_power() -> None:
    reader = a_reader()
    ask(reader, POWER_ON)
    reader.bulk_out(BULK_OUT, bytes.fromhex(GET_STATUS))
    reader.power_cycle()
    assert reader.bulk_in(BULK_IN, 64) is None
    assert ask(reader, GET_STATUS) == ["81 00 00 00 00 00 01 01 00 00"]


@given(st.binary(max_size=40))
def test_any_bytes_are_answered_or_stall(message: bytes) -> None:
    reader = a_reader()
    try:
        reader.bulk_out(BULK_OUT, message)
    except Stall:
        assert reader.bulk_in(BULK_IN, 512) is None
        return
    answer = reader.bulk_in(BULK_IN, 512)
    assert answer is not None
    assert answer[5:7] == message[5:7]
