"""The bank's servers: tried in order, kept while they answer, and left for the first again after a while."""

import threading
from datetime import UTC, datetime

import pytest

from host_link.connection import Connection
from host_link.link import HostLink
from host_link.name_lookup import LookupTimeout, NameLookup
from host_link.reasons import plain_reason
from host_link.servers import Server, ServerList
from kiosk_core.errors import HostSilent
from kiosk_core.ports import OrderState
from tests.bank import TERMINAL, TRACE
from tests.clocks import SetClock
from tests.host_link.lines import FakeNetwork
from tests.host_link.test_line import stan_of, status
from tests.patience import PATIENCE_S

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Site:
    """A server that can be down (refuses), dark (never says a word to who connects) or deaf (connects, no answer)."""

    def __init__(self, clock: SetClock, name: str, log: list[str]) -> None:
        self.clock, self.name, self.log = clock, name, log
        self.is_down = self.is_dark = self.is_deaf = False
        self.network = FakeNetwork(clock, lambda data: [] if self.is_deaf else [(0, status(stan_of(data), 1))])

    def connect(self, deadline: float) -> Connection:
        self.log.append(self.name)
        if self.is_down:
            raise ConnectionRefusedError
        if self.is_dark:
            self.clock.sleep(deadline - self.clock.now())
            raise TimeoutError
        return self.network.connect(deadline)


class Rig:
    """A link to two sites, the first of which is wanted back after 600 s."""

    def __init__(self) -> None:
        self.clock = SetClock(NOON)
        self.log: list[str] = []
        self.first, self.second = (Site(self.clock, name, self.log) for name in ("a", "b"))
        self.servers = ServerList(
            [Server(site.name, site.connect) for site in (self.first, self.second)], self.clock, return_after_s=600
        )
        self.link = HostLink(self.servers, TERMINAL, self.clock, timeout_s=10.0)

    def ask(self) -> list[str]:
        """Ask once, successfully; return which servers were connected to for it."""
        self.log.clear()
        assert self.link.query_order(TRACE) is OrderState.PAID
        return list(self.log)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_the_first_server_is_used_and_its_connection_kept(rig: Rig) -> None:
    assert rig.ask() == ["a"]
    assert rig.ask() == []
    assert [state.in_use for state in rig.servers.states] == [True, False]


def test_a_server_that_is_down_is_passed_over_within_the_same_question(rig: Rig) -> None:
    rig.first.is_down = True
    assert rig.ask() == ["a", "b"]
    assert rig.clock.now() == 0
    assert [state.in_use for state in rig.servers.states] == [False, True]


def test_a_server_that_is_dark_gets_its_share_of_the_time_only(rig: Rig) -> None:
    rig.first.is_dark = True
    assert rig.ask() == ["a", "b"]
    assert rig.clock.now() == 5.0


def test_a_server_that_connects_and_does_not_answer_is_left_for_the_next_question(rig: Rig) -> None:
    rig.first.is_deaf = True
    with pytest.raises(HostSilent, match="did not answer within 10 s"):
        rig.link.query_order(TRACE)
    assert rig.ask() == ["b"]


def test_it_stays_where_it_is_served_and_goes_back_to_the_first_after_a_while(rig: Rig) -> None:
    rig.first.is_down = True
    rig.ask()
    rig.first.is_down = False
    rig.clock.sleep(599)
    assert rig.ask() == []
    rig.clock.sleep(1)
    assert rig.ask() == ["a"]
    assert rig.second.network.opened[0].closed


def test_a_first_server_that_is_still_down_is_tried_once_a_while(rig: Rig) -> None:
    rig.first.is_down = True
    rig.ask()
    for _ in range(3):
        rig.clock.sleep(600)
        assert rig.ask() == ["a", "b"]
        assert rig.ask() == []


def test_when_none_can_be_reached_the_pauses_double(rig: Rig) -> None:
    rig.first.is_down = rig.second.is_down = True
    tried: list[float] = []
    while rig.clock.now() < 60:
        rig.log.clear()
        with pytest.raises(HostSilent):
            rig.link.query_order(TRACE)
        if rig.log:
            assert rig.log == ["a", "b"]
            tried.append(rig.clock.now())
        rig.clock.sleep(0.5)
    assert tried == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 30.5, 45.5]


def test_a_pause_says_why_and_how_long_it_is(rig: Rig) -> None:
    rig.first.is_down = rig.second.is_down = True
    with pytest.raises(HostSilent, match="does not accept connections"):
        rig.link.query_order(TRACE)
    with pytest.raises(HostSilent, match=r"^the bank host does not accept connections; it is tried again in 0\.5 s$"):
        rig.link.query_order(TRACE)


def test_a_server_that_comes_back_is_used_after_the_pause(rig: Rig) -> None:
    rig.first.is_down = rig.second.is_down = True
    with pytest.raises(HostSilent):
        rig.link.query_order(TRACE)
    rig.first.is_down = False
    rig.clock.sleep(0.5)
    assert rig.ask() == ["a"]
    assert rig.servers.states[0].failures == 0


def test_there_must_be_a_server() -> None:
    with pytest.raises(ValueError, match="there must be a server"):
        ServerList([], SetClock(NOON))


# -- names -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_an_address_is_not_looked_up(address: str) -> None:
    def never(name: str) -> str:
        raise AssertionError(name)

    assert NameLookup(address, never).address(0) == address


def test_a_name_is_looked_up_anew_each_time() -> None:
    answers = iter(["192.0.2.1", "192.0.2.2"])
    lookup = NameLookup("bank.example.com", lambda name: next(answers))
    assert [lookup.address(PATIENCE_S), lookup.address(PATIENCE_S)] == ["192.0.2.1", "192.0.2.2"]


def test_a_name_that_nobody_knows_is_told_and_asked_for_again() -> None:
    def unknown(name: str) -> str:
        asked.append(name)
        raise OSError(-2, "Name or service not known")

    asked: list[str] = []
    lookup = NameLookup("bank.example.com", unknown)
    for _ in range(2):
        with pytest.raises(OSError, match="not known"):
            lookup.address(PATIENCE_S)
    assert asked == ["bank.example.com"] * 2


def test_a_resolver_that_hangs_is_given_up_and_asked_once() -> None:
    release, asked = threading.Event(), []

    def hang(name: str) -> str:
        asked.append(name)
        release.wait(PATIENCE_S)
        return "192.0.2.1"

    lookup = NameLookup("bank.example.com", hang)
    for _ in range(3):
        with pytest.raises(LookupTimeout) as raised:
            lookup.address(0.001)
    assert plain_reason(raised.value, 10) == (
        "the name bank.example.com could not be looked up in time; check the name server, or give an address"
    )
    release.set()
    assert lookup.address(PATIENCE_S) == "192.0.2.1"
    assert asked == ["bank.example.com"]


def test_what_cannot_be_a_name_is_not_known() -> None:
    with pytest.raises(OSError, match="no name") as raised:
        NameLookup("x" * 64 + ".example.com").address(PATIENCE_S)
    assert plain_reason(raised.value, 10) == "the bank host's name is not known; check [host] host and the name server"
