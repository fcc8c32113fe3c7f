"""Sign-on, key exchange and MACs of the link against a host played by hand, with MACs of the simulated PIN pad."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.key_block import HeldKey
from device_sim.secure_module import SecureModule
from host_link.link import HostLink
from host_link.servers import Server, ServerList
from host_link.software_keys import MacAlgorithm, SoftwareMacKeys
from kiosk_core.errors import HostSilent, HostUntrusted
from kiosk_core.ports import Confirmation, OrderState, ReversalReason
from tests.bank import TERMINAL, TRACE
from tests.clocks import SetClock
from tests.host_link.lines import Arrival, FakeNetwork, framed
from tests.host_link.test_line import NOON, O, T
from tests.host_link.test_software_keys import EXCHANGE, OLD, RETAIL_BLOCK, RETAIL_KEY

OTHER_KEY = bytes.fromhex("7CA110454A1A6E570131D9619DC1376E")


def mac(key: bytes, data: bytes) -> bytes:
    """By the simulator's own implementation, not the link's."""
    module = SecureModule(bytes)
    module.put("mac", HeldKey("M3", "T", "C", key))
    return module.mac("mac", data)


@dataclass
class Host:
    """docs/host-messages.md by hand. `key` seals what it says; `spoil` changes an answer on its way."""

    key: bytes = RETAIL_KEY
    sign_on: str = "00"
    block: str | None = RETAIL_BLOCK
    proof_key: bytes = RETAIL_KEY
    spoil: Callable[[bytes], bytes] = lambda answer: answer
    decision: str = "00"
    asked: list[str] = field(default_factory=list)
    right_macs: list[bool] = field(default_factory=list)
    challenges: list[bytes] = field(default_factory=list)

    def __call__(self, data: bytes) -> list[Arrival]:
        message = data[2:]
        if message[:2] == bytes.fromhex("0800"):
            code = message[-2:].hex()
            self.asked.append(f"0800/{code[1:]}")
            return [(0, framed(self.network(message, code)))]
        self.asked.append(message[:2].hex())
        self.right_macs.append(mac(RETAIL_KEY, message[:-8]) == message[-8:])
        covered = self.status(message) if self.asked[-1] == "0100" else self.decided(message)
        return [(0, framed(self.spoil(covered + mac(self.key, covered))))]

    def network(self, message: bytes, code: str) -> bytes:
        stan = message[18:21].hex()
        if code == "0161":
            challenge = message[34:42]
            self.challenges.append(challenge)
            if self.block is None:
                private = f"0011 DF11 08 {challenge.hex()}"
                return bytes.fromhex(
                    f"0810 8020000002810000 0400000000000000 {stan} 3936 {T} {private} 0161",
                )
            private = f"0126 DF11 08 {challenge.hex()} DF12 70 {self.block.encode().hex()}"
            covered = bytes.fromhex(f"0810 8020000002810000 0400000000000001 {stan} 3030 {T} {private} 0161")
            return covered + mac(self.proof_key, covered)
        answer = self.sign_on if code == "0001" else "00"
        return bytes.fromhex(f"0810 8020000002800000 0400000000000000 {stan} {answer.encode().hex()} {T} {code}")

    def status(self, message: bytes) -> bytes:
        stan = message[13:16]
        return bytes.fromhex(f"0110 2020000002810001 920000 {stan.hex()} 3030 {T} 0022 DF01 0F {O} DF0F 01 01")

    def decided(self, message: bytes) -> bytes:
        """A confirmation or reversal, answered with `decision`."""
        kind, processing, stan = {
            "022": ("0230", "940000", message[19:22]),
            "040": ("0410", "910000", message[27:30]),
        }[self.asked[-1][:3]]
        rrn, code = "303030303030303030313233", self.decision.encode().hex()
        return bytes.fromhex(f"{kind} 202000000A810001 {processing} {stan.hex()} {rrn} {code} {T} 0018 DF01 0F {O}")


def sealed(host: Host, value: bytes | None = None) -> tuple[HostLink, FakeNetwork, SoftwareMacKeys]:
    network = FakeNetwork(SetClock(NOON), host)
    keys = SoftwareMacKeys(MacAlgorithm.RETAIL, EXCHANGE, value)
    return HostLink(network.connect, TERMINAL, network.clock, branch="BRANCH-0001", keys=keys), network, keys


def test_a_connection_begins_with_sign_on_and_key_and_then_every_message_is_sealed() -> None:
    host = Host()
    link, _, keys = sealed(host)
    assert link.query_order(TRACE) is OrderState.PAID
    assert link.query_order(TRACE) is OrderState.PAID
    assert host.asked == ["0800/001", "0800/161", "0100", "0100"]
    assert host.right_macs == [True, True]
    assert keys.check_value == "08D7B4"


def test_a_new_connection_signs_on_again_and_keeps_the_key() -> None:
    host = Host()
    link, _, _ = sealed(host)
    link.query_order(TRACE)
    link.close()
    link.query_order(TRACE)
    assert host.asked == ["0800/001", "0800/161", "0100", "0800/001", "0100"]


def test_an_echo_has_no_mac() -> None:
    host = Host()
    link, _, _ = sealed(host)
    assert link.online()
    assert host.asked == ["0800/001", "0800/161", "0800/301"]


def test_every_exchange_has_a_challenge_of_its_own() -> None:
    hosts = [Host(), Host()]
    for host in hosts:
        sealed(host)[0].online()
    assert hosts[0].challenges[0] != hosts[1].challenges[0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda answer: answer[:-8] + bytes(8),
        lambda answer: answer[:9] + b"\x00" + answer[10:-8],
        lambda answer: answer[:-9] + b"\x02" + answer[-8:],
    ],
    ids=["a wrong MAC", "no MAC", "another status under the same MAC"],
)
def test_an_answer_with_a_wrong_mac_is_none_and_a_new_key_is_asked_for(
    spoil: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    host = Host()
    link, network, _ = sealed(host)
    link.query_order(TRACE)
    host.spoil = spoil
    with pytest.raises(HostUntrusted, match="wrong MAC or none"):
        link.query_order(TRACE)
    assert network.opened[0].closed
    assert "the bank host's answer has a wrong MAC or none" in caplog.text
    host.spoil, host.asked = (lambda answer: answer), []
    assert link.query_order(TRACE) is OrderState.PAID
    assert host.asked == ["0800/001", "0800/161", "0100"]


@given(st.integers(0, 51), st.integers(1, 255))
def test_an_answer_changed_anywhere_is_never_taken(place: int, change: int) -> None:
    host = Host()
    link, _, _ = sealed(host)
    host.spoil = lambda answer: answer[:place] + bytes([answer[place] ^ change]) + answer[place + 1 :]
    with pytest.raises(HostSilent):
        link.query_order(TRACE)


def test_an_answer_under_another_key_is_none() -> None:
    link, _, _ = sealed(Host(key=OTHER_KEY))
    with pytest.raises(HostUntrusted):
        link.query_order(TRACE)


def test_a_refused_sign_on_says_what_to_do() -> None:
    host = Host(sign_on="96")
    link, network, _ = sealed(host)
    with pytest.raises(HostSilent, match=r"refuses the sign-on \(96\): the bank must admit this terminal"):
        link.query_order(TRACE)
    assert not link.online()
    assert host.asked == ["0800/001", "0800/001"]
    assert all(line.closed for line in network.opened)


REFUSED_KEYS = {
    "none given": (Host(block=None), r"the bank host gives none \(96\)"),
    "damaged": (Host(block=RETAIL_BLOCK[:-1] + "4"), "damaged, or not made for this terminal"),
    "an earlier one, played back": (Host(proof_key=OTHER_KEY), "not sealed with it"),
}


@pytest.mark.parametrize(("host", "reason"), REFUSED_KEYS.values(), ids=REFUSED_KEYS)
def test_without_any_key_nothing_about_money_is_said(host: Host, reason: str) -> None:
    host.asked.clear()
    link, _, keys = sealed(host)
    with pytest.raises(HostSilent, match=f"no MAC key: .*{reason}"):
        link.query_order(TRACE)
    assert host.asked == ["0800/001", "0800/161"]
    assert not keys.has_key


@pytest.mark.parametrize(("host", "reason"), REFUSED_KEYS.values(), ids=REFUSED_KEYS)
def test_a_key_that_is_not_taken_leaves_the_old_one(host: Host, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    link, _, keys = sealed(host, value=RETAIL_KEY)
    assert link.query_order(TRACE) is OrderState.PAID
    assert keys.check_value == "08D7B4"
    assert "no new MAC key, the old one stays" in caplog.text


def test_a_key_answer_of_an_earlier_exchange_is_not_taken() -> None:
    """The block is good and its proof too, but the challenge is not the one that was sent."""
    recorded = Host()
    sealed(recorded)[0].online()
    host = Host()
    question = bytes.fromhex(
        f"0800 8020000000810000 0400000000000000 000003 {T} 0011 DF11 08 {recorded.challenges[0].hex()} 0161"
    )  # 000001 is the query's, 000002 the sign-on's
    replayed = framed(recorded.network(question, "0161"))
    network = FakeNetwork(
        SetClock(NOON), lambda data: [(0, replayed)] if data[-2:] == bytes.fromhex("0161") else host(data)
    )
    keys = SoftwareMacKeys(MacAlgorithm.RETAIL, EXCHANGE, OLD)
    link = HostLink(network.connect, TERMINAL, network.clock, keys=keys)
    with pytest.raises(HostSilent, match="did not answer"):
        link.query_order(TRACE)
    assert keys.mac(b"Hello World !!!!") == bytes.fromhex("F09B856213BAB83B")


def test_a_link_without_a_key_takes_no_sealed_answer() -> None:
    host = Host()
    network = FakeNetwork(SetClock(NOON), lambda data: [(0, framed(host.status(data[2:]) + bytes(8)))])
    link = HostLink(network.connect, TERMINAL, network.clock)
    with pytest.raises(HostSilent, match="it has a MAC, and none is agreed for it"):
        link.query_order(TRACE)


@pytest.mark.parametrize("code", ["63", "96"])
def test_what_the_host_takes_later_is_neither_accepted_nor_refused(code: str) -> None:
    link, _, _ = sealed(Host(decision=code))
    with pytest.raises(HostSilent, match=f"later, not now \\({code}\\)"):
        link.confirm_load(TRACE, 5000, bytes(4))
    with pytest.raises(HostSilent, match=f"later, not now \\({code}\\)"):
        link.reverse(TRACE, 5000, ReversalReason.NO_ANSWER)


def test_an_approved_confirmation_is_accepted() -> None:
    assert sealed(Host())[0].confirm_load(TRACE, 5000, bytes(4)) is Confirmation.ACCEPTED


def test_a_reversal_and_a_confirmation_that_were_sent_before_say_so() -> None:
    """docs/host-messages.md, Repeats: 0401 and 0221, until there is an answer that decides."""
    host = Host(decision="96")
    link, _, _ = sealed(host)
    for _ in range(3):
        with pytest.raises(HostSilent):
            link.reverse(TRACE, 5000, ReversalReason.NO_ANSWER)
        with pytest.raises(HostSilent):
            link.confirm_load(TRACE, 5000, bytes(4))
    assert host.asked[2:] == ["0400", "0220", "0401", "0221", "0401", "0221"]
    host.decision, host.asked = "22", []
    link.reverse(TRACE, 5000, ReversalReason.NO_ANSWER)
    link.confirm_load(TRACE, 5000, bytes(4))
    link.reverse(TRACE, 5000, ReversalReason.NO_ANSWER)
    assert host.asked == ["0401", "0221", "0400"]


def test_a_server_that_refuses_the_sign_on_is_left_for_the_next() -> None:
    clock = SetClock(NOON)
    refusing, serving = FakeNetwork(clock, Host(sign_on="96")), FakeNetwork(clock, Host())
    servers = ServerList([Server("a", refusing.connect), Server("b", serving.connect)], clock)
    link = HostLink(servers, TERMINAL, clock, keys=SoftwareMacKeys(MacAlgorithm.RETAIL, EXCHANGE))
    with pytest.raises(HostSilent, match="refuses the sign-on"):
        link.query_order(TRACE)
    assert link.query_order(TRACE) is OrderState.PAID
    assert [server.in_use for server in link.servers] == [False, True]


def test_the_holder_of_the_key_is_not_asked_before_the_first_connection() -> None:
    """A PIN pad is only there once the core runs."""

    class NotYetThere(SoftwareMacKeys):
        @property
        def has_key(self) -> bool:
            raise AssertionError

    HostLink(
        FakeNetwork(SetClock(NOON), Host()).connect,
        TERMINAL,
        SetClock(NOON),
        keys=NotYetThere(MacAlgorithm.RETAIL, EXCHANGE),
    )
