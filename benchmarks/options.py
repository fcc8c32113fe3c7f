"""What may be said to commands that count pictures."""

import argparse


def count(word: str) -> int:
    """Return a number of pictures, for argparse. Raises ArgumentTypeError."""
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"{word!r} is no number of pictures")
    return int(word)


def how_many(command: str, usual: int) -> int:
    """Return the one number that a command was given, or the usual one; end where it was given something else."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{command}")
    parser.add_argument("pictures", type=count, nargs="?", default=usual, help=f"how many of each kind; {usual}")
    return int(parser.parse_args().pictures)
