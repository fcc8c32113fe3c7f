"""The top-up module over a card and a reader that answer anything at any APDU: no money is told that is not there.

The bank behind it does all right. What the module says is held against what went to which card: 80 52 leaves once for
each 80 50 and to the card that answered it; Credited is a TAC with 9000 that the card gave to that 80 52.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from device_sim.transit_card import TransitCard
from drivers.smart_card_reader import ExchangeFailed
from drivers.top_up_module import TUnionTopUpModule
from kiosk_core.card_number import CardNumber
from kiosk_core.errors import DeviceUnavailable, ProtocolViolation
from kiosk_core.ports import (
    CardProblem,
    CarriedOut,
    Credited,
    CreditRefused,
    CreditResult,
    CreditUnknown,
    LoadAuthorisation,
    LoadInit,
    LoadNotFound,
    LoadProven,
    ProofUnclear,
    PurseCard,
)
from kiosk_core.status import Counters, Identity
from tests.clocks import SetClock
from tests.drivers.hostile import attack, lanes
from tests.top_up import NAME, TERMINAL, a_card
from wire.ccid import IccStatus

MAC2 = bytes.fromhex("C0FFEE00")
T = TypeVar("T")


@dataclass(frozen=True)
class Misdeed:
    """What happens at one APDU; `data` is an answer or what is put before the status word of the right one."""

    kind: str
    data: bytes = b""
    status_word: bytes = b"\x90\x00"


_WORDS = st.sampled_from(
    [bytes.fromhex(word) for word in (
        "9000", "6100", "6104", "6110", "61FF", "6C00", "6C04", "6C10", "6CFF", "6581", "6700", "6901", "6982", "6985",
        "6988", "6A81", "6A82", "6D00", "9302", "9303", "9401", "9402", "9403", "9406", "0000", "FFFF",
    )]
)  # fmt: skip
_DATA = st.one_of(
    st.sampled_from([b"", bytes(4), bytes(8), bytes(16), bytes(30), bytes(256)]), st.binary(min_size=1, max_size=40)
)
MISDEEDS = st.one_of(
    st.builds(Misdeed, st.just("say"), _DATA, _WORDS),
    st.builds(Misdeed, st.just("say raw"), st.binary(max_size=3) | st.binary(min_size=255, max_size=300)),
    st.builds(Misdeed, st.sampled_from(["with other word", "data and other word"]), status_word=_WORDS),
    st.builds(
        Misdeed,
        st.sampled_from(
            [
                "lost after",
                "lost before",
                "mute",
                "mute after",
                "unplug",
                "unplug after",
                "violate",
                "crash",
                "crash after",
            ]
        ),
    ),
    st.builds(Misdeed, st.sampled_from(["old answer", "swap the card", "wait in 61", "ask for length"])),
)
LEAVE = Misdeed("leave")


def _plans(commands: int) -> st.SearchStrategy[list[Misdeed]]:
    """Misdeeds at some of the first `commands` APDUs of a call, mostly at one."""
    return st.builds(
        lambda quiet, ill: [LEAVE] * quiet + ill,
        st.integers(0, commands - 1),
        st.lists(MISDEEDS, min_size=1, max_size=2) | st.just([]),
    )


@dataclass
class Session:
    """A card from one power-on to the next, with what went to and fro."""

    card: TransitCard | None
    heard: list[tuple[bytes, bytes | None]] = field(default_factory=list)

    def numbers(self) -> list[str]:
        """What may have been the card's number: of file 15 (30 bytes) bytes 10 to 19 (facts/purse-load.md 1.3)."""
        return [answer[10:20].hex()[1:] for command, answer in self.heard if answer and command[1] in {0xB0, 0xC0}]


