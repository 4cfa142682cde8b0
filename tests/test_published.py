"""What is declared of published data: whole, as its sources state it, and shown on paper."""

import inspect
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from actbench.datasets import DATASETS
from actbench.datasets.published.files import PUBLISHED
from actbench.models import MODELS
from actbench.registry import choose
from tools import data as pages

NAMES = [
    "cifar10", "cifar100", "emnist_letters", "fashion_mnist", "imdb", "imdb_tokens", "kmnist", "mnist", "reuters",
    "reuters_tokens", "svhn",
]  # fmt: skip
PAGE = Path(__file__).parent.parent / "docs" / "data.md"
FILES = [(entry.name, file) for entry in PUBLISHED for container in entry.containers for file in container.files]


def test_all_are_there():
    assert PUBLISHED.names == NAMES
    assert set(NAMES) < set(DATASETS.names)


@pytest.mark.parametrize("name", NAMES)
def test_a_declaration_is_whole(name):
    entry, source = PUBLISHED[name], DATASETS[name]
    assert entry.summary == source.summary
    assert re.fullmatch(r"[\d,]+ .+ classes.+\(.+\)\.", entry.summary)
    assert all(re.search(words, text) for words, text in ((r"\b(19|20)\d\d\b", entry.source), (".", entry.licence)))
    assert urlsplit(entry.home).scheme in ("http", "https")
    choose(MODELS, source.model)
    known = entry.containers[0].decode.keywords["known"]
    assert 0 < source.chance < source.thresholds[0] < source.thresholds[1] < source.thresholds[2] < 1
    assert source.chance >= round(1 / known.classes, 4)
    assert str(known.classes) in entry.summary
    assert f"{known.train + known.test:,}" in entry.summary
    assert {container.decode.keywords["known"] for container in entry.containers} == {known}


@pytest.mark.parametrize(("name", "file"), FILES, ids=[f"{name}-{file.name}" for name, file in FILES])
def test_a_file_can_be_fetched_and_proved(name, file):
    assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
    assert re.fullmatch(r"[0-9a-f]{32}", file.md5)
    assert file.size > 1000
    assert len(set(file.mirrors)) == len(file.mirrors) > 1
    assert urlsplit(file.mirrors[0]).scheme == "https"
    for mirror in file.mirrors:
        assert urlsplit(mirror).path.rpartition("/")[2] == file.name
    schemes = [urlsplit(mirror).scheme for mirror in file.mirrors]
    assert schemes == sorted(schemes, reverse=True)  # those without TLS come last
    assert file.kept_as
    assert all(re.fullmatch(r"(keras|torchvision):[\w.-]+(/[\w.-]+)*", place) for place in file.kept_as)


def test_no_two_files_are_taken_for_each_other():
    files = {file for _, file in FILES}
    assert len({file.sha256 for file in files}) == len({file.md5 for file in files}) == len(files)
    places = [(place, file.name) for file in files for place in file.kept_as]
    assert len({place for place, _ in places}) == len(places)


@pytest.mark.parametrize("name", ["cifar10", "cifar100", "imdb", "mnist", "reuters"])
def test_keras_states_the_same_hash_and_address(name):
    import keras

    told = inspect.getsource(getattr(keras.datasets, name).load_data)
    file = PUBLISHED[name].containers[0].files[0]
    assert file.sha256 in told
    host = re.search(r'"(https://[^"]+/)(?:[^"/]*)"', told).group(1)
    assert any(mirror == f"{host}{file.name}" for mirror in file.mirrors)


def test_keras_keeps_its_files_where_they_are_looked_for():
    import keras

    told = inspect.getsource(keras.datasets.fashion_mnist.load_data)
    assert '"datasets", "fashion-mnist"' in told
    assert "keras:fashion-mnist/train-labels-idx1-ubyte.gz" in PUBLISHED["fashion_mnist"].containers[0].files[1].kept_as
    for name in ("cifar10", "cifar100"):
        folder = re.search(r'dirname = "([\w-]+)"', inspect.getsource(getattr(keras.datasets, name).load_data)).group(1)
        assert f"keras:{folder}_archive" in PUBLISHED[name].containers[0].files[0].kept_as
    assert 'f"{fname}_archive"' in inspect.getsource(keras.utils.get_file)


def test_the_page_is_written_from_the_declarations():
    page = PAGE.read_text(encoding="utf-8")
    assert pages.with_lists(page) == page, "run 'python -m tools.data'"
    with pytest.raises(ValueError, match="lacks the lines"):
        pages.with_lists("# Data\n")


def test_the_page_says_what_becomes_of_each():
    page = PAGE.read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    for entry in PUBLISHED:
        known = entry.containers[0].decode.keywords["known"]
        (row,) = [line for line in rows if f"`{entry.name}`" in line]
        counts = f"{known.train:,} and {known.test:,}"
        what = "tokens" if entry.name.endswith("_tokens") else "truth values"
        shape = f"{known.shape[0]:,} {what}" if len(known.shape) == 1 else str(known.shape)
        assert counts in row
        assert shape in row
        assert f"… {known.classes - 1}" in row or "1 positive" in row


def test_the_texts_have_as_many_columns_as_are_said():
    known = PUBLISHED["imdb"].containers[0].decode.keywords["known"]
    page = PAGE.read_text(encoding="utf-8")
    assert f"num_words={known.shape[0]}" in page
    for name in ("imdb_tokens", "reuters_tokens"):
        decode = PUBLISHED[name].containers[0].decode
        assert f"the last {decode.keywords['known'].shape[0]} tokens of {decode.keywords['words']:,}" in page
    reuters = PUBLISHED["reuters"].containers[0].decode.keywords["known"]
    total = reuters.train + reuters.test
    assert f"int({total} · (1 − 0.2))" in page
    assert int(total * (1 - 0.2)) == reuters.train
