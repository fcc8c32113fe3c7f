"""The CRT-310 as the card reader port sees it, against the simulated reader on `sim://`."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from device_sim.card import OtherCard
from device_sim.crt310 import Condition, Fittings, SimulatedCrt310
from device_sim.plastic_card import Length, PlasticCard, TrackDamage
from device_sim.serial.handlers import register
from device_sim.serial.world import SerialWorld
from drivers.crt310 import Crt310Reader
from drivers.crt310_card_reader import Crt310CardReader
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
from kiosk_core.errors import DeviceFault, Fault, ProtocolViolation
from kiosk_core.magnetic_tracks import MagneticTracks, TrackData, TrackStatus
from kiosk_core.status import DeviceState, Media
from tests.clocks import SetClock
from wire.crt310_commands import MoveTo

NAME = "card_reader"
SELECT = bytes.fromhex("00A4040000")


@pytest.fixture
def reader() -> SimulatedCrt310:
    return SimulatedCrt310()


def connected(reader: SimulatedCrt310, exit_to: MoveTo = MoveTo.FRONT) -> CardReader:
    clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
    world = SerialWorld(clock)
    world.add("reader", reader)
    register(world)
    driver = Crt310Reader(NAME, open_serial("sim://reader", 9600, NAME, clock), clock)
    return Crt310CardReader(NAME, driver, exit_to)


@pytest.fixture
def port(reader: SimulatedCrt310) -> Iterator[CardReader]:
    made = connected(reader)
    yield made
    made.close()


class Talkative(OtherCard):
    """A T=0 chip: 6C08 to a challenge of another length than 8, 61xx before it gives its data."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def transmit(self, command: bytes) -> bytes | None:
        self.heard.append(command.hex().upper())
        match command[1], command[-1]:
            case 0x84, 8:
                return bytes(range(8)) + b"\x90\x00"
            case 0x84, _:
                return b"\x6c\x08"
            case 0xC0, 2:
                return b"\xaa\xbb\x90\x00"
            case _:
                return b"\x61\x02"


def test_serves_a_card_from_gate_to_gate(port: CardReader, reader: SimulatedCrt310) -> None:
    port.reset()
    assert not reader.insert(PlasticCard())
    port.set_entry(True)
    assert port.media() is Media.NOT_PRESENT
    assert reader.insert(PlasticCard(chip=OtherCard()))
    assert port.media() is Media.PRESENT
    assert port.read_raw_data() == RawData(ChipProtocol.T0, OtherCard.ATR)
    assert port.media() is Media.LATCHED
    assert port.chip_io(ChipProtocol.T0, SELECT) == ChipAnswer(b"\x6a\x82")
    assert port.chip_power(ChipPower.WARM) == RawData(ChipProtocol.T0, OtherCard.ATR)
    assert port.chip_power(ChipPower.OFF) is None
    assert port.move(Destination.EXIT) is None
    assert port.media() is Media.ENTERING
    assert port.move(Destination.RETAIN) is CardRefusal.NO_MEDIA
    assert reader.take() is not None


def test_retains_a_card(port: CardReader, reader: SimulatedCrt310) -> None:
    assert port.move(Destination.RETAIN) is CardRefusal.NO_MEDIA
    reader.insert(PlasticCard())
    assert port.move(Destination.RETAIN) is None
    assert len(reader.captured) == 1


def test_follows_61_and_6c(port: CardReader, reader: SimulatedCrt310) -> None:
    chip = Talkative()
    reader.insert(PlasticCard(chip=chip))
    port.read_raw_data()
    assert port.chip_io(ChipProtocol.NOT_REQUIRED, bytes.fromhex("0084000004")) == ChipAnswer(
        bytes(range(8)) + b"\x90\x00"
    )
    assert port.chip_io(ChipProtocol.T0, bytes.fromhex("00A40000023F00")) == ChipAnswer(b"\xaa\xbb\x90\x00")
    assert chip.heard == ["0084000004", "0084000008", "00A40000023F00", "00C0000002"]


