"""A PostgreSQL of our own, for benchmarks and tests: a cluster in a folder that goes with it, by a Unix socket only."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

_PORT = 5432
_LONGEST_SOCKET = 107  # bytes of sun_path, unix(7)
_BEGIN_S = 120  # after a kill it reads its log again, and syncs it, beside whatever else uses the disk
_END_S = 120
_SETTINGS = (
    "listen_addresses=",
    "max_connections=60",
    "shared_buffers=32MB",
    "lc_messages=C",
)
# Who is called clerk needs a password; all others are who they say.
_WHO_MAY = "local all clerk scram-sha-256\nlocal all all trust\n"


class NotInstalled(Exception):
    """There is no PostgreSQL here, or what it takes to run it; the text says what."""


def programs() -> Path | None:
    """Return where initdb and postgres are, None where they are not; Debian keeps them out of PATH."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    debians = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    return debians[-1].parent if debians else None


@dataclass
class Cluster:
    """A running cluster; `folder` holds its socket."""

    folder: Path
    command: list[str]
    process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        self._names = (f"queue{number}" for number in count(1))

    def url(self, database: str = "postgres", user: str = "owner") -> str:
        """Return how the user names a database of it."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def run(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Let the owner run a statement; return what it gives."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def new_database(self, options: str = "") -> str:
        """Make an empty database; return its name."""
        name = next(self._names)
        self.run(f"CREATE DATABASE {name} {options}")
        return name

    def set(self, setting: str, value: str) -> None:
        """Change a setting of the whole cluster, and wait until it is in force."""
        self.run(f"ALTER SYSTEM SET {setting} = '{value}'")
        self.run("SELECT pg_reload_conf()")
        while self.run(f"SHOW {setting}") != [(value,)]:
            time.sleep(0.01)

    def start(self) -> None:
        """Let it run until the thread that calls this ends: that is what prctl(2) takes for a parent."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603  (Debian's own)
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )
        for _ in range(10 * _BEGIN_S):
            try:
                self.run("SELECT 1")
            except psycopg.OperationalError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
            else:
                return
            time.sleep(0.1)
        raise AssertionError("PostgreSQL does not begin")

    def kill(self) -> None:
        """Let it die as by a power cut: no process of it writes anything more."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)  # its immediate shutdown
            self.process.wait(_END_S)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Make a cluster and run it.

    Raises:
        NotInstalled: it cannot be had.
    """
    found = programs()
    if found is None:
        raise NotInstalled("PostgreSQL is not installed (Debian: postgresql)")
    if shutil.which("setpriv") is None:
        raise NotInstalled("setpriv of util-linux is missing: PostgreSQL could outlive its user")
    with tempfile.TemporaryDirectory(prefix="openteller-pg-", dir=_short_folder()) as name:
        folder = Path(name)
        # It dies with whoever runs it, however he ends; and it does not run as root.
        beginning = ["setpriv", "--pdeathsig", "QUIT"]
        if os.geteuid() == 0:
            owner = pwd.getpwnam(_somebody())
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            beginning += [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        data = folder / "data"
        making = [str(found / "initdb"), "-D", str(data), "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C"]
        made = subprocess.run(  # noqa: S603
            [*beginning, *making, "--no-sync"], cwd=folder, capture_output=True, text=True, check=False
        )
        assert made.returncode == 0, made.stderr
        (data / "pg_hba.conf").write_text(_WHO_MAY)
        settings = [word for setting in (*_SETTINGS, f"port={_PORT}") for word in ("-c", setting)]
        running = Cluster(folder, [*beginning, str(found / "postgres"), "-D", str(data), "-k", str(folder), *settings])
        try:
            running.start()
            yield running
        finally:
            running.kill()  # its folder goes anyway


def _short_folder() -> str:
    wanted = tempfile.gettempdir()
    name = f"{wanted}/openteller-pg-12345678/.s.PGSQL.{_PORT}.lock"
    return wanted if len(name.encode()) <= _LONGEST_SOCKET else "/tmp"  # noqa: S108  (a folder of our own in it)


def _somebody() -> str:
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"
