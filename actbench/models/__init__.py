"""Reference networks. A builder gets a factory of activation sites and returns a Keras model that ends in logits.

Importing this package does not import Keras.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

from actbench import custom
from actbench.errors import UserError
from actbench.lazy import lazy
from actbench.models import whole
from actbench.models.shape import Shape
from actbench.registry import Choice, Parameter, Registry, Spelling, choose, parameters_of, parse

__all__ = [
    "MODELS", "Model", "ResolvedModel", "Shape", "SiteFactory", "check", "is_whole", "model", "named", "resolve",
]  # fmt: skip

keras = lazy("keras")

KERAS = "keras"
"""The provider of the networks of ``keras.applications``."""
BUILDER = (
    "Name a function that builds a new one: --model FILE.py:build, with 'def build(input_shape, classes)', which "
    "returns a keras.Model."
)
SiteFactory: TypeAlias = Callable[[], Any]
"""Makes a new activation site, a Keras layer, each time it is called."""


@dataclass(frozen=True)
class Model:
    """A reference network: ``build(site, input_shape, classes, **parameters)`` returns a ``keras.Model``.

    ``smallest_side`` is the smallest image side that the network can take; 0 where it takes flat features too.
    ``reads`` says what is read as a sequence: nothing, any ``tokens``, or a ``language``, with a target for each token.
    ``check`` takes the parameters and raises UserError for values that do not go together.
    """

    name: str
    build: Callable[..., Any]
    smallest_side: int
    reads: Literal["", "tokens", "language"]
    parameters: tuple[Parameter, ...]
    check: Callable[..., None] | None = None
    aliases: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The first sentence of the builder's docstring."""
        return inspect.cleandoc(self.build.__doc__ or "").split("\n\n")[0].replace("\n", " ")


@dataclass(frozen=True)
class ResolvedModel:
    """A spelling made usable: ``build(site, input_shape, classes)`` returns a fresh ``keras.Model``.

    One that ``is_whole`` has no sites, but activations of its own; ``whole.in_place`` puts the sites where these are.
    """

    choice: Choice
    build: Callable[[SiteFactory, Shape, int], Any]
    is_whole: bool = False


MODELS: Registry[Model] = Registry("model", __name__)


