"""A disk that loses at a power cut what was not synced: an SQLite VFS that remembers what each sync made safe."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import apsw

Image = Mapping[str, bytes]
"""The files of a folder by name."""

_SHARED_MEMORY = "-shm"  # of the processes that have a database open; SQLite makes it anew
_NAME, _BENEATH = "loses-unsynced", "unix"


@dataclass
class _Content:
    """What lies on the platter of one file, and what has been written since it was last synced."""

    safe: bytearray
    unsafe: list[tuple[int, bytes | None]] = field(default_factory=list)  # None: cut off here
    frozen: bytes | None = None

    def sync(self) -> None:
        for change in self.unsafe:
            _apply(self.safe, *change)
        if self.unsafe:
            self.frozen = None
            self.unsafe.clear()

    def is_still(self, data: bytes) -> bool:
        """Whether it is known, without comparing, that the file holds `data`."""
        return self.frozen is data and not self.unsafe

    def after_power_cut(self, survives: Callable[[], bool] | None) -> bytes:
        if survives is not None and self.unsafe:
            torn = bytearray(self.safe)
            for change in self.unsafe:
                if survives():
                    _apply(torn, *change)
            return bytes(torn)
        if self.frozen is None:
            self.frozen = bytes(self.safe)
        return self.frozen


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
        return
    if offset > len(content):
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class _File(apsw.VFSFile):
    """A file of the operating system whose changes are noted."""

    def __init__(
        self, name: apsw.URIFilename | str | None, flags: list[int], content: _Content, disk: "LosingDisk"
    ) -> None:
        super().__init__(_BENEATH, name, flags)
        self._content = content
        self._disk = disk

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  (SQLite's name)
        self._disk.notice()
        super().xWrite(data, offset)
        self._content.unsafe.append((offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        self._content.unsafe.append((newsize, None))

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.notice()
        super().xSync(flags)
        self._content.sync()


class LosingDisk(apsw.VFS):
    """The folder `folder` on such a disk, for every SQLite file that is opened in it while this object lives.

    It is SQLite's default from now on, and passes on what lies in other folders. Files that no SQLite opened count as
    synced. `notice` is called before each write and each sync, and may raise.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(_NAME, _BENEATH, makedefault=True)
        self.folder = folder
        self.notice: Callable[[], None] = lambda: None
        self._prefix = f"{folder}/"
        self._contents: dict[str, _Content] = {}

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path is None or not path.startswith(self._prefix):
            return apsw.VFSFile(_BENEATH, name, flags)
        short = path.removeprefix(self._prefix)
        if short not in self._contents:
            there = Path(path).read_bytes() if Path(path).exists() else b""
            self._contents[short] = _Content(bytearray(there))
        return _File(name, flags, self._contents[short], self)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        if filename.startswith(self._prefix):
            self._contents.pop(filename.removeprefix(self._prefix), None)

    def after_power_cut(self, survives: Callable[[], bool] | None = None) -> Image:
        """Return what would be found if the power went now: what was synced, and each later write that `survives`."""
        image = {name: content.after_power_cut(survives) for name, content in self._contents.items()}
        for path in self.folder.iterdir():
            if path.name not in image and not path.name.endswith(_SHARED_MEMORY):
                image[path.name] = path.read_bytes()
        return image

    def restore(self, image: Image) -> None:
        """Have the folder hold the files of `image` and no others; nothing in it may be open."""
        for path in self.folder.iterdir():
            if path.name not in image:
                path.unlink()
        before, self._contents = self._contents, {}
        for name, data in image.items():
            if name in before and before[name].is_still(data):
                self._contents[name] = before[name]
            else:
                (self.folder / name).write_bytes(data)
                self._contents[name] = _Content(bytearray(data), frozen=data)

    def close(self) -> None:
        """Be SQLite's disk no longer, and remove the folder."""
        self.unregister()
        shutil.rmtree(self.folder)
