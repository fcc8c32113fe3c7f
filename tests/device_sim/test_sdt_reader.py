"""The simulated ID-card reader against hand-typed dialogues of the SAM_V protocol."""

from datetime import UTC, datetime

import pytest

from device_sim.sdt_reader import (
    CITIZEN,
    ELDERLY_CITIZEN,
    FOREIGNER_2017,
    FOREIGNER_2023,
    HONG_KONG_RESIDENT,
    Misdeed,
    SimulatedIdCard,
    SimulatedSdtReader,
    UsbSdtReader,
)
from device_sim.usb.device import Stall
from kiosk_core.id_card_reader import IdNumber
from tests.clocks import SetClock
from wire.id_card_text import CitizenText, Foreigner2023Text, ResidencePermitText, encode_text
from wire.sdt import Command, Sw3

# facts/device-protocols.md 3b; SAM_V protocol, chapter 4
RESET, STATUS, SAM_ID = "0003 10 FF EC", "0003 11 FF ED", "0003 12 FF EE"
FIND, SELECT, READ = "0003 20 01 22", "0003 20 02 21", "0003 30 01 32"
READ_ADDRESS, READ_ALL = "0003 30 03 30", "0003 30 10 23"
OK, FOUND = "0004 00 00 90 94", "0008 00 00 9F 00 00 00 00 97"
SELECTED = "000C 00 00 90 00 00 00 00 00 00 00 00 9C"
NOT_FOUND, NOT_SELECTED, NOT_READ = "0004 00 00 80 84", "0004 00 00 81 85", "0004 00 00 41 45"
EVERYBODY = [CITIZEN, ELDERLY_CITIZEN, HONG_KONG_RESIDENT, FOREIGNER_2017, FOREIGNER_2023]


def frame(octets: str) -> bytes:
    return bytes.fromhex("AA AA AA 96 69" + octets)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))


@pytest.fixture
def reader(clock: SetClock) -> SimulatedSdtReader:
    return SimulatedSdtReader(clock)


def test_a_card_is_found_selected_and_read_once(reader: SimulatedSdtReader) -> None:
    assert reader.receive(frame(FIND)) == frame(NOT_FOUND)
    reader.place(ELDERLY_CITIZEN)
    assert reader.receive(frame(READ)) == frame(NOT_READ)
    assert reader.receive(frame(SELECT)) == frame(NOT_SELECTED)
    assert reader.receive(frame(FIND)) == frame(FOUND)
    assert reader.receive(frame(SELECT)) == frame(SELECTED)
    answer = reader.receive(frame(READ))
    assert len(answer) == 1295
    assert answer[:14] == bytes.fromhex("AA AA AA 96 69 05 08 00 00 90 01 00 04 00")
    assert answer[14:270] == encode_text(ELDERLY_CITIZEN.text)
    assert answer[270:1294] == ELDERLY_CITIZEN.photo
    assert reader.receive(frame(READ_ADDRESS)) == frame("0004 00 00 91 95")
    assert reader.receive(frame(READ)) == frame(NOT_READ)


def test_a_card_must_be_lifted_after_it_was_read(reader: SimulatedSdtReader) -> None:
    reader.place(CITIZEN)
    for question in (FIND, SELECT, READ):
        reader.receive(frame(question))
    assert len(reader.receive(frame(READ_ADDRESS))) == 81
    assert reader.receive(frame(RESET)) == frame(OK)
    assert reader.receive(frame(FIND)) == frame(NOT_FOUND)
    assert reader.lift() is CITIZEN
    assert reader.lift() is None
    assert reader.receive(frame(READ_ADDRESS)) == frame(NOT_READ)
    reader.place(CITIZEN)
    assert reader.receive(frame(FIND)) == frame(FOUND)
    with pytest.raises(ValueError, match="already"):
        reader.place(CITIZEN)


def test_a_card_pulled_between_select_and_read_is_not_read(reader: SimulatedSdtReader) -> None:
    reader.place(CITIZEN)
    reader.receive(frame(FIND) + frame(SELECT))
    reader.lift()
    assert reader.receive(frame(READ)) == frame(NOT_READ)


