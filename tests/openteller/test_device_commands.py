"""`openteller devices` as a technician types it, at the running core of a whole simulated terminal."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from kiosk_core.clock import Clock
from kiosk_core.technician_questions import DeviceReport, Devices
from kiosk_core.trace import What, parse_trace
from openteller import device_commands
from openteller.demo import CARD, write_configuration
from openteller.monitor import Sample, samples, table, watch_lines
from openteller.trace_view import TraceView
from tests.clocks import SetClock
from tests.openteller.branch import Branch
from tests.patience import PATIENCE_S


@pytest.fixture(scope="module")
def branch() -> Iterator[Branch]:
    branch = Branch()
    branch.start_core()
    with branch.customer() as customer:
        customer.see("menu", lambda page: page.items[0].unavailable is None)
    yield branch
    branch.close()


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")


def devices(*words: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(device_commands.app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert all(len(line) <= 80 for line in result.stdout.splitlines()) or "--json" in words, result.stdout
    return result.exit_code, result.stdout, result.stderr


def wait_for(branch: Branch, fits: Callable[[Any], bool]) -> None:
    """Wait until the printer's status, asked all the time, fits."""
    until = time.monotonic() + PATIENCE_S
    while not fits(json.loads(devices("status", "receipt_printer", branch.config_file, "--json")[1])):
        assert time.monotonic() < until
        time.sleep(0.05)


ALL = ["top_up_module", "receipt_printer", "card_reader", "id_card_reader", "pin_pad", "camera", "barcode_scanner"]


def list_when_all_are_online(branch: Branch) -> str:
    until = time.monotonic() + PATIENCE_S
    while True:
        code, out, _ = devices("list", branch.config_file)
        if code == 0:
            return out
        assert time.monotonic() < until, out
        time.sleep(0.05)


def test_devices_in_service_are_listed_with_exit_code_0(branch: Branch) -> None:
    out = list_when_all_are_online(branch)
    assert out.split()[:6] == ["device", "state", "since", "how", "it", "is"]
    assert "top_up_module    online" in out
    assert [each["name"] for each in json.loads(devices("list", branch.config_file, "--json")[1])] == ALL


def test_one_device_is_shown_with_what_it_says_it_is_and_what_was_counted(branch: Branch) -> None:
    wait_for(branch, lambda status: status["firmware"] and status["report"]["counters"])
    code, out, _ = devices("status", "receipt_printer", branch.config_file)
    assert code == 0
    for piece in ("state     online", "supplies  paper full", "it says   OpenTeller SIM-80 1.00", "exchanges"):
        assert piece in out, out


def test_a_fault_comes_with_what_to_do_and_exit_code_1(branch: Branch) -> None:
    branch.sim.strike("receipt_printer", "paper_out")
    try:
        wait_for(branch, lambda status: status["report"]["state"] == "userError")
        code, out, _ = devices("status", "receipt_printer", branch.config_file)
        assert code == 1
        assert "put a new roll in" in out
        assert devices("list", branch.config_file)[0] == 1
        code, out, _ = devices("test", "receipt_printer", branch.config_file)
        assert (code, out.split()[:2]) == (1, ["FAIL", "receipt_printer"])
    finally:
        branch.sim.mend("receipt_printer", "paper_out")
        wait_for(branch, lambda status: status["report"]["state"] == "online")


def test_a_device_that_works_passes_its_test(branch: Branch) -> None:
    code, out, _ = devices("test", "receipt_printer", branch.config_file)
    assert (code, out.split()[:2]) == (0, ["PASS", "receipt_printer"])
    code, out, _ = devices("test", "top_up_module", branch.config_file, "--json")
    assert (code, json.loads(out)["passed"]) == (0, True)


@pytest.mark.slow
def test_nothing_is_tested_while_a_customer_is_served_and_his_card_is_in_no_trace(
    branch: Branch, tmp_path: Path
) -> None:
    with branch.customer() as customer:
        customer.choose_service()
        code, out, error = devices("test", "top_up_module", branch.config_file)
        assert (code, out) == (2, "")
        assert error == "a customer is being served; try again when the home page is back\n"
        branch.sim.place_card(CARD)
        customer.choose_amount()
        customer.see("payment")
        branch.sim.pay()
        customer.see("result")
        branch.sim.take_receipt()
        branch.sim.take_card()
        customer.see("menu")
    for name, chunk in (("top_up_module", "6f"), ("receipt_printer", "1b40")):
        file = tmp_path / f"{name}.jsonl"
        code, out, _ = devices("trace", name, branch.config_file, "--out", file)
        assert code == 0
        trace = parse_trace(file.read_text().splitlines())
        assert out.startswith(f"{len(trace.records)} records in")
        assert any(each.what is What.OUT and each.octets.data.hex().startswith(chunk) for each in trace.records)
        kept = b"".join(each.octets.data for each in trace.records)
        for number in (b"3104870000012345678", bytes.fromhex("3104870000012345678F"), b"10000012345678"):
            assert number[4:] not in kept


def test_a_trace_is_read_with_its_meaning(branch: Branch) -> None:
    devices("test", "receipt_printer", branch.config_file)
    code, out, _ = devices("trace", "receipt_printer", "--last", "8", branch.config_file)
    assert code == 0
    assert re.search(r"^ +[0-9.]+ > 10 04 04 {29}ask status: kind paper$", out, re.MULTILINE), out
    code, out, _ = devices("trace", "receipt_printer", "--last", "3", "--json", branch.config_file)
    lines = out.splitlines()
    assert (len(lines), json.loads(lines[0])["device"]) == (4, "receipt_printer")


