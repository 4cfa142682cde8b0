"""The report: one self-contained file with words, sortable tables, pictures, and how to repeat it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import actbench
from actbench.reports import words
from actbench.reports.repeat import compare_command, run_command
from actbench.reports.sheet import WORDY, Grid, Section, View, across_section, checks_section, task_section
from actbench.reports.table import is_numeric
from actbench.statistics import Comparison
from actbench.tables.across import Across

if TYPE_CHECKING:
    from actbench.tables.comparison import MetricComparison, Row
    from actbench.tables.findings import Findings, TaskFindings

# More pictures than this make a page heavy; the tables go on.
MOST_DRAWN = 8
FOREST_WIDTH = 130
FOREST_EDGE = 6
CLAIM_CLASSES = {"confirmed": "better", "reproduced to the digit": "better", "refuted": "worse"}
MACHINE = (
    ("device_name", "device"),
    ("actbench_version", "actbench"),
    ("git_commit", "commit"),
    ("keras_version", "Keras"),
    ("backend_version", "TensorFlow"),
    ("python_version", "Python"),
    ("jobs", "runs at a time"),
    ("compiler", "compiled by"),
)


@dataclass(frozen=True)
class Cell:
    """A cell of a page's table: ``key`` is what it sorts by, ``forest`` an interval to draw."""

    text: str
    classes: str = ""
    key: str | None = None
    forest: dict[str, Any] | None = None


def html_of(findings: Findings, view: View) -> str:
    """The report as HTML. Whatever comes from data is escaped, and nothing is loaded from anywhere."""
    drawn = _pictures(findings)
    parts = []
    for number, found in enumerate(findings.tasks):
        section = task_section(found, view, alone=len(findings.tasks) == 1)
        grids = [_arm_table(section.grids[0], found)]
        grids += [
            _comparison_table(grid, comparison)
            for grid, comparison in zip(section.grids[1:], found.comparisons, strict=True)
        ]
        parts.append(page_section(section, f"task-{number}", drawn.get(number, ()), grids))
    if isinstance(findings.across, Across):
        parts.append(page_section(across_section(findings.across), "across", drawn.get(-1, ())))
    if findings.checks or findings.skipped_checks:
        parts.append(page_section(checks_section(findings), "checks"))
    commands = [
        *((found.task.title if len(findings.tasks) > 1 else "", run_command(found)) for found in findings.tasks),
        ("The report:", compare_command(findings)),
    ]
    return page(
        [findings],
        guide="compare",
        title=_title(findings),
        scope=_scope(findings),
        summary=_summary(findings),
        warnings=tuple(map(words.warning, findings.warnings)),
        sections=parts,
        commands=commands,
    )


def page(stores: Sequence[Findings], guide: str, **parts: Any) -> str:
    """A whole page of some parts, with the machine and the manifests of the stores behind it."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("actbench.reports"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    manifests = {
        f"Manifest of {folder}: hardware, versions, the full study": json.dumps(manifest, indent=2, ensure_ascii=False)
        for findings in stores
        for folder, manifest in zip(findings.stores, findings.manifests, strict=True)
        if manifest
    }
    machine = dict.fromkeys(fact for findings in stores for fact in _machine(findings))
    return environment.get_template("report.html.j2").render(
        guide=f"guide_{guide}.html.j2",
        version=actbench.__version__,
        machine=list(machine),
        manifests=list(manifests.items()),
        **parts,
    )


def page_section(
    section: Section,
    anchor: str,
    pictures: Sequence[tuple[str, str]] = (),
    grids: Sequence[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """A section as the page draws it: ``pictures`` are captions and SVG, ``grids`` replace the section's own."""
    from markupsafe import Markup

    return {
        "anchor": anchor,
        "title": section.title,
        "subtitle": section.subtitle,
        "grids": grids if grids is not None else [_table(grid) for grid in section.grids],
        "notes": section.notes,
        "warnings": section.warnings,
        "pictures": [{"caption": caption, "svg": Markup(svg)} for caption, svg in pictures],  # noqa: S704 - matplotlib escapes
    }


