"""CCID messages against logs of real readers."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import ccid
from wire.ccid import (
    ClassDescriptor,
    CommandStatus,
    DataBlock,
    ExchangeLevel,
    GetSlotStatus,
    IccPowerOff,
    IccPowerOn,
    IccStatus,
    Message,
    NotifySlotChange,
    OtherMessage,
    SlotState,
    SlotStatus,
    XfrBlock,
)
from wire.errors import WireError

OK = SlotState(IccStatus.ACTIVE)

# Logs by libccid and libnfc, quoted in issues of public projects; "->" host to reader, "<-" reader to host.
VECTORS: dict[str, tuple[str, Message]] = {
    "chromeos_smart_card_connector issue 142 ->": ("62 00 00 00 00 00 05 00 00 00", IccPowerOn(0, 5)),
    "PCSC issue 102 (uTrust 3700F) <- no answer to reset": (
        "80 00 00 00 00 00 4E 41 FE 00",
        DataBlock(0, 0x4E, SlotState(IccStatus.INACTIVE, CommandStatus.FAILED, 0xFE), b""),
    ),
    # header of chromeos issue 142 "<- 80 16 00 00 00 00 05 00 00 00" in front of the ATR of PCSC issue 84, 3B 7F ..
    "chromeos issue 142 <- with the ATR of PCSC issue 84": (
        "80 13 00 00 00 00 05 00 00 00 3B 7F 12 00 00 44 56 4E 20 54 45 43 48 20 52 65 76 35 33",
        DataBlock(0, 5, OK, bytes.fromhex("3B7F12000044564E20544543482052657635 33")),
    ),
    "pyscard issue 18 (ACR122U) ->": ("65 00 00 00 00 00 04 00 00 00", GetSlotStatus(0, 4)),
    "pyscard issue 18 (ACR122U) <- absent": (
        "81 00 00 00 00 00 04 02 81 00",
        SlotStatus(0, 4, SlotState(IccStatus.ABSENT, error=0x81)),
    ),
    "pyscard issue 18 (ACR122U) interrupt, card came": ("50 03", NotifySlotChange(b"\x03")),
    "pyscard issue 18 (ACR122U) interrupt, card left": ("50 02", NotifySlotChange(b"\x02")),
    "libnfc issue 666 (ACR122U) ->": (
        "6F 0B 00 00 00 00 00 00 00 00 FF 00 00 00 06 D4 32 05 00 01 02",
        XfrBlock(0, 0, bytes.fromhex("FF00000006D43205000102")),
    ),
    "libnfc issue 666 (ACR122U) <- bError means nothing here": (
        "80 04 00 00 00 00 00 00 81 00 D5 33 90 00",
        DataBlock(0, 0, SlotState(IccStatus.ACTIVE, error=0x81), bytes.fromhex("D5339000")),
    ),
    "libnfc issue 263 (ACR122U) <- mute, and says so only in bError": (
        "80 00 00 00 00 00 00 00 FE 00",
        DataBlock(0, 0, SlotState(IccStatus.ACTIVE, error=0xFE), b""),
    ),
    "PCSC issue 117 (CardMan 1021) <- parity error": (
        "80 00 00 00 00 00 12 40 FD 00",
        DataBlock(0, 0x12, SlotState(IccStatus.ACTIVE, CommandStatus.FAILED, 0xFD), b""),
    ),
    # [computed] from ccid.h: type 63, otherwise the header of the commands above
    "LudovicRousseau/CCID ccid.h PC_to_RDR_IccPowerOff [computed]": (
        "63 00 00 00 00 00 07 00 00 00",
        IccPowerOff(0, 7),
    ),
    # [computed] from ccid.h: CCID_TIME_EXTENSION 80, bError is the multiplier
    "LudovicRousseau/CCID ccid.h CCID_TIME_EXTENSION [computed]": (
        "80 00 00 00 00 00 09 80 01 00",
        DataBlock(0, 9, SlotState(IccStatus.ACTIVE, CommandStatus.TIME_EXTENSION, 1), b""),
    ),
    "LudovicRousseau/CCID ccid.h PC_to_RDR_GetParameters [computed]": (
        "6C 00 00 00 00 00 03 00 00 00",
        OtherMessage(0x6C, 0, 3, bytes(3), b""),
    ),
}

# cdc-badge firmware usb_descriptors.h: the array after its interface descriptor, values named there byte by byte.
BADGE = (
    "36 21 10 01 00 07 02 00 00 00 A0 0F 00 00 A0 0F 00 00 00 00 2A 00 00 00 2A 00 00 00"
    "FE 00 00 00 00 00 00 00 00 00 00 00 FE 00 04 00 0F 01 00 00 FF FF 00 00 00 01"
)
# LudovicRousseau/CCID readers/ACR122U_PICC.txt: the values; places as in ccid_usb.c (dwFeatures at 40).
ACR122U = (
    "36 21 00 01 00 07 02 00 00 00 A0 0F 00 00 A0 0F 00 00 00 00 2A 00 00 90 D0 03 00 00"
    "00 01 00 00 00 00 00 00 00 00 00 00 40 00 02 00 0F 01 00 00 00 00 00 00 00 01"
)


@pytest.mark.parametrize(("octets", "message"), VECTORS.values(), ids=VECTORS.keys())
def test_messages_are_written_as_in_the_log(octets: str, message: Message) -> None:
    assert ccid.encode(message) == bytes.fromhex(octets)


@pytest.mark.parametrize(("octets", "message"), VECTORS.values(), ids=VECTORS.keys())
def test_messages_are_read_as_in_the_log(octets: str, message: Message) -> None:
    assert ccid.decode(bytes.fromhex(octets)) == message


def test_every_message_has_a_vector() -> None:
    assert {type(message) for _, message in VECTORS.values()} == set(get_args(Message))


@pytest.mark.parametrize(("octets", "message"), VECTORS.values(), ids=VECTORS.keys())
def test_a_message_cut_short_anywhere_is_refused(octets: str, message: Message) -> None:
    whole = bytes.fromhex(octets)
    for end in range(len(whole)):
        with pytest.raises(WireError):
            ccid.decode(whole[:end])


@pytest.mark.parametrize(("octets", "message"), VECTORS.values(), ids=VECTORS.keys())
def test_a_message_with_garbage_behind_it_is_refused(octets: str, message: Message) -> None:
    if isinstance(message, NotifySlotChange):
        return  # it has no length of its own: more bytes are more slots
    with pytest.raises(WireError):
        ccid.decode(bytes.fromhex(octets) + b"\x00")


def test_a_broken_reader_that_forgets_its_length_is_refused() -> None:
    # A log in a public firmware's comment: "<- 80 00 00 00 00 00 05 00 00 00 3B 8A 80 01", dwLength 0 before an ATR.
    with pytest.raises(WireError, match="dwLength is 0 but 4 bytes follow"):
        ccid.decode(bytes.fromhex("80 00 00 00 00 00 05 00 00 00 3B 8A 80 01"))


def test_a_status_with_a_body_is_refused() -> None:
    with pytest.raises(WireError, match="carries no data"):
        ccid.decode(bytes.fromhex("81 01 00 00 00 00 05 00 00 00 00"))


@pytest.mark.parametrize("status", ["03", "C0"])
def test_a_status_that_no_manual_knows_is_refused(status: str) -> None:
    with pytest.raises(WireError, match="bStatus"):
        ccid.decode(bytes.fromhex(f"81 00 00 00 00 00 05 {status} 00 00"))


def test_notification_tells_slots_apart() -> None:
    # ccid_usb.c: two bits a slot, low pair first, four slots a byte
    notification = NotifySlotChange(bytes.fromhex("0E01"))
    assert [notification.present(slot) for slot in (0, 1, 4, 9)] == [False, True, True, False]
    assert [notification.changed(slot) for slot in (0, 1, 4, 9)] == [True, True, False, False]


@pytest.mark.parametrize("message", [GetSlotStatus(256, 0), GetSlotStatus(0, 256), XfrBlock(0, 0, b"", level=0x10000)])
def test_what_does_not_fit_is_not_sent(message: Message) -> None:
    with pytest.raises(WireError):
        ccid.encode(message)


def test_class_descriptor_of_a_firmware_is_read_and_written() -> None:
    badge = ccid.decode_descriptor(bytes.fromhex(BADGE))
    assert badge == ClassDescriptor(
        release=0x0110,
        max_slot_index=0,
        voltages=7,
        protocols=2,
        default_clock=4000,
        maximum_clock=4000,
        clock_choices=0,
        data_rate=10752,
        max_data_rate=10752,
        data_rate_choices=0,
        max_ifsd=254,
        synchronous_protocols=0,
        mechanical=0,
        features=0x000400FE,
        max_message_length=271,
        class_get_response=0xFF,
        class_envelope=0xFF,
        lcd_layout=0,
        pin_support=0,
        max_busy_slots=1,
    )
    assert badge.exchange_level is ExchangeLevel.EXTENDED_APDU
    assert ccid.encode_descriptor(badge) == bytes.fromhex(BADGE)


def test_contactless_reader_speaks_short_apdus() -> None:
    reader = ccid.decode_descriptor(bytes.fromhex(ACR122U))
    assert (reader.features, reader.max_data_rate, reader.max_ifsd) == (0x00020040, 250000, 256)
    assert reader.exchange_level is ExchangeLevel.SHORT_APDU


@pytest.mark.parametrize("octets", ["", BADGE[:-3], BADGE + "00", "36 22" + BADGE[5:]])
def test_other_extra_bytes_are_no_class_descriptor(octets: str) -> None:
    with pytest.raises(WireError):
        ccid.decode_descriptor(bytes.fromhex(octets))


@given(st.binary(max_size=300))
def test_any_transfer_is_a_message_or_a_wire_error(transfer: bytes) -> None:
    try:
        message = ccid.decode(transfer)
    except WireError:
        return
    assert ccid.decode(ccid.encode(message)) == message
