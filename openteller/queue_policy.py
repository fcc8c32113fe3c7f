"""The files of a branch queue, read and checked: its calling policy, and a day to try it on."""

from pathlib import Path

from kiosk_core.services import SettingError
from openteller.toml_file import TomlFile
from queue_display.forecast import Forecast
from queue_display.policy import Policy

POLICY_NAME = "policy.toml"

DEFAULT_POLICY = Path(__file__).parent / "queue_defaults" / POLICY_NAME
DEFAULT_DAY = DEFAULT_POLICY.with_name("day.toml")
"""What a branch begins with: part of the package, so that it is there wherever the program is."""


def load_policy(path: Path) -> Policy:
    """Read and check a policy.

    Raises:
        ConfigError: as `openteller.config.load_terminal`.
    """
    return TomlFile(path).checked(Policy)


def load_forecast(path: Path, policy: Policy) -> Forecast:
    """Read and check a day to come, whose services and classes are those of the policy.

    Raises:
        ConfigError: as `openteller.config.load_terminal`.
    """
    file = TomlFile(path)
    forecast = file.checked(Forecast)
    try:
        forecast.check(policy)
    except SettingError as error:
        raise file.error(error.key, error.problem) from None
    return forecast