class HostileReader:
    """A `drivers.smart_card_reader.SmartCardReader` that does a misdeed at each APDU and at the slot."""

    identity = Identity("hostile")

    def __init__(self) -> None:
        self.cards: list[TransitCard] = []
        self.card: TransitCard | None = None
        self.other: TransitCard | None = None
        self.plan: list[Misdeed] = []
        self.lies_of_slot: list[IccStatus] = []
        self.unplugged = False
        self.powered = False
        self.sessions: list[Session] = []
        self._old: list[bytes] = []
        self._waiting: bytes | None = None

    def slot(self) -> IccStatus:
        self._check()
        if self.lies_of_slot:
            return self.lies_of_slot.pop(0)
        if self.card is None:
            return IccStatus.ABSENT
        return IccStatus.ACTIVE if self.powered else IccStatus.INACTIVE

    def wait_for_change(self, known: IccStatus, timeout_s: float) -> IccStatus:
        raise NotImplementedError

    def power_on(self) -> bytes | ExchangeFailed:
        self._check()
        self.power_off()
        self.sessions.append(Session(self.card))
        if self.card is None:
            return ExchangeFailed(IccStatus.ABSENT, 0xFE)
        self.powered = True
        return self.card.power_on()

    def power_off(self) -> None:
        self._check()
        self.powered = False
        self._waiting = None
        if self.card is not None:
            self.card.power_off()

    def take_away(self) -> None:
        if self.card is not None:
            self.card.power_off()
        self.card, self.powered = None, False

    def transmit(self, command: bytes) -> bytes | ExchangeFailed:
        self._check()
        misdeed = self.plan.pop(0) if self.plan else LEAVE
        answer = self._misbehave(misdeed, command)
        if not self.sessions:
            self.sessions.append(Session(None))
        self.sessions[-1].heard.append((command, answer if isinstance(answer, bytes) else None))
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            here = self.card is not None
            return ExchangeFailed(IccStatus.ACTIVE if here else IccStatus.ABSENT, 0xFE)
        self._old.append(answer)
        return answer

    def _right(self, command: bytes) -> bytes | None:
        if self._waiting is not None and command[1] == 0xC0:
            waiting, self._waiting = self._waiting, None
            return waiting
        return self.card.transmit(command) if self.card is not None and self.powered else None

    def _misbehave(self, misdeed: Misdeed, command: bytes) -> bytes | Exception | None:  # noqa: C901, PLR0912
        match misdeed.kind:
            case "say":
                return misdeed.data + misdeed.status_word
            case "say raw":
                return misdeed.data
            case "with other word":
                right = self._right(command)
                return right and misdeed.status_word
            case "data and other word":
                right = self._right(command)
                return right and right[:-2] + misdeed.status_word
            case "lost after":
                self._right(command)
                self.take_away()
                return None
            case "lost before":
                self.take_away()
                return None
            case "mute":
                return None
            case "mute after":
                self._right(command)
                return None
            case "unplug" | "unplug after":
                if misdeed.kind == "unplug after":
                    self._right(command)
                self.unplugged = True
                return DeviceUnavailable(NAME, "unplugged")
            case "violate":
                self._right(command)
                return ProtocolViolation(NAME, "noise")
            case "crash" | "crash after":
                if misdeed.kind == "crash after":
                    self._right(command)
                return ZeroDivisionError("a mistake of the driver below")
            case "old answer" if self._old:
                self._right(command)
                return self._old[-1 - len(command) % min(4, len(self._old))]
            case "swap the card" if self.other is not None:
                self.take_away()
                self.card, self.other = self.other, None
                return None
            case "wait in 61":
                right = self._right(command)
                if right is not None and len(right) > 2:
                    self._waiting = right
                    return bytes((0x61, len(right) - 2))
                return right
            case "ask for length":
                return b"\x6c\x10"
            case _:
                return self._right(command)

    def counters(self) -> Counters:
        return Counters()

    def close(self) -> None:
        self.unplugged = True

    def _check(self) -> None:
        if self.unplugged:
            raise DeviceUnavailable(NAME, "unplugged")


