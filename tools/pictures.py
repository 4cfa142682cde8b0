"""The pictures of the README: a comparison that is decided, and what the terminal shows of it.

Run ``python -m tools.pictures`` in the repository after pictures or tables were changed; a test compares.
"""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parent.parent
FOLDER = Path("docs/pictures")
SELECTED = (
    "results/activation-tuning-mnist --where variant=sound --act relu --act softplus --act tanh --act elu --act sigmoid"
)
PICTURE = f"actbench plot {SELECTED} strip --output {FOLDER}/decided.png"
TERMINAL = f"actbench compare {SELECTED}"
COLUMNS = 100
FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""Rich has them fetched; every system has some of equal widths."""


def call(command: str, folder: Path = ROOT) -> str:
    """Run one of our commands as in a terminal, in a folder, and return what stands there then, with its colours."""
    ours, theirs = pty.openpty()
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    here = plain | {"COLUMNS": str(COLUMNS), "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", *shlex.split(command)]
    with subprocess.Popen(words, cwd=folder, env=here, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # that is how a terminal says that nobody writes to it any more
            while block := os.read(ours, 65536):
                said += block
        os.close(ours)
    if process.returncode:
        raise RuntimeError(said.decode())
    return said.decode().replace("\r\n", "\n")


def screen(command: str, said: str) -> str:
    """A terminal with a command and what it said, as SVG that fetches nothing."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), color_system="truecolor", force_terminal=True)
    console.print(Text(f"$ {command}", style="bold"))
    console.print(Text.from_ansi(said.rstrip("\n")))
    return FONTS.sub("", console.export_svg(title="actbench", unique_id="terminal"))


if __name__ == "__main__":
    (ROOT / FOLDER).mkdir(exist_ok=True)
    call(PICTURE)
    (ROOT / FOLDER / "terminal.svg").write_text(screen(TERMINAL, call(TERMINAL)), encoding="utf-8")
