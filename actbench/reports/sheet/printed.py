"""Printed figures and ours, side by side: a grid for each printed table, and one for the printed curves."""

from __future__ import annotations

from collections.abc import Sequence

from actbench.reports import words
from actbench.reports.sheet.parts import Cell, Content, Grid, Head
from actbench.results.thresholds import EpochsTo
from actbench.studies.article import PrintedFigure
from actbench.tables.published import (
    CLOCKS,
    CURVE_ACCURACIES,
    CURVE_LOSSES,
    ComparedMean,
    ReproducedCurve,
    ReproducedFigure,
    compare_means,
)

PRINTED_HEADINGS = {
    ("train_accuracy", "%"): "train %",
    ("test_accuracy", "%"): "test %",
    ("best_test_accuracy", "%"): "best on test %",
    ("train_accuracy", ""): "train accuracy",
    ("test_accuracy", ""): "test accuracy",
    ("best_test_accuracy", ""): "best accuracy",
    ("epochs_run", ""): "epochs",
    ("train_seconds", "s"): "training s",
    ("step_milliseconds", "ms"): "ms a step",
}
CURVE_THROUGH = 20
"""Beyond this many epochs rounding has had time to grow, so curves are judged before and in all."""


def printed_grids(figures: Sequence[ReproducedFigure]) -> list[Grid]:
    """One for each table that the article printed, in its order."""
    tables = dict.fromkeys(_table_of(figure) for figure in figures)
    return [
        grid
        for table in tables
        for part in ([figure for figure in figures if _table_of(figure) == table],)
        for grid in (_means_grids(part) if part[0].printed.runs is not None else [_printed_grid(part)])
    ]


def _means_grids(cells: Sequence[ReproducedFigure]) -> list[Grid]:
    """Printed means of several runs with ours, and whether the two agree: a grid a column, all of them one family."""
    compared = compare_means(cells)
    columns = dict.fromkeys((one.cell.printed.column, one.cell.printed.quantity.unit) for one in compared)
    return [
        _means_grid(heading(*column), [one for one in compared if one.cell.printed.column == column[0]])
        for column in columns
    ]


def _means_grid(figure: str, compared: Sequence[ComparedMean]) -> Grid:
    printed = compared[0].cell.printed
    runs = sorted({one.cell.runs for one in compared})
    span = f"{runs[0]} to {runs[-1]}" if len(runs) > 1 else f"{runs[0]}"
    ours = f"ours are of {span}" if any(runs) else "none of ours is stored"
    notes = [
        f"Mean ± standard deviation: the printed ones are of {printed.runs} runs whose seeds are not known, {ours}."
    ]
    if printed.sd != printed.quantity.sd:
        notes.append("The printed standard deviations have n in the denominator; intervals take them with n - 1.")
    if any(one.interval for one in compared):
        notes.append(
            "In brackets Welch's 95 % interval of each alone; 'differs' holds for all of the printed table together, "
            "at 5 %."
        )
    rows = tuple(
        (
            Cell(one.cell.printed.activation),
            _mean(one.cell, one.cell.printed.quantity.number, one.cell.printed.quantity.sd),
            _mean(one.cell, one.cell.ours, one.cell.sd),
            _apart(one),
            Cell(words.beside_printed_mean(one)),
        )
        for one in compared
    )
    heads = (
        Head("activation", Content.NAME),
        *map(Head, ("printed", "ours", "ours - printed")),
        Head("verdict", Content.WORDS),
    )
    return Grid(f"{_title(printed)} · {figure}", heads, rows, tuple(notes))


def _mean(cell: ReproducedFigure, mean: float | None, sd: float | None) -> Cell:
    """A mean with its standard deviation; more digits than were printed tell nothing of so few runs."""
    decimals = cell.printed.quantity.decimals
    spread = f" ± {sd:.{decimals}f}" if sd is not None else ""
    return Cell(words.NOTHING if mean is None else f"{mean:.{decimals}f}{spread}", mean)


