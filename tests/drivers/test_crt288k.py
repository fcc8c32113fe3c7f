"""The CRT-288K's driver against the simulated reader, through pyusb and the backend of a bus in this process."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_sim.card import OtherCard
from device_sim.crt288k import Condition, Fittings, Misdeed, SimulatedCrt288k
from device_sim.plastic_card import PlasticCard, TrackDamage
from device_sim.usb.backend import InProcessBackend
from device_sim.usb.bus import SimulatedBus
from drivers.crt288k import CHIP_S, EXCHANGE_S, TRY_AGAIN_S, Crt288kReader, Profile
from drivers.usb import HID_CLASS, open_usb
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
from kiosk_core.clock import Clock
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, OpenTellerError, ProtocolViolation
from kiosk_core.magnetic_tracks import MagneticTracks, TrackData, TrackStatus
from kiosk_core.status import DeviceState, Identity, Media
from tests.clocks import RealClock, SetClock
from tests.patience import until
from wire.crt288k import (
    Apdu,
    AskSerialNumber,
    AskStatus,
    CardType,
    ClearTracks,
    ColdReset,
    Frame,
    Init,
    Initialize,
    Kind,
    Latch,
    PowerOff,
    Protocol,
    Reply,
    SetLatch,
    SetReadMode,
    Supply,
    decode_reply,
    encode_reply,
)

NAME = "card_reader"
SELECT = bytes.fromhex("00A4040000")
TRACK_2 = b"6222021234567890=3012"  # ISO/IEC 7813; nobody's card


class Rewriting(SimulatedCrt288k):
    """A reader that gives another answer in place of each that begins with some bytes (hex)."""

    def __init__(self, clock: Clock, answers: dict[str, str]) -> None:
        super().__init__(clock)
        self._answers = {bytes.fromhex(begins): bytes.fromhex(answer) for begins, answer in answers.items()}
        self.insert(bank_card())

    def _answer(self, frame: Frame) -> Reply:
        reply = super()._answer(frame)
        text = encode_reply(reply).text
        for begins, answer in self._answers.items():
            if text.startswith(begins):
                return decode_reply(Frame(answer))
        return reply


class Rig:
    """A reader on a bus; the kernel's usbhid has its interface until somebody takes it."""

    def __init__(
        self,
        clock: Clock | None = None,
        fittings: Fittings | None = None,
        late_s: float = 3.0,
        profile: Profile | None = None,
        answers: dict[str, str] | None = None,
    ) -> None:
        self.clock = clock or SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
        self.bus = SimulatedBus(self.clock)
        self.reader = SimulatedCrt288k(self.clock, fittings=fittings, late_s=late_s)
        if answers is not None:
            self.reader = Rewriting(self.clock, answers)
        self._profile = profile
        self.plug()
        self.driver = self.open()

    def plug(self) -> None:
        self.bus.attach(self.reader, frozenset({0}))

    def unplug(self) -> None:
        self.bus.detach(self.reader)

    def open(self) -> Crt288kReader:
        backend = InProcessBackend(self.bus)
        transport = open_usb(0x23D8, 0x0285, NAME, self.clock, HID_CLASS, backend=backend)
        return Crt288kReader(NAME, transport, self.clock, self._profile)


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.driver.close()


def bank_card() -> PlasticCard:
    return PlasticCard(tracks={2: TRACK_2}, chip=OtherCard())


class Scripted(OtherCard):
    """A chip that gives its answers in turn, the last one for ever; "" is silence."""

    def __init__(self, *answers: str) -> None:
        self.heard: list[str] = []
        self._answers = [bytes.fromhex(each) for each in answers]

    def transmit(self, command: bytes) -> bytes | None:
        self.heard.append(command.hex().upper())
        return (self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]) or None


# -- what it does --------------------------------------------------------------------------------------------


