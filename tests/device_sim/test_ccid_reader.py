"""The simulated reader, asked and answering in bytes typed by hand (facts/device-protocols.md 3d)."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.card import OtherCard
from device_sim.cards.chip import BrokenChip
from device_sim.ccid_reader import (
    BULK_IN,
    BULK_OUT,
    CLASS_DESCRIPTOR,
    EXTENDED_DESCRIPTOR,
    INTERRUPT_IN,
    TPDU_DESCRIPTOR,
    SimulatedCcidReader,
)
from device_sim.usb.device import Stall
from tests.clocks import RealClock
from wire.ccid_descriptor import ClassDescriptor

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


@pytest.mark.parametrize("descriptor", [CLASS_DESCRIPTOR, TPDU_DESCRIPTOR])
def test_a_mute_card_fails_as_mute(descriptor: ClassDescriptor) -> None:
    reader = SimulatedCcidReader(0x0001, 0x0002, RealClock(), reader=descriptor)
    reader.insert(BrokenChip())
    assert ask(reader, POWER_ON) == ["80 00 00 00 00 00 02 41 FE 00"]


def test_an_atr_that_is_none_fails_where_the_reader_reads_it() -> None:
    reader = SimulatedCcidReader(0x0001, 0x0002, RealClock(), reader=TPDU_DESCRIPTOR)
    reader.insert(BrokenChip(bytes.fromhex("3B80800102")))
    assert ask(reader, POWER_ON) == ["80 00 00 00 00 00 02 41 F7 00"]  # table 6.2-2: BAD_ATR_TCK
    assert ask(reader, GET_STATUS) == ["81 00 00 00 00 00 01 01 00 00"]


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


# -- other readers: several slots, extended APDUs, TPDUs -------------------------------------------------

# LudovicRousseau/CCID issue 27: T=1 with LRC, IFSC 254
CARDOS = bytes.fromhex("3BF2180002C10A31FE58C80874")


class Chip:
    """A card of T=1 that answers 256 bytes and 9000 to whatever it is asked."""

    def power_on(self) -> bytes:
        return CARDOS

    def power_off(self) -> None:
        pass

    def transmit(self, command: bytes) -> bytes | None:
        return bytes(256) + b"\x90\x00"


def another_reader(descriptor: ClassDescriptor, **options: bool) -> SimulatedCcidReader:
    reader = SimulatedCcidReader(0x0001, 0x0002, RealClock(), reader=descriptor, **options)
    reader.insert(Chip())
    return reader


def test_notifications_name_the_slot() -> None:
    # ccid_usb.c: two bits a slot, current state and change, low pair first, four slots a byte
    reader = another_reader(replace(CLASS_DESCRIPTOR, max_slot_index=4))
    reader.insert(OtherCard(), 4)
    assert reader.bulk_in(INTERRUPT_IN, 8) == bytes.fromhex("50 03 03")
    reader.remove(0)
    assert reader.bulk_in(INTERRUPT_IN, 8) == bytes.fromhex("50 02 01")
    reader.hardware_error(0x01, slot=4)
    assert reader.bulk_in(INTERRUPT_IN, 8) == bytes.fromhex("51 04 00 01")
    assert ask(reader, "65 00 00 00 00 04 01 00 00 00") == ["81 00 00 00 00 04 01 01 00 00"]
    assert ask(reader, "65 00 00 00 00 05 01 00 00 00") == ["81 00 00 00 00 05 01 42 05 00"]


def test_a_reader_that_does_not_notify_has_no_such_pipe() -> None:
    endpoints = another_reader(CLASS_DESCRIPTOR, notifies=False).descriptor.interfaces[0].endpoints
    assert [endpoint.address for endpoint in endpoints] == [BULK_OUT, BULK_IN]


def test_a_long_answer_comes_in_pieces_that_are_asked_for() -> None:
    reader = another_reader(replace(EXTENDED_DESCRIPTOR, max_message_length=210))
    ask(reader, "62 00 00 00 00 00 02 00 00 00")
    first = ask(reader, "6F 05 00 00 00 00 03 00 00 00 00 B0 00 00 00")
    assert [first[0][:29], len(first[0])] == ["80 C8 00 00 00 00 03 00 00 01", 210 * 3 - 1]
    last = ask(reader, "6F 00 00 00 00 00 04 00 10 00")
    assert [last[0][:29], last[0][-5:]] == ["80 3A 00 00 00 00 04 00 00 02", "90 00"]
    assert ask(reader, "6F 00 00 00 00 00 05 00 10 00") == ["80 00 00 00 00 00 05 40 08 00"]


@pytest.mark.parametrize(
    ("level", "before"),
    [("02", []), ("03", []), ("00", ["01"]), ("01", ["01"]), ("04", [])],
)
def test_pieces_out_of_order_are_refused(level: str, before: list[str]) -> None:
    reader = another_reader(EXTENDED_DESCRIPTOR)
    ask(reader, "62 00 00 00 00 00 02 00 00 00")
    for each in before:
        assert ask(reader, f"6F 01 00 00 00 00 03 00 {each} 00 00") == ["80 00 00 00 00 00 03 00 00 10"]
    assert ask(reader, f"6F 01 00 00 00 00 04 00 {level} 00 00") == ["80 00 00 00 00 00 04 40 08 00"]


def test_parameters_are_kept_for_a_card_with_power() -> None:
    reader = another_reader(TPDU_DESCRIPTOR)
    ask(reader, POWER_ON)
    assert ask(reader, "6C 00 00 00 00 00 03 00 00 00") == ["82 05 00 00 00 00 03 00 00 00 11 00 00 0A 00"]
    t1 = "18 10 00 45 00 FE 00"  # PCSC issue 71
    assert ask(reader, f"61 07 00 00 00 00 04 01 00 00 {t1}") == [f"82 07 00 00 00 00 04 00 00 01 {t1}"]
    assert ask(reader, "61 07 00 00 00 00 05 02 00 00" + " 00" * 7) == ["82 00 00 00 00 00 05 40 07 00"]
    assert ask(reader, "61 05 00 00 00 00 06 01 00 00" + " 00" * 5) == ["82 00 00 00 00 00 06 40 01 00"]
    assert ask(reader, "6D 00 00 00 00 00 07 00 00 00") == ["82 05 00 00 00 00 07 00 00 00 11 00 00 0A 00"]


def test_a_card_at_a_speed_that_the_reader_was_not_told_is_not_heard() -> None:
    reader = another_reader(TPDU_DESCRIPTOR)
    ask(reader, POWER_ON)
    assert ask(reader, "6F 04 00 00 00 00 03 00 00 00 FF 11 18 F6") == ["80 04 00 00 00 00 03 00 00 00 FF 11 18 F6"]
    block = "6F 05 00 00 00 00 05 00 00 00 00 C1 01 FE 3E"
    assert ask(reader, block) == ["80 00 00 00 00 00 05 40 FE 00"]
    ask(reader, "61 07 00 00 00 00 06 01 00 00 18 10 02 58 00 FE 00")
    assert ask(reader, block) == ["80 05 00 00 00 00 05 00 00 00 00 E1 01 FE 1E"]


@pytest.mark.parametrize("control_first", [True, False])
def test_abort_needs_both_halves_with_the_same_numbers(control_first: bool) -> None:
    # CCID 5.3.1: wValue is bSeq and bSlot; until the other half comes, other commands are refused with FF
    reader = another_reader(CLASS_DESCRIPTOR)
    reader.bulk_out(BULK_OUT, bytes.fromhex(GET_STATUS))
    if control_first:
        assert reader.control_in(0x21, 0x01, 0x0700, 0, 0) == b""
        assert ask(reader, "65 00 00 00 00 00 06 00 00 00") == ["81 00 00 00 00 00 06 41 FF 00"]
        assert ask(reader, "72 00 00 00 00 00 08 00 00 00") == []
        assert ask(reader, "72 00 00 00 00 00 07 00 00 00") == ["81 00 00 00 00 00 07 01 00 00"]
    else:
        reader.bulk_out(BULK_OUT, bytes.fromhex("72 00 00 00 00 00 07 00 00 00"))
        reader.control_in(0x21, 0x01, 0x0700, 0, 0)
        assert reader.bulk_in(BULK_IN, 64) == bytes.fromhex("81 00 00 00 00 00 07 01 00 00")
    assert ask(reader, GET_STATUS) == ["81 00 00 00 00 00 01 01 00 00"]


def test_a_reader_may_know_no_abort() -> None:
    with pytest.raises(Stall):
        another_reader(CLASS_DESCRIPTOR, aborts=False).control_in(0x21, 0x01, 0x0700, 0, 0)


@pytest.mark.parametrize("descriptor", [CLASS_DESCRIPTOR, EXTENDED_DESCRIPTOR, TPDU_DESCRIPTOR])
@given(messages=st.lists(st.binary(min_size=10, max_size=24), max_size=5))
def test_any_messages_leave_the_reader_working(descriptor: ClassDescriptor, messages: list[bytes]) -> None:
    reader = another_reader(descriptor)
    for message in messages:
        with contextlib.suppress(Stall):
            reader.bulk_out(BULK_OUT, message)
    reader.power_cycle()
    assert ask(reader, GET_STATUS) == ["81 00 00 00 00 00 01 01 00 00"]
