"""A run tried with a few inputs: what is wrong with a person's own code is found before hours are spent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from actbench.results.columns import Run
from actbench.training import backends
from actbench.training.backends import Recipe
from actbench.training.build import build, build_optimizer

if TYPE_CHECKING:
    from actbench.datasets import Dataset

FEW = 4
"""Inputs of a trial."""


def try_out(run: Run, data: Dataset) -> bool:
    """Build the run's network, trace its own code as training does, and go once forward and back with a few inputs.

    Shapes, types and the way of the gradient are seen so, in a second, as nothing is compiled. Nothing is kept.

    Args:
        run: what to try.
        data: the data that it names; four of its inputs are used.

    Returns:
        Whether the network's outputs are all finite numbers.

    Raises:
        UserError: the run cannot be trained as asked; see ``build`` and ``Backend.program``.
        Exception: whatever the person's own code raises.
    """
    backend = backends.settle(run.backend)
    if run.deterministic:
        backend.set_determinism()
    parts = (f"{array}_{part}" for array in "xy" for part in ("train", "val", "test"))
    few = replace(data, **{part: getattr(data, part)[:FEW] for part in parts})
    model, _ = build(run, few)
    optimizer, placed = build_optimizer(run, model, 1), backend.place(few, run.device)
    backend.program(model, optimizer, placed, replace(Recipe.of(run), batch_size=FEW))
    values, _ = backend.values_and_slopes(lambda x: model(x, training=True), few.x_train, str(few.x_train.dtype))
    return bool(np.isfinite(values).all())
