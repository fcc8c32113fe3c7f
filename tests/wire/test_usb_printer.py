"""The USB printer class against TransAct EPIC 3000 Programmer's Guide, appendix B (a copy of the class definition)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import WireError
from wire.usb_printer import (
    ClassRequest,
    DeviceId,
    PortStatus,
    decode_device_id,
    decode_port_status,
    encode_device_id,
    encode_port_status,
    get_device_id,
    get_port_status,
    soft_reset,
)


def test_asks_with_the_setup_packets_of_the_class() -> None:
    assert get_device_id(interface=1, alternate=2) == ClassRequest(0b10100001, 0, 0, 0x0102, 1023)
    assert get_port_status(interface=1) == ClassRequest(0b10100001, 1, 0, 1, 1)
    assert soft_reset(interface=1) == ClassRequest(0b00100001, 2, 0, 1, 0)


# Length in two bytes, big endian, counting itself: facts/device-protocols.md 3c; Lucent USS-720 p38.
DEVICE_ID = b"\x00\x1fMFG:EPSON;MDL:TM-T20;SN:J123;"


def test_reads_and_says_a_device_id() -> None:
    device_id = decode_device_id(DEVICE_ID)
    assert (device_id.manufacturer, device_id.model, device_id.serial) == ("EPSON", "TM-T20", "J123")
    assert encode_device_id(device_id) == DEVICE_ID


def test_reads_the_long_keys_too() -> None:
    """IEEE 1284 allows MANUFACTURER and MODEL (Lucent USS-720 p38)."""
    text = b"Manufacturer: SPRT ;Model:POS88;SERN:7;"
    device_id = decode_device_id((len(text) + 2).to_bytes(2, "big") + text)
    assert (device_id.manufacturer, device_id.model, device_id.serial) == ("SPRT", "POS88", "7")


@pytest.mark.parametrize("answer", [b"", b"\x00", b"\x00\x03", b"\x00\x09MFG:", b"\x00\x05abc", DEVICE_ID + b"x"])
def test_refuses_a_malformed_device_id(answer: bytes) -> None:
    with pytest.raises(WireError):
        decode_device_id(answer)


def test_capitals_are_those_of_ascii() -> None:
    """The capitals of FF and B5 are not in Latin-1."""
    text = b"\xffmdl:1;\xb5:2;"
    device_id = decode_device_id((len(text) + 2).to_bytes(2, "big") + text)
    assert device_id.fields == {"\xffMDL": "1", "\xb5": "2"}
    assert decode_device_id(encode_device_id(device_id)) == device_id


def test_refuses_a_device_id_that_no_host_asks_for() -> None:
    with pytest.raises(WireError):
        encode_device_id(DeviceId({"MFG": "x" * 1100}))


@pytest.mark.parametrize(
    ("byte", "status"),
    [
        (0x18, PortStatus()),
        (0x38, PortStatus(paper_empty=True)),  # bit 5
        (0x08, PortStatus(selected=False)),  # bit 4
        (0x10, PortStatus(error=True)),  # bit 3: 1 = no error
    ],
)
def test_reads_and_says_the_port_status(byte: int, status: PortStatus) -> None:
    assert decode_port_status(bytes((byte,))) == status
    assert encode_port_status(status) == bytes((byte,))


@pytest.mark.parametrize("answer", [b"", b"\x18\x18", b"\x19", b"\x58", b"\x98"])
def test_refuses_a_malformed_port_status(answer: bytes) -> None:
    with pytest.raises(WireError):
        decode_port_status(answer)


@given(st.binary(max_size=80))
def test_any_device_id_is_read_or_refused(answer: bytes) -> None:
    try:
        decode_device_id(answer)
    except WireError:
        return
