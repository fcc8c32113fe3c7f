"""What a teller's console and a manager's page ask of the server: next calls, tickets by number, reports, tables."""

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk_core.texts import LocalText
from queue_display.policy import Policy, ServiceQueue, WindowRule
from tests.clocks import SetClock
from tests.queue_display.policies import branch_policy
from tests.queue_display.running import TICKET, Running, running

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)

Doing = Callable[[Running, SetClock], Awaitable[None]]


def in_branch(folder: Path, doing: Doing, policy: Policy | None = None) -> None:
    async def go() -> None:
        clock = SetClock(NINE)
        async with running(folder, policy, clock) as branch:
            await doing(branch, clock)

    asyncio.run(go())


async def opened(branch: Running, *windows: str) -> None:
    for window in windows:
        await branch.did("teller", f"/v1/windows/{window}/sign-in", {"teller": f"100{window}"})


def test_the_console_foretells_the_next_call_and_says_why(tmp_path: Path) -> None:
    async def doing(branch: Running, clock: SetClock) -> None:
        await opened(branch, "1")
        await branch.did("customer", "/v1/tickets", {**TICKET, "services": ["complex"]})
        clock.sleep(300)
        await branch.did("customer", "/v1/tickets", TICKET)
        clock.sleep(240)
        seen = await branch.sees("teller", "/v1/windows/1")
        assert seen["at"] == NINE.timestamp() + 540
        assert [each["ticket"] for each in seen["first"]] == ["A001", "B001"]
        assert seen["next"]["ticket"]["ticket"] == "A001"
        assert seen["next"]["why"]["en"].startswith("Called before B001: waited 4 min, target 2 min")
        assert [(each["service"], each["waiting"], each["over_target"]) for each in seen["lines"]] == [
            ("simple", 1, 1),
            ("complex", 1, 0),
        ]
        called = await branch.did("teller", "/v1/windows/1/call-next")
        assert called["why"] == seen["next"]["why"]
        seen = await branch.sees("teller", "/v1/windows/1")
        assert seen["window"]["why"] == called["why"]  # also for who comes to look later
        assert seen["window"]["ticket"]["target_s"] == 120
        assert seen["next"]["ticket"]["ticket"] == "B001"

    in_branch(tmp_path, doing)


def test_the_next_call_may_take_the_customer_of_the_window_for_the_next_service(tmp_path: Path) -> None:
    async def doing(branch: Running, _: SetClock) -> None:
        await opened(branch, "1")
        await branch.did("customer", "/v1/tickets", {**TICKET, "services": ["complex", "simple"]})
        await branch.did("teller", "/v1/windows/1/call-next")
        await branch.did("teller", "/v1/windows/1/start")
        seen = await branch.sees("teller", "/v1/windows/1")
        assert (seen["window"]["ticket"]["services"], seen["first"]) == (["complex", "simple"], [])
        following = seen["next"]["ticket"]
        assert (following["ticket"], following["services"], following["target_s"]) == ("B001", ["simple"], 120)

    in_branch(tmp_path, doing)


def test_a_closed_or_pausing_window_calls_nobody_next(tmp_path: Path) -> None:
    async def doing(branch: Running, clock: SetClock) -> None:
        await branch.did("customer", "/v1/tickets", TICKET)
        closed = await branch.sees("teller", "/v1/windows/1")
        assert (closed["window"]["teller"], closed["next"], len(closed["first"])) == ("", None, 1)
        await opened(branch, "1")
        clock.sleep(60)
        await branch.did("teller", "/v1/windows/1/break", {"reason": "meal"})
        paused = await branch.sees("teller", "/v1/windows/1")
        assert (paused["window"]["pause"], paused["next"]) == ("meal", None)
        assert paused["window"]["pause_since"] == NINE.timestamp() + 60

    in_branch(tmp_path, doing)


