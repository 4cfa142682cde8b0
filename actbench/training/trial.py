"""A run tried with a few inputs: what is wrong with a person's own code is found before hours are spent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from actbench import models
from actbench.errors import UserError
from actbench.models.inputs import frozen_layers, scaled_twice_by
from actbench.models.surgery import SOFTMAX, ends_in
from actbench.results.columns import KEEP, Run
from actbench.training import backends
from actbench.training.backends import Recipe
from actbench.training.build import build, build_optimizer
from actbench.training.tried import Tried

if TYPE_CHECKING:
    from actbench.datasets import Dataset

TOLERANCE = 0.02
"""Of a sum of probabilities in the coarsest precision."""
FEW = 4
"""Inputs of a trial."""


def try_out(run: Run, data: Dataset) -> Tried:
    """Build the run's network, trace its own code as training does, and go once forward and back with a few inputs.

    Shapes, types and the way of the gradient are seen so, in a second, as nothing is compiled. Nothing is kept.

    Args:
        run: what to try.
        data: the data that it names; four of its inputs are used.

    Raises:
        UserError: the run cannot be trained as asked; see ``build`` and ``Backend.program``. Or the network puts out
            probabilities by a way of its own, of which the loss would take a softmax again.
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
    outputs = [
        backend.values_and_slopes(lambda x: model(x, training=training), few.x_train, str(few.x_train.dtype))[0]  # noqa: B023 - called at once
        for training in (True, False)
    ]
    if any(map(_are_probabilities, outputs)) and ends_in(model) != SOFTMAX[0]:
        raise UserError(
            f"The model {run.model.spelling!r} puts out probabilities, but no softmax is its last layer, so that they "
            "would be taken for logits. Let it end in logits, or in Keras's softmax over the classes."
        )
    is_drawn = run.weights != KEEP and models.is_whole(run.model.spelling)
    return Tried(
        all(bool(np.isfinite(values).all()) for values in outputs),
        scaled_twice_by(model),
        len(frozen_layers(model)) if is_drawn else 0,
    )


def _are_probabilities(values: np.ndarray[Any, Any]) -> bool:
    """Whether the outputs of each input, or token, lie between 0 and 1 and sum to 1: logits of any start do not."""
    sums = values.astype(np.float64).sum(axis=-1)
    return bool(((values >= 0) & (values <= 1)).all() and np.allclose(sums, 1, atol=TOLERANCE))
