"""Branches and headquarters as processes, with a real broker between them; any of them is killed at random."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks.queue_clients import ROOT, Served
from benchmarks.queue_clients import served as serving
from openteller.queue_broker import BrokerAt, BrokerUnusable, check_broker, line_to
from openteller.queue_commands import app
from queue_display.headquarters.keeping import News, Standing
from queue_display.headquarters.messages import BareEntry, bare, entries_topic, have_topic
from queue_display.headquarters.store import SqliteHeadquarters
from queue_display.store import QueueStore
from tests.mosquitto import HEADQUARTERS, Mosquitto, mosquitto
from tests.openteller.queue_clients import Client
from tests.queue_display.test_views import a_day

TICKET = {"services": ["simple"], "customer_class": "ordinary", "notes": "张三 13800138000"}
BRANCHES = ("0012", "天河 2")


@contextmanager
def headquarters(broker: Mosquitto, database: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run headquarters until the block ends, then kill it."""
    command = [sys.executable, "-m", "openteller", "queue", "headquarters", "serve", "--broker", broker.url]
    command += ["--ca", str(broker.ca), "--login", str(broker.login(HEADQUARTERS)), "--database", str(database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "Headquarters follows the branches.\n"
            yield process
        finally:
            process.kill()


def options(broker: Mosquitto, branch: str) -> tuple[str, ...]:
    login = str(broker.login(branch))
    to = ("--headquarters", broker.url, "--headquarters-ca", str(broker.ca), "--headquarters-login", login)
    return (*to, "--branch", branch)


class World:
    """A broker, headquarters and branches, each of which may be killed and begun again."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        self.database = folder / "headquarters" / "queues.db"
        self._folder = folder
        self._broker = broker
        self._stacks: dict[str, ExitStack] = {}
        self.branches: dict[str, Served] = {}

    def begin(self, name: str) -> None:
        stack = ExitStack()
        if name == "broker":
            self._broker.begin()
            stack.callback(self._broker.kill)
        elif name == "headquarters":
            stack.enter_context(headquarters(self._broker, self.database))
        else:
            self.branches[name] = stack.enter_context(serving(self.folder_of(name), *options(self._broker, name)))
        self._stacks[name] = stack

    def kill(self, name: str) -> None:
        self.branches.pop(name, None)
        self._stacks.pop(name).close()

    def end(self) -> None:
        for name in list(self._stacks):
            self.kill(name)

    def folder_of(self, branch: str) -> Path:
        return self._folder / branch

    def work(self, rng: random.Random) -> None:
        """Let something happen in the branches that are there."""
        for served in self.branches.values():
            client = Client(served)
            for _ in range(rng.randrange(1, 30)):
                client.did("customer", "/v1/tickets", TICKET)
            client.close()

    def outbox(self, branch: str) -> dict[str, Any]:
        client = Client(self.branches[branch])
        outboxes = client.ask("technician", "GET", "/v1/status")[1]["outboxes"]
        client.close()
        return dict(outboxes[0])


def until(so: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_whoever_is_killed_headquarters_has_every_entry_once_in_the_end(tmp_path: Path) -> None:
    rng = random.Random(6)
    with mosquitto(tmp_path / "broker", *BRANCHES) as broker:
        broker.kill()
        world = World(tmp_path, broker)
        try:
            for name in BRANCHES:  # the broker comes last: nobody waits for it
                world.begin(name)
                assert world.outbox(name)["name"] == "headquarters"
            world.work(rng)
            for name in ("headquarters", "broker"):
                world.begin(name)
            for name in ("broker", "headquarters", "0012", "broker", "天河 2", "headquarters"):
                world.work(rng)
                time.sleep(rng.uniform(0, 1))
                world.kill(name)
                world.work(rng)
                world.begin(name)
            for name in world.branches:
                until(lambda name=name: (now := world.outbox(name))["state"] == "going" and now["waiting"] == 0)  # type: ignore[misc]
        finally:
            world.end()
    with closing(SqliteHeadquarters(world.database)) as copy:
        for name in BRANCHES:
            with QueueStore(world.folder_of(name)) as log:
                entries = [bare(entry) for entry in log.entries()]
            assert len(entries) > 30
            assert list(copy.entries(name)) == entries
            assert copy.standings()[name].behind_since is None
    assert b"13800138000" not in world.database.read_bytes()
    code, output = said("headquarters", "status", "天河 2", "--database", str(world.database))
    assert code == 0, output
    assert "天河 2" in output
    assert "simple" in output


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore:unclosed <ssl:ResourceWarning")  # paho leaves it to the garbage collector
def test_a_broker_that_is_not_trusted_or_does_not_know_us_is_told_as_that(tmp_path: Path) -> None:
    reasons: list[str] = []

    def tried(at: BrokerAt) -> str:
        reasons.clear()
        with line_to(at, "openteller/queue/x/have", lambda _, __: None, reasons.append):
            until(lambda: bool(reasons))
        return reasons[0]

    with mosquitto(tmp_path / "broker", "0012") as broker:
        login = broker.login("0012")
        assert tried(BrokerAt(broker.url, broker.ca, login)) == ""
        assert "CERTIFICATE_VERIFY_FAILED" in tried(BrokerAt(broker.url, None, login))
        assert "refuses: Not authorized" in tried(BrokerAt(broker.url, broker.ca, None))
        assert tried(BrokerAt(broker.url.replace("mqtts", "mqtt"), None, login)) != ""
    assert tried(BrokerAt(broker.url, broker.ca, login)).startswith("the broker cannot be reached: [Errno")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_branch_cannot_speak_for_another(tmp_path: Path) -> None:
    """By the rights that the documentation gives to Mosquitto."""
    heard: list[str] = []
    states: list[str] = []
    with (
        mosquitto(tmp_path / "broker", *BRANCHES) as broker,
        line_to(
            BrokerAt(broker.url, broker.ca, broker.login(HEADQUARTERS)),
            entries_topic("+"),
            lambda topic, _: heard.append(topic),
            states.append,
        ),
        line_to(
            BrokerAt(broker.url, broker.ca, broker.login("0012")), have_topic("0012"), lambda *_: None, states.append
        ) as branch,
    ):
        until(lambda: states == ["", ""])
        while entries_topic("0012") not in heard:  # a subscription may take a moment
            branch.publish(entries_topic("天河 2"), b"{}")
            branch.publish(entries_topic("0012"), b"{}")
            time.sleep(0.05)
    assert set(heard) == {entries_topic("0012")}


@pytest.mark.slow
def test_headquarters_ends_when_it_is_asked_to_and_is_alone_in_its_folder(tmp_path: Path) -> None:
    database = tmp_path / "headquarters" / "queues.db"
    with mosquitto(tmp_path / "broker") as broker, headquarters(broker, database) as process:
        other = CliRunner().invoke(app, ["headquarters", "serve", "--broker", broker.url, "--database", str(database)])
        assert other.exit_code == 1
        assert "one collects the branches' logs there" in other.output.replace("\n", " ")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("url", "login", "complaint"),
    [
        ("broker.bank.example", "u\np\n", "name the broker like mqtts://HOST"),
        ("http://broker.bank.example", "u\np\n", "name the broker like mqtts://HOST"),
        ("mqtts://", "u\np\n", "name the broker like mqtts://HOST"),
        ("mqtts://broker:99999", "u\np\n", "name the broker like mqtts://HOST"),
        ("mqtts://user:secret@broker", "u\np\n", "leave user and password out of the broker's URL"),
        ("mqtts://broker/path", "u\np\n", "name the broker like mqtts://HOST"),
        ("mqtts://broker", "u\n", "must have two lines"),
        ("mqtts://broker", "", "must have two lines"),
    ],
)
def test_a_broker_that_could_never_be_asked_is_told_at_once(
    tmp_path: Path, url: str, login: str, complaint: str
) -> None:
    path = tmp_path / "login"
    path.write_text(login, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(BrokerUnusable, match=complaint) as caught:
        check_broker(BrokerAt(url, None, path))
    assert "secret" not in str(caught.value)


def test_a_password_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "login"
    path.write_text("u\np\n", encoding="utf-8")
    path.chmod(0o644)
    with pytest.raises(BrokerUnusable, match="chmod 600"):
        check_broker(BrokerAt("mqtts://broker", None, path))
    path.chmod(0o600)
    check_broker(BrokerAt("mqtts://broker", None, path))


def said(*words: str) -> tuple[int, str]:
    ended = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    return ended.exit_code, ended.output


def test_status_says_of_each_branch_how_it_is_doing(tmp_path: Path) -> None:
    database = tmp_path / "queues.db"
    entries = tuple(map(bare, a_day().entries))
    then = datetime(2026, 1, 5, 12, tzinfo=UTC).timestamp()
    with closing(SqliteHeadquarters(database)) as copy:
        copy.keep(
            [
                News("0012", Standing(len(entries), "", entries[-1].at, len(entries) + 7, then, then), entries),
                News("0013", Standing(), ()),
                News("0014", Standing(), (BareEntry(1, 0.0, "Recalled", '{"ticket":"A001"}'),)),
            ]
        )
    code, output = said("headquarters", "status", "--database", str(database))
    assert code == 0, output
    heading, one, none, broken = output.splitlines()
    assert heading.split()[:4] == ["branch", "day", "waiting", "called"]
    assert one.split()[:4] == ["0012", "2026-11-23", "0", "2"]
    assert "7 since 2026-01-05" in one
    assert none.split()[0] == "0013"
    assert "never" in none
    assert "cannot be read: entry 1" in broken
    code, output = said("headquarters", "status", "0012", "--database", str(database))
    assert code == 0
    assert "simple (appointment)" in output
    assert "there is no branch 0099; there are: 0012, 0013, 0014" in said(
        "headquarters", "status", "0099", "--database", str(database)
    )[1].replace("\n", "")


def test_status_without_a_copy_says_what_to_start(tmp_path: Path) -> None:
    code, output = said("headquarters", "status", "--database", str(tmp_path / "no.db"))
    assert code == 1
    assert "start openteller queue headquarters serve" in output.replace("\n", " ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--headquarters", "mqtts://broker"], "--branch is for --database and --headquarters"),
        (["--headquarters", "mqtts://broker", "--branch", "a/b"], "a branch is named by 1 to 50 letters"),
        (["--headquarters", "mqtts:broker", "--branch", "12"], "name the broker like mqtts://HOST"),
        (
            ["--headquarters", "mqtts://broker", "--branch", "12", "--headquarters-login", "/nowhere/login"],
            "/nowhere/login: No such file",
        ),
    ],
)
def test_a_server_that_could_never_tell_headquarters_does_not_begin(
    tmp_path: Path, words: list[str], complaint: str
) -> None:
    code, output = said("serve", "--port", "0", "--data", str(tmp_path / "queue"), *words)
    assert code == 1
    assert complaint in output.replace("\n", " ")
