"""What the page of all results says of a study that is nobody's article, as figures: nothing of it is typed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from actbench.execution.plan import stored_plan
from actbench.reports import words
from actbench.reports.words.tuning import settings_words, tuning_line
from actbench.results.columns import SCORING
from actbench.results.read import read_runs
from actbench.studies.file import read_study
from actbench.tables.findings import Findings, Question, TaskFindings, analyse

if TYPE_CHECKING:
    from actbench.statistics import Standing
    from actbench.studies.study import Study
    from actbench.tables.comparison import MetricComparison, Row
    from actbench.tables.tuning import TuningFindings

STUDIES = Path("studies")
TUNED_PICTURES = ("sensitivity", "budget")


@dataclass(frozen=True)
class Contrast:
    """One arm: at its own settings and at the shared ones."""

    arm: str
    chosen: str
    own: str
    shared: str
    verdict: str
    shared_verdict: str


@dataclass(frozen=True)
class TunedTask:
    """A task whose arms were tuned, and the same at the settings that all share.

    Attributes:
        own: each arm at its best.
        shared: all arms at the same settings.
        tuning: what was tried.
    """

    own: TaskFindings
    shared: TaskFindings
    tuning: TuningFindings

    @property
    def title(self) -> str:
        """The task's, without the tuning."""
        return words.task_title(tuple(part for part in self.own.task.distinction if part[0] != "tuning"))

    @property
    def how(self) -> str:
        """What was tried."""
        return words.sentence(tuning_line(self.tuning))

    @property
    def searched(self) -> str:
        """What was chosen for each arm."""
        return " and ".join(name.replace("_", " ") for name in self.tuning.stored.searched)

    @property
    def shared_settings(self) -> str:
        """Those of all arms."""
        return settings_words(tuple(self.tuning.stored.shared.items()))

    @property
    def baseline(self) -> str:
        """The arm that the others are compared with."""
        return self.own.baseline

    @property
    def arms(self) -> list[Contrast]:
        """Every arm, the best at its own settings first."""
        own, shared = (_means(found) for found in (self.own, self.shared))
        ranked = sorted(own, key=lambda arm: own[arm], reverse=True)
        return [
            Contrast(
                arm,
                settings_words(self.tuning.arms[arm].trial.settings) + " (edge)" * self.tuning.arms[arm].on_edge,
                words.percent(own[arm]),
                words.percent(shared[arm]) if arm in shared else words.NOTHING,
                _verdict(self.own, arm),
                _verdict(self.shared, arm),
            )
            for arm in ranked
        ]

    @property
    def survives(self) -> str:
        """What becomes of the verdicts at shared settings when every arm has its own."""
        own, shared = (
            {row.arm: row.verdict.standing for row in _comparison(found).rows} for found in (self.own, self.shared)
        )
        both = [arm for arm in shared if arm in own]
        said = [arm for arm in both if shared[arm].is_different]
        stand = [arm for arm in said if own[arm] is shared[arm]]
        turned = [arm for arm in said if own[arm].is_different and own[arm] is not shared[arm]]
        gone = [arm for arm in said if not own[arm].is_different]
        new = [arm for arm in both if own[arm].is_different and not shared[arm].is_different]
        from scipy.stats import kendalltau

        means = [_means(found) for found in (self.own, self.shared)]
        common = [arm for arm in means[0] if arm in means[1]]
        tau = kendalltau(*([found[arm] for arm in common] for found in means)).statistic
        counts = (
            ("stand", stand, shared),
            ("are gone", gone, shared),
            ("turn round", turned, own),
            ("are new", new, own),
        )
        told = "; ".join(f"{what}: {len(arms)}{_listed(arms, standings)}" for what, arms, standings in counts)
        return (
            f"Of {words.plural(len(both), 'verdict')} against {self.baseline} at {self.shared_settings} for all, "
            f"{len(said)} tell a difference. Of these, when each arm has its own, {told}. "
            f"Kendall's τ of the two rankings by mean: {tau:.2f}."
        )


@dataclass(frozen=True)
class OwnStudy:
    """A study of ``studies/`` and what its committed runs came to."""

    study: Study
    store: Path

    @property
    def name(self) -> str:
        """The study's."""
        return self.study.name

    @property
    def description(self) -> str:
        """The study's."""
        return self.study.description

    @property
    def file(self) -> Path:
        """Where it stands."""
        return STUDIES / f"{self.name}.toml"

    @cached_property
    def findings(self) -> Findings:
        """What `actbench compare` finds in the store."""
        return analyse([self.store], Question())

    @property
    def runs(self) -> str:
        """How many are stored, and how many of these tuned; how many seeds scored."""
        rows = list(read_runs(self.store))
        tuning = sum(row["role"] != SCORING for row in rows)
        seeds = self.findings.runs["seed"].nunique()
        scored = f"{words.plural(len(rows) - tuning, 'scoring run')} on {words.plural(seeds, 'seed')}"
        return f"{scored} and {words.plural(tuning, 'tuning run')}" if tuning else scored

    @property
    def lacking(self) -> int:
        """How many of the scoring runs at shared settings that the study asks for are not stored."""
        plan = stored_plan(self.study, self.store)
        if plan is None:
            raise ValueError(f"{self.store} does not know the data of its own study")
        return len(set(plan.keys) - {row["run_key"] for row in read_runs(self.store)})

    @property
    def devices(self) -> set[str]:
        """What its runs were trained on."""
        return set(self.findings.runs["device_name"].astype(str))

    @property
    def pictures(self) -> tuple[str, ...]:
        """Those that its store has more than the others."""
        return TUNED_PICTURES if self.tuned else ()

    @cached_property
    def tuned(self) -> list[TunedTask]:
        """Its tasks whose arms were tuned, each beside the one at shared settings."""
        plain = [found for found in self.findings.tasks if not found.task.tuning]
        pairs = []
        for own in self.findings.tasks:
            if own.tuning is not None:
                wanted = {**own.task.settings, **own.tuning.stored.shared, "tuning": ""}
                (shared,) = (found for found in plain if found.task.settings == wanted)
                pairs.append(TunedTask(own, shared, own.tuning))
        return pairs

    @property
    def lines(self) -> list[str]:
        """What the comparisons of tasks came to that no tuning is about."""
        if self.tuned:
            return []
        return [
            f"{words.task_title(found.task.distinction)}. {words.summarize(comparison)}"
            for found in self.findings.tasks
            for comparison in found.comparisons
        ]


def own_studies(results: Path) -> list[OwnStudy]:
    """Those of which runs are committed."""
    files = sorted(STUDIES.glob("*.toml"))
    return [OwnStudy(read_study(path), results / path.stem) for path in files if (results / path.stem).is_dir()]


def _comparison(found: TaskFindings) -> MetricComparison:
    """That by the first metric."""
    return found.comparisons[0]


def _means(found: TaskFindings) -> dict[str, float]:
    """Mean test accuracy of each arm over all finished runs."""
    means = found.task.finished.groupby("arm", sort=False)["test_accuracy"].mean()
    return {str(arm): float(mean) for arm, mean in means.items()}


def _verdict(found: TaskFindings, arm: str) -> str:
    """What is said of an arm; that it is the baseline, if so."""
    comparison = _comparison(found)
    rows: dict[str, Row] = {row.arm: row for row in comparison.rows}
    return words.verdict(comparison, rows[arm]) if arm in rows else words.NOTHING


def _listed(arms: list[str], standings: dict[str, Standing]) -> str:
    return f" ({', '.join(f'{arm} {standings[arm]}' for arm in arms)})" if arms else ""