def model(
    *,
    smallest_side: int = 0,
    reads: Literal["", "tokens", "language"] = "",
    check: Callable[..., None] | None = None,
    name: str = "",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add a builder ``(site, input_shape, classes, parameters…) -> keras.Model`` under its own name, or another."""

    def register(build: Callable[..., Any]) -> Callable[..., Any]:
        MODELS.add(Model(name or build.__name__, build, smallest_side, reads, parameters_of(build, given=3), check))
        return build

    return register


def resolve(text: str, layers: Mapping[str, Any] | None = None) -> ResolvedModel:
    """Turn a spelling into a builder: of a reference network, a saved one, one of Keras's, or a person's own function.

    Args:
        text: the spelling.
        layers: a person's own layers in a saved model, by the names of their classes.

    Raises:
        UserError: there is no such model, or it takes no such parameters.
    """
    spelling = parse(text)
    if whole.is_file(spelling):
        choice = whole.named_file(spelling)

        def saved(*_: Any) -> Any:
            network = whole.load(spelling.name, layers or {})
            if whole.named_file(spelling) != choice:
                raise UserError(f"The model {spelling.name!r} was replaced while it was read. Give the command again.")
            return network

        return ResolvedModel(choice, saved, is_whole=True)
    if spelling.provider == KERAS:
        choice = whole.named_application(spelling)
        return ResolvedModel(choice, lambda _, *given: whole.application(spelling, *given), is_whole=True)
    if spelling.provider:
        target, choice = custom.load_attribute("model", spelling)
        _check_builds(spelling.path, target)
        count = whole.given_to(custom.arguments_of("model", spelling), spelling)
        _check_takes(spelling, target, count)

        def build(*given: Any) -> Any:
            return target(*given[len(given) - count :], *spelling.positional, **spelling.named)

        return ResolvedModel(choice, build, is_whole=count < 3)  # noqa: PLR2004 - site, input_shape, classes
    entry, values, choice = _chosen(text)
    variadic = [value for p in entry.parameters if p.variadic for value in values.pop(p.name)]

    def reference(site: SiteFactory, input_shape: Shape, classes: int) -> Any:
        return partial(entry.build, **values)(site, input_shape, classes, *variadic)

    return ResolvedModel(choice, reference)


def named(text: str) -> Choice:
    """What a spelling stands for. A person's own code is not run for it. Raises UserError as `resolve`."""
    spelling = parse(text)
    if whole.is_file(spelling):
        return whole.named_file(spelling)
    if spelling.provider == KERAS:
        return whole.named_application(spelling)
    return custom.named("model", spelling) if spelling.provider else _chosen(text)[2]


def _chosen(text: str) -> tuple[Model, dict[str, Any], Choice]:
    """A reference network with its parameters. Raises UserError for values that are none, or do not go together."""
    name = parse(text).path
    if name not in MODELS and custom.is_there(name):
        raise UserError(
            f"{name!r} is there, but is no model that Keras saves in one file. Save it as such, "
            "model.save('my.keras'), or name a function that builds it: --model FILE.py:build."
        )
    entry, values, choice = choose(MODELS, text)
    if entry.check is not None:
        entry.check(**values)
    return entry, values, choice


def is_whole(text: str) -> bool:
    """Whether a spelling names a network with activations of its own, in whose place sites are put. Nothing is run."""
    spelling = parse(text)
    if not spelling.provider or spelling.provider == KERAS:
        return bool(spelling.provider) or whole.is_file(spelling)
    return whole.given_to(custom.arguments_of("model", spelling), spelling) < 3  # noqa: PLR2004 - site, and two more


def _check_builds(path: str, target: Any) -> None:
    """Refuse a model where a function that builds one is needed: every run has a fresh one, with its own activation."""
    if isinstance(target, keras.Model):
        raise UserError(f"{path!r} is one finished model, with the activation that it has. {BUILDER}")
    if inspect.isclass(target) and issubclass(target, keras.Model):
        raise UserError(f"{path!r} is a class of models, which is not told where its activations go. {BUILDER}")


TAKES = "A model is made by a function of nothing, of (input_shape, classes), or of (site, input_shape, classes)."


def _check_takes(spelling: Spelling, target: Any, count: int) -> None:
    """Refuse a function that cannot be given what a model is made for, or would take one for the other."""
    try:
        custom.check_arguments("model", spelling.path, target, count, spelling)
    except UserError as error:
        raise UserError(f"{error} {TAKES}") from None
    if count == 2 and "classes" in next(iter(inspect.signature(target).parameters)):  # noqa: PLR2004 - input_shape, classes
        raise UserError(f"The model {spelling.path!r} takes {inspect.signature(target)}. {TAKES}")


def check(text: str, input_shape: Shape) -> None:
    """Raise UserError where inputs of this shape cannot go through a reference network; a person's own is not known."""
    spelling = parse(text)
    if spelling.provider or whole.is_file(spelling):
        return
    entry = MODELS[spelling.path]
    images = len(input_shape) == 3  # noqa: PLR2004 - height, width, channels
    given = "×".join(str(side) for side in input_shape[:2]) + " images" if images else "flat features"
    if input_shape.vocabulary:
        given = "a target for each token" if input_shape.per_token else "sequences of tokens"
    needed, instead, other = "", "mlp(100, 50)", ""
    if entry.reads == "language" and not input_shape.per_token:
        needed, instead = "a target for each token", "transformer" if input_shape.vocabulary else instead
        other = ", or other data, like 'text:FILE'"
    elif entry.reads and not input_shape.vocabulary:
        needed, other = "sequences of tokens", ", or other data, like 'modular_addition'"
    elif input_shape.per_token and not entry.reads:
        needed, instead = "one target for each input", "transformer"
    elif entry.smallest_side and (not images or min(input_shape[:2]) < entry.smallest_side):
        needed = f"images of at least {entry.smallest_side}×{entry.smallest_side} pixels"
    if needed:
        raise UserError(
            f"The model {named(text).spelling!r} needs {needed}, but the data has {given}. Use another model, for "
            f"instance {instead!r}{other}."
        )
