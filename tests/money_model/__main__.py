"""`python -m tests.money_model [--write]`: explores the top-up, and writes or compares docs/money/states.md."""

import argparse
import sys

from tests.money_model.exploration import Violation, explore
from tests.money_model.page import COMMAND, PAGE, page


def main() -> int:
    """Return 0 if every invariant held and the page is what the code does."""
    parser = argparse.ArgumentParser(prog="python -m tests.money_model", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the page")
    write = parser.parse_args().write
    try:
        found = explore()
    except Violation as violation:
        print(violation)
        return 1
    print(f"{found.situations:,} situations, {found.transitions:,} transitions: every invariant holds")
    text = page(found)
    if write:
        PAGE.write_text(text, encoding="utf-8")
        print(f"written: {PAGE.relative_to(PAGE.parents[2])}")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
        print(f"{PAGE.relative_to(PAGE.parents[2])} is not what the code does; run: {COMMAND}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
