"""A process that has loaded the core's code and forks a core for every line it reads: a start costs a fork, no import.

python -m tests.money.core_process kiosk.toml
"""

import gc
import os
import signal
import sys
from pathlib import Path

from kiosk_core.journeys.account_deposit import moves as deposit
from kiosk_core.journeys.top_up import paying
from openteller import conductor
from openteller.core import Core
from openteller.system_clock import SystemClock

POLL_S, START_S = 0.05, 1.0


def main(config_file: Path) -> None:
    """Fork a core for each line on standard input and tell its process id; cores that die are forgotten."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    paying.POLL_SECONDS = deposit.POLL_SECONDS = POLL_S  # two thousand payments are not waited for
    conductor.START_SECONDS = START_S
    gc.freeze()
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            sys.stdin.close()
            sys.stdout.close()
            with Core(config_file, SystemClock()) as core:
                core.run()
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
