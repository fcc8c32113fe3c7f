"""The ID-card reader's driver on a line that breaks any byte of an honest reader: nobody gets another one's card.

The line is first in, first out, and spoils a message in one place, which the checksum notices. One thing it does not
do, for the protocol numbers nothing and nobody could notice it (docs/devices/sdt.md): give an old answer to an equal
question in place of the new one.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from device_sim.sdt_reader import SimulatedIdCard, SimulatedSdtReader
from drivers.sdt_reader import ANSWER_S, POLL_S, READ_S, SETTLE_S, SdtReader
from kiosk_core.errors import DeviceFault, DeviceUnavailable, ProtocolViolation
from kiosk_core.id_card_reader import IdCard, IdCardProblem
from tests.clocks import SetClock
from tests.drivers.hostile import LEAVE, HostileLine, Mischief, attack, lanes
from wire.id_card_text import CitizenText, Sex
from wire.sdt import Command, Garbled, Reply, Sw3

NAME = "id_card_reader"
BEGIN_S = 2 * SETTLE_S + ANSWER_S  # the docstring of SdtReader: before an exchange where the line was in doubt
# Preamble 5, length 2, SW 3, checksum 1, and the data of what is no error (facts/device-protocols.md 3b).
_SIZES = {
    b"\x12\xff": {27},  # READ_SAM_ID
    b"\x20\x01": {15},  # FIND_CARD
    b"\x20\x02": {19},  # SELECT_CARD
    b"\x30\x01": {1295},  # READ_BASE
    b"\x30\x03": {81, 151, 221, 291},  # READ_NEW_ADDRESS
}
_WITHOUT_DATA = 11
_NOT_FOUND = bytes.fromhex("AA AA AA 96 69 0004 00 00 80 84")
_FOUND = bytes.fromhex("AA AA AA 96 69 0008 00 00 9F 00 00 00 00 97")
T = TypeVar("T")

AT = st.one_of(st.integers(0, 30), st.integers(0, 1300))
MISCHIEFS = st.one_of(
    st.builds(Mischief, st.sampled_from(["garble", "drop", "double", "cut", "stale"]), AT, st.integers(1, 255)),
    st.builds(Mischief, st.just("insert"), AT, other=st.sampled_from([b"\xaa", b"\xaa\xaa\xaa\x96\x69", b"\x00\x04"])),
    st.builds(Mischief, st.sampled_from(["drop all", "double all"])),
    st.builds(
        Mischief,
        st.sampled_from(["delay", "pause"]),
        AT,
        delay_s=st.sampled_from([0.1, 0.29, 0.31, 1.9, 2.1, 4.9, 5.1, 21.0]),
    ),
    st.builds(Mischief, st.just("unplug"), AT),
)
_PLAN = st.builds(
    lambda quiet, ill: [LEAVE] * quiet + ill, st.integers(0, 4), st.lists(MISCHIEFS | st.just(LEAVE), max_size=5)
)
PLANS = st.tuples(_PLAN, _PLAN)
Plan = tuple[list[Mischief], list[Mischief]]
NO_PLAN: Plan = ([], [])


class Reader(SimulatedSdtReader):
    """The simulator, which remembers what it gave."""

    def __init__(self, clock: SetClock) -> None:
        super().__init__(clock, answer_s=0.02)
        self.given: list[tuple[bytes, Reply]] = []
        self.babbles_until = 0.0
        self.babble = b""

    def idle(self) -> bytes:
        babble = self.babble if self._clock.now() < self.babbles_until else b""
        return super().idle() + babble

    @property
    def waits_for_more(self) -> bool:
        """Whether a broken length has it swallow what comes; how long a real one waits is not known."""
        return bool(self._deframer._buffer)

    def _answer(self, body: bytes | Garbled) -> Reply:
        reply = super()._answer(body)
        if isinstance(body, bytes):
            self.given.append((body, reply))
        return reply


def answers_to(command: bytes, given: list[tuple[bytes, Reply]]) -> list[Reply]:
    return [reply for asked, reply in given if asked == command]


def person(number: int) -> SimulatedIdCard:
    """A card like no other; its number is nobody's (order code 000)."""
    text = CitizenText(
        f"甄{number:03}", Sex.FEMALE, "01", date(1990, 1, 1), f"虚构路{number}号", "110101199001010007",
        "某市公安局", date(2020, 2, 29), date(2040, 2, 28),
    )  # fmt: skip
    return SimulatedIdCard(text, b"WLf" + number.to_bytes(2, "big") * 510 + b"\x00", (f"虚构新路{number}号",))


