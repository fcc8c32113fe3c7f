"""`openteller board` as whoever sets it up sees it."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.queue_clients import ROOT, served
from openteller.board_commands import app
from tests.patience import PATIENCE_S

TOKEN = "Zm9yIHRoZSBsb2JieQ"


def refused(tmp_path: Path, *words: str, token: bytes = TOKEN.encode() + b"\n") -> str:
    file = tmp_path / "lobby.token"
    file.write_bytes(token)
    ended = CliRunner().invoke(app, [*words, "--token-file", str(file)])
    assert ended.exit_code == 1, ended.output
    return ended.stderr.replace("\n", "")


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8640",
        "ftp://queue.branch",
        "http://",
        "http://queue.branch:x",
        "http://queue.branch:0",
        "http://queue.branch:8640/v1/board",
        "http://queue.branch:8640/?token=1",
        "http://display:secret@queue.branch:8640",
    ],
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    assert refused(tmp_path, url) == f"{url}: must be like http://HOST:8640 or https://HOST:8640"


@pytest.mark.parametrize(
    "token", [b"", b"\n", b"display abc\n", b"one\ntwo\n", b"\xff\xfe", b"x" * 5000, "令牌".encode()]
)
def test_a_file_that_holds_no_token_is_refused(tmp_path: Path, token: bytes) -> None:
    said = refused(tmp_path, "http://queue.branch:8640", token=token)
    assert "must hold one token and nothing else, as printed by: openteller queue token add display NAME" in said


def test_other_mistakes_are_named(tmp_path: Path) -> None:
    url = "http://queue.branch:8640"
    assert "--size 12x12: must be WIDTHxHEIGHT" in refused(tmp_path, url, "--size", "12x12")
    assert "there is no such folder" in refused(tmp_path, url, "--media", str(tmp_path / "nowhere"))
    ended = CliRunner().invoke(app, [url, "--token-file", str(tmp_path / "nowhere")])
    assert ended.exit_code == 1
    assert "nowhere: No such file or directory" in ended.stderr.replace("\n", "")


def test_a_machine_without_a_display_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert "there is no display here" in refused(tmp_path, "http://queue.branch:8640")


@pytest.mark.slow
def test_a_wrong_token_is_logged_and_the_board_leaves_when_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "openteller", "board"]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    with served(tmp_path / "queue") as queue:
        file = tmp_path / "lobby.token"
        file.write_text("wrong", encoding="utf-8")
        url = f"http://127.0.0.1:{queue.port}"
        with subprocess.Popen(
            [*command, url, "--token-file", str(file)], stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment
        ) as board:
            try:
                assert board.stderr is not None
                assert select.select([board.stderr], [], [], PATIENCE_S)[0]
                line = board.stderr.readline()
                while "token" not in line:
                    line = board.stderr.readline()
                assert "the token is refused" in line
                board.send_signal(signal.SIGTERM)
                assert board.wait(PATIENCE_S) == 0
                assert "Traceback" not in board.stderr.read()
            finally:
                board.kill()
