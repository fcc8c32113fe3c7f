"""Scenarios: a mistake is told by file, line and key before anything is done; the examples end as they say."""

import socket
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from device_sim.actions import CheckedActions, ControlError, Mistake, WrongArgumentsError
from device_sim.control import SimControl
from device_sim.scenario import Entry, play
from device_sim.virtual_time import VirtualClock
from kiosk_core.errors import ConfigError
from kiosk_core.funding import FundingKind
from openteller import sim_commands
from openteller.scenarios import load_scenario
from tests.clocks import RealClock
from tests.openteller.branch import IMPATIENT_S, Branch
from tests.openteller.paying_by_card import can_take_bank_cards
from tests.patience import until

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "scenarios"


class World:
    """A stage with a virtual clock, and what was done on it."""

    def __init__(self) -> None:
        self.clock = VirtualClock(datetime(2026, 11, 22, tzinfo=UTC))
        self.done: list[tuple[float, str]] = []
        self.light = False
        self.balance_fen = 2_350
        self._checked = CheckedActions(
            {name: getattr(self, name) for name in ("state", "place", "strike", "switch", "load")}
        )

    def state(self) -> Mapping[str, Any]:
        """Return what can be seen."""
        return {
            "light": self.light,
            "on_reader": None,
            "cards": {"transit": {"balance_fen": self.balance_fen, "number": "310487"}},
            "orders": [{"loaded": False}, {"loaded": self.clock.now() > 3}],
            "done": [name for _, name in self.done],
        }

    def place(self, card: str) -> None:
        """Place."""
        if card == "library":
            raise ControlError("no card 'library'")
        self._note(card)

    def strike(self, device: str, fault: str, *, times: int | None = 1, chance: float = 1.0) -> Mapping[str, Any]:
        """Strike."""
        self._note(f"{device} {fault}")
        return {"struck": times}

    def switch(self, *, on: bool) -> None:
        """Switch."""
        self.light = on

    def load(self, fen: int) -> None:
        """Load."""
        self.balance_fen += fen

    def _note(self, what: str) -> None:
        self.done.append((round(self.clock.now(), 3), what))

    # -- a Stage -------------------------------------------------------------------------------------------------

    def actions(self) -> Mapping[str, Mapping[str, Any]]:
        return {name: {"arguments": self._checked.schema(name)} for name in self._checked.names}

    def check(self, action: str, arguments: Mapping[str, Any]) -> tuple[Mistake, ...]:
        try:
            self._checked.check(action, arguments)
        except WrongArgumentsError as error:
            return error.mistakes
        return ()

    def do(self, do: str, /, **arguments: Any) -> Mapping[str, Any]:
        return {"ok": True, **self._checked.do(do, arguments)}


@pytest.fixture
def world() -> World:
    return World()


def played(world: World, path: Path, text: str) -> tuple[bool, list[Entry]]:
    file = path / "scenario.toml"
    file.write_text('about = "A test."\n' + text, encoding="utf-8")
    log: list[Entry] = []
    right = play(load_scenario(file, world), world, world.clock, log.append)
    return right, log


