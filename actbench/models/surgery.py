"""Activation sites in a network that was written without them: where they can go, and the network with them.

A *place* is where an activation is: a layer that is one, or the ``activation=`` of a layer. Whether one is swapped is
told by the way from it to the output, through nested networks too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from actbench.errors import UserError
from actbench.lazy import lazy
from actbench.models.wiring import Graph, graph_of, has_activation, is_activation, is_network, name_of, parts, shape_of

keras = lazy("keras")
layers = lazy("keras.layers")

HIDDEN, RELU, ALL = "hidden", "relu", "all"
"""What a setting ``swap`` may say beside a pattern of names."""
SOFTMAX = ("softmax", "log_softmax", "sparsemax")
RELUS = ("relu", "relu6")


class Reason(StrEnum):
    """Why a place is left alone unless it is asked for."""

    LOSS = "loss"
    """The softmax at the output: the loss takes logits, so it is a part of that."""
    OUTPUT = "output"
    """No layer with weights lies between it and the output."""
    GATE = "gate"
    """Its values do nothing but multiply others."""
    SOFTMAX = "softmax"
    """It makes shares of a whole, as attention does."""
    RECURRENT = "recurrent"
    """It lies inside a recurrent layer."""
    INSIDE = "inside"
    """It lies inside another layer, which is built as its own code says."""


FIXED = (Reason.LOSS, Reason.RECURRENT, Reason.INSIDE)
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
        return swap == ALL or fnmatchcase(self.path, swap) or fnmatchcase(self.path.rpartition("/")[2], swap)


@dataclass(frozen=True)
class Row:
    """One layer of a network: its path, its class, the shape of its output without the batch, and its parameters.

    ``places`` are those in it: none, or one for all but layers that hold others.
    """

    path: str
    kind: str
    shape: tuple[int | None, ...]
    parameters: int
    places: tuple[Place, ...]


@dataclass(frozen=True)
class _Found:
    """A place with the layer whose activation it is, and the one in the graph that holds that layer, mostly itself."""

    place: Place
    layer: Any
    holder: Any


def outline(model: Any) -> list[Row]:
    """The layers of a network from input to output, nested networks taken apart, inputs left out."""
    graph = Graph(model)
    places = defaultdict(list)
    for found in _find(graph):
        places[id(found.holder)].append(found.place)
    return [
        Row(
            path,
            type(layer).__name__,
            shape_of(graph.outputs[id(layer)][0]),
            layer.count_params(),
            tuple(places[id(layer)]),
        )
        for path, layer in graph.operations
        if isinstance(layer, layers.Layer) and not isinstance(layer, layers.InputLayer)
    ]


def places(model: Any) -> list[Place]:
    """Every place of an activation in a network made of layers, from input to output."""
    return [found.place for found in _find(Graph(model))]


def with_sites(model: Any, site: Callable[[], Any], swap: str | None) -> Any:
    """A copy of a network, its weights too, with a site in each place that is meant, and without a softmax at its end.

    Args:
        model: made of layers, and built; it stays as it is.
        site: makes a new site. A layer that is called twice has one.
        swap: what is meant; see `Place.is_meant`. None for nothing.

    Raises:
        UserError: nothing is meant.
    """
    found = _find(Graph(model))
    meant = {id(each.layer) for each in found if swap is not None and each.place.is_meant(swap)}
    if swap is not None and not meant:
        raise UserError(_nothing_meant(swap, [each.place for each in found]))
    end = {id(each.layer) for each in found if each.place.reason is Reason.LOSS}

    def changed(old: Any) -> tuple[Any, Any]:
        if is_activation(old):
            is_end = id(old) in end
            new = site() if id(old) in meant else layers.Activation("linear", name=old.name) if is_end else _again(old)
            return new, None
        new, after = _again(old), None
        for ours, its in zip(parts(old), parts(new), strict=False):
            if id(ours) in meant and type(ours).call.__module__.startswith("keras."):
                its.activation, after = keras.activations.linear, site()
            elif id(ours) in meant:  # where a layer of somebody's own calls it, only that layer knows
                its.activation = site()
            elif id(ours) in end:
                its.activation = keras.activations.linear
        return new, after

    return _copied(model, changed)


def fresh(model: Any) -> Any:
    """The same network with weights drawn anew, by each layer's own initializer, from the global stream of seeds.

    A seed that an initializer was given is taken from it: it would draw the same weights in every repeat.
    """
    return keras.models.clone_model(graph_of(model), clone_function=_redrawn, recursive=True)


def ends_in(model: Any) -> str:
    """The activation at the output; empty where there is none, but logits."""
    end = Graph(model).end()
    return name_of(end) if has_activation(end) else ""


def _redrawn(layer: Any) -> Any:
    if _is_kept(layer):
        return layer
    return type(layer).from_config(_without_seeds(layer.get_config()))


def _without_seeds(config: Any) -> Any:
    """A configuration with the seeds of its initializers taken away."""
    if isinstance(config, dict):
        config = {name: _without_seeds(value) for name, value in config.items()}
        if config.get("module") == "keras.initializers" and "seed" in (config.get("config") or {}):
            config["config"]["seed"] = None
    elif isinstance(config, (list, tuple)):
        config = type(config)(map(_without_seeds, config))
    return config


def _copied(model: Any, changed: Callable[[Any], tuple[Any, Any]]) -> Any:
    """A copy with each layer as `changed` makes it, what goes behind it, and the weights of those that stayed."""
    pairs: dict[int, tuple[Any, Any]] = {}
    behind: dict[int, Any] = {}
    replaced: set[int] = set()

    def copy(old: Any) -> Any:
        if id(old) not in pairs:
            new, after = (clone(old), None) if is_network(old) else changed(old)
            pairs[id(old)] = old, new
            if after is not None:
                behind[id(new)] = after
            if is_activation(old) and type(old) is not type(new):
                replaced.add(id(new))
        return pairs[id(old)][1]

    def call(layer: Any, *given: Any, **more: Any) -> Any:
        output = layer(given[0]) if id(layer) in replaced else layer(*given, **more)  # a Softmax also takes a mask
        return behind[id(layer)](output) if id(layer) in behind else output

    def clone(network: Any) -> Any:
        return keras.models.clone_model(graph_of(network), clone_function=copy, call_function=call)

    made = clone(model)
    for old, new in pairs.values():
        if type(old) is type(new) and old is not new and isinstance(old, layers.Layer) and not is_network(old):
            _copy_weights(old, new)
    return made


def _copy_weights(old: Any, new: Any) -> None:
    for target, weight in zip(_own_weights(new), _own_weights(old), strict=True):
        target.assign(weight)


def _own_weights(layer: Any) -> list[Any]:
    """The weights of a layer, but for those that its activation has learned or will."""
    activations = [getattr(part, "activation", None) for part in parts(layer)]
    theirs = {id(w) for each in activations if isinstance(each, layers.Layer) for w in each.weights}
    return [weight for weight in layer.weights if id(weight) not in theirs]


def _again(layer: Any) -> Any:
    """The same layer without its weights, not built yet."""
    return layer if _is_kept(layer) else type(layer).from_config(_unbuilt(layer.get_config()))


def _unbuilt(config: Any) -> Any:
    """A configuration without the shapes that the layers inside of it were built for: what is built takes no site."""
    if isinstance(config, dict):
        return {name: _unbuilt(value) for name, value in config.items() if name != "build_config"}
    return type(config)(map(_unbuilt, config)) if isinstance(config, (list, tuple)) else config


def _is_kept(layer: Any) -> bool:
    """Whether a layer can serve two networks: a Lambda has no weights, and its code is not to be read from a file."""
    return isinstance(layer, layers.Lambda)


def _find(graph: Graph) -> list[_Found]:
    """All places of a network."""
    end = graph.end()
    found = []
    for path, holder in graph.operations:
        for layer in parts(holder):
            if not has_activation(layer):
                continue
            name = name_of(layer)
            its = path if layer is holder else f"{path}/{layer.name}"
            found.append(_Found(Place(its, name, _reason(graph, holder, layer, name, end)), layer, holder))
    return found


def _reason(graph: Graph, holder: Any, layer: Any, name: str, end: Any) -> Reason | None:
    if any(isinstance(part, layers.RNN) for part in parts(holder)):
        return Reason.RECURRENT
    if layer is not holder and not isinstance(holder, layers.TimeDistributed):
        return Reason.INSIDE
    if holder is end and name == SOFTMAX[0]:
        return Reason.LOSS
    if not graph.is_hidden(holder):
        return Reason.OUTPUT
    if name in SOFTMAX:
        return Reason.SOFTMAX
    return Reason.GATE if graph.is_gate(holder) else None


def _nothing_meant(swap: str, there: Sequence[Place]) -> str:
    """What to say where a setting ``swap`` means no place."""
    if not there:
        return "The model has no activation that could be swapped."
    free = [place for place in there if place.reason not in FIXED]
    names = ", ".join(f"{place.path} ({place.was})" for place in free[:8]) + ", …" * (len(free) > 8)  # noqa: PLR2004
    known = f"It has {names}." if free else "What it has is its output's, or lies inside of other layers."
    return f"--swap {swap} means no activation of the model. {known} 'actbench show --model' tells all."
