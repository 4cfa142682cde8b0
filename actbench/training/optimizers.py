"""Optimizers by name: Keras's own, with the parameters that people tune."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta

from actbench.lazy import lazy
from actbench.registry import Parameter, Registry, parameters_of

keras = lazy("keras")

Decay = Annotated[float, Meta(ge=0, lt=1, description="decay rate of a running mean")]


@dataclass(frozen=True)
class Optimizer:
    """``make(learning_rate, **parameters)`` returns a fresh ``keras.optimizers.Optimizer``."""

    name: str
    make: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    aliases: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """What it is, from the docstring."""
        return self.make.__doc__ or ""


OPTIMIZERS: Registry[Optimizer] = Registry("optimizer", __name__)


def optimizer(make: Callable[..., Any]) -> Callable[..., Any]:
    """Add an optimizer under the function's name."""
    OPTIMIZERS.add(Optimizer(make.__name__, make, parameters_of(make, given=1)))
    return make


@optimizer
def sgd(
    learning_rate: float,
    momentum: Annotated[float, Meta(ge=0, lt=1, description="share of the last step that is kept")] = 0.0,
    nesterov: Annotated[bool, Meta(description="look ahead along the momentum")] = False,
) -> Any:
    """Stochastic gradient descent"""
    return keras.optimizers.SGD(learning_rate, momentum=momentum, nesterov=nesterov)


@optimizer
def adam(
    learning_rate: float,
    beta_1: Decay = 0.9,
    beta_2: Decay = 0.999,
    epsilon: Annotated[float, Meta(gt=0, description="keeps the division finite")] = 1e-7,
) -> Any:
    """Adam (Kingma & Ba 2015)"""
    return keras.optimizers.Adam(learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)


@optimizer
def adamw(
    learning_rate: float,
    weight_decay: Annotated[float, Meta(ge=0, description="decoupled weight decay")] = 0.004,
    beta_1: Decay = 0.9,
    beta_2: Decay = 0.999,
    epsilon: Annotated[float, Meta(gt=0, description="keeps the division finite")] = 1e-7,
) -> Any:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019)"""
    return keras.optimizers.AdamW(
        learning_rate, weight_decay=weight_decay, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon
    )


@optimizer
def rmsprop(
    learning_rate: float,
    rho: Decay = 0.9,
    momentum: Annotated[float, Meta(ge=0, lt=1, description="share of the last step that is kept")] = 0.0,
    epsilon: Annotated[float, Meta(gt=0, description="keeps the division finite")] = 1e-7,
) -> Any:
    """RMSprop (Tieleman & Hinton 2012)"""
    return keras.optimizers.RMSprop(learning_rate, rho=rho, momentum=momentum, epsilon=epsilon)
