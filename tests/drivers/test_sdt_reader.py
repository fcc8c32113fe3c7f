"""The ID-card reader's driver: scripted byte by byte, on virtual time, on `sim://`, on a pty and over USB."""

import contextlib
import itertools
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from device_sim.serial.handlers import register
from device_sim.serial.pty_port import PtyPort
from device_sim.serial.world import SerialWorld
from device_sim.usb.backend import InProcessBackend
from device_sim.usb.bus import SimulatedBus
from drivers.sdt_reader import ANSWER_S, QUIET_S, READ_S, SETTLE_S, SdtProfile, SdtReader
from drivers.serial_port import open_serial
from drivers.transport import Transport
from drivers.usb import open_usb
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, OpenTellerError, ProtocolViolation
from kiosk_core.id_card_reader import (
    IdCard,
    IdCardKind,
    IdCardProblem,
    IdCardReader,
    IdCardSex,
    IdNumber,
    PersonalText,
)
from kiosk_core.status import Counters, DeviceState, Identity, Media
from tests.clocks import RealClock, SetClock
from wire import id_card_text
from wire.sdt import Command, Sw3

NAME = "id_card_reader"


def frame(octets: str) -> bytes:
    return bytes.fromhex("AA AA AA 96 69" + octets)


# facts/device-protocols.md 3b; SAM_V protocol, chapter 4
RESET, STATUS, SAM_ID = frame("0003 10 FF EC"), frame("0003 11 FF ED"), frame("0003 12 FF EE")
FIND, SELECT, READ = frame("0003 20 01 22"), frame("0003 20 02 21"), frame("0003 30 01 32")
READ_ADDRESS = frame("0003 30 03 30")
OK, FOUND, NOT_FOUND = frame("0004 00 00 90 94"), frame("0008 00 00 9F 00 00 00 00 97"), frame("0004 00 00 80 84")
SELECTED = frame("000C 00 00 90 00 00 00 00 00 00 00 00 9C")
# 05.01-20200257-0012345678-1234567890 (tests/wire/test_sdt.py)
SAM_ID_DATA = "05 00 01 00 41 3B 34 01 4E 61 BC 00 D2 02 96 49"


def checked(octets: str) -> bytes:
    """Return a frame with its checksum: XOR of everything behind the preamble (SAM_V protocol, chapter 3)."""
    counted = bytes.fromhex(octets)
    total = 0
    for byte in counted:
        total ^= byte
    return frame(octets) + bytes((total,))


SAM_IS = checked("0014 00 00 90" + SAM_ID_DATA)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))


class ScriptedLine:
    """A Transport on virtual time; `answer` sees each write and returns (seconds until then, bytes) to come."""

    def __init__(self, clock: SetClock, answer: Callable[[bytes], list[tuple[float, bytes]]]) -> None:
        self.sent: list[bytes] = []
        self.closed = False
        self._clock = clock
        self._answer = answer
        self._coming: list[tuple[float, bytes]] = []

    def write(self, data: bytes, timeout_s: float) -> None:
        self.sent.append(data)
        self._coming += [(self._clock.now() + delay, octets) for delay, octets in self._answer(data)]

    def read(self, size: int, timeout_s: float) -> bytes:
        until = self._clock.now() + max(0.0, timeout_s)
        if not self._coming or self._coming[0][0] > until:
            self._clock.sleep(until - self._clock.now() + 1e-9)
            return b""
        at, octets = self._coming.pop(0)
        self._clock.sleep(max(0.0, at - self._clock.now()))
        return octets[:size]

    def discard_input(self) -> None:
        self._coming = [each for each in self._coming if each[0] > self._clock.now()]

    def close(self) -> None:
        self.closed = True


