"""Data sets: what is read, how it is scaled, cut and split, and every kind of bad file in one clear sentence."""

import hashlib
import io
import os
import pickle
import zipfile

import numpy as np
import pytest
from conftest import bytes_images, small_arrays

from actbench import datasets
from actbench.datasets import CUT_SEED, DATASETS, Request, dataset, default_model, describe
from actbench.errors import UserError
from actbench.models import Shape
from actbench.studies.file import read_study


def load(name, **options):
    return datasets.load(Request(name, **options))


PARTS = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")


def test_digits():
    data = load("digits")
    assert data.x_train.shape == (1437, 8, 8, 1)
    assert data.x_test.shape == (360, 8, 8, 1)
    assert data.input_shape == (8, 8, 1)
    assert data.classes == 10
    assert set(data.y_train) == set(data.y_test) == set(range(10))
    assert (data.x_train.min(), data.x_train.max()) == (0.0, 1.0)
    assert data.x_train.dtype == np.float32
    assert data.y_train.dtype == np.int32
    assert data.x_val.shape == (0, 8, 8, 1)
    counts = np.bincount(data.y_test)
    assert counts.max() - counts.min() <= 3  # stratified


def test_wdbc_is_standardised_on_the_training_part_alone():
    data = load("wdbc", dtype="float64")
    assert data.x_train.shape == (455, 30)
    assert data.x_test.shape == (114, 30)
    assert data.classes == 2
    np.testing.assert_allclose(data.x_train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(data.x_train.std(axis=0), 1, atol=1e-12)
    assert abs(data.x_test.mean(axis=0)).max() > 0.01
    assert load("wdbc").x_train.dtype == np.float32


def test_wdbc_leaves_the_validation_part_out_of_the_scaling():
    data = load("wdbc", validation_split=0.2, dtype="float64")
    np.testing.assert_allclose(data.x_train.mean(axis=0), 0, atol=1e-12)
    assert abs(data.x_val.mean(axis=0)).max() > 0.01


def test_the_bundled_data_is_the_same_at_every_reading():
    assert load("digits").sha256 == load("digits").sha256 != load("wdbc").sha256


def test_a_persons_own_features_are_standardised(npz):
    raw = small_arrays()
    data = load(str(npz()), dtype="float64")
    mean, sd = raw["x_train"].mean(axis=0), raw["x_train"].std(axis=0)
    np.testing.assert_allclose(data.x_train, (raw["x_train"] - mean) / sd, atol=1e-12)
    np.testing.assert_allclose(data.x_test, (raw["x_test"] - mean) / sd, atol=1e-12)
    assert data.y_train.tolist() == raw["y_train"].tolist()
    assert (data.classes, data.input_shape) == (3, (4,))


def test_a_constant_feature_stays_finite(npz):
    arrays = small_arrays()
    arrays["x_train"][:, 1] = arrays["x_test"][:, 1] = 7.0
    data = load(str(npz(**arrays)))
    assert (data.x_train[:, 1] == 0).all()


def test_bytes_become_fractions_of_255_and_grey_images_get_a_channel(npz):
    raw = bytes_images()
    data = load(str(npz(**raw)), dtype="float64")
    assert data.x_train.shape == (40, 4, 4, 1)
    np.testing.assert_array_equal(data.x_train[..., 0], raw["x_train"] / 255.0)
    np.testing.assert_array_equal(data.x_test[..., 0], raw["x_test"] / 255.0)


def test_the_channels_of_colour_images_are_kept(npz):
    assert load(str(npz(**bytes_images(channels=3)))).input_shape == (4, 4, 3)


def test_images_of_floats_are_scaled_by_the_training_part(npz):
    raw = {key: value.astype("float64") if key[0] == "x" else value for key, value in bytes_images().items()}
    raw["x_train"] = np.clip(raw["x_train"], 50, 200)
    data = load(str(npz(**raw)), dtype="float64")
    assert (data.x_train.min(), data.x_train.max()) == (0.0, 1.0)
    np.testing.assert_allclose(data.x_test[..., 0], (raw["x_test"] - 50) / 150, atol=1e-15)


@pytest.mark.parametrize("kind", ["int64", "float64", "float32", "uint16"])
def test_both_parts_are_scaled_alike_when_only_one_holds_bytes(npz, kind):
    """One part was saved as bytes, the other went through some arithmetic: refused, or scaled as the same pixels."""
    raw = bytes_images()
    expected = raw["x_test"] / 255.0
    try:
        data = load(str(npz(**raw | {"x_test": raw["x_test"].astype(kind)})))
    except UserError as error:
        assert "x_test" in str(error)  # noqa: PT017 - either outcome is right
    else:
        np.testing.assert_allclose(data.x_test[..., 0], expected, atol=1e-6)


def test_labels_may_come_in_a_column_or_as_whole_floats(npz):
    plain = load(str(npz()))
    raw = small_arrays()
    column = load(str(npz(y_train=raw["y_train"][:, None], y_test=raw["y_test"][:, None])))
    floats = load(str(npz(y_train=raw["y_train"].astype(float))))
    assert plain.y_train.tolist() == column.y_train.tolist() == floats.y_train.tolist()
    assert plain.sha256 == column.sha256 == floats.sha256


BASE = small_arrays()
GAP = np.where(BASE["y_train"] == 1, 3, BASE["y_train"])
HOLE = BASE["x_train"].copy()
HOLE[3, 2] = np.nan
ENDLESS = np.where(np.isnan(HOLE), np.inf, HOLE)

BAD = {
    "no array": ({"y_test": None}, "has no array 'y_test'; it needs x_train, y_train, x_test, y_test"),
    "text": ({"x_train": np.full((60, 4), "a")}, r"array x_train .* holds <U1, not numbers"),
    "complex": ({"x_test": BASE["x_test"] * 1j}, r"array x_test .* holds complex128, not numbers"),
    "flat inputs": ({"x_train": np.zeros(60)}, r"array x_train .* has shape \(60,\); it must be \(n, features\)"),
    "a scalar": ({"x_train": np.float64(3)}, r"array x_train .* has shape \(\)"),
    "five axes": ({"x_train": np.zeros((60, 2, 2, 2, 2))}, r"array x_train .* has shape \(60, 2, 2, 2, 2\)"),
    "empty training": ({"x_train": np.zeros((0, 4)), "y_train": np.zeros(0, int)}, "array x_train .* is empty"),
    "empty test": ({"x_test": np.zeros((0, 4)), "y_test": np.zeros(0, int)}, "array x_test .* is empty"),
    "no features": ({"x_train": np.zeros((60, 0))}, r"array x_train .* is empty \(shape \(60, 0\)\)"),
    "empty labels": ({"y_test": np.zeros(0, int)}, "array y_test .* is empty"),
    "NaN": ({"x_train": HOLE}, "array x_train .* holds NaN or infinite values. Remove or fill them first"),
    "infinity": ({"x_train": ENDLESS}, "array x_train .* holds NaN or infinite values"),
    "too few labels": ({"y_train": BASE["y_train"][:59]}, "has 60 inputs in x_train, but 59 labels in y_train"),
    "too many labels": ({"y_test": BASE["y_train"]}, "has 30 inputs in x_test, but 60 labels in y_test"),
    "other features": ({"x_test": BASE["x_test"][:, :3]}, r"differ in shape: \(4,\) in x_train, \(3,\) in x_test"),
    "one-hot": ({"y_train": np.eye(3)[BASE["y_train"]]}, r"y_train .* shape \(60, 3\).* not one-hot rows"),
    "negative label": (
        {"y_train": BASE["y_train"] - 1},
        "y_train .* holds the negative label -1; classes count from 0",
    ),
    "half a label": ({"y_train": BASE["y_train"] + 0.5}, "y_train .* must hold whole class numbers 0, 1, 2"),
    "half a later label": ({"y_train": np.r_[BASE["y_train"][:-1], 1.5]}, r"y_train .* must hold whole .*1\.5"),
    "NaN label": ({"y_test": np.full(30, np.nan)}, "y_test .* must hold whole class numbers"),
    "words as labels": ({"y_train": np.full(60, "cat")}, "y_train .* must hold whole class numbers"),
    "a gap": ({"y_train": GAP, "y_test": GAP[:30]}, "have gaps: .* y_train is 3, but class 1 never occurs"),
    "from one": ({"y_train": BASE["y_train"] + 1, "y_test": BASE["y_test"] + 1}, "have gaps: .* class 0 never occurs"),
    "a class in test alone": (
        {"y_test": BASE["y_test"] + 1},
        "has the class 3 in y_test, which never occurs in y_train",
    ),
    "one class": ({"y_train": BASE["y_train"] * 0, "y_test": BASE["y_test"] * 0}, "has only the class 0 in y_train"),
    "beyond 32 bits": ({"y_train": BASE["y_train"] + 2**32}, "y_train|gaps|class"),
    "beyond memory": ({"y_train": BASE["y_train"] + 10**15}, "y_train|gaps|class"),
    "unsigned 64 bits": ({"y_test": BASE["y_test"].astype("uint64") + 2**63}, "y_test|class"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD)
def test_data_that_cannot_be_learned_from_is_refused_in_words(npz, changes, message):
    path = npz(**changes)
    with pytest.raises(UserError, match=message) as refused:
        load(str(path))
    assert path.name in str(refused.value)


class Poison:
    """Its unpickling leaves a mark."""

    def __reduce__(self):
        return (open, ("poisoned", "w"))


def test_pickled_objects_are_never_loaded(npz, own_folder):
    poisoned = np.empty(60, dtype=object)
    poisoned[:] = [Poison() for _ in range(60)]
    path = npz(y_train=poisoned)
    with pytest.raises(UserError, match=r"Cannot read .*data\.npz.* Python objects, which are never loaded"):
        load(str(path))
    path.write_bytes(pickle.dumps(Poison()))
    with pytest.raises(UserError, match=r"Cannot read .*data\.npz"):
        load(str(path))
    assert not (own_folder / "poisoned").exists()


def npy(array):
    text = io.BytesIO()
    np.save(text, array)
    return text.getvalue()


def archive(**members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, value in members.items():
            file.writestr(f"{name}.npy", value if isinstance(value, bytes) else npy(value))
    return content.getvalue()


def enormous():
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**15, 4)})
    return header.getvalue()


