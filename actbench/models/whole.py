"""Networks as they are, without sites: a file that Keras saved, one of ``keras.applications``, what a function returns.

Only `load` and `application` run anything of them; who they are is told by their bytes, or by their names.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from actbench import custom
from actbench.errors import UserError, did_you_mean
from actbench.lazy import lazy
from actbench.lazy import load as load_module
from actbench.models.copying import copy_weights, fresh, in_precision
from actbench.models.surgery import ends_in, with_sites
from actbench.models.wiring import Graph
from actbench.registry import Choice, Spelling, literal, parse, parts_of

if TYPE_CHECKING:
    from actbench.models.shape import Shape

keras = lazy("keras")

SAVED = (".keras", ".h5", ".hdf5")
"""Endings of files of models."""
GIVEN = ("input_tensor", "input_shape", "classes", "include_top", "pooling", "classifier_activation", "name", "weights")
"""Parameters of ``keras.applications`` that follow from the data, or are a setting of their own."""
MOST_CONFIGURATION = 64 * 1024**2
"""Bytes of a file's description of its layers: those of the largest networks take a few hundred thousand."""
MOST_UNPACKED = 20
"""How many times its size a file may unpack to: weights are stored as they are, and hardly shrink if they are not."""
SUBCLASS = (
    "is a subclass of keras.Model, of which nobody knows the way from input to output. Make it of layers instead: "
    "keras.Sequential([…]), or keras.Model(inputs, outputs)."
)
CODE = ("Lambda", "__lambda__")
"""What a file says where it holds code."""


def is_file(spelling: Spelling) -> bool:
    """Whether a model's file is named."""
    return not spelling.provider and spelling.name.endswith(SAVED)


def named_file(spelling: Spelling) -> Choice:
    """The choice of a model's file: its bytes are in the definition, its path is not. Raises UserError for no file."""
    if spelling.positional or spelling.named:
        raise UserError(f"{spelling.name!r} is a saved model, which takes no parameters.")
    digest = hashlib.sha256(_content(spelling.name)).hexdigest()[:12]
    return Choice(spelling.name, f"saved model#{digest}", version=digest)


def _content(name: str) -> bytes:
    try:
        return custom.place_of(name).read_bytes()
    except (OSError, ValueError) as error:
        raise UserError(f"Cannot read the model {name!r}: {getattr(error, 'strerror', None) or error}.") from None


def holds_code(name: str) -> bool:
    """Whether a model's file holds a Lambda: code that runs when the file is read. What cannot be read holds none."""
    return any(part.get("class_name") in CODE for part in _parts(name))


def _registered(name: str, objects: Mapping[str, Any]) -> dict[str, Any]:
    """A person's own layers by the names under which they were registered when the file was saved: ``own>Layer``."""
    names = {str(part.get("registered_name", "")) for part in _parts(name)}
    return {full: objects[short] for full in names if (short := full.rpartition(">")[2]) in objects and ">" in full}


def _parts(name: str) -> Iterator[dict[str, Any]]:
    """All that a model's file says of layers and what is in them."""
    waiting = [_described(name)]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _is_operation(name: str, kind: str) -> bool:
    """Whether what a model's file calls so is no layer, of which each says whether it is trainable."""
    found = [part["config"] for part in _parts(name) if part.get("class_name") == kind]
    return any(isinstance(config, dict) and "trainable" not in config for config in found)


def _described(name: str) -> Any:
    """What a model's file says of its layers; None where that cannot be read."""
    place = custom.place_of(name)
    try:
        if name.endswith(".keras"):
            with zipfile.ZipFile(place) as archive, archive.open("config.json") as file:
                return json.loads(file.read(MOST_CONFIGURATION))
        with load_module("h5py").File(place) as file:
            return json.loads(file.attrs["model_config"])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, RecursionError):
        return None


