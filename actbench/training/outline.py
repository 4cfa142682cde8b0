"""A network layer by layer, and where its activations are, for those who want to see it before they train it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from actbench import activations, models
from actbench.errors import UserError
from actbench.models import surgery, whole
from actbench.models.inputs import scaled_twice_by
from actbench.registry import parse
from actbench.training import backends
from actbench.training.run import one_line

if TYPE_CHECKING:
    from actbench.models import Shape


class Outline(NamedTuple):
    """A network's layers; the one by which it scales inputs that come scaled, if any does; and why it cannot be trained
    here, where that can be seen without data.
    """

    rows: list[surgery.Row]
    scaled_twice_by: str
    refused: str


def outline(name: str, input_shape: Shape, classes: int, custom_objects: str | None = None) -> Outline:
    """The layers of a network for such data. A saved one is shown as it is, whatever the data.

    Raises:
        UserError: there is no such model, it cannot be built for such data, or it is not made of layers.
    """
    backends.settle(backends.DEFAULT)
    from actbench.training.site import Site

    layers: dict[str, Any] = whole.loaded_objects(custom_objects)[0] if custom_objects else {}
    resolved = models.resolve(name, layers)
    relu = activations.resolve("relu")
    made: list[Site] = []

    def site() -> Site:
        made.append(Site(relu, 0, name=f"site_{len(made)}"))
        return made[-1]

    if not whole.is_file(parse(name)):
        models.check(name, input_shape)
    try:
        network = resolved.build(site, input_shape, classes)
    except (UserError, MemoryError):
        raise
    except Exception as error:
        raise UserError(f"The model {name!r} cannot be built: {one_line(error)}") from error
    refused = ""
    if whole.is_file(parse(name)):
        whole.check_layers(name, network)
        try:
            whole.check_ends(name, network)
        except UserError as error:
            refused = str(error)
    else:
        whole.check_network(name, network, input_shape, classes)
    return Outline(surgery.outline(network), scaled_twice_by(network), refused)
