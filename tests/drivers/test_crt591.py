"""The CRT-591's driver against the simulated reader: on a virtual line and clock, on `sim://` and on a pty."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.cards.mifare import MifareClassic
from device_sim.crt591 import SimulatedCrt591
from device_sim.crt591_cards import (
    SimulatedI2cCard,
    SimulatedSle4428,
    SimulatedSle4442,
)
from device_sim.plastic_card import PlasticCard
from device_sim.serial.handlers import register
from device_sim.serial.pty_port import PtyPort
from device_sim.serial.world import SerialWorld
from drivers.crt591 import _FAULTS, _REFUSALS, BAUDRATE, Crt591Reader, Profile
from drivers.serial_port import open_serial
from kiosk_core.card_reader import (
    CardReader,
    CardRefusal,
    ChipAnswer,
    ChipPower,
    ChipProtocol,
    Destination,
    RawData,
    ResetAction,
)
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, OpenTellerError, ProtocolViolation
from kiosk_core.status import DeviceState, Identity, Media, Supply
from tests.clocks import RealClock, SetClock
from tests.patience import until
from wire import crt591, crt591_chips, crt591_storage
from wire.crt591 import ErrorCode, Position
from wire.crt591_storage import Answer, I2cType, SleState, Status

NAME = "card_reader"
SELECT = bytes.fromhex("00A4040000")
CHALLENGE = bytes.fromhex("0084000004")


class Chip:
    """A card that answers what a test wrote down, and remembers what it was sent."""

    ATR = bytes.fromhex("3B6800000073C84012009000")  # a common ATR of T=0

    def __init__(self, answers: dict[bytes, bytes | None] | None = None) -> None:
        self.answers = answers or {CHALLENGE: bytes.fromhex("AABBCCDD9000")}
        self.sent: list[bytes] = []

    def power_on(self) -> bytes:
        return self.ATR

    def power_off(self) -> None:
        pass

    def transmit(self, command: bytes) -> bytes | None:
        self.sent.append(command)
        return self.answers.get(command, bytes.fromhex("6D00"))


class Line:
    """A serial line on virtual time: reading lets time pass in steps of a millisecond."""

    def __init__(self, device: SimulatedCrt591, clock: SetClock) -> None:
        self._device = device
        self._clock = clock
        self._input = bytearray()
        self.sent: list[bytes] = []
        self.plugged = True

    def write(self, data: bytes, timeout_s: float) -> None:
        self._check()
        self.sent.append(data)
        self._input += self._device.receive(data)

    def read(self, size: int, timeout_s: float) -> bytes:
        deadline = self._clock.now() + timeout_s
        while True:
            self._check()
            self._input += self._device.idle()
            if self._input or self._clock.now() >= deadline:
                self._clock.sleep(0.001)
                data = bytes(self._input[:size])
                del self._input[:size]
                return data
            self._clock.sleep(min(0.001, max(deadline - self._clock.now(), 1e-6)))

    def discard_input(self) -> None:
        self._check()
        self._input.clear()

    def close(self) -> None:
        self.plugged = False

    def _check(self) -> None:
        if not self.plugged:
            raise DeviceUnavailable(NAME, "gone")


class Bench:
    """A reader, its line, its driver and their clock."""

    def __init__(self, profile: Profile | None = None, **settings: int) -> None:
        self.clock = SetClock(datetime(2025, 1, 2, tzinfo=UTC))
        self.reader = SimulatedCrt591(self.clock, **settings)
        self.line = Line(self.reader, self.clock)
        self.driver = Crt591Reader(NAME, self.line, self.clock, profile)

    def ready(self) -> "Bench":
        self.driver.reset()
        self.line.sent.clear()
        return self

    def with_card(self, chip: Chip | None = None) -> "Bench":
        self.ready()
        self.reader.put_inside(PlasticCard(chip=chip or Chip()))
        return self

    def commands(self) -> list[str]:
        """CM and PM of what the driver has sent."""
        return [data[5:7].hex() for data in self.line.sent if data[0] == crt591.STX]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_is_a_card_reader(bench: Bench) -> None:
    port: CardReader = bench.driver
    assert port.status().name == NAME


# -- a customer's card -------------------------------------------------------------------------------------


def test_initialises_before_the_first_command_and_moves_no_card(bench: Bench) -> None:
    bench.driver.media()
    assert bench.line.sent[0] == bytes.fromhex("F2 00 00 03 43 30 37 03 B6")  # 3.1.1, [computed]
    assert bench.commands() == ["3037", "3130"]


def test_takes_a_card_in_reads_it_and_gives_it_back(bench: Bench) -> None:
    driver, chip = bench.driver, Chip()
    driver.set_entry(True)
    assert driver.media() is Media.NOT_PRESENT
    assert bench.reader.insert(PlasticCard(chip=chip))
    assert driver.media() is Media.PRESENT
    driver.set_entry(False)
    assert driver.read_raw_data() == RawData(ChipProtocol.T0, Chip.ATR)
    assert driver.media() is Media.LATCHED
    assert driver.chip_io(ChipProtocol.T0, CHALLENGE) == ChipAnswer(bytes.fromhex("AABBCCDD9000"))
    assert driver.chip_power(ChipPower.WARM) == RawData(ChipProtocol.T0, Chip.ATR)
    assert driver.chip_power(ChipPower.OFF) is None
    assert driver.chip_state() is crt591_chips.Power.OFF
    assert driver.move(Destination.EXIT) is None
    assert driver.media() is Media.ENTERING
    assert bench.reader.take() is not None
    assert driver.media() is Media.NOT_PRESENT


def test_retains_a_forgotten_card_and_counts_it(bench: Bench) -> None:
    driver = bench.with_card().driver
    driver.reset(ResetAction.RETAIN)
    assert (len(bench.reader.captured), driver.retained()) == (1, 1)
    assert driver.set_retained(0) is None
    assert driver.retained() == 0
    bench.reader.put_inside(PlasticCard())
    assert driver.move(Destination.RETAIN) is None
    assert len(bench.reader.captured) == 2


def test_dispenses_until_the_stacker_is_empty() -> None:
    bench = Bench(stacker=1)
    assert bench.driver.status().supplies == {"stacker": Supply.LOW, "retain_bin": Supply.FULL}
    assert bench.driver.dispense() is None
    assert bench.driver.dispense() is CardRefusal.OCCUPIED
    assert bench.driver.move(Destination.RETAIN) is None
    with pytest.raises(DeviceFault, match="card_stacker_empty"):
        bench.driver.dispense()
    assert bench.driver.status().supplies["stacker"] is Supply.OUT
    assert bench.driver.status().in_service


def test_a_full_bin_is_told_and_the_card_stays() -> None:
    bench = Bench(bin_capacity=0).with_card()
    with pytest.raises(DeviceFault, match="card_bin_full"):
        bench.driver.move(Destination.RETAIN)
    assert bench.reader.card is not None
    assert bench.driver.status().supplies["retain_bin"] is Supply.OUT


def test_moves_no_card_where_there_is_none(bench: Bench) -> None:
    for to in Destination:
        assert bench.driver.move(to) is CardRefusal.NO_MEDIA
    assert bench.driver.read_raw_data() is CardRefusal.NO_MEDIA
    assert not any(command.startswith("32") for command in bench.commands())


def test_a_card_held_by_the_customer_is_a_refusal(bench: Bench) -> None:
    bench.with_card().driver.move(Destination.EXIT)
    bench.reader.mechanics.held = True
    assert bench.driver.move(Destination.RETAIN) is CardRefusal.MOVED_BY_HAND
    assert bench.driver.status().in_service


@pytest.mark.parametrize(("counting", "codes"), [(False, ["3030", "3031", "3033"]), (True, ["3034", "3035", "3037"])])
def test_every_initialisation_counts_retained_cards_or_none(counting: bool, codes: list[str]) -> None:
    bench = Bench(Profile(counting=counting)).with_card()
    for action in ResetAction:
        bench.driver.reset(action)
    assert bench.commands() == codes
    bench.reader.put_inside(PlasticCard())
    bench.driver.move(Destination.RETAIN)
    assert bench.driver.retained() == 2 * counting


def test_a_card_pulled_out_of_the_gate_brings_no_new_one_to_the_contacts() -> None:
    bench = Bench(stacker=3).with_card()
    bench.driver.move(Destination.EXIT)

    class Pulled(Line):
        def write(self, data: bytes, timeout_s: float) -> None:
            if data[5:6] == b"\x32":
                bench.reader.take()
            super().write(data, timeout_s)

    driver = Crt591Reader(NAME, Pulled(bench.reader, bench.clock), bench.clock)
    with pytest.raises(DeviceFault, match="card_jam"):  # 3.1.3: it cannot be moved
        driver.read_raw_data()
    assert len(bench.reader.stacker) == 3


def test_counts_moves_activations_and_jams(bench: Bench) -> None:
    bench.with_card().driver.read_raw_data()
    bench.reader.mechanics.jammed = True
    with pytest.raises(DeviceFault):
        bench.driver.move(Destination.EXIT)
    assert (bench.driver.counters().cycles, bench.driver.counters().jams) == (2, 1)


def test_a_jam_lasts_until_a_reset_succeeds(bench: Bench) -> None:
    bench.with_card().reader.mechanics.jammed = True
    with pytest.raises(DeviceFault, match="card_jam"):
        bench.driver.move(Destination.EXIT)
    status = bench.driver.status()
    assert (status.state, status.faults, status.media) == (
        DeviceState.HARDWARE_ERROR,
        frozenset({Fault.CARD_JAM}),
        Media.JAMMED,
    )
    with pytest.raises(DeviceFault):
        bench.driver.reset()
    assert bench.driver.status().faults == {Fault.CARD_JAM}  # told, though it cannot even be initialised
    bench.reader.mechanics.jammed = False
    bench.driver.reset(ResetAction.EXIT)
    assert bench.driver.status().in_service
    assert bench.reader.position is Position.GATE


def test_a_move_that_the_status_belies_is_no_success(bench: Bench) -> None:
    bench.with_card()
    forged = crt591.encode_reply(
        crt591.Done((0x32, 0x33), crt591.CardStatus(Position.INSIDE, crt591.Stacker.EMPTY, crt591.Bin.ROOM))
    )
    bench.driver.media()
    forging = Forging(bench, (0x32, 0x33), crt591.encode_frame(crt591.Frame(0, forged)))
    with pytest.raises(ProtocolViolation, match="ERROR_BIN"):
        Crt591Reader(NAME, forging, bench.clock).move(Destination.RETAIN)


class Forging(Line):
    """A line on which the reply to one command is another."""

    def __init__(self, bench: Bench, code: tuple[int, int], reply: bytes) -> None:
        super().__init__(bench.reader, bench.clock)
        self._code, self._reply = code, reply

    def write(self, data: bytes, timeout_s: float) -> None:
        if tuple(data[5:7]) == self._code:
            self._input += b"\x06" + self._reply
        else:
            super().write(data, timeout_s)


# -- every code of the table -------------------------------------------------------------------------------

OURS = {ErrorCode.UNDEFINED_COMMAND, ErrorCode.PARAMETER, ErrorCode.SEQUENCE, ErrorCode.DATA}


def test_every_code_has_one_meaning() -> None:
    meanings = [*_FAULTS, *_REFUSALS, *OURS, ErrorCode.NOT_RESET, ErrorCode.RECYCLING_DISABLED]
    assert sorted(code.value for code in meanings) == sorted(code.value for code in ErrorCode)


@pytest.mark.parametrize("printed", [False, True])
@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_becomes_what_the_table_says(code: ErrorCode, printed: bool) -> None:
    bench = Bench().with_card()
    bench.reader.mechanics.error = code
    bench.reader.line.head_as_printed = printed
    if code in _REFUSALS:
        assert bench.driver.move(Destination.TRANSPORT) is _REFUSALS[code]
        return
    with pytest.raises(OpenTellerError) as caught:
        bench.driver.move(Destination.TRANSPORT)
    match caught.value:
        case DeviceFault(fault=fault):
            assert fault is _FAULTS.get(code, Fault.CARD_JAM)
        case ProtocolViolation():
            assert code in OURS
        case DeviceUnavailable():
            assert code is ErrorCode.NOT_RESET


def test_what_recycling_disabled_means_is_the_profiles() -> None:
    bench = Bench(Profile(recycling_disabled=CardRefusal.MOVED_BY_HAND)).with_card()
    bench.reader.mechanics.error = ErrorCode.RECYCLING_DISABLED
    assert bench.driver.move(Destination.RETAIN) is CardRefusal.MOVED_BY_HAND


def test_a_reader_that_lost_its_power_is_initialised_anew(bench: Bench) -> None:
    bench.with_card().reader.lose_power()
    with pytest.raises(DeviceUnavailable, match="lost its power"):
        bench.driver.media()
    bench.line.sent.clear()
    assert bench.driver.media() is Media.PRESENT
    assert bench.commands() == ["3037", "3130"]


# -- chips, security modules, radio, numbers -------------------------------------------------------------


def test_follows_6c_and_61() -> None:
    short, exact = bytes.fromhex("00B0000000"), bytes.fromhex("00B0000003")
    first, second = bytes.fromhex("00C0000002"), bytes.fromhex("00C0000001")
    chip = Chip(
        {
            short: bytes.fromhex("6C03"),
            exact: bytes.fromhex("6102"),
            first: bytes.fromhex("AABB6101"),
            second: bytes.fromhex("CC9000"),
        }
    )
    bench = Bench().with_card(chip)
    bench.driver.read_raw_data()
    assert bench.driver.chip_io(ChipProtocol.NOT_REQUIRED, short) == ChipAnswer(bytes.fromhex("AABBCC9000"))
    assert chip.sent == [short, exact, first, second]


def test_a_card_that_always_has_more_is_left_after_eight() -> None:
    chip = Chip({CHALLENGE: bytes.fromhex("6110"), bytes.fromhex("00C0000010"): bytes.fromhex("6110")})
    bench = Bench().with_card(chip)
    bench.driver.read_raw_data()
    assert bench.driver.chip_io(ChipProtocol.T0, CHALLENGE) == ChipAnswer(bytes.fromhex("6110"))
    assert len(chip.sent) == 9


def test_tells_what_is_wrong_with_a_chip(bench: Bench) -> None:
    driver = bench.with_card(Chip({CHALLENGE: None})).driver
    assert driver.chip_io(ChipProtocol.T0, CHALLENGE) is CardRefusal.CHIP_OFF
    driver.read_raw_data()
    assert driver.card_type() is crt591.CardType.CPU_T0
    assert driver.chip_io(ChipProtocol.T1, CHALLENGE) is CardRefusal.PROTOCOL_NOT_SUPPORTED
    assert driver.chip_io(ChipProtocol.T0, CHALLENGE) is CardRefusal.CARD_SILENT
    bench.reader.put_inside(PlasticCard())
    assert driver.read_raw_data() is CardRefusal.ATR_NOT_OBTAINED
    with pytest.raises(ValueError, match="4 to 261"):
        driver.chip_io(ChipProtocol.T0, b"abc")


def test_talks_to_security_modules(bench: Bench) -> None:
    driver = bench.ready().driver
    bench.reader.sams[2] = Chip()
    assert driver.sam_power(ChipPower.COLD) is CardRefusal.ATR_NOT_OBTAINED
    assert driver.select_sam(2) is None
    assert driver.sam_power(ChipPower.COLD) == RawData(ChipProtocol.T0, Chip.ATR)
    assert driver.sam_state() == (crt591_chips.Power.ON_3_57, 2)
    assert driver.sam_io(ChipProtocol.NOT_REQUIRED, CHALLENGE) == ChipAnswer(bytes.fromhex("AABBCCDD9000"))
    assert driver.sam_power(ChipPower.WARM) == RawData(ChipProtocol.T0, Chip.ATR)
    assert driver.sam_power(ChipPower.OFF) is None
    with pytest.raises(ValueError, match="chipTypeB"):
        driver.sam_io(ChipProtocol.TYPE_B, CHALLENGE)


def test_talks_to_cards_by_radio(bench: Bench) -> None:
    driver = bench.ready().driver
    assert driver.activate_radio() is CardRefusal.ATR_NOT_OBTAINED
    assert driver.radio_state() is crt591_chips.RfState.OFF
    bench.reader.put_inside(PlasticCard(radio=Chip()))
    assert isinstance(driver.activate_radio(), crt591_chips.TypeACard)
    assert driver.radio_state() is crt591_chips.RfState.TYPE_A
    assert driver.chip_io(ChipProtocol.TYPE_A, CHALLENGE) == ChipAnswer(bytes.fromhex("AABBCCDD9000"))
    assert driver.chip_io(ChipProtocol.TYPE_B, CHALLENGE) is CardRefusal.PROTOCOL_NOT_SUPPORTED
    assert driver.radio_off() is None
    assert driver.chip_io(ChipProtocol.TYPE_A, CHALLENGE) is CardRefusal.CHIP_OFF
    assert driver.radio_card_type() is CardRefusal.UNSUPPORTED


def test_talks_to_cards_of_type_b(bench: Bench) -> None:
    driver = bench.ready().driver
    bench.reader.put_inside(PlasticCard(radio=Chip(), air=crt591_chips.Air.B))
    assert driver.activate_radio(crt591_chips.Protocols.ONLY_A) is CardRefusal.ATR_NOT_OBTAINED
    assert isinstance(driver.activate_radio(), crt591_chips.TypeBCard)
    assert driver.radio_state() is crt591_chips.RfState.TYPE_B
    assert driver.chip_io(ChipProtocol.TYPE_B, CHALLENGE) == ChipAnswer(bytes.fromhex("AABBCCDD9000"))
    assert driver.chip_io(ChipProtocol.TYPE_A, CHALLENGE) is CardRefusal.PROTOCOL_NOT_SUPPORTED


def test_a_card_that_is_moved_has_no_power_any_more(bench: Bench) -> None:
    driver = bench.ready().driver
    bench.reader.put_inside(PlasticCard(chip=Chip(), radio=Chip()))
    driver.activate_radio()
    driver.read_raw_data()
    assert driver.chip_io(ChipProtocol.TYPE_A, CHALLENGE) is CardRefusal.CHIP_OFF
    driver.move(Destination.TRANSPORT)
    assert driver.chip_io(ChipProtocol.T0, CHALLENGE) is CardRefusal.CHIP_OFF


def test_a_radio_is_enabled_only_as_the_profile_says() -> None:
    bench = Bench(Profile(radio_enable=b"0")).ready()
    assert bench.driver.enable_radio(False) is CardRefusal.UNSUPPORTED
    assert bench.commands() == []
    assert bench.driver.enable_radio(True) is CardRefusal.UNSUPPORTED  # the simulator's answer: 03
    assert bench.line.sent[0] == bytes.fromhex("F2 00 00 04 43 60 39 30 03 DF")  # [computed]; 2.1.1, data assumed


def test_reads_and_writes_mifare_cards(bench: Bench) -> None:
    driver = bench.ready().driver
    write = crt591_storage.MifareWrite(5, 1, 1, bytes(range(16)))
    assert driver.storage_io(write) is CardRefusal.CHIP_OFF
    bench.reader.put_inside(PlasticCard(mifare=MifareClassic(b"\1\2\3\4")))
    assert driver.activate_radio() == crt591_chips.MifareCard(0x0004, b"\1\2\3\4", 8)
    assert driver.radio_state() is crt591_chips.RfState.S50
    assert driver.storage_io(write) == Answer(Status.FAIL)
    driver.storage_io(crt591_storage.MifareVerify(crt591_storage.Key.A, 5, b"\xff" * 6))
    assert driver.storage_io(write) == Answer(Status.SUCCESS)
    assert driver.storage_io(crt591_storage.MifareRead(5, 1, 1)) == Answer(Status.SUCCESS, bytes(range(16)))


def test_reads_and_writes_sle_cards(bench: Bench) -> None:
    driver = bench.with_card().driver
    bench.reader.put_inside(PlasticCard(memory=SimulatedSle4442(b"ABC")))
    read = crt591_storage.Sle4442Read(crt591_storage.Sle4442Area.MAIN, 0x40, 2)
    assert driver.activate_sle() is CardRefusal.ATR_NOT_OBTAINED
    driver.move(Destination.TRANSPORT)
    assert driver.read_raw_data() is CardRefusal.ATR_NOT_OBTAINED  # no chip: but it is at the contacts now
    assert driver.card_type() is crt591.CardType.SLE4442
    assert driver.storage_io(read) is CardRefusal.CHIP_OFF
    assert driver.activate_sle() == crt591_storage.SLE4442_ATR
    assert driver.sle_state() is SleState.SLE4442
    assert driver.storage_io(crt591_storage.Sle4442Verify(b"XYZ")) == Answer(Status.WRONG_KEY)
    assert driver.storage_io(crt591_storage.Sle4442Verify(b"ABC")) == Answer(Status.SUCCESS)
    write = crt591_storage.Sle4442WriteTo(crt591_storage.Sle4442Area.MAIN, 0x40, b"\x12\x34")
    assert driver.storage_io(write) == Answer(Status.SUCCESS)
    assert driver.storage_io(read) == Answer(Status.SUCCESS, b"\x12\x34")
    assert driver.storage_io(crt591_storage.Sle4428Read(0, 1)) is CardRefusal.PROTOCOL_NOT_SUPPORTED
    assert driver.sle_off() is None
    assert driver.storage_io(read) is CardRefusal.CHIP_OFF
    assert driver.sle_state() is SleState.OFF


def test_reads_sle4428_cards(bench: Bench) -> None:
    driver = bench.ready().driver
    bench.reader.put_inside(PlasticCard(memory=SimulatedSle4428()))
    driver.read_raw_data()
    assert driver.activate_sle() == crt591_storage.SLE4428_ATR
    assert driver.storage_io(crt591_storage.Sle4428Read(0x3FF, 1)) == Answer(Status.SUCCESS, b"\xff")
    assert driver.activate_i2c() is CardRefusal.ATR_NOT_OBTAINED


def test_reads_and_writes_24c_cards(bench: Bench) -> None:
    driver = bench.ready().driver
    bench.reader.put_inside(PlasticCard(memory=SimulatedI2cCard(I2cType.C02)))
    driver.read_raw_data()
    assert driver.i2c_state() is None
    assert driver.activate_i2c(I2cType.C64) is CardRefusal.ATR_NOT_OBTAINED
    assert driver.activate_i2c() is None
    assert driver.i2c_state() is I2cType.C02
    assert driver.storage_io(crt591_storage.I2cWrite(0xFE, b"\x12\x34")) == Answer(Status.SUCCESS)
    assert driver.storage_io(crt591_storage.I2cRead(0xFE, 2)) == Answer(Status.SUCCESS, b"\x12\x34")
    assert driver.storage_io(crt591_storage.I2cRead(0xFE, 3)) == Answer(Status.LENGTH_OVERFLOW)
    assert driver.i2c_off() is None
    assert driver.storage_io(crt591_storage.I2cRead(0, 1)) is CardRefusal.CHIP_OFF
    with pytest.raises(ValueError, match="256"):
        driver.storage_io(crt591_storage.I2cRead(0, 256))


def test_a_chip_that_is_not_emv_is_powered_where_the_profile_says_iso() -> None:
    card = PlasticCard(chip=Chip(), emv=False)
    for supply, expected in (
        (crt591_chips.Supply.EMV_5V, CardRefusal.INVALID_MEDIA),
        (crt591_chips.Supply.ISO_5V, RawData(ChipProtocol.T0, Chip.ATR)),
    ):
        bench = Bench(Profile(supply=supply)).ready()
        bench.reader.put_inside(card)
        assert bench.driver.read_raw_data() == expected


def test_has_no_magnetic_head(bench: Bench) -> None:
    assert bench.driver.read_tracks() is CardRefusal.UNSUPPORTED


def test_says_what_it_is_and_tests_itself(bench: Bench) -> None:
    driver = bench.driver
    assert driver.identify() == Identity("CRT-591", "CRT-591-M001", "SIM591-000001")
    assert driver.configuration() == "SIM"
    assert driver.reset_pcsc() is None
    bench.reader.put_inside(PlasticCard())
    assert driver.self_test().detail == "sensors S1-S7: 0100000"


def test_tells_since_when_it_is_so(bench: Bench) -> None:
    first = bench.driver.status()
    bench.clock.sleep(60)
    assert bench.driver.status() == first
    bench.reader.put_inside(PlasticCard())
    assert (bench.driver.status().since - first.since).total_seconds() >= 60


# -- the line (1.4) ----------------------------------------------------------------------------------------


def test_sends_again_after_300_ms_without_ack(bench: Bench) -> None:
    """1.4.2, case 1."""
    bench.ready().reader.line.silent = True
    began = bench.clock.now()
    with pytest.raises(DeviceUnavailable, match="3 times"):
        bench.driver.media()
    assert len(bench.line.sent) == 3
    assert 0.9 <= bench.clock.now() - began < 1.0
    assert bench.driver.counters().resends == 2


def test_sends_again_after_a_nak(bench: Bench) -> None:
    """1.4.2, case 2."""
    bench.with_card().reader.line.naks = 2
    assert bench.driver.media() is Media.PRESENT
    assert bench.driver.counters().resends == 2


def test_a_storm_of_naks_ends(bench: Bench) -> None:
    bench.ready().reader.line.naks = 1000
    with pytest.raises(DeviceUnavailable):
        bench.driver.media()
    assert len(bench.line.sent) == 3


@pytest.mark.parametrize("fault", ["garbled_replies", "half_replies"])
def test_asks_for_a_garbled_reply_again(bench: Bench, fault: str) -> None:
    """1.4.2, case 3: the reader sends the reply again and does nothing twice."""
    chip = Chip()
    bench.with_card(chip).driver.read_raw_data()
    setattr(bench.reader.line, fault, 2)
    assert bench.driver.chip_io(ChipProtocol.T0, CHALLENGE) == ChipAnswer(bytes.fromhex("AABBCCDD9000"))
    assert chip.sent == [CHALLENGE]
    assert bench.driver.counters().checksum_errors == 2


def test_replies_that_stay_garbled_violate_the_protocol(bench: Bench) -> None:
    bench.ready().reader.line.garbled_replies = 1000
    with pytest.raises(ProtocolViolation, match="BCC"):
        bench.driver.media()


def test_an_apdu_is_never_sent_again_after_a_nak_which_may_be_a_broken_ack(bench: Bench) -> None:
    chip = Chip()
    bench.with_card(chip).driver.read_raw_data()
    bench.line.sent.clear()
    bench.reader.line.naks = 1
    with pytest.raises(DeviceUnavailable, match="not understood; what was sent once may have been done"):
        bench.driver.chip_io(ChipProtocol.T0, CHALLENGE)
    assert bench.commands() == ["5133"]


def test_what_had_to_be_sent_twice_is_not_asked_again_before_something_else(bench: Bench) -> None:
    bench.ready().reader.line.naks = 1
    bench.driver.media()
    bench.driver.media()
    bench.driver.media()
    assert bench.commands() == ["3130", "3130", "3131", "3130", "3130"]


def test_after_an_initialisation_between_the_same_security_module_is_selected(bench: Bench) -> None:
    driver = bench.ready().driver
    bench.reader.sams.update({0: Chip({CHALLENGE: b"\x69\x85"}), 2: Chip()})
    driver.sam_power(ChipPower.COLD)
    driver.select_sam(2)
    driver.sam_power(ChipPower.COLD)
    driver.reset()
    assert driver.sam_io(ChipProtocol.T0, CHALLENGE) is CardRefusal.CHIP_OFF  # never SAM 1, which still has power
    assert driver.sam_state() == (crt591_chips.Power.ON_3_57, 2)
    driver.sam_power(ChipPower.COLD)
    assert driver.sam_io(ChipProtocol.T0, CHALLENGE) == ChipAnswer(bytes.fromhex("AABBCCDD9000"))


def test_an_apdu_is_never_sent_twice_where_the_first_may_have_arrived(bench: Bench) -> None:
    chip = Chip()
    bench.with_card(chip).driver.read_raw_data()
    bench.reader.line.lost_acks = 1
    with pytest.raises(DeviceUnavailable, match="may have been done"):
        bench.driver.chip_io(ChipProtocol.T0, CHALLENGE)
    assert chip.sent == [CHALLENGE]


def test_no_second_card_leaves_the_stacker_for_one_dispense() -> None:
    bench = Bench(stacker=5)

    class Deaf(Line):
        def write(self, data: bytes, timeout_s: float) -> None:
            if data[5:7] == bytes.fromhex("3231"):
                bench.reader.line.lost_acks = 1
            super().write(data, timeout_s)

    driver = Crt591Reader(NAME, Deaf(bench.reader, bench.clock), bench.clock)
    with pytest.raises(DeviceUnavailable, match="may have been done"):
        driver.dispense()
    assert driver.media() is Media.PRESENT
    assert len(bench.reader.stacker) == 4


def test_stops_what_takes_too_long(bench: Bench) -> None:
    """1.4.2, case 5."""
    bench.with_card()
    bench.reader.seconds = 1000
    began = bench.clock.now()
    with pytest.raises(DeviceUnavailable, match="not done after 20 s, stopped"):
        bench.driver.media()
    assert bench.clock.now() - began < 21
    assert bench.line.sent[-1] == b"\x04"


def test_stops_in_vain_and_gives_up(bench: Bench) -> None:
    """1.4.2, case 6: EOT is repeated after 300 ms."""
    bench.ready().reader.seconds = 1000
    mute = Muting(bench)
    began = bench.clock.now()
    with pytest.raises(DeviceUnavailable, match="silent"):
        Crt591Reader(NAME, mute, bench.clock).media()
    assert mute.sent[-3:] == [b"\x04"] * 3
    assert bench.clock.now() - began < 22


class Muting(Line):
    """A line that loses every EOT."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench.reader, bench.clock)

    def write(self, data: bytes, timeout_s: float) -> None:
        if data == b"\x04":
            self.sent.append(data)
        else:
            super().write(data, timeout_s)


