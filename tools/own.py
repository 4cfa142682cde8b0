"""What the page of all results says of a study that is nobody's article, as figures: nothing of it is typed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from actbench.execution.plan import plan_from_store, stored_plan
from actbench.execution.reproduce import Reproduction, find_case, review
from actbench.execution.tune import shared_settings
from actbench.reports import words
from actbench.reports.words.tuning import at_equal_settings, settings_words, tuning_line
from actbench.reports.words.verdicts import what_differs
from actbench.results.columns import SCORING
from actbench.results.read import MANIFEST, read_manifest, read_runs
from actbench.statistics import Standing
from actbench.studies.article import read_article
from actbench.studies.file import read_study
from actbench.tables.findings import Findings, Question, TaskFindings, analyse
from tools.story import Story, ToldClaim, verdicts_counted

if TYPE_CHECKING:
    from actbench.statistics import Verdict
    from actbench.studies.study import Study
    from actbench.tables.comparison import MetricComparison, Row
    from actbench.tables.tuning import TuningFindings

STUDIES = Path("studies")
BETTER, WORSE = Standing.BETTER, Standing.WORSE
UPHELD, GONE, REVERSED, CHANGED, NEW, MOVED = FATES = (
    "upheld", "gone", "reversed", "changed", "new", "moved by the other arms alone",
)  # fmt: skip
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
        doubted = {row.arm for row in _comparison(self.own).rows if row.at_equal}
        return [
            Contrast(
                arm,
                settings_words(self.tuning.arms[arm].trial.settings)
                + " (edge)" * self.tuning.arms[arm].on_edge
                + " ~" * (arm in doubted),
                words.percent(own[arm]),
                words.percent(shared[arm]) if arm in shared else words.NOTHING,
                _verdict(self.own, arm),
                _verdict(self.shared, arm),
            )
            for arm in ranked
        ]

    @cached_property
    def _verdicts(self) -> tuple[dict[str, Verdict], dict[str, Verdict]]:
        """Those on each arm at its own settings and at the shared ones."""
        own, shared = ({row.arm: row.verdict for row in _comparison(found).rows} for found in (self.own, self.shared))
        return own, shared

    @property
    def _both(self) -> list[str]:
        """The arms of both tables, but for the baseline."""
        own, shared = self._verdicts
        return [arm for arm in shared if arm in own]

    @cached_property
    def fates(self) -> dict[str, list[str]]:
        """What becomes of differences at shared settings when every arm has its own, and which are new."""
        own, shared = self._verdicts
        found: dict[str, list[str]] = {fate: [] for fate in FATES}
        for arm in self._both:
            before, after = shared[arm], own[arm]
            if before.standing is not after.standing and self._is_of_the_same_runs(arm):
                if before.standing.is_different or after.standing.is_different:
                    found[MOVED].append(arm)
            elif not before.standing.is_different:
                if after.standing.is_different:
                    found[NEW].append(arm)
            elif not after.standing.is_different:
                found[GONE].append(arm)
            elif after.standing is not before.standing:
                found[REVERSED].append(arm)
            else:
                found[UPHELD if what_differs(after) == what_differs(before) else CHANGED].append(arm)
        return found

    def _is_of_the_same_runs(self, arm: str) -> bool:
        """Whether an arm and the baseline have the shared settings for their own."""
        chosen = (self.tuning.arms[name].trial.settings for name in (arm, self.baseline))
        return all(dict(settings) == dict(self.tuning.stored.shared) for settings in chosen)

    @property
    def _said(self) -> int:
        """How many arms differ from the baseline at shared settings."""
        _, shared = self._verdicts
        return sum(shared[arm].standing.is_different for arm in self._both)

    @property
    def _ends(self) -> str:
        """How many arms are better and worse than the baseline, each with its own settings."""
        own, _ = self._verdicts
        counts = {standing: sum(own[arm].standing is standing for arm in self._both) for standing in (BETTER, WORSE)}
        arms = words.plural(len(self._both), "arm")
        return f"of {arms}, {counts[BETTER]} are better than {self.baseline} then, and {counts[WORSE]} worse"

    @property
    def _all_alike(self) -> str:
        """That no arm has settings of its own; empty where some has."""
        if self.own is not self.shared:
            return ""
        return f"every arm's own {self.searched} is {self.shared_settings}"

    @property
    def survivors(self) -> str:
        """How many verdicts at shared settings stand, in one line."""
        if self._all_alike:
            return self._all_alike
        fates = ", ".join(f"{len(arms)} {fate}" for fate, arms in self.fates.items() if arms)
        return (
            f"of {words.plural(self._said, 'difference')} from {self.baseline} at {self.shared_settings} for all, when "
            f"each arm has its own {self.searched}, {fates or 'none are left'}; {self._ends}"
        )

    @property
    def survives(self) -> str:
        """What becomes of the verdicts at shared settings when every arm has its own."""
        if self._all_alike:
            return f"{words.sentence(self._all_alike)}."
        from scipy.stats import kendalltau

        own, shared = self._verdicts
        small = sum(shared[arm].standing.is_different and shared[arm].negligible for arm in self._both)
        means = [_means(found) for found in (self.own, self.shared)]
        common = [arm for arm in means[0] if arm in means[1]]
        tau = kendalltau(*([found[arm] for arm in common] for found in means)).statistic
        told = "; ".join(
            f"{fate}: {len(arms)}{_listed(arms, own, shared)}"
            for fate, arms in self.fates.items()
            if arms or fate not in (CHANGED, MOVED)
        )
        why = "What the other arms move is of the same runs in both tables: the arms of a table are tested together. "
        usual = settings_words(self.tuning.arms[self.baseline].trial.settings)
        return (
            f"{self.baseline}'s own is {usual}. Of {words.plural(len(self._both), 'verdict')} against it at "
            f"{self.shared_settings} for all, {self._said} {'tells' if self._said == 1 else 'tell'} a difference"
            f"{f' ({small} of no more than the margin)' if small else ''}. "
            f"Of these, when each arm has its own, {told}. {why if self.fates[MOVED] else ''}"
            f"{words.sentence(self._ends)}. Kendall's τ of the two rankings by mean: {tau:.2f}."
        )

    @property
    def doubts(self) -> list[str]:
        """What came of arms at equal settings, where the tuning cannot tell their own from the baseline's."""
        return [f"{words.sentence(line)}." for line in at_equal_settings(_comparison(self.own))]


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
        plan = plan_from_store(self.study, self.store, shared_settings(self.study) if self.study.tuning else None)
        if plan is None:
            raise ValueError(f"{self.store} does not know the data of its own study")
        return len(set(plan.keys) - {row["run_key"] for row in read_runs(self.store)})

    @property
    def devices(self) -> set[str]:
        """What its runs were trained on."""
        return set(self.findings.runs["device_name"].astype(str))

    @cached_property
    def judged(self) -> Reproduction | None:
        """What became of what it claims; None where it claims nothing."""
        if not read_article(self.file).claims:
            return None
        case = find_case(str(self.file), self.store.parent)
        return review(case, stored_plan(case.study, case.store))

    @property
    def claims(self) -> list[ToldClaim]:
        """Every claim and what became of it."""
        return Story(self.judged).claims if self.judged else []

    @property
    def pictures(self) -> tuple[str, ...]:
        """Those that its store has more than the others."""
        return (*(TUNED_PICTURES if self.tuned else ()), *(("profile",) if self.is_race else ()))

    @property
    def is_race(self) -> bool:
        """Whether arms are compared by when they got to a threshold."""
        return any(comparison.metric.is_time_to for found in self.findings.tasks for comparison in found.comparisons)

    @cached_property
    def tuned(self) -> list[TunedTask]:
        """Its tasks whose arms were tuned, each beside the one at shared settings."""
        plain = [found for found in self.findings.tasks if not found.task.tuning]
        pairs = []
        for own in self.findings.tasks:
            if own.tuning is not None:
                wanted = {**own.task.settings, **own.tuning.stored.shared, "tuning": ""}
                # Where all arms chose what they share, there is one table of the same runs.
                shared = next((found for found in plain if found.task.settings == wanted), own)
                pairs.append(TunedTask(own, shared, own.tuning))
        return pairs

    @property
    def outcome(self) -> str:
        """What came of it, in a line: of its claims, or else of its tasks."""
        if self.judged:
            return verdicts_counted(self.judged)
        told = [
            f"with {variant}, {task.survivors}" if (variant := task.own.task.settings["variant"]) else task.survivors
            for task in self.tuned
        ]
        return words.sentence("; ".join(told)) + "." if told else " ".join(self.lines)

    @property
    def lines(self) -> list[str]:
        """What the comparisons of tasks came to that no tuning is about."""
        if self.tuned:
            return []
        return [
            " ".join([f"{words.task_title(found.task.distinction)}.", *map(_summary, found.comparisons)])
            for found in self.findings.tasks
        ]