def test_serves_a_card_that_a_customer_puts_in_and_takes(rig: Rig) -> None:
    port: CardReader = rig.driver
    port.reset()
    port.set_entry(True)
    assert port.media() is Media.NOT_PRESENT
    rig.reader.insert(bank_card(), in_place=False)
    assert port.media() is Media.ENTERING
    assert port.read_raw_data() is CardRefusal.NO_MEDIA
    rig.reader.push_in()
    assert port.media() is Media.PRESENT
    assert port.read_tracks(track1=False, track3=False) == MagneticTracks(track2=TrackData(TRACK_2.decode()))
    assert port.read_raw_data() == RawData(ChipProtocol.T0, OtherCard.ATR)
    assert port.media() is Media.LATCHED
    assert rig.reader.pull_out() is None
    assert port.chip_io(ChipProtocol.T0, SELECT) == ChipAnswer(b"\x6a\x82")
    assert port.chip_power(ChipPower.WARM) == RawData(ChipProtocol.T0, OtherCard.ATR)
    assert port.chip_power(ChipPower.OFF) is None
    assert port.chip_io(ChipProtocol.T0, SELECT) is CardRefusal.CHIP_OFF
    assert port.move(Destination.EXIT) is None
    assert rig.reader.pull_out() is not None
    assert port.media() is Media.NOT_PRESENT


def test_begins_by_getting_in_step_and_initialising(rig: Rig) -> None:
    rig.driver.media()
    rig.driver.media()
    assert rig.reader.executed == [
        AskSerialNumber(),
        Initialize(Init.SECOND),
        SetReadMode(),
        AskStatus(),
        ClearTracks(),
        AskStatus(),
    ]


def test_the_profile_says_how_it_is_initialised_and_powered() -> None:
    rig = Rig(profile=Profile(model="CRT-288", init=Init.FIRST, supply=Supply.ISO_3V))
    rig.reader.insert(bank_card())
    rig.driver.read_raw_data()
    assert Initialize(Init.FIRST) in rig.reader.executed
    assert ColdReset(Supply.ISO_3V) in rig.reader.executed
    assert rig.driver.identify().model == "CRT-288"


def test_the_chip_has_no_power_any_more_when_the_card_is_let_go(rig: Rig) -> None:
    rig.reader.insert(bank_card())
    rig.driver.read_raw_data()
    rig.reader.executed.clear()
    assert rig.driver.move(Destination.EXIT) is None
    assert rig.reader.executed == [AskStatus(), PowerOff(), SetLatch(Latch.RELEASE), AskStatus()]


def test_moves_what_its_latch_can(rig: Rig) -> None:
    assert rig.driver.move(Destination.EXIT) is CardRefusal.NO_MEDIA
    assert rig.driver.move(Destination.TRANSPORT) is CardRefusal.NO_MEDIA
    rig.reader.insert(bank_card(), in_place=False)
    assert rig.driver.move(Destination.TRANSPORT) is CardRefusal.NO_MEDIA
    rig.reader.push_in()
    assert rig.driver.move(Destination.TRANSPORT) is None
    assert rig.reader.locked
    assert rig.driver.move(Destination.RETAIN) is CardRefusal.UNSUPPORTED
    assert rig.driver.dispense() is CardRefusal.UNSUPPORTED
    assert rig.driver.move(Destination.EXIT) is None
    assert not rig.reader.locked


@pytest.mark.parametrize("opens", [True, False])
def test_a_reset_lets_a_card_go_or_leaves_it(opens: bool) -> None:
    rig = Rig(fittings=Fittings(init_opens_latch=opens))
    rig.reader.insert(bank_card())
    rig.driver.move(Destination.TRANSPORT)
    with pytest.raises(ValueError, match="cannot retain"):
        rig.driver.reset(ResetAction.RETAIN)
    rig.driver.reset()
    assert rig.reader.locked is not opens
    rig.driver.move(Destination.TRANSPORT)
    rig.driver.reset(ResetAction.EXIT)
    assert not rig.reader.locked


