"""One message to receivers that mean no good: each ends in a reason, in time, and nobody is followed anywhere."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from device_sim.kept_port import KeptPort
from openteller.demo_certificates import make_demo_certificates
from queue_display.webhooks.registry import Endpoint
from queue_display.webhooks.sending import Sender, Sent
from queue_display.webhooks.signing import new_secret
from tests.clocks import SetClock
from tests.patience import PATIENCE_S
from tests.queue_display.receivers import Answering, listening
from tests.queue_display.test_views import a_day

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
ENTRY = a_day().entries[5]


async def send(url: str, trust: ssl.SSLContext | None = None, longest_s: float = PATIENCE_S) -> Sent:
    endpoint = Endpoint("0a1b2c3d", url, frozenset(), new_secret(), 0.0)
    async with httpx.AsyncClient(
        verify=trust or ssl.create_default_context(), trust_env=False, follow_redirects=False, timeout=PATIENCE_S
    ) as client:
        return await Sender(client, SetClock(NINE), longest_s).send(endpoint, ENTRY)


def sent_to(answer: Answering, longest_s: float = PATIENCE_S) -> Sent:
    async def go() -> Sent:
        async with listening(answer) as url:
            return await send(url, longest_s=longest_s)

    return asyncio.run(go())


def saying(*parts: bytes, for_ever: bytes = b"", silent: bool = False) -> Answering:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
        await writer.drain()
        while for_ever:
            writer.write(for_ever)
            await writer.drain()
        if silent:
            await asyncio.sleep(60)

    return answer


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("answer", "sent"),
    [
        (saying(b"HTTP/1.1 204 No Content\r\n\r\n"), Sent()),
        (saying(OK + b"Content-Length: 2\r\n\r\nok"), Sent()),
        (saying(OK + b"Content-Length: 1000000\r\n\r\nshort"), Sent()),
        (saying(OK + b"\r\n", for_ever=b"x" * 10_000), Sent()),
        (saying(OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"), Sent()),
        (saying(b"HTTP/1.1 500 No\r\n\r\n"), Sent("answered 500")),
        (saying(b"HTTP/1.1 410 Gone\r\n\r\n"), Sent("answered 410", is_gone=True)),
        (saying(b"HTTP/1.1 429 Slow\r\nRetry-After: 120\r\n\r\n"), Sent("answered 429", again_after_s=120)),
        (saying(b"HTTP/1.1 503 No\r\nRetry-After: Fri, 31 Dec\r\n\r\n"), Sent("answered 503")),
        (saying(b"HTTP/1.1 503 No\r\nRetry-After: \xb2\r\n\r\n"), Sent("answered 503")),
        (
            saying(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n"),
            Sent("answered 302: it moved, and redirects are not followed"),
        ),
    ],
    ids=[
        "taken",
        "with a body",
        "body cut short",
        "endless body",
        "not what it says",
        "fails",
        "gone",
        "busy",
        "a date",
        "no number",
        "moved",
    ],
)
def test_the_first_line_decides_whatever_follows(answer: Answering, sent: Sent) -> None:
    assert sent_to(answer) == sent


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (saying(), "cannot be told"),
        (saying(b"SSH-2.0-OpenSSH_9.2\r\n"), "cannot be told"),
        (saying(b"HTTP/1.1 abc\r\n\r\n"), "cannot be told"),
        (saying(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), "cannot be told"),
        (saying(OK, for_ever=b"X-Header: 1\r\n"), "cannot be told"),
        (saying(OK + b"A: " + b"x" * 200_000), "cannot be told"),
    ],
    ids=["cut", "not http", "no status", "another protocol", "endless headers", "a long header"],
)
def test_what_is_no_answer_is_a_reason(answer: Answering, why: str) -> None:
    sent = sent_to(answer)
    assert sent.reason.startswith(why)
    assert len(sent.reason) <= 200


@pytest.mark.parametrize(
    "answer",
    [saying(silent=True), saying(b"HTTP/1.1 2", silent=True), saying(for_ever=b"HTTP/1.1 100 Continue\r\n\r\n")],
    ids=["silent", "slow", "only promises"],
)
def test_whoever_takes_too_long_is_let_go(answer: Answering) -> None:
    assert sent_to(answer, longest_s=0.1) == Sent("did not answer within 0.1 s")


def test_nobody_there_is_a_reason() -> None:
    with KeptPort() as port:
        assert asyncio.run(send(f"http://127.0.0.1:{port.number}/hook")).reason.startswith("cannot be told: ")


def test_a_certificate_is_checked(tmp_path: Path) -> None:
    made = make_demo_certificates(tmp_path, datetime.now(UTC))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(made.server_certificate, made.server_key)

    async def go(url_of: Callable[[str], str], trust: ssl.SSLContext) -> Sent:
        async with listening(saying(b"HTTP/1.1 204 No Content\r\n\r\n"), server) as url:
            return await send(url_of(url), trust)

    trusted = ssl.create_default_context(cafile=made.ca)
    assert asyncio.run(go(lambda url: url, trusted)) == Sent()
    stranger = asyncio.run(go(lambda url: url, ssl.create_default_context()))
    assert "CERTIFICATE_VERIFY_FAILED" in stranger.reason
    misnamed = asyncio.run(go(lambda url: url.replace("127.0.0.1", "127.0.0.2"), trusted))
    assert misnamed.reason.startswith("cannot be told")
    plain = asyncio.run(go(lambda url: url.replace("https", "http"), trusted))
    assert plain.reason.startswith("cannot be told")
