"""A disk for tests, beneath SQLite and beside it: it fails when told to, and loses power, and what was not synced.

It knows what every sync made safe. At a power cut all other writes are lost, or kept, or some of them are kept and some
of those in part, as a disk with a cache may do; names of files are safe once their folder was synced.
"""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import apsw

Image = frozenset[tuple[str, bytes]]
"""The files of a folder: name within it, and content."""

NAME = "faulty-disk"
"""What SQLite knows it by."""

_BENEATH = "unix"
_SECTOR = 512


class Unsynced(Enum):
    """What becomes of writes that were not synced when the power goes."""

    LOST = "lost"
    KEPT = "kept"
    SOME = "some"  # a random choice of them, in their order, each perhaps cut off at a sector


_Change = tuple[int, bytes] | int  # a write at an offset, or a truncation


@dataclass
class _Content:
    """What is safe of one file, and what has been written since it was last synced."""

    synced: bytearray
    pending: list[_Change] = field(default_factory=list)
    frozen: bytes | None = None

    @classmethod
    def of(cls, data: bytes) -> "_Content":
        return cls(bytearray(data), frozen=data)

    def sync(self) -> None:
        for change in self.pending:
            _apply(self.synced, change)
        if self.pending:
            self.frozen = None
            self.pending.clear()

    def is_still(self, data: bytes) -> bool:
        """Whether it is known, without comparing, that the file holds `data`."""
        return self.frozen is data and not self.pending

    def after(self, unsynced: Unsynced, chance: random.Random) -> bytes:
        if self.pending and unsynced is not Unsynced.LOST:
            found = bytearray(self.synced)
            for change in self.pending:
                if unsynced is Unsynced.KEPT:
                    _apply(found, change)
                elif chance.random() < 0.5:
                    _apply(found, _torn(change, chance))
            return bytes(found)
        if self.frozen is None:
            self.frozen = bytes(self.synced)
        return self.frozen


def _torn(change: _Change, chance: random.Random) -> _Change:
    if isinstance(change, int) or chance.random() < 0.7:
        return change
    offset, data = change
    sectors = -(-len(data) // _SECTOR)
    return offset, data[: chance.randrange(sectors + 1) * _SECTOR]


def _apply(content: bytearray, change: _Change) -> None:
    if isinstance(change, int):
        del content[change:]
        return
    offset, data = change
    if offset > len(content):
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class FaultyDisk(apsw.VFS):
    """Such a disk for all in `folder` until it is closed: SQLite's default, and `os.fsync` and `os.rename`.

    What lies in the folder at first is safe. Real syncs are left out: only what this disk remembers counts. Other
    folders are let be. `before` is called before every operation that changes the disk, with its kind ("write", "sync",
    "truncate", "delete", "rename"), and may raise to make it fail.
    """

    def __init__(self, folder: Path) -> None:
        self.before: Callable[[str], None] = lambda kind: None
        self.operations = 0
        self.start(folder)
        super().__init__(NAME, _BENEATH, makedefault=True)
        self._sync, self._move = os.fsync, os.rename
        os.fsync, os.rename = self._fsync, self._rename  # type: ignore[assignment]

    def close(self) -> None:
        """Be nobody's disk any longer."""
        os.fsync, os.rename = self._sync, self._move
        self.unregister()

    def __enter__(self) -> "FaultyDisk":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, folder: Path) -> None:
        """Begin anew with what lies in `folder`, and without faults."""
        self.mend()
        self.operations = 0
        self.folder = folder
        self._prefix = f"{folder}/"
        self._renames: list[tuple[str, str]] = []
        self._contents = {name: _Content.of(path.read_bytes()) for name, path in self._files()}

    def mend(self) -> None:
        """Fail no more."""
        self.before = lambda kind: None

    def after_power_cut(self, unsynced: Unsynced = Unsynced.LOST, chance: random.Random | None = None) -> Image:
        """Return what would be found if the power went now; `chance` draws what becomes of SOME."""
        draws = chance or random.Random(0)
        left = self._contents
        if unsynced is Unsynced.KEPT or (unsynced is Unsynced.SOME and draws.random() < 0.5):
            left = dict(left)
            for old, new in self._renames:
                if old in left:
                    left[new] = left.pop(old)
        return frozenset((name, content.after(unsynced, draws)) for name, content in left.items())

    def restore(self, image: Image) -> None:
        """Have the folder hold the files of `image` and no others, all of them safe; nothing in it may be open."""
        names = {name for name, _ in image}
        for name, path in self._files():
            if name not in names:
                path.unlink()
        self._renames.clear()
        known, self._contents = self._contents, {}
        for name, data in image:
            if name in known and known[name].is_still(data):
                self._contents[name] = known[name]
            else:
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                self._contents[name] = _Content.of(data)

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802  (SQLite's name)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path is None or not path.startswith(self._prefix):
            return apsw.VFSFile(_BENEATH, name, flags)
        content = self._contents.setdefault(path.removeprefix(self._prefix), _Content.of(b""))
        return _File(self, name, flags, content)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        if filename.startswith(self._prefix):
            self.begins("delete")
            self._contents.pop(filename.removeprefix(self._prefix), None)
        super().xDelete(filename, syncdir)

    def begins(self, kind: str) -> None:
        """Count an operation, and let it fail if it must."""
        self.operations += 1
        self.before(kind)

    def _fsync(self, descriptor: int) -> None:
        """Sync a file that SQLite does not know, or a folder."""
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if not f"{path}/".startswith(self._prefix):
            self._sync(descriptor)
            return
        self._begins_outside_sqlite("sync")
        if path.is_dir():
            for old, new in [each for each in self._renames if (self.folder / each[1]).parent == path]:
                if old in self._contents:  # a rename that was not synced may have been made again
                    self._contents[new] = self._contents.pop(old)
                self._renames.remove((old, new))
        else:
            self._contents[str(path).removeprefix(self._prefix)] = _Content.of(path.read_bytes())

    def _rename(self, old: Path, new: Path) -> None:
        if not str(new).startswith(self._prefix):
            self._move(old, new)
            return
        self._begins_outside_sqlite("rename")
        self._move(old, new)
        self._renames.append((str(old).removeprefix(self._prefix), str(new).removeprefix(self._prefix)))

    def _begins_outside_sqlite(self, kind: str) -> None:
        try:
            self.begins(kind)
        except apsw.Error as error:
            raise OSError(5, str(error)) from None

    def _files(self) -> list[tuple[str, Path]]:
        found = (Path(folder, name) for folder, _, names in os.walk(self.folder) for name in names)
        return [(str(path).removeprefix(self._prefix), path) for path in found]


class _File(apsw.VFSFile):
    """A file of the operating system whose changes are noted."""

    def __init__(
        self, disk: FaultyDisk, name: apsw.URIFilename | str | None, flags: list[int], content: _Content
    ) -> None:
        super().__init__(_BENEATH, name, flags)
        self._disk = disk
        self._content = content

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.begins("write")
        super().xWrite(data, offset)
        self._content.pending.append((offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._disk.begins("truncate")
        super().xTruncate(newsize)
        self._content.pending.append(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.begins("sync")
        self._content.sync()
