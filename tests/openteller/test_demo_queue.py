"""The demo's queue: does it see where kiosk, log and board differ?"""

import stat
from pathlib import Path

import pytest

from openteller.demo_queue import prepare_queue, queue_disagreements
from openteller.queue_policy import DEFAULT_POLICY, load_policy
from queue_display import acts
from queue_display.server.access import Caller, Role, Tokens
from queue_display.store import QueueStore
from queue_display.tickets import Channel
from tests.queue_display.logs import Log

DAY = "2026-11-23"
ALL = [acts.CallNext("1"), acts.Arrive("1"), acts.Start("1"), acts.Finish("1")]


def disagreements(tmp_path: Path, *done: acts.Act, journal: list[str], kiosk: str, board: str) -> list[str]:
    queue = prepare_queue(tmp_path / "queue", tmp_path, 1)
    log = Log(load_policy(DEFAULT_POLICY))
    log.did(acts.SignIn("1", "1001"))
    log.did(acts.IssueTicket(("simple",), "ordinary", "zh", Channel.KIOSK))
    for act in done:
        log.did(act)
    with QueueStore(tmp_path / "queue") as store:
        store.append(log.entries)
    return queue_disagreements(queue, DAY, journal, kiosk, board)


def test_all_agree(tmp_path: Path) -> None:
    assert disagreements(tmp_path, *ALL, journal=["A001"], kiosk="A001", board="A001") == []


def test_each_that_differs_is_named(tmp_path: Path) -> None:
    found = disagreements(tmp_path, *ALL[:2], journal=["A002"], kiosk="A001", board="")
    assert found == [
        "ticket A001: the queue's log says Issued A001, Called A001, Arrived A001",
        "ticket A001: the terminal's journal has A002",
        "ticket A001: the board showed nobody",
    ]


def test_tokens_of_kiosk_and_board_are_in_private_files_and_new_each_time(tmp_path: Path) -> None:
    first = prepare_queue(tmp_path / "queue", tmp_path, 8640)
    second = prepare_queue(tmp_path / "queue", tmp_path, 8640)
    tokens = Tokens(tmp_path / "queue")
    for role, name in ((Role.CUSTOMER, "kiosk.token"), (Role.DISPLAY, "board.token")):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        assert (tmp_path / name).read_text().strip() == second.tokens[role]
        assert tokens.who(second.tokens[role]) == Caller(role, f"demo: {role.value}")
        assert tokens.who(first.tokens[role]) is None
    assert all(token not in repr(second) for token in second.tokens.values())


@pytest.mark.parametrize("screen", ["board", "teller", "manager", "phone"])
def test_it_says_where_to_look(tmp_path: Path, screen: str) -> None:
    assert screen in prepare_queue(tmp_path / "queue", tmp_path, 8640).where.lower()
