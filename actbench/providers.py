"""Activations from elsewhere: ``keras:``, ``tfa:``, ``spocu:`` (not its authors' own), and a person's own code.

One function a provider, from a spelling to what a site needs to know: the choice for the record, whether the site calls
the function on every pass (``"elementwise"``) or once, to build a layer (``"layer"``), and the function of the tensor.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from actbench import custom
from actbench.errors import UserError, did_you_mean
from actbench.lazy import lazy, load
from actbench.registry import Choice, Spelling, literal

keras = lazy("keras")

Provided: TypeAlias = tuple[Choice, Literal["elementwise", "layer"], Callable[[Any], Any]]

# The parameters that SPOCU's authors published; the layer itself has no defaults.
SPOCU_PARAMETERS = {"alpha": 3.0937, "beta": 0.6653, "gamma": 4.437}

LIBRARIES = ("keras", "tfa", "spocu")
"""Providers that are libraries; any other is a person's own code."""

NOT_OFFICIAL = {"spocu": ", a non-official implementation by F. Carrillo Pérez and A. Özgür"}
"""Of the libraries that bear the name of something, those that are not its authors'."""

_ADDONS = ("gelu", "hardshrink", "lisht", "mish", "rrelu", "snake", "softshrink", "sparsemax", "tanhshrink")
_ADDONS_PYTHON = (3, 11)
_NOT_ACTIVATIONS = {
    "deserialize", "get", "serialize",
    # These take code or files: a spelling in a study must not run the one nor read the other.
    "FlaxLayer", "IntegerLookup", "JaxLayer", "Lambda", "StringLookup", "TextVectorization", "TFSMLayer",
    "TorchModuleWrapper",
}  # fmt: skip


def provide(spelling: Spelling) -> Provided:
    """Find what ``provider:name(…)`` stands for. Raises UserError with what to do instead."""
    by_name = {"keras": _keras, "tfa": _addons, "spocu": _spocu}
    return by_name.get(spelling.provider, _own)(spelling)


def named(spelling: Spelling) -> Choice:
    """The choice of `provide`; a person's own code is not run for it, and so not known to work."""
    return provide(spelling)[0] if spelling.provider in LIBRARIES else custom.named("activation", spelling)


def _keras(spelling: Spelling) -> Provided:
    """A function of ``keras.activations`` or a layer class of ``keras.layers``."""
    functions = {
        name: value
        for name, value in vars(keras.activations).items()
        if inspect.isfunction(value) and not name.startswith("_") and name not in _NOT_ACTIVATIONS
    }
    layers = {
        name: value
        for name, value in vars(keras.layers).items()
        if inspect.isclass(value) and issubclass(value, keras.layers.Layer) and name not in _NOT_ACTIVATIONS
    }
    version = keras.__version__
    if spelling.name in functions:
        return _function(_own_name(spelling, functions), functions[spelling.name], version)
    if spelling.name in layers:
        return _layer(_own_name(spelling, layers), layers[spelling.name], version)
    raise _unknown(spelling, "keras.activations and keras.layers", [*functions, *layers])


def _own_name(spelling: Spelling, targets: Mapping[str, Any]) -> Spelling:
    """The spelling by the name that the target gives itself: ``swish`` is Keras's second name for its ``silu``."""
    name = targets[spelling.name].__name__
    return replace(spelling, name=name) if targets.get(name) is targets[spelling.name] else spelling


def _addons(spelling: Spelling) -> Provided:
    """A function of ``tensorflow_addons.activations``."""
    if spelling.name == "rrelu":
        raise UserError(
            "TensorFlow Addons' rrelu calls a function that Keras 3 no longer has, and cannot run. "
            "Take actbench's own: 'rrelu'."
        )
    addons = _import_addons(spelling)
    functions = {
        name: value
        for name, value in vars(addons.activations).items()
        if callable(value) and not inspect.ismodule(value) and not name.startswith("_")
    }
    if spelling.name not in functions:
        raise _unknown(spelling, "tensorflow_addons.activations", functions)
    return _function(spelling, functions[spelling.name], addons.__version__)


def _import_addons(spelling: Spelling) -> Any:
    if sys.version_info[:2] > _ADDONS_PYTHON:
        raise UserError(
            f"{spelling.path!r} needs TensorFlow Addons, which ended with Python 3.11; this is Python "
            f"{sys.version_info[0]}.{sys.version_info[1]}. Take Python 3.11{_own_instead(spelling)}."
        )
    try:
        with warnings.catch_warnings():
            # It announces its own end of life, and that it was not tested with this TensorFlow.
            warnings.simplefilter("ignore")
            load("keras")  # first and quietly: they bring TensorFlow, whose start-up lines would reach the screen
            return load("tensorflow_addons")
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "tensorflow_addons":
            raise UserError(
                f"{spelling.path!r} needs TensorFlow Addons: install actbench with the extra 'addons'"
                f"{_own_instead(spelling)}."
            ) from None
        # Its older versions reach for what Keras 3 has no more: that may end in any error.
        raise UserError(
            f"The installed TensorFlow Addons cannot be imported beside Keras 3 ({error}). Only its last nightly "
            "can: install actbench with the extra 'addons'."
        ) from error


