"""The queue over HTTP, without a socket: who may do what, what is answered, and what is refused in which words."""

import asyncio
import json
import logging
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from queue_display.keeping import StoreUnavailable
from queue_display.server.access import (
    HAND_OUT_NAME,
    TOKENS_NAME,
    Caller,
    Limits,
    Role,
    Tokens,
    TokensUnusable,
)
from queue_display.server.requests import MOST_BYTES
from tests.clocks import SetClock
from tests.queue_display.running import TICKET, Follower, Running, running

CLOSED = {"pause": None, "pause_since": None, "ticket": None, "why": None}
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def in_branch(folder: Path, doing: Callable[[Running], Awaitable[None]], limits: Limits | None = None) -> None:
    async def go() -> None:
        async with running(folder, clock=SetClock(NINE), **({"limits": limits} if limits else {})) as branch:  # type: ignore[arg-type]
            await doing(branch)

    asyncio.run(go())


def test_a_visit_from_ticket_to_end(tmp_path: Path) -> None:
    async def visit(branch: Running) -> None:
        taken = await branch.did("customer", "/v1/tickets", TICKET)
        assert taken["ticket"]["ticket"] == "A001"
        assert taken["ticket"]["ahead"] == 0
        opened = await branch.did("teller", "/v1/windows/3/sign-in", {"teller": "1001"})
        assert opened == {"window": "3", "teller": "1001", **CLOSED, "entry": 3}
        called = await branch.did("teller", "/v1/windows/3/call-next")
        assert called["ticket"]["ticket"] == "A001"
        assert called["why"]["en"] == "Nobody else waits here: waited <1 min."
        for word in ("recall", "arrived", "start"):
            await branch.did("teller", f"/v1/windows/3/{word}")
        assert (await branch.sees(taken["token"], "/v1/my-ticket"))["state"] == "serving"
        await branch.did("teller", "/v1/windows/3/transfer", {"service": "complex"})
        await branch.did("teller", "/v1/windows/3/call", {"ticket": "A001"})
        await branch.did("teller", "/v1/windows/3/park", {"minutes": 5})
        await branch.did("teller", "/v1/tickets/A001/re-enter")
        await branch.did("teller", "/v1/windows/3/call-next")
        await branch.did("teller", "/v1/windows/3/no-show")
        await branch.did(taken["token"], "/v1/my-ticket/re-enter")
        await branch.did("teller", "/v1/windows/3/call-next")
        await branch.did("teller", "/v1/windows/3/finish", {"go_on": False})
        await branch.did("teller", "/v1/windows/3/break", {"reason": "meal"})
        assert (await branch.sees("manager", "/v1/windows"))["windows"][0]["pause"] == "meal"
        await branch.did("teller", "/v1/windows/3/end-break")
        await branch.did("teller", "/v1/windows/3/sign-out")
        board = await branch.sees("display", "/v1/board")
        # The calls before it was transferred, parked and missed lead nobody anywhere any more.
        assert [(call["ticket"], call["window"], call["again"]) for call in board["calls"]] == [("A001", "3", False)]
        assert board["at"] >= board["calls"][0]["at"]
        report = await branch.sees("manager", "/v1/report")
        assert report["lines"][0]["called"] == 1
        assert (await branch.sees("technician", "/v1/status"))["issued"] == 1

    in_branch(tmp_path, visit)


def test_a_customer_parks_returns_and_gives_up(tmp_path: Path) -> None:
    async def doing(branch: Running) -> None:
        token = (await branch.did("customer", "/v1/tickets", TICKET))["token"]
        assert (await branch.did(token, "/v1/my-ticket/park", {"minutes": 10}))["state"] == "parked"
        assert (await branch.did(token, "/v1/my-ticket/re-enter"))["state"] == "waiting"
        assert (await branch.did(token, "/v1/my-ticket/cancel"))["state"] == "cancelled"
        answer = await branch.ask(token, "POST", "/v1/my-ticket/cancel")
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")

    in_branch(tmp_path, doing)


def test_the_place_of_a_ticket_is_how_many_go_before_it_by_the_policy(tmp_path: Path) -> None:
    async def doing(branch: Running) -> None:
        await branch.did("teller", "/v1/windows/1/sign-in", {"teller": "1001"})
        tokens = [(await branch.did("customer", "/v1/tickets", TICKET))["token"] for _ in range(3)]
        await branch.did("customer", "/v1/tickets", {**TICKET, "services": ["complex"]})
        green = await branch.did("customer", "/v1/tickets", {**TICKET, "customer_class": "green"})
        assert green["ticket"]["ahead"] == 0
        assert [(await branch.sees(token, "/v1/my-ticket"))["ahead"] for token in tokens] == [1, 2, 3]
        waits = [(await branch.sees(token, "/v1/my-ticket"))["wait"] for token in tokens]
        assert all(wait["about_s"] >= 0 and wait["up_to_s"] >= 0 for wait in waits)

    in_branch(tmp_path, doing)


