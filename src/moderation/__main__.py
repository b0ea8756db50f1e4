"""`python -m moderation` is the command line."""

import sys

from moderation.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
