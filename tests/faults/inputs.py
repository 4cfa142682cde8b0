"""What a person, or somebody who means harm, may hand to the program, as strategies of hypothesis."""

from __future__ import annotations

import dataclasses
import io
import json
import struct
import tomllib
import zipfile
from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np
from conftest import bytes_images, small_arrays
from hypothesis import strategies as st

from actbench import activations, models
from actbench.registry import Choice
from actbench.results.columns import SETTINGS, Epoch, Record, Run, Versions
from actbench.studies.file import TOP
from actbench.tables.checks import FIGURES
from actbench.tables.metrics import ALIASES, PLAIN
from actbench.training.initializers import INITIALIZERS
from actbench.training.optimizers import OPTIMIZERS

CONFIGS = [path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parents[2] / "configs").glob("*.toml"))]

# Each of these has broken a parser somewhere.
NASTY = st.sampled_from([
    "", " ", " " * 70_000, "(" * 300, "[" * 5000, "-" * 3000, "not " * 300, "1" * 5000, "9" * 320, "1e999", "-1e999",
    "nan", "\0", "\x1b]52;c;aGk=\a", "\ud800", "\u202e", "[/red]", "{[1]}", "{{}: 1}", "{**{}}", "1_0", "0x1F", "1j",
    "...", "*a", "**a", "a=1, a=2", "lambda: 0", "x:=1", "f'{1}'", "'\\N{DASH}'", "'''", "\\", "#", "\n", "\r\n", "\t",
    "ſ", "İ", "K", "٣", "²", "½", "∞", "__import__('os')", "a" * 5000, "a." * 2000, "(a," * 500, "=" * 200, ",", ")(",
    "))", "9" * 320 + ".0", "True", "None", "b'1'", "2**99", "1if 1else 2", "{1,2}", "{'a':1}", "((),)", "*[]",
])  # fmt: skip
TEXT = st.text(max_size=20) | st.text("()[]{}=,.:*'\"\\ 0123456789eE+-_#/<>!abcxyz", max_size=30) | NASTY