def wrong(world: World, path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        played(world, path, text)
    assert world.done == []
    return [str(error).splitlines()[0].removeprefix(f"{path / 'scenario.toml'}:") for error in caught.value.all]


# -- steps -------------------------------------------------------------------------------------------------------


def test_steps_come_at_their_times(world: World, tmp_path: Path) -> None:
    right, log = played(
        world,
        tmp_path,
        """
[[step]]
at_s = 1.5
do = "place"
card = "transit"
[[step]]
after_s = 0.25
do = "strike"
device = "printer"
fault = "paper_out"
times = 3
[[step]]
do = "place"
card = "second"
[[step]]
at_s = 4
do = "place"
card = "third"
""",
    )
    assert right
    assert world.done == [(1.5, "transit"), (1.75, "printer paper_out"), (1.75, "second"), (4.0, "third")]
    assert [str(entry) for entry in log] == [
        '    1.500    1  place card="transit": done',
        '    1.750    2  strike device="printer" fault="paper_out" times=3: {"struck": 3}',
        '    1.750    3  place card="second": done',
        '    4.000    4  place card="third": done',
    ]


def test_a_time_that_has_passed_is_now(world: World, tmp_path: Path) -> None:
    played(
        world,
        tmp_path,
        """
[[step]]
after_s = 5
do = "place"
card = "transit"
[[step]]
at_s = 2
do = "place"
card = "second"
""",
    )
    assert world.done == [(5.0, "transit"), (5.0, "second")]


def test_a_step_can_be_repeated(world: World, tmp_path: Path) -> None:
    played(world, tmp_path, '[[step]]\ndo = "place"\ncard = "a"\nrepeat = 3\nevery_s = 0.5\n')
    assert world.done == [(0.0, "a"), (0.5, "a"), (1.0, "a")]


def test_chance_is_of_the_seed(world: World, tmp_path: Path) -> None:
    step = '[[step]]\ndo = "place"\ncard = "a"\nrepeat = 100\nevery_s = 1\nprobability = 0.3\n'
    days = []
    for seed in (7, 7, 8):
        world = World()
        played(world, tmp_path, f"seed = {seed}\n{step}")
        days.append(world.done)
    assert days[0] == days[1] != days[2]
    assert 10 < len(days[0]) < 50


def test_an_action_keeps_its_own_chance(world: World, tmp_path: Path) -> None:
    right, _ = played(world, tmp_path, '[[step]]\ndo = "strike"\ndevice = "d"\nfault = "f"\nchance = 0.0\n')
    assert right
    assert world.done == [(0.0, "d f")]


def test_a_refused_action_ends_the_scenario(world: World, tmp_path: Path) -> None:
    right, log = played(
        world, tmp_path, '[[step]]\ndo = "place"\ncard = "library"\n[[step]]\ndo = "place"\ncard = "transit"\n'
    )
    assert not right
    assert [str(entry) for entry in log] == ["    0.000    1  place card=\"library\": REFUSED: no card 'library'"]
    assert world.done == []


# -- expectations ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "right"),
    [
        ('path = "light", equals = false', True),
        ('path = "light", equals = 0', False),
        ('path = "cards.transit.balance_fen", equals = 2350', True),
        ('path = "cards.transit.balance_fen", equals = 2350.0', True),
        ('path = "cards.transit.balance_fen", equals = "2350"', False),
        ('path = "cards.transit.balance_fen", at_least = 2350', True),
        ('path = "cards.transit.balance_fen", at_least = 2351', False),
        ('path = "cards.transit.balance_fen", at_most = 2350', True),
        ('path = "cards.transit.balance_fen", at_most = 2349', False),
        ('path = "cards.transit.number", at_least = 1', False),
        ('path = "light", at_least = 0', False),
        ('path = "cards.transit.number", contains = "048"', True),
        ('path = "cards", contains = "transit"', True),
        ('path = "cards", contains = "library"', False),
        ('path = "orders.0.loaded", equals = false', True),
        ('path = "orders.-2.loaded", equals = false', True),
        ('path = "orders.2", absent = true', True),
        ('path = "orders.-3", absent = true', True),
        ('path = "on_reader", absent = true', True),
        ('path = "on_reader", absent = false', False),
        ('path = "light", absent = false', True),
        ('path = "done", equals = []', True),
        ('path = "cards.transit.balance_fen", grows_by = 0', True),
        ('path = "light", grows_by = 0', False),
        ('path = "nothing.here", equals = 1', False),
    ],
)
def test_what_is_expected_is_looked_up_in_the_state(world: World, tmp_path: Path, expected: str, right: bool) -> None:
    assert played(world, tmp_path, f"[[step]]\nexpect = {{ {expected} }}\n")[0] is right


def test_growth_is_since_the_beginning(world: World, tmp_path: Path) -> None:
    step = '[[step]]\ndo = "load"\nfen = 5000\nrepeat = 2\nexpect = {path = "cards.transit.balance_fen", grows_by = '
    assert played(world, tmp_path, f"{step}10000}}")[0]
    assert not played(world, tmp_path, f"{step}5000}}")[0]


def test_waits_for_what_is_expected(world: World, tmp_path: Path) -> None:
    right, log = played(world, tmp_path, '[[step]]\nexpect = {path="orders.-1.loaded", equals=true, within_s=5}\n')
    assert right
    assert 3 < log[0].at_s < 3.2
    assert "seen after 3." in log[0].result


