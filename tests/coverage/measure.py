"""Measures what is simulated, driven and tested: `python -m tests.coverage.measure` writes openteller/coverage."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from openteller.protocol_coverage import FOLDER, MEASURED, Column, devices, inventory
from tests.coverage.traffic import ROOT, WRITE_TO

# Without property tests: what they make up is no evidence that anybody thought of it.
_TESTS = (
    "tests/wire",
    *(
        f"tests/{part}/test_{device}*.py"
        for part in ("drivers", "device_sim")
        for device in ("barcode", "ccid", "crt", "every", "pp791", "receipt", "sdt")
    ),
)


def traffic() -> dict[str, dict[str, list[str]]]:
    """Run the tests of codecs, drivers and simulators in a process of their own and return what was heard."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "traffic.json"
        tests = [str(path) for pattern in _TESTS for path in sorted(ROOT.glob(pattern))]
        options = ["-n0", "-q", "-m", "not slow and not hypothesis", "-p", "no:randomly", "-p", "no:cacheprovider"]
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "tests.coverage.traffic", *options, *tests],
            cwd=ROOT,
            env=os.environ | {WRITE_TO: str(file)},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode not in {0, 1}:  # a test that fails is told of where it runs for its own sake
            raise RuntimeError(f"the tests cannot be run:\n{ended.stdout[-3000:]}{ended.stderr[-1000:]}")
        heard: dict[str, dict[str, list[str]]] = json.loads(file.read_text(encoding="utf-8"))
        return heard


def measure() -> dict[str, dict[str, list[str]]]:
    """Return the columns of every code of every device."""
    heard = traffic()
    return {
        device: {
            entry.code: [
                column.value
                for column in Column
                if any(entry.match.match(line) for line in heard.get(device, {}).get(column.value, ()))
            ]
            for entry in inventory(device)[2]
        }
        for device in devices()
    }


def text(measured: dict[str, dict[str, list[str]]]) -> str:
    """Return the file's text, a line a code."""
    blocks = []
    for device, codes in measured.items():
        lines = ",\n".join(f"  {json.dumps(code)}: {json.dumps(columns)}" for code, columns in codes.items())
        blocks.append(f" {json.dumps(device)}: {{\n{lines}\n }}")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def main() -> None:
    """Write the file."""
    Path(str(FOLDER / MEASURED)).write_text(text(measure()), encoding="utf-8")


if __name__ == "__main__":
    main()