def _nested(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    inside = st.lists(children, max_size=3).map(", ".join)
    return st.builds("{}{}{}".format, st.just("["), inside, st.just("]")) | st.one_of(
        inside.map("({})".format), inside.map("{{{}}}".format), st.builds("{{{}: {}}}".format, children, children)
    )


VALUES = st.recursive(
    st.one_of(
        st.integers().map(str), st.floats().map(repr), st.booleans().map(str), st.text(max_size=8).map(repr),
        st.sampled_from(["0.5", "1", "None", "1e308", "-1", "'mean'"]), NASTY,
    ),
    _nested,
    max_leaves=5,
)  # fmt: skip


@st.composite
def spoiled(draw: st.DrawFn, good: st.SearchStrategy[str]) -> str:
    """Something good, with a piece taken out, doubled, or put in."""
    text = draw(good)
    first, last = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
    last = min(last, first + 200)
    return text[:first] + draw(st.sampled_from(["", text[first:last] * 2]) | TEXT) + text[last:]


def spellings_of(paths: st.SearchStrategy[str], parameters: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """``path(1, name=2)`` with anything for a value."""
    named = st.builds("{}={}".format, parameters | TEXT, VALUES)
    arguments = st.lists(VALUES | named, max_size=3).map(", ".join)
    made = st.one_of(paths, st.builds("{}({})".format, paths, arguments))
    return made | spoiled(made) | st.builds("{}({})".format, TEXT, arguments) | TEXT


def _catalogue(entries: object) -> tuple[st.SearchStrategy[str], st.SearchStrategy[str]]:
    found = list(entries)
    names = sorted({name for entry in found for name in (entry.name, *entry.aliases)})
    parameters = sorted({parameter.name for entry in found for parameter in entry.parameters})
    return st.sampled_from(names), st.sampled_from(parameters or ["x"])


SPELLINGS = st.one_of(
    st.tuples(st.just("activation"), spellings_of(*_catalogue(activations.CATALOGUE))),
    st.tuples(st.just("optimizer"), spellings_of(*_catalogue(OPTIMIZERS))),
    st.tuples(st.just("model"), spellings_of(*_catalogue(models.MODELS))),
    st.tuples(st.just("initializer"), spellings_of(*_catalogue(INITIALIZERS))),
    st.tuples(st.sampled_from(["data", "backend"]), TEXT | st.just("digits") | st.just("tensorflow")),
    # Code that is not there: what is there would be run, as it should be where a person names it.
    st.tuples(
        st.sampled_from(["activation", "model"]),
        spellings_of(st.builds("{}:{}".format, st.just("none.py") | TEXT.map("none/{}.py".format), TEXT), TEXT),
    ),
)
PROVIDED = st.tuples(
    st.just("activation"),
    spellings_of(
        st.builds("keras:{}".format, st.sampled_from(["gelu", "PReLU", "LeakyReLU", "Dense", "Layer", "ReLU", "elu"])),
        st.sampled_from(["negative_slope", "alpha", "units", "name", "dtype", "max_value", "approximate"]),
    ),
)

# ---------------------------------------------------------------------------------------------------------------------
ARMS = st.sampled_from(["relu", "mish", "'mish'", "swish(beta=1)", "nobody"])
CALLS = st.builds("{}({})".format, st.sampled_from([*FIGURES, "epochs_to_95", "reached_97_5", "seconds_to_x"]), ARMS)
CONDITIONS = st.recursive(
    CALLS | VALUES | st.builds("epochs_to({}, {})".format, ARMS, VALUES),
    lambda inner: st.one_of(
        st.builds(
            "({} {} {})".format,
            inner,
            st.sampled_from(["+", "-", "*", "/", "**", "%", "<", "<=", ">", "==", "!=", "and", "or", "if"]),
            inner,
        ),
        st.builds("{} {} {}".format, inner, st.sampled_from(["<", ">", "and", "-", "*"]), inner),
        st.builds("{}{}".format, st.sampled_from(["not ", "-", "+", "~"]), inner),
    ),
    max_leaves=8,
)
COLUMNS = st.sampled_from([*SETTINGS, "test_accuracy", "status", "error", "arm", "store", "copies", "epochs_to_95"])
WHERE = st.builds(
    "{}{}{}".format,
    COLUMNS | TEXT,
    st.sampled_from(["<", "<=", ">", ">=", "=", "==", "!=", "!", "<>", "~"]),
    VALUES | TEXT,
)
METRICS = st.builds("{}{}{}".format, st.sampled_from([*PLAIN, *ALIASES, "epochs-to", "seconds_to", "reached"]),
                    st.sampled_from(["", ":", "_", "::"]), st.just("") | VALUES | TEXT)  # fmt: skip
SHOWN = st.lists(st.sampled_from(["default", "all", "article", "seconds_to_*", "*", "-"]) | COLUMNS | TEXT, max_size=4)
NUMBERS = st.floats() | st.floats(0, 1, exclude_min=True, exclude_max=True)
EXPRESSIONS = st.one_of(
    st.tuples(st.just("--fail-if"), CONDITIONS | spoiled(CONDITIONS)),
    st.tuples(st.just("--where"), WHERE | spoiled(WHERE)),
    st.tuples(st.just("--act"), st.sampled_from(["relu", "swish*", "?ish", "[a-z]*"]) | TEXT),
    st.tuples(st.just("--metric"), METRICS | spoiled(METRICS)),
    st.one_of(
        st.tuples(st.just("--baseline"), st.sampled_from(["relu", "swish"]) | TEXT),
        st.tuples(st.just("--threshold"), st.lists(NUMBERS, min_size=1, max_size=3)),
        st.tuples(st.just("--margin"), NUMBERS),
    ),
    st.tuples(st.just("--columns"), SHOWN),
    st.tuples(st.just("--sort"), st.builds("{}{}".format, st.sampled_from(["", "-", "--"]), COLUMNS | TEXT)),
)

# ---------------------------------------------------------------------------------------------------------------------
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | NASTY,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def changed_json(draw: st.DrawFn, good: str) -> str:
    """A document with the value at some place replaced, taken out, or joined by another."""
    document = json.loads(good)
    here = document
    while True:
        keys = list(here) if isinstance(here, dict) else range(len(here))
        key = draw(st.sampled_from(list(keys)))
        if isinstance(here[key], (dict, list)) and here[key] and draw(st.booleans()):
            here = here[key]
            continue
        what = draw(st.sampled_from(["replace", "remove", "add"]))
        if what == "remove":
            del here[key]
        elif what == "add" and isinstance(here, dict):
            here[draw(st.text(max_size=8) | st.sampled_from(["thresholds", "checks", "name"]))] = draw(JSON_VALUES)
        else:
            here[key] = draw(JSON_VALUES)
        return json.dumps(document)


PLACES = [*TOP, *SETTINGS, "seeds", "learning_rate", "table", "listing", "text", "arm", "is", "cells", "curve", "x"]
TOML_VALUES = st.recursive(
    st.one_of(
        st.integers(-5, 2**63).map(str), st.floats().map(repr), st.sampled_from(["true", "false", "1979-05-27", "''"]),
        st.text(max_size=8).map(json.dumps), NASTY.map(json.dumps), NASTY, st.sampled_from(["relu", "adam"]).map(repr),
        st.integers(10**6, 10**20).map(str), st.just("[" * 2000 + "]" * 2000), st.just("9" * 5000),
    ),
    lambda inner: st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]")
    | st.builds("{{{} = {}}}".format, st.sampled_from(PLACES), inner),
    max_leaves=6,
)  # fmt: skip
LINES = st.one_of(
    st.builds("{} = {}".format, st.sampled_from(PLACES) | TEXT, TOML_VALUES),
    st.builds("[{}]".format, st.sampled_from(["data", "training", "grid", "smoke", "variants.a", "variants"]) | TEXT),
    st.builds("[[{}]]".format, st.sampled_from(["published", "curves", "claims", "variants"]) | TEXT),
    st.sampled_from(['activation = ["relu", "mish"]', "seeds = 3", "seeds = 1000000000", 'name = "../../x"']),
)
SMALL_STUDY = """
name = "small"
thresholds = [0.9]
checks = ["test_accuracy(mish) < 0.5"]
model = "mlp(8)"
data = {name = "digits", limit = 200}
training = {optimizer = "sgd(momentum=0.9)", learning_rate = 0.1, epochs = 2, precision = "float32"}
grid = {activation = ["relu", "mish", "swish(beta=2)"], seeds = 2}
smoke = {epochs = 1, seeds = 1}
variants = {a = {batch_size = 50}, b = {batch_size = [10, 20], optimizer = "adam"}}
"""


def toml(value: object) -> str:
    """A value as TOML, tables within the line; what TOML has no word for is left out."""
    match value:
        case dict():
            pairs = [f"{json.dumps(str(name))} = {toml(item)}" for name, item in value.items() if item is not None]
            return f"{{{', '.join(pairs)}}}"
        case list():
            return f"[{', '.join(toml(item) for item in value if item is not None)}]"
        case str() | bool():
            return json.dumps(value)
        case _:
            return repr(value)


def toml_file(document: dict[str, object]) -> str:
    return "\n".join(f"{json.dumps(name)} = {toml(item)}" for name, item in document.items() if item is not None)


def changed_study(text: str) -> st.SearchStrategy[str]:
    return changed_json(json.dumps(tomllib.loads(text))).map(lambda changed: toml_file(json.loads(changed)))


STUDIES = st.one_of(
    st.sampled_from([SMALL_STUDY, *CONFIGS]).flatmap(changed_study),
    changed_study(SMALL_STUDY),
    st.lists(LINES, max_size=8).map("\n".join),
    spoiled(st.sampled_from(CONFIGS)),
    st.builds(lambda text, lines: "\n".join([text, *lines]), st.sampled_from(CONFIGS), st.lists(LINES, max_size=3)),
).map(lambda text: text.encode(errors="surrogatepass"))


# ---------------------------------------------------------------------------------------------------------------------
@st.composite
def damaged(draw: st.DrawFn, good: bytes) -> bytes:
    """A file that was cut, or in which bytes were changed, taken out or put in."""
    content = bytearray(good)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(len(content) - 1, 0)))
        match draw(st.sampled_from(["cut", "flip", "byte", "remove", "insert", "zero"])):
            case "cut":
                del content[place:]
            case "flip" if content:
                content[place] ^= 1 << draw(st.integers(0, 7))
            case "byte" if content:
                content[place] = draw(st.integers(0, 255))
            case "remove":
                del content[place : place + draw(st.integers(1, 100))]
            case "zero":
                content[place : place + 64] = bytes(len(content[place : place + 64]))
            case _:
                content[place:place] = draw(st.binary(max_size=20) | NASTY.map(_bytes))
    return bytes(content)


