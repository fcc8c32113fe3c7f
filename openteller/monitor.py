"""`openteller devices monitor`: all devices, live; a table on a terminal, a line a change elsewhere."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from rich.console import Console, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from kiosk_core.clock import Clock
from kiosk_core.technician_questions import DeviceReport, Devices
from openteller.device_views import in_service, remarks

Look = Callable[[], Devices | None]
"""Asks the core; None while there is none."""

_WORRIES = ("jams", "resends", "checksum_errors", "strays")


@dataclass(frozen=True)
class Sample:
    """One look: what there was to see (None: no core) and when, in seconds of the clock and as civil time."""

    devices: Devices | None
    at_s: float
    wall: str


def samples(look: Look, clock: Clock, interval_s: float, seconds: float | None) -> Iterator[Sample]:
    """Yield a sample every `interval_s`, for `seconds` or for ever."""
    begin = clock.now()
    while True:
        yield Sample(look(), clock.now(), f"{clock.wall():%H:%M:%S}")
        if seconds is not None and clock.now() - begin + interval_s > seconds:
            return
        clock.sleep(interval_s)


def watch_table(console: Console, seen: Iterator[Sample]) -> None:
    """Show a table that follows the samples."""
    before: Sample | None = None
    with Live(console=console, auto_refresh=False, transient=False) as live:
        for sample in seen:
            live.update(table(sample, before), refresh=True)
            before = sample if sample.devices is not None else before


def watch_lines(write: Callable[[str], None], seen: Iterator[Sample]) -> None:
    """Write a line for each device at the beginning and for every change, and when the core goes and comes."""
    known: dict[str, DeviceReport] = {}
    here = True
    for sample in seen:
        if sample.devices is None:
            if here:
                write(f"{sample.wall} no core answers")
            here = False
            continue
        if not here:
            write(f"{sample.wall} the core is back")
            here, known = True, {}
        for device in sample.devices.devices:
            before = known.get(device.name)
            known[device.name] = device
            if before is None or _condition(before) != _condition(device):
                write(f"{sample.wall} {change(device, before)}")


def change(device: DeviceReport, before: DeviceReport | None) -> str:
    """Return a line: device, state, how it is, and which counters of trouble have grown."""
    said = remarks(device)
    grown = [
        f"{name.replace('_', ' ')} {device.counters[name]}"
        for name in _WORRIES
        if before is not None and device.counters.get(name, 0) > before.counters.get(name, 0)
    ]
    return " ".join([device.name, device.state, *([said] if said else []), *(f"({each})" for each in grown)])


def table(sample: Sample, before: Sample | None) -> RenderableType:
    """Return the table of a sample; rates are per second since the sample before."""
    if sample.devices is None:
        return f"{sample.wall}  no core answers; waiting for it. Ctrl-C ends"
    view = Table(title=f"{sample.wall}  Ctrl-C ends", title_justify="left", title_style="dim", box=None, pad_edge=False)
    view.add_column("device", no_wrap=True)
    view.add_column("state", no_wrap=True)
    for name in ("out B/s", "in B/s", "cycles", "jams", "resent", "bad", "stray"):
        view.add_column(name, justify="right", no_wrap=True)
    then = {device.name: device for device in before.devices.devices} if before and before.devices else {}
    passed = sample.at_s - before.at_s if before else 0.0
    for device in sample.devices.devices:
        colour = "green" if in_service(device) else "red"
        counted = [
            str(device.counters.get(name, "")) for name in ("cycles", "jams", "resends", "checksum_errors", "strays")
        ]
        rates = _rates(device, then.get(device.name), passed)
        view.add_row(device.name, f"[{colour}]{device.state}[/]", *rates, *counted)
    for device in sample.devices.devices:
        said = remarks(device)
        if said and not in_service(device):
            view.caption = f"{view.caption or ''}{device.name}: {escape(said)}\n"
    view.caption_justify = "left"
    return view


def _rates(device: DeviceReport, before: DeviceReport | None, seconds: float) -> tuple[str, str]:
    if before is None or seconds <= 0:
        return "", ""
    sent = max(0, device.bytes_sent - before.bytes_sent)  # a core that was started again counts from 0
    received = max(0, device.bytes_received - before.bytes_received)
    return f"{sent / seconds:,.0f}", f"{received / seconds:,.0f}"


def _condition(device: DeviceReport) -> DeviceReport:
    """Return the report without what changes all the time."""
    trouble = {name: count for name, count in device.counters.items() if name in _WORRIES and count}
    return replace(device, since="", counters=trouble, bytes_sent=0, bytes_received=0)
