"""What befalls the simulated bank: each fault without a line, and what it looks like at the end of one."""

import random
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from device_sim.bank_books import BankBooks
from device_sim.bank_desk import BankDesk, Ending, Reply
from device_sim.bank_faults import REQUEST_KINDS, BankFault, BankFaults, BankMisfortune, kind_of
from device_sim.bank_host import SimulatedBankHost
from openteller.demo_certificates import DemoCertificates, make_demo_certificates
from tests.bank import RULES, TERMINAL, host_settings
from tests.clocks import RealClock, SetClock
from tests.device_sim.test_bank_host import ASK, LOAD, OPEN, ORDER, REVERSE, client_context
from tests.patience import PATIENCE_S
from wire.errors import WireError
from wire.host_decoder import decode
from wire.host_encoder import encode
from wire.host_frames import frame
from wire.host_messages import EchoRequest, EchoResponse, LoadResponse, Message, OrderResponse, StatusResponse
from wire.host_values import OrderStatus

NOW = datetime(2026, 11, 22, 23, 59, 58, tzinfo=UTC)
ECHO = EchoRequest(terminal=TERMINAL, stan=7)
# docs/host-messages.md, EchoResponse, behind its length
ECHO_ANSWER = bytes.fromhex("0021 0810 8020000002800000 0400000000000000 000007 3030 5430303030303031 0301")


@pytest.fixture
def faults() -> BankFaults:
    return BankFaults()


@pytest.fixture
def books() -> BankBooks:
    return BankBooks(None, RULES, SetClock(NOW))


@pytest.fixture
def desk(books: BankBooks, faults: BankFaults) -> BankDesk:
    return BankDesk(books, faults)


def ask(desk: BankDesk, request: Message) -> Reply:
    return desk.reply(encode(request))


def answer(desk: BankDesk, request: Message) -> Message:
    data = ask(desk, request).data
    assert int.from_bytes(data[:2], "big") == len(data) - 2
    return decode(data[2:])


def orders(books: BankBooks) -> list[str]:
    return [entry.order for entry in books.entries()]


# -- each fault ------------------------------------------------------------------------------------------


def test_without_faults_the_answer_comes_at_once_and_the_line_stays(desk: BankDesk) -> None:
    assert ask(desk, ECHO) == Reply(ECHO_ANSWER)


def test_what_is_no_request_is_refused(desk: BankDesk) -> None:
    with pytest.raises(WireError, match="a response is no request"):
        ask(desk, EchoResponse(terminal=TERMINAL, stan=7, response_code="00"))
    with pytest.raises(WireError):
        desk.reply(b"\xff")


def test_a_lost_request_does_nothing(desk: BankDesk, faults: BankFaults, books: BankBooks) -> None:
    faults.strike(BankMisfortune(BankFault.REQUEST_LOST))
    assert ask(desk, OPEN) == Reply()
    assert orders(books) == []
    assert isinstance(answer(desk, OPEN), OrderResponse)


def test_a_late_request_arrives_behind_the_next_and_its_answer_is_lost(
    desk: BankDesk, faults: BankFaults, books: BankBooks
) -> None:
    faults.strike(BankMisfortune(BankFault.REQUEST_LATE))
    assert ask(desk, OPEN) == Reply()
    assert orders(books) == []
    status = answer(desk, ASK)
    assert isinstance(status, StatusResponse)
    assert status.response_code == "25"  # the order has not overtaken the question
    assert orders(books) == [ORDER]


def test_a_late_order_behind_its_own_reversal_debits_nothing(
    desk: BankDesk, faults: BankFaults, books: BankBooks
) -> None:
    faults.strike(BankMisfortune(BankFault.REQUEST_LATE, "order"))
    ask(desk, OPEN)
    ask(desk, REVERSE)
    (entry,) = books.entries()
    assert (entry.reversed, entry.payable, entry.card) == (True, False, "")
    assert not books.pay(ORDER)


@pytest.mark.parametrize("fault", [BankFault.ANSWER_LOST, BankFault.HANG_UP, BankFault.RESTART])
def test_an_answer_that_does_not_come_has_been_given_all_the_same(
    desk: BankDesk, faults: BankFaults, books: BankBooks, fault: BankFault
) -> None:
    endings = {BankFault.HANG_UP: Ending.CLOSED, BankFault.RESTART: Ending.RESTART}
    faults.strike(BankMisfortune(fault))
    assert ask(desk, OPEN) == Reply(ending=endings.get(fault, Ending.OPEN))
    assert orders(books) == [ORDER]


