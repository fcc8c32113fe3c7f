"""The simulated PIN pad PP791, byte by byte, against its manual PM0103-U Rev. 06 (pages by their printed numbers)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.key_block import HeldKey
from device_sim.pp791 import Pp791Settings, SimulatedPp791
from device_sim.secure_module import SecureModule
from tests.clocks import SetClock
from wire.pp791 import KeyCode, PinError, SelfTestFailure

PIN_KEY = HeldKey("P0", "T", "E", bytes.fromhex("042666B49184CF5C68DE9628D0397B36"))
LOADING_KEY = HeldKey("K0", "T", "D", bytes.fromhex("19191919191919195B5B5B5B5B5B5B5B"))
KEY_BLOCK = "B0080P0TE00N00003C4F5024C59C182F7165BC870FCB7F63456AAE07DB736C32EA391E5834C1AA0C"  # p31
FS = "\x1c"
ACK, NAK, EOT = b"\x06", b"\x15", b"\x04"
ASK_PIN = f"\x02Z62.4012345678909{FS}00000000000000000406NENTER PIN{FS}PRESS ENTER{FS}PLEASE WAIT{FS}1\x03"


def framed(text: str) -> bytes:
    """Return the frame of a printed text, LRC [computed] by the rule of p26."""
    lrc = 0
    for character in text[1:]:
        lrc ^= ord(character)
    return text.encode("ascii") + bytes((lrc,))


class Line:
    """The host's side of the line: says bytes and hears what the pad says in the next tenth of a second."""

    def __init__(self, settings: Pp791Settings | None = None, **keys: HeldKey) -> None:
        self.clock = SetClock(datetime(2026, 11, 22, 12, tzinfo=UTC))
        self.module = SecureModule(bytes)
        for place, key in keys.items():
            self.module.put(place.removeprefix("at_"), key)
        self.pad = SimulatedPp791(self.clock, self.module, settings)

    def say(self, data: bytes) -> bytes:
        return self.pad.receive(data) + self.hear()

    def hear(self, seconds: float = 0.1) -> bytes:
        self.clock.sleep(seconds)
        return self.pad.idle()


@pytest.fixture
def line() -> Line:
    return Line(at_0=PIN_KEY, at_F=LOADING_KEY)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("\x0f06\x0e", "\x0f06SIM000000001\x0e"),  # p37
        ("\x0f16\x0e", "\x0f160\x0e"),  # p50
        ("\x0f0401\x0e", f"\x0f04FP0{FS}E{FS}T\x0e"),  # p34
        ("\x0f0411\x0e", "\x0f040\x0e"),
        ("\x0f080\x0e", "\x0f080\x0e"),  # p39
        ("\x0f089\x0e", "\x0f080\x0e"),  # "you may choose an empty master key without notice"
        ("\x02Z2\x1d005\x1a\x03", "\x02Z20\x03"),  # p211
        ("\x02Z2\x1d007\x1a\x03", "\x02Z21\x03"),
    ],
)
def test_a_question_is_acknowledged_answered_and_ended(line: Line, question: str, answer: str) -> None:
    assert line.say(framed(question)) == ACK + framed(answer)
    assert line.say(ACK) == EOT
    assert line.hear(30) == b""


@pytest.mark.parametrize("question", ["\x02Z1\x03", "\x0272\x03"])
def test_reset_and_cancel_are_only_acknowledged(line: Line, question: str) -> None:
    assert line.say(framed(question)) == ACK


def test_a_broken_question_is_not_taken_three_times(line: Line) -> None:
    broken = framed("\x0f06\x0e")[:-1] + b"\x00"
    assert [line.say(broken) for _ in range(3)] == [NAK, NAK, EOT]  # p37
    assert line.pad.asked == []


def test_an_unknown_message_is_ignored(line: Line) -> None:
    assert line.say(framed("\x02Q1\x03")) == b""  # p27


def test_an_answer_is_repeated_on_nak_and_twice_on_silence(line: Line) -> None:
    answer = framed("\x0f160\x0e")
    assert line.say(framed("\x0f16\x0e")) == ACK + answer
    assert line.say(NAK) == answer
    # p27: after 5 s, two attempts, then EOT
    assert [line.hear(5.0) for _ in range(4)] == [answer, answer, EOT, b""]
    assert line.say(ACK) == b""


