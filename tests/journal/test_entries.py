import hashlib
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.entries import GENESIS, Entry, canonical_facts, next_entry
from journal.hashes import HashFunction
from kiosk_core.card_number import CardNumber
from kiosk_core.ledger import LedgerState

SHA256 = HashFunction.SHA256
AT = datetime(2025, 11, 22, 10, 15, 30, tzinfo=timezone(timedelta(hours=8)))


def test_the_hash_is_sha256_over_fields_behind_their_lengths():
    entry = next_entry(None, AT, "K-1", LedgerState.NEW.value, {"b": True, "a": "充值"}, function=SHA256)
    # The docstring of journal/entries.py, spelled out by hand; 充值 has six bytes in UTF-8.
    spelled = (
        b"\x00\x00\x00\x011"
        b"\x00\x00\x00\x1d2025-11-22T10:15:30.000+08:00"
        b"\x00\x00\x00\x03K-1"
        b"\x00\x00\x00\x03NEW"
        b'\x00\x00\x00\x17{"a":"\xe5\x85\x85\xe5\x80\xbc","b":true}'
        b"\x00\x00\x00\x40" + b"0" * 64
    )
    assert entry.hash == hashlib.sha256(spelled).hexdigest()


def test_an_entry_follows_the_one_before():
    first = next_entry(None, AT, "K-1", LedgerState.NEW.value, {}, function=SHA256)
    second = next_entry(first, AT, "K-1", LedgerState.INIT.value, {}, function=SHA256)
    assert (first.number, first.previous) == (1, GENESIS)
    assert (second.number, second.previous) == (2, first.hash)


fields = st.text(max_size=6)
entries = st.builds(Entry, st.integers(1, 99), fields, fields, fields, fields, fields, st.just(""))


@given(entries, entries)
def test_different_entries_have_different_hashes(one: Entry, other: Entry):
    assert (one.true_hash(SHA256) == other.true_hash(SHA256)) == (one == other)


def test_moving_a_character_between_fields_changes_the_hash():
    one = Entry(1, "ab", "c", "", "", "", "")
    assert one.true_hash(SHA256) != replace(one, at="a", transaction="bc").true_hash(SHA256)


def test_an_entry_says_what_was_recorded():
    row = next_entry(
        None, AT, "K-1", LedgerState.FUND_OK.value, {"amount_fen": 5000, "paid": True, "why": None}, function=SHA256
    ).row()
    assert (row.number, row.at, row.transaction, row.state) == (1, AT, "K-1", LedgerState.FUND_OK)
    assert row.facts == {"amount_fen": 5000, "paid": True, "why": None}


@pytest.mark.parametrize(
    "value",
    [
        "6222021234567890",
        "3104880012345678901",
        "card 6222021234567890123 refused",
        "6222 0212 3456 7890",
        "6222-0212-3456-7890-123",
        "30569309025904",  # fourteen digits that are no date
        "20251322101530",  # the 13th month is none either
        6222021234567890,
        -6222021234567890,
    ],
)
def test_a_full_card_number_is_refused(value: str | int):
    with pytest.raises(ValueError, match=r"card_is_here.*full card number") as refused:
        canonical_facts({"card_is_here": value})
    assert "62220212" not in str(refused.value).replace(" ", "")


@pytest.mark.parametrize(
    "value",
    [
        CardNumber("3104880012345678901").masked,
        "KT000001-25112200042 is settled first",
        "10000001-25112200042",  # the id of a transaction at a terminal whose number is all digits
        "20251122101530",  # date and time of the authorisation
        "2025-11-22T10:15:30.000+08:00",
        "000000000001",  # the purse's terminal number
        "123456789012",  # DE 37
        "A1B2C3D4E5F60718293A4B5C6D7E8F90",
        "00112233445566778899001122334455",  # a token that happens to have no letter
        999_999_999_999,
        True,
        None,
    ],
)
def test_what_the_journal_must_take_passes(value: str | int | bool | None):
    canonical_facts({"fact": value})


@pytest.mark.parametrize("value", [1.5, b"bytes", ["list"], CardNumber("3104880012345678901")])
def test_only_plain_facts_are_taken(value: object):
    with pytest.raises(TypeError, match="fact is a"):
        canonical_facts({"fact": value})  # type: ignore[dict-item]
