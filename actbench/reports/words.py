"""Numbers and findings as people read them: the one place where fractions become percent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from actbench.statistics import Comparison, Summary, TimeComparison, TimeSummary
from actbench.tables.select import name_some

if TYPE_CHECKING:
    from actbench.tables.comparison import MetricComparison, Row
    from actbench.tables.metrics import Metric

NOTHING = "-"
SMALLEST_P = 0.001


def accuracy(value: float | None, spread: float | None = None) -> str:
    """A fraction in percent, with its standard deviation: ``97.81 ± 0.14``."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{value * 100:.2f}" + ("" if spread is None or math.isnan(spread) else f" ± {spread * 100:.2f}")


def number(value: float | None, pattern: str = "{:.4g}") -> str:
    """A number, or ``-`` where there is none."""
    return NOTHING if value is None or not math.isfinite(value) else pattern.format(value)


def seconds(value: float | None) -> str:
    """Seconds with three digits that count, and no exponent."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits


def p_value(value: float | None) -> str:
    """An adjusted p-value."""
    if value is None:
        return NOTHING
    return f"< {SMALLEST_P}" if value < SMALLEST_P else f"{value:.3f}"


def difference(metric: Metric, value: float, *, signed: bool = True) -> str:
    """A difference in the metric's unit: percentage points, nats or seconds, without the unit's name."""
    if math.isinf(value):
        return NOTHING
    pattern = "{:+.2f}" if signed else "{:.2f}"
    if metric.unit != "accuracy":
        pattern = "{:+.3g}" if signed else "{:.3g}"
    text = pattern.format(value * 100 if metric.unit == "accuracy" else value)
    return text[1:] if text in ("-0.00", "+0.00", "-0", "+0") else text


def unit(metric: Metric) -> str:
    """The unit of `difference`."""
    return {"accuracy": "pp", "loss": "nats", "seconds": "s", "epochs": "epochs"}[metric.unit]


def summary(metric: Metric, found: Summary | TimeSummary) -> str:
    """An arm's own figure with its unit: ``97.81 ± 0.14 %``, ``7 (8/10) epochs``, ``reached by 3 of 10 runs``."""
    if isinstance(found, TimeSummary):
        if math.isinf(found.median):
            what = "reached by" if metric.is_time_to else "finite in"
            return f"{what} {found.reached or 'none'} of {found.n} run{'s' * (found.n > 1)}"
        return f"{median(metric, found)} {'epoch' if metric.unit == 'epochs' and found.median == 1 else unit(metric)}"
    if metric.unit == "accuracy":
        return f"{accuracy(found.mean, found.sd)} %"
    spread = "" if found.sd is None else f" ± {found.sd:.2g}"
    return f"{found.mean:.3g}{spread} {unit(metric)}"


def median(metric: Metric, found: TimeSummary) -> str:
    """A median and, where some runs missed, how many arrived."""
    figure = number(found.median, "{:g}") if metric.unit == "epochs" else seconds(found.median)
    return with_reach(figure, found.reached, found.n)


def with_reach(figure: str, reached: int, runs: int) -> str:
    """A figure and the reach rate, where that is neither nothing nor everything."""
    return f"{figure} ({reached}/{runs})" if 0 < reached < runs else figure


def interval(metric: Metric, comparison: Comparison | TimeComparison) -> str:
    """The 95 % interval of a difference or a speed-up."""
    if comparison.interval is None:
        return NOTHING
    low, high = comparison.interval.low, comparison.interval.high
    if isinstance(comparison, TimeComparison):
        return f"{factor(low)} … {factor(high)}"
    return f"{difference(metric, low)} … {difference(metric, high)}"


def factor(value: float | None) -> str:
    """A speed-up: ``1.25×``; a definite win is ``∞``, a definite loss 0."""
    if value is None or math.isnan(value):
        return NOTHING
    return "∞" if math.isinf(value) else f"{value:.3g}×"


def verdict(comparison: MetricComparison, row: Row) -> str:
    """The verdict in words, with the margin as people write it."""
    if _both_missed(comparison, row):
        return f"undecided: neither {'got there' if comparison.metric.is_time_to else 'is finite'}"
    return row.verdict.words(comparison.margin_words)


def _both_missed(comparison: MetricComparison, row: Row) -> bool:
    """Whether no run of either arm has a time: it is epochs that are missing then, not seeds."""
    figures = (row.summary, comparison.baseline_summary)
    return all(isinstance(found, TimeSummary) and not found.reached for found in figures)


def summarize(comparison: MetricComparison) -> str:
    """All verdicts of one metric in a sentence or two."""
    kinds: dict[str, list[str]] = {"better": [], "worse": [], "equivalent": [], "undecided": []}
    for row in comparison.rows:
        decided = row.verdict.kind in ("better", "worse")
        kinds[row.verdict.kind].append(f"{row.arm} ({_size(comparison, row)})" if decided else row.arm)
    parts = []
    if kinds["better"]:
        parts.append(f"better than {comparison.baseline}: {name_some(kinds['better'], 8)}")
    if kinds["worse"]:
        parts.append(f"worse{'' if parts else f' than {comparison.baseline}'}: {name_some(kinds['worse'], 8)}")
    against = "" if parts else f" against {comparison.baseline}"
    if kinds["equivalent"]:
        parts.append(
            f"no difference of more than {comparison.margin_words} shown{against}: {name_some(kinds['equivalent'], 8)}"
        )
        against = ""
    if kinds["undecided"]:
        parts.append(f"undecided{against}: {name_some(kinds['undecided'], 8)}{_more_seeds(comparison)}")
    return f"{comparison.metric.title[:1].upper()}{comparison.metric.title[1:]}: {'; '.join(parts)}."


def _size(comparison: MetricComparison, row: Row) -> str:
    found = row.comparison
    if isinstance(found, TimeComparison):
        # A definite win or loss is no factor: one of the two did not get there.
        return factor(found.speedup) if 0 < found.speedup < math.inf else summary(comparison.metric, row.summary)
    return f"{difference(comparison.metric, found.difference)} {unit(comparison.metric)}"


def _more_seeds(comparison: MetricComparison) -> str:
    undecided = [row for row in comparison.rows if row.verdict.kind == "undecided"]
    if all(_both_missed(comparison, row) for row in undecided):
        return ""
    known = [row.verdict.seeds for row in undecided if row.verdict.seeds is not None]
    if not known:
        return ", and more than 1,000 seeds would be needed to tell"
    at_least = any(row.verdict.at_least for row in comparison.rows)
    few, many = min(known), max(known)
    span = f"{few}" if few == many else f"{few} to {many}"
    some = f" for {len(known)} of them" if len(known) < len(undecided) else ""
    return f", where {'at least' if at_least else 'about'} {span} seeds would tell{some}"
