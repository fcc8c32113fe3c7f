"""`python -m openteller`: the `openteller` command."""

from openteller.cli import main

if __name__ == "__main__":
    main()
