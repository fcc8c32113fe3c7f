"""What a reading process gives up before it sees the first picture: a picture that takes it over finds nothing there.

It then writes no file, opens none but Python's own, gains no rights, leaves no core dump, and ends with its program.
"""

import ctypes
import fcntl
import os
import resource
import select
import site
import sys
import sysconfig
from importlib.resources import files
from pathlib import Path

MOST_DATA = 1_000_000_000  # bytes of memory of its own; 25 million dots take 0.4
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38  # prctl(2)
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # system calls, the same on every machine: landlock(7)
_VERSION, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many rights the versions of Landlock know
_MOST_FILE_RIGHTS = 16

_libc = ctypes.CDLL(None, use_errno=True)


def confine() -> None:
    """Give up, for good, what a reader of pictures does not need.

    Raises OSError where the kernel refuses; a kernel without Landlock (before 5.13) leaves files readable.
    """
    for limit, most in ((resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_DATA, MOST_DATA), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (most, most))
    _call(_libc.prctl, _PR_SET_DUMPABLE, 0, 0, 0, 0)  # no core dump, not even to a collector; no debugger
    _call(_libc.prctl, _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _close_files()


def end_with(pipe: int) -> None:
    """Let the kernel kill this process once nobody holds the other end of a pipe, whatever it is doing then.

    PR_SET_PDEATHSIG would do so as soon as the thread ends that started this process, be its program alive or not.
    """
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)  # SIGIO, of which processes die
    if select.select([pipe], [], [], 0)[0]:  # it has gone already
        sys.exit(0)


def give_back() -> None:
    """Give the kernel back what memory was freed, where the C library can: some 0.2 ms."""
    if trim := getattr(_libc, "malloc_trim", None):  # glibc has it
        trim(ctypes.c_size_t(0))


def _close_files() -> None:
    """Let this process open nothing but what Python may still have to import."""
    version = _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return
    handled = (1 << _FILE_RIGHTS.get(version, _MOST_FILE_RIGHTS)) - 1
    rules = _call(_libc.syscall, _CREATE_RULESET, ctypes.byref(ctypes.c_uint64(handled)), ctypes.c_size_t(8), 0)
    for folder in _of_python():
        opened = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        beneath = (_READ_FILE | _READ_DIR).to_bytes(8, sys.byteorder) + opened.to_bytes(4, sys.byteorder)
        _call(_libc.syscall, _ADD_RULE, rules, _PATH_BENEATH, beneath, 0)
        os.close(opened)
    _call(_libc.syscall, _RESTRICT_SELF, rules, 0)
    os.close(rules)


def _of_python() -> set[Path]:
    """Return the folders of the standard library, of packages, and of ours."""
    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {*site.getsitepackages(), *(str(files(name)) for name in ("ocr", "kiosk_core", "wire"))}
    return {Path(folder) for folder in folders if Path(folder).is_dir()}


def _call(function: "ctypes._NamedFuncPointer", *arguments: object) -> int:
    result = int(function(*arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
