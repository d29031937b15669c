"""`python -m runner`: the same as the installed command `runner`."""

import sys

from runner.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