@pytest.mark.parametrize(
    ("expected", "result"),
    [
        ('path = "orders.-1.loaded", equals = true, within_s = 2', "FAILED: it is false after 2.00 s"),
        ('path = "light", equals = true', "FAILED: it is false"),
        ('path = "cards.transi.number", equals = "1"', "FAILED: there is no transi; there are transit"),
        ('path = "orders.2.loaded", equals = true', "FAILED: there is no 2 in a list of 2"),
        ('path = "light.on", equals = true', "FAILED: there is no on in false"),
    ],
)
def test_says_what_is_there_instead(world: World, tmp_path: Path, expected: str, result: str) -> None:
    right, log = played(world, tmp_path, f"[[step]]\nexpect = {{ {expected} }}\n")
    assert not right
    assert log[0].result == result


WORDS = "after_s, at_s, do, every_s, expect, probability, repeat"


# -- mistakes in the file ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[step]]\ndo = "plase"\n', '3: step.item 1.do: "plase" is no action; did you mean place?'),
        ('[[step]]\ndo = "place"\n', "2: step.item 1.card: missing required argument"),
        ('[[step]]\ndo = "place"\ncard = 7\n', "4: step.item 1.card: input should be a valid string"),
        (
            '[[step]]\ndo = "place"\ncard = "a"\nafer_s = 1\n',
            "5: step.item 1.afer_s: is neither a word of steps nor an argument of place; did you mean after_s?",
        ),
        (
            '[[step]]\ndo = "strike"\ndevise = "a"\ndevice = "d"\nfault = "f"\n',
            "4: step.item 1.devise: is neither a word of steps nor an argument of strike; did you mean device?",
        ),
        ("[[step]]\nat_s = 1\n", "2: step.item 1.do: is missing; a step does or expects something"),
        (
            '[[step]]\ncard = "a"\nexpect = {path = "light", equals = true}\n',
            f"3: step.item 1.card: is no word of a step without do; there are {WORDS}",
        ),
        ('[[step]]\ndo = "place"\ncard = "a"\nat_s = -1\n', "5: step.item 1.at_s: -1 is too small; the least is 0"),
        ('[[step]]\ndo = "place"\ncard = ""\nrepeat = "3"\n', '5: step.item 1.repeat: must be a whole number, not "3"'),
        (
            '[[step]]\ndo = "place"\ncard = "a"\nprobability = 0\n',
            "5: step.item 1.probability: 0 is too small; it must be more than 0",
        ),
        ('[[step]]\ndo = "state"\nat_s = 1\nafter_s = 1\n', "5: step.item 1.after_s: cannot stand beside at_s"),
        ('[[step]]\ndo = "place"\ncard = "a"\nevery_s = 1\n', "5: step.item 1.every_s: needs repeat"),
        (
            '[[step]]\nat_s = 2\ndo = "switch"\non = true\n[[step]]\nat_s = 1\ndo = "switch"\non = true\n',
            "7: step.item 2.at_s: comes before the 2 of a step above",
        ),
        (
            '[[step]]\nexpect = {path = "light", equal = true}\n',
            "3: step.item 1.expect.equal: is no key of this section; did you mean equals?",
        ),
        (
            '[[step]]\nexpect = {path = "light"}\n',
            "3: step.item 1.expect: needs exactly one of equals, at_least, at_most, contains, grows_by, absent",
        ),
        (
            '[[step]]\nexpect = {path = "light", equals = true, at_least = 1}\n',
            "3: step.item 1.expect: needs exactly one of equals, at_least, at_most, contains, grows_by, absent",
        ),
        ("stepp = 1\n", "2: stepp: is no key of this section; did you mean step?"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_line_and_key_and_nothing_is_done(
    world: World, tmp_path: Path, text: str, problem: str
) -> None:
    assert problem in wrong(world, tmp_path, text)


def test_all_mistakes_are_told_at_once(world: World, tmp_path: Path) -> None:
    text = '[[step]]\ndo = "fly"\n[[step]]\ndo = "place"\nevery_s = 1\n'
    assert [each.split(":")[0] for each in wrong(world, tmp_path, text)] == ["3", "4", "6"]


# -- the examples, on a real simulated terminal --------------------------------------------------------------------


@pytest.fixture
def branch() -> Iterator[Branch]:
    branch = Branch(dots_per_s=600, host_s=IMPATIENT_S)
    branch.start_core()
    yield branch
    branch.close()


def sim(*words: str | Path) -> Result:
    return CliRunner().invoke(sim_commands.app, [str(word) for word in words])


BY_BANK_CARD = EXAMPLES / "bank-card-answer-lost.toml"


@pytest.mark.slow
@pytest.mark.parametrize("example", sorted({*EXAMPLES.glob("*.toml")} - {BY_BANK_CARD}), ids=lambda path: path.stem)
def test_an_example_ends_as_it_says(branch: Branch, example: Path) -> None:
    def customer() -> None:
        with branch.customer() as customer:
            customer.choose_service()
            customer.choose_amount()
            customer.see("result")

    hands = threading.Thread(target=customer)
    hands.start()
    result = sim("play", example, "--sim", branch.out / "sim.toml")
    hands.join()
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "All was as expected."
    assert branch.disagreements() == []


@pytest.mark.slow
def test_the_example_of_a_bank_card_ends_as_it_says() -> None:
    def customer() -> None:
        with branch.customer() as customer:
            until(lambda: can_take_bank_cards(branch))
            customer.choose_service()
            customer.choose_amount()
            customer.choose_funding(FundingKind.BANK_CARD)
            assert customer.see("result").title.key == "top_up.refunded.title"

    branch = Branch(bank_card=True, host_s=IMPATIENT_S)
    try:
        branch.start_core()
        hands = threading.Thread(target=customer)
        hands.start()
        result = sim("play", BY_BANK_CARD, "--sim", branch.out / "sim.toml")
        hands.join()
        assert result.exit_code == 0, result.output
        assert branch.disagreements() == []
    finally:
        branch.close()


def test_there_are_five_examples() -> None:
    assert len(list(EXAMPLES.glob("*.toml"))) == 5


def test_an_example_is_checked_without_being_played(branch: Branch) -> None:
    example = EXAMPLES / "host-silent-and-back.toml"
    result = sim("play", example, "--sim", branch.sim_socket, "--check")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{example}: nothing is wrong with its ")
    assert branch.sim.state()["on_reader"] is None


def test_a_scenario_that_goes_wrong_exits_with_1(branch: Branch, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('about = "Wrong."\n[[step]]\nexpect = {path = "receipts", equals = 7}\n')
    result = sim("play", file, "--sim", branch.out / "sim.toml")
    assert result.exit_code == 1
    assert "expect receipts equals 7: FAILED: it is 0" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("It did not go as expected")


def test_a_mistake_in_the_file_exits_with_1(branch: Branch, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('about = "Wrong."\n[[step]]\ndo = "strick"\n')
    result = sim("play", file, "--sim", branch.out / "sim.toml")
    assert result.exit_code == 1
    assert '"strick" is no action; did you mean strike?' in result.stderr


def test_without_a_simulator_one_sentence_says_so(tmp_path: Path) -> None:
    result = sim("play", EXAMPLES / "host-silent-and-back.toml", "--sim", tmp_path / "sim.toml")
    assert result.exit_code == 1
    assert "there is no such file" in result.stderr


def test_a_simulator_that_does_not_run_is_named_by_its_socket(tmp_path: Path) -> None:
    left_behind = tmp_path / "sim.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(left_behind))
    result = sim("play", EXAMPLES / "host-silent-and-back.toml", "--sim", left_behind)
    assert result.exit_code == 1
    assert result.stderr == f"{left_behind}: no simulator answers there; start it with: openteller sim run\n"


def test_the_control_socket_is_a_stage(branch: Branch) -> None:
    control = SimControl(branch.sim_socket)
    log: list[Entry] = []
    scenario = load_scenario(EXAMPLES / "card-torn-at-the-credit.toml", control)
    assert {step.do for step in scenario.step} - {None} <= set(control.actions())
    assert not play(scenario.__class__("x", scenario.step[-1:]), control, RealClock(), log.append)  # no card lies there
    control.close()
