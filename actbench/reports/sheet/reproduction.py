"""The sheet of reproduced articles: the verdict on every claim, and printed figures and ours cell by cell."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from actbench.reports import words
from actbench.reports.plots import PLOTS, Look, Panel
from actbench.reports.sheet.machine import machine_of, manifests_of
from actbench.reports.sheet.parts import (
    CaseStatus,
    Cell,
    Content,
    Drawing,
    Grid,
    Head,
    Line,
    Section,
    Suite,
    SuiteCase,
    Tone,
)
from actbench.reports.sheet.printed import curves_grid, printed_grids
from actbench.tables.comparison import ALPHA
from actbench.tables.evidence import ClaimVerdict
from actbench.tables.published import count_digits

if TYPE_CHECKING:
    import pandas as pd

    from actbench.execution.reproduce import Reproduction
    from actbench.tables.evidence import JudgedClaim
    from actbench.tables.published import ReproducedFigure

TONES = {
    ClaimVerdict.TO_THE_DIGIT: Tone.GOOD,
    ClaimVerdict.MET: Tone.GOOD,
    ClaimVerdict.NOT_MET: Tone.BAD,
    ClaimVerdict.CONFIRMED: Tone.GOOD,
    ClaimVerdict.REFUTED: Tone.BAD,
    ClaimVerdict.UNDECIDED: Tone.NEUTRAL,
    ClaimVerdict.TOO_FEW: Tone.NEUTRAL,
}


@dataclass(frozen=True)
class ReproductionSheet:
    """What became of some articles."""

    found: tuple[Reproduction, ...]

    name = "reproduce"
    warnings = ()

    @property
    def title(self) -> str:
        """The article, or that there are several."""
        several = len(self.found) > 1
        return "Published articles, reproduced" if several else f"{self.found[0].case.study.name}, reproduced"

    @property
    def scope(self) -> str:
        """How many studies and runs."""
        runs = sum(len(one.findings.runs) for one in self.found)
        return f"{len(self.found)} stud{'ies' if len(self.found) > 1 else 'y'} · {runs:,} runs"

    @property
    def summary(self) -> list[Line]:
        """All verdicts of a study in a sentence."""
        return [Line(one.case.study.name, one.case.study.name, _in_words(one)) for one in self.found]

    @cached_property
    def sections(self) -> list[Section]:
        """One section a study; in front of several, one that sums them up."""
        parts = [_section(one) for one in self.found]
        return [self._all_articles(), *parts] if len(self.found) > 1 else parts

    @property
    def overview(self) -> list[Section]:
        """Of one article everything, of several the verdicts."""
        if len(self.found) == 1:
            return self.sections
        studies = [one for one in self.found if one.claims]
        return [
            self._all_articles(),
            *(Section(one.case.study.name, one.case.study.description, (_claims_grid(one.claims),)) for one in studies),
        ]

    @property
    def closing(self) -> str:
        """How to see the rest of the figures."""
        return f"Cell by cell: actbench reproduce {self.found[0].case.study.name}" if len(self.found) > 1 else ""

    @property
    def all_warnings(self) -> list[str]:
        """Those about each study's runs."""
        return [text for one in self.found for text in _warnings(one)]

    @property
    def document(self) -> dict[str, Any]:
        """Every claim, figure and curve of every study."""
        return {"schema_version": 3, "studies": [_document(one) for one in self.found]}

    @property
    def table(self) -> pd.DataFrame:
        """One row a printed figure, with ours beside it in the printed unit."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "study": one.case.study.name,
                    "place": cell.printed.place,
                    "variant": cell.printed.variant,
                    "activation": cell.printed.activation,
                    "seed": cell.printed.seed,
                    "figure": str(cell.printed.column),
                    "unit": cell.printed.quantity.unit,
                    "printed": cell.printed.quantity.number,
                    "printed_sd": cell.printed.sd,
                    "printed_runs": cell.printed.runs,
                    "ours": cell.ours,
                    "sd": cell.sd,
                    "runs": cell.runs,
                    "exact": cell.exact,
                    "low": interval.low if interval else None,
                    "high": interval.high if interval else None,
                }
                for one in self.found
                for cell in one.cells
                for interval in (cell.difference_interval(1 - ALPHA),)
            ],
            dtype=object,
        )

    @property
    def suites(self) -> list[Suite]:
        """A suite a study with a case a claim: what was expected to hold and does not is a failure."""
        return [
            Suite(one.case.study.name, tuple(_case(one, judged) for judged in one.claims), "\n".join(_warnings(one)))
            for one in self.found
        ]

    @property
    def commands(self) -> list[tuple[str, str]]:
        """The one that does it all again."""
        return [("", shlex.join(["actbench", "reproduce", *(one.case.study.name for one in self.found)]))]

    @property
    def machine(self) -> list[tuple[str, str]]:
        """Where the runs were trained, and with what."""
        return machine_of([one.findings for one in self.found])

    @property
    def manifests(self) -> list[tuple[str, str]]:
        """The stores'."""
        return manifests_of([one.findings for one in self.found])

    def _all_articles(self) -> Section:
        return Section("All articles", "", (_summary_grid(self.found),), anchor="all")


