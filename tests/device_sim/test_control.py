"""The control socket: every mistake is one line that names it, and no client can harm another."""

import json
import os
import socket
import stat
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Le
from hypothesis import given
from hypothesis import strategies as st

from device_sim.actions import Mistake
from device_sim.control import MAX_LINE_BYTES, ControlError, ControlServer, SimControl
from tests.patience import PATIENCE_S


class World:
    """Actions as a test wants them, and what was done."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.go_on = threading.Event()

    def place(self, card: str, side: Literal["front", "back"] = "front") -> None:
        if card == "library":
            raise ControlError("no card 'library'; there are transit")
        self.done.append((card, side))

    def switch(self, *, on: bool, after_s: Annotated[float, Ge(0), Le(60)] = 0) -> Mapping[str, Any]:
        self.done.append(on)
        return {"was": not on}

    def save(self, picture: str) -> None:
        raise FileNotFoundError(2, "No such file or directory", picture)

    def wait(self) -> None:
        self.go_on.wait(PATIENCE_S)

    @property
    def actions(self) -> Mapping[str, Any]:
        return {"place": self.place, "switch": self.switch, "save": self.save, "wait": self.wait}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def path(world: World) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ot-") as folder:
        server = ControlServer(Path(folder) / "sim.sock", world.actions)
        server.start()
        try:
            yield Path(folder) / "sim.sock"
        finally:
            world.go_on.set()
            server.close()
        assert not (Path(folder) / "sim.sock").exists()


@pytest.fixture
def line(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.settimeout(PATIENCE_S)
        yield connection


def said(connection: socket.socket) -> Any:
    """Read exactly one line; whatever follows it is a fault."""
    data = b""
    while not data.endswith(b"\n"):
        more = connection.recv(4096)
        assert more, "hung up without an answer"
        data += more
    assert data.count(b"\n") == 1
    return json.loads(data)


def test_does_what_it_is_told_and_answers_ok(world: World, line: socket.socket) -> None:
    line.sendall(b'{"do": "place", "card": "transit"}\n')
    assert said(line) == {"ok": True}
    line.sendall(b'{"do": "switch", "on": true, "after_s": 2}\n')
    assert said(line) == {"ok": True, "was": False}
    assert world.done == [("transit", "front"), True]


EXPECTED = 'expected {"do": ACTION, ...} with one of the actions: place, save, switch, wait'


@pytest.mark.parametrize(
    "request_line",
    [
        b"hello\n",
        b"\n",
        b'{"do": "place", "card": \n',
        b"[1, 2]\n",
        b'"place"\n',
        b"null\n",
        b"{}\n",
        b'{"do": "fly"}\n',
        b'{"do": ["place"]}\n',
        b'{"do": {"place": 1}}\n',
        b"\xff\xfe\n",
        b"[" * 60_000 + b"\n",
    ],
)
def test_says_what_it_expects_when_a_line_is_no_request(world: World, line: socket.socket, request_line: bytes) -> None:
    line.sendall(request_line)
    assert said(line) == {"error": EXPECTED}
    line.sendall(b'{"do": "place", "card": "transit"}\n')
    assert said(line) == {"ok": True}


@pytest.mark.parametrize(
    ("request_line", "error"),
    [
        (b'{"do": "place"}\n', "card: missing required argument"),
        (b'{"do": "place", "card": 7}\n', "card: input should be a valid string"),
        (b'{"do": "place", "card": "transit", "sid": "back"}\n', "sid: unexpected keyword argument"),
        (b'{"do": "place", "card": "transit", "side": "edge"}\n', "side: input should be 'front' or 'back'"),
        (b'{"do": "place", "card": "library"}\n', "no card 'library'; there are transit"),
        (b'{"do": "switch", "on": "yes"}\n', "on: input should be a valid boolean"),
        (b'{"do": "switch", "on": 1}\n', "on: input should be a valid boolean"),
        (b'{"do": "switch", "on": true, "after_s": 1e400}\n', "after_s: input should be a finite number"),
        (b'{"do": "switch", "on": true, "after_s": NaN}\n', "after_s: input should be a finite number"),
        (b'{"do": "switch", "on": true, "after_s": 61}\n', "after_s: input should be less than or equal to 60"),
        (b'{"do": "save", "picture": "no/where.png"}\n', "[Errno 2] No such file or directory: 'no/where.png'"),
        (b'{"do": "wait", "self": 1}\n', "self: unexpected keyword argument"),
    ],
)
def test_names_the_argument_that_is_wrong(world: World, line: socket.socket, request_line: bytes, error: str) -> None:
    line.sendall(request_line)
    assert said(line) == {"error": error}
    assert world.done == []


def test_names_every_argument_that_is_wrong_in_one_line(line: socket.socket) -> None:
    line.sendall(b'{"do": "switch", "off": true}\n')
    assert said(line) == {"error": "on: missing required keyword only argument; off: unexpected keyword argument"}


def test_a_line_that_never_ends_is_refused_once_and_hung_up_on(line: socket.socket) -> None:
    line.sendall(b"x" * (MAX_LINE_BYTES + 1))
    assert said(line) == {"error": "a line may have 65536 bytes"}
    assert line.recv(1) == b""


def test_a_last_line_needs_no_line_feed(world: World, line: socket.socket) -> None:
    line.sendall(b'{"do": "place", "card": "transit"}')
    line.shutdown(socket.SHUT_WR)
    assert said(line) == {"ok": True}
    assert world.done == [("transit", "front")]


def test_many_requests_in_one_piece_are_answered_in_their_order(world: World, line: socket.socket) -> None:
    line.sendall(b"".join(b'{"do": "place", "card": "%d"}\n' % number for number in range(50)))
    with line.makefile("rb") as lines:
        assert [json.loads(lines.readline()) for _ in range(50)] == [{"ok": True}] * 50
    assert world.done == [(str(number), "front") for number in range(50)]


def test_many_clients_act_side_by_side(world: World, path: Path) -> None:
    def act(number: int) -> None:
        client = SimControl(path, PATIENCE_S)
        for _ in range(20):
            client.do("place", card=str(number))
        client.close()

    threads = [threading.Thread(target=act, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(world.done) == sorted((str(number), "front") for number in range(8) for _ in range(20))  # type: ignore[type-var]


def test_a_client_that_waits_holds_up_no_other(world: World, path: Path, line: socket.socket) -> None:
    line.sendall(b'{"do": "wait"}\n')
    other = SimControl(path, PATIENCE_S)
    other.do("place", card="transit")
    other.close()
    world.go_on.set()
    assert said(line) == {"ok": True}


def test_a_client_that_goes_without_reading_harms_nobody(
    world: World, path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    gone = socket.socket(socket.AF_UNIX)
    gone.connect(str(path))
    gone.sendall(b'{"do": "wait"}\n{"do": "place", "card": "transit"}\n')
    gone.close()
    world.go_on.set()
    client = SimControl(path, PATIENCE_S)
    client.do("place", card="other")
    client.close()
    assert ("other", "front") in world.done
    assert capfd.readouterr().err == ""


def test_clients_see_the_end_when_the_simulator_goes(world: World) -> None:
    with tempfile.TemporaryDirectory(prefix="ot-") as folder:
        server = ControlServer(Path(folder) / "sim.sock", world.actions)
        server.start()
        client = SimControl(Path(folder) / "sim.sock", PATIENCE_S)
        client.do("place", card="transit")
        server.close()
        with pytest.raises(OSError, match=r"the simulator has gone|Broken pipe"):
            client.do("place", card="transit")
        client.close()
        with pytest.raises(FileNotFoundError):
            SimControl(Path(folder) / "sim.sock")


def test_only_the_owner_may_act(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_takes_the_place_of_a_simulator_that_was_killed(world: World) -> None:
    with tempfile.TemporaryDirectory(prefix="ot-") as folder:
        path = Path(folder) / "new" / "sim.sock"
        path.parent.mkdir()
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
        before = os.umask(0o022)
        os.umask(before)
        server = ControlServer(path, world.actions)
        server.start()
        client = SimControl(path, PATIENCE_S)
        client.do("place", card="transit")
        client.close()
        server.close()
        assert os.umask(before) == before, "the process makes files as before"


def test_a_refusal_is_raised_by_the_client_in_its_own_words(path: Path) -> None:
    client = SimControl(path, PATIENCE_S)
    with pytest.raises(ControlError, match=r"^no card 'library'; there are transit$"):
        client.do("place", card="library")
    client.do("place", card="transit")
    client.close()


@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=100).map(str.encode),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("place"),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["do", "card", "side", "x"]), inner)
            ),
            max_leaves=6,
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_answers_any_line_with_one_line(data: bytes) -> None:
    world = World()
    with tempfile.TemporaryDirectory(prefix="ot-") as folder:
        server = ControlServer(Path(folder) / "sim.sock", {"place": world.place})
        answer = server._answer(data)
        server._server.server_close()
    assert answer.count(b"\n") == 1
    assert set(json.loads(answer)) in ({"ok"}, {"error"})


# -- what is no action ---------------------------------------------------------------------------------------


def test_describes_its_actions_with_their_arguments(path: Path) -> None:
    sim = SimControl(path, PATIENCE_S)
    described = sim.actions()
    sim.close()
    assert set(described) == {"place", "save", "switch", "wait"}
    assert described["switch"]["arguments"] == {
        "type": "object",
        "additionalProperties": False,
        "required": ["on"],
        "properties": {
            "on": {"type": "boolean", "title": "On"},
            "after_s": {"type": "number", "minimum": 0, "maximum": 60, "default": 0, "title": "After S"},
        },
    }


def test_tells_what_is_wrong_with_a_request_and_does_nothing(world: World, path: Path) -> None:
    sim = SimControl(path, PATIENCE_S)
    assert sim.check("place", {"card": "transit"}) == ()
    assert sim.check("place", {"side": "edge"}) == (
        Mistake("card", "missing required argument"),
        Mistake("side", "input should be 'front' or 'back'"),
    )
    with pytest.raises(ControlError, match=r"there is no action 'fly'; there are place, save, switch, wait"):
        sim.check("fly", {})
    sim.close()
    assert world.done == []


@pytest.mark.parametrize(
    "request_line",
    [
        b'{"do": "check"}\n',
        b'{"do": "check", "action": "place"}\n',
        b'{"do": "check", "action": ["place"], "arguments": {}}\n',
        b'{"do": "check", "action": "place", "arguments": [1]}\n',
    ],
)
def test_says_what_it_expects_of_a_check(line: socket.socket, request_line: bytes) -> None:
    line.sendall(request_line)
    assert said(line) == {"error": 'expected {"do": "check", "action": ACTION, "arguments": {...}}'}