@st.composite
def changed_cells(draw: st.DrawFn, good: bytes) -> bytes:
    """A table in which some cells of a line, or of the header, hold something else."""
    lines = [line.split(",") for line in good.decode().splitlines()]
    anything = TEXT | VALUES | st.sampled_from(["", "", "-1", "1.5", "inf", "ok", "9" * 30, "x" * 140_000, '"', "²"])
    line = draw(st.sampled_from(lines))
    for _ in range(draw(st.integers(1, 4))):
        line[draw(st.integers(0, len(line) - 1))] = draw(anything)
    return _bytes("\n".join(map(",".join, lines)) + "\n")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


CELLS = TEXT | st.sampled_from(
    ["x" * 140_000, "x" * 100_000, "\ud800" * 30_000, "a\nb", "a\r\nb", "\r", '"\n', "\ufeff"]
)
COUNTS = st.integers() | st.integers(0, 2**60) | st.sampled_from([10**20, 10**400, -(10**400)])


@st.composite
def changed_records(draw: st.DrawFn) -> dict[str, dict[str, object]]:
    """Any values of their type for some fields of a run, of what came of it, of its last epoch, and of the versions."""
    kinds = {str: CELLS, Choice: CELLS.map(lambda text: Choice(text, text)), int: COUNTS, float: st.floats() | COUNTS}
    found: dict[str, dict[str, object]] = {"run": {}, "record": {}, "epoch": {}, "versions": {}}
    places = {"run": Run, "record": Record, "epoch": Epoch, "versions": Versions}
    hints = {part: get_type_hints(cls) for part, cls in places.items()}
    fields = [(part, field.name) for part, cls in places.items() for field in dataclasses.fields(cls)]
    for part, name in draw(st.lists(st.sampled_from(fields), min_size=1, max_size=4)):
        kind = next((kind for kind in kinds if kind in (hints[part][name], *get_args(hints[part][name]))), None)
        if kind is not None:
            found[part][name] = draw(kinds[kind])
    return found