def test_finds_out_what_card_it_is(rig: Rig) -> None:
    assert rig.driver.card_type() is CardType.UNKNOWN
    rig.reader.insert(bank_card())
    assert rig.driver.card_type() is CardType.CPU_T0
    assert rig.driver.card_type(Kind.RF) is CardType.UNKNOWN


def test_a_unit_without_the_part_refuses_and_the_rest_works() -> None:
    rig = Rig(fittings=Fittings(latch=False, chip=False, magnetic_head=False, serial_number=False))
    rig.reader.insert(bank_card())
    assert rig.driver.identify() == Identity("CRT-288K", "1.00", "")
    assert rig.driver.read_tracks() is CardRefusal.UNSUPPORTED
    assert rig.driver.read_raw_data() is CardRefusal.UNSUPPORTED
    assert rig.driver.chip_power(ChipPower.COLD) is CardRefusal.UNSUPPORTED
    assert rig.driver.chip_power(ChipPower.OFF) is CardRefusal.UNSUPPORTED
    assert rig.driver.move(Destination.TRANSPORT) is CardRefusal.UNSUPPORTED
    assert rig.driver.move(Destination.EXIT) is None
    assert rig.driver.status().in_service


# -- the stripe ----------------------------------------------------------------------------------------------


def test_reads_tracks_and_shows_none(rig: Rig) -> None:
    rig.reader.insert(PlasticCard(tracks={1: b"%B6222021234567890^NOBODY^3012?", 2: TRACK_2, 3: TrackDamage.PARITY}))
    tracks = rig.driver.read_tracks()
    assert tracks == MagneticTracks(
        TrackData("B6222021234567890^NOBODY^3012"), TrackData(TRACK_2.decode()), TrackStatus.DATA_INVALID
    )
    assert "6222021234567890" not in f"{tracks} {tracks!r} {rig.driver.status()} {rig.driver.counters()}"


@pytest.mark.parametrize("damage", TrackDamage)
def test_a_damaged_track_is_invalid_and_a_blank_one_missing(rig: Rig, damage: TrackDamage) -> None:
    rig.reader.insert(PlasticCard(tracks={2: damage}))
    assert rig.driver.read_tracks() == MagneticTracks(
        TrackStatus.DATA_MISSING, TrackStatus.DATA_INVALID, TrackStatus.DATA_MISSING
    )


def test_never_gives_the_stripe_of_the_card_before(rig: Rig) -> None:
    rig.reader.insert(PlasticCard(tracks={2: TRACK_2}))
    rig.driver.media()
    rig.reader.pull_out()
    assert rig.driver.read_tracks() is CardRefusal.NO_MEDIA
    assert rig.reader.executed[-1] == ClearTracks()


@pytest.mark.parametrize(
    ("answer", "tracks"),
    [
        ("4E 36 31 32 31", [TrackStatus.DATA_INVALID] * 3),
        (
            "4E 36 31 32 30 4E 32 34 7E 50 31 7E 4E 32 30",
            [TrackStatus.DATA_MISSING, TrackData("1"), TrackStatus.DATA_INVALID],
        ),
    ],
)
def test_a_stripe_that_failed_may_still_have_tracks(answer: str, tracks: list[TrackData | TrackStatus]) -> None:
    assert Rig(answers={"50 36 31": answer}).driver.read_tracks() == MagneticTracks(*tracks)


# -- chips ---------------------------------------------------------------------------------------------------