class HostileSession(RuleBasedStateMachine):
    """A journey's calls in any order, with cards that come and go."""

    @initialize()
    def begin(self) -> None:
        self.reader = HostileReader()
        self.clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
        self.module = TUnionTopUpModule(NAME, self.reader, self.clock)
        self.number = 0
        self.init: LoadInit | None = None
        self.inits = 0
        self.issued = 0
        self.another_card()

    def call(self, ask: Callable[[], T], plan: list[Misdeed]) -> T | None:
        """Return what `ask` returned, None where it raised what the reader raised."""
        if self.reader.unplugged:
            self.reader.unplugged = self.reader.powered = False
            self.module = TUnionTopUpModule(NAME, self.reader, self.clock)
        self.reader.plan = list(plan)
        try:
            return ask()
        except (DeviceUnavailable, ProtocolViolation, ZeroDivisionError):
            return None

    @rule()
    def another_card(self) -> None:
        self.number += 1
        self.reader.take_away()
        self.reader.card = a_card(CardNumber(f"31047600000{self.number:08}"), 1000 + self.number, 2 * self.number)
        self.reader.cards.append(self.reader.card)

    @rule(which=st.integers(0, 3))
    def an_old_card(self, which: int) -> None:
        self.reader.take_away()
        self.reader.card = self.reader.cards[-1 - which % len(self.reader.cards)]

    @rule()
    def one_waits_to_be_swapped_in(self) -> None:
        self.number += 1
        self.reader.other = a_card(CardNumber(f"31047600000{self.number:08}"), 1000 + self.number, 2 * self.number)
        self.reader.cards.append(self.reader.other)

    @rule()
    def lift(self) -> None:
        self.reader.take_away()

    @rule(states=st.lists(st.sampled_from([IccStatus.ABSENT, IccStatus.INACTIVE]), max_size=2))
    def lie_of_the_slot(self, states: list[IccStatus]) -> None:
        """Never that a card still has power: whoever swaps the card takes it."""
        self.reader.lies_of_slot = states

    @rule(plan=_plans(6))
    def read_card(self, plan: list[Misdeed]) -> None:
        read = self.call(self.module.read_card, plan)
        if isinstance(read, PurseCard):
            self.init = None
            assert read.number.reveal() in self.reader.sessions[-1].numbers()

    @rule(plan=_plans(6), amount=st.sampled_from([1, 5000]), seconds=st.sampled_from(["120000", "120001"]))
    def find_load(self, plan: list[Misdeed], amount: int, seconds: str) -> None:
        """What is found is a record that the card in question gave."""
        card = self.reader.card
        wanted = card.identity.number if card is not None else CardNumber("3104760000000123456")
        before = len(self.reader.sessions)
        found = self.call(
            lambda: self.module.find_load(lambda number: number == wanted, amount, TERMINAL, ("20260726", seconds)),
            plan,
        )
        self.init = None if len(self.reader.sessions) > before else self.init
        if found is True:
            heard = self.reader.sessions[-1].heard
            assert wanted.reveal() in self.reader.sessions[-1].numbers()
            # amount 4, type 02, terminal 6, date 4, time 3: facts/purse-load.md 1.3
            record = amount.to_bytes(4, "big") + b"\x02" + TERMINAL + bytes.fromhex("20260726" + seconds)
            assert any(answer and record in answer for command, answer in heard if command[1] in {0xB2, 0xC0})

    @rule(
        plan=_plans(2),
        between=st.sampled_from(["nothing"] * 3 + ["reset", "read", "lift", "an_old_card", "another_card"]),
        then=_plans(3),
    )
    def issuer_s_commands(self, plan: list[Misdeed], between: str, then: list[Misdeed]) -> None:
        """They go to the card that gave the challenge, without a moment in which it had no power, or to none."""
        card = self.reader.card
        wanted = card.identity.number if card is not None else CardNumber("3104760000000123456")
        challenge = self.call(lambda: self.module.challenge(wanted), plan)
        given = self.reader.sessions[-1] if isinstance(challenge, bytes) else None
        match between:
            case "read":
                self.read_card([])
            case "an_old_card":
                self.an_old_card(1)
            case "reset" | "lift" | "another_card":
                getattr(self, between)()
        self.init = None
        self.issued += 1
        command = bytes.fromhex("04D695180820361231") + self.issued.to_bytes(4, "big")
        ended = self.call(lambda: self.module.carry_out(wanted, [command]), then)
        went_to = [each for each in self.reader.sessions if any(heard[:13] == command for heard, _ in each.heard)]
        assert went_to in ([], [given])
        if went_to:
            assert wanted.reveal() in went_to[0].numbers()
        if isinstance(ended, CarriedOut):
            assert ended.card.number == wanted
            assert went_to

    @rule(plan=_plans(3), amount=st.sampled_from([1, 5000]), other=st.booleans())
    def initialize_load(self, plan: list[Misdeed], amount: int, other: bool = False) -> None:
        card = self.reader.cards[0] if other else self.reader.card
        wanted = card.identity.number if card is not None else CardNumber("3104760000000123456")
        began = self.call(lambda: self.module.initialize_load(wanted, amount, TERMINAL), plan)
        self.init = began if isinstance(began, LoadInit) else None
        self.inits += isinstance(began, LoadInit)
        if self.init is not None:
            assert (self.init.number, self.init.amount_fen) == (wanted, amount)
            assert wanted.reveal() in self.reader.sessions[-1].numbers()

    @rule(
        plan=_plans(1),
        amount=st.sampled_from([1, 5000]),
        between=st.sampled_from(["nothing"] * 4 + ["reset", "read", "lift", "an_old_card", "another_card"]),
        again=st.booleans(),
        proof_plan=_plans(5),
    )
    def load(self, plan: list[Misdeed], amount: int, between: str, again: bool, proof_plan: list[Misdeed]) -> None:
        """The journey itself: most of what counts happens here."""
        self.lie_of_the_slot([])
        self.initialize_load([], amount)
        match between:
            case "read":
                self.read_card([])
            case "an_old_card":
                self.an_old_card(1)
            case "reset" | "lift" | "another_card":
                getattr(self, between)()
        self.credit_load(plan)
        if again:
            self.credit_load([])
        self.prove_load(proof_plan, amount, behind=0)

    @rule(plan=_plans(2))
    def credit_load(self, plan: list[Misdeed]) -> None:
        """Never raises, whatever happens."""
        self.reader.plan = list(plan)
        session = self.reader.sessions[-1] if self.reader.sessions else Session(None)
        before = len(session.heard)
        card = self.reader.card
        result: CreditResult = self.module.credit_load(LoadAuthorisation("20260726", "120000", MAC2))
        heard = session.heard[before:]
        sent = [answer for command, answer in heard if command[:2] == b"\x80\x52"]
        assert len(sent) <= 1
        if sent:
            assert self.init is not None, "80 52 without 80 50"
            assert session is self.reader.sessions[-1]
            assert session.card is card
        assert all(command[1] in {0x52, 0xC0} for command, _ in heard)
        assert len(heard) <= 2
        self.init = None
        match result:
            case Credited(tac):
                assert sent[0] is not None
                told = [sent[0], *(answer for command, answer in heard if command[1] == 0xC0 and answer is not None)]
                assert told[-1][-2:] == b"\x90\x00", "credited without 9000"
                assert len(told) == 1 + (sent[0][-2:-1] == b"\x61")
                assert tac == b"".join(answer[:-2] for answer in told)
                assert len(tac) == 4
            case CreditRefused(status_word):
                assert sent == [status_word.to_bytes(2, "big")], "refused in other words"
                assert status_word in {0x9302, 0x9403} or status_word >> 8 == 0x69
            case CreditUnknown():
                pass

    @rule(plan=_plans(5), amount=st.sampled_from([1, 5000]), behind=st.integers(-1, 1))
    def prove_load(self, plan: list[Misdeed], amount: int, behind: int) -> None:
        """What is proven is the load that was asked about, by the card that was asked about."""
        card = self.reader.card
        wanted = card.identity.number if card is not None else CardNumber("3104760000000123456")
        counter = max(0, (card.memory.counter if card is not None else 1) - 1 + behind)
        asked: list[CardNumber] = []

        def is_same(number: CardNumber) -> bool:
            asked.append(number)
            return number == wanted

        before = len(self.reader.sessions)
        proof = self.call(lambda: self.module.prove_load(is_same, counter, amount, TERMINAL), plan)
        self.init = None if len(self.reader.sessions) > before else self.init
        if not isinstance(proof, LoadProven | LoadNotFound | ProofUnclear):
            assert proof is None or isinstance(proof, CardProblem)
            return
        assert asked == [wanted], "proven by another card"
        heard = self.reader.sessions[-1].heard
        instructions = [command[1] for command, _ in heard]
        asks = [command for command, _ in heard if command[1] == 0x5A]
        assert {command[5:7] for command in asks} == {(counter + 1).to_bytes(2, "big")}, "of another transaction"
        assert {command[:4] for command in asks} == {b"\x80\x5a\x00\x02"}
        *_, last = [answer for command, answer in heard if command[1] in {0x5A, 0xC0, 0x50}]
        assert last is not None
        match proof:
            case LoadProven(mac, tac):
                assert 0x50 not in instructions
                assert last[-2:] == b"\x90\x00"
                assert (mac + tac).endswith(last[:-2])
            case LoadNotFound(found, balance):
                unproven = [answer for command, answer in heard if command[1] in {0x5A, 0xC0} and answer]
                assert any(answer[-2:] == b"\x94\x06" for answer in unproven)
                assert last[-2:] == b"\x90\x00", "a witness that refused"
                assert ((balance % 2**31).to_bytes(4, "big") + found.to_bytes(2, "big")).endswith(last[:-2][:6])
            case ProofUnclear():
                pass

    @rule()
    def reset(self) -> None:
        self.call(self.module.reset, [])
        self.init = None

    @rule()
    def look(self) -> None:
        self.call(self.module.status, [])

    @invariant()
    def no_more_is_credited_than_was_begun(self) -> None:
        if not hasattr(self, "reader"):
            return
        sent = 0
        for session in self.reader.sessions:
            instructions = [command[1] for command, _ in session.heard]
            sent += instructions.count(0x52)
            assert instructions.count(0x52) <= 1
        assert sent <= self.inits


