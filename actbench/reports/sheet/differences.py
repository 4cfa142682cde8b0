"""The tables of differences: every arm against the baseline by one metric, and over all tasks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from actbench.reports import words
from actbench.reports.sheet.parts import Bar, Cell, Content, Grid, Head, Scale, Tone
from actbench.reports.words.tuning import at_equal_settings
from actbench.statistics import Comparison, Measure, Standing
from actbench.tables.across import LEAST_TASKS, TAUS

if TYPE_CHECKING:
    from actbench.tables.across import Across
    from actbench.tables.comparison import MetricComparison, Row

TONES = {
    Standing.BETTER: Tone.GOOD,
    Standing.WORSE: Tone.BAD,
    Standing.EQUIVALENT: Tone.NEUTRAL,
    Standing.MIXED: Tone.NEUTRAL,
    Standing.UNDECIDED: Tone.NEUTRAL,
    Standing.TOO_FEW: Tone.NEUTRAL,
}


def comparison_grid(comparison: MetricComparison) -> Grid:
    """Differences from the baseline, how sure they are, and the verdict in words."""
    columns = COLUMNS[comparison.measure](comparison)
    rows = tuple(tuple(cell(row) for _, cell in columns) for row in comparison.rows)
    pairings: dict[str, list[str]] = {}
    for row in comparison.rows:
        pairings.setdefault(words.pairing(row.pairing, comparison.measure, row.clocks), []).append(row.arm)
    common, *others = sorted(pairings.items(), key=lambda item: -len(item[1]))
    family = [row.pairing for row in comparison.rows if row.verdict.is_tested]
    tested = comparison.looks is None
    notes = [
        words.sentence(common[0]) + (f"; {words.family(family)}" if len(family) > 1 and tested else ""),
        *(f"{', '.join(arms)}: {pairing}" for pairing, arms in others),
        *map(words.sentence, [*words.notes(comparison), *at_equal_settings(comparison)]),
    ]
    return Grid(
        f"{words.metric_title(comparison.metric)}, against {comparison.baseline} ({words.baseline(comparison)})",
        tuple(column for column, _ in columns),
        rows,
        tuple(f"{note}." for note in notes),
        elsewhere="'actbench compare' with --format csv",
    ).telling


ColumnOf = tuple[Head, Callable[["Row"], Cell]]


def _mean_columns(comparison: MetricComparison) -> list[ColumnOf]:
    metric = comparison.metric
    unit = words.unit(metric)
    # The intervals as pictures, all rows to one scale.
    reach = max((_reach(row) for row in comparison.rows), default=0.0)
    margin = comparison.limit.value
    scale = Scale(margin, max(reach, 1.3 * margin) or 1.0)
    learned: list[ColumnOf] = [
        (Head("learned", rank=3), _learned),
        (Head("p learned", rank=4), lambda row: _p_value(row.verdict.reliability_p)),
        (Head("all runs", unit=unit, rank=4), lambda row: _step(comparison, row.judged.over_all)),
    ]
    return [
        (Head("activation", Content.NAME), lambda row: Cell(row.arm)),
        *(learned if comparison.some_failed else []),
        (Head("difference", unit=unit), lambda row: _difference(comparison, row)),
        (Head("95 % interval", scale=scale, rank=1), lambda row: _interval(comparison, row)),
        (Head("p", rank=2), lambda row: _p_value(row.verdict.adjusted_p)),
        (Head("effect size", rank=3), _effect_size),
        (Head("IQM", unit=unit, rank=5), lambda row: _step(comparison, row.judged.iqm_difference)),
        (Head("P(better)", rank=5), _improvement),
        (
            Head("could show", unit=unit, rank=4, note=f"{words.explain_could_show()}."),
            lambda row: _could_show(comparison, row),
        ),
        (Head("verdict", Content.WORDS), lambda row: _verdict(comparison, row)),
    ]


def _ratio_columns(comparison: MetricComparison) -> list[ColumnOf]:
    return [
        (Head("activation", Content.NAME), lambda row: Cell(row.arm)),
        (
            Head("mean", unit=words.unit(comparison.metric), rank=3),
            lambda row: Cell(words.seconds(_mean_of(row)), _mean_of(row)),
        ),
        (Head("arm / baseline"), lambda row: Cell(words.factor(_of(row).ratio), _of(row).ratio)),
        (Head("95 % interval", rank=1), lambda row: _interval(comparison, row)),
        (Head("P(faster)", rank=4), _improvement),
        (Head("p", rank=2), lambda row: _p_value(row.verdict.adjusted_p)),
        (Head("verdict", Content.WORDS), lambda row: _verdict(comparison, row)),
    ]


def _rank_columns(comparison: MetricComparison) -> list[ColumnOf]:
    metric = comparison.metric
    return [
        (Head("activation", Content.NAME), lambda row: Cell(row.arm)),
        (
            Head("median", unit=words.unit(metric), rank=3),
            lambda row: Cell(words.median(metric, _median(row)), _median(row).median),
        ),
        (Head("median speed-up"), lambda row: Cell(words.factor(_of(row).speedup), _of(row).speedup)),
        (Head("95 % of that median", rank=1), lambda row: _interval(comparison, row)),
        (
            Head("faster / slower / tied", rank=4),
            lambda row: Cell(f"{_of(row).wins} / {_of(row).losses} / {_of(row).ties}", _of(row).wins),
        ),
        (Head("p", rank=2), lambda row: _p_value(row.verdict.adjusted_p)),
        (Head("verdict", Content.WORDS), lambda row: _verdict(comparison, row)),
    ]


COLUMNS = {Measure.MEAN: _mean_columns, Measure.RATIO: _ratio_columns, Measure.TIME: _rank_columns}


def _of(row: Row) -> Any:
    """The comparison of an arm: which of the kinds it is, the columns know."""
    return row.comparison


def _median(row: Row) -> Any:
    return row.summary


def _mean_of(row: Row) -> float | None:
    return getattr(row.summary, "mean", None)


def _p_value(p: float | None) -> Cell:
    return Cell(words.p_value(p), p)


def _decimals(row: Row) -> int:
    """One number of decimals for a difference, its interval and what could be shown, which are read together."""
    found = row.comparison
    if not isinstance(found, Comparison):
        return words.decimals_of([])
    ends = (found.interval.low, found.interval.high) if found.interval else ()
    return words.decimals_of([found.difference, *ends, row.could_show or 0.0])


def _difference(comparison: MetricComparison, row: Row) -> Cell:
    if row.comparison is None:
        return Cell(words.NOTHING)
    value = _of(row).difference
    return Cell(words.difference(comparison.metric, value, decimals=_decimals(row)), value)


def _step(comparison: MetricComparison, value: float | None) -> Cell:
    if value is None:
        return Cell(words.NOTHING)
    return Cell(words.difference(comparison.metric, value, decimals=words.decimals_of([value])), value)


def _learned(row: Row) -> Cell:
    found = row.judged.learned
    return Cell(words.learned(found.k, found.n, found.interval.low, found.interval.high), found.k)


def _effect_size(row: Row) -> Cell:
    """Named, since that of pairs and that of two samples are different quantities."""
    found = _of(row)
    if found is None or found.effect_size is None:
        return Cell(words.NOTHING)
    name = "g_z" if found.paired else "g"
    return Cell(f"{name} {words.number(found.effect_size, '{:+.2f}')}", found.effect_size)


def _improvement(row: Row) -> Cell:
    value = row.judged.improvement
    return Cell(words.number(value, "{:.2f}"), value)


def _interval(comparison: MetricComparison, row: Row) -> Cell:
    found = row.comparison
    interval = found.interval if found else None
    low, high = (interval.low, interval.high) if interval else (None, None)
    bar = None
    if isinstance(found, Comparison):
        bar = Bar(low, found.difference, high, f"difference of {row.arm} with its interval, to scale")
    return Cell(words.interval(comparison.metric, found, _decimals(row)), low, bar=bar)


def _reach(row: Row) -> float:
    found = row.comparison
    if not isinstance(found, Comparison):
        return 0.0
    ends = (found.interval.low, found.interval.high) if found.interval else ()
    return float(max(abs(value) for value in (*ends, found.difference)))


def _could_show(comparison: MetricComparison, row: Row) -> Cell:
    if row.could_show is None or math.isinf(row.could_show):
        return Cell(words.NOTHING)
    value = words.difference(comparison.metric, row.could_show, signed=False, decimals=_decimals(row))
    return Cell(f"± {value}", row.could_show)


def _verdict(comparison: MetricComparison, row: Row) -> Cell:
    return Cell(words.verdict(comparison, row), tone=TONES[row.verdict.standing])


def across_grid(across: Across) -> Grid:
    """Ranks, speed-ups and the performance profile over all tasks."""
    taus = [tau for tau in TAUS if tau in (1.0, 1.5, 2.0, 3.0)]
    timed = across.timed >= LEAST_TASKS
    columns = [
        Head("activation", Content.NAME),
        Head("mean rank"),
        Head("mean test %", rank=1),
        Head("cost of an epoch", rank=1),
        *([Head("speed-up", rank=2), Head("solved", rank=3)] if timed else []),
        *([Head(f"within {tau:g}×", rank=4) for tau in taus] if timed else []),
        Head("Pareto front", Content.NAME, rank=2),
    ]
    rows = []
    for row in across.rows:
        cells = [
            Cell(row.arm),
            Cell(f"{row.mean_rank:.2f}", row.mean_rank),
            Cell(words.accuracy(row.accuracy), row.accuracy),
            Cell(words.factor(row.cost), row.cost),
        ]
        if timed:
            shares = [row.profile[TAUS.index(tau)] for tau in taus]
            cells += [Cell(words.factor(row.speedup), row.speedup), Cell(f"{row.solved}/{across.timed}", row.solved)]
            cells += [Cell(words.share(share), share) for share in shares]
        rows.append((*cells, Cell("yes" if row.on_front else "")))
    notes = [
        "Mean rank by test accuracy, 1 is best; it describes, and is no test",
        f"cost: seconds per epoch relative to {across.baseline}, geometric mean",
        "Pareto front: by these means alone, no other arm is both more accurate and cheaper",
    ]
    if timed:
        notes += [
            f"speed-up over {across.baseline} to the target, by the median run's epochs and their cost; '-': a miss",
            "within τ×: share of the tasks solved in at most τ times the best arm's seconds",
            f"targets: {words.targets(across)}",
        ]
    notes = [f"{words.sentence(note)}." for note in notes]
    notes += [*words.shared_networks(across), *words.left_out(across)]
    return Grid("", tuple(columns), tuple(rows), tuple(notes), elsewhere="'actbench compare' with --json")