def test_says_why_a_chip_cannot_be_served(port: CardReader, reader: SimulatedCrt310) -> None:
    assert port.read_raw_data() is CardRefusal.NO_MEDIA
    assert port.chip_power(ChipPower.COLD) is CardRefusal.NO_MEDIA
    assert port.chip_io(ChipProtocol.T0, SELECT) is CardRefusal.CHIP_OFF
    reader.insert(PlasticCard(tracks={2: b"1=2"}))
    assert port.read_raw_data() is CardRefusal.ATR_NOT_OBTAINED
    port.move(Destination.RETAIN)
    reader.insert(PlasticCard(chip=OtherCard()))
    assert port.chip_power(ChipPower.COLD) is CardRefusal.INVALID_MEDIA  # not under the contacts
    port.read_raw_data()
    assert port.chip_io(ChipProtocol.T1, SELECT) is CardRefusal.PROTOCOL_NOT_SUPPORTED
    assert port.chip_io(ChipProtocol.TYPE_A, SELECT) is CardRefusal.UNSUPPORTED
    reader.tear_out()
    assert port.chip_io(ChipProtocol.T0, SELECT) is CardRefusal.NO_MEDIA
    assert port.dispense() is CardRefusal.UNSUPPORTED


def test_a_chip_that_falls_silent_may_have_acted(port: CardReader, reader: SimulatedCrt310) -> None:
    class Mute(OtherCard):
        def transmit(self, command: bytes) -> bytes | None:
            return None

    reader.insert(PlasticCard(chip=Mute()))
    port.read_raw_data()
    assert port.chip_io(ChipProtocol.T0, SELECT) is CardRefusal.CARD_SILENT


@pytest.mark.parametrize(
    ("length", "refusal"), [(Length.LONG, CardRefusal.CARD_TOO_LONG), (Length.SHORT, CardRefusal.CARD_TOO_SHORT)]
)
def test_an_abnormal_card_can_only_be_retained(
    port: CardReader, reader: SimulatedCrt310, length: Length, refusal: CardRefusal
) -> None:
    reader.insert(PlasticCard(length=length))
    assert (port.media(), port.status().state) == (Media.JAMMED, DeviceState.HARDWARE_ERROR)
    assert port.status().faults == {Fault.CARD_JAM}
    assert port.read_raw_data() is refusal
    assert port.chip_power(ChipPower.COLD) is refusal
    assert port.move(Destination.EXIT) is refusal
    with pytest.raises(DeviceFault):
        port.reset(ResetAction.EXIT)
    assert port.move(Destination.RETAIN) is None
    assert port.self_test().in_service


def test_a_reset_gives_back_keeps_or_retains(port: CardReader, reader: SimulatedCrt310) -> None:
    for action, media in (
        (ResetAction.CURRENT_POSITION, Media.PRESENT),
        (ResetAction.EXIT, Media.ENTERING),
        (ResetAction.RETAIN, Media.NOT_PRESENT),
    ):
        port.set_entry(True)
        assert reader.insert(PlasticCard())
        port.reset(action)
        assert port.media() is media
        reader.tear_out()
    assert port.identify().firmware == "CRT 310 V3.0"


def test_a_reset_retains_an_abnormal_card(port: CardReader, reader: SimulatedCrt310) -> None:
    reader.insert(PlasticCard(length=Length.SHORT))
    port.reset(ResetAction.RETAIN)
    assert len(reader.captured) == 1


def test_a_reset_that_frees_no_card_is_a_jam(port: CardReader, reader: SimulatedCrt310) -> None:
    reader.insert(PlasticCard())
    reader.condition = Condition(jammed=True)
    with pytest.raises(DeviceFault) as failed:
        port.reset(ResetAction.EXIT)
    assert failed.value.fault is Fault.CARD_JAM


# -- the stripe ------------------------------------------------------------------------------------------

# ISO/IEC 7813; nobody's card.
TRACK_1, TRACK_2 = b"B6222021234567890^NOBODY/N^3012", b"6222021234567890=3012"


def test_reads_the_tracks_that_are_asked_for(port: CardReader, reader: SimulatedCrt310) -> None:
    reader.insert(PlasticCard(tracks={1: TRACK_1, 2: b";" + TRACK_2 + b"?"}))
    tracks = port.read_tracks()
    assert tracks == MagneticTracks(TrackData(TRACK_1.decode()), TrackData(TRACK_2.decode()), TrackStatus.DATA_MISSING)
    assert "622202******7890" in f"{tracks}"
    assert TRACK_2.decode() not in f"{tracks!r} {port.status()} {port.counters()}"
    assert port.read_tracks(track1=False, track3=False) == MagneticTracks(track2=TrackData(TRACK_2.decode()))
    assert port.read_tracks(track1=False, track2=False, track3=False) == MagneticTracks()


