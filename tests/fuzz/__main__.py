"""`python -m tests.fuzz [TARGET...] [--seconds N]`: looks for bytes that break an invariant, guided by coverage.

Each target runs in a process of its own, with what it finds interesting in out/fuzz/TARGET. A breaking input is left in
out/fuzz as crash-..., with its bytes in hexadecimal on the screen: give it a name and put it into tests/fuzz/corpus.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).with_name("corpus")
HANGS_AFTER_S = 10


def fuzz(
    name: str, seconds: int, folder: Path, *, seed: int = 0, hangs_after_s: int = HANGS_AFTER_S
) -> subprocess.CompletedProcess[str]:
    """Run one target for so long; return what it said and 0, or another code where an invariant broke.

    What is found on the way goes to `folder`; the checked-in corpus is only read. The same `seed` tries the same bytes
    one after the other, as many as there is time for; 0 is another one every time.
    """
    found = folder / name
    found.mkdir(parents=True, exist_ok=True)
    settings = (
        f"-max_total_time={seconds}",
        f"-max_len={TARGETS[name].longest}",
        f"-seed={seed}",
        f"-timeout={hangs_after_s}",
        f"-artifact_prefix={folder}/{name}-",
        "-rss_limit_mb=1024",
        "-print_final_stats=1",
        "-verbosity=0",
        "-close_fd_mask=0",
    )
    engine = [sys.executable, "-m", "tests.fuzz.engine", name, *settings, str(found), str(CORPUS / name)]
    # By a shell: Linux counts the memory of whoever starts a program into that program's peak, and the limit is on
    # the peak. A test process that has just looked at pictures is larger than the limit by itself.
    command = ["/bin/sh", "-c", '"$@"; exit $?', "sh", *engine]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=CORPUS.parents[2])


def main() -> int:
    """Fuzz the targets that are named, or all; return how many broke."""
    parser = argparse.ArgumentParser(prog="./run fuzz", description="Look for bytes that break a codec or the printer.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"one or more of: {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=int, default=60, help="how long each target runs (60)")
    asked = parser.parse_args()
    unknown = [name for name in asked.targets if name not in TARGETS]
    if unknown:
        parser.error(f"there is no target {', '.join(unknown)}")
    broken = 0
    for name in asked.targets or TARGETS:
        ended = fuzz(name, asked.seconds, CORPUS.parents[2] / "out" / "fuzz")
        broken += ended.returncode != 0
        runs = next((line.split()[-1] for line in ended.stderr.splitlines() if "number_of_executed" in line), "?")
        print(f"{name:20} {'broke' if ended.returncode else 'holds'} after {runs} inputs", flush=True)
        if ended.returncode:
            print(ended.stdout[-6000:] + ended.stderr[-6000:])
    return broken


if __name__ == "__main__":
    sys.exit(min(main(), 1))
