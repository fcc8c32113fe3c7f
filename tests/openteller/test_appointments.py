"""The file of the day's appointments, right and wrong, and while it changes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk_core.branch_queue import Appointment
from kiosk_core.errors import ConfigError
from openteller.appointments import AppointmentList, load_appointments
from tests.clocks import SetClock

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HEAD = "code,service,slot,customer_class\n"
TODAY = "123456,complex,2026-11-22 10:30,\n"
SLOT = int(datetime(2026, 11, 22, 10, 30, tzinfo=UTC).timestamp())


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "appointments.csv"
    path.write_text(HEAD + TODAY + "234567,simple,2026-11-22 11:00,vip\n345678,simple,2026-11-23 09:00,\n")
    return path


def test_a_code_of_today_is_found_with_its_service_slot_and_class(path: Path, clock: SetClock) -> None:
    found = AppointmentList(path, clock)
    assert found.find("123456") == Appointment("complex", SLOT)
    assert found.find("234567") == Appointment("simple", SLOT + 1800, "vip")


def test_a_code_of_another_day_or_of_nobody_is_none(path: Path, clock: SetClock) -> None:
    found = AppointmentList(path, clock)
    assert [found.find(code) for code in ("345678", "999999", "", "12345", "１２３４５６")] == [None] * 5


def test_a_file_that_changes_is_read_again(path: Path, clock: SetClock) -> None:
    found = AppointmentList(path, clock)
    assert found.find("456789") is None
    path.write_text(HEAD + "456789,simple,2026-11-22 12:00,\n")
    assert found.find("456789") is not None
    assert found.find("123456") is None


def test_while_the_file_is_wrong_or_gone_what_was_right_stands(
    path: Path, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    found = AppointmentList(path, clock)
    assert found.find("123456") is not None
    path.write_text(HEAD + "nonsense")
    assert found.find("123456") is not None
    assert "the appointments stay as they were" in caplog.text
    path.unlink()
    assert found.find("123456") is not None


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "the first line must be code,service,slot,customer_class"),
        ("code;service\n", 1, "the first line must be"),
        (HEAD + TODAY + TODAY, 3, "is not 6 digits, or was there before"),
        (HEAD + "12345,simple,2026-11-22 10:30,\n", 2, "is not 6 digits"),
        (HEAD + "１２３４５６,simple,2026-11-22 10:30,\n", 2, "is not 6 digits"),
        (HEAD + "123456,,2026-11-22 10:30,\n", 2, "is missing"),
        (HEAD + "123456,simple,10:30,\n", 2, '"10:30" is not YYYY-MM-DD HH:MM'),
        (HEAD + "123456,simple\n", 2, '"" is not YYYY-MM-DD HH:MM'),
    ],
)
def test_what_is_wrong_is_named_by_its_line(path: Path, clock: SetClock, text: str, line: int, problem: str) -> None:
    path.write_text(text)
    with pytest.raises(ConfigError) as refused:
        load_appointments(path, clock)
    assert refused.value.line == line
    assert problem in refused.value.problem


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", HEAD.encode() + b"123456,\x00,2026-11-22 10:30,\n"])
def test_a_file_that_is_no_text_is_refused(path: Path, clock: SetClock, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(ConfigError):
        load_appointments(path, clock)
