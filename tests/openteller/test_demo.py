"""`openteller demo --headless` as a newcomer runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.queue_clients import tokens_in


def demo(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "openteller", "demo", "--headless", *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1100, check=False)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_scripted_customer_leaves_pictures_receipt_journal_and_summary(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = demo("--out", str(out))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["agree"]
    assert [entry["state"] for entry in summary["journal"]] == [
        "DONE",
        "DONE",
        "DONE",
        "DONE",
    ]  # by phone, the ID card, by bank card, the ticket
    by_phone = {"home", "place_card", "amount", "funding", "payment", "loading", "result", "home_again"}
    by_card = {"card_place_card", "card_funding", "card_insert", "card_pin", "card_loading", "card_result"}
    id_card = {"id_front", "id_reading", "id_back", "id_form", "id_field", "id_checked", "id_result", "id_home_again"}
    ticket = {"ticket_services", "ticket_ways", "ticket", "ticket_printed", "ticket_home_again"}
    call = {"board", "board_called"}
    assert by_phone | by_card | id_card | ticket | call <= {step["step"] for step in summary["steps"]}
    assert summary["ticket"] == "A001"
    ends = [name.partition("-")[2] for name in summary["pictures"][-3:]]
    assert ends == ["board.png", "board-called.png", "home-called.png"]
    assert len(summary["pictures"]) >= 8
    for name in summary["pictures"]:
        with Image.open(out / "pages" / name) as picture:
            assert picture.size == ((1920, 1080) if "-board" in name else (1080, 1920))
            assert len(picture.convert("L").resize((64, 64)).getcolors() or range(257)) > 8, f"{name} is empty"
    for name in ("receipt.png", "receipt-id-card.png", "receipt-bank-card.png", "receipt-ticket.png"):
        with Image.open(out / name) as receipt:
            assert receipt.width > 500
    verified = subprocess.run(
        [sys.executable, "-m", "openteller", "journal", "verify", "-j", str(out / "journal")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    everything = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file() and path.suffix != ".png")
    without_sim = everything.replace((out / "sim.toml").read_bytes(), b"")
    for secret in ("3104870000012345678", "110101199001010007", "甄模拟", "虚构路"):  # cards of sim.toml, and "citizen"
        assert secret.encode() not in without_sim, "a whole card outside the simulator's own configuration"
    said = ended.stdout.encode() + b"".join(path.read_bytes() for path in out.glob("*.log"))
    for token in tokens_in(out / "queue").values():
        assert token.encode() not in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--size", "big"], "WIDTHxHEIGHT"),
        (["--language", "fr"], "zh or en"),
        (["--out", "/dev/null/x"], "/dev/null/x: Not a"),
    ],
)
def test_a_wrong_flag_is_answered_in_a_sentence(arguments: list[str], said: str) -> None:
    ended = demo(*arguments)
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "mine.txt").write_text("dear diary")
    ended = demo("--out", str(tmp_path))
    assert ended.returncode == 1
    assert "was not made by a demo" in ended.stderr
    assert (tmp_path / "journal" / "mine.txt").read_text() == "dear diary"
