"""Rules and the ID card at a conductor: asked anew before the payment, and nothing kept of a person but a token."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kiosk_core.id_card_reader import (
    IdCard,
    IdCardKind,
    IdCardPhoto,
    IdCardSex,
    IdNumber,
    PersonalText,
)
from kiosk_core.intents import Cancel, ChooseAmount, ChooseService, Done
from kiosk_core.ledger import LedgerState as L
from kiosk_core.pages import CapturePage, KeypadPage, PaymentPage
from kiosk_core.risk import CardDayRule, Risk, VerificationRule
from kiosk_core.status import DeviceState, Media
from kiosk_core.texts import LocalText
from tests.kiosk_core.journey import NUMBER, SERVICE
from tests.openteller.stage import Stage

ASK_FOR_ID = Risk(verification={"large": VerificationRule(30, "id_card", LocalText("中", "en"))})
# 11010519491231002X: the example of GB 11643; its last character checks.
ID_CARD = IdCard(
    IdCardKind.CITIZEN,
    PersonalText("甄模拟"),
    IdNumber("11010519491231002X"),
    IdCardSex.FEMALE,
    date(1949, 12, 31),
    date(2020, 1, 1),
    None,
    IdCardPhoto(b""),
)


@pytest.fixture
def ruled(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Give a customer who has laid down his card at a terminal with rules."""
    stage = Stage(tmp_path / "journal", rules=request.param)
    for name, media in (("top_up_module", Media.NOT_PRESENT), ("receipt_printer", None), ("id_card_reader", None)):
        stage.report(name, media=media)
    stage.touch(ChooseService(service_id=SERVICE.id))
    stage.report("top_up_module", media=Media.PRESENT)
    yield stage
    stage.journal.close()


@pytest.mark.parametrize(
    "ruled", [Risk(card_day={"daily": CardDayRule(LocalText("中", "en"), most_yuan=90)})], indirect=True
)
def test_what_was_loaded_elsewhere_in_the_journal_is_seen_right_before_the_payment(ruled: Stage) -> None:
    assert isinstance(ruled.page, KeypadPage)
    assert ruled.page.max_fen == 9_000
    other = ruled.journal.begin({"service": SERVICE.id})
    ruled.journal.record(other.id, L.FUND_REQ, {"token": ruled.journal.token(NUMBER), "amount_fen": 5_000})
    ruled.touch(ChooseAmount(amount_fen=5_000))
    assert isinstance(ruled.page, KeypadPage)
    assert ruled.page.max_fen == 4_000
    ruled.touch(ChooseAmount(amount_fen=4_000))
    assert isinstance(ruled.page, PaymentPage)


@pytest.mark.parametrize("ruled", [ASK_FOR_ID], indirect=True)
def test_an_id_card_is_waited_for_and_nothing_of_it_is_kept_but_a_token(ruled: Stage) -> None:
    ruled.touch(ChooseAmount(amount_fen=5_000))
    assert isinstance(ruled.page, CapturePage)
    ruled.pass_time(3)
    assert isinstance(ruled.page, CapturePage)
    ruled.id_reader.card = ID_CARD
    ruled.pass_time(1)
    assert isinstance(ruled.page, PaymentPage)
    facts = [transaction.facts for transaction in ruled.journal.unsettled()]
    assert [each["person"] for each in facts] == [ruled.journal.token(ID_CARD.number)]
    assert "11010519491231002" not in repr(facts)
    assert "甄模拟" not in repr(facts)


@pytest.mark.parametrize("ruled", [ASK_FOR_ID], indirect=True)
def test_a_number_that_does_not_check_is_no_id_card(ruled: Stage) -> None:
    ruled.id_reader.card = replace(ID_CARD, number=IdNumber("110105194912310021"))
    ruled.touch(ChooseAmount(amount_fen=5_000))
    assert isinstance(ruled.page, CapturePage)
    assert ruled.page.problem is not None
    assert ruled.page.problem.key == "top_up.id_card.problem.not_genuine"


@pytest.mark.parametrize("ruled", [ASK_FOR_ID], indirect=True)
def test_a_reader_that_is_unplugged_while_it_reads_leaves_the_smaller_amounts(ruled: Stage) -> None:
    ruled.id_reader.unplugged = True
    ruled.touch(ChooseAmount(amount_fen=5_000))
    assert isinstance(ruled.page, KeypadPage)
    assert ruled.page.max_fen == 3_000


@pytest.mark.parametrize("ruled", [ASK_FOR_ID], indirect=True)
def test_without_a_reader_in_service_large_amounts_are_not_offered(ruled: Stage) -> None:
    ruled.touch(Cancel())
    ruled.touch(Done())
    ruled.report("id_card_reader", DeviceState.OFFLINE)
    ruled.report("top_up_module", media=Media.NOT_PRESENT)
    ruled.touch(ChooseService(service_id=SERVICE.id))
    ruled.report("top_up_module", media=Media.PRESENT)
    assert isinstance(ruled.page, KeypadPage)
    assert ruled.page.max_fen == 3_000
