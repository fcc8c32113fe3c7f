"""The `openteller` command: composes the processes of a terminal; the only package that knows all others."""
