"""Every driver on every lane, 50 times in a row: unplugged while it waits for its device, and back without a restart.

What that takes is a matter of `./run bench replug`; here a round has any time, and must leave nothing behind.
"""

from pathlib import Path

import pytest

from benchmarks import bench_replug
from benchmarks.replug import LANES, Holdings
from device_sim.usb import umockdev

ROUNDS = 50

# The lane umockdev is run by tests/device_sim/test_umockdev.py, in a process that can have it.
HERE = [lane for lane in LANES if lane != "umockdev"]
if umockdev.is_preloaded():
    HERE.append(pytest.param("umockdev", marks=pytest.mark.umockdev))  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.timeout(700)
@pytest.mark.parametrize("lane", HERE)
def test_a_device_that_is_unplugged_comes_back_and_leaves_nothing_behind(
    lane: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.device_thread.REOPEN_SECONDS", 0.02)
    monkeypatch.setattr(bench_replug, "WARM_UP", 10)
    outcomes, before, after = bench_replug.run_lane(lane, LANES[lane], ROUNDS)
    assert [each.failure for each in outcomes if each.failure] == []
    assert [len(each.back_s) for each in outcomes] == [ROUNDS] * len(LANES[lane])
    assert after.files <= before.files
    assert after.threads <= before.threads
    # Python's blocks are for the benchmark alone: here what is logged is kept, and the devices' histories are not full.
    assert after.heap_kib - before.heap_kib < bench_replug.GROWTH_KIB


@pytest.mark.slow
def test_what_a_lost_device_leaves_behind_would_be_seen() -> None:
    before = Holdings.now()
    with Path("/dev/null").open("rb"):
        assert Holdings.now().files == before.files + 1
    objects = [object() for _ in range(2 * bench_replug.GROWTH_BLOCKS)]
    large = bytearray(2 * 1024 * bench_replug.GROWTH_KIB)
    holding = Holdings.now()
    assert holding.heap_kib - before.heap_kib > bench_replug.GROWTH_KIB
    assert holding.blocks - before.blocks > bench_replug.GROWTH_BLOCKS
    assert bench_replug.leaks(before, holding)
    del objects, large
