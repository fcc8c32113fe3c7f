"""One press is one ticket of a real queue: however the line is cut, and wherever the terminal stops."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from benchmarks.queue_clients import Served, served
from kiosk_core.branch_queue import QueueSilent, QueueTicket, TicketWish
from kiosk_core.ledger import LedgerState as L
from openteller import queue_client
from openteller.queue_client import QueueClient
from queue_display.listening.place import QueuePlace
from tests.clocks import RealClock
from tests.openteller.branch import Branch, Customer
from tests.openteller.line_to_queue import LineToQueue
from tests.openteller.queue_clients import Client
from tests.openteller.test_queue_ticket_terminal import begin, choose, take
from tests.patience import PATIENCE_S, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

WISH = TicketWish("simple", "ordinary", "zh")


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "queue") as queue:
        yield queue


@pytest.fixture
def line(queue: Served) -> Iterator[LineToQueue]:
    line = LineToQueue(queue.port)
    yield line
    line.close()


@pytest.fixture
def branch(queue: Served, line: LineToQueue) -> Iterator[Branch]:
    """A terminal behind the line; no core runs yet."""
    branch = Branch()
    token = branch.out / "queue-token"
    token.write_text(queue.tokens["customer"])
    token.chmod(0o600)
    with branch.config_file.open("a") as config:
        config.write(f'\n[queue]\nurl = "http://127.0.0.1:{line.port}"\ntoken_file = "{token}"\n')
    yield branch
    branch.close()


def press(customer: Customer, line: LineToQueue) -> None:
    """Ask for a ticket whose answer does not come."""
    begin(customer)
    choose(customer, "simple")
    line.holds = True
    choose(customer, "without")


def tickets(queue: Served) -> dict[str, Any]:
    """Return the tickets that wait or are served, by number."""
    with closing(Client(queue)) as staff:
        status, answer = staff.ask("teller", "GET", "/v1/tickets")
    assert status == 200
    return {each["ticket"]: each for each in answer["tickets"]}


def test_an_answer_that_is_cut_behind_any_byte_costs_no_second_ticket(
    queue: Served, line: LineToQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_client, "_PAUSES_S", (0.0,))
    place = QueuePlace(f"http://127.0.0.1:{line.port}", queue.tokens["customer"])
    given = []
    for press, cut_behind in enumerate(range(0, 560, 20)):  # an answer has some 500 bytes
        with closing(QueueClient(place, RealClock())) as kiosk:
            line.cut_behind = cut_behind
            try:
                ticket = kiosk.take(WISH, f"press {press}")  # asked twice, cut twice
            except QueueSilent:
                line.cut_behind = None
                ticket = kiosk.take(WISH, f"press {press}")
            assert isinstance(ticket, QueueTicket)
            given.append(ticket.number)
    assert given == [f"A{number:03}" for number in range(1, len(given) + 1)]
    assert list(tickets(queue)) == given


def test_a_ticket_whose_terminal_is_killed_before_it_is_shown_is_withdrawn(
    queue: Served, line: LineToQueue, branch: Branch
) -> None:
    branch.spawn_core()
    with branch.customer() as customer:
        press(customer, line)
        assert line.pressed.wait(PATIENCE_S)
        assert list(tickets(queue)) == ["A001"]  # made, and nobody knows
        branch.kill_core()
    line.holds = False
    branch.spawn_core()
    until(lambda: tickets(queue) == {})
    with branch.customer() as customer:
        page = take(customer, "simple")
    assert page.number == "A002"
    assert list(tickets(queue)) == ["A002"]
    first, second = sorted(branch.transactions(), key=lambda each: each.id)
    assert [first.state, second.state] == [L.ABANDONED, L.DONE]


def test_a_press_that_lasts_too_long_sends_to_the_counter_and_leaves_no_ticket(
    queue: Served, line: LineToQueue, branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_client, "_PATIENCE_S", 0.6)  # it is asked once: behind the first answer that did not come
    branch.start_core()
    with branch.customer() as customer:
        press(customer, line)
        page = customer.see("result")
        assert page.title.key == "queue_ticket.silent.title"
        assert line.pressed.wait(PATIENCE_S)
        assert list(tickets(queue)) == ["A001"]
        line.holds = False
        customer.done()
        until(lambda: tickets(queue) == {})
