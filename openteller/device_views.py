"""Devices as a technician reads them in a terminal of 80 columns."""

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from kiosk_core.technician_questions import DeviceDetail, DeviceReport, Devices, TestReport
from openteller.remedies import remedies

_ROOM = {
    "full": "retain bin has room",
    "low": "retain bin nearly full",
    "out": "retain bin is full",
    "unknown": "retain bin unknown",
}


def in_service(device: DeviceReport) -> bool:
    """Return whether the device can do its work now."""
    return device.state == "online" and not device.faults


def remarks(device: DeviceReport) -> str:
    """Return faults, supplies, media and detail in one line."""
    parts = [fault.replace("_", " ") for fault in device.faults]
    parts += _supplies(device)
    if device.media is not None:
        parts.append(f"media {device.media}")
    if device.detail:
        parts.append(device.detail)
    return ", ".join(dict.fromkeys(parts))  # a printer says "paper out" twice


def _supplies(device: DeviceReport) -> list[str]:
    """Return the supplies in words; "retain_bin full" would be read the wrong way round, it is room that is left."""
    return [
        _ROOM[amount] if name == "retain_bin" else f"{name.replace('_', ' ')} {amount}"
        for name, amount in device.supplies.items()
    ]


def device_list(devices: Devices) -> Table:
    """Return all devices: state, since when, how they are, where they are."""
    table = Table("device", "state", "since", "how it is", box=None, pad_edge=False)
    for column in table.columns[:3]:
        column.no_wrap = True
    for device in devices.devices:
        where = f"[dim]{escape(device.model)} on {escape(device.port)}[/]"
        said = escape(remarks(device))
        table.add_row(device.name, _state(device), device.since[11:19], f"{said}\n{where}" if said else where)
    return table


def device_detail(detail: DeviceDetail) -> RenderableType:
    """Return everything of one device: state, what to do, identity, supplies, counters."""
    device = detail.report
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    rows: list[tuple[str, str]] = [
        ("state", _state(device)),
        ("since", device.since.replace("T", " ")),
    ]
    rows += [("to do", f"[yellow]{escape(line)}[/]") for line in remedies(device.state, device.faults)]
    identity = " ".join(each for each in (detail.identity, detail.firmware) if each)
    rows += [
        ("supplies", ", ".join(_supplies(device))),
        ("media", device.media or ""),
        ("detail", escape(device.detail)),
        ("model", escape(device.model)),
        ("port", escape(device.port)),
        ("it says", escape(identity)),
        ("serial", escape(detail.serial)),
        ("bytes", f"{device.bytes_sent:,} sent, {device.bytes_received:,} received since the core started"),
        ("counted", _counted(device.counters)),
    ]
    for name, value in rows:
        if value:
            table.add_row(name, value)
    return Group(f"[bold]{device.name}[/]", table)


def test_result(report: TestReport) -> RenderableType:
    """Return PASS or FAIL, and what was found."""
    device = report.report
    verdict = "[green]PASS[/]" if report.passed else "[red]FAIL[/]"
    lines = [f"{verdict}  {device.name}  {report.seconds:.1f} s"]
    if report.problem:
        lines.append(f"      {escape(report.problem)}")
    else:
        lines += [f"      {escape(line)}" for line in (remarks(device),) if line]
        lines += [f"      [yellow]{escape(line)}[/]" for line in remedies(device.state, device.faults)]
    return Group(*lines)


def _state(device: DeviceReport) -> str:
    return f"[{'green' if in_service(device) else 'red'}]{device.state}[/]"


def _counted(counters: Mapping[str, int]) -> str:
    words = [f"{name.replace('_', ' ')} {count:,}" for name, count in counters.items() if not name.startswith("bytes_")]
    return ", ".join(words)