def _section(found: Reproduction) -> Section:
    """The claims, the printed tables and the printed curves of one study."""
    case = found.case
    grids = [_claims_grid(found.claims)] if found.claims else []
    grids += printed_grids(found.cells)
    grids += [curves_grid(found.curves)] if any(curve.points for curve in found.curves) else []
    notes = list(case.article.notes)
    if case.smoke:
        notes.insert(0, "A short trial on little data: it shows that everything runs, and judges nothing.")
    judged_by = words.judged_by([item.task.rule for item in found.findings.tasks])
    subtitle = " ".join(part for part in (case.study.description, case.study.source, judged_by) if part)
    return Section(
        case.study.name,
        subtitle,
        tuple(grids),
        tuple(notes),
        tuple(_warnings(found)),
        _drawings(found),
        anchor=case.study.name,
    )


def _warnings(found: Reproduction) -> list[str]:
    many = len(found.findings.tasks) > 1
    warnings = [
        f"{words.task_title(item.task.distinction)}: {words.warning(warning)}" if many else words.warning(warning)
        for item in found.findings.tasks
        for warning in item.warnings
    ]
    return [*map(words.warning, found.findings.warnings), *warnings]


def _drawings(found: Reproduction) -> tuple[Drawing, ...]:
    """The learning curves of every task."""
    caption = PLOTS["curves"].caption
    return tuple(
        Drawing("curves", Panel(found.findings, item, title), Look(), f"{caption}: {title}")
        for item in found.findings.tasks
        if item.arms["runs"].any()
        for title in [words.task_title(item.task.distinction)]
    )


def _summary_grid(found: Sequence[Reproduction]) -> Grid:
    """How many cells and claims of each study came out how."""
    rows = []
    for one in found:
        digits = count_digits(() if one.case.smoke else one.cells)
        counts = [sum(judged.verdict is verdict for judged in one.claims) for verdict in ClaimVerdict]
        expected = [judged for judged in one.claims if judged.claim.expected]
        held = len(expected) - len(one.disappointing)
        rows.append(
            (
                Cell(one.case.study.name),
                Cell(f"{len(one.findings.runs)}", len(one.findings.runs)),
                _share(digits.all.count, digits.all.of),
                _share(digits.distinct.count, digits.distinct.of),
                *(Cell(f"{count or words.NOTHING}", count) for count in counts),
                _share(held, len(expected)),
            )
        )
    heads = (
        Head("study", Content.NAME),
        Head("runs", rank=4),
        Head("cells to the digit", rank=3),
        Head("distinct ones", rank=3),
        *(Head(str(verdict), rank=1 + (verdict is ClaimVerdict.TO_THE_DIGIT)) for verdict in ClaimVerdict),
        Head("expected claims that hold", rank=2),
    )
    return Grid("", heads, tuple(rows), elsewhere="--format md").telling