def _title(findings: Findings) -> str:
    data = list(dict.fromkeys(str(found.task.settings["dataset"]) for found in findings.tasks))
    on = ", ".join(data[:4]) + (" …" if len(data) > 4 else "")  # noqa: PLR2004 - a title is short
    return f"Activation functions on {on}"


def _scope(findings: Findings) -> str:
    runs = findings.runs
    arms, seeds = runs["arm"].nunique(), runs["seed"].nunique()
    counts = [(len(runs), "run"), (arms, "activation"), (seeds, "seed"), (len(findings.tasks), "task")]
    stores = ", ".join(str(folder) for folder in findings.stores)
    return " · ".join(f"{count:,} {word}{'s' * (count != 1)}" for count, word in counts) + f" · from {stores}"


def _summary(findings: Findings) -> list[dict[str, str]]:
    several = len(findings.tasks) > 1
    lines = []
    for number, found in enumerate(findings.tasks):
        texts = [words.summarize(comparison) for comparison in found.comparisons]
        texts += [words.not_compared(found.not_compared)] if found.not_compared else []
        lines += [
            {"task": found.task.title if several else "", "anchor": f"task-{number}", "text": text} for text in texts
        ]
    if isinstance(findings.across, Across):
        best = findings.across.rows[0]
        text = (
            f"{best.arm} has the best mean rank of test accuracy, {best.mean_rank:.2f} of {len(findings.across.rows)}."
        )
        lines.append({"task": f"Across {len(findings.across.tasks)} tasks", "anchor": "across", "text": text})
    if findings.checks:
        failed = len(findings.failed_checks)
        text = f"{failed} of {len(findings.checks)} failed." if failed else f"all {len(findings.checks)} passed."
        lines.append({"task": "Checks", "anchor": "checks", "text": text})
    return lines


def _machine(findings: Findings) -> list[tuple[str, str]]:
    runs = findings.runs
    facts = []
    for column, name in MACHINE:
        values = [f"{value:g}" if isinstance(value, float) else str(value) for value in dict.fromkeys(runs[column])]
        values = [value for value in values if value not in ("", "nan")]
        if values:
            facts.append((name, ", ".join(values)))
    for manifest in findings.manifests:
        hardware = manifest.get("hardware") or {}
        if hardware:
            facts.append(
                ("machine", ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in hardware.items()))
            )
    hashes = dict.fromkeys(zip(runs["dataset"], runs["dataset_sha256"], strict=True))
    facts += [(f"data: {name}", f"sha256 {digest}") for name, digest in hashes]
    return list(dict.fromkeys(facts))


def _pictures(findings: Findings) -> dict[int, list[tuple[str, str]]]:
    """For the first tasks, and across all (-1), captions and pictures."""
    from actbench.reports.plots import Look, inline_svg
    from actbench.tables.metrics import PLAIN

    metric = next((c.metric for found in findings.tasks for c in found.comparisons), PLAIN["test_accuracy"])
    captions = {
        "curves": "Test accuracy, epoch by epoch",
        "strip": f"Every seed a dot: {metric.title}; the bar is the mean with its 95 % interval",
        "profile": "How many runs had reached the target, and when",
        "pareto": "Accuracy against training seconds",
    }
    looks = {kind: Look(metric=metric.name if kind == "strip" else "test_accuracy") for kind in captions}
    drawn: dict[int, list[tuple[str, str]]] = {}
    for number, found in enumerate(findings.tasks[:MOST_DRAWN]):
        if not found.arms["runs"].any():
            continue
        drawn[number] = [
            (caption, inline_svg(kind, findings, found, looks[kind],
                                 f"p{number}{kind}"))
            for kind, caption in captions.items()
        ]  # fmt: skip
    if isinstance(findings.across, Across) and findings.across.timed > 1:
        svg = inline_svg("profile", findings, None, Look(), "across")
        drawn[-1] = [("Performance profile: how often an arm is how close to the fastest", svg)]
    return drawn


