"""An article's claims, judged by our runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from actbench import statistics
from actbench.errors import UserError
from actbench.statistics import Decided
from actbench.studies.article import Article, Claim, printed_cells, spelling
from actbench.tables.metrics import Metric, parse_metrics, values_by_arm
from actbench.tables.published import ACCURACIES, Cell, Followed

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["to the digit", "confirmed", "refuted", "undecided"]
EPOCH_SECONDS = Metric("epoch_seconds", "median seconds of an epoch", "seconds")


@dataclass(frozen=True)
class Judged:
    """A claim and what became of it in one variant.

    Attributes:
        claim: as the study states it.
        variant: where it was judged; empty where the claim is about all.
        kind: reproduced to the digit, confirmed, refuted, or undecided.
        figures: what decided.
        seeds: how many our figures rest on.
    """

    claim: Claim
    variant: str
    kind: Kind
    figures: str
    seeds: int

    @property
    def holds(self) -> bool:
        """Whether our runs bear the claim out."""
        return self.kind in ("to the digit", "confirmed")

    @property
    def words(self) -> str:
        """The verdict."""
        if self.kind == "undecided":
            return f"not decided with {self.seeds} seed{'s' * (self.seeds != 1)}"
        if self.kind == "to the digit":
            return "reproduced to the digit"
        return self.kind

    @property
    def disappoints(self) -> bool:
        """Whether the study expects the claim to hold, and it does not."""
        return self.claim.expected and not self.holds


def judge_claims(
    article: Article, cells: Sequence[Cell], curves: Sequence[Followed], runs: pd.DataFrame
) -> list[Judged]:
    """Judge every claim, those of several variants once in each. Raises UserError for one that fits nothing here."""
    return [
        _judge(article, claim, variant, cells, curves, runs) for claim in article.claims for variant in claim.variants
    ]


def _judge(
    article: Article,
    claim: Claim,
    variant: str,
    cells: Sequence[Cell],
    curves: Sequence[Followed],
    runs: pd.DataFrame,
) -> Judged:
    if claim.cells is not None:
        return _judge_cells(claim, cells)
    if claim.curve is not None:
        return _judge_curve(claim, claim.curve, curves)
    return _judge_arm(article, claim, variant, runs)


def _judge_cells(claim: Claim, cells: Sequence[Cell]) -> Judged:
    chosen = [cell for cell in cells if cell.printed.is_of(claim)]
    if claim.within is not None:
        return _judge_distance(claim, claim.within, [cell for cell in chosen if cell.is_accuracy])
    digits = [cell.exact for cell in chosen if cell.exact is not None]
    if not digits:
        return Judged(claim, "", "undecided", "none of these cells has a run yet", 0)
    met, wanted = sum(digits), claim.at_least or len(digits)
    return Judged(
        claim, "", "to the digit" if met >= wanted else "refuted", f"{met} of {len(digits)} cells to the digit", 1
    )


def _judge_distance(claim: Claim, within: float, cells: Sequence[Cell]) -> Judged:
    distances = [
        (abs(cell.difference) / (100 if cell.printed.quantity.unit == "%" else 1), cell)
        for cell in cells
        if cell.difference is not None
    ]
    if not distances:
        return Judged(claim, "", "undecided", "none of these cells has a run yet", 0)
    largest, where = max(distances, key=lambda pair: pair[0])
    # Rounding alone makes up to half a unit of the last printed digit.
    kind: Kind = "confirmed" if largest <= within + 1e-12 else "refuted"
    which = f"largest difference of {len(distances)} accuracies" if len(distances) > 1 else "difference"
    figures = f"{which} {largest * 100:.2f} pp ({where.arm.removeprefix(': ')})"
    return Judged(claim, "", kind, figures, where.runs)


def _judge_curve(claim: Claim, arm: str, curves: Sequence[Followed]) -> Judged:
    for curve in curves:
        if curve.arm == arm:
            largest, epoch = curve.largest_difference(ACCURACIES, claim.through)
            if math.isnan(largest):
                return Judged(claim, "", "undecided", "that run is not there yet", 0)
            kind: Kind = "confirmed" if largest <= (claim.within or 0.0) + 1e-12 else "refuted"
            figures = f"largest difference in accuracy through epoch {claim.through}: {largest:.5f} (epoch {epoch})"
            return Judged(claim, "", kind, figures, 1)
    raise UserError(f"The claim {claim.text!r} names the curve {arm!r}, which the study does not print.")


def _judge_arm(article: Article, claim: Claim, variant: str, runs: pd.DataFrame) -> Judged:
    metric = EPOCH_SECONDS if claim.by == EPOCH_SECONDS.name else parse_metrics([claim.by], ())[0]
    here = runs[runs["variant"] == variant]
    values = values_by_arm(metric, here.assign(arm=here["activation"]))
    arm = spelling(claim.arm or "", "claim")
    names = (
        [name for name in values if name != arm] if claim.than == "others" else [spelling(n, "") for n in claim.than]
    )
    absent = [name for name in (arm, *names) if not values.get(name)]
    if absent or not names:
        return Judged(claim, variant, "undecided", f"no finished run of {', '.join(absent) or 'any other arm'}", 0)
    seeds = sorted(set.intersection(*(set(values[name]) for name in (arm, *names))))
    samples = {name: np.array([values[name][seed] for seed in seeds]) for name in (arm, *names)}
    if not seeds or not all(np.isfinite(sample).all() for sample in samples.values()):
        return Judged(claim, variant, "undecided", "some run has no such figure", len(seeds))
    if metric.is_clock:
        samples = {name: np.log(sample) for name, sample in samples.items()}
    decided = _decide(claim, samples[arm], [samples[name] for name in names])
    rival = names[decided.rival]
    figures = _figures(metric, arm, rival, decided)
    if metric.is_clock:
        figures += _printed_ratio(article, variant, arm, rival)
        if (here["jobs"] > 1).any():
            figures += "; timed with other runs beside them"
    return Judged(claim, variant, decided.decision, figures, len(seeds))


def _decide(claim: Claim, arm: Any, rivals: Sequence[Any]) -> Decided:
    if claim.margin is not None:
        return statistics.decide_alike(arm, rivals, margin=claim.margin)
    return statistics.decide_order(arm, rivals, higher=claim.relation == "higher")


def _figures(metric: Metric, arm: str, rival: str, decided: Decided) -> str:
    found, interval = decided.comparison, decided.comparison.interval
    if metric.is_clock:
        span = f" ({math.exp(interval.low):.3g} … {math.exp(interval.high):.3g})" if interval else ""
        return f"{arm} / {rival}: measured ratio {math.exp(found.difference):.3g}{span}"
    factor, unit = (100, " pp") if metric.unit == "accuracy" else (1, "")
    span = f" ({interval.low * factor:+.2f} … {interval.high * factor:+.2f})" if interval else ""
    return f"{arm} - {rival}: {found.difference * factor:+.2f}{span}{unit}"


def _printed_ratio(article: Article, variant: str, arm: str, rival: str) -> str:
    """What the article's own clock says, where it printed one for both."""
    times: dict[str, dict[str, float]] = {}
    for cell in printed_cells(article):
        if cell.variant == variant and cell.column in ("train_seconds", "step_milliseconds") and cell.quantity.number:
            times.setdefault(cell.column, {})[cell.activation] = cell.quantity.number
    for figures in times.values():
        if arm in figures and rival in figures:
            return f", printed {figures[arm] / figures[rival]:.3g}"
    return ""
