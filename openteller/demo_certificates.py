"""Certificates for the demo's host link: a CA, the simulated host's and the terminal's; never for production."""

import ipaddress
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER_NAME = "localhost"
_LIFETIME = timedelta(days=3650)
_RENEW_BEFORE = timedelta(days=30)
_CLOCK_ERROR = timedelta(hours=1)  # a certificate made now must also hold for a peer whose clock is behind


@dataclass(frozen=True)
class DemoCertificates:
    """The PEM files of the demo; the CA's own key lies beside them as `ca.key`."""

    ca: Path
    server_certificate: Path
    server_key: Path
    client_certificate: Path
    client_key: Path


@dataclass(frozen=True)
class _Pair:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make_demo_certificates(folder: Path, now: datetime) -> DemoCertificates:
    """Make what is missing, damaged or about to expire in `folder`, and return where everything lies.

    EC P-256, ten years; the server's names are localhost and 127.0.0.1; keys are readable by their owner only.
    `now` is aware of its zone. A file is replaced whole or not at all; what a crash left half done is mended by
    the next call.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca = _load(folder, "ca", now)
    if ca is None:
        ca = _issue("OpenTeller demo CA", None, None, now)
        _save(folder, "ca", ca)
    names = x509.SubjectAlternativeName([x509.DNSName(SERVER_NAME), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))])
    leaves = {
        "server": ("OpenTeller demo host", ExtendedKeyUsageOID.SERVER_AUTH, names),
        "client": ("OpenTeller demo terminal", ExtendedKeyUsageOID.CLIENT_AUTH, None),
    }
    for name, (subject, usage, alternative) in leaves.items():
        leaf = _load(folder, name, now)
        if leaf is None or not _issued_by(leaf.certificate, ca.certificate):
            _save(folder, name, _issue(subject, ca, usage, now, alternative))
    return DemoCertificates(
        ca=folder / "ca.pem",
        server_certificate=folder / "server.pem",
        server_key=folder / "server.key",
        client_certificate=folder / "client.pem",
        client_key=folder / "client.key",
    )


def _load(folder: Path, name: str, now: datetime) -> _Pair | None:
    """Return a certificate and its key if both are there, belong together and hold for a while yet."""
    try:
        certificate = x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
        key = serialization.load_pem_private_key((folder / f"{name}.key").read_bytes(), password=None)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        return None
    if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - _RENEW_BEFORE:
        return None
    (folder / f"{name}.key").chmod(0o600)
    return _Pair(certificate, key)


def _issued_by(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _issue(
    name: str,
    ca: _Pair | None,
    usage: x509.ObjectIdentifier | None,
    now: datetime,
    alternative: x509.SubjectAlternativeName | None = None,
) -> _Pair:
    """Return a new pair; without `ca` and `usage` it is a CA that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    # Two CAs of one name, an old one and its successor, must not look alike to a verifier.
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, f"{serial:x}"[:16]),
        ]
    )
    issuer_key = ca.key if ca else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(ca.certificate.subject if ca else subject)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - _CLOCK_ERROR)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=ca is None, path_length=0 if ca is None else None), critical=True)
        .add_extension(_key_usage(is_ca=ca is None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if alternative:
        builder = builder.add_extension(alternative, critical=False)
    return _Pair(builder.sign(issuer_key, hashes.SHA256()), key)


def _key_usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _save(folder: Path, name: str, pair: _Pair) -> None:
    """Write key and certificate; between the two they do not belong together, which `_load` notices."""
    key = pair.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(folder / f"{name}.key", key, 0o600)
    _write(folder / f"{name}.pem", pair.certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Replace a file in one step; what is in it is never readable by more than `mode` says."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
