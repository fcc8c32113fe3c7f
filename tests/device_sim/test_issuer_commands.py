"""The simulated issuer and its cards: who is made valid longer, with what, and which command a card refuses."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from device_sim.bank_books import BankBooks
from device_sim.bank_desk import BankDesk
from device_sim.bank_faults import BankFault, BankFaults, BankMisfortune
from device_sim.bank_rules import BankRules
from device_sim.cards.lasting import Tear
from device_sim.transit_card import CardIdentity, TransitCard
from kiosk_core.card_number import CardNumber
from tests.clocks import SetClock
from wire.host_decoder import decode
from wire.host_encoder import encode
from wire.host_messages import IssuerRequest, IssuerResponse

NUMBER = CardNumber("3104870000099990003")
RULES = BankRules(load_master_key=bytes(range(16)), tac_master_key=bytes(range(16, 32)))
CHALLENGE = bytes.fromhex("A1B2C3D4E5F60718")
# facts/purse-load.md 1.1
SELECT = "00A4040008A000000632010105"
READ_INFO = "00B095001E"
GET_CHALLENGE = "0084000008"
REQUEST = IssuerRequest(
    terminal="T0000001",
    branch="BRANCH-0001",
    stan=41,
    date="1122",
    time="101500",
    order="T0000001-000042",
    card=NUMBER.reveal(),
    expires="20251231",
    challenge=CHALLENGE,
)


@pytest.fixture
def bank() -> BankBooks:
    return BankBooks(None, RULES, SetClock(datetime(2026, 11, 22, 10, 15, tzinfo=UTC)))


def a_card(number: CardNumber = NUMBER, file: Path | None = None) -> TransitCard:
    identity = CardIdentity.of_issuer(number, RULES.load_master_key, RULES.tac_master_key, end="20251231")
    card = TransitCard(identity, balance_fen=5000, file=file, draw=lambda size: CHALLENGE[:size])
    card.power_on()
    ask(card, SELECT)
    return card


def ask(card: TransitCard, command: str) -> str | None:
    answer = card.transmit(bytes.fromhex(command))
    return None if answer is None else answer.hex().upper()


def end(card: TransitCard) -> str:
    ask(card, SELECT)
    return str(ask(card, READ_INFO))[48:56]  # bytes 24 to 27 of file 15


def command_for(bank: BankBooks, request: IssuerRequest = REQUEST) -> str:
    answer = bank.answer(request)
    assert isinstance(answer, IssuerResponse)
    assert answer.commands is not None
    (command,) = answer.commands
    return command.hex().upper()


# -- the issuer ------------------------------------------------------------------------------------------


def test_a_card_is_made_valid_for_a_year_from_today(bank: BankBooks) -> None:
    # UPDATE BINARY of file 15 from byte 24: 365 days behind 22 November 2026
    assert command_for(bank).startswith("04D695180820271122")
    assert len(command_for(bank)) == 2 * 13


def test_a_card_that_is_valid_longer_gets_no_command(bank: BankBooks) -> None:
    answer = bank.answer(replace(REQUEST, expires="20271122"))
    assert isinstance(answer, IssuerResponse)
    assert (answer.response_code, answer.commands) == ("00", ())


def test_the_same_question_gets_the_same_command_and_leaves_nothing_in_the_books(bank: BankBooks) -> None:
    before = bank.snapshot()
    assert command_for(bank) == command_for(bank, replace(REQUEST, stan=77))
    assert bank.snapshot() == before
    assert command_for(bank) != command_for(bank, replace(REQUEST, challenge=bytes(8)))
    assert command_for(bank) != command_for(bank, replace(REQUEST, card="3104870000099990004"))


def test_a_number_that_is_no_card_s_is_refused(bank: BankBooks) -> None:
    answer = bank.answer(replace(REQUEST, card="123456"))
    assert isinstance(answer, IssuerResponse)
    assert (answer.response_code, answer.commands, answer.challenge) == ("14", None, CHALLENGE)


def asked_at_the_desk(bank: BankBooks, *faults: BankMisfortune) -> IssuerResponse | None:
    befalls = BankFaults()
    for each in faults:
        befalls.strike(each)
    reply = BankDesk(bank, befalls).reply(encode(REQUEST))
    if not reply.data:
        return None
    answer = decode(reply.data[2:])
    assert isinstance(answer, IssuerResponse)
    return answer


def test_what_befalls_other_requests_befalls_this_one(bank: BankBooks) -> None:
    assert asked_at_the_desk(bank, BankMisfortune(BankFault.REQUEST_LOST, "issuer")) is None
    assert asked_at_the_desk(bank, BankMisfortune(BankFault.ANSWER_LOST, "issuer")) is None
    declined = asked_at_the_desk(bank, BankMisfortune(BankFault.DECLINED, "issuer", code="96"))
    assert declined is not None
    assert (declined.response_code, declined.commands) == ("96", None)
    forged = asked_at_the_desk(bank, BankMisfortune(BankFault.WRONG_MAC2, "issuer"))
    right = asked_at_the_desk(bank, BankMisfortune(BankFault.WRONG_MAC2))  # of a load, where none is named
    assert forged is not None
    assert right is not None
    assert forged.commands != right.commands
    assert ask_with_challenge(a_card(), forged.commands) == "6988"
    assert ask_with_challenge(a_card(), right.commands) == "9000"


def ask_with_challenge(card: TransitCard, commands: tuple[bytes, ...] | None) -> str | None:
    assert commands is not None
    assert str(ask(card, GET_CHALLENGE)).endswith("9000")
    return ask(card, commands[0].hex())


# -- the card --------------------------------------------------------------------------------------------


def test_the_card_writes_its_new_end_and_keeps_it(bank: BankBooks, tmp_path: Path) -> None:
    card = a_card(file=tmp_path / "card.json")
    assert end(card) == "20251231"
    assert ask(card, GET_CHALLENGE) == "A1B2C3D4E5F607189000"
    assert ask(card, command_for(bank)) == "9000"
    assert end(card) == "20271122"
    assert end(a_card(file=tmp_path / "card.json")) == "20271122"
    assert card.memory.balance_fen == 5000


@pytest.mark.parametrize(
    ("change", "answer"),
    # facts/purse-load.md 1.5: 6988 MAC wrong, 6987 MAC missing, 6A86 P1 P2, 6700 length, 6D00 instruction
    [
        (lambda right: right[:-2] + "00", "6988"),
        (lambda right: right.replace("20271122", "20991231"), "6988"),
        (lambda right: "04D695180420271122", "6987"),
        (lambda right: right.replace("04D69518", "04D69510"), "6A86"),
        (lambda right: right.replace("04D69518", "04D69618"), "6A86"),
        (lambda right: right.replace("04D6", "04DC"), "6D00"),
        (lambda right: f"04D695180C{right[10:]}00000000", "6700"),
    ],
)
def test_another_command_is_refused_and_changes_nothing(bank: BankBooks, change: object, answer: str) -> None:
    card = a_card()
    ask(card, GET_CHALLENGE)
    assert callable(change)
    assert ask(card, change(command_for(bank))) == answer
    assert end(card) == "20251231"


def test_a_challenge_counts_once_and_not_without_power(bank: BankBooks) -> None:
    # facts/purse-load.md 1.5: 6984 random invalid
    card = a_card()
    assert ask(card, command_for(bank)) == "6984"
    ask(card, GET_CHALLENGE)
    assert ask(card, command_for(bank)) == "9000"
    assert ask(card, command_for(bank)) == "6984"
    ask(card, GET_CHALLENGE)
    card.power_on()
    ask(card, SELECT)
    assert ask(card, command_for(bank)) == "6984"
    ask(card, "0084000004")
    assert ask(card, command_for(bank)) == "6984"


def test_the_command_for_one_card_is_refused_by_another(bank: BankBooks) -> None:
    other = a_card(CardNumber("3104870000099990004"))
    ask(other, GET_CHALLENGE)
    assert ask(other, command_for(bank)) == "6988"


def test_a_card_that_has_no_such_key_knows_no_such_command(bank: BankBooks) -> None:
    card = TransitCard(replace(a_card().identity, update_key=b""), draw=lambda size: CHALLENGE[:size])
    ask(card, SELECT)
    ask(card, GET_CHALLENGE)
    assert ask(card, command_for(bank)) == "6E00"


@pytest.mark.parametrize(("tear", "then"), [(Tear.BEFORE_COMMIT, "20251231"), (Tear.AFTER_COMMIT, "20271122")])
def test_a_card_torn_out_in_the_command_has_either_end(bank: BankBooks, tear: Tear, then: str) -> None:
    card = a_card()
    ask(card, GET_CHALLENGE)
    card.tear_next(tear)
    assert ask(card, command_for(bank)) is None
    card.power_on()
    assert end(card) == then
