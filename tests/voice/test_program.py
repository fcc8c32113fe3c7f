"""A program that fails, hangs or is hushed holds nobody up."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.clocks import RealClock
from tests.patience import PATIENCE_S
from tests.voice.programs import until_written, write_program
from voice.program import run_program
from voice.unavailable import Hushed, VoiceUnavailable


def run(program: str, data: bytes = b"", limit_s: float = PATIENCE_S, hush: threading.Event | None = None) -> bytes:
    return run_program((program,), data, limit_s, RealClock(), hush or threading.Event())


def test_a_program_is_given_its_input_and_its_output_is_returned(tmp_path: Path) -> None:
    # More than a pipe holds, and longer than the first look at it takes.
    data = b"x" * 300_000
    assert run(write_program(tmp_path, "sleep 0.2; exec cat"), data) == data


def test_a_program_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    program = write_program(tmp_path, "echo first >&2; echo no such card >&2; exit 3")
    with pytest.raises(VoiceUnavailable, match=r"failed \(3\): no such card$"):
        run(program)


def test_a_program_that_fails_without_a_word_is_told_too(tmp_path: Path) -> None:
    with pytest.raises(VoiceUnavailable, match="does not say why"):
        run(write_program(tmp_path, "exit 1"))


def test_the_package_of_a_program_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(VoiceUnavailable, match="aplay is not installed; Debian has it in alsa-utils"):
        run("aplay")


def test_a_program_that_may_not_be_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(VoiceUnavailable, match="cannot be run: Permission denied"):
        run(str(tmp_path))


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(VoiceUnavailable, match="hangs"):
        run(write_program(tmp_path, "exec sleep 250"), limit_s=0.1)


def test_a_program_that_does_not_read_its_input_can_end_well(tmp_path: Path) -> None:
    assert run(write_program(tmp_path, "echo said"), b"x" * 300_000) == b"said\n"


def test_a_program_that_is_hushed_is_gone(tmp_path: Path) -> None:
    said = tmp_path / "pid"
    program = write_program(tmp_path, f"echo $$ > {said}; exec sleep 250")
    hush = threading.Event()

    def hush_it() -> str:
        try:
            return until_written(said)
        finally:
            hush.set()

    with ThreadPoolExecutor(1) as beside:
        pid = beside.submit(hush_it)
        with pytest.raises(Hushed):
            run(program, hush=hush)
    assert not Path(f"/proc/{pid.result()}").exists()


def test_what_is_hushed_before_it_begins_does_not_begin(tmp_path: Path) -> None:
    hush = threading.Event()
    hush.set()
    with pytest.raises(Hushed):
        run(write_program(tmp_path, f"touch {tmp_path}/began"), hush=hush)
    assert not (tmp_path / "began").exists()
