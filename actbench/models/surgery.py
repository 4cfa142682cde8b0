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

from actbench.errors import UserError, did_you_mean
from actbench.lazy import lazy
from actbench.models.wiring import (
    Graph,
    graph_of,
    has_activation,
    is_activation,
    is_network,
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
        site: makes a new site. A layer that is called twice has one.
        swap: what is meant; see `Place.is_meant`. None for nothing.

    Raises:
        UserError: nothing is meant.
    """
    found = _find(Graph(model))
    meant = {id(each.layer) for each in found if swap is not None and each.place.is_meant(swap)}
    if swap is not None and not meant:
        raise UserError(nothing_meant(swap, [each.place for each in found]))
    end = {id(each.layer) for each in found if each.place.reason is Reason.LOSS}

    def changed(old: Any) -> tuple[Any, Any]:
        if is_activation(old):
            is_end = id(old) in end
            new = site() if id(old) in meant else layers.Activation("linear", name=old.name) if is_end else _again(old)
            return new, None
        new, after = _again(old), None
        for ours, its in zip(parts(old), parts(new), strict=False):
            if id(ours) in meant and type(ours).call.__module__.startswith("keras."):
                set_activation(its, keras.activations.linear)
                after = site()
            elif id(ours) in meant:  # where a layer of somebody's own calls it, only that layer knows
                set_activation(its, site())
            elif id(ours) in end:
                set_activation(its, keras.activations.linear)
        return new, after

    return _copied(model, changed, lambda _: True)


def fresh(model: Any) -> Any:
    """The same network with weights drawn anew, by each layer's own initializer, from the global stream of seeds.

    A seed that an initializer was given is taken from it: it would draw the same weights in every repeat. What a layer
    took from data (``adapt``, as Normalization has) was never drawn, and stays.
    """
    return _copied(model, lambda old: (_redrawn(old), None), lambda layer: hasattr(layer, "adapt"))


def ends_in(model: Any) -> str:
    """The activation at the output; empty where there is none, but logits."""
    end = Graph(model).end()
    return name_of(end) if has_activation(end) else ""


def _redrawn(layer: Any) -> Any:
    return layer if _is_kept(layer) else _made_of(layer, _without_seeds)


def _made_of(layer: Any, changed: Callable[[Any], Any]) -> Any:
    """A layer of the same class from its changed configuration. Raises UserError where Keras cannot have one."""
    try:
        return type(layer).from_config(changed(layer.get_config()))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a layer of a person's own may raise anything
        why = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
    raise UserError(
        f"The layer {layer.name!r} ({type(layer).__name__}) cannot be made again from its configuration, as a saved "
        f"model's are. Give it get_config, and functions with a name (def …) in place of lambdas. Keras says: {why}"
    )


def _without_seeds(config: Any) -> Any:
    """A configuration with the seeds of its initializers taken away."""
    if isinstance(config, dict):
        config = {name: _without_seeds(value) for name, value in config.items()}
        if config.get("module") == "keras.initializers" and "seed" in (config.get("config") or {}):
            config["config"]["seed"] = None
    elif isinstance(config, (list, tuple)):
        config = type(config)(map(_without_seeds, config))
    return config


def _copied(model: Any, changed: Callable[[Any], tuple[Any, Any]], keeps: Callable[[Any], bool]) -> Any:
    """A copy with each layer as `changed` makes it, what goes behind it, and the weights of those it `keeps`."""
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
            copy_weights(old, new, keeps)
    return made


def copy_weights(old: Any, new: Any, keeps: Callable[[Any], bool] = lambda _: True) -> None:
    """Give one layer the weights of another, those of the layers inside that it `keeps`, by each one's own rule.

    The rule is that of a saved model: some layers compute more from their weights when these are loaded. What an
    activation learned stays behind where another has taken its place.
    """
    for theirs, ours in zip(parts(old), parts(new), strict=True):
        if theirs.built and not ours.built:  # an activation that is a layer is built when it is first called
            ours.build_from_config(theirs.get_build_config())
        if keeps(theirs):
            store: dict[str, Any] = {}
            theirs.save_own_variables(store)
            ours.load_own_variables(store)
        was, now = getattr(theirs, "activation", None), getattr(ours, "activation", None)
        if isinstance(was, layers.Layer) and type(was) is type(now):
            copy_weights(was, now, keeps)


def _again(layer: Any) -> Any:
    """The same layer without its weights, not built yet."""
    return layer if _is_kept(layer) else _made_of(layer, _unbuilt)


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
        for layer in [holder] if is_activation(holder) else parts(holder):
            if not has_activation(layer):
                continue
            name = name_of(layer)
            its = path if layer is holder else f"{path}/{layer.name}"
            found.append(_Found(Place(its, name, _reason(graph, holder, layer, name, end)), layer, holder))
    return found


def _reason(graph: Graph, holder: Any, layer: Any, name: str, end: Any) -> Reason | None:
    if any(isinstance(part, layers.RNN) for part in parts(holder)):
        return Reason.RECURRENT
    if layer is not holder and not (isinstance(holder, layers.TimeDistributed) and holder.layer is layer):
        return Reason.INSIDE
    if holder is end and name == SOFTMAX[0]:
        return Reason.LOSS
    if not graph.is_hidden(holder):
        return Reason.OUTPUT
    if name in SOFTMAX:
        return Reason.SOFTMAX
    gates = graph.is_gate(holder) and (name in BOUNDED or graph.is_followed(holder))
    return Reason.GATE if gates else None


def nothing_meant(swap: str, there: Sequence[Place]) -> str:
    """What to say where a setting ``swap`` means no place."""
    if not there:
        return "The model has no activation that could be swapped."
    free = [place for place in there if place.reason not in FIXED]
    names = ", ".join(f"{place.path} ({place.was})" for place in free[:8]) + ", …" * (len(free) > 8)  # noqa: PLR2004
    known = f"It has {names}." if free else "What it has is its output's, or lies inside of other layers."
    why = "."
    if swap not in {HIDDEN, RELU, ALL}:
        hint = did_you_mean(swap, [HIDDEN, RELU, ALL, *(place.path for place in free)])
        why = f": no layer with one has such a name.{hint}"
    return f"--swap {swap} means no activation of the model{why} {known} 'actbench show --model' tells all."
