"""The simulated bank host: its rules on a set clock, its memory, and whom it lets in."""

import contextlib
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from device_sim.bank_books import BankBooks
from device_sim.bank_host import SimulatedBankHost
from device_sim.transit_card import CardIdentity, TransitCard
from kiosk_core.card_number import CardNumber
from kiosk_core.ports import LoadAuthorisation, LoadInit
from openteller.demo_certificates import DemoCertificates, make_demo_certificates
from tests.bank import CARD, RULES, TERMINAL, Purse, host_settings, with_wrong_mac1
from tests.clocks import RealClock, SetClock
from tests.patience import PATIENCE_S, until
from wire.host_messages import (
    ConfirmRequest,
    ConfirmResponse,
    EchoRequest,
    EchoResponse,
    LoadRequest,
    LoadResponse,
    OrderRequest,
    OrderResponse,
    ReversalRequest,
    ReversalResponse,
    StatusRequest,
    StatusResponse,
)
from wire.host_values import OrderStatus, PurseData

ORDER = "T0000001-000042"
INIT = Purse().init()
ENDS = {"terminal": TERMINAL, "order": ORDER}
MONEY = {**ENDS, "branch": "B", "date": "1122", "time": "090000", "amount_fen": 5000}


def purse_of(init: LoadInit) -> PurseData:
    return PurseData(
        balance_fen=init.balance_fen,
        counter=init.counter,
        key_version=init.key_version,
        algorithm=init.algorithm,
        random=init.random,
        mac1=init.mac1,
        terminal_no=init.terminal_no,
    )


OPEN = OrderRequest(**MONEY, stan=42, card=CARD, purse=purse_of(INIT))
ASK = StatusRequest(**ENDS, stan=1)
LOAD = LoadRequest(**MONEY, stan=43, card=CARD, purse=purse_of(INIT))
REVERSE = ReversalRequest(**MONEY, stan=45, reason="98", original_stan=42, original_at="1122090000")


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 11, 22, 23, 59, 58, tzinfo=timezone(timedelta(hours=8))))


@pytest.fixture
def books(tmp_path: Path, clock: SetClock) -> Iterator[BankBooks]:
    with contextlib.closing(BankBooks(tmp_path, RULES, clock)) as opened:
        yield opened


def code(books: BankBooks, request: OrderRequest | LoadRequest | ConfirmRequest | ReversalRequest) -> str:
    answer = books.answer(request)
    assert isinstance(answer, OrderResponse | LoadResponse | ConfirmResponse | ReversalResponse)
    return answer.response_code


def status(books: BankBooks) -> OrderStatus | None:
    answer = books.answer(ASK)
    assert isinstance(answer, StatusResponse)
    return answer.status


def refund(books: BankBooks, request: ReversalRequest = REVERSE) -> int | None:
    answer = books.answer(request)
    assert isinstance(answer, ReversalResponse)
    return answer.refunded_fen


def permission(books: BankBooks, request: LoadRequest = LOAD) -> LoadAuthorisation:
    answer = books.answer(request)
    assert isinstance(answer, LoadResponse)
    assert answer.permission is not None
    return LoadAuthorisation(answer.permission.date, answer.permission.time, answer.permission.mac2)


def proof(books: BankBooks) -> ConfirmRequest:
    """Take the order to the proof of its load."""
    assert code(books, OPEN) == "00"
    assert books.pay(ORDER)
    return ConfirmRequest(**MONEY, stan=44, tac=Purse().tac(INIT, permission(books)))


# -- orders ----------------------------------------------------------------------------------------------


def test_an_echo_is_answered(books: BankBooks) -> None:
    answer = books.answer(EchoRequest(terminal=TERMINAL, stan=7))
    assert answer == EchoResponse(terminal=TERMINAL, stan=7, response_code="00")


def test_a_response_is_no_request(books: BankBooks) -> None:
    assert books.answer(EchoResponse(terminal=TERMINAL, stan=7, response_code="00")) is None