def test_a_lost_reply_is_no_answer(bench: Bench) -> None:
    bench.ready().reader.line.lost_replies = 1
    with pytest.raises(DeviceUnavailable):
        bench.driver.media()
    assert bench.driver.media() is Media.NOT_PRESENT


def test_a_late_answer_is_never_taken_for_a_later_question() -> None:
    other = bytes.fromhex("0084000008")
    chip = Chip({CHALLENGE: bytes.fromhex("AABBCCDD9000"), other: bytes.fromhex("11223344556677889000")})
    bench = Bench().with_card(chip)
    driver = bench.driver
    driver.read_raw_data()
    bench.reader.line.lost_replies = 1
    with pytest.raises(DeviceUnavailable):
        driver.chip_io(ChipProtocol.T0, CHALLENGE)
    # The answer comes after all, while the driver brings the reader back for the next question.
    late = crt591.encode_reply(
        crt591.Done(
            (0x51, 0x33),
            crt591.CardStatus(Position.INSIDE, crt591.Stacker.EMPTY, crt591.Bin.ROOM),
            bytes.fromhex("AABBCCDD9000"),
        )
    )
    bench.reader.seconds = 0.1
    bench.reader.say_later(crt591.encode_frame(crt591.Frame(0, late)), 0.05)
    assert driver.chip_io(ChipProtocol.T0, other) is CardRefusal.CHIP_OFF  # nobody knows what it was doing
    driver.read_raw_data()
    assert driver.chip_io(ChipProtocol.T0, other) == ChipAnswer(bytes.fromhex("11223344556677889000"))