def test_says_why_a_chip_cannot_be_served(rig: Rig) -> None:
    assert rig.driver.read_raw_data() is CardRefusal.NO_MEDIA
    assert rig.driver.chip_power(ChipPower.COLD) is CardRefusal.NO_MEDIA
    assert rig.driver.chip_io(ChipProtocol.T0, SELECT) is CardRefusal.CHIP_OFF
    rig.reader.insert(PlasticCard(tracks={2: TRACK_2}))
    assert rig.driver.read_raw_data() is CardRefusal.ATR_NOT_OBTAINED
    rig.driver.move(Destination.EXIT)
    rig.reader.pull_out()
    rig.reader.insert(PlasticCard(chip=Scripted(""), protocol=ChipProtocol.T1))
    assert rig.driver.chip_power(ChipPower.WARM) is CardRefusal.CHIP_OFF
    assert rig.driver.read_raw_data() == RawData(ChipProtocol.T1, OtherCard.ATR)
    assert rig.driver.chip_io(ChipProtocol.T0, SELECT) is CardRefusal.PROTOCOL_NOT_SUPPORTED
    assert rig.driver.chip_io(ChipProtocol.TYPE_A, SELECT) is CardRefusal.UNSUPPORTED
    assert rig.driver.chip_io(ChipProtocol.NOT_REQUIRED, SELECT) is CardRefusal.CARD_SILENT


def test_follows_61_and_6c_and_cuts_a_chip_off_that_promises_for_ever(rig: Rig) -> None:
    chip = Scripted("6C08", "1122334455667788 6102", "AABB 9000", "6102")
    rig.reader.insert(PlasticCard(chip=chip))
    rig.driver.read_raw_data()
    answer = rig.driver.chip_io(ChipProtocol.T0, bytes.fromhex("0084000004"))
    assert answer == ChipAnswer(bytes.fromhex("1122334455667788AABB9000"))
    assert chip.heard == ["0084000004", "0084000008", "00C0000002"]
    assert rig.driver.chip_io(ChipProtocol.T0, SELECT) == ChipAnswer(b"\x61\x02")
    assert len(chip.heard) == 3 + 1 + 8


def test_a_wrong_length_that_cannot_be_put_in_is_the_answer(rig: Rig) -> None:
    rig.reader.insert(PlasticCard(chip=Scripted("6C08")))
    rig.driver.read_raw_data()
    assert rig.driver.chip_io(ChipProtocol.T0, bytes.fromhex("00840000050102")) == ChipAnswer(b"\x6c\x08")


def test_a_long_apdu_goes_and_comes_in_many_reports(rig: Rig) -> None:
    chip = Scripted("AB" * 256 + "9000")
    rig.reader.insert(PlasticCard(chip=chip))
    rig.driver.read_raw_data()
    command = bytes.fromhex("00D60000FF") + bytes(range(255)) + b"\x00"
    assert rig.driver.chip_io(ChipProtocol.T0, command) == ChipAnswer(b"\xab" * 256 + b"\x90\x00")
    assert chip.heard == [command.hex().upper()]
    for size in (3, 262):
        with pytest.raises(ValueError, match="4 to 261"):
            rig.driver.chip_io(ChipProtocol.T0, bytes(size))


# -- status --------------------------------------------------------------------------------------------------


def test_says_what_it_is(rig: Rig) -> None:
    assert rig.driver.identify() == Identity("CRT-288K", "1.00", "SIM288K0001")


def test_status_tells_card_and_latch(rig: Rig) -> None:
    status = rig.driver.status()
    assert (status.state, status.media, status.detail) == (DeviceState.ONLINE, Media.NOT_PRESENT, "latch open")
    rig.reader.insert(bank_card())
    rig.driver.move(Destination.TRANSPORT)
    status = rig.driver.self_test()
    assert (status.media, status.detail) == (Media.LATCHED, "latch closed")


def test_a_broken_latch_is_a_fault_until_it_works(rig: Rig) -> None:
    rig.reader.insert(bank_card())
    rig.driver.move(Destination.TRANSPORT)
    rig.reader.condition = Condition(latch_broken=True)
    attempts: list[Callable[[], object]] = [
        lambda: rig.driver.move(Destination.EXIT),
        lambda: rig.driver.reset(ResetAction.EXIT),
    ]
    for attempt in attempts:
        with pytest.raises(DeviceFault) as caught:
            attempt()
        assert caught.value.fault is Fault.CARD_SLOT_ERROR
    assert rig.driver.status().faults == {Fault.CARD_SLOT_ERROR}
    rig.reader.condition = Condition()
    assert rig.driver.move(Destination.EXIT) is None
    assert rig.driver.status().in_service


