"""A disk for tests, beneath SQLite and beside it: it fails at the n-th operation, or loses power there.

It knows what every sync made safe. At a power cut all other writes are lost, or kept, or some of them are kept and
one of them in part, as a disk with a cache may do; names of files are safe once their folder was synced.
"""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import apsw

_BENEATH = "unix"
_SECTOR = 512


class Unsynced(Enum):
    """What becomes of writes that were not synced when the power goes."""

    LOST = "lost"
    KEPT = "kept"
    SOME = "some"  # a random choice of them, in their order, each perhaps cut off at a sector


@dataclass
class _Content:
    synced: bytes = b""
    pending: list[tuple[int, bytes] | int] = field(default_factory=list)  # a write at an offset, or a truncation

    def after(self, unsynced: Unsynced, chance: random.Random) -> bytes:
        kept = self.pending
        if unsynced is Unsynced.LOST:
            kept = []
        elif unsynced is Unsynced.SOME:
            kept = [_torn(change, chance) for change in self.pending if chance.random() < 0.5]
        content = bytearray(self.synced)
        for change in kept:
            if isinstance(change, int):
                del content[change:]
            else:
                offset, data = change
                content.extend(bytes(max(0, offset + len(data) - len(content))))
                content[offset : offset + len(data)] = data
        return bytes(content)


def _torn(change: tuple[int, bytes] | int, chance: random.Random) -> tuple[int, bytes] | int:
    if isinstance(change, int) or chance.random() < 0.7:
        return change
    offset, data = change
    sectors = -(-len(data) // _SECTOR)
    return offset, data[: chance.randrange(sectors + 1) * _SECTOR]


class FaultyDisk(apsw.VFS):
    """SQLite's default file system while it is used as a context, and `os.fsync` and `os.rename` with it.

    Real syncs are left out: only what this disk remembers counts. `fault` is called before every operation that
    changes the disk, with its kind ("write", "sync", "truncate", "delete", "rename"), and raises to make it fail.
    """

    def __init__(self) -> None:
        self.fault: Callable[[str], None] = lambda kind: None
        self.operations = 0
        self.power = True
        self.contents: dict[Path, _Content] = {}
        self.renames: list[tuple[Path, Path]] = []
        super().__init__("faulty-disk", _BENEATH, makedefault=True)

    def __enter__(self) -> "FaultyDisk":
        self._real = os.fsync, os.rename
        os.fsync, os.rename = self._fsync, self._rename  # type: ignore[assignment]
        return self

    def __exit__(self, *_: object) -> None:
        os.fsync, os.rename = self._real
        self.unregister()

    def start(self, folder: Path) -> None:
        """Begin anew with what lies in `folder`, all of it safe."""
        self.mend()
        self.operations = 0
        self.renames.clear()
        self.contents.clear()
        for path in folder.rglob("*"):
            if path.is_file():
                self.contents[path] = _Content(path.read_bytes())

    def mend(self) -> None:
        """Fail no more, and have power."""
        self.fault, self.power = lambda kind: None, True

    def cut_power(self, unsynced: Unsynced, seed: int) -> dict[Path, bytes]:
        """Fail from now on, and return the files that are found when the power is back."""
        self.power = False
        chance = random.Random(seed)
        safe = dict(self.contents)
        kept = unsynced is Unsynced.KEPT or (unsynced is Unsynced.SOME and chance.random() < 0.5)
        if kept:
            for old, new in self.renames:
                if old in safe:
                    safe[new] = safe.pop(old)
        return {path: content.after(unsynced, chance) for path, content in safe.items()}

    def before(self, kind: str) -> None:
        """Count an operation and let it fail if it must."""
        if not self.power:
            raise apsw.IOError("the power is off")
        self.operations += 1
        self.fault(kind)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802  (SQLite's name)
        if name is None:
            return apsw.VFSFile(_BENEATH, name, flags)
        return _File(self, name, flags)

    def xDelete(self, name: str, sync_folder: bool) -> None:  # noqa: N802
        self.before("delete")
        super().xDelete(name, sync_folder)
        self.contents.pop(Path(name), None)

    def _fsync(self, descriptor: int) -> None:
        """Sync a file that SQLite does not know, or a folder."""
        try:
            self.before("sync")
        except apsw.Error as error:
            raise OSError(5, str(error)) from None
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_dir():
            for old, new in [each for each in self.renames if each[1].parent == path]:
                if old in self.contents:  # a rename that was not synced may have been made again
                    self.contents[new] = self.contents.pop(old)
                self.renames.remove((old, new))
        else:
            self.contents[path] = _Content(path.read_bytes())

    def _rename(self, old: Path, new: Path) -> None:
        try:
            self.before("rename")
        except apsw.Error as error:
            raise OSError(5, str(error)) from None
        self._real[1](old, new)
        self.renames.append((Path(old), Path(new)))


class _File(apsw.VFSFile):
    def __init__(self, disk: FaultyDisk, name: Any, flags: list[int]) -> None:
        self._disk = disk
        path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name)
        self._content = disk.contents.setdefault(path, _Content())
        super().__init__(_BENEATH, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.before("write")
        super().xWrite(data, offset)
        self._content.pending.append((offset, bytes(data)))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._disk.before("truncate")
        super().xTruncate(size)
        self._content.pending.append(size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.before("sync")
        self._content.synced = self._content.after(Unsynced.KEPT, random.Random(0))
        self._content.pending.clear()