def _check_file(name: str) -> None:
    """Refuse what cannot be a model's file, or would unpack to far more than it is, before anything reads all of it."""
    place = custom.place_of(name)
    if not name.endswith(".keras"):
        if not load_module("h5py").is_hdf5(place):
            raise UserError(f"The model {name!r} is damaged, or no file as Keras writes them. Save it again.")
        return
    try:
        with zipfile.ZipFile(place) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
    except (OSError, zipfile.BadZipFile):
        raise UserError(f"The model {name!r} is damaged, or no file as Keras writes them. Save it again.") from None
    most = MOST_CONFIGURATION + MOST_UNPACKED * place.stat().st_size
    if sizes.get("config.json", 0) > MOST_CONFIGURATION or sum(sizes.values()) > most:
        raise UserError(
            f"The model {name!r} would unpack to {sum(sizes.values()):,} bytes, which no network's file of "
            f"{place.stat().st_size:,} does. It is not read."
        )


def load(name: str, objects: Mapping[str, Any]) -> Any:
    """The model in a file with its weights, in the precision that Keras is set to.

    Code in it is run where there is any: whoever asks has been asked whether it is trusted.

    Args:
        name: of the file.
        objects: a person's own layers, by the names of their classes.

    Raises:
        UserError: Keras cannot read it.
    """
    _check_file(name)
    safe = not holds_code(name)
    try:
        with keras.saving.custom_object_scope({**objects, **_registered(name, objects)}):
            model = keras.saving.load_model(custom.place_of(name), compile=False, safe_mode=safe)
            policies = {layer.dtype_policy.name for layer in model._flatten_layers()}  # noqa: SLF001 - no public walk
            if policies == {keras.config.dtype_policy().name} or getattr(model, "output_shape", None) is None:
                return model
            described = in_precision(keras.saving.serialize_keras_object(model))
            other = keras.saving.deserialize_keras_object(described, safe_mode=safe)
            copy_weights(model, other)
            return other
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a library says of a file that is none of its own
        message = str(error)
    if "OOM" in message:
        raise UserError(f"The model {name!r} needs more memory than there is.")
    if found := re.search(r"Could not locate (class|function) '([^']+)'|Unknown layer: '?(\w+)", message):
        kind, *names = found.groups()
        missing = next(filter(None, names)).rpartition(">")[2]
        described = _described(name)
        if isinstance(described, dict) and described.get("class_name") == missing:
            raise UserError(f"The model {name!r} {SUBCLASS}")
        if not name.endswith(".keras") and _is_operation(name, missing):
            raise UserError(
                f"The model {name!r} calls keras.ops ({missing!r}), which HDF5 files cannot hold: Keras cannot read it "
                "either. Save it as .keras: model.save('my.keras')."
            )
        other = f" {' and '.join(objects)}, which --custom-objects names, is another." if objects else ""
        raise UserError(
            f"The model {name!r} has a {kind or 'layer'} that Keras does not know, {missing!r}. If it is your own, "
            f"name the file that defines it: --custom-objects FILE.py:{missing}.{other}"
        )
    if "No model config" in message:
        raise UserError(f"The file {name!r} holds weights alone. Save the model with them: model.save('my.keras').")
    if any(isinstance(there := part.get("activation"), dict) and "value" in there for part in _parts(name)):
        raise UserError(
            f"The model {name!r} has a lambda for an activation, which Keras saves but cannot read. Make it a "
            "function with a name (def …) that is registered (keras.saving.register_keras_serializable), and save "
            "again."
        )
    raise UserError(f"Keras cannot read the model {name!r}: {message.strip().splitlines()[0].rstrip('.')}.")


def named_application(spelling: Spelling) -> Choice:
    """The choice of one of ``keras.applications``. Raises UserError for no such network, and no such parameter."""
    function = _application(spelling)
    custom.check_arguments("model", spelling.path, function, 0, spelling)
    parameters = inspect.signature(function).parameters
    given = inspect.signature(function).bind(*spelling.positional, **spelling.named).arguments
    for name in GIVEN:
        if name in given:
            raise UserError(f"{spelling.path!r} is not given {name!r}: that follows from the data and the settings.")
    values = {name: p.default for name, p in parameters.items() if name not in GIVEN} | given
    short = {name: value for name, value in given.items() if value != parameters[name].default}
    return Choice(_spell(spelling.path, short), _spell(spelling.path, values), spelling.provider, keras.__version__)