def test_a_reply_sent_twice_is_taken_once(bench: Bench) -> None:
    driver = bench.with_card().driver
    bench.reader.line.duplicated_replies = 3
    assert driver.media() is Media.PRESENT
    bench.reader.take()
    assert driver.move(Destination.EXIT) is None
    assert driver.media() is Media.ENTERING


def test_hears_no_other_unit() -> None:
    bench = Bench(Profile(address=3), address=4)
    with pytest.raises(DeviceUnavailable):
        bench.driver.media()
    assert Bench(Profile(address=4), address=4).driver.media() is Media.NOT_PRESENT


def test_nonsense_with_a_right_checksum_violates_the_protocol(bench: Bench) -> None:
    bench.ready()
    nonsense = crt591.encode_frame(crt591.Frame(0, bytes.fromhex("50 31 30 39 39 39")))
    forging = Forging(bench, (0x31, 0x30), nonsense)
    with pytest.raises(ProtocolViolation, match="Position"):
        Crt591Reader(NAME, forging, bench.clock).media()


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_a_hostile_reader_ends_in_an_error_or_an_answer_and_in_time(junk: list[bytes]) -> None:
    bench = Bench()
    answers = iter(junk)

    class Hostile(Line):
        def write(self, data: bytes, timeout_s: float) -> None:
            self._input += next(answers, b"")

    driver = Crt591Reader(NAME, Hostile(bench.reader, bench.clock), bench.clock)
    began = bench.clock.now()
    with pytest.raises(OpenTellerError):
        driver.media()
    assert bench.clock.now() - began < 45


