"""Input that nobody meant to give, or somebody meant badly: one clear sentence each, at once, and no traceback."""

import json
import string
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import Arm, Task, write

from actbench import activations, datasets, models
from actbench.datasets import Request, npz
from actbench.errors import UserError
from actbench.execution.local import LocalExecutor
from actbench.execution.plan import make_plan
from actbench.registry import choose
from actbench.results.read import MANIFEST, read_manifest
from actbench.studies.file import read_study
from actbench.studies.study import MOST_SEEDS, Study
from actbench.tables.checks import parse_check
from actbench.training.optimizers import OPTIMIZERS

CASES = settings(max_examples=200, deadline=None)
ODD = ["...", "{[1]}", "{1, 2}", "9" * 400, "1e999", "-" * 300 + "1", "[" * 300, "f''"]
LITERALS = st.recursive(
    st.one_of(
        st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=3), st.complex_numbers(), st.none(),
        st.booleans(), st.sampled_from(ODD),
    ).map(lambda value: value if isinstance(value, str) and value[:1] in "{[.-f9" else repr(value)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
        st.lists(inner, max_size=3).map(lambda parts: f"{{{', '.join(parts)}}}"),
        st.tuples(inner, inner).map(lambda pair: f"{{{pair[0]}: {pair[1]}}}"),
        st.tuples(inner, inner).map(lambda pair: f"{pair[0]} + {pair[1]}"),
    ),
    max_leaves=4,
)  # fmt: skip
NAMES = ["swish", "prelu", "frelu", "mlp", "cnn", "adam", "sgd", "relu", "beta", "lambda", ""]
SPELLINGS = st.one_of(
    st.tuples(
        st.sampled_from(NAMES), st.sampled_from(["", "beta=", "alpha=", "momentum=", "*", "**"]), LITERALS
    ).map(lambda parts: f"{parts[0]}({parts[1]}{parts[2]})"),
    st.text(alphabet=string.printable + "\x00\x1b\ud800é…", max_size=30),
)  # fmt: skip


def refused_or_taken(function, *arguments):
    try:
        return function(*arguments)
    except UserError:
        return None


@CASES
@given(SPELLINGS)
def test_any_spelling_is_taken_or_refused_and_what_is_taken_can_be_read_again(text):
    for known in (activations.named, models.named, lambda text: choose(OPTIMIZERS, text)[2]):
        choice = refused_or_taken(known, text)
        if choice:
            assert known(choice.spelling) == choice
            assert known(choice.definition.partition("#")[0]).definition == choice.definition


@pytest.mark.parametrize("spelling", ["swish({[1]})", "swish(beta={1: 2})", "swish(1j)", "swish(b'1')", "swish(...)"])
def test_what_is_no_plain_value_is_refused(spelling):
    with pytest.raises(UserError, match=r"swish"):
        activations.named(spelling)


def test_a_name_full_of_blanks_is_refused_without_looking_at_it_twice():
    with pytest.raises(UserError, match="longer than 1000 characters"):
        activations.named("swish" + " " * 65_536 + "x")
    with pytest.raises(UserError, match="Unknown activation"):
        activations.named("swish" + " " * 900 + "x")


@pytest.mark.parametrize("name", ["\udcff.npz", "\udcff.py:act", "mine.py:\x1b[31m", "a\x00.npz", "a\x00.py:act"])
def test_names_that_no_table_could_hold_are_refused(name):
    for known in (activations.named, datasets.describe):
        with pytest.raises(UserError) as refused:
            known(name)
        assert str(refused.value).isprintable()


EXPRESSIONS = st.recursive(
    st.one_of(
        st.sampled_from(["test_accuracy(relu)", "epochs_to_95(mish)", "runs(a, b)", "1" * 320, "1e999", "True", "'x'"]),
        st.floats(allow_nan=False).map(repr),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["<", "==", "+", "-", "*", "/", "**", "and", "in", "%"]), inner).map(" ".join),
        inner.map(lambda text: f"not {text}"),
        inner.map(lambda text: f"({text})"),
    ),
    max_leaves=8,
)  # fmt: skip


@CASES
@given(st.one_of(EXPRESSIONS, st.text(max_size=30)))
def test_any_condition_is_taken_or_refused(text):
    refused_or_taken(parse_check, text)


