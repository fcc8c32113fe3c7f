"""A TCP port that is kept for who listens there later."""

import socket
from contextlib import closing

import pytest

from device_sim.kept_port import KeptPort


def test_nobody_listens_there_before_he_is_told_and_then_he_does_as_often_as_he_likes() -> None:
    with KeptPort() as port:
        for _ in range(2):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port.number))
            with port.listen() as listening, socket.create_connection(("127.0.0.1", port.number)):
                listening.accept()[0].close()


def test_it_is_taken_for_whoever_has_not_been_told() -> None:
    with KeptPort() as port, closing(socket.socket()) as stranger, pytest.raises(OSError, match="in use"):
        stranger.bind(("127.0.0.1", port.number))


def test_a_port_that_somebody_has_cannot_be_kept() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(OSError, match="in use"):
        KeptPort(listening.getsockname()[1])


def test_two_programs_keep_one_port_and_one_of_them_listens() -> None:
    with KeptPort() as promised, KeptPort(promised.number) as kept, kept.listen() as listening:
        assert listening.getsockname()[1] == promised.number