@pytest.mark.parametrize("gone", [True, False], ids=["without a card", "with a forgotten card"])
def test_a_latch_that_was_mended_is_in_service_again_though_nobody_comes(gone: bool) -> None:
    clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
    rig = Rig(clock)
    rig.reader.insert(bank_card())
    rig.reader.condition = Condition(latch_broken=True)
    with pytest.raises(DeviceFault):
        rig.driver.move(Destination.TRANSPORT)
    if gone:
        rig.reader.pull_out()
    for _ in range(2):
        assert rig.driver.status().faults == {Fault.CARD_SLOT_ERROR}
        clock.sleep(TRY_AGAIN_S - 1)
    rig.reader.condition = Condition()
    clock.sleep(1)
    assert rig.driver.status().in_service


def test_a_card_that_is_held_is_not_let_go_to_try_the_latch() -> None:
    rig = Rig()
    rig.reader.insert(bank_card())
    rig.driver.move(Destination.TRANSPORT)
    rig.reader.condition = Condition(latch_broken=True)
    with pytest.raises(DeviceFault):
        rig.driver.move(Destination.EXIT)
    rig.reader.condition = Condition()
    assert rig.driver.status().media is Media.LATCHED


def test_a_latch_that_says_it_opened_and_did_not_is_a_fault() -> None:
    rig = Rig(answers={"50 31 30": "50 31 30 30 32"})
    with pytest.raises(DeviceFault):
        rig.driver.move(Destination.EXIT)


@pytest.mark.parametrize(
    ("begins", "answer", "use"),
    [
        ("50 31 30", "4E 31 30 30 31", lambda driver: driver.status()),
        ("50 31 30", "50 31 30 32 32", lambda driver: driver.media()),
        ("50 30 31", "4E 30 31 30 31", lambda driver: driver.status()),
        ("50 36 30", "4E 36 30 30 31", lambda driver: driver.status()),
        ("50 36 31", "50 36 31 31 32 50 31", lambda driver: driver.read_tracks()),
        ("50 51 30", "50 51 30 31 32 32 3B", lambda driver: driver.read_raw_data()),
        ("50 51 30", "4E 51 30 30 32", lambda driver: driver.read_raw_data()),
        ("50 50 30", "50 50 30 31 32 39 39", lambda driver: driver.card_type()),
    ],
)
def test_an_answer_that_no_source_has_is_a_violation(
    begins: str, answer: str, use: Callable[[Crt288kReader], object]
) -> None:
    with pytest.raises(ProtocolViolation):
        use(Rig(answers={begins: answer}).driver)


def test_a_chips_answer_without_a_status_word_is_a_violation() -> None:
    rig = Rig(answers={"50 51 33": "50 51 33 31 32 90"})
    rig.driver.read_raw_data()
    with pytest.raises(ProtocolViolation, match="2 to 258"):
        rig.driver.chip_io(ChipProtocol.T0, SELECT)


def test_a_reader_without_power_says_so_and_is_initialised_again(rig: Rig) -> None:
    rig.driver.media()
    rig.reader.condition = Condition(power_down=True)
    assert rig.driver.status().faults == {Fault.POWER}
    with pytest.raises(DeviceFault) as caught:
        rig.driver.media()
    assert caught.value.fault is Fault.POWER
    rig.reader.condition = Condition()
    rig.reader.executed.clear()
    assert rig.driver.status().in_service
    assert Initialize(Init.SECOND) in rig.reader.executed


# -- the line ------------------------------------------------------------------------------------------------


