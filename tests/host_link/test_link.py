"""The host link against the simulated bank host, and against hosts that misbehave, over real TLS on loopback."""

import contextlib
import logging
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from device_sim.bank_host import SimulatedBankHost
from device_sim.kept_port import KeptPort
from host_link.link import HostLink
from host_link.tls import TlsConnector, TlsSettings
from kiosk_core.errors import HostSilent
from kiosk_core.ports import (
    BankHost,
    Confirmation,
    Declined,
    DeclineReason,
    LoadAuthorisation,
    OrderState,
    QrOrder,
    ReversalReason,
    Reversed,
)
from openteller.demo_certificates import DemoCertificates, make_demo_certificates
from tests.bank import CARD, RULES, TERMINAL, TRACE, Purse, host_settings, with_wrong_mac1
from tests.clocks import RealClock
from tests.patience import PATIENCE_S

INIT = Purse().init()
SHORT_S = 0.1


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> DemoCertificates:
    return make_demo_certificates(tmp_path_factory.mktemp("tls"), datetime.now(UTC))


@pytest.fixture
def host(certificates: DemoCertificates, tmp_path: Path) -> Iterator[SimulatedBankHost]:
    with SimulatedBankHost(host_settings(certificates), RULES, tmp_path, RealClock()) as running:
        yield running


def settings(certificates: DemoCertificates, port: int) -> TlsSettings:
    return TlsSettings(
        host="127.0.0.1",
        port=port,
        ca_file=certificates.ca,
        certificate_file=certificates.client_certificate,
        key_file=certificates.client_key,
        server_name="localhost",
    )


def link_to(wanted: TlsSettings, timeout_s: float = PATIENCE_S) -> HostLink:
    clock = RealClock()
    return HostLink(TlsConnector(wanted, clock), TERMINAL, clock, timeout_s=timeout_s, branch="BRANCH-0001")


@contextlib.contextmanager
def linked(wanted: TlsSettings, timeout_s: float = PATIENCE_S) -> Iterator[HostLink]:
    with contextlib.closing(link_to(wanted, timeout_s)) as link:
        yield link


@pytest.fixture
def link(certificates: DemoCertificates, host: SimulatedBankHost) -> Iterator[HostLink]:
    with linked(settings(certificates, host.port)) as connected:
        yield connected


@pytest.fixture
def hasty(certificates: DemoCertificates, host: SimulatedBankHost) -> Iterator[HostLink]:
    """A link that does not wait long."""
    with linked(settings(certificates, host.port), SHORT_S) as connected:
        yield connected


def authorised(link: HostLink, host: SimulatedBankHost) -> LoadAuthorisation:
    link.order_qr(TRACE, INIT)
    assert host.pay(TRACE.transaction)
    permission = link.authorise_load(TRACE, INIT)
    assert isinstance(permission, LoadAuthorisation)
    return permission


# -- what the host says ----------------------------------------------------------------------------------


def test_a_top_up_from_order_to_proof(link: HostLink, host: SimulatedBankHost) -> None:
    port: BankHost = link
    assert port.online()
    assert port.order_qr(TRACE, INIT) == QrOrder("https://pay.example.com/o/T0000001-000042", 120)
    assert port.query_order(TRACE) is OrderState.PENDING
    assert host.pay(TRACE.transaction)
    assert port.query_order(TRACE) is OrderState.PAID
    permission = port.authorise_load(TRACE, INIT)
    assert isinstance(permission, LoadAuthorisation)
    assert Purse().believes(INIT, permission)
    assert port.confirm_load(TRACE, 5000, Purse().tac(INIT, permission)) is Confirmation.ACCEPTED
    (entry,) = host.ledger()
    assert (entry.order, entry.card, entry.amount_fen) == ("T0000001-000042", "310487*********7890", 5000)
    assert (entry.paid, entry.loaded, entry.reversed, entry.refunded_fen) == (True, True, False, 0)


def test_a_reversal_gives_back_what_was_paid(link: HostLink, host: SimulatedBankHost) -> None:
    link.order_qr(TRACE, INIT)
    host.pay(TRACE.transaction)
    assert link.reverse(TRACE, 5000, ReversalReason.TERMINAL_FAULT) == Reversed(5000)
    assert link.query_order(TRACE) is OrderState.EXPIRED


def test_a_reversal_of_what_never_arrived_is_taken(link: HostLink) -> None:
    assert link.reverse(TRACE, 5000, ReversalReason.NO_ANSWER) == Reversed(0)
    assert link.order_qr(TRACE, INIT) == Declined(DeclineReason.NOT_PAID, "P1")


