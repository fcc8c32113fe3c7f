"""The T-Union purse against commands and records seen in the field."""

from collections.abc import Callable
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import apdu, purse
from wire.errors import WireError
from wire.purse import (
    Amount,
    Answer,
    Balance,
    CardInfo,
    Command,
    CreditForLoad,
    GetBalance,
    GetChallenge,
    GetTransactionProve,
    InitializeForLoad,
    LoadInitialized,
    LogRecord,
    Proof,
    ReadCardInfo,
    ReadLog,
    ReadTrip,
    Select,
    SelectFile,
    StatusWord,
    Tac,
    Trip,
    Verify,
)

TERMINAL = bytes.fromhex("001122334455")

COMMANDS: dict[str, tuple[str, Command]] = {
    "facts/purse-load.md 1.1 SELECT T-Union purse": (
        "00 A4 04 00 08 A0 00 00 06 32 01 01 05 00",
        Select(bytes.fromhex("A000000632010105")),
    ),
    "facts/purse-load.md 1.1 READ card info": ("00 B0 95 00 1E", ReadCardInfo()),
    "facts/purse-load.md 1.1 GET BALANCE": ("80 5C 00 02 04", GetBalance()),
    "facts/purse-load.md 1.3 usable balance [CT][N1]": ("80 5C 03 02 04", GetBalance(Amount.USABLE)),
    "facts/purse-load.md 1.3 overdraft used [CT][N1]": ("80 5C 02 02 04", GetBalance(Amount.OVERDRAFT_USED)),
    "facts/purse-load.md 1.3 overdraft limit [CT][N1]": ("80 5C 01 02 04", GetBalance(Amount.OVERDRAFT_LIMIT)),
    "facts/purse-load.md 1.1 SELECT city purse by file [K1]": ("00 A4 00 00 02 10 01 00", SelectFile(b"\x10\x01")),
    "facts/purse-load.md 1.1 VERIFY PIN, three bytes [R1]": ("00 20 00 00 03 12 34 56", Verify(b"\x12\x34\x56")),
    "facts/purse-load.md 1.1 GET CHALLENGE [C1]": ("00 84 00 00 04", GetChallenge()),
    "facts/purse-load.md 1.1 GET CHALLENGE, eight bytes [C1]": ("00 84 00 00 08", GetChallenge(8)),
    # layout of 1.1 with amount and terminal of vector A
    "facts/purse-load.md 1.1 INITIALIZE FOR LOAD [W1]": (
        "80 50 00 02 0B 01 00 00 10 00 00 11 22 33 44 55 10",
        InitializeForLoad(1, 0x1000, TERMINAL),
    ),
    # layout of 1.1 with date, time and MAC2 of vector A
    "facts/purse-load.md 1.1 CREDIT FOR LOAD [W1]": (
        "80 52 00 00 0B 20 11 12 21 21 48 22 3A 84 5B F0 04",
        CreditForLoad("20111221", "214822", bytes.fromhex("3A845BF0")),
    ),
    "facts/purse-load.md 1.4 GET TRANSACTION PROVE [C1]": ("80 5A 00 02 02 00 08 08", GetTransactionProve(8)),
    "facts/purse-load.md 1.1 READ log": ("00 B2 01 C4 17", ReadLog(1)),
    "facts/purse-load.md 1.3 load log of a city purse [R1]": ("00 B2 02 D4 17", ReadLog(2, 0x1A)),
    # a bus terminal's client sends 00 B2 01 F4 00; the length of 48 is that of 1.3
    "facts/purse-load.md 1.3 trip [T2]": ("00 B2 01 F4 30", ReadTrip(1)),
}

