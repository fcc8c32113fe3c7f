"""A bank card pays: against the simulated debit card, and against cards that break EMV's rules."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from device_sim.cards.debit import DebitApplication, DebitIdentity, application_cryptogram
from drivers.bank_card import ChipTerminal, EmvBankCard
from kiosk_core.bank_card import BankCard, BankCardProblem, BankPayment, ChipEnd, ChipRequest
from kiosk_core.card_number import CardNumber
from kiosk_core.card_reader import (
    CardRefusal,
    ChipAnswer,
    ChipPower,
    ChipProtocol,
    Destination,
    RawData,
    ResetAction,
)
from kiosk_core.errors import DeviceUnavailable
from kiosk_core.magnetic_tracks import MagneticTracks
from kiosk_core.status import Counters, DeviceState, DeviceStatus, Identity, Media
from wire import emv

NOON = datetime(2026, 11, 22, 12, 34, 56, tzinfo=UTC)
NUMBER = "9999990000000000014"  # 999 is nobody's country
KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
IDENTITY = DebitIdentity(CardNumber(NUMBER), "311231", KEY)
PAYMENT = BankPayment(amount_fen=12_345, at=NOON, sequence=42, unpredictable=bytes.fromhex("DEADBEEF"))
TERMINAL = ChipTerminal(serial="KT000001")

NOT_FOUND = bytes.fromhex("6A82")
OK = bytes.fromhex("9000")


class Reader:
    """A card reader with one chip at its contacts; `answers` are said instead of the chip's."""

    def __init__(self, chip: DebitApplication | None) -> None:
        self.chip = chip
        self.asked: list[str] = []
        self.answers: dict[str, bytes | CardRefusal] = {}
        self.lost_at = ""
        self.powered = False

    def read_raw_data(self) -> RawData | CardRefusal:
        if self.chip is None:
            return CardRefusal.NO_MEDIA
        self.powered = True
        return RawData(ChipProtocol.T0, self.chip.power_on())

    def chip_power(self, power: ChipPower) -> RawData | CardRefusal | None:
        assert power is ChipPower.OFF
        if self.lost_at == "off":
            raise DeviceUnavailable("card_reader", "unplugged")
        self.powered = False
        return None

    def chip_io(self, protocol: ChipProtocol, command: bytes) -> ChipAnswer | CardRefusal:
        assert protocol is ChipProtocol.NOT_REQUIRED
        assert self.powered
        asked = command.hex().upper()
        self.asked.append(asked)
        if self.lost_at and asked.startswith(self.lost_at):
            raise DeviceUnavailable("card_reader", "unplugged")
        for begin, answer in self.answers.items():
            if asked.startswith(begin):
                return answer if isinstance(answer, CardRefusal) else ChipAnswer(answer)
        assert self.chip is not None
        said = self.chip.transmit(command)
        return CardRefusal.CARD_SILENT if said is None else ChipAnswer(said)

    def identify(self) -> Identity:
        return Identity("a reader")

    def status(self) -> DeviceStatus:
        return DeviceStatus("card_reader", DeviceState.ONLINE, NOON)

    def self_test(self) -> DeviceStatus:
        return self.status()

    def counters(self) -> Counters:
        return Counters()

    def close(self) -> None: ...

    def media(self) -> Media:
        return Media.PRESENT

    def reset(self, action: ResetAction = ResetAction.CURRENT_POSITION) -> None: ...

    def set_entry(self, enabled: bool) -> None: ...

    def dispense(self) -> CardRefusal | None:
        return CardRefusal.UNSUPPORTED

    def read_tracks(
        self, *, track1: bool = True, track2: bool = True, track3: bool = True
    ) -> MagneticTracks | CardRefusal:
        return CardRefusal.UNSUPPORTED

    def move(self, to: Destination) -> CardRefusal | None:
        return None


def with_card(identity: DebitIdentity = IDENTITY) -> tuple[Reader, EmvBankCard]:
    reader = Reader(DebitApplication(identity))
    return reader, EmvBankCard(reader, TERMINAL)


def begun(reader: Reader, payment: BankPayment = PAYMENT) -> BankCard:
    card = EmvBankCard(reader, TERMINAL).begin(payment)
    assert isinstance(card, BankCard)
    return card


