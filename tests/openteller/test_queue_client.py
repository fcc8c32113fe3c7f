"""The queue's client against servers that are silent, cut short, confused, hostile or another one."""

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from device_sim.kept_port import KeptPort
from kiosk_core.branch_queue import QueueCall, QueueSilent, QueueTicket, TicketRefused, TicketWish, Wait
from kiosk_core.texts import LocalText
from openteller import queue_client
from openteller.demo_certificates import make_demo_certificates
from openteller.queue_answers import queue_now
from openteller.queue_client import QueueClient
from queue_display.listening.place import QueuePlace
from tests.clocks import RealClock
from tests.openteller.queue_that_lies import Answer, LyingQueue, hangs_up, is_silent, raw, says
from tests.patience import PATIENCE_S

WISH = TicketWish("simple", "ordinary", "zh")
WAIT = {"about_s": 60.5, "up_to_s": 300}
NEW = {
    "ticket": {"ticket": "A013", "state": "waiting", "issued_at": 1_795_000_000.5, "ahead": 2, "wait": WAIT},
    "token": "A013.7.0123456789012345678901",
    "page_url": "http://127.0.0.1:8640/t#A013.7.0123456789012345678901",
    "of a later version": 1,
}
SERVICE = {
    "service": "simple",
    "title": {"zh": "简单业务", "en": "Simple services"},
    "series": "A",
    "waiting": 3,
    "newcomer": {"ordinary": WAIT, "vip": {"about_s": None, "up_to_s": None}},
}
CALLS = [{"number": 9, "at": 1.0, "ticket": "A012", "window": "3", "again": False}]
BOARD = {"at": 2.0, "calls": CALLS, "services": [SERVICE], "entry": 9}
PROBLEM = {
    "status": 409,
    "code": "no_day",
    "detail": "The day has not been opened yet.",
    "detail_zh": "还没有开始营业。",
}
MADE = says(201, NEW)

Serve = Callable[..., tuple[QueueClient, LyingQueue]]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine may have other things to do than to answer; but nobody pauses for longer than can be told."""
    for limit in ("_ANSWER_S", "_PATIENCE_S", "SILENCE_S"):
        monkeypatch.setattr(queue_client, limit, PATIENCE_S)
    monkeypatch.setattr(queue_client, "_PAUSES_S", (0.0, 0.01, 0.01))


@pytest.fixture
def in_a_hurry(patient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing comes wait as little as it takes to tell that one waits."""
    for limit in ("_ANSWER_S", "SILENCE_S"):
        monkeypatch.setattr(queue_client, limit, 1.0)


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[LyingQueue] = []
    clients: list[QueueClient] = []

    def begin(*answers: Answer, place: QueuePlace | None = None, tls: ssl.SSLContext | None = None) -> Any:
        servers.append(LyingQueue(list(answers), tls))
        there = replace(place or QueuePlace("", "the-token"), url=servers[-1].url)
        clients.append(QueueClient(there, RealClock()))
        return clients[-1], servers[-1]

    yield begin
    for each in clients:
        each.close()
    for server in servers:
        server.close()


def keys(server: LyingQueue) -> list[bytes]:
    return [line for heard in server.heard for line in heard.split(b"\r\n") if line.lower().startswith(b"idempotency-")]


def test_a_ticket_is_taken_with_token_and_key(serve: Serve) -> None:
    client, server = serve(MADE)
    ticket = client.take(WISH, "key 1")
    assert isinstance(ticket, QueueTicket)
    assert (ticket.number, ticket.ahead, ticket.wait) == ("A013", 2, Wait(60.5, 300))
    assert ticket.page_url == NEW["page_url"]
    assert ticket.issued_at == datetime.fromtimestamp(1_795_000_000.5, UTC)
    (request,) = server.heard
    assert request.startswith(b"POST /v1/tickets HTTP/1.1\r\n")
    assert b"uthorization: Bearer the-token\r\n" in request
    assert request.endswith(b'\r\n\r\n{"services": ["simple"], "customer_class": "ordinary", "language": "zh"}')
    assert keys(server)[0].endswith(b": key 1")


def test_an_appointment_names_its_slot(serve: Serve) -> None:
    client, server = serve(MADE)
    client.take(replace(WISH, slot=1_795_000_000), "k")
    assert server.heard[0].endswith(b'"channel": "booking", "slot": 1795000000}')


CUT = b'HTTP/1.1 201 Created\r\nContent-Length: 400\r\n\r\n{"ticket":'

