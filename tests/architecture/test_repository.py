"""What a checkout must and must not hold."""

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

# Folders that tools make and git ignores.
MADE = {".git", ".venv", ".venv-paddleocr", ".venv-paddlepaddle", "out", "build", "dist", "__pycache__"} | {
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
}


def tracked_files() -> Iterator[Path]:
    """Yield git's files, or where there is no git (an unpacked archive) all files that no tool made."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
        yield from (ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file())
        return
    for path in ROOT.rglob("*"):
        if path.is_file() and not MADE & set(path.relative_to(ROOT).parts):
            yield path


def test_no_file_names_a_place_of_one_machine() -> None:
    place = re.compile(rb"(?<![A-Za-z0-9_.$}-])/(?:tmp|home|root|work)/[A-Za-z0-9]")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked_files()
        if path.relative_to(ROOT).parts[0] != "tests"
        for number, line in enumerate(path.read_bytes().split(b"\n"), 1)
        if b"\0" not in line and place.search(line)
    ]
    assert not found


LOCKS = ("requirements.lock", "requirements-paddleocr.lock", "requirements-paddlepaddle.lock", "requirements-ciw.lock")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_registry(name: str) -> None:
    lock = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in lock
    assert "--index-url" not in lock.split("\n", 3)[3]


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_of_a_lock_has_hashes(name: str) -> None:
    lock = (ROOT / name).read_text(encoding="utf-8")
    requirements = re.findall(r"^[a-z0-9].*?(?=^\S|\Z)", lock, re.DOTALL | re.MULTILINE | re.IGNORECASE)
    assert len(requirements) > 4
    assert [each.split()[0] for each in requirements if "--hash=sha256:" not in each] == []


@pytest.mark.parametrize("folder", PACKAGES)
def test_every_package_says_in_a_docstring_what_it_is(folder: str) -> None:
    for package in (path.parent for path in (ROOT / folder).rglob("__init__.py")):
        docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8")))
        assert docstring, f"{package.relative_to(ROOT)} says nothing"
        assert docstring.split("\n\n")[0].rstrip().endswith("."), f"{package.relative_to(ROOT)}: no sentence"


@pytest.mark.parametrize("name", ["run", ".ci/run"])
def test_scripts_can_be_run(name: str) -> None:
    assert (ROOT / name).stat().st_mode & 0o111 == 0o111


@pytest.mark.parametrize("word", ["nonsense", "Demo", ""])
def test_run_answers_a_wrong_word_with_its_usage(word: str) -> None:
    answer = subprocess.run([ROOT / "run", word], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert f'there is no command "{word}"' in answer.stderr
    assert "Usage: ./run COMMAND" in answer.stderr


def test_run_help_names_every_command_that_there_is() -> None:
    shell = shutil.which("dash") or "sh"
    help_text = subprocess.run([shell, ROOT / "run", "help"], capture_output=True, text=True, check=True).stdout
    for command in ("demo", "test", "lint", "clean", "help"):
        assert f"\n  {command} " in help_text
    assert ("\n  bench " in help_text) == (ROOT / "benchmarks").is_dir()
