"""The core leaves no core dump, whatever kills it: in its memory are numbers of cards that it has served."""

import signal
import subprocess
import sys
from pathlib import Path

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
