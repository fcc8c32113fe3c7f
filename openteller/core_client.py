"""A technician's command as a client of the core's socket: one question, one answer."""

import socket
from pathlib import Path
from types import TracebackType

from kiosk_core.protocol import MAX_LINE_BYTES, BadMessage, decode_from_core, encode
from kiosk_core.screen_messages import Answer, Hello, Question, ShowPage

_ANSWER_S = 5.0


class CoreSilent(Exception):
    """No core listens there, it hung up, did not answer, or speaks another version; the text says which."""


class CoreClient:
    """A connection to a running core; a context manager. The constructor and `ask` raise CoreSilent."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(_ANSWER_S)
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise CoreSilent(error.strerror or str(error)) from None
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> "CoreClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()
        self._socket.close()

    def ask(self, question: Question, patience_s: float = _ANSWER_S) -> Answer:
        """Return the core's answer; pages that come meanwhile are skipped."""
        try:
            return self._ask(question, patience_s)
        except OSError as error:
            raise CoreSilent(error.strerror or str(error)) from None
        except BadMessage:
            raise CoreSilent("it speaks another version of the core protocol") from None

    def _ask(self, question: Question, patience_s: float) -> Answer:
        self._socket.settimeout(patience_s)
        self._socket.sendall(encode(question))
        while line := self._lines.readline(MAX_LINE_BYTES):
            message = decode_from_core(line)
            if not isinstance(message, Hello | ShowPage):
                return message
        raise CoreSilent("it hung up")
