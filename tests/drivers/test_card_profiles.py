"""Purses as profiles: which one a card is asked for, how it is read and loaded, and that no PIN is tried by default."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from device_sim import card_crypto
from device_sim.card import Card, OtherCard
from device_sim.cards import validity
from device_sim.cards.chip import Chip
from device_sim.cards.lasting import Tear
from device_sim.cards.social_security import SocialSecurityApplication, SocialSecurityData
from device_sim.transit_card import CardIdentity, PurseProfile, TransitCard
from drivers.card_profiles import CARDS, CardProfile
from drivers.ccid_reader import CcidReader
from drivers.top_up_module import TUnionTopUpModule
from kiosk_core.card_number import CardNumber
from kiosk_core.ports import (
    CardProblem,
    CarriedOut,
    Credited,
    LoadAuthorisation,
    LoadInit,
    LoadNotFound,
    LoadProven,
    PurseCard,
    PurseEntry,
    PurseEntryKind,
    PurseHistory,
)
from tests.clocks import SetClock
from tests.top_up import LOAD_MASTER, NAME, NUMBER, TAC_MASTER, TERMINAL, Bench, a_card, authorise

CITY_NUMBER = CardNumber("20002100000999900025")
CITY = PurseCard(CITY_NUMBER, 1500, date(2034, 12, 31), wants_issuer_commands=True)
CITY_UNION = bytes.fromhex("A00000000386980701")
# facts/purse-load.md 1.1: 123456 in three bytes is what some issuers' terminals send
PIN = bytes.fromhex("123456")
VERIFY = bytes.fromhex("0020000003123456")
INITIALIZE = 0x50

WITH_PIN = replace(CARDS["city-union"], pin="123456", max_balance_yuan=1000, max_load_yuan=500)


@pytest.fixture
def bench() -> Bench:
    return Bench(SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC)))


class Opened:
    """A module on the bench, and every command that a card on it heard."""

    def __init__(self, bench: Bench, profiles: Sequence[CardProfile]) -> None:
        self.bench = bench
        self.module = TUnionTopUpModule(NAME, CcidReader(NAME, bench.transport(), bench.clock), bench.clock, profiles)
        self.heard: list[bytes] = []

    def lay_down(self, card: Card) -> None:
        self.bench.reader.remove()
        self.bench.reader.insert(_Listening(card, self.heard))


class _Listening:
    def __init__(self, card: Card, heard: list[bytes]) -> None:
        self._card = card
        self._heard = heard

    def power_on(self) -> bytes:
        return self._card.power_on()

    def power_off(self) -> None:
        self._card.power_off()

    def transmit(self, command: bytes) -> bytes | None:
        self._heard.append(command)
        return self._card.transmit(command)


@pytest.fixture
def terminal(bench: Bench) -> Iterator[Opened]:
    opened = Opened(bench, tuple(CARDS.values()))
    yield opened
    opened.module.close()


@pytest.fixture
def with_pin(bench: Bench) -> Iterator[Opened]:
    opened = Opened(bench, (CARDS["t-union"], WITH_PIN))
    yield opened
    opened.module.close()


def a_city_card(
    pin: bytes = PIN, aid: bytes = CITY_UNION, issuer: str = "0000200000000001", files: tuple[bytes, ...] = ()
) -> TransitCard:
    """Return a card with 15.00 on it."""
    identity = replace(CardIdentity.of_issuer(CITY_NUMBER, LOAD_MASTER, TAC_MASTER), issuer=bytes.fromhex(issuer))
    profile = PurseProfile(aid, files, load_log=0x1A, overdraft_limit_fen=None, pin=pin)
    return TransitCard(identity, balance_fen=1500, counter=7, profile=profile)


def begin(opened: Opened) -> LoadInit:
    init = opened.module.initialize_load(CITY_NUMBER, 5000, TERMINAL)
    assert isinstance(init, LoadInit)
    return init


# -- which purse a card has ----------------------------------------------------------------------------------


def test_a_city_s_purse_is_read_by_its_profile(terminal: Opened) -> None:
    terminal.lay_down(a_city_card())
    assert terminal.module.read_card() == CITY
    assert terminal.heard == [
        # facts/purse-load.md 1.1: T-Union is asked for first, then the city's; file 15; 80 5C
        bytes.fromhex("00A4040008A00000063201010500"),
        bytes.fromhex("00A4040009A0000000038698070100"),
        bytes.fromhex("00B095001E"),
        bytes.fromhex("805C000204"),
    ]


@pytest.mark.parametrize(
    ("name", "aid"),
    # facts/purse-load.md 1.3, city table
    [("shenzhen", b"PAY.SZT"), ("tianjin", bytes.fromhex("D156000015B9ABB9B2D3A6D3C3")), ("city-union", CITY_UNION)],
)
def test_the_purses_of_the_city_table_are_known(terminal: Opened, name: str, aid: bytes) -> None:
    assert bytes.fromhex(CARDS[name].aid or "") == aid
    terminal.lay_down(a_city_card(aid=aid))
    assert terminal.module.read_card() == replace(CITY, wants_issuer_commands=name == "city-union")


def test_the_longer_aid_of_a_phone_is_reached_by_its_beginning(terminal: Opened) -> None:
    # facts/purse-load.md 1.3: phones use longer AIDs with this prefix
    identity = CardIdentity.of_issuer(NUMBER, LOAD_MASTER, TAC_MASTER)
    aid = bytes.fromhex("A00000063201010510009156000014A1")
    terminal.lay_down(TransitCard(identity, balance_fen=100, profile=PurseProfile(aid)))
    assert terminal.module.read_card() == PurseCard(NUMBER, 100, date(2034, 12, 31))


def test_a_purse_can_be_selected_by_its_file(bench: Bench) -> None:
    # facts/purse-load.md 1.1: 00 A4 00 00 02 3F01 or 1001
    by_file = replace(CARDS["city-union"], aid=None, file="1001")
    opened = Opened(bench, (CARDS["t-union"], by_file))
    opened.lay_down(a_city_card(files=(b"\x10\x01",)))
    assert opened.module.read_card() == CITY
    assert opened.heard[1] == bytes.fromhex("00A4000002100100")
    opened.module.close()


def test_an_issuer_s_own_profile_goes_by_bytes_two_and_three_of_file_15(bench: Bench) -> None:
    # facts/purse-load.md 1.3: Shanghai 2000, Hefei 2300
    hefei = replace(CARDS["city-union"], issuer="2300", max_balance_yuan=100)
    shanghai = replace(CARDS["city-union"], issuer="2000", max_balance_yuan=500)
    opened = Opened(bench, (hefei, shanghai))
    opened.lay_down(a_city_card())
    assert opened.module.read_card() == replace(CITY, max_balance_fen=50_000)
    opened.lay_down(a_city_card(issuer="0000310000000001"))
    assert opened.module.read_card() is CardProblem.NOT_A_TRANSIT_CARD
    opened.module.close()


def test_a_card_that_no_profile_knows_is_refused(terminal: Opened) -> None:
    terminal.lay_down(OtherCard())
    assert terminal.module.read_card() is CardProblem.NOT_A_TRANSIT_CARD
    assert {command[1] for command in terminal.heard} == {0xA4}


def test_a_locked_city_card_is_told_apart(terminal: Opened) -> None:
    card = a_city_card()
    card.locked = True
    terminal.lay_down(card)
    assert terminal.module.read_card() is CardProblem.LOCKED


def test_every_built_in_profile_names_its_source_and_no_pin() -> None:
    assert list(CARDS) == ["t-union", "city-union", "shenzhen", "tianjin"]
    for profile in CARDS.values():
        assert "facts/purse-load.md" in profile.source
        assert profile.pin is None


# -- PINs ------------------------------------------------------------------------------------------------------


def test_without_a_pin_in_its_profile_no_pin_is_tried(terminal: Opened) -> None:
    card = a_city_card()
    terminal.lay_down(card)
    assert terminal.module.initialize_load(CITY_NUMBER, 5000, TERMINAL) is CardProblem.NOT_A_TRANSIT_CARD
    terminal.module.prove_load(lambda _: True, 7, 5000, TERMINAL)
    assert 0x20 not in {command[1] for command in terminal.heard}
    assert card.memory.pin_errors == 0


def test_the_pin_of_the_profile_goes_before_the_load_and_before_the_proof(with_pin: Opened) -> None:
    card = a_city_card()
    with_pin.lay_down(card)
    init = begin(with_pin)
    assert isinstance(with_pin.module.credit_load(authorise(init)), Credited)
    assert card.memory.balance_fen == 6500
    assert isinstance(with_pin.module.prove_load(lambda _: True, 7, 5000, TERMINAL), LoadProven)
    # facts/money-safety.md 5.2 row 4: SELECT, VERIFY, 80 5A
    assert with_pin.heard.count(VERIFY) == 2
    assert [command[1] for command in with_pin.heard][-2:] == [0x20, 0x5A]
    assert 0x20 not in {command[1] for command in with_pin.heard[:3]}


def test_the_second_witness_of_a_city_s_purse_has_its_pin_too(with_pin: Opened) -> None:
    with_pin.lay_down(a_city_card())
    assert with_pin.module.prove_load(lambda _: True, 7, 5000, TERMINAL) == LoadNotFound(7, 1500)


def test_a_card_with_another_pin_is_tried_once_and_never_again(with_pin: Opened) -> None:
    # facts/social-security-card.md 2 [G4]: wrong tries lock the card
    card = a_city_card(pin=bytes.fromhex("654321"))
    with_pin.lay_down(card)
    for _ in range(5):
        assert with_pin.module.initialize_load(CITY_NUMBER, 5000, TERMINAL) is CardProblem.NOT_A_TRANSIT_CARD
        assert with_pin.module.prove_load(lambda _: True, 7, 5000, TERMINAL) is CardProblem.NOT_A_TRANSIT_CARD
    assert with_pin.heard.count(VERIFY) == 1
    assert card.memory.pin_errors == 1
    assert INITIALIZE not in {command[1] for command in with_pin.heard}


def test_a_t_union_card_never_hears_the_pin_of_a_city(with_pin: Opened) -> None:
    with_pin.lay_down(a_card())
    init = with_pin.module.initialize_load(NUMBER, 5000, TERMINAL)
    assert isinstance(init, LoadInit)
    assert 0x20 not in {command[1] for command in with_pin.heard}


def test_a_pin_shows_in_no_text() -> None:
    assert "123456" not in repr(WITH_PIN)


# -- rules and logs --------------------------------------------------------------------------------------------


def test_the_rules_of_the_profile_come_with_the_card(with_pin: Opened) -> None:
    with_pin.lay_down(a_city_card())
    card = with_pin.module.read_card()
    assert isinstance(card, PurseCard)
    assert (card.max_balance_fen, card.max_load_fen) == (100_000, 50_000)


def test_loads_of_both_logs_are_told_once(with_pin: Opened) -> None:
    # the simulated card keeps one log and shows it as file 18 and as file 1A
    with_pin.lay_down(a_city_card())
    assert isinstance(with_pin.module.credit_load(authorise(begin(with_pin))), Credited)
    load = PurseEntry(PurseEntryKind.LOAD, 5000, date(2026, 7, 26), time(12), TERMINAL)
    assert with_pin.module.read_history() == PurseHistory((load,))
    assert bytes.fromhex("00B201D417") in with_pin.heard
    assert with_pin.module.find_load(lambda _: True, 5000, TERMINAL, ("20260726", "120000")) is True


def test_a_file_1a_that_holds_concessions_is_no_log(bench: Bench) -> None:
    # facts/purse-load.md 1.3: in Xiamen's T-Union application 1A has concession data
    opened = Opened(bench, (replace(WITH_PIN, file_1a="concessions"),))
    opened.lay_down(a_city_card())
    assert opened.module.read_history() == PurseHistory()
    assert opened.module.find_load(lambda _: True, 5000, TERMINAL, ("20260726", "120000")) is False
    assert all(command[3] != 0xD4 for command in opened.heard if command[1] == 0xB2)
    opened.module.close()


def test_a_city_s_purse_is_not_asked_for_trips(terminal: Opened) -> None:
    terminal.lay_down(a_city_card())
    assert terminal.module.read_history() == PurseHistory()
    assert all(command[3] != 0xF4 for command in terminal.heard if command[1] == 0xB2)


# -- the purse in a social-security card -----------------------------------------------------------------------


def a_social_security_chip(identifier: str, kind: type[Chip] = Chip) -> Chip:
    data = SocialSecurityData(
        identifier=identifier,
        card_class="1",
        version="3.00",
        organisation="310000000000000000000001",
        issued=date(2022, 1, 1),
        expires=date(2032, 1, 1),
        card_number="A00000003",
        number="310101199001010004",
        name="甄模拟",
        sex="2",
        nation=1,
        birthplace="310101",
        birth=date(1990, 1, 1),
        closed=((6, 1),),
    )
    return kind(TransitCard.ATR, [SocialSecurityApplication(data), a_card()])


@pytest.mark.parametrize(
    ("identifier", "most"),
    # facts/social-security-card.md 2 [G9]: 200 yuan, renewed by a top-up; GB/T 2260: 31 is Shanghai, 33 Zhejiang
    [("31000000000000000000000000000001", 20_000), ("33010000000000000000000000000001", None)],
)
def test_the_purse_of_a_social_security_card_has_its_region_s_cap_and_its_issuer_s_commands(
    terminal: Opened, identifier: str, most: int | None
) -> None:
    terminal.lay_down(a_social_security_chip(identifier))
    shanghai = most is not None
    assert terminal.module.read_card() == PurseCard(
        NUMBER, 1230, date(2034, 12, 31), max_balance_fen=most, wants_issuer_commands=shanghai
    )


def test_it_is_loaded_like_any_t_union_purse_and_nothing_else_in_the_chip_is_written(terminal: Opened) -> None:
    terminal.lay_down(a_social_security_chip("31000000000000000000000000000001"))
    assert isinstance(terminal.module.read_card(), PurseCard)
    init = terminal.module.initialize_load(NUMBER, 5000, TERMINAL)
    assert isinstance(init, LoadInit)
    assert isinstance(terminal.module.credit_load(authorise(init)), Credited)
    assert isinstance(terminal.module.prove_load(lambda _: True, 7, 5000, TERMINAL), LoadProven)
    # SELECT, READ BINARY, READ RECORD; of the purse 50, 52, 5A, 5C: 80 52 alone writes, and to the purse
    assert {(command[0], command[1]) for command in terminal.heard} == {
        *((0x00, 0xA4), (0x00, 0xB0), (0x00, 0xB2)),
        *((0x80, 0x50), (0x80, 0x52), (0x80, 0x5A), (0x80, 0x5C)),
    }
    selected = b""
    for command in terminal.heard:
        if command[1] == 0xA4:
            selected = command[5 : 5 + command[4]]
        if command[1] == 0x52:
            assert selected == bytes.fromhex("A000000632010105")


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        ("6A83", PurseCard(NUMBER, 1230, date(2034, 12, 31))),
        ("6982", PurseCard(NUMBER, 1230, date(2034, 12, 31))),
        ("0110 9000", CardProblem.UNREADABLE),
    ],
)
def test_a_region_that_is_not_told_is_not_guessed(terminal: Opened, answer: str, read: object) -> None:
    class Shy(Chip):
        def transmit(self, command: bytes) -> bytes | None:
            # facts/social-security-card.md 2: 00 B2 01 2C 12 [G1]
            right = super().transmit(command)
            return bytes.fromhex(answer) if command == bytes.fromhex("00B2012C12") else right

    terminal.lay_down(a_social_security_chip("31000000000000000000000000000001", Shy))
    assert terminal.module.read_card() == read


# -- commands of the issuer ------------------------------------------------------------------------------------

CHALLENGE = 0x84
UPDATE = 0xD6


def challenged(opened: Opened, card: TransitCard, end: str = "20361231") -> bytes:
    """Have the card that was laid down give a challenge, and return what its issuer makes of it."""
    challenge = opened.module.challenge(CITY_NUMBER)
    assert isinstance(challenge, bytes)
    assert len(challenge) == 8
    return validity.extension(card.identity.update_key, challenge, end)


def instructions(opened: Opened) -> list[int]:
    return [command[1] for command in opened.heard]


@pytest.fixture
def extendable(terminal: Opened) -> TransitCard:
    card = a_city_card(pin=b"")
    terminal.lay_down(card)
    return card


def test_the_issuer_s_commands_go_to_the_card_that_gave_the_challenge(
    terminal: Opened, extendable: TransitCard
) -> None:
    command = challenged(terminal, extendable)
    del terminal.heard[:]
    longer = replace(CITY, expires=date(2036, 12, 31))
    assert terminal.module.carry_out(CITY_NUMBER, [command]) == CarriedOut(longer, 1)
    assert terminal.heard[0] == command  # the card has kept its power: nothing is selected in between
    assert isinstance(terminal.module.credit_load(authorise(begin(terminal))), Credited)


def test_commands_end_at_the_first_that_the_card_refuses(terminal: Opened, extendable: TransitCard) -> None:
    right = challenged(terminal, extendable)
    wrong = right[:-1] + bytes((right[-1] ^ 1,))
    # facts/purse-load.md 1.5: 6988 MAC wrong, 6984 random invalid
    assert terminal.module.carry_out(CITY_NUMBER, [wrong, right]) == CarriedOut(CITY, 0, "6988")
    right = challenged(terminal, extendable)
    longer = replace(CITY, expires=date(2036, 12, 31))
    assert terminal.module.carry_out(CITY_NUMBER, [right, right]) == CarriedOut(longer, 1, "6984")


def test_no_commands_are_sent_for_a_challenge_that_is_gone(terminal: Opened, extendable: TransitCard) -> None:
    command = challenged(terminal, extendable)
    terminal.module.read_card()
    assert terminal.module.carry_out(CITY_NUMBER, [command]) is CardProblem.OTHER_CARD
    assert terminal.module.carry_out(CITY_NUMBER, []) is CardProblem.OTHER_CARD
    assert UPDATE not in instructions(terminal)


def test_commands_are_sent_once(terminal: Opened, extendable: TransitCard) -> None:
    command = challenged(terminal, extendable)
    assert isinstance(terminal.module.carry_out(CITY_NUMBER, [command]), CarriedOut)
    assert terminal.module.carry_out(CITY_NUMBER, [command]) is CardProblem.OTHER_CARD
    assert instructions(terminal).count(UPDATE) == 1


def test_a_challenge_is_asked_of_the_same_card_only(terminal: Opened) -> None:
    terminal.lay_down(a_card())
    assert terminal.module.challenge(CITY_NUMBER) is CardProblem.OTHER_CARD
    assert terminal.module.carry_out(CITY_NUMBER, [bytes.fromhex("00B0950000")]) is CardProblem.OTHER_CARD
    assert not {CHALLENGE, INITIALIZE} & set(instructions(terminal))


@pytest.mark.parametrize("number", [CITY_NUMBER, NUMBER])
def test_the_commands_go_to_no_card_that_was_swapped_in(
    terminal: Opened, extendable: TransitCard, number: CardNumber
) -> None:
    command = challenged(terminal, extendable)
    terminal.lay_down(a_card())
    assert isinstance(terminal.module.carry_out(number, [command]), CardProblem)
    assert UPDATE not in instructions(terminal)


def test_the_commands_go_to_no_card_that_was_lifted(terminal: Opened, extendable: TransitCard) -> None:
    command = challenged(terminal, extendable)
    terminal.lay_down(extendable)
    assert terminal.module.carry_out(CITY_NUMBER, [command]) is CardProblem.UNREADABLE
    command = challenged(terminal, extendable)
    terminal.bench.reader.remove()
    assert terminal.module.carry_out(CITY_NUMBER, [command]) is CardProblem.NOT_PRESENT
    assert UPDATE not in instructions(terminal)


@pytest.mark.parametrize(("tear", "end"), [(Tear.BEFORE_COMMIT, ""), (Tear.AFTER_COMMIT, "20361231")])
def test_a_card_that_is_torn_out_during_a_command_is_read_again_by_nobody(
    terminal: Opened, extendable: TransitCard, tear: Tear, end: str
) -> None:
    command = challenged(terminal, extendable)
    extendable.tear_next(tear)
    assert isinstance(terminal.module.carry_out(CITY_NUMBER, [command]), CardProblem)
    assert extendable.memory.end == end


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("805200000B2026072612000000000000", "80 52 may not be sent"),
        ("805000020B0100001388001122334455", "80 50 may not be sent"),
        ("8054030000", "80 54 may not be sent"),
        ("0020000003123456", "00 20 may not be sent"),
        ("04D6", "no APDU"),
        ("", "no APDU"),
    ],
)
def test_an_issuer_s_command_can_move_no_money_and_try_no_pin(
    terminal: Opened, extendable: TransitCard, command: str, why: str
) -> None:
    right = challenged(terminal, extendable)
    done = terminal.module.carry_out(CITY_NUMBER, [right, bytes.fromhex(command)])
    assert done == CarriedOut(CITY, 0, why)
    assert not {UPDATE, INITIALIZE, 0x52, 0x54, 0x20} & set(instructions(terminal))


def test_the_load_of_a_city_s_card_is_authorised_by_its_own_number(with_pin: Opened) -> None:
    with_pin.lay_down(a_city_card())
    init = begin(with_pin)
    factor = card_crypto.diversification_factor("20002100000999900025")
    key = card_crypto.session_key(card_crypto.diversify(LOAD_MASTER, factor), init.random, 7)
    mac2 = card_crypto.mac2(key, 5000, 2, TERMINAL, "20260726", "120000")
    assert isinstance(with_pin.module.credit_load(LoadAuthorisation("20260726", "120000", mac2)), Credited)
