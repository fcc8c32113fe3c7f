"""Scenario files: read and checked like all configuration, against the simulator that they are played on."""

from pathlib import Path

from device_sim.control import SimControl
from device_sim.scenario import Scenario, Stage, mistakes_on
from openteller.simulator import load_simulator
from openteller.toml_file import TomlFile, together


def load_scenario(path: Path, stage: Stage) -> Scenario:
    """Read a scenario and check it against the actions of `stage`.

    Raises:
        ConfigError: what is wrong, all of it, each by file, line and key.
        OSError: the simulator has gone.
    """
    file = TomlFile(path)
    scenario = file.checked(Scenario)
    wrong = [*scenario.contradictions(), *mistakes_on(scenario, stage)]
    mistakes = [file.error(each.key, each.problem) for each in wrong]
    if mistakes:
        raise together(mistakes)
    return scenario


def reach_simulator(sim: Path) -> SimControl:
    """Return the control of a running simulator; `sim` is its configuration or its control socket.

    Raises:
        ConfigError: the configuration is wrong.
        OSError: no simulator listens there; it says where, and what to do.
    """
    socket = sim if sim.is_socket() else load_simulator(sim).sockets.control
    try:
        return SimControl(socket)
    except OSError as error:
        problem = "no simulator answers there; start it with: openteller sim run"
        raise OSError(error.errno, problem, str(socket)) from None
