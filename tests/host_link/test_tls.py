"""Who may talk to whom, over real TLS on loopback: each that may not is refused, with a line that says what to do."""

import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from device_sim.bank_host import SimulatedBankHost
from host_link.reasons import plain_reason
from kiosk_core.errors import HostSilent
from kiosk_core.ports import QrOrder
from openteller.demo_certificates import DemoCertificates, make_demo_certificates
from tests.bank import TRACE
from tests.host_link.lines import framed
from tests.host_link.test_link import INIT, certificates, host, linked, never, peer, server_context, settings
from tests.patience import PATIENCE_S

__all__ = ["certificates", "host"]  # the fixtures


def refusal(wanted: object, caplog: pytest.LogCaptureFixture) -> str:
    """Ask once, which must fail; return the line in the log."""
    caplog.set_level(logging.WARNING, "host_link")
    with linked(wanted) as link, pytest.raises(HostSilent) as raised:  # type: ignore[arg-type]
        link.query_order(TRACE)
    (line,) = [record.getMessage() for record in caplog.records if record.name.startswith("host_link")]
    assert str(raised.value) in line
    return line


def test_a_host_that_only_speaks_tls_1_2_is_refused(
    certificates: DemoCertificates, caplog: pytest.LogCaptureFixture
) -> None:
    context = server_context(certificates)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with peer(context, never) as port:
        line = refusal(settings(certificates, port), caplog)
    assert "it speaks no TLS 1.3, and nothing older is used; the bank must switch it on" in line


def test_a_terminal_that_only_speaks_tls_1_2_is_refused_and_the_host_goes_on(
    certificates: DemoCertificates, host: SimulatedBankHost
) -> None:
    context = client_context(certificates)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"), raw(context, host.port) as connection:
        connection.recv(1)
    assert_serves(certificates, host)


def test_a_host_of_another_ca_is_refused(
    certificates: DemoCertificates, tmp_path: Path, host: SimulatedBankHost, caplog: pytest.LogCaptureFixture
) -> None:
    other = make_demo_certificates(tmp_path / "other", datetime.now(UTC))
    line = refusal(replace(settings(certificates, host.port), ca_file=other.ca), caplog)
    assert "certificate is not trusted: it is not of the pinned CA; check [host] ca_file" in line
    assert_serves(certificates, host)


def test_a_host_whose_certificate_has_expired_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    expired = make_demo_certificates(tmp_path, datetime.now(UTC) - timedelta(days=4000))
    with peer(server_context(expired), never) as port:
        line = refusal(settings(expired, port), caplog)
    assert "certificate is not trusted: it has expired; the bank must renew it" in line


def test_a_host_whose_certificate_is_not_valid_yet_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    early = make_demo_certificates(tmp_path, datetime.now(UTC) + timedelta(days=30))
    with peer(server_context(early), never) as port:
        line = refusal(settings(early, port), caplog)
    assert "certificate is not trusted: it is not valid yet; check the terminal's clock" in line


def test_a_host_of_another_name_is_refused(
    certificates: DemoCertificates, host: SimulatedBankHost, caplog: pytest.LogCaptureFixture
) -> None:
    line = refusal(replace(settings(certificates, host.port), server_name="bank.example.com"), caplog)
    assert "certificate is not trusted" in line
    assert "'bank.example.com'; check [host] server_name" in line
    assert_serves(certificates, host)


def test_the_terminal_s_own_certificate_is_no_host_s(
    certificates: DemoCertificates, caplog: pytest.LogCaptureFixture
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.client_certificate, certificates.client_key)
    with peer(context, never) as port:
        assert "certificate is not trusted" in refusal(settings(certificates, port), caplog)


def test_a_terminal_of_another_ca_is_refused(
    certificates: DemoCertificates, tmp_path: Path, host: SimulatedBankHost, caplog: pytest.LogCaptureFixture
) -> None:
    other = make_demo_certificates(tmp_path / "other", datetime.now(UTC))
    wanted = replace(
        settings(certificates, host.port), certificate_file=other.client_certificate, key_file=other.client_key
    )
    line = refusal(wanted, caplog)
    # In TLS 1.3 the host judges our certificate after our handshake is done: its alert may be lost with the line.
    assert "it does not trust our certificate; check [host] certificate_file" in line or "closed the connection" in line
    assert_serves(certificates, host)


