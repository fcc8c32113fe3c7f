"""Whose token did an act: it is in the log, and told to managers only."""

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from queue_display.headquarters.messages import bare
from queue_display.server.access import Role, TokenNamed, Tokens
from queue_display.store import QueueStore
from queue_display.webhooks.messages import message
from tests.clocks import SetClock
from tests.queue_display.running import TICKET, Follower, Running, running
from tests.queue_display.test_views import a_day

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)

Doing = Callable[[Running, SetClock], Awaitable[None]]


def in_branch(folder: Path, doing: Doing) -> None:
    async def go() -> None:
        clock = SetClock(NINE)
        async with running(folder, clock=clock) as branch:
            await doing(branch, clock)

    asyncio.run(go())


async def disputed(branch: Running, clock: SetClock) -> str:
    """A day about which an auditor asks; return the token of A002."""
    teller = branch.server.tokens.add(Role.TELLER, "1001")
    await branch.did("customer", "/v1/tickets", {**TICKET, "notes": "张三 13800138000"})
    mine = (await branch.did("teller", "/v1/tickets", TICKET))["token"]
    await branch.did(teller, "/v1/windows/3/sign-in", {"teller": "1002"})
    clock.sleep(65)
    await branch.did(teller, "/v1/windows/3/call-next", key="tap")
    await branch.did(teller, "/v1/windows/3/call-next", key="tap")
    await branch.did(teller, "/v1/windows/3/no-show")
    await branch.did("manager", "/v1/tickets/A001/cancel")
    await branch.did(mine, "/v1/my-ticket/park", {"minutes": 5})
    clock.sleep(300)
    await branch.server.writer.let_time_pass()
    await branch.did(mine, "/v1/my-ticket/cancel")
    return str(mine)


AUTHORS = [
    ("DayOpened", "queue"),
    ("Issued", "customer/customer"),
    ("Issued", "teller/teller"),
    ("TellerSignedIn", "teller/1001"),
    ("Called", "teller/1001"),
    ("NoShow", "teller/1001"),
    ("Cancelled", "manager/manager"),
    ("Parked", "customer"),
    ("ReEntered", "queue"),
    ("Cancelled", "customer"),
]


def test_the_log_says_whose_token_did_each_act_and_a_manager_is_told(tmp_path: Path) -> None:
    async def doing(branch: Running, clock: SetClock) -> None:
        await disputed(branch, clock)
        assert [entry.author for entry in branch.store.entries()] == [author for _, author in AUTHORS]
        async with Follower(branch.server.app, branch.tokens["manager"], after=0) as manager:
            events = await manager.until(len(AUTHORS))
        assert [(event["kind"], event["author"]) for event in events] == AUTHORS

    in_branch(tmp_path, doing)


def test_nobody_else_is_told(tmp_path: Path) -> None:
    async def doing(branch: Running, clock: SetClock) -> None:
        mine = await disputed(branch, clock)
        for role in ("teller", "display", "customer", "technician", mine):
            async with Follower(branch.server.app, branch.tokens.get(role, role), after=0) as follower:
                while b"id: 10\n" not in follower.data:
                    await asyncio.sleep(0)
            assert b"author" not in follower.data
            assert b"teller/" not in follower.data
        for role in ("teller", "technician"):
            assert (await branch.ask(role, "GET", "/v1/log.csv")).status_code == 403

    in_branch(tmp_path, doing)


def test_neither_webhooks_nor_headquarters_are_told() -> None:
    for entry in a_day().entries:
        signed = replace(entry, author="teller/王芳")
        assert message(signed) == message(entry)
        assert bare(signed) == bare(entry)


