"""The link over a connection that a test plays: late, doubled, foreign, broken and endless answers, on set time."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from host_link.line import LineState
from host_link.link import HostLink
from kiosk_core.errors import HostSilent
from kiosk_core.ports import OrderState, ReversalReason, Reversed
from tests.bank import TERMINAL, TRACE
from tests.clocks import SetClock
from tests.host_link.lines import Arrival, FakeNetwork, framed

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TIMEOUT_S = 10.0
T, O = TERMINAL.encode().hex(), TRACE.transaction.encode().hex()  # noqa: E741
OTHER_ORDER = b"T0000001-000041".hex()
STATES = [OrderState.PENDING, OrderState.PAID, OrderState.EXPIRED]


def status(stan: int, state: int, order: str = O) -> bytes:
    """docs/host-messages.md, StatusResponse."""
    return framed(
        bytes.fromhex(f"0110 2020000002810000 920000 {stan:06d} 3030 {T} 0022 DF01 0F {order} DF0F 01 {state:02d}")
    )


def stan_of(request: bytes) -> int:
    """Of a StatusRequest: length, type, bitmap and DE 3 are before it."""
    return int(request[15:18].hex())


def link_to(host: FakeNetwork) -> HostLink:
    return HostLink(host.connect, TERMINAL, host.clock, timeout_s=TIMEOUT_S, branch="BRANCH-0001")


def test_an_answer_is_taken_however_it_is_cut() -> None:
    for cut in range(1, len(status(1, 1))):
        network = FakeNetwork(
            SetClock(NOON),
            lambda data, cut=cut: [(0.5, status(stan_of(data), 1)[:cut]), (0.5, status(stan_of(data), 1)[cut:])],  # type: ignore[misc]
        )
        assert link_to(network).query_order(TRACE) is OrderState.PAID


@pytest.mark.parametrize("end", [b"", None], ids=["hangs up", "breaks"])
def test_a_connection_that_ends_at_any_byte_is_silence_at_once_and_is_never_used_again(end: bytes | None) -> None:
    for cut in range(len(status(1, 1))):
        network = FakeNetwork(SetClock(NOON), lambda data, cut=cut: [(0, status(1, 1)[:cut] or b"\x00"), (0, end)])  # type: ignore[misc]
        link = link_to(network)
        with pytest.raises(HostSilent, match="closed the connection"):
            link.query_order(TRACE)
        assert network.clock.now() == 0
        assert network.opened[0].closed
        network.host = lambda data: [(0, status(stan_of(data), 2))]
        assert link.query_order(TRACE) is OrderState.EXPIRED
        assert len(network.opened) == 2


def test_half_an_answer_is_given_up_at_the_deadline() -> None:
    network = FakeNetwork(SetClock(NOON), lambda data: [(0, status(stan_of(data), 1)[:-1])])
    with pytest.raises(HostSilent, match="did not answer within 10 s"):
        link_to(network).query_order(TRACE)
    assert network.clock.now() == TIMEOUT_S


def test_a_host_that_never_stops_talking_is_given_up_at_the_deadline() -> None:
    network = FakeNetwork(SetClock(NOON), lambda data: [(0.001 * i, status(999_999, 1)) for i in range(20_000)])
    with pytest.raises(HostSilent, match="did not answer within 10 s"):
        link_to(network).query_order(TRACE)
    assert network.clock.now() == pytest.approx(TIMEOUT_S, abs=0.01)


def test_a_host_whose_words_are_always_there_already_is_given_up_at_the_deadline() -> None:
    network = FakeNetwork(SetClock(NOON), lambda data: [(0, status(999_999, 1))] * 20_000, read_s=0.001)
    with pytest.raises(HostSilent, match="did not answer within 10 s"):
        link_to(network).query_order(TRACE)
    assert network.clock.now() == pytest.approx(TIMEOUT_S, abs=0.01)


def test_a_host_that_talked_without_end_since_the_last_question_is_called_anew() -> None:
    network = FakeNetwork(
        SetClock(NOON), lambda data: [(0, status(stan_of(data), 1)), *[(1, status(999_999, 1))] * 20_000], read_s=0.001
    )
    link = link_to(network)
    assert link.query_order(TRACE) is OrderState.PAID
    network.clock.sleep(2)
    assert link.query_order(TRACE) is OrderState.PAID
    assert network.clock.now() < 3
    assert len(network.opened) == 2


def test_what_it_says_unasked_between_two_questions_is_dropped() -> None:
    network = FakeNetwork(
        SetClock(NOON), lambda data: [(0, status(stan_of(data), 0)), (1, status(stan_of(data) + 1, 1))]
    )
    link = link_to(network)
    assert link.query_order(TRACE) is OrderState.PENDING
    network.clock.sleep(2)
    network.host = lambda data: [(0, status(stan_of(data), 2))]
    assert link.query_order(TRACE) is OrderState.EXPIRED  # and not the forecast
    assert len(network.opened) == 1


@given(st.lists(st.tuples(st.floats(0, 3), st.binary(max_size=40) | st.none()), max_size=8))
def test_whatever_a_host_says_a_question_ends_in_time(arrivals: list[Arrival]) -> None:
    network = FakeNetwork(SetClock(NOON), lambda data: arrivals)
    with pytest.raises(HostSilent):
        link_to(network).query_order(TRACE)
    assert network.clock.now() <= TIMEOUT_S


class LateAndDoubled(RuleBasedStateMachine):
    """Question after question to a host that answers late, twice, for others, or in pieces."""

    @initialize()
    def begin(self) -> None:
        self.plan: list[tuple[str, float]] = []
        self.state = 0
        self.network = FakeNetwork(SetClock(NOON), self.answer)
        self.link = link_to(self.network)

    def answer(self, request: bytes) -> Iterator[Arrival]:
        stan, mine = stan_of(request), self.state
        foreign = (mine + 1) % 3
        for what, delay in self.plan:
            match what:
                case "right":
                    yield delay, status(stan, mine)
                case "another question's":
                    yield delay, status(stan - 1, foreign)
                case "another order's":
                    yield delay, status(stan, foreign, OTHER_ORDER)
                case "in two pieces":
                    yield delay, status(stan, mine)[:9]
                    yield delay, status(stan, mine)[9:]
                case "garbage":
                    yield delay, b"\xff\xff"
                case "hangs up":
                    yield delay, b""

    @rule(
        state=st.integers(0, 2),
        plan=st.lists(
            st.tuples(
                st.sampled_from(
                    ["right", "another question's", "another order's", "in two pieces", "garbage", "hangs up"]
                ),
                st.sampled_from([0.0, 1.0, 9.0, 11.0, 25.0]),
            ),
            max_size=4,
        ),
    )
    def ask(self, state: int, plan: list[tuple[str, float]]) -> None:
        self.state, self.plan = state, plan
        began = self.network.clock.now()
        leftovers = any(line.coming for line in self.network.opened if not line.closed)
        try:
            found = self.link.query_order(TRACE)
        except HostSilent:
            if leftovers:
                return  # what an earlier question left under way may have ended the connection
            in_time = sorted((delay, at) for at, (what, delay) in enumerate(plan) if delay <= TIMEOUT_S)
            first = plan[in_time[0][1]][0] if in_time else None
            assert first not in {"right", "in two pieces"}
        else:
            assert found is STATES[state]
        finally:
            assert self.network.clock.now() - began <= TIMEOUT_S

    @rule(seconds=st.sampled_from([0.5, 5.0, 30.0]))
    def wait(self, seconds: float) -> None:
        self.network.clock.sleep(seconds)

    @invariant()
    def only_one_connection_is_open(self) -> None:
        if hasattr(self, "network"):
            assert sum(not line.closed for line in self.network.opened) <= 1


LateAndDoubled.TestCase.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)
TestLateAndDoubled = LateAndDoubled.TestCase


def test_a_late_answer_to_a_reversal_is_not_taken_for_another_order_s() -> None:
    """Two reversals may have the same STAN on different days; the order tells them apart."""

    def host(request: bytes) -> list[Arrival]:
        answer = (
            f"0410 202000000A810000 910000 000045 303030303030303030313233 3030 {T} 0027 DF01 0F"
            " {order} DF10 06 {fen:012d}"
        )
        other = bytes.fromhex(answer.format(order=OTHER_ORDER, fen=9900))
        mine = bytes.fromhex(answer.format(order=O, fen=5000))
        return [(0, framed(other)), (0, framed(mine))]

    link = link_to(FakeNetwork(SetClock(NOON), host))
    assert link.reverse(TRACE, 5000, ReversalReason.NO_ANSWER) == Reversed(5000)


# -- what is known of the line ---------------------------------------------------------------------------


def test_the_state_tells_since_when_it_is_connected_and_how_long_the_last_answer_took() -> None:
    network = FakeNetwork(SetClock(NOON), lambda data: [(0.25, status(stan_of(data), 1))])
    link = link_to(network)
    assert link.state == LineState()
    link.query_order(TRACE)
    after = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)
    assert link.state == LineState(connected_since=NOON, last_answer=after, round_trip_ms=250)
    network.host = lambda data: []
    with pytest.raises(HostSilent):
        link.query_order(TRACE)
    assert link.state == LineState(
        last_answer=after, round_trip_ms=250, failure="the bank host did not answer within 10 s"
    )


def test_what_is_dropped_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    network = FakeNetwork(SetClock(NOON), lambda data: [(0, status(7777, 1) + status(stan_of(data), 1))])
    link_to(network).query_order(TRACE)
    assert [record.getMessage() for record in caplog.records] == [
        "dropped a StatusResponse that answers something else"
    ]