BROKEN: dict[str, Answer] = {
    "hangs up": hangs_up,
    "cut": raw(CUT),
    "cut in the head": raw(b"HTTP/1.1 2"),
    "no HTTP": raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "no JSON": says(201, b"<html>welcome</html>"),
    "another JSON": says(201, {"ticket": "A013"}),
    "no number of a ticket": says(201, NEW | {"ticket": NEW["ticket"] | {"ticket": "\x1b@"}}),  # type: ignore[operator]
    "a wait without end": says(201, b'{"ticket":{"ticket":"A013","issued_at":1,"ahead":0,"wait":{"about_s":1e999'),
    "a page elsewhere": says(201, NEW | {"page_url": "javascript:alert(1)"}),
    "not UTF-8": says(201, b'{"ticket":"\xff\xfe"}'),
    "down": says(503, PROBLEM),
    "too often": says(429, PROBLEM, "Retry-After: 0"),
    "a page of its own": says(500, b"Internal Server Error"),
    "endless": raw(b"HTTP/1.1 201 Created\r\n\r\n" + b" " * 400_000),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_an_answer_that_is_lost_or_wrong_is_asked_for_again_with_the_same_key(serve: Serve, answer: Answer) -> None:
    check_asked_twice(*serve(answer, MADE))


def check_asked_twice(client: QueueClient, server: LyingQueue) -> None:
    assert isinstance(client.take(WISH, "one press"), QueueTicket)
    assert len(server.heard) == 2
    assert server.heard[0] == server.heard[1]
    assert keys(server) == [keys(server)[0]] * 2


@pytest.mark.usefixtures("in_a_hurry")
def test_so_is_one_that_does_not_come(serve: Serve) -> None:
    def falls_silent(connection: Any) -> None:
        client._http.timeout = queue_client._ANSWER_S = PATIENCE_S  # the next answer comes
        is_silent(connection)

    client, server = serve(falls_silent, MADE)
    check_asked_twice(client, server)


@pytest.mark.parametrize("answer", [BROKEN["hangs up"], BROKEN["no JSON"], BROKEN["down"]])
def test_a_queue_that_goes_on_so_is_silent_after_some_tries(serve: Serve, answer: Answer) -> None:
    client, server = serve(answer)
    with pytest.raises(QueueSilent):
        client.take(WISH, "k")
    assert len(server.heard) == 4


def test_so_is_one_that_never_says_anything(serve: Serve) -> None:
    client, server = serve(is_silent)
    client._http.timeout = 0.1
    with pytest.raises(QueueSilent):
        client.take(WISH, "k")
    while len(server.heard) < 4:  # it may still be reading
        time.sleep(0.005)
    assert len(server.heard) == 4


def test_a_queue_that_is_not_there_is_silent() -> None:
    with (
        KeptPort() as port,
        closing(QueueClient(QueuePlace(f"http://127.0.0.1:{port.number}", "t"), RealClock())) as client,
        pytest.raises(QueueSilent),
    ):
        client.take(WISH, "k")


def test_who_is_asked_to_wait_longer_than_a_customer_does_gives_up_at_once(serve: Serve) -> None:
    client, server = serve(says(429, PROBLEM, "Retry-After: 6000"), MADE)
    with pytest.raises(QueueSilent, match="429"):
        client.take(WISH, "k")
    assert len(server.heard) == 1


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 422])
def test_what_a_person_must_mend_is_logged_and_not_asked_again(
    serve: Serve, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    client, server = serve(says(status, PROBLEM, "Location: http://elsewhere.example/"), MADE)
    with pytest.raises(QueueSilent, match=str(status)):
        client.take(WISH, "k")
    assert len(server.heard) == 1
    assert "The day has not been opened yet." in caplog.text
    assert "the-token" not in caplog.text


def test_a_refusal_is_a_result_in_both_languages(serve: Serve) -> None:
    client, _ = serve(says(409, PROBLEM))
    refused = client.take(WISH, "k")
    assert refused == TicketRefused(LocalText("还没有开始营业。", "The day has not been opened yet."))


def test_an_answer_that_trickles_ends(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, the last one never."""
    over = threading.Event()
    monkeypatch.setattr(queue_client, "_ANSWER_S", 1.0)

    def trickle(connection: Any) -> None:
        client._http.timeout = queue_client._ANSWER_S = PATIENCE_S  # the next answer comes
        connection.sendall(b"HTTP/1.1 201 Created\r\n\r\n")
        while not over.wait(0.02):
            connection.sendall(b" ")

    client, server = serve(trickle, MADE)
    try:
        assert isinstance(client.take(WISH, "k"), QueueTicket)
    finally:
        over.set()
    assert len(server.heard) == 2


def test_an_answer_that_pours_without_end_is_not_kept(serve: Serve) -> None:
    poured = []

    def pour(connection: Any) -> None:
        connection.sendall(b"HTTP/1.1 201 Created\r\n\r\n")
        while len(poured) < 400:
            connection.sendall(b" " * 65_536)
            poured.append(1)

    client, _ = serve(pour, MADE)
    assert isinstance(client.take(WISH, "k"), QueueTicket)
    assert len(poured) < 200  # of 64 KiB: what the buffers on the way hold, and no more


# -- withdrawing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 404, 409])
def test_a_ticket_is_withdrawn_by_the_token_that_the_same_request_tells(serve: Serve, status: int) -> None:
    client, server = serve(MADE, says(status, PROBLEM))
    client.withdraw(WISH, "k")
    cancel = server.heard[1]
    assert cancel.startswith(b"POST /v1/my-ticket/cancel HTTP/1.1\r\n")
    assert f"uthorization: Bearer {NEW['token']}\r\n".encode() in cancel
    assert b"the-token" not in cancel


def test_a_ticket_that_was_refused_needs_no_withdrawing(serve: Serve) -> None:
    client, server = serve(says(409, PROBLEM))
    client.withdraw(WISH, "k")
    assert len(server.heard) == 1


@pytest.mark.parametrize("answers", [[hangs_up], [MADE, says(500, b"")], [MADE, hangs_up]])
def test_whether_it_was_withdrawn_is_not_known_while_the_queue_is_silent(serve: Serve, answers: list[Answer]) -> None:
    client, _ = serve(*answers)
    with pytest.raises(QueueSilent):
        client.withdraw(WISH, "k")


# -- how the queue stands ----------------------------------------------------------------------------------


def test_the_board_tells_who_waits_and_who_is_called(serve: Serve) -> None:
    client, _ = serve(says(200, BOARD))
    now = queue_now(client.board())
    (service,) = now.services
    assert (service.name, service.title.en, service.waiting) == ("simple", "Simple services", 3)
    assert service.newcomer == {"ordinary": Wait(60.5, 300), "vip": Wait()}
    assert now.calls == (QueueCall("A012", "3"),)


@pytest.mark.parametrize(
    "board",
    [
        BOARD | {"services": [SERVICE | {"waiting": -1}]},
        BOARD | {"services": [SERVICE | {"title": {"zh": "简单业务"}}]},
        BOARD | {"services": [SERVICE] * 101},
        BOARD | {"calls": [CALLS[0] | {"window": "3\x00"}]},
        BOARD | {"calls": [CALLS[0] | {"ticket": "A" * 4000}]},
        [],
    ],
)
def test_a_board_that_is_none_is_taken_for_silence(serve: Serve, board: object) -> None:
    client, _ = serve(says(200, board))
    with pytest.raises(QueueSilent):
        client.board()


STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n"
ALIVE = b'event: alive\ndata: {"entry":7}\n\n'


def read(client: QueueClient) -> bytes:
    """Return what the stream said until it ended."""
    said = b""
    with contextlib.suppress(QueueSilent):
        for data in client.events("7"):
            said += data
        pytest.fail("the stream ended without a word")
    return said


def test_the_stream_is_asked_for_from_an_entry_on_and_comes_as_it_is(serve: Serve) -> None:
    client, server = serve(raw(STREAM + ALIVE + ALIVE))
    assert read(client) == ALIVE + ALIVE
    assert server.heard[0].startswith(b"GET /v1/events HTTP/1.1\r\n")
    assert b"\r\nlast-event-id: 7\r\n" in server.heard[0].lower()


def test_a_stream_comes_piece_by_piece(serve: Serve) -> None:
    was_read = threading.Event()

    def halves(connection: Any) -> None:
        connection.sendall(STREAM + ALIVE)
        was_read.wait(PATIENCE_S)
        connection.sendall(b"id: 8\n")

    client, _ = serve(halves)
    events = client.events("7")
    assert next(events) == ALIVE
    was_read.set()
    assert next(events) == b"id: 8\n"
    events.close()


HTML = says(200, b"<!doctype html><title>It works!</title>", "Content-Type: text/html")


@pytest.mark.parametrize("answer", [hangs_up, says(401, PROBLEM), says(503, PROBLEM), raw(STREAM), HTML])
def test_a_stream_that_ends_or_never_begins_is_silence(serve: Serve, answer: Answer) -> None:
    client, _ = serve(answer)
    assert read(client) == b""


@pytest.mark.usefixtures("in_a_hurry")
def test_so_is_one_that_never_answers(serve: Serve) -> None:
    client, _ = serve(is_silent)
    assert read(client) == b""


def test_a_stream_that_says_nothing_any_more_is_silence(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_client, "SILENCE_S", 3.0)  # what it says comes within that

    def stall(connection: Any) -> None:
        connection.sendall(STREAM + ALIVE)
        is_silent(connection)

    client, _ = serve(stall)
    assert read(client) == ALIVE


# -- who it is ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return make_demo_certificates(tmp_path_factory.mktemp("certificates"), datetime.now(UTC))


def tls_of(certificates: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server_certificate, certificates.server_key)
    return context


def test_a_queue_whose_certificate_is_signed_by_the_named_ca_is_trusted(serve: Serve, certificates: Any) -> None:
    client, _ = serve(MADE, place=QueuePlace("", "t", certificates.ca), tls=tls_of(certificates))
    assert isinstance(client.take(WISH, "k"), QueueTicket)


def test_another_certificate_is_told_no_token(serve: Serve, certificates: Any, tmp_path: Path) -> None:
    other = make_demo_certificates(tmp_path, datetime.now(UTC))
    client, server = serve(MADE, place=QueuePlace("", "t", other.ca), tls=tls_of(certificates))
    with pytest.raises(QueueSilent, match="CERTIFICATE_VERIFY_FAILED"):
        client.take(WISH, "k")
    assert server.heard == []
