"""A terminal's own file of transit purses: what it adds, and how a mistake in it is told."""

import shutil
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drivers.card_profiles import CARDS
from drivers.registry import Place, Role
from drivers.top_up_module import TUnionTopUpModule
from kiosk_core.errors import ConfigError
from kiosk_core.ports import CardProblem
from openteller.config import load_cards, load_terminal
from tests.clocks import SetClock
from tests.top_up import NAME, PRODUCT, VENDOR, Bench

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "cards.toml"


@pytest.fixture
def kiosk(tmp_path: Path) -> Path:
    path = Path(shutil.copy(ROOT / "config" / "kiosk.example.toml", tmp_path / "kiosk.toml"))
    path.write_text(path.read_text(encoding="utf-8") + '\n[cards]\nprofiles = "cards.toml"\n', encoding="utf-8")
    return path


@pytest.fixture
def cards(kiosk: Path) -> Path:
    return Path(shutil.copy(EXAMPLE, kiosk.parent / "cards.toml"))


def test_the_page_shows_the_example() -> None:
    page = (ROOT / "docs" / "devices" / "transit-card.md").read_text(encoding="utf-8")
    shown = page.split("```toml\n")[1].split("```")[0]
    assert tomllib.loads(shown) == tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))


def test_the_built_in_file_is_right_as_a_terminal_s_own(tmp_path: Path) -> None:
    copy = Path(shutil.copy(ROOT / "drivers" / "card_profiles.toml", tmp_path))
    assert load_cards(copy) == CARDS


def test_a_card_is_asked_for_the_terminal_s_own_purses_first(kiosk: Path, cards: Path) -> None:
    # in front of city-union, whose AID is the same
    model = load_terminal(kiosk).models["ccid-t-union"]
    assert model.role is Role.TOP_UP_MODULE
    bench = Bench(SetClock(datetime(2026, 7, 26, 12, tzinfo=UTC)))
    port = f"sim-usb://{VENDOR:04x}:{PRODUCT:04x}"
    module = model.open(Place(NAME, port, None, bench.clock, lambda _: bench.backend))
    assert isinstance(module, TUnionTopUpModule)
    heard: list[bytes] = []

    class Deaf:
        def power_on(self) -> bytes:
            return bytes.fromhex("3B80800101")

        def power_off(self) -> None:
            pass

        def transmit(self, command: bytes) -> bytes:
            heard.append(command[5 : 5 + command[4]])
            return bytes.fromhex("6A82")

    bench.reader.insert(Deaf())
    assert module.read_card() is CardProblem.NOT_A_TRANSIT_CARD
    # the purse of the terminal's own file and city-union have one AID: it is asked for once
    assert heard == [
        bytes.fromhex("A00000000386980701"),
        bytes.fromhex("A000000632010105"),
        b"PAY.SZT",
        bytes.fromhex("D156000015B9ABB9B2D3A6D3C3"),
    ]
    module.close()


@pytest.mark.parametrize(
    ("change", "key", "problem"),
    [
        (('aid = "A00000000386980701"\n', ""), "", "a purse is selected by either aid or file"),
        (("name = ", "trips = 1\nname = "), ".trips", "must be true or false, not 1"),
        (('file_1a = "loads"', 'file_1a = "log"'), ".file_1a", 'must be "loads" or "concessions", not "log"'),
        (
            ("max_balance_yuan = 1000", "max_balance_yuan = 0"),
            ".max_balance_yuan",
            "0 is too small; the least is 1",
        ),
        (('issuer = "2300"', 'isuer = "2300"'), ".isuer", "is no key of this section; did you mean issuer?"),
    ],
)
def test_a_mistake_in_a_profile_is_named_by_file_line_and_key(
    kiosk: Path, cards: Path, change: tuple[str, str], key: str, problem: str
) -> None:
    old, new = change
    text = cards.read_text(encoding="utf-8")
    assert text.count(old) == 1
    cards.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        _ = load_terminal(kiosk).models
    line = 1 if not new else text[: text.index(old)].count("\n") + 1
    assert (refused.value.file, refused.value.line, refused.value.key) == (str(cards), line, f"profile.our-city{key}")
    assert refused.value.problem == problem


def test_a_file_that_is_not_there_is_told(kiosk: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load_terminal(kiosk)