# ---------------------------------------------------------------------------------------------------------------------
def saved(*, packed: bool = False, **arrays: np.ndarray) -> bytes:
    """A NumPy archive as bytes."""
    file = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(file, **arrays)
    return file.getvalue()


def archive(method: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    """A zip file whose members may hold anything."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as target:
        for name, content in members.items():
            target.writestr(f"{name}.npy", content)
    return file.getvalue()


def array_file(descr: str, shape: str, content: bytes, version: bytes = b"\x01\x00") -> bytes:
    """An array in NumPy's form with any header over any content."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"
    text = (header.encode("latin1", "replace") + b"\n")[: 2**16 - 1]  # more, and the first version cannot say it
    return b"\x93NUMPY" + version + struct.pack("<H" if version == b"\x01\x00" else "<I", len(text)) + text + content


GOOD = [
    saved(**small_arrays(n=12)), saved(packed=True, **small_arrays(n=12)), saved(packed=True, **bytes_images(n=8)),
]  # fmt: skip
NAMES = ("x_train", "y_train", "x_test", "y_test")
DESCRS = st.sampled_from(["'<f8'", "'<f4'", "'|u1'", "'<i8'", "'|O'", "'<U9999999'", "'<c16'", "'<M8[s]'", "'|V8'",
                          "'|S0'", "[('a', '<f8')]", "'<f2'", "'>i4'", "'|b1'", "[]", "5", "''"]) | TEXT  # fmt: skip
SHAPES = st.sampled_from(["(12, 4)", "(12,)", "()", "(0,)", "(0, 4)", "(-1,)", "(1000000000000,)", "(3, 2147483648)",
                          "(4294967296, 4294967296, 2)", "(100000, 10000)", "'x'", "(1.5,)",
                          "(True,)"]) | VALUES  # fmt: skip
MEMBERS = st.builds(array_file, DESCRS, SHAPES, st.binary(max_size=64) | st.just(bytes(480)),
                    st.sampled_from([b"\x01\x00", b"\x02\x00", b"\x03\x00", b"\x09\x00"]))  # fmt: skip
DTYPES = st.sampled_from(["f8", "f4", "f2", "g", "u1", "i1", "i8", "u8", "b1", "c16", "U3", "S3", "M8[s]", "V4"])


@st.composite
def odd_arrays(draw: st.DrawFn) -> bytes:
    """A sound archive of four arrays that may not suit each other, or training."""
    arrays = small_arrays(n=12)
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=2)):
        shape = draw(st.lists(st.integers(0, 12), max_size=5))
        values = draw(
            st.sampled_from([0, 1, -1, 255, 1e8, 2147483646, 1e30, 1e308, -1e308, np.nan, np.inf, 1e-320, 2.5])
        )
        with np.errstate(all="ignore"):
            array = np.full(shape, values).astype(draw(DTYPES)) if draw(st.booleans()) else arrays[name].copy()
            if array.size and array.dtype.kind in "fiub" and draw(st.booleans()):
                array.flat[0] = np.asarray(draw(st.sampled_from([0, 1, 2, 7, 127]))).astype(array.dtype)
            if array.size and array.dtype.kind == "f" and draw(st.booleans()):
                array.flat[-1] = values
        arrays[name] = array
    arrays = {name: array for name, array in arrays.items() if not draw(st.booleans()) or draw(st.booleans())}
    return saved(packed=draw(st.booleans()), **arrays)


