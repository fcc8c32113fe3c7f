"""`openteller sim run` as a process: the control API listens where it says."""

import json
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from openteller.demo import write_configuration
from tests.patience import PATIENCE_S


def test_the_control_api_listens_where_the_first_line_says() -> None:
    with tempfile.TemporaryDirectory(prefix="ot-") as folder:
        run = Path(folder) / "run"
        run.mkdir()
        write_configuration(Path(folder), run, (1080, 1920))
        command = [sys.executable, "-m", "openteller", "sim", "run", str(Path(folder) / "sim.toml"), "--http", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as process:
            try:
                assert process.stdout is not None
                url = re.search(r"http://127\.0\.0\.1:[0-9]+", process.stdout.readline())
                assert url is not None
                with urllib.request.urlopen(f"{url[0]}/state", timeout=PATIENCE_S) as answer:
                    assert json.load(answer)["ok"] is True
            finally:
                process.terminate()
    assert process.returncode == 0
