"""Activation sites in a network that was written without them: where they can go, and the network with them.

A *place* is where an activation is: a layer that is one, or the ``activation=`` of a layer. Whether one is swapped is
told by the way from it to the output, through nested networks too.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from actbench.errors import UserError, did_you_mean
from actbench.lazy import lazy
from actbench.models.copying import Copy, again
from actbench.models.streams import streams_kept
from actbench.models.wiring import (
    Graph,
    has_activation,
    is_activation,
    is_loose,
    name_of,
    parts,
    set_activation,
    shape_of,
)  # fmt: skip

keras = lazy("keras")
layers = lazy("keras.layers")

HIDDEN, RELU, ALL = "hidden", "relu", "all"
"""What a setting ``swap`` may say beside a pattern of names."""
SOFTMAX = ("softmax", "log_softmax", "sparsemax")
RELUS = ("relu", "relu6")
BOUNDED = ("sigmoid", "hard_sigmoid", "tanh", "hard_tanh", "softsign", "relu6")
"""What gates are made of. What has no upper bound and multiplies others is the activation of a gated linear unit."""


class Reason(StrEnum):
    """Why a place is left alone unless it is asked for."""

    LOSS = "loss"
    """The softmax at the output: the loss takes logits, so it is a part of that."""
    OUTPUT = "output"
    """No layer with weights lies between it and the output."""
    GATE = "gate"
    """Its values do nothing but multiply others, and have bounds or go through another activation first."""
    SOFTMAX = "softmax"
    """It makes shares of a whole, as attention does."""
    RECURRENT = "recurrent"
    """It lies inside a recurrent layer."""
    INSIDE = "inside"
    """It lies inside another layer, which is built as its own code says."""
    SHAPE = "shape"
    """It returns another shape than it takes."""


FIXED = (Reason.LOSS, Reason.RECURRENT, Reason.INSIDE, Reason.SHAPE)
"""What cannot be swapped, whatever is asked."""


@dataclass(frozen=True)
class Place:
    """Where an activation is.

    Attributes:
        path: the layer's name, after those of the networks that it is nested in: ``block/dense``.
        was: the activation there.
        reason: why it is left alone; None for a hidden one, which is swapped.
    """

    path: str
    was: str
    reason: Reason | None

    def is_meant(self, swap: str) -> bool:
        """Whether it is swapped where that is asked for: ``hidden``, ``relu``, ``all`` or a pattern of names."""
        if self.reason in FIXED:
            return False
        if swap in {HIDDEN, RELU}:
            return self.reason is None and (swap == HIDDEN or self.was in RELUS)
        return swap == ALL or self.has_name(swap)

    def has_name(self, pattern: str) -> bool:
        """Whether its path, or the last part of it, fits a pattern."""
        return fnmatchcase(self.path, pattern) or fnmatchcase(self.path.rpartition("/")[2], pattern)


@dataclass(frozen=True)
class Row:
    """One layer of a network: its path, its class, the shape of its output without the batch, its parameters, and how
    many of these are trained, which moving statistics are not.

    ``places`` are those in it: none or one, but for layers that hold others, and an activation that is called several
    times, which is several.
    """

    path: str
    kind: str
    shape: tuple[int | None, ...]
    parameters: int
    trained: int
    places: tuple[Place, ...]


@dataclass(frozen=True)
class _Found:
    """A place with the layer whose activation it is, and the one in the graph that holds that layer, mostly itself.

    ``call``: of an activation that is called several times, and learns nothing, which of these calls it is.
    """

    place: Place
    layer: Any
    holder: Any
    call: int = 0


def outline(model: Any) -> list[Row]:
    """The layers of a network from input to output, and the activations that are functions; nested networks are taken
    apart, inputs left out.
    """
    graph = Graph(model)
    places = defaultdict(list)
    for found in _find(graph):
        places[id(found.holder)].append(found.place)
    return [
        Row(
            path,
            type(operation).__name__,
            shape_of(graph.outputs[id(operation)][0]),
            operation.count_params() if isinstance(operation, layers.Layer) else 0,
            sum(math.prod(weight.shape) for weight in getattr(operation, "trainable_weights", ())),
            tuple(places[id(operation)]),
        )
        for path, operation in graph.operations
        if (isinstance(operation, layers.Layer) and not isinstance(operation, layers.InputLayer))
        or places[id(operation)]
    ]


def places(model: Any) -> list[Place]:
    """Every place of an activation in a network made of layers, from input to output."""
    return [found.place for found in _find(Graph(model))]


def with_sites(model: Any, site: Callable[[], Any], swap: str | None) -> Any:
    """A copy of a network, its weights too, with a site in each place that is meant, and without a softmax at its end.

    Args:
        model: made of layers, and built; it stays as it is.
        site: makes a new site. A layer that is called twice has one; an activation that is called twice, and learns
            nothing by which its calls are tied together, is two.
        swap: what is meant; see `Place.is_meant`. None for nothing.

    Raises:
        UserError: nothing is meant.
    """
    found = _find(Graph(model))
    meant = {(id(each.layer), each.call) for each in found if swap is not None and each.place.is_meant(swap)}
    if swap is not None and not meant:
        raise UserError(nothing_meant(swap, [each.place for each in found]))
    end = {(id(each.layer), each.call) for each in found if each.place.reason is Reason.LOSS}

    def changed(old: Any, call: int) -> tuple[Any, Any]:
        if is_activation(old):
            if (id(old), call) in meant:
                return _regularized_as(old, site()), None
            if (id(old), call) in end:
                return layers.Activation("linear", name=f"{old.name}_{call}" if call else old.name), None
            with streams_kept():  # what is drawn behind it is the same where a site has taken its place
                return again(old), None
        new, after = again(old), None
        for ours, its in zip(parts(old), parts(new), strict=False):
            if (id(ours), 0) in meant and type(ours).call.__module__.startswith("keras."):
                set_activation(its, keras.activations.linear)
                after = _regularized_as(its, site())
                its.activity_regularizer = None
            elif (id(ours), 0) in meant:  # where a layer of somebody's own calls it, only that layer knows
                set_activation(its, site())
            elif (id(ours), 0) in end:
                set_activation(its, keras.activations.linear)
        return new, after

    return Copy(changed).of(model)


def ends_in(model: Any) -> str:
    """The activation at the output; empty where there is none, but logits."""
    _, end = Graph(model).end()
    return name_of(end) if has_activation(end) else ""


def _regularized_as(old: Any, site: Any) -> Any:
    """A site that is regularized as the layer was whose activation it takes over: by what the activation returns."""
    site.activity_regularizer = getattr(old, "activity_regularizer", None)
    return site


def _find(graph: Graph) -> list[_Found]:
    """All places of a network."""
    found = []
    for path, holder in graph.operations:
        returned = graph.outputs[id(holder)]
        calls = [[tensor] for tensor in returned] if is_loose(holder) else [returned]
        for layer in [holder] if is_activation(holder) else parts(holder):
            if not has_activation(layer):
                continue
            its = path if layer is holder else f"{path}/{layer.name}"
            found += [
                _Found(Place(its, name_of(layer), _reason(graph, holder, layer, tensors)), layer, holder, call)
                for call, tensors in enumerate(calls)
            ]
    return found


def _reason(graph: Graph, holder: Any, layer: Any, returned: Sequence[Any]) -> Reason | None:
    """Why the activation of a layer is left alone, by what becomes of what it returns, or the layer that holds it."""
    name = name_of(layer)
    if any(isinstance(part, layers.RNN) for part in parts(holder)):
        return Reason.RECURRENT
    if layer is not holder and not (isinstance(holder, layers.TimeDistributed) and holder.layer is layer):
        return Reason.INSIDE
    if name == "glu":  # half of the values times a sigmoid of the others
        return Reason.SHAPE
    if not graph.is_hidden(returned):
        is_end = name == SOFTMAX[0] and any(tensor is graph.end()[0] for tensor in returned)
        return Reason.LOSS if is_end else Reason.OUTPUT
    gates = graph.is_gate(returned) and (name in BOUNDED or graph.is_followed(returned))
    return Reason.SOFTMAX if name in SOFTMAX else Reason.GATE if gates else None


def nothing_meant(swap: str, there: Sequence[Place]) -> str:
    """What to say where a setting ``swap`` means no place."""
    if not there:
        return "The model has no activation that could be swapped."
    free = [place for place in there if place.reason not in FIXED]
    names = ", ".join(f"{place.path} ({place.was})" for place in free[:8]) + ", …" * (len(free) > 8)  # noqa: PLR2004
    known = f"It has {names}." if free else "What it has is its output's, or lies inside of other layers."
    why = "."
    fixed = [place for place in there if place.reason in FIXED and place.has_name(swap)]
    if fixed:
        why = f": {fixed[0].path} ({fixed[0].was}) cannot be swapped."
    elif swap not in {HIDDEN, RELU, ALL}:
        hint = did_you_mean(swap, [HIDDEN, RELU, ALL, *(place.path for place in free)])
        why = f": no layer with one has such a name.{hint}"
    return f"--swap {swap} means no activation of the model{why} {known} 'actbench show --model' tells all."