@lanes(fast=120, slow=1000)
def test_money_is_never_said_to_be_what_it_is_not(examples: int) -> None:
    attack(HostileSession, examples, steps=20)


@pytest.mark.parametrize("status_word", ["6985", "6581", "9402", "9406", "6A82"])
def test_a_second_witness_that_refuses_is_none(status_word: str) -> None:
    machine = HostileSession()
    machine.begin()
    # power on; select, file 15, 80 5A: 9406 by itself; 80 50 with sixteen bytes and a refusal
    refusal = Misdeed("data and other word", status_word=bytes.fromhex(status_word))
    machine.reader.plan = [LEAVE, LEAVE, LEAVE, refusal]
    assert machine.module.prove_load(lambda _: True, 7, 5000, TERMINAL) == ProofUnclear(int(status_word, 16))


@pytest.mark.parametrize("status_word", ["9302", "6985"])
def test_a_refusal_with_a_tac_refuses_nothing(status_word: str) -> None:
    machine = HostileSession()
    machine.begin()
    machine.initialize_load([], 5000)
    machine.reader.plan = [Misdeed("say", bytes(4), bytes.fromhex(status_word))]
    result = machine.module.credit_load(LoadAuthorisation("20260726", "120000", MAC2))
    assert isinstance(result, CreditUnknown)
