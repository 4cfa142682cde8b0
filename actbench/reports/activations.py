"""Looking at activations: one in the terminal, several in a picture, all of them in a list."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from actbench.activations import CATALOGUE, Activation, Resolved, resolve
from actbench.errors import UserError
from actbench.providers import NOT_OFFICIAL
from actbench.registry import describe
from actbench.reports.plots.style import LIGHT, Theme, themed
from actbench.reports.sketch import LABELS, farthest_turn, panel, side_by_side
from actbench.training.curves import curve, is_along_an_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURES = (".png", ".svg", ".pdf")
LEAST_COLUMNS, MOST_COLUMNS = 25, 40
"""Of a plot in the terminal."""
_KINDS = {
    "elementwise": "element-wise",
    "stochastic": "random in training",
    "trainable": "trainable",
    "layer": "a layer of its own",
    "axis": "along an axis",
}
# How a curve of one number comes out of something that is no function of one number.
_SEEN_AS = {
    "stochastic": "f in inference",
    "trainable": "f at its start values",
    "axis": "f: first output for (x, 0)",
    "layer": "f: constant image, seed 0",
}
GOES_ON = "goes on beyond"
DRAWS = 20
"""Of the start weights of a layer, which no single one stands for."""
_DRAWN_AS = {
    "stochastic": ", in inference",
    "trainable": ", at its start values",
    "axis": ", first output for (x, 0)",
    "layer": f", {DRAWS} draws of its weights",
}
_REACH, _CEILING, _MARGIN = 5.0, 6.0, 0.04
Window: TypeAlias = tuple[tuple[float, float], tuple[float, float]]
"""The least and the greatest value that a picture shows, of f and of f′."""


@dataclass(frozen=True)
class Properties:
    """What is computed rather than declared, at the given parameters and start values."""

    value_at_0: float
    slope_at_0: float
    symmetry: str

    @property
    def words(self) -> str:
        """One phrase, e.g. ``f(0) = 0, f′(0) = 0.5, odd``."""
        numbers = f"f(0) = {number(self.value_at_0)}, f′(0) = {number(self.slope_at_0)}"
        return f"{numbers}, {self.symmetry}" if self.symmetry else numbers


def properties(activation: Resolved) -> Properties:
    """Value and slope at 0, and whether the function is odd or even: computed, not looked up."""
    x = np.linspace(0.05, 6, 120)
    y = curve(activation, np.concatenate([x, -x]))[0]
    right, left = y[:120], y[120:]
    value, slope = curve(activation, np.zeros(1))
    odd, even = np.allclose(left, -right, atol=1e-12), np.allclose(left, right, atol=1e-12)
    return Properties(float(value[0]), float(slope[0]), "odd" if odd else "even" if even else "")


def search_catalogue(kind: str | None = None, search: str = "") -> list[Activation]:
    """The entries of a kind that have a text in their name, alias, formula, summary or source, by name.

    Raises:
        UserError: there is no such kind, or nothing fits.
    """
    if kind is not None and kind not in _KINDS:
        raise UserError(f"There is no kind {kind!r}. The kinds are {', '.join(_KINDS)}.")
    found = [entry for entry in CATALOGUE if kind in (None, entry.kind) and search.lower() in _haystack(entry)]
    if not found:
        raise UserError(f"No activation{f' of the kind {kind!r}' if kind else ''} has {search!r} in its description.")
    return found


def _haystack(entry: Activation) -> str:
    return "\n".join([entry.name, *entry.aliases, entry.formula, entry.summary, entry.source]).lower()


def card(text: str, *, width: int = 80) -> str:
    """Everything about one activation, for the terminal: facts first, then f and f′ as small plots.

    Args:
        text: a spelling, the catalogue's or any provider's.
        width: columns of the terminal.

    Raises:
        UserError: the spelling is wrong.
    """
    activation = resolve(text)
    entry = activation.entry
    lines = _lines_of_stranger(activation) if entry is None else _lines_of_entry(activation, entry)
    wrapped = [
        textwrap.fill(line, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
        for line in lines
    ]
    return "\n".join(wrapped) + "\n\n" + sketch(activation, width=width)


def sketch(activation: Resolved, *, width: int = 80) -> str:
    """F and f′ in plain text, beside each other where there is room."""
    beside = (width - 2) // 2 - LABELS >= LEAST_COLUMNS
    columns = max(LEAST_COLUMNS, min(MOST_COLUMNS, (width - 2) // 2 - LABELS if beside else width - LABELS))
    seen_as = _SEEN_AS["axis"] if is_along_an_axis(activation) else _SEEN_AS.get(activation.kind, "f")
    panels = [
        panel(seen_as, lambda x: curve(activation, x)[0], width=columns),
        panel("f′", lambda x: curve(activation, x)[1], width=columns),
    ]
    return side_by_side(*panels) if beside else "\n\n".join("\n".join(map(str.rstrip, lines)) for lines in panels)


def _lines_of_stranger(activation: Resolved) -> list[str]:
    choice = activation.choice
    origin = f"  from {choice.provider} {choice.version}{NOT_OFFICIAL.get(choice.provider, '')}"
    return [choice.spelling, origin, f"  {properties(activation).words}"]


def _lines_of_entry(activation: Resolved, entry: Activation) -> list[str]:
    given = getattr(activation.function, "keywords", {})
    changed = {p.name: given[p.name] for p in entry.parameters if given[p.name] != p.default}
    lines = [
        f"{activation.choice.spelling}   ({_KINDS[entry.kind]})",
        f"  {entry.summary}",
        f"  f(x) = {_with_given(entry.formula, changed)}",
        f"  {'at the defaults: ' * bool(changed)}range {entry.range}; {flags(entry)}",
    ]
    if entry.kind != "layer":
        lines.append(f"  {properties(activation).words}")
    if entry.aliases:
        lines.append(f"  also called {', '.join(entry.aliases)}")
    if entry.twin:
        lines.append(f"  at the defaults the same function as {entry.twin}")
    if entry.overflow:
        lines.append(f"  {entry.overflow}")
    for parameter in entry.parameters:
        value, default = number(given[parameter.name]), number(parameter.default)
        words = f"{parameter.name} = {value}" + (f" (default {default})" if value != default else "")
        lines.append(f"  {words}: {parameter.meaning} ({parameter.allowed})")
    return [*lines, f"  {entry.source}", f"  {entry.link}"]


def _with_given(formula: str, given: Mapping[str, Any]) -> str:
    """A formula whose last part, ``; β = 1``, has these values in place of the defaults."""
    function, semicolon, values = formula.partition("; ")
    for name, value in given.items():
        shown = number(value).replace("-", "−")
        values = re.sub(rf"(?<!\w)({name}|{_greek(name)}) = [^,;]+", rf"\g<1> = {shown}", values)
    return function + semicolon + values


def _greek(name: str) -> str:
    """The letter of that name, or the name itself."""
    try:
        return unicodedata.lookup(f"GREEK SMALL LETTER {name}")
    except KeyError:
        return name


def description(text: str) -> dict[str, Any]:
    """Everything about one activation as plain values, for JSON: the entry's fields, the choice and the properties."""
    activation = resolve(text)
    choice, entry = activation.choice, activation.entry
    computed = properties(activation)
    return (describe(entry) if entry else {"name": choice.spelling, "kind": activation.kind}) | {
        "spelling": choice.spelling,
        "definition": choice.definition,
        "provider": choice.provider,
        "version": choice.version,
        "value_at_0": computed.value_at_0,
        "slope_at_0": computed.slope_at_0,
        "symmetry": computed.symmetry,
    }


