"""`openteller ocr` as an engineer uses it: files in, a table or JSON out, one clear sentence where it cannot be."""

import json
import sys
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner, Result

from ocr.id_card import FieldReading, IdCard, IdCardBack, Quality, Unreadable
from ocr.scores import Scores, Share, Truth
from ocr.synth.samples import Set, document_sample, sample
from ocr.synth.scenes import Level
from openteller.cli import app


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["ocr", *map(str, arguments)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of a card, what stands on it, and a file that is no picture."""
    folder = tmp_path_factory.mktemp("pictures")
    scene = sample(Set.DEV, Level.EASY, 0)
    (folder / "card.png").write_bytes(cv2.imencode(".png", scene.pixels)[1].tobytes())
    face = scene.cards[0].face
    labels = {"card.png": {"side": face.side, "fields": face.fields, "level": "easy"}}
    (folder / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    (folder / "notes.txt").write_text("no picture", encoding="utf-8")
    return folder


def test_a_card_is_one_json_object_a_line(folder: Path) -> None:
    told = run("--json", folder / "card.png", folder / "notes.txt")
    assert told.exit_code == 1  # of the second
    card, other = (json.loads(line) for line in told.stdout.splitlines())
    assert set(card) == {"file", "side", "fields", "quality", "risks", "ms"}
    truth = json.loads((folder / "labels.json").read_text(encoding="utf-8"))["card.png"]
    assert card["side"] == truth["side"]
    assert {name: field["text"] for name, field in card["fields"].items()} == truth["fields"]
    assert set(card["fields"]["name"]) == {"text", "confidence", "sure", "verified", "box"}
    assert other["error"] == "not_a_picture"


def test_without_json_a_person_reads_a_table_and_a_sentence(folder: Path) -> None:
    told = run("read", folder / "card.png", "--annotate", folder / "seen.png")
    assert told.exit_code == 0
    truth = json.loads((folder / "labels.json").read_text(encoding="utf-8"))["card.png"]
    assert truth["fields"]["id_number"] in told.stdout
    assert "proved by a rule" in told.stdout
    assert cv2.imread(str(folder / "seen.png")).shape == cv2.imread(str(folder / "card.png")).shape
    assert "notes.txt: it is not a picture, or it is damaged" in run(folder / "notes.txt").stderr


@pytest.mark.parametrize("command", ["read", "bench"])
def test_what_an_engine_needs_is_said_in_a_sentence(
    folder: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    file = folder if command == "bench" else folder / "card.png"
    for words, sentence in (
        (("--weights", folder / "labels.json"), "--weights are for --engine openvino"),
        (("--engine", "openvino", "--weights", folder / "none.xml"), "none.xml: there is no such file"),
        (("--engine", "openvino"), "OpenVINO is missing; install it with: pip install openteller[openvino]"),
    ):
        told = run(command, file, *words)
        assert told.exit_code != 0
        assert sentence in " ".join(told.stderr.split())


def test_the_bench_shows_shares_time_and_memory(folder: Path) -> None:
    told = run("bench", folder)
    assert told.exit_code == 0
    assert "100.00% of 6" in told.stdout
    assert "wrong but sure: 0 of 6 fields" in told.stdout
    figures = json.loads(run("bench", folder, "--json").stdout)
    assert (figures["pictures"], figures["cards"]["all"], figures["mistakes"]) == (1, 1.0, [])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("missing.jpg",), "missing.jpg: No such file or directory"),
        (("a.png", "b.png", "--annotate", "c.png"), "--annotate takes one picture"),
        (("bench", "nowhere"), "labels.json: No such file or directory"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: tuple[str, ...], told: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", '{"a.png": {}}', '{"a.png": {"side": "front", "fields": 3}}', "\udcff", "[" * 100_000,
        '{"a.png": {"side": "front", "fields": {}}}', '{"a.png": {"side": "front", "fields": {"name": 3}}}',
        '{"a.png": {"side": 1, "fields": {"name": "x"}}}',
        '{"a.png": {"side": "", "fields": {"name": "x"}, "level": []}}',
    ],
)  # fmt: skip
def test_labels_that_do_not_fit_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "labels.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    result = run("bench", tmp_path)
    assert result.exit_code == 1
    assert "labels.json: it must be" in result.stderr


def test_labels_without_pictures_are_told_before_anything_is_read(tmp_path: Path) -> None:
    labels = tmp_path / "labels.json"
    labels.write_text("{}", encoding="utf-8")
    assert "labels.json: it names no picture" in run("bench", tmp_path).stderr
    one = {"side": "front", "fields": {"name": "x"}}
    labels.write_text(json.dumps({"a.png": one, "b.png": one, "../c.png": one}), encoding="utf-8")
    result = run("bench", tmp_path)
    assert result.exit_code == 1
    assert "labels.json: a.png is not in the folder, nor are 2 more" in result.stderr


def card(**texts: tuple[str, bool]) -> IdCard:
    fields = {name: FieldReading(text, 1.0, None, sure=sure) for name, (text, sure) in texts.items()}
    corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    return IdCard(IdCardBack(**fields), corners, Quality(1, 1, 1, 1, 0), frozenset())


def test_scores_count_fields_cards_and_what_was_sure_and_wrong() -> None:
    truth = Truth("back", {"authority": "寿县公安局", "valid_from": "2020-01-02", "valid_until": "长期"}, level="easy")
    scores = Scores()
    right = card(authority=("寿县公安局", True), valid_from=("2020-01-02", True), valid_until=("长期", False))
    wrong = card(authority=("寿县公安局", True), valid_from=("2020-01-03", True), valid_until=("", False))
    scores.add("1.png", truth, right, 0.1)
    scores.add("2.png", truth, wrong, 0.3)
    scores.add("3.png", truth, Unreadable.NO_CARD, 0.2)
    assert scores.share("field") == Share(4, 9)
    assert scores.share("card", "easy") == Share(1, 3)
    assert scores.wrong_but_sure == Share(1, 9)
    assert scores.sure == Share(4, 9)
    assert scores.milliseconds(50) == pytest.approx(200)
    assert [each.field for each in scores.mistakes if each.picture == "2.png"] == ["valid_from", "valid_until"]


def test_what_nobody_could_read_counts_only_where_it_was_said_to_be_sure() -> None:
    truth = Truth("back", {"authority": "寿县公安局"}, frozenset({"authority"}))
    scores = Scores()
    scores.add("1.png", truth, card(authority=("", False), valid_from=("", False), valid_until=("", False)), 0.1)
    assert (scores.share("card"), scores.wrong_but_sure.right) == (Share(1, 1), 0)
    scores.add("2.png", truth, card(authority=("寿县", True), valid_from=("", False), valid_until=("", False)), 0.1)
    assert scores.wrong_but_sure.right == 1


def test_what_may_be_in_a_picture_is_named(folder: Path) -> None:
    told = run("--document", "ration_card", folder / "card.png")
    assert told.exit_code != 0
    assert "no layout describes 'ration_card'; there are bank_card, passport, " in told.stderr
    assert "there is no such folder" in run("--layouts", folder / "none", folder / "card.png").stderr
    (folder / "layouts").mkdir()
    (folder / "layouts" / "odd.toml").write_text('side = "front"', encoding="utf-8")
    assert "odd.toml: 'document' is missing" in run("--layouts", folder / "layouts", folder / "card.png").stderr


@pytest.mark.slow
def test_people_see_a_part_of_a_bank_card_number_and_programs_all(folder: Path) -> None:
    scene = document_sample(Set.DEV, "bank_card_flat", Level.EASY, 0)
    number = scene.cards[0].face.fields["number"]
    (folder / "bank.png").write_bytes(cv2.imencode(".png", scene.pixels)[1].tobytes())
    shown = run("--document", "all", folder / "bank.png").stdout
    assert number not in shown
    assert f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}" in shown
    told = json.loads(run("--json", "--document", "bank_card", folder / "bank.png").stdout)
    assert (told["document"], told["side"], told["fields"]["number"]["text"]) == ("bank_card", "front", number)
