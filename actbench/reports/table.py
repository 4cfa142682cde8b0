"""The arm table as text: for the screen, for files, for papers."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from actbench.tables import ACCURACIES, percent, varying_settings

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

HEADINGS = {
    "train_accuracy": "train %",
    "test_accuracy": "test %",
    "best_test_accuracy": "best %",
    "train_seconds": "train s",
    "seconds_per_epoch": "s/epoch",
    "wall_seconds": "wall s",
    "activation": "activation",
    "runs": "runs",
    "diverged": "diverged",
    "failed": "failed",
}


def to_csv(table: pd.DataFrame) -> str:
    """``table.csv``: fractions and full precision; an empty cell for what was not reached."""
    return table.to_csv(index=False, lineterminator="\n")


def to_json(table: pd.DataFrame) -> str:
    """A list of objects, one an arm; null for what was not reached."""
    rows = [{name: _plain(value) for name, value in row.items()} for row in table.to_dict("records")]
    return json.dumps(rows, indent=2, ensure_ascii=False)


def to_markdown(table: pd.DataFrame) -> str:
    """A GitHub table with the same cells as the screen."""
    headings, rows = cells(table)
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)], *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)


def to_rich(table: pd.DataFrame) -> Table:
    """The screen's table."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    headings, rows = cells(table)
    screen = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, column in zip(headings, zip(*rows, strict=True), strict=True):
        numeric = all(cell == "-" or cell[:1].isdigit() for cell in column) and heading != "activation"
        screen.add_column(heading, justify="right" if numeric else "left", no_wrap=heading == "activation")
    for row in rows:
        screen.add_row(*map(escape, row))
    return screen


RENDERERS: dict[str, Callable[[pd.DataFrame], str]] = {"csv": to_csv, "json": to_json, "md": to_markdown}


def cells(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Headings and cells as people print them: accuracies in percent with ± sd, ``-`` for what was not reached.

    Columns that say nothing (no failures, one setting) are left out; seconds to a threshold stay in the files.
    """
    columns: list[tuple[str, Callable[[pd.Series[Any]], str]]] = []
    for name in table.columns:
        if name in ACCURACIES:
            columns.append((HEADINGS[name], _accuracy(name)))
        elif name.startswith("epochs_to_"):
            columns.append((f"epochs to {name.removeprefix('epochs_to_')} %", _number(name, "{:g}")))
        elif name in ("train_seconds", "wall_seconds"):
            columns.append((HEADINGS[name], _number(name, "{:.1f}")))
        elif name == "seconds_per_epoch":
            columns.append((HEADINGS[name], _number(name, "{:.3g}")))
        elif (
            (name in ("diverged", "failed") and not table[name].any())
            or name.endswith("_sd")
            or name.startswith(("reached_", "seconds_to_", "dataset_sha256", "train_size", "test_size"))
        ):
            continue
        else:
            columns.append((HEADINGS.get(name, name.replace("_", " ")), _number(name, "{:g}")))
    rows = [[render(row) for _, render in columns] for _, row in table.iterrows()]
    return [heading for heading, _ in columns], rows


def legend(runs: pd.DataFrame, thresholds: Sequence[float]) -> str:
    """One line under a table: what was trained, on what."""
    fixed = [
        c
        for c in ("dataset", "model", "optimizer", "learning_rate", "batch_size", "epochs")
        if c not in varying_settings(runs)
    ]
    first = runs.iloc[0]
    words = [f"{name.replace('_', ' ')} {first[name]}" for name in fixed]
    reached = ", ".join(percent(t) for t in thresholds)
    return f"{' · '.join(words)} · test accuracy after the last epoch and at its best · epochs to reach {reached} %"


def _accuracy(name: str) -> Callable[[pd.Series[Any]], str]:
    def render(row: pd.Series[Any]) -> str:
        if not math.isfinite(row[name]):
            return "-"
        spread = row[f"{name}_sd"]
        return f"{row[name] * 100:.2f}" + (f" ± {spread * 100:.2f}" if math.isfinite(spread) else "")

    return render


def _number(name: str, pattern: str) -> Callable[[pd.Series[Any]], str]:
    def render(row: pd.Series[Any]) -> str:
        value = row[name]
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            return str(value)
        return pattern.format(value) if math.isfinite(value) else "-"

    return render


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