ANSWERS: dict[str, tuple[str, Answer]] = {
    # layout of 1.1: issuer 8, type 1, version 1, number 10, start 4, end 4, FCI 2 [computed]
    "facts/purse-load.md 1.1 file 15": (
        "31 04 76 00 FF FF FF FF 02 01 03 10 47 60 00 00 00 12 34 56 20 24 01 01 20 34 12 31 00 00",
        CardInfo(bytes.fromhex("31047600FFFFFFFF"), 2, 1, "3104760000000123456", "20240101", "20341231", bytes(2)),
    ),
    "facts/device-protocols.md 3b-2 balance, 4 B BE fen": ("00 00 13 88", Balance(5000)),
    # layout of 1.1, values of vector A (algorithm id opaque)
    "facts/purse-load.md 1.1 answer to 80 50 [W1]": (
        "00 00 00 00 00 00 01 00 11 22 33 44 29 88 AE 5A",
        LoadInitialized(0, 0, 1, 0, bytes.fromhex("11223344"), bytes.fromhex("2988AE5A")),
    ),
    "facts/purse-load.md 1.2 vector B, a TAC": ("96 43 61 86", Tac(bytes.fromhex("96436186"))),
    "facts/purse-load.md 1.4 MAC2 = [0:4], TAC = [4:8] [S1]": (
        "3A 84 5B F0 96 43 61 86",
        Proof(bytes.fromhex("3A845BF0"), bytes.fromhex("96436186")),
    ),
    "facts/purse-load.md 1.3 real log record [T2]": (
        "04 2D 00 00 00 00 00 01 F4 09 30 00 89 00 03 40 20 24 12 29 14 17 40",
        LogRecord(0x042D, 0, 500, 9, bytes.fromhex("300089000340"), "20241229", "141740"),
    ),
    # layout of 1.3: type 1, terminal 8, sub-type 1, line and station 7, amount 4, balance 4, time 7, city 2,
    # institution 8, and six bytes without a name [computed]
    "facts/purse-load.md 1.3 a trip [T2][P1]": (
        "0400003000890003400111223344556677000001F40000138820241229141740260001043310FFFFFFFF000000000000",
        Trip(
            4,
            bytes.fromhex("0000300089000340"),
            1,
            bytes.fromhex("11223344556677"),
            500,
            5000,
            "20241229",
            "141740",
            bytes.fromhex("2600"),
            bytes.fromhex("01043310FFFFFFFF"),
        ),
    ),
    # 80000000 - 64h: values above 1,000,000 have 80000000 subtracted
    "facts/purse-load.md 1.3 negative balance [N1][CT]": ("7F FF FF 9C", Balance(-100)),
}

DECODERS: dict[type[Answer], Callable[[bytes], Answer]] = {
    CardInfo: purse.decode_card_info,
    Balance: purse.decode_balance,
    LoadInitialized: purse.decode_load_initialized,
    Tac: purse.decode_tac,
    Proof: purse.decode_proof,
    LogRecord: purse.decode_log_record,
    Trip: purse.decode_trip,
}


@pytest.mark.parametrize(("octets", "command"), COMMANDS.values(), ids=COMMANDS.keys())
def test_commands_are_written_and_read_as_the_facts_say(octets: str, command: Command) -> None:
    assert apdu.encode_command(purse.encode_command(command)) == bytes.fromhex(octets)
    assert purse.decode_command(apdu.decode_command(bytes.fromhex(octets))) == command


@pytest.mark.parametrize(("octets", "answer"), ANSWERS.values(), ids=ANSWERS.keys())
def test_answers_are_written_and_read_as_the_facts_say(octets: str, answer: Answer) -> None:
    assert purse.encode_answer(answer) == bytes.fromhex(octets)
    assert DECODERS[type(answer)](bytes.fromhex(octets)) == answer


def test_every_message_has_a_vector() -> None:
    assert {type(command) for _, command in COMMANDS.values()} == set(get_args(Command))
    assert {type(answer) for _, answer in ANSWERS.values()} == set(get_args(Answer)) == set(DECODERS)


@pytest.mark.parametrize(("octets", "answer"), ANSWERS.values(), ids=ANSWERS.keys())
def test_answers_of_another_length_are_refused(octets: str, answer: Answer) -> None:
    whole = bytes.fromhex(octets)
    for wrong in (b"", whole[:-1], whole + b"\x00"):
        with pytest.raises(WireError):
            DECODERS[type(answer)](wrong)


@pytest.mark.parametrize(("octets", "command"), COMMANDS.values(), ids=COMMANDS.keys())
def test_commands_without_expected_length_are_read_too(octets: str, command: Command) -> None:
    # facts/purse-load.md 1.1: Le bytes seen vary (absent / exact / 00)
    if isinstance(command, Verify | GetChallenge):
        return  # nothing comes back from one, and of the other the length is what it asks for
    bare = bytes.fromhex(octets)[:-1]
    assert purse.decode_command(apdu.decode_command(bare)) == command
    assert purse.decode_command(apdu.decode_command(bare + b"\x00")) == command


def test_the_longer_aid_of_a_phone_is_a_select_as_well() -> None:
    # facts/purse-load.md 1.3: phones use longer AIDs with this prefix
    octets = bytes.fromhex("00 A4 04 00 10 A0 00 00 06 32 01 01 05 10 00 91 56 00 00 14 A1 00")
    selected = purse.decode_command(apdu.decode_command(octets))
    assert selected == Select(bytes.fromhex("A0000006320101051000915600 0014A1"))