def test_counts_what_passes(bench: Bench) -> None:
    bench.driver.media()
    counters = bench.driver.counters()
    assert (counters.exchanges, counters.resends, counters.checksum_errors) == (2, 0, 0)
    assert counters.bytes_sent == 2 * 9 + 2
    assert counters.bytes_received == 2 + (12 + 12) + 12  # ACKs, the firmware's name, the status


# -- real lines --------------------------------------------------------------------------------------------


class Cable:
    """A line of some kind to the simulated reader."""

    def __init__(self, kind: str, reader: SimulatedCrt591, folder: Path) -> None:
        self._world = SerialWorld()
        self._pty = PtyPort(folder / "reader", reader) if kind == "pty" else None
        self._world.add("card-reader", reader)
        register(self._world)

    def connect(self) -> Crt591Reader:
        port = str(self._pty.path) if self._pty else "sim://card-reader"
        standing = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))  # the machine's naps pass no deadline
        return Crt591Reader(NAME, open_serial(port, BAUDRATE, NAME, standing), standing)

    def plug(self) -> None:
        if self._pty:
            self._pty.plug()
        else:
            self._world.plug("card-reader")

    def unplug(self) -> None:
        if self._pty:
            self._pty.unplug()
        else:
            self._world.unplug("card-reader")