class SimulatedLine:
    """A Transport to the simulated reader on virtual time, in steps of 10 ms."""

    def __init__(self, reader: SimulatedSdtReader, clock: SetClock) -> None:
        self._reader = reader
        self._clock = clock
        self._pending = b""

    def write(self, data: bytes, timeout_s: float) -> None:
        self._pending += self._reader.receive(data)

    def read(self, size: int, timeout_s: float) -> bytes:
        until = self._clock.now() + timeout_s
        while True:
            self._pending += self._reader.idle()
            if self._pending:
                taken, self._pending = self._pending[:size], self._pending[size:]
                return taken
            if self._clock.now() >= until:
                return b""
            self._clock.sleep(0.01)

    def discard_input(self) -> None:
        self._pending = b""
        self._reader.idle()

    def close(self) -> None:
        self._pending = b""


def scripted(clock: SetClock, **script: list[tuple[float, bytes]]) -> tuple[SdtReader, ScriptedLine]:
    """Return a driver on a line that answers as `script` says, and by default as a reader without a card."""
    known = {"reset": RESET, "status": STATUS, "sam_id": SAM_ID, "find": FIND, "select": SELECT, "read": READ}
    answers = {RESET: [(0.0, OK)], STATUS: [(0.0, OK)], SAM_ID: [(0.0, SAM_IS)], FIND: [(0.0, NOT_FOUND)]}
    answers |= {known[name]: answer for name, answer in script.items()}
    line = ScriptedLine(clock, lambda question: answers[question])
    return SdtReader(NAME, line, clock), line


def simulated(clock: SetClock, **settings: float) -> tuple[SdtReader, SimulatedSdtReader]:
    reader = SimulatedSdtReader(clock, **settings)
    return SdtReader(NAME, SimulatedLine(reader, clock), clock), reader


# -- byte by byte --------------------------------------------------------------------------------------------


def test_questions_are_those_of_the_protocol(clock: SetClock) -> None:
    driver, line = scripted(clock, find=[(0.0, FOUND)], select=[(0.0, frame("0004 00 00 81 85"))])
    assert driver.status().state is DeviceState.ONLINE
    driver.reset()
    assert driver.identify() == Identity("SDT / SAM_V", serial="05.01-20200257-0012345678-1234567890")
    assert driver.find_card()
    assert driver.read_card() is IdCardProblem.NOT_PRESENT
    assert line.sent == [SAM_ID, STATUS, RESET, SAM_ID, FIND, SELECT, FIND, SELECT]
    driver.close()
    assert line.closed


def test_a_port_is_what_the_driver_is(clock: SetClock) -> None:
    port: IdCardReader = simulated(clock)[0]
    assert port.counters() == Counters()


def test_a_late_answer_is_not_taken_for_another_question(clock: SetClock) -> None:
    # The OK to STATUS comes 2.5 s late and would fit RESET, which itself stays unanswered.
    driver, line = scripted(clock, status=[(ANSWER_S + 0.5, OK)], reset=[])
    driver.find_card()
    with pytest.raises(DeviceUnavailable, match="silent"):
        driver.status()
    with pytest.raises(DeviceUnavailable, match="silent"):
        driver.reset()
    assert line.sent[-3:] == [STATUS, SAM_ID, RESET]


def test_nobody_gets_what_the_one_before_waited_for(clock: SetClock) -> None:
    driver, reader = simulated(clock, late_s=READ_S + 4.0)
    reader.place(CITIZEN)
    assert driver.find_card()
    reader.misbehave(Misdeed.AFTER_NOISE, Misdeed.LATE)
    with pytest.raises(DeviceUnavailable):
        driver.read_card()
    reader.lift()
    reader.place(FOREIGNER_2017)
    card: IdCard | IdCardProblem | None = None
    for _ in range(9):
        with contextlib.suppress(OpenTellerError):
            card = driver.read_card()
            break
    assert isinstance(card, IdCard)
    assert card.kind is IdCardKind.FOREIGNER_2017


def test_an_answer_that_came_twice_leaves_the_line_in_doubt(clock: SetClock) -> None:
    driver, line = scripted(clock, status=[(0.0, OK + OK)])
    driver.status()
    driver.status()
    assert line.sent == [SAM_ID, STATUS, SAM_ID, STATUS]


def test_silence_ends_with_the_deadline(clock: SetClock) -> None:
    driver, _ = scripted(clock, status=[])
    driver.find_card()
    began = clock.now()
    with pytest.raises(DeviceUnavailable, match="silent"):
        driver.status()
    assert clock.now() - began == pytest.approx(ANSWER_S, abs=0.01)