@pytest.mark.parametrize(("card", "total"), [(CITIZEN, 1297), (ELDERLY_CITIZEN, 2321)])
def test_fingerprints_come_with_the_rest(reader: SimulatedSdtReader, card: SimulatedIdCard, total: int) -> None:
    reader.place(card)
    reader.receive(frame(FIND) + frame(SELECT))
    assert len(reader.receive(frame(READ_ALL))) == total


def test_the_module_answers_without_a_card(reader: SimulatedSdtReader) -> None:
    assert reader.receive(frame(STATUS)) == frame(OK)
    assert reader.receive(frame(SAM_ID))[:10] == frame("0014 00 00 90")
    assert reader.receive(frame("0003 60 04 67")) == frame(OK)
    assert reader.rate is Command.SET_9600_BD
    assert reader.asked == [Command.GET_STATUS, Command.READ_SAM_ID, Command.SET_9600_BD]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("0003 20 01 23", "0004 00 00 10 14"),
        ("0004 20 01 00 25", "0004 00 00 11 15"),
        ("0003 20 7F 5C", "0004 00 00 21 25"),
    ],
)
def test_broken_questions_get_the_code_that_names_them(reader: SimulatedSdtReader, question: str, answer: str) -> None:
    assert reader.receive(frame(question)) == frame(answer)
    assert reader.asked == []


@pytest.mark.parametrize("code", list(Sw3))
def test_every_code_can_be_set(reader: SimulatedSdtReader, code: Sw3) -> None:
    reader.fail(Command.GET_STATUS, code)
    assert reader.receive(frame(STATUS))[9] == code.value
    assert reader.receive(frame(STATUS)) == frame(OK)


def test_answers_go_wrong_one_by_one_when_told_so(reader: SimulatedSdtReader, clock: SetClock) -> None:
    reader.misbehave(*Misdeed)
    answers = {misdeed: reader.receive(frame(STATUS)) for misdeed in Misdeed}
    assert answers[Misdeed.SILENT] == b""
    assert answers[Misdeed.GARBLED] == frame("0004 00 00 90 95")
    assert answers[Misdeed.HALF] == frame(OK)[:5]
    assert answers[Misdeed.TWICE] == frame(OK) * 2
    assert answers[Misdeed.LATE] == b""
    assert answers[Misdeed.AFTER_NOISE] == b""  # behind the late one: what was asked first is answered first
    clock.sleep(3.0)
    assert reader.idle() == frame(OK) + bytes.fromhex("00 FF AA AA AA 96") + frame(OK)


def test_switching_off_forgets_what_is_on_its_way(reader: SimulatedSdtReader, clock: SetClock) -> None:
    reader.place(CITIZEN)
    reader.receive(frame(FIND))
    reader.misbehave(Misdeed.LATE)
    reader.receive(frame(STATUS))
    reader.power_cycle()
    clock.sleep(9.0)
    assert reader.idle() == b""
    assert reader.card is CITIZEN
    assert reader.receive(frame(SELECT)) == frame(NOT_SELECTED)


def test_numbers_of_the_invented_are_nobodys_and_check() -> None:
    for card in EVERYBODY:
        assert len(encode_text(card.text)) == 256
        if isinstance(card.text, CitizenText | ResidencePermitText | Foreigner2023Text):
            assert IdNumber(card.text.id_number).checks
            assert card.text.id_number[14:17] == "000"


def test_over_usb_the_first_pipes_carry_frames_and_the_others_stall(reader: SimulatedSdtReader) -> None:
    function = UsbSdtReader(reader)
    assert [each.address for each in function.descriptor.interfaces[0].endpoints] == [0x02, 0x06, 0x81, 0x85]
    assert function.bulk_in(0x81, 64) is None
    function.bulk_out(0x02, frame(STATUS))
    assert function.bulk_in(0x81, 4) == frame(OK)[:4]
    function.power_cycle()
    assert function.bulk_in(0x81, 64) is None
    for stalled in (
        lambda: function.bulk_out(0x06, b""),
        lambda: function.bulk_in(0x85, 64),
        lambda: function.control_in(0xA1, 0, 0, 0, 1),
    ):
        with pytest.raises(Stall):
            stalled()