@pytest.mark.parametrize("damage", TrackDamage)
def test_a_track_that_cannot_be_read_is_invalid(port: CardReader, reader: SimulatedCrt310, damage: TrackDamage) -> None:
    reader.insert(PlasticCard(tracks={2: damage}))
    assert port.read_tracks() == MagneticTracks(
        TrackStatus.DATA_MISSING, TrackStatus.DATA_INVALID, TrackStatus.DATA_MISSING
    )


def test_never_gives_the_stripe_of_the_card_before(port: CardReader, reader: SimulatedCrt310) -> None:
    assert port.read_tracks() is CardRefusal.NO_MEDIA
    reader.insert(PlasticCard(tracks={2: TRACK_2}))
    reader.tear_out()
    assert port.read_tracks() is CardRefusal.NO_MEDIA  # though the reader still knows it
    reader.insert(PlasticCard())
    assert port.read_tracks(track1=False, track3=False) == MagneticTracks(track2=TrackStatus.DATA_MISSING)
    reader.tear_out()
    reader.insert(PlasticCard(length=Length.LONG))
    assert port.read_tracks() is CardRefusal.CARD_TOO_LONG


# -- units and settings ----------------------------------------------------------------------------------


def test_a_unit_without_the_part_refuses() -> None:
    reader = SimulatedCrt310(fittings=Fittings(contacts=False, magnetic_head=False))
    port = connected(reader)
    reader.insert(PlasticCard(tracks={2: TRACK_2}, chip=OtherCard()))
    assert port.read_raw_data() is CardRefusal.UNSUPPORTED
    assert port.read_tracks() is CardRefusal.UNSUPPORTED
    assert port.chip_power(ChipPower.COLD) is CardRefusal.UNSUPPORTED
    port.close()


def test_a_forgotten_card_can_be_retained_where_the_gate_holds_it() -> None:
    reader = SimulatedCrt310()
    port = connected(reader, MoveTo.FRONT_HELD)
    reader.insert(PlasticCard())
    assert port.move(Destination.EXIT) is None
    assert port.media() is Media.ENTERING
    assert port.move(Destination.RETAIN) is None
    assert len(reader.captured) == 1
    port.close()


# -- APDUs -----------------------------------------------------------------------------------------------


class Scripted(OtherCard):
    """A chip that gives its answers in turn, the last one for ever."""

    def __init__(self, *answers: str) -> None:
        self.heard: list[str] = []
        self._answers = [bytes.fromhex(each) for each in answers]

    def transmit(self, command: bytes) -> bytes | None:
        self.heard.append(command.hex().upper())
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def test_a_chip_that_promises_more_for_ever_is_cut_off(port: CardReader, reader: SimulatedCrt310) -> None:
    chip = Scripted("6102")
    reader.insert(PlasticCard(chip=chip))
    port.read_raw_data()
    assert port.chip_io(ChipProtocol.T0, SELECT) == ChipAnswer(b"\x61\x02")
    assert chip.heard == ["00A4040000"] + ["00C0000002"] * 8


def test_a_wrong_length_is_asked_again_once_and_only_where_it_can_be(port: CardReader, reader: SimulatedCrt310) -> None:
    chip = Scripted("6C08")
    reader.insert(PlasticCard(chip=chip))
    port.read_raw_data()
    assert port.chip_io(ChipProtocol.T0, bytes.fromhex("0084000004")) == ChipAnswer(b"\x6c\x08")
    assert chip.heard == ["0084000004", "0084000008"]
    assert port.chip_io(ChipProtocol.T0, bytes.fromhex("00840000050102")) == ChipAnswer(b"\x6c\x08")
    assert chip.heard[2:] == ["00840000050102"]


@pytest.mark.parametrize("size", [0, 3, 262])
def test_what_is_no_short_apdu_is_not_sent(port: CardReader, size: int) -> None:
    with pytest.raises(ValueError, match="4 to 261"):
        port.chip_io(ChipProtocol.T0, bytes(size))


def test_an_answer_without_a_status_word_is_a_violation(port: CardReader, reader: SimulatedCrt310) -> None:
    reader.insert(PlasticCard(chip=Scripted("90")))
    port.read_raw_data()
    with pytest.raises(ProtocolViolation, match="2 to 258"):
        port.chip_io(ChipProtocol.T0, SELECT)
