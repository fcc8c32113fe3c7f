"""Whom a connection by TLS trusts."""

import ssl
from pathlib import Path


def trust_besides(ca: Path | None) -> ssl.SSLContext:
    """Return trust in whom this machine trusts, and in `ca` (PEM) besides.

    Raises:
        OSError: the file cannot be read, or holds no certificate.
    """
    trust = ssl.create_default_context()
    if ca is not None:
        trust.load_verify_locations(ca)
    return trust