def save_curves(texts: Sequence[str], file: Path, *, window: Window | None = None, theme: Theme = LIGHT) -> None:
    """Draw f and f′ of one or several activations into a file, whose suffix chooses the format.

    Inputs go from −5 to 5. Values are cut off beyond 6, or where the farthest turning point lies. A layer whose weights
    are drawn is a band, which holds so many draws.

    Args:
        texts: spellings.
        file: where to write; overwritten if it exists.
        window: what to show, for pictures that are to be laid beside each other; None is what there is.
        theme: its colours.

    Raises:
        UserError: a wrong spelling, a format that cannot be written, or a folder that does not exist.
    """
    if file.suffix.lower() not in PICTURES:
        raise UserError(f"Cannot write {str(file)!r}: a picture's name ends in {', '.join(PICTURES[:-1])} or .pdf.")
    if not file.parent.is_dir():
        raise UserError(f"Cannot write {str(file)!r}: there is no folder {str(file.parent)!r}.")
    from matplotlib.figure import Figure

    activations = [resolve(text) for text in texts]
    x, drawn = _inputs(), [_curves(activation) for activation in activations]
    with themed(theme):
        figure = Figure(figsize=(7.2, 2.9), layout="constrained")
        for axes, title, order in zip(figure.subplots(1, 2), ("f", "f′"), (0, 1), strict=True):
            for place, (activation, curves) in enumerate(zip(activations, drawn, strict=True)):
                colour = theme.series[place % len(theme.series)]
                y, label = curves[order], activation.choice.spelling + _DRAWN_AS.get(activation.kind, "")
                if len(y) > 1:
                    axes.fill_between(
                        x, y.min(axis=0), y.max(axis=0), label=label, color=colour, alpha=0.4, linewidth=0
                    )
                else:
                    axes.plot(x, y[0], label=label, color=colour, linewidth=1.8)
                    _mark_cut(axes, x, y[0], colour)
            if window:
                axes.set(xlim=(1.05 * x[0], 1.05 * x[-1]), ylim=window[order])
            axes.axhline(0, color=theme.muted, linewidth=0.8, zorder=0)
            axes.axvline(0, color=theme.muted, linewidth=0.8, zorder=0)
            axes.set_title(title)
        shown = [axes.get_legend_handles_labels() for axes in figure.axes]
        names = {label: handle for handles, labels in shown for handle, label in zip(handles, labels, strict=True)}
        figure.legend(names.values(), names, loc="outside lower center", ncols=3, frameon=False)
        figure.savefig(file, dpi=150, metadata={"Date": None} if file.suffix.lower() == ".svg" else None)