def _own_instead(spelling: Spelling) -> str:
    """What to take instead, if it is one of theirs: the catalogue has them all."""
    return f", or take actbench's own {spelling.name!r}" if spelling.name in _ADDONS else ""


def _spocu(spelling: Spelling) -> Provided:
    """The layer of the package ``spocu``, a new one for every site; parameters left out take the published values.

    The package is F. Carrillo Pérez's and A. Özgür's, who call it non-official: SPOCU's authors have no part in it.
    """
    if spelling.name != "SPOCU":
        raise _unknown(spelling, "the package spocu", ["SPOCU"])
    load("keras")  # first and quietly, as above
    layer = load("spocu.spocu_tensorflow").SPOCU
    left_out = list(SPOCU_PARAMETERS.items())[len(spelling.positional) :]
    complete = replace(spelling, named=dict(left_out) | dict(spelling.named))
    return _layer(complete, layer, importlib.metadata.version("spocu"))


def _own(spelling: Spelling) -> Provided:
    """A person's own function of a tensor, Keras Layer class, or function without a tensor that makes a Layer."""
    target, choice = custom.load_attribute("activation", spelling)
    if isinstance(target, keras.layers.Layer):
        raise UserError(
            f"{spelling.path!r} is one Layer object, and its weights would be shared between the sites. "
            "Name its class, or a function that makes a new one each time."
        )
    makes_layer = inspect.isclass(target) or _needs_no_tensor(target, spelling)
    custom.check_arguments("activation", spelling.path, target, 0 if makes_layer else 1, spelling)

    def of_layer(x: Any) -> Any:
        layer = target(*spelling.positional, **spelling.named)
        if not isinstance(layer, keras.layers.Layer):
            raise UserError(f"{spelling.path!r} made {layer!r}, but a Keras Layer was expected.")
        return layer(x)

    def of_function(x: Any) -> Any:
        return target(x, *spelling.positional, **spelling.named)

    return (choice, "layer", of_layer) if makes_layer else (choice, "elementwise", of_function)


def _needs_no_tensor(target: Any, spelling: Spelling) -> bool:
    """Whether the call is complete without anything by place: then it is a factory, not a function of x."""
    try:
        inspect.signature(target).bind(**spelling.named)
    except (TypeError, ValueError):
        return False
    return True


def _function(spelling: Spelling, target: Callable[..., Any], version: str) -> Provided:
    """A library's function of a tensor and further parameters."""
    choice, values = _bound(spelling, target, version, given=1)
    return choice, "elementwise", lambda x: target(x, **values)


def _layer(spelling: Spelling, target: type[Any], version: str) -> Provided:
    """A library's layer class. One is made at once, so that wrong parameters are found before anything is trained."""
    choice, values = _bound(spelling, target, version, given=0)
    try:
        target(**values)
    except Exception as error:  # a library's layers check their arguments as they like
        raise UserError(f"The activation {choice.spelling!r} cannot be made: {error}") from error
    # A new layer each time: the same one at two sites would share its weights.
    return choice, "layer", lambda x: target(**values)(x)  # noqa: PLW0108


def _bound(spelling: Spelling, target: Callable[..., Any], version: str, given: int) -> tuple[Choice, dict[str, Any]]:
    """The choice, and the spelling's parameters by name, checked against the signature of ``target``."""
    custom.check_arguments("activation", spelling.path, target, given, spelling)
    signature = inspect.signature(target)
    bound = signature.bind(*[None] * given, *spelling.positional, **spelling.named)
    values: dict[str, Any] = {}
    everything: dict[str, Any] = {}
    for parameter in list(signature.parameters.values())[given:]:
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            values |= bound.arguments.get(parameter.name, {})
        elif parameter.name in bound.arguments:
            values[parameter.name] = bound.arguments[parameter.name]
        elif parameter.kind is not inspect.Parameter.VAR_POSITIONAL:
            everything[parameter.name] = parameter.default
    defaults = {name: parameter.default for name, parameter in signature.parameters.items()}
    short = {name: value for name, value in values.items() if value != defaults.get(name, inspect.Parameter.empty)}
    everything |= values
    choice = Choice(_spell(spelling.path, short), _spell(spelling.path, everything), spelling.provider, version)
    return choice, values


def _spell(path: str, values: Mapping[str, Any]) -> str:
    words = [f"{name}={literal(value)}" for name, value in sorted(values.items())]
    return f"{path}({', '.join(words)})" if words else path


def _unknown(spelling: Spelling, where: str, names: Iterable[str]) -> UserError:
    return UserError(f"There is no {spelling.name!r} in {where}.{did_you_mean(spelling.name, names)}")
