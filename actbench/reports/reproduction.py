"""What became of articles: printed figures and ours, cell by cell, and a verdict on every claim."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from actbench.reports import words
from actbench.reports.html import page, page_section
from actbench.reports.sheet import Grid, Section
from actbench.reports.table import markdown_grid, markdown_lines, plain, show_section
from actbench.results.thresholds import EpochsTo
from actbench.tables.claims import ClaimVerdict
from actbench.tables.published import CURVE_ACCURACIES, CURVE_LOSSES, ReproducedCurve, ReproducedFigure

if TYPE_CHECKING:
    from rich.console import Console

    from actbench.execution.reproduce import Reproduction
    from actbench.tables.claims import JudgedClaim

HEADINGS = {
    ("train_accuracy", "%"): "train %",
    ("test_accuracy", "%"): "test %",
    ("best_test_accuracy", "%"): "best %",
    ("train_accuracy", ""): "train accuracy",
    ("test_accuracy", ""): "test accuracy",
    ("best_test_accuracy", ""): "best accuracy",
    ("epochs_run", ""): "epochs",
    ("train_seconds", "s"): "training s",
    ("step_milliseconds", "ms"): "ms a step",
}
CURVE_THROUGH = 20
"""Beyond this many epochs rounding has had time to grow, so curves are judged before and in all."""


def show(found: Sequence[Reproduction], screen: Console) -> None:
    """Print what became of some articles: of one everything, of several the verdicts."""
    if len(found) == 1:
        show_section(section_of(found[0]), screen)
        return
    show_section(Section("All articles", "", (summary_grid(found),)), screen)
    for one in found:
        if one.claims:
            show_section(Section(one.case.study.name, one.case.study.description, (claims_grid(one.claims),)), screen)
    screen.print(f"Cell by cell: actbench reproduce {found[0].case.study.name}", markup=False, highlight=False)


def markdown_of(found: Sequence[Reproduction]) -> str:
    """GitHub-flavoured Markdown."""
    return "\n".join(markdown_lines(sections(found))).strip("\n") + "\n"


def json_of(found: Sequence[Reproduction]) -> str:
    """Everything, unrounded; null for what was not reached and for what cannot be said."""
    document = {"schema_version": 1, "studies": [_study(one) for one in found]}
    return json.dumps(plain(document), indent=2, ensure_ascii=False)


def html_of(found: Sequence[Reproduction]) -> str:
    """One self-contained page, with the learning curves of every task."""
    parts = [page_section(Section("All articles", "", (summary_grid(found),)), "all")] if len(found) > 1 else []
    parts += [page_section(section_of(one), one.case.study.name, _pictures(one)) for one in found]
    names = [one.case.study.name for one in found]
    runs = sum(len(one.findings.runs) for one in found)
    return page(
        [one.findings for one in found],
        guide="reproduce",
        title="Published articles, reproduced" if len(found) > 1 else f"{names[0]}, reproduced",
        scope=f"{len(found)} stud{'ies' if len(found) > 1 else 'y'} · {runs:,} runs",
        summary=[
            {"task": f"{one.case.study.name}", "anchor": one.case.study.name, "text": _in_words(one)} for one in found
        ],
        warnings=(),
        sections=parts,
        commands=[("", shlex.join(["actbench", "reproduce", *names]))],
    )


def sections(found: Sequence[Reproduction]) -> list[Section]:
    """One section a study; in front of several, one that sums them up."""
    parts = [section_of(one) for one in found]
    return [Section("All articles", "", (summary_grid(found),)), *parts] if len(found) > 1 else parts


def summary_grid(found: Sequence[Reproduction]) -> Grid:
    """How many cells and claims of each study came out how."""
    rows = []
    for one in found:
        digits = [cell.exact for cell in one.cells if cell.exact is not None and not one.case.smoke]
        counts = [sum(judged.verdict is verdict for judged in one.claims) for verdict in ClaimVerdict]
        expected = [judged for judged in one.claims if judged.claim.expected]
        held = f"{len(expected) - len(one.disappointing)} of {len(expected)}" if expected else "-"
        rows.append(
            (
                one.case.study.name,
                f"{len(one.findings.runs)}",
                f"{sum(digits)} of {len(digits)}" if digits else "-",
                *map(str, counts),
                held,
            )
        )
    return Grid(
        "", ("study", "runs", "cells to the digit", *map(str, ClaimVerdict), "expected claims that hold"), tuple(rows)
    )


def verdict_table(found: Sequence[Reproduction]) -> str:
    """Every claim of every study with what decided and the verdict, as one Markdown table."""
    rows = [
        (
            one.case.study.name,
            judged.claim.text + (f" ({judged.variant})" if judged.variant else ""),
            words.claim_figures(judged),
            words.claim_verdict(judged),
        )
        for one in found
        for judged in one.claims
    ]
    grid = Grid("", ("study", "claim", "ours", "verdict"), tuple(rows))
    return "\n".join(markdown_grid(grid)).strip()


def section_of(found: Reproduction) -> Section:
    """The claims, the printed tables and the printed curves of one study."""
    case = found.case
    grids = [claims_grid(found.claims)] if found.claims else []
    tables = dict.fromkeys(_table_of(cell) for cell in found.cells)
    grids += [table_grid([cell for cell in found.cells if _table_of(cell) == table]) for table in tables]
    grids += [curves_grid(found.curves)] if any(curve.points for curve in found.curves) else []
    notes = list(case.article.notes)
    if case.smoke:
        notes.insert(0, "A short trial on little data: it shows that everything runs, and judges nothing.")
    many = len(found.findings.tasks) > 1
    warnings = [
        f"{item.task.title}: {words.warning(warning)}" if many else words.warning(warning)
        for item in found.findings.tasks
        for warning in item.warnings
    ]
    warnings = [*map(words.warning, found.findings.warnings), *warnings]
    subtitle = " ".join(part for part in (case.study.description, case.study.source) if part)
    return Section(case.study.name, subtitle, tuple(grids), tuple(notes), tuple(warnings))


def claims_grid(claims: Sequence[JudgedClaim]) -> Grid:
    """A row a claim and variant, with what decided."""
    rows = []
    for judged in claims:
        verdict = words.claim_verdict(judged) + (", though expected" if judged.disappoints else "")
        rows.append((judged.claim.text, judged.variant or "-", words.claim_figures(judged), verdict))
    if all(row[1] == "-" for row in rows):
        return Grid("Claims", ("claim", "figures", "verdict"), tuple((row[0], *row[2:]) for row in rows))
    return Grid("Claims", ("claim", "variant", "figures", "verdict"), tuple(rows))


def table_grid(cells: Sequence[ReproducedFigure]) -> Grid:
    """A printed table with ours in the same cells."""
    by_place = {(cell.printed.activation, cell.printed.column): cell for cell in cells}
    arms = list(dict.fromkeys(arm for arm, _ in by_place))
    # A dash has no unit, so a column's unit is that of any figure in it.
    figures = [cell.printed for cell in cells]
    units = {printed.column: "" for printed in figures}
    units |= {printed.column: printed.quantity.unit for printed in figures if printed.quantity.unit}
    rows = tuple(
        (arm, *(_beside(by_place[arm, name]) if (arm, name) in by_place else "" for name in units)) for arm in arms
    )
    first, runs = cells[0].printed, max(cell.runs for cell in cells)
    ours = f"with seed {first.seed}" if first.seed is not None else f"the mean of {runs} run{'s' * (runs != 1)}"
    return Grid(
        " · ".join(part for part in (first.place, first.variant) if part) or "Printed and ours",
        ("activation", *(_heading(name, unit) for name, unit in units.items())),
        rows,
        (f"Each cell: printed / ours ({ours}); '=' where ours reads the same.",),
    )


def curves_grid(curves: Sequence[ReproducedCurve]) -> Grid:
    """How closely the printed curves are followed."""
    rows = []
    for curve in curves:
        row = [curve.arm, f"{len(curve.points)}"]
        for columns in (CURVE_ACCURACIES, CURVE_LOSSES):
            for through in (CURVE_THROUGH, None):
                largest, epoch = curve.largest_difference(columns, through)
                row.append(f"{largest:.5f} (epoch {epoch})")
        rows.append(tuple(row))
    near, far = f"through epoch {CURVE_THROUGH}", "in all"
    headings = ("curve", "epochs", f"accuracy {near}", f"accuracy {far}", f"loss {near}", f"loss {far}")
    return Grid("Printed learning curves: largest difference", headings, tuple(rows))


def _in_words(found: Reproduction) -> str:
    """All verdicts of a study in a sentence."""
    counts = [(sum(judged.verdict is verdict for judged in found.claims), verdict) for verdict in ClaimVerdict]
    return ", ".join(f"{count} {verdict}" for count, verdict in counts if count) or "no claim was judged"


def _pictures(found: Reproduction) -> list[tuple[str, str]]:
    """Captions and curves of the tasks."""
    from actbench.reports.plots import Look, inline_svg

    return [
        (
            f"Test accuracy, epoch by epoch: {task.task.title}",
            inline_svg("curves", found.findings, task, Look(), f"{found.case.study.name}-{number}"),
        )
        for number, task in enumerate(found.findings.tasks)
        if task.arms["runs"].any()
    ]


def _table_of(cell: ReproducedFigure) -> tuple[str, str, int | None]:
    return cell.printed.place, cell.printed.variant, cell.printed.seed


def _heading(column: str | EpochsTo, unit: str) -> str:
    return column.title if isinstance(column, EpochsTo) else HEADINGS.get((column, unit)) or column.replace("_", " ")


def _beside(cell: ReproducedFigure) -> str:
    printed = cell.printed.quantity
    if not cell.runs:
        return f"{printed.text} / ?"
    if cell.exact:
        return f"{printed.text} ="
    if cell.exact is not None or cell.ours is None:
        return f"{printed.text} / {printed.shown(cell.ours)}"
    # Means and clocks are nobody's digits: one more than printed tells more.
    decimals = printed.decimals + 1
    spread = f" ± {cell.sd:.{decimals}f}" if cell.sd is not None else ""
    return f"{printed.text} / {cell.ours:.{decimals}f}{spread}"


def _evidence(judged: JudgedClaim) -> dict[str, Any]:
    values = asdict(judged.evidence)
    return (
        {"kind": judged.evidence.kind} | values | ({"metric": values["metric"]["name"]} if "metric" in values else {})
    )


def _study(found: Reproduction) -> dict[str, Any]:
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
        "cells": [
            asdict(cell.printed)
            | {
                "column": str(cell.printed.column),
                "ours": cell.ours,
                "sd": cell.sd,
                "runs": cell.runs,
                "exact": cell.exact,
            }
            for cell in found.cells
        ],
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


RENDERERS: dict[str, Callable[[Sequence[Reproduction]], str]] = {
    "html": html_of,
    "json": json_of,
    "md": markdown_of,
}