def test_a_console_shows_what_its_window_may_call_and_who_is_aside(tmp_path: Path) -> None:
    async def doing(branch: Running, _: SetClock) -> None:
        await opened(branch, "2", "10", "1")
        for service in ("simple", "complex", "simple", "simple"):
            await branch.did("customer", "/v1/tickets", {**TICKET, "services": [service]})
        await branch.did("teller", "/v1/tickets/A002/park", {"minutes": 5})
        await branch.did("teller", "/v1/windows/10/call", {"ticket": "A003"})
        await branch.did("teller", "/v1/windows/10/no-show")
        seen = await branch.sees("teller", "/v1/windows/2")
        assert [each["ticket"] for each in seen["first"]] == ["A001"]
        assert {each["service"]: each["callable"] for each in seen["lines"]} == {"simple": True, "complex": False}
        assert [(each["ticket"], each["state"]) for each in seen["aside"]] == [("A002", "parked"), ("A003", "no_show")]
        assert seen["open_windows"] == ["1", "2", "10"]
        known = (await branch.sees("teller", "/v1/windows"))["known"]
        assert known == ["1", "2", "6", "10"]

    policy = branch_policy(window={"2": WindowRule(services=("simple",)), "6": WindowRule()})
    in_branch(tmp_path, doing, policy)


def test_staff_send_a_waiting_or_parked_ticket_elsewhere_by_its_number(tmp_path: Path) -> None:
    async def doing(branch: Running, _: SetClock) -> None:
        await opened(branch, "1", "2")
        await branch.did("customer", "/v1/tickets", TICKET)
        sent = await branch.did("teller", "/v1/tickets/A001/transfer", {"service": "complex", "window": "2"})
        assert (sent["services"], sent["window"], sent["target_s"]) == (["complex"], "2", 900)
        assert (await branch.ask("teller", "POST", "/v1/windows/1/call-next")).status_code == 409
        await branch.did("teller", "/v1/tickets/A001/park", {})
        back = await branch.did("manager", "/v1/tickets/A001/transfer", {"service": "simple"})
        assert (back["state"], back["services"], back["window"]) == ("waiting", ["simple"], "")
        await branch.did("teller", "/v1/windows/1/call-next")
        refused = await branch.ask("teller", "POST", "/v1/tickets/A001/transfer", {"service": "complex"})
        assert refused.json()["detail"] == "A001 has been called; that cannot be done with it."
        for body, status in (({"service": "gold"}, 422), ({"service": "simple", "window": "9"}, 404)):
            await branch.did("customer", "/v1/tickets", TICKET)
            assert (await branch.ask("teller", "POST", "/v1/tickets/A002/transfer", body)).status_code == status
        assert (await branch.ask("teller", "POST", "/v1/tickets/Z9/transfer", {"service": "simple"})).status_code == 404

    in_branch(tmp_path, doing)


def test_staff_look_a_ticket_up_by_its_number(tmp_path: Path) -> None:
    async def doing(branch: Running, _: SetClock) -> None:
        await branch.did("customer", "/v1/tickets", {**TICKET, "notes": "开户"})
        assert (await branch.sees("teller", "/v1/tickets/A001"))["notes"] == "开户"
        answer = await branch.ask("teller", "GET", "/v1/tickets/A002")
        assert (answer.status_code, answer.json()["detail_zh"]) == (404, "今天没有A002号。")
        assert (await branch.ask("display", "GET", "/v1/tickets/A001")).status_code == 403

    in_branch(tmp_path, doing)


async def _a_morning(branch: Running, clock: SetClock) -> None:
    await opened(branch, "1", "2", "3")
    for customers in ("ordinary", "ordinary", "vip", "ordinary"):
        await branch.did("customer", "/v1/tickets", {**TICKET, "customer_class": customers})
    clock.sleep(180)
    await branch.did("teller", "/v1/windows/1/call-next")
    await branch.did("teller", "/v1/windows/1/start")
    await branch.did("teller", "/v1/tickets/A003/cancel")
    await branch.did("teller", "/v1/windows/2/break", {"reason": "cash"})
    clock.sleep(60)


