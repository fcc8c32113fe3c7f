"""`./run bench ocr`: how well and how fast ID cards are read, beside RapidOCR and PaddleOCR in the same run.

    ./run bench ocr [--set test|dev] [--count 2000] [--peers 200] [--report FILE]

Pictures are drawn in batches, by processes that rest while engines read. Every engine is a process with two threads;
the peers read a fixed share of the pictures, taking turns with ours, and get their fields from `ocr.line_parser`. Ends
with 1 where a limit of what was asked is broken. docs/ocr/accuracy.md says what the figures mean. Memory is limited in
benchmarks/bench_ocr_worker.py: a terminal's worker gets its pictures in another way.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.ocr_engines import Answer, Engine
from ocr.characters import common, han
from ocr.scores import Mistake, Scores, Share, Truth
from ocr.synth.samples import Set, sample
from ocr.synth.scenes import Level, Scene

OURS = "ours"
FACTORS = {"rapidocr": 10.0, "paddleocr": 5.0}
"""The peers, and how many times faster ours is to be."""

LEAST = {  # kind of share, level: what was asked
    ("field", "easy"): 0.99,
    ("field", "medium"): 0.97,
    ("field", "hard"): 0.93,
    ("card", "easy"): 0.97,
    ("card", "medium"): 0.92,
    ("card", "hard"): 0.80,
    ("id_number", None): 0.995,
}
MOST_WRONG_BUT_SURE = 0.0005
_BATCH = 60
# ONNX Runtime's threads in a peer's process spin for some 30 ms after it has answered, and take the processor from the
# next engine; where an engine is used, no other is beside it.
_SETTLE_S = 0.2
_CAUSES_SHOWN, _MISTAKES_SHOWN = 14, 60


@dataclass
class _Column:
    """What one engine did."""

    scores: Scores = field(default_factory=Scores)
    on_shared: Scores = field(default_factory=Scores)
    cpu_seconds: list[float] = field(default_factory=list)
    peak_mb: float = 0.0
    start_seconds: float = 0.0


@dataclass
class _Run:
    """All that was measured."""

    columns: dict[str, _Column]
    ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    calls: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    effects: dict[str, tuple[str, ...]] = field(default_factory=dict)
    drawing_seconds: float = 0.0


def main(words: Sequence[str]) -> int:
    """Measure, print, and return 1 where a limit is broken, else 0."""
    options = _options(words)
    with ExitStack() as stack:
        names = [OURS, *(FACTORS if options.peers else ())]
        engines = [stack.enter_context(Engine(name)) for name in names]
        run = _measure(engines, Set(options.set), options.count, options.peers)
    console = Console(highlight=False, width=130)
    _print(console, run)
    broken = list(_broken(run))
    for each in broken:
        console.print(f"broken: {each}", style="red", markup=False)
    if options.report:
        told = {"set": options.set, "broken": broken, **_figures(run)}
        options.report.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 1 if broken else 0


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench ocr", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--set", choices=[each.value for each in Set], default=Set.TEST.value, help="which pictures")
    parser.add_argument("--count", type=int, default=2000, help="how many of them, a third of each level")
    parser.add_argument("--peers", type=int, default=200, help="how many of these the peers read too; 0: no peers")
    parser.add_argument("--report", type=Path, help="write all figures and mistakes as JSON")
    return parser.parse_args(words)


# -- measuring ---------------------------------------------------------------------------------------------------


def _measure(engines: Sequence[Engine], purpose: Set, count: int, shared: int) -> _Run:
    run = _Run({engine.name: _Column(start_seconds=engine.start_seconds) for engine in engines})
    for engine in engines:  # what a first reading takes beyond the others is not what is compared
        engine.read(sample(Set.TRAIN, Level.EASY, 0).pixels)
    step = max(count // shared, 1) if shared else count + 1
    for number, scene in _scenes(run, purpose, count):
        with_peers = shared > 0 and number % step == 0 and number // step < shared
        turn = number // step % len(engines)
        for engine in [*engines[turn:], *engines[:turn]]:
            if with_peers or engine.name == OURS:
                if with_peers:
                    time.sleep(_SETTLE_S)
                _add(run, engine.name, scene, number, engine.read(scene.pixels), with_peers=with_peers)
    for engine in engines:
        run.columns[engine.name].peak_mb = engine.peak_mb
    return run


def _add(run: _Run, name: str, scene: Scene, number: int, answer: Answer, *, with_peers: bool) -> None:
    column = run.columns[name]
    card = scene.cards[0]
    level = tuple(Level)[number % 3].value
    picture = f"{level} {number // 3}"
    truth = Truth(card.face.side, card.face.fields, card.lost, level)
    column.scores.add(picture, truth, answer.found, answer.seconds)
    if with_peers:
        column.on_shared.add(picture, truth, answer.found, answer.seconds)
        column.cpu_seconds.append(answer.cpu_seconds)
    if name == OURS:
        run.effects[picture] = scene.effects
        for part, took in answer.ms.items():
            run.ms[part].append(took)
            run.calls[part].append(answer.calls[part])
        run.ms["all else"].append(answer.seconds * 1000 - sum(answer.ms.values()))


def _scenes(run: _Run, purpose: Set, count: int) -> Iterator[tuple[int, Scene]]:
    """Yield numbered pictures, a level after the other, drawn in batches."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        for begin in range(0, count, _BATCH):
            numbers = range(begin, min(begin + _BATCH, count))
            begun = time.perf_counter()
            scenes = list(pool.map(_draw, [(purpose, number) for number in numbers]))
            run.drawing_seconds += time.perf_counter() - begun
            print(f"{begin + len(scenes)} of {count} drawn, {run.drawing_seconds:.0f} s", file=sys.stderr)
            yield from zip(numbers, scenes, strict=True)