def test_an_answer_comes_late(desk: BankDesk, faults: BankFaults) -> None:
    faults.strike(BankMisfortune(BankFault.ANSWER_LATE, seconds=30))
    assert ask(desk, ECHO) == Reply(ECHO_ANSWER, late_s=30)


def test_an_answer_comes_twice(desk: BankDesk, faults: BankFaults) -> None:
    faults.strike(BankMisfortune(BankFault.ANSWER_TWICE))
    assert ask(desk, ECHO).data == ECHO_ANSWER + ECHO_ANSWER


def test_the_answer_is_that_of_another_request(desk: BankDesk, faults: BankFaults) -> None:
    faults.strike(BankMisfortune(BankFault.ANSWER_OF_ANOTHER, times=2))
    assert ask(desk, ECHO) == Reply()  # there was no other
    assert ask(desk, ASK).data == ECHO_ANSWER


def test_half_of_an_answer_comes(desk: BankDesk, faults: BankFaults) -> None:
    faults.strike(BankMisfortune(BankFault.ANSWER_HALF))
    assert ask(desk, ECHO) == Reply(ECHO_ANSWER[:17])  # of 35 bytes


@pytest.mark.parametrize("byte", [0, 1, 2, 34])
def test_the_line_is_cut_inside_an_answer(desk: BankDesk, faults: BankFaults, byte: int) -> None:
    faults.strike(BankMisfortune(BankFault.ANSWER_CUT, byte=byte))
    assert ask(desk, ECHO) == Reply(ECHO_ANSWER[:byte], ending=Ending.LOST)


def test_the_end_of_an_answer_is_wrong(desk: BankDesk, faults: BankFaults) -> None:
    faults.strike(BankMisfortune(BankFault.WRONG_MAC))
    assert ask(desk, ECHO).data == ECHO_ANSWER[:-1] + b"\x00"


def test_the_next_order_is_declined_and_nothing_else(desk: BankDesk, faults: BankFaults, books: BankBooks) -> None:
    faults.strike(BankMisfortune(BankFault.DECLINED, code="51"))
    assert ask(desk, ECHO) == Reply(ECHO_ANSWER)
    refused = answer(desk, OPEN)
    assert isinstance(refused, OrderResponse)
    assert refused.response_code == "51"
    assert orders(books) == []
    assert faults.active == ()


def test_a_permission_is_forged(desk: BankDesk, faults: BankFaults, books: BankBooks) -> None:
    faults.strike(BankMisfortune(BankFault.WRONG_MAC2))
    ask(desk, OPEN)
    books.pay(ORDER)
    forged, right = answer(desk, LOAD), answer(desk, LOAD)
    assert isinstance(forged, LoadResponse)
    assert isinstance(right, LoadResponse)
    assert forged.permission is not None
    assert right.permission is not None
    assert forged.permission.mac2 != right.permission.mac2
    assert replace(forged.permission, mac2=right.permission.mac2) == right.permission


def test_the_banks_clock_is_wrong_while_it_is(desk: BankDesk, faults: BankFaults, books: BankBooks) -> None:
    ask(desk, OPEN)
    books.pay(ORDER)
    faults.strike(BankMisfortune(BankFault.CLOCK_SKEW, times=None, seconds=2))
    wrong = answer(desk, LOAD)
    assert isinstance(wrong, LoadResponse)
    assert wrong.permission is not None
    assert (wrong.permission.date, wrong.permission.time) == ("20261123", "000000")
    faults.mend()
    ask(desk, ECHO)
    assert books.skew_s == 0


# -- which requests, how often, by what chance -----------------------------------------------------------


def test_every_request_is_of_a_kind() -> None:
    assert [kind_of(each) for each in (ECHO, OPEN, ASK, LOAD, REVERSE)] == [
        "echo",
        "order",
        "status",
        "load",
        "reversal",
    ]
    assert {"echo", "order", "status", "load", "confirm", "reversal"} <= set(REQUEST_KINDS)


def test_a_fault_can_wait_for_one_kind_of_request_and_spare_the_first(desk: BankDesk, faults: BankFaults) -> None:
    faults.strike(BankMisfortune(BankFault.ANSWER_LOST, "status", times=2, after=1))
    lost = [ask(desk, request).data == b"" for request in (ASK, ECHO, ASK, ECHO, ASK, ASK)]
    assert lost == [False, False, True, False, True, False]


