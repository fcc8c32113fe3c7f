"""docs/add-a-device.md, done as it says: each example as a newcomer has it, outside this checkout."""

import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from device_sim.receipt_printer import SimulatedReceiptPrinter
from device_sim.serial.handlers import register
from device_sim.serial.world import SerialWorld
from drivers.receipt_printer import EscPosPrinter
from drivers.registry import Place, models
from kiosk_core.errors import ConfigError
from kiosk_core.receipt import Receipt, TextLine
from openteller.config import load_printers
from tests.clocks import RealClock
from tests.openteller.branch import CARD, Branch
from tests.patience import PATIENCE_S

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "add-a-device.md").read_text(encoding="utf-8")
EXAMPLES = DOCS / "examples"
NEW_PRINTER = EXAMPLES / "new-printer"
PACKAGE = "openteller_ithaca"
MODEL = "itherm-280"


def lines_in(*files: Path) -> int:
    return sum(1 for file in files for line in file.read_text(encoding="utf-8").splitlines() if line.strip())


def test_what_the_page_points_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)", PAGE)
    assert len(links) > 15
    assert [link for link in links if not (DOCS / link).exists()] == []


# -- an ESC/POS model ----------------------------------------------------------------------------------------


def test_an_escpos_model_is_ten_lines_of_toml_and_prints() -> None:
    file = EXAMPLES / "printers.toml"
    assert lines_in(file) <= 10
    simulated = SimulatedReceiptPrinter()
    world = SerialWorld()
    world.add("printer", simulated)
    register(world)
    model = models(load_printers(file))["zj-8330"]
    printer = model.open(Place("printer", "sim://printer", None, RealClock(), lambda _: None))
    assert isinstance(printer, EscPosPrinter)
    printer.print(Receipt((TextLine("Thank you"),)))
    assert [receipt.text for receipt in simulated.receipts] == ["Thank you"]
    printer.close()


# -- a package with a protocol of its own --------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the example as pip does, without a network: its files and the metadata of its entry points."""
    site = tmp_path / "site"
    shutil.copytree(NEW_PRINTER / PACKAGE, site / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    project = tomllib.loads((NEW_PRINTER / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    metadata = site / f"{PACKAGE}-{project['version']}.dist-info"
    metadata.mkdir()
    name = f"Name: {project['name']}\nVersion: {project['version']}\n"
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\n" + name)
    groups = project["entry-points"]
    (metadata / "entry_points.txt").write_text(
        "".join(f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in each.items()) for group, each in groups.items())
    )
    monkeypatch.setenv("PYTHONPATH", str(site))
    return site


def run(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *words], cwd=cwd, capture_output=True, text=True, check=False)


def test_a_new_protocol_takes_fewer_than_150_lines() -> None:
    files = [*NEW_PRINTER.rglob("*.py")]
    assert {file.name for file in files} == {"__init__.py", "language.py", "simulator.py", "test_ithaca.py"}
    assert lines_in(*files) < 150
    told = re.findall(r"\]\(examples/new-printer/(\S+\.py)\) \|.*\| (\d+) \|", PAGE)
    assert {NEW_PRINTER / file: int(count) for file, count in told} == {file: lines_in(file) for file in files}


def test_the_example_passes_its_own_tests(site: Path, tmp_path: Path) -> None:
    tests = shutil.copytree(NEW_PRINTER / "tests", tmp_path / "tests")
    done = run("pytest", "-q", "-p", "no:cacheprovider", "-W", "error", tests, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^[1-9]\d* passed", done.stdout, re.MULTILINE)


@pytest.mark.slow
def test_the_example_is_typed(site: Path, tmp_path: Path) -> None:
    done = run("mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "-p", PACKAGE, cwd=site)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def branch() -> Iterator[Branch]:
    branch = Branch()
    text = branch.config_file.read_text()
    port = branch.folder / "run" / "ithaca"
    text = text.replace('model = "escpos-80mm"', f'model = "{MODEL}"')
    branch.config_file.write_text(re.sub(r'port = ".*/receipt-printer"', f'port = "{port}"', text))
    yield branch
    branch.close()


@pytest.fixture
def printer(branch: Branch, site: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", f"{PACKAGE}.simulator", str(branch.folder / "run" / "ithaca")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


def test_config_check_knows_the_model_of_an_installed_package(branch: Branch, site: Path) -> None:
    assert run("openteller", "config", "check", branch.config_file).returncode == 0


def test_without_the_package_config_check_names_the_models_that_there_are(branch: Branch) -> None:
    done = run("openteller", "config", "check", branch.config_file)
    assert done.returncode == 1
    assert f'devices.receipt_printer.model: "{MODEL}" is no model of it; there are' in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("acme", "acme_printers:MODEL", "\"acme_printers:MODEL\" cannot be loaded: No module named 'acme_printers'"),
        ("acme", "drivers.registry:ACME", '"drivers.registry:ACME" cannot be loaded: '),
        ("acme", "drivers.text_printer:TextPrinter", '"drivers.text_printer:TextPrinter" is no drivers.registry.Model'),
        ("escpos-80mm", "acme_printers:MODEL", "there is another model of that name; "),
    ],
)
def test_a_package_that_does_not_fit_is_named_with_its_mistake(
    site: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    (entry_points,) = site.glob("*.dist-info/entry_points.txt")
    entry_points.write_text(f"[openteller.drivers]\n{name} = {value}\n")
    monkeypatch.syspath_prepend(site)
    with pytest.raises(ConfigError) as refused:
        models()
    assert str(refused.value).startswith(f"openteller-ithaca: openteller.drivers.{name}: {problem}")


@pytest.mark.slow
def test_the_core_prints_with_it_and_notices_that_the_paper_is_out(
    branch: Branch, printer: subprocess.Popen[str]
) -> None:
    assert printer.stdin is not None
    assert printer.stdout is not None
    branch.spawn_core()
    with branch.customer() as customer:
        customer.choose_service()
        branch.sim.place_card(CARD)
        customer.choose_amount()
        customer.see("payment")
        branch.sim.pay()
        customer.see("result")
    print(file=printer.stdin, flush=True)
    said = iter(printer.stdout.readline, "0 lines of paper left\n")
    assert "充值成功\n" in [line.lstrip() for line in said]
    until = time.monotonic() + PATIENCE_S
    while "paper out" not in run("openteller", "devices", "list", branch.config_file).stdout:
        assert time.monotonic() < until
    trace = run("openteller", "devices", "trace", "receipt_printer", branch.config_file).stdout
    assert "15 04" in trace
    assert "·· ··" in trace