def objects_of(request: ChipRequest | BankCardProblem) -> dict[str, str]:
    assert isinstance(request, ChipRequest)
    return {each.tag: each.value.hex().upper() for each in emv.decode_objects(request.data)}


def test_the_card_is_read_and_its_number_is_hidden() -> None:
    reader, chip = with_card()
    card = chip.begin(PAYMENT)
    assert card == BankCard(CardNumber(NUMBER), date(2031, 12, 31), 1, "PBOC DEBIT", f"{NUMBER}=311222000000")
    assert NUMBER not in repr(card)
    assert reader.asked[0] == "00A404000E315041592E5359532E444446303100"


def test_the_host_gets_what_it_needs_and_the_cryptogram_is_the_cards() -> None:
    _, chip = with_card()
    chip.begin(PAYMENT)
    objects = objects_of(chip.authorise(pin_entered=True))
    cryptogram = objects.pop("9F26")
    assert objects == {
        "9F27": "80",
        "9F10": "07010103A00000",
        "9F37": "DEADBEEF",
        "9F36": "0001",
        "95": "8000040000",  # not authenticated offline; a PIN goes to the bank
        "9A": "261122",
        "9C": "00",
        "9F02": "000000012345",
        "5F2A": "0156",
        "82": "1800",
        "9F1A": "0156",
        "9F03": "000000000000",
        "9F33": "604020",
        "9F34": "020000",
        "9F35": "14",
        "9F1E": "4B54303030303031",
        "84": "A000000333010101",
        "9F09": "0020",
        "9F41": "00000042",
    }
    # What the issuer computes of the same objects (EMV 4.3 Book 2, 8.1): the data of CDOL1, AIP, ATC, results.
    signed = "000000012345 000000000000 0156 8000040000 0156 261122 00 DEADBEEF 1800 0001 03A00000"
    assert cryptogram == application_cryptogram(KEY, b"\x00\x01", bytes.fromhex(signed)).hex().upper()


def test_without_a_pin_the_host_is_told_so() -> None:
    _, chip = with_card()
    chip.begin(PAYMENT)
    objects = objects_of(chip.authorise(pin_entered=False))
    assert (objects["95"], objects["9F34"]) == ("8000000000", "1F0002")


def test_an_approved_payment_ends_with_the_chips_yes_and_without_power() -> None:
    reader, chip = with_card()
    chip.begin(PAYMENT)
    chip.authorise(pin_entered=True)
    assert chip.complete("00", b"") is ChipEnd.APPROVED
    assert reader.asked[-1].startswith("80AE40001F3030")  # a TC is asked for, with the code 00
    assert not reader.powered


@pytest.mark.parametrize("code", ["05", "51", "Z3"])
def test_a_refused_payment_ends_with_the_chips_no(code: str) -> None:
    reader, chip = with_card()
    chip.begin(PAYMENT)
    chip.authorise(pin_entered=True)
    assert chip.complete(code, b"") is ChipEnd.DECLINED
    assert reader.asked[-1].startswith("80AE00001F" + code.encode().hex().upper())
    assert not reader.powered


FROM_THE_BANK = bytes.fromhex("910A 0102030405060708 3030  7206 860484240000")  # behind tag 91 a script


def asked_to_approve(profile: str, check: bytes | CardRefusal, issuer_data: bytes) -> tuple[Reader, ChipEnd]:
    """Let a chip with this interchange profile (Book 3, C1) hear the bank's yes; EXTERNAL AUTHENTICATE gets `check`."""

    class Chip(DebitApplication):
        def transmit(self, command: bytes) -> bytes | None:
            said = super().transmit(command)
            is_options = said is not None and said.startswith(bytes.fromhex("800A 1800"))
            return bytes.fromhex(f"800A {profile}") + said[4:] if said is not None and is_options else said

    reader = Reader(Chip(IDENTITY))
    reader.answers = {"00820000": check, "80AE40": bytes.fromhex("800B 40 0001 0102030405060708 9000")}
    chip = EmvBankCard(reader, TERMINAL)
    chip.begin(PAYMENT)
    chip.authorise(pin_entered=True)
    return reader, chip.complete("00", issuer_data)


