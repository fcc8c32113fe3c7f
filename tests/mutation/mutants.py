"""Deliberate bugs of codecs: what a tired engineer writes. Each must be caught by the vectors of its codec.

Most are symmetric: encoder and decoder are wrong alike, so that only bytes from a manual can tell.

    python tests/mutation/mutants.py        # applies them one at a time and prints who caught it
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Mutant:
    """A bug: `right` stands in wire/`module` as often as `times` says and becomes `wrong`; `tests` should notice."""

    name: str
    module: str
    right: str
    wrong: str
    tests: str
    times: int = 1


MUTANTS = (
    Mutant(
        "CRT-591: the checksum leaves STX out",
        "crt591_frames.py",
        "reduce(xor, body)",
        "reduce(xor, body[1:])",
        "test_crt591.py",
    ),
    Mutant(
        "CRT-591: the length is little-endian",
        "crt591_frames.py",
        '"big")',
        '"little")',
        "test_crt591.py",
        times=2,
    ),
    Mutant(
        "CRT-591: the length counts ETX too",
        "crt591_frames.py",
        "len(frame.text).to_bytes",
        "(len(frame.text) + 1).to_bytes",
        "test_crt591.py",
    ),
    Mutant(
        "CRT-310: the checksum leaves ETX out",
        "crt310_frames.py",
        "bytes((checksum(body),))",
        "bytes((checksum(body[:-1]),))",
        "test_crt310.py",
    ),
    Mutant(
        "CRT-310: the length is little-endian", "crt310_frames.py", '"big")', '"little")', "test_crt310.py", times=2
    ),
    Mutant(
        "CRT-310: the sizes of 24Cxx cards are halved", "crt310_commands.py", "128 << (", "64 << (", "test_crt310.py"
    ),
    Mutant(
        "SDT: the checksum takes the preamble in", "sdt.py", "_xor(counted)", "_xor(PREAMBLE + counted)", "test_sdt.py"
    ),
    Mutant(
        "SDT: the length leaves the checksum out",
        "sdt.py",
        "length = len(body) + 1",
        "length = len(body)",
        "test_sdt.py",
    ),
    Mutant("SDT: the SAM's number is big-endian", "sdt.py", '"<HHIII"', '">HHIII"', "test_sdt.py"),
    Mutant(
        "ID card: the text is UTF-16BE",
        "id_card_text.py",
        '"utf-16-le"',
        '"utf-16-be"',
        "test_id_card_text.py",
        times=3,
    ),
    Mutant("CCID: the length is big-endian", "ccid.py", '"<BIBB3s"', '">BIBB3s"', "test_ccid.py"),
    Mutant(
        "CCID: slot and sequence are swapped",
        "ccid.py",
        "len(data), slot, sequence,",
        "len(data), sequence, slot,",
        "test_ccid.py",
    ),
    Mutant(
        "CCID: a slot change has its bits swapped",
        "ccid.py",
        "self._of(slot) & 1)",
        "self._of(slot) & 2)",
        "test_ccid.py",
    ),
    Mutant(
        "T=1: the CRC is low byte first", "t1.py", 'crc.to_bytes(2, "big")', 'crc.to_bytes(2, "little")', "test_t1.py"
    ),
    Mutant(
        "T=1: more-data and sequence bit are swapped",
        "t1.py",
        "sequence << 6 | more << 5",
        "sequence << 5 | more << 6",
        "test_t1.py",
    ),
    Mutant("APDU: the status word is little-endian", "apdu.py", '"big")', '"little")', "test_apdu.py", times=2),
    Mutant(
        "purse: the record number and file are swapped",
        "purse.py",
        "file << 3 | 4, expected=23",
        "file << 4 | 3, expected=23",
        "test_purse.py",
    ),
    Mutant(
        "purse: a negative balance is two's complement",
        "purse.py",
        "_SIGN = 0x80000000",
        "_SIGN = 2**32",
        "test_purse.py",
    ),
    Mutant(
        "purse: usable balance and overdraft limit are swapped",
        "purse.py",
        "OVERDRAFT_LIMIT = 1\n    OVERDRAFT_USED = 2\n    USABLE = 3",
        "OVERDRAFT_LIMIT = 3\n    OVERDRAFT_USED = 2\n    USABLE = 1",
        "test_purse.py",
    ),
    Mutant(
        "purse: a trip has its balance before its amount",
        "purse.py",
        'int.from_bytes(data[17:21], "big"),\n        _balance(data[21:25])',
        'int.from_bytes(data[21:25], "big"),\n        _balance(data[17:21])',
        "test_purse.py",
    ),
    Mutant(
        "social security: the read leaves tag and length out",
        "social_security.py",
        "expected=2 + length",
        "expected=length",
        "test_social_security.py",
    ),
    Mutant(
        "social security: the sex of both generations is in one record",
        "social_security.py",
        "SEX_FIRST_GENERATION = (6, 3,",
        "SEX_FIRST_GENERATION = (6, 4,",
        "test_social_security.py",
    ),
    Mutant(
        "social security: the length stands before the tag",
        "social_security.py",
        "bytes((tag, length))",
        "bytes((length, tag))",
        "test_social_security.py",
        times=2,
    ),
    Mutant("purse: numbers are little-endian", "purse.py", '"big")', '"little")', "test_purse.py", times=9),
    Mutant(
        "ESC/POS: width and height are swapped",
        "escpos.py",
        '"width") - 1) << 4 |',
        '"width") - 1) << 0 |',
        "test_escpos.py",
    ),
    Mutant(
        "ESC/POS: the QR block counts itself",
        "escpos_qr.py",
        "len(parameters) + 2)",
        "len(parameters) + 4)",
        "test_escpos.py",
    ),
    Mutant(
        "ESC/POS: near end and end are swapped",
        "escpos_status.py",
        "near_end=bool(third & 0x03)",
        "near_end=bool(third & 0x0C)",
        "test_escpos_status.py",
    ),
    Mutant(
        "ESC/POS: cutter and recoverable error are swapped",
        "escpos_status.py",
        "cutter=bool(second & 0x08)",
        "cutter=bool(second & 0x04)",
        "test_escpos_status.py",
    ),
    Mutant(
        "host messages: the length is little-endian",
        "host_frames.py",
        'len(payload).to_bytes(2, "big")',
        'len(payload).to_bytes(2, "little")',
        "test_host_frames.py",
    ),
)


class MutantError(Exception):
    """A mutant does not fit the code as it is now."""


def caught(mutant: Mutant) -> bool:
    """Apply a mutant to a copy of the codecs, and return whether their tests notice without any property test.

    Raises:
        MutantError: its place is not there as often as it says.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("wire", "tests/wire", "docs", "pyproject.toml"):
            source, target = ROOT / name, copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        module = copy / "wire" / mutant.module
        text = module.read_text(encoding="utf-8")
        if text.count(mutant.right) != mutant.times:
            raise MutantError(
                f"{mutant.name}: {mutant.right!r} stands {text.count(mutant.right)} times, not {mutant.times}"
            )
        module.write_text(text.replace(mutant.right, mutant.wrong), encoding="utf-8")
        return not _tests_pass(copy, mutant.tests)


def _tests_pass(copy: Path, tests: str) -> bool:
    """Return whether the tests pass; anything but "passed" and "failed" is an error of ours."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-n0"]
    ended = subprocess.run(
        [*command, "-m", "not hypothesis", f"tests/wire/{tests}"], cwd=copy, capture_output=True, text=True, check=False
    )
    if ended.returncode not in {0, 1}:
        raise MutantError(f"tests/wire/{tests} cannot be run: {ended.stdout[-2000:]}{ended.stderr[-2000:]}")
    return ended.returncode == 0


def main() -> int:
    """Print what became of each mutant; return how many got away."""
    away = 0
    for mutant in MUTANTS:
        found = caught(mutant)
        away += not found
        print(f"{'caught  ' if found else 'GOT AWAY'}  {mutant.name}")
    print(f"{len(MUTANTS) - away} of {len(MUTANTS)} caught")
    return away


if __name__ == "__main__":
    sys.exit(main())