@pytest.mark.parametrize(
    "text",
    ["runs(relu) < " + "1" * 320, "not " * 300 + "runs(a) < 1", "runs(a) < " + "1+" * 300 + "1", "-" * 900 + "1 < 2",
     "(" * 300 + "1" + ")" * 300 + "<2 ", "1e999 < runs(a)"],
)  # fmt: skip
def test_conditions_beyond_all_measure_are_refused(text):
    with pytest.raises(UserError, match="--fail-if"):
        parse_check(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = " + "[" * 50_000, "cannot be read"),
        ("x = " + "[" * 400 + "]" * 400, "x is not known"),
        ("name = " + "[" * 400 + "]" * 400, "name is"),
        ("name = " + "9" * 5_000, "cannot be read"),
        ("name = 0x" + "f" * 5_000, "name is"),
        ("[training]\nbatch_size = 0x" + "f" * 5_000, "batch_size is"),
        ("[training]\nlearning_rate = 0x" + "f" * 5_000, "learning_rate is"),
        ("[training]\nepochs = 1e400", "epochs is"),
        ('name = "a\x00b"', "not valid TOML"),
        ('name = "a\\u0000b"', "name is"),
        ('description = "' + "x" * (1 << 20) + '"', "larger than 1 MiB"),
        ("[grid]\nseeds = 1000000000", f"1 to {MOST_SEEDS}"),
        ("[grid]\nseeds = 0x" + "f" * 5_000, f"1 to {MOST_SEEDS}"),
        ("[smoke]\nseeds = 1000000000", f"1 to {MOST_SEEDS}"),
        ('[grid]\nactivation = ["a\\u0000b.py:act"]', "cannot be printed"),
        ('model = "' + "x" * 5_000 + '"', "longer than 1000"),
        ('[variants."\\u001b]52;c;eA"]\nepochs = "x"', "variants"),
        ("grid = 1979-05-27", "grid must be a table"),
        ("[[published]]\ntable = '''\na | test_accuracy\nrelu | " + "9" * 5_000 + " %\n'''", "published"),
    ],
)  # fmt: skip
def test_study_files_beyond_all_measure_are_refused(tmp_path, text, said):
    path = tmp_path / "study.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=said) as refused:
        read_study(path)
    assert len(str(refused.value)) < 2000


@pytest.mark.slow
def test_too_many_runs_are_refused_before_they_are_held_in_memory(invoke):
    many = Study(grid={"seed": list(range(10_000)), "epochs": list(range(1, 100))})
    with pytest.raises(UserError, match="more than 100000 runs"):
        _ = many.expanded
    done = invoke("run", "--seeds", 1_000_000_000)
    assert (done.returncode, "10000" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "manifest",
    [
        "[]", "1", "{", '{"studies": []}', '{"studies": {"a": 1}}', '{"studies": {"a": {"thresholds": ["x"]}}}',
        '{"studies": {"a": {"thresholds": 0.9}}}', '{"studies": {"a": {"checks": "x"}}}', '{"hardware": []}',
        '{"datasets": {"digits": {"sha256": 1}}}', '{"versions": 1}', '{"x": ' + "9" * 5_000 + "}", "[" * 100_000,
        "\udcff",
    ],
)  # fmt: skip
def test_a_manifest_that_is_none_is_refused(tmp_path, manifest):
    (tmp_path / MANIFEST).write_bytes(manifest.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError, match="manifest"):
        read_manifest(tmp_path)


def test_a_manifest_may_hold_more_than_is_read(tmp_path):
    written = {"studies": {"a": {"thresholds": None, "grid": {}}}, "more": 1}
    (tmp_path / MANIFEST).write_text(json.dumps(written))
    assert read_manifest(tmp_path) == written


def arrays(**changed):
    x, y = np.arange(12.0).reshape(4, 3), np.array([0, 1, 0, 1])
    return {"x_train": x, "y_train": y, "x_test": x, "y_test": y} | changed


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "d.npz"
    np.savez_compressed(path, **arrays())
    return path


