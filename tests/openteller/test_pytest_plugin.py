"""The pytest plugin in suites of other people, each run by a pytest of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from kiosk_core.trace import What, parse_trace

ROOT = Path(__file__).parents[2]
FOREIGN = ROOT / "docs" / "examples" / "foreign-project"
PLUGIN = "openteller.pytest_plugin"


def run_pytest(
    folder: Path, *words: str, plugins: tuple[str, ...] = (PLUGIN,), path: tuple[Path, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run the suite in `folder` with `plugins` and no others, as if our packages were installed."""
    environment: Mapping[str, str] = os.environ | {
        "PYTHONPATH": os.pathsep.join(str(each) for each in (*path, ROOT)),
        "COLUMNS": "120",
        "PY_COLORS": "0",
    }
    environment = {name: value for name, value in environment.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
    if plugins:
        environment = {**environment, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        command += [word for plugin in plugins for word in ("-p", plugin)]
    return subprocess.run([*command, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)


def suite(folder: Path, text: str, settings: str = "") -> Path:
    (folder / "pytest.ini").write_text(f"[pytest]\n{settings}\n")
    (folder / "test_theirs.py").write_text(text)
    return folder


def last_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.stdout, result.stderr
    return result.stdout.splitlines()[-1].split(" in ")[0]


# -- the example of docs/ci.md -------------------------------------------------------------------------------------


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOREIGN, tmp_path / "foreign", ignore=shutil.ignore_patterns("__pycache__")))


@pytest.mark.slow
def test_the_foreign_project_passes(foreign: Path) -> None:
    result = run_pytest(foreign)
    assert last_line(result) == "6 passed", result.stdout


def test_a_bug_in_the_foreign_driver_is_shown_with_what_passed_on_the_wire(foreign: Path) -> None:
    driver = foreign / "tiny_printer.py"
    text = driver.read_text()
    assert r"\x1dr\x01" in text
    driver.write_text(text.replace(r"\x1dr\x01", r"\x1dr\x07"))  # GS r 7: no printer answers that
    result = run_pytest(foreign, "--openteller-traces=traces", "-k", "test_prints_a_receipt")
    assert last_line(result) == "1 failed, 5 deselected"
    _, _, section = result.stdout.partition("openteller trace: receipt_printer ---")
    lines = [line for line in section.splitlines() if line.startswith("{")]
    trace = parse_trace(lines)
    assert trace.records[0].what is What.OUT
    assert b"\x1dr\x07" in trace.records[0].octets.data
    (file,) = (foreign / "traces").iterdir()
    assert file.name == "tests_test_tiny_printer.py_test_prints_a_receipt.receipt_printer.jsonl"
    assert parse_trace(file.read_text().splitlines()) == trace


def test_the_workflow_installs_what_the_example_needs() -> None:
    project = tomllib.loads((FOREIGN / "pyproject.toml").read_text())
    workflow = (FOREIGN / ".github" / "workflows" / "test.yml").read_text()
    assert "pip install ./openteller '.[test]'" in workflow
    assert "--openteller-traces=traces" in workflow
    assert list(project["project"]["optional-dependencies"]) == ["test"]


def test_the_page_names_every_fixture_and_shows_the_workflow_as_it_is() -> None:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    source = (ROOT / "openteller" / "pytest_plugin.py").read_text(encoding="utf-8")
    fixtures = set(re.findall(r"@pytest\.fixture\ndef (openteller_\w+)", source))
    assert set(re.findall(r"^\| `(openteller_\w+)` \|", page, re.MULTILINE)) == fixtures
    short = set(re.findall(r"    @pytest\.fixture\n    def (\w+)", source))
    sentence = page.partition("openteller_short_names = true`")[2].partition("They are not")[0]
    assert set(re.findall(r"`(\w+)`", sentence)) == short
    workflow = (FOREIGN / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    lines = [line.split("  #")[0].strip() for line in workflow.splitlines()]
    shown = page.partition("```yaml\n")[2].partition("```")[0].splitlines()
    assert shown
    assert [line for line in shown if line.split("  #")[0].strip() not in lines] == []


# -- what it does to suites that do not use it ----------------------------------------------------------------------


def test_a_suite_that_does_not_use_it_sees_nothing_of_it(tmp_path: Path) -> None:
    theirs = """
import sys
import pytest

@pytest.fixture
def terminal():
    return "theirs"

@pytest.fixture
def printer(terminal):
    return terminal

@pytest.mark.fault
def test_their_marker_and_fixtures_are_theirs(printer):
    assert printer == "theirs"

@pytest.mark.fault(7, nothing="ours")
def test_their_marker_has_their_arguments(tmp_path, monkeypatch, capsys):
    pass

def test_nothing_was_imported():
    ours = {"device_sim", "drivers", "kiosk_ui", "wire", "kiosk_core", "journal", "host_link"}
    heavy = {"PyQt6", "serial", "usb", "pydantic", "numpy", "cv2", "PIL", "cryptography", "typer"}
    assert not {name.split(".")[0] for name in sys.modules} & (ours | heavy)
    assert {name for name in sys.modules if name.split(".")[0] == "openteller"} == {
        "openteller", "openteller.pytest_plugin"
    }

def test_fails():
    assert False
"""
    result = run_pytest(suite(tmp_path, theirs, "addopts = --strict-markers --strict-config"))
    assert last_line(result) == "1 failed, 3 passed"
    assert "openteller trace" not in result.stdout


def test_short_names_are_there_only_where_they_are_wanted(tmp_path: Path) -> None:
    asks = "def test_asks(terminal, printer, card_reader, id_card_reader, barcode_scanner, pin_pad): pass\n"
    result = run_pytest(suite(tmp_path, asks))
    assert last_line(result) == "1 error"
    assert "fixture 'terminal' not found" in result.stdout
    result = run_pytest(suite(tmp_path, asks, "openteller_short_names = true"))
    assert last_line(result) == "1 passed", result.stdout


def test_their_own_fixture_goes_before_a_short_name(tmp_path: Path) -> None:
    text = """
import pytest

@pytest.fixture
def printer():
    return "theirs"

def test_theirs(printer):
    assert printer == "theirs"
"""
    assert last_line(run_pytest(suite(tmp_path, text, "openteller_short_names = true"))) == "1 passed"


def test_it_is_loaded_by_its_entry_point_and_can_be_switched_off(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"openteller": PLUGIN}
    installed = tmp_path / "site" / "ours-1.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: ours\nVersion: 1\n")
    (installed / "entry_points.txt").write_text(f"[pytest11]\nopenteller = {PLUGIN}\n")
    text = "def test_has_it(pytestconfig): assert pytestconfig.pluginmanager.hasplugin('openteller')\n"
    folder = suite(tmp_path, text)
    alone = ("-p", "no:randomly", "-p", "no:xdist", "-p", "no:pytest-qt", "-p", "no:hypothesispytest")
    assert last_line(run_pytest(folder, *alone, plugins=(), path=(tmp_path / "site",))) == "1 passed"
    off = run_pytest(folder, *alone, "-p", "no:openteller", plugins=(), path=(tmp_path / "site",))
    assert last_line(off) == "1 failed"


# -- markers --------------------------------------------------------------------------------------------------------


def test_faults_that_cannot_be_are_told_and_the_others_strike(tmp_path: Path) -> None:
    text = """
import pytest

@pytest.mark.fault("receipt_printer", "paper_out")
@pytest.mark.fault("receipt_printer", "drop", times=None, chance=0.5, towards="device")
def test_strikes(openteller_printer):
    assert set(openteller_printer.unit.active) == {"paper_out", "drop"}

@pytest.mark.fault("receipt_printer", "coffee")
def test_no_such_fault(openteller_printer): pass

@pytest.mark.fault("printer", "paper_out")
def test_no_such_device(openteller_printer): pass

@pytest.mark.fault("paper_out")
def test_no_device(openteller_printer): pass

@pytest.mark.fault("card_reader", "jam")
class TestAll:
    def test_has_it(self, openteller_card_reader):
        assert openteller_card_reader.unit.active == ("jam",)

    def test_has_it_too(self, openteller_crt310):
        assert openteller_crt310.unit.active == ("jam",)

def test_the_next_one_has_none(openteller_printer):
    assert openteller_printer.unit.active == ()
"""
    result = run_pytest(suite(tmp_path, text))
    assert last_line(result) == "4 passed, 3 errors", result.stdout
    assert "fault('receipt_printer', 'coffee'): receipt_printer knows no fault 'coffee'; there are " in result.stdout
    assert "fault('printer', 'paper_out'): this test has no such device; there are receipt_printer" in result.stdout
    assert "pytest.mark.fault takes a device and a fault, not ('paper_out',)" in result.stdout


def test_the_trace_of_a_failure_is_masked_and_has_an_end(tmp_path: Path) -> None:
    text = """
import serial

def test_fails(openteller_printer):
    with serial.Serial(openteller_printer.port, timeout=5) as port:
        for _ in range(150):
            port.write(b"\\x10\\x04\\x01")
            assert len(port.read(1)) == 1
        port.write(b"card 6222021234567890123 paid")
        port.write(b"\\x10\\x04\\x01")
        port.read(1)
    assert False
"""
    result = run_pytest(suite(tmp_path, text))
    assert last_line(result) == "1 failed"
    _, _, section = result.stdout.partition("openteller trace: receipt_printer ---")
    lines = [line for line in section.splitlines() if line.startswith("{")]
    trace = parse_trace(lines)
    assert len(trace.records) == 100
    assert trace.records[-1].sequence > 300
    assert b"6222021234567890123" not in b"".join(record.octets.data for record in trace.records)
    assert b" paid" in b"".join(record.octets.data for record in trace.records)
    assert json.loads(lines[0])["family"] == "escpos"


def test_a_whole_terminal_and_a_camera_are_fixtures_too(tmp_path: Path) -> None:
    text = """
import urllib.request
import pytest

@pytest.mark.fault("top_up_module", "unplug")
def test_terminal(openteller_terminal):
    assert openteller_terminal.state["faults"]["top_up_module"] == ["unplug"]
    openteller_terminal.do("mend")
    assert openteller_terminal.do("place_card", card="transit") == {}
    assert openteller_terminal.kiosk_toml.exists()

def test_camera(openteller_camera):
    with urllib.request.urlopen(openteller_camera.url, timeout=5) as stream:
        assert stream.read(10)

def test_usb(openteller_usb_printer, openteller_contactless_reader):
    import usb.core
    found = {(each.idVendor, each.idProduct) for each in usb.core.find(find_all=True)}
    assert found == {(0x04B8, 0x0E15), (0x1209, 0x0001)}
"""
    result = run_pytest(suite(tmp_path, text))
    assert last_line(result) == "3 passed", result.stdout