def test_a_wrong_proof_is_not_accepted(link: HostLink, host: SimulatedBankHost) -> None:
    authorised(link, host)
    assert link.confirm_load(TRACE, 5000, bytes(4)) is Confirmation.TAC_WRONG
    assert not host.ledger()[0].loaded


def test_a_wrong_mac1_is_told(link: HostLink) -> None:
    assert link.order_qr(TRACE, with_wrong_mac1(INIT)) == Declined(DeclineReason.MAC1_WRONG, "A0")


def test_a_load_that_nobody_paid_is_told(link: HostLink) -> None:
    link.order_qr(TRACE, INIT)
    assert link.authorise_load(TRACE, INIT) == Declined(DeclineReason.NOT_PAID, "P0")


# Source: docs/host-messages.md, Response codes.
DECLINES = {
    "13": DeclineReason.HOST_ERROR,
    "14": DeclineReason.CARD_NOT_ACCEPTED,
    "22": DeclineReason.HOST_ERROR,
    "25": DeclineReason.HOST_ERROR,
    "61": DeclineReason.LIMIT,
    "63": DeclineReason.HOST_ERROR,
    "94": DeclineReason.HOST_ERROR,
    "96": DeclineReason.HOST_ERROR,
    "A0": DeclineReason.MAC1_WRONG,
    "P0": DeclineReason.NOT_PAID,
    "P1": DeclineReason.NOT_PAID,
    "P2": DeclineReason.EARLIER_LOAD,
}


