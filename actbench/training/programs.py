"""The compiled programs that runs share, and the data that they are compiled for.

All are kept while their data is: TensorFlow gives back next to nothing of a program that is dropped. Who has processes
to train in ends one that has grown too far, and all its programs with it: see ``execution.local.GROWTH_SHARE``.
"""

from __future__ import annotations

import gc
from collections import deque
from typing import TYPE_CHECKING, Any

from actbench import environment
from actbench.results.columns import Run
from actbench.results.key import digest
from actbench.training import backends, schedules
from actbench.training.backends import Program, Recipe
from actbench.training.build import build_optimizer

if TYPE_CHECKING:
    from actbench.datasets import Dataset

KEPT_DATA = 2
"""Data sets that are kept on the device. Arms are interleaved: with one, a grid over two data sets would place
its data, and compile its program, anew at each run."""


class Programs:
    """Programs by what they were compiled for: see `compiled_for`."""

    def __init__(self) -> None:
        self._placed: deque[_Placed] = deque()

    @property
    def kept(self) -> dict[str, Program]:
        """Those that are kept now, by what they were compiled for; those for the data used longest ago first."""
        return {key: program for placed in self._placed for key, program in placed.programs.items()}

    def take(self, run: Run, data: Dataset, model: Any) -> tuple[Program, float]:
        """A compiled program for the freshly built model, and the seconds spent on compiling it.

        A run that differs from an earlier one in nothing that is compiled in takes over that one's, which is then
        warmed up: with the old seed, a library may have forgotten what it needs for a first call, and that is no
        training time.
        """
        placed = self._place(data, run.device)
        compiled = compiled_for(run)
        program = placed.programs.get(compiled)
        if program is not None:
            program.start_from(model, Recipe.of(run))
            return program, _compiled(program)
        program = backends.current().program(
            model,
            build_optimizer(run, model, -(-len(data.x_train) // run.batch_size)),
            placed.on_device,
            Recipe.of(run),
        )
        seconds = _compiled(program)
        placed.programs[compiled] = program  # one that could not be compiled is not kept
        return program, seconds

    def _place(self, data: Dataset, device: str) -> _Placed:
        """The data on the device; the last ones used stay there."""
        for placed in self._placed:
            if placed.data is data and placed.device == device:
                self._placed.remove(placed)
                self._placed.append(placed)
                return placed
        while len(self._placed) >= KEPT_DATA:  # the old must go before the new comes, and with it who holds on to it
            self._placed.popleft()
            gc.collect()  # models and programs hold on to each other
        self._placed.append(_Placed(data, device))
        return self._placed[-1]


def compiled_for(run: Run) -> str:
    """What runs of one program share, as a digest: all but what is a variable of it, or nothing to it.

    Those are the seed, the first weights, and where the learning rate stays as it is, that rate and how long it stays.
    """
    free = {"seed", "initializer", "patience", "role"}
    if run.schedule == schedules.CONSTANT:
        free |= {"learning_rate", "epochs"}
    return digest({name: value for name, value in run.definition.items() if name not in free})


def _compiled(program: Program) -> float:
    """Compile what is not compiled yet. Returns the seconds that it took."""
    began = environment.running_seconds()
    program.compile()
    return environment.running_seconds() - began


class _Placed:
    """A data set on a device, and the programs that were compiled for it."""

    def __init__(self, data: Dataset, device: str) -> None:
        self.data, self.device = data, device
        self.on_device = backends.current().place(data, device)
        self.programs: dict[str, Program] = {}