def _apart(compared: ComparedMean) -> Cell:
    """Ours minus theirs."""
    found, decimals = compared.cell.difference, compared.cell.printed.quantity.decimals
    if found is None:
        return Cell(words.NOTHING)
    span = compared.interval
    ends = f" ({span.low:+.{decimals}f} … {span.high:+.{decimals}f})" if span else ""
    return Cell(f"{found:+.{decimals}f}{ends}", found)


def _printed_grid(cells: Sequence[ReproducedFigure]) -> Grid:
    """A printed table with ours in the same cells."""
    by_place = {(cell.printed.activation, cell.printed.column): cell for cell in cells}
    arms = list(dict.fromkeys(arm for arm, _ in by_place))
    # A dash has no unit, so a column's unit is that of any figure in it.
    figures = [cell.printed for cell in cells]
    units = {printed.column: "" for printed in figures}
    units |= {printed.column: printed.quantity.unit for printed in figures if printed.quantity.unit}
    rows = tuple(
        (Cell(arm), *(_beside(by_place[arm, name]) if (arm, name) in by_place else Cell("") for name in units))
        for arm in arms
    )
    first, runs = cells[0].printed, max(cell.runs for cell in cells)
    ours = f"with seed {first.seed}"
    if first.seed is None:
        clocks = ", of clocks the median" if any(name in CLOCKS for name in units) else ""
        ours = f"the mean of {words.plural(runs, 'run')}{clocks}"
    told = f"ours ({ours}); '=' where ours reads the same" if runs else "ours; no run of it is stored"
    return Grid(
        _title(first),
        (Head("activation", Content.NAME), *(Head(heading(name, unit)) for name, unit in units.items())),
        rows,
        (f"Each cell: printed / {told}.",),
    )


def _title(printed: PrintedFigure) -> str:
    """Where it stands in the article, and what was varied."""
    return " · ".join(part for part in (printed.place, printed.variant) if part) or "Printed and ours"


def _table_of(cell: ReproducedFigure) -> tuple[str, str, int | None]:
    return cell.printed.place, cell.printed.variant, cell.printed.seed


def heading(column: str | EpochsTo, unit: str) -> str:
    """What a printed column is called."""
    if isinstance(column, EpochsTo):
        return column.title
    return PRINTED_HEADINGS.get((column, unit)) or column.replace("_", " ")


def _beside(cell: ReproducedFigure) -> Cell:
    """The printed figure, by which the column is sorted, and ours."""
    return Cell(_beside_text(cell), cell.printed.quantity.number)


def _beside_text(cell: ReproducedFigure) -> str:
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
    learned = (
        ""
        if cell.where_learned is None
        else f" ({cell.where_learned:.{decimals}f} in the {len(cell.learned)} of {cell.runs} that learned)"
    )
    return f"{printed.text} / {cell.ours:.{decimals}f}{spread}{learned}"


def curves_grid(curves: Sequence[ReproducedCurve]) -> Grid:
    """How closely the printed curves are followed."""
    rows = []
    for curve in curves:
        row = [Cell(curve.arm), Cell(f"{len(curve.points)}", len(curve.points))]
        for figures in (CURVE_ACCURACIES, CURVE_LOSSES):
            for through in (CURVE_THROUGH, None):
                largest, epoch = curve.largest_difference(figures, through)
                row.append(Cell(f"{largest:.5f} (epoch {epoch})", largest))
        rows.append(tuple(row))
    near, far = f"through epoch {CURVE_THROUGH}", "in all"
    headings = {f"accuracy {near}": 0, f"accuracy {far}": 1, f"loss {near}": 2, f"loss {far}": 2}
    columns = (
        Head("curve", Content.NAME),
        Head("epochs", rank=3),
        *(Head(name, rank=rank) for name, rank in headings.items()),
    )
    return Grid("Printed learning curves: largest difference", columns, tuple(rows), elsewhere="--format md")
