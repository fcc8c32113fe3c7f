"""How branches are named, wherever there are many: in a database, at headquarters."""

import re

from kiosk_core.errors import OpenTellerError

_NAME = re.compile(r"\w[\w .-]{0,49}")


class BranchNamed(OpenTellerError):
    """A branch cannot have this name."""


def is_branch_name(branch: str) -> bool:
    """Whether a branch may be named so."""
    return _NAME.fullmatch(branch) is not None


def checked_name(branch: str) -> str:
    """Return the name of a branch.

    Raises:
        BranchNamed: it cannot be one.
    """
    if not is_branch_name(branch):
        raise BranchNamed(
            f'"{branch}": a branch is named by 1 to 50 letters, digits, points, hyphens, underscores or blanks'
        )
    return branch
