"""A queue's end of the line, which says what a test wants, well or badly."""

from collections.abc import Callable

from pydantic import TypeAdapter
from PyQt6.QtNetwork import QHostAddress, QTcpServer, QTcpSocket

from queue_display.listening.heard import Board

_BOARD = TypeAdapter(Board)

STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"


def whole(status: str, body: bytes, kind: str = "application/json", more: str = "") -> bytes:
    """Return an answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def board_answer(board: Board) -> bytes:
    return whole("200 OK", _BOARD.dump_json(board))


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class FakeQueue:
    """Answers GET /v1/board by `board` and GET /v1/events by `stream`; `asked` are the heads of the requests."""

    def __init__(self, board: bytes, stream: bytes = STREAM) -> None:
        self.board = board
        self.stream = stream
        self.asked: list[str] = []
        self.streams: list[QTcpSocket] = []
        self._sockets: list[QTcpSocket] = []
        self._server = QTcpServer()
        assert self._server.listen(QHostAddress.SpecialAddress.LocalHost)
        self._server.newConnection.connect(self._accept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.serverPort()}"

    def asked_for(self, path: str) -> list[str]:
        return [head for head in self.asked if head.startswith(f"GET {path} ")]

    def _accept(self) -> None:
        socket = self._server.nextPendingConnection()
        assert socket is not None
        self._sockets.append(socket)
        socket.readyRead.connect(self._answer(socket))

    def _answer(self, socket: QTcpSocket) -> Callable[[], None]:
        def answer() -> None:
            head = socket.readAll().data().decode()
            self.asked.append(head)
            if head.startswith("GET /v1/events "):
                self.streams.append(socket)
                socket.write(self.stream)
            else:
                socket.write(self.board)

        return answer

    def say(self, data: bytes) -> None:
        """Send a chunk of the last event stream."""
        self.streams[-1].write(chunk(data))

    def hang_up(self) -> None:
        self.streams[-1].abort()

    def close(self) -> None:
        for socket in self._sockets:
            socket.abort()
        self._server.close()