@pytest.mark.parametrize(
    ("said", "results"), [("9000", "8000040000"), ("6300", "8000040040")], ids=["it is its bank", "it is not"]
)
def test_a_chip_that_checks_its_bank_is_let_and_told_how_that_ended(said: str, results: str) -> None:
    reader, end = asked_to_approve("1C00", bytes.fromhex(said), FROM_THE_BANK)
    assert end is ChipEnd.APPROVED
    assert reader.asked[-2] == "008200000A01020304050607083030"
    assert results in reader.asked[-1]


@pytest.mark.parametrize(
    ("profile", "issuer_data"),
    {
        "nothing came": ("1C00", b""),
        "nothing for that came": ("1C00", bytes.fromhex("7206 860484240000")),
        "it is too short": ("1C00", bytes.fromhex("9107 01020304050607")),
        "it is cut off": ("1C00", FROM_THE_BANK[:8]),
        "it does not check": ("1800", FROM_THE_BANK),
    }.values(),
)
def test_a_chip_is_asked_to_check_its_bank_only_if_it_can(profile: str, issuer_data: bytes) -> None:
    reader, end = asked_to_approve(profile, bytes.fromhex("6300"), issuer_data)
    assert end is ChipEnd.APPROVED
    assert not [each for each in reader.asked if each.startswith("0082")]


def test_a_chip_that_is_torn_out_while_it_checks_its_bank_ends_unknown() -> None:
    reader, end = asked_to_approve("1C00", CardRefusal.NO_MEDIA, FROM_THE_BANK)
    assert end is ChipEnd.UNKNOWN
    assert not reader.powered


# What a chip says instead, at the second GENERATE AC after the bank has said yes.
SECOND: dict[str, tuple[bytes | CardRefusal, ChipEnd]] = {
    "it declines": (bytes.fromhex("800B 00 0001 0102030405060708 9000"), ChipEnd.DECLINED),
    "it is torn out": (CardRefusal.NO_MEDIA, ChipEnd.UNKNOWN),
    "it is silent": (CardRefusal.CARD_SILENT, ChipEnd.UNKNOWN),
    "it refuses": (bytes.fromhex("6985"), ChipEnd.UNKNOWN),
    "it says nonsense": (bytes.fromhex("8002 0102 9000"), ChipEnd.UNKNOWN),
}


@pytest.mark.parametrize(("said", "end"), SECOND.values(), ids=SECOND)
def test_after_the_banks_yes_only_the_chips_yes_is_one(said: bytes | CardRefusal, end: ChipEnd) -> None:
    reader, chip = with_card()
    chip.begin(PAYMENT)
    chip.authorise(pin_entered=True)
    reader.answers["80AE40"] = said
    assert chip.complete("00", b"") is end
    assert not reader.powered


@pytest.mark.parametrize("said", [each for each, _ in SECOND.values()], ids=list(SECOND))
def test_after_the_banks_no_it_is_declined_whatever_the_chip_says(said: bytes | CardRefusal) -> None:
    reader, chip = with_card()
    chip.begin(PAYMENT)
    chip.authorise(pin_entered=True)
    reader.answers["80AE00"] = said
    assert chip.complete("05", b"") is ChipEnd.DECLINED


def test_a_reader_that_is_lost_behind_the_chips_yes_does_not_unmake_it() -> None:
    reader, chip = with_card()
    chip.begin(PAYMENT)
    chip.authorise(pin_entered=True)
    reader.lost_at = "off"
    assert chip.complete("00", b"") is ChipEnd.APPROVED


def test_a_reader_that_is_lost_before_it_says_so() -> None:
    reader, chip = with_card()
    chip.begin(PAYMENT)
    chip.authorise(pin_entered=True)
    reader.lost_at = "80AE40"
    with pytest.raises(DeviceUnavailable):
        chip.complete("00", b"")