def test_an_order_can_be_paid_once(books: BankBooks) -> None:
    assert status(books) is None
    assert not books.pay(ORDER)
    assert code(books, OPEN) == "00"
    assert status(books) is OrderStatus.PENDING
    assert books.pay(ORDER)
    assert not books.pay(ORDER)
    assert status(books) is OrderStatus.PAID


def test_an_order_expires_for_good(books: BankBooks, clock: SetClock) -> None:
    code(books, OPEN)
    clock.sleep(119)
    assert status(books) is OrderStatus.PENDING
    clock.sleep(1)
    assert status(books) is OrderStatus.EXPIRED
    clock.sleep(-100)  # somebody sets the clock back
    assert status(books) is OrderStatus.EXPIRED
    assert not books.pay(ORDER)
    assert code(books, LOAD) == "P1"


def test_a_paid_order_does_not_expire(books: BankBooks, clock: SetClock) -> None:
    code(books, OPEN)
    books.pay(ORDER)
    clock.sleep(1000)
    assert status(books) is OrderStatus.PAID


def test_the_customer_may_pay_by_himself_after_a_while(tmp_path: Path, clock: SetClock) -> None:
    with contextlib.closing(BankBooks(tmp_path, replace(RULES, pays_itself_after_s=3), clock)) as books:
        code(books, OPEN)
        clock.sleep(2)
        assert status(books) is OrderStatus.PENDING
        clock.sleep(1)
        assert refund(books) == 5000  # had paid, though nobody had asked


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (replace(OPEN, amount_fen=0), "13"),
        (replace(OPEN, amount_fen=100_001), "61"),
        (replace(OPEN, card="310487000123456"), "14"),
        (replace(OPEN, purse=purse_of(with_wrong_mac1(INIT))), "A0"),
        (replace(OPEN, amount_fen=5001), "A0"),
        (replace(OPEN, card="3104870001234567891"), "A0"),
    ],
    ids=["no amount", "too much", "short card number", "wrong MAC1", "another amount", "another card"],
)
def test_a_wrong_order_is_refused_and_not_opened(books: BankBooks, request_: OrderRequest, expected: str) -> None:
    assert code(books, request_) == expected
    assert books.entries() == []


# -- loads and proofs ------------------------------------------------------------------------------------


def test_a_load_is_authorised_with_the_hosts_date_and_time(books: BankBooks, clock: SetClock) -> None:
    code(books, OPEN)
    books.pay(ORDER)
    clock.sleep(3)
    allowed = permission(books)
    assert (allowed.date, allowed.time) == ("20261123", "000001")
    assert Purse().believes(INIT, allowed)


def test_the_card_may_have_been_initialised_anew_since_the_order(books: BankBooks) -> None:
    code(books, OPEN)
    books.pay(ORDER)
    anew = Purse().init(random="55667788")
    assert Purse().believes(anew, permission(books, replace(LOAD, purse=purse_of(anew))))


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (replace(LOAD, order="T0000001-000041"), "25"),
        (replace(LOAD, terminal="T0000002"), "25"),
        (replace(LOAD, amount_fen=4000, purse=purse_of(Purse().init(4000))), "13"),
        (replace(LOAD, card="3104870001234567891"), "14"),
        (replace(LOAD, purse=purse_of(with_wrong_mac1(INIT))), "A0"),
    ],
    ids=["unknown order", "another terminal", "another amount", "another card", "wrong MAC1"],
)
def test_a_wrong_load_is_refused(books: BankBooks, request_: LoadRequest, expected: str) -> None:
    code(books, OPEN)
    books.pay(ORDER)
    assert code(books, request_) == expected


def test_a_load_that_is_not_paid_is_refused(books: BankBooks) -> None:
    code(books, OPEN)
    assert code(books, LOAD) == "P0"


def test_an_order_is_authorised_once(books: BankBooks) -> None:
    proof(books)
    assert code(books, replace(LOAD, stan=99)) == "94"


def test_the_proof_settles_the_order(books: BankBooks) -> None:
    assert code(books, proof(books)) == "00"
    (entry,) = books.entries()
    assert (entry.paid, entry.loaded, entry.reversed) == (True, True, False)
    assert entry.card == "310487*********7890"


