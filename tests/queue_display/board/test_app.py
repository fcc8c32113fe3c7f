"""The board put together: it outlives its own errors, and says what it cannot begin with."""

import sys
from pathlib import Path

import pytest

from queue_display.board.app import start, survive_errors
from queue_display.board.follower import CannotFollow
from queue_display.listening.place import QueuePlace
from tests.clocks import SetClock
from tests.queue_display.board.fake_queue import FakeQueue, board_answer
from tests.queue_display.board.samples import IGNORED_QT_MESSAGES, LANDSCAPE, OPENED, PATIENCE_MS, board

pytestmark = [pytest.mark.usefixtures("qapp"), pytest.mark.qt_log_ignore(*IGNORED_QT_MESSAGES)]


def test_an_error_of_its_own_makes_it_begin_again(
    qtbot: object, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back in the end
    queue = FakeQueue(board_answer(board()))
    running = start(QueuePlace(queue.url, "secret"), SetClock(OPENED), size=LANDSCAPE)
    survive_errors(running)
    qtbot.waitUntil(lambda: len(queue.streams) == 1, timeout=PATIENCE_MS)  # type: ignore[attr-defined]
    error = ValueError("a mistake of the program")
    sys.excepthook(ValueError, error, None)
    qtbot.waitUntil(lambda: len(queue.streams) == 2, timeout=PATIENCE_MS)  # type: ignore[attr-defined]
    assert "an error in the board" in caplog.text
    assert running.model.newest.ticket == "A031"
    running.close()
    queue.close()


def test_a_file_without_a_certificate_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate", encoding="utf-8")
    with pytest.raises(CannotFollow, match=r"ca\.pem: holds no certificate"):
        start(QueuePlace("https://queue.branch", "secret", file), SetClock(OPENED), size=LANDSCAPE)
    with pytest.raises(FileNotFoundError):
        start(QueuePlace("https://queue.branch", "secret", tmp_path / "nowhere"), SetClock(OPENED), size=LANDSCAPE)


def test_without_tls_https_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queue_display.board.follower.QSslSocket.supportsSsl", lambda: False)
    with pytest.raises(CannotFollow, match="needs OpenSSL 3"):
        start(QueuePlace("https://queue.branch", "secret"), SetClock(OPENED), size=LANDSCAPE)