def _draw(what: tuple[Set, int]) -> Scene:
    purpose, number = what
    return sample(purpose, tuple(Level)[number % 3], number // 3)


# -- judging -----------------------------------------------------------------------------------------------------


def _broken(run: _Run) -> Iterator[str]:
    """Yield what is not as good as was asked."""
    ours = run.columns[OURS]
    for (kind, level), least in LEAST.items():
        share = ours.scores.share(kind, level)
        if share.value < least:
            yield f"{kind} {level or 'overall'}: {_percent(share)}, not {least:.1%}"
    if ours.scores.wrong_but_sure.value > MOST_WRONG_BUT_SURE:
        yield f"wrong but sure: {_percent(ours.scores.wrong_but_sure)}, more than {MOST_WRONG_BUT_SURE:.2%}"
    for name, factor in FACTORS.items():
        if name in run.columns:
            yield from _behind(ours.on_shared, name, run.columns[name].on_shared, factor)


def _behind(ours: Scores, name: str, theirs: Scores, factor: float) -> Iterator[str]:
    for percentile in (50, 95):
        ratio = theirs.milliseconds(percentile) / ours.milliseconds(percentile)
        if ratio < factor:
            yield f"p{percentile}: {ratio:.1f} times as fast as {name}, not {factor:.0f}"
    for kind in ("field", "card"):
        if ours.share(kind).value <= theirs.share(kind).value:
            yield f"{kind}s: not more exact than {name}"


def cause(mistake: Mistake) -> str:
    """Return the field and in what way it was misread."""
    return f"{mistake.field}: {_way(mistake.right, mistake.read)}"


def _way(right: str, read: str) -> str:
    if not read:
        return "nothing read"
    if len(right) == len(read):
        changed = [old for old, new in zip(right, read, strict=True) if old != new]
        if any(han(each) and not common(each) for each in changed):
            return "a rare character misread"
        return "a character misread" if len(changed) == 1 else "characters misread"
    if len(read) < len(right):
        if right.endswith(read):
            return "its beginning missed"
        return "its end missed" if right.startswith(read) else "characters within missed"
    if read.endswith(right):
        return "something before it read"
    return "something after it read" if read.startswith(right) else "characters within too many"


# -- showing -----------------------------------------------------------------------------------------------------


def _print(console: Console, run: _Run) -> None:
    ours = run.columns[OURS].scores
    table = _table("exact, of all pictures", ("", "fields", "whole cards", "ID numbers"))
    for level in (*ours.levels, None):
        shares = [_percent(ours.share(kind, level)) for kind in ("field", "card", "id_number")]
        table.add_row(level or "all", *shares)
    console.print(table)
    console.print(
        f"wrong but sure: {ours.wrong_but_sure.right} of {ours.wrong_but_sure.of} fields;"
        f" sure: {_percent(ours.sure)}; {ours.pictures} pictures drawn in {run.drawing_seconds:.0f} s;"
        f" all of them p50 {ours.milliseconds(50):.0f} ms, p95 {ours.milliseconds(95):.0f} ms\n"
    )
    _print_peers(console, run)
    _print_profile(console, run)
    _print_mistakes(console, run)


def _print_peers(console: Console, run: _Run) -> None:
    columns = run.columns
    first = columns[OURS].on_shared if columns[OURS].on_shared.pictures else columns[OURS].scores
    shown = {name: each.on_shared if name != OURS else first for name, each in columns.items()}
    table = _table(f"beside the peers, {first.pictures} pictures", ("", *columns))
    for kind in ("field", "card"):
        for level in (*first.levels, None):
            row = [_percent(scores.share(kind, level)) for scores in shown.values()]
            table.add_row(f"{kind}s, {level or 'all'}", *row)
    names = dict.fromkeys(name for scores in shown.values() for name in scores.kinds)
    for name in names:
        table.add_row(name.replace("_", " "), *(_percent(scores.share(name)) for scores in shown.values()))
    for percentile in (50, 95):
        cells = []
        for scores in shown.values():
            took = scores.milliseconds(percentile)
            cells.append(
                f"{took:.0f} ms" + ("" if scores is first else f" (x {took / first.milliseconds(percentile):.1f})")
            )
        table.add_row(f"p{percentile}", *cells)
    cpu = [statistics.fmean(each.cpu_seconds) * 1000 if each.cpu_seconds else 0.0 for each in columns.values()]
    table.add_row("processor, mean", *(f"{each:.0f} ms" for each in cpu))
    table.add_row("memory at most", *(f"{each.peak_mb:.0f} MB" for each in columns.values()))
    table.add_row("start", *(f"{each.start_seconds:.1f} s" for each in columns.values()))
    console.print(table)
    console.print()


def _print_profile(console: Console, run: _Run) -> None:
    pictures = run.columns[OURS].scores.pictures
    table = _table("where our time goes, of all pictures", ("", "mean ms", "share", "calls a picture"))
    total = sum(map(sum, run.ms.values()))
    for part, took in run.ms.items():
        calls = f"{sum(run.calls[part]) / pictures:.1f}" if part in run.calls else ""
        table.add_row(part, f"{sum(took) / pictures:.1f}", f"{sum(took) / total:.0%}", calls)
    table.add_row("all", f"{total / pictures:.1f}")
    console.print(table)
    console.print("The floor is the line of the recogniser: what it takes by itself on the lines that were cut out.\n")


def _print_mistakes(console: Console, run: _Run) -> None:
    mistakes = run.columns[OURS].scores.mistakes
    by_cause = Counter(map(cause, mistakes))
    table = _table(f"{len(mistakes)} mistakes, by cause", ("", "how often", "sure of it", "where"))
    for name, often in by_cause.most_common(_CAUSES_SHOWN):
        these = [each for each in mistakes if cause(each) == name]
        effects = Counter(effect for each in these for effect in run.effects[each.picture])
        where = ", ".join(f"{effect} {number}" for effect, number in effects.most_common(4))
        table.add_row(name, str(often), str(sum(each.sure for each in these)), where)
    console.print(table)
    for each in mistakes[:_MISTAKES_SHOWN]:
        sure = "  (and sure of it)" if each.sure else ""
        effects_here = ", ".join(run.effects[each.picture])
        console.print(
            f"{each.picture} [{effects_here}]: {each.field}: {each.right} read as {each.read or 'nothing'}{sure}",
            markup=False,
        )
    if len(mistakes) > _MISTAKES_SHOWN:
        console.print(f"... and {len(mistakes) - _MISTAKES_SHOWN} more; --report FILE has them all")


def _figures(run: _Run) -> dict[str, object]:
    def told(scores: Scores) -> dict[str, object]:
        kinds = ("field", "card", *scores.kinds)
        return {
            "pictures": scores.pictures,
            "exact": {
                kind: {level or "all": [share.right, share.of] for level in (*scores.levels, None)
                       if (share := scores.share(kind, level)).of}
                for kind in kinds
            },
            "wrong_but_sure": [scores.wrong_but_sure.right, scores.wrong_but_sure.of],
            "p50_ms": scores.milliseconds(50),
            "p95_ms": scores.milliseconds(95),
            "mistakes": [vars(each) for each in scores.mistakes],
        }  # fmt: skip

    return {
        "all": told(run.columns[OURS].scores),
        "shared": {name: told(each.on_shared) for name, each in run.columns.items()},
        "cpu_ms": {name: [round(s * 1000) for s in each.cpu_seconds] for name, each in run.columns.items()},
        "peak_mb": {name: round(each.peak_mb, 1) for name, each in run.columns.items()},
        "mean_ms": {part: sum(took) / run.columns[OURS].scores.pictures for part, took in run.ms.items()},
    }


def _table(title: str, heads: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for head in heads:
        table.add_column(head, justify="right" if head and head != "where" else "left")
    return table


def _percent(share: Share) -> str:
    return f"{share.value:.2%} of {share.of}"
