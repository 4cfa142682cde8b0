"""Optimizers by name: Keras's own, with the parameters that people tune."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from msgspec import Meta

from actbench.lazy import lazy
from actbench.registry import Parameter, Registry, parameters_of

keras = lazy("keras")

Make: TypeAlias = Callable[..., Any]
Decay = Annotated[float, Meta(ge=0, lt=1, description="decay rate of a running mean")]


@dataclass(frozen=True)
class Optimizer:
    """``make(learning_rate, common, **parameters)`` returns a fresh ``keras.optimizers.Optimizer``.

    Attributes:
        name: its spelling.
        make: makes it; ``common`` is what every optimizer of Keras's takes, ``weight_decay`` among it.
        parameters: what a spelling may set.
        usual: the learning rate that people begin with: Keras's default.
        weight_decay: what it decays where nobody says how much; None: nothing.
        aliases: other names.
    """

    name: str
    make: Make
    parameters: tuple[Parameter, ...]
    usual: float
    weight_decay: float | None = None
    aliases: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """What it is, from the docstring."""
        return self.make.__doc__ or ""

    @property
    def usual_decay(self) -> float:
        """What it decays where nobody says how much, as a number."""
        return self.weight_decay or 0.0


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer", __name__)


def optimizer(*, usual: float, weight_decay: float | None = None) -> Callable[[Make], Make]:
    """Add an optimizer under the function's name."""

    def add(make: Make) -> Make:
        OPTIMIZERS.add(Optimizer(make.__name__, make, parameters_of(make, given=2), usual, weight_decay))
        return make

    return add


@optimizer(usual=0.01)
def sgd(
    learning_rate: Any,
    common: Mapping[str, Any],
    momentum: Annotated[float, Meta(ge=0, lt=1, description="share of the last step that is kept")] = 0.0,
    nesterov: Annotated[bool, Meta(description="look ahead along the momentum")] = False,
) -> Any:
    """Stochastic gradient descent"""
    return keras.optimizers.SGD(learning_rate, momentum=momentum, nesterov=nesterov, **common)


@optimizer(usual=0.001)
def adam(
    learning_rate: Any,
    common: Mapping[str, Any],
    beta_1: Decay = 0.9,
    beta_2: Decay = 0.999,
    epsilon: Annotated[float, Meta(gt=0, description="keeps the division finite")] = 1e-7,
) -> Any:
    """Adam (Kingma & Ba 2015)"""
    return keras.optimizers.Adam(learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon, **common)


@optimizer(usual=0.001, weight_decay=0.004)
def adamw(
    learning_rate: Any,
    common: Mapping[str, Any],
    beta_1: Decay = 0.9,
    beta_2: Decay = 0.999,
    epsilon: Annotated[float, Meta(gt=0, description="keeps the division finite")] = 1e-7,
) -> Any:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019)"""
    decay = {"weight_decay": common["weight_decay"] or 0.0}  # Keras takes None for one of its own
    return keras.optimizers.AdamW(learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon, **{**common, **decay})


@optimizer(usual=0.001)
def rmsprop(
    learning_rate: Any,
    common: Mapping[str, Any],
    rho: Decay = 0.9,
    momentum: Annotated[float, Meta(ge=0, lt=1, description="share of the last step that is kept")] = 0.0,
    epsilon: Annotated[float, Meta(gt=0, description="keeps the division finite")] = 1e-7,
) -> Any:
    """RMSprop (Tieleman & Hinton 2012)"""
    return keras.optimizers.RMSprop(learning_rate, rho=rho, momentum=momentum, epsilon=epsilon, **common)