def test_the_response_codes_of_the_page_are_those_tested_here() -> None:
    page = (Path(__file__).parents[2] / "docs" / "host-messages.md").read_text(encoding="utf-8")
    table = page.split("## Response codes", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (\w\w) \|.*\| (\w+) \|$", table, re.MULTILINE)
    assert rows == [("00", "success"), *((code, reason.name) for code, reason in DECLINES.items())]


@pytest.mark.parametrize(("code", "reason"), [*DECLINES.items(), ("ZZ", DeclineReason.HOST_ERROR)])
def test_a_decline_has_a_reason_for_the_customer(
    link: HostLink, host: SimulatedBankHost, code: str, reason: DeclineReason
) -> None:
    host.faults.declines_next = code
    assert link.order_qr(TRACE, INIT) == Declined(reason, code)
    assert host.ledger() == []


def test_an_order_that_the_host_does_not_know_is_not_called_expired(link: HostLink) -> None:
    with pytest.raises(HostSilent, match="25"):
        link.query_order(TRACE)


def test_a_load_that_the_host_knows_as_done_is_not_reversed(link: HostLink, host: SimulatedBankHost) -> None:
    permission = authorised(link, host)
    link.confirm_load(TRACE, 5000, Purse().tac(INIT, permission))
    assert link.reverse(TRACE, 5000, ReversalReason.OTHER) == Declined(DeclineReason.HOST_ERROR, "22")


def test_a_wrong_mac2_comes_through_as_it_is(link: HostLink, host: SimulatedBankHost) -> None:
    host.faults.wrong_mac2 = True
    assert not Purse().believes(INIT, authorised(link, host))


def test_the_host_keeps_the_head_of_the_journal_and_takes_no_shorter_one(link: HostLink) -> None:
    first, second = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "0" * 64
    assert link.report_journal_head(1000, first, NEVER)
    assert link.report_journal_head(1000, first, NEVER)  # told again, because the answer was lost
    assert link.report_journal_head(1100, second, NEVER)
    assert not link.report_journal_head(1100, first, NEVER)
    assert not link.report_journal_head(900, second, NEVER)
    assert link.report_journal_head(900, second, first)  # as staff confirmed in the row of this hash


# -- silence ---------------------------------------------------------------------------------------------


NEVER = "0" * 64
"""No staff had to confirm the journal."""
REQUESTS: dict[str, Callable[[HostLink], object]] = {
    "order": lambda link: link.order_qr(TRACE, INIT),
    "query": lambda link: link.query_order(TRACE),
    "authorise": lambda link: link.authorise_load(TRACE, INIT),
    "confirm": lambda link: link.confirm_load(TRACE, 5000, bytes(4)),
    "reverse": lambda link: link.reverse(TRACE, 5000, ReversalReason.NO_ANSWER),
    "head": lambda link: link.report_journal_head(1000, "0" * 64, NEVER),
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_a_silent_host_is_given_up_after_the_deadline(
    hasty: HostLink, host: SimulatedBankHost, request_: Callable[[HostLink], object]
) -> None:
    host.faults.silent = True
    with pytest.raises(HostSilent, match=r"did not answer within 0\.1 s"):
        request_(hasty)
    assert not hasty.online()
    assert host.ledger() == []


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_without_a_host_there_is_silence_at_once(
    certificates: DemoCertificates, request_: Callable[[HostLink], object]
) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        wanted = settings(certificates, deaf.getsockname()[1])
        with linked(wanted) as link, pytest.raises(HostSilent, match="does not accept"):
            request_(link)


def test_a_request_whose_answer_was_lost_is_repeated_and_acted_on_once(
    hasty: HostLink, link: HostLink, host: SimulatedBankHost
) -> None:
    host.faults.loses_answers = True
    with pytest.raises(HostSilent):
        hasty.order_qr(TRACE, INIT)
    host.faults.loses_answers = False
    assert isinstance(link.order_qr(TRACE, INIT), QrOrder)
    assert len(host.ledger()) == 1
    host.pay(TRACE.transaction)
    host.faults.loses_answers = True
    with pytest.raises(HostSilent):
        hasty.reverse(TRACE, 5000, ReversalReason.NO_ANSWER)
    host.faults.loses_answers = False
    assert link.reverse(TRACE, 5000, ReversalReason.TERMINAL_FAULT) == Reversed(5000)
    assert host.ledger()[0].refunded_fen == 5000


def test_a_late_answer_is_nobody_s(
    certificates: DemoCertificates, host: SimulatedBankHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    with linked(settings(certificates, host.port)) as link:
        link.order_qr(TRACE, INIT)
        host.faults.delay_s = 3.0
        with monkeypatch.context() as hasty:
            hasty.setattr(link._line, "_timeout_s", SHORT_S)
            with pytest.raises(HostSilent):
                link.query_order(TRACE)  # is answered "pending", too late
        host.faults.delay_s = 0.0
        host.pay(TRACE.transaction)
        assert link.query_order(TRACE) is OrderState.PAID


def test_the_next_request_finds_the_host_again_after_its_restart(
    certificates: DemoCertificates, tmp_path: Path
) -> None:
    with KeptPort() as kept, linked(settings(certificates, kept.number)) as link:
        wanted = host_settings(certificates, kept.number)
        with SimulatedBankHost(wanted, RULES, tmp_path, RealClock()):
            link.order_qr(TRACE, INIT)
        with SimulatedBankHost(wanted, RULES, tmp_path, RealClock()):
            assert link.query_order(TRACE) is OrderState.PENDING


def test_what_cannot_be_put_on_the_line_is_not_sent(link: HostLink, host: SimulatedBankHost) -> None:
    with pytest.raises(HostSilent, match="cannot be put on the line"):
        link.order_qr(replace(TRACE, transaction="T" * 21), INIT)
    assert host.ledger() == []


# -- hosts that misbehave --------------------------------------------------------------------------------

Script = Callable[[ssl.SSLSocket], None]


def server_context(certificates: DemoCertificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server_certificate, certificates.server_key)
    return context


@contextlib.contextmanager
def peer(context: ssl.SSLContext, script: Script) -> Iterator[int]:
    """A TLS server that runs `script` with every connection, one after the other; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = listener.accept()
                with plain, contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                    connection.settimeout(PATIENCE_S)
                    script(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


def framed(body: str) -> bytes:
    """A frame made by hand: length and bytes."""
    data = bytes.fromhex(body)
    return len(data).to_bytes(2, "big") + data


def status(stan: int, state: int, terminal: str = TERMINAL, order: str = TRACE.transaction) -> bytes:
    """docs/host-messages.md, StatusResponse."""
    private = f"DF01 0F {order.encode().hex()} DF0F 01 {state:02d}"
    return framed(
        f"0110 2020000002810000 920000 {stan:06d} 3030 {terminal.encode().hex()} 0022 {private}",
    )


PENDING, PAID = 0, 1


def answers(*answer: Callable[[int], bytes]) -> Script:
    """Answer every status request by its STAN, with all of `answer` in a row."""

    def script(connection: ssl.SSLSocket) -> None:
        while request := connection.recv(4096):
            stan = int(request[2 + 2 + 8 + 3 :][:3].hex())  # length, type, bitmap, DE 3
            connection.sendall(b"".join(each(stan) for each in answer))

    return script


@pytest.mark.parametrize(
    "foreign",
    [
        lambda stan: status(stan - 1, PENDING),
        lambda stan: status(stan, PENDING, terminal="T0000002"),
        lambda stan: status(stan, PENDING, order="T0000001-000041"),
        lambda stan: framed(f"0810 8020000002800000 0400000000000000 {stan:06d} 3030 5430303030303031 0301"),
        lambda stan: framed(f"0800 8020000000800000 0400000000000000 {stan:06d} 5430303030303031 0301"),
    ],
    ids=["an earlier question's", "another terminal's", "another order's", "another kind", "a question"],
)
def test_a_foreign_answer_is_dropped(certificates: DemoCertificates, foreign: Callable[[int], bytes]) -> None:
    script = answers(foreign, lambda stan: status(stan, PAID))
    with peer(server_context(certificates), script) as port, linked(settings(certificates, port)) as link:
        assert link.query_order(TRACE) is OrderState.PAID


def test_only_foreign_answers_are_silence(certificates: DemoCertificates) -> None:
    def script(connection: ssl.SSLSocket) -> None:
        connection.recv(4096)
        while True:
            connection.sendall(status(0, PAID))
            threading.Event().wait(0.01)

    with (
        peer(server_context(certificates), script) as port,
        linked(settings(certificates, port), SHORT_S) as link,
        pytest.raises(HostSilent, match="did not answer"),
    ):
        link.query_order(TRACE)


def test_a_second_copy_of_an_answer_is_not_taken_for_the_next_one(certificates: DemoCertificates) -> None:
    states = iter([PENDING, PAID])

    def script(connection: ssl.SSLSocket) -> None:
        for state in states:
            stan = int(connection.recv(4096)[15:18].hex())
            connection.sendall(2 * status(stan, state))

    with peer(server_context(certificates), script) as port, linked(settings(certificates, port)) as link:
        assert link.query_order(TRACE) is OrderState.PENDING
        assert link.query_order(TRACE) is OrderState.PAID


def test_a_host_that_never_stops_talking_is_called_anew(certificates: DemoCertificates) -> None:
    connections = 0

    def script(connection: ssl.SSLSocket) -> None:
        nonlocal connections
        connections += 1
        stan = int(connection.recv(4096)[15:18].hex())
        for _ in range(40):
            connection.sendall(100 * status(stan, PENDING))
        talked.set()
        while True:
            connection.sendall(100 * status(stan, PENDING))

    talked = threading.Event()
    with peer(server_context(certificates), script) as port, linked(settings(certificates, port)) as link:
        assert link.query_order(TRACE) is OrderState.PENDING
        assert talked.wait(PATIENCE_S)
        assert link.query_order(TRACE) is OrderState.PENDING
    assert connections == 2


def test_an_answer_may_come_byte_by_byte(certificates: DemoCertificates) -> None:
    def script(connection: ssl.SSLSocket) -> None:
        stan = int(connection.recv(4096)[15:18].hex())
        for byte in status(stan, PAID):
            connection.sendall(bytes([byte]))
        connection.recv(1)

    with peer(server_context(certificates), script) as port, linked(settings(certificates, port)) as link:
        assert link.query_order(TRACE) is OrderState.PAID


@pytest.mark.parametrize(
    ("garbage", "reason"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no message"),
        (b"\x00\x00", "no message"),
        (framed("FFFF"), "no message"),
        (framed("0210 2020000002810000"), "no message"),
        (status(1, PAID)[:-1], "closed the connection"),
        (b"", "closed the connection"),
    ],
    ids=["HTTP", "empty frame", "no type", "cut short", "cut short by the line", "nothing"],
)
def test_garbage_is_silence_with_a_reason_and_the_next_request_connects_anew(
    certificates: DemoCertificates, garbage: bytes, reason: str
) -> None:
    connections = 0

    def script(connection: ssl.SSLSocket) -> None:
        nonlocal connections
        connections += 1
        stan = int(connection.recv(4096)[15:18].hex())
        connection.sendall(garbage if connections == 1 else status(stan, PAID))

    with peer(server_context(certificates), script) as port, linked(settings(certificates, port)) as link:
        with pytest.raises(HostSilent, match=reason):
            link.query_order(TRACE)
        assert link.query_order(TRACE) is OrderState.PAID
    assert connections == 2


def test_a_host_without_tls_is_silence(certificates: DemoCertificates) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        linked(settings(certificates, mute.getsockname()[1]), SHORT_S) as link,
        pytest.raises(HostSilent, match="did not answer"),
    ):
        link.query_order(TRACE)


def never(connection: ssl.SSLSocket) -> None:
    connection.sendall(status(1, PAID))
    connection.recv(1)


def test_certificates_that_are_missing_are_told_at_the_start(certificates: DemoCertificates, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        TlsConnector(replace(settings(certificates, 1), ca_file=tmp_path / "none.pem"), RealClock())


# -- secrets ---------------------------------------------------------------------------------------------


def test_no_card_number_is_in_any_log_record(
    link: HostLink, hasty: HostLink, host: SimulatedBankHost, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    authorised(link, host)
    link.order_qr(replace(TRACE, transaction="T0000001-000043"), with_wrong_mac1(INIT))
    host.faults.silent = True
    for request in REQUESTS.values():
        with pytest.raises(HostSilent) as raised:
            request(hasty)
        assert CARD not in repr(raised.value)
    assert caplog.records
    assert not any(CARD[6:-4] in record.getMessage() for record in caplog.records)
