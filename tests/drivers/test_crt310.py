"""The CRT-310's driver against the simulated reader, on `sim://` and on a pty."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_sim.card import OtherCard
from device_sim.cards.mifare import MifareClassic
from device_sim.crt310 import Condition, Fittings, Habits, LineFault, SimulatedCrt310
from device_sim.crt591_cards import SimulatedI2cCard
from device_sim.plastic_card import Length, PlasticCard, TrackDamage
from device_sim.serial.device import SerialDevice
from device_sim.serial.handlers import register
from device_sim.serial.pty_port import PtyPort
from device_sim.serial.world import SerialWorld
from drivers.crt310 import ANSWER_S, Crt310Reader, LacksPart, Profile
from drivers.crt310_line import READY_S, SENDS
from drivers.serial_port import open_serial
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, ProtocolViolation
from kiosk_core.status import DeviceState, Identity, Media
from tests.clocks import SetClock, passing
from tests.patience import until
from wire.crt310_answers import CardPosition, CardType, Outcome, TrackData, TrackError, Tracks
from wire.crt310_commands import (
    AskStatus,
    CardFamily,
    CpuProtocol,
    CpuReset,
    EepromType,
    Eject,
    FrontEntry,
    MemoryCardCommand,
    Move,
    MoveTo,
    RearEntry,
    RfKey,
    StopPosition,
    TrackSelection,
)
from wire.crt591_storage import I2cType

NAME = "card_reader"
TRACK_2 = b"6222021234567890=3012"
FF = b"\xff" * 6


class Bench:
    """A reader on a line of some kind.

    On `sim://` time passes where the driver waits, unless it is `standing`; on a pty only where a test says.
    """

    def __init__(self, kind: str, folder: Path, device: SerialDevice, *, standing: bool = False) -> None:
        self.clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
        self._world = SerialWorld(None if standing else self.clock)
        self._pty: PtyPort | None = None
        self._drivers: list[Crt310Reader] = []
        if kind == "pty":
            self._pty = PtyPort(folder / "reader", device)
        else:
            self._world.add("reader", device)
            register(self._world)

    def driver(self, profile: Profile | None = None) -> Crt310Reader:
        port = str(self._pty.path) if self._pty else "sim://reader"
        self._drivers.append(Crt310Reader(NAME, open_serial(port, 9600, NAME, self.clock), self.clock, profile))
        return self._drivers[-1]

    def passing(self, from_when: Callable[[], object] = lambda: True) -> AbstractContextManager[None]:
        """Let time pass on a pty, too, once `from_when()` is true."""
        return passing(self.clock, from_when=from_when) if self._pty else nullcontext()

    def unplug(self) -> None:
        if self._pty:
            self._pty.unplug()
        else:
            self._world.unplug("reader")

    def plug(self) -> None:
        if self._pty:
            self._pty.plug()
        else:
            self._world.plug("reader")

    def close(self) -> None:
        for driver in self._drivers:
            driver.close()
        if self._pty:
            self._pty.unplug()


@pytest.fixture
def reader() -> SimulatedCrt310:
    return SimulatedCrt310(sams={0: (OtherCard(), CpuProtocol.T0)})


@pytest.fixture(params=["sim", "pty"])
def bench(request: pytest.FixtureRequest, tmp_path: Path, reader: SimulatedCrt310) -> Iterator[Bench]:
    made = Bench(request.param, tmp_path, reader)
    yield made
    made.close()


@pytest.fixture
def sim(tmp_path: Path, reader: SimulatedCrt310) -> Iterator[Bench]:
    made = Bench("sim", tmp_path, reader)
    yield made
    made.close()


def bank_card() -> PlasticCard:
    return PlasticCard(tracks={2: TRACK_2}, chip=OtherCard())


# -- what it does ----------------------------------------------------------------------------------------


def test_a_card_comes_in_is_read_and_goes_out(bench: Bench, reader: SimulatedCrt310) -> None:
    driver = bench.driver()
    driver.reset()
    driver.set_entry(FrontEntry.ANY_CARD, stop=StopPosition.INSIDE)
    assert driver.position() is CardPosition.NO_CARD
    assert reader.insert(bank_card())
    assert driver.position() is CardPosition.INSIDE
    tracks = driver.read_tracks()
    assert isinstance(tracks, Tracks)
    assert (tracks.track(1), tracks.track(2)) == (TrackError.BLANK, TrackData(TRACK_2))
    assert driver.move(MoveTo.CONTACTS) is Outcome.OK
    assert driver.card_type() is CardType.CPU_T0
    assert driver.power_chip() == OtherCard.ATR
    assert driver.transmit(bytes.fromhex("00A4040000")) == b"\x6a\x82"
    assert driver.power_chip(CpuReset.WARM) == OtherCard.ATR
    assert driver.unpower_chip() is Outcome.OK
    assert driver.transmit(bytes.fromhex("00A4040000")) is Outcome.FAILED
    assert driver.move(MoveTo.FRONT) is Outcome.OK
    assert driver.move(MoveTo.INSIDE) is Outcome.WRONG_POSITION
    assert reader.take() is not None
    assert driver.move(MoveTo.FRONT) is Outcome.NO_CARD


def test_captures_a_card(bench: Bench, reader: SimulatedCrt310) -> None:
    driver = bench.driver()
    assert driver.capture() is Outcome.NO_CARD
    reader.insert(bank_card())
    assert driver.capture() is Outcome.OK
    assert len(reader.captured) == 1


@pytest.mark.parametrize("success", [Outcome.OK, Outcome.FAILED])
def test_believes_the_status_and_not_the_doubtful_byte(tmp_path: Path, success: Outcome) -> None:
    made = Bench("sim", tmp_path, SimulatedCrt310(habits=Habits(card_in_success=success)))
    driver = made.driver()
    driver.set_entry(FrontEntry.MAGNETIC, RearEntry.ALLOWED)
    driver.set_entry(FrontEntry.PROHIBITED)
    made.close()


def test_an_entry_that_is_not_taken_over_is_noticed(tmp_path: Path) -> None:
    class Deaf(SimulatedCrt310):
        def receive(self, data: bytes) -> bytes:
            answer = super().receive(data)
            return answer.replace(bytes.fromhex("3130 4E4E4E 03 4B"), bytes.fromhex("3130 4E4A4E 03 4F"))

    made = Bench("sim", tmp_path, Deaf())
    with pytest.raises(ProtocolViolation, match="ANY_CARD/PROHIBITED"):
        made.driver().set_entry(FrontEntry.PROHIBITED)
    made.close()


def test_talks_to_sams(sim: Bench) -> None:
    driver = sim.driver()
    assert driver.transmit_to_sam(0, bytes.fromhex("0084000008")) is Outcome.FAILED
    assert driver.power_sam(0) == OtherCard.ATR
    assert driver.power_sam(1) is Outcome.FAILED
    assert driver.transmit_to_sam(0, bytes.fromhex("0084000008")) == b"\x6d\x00"
    assert driver.unpower_sams() is Outcome.OK


def test_works_with_mifare(sim: Bench, reader: SimulatedCrt310) -> None:
    driver = sim.driver()
    assert driver.rf_seek() is Outcome.NO_CARD
    assert driver.rf_serial() is Outcome.NO_CARD
    reader.insert(PlasticCard(mifare=MifareClassic(bytes.fromhex("C6B272AE"))))
    assert driver.rf_serial() == bytes.fromhex("C6B272AE")
    assert driver.rf_read(5, 0) is Outcome.WRONG_SECTOR
    assert driver.rf_check_key(RfKey.A, 5, bytes(6)) is Outcome.WRONG_KEY
    assert driver.rf_check_key(RfKey.A, 5, FF) is Outcome.OK
    assert driver.rf_write(5, 0, bytes.fromhex("0A000000F5FFFFFF0A00000014EB14EB")) is Outcome.OK
    assert driver.rf_increment(5, 0, 16) is Outcome.OK
    assert driver.rf_decrement(5, 0, 1) is Outcome.OK
    assert driver.rf_decrement(5, 0, 26) is Outcome.OVERFLOW
    assert driver.rf_read(5, 0) == bytes.fromhex("19000000E6FFFFFF1900000014EB14EB")
    assert driver.rf_change_key_a(5, b"SECRET") is Outcome.OK


def test_works_with_memory_cards(sim: Bench, reader: SimulatedCrt310) -> None:
    driver = sim.driver()
    driver.set_entry(FrontEntry.ANY_CARD, stop=StopPosition.CONTACTS)
    reader.insert(PlasticCard(memory=SimulatedI2cCard(I2cType.C02)))
    assert driver.eeprom_select(EepromType.C02) is Outcome.OK
    assert driver.eeprom_write(EepromType.C02, 16, b"\xaa\xbb") is Outcome.OK
    assert driver.eeprom_read(EepromType.C02, 16, 2) == b"\xaa\xbb"
    assert driver.eeprom_read(EepromType.C04, 16, 2) is Outcome.FAILED
    with pytest.raises(ProtocolViolation, match="cannot execute command 38"):
        driver.memory_card(MemoryCardCommand(CardFamily.SLE4442, 0x30))


def test_lights_its_lamp(sim: Bench, reader: SimulatedCrt310) -> None:
    driver = sim.driver()
    driver.light(True)
    assert reader.light
    driver.blink(0, 1)
    assert not reader.light


# -- status ----------------------------------------------------------------------------------------------


def test_says_what_it_is(bench: Bench) -> None:
    driver = bench.driver()
    assert driver.identify() == Identity("CRT-310", "", "CRT 310 V3.0")
    driver.reset(Eject.FRONT)
    assert driver.identify().firmware == "CRT 310 V3.0"


def test_tells_whether_a_card_is_there(sim: Bench, reader: SimulatedCrt310) -> None:
    driver = sim.driver()
    assert (driver.status().state, driver.status().media) == (DeviceState.ONLINE, Media.NOT_PRESENT)
    reader.insert(bank_card())
    assert driver.status().media is Media.PRESENT
    assert driver.self_test().in_service


@pytest.mark.parametrize(
    ("condition", "detail"),
    [(Condition(supply_voltage_ok=False), "10.8"), (Condition(on_backup_power=True), "backup")],
)
def test_tells_when_its_power_is_wrong(sim: Bench, reader: SimulatedCrt310, condition: Condition, detail: str) -> None:
    reader.condition = condition
    driver = sim.driver()
    assert driver.status().state is DeviceState.HARDWARE_ERROR
    assert detail in driver.status().detail
    assert driver.status().faults == driver.self_test().faults == {Fault.POWER}
    with pytest.raises(DeviceFault) as caught:
        driver.move(MoveTo.FRONT)
    assert caught.value.fault is Fault.POWER


@pytest.mark.parametrize("length", [Length.LONG, Length.SHORT])
def test_an_abnormal_card_is_a_fault_until_it_is_cleared(sim: Bench, reader: SimulatedCrt310, length: Length) -> None:
    driver = sim.driver()
    reader.insert(PlasticCard(length=length))
    assert not driver.status().in_service
    with pytest.raises(DeviceFault):
        driver.move(MoveTo.FRONT)
    assert driver.capture() is Outcome.OK
    assert len(reader.captured) == 1
    assert driver.status().in_service


@pytest.mark.parametrize("eject", [Eject.FRONT, Eject.REAR])
def test_a_jam_is_a_fault_until_the_card_has_moved(sim: Bench, reader: SimulatedCrt310, eject: Eject) -> None:
    driver = sim.driver()
    reader.insert(bank_card())
    reader.condition = Condition(jammed=True)
    for attempt in (lambda: driver.move(MoveTo.FRONT), driver.capture, lambda: driver.reset(eject)):
        with pytest.raises(DeviceFault) as caught:
            attempt()
        assert caught.value.fault is Fault.CARD_JAM
    assert driver.status().faults == {Fault.CARD_JAM}
    assert driver.media() is Media.JAMMED
    assert "INSIDE" in driver.status().detail
    reader.condition = Condition()
    driver.reset(eject)
    assert driver.status().in_service
    assert (driver.counters().jams, driver.counters().cycles) == (3, 0)
    reader.take()
    reader.insert(bank_card())
    driver.move(MoveTo.CONTACTS)
    driver.power_chip()
    assert driver.counters().cycles == 2


def test_a_jam_ends_with_a_move_that_went_well(sim: Bench, reader: SimulatedCrt310) -> None:
    driver = sim.driver()
    reader.insert(bank_card())
    reader.condition = Condition(jammed=True)
    with pytest.raises(DeviceFault):
        driver.move(MoveTo.FRONT_HELD)
    reader.condition = Condition()
    assert driver.move(MoveTo.FRONT_HELD) is Outcome.OK
    assert driver.media() is Media.ENTERING


def test_lets_a_card_out_at_the_rear_and_in_again(sim: Bench, reader: SimulatedCrt310) -> None:
    driver = sim.driver()
    driver.set_entry(FrontEntry.PROHIBITED, RearEntry.ALLOWED, stop=StopPosition.REAR_HELD)
    assert not reader.insert(bank_card())
    assert reader.insert_at_rear(bank_card())
    assert (driver.position(), driver.media()) == (CardPosition.REAR_HELD, Media.PRESENT)
    reader.condition = Condition(bin_full=True)
    assert driver.move(MoveTo.REAR) is Outcome.OK
    assert driver.position() is CardPosition.REAR
    assert reader.captured == []


def test_a_card_in_the_reader_keeps_its_chip_powered_only_at_the_contacts(sim: Bench, reader: SimulatedCrt310) -> None:
    driver = sim.driver()
    reader.insert(bank_card())
    driver.move(MoveTo.CONTACTS)
    driver.power_chip()
    assert driver.chip_protocol is CpuProtocol.T0
    reader.tear_out()
    assert driver.transmit(bytes.fromhex("00A4040000")) is Outcome.NO_CARD
    assert driver.chip_protocol is None


@pytest.mark.parametrize(
    ("fittings", "use"),
    [
        (Fittings(contacts=False), lambda driver: driver.move(MoveTo.CONTACTS)),
        (Fittings(contacts=False), lambda driver: driver.power_chip()),
        (Fittings(contacts=False), lambda driver: driver.eeprom_select(EepromType.C01)),
        (Fittings(antenna=False), lambda driver: driver.rf_seek()),
        (Fittings(magnetic_head=False), lambda driver: driver.read_tracks()),
        (Fittings(rear_magnetic_head=False), lambda driver: driver.read_tracks(again=True)),
        (Fittings(electric_shutter=False), lambda driver: driver.set_entry(FrontEntry.MAGNETIC)),
        (Fittings(), lambda driver: driver.power_sam(0)),
    ],
)
def test_a_unit_that_lacks_a_part_says_so(
    tmp_path: Path, fittings: Fittings, use: Callable[[Crt310Reader], object]
) -> None:
    device = SimulatedCrt310(fittings=fittings)
    device.insert(bank_card())
    made = Bench("sim", tmp_path, device)
    with pytest.raises(LacksPart, match="cannot execute"):
        use(made.driver())
    made.close()


def test_reads_the_stripe_again_past_the_rear_head(sim: Bench, reader: SimulatedCrt310) -> None:
    driver = sim.driver()
    assert driver.read_tracks(again=True) is Outcome.NO_CARD
    reader.insert(PlasticCard(tracks={2: TRACK_2, 3: TrackDamage.NO_START}))
    tracks = driver.read_tracks(TrackSelection.TWO_THREE, again=True)
    assert isinstance(tracks, Tracks)
    assert [tracks.track(number) for number in (1, 2, 3)] == [
        TrackError.NOT_READ,
        TrackData(TRACK_2),
        TrackError.NO_START,
    ]


def test_a_sensor_that_sees_a_card_where_none_is_fails_the_self_test(tmp_path: Path) -> None:
    class Dirty(SimulatedCrt310):
        def receive(self, data: bytes) -> bytes:
            clean, dirty = "312E 30303030303030 30 03", "312E 30303130303030 30 03"
            answer = super().receive(data)
            at = answer.find(bytes.fromhex(clean))
            if at < 0:
                return answer
            return answer[:at] + bytes.fromhex(dirty) + bytes((answer[-1] ^ 1,))

    made = Bench("sim", tmp_path, Dirty())
    tested = made.driver().self_test()
    assert (tested.state, tested.detail) == (DeviceState.HARDWARE_ERROR, "no card, but sensor 2 sees one")
    made.close()


# -- the line --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        LineFault.NO_ACK,
        LineFault.NAK,
        LineFault.GARBLED_ANSWER,
        LineFault.DUPLICATE_ANSWER,
        LineFault.FOREIGN_ANSWER,
        LineFault.NOISE_BEFORE_ANSWER,
    ],
)
def test_a_question_survives_a_fault_of_the_line(bench: Bench, reader: SimulatedCrt310, fault: LineFault) -> None:
    driver = bench.driver()
    reader.fail_next(fault)
    with bench.passing(lambda: fault is LineFault.NO_ACK and not reader._faults and not driver.counters().resends):
        for _ in range(3):
            assert driver.position() is CardPosition.NO_CARD


@pytest.mark.parametrize("fault", [LineFault.NO_ANSWER, LineFault.LATE_ANSWER, LineFault.HALF_ANSWER])
def test_a_late_answer_is_never_taken_for_another_questions(
    bench: Bench, reader: SimulatedCrt310, fault: LineFault
) -> None:
    driver = bench.driver()
    reader.fail_next(fault)
    with bench.passing(lambda: reader.executed), pytest.raises(DeviceUnavailable, match="no answer to AskStatus"):
        driver.position()
    reader.insert(bank_card())
    assert driver.position() is CardPosition.INSIDE


@pytest.mark.parametrize("fault", [LineFault.GARBLED_ANSWER, LineFault.NO_ANSWER, LineFault.HALF_ANSWER])
def test_a_move_is_executed_once_and_never_reported_unseen(
    sim: Bench, reader: SimulatedCrt310, fault: LineFault
) -> None:
    driver = sim.driver()
    reader.insert(bank_card())
    reader.fail_next(fault)
    with pytest.raises((ProtocolViolation, DeviceUnavailable)):
        driver.move(MoveTo.FRONT)
    assert reader.executed.count(Move(MoveTo.FRONT)) == 1
    assert driver.position() is CardPosition.FRONT


def test_a_lost_acknowledgement_does_not_move_a_card_twice(sim: Bench, reader: SimulatedCrt310) -> None:
    driver = sim.driver()
    driver.position()
    reader.insert(bank_card())
    reader.fail_next(LineFault.NO_ACK, LineFault.NAK)
    assert driver.move(MoveTo.FRONT) is Outcome.OK
    assert reader.executed.count(Move(MoveTo.FRONT)) == 1
    assert driver.counters().resends == 2


def test_counts(sim: Bench, reader: SimulatedCrt310) -> None:
    driver = sim.driver()
    driver.position()
    first = driver.counters()
    # EOT, status (7 bytes), ENQ; back EOT, ACK, answer (10 bytes)
    assert (first.exchanges, first.bytes_sent, first.bytes_received) == (1, 9, 12)
    reader.fail_next(LineFault.GARBLED_ANSWER)
    driver.position()
    assert (driver.counters().checksum_errors, driver.counters().exchanges) == (1, 3)


@pytest.mark.parametrize(("fault", "words"), [(LineFault.NAK, "NAK to every frame"), (LineFault.NO_ACK, "acknowledge")])
def test_a_reader_that_takes_no_frame_is_unavailable(
    sim: Bench, reader: SimulatedCrt310, fault: LineFault, words: str
) -> None:
    driver = sim.driver()
    reader.fail_next(*[fault] * 3)
    with pytest.raises(DeviceUnavailable, match=words):
        driver.position()
    assert driver.position() is CardPosition.NO_CARD


def test_a_silent_reader_is_unavailable(bench: Bench, reader: SimulatedCrt310) -> None:
    reader.condition = Condition(powered=False)
    driver = bench.driver()
    for use in (driver.status, driver.identify, driver.reset, driver.self_test):
        with bench.passing(), pytest.raises(DeviceUnavailable):
            use()


def test_gets_in_step_with_a_reader_that_is_deaf_to_eot_when_idle(tmp_path: Path) -> None:
    device = SimulatedCrt310(habits=Habits(answers_idle_eot=False))
    made = Bench("sim", tmp_path, device)
    assert made.driver().position() is CardPosition.NO_CARD
    assert device.executed == [AskStatus()]
    made.close()


@pytest.mark.parametrize(
    "babble", [b"\x06", b"\x15", b"\x04", b"\x02\x00\x05", b"\x00", b"\x06\x04\x02\x00\x02\x31\x30\x03\x02"]
)
def test_a_reader_that_never_stops_talking_does_not_hold_the_driver(tmp_path: Path, babble: bytes) -> None:
    class Babbling:
        def receive(self, data: bytes) -> bytes:
            return babble

        def idle(self) -> bytes:
            made.clock.sleep(0.001 * len(babble))  # at 9600 Bd
            return babble

    made = Bench("sim", tmp_path, Babbling())
    driver = made.driver()
    with pytest.raises((DeviceUnavailable, ProtocolViolation)):
        driver.status()
    assert made.clock.now() <= SENDS * (READY_S + ANSWER_S)
    made.close()


def test_an_unplug_is_noticed_and_plugged_in_again_it_is_back(bench: Bench) -> None:
    driver = bench.driver()
    driver.position()
    bench.unplug()
    for use in (driver.position, driver.status, driver.identify, driver.reset, driver.self_test):
        with pytest.raises(DeviceUnavailable):
            use()
    driver.close()
    driver.close()
    bench.plug()
    assert bench.driver().status().in_service


@pytest.mark.parametrize("kind", ["sim", "pty"])
def test_an_unplug_while_a_move_is_awaited_is_noticed_without_a_deadline(
    kind: str, tmp_path: Path, reader: SimulatedCrt310
) -> None:
    bench = Bench(kind, tmp_path, reader, standing=True)
    driver = bench.driver()
    driver.position()
    reader.insert(bank_card())
    reader.fail_next(LineFault.NO_ANSWER)

    def pull() -> None:
        until(lambda: Move(MoveTo.FRONT) in reader.executed)
        bench.unplug()

    puller = Thread(target=pull)
    puller.start()
    with pytest.raises(DeviceUnavailable) as unavailable:
        driver.move(MoveTo.FRONT)
    puller.join()
    assert "no answer" not in str(unavailable.value)
    driver.close()
    bench.plug()
    again = bench.driver()
    assert again.position() is CardPosition.FRONT
    assert reader.executed.count(Move(MoveTo.FRONT)) == 1
    bench.close()


class Hostile:
    """A reader that answers each arrival with whatever bytes come next."""

    def __init__(self, script: list[bytes]) -> None:
        self._script = script

    def receive(self, data: bytes) -> bytes:
        return self._script.pop(0) if self._script else b""

    def idle(self) -> bytes:
        return b""


_PIECES = st.sampled_from(
    [
        b"",
        b"\x04",
        b"\x06",
        b"\x15",
        b"\x05",
        b"\x02",
        bytes.fromhex("02 00 03 32 30 4E 03 1D"),
        b"\x06\x04",
        b"\xff\x00",
    ]
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(_PIECES, max_size=3).map(b"".join), max_size=12))
def test_a_hostile_reader_never_makes_a_success(script: list[bytes]) -> None:
    clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
    world = SerialWorld(clock)
    world.add("hostile", Hostile([b"\x04", *script]))
    register(world)
    driver = Crt310Reader(NAME, open_serial("sim://hostile", 9600, NAME, clock), clock)
    try:
        with pytest.raises((DeviceUnavailable, ProtocolViolation, DeviceFault)):
            driver.move(MoveTo.FRONT)
    finally:
        driver.close()


# -- doubts ----------------------------------------------------------------------------------------------


def test_an_answer_as_drawn_is_taken_only_with_the_profile_for_it(tmp_path: Path) -> None:
    class Drawn(SimulatedCrt310):
        def receive(self, data: bytes) -> bytes:
            # 9.1.8 p18: the decrement is answered with PM 37; BCC follows
            return (
                super()
                .receive(data)
                .replace(bytes.fromhex("02 00 05 35 38 05 00 34 03 38"), bytes.fromhex("02 00 05 35 37 05 00 34 03 37"))
            )

    device = Drawn()
    device.insert(PlasticCard(mifare=MifareClassic(bytes(4))))
    made = Bench("sim", tmp_path, device)
    strict = made.driver()
    assert strict.rf_check_key(RfKey.A, 5, FF) is Outcome.OK
    with pytest.raises(ProtocolViolation, match="35 37 answers 35 38"):
        strict.rf_decrement(5, 0, 1)
    strict.close()
    assert made.driver(Profile(as_drawn=True)).rf_decrement(5, 0, 1) is Outcome.DATA_ERROR
    made.close()


def test_says_nothing_of_what_a_card_holds(sim: Bench, reader: SimulatedCrt310) -> None:
    driver = sim.driver()
    reader.insert(bank_card())
    assert "6222" not in repr(driver.read_tracks())
