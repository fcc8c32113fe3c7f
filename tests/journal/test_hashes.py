"""Which hash function chains a journal, and how it is changed."""

import json

import pytest

from durable.sqlite import closing_connection
from journal.database import open_for_reading, select_entries
from journal.hashes import HashFunction, HashHistory
from journal.store import SqliteJournal
from journal.verify import verify
from kiosk_core.ledger import LedgerState as L


def test_sm3_is_that_of_the_standard():
    # GB/T 32905-2016, A.1 and A.2
    assert HashFunction.SM3.hex(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert HashFunction.SM3.hex(b"abcd" * 16) == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


def test_sha256_is_that_of_the_standard():
    # FIPS 180-2, B.1
    assert HashFunction.SHA256.hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_function_holds_from_the_row_behind_the_one_that_names_it():
    history = HashHistory.of([(3, "sm3"), (7, "sha256")])
    functions = [history.at(number).value for number in range(1, 10)]
    assert functions == ["sha256"] * 3 + ["sm3"] * 4 + ["sha256"] * 2


def rows_of(folder):
    with closing_connection(open_for_reading(folder)) as database:
        return list(select_entries(database, ""))


def test_a_new_journal_with_sm3_says_so_in_its_first_row(folder, clock):
    with SqliteJournal(folder, "KT000001", clock, function=HashFunction.SM3) as journal:
        assert journal.begin({}).id == "KT000001-25112200001"
    first, second = rows_of(folder)
    assert (first.transaction, first.state, json.loads(first.facts)) == ("", "HASH", {"hash": "sm3"})
    assert first.hash == first.true_hash(HashFunction.SHA256)
    assert second.hash == second.true_hash(HashFunction.SM3)
    assert verify(folder).good


def test_a_journal_goes_on_with_its_function_when_none_is_asked_for(folder, clock):
    for function in (HashFunction.SM3, None, HashFunction.SM3, None):
        with SqliteJournal(folder, "KT000001", clock, function=function) as journal:
            journal.record(journal.begin({}).id, L.DONE, {})
    assert [row.state for row in rows_of(folder)] == ["HASH", *["NEW", "DONE"] * 4]
    assert verify(folder).good


def test_verify_names_a_row_changed_in_a_journal_with_sm3(folder, clock):
    with SqliteJournal(folder, "KT000001", clock, function=HashFunction.SM3) as journal:
        for amount in (5000, 6000, 7000):
            journal.begin({"amount_fen": amount})
    path = folder / "journal.db"
    path.write_bytes(path.read_bytes().replace(b'"amount_fen":6000', b'"amount_fen":9000'))
    verdict = verify(folder)
    assert (verdict.first_bad, verdict.problem) == (3, "row 3 has been changed: its hash does not fit")


@pytest.mark.parametrize("forged", [b'{"hash":"md5"}', b'{"hash":null} ', b'{"hush":"sm3"}'])
def test_a_journal_that_names_no_function_that_is_known_is_bad(folder, clock, forged):
    SqliteJournal(folder, "KT000001", clock, function=HashFunction.SM3).close()
    path = folder / "journal.db"
    path.write_bytes(path.read_bytes().replace(b'{"hash":"sm3"}', forged.ljust(14)))
    assert verify(folder).first_bad == 1
