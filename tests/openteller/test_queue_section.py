"""`[queue]` in kiosk.toml: what is right, what is named, and what a core does not start without."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from kiosk_core.errors import ConfigError
from openteller.config import load_terminal, unreadable_files
from openteller.config_commands import app
from openteller.demo import write_configuration
from openteller.queue_link import QueueLink
from tests.clocks import RealClock

LOCAL = 'url = "http://127.0.0.1:8640"\ntoken_file = "token"\n'


@pytest.fixture
def kiosk(tmp_path: Path) -> Path:
    write_configuration(tmp_path, tmp_path, (1080, 1920))
    token = tmp_path / "token"
    token.write_text("a-token\n")
    token.chmod(0o600)
    return tmp_path / "kiosk.toml"


def with_queue(kiosk: Path, section: str) -> Path:
    with kiosk.open("a") as file:
        file.write(f"\n[queue]\n{section}")
    return kiosk


def refusal(kiosk: Path) -> ConfigError:
    with pytest.raises(ConfigError) as refused:
        load_terminal(kiosk)
    return refused.value


def test_its_files_are_found_beside_the_configuration(kiosk: Path) -> None:
    config = load_terminal(with_queue(kiosk, LOCAL + 'appointments = "day.csv"\n'))
    assert config.queue is not None
    assert (config.queue.token_file, config.queue.appointments) == (kiosk.parent / "token", kiosk.parent / "day.csv")
    assert unreadable_files(config.host, config.queue) == ()


@pytest.mark.parametrize(
    "url",
    ["https://queue.branch.example:8640", "https://198.51.100.7", "http://localhost:8640/", "http://[::1]:8640"],
)
def test_an_address_that_nobody_can_listen_to_is_taken(kiosk: Path, url: str) -> None:
    assert load_terminal(with_queue(kiosk, LOCAL.replace("http://127.0.0.1:8640", url))).queue is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://queue.branch.example:8640",  # whoever listens could take tickets
        "http://127.0.0.1.example",
        "https://user:password@queue.branch.example",
        "https://queue.branch.example/v1",
        "https://queue.branch.example?token=1",
        "queue.branch.example",
        "",
    ],
)
def test_any_other_address_is_refused_by_its_key(kiosk: Path, url: str) -> None:
    error = refusal(with_queue(kiosk, LOCAL.replace("http://127.0.0.1:8640", url)))
    assert error.key == "queue.url"
    assert "is no address of a queue: https://HOST:PORT" in error.problem


def test_an_unknown_key_and_a_missing_one_are_named(kiosk: Path) -> None:
    error = refusal(with_queue(kiosk, 'url = "https://q.example"\ntoken = "secret"\n'))
    assert {each.key for each in error.all} == {"queue.token", "queue.token_file"}
    assert "secret" not in str(error)


def test_a_token_that_others_may_read_is_named_by_the_check(kiosk: Path) -> None:
    (kiosk.parent / "token").chmod(0o640)
    ended = CliRunner().invoke(app, ["check", str(with_queue(kiosk, LOCAL))])
    assert ended.exit_code == 0  # the terminal may be another machine
    assert "queue.token_file: others may read" in ended.stdout
    assert "chmod 600" in ended.stdout


def test_appointments_that_are_wrong_are_named_by_their_line(kiosk: Path) -> None:
    kiosk = with_queue(kiosk, LOCAL + 'appointments = "day.csv"\n')
    assert CliRunner().invoke(app, ["check", str(kiosk)]).exit_code == 0  # they come in the morning
    day = kiosk.parent / "day.csv"
    day.write_text("code,service,slot,customer_class\n123456,simple,2026-11-22 10:30,\n")
    assert "day.csv: 1 appointments" in CliRunner().invoke(app, ["check", str(kiosk)]).stdout.replace("\n", "")
    day.write_text("code,service,slot,customer_class\n123456,simple,noon,\n")
    ended = CliRunner().invoke(app, ["check", str(kiosk)])
    assert ended.exit_code == 1
    assert "day.csv:2: slot:" in ended.stderr


def test_files_that_are_not_there_are_named_by_the_check(kiosk: Path) -> None:
    text = LOCAL.replace('"token"', '"none"') + 'ca_file = "no.pem"\n'
    ended = CliRunner().invoke(app, ["check", str(with_queue(kiosk, text))])
    assert "queue.token_file:" in ended.stdout
    assert "queue.ca_file:" in ended.stdout


@pytest.mark.parametrize("token", ["", "two words", "täken", "a" * 201])
def test_a_token_that_is_none_stops_the_core(kiosk: Path, token: str) -> None:
    (kiosk.parent / "token").write_text(token)
    section = load_terminal(with_queue(kiosk, LOCAL)).queue
    assert section is not None
    with pytest.raises(ConfigError, match="holds no token") as refused:
        QueueLink(str(kiosk), section, RealClock())
    assert not token or token not in str(refused.value)


def test_a_certificate_that_is_none_stops_the_core(kiosk: Path) -> None:
    (kiosk.parent / "ca.pem").write_text("no certificate")
    text = LOCAL.replace("http://127.0.0.1:8640", "https://q.example") + 'ca_file = "ca.pem"\n'
    section = load_terminal(with_queue(kiosk, text)).queue
    assert section is not None
    with pytest.raises(ConfigError, match=r"ca\.pem"):
        QueueLink(str(kiosk), section, RealClock())