def _share(count: int, of: int) -> Cell:
    return Cell(f"{count} of {of}", count) if of else Cell("-")


def _claims_grid(claims: Sequence[JudgedClaim]) -> Grid:
    """A row a claim and variant, with what decided."""
    varied = any(judged.variant for judged in claims)
    columns = [
        Head("claim", Content.WORDS),
        *[Head("variant", Content.NAME)] * varied,
        Head("figures", Content.WORDS, rank=1),
        Head("verdict", Content.WORDS),
    ]
    rows = [
        (
            Cell(judged.claim.text),
            *[Cell(judged.variant or "-")] * varied,
            Cell(words.claim_figures(judged)),
            Cell(
                words.claim_verdict(judged) + (", though expected" if judged.disappoints else ""),
                tone=TONES[judged.verdict],
            ),
        )
        for judged in claims
    ]
    notes = (words.explain_claims(),) if any("…" in row[-2].text for row in rows) else ()
    return Grid("Claims", tuple(columns), tuple(rows), notes, elsewhere="--format md")


def _claim(judged: JudgedClaim) -> str:
    return judged.claim.text + (f" ({judged.variant})" if judged.variant else "")


def _in_words(found: Reproduction) -> str:
    counts = [(sum(judged.verdict is verdict for judged in found.claims), verdict) for verdict in ClaimVerdict]
    return ", ".join(f"{count} {verdict}" for count, verdict in counts if count) or "no claim was judged"


def _case(found: Reproduction, judged: JudgedClaim) -> SuiteCase:
    """What the study did not expect and what is refuted anyway is a result, no failure; what stays open is skipped."""
    status = CaseStatus.PASSED
    if judged.disappoints:
        status = CaseStatus.FAILED
    elif judged.verdict.is_open:
        status = CaseStatus.SKIPPED
    text = f"{words.claim_verdict(judged)}: {words.claim_figures(judged)}"
    passed = status is CaseStatus.PASSED
    return SuiteCase(
        _claim(judged),
        found.case.study.name,
        status,
        message="" if passed else text,
        reason="claim",
        output=text if passed else "",
    )


def _evidence(judged: JudgedClaim) -> dict[str, Any]:
    """What decided a claim, as numbers."""
    values = {"kind": judged.evidence.kind} | asdict(judged.evidence)
    return values | ({"metric": values["metric"]["name"]} if "metric" in values else {})


def _figure(cell: ReproducedFigure) -> dict[str, Any]:
    """A printed figure and ours; of a printed mean its runs and standard deviation, with n - 1 in the denominator."""
    printed = asdict(cell.printed) | {"column": str(cell.printed.column)}
    printed |= {f"printed_{name}": printed.pop(name) for name in ("runs", "sd")}
    interval = cell.difference_interval(1 - ALPHA)
    ours = {"ours": cell.ours, "sd": cell.sd, "runs": cell.runs, "exact": cell.exact}
    return printed | ours | {"interval": asdict(interval) if interval else None}


def _document(found: Reproduction) -> dict[str, Any]:
    case = found.case
    return {
        "name": case.study.name,
        "file": str(case.path),
        "store": str(case.store),
        "smoke": case.smoke,
        "runs": len(found.findings.runs),
        "claims": [
            {
                "text": judged.claim.text,
                "quote": judged.claim.quote or None,
                "variant": judged.variant or None,
                "verdict": judged.verdict,
                "words": words.claim_verdict(judged),
                "figures": words.claim_figures(judged),
                "evidence": _evidence(judged),
                "seeds": judged.seeds,
                "expected": judged.claim.expected,
                "holds": judged.holds,
            }
            for judged in found.claims
        ],
        "cells": [_figure(cell) for cell in found.cells],
        "curves": [
            {
                "arm": curve.arm,
                "seed": curve.curve.seed,
                "points": [
                    {"epoch": epoch} | {name: {"printed": theirs, "ours": ours} for name, (theirs, ours) in row.items()}
                    for epoch, row in curve.points.items()
                ],
            }
            for curve in found.curves
        ],
    }
