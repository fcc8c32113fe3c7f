"""The screen's end of the socket to the core: one JSON message a line, both ways, reconnecting for ever."""

import logging
from pathlib import Path

from PyQt6.QtCore import QObject, QTimer
from PyQt6.QtNetwork import QLocalSocket

from kiosk_core.protocol import MAX_LINE_BYTES, BadMessage, decode_from_core, encode
from kiosk_core.screen_messages import AskFrame, Frame, Hello, ShowPage, Touched
from kiosk_ui.view_model import ViewModel

RECONNECT_MS = 500
FRAME_MS = 100

_log = logging.getLogger(__name__)


class CoreLink(QObject):
    """Feeds the core's pages to the view-model and the customer's touches to the core.

    While a page shows what the camera sees it asks for a frame every FRAME_MS, the next one when the last has come: a
    screen that is slow gets fewer, and no page waits behind more than one.

    While there is no core the view-model asks for patience. A line that is no message is logged and left out; a
    line without an end closes the connection. What a message said is never logged: it may be about a customer.
    """

    def __init__(self, socket: Path, model: ViewModel) -> None:
        super().__init__(model)
        self._path = str(socket)
        self._model = model
        self._received = bytearray()
        self._socket = QLocalSocket(self)
        self._socket.readyRead.connect(self._read)
        self._socket.disconnected.connect(self._lost)
        self._socket.errorOccurred.connect(self._lost)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(RECONNECT_MS)
        self._again.timeout.connect(self._connect)
        self._frames = QTimer(self)
        self._frames.setInterval(FRAME_MS)
        self._frames.timeout.connect(self._ask_for_frame)
        self._frame_due = False
        model.camera.changed.connect(self._watch_camera)
        self._closed = False
        model.touched.connect(self._send)
        self._connect()

    def restart(self) -> None:
        """Drop the connection; the core says everything again on the next one."""
        if not self._closed:
            self._socket.abort()
            self._lost()

    def close(self) -> None:
        """Hang up for good. Twice does no harm."""
        if self._closed:
            return
        self._closed = True
        self._again.stop()
        self._frames.stop()
        self._model.camera.changed.disconnect(self._watch_camera)
        self._model.touched.disconnect(self._send)
        self._socket.abort()

    def _connect(self) -> None:
        if self._socket.state() is QLocalSocket.LocalSocketState.UnconnectedState:
            self._received.clear()
            self._frame_due = False
            self._socket.connectToServer(self._path)

    def _lost(self) -> None:
        if self._closed or self._again.isActive():
            return
        self._received.clear()
        self._again.start()
        self._model.lose_core()

    def _read(self) -> None:
        self._received += self._socket.readAll().data()
        while (end := self._received.find(b"\n")) >= 0:
            line = bytes(self._received[:end])
            del self._received[: end + 1]
            self._take(line)
            if self._again.isActive():  # taking the line ended the connection
                return
        if len(self._received) > MAX_LINE_BYTES:
            _log.error("the core sent a line of more than %d bytes: connecting again", MAX_LINE_BYTES)
            self.restart()

    def _take(self, line: bytes) -> None:
        if len(line) > MAX_LINE_BYTES:
            _log.error("the core sent a line of %d bytes: connecting again", len(line))
            self.restart()
            return
        try:
            message = decode_from_core(line)
        except BadMessage:
            _log.error("the core sent a line of %d bytes that is no message: left out", len(line))
            return
        match message:
            case Hello():
                self._model.greet(message)
            case ShowPage():
                self._model.show_page(message)
            case Frame():
                self._frame_due = False
                self._model.show_frame(message)
            case _:
                pass  # an answer to a technician's question; the customer's screen asks none

    def _watch_camera(self) -> None:
        if not self._model.camera.wanted:
            self._frames.stop()
        elif not self._frames.isActive():
            self._frames.start()

    def _ask_for_frame(self) -> None:
        number = self._model.page_number
        if number is not None and not self._frame_due:
            self._frame_due = True
            self._send(AskFrame(number=number, after=self._model.camera.number))

    def _send(self, message: Touched | AskFrame) -> None:
        if self._socket.state() is QLocalSocket.LocalSocketState.ConnectedState:
            self._socket.write(encode(message))
            self._socket.flush()
