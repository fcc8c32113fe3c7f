"""The CCID exchange against readers that are slow, late, broken or gone."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_sim.card import OtherCard
from device_sim.ccid_reader import CLASS_DESCRIPTOR
from drivers.ccid_exchange import ANSWER_S, OVERALL_S
from drivers.ccid_reader import CcidReader
from drivers.smart_card_reader import ExchangeFailed
from kiosk_core.errors import DeviceUnavailable, OpenTellerError, ProtocolViolation
from kiosk_core.status import Identity
from tests.clocks import SetClock
from tests.top_up import NAME, Bench
from wire.ccid import IccStatus
from wire.ccid_descriptor import encode_descriptor

SELECT = bytes.fromhex("00A4040008A00000063201010500")


class ScriptedTransport:
    """A UsbTransport whose answers a test types by hand; `answer` sees each message and says what comes back."""

    def __init__(self, clock: SetClock, answer: Callable[[bytes], list[bytes]]) -> None:
        self.identity = Identity("scripted")
        self.class_descriptor = encode_descriptor(CLASS_DESCRIPTOR)
        self.sent: list[bytes] = []
        self.coming: list[bytes] = []
        self._clock = clock
        self._answer = answer

    def write(self, data: bytes, timeout_s: float) -> None:
        self.sent.append(data)
        self.coming += self._answer(data)

    def read(self, size: int, timeout_s: float) -> bytes:
        # b"" in the script is a second of silence.
        if self.coming and self.coming[0]:
            return self.coming.pop(0)[:size]
        self._clock.sleep(min(1.0, timeout_s))
        if self.coming:
            self.coming.pop(0)
        return b""

    def discard_input(self) -> None:
        self.coming.clear()

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        raise DeviceUnavailable(NAME, "stalled")  # a reader without ABORT

    def read_interrupt(self, size: int, timeout_s: float) -> bytes:
        self._clock.sleep(timeout_s)
        return b""

    def close(self) -> None:
        self.sent.append(b"closed")


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))


def scripted(clock: SetClock, *script: str) -> tuple[CcidReader, ScriptedTransport]:
    """Return a reader that answers every message with `script`; "SS" there stands for the bSeq of the message."""

    def answer(message: bytes) -> list[bytes]:
        return [bytes.fromhex(line.replace("SS", f"{message[6]:02X}")) for line in script]

    transport = ScriptedTransport(clock, answer)
    return CcidReader(NAME, transport, clock), transport


def test_messages_are_those_of_the_manual(clock: SetClock) -> None:
    # facts/device-protocols.md 3d; sequence numbers count up by one, modulo 256
    reader, transport = scripted(clock, "81 00 00 00 00 00 SS 01 00 00")
    assert reader.slot() is IccStatus.INACTIVE
    reader.power_off()
    assert transport.sent == [bytes.fromhex("65000000000001000000"), bytes.fromhex("63000000000002000000")]
    reader, transport = scripted(clock, "80 02 00 00 00 00 SS 00 00 00 6A 82")
    assert reader.transmit(SELECT) == bytes.fromhex("6A82")
    assert transport.sent == [bytes.fromhex("6F0E000000 00 01 00 0000") + SELECT]
    reader.close()
    assert transport.sent[-1] == b"closed"


def test_power_on_takes_the_power_away_first(clock: SetClock) -> None:
    bench = Bench(clock)
    bench.reader.insert(OtherCard())
    reader = CcidReader(NAME, bench.transport(), clock)
    assert reader.power_on() == OtherCard.ATR
    assert reader.slot() is IccStatus.ACTIVE
    assert reader.power_on() == OtherCard.ATR
    reader.power_off()
    assert reader.slot() is IccStatus.INACTIVE
    assert reader.identity == Identity("OpenTeller Simulated contactless reader", "1.00", "SIM0001")
    reader.close()


def test_without_a_card_power_on_and_transmit_say_absent(clock: SetClock) -> None:
    reader = CcidReader(NAME, Bench(clock).transport(), clock)
    assert reader.slot() is IccStatus.ABSENT
    assert reader.power_on() == ExchangeFailed(IccStatus.ABSENT, 0xFE)
    assert reader.transmit(SELECT) == ExchangeFailed(IccStatus.ABSENT, 0xFE)
    reader.close()


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ("80 00 00 00 00 00 SS 41 FE 00", ExchangeFailed(IccStatus.INACTIVE, 0xFE)),  # PCSC issue 102
        ("80 00 00 00 00 00 SS 40 FD 00", ExchangeFailed(IccStatus.ACTIVE, 0xFD)),  # PCSC issue 117
        ("80 00 00 00 00 00 SS 00 FE 00", ExchangeFailed(IccStatus.ACTIVE, 0xFE)),  # libnfc issue 263
    ],
)
def test_what_did_not_reach_the_card_is_a_result(clock: SetClock, answer: str, failure: ExchangeFailed) -> None:
    reader, _ = scripted(clock, answer)
    assert reader.transmit(SELECT) == failure


def test_an_error_byte_without_a_failure_means_nothing(clock: SetClock) -> None:
    # libnfc issue 666: the ACR122U says 81 there whenever it feels well
    reader, _ = scripted(clock, "80 02 00 00 00 00 SS 00 81 00 90 00")
    assert reader.transmit(SELECT) == bytes.fromhex("9000")


def test_a_late_answer_is_never_taken_for_another_question(clock: SetClock) -> None:
    late: list[bytes] = []
    first = True

    def answer(message: bytes) -> list[bytes]:
        nonlocal first
        mine = bytes.fromhex("80020000 0000") + message[6:7] + bytes.fromhex("000000") + message[-2:]
        if first:
            first = False
            late.append(mine)
            return []
        return [*late, mine]

    transport = ScriptedTransport(clock, answer)
    reader = CcidReader(NAME, transport, clock)
    with pytest.raises(DeviceUnavailable, match="silent"):
        reader.transmit(bytes.fromhex("80520000 1111"))
    assert reader.transmit(bytes.fromhex("805A0000 2222")) == bytes.fromhex("2222")


def test_an_answer_of_another_slot_is_dropped(clock: SetClock) -> None:
    reader, _ = scripted(clock, "81 00 00 00 00 01 SS 02 00 00", "81 00 00 00 00 00 SS 00 00 00")
    assert reader.slot() is IccStatus.ACTIVE


def test_what_a_session_before_left_unread_is_thrown_away(clock: SetClock) -> None:
    transport = ScriptedTransport(clock, lambda message: [bytes.fromhex("810000000000") + message[6:7] + bytes(3)])
    transport.coming.append(bytes.fromhex("81 00 00 00 00 00 01 02 00 00"))
    reader = CcidReader(NAME, transport, clock)
    assert reader.slot() is IccStatus.ACTIVE


def test_a_new_session_does_not_begin_with_the_numbers_of_the_one_before(clock: SetClock) -> None:
    clock.sleep(0.123)
    reader, second = scripted(clock, "81 00 00 00 00 00 SS 00 00 00")
    reader.slot()
    assert second.sent[0][6] == 124


def test_sequence_numbers_begin_again_after_255(clock: SetClock) -> None:
    reader, transport = scripted(clock, "81 00 00 00 00 00 SS 00 00 00")
    for _ in range(257):
        reader.slot()
    assert [message[6] for message in transport.sent] == [*range(1, 256), 0, 1]


def test_a_time_extension_begins_the_wait_anew(clock: SetClock) -> None:
    extension = ["80 00 00 00 00 00 SS 80 01 00", "", ""]
    reader, _ = scripted(clock, *extension * 3, "80 02 00 00 00 00 SS 00 00 00 90 00")
    assert reader.transmit(SELECT) == bytes.fromhex("9000")
    assert clock.now() == pytest.approx(6.0)


def test_time_extensions_end(clock: SetClock) -> None:
    reader, _ = scripted(clock, *["80 00 00 00 00 00 SS 80 FF 00", ""] * 50)
    with pytest.raises(DeviceUnavailable, match="silent"):
        reader.transmit(SELECT)
    assert clock.now() == pytest.approx(OVERALL_S)


def test_a_silent_reader_is_given_up(clock: SetClock) -> None:
    reader, _ = scripted(clock)
    with pytest.raises(DeviceUnavailable, match="silent"):
        reader.slot()
    assert clock.now() == pytest.approx(ANSWER_S)


def test_slow_readers_and_cards_are_waited_for(clock: SetClock) -> None:
    bench = Bench(clock)
    bench.reader.time_extensions = 3
    bench.reader.insert(OtherCard())
    reader = CcidReader(NAME, bench.transport(), clock)
    reader.power_on()
    assert reader.transmit(SELECT) == bytes.fromhex("6A82")
    reader.close()


@pytest.mark.parametrize(
    "answer",
    [
        "80 00 00 00 00 00",  # cut short
        "80 05 00 00 00 00 SS 00 00 00 90 00",  # dwLength 5, two bytes
        "6F 00 00 00 00 00 SS 00 00 00",  # a command
        "50 03",  # a notification on the bulk pipe
        "83 00 00 00 00 00 SS 00 00 00",  # an Escape nobody asked for
        "81 00 00 00 00 00 SS 03 00 00",  # a bmICCStatus that is none
    ],
)
@pytest.mark.parametrize("ask", ["slot", "power_off", "power_on", "transmit"])
def test_bytes_that_are_no_answer_are_a_violation(clock: SetClock, answer: str, ask: str) -> None:
    reader, _ = scripted(clock, answer)
    asks: dict[str, Callable[[], object]] = {
        "slot": reader.slot,
        "power_off": reader.power_off,
        "power_on": reader.power_on,
        "transmit": lambda: reader.transmit(SELECT),
    }
    with pytest.raises(ProtocolViolation):
        asks[ask]()


def test_the_wrong_kind_of_answer_is_a_violation(clock: SetClock) -> None:
    reader, _ = scripted(clock, "80 00 00 00 00 00 SS 00 00 00")
    for ask in (reader.slot, reader.power_off, reader.power_on):
        with pytest.raises(ProtocolViolation, match="DataBlock answers"):
            ask()
    reader, _ = scripted(clock, "81 00 00 00 00 00 SS 00 00 00")
    for ask_card in (reader.power_on, lambda: reader.transmit(SELECT)):
        with pytest.raises(ProtocolViolation, match="SlotStatus answers"):
            ask_card()


def test_a_hardware_error_is_a_violation(clock: SetClock) -> None:
    reader, _ = scripted(clock, "81 00 00 00 00 00 SS 42 FB 00")
    with pytest.raises(ProtocolViolation, match="hardware error"):
        reader.slot()


def test_a_reader_that_exchanges_neither_apdus_nor_tpdus_is_refused(clock: SetClock) -> None:
    transport = ScriptedTransport(clock, lambda _: [])
    for features in ("40 00 00 00", "40 00 07 00"):
        descriptor = bytearray(transport.class_descriptor)
        descriptor[40:44] = bytes.fromhex(features)
        transport.class_descriptor = bytes(descriptor)
        with pytest.raises(ProtocolViolation, match="neither APDUs nor TPDUs"):
            CcidReader(NAME, transport, clock)
    transport.class_descriptor = b""
    with pytest.raises(ProtocolViolation, match="class descriptor"):
        CcidReader(NAME, transport, clock)


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=24), max_size=4))
def test_a_reader_that_talks_nonsense_ends_in_an_error_of_ours(script: list[bytes]) -> None:
    clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
    reader = CcidReader(NAME, ScriptedTransport(clock, lambda _: script), clock)
    try:
        answer = reader.transmit(SELECT)
    except OpenTellerError:
        return
    assert isinstance(answer, ExchangeFailed) or answer in {line[10:] for line in script}
