"""The catalogue of activations, and the one decorator that adds to it.

A family file of this package holds decorated functions ``(tensor, parameters) -> tensor`` in ``keras.ops``:

- *element-wise* ones are called on the tensor in every forward pass;
- the other kinds (trainable, needing a layer, working along an axis, random in training) are called **once per site on
  a symbolic tensor** and may create Keras layers: they are built fresh for every site, so nothing is ever shared.

Importing this package does not import Keras.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

from actbench import custom
from actbench.errors import UserError
from actbench.lazy import lazy
from actbench.registry import Choice, Parameter, Registry, Spelling, choose, parameters_of, parse

__all__ = ["CATALOGUE", "Activation", "Kind", "Resolved", "Tensor", "activation", "resolve"]

keras = lazy("keras")

Tensor: TypeAlias = Any
Kind = Literal["elementwise", "stochastic", "trainable", "layer", "axis"]


@dataclass(frozen=True)
class Activation:
    """An entry of the catalogue.

    Attributes:
        name: the canonical name, without parameters.
        function: ``(tensor, **parameters) -> tensor``.
        kind: how a site uses it; see the package's docstring.
        formula: in plain text.
        latex: the same for papers, without dollar signs.
        source: authors, year and title of where it was defined.
        link: address of the source.
        range: the closed or open interval of its values at the default parameters, e.g. ``"(0, 1)"``.
        smooth: whether it is continuously differentiable everywhere, at the default parameters.
        monotonic: whether it never decreases, at the default parameters.
        parameters: what a spelling may set.
        aliases: other names for the very same function.
    """

    name: str
    function: Callable[..., Tensor]
    kind: Kind
    formula: str
    latex: str
    source: str
    link: str
    range: str
    smooth: bool
    monotonic: bool
    parameters: tuple[Parameter, ...]
    aliases: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The first sentence of the function's docstring."""
        return inspect.cleandoc(self.function.__doc__ or "").split("\n\n")[0].replace("\n", " ")


@dataclass(frozen=True)
class Resolved:
    """A spelling made usable: ``function`` takes the tensor alone; ``kind`` tells when a site calls it."""

    choice: Choice
    kind: Kind
    function: Callable[[Tensor], Tensor]
    entry: Activation | None = None


CATALOGUE: Registry[Activation] = Registry("activation", __name__)


def activation(
    *,
    formula: str,
    latex: str,
    source: str,
    link: str,
    range: str,  # noqa: A002 - the mathematical term
    smooth: bool,
    monotonic: bool,
    kind: Kind = "elementwise",
    name: str | None = None,
    aliases: tuple[str, ...] = (),
) -> Callable[[Callable[..., Tensor]], Callable[..., Tensor]]:
    """Add a function to the catalogue under its own name. See ``Activation`` for the fields.

    The function's first parameter is the tensor; every further one is a parameter of the spelling and is declared as
    ``beta: Annotated[float, Meta(gt=0, description="…")] = 1.0``.
    """

    def register(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        CATALOGUE.add(
            Activation(
                name=name or function.__name__,
                function=function,
                kind=kind,
                formula=formula,
                latex=latex,
                source=source,
                link=link,
                range=range,
                smooth=smooth,
                monotonic=monotonic,
                parameters=parameters_of(function, given=1),
                aliases=aliases,
            )
        )
        return function

    return register


def resolve(text: str) -> Resolved:
    """Turn a spelling into something a site can call.

    Raises:
        UserError: unknown name (with a suggestion), wrong parameters, or a person's own code that cannot be used.
    """
    spelling = parse(text)
    if spelling.provider:
        return _custom(spelling)
    entry, values, choice = choose(CATALOGUE, text)
    return Resolved(choice, entry.kind, partial(entry.function, **values), entry)


def _custom(spelling: Spelling) -> Resolved:
    """A person's own function of a tensor, Keras Layer class, or function without a tensor that makes a Layer."""
    target, choice = custom.load_attribute("activation", spelling)
    if isinstance(target, keras.layers.Layer):
        raise UserError(
            f"{spelling.path!r} is one Layer object, and its weights would be shared between the sites. "
            "Name its class, or a function that makes a new one each time."
        )
    makes_layer = inspect.isclass(target) or _needs_no_tensor(target, spelling)
    custom.check_arguments("activation", spelling.path, target, 0 if makes_layer else 1, spelling)

    def of_layer(x: Tensor) -> Tensor:
        layer = target(*spelling.positional, **spelling.named)
        if not isinstance(layer, keras.layers.Layer):
            raise UserError(f"{spelling.path!r} made {layer!r}, but a Keras Layer was expected.")
        return layer(x)

    def of_function(x: Tensor) -> Tensor:
        return target(x, *spelling.positional, **spelling.named)

    return Resolved(choice, "layer", of_layer) if makes_layer else Resolved(choice, "elementwise", of_function)


def _needs_no_tensor(target: Any, spelling: Spelling) -> bool:
    """Whether the call is complete with the spelling's own parameters: then it is a factory, not a function of x."""
    try:
        inspect.signature(target).bind(*spelling.positional, **spelling.named)
    except (TypeError, ValueError):
        return False
    return True