def counted(rig: Rig) -> tuple[int, int, int]:
    counters = rig.driver.counters()
    return counters.resends, counters.checksum_errors, counters.strays


@pytest.mark.parametrize(
    ("misdeed", "counts"),
    [
        (Misdeed.NAK, (1, 0, 0)),
        (Misdeed.GARBLED, (1, 1, 0)),
        (Misdeed.HALF, (1, 1, 0)),
        (Misdeed.TWICE, (0, 0, 0)),
        (Misdeed.FOREIGN, (0, 0, 1)),
    ],
)
def test_an_apdu_survives_what_can_be_mended_and_is_executed_once(
    rig: Rig, misdeed: Misdeed, counts: tuple[int, int, int]
) -> None:
    chip = Scripted("9000")
    rig.reader.insert(PlasticCard(chip=chip))
    rig.driver.read_raw_data()
    rig.reader.misbehave(misdeed)
    assert rig.driver.chip_io(ChipProtocol.T0, SELECT) == ChipAnswer(b"\x90\x00")
    assert counted(rig) == counts
    assert rig.driver.media() is Media.LATCHED
    assert chip.heard == [SELECT.hex().upper()]


@pytest.mark.parametrize("misdeed", [Misdeed.NO_ACK, Misdeed.SILENT, Misdeed.LATE])
@pytest.mark.parametrize("late_s", [1.5, 4.5, 6.0, 9.0, 30.0])
def test_silence_is_never_answered_by_sending_again(misdeed: Misdeed, late_s: float) -> None:
    rig = Rig(late_s=late_s)
    chip = Scripted("1111 9000", "2222 9000")
    rig.reader.insert(PlasticCard(chip=chip))
    rig.driver.read_raw_data()
    rig.reader.misbehave(misdeed)
    began = rig.clock.now()
    if misdeed is Misdeed.LATE and late_s < CHIP_S:
        assert rig.driver.chip_io(ChipProtocol.T0, SELECT) == ChipAnswer(b"\x11\x11\x90\x00")
        return
    with pytest.raises(DeviceUnavailable, match=r"may have been done|no answer to 51 33"):
        rig.driver.chip_io(ChipProtocol.T0, SELECT)
    assert rig.clock.now() - began <= EXCHANGE_S
    assert len(chip.heard) == 1
    answers = []
    for _ in range(30):
        try:
            answers.append(rig.driver.chip_io(ChipProtocol.T0, bytes.fromhex("00840000")))
            break
        except DeviceUnavailable:
            continue
    assert answers == [ChipAnswer(b"\x22\x22\x90\x00")]
    assert chip.heard[1:] == ["00840000"]


def test_a_late_status_is_not_the_next_ones(rig: Rig) -> None:
    rig.driver.media()
    rig.reader.misbehave(Misdeed.LATE)
    with pytest.raises(DeviceUnavailable, match="no answer to 31 30"):
        rig.driver.media()
    rig.reader.insert(bank_card())
    rig.clock.sleep(3.0)
    assert rig.driver.media() is Media.PRESENT


@pytest.mark.parametrize(
    ("misdeed", "error", "words"),
    [
        (Misdeed.NAK, DeviceUnavailable, "takes no command, 3 times"),
        (Misdeed.NO_ACK, DeviceUnavailable, "does not acknowledge"),
        (Misdeed.SILENT, DeviceUnavailable, "no answer to 31 30 after 1 s"),
    ],
)
def test_a_reader_that_does_not_do_its_part(
    rig: Rig, misdeed: Misdeed, error: type[OpenTellerError], words: str
) -> None:
    rig.driver.media()
    rig.reader.misbehave(*[misdeed] * 3)
    with pytest.raises(error, match=words):
        rig.driver.media()


class Scripting(SimulatedCrt288k):
    """A reader that gives whatever reports come next, whatever it is sent."""

    def __init__(self, clock: Clock, reports: list[bytes]) -> None:
        super().__init__(clock)
        self._script = reports

    def bulk_out(self, endpoint: int, data: bytes) -> None:
        pass

    def bulk_in(self, endpoint: int, size: int) -> bytes | None:
        return self._script.pop(0)[:size] if self._script else None


