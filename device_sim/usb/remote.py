"""A simulated bus in one process, pyusb's backend in another: a Unix socket between them.

A frame is a 4-byte big-endian length and a JSON object in UTF-8; bytes travel as hexadecimal text. One
connection is one session with one device (or one look at the bus), so devices never wait for each other, and
the kernel closes the session of a process that dies.
"""

import contextlib
import errno
import json
import queue
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from usb.core import USBError

from device_sim.usb.backend import BusBackend
from device_sim.usb.bus import Bus, Plugged, Session, usb_error
from device_sim.usb.device import Descriptor, Endpoint, Interface

_LENGTH = struct.Struct(">I")
_MAX_FRAME = 4 * 1024 * 1024

_Json = dict[str, Any]


def _send(connection: socket.socket, frame: _Json) -> None:
    body = json.dumps(frame).encode()
    connection.sendall(_LENGTH.pack(len(body)) + body)


def _receive(connection: socket.socket) -> _Json | None:
    """Return the next frame, None when the other side is gone or sends no frame. Raises OSError."""
    head = _receive_exactly(connection, _LENGTH.size)
    if head is None or _LENGTH.unpack(head)[0] > _MAX_FRAME:
        return None
    body = _receive_exactly(connection, _LENGTH.unpack(head)[0])
    try:
        frame = json.loads(body) if body is not None else None
    except ValueError:
        return None
    return frame if isinstance(frame, dict) else None


def _receive_exactly(connection: socket.socket, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)


# -- the process that has the devices ------------------------------------------------------------------