def _spell(path: str, values: Mapping[str, Any]) -> str:
    words = [f"{name}={literal(value)}" for name, value in sorted(values.items())]
    return f"{path}({', '.join(words)})" if words else path


def _application(spelling: Spelling) -> Any:
    known = {name: value for name, value in vars(keras.applications).items() if inspect.isfunction(value)}
    if spelling.name not in known:
        hint = did_you_mean(spelling.name, known)
        raise UserError(f"There is no {spelling.name!r} in keras.applications.{hint}")
    return known[spelling.name]


def application(spelling: Spelling, input_shape: Sequence[int], classes: int) -> Any:
    """One of ``keras.applications`` for this data, its weights drawn. Raises UserError where that cannot be."""
    function, shape = _application(spelling), tuple(input_shape)
    try:
        return function(*spelling.positional, weights=None, input_shape=shape, classes=classes, **spelling.named)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - each checks its arguments in its own way
        why = " ".join(str(error).split()).rstrip(".")
    raise UserError(f"{spelling.path!r} cannot be built for inputs of shape {shape}: {why}.")


def given_to(arguments: ast.arguments | None, spelling: Spelling) -> int:
    """How many arguments a function that makes a model is given before those of its spelling.

    3 for ``(site, input_shape, classes)``, 2 for ``(input_shape, classes)``, 0 where it needs none. A function of which
    nothing is known is given 3.
    """
    if arguments is None:
        return 3
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    if names[:1] == ["input_shape"]:
        return 2
    if names[:1] == ["site"] or arguments.vararg:
        return 3
    needed = [name for name in names[: len(names) - len(arguments.defaults)] if name not in spelling.named]
    if len(needed) <= len(spelling.positional):
        return 0
    return 2 if len(needed) == 2 else 3  # noqa: PLR2004 - input_shape, classes


def named_objects(text: str) -> Choice:
    """The choice of a person's own layers, with commas between them. Their code is not run."""
    if not text.strip():
        raise UserError("--custom-objects names nothing: write FILE.py:Layer, or module:Layer.")
    return _together([custom.named("layer", _of_own_code(part)) for part in parts_of(text)])


def loaded_objects(text: str) -> tuple[dict[str, Any], Choice]:
    """The layers that are named, by the names of their classes, and the choice of them all. Raises UserError."""
    loaded = [custom.load_attribute("layer", _of_own_code(part)) for part in parts_of(text)]
    return {target.__name__: target for target, _ in loaded}, _together([choice for _, choice in loaded])


def _together(choices: Sequence[Choice]) -> Choice:
    return Choice(
        ",".join(sorted(choice.spelling for choice in choices)),
        ",".join(sorted(choice.definition for choice in choices)),
    )


def _of_own_code(text: str) -> Spelling:
    spelling = parse(text)
    if not spelling.provider:
        raise UserError(f"{text!r} is no layer of your own: write FILE.py:Layer, or module:Layer.")
    return spelling


def check_network(name: str, made: Any, input_shape: Shape, classes: int) -> None:
    """Refuse what is no network made of layers, with an output a class (of each token); build it where it is not built.

    Raises:
        UserError: what is wrong with it.
    """
    if not isinstance(made, keras.Model):
        raise UserError(f"The model {name!r} is to return a keras.Model, but it returned {made!r}.")
    if not made.built:
        made.build((None, *input_shape))
    check_layers(name, made)
    check_ends(name, made)
    if made.inputs[0].shape[0] is not None:
        raise UserError(
            f"The model {name!r} takes batches of {made.inputs[0].shape[0]} inputs and no others. Make it for any: "
            "keras.Input(shape) without batch_shape and batch_size."
        )
    _check_vocabulary(name, made, input_shape.vocabulary)
    wanted = (None, *input_shape.answers, classes)
    if tuple(made.output_shape) != wanted:
        what = f"{classes} classes" + (f" for each of {input_shape[0]} tokens" if input_shape.per_token else "")
        both = classes == 2 and made.output_shape[-1] == 1  # noqa: PLR2004
        hint = " Two classes have an output each here: Dense(2), with a softmax or nothing behind it." if both else ""
        raise UserError(
            f"The model {name!r} ends in shape {made.output_shape}, but it must end in {wanted}: the data has "
            f"{what}.{hint}"
        )


