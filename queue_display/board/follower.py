"""Follows a branch's queue for ever, by Qt: asks for the board, then hears every event; begins again when it is lost.

It begins with GET /v1/board, whose `entry` says where GET /v1/events goes on; so nothing is missed however long it was
away. Whatever happens makes it ask for the board again, for the waits, but no oftener than LOOK_APART_S. What the bytes
mean, and when to do what, is `queue_display.listening`.
"""

import logging
from typing import Protocol

from PyQt6.QtCore import QByteArray, QObject, QUrl
from PyQt6.QtNetwork import (
    QNetworkAccessManager,
    QNetworkReply,
    QNetworkRequest,
    QSslCertificate,
    QSslConfiguration,
    QSslSocket,
)

from kiosk_core.clock import Clock
from kiosk_core.errors import OpenTellerError
from queue_display.board.words import Trouble
from queue_display.listening.event_stream import MEDIA_TYPE, BrokenStream
from queue_display.listening.heard import Alive, Board, Happened, NotUnderstood, read_board
from queue_display.listening.listener import Gap, Listener
from queue_display.listening.place import QueuePlace

LOOK_APART_S = 1.0

_MOST_BODY = 256 * 1024

_log = logging.getLogger(__name__)

_Error = QNetworkReply.NetworkError
_Attribute = QNetworkRequest.Attribute


class Watching(Protocol):
    """Who is told."""

    def begin(self, board: Board) -> None:
        """Take the board of a new connection."""
        ...

    def take(self, board: Board) -> None:
        """Take the board as it was asked for in between."""
        ...

    def hear(self, said: Happened | Alive) -> None:
        """Take what happened."""
        ...

    def lose(self, trouble: Trouble) -> None:
        """Take in why nothing is heard now; it is tried again."""
        ...

    def go_offline(self) -> None:
        """Take in that nothing was heard for so long that what is shown is old; may be told again and again."""
        ...


class CannotFollow(OpenTellerError):
    """TLS cannot be spoken as it was asked for."""