def scripted(reports: list[bytes]) -> tuple[Crt288kReader, SetClock]:
    clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
    bus = SimulatedBus(clock)
    bus.attach(Scripting(clock, reports))
    transport = open_usb(0x23D8, 0x0285, NAME, clock, HID_CLASS, backend=InProcessBackend(bus))
    return Crt288kReader(NAME, transport, clock), clock


ACK, NAK = b"\x06".ljust(64, b"\0"), b"\x15".ljust(64, b"\0")
SERIAL = bytes.fromhex("F2 00 05 50 A2 30 31 30 03 37").ljust(64, b"\0")
MOVED = bytes.fromhex("F2 00 05 50 B0 31 31 32 03 26").ljust(64, b"\0")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([ACK, NAK, SERIAL, MOVED, bytes(64), b"\xf2\x02"]) | st.binary(max_size=64), max_size=40)
)
def test_any_reports_end_in_a_known_error_within_the_deadline(reports: list[bytes]) -> None:
    driver, clock = scripted(reports)
    for use in (driver.identify, driver.status, driver.media, lambda: driver.move(Destination.EXIT), driver.reset):
        began = clock.now()
        with contextlib.suppress(DeviceUnavailable, DeviceFault, ProtocolViolation):
            use()
        assert clock.now() - began <= (3 + 6) * EXCHANGE_S
        assert len(driver._deframer._begun) <= 640


class Endless(Scripting):
    """A reader that never stops talking."""

    def bulk_in(self, endpoint: int, size: int) -> bytes | None:
        self._clock.sleep(0.001)
        return ACK


def test_a_reader_that_never_stops_talking_does_not_hold_the_driver() -> None:
    clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
    bus = SimulatedBus(clock)
    bus.attach(Endless(clock, []))
    transport = open_usb(0x23D8, 0x0285, NAME, clock, HID_CLASS, backend=InProcessBackend(bus))
    driver = Crt288kReader(NAME, transport, clock)
    with pytest.raises(DeviceUnavailable, match="without being asked"):
        driver.status()
    assert clock.now() <= EXCHANGE_S


# -- the cable -----------------------------------------------------------------------------------------------


def test_pulled_out_it_is_unavailable_and_plugged_in_it_is_back(rig: Rig) -> None:
    assert rig.driver.status().in_service
    rig.unplug()
    uses: list[Callable[[], object]] = [rig.driver.status, rig.driver.identify, rig.driver.media, rig.driver.reset]
    for use in uses:
        with pytest.raises(DeviceUnavailable, match="unplugged"):
            use()
    rig.driver.close()
    rig.driver.close()
    rig.plug()
    rig.driver = rig.open()
    assert rig.driver.status().in_service


def test_an_unplug_while_an_answer_is_awaited_is_noticed_at_once() -> None:
    rig = Rig(RealClock())
    rig.reader.insert(bank_card())
    rig.driver.read_raw_data()
    rig.reader.misbehave(Misdeed.SILENT)

    def pull() -> None:
        until(lambda: Apdu(Protocol.T0, SELECT) in rig.reader.executed)
        rig.unplug()

    puller = Thread(target=pull)
    puller.start()
    with pytest.raises(DeviceUnavailable, match="unplugged"):  # a time-out says something else
        rig.driver.chip_io(ChipProtocol.T0, SELECT)
    puller.join()
    rig.driver.close()
    rig.plug()
    rig.driver = rig.open()
    assert rig.driver.read_raw_data() == RawData(ChipProtocol.T0, OtherCard.ATR)
    assert [each for each in rig.reader.executed if isinstance(each, Apdu)] == [Apdu(Protocol.T0, SELECT)]
    rig.driver.close()