@CASES
@given(data=st.data())
def test_any_damage_to_an_archive_is_told_or_does_no_harm(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    pack = data.draw(st.sampled_from([np.savez, np.savez_compressed]))
    pack(path, **arrays())
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    refused_or_taken(datasets.info, Request(str(path)))


def test_an_encrypted_or_oddly_packed_archive_is_refused(archive):
    whole = archive.read_bytes()
    for place, value in ((6, 1), (8, 97)):  # the flag of encryption, and a packing that nobody knows
        content = bytearray(whole)
        start = 0
        while (start := content.find(b"PK\x01\x02", start) + 1) > 0:
            content[start - 1 + place + 2] = value
        archive.write_bytes(content)
        with pytest.raises(UserError, match="Cannot read"):
            npz.read_npz(archive)


def test_a_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.npz"
    header = (
        b"\x93NUMPY\x01\x00"
        + struct.pack("<H", 70)
        + f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({2**28}, 8)}}".encode().ljust(70)
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb, bomb.open("x_train.npy", "w") as file:
        file.write(header)
        for _ in range(128):
            file.write(bytes(2**20))
    with pytest.raises(UserError, match="Cannot read"):  # the header promises more than there is
        npz.read_npz(path)
    header = header.replace(str(2**28).encode(), str(2**24).encode().ljust(9))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb, bomb.open("x_train.npy", "w") as file:
        file.write(header)
        for _ in range(128):
            file.write(bytes(2**20))
    assert path.stat().st_size < 2**20
    with pytest.raises(UserError, match=r"takes about 1\.12 GiB of memory, more than the 1 GiB.*--max-memory"):
        datasets.info(Request(str(path), max_memory=1))


@pytest.mark.parametrize("far", [10**8, 2**31 - 2, 2**31, 2**63 - 1])
def test_labels_far_from_zero_are_refused_at_once(tmp_path, far):
    path = tmp_path / "far.npz"
    np.savez(path, **arrays(y_train=np.array([0, 1, 0, far])))
    with pytest.raises(UserError, match="gaps"):
        datasets.info(Request(str(path)))


@pytest.mark.parametrize(
    "changed",
    [
        {"x_train": np.array([[1e308, 1], [-1e308, 2], [1e308, 3], [0, 4]]), "x_test": np.ones((4, 2))},
        {"x_train": np.array([[1, 2], [2, 3], [3, 2], [1, 3]]) / 1e9, "x_test": np.full((4, 2), 1e308)},
        {"x_train": np.full((4, 2, 2), 1e308) * np.array([1, -1, 1, 1])[:, None, None], "x_test": np.ones((4, 2, 2))},
    ],
)
def test_numbers_that_cannot_be_scaled_are_refused(tmp_path, changed):
    path = tmp_path / "large.npz"
    np.savez(path, **arrays(**changed))
    with pytest.raises(UserError, match="cannot be scaled within float32"):
        datasets.info(Request(str(path)))


@pytest.mark.parametrize("cell", ["", "nan", "inf", "soon"])
def test_a_forecast_leaves_out_runs_whose_clocks_cannot_be_read(tmp_path, invoke, cell):
    folder = tmp_path / "store"
    asked = ["run", "--act", "relu", "--limit", "50", "--batch-size", "10", "--epochs", "3", "--dry-run", "--json"]
    known = make_plan(Study(base={"limit": 50, "batch_size": 10, "epochs": 3}), LocalExecutor()).runs[0][0]
    alike = {name: getattr(known, name) for name in ("dataset_sha256", "device", "limit", "batch_size")}
    task = Task("digits", known.model.spelling, settings=alike)

    def spoil(row):
        return row | {"wall_seconds": cell} if row["seed"] == 0 else row

    for seeds, seconds_known in (((0,), False), ((0, 1), True)):
        write(folder, [(task, [Arm("tanh", seeds=seeds)])], edit=spoil)
        done = invoke(*asked, "--results", folder)
        assert done.returncode == 0
        assert (json.loads(done.stdout)["seconds"] is not None) == seconds_known


@pytest.mark.parametrize("gib", ["nan", "-1", "0"])
def test_a_bound_on_memory_that_bounds_nothing_is_refused(own_folder, invoke, gib):
    np.savez("d.npz", x_train=np.zeros((4, 2)), y_train=[0, 1, 0, 1], x_test=np.zeros((2, 2)), y_test=[0, 1])
    done = invoke("run", "--data", "d.npz", "--max-memory", gib, "--dry-run")
    assert done.returncode == 2
    assert f"--max-memory {gib} is no amount of memory" in " ".join(done.stderr.split())
