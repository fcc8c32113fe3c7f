"""Folders that belong to one program, and files that are there whole or not at all."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from durable.folders import FolderHeld, lock_folder, replacing

HOLDS = """
import sys
from pathlib import Path
from durable.folders import lock_folder
lock_folder(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_folder_is_held_by_one_until_he_lets_go(tmp_path: Path) -> None:
    first = lock_folder(tmp_path)
    with pytest.raises(FolderHeld, match=str(tmp_path)):
        lock_folder(tmp_path)
    os.close(first)
    os.close(lock_folder(tmp_path))


def test_a_folder_is_free_when_its_holder_dies(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(FolderHeld):
            lock_folder(tmp_path)
        holder.kill()
        holder.wait()
    os.close(lock_folder(tmp_path))


def test_a_folder_that_is_not_there_is_an_error_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        lock_folder(tmp_path / "none")


def test_a_replaced_file_has_the_old_content_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["tokens.json"]


def test_a_file_whose_writing_fails_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    path.write_bytes(b"old")
    with suppress(RuntimeError), replacing(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"old"


def test_what_a_crash_left_half_written_is_in_nobody_s_way(tmp_path: Path) -> None:
    (tmp_path / "tokens.json.new").write_bytes(b"half")
    with replacing(tmp_path / "tokens.json", 0o644) as file:
        file.write(b"whole")
    assert (tmp_path / "tokens.json").read_bytes() == b"whole"
    assert (tmp_path / "tokens.json").stat().st_mode & 0o777 == 0o644
    assert not (tmp_path / "tokens.json.new").exists()
