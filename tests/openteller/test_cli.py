"""The command as a technician types it: wrong words get a sentence, not a traceback."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from kiosk_core.technician_questions import DeviceReport, Devices
from openteller.cli import app
from openteller.demo import write_configuration
from openteller.device_views import device_list, remarks


def openteller(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "openteller", *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def test_help_is_there_for_the_command_itself() -> None:
    ended = openteller("--help")
    assert ended.returncode == 0
    assert "Usage" in ended.stdout


@pytest.mark.parametrize(
    "command",
    ["demo", "core", "kiosk", "sim", "devices", "journal", "host", "reconcile", "config", "ocr", "queue", "say"],
)
def test_help_is_there_for_every_command(command: str) -> None:
    ended = CliRunner().invoke(app, [command, "--help"])
    assert ended.exit_code == 0
    assert "Usage" in ended.stdout


@pytest.mark.parametrize("command", [["core"], ["kiosk"], ["sim", "run"]])
def test_a_missing_configuration_is_named(command: list[str], tmp_path: Path) -> None:
    ended = openteller(*command, str(tmp_path / "none.toml"))
    assert ended.returncode == 1
    assert "none.toml: there is no such file" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_mistake_in_sim_toml_is_named_by_file_line_and_key(tmp_path: Path) -> None:
    write_configuration(tmp_path, tmp_path, (1080, 1920))
    file = tmp_path / "sim.toml"
    file.write_text(file.read_text().replace("apdu_ms = 30", "apdu_s = 30"))
    line = 1 + file.read_text().splitlines().index("apdu_s = 30")
    ended = openteller("sim", "run", str(file))
    assert ended.returncode == 1
    assert f"sim.toml:{line}: top_up_module.apdu_s: is no key of this section; did you mean apdu_ms?" in ended.stderr


def test_devices_of_a_core_that_does_not_run_are_not_listed(tmp_path: Path) -> None:
    write_configuration(tmp_path, tmp_path, (1080, 1920))
    ended = openteller("devices", "list", str(tmp_path / "kiosk.toml"))
    assert ended.returncode == 1
    assert "no core answers" in ended.stderr
    assert "openteller core" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_core_without_its_certificates_says_so(tmp_path: Path) -> None:
    write_configuration(tmp_path, tmp_path, (1080, 1920))
    for file in (tmp_path / "certificates").iterdir():
        file.unlink()
    ended = openteller("core", str(tmp_path / "kiosk.toml"))
    assert ended.returncode == 1
    problem = "cannot be read: No such file or directory"
    assert ended.stderr.splitlines() == [
        f"{tmp_path}/kiosk.toml: host.{key}: {tmp_path}/certificates/{name} {problem}"
        for key, name in (("ca_file", "ca.pem"), ("certificate_file", "client.pem"), ("key_file", "client.key"))
    ]


def test_a_core_whose_certificates_are_none_says_which_files(tmp_path: Path) -> None:
    write_configuration(tmp_path, tmp_path, (1080, 1920))
    (tmp_path / "certificates" / "client.pem").write_text("no certificate")
    ended = openteller("core", str(tmp_path / "kiosk.toml"))
    assert ended.returncode == 1
    assert f"{tmp_path}/certificates/client.pem and {tmp_path}/certificates/client.key: [SSL" in ended.stderr


def test_certificates_that_are_not_here_are_named_by_config_check(tmp_path: Path) -> None:
    write_configuration(tmp_path, tmp_path, (1080, 1920))
    checked = openteller("config", "check", str(tmp_path / "kiosk.toml"))
    assert (checked.returncode, "not here" in checked.stdout) == (0, False)
    (tmp_path / "certificates" / "client.key").unlink()
    checked = openteller("config", "check", str(tmp_path / "kiosk.toml"))
    assert checked.returncode == 0
    assert checked.stdout.splitlines()[-1] == (
        f"not here  host.key_file: {tmp_path}/certificates/client.key cannot be read: No such file or directory; the"
        " core does not start without it"
    )


def test_the_list_of_devices_reads_well_in_80_columns() -> None:
    report = DeviceReport(
        name="receipt_printer", model="escpos-80mm", port="/dev/ttyUSB0", state="userError",
        since="2026-11-22T10:15:30+08:00", faults=("paper_out",), supplies={"paper": "out"},
    )  # fmt: skip
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(device_list(Devices(devices=(report,))))
    text = console.export_text()
    for word in ("receipt_printer", "escpos-80mm", "userError", "paper out", "/dev/ttyUSB0", "10:15:30"):
        assert word in text, text


@pytest.mark.parametrize(("room", "said"), [("full", "retain bin has room"), ("out", "retain bin is full")])
def test_a_bin_with_room_is_not_called_full(room: str, said: str) -> None:
    report = DeviceReport(
        name="card_reader", model="crt-591", port="/dev/ttyUSB1", state="online",
        since="2026-11-22T10:15:30+08:00", supplies={"stacker": "low", "retain_bin": room},
    )  # fmt: skip
    assert remarks(report) == f"stacker low, {said}"