def own_studies(results: Path) -> list[OwnStudy]:
    """Those of which runs are committed."""
    files = sorted(STUDIES.glob("*.toml"))
    return [OwnStudy(read_study(path), results / path.stem) for path in files if (results / path.stem).is_dir()]


def untrained_studies(results: Path) -> list[Path]:
    """Those of which no store has a run."""
    known = {name for path in results.glob(f"*/{MANIFEST}") for name in read_manifest(path.parent)["studies"]}
    return [path for path in sorted(STUDIES.glob("*.toml")) if read_study(path).name not in known]


def _comparison(found: TaskFindings) -> MetricComparison:
    """That by the first metric."""
    return found.comparisons[0]


def _summary(comparison: MetricComparison) -> str:
    """All verdicts; of a race also when each arm got there: told apart or not, that is what was asked."""
    told = words.summarize(comparison)
    if not comparison.metric.is_time_to:
        return told
    arms = [(comparison.baseline, comparison.baseline_summary), *((row.arm, row.summary) for row in comparison.rows)]
    return f"{told} Medians: {', '.join(f'{arm} {words.summary(comparison.metric, found)}' for arm, found in arms)}."


def _means(found: TaskFindings) -> dict[str, float]:
    """Mean test accuracy of each arm, as its table has it."""
    return {str(arm): float(mean) for arm, mean in found.arms.set_index("activation")["test_accuracy"].items()}


def _verdict(found: TaskFindings, arm: str) -> str:
    """What is said of an arm; that it is the baseline, if so."""
    comparison = _comparison(found)
    rows: dict[str, Row] = {row.arm: row for row in comparison.rows}
    return words.verdict(comparison, rows[arm]) if arm in rows else words.NOTHING


def _listed(arms: list[str], own: dict[str, Verdict], shared: dict[str, Verdict]) -> str:
    """The arms, each with what is said of it now."""
    told = [f"{arm} {what_differs(own[arm] if own[arm].standing.is_different else shared[arm])}" for arm in arms]
    return f" ({', '.join(told)})" if told else ""