def test_a_reader_that_never_stops_talking_is_given_up(clock: SetClock) -> None:
    driver, line = scripted(clock)
    line._coming = [(at / 10, b"\x55" * 9) for at in range(1000)]
    began = clock.now()
    with pytest.raises(DeviceUnavailable, match="talks without being asked"):
        driver.status()
    assert clock.now() - began <= SETTLE_S + QUIET_S


@pytest.mark.parametrize(
    "answer",
    [
        b"\x00\x55" * 40,  # a wrong baud rate
        OK[:9],
        frame("0004 00 00 92 96"),  # an SW3 that the manual does not have
        frame("0004 00 01 90 95"),
        FOUND,
    ],
)
def test_what_is_no_answer_is_a_violation_that_names_no_bytes(clock: SetClock, answer: bytes) -> None:
    driver, _ = scripted(clock, status=[(0.0, answer)])
    driver.find_card()
    with pytest.raises(ProtocolViolation) as caught:
        driver.status()
    assert answer.hex() not in str(caught.value).replace(" ", "").lower()


def test_a_garbled_answer_is_asked_for_again(clock: SetClock) -> None:
    driver, reader = simulated(clock)
    driver.status()
    before = driver.counters()
    reader.misbehave(Misdeed.GARBLED, Misdeed.GARBLED)
    assert driver.status().state is DeviceState.ONLINE
    after = driver.counters()
    assert (after.resends, after.checksum_errors) == (2, 2)
    assert after.bytes_sent - before.bytes_sent == 30
    assert after.bytes_received - before.bytes_received == 33


@pytest.mark.parametrize("code", [Sw3.BAD_CHECKSUM, Sw3.BAD_LENGTH])
def test_a_question_that_arrived_broken_is_asked_again(clock: SetClock, code: Sw3) -> None:
    driver, reader = simulated(clock)
    reader.fail(Command.GET_STATUS, code, code)
    assert driver.status().state is DeviceState.ONLINE
    assert driver.counters().resends == 2
    reader.fail(Command.GET_STATUS, code, code, code)
    with pytest.raises(ProtocolViolation, match="no answer to GET_STATUS"):
        driver.status()


def test_counters_count_what_went_over_the_line(clock: SetClock) -> None:
    driver, _ = scripted(clock)
    driver.status()
    # SAM number 10 + 27 bytes, status 10 + 11
    assert driver.counters() == Counters(exchanges=2, bytes_sent=20, bytes_received=38)


def test_searches_are_300_ms_apart(clock: SetClock) -> None:
    driver, reader = simulated(clock)
    searches = []
    for _ in range(4):
        assert not driver.find_card()
        searches.append(clock.now())
    assert all(late - early >= 0.3 for early, late in itertools.pairwise(searches))
    assert reader.asked.count(Command.FIND_CARD) == 4


# -- cards ---------------------------------------------------------------------------------------------------


def read(clock: SetClock, card: SimulatedIdCard) -> IdCard:
    driver, reader = simulated(clock)
    reader.place(card)
    found = driver.read_card()
    assert isinstance(found, IdCard)
    return found


def test_a_citizen_is_read(clock: SetClock) -> None:
    card = read(clock, CITIZEN)
    assert card.kind is IdCardKind.CITIZEN
    assert card.name.reveal() == "甄模拟"
    assert card.number == IdNumber("110101199001010007")
    assert card.number.reveal() == "110101199001010007"
    assert (card.sex, card.birth, card.nation) == (IdCardSex.FEMALE, date(1990, 1, 1), "汉")
    assert card.address == PersonalText("某省某市示范区虚构路1号")
    assert card.issuer == PersonalText("某市公安局示范分局")
    assert (card.valid_from, card.valid_until) == (date(2020, 2, 29), date(2040, 2, 28))
    assert (card.photo.wlt, card.photo.picture) == (CITIZEN.photo, None)


def test_a_card_without_an_end_is_read(clock: SetClock) -> None:
    card = read(clock, ELDERLY_CITIZEN)
    assert (card.valid_until, card.nation) == (None, "维吾尔")