def test_a_pin_is_typed_and_leaves_encrypted(line: Line) -> None:
    line.say(framed("\x0f080\x0e"))
    line.say(ACK)
    assert line.say(framed(ASK_PIN)) == ACK
    assert line.pad.waits_for_pin
    line.pad.press(KeyCode.ONE, KeyCode.TWO, KeyCode.THREE, KeyCode.ENTER)
    assert line.hear() == b""  # too short: it beeps (p201)
    line.pad.press(KeyCode.FOUR, KeyCode.ENTER)
    # ANSI X9.24-1:2009 A.4 (tests/device_sim/test_secure_module.py)
    assert line.hear() == framed("\x0271.004011B9C1845EB993A7A\x03")
    assert line.say(ACK) == b""


def test_only_cancel_is_heard_while_somebody_types(line: Line) -> None:
    line.say(framed("\x0f080\x0e") + ACK)
    line.say(framed(ASK_PIN))
    assert line.say(framed("\x0f16\x0e")) == b""
    assert line.say(framed("\x0272\x03")) == EOT  # p206
    line.pad.type_pin("1234")
    assert line.hear() == b""


def test_can_and_time_end_an_entry_alike(line: Line) -> None:
    line.say(framed("\x0f080\x0e") + ACK)
    line.say(framed(ASK_PIN))
    line.pad.press(KeyCode.ONE, KeyCode.CANCEL)
    assert line.hear() == EOT
    line.say(framed(ASK_PIN))
    assert line.hear(29.0) == b""
    assert line.hear(1.0) == EOT


def test_a_pin_needs_a_selected_key_for_pins() -> None:
    line = Line(at_1=LOADING_KEY)
    assert line.say(framed(ASK_PIN)) == ACK + framed("\x02719\x03")  # nothing selected
    line.say(framed("\x0f080\x0e") + ACK)
    assert line.say(framed(ASK_PIN)) == ACK + framed("\x02719\x03")  # an empty place
    line.say(framed("\x0f081\x0e") + ACK)
    assert line.say(framed(ASK_PIN)) == ACK + framed("\x02711\x03")  # a K0 key without a session key


def test_a_key_that_is_lost_while_somebody_types_encrypts_no_pin(line: Line) -> None:
    line.say(framed("\x0f080\x0e") + ACK)
    line.say(framed(ASK_PIN))
    line.module.erase("0")
    line.pad.type_pin("1234")
    assert line.hear() == framed("\x02719\x03")


def test_a_pin_needs_a_prompt_of_the_table() -> None:
    line = Line(Pp791Settings(pin_prompts=frozenset({"ENTER PIN"})), at_0=PIN_KEY)
    line.say(framed("\x0f080\x0e") + ACK)
    assert line.say(framed(ASK_PIN)) == ACK + EOT  # p228
    assert not line.pad.waits_for_pin


def test_a_pin_may_be_refused_with_any_code(line: Line) -> None:
    line.pad.refuse_pins(PinError.TOO_MANY_PINS)
    assert line.say(framed(ASK_PIN)) == ACK + framed("\x02717\x03")


def test_keys_in_clear_need_a_prompt_that_lasts_until_another_message(line: Line) -> None:
    ask = framed("\x02Z4210\x03")
    assert line.say(ask) == ACK + EOT  # p221
    line.say(framed("\x02Z2\x1d005\x1a\x03") + ACK)
    for key, answer in ((KeyCode.SEVEN, "\x02Z437\x03"), (KeyCode.ENTER, "\x02Z43#\x03")):
        line.say(ask)
        assert line.pad.waits_for_key
        line.pad.press(key)
        assert line.hear() == framed(answer)
        line.say(ACK)
    line.say(ask)
    assert line.hear(10.0) == b""  # its time is over; the answer takes 20 ms
    assert line.hear() == framed("\x02Z43?\x03")
    line.say(ACK + framed("\x0f16\x0e"))
    assert line.say(ACK + ask).endswith(ACK + EOT)  # p215


def test_a_key_is_kept_only_when_its_echo_is_confirmed(line: Line) -> None:
    load = framed(f"\x0f021{KEY_BLOCK}\x0e")
    assert line.say(load) == ACK + load  # p30
    assert line.say(EOT) == b""
    assert line.module.attributes("1") is None
    line.say(load)
    assert line.say(ACK) == EOT
    assert line.module.attributes("1") == ("P0", "E", "T")