def test_several_faults_befall_one_answer(desk: BankDesk, faults: BankFaults) -> None:
    for each in (
        BankMisfortune(BankFault.ANSWER_TWICE),
        BankMisfortune(BankFault.ANSWER_LATE, seconds=1),
        BankMisfortune(BankFault.ANSWER_CUT, byte=40),
    ):
        faults.strike(each)
    assert ask(desk, ECHO) == Reply((ECHO_ANSWER * 2)[:40], 1, Ending.LOST)


def test_of_two_like_faults_one_waits_for_the_other(desk: BankDesk, faults: BankFaults) -> None:
    for seconds in (1, 2):
        faults.strike(BankMisfortune(BankFault.ANSWER_LATE, seconds=seconds))
    assert [ask(desk, ECHO).late_s for _ in range(3)] == [1, 2, 0]


def test_chance_is_by_the_seed() -> None:
    def hits(seed: int) -> list[bool]:
        faults = BankFaults(seed)
        faults.strike(BankMisfortune(BankFault.ANSWER_LOST, times=None, chance=0.5))
        return [bool(faults.befall("echo")) for _ in range(50)]

    chance = random.Random(7)
    assert hits(7) == [chance.random() < 0.5 for _ in range(50)]
    assert hits(7) != hits(8)


def test_a_fault_is_mended_by_its_name(faults: BankFaults) -> None:
    for fault in (BankFault.ANSWER_LOST, BankFault.HANG_UP, BankFault.ANSWER_LOST):
        faults.strike(BankMisfortune(fault, times=None))
    assert list(faults.active) == ["answer_lost", "hang_up"]
    faults.mend(BankFault.ANSWER_LOST)
    assert list(faults.active) == ["hang_up"]
    faults.mend()
    assert list(faults.active) == []


def test_switches_stay_until_they_are_switched_off(desk: BankDesk, faults: BankFaults) -> None:
    faults.silent = True
    assert [ask(desk, ECHO).data for _ in range(3)] == [b""] * 3
    faults.silent = False
    faults.delay_s = 5
    faults.delay_s = 7
    assert [ask(desk, ECHO).late_s for _ in range(3)] == [7] * 3
    assert faults.switches == {
        "silent": False,
        "loses_answers": False,
        "delay_s": 7,
        "declines_next": None,
        "wrong_mac2": False,
    }


def test_a_fault_by_count_is_no_switch(faults: BankFaults) -> None:
    faults.strike(BankMisfortune(BankFault.REQUEST_LOST, times=3))
    assert not faults.silent


# -- at the end of a line --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> DemoCertificates:
    return make_demo_certificates(tmp_path_factory.mktemp("tls"), datetime.now(UTC))


@pytest.fixture
def host(certificates: DemoCertificates, tmp_path: Path) -> Iterator[SimulatedBankHost]:
    with SimulatedBankHost(host_settings(certificates), RULES, tmp_path, RealClock()) as running:
        yield running


def call(certificates: DemoCertificates, host: SimulatedBankHost) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", host.port), PATIENCE_S)
    return client_context(certificates).wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)


def test_a_connection_is_ended_in_good_order(certificates: DemoCertificates, host: SimulatedBankHost) -> None:
    host.faults.strike(BankMisfortune(BankFault.HANG_UP))
    with call(certificates, host) as connection:
        connection.sendall(frame(encode(ECHO)))
        assert connection.recv(100) == b""


def test_a_connection_is_lost_inside_an_answer(certificates: DemoCertificates, host: SimulatedBankHost) -> None:
    host.faults.strike(BankMisfortune(BankFault.ANSWER_CUT, byte=20))
    with call(certificates, host) as connection:
        connection.sendall(frame(encode(ECHO)))
        assert connection.recv(100) == ECHO_ANSWER[:20]
        with pytest.raises((ssl.SSLEOFError, ConnectionResetError)):
            connection.recv(100)


def test_a_restart_loses_every_connection_and_no_order(certificates: DemoCertificates, host: SimulatedBankHost) -> None:
    host.faults.strike(BankMisfortune(BankFault.RESTART))
    with call(certificates, host) as other, call(certificates, host) as connection:
        connection.sendall(frame(encode(OPEN)))
        for each in (connection, other):
            with pytest.raises((ssl.SSLEOFError, ConnectionResetError)):
                each.recv(100)
    with call(certificates, host) as again:
        again.sendall(frame(encode(ASK)))
        status = decode(again.recv(100)[2:])
    assert isinstance(status, StatusResponse)
    assert status.status is OrderStatus.PENDING
    assert host.flaws() == []
