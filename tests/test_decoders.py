"""Published files are read as their publishers, and the libraries that everybody reads them with, mean them."""

import dataclasses
import gzip
import pickle
import sys

import containers
import numpy as np
import pytest
from containers import BATCHES, IMAGES, LETTERS, PHOTOGRAPHS, REVIEWS, TOPICS

from actbench import datasets
from actbench.datasets.fetching.hashes import arrays_hash
from actbench.datasets.published.decoders import cifar, idx, mat, npz, pickles


def assert_same(found, expected):
    assert list(found) == list(expected)
    for key, array in expected.items():
        np.testing.assert_array_equal(found[key], array, err_msg=key)
        assert found[key].dtype == array.dtype
        assert found[key].flags.c_contiguous


def keras_says(monkeypatch, name, *paths, **options):
    """What Keras's own reader makes of the files, as the four arrays."""
    import keras

    module = sys.modules[f"keras.src.datasets.{name}"]
    fetched = iter(paths)
    monkeypatch.setattr(module, "get_file", lambda *_, **__: str(next(fetched)))
    (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data(**options)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def test_four_idx_files(tmp_path):
    arrays = containers.made_up(IMAGES)
    assert_same(idx.decode(containers.idx_files(tmp_path, arrays), IMAGES), arrays)


def test_idx_files_as_keras_reads_them(tmp_path, monkeypatch):
    paths = containers.idx_files(tmp_path, containers.made_up(IMAGES))
    told = keras_says(monkeypatch, "fashion_mnist", *(paths[at] for at in (1, 0, 3, 2)))
    assert_same(idx.decode(paths, IMAGES), told)


def test_emnist_counts_letters_from_0_and_sets_them_upright(tmp_path):
    arrays = containers.made_up(LETTERS)
    arrays["y_train"][:2] = [0, 25]
    assert_same(idx.decode_emnist(containers.emnist_zip(tmp_path / "gzip.zip", arrays), LETTERS, "letters"), arrays)


@pytest.mark.parametrize(
    "pickled",
    [containers.Python2.pickle, lambda batch: pickle.dumps(batch, protocol=2), lambda batch: pickle.dumps(batch, 3)],
)
def test_cifar_as_python_2_and_python_3_write_it(tmp_path, pickled):
    arrays = containers.made_up(PHOTOGRAPHS)
    paths = containers.cifar(tmp_path / "cifar.tar.gz", arrays, pickled)
    assert_same(cifar.decode(paths, PHOTOGRAPHS, BATCHES, "labels"), arrays)


def test_cifar_100_has_fine_labels(tmp_path):
    arrays = containers.made_up(PHOTOGRAPHS)
    paths = containers.cifar(tmp_path / "cifar.tar.gz", arrays, labels="fine_labels")
    assert_same(cifar.decode(paths, PHOTOGRAPHS, BATCHES, "fine_labels"), arrays)


def test_a_batch_as_keras_reads_it(tmp_path):
    from keras.src.datasets.cifar import load_batch

    arrays = containers.made_up(PHOTOGRAPHS)
    path = tmp_path / "test"
    path.write_bytes(containers.Python2.pickle(containers.batches(arrays)["batches/test"]))
    images, labels = load_batch(path)
    np.testing.assert_array_equal(images.transpose(0, 2, 3, 1), arrays["x_test"])
    assert labels == arrays["y_test"].tolist()


def test_nothing_of_an_archive_is_written(tmp_path):
    path = tmp_path / "cifar.tar.gz"
    arrays = containers.made_up(PHOTOGRAPHS)
    members = {name: containers.Python2.pickle(batch) for name, batch in containers.batches(arrays).items()}
    outside = "../outside"
    paths = containers.cifar_tar(path, {**members, outside: b"x", str(tmp_path / "absolute"): b"x"})
    assert_same(cifar.decode(paths, PHOTOGRAPHS, BATCHES, "labels"), arrays)
    assert [*tmp_path.iterdir()] == [path]
    assert not (tmp_path / outside).exists()


@pytest.mark.parametrize("options", [{}, {"do_compression": False}])
def test_svhn_as_scipy_writes_it(tmp_path, options):
    arrays = containers.made_up(PHOTOGRAPHS)
    arrays["y_train"][:2] = [0, 9]
    assert_same(mat.decode_svhn(containers.svhn(tmp_path, arrays, **options), PHOTOGRAPHS), arrays)


def test_svhn_takes_labels_of_any_number(tmp_path):
    import scipy.io

    arrays = containers.made_up(PHOTOGRAPHS)
    paths = containers.svhn(tmp_path, arrays)
    for path, kind in zip(paths, ("f8", "i4"), strict=True):
        content = {key: value for key, value in scipy.io.loadmat(path).items() if not key.startswith("__")}
        scipy.io.savemat(path, {**content, "y": content["y"].astype(kind)}, do_compression=True)
    assert_same(mat.decode_svhn(paths, PHOTOGRAPHS), arrays)


def test_keras_archive_of_mnist(tmp_path, monkeypatch):
    arrays = containers.made_up(IMAGES)
    paths = containers.npz(tmp_path / "mnist.npz", arrays)
    assert_same(npz.decode(paths, IMAGES), arrays)
    assert_same(keras_says(monkeypatch, "mnist", *paths), arrays)


def in_rows(told, words):
    """Keras's lists of word indices as rows that say which of them occur."""
    rows = {}
    for key, array in told.items():
        rows[key] = array
        if key.startswith("x"):
            rows[key] = np.zeros((len(array), words), dtype=bool)
            for row, text in zip(rows[key], array, strict=True):
                for index in text:
                    row[index] = True
    return rows


@pytest.mark.parametrize("protocol", [2, 3])
def test_reviews_are_the_words_that_keras_would_give_in_its_order(tmp_path, monkeypatch, protocol):
    paths = containers.npz(tmp_path / "imdb.npz", containers.reviews(), protocol)
    told = in_rows(keras_says(monkeypatch, "imdb", *paths, num_words=50), 50)
    assert_same(npz.decode_texts(paths, REVIEWS), told)
    assert told["x_train"][:, 1:3].any()  # texts begin, and hold rarer words
    assert len(np.unique(told["x_train"], axis=0)) > 5  # so that their order is seen


@pytest.mark.parametrize("protocol", [2, 3])
def test_news_are_cut_where_keras_cuts_them(tmp_path, monkeypatch, protocol):
    paths = containers.npz(tmp_path / "reuters.npz", containers.topics(), protocol)
    told = in_rows(keras_says(monkeypatch, "reuters", *paths, num_words=50), 50)
    assert_same(npz.decode_topics(paths, TOPICS), told)
    assert len(told["x_train"]) == TOPICS.train


@pytest.mark.parametrize("length", [5, 12, 40])
@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_sequences_are_padded_as_keras_would_pad_them(tmp_path, monkeypatch, name, length):
    import keras

    made, decode, known = {
        "imdb": (containers.reviews, npz.decode_texts, REVIEWS),
        "reuters": (containers.topics, npz.decode_topics, TOPICS),
    }[name]
    paths = containers.npz(tmp_path / f"{name}.npz", made())
    told = keras_says(monkeypatch, name, *paths, num_words=50)
    padded = {
        key: keras.utils.pad_sequences(array, length) if key.startswith("x") else array for key, array in told.items()
    }
    found = decode(paths, dataclasses.replace(known, shape=(length,)), words=50)
    tokens = found.pop("tokens")
    assert_same(found, padded)
    assert len(tokens) == 50
    assert tokens[[0, 1, 2, 49]].tolist() == ["padding", "begin", "other", "49"]
    found["y_train"], found["y_test"] = (np.arange(len(found[f"y_{part}"])) % 2 for part in ("train", "test"))
    np.savez(tmp_path / "kept.npz", tokens=tokens, **found)
    data = datasets.load(datasets.Request(str(tmp_path / "kept.npz")))
    assert (data.vocabulary, data.input_shape, data.input_shape.per_token) == (50, (length,), False)
    assert data.sha256 == arrays_hash(found | {"tokens": tokens})


def test_texts_may_be_arrays_of_words(tmp_path):
    arrays = containers.topics()
    paths = containers.npz(tmp_path / "lists.npz", arrays)
    rows = np.empty(len(arrays["x"]), dtype=object)
    rows[:] = [np.array(text, dtype=np.int64) for text in arrays["x"]]
    others = containers.npz(tmp_path / "arrays.npz", {**arrays, "x": rows})
    assert_same(npz.decode_topics(others, TOPICS), npz.decode_topics(paths, TOPICS))


@pytest.mark.parametrize(
    "value",
    [
        {b"a": [1, 255, 256, 65535, 65536, -1], b"b": (None, True, False, ()), b"c": b"x" * 300},
        [[], {}, [[1], [2, [3]]], (1, 2, 3, 4)],
        list(range(3000)),
    ],
)
def test_pickles_of_both_pythons_hold_what_pythons_own_reader_finds(value):
    old = containers.Python2.pickle(value)
    assert pickle.loads(old, encoding="bytes") == value
    assert pickles.unpickled(old) == value
    assert pickles.unpickled(pickle.dumps(value, protocol=2)) == value
    assert pickles.unpickled(pickle.dumps(value, protocol=3)) == value


@pytest.mark.parametrize("kind", ["u1", "<i8", ">i4", "<f4", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_pickled_arrays_of_any_number(kind, order):
    array = np.asarray(np.arange(24).reshape(2, 3, 4).astype(kind), order=order)
    for protocol in (2, 3):
        found = pickles.unpickled(pickle.dumps([array, array], protocol=protocol))
        np.testing.assert_array_equal(found, [array, array])
        assert found[0].dtype == array.dtype
    np.testing.assert_array_equal(pickles.unpickled(containers.Python2.pickle(np.arange(9))), np.arange(9))


def test_text_beyond_ascii_and_large_numbers():
    value = {"ä": [2**40, -(2**40), "µ" * 300], "b": b"\x00\xff" * 200}
    assert pickles.unpickled(pickle.dumps(value, protocol=2)) == value
    assert pickles.unpickled(pickle.dumps(value, protocol=3)) == value


def test_gzip_in_several_members_is_one_file(tmp_path):
    arrays = containers.made_up(IMAGES)
    paths = containers.idx_files(tmp_path, arrays)
    whole = containers.idx(arrays["x_train"])
    paths[0].write_bytes(gzip.compress(whole[:100]) + gzip.compress(whole[100:]))
    assert_same(idx.decode(paths, IMAGES), arrays)


def test_texts_are_trained_on_as_zeros_and_ones(tmp_path):
    arrays = npz.decode_texts(containers.npz(tmp_path / "imdb.npz", containers.reviews()), REVIEWS)
    np.savez(tmp_path / "mine.npz", **arrays)
    data = datasets.load(datasets.Request(str(tmp_path / "mine.npz")))
    assert data.input_shape == REVIEWS.shape
    np.testing.assert_array_equal(data.x_train, arrays["x_train"])
    assert data.x_train.dtype == np.float32
