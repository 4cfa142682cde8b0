"""Across tasks: who wins where, how often, and by how much. Matrices have one row per task and one column per arm.

Each takes ``weights``, shape (tasks,), above 0: tasks that are not independent of each other share the weight of one.
Without, all count alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from actbench.statistics.samples import time_sample

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LEAST_TASKS = 2


def performance_profile(times: ArrayLike, taus: ArrayLike, *, weights: ArrayLike | None = None) -> NDArray[np.float64]:
    """Share of tasks that each arm solves within tau times the best arm's time (Dolan & Moré 2002).

    ρ_a(τ) = |{tasks t : times[t, a] <= τ · min_b times[t, b]}| / number of tasks. A task that no arm solved counts as
    unsolved for every arm, so no profile need reach 1.

    Args:
        times: shape (tasks, arms), epochs or seconds to the threshold, > 0, inf where it was never reached.
        taus: shape (k,), factors >= 1.
        weights: of the tasks.

    Returns:
        Shape (k, arms), shares from 0 to 1.

    Raises:
        ValueError: fewer than two tasks, no arms, a time that is nan, zero or negative, a tau below 1, or weights that
            do not fit.
    """
    matrix = _times(times)
    factors = np.asarray(taus, dtype=np.float64)
    if factors.ndim != 1 or not (factors >= 1).all():
        raise ValueError("taus must be a one-dimensional array of factors >= 1")
    best = matrix.min(axis=1, keepdims=True)
    within = matrix <= factors[:, None, None] * best
    return _mean(within & np.isfinite(matrix), weights, axis=1)


def mean_rank(values: ArrayLike, *, higher_is_better: bool, weights: ArrayLike | None = None) -> NDArray[np.float64]:
    """Mean over the tasks of each arm's rank within the task: 1 is best, ties share the mean of their ranks.

    The statistic of the Friedman test (Friedman 1937; Demšar 2006 for comparisons over data sets).

    Args:
        values: shape (tasks, arms), any unit; a miss is inf where lower is better, -inf where higher is.
        higher_is_better: True for accuracy, False for times and losses.
        weights: of the tasks.

    Returns:
        Shape (arms,), from 1 to the number of arms.

    Raises:
        ValueError: fewer than two tasks, no arms, nan, or weights that do not fit.
    """
    import pandas as pd  # scipy.stats has ranks too, and takes most of a second to import

    matrix = _matrix(values)
    ranked = pd.DataFrame(-matrix if higher_is_better else matrix).rank(axis=1, method="average")
    return _mean(ranked.to_numpy(dtype=np.float64), weights)


def geometric_mean_speedup(times: ArrayLike, baseline: int, *, weights: ArrayLike | None = None) -> NDArray[np.float64]:
    """How many times as fast as the baseline each arm is, over all tasks: (Π_t times[t, baseline] / times[t, a])^(1/T).

    The geometric mean, since it alone gives the same answer whichever arm is the baseline (Fleming & Wallace 1986).
    nan for an arm that missed a task, and for all arms if the baseline missed one: a mean over the tasks that happened
    to be solved would favour the arm that gave up on the hard ones. The performance profile speaks for those.

    Args:
        times: shape (tasks, arms), epochs or seconds, > 0, inf where the threshold was never reached.
        baseline: column of the baseline.
        weights: of the tasks.

    Returns:
        Shape (arms,), factors, 1 for the baseline, above 1 for faster.

    Raises:
        ValueError: fewer than two tasks, no arms, a time that is nan, zero or negative, no such column, or weights that
            do not fit.
    """
    matrix = _times(times)
    if not 0 <= baseline < matrix.shape[1]:
        raise ValueError(f"no column {baseline} for the baseline among {matrix.shape[1]} arms")
    solved = np.where(np.isfinite(matrix), matrix, np.nan)
    speedups: NDArray[np.float64] = np.exp(_mean(np.log(solved[:, [baseline]] / solved), weights))
    return speedups


def pareto_front(accuracy: ArrayLike, seconds: ArrayLike) -> NDArray[np.bool_]:
    """Which arms no other arm beats in both accuracy and seconds.

    An arm is off the front if another is at least as accurate and at least as fast, and better in one of the two; arms
    that are equal in both stand or fall together. An arm that took inf seconds never arrived and is off.

    Args:
        accuracy: shape (arms,), any unit, more is better, without nan.
        seconds: shape (arms,), >= 0, less is better.

    Returns:
        Shape (arms,), True on the front.

    Raises:
        ValueError: no arms, unequal lengths, nan, or negative seconds.
    """
    gains, costs = np.asarray(accuracy, dtype=np.float64), time_sample(seconds, "seconds")
    if gains.shape != costs.shape or np.isnan(gains).any():
        raise ValueError(f"accuracy must be {costs.size} numbers without nan, one for each of the seconds")
    no_worse = (gains[:, None] >= gains) & (costs[:, None] <= costs)
    beaten = (no_worse & ~no_worse.T).any(axis=0)
    front: NDArray[np.bool_] = ~beaten & np.isfinite(costs)
    return front


def _mean(values: NDArray[Any], weights: ArrayLike | None, *, axis: int = 0) -> NDArray[np.float64]:
    """The mean over the tasks, which lie along an axis."""
    if weights is not None:
        weights = np.asarray(weights, dtype=np.float64)
        if weights.shape != (values.shape[axis],) or not (weights > 0).all():
            raise ValueError(f"weights must be {values.shape[axis]} numbers above zero, one for each task")
    mean: NDArray[np.float64] = np.average(values, axis=axis, weights=weights)
    return mean


def _matrix(values: ArrayLike) -> NDArray[np.float64]:
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] == 0:  # noqa: PLR2004
        raise ValueError(f"expected a matrix of tasks x arms, not the shape {matrix.shape}")
    if matrix.shape[0] < LEAST_TASKS:
        raise ValueError(f"a comparison across tasks needs at least {LEAST_TASKS} tasks, not {matrix.shape[0]}")
    if np.isnan(matrix).any():
        raise ValueError(
            "the matrix of tasks x arms holds nan: a missing run is not a miss (inf), leave the task or the arm out"
        )
    return matrix


def _times(values: ArrayLike) -> NDArray[np.float64]:
    matrix = _matrix(values)
    if not (matrix > 0).all():
        raise ValueError("times must be above zero, and inf where the threshold was never reached")
    return matrix