def test_a_wrong_proof_settles_nothing(books: BankBooks) -> None:
    right = proof(books)
    assert code(books, replace(right, stan=50, tac=bytes(4))) == "A0"
    assert code(books, replace(right, stan=51, amount_fen=4000)) == "13"
    assert code(books, replace(right, stan=52, order="T0000001-000041")) == "25"
    assert not books.entries()[0].loaded


def test_a_proof_of_what_was_never_authorised_is_wrong(books: BankBooks) -> None:
    code(books, OPEN)
    books.pay(ORDER)
    assert code(books, ConfirmRequest(**MONEY, stan=44, tac=bytes(4))) == "A0"


def test_the_proof_counts_even_after_a_reversal_and_the_books_say_so(books: BankBooks) -> None:
    right = proof(books)
    assert refund(books) == 5000
    assert code(books, right) == "P1"
    (entry,) = books.entries()
    assert (entry.loaded, entry.reversed, entry.refunded_fen) == (True, True, 5000)


def test_the_simulated_card_and_the_bank_agree(books: BankBooks) -> None:
    card = TransitCard(
        CardIdentity.of_issuer(CardNumber(CARD), RULES.load_master_key, RULES.tac_master_key), balance_fen=2000
    )
    card.power_on()

    def send(apdu: str) -> bytes:
        answer = card.transmit(bytes.fromhex(apdu))
        assert answer is not None
        assert answer[-2:] == b"\x90\x00"
        return answer[:-2]

    # facts/purse-load.md 1.1: SELECT, INITIALIZE FOR LOAD of 50.00 yuan, CREDIT FOR LOAD
    send("00A4040008 A000000632010105 00")
    init = send("805000020B 01 00001388 001122334455 10")
    purse = PurseData(
        balance_fen=int.from_bytes(init[0:4], "big"),
        counter=int.from_bytes(init[4:6], "big"),
        key_version=init[6],
        algorithm=init[7],
        random=init[8:12],
        mac1=init[12:16],
        terminal_no=bytes.fromhex("001122334455"),
    )
    assert code(books, replace(OPEN, purse=purse)) == "00"
    books.pay(ORDER)
    allowed = permission(books, replace(LOAD, purse=purse))
    tac = send(f"805200000B {allowed.date} {allowed.time} {allowed.mac2.hex()} 04")
    assert code(books, ConfirmRequest(**MONEY, stan=44, tac=tac)) == "00"


# -- reversals -------------------------------------------------------------------------------------------


def test_a_paid_order_is_refunded_once(books: BankBooks) -> None:
    code(books, OPEN)
    books.pay(ORDER)
    assert refund(books) == 5000
    assert refund(books) == 5000
    assert refund(books, replace(REVERSE, reason="96")) == 5000
    assert refund(books, replace(REVERSE, stan=99)) == 5000
    (entry,) = books.entries()
    assert (entry.reversed, entry.refunded_fen) == (True, 5000)


def test_an_order_that_was_reversed_unpaid_cannot_be_paid_any_more(books: BankBooks) -> None:
    code(books, OPEN)
    assert refund(books) == 0
    assert not books.pay(ORDER)
    assert status(books) is OrderStatus.EXPIRED


def test_an_order_that_comes_after_its_reversal_is_refused(books: BankBooks) -> None:
    assert refund(books) == 0
    assert code(books, OPEN) == "P1"
    assert not books.pay(ORDER)
    assert refund(books, replace(REVERSE, stan=99)) == 0


def test_a_load_that_comes_after_the_reversal_is_refused(books: BankBooks) -> None:
    code(books, OPEN)
    books.pay(ORDER)
    refund(books)
    assert code(books, LOAD) == "P1"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (replace(REVERSE, terminal="T0000002"), "25"),
        (replace(REVERSE, original_stan=41), "25"),
        (replace(REVERSE, original_at="1122090001"), "25"),
        (replace(REVERSE, amount_fen=4000), "13"),
    ],
    ids=["another terminal", "another original", "another time", "another amount"],
)
def test_a_wrong_reversal_is_refused(books: BankBooks, request_: ReversalRequest, expected: str) -> None:
    code(books, OPEN)
    assert code(books, request_) == expected
    assert status(books) is OrderStatus.PENDING


