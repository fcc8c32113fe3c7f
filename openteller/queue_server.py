"""`openteller queue serve`: the branch queue as a process, from its folder, its policy and its socket."""

import asyncio
import errno
import re
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from kiosk_core.clock import Clock
from kiosk_core.errors import OpenTellerError
from openteller.queue_connections import TimelyHttp
from openteller.queue_database import Database, log_and_tokens
from openteller.queue_outgoing import Outside, outgoing
from openteller.queue_policy import load_policy
from queue_display.feed import Feed
from queue_display.keeping import StoreUnavailable
from queue_display.live import LiveBranch
from queue_display.server.access import HAND_OUT_NAME, Limits, Tokens
from queue_display.server.app import Server
from queue_display.server.claimed import Claimed
from queue_display.writer import Writer

DEFAULT_PORT = 8640

_MOST_CONNECTIONS = 900  # below the 1,024 files that a process may have open where nobody raised it
_BACKLOG = 512
_LEAVE_S = 5
_IDLE_S = 75  # a kiosk asks now and then: a connection that is open saves the handshake of TLS


class PortTaken(OpenTellerError):
    """Nobody can be served at this address."""


class CertificateUnusable(OpenTellerError):
    """TLS cannot be spoken with these files."""


class NoPublicUrl(OpenTellerError):
    """Links to the queue cannot begin like this."""


@dataclass(frozen=True)
class Place:
    """Where the queue is served; with `certificate` and `key` (PEM) by TLS.

    `public_url` is where phones find it; None: where it is served.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    certificate: Path | None = None
    key: Path | None = None
    public_url: str | None = None


@dataclass(frozen=True)
class Running:
    """A queue that is served at `url`."""

    url: str
    writer: Writer
    tokens: Tokens


Beside = Callable[[Running], Awaitable[None]]
"""What is done beside serving, in the same loop."""


def serve(
    folder: Path,
    policy_file: Path,
    place: Place,
    clock: Clock,
    *,
    database: Database | None = None,
    say: Callable[[str], None],
    limits: Limits = Limits(),  # noqa: B008  (it is frozen)
    outside: Outside = Outside(),  # noqa: B008
    beside: Beside | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, or until what is done `beside` is done; `say` is told where, once it listens.

    The log is in `folder` or in a database.

    Raises:
        ConfigError: the policy is wrong.
        StoreUnavailable, PolicyMisfit, TokensUnusable: the folder cannot be used; the text says why.
        ExtraMissing, DatabaseNamed: the database cannot; the text says why.
        PortTaken: the address cannot be had.
        CertificateUnusable: TLS cannot be spoken.
        NoPublicUrl: phones cannot find the queue there.
    """
    policy = load_policy(policy_file)
    with (
        log_and_tokens(folder, database) as (store, tokens),
        _listening(place) as listening,
        ExitStack() as opened,
    ):

        def load() -> LiveBranch:
            return LiveBranch(policy, clock, store)

        feed = Feed(store)
        channels = opened.enter_context(outgoing(folder, feed, clock, outside))
        own_url, public_url = _urls(place, listening)
        writer = Writer(store, feed, load)
        server = Server(
            writer,
            feed,
            tokens,
            clock,
            limits,
            public_url=public_url,
            outgoing=[Claimed(type(each).__name__, each, store) for each in channels.running],
            deeds=channels.deeds,
        )
        say(f"The branch queue is at {own_url}/v1/ (described by /v1/openapi.json).")
        say(f"Its pages are at {public_url}/ (customers get a link with each ticket: {public_url}/t).")
        if (folder / HAND_OUT_NAME).exists():
            say(f"Its tokens are in {folder / HAND_OUT_NAME}: hand them out, then delete that file.")
        host = listening.getsockname()[0]
        if not place.certificate and host not in {"127.0.0.1", "::1"}:
            say("Without --certificate and --key anybody on this network can read the tokens.")
        if database is not None:
            say(f"It is the branch {database.branch}; its log is in the database, which other servers of it may share.")
        serving = _Uvicorn(_config(server, place), feed)
        asyncio.run(_serve(serving, listening, Running(public_url, writer, tokens), beside))
        if not serving.started:
            raise StoreUnavailable("the queue could not begin; what was logged says why")


