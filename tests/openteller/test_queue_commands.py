"""`openteller queue what-if` as a manager types it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from openteller.queue_commands import app
from openteller.queue_policy import DEFAULT_DAY


def run(*arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(app, ["what-if", *arguments], env={"COLUMNS": "160"})
    return ended.exit_code, ended.output


def test_it_says_which_number_of_windows_is_enough_and_shows_why() -> None:
    code, output = run("--windows", "5..14", "--runs", "2")
    assert code == 0, output
    assert "windows call 90% of every service and class within its target." in output
    assert "█" in output
    assert "p95" in output


def test_it_says_that_none_is_enough() -> None:
    code, output = run("--windows", "3", "--runs", "1")
    assert code == 1
    assert "none of 3 windows calls 90% of every service and class within its target" in output


def test_windows_from_many_to_few_are_refused() -> None:
    code, output = run("--windows", "8..4")
    assert code == 1
    assert "--windows 8..4: must be from few to many, like 4..8" in output


@pytest.mark.parametrize("windows", ["0", "four", "4..", "4-8"])
def test_windows_that_are_no_number_are_refused(windows: str) -> None:
    code, output = run("--windows", windows)
    assert code == 1
    assert f"--windows {windows}: must be a number of windows" in output


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('service = "corporate"', 'service = "gold"', 'coming.item 5.service: the policy has no service "gold"'),
        ('customer_class = "vip"', 'customer_class = "king"', 'the policy has no customer_class "king"'),
        (
            "first_hour = 9",
            "first_hour = 20",
            "coming.item 1.per_hour: has 8 hours; from 20:00 that",
        ),
    ],
)
def test_a_day_that_does_not_fit_the_policy_is_told_by_line(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    path = tmp_path / "day.toml"
    path.write_text(DEFAULT_DAY.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    code, output = run("--day", str(path))
    assert code == 1
    assert complaint in output
