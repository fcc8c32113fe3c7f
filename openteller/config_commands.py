"""`openteller config`: what is wrong in configuration files, before a terminal starts with them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from kiosk_core.errors import ConfigError
from openteller.appointments import load_appointments
from openteller.console import report
from openteller.queue_policy import POLICY_NAME, load_policy
from openteller.service_files import RISK_NAME, load_risk, load_service, load_services
from openteller.system_clock import SystemClock
from openteller.voice_file import VOICE_NAME, load_voice

if TYPE_CHECKING:
    from kiosk_core.risk import Risk
    from openteller.config import TerminalConfig
    from openteller.voice_file import VoiceFile
    from queue_display.policy import Policy

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="Check configuration files.")


@app.callback()
def _config() -> None:
    """Check configuration files."""


@app.command(
    name="check",
    epilog="""
Examples:

openteller config check services/transit_top_up.toml

openteller config check services/risk.toml    (and its blacklists)

openteller config check config/kiosk.example.toml    (and its services and rules)

openteller config check policy.toml    (how a branch calls its customers)

openteller config check voice.toml    (how it says so)
""",
)
def check_command(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A terminal's, a service's, the rules' or the queue's file, or a folder of services.",
        ),
    ] = Path("services"),
) -> None:
    """Say what is wrong: file, line, key. Nothing is started and nothing is changed.

    Exits with 0 if all is right, with 1 if not. Certificates that are not on this machine are named, and are no
    mistake: the terminal may be another one.
    """
    try:
        findings = check(path)
        missing = () if path.is_dir() else _missing_here(path)
    except ConfigError as error:
        report(error)
        raise typer.Exit(1) from None
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        console.print(f"[green]ok[/]  {escape(finding)}")
    for finding in missing:
        console.print(f"[yellow]not here[/]  {escape(finding)}")


def check(path: Path) -> tuple[str, ...]:
    """Check a terminal's file with its services, a service's file, the rules, or a folder; return what was right.

    Raises:
        ConfigError: what is wrong, all of it.
    """
    from openteller.config import load_terminal  # noqa: PLC0415  (with it come all drivers)

    if path.is_dir():
        services = tuple(f"service {service.id}: {service.title.en}" for service in load_services(path))
        return (*services, *check(path / RISK_NAME))
    if path.name == RISK_NAME:
        return _rules(load_risk(path))
    if path.name == POLICY_NAME:
        return _policy(load_policy(path))
    if path.name == VOICE_NAME:
        return _voice(load_voice(path))
    if _is_service(path):
        service = load_service(path)
        return (f"service {service.id}: {service.title.en}",)
    config = load_terminal(path)
    kind = "simulated terminal" if config.terminal.simulated else "terminal"
    named = f"{kind} {config.terminal.number}: {config.terminal.branch.en}"
    return (named, *_appointments(config), *check(config.services.folder))


def _appointments(config: TerminalConfig) -> tuple[str, ...]:
    """Return how many appointments there are, where the file of today lies on this machine."""
    path = config.queue.appointments if config.queue is not None else None
    if path is None or not path.exists():
        return ()
    return (f"{path}: {len(load_appointments(path, SystemClock()))} appointments",)


def _missing_here(path: Path) -> tuple[str, ...]:
    """Return what a terminal's core would not start without, and is not on this machine."""
    from openteller.config import load_terminal, unreadable_files  # noqa: PLC0415

    if path.name in {RISK_NAME, POLICY_NAME, VOICE_NAME} or _is_service(path):
        return ()
    config = load_terminal(path)
    return tuple(
        f"{key}: {problem}; the core does not start without it"
        for key, problem in unreadable_files(config.host, config.queue)
    )


def _rules(risk: Risk) -> tuple[str, ...]:
    """Return the rules that there are, and what is easily forgotten of them."""
    names = ", ".join(f"{kind}.{name}" for kind, name, _ in risk.rules)
    if not names:
        return ("no rules: every load and every deposit is allowed",)
    identifying = (
        f"verification.{name}: nobody deposits more than {rule.above_yuan} yuan here, as deposits ask for no ID card"
        for name, rule in risk.verification.items()
        if rule.by == "id_card" and "account_deposit" in rule.services
    )
    return (f"rules {names}", *identifying)


def _voice(file: VoiceFile) -> tuple[str, ...]:
    """Return where and how often calls are said."""
    calls = file.announcements
    said = f"each call {calls.times} times in {', '.join(calls.languages)}"
    return (f"loudspeaker {file.voice.loudspeaker}: {said}",)


def _policy(policy: Policy) -> tuple[str, ...]:
    """Return by which rule who is called."""
    services = ", ".join(f"{each.series} {name}" for name, each in policy.service.items())
    layers = sorted((each.layer, name) for name, each in policy.customer_class.items())
    classes = ", ".join(f"{layer} {name}" for layer, name in layers)
    return (f"queue: rule {policy.rule.value}; series {services}; layers {classes}",)


def _is_service(path: Path) -> bool:
    """Whether `path` is meant as a service: it says what kind, or lies where services lie."""
    try:
        return "kind" in tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return path.parent.name == "services"
