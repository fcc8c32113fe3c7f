"""`openteller queue what-if` as a manager types it."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from typer.testing import CliRunner

from openteller.queue_commands import app
from openteller.queue_policy import DEFAULT_DAY, DEFAULT_POLICY, load_policy
from queue_display import acts
from queue_display.store import QueueStore
from queue_display.tickets import Channel
from tests.queue_display.logs import Log


def run(*arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(app, ["what-if", *arguments], env={"COLUMNS": "160"})
    return ended.exit_code, ended.output


def test_it_says_which_number_of_windows_is_enough_and_shows_why() -> None:
    code, output = run("--windows", "5..14", "--runs", "2")
    assert code == 0, output
    assert "windows call 90% of every service and class within its target." in output
    assert "█" in output
    assert "at worst" in output


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


def recorded(folder: Path) -> None:
    log = Log(load_policy(DEFAULT_POLICY))
    log.did(acts.SignIn("1", "t1"))
    for _ in range(12):
        log.did(acts.IssueTicket(("simple",), "ordinary", "zh", Channel.KIOSK))
        log.now += 60
    with QueueStore(folder) as store:
        store.append(log.entries)


def test_a_day_as_it_was_is_taken_out_of_the_queues_data(tmp_path: Path) -> None:
    recorded(tmp_path)
    code, output = run("--windows", "1..9", "--runs", "2", "--day-from", str(tmp_path), "--date", "2026-11-23")
    assert code == 0, output
    assert "simple, ordinary" in output
    assert "corporate" not in output  # nobody came for it


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--day-from", "{}", "--date", "2026-11-24"], "2026-11-24 is not in the log: "),
        (["--day-from", "{}"], "--day-from FOLDER and --date YYYY-MM-DD belong together"),
        (["--date", "2026-11-23"], "--day-from FOLDER and --date YYYY-MM-DD belong together"),
        (["--day-from", "{}/nowhere", "--date", "2026-11-23"], "there is no queue in"),
        (["--day-from", "{}", "--date", "yesterday"], "--date yesterday: must be a day like 2026-11-23"),
        (["--plot", "{}/plot.pdf"], "must be a file .svg or .png"),
        (["--plot", "{}/nowhere/plot.svg", "--runs", "1", "--windows", "9"], "No such file"),
    ],
)
def test_what_a_day_or_a_plot_cannot_be_is_told_in_a_sentence(
    tmp_path: Path, options: list[str], complaint: str
) -> None:
    recorded(tmp_path)
    code, output = run(*(option.format(tmp_path) for option in options))
    assert code == 1
    assert complaint in output


def test_a_recorded_day_for_what_the_policy_lacks_names_it(tmp_path: Path) -> None:
    recorded(tmp_path / "data")
    policy = tmp_path / "policy.toml"
    text = DEFAULT_POLICY.read_text(encoding="utf-8").replace("[service.simple]", "[service.easy]")
    policy.write_text(text, encoding="utf-8")
    code, output = run("--policy", str(policy), "--day-from", str(tmp_path / "data"), "--date", "2026-11-23")
    assert code == 1
    assert 'service.simple is missing: tickets of that day are for "simple"' in output


def test_the_plot_has_a_curve_and_a_name_for_each_line(tmp_path: Path) -> None:
    code, output = run("--windows", "6..8", "--runs", "1", "--plot", str(tmp_path / "plot.svg"))
    assert code == 0, output
    drawn = ElementTree.parse(tmp_path / "plot.svg").getroot()
    assert len(drawn.findall("{*}polyline")) == 5
    said = {text.text for text in drawn.findall("{*}text")}
    assert {"6", "7", "8", "100%", "Simple services, Green channel: 2 min"} <= said
    assert any("windows call 90% of every service and class in time." in (text or "") for text in said)
    right = [float(text.attrib["x"]) + 8 * len(text.text or "") for text in drawn.findall("{*}text")]
    assert max(right) < float(drawn.attrib["width"])  # nothing is cut off


def test_the_plot_may_be_a_picture(tmp_path: Path) -> None:
    code, output = run("--windows", "7", "--runs", "1", "--plot", str(tmp_path / "plot.png"))
    assert code == 0, output
    with Image.open(tmp_path / "plot.png") as picture:
        assert picture.size == (2160, 1080)
        assert len(picture.getcolors(1 << 24) or ()) > 20


def test_the_policy_that_comes_with_the_program_is_printed() -> None:
    ended = CliRunner().invoke(app, ["policy"])
    assert ended.exit_code == 0
    assert ended.output == DEFAULT_POLICY.read_text(encoding="utf-8")
