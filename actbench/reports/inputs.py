"""What data looks like, for ``actbench data show``: its shapes, its classes, and a few inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from actbench.datasets import NO_TARGET, TOKENS
from actbench.reports.layout import pairs_grid
from actbench.reports.sheet.parts import Cell, Content, Grid, Head
from actbench.reports.words.numbers import NOTHING, percent

if TYPE_CHECKING:
    from rich.text import Text

    from actbench.datasets import Prepared

SHOWN_CLASSES = 20
SHOWN_ROWS = 5
SHOWN_FEATURES = 6
SHOWN_TOKENS = 32
MOST_LETTERS = 20
PICTURE_WIDTH = 16
"""Columns of the terminal that a picture takes; two of its rows stand in one line."""
MOST_PICTURES = 10
SHADES = " .:-=+*#%@"
"""From dark to bright, where there are no colours."""


def description(name: str, prepared: Prepared) -> dict[str, Any]:
    """Data as plain values, for JSON."""
    known = prepared.info
    parts = {part: labels for part, labels in _labels(prepared).items() if len(labels)}
    targets = {part: labels[labels != NO_TARGET] for part, labels in parts.items()}
    counts = {part: np.bincount(labels, minlength=known.classes) for part, labels in targets.items()}
    training = counts["training"]
    return {
        "name": name,
        "input_shape": list(known.input_shape),
        "type": prepared.arrays["x_train"].dtype.name,
        "features": list(prepared.feature_names),
        "tokens": prepared.arrays.get(TOKENS, np.array([])).tolist(),
        "per_token": known.per_token,
        "least": float(prepared.arrays["x_train"].min()),
        "greatest": float(prepared.arrays["x_train"].max()),
        "inputs": {part: len(labels) for part, labels in parts.items()},
        "classes": {
            label: {part: int(count[number]) for part, count in counts.items()}
            for number, label in enumerate(prepared.class_names)
        },
        "most_frequent_share": float(training.max() / training.sum()),
        "seen_in_training": known.seen_in_training,
        "sha256": known.sha256,
    }


def card(name: str, prepared: Prepared, *, width: int, colour: bool) -> list[Grid | Text]:
    """The same to be looked at, with a few inputs: pictures of one input a class, or rows of features."""
    facts = description(name, prepared)
    shape = "×".join(map(str, facts["input_shape"]))
    inputs = ", ".join(f"{count:,} {part}" for part, count in facts["inputs"].items())
    seen, tests = facts["seen_in_training"], facts["inputs"]["test"]
    tokens, per_token = facts["tokens"], facts["per_token"]
    what = f"{facts['type']} from {facts['least']:.4g} to {facts['greatest']:.4g}"
    lines = {
        "data": name,
        "inputs": f"{inputs}; each {shape}, {f'tokens of {len(tokens):,}' if tokens else what}",
        "classes": f"{'a token' if per_token else len(facts['classes'])}; "
        f"most frequent: {percent(facts['most_frequent_share'])} % of training",
        "overlap": "not counted" if seen is None else f"{seen:,} of {tests:,} test inputs also in the training part",
        "SHA-256": facts["sha256"],
    }
    if tokens:
        looks: Grid | Text = _sequences(prepared)
    else:
        looks = _pictures(prepared, width, colour=colour) if len(facts["input_shape"]) > 1 else _rows(prepared)
    return [pairs_grid(lines.items()), _classes(facts), looks]


def _labels(prepared: Prepared) -> dict[str, Any]:
    y = prepared.arrays["y_train"]
    return {"training": y[prepared.training], "validation": y[prepared.validation], "test": prepared.arrays["y_test"]}


def _classes(facts: dict[str, Any]) -> Grid:
    heads = (Head("class", Content.NAME), *map(Head, facts["inputs"]))
    rows = [
        (Cell(label if label.strip() else repr(label)), *(Cell(f"{count:,}", count) for count in counts.values()))
        for label, counts in list(facts["classes"].items())[:SHOWN_CLASSES]
    ]
    rest = len(facts["classes"]) - SHOWN_CLASSES
    if rest > 0:
        rows.append((Cell(f"… {rest} more"), *[Cell("")] * len(facts["inputs"])))
    return Grid("", heads, tuple(rows))


def _sequences(prepared: Prepared) -> Grid:
    """The first sequences, each token by its name, and what is to be told of them."""
    x, y, tokens = (prepared.arrays[name] for name in ("x_train", "y_train", TOKENS))
    names = [name if name.isprintable() else ascii(name)[1:-1] for name in tokens.tolist()]
    letters = 2 * sum(len(name) == 1 for name in names) > len(names)
    if letters:
        names = [name if len(name) == 1 else f"⟨{name}⟩" for name in names]

    def spelled(numbers: Any) -> str:
        shown = [NOTHING if number == NO_TARGET else names[number] for number in numbers[:SHOWN_TOKENS]]
        return ("" if letters else " ").join(shown) + " …" * (len(numbers) > SHOWN_TOKENS)

    answers = [spelled(row) if y.ndim > 1 else prepared.class_names[row] for row in y[:SHOWN_ROWS]]
    rows = [(Cell(spelled(row)), Cell(answer)) for row, answer in zip(x[:SHOWN_ROWS], answers, strict=True)]
    head = "target of each" if y.ndim > 1 else "class"
    return Grid("", (Head("tokens", Content.NAME), Head(head, Content.NAME)), tuple(rows), elsewhere="--json")


def _rows(prepared: Prepared) -> Grid:
    x, y = prepared.arrays["x_train"], prepared.arrays["y_train"]
    shown = min(SHOWN_FEATURES, x.shape[1])
    names = prepared.feature_names[:shown] or tuple(f"feature {number + 1}" for number in range(shown))
    heads = (Head("class", Content.NAME), *(Head(name[:MOST_LETTERS], rank=1) for name in names))
    rows = [
        (Cell(prepared.class_names[label]), *(Cell(f"{float(value):.4g}", float(value)) for value in row[:shown]))
        for row, label in zip(x[:SHOWN_ROWS], y[:SHOWN_ROWS], strict=True)
    ]
    more = (f"and {x.shape[1] - shown} more",) if x.shape[1] > shown else ()
    return Grid("", heads, tuple(rows), more, elsewhere="--json")


def _pictures(prepared: Prepared, width: int, *, colour: bool) -> Text:
    """The first input of each class, side by side, as many as there is room for."""
    from rich.text import Text

    x, y = prepared.arrays["x_train"], prepared.arrays["y_train"]
    room = min(max((width + 1) // (PICTURE_WIDTH + 1), 1), MOST_PICTURES)
    firsts = [(label, _pixels(x, int(np.argmax(y == label)))) for label in range(len(prepared.class_names))[:room]]
    lines = max(len(pixels) for _, pixels in firsts) // 2
    text = Text()
    for line in range(lines):
        for number, (_, pixels) in enumerate(firsts):
            text.append(" " if number else "")
            _half_blocks(text, pixels[2 * line : 2 * line + 2], colour=colour)
        text.append("\n")
    names = [prepared.class_names[label][:PICTURE_WIDTH] for label, _ in firsts]
    widths = [pixels.shape[1] for _, pixels in firsts]
    text.append(" ".join(f"{name:<{size}}" for name, size in zip(names, widths, strict=True)).rstrip())
    return text


def _pixels(x: Any, index: int) -> Any:
    """One image as bytes, shape (an even height, at most PICTURE_WIDTH, 3): means over squares of pixels."""
    low, high = float(x.min()), float(x.max())
    image = (x[index].astype(np.float64) - low) / ((high - low) or 1.0)
    image = image[..., :3] if image.shape[-1] >= 3 else np.repeat(image[..., :1], 3, axis=-1)  # noqa: PLR2004 - RGB
    side = -(-image.shape[1] // PICTURE_WIDTH)
    rows, columns = (-(-length // side) for length in image.shape[:2])
    padded = np.pad(
        image, ((0, rows * side - image.shape[0]), (0, columns * side - image.shape[1]), (0, 0)), mode="edge"
    )
    small = padded.reshape(rows, side, columns, side, 3).mean(axis=(1, 3))
    even = np.pad(small, ((0, rows % 2), (0, 0), (0, 0)), mode="edge")
    return (255 * even).round().astype(int)


def _half_blocks(text: Text, rows: Any, *, colour: bool) -> None:
    """Two rows of pixels as one line: the upper in the colour of the letter, the lower in that of the ground."""
    for upper, lower in zip(*rows, strict=True):
        if colour:
            text.append("▀", style="rgb({},{},{}) on rgb({},{},{})".format(*upper, *lower))
        else:
            text.append(SHADES[int((upper.mean() + lower.mean()) / 2 / 256 * len(SHADES))])
