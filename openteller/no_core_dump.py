"""No core dump of a process through whose memory card numbers pass: what the disk never gets, nobody can find there."""

import resource

_AS_GOOD_AS_NOTHING = 1
"""No file of one byte is written; where dumps are piped to a collector, Linux heeds just this limit (fs/coredump.c)."""


def leave_no_core_dump() -> None:
    """Forbid core dumps of this process and of those that it starts; a limit that is 0 already stays."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    most = 0 if hard == 0 else _AS_GOOD_AS_NOTHING
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
