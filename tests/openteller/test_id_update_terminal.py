"""A customer brings a new ID card to a whole terminal: camera, driver, reading process, core, host and books."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk_core.intents import AnswerField, Cancel, ChooseService, Confirm, FieldAnswer, OpenField
from kiosk_core.pages import MenuPage, ResultPage
from tests.openteller.branch import IMPATIENT_S, Branch, Customer
from tests.openteller.test_nothing_sensitive import traces_of
from tests.patience import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SERVICE = "id_update"


@pytest.fixture(scope="module")
def branch() -> Iterator[Branch]:
    branch = Branch(host_s=IMPATIENT_S)
    branch.start_core()
    yield branch
    branch.close()


@pytest.fixture
def customer(branch: Branch) -> Iterator[Customer]:
    with branch.customer() as customer:
        begin(customer)
        yield customer
        if branch.sim.state()["devices"]["camera"]["document"] is not None:
            branch.sim.take_document()
        branch.sim.mend("camera")


def begin(customer: Customer) -> None:
    """Touch the tile, again whenever the home page changes under the finger."""

    def can_be_had(page: MenuPage) -> bool:
        return any(item.service_id == SERVICE and item.unavailable is None for item in page.items)

    customer.see("menu", can_be_had)
    customer.touch(ChooseService(service_id=SERVICE))
    while customer.next().kind != "scan":
        if isinstance(page := customer.seen[-1], MenuPage) and can_be_had(page):
            customer.touch(ChooseService(service_id=SERVICE))


def lay_both_sides(branch: Branch, customer: Customer, document: Any) -> None:
    branch.sim.lay_document(document, "front", 4.0)
    customer.see("scan", lambda page: page.current == 1)
    branch.sim.turn_over_document()


def contents(folder: Path) -> bytes:
    """Return all that the terminal has written; the bank and the configuration know their customers."""
    return b"".join(
        file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "bank" not in file.parts and file.name != "sim.toml"
    )


def test_a_new_card_is_read_confirmed_and_in_the_banks_books_and_nowhere_else(
    branch: Branch, customer: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    lay_both_sides(branch, customer, "citizen")
    form = customer.see("form")
    assert {each.name: each.text for each in form.fields} == {
        "name": "甄模拟",
        "sex": "女",
        "ethnicity": "汉",
        "birth": "1990-01-01",
        "address": "北京市东城区虚构路1号",
        "id_number": "110101199001010007",
        "authority": "北京市公安局东城分局",
        "valid_from": "2025-03-01",
        "valid_until": "2045-03-01",
    }
    customer.touch(Confirm())
    result = customer.see("result")
    assert isinstance(result, ResultPage)
    assert result.title.key == "id_update.updated.title"
    assert not any("110101199001010007" in fact.text or "甄模拟" in fact.text for fact in result.facts)
    written = contents(branch.out) + caplog.text.encode() + b"".join(traces_of(branch).values())
    for text in ("110101199001010007", "19900101", "甄模拟", "虚构路", "2045-03-01"):
        assert text.encode() not in written, text
    customer.done()
    customer.see("menu")


def test_what_cannot_be_read_surely_is_asked_with_its_picture(branch: Branch, customer: Customer) -> None:
    lay_both_sides(branch, customer, "worn")
    form = customer.see("form")
    asked = [each.name for each in form.fields if each.state.value == "asked"]
    assert "name" in asked
    assert "id_number" not in asked
    assert all(each.crop for each in form.fields if each.name in asked)
    customer.touch(OpenField(name=asked[0]))
    for name in asked:  # one after the other, without the form between them
        customer.see("field", lambda page, name=name: page.field.name == name)
        customer.touch(AnswerField(name=name, answer=FieldAnswer.RIGHT))
    customer.see("form", lambda page: all(each.state.value != "asked" for each in page.fields))
    customer.touch(Confirm())
    assert customer.see("result").title.key == "id_update.updated.title"
    customer.done()
    customer.see("menu")


def test_a_copy_is_refused_after_the_card_itself_was_asked_for(branch: Branch, customer: Customer) -> None:
    branch.sim.lay_document("copy")
    customer.see("scan", lambda page: page.problem is not None)
    assert customer.see("result").title.key == "id_update.not_original.title"
    customer.done()
    customer.see("menu")


def test_a_camera_that_is_unplugged_meanwhile_is_told_and_the_terminal_goes_on(
    branch: Branch, customer: Customer
) -> None:
    branch.sim.strike("camera", "unplug")
    assert customer.see("result").title.key == "id_update.out_of_service.title"
    customer.done()
    branch.sim.mend("camera")
    begin(customer)
    customer.touch(Cancel())
    customer.see("result")
    customer.done()
    customer.see("menu")


# -- a bank that does not answer ---------------------------------------------------------------------------------


def confirm(branch: Branch, customer: Customer) -> None:
    lay_both_sides(branch, customer, "citizen")
    customer.see("form")
    customer.touch(Confirm())


def last(branch: Branch) -> Any:
    return max(branch.transactions(), key=lambda each: each.id)


def test_an_answer_that_is_lost_is_asked_for_and_the_card_is_updated(branch: Branch, customer: Customer) -> None:
    branch.sim.strike_bank("answer_lost", request="id_update")
    confirm(branch, customer)
    assert customer.see("result").title.key == "id_update.updated.title"
    customer.done()
    customer.see("menu")


def test_a_card_that_never_arrived_is_told_as_such_and_is_not_taken_later(branch: Branch, customer: Customer) -> None:
    branch.sim.strike_bank("request_late", request="id_update")  # it arrives behind the inquiry
    confirm(branch, customer)
    assert customer.see("result").title.key == "id_update.host_silent.title"
    assert last(branch).state.value == "ABANDONED"
    customer.done()
    customer.see("menu")


def test_what_nobody_knows_is_found_out_when_the_customer_has_gone(branch: Branch, customer: Customer) -> None:
    branch.sim.strike_bank("answer_lost", request="id_update")
    branch.sim.strike_bank("request_lost", request="id_inquiry")
    confirm(branch, customer)
    assert customer.see("result").title.key == "id_update.pending.title"
    assert last(branch).state.value == "UPDATE_REQ"
    customer.done()
    until(lambda: last(branch).state.value == "DONE")
