"""Card kinds of one's own and the cards of sim.toml: every mistake by file, line and key."""

from pathlib import Path

import pytest

from kiosk_core.errors import ConfigError
from openteller.demo import write_configuration
from openteller.simulator import load_card_kinds, load_simulator

OWN = """\
about = "Library card"

[mifare]
type = "s50"
serial = "0A0B0C0D"
"""


@pytest.fixture
def sim_toml(tmp_path: Path) -> Path:
    write_configuration(tmp_path, tmp_path / "run", (1080, 1920))
    return tmp_path / "sim.toml"


def with_store(sim_toml: Path, more: str, **files: str) -> Path:
    store = sim_toml.parent / "store"
    store.mkdir()
    for name, text in files.items():
        (store / f"{name}.toml").write_text(text, encoding="utf-8")
    sim_toml.write_text('card_store = "store"\n' + sim_toml.read_text(encoding="utf-8") + more, encoding="utf-8")
    return sim_toml


def card(kind: str, more: str = "") -> str:
    return f'\n[[cards]]\nname = "mine"\nkind = "{kind}"\n{more}'


def test_the_demos_own_cards_are_of_kinds_that_there_are(sim_toml: Path) -> None:
    settings = load_simulator(sim_toml)
    assert {each.kind for each in settings.cards} <= set(load_card_kinds(settings))


def test_a_kind_of_ones_own_goes_before_the_built_in_one(sim_toml: Path) -> None:
    settings = load_simulator(with_store(sim_toml, card("library"), library=OWN, bank=OWN))
    kinds = load_card_kinds(settings)
    assert kinds["library"].about == kinds["bank"].about == "Library card"
    assert kinds["t_union"].purse is not None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (OWN.replace("s50", "s60"), 'own.toml:4: mifare.type: must be "s50", "s70" or "ultralight", not "s60"'),
        (OWN.replace("serial", "seriel"), "own.toml:5: mifare.seriel: is no key of this section; did you mean serial?"),
        (OWN.replace("0A0B0C0D", "0A0B0C"), "own.toml:3: mifare: the serial number of this Mifare card has 4 bytes"),
        ("about = 5\n", 'own.toml:1: about: must be a text in quotes, like "text", not 5'),
        ("about = ", "own.toml:1: "),
    ],
)
def test_what_is_wrong_with_a_kind_is_told_by_file_line_and_key(sim_toml: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_simulator(with_store(sim_toml, "", own=text))
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (card("libary"), '"libary" is no kind; there are bad_tracks, bank, blank'),
        (card("bank", "balance_fen = 5\n"), "this kind of card has no purse"),
    ],
)
def test_a_card_that_does_not_fit_its_kind_is_told_by_line(sim_toml: Path, more: str, told: str) -> None:
    path = with_store(sim_toml, more, own=OWN)
    line = path.read_text(encoding="utf-8").splitlines().index('name = "mine"') + 2
    with pytest.raises(ConfigError) as error:
        load_simulator(path)
    assert f"sim.toml:{line}: cards.item 7.kind: {told}" in str(error.value)


def test_a_store_that_is_no_folder_is_told(sim_toml: Path) -> None:
    sim_toml.write_text('card_store = "nowhere"\n' + sim_toml.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ConfigError, match="nowhere: there is no such folder"):
        load_simulator(sim_toml)