def _mark_cut(axes: Axes, x: np.ndarray, y: np.ndarray, colour: str) -> None:
    """An arrow where a curve leaves the picture: its ends are missing there, and only there."""
    seen = np.flatnonzero(np.isfinite(y))
    for end in {seen[0], seen[-1]} - {0, len(y) - 1}:
        marker = "^" if y[end] > 0 else "v"
        axes.scatter(x[end], y[end], marker=marker, s=26, color=colour, linewidths=0, zorder=3, label=GOES_ON)


def window_of(texts: Sequence[str]) -> Window:
    """What a picture must show so that all these activations can be compared in it."""
    drawn = [_curves(resolve(text)) for text in texts]
    bounds = []
    for order in (0, 1):
        low = min(float(np.nanmin(curves[order])) for curves in drawn)
        high = max(float(np.nanmax(curves[order])) for curves in drawn)
        room = _MARGIN * (high - low)
        bounds.append((low - room, high + room))
    return bounds[0], bounds[1]


def _inputs() -> np.ndarray:
    return np.linspace(-_REACH, _REACH, 241)


def _curves(activation: Resolved) -> tuple[np.ndarray, np.ndarray]:
    """F and f′, a row a draw, with gaps where they leave the picture and where they jump."""
    draws = DRAWS if activation.entry and activation.kind == "layer" else 1
    pairs = [curve(activation, _inputs(), seed=seed) for seed in range(draws)]
    values, slopes = (np.array(part) for part in zip(*pairs, strict=True))
    for rows in (values, slopes):
        for y in rows:
            top = max(_CEILING, farthest_turn(y))
            if draws > 1:  # only the edges of the band that they are in are drawn
                y[:] = np.clip(y, -top, top)
                continue
            y[np.abs(y) > top] = np.nan
            # Every jump is a gap: a vertical line there would be part of no function.
            y[_jumps(y)] = np.nan
    return values, slopes


def _jumps(y: np.ndarray) -> np.ndarray:
    """Where a step between neighbouring samples is far larger than the steps beside it."""
    steps = np.abs(np.diff(y, prepend=y[0], append=y[-1]))
    beside = np.fmax(np.append(steps[1:], 0), np.append(0, steps[:-1]))
    return np.asarray((steps > 0.1) & (steps > 8 * beside))[:-1]  # noqa: PLR2004 - less would not be seen


def flags(entry: Activation) -> str:
    """Smooth or not, monotonic or not."""
    smooth = "smooth" if entry.smooth else "not smooth"
    return f"{smooth}, {'monotonic' if entry.monotonic else 'not monotonic'}"


def number(value: Any) -> str:
    """Four digits, and never a negative zero."""
    if not isinstance(value, float):
        return str(value)
    return f"{value + 0.0:.4g}" if round(value, 12) else "0"