@pytest.mark.parametrize(
    ("slot", "block", "code"),
    [
        ("1", KEY_BLOCK[:-1] + "0", "C"),
        ("1", KEY_BLOCK.replace("N00", "N99", 1), "A"),
        ("B", KEY_BLOCK, "E"),
    ],
)
def test_a_block_that_is_not_right_is_refused(line: Line, slot: str, block: str, code: str) -> None:
    assert line.say(framed(f"\x0f02{slot}{block}\x0e")) == ACK + framed(f"\x0f02?{code}\x0e")  # p30


def test_a_block_needs_a_key_for_keys() -> None:
    assert Line().say(framed(f"\x0f021{KEY_BLOCK}\x0e")) == ACK + framed("\x0f02?D\x0e")


def test_a_key_comes_once(line: Line) -> None:
    line.say(framed(f"\x0f021{KEY_BLOCK}\x0e"))
    line.say(ACK)
    assert line.say(framed(f"\x0f022{KEY_BLOCK}\x0e")) == ACK + framed("\x0f02?2\x0e")


def test_a_clear_key_is_ignored(line: Line) -> None:
    assert line.say(framed("\x0f02119191919191919195B5B5B5B5B5B5B5B\x0e")) == b""
    assert line.module.attributes("1") is None


def test_macs_come_in_parts_in_order() -> None:
    # ISO 9797-1:2011 B.4: "Now is the time for all " gives A1C72E74 (the four bytes that are published)
    line = Line(at_B=HeldKey("M3", "T", "G", bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")))
    none = "0000000000000000"
    assert line.say(framed(f"\x02Z66701B{FS}{none}{FS}{FS}4E\x03")) == ACK + framed("\x02Z672\x03")
    line.say(ACK)
    first = line.say(framed(f"\x02Z66700B{FS}{none}{FS}{FS}4E6F772069732074\x03"))
    assert first == ACK + framed("\x02Z671\x03")
    line.say(ACK)
    rest = "68652074696D6520666F7220616C6C20"
    answer = line.say(framed(f"\x02Z66601B{FS}{none}{FS}{FS}{rest}\x03"))
    assert answer.startswith(ACK + b"\x02Z670A1C72E74")
    assert line.say(framed(f"\x02Z66900B{FS}{none}{FS}{FS}4E\x03")) == ACK + framed("\x02Z676\x03")
    assert line.say(framed(f"\x02Z66600C{FS}{none}{FS}{FS}4E\x03")) == ACK + framed("\x02Z673\x03")


def test_an_opened_pad_has_lost_its_keys_and_says_so(line: Line) -> None:
    line.pad.tamper()
    line.pad.power_cycle()
    assert line.say(framed("\x0f16\x0e")) == ACK + framed("\x0f165\x0e")
    line.say(ACK)
    assert line.say(framed("\x0f0401\x0e")) == ACK + framed("\x0f040\x0e")


def test_the_self_test_finds_what_is_set(line: Line) -> None:
    line.pad.fail(*SelfTestFailure)
    assert line.say(framed("\x0f16\x0e")) == ACK + framed("\x0f16125\x0e")  # p50, as printed


def test_without_power_an_entry_is_forgotten(line: Line) -> None:
    line.say(framed("\x0f080\x0e") + ACK)
    line.say(framed(ASK_PIN))
    line.pad.power_cycle()
    line.pad.type_pin("1234")
    assert line.hear(60.0) == b""


def test_nothing_shows_a_typed_digit(line: Line) -> None:
    line.say(framed("\x0f080\x0e") + ACK)
    line.say(framed(ASK_PIN))
    line.pad.press(KeyCode.SEVEN, KeyCode.THREE, KeyCode.NINE)
    shown = f"{line.pad!r} {vars(line.pad)!r} {line.pad.asked!r}"
    assert "739" not in shown
    assert "40123" not in shown


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_any_bytes_are_survived(pieces: list[bytes]) -> None:
    line = Line(at_0=PIN_KEY)
    for piece in pieces:
        line.say(piece)
    line.hear(400.0)
    line.pad.power_cycle()
    assert line.say(framed("\x0f16\x0e")) == ACK + framed("\x0f160\x0e")