def test_the_token_of_yesterdays_ticket_is_none_of_todays(tmp_path: Path) -> None:
    clock = SetClock(NINE)

    async def go() -> None:
        async with running(tmp_path, clock=clock) as branch:
            token = (await branch.did("customer", "/v1/tickets", TICKET))["token"]
        clock.sleep(86400)
        async with running(tmp_path, clock=clock) as branch:
            await branch.did("customer", "/v1/tickets", TICKET)
            answer = await branch.ask(token, "GET", "/v1/my-ticket")
            assert (answer.status_code, answer.json()["detail"]) == (404, "There is no ticket A001 today.")

    asyncio.run(go())


@pytest.mark.parametrize(
    ("role", "method", "path"),
    [
        ("display", "POST", "/v1/tickets"),
        ("customer", "POST", "/v1/windows/1/call-next"),
        ("customer", "GET", "/v1/tickets"),
        ("display", "GET", "/v1/windows"),
        ("teller", "GET", "/v1/report"),
        ("teller", "GET", "/v1/my-ticket"),
        ("technician", "POST", "/v1/tickets/A001/cancel"),
    ],
)
def test_a_role_may_not_do_what_is_not_its_business(tmp_path: Path, role: str, method: str, path: str) -> None:
    async def doing(branch: Running) -> None:
        answer = await branch.ask(role, method, path)
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"
        assert f"A token of role {role} may not do this" in answer.json()["detail"]

    in_branch(tmp_path, doing)


def test_without_a_token_nothing_is_told_and_guessing_is_slowed_down(tmp_path: Path) -> None:
    async def doing(branch: Running) -> None:
        for token in ("x", "A001.2.AAAAAAAAAAAAAAAAAAAAAA", "é" * 40):
            answer = await branch.client.get("/v1/board", headers={"Authorization": f"Bearer {token}".encode()})
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
        assert (await branch.client.get("/v1/board")).status_code == 401
        answers = [await branch.client.get("/v1/board") for _ in range(10)]
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert (await branch.ask("display", "GET", "/v1/board")).status_code == 200

    in_branch(tmp_path, doing, Limits(strangers_per_second=1, strangers_burst=8))


