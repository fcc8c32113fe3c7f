"""The core leaves no core dump, whatever kills it: in its memory are numbers of cards that it has served."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.openteller.branch import CARD, Branch

DIES = """
import os, resource, signal
from openteller.no_core_dump import leave_no_core_dump
resource.setrlimit(resource.RLIMIT_CORE, (4096, 4096))
leave_no_core_dump()
print(resource.getrlimit(resource.RLIMIT_CORE), flush=True)
leave_no_core_dump()
os.kill(os.getpid(), signal.SIGABRT)
"""


def test_a_process_that_is_killed_leaves_no_core_dump() -> None:
    died = subprocess.run([sys.executable, "-c", DIES], capture_output=True, text=True, check=False)
    assert (died.returncode, died.stdout) == (-signal.SIGABRT, "(1, 1)\n")


def test_a_limit_that_is_none_at_all_stays() -> None:
    stays = DIES.replace("(4096, 4096)", "(0, 0)")
    assert (
        subprocess.run([sys.executable, "-c", stays], capture_output=True, text=True, check=False).stdout == "(0, 0)\n"
    )


def test_the_core_forbids_it_before_it_opens_anything(tmp_path: Path) -> None:
    told = (
        "import resource, sys, openteller.core\n"
        "def core(*_):\n"
        "    print(resource.getrlimit(resource.RLIMIT_CORE)[0] in {0, 1})\n"
        "    sys.exit()\n"
        "openteller.core.Core = core\n"
        "from openteller.cli import app\n"
        "app(['core', 'kiosk.toml'])\n"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout == "True\n"


# -- a core that has served a customer ---------------------------------------------------------------------------


@pytest.fixture
def dumps_allowed() -> Iterator[None]:
    """Let this process's children leave core dumps as far as the system allows it."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, before)


def dumped(process: "subprocess.Popen[bytes]") -> bool:
    """Abort a process; return whether the kernel says that it dumped its memory, to a file or to a collector."""
    process.send_signal(signal.SIGABRT)
    _, status = os.waitpid(process.pid, 0)
    process.returncode = -os.WTERMSIG(status)
    assert process.returncode == -signal.SIGABRT
    return os.WCOREDUMP(status)


@pytest.mark.usefixtures("dumps_allowed")
def test_the_kernel_tells_when_a_process_leaves_a_dump(tmp_path: Path) -> None:
    """Where it does not, the next test proves nothing: this one says so."""
    if resource.getrlimit(resource.RLIMIT_CORE)[0] == 0:
        pytest.skip("this system allows no process a core dump")
    sleeps = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(sleeps, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        if not dumped(process):
            pytest.skip("this system's core_pattern has no place for a dump")


@pytest.mark.slow
@pytest.mark.usefixtures("dumps_allowed")
def test_a_core_that_aborts_behind_a_customer_leaves_no_dump(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # where a core_pattern without a folder puts it
    branch = Branch()
    try:
        branch.spawn_core()
        with branch.customer() as customer:
            customer.choose_service()
            branch.sim.place_card(CARD)
            customer.see("keypad")
        process = branch._process
        assert process is not None
        limits = Path(f"/proc/{process.pid}/limits").read_text(encoding="ascii").splitlines()
        (limit,) = (each.split()[4:6] for each in limits if each.startswith("Max core file size"))
        assert limit in (["0", "0"], ["1", "1"])
        assert not dumped(process)
        pattern = Path("/proc/sys/kernel/core_pattern").read_text(encoding="utf-8").strip()
        place = tmp_path if pattern.startswith("|") else (tmp_path / pattern).parent
        assert [each for each in place.iterdir() if str(process.pid) in each.name or each.name == "core"] == []
    finally:
        branch.close()