class Follower(QObject):
    """Feeds one who watches; whoever has it calls `tick` several times a second. Nothing happens before `start`.

    Raises (in the constructor):
        CannotFollow: there is no TLS here, or no certificate in the file.
        OSError: the file cannot be read.
    """

    def __init__(self, queue: QueuePlace, watching: Watching, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self._watching = watching
        self._listener = Listener(clock, LOOK_APART_S)
        self._network = QNetworkAccessManager(self)
        self._trust = _trust(queue)
        self._is_open = False
        self._asked: QNetworkReply | None = None
        self._stream: QNetworkReply | None = None
        self._trouble: Trouble | None = None

    def start(self) -> None:
        """Begin."""
        self._is_open = True
        self._listener.begin()
        self._ask()

    def restart(self) -> None:
        """Hang up, and begin again with the board."""
        self._hang_up()
        self.start()

    def close(self) -> None:
        """Hang up."""
        self._hang_up()
        self._is_open = False

    def tick(self) -> None:
        """Do what is due: begin again, give up a queue that is silent, ask for the board, say that it is offline."""
        if not self._is_open:
            return
        if self._asked is None and self._stream is None:
            if self._listener.may_begin:
                self.start()
        elif self._listener.is_silent:
            self._lose(Trouble.SILENT, "it says nothing")
        elif self._asked is None and self._listener.look_in_s <= 0:
            self._ask()
        if self._listener.is_offline:
            self._watching.go_offline()

    # -- the board ---------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        self._listener.look()
        reply = self._asked = self._get("/v1/board")
        reply.readyRead.connect(self._measure)
        reply.finished.connect(self._take_board)

    def _measure(self) -> None:
        if self._asked is not None and self._asked.bytesAvailable() > _MOST_BODY:
            self._lose(Trouble.NO_QUEUE, f"GET /v1/board: more than {_MOST_BODY} bytes")

    def _take_board(self) -> None:
        reply, self._asked = self._asked, None
        if reply is None:
            return
        reply.deleteLater()
        if _status(reply) != 200:
            self._lose(*_what_is_wrong(reply))
            return
        try:
            board = read_board(reply.readAll().data())
        except NotUnderstood as error:
            self._lose(Trouble.NO_QUEUE, str(error))
            return
        self._listener.see(board)
        if self._stream is None:
            self._watching.begin(board)
            self._follow(board)
        else:
            self._watching.take(board)

    # -- the events --------------------------------------------------------------------------------------------

    def _follow(self, board: Board) -> None:
        reply = self._stream = self._get("/v1/events", b"Last-Event-ID", self._listener.follow(board).encode())
        reply.readyRead.connect(self._read)
        reply.finished.connect(self._end)

    def _read(self) -> None:
        reply = self._stream
        if reply is None:
            return
        if _status(reply) != 200:
            self._lose(*_what_is_wrong(reply))  # at once: what follows may have no end
            return
        kind = reply.header(QNetworkRequest.KnownHeaders.ContentTypeHeader)
        if not str(kind).startswith(MEDIA_TYPE):
            self._lose(Trouble.NO_QUEUE, f"GET /v1/events: {kind!s:.40} is no event stream")
            return
        try:
            for said in self._listener.hear(reply.readAll().data()):
                self._hear(said)
        except BrokenStream as error:
            self._lose(Trouble.NO_QUEUE, f"GET /v1/events: {error}")
        except Gap as gap:
            self._lose(Trouble.SILENT, f"GET /v1/events: {gap}")

    def _hear(self, said: Happened | Alive) -> None:
        if self._trouble is not None:
            self._trouble = None
            _log.warning("%s: heard again", self._queue.url)
        self._watching.hear(said)
        if isinstance(said, Happened):
            self.tick()

    def _end(self) -> None:
        reply = self._stream
        if reply is not None:
            self._lose(*((Trouble.SILENT, "it hung up") if _status(reply) == 200 else _what_is_wrong(reply)))

    # -- the connection ----------------------------------------------------------------------------------------

    def _get(self, path: str, header: bytes = b"", value: bytes = b"") -> QNetworkReply:
        request = QNetworkRequest(QUrl(self._queue.url + path))
        request.setRawHeader(QByteArray(b"Authorization"), QByteArray(f"Bearer {self._queue.token}".encode()))
        request.setRawHeader(QByteArray(b"Accept-Encoding"), QByteArray(b"identity"))  # nothing to wait for
        if header:
            request.setRawHeader(QByteArray(header), QByteArray(value))
        # The token is for this queue only, wherever it redirects to.
        request.setAttribute(_Attribute.RedirectPolicyAttribute, QNetworkRequest.RedirectPolicy.ManualRedirectPolicy)
        request.setAttribute(_Attribute.CacheLoadControlAttribute, QNetworkRequest.CacheLoadControl.AlwaysNetwork)
        request.setAttribute(_Attribute.Http2AllowedAttribute, False)
        if self._trust is not None:
            request.setSslConfiguration(self._trust)
        reply = self._network.get(request)
        assert reply is not None  # noqa: S101  (the stubs allow None, Qt does not)
        return reply

    def _lose(self, trouble: Trouble, detail: str) -> None:
        """Hang up, say so, and begin again after a while."""
        self._hang_up()
        self._listener.lose()
        if trouble is not self._trouble:
            self._trouble = trouble
            _log.warning("%s: %s", self._queue.url, detail)
        self._watching.lose(trouble)

    def _hang_up(self) -> None:
        replies = (self._asked, self._stream)
        self._asked = self._stream = None
        for reply in replies:
            if reply is not None:
                reply.abort()
                reply.deleteLater()


def _status(reply: QNetworkReply) -> int | None:
    """Return the HTTP status, None where no answer came."""
    status = reply.attribute(_Attribute.HttpStatusCodeAttribute)
    return status if isinstance(status, int) else None


def _what_is_wrong(reply: QNetworkReply) -> tuple[Trouble, str]:
    status = _status(reply)
    match status:
        case 401 | 403:
            return Trouble.TOKEN, f"the token is refused (HTTP {status})"
        case 429 | 503:
            return Trouble.BUSY, f"it is busy (HTTP {status})"
        case None if reply.error() is _Error.SslHandshakeFailedError:
            return Trouble.UNTRUSTED, f"TLS: {reply.errorString()}"
        case None:
            return Trouble.UNREACHED, reply.errorString()
        case _:
            return Trouble.NO_QUEUE, f"HTTP {status}: no branch queue"


def _trust(queue: QueuePlace) -> QSslConfiguration | None:
    """Return whom TLS trusts: with a file, those in it alone."""
    if queue.url.startswith("https:") and not QSslSocket.supportsSsl():
        raise CannotFollow("https needs OpenSSL 3, which was not found; on Debian: apt-get install libssl3")
    if queue.ca is None:
        return None
    certificates = QSslCertificate.fromData(QByteArray(queue.ca.read_bytes()))
    if not certificates:
        raise CannotFollow(f"{queue.ca}: holds no certificate (PEM)")
    trust = QSslConfiguration.defaultConfiguration()
    trust.setCaCertificates(certificates)
    return trust
