"""A customer takes tickets at a whole simulated terminal, of a queue that is served beside it."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.queue_clients import Served, served
from device_sim.actions import ControlError
from kiosk_core.intents import Cancel, ChooseOption, ChooseService, Done
from kiosk_core.ledger import LedgerState as L
from kiosk_core.pages import MenuPage, Paper
from tests.openteller.branch import Branch, Customer
from tests.openteller.queue_clients import Client
from tests.openteller.test_id_update_terminal import contents
from tests.patience import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

SERVICE = "queue_ticket"


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("queue")) as queue:
        yield queue


@pytest.fixture
def branch(queue: Served) -> Iterator[Branch]:
    branch = Branch(bank_card=True)
    token = branch.out / "queue-token"
    token.write_text(f"{queue.tokens['customer']}\n")
    token.chmod(0o600)
    with branch.config_file.open("a") as config:
        config.write(f'\n[queue]\nurl = "http://127.0.0.1:{queue.port}"\ntoken_file = "{token}"\n')
    branch.start_core()
    yield branch
    branch.close()


@pytest.fixture
def customer(branch: Branch) -> Iterator[Customer]:
    with branch.customer() as customer:
        yield customer


@pytest.fixture
def staff(queue: Served) -> Iterator[Client]:
    client = Client(queue)
    yield client
    client.close()


def begin(customer: Customer) -> Any:
    """Touch the tile, again whenever the home page changes under the finger; return the first page."""

    def can_be_had(page: MenuPage) -> bool:
        return any(item.service_id == SERVICE and item.unavailable is None for item in page.items)

    customer.see("menu", can_be_had)
    customer.touch(ChooseService(service_id=SERVICE))
    while (page := customer.next()).kind == "menu":
        if isinstance(page, MenuPage) and can_be_had(page):
            customer.touch(ChooseService(service_id=SERVICE))
    return page


def choose(customer: Customer, name: str) -> None:
    customer.see("choice", lambda page: any(each.name == name for each in page.choices))
    customer.touch(ChooseOption(name=name))


def can_insert(branch: Branch) -> bool:
    """Push the bank card in; False: the reader takes none yet."""
    try:
        branch.sim.insert_card("bank")
    except ControlError:
        return False
    return True


def take(customer: Customer, service: str, way: str = "without") -> Any:
    begin(customer)
    choose(customer, service)
    choose(customer, way)
    return customer.see("ticket", lambda page: page.paper is not Paper.PRINTING)


def test_three_touches_print_a_ticket(branch: Branch, customer: Customer, queue: Served) -> None:
    page = take(customer, "simple")
    assert page.paper is Paper.PRINTED
    slot = branch.sim.slot
    assert slot is not None
    assert slot[0].qr_codes == (page.qr,)
    assert page.qr.startswith(f"http://127.0.0.1:{queue.port}/t#{page.number}.")
    text = branch.sim.take_receipt()["text"]
    assert page.number in text
    assert "简单业务" in text
    customer.touch(Done())
    customer.see("menu")
    (transaction,) = branch.transactions()
    assert [row.state for row in transaction.rows] == [L.NEW, L.TICKET_REQ, L.DONE, L.DONE]
    assert transaction.facts["ticket"] == page.number


def classes(staff: Client) -> dict[str, str]:
    status, answer = staff.ask("teller", "GET", "/v1/tickets")
    assert status == 200
    return {each["ticket"]: each["customer_class"] for each in answer["tickets"]}


def test_an_elderly_customer_shows_his_id_card_and_is_called_before(
    branch: Branch, customer: Customer, staff: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    begin(customer)
    choose(customer, "complex")
    choose(customer, "id_card")
    customer.see("capture")
    branch.sim.place_id_card("elderly_citizen")
    page = customer.see("ticket", lambda page: page.paper is Paper.PRINTED)
    assert classes(staff)[page.number] == "green"
    assert page.customer_class.en == "Priority service"
    assert page.take.key == "queue_ticket.ticket.take.id_card"
    receipt = branch.sim.take_receipt()["text"]
    assert "爱心优先" in receipt
    left_behind = contents(branch.out) + caplog.text.encode() + receipt.encode()
    for text in ("650101194005060004", "19400506", "1940-05-06"):
        assert text.encode() not in left_behind, text
    assert page.qr.encode() not in contents(branch.out) + caplog.text.encode()  # who has it has the ticket


def test_a_customer_under_the_camera_is_told_by_his_age(branch: Branch, customer: Customer, staff: Client) -> None:
    branch.sim.strike("id_card_reader", "unplug")
    while True:  # the reader may be missed a moment later
        begin(customer)
        choose(customer, "simple")
        ways = customer.see("choice", lambda page: page.choices[0].name == "without").choices
        if "id_card_picture" in {each.name for each in ways}:
            break
        customer.touch(Cancel())
    customer.touch(ChooseOption(name="id_card_picture"))
    customer.see("scan")
    branch.sim.lay_document("citizen", "front", 0.0)
    page = customer.see("ticket", lambda page: page.paper is Paper.PRINTED)
    assert classes(staff)[page.number] == "ordinary"


def test_a_bank_card_of_a_vip_is_known_by_its_first_digits(branch: Branch, customer: Customer, staff: Client) -> None:
    begin(customer)
    choose(customer, "simple")
    choose(customer, "bank_card")
    customer.see("capture")
    until(lambda: can_insert(branch))
    page = customer.see("ticket", lambda page: page.paper is Paper.PRINTED)
    assert classes(staff)[page.number] == "vip"
    assert page.take.key == "queue_ticket.ticket.take.bank_card"
    assert b"99999900" not in contents(branch.out / "journal")


@pytest.mark.parametrize("fault", ["paper_out", "unplug"])
def test_without_paper_or_printer_the_ticket_is_on_the_screen(
    branch: Branch, customer: Customer, staff: Client, fault: str
) -> None:
    branch.sim.strike("receipt_printer", fault)
    customer.see("menu", lambda page: page.notice is not None)
    page = take(customer, "simple")
    assert page.paper is Paper.NONE
    assert page.idle_s == 120
    assert page.number in classes(staff)
    assert branch.transactions()[0].facts["receipt"] == "not_printed"


def test_the_home_page_shows_who_is_called(branch: Branch, customer: Customer, staff: Client) -> None:
    number = take(customer, "simple", "class_green").number
    customer.touch(Done())
    staff.did("teller", "/v1/windows/3/sign-in", {"teller": "1001"})
    while (called := staff.did("teller", "/v1/windows/3/call-next")["ticket"]["ticket"]) != number:
        staff.did("teller", "/v1/windows/3/no-show")

    def shows_the_call(page: MenuPage) -> bool:
        return page.queue is not None and [call.ticket for call in page.queue.calls[:1]] == [called]

    home = customer.see("menu", shows_the_call)
    assert home.queue.calls[0].window == "3"
    staff.did("teller", "/v1/windows/3/no-show")
    staff.did("teller", "/v1/windows/3/sign-out")


def test_a_queue_that_is_gone_is_said_on_the_tile_and_noticed_when_it_is_back(
    branch: Branch, customer: Customer, queue: Served
) -> None:
    customer.see("menu", lambda page: page.queue is not None)
    queue.process.send_signal(signal.SIGSTOP)
    try:
        home = customer.see("menu", lambda page: page.queue is None)
        tile = next(each for each in home.items if each.service_id == SERVICE)
        assert tile.unavailable.key == "unavailable.queue"
    finally:
        queue.process.send_signal(signal.SIGCONT)
    customer.see("menu", lambda page: page.queue is not None)
