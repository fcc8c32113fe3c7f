"""`openteller queue day` as somebody who wants to see it: the real server, faster."""

import json
import re
import select
import signal
import subprocess
import sys
import urllib.request
from datetime import datetime
from pathlib import Path

from benchmarks.queue_clients import ROOT
from queue_display.store import QueueStore
from tests.patience import PATIENCE_S

DAY = [sys.executable, "-m", "openteller", "queue", "day", "--port", "0"]
QUICK = [*DAY, "--speed", "60000", "--tickets", "30"]


def ended(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*QUICK, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE_S, check=False
    )


def test_a_short_day_goes_by_and_is_told_of(tmp_path: Path) -> None:
    went = ended("--data", str(tmp_path))
    assert went.returncode == 0, went.stderr
    assert re.search(r"\d\d customers, 1 windows", went.stdout)
    for place in ("/teller#", "/manager#", "openteller board http://127.0.0.1:"):
        assert place in went.stdout
    assert re.search(r"(09|1\d):\d\d +\d+ wait +\d+ at 1 windows", went.stdout)
    assert '"up to" kept' in went.stdout
    assert re.search(r"\d\d served", went.stdout)
    again = ended("--data", str(tmp_path), "--seed", "1")  # the next day
    assert again.returncode == 0, again.stderr
    first, second = (datetime.fromisoformat(each.stdout[:10]) for each in (went, again))
    assert (second - first).days == 1
    with QueueStore(tmp_path) as store:
        assert sum(type(entry.event).__name__ == "DayOpened" for entry in store.entries()) == 2
    assert not (tmp_path / "board.token").exists()
    assert "queue day" not in (tmp_path / "tokens.json").read_text(encoding="utf-8")


def test_its_pages_answer_while_it_runs_and_ctrl_c_ends_it_with_the_figures_so_far() -> None:
    with subprocess.Popen([*DAY, "--speed", "60"], stdout=subprocess.PIPE, text=True, cwd=ROOT) as day:
        assert day.stdout is not None
        assert select.select([day.stdout], [], [], PATIENCE_S)[0]
        said = "".join(day.stdout.readline() for _ in range(5))
        url, token = re.findall(r"(http://\S+)/manager#(\S+)", said)[0]
        asked = urllib.request.Request(f"{url}/v1/status", headers={"Authorization": f"Bearer {token}"})
        directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with directly.open(asked, timeout=PATIENCE_S) as answer:
            assert json.loads(answer.read())["day"] == said[:10]
        day.send_signal(signal.SIGINT)
        rest = day.stdout.read()
        assert day.wait(PATIENCE_S) == 0
    assert "served" in rest
    assert "Traceback" not in rest


def test_a_folder_of_a_real_branch_is_left_alone(tmp_path: Path) -> None:
    with QueueStore(tmp_path):
        pass
    refused = ended("--data", str(tmp_path))
    assert refused.returncode == 1
    assert "simulated customers have no place there" in refused.stderr
    assert "Traceback" not in refused.stderr
