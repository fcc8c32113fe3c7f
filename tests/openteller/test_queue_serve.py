"""`openteller queue serve` as whoever installs it sees it."""

import signal
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from benchmarks import queue_clients
from openteller.demo_certificates import make_demo_certificates
from openteller.queue_commands import app
from openteller.queue_folder import default_folder
from openteller.queue_policy import DEFAULT_POLICY
from openteller.queue_server import NoPublicUrl, Place, _listening, _urls
from tests.openteller.queue_clients import TICKET, Load, refusal, served, whole_log
from tests.patience import PATIENCE_S


def test_it_runs_without_configuration_and_goes_on_where_it_was(tmp_path: Path) -> None:
    with served(tmp_path / "queue") as queue:
        assert queue.client().did("customer", "/v1/tickets", TICKET, key="tap")["ticket"]["ticket"] == "A001"
        screen = queue.client().follow(0)
        assert [next(screen)["kind"] for _ in range(2)] == ["DayOpened", "Issued"]
        assert queue.end(signal.SIGTERM) == 0
        assert list(screen) == []
    with served(tmp_path / "queue") as queue:
        client = queue.client()
        assert client.did("customer", "/v1/tickets", TICKET, key="tap")["ticket"]["ticket"] == "A001"
        assert client.did("customer", "/v1/tickets", TICKET)["ticket"]["ticket"] == "A002"
        assert queue.end(signal.SIGINT) == 0


def test_what_cannot_begin_says_why_in_a_sentence(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(DEFAULT_POLICY.read_text(encoding="utf-8").replace("layer = 0", "layer = 99"), encoding="utf-8")
    line = policy.read_text(encoding="utf-8").split("\n").index("layer = 99") + 1
    wrong = f"{policy}:{line}: customer_class.green.layer: 99 is too large; the most is 9"
    assert wrong in refusal("--policy", str(policy), "--data", str(tmp_path / "a"))
    missing = str(tmp_path / "no.pem")
    assert f"{missing}: No such file" in refusal("--certificate", missing, "--data", str(tmp_path / "a"))
    assert "--key is for a certificate" in refusal("--key", str(policy), "--data", str(tmp_path / "a"))
    no_pem = refusal("--certificate", str(policy), "--key", str(policy), "--data", str(tmp_path / "a"))
    assert f"{policy} and {policy} must be a certificate and its key" in no_pem
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refusal("--port", str(port), "--data", str(tmp_path / "a"))
    assert f"port {port} is in use: stop the program that has it, or take another with --port" in said


def test_an_answer_waits_for_no_delayed_acknowledgement() -> None:
    """Asyncio sets TCP_NODELAY only on what it knows to be TCP."""
    with _listening(Place(port=0)) as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_links_on_tickets_begin_where_phones_find_the_queue() -> None:
    with _listening(Place(port=0)) as listening:
        own = f"http://127.0.0.1:{listening.getsockname()[1]}"
        assert _urls(Place(), listening) == (own, own)
        place = Place(public_url="https://queue.example.bank/branch/")
        assert _urls(place, listening) == (own, "https://queue.example.bank/branch")
        for url in (
            "queue.example.bank",
            "https://",
            "ftp://queue",
            "https://queue/?a=1",
            "https://q/#a",
            "https://a@q",
            "",
        ):
            with pytest.raises(NoPublicUrl, match=r"must be like https://queue\.example\.bank"):
                _urls(Place(public_url=url), listening)
    with _listening(Place("0.0.0.0", port=0)) as listening:
        assert "//0.0.0.0:" not in _urls(Place("0.0.0.0"), listening)[1]


def test_a_second_server_of_a_folder_is_refused(tmp_path: Path) -> None:
    with served(tmp_path):
        assert f"another program runs the queue in {tmp_path}" in refusal("--data", str(tmp_path), "--port", "0")


def test_with_a_certificate_it_speaks_tls_only(tmp_path: Path) -> None:
    made = make_demo_certificates(tmp_path / "certificates", datetime.now(UTC))
    options = ("--certificate", str(made.server_certificate), "--key", str(made.server_key))
    with queue_clients.served(tmp_path / "queue", *options) as queue:
        trust = ssl.create_default_context(cafile=made.ca)
        answer = httpx.get(
            f"https://127.0.0.1:{queue.port}/v1/health", verify=trust, trust_env=False, timeout=PATIENCE_S
        )
        assert answer.json() == {"works": True}
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{queue.port}/v1/health", trust_env=False, timeout=PATIENCE_S)


def test_data_lie_with_the_terminals_for_root_and_in_the_users_state_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert default_folder() == Path("/var/lib/openteller/queue")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert default_folder() == Path("/state/openteller/queue")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/clerk")
    assert default_folder() == Path("/home/clerk/.local/state/openteller/queue")


def test_tokens_are_made_and_withdrawn_while_the_queue_runs(tmp_path: Path) -> None:
    def token(*arguments: str) -> str:
        ended = CliRunner().invoke(app, ["token", *arguments, "--data", str(tmp_path)])
        return ended.output.strip() if ended.exit_code == 0 else f"refused: {ended.output.strip()}"

    with served(tmp_path) as queue:
        client = queue.client()
        client.tokens["1001"] = token("add", "teller", "1001")
        assert client.ask("1001", "GET", "/v1/windows")[0] == 200
        assert "teller     1001" in token("list")
        assert '"1001" has a token already' in token("add", "display", "1001")
        token("remove", "1001")
        assert client.ask("1001", "GET", "/v1/windows")[0] == 401
        assert 'there is no token of "1001"; there are those of customer, teller' in token("remove", "1001")
        assert client.ask("teller", "GET", "/v1/windows")[0] == 200


@pytest.mark.parametrize("words", [["list"], ["add", "teller", "1001"], ["remove", "1001"]])
def test_a_folder_without_a_queue_gets_no_tokens(tmp_path: Path, words: list[str]) -> None:
    ended = CliRunner().invoke(app, ["token", *words, "--data", str(tmp_path)])
    assert ended.exit_code == 1
    assert f"there is no queue in {tmp_path}: start it once with openteller queue serve" in ended.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "kills", [3, pytest.param(100, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])], ids=["few", "many"]
)
def test_a_queue_that_is_killed_under_load_loses_nothing_that_it_acknowledged(tmp_path: Path, kills: int) -> None:
    tickets: list[str] = []
    calls: list[str] = []
    for kill in range(kills):
        with served(tmp_path) as queue:
            client = queue.client()
            loads = []
            for window in ("1", "2", "3", "4"):
                if kill == 0:
                    client.did("teller", f"/v1/windows/{window}/sign-in", {"teller": f"100{window}"})
                loads.append(Load(queue, window))
            for load in loads:
                load.start()
            while sum(len(load.called) for load in loads) < 10 + kill % 7:
                loads[0].join(0.01)
            queue.end(signal.SIGKILL)
            for load in loads:
                load.join()
            tickets += [number for load in loads for number in load.issued]
            calls += [number for load in loads for number in load.called]
    with served(tmp_path) as queue:
        log = whole_log(queue)
    assert [event["number"] for event in log] == list(range(1, len(log) + 1))
    for acknowledged, kind in ((tickets, "Issued"), (calls, "Called")):
        logged = [event["ticket"] for event in log if event["kind"] == kind]
        assert len(set(acknowledged)) == len(acknowledged)
        assert len(set(logged)) == len(logged)
        assert set(acknowledged) <= set(logged)