async def _serve(serving: "_Uvicorn", listening: socket.socket, running: Running, beside: Beside | None) -> None:
    """Serve, and end with whichever ends first of the server and what is done beside it."""
    server = asyncio.ensure_future(serving.serve(sockets=[listening]))
    if beside is not None:
        other = asyncio.ensure_future(beside(running))
        await asyncio.wait((server, other), return_when=asyncio.FIRST_COMPLETED)
        serving.leave()
        other.cancel()
        with suppress(asyncio.CancelledError):
            await other
    await server


def _urls(place: Place, listening: socket.socket) -> tuple[str, str]:
    """Return where the queue is served, and where phones find it."""
    scheme = "https" if place.certificate else "http"
    host, port = listening.getsockname()[:2]
    if place.public_url is not None:
        public = _checked(place.public_url)
    else:
        is_any = host in {"0.0.0.0", "::"}  # noqa: S104  (it is asked, not bound)
        public = f"{scheme}://{_in_url(_own_address(listening.family) if is_any else host)}:{port}"
    return f"{scheme}://{_in_url(host)}:{port}", public


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _own_address(family: socket.AddressFamily) -> str:
    """Return this machine's address in its network: the one it would send from. Nothing is sent."""
    elsewhere = "192.0.2.1" if family == socket.AF_INET else "2001:db8::1"  # nobody's: RFC 5737, RFC 3849
    with socket.socket(family, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect((elsewhere, 9))
        except OSError:
            return socket.gethostname()
        return str(asked.getsockname()[0])


def _checked(public_url: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", public_url):
        raise NoPublicUrl(f"--public-url {public_url}: must be like https://queue.example.bank, without ? and #")
    return public_url.rstrip("/")


class _Uvicorn(uvicorn.Server):
    """Leaves on SIGTERM and SIGINT without dying of them, and lets those go first who follow the log."""

    def __init__(self, config: uvicorn.Config, feed: Feed) -> None:
        super().__init__(config)
        self._feed = feed

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Replace uvicorn's handlers, which raise the signal again in the end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.leave)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def leave(self) -> None:
        """End; those who are being answered may hear the end of it, unless it is called again."""
        self.force_exit = self.should_exit  # who asks twice does not want to wait
        self.should_exit = True
        self._feed.close()


def _config(server: Server, place: Place) -> uvicorn.Config:
    return uvicorn.Config(
        server.app,
        loop="asyncio",
        http=TimelyHttp,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # a log of who asks for which ticket is nobody's business
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_IDLE_S,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_LEAVE_S,
        ssl_certfile=place.certificate,
        ssl_keyfile=place.key,
    )


def _check_certificate(place: Place) -> None:
    """Raise CertificateUnusable, or OSError with the name of the file, where TLS could not be spoken."""
    if place.certificate is None:
        if place.key is not None:
            raise CertificateUnusable("--key is for a certificate: name that too, with --certificate")
        return
    for path in (place.certificate, place.key):
        if path is not None:
            path.open("rb").close()  # what is wrong with it names it
    try:
        # A key under a password could be used by nobody after a power cut, so none is asked for.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(place.certificate, place.key, password="")
    except ssl.SSLError:
        key = place.key or place.certificate
        problem = (
            f"{place.certificate} and {key} must be a certificate and its key, both PEM, the key without a password"
        )
        raise CertificateUnusable(problem) from None


def _listening(place: Place) -> socket.socket:
    _check_certificate(place)
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    # With IPPROTO_TCP, which socket.create_server leaves out, asyncio sets TCP_NODELAY on what it accepts. Without it
    # an answer in two packets waits 40 ms for the client's delayed acknowledgement.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((place.host, place.port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            problem = f"port {place.port} is in use: stop the program that has it, or take another with --port"
        else:
            problem = f"cannot listen on {place.host}, port {place.port}: {error.strerror}"
        raise PortTaken(problem) from None
    return listening
