"""Is an arm shown to differ from the baseline by more than a margin? The other half of "equal within the margin"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from actbench.statistics.family import Measure, judge_family
from actbench.statistics.pairing import Arm
from actbench.statistics.samples import not_negative
from actbench.statistics.verdict import Standing


def shown_outside(
    baseline: Arm,
    arms: Sequence[Arm],
    *,
    measure: Measure = Measure.MEAN,
    margin: float,
    always_paired: bool = False,
    alpha: float = 0.05,
) -> list[bool]:
    """Which arms are shown to lie above the baseline and the margin, or below the baseline less the margin.

    Either end is a family of its own: `judge_family` of the same arms beside a baseline that is moved by the margin
    (`Measure.MEAN`: by adding it, else by the factor 1 + margin), and an arm is outside where its values are above the
    upper one or below the lower one. An arm on an end is called outside with a chance of at most alpha/2, any of a
    family whose arms all lie on one end with at most alpha; inside it is rarer.

    Args:
        baseline: with at least one seed.
        arms: in any order, each with at least one seed.
        measure: what the values are.
        margin: >= 0, in the unit of the values for `Measure.MEAN`, else relative.
        always_paired: as in `judge_family`.
        alpha: error allowed.

    Returns:
        One for each arm, in the same order; False for one with too few seeds.

    Raises:
        ValueError: as `judge_family`.
    """
    not_negative(margin, "the smallest difference worth caring about")

    def standings(sign: int) -> list[Standing]:
        moved = {
            seed: value + sign * margin if measure is Measure.MEAN else value * (1 + margin) ** sign
            for seed, value in baseline.values.items()
        }
        found = judge_family(
            replace(baseline, values=moved),
            arms,
            measure=measure,
            margin=0.0,
            higher_is_better=True,
            always_paired=always_paired,
            alpha=alpha,
        )
        return [judged.verdict.by_values for judged in found]

    above, below = standings(1), standings(-1)
    return [upper is Standing.BETTER or lower is Standing.WORSE for upper, lower in zip(above, below, strict=True)]
