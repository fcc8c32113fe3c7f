"""The top-up module on the simulated reader: loads, tears, other cards, and an unplug at every step."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from device_sim import card_crypto
from device_sim.card import Card, OtherCard
from device_sim.cards.lasting import Tear
from device_sim.ccid_reader import BULK_IN, SimulatedCcidReader
from device_sim.transit_card import CardIdentity, PurseProfile, TransitCard
from device_sim.usb.device import Descriptor
from device_sim.usb.remote import BusServer, RemoteBackend
from drivers.top_up_module import TUnionTopUpModule
from kiosk_core.card_number import CardNumber
from kiosk_core.errors import DeviceUnavailable, ProtocolViolation
from kiosk_core.ports import (
    CardProblem,
    Credited,
    CreditRefused,
    CreditUnknown,
    LoadAuthorisation,
    LoadInit,
    LoadNotFound,
    LoadProven,
    Overdraft,
    ProofUnclear,
    PurseCard,
    PurseEntry,
    PurseEntryKind,
    PurseHistory,
    PurseTrip,
    TopUpModule,
)
from kiosk_core.status import DeviceState, Identity, Media
from tests.clocks import RealClock, SetClock
from tests.top_up import (
    LOAD_MASTER,
    NAME,
    NUMBER,
    OTHER_NUMBER,
    PRODUCT,
    TAC_MASTER,
    TERMINAL,
    VENDOR,
    Bench,
    a_card,
    authorise,
    expected_tac,
)
from wire.purse import Trip

WRONG_MAC2 = LoadAuthorisation("20260726", "120000", bytes.fromhex("DEADBEEF"))


def is_it(number: CardNumber) -> bool:
    return number == NUMBER


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC))


@pytest.fixture(params=["in_process", "remote"])
def bench(request: pytest.FixtureRequest, tmp_path: Path, clock: SetClock) -> Iterator[Bench]:
    if request.param == "in_process":
        yield Bench(clock)
        return
    bench = Bench(RealClock())
    server = BusServer(bench.bus, tmp_path / "usb.sock")
    server.start()
    bench.backend = RemoteBackend(tmp_path / "usb.sock")
    yield bench
    server.close()


@pytest.fixture
def module(bench: Bench) -> Iterator[TUnionTopUpModule]:
    opened = bench.open()
    yield opened
    opened.close()


def begin(module: TUnionTopUpModule) -> LoadInit:
    """Read the card and begin to load 50.00."""
    card = module.read_card()
    assert isinstance(card, PurseCard)
    init = module.initialize_load(card.number, 5000, TERMINAL)
    assert isinstance(init, LoadInit)
    return init


# Bytes: the answer instead of the card's own; None: it leaves the field; "pass": the card answers.
Instead = bytes | str | None


class SpiedCard:
    """A card that notes every command and, at the chosen one, may answer something else."""

    def __init__(self, card: Card, instead: Callable[[bytes, int], Instead] = lambda *_: "pass") -> None:
        self.card = card
        self.commands: list[bytes] = []
        self._instead = instead

    def power_on(self) -> bytes:
        return self.card.power_on()

    def power_off(self) -> None:
        self.card.power_off()

    def transmit(self, command: bytes) -> bytes | None:
        self.commands.append(command)
        instead = self._instead(command, len(self.commands))
        if isinstance(instead, str):
            return self.card.transmit(command)
        return instead

    def sent(self, instruction: int) -> list[bytes]:
        return [command for command in self.commands if command[1] == instruction]


# -- reading -------------------------------------------------------------------------------------------


def test_is_a_top_up_module(module: TUnionTopUpModule) -> None:
    port: TopUpModule = module
    assert port.identify() == Identity("OpenTeller Simulated contactless reader", "1.00", "SIM0001")


def test_reads_number_balance_and_expiry(bench: Bench, module: TUnionTopUpModule) -> None:
    bench.reader.insert(a_card())
    assert module.read_card() == PurseCard(NUMBER, 1230, date(2034, 12, 31))


def test_media_follows_the_card_and_leaves_it_alone(bench: Bench, module: TUnionTopUpModule) -> None:
    assert module.media() is Media.NOT_PRESENT
    spied = SpiedCard(a_card())
    bench.reader.insert(spied)
    assert module.media() is Media.PRESENT
    module.read_card()
    asked = len(spied.commands)
    assert module.media() is Media.PRESENT
    assert len(spied.commands) == asked
    bench.reader.remove()
    assert module.media() is Media.NOT_PRESENT


def test_status_is_online_with_media_and_its_beginning(bench: Bench, module: TUnionTopUpModule) -> None:
    first = module.status()
    assert (first.name, first.state, first.media) == (NAME, DeviceState.ONLINE, Media.NOT_PRESENT)
    assert first.in_service
    bench.reader.insert(a_card())
    second = module.status()
    assert (second.since, second.media) == (first.since, Media.PRESENT)


def test_without_a_card_every_question_is_not_present(module: TUnionTopUpModule) -> None:
    assert module.read_card() is CardProblem.NOT_PRESENT
    assert module.read_history() is CardProblem.NOT_PRESENT
    assert module.find_load(is_it, 5000, TERMINAL, MOMENT) is CardProblem.NOT_PRESENT
    assert module.initialize_load(NUMBER, 5000, TERMINAL) is CardProblem.NOT_PRESENT
    assert module.prove_load(is_it, 7, 5000, TERMINAL) is CardProblem.NOT_PRESENT


def test_a_bank_card_is_no_transit_card(bench: Bench, module: TUnionTopUpModule) -> None:
    bench.reader.insert(OtherCard())
    assert module.read_card() is CardProblem.NOT_A_TRANSIT_CARD


def test_a_locked_card_is_told_apart(bench: Bench, module: TUnionTopUpModule) -> None:
    card = a_card()
    card.locked = True
    bench.reader.insert(card)
    assert module.read_card() is CardProblem.LOCKED


@pytest.mark.parametrize(
    ("instruction", "answer", "problem"),
    [
        (0xA4, "6581", CardProblem.UNREADABLE),
        (0xA4, "6D00", CardProblem.NOT_A_TRANSIT_CARD),
        (0xA4, "9303", CardProblem.LOCKED),
        (0xA4, "90", CardProblem.UNREADABLE),
        (0xB0, "6A82", CardProblem.UNREADABLE),
        (0xB0, "3104 9000", CardProblem.UNREADABLE),
        (0xB0, "00" * 10 + "0310476000000012345F" + "00" * 10 + "9000", CardProblem.UNREADABLE),
        (0x5C, "80000064 9000", CardProblem.UNREADABLE),
        (0x5C, "9000", CardProblem.UNREADABLE),
    ],
)
def test_what_cannot_be_read_is_not_guessed(
    clock: SetClock, instruction: int, answer: str, problem: CardProblem
) -> None:
    bench = Bench(clock)
    bench.reader.insert(
        SpiedCard(a_card(), lambda command, _: bytes.fromhex(answer) if command[1] == instruction else "pass")
    )
    module = bench.open()
    assert module.read_card() is problem
    module.close()


@pytest.mark.parametrize("end", ["ffffffff", "00000000", "20261301"])
def test_a_card_without_an_end_date_never_expires(clock: SetClock, end: str) -> None:
    info = bytes(10) + bytes.fromhex("03104760000000123456") + bytes(4) + bytes.fromhex(end) + bytes.fromhex("00009000")
    bench = Bench(clock)
    bench.reader.insert(SpiedCard(a_card(), lambda command, _: info if command[1] == 0xB0 else "pass"))
    module = bench.open()
    assert module.read_card() == PurseCard(NUMBER, 1230, None)
    module.close()


def test_a_card_that_asks_for_another_length_or_makes_one_fetch_is_served(clock: SetClock) -> None:
    # facts/purse-load.md 1.1: accept 6Cxx and 61xx generically; GET RESPONSE 00 C0 00 00 Le is ISO 7816-4
    script = {
        bytes.fromhex("805C000204"): bytes.fromhex("6C10"),
        bytes.fromhex("805C000210"): bytes.fromhex("000004CE9000"),
        bytes.fromhex("00A4040008A00000063201010500"): bytes.fromhex("612F"),
        bytes.fromhex("00C000002F"): bytes(0x2F) + bytes.fromhex("9000"),
    }
    bench = Bench(clock)
    card = a_card()
    spied = SpiedCard(card, lambda command, _: script.get(command, "pass"))
    bench.reader.insert(spied)
    module = bench.open()
    info = bytes(10) + bytes.fromhex("03104760000000123456") + bytes(10) + bytes.fromhex("9000")
    script[bytes.fromhex("00B095001E")] = info
    assert module.read_card() == PurseCard(NUMBER, 1230, None)
    assert len(spied.commands) == 7
    module.close()


# -- what the customer is shown ------------------------------------------------------------------------


FARE = Trip(
    kind=4,
    terminal_no=bytes.fromhex("0000300089000340"),
    detail=1,
    station=bytes(7),
    amount_fen=500,
    balance_fen=-100,
    date="20241229",
    time="141740",
    city=bytes.fromhex("2600"),
    institution=bytes(8),
)
FARE_TERMINAL = bytes.fromhex("300089000340")


def an_overdrawn_card() -> TransitCard:
    """Return a card with 4.00 on it that was used for a fare of 5.00 and may be overdrawn by 8.00."""
    identity = CardIdentity.of_issuer(NUMBER, LOAD_MASTER, TAC_MASTER)
    card = TransitCard(identity, balance_fen=400, counter=7, profile=PurseProfile(overdraft_limit_fen=800))
    card.ride(FARE)
    return card


def test_an_overdrawn_card_shows_what_is_usable_what_is_owed_and_the_limit(
    bench: Bench, module: TUnionTopUpModule
) -> None:
    bench.reader.insert(an_overdrawn_card())
    card = module.read_card()
    assert card == PurseCard(NUMBER, -100, date(2034, 12, 31), Overdraft(0, 100, 800))
    assert isinstance(card, PurseCard)
    assert card.usable_fen == 0


def test_a_load_of_an_overdrawn_card_begins_below_zero_and_pays_back(bench: Bench, module: TUnionTopUpModule) -> None:
    card = an_overdrawn_card()
    bench.reader.insert(card)
    init = begin(module)
    assert init.balance_fen == -100
    factor = card_crypto.diversification_factor(NUMBER.reveal())
    key = card_crypto.session_key(card_crypto.diversify(LOAD_MASTER, factor), init.random, 7)
    # the four bytes of -1.00: facts/purse-load.md 1.3
    assert init.mac1 == card_crypto.mac1(key, 0x7FFFFF9C, 5000, 2, TERMINAL)
    mac2 = card_crypto.mac2(key, 5000, 2, TERMINAL, "20260726", "120000")
    assert isinstance(module.credit_load(LoadAuthorisation("20260726", "120000", mac2)), Credited)
    assert module.read_card() == PurseCard(NUMBER, 4900, date(2034, 12, 31))


@pytest.mark.parametrize(
    ("amount", "answer", "read"),
    [
        # a purse that knows no overdraft answers no P1 but 0
        ("02", "6A86", PurseCard(NUMBER, -100, date(2034, 12, 31))),
        ("01", "6A86", PurseCard(NUMBER, -100, date(2034, 12, 31), Overdraft(0, 100, None))),
        ("03", "6A86", PurseCard(NUMBER, -100, date(2034, 12, 31), Overdraft(0, 100, 800))),
        ("02", "80000064 9000", CardProblem.UNREADABLE),
        ("03", "0000 9000", CardProblem.UNREADABLE),
        ("01", "90", CardProblem.UNREADABLE),
        ("02", "FFFFFFFF 9000", CardProblem.UNREADABLE),
    ],
)
def test_an_overdraft_is_told_as_far_as_the_card_tells_it(
    clock: SetClock, amount: str, answer: str, read: object
) -> None:
    bench = Bench(clock)
    asked = bytes.fromhex(f"805C{amount}0204")
    bench.reader.insert(
        SpiedCard(an_overdrawn_card(), lambda command, _: bytes.fromhex(answer) if command == asked else "pass")
    )
    module = bench.open()
    assert module.read_card() == read
    module.close()


def test_the_last_loads_and_trips_are_read_newest_first(bench: Bench, module: TUnionTopUpModule) -> None:
    card = a_card()
    bench.reader.insert(card)
    assert module.read_history() == PurseHistory()
    card.ride(replace(FARE, balance_fen=730))
    assert isinstance(module.credit_load(authorise(begin(module))), Credited)
    history = module.read_history()
    assert history == PurseHistory(
        (
            PurseEntry(PurseEntryKind.LOAD, 5000, date(2026, 7, 26), time(12), TERMINAL),
            PurseEntry(PurseEntryKind.PURCHASE, 500, date(2024, 12, 29), time(14, 17, 40), FARE_TERMINAL),
        ),
        (PurseTrip(500, 730, date(2024, 12, 29), time(14, 17, 40)),),
    )
    assert "2024" not in repr(history.trips)


def test_at_most_ten_records_of_each_file_are_read(clock: SetClock) -> None:
    bench = Bench(clock)
    card = a_card()
    for _ in range(12):
        card.ride(FARE)
    spied = SpiedCard(card)
    bench.reader.insert(spied)
    module = bench.open()
    history = module.read_history()
    assert isinstance(history, PurseHistory)
    assert (len(history.entries), len(history.trips)) == (10, 10)
    assert len(spied.sent(0xB2)) == 20
    module.close()


@pytest.mark.parametrize(
    "record",
    [
        "FF" * 23,  # never written to
        "00" * 23,
        "042D000000000001F409300089000340 20241329 141740",  # no month 13
        "042D000000000001F409300089000340 20241229 251740",  # no hour 25
        "042D0000",
    ],
)
def test_a_record_that_is_none_is_left_out(clock: SetClock, record: str) -> None:
    bench = Bench(clock)
    card = a_card()
    card.ride(FARE)
    card.ride(FARE)
    first = bytes.fromhex("00B201C417")
    bench.reader.insert(
        SpiedCard(card, lambda command, _: bytes.fromhex(record) + b"\x90\0" if command == first else "pass")
    )
    module = bench.open()
    history = module.read_history()
    assert isinstance(history, PurseHistory)
    assert len(history.entries) == 1
    module.close()


def test_a_type_of_transaction_without_a_name_is_told_as_other(clock: SetClock) -> None:
    bench = Bench(clock)
    record = bytes.fromhex("042D000000000001F40B300089000340 20241229 141740 9000")
    first = bytes.fromhex("00B201C417")
    bench.reader.insert(SpiedCard(a_card(), lambda command, _: record if command == first else "pass"))
    module = bench.open()
    history = module.read_history()
    assert isinstance(history, PurseHistory)
    assert [entry.kind for entry in history.entries] == [PurseEntryKind.OTHER]
    module.close()


# -- the log as a witness ------------------------------------------------------------------------------


MOMENT = ("20260726", "120000")


def test_a_load_is_found_in_the_log_though_others_came_after_it(bench: Bench, module: TUnionTopUpModule) -> None:
    # facts/money-safety.md 5.2 row 4: counter > ctr+1: by terminal number and time
    card = a_card()
    bench.reader.insert(card)
    for _ in range(2):
        assert isinstance(module.credit_load(authorise(begin(module))), Credited)
    assert module.prove_load(is_it, 7, 5000, TERMINAL) == LoadNotFound(9, 11230)
    assert module.find_load(is_it, 5000, TERMINAL, MOMENT) is True


@pytest.mark.parametrize(
    ("amount_fen", "terminal_no", "moment"),
    [
        (4999, TERMINAL, MOMENT),
        (5000, bytes(6), MOMENT),
        (5000, TERMINAL, ("20260727", "120000")),
        (5000, TERMINAL, ("20260726", "120001")),
    ],
)
def test_another_load_in_the_log_is_no_witness(
    bench: Bench, module: TUnionTopUpModule, amount_fen: int, terminal_no: bytes, moment: tuple[str, str]
) -> None:
    bench.reader.insert(a_card())
    assert isinstance(module.credit_load(authorise(begin(module))), Credited)
    assert module.find_load(is_it, amount_fen, terminal_no, moment) is False


def test_a_purchase_by_the_same_terminal_at_the_same_moment_is_no_load(bench: Bench, module: TUnionTopUpModule) -> None:
    card = a_card()
    card.ride(FARE)
    bench.reader.insert(card)
    assert module.find_load(is_it, 500, FARE_TERMINAL, ("20241229", "141740")) is False


def test_the_log_of_another_card_is_not_looked_at(bench: Bench, module: TUnionTopUpModule) -> None:
    spied = SpiedCard(a_card(OTHER_NUMBER))
    bench.reader.insert(spied)
    assert module.find_load(is_it, 5000, TERMINAL, MOMENT) is CardProblem.OTHER_CARD
    assert not spied.sent(0xB2)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_card_pulled_while_its_log_is_read_witnesses_nothing(clock: SetClock, at: int) -> None:
    bench = Bench(clock)
    card = a_card()
    for _ in range(2):
        card.ride(FARE)
    bench.reader.insert(SpiedCard(card, lambda _, number: None if number == at + 2 else "pass"))
    module = bench.open()
    assert module.find_load(is_it, 5000, TERMINAL, MOMENT) is CardProblem.NOT_PRESENT
    module.close()


# -- loading -------------------------------------------------------------------------------------------


def test_a_load_ends_with_the_tac_of_the_card(bench: Bench, module: TUnionTopUpModule) -> None:
    card = a_card()
    bench.reader.insert(card)
    init = begin(module)
    assert (init.number, init.amount_fen, init.terminal_no) == (NUMBER, 5000, TERMINAL)
    assert (init.balance_fen, init.counter) == (1230, 7)
    module.status()  # polling goes on while the customer pays
    assert module.credit_load(authorise(init)) == Credited(expected_tac(init))
    assert module.read_card() == PurseCard(NUMBER, 6230, date(2034, 12, 31))
    assert card.memory.counter == 8


def test_commands_go_out_as_the_facts_say(clock: SetClock) -> None:
    bench = Bench(clock)
    spied = SpiedCard(a_card())
    bench.reader.insert(spied)
    module = bench.open()
    init = begin(module)
    authorisation = authorise(init)
    module.credit_load(authorisation)
    module.prove_load(is_it, init.counter, 5000, TERMINAL)
    select, read = bytes.fromhex("00A4040008A00000063201010500"), bytes.fromhex("00B095001E")
    assert spied.commands == [
        # facts/purse-load.md 1.1
        *(select, read, bytes.fromhex("805C000204"), bytes.fromhex("805C020204")),
        # facts/social-security-card.md 2: is it in the chip of such a card?
        bytes.fromhex("00A404000F7378312E73682EC9E7BBE1B1A3D5CF"),
        *(select, read, bytes.fromhex("805000020B 01 00001388 001122334455 10")),
        bytes.fromhex("805200000B 20260726 120000") + authorisation.mac2 + b"\x04",
        # facts/purse-load.md 1.4: 805A before any other purse command, with the counter plus one
        *(select, read, bytes.fromhex("805A000202 0008 08")),
    ]
    module.close()


def test_a_load_needs_the_same_card(bench: Bench, module: TUnionTopUpModule) -> None:
    spied = SpiedCard(a_card(OTHER_NUMBER))
    bench.reader.insert(spied)
    assert module.initialize_load(NUMBER, 5000, TERMINAL) is CardProblem.OTHER_CARD
    assert module.prove_load(is_it, 7, 5000, TERMINAL) is CardProblem.OTHER_CARD
    assert not spied.sent(0x50)
    assert not spied.sent(0x5A)


def test_a_card_whose_counter_of_loads_is_at_its_end_is_used_up(bench: Bench, module: TUnionTopUpModule) -> None:
    bench.reader.insert(a_card(counter=0xFFFF))
    assert module.initialize_load(NUMBER, 5000, TERMINAL) is CardProblem.USED_UP


def test_wrong_mac2_is_refused_and_nothing_is_credited(bench: Bench, module: TUnionTopUpModule) -> None:
    card = a_card()
    bench.reader.insert(card)
    init = begin(module)
    assert module.credit_load(WRONG_MAC2) == CreditRefused(0x9302)
    assert module.prove_load(is_it, init.counter, 5000, TERMINAL) == LoadNotFound(7, 1230)
    assert card.memory.balance_fen == 1230


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        # facts/money-safety.md 5.2 row 5: 9302, 9403, 69xx prove that nothing was credited
        ("9302", CreditRefused(0x9302)),
        ("9403", CreditRefused(0x9403)),
        ("6901", CreditRefused(0x6901)),
        ("6985", CreditRefused(0x6985)),
        # everything else proves nothing
        ("6581", CreditUnknown("80 52 answered 6581")),
        ("6C04", CreditUnknown("80 52 answered 6C04")),
        ("9401", CreditUnknown("80 52 answered 9401")),
        ("9000", CreditUnknown("WireError: the TAC must have 4 bytes, not 0")),
        ("9643618600 9000", CreditUnknown("WireError: the TAC must have 4 bytes, not 5")),
        ("90", CreditUnknown("no answer to 80 52 (card active, bError FD)")),
        ("96436186 9000", Credited(bytes.fromhex("96436186"))),
    ],
)
def test_only_proof_counts(clock: SetClock, answer: str, result: object) -> None:
    bench = Bench(clock)
    spied = SpiedCard(a_card(), lambda command, _: bytes.fromhex(answer) if command[1] == 0x52 else "pass")
    bench.reader.insert(spied)
    module = bench.open()
    assert module.credit_load(authorise(begin(module))) == result
    assert len(spied.sent(0x52)) == 1
    module.close()


@pytest.mark.parametrize(
    ("fetched", "result"),
    [
        ("96436186 9000", Credited(bytes.fromhex("96436186"))),
        ("6985", CreditUnknown("80 52 answered 6985")),
        (None, CreditUnknown("the TAC was not fetched")),
    ],
)
def test_a_tac_that_waits_is_fetched_without_crediting_again(
    clock: SetClock, fetched: str | None, result: object
) -> None:
    def instead(command: bytes, _: int) -> Instead:
        if command[1] == 0x52:
            return bytes.fromhex("6104")
        if command == bytes.fromhex("00C0000004"):
            return None if fetched is None else bytes.fromhex(fetched)
        return "pass"

    bench = Bench(clock)
    spied = SpiedCard(a_card(), instead)
    bench.reader.insert(spied)
    module = bench.open()
    assert module.credit_load(authorise(begin(module))) == result
    assert len(spied.sent(0x52)) == 1
    module.close()


def test_credit_goes_out_once_and_only_after_80_50(bench: Bench, module: TUnionTopUpModule) -> None:
    spied = SpiedCard(a_card())
    bench.reader.insert(spied)
    assert isinstance(module.credit_load(WRONG_MAC2), CreditUnknown)
    authorisation = authorise(begin(module))
    assert isinstance(module.credit_load(authorisation), Credited)
    assert isinstance(module.credit_load(authorisation), CreditUnknown)
    begin(module)
    module.reset()
    assert isinstance(module.credit_load(authorisation), CreditUnknown)
    begin(module)
    module.read_card()
    assert isinstance(module.credit_load(authorisation), CreditUnknown)
    assert len(spied.sent(0x52)) == 1


def test_credit_reaches_no_card_that_was_swapped_in(bench: Bench, module: TUnionTopUpModule) -> None:
    bench.reader.insert(a_card())
    init = begin(module)
    bench.reader.remove()
    spied = SpiedCard(a_card(OTHER_NUMBER))
    bench.reader.insert(spied)
    assert isinstance(module.credit_load(authorise(init)), CreditUnknown)
    assert spied.commands == []


def test_an_authorisation_that_fits_no_command_is_unknown_and_not_sent(bench: Bench, module: TUnionTopUpModule) -> None:
    spied = SpiedCard(a_card())
    bench.reader.insert(spied)
    begin(module)
    result = module.credit_load(LoadAuthorisation("2026-07-26", "12:00", b""))
    assert isinstance(result, CreditUnknown)
    assert not spied.sent(0x52)


# -- tearing -------------------------------------------------------------------------------------------


def tear(bench: Bench, module: TUnionTopUpModule, how: Tear) -> tuple[TransitCard, LoadInit]:
    card = a_card()
    bench.reader.insert(card)
    init = begin(module)
    card.tear_next(how)
    result = module.credit_load(authorise(init))
    assert isinstance(result, CreditUnknown)
    assert module.media() is Media.NOT_PRESENT
    assert module.prove_load(is_it, init.counter, 5000, TERMINAL) is CardProblem.NOT_PRESENT
    return card, init


def test_a_card_torn_after_its_commit_proves_the_load(bench: Bench, module: TUnionTopUpModule) -> None:
    card, init = tear(bench, module, Tear.AFTER_COMMIT)
    bench.reader.insert(card)
    proof = module.prove_load(is_it, init.counter, 5000, TERMINAL)
    assert proof == LoadProven(authorise(init).mac2, expected_tac(init))
    assert card.memory.balance_fen == 6230


def test_a_card_torn_before_its_commit_was_not_loaded(bench: Bench, module: TUnionTopUpModule) -> None:
    card, init = tear(bench, module, Tear.BEFORE_COMMIT)
    bench.reader.insert(card)
    assert module.prove_load(is_it, init.counter, 5000, TERMINAL) == LoadNotFound(7, 1230)
    # and can be loaded afresh: 80 50 of the witness was not the journey's
    assert isinstance(module.credit_load(authorise(init)), CreditUnknown)
    assert isinstance(module.credit_load(authorise(begin(module))), Credited)
    assert card.memory.balance_fen == 6230


@pytest.mark.parametrize("how", list(Tear))
def test_another_card_says_nothing_about_a_torn_one(bench: Bench, module: TUnionTopUpModule, how: Tear) -> None:
    _, init = tear(bench, module, how)
    bench.reader.insert(a_card(OTHER_NUMBER))
    assert module.prove_load(is_it, init.counter, 5000, TERMINAL) is CardProblem.OTHER_CARD


@pytest.mark.parametrize(
    ("instruction", "answer", "proof"),
    [
        (0x5A, "6985", ProofUnclear(0x6985)),
        (0x5A, "3A845BF0 9000", ProofUnclear(0x9000)),
        (0x5A, "6901", ProofUnclear(0x6901)),
        (0x50, "9402", ProofUnclear(0x9402)),
        (0x50, None, CardProblem.NOT_PRESENT),
        (0x5A, None, CardProblem.NOT_PRESENT),
        (0x5A, "90", CardProblem.UNREADABLE),
    ],
)
def test_an_unclear_proof_stays_unclear(clock: SetClock, instruction: int, answer: str | None, proof: object) -> None:
    def instead(command: bytes, _: int) -> Instead:
        if command[1] != instruction:
            return "pass"
        return None if answer is None else bytes.fromhex(answer)

    bench = Bench(clock)
    bench.reader.insert(SpiedCard(a_card(), instead))
    module = bench.open()
    assert module.prove_load(is_it, 7, 5000, TERMINAL) == proof
    module.close()


def load_and_prove(module: TUnionTopUpModule) -> list[object]:
    """Do all that a journey does with a card, going on after every problem."""
    card = module.read_card()
    init = module.initialize_load(NUMBER, 5000, TERMINAL)
    authorisation = authorise(init) if isinstance(init, LoadInit) else WRONG_MAC2
    return [card, init, module.credit_load(authorisation), module.prove_load(is_it, 7, 5000, TERMINAL)]


@pytest.mark.parametrize("answered", [True, False], ids=["after the card acted", "before the card acted"])
@pytest.mark.parametrize("at", range(1, 13))
def test_a_card_pulled_at_any_command_leaves_no_doubt(clock: SetClock, at: int, answered: bool) -> None:
    # Twelve commands: 5 to read, 3 to begin, 80 52, and 3 to prove.
    bench = Bench(clock)
    card = a_card()

    def instead(command: bytes, number: int) -> Instead:
        if number != at:
            return "pass"
        if answered:
            card.transmit(command)
        return None

    spied = SpiedCard(card, instead)
    bench.reader.insert(spied)
    module = bench.open()
    results = load_and_prove(module)
    assert CardProblem.NOT_PRESENT in results
    assert len(spied.sent(0x52)) <= 1
    loaded = card.memory.balance_fen == 6230
    assert loaded == (at > 9 or (at == 9 and answered))
    assert isinstance(results[2], Credited) == (at > 9)
    if bench.reader.card is None:
        bench.reader.insert(card)
    proof = module.prove_load(is_it, 7, 5000, TERMINAL)
    assert isinstance(proof, LoadProven) if loaded else proof == LoadNotFound(7, 1230)
    module.close()


# -- the reader goes -----------------------------------------------------------------------------------


CALLS: dict[str, Callable[[TUnionTopUpModule], object]] = {
    "status": lambda module: module.status(),
    "media": lambda module: module.media(),
    "reset": lambda module: module.reset(),
    "read_card": lambda module: module.read_card(),
    "read_history": lambda module: module.read_history(),
    "find_load": lambda module: module.find_load(is_it, 5000, TERMINAL, MOMENT),
    "initialize_load": lambda module: module.initialize_load(NUMBER, 5000, TERMINAL),
    "prove_load": lambda module: module.prove_load(is_it, 7, 5000, TERMINAL),
}


@pytest.mark.parametrize("call", CALLS)
def test_an_unplugged_reader_is_unavailable_and_opens_again(bench: Bench, call: str) -> None:
    bench.reader.insert(a_card())
    module = bench.open()
    bench.bus.detach(bench.reader)
    with pytest.raises(DeviceUnavailable) as gone:
        CALLS[call](module)
    assert (gone.value.device, gone.value.reason) == (NAME, "unplugged")
    module.close()
    with pytest.raises(DeviceUnavailable, match="no USB device 1209:0b0b"):
        bench.open()
    bench.bus.attach(bench.reader)
    again = bench.open()
    CALLS[call](again)
    again.close()


def test_a_reader_unplugged_before_80_52_leaves_it_unknown(bench: Bench) -> None:
    card = a_card()
    bench.reader.insert(card)
    module = bench.open()
    init = begin(module)
    bench.bus.detach(bench.reader)
    assert isinstance(module.credit_load(authorise(init)), CreditUnknown)
    module.close()
    bench.bus.attach(bench.reader)
    again = bench.open()
    assert again.prove_load(is_it, init.counter, 5000, TERMINAL) == LoadNotFound(7, 1230)
    again.close()


class Faulty:
    """Sits between the bus and a reader, and spoils the answer to the message whose number a test chooses."""

    def __init__(self, reader: SimulatedCcidReader, spoil: Callable[["Faulty", bytes], bytes | None]) -> None:
        self.reader = reader
        self.messages = 0
        self.at = 0
        self._spoil = spoil

    @property
    def descriptor(self) -> Descriptor:
        return self.reader.descriptor

    def bulk_out(self, endpoint: int, data: bytes) -> None:
        self.messages += 1
        self.reader.bulk_out(endpoint, data)

    def bulk_in(self, endpoint: int, size: int) -> bytes | None:
        answer = self.reader.bulk_in(endpoint, size)
        if answer is None or endpoint != BULK_IN or self.messages != self.at:
            return answer
        return self._spoil(self, answer)

    def control_in(self, request_type: int, request: int, value: int, index: int, length: int) -> bytes:
        return self.reader.control_in(request_type, request, value, index, length)

    def power_cycle(self) -> None:
        self.reader.power_cycle()


def faulty_bench(clock: SetClock, spoil: Callable[[Faulty, bytes], bytes | None]) -> tuple[Bench, Faulty]:
    reader = SimulatedCcidReader(VENDOR, PRODUCT, clock)
    faulty = Faulty(reader, spoil)
    bench = Bench(clock, faulty)
    bench.reader = reader
    return bench, faulty


# One load: each of the three selections is power off, power on and two commands.
LOAD_MESSAGES = 4 + 3 + 4 + 1 + 1 + 1 + 4 + 1


@pytest.mark.parametrize("at", range(1, LOAD_MESSAGES + 1))
def test_a_reader_unplugged_at_any_message_loses_and_doubles_nothing(clock: SetClock, at: int) -> None:
    # The command reached the card, its answer is lost with the reader.
    def unplug(faulty: Faulty, _: bytes) -> None:
        faulty_bus.detach(faulty)

    bench, faulty = faulty_bench(clock, unplug)
    faulty_bus = bench.bus
    card = a_card()
    spied = SpiedCard(card)
    bench.reader.insert(spied)
    faulty.at = at
    module = bench.open()
    try:
        results = load_and_prove(module)
    except DeviceUnavailable:
        results = []
    assert not any(isinstance(result, LoadProven) for result in results)
    assert faulty.messages == at
    module.close()
    faulty.at = 0
    bench.bus.attach(faulty)
    again = bench.open()
    proof = again.prove_load(is_it, 7, 5000, TERMINAL)
    if card.memory.balance_fen == 6230:
        assert isinstance(proof, LoadProven)
        assert len(spied.sent(0x52)) == 1
    else:
        assert card.memory.balance_fen == 1230
        assert proof == LoadNotFound(7, 1230)
        assert not spied.sent(0x52)
    again.close()


@pytest.mark.parametrize("at", range(1, LOAD_MESSAGES + 1))
@pytest.mark.parametrize("answer", ["", "FF" * 10, "80 FF 00 00 00 00 00 00 00 00", "same, cut short"])
def test_a_reader_that_talks_nonsense_at_any_message_loses_and_doubles_nothing(
    clock: SetClock, at: int, answer: str
) -> None:
    def spoil(_: Faulty, right: bytes) -> bytes | None:
        if answer == "same, cut short":
            return right[:-1]
        return bytes.fromhex(answer) if answer else None

    bench, faulty = faulty_bench(clock, spoil)
    card = a_card()
    spied = SpiedCard(card)
    bench.reader.insert(spied)
    faulty.at = at
    module = bench.open()
    try:
        results = load_and_prove(module)
    except (DeviceUnavailable, ProtocolViolation):
        results = []
    assert not any(isinstance(result, CreditRefused) for result in results)
    module.close()
    faulty.at = 0
    again = bench.open()
    proof = again.prove_load(is_it, 7, 5000, TERMINAL)
    assert isinstance(proof, LoadProven) == (card.memory.balance_fen == 6230)
    assert len(spied.sent(0x52)) <= 1
    again.close()


def test_the_late_answer_to_one_80_50_is_not_taken_for_that_to_the_next(clock: SetClock) -> None:
    # It would pass the host's check of MAC1, and the MAC2 made for its random would be refused by the card.
    late: list[bytes] = []

    def spoil(_: Faulty, answer: bytes) -> bytes | None:
        late.append(answer)
        return None

    bench, faulty = faulty_bench(clock, spoil)
    bench.reader.insert(a_card())
    module = bench.open()
    faulty.at = 5  # power off, power on, SELECT, READ BINARY, 80 50
    assert module.initialize_load(NUMBER, 5000, TERMINAL) is CardProblem.UNREADABLE  # and the reader aborted it
    assert len(late[0]) == 10 + 16 + 2
    on_time = bench.reader.bulk_in
    bench.reader.bulk_in = lambda endpoint, size: late.pop() if late else on_time(endpoint, size)  # type: ignore[method-assign]
    init = module.initialize_load(NUMBER, 5000, TERMINAL)
    assert isinstance(init, LoadInit)
    assert late == []
    assert module.credit_load(authorise(init)) == Credited(expected_tac(init))
    module.close()


def test_the_card_number_shows_in_no_result_and_no_reason(bench: Bench, module: TUnionTopUpModule) -> None:
    card = a_card()
    bench.reader.insert(card)
    init = begin(module)
    card.tear_next(Tear.AFTER_COMMIT)
    shown = repr([module.read_card(), init, module.credit_load(authorise(init)), module.status()])
    assert NUMBER.reveal() not in shown
