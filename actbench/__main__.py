"""``python -m actbench`` and the installed commands: what answers before anything else of the program is read.

Half a second of imports lies before the command line, and somebody may press Ctrl-C in it.
"""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line; see ``actbench.cli.main``. An interruption outside of its own care ends in a word."""
    try:
        from actbench.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
