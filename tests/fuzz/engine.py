"""The process in which atheris runs one target: `python -m tests.fuzz.engine TARGET LIBFUZZER-ARGUMENTS`."""

import sys

import atheris

with atheris.instrument_imports(include=["wire", "device_sim", "iso8583"]):
    from tests.fuzz.targets import TARGETS


if __name__ == "__main__":
    run = TARGETS[sys.argv[1]].run
    atheris.Setup([sys.argv[0], *sys.argv[2:]], run)
    atheris.Fuzz()