def test_a_permit_of_hong_kong_is_read(clock: SetClock) -> None:
    card = read(clock, HONG_KONG_RESIDENT)
    assert (card.kind, card.name.reveal()) == (IdCardKind.HONG_KONG_MACAU_TAIWAN, "陳虛構")


def test_foreigners_are_read(clock: SetClock) -> None:
    card = read(clock, FOREIGNER_2017)
    assert (card.kind, card.nationality) == (IdCardKind.FOREIGNER_2017, "GBR")
    assert card.latin_name == PersonalText("NOBODY, ANN EXAMPLE")
    card = read(clock, FOREIGNER_2023)
    assert (card.kind, card.nationality, card.number.reveal()) == (
        IdCardKind.FOREIGNER_2023,
        "FRA",
        "911826198808080007",
    )
    assert card.latin_name == PersonalText("NOBODY, BARTHOLOMEW MAXIMILIAN EXAMPLE")


def test_a_card_is_read_once_until_it_is_lifted(clock: SetClock) -> None:
    driver, reader = simulated(clock)
    assert driver.read_card() is IdCardProblem.NOT_PRESENT
    assert driver.status().media is Media.NOT_PRESENT
    reader.place(CITIZEN)
    assert driver.find_card()
    assert driver.status().media is Media.PRESENT
    assert isinstance(driver.read_card(), IdCard)
    assert driver.read_new_addresses() == (PersonalText("某省某市示范区新址路2号"),)
    assert not driver.find_card()
    assert driver.read_card() is IdCardProblem.NOT_PRESENT
    reader.lift()
    reader.place(ELDERLY_CITIZEN)
    assert isinstance(driver.read_card(), IdCard)
    assert driver.read_new_addresses() == ()


def test_a_card_changed_after_the_search_is_looked_for_again(clock: SetClock) -> None:
    driver, reader = simulated(clock)
    reader.place(CITIZEN)
    assert driver.find_card()
    reader.lift()
    reader.place(ELDERLY_CITIZEN)
    card = driver.read_card()
    assert isinstance(card, IdCard)
    assert card.name == PersonalText("贾老人")


def test_a_reader_without_appended_addresses_is_not_asked(clock: SetClock) -> None:
    reader = SimulatedSdtReader(clock)
    driver = SdtReader(NAME, SimulatedLine(reader, clock), clock, SdtProfile(appended_address=False))
    assert driver.read_new_addresses() == ()
    assert reader.asked == []


def test_a_photo_is_decoded_where_there_is_a_decoder(clock: SetClock) -> None:
    def decode(wlt: bytes) -> bytes:
        if wlt == ELDERLY_CITIZEN.photo:
            return b"BM" + wlt[:2]
        raise ValueError(wlt)

    for photo, picture in ((ELDERLY_CITIZEN.photo, b"BMWL"), (b"?" * 1024, None)):
        reader = SimulatedSdtReader(clock)
        reader.place(SimulatedIdCard(CITIZEN.text, photo))
        card = SdtReader(NAME, SimulatedLine(reader, clock), clock, decode_photo=decode).read_card()
        assert isinstance(card, IdCard)
        assert (card.photo.wlt, card.photo.picture) == (photo, picture)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:156] + b"8\x00" + text[158:],  # the check character of the number
        lambda text: text[:122] + b" \x00" * 18 + text[158:],
        lambda text: text[:248] + b"K\x00" + text[250:],
        lambda text: b"\x00\xd8" + text[2:],
        lambda text: text[:36] + b"X\x00" + text[38:],
    ],
)
def test_a_text_that_cannot_be_right_is_unreadable(
    clock: SetClock, monkeypatch: pytest.MonkeyPatch, damage: Callable[[bytes], bytes]
) -> None:
    damaged = damage(id_card_text.encode_text(CITIZEN.text))
    monkeypatch.setattr("device_sim.sdt_reader.id_card_text.encode_text", lambda _: damaged)
    driver, reader = simulated(clock)
    reader.place(CITIZEN)
    assert driver.read_card() is IdCardProblem.UNREADABLE


