"""`python -m moderation` is the command line, and so is the installed command."""

import sys

from moderation.cli.main import main
from moderation.process import ours


def begin() -> int:
    """The command line in a process of its own. Returns the exit status."""
    ours()
    return main()


if __name__ == "__main__":
    sys.exit(begin())
