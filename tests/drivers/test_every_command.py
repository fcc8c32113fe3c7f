"""What drivers can send and are told, code by code: a line that answers by rule, and bytes typed from the manuals.

How drivers behave is tested beside each; here every command has its bytes on the line, and every code its result.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import reduce
from operator import xor

import pytest

from drivers.crt310 import Crt310Reader
from drivers.crt591 import Crt591Reader, Profile
from kiosk_core.card_reader import ChipPower, ChipProtocol, Destination, RawData
from kiosk_core.errors import ProtocolViolation
from tests.clocks import SetClock
from wire import crt310, crt591, crt591_chips, crt591_storage
from wire.crt310_commands import EepromType, Eject, FrontEntry, MoveTo, RearEntry, RfKey, StopPosition
from wire.crt591_chips import Protocols
from wire.crt591_storage import Answer, Sle4428Write, Sle4442Area, Status


class Line:
    """A reader that answers each text at once: `answer` gives what comes back for it, control bytes and all."""

    def __init__(self, clock: SetClock, answer: Callable[[bytes], bytes]) -> None:
        self._clock = clock
        self._answer = answer
        self._input = b""
        self.sent: list[str] = []

    def write(self, data: bytes, timeout_s: float) -> None:
        if len(data) > 1:
            self.sent.append(data.hex(" ").upper())
        self._input += self._answer(data)

    def read(self, size: int, timeout_s: float) -> bytes:
        if not self._input:
            self._clock.sleep(timeout_s)
        data, self._input = self._input[:size], self._input[size:]
        return data

    def discard_input(self) -> None:
        self._input = b""

    def close(self) -> None:
        pass


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2025, 1, 2, tzinfo=UTC))


def framed(body: bytes) -> bytes:
    return body + bytes((reduce(xor, body),))


# -- CRT-591 -------------------------------------------------------------------------------------------------------

# Data behind CM PM and the three status bytes; the manual's chapters 3.4.1, 3.6.1.
SLE_ATR, MIFARE = bytes.fromhex("A2131091"), bytes.fromhex("4D000404010203 0408")


class Crt591:
    """The driver, and a unit whose answers to a command are set by its CM and PM in `data`."""

    def __init__(self, clock: SetClock, profile: Profile | None = None) -> None:
        self.data: dict[bytes, bytes] = {b"\x53\x30": SLE_ATR, b"\x60\x30": MIFARE}
        self.status = b"220"
        self.line = Line(clock, self._answer)
        self.driver = Crt591Reader("card_reader", self.line, clock, profile)
        self.driver.reset()

    def _answer(self, data: bytes) -> bytes:
        if data[0] != 0xF2:
            return b""
        code = data[5:7]
        storage = b"\x90\x00" if code[0] in {0x53, 0x54, 0x60} and code[1] in {0x33, 0x34} else b""
        text = b"\x50" + code + self.status + self.data.get(code, storage)
        return b"\x06" + framed(b"\xf2\x00" + len(text).to_bytes(2, "big") + text + b"\x03")

    @property
    def last(self) -> str:
        """CM, PM and data of the last command."""
        return self.line.sent[-1][15:-6]


OPERATIONS = {
    "53 33 00 B0 00 20 04": crt591_storage.Sle4442Read(Sle4442Area.MAIN, 0x20, 4),
    "53 33 00 B0 01 00 04": crt591_storage.Sle4442Read(Sle4442Area.PROTECTION, 0, 4),
    "53 33 00 B0 02 00 04": crt591_storage.Sle4442Read(Sle4442Area.SECURITY, 0, 4),
    "53 33 00 D0 00 40 01 12": crt591_storage.Sle4442WriteTo(Sle4442Area.MAIN, 0x40, b"\x12"),
    "53 33 00 D0 01 10 01 20": crt591_storage.Sle4442WriteTo(Sle4442Area.PROTECTION, 0x10, b"\x20"),
    "53 33 00 D0 02 01 03 12 34 56": crt591_storage.Sle4442WriteTo(Sle4442Area.SECURITY, 1, b"\x12\x34\x56"),
    "53 33 00 20 03 01 03 FF FF FF": crt591_storage.Sle4442Verify(b"\xff\xff\xff"),
    "53 34 00 B0 03 F0 10": crt591_storage.Sle4428Read(0x3F0, 16),
    "53 34 00 B0 10 00 80": crt591_storage.Sle4428ReadProtection(0, 128),
    "53 34 00 D0 01 00 01 AB": crt591_storage.Sle4428WriteTo(Sle4428Write.ONLY, 0x100, b"\xab"),
    "53 34 00 D0 11 00 01 AB": crt591_storage.Sle4428WriteTo(Sle4428Write.AND_PROTECT, 0x100, b"\xab"),
    "53 34 00 D0 21 00 01 AB": crt591_storage.Sle4428WriteTo(Sle4428Write.PROTECT_IF_EQUAL, 0x100, b"\xab"),
    "53 34 00 20 00 00 02 FF FF": crt591_storage.Sle4428Verify(b"\xff\xff"),
    "54 33 00 B0 01 02 08": crt591_storage.I2cRead(0x102, 8),
    "54 34 00 D0 01 02 01 AA": crt591_storage.I2cWrite(0x102, b"\xaa"),
    "60 33 00 20 01 05 06 FF FF FF FF FF FF": crt591_storage.MifareVerify(crt591_storage.Key.B, 5, b"\xff" * 6),
    "60 33 00 21 00 05": crt591_storage.MifareVerifyStored(crt591_storage.Key.A, 5),
    "60 33 00 D5 00 05 06 FF FF FF FF FF FF": crt591_storage.MifareChangeKeyA(5, b"\xff" * 6),
    "60 33 00 D0 00 05 06 FF FF FF FF FF FF": crt591_storage.MifareStoreKey(crt591_storage.Key.A, 5, b"\xff" * 6),
    "60 33 00 B0 05 01 02": crt591_storage.MifareRead(5, 1, 2),
    "60 33 00 D1 05 01 01 00 11 22 33": crt591_storage.MifareWrite(5, 1, 1, bytes.fromhex("00112233")),
    "60 33 00 D2 05 01 04 64 00 00 00": crt591_storage.MifareInitValue(5, 1, b"\x64\0\0\0"),
    "60 33 00 B1 05 01": crt591_storage.MifareReadValue(5, 1),
    "60 33 00 D3 05 01 04 64 00 00 00": crt591_storage.MifareIncrement(5, 1, b"\x64\0\0\0"),
    "60 33 00 D4 05 01 04 64 00 00 00": crt591_storage.MifareDecrement(5, 1, b"\x64\0\0\0"),
}


@pytest.mark.parametrize(("octets", "operation"), OPERATIONS.items(), ids=OPERATIONS.keys())
def test_the_crt591_is_sent_every_operation(clock: SetClock, octets: str, operation: crt591_storage.Operation) -> None:
    unit = Crt591(clock)
    unit.driver.activate_sle()
    unit.driver.activate_i2c()
    unit.driver.activate_radio()
    assert unit.driver.storage_io(operation) == Answer(Status.SUCCESS)
    assert unit.last == octets


@pytest.mark.parametrize(
    ("octets", "protocols"),
    [
        *(("60 30 41 42", Protocols.A_THEN_B), ("60 30 42 41", Protocols.B_THEN_A)),
        *(("60 30 41 30", Protocols.ONLY_A), ("60 30 42 30", Protocols.ONLY_B)),
    ],
)
def test_the_crt591_is_told_what_to_try_by_radio(clock: SetClock, octets: str, protocols: Protocols) -> None:
    unit = Crt591(clock)
    assert isinstance(unit.driver.activate_radio(protocols), crt591_chips.MifareCard)
    assert unit.last == octets


WORDS = {
    0x9000: Status.SUCCESS,
    0x6F00: Status.FAIL,
    0x6F01: Status.WRONG_KEY,
    0x6F02: Status.WRONG_KEY_AND_LOCKED,
    0x6B00: Status.ADDRESS_OVERFLOW,
    0x6700: Status.LENGTH_OVERFLOW,
}


@pytest.mark.parametrize(("word", "status"), WORDS.items())
def test_a_status_word_of_the_crt591_is_a_result(clock: SetClock, word: int, status: Status) -> None:
    unit = Crt591(clock)
    unit.driver.activate_sle()
    unit.data[b"\x53\x33"] = word.to_bytes(2, "big")
    assert unit.driver.storage_io(crt591_storage.Sle4442Read(Sle4442Area.MAIN, 0, 1)) == Answer(status)


# What is asked, by CM and PM; the data of the answer; and the result.
STATES: dict[str, tuple[str, bytes, Callable[[Crt591Reader], object], object]] = {
    **{
        f"2.1.1 card {code}": ("50 30", code.encode("ascii"), Crt591Reader.card_type, kind)
        for code, kind in (
            *(("00", crt591.CardType.UNKNOWN), ("10", crt591.CardType.CPU_T0), ("11", crt591.CardType.CPU_T1)),
            *(("20", crt591.CardType.SLE4442), ("21", crt591.CardType.SLE4428)),
            *(("30", crt591.CardType.I2C_24C01), ("31", crt591.CardType.I2C_24C02)),
            *(("32", crt591.CardType.I2C_24C04), ("33", crt591.CardType.I2C_24C08)),
            *(("34", crt591.CardType.I2C_24C16), ("35", crt591.CardType.I2C_24C32)),
            *(("36", crt591.CardType.I2C_24C64), ("37", crt591.CardType.I2C_24C128)),
            ("38", crt591.CardType.I2C_24C256),
        )
    },
    **{
        f"3.6.3 radio {code}": ("60 32", code.encode("ascii"), Crt591Reader.radio_state, kind)
        for code, kind in (
            *(("00", crt591_chips.RfState.OFF), ("10", crt591_chips.RfState.S50)),
            *(("11", crt591_chips.RfState.S70), ("12", crt591_chips.RfState.ULTRALIGHT)),
            *(("20", crt591_chips.RfState.TYPE_A), ("30", crt591_chips.RfState.TYPE_B)),
        )
    },
    "3.2.3 off": ("51 32", b"0", Crt591Reader.chip_state, crt591_chips.Power.OFF),
    "3.2.3 3.57 MHz": ("51 32", b"1", Crt591Reader.chip_state, crt591_chips.Power.ON_3_57),
    "3.2.3 7.16 MHz": ("51 32", b"2", Crt591Reader.chip_state, crt591_chips.Power.ON_7_16),
    "3.4.3 none": ("53 32", b"0", Crt591Reader.sle_state, crt591_storage.SleState.OFF),
    "3.4.3 SLE4442": ("53 32", b"1", Crt591Reader.sle_state, crt591_storage.SleState.SLE4442),
    "3.4.3 SLE4428": ("53 32", b"2", Crt591Reader.sle_state, crt591_storage.SleState.SLE4428),
}


@pytest.mark.parametrize(("code", "data", "ask", "result"), STATES.values(), ids=STATES.keys())
def test_the_crt591_says_every_state(
    clock: SetClock, code: str, data: bytes, ask: Callable[[Crt591Reader], object], result: object
) -> None:
    unit = Crt591(clock)
    unit.data[bytes.fromhex(code)] = data
    assert ask(unit.driver) is result


def test_a_profile_says_how_the_crt591_gives_a_card_back_and_powers_a_chip(clock: SetClock) -> None:
    unit = Crt591(clock, Profile(exit=crt591.Place.OUT, supply=crt591_chips.Supply.ISO_3V))
    unit.data[b"\x51\x30"] = b"0\x3b\x00"
    unit.driver.chip_power(ChipPower.COLD)
    assert unit.last == "51 30 35"
    unit.status = b"120"
    unit.driver.move(Destination.EXIT)
    assert "32 39" in [sent[15:-6] for sent in unit.line.sent]


@pytest.mark.parametrize(("letter", "protocol"), [(b"0", ChipProtocol.T0), (b"1", ChipProtocol.T1)])
def test_a_chip_of_either_protocol_comes_to_life(clock: SetClock, letter: bytes, protocol: ChipProtocol) -> None:
    unit = Crt591(clock)
    unit.data[b"\x51\x30"] = letter + b"\x3b\x00"
    assert unit.driver.chip_power(ChipPower.COLD) == RawData(protocol, b"\x3b\x00")


# -- CRT-310 -------------------------------------------------------------------------------------------------------


class Crt310:
    """The driver, and a reader whose answers are set in `answers`: package by package, a list in turn."""

    def __init__(self, clock: SetClock, answers: dict[str, str]) -> None:
        self._answers = {bytes.fromhex(asked): bytes.fromhex(answer) for asked, answer in answers.items()}
        self._asked = b""
        self.line = Line(clock, self._answer)
        self.driver = Crt310Reader("card_reader", self.line, clock)

    def _answer(self, data: bytes) -> bytes:
        match data[0]:
            case 0x04:
                return b"\x04"
            case 0x05:
                package = self._answers[self._asked]
                return framed(b"\x02" + len(package).to_bytes(2, "big") + package + b"\x03")
            case 0x02:
                self._asked = data[3:-2]
                return b"\x06"
        return b""


# p8 to p10: stop and entry, and the status that is asked behind them
ENTRIES = [
    ("2E 30", "2F 33 31", "31 30 4E 4A 4E", FrontEntry.ANY_CARD, RearEntry.PROHIBITED, StopPosition.FRONT),
    ("2E 31", "2F 33 31", "31 30 4E 4A 4E", FrontEntry.ANY_CARD, RearEntry.PROHIBITED, StopPosition.FRONT_HELD),
    ("2E 32", "2F 31 31", "31 30 4E 4E 4E", FrontEntry.PROHIBITED, RearEntry.PROHIBITED, StopPosition.INSIDE),
    ("2E 33", "2F 32 31", "31 30 4E 49 4E", FrontEntry.MAGNETIC, RearEntry.PROHIBITED, StopPosition.CONTACTS),
    ("2E 34", "2F 34 30", "31 30 4E 4B 4A", FrontEntry.MAGNETIC_SIGNAL, RearEntry.ALLOWED, StopPosition.REAR_HELD),
    ("2E 35", "2F 33 30", "31 30 4E 4A 4A", FrontEntry.ANY_CARD, RearEntry.ALLOWED, StopPosition.REAR),
]


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_crt310_is_told_which_cards_may_enter_and_where_they_stop(
    clock: SetClock, entry: tuple[str, str, str, FrontEntry, RearEntry, StopPosition]
) -> None:
    stopping, entering, status, *wanted = entry
    reader = Crt310(clock, {stopping: stopping + " 59", entering: entering + " 59", "31 30": status})
    reader.driver.set_entry(*wanted)
    assert [sent[9:-6] for sent in reader.line.sent] == [stopping, entering, "31 30"]


MOVES: dict[str, Callable[[Crt310Reader], object]] = {
    "32 2E": lambda driver: driver.move(MoveTo.INSIDE),
    "32 2F": lambda driver: driver.move(MoveTo.CONTACTS),
    "32 30": lambda driver: driver.move(MoveTo.FRONT),
    "32 31": lambda driver: driver.move(MoveTo.FRONT_HELD),
    "32 32": lambda driver: driver.move(MoveTo.REAR_HELD),
    "32 33": lambda driver: driver.move(MoveTo.REAR),
    "32 34": lambda driver: driver.move(MoveTo.ABNORMAL_OUT_AT_REAR),
}


@pytest.mark.parametrize(("octets", "move"), MOVES.items())
def test_the_crt310_is_sent_every_move(clock: SetClock, octets: str, move: Callable[[Crt310Reader], object]) -> None:
    reader = Crt310(clock, {octets: octets + " 59"})
    assert move(reader.driver) is crt310.Outcome.OK
    assert reader.line.sent[-1][9:-6] == octets


# p10, p11
CARD_TYPES = {
    "N0": crt310.CardType.NO_CARD,
    "N1": crt310.CardType.UNKNOWN,
    "N2": crt310.CardType.WRONG_POSITION,
    "00": crt310.CardType.RF,
    "10": crt310.CardType.CPU_T0,
    "11": crt310.CardType.CPU_T1,
    "20": crt310.CardType.C01,
    "21": crt310.CardType.C02,
    "22": crt310.CardType.C04,
    "23": crt310.CardType.C08,
    "24": crt310.CardType.C16,
    "25": crt310.CardType.C32,
    "26": crt310.CardType.C64,
    "30": crt310.CardType.SLE4442,
    "31": crt310.CardType.SLE4428,
    "40": crt310.CardType.AT88SC102,
    "41": crt310.CardType.AT88SC1604,
    "42": crt310.CardType.AT88SC102_TOO,
    "43": crt310.CardType.AT88SC1608,
}


@pytest.mark.parametrize(("code", "kind"), CARD_TYPES.items())
def test_the_crt310_says_every_card_type(clock: SetClock, code: str, kind: crt310.CardType) -> None:
    reader = Crt310(clock, {"31 31": "31 31 " + code.encode("ascii").hex()})
    assert reader.driver.card_type() is kind


@pytest.mark.parametrize("reason", ["00", "01", "04"])
def test_what_the_crt310_does_not_understand_is_our_mistake(clock: SetClock, reason: str) -> None:
    reader = Crt310(clock, {"31 31": f"4E 31 {reason}"})
    with pytest.raises(ProtocolViolation):
        reader.driver.card_type()


# p7 and p15 to p40: how an operation ends is a result
OUTCOMES = {
    "45": crt310.Outcome.NO_CARD,
    "46": crt310.Outcome.CARD_DEAD,
    "57": crt310.Outcome.WRONG_POSITION,
    "4E": crt310.Outcome.FAILED,
    "30": crt310.Outcome.NO_RF_CARD,
    "31": crt310.Outcome.WRONG_SECTOR,
    "32": crt310.Outcome.WRONG_SERIAL,
    "33": crt310.Outcome.WRONG_KEY,
    "34": crt310.Outcome.DATA_ERROR,
    "35": crt310.Outcome.OVERFLOW,
    "59": crt310.Outcome.OK,
}


@pytest.mark.parametrize(("octet", "outcome"), OUTCOMES.items())
def test_how_an_operation_of_the_crt310_ends_is_a_result(clock: SetClock, octet: str, outcome: crt310.Outcome) -> None:
    reader = Crt310(clock, {"35 39 05 FF FF FF FF FF FF": f"35 39 05 {octet}"})
    assert reader.driver.rf_check_key(RfKey.B, 5, b"\xff" * 6) is outcome


def test_the_crt310_ejects_at_the_rear_on_reset(clock: SetClock) -> None:
    reader = Crt310(clock, {"30 32": "30 32 43 52 54", "31 30": "31 30 4E 4E 4E"})
    reader.driver.reset(Eject.REAR)
    assert [sent[9:-6] for sent in reader.line.sent] == ["30 32", "31 30"]


def test_the_crt310_speaks_t1_with_a_chip_and_with_a_sam(clock: SetClock) -> None:
    """p22 and p39: 'Z' behind the reset, and 32 for the APDU."""
    reader = Crt310(
        clock,
        {
            "37 30": "37 30 5A 00 02 3B 00",
            "37 32 00 05 00 84 00 00 08": "37 32 59 00 02 90 00",
            "3D 30 31": "3D 30 31 5A 00 02 3B 00",
            "3D 32 31 00 05 00 84 00 00 08": "3D 32 31 59 00 02 90 00",
        },
    )
    challenge = bytes.fromhex("0084000008")
    assert reader.driver.power_chip() == b"\x3b\x00"
    assert reader.driver.transmit(challenge) == b"\x90\x00"
    assert reader.driver.power_sam(1) == b"\x3b\x00"
    assert reader.driver.transmit_to_sam(1, challenge) == b"\x90\x00"


def test_the_crt310_switches_its_lamp(clock: SetClock) -> None:
    reader = Crt310(clock, {"46 30": "46 30 59", "46 31": "46 31 59"})
    reader.driver.light(on=True)
    reader.driver.light(on=False)
    assert [sent[9:-6] for sent in reader.line.sent] == ["46 30", "46 31"]


@pytest.mark.parametrize("kind", EepromType)
def test_the_crt310_selects_every_24cxx(clock: SetClock, kind: EepromType) -> None:
    octets = f"36 30 {kind.value:02X}"
    reader = Crt310(clock, {octets: octets + " 59"})
    assert reader.driver.eeprom_select(kind) is crt310.Outcome.OK


@pytest.mark.parametrize("family", ["38", "39", "3A", "3B", "3C", "3E"])
def test_the_crt310_carries_commands_to_memory_cards(clock: SetClock, family: str) -> None:
    reader = Crt310(clock, {f"{family} 30": f"{family} 30 59"})
    command = crt310.MemoryCardCommand(crt310.CardFamily(int(family, 16)), 0x30)
    assert reader.driver.memory_card(command) == b"\x59"
