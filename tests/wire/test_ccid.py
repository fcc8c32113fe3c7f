"""CCID messages against logs of real readers."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import ccid
from wire.ccid import (
    Abort,
    Chain,
    ClockCommand,
    CommandStatus,
    DataBlock,
    DataRateAndClockFrequency,
    Escape,
    EscapeAnswer,
    GetParameters,
    GetSlotStatus,
    HardwareError,
    IccClock,
    IccPowerOff,
    IccPowerOn,
    IccStatus,
    Mechanical,
    MechanicalFunction,
    Message,
    NotifySlotChange,
    OtherMessage,
    Parameters,
    ResetParameters,
    SetDataRateAndClockFrequency,
    SetParameters,
    SlotState,
    SlotStatus,
    T0Apdu,
    Voltage,
    XfrBlock,
)
from wire.ccid_descriptor import ClassDescriptor, ExchangeLevel, Feature, decode_descriptor, encode_descriptor
from wire.ccid_parameters import T0Parameters, T1Parameters, decode_parameters, encode_parameters
from wire.errors import WireError
from wire.usb_printer import ClassRequest

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
    "OsEID T1_CRC.txt (GemPC Twin) -> with 5 V": ("62 00 00 00 00 00 06 01 00 00", IccPowerOn(0, 6, Voltage.V5)),
    "PCSC issue 71 (GemPC Twin) -> PPS": (
        "6F 04 00 00 00 00 0D 00 00 00 FF 11 18 F6",
        XfrBlock(0, 0x0D, bytes.fromhex("FF1118F6")),
    ),
    "PCSC issue 71 (GemPC Twin) -> T=1": (
        "61 07 00 00 00 00 0E 01 00 00 18 10 00 45 00 FE 00",
        SetParameters(0, 0x0E, 1, bytes.fromhex("1810004500FE00")),
    ),
    "PCSC issue 71 (GemPC Twin) <- T=1": (
        "82 07 00 00 00 00 0E 00 00 01 18 10 00 45 00 FE 00",
        Parameters(0, 0x0E, OK, 1, bytes.fromhex("1810004500FE00")),
    ),
    "PCSC issue 71 (GemPC Twin) -> Escape": ("6B 01 00 00 00 00 02 00 00 00 6A", Escape(0, 2, b"\x6a")),
    "PCSC issue 71 (GemPC Twin) <- Escape refused": (
        "83 00 00 00 00 00 02 41 0A 00",
        EscapeAnswer(0, 2, SlotState(IccStatus.INACTIVE, CommandStatus.FAILED, 0x0A), b""),
    ),
    # the piece is what the comment quotes of it, cut to its first bytes with their length
    "open-keychain pull 2842 (Nitrokey 3) -> the answer is to be continued": (
        "6F 00 00 00 00 00 03 00 10 00",
        XfrBlock(0, 3, b"", level=Chain.CONTINUE),
    ),
    "open-keychain pull 2842 (Nitrokey 3) <- first piece [cut]": (
        "80 04 00 00 00 00 02 00 00 01 4F 10 D2 76",
        DataBlock(0, 2, OK, bytes.fromhex("4F10D276"), Chain.FIRST),
    ),
    # fields by section 6.1 and 6.2 in osmo-ccid-firmware ccid_proto.h, header as above
    "osmo-ccid-firmware ccid_proto.h 6.1.5 [computed]": ("6C 00 00 00 00 00 03 00 00 00", GetParameters(0, 3)),
    "osmo-ccid-firmware ccid_proto.h 6.1.6 [computed]": ("6D 00 00 00 00 01 04 00 00 00", ResetParameters(1, 4)),
    "osmo-ccid-firmware ccid_proto.h 6.1.9 [computed]": (
        "6E 00 00 00 00 00 05 01 00 00",
        IccClock(0, 5, ClockCommand.STOP),
    ),
    "osmo-ccid-firmware ccid_proto.h 6.1.10 [computed]": ("6A 00 00 00 00 00 06 01 C0 00", T0Apdu(0, 6, 1, 0xC0, 0)),
    "osmo-ccid-firmware ccid_proto.h 6.1.12 [computed]": (
        "71 00 00 00 00 00 07 02 00 00",
        Mechanical(0, 7, MechanicalFunction.EJECT),
    ),
    "osmo-ccid-firmware ccid_proto.h 6.1.13 [computed]": ("72 00 00 00 00 02 08 00 00 00", Abort(2, 8)),
    # 4000 kHz, 10752 bit/s: A0 0F 00 00 and 00 2A 00 00 as in the descriptors below
    "osmo-ccid-firmware ccid_proto.h 6.1.14 [computed]": (
        "73 08 00 00 00 00 09 00 00 00 A0 0F 00 00 00 2A 00 00",
        SetDataRateAndClockFrequency(0, 9, 4000, 10752),
    ),
    "osmo-ccid-firmware ccid_proto.h 6.2.5 [computed]": (
        "84 08 00 00 00 00 09 00 00 00 A0 0F 00 00 00 2A 00 00",
        DataRateAndClockFrequency(0, 9, OK, 4000, 10752),
    ),
    "LudovicRousseau/CCID ccid.h PC_to_RDR_Secure, not spoken [computed]": (
        "69 01 00 00 00 00 03 00 00 00 00",
        OtherMessage(0x69, 0, 3, bytes(3), b"\x00"),
    ),
}

INTERRUPTS: dict[str, tuple[str, Message]] = {
    "pyscard issue 18 (ACR122U), card came": ("50 03", NotifySlotChange(b"\x03")),
    "pyscard issue 18 (ACR122U), card left": ("50 02", NotifySlotChange(b"\x02")),
    "PCSC issue 71 (GemPC Twin), card came": ("50 03", NotifySlotChange(b"\x03")),
    "osmo-ccid-firmware ccid_proto.h 6.3.2 [computed]": ("51 01 22 01", HardwareError(1, 0x22, 1)),
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


@pytest.mark.parametrize(("octets", "message"), INTERRUPTS.values(), ids=INTERRUPTS.keys())
def test_interrupts_are_written_and_read_as_in_the_log(octets: str, message: Message) -> None:
    assert ccid.encode(message) == bytes.fromhex(octets)
    assert ccid.decode_interrupt(bytes.fromhex(octets)) == message


@pytest.mark.parametrize("octets", ["", "50", "51 00 00", "51 00 00 01 00", "52 03", "81 00 00 00 00 00 01 00 00 00"])
def test_what_is_no_interrupt_is_refused(octets: str) -> None:
    with pytest.raises(WireError):
        ccid.decode_interrupt(bytes.fromhex(octets))


def test_every_message_has_a_vector() -> None:
    seen = {type(message) for _, message in [*VECTORS.values(), *INTERRUPTS.values()]}
    assert seen == set(get_args(Message))


@pytest.mark.parametrize(("octets", "message"), VECTORS.values(), ids=VECTORS.keys())
def test_a_message_cut_short_anywhere_is_refused(octets: str, message: Message) -> None:
    whole = bytes.fromhex(octets)
    for end in range(len(whole)):
        with pytest.raises(WireError):
            ccid.decode(whole[:end])


@pytest.mark.parametrize(("octets", "message"), VECTORS.values(), ids=VECTORS.keys())
def test_a_message_with_garbage_behind_it_is_refused(octets: str, message: Message) -> None:
    with pytest.raises(WireError):
        ccid.decode(bytes.fromhex(octets) + b"\x00")


def test_a_broken_reader_that_forgets_its_length_is_refused() -> None:
    # A log in a public firmware's comment: "<- 80 00 00 00 00 00 05 00 00 00 3B 8A 80 01", dwLength 0 before an ATR.
    with pytest.raises(WireError, match="dwLength is 0 but 4 bytes follow"):
        ccid.decode(bytes.fromhex("80 00 00 00 00 00 05 00 00 00 3B 8A 80 01"))


def test_a_status_with_a_body_is_refused() -> None:
    with pytest.raises(WireError, match="carries 0 bytes of data, not 1"):
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


@pytest.mark.parametrize(
    "message",
    [
        GetSlotStatus(256, 0),
        GetSlotStatus(0, 256),
        XfrBlock(0, 0, b"", level=0x10000),
        SetDataRateAndClockFrequency(0, 0, 1 << 32, 0),
        HardwareError(0, 0, 256),
        IccPowerOn(0, 0, 256),
    ],
)
def test_what_does_not_fit_is_not_sent(message: Message) -> None:
    with pytest.raises(WireError):
        ccid.encode(message)


def test_class_descriptor_of_a_firmware_is_read_and_written() -> None:
    badge = decode_descriptor(bytes.fromhex(BADGE))
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
    assert encode_descriptor(badge) == bytes.fromhex(BADGE)


def test_contactless_reader_speaks_short_apdus() -> None:
    reader = decode_descriptor(bytes.fromhex(ACR122U))
    assert (reader.features, reader.max_data_rate, reader.max_ifsd) == (0x00020040, 250000, 256)
    assert reader.exchange_level is ExchangeLevel.SHORT_APDU
    assert reader.has(Feature.NEGOTIATES_PARAMETERS)
    assert not reader.has(Feature.CHOOSES_VOLTAGE | Feature.NEGOTIATES_IFSD)


# Structures of Get- and SetParameters: protocol number and bytes.
PARAMETERS: dict[str, tuple[int, str, T0Parameters | T1Parameters]] = {
    "PCSC issue 71: LRC, BWI 4 and CWI 5": (1, "18 10 00 45 00 FE 00", T1Parameters(0x18, 0x10, 0, 0x45, ifsc=254)),
    "OsEID T1_CRC.txt: CRC, guard time 2": (1, "96 11 02 65 00 FE 00", T1Parameters(0x96, 0x11, 2, 0x65, ifsc=254)),
    "LudovicRousseau/CCID ifdhandler.c, defaults of T=0": (0, "11 00 00 0A 00", T0Parameters()),
    "LudovicRousseau/CCID ifdhandler.c, defaults of T=1": (1, "11 10 00 4D 00 20 00", T1Parameters()),
}


@pytest.mark.parametrize(("protocol", "octets", "parameters"), PARAMETERS.values(), ids=PARAMETERS.keys())
def test_parameters_are_written_and_read(protocol: int, octets: str, parameters: T0Parameters | T1Parameters) -> None:
    assert encode_parameters(parameters) == (protocol, bytes.fromhex(octets))
    assert decode_parameters(protocol, bytes.fromhex(octets)) == parameters


def test_other_structures_are_no_parameters() -> None:
    for protocol, data in ((0, bytes(7)), (1, bytes(5)), (0x80, bytes(3)), (1, b"")):
        with pytest.raises(WireError):
            decode_parameters(protocol, data)
    with pytest.raises(WireError):
        encode_parameters(T0Parameters(guard_time=256))


def test_abort_names_slot_and_number_in_both_halves() -> None:
    # CCID 5.3.1: bmRequestType 21, bRequest 01, wValue is bSeq (high) and bSlot (low)
    assert ccid.abort_request(2, 0x08, interface=1) == ClassRequest(0x21, 0x01, 0x0802, 1, 0)
    # src/ccid_usb.c get_data_rates: A1 03, four bytes a rate
    assert ccid.get_data_rates(3) == ClassRequest(0xA1, 0x03, 0, 0, 12)


@pytest.mark.parametrize("octets", ["", BADGE[:-3], BADGE + "00", "36 22" + BADGE[5:]])
def test_other_extra_bytes_are_no_class_descriptor(octets: str) -> None:
    with pytest.raises(WireError):
        decode_descriptor(bytes.fromhex(octets))


@given(st.binary(max_size=300))
def test_any_transfer_is_a_message_or_a_wire_error(transfer: bytes) -> None:
    try:
        message = ccid.decode(transfer)
    except WireError:
        return
    assert ccid.decode(ccid.encode(message)) == message


@given(st.binary(max_size=70))
def test_any_interrupt_is_a_message_or_a_wire_error(transfer: bytes) -> None:
    try:
        message = ccid.decode_interrupt(transfer)
    except WireError:
        return
    assert ccid.encode(message) == transfer
