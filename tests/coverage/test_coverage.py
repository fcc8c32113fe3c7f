"""The inventories are whole, every gap has a reason, and what the installed file says is what is measured now."""

import json

import pytest
from typer.testing import CliRunner, Result

from openteller import protocol_coverage, sim_commands
from openteller.protocol_coverage import Column, Coverage, Line, coverage, devices, inventory, measured
from tests.coverage import measure

DEVICES = ["ccid", "crt-288k", "crt-310", "crt-591", "escpos", "pp791", "scanner", "sdt"]


def run(*words: str) -> Result:
    return CliRunner().invoke(sim_commands.app, ["coverage", *words], env={"COLUMNS": "80", "NO_COLOR": "1"})


def test_every_device_of_the_driver_layer_has_an_inventory() -> None:
    assert devices() == DEVICES


@pytest.mark.parametrize("device", DEVICES)
def test_the_measured_file_has_exactly_the_codes_of_the_inventory(device: str) -> None:
    assert list(measured()[device]) == [entry.code for entry in inventory(device)[2]]


@pytest.mark.parametrize("device", DEVICES)
def test_nothing_is_missing_without_a_reason(device: str) -> None:
    lines = coverage(device, measured()).lines
    assert [line.entry.code for line in lines if line.unexplained] == []


@pytest.mark.parametrize("device", DEVICES)
def test_no_gap_has_a_reason_that_is_there_no_more(device: str) -> None:
    """Take the code out of its [[gap]]: somebody has closed it."""
    lines = coverage(device, measured()).lines
    assert [line.entry.code for line in lines if line.outdated] == []


@pytest.mark.parametrize("device", DEVICES)
def test_no_pattern_fits_everything(device: str) -> None:
    """An entry whose pattern fits any message would always be covered."""
    anything = (">", "<", ">ff", "<ff", "control ", ">00112233445566778899", "<00112233445566778899")
    assert [entry.code for entry in inventory(device)[2] if any(map(entry.match.match, anything))] == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_measured_file_is_what_is_measured_now() -> None:
    """`python -m tests.coverage.measure` writes it anew."""
    assert measure.measure() == measured()


# -- the command --------------------------------------------------------------------------------------------------


def test_lists_a_device_in_eighty_columns() -> None:
    result = run("crt-591")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.split() == ["31", "30", "status", "yes", "yes", "yes"] for line in lines)
    assert any(line.split()[:3] == ["50", "31", "card"] and "gap" in line for line in lines)


def test_ends_with_the_totals_of_all_devices() -> None:
    result = run()
    assert result.exit_code == 0
    totals = result.stdout.splitlines()[-len(DEVICES) :]
    assert [line.split()[0] for line in totals] == DEVICES
    assert all(line.split()[-1] == "0" for line in totals)


def test_gaps_are_listed_with_their_reasons_alone() -> None:
    result = run("sdt", "--gaps")
    assert result.exit_code == 0
    assert "not driven: 30 10\n    fingerprints serve no journey" in result.stdout
    assert "20 01" not in result.stdout
    assert "no gaps" in run("scanner", "--gaps").stdout


def test_json_has_every_entry() -> None:
    [sdt] = json.loads(run("sdt", "--json").stdout)
    assert (sdt["device"], sdt["entries"]) == ("sdt", len(sdt["lines"]))
    assert sdt["lines"][0] == {
        "kind": "command",
        "where": "4",
        "code": "10 FF",
        "name": "restart the module",
        "simulated": True,
        "driven": True,
        "tested": True,
        "gaps": {},
    }


def test_an_unknown_device_is_told_with_those_that_there_are() -> None:
    result = run("crt-999")
    assert result.exit_code == 1
    assert "there is no device crt-999; there are ccid" in result.stderr


def test_what_is_missing_without_a_reason_is_shown_and_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {**measured(), "sdt": {**measured()["sdt"], "20 01": ["tested"]}}
    monkeypatch.setattr("openteller.coverage_commands.measured", lambda: found)
    result = run("sdt")
    assert result.exit_code == 1
    assert any(
        line.split() == ["20", "01", "find", "a", "card", "NO", "NO", "yes"] for line in result.stdout.splitlines()
    )
    assert "not simulated, driven: 20 01\n    no reason is given" in run("sdt", "--gaps").stdout


# -- the inventory --------------------------------------------------------------------------------------------------


def test_patterns_are_filled_by_code_or_name() -> None:
    fill = protocol_coverage._filled
    assert fill(">43{hex}", "30 3A", "x") == ">43303a"
    assert fill("<4e....{ascii}", "e A0", "x") == "<4e....4130"
    assert fill("<3130{last}", "S1 4A", "x") == "<31304a"
    assert fill(">{spelt}", "ESC c 3", "x") == ">1b6333"
    assert fill("<track {name}", "P", "BLANK") == "<track BLANK$"


def test_a_line_knows_what_is_missing_and_what_is_outdated() -> None:
    entry = next(entry for entry in inventory("sdt")[2] if Column.DRIVEN in entry.gaps)
    assert Line(entry, frozenset({Column.TESTED})).unexplained == [Column.SIMULATED]
    whole = Line(entry, frozenset(Column))
    assert (whole.unexplained, whole.outdated) == ([], [Column.DRIVEN])
    assert Coverage("x", "x", "x", (whole,)).count(Column.DRIVEN) == 1