def test_status_words_are_those_of_the_facts() -> None:
    # facts/purse-load.md 1.5
    assert {int(word) for word in StatusWord} == {
        *(0x9000, 0x6581, 0x6700, 0x6901, 0x6982, 0x6983, 0x6984, 0x6985, 0x6987, 0x6988, 0x6A81, 0x6A82, 0x6A83),
        *(0x6A86, 0x6D00, 0x6E00, 0x9301, 0x9302, 0x9303, 0x9401, 0x9402, 0x9403, 0x9406),
    }


@pytest.mark.parametrize(
    ("octets", "fen"),
    [("000F4240", 1_000_000), ("7FF0BDC0", -1_000_000), ("7FFFFFFF", -1), ("00000000", 0)],
)
def test_a_balance_is_positive_up_to_a_million_and_negative_from_there(octets: str, fen: int) -> None:
    # facts/purse-load.md 1.3: values above 1,000,000 have 80000000 subtracted
    assert purse.decode_balance(bytes.fromhex(octets)) == Balance(fen)
    assert purse.encode_answer(Balance(fen)) == bytes.fromhex(octets)


@pytest.mark.parametrize("octets", ["000F4241", "7FF0BDBF", "80000000", "80000064", "FFFFFF9C"])
def test_a_balance_that_no_rule_reads_is_not_guessed_at(octets: str) -> None:
    with pytest.raises(WireError, match=r"beyond 10,000 yuan"):
        purse.decode_balance(bytes.fromhex(octets))
    with pytest.raises(WireError, match=r"beyond 10,000 yuan"):
        purse.decode_load_initialized(bytes.fromhex(octets) + bytes(12))


def test_neither_a_pin_nor_a_trip_shows_in_a_text() -> None:
    assert "\\x12" not in repr(Verify(b"\x12\x34"))
    trip = ANSWERS["facts/purse-load.md 1.3 a trip [T2][P1]"][1]
    assert repr(trip) == "Trip(***)"


def test_a_card_number_with_letters_is_refused() -> None:
    with pytest.raises(WireError, match="card number"):
        purse.decode_card_info(bytes(10) + bytes.fromhex("0310476000000012345F") + bytes(10))


def test_a_city_s_card_number_may_have_all_twenty_digits() -> None:
    # facts/purse-load.md 1.1: card no 10 BCD; only T-Union drops the first nibble (1.3)
    octets = bytes(10) + bytes.fromhex("86000021500028399151") + bytes(10)
    info = purse.decode_card_info(octets, 20)
    assert info.number == "86000021500028399151"
    assert purse.encode_answer(info)[10:20] == octets[10:20]


def test_a_card_without_dates_is_read() -> None:
    octets = bytes(10) + bytes.fromhex("03104760000000123456") + b"\xff" * 8 + bytes(2)
    info = purse.decode_card_info(octets)
    assert (info.start, info.end) == ("ffffffff", "ffffffff")
    assert purse.encode_answer(info) == octets


def test_the_number_of_a_card_does_not_show_in_its_text() -> None:
    info = ANSWERS["facts/purse-load.md 1.1 file 15"][1]
    assert "3104760000000123456" not in repr(info)
    assert "3456" in repr(info)


@pytest.mark.parametrize(
    "command",
    [
        InitializeForLoad(1, 2**32, TERMINAL),
        InitializeForLoad(1, -1, TERMINAL),
        InitializeForLoad(256, 1, TERMINAL),
        InitializeForLoad(1, 1, TERMINAL[:5]),
        CreditForLoad("2026072", "120000", bytes(4)),
        CreditForLoad("20260726", "12000x", bytes(4)),
        CreditForLoad("20260726", "120000", bytes(3)),
        GetTransactionProve(0x10000),
        SelectFile(b"\x10"),
        Verify(b"\x12"),
        Verify(bytes(9)),
        GetChallenge(5),
        ReadLog(1, 0),
        ReadLog(1, 31),
        ReadLog(1, 0x1E),
    ],
)
def test_what_does_not_fit_is_not_sent(command: Command) -> None:
    with pytest.raises(WireError):
        purse.encode_command(command)


@given(st.binary(max_size=30))
def test_any_command_is_one_of_the_purse_or_a_wire_error(octets: bytes) -> None:
    try:
        command = purse.decode_command(apdu.decode_command(octets))
    except WireError:
        return
    assert purse.decode_command(purse.encode_command(command)) == command


@given(st.sampled_from(list(DECODERS)), st.binary(max_size=32))
def test_any_answer_is_read_or_a_wire_error(kind: type[Answer], octets: bytes) -> None:
    try:
        answer = DECODERS[kind](octets)
    except WireError:
        return
    assert DECODERS[kind](purse.encode_answer(answer)) == answer
