"""What the page of all results says of one article, as figures: nothing of it is typed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from actbench.execution.plan import plan_from_store
from actbench.execution.reproduce import Reproduction
from actbench.reports import words
from actbench.reports.sheet.printed import heading
from actbench.reports.words.metrics import EPOCHS
from actbench.statistics import Standing
from actbench.tables.arms import finished
from actbench.tables.evidence import ClaimVerdict, Examined, NoEvidence
from actbench.tables.outcomes import Outcome
from actbench.tables.published import (
    CURVE_ACCURACIES,
    CURVE_LOSSES,
    Digits,
    ReproducedFigure,
    compare_means,
    count_digits,
)

if TYPE_CHECKING:
    import pandas as pd

    from actbench.tables.evidence import JudgedClaim


SAID = {"too few": "with too few seeds", "undecided": "not decided", "to the digit": "reproduced to the digit"}
"""Verdicts, counted in a sentence."""


def verdicts_counted(found: Reproduction) -> str:
    """How many of the claims came to what."""
    counts = Counter(map(_counted_as, found.claims))
    verdicts = "; ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    return f"{words.plural(len(found.claims), 'claim')}: {verdicts}."


def _counted_as(judged: JudgedClaim) -> str:
    """A verdict in a few words. What is shown to be equal is decided, only not as the claim has it."""
    if isinstance(judged.evidence, NoEvidence):
        return words.claim_verdict(judged)
    test = getattr(judged.evidence, "test", None)
    equal = isinstance(test, Examined) and test.verdict.standing is Standing.EQUIVALENT
    if judged.verdict is ClaimVerdict.UNDECIDED and equal:
        return "not confirmed, as the two are equal within the margin"
    return SAID.get(str(judged.verdict), str(judged.verdict))


@dataclass(frozen=True)
class ToldClaim:
    """A claim in words: what it says and where it was judged, the verdict, and the figures that decided."""

    text: str
    verdict: str
    figures: str


@dataclass(frozen=True)
class ToldCurve:
    """A printed curve: its arm, and the largest differences of ours from it, in all epochs."""

    name: str
    accuracy: float
    loss: float


@dataclass(frozen=True)
class Story:
    """One article, reproduced."""

    found: Reproduction

    @property
    def name(self) -> str:
        """The study's."""
        return self.found.case.study.name

    @property
    def description(self) -> str:
        """The study's."""
        return self.found.case.study.description

    @cached_property
    def _runs(self) -> pd.DataFrame:
        """The finished runs, with the column ``arm``: variant and activation."""
        runs = finished(self.found.findings.runs)
        return runs.assign(arm=(runs["variant"] + ": " + runs["activation"]).str.removeprefix(": "))

    @property
    def runs(self) -> int:
        """How many came to a result."""
        return len(self._runs)

    @property
    def devices(self) -> set[str]:
        """What its runs were trained on."""
        return set(self._runs["device_name"].astype(str))

    @property
    def asked(self) -> int:
        """How many runs the study asks for."""
        case = self.found.case
        plan = plan_from_store(case.study, case.store)
        if plan is None:
            raise ValueError(f"{case.store} does not know the data of its own study")
        return len(plan.keys)

    @property
    def claims(self) -> list[ToldClaim]:
        """Every claim and what became of it."""
        return [
            ToldClaim(
                judged.claim.text.removesuffix(".") + (f" ({judged.variant})." if judged.variant else "."),
                words.claim_verdict(judged),
                words.claim_figures(judged),
            )
            for judged in self.found.claims
        ]

    @property
    def digits(self) -> Digits:
        """How many printed cells read the same."""
        return count_digits(self.found.cells)

    @property
    def differing(self) -> dict[str, list[str]]:
        """The cells that do not, by row: printed and ours."""
        rows: dict[str, list[str]] = {}
        for cell in self.found.cells:
            if cell.exact is False:
                printed = cell.printed.quantity
                text = f"{heading(cell.printed.column, printed.unit)} {printed.text} / {printed.shown(cell.ours)}"
                rows.setdefault(cell.name, []).append(text)
        return rows

    @property
    def curves(self) -> list[ToldCurve]:
        """The printed curves that we have a run of."""
        return [
            ToldCurve(curve.arm, *(curve.largest_difference(some)[0] for some in (CURVE_ACCURACIES, CURVE_LOSSES)))
            for curve in self.found.curves
            if curve.points
        ]

    @property
    def means_compared(self) -> str:
        """How many printed means of several runs ours differ from, table by table; nothing where none was printed."""
        tables: dict[str, list[ReproducedFigure]] = {}
        for cell in self.found.cells:
            if cell.printed.runs is not None and cell.runs:
                tables.setdefault(cell.printed.variant or cell.printed.place, []).append(cell)
        counts = [
            f"{sum(one.differs for one in compare_means(cells))} of {len(cells)}{f' ({name})' if name else ''}"
            for name, cells in tables.items()
        ]
        return f"Our means differ from the printed ones in {', '.join(counts)}." if counts else ""

    @property
    def below_printed(self) -> list[str]:
        """By how many points our mean test accuracy lies below that of the article's one run, where no seed is named:
        that of the runs that learned.
        """
        lines = []
        for cell in self.found.cells:
            single = cell.printed.seed is None and cell.printed.runs is None
            if single and cell.printed.column == "test_accuracy" and cell.learned:
                below = -float(np.mean([cell.fractions_apart[seed] for seed in cell.learned]))
                runs = f"{len(cell.learned)} of {words.plural(cell.runs, 'run')} that learned"
                lines.append(f"{words.percent(below)} points ({cell.name}, {runs})")
        return lines

    @property
    def means(self) -> list[str]:
        """The mean test accuracies of the arms, where none was printed, the highest first, by variant."""
        if self.found.cells:
            return []
        lines = []
        for variant, runs in self._runs.groupby("variant", sort=False):
            means = runs.groupby("activation", sort=False)["test_accuracy"].mean().sort_values(ascending=False)
            listed = ", ".join(f"{arm!s} {words.percent(mean, 1)}" for arm, mean in means.items())
            place = f" ({variant!s})" if variant else ""
            lines.append(f"Mean test accuracy in percent{place}: {listed}.")
        return lines

    @property
    def at_chance(self) -> list[str]:
        """Arms whose every run was still at chance on the test images when it had left chance on the training images.

        The longest such stretch from the first epoch on; said of the epoch with which it ends.
        """
        epochs = self.found.findings.epochs
        trained = epochs[epochs["epoch"] > 0].merge(self._runs[["run_key", "arm", "chance_level", "outcome"]])
        lines = []
        for arm, rows in trained[trained["outcome"] == Outcome.LEARNED].groupby("arm", sort=False):
            left = rows[rows["test_accuracy"] > rows["chance_level"]].groupby("run_key")["epoch"].min() - 1
            end = rows[rows["epoch"] == left.min()]
            if len(end) and (end["train_accuracy"] > end["chance_level"]).all():
                lines.append(
                    f"{arm} is at chance on the test images through epoch {left.min():.0f} in every run, with a "
                    f"training accuracy of {words.percent(end['train_accuracy'].min(), 1)} % or more by then."
                )
        return lines

    @property
    def epoch(self) -> str:
        """The epoch whose figures count."""
        return " or ".join(EPOCHS[rule] for rule in dict.fromkeys(item.task.rule for item in self.found.findings.tasks))

    @property
    def flattery(self) -> str:
        """By how many points the best epoch on the test images lies above that one, of the arms with least and most."""
        runs = self._runs[self._runs["outcome"] == Outcome.LEARNED]  # at chance there is no epoch to choose
        points = (runs["best_test_accuracy"] - runs["test_accuracy"]).groupby(runs["arm"]).mean()
        ranked = sorted((float(mean), str(arm)) for arm, mean in points.items())
        least, most = (f"{words.percent(mean)} ({arm})" for mean, arm in (ranked[0], ranked[-1]))
        return f"{least} to {most}"
