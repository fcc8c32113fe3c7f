"""What holds for all tests: Hypothesis tries the same examples every time, and judges none by the clock."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import apsw
import pytest
from hypothesis import HealthCheck, settings

from tests import faulty_disk

if TYPE_CHECKING:
    from benchmarks.postgres import Cluster

settings.register_profile("openteller", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("openteller")


@pytest.fixture(autouse=True)
def no_faulty_disk_is_left_behind() -> Iterator[None]:
    """It would be every later test's disk."""
    yield
    assert faulty_disk.NAME not in apsw.vfs_names(), "a FaultyDisk was not closed"


@pytest.fixture(scope="session")
def postgres() -> Iterator["Cluster"]:
    """Give a PostgreSQL of the tests' own: one for each process that runs tests, and only where it is asked for."""
    from benchmarks.postgres import NotInstalled, cluster

    try:
        with cluster() as running:
            running.run("CREATE DATABASE shared")
            yield running
    except NotInstalled as error:
        pytest.skip(str(error))