def test_the_report_tells_the_load_the_waits_and_the_promises(tmp_path: Path) -> None:
    async def doing(branch: Running, clock: SetClock) -> None:
        await _a_morning(branch, clock)
        report = await branch.sees("manager", "/v1/report")
        assert [(each["window"], each["state"], each["pause"]) for each in report["windows"]] == [
            ("1", "serving", None),
            ("2", "paused", "cash"),
            ("3", "free", None),
        ]
        assert [report["at"] - each["since"] for each in report["windows"]] == [60, 60, 240]
        vip, ordinary = report["lines"]  # in the order of the policy
        assert {name: ordinary[name] for name in ("taken", "called", "waiting", "over_target", "gave_up")} == {
            "taken": 3,
            "called": 1,
            "waiting": 2,
            "over_target": 2,
            "gave_up": 0,
        }
        assert (ordinary["mean_s"], ordinary["p90_s"], ordinary["within_target"]) == (180, 180, 0)
        assert ordinary["longest_waiting_s"] == 240
        assert (vip["taken"], vip["called"], vip["gave_up"]) == (1, 0, 1)
        assert report["hours"] == [
            {
                "hour": 9,
                "taken": 4,
                "called": 1,
                "within_target": 0,
                "mean_s": 180,
                "finished": 0,
                "missed": 0,
                "gave_up": 1,
            }
        ]
        told_at_once = {"due": 0, "kept": 0, "bias_s": 0, "rms_error_s": 0, "at_once": 1, "at_once_kept": 0}
        assert report["promises"] == ordinary["promises"] == told_at_once
        assert report["services"][0]["newcomer"]["ordinary"]["up_to_s"] >= 0
        assert "1001" not in str(report)  # no figure is of a person

    in_branch(tmp_path, doing)


def test_the_table_of_the_report_is_one_that_excel_reads(tmp_path: Path) -> None:
    async def doing(branch: Running, clock: SetClock) -> None:
        await _a_morning(branch, clock)
        answer = await branch.ask("manager", "GET", "/v1/report.csv?days=5&language=en")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"] == 'attachment; filename="queue-2026-11-23.csv"'
        assert answer.content.startswith(b"\xef\xbb\xbfday,service")
        assert answer.content.count(b"\r\n") == answer.content.count(b"\n") == 3
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert rows[2] == ["2026-11-23", "'=SUM(1)", 'a "b", c', "no", "2", "3", "1", "0.000", *["3.0"] * 3, "0"]
        assert rows[1][6:] == ["0", "", "", "", "", "1"]
        chinese = (await branch.ask("manager", "GET", "/v1/report.csv")).content.decode("utf-8-sig")
        assert chinese.startswith("日期,业务,客户类别")

    plain = branch_policy()
    service = {**plain.service, "simple": ServiceQueue(LocalText("简单业务", "=SUM(1)"), "A", 2, 3)}
    ordinary = plain.customer_class["ordinary"].__class__(LocalText("普通", 'a "b", c'), cap_min=45)
    customers = {**plain.customer_class, "ordinary": ordinary}
    in_branch(tmp_path, doing, Policy(service=service, customer_class=customers))


@pytest.mark.parametrize("query", ["days=0", "days=21", "days=many", "language=fr"])
def test_a_table_of_what_there_is_not_is_refused(tmp_path: Path, query: str) -> None:
    async def doing(branch: Running, _: SetClock) -> None:
        answer = await branch.ask("manager", "GET", f"/v1/report.csv?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed")

    in_branch(tmp_path, doing)


def test_past_days_are_in_the_table_after_a_restart(tmp_path: Path) -> None:
    clock = SetClock(NINE)

    async def go() -> None:
        async with running(tmp_path, clock=clock) as branch:
            await branch.did("customer", "/v1/tickets", TICKET)
        clock.sleep(86_400)
        async with running(tmp_path, clock=clock) as branch:
            await branch.did("customer", "/v1/tickets", TICKET)
            answer = await branch.ask("manager", "GET", "/v1/report.csv?days=2")
            assert [line.split(",")[0] for line in answer.text.splitlines()[1:]] == ["2026-11-23", "2026-11-24"]
            assert 'filename="queue-2026-11-23_2026-11-24.csv"' in answer.headers["content-disposition"]

    asyncio.run(go())
