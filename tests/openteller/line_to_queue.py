"""A line between a kiosk and its queue that can be cut behind any byte of the answer to a press."""

import contextlib
import socket
import threading

PRESS = b"POST /v1/tickets "


class LineToQueue:
    """Passes bytes both ways. `cut_behind`: of the answer to a press so many bytes pass, then the line is cut.

    With `holds` no byte of it passes, and the line stays; `pressed` is set when the queue has answered a press.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.cut_behind: int | None = None
        self.holds = False
        self.pressed = threading.Event()
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        for end in (self._listening, *self._ends):
            _cut(end)
        for thread in self._threads:
            thread.join()
        for end in (self._listening, *self._ends):
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                kiosk, _ = self._listening.accept()
                queue = socket.create_connection(("127.0.0.1", self._to))
                self._ends += [kiosk, queue]
                passing = _Passing(self, kiosk, queue)
                for target in (passing.ask, passing.answer):
                    thread = threading.Thread(target=target)
                    self._threads.append(thread)
                    thread.start()


class _Passing:
    """One connection over the line."""

    def __init__(self, line: LineToQueue, kiosk: socket.socket, queue: socket.socket) -> None:
        self._line = line
        self._kiosk = kiosk
        self._queue = queue
        self._is_press = False

    def ask(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._kiosk.recv(65_536):
                if b" HTTP/1.1\r\n" in data:  # else it is a body that came behind its head
                    self._is_press = data.startswith(PRESS)
                self._queue.sendall(data)
        _cut(self._queue)

    def answer(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._queue.recv(65_536):
                if self._is_press:
                    self._line.pressed.set()
                    if self._line.holds:
                        continue
                    if self._line.cut_behind is not None:
                        self._kiosk.sendall(data[: self._line.cut_behind])
                        break
                self._kiosk.sendall(data)
        _cut(self._kiosk)
        _cut(self._queue)


def _cut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