def test_a_profile_may_take_wrong_check_characters(clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    text = id_card_text.encode_text(CITIZEN.text)
    monkeypatch.setattr("device_sim.sdt_reader.id_card_text.encode_text", lambda _: text[:156] + b"8\x00" + text[158:])
    reader = SimulatedSdtReader(clock)
    reader.place(CITIZEN)
    driver = SdtReader(NAME, SimulatedLine(reader, clock), clock, SdtProfile(requires_checked_numbers=False))
    assert isinstance(driver.read_card(), IdCard)


# -- codes ---------------------------------------------------------------------------------------------------

PROBLEMS = {
    Sw3.CARD_DID_NOT_PROVE_ITSELF: IdCardProblem.NOT_GENUINE,
    Sw3.SAM_DID_NOT_PROVE_ITSELF: IdCardProblem.UNREADABLE,
    Sw3.INFORMATION_NOT_VERIFIED: IdCardProblem.NOT_GENUINE,
    Sw3.UNKNOWN_CARD: IdCardProblem.NOT_AN_ID_CARD,
    Sw3.READ_FAILED: IdCardProblem.UNREADABLE,
    Sw3.RANDOM_NUMBER_FAILED: IdCardProblem.UNREADABLE,
}
FAULTS = [Sw3.NO_AUTHORITY, Sw3.SELF_TEST_FAILED, Sw3.SAM_NOT_AUTHORISED]


@pytest.mark.parametrize("command", [Command.FIND_CARD, Command.SELECT_CARD, Command.READ_BASE])
@pytest.mark.parametrize("code", list(PROBLEMS))
def test_what_is_wrong_with_a_card_is_a_result(clock: SetClock, command: Command, code: Sw3) -> None:
    driver, reader = simulated(clock)
    reader.place(CITIZEN)
    reader.fail(command, code)
    assert driver.read_card() is PROBLEMS[code]


@pytest.mark.parametrize("code", FAULTS)
def test_a_module_that_does_not_work_is_a_fault(clock: SetClock, code: Sw3) -> None:
    driver, reader = simulated(clock)
    asked: list[tuple[Command, Callable[[], object]]] = [
        (Command.RESET, driver.reset),
        (Command.FIND_CARD, driver.find_card),
        (Command.READ_BASE, driver.read_card),
        (Command.READ_NEW_ADDRESS, driver.read_new_addresses),
    ]
    reader.place(CITIZEN)
    driver.status()
    for command, question in asked:
        reader.fail(command, code)
        with pytest.raises(DeviceFault) as caught:
            question()
        assert caught.value.fault is Fault.SECURITY_MODULE
    reader.fail(Command.GET_STATUS, code)
    status = driver.status()
    assert (status.state, status.faults) == (DeviceState.HARDWARE_ERROR, frozenset({Fault.SECURITY_MODULE}))
    assert status.detail == f"SW3 {code.value:02X} {code.name}"
    assert driver.status().in_service


@pytest.mark.parametrize("code", [Sw3.BAD_COMMAND, Sw3.UNKNOWN_ERROR])
def test_codes_that_say_nothing_of_use_are_violations(clock: SetClock, code: Sw3) -> None:
    driver, reader = simulated(clock)
    driver.status()
    reader.fail(Command.RESET, code)
    with pytest.raises(ProtocolViolation, match=code.name):
        driver.reset()
    reader.fail(Command.READ_SAM_ID, code)
    with pytest.raises(ProtocolViolation, match=code.name):
        driver.identify()


def test_the_self_test_restarts_the_module(clock: SetClock) -> None:
    driver, reader = simulated(clock)
    assert driver.self_test().in_service
    assert reader.asked == [Command.READ_SAM_ID, Command.RESET]
    reader.fail(Command.RESET, Sw3.SELF_TEST_FAILED)
    assert driver.self_test().state is DeviceState.HARDWARE_ERROR


def test_since_is_when_the_status_changed(clock: SetClock) -> None:
    driver, reader = simulated(clock)
    first = driver.status()
    clock.sleep(60)
    assert driver.status().since == first.since
    reader.fail(Command.GET_STATUS, Sw3.SELF_TEST_FAILED)
    assert driver.status().since > first.since


def test_an_appended_address_that_cannot_be_right_is_unreadable(clock: SetClock) -> None:
    field = "00 D8" + "20 00" * 34
    line = ScriptedLine(
        clock, lambda question: [(0.0, SAM_IS if question == SAM_ID else checked("004A 00 00 90" + field))]
    )
    assert SdtReader(NAME, line, clock).read_new_addresses() is IdCardProblem.UNREADABLE
    assert line.sent[-1] == READ_ADDRESS


# -- hostile -------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(Misdeed), max_size=30),
    st.lists(st.sampled_from(["find", "read", "read", "status", "swap", "reset", "address"]), min_size=1, max_size=12),
    st.sampled_from([0.2, 1.0, 3.0, 6.0, 20.0]),
)
def test_whatever_the_line_does_nobody_gets_anothers_card(
    misdeeds: list[Misdeed], deeds: list[str], late_s: float
) -> None:
    clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
    driver, reader = simulated(clock, late_s=late_s)
    people = [CITIZEN, FOREIGNER_2017]
    reader.place(people[0])
    reader.misbehave(*misdeeds)
    for deed in deeds:
        began = clock.now()
        try:
            match deed:
                case "find":
                    driver.find_card()
                case "read":
                    card = driver.read_card()
                    if isinstance(card, IdCard):
                        is_citizen = reader.card is CITIZEN
                        assert card.kind is (IdCardKind.CITIZEN if is_citizen else IdCardKind.FOREIGNER_2017)
                case "status":
                    driver.status()
                case "reset":
                    driver.reset()
                case "address":
                    driver.read_new_addresses()
                case _:
                    reader.lift()
                    people.reverse()
                    reader.place(people[0])
        except OpenTellerError:
            pass
        assert clock.now() - began < 4 * (2 * SETTLE_S + ANSWER_S) + 3 * ANSWER_S + READ_S


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=20))
def test_any_bytes_end_in_an_answer_or_a_known_error(noise: list[bytes]) -> None:
    clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
    coming = iter(noise)
    line = ScriptedLine(clock, lambda _: [(0.01, next(coming, b"")), (0.4, next(coming, b""))])
    driver = SdtReader(NAME, line, clock)
    for question in (driver.status, driver.find_card, driver.read_card, driver.identify):
        with contextlib.suppress(OpenTellerError):
            question()