def test_a_terminal_without_a_certificate_is_refused_and_the_host_goes_on(
    certificates: DemoCertificates, host: SimulatedBankHost
) -> None:
    context = ssl.create_default_context(cafile=certificates.ca)
    with raw(context, host.port) as connection, pytest.raises(OSError, match=r"CERTIFICATE_REQUIRED|reset"):
        connection.recv(1)
    assert host.ledger() == []
    assert_serves(certificates, host)


def test_a_port_that_speaks_no_tls_is_refused(certificates: DemoCertificates, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            plain, _ = listener.accept()
            with plain, contextlib.suppress(ConnectionError):
                plain.recv(4096)
                plain.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                plain.recv(1)

        thread = threading.Thread(target=answer)
        thread.start()
        line = refusal(settings(certificates, listener.getsockname()[1]), caplog)
        thread.join()
    assert "it speaks no TLS there; check [host] port" in line


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "it got no certificate of ours; check [host] certificate_file"),
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", "our certificate has expired; renew [host] certificate_file"),
        ("SOMETHING_ELSE", "TLS with the bank host failed: SOMETHING_ELSE"),
    ],
)
def test_an_alert_of_the_host_says_what_to_do(reason: str, advice: str) -> None:
    error = ssl.SSLError(1, "text")
    error.reason = reason
    assert advice in plain_reason(error, 10)


# -- played back -----------------------------------------------------------------------------------------


class Tap:
    """A TCP line to `port` that somebody sits in: he sends what the terminal sends twice, once `again` is set."""

    def __init__(self, port: int) -> None:
        self.again = False
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._run(self._accept)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> "Tap":
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in (self._listener, *self._open):
            each.close()

    def _run(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                terminal, _ = self._listener.accept()
                bank = socket.create_connection(("127.0.0.1", self._target))
                self._open += [terminal, bank]
                self._run(self._pump, terminal, bank, True)
                self._run(self._pump, bank, terminal, False)

    def _pump(self, source: socket.socket, target: socket.socket, upwards: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
                if upwards and self.again:
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def test_bytes_that_are_played_back_on_the_line_end_it_and_do_nothing_twice(
    certificates: DemoCertificates, host: SimulatedBankHost, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "host_link")
    with Tap(host.port) as tap, linked(settings(certificates, tap.port)) as link:
        assert link.online()
        tap.again = True
        assert isinstance(link.order_qr(TRACE, INIT), QrOrder)  # the first copy was answered
        tap.again = False
        assert link.online() or link.online()  # the line has ended at the second copy, and the next one stands
    assert len(host.ledger()) == 1


def test_a_message_that_is_played_back_on_another_connection_does_nothing_twice(
    certificates: DemoCertificates, host: SimulatedBankHost
) -> None:
    """Whoever had terminal's certificate and an old message could do no more than hear the old answer again."""
    order = bytes.fromhex(  # docs/host-messages.md, OrderRequest
        "0200 7038000000C18000 19 31048700012345678900 910000 000000005000 000042 214822 1221 5430303030303031"
        "4252414E43482D3030303120202020 0061 DF01 0F 54303030303030312D303030303432 DF02 04 000007D0 DF03 02 0017"
        f"DF04 01 01 DF05 01 00 DF06 04 11223344 DF07 04 {INIT.mac1.hex()} DF08 06 001122334455 313536"
    )
    answers = []
    for _ in range(3):
        with raw(client_context(certificates), host.port) as connection:
            connection.sendall(framed(order))
            answers.append(connection.recv(4096))
    assert answers[0][2:4] == bytes.fromhex("0210")
    assert answers[0] == answers[1] == answers[2]
    assert len(host.ledger()) == 1


# -- the pieces ------------------------------------------------------------------------------------------


def client_context(certificates: DemoCertificates) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificates.ca)
    context.load_cert_chain(certificates.client_certificate, certificates.client_key)
    return context


@contextlib.contextmanager
def raw(context: ssl.SSLContext, port: int) -> Iterator[ssl.SSLSocket]:
    with (
        socket.create_connection(("127.0.0.1", port), PATIENCE_S) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        yield connection


def assert_serves(certificates: DemoCertificates, host: SimulatedBankHost) -> None:
    with linked(settings(certificates, host.port)) as link:
        assert link.online()