@pytest.fixture(params=["sim", "pty"])
def line(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[SimulatedCrt591, Cable]]:
    reader = SimulatedCrt591(RealClock(), stacker=3)
    cable = Cable(request.param, reader, tmp_path)
    yield reader, cable
    cable.unplug()


def test_a_card_is_served_over_every_line(line: tuple[SimulatedCrt591, Cable]) -> None:
    reader, cable = line
    reader.seconds = 0.03
    driver = cable.connect()
    assert driver.media() is Media.NOT_PRESENT
    reader.put_inside(PlasticCard(chip=Chip()))
    assert driver.read_raw_data() == RawData(ChipProtocol.T0, Chip.ATR)
    assert driver.chip_io(ChipProtocol.T0, CHALLENGE) == ChipAnswer(bytes.fromhex("AABBCCDD9000"))
    assert driver.move(Destination.RETAIN) is None
    assert driver.dispense() is None
    driver.close()


def test_unplugged_while_it_waits_it_says_so_and_waits_for_no_deadline(line: tuple[SimulatedCrt591, Cable]) -> None:
    reader, cable = line
    driver = cable.connect()
    driver.reset()
    reader.seconds = 1000.0  # what is asked now would be waited for `execution_s`, and is in the middle of it

    def pull() -> None:
        until(lambda: reader.busy)
        cable.unplug()

    puller = threading.Thread(target=pull)
    puller.start()
    with pytest.raises(DeviceUnavailable) as caught:
        driver.media()
    puller.join()
    assert "not done" not in str(caught.value)
    driver.close()


def test_plugged_in_again_a_new_driver_is_back_in_service(line: tuple[SimulatedCrt591, Cable]) -> None:
    reader, cable = line
    reader.put_inside(PlasticCard(chip=Chip()))
    for _ in range(3):
        driver = cable.connect()
        assert driver.status().in_service
        cable.unplug()
        reader.lose_power()
        for question in (driver.status, driver.media, driver.read_raw_data, driver.reset, driver.identify):
            with pytest.raises(DeviceUnavailable):
                question()
        driver.close()
        driver.close()
        cable.plug()
    driver = cable.connect()
    assert driver.read_raw_data() == RawData(ChipProtocol.T0, Chip.ATR)
    assert driver.status().in_service
    driver.close()
