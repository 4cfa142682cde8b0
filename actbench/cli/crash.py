"""What happens to an error that nobody expected: everything that is known of it goes into a file."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import traceback
from pathlib import Path

from actbench.cli.lists import information


def crash_message(error: Exception) -> str:
    """Write the log of an error that is being handled, and say in a sentence what happened and where the log lies."""
    what = f"{type(error).__name__}: {' '.join(str(error).split())}"
    try:
        log = f"All that is known of it is in {write_log()}; please report it with that file."
    except OSError as refused:
        log = f"No log could be written ({refused}); please report it with what --debug shows."
    return f"actbench: this is a bug: {what}. {log}"


def write_log() -> Path:
    """Write traceback, command line, versions and machine into a new file of the folder for temporary files.

    Raises:
        OSError: the file cannot be written.
    """
    # Not in the results' folder, which may be what cannot be written.
    descriptor, name = tempfile.mkstemp(prefix="actbench-crash-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"command: {shlex.join(sys.argv)}\nfolder: {Path.cwd()}\n\n{traceback.format_exc()}\n")
        try:
            about = "\n".join(f"{key}: {value}" for key, value in information().items())
        except Exception as second:  # noqa: BLE001 - the first error must not be lost to it
            about = f"Versions and machine cannot be told: {second!r}"
        file.write(about + "\n")
    return Path(name)
