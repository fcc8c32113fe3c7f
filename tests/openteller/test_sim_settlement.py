"""`openteller sim settlement`: the simulated bank's file of a day, fetched from a running simulator."""

from pathlib import Path

from typer.testing import CliRunner, Result

from openteller import sim_commands
from tests.device_sim.simulated_terminal import open_order, open_terminal
from wire.settlement import BookingKind, decode


def settlement(*words: str | Path) -> Result:
    return CliRunner().invoke(sim_commands.app, ["settlement", *map(str, words)])


def test_the_file_of_a_day_is_fetched(tmp_path: Path) -> None:
    with open_terminal() as rig:  # its clock stands at 2026-11-22
        open_order(rig.terminal)
        rig.terminal.pay()
        for words in ([], ["--date", "2026-11-22"]):
            result = settlement(tmp_path / "bank.txt", "--sim", rig.control, *words)
            assert (result.exit_code, result.stdout) == (0, f"{tmp_path / 'bank.txt'}: 1 bookings\n")
            (entry,) = decode((tmp_path / "bank.txt").read_bytes()).entries
            assert entry.kind is BookingKind.PAYMENT
        result = settlement(tmp_path / "none.txt", "--sim", rig.control, "--date", "2026-11-23")
        assert result.stdout.endswith(": 0 bookings\n")
        result = settlement(tmp_path / "old.txt", "--sim", rig.control, "--date", "0001-01-01")
        assert (result.exit_code, result.stdout) == (0, f"{tmp_path / 'old.txt'}: 0 bookings\n")


def test_what_cannot_be_fetched_is_one_sentence(tmp_path: Path) -> None:
    with open_terminal() as rig:
        result = settlement(tmp_path / "no folder" / "bank.txt", "--sim", rig.control)
        assert result.exit_code == 1
        assert "No such file or directory" in result.stderr
        assert settlement(tmp_path / "bank.txt", "--sim", rig.control, "--date", "yesterday").exit_code == 2
    gone = settlement(tmp_path / "bank.txt", "--sim", tmp_path / "sim.toml")
    assert gone.exit_code == 1
    assert "there is no such file" in gone.stderr
