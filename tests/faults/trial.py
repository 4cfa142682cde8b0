"""Very many cases of one kind, and what became of them: answered, refused with a sentence, or a fault."""

from __future__ import annotations

import contextlib
import resource
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from actbench.errors import UserError

MOST_SECONDS = 5.0
MOST_MIB = 1024.0
LONGEST_SHOWN = 1000


class Hang(BaseException):
    """A case computes for too long. Nothing that catches exceptions shall catch it."""


@dataclass
class Trial:
    """Cases of one kind. Call it with each case and the work that it is.

    Attributes:
        kind: of the cases.
        most_seconds: of the processor, that a case may take.
        cases: how many there were.
        refused: how many were refused with a sentence.
        hangs: how many took too long.
        faults: by what went wrong and where, how often, and the shortest case that shows it.
        slowest: the processor seconds of the slowest case.
        peak_mib: how much the process has grown.
    """

    kind: str
    most_seconds: float = MOST_SECONDS
    cases: int = 0
    refused: int = 0
    hangs: int = 0
    faults: dict[str, tuple[int, str]] = field(default_factory=dict)
    slowest: float = 0.0
    peak_mib: float = 0.0
    _before: float = field(default_factory=lambda: _peak())

    def __call__(self, case: Any, work: Callable[[], object]) -> None:
        """Do the work of one case and count what came of it."""
        self.cases += 1
        begun = time.process_time()
        try:
            with limited(self.most_seconds):
                work()
        except UserError as error:
            self.refused += 1
            if not str(error).strip():
                self._note("refused without a word", case)
        except Hang as error:
            self.hangs += 1
            self._note(f"hang: {_place(error)}", case)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            self._note(f"{type(error).__name__}: {_place(error)}", case)
        self.slowest = max(self.slowest, time.process_time() - begun)
        grown, self.peak_mib = self.peak_mib, max(self.peak_mib, _peak() - self._before)
        if grown <= MOST_MIB < self.peak_mib:
            self._note("more memory than allowed", case)

    @property
    def report(self) -> dict[str, Any]:
        """The counts, for the table at the end."""
        other = sum(count for count, _ in self.faults.values()) - self.hangs
        return {
            "kind": self.kind, "cases": self.cases, "refused": self.refused, "tracebacks": other, "hangs": self.hangs,
            "slowest": self.slowest, "peak_mib": self.peak_mib,
        }  # fmt: skip

    def check(self) -> None:
        """Fail with the shortest case of every fault."""
        lines = [f"{count} × {what}\n    {case}" for what, (count, case) in self.faults.items()]
        assert not lines, f"{self.kind}: {len(lines)} kinds of faults\n" + "\n".join(lines)

    def _note(self, what: str, case: Any) -> None:
        shown = repr(case)
        count, shortest = self.faults.get(what, (0, shown))
        self.faults[what] = (count + 1, min(shortest, shown, key=len)[:LONGEST_SHOWN])


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `Hang` in the block once it has computed for too long: processor time, whatever else the machine does."""

    def hang(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGPROF, hang)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _place(error: BaseException) -> str:
    """Where in the program it was raised, and what it says."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/actbench/" in frame.filename and "/tests/" not in frame.filename]
    frame = (ours or frames)[-1]
    return f"{'/'.join(frame.filename.split('/')[-2:])}, line {frame.lineno}, {frame.name}"


def table(reports: list[dict[str, Any]]) -> list[str]:
    """The reports added up by kind, as lines of text."""
    kinds = list(dict.fromkeys(report["kind"] for report in reports))
    lines = [f"{'kind':<14}{'cases':>9}{'refused':>9}{'tracebacks':>12}{'hangs':>7}{'slowest s':>11}{'grown MiB':>11}"]
    for kind in [*kinds, "all"]:
        of = [report for report in reports if kind in (report["kind"], "all")]
        counts = {name: sum(one[name] for one in of) for name in ("cases", "refused", "tracebacks", "hangs")}
        slowest, peak = (max(one[name] for one in of) for name in ("slowest", "peak_mib"))
        lines.append(
            f"{kind:<14}{counts['cases']:>9,}{counts['refused']:>9,}{counts['tracebacks']:>12}{counts['hangs']:>7}"
            f"{slowest:>11.2f}{peak:>11.0f}"
        )
    return lines