# What a chip says at the first GENERATE AC.
FIRST: dict[str, tuple[bytes | CardRefusal, BankCardProblem]] = {
    "it declines": (bytes.fromhex("800B 00 0001 0102030405060708 9000"), BankCardProblem.DECLINED),
    "it approves by itself": (bytes.fromhex("800B 40 0001 0102030405060708 9000"), BankCardProblem.UNREADABLE),
    "it is torn out": (CardRefusal.MOVED_BY_HAND, BankCardProblem.NOT_PRESENT),
    "it is silent": (CardRefusal.CARD_SILENT, BankCardProblem.UNREADABLE),
    "it is blocked": (bytes.fromhex("6A81"), BankCardProblem.BLOCKED),
    "it says nonsense": (bytes.fromhex("0102 9000"), BankCardProblem.UNREADABLE),
}


@pytest.mark.parametrize(("said", "problem"), FIRST.values(), ids=FIRST)
def test_a_chip_that_does_not_ask_the_bank_ends_it(said: bytes | CardRefusal, problem: BankCardProblem) -> None:
    reader, chip = with_card()
    chip.begin(PAYMENT)
    reader.answers["80AE80"] = said
    assert chip.authorise(pin_entered=True) is problem
    assert not reader.powered
    with pytest.raises(ValueError, match="authorise"):
        chip.complete("00", b"")


def test_no_card_no_payment() -> None:
    assert EmvBankCard(Reader(None)).begin(PAYMENT) is BankCardProblem.NOT_PRESENT


RECORD_2 = "70 2D 5A0A9999990000000000014F 5F2403311231 8C159F02069F03069F1A0295055F2A029A039C019F3704 8D028A02"
# What a chip says to a command, and what the customer is told.
WRONG: dict[str, tuple[str, bytes | CardRefusal, BankCardProblem]] = {
    "the card is blocked": ("00A404000E", bytes.fromhex("6A81"), BankCardProblem.BLOCKED),
    "the application is blocked": ("00A4040008", bytes.fromhex("6283"), BankCardProblem.BLOCKED),
    "the application is gone": ("00A4040008", NOT_FOUND, BankCardProblem.NOT_ACCEPTED),
    "another application answers": (
        "00A4040008",
        bytes.fromhex("6F09 8407A0000000031010 9000"),
        BankCardProblem.NOT_ACCEPTED,
    ),
    "the directory is silent": ("00A404000E", CardRefusal.CARD_SILENT, BankCardProblem.UNREADABLE),
    "it has no processing options": ("80A8", bytes.fromhex("6985"), BankCardProblem.UNREADABLE),
    "its locator is none": ("80A8", bytes.fromhex("8003 1800 08 9000"), BankCardProblem.UNREADABLE),
    "it has 255 records": ("80A8", bytes.fromhex("8006 1800 0801FF00 9000"), BankCardProblem.UNREADABLE),
    "a record is missing": ("00B20114", bytes.fromhex("6A83"), BankCardProblem.UNREADABLE),
    "it lacks what it must have": ("00B20114", bytes.fromhex("7006 5F2403311231 9000"), BankCardProblem.UNREADABLE),
    "an object comes twice": ("00B2010C", bytes.fromhex(RECORD_2 + "9000"), BankCardProblem.UNREADABLE),
    "its number has letters": (
        "00B20114",
        bytes.fromhex(RECORD_2.replace("9999990000000000014F", "99999900000000A0014F") + "9000"),
        BankCardProblem.UNREADABLE,
    ),
    "its stripe is another card's": (
        "00B20114",
        bytes.fromhex(RECORD_2.replace("9999990000000000014F", "9999990000000000022F") + "9000"),
        BankCardProblem.UNREADABLE,
    ),
    "it expires in month 13": (
        "00B20114",
        bytes.fromhex(RECORD_2.replace("311231", "311331") + "9000"),
        BankCardProblem.UNREADABLE,
    ),
    "it is torn out": ("80A8", CardRefusal.NO_MEDIA, BankCardProblem.NOT_PRESENT),
    "it answers with one byte": ("80A8", b"\x90", BankCardProblem.UNREADABLE),
}