def test_a_proven_load_is_not_reversed(books: BankBooks) -> None:
    code(books, proof(books))
    assert code(books, REVERSE) == "22"
    assert books.entries()[0].refunded_fen == 0


# -- repeats and memory ----------------------------------------------------------------------------------


def test_every_repeat_gets_the_first_answer(books: BankBooks, clock: SetClock) -> None:
    requests = [OPEN, LOAD, proof(books), replace(REVERSE, order="T0000001-000043")]
    first = [books.answer(request) for request in requests]
    clock.sleep(3600)
    assert [books.answer(request) for request in requests] == first
    another_time = [books.answer(replace(request, time="000000")).response_code for request in requests]
    assert another_time == ["94"] * len(requests)
    assert len({getattr(answer, "rrn", None) for answer in first}) == 4


def test_a_refusal_is_repeated_too(books: BankBooks) -> None:
    code(books, OPEN)
    assert code(books, LOAD) == "P0"
    books.pay(ORDER)
    assert code(books, LOAD) == "P0"


@pytest.mark.parametrize(
    "request_",
    [replace(OPEN, amount_fen=4000, purse=purse_of(Purse().init(4000))), replace(OPEN, stan=99)],
    ids=["same STAN", "another STAN"],
)
def test_a_number_is_not_used_for_something_else(books: BankBooks, request_: OrderRequest) -> None:
    code(books, OPEN)
    assert code(books, request_) == "94"
    assert [entry.amount_fen for entry in books.entries()] == [5000]


def test_the_books_survive_a_restart(tmp_path: Path, clock: SetClock) -> None:
    with contextlib.closing(BankBooks(tmp_path, RULES, clock)) as before:
        right = proof(before)
        answer, entries = before.answer(LOAD), before.entries()
    with contextlib.closing(BankBooks(tmp_path, RULES, clock)) as after:
        assert after.entries() == entries
        assert after.answer(LOAD) == answer
        assert code(after, right) == "00"


def test_what_was_answered_survives_a_kill(tmp_path: Path, clock: SetClock) -> None:
    script = (
        "import os, signal; from pathlib import Path\n"
        "from device_sim.bank_books import BankBooks\n"
        "from tests.bank import RULES\n"
        "from tests.clocks import RealClock\n"
        "from tests.device_sim.test_bank_host import OPEN, ORDER\n"
        f"books = BankBooks(Path({str(tmp_path)!r}), RULES, RealClock())\n"
        "books.answer(OPEN); books.pay(ORDER); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", script], cwd=root, env={**os.environ, "PYTHONPATH": "."}, check=False)
    assert ended.returncode == -signal.SIGKILL
    with contextlib.closing(BankBooks(tmp_path, RULES, clock)) as books:
        assert status(books) is OrderStatus.PAID


def test_no_card_number_and_no_key_is_in_the_files(tmp_path: Path, books: BankBooks) -> None:
    proof(books)
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert ORDER.encode() in content
    for secret in (CARD[6:-4].encode(), bytes.fromhex(CARD[-16:]), RULES.load_master_key, RULES.tac_master_key):
        assert secret not in content


def test_a_key_is_in_no_repr() -> None:
    assert repr(RULES) == (
        "BankRules(limit_fen=100000, deposit_limit_fen=5000000, order_lifetime_s=120, validity_days=365,"
        " pays_itself_after_s=None, accounts=(), customers=())"
    )


# -- who is let in ---------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> DemoCertificates:
    return make_demo_certificates(tmp_path_factory.mktemp("tls"), datetime.now(UTC))


@pytest.fixture
def host(certificates: DemoCertificates, tmp_path: Path) -> Iterator[SimulatedBankHost]:
    with SimulatedBankHost(host_settings(certificates), RULES, tmp_path, RealClock()) as running:
        yield running


ECHO = bytes.fromhex("001F 0800 8020000000800000 0400000000000000 000007 5430303030303031 0301")
ECHO_ANSWER = bytes.fromhex("0021 0810 8020000002800000 0400000000000000 000007 3030 5430303030303031 0301")


