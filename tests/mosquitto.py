"""A real MQTT broker for tests: Debian's mosquitto at a free port of this machine, with TLS and a password."""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from device_sim.kept_port import KeptPort
from openteller.demo_certificates import make_demo_certificates

HEADQUARTERS = "headquarters"
PASSWORD = "a long and secret word"
_BEGIN_S = 120

_CONFIGURATION = """\
listener {port} 127.0.0.1
certfile {certificate}
keyfile {key}
user root
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/rights
persistence true
persistence_location {folder}/
autosave_interval 1
log_dest file {folder}/log
"""


# As docs/queue/headquarters.md has them.
_RIGHTS = """\
user headquarters
topic read openteller/queue/+/entries
topic write openteller/queue/+/have

pattern write openteller/queue/%u/entries
pattern read openteller/queue/%u/have
"""


@dataclass
class Mosquitto:
    """A broker in `folder` that may be killed and begun again; `ca` trusts it."""

    folder: Path
    port: int
    ca: Path
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"mqtts://127.0.0.1:{self.port}"

    def login(self, user: str) -> Path:
        """Return the file by which `user` is known."""
        return self.folder / f"login of {user}"

    def begin(self) -> None:
        """Run it, and wait until it listens."""
        self._process = subprocess.Popen(["mosquitto", "-c", str(self.folder / "mosquitto.conf")])
        trust = ssl.create_default_context(cafile=self.ca)
        until = time.monotonic() + _BEGIN_S
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as plain:
                    trust.wrap_socket(plain, server_hostname="127.0.0.1").close()
                    return
            except OSError:
                assert time.monotonic() < until, (self.folder / "log").read_text()
                time.sleep(0.02)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)
            self._process = None


@contextmanager
def mosquitto(folder: Path, *branches: str) -> Iterator[Mosquitto]:
    """Run a broker that knows headquarters and `branches`, its files in `folder`; skip the test where there is none."""
    if shutil.which("mosquitto") is None or shutil.which("mosquitto_passwd") is None:
        pytest.skip("mosquitto is not installed (Debian: mosquitto)")
    folder.mkdir()
    made = make_demo_certificates(folder / "certificates", datetime.now(UTC))
    passwords, rights = folder / "passwords", folder / "rights"
    passwords.write_text("".join(f"{user}:{PASSWORD}\n" for user in (HEADQUARTERS, *branches)), encoding="utf-8")
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
    rights.write_text(_RIGHTS, encoding="utf-8")
    for file in (passwords, rights):
        file.chmod(0o600)
    with KeptPort() as port:  # else another program is given it while the broker is dead
        (folder / "mosquitto.conf").write_text(
            _CONFIGURATION.format(
                port=port.number, certificate=made.server_certificate, key=made.server_key, folder=folder
            ),
            encoding="utf-8",
        )
        broker = Mosquitto(folder, port.number, made.ca)
        for user in (HEADQUARTERS, *branches):
            broker.login(user).write_text(f"{user}\n{PASSWORD}\n", encoding="utf-8")
            broker.login(user).chmod(0o600)
        try:
            broker.begin()
            yield broker
        finally:
            broker.kill()
