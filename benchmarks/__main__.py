"""`./run bench [NAME...]`: run the benchmarks and print a table each; the last column compares with the first line.

`./run bench replug`, `ocr`, `ocr-worker`, `queue-board`, `queue-first-day`, `queue-kiosk`, `queue-server` and
`queue-waits` are by themselves (bench_replug.py, bench_ocr.py, bench_ocr_worker.py, bench_queue_board.py,
queue_first_day.py, bench_queue_kiosk.py, bench_queue_server.py, queue_waits.py): they take one to twenty minutes.
"""

import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from benchmarks import (
    bench_devices,
    bench_journal,
    bench_ocr,
    bench_ocr_worker,
    bench_protocol,
    bench_queue,
    bench_queue_board,
    bench_queue_kiosk,
    bench_queue_server,
    bench_receipt,
    bench_reconcile,
    bench_replug,
    queue_first_day,
    queue_waits,
)
from benchmarks.measure import Figure

BENCHMARKS: dict[str, Callable[[], list[Figure]]] = {
    "journal": bench_journal.run,
    "protocol": bench_protocol.run,
    "queue": bench_queue.run,
    "receipt": bench_receipt.run,
    "reconcile": bench_reconcile.run,
}

WITH_LIMITS: dict[str, Callable[[], int]] = {"devices": bench_devices.main}
"""They print their own table and return 1 where a limit is broken."""

BY_THEMSELVES: dict[str, Callable[[list[str]], int]] = {
    "replug": bench_replug.main,
    "ocr": bench_ocr.main,
    "ocr-worker": bench_ocr_worker.main,
    "queue-kiosk": bench_queue_kiosk.main,
    "queue-server": bench_queue_server.main,
    "queue-board": bench_queue_board.main,
    "queue-first-day": queue_first_day.main,
    "queue-waits": queue_waits.main,
}
"""They take arguments of their own, and long."""


def main(names: list[str]) -> int:
    """Run the named benchmarks, all but those by themselves without a name; return the exit code."""
    if names and names[0] in BY_THEMSELVES:
        return BY_THEMSELVES[names[0]](names[1:])
    unknown = [name for name in names if name not in {*BENCHMARKS, *WITH_LIMITS}]
    if unknown:
        print(
            f"no benchmark {unknown[0]}; there are {', '.join([*BENCHMARKS, *WITH_LIMITS, *BY_THEMSELVES])}",
            file=sys.stderr,
        )
        return 2
    console = Console(highlight=False)
    broken = 0
    for name in names or [*BENCHMARKS, *WITH_LIMITS]:
        if name in WITH_LIMITS:
            broken |= WITH_LIMITS[name]()
            continue
        figures = BENCHMARKS[name]()
        table = Table("what", "p50 us", "p95 us", "x", title=name, box=None, pad_edge=False, title_justify="left")
        for column in table.columns[1:]:
            column.justify = "right"
        for figure in figures:
            ratio = f"{figure.p50_us / figures[0].p50_us:.2f}"
            table.add_row(figure.name, f"{figure.p50_us:,.1f}", f"{figure.p95_us:,.1f}", ratio)
        console.print(table)
        console.print()
    return broken


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
