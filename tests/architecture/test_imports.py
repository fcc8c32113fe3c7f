"""The floors of docs/architecture.md: who imports whom, and what the pure floor must not touch."""

import ast
import importlib.metadata
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"][
    "wheel"
]["packages"]
PURE = ("kiosk_core", "wire")

# What reaches outside the program, or is a thread or a clock. `time` and `datetime.now` are told below.
IMPURE = {
    "asyncio",
    "concurrent",
    "ctypes",
    "fcntl",
    "http",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "queue",
    "random",
    "secrets",
    "select",
    "selectors",
    "serial",
    "shutil",
    "signal",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "sys",
    "tempfile",
    "termios",
    "threading",
    "time",
    "urllib",
    "usb",
}

GIVEN_A_CLOCK = ("drivers", "journal", "host_link", "queue_display", "voice", "screen_parts", "kiosk_core", "wire")


def modules(*packages: str) -> list[str]:
    paths = (path for package in packages for path in (ROOT / package).rglob("*.py"))
    return sorted(str(path.relative_to(ROOT)) for path in paths)


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def parse(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"), module)


def test_the_import_contracts_hold() -> None:
    """In a process of its own: import-linter configures logging anew for whoever runs it."""
    script = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(cache_dir=None))"
    command = [sys.executable, "-c", script]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


def test_our_top_level_names_are_ours_alone() -> None:
    owners = importlib.metadata.packages_distributions()
    foreign = {name: set(owners.get(name, [])) - {"openteller"} for name in PACKAGES}
    assert not {name: others for name, others in foreign.items() if others}


@pytest.mark.parametrize("module", modules(*PURE))
def test_the_pure_floor_reaches_nothing_outside(module: str) -> None:
    tree = parse(module)
    assert not {name for name in imported(tree) if name.split(".")[0] in IMPURE}
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "open"]


def clock_uses(tree: ast.AST) -> list[str]:
    """Return what reads the machine's own clock: the module `time`, and now, today and utcnow of datetime."""
    return [name for name in imported(tree) if name.split(".")[0] == "time"] + [
        f"{ast.unparse(node)} in line {node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "today", "utcnow"}
        and ast.unparse(node.value) in {"datetime", "date", "datetime.datetime", "datetime.date"}
    ]


@pytest.mark.parametrize("module", modules(*GIVEN_A_CLOCK))
def test_time_is_asked_of_the_clock_that_was_given(module: str) -> None:
    assert not clock_uses(parse(module))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import time", 1),
        ("from time import sleep", 2),
        ("from datetime import datetime, UTC\nx = datetime.now(UTC)", 1),
        ("import datetime\nx = datetime.date.today()", 1),
        ("x = clock.now()", 0),
        ("from datetime import datetime\nx = datetime.fromisoformat(y)", 0),
    ],
)
def test_the_walk_sees_what_reads_the_machines_clock(source: str, found: int) -> None:
    assert len(clock_uses(ast.parse(source))) == found