# ---------------------------------------------------------------------------------------------------------------------
_WORDS = {
    "compare": {
        "--act": TEXT, "--where": WHERE, "--metric": METRICS, "--baseline": TEXT, "--columns": TEXT, "--sort": TEXT,
        "--fail-if": CONDITIONS, "--threshold": VALUES, "--margin": VALUES,
        "--format": st.sampled_from(["table", "csv", "md", "latex", "json", "junit"]) | TEXT,
    },
    "run": {
        "--act": SPELLINGS.map(lambda pair: pair[1]), "--model": SPELLINGS.map(lambda pair: pair[1]), "--data": TEXT,
        "--optimizer": SPELLINGS.map(lambda pair: pair[1]), "--seeds": VALUES, "--seed": VALUES, "--lr": VALUES,
        "--epochs": VALUES, "--limit": VALUES, "--batch-size": VALUES, "--validation-split": VALUES, "--device": TEXT,
        "--precision": TEXT, "--threshold": VALUES, "--jobs": VALUES, "--patience": VALUES, "--data-dir": TEXT,
    },
    "show": {"--": spellings_of(*_catalogue(activations.CATALOGUE))},
    "list": {"--": st.sampled_from(["activations", "datasets", "models", "optimizers", "loggers"]) | TEXT},
}  # fmt: skip


@st.composite
def commands(draw: st.DrawFn) -> list[str]:
    """Words of a command line that trains nothing, as the system lets them through: without the byte 0."""
    name = draw(st.sampled_from(list(_WORDS)))
    options = draw(st.lists(st.sampled_from(list(_WORDS[name])), min_size=1, max_size=3))
    words = [word for option in options for word in (option, draw(_WORDS[name][option]))]
    fixed = {"compare": ["store"], "run": ["--dry-run", "--results", "store"]}.get(name, [])
    return [name, *fixed, *(word.replace("\0", "")[:30_000] for word in words)]


ARCHIVES = st.one_of(
    st.sampled_from(GOOD).flatmap(damaged),
    odd_arrays(),
    st.dictionaries(st.sampled_from(NAMES), MEMBERS, max_size=4).map(lambda members: archive(**members)),
    st.builds(lambda name, member: archive(**{name: member}), st.sampled_from(NAMES), st.binary(max_size=99)),
    st.binary(max_size=99),
)
