"""What is told of the places in a network where activations are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actbench.models.surgery import Place, Reason, Row
from actbench.reports.words.numbers import plural

REASONS = {
    Reason.LOSS: "left: the loss makes the softmax",
    Reason.OUTPUT: "left: no weights between it and the output",
    Reason.GATE: "left: a gate, its values only multiply others",
    Reason.SOFTMAX: "left: makes shares of a whole, as attention does",
    Reason.RECURRENT: "left: inside a recurrent layer",
    Reason.INSIDE: "left: inside a layer that builds itself",
    Reason.SHAPE: "left: it changes the shape",
}
SWAPPED, NOT_MEANT, SITE = "swapped", "left: not meant by --swap", "a site"
SITE_KIND = "Site"
"""The class of the layers in which the reference networks have their activations."""


def title(name: str, rows: Sequence[Row], swap: str) -> str:
    """A network with its sums."""
    every, trained = sum(row.parameters for row in rows), sum(row.trained for row in rows)
    some = f", {trained:,} of them trained" if trained != every else ""
    return f"{name} · {every:,} parameters{some} · {plural(sites_in(rows, swap), 'site')}"


def sites_in(rows: Sequence[Row], swap: str) -> int:
    """How many sites such a network has, or will have."""
    return sum((row.kind == SITE_KIND) + sum(place.is_meant(swap) for place in row.places) for row in rows)


def counted(becomes: Mapping[str, int]) -> list[str]:
    """What becomes of the places of a layer; of several that are swapped, as an activation that is called again has
    them, how many: the sites in such a table add up to those in its title.
    """
    return [f"{text} ×{count}" if text == SWAPPED and count > 1 else text for text, count in becomes.items()]


def what_becomes(place: Place, swap: str) -> str:
    """Whether a place is swapped, and if not, why."""
    if place.is_meant(swap):
        return SWAPPED
    return REASONS[place.reason] if place.reason else NOT_MEANT
