"""Sequences whose answers are known: small tasks for networks that read tokens, drawn from a seed."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from actbench.datasets import NO_TARGET, TOKENS, Arrays, Request, dataset
from actbench.datasets.synthetic import Draw, Inputs
from actbench.errors import UserError

Length = Annotated[int, Meta(ge=2, le=1000, description="of the sequence that is given")]
Symbols = Annotated[int, Meta(ge=2, le=1000, description="different ones")]


# What is asked of it is when an answer is found that nobody trained, not what becomes of it in the end.
@dataset(
    epochs=400, model="transformer(1, 64)", thresholds=(0.5, 0.95, 0.99), chance=0.013, metrics=("epochs_to:0.95",)
)
def modular_addition(
    request: Request,  # noqa: ARG001 - a reader's signature
    p: Annotated[int, Meta(ge=3, le=1000, description="the modulus")] = 97,
    train: Annotated[float, Meta(gt=0, lt=1, description="share of all pairs that is trained on")] = 0.5,
    draw: Draw = 0,
) -> Arrays:
    """All pairs of numbers below p as the tokens a, b and =, and their sum modulo p (grokking: Power et al. 2022, with
    `--optimizer` adamw, `--weight-decay` 1 and `--batch-size` 512).
    """
    import numpy as np

    a, b = np.divmod(np.random.RandomState(draw).permutation(p * p), p)
    x, y = np.stack([a, b, np.full_like(a, p)], axis=1), (a + b) % p
    first = max(1, round(train * len(x)))
    if first == len(x):
        raise UserError(f"modular_addition: of {len(x)} pairs a share of {train:g} leaves none to test on. Take less.")
    if untrained := set(range(p)).difference(y[:first].tolist()):
        raise UserError(
            f"modular_addition: of {len(x)} pairs a share of {train:g} holds none with {len(untrained)} of the {p} "
            "sums, which could never be answered. Take more."
        )
    return {
        "x_train": x[:first], "y_train": y[:first], "x_test": x[first:], "y_test": y[first:],
        TOKENS: np.array([*map(str, range(p)), "="]),
    }  # fmt: skip


@dataset(epochs=30, model="transformer", thresholds=(0.5, 0.95, 0.99), chance=0.1018)
def copy(
    request: Request,  # noqa: ARG001 - a reader's signature
    length: Length = 10,
    symbols: Symbols = 10,
    n: Inputs = 4000,
    draw: Draw = 0,
) -> Arrays:
    """Random symbols, and then the same again, each to be told from those before it (after Graves et al. 2014)."""
    return _answered(lambda given: given, length, symbols, n, draw)


@dataset(epochs=30, model="transformer", thresholds=(0.5, 0.95, 0.99), chance=0.1018)
def sort(
    request: Request,  # noqa: ARG001 - a reader's signature
    length: Length = 10,
    symbols: Symbols = 10,
    n: Inputs = 4000,
    draw: Draw = 0,
) -> Arrays:
    """Random symbols, and then the same in order, each to be told from those before it (minGPT's demo: Karpathy)."""
    import numpy as np

    return _answered(lambda given: np.sort(given, axis=1), length, symbols, n, draw)


def _answered(answer: Any, length: int, symbols: int, n: int, draw: int) -> Arrays:
    """What is given and its answer as one sequence, whose tokens have the next one for a target once all was given."""
    import numpy as np

    stream = np.random.RandomState(draw)
    arrays = {TOKENS: np.array([*map(str, range(symbols))])}
    for part, count in (("train", n), ("test", max(4, n // 4))):
        given = stream.randint(0, symbols, (count, length))
        whole = np.concatenate([given, answer(given)], axis=1)
        arrays[f"x_{part}"], targets = whole[:, :-1], whole[:, 1:].copy()
        targets[:, : length - 1] = NO_TARGET
        arrays[f"y_{part}"] = targets
    return arrays