def test_a_monitor_without_a_terminal_writes_a_line_a_change(branch: Branch) -> None:
    list_when_all_are_online(branch)
    code, out, _ = devices("monitor", branch.config_file, "--interval", "0.1", "--for", "0.25")
    assert code == 0
    assert [line.split()[1:3] for line in out.splitlines()][: len(ALL)] == [[name, "online"] for name in ALL]


@pytest.mark.parametrize("command", ["status", "test", "trace"])
def test_a_name_that_no_device_has_is_answered_with_those_there_are(branch: Branch, command: str) -> None:
    code, out, error = devices(command, "kettle", branch.config_file)
    assert (code, out) == (1, "")
    assert error == f'there is no device "kettle"; there are {", ".join(ALL)}\n'
    code, _, error = devices(command, branch.config_file)
    assert code == 1
    assert f"the device comes first: openteller devices {command} NAME" in error


@pytest.mark.parametrize("words", [["list"], ["status", "x"], ["test", "x"], ["trace", "x"], ["monitor"]])
def test_without_a_core_it_is_said_how_to_start_one(tmp_path: Path, words: list[str]) -> None:
    write_configuration(tmp_path, tmp_path, (1080, 1920))
    code, out, error = devices(*words, tmp_path / "kiosk.toml")
    assert (code, out) == (1, "")
    assert error.startswith(f"no core answers on {tmp_path / 'core.sock'}: No such file or directory; start it with: ")
    code, _, error = devices(*words, tmp_path / "none.toml")
    assert (code, error) == (1, f"{tmp_path / 'none.toml'}: there is no such file\n")


def test_a_trace_file_that_cannot_be_written_is_a_sentence(branch: Branch, tmp_path: Path) -> None:
    code, _, error = devices("trace", "receipt_printer", branch.config_file, "--out", tmp_path)
    assert (code, error) == (1, f"{tmp_path}: Is a directory\n")


# -- the monitor ----------------------------------------------------------------------------------------------


def report(state: str = "online", sent: int = 0, **counters: int) -> Devices:
    return Devices(
        devices=(
            DeviceReport(
                name="card_reader",
                model="crt-591",
                port="/dev/ttyUSB0",
                state=state,
                since="",
                counters=counters,
                bytes_sent=sent,
            ),
        )
    )


@pytest.fixture
def clock() -> Clock:
    from datetime import UTC, datetime

    return SetClock(datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC))


def test_changes_are_lines_and_so_are_a_core_that_goes_and_one_that_comes(clock: Clock) -> None:
    seen = iter(
        [
            report(),
            report(sent=500, exchanges=9),
            report(resends=2),
            None,
            None,
            report("offline"),
        ]
    )
    lines: list[str] = []
    watch_lines(lines.append, samples(lambda: next(seen), clock, 1, 5))
    assert lines == [
        "10:15:30 card_reader online",
        "10:15:32 card_reader online (resends 2)",
        "10:15:33 no core answers",
        "10:15:35 the core is back",
        "10:15:35 card_reader offline",
    ]


def test_the_table_has_rates_since_the_sample_before_and_fits_80_columns() -> None:
    console = Console(width=80, record=True, no_color=True)
    with console.capture() as capture:
        console.print(table(Sample(report(sent=3_000, jams=1), 12.0, "10:15:32"), Sample(report(), 10.0, "10:15:30")))
        console.print(table(Sample(None, 13.0, "10:15:33"), None))
    text = capture.get()
    assert re.search(r"card_reader +online +1,500 +0 +1\b", text), text
    assert "no core answers" in text


# -- meanings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "what", "chunk", "meaning"),
    [
        ("crt591", What.OUT, "f20000034332 30 03 b3", "move: place hold"),
        ("crt591", What.IN, "06", "ACK"),
        ("crt591", What.IN, "f2 00 00 05 4e 32 30 31 30 03 b9", "failed: code 32 30, error jam"),
        ("crt310", What.OUT, "02 00 02 31 30 03 02", "ask status"),
        ("sdt", What.OUT, "AA AA AA 96 69 00 03 30 01 32", "read base"),
        ("sdt", What.IN, "AA AA AA 96 69 00 04 00 00 80 84", "find failed"),
        ("escpos", What.OUT, "1b 40 41 0a 42 0a", "initialize, 2 text, 2 line feed"),
        ("ccid", What.OUT, "6f 05000000 00 01 000000 00b095001e", "to card: READ BINARY 95 00"),
        ("ccid", What.IN, "80 02000000 00 01 000000 6a82", "from card: SW 6A82"),
        ("", What.IN, "00", ""),
    ],
)
def test_chunks_are_explained(family: str, what: What, chunk: str, meaning: str) -> None:
    from kiosk_core.trace import Octets, Record

    record = Record(1, 1.5, "d", what, Octets(bytes.fromhex(chunk)))
    lines = list(TraceView(family).lines(record))
    assert " ".join(" ".join(line[50:].split()) for line in lines).strip() == meaning
    assert all(len(line) <= 80 for line in lines)
