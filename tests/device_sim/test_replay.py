"""A trace as a device: the records are typed by hand, as a host and a device might have spoken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.replay import Mismatch, ReplayedDevice, ReplayedUsbDevice
from device_sim.usb.device import Stall
from kiosk_core.trace import Header, Octets, Record, Trace, What

LINE = Header(device="card_reader", family="crt310", model="crt-310", port="/dev/ttyUSB0", began="")
READER = Header(
    device="top_up_module",
    family="ccid",
    model="ccid-t-union",
    port="usb://1209:0001",
    began="",
    identity="ACME",
    class_descriptor=b"\x36\x21",
)


def trace(*records: tuple[What, str] | tuple[What, str, tuple[tuple[int, int], ...]], header: Header = LINE) -> Trace:
    made = []
    for number, (what, octets, *hidden) in enumerate(records, start=1):
        made.append(Record(number, 0.0, "d", what, Octets(bytes.fromhex(octets), hidden[0] if hidden else ())))
    return Trace(header, tuple(made))


DIALOGUE = trace(
    (What.OPEN, ""),
    (What.OUT, "02 00 02 31 30 03 02"),
    (What.IN, "06"),
    (What.OUT, "05"),
    (What.IN, "02 00 05 31 30"),
    (What.IN, "4a 49 4a 03 4d"),
    (What.TIME_OUT, ""),
    (What.OUT, "04"),
)


def test_a_strict_replay_answers_what_was_recorded_however_the_question_is_cut() -> None:
    device = ReplayedDevice(DIALOGUE)
    assert device.receive(bytes.fromhex("02 00 02 31")) == b""
    assert device.receive(bytes.fromhex("30 03 02")) == b"\x06"
    assert not device.script.finished
    assert device.receive(b"\x05") == bytes.fromhex("02 00 05 31 30 4a 49 4a 03 4d")
    assert device.receive(b"\x04") == b""
    assert device.script.finished
    assert device.script.mismatch is None


def test_a_strict_replay_names_the_byte_where_the_host_leaves_it_and_falls_silent() -> None:
    device = ReplayedDevice(DIALOGUE)
    assert device.receive(bytes.fromhex("02 00 02 31 31 03 03")) == b""
    assert device.script.mismatch == Mismatch(record=2, at=4, recorded=0x30, came=0x31)
    assert str(device.script.mismatch) == "record 2, byte 4: 30 was recorded, 31 came"
    assert device.receive(bytes.fromhex("02 00 02 31 30 03 02")) == b""
    assert not device.script.finished


def test_a_host_that_says_more_than_was_recorded_has_left_it_too() -> None:
    device = ReplayedDevice(trace((What.OUT, "05")))
    device.receive(b"\x05")
    device.receive(b"\x04")
    assert str(device.script.mismatch) == "behind record 1: 04 came, and nothing more was recorded"


def test_hidden_bytes_match_any() -> None:
    device = ReplayedDevice(trace((What.OUT, "01 30 30 04", ((1, 3),)), (What.IN, "06")))
    assert device.receive(b"\x01\xaa\xbb\x04") == b"\x06"


def test_what_the_device_said_first_is_said_before_any_question() -> None:
    for strict in (True, False):
        device = ReplayedDevice(trace((What.IN, "11"), (What.OUT, "05"), (What.IN, "06")), strict=strict)
        assert device.idle() == b"\x11"
        assert device.idle() == b""
        assert device.receive(b"\x05") == b"\x06"


def test_a_lenient_replay_finds_the_request_in_any_order_and_answers_in_turn() -> None:
    device = ReplayedDevice(
        trace(
            (What.OUT, "10 04 01"),
            (What.IN, "12"),
            (What.OUT, "10 04 02"),
            (What.IN, "16"),
            (What.OUT, "10 04 01"),
            (What.IN, "1a"),
        ),
        strict=False,
    )
    assert device.receive(b"\x10\x04\x02") == b"\x16"
    assert device.receive(b"\x10\x04") == b""
    assert device.receive(b"\x01\x10\x04\x01\x10\x04\x01") == b"\x12\x1a\x12"
    assert device.script.unknown == 0
    assert device.receive(b"\x1b\x40") == b""
    assert device.script.unknown == 1
    assert device.receive(b"\x10\x04\x02") == b"\x16"


@given(st.lists(st.binary(max_size=20), max_size=10), st.booleans())
def test_no_host_whatever_troubles_a_replay(chunks: list[bytes], strict: bool) -> None:
    device = ReplayedDevice(DIALOGUE, strict=strict)
    for chunk in chunks:
        device.receive(chunk)
        device.idle()


# -- USB ------------------------------------------------------------------------------------------------------

SLOT = trace(
    (What.OUT, "65 00000000 00 07 000000"),
    (What.IN, "81 00000000 00 07 000000"),
    (What.INTERRUPT, "50 03"),
    header=READER,
)


@pytest.mark.parametrize("strict", [True, False])
def test_a_reader_takes_the_sequence_of_the_session_and_carries_it_over(strict: bool) -> None:
    device = ReplayedUsbDevice(SLOT, strict=strict)
    device.bulk_out(0x02, bytes.fromhex("65 00000000 00 C4 000000"))
    assert device.bulk_in(0x82, 4) == bytes.fromhex("81 000000")
    assert device.bulk_in(0x82, 64) == bytes.fromhex("00 00 C4 000000")
    assert device.bulk_in(0x82, 64) is None
    assert device.bulk_in(0x81, 8) == b"\x50\x03"
    assert device.script.mismatch is None


def test_a_replayed_usb_device_has_the_numbers_and_descriptors_of_the_recorded_one() -> None:
    descriptor = ReplayedUsbDevice(SLOT).descriptor
    assert (descriptor.vendor_id, descriptor.product_id, descriptor.product) == (0x1209, 0x0001, "ACME")
    assert (descriptor.interfaces[0].interface_class, descriptor.interfaces[0].extra) == (0x0B, b"\x36\x21")


def test_a_trace_of_a_line_is_no_usb_device() -> None:
    with pytest.raises(ValueError, match="int"):
        ReplayedUsbDevice(DIALOGUE)


def test_a_power_cycle_begins_the_recording_again() -> None:
    device = ReplayedUsbDevice(SLOT)
    device.bulk_out(0x02, b"\xff")
    assert device.script.mismatch is not None
    device.power_cycle()
    device.bulk_out(0x02, bytes.fromhex("65 00000000 00 01 000000"))
    assert device.bulk_in(0x82, 64) == bytes.fromhex("81 00000000 00 01 000000")


def test_control_requests_are_answered_as_they_were_in_turn_and_others_stall() -> None:
    records = tuple(
        Record(number, 0.0, "d", What.CONTROL, Octets(answer), "a1 01 0000 0000 0001")
        for number, answer in enumerate((b"\x18", b"\x38"), start=1)
    )
    device = ReplayedUsbDevice(Trace(READER, records))
    assert [device.control_in(0xA1, 1, 0, 0, 1) for _ in range(3)] == [b"\x18", b"\x38", b"\x18"]
    with pytest.raises(Stall):
        device.control_in(0xA1, 2, 0, 0, 1)
    with pytest.raises(Stall):
        device.bulk_out(0x03, b"")
