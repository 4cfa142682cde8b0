"""Learning-rate schedules by name: what share of the learning rate each step takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta

from actbench.errors import UserError
from actbench.lazy import lazy
from actbench.registry import Parameter, Registry, choose, parameters_of

keras = lazy("keras")
ops = lazy("keras.ops")

CONSTANT = "constant"
ROUNDING = 1e-9
"""How far below a place, relative to it, a quotient of steps may be rounded that is meant to be at it."""
Share = Annotated[float, Meta(ge=0, lt=1, description="share of all steps in which the rate rises evenly")]


@dataclass(frozen=True)
class Schedule:
    """``share(done, **parameters)``: the factor of the learning rate where the share ``done`` of the steps is done.

    ``done`` is a tensor from 0, at the first step, to below 1; after a warm-up it is the share of the steps behind it.
    """

    name: str
    share: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    aliases: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The formula, from the docstring."""
        return self.share.__doc__ or ""


SCHEDULES: Registry[Schedule] = Registry("schedule", __name__)


def schedule(share: Callable[..., Any]) -> Callable[..., Any]:
    """Add a schedule under the function's name. Its parameter ``warmup`` is seen to outside of it."""
    SCHEDULES.add(Schedule(share.__name__, share, parameters_of(share, given=1)))
    return share


@schedule
def constant(done: Any) -> Any:
    """η all the time"""
    return ops.ones_like(done)


@schedule
def cosine(
    done: Any,
    warmup: Share = 0.0,
    floor: Annotated[float, Meta(ge=0, le=1, description="share of the rate that it falls towards")] = 0.0,
) -> Any:
    """η·(floor + (1 − floor)·(1 + cos πp)/2), p from 0 to almost 1 (Loshchilov & Hutter 2017, without restarts)"""
    del warmup
    return floor + (1 - floor) * (1 + ops.cos(done * 3.141592653589793)) / 2


@schedule
def linear(
    done: Any,
    warmup: Share = 0.0,
    floor: Annotated[float, Meta(ge=0, le=1, description="share of the rate that it falls towards")] = 0.0,
) -> Any:
    """η·(1 − (1 − floor)·p), p from 0 to almost 1"""
    del warmup
    return 1 - (1 - floor) * done


@schedule
def step(
    done: Any,
    *at: Annotated[float, Meta(gt=0, lt=1, description="shares of all steps after which the rate falls")],
    factor: Annotated[float, Meta(gt=0, lt=1, description="what is left of the rate each time")] = 0.1,
) -> Any:
    """η·factorᵏ, k the number of places p that lie behind (He et al. 2016: at a half and three quarters)"""
    share = ops.ones_like(done)
    for place in at:
        share = ops.where(done >= place * (1 - ROUNDING), share * factor, share)
    return share


def named(text: str) -> str:
    """The schedule that is meant, every parameter spelled.

    Raises:
        UserError: there is none of that name, or its places do not rise: one would do nothing, or count twice.
    """
    entry, values, choice = choose(SCHEDULES, text)
    places = _places(entry, values)
    if places != sorted(set(places)):
        raise UserError(f"The places of {text!r} must rise, like step(0.5, 0.75).")
    return choice.definition


def learning_rate(text: str, rate: float, steps: int) -> Any:
    """What a Keras optimizer takes for a learning rate: the number where it stays, else Keras's kind of schedule.

    Args:
        text: its spelling.
        rate: η, the highest learning rate.
        steps: of the whole run.
    """
    if choose(SCHEDULES, text)[0].name == CONSTANT:
        return rate

    class Scheduled(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc, name-defined]
        def __call__(self, step: Any) -> Any:
            return _rate(text, rate, steps, step)

        def get_config(self) -> dict[str, Any]:
            return {"schedule": text, "learning_rate": rate, "steps": steps}

    return Scheduled()


def rate_at(text: str, rate: float, steps: int, step: int) -> float:
    """The learning rate that one step, counted from 0, takes in a run of so many; see `learning_rate`."""
    return rate if choose(SCHEDULES, text)[0].name == CONSTANT else float(_rate(text, rate, steps, step))


def _rate(text: str, rate: float, steps: int, step: Any) -> Any:
    """The rate of a step t = 0, 1, …, in float64: η·(t + 1)/w in a warm-up of w steps; the schedule spans the rest."""
    entry, values, _ = choose(SCHEDULES, text)
    rising = round(steps * values.get("warmup", 0.0))
    at = ops.cast(step, "float64")
    done = ops.clip((at - rising) / max(1, steps - rising), 0.0, 1.0)
    named_values = {p.name: values[p.name] for p in entry.parameters if not p.variadic}
    share = entry.share(done, *_places(entry, values), **named_values)
    return rate * (ops.where(at < rising, (at + 1) / rising, share) if rising else share)


def _places(entry: Schedule, values: Mapping[str, Any]) -> list[float]:
    return [item for parameter in entry.parameters if parameter.variadic for item in values[parameter.name]]
