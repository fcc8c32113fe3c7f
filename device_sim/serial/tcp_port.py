"""A simulated device behind TCP, as network printers listen on port 9100."""

import contextlib
import select
import socket
import threading

from device_sim.kept_port import KeptPort
from device_sim.serial.device import SerialDevice

_POLL_S = 0.02
_READ = 4096


class TcpPort:
    """A TCP port with `device` behind it, on loopback only; one client at a time, the next one waits.

    `unplug` may be called by the device itself, `plug` not.

    Plugged in from the beginning. Unplugged, nobody listens and whoever was connected has lost the connection;
    plugged in again, it listens on the same port, which nobody else was given meanwhile. Context manager.

    Raises:
        OSError: no port can be had.
    """

    def __init__(self, device: SerialDevice, port: int = 0) -> None:
        self._device = device
        self._port = KeptPort(port)
        self._owner: threading.Thread | None = None
        self._ending: threading.Thread | None = None  # unplugged by the device itself, and not yet gone
        self._stop = threading.Event()
        self.plug()

    def __enter__(self) -> "TcpPort":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Unplug it for good."""
        self.unplug()
        self._port.close()

    @property
    def port(self) -> int:
        """The port's number; a configuration names it as socket://127.0.0.1:PORT."""
        return self._port.number

    def plug(self) -> None:
        """Listen, unless it does."""
        if self._owner is not None:
            return
        if self._ending is not None:
            self._ending.join()
        listener = self._port.listen()
        self._stop.clear()
        self._owner = threading.Thread(target=self._serve, args=(listener,), name=f"tcp-{self.port}", daemon=True)
        self._owner.start()

    def unplug(self) -> None:
        """Cut the connection and listen no more."""
        owner, self._owner = self._owner, None
        if owner is None:
            return
        self._stop.set()
        if owner is threading.current_thread():
            self._ending = owner
        else:
            owner.join()

    def _serve(self, listener: socket.socket) -> None:
        with listener:
            while not self._stop.is_set():
                if select.select([listener], [], [], _POLL_S)[0]:
                    client, _ = listener.accept()
                    with client, contextlib.suppress(OSError):
                        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        self._carry(client)

    def _carry(self, client: socket.socket) -> None:
        """Carry bytes between client and device until either is gone."""
        while not self._stop.is_set():
            answer = b""
            if select.select([client], [], [], _POLL_S)[0]:
                received = client.recv(_READ)
                if not received:
                    return
                answer = self._device.receive(received)
            answer += self._device.idle()
            if answer and not self._stop.is_set():
                client.sendall(answer)