def test_one_client_that_asks_too_often_keeps_no_other_from_asking(tmp_path: Path) -> None:
    async def doing(branch: Running) -> None:
        statuses = [(await branch.ask("display", "GET", "/v1/board")).status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        assert (await branch.ask("manager", "GET", "/v1/board")).status_code == 200

    in_branch(tmp_path, doing, Limits(per_second=1, burst=3))


def test_a_body_that_is_too_long_is_refused(tmp_path: Path) -> None:
    async def doing(branch: Running) -> None:
        answer = await branch.ask("customer", "POST", "/v1/tickets", {**TICKET, "notes": "x" * MOST_BYTES})
        assert answer.status_code == 413

    in_branch(tmp_path, doing)


@pytest.mark.parametrize(
    ("body", "status", "complaint"),
    [
        ({"services": [], "customer_class": "ordinary"}, 422, "services: "),
        ({"services": ["simple"]}, 422, "customer_class: Field required"),
        ({**TICKET, "notes": "1" * 501}, 422, "notes: "),
        ({**TICKET, "colour": "red"}, 422, "colour: "),
        ({**TICKET, "language": "fr"}, 422, "language: "),
        ({**TICKET, "services": ["gold"]}, 422, "There is no service gold."),
        ({**TICKET, "customer_class": "king"}, 422, "There is no class of customers king."),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(tmp_path: Path, body: object, status: int, complaint: str) -> None:
    async def doing(branch: Running) -> None:
        answer = await branch.ask("customer", "POST", "/v1/tickets", body)
        assert answer.status_code == status
        assert complaint in answer.json()["detail"]
        assert answer.json()["detail_zh"]

    in_branch(tmp_path, doing)


def test_what_a_wrong_request_said_is_not_repeated(tmp_path: Path) -> None:
    async def doing(branch: Running) -> None:
        answer = await branch.ask("customer", "POST", "/v1/tickets", {**TICKET, "slot": "张三 110101199003074514"})
        assert answer.status_code == 422
        assert "1101" not in answer.text

    in_branch(tmp_path, doing)


def test_a_refusal_says_what_to_do(tmp_path: Path) -> None:
    async def doing(branch: Running) -> None:
        answer = await branch.ask("teller", "POST", "/v1/windows/1/call-next")
        assert answer.status_code == 404
        assert answer.json() == {
            "status": 404,
            "code": "no_window",
            "detail": "Nobody has signed in at window 1.",
            "detail_zh": "1号窗口没有人签入。",
        }

    in_branch(tmp_path, doing)


def test_a_double_tap_makes_one_ticket(tmp_path: Path) -> None:
    async def doing(branch: Running) -> None:
        taps = [branch.did("customer", "/v1/tickets", TICKET, key="tap") for _ in range(3)]
        first, second, third = await asyncio.gather(*taps)
        assert first == second == third
        other = await branch.ask("customer", "POST", "/v1/tickets", {**TICKET, "services": ["complex"]}, key="tap")
        assert (other.status_code, other.json()["code"]) == (422, "key_used_otherwise")
        assert (await branch.did("manager", "/v1/tickets", TICKET, key="tap"))["ticket"]["ticket"] == "A002"
        assert (await branch.ask("customer", "POST", "/v1/tickets", TICKET, key="")).status_code == 422

    in_branch(tmp_path, doing)


def test_only_staff_see_notes_and_no_log_has_them(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    notes = "张三 13800138000"

    async def doing(branch: Running) -> None:
        token = (await branch.did("customer", "/v1/tickets", {**TICKET, "notes": notes}))["token"]
        await branch.did("teller", "/v1/windows/1/sign-in", {"teller": "1001"})
        assert (await branch.did("teller", "/v1/windows/1/call-next"))["ticket"]["notes"] == notes
        for role, path in ((token, "/v1/my-ticket"), ("display", "/v1/board"), ("customer", "/v1/services")):
            assert notes not in json.dumps(await branch.sees(role, path), ensure_ascii=False)
        for role, is_staff in (("display", False), ("customer", False), (token, False), ("teller", True)):
            async with Follower(branch.server.app, branch.tokens.get(role, role), after=0) as follower:
                events = await follower.until(4)
            assert notes not in json.dumps(events, ensure_ascii=False)
            assert ("1001" in json.dumps(events)) is is_staff

    with caplog.at_level(logging.DEBUG):
        in_branch(tmp_path, doing)
    assert notes not in caplog.text


def test_health_asks_for_no_token_and_tells_nothing(tmp_path: Path) -> None:
    async def doing(branch: Running) -> None:
        assert (await branch.client.get("/v1/health")).json() == {"works": True}

    in_branch(tmp_path, doing)


def test_health_tells_whoever_spreads_requests_that_the_log_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise StoreUnavailable("the database is lost")

    async def go() -> None:
        async with running(tmp_path, beat_s=0.001) as branch:

            async def until(status: int) -> str:
                while (answer := await branch.client.get("/v1/health")).status_code != status:
                    await asyncio.sleep(0.001)
                return answer.text

            with monkeypatch.context() as cut_off:
                cut_off.setattr(branch.store, "entries", lost)
                assert "database" not in await until(503)
            assert await until(200) == '{"works":true}'

    asyncio.run(go())


def test_tokens_are_kept_as_hashes_only(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    handed_out = (tmp_path / HAND_OUT_NAME).read_text(encoding="utf-8")
    kept = (tmp_path / TOKENS_NAME).read_text(encoding="utf-8")
    for line in handed_out.splitlines()[1:]:
        role, token = line.split()
        caller = tokens.who(token)
        assert caller is not None
        assert caller.role.value == role
        assert token not in kept
    (tmp_path / HAND_OUT_NAME).unlink()
    assert Tokens(tmp_path).who(token) == caller
    assert not (tmp_path / HAND_OUT_NAME).exists()
    (tmp_path / TOKENS_NAME).write_text("{}")
    with pytest.raises(TokensUnusable, match="is damaged"):
        Tokens(tmp_path)


def test_a_change_of_the_tokens_is_seen_however_soon_it_follows_another(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    path = tmp_path / TOKENS_NAME
    written = path.stat().st_mtime_ns
    added = Tokens(tmp_path).add(Role.TELLER, "1001")
    os.utime(path, ns=(written, written))  # as within one tick of the clock of the disk
    assert tokens.who(added) == Caller(Role.TELLER, "1001")


def test_the_document_describes_every_path_and_all_that_it_refers_to(tmp_path: Path) -> None:
    async def doing(branch: Running) -> None:
        document = (await branch.client.get("/v1/openapi.json")).json()
        assert document["openapi"] == "3.1.0"
        routes = branch.server.app.routes  # type: ignore[attr-defined]
        served = {route.path for route in routes if route.path.startswith("/v1/")}
        assert served == {*document["paths"], "/v1/openapi.json"}
        text = json.dumps(document)
        for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
            assert name in document["components"]["schemas"]
        operations = [each["operationId"] for path in document["paths"].values() for each in path.values()]
        assert len(operations) == len(set(operations))

    in_branch(tmp_path, doing)


def test_a_path_that_there_is_not_says_where_to_look(tmp_path: Path) -> None:
    async def doing(branch: Running) -> None:
        for method, path, code in (("GET", "/v1/ticket", "no_such_path"), ("PUT", "/v1/board", "other_method")):
            assert (await branch.ask("manager", method, path)).json()["code"] == code

    in_branch(tmp_path, doing)


def test_when_the_disk_is_full_it_says_so_and_the_same_key_may_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreUnavailable("the disk is full")

    async def doing(branch: Running) -> None:
        with monkeypatch.context() as disk:
            disk.setattr(branch.store, "append", full)
            answer = await branch.ask("customer", "POST", "/v1/tickets", TICKET, key="tap")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert (await branch.did("customer", "/v1/tickets", TICKET, key="tap"))["ticket"]["ticket"] == "A001"

    in_branch(tmp_path, doing)