def client_context(certificates: DemoCertificates) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificates.ca)
    context.load_cert_chain(certificates.client_certificate, certificates.client_key)
    return context


def say(host: SimulatedBankHost, context: ssl.SSLContext, data: bytes) -> bytes:
    """What the host says to `data`; a client that is none of ours."""
    with (
        socket.create_connection(("127.0.0.1", host.port), PATIENCE_S) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(data)
        return connection.recv(4096)


def test_a_foreign_client_is_answered_over_tls_1_3(certificates: DemoCertificates, host: SimulatedBankHost) -> None:
    assert say(host, client_context(certificates), ECHO) == ECHO_ANSWER


def test_two_requests_in_one_piece_get_two_answers(certificates: DemoCertificates, host: SimulatedBankHost) -> None:
    with (
        socket.create_connection(("127.0.0.1", host.port), PATIENCE_S) as plain,
        client_context(certificates).wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(ECHO + ECHO)
        received = b""
        while len(received) < 2 * len(ECHO_ANSWER) and (data := connection.recv(4096)):
            received += data
    assert received == ECHO_ANSWER + ECHO_ANSWER


def refusal(caplog: pytest.LogCaptureFixture) -> str:
    """The warning with which the host, on its own thread, refuses a client."""
    said = "the client at 127.0.0.1:"

    def warnings() -> list[str]:
        return [each.getMessage() for each in [*caplog.records] if each.levelno == logging.WARNING]

    until(lambda: any(each.startswith(said) for each in warnings()))
    return next(each for each in warnings() if each.startswith(said)).partition(" is refused: ")[2]


def test_a_client_of_tls_1_2_is_refused(
    certificates: DemoCertificates, host: SimulatedBankHost, caplog: pytest.LogCaptureFixture
) -> None:
    context = client_context(certificates)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        say(host, context, ECHO)
    assert refusal(caplog) == "unsupported protocol"


def test_a_client_without_a_certificate_is_refused(
    certificates: DemoCertificates, host: SimulatedBankHost, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED"):
        say(host, ssl.create_default_context(cafile=certificates.ca), b"")
    assert refusal(caplog) == "peer did not return a certificate"


def test_a_client_with_the_host_s_certificate_is_refused(
    certificates: DemoCertificates, host: SimulatedBankHost, caplog: pytest.LogCaptureFixture
) -> None:
    context = ssl.create_default_context(cafile=certificates.ca)
    context.load_cert_chain(certificates.server_certificate, certificates.server_key)
    with pytest.raises(ssl.SSLError, match="CERTIFICATE"):
        say(host, context, b"")
    assert refusal(caplog) in {
        "unsuitable certificate purpose",
        "unsupported certificate purpose",
    }  # OpenSSL 3.2, older


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"\x00\x00", b"\x00\x02\xff\xff", ECHO_ANSWER])
def test_bytes_that_are_no_request_end_the_connection_and_nothing_else(
    certificates: DemoCertificates, host: SimulatedBankHost, data: bytes
) -> None:
    assert say(host, client_context(certificates), data) == b""
    assert say(host, client_context(certificates), ECHO) == ECHO_ANSWER


def test_a_port_scan_is_in_nobody_s_way(certificates: DemoCertificates, host: SimulatedBankHost) -> None:
    with socket.create_connection(("127.0.0.1", host.port), PATIENCE_S) as scanner:
        scanner.sendall(b"hello\r\n")
        assert say(host, client_context(certificates), ECHO) == ECHO_ANSWER


def test_it_stops_while_a_client_is_connected_and_another_waits_in_the_handshake(
    certificates: DemoCertificates, tmp_path: Path
) -> None:
    host = SimulatedBankHost(host_settings(certificates), RULES, tmp_path, RealClock())
    with pytest.raises(RuntimeError):
        _ = host.port
    host.start()
    with (
        socket.create_connection(("127.0.0.1", host.port), PATIENCE_S),
        socket.create_connection(("127.0.0.1", host.port), PATIENCE_S) as plain,
        client_context(certificates).wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(ECHO)
        assert connection.recv(4096) == ECHO_ANSWER
        host.stop()
        assert connection.recv(4096) == b""
