"""A published article: what is asked for, ours beside what was printed, and a verdict on what was claimed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from actbench import custom
from actbench.errors import UserError, did_you_mean
from actbench.execution.plan import Plan
from actbench.results.read import RUNS
from actbench.results.thresholds import EpochsTo
from actbench.studies.article import Article, printed_cells, read_article
from actbench.studies.file import read_study
from actbench.studies.study import Study

if TYPE_CHECKING:
    from actbench.tables.evidence import JudgedClaim
    from actbench.tables.findings import Findings
    from actbench.tables.measured import EpochRule
    from actbench.tables.published import ReproducedCurve, ReproducedFigure

CONFIGS = "configs"


@dataclass(frozen=True)
class Case:
    """A study that reproduces an article.

    Attributes:
        study: what is trained; a short trial of it, if ``smoke``.
        article: what was printed and claimed.
        path: the file that both were read from.
        store: where the runs are kept.
        smoke: whether it is a trial, which is too short to judge anything.
    """

    study: Study
    article: Article
    path: Path
    store: Path
    smoke: bool

    @property
    def is_trained(self) -> bool:
        """Whether any runs of it are stored."""
        return (self.store / RUNS).is_file()


@dataclass(frozen=True)
class Reproduction:
    """What became of an article.

    Attributes:
        case: what was asked.
        findings: our runs, as ``compare`` sees them.
        cells: printed figures and ours.
        curves: printed learning curves and ours.
        claims: the verdicts; none for a trial.
    """

    case: Case
    findings: Findings
    cells: tuple[ReproducedFigure, ...]
    curves: tuple[ReproducedCurve, ...]
    claims: tuple[JudgedClaim, ...]

    @property
    def disappointing(self) -> tuple[JudgedClaim, ...]:
        """The claims that the study expects to hold and that do not."""
        return tuple(judged for judged in self.claims if judged.disappoints)


def studies() -> dict[str, Path]:
    """The articles' studies by name: beside the package in a checkout, inside it where it was installed."""
    package = Path(__file__).parent.parent
    for folder in (package / CONFIGS, package.parent / CONFIGS):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.toml"))}
    return {}


def find_case(
    name: str,
    results: Path,
    *,
    smoke: bool = False,
    study_options: Mapping[str, Any] = MappingProxyType({}),
    allow_code: bool = False,
) -> Case:
    """The case of a study's name or file.

    Args:
        name: one of `studies`, or a file.
        results: the folder of the stores.
        smoke: take its short trial.
        study_options: fields of the study that no file sets: ``data_dir``, ``max_memory``.
        allow_code: see `read_study`.

    Raises:
        UserError: there is none, its file is wrong, or it has a tuning.
    """
    known = studies()
    path = known.get(name) or Path(name)
    if path.suffix != ".toml":
        raise UserError(
            f"There is no study {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}; or give a FILE.toml."
        )
    study, article = read_study(path, allow_code=allow_code), read_article(path)
    if study.tuning:
        raise UserError(
            f"{path} has a [tuning], and claims are judged at the settings that a study names: 'actbench run {path}' "
            "tunes and compares. Name the settings that it chose in variants to judge claims at them."
        )
    if smoke:
        if not study.smoke:
            raise UserError(f"{path} has no [smoke], which says what a short trial of it takes.")
        study = study.trial
    study = msgspec.structs.replace(study, **study_options)
    return Case(study, article, path, results / "smoke" / study.name if smoke else results / study.name, smoke)


def review(case: Case, plan: Plan | None, rule: EpochRule | None = None) -> Reproduction:
    """Lay ours beside what the article printed, and judge its claims.

    Args:
        case: the article and our study.
        plan: the study's plan, where every run of it has a result; None takes whatever the store holds.
        rule: which epoch's figures the claims are judged by; None takes validation where there is such a part, else the
            last epoch, as `compare` does. Printed figures are those of the last epoch, and ours are laid beside them
            by the same rule in any case.

    Raises:
        UserError: nothing is stored, or the article names what the study lacks.
    """
    if not case.is_trained:
        raise UserError(f"There are no results in {str(case.store)!r} yet. Without --stored, they are trained.")
    with custom.names_from(case.study.folder):
        return _reviewed(case, plan, rule)


def _reviewed(case: Case, plan: Plan | None, rule: EpochRule | None) -> Reproduction:
    from actbench.tables.claims import judge_claims
    from actbench.tables.contests import metric_of
    from actbench.tables.findings import Question, analyse
    from actbench.tables.measured import EpochRule
    from actbench.tables.published import follow_curves, lay_beside, with_epoch_seconds
    from actbench.tables.warnings import Hindrance, LooksNotCounted

    columns = {cell.column for cell in printed_cells(case.article)}
    metrics = [metric_of(claim) for claim in case.article.claims]
    named = {column.threshold for column in columns if isinstance(column, EpochsTo)}
    named |= {metric.threshold for metric in metrics if metric.threshold is not None}
    ours = plan.thresholds if plan else case.study.chosen_thresholds()
    thresholds = tuple(sorted({*ours, *named}))
    last = Question(thresholds=thresholds, only=plan.keys if plan else None, rule=EpochRule.LAST)
    findings = analyse([case.store], replace(last, rule=rule))
    if case.article.claims and any(map(bool, findings.runs["designs"])):
        findings = replace(findings, warnings=(*findings.warnings, LooksNotCounted("the claims", Hindrance.CLAIMS)))
    runs = with_epoch_seconds(findings.runs, findings.epochs)
    at_end = (
        analyse([case.store], last)
        if any(item.task.rule is not EpochRule.LAST for item in findings.tasks)
        else findings
    )
    cells = lay_beside(case.article, with_epoch_seconds(at_end.runs, findings.epochs))
    curves = follow_curves(case.article, runs, findings.epochs) if case.article.curves else []
    claims = [] if case.smoke else judge_claims(case.article, cells, curves, runs)
    return Reproduction(case, findings, tuple(cells), tuple(curves), tuple(claims))