class BusServer:
    """Serves a bus at a Unix socket (mode 0600) to any number of processes."""

    def __init__(self, bus: Bus, socket_path: Path) -> None:
        self._bus = bus
        self._path = socket_path
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._connections: set[_Connection] = set()

    def start(self) -> None:
        """Listen; a socket file that a dead server left is replaced.

        Raises:
            OSError: the path cannot be bound.
        """
        if self._path.is_socket():
            self._path.unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(str(self._path))
            self._path.chmod(0o600)
            listener.listen()
        except OSError:
            listener.close()
            raise
        self._listener = listener
        self._thread = threading.Thread(target=self._accept, args=(listener,), name="usb-bus", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End every session and remove the socket; may be called twice."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.join()
        listener.close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.close()
        self._path.unlink(missing_ok=True)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            connection = _Connection(self._bus, accepted, self._forget)
            with self._lock:
                self._connections.add(connection)
            connection.start()

    def _forget(self, connection: "_Connection") -> None:
        with self._lock:
            self._connections.discard(connection)


class _Connection:
    """One client connection. It is read while a call is under way, so that a client's death ends the call."""

    def __init__(self, bus: Bus, connection: socket.socket, on_end: Callable[["_Connection"], None]) -> None:
        self._bus = bus
        self._socket = connection
        self._on_end = on_end
        self._session: Session | None = None
        self._requests: queue.SimpleQueue[_Json | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="usb-session-reader", daemon=True)
        self._worker = threading.Thread(target=self._work, name="usb-session", daemon=True)

    def start(self) -> None:
        self._reader.start()
        self._worker.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._worker.join()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while (request := _receive(self._socket)) is not None:
                self._requests.put(request)
        if self._session is not None:
            self._session.close()
        self._requests.put(None)

    def _work(self) -> None:
        while (request := self._requests.get()) is not None:
            try:
                answer = {"result": self._carry_out(request)}
            except USBError as error:
                answer = {"errno": error.errno}
            except (KeyError, TypeError, ValueError):
                answer = {"errno": errno.EINVAL}
            try:
                _send(self._socket, answer)
            except OSError:
                break
        if self._session is not None:
            self._session.close()
        self._socket.close()
        self._on_end(self)

    def _carry_out(self, request: _Json) -> Any:
        call, given = request["call"], request.get("with", [])
        if call == "devices":
            return [_plugged_to_json(plugged) for plugged in self._bus.devices()]
        if call == "open":
            self._session = self._bus.open(*given)
            return None
        session = self._session
        if session is None:
            raise ValueError("no device is open")
        match call:
            case "write":
                endpoint, data = given
                return session.write(endpoint, bytes.fromhex(data))
            case "read":
                return session.read(*given).hex()
            case "control":
                return session.control(*given).hex()
        calls: dict[str, Callable[..., Any]] = {
            "configuration": session.configuration,
            "set_configuration": session.set_configuration,
            "claim": session.claim,
            "release": session.release,
            "clear_halt": session.clear_halt,
            "reset": session.reset,
            "kernel_driver_active": session.kernel_driver_active,
            "detach_kernel_driver": session.detach_kernel_driver,
        }
        return calls[call](*given)


# -- the process that has the drivers ------------------------------------------------------------------


class RemoteBackend(BusBackend):
    """pyusb's backend over the bus of another process; without that process the bus is empty."""

    def __init__(self, socket_path: Path) -> None:
        super().__init__(_RemoteBus(socket_path))


class _RemoteBus:
    """A Bus at the other end of a socket."""

    def __init__(self, socket_path: Path) -> None:
        self._path = socket_path

    def devices(self) -> Sequence[Plugged]:
        try:
            link = _Link(self._path)
        except USBError:
            return []
        try:
            return [_plugged_from_json(each) for each in link.call("devices")]
        finally:
            link.close()

    def open(self, address: int) -> "_RemoteSession":
        link = _Link(self._path)
        try:
            link.call("open", address)
        except USBError:
            link.close()
            raise
        return _RemoteSession(link)


class _Link:
    """A connection to the server: one call at a time. A broken connection is an unplugged device."""

    def __init__(self, socket_path: Path) -> None:
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(str(socket_path))
        except OSError:
            self._socket.close()
            raise usb_error(errno.ENODEV) from None

    def call(self, name: str, *given: int | str) -> Any:
        with self._lock:
            try:
                _send(self._socket, {"call": name, "with": given})
                answer = _receive(self._socket)
            except OSError:
                answer = None
        if answer is None:
            raise usb_error(errno.ENODEV)
        if "errno" in answer:
            raise usb_error(answer["errno"])
        return answer["result"]

    def close(self) -> None:
        # The shutdown wakes a thread that waits in `call`; only then the descriptor may go.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._socket.close()


class _RemoteSession:
    """A Session at the other end of a socket."""

    def __init__(self, link: _Link) -> None:
        self._link = link

    def close(self) -> None:
        self._link.close()

    def configuration(self) -> int:
        return int(self._link.call("configuration"))

    def set_configuration(self, value: int) -> None:
        self._link.call("set_configuration", value)

    def claim(self, interface: int) -> None:
        self._link.call("claim", interface)

    def release(self, interface: int) -> None:
        self._link.call("release", interface)

    def write(self, endpoint: int, data: bytes) -> int:
        return int(self._link.call("write", endpoint, data.hex()))

    def read(self, endpoint: int, size: int, timeout_ms: int) -> bytes:
        return bytes.fromhex(self._link.call("read", endpoint, size, timeout_ms))

    def control(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        return bytes.fromhex(self._link.call("control", request_type, request, value, index, length))

    def clear_halt(self, endpoint: int) -> None:
        self._link.call("clear_halt", endpoint)

    def reset(self) -> None:
        self._link.call("reset")

    def kernel_driver_active(self, interface: int) -> bool:
        return bool(self._link.call("kernel_driver_active", interface))

    def detach_kernel_driver(self, interface: int) -> None:
        self._link.call("detach_kernel_driver", interface)


# -- descriptors on the way ----------------------------------------------------------------------------


def _plugged_to_json(plugged: Plugged) -> _Json:
    interfaces = [
        {
            **vars(interface),
            "extra": interface.extra.hex(),
            "endpoints": [vars(endpoint) for endpoint in interface.endpoints],
        }
        for interface in plugged.descriptor.interfaces
    ]
    return {"address": plugged.address, "descriptor": {**vars(plugged.descriptor), "interfaces": interfaces}}


def _plugged_from_json(plugged: _Json) -> Plugged:
    interfaces = tuple(
        Interface(
            **{
                **interface,
                "extra": bytes.fromhex(interface["extra"]),
                "endpoints": tuple(Endpoint(**endpoint) for endpoint in interface["endpoints"]),
            }
        )
        for interface in plugged["descriptor"]["interfaces"]
    )
    return Plugged(plugged["address"], Descriptor(**{**plugged["descriptor"], "interfaces": interfaces}))
