"""The mutation gate: every deliberate bug that loses or doubles money is caught, and nothing is caught without one."""

import pytest

from tests.money import matrix, mutants
from tests.money.mutants import MUTANTS, Mutant, MutantError


def test_there_are_at_least_fifteen_and_each_has_its_place_in_the_source() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 15
    for mutant in MUTANTS:
        assert mutants.mutated(mutant)


def test_a_mutant_whose_line_is_gone_is_an_error_and_not_caught() -> None:
    with pytest.raises(MutantError, match="stands 0 times"):
        mutants.caught(Mutant("none", "wire/purse.py", "no such line", ""))


def test_who_asks_how_to_use_it_runs_no_mutant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants, "caught", lambda _: pytest.fail("a mutant was run"))
    monkeypatch.setattr("sys.argv", ["mutants", "--help"])
    with pytest.raises(SystemExit, match=r"^0$"):
        mutants.main()


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_is_caught(mutant: Mutant) -> None:
    assert mutants.caught(mutant)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_without_a_bug_the_hunt_finds_nothing() -> None:
    assert matrix.hunt() == ""
