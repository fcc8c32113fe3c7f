"""Both languages say everything that the core may ask for, with the same placeholders."""

import re
from string import Formatter

import pytest

from kiosk_core.bank_card import BankCardProblem
from kiosk_core.branch_queue import QueueWay
from kiosk_core.errors import Fault
from kiosk_core.funding import FundingKind, FundingStage
from kiosk_core.id_card_reader import IdCardProblem
from kiosk_core.id_document import DocumentSide, Hint
from kiosk_core.id_update import UpdateRefusal
from kiosk_core.journeys.account_deposit import Outcome
from kiosk_core.journeys.id_update import Outcome as UpdateOutcome
from kiosk_core.journeys.queue_ticket import Outcome as TicketOutcome
from kiosk_core.pages import Paper
from kiosk_core.ports import CardProblem, DeclineReason, PurseEntryKind
from kiosk_core.social_security import SocialSecurityProblem, Withheld
from kiosk_core.texts import LANGUAGES, Words
from kiosk_ui.texts import Catalogue, load

PLACEHOLDERS = {
    "top_up.amount.problem.limits": {"min", "max", "step"},
    "top_up.amount.problem.balance": {"max"},
    "top_up.amount.problem.rule": {"max"},
    "top_up.amount.problem.id_card_reader": {"max"},
    "top_up.id_card.body": {"amount"},
    "top_up.bank_card.insert_card.body": {"amount"},
    "top_up.bank_card.enter_pin.body": {"amount"},
    "top_up.refunded_to_bank_card.body": {"amount"},
    "top_up.card_refused.body.balance_full": {"max"},
    "top_up.amount.extended": {"date"},
    "card_info.overdrawn": {"used"},
    "id_update.form.asked": {"count"},
    "queue_ticket.service.waits": {"waiting", "up_to"},
    "queue_ticket.service.waiting": {"waiting"},
    "queue_ticket.ticket.ahead": {"ahead"},
    "queue_ticket.ticket.wait": {"about", "up_to"},
    "account_deposit.amount.problem.limits": {"min", "max", "step"},
    "account_deposit.amount.problem.rule": {"max"},
    **{f"account_deposit.{name}.body": {"amount"} for name in ("refunded", "refund_pending", "unsettled", "manual")},
} | {
    f"top_up.{name}.body": {"amount"}
    for name in (
        "return_card",
        "prove_card",
        "earlier_loaded",
        "refunded",
        "earlier_refunded",
        "refund_pending",
        "suspense",
        "manual",
    )
}
RESULTS = (
    "host_silent",
    "barred",
    "loaded",
    "earlier_loaded",
    "cancelled",
    "not_paid",
    "refunded",
    "earlier_refunded",
    "refund_pending",
    "suspense",
    "manual",
)
ID_CARD_FIELDS = (
    "name",
    "sex",
    "ethnicity",
    "birth",
    "address",
    "id_number",
    "authority",
    "valid_from",
    "valid_until",
)
FROM_THE_CORE = {
    *(
        f"top_up.{page}.{part}"
        for page in (
            "place_card",
            "reading",
            "id_card",
            "working",
            "giving_back",
            "return_card",
            "prove_card",
            *RESULTS,
        )
        for part in ("title", "body")
    ),
    *(f"top_up.problem.{problem.value}" for problem in CardProblem),
    "top_up.problem.taken_away",
    "top_up.problem.expired",
    "top_up.extending.title",
    "top_up.extending.body",
    "top_up.amount.title",
    "top_up.amount.extended",
    "top_up.amount.problem.limits",
    "top_up.amount.problem.balance",
    "top_up.amount.problem.rule",
    "top_up.amount.problem.id_card_reader",
    *(f"top_up.id_card.problem.{each.value}" for each in IdCardProblem if each is not IdCardProblem.NOT_PRESENT),
    "top_up.id_card.problem.expired",
    "top_up.id_card.take",
    "top_up.barred.two_cards",
    "rules.unchecked",
    "top_up.funding.title",
    *(f"top_up.funding.{each.value}.{part}" for each in FundingKind for part in ("title", "subtitle")),
    "top_up.funding.problem.gone",
    *(
        f"top_up.bank_card.{stage.value}.{part}"
        for stage in FundingStage
        for part in ("title", "body")
        if stage is not FundingStage.PAY
    ),
    *(f"top_up.bank_card.problem.{each.value}" for each in BankCardProblem if each is not BankCardProblem.NOT_PRESENT),
    "top_up.bank_card.problem.transit_card",
    "top_up.bank_card.take",
    "top_up.bank_card.take_both",
    "top_up.working.two_cards",
    "top_up.refunded_to_bank_card.body",
    *(f"top_up.step.{step}" for step in ("check_card", "payment", "authorise", "load", "verify", "receipt")),
    "top_up.loaded_no_receipt.body",
    "top_up.declined.title",
    *(f"top_up.declined.body.{reason.value}" for reason in DeclineReason),
    "top_up.card_refused.title",
    "top_up.card_refused.body.expired",
    "top_up.card_refused.body.not_extended",
    "top_up.card_refused.body.balance_full",
    *(f"card_info.{page}.{part}" for page in ("place_card", "present_card", "reading") for part in ("title", "body")),
    *(f"card_info.problem.{each}" for each in ("not_present", "not_a_transit_card", "unreadable", "locked")),
    "card_info.transit_card.title",
    *(
        f"card_info.fact.{fact}"
        for fact in ("balance", "usable", "valid_until", "social_security_number", "name", "id_number", "issued")
    ),
    "card_info.overdrawn",
    *(
        f"account_deposit.{page}.{part}"
        for page in ("insert_card", "ordering", "giving_back", "printing")
        for part in ("title", "body")
    ),
    *(f"account_deposit.problem.{each.value}" for each in BankCardProblem if each is not BankCardProblem.NOT_PRESENT),
    "account_deposit.amount.title",
    "account_deposit.amount.take_card",
    "account_deposit.amount.problem.limits",
    "account_deposit.amount.problem.rule",
    "account_deposit.fact.account",
    "account_deposit.fact.amount",
    *(f"account_deposit.{each.value}.title" for each in Outcome),
    *(f"account_deposit.{each.value}.body" for each in Outcome if each is not Outcome.DECLINED),
    "account_deposit.deposited.body_no_receipt",
    *(f"account_deposit.declined.body.{reason}" for reason in ("card", "limit", "other")),
    "card_info.expired",
    *(f"card_info.{section}.{part}" for section in ("entries", "trips") for part in ("title", "empty")),
    *(f"card_info.entry.{each.value}" for each in PurseEntryKind),
    "card_info.trip.paid",
    "card_info.trip.free",
    "card_info.social_security.title",
    *(
        f"card_info.social_security.problem.{each.value}"
        for each in SocialSecurityProblem
        if each is not SocialSecurityProblem.NOT_PRESENT
    ),
    *(f"card_info.withheld.{each.value}" for each in Withheld),
    *(
        f"fact.{fact}"
        for fact in ("card", "amount", "old_balance", "new_balance", "valid_until", "reference", "time", "refund")
    ),
    *(f"fault.{fault.value}.customer" for fault in Fault),
    "home.title",
    "home.take_card",
    "home.take_bank_card",
    "home.no_receipt",
    "top_up.out_of_service.body",
    "unavailable.top_up_module",
    "unavailable.bank_host",
    "unavailable.card_reader",
    "unavailable.journal",
    "unavailable.camera",
    "unavailable.queue",
    *(f"queue_ticket.service.{part}" for part in ("title", "waits", "waiting")),
    "queue_ticket.way.title",
    *(
        f"queue_ticket.way.{way}.{part}"
        for way in ("without", *(each.value for each in QueueWay))
        for part in ("title", "subtitle")
    ),
    *(f"queue_ticket.way.problem.{card}" for card in ("id_card", "bank_card")),
    *(f"queue_ticket.{page}.{part}" for page in ("id_card", "bank_card", "taking") for part in ("title", "body")),
    *(f"queue_ticket.id_card.problem.{each.value}" for each in IdCardProblem if each is not IdCardProblem.NOT_PRESENT),
    "queue_ticket.bank_card.problem",
    "queue_ticket.picture.title",
    *(f"queue_ticket.code.{part}" for part in ("title", "label", "unknown")),
    *(f"queue_ticket.ticket.{part}" for part in ("ahead", "wait", "wait_unknown", "scan")),
    *(f"queue_ticket.ticket.{each.value}" for each in Paper),
    *(f"queue_ticket.ticket.take.{card}" for card in ("id_card", "bank_card")),
    *(f"queue_ticket.{each.value}.{part}" for each in TicketOutcome for part in ("title", "body")),
    *(f"id_update.{part}.{each.value}" for part in ("scan", "side") for each in DocumentSide),
    *(f"id_update.hint.{side.value}.{hint.value}" for side in DocumentSide for hint in (Hint.LAY_DOWN, Hint.TURN_OVER)),
    *(f"id_update.hint.{hint.value}" for hint in Hint if hint not in {Hint.LAY_DOWN, Hint.TURN_OVER}),
    *(f"id_update.problem.{each}" for each in ("original", "other_card")),
    *(f"id_update.form.{part}" for part in ("title", "asked", "body")),
    *(f"id_update.{part}.{name}" for part in ("label", "field", "field_empty") for name in ID_CARD_FIELDS),
    *(f"id_update.field_problem.{each}" for each in ("empty", "choice", "number", "date", "order", "number_disagrees")),
    *(f"id_update.{page}.{part}" for page in ("sending", "printing") for part in ("title", "body")),
    "id_update.open",
    *(f"id_update.fact.{fact}" for fact in ("name", "id_number", "valid_until")),
    *(f"id_update.{each.value}.title" for each in UpdateOutcome),
    *(f"id_update.{each.value}.body" for each in UpdateOutcome if each is not UpdateOutcome.REFUSED),
    "id_update.updated.body_no_receipt",
    *(f"id_update.refused.body.{each.value}" for each in UpdateRefusal),
    "out_of_service.title",
    "out_of_service.body",
    "one_moment.title",
    "one_moment.body",
    "starting.title",
    "starting.body",
    *(f"preview.{problem}" for problem in ("dark", "frozen", "gone")),
    "camera_check.title",
    "camera_check.body",
}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_core_exists(language):
    texts = load(language)
    assert FROM_THE_CORE - texts.keys() == set()
    assert [key for key in FROM_THE_CORE if not texts[key].strip()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_core_has_the_agreed_placeholders(language):
    texts = load(language)
    assert {key: placeholders(texts[key]) for key in FROM_THE_CORE} == {
        key: PLACEHOLDERS.get(key, set()) for key in FROM_THE_CORE
    }


def test_both_languages_have_the_same_keys_and_placeholders():
    zh, en = load("zh"), load("en")
    assert zh.keys() == en.keys()
    assert {key: placeholders(text) for key, text in zh.items()} == {
        key: placeholders(text) for key, text in en.items()
    }


def test_nothing_else_lies_in_the_catalogue():
    assert {key for key in load("en") if not key.startswith("ui.")} == FROM_THE_CORE


def test_the_chinese_texts_are_chinese_and_the_english_ones_are_not():
    han = re.compile("[\u4e00-\u9fff]")
    assert [key for key, text in load("zh").items() if not han.search(text)] == []
    assert [key for key, text in load("en").items() if han.search(text)] == []


def test_values_are_filled_in_and_their_braces_left_alone():
    words = Words("top_up.suspense.body", {"amount": "¥{odd}"})
    assert "¥{odd}" in Catalogue(strict=True).text(words, "en")


@pytest.mark.parametrize("words", [Words("no.such.text"), Words("top_up.suspense.body")])
def test_a_missing_text_is_an_error_in_tests_and_its_key_on_a_terminal(words):
    with pytest.raises(KeyError):
        Catalogue(strict=True).text(words, "zh")
    assert Catalogue().text(words, "zh") == words.key