# -- privacy -------------------------------------------------------------------------------------------------


def test_no_value_of_a_card_is_in_logs_reprs_errors_or_files(
    clock: SetClock, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    for simulated_card in (CITIZEN, ELDERLY_CITIZEN, HONG_KONG_RESIDENT, FOREIGNER_2017, FOREIGNER_2023):
        driver, reader = simulated(clock)
        reader.place(simulated_card)
        card = driver.read_card()
        addresses = driver.read_new_addresses()
        assert isinstance(card, IdCard)
        every = (card, card.name, card.number, card.address, card.latin_name, card.issuer, card.photo, addresses)
        logging.getLogger("journey").warning("%s %r %s", card, every, driver.status())
        shown += [f"{each} {each!r} {[each]}" for each in every]
        shown += [repr(simulated_card), repr(simulated_card.text), repr(driver.counters()), repr(driver)]
        for misdeed in (Misdeed.HALF, Misdeed.LATE, Misdeed.GARBLED):
            reader.lift()
            reader.place(simulated_card)
            with contextlib.suppress(OpenTellerError):
                assert driver.find_card()
            reader.misbehave(Misdeed.AFTER_NOISE, misdeed)
            try:
                shown.append(repr(driver.read_card()))
            except OpenTellerError as error:
                shown.append("".join(traceback.format_exception(error)))
    with pytest.raises(ValueError, match="15 to 18") as caught:
        IdNumber("110101199001010007x")
    shown.append("".join(traceback.format_exception(caught.value)[-1:]))
    shown += [caplog.text, *capfd.readouterr()]
    everything = "\n".join(shown)
    for value in (
        *("甄模拟", "贾老人", "陳虛構", "安示例", "博示例", "NOBODY", "虚构", "新址", "示范分局", "H00000000", "GBR"),
        *("110101199001010007", "650101194005060004", "810000198512310000", "911826198808080007", "199001", "1990, 1"),
    ):
        for hidden in (value, value.encode("utf-16-le").hex(), repr(value.encode("utf-16-le"))[2:-1]):
            assert hidden not in everything, f"a value of {len(hidden)} characters shows"
    assert list(tmp_path.iterdir()) == []


def test_masked_values_survive_being_passed_on_and_compared() -> None:
    number = IdNumber("11010119900203000X")  # [computed]: nobody's, with the check character 10
    assert number.checks
    assert not IdNumber("110101199002030001").checks
    assert not IdNumber("GBR000000000000").checks
    assert pickle.loads(pickle.dumps(number)) == number
    assert f"{number} {PersonalText('甄')}" == "*** ***"
    assert f"{number!r} {PersonalText('甄')!r}" == "IdNumber(***) PersonalText(***)"
    for wrong in ("", "1" * 14, "1" * 19, "1101011990010100 7", "11010119900203000x", "１" * 18):
        with pytest.raises(ValueError, match="15 to 18") as caught:
            IdNumber(wrong)
        assert not wrong or wrong not in str(caught.value)


# -- real lines ----------------------------------------------------------------------------------------------


class Cable:
    """A line of some kind to the simulated reader."""

    def __init__(self, kind: str, reader: SimulatedSdtReader, folder: Path) -> None:
        self._kind = kind
        self._world, self._bus = SerialWorld(), SimulatedBus(RealClock())
        self._usb = UsbSdtReader(reader)
        self._pty: PtyPort | None = None
        match kind:
            case "sim":
                self._world.add("reader", reader)
                register(self._world)
            case "pty":
                self._pty = PtyPort(folder / "reader", reader)
            case _:
                self._bus.attach(self._usb)

    def connect(self) -> Transport:
        if self._kind == "usb":
            backend = InProcessBackend(self._bus)
            return open_usb(0x0400, 0xC35A, NAME, RealClock(), 0xFF, backend=backend)
        port = str(self._pty.path) if self._pty else "sim://reader"
        return open_serial(port, 115200, NAME, RealClock())

    def plug(self) -> None:
        if self._pty:
            self._pty.plug()
        elif self._kind == "sim":
            self._world.plug("reader")
        else:
            self._bus.attach(self._usb)

    def unplug(self) -> None:
        if self._pty:
            self._pty.unplug()
        elif self._kind == "sim":
            self._world.unplug("reader")
        elif self._bus.devices():
            self._bus.detach(self._usb)


@pytest.fixture(params=["sim", "pty", "usb"])
def line(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[SimulatedSdtReader, Cable]]:
    reader = SimulatedSdtReader(RealClock())
    cable = Cable(request.param, reader, tmp_path)
    yield reader, cable
    cable.unplug()


def test_a_card_is_read_over_every_line(line: tuple[SimulatedSdtReader, Cable]) -> None:
    reader, cable = line
    driver = SdtReader(NAME, cable.connect(), RealClock())
    try:
        assert driver.identify().serial == "05.01-20200101-0000000001-0000000002"
        reader.place(ELDERLY_CITIZEN)
        card = driver.read_card()
        assert isinstance(card, IdCard)
        assert card.number.checks
        assert driver.status().in_service
    finally:
        driver.close()


def test_pulled_out_it_is_unavailable_and_plugged_in_it_is_back(line: tuple[SimulatedSdtReader, Cable]) -> None:
    _, cable = line
    driver = SdtReader(NAME, cable.connect(), RealClock())
    assert driver.status().in_service
    cable.unplug()
    for question in (driver.status, driver.find_card, driver.read_card, driver.reset):
        with pytest.raises(DeviceUnavailable):
            question()
    driver.close()
    driver.close()
    cable.plug()
    driver = SdtReader(NAME, cable.connect(), RealClock())
    assert driver.status().in_service
    driver.close()