def _table(grid: Grid, keys: Sequence[Sequence[float | None]] = (), baseline: str = "") -> dict[str, Any]:
    numeric = [is_numeric(grid, place) for place in range(len(grid.headings))]
    rows = []
    for number, row in enumerate(grid.rows):
        cells = []
        for place, text in enumerate(row):
            key = keys[number][place] if keys else _number(text) if numeric[place] else None
            cells.append(Cell(text, _classes(grid.headings[place], text, numeric=numeric[place]), _shown_key(key)))
        rows.append({"cells": cells, "baseline": bool(baseline) and row[0] == baseline})
    columns = [
        {"heading": name.replace(" %", "\N{NO-BREAK SPACE}%"), "number": right}
        for name, right in zip(grid.headings, numeric, strict=True)
    ]
    return {"title": grid.title[:1].upper() + grid.title[1:], "columns": columns, "rows": rows, "notes": grid.notes}


def _arm_table(grid: Grid, found: TaskFindings) -> dict[str, Any]:
    return _table(grid, grid.keys, found.baseline)


def _comparison_table(grid: Grid, comparison: MetricComparison) -> dict[str, Any]:
    table = _table(grid)
    kinds = {row.arm: row.verdict.standing for row in comparison.rows}
    for drawn in table["rows"]:
        last = drawn["cells"][-1]
        drawn["cells"][-1] = Cell(last.text, f"words {kinds[drawn['cells'][0].text]}")
    if not comparison.by_rank:
        # The interval as a picture, all rows to one scale.
        reach = max((_reach(row) for row in comparison.rows), default=0.0)
        reach = max(reach, 1.3 * comparison.margin) or 1.0
        table["columns"].insert(3, {"heading": "", "number": False})
        for drawn, row in zip(table["rows"], comparison.rows, strict=True):
            forest = _forest(row, comparison.margin, reach)
            drawn["cells"].insert(3, Cell("", "", _shown_key(row.comparison.difference), forest))  # type: ignore[union-attr]
        table["columns"][3]["heading"] = "picture"
    return table


def _reach(row: Row) -> float:
    found = row.comparison
    interval = found.interval
    ends = (interval.low, interval.high) if interval else ()
    middle = found.difference if isinstance(found, Comparison) else 0.0
    return float(max(abs(value) for value in (*ends, middle)))


def _forest(row: Row, margin: float, reach: float) -> dict[str, Any]:
    half = FOREST_WIDTH / 2

    def place(value: float) -> float:
        return round(half + value / reach * (half - FOREST_EDGE), 1)

    interval, found = row.comparison.interval, row.comparison
    return {
        "zero": half,
        "margin_low": place(-margin),
        "margin_width": round(place(margin) - place(-margin), 1),
        "low": place(interval.low) if interval else None,
        "high": place(interval.high) if interval else None,
        "middle": place(found.difference) if isinstance(found, Comparison) else half,
        "label": f"difference of {row.arm} with its interval, to scale",
    }


def _classes(heading: str, text: str, *, numeric: bool) -> str:
    if heading == "result":
        return "failed" if text == "FAILED" else "passed"
    if heading == "verdict":
        return f"words {CLAIM_CLASSES.get(text.partition(',')[0], 'undecided')}"
    return "words" if heading in WORDY else "number" if numeric else ""


def _number(text: str) -> float:
    """What a cell of numbers sorts by: its first number; what is missing comes last."""
    first = text.lstrip("±<≥ ").split(" ")[0].rstrip("×%").replace(",", "")
    try:
        return float(first)
    except ValueError:
        return math.inf


def _shown_key(key: float | None) -> str | None:
    if key is None:
        return None
    return "Infinity" if math.isinf(key) else f"{key:.10g}"
