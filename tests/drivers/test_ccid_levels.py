"""The CCID driver at every exchange level, against the simulated reader: APDUs in pieces, T=0, T=1, slots, Abort."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from device_sim.ccid_reader import (
    BULK_OUT,
    CLASS_DESCRIPTOR,
    EXTENDED_DESCRIPTOR,
    TPDU_DESCRIPTOR,
    SimulatedCcidReader,
)
from device_sim.usb.backend import InProcessBackend
from device_sim.usb.bus import SimulatedBus
from drivers.ccid_exchange import ANSWER_S, DEADLINE_S, OVERALL_S
from drivers.ccid_reader import POLL_S, CcidReader
from drivers.smart_card_reader import ExchangeFailed, SmartCardReader
from drivers.usb import open_usb
from kiosk_core.errors import DeviceUnavailable, ProtocolViolation
from tests.clocks import SetClock
from wire import ccid
from wire.ccid import ClockCommand, IccStatus, MechanicalFunction
from wire.ccid_descriptor import ClassDescriptor, Feature
from wire.ccid_parameters import T0Parameters, T1Parameters

NAME = "sam"
VENDOR, PRODUCT = 0x08E6, 0x3437
READ = bytes.fromhex("00B0000000")
SELECT = bytes.fromhex("00A4000000")

# popovec/OsEID doc/T1_CRC.txt: T=0 and T=1 with CRC, IFSC 254, TA1 96
OSEID = bytes.fromhex("3BD596028071FE65014F734549445E")
# LudovicRousseau/CCID issue 27: T=1 alone with LRC, IFSC 254, TA1 18
CARDOS = bytes.fromhex("3BF2180002C10A31FE58C80874")
# a card of T=0 alone at the default speed (LudovicRousseau/pcsc-tools smartcard_list.txt)
T0_ONLY = bytes.fromhex("3B6800000073C84012009000")


class Chip:
    """A card that answers what a test wrote down, else 6D00, and remembers what it was sent."""

    def __init__(self, atr: bytes, answers: dict[bytes, bytes] | None = None) -> None:
        self.atr = atr
        self.answers = answers or {}
        self.sent: list[bytes] = []

    def power_on(self) -> bytes:
        return self.atr

    def power_off(self) -> None:
        pass

    def transmit(self, command: bytes) -> bytes | None:
        self.sent.append(command)
        return self.answers.get(command, bytes.fromhex("6D00"))


class Spied(SimulatedCcidReader):
    """The simulated reader; what it is sent and answers is kept without bSeq."""

    def __init__(self, clock: SetClock, reader: ClassDescriptor, **options: bool | float) -> None:
        super().__init__(VENDOR, PRODUCT, clock, reader=reader, **options)  # type: ignore[arg-type]
        self.log: list[str] = []
        self.lost = 0

    def bulk_out(self, endpoint: int, data: bytes) -> None:
        self.log.append("-> " + (data[:6] + data[7:]).hex(" ").upper())
        super().bulk_out(endpoint, data)
        if self.lost and data[0] == 0x6F:
            self.lost -= 1
            self._answers.clear()

    def bulk_in(self, endpoint: int, size: int) -> bytes | None:
        data = super().bulk_in(endpoint, size)
        if data is not None and endpoint != 0x81:
            self.log.append("<- " + (data[:6] + data[7:]).hex(" ").upper())
        return data


class Rig:
    """A reader on a bus, and its driver."""

    def __init__(self, reader: ClassDescriptor, **options: bool | float) -> None:
        self.clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
        self.bus = SimulatedBus(self.clock)
        self.sim = Spied(self.clock, reader, **options)
        self.bus.attach(self.sim)
        transport = open_usb(
            VENDOR, PRODUCT, NAME, self.clock, ccid.INTERFACE_CLASS, backend=InProcessBackend(self.bus)
        )
        self.driver = CcidReader(NAME, transport, self.clock)

    def powered(self, chip: Chip, slot: int = 0) -> Chip:
        """Put a card in and give it power."""
        self.sim.insert(chip, slot)
        assert self.driver.power_on(slot) == chip.atr
        self.sim.log.clear()
        return chip


def test_is_a_smart_card_reader() -> None:
    port: SmartCardReader = Rig(CLASS_DESCRIPTOR).driver
    assert port.slot() is IccStatus.ABSENT


# -- extended APDU level -------------------------------------------------------------------------------


def test_a_long_command_and_a_long_answer_travel_in_pieces() -> None:
    rig = Rig(EXTENDED_DESCRIPTOR)
    command = bytes.fromhex("00D60000 000300") + bytes(range(256)) * 3
    answer = bytes(range(256)) * 2 + bytes.fromhex("9000")
    chip = rig.powered(Chip(OSEID, {command: answer}))
    assert rig.driver.transmit(command) == answer
    assert chip.sent == [command]
    # 6.1.4: wLevelParameter 1 begins, 3 continues, 2 ends, 10 asks for more; 775 = 261 + 261 + 253
    heads = [line[:29] for line in rig.sim.log]
    assert heads == [
        "-> 6F 05 01 00 00 00 00 01 00",
        "<- 80 00 00 00 00 00 00 00 10",
        "-> 6F 05 01 00 00 00 00 03 00",
        "<- 80 00 00 00 00 00 00 00 10",
        "-> 6F FD 00 00 00 00 00 02 00",
        "<- 80 05 01 00 00 00 00 00 01",
        "-> 6F 00 00 00 00 00 00 10 00",
        "<- 80 FD 00 00 00 00 00 00 02",
    ]


@pytest.mark.parametrize("length", [261, 262, 522, 523])
def test_answers_of_any_length_are_put_together(length: int) -> None:
    rig = Rig(EXTENDED_DESCRIPTOR)
    answer = bytes(length - 2) + b"\x90\x00"
    rig.powered(Chip(OSEID, {READ: answer}))
    assert rig.driver.transmit(READ) == answer


# -- TPDU level, T=1 -----------------------------------------------------------------------------------


def test_t1_with_crc_goes_as_in_the_log_of_a_real_reader() -> None:
    # OsEID T1_CRC.txt: every message with the same bytes, but for bSeq and the protocol, which pcscd chose there
    rig = Rig(replace(TPDU_DESCRIPTOR, protocols=0x02, default_clock=4800))
    answer = bytes.fromhex("6F1781027FFF82013883023F008603113FFF8502" + "00028A01AA9000")
    rig.sim.insert(Chip(OSEID, {SELECT: answer}))
    assert rig.driver.power_on() == OSEID
    assert rig.sim.log[2:] == [
        "-> 62 00 00 00 00 00 01 00 00",
        "<- 80 0F 00 00 00 00 00 00 00 3B D5 96 02 80 71 FE 65 01 4F 73 45 49 44 5E",
        "-> 6F 04 00 00 00 00 00 00 00 FF 11 96 78",
        "<- 80 04 00 00 00 00 00 00 00 FF 11 96 78",
        "-> 61 07 00 00 00 00 01 00 00 96 11 02 65 00 FE 00",
        "<- 82 07 00 00 00 00 00 00 01 96 11 02 65 00 FE 00",
        "-> 6F 06 00 00 00 00 00 00 00 00 C1 01 FE 54 4E",
        "<- 80 06 00 00 00 00 00 00 00 00 E1 01 FE 57 75",
    ]
    rig.sim.log.clear()
    assert rig.driver.transmit(SELECT) == answer
    assert rig.sim.log[0] == "-> 6F 0A 00 00 00 00 00 00 00 00 00 05 00 A4 00 00 00 B8 DA"


def test_sequence_bits_alternate_and_lrc_closes_the_block() -> None:
    rig = Rig(TPDU_DESCRIPTOR)
    rig.powered(Chip(CARDOS))
    assert rig.driver.transmit(bytes.fromhex("80FE0000")) == bytes.fromhex("6D00")
    assert rig.driver.transmit(bytes.fromhex("80FE00000101")) == bytes.fromhex("6D00")
    assert rig.sim.log[2:] == [
        "-> 6F 0A 00 00 00 00 00 00 00 00 40 06 80 FE 00 00 01 01 38",  # PCSC issue 71
        "<- 80 06 00 00 00 00 00 00 00 00 40 02 6D 00 2F",
    ]


def test_long_commands_and_answers_are_chained() -> None:
    rig = Rig(TPDU_DESCRIPTOR)
    command = bytes.fromhex("00D60000 000300") + bytes(range(256)) * 3
    answer = bytes(1000) + bytes.fromhex("9000")
    chip = rig.powered(Chip(CARDOS, {command: answer}))
    assert rig.driver.transmit(command) == answer
    assert rig.driver.transmit(READ) == bytes.fromhex("6D00")
    assert chip.sent == [command, READ]


@pytest.mark.parametrize("garbled", [1, 2, 3])
def test_a_garbled_block_is_asked_for_again_and_the_command_is_carried_out_once(garbled: int) -> None:
    rig = Rig(TPDU_DESCRIPTOR)
    chip = rig.powered(Chip(CARDOS, {READ: bytes.fromhex("AABB9000")}))
    rig.sim.whims.garbled = garbled
    assert rig.driver.transmit(READ) == bytes.fromhex("AABB9000")
    assert chip.sent == [READ]


@pytest.mark.parametrize("deaf", [1, 2])
def test_a_block_that_the_card_did_not_understand_is_sent_again(deaf: int) -> None:
    rig = Rig(TPDU_DESCRIPTOR)
    chip = rig.powered(Chip(CARDOS, {READ: bytes.fromhex("AABB9000")}))
    rig.sim.whims.deaf = deaf
    assert rig.driver.transmit(READ) == bytes.fromhex("AABB9000")
    assert chip.sent == [READ]


@pytest.mark.parametrize("whim", ["garbled", "deaf"])
def test_after_a_resynchronisation_the_command_is_not_sent_again(whim: str) -> None:
    rig = Rig(TPDU_DESCRIPTOR)
    chip = rig.powered(Chip(CARDOS))
    setattr(rig.sim.whims, whim, 4)
    assert rig.driver.transmit(READ) == ExchangeFailed(IccStatus.ACTIVE, 0xFD)
    assert "-> 6F 04 00 00 00 00 00 00 00 00 C0 00 C0" in rig.sim.log  # S(RESYNCH request)
    assert chip.sent.count(READ) <= 1
    # and the link works again, with its block length agreed on anew
    sent = len(chip.sent)
    assert rig.driver.transmit(SELECT) == bytes.fromhex("6D00")
    assert chip.sent[sent:] == [SELECT]


def test_a_card_that_never_sends_a_whole_block_is_given_up_until_it_gets_power_anew() -> None:
    rig = Rig(TPDU_DESCRIPTOR)
    chip = rig.powered(Chip(CARDOS))
    rig.sim.whims.garbled = 1000
    failed = ExchangeFailed(IccStatus.ACTIVE, 0xFD)
    assert rig.driver.transmit(READ) == failed
    rig.sim.whims.garbled = 0
    rig.sim.log.clear()
    assert rig.driver.transmit(READ) == failed
    assert rig.sim.log == []
    assert rig.driver.power_on() == CARDOS
    assert rig.driver.transmit(READ) == bytes.fromhex("6D00")
    assert chip.sent == [READ, READ]


def test_waiting_times_and_a_new_block_length_are_granted() -> None:
    rig = Rig(TPDU_DESCRIPTOR)
    command = bytes.fromhex("00D6000020") + bytes(32)
    chip = rig.powered(Chip(CARDOS, {READ: bytes.fromhex("9000")}))
    rig.sim.whims.waiting_times = [5, 2]
    rig.sim.whims.new_ifsc = 16
    assert rig.driver.transmit(READ) == bytes.fromhex("9000")
    # S(WTX response) goes with the multiplier in bBWI
    assert "-> 6F 05 00 00 00 00 05 00 00 00 E3 01 05 E7" in rig.sim.log
    rig.sim.log.clear()
    assert rig.driver.transmit(command) == bytes.fromhex("6D00")
    assert rig.sim.log[0].startswith("-> 6F 14 00 00 00 00 00 00 00 00 60 10")
    assert chip.sent == [READ, command]


def test_endless_waiting_times_end() -> None:
    rig = Rig(TPDU_DESCRIPTOR, apdu_s=0.5)
    rig.powered(Chip(CARDOS))
    rig.sim.whims.waiting_times = [1] * 1000
    began = rig.clock.now()
    assert rig.driver.transmit(READ) == ExchangeFailed(IccStatus.ACTIVE, 0xFF)
    assert OVERALL_S <= rig.clock.now() - began <= DEADLINE_S


def test_a_card_that_refuses_the_speed_stays_at_the_default() -> None:
    # TA1 18 is asked for; this card, in its PPS, knows no speed but the default
    rig = Rig(replace(TPDU_DESCRIPTOR, max_data_rate=10752))
    rig.powered(Chip(CARDOS))
    assert rig.driver.transmit(READ) == bytes.fromhex("6D00")
    assert rig.driver.parameters() == T1Parameters(0x11, 0x10, 2, 0x58, ifsc=254)


@pytest.mark.parametrize("feature", [Feature.NEGOTIATES_PARAMETERS, Feature.MAKES_PPS])
def test_what_the_reader_does_by_itself_is_left_to_it(feature: Feature) -> None:
    rig = Rig(replace(TPDU_DESCRIPTOR, features=TPDU_DESCRIPTOR.features | feature | Feature.NEGOTIATES_IFSD))
    rig.sim.insert(Chip(CARDOS))
    rig.driver.power_on()
    sent = [line[3:5] for line in rig.sim.log if line.startswith("->")]
    assert sent == ["63", "62"] + ["61"] * (feature is Feature.MAKES_PPS)


# -- TPDU level, T=0 -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "tpdu"),
    [
        ("00 A4 00 00", "00 A4 00 00 00"),  # case 1: P3 is 00
        ("00 B0 00 00 04", "00 B0 00 00 04"),  # case 2
        ("00 A4 00 00 02 3F 00", "00 A4 00 00 02 3F 00"),  # case 3
        ("00 A4 00 00 02 3F 00 00", "00 A4 00 00 02 3F 00"),  # case 4: without Le
    ],
)
def test_t0_sends_a_header_of_five_bytes(command: str, tpdu: str) -> None:
    rig = Rig(TPDU_DESCRIPTOR)
    rig.powered(Chip(T0_ONLY))
    assert rig.driver.transmit(bytes.fromhex(command)) == bytes.fromhex("6D00")
    assert rig.sim.log[0].endswith(" 00 00 00 " + tpdu)
    assert len(rig.sim.log) == 2


def test_t0_leaves_61_and_6c_to_the_caller() -> None:
    rig = Rig(TPDU_DESCRIPTOR)
    select = bytes.fromhex("00A40000023F00")
    chip = rig.powered(Chip(T0_ONLY, {select: bytes.fromhex("6F02AABB9000"), READ: bytes.fromhex("11229000")}))
    assert rig.driver.transmit(select) == bytes.fromhex("6104")
    assert rig.driver.transmit(bytes.fromhex("00C0000004")) == bytes.fromhex("6F02AABB9000")
    assert rig.driver.transmit(READ) == bytes.fromhex("6C02")
    assert chip.sent == [select, READ]


def test_parameters_of_t0_are_set() -> None:
    rig = Rig(TPDU_DESCRIPTOR)
    rig.powered(Chip(T0_ONLY))
    assert rig.driver.parameters() == T0Parameters()
    assert rig.driver.reset_parameters() == T0Parameters()


@pytest.mark.parametrize("atr", [CARDOS, T0_ONLY])
def test_a_card_that_is_pulled_out_in_an_exchange_is_absent(atr: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(TPDU_DESCRIPTOR)
    chip = rig.powered(Chip(atr))
    monkeypatch.setattr(chip, "transmit", lambda _: None)
    assert rig.driver.transmit(READ) == ExchangeFailed(IccStatus.ABSENT, 0xFE)
    assert rig.driver.slot() is IccStatus.ABSENT


# -- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reader", "atr", "command"),
    [
        (CLASS_DESCRIPTOR, OSEID, b""),
        (CLASS_DESCRIPTOR, OSEID, bytes(3)),
        (CLASS_DESCRIPTOR, OSEID, bytes(262)),
        (EXTENDED_DESCRIPTOR, OSEID, bytes(65545)),
        (TPDU_DESCRIPTOR, CARDOS, bytes(65545)),
        (TPDU_DESCRIPTOR, T0_ONLY, bytes.fromhex("00D60000000003AABBCC")),
    ],
)
def test_what_does_not_go_to_the_card_is_not_sent(reader: ClassDescriptor, atr: bytes, command: bytes) -> None:
    rig = Rig(reader)
    rig.powered(Chip(atr))
    with pytest.raises(ValueError, match=r"bytes|T=0"):
        rig.driver.transmit(command)
    assert rig.sim.log == []


def test_a_card_without_a_common_protocol_fails() -> None:
    rig = Rig(replace(TPDU_DESCRIPTOR, protocols=0x01))
    rig.sim.insert(Chip(CARDOS))
    assert rig.driver.power_on() == ExchangeFailed(IccStatus.ACTIVE, 0xF6)
    assert rig.driver.transmit(READ) == ExchangeFailed(IccStatus.INACTIVE, 0xFE)


# -- slots, voltage, the rest of the commands ----------------------------------------------------------


@pytest.mark.parametrize("reader", [CLASS_DESCRIPTOR, EXTENDED_DESCRIPTOR, TPDU_DESCRIPTOR])
def test_slots_do_not_know_each_other(reader: ClassDescriptor) -> None:
    rig = Rig(replace(reader, max_slot_index=2))
    customer = rig.powered(Chip(CARDOS, {READ: bytes.fromhex("019000")}))
    sam = rig.powered(Chip(CARDOS, {READ: bytes.fromhex("029000")}), slot=2)
    assert (rig.driver.slots, rig.driver.slot(1)) == (3, IccStatus.ABSENT)
    assert [rig.driver.transmit(READ, slot)[:1] for slot in (0, 2, 2, 0)] == [b"\1", b"\2", b"\2", b"\1"]  # type: ignore[index]
    assert rig.driver.power_on(1) == ExchangeFailed(IccStatus.ABSENT, 0xFE)
    rig.driver.power_off()
    assert rig.driver.transmit(READ, 2) == bytes.fromhex("029000")
    assert (len(customer.sent), len(sam.sent)) == (2, 3)
    with pytest.raises(ValueError, match="no slot 3"):
        rig.driver.slot(3)


def test_a_reader_that_chooses_no_voltage_is_given_all_that_it_has() -> None:
    rig = Rig(TPDU_DESCRIPTOR)
    mute = Chip(CARDOS)
    rig.sim.insert(mute)
    rig.sim._power_on = lambda command, _: rig.sim._failed(command, ccid.SlotError.ICC_MUTE)  # type: ignore[method-assign]
    assert rig.driver.power_on() == ExchangeFailed(IccStatus.INACTIVE, 0xFE)
    asked = [line for line in rig.sim.log if line.startswith("-> 62")]
    # the order of libccid: 5 V, 1.8 V, 3 V
    assert asked == [f"-> 62 00 00 00 00 00 0{code} 00 00" for code in (1, 3, 2)]


def test_the_other_commands_have_their_answers() -> None:
    rig = Rig(replace(TPDU_DESCRIPTOR, features=TPDU_DESCRIPTOR.features | Feature.STOPS_CLOCK))
    rig.sim.escapes[b"\x02"] = b"GemTwin"
    rig.powered(Chip(T0_ONLY))
    assert rig.driver.escape(b"\x02") == b"GemTwin"
    assert rig.driver.escape(b"\x6a") == ExchangeFailed(IccStatus.ACTIVE, 0x0A)
    assert rig.driver.clock(ClockCommand.STOP) is None
    assert rig.driver.mechanical(MechanicalFunction.LOCK) == ExchangeFailed(IccStatus.ACTIVE, 0x00)
    assert rig.driver.set_data_rate(4000, 500000) == (4000, 344086)


# -- Abort ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", [CLASS_DESCRIPTOR, EXTENDED_DESCRIPTOR, TPDU_DESCRIPTOR])
def test_a_lost_answer_is_aborted_and_never_asked_for_again(reader: ClassDescriptor) -> None:
    rig = Rig(reader)
    chip = rig.powered(Chip(CARDOS))
    rig.sim.lost = 1
    began = rig.clock.now()
    assert rig.driver.transmit(READ) == ExchangeFailed(IccStatus.ACTIVE, 0xFF)
    assert rig.clock.now() - began >= ANSWER_S
    assert rig.sim.log[-2:] == ["-> 72 00 00 00 00 00 00 00 00", "<- 81 00 00 00 00 00 00 00 00"]
    assert chip.sent == [READ]
    assert rig.driver.power_on() == CARDOS
    assert rig.driver.transmit(SELECT) == bytes.fromhex("6D00")


def test_half_an_abort_that_a_session_before_left_is_completed() -> None:
    """Until it has both the reader refuses everything (CCID 5.3.1); a day of misfortune found one that did for ever."""
    rig = Rig(CLASS_DESCRIPTOR)
    rig.sim.control_in(0x21, 0x01, 0x7700, 0, 0)  # ABORT of bSeq 77, whose message was lost
    with pytest.raises(DeviceUnavailable):
        rig.driver.slot()
    assert rig.driver.slot() is IccStatus.ABSENT


def test_a_reader_without_abort_is_silent() -> None:
    rig = Rig(CLASS_DESCRIPTOR, aborts=False)
    rig.powered(Chip(CARDOS))
    rig.sim.lost = 1
    with pytest.raises(DeviceUnavailable, match="silent"):
        rig.driver.transmit(READ)
    assert rig.driver.transmit(READ) == bytes.fromhex("6D00")


# -- insertion and removal -----------------------------------------------------------------------------


def later(rig: Rig, at_s: float, event: Callable[[], object]) -> None:
    """Let `event` happen `at_s` from now, while somebody sleeps."""
    at, sleep = rig.clock.now() + at_s, rig.clock.sleep
    waiting = [event]

    def and_happen(seconds: float) -> None:
        sleep(seconds)
        if waiting and rig.clock.now() >= at:
            waiting.pop()()

    rig.clock.sleep = and_happen  # type: ignore[method-assign]


@pytest.mark.parametrize(("notifies", "noticed_s"), [(True, 0.01), (False, POLL_S)])
def test_a_card_that_comes_is_noticed(notifies: bool, noticed_s: float) -> None:
    rig = Rig(CLASS_DESCRIPTOR, notifies=notifies)
    later(rig, 1.0, lambda: rig.sim.insert(Chip(OSEID)))
    assert rig.driver.wait_for_change(IccStatus.ABSENT, 30.0) is IccStatus.INACTIVE
    assert rig.clock.now() <= 1.0 + noticed_s + 0.001


@pytest.mark.parametrize("notifies", [True, False])
def test_a_card_that_leaves_is_noticed(notifies: bool) -> None:
    rig = Rig(CLASS_DESCRIPTOR, notifies=notifies)
    rig.powered(Chip(OSEID))
    assert rig.driver.wait_for_change(IccStatus.ACTIVE, 0.0) is IccStatus.ACTIVE
    later(rig, 0.5, rig.sim.remove)
    while (state := rig.driver.wait_for_change(IccStatus.ACTIVE, 30.0)) is not IccStatus.ABSENT:
        assert state is IccStatus.ACTIVE  # the notification of its coming was still waiting
    assert rig.clock.now() <= 0.5 + POLL_S + 0.001


def test_a_wait_in_vain_ends_in_time() -> None:
    rig = Rig(CLASS_DESCRIPTOR)
    assert rig.driver.wait_for_change(IccStatus.ABSENT, 1.0) is IccStatus.ABSENT
    assert rig.clock.now() == pytest.approx(1.0, abs=0.02)


def test_a_change_in_another_slot_is_not_ours() -> None:
    rig = Rig(replace(CLASS_DESCRIPTOR, max_slot_index=1))
    later(rig, 0.3, lambda: rig.sim.insert(Chip(OSEID), 1))
    assert rig.driver.wait_for_change(IccStatus.ABSENT, 1.0) is IccStatus.ABSENT
    assert rig.clock.now() == pytest.approx(1.0, abs=0.02)
    assert rig.driver.wait_for_change(IccStatus.ABSENT, 1.0, slot=1) is IccStatus.INACTIVE


def test_a_hardware_error_on_the_interrupt_pipe_is_a_violation() -> None:
    rig = Rig(CLASS_DESCRIPTOR)
    rig.sim.hardware_error(0x01)
    with pytest.raises(ProtocolViolation, match="hardware error 01 in slot 0"):
        rig.driver.wait_for_change(IccStatus.ABSENT, 1.0)


def test_bytes_that_are_no_notification_are_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(CLASS_DESCRIPTOR)
    monkeypatch.setattr(rig.sim, "_notify", lambda _: b"\x52\x01")
    with pytest.raises(ProtocolViolation, match="interrupt pipe"):
        rig.driver.wait_for_change(IccStatus.ABSENT, 1.0)


def test_the_simulated_reader_is_busy_while_it_works() -> None:
    rig = Rig(CLASS_DESCRIPTOR, apdu_s=1.0)
    rig.powered(Chip(OSEID))
    rig.sim.bulk_out(BULK_OUT, bytes.fromhex("6F0500000000 41 000000 00B0000000"))
    rig.sim.bulk_out(BULK_OUT, bytes.fromhex("650000000000 42 000000"))
    assert rig.sim._answers[-1][1].state.error == 0xE0
