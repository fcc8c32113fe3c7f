"""The simulated bank host: docs/host-messages.md over TLS 1.3, with faults that can be set while it runs."""

import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from device_sim.bank_books import BankBooks, BankEntry, BankRules
from kiosk_core.clock import Clock
from wire.errors import WireError
from wire.host_messages import (
    Deframer,
    LoadRequest,
    LoadResponse,
    OrderRequest,
    Response,
    decode,
    encode,
    frame,
)

_HANDSHAKE_S = 5.0

_log = logging.getLogger(__name__)

_Work = Callable[[socket.socket], None]


def _cut(connection: socket.socket) -> None:
    """Wake whoever reads or accepts on `connection`; the TLS object above it is not touched, its thread uses it."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


@dataclass(frozen=True)
class BankHostSettings:
    """Where the host listens (port 0: any free one) and its certificates; it lets in whom `ca_file` vouches for."""

    ca_file: Path
    certificate_file: Path
    key_file: Path
    address: str = "127.0.0.1"
    port: int = 0


@dataclass
class BankFaults:
    """What the host does wrong from now on; set any of it at any time.

    `silent`: requests are swallowed and do nothing. `loses_answers`: it acts and says nothing. `delay_s`: every
    answer is that late. `declines_next`: the response code with which the next order or load is refused, once.
    `wrong_mac2`: the card will not believe the permission.
    """

    silent: bool = False
    loses_answers: bool = False
    delay_s: float = 0.0
    declines_next: str | None = None
    wrong_mac2: bool = False


class SimulatedBankHost:
    """A bank host of its own threads, to be used as a context manager or with `start` and `stop`.

    What it has answered is durable in `folder`: it may be killed at any moment and started again.

    Raises:
        OSError: a certificate cannot be read, or (in `start`) the port is taken.
    """

    def __init__(self, settings: BankHostSettings, rules: BankRules, folder: Path, clock: Clock) -> None:
        self.faults = BankFaults()
        self._settings = settings
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_3
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._context.verify_flags |= ssl.VERIFY_X509_STRICT
        self._context.load_verify_locations(settings.ca_file)
        self._context.load_cert_chain(settings.certificate_file, settings.key_file)
        self._books = BankBooks(folder, rules, clock)
        self._listener: socket.socket | None = None
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._stopping = threading.Event()

    @property
    def port(self) -> int:
        """The port it listens on, once started."""
        if self._listener is None:
            raise RuntimeError("the bank host has not been started")
        port: int = self._listener.getsockname()[1]
        return port

    def start(self) -> None:
        """Listen; returns when clients can connect."""
        self._listener = socket.create_server((self._settings.address, self._settings.port))
        self._run(self._accept, self._listener)

    def stop(self) -> None:
        """Cut every connection, wait for the threads and close the books; final."""
        self._stopping.set()
        with self._lock:
            opened = [*self._open, *([self._listener] if self._listener else [])]
            for connection in opened:
                _cut(connection)
            threads = list(self._threads)
        for thread in threads:
            thread.join()
        if self._listener:
            self._listener.close()
        self._books.close()

    def __enter__(self) -> "SimulatedBankHost":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def pay(self, order: str) -> bool:
        """Let the customer's phone pay `order`; False if there is nothing to pay (any more)."""
        return self._books.pay(order)

    def ledger(self) -> list[BankEntry]:
        """Return every order, oldest first."""
        return self._books.entries()

    # -- threads -------------------------------------------------------------------------------------------

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopping.is_set():
            try:
                plain, _ = listener.accept()
            except OSError:
                return  # cut by `stop`
            self._run(self._serve, plain)

    def _run(self, work: _Work, connection: socket.socket) -> None:
        thread = threading.Thread(target=self._until_done, args=(work, connection), name="bank-host", daemon=True)
        with self._lock:
            self._threads.add(thread)
            thread.start()

    def _until_done(self, work: _Work, connection: socket.socket) -> None:
        try:
            work(connection)
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _serve(self, plain: socket.socket) -> None:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.settimeout(_HANDSHAKE_S)
        with self._context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False) as connection:
            with self._lock:
                self._open.add(connection)
                if self._stopping.is_set():
                    _cut(connection)
            try:
                connection.do_handshake()
                connection.settimeout(None)
                self._talk(connection)
            except (OSError, WireError) as error:
                _log.info("connection lost: %s", error)
            finally:
                with self._lock:
                    self._open.discard(connection)

    def _talk(self, connection: ssl.SSLSocket) -> None:
        deframer = Deframer()
        while data := connection.recv(4096):
            for payload in deframer.feed(data):
                answer = self._answer(payload)
                if self._stopping.wait(self.faults.delay_s):
                    return
                if answer is not None and not self.faults.loses_answers:
                    connection.sendall(frame(encode(answer)))

    def _answer(self, payload: bytes) -> Response | None:
        request = decode(payload)
        if self.faults.silent:
            return None
        refuse_with = None
        if isinstance(request, OrderRequest | LoadRequest):
            refuse_with, self.faults.declines_next = self.faults.declines_next, None
        answer = self._books.answer(request, refuse_with)
        if answer is None:
            raise WireError("a response is no request")
        if self.faults.wrong_mac2 and isinstance(answer, LoadResponse) and answer.permission:
            wrong = bytes(byte ^ 0xFF for byte in answer.permission.mac2)
            return replace(answer, permission=replace(answer.permission, mac2=wrong))
        return answer
