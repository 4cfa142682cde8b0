"""The compiled programs that runs share, kept as long as memory allows, and the data that they are compiled for."""

from __future__ import annotations

import gc
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any, NamedTuple

from actbench import environment
from actbench.results.columns import Run
from actbench.training import backends
from actbench.training.backends import Program
from actbench.training.build import build_optimizer

if TYPE_CHECKING:
    from actbench.datasets import Dataset

KEPT_DATA = 2
"""Data sets that are kept on the device. Arms are interleaved: with one, a grid over two data sets would place
its data, and compile its program, anew at each run."""
PROGRAMS_SHARE = 0.25
"""Of the machine's memory, divided by the runs at a time: what compiled programs may take, so that later seeds need not
compile again. A program is charged with what the process grew by while it was compiled, 12 MiB for a small MLP: a
machine of 16 GiB holds some 300 of them. TensorFlow gives back little of one that is dropped: sixty arms made a process
grow by 680 MiB, whatever was kept."""


class Programs:
    """Programs by the arms that they belong to.

    Attributes:
        mib: what all of them together may take where runs are trained one at a time.
    """

    def __init__(self) -> None:
        self.mib = PROGRAMS_SHARE * environment.total_memory_mib()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._placed: deque[_Placed] = deque()

    @property
    def kept(self) -> dict[str, Program]:
        """Those that are kept now, by their arms, the one used longest ago first."""
        return {arm: kept.program for arm, kept in self._kept.items()}

    def take(self, run: Run, data: Dataset, model: Any, jobs: int = 1) -> tuple[Program, float]:
        """A compiled program for the freshly built model, and the seconds spent on compiling it.

        A run that differs from an earlier one in its seed alone takes over that one's, which is then warmed up: with
        the old seed, a library may have forgotten what it needs for a first call, and that is no training time.
        """
        placed = self._place(data, run.device)
        kept = self._kept.get(run.arm)
        if kept is not None and kept.placed is placed:
            self._kept.move_to_end(run.arm)
            kept.program.start_from(model)
            return kept.program, _compiled(kept.program)
        before = environment.memory_mib()
        program = backends.current().program(
            model, build_optimizer(run), placed.on_device, batch_size=run.batch_size, deterministic=run.deterministic
        )
        seconds = _compiled(program)
        self._kept[run.arm] = _Kept(program, placed, max(0.0, environment.memory_mib() - before))
        self._keep_within(self.mib / jobs)
        return program, seconds

    def _keep_within(self, mib: float) -> None:
        """Drop programs, those used longest ago first, until the others took no more than so much memory."""
        dropped = False
        while len(self._kept) > 1 and sum(kept.mib for kept in self._kept.values()) > mib:
            self._kept.popitem(last=False)
            dropped = True
        if dropped:
            gc.collect()  # models and programs hold on to each other

    def _place(self, data: Dataset, device: str) -> _Placed:
        """The data on the device; the last ones used stay there."""
        for placed in self._placed:
            if placed.data is data and placed.device == device:
                self._placed.remove(placed)
                self._placed.append(placed)
                return placed
        while len(self._placed) >= KEPT_DATA:  # the old must go before the new comes, and with it who holds on to it
            old = self._placed.popleft()
            for arm in [arm for arm, kept in self._kept.items() if kept.placed is old]:
                del self._kept[arm]
            del old
            gc.collect()
        self._placed.append(_Placed(data, device, backends.current().place(data, device)))
        return self._placed[-1]


def _compiled(program: Program) -> float:
    """Compile what is not compiled yet. Returns the seconds that it took."""
    began = environment.running_seconds()
    program.compile()
    return environment.running_seconds() - began


class _Placed:
    """A data set on a device."""

    def __init__(self, data: Dataset, device: str, on_device: Any) -> None:
        self.data, self.device, self.on_device = data, device, on_device


class _Kept(NamedTuple):
    """A compiled program, the data it was compiled for, and what the process grew by meanwhile, in MiB."""

    program: Program
    placed: _Placed
    mib: float
