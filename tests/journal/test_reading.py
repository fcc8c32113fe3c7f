"""What a search finds; the expected ids are those that the test wrote."""

from datetime import timedelta

import pytest

from journal.reading import Search, read_latest, read_open, read_transaction, search
from journal.verify import verify
from kiosk_core.errors import JournalUnavailable
from kiosk_core.ledger import LedgerState as L

MASKED = "310488*********8901"
OTHER = "310488*********8902"


def ids(folder, wanted: Search) -> list[str]:
    return [each.id[-5:] for each in search(folder, wanted)]


@pytest.fixture
def day(journal, clock):
    """Four transactions, an hour apart, from 10:15:30 on."""
    for service, card, states in [
        ("transit_top_up", MASKED, [L.DONE]),
        ("transit_top_up", OTHER, [L.SUSPENSE]),
        ("city_card", MASKED, [L.MANUAL, L.SETTLED]),
        ("transit_top_up", MASKED, [L.CREDIT_SENT]),
    ]:
        transaction = journal.begin({"service": service}).id
        journal.record(transaction, L.CARD_READ, {"card": card})
        for state in states:
            journal.record(transaction, state, {})
        clock.sleep(3600)
    return clock.wall() - timedelta(hours=4)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Search(), ["00001", "00002", "00003", "00004"]),
        (Search(limit=2), ["00003", "00004"]),
        (Search(card="8901"), ["00001", "00003", "00004"]),
        (Search(card=OTHER), ["00002"]),
        (Search(card="31048"), []),
        (Search(states=frozenset({L.DONE, L.SETTLED})), ["00001", "00003"]),
        (Search(only_open=True), ["00002", "00004"]),
        (Search(only_open=True, card="8901"), ["00004"]),
        (Search(service="city_card"), ["00003"]),
        (Search(service="city_card", states=frozenset({L.DONE})), []),
        (Search(card="8901", limit=1), ["00004"]),
    ],
)
def test_a_search_finds_what_fits_in_all_respects(day, folder, wanted, found):
    assert ids(folder, wanted) == found


def test_a_span_of_time_takes_its_first_moment_and_not_its_last(day, folder):
    hour = timedelta(hours=1)
    assert ids(folder, Search(begun_from=day + hour)) == ["00002", "00003", "00004"]
    assert ids(folder, Search(begun_before=day + hour)) == ["00001"]
    assert ids(folder, Search(begun_from=day + hour, begun_before=day + 2 * hour)) == ["00002"]


def test_rows_about_the_journal_itself_are_no_transaction(day, journal, folder):
    journal.confirm_clock("Li Na", "checked")
    assert len(search(folder, Search())) == 4
    assert len(read_open(folder)) == 2
    assert [each.id[-5:] for each in read_latest(folder, 1)] == ["00004"]


def test_transactions_are_read_beside_the_writer(journal, folder):
    transactions = [journal.begin({}).id for _ in range(5)]
    for done in transactions[:3]:
        journal.record(done, L.DONE, {})
    assert [each.id for each in read_open(folder)] == transactions[3:]
    assert [each.id for each in read_latest(folder, 2)] == transactions[3:]
    assert [each.id for each in read_latest(folder, 50)] == transactions
    found = read_transaction(folder, transactions[0])
    assert found is not None
    assert [row.state for row in found.rows] == [L.NEW, L.DONE]
    assert read_transaction(folder, "KT000001-25112299999") is None


def test_a_copy_is_read_where_nothing_can_be_written(day, journal, folder, monkeypatch):
    """An auditor's disc: SQLite's own way to read makes a file beside the journal."""
    journal.close()
    before = sorted(path.name for path in folder.iterdir())
    monkeypatch.setattr("durable.sqlite.os.access", lambda *_: False)  # root may write wherever modes forbid it
    assert ids(folder, Search()) == ["00001", "00002", "00003", "00004"]
    assert verify(folder).good
    assert sorted(path.name for path in folder.iterdir()) == before


def test_no_journal_is_said_plainly(tmp_path):
    with pytest.raises(JournalUnavailable, match="there is no journal in"):
        read_open(tmp_path)
