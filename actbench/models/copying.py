"""A network made again, layer by layer, some of them changed on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from actbench.errors import UserError
from actbench.lazy import lazy
from actbench.models.wiring import graph_of, is_activation, is_loose, is_network, parts

keras = lazy("keras")
layers = lazy("keras.layers")


class Copy:
    """A copy of a network.

    Args:
        changed: makes of a layer what stands in its place, and what goes behind that, or None. Of an activation that
            learns nothing it is asked at each call, which it is told the number of: each may become another layer. Of
            all others it is asked once.
        keeps: of which layers the weights are copied, too.
    """

    def __init__(
        self, changed: Callable[[Any, int], tuple[Any, Any]], keeps: Callable[[Any], bool] = lambda _: True
    ) -> None:
        self._changed = changed
        self._keeps = keeps
        self._pairs: dict[int, tuple[Any, Any]] = {}
        self._behind: dict[int, Any] = {}
        self._replaced: set[int] = set()
        self._loose: dict[int, Any] = {}
        self._as_it_was: dict[int, Any] = {}
        self._calls: Counter[int] = Counter()

    def of(self, model: Any) -> Any:
        """The copy of a network, which stays as it is."""
        made = self._clone(model)
        for old, new in self._pairs.values():
            if type(old) is type(new) and old is not new and isinstance(old, layers.Layer) and not is_network(old):
                copy_weights(old, new, self._keeps)
        return made

    def _clone(self, network: Any) -> Any:
        return keras.models.clone_model(graph_of(network), clone_function=self._copy, call_function=self._call)

    def _copy(self, old: Any) -> Any:
        if id(old) not in self._pairs:
            new, after = (self._clone(old), None) if is_network(old) else self._changed(old, 0)
            self._pairs[id(old)] = old, new
            if after is not None:
                self._behind[id(new)] = after
            if is_activation(old) and type(old) is not type(new):
                self._replaced.add(id(new))
            if is_loose(old):
                self._loose[id(new)] = old
        return self._pairs[id(old)][1]

    def _call(self, layer: Any, *given: Any, **more: Any) -> Any:
        layer = self._of_this_call(layer)
        is_new = id(layer) in self._replaced
        output = layer(given[0]) if is_new else layer(*given, **more)  # a Softmax also takes a mask
        return self._behind[id(layer)](output) if id(layer) in self._behind else output

    def _of_this_call(self, layer: Any) -> Any:
        """What stands in the place of a layer this time that it is called."""
        if id(layer) not in self._loose:
            return layer
        old = self._loose[id(layer)]
        number = self._calls[id(old)]
        self._calls[id(old)] += 1
        new = self._changed(old, number)[0] if number else layer
        if type(new) is type(old):
            return self._as_it_was.setdefault(id(old), new)  # there is one of its name
        self._replaced.add(id(new))
        return new


def fresh(model: Any) -> Any:
    """The same network with weights drawn anew, by each layer's own initializer, from the global stream of seeds.

    A seed that an initializer was given is taken from it: it would draw the same weights in every repeat. What a layer
    took from data (``adapt``, as Normalization has) was never drawn, and stays.
    """
    return Copy(lambda old, _: (_redrawn(old), None), lambda layer: hasattr(layer, "adapt")).of(model)


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


def again(layer: Any) -> Any:
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


def _redrawn(layer: Any) -> Any:
    return layer if _is_kept(layer) else _made_of(layer, _without_seeds)


def _made_of(layer: Any, changed: Callable[[Any], Any]) -> Any:
    """A layer of the same class from its changed configuration, in the precision that Keras is set to.

    Raises:
        UserError: Keras cannot have one.
    """
    try:
        return type(layer).from_config(in_precision(changed(layer.get_config())))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a layer of a person's own may raise anything
        why = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
    raise UserError(
        f"The layer {layer.name!r} ({type(layer).__name__}) cannot be made again from its configuration, as a saved "
        f"model's are. Give it get_config, and functions with a name (def …) in place of lambdas. Keras says: {why}"
    )


def in_precision(config: Any) -> Any:
    """A configuration in which floating numbers are as Keras is set to; whole ones stay what they are.

    A layer that was given a precision of its own loses it: the arms of a run would differ in more than the activation,
    as a site knows that of the run alone.
    """
    if isinstance(config, dict):
        config = {name: in_precision(value) for name, value in config.items()}
        if config.get("class_name") == "DTypePolicy":
            config["config"] = {"name": keras.config.dtype_policy().name}
        elif str(config.get("dtype", "")).startswith(("float", "bfloat", "mixed_")):
            config["dtype"] = keras.config.floatx()
    elif isinstance(config, (list, tuple)):
        config = type(config)(map(in_precision, config))
    return config


def _without_seeds(config: Any) -> Any:
    """A configuration with the seeds of its initializers taken away."""
    if isinstance(config, dict):
        config = {name: _without_seeds(value) for name, value in config.items()}
        if config.get("module") == "keras.initializers" and "seed" in (config.get("config") or {}):
            config["config"]["seed"] = None
    elif isinstance(config, (list, tuple)):
        config = type(config)(map(_without_seeds, config))
    return config
