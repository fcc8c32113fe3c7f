"""`openteller queue webhook`: which programs the branch queue tells what happens, and at which hosts they may be."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from openteller.console import plain_errors, stop
from openteller.queue_folder import FolderOfQueue, folder_of_queue
from openteller.system_clock import SystemClock
from queue_display.webhooks.addresses import AddressRefused, checked_url, origin_named, origin_of
from queue_display.webhooks.messages import EVENTS
from queue_display.webhooks.registry import Endpoint, Registry

app = typer.Typer(
    no_args_is_help=True,
    help="Other programs that are told what happens; a running queue sees a change within seconds.",
)

_Host = Annotated[str, typer.Argument(metavar="HOST[:PORT]", help="With http:// before it: without TLS.")]


@app.callback()
def _webhook() -> None:
    """Other programs that are told what happens."""


@app.command(epilog="Example:  openteller queue webhook allow crm.bank.example")
def allow(host: _Host, data: FolderOfQueue = None) -> None:
    """Let webhooks be at a host: the manager, too, may then add some there by the queue's server."""
    with _registry(data) as registry:
        origin = _named(origin_named, host)
        registry.allow(origin)
        typer.echo(f"Webhooks may be at {origin}.")


@app.command()
def forbid(host: _Host, data: FolderOfQueue = None) -> None:
    """Let nothing go to a host any more."""
    with _registry(data) as registry:
        origin = _named(origin_named, host)
        if not registry.forbid(origin):
            stop(f"{origin} was not allowed; allowed are: {', '.join(registry.allowed()) or 'none'}")


@app.command(epilog="Example:  openteller queue webhook add https://crm.bank.example/queue --events called,finished")
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Its host must have been allowed.")],
    events: Annotated[str, typer.Option(metavar="A,B", help=f"Of {', '.join(EVENTS)}; none: all.")] = "",
    data: FolderOfQueue = None,
) -> None:
    """Let a program be told from now on, and print the secret that signs what it is told; it is shown this once."""
    names = [name.strip() for name in events.split(",") if name.strip()]
    unknown = [name for name in names if name not in EVENTS]
    if unknown:
        stop(f"there is no event {unknown[0]}; there are {', '.join(EVENTS)}")
    with _registry(data) as registry:
        origin = _named(origin_of, url)
        if origin not in registry.allowed():
            stop(f"nothing may be sent to {origin} yet: openteller queue webhook allow {origin}")
        typer.echo(registry.add(_named(checked_url, url), names, SystemClock().wall().timestamp()).secret)


@app.command(name="list")
def list_(data: FolderOfQueue = None) -> None:
    """Say who is told what, and why somebody is not."""
    with _registry(data) as registry:
        allowed = registry.allowed()
        typer.echo(f"Allowed hosts: {', '.join(allowed) or 'none'}")
        for each in registry.endpoints():
            events = ", ".join(sorted(each.events)) or "all events"
            told = "told from now on" if each.delivered is None else f"told up to entry {each.delivered}"
            typer.echo(f"{each.id}  {each.url}\n          {events}; {told}; {_state(each, allowed)}")


@app.command()
def remove(webhook: Annotated[str, typer.Argument(metavar="ID")], data: FolderOfQueue = None) -> None:
    """Let a program be told no more."""
    with _registry(data) as registry:
        if not registry.remove(webhook):
            _no_such(registry, webhook)


@app.command()
def enable(
    webhook: Annotated[str, typer.Argument(metavar="ID")],
    skip: Annotated[
        bool, typer.Option("--skip", help="Drop what it has missed: tell it what comes from now on.")
    ] = False,
    data: FolderOfQueue = None,
) -> None:
    """Let a program be told at once, from where it stood: after it was disabled, or instead of a long pause."""
    with _registry(data) as registry:
        if not registry.enable(webhook, skip=skip):
            _no_such(registry, webhook)


def _state(endpoint: Endpoint, allowed: tuple[str, ...]) -> str:
    if endpoint.origin not in allowed:
        return "its host is not allowed"
    if endpoint.failing_since is None:
        return "going"
    since = datetime.fromtimestamp(endpoint.failing_since).astimezone().isoformat(" ", "minutes")
    return f"{'failing' if endpoint.enabled else 'disabled; failing'} since {since}: {endpoint.reason}"


def _no_such(registry: Registry, webhook: str) -> None:
    those = ", ".join(each.id for each in registry.endpoints()) or "none"
    stop(f"there is no webhook {webhook}; there are: {those}")


def _named(read: Callable[[str], str], text: str) -> str:
    try:
        return read(text)
    except AddressRefused as refused:
        stop(refused.sentence.en)


@contextmanager
def _registry(data: Path | None) -> Iterator[Registry]:
    """Open the list of a queue that has run once."""
    with plain_errors(), closing(Registry(folder_of_queue(data))) as registry:
        yield registry