def check_ends(name: str, made: Any) -> None:
    """Raise UserError for a network of layers that has not one input and one output."""
    _check_one(name, "input", made.inputs if len(made.inputs) > 1 else made.inputs[0])
    _check_one(name, "output", made.compute_output_spec(made.inputs[0]))


def _check_vocabulary(name: str, made: Any, vocabulary: int) -> None:
    """Raise UserError for an Embedding with fewer rows than there are tokens, or of what are none: fractions would be
    cut to numbers of rows, and tokens without one take another's.
    """
    for taker, _ in Graph(made).takers(made.inputs[0]):
        if not isinstance(taker, keras.layers.Embedding):
            continue
        if not vocabulary:
            raise UserError(
                f"The model {name!r} reads tokens, in its layer {taker.name!r}, but the data has scaled numbers. An "
                "archive says that its inputs are tokens by an array 'tokens' with the names of all."
            )
        if taker.input_dim < vocabulary:
            raise UserError(
                f"The model {name!r} knows {taker.input_dim} tokens, those of its layer {taker.name!r}, but the data "
                f"has {vocabulary}. Make it for these: Embedding({vocabulary}, …)."
            )


def _check_one(name: str, what: str, there: Any) -> None:
    """Raise UserError for several tensors, one with a name, or one in a list."""
    if isinstance(there, (list, tuple)) and len(there) == 1:
        raise UserError(
            f"The model {name!r} has its {what} in a list. Make it without: keras.Model(input, output), each a tensor."
        )
    if not isinstance(there, keras.KerasTensor):
        given = f"these, by name: {', '.join(there)}" if isinstance(there, dict) else str(len(there))
        raise UserError(f"The model {name!r} must have one {what}, a tensor, and it has {given}.")


def check_layers(name: str, network: Any) -> None:
    """Raise UserError for a network that is not made of layers, each with its inputs and outputs."""
    if getattr(network, "output_shape", None) is None:
        raise UserError(f"The model {name!r} {SUBCLASS}")


def in_place(
    name: str, network: Any, site: Callable[[], Any], input_shape: Sequence[int], swap: str | None, *, keep: bool
) -> Any:
    """A network with sites in the place of its activations.

    Its weights are drawn by each layer's own initializer before the sites are put in: they are the same whatever is
    swapped.

    Args:
        name: of the network, for messages.
        network: as `check_network` leaves it.
        site: makes a new site.
        input_shape: of the data.
        swap: which activations; see ``surgery.Place.is_meant``. None for none.
        keep: leave the weights that it came with.

    Raises:
        UserError: the data does not fit it, it ends in neither logits nor a softmax, or nothing in it is meant.
    """
    taken, wanted = network.input_shape, (None, *input_shape)
    fits = isinstance(taken, tuple) and len(taken) == len(wanted)
    if not fits or any(ours not in {None, theirs} for ours, theirs in zip(taken, wanted, strict=True)):
        raise UserError(
            f"The model {name!r} takes inputs of shape {taken}, but the data's are {wanted}. Give it the data that it "
            "was made for, or a layer in front that turns one shape into the other."
        )
    if (end := ends_in(network)) not in {"", "softmax"}:
        raise UserError(
            f"The model {name!r} ends in {end}; it must end in logits, or in Keras's softmax over the classes."
        )
    return with_sites(network if keep else fresh(network), site, swap)