def test_the_table_of_a_day_says_who_called_and_who_cancelled(tmp_path: Path) -> None:
    async def doing(branch: Running, clock: SetClock) -> None:
        await disputed(branch, clock)
        answer = await branch.ask("manager", "GET", "/v1/log.csv?language=en")
        assert answer.headers["content-disposition"] == 'attachment; filename="queue-log-2026-11-23.csv"'
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert rows == [
            ["number", "time", "what happened", "ticket", "window", "by", "details"],
            ["1", "2026-11-23 00:00:00", "the day began", "", "", "the queue", ""],
            ["2", "2026-11-23 09:00:00", "ticket taken", "A001", "", "kiosk customer", "name"],
            ["3", "2026-11-23 09:00:00", "ticket taken", "A002", "", "teller teller", "name"],
            ["4", "2026-11-23 09:00:00", "window opened", "", "3", "teller 1001", "1002"],
            ["5", "2026-11-23 09:01:05", "called", "A001", "3", "teller 1001", "Has waited longest: 1 min."],
            ["6", "2026-11-23 09:01:05", "did not come", "A001", "3", "teller 1001", ""],
            ["7", "2026-11-23 09:01:05", "cancelled", "A001", "", "manager manager", ""],
            ["8", "2026-11-23 09:01:05", "parked", "A002", "", "the customer", ""],
            ["9", "2026-11-23 09:06:05", "waits again", "A002", "", "the queue", ""],
            ["10", "2026-11-23 09:06:05", "cancelled", "A002", "", "the customer", ""],
        ]
        chinese = (await branch.ask("manager", "GET", "/v1/log.csv?day=2026-11-23")).content.decode("utf-8-sig")
        assert chinese.splitlines()[5] == "5,2026-11-23 09:01:05,叫号,A001,3,柜员 1001,等候时间最长：已等1分钟。"
        assert "13800138000" not in chinese + answer.text

    in_branch(tmp_path, doing)


def test_a_past_day_is_there_by_its_date_and_no_other(tmp_path: Path) -> None:
    async def doing(branch: Running, clock: SetClock) -> None:
        await branch.did("customer", "/v1/tickets", TICKET)
        clock.sleep(86_400)
        await branch.server.writer.let_time_pass()
        for query, numbers in (("", ["3"]), ("?day=2026-11-23", ["1", "2"])):
            answer = await branch.ask("manager", "GET", f"/v1/log.csv{query}")
            assert [line.split(",")[0] for line in answer.text.splitlines()[1:]] == numbers
        answer = await branch.ask("manager", "GET", "/v1/log.csv?day=2026-11-25")
        assert (answer.status_code, answer.json()["code"]) == (404, "no_such_day")
        assert "its days are 2026-11-23 to 2026-11-24" in answer.json()["detail"]
        assert (await branch.ask("manager", "GET", "/v1/log.csv?day=yesterday")).status_code == 422

    in_branch(tmp_path, doing)


def test_what_a_spreadsheet_would_run_stays_a_text(tmp_path: Path) -> None:
    async def doing(branch: Running, _: SetClock) -> None:
        await branch.did("teller", "/v1/windows/=1+1/sign-in", {"teller": "@SUM(1)"})
        assert (
            ",'=1+1,teller teller,'@SUM(1)\r\n" in (await branch.ask("manager", "GET", "/v1/log.csv?language=en")).text
        )

    in_branch(tmp_path, doing)


def test_every_kind_of_event_has_its_words_and_an_old_log_is_by_nobody_known(tmp_path: Path) -> None:
    with QueueStore(tmp_path) as store:
        store.append(a_day().entries)

    async def doing(branch: Running, _: SetClock) -> None:
        for language, unknown in (("zh", "未知"), ("en", "unknown")):
            lines = (await branch.ask("manager", "GET", f"/v1/log.csv?language={language}")).text.splitlines()
            assert len(lines) == 1 + len(a_day().entries)
            assert {line.split(",")[5] for line in lines[1:]} == {unknown}

    in_branch(tmp_path, doing)


@pytest.mark.parametrize("name", ["", "\ud800", "two\nlines", "\0", "x" * 65, "teller"])
def test_a_token_has_a_name_of_its_own_that_can_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(TokenNamed):
        Tokens(tmp_path).add(Role.TELLER, name)


def test_a_token_is_in_no_entry(tmp_path: Path) -> None:
    async def doing(branch: Running, clock: SetClock) -> None:
        mine = await disputed(branch, clock)
        kept = json.dumps([repr(entry) for entry in branch.store.entries()])
        assert not any(token in kept for token in (mine, *branch.tokens.values()))

    in_branch(tmp_path, doing)
