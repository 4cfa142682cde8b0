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

from actbench import providers
from actbench.activations._instead import refuse
from actbench.errors import UserError
from actbench.registry import Choice, Parameter, Registry, Spelling, choose, parameters_of, parse

__all__ = ["CATALOGUE", "Activation", "Kind", "Resolved", "Tensor", "activation", "named", "resolve"]

Tensor: TypeAlias = Any
Kind = Literal["elementwise", "stochastic", "trainable", "layer", "axis"]


def _fits(**_: Any) -> None:
    """No parameter limits another one."""


@dataclass(frozen=True)
class Activation:
    """An entry of the catalogue.

    Attributes:
        name: the canonical name, without parameters.
        function: ``(tensor, **parameters) -> tensor``.
        kind: how a site uses it; see the package's docstring.
        formula: in plain text.
        latex: the same for papers, without dollar signs, in what matplotlib's mathtext can draw (so no ``cases``).
        source: authors, year and title of where it was defined.
        link: address of the source.
        range: the set of its values at the default parameters, as intervals and points: ``"(-∞, -0.5) ∪ {0}"``.
        smooth: whether it is continuously differentiable everywhere, at the default parameters.
        monotonic: whether it never decreases, at the default parameters.
        parameters: what a spelling may set.
        aliases: other names for the very same function.
        overflow: where the mathematics itself exceeds float32 within [−10⁴, 10⁴]. Empty: finite values and gradients.
        twin: the entry that is the very same function at the default parameters, and another one at others.
        check: is given all parameters; raises UserError if they do not go together.
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
    overflow: str = ""
    twin: str = ""
    check: Callable[..., None] = _fits

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


OWN = "own"
"""The name of the activations that a network came with: nothing is put in their place."""
CATALOGUE: Registry[Activation] = Registry("activation", __name__)


def activation(  # noqa: PLR0913 - one argument a fact; all by name
    *,
    formula: str,
    latex: str,
    source: str,
    link: str,
    range: str,  # noqa: A002 - the mathematical term
    smooth: bool,
    monotonic: bool,
    kind: Kind = "elementwise",
    aliases: tuple[str, ...] = (),
    overflow: str = "",
    twin: str = "",
    check: Callable[..., None] = _fits,
) -> Callable[[Callable[..., Tensor]], Callable[..., Tensor]]:
    """Add a function to the catalogue under its own name. See ``Activation`` for the fields.

    The function's first parameter is the tensor; every further one is a parameter of the spelling and is declared as
    ``beta: Annotated[float, Meta(gt=0, description="…")] = 1.0``.
    """

    def register(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        CATALOGUE.add(
            Activation(
                name=function.__name__,
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
                overflow=overflow,
                twin=twin,
                check=check,
            )
        )
        return function

    return register


def resolve(text: str) -> Resolved:
    """Turn a spelling into something a site can call.

    Raises:
        UserError: unknown name (with a suggestion), wrong parameters, or a person's own code that cannot be used.
    """
    spelling = _parsed(text)
    if spelling.path == OWN:
        raise UserError("'own' stands for the activations that a network came with: it is no function by itself.")
    if spelling.provider:
        return Resolved(*providers.provide(spelling))
    entry, values, choice = choose(CATALOGUE, text)
    entry.check(**values)
    return Resolved(choice, entry.kind, partial(entry.function, **values), entry)


def _parsed(text: str) -> Spelling:
    spelling = parse(text)
    refuse(spelling)
    return spelling


def named(text: str) -> Choice:
    """What a spelling stands for. A person's own code is not run for it: its text and its bytes tell.

    Raises:
        UserError: unknown name (with a suggestion), wrong parameters, or no such file or module.
    """
    spelling = _parsed(text)
    if text.strip() == OWN:
        return Choice(OWN, OWN)
    return providers.named(spelling) if spelling.provider else resolve(text).choice
