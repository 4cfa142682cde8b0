"""Numbers as people read them, accuracies in percent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from actbench.results.thresholds import in_percent
from actbench.statistics import AnyComparison, Comparison, Summary, TimeSummary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from actbench.tables.metrics import Metric

NOTHING = "-"
SMALLEST_P = 0.001


def percent(fraction: float, decimals: int = 2) -> str:
    """A fraction in percent, without the sign: ``97.81``."""
    return f"{in_percent(fraction):.{decimals}f}"


def share(fraction: float) -> str:
    """A share in whole percent: ``75%``."""
    return NOTHING if math.isnan(fraction) else f"{percent(fraction, 0)}%"


def accuracy(value: float | None, spread: float | None = None) -> str:
    """A fraction in percent, with its standard deviation: ``97.81 ± 0.14``."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return percent(value) + ("" if spread is None or math.isnan(spread) else f" ± {percent(spread)}")


def with_spread(value: float | None, spread: float | None) -> str:
    """A mean with its standard deviation: ``0.0712 ± 0.0031``; ``∞`` where a run's is infinite."""
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞"
    return f"{value:.4g}" + ("" if spread is None or math.isnan(spread) else f" ± {spread:.2g}")


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


def difference(metric: Metric, value: float, *, signed: bool = True, decimals: int = 2) -> str:
    """A difference in the metric's unit: percentage points, nats or seconds, without the unit's name.

    ``decimals`` are those of percentage points; see `decimals_of`.
    """
    if math.isinf(value):
        return NOTHING
    sign = "+" if signed else ""
    text = f"{in_percent(value):{sign}.{decimals}f}" if metric.unit == "accuracy" else f"{value:{sign}.3g}"
    return text[1:] if text[:1] in "+-" and not float(text) else text


def decimals_of(values: Iterable[float]) -> int:
    """Decimals for percentage points: three where two would print something as nothing, else two."""
    return 3 if any(value and abs(in_percent(value)) < 0.005 for value in values) else 2  # noqa: PLR2004 - 0.00


def unit(metric: Metric) -> str:
    """The unit of `difference`."""
    return {"accuracy": "pp", "loss": "nats", "seconds": "s"}.get(metric.unit, metric.unit)


def summary(metric: Metric, found: Summary | TimeSummary | None) -> str:
    """An arm's own figure with its unit: ``97.81 ± 0.14 %``, ``7 (8/10) epochs``, ``reached by 3 of 10 runs``."""
    if found is None:
        return "no finite figure"
    if isinstance(found, TimeSummary):
        if math.isinf(found.median):
            return f"reached by {found.reached or 'none'} of {found.n} run{'s' * (found.n > 1)}"
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


def interval(metric: Metric, comparison: AnyComparison | None, decimals: int) -> str:
    """The 95 % interval of a difference, a ratio or a speed-up; ``decimals`` as in `difference`."""
    if comparison is None or comparison.interval is None:
        return NOTHING
    low, high = comparison.interval.low, comparison.interval.high
    if not isinstance(comparison, Comparison):
        return f"{factor(low)} … {factor(high)}"
    return f"{difference(metric, low, decimals=decimals)} … {difference(metric, high, decimals=decimals)}"


def factor(value: float | None) -> str:
    """A speed-up: ``1.25×``, near one with a digit more; a definite win is ``∞``, a definite loss 0."""
    if value is None or math.isnan(value):
        return NOTHING
    if 0 < abs(value - 1) < 0.1:  # noqa: PLR2004 - where three digits would not tell 1.004 from 1
        return f"{value:.3f}×"
    return "∞" if math.isinf(value) else f"{value:.3g}×"


def plural(count: float, word: str) -> str:
    """A count and its word: ``1 seed``, ``3 seeds``, ``84,060 parameters``."""
    return f"{count:,.15g} {word}{'s' * (count != 1)}"


def no_room(headings: Iterable[str], elsewhere: str) -> str:
    """Which columns a screen has no room for, and what shows them."""
    also = f", as does {elsewhere}" if elsewhere else ""
    return f"No room for: {', '.join(headings)}. A wider terminal shows them{also}."


def sentence(text: str) -> str:
    """With a capital in front; what is capital within stays so."""
    return text[:1].upper() + text[1:]
