"""How often each risk is found, and told where it is not, by the whole reader: on pictures that nobody tuned on.

    python -m benchmarks.ocr_risks [SET] [WITH] [WITHOUT]

SET is dev without one, and test for the figures that are published. WITH pictures (60) have each risk and WITHOUT
(120) have none on purpose; of these, the ones that have it anyway, or slightly, are left out for that risk. Where no
card is found nothing is told but that nothing is sharp: such a picture is missed, and counted in a column of its own.
"""

import argparse
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.options import count
from ocr.id_card import Document, Risk, Unreadable
from ocr.reader import Reader
from ocr.recogniser import OnnxRecogniser
from ocr.synth.samples import TODAY, Set, risk_sample, stranger
from ocr.synth.scenes import Scene

_NOT_A_CARD = "not an ID card"


@dataclass(frozen=True)
class Outcome:
    """What was told of a picture, and what is true; `found`: whether a resident ID card was."""

    told: frozenset[Risk]
    true: frozenset[Risk]
    slight: frozenset[Risk]
    found: bool


def main(purpose: Set, with_it: int, without: int) -> None:
    """Draw, read and tell."""
    reader = Reader(OnnxRecogniser())
    clean = [_read(reader, risk_sample(purpose, None, number)) for number in range(without)]
    table = Table("risk", "found", "recall", "false alarms", "of all", "no card found", box=None, pad_edge=False)
    for risk in Risk:
        found = [_read(reader, risk_sample(purpose, risk, number)) for number in range(with_it)]
        fair = [each for each in clean if risk not in each.true | each.slight]
        _add(table, risk.value, [risk in each.told for each in found], [risk in each.told for each in fair],
             sum(not each.found for each in found))  # fmt: skip
    strangers = [_read(reader, stranger(purpose, number)) for number in range(with_it)]
    _add(table, _NOT_A_CARD, [not each.found for each in strangers], [not each.found for each in clean], 0)
    Console(highlight=False).print(table)


def _read(reader: Reader, scene: Scene) -> Outcome:
    card = reader.read(scene.pixels, TODAY)
    if isinstance(card, Unreadable):
        told = frozenset({Risk.BLURRED} if card is Unreadable.BLURRED else ())
        return Outcome(told, scene.risks, scene.slight, found=False)
    told = frozenset() if isinstance(card.side, Document) else card.risks
    return Outcome(told, scene.risks, scene.slight, found=not isinstance(card.side, Document))


def _add(table: Table, name: str, found: list[bool], alarms: list[bool], unread: int) -> None:
    recall, wrong = sum(found) / len(found), sum(alarms) / max(len(alarms), 1)
    table.add_row(name, f"{sum(found)} / {len(found)}", f"{recall:.3f}", f"{sum(alarms)} / {len(alarms)}",
                  f"{wrong:.3f}", str(unread))  # fmt: skip


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ocr_risks")
    parser.add_argument("set", choices=[each.value for each in Set], nargs="?", default=Set.DEV.value)
    parser.add_argument("with_it", type=count, nargs="?", default=60, help="how many pictures have each risk")
    parser.add_argument("without", type=count, nargs="?", default=120, help="how many have none on purpose")
    return parser.parse_args()


if __name__ == "__main__":
    given = _options()
    main(Set(given.set), given.with_it, given.without)
