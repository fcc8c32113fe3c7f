"""A social-security card in a simulated CRT-310: what is read, what is withheld, that nothing is written or tried."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.card import Card, OtherCard
from device_sim.cards.kinds import Issuer, built_in_kinds, make_card
from device_sim.cards.social_security import SocialSecurityApplication, SocialSecurityData
from device_sim.crt310 import SimulatedCrt310
from device_sim.plastic_card import PlasticCard
from device_sim.serial.handlers import register
from device_sim.serial.world import SerialWorld
from drivers.bank_card import EmvBankCard
from drivers.crt310 import Crt310Reader
from drivers.crt310_card_reader import Crt310CardReader
from drivers.serial_port import open_serial
from drivers.social_security_card import ChipSocialSecurityReader
from kiosk_core.bank_card import BankCard, BankPayment
from kiosk_core.card_number import CardNumber
from kiosk_core.card_reader import CardReader
from kiosk_core.id_card_reader import IdCardSex, IdNumber, PersonalText
from kiosk_core.social_security import (
    Generation,
    Holder,
    SecureAccessModule,
    SocialSecurityCard,
    SocialSecurityProblem,
    SocialSecurityReader,
    Withheld,
)
from tests.clocks import SetClock

IDENTIFIER = bytes.fromhex("31000000000000000000000000000001")
# Nobody's: order code 000 is never given to anyone; its check character is that of GB 11643.
ID_NUMBER = "310101199001010004"
HOLDER = Holder(IdNumber(ID_NUMBER), PersonalText("甄模拟"), IdCardSex.FEMALE)
Closed = tuple[tuple[Literal[5, 6], int], ...]
CLOSED: Closed = ((6, 1), (6, 2), (6, 4), (6, 5), (6, 6), (6, 7))
AUTHENTICATION = bytes(range(16))

# facts/social-security-card.md 2: SELECT SSSE, then the exact reads [G1], the version first
SELECT = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"
CARD_READS = ["00B2032C06", "00B2012C12", "00B2072C0B", "00B2052C06", "00B2062C06"]
HOLDER_READS = ["00B2013414", "00B2023420", "00B2043403"]


def an_application(
    version: str = "2.00",
    closed: Closed = (),
    accepts: Callable[[bytes], bool] = lambda _: False,
) -> SocialSecurityApplication:
    data = SocialSecurityData(
        identifier=IDENTIFIER.hex().upper(),
        card_class="1",
        version=version,
        organisation="310000000000000000000001",
        issued=date(2022, 1, 1),
        expires=date(2032, 1, 1),
        card_number="A00000002",
        number=ID_NUMBER,
        name="甄模拟",
        sex="2",
        nation=1,
        birthplace="310101",
        birth=date(1990, 1, 1),
        closed=closed,
    )
    return SocialSecurityApplication(data, accepts=accepts)


class SpiedCard:
    """A chip that notes every command and may answer something else to some."""

    def __init__(self, card: Card, instead: dict[str, str | None] | None = None) -> None:
        self.card = card
        self.heard: list[str] = []
        self._instead = instead or {}

    def power_on(self) -> bytes:
        return self.card.power_on()

    def power_off(self) -> None:
        self.card.power_off()

    def transmit(self, command: bytes) -> bytes | None:
        text = command.hex().upper()
        self.heard.append(text)
        if text in self._instead:
            answer = self._instead[text]
            return None if answer is None else bytes.fromhex(answer)
        return self.card.transmit(command)


@pytest.fixture
def simulated() -> SimulatedCrt310:
    return SimulatedCrt310()


@pytest.fixture
def port(simulated: SimulatedCrt310) -> Iterator[CardReader]:
    clock = SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))
    world = SerialWorld(clock)
    world.add("reader", simulated)
    register(world)
    opened = Crt310CardReader(
        "card_reader", Crt310Reader("card_reader", open_serial("sim://reader", 9600, "x", clock), clock)
    )
    opened.reset()
    opened.set_entry(True)
    yield opened
    opened.close()


def read(
    simulated: SimulatedCrt310, port: CardReader, chip: Card, module: SecureAccessModule | None = None
) -> SocialSecurityCard | SocialSecurityProblem:
    assert simulated.insert(PlasticCard(chip=chip))
    reader: SocialSecurityReader = ChipSocialSecurityReader(port, module)
    return reader.read_card()


class Module:
    """A module that sends what a test lists and takes the card for open when the last answer is 9000."""

    def __init__(self, *commands: str) -> None:
        self.commands = commands
        self.identifiers: list[bytes] = []
        self.answers: list[bytes] = []

    def open_card(self, identifier: bytes, send: Callable[[bytes], bytes]) -> bool:
        self.identifiers.append(identifier)
        self.answers = [send(bytes.fromhex(command)) for command in self.commands]
        return self.answers[-1] == b"\x90\x00"


# facts/social-security-card.md 2 [G2]: 00 84 four times, then 00 82 00 0A 10 with 16 bytes of the back office; that a
# challenge has eight bytes is a choice of this test
CHALLENGES = ["0084000008"] * 4
RIGHT = "0082000A10" + AUTHENTICATION.hex().upper()


# -- reading ------------------------------------------------------------------------------------------------


def test_a_second_generation_card_is_read_without_a_module(simulated: SimulatedCrt310, port: CardReader) -> None:
    spied = SpiedCard(an_application())
    assert read(simulated, port, spied) == SocialSecurityCard(
        IDENTIFIER, Generation.SECOND, PersonalText("A00000002"), date(2022, 1, 1), date(2032, 1, 1), HOLDER
    )
    assert spied.heard == [SELECT, *CARD_READS, *HOLDER_READS]


def test_the_first_generation_has_the_sex_in_another_record(simulated: SimulatedCrt310, port: CardReader) -> None:
    # facts/social-security-card.md 2: 1st generation: sex is record 03 [G1]
    spied = SpiedCard(an_application("1.00"))
    card = read(simulated, port, spied)
    assert isinstance(card, SocialSecurityCard)
    assert (card.generation, card.holder, card.region) == (Generation.FIRST, HOLDER, "310000")
    assert spied.heard[-1] == "00B2033403"


def test_the_kinds_of_the_store_are_read(simulated: SimulatedCrt310, port: CardReader, tmp_path: Path) -> None:
    found = []
    for generation in (1, 2, 3):
        kind = built_in_kinds()[f"social_security_{generation}"]
        assert simulated.insert(make_card(kind, str(generation), tmp_path, Issuer(bytes(16), bytes(16))).plastic)
        card = ChipSocialSecurityReader(port).read_card()
        assert isinstance(card, SocialSecurityCard)
        found.append((card.generation.value, card.holder))
        simulated.tear_out()
    assert found == [(1, HOLDER), (2, HOLDER), (3, Withheld.NEEDS_MODULE)]


@pytest.mark.parametrize(
    ("command", "answer", "problem"),
    [
        (SELECT, "6A82", SocialSecurityProblem.NOT_SOCIAL_SECURITY),
        (SELECT, "6D00", SocialSecurityProblem.NOT_SOCIAL_SECURITY),
        (SELECT, "6283", SocialSecurityProblem.UNREADABLE),
        (SELECT, None, SocialSecurityProblem.UNREADABLE),
        ("00B2032C06", "0304342E30309000", SocialSecurityProblem.UNREADABLE),  # 4.00
        ("00B2032C06", "6982", SocialSecurityProblem.UNREADABLE),
        ("00B2012C12", "6A83", SocialSecurityProblem.UNREADABLE),
        ("00B2072C0B", "0708413030303030309000", SocialSecurityProblem.UNREADABLE),
        ("00B2013414", "0812" + "20" * 18 + "9000", SocialSecurityProblem.UNREADABLE),
        ("00B2023420", "091E" + "80" * 30 + "9000", SocialSecurityProblem.UNREADABLE),
        ("00B2043403", "9000", SocialSecurityProblem.UNREADABLE),
    ],
)
def test_what_cannot_be_read_is_not_guessed(
    simulated: SimulatedCrt310, port: CardReader, command: str, answer: str | None, problem: SocialSecurityProblem
) -> None:
    assert read(simulated, port, SpiedCard(an_application(), {command: answer})) is problem


@pytest.mark.parametrize("dates", ["FFFFFFFF", "00000000", "20229901"])
def test_a_date_that_is_none_is_none(simulated: SimulatedCrt310, port: CardReader, dates: str) -> None:
    instead: dict[str, str | None] = {"00B2052C06": f"0504{dates}9000", "00B2062C06": f"0604{dates}9000"}
    card = read(simulated, port, SpiedCard(an_application(), instead))
    assert isinstance(card, SocialSecurityCard)
    assert (card.issued, card.expires) == (None, None)


def test_no_card_and_other_cards_are_told_apart(simulated: SimulatedCrt310, port: CardReader) -> None:
    assert ChipSocialSecurityReader(port).read_card() is SocialSecurityProblem.NOT_PRESENT
    assert read(simulated, port, OtherCard()) is SocialSecurityProblem.NOT_SOCIAL_SECURITY
    simulated.tear_out()
    assert simulated.insert(PlasticCard(tracks={2: b"1=2"}))
    assert ChipSocialSecurityReader(port).read_card() is SocialSecurityProblem.NOT_SOCIAL_SECURITY


def test_its_bank_account_is_a_bank_card_like_any_other(
    simulated: SimulatedCrt310, port: CardReader, tmp_path: Path
) -> None:
    # facts/social-security-card.md 2: A000000333010101 debit, PAN from tag 5A or 57 [G1][G4]
    kind = built_in_kinds()["social_security_3"]
    assert simulated.insert(make_card(kind, "card", tmp_path, Issuer(bytes(16), bytes(16))).plastic)
    assert isinstance(ChipSocialSecurityReader(port).read_card(), SocialSecurityCard)
    payment = BankPayment(5000, datetime(2026, 7, 26, 12, tzinfo=UTC), 1, bytes(4))
    card = EmvBankCard(port).begin(payment)
    assert isinstance(card, BankCard)
    assert card.number == CardNumber("9999990000000000022")
    assert "999999*********0022" in repr(card)
    assert "9999990000000000022" not in repr(card)


# -- what a module opens ------------------------------------------------------------------------------------


def test_without_a_module_the_third_generation_tells_of_the_card_and_not_of_its_holder(
    simulated: SimulatedCrt310, port: CardReader
) -> None:
    # facts/social-security-card.md 2 [G4]: without a PSAM only some items
    spied = SpiedCard(an_application("3.00", CLOSED))
    card = read(simulated, port, spied)
    assert isinstance(card, SocialSecurityCard)
    assert (card.generation, card.number, card.holder) == (
        Generation.THIRD,
        PersonalText("A00000002"),
        Withheld.NEEDS_MODULE,
    )
    assert {command[2:4] for command in spied.heard} == {"A4", "B2"}


def test_a_module_opens_the_third_generation(simulated: SimulatedCrt310, port: CardReader) -> None:
    module = Module(*CHALLENGES, RIGHT)
    application = an_application("3.00", CLOSED, lambda given: given == AUTHENTICATION)
    card = read(simulated, port, application, module)
    assert isinstance(card, SocialSecurityCard)
    assert card.holder == HOLDER
    assert module.identifiers == [IDENTIFIER]
    assert [len(answer) for answer in module.answers] == [10, 10, 10, 10, 2]


@pytest.mark.parametrize("commands", [[RIGHT], ["0084000008", "0082000A10" + "FF" * 16]])
def test_a_module_that_the_card_refuses_opens_nothing(
    simulated: SimulatedCrt310, port: CardReader, commands: list[str]
) -> None:
    card = read(simulated, port, an_application("3.00", CLOSED), Module(*commands))
    assert isinstance(card, SocialSecurityCard)
    assert card.holder is Withheld.MODULE_REFUSED


def test_a_module_that_only_says_that_it_opened_the_card_is_not_believed(
    simulated: SimulatedCrt310, port: CardReader
) -> None:
    class Boaster:
        def open_card(self, identifier: bytes, send: Callable[[bytes], bytes]) -> bool:
            return True

    card = read(simulated, port, an_application("3.00", CLOSED), Boaster())
    assert isinstance(card, SocialSecurityCard)
    assert card.holder is Withheld.MODULE_REFUSED


@pytest.mark.parametrize("version", ["1.00", "2.00"])
def test_a_card_that_wants_a_pin_first_is_not_tried(simulated: SimulatedCrt310, port: CardReader, version: str) -> None:
    # facts/social-security-card.md 2: some provinces require a PIN [G3]; wrong tries lock the card [G4]
    spied = SpiedCard(an_application(version, ((6, 1),)))
    card = read(simulated, port, spied, Module(RIGHT))
    assert isinstance(card, SocialSecurityCard)
    assert card.holder is Withheld.NEEDS_PIN
    assert {command[2:4] for command in spied.heard} == {"A4", "B2"}


# -- nothing is written -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "00D6000001FF",  # UPDATE BINARY
        "00DC013403FFFFFF",  # UPDATE RECORD
        "00E2003403FFFFFF",  # APPEND RECORD
        "04DC013403FFFFFF",  # the same with secure messaging
        "0020000003123456",  # VERIFY
        "00A40000021001",  # SELECT of another application
        "8050010B0B",  # INITIALIZE FOR LOAD
        "84840000",
        "00",
    ],
)
def test_a_module_can_neither_write_nor_try_a_pin(simulated: SimulatedCrt310, port: CardReader, command: str) -> None:
    spied = SpiedCard(an_application("3.00", CLOSED))
    with pytest.raises(ValueError, match=r"may not send|APDU has at least|Lc is"):
        read(simulated, port, spied, Module(command))
    assert {heard[2:4] for heard in spied.heard} == {"A4", "B2"}


def test_no_card_whatever_it_answers_is_sent_anything_that_writes(simulated: SimulatedCrt310, port: CardReader) -> None:
    @given(st.lists(st.sampled_from(["9000", "6982", "6A82", "6C12", "6310", "6104", "pass", "none"]), max_size=12))
    def attack(answers: list[str]) -> None:
        class Whimsical(SpiedCard):
            def transmit(self, command: bytes) -> bytes | None:
                right = super().transmit(command)
                answer = answers[len(self.heard) - 1] if len(self.heard) <= len(answers) else "pass"
                return right if answer == "pass" else None if answer == "none" else bytes.fromhex(answer)

        chip = Whimsical(an_application("3.00", CLOSED))
        read(simulated, port, chip, Module(*CHALLENGES, RIGHT))
        simulated.tear_out()
        # SELECT, READ RECORD, GET RESPONSE, and the two of the module: none of them changes a file
        assert {(command[:2], command[2:4]) for command in chip.heard} <= {
            ("00", ins) for ins in ("A4", "B2", "C0", "84", "82")
        }

    attack()


def test_nothing_of_a_person_shows_in_what_is_read(simulated: SimulatedCrt310, port: CardReader) -> None:
    card = read(simulated, port, an_application())
    for shown in (repr(card), str(card), f"{card}"):
        for secret in (ID_NUMBER, "甄", "A00000002", "0001'", "FEMALE"):
            assert secret not in shown