@pytest.mark.parametrize(("command", "said", "problem"), WRONG.values(), ids=WRONG)
def test_a_card_that_cannot_pay_is_a_result(command: str, said: bytes | CardRefusal, problem: BankCardProblem) -> None:
    reader, chip = with_card()
    if command.startswith("00B2"):
        reader.answers["00A404000E"] = NOT_FOUND  # the record is the application's, not the directory's
    reader.answers[command] = said
    assert chip.begin(PAYMENT) is problem
    with pytest.raises(ValueError, match="begin"):
        chip.authorise(pin_entered=True)


def test_a_directory_that_cannot_be_read_is_no_directory_that_is_not_there() -> None:
    reader, chip = with_card()
    reader.answers["00B2010C"] = bytes.fromhex("6985")
    assert chip.begin(PAYMENT) is BankCardProblem.UNREADABLE


def test_a_card_without_a_directory_is_tried_by_our_names() -> None:
    reader, _ = with_card()
    reader.answers["00A404000E"] = NOT_FOUND
    assert begun(reader).label == "PBOC DEBIT"


def test_an_application_that_the_customer_must_confirm_is_none_for_us() -> None:
    reader, chip = with_card()
    reader.answers["00B2010C"] = bytes.fromhex("700F 610D 4F08A000000333010101 870181 9000")
    assert chip.begin(PAYMENT) is BankCardProblem.NOT_ACCEPTED


def test_the_application_of_the_highest_priority_is_taken() -> None:
    reader, chip = with_card()
    reader.answers["00B2010C"] = bytes.fromhex(
        "701E 610D 4F08A000000333010102 870102 610D 4F08A000000333010101 870101 9000"
    )
    chip.begin(PAYMENT)
    selects = [asked for asked in reader.asked if asked.startswith("00A4040008")]
    assert selects == ["00A4040008A00000033301010100"]


def test_a_card_that_asks_for_data_gets_it() -> None:
    reader, _ = with_card()
    reader.answers["00A404000E"] = NOT_FOUND
    reader.answers["00A4040008"] = bytes.fromhex("6F18 8408A000000333010101 A50C 9F38099F02069F37049F5901 9000")
    reader.answers["80A8"] = bytes.fromhex("800A 1800 08010100 10010100 9000")
    reader.answers["00B2010C"] = bytes.fromhex("7000 9000")
    reader.answers["00B20114"] = bytes.fromhex(RECORD_2 + "9000")
    assert begun(reader).label == ""
    asked = next(asked for asked in reader.asked if asked.startswith("80A8"))
    assert asked == "80A800000D830B000000012345DEADBEEF0000"


def test_an_expired_card_is_read_and_the_bank_is_told() -> None:
    reader = Reader(DebitApplication(DebitIdentity(CardNumber(NUMBER), "261121", KEY)))
    chip = EmvBankCard(reader, TERMINAL)
    card = chip.begin(PAYMENT)
    assert isinstance(card, BankCard)
    assert card.expires == date(2026, 11, 21)
    assert objects_of(chip.authorise(pin_entered=True))["95"] == "8040040000"


def test_a_card_without_a_day_is_good_to_the_end_of_its_month() -> None:
    reader, _ = with_card()
    reader.answers["00A404000E"] = NOT_FOUND
    reader.answers["00B2010C"] = bytes.fromhex("7000 9000")
    reader.answers["00B20114"] = bytes.fromhex(RECORD_2.replace("311231", "280200") + "9000")
    assert begun(reader).expires == date(2028, 2, 29)


def test_a_second_payment_begins_anew() -> None:
    reader, chip = with_card()
    for counter in ("0001", "0002"):
        chip.begin(PAYMENT)
        assert objects_of(chip.authorise(pin_entered=True))["9F36"] == counter
        with pytest.raises(ValueError, match="once"):
            chip.authorise(pin_entered=True)
        assert chip.complete("00", b"") is ChipEnd.APPROVED
    assert not reader.powered


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: BankPayment(0, NOON, 1, bytes(4)),
        lambda: BankPayment(10**12, NOON, 1, bytes(4)),
        lambda: BankPayment(1, NOON, 0, bytes(4)),
        lambda: BankPayment(1, NOON, 1, bytes(3)),
    ],
)
def test_a_payment_that_no_chip_can_be_told_is_refused(wrong: Callable[[], BankPayment]) -> None:
    with pytest.raises(ValueError, match="a payment has"):
        wrong()
