"""The network of a run, with the weights that its seed draws, and the streams that go on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from actbench import activations, models
from actbench.errors import UserError
from actbench.lazy import lazy
from actbench.registry import Choice, choose
from actbench.results.columns import Run
from actbench.training import backends, schedules
from actbench.training.initializers import drawing
from actbench.training.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    import numpy as np

    from actbench.datasets import Dataset
    from actbench.training.site import Site

keras = lazy("keras")


class Built(NamedTuple):
    """A network with its initial weights, and the stream that goes on to draw the batch orders."""

    model: Any
    stream: np.random.RandomState


def build(run: Run, data: Dataset) -> Built:
    """Build the run's network and draw its kernels: the same for every activation of the same seed.

    ``RandomState(seed)`` draws the kernels of the reference layers in layer order and then the batch orders. An
    activation's own weights come from streams of their own, one per site, so they shift nothing.

    Raises:
        UserError: the network's output does not fit the data's classes, an activation changes the shape or has no part
            in the output, or the code or the data is no longer what the run was planned with.
    """
    import numpy as np

    from actbench.training.site import Site, sites

    _check_same("data", run.dataset, run.dataset_sha256, data.sha256)
    activation = activations.resolve(run.activation.spelling)
    _check_choice("activation", run.activation, activation.choice)
    network = models.resolve(run.model.spelling)
    _check_choice("model", run.model, network.choice)
    made: list[Site] = []

    def site() -> Site:
        number = len(made)
        seed = int(np.random.SeedSequence([run.seed, number]).generate_state(1)[0])
        made.append(Site(activation, seed, name=f"site_{number}"))
        return made[-1]

    keras.utils.set_random_seed(run.seed)
    with backends.current().precision(run.precision):
        model = network.build(site, data.input_shape, data.classes)
        if not isinstance(model, keras.Model):
            raise UserError(f"The model {run.model.spelling!r} is to return a keras.Model, but it returned {model!r}.")
        if not model.built:
            model.build((None, *data.input_shape))
    if getattr(model, "output_shape", None) is None:
        raise UserError(
            f"The model {run.model.spelling!r} is a subclass of keras.Model, of which nobody knows the way from input "
            "to output. Return one that is made of layers: keras.Sequential([…]), or keras.Model(inputs, outputs)."
        )
    if tuple(model.output_shape) != (None, data.classes):
        raise UserError(
            f"The model {run.model.spelling!r} ends in shape {model.output_shape}, but it must end in "
            f"(None, {data.classes}): the data has {data.classes} classes."
        )
    used = sites(model)
    _check_sites(run.model.spelling, made, used)
    stream = np.random.RandomState(run.seed)
    draw = drawing(run.initializer)
    own = {id(weight) for place in used for weight in place.weights}
    for weight in model.trainable_weights:
        if id(weight) not in own and len(weight.shape) > 1:
            weight.assign(draw(stream, tuple(weight.shape)))
    return Built(model, stream)


def _check_sites(name: str, made: list[Site], used: list[Site]) -> None:
    """Refuse a network that some activation does not change: its arms would be equal to the last digit."""
    if not made:
        raise UserError(
            f"The model {name!r} has no place for an activation: all arms would be the same network. Its builder is "
            "called with site, which makes a layer: put site() wherever an activation goes, x = site()(x)."
        )
    idle = len(made) - len(used)
    if idle:
        raise UserError(
            f"The model {name!r} calls site() {len(made)} times, but what {idle} of these layers return has no part "
            "in its output. Put each on the way from input to output, x = site()(x), or do not make it."
        )


def build_optimizer(run: Run, model: Any, steps_per_epoch: int) -> Any:
    """A fresh Keras optimizer for a network, in the run's precision: the learning rate is a variable too.

    What activations learn is never decayed: PReLU's authors leave it out, as slopes pulled to 0 make it a ReLU.
    """
    from actbench.training.site import sites

    entry, values, choice = choose(OPTIMIZERS, run.optimizer.spelling)
    _check_choice("optimizer", run.optimizer, choice)
    with backends.current().precision(run.precision):
        rate = schedules.learning_rate(run.schedule, run.learning_rate, run.epochs * steps_per_epoch)
        decay = entry.weight_decay if run.weight_decay is None else run.weight_decay
        common = {"weight_decay": decay or None, "global_clipnorm": run.clip_norm}
        optimizer = entry.make(rate, common, **values)
    optimizer.exclude_from_weight_decay([weight for place in sites(model) for weight in place.trainable_weights])
    return optimizer


def _check_choice(kind: str, planned: Choice, found: Choice) -> None:
    _check_same(kind, planned.spelling, planned.definition, found.definition)


def _check_same(kind: str, name: str, planned: str, found: str) -> None:
    """What was edited in the middle of a sweep must not be stored under the key of what it was."""
    if planned != found:
        raise UserError(
            f"The {kind} {name!r} changed after its runs were planned. Give the same command again: it plans anew, "
            "with what is there now."
        )
