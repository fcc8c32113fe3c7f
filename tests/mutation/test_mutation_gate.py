"""The mutation gate: every deliberate bug of a codec is caught by its vectors, and none by an accident."""

import importlib.util
import sys
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("mutants", Path(__file__).with_name("mutants.py"))
assert spec is not None
assert spec.loader is not None
mutants = importlib.util.module_from_spec(spec)
sys.modules["mutants"] = mutants
spec.loader.exec_module(mutants)


def test_there_are_at_least_twenty() -> None:
    assert len(mutants.MUTANTS) >= 20
    assert len({mutant.name for mutant in mutants.MUTANTS}) == len(mutants.MUTANTS)


@pytest.mark.slow
@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: mutant.name)
def test_the_vectors_catch(mutant: "mutants.Mutant") -> None:
    assert mutants.caught(mutant)


@pytest.mark.slow
@pytest.mark.parametrize("tests", sorted({mutant.tests for mutant in mutants.MUTANTS}))
def test_without_a_bug_nothing_is_caught(tests: str) -> None:
    assert mutants._tests_pass(mutants.ROOT, tests)
