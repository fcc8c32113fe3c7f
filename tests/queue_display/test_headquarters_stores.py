"""The branches' logs at headquarters, on SQLite and in PostgreSQL: the same promises."""

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pathlib import Path

import pytest

from openteller.queue_headquarters_store import headquarters_copy, headquarters_store
from queue_display.headquarters.keeping import HeadquartersStore, News, Standing
from queue_display.headquarters.messages import BareEntry, bare
from queue_display.headquarters.store import SqliteHeadquarters
from queue_display.keeping import StoreUnavailable
from queue_display.postgresql.database import DatabaseNamed
from tests.queue_display.test_views import a_day

BARE = [bare(entry) for entry in a_day().entries]

Opening = Callable[[], AbstractContextManager[HeadquartersStore]]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def named(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "headquarters" / "queues.db")
    postgres = request.getfixturevalue("postgres")
    return str(postgres.url(postgres.new_database()))


def test_what_was_kept_is_there_when_it_is_opened_again(named: str) -> None:
    standing = Standing(3, BARE[2].digest, BARE[2].at, 9, 12.5, 3.5)
    with headquarters_store(named) as store:
        store.keep([])
        store.keep([News("12", standing, tuple(BARE[:3])), News("天河 13", Standing(), ())])
    with headquarters_copy(named) as store:
        assert store.standings() == {"12": standing, "天河 13": Standing()}
        assert list(store.entries("12")) == BARE[:3]
        assert list(store.entries("12", after=2)) == BARE[2:3]
        assert list(store.entries("天河 13")) == []
        assert store.first_of_day("12") == 1
        opened = BareEntry(5, BARE[3].at, "DayOpened", BARE[0].fields)
        later = replace(standing, number=5, behind_since=None)
        store.keep([News("12", later, (BARE[3], opened)), News("天河 13", Standing(heard_at=7.0), ())])
        assert store.first_of_day("12") == 5
        assert store.first_of_day("天河 13") == 1
        assert store.standings() == {"12": later, "天河 13": Standing(heard_at=7.0)}


def test_a_long_log_is_read_whole(named: str) -> None:
    many = tuple(replace(BARE[0], number=number) for number in range(1, 2501))
    with headquarters_store(named) as store:
        store.keep([News("12", Standing(number=2500), many)])
        assert tuple(store.entries("12")) == many


def test_an_entry_twice_is_refused_with_all_that_came_with_it(named: str) -> None:
    with headquarters_store(named) as store:
        store.keep([News("12", Standing(number=1), tuple(BARE[:1]))])
        with pytest.raises(StoreUnavailable, match="cannot write headquarters' copy"):
            store.keep([News("13", Standing(), ()), News("12", Standing(number=2), tuple(BARE[:2]))])
        assert store.standings() == {"12": Standing(number=1)}
        assert list(store.entries("12")) == BARE[:1]


def test_a_database_that_is_not_there_is_told_without_a_password(tmp_path: Path) -> None:
    with (
        pytest.raises(StoreUnavailable, match="cannot use headquarters' database, queues at /nowhere"),
        headquarters_store("postgresql:///queues?host=/nowhere"),
    ):
        pass
    with pytest.raises(DatabaseNamed), headquarters_store("postgresql://u:secret@host/queues"):
        pass
    with pytest.raises(DatabaseNamed), headquarters_copy("mysql://host/queues"):
        pass


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "queues.db"
    path.write_bytes(b"not a database at all" * 500)
    with pytest.raises(StoreUnavailable, match="its file is damaged"), closing(SqliteHeadquarters(path)):
        pass
