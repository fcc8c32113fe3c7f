"""The corpus of every fuzz target holds on every run; CI's slow lane gives each family of them a minute of atheris."""

import platform
import sys
from pathlib import Path

import pytest

from tests.fuzz.__main__ import CORPUS, fuzz
from tests.fuzz.targets import FAMILIES, TARGETS

FAMILY_S = 60
SEED = 20261122
HANGS_AFTER_S = 60  # on a machine that does much else
SEEDS = [path for name in TARGETS for path in sorted((CORPUS / name).glob("*"))]
HAS_ATHERIS = sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info < (3, 14)


def test_every_target_has_a_corpus_and_every_corpus_a_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)
    assert {path.parent.name for path in SEEDS} == set(TARGETS)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_holds_for(seed: Path) -> None:
    data = seed.read_bytes()
    assert len(data) <= TARGETS[seed.parent.name].longest
    TARGETS[seed.parent.name].run(data)


@pytest.mark.slow
@pytest.mark.timeout(FAMILY_S * 15)
@pytest.mark.skipif(not HAS_ATHERIS, reason="atheris has wheels for Linux on x86-64 alone")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_minute_of_fuzzing_breaks_nothing(family: str, tmp_path: Path) -> None:
    """A failure shows the bytes in hexadecimal: give them a name and put them into tests/fuzz/corpus.

    The same bytes every time: what nobody has tried is looked for by `./run fuzz`.
    """
    for name in FAMILIES[family]:
        seconds = max(1, FAMILY_S // len(FAMILIES[family]))
        ended = fuzz(name, seconds, tmp_path, seed=SEED, hangs_after_s=HANGS_AFTER_S)
        assert ended.returncode == 0, f"{name}\n{ended.stdout[-3000:]}{ended.stderr[-6000:]}"
