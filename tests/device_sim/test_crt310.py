"""The simulated CRT-310 against dialogues typed from its manual (facts/device-protocols.md 3a-2)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.card import OtherCard
from device_sim.cards.chip import BrokenChip
from device_sim.cards.lasting import Tear, Tearing
from device_sim.cards.mifare import MifareClassic, MifareUltralight
from device_sim.crt310 import Condition, Habits, LineFault, SimulatedCrt310
from device_sim.crt591_cards import SimulatedI2cCard
from device_sim.plastic_card import Length, PlasticCard, TrackDamage
from tests.clocks import SetClock
from wire.crt310_answers import CardPosition
from wire.crt310_commands import CpuProtocol
from wire.crt591_storage import I2cType

ENQ, EOT = b"\x05", b"\x04"
ACK, NAK = b"\x06", b"\x15"
TRACK_2 = b"6222021234567890=3012"


def framed(data: str) -> bytes:
    """Frame CM, PM and data as chapter 7.1 draws it, without our codec."""
    package = bytes.fromhex(data)
    body = b"\x02" + len(package).to_bytes(2, "big") + package + b"\x03"
    bcc = 0
    for byte in body:
        bcc ^= byte
    return body + bytes((bcc,))


def ask(reader: SimulatedCrt310, data: str) -> str:
    """Send a command and ENQ; return CM, PM and data of the answer as hex."""
    assert reader.receive(framed(data)) == ACK
    answer = reader.receive(ENQ)
    assert answer == framed(answer[3:-2].hex())
    return answer[3:-2].hex(" ").upper()


def bank_card(**more: object) -> PlasticCard:
    return PlasticCard(tracks={2: TRACK_2}, chip=OtherCard(), **more)  # type: ignore[arg-type]


def test_executes_only_what_enq_asks_for() -> None:
    reader = SimulatedCrt310()
    assert reader.receive(framed("31 30")) == ACK
    assert reader.executed == []
    assert reader.receive(ENQ) == framed("31 30 4E 4A 4A")
    assert reader.receive(ENQ) == b""


def test_eot_cancels_a_command() -> None:
    reader = SimulatedCrt310()
    assert reader.receive(framed("30 31") + EOT) == ACK + EOT
    assert reader.receive(ENQ) == b""
    assert reader.executed == []
    assert SimulatedCrt310(habits=Habits(answers_idle_eot=False)).receive(EOT) == b""


def test_naks_a_frame_with_a_wrong_bcc_until_it_is_right() -> None:
    reader = SimulatedCrt310()
    wrong = framed("31 30")[:-1] + b"\x00"
    assert [reader.receive(octets) for octets in (wrong, wrong, framed("31 30"))] == [NAK, NAK, ACK]


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("99 30", "4E 99 00"),
        ("31 39", "4E 31 01"),
        ("31 30 00", "4E 31 04"),
        ("3A 30", "4E 3A 02"),
        ("3D 30 30", "4E 3D 02"),
    ],
)
def test_refuses_with_the_error_byte_of_page_5(asked: str, answer: str) -> None:
    assert ask(SimulatedCrt310(), asked) == answer


@pytest.mark.parametrize(
    ("condition", "answer"),
    [(Condition(supply_voltage_ok=False), "4E 31 05"), (Condition(on_backup_power=True), "4E 31 07")],
)
def test_refuses_without_power(condition: Condition, answer: str) -> None:
    reader = SimulatedCrt310()
    reader.condition = condition
    assert ask(reader, "31 30") == answer
    assert not reader.insert(bank_card())


def test_a_reader_without_power_is_silent() -> None:
    reader = SimulatedCrt310()
    reader.condition = Condition(powered=False)
    assert reader.receive(framed("31 30") + EOT) == b""


def test_reset_names_the_version_and_brings_the_settings_back() -> None:
    reader = SimulatedCrt310()
    assert ask(reader, "2F 31 31") == "2F 31 31 4E"  # p8: 'N' is success
    assert ask(reader, "31 30") == "31 30 4E 4E 4E"
    assert ask(reader, "30 30") == "30 30 43 52 54 20 33 31 30 20 56 33 2E 30"
    assert ask(reader, "31 30") == "31 30 4E 4A 4A"


@pytest.mark.parametrize(
    ("front", "blank_enters", "bank_enters"),
    [("31", False, False), ("32", False, True), ("33", True, True), ("34", False, True)],
)
def test_the_shutter_opens_as_it_is_told(front: str, blank_enters: bool, bank_enters: bool) -> None:
    for card, enters in ((PlasticCard(), blank_enters), (bank_card(), bank_enters)):
        reader = SimulatedCrt310()
        ask(reader, f"2F {front} 31")
        assert reader.insert(card) is enters
        assert not reader.insert_at_rear(PlasticCard())


@pytest.mark.parametrize(
    ("stop", "status"), [("30", "48"), ("31", "49"), ("32", "4A"), ("33", "4B"), ("34", "4C"), ("35", "4E")]
)
def test_a_card_stops_where_it_is_told(stop: str, status: str) -> None:
    reader = SimulatedCrt310()
    assert ask(reader, f"2E {stop}") == f"2E {stop} 59"
    assert reader.insert(bank_card())
    assert ask(reader, "31 30") == f"31 30 {status} 4A 4A"


@pytest.mark.parametrize(
    ("to", "status"), [("2E", "4A"), ("2F", "4B"), ("30", "48"), ("31", "49"), ("32", "4C"), ("33", "4E")]
)
def test_a_card_is_moved(to: str, status: str) -> None:
    reader = SimulatedCrt310()
    reader.insert(bank_card())
    assert ask(reader, f"32 {to}") == f"32 {to} 59"
    assert ask(reader, "31 30")[6:8] == status


def test_a_card_that_is_let_go_cannot_be_moved() -> None:
    reader = SimulatedCrt310()
    assert ask(reader, "32 30") == "32 30 45"
    reader.insert(bank_card())
    ask(reader, "32 30")
    assert ask(reader, "32 2E") == "32 2E 57"
    assert reader.take() is not None
    assert ask(reader, "32 2E") == "32 2E 45"


def test_a_captured_card_is_in_the_bin_or_at_the_rear_when_that_is_full() -> None:
    reader = SimulatedCrt310()
    reader.insert(bank_card())
    ask(reader, "32 33")
    assert len(reader.captured) == 1
    reader.condition = Condition(bin_full=True)
    reader.insert(bank_card())
    ask(reader, "32 33")
    assert ask(reader, "31 30")[6:8] == "4D"


def test_a_jam_fails_every_move() -> None:
    reader = SimulatedCrt310()
    reader.insert(bank_card())
    reader.condition = Condition(jammed=True)
    assert ask(reader, "32 30") == "32 30 4E"
    ask(reader, "30 31")
    assert reader.position is CardPosition.INSIDE


@pytest.mark.parametrize(("length", "status"), [(Length.LONG, "46"), (Length.SHORT, "47")])
def test_an_abnormal_card_must_be_cleared_first(length: Length, status: str) -> None:
    reader = SimulatedCrt310()
    reader.insert(PlasticCard(length=length))
    assert ask(reader, "31 30")[6:8] == status
    assert ask(reader, "32 30") == "4E 32 06"
    assert ask(reader, "32 34") == "32 34 59"
    assert ask(reader, "31 30")[6:8] == "4E"


def test_sensors_see_the_card() -> None:
    reader = SimulatedCrt310()
    assert ask(reader, "31 2E") == "31 2E 30 30 30 30 30 30 30 30"
    reader.insert(bank_card())
    ask(reader, "32 31")
    assert ask(reader, "31 2E") == "31 2E 31 31 31 30 30 30 31 31"
    assert ask(reader, "31 2F") == "31 2F 31 31 30 30 30 31 31"


def test_reads_tracks() -> None:
    reader = SimulatedCrt310()
    reader.insert(PlasticCard(tracks={2: b"62=1", 3: TrackDamage.CHECKSUM}))
    assert ask(reader, "45 30 30 37") == "45 30 30 37 1F 4E E5 1F 59 36 32 3D 31 1F 4E E4"
    assert ask(reader, "45 30 30 32") == "45 30 30 32 1F 4F E0 1F 59 36 32 3D 31 1F 4F E0"
    assert ask(reader, "45 31 31 32") == "45 31 31 32 1F 4F E0 1F 59 30 36 30 32 30 3D 30 31 1F 4F E0"
    ask(reader, "32 30")
    assert ask(reader, "45 31 30 37") == "45 31 30 37 57"


def test_lists_only_the_tracks_asked_for_if_that_is_its_habit() -> None:
    reader = SimulatedCrt310(habits=Habits(lists_all_tracks=False))
    reader.insert(PlasticCard(tracks={2: b"62=1"}))
    assert ask(reader, "45 30 30 34") == "45 30 30 34 1F 4E E5 1F 59 36 32 3D 31"


def test_talks_to_a_chip_under_the_contacts_only() -> None:
    reader = SimulatedCrt310()
    assert ask(reader, "37 30") == "37 30 45"
    reader.insert(bank_card())
    assert ask(reader, "37 30") == "37 30 57"
    ask(reader, "32 2F")
    assert ask(reader, "37 2F") == "37 2F 4E"
    assert ask(reader, "37 31 00 04 00 84 00 08") == "37 31 4E"
    assert ask(reader, "37 30") == "37 30 59 00 05 3B 80 80 01 01"
    assert ask(reader, "31 31") == "31 31 31 30"
    assert ask(reader, "37 31 00 04 00 84 00 08") == "37 31 59 00 02 6D 00"
    assert ask(reader, "37 32 00 04 00 84 00 08") == "37 32 4E"
    assert ask(reader, "33 31") == "33 31 59"
    assert ask(reader, "37 31 00 04 00 84 00 08") == "37 31 4E"


def test_contacts_need_a_card_that_is_held() -> None:
    reader = SimulatedCrt310()
    reader.insert(bank_card())
    ask(reader, "32 30")
    assert ask(reader, "33 30") == "4E 33 02"  # the note on p12


def test_talks_to_sams() -> None:
    reader = SimulatedCrt310(sams={2: (OtherCard(), CpuProtocol.T1)})
    assert ask(reader, "3D 30 30") == "3D 30 30 4E"
    assert ask(reader, "3D 32 32 00 04 00 84 00 08") == "3D 32 32 4E"
    assert ask(reader, "3D 30 32") == "3D 30 32 5A 00 05 3B 80 80 01 01"
    assert ask(reader, "3D 32 32 00 04 00 84 00 08") == "3D 32 32 59 00 02 6D 00"
    assert ask(reader, "4A 31") == "4A 31 59"
    assert ask(reader, "3D 32 32 00 04 00 84 00 08") == "3D 32 32 4E"


def test_works_with_mifare_as_chapter_9_1_says() -> None:
    reader = SimulatedCrt310()
    assert ask(reader, "35 30") == "35 30 45"
    reader.insert(PlasticCard(mifare=MifareClassic(bytes.fromhex("C6B272AE"))))
    assert ask(reader, "35 30") == "35 30 59"
    assert ask(reader, "31 31") == "31 31 30 30"
    assert ask(reader, "35 31") == "35 31 59 C6 B2 72 AE"
    assert ask(reader, "35 33 05 00") == "35 33 05 00 31"
    assert ask(reader, "35 32 05 00 00 00 00 00 00") == "35 32 05 33"
    assert ask(reader, "35 39 05 FF FF FF FF FF FF") == "35 39 05 59"
    ten = "0A 00 00 00 F5 FF FF FF 0A 00 00 00 14 EB 14 EB"  # the inverse of 0A is F5; p19 prints F0
    assert ask(reader, f"35 34 05 00 {ten}") == f"35 34 05 00 59 {ten}"
    assert ask(reader, "35 37 05 00 10 00 00 00") == "35 37 05 00 59"
    assert ask(reader, "35 33 05 00") == "35 33 05 00 59 1A 00 00 00 E5 FF FF FF 1A 00 00 00 14 EB 14 EB"
    assert ask(reader, "35 38 05 00 1B 00 00 00") == "35 38 05 00 35"
    assert ask(reader, "35 38 05 00 00 00 00 00") == "35 38 05 00 34"
    assert ask(reader, "35 37 05 01 01 00 00 00") == "35 37 05 01 34"
    assert ask(reader, "35 37 05 03 01 00 00 00") == "35 37 05 03 34"
    assert ask(reader, "35 33 10 00") == "4E 35 01"
    assert ask(reader, "35 33 05 04") == "4E 35 01"
    assert ask(reader, "35 35 05 A0 A1 A2 A3 A4 A5") == "35 35 05 59"
    assert ask(reader, "35 32 05 A0 A1 A2 A3 A4 A5") == "35 32 05 59"


def test_a_card_without_a_coil_is_no_mifare_card() -> None:
    reader = SimulatedCrt310()
    reader.insert(bank_card())
    assert ask(reader, "35 30") == "35 30 4E"
    assert ask(reader, "35 31") == "35 31 4E 00 00 00 00"
    assert ask(reader, "35 33 01 00") == "35 33 01 00 30"


def test_reads_and_writes_an_eeprom_card() -> None:
    reader = SimulatedCrt310()
    ask(reader, "2E 33")
    reader.insert(PlasticCard(memory=SimulatedI2cCard(I2cType.C02)))
    assert ask(reader, "31 31") == "31 31 32 31"
    assert ask(reader, "36 30 31") == "36 30 31 59"
    assert ask(reader, "36 30 32") == "36 30 32 4E"
    assert ask(reader, "36 33 31 00 10 02 AA BB") == "36 33 31 59 00 10 02 AA BB"
    assert ask(reader, "36 32 31 00 11 01 CC") == "36 32 31 59"
    assert ask(reader, "36 31 31 00 10 02") == "36 31 31 59 00 10 02 AA CC"


def test_light_serial_number_and_baud_rate() -> None:
    reader = SimulatedCrt310()
    assert ask(reader, "46 30") == "46 30 59"
    assert reader.light
    assert ask(reader, "49 01 02") == "49 01 02 59"
    assert ask(reader, "30 3B 41 42") == "30 3B 59"
    assert ask(reader, "30 3A") == "30 3A 59 41 42"
    assert ask(reader, "34 33") == "34 33 59"


def test_is_deaf_while_a_third_party_has_the_line() -> None:
    reader = SimulatedCrt310()
    assert ask(reader, "FA 30") == "FA 30 59"
    assert reader.receive(framed("31 30") + ENQ + EOT) == b""
    assert ask(reader, "FA 31") == "FA 31 59"
    assert ask(reader, "31 30") == "31 30 4E 4A 4A"


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        (LineFault.NO_ANSWER, b""),
        (LineFault.LATE_ANSWER, b""),
        (LineFault.GARBLED_ANSWER, framed("31 30 4E 4A 4A")[:-1] + b"\x4a"),
        (LineFault.HALF_ANSWER, framed("31 30 4E 4A 4A")[:5]),
        (LineFault.DUPLICATE_ANSWER, framed("31 30 4E 4A 4A") * 2),
        (LineFault.NOISE_BEFORE_ANSWER, b"\xff\x00" + framed("31 30 4E 4A 4A")),
    ],
)
def test_line_faults_happen_once(fault: LineFault, answer: bytes) -> None:
    reader = SimulatedCrt310()
    reader.fail_next(fault)
    assert reader.receive(framed("31 30") + ENQ) == ACK + answer
    late = framed("31 30 4E 4A 4A") if fault is LineFault.LATE_ANSWER else b""
    assert reader.receive(framed("31 30") + ENQ) == late + ACK + framed("31 30 4E 4A 4A")


@given(st.lists(st.binary(max_size=30), max_size=8))
def test_takes_any_bytes(pieces: list[bytes]) -> None:
    reader = SimulatedCrt310()
    reader.insert(bank_card())
    for piece in pieces:
        reader.receive(piece)
        reader.receive(framed(piece[:20].hex()) + ENQ)


def test_a_card_does_not_show_its_tracks() -> None:
    assert "6222" not in repr(bank_card())


# -- time, mute chips, torn writes ------------------------------------------------------------------------------


def test_a_command_takes_its_time_from_enq_on() -> None:
    clock = SetClock(datetime(2026, 1, 1, tzinfo=UTC))
    reader = SimulatedCrt310(clock, seconds=0.5)
    assert reader.receive(bytes.fromhex("02 00 02 31 30 03 02")) == b"\x06"  # facts 3a-2: status
    assert reader.receive(b"\x05") == b""
    clock.sleep(0.4)
    assert reader.idle() == b""
    clock.sleep(0.1)
    assert reader.idle()[:5] == bytes.fromhex("02 00 05 31 30")
    assert reader.idle() == b""


def test_eot_stops_a_command_that_takes_its_time() -> None:
    clock = SetClock(datetime(2026, 1, 1, tzinfo=UTC))
    reader = SimulatedCrt310(clock, seconds=0.5)
    reader.receive(bytes.fromhex("02 00 02 31 30 03 02"))
    reader.receive(b"\x05")
    assert reader.receive(b"\x04") == b"\x04"
    clock.sleep(1.0)
    assert reader.idle() == b""
    assert reader.executed == []


def test_a_mute_chip_fails_its_reset() -> None:
    reader = SimulatedCrt310()
    ask(reader, "2E 33")
    reader.insert(PlasticCard(chip=BrokenChip()))
    assert ask(reader, "37 30") == "37 30 4E"


def test_a_torn_write_is_not_acknowledged_and_whole_or_not_at_all() -> None:
    reader, tearing = SimulatedCrt310(), Tearing()
    card = MifareClassic(bytes(4), tearing=tearing)
    reader.insert(PlasticCard(mifare=card, tearing=tearing))
    ask(reader, "35 32 05 FF FF FF FF FF FF")
    tearing.next = Tear.AFTER_COMMIT
    data = " ".join(["11"] * 16)
    assert ask(reader, f"35 34 05 00 {data}") == "35 34 05 00 30"
    assert card.read(5, 0) == b"\x11" * 16
    assert ask(reader, "35 33 05 00") == "35 33 05 00 31"
    eeprom = SimulatedI2cCard(I2cType.C02, tearing=tearing)
    reader.tear_out()
    ask(reader, "2E 33")
    reader.insert(PlasticCard(memory=eeprom, tearing=tearing))
    tearing.next = Tear.BEFORE_COMMIT
    assert ask(reader, "36 32 31 00 11 01 CC") == "36 32 31 4E"
    assert eeprom.read(0x11, 1) == b"\xff"


def test_an_ultralight_is_no_card_of_chapter_9_1() -> None:
    reader = SimulatedCrt310()
    reader.insert(PlasticCard(mifare=MifareUltralight(bytes(7))))
    assert ask(reader, "35 30") == "35 30 4E"


def test_captured_cards_are_taken_out_once() -> None:
    reader, card = SimulatedCrt310(), PlasticCard()
    reader.insert(card)
    ask(reader, "32 33")
    assert reader.empty_bin() == [card]
    assert reader.empty_bin() == []