def damaged():
    """A compressed archive in whose middle some bytes have changed."""
    content = bytearray(archive(**small_arrays(n=600)))
    middle = len(content) // 4
    content[middle : middle + 40] = bytes(40)
    return bytes(content)


UNREADABLE = {
    "no bytes": b"",
    "text": b"x,y\n1,2\n",
    "one array, no archive": npy(np.zeros(3)),
    "a cut archive": archive(**small_arrays())[:-100],
    "a damaged archive": damaged(),
    "members that are no arrays": archive(**small_arrays() | {"x_train": b"hello"}),
    "a header that promises too much": archive(**small_arrays() | {"x_train": enormous()}),
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_is_no_archive_of_arrays_is_refused(own_folder, content):
    (own_folder / "data.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"data\.npz"):
        load("data.npz")


def test_a_file_that_is_not_there(own_folder):
    with pytest.raises(UserError, match=r"There is no data file 'nowhere\.npz'"):
        load("nowhere.npz")
    (own_folder / "folder.npz").mkdir()
    with pytest.raises(UserError, match=r"folder\.npz"):
        load("folder.npz")


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(UserError, match="Unknown dataset 'digit'. Did you mean 'digits'"):
        load("digit")


def test_a_limit_keeps_the_classes_in_balance_and_always_the_same_inputs():
    one, other = load("digits", limit=205), load("digits", limit=205)
    assert len(one.x_train) == len(one.x_test) == 205
    for labels in (one.y_train, one.y_test):
        counts = np.bincount(labels)
        assert counts.max() - counts.min() <= 1
    for part in PARTS:
        np.testing.assert_array_equal(getattr(one, part), getattr(other, part))
    assert one.sha256 == other.sha256 != load("digits").sha256


def test_a_limit_takes_the_classes_in_turn(npz):
    """As slowly as it can be said: shuffle, then the first of each class, the second of each, and so on."""
    draw = np.random.RandomState(3)
    y = np.concatenate([np.arange(7), draw.randint(0, 7, 200)]).astype("int32")
    arrays = {"x_train": np.zeros((len(y), 4), "float32"), "y_train": y}
    order = np.random.RandomState(CUT_SEED).permutation(len(y)).tolist()
    before = [sum(y[other] == y[place] for other in order[:at]) for at, place in enumerate(order)]
    chosen = sorted(range(len(y)), key=lambda at: before[at])[:60]
    shuffled = [chosen[at] for at in np.random.RandomState(CUT_SEED).permutation(60)]
    assert load(str(npz(**arrays)), limit=60).y_train.tolist() == [y[order[at]] for at in shuffled]


@pytest.mark.slow
def test_a_limit_of_very_many_classes(npz):
    y = np.arange(200_000, dtype="int32")
    x = np.zeros((len(y), 1), "float32")
    path = str(npz(x_train=x, y_train=y, x_test=x, y_test=y))
    assert sorted(load(path, limit=len(y)).y_train.tolist()) == y.tolist()


@pytest.mark.parametrize("name", ["pipe.npz", "pipe.toml"])
def test_a_pipe_is_no_data_and_no_study(own_folder, name):
    os.mkfifo(own_folder / name)
    read = load if name.endswith("npz") else read_study
    with pytest.raises(UserError, match=f"{name}' is a pipe or a device, not a file"):
        read(own_folder / name if read is read_study else name)


def test_a_limit_takes_inputs_with_their_own_labels():
    whole, part = load("digits"), load("digits", limit=50)
    known = {x.tobytes(): y for x, y in zip(whole.x_train, whole.y_train, strict=True)}
    assert [known[x.tobytes()] for x in part.x_train] == part.y_train.tolist()
    assert len({x.tobytes() for x in part.x_train}) == 50


def test_a_limit_mixes_the_classes():
    """A cut sorted by class would put one class alone into the validation part and into every batch."""
    labels = load("digits", limit=500).y_train
    assert set(labels[-100:]) == set(range(10))
    assert (np.diff(labels) < 0).sum() > 100


def test_a_limit_beyond_the_data_keeps_every_input():
    whole, cut = load("digits"), load("digits", limit=10**6)
    assert sorted(map(bytes, cut.x_train)) == sorted(map(bytes, whole.x_train))


def test_a_limit_takes_what_is_left_of_a_rare_class(npz):
    rare = np.r_[np.zeros(50, int), 1, 1, 1, np.full(7, 2)]
    counts = np.bincount(load(str(npz(y_train=rare)), limit=20).y_train)
    assert counts.tolist() == [10, 3, 7]


def test_a_limit_below_the_number_of_classes_is_refused():
    with pytest.raises(UserError, match="A limit of 9 is too small: the data 'digits' has 10 classes"):
        load("digits", limit=9)


@pytest.mark.parametrize(("n", "split"), [(60, 0.1), (60, 0.25), (57, 0.3), (50, 0.07), (60, 1 / 3), (58, 0.29)])
def test_the_validation_split_is_keras_own(npz, n, split):
    from keras.src.trainers.data_adapters.array_slicing import train_validation_split

    raw = small_arrays(n=n)
    kept, val = ([int(i) for i in part[0]] for part in train_validation_split((np.arange(n),), split))
    data = load(str(npz(**raw)), validation_split=split, dtype="float64")
    assert data.y_train.tolist() == raw["y_train"][kept].tolist()
    assert data.y_val.tolist() == raw["y_train"][val].tolist()
    mean, sd = raw["x_train"][kept].mean(axis=0), raw["x_train"][kept].std(axis=0)
    np.testing.assert_allclose(data.x_train, (raw["x_train"][kept] - mean) / sd, atol=1e-12)
    np.testing.assert_allclose(data.x_val, (raw["x_train"][val] - mean) / sd, atol=1e-12)


def test_a_split_that_leaves_nothing_to_validate_or_to_learn_is_refused(npz):
    path = str(npz())
    with pytest.raises(UserError, match="split of 1e-20 of 60 training inputs leaves none for validation"):
        load(path, validation_split=1e-20)
    with pytest.raises(UserError, match="split of 0.99 keeps the last .* of 60 .* missing from training"):
        load(path, validation_split=0.99)
    raw = small_arrays()
    order = np.argsort(raw["y_train"], kind="stable")
    path = str(npz(x_train=raw["x_train"][order], y_train=raw["y_train"][order]))
    with pytest.raises(
        UserError, match="class 2 is then missing from training. Take a smaller split, or --split stratified"
    ):
        load(path, validation_split=0.5)


def test_the_hash_is_of_what_was_used(npz):
    path = str(npz())
    whole = load(path).sha256
    assert load(path, validation_split=0.2).sha256 == whole
    assert load(path, dtype="float64").sha256 == whole
    assert load(path, limit=30).sha256 != whole
    raw = small_arrays()
    raw["x_test"][0, 0] += 1
    assert load(str(npz(**raw))).sha256 != whole
    raw["x_test"][0, 0] -= 1
    assert load(str(npz(**raw))).sha256 == whole
    assert len(whole) == 64
    assert int(whole, 16)


def test_the_facts_are_those_of_the_data(npz):
    for request in (Request(str(npz()), limit=31, validation_split=0.2), Request("digits", validation_split=0.1)):
        data, info = datasets.load(request), datasets.info(request)
        assert info == datasets.DatasetInfo(
            sha256=data.sha256,
            classes=data.classes,
            input_shape=data.input_shape,
            train_size=len(data.x_train),
            val_size=len(data.x_val),
            test_size=len(data.x_test),
            seen_in_training=data.seen_in_training,
        )


def test_the_hash_of_the_bundled_data_is_that_of_its_arrays():
    raw = DATASETS["wdbc"].read(Request("wdbc"))
    digest = hashlib.sha256()
    for key in ("x_train", "y_train", "x_test", "y_test"):
        array = np.ascontiguousarray(raw[key].astype("int32") if key[0] == "y" else raw[key])
        digest.update(f"{key} {array.dtype.str} {array.shape}\n".encode() + array.tobytes())
    assert load("wdbc").sha256 == digest.hexdigest()


def put_mnist(folder, seed):
    folder.mkdir()
    np.savez(folder / "mnist.npz", **bytes_images(seed=seed))
    return load(str(folder / "mnist.npz")).sha256


def test_the_option_goes_before_the_variable(own_folder, monkeypatch):
    asked, set_in_variable = (put_mnist(own_folder / name, seed) for name, seed in (("asked", 1), ("variable", 2)))
    monkeypatch.setenv("ACTBENCH_DATA_DIR", str(own_folder / "variable"))
    assert load("mnist", data_dir=str(own_folder / "asked")).sha256 == asked
    assert load("mnist").sha256 == set_in_variable


def test_a_data_folder_without_the_data_is_named(own_folder):
    with pytest.raises(UserError, match=rf"There is no cifar10\.npz in the data folder '{own_folder}'"):
        load("cifar10", data_dir=str(own_folder))


def test_a_damaged_copy_in_the_data_folder_is_named(own_folder):
    (own_folder / "mnist.npz").write_text("this is a web page")
    with pytest.raises(UserError, match=rf"Cannot read '{own_folder}/mnist\.npz'"):
        load("mnist", data_dir=str(own_folder))


@pytest.fixture
def for_a_while():
    """Whatever a test registers is taken out again."""
    before = {source.name for source in DATASETS}
    yield
    for name in {source.name for source in DATASETS} - before:
        DATASETS.remove(name)


def test_a_reader_is_added_by_the_decorator(for_a_while):
    @dataset(epochs=3, model="mlp(5)", thresholds=(0.5,))
    def blobs(request):
        """Blobs around three points."""
        assert request.name == "blobs"
        return small_arrays()

    assert load("blobs").classes == 3
    source = describe("blobs")
    assert (source.epochs, source.model, source.thresholds) == (3, "mlp(5)", (0.5,))
    assert source.summary == "Blobs around three points."
    with pytest.raises(ValueError, match="'blobs' is registered twice"):
        dataset(epochs=3, model="mlp(5)")(blobs)


@pytest.mark.parametrize(
    ("shape", "model"),
    [((4,), "mlp(100, 50)"), ((8, 8, 1), "mlp(100, 50)"), ((28, 28, 1), "cnn"), ((32, 32, 3), "cnn")],
)
def test_the_model_of_a_persons_own_file_follows_its_inputs(shape, model):
    assert default_model(describe("mine.npz"), Shape(shape)) == model


def test_the_named_data_have_models_and_thresholds_of_their_own():
    assert {source.name for source in DATASETS} >= {"digits", "wdbc", "mnist", "cifar10"}
    assert default_model(DATASETS["cifar10"], Shape((32, 32, 3))) == "cnn"
    assert default_model(DATASETS["mnist"], Shape((28, 28, 1))) == "mlp(100, 50)"
    for source in DATASETS:
        assert source.epochs >= 1
        assert all(0 < threshold < 1 for threshold in source.thresholds)


# What an article drew from MNIST


def put_numbered_mnist(folder, size):
    """An mnist.npz whose every training image holds its own number, and whose labels follow from it."""
    number = np.arange(size)
    x = np.stack([number % 251, number // 251, np.ones(size), np.zeros(size)], axis=1).astype(np.uint8)
    x = x.reshape(size, 2, 2)
    np.savez(folder / "mnist.npz", x_train=x, y_train=number % 10, x_test=x[:40], y_test=number[:40] % 10)


def numbers(x):
    flat = np.rint(x.reshape(len(x), -1) * 255).astype(int)
    return flat[:, 0] + 251 * flat[:, 1]


def test_ten_thousand_images_are_drawn_once_each_and_not_from_those_held_back(own_folder):
    put_numbered_mnist(own_folder, 16_000)
    sound = load("mnist_10k", data_dir=str(own_folder))
    drawn = numbers(sound.x_train)
    assert len(drawn) == len(set(drawn)) == 10_000
    assert drawn.min() >= 5_000
    assert np.array_equal(drawn % 10, sound.y_train)
    assert np.array_equal(numbers(sound.x_test), np.arange(40))


def test_the_overlapping_draw_scores_on_a_fifth_of_the_very_images(own_folder):
    put_numbered_mnist(own_folder, 16_000)
    sound, overlap = (load(name, data_dir=str(own_folder)) for name in ("mnist_10k", "mnist_10k_overlap"))
    assert np.array_equal(sound.x_train, overlap.x_train)
    scored = numbers(overlap.x_test)
    assert len(scored) == len(set(scored)) == 2_000
    assert set(scored) <= set(numbers(overlap.x_train))
    # The article trained on the first fifth alone: about a fifth of the images that it scored on were seen in training.
    assert 350 < len(set(scored) & set(numbers(overlap.x_train[:2_000]))) < 450


def test_drawing_from_a_small_mnist_says_how_many_it_takes(own_folder):
    put_numbered_mnist(own_folder, 14_000)
    with pytest.raises(UserError, match="has 14000 training images; .* takes at least 15000"):
        load("mnist_10k", data_dir=str(own_folder))
