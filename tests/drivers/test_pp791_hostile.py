"""The PIN pad's driver on a line that breaks any byte of an honest pad: a PIN block is that of its customer, or none.

The line is first in, first out, and spoils a message in one place. What nobody can notice (docs/devices/pp791.md), it
does not do: give an old block, key or MAC in place of the one that was asked for. Control bytes have no checksum, so
what a customer is said to have done is held against what he did only while no single byte is changed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from device_sim.key_block import HeldKey
from device_sim.pp791 import SimulatedPp791
from device_sim.secure_module import SecureModule
from drivers.pp791 import ACK_S, ANSWER_S, END_S, GRACE_S, RESENDS, SETTLE_S, Pp791, Pp791Profile
from kiosk_core.card_number import CardNumber
from kiosk_core.errors import DeviceFault, DeviceUnavailable, Fault, ProtocolViolation
from kiosk_core.pin_pad import DIGITS, DataEntry, EntryEnd, Key, KeyDetail, KeyName, PinBlock, PinEntry, PinFormat
from tests.clocks import SetClock
from tests.drivers.hostile import LEAVE, HostileLine, Mischief, attack, lanes
from wire.pp791 import MAX_FRAME, KeyCode

NAME = "pin_pad"
# ANSI X9.24-1:2009 A.4, the PIN key of KSN ..E00001; ISO 9797-1:2011 B.4; PP791 manual p31
PIN_KEY = HeldKey("P0", "T", "E", bytes.fromhex("042666B49184CF5C68DE9628D0397B36"))
MAC_KEY = HeldKey("M3", "T", "G", bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"))
LOADING_KEY = HeldKey("K0", "T", "D", bytes.fromhex("19191919191919195B5B5B5B5B5B5B5B"))
KEY_BLOCK = "B0080P0TE00N00003C4F5024C59C182F7165BC870FCB7F63456AAE07DB736C32EA391E5834C1AA0C"
PROFILE = Pp791Profile(mac_packets=("6", "7"))
# The docstring of Pp791.
QUESTION_S = ACK_S + ANSWER_S + END_S + RESENDS * ACK_S
BEGIN_S = 2 * SETTLE_S + ACK_S + QUESTION_S
TIMEOUT_S = 30
CODES = {Key.ENTER: KeyCode.ENTER, Key.CANCEL: KeyCode.CANCEL, Key.CLEAR: KeyCode.CLEAR} | {
    key: KeyCode(str(value)) for value, key in enumerate(DIGITS)
}
T = TypeVar("T")

AT = st.integers(0, 90)
_DELAYS = st.sampled_from([0.1, 0.29, 0.31, 0.9, 1.1, 4.9, 5.1, 6.1, 12.0, 40.0])
OF_WHOLE_MESSAGES = st.one_of(
    st.builds(Mischief, st.sampled_from(["drop all", "double all"])),
    st.builds(Mischief, st.just("delay"), delay_s=_DELAYS),
    st.builds(Mischief, st.just("stale"), AT),
)
MISCHIEFS = st.one_of(
    OF_WHOLE_MESSAGES,
    st.builds(Mischief, st.sampled_from(["garble", "drop", "double", "cut", "unplug"]), AT, st.integers(1, 255)),
    st.builds(Mischief, st.just("insert"), AT, other=st.sampled_from([b"\x06", b"\x15", b"\x04", b"\x02", b"\x0f"])),
    st.builds(Mischief, st.just("pause"), AT, delay_s=_DELAYS),
)


def _plans(mischiefs: st.SearchStrategy[Mischief]) -> st.SearchStrategy[list[Mischief]]:
    return st.builds(
        lambda quiet, ill: [LEAVE] * quiet + ill, st.integers(0, 8), st.lists(mischiefs | st.just(LEAVE), max_size=4)
    )


Plan = tuple[list[Mischief], list[Mischief]]
PLANS = st.one_of(
    st.tuples(_plans(OF_WHOLE_MESSAGES), _plans(OF_WHOLE_MESSAGES)), st.tuples(_plans(MISCHIEFS), _plans(MISCHIEFS))
)
NO_PLAN: Plan = ([], [])


@dataclass
class Customer:
    """Somebody with a card who presses keys, so many seconds after the pad has begun to ask; () cuts its power."""

    number: CardNumber = field(repr=False)
    pin: str = field(repr=False)
    presses: list[tuple[float, tuple[KeyCode, ...]]] = field(default_factory=list)
    asked_at: float | None = None
    pressed: list[KeyCode] = field(default_factory=list)


class HostileSession(RuleBasedStateMachine):
    """Customers come and go, the terminal asks, the line breaks."""

    @initialize()
    def begin(self) -> None:
        self.clock = SetClock(datetime(2026, 11, 22, 12, tzinfo=UTC))
        self.module = SecureModule(bytes)
        self.module.put("F", LOADING_KEY)
        self.module.put("0", PIN_KEY)
        self.module.put("B", MAC_KEY)
        self.pad = SimulatedPp791(self.clock, self.module)
        self.turn = 0
        self.secrets: list[str] = [KEY_BLOCK]
        self.next_customer()
        self.plug()

    def plug(self) -> None:
        self.line = HostileLine(NAME, self.pad, self.clock, self.may_repeat, meanwhile=self.press)
        self.driver = Pp791(NAME, self.line, self.clock, PROFILE)

    @staticmethod
    def may_repeat(old: bytes, new: bytes) -> bool:
        """A frame: a block or a key only before ACK, behind which its own will come; others before another one."""
        if len(old) == 1 or old[0] not in b"\x02\x0f":
            return False
        return new == b"\x06" or (len(new) > 1 and old[:3] != new[:3] and old[:3] not in {b"\x0271", b"\x02Z4"})

    def next_customer(self, *presses: tuple[float, tuple[KeyCode, ...]]) -> Customer:
        self.turn += 1
        number = f"62220210{self.turn:08}"
        self.customer = Customer(CardNumber(number), f"{self.turn * 7919 % 10**6:06}", list(presses))
        self.secrets.append(number)
        return self.customer

    def press(self) -> None:
        customer = self.customer
        waits = self.pad.waits_for_pin or self.pad.waits_for_key
        if not waits:
            customer.asked_at = None
        elif customer.asked_at is None:
            customer.asked_at = self.clock.now()
        elif customer.presses and self.clock.now() - customer.asked_at >= customer.presses[0][0]:
            _, keys = customer.presses.pop(0)
            if not keys:
                self.pad.power_cycle()
            customer.pressed += keys
            self.pad.press(*keys)

    def within(self, limit_s: float, ask: Callable[[], T], plan: Plan) -> T | None:
        """Return what `ask` returned, None where it raised a documented error, in which nothing secret is."""
        if self.line.cut:
            self.driver.close()
            self.plug()
        self.line.follow(*plan)
        self.line.sent.clear()
        if not self.driver._settled:
            limit_s += BEGIN_S
        began = self.clock.now()
        try:
            return ask()
        except (DeviceUnavailable, DeviceFault, ProtocolViolation) as error:
            shown = f"{error} {error!r} {error.__context__!r} {self.driver.__dict__!r}"
            assert not [secret for secret in self.secrets if secret in shown]
            return None
        finally:
            assert self.clock.now() - began <= limit_s + 0.1

    # -- what happens to the pad -----------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.2, 2.0, 6.0, 40.0]))
    def wait(self, seconds: float) -> None:
        self.line.wait(seconds)

    @rule()
    def lose_power(self) -> None:
        self.pad.power_cycle()

    @rule()
    def lose_the_key(self) -> None:
        self.module.erase("0")

    @rule()
    def have_the_key_loaded(self) -> None:
        self.module.put("0", PIN_KEY)

    # -- entries ---------------------------------------------------------------------------------------------

    @rule(
        does=st.sampled_from(["type", "type", "type", "correct", "cancel", "leave", "power"]),
        at_s=st.sampled_from([0.6, 2.0, 3.0, 28.0]),
        host_ends_s=st.sampled_from([None, None, 1.0, 3.0, 3.05, 3.1]),
        plan=PLANS,
    )
    def enter_pin(self, does: str, at_s: float, host_ends_s: float | None, plan: Plan) -> None:
        customer = self.next_customer()
        pin = tuple(KeyCode(digit) for digit in customer.pin)
        presses = {
            "type": [(at_s, (*pin, KeyCode.ENTER))],
            "correct": [(at_s, (KeyCode.ONE,)), (at_s + 0.2, (KeyCode.CLEAR, *pin)), (at_s + 0.6, (KeyCode.ENTER,))],
            "cancel": [(at_s, (KeyCode.ONE,)), (at_s + 0.1, (KeyCode.CANCEL,))],
            "leave": [],
            "power": [(at_s, ())],
        }
        customer.presses = presses[does]
        began = self.clock.now()
        entry = PinEntry(customer.number, timeout_s=TIMEOUT_S)
        limit_s = 3 * QUESTION_S + BEGIN_S + TIMEOUT_S + GRACE_S + ANSWER_S

        def is_canceled() -> bool:
            return host_ends_s is not None and self.clock.now() - began >= host_ends_s

        result = self.result = self.within(limit_s, lambda: self.driver.enter_pin(entry, is_canceled), plan)
        kinds = {mischief.kind for way in plan for mischief in way}
        whole = kinds <= {"leave", "drop all", "double all", "delay"}
        assert not whole or sum(b"\x02Z62" in sent for sent in self.line.sent) <= 1
        assert not whole or does != "power" or result in {None, EntryEnd.CANCELED, EntryEnd.TIMED_OUT}
        match result:
            case PinBlock(format=made, digits=digits, data=data):
                assert KeyCode.ENTER in customer.pressed, "a block of somebody who has typed none"
                assert (made, digits) == (PinFormat.ISO0, len(customer.pin))
                right = self.module.pin_block("0", PinFormat.ISO0, customer.pin, customer.number.reveal())
                assert data == right, "a block of somebody else"
                self.secrets += [data.hex(), data.hex().upper(), repr(data)[2:-1]]
                assert not [secret for secret in self.secrets if secret in repr((result, entry, vars(self.driver)))]
            case EntryEnd.CANCEL if whole:
                assert KeyCode.CANCEL in customer.pressed, "a cancel that hit the next one"
            case EntryEnd.CANCELED:
                assert is_canceled()
                assert kinds - {"leave"} or not self.pad.waits_for_pin, "nobody told the pad"
            case EntryEnd.TIMED_OUT if whole:
                assert () not in [keys for _, keys in presses[does]] or customer.presses, "of a pad without power"
                assert self.clock.now() - began >= TIMEOUT_S - 1.1

    @rule(
        keys=st.lists(st.sampled_from([*DIGITS, Key.CLEAR]), max_size=3),
        end=st.sampled_from([Key.ENTER, Key.ENTER, Key.CANCEL, None]),
        plan=PLANS,
    )
    def enter_data(self, keys: list[Key], end: Key | None, plan: Plan) -> None:
        wanted = [*keys, *([] if end is None else [end])]
        customer = self.next_customer(*((0.5, (CODES[key],)) for key in wanted))
        given: list[Key] = []
        limit_s = QUESTION_S + (len(wanted) + 1) * (BEGIN_S + QUESTION_S + 5 + GRACE_S + ANSWER_S) + QUESTION_S
        entered = self.within(
            limit_s, lambda: self.driver.enter_data(DataEntry(6, timeout_s=5), given.append, lambda: False), plan
        )
        assert [CODES[key] for key in given] == customer.pressed[: len(given)], "a key that nobody has pressed now"
        if entered is not None:
            assert entered.end in {EntryEnd.ENTER, EntryEnd.CANCEL, EntryEnd.TIMED_OUT}
            assert (entered.end is EntryEnd.ENTER) == (given[-1:] == [Key.ENTER])
            if entered.end is EntryEnd.ENTER:
                cleared = max((at + 1 for at, key in enumerate(given) if key is Key.CLEAR), default=0)
                assert entered.digits == tuple(given[cleared:-1])

    # -- questions -------------------------------------------------------------------------------------------

    @rule(plan=PLANS)
    def status(self, plan: Plan) -> None:
        status = self.within(BEGIN_S * 2 + 3 * QUESTION_S, self.driver.status, plan)
        if status is not None:
            assert (Fault.KEY_MISSING in status.faults) == (self.module.attributes("0") is None)

    @rule(plan=PLANS)
    def import_key(self, plan: Plan) -> None:
        had = self.module.attributes("0")
        detail = self.within(BEGIN_S + 3 * QUESTION_S, lambda: self.driver.import_key(KeyName.PIN, KEY_BLOCK), plan)
        kinds = {mischief.kind for way in plan for mischief in way}
        if kinds <= {"leave", "drop all", "double all", "delay", "stale"}:
            assert sum(KEY_BLOCK.encode() in sent for sent in self.line.sent) <= 1
        if isinstance(detail, KeyDetail):
            assert detail == KeyDetail("P0", "E", "T")
            assert self.module.attributes("0") == ("P0", "E", "T")
            block = self.module.pin_block("0", PinFormat.ISO0, "1234", "4012345678909")
            assert block != bytes.fromhex("1B9C1845EB993A7A"), "the key from before"
        elif had is None and self.module.attributes("0") is None:
            assert not isinstance(detail, KeyDetail)

    @rule(plan=PLANS)
    def mac(self, plan: Plan) -> None:
        self.turn += 1
        data = f"message {self.turn}".encode()
        told = self.within(2 * QUESTION_S, lambda: self.driver.generate_mac(data), plan)
        assert told is None or told == self.module.mac("B", data)

    @rule(plan=PLANS)
    def identify(self, plan: Plan) -> None:
        told = self.within(QUESTION_S, self.driver.identify, plan)
        assert told is None or told.serial == "SIM000000001"

    @rule(plan=PLANS)
    def reset(self, plan: Plan) -> None:
        self.within(QUESTION_S + BEGIN_S, self.driver.reset, plan)

    @rule(ask=st.sampled_from(["mac", "status", "identify"]), delay_s=_DELAYS)
    def be_late_and_be_asked_the_same_again(self, ask: str, delay_s: float) -> None:
        self.serve_on_a_calm_line()
        question = getattr(self, ask)
        question(([], [LEAVE, Mischief("delay", delay_s=delay_s)]))
        self.module.erase("0")
        for _ in range(3):
            question(NO_PLAN)

    # -- what is always true ---------------------------------------------------------------------------------

    @rule()
    def serve_on_a_calm_line(self) -> None:
        """Whatever happened, on a good line the next customer is served."""
        self.customer.presses.clear()
        if not self.line.cut:
            self.line.calm()
            self.line.wait(16.0)  # the pad says again twice what nobody has acknowledged (p27)
        self.have_the_key_loaded()
        self.within(BEGIN_S + QUESTION_S, self.driver.identify, NO_PLAN)  # may meet what is left of a broken message
        self.enter_pin(does="type", at_s=2.0, host_ends_s=None, plan=NO_PLAN)
        assert isinstance(self.result, PinBlock)

    @invariant()
    def memory_is_bounded(self) -> None:
        if hasattr(self, "driver"):
            assert len(self.driver._found) <= 512
            assert len(self.driver._deframer._text) <= MAX_FRAME

    def teardown(self) -> None:
        if hasattr(self, "driver"):
            self.serve_on_a_calm_line()


@lanes(fast=30, slow=400)
def test_a_block_is_that_of_its_customer_whatever_the_line_does(examples: int) -> None:
    attack(HostileSession, examples, steps=12)


@pytest.mark.parametrize("delay_s", [0.31, 1.1, 2.9, 5.1, 8.0, 12.0, 33.0])
@pytest.mark.parametrize("does", ["type", "cancel"])
def test_what_one_customer_does_late_is_never_the_next_ones(does: str, delay_s: float) -> None:
    machine = HostileSession()
    machine.begin()
    machine.status(NO_PLAN)
    # ACK, answer and EOT of SelectKey, ACK of Z62, and then what the customer does.
    late: Plan = ([], [LEAVE] * 4 + [Mischief("delay", delay_s=delay_s)])
    machine.enter_pin(does=does, at_s=2.0, host_ends_s=3.0, plan=late)
    for _ in range(4):
        machine.enter_pin(does="leave", at_s=2.0, host_ends_s=None, plan=NO_PLAN)
    machine.teardown()


@pytest.mark.parametrize("delay_s", [0.31, 0.9, 1.1, 2.9, 5.1, 12.0])
def test_a_cancel_that_is_late_never_hits_the_next_entry(delay_s: float) -> None:
    machine = HostileSession()
    machine.begin()
    machine.status(NO_PLAN)
    # SelectKey, ACK, Z62, and then 72.
    late: Plan = ([LEAVE] * 3 + [Mischief("delay", delay_s=delay_s)], [])
    machine.enter_pin(does="leave", at_s=2.0, host_ends_s=3.0, plan=late)
    for _ in range(3):
        machine.enter_pin(does="type", at_s=2.0, host_ends_s=None, plan=NO_PLAN)
    machine.teardown()


@pytest.mark.parametrize("kind", ["garble", "drop", "double", "cut", "pause", "unplug"])
def test_no_fault_at_any_byte_of_a_block_makes_another_one(kind: str) -> None:
    for at in range(27):  # 02, 71.0, digits, 01, 16 hexadecimal digits, 03, LRC (p204)
        machine = HostileSession()
        machine.begin()
        machine.status(NO_PLAN)
        fault = Mischief(kind, at, mask=1 << at % 7, delay_s=6.0)
        machine.enter_pin(does="type", at_s=2.0, host_ends_s=None, plan=([], [LEAVE] * 4 + [fault]))
        machine.teardown()


@pytest.mark.parametrize("kind", ["drop all", "delay", "unplug"])
def test_a_pad_that_waits_for_somebody_who_was_given_up_serves_the_next_one(kind: str) -> None:
    machine = HostileSession()
    machine.begin()
    machine.status(NO_PLAN)
    # ACK, answer and EOT of SelectKey, and the ACK of Z62
    plan: Plan = ([], [LEAVE] * 3 + [Mischief(kind, delay_s=2.0)])
    machine.enter_pin(does="leave", at_s=2.0, host_ends_s=None, plan=plan)
    assert machine.result is None
    machine.teardown()


@pytest.mark.parametrize("does", ["type", "correct", "cancel", "leave", "power"])
@pytest.mark.parametrize("host_ends_s", [None, 1.0])
def test_an_entry_ends_as_it_ended(does: str, host_ends_s: float | None) -> None:
    machine = HostileSession()
    machine.begin()
    machine.enter_pin(does=does, at_s=2.0, host_ends_s=host_ends_s, plan=NO_PLAN)
    ends = {
        "type": PinBlock,
        "correct": PinBlock,
        "cancel": EntryEnd.CANCEL,
        "leave": EntryEnd.TIMED_OUT,
        "power": None,
    }
    expected = EntryEnd.CANCELED if host_ends_s is not None else ends[does]
    assert machine.result is expected or type(machine.result) is expected
    machine.enter_data([DIGITS[1], Key.CLEAR, DIGITS[2]], Key.ENTER, NO_PLAN)
    machine.enter_data([DIGITS[1]], Key.CANCEL, NO_PLAN)
    machine.enter_data([], None, NO_PLAN)


def test_a_pad_that_is_never_understood_is_given_up_in_time() -> None:
    """Every answer is garbled, however often it is asked for again; and a pad that babbles ends no entry later."""
    garbled = Mischief("garble", 3)
    for before in range(5):
        machine = HostileSession()
        machine.begin()
        machine.status(NO_PLAN)
        machine.enter_pin(does="type", at_s=28.0, host_ends_s=None, plan=([], [LEAVE] * before + [garbled] * 500))
        assert machine.result is None
        machine.status(([], [garbled] * 500))
        machine.teardown()


@pytest.mark.parametrize("way", ["to the pad", "to the host"])
def test_a_key_is_sent_once_and_is_there_when_the_driver_says_so(way: str) -> None:
    for kind in ("drop all", "delay", "double all"):
        for message in range(6):  # Z, ACK, and then 04 as in any question
            machine = HostileSession()
            machine.begin()
            machine.status(NO_PLAN)
            plan = [LEAVE] * message + [Mischief(kind, delay_s=6.1)]
            machine.import_key((plan, []) if way == "to the pad" else ([], plan))
            machine.teardown()
