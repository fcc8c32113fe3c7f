"""The whole: a branch's queue as a process, and its board, offscreen, with a clock that the test sets."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from PyQt6.QtTest import QTest

from benchmarks.queue_clients import Served, served
from device_sim.kept_port import KeptPort
from openteller.demo_certificates import make_demo_certificates
from queue_display.board.app import LobbyBoard, start
from queue_display.listening.listener import LONGEST_RETRY_S, SILENCE_S
from queue_display.listening.place import QueuePlace
from tests.clocks import SetClock
from tests.patience import PATIENCE_S

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("qapp"),
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]


def did(queue: Served, role: str, path: str, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {queue.tokens[role]}"}
    url = f"http://127.0.0.1:{queue.port}{path}"
    answer = httpx.post(url, json=body or {}, headers=headers, trust_env=False, timeout=PATIENCE_S)
    assert answer.is_success, answer.text
    return answer.json()


def take_ticket(queue: Served) -> None:
    did(queue, "customer", "/v1/tickets", {"services": ["simple"], "customer_class": "ordinary"})


def call_next(queue: Served, window: str = "3") -> str:
    take_ticket(queue)
    called: str = did(queue, "teller", f"/v1/windows/{window}/call-next")["ticket"]["ticket"]
    did(queue, "teller", f"/v1/windows/{window}/start")
    return called


def until(condition: Callable[[], bool]) -> None:
    for _ in range(6000):
        if condition():
            return
        QTest.qWait(5)
    raise AssertionError


def shown(board: LobbyBoard) -> list[str]:
    return [row.ticket for row in (board.model.newest, *board.model.rows) if row.there]


def test_calls_are_shown_and_those_missed_while_the_queue_was_gone_appear(tmp_path: Path) -> None:
    clock = SetClock(datetime(2026, 11, 23, 9, tzinfo=UTC))
    with KeptPort() as port:
        with served(tmp_path, "--port", str(port.number)) as queue:
            token = queue.tokens["display"]
            board = start(QueuePlace(f"http://127.0.0.1:{port.number}", token), clock, size=(1920, 1080))
            until(lambda: not board.model.connecting)
            assert not board.model.newest.there
            did(queue, "teller", "/v1/windows/3/sign-in", {"teller": "1001"})
            assert call_next(queue) == "A001"
            until(lambda: shown(board) == ["A001"])
            assert board.model.newest.lit
            assert board.screen.find("newest_window").property("text") == "3"
            take_ticket(queue)
            clock.sleep(1)
            until(lambda: board.model.services[0]["waiting"] == "1")
        clock.sleep(SILENCE_S)
        until(lambda: board.model.offline)
        assert board.screen.find("offline").isVisible()
        with served(tmp_path, "--port", str(port.number)) as queue:
            assert token == queue.tokens["display"]
            missed = [call_next(queue) for _ in range(3)]
            clock.sleep(LONGEST_RETRY_S)
            until(lambda: not board.model.offline)
            assert shown(board) == [*reversed(missed), "A001"]
            last = call_next(queue)
            until(lambda: board.model.newest.ticket == last)
    board.close()


def test_by_tls_it_trusts_whom_it_was_told_to_trust(tmp_path: Path) -> None:
    clock = SetClock(datetime(2026, 11, 23, 9, tzinfo=UTC))
    made = make_demo_certificates(tmp_path / "certificates", datetime.now(UTC))
    options = ("--certificate", str(made.server_certificate), "--key", str(made.server_key))
    with served(tmp_path / "queue", *options) as queue:
        url, token = f"https://127.0.0.1:{queue.port}", queue.tokens["display"]
        stranger = start(QueuePlace(url, token), clock, size=(1920, 1080))
        until(lambda: "certificate" in stranger.model.trouble_en)
        stranger.close()
        board = start(QueuePlace(url, token, made.ca), clock, size=(1920, 1080))
        until(lambda: not board.model.connecting)
        board.close()
