"""The simulated bank host: docs/host-messages.md over TLS 1.3."""

import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from device_sim.bank_books import BankBooks, BankEntry
from device_sim.bank_desk import BankDesk, Ending
from device_sim.bank_faults import BankFaults
from device_sim.bank_keys import LineKeys, MacAgreement
from device_sim.bank_rules import BankRules
from kiosk_core.card_number import CardNumber
from kiosk_core.clock import Clock
from wire.errors import WireError
from wire.host_frames import Deframer
from wire.settlement import Settlement

_HANDSHAKE_S = 5.0

_log = logging.getLogger(__name__)

_Work = Callable[[socket.socket], None]


def _cut(connection: socket.socket) -> None:
    """Wake whoever reads or accepts on `connection`; the TLS object above it is not touched, its thread uses it."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _shakes_hands(connection: ssl.SSLSocket) -> bool:
    """Agree on TLS with a client; False: it may not come in, and the log says why. Raises OSError: it has gone."""
    try:
        connection.do_handshake()
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
        raise
    except ssl.SSLError as error:
        host, port = connection.getpeername()[:2]
        why = getattr(error, "verify_message", "") or (error.reason or str(error)).lower().replace("_", " ")
        _log.warning("the client at %s:%d is refused: %s", host, port, why)
        return False
    return True


@dataclass(frozen=True)
class BankHostSettings:
    """Where the host listens (port 0: any free one) and its certificates; it lets in whom `ca_file` vouches for.

    With `mac` its messages carry MACs, and it gives its terminals keys for them.
    """

    ca_file: Path
    certificate_file: Path
    key_file: Path
    address: str = "127.0.0.1"
    port: int = 0
    mac: MacAgreement | None = None


class SimulatedBankHost:
    """A bank host of its own threads, to be used as a context manager or with `start` and `stop`.

    What it has answered is durable in `folder`: it may be killed at any moment and started again. `seed` is that of
    what befalls it by chance.

    Raises:
        OSError: a certificate cannot be read, the books are of another version, or (in `start`) the port is taken.
    """

    def __init__(self, settings: BankHostSettings, rules: BankRules, folder: Path, clock: Clock, seed: int = 1) -> None:
        self._settings = settings
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_3
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._context.verify_flags |= ssl.VERIFY_X509_STRICT
        self._context.load_verify_locations(settings.ca_file)
        self._context.load_cert_chain(settings.certificate_file, settings.key_file)
        self._books = BankBooks(folder, rules, clock)
        self.faults = BankFaults(seed)
        keys = LineKeys(settings.mac, self._books) if settings.mac is not None else None
        self._desk = BankDesk(self._books, self.faults, keys)
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

    def restart(self) -> None:
        """Lose every connection at once and open the books again from the disk, as if the host had been killed."""
        with self._lock:
            for connection in self._open:
                _cut(connection)
        self._books.reopen()

    def __enter__(self) -> "SimulatedBankHost":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def pay(self, order: str) -> bool:
        """Let the customer's phone pay `order`; False if there is nothing to pay (any more)."""
        return self._books.pay(order)

    def balance_fen(self, number: CardNumber) -> int:
        """Return what is on the account of a bank card that the rules name."""
        return self._books.balance_fen(number)

    def settlement(self, day: date) -> Settlement:
        """Return what was booked on `day` by the bank's own calendar."""
        return self._books.settlement(day)

    def flaws(self) -> list[str]:
        """Return a sentence for each contradiction in the books; none proves them."""
        return self._books.flaws()

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
                if not _shakes_hands(connection):
                    return
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
                reply = self._desk.reply(payload)
                if self._stopping.wait(reply.late_s):
                    return
                connection.sendall(reply.data)
                match reply.ending:
                    case Ending.CLOSED:
                        connection.unwrap()
                        return
                    case Ending.LOST:
                        return
                    case Ending.RESTART:
                        self.restart()
                        return
