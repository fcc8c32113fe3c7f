"""The demo's certificates: made once, kept while they hold, renewed when they do not."""

import ssl
import stat
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from openteller.demo_certificates import DemoCertificates, make_demo_certificates

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def contents(certificates: DemoCertificates) -> list[bytes]:
    return [path.read_bytes() for path in astuple(certificates)]


def trusts(ca: Path, certificate: Path, key: Path) -> bool:
    """Whether OpenSSL takes `certificate` for a host of that CA, told by a handshake in memory."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server.load_cert_chain(certificate, key)
    client.load_verify_locations(ca)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname="localhost"),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                return False
    return True


def test_makes_a_ca_and_a_pair_for_each_side(tmp_path: Path) -> None:
    made = make_demo_certificates(tmp_path / "tls", datetime.now(UTC))
    assert trusts(made.ca, made.server_certificate, made.server_key)
    assert not trusts(made.ca, made.client_certificate, made.client_key)


def test_only_the_owner_reads_the_keys(tmp_path: Path) -> None:
    make_demo_certificates(tmp_path, NOW)
    keys = list(tmp_path.glob("*.key"))
    assert len(keys) == 3
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}


def test_keeps_what_still_holds(tmp_path: Path) -> None:
    first = contents(make_demo_certificates(tmp_path, NOW))
    assert contents(make_demo_certificates(tmp_path, NOW + timedelta(days=3600))) == first


@pytest.mark.parametrize("days", [-1, 3640, 4000], ids=["not yet valid", "about to expire", "expired"])
def test_renews_what_does_not_hold(tmp_path: Path, days: int) -> None:
    first = contents(make_demo_certificates(tmp_path, NOW))
    second = contents(make_demo_certificates(tmp_path, NOW + timedelta(days=days)))
    assert not set(first) & set(second)


def test_mends_one_damaged_file_and_leaves_the_others(tmp_path: Path) -> None:
    made = make_demo_certificates(tmp_path, datetime.now(UTC))
    ca, client = made.ca.read_bytes(), made.client_certificate.read_bytes()
    made.server_key.write_bytes(b"half a k")
    assert make_demo_certificates(tmp_path, datetime.now(UTC)) == made
    assert (made.ca.read_bytes(), made.client_certificate.read_bytes()) == (ca, client)
    assert trusts(made.ca, made.server_certificate, made.server_key)


def test_a_new_ca_signs_everything_anew(tmp_path: Path) -> None:
    made = make_demo_certificates(tmp_path, datetime.now(UTC))
    made.ca.unlink()
    make_demo_certificates(tmp_path, datetime.now(UTC))
    assert trusts(made.ca, made.server_certificate, made.server_key)


def test_what_a_crash_left_half_written_is_in_nobody_s_way(tmp_path: Path) -> None:
    (tmp_path / ".ca.key.new").write_bytes(b"half")
    make_demo_certificates(tmp_path, NOW)
    assert not list(tmp_path.glob(".*"))
