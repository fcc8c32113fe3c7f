"""The file of a branch's calling policy (`config/queue/policy.toml`), read and checked."""

from pathlib import Path

from openteller.toml_file import TomlFile
from queue_display.policy import Policy

POLICY_NAME = "policy.toml"


def load_policy(path: Path) -> Policy:
    """Read and check a policy.

    Raises:
        ConfigError: as `openteller.config.load_terminal`.
    """
    return TomlFile(path).checked(Policy)