class HostileSession(RuleBasedStateMachine):
    """People come and go, the terminal asks, the line breaks."""

    @initialize()
    def begin(self) -> None:
        self.clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
        self.reader = Reader(self.clock)
        self.number = 0
        self.plug()
        self.next_person()

    def plug(self) -> None:
        self.line = HostileLine(NAME, self.reader, self.clock, self.may_repeat)
        self.driver = SdtReader(NAME, self.line, self.clock)

    def may_repeat(self, old: bytes, _: bytes) -> bool:
        """An answer to another question; errors fit many."""
        asked = b"".join(self.line.sent[-1:])[7:9]
        return len(old) != _WITHOUT_DATA and len(old) not in _SIZES.get(asked, set())

    def within(self, limit_s: float, ask: Callable[[], T], plan: Plan) -> tuple[T | None, list[tuple[bytes, Reply]]]:
        """Return what `ask` returned, None where it raised a documented error; and what the reader gave meanwhile."""
        if self.line.cut:
            self.driver.close()
            self.plug()
        self.line.follow(*plan)
        if not self.driver._settled:
            limit_s += BEGIN_S
        began, given = self.clock.now(), len(self.reader.given)
        try:
            result = ask()
        except (DeviceUnavailable, DeviceFault, ProtocolViolation):
            result = None
        assert self.clock.now() - began <= limit_s + 0.01
        return result, self.reader.given[given:]

    # -- people ----------------------------------------------------------------------------------------------

    @rule()
    def next_person(self) -> None:
        self.reader.lift()
        self.number += 1
        self.reader.place(person(self.number))

    @rule()
    def lift(self) -> None:
        self.reader.lift()

    @precondition(lambda self: self.reader.card is not None)
    @rule()
    def lift_and_lay_down(self) -> None:
        card = self.reader.lift()
        assert card is not None
        self.reader.place(card)

    @rule(seconds=st.sampled_from([0.2, 1.0, 30.0]))
    def wait(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    @rule()
    def lose_power(self) -> None:
        self.reader.power_cycle()

    @rule(
        command=st.sampled_from([Command.RESET, Command.GET_STATUS, Command.FIND_CARD, Command.SELECT_CARD]),
        code=st.sampled_from([Sw3.SELF_TEST_FAILED, Sw3.SAM_NOT_AUTHORISED, Sw3.UNKNOWN_CARD, Sw3.BAD_CHECKSUM]),
    )
    def fail(self, command: Command, code: Sw3) -> None:
        self.reader.fail(command, code)

    @rule(seconds=st.sampled_from([0.2, 1.0, 10.0]), data=st.sampled_from([b"\x00", b"\xaa" * 3]))
    def babble(self, seconds: float, data: bytes) -> None:
        self.reader.babble = data
        self.reader.babbles_until = self.clock.now() + seconds

    @rule(answer=st.sampled_from([_NOT_FOUND, _FOUND]))
    def answer_without_being_asked(self, answer: bytes) -> None:
        """It has arrived when the next question is asked."""
        self.line.calm()
        self.line.to_host.put(answer)
        self.clock.sleep(0.01)

    # -- what the terminal asks ------------------------------------------------------------------------------

    @rule(plan=PLANS)
    def find(self, plan: Plan) -> None:
        found, given = self.within(POLL_S + ANSWER_S, self.driver.find_card, plan)
        assert found is None or found in {reply.sw3 is not Sw3.FIND_FAILED for reply in answers_to(b"\x20\x01", given)}

    @rule(plan=PLANS)
    def read(self, plan: Plan) -> None:
        """What is read was on the reader and was read off it in this call, and not before."""
        result, given = self.within(3 * BEGIN_S + POLL_S + 3 * ANSWER_S + READ_S, self.driver.read_card, plan)
        told = {reply.sw3 for _, reply in given}
        if isinstance(result, IdCard):
            assert result.photo.wlt in {reply.data[-1024:] for reply in answers_to(b"\x30\x01", given)}
            self.expect_the_card(result)
        assert result is not IdCardProblem.NOT_PRESENT or told & {Sw3.FIND_FAILED, Sw3.SELECT_FAILED}
        assert result is not IdCardProblem.NOT_AN_ID_CARD or Sw3.UNKNOWN_CARD in told
        assert result is not IdCardProblem.NOT_GENUINE  # nobody said so

    def expect_the_card(self, result: IdCard) -> None:
        card = self.reader.card
        assert card is not None
        assert isinstance(card.text, CitizenText)
        assert result.address is not None
        assert (result.name.reveal(), result.address.reveal()) == (card.text.name, card.text.address)
        assert result.photo.wlt == card.photo

    @rule(plan=PLANS)
    def read_new_addresses(self, plan: Plan) -> None:
        result, given = self.within(READ_S, self.driver.read_new_addresses, plan)
        if isinstance(result, tuple):
            assert self.reader.card is not None
            assert tuple(each.reveal() for each in result) == self.reader.card.new_addresses
            assert Sw3.OK in {reply.sw3 for reply in answers_to(b"\x30\x03", given)}

    @rule(plan=PLANS)
    def status(self, plan: Plan) -> None:
        status, given = self.within(ANSWER_S, self.driver.status, plan)
        works = {reply.sw3 is Sw3.OK for reply in answers_to(b"\x11\xff", given)}
        assert status is None or status.in_service in works

    @rule(plan=PLANS)
    def reset(self, plan: Plan) -> None:
        begun = len(self.reader.given)
        self.within(ANSWER_S, lambda: (self.driver.reset(), self.expect_reset(begun)), plan)

    def expect_reset(self, begun: int) -> None:
        assert Sw3.OK in {reply.sw3 for reply in answers_to(b"\x10\xff", self.reader.given[begun:])}

    @rule(plan=PLANS)
    def identify(self, plan: Plan) -> None:
        told, _ = self.within(ANSWER_S, self.driver.identify, plan)
        assert told is None or told.serial == "05.01-20200101-0000000001-0000000002"

    @rule(
        ask=st.sampled_from(["find", "find", "read_new_addresses", "status"]),
        delay_s=st.sampled_from([2.05, 2.2, 2.4, 4.0, 5.05, 5.5, 8.0]),
        follows=st.sampled_from(["next_person", "lift", "wait"]),
    )
    def be_late_and_be_asked_the_same_again(self, ask: str, delay_s: float, follows: str) -> None:
        self.serve_on_a_calm_line()
        question = getattr(self, ask)
        question(([], [Mischief("delay", delay_s=delay_s)]))
        if follows == "wait":
            self.wait(0.2)
            self.reader.fail(Command.GET_STATUS, Sw3.SELF_TEST_FAILED)
        else:
            getattr(self, follows)()
        question(NO_PLAN)
        question(NO_PLAN)

    # -- what is always true ---------------------------------------------------------------------------------

    @rule()
    def serve_on_a_calm_line(self) -> None:
        """Whatever happened, on a good line the next person is read."""
        if not self.line.cut:
            self.line.calm()
        self.reader.babbles_until = 0.0
        self.reader._failures.clear()
        if self.reader.waits_for_more:
            self.reader.power_cycle()
        self.next_person()
        for _ in range(2):  # the first may meet what is left of a broken message
            result, _ = self.within(100.0, self.driver.read_card, NO_PLAN)
            if isinstance(result, IdCard):
                self.expect_the_card(result)
                break
            self.next_person()
        assert isinstance(result, IdCard)

    @invariant()
    def memory_is_bounded(self) -> None:
        if hasattr(self, "driver"):
            assert len(self.driver._deframer._buffer) <= 0x090A + 7

    def teardown(self) -> None:
        if hasattr(self, "driver"):
            self.serve_on_a_calm_line()


@lanes(fast=80, slow=800)
def test_nobody_gets_what_is_anothers_whatever_the_line_does(examples: int) -> None:
    attack(HostileSession, examples, steps=15)


@pytest.mark.parametrize("delay_s", [0.1, 2.1, 5.1, 6.5, 9.0, 21.0])
def test_a_card_that_is_read_late_is_never_the_next_persons(delay_s: float) -> None:
    machine = HostileSession()
    machine.begin()
    machine.status(NO_PLAN)
    machine.read(([], [LEAVE, LEAVE, Mischief("delay", delay_s=delay_s)]))
    for _ in range(4):
        machine.next_person()
        machine.read(NO_PLAN)
    machine.teardown()


@pytest.mark.parametrize("kind", ["garble", "drop", "double", "cut", "pause", "unplug"])
def test_no_fault_at_any_byte_of_an_answer_is_taken_for_another(kind: str) -> None:
    for at in (*range(20), 1200):
        for answer in range(3):  # FIND_CARD, SELECT_CARD, READ_BASE
            machine = HostileSession()
            machine.begin()
            machine.status(NO_PLAN)
            fault = Mischief(kind, at, mask=1 << at % 8, delay_s=6.0)
            machine.read(([], [LEAVE] * answer + [fault]))
            machine.next_person()
            machine.find(NO_PLAN)
            machine.teardown()


@pytest.mark.parametrize("ask", ["find", "read", "read_new_addresses", "status", "reset", "identify"])
def test_an_old_answer_to_another_question_is_passed_over(ask: str) -> None:
    for which in range(6):
        machine = HostileSession()
        machine.begin()
        machine.identify(NO_PLAN)
        machine.read(NO_PLAN)
        machine.read_new_addresses(NO_PLAN)
        machine.next_person()
        for command in (Command.RESET, Command.GET_STATUS):
            machine.fail(command, Sw3.SELF_TEST_FAILED)
        getattr(machine, ask)(([], [Mischief("stale", which)]))
        machine.teardown()
