"""Small plots in plain text: a canvas of braille dots, four high and two wide in every character."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# The bit of each dot in a braille character, by row and column.
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
LABELS = 8
"""Columns left of a plot."""
_SAMPLES = 32  # per column of dots, so that steep lines stay lines


def panel(
    title: str,
    function: Callable[[np.ndarray], np.ndarray],
    *,
    reach: float = 5.0,
    ceiling: float = 6.0,
    width: int = 30,
    height: int = 11,
) -> list[str]:
    """Draw a function as lines of equal length, title and axis labels included.

    Args:
        title: stands above the plot.
        function: from inputs to values of the same shape; what is not finite is left out.
        reach: the plot shows inputs from ``−reach`` to ``reach``.
        ceiling: it shows values between ``−ceiling`` and ``ceiling``, and no more than there are; higher ones where the
            function turns there.
        width: columns of the plot, without labels.
        height: lines of the plot, without title and labels.
    """
    x = np.linspace(-reach, reach, 2 * width * _SAMPLES)
    y = function(x)
    seen = np.isfinite(y) & (np.abs(y) <= max(ceiling, farthest_turn(y)))
    top, bottom = max(y[seen].max(initial=0.0), 1e-9), min(y[seen].min(initial=0.0), 0.0)
    columns = np.minimum((np.arange(x.size) // _SAMPLES)[seen], 2 * width - 1)
    rows = np.rint((top - y[seen]) / (top - bottom) * (4 * height - 1)).astype(int)
    dots = np.zeros((height, width), int)
    for row, column in {*zip(rows.tolist(), columns.tolist(), strict=True)}:
        dots[row // 4, column // 2] |= _BITS[row % 4][column % 2]

    zero_line = round(top / (top - bottom) * (4 * height - 1)) // 4
    labels = {0: f"{top:.3g}", height - 1: f"{bottom:.3g}"} | {zero_line: "0"}
    lines = [f"{'':8}{title:<{width}}"]
    for row in range(height):
        cells = "".join(_cell(dots[row, column], row == zero_line, column == width // 2) for column in range(width))
        lines.append(f"{labels.get(row, ''):>7} {cells}")
    return [*lines, f"{'':8}{-reach:<{width // 2}g}{reach:>{width - width // 2}g}"]


def farthest_turn(y: np.ndarray) -> float:
    """How far from 0 the farthest minimum or maximum lies, ends left out; 0 where there is none."""
    with np.errstate(invalid="ignore"):
        steps = np.diff(y)
        turns = y[1:-1][steps[:-1] * steps[1:] < 0]
    return float(np.abs(turns[np.isfinite(turns)]).max(initial=0.0))


def side_by_side(*panels: list[str]) -> str:
    """Join plots of the same height."""
    return "\n".join("  ".join(parts).rstrip() for parts in zip(*panels, strict=True))


def _cell(dots: int, on_x_axis: bool, on_y_axis: bool) -> str:
    if dots:
        return chr(0x2800 + dots)
    return {(True, True): "┼", (True, False): "─", (False, True): "│"}.get((on_x_axis, on_y_axis), " ")
