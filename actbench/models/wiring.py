"""Who takes whose output in a network, and which activation an operation has: what can be told of a graph of layers."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from actbench.lazy import lazy

keras = lazy("keras")
layers = lazy("keras.layers")

OPERATIONS = ("keras.src.ops.nn", "keras.src.ops.numpy", "keras.src.activations.activations")
"""Where Keras has activations that are functions: ``ops.relu``, ``ops.tanh``, ``activations.relu``."""


def graph_of(model: Any) -> Any:
    """The network as a graph of layers."""
    if isinstance(model, keras.Sequential):
        return keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    return model


class Graph:
    """Who takes whose output, with nested networks taken apart."""

    def __init__(self, model: Any) -> None:
        self.operations: list[tuple[str, Any]] = []
        self.outputs: dict[int, list[Any]] = defaultdict(list)
        """By the operation, what it returns each time that it is called."""
        self._taken: dict[int, list[tuple[Any, Any]]] = defaultdict(list)
        self._same: dict[int, list[Any]] = defaultdict(list)
        """By a tensor, what it is called inside of the network that it goes to, or outside of the one it is from."""
        self._made: dict[int, Any] = {}
        self._last = graph_of(model).outputs
        self._add(model, "")

    def _add(self, model: Any, prefix: str) -> None:
        graph = graph_of(model)
        for depth in sorted(graph._nodes_by_depth, reverse=True):  # noqa: SLF001 - no public walk
            for node in graph._nodes_by_depth[depth]:  # noqa: SLF001
                self._add_node(node, prefix)

    def _add_node(self, node: Any, prefix: str) -> None:
        operation, given = node.operation, node.arguments.keras_tensors
        first = id(operation) not in self.outputs
        self.outputs[id(operation)] += node.outputs
        if is_network(operation):
            if first:
                self._add(operation, f"{prefix}{operation.name}/")
            inner = graph_of(operation)
            for outside, inside in zip(given, inner.inputs, strict=False):
                self._same[id(outside)].append(inside)
            for inside, outside in zip(inner.outputs, node.outputs, strict=False):
                self._same[id(inside)].append(outside)
                self._made[id(outside)] = inside
            return
        if first:
            self.operations.append((f"{prefix}{operation.name}", operation))
        for tensor in given:
            self._taken[id(tensor)].append((operation, node))
        for tensor in node.outputs:
            self._made[id(tensor)] = (operation, node)

    def takers(self, tensor: Any) -> Iterator[tuple[Any, Any]]:
        """The operations that take a tensor, each with the node of that call."""
        yield from self._taken[id(tensor)]
        for other in self._same[id(tensor)]:
            yield from self.takers(other)

    def end(self) -> tuple[Any, Any]:
        """What the network puts out, and the operation that returns it; what only passes on is looked through."""
        tensor = self._last[0]
        made = self._made[id(tensor)]
        while not isinstance(made, tuple) or _passes_on(made[0]):
            tensor = made[1].arguments.keras_tensors[0] if isinstance(made, tuple) else made
            made = self._made[id(tensor)]
        return tensor, made[0]

    def is_hidden(self, tensors: Sequence[Any]) -> bool:
        """Whether something with weights lies between some tensors and the output."""
        seen, waiting = set(), [*tensors]
        while waiting:
            for taker, node in self.takers(waiting.pop()):
                if id(node) in seen:
                    continue
                seen.add(id(node))
                if _is_weighted(taker):
                    return True
                waiting += node.outputs
        return False

    def is_gate(self, tensors: Sequence[Any]) -> bool:
        """Whether tensors only multiply other values."""
        return all(map(self._only_multiplies, tensors))

    def is_followed(self, tensors: Sequence[Any]) -> bool:
        """Whether an activation takes one of some tensors, with no weights in between."""
        return any(map(self._is_taken_by_activation, tensors))

    def _is_taken_by_activation(self, tensor: Any) -> bool:
        for taker, node in self.takers(tensor):
            if is_activation(taker) and has_activation(taker):
                return True
            keeps = _keeps_values(taker, node.arguments.keras_tensors, node)
            if keeps and any(map(self._is_taken_by_activation, node.outputs)):
                return True
        return False

    def _only_multiplies(self, tensor: Any) -> bool:
        takers = list(self.takers(tensor))
        for taker, node in takers:
            given = node.arguments.keras_tensors
            multiplies = type(taker).__name__ == "Multiply" and len({id(each) for each in given}) > 1
            if not multiplies and not (
                _keeps_values(taker, given, node) and all(map(self._only_multiplies, node.outputs))
            ):
                return False
        return bool(takers)


def set_activation(layer: Any, activation: Any) -> None:
    """Give a layer another activation, and let it forget the one that it had, which may be a layer inside of it."""
    layer._tracker.untrack(layer.activation)  # noqa: SLF001 - what was replaced stays a part of it otherwise
    layer.activation = activation


def parts(operation: Any) -> list[Any]:
    """An operation, and the layers inside of it, but for those that are its activation."""
    if not isinstance(operation, layers.Layer):
        return [operation]
    inside = operation._flatten_layers()  # noqa: SLF001 - no public walk
    activations = [getattr(part, "activation", None) for part in inside]
    theirs = {id(a) for each in activations if isinstance(each, layers.Layer) for a in each._flatten_layers()}  # noqa: SLF001
    return [part for part in inside if id(part) not in theirs]


def is_network(operation: Any) -> bool:
    """Whether an operation is a network made of layers."""
    return isinstance(operation, keras.Model) and bool(getattr(operation, "inputs", None))


def is_activation(operation: Any) -> bool:
    """Whether an operation is an activation, at each step of time maybe, and nothing else."""
    if isinstance(operation, layers.TimeDistributed):
        return is_activation(operation.layer)
    kinds = (layers.Activation, layers.ReLU, layers.LeakyReLU, layers.PReLU, layers.ELU, layers.Softmax)
    if isinstance(operation, layers.Layer):
        return isinstance(operation, kinds)
    return type(operation).__module__ in OPERATIONS and hasattr(keras.activations, _snake(operation))


def is_loose(operation: Any) -> bool:
    """Whether an operation is an activation that nothing ties together where it is called: it learns nothing."""
    return is_activation(operation) and not getattr(operation, "weights", None)


def has_activation(operation: Any) -> bool:
    """Whether there is an activation in an operation, other than none at all."""
    return name_of(operation) not in {"", "linear"}


def name_of(operation: Any) -> str:
    """The activation of an operation; empty where it has none."""
    if isinstance(operation, layers.TimeDistributed) and is_activation(operation):
        return name_of(operation.layer)
    if is_activation(operation) and type(operation).__name__ == "ReLU":  # a layer or an operation, of the same names
        bound, slope = operation.max_value, operation.negative_slope
        if slope or operation.threshold:
            return "leaky_relu"
        return "relu" if bound is None else "relu6" if bound == 6 else f"relu(max_value={bound:g})"  # noqa: PLR2004
    if is_activation(operation) and not isinstance(operation, layers.Activation):
        return _snake(operation)
    function = getattr(operation, "activation", None)
    if not callable(function) or not isinstance(operation, layers.Layer):
        return ""
    return str(getattr(function, "__name__", "")) or _snake(function)


def _snake(thing: Any) -> str:
    """``leaky_relu`` for a LeakyReLU."""
    name = type(thing).__name__.replace("ReLU", "Relu").replace("ELU", "Elu").replace("PRelu", "Prelu")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _is_weighted(operation: Any) -> bool:
    return isinstance(operation, layers.Layer) and bool(operation.weights) and not is_activation(operation)


def _passes_on(operation: Any) -> bool:
    return isinstance(operation, layers.Activation) and name_of(operation) == "linear"


def _keeps_values(operation: Any, given: Sequence[Any], node: Any) -> bool:
    """Whether it makes of each value one, without weights or other inputs: scaled, or put into another shape."""
    if len(given) != 1 or _is_weighted(operation):
        return False
    return _size(given[0]) == _size(node.outputs[0])


def _size(tensor: Any) -> int:
    return math.prod(side or 1 for side in tensor.shape[1:])


def shape_of(tensor: Any) -> tuple[int | None, ...]:
    """The shape of a tensor without the batch."""
    return tuple(tensor.shape[1:])
