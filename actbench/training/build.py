"""The network of a run, with the weights that its seed draws, and the streams that go on from there."""

from __future__ import annotations

import math
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, NamedTuple

from actbench import activations, models
from actbench.errors import UserError
from actbench.lazy import lazy
from actbench.models import whole
from actbench.registry import Choice, choose
from actbench.results.columns import KEEP, Run
from actbench.training import backends, schedules
from actbench.training.initializers import OWN, Drawing, drawing
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
    """Build the run's network and draw its weights: the same for every activation of the same seed.

    ``RandomState(seed)`` draws the kernels of the reference layers (biases too, if the initializer does) in layer order
    and then the batch orders. An
    activation's own weights come from streams of their own, one per site, so they shift nothing.

    Raises:
        UserError: the network's output does not fit the data's classes, an activation changes the shape or has no part
            in the output, or the code or the data is no longer what the run was planned with.
    """
    import numpy as np

    from actbench.training.site import sites

    _check_same("data", run.dataset, run.dataset_sha256, data.sha256)
    own = run.activation.spelling == activations.OWN
    network = models.resolve(run.model.spelling, _layers(run))
    _check_choice("model", run.model, network.choice)
    made: list[Site] = []
    taken: set[str] = set()
    site = _has_own if own else _makes_sites(run, made, taken)
    keras.utils.set_random_seed(run.seed)
    with backends.current().precision(run.precision):
        model = network.build(site, data.input_shape, data.classes)
        whole.check_network(run.model.spelling, model, data.input_shape, data.classes)
        if network.is_whole:
            taken.update(layer.name for layer in model._flatten_layers())  # noqa: SLF001 - no public walk
            swap, keep = None if own else run.swap, run.weights == KEEP
            model = whole.in_place(run.model.spelling, model, site, data.input_shape, swap, keep=keep)
    used = sites(model)
    if not own:
        _check_sites(run.model.spelling, made, used)
    stream = np.random.RandomState(run.seed)
    if run.initializer != OWN:
        _draw_weights(model, drawing(run.initializer), stream)
    return Built(model, stream)


def _makes_sites(run: Run, made: list[Site], taken: AbstractSet[str]) -> models.SiteFactory:
    """What makes the run's sites and notes them, under names that are not taken. Raises UserError."""
    import numpy as np

    from actbench.training.site import Site

    activation = activations.resolve(run.activation.spelling)
    _check_choice("activation", run.activation, activation.choice)

    def site() -> Site:
        number = len(made)
        seed = int(np.random.SeedSequence([run.seed, number]).generate_state(1)[0])
        name = f"site_{number}"
        while name in taken:  # a network that was saved after a run here has some
            name += "_"
        made.append(Site(activation, seed, name=name))
        return made[-1]

    return site


def _has_own() -> Site:
    """A site for the activation that a network came with: there is none."""
    raise UserError("--act own is for a model that came with activations, and this one has places for them instead.")


def _layers(run: Run) -> dict[str, Any]:
    """A person's own layers in a saved model, by the names of their classes."""
    if run.custom_objects is None:
        return {}
    layers, found = whole.loaded_objects(run.custom_objects.spelling)
    _check_choice("custom objects", run.custom_objects, found)
    return layers


def _draw_weights(model: Any, draw: Drawing, stream: np.random.RandomState) -> None:
    """Draw all kernels, and biases if the initializer does, but not what activations learn, in the layers' order."""
    import numpy as np

    from actbench.training.site import kernels, learned

    theirs, drawn = {id(weight) for weight in learned(model)}, {id(weight) for weight in kernels(model)}
    sums = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.EinsumDense)]  # noqa: SLF001 - no public walk
    equations = {id(layer.kernel): layer.equation for layer in sums}
    shape: tuple[int, ...] = ()
    for weight in model.trainable_weights:
        if weight.name == "bias" and id(weight) not in theirs and draw.bias is not None:
            rows = math.prod(weight.shape) // shape[-1]  # a GRU has two; Keras's layers have it behind their kernels
            weight.assign(np.concatenate([draw.bias(stream, shape) for _ in range(rows)]).reshape(weight.shape))
        elif id(weight) not in drawn:
            continue
        elif id(weight) in equations:
            shape, axes = _as_matrix(tuple(weight.shape), equations[id(weight)])
            sides = [weight.shape[axis] for axis in axes]
            weight.assign(draw.kernel(stream, shape).reshape(sides).transpose(np.argsort(axes)))
        else:
            shape = tuple(weight.shape)
            weight.assign(draw.kernel(stream, shape))


def _as_matrix(shape: tuple[int, ...], equation: str) -> tuple[tuple[int, int], list[int]]:
    """The matrix (in, out) that the kernel of a layer is which sums by an equation, as attention's do, and the order of
    the kernel's axes in it.

    Of ``abc,cde->abde`` axis c of the kernel is summed over, d and e are the outputs: an initializer that took the
    kernel for a window would divide by a wrong number of inputs.
    """
    kernel, outputs = equation.replace(" ", "").partition(",")[2].split("->")
    axes = sorted(range(len(shape)), key=lambda axis: kernel[axis] in outputs)
    inputs = math.prod(shape[axis] for axis in axes if kernel[axis] not in outputs)
    return (inputs, math.prod(shape) // inputs), axes


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
    from actbench.training.site import learned

    entry, values, choice = choose(OPTIMIZERS, run.optimizer.spelling)
    _check_choice("optimizer", run.optimizer, choice)
    with backends.current().precision(run.precision):
        rate = schedules.learning_rate(run.schedule, run.learning_rate, run.epochs * steps_per_epoch)
        decay = entry.usual_decay if run.weight_decay is None else run.weight_decay
        common = {"weight_decay": decay or None, "global_clipnorm": run.clip_norm}
        optimizer = entry.make(rate, common, **values)
    optimizer.exclude_from_weight_decay([weight for weight in learned(model) if weight.trainable])
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
