"""A person's own data: tables, folders of images, texts, and names in collections; splits, and what was trained on."""

import json
import os
import sys
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import program, small_arrays
from PIL import Image

from actbench import datasets
from actbench.datasets import DATASETS, Request, describe, file_of
from actbench.datasets.own import KINDS, kind_of
from actbench.datasets.splits import SPLIT_SEED, cut, stratified
from actbench.errors import UserError
from actbench.results.read import read_runs

COLOURS = ("blue", "green", "red")


def load(name, **options):
    return datasets.load(Request(str(name), **options))


def write_table(path, n=60, **columns):
    """A table of two numbers, a word and a class, in which the class follows from the first number."""
    draw = np.random.RandomState(0)
    frame = pd.DataFrame(
        {
            "width": draw.rand(n).round(3),
            "height": draw.randint(1, 9, n),
            "colour": draw.choice(COLOURS, n),
        }
    )
    frame["kind"] = np.where(frame["width"] > 0.5, "large", "small")
    for name, values in columns.items():
        frame[name] = values
    frame.to_csv(path, index=False, sep="\t" if str(path).endswith(".tsv") else ",")
    return frame


@pytest.mark.parametrize("name", ["t.csv", "T.CSV", "t.tsv"])
def test_a_table_of_numbers_and_words(own_folder, name):
    frame = write_table(own_folder / name)
    found = datasets.prepare(Request(name, target="kind"))
    assert found.class_names == ("large", "small")
    x = np.concatenate([found.arrays["x_train"], found.arrays["x_test"]])
    y = np.concatenate([found.arrays["y_train"], found.arrays["y_test"]])
    assert x.shape == (60, 2 + len(COLOURS))
    expected = {
        (row.width, float(row.height), *(float(row.colour == c) for c in COLOURS), int(row.kind == "small"))
        for row in frame.itertuples()
    }
    assert {(*map(float, row), int(label)) for row, label in zip(x, y, strict=True)} == expected
    assert len(found.arrays["y_test"]) == 12


def test_classes_may_be_numbers_and_need_not_begin_at_zero(own_folder):
    write_table(own_folder / "t.csv", kind=np.arange(60) % 3 * 10 + 5)
    found = datasets.prepare(Request("t.csv", target="kind"))
    assert found.class_names == ("5", "15", "25")
    assert np.bincount(found.arrays["y_train"]).tolist() == [16, 16, 16]


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (
            {},
            {},
            "Which column of 't.csv' holds the classes.*--target; it has 'width', 'height', 'colour', 'kind'",
        ),
        ({}, {"target": "kin"}, "has no column 'kin'. Did you mean 'kind'"),
        (
            {},
            {"target": "width"},
            "'width' of 't.csv' holds 59 different values in 60 rows, like 0.* a measurement",
        ),
        ({"kind": ["a", None] * 30}, {"target": "kind"}, "30 rows of 't.csv' have no 'kind'"),
        (
            {"height": [None, *range(59)]},
            {"target": "kind"},
            "are missing in 't.csv': height 1 of 60 rows.*--impute",
        ),
        ({"colour": [None, *["x"] * 59]}, {"target": "kind"}, "Values are missing in 't.csv': colour 1 of 60"),
        (
            {"id": [f"n{i * 7}" for i in range(120)]},
            {"target": "kind"},
            "'id' .* holds 120 different words, like 'n0'",
        ),
        ({"kind": "one"}, {"target": "kind"}, "has only the class 0"),
        (
            {"kind": list(range(0, 240, 4))},
            {"target": "kind"},
            "'kind' .* 60 different values in 60 rows.* a measurement",
        ),
        ({"day": ["2026-11-21", "2026-01-02"] * 30}, {"target": "kind"}, "'day' .* 2 different words.*: dates"),
        ({"id": list(range(7, 67))}, {"target": "kind"}, "'id' of 't.csv' counts the rows, from 7 to 66"),
        ({"width": np.inf}, {"target": "kind"}, "infinite"),
        ({"width": [None] * 60}, {"target": "kind", "impute": "median"}, "Feature .* of 't.csv' has no number"),
        (
            {},
            {"target": "kind", "image_size": "8"},
            "resizes the images in a folder: that is not for 't.csv'",
        ),
        ({}, {"target": "kind", "test_split": 1e-20}, "A test split of 1e-20 of 60 inputs of 't.csv' leaves none"),
    ],
)
def test_tables_that_cannot_be_used_are_refused_in_words(own_folder, columns, options, message):
    write_table(
        own_folder / "t.csv", n=max([60, *(len(c) for c in columns.values() if isinstance(c, list))]), **columns
    )
    with pytest.raises(UserError, match=message):
        load("t.csv", **options)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "No columns to parse"),
        (b"a,kind\n", "has no rows"),
        (b"a;kind\n1,5;x\n2,5;y\n", "seem to be separated by ';'. Save it with commas"),
        (b"a,kind,a\n1,x,1\n", "has 'a' twice. Give each column a name of its own"),
        (b"kind\nx\ny\n", "no column besides the target"),
        (b"a,kind\n1,x,3\n2,y,4\n", "more cells than its heading"),
        (b"a,kind\n1,x\n2,y,4,5\n", "as a table: .*[Ee]xpected 2 fields"),
        (b"a,kind\n\xff\xfe,x\n", "is not UTF-8"),
        (b'a,kind\n"1,x\n', "as a table"),
        (b"\x00\x01\x02", "t.csv"),
    ],
)
def test_files_that_are_no_tables(own_folder, content, message):
    (own_folder / "t.csv").write_bytes(content)
    with pytest.raises(UserError, match=message):
        load("t.csv", target="kind")


def test_a_table_that_would_not_fit_into_memory_is_refused_before_it_is_read(own_folder, monkeypatch):
    write_table(own_folder / "t.csv", n=5000)
    monkeypatch.setattr(pd, "read_csv", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(UserError, match=r"'t\.csv' takes about .* GiB of memory, more than the 0\.0001 GiB"):
        load("t.csv", target="kind", max_memory=1e-4)


def test_words_that_could_be_missing_values_are_words_among_words(own_folder):
    write_table(own_folder / "t.csv", colour=["NA", "None", "red"] * 20, kind=["NA", "null"] * 30)
    found = datasets.prepare(Request("t.csv", target="kind"))
    assert found.class_names == ("NA", "null")
    assert found.feature_names == ("width", "height", "colour_NA", "colour_None", "colour_red")
    write_table(own_folder / "t.csv", height=["NA", "?", *map(str, range(58))])
    with pytest.raises(UserError, match="height 2 of 60 rows"):
        load("t.csv", target="kind")


def test_a_column_is_of_one_type_however_long_the_table_is(own_folder):
    """In pandas' default, the beginning of a long column may be numbers and its end words."""
    n = 300_000
    word, number = np.full(n, "5", dtype=object), np.arange(n) % 2
    word[::2], word[-1] = "7", "x"
    pd.DataFrame({"word": word, "b": number, "kind": number}).to_csv("t.csv", index=False)
    assert datasets.prepare(Request("t.csv", target="kind")).feature_names == ("b", "word_5", "word_7", "word_x")
    found = datasets.prepare(Request("t.csv", target="word"))
    assert found.class_names == ("5", "7", "x")


def test_columns_that_words_become_are_part_of_the_memory_that_is_needed(own_folder):
    words = {f"c{number}": [f"w{(row * number) % 97}" for row in range(2000)] for number in range(1, 20)}
    write_table(own_folder / "t.csv", n=2000, **words)
    with pytest.raises(UserError, match="takes about 0.0.* GiB of memory, more than the 0.03 GiB"):
        load("t.csv", target="kind", max_memory=0.03)


def test_missing_numbers_are_filled_by_what_is_trained_on_alone(npz):
    raw = small_arrays()
    raw["x_train"][[3, 50], 1] = np.nan
    raw["x_test"][2, 0] = np.nan
    path = npz(**raw)
    found = datasets.prepare(Request(str(path), impute="median", validation_split=0.25))
    first = 45
    medians = np.nanmedian(raw["x_train"][:first], axis=0)
    assert (found.arrays["x_train"][[3, 50], 1] == medians[1]).all()
    assert found.arrays["x_test"][2, 0] == medians[0]
    with pytest.raises(UserError, match="holds NaN or infinite values.*--impute median"):
        load(path)
    assert load(path, impute="median").sha256 != load(path, impute="median", validation_split=0.25).sha256


def save_images(folder, counts, *, size=(6, 5), mode="RGB", name="{}.png"):
    """Images of noise, as many of each class as counted; returns their pixels by class."""
    draw = np.random.RandomState(1)
    pixels = {}
    for label, count in counts.items():
        (folder / label).mkdir(parents=True)
        shape = (count, *size) if mode == "L" else (count, *size, 3)
        pixels[label] = draw.randint(0, 256, shape).astype("uint8")
        for number, image in enumerate(pixels[label]):
            Image.fromarray(image).save(folder / label / name.format(number))
    return pixels


@pytest.mark.parametrize("spelled", ["pets", "pets/"])
def test_a_folder_of_images_with_a_test_part(own_folder, spelled):
    train = save_images(own_folder / "pets" / "train", {"cat": 7, "dog": 5})
    test = save_images(own_folder / "pets" / "test", {"cat": 2, "dog": 3})
    (own_folder / "pets" / "train" / "cat" / "notes.txt").write_text("no image")
    (own_folder / "pets" / "train" / ".hidden").mkdir()
    found = datasets.prepare(Request(spelled))
    assert found.class_names == ("cat", "dog")
    for part, pixels in (("train", train), ("test", test)):
        x, y = found.arrays[f"x_{part}"], found.arrays[f"y_{part}"]
        for number, label in enumerate(("cat", "dog")):
            assert sorted(map(bytes, x[y == number])) == sorted(map(bytes, pixels[label]))
    assert (np.diff(found.arrays["y_train"]) != 0).sum() > 1  # shuffled
    with pytest.raises(UserError, match="--test-split is for data without a test part; 'pets/' has one"):
        load("pets/", test_split=0.5)


def test_a_folder_of_grey_images_without_a_test_part(own_folder):
    save_images(own_folder / "grey", {"a": 10, "b": 20}, mode="L")
    found = datasets.prepare(Request("grey", test_split=0.5))
    assert found.arrays["x_train"].shape == (15, 6, 5, 1)
    assert np.bincount(found.arrays["y_test"]).tolist() == [5, 10]


def test_images_are_resized_turned_and_brought_to_one_kind(own_folder):
    folder = own_folder / "mixed"
    for label in ("a", "b"):
        (folder / label).mkdir(parents=True)
        for number in range(3):
            Image.fromarray(np.full((10 + number, 20), 7, "uint8")).save(folder / label / f"{number}.png")
    with pytest.raises(UserError, match="differ in size, like 20×10 and 20×12 pixels. Give --image-size"):
        load("mixed")
    assert load("mixed", image_size="4x6").x_train.shape[1:] == (4, 6, 1)
    turned = Image.fromarray(np.arange(200, dtype="uint8").reshape(10, 20))
    exif = turned.getexif()
    exif[0x0112] = 6  # a quarter turn
    for label in ("a", "b"):
        for number in range(3):
            turned.save(folder / label / f"{number}.png", exif=exif)
    x = datasets.prepare(Request("mixed")).arrays["x_train"]
    assert x.shape[1:] == (20, 10, 1)
    np.testing.assert_array_equal(x[0, ..., 0], np.rot90(np.arange(200).reshape(10, 20), -1))
    deep = np.linspace(0, 65535, 48).astype("uint16").reshape(6, 8)
    for label in ("a", "b"):
        for number in range(3):
            Image.fromarray(deep).save(folder / label / f"{number}.png")
    x = datasets.prepare(Request("mixed")).arrays["x_train"]
    np.testing.assert_array_equal(x[0, ..., 0], (deep / 257).round())


def bad_image(folder):
    (folder / "a" / "0.png").write_bytes(b"no picture")


def cut_image(folder):
    whole = (folder / "a" / "0.png").read_bytes()
    (folder / "a" / "0.png").write_bytes(whole[: len(whole) // 2])


def empty_class(folder):
    (folder / "c").mkdir()


def nested(folder):
    (folder / "a" / "more").mkdir()


def unread(folder):
    (folder / "a" / "photo.HEIC").touch()


def validation_folder(folder):
    (folder / "train").mkdir()
    for label in ("a", "b"):
        (folder / label).rename(folder / "train" / label)
    (folder / "val").mkdir()


def floats(folder):
    Image.fromarray(np.ones((4, 4), "float32")).save(folder / "a" / "0.tif")


def class_in_test_alone(folder):
    (folder / "train").mkdir()
    for label in ("a", "b"):
        (folder / label).rename(folder / "train" / label)
    save_images(folder / "test", {"z": 1})


def one_class(folder):
    for file in (folder / "b").iterdir():
        file.unlink()
    (folder / "b").rmdir()


@pytest.mark.parametrize(
    ("spoil", "options", "message"),
    [
        (bad_image, {}, "Cannot read the image .*0.png': UnidentifiedImageError"),
        (cut_image, {}, "Cannot read the image .*0.png'"),
        (empty_class, {}, "holds no image"),
        (class_in_test_alone, {}, "has 'z', which is no class of the training part"),
        (nested, {}, "more' is a folder; images lie directly in the folder of their class"),
        (unread, {}, "photo.HEIC' is not read"),
        (validation_folder, {}, "has 'val' beside train/, and only test/ would be read"),
        (floats, {}, "0.tif': ValueError: its pixels are floating-point numbers"),
        (one_class, {}, "has 1 folders in it; it takes one for each class"),
        (lambda _: None, {"image_size": "0"}, "--image-size '0' is no size"),
        (lambda _: None, {"image_size": "8x"}, None),
        (lambda _: None, {"image_size": "x8"}, "is no size"),
        (lambda _: None, {"image_size": "99999"}, "is no size"),
        (lambda _: None, {"max_memory": 1e-7}, "GiB of memory"),
        (lambda _: None, {"target": "a"}, "--target names the column of a table"),
    ],
)
def test_folders_that_cannot_be_used_are_refused_in_words(own_folder, spoil, options, message):
    save_images(own_folder / "f", {"a": 5, "b": 5})
    spoil(own_folder / "f")
    if message is None:
        assert load("f", **options).x_train.shape[1:] == (8, 8, 3)
        return
    with pytest.raises(UserError, match=message):
        load("f", **options)


def test_grey_stays_grey_and_what_is_transparent_is_white(own_folder):
    ramp = np.linspace(0, 65535, 48).astype(">u2").reshape(6, 8)
    for label in ("a", "b"):
        (own_folder / "f" / label).mkdir(parents=True)
        Image.fromarray(ramp.astype("uint16")).save(own_folder / "f" / label / "0.tif")
        big = Image.frombytes("I;16B", (8, 6), ramp.tobytes())
        big.save(own_folder / "f" / label / "1.tif")
    x = datasets.prepare(Request("f")).arrays["x_train"]
    assert x.shape[1:] == (6, 8, 1)
    for image in x:
        np.testing.assert_array_equal(image[..., 0], (ramp / 257).round())
    for label in ("a", "b"):
        for number, alpha in ((0, 0), (1, 255)):
            pixels = np.full((6, 8, 2), (40, alpha), "uint8")
            (own_folder / "f" / label / f"{number}.tif").unlink()
            Image.fromarray(pixels, "LA").save(own_folder / "f" / label / f"{number}.png")
    found = datasets.prepare(Request("f", test_split=0.5)).arrays
    shades = sorted(int(image[0, 0, 0]) for part in ("x_train", "x_test") for image in found[part])
    assert shades == [40, 40, 255, 255]


def test_no_image_runs_a_program(own_folder, monkeypatch):
    """Pillow would give this to Ghostscript, whatever the file is called."""
    save_images(own_folder / "f", {"a": 5, "b": 5})
    (own_folder / "bin").mkdir()
    (own_folder / "bin" / "gs").write_text(f"#!/bin/sh\ntouch {own_folder}/run\n")
    (own_folder / "bin" / "gs").chmod(0o755)
    monkeypatch.setenv("PATH", str(own_folder / "bin"), prepend=os.pathsep)
    (own_folder / "f" / "a" / "0.png").write_text(
        "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
    )
    monkeypatch.setattr("PIL.EpsImagePlugin.gs_binary", None)
    with pytest.raises(UserError, match="Cannot read the image"):
        load("f")
    assert not (own_folder / "run").exists()


def test_images_that_claim_to_be_enormous_are_not_unpacked(own_folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    save_images(own_folder / "f", {"a": 3, "b": 3})
    with pytest.raises(UserError, match="DecompressionBomb"):
        load("f")


def test_a_folder_that_is_called_like_a_data_set_does_not_take_its_place(own_folder):
    save_images(own_folder / "digits", {"a": 3, "b": 3})
    assert load("digits").classes == 10
    assert load("digits/").classes == 2


WRITTEN = "the cat sat on the mat. " * 60


def spelled(found, array):
    """The text of some of its tokens."""
    names = found.arrays["tokens"]
    return "".join(names[array.ravel()])


def test_a_text_asks_which_character_comes_next_after_each(own_folder):
    (own_folder / "t.txt").write_text(WRITTEN)
    found = datasets.prepare(Request("text:t.txt(block=7)"))
    assert found.class_names == tuple(found.arrays["tokens"]) == tuple(sorted(set(WRITTEN)))
    first = int(len(WRITTEN) * 0.9)
    blocks = (first - 1) // 7
    assert found.arrays["x_train"].shape == found.arrays["y_train"].shape == (blocks, 7)
    assert spelled(found, found.arrays["x_train"]) == WRITTEN[: 7 * blocks]
    assert spelled(found, found.arrays["y_train"]) == WRITTEN[1 : 7 * blocks + 1]
    assert WRITTEN[first:].startswith(spelled(found, found.arrays["x_test"]))
    assert len(found.arrays["x_test"]) == (len(WRITTEN) - first - 1) // 7
    assert found.seen_in_training is None
    half = datasets.prepare(Request("text:t.txt(block=7)", test_split=0.5))
    assert len(half.arrays["y_train"]) == (720 - 1) // 7


def test_a_text_may_ask_after_a_block_alone(own_folder):
    (own_folder / "t.txt").write_text(WRITTEN)
    found = datasets.prepare(Request("text:t.txt(block=4, each=False)"))
    x, y = found.arrays["x_train"], found.arrays["y_train"]
    assert x.shape == (int(len(WRITTEN) * 0.9) - 4, 4)
    for place in (0, 17, 400):
        assert spelled(found, x[place]) == WRITTEN[place : place + 4]
        assert found.class_names[y[place]] == WRITTEN[place + 4]
    # What is first in the text and nowhere else follows on no block: a token, and no class.
    (own_folder / "t.txt").write_text("aaaaaaaaaaaa" + WRITTEN.replace("a", ".") + "a")
    found = datasets.prepare(Request("text:t.txt(block=12, each=False)"))
    assert "a" in found.arrays["tokens"]
    assert "a" not in found.class_names
    assert found.class_names[found.arrays["y_train"][0]] == "t"


def test_rare_characters_are_one_token(own_folder):
    (own_folder / "t.txt").write_text("abcdefgh" * 100 + "é" + "abcdefgh" * 100)
    found = datasets.prepare(Request("text:t.txt(block=2)"))
    assert found.class_names == (*"abcdefgh", "other")
    assert (found.arrays["y_train"] == 8).sum() == 1
    (own_folder / "t.txt").write_text("abcdefgh" * 200 + "é" + "abcdefgh" * 3)
    found = datasets.prepare(Request("text:t.txt(block=2)"))
    assert (found.arrays["x_test"] == 8).sum() + (found.arrays["y_test"] == 8).sum() >= 1


def test_bytes_are_tokens_of_any_file(own_folder):
    (own_folder / "b.bin").write_bytes(bytes([0, 65, 255]) * 500)
    found = datasets.prepare(Request("text:b.bin(block=5, unit='bytes')"))
    assert found.class_names == ("0x00", "A", "0xff")
    assert found.arrays["x_train"][0].tolist() == [0, 1, 2, 0, 1]


def test_a_text_is_its_content_wherever_it_lies(own_folder):
    (own_folder / "t.txt").write_text(WRITTEN)
    (own_folder / "u.txt").write_text(WRITTEN)
    (own_folder / "v.txt").write_text(WRITTEN.replace("mat", "rug"))
    one, same, other = (datasets.info(Request(f"text:{name}.txt")).sha256 for name in "tuv")
    assert one == same != other


@pytest.mark.parametrize(
    ("content", "spelled", "message"),
    [
        (b"short", "text:t.txt", "'t.txt' is too short"),
        (b"", "text:t.txt", "is too short"),
        (b"a" * 4000, "text:t.txt", "is one character, again and again"),
        (b"\xff\xff" * 500, "text:t.txt", "is not UTF-8"),
        (b"ab" * 500, "text:t.txt(block=0)", "block=0; allowed is a whole number >= 1"),
        (b"ab" * 500, "text:u.txt", "There is no text 'u.txt'"),
        (b"ab" * 500, "text:t.txt(size=3)", "has no parameter 'size'"),
    ],
)
def test_texts_that_cannot_be_used(own_folder, content, spelled, message):
    (own_folder / "t.txt").write_bytes(content)
    with pytest.raises(UserError, match=message):
        load(spelled)


def test_a_long_text_gives_every_second_place_or_third(own_folder, monkeypatch):
    monkeypatch.setattr("actbench.datasets.own.text.MOST_INPUTS", 300)
    (own_folder / "t.txt").write_text(WRITTEN)
    assert 200 < len(load("text:t.txt(each=False)").x_train) <= 300


def test_openml(own_folder, monkeypatch):
    frame = write_table(own_folder / "t.csv")
    asked = []

    def fetch(name, **options):
        asked.append((name, options))
        column = options.get("target_column", "kind")
        return types.SimpleNamespace(data=frame.drop(columns=column), target=frame[column])

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch)
    monkeypatch.setenv("ACTBENCH_OFFLINE", "")
    found = datasets.prepare(Request("openml:things(version=3)"))
    own = datasets.prepare(Request("t.csv", target="kind"))
    assert found.info == own.info
    assert asked == [("things", {"version": 3, "as_frame": True, "parser": "auto"})]
    assert datasets.prepare(Request("openml:things", target="colour")).class_names == COLOURS

    def fail(*_, **__):
        raise OSError("Dataset things with version 1 not found.\nmore")

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fail)
    with pytest.raises(UserError, match=r"^Cannot get 'openml:things': Dataset things with version 1 not found\.$"):
        load("openml:things")
    monkeypatch.setenv("ACTBENCH_OFFLINE", "1")
    with pytest.raises(UserError, match="--offline keeps to this machine"):
        load("openml:things")


@pytest.mark.parametrize(("name", "extra"), [("hf:things", "hf"), ("tfds:things", "tfds")])
def test_a_collection_whose_library_is_not_installed(monkeypatch, name, extra):
    for module in ("datasets", "tensorflow_datasets"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError, match=f"is not installed: install actbench with the extra {extra}"):
        load(name)


@pytest.mark.parametrize("share", [0.1, 0.2, 1 / 3, 0.5, 0.9])
def test_a_stratified_part_has_its_share_of_each_class(share):
    draw = np.random.RandomState(2)
    for labels in (draw.randint(0, 5, 303), np.repeat([0, 1, 2], [200, 10, 2]), np.arange(40) % 2):
        drawn = stratified(labels, share, seed=1)
        sizes, counts = np.bincount(labels), np.bincount(labels[drawn], minlength=labels.max() + 1)
        assert (counts < sizes).all()
        assert (abs(counts - share * sizes) < 1 + 1e-9).all()  # a class that keeps its only input gives to another
        assert drawn.sum() == len(labels) - int(len(labels) * (1 - share))
        np.testing.assert_array_equal(drawn, stratified(labels, share, seed=1))
    assert (stratified(labels, share, seed=1) != stratified(labels, share, seed=2)).any()


def test_a_limit_leaves_rare_classes_in_the_validation_part(npz):
    y = np.r_[np.zeros(950, int), np.ones(50, int)]
    path = npz(x_train=np.random.RandomState(0).rand(1000, 4), y_train=y, y_test=np.arange(30) % 2)
    counts = np.bincount(load(path, limit=100, validation_split=0.2).y_val)
    assert counts.min() >= 5  # of 10 and 10 expected


def test_a_validation_part_without_a_class_is_refused(npz):
    raw = small_arrays(n=300)
    order = np.argsort(raw["y_train"], kind="stable")
    path = npz(x_train=raw["x_train"][order], y_train=raw["y_train"][order])
    with pytest.raises(UserError, match="hold none of class 0: the data seems to be sorted. Give --split stratified"):
        load(path, validation_split=0.2)
    assert set(load(path, validation_split=0.2, split="stratified").y_val) == {0, 1, 2}


def test_truths_stay_and_what_training_never_saw_is_nothing(npz):
    raw = small_arrays()
    raw["x_train"][:, 1] = np.arange(60) % 2
    raw["x_test"][:, 1] = 1
    raw["x_train"][:, 2], raw["x_test"][:, 2] = 0, 1  # a word of the test part
    raw["x_train"][:, 3], raw["x_test"][:, 3] = 0.1, 0.2  # whose standard deviation is not quite 0
    data = load(npz(**raw))
    assert (data.x_train[:, 1] == raw["x_train"][:, 1]).all()
    assert (data.x_test[:, 1] == 1).all()
    assert (data.x_train[:, 2:] == 0).all()
    assert (data.x_test[:, 2:] == 0).all()


def test_what_is_drawn_stays_drawn():
    """Another draw is other data, under other hashes and keys: the draws of every version are these."""
    labels = np.repeat([0, 1, 2], [7, 5, 3])
    assert np.flatnonzero(stratified(labels, 0.4, SPLIT_SEED)).tolist() == [2, 3, 6, 7, 10, 13]
    rows = {"x_train": np.arange(15), "y_train": labels, "x_test": np.arange(15), "y_test": labels}
    assert cut("it", rows, 6)["x_train"].tolist() == [13, 14, 8, 6, 1, 9]


def test_a_stratified_validation_part_leaves_the_rest_in_order_and_scales_by_it(npz):
    raw = small_arrays()
    order = np.argsort(raw["y_train"], kind="stable")  # sorted by class: the last would be of one class
    path = npz(x_train=raw["x_train"][order], y_train=raw["y_train"][order])
    data = load(path, validation_split=0.3, split="stratified", dtype="float64")
    drawn = stratified(raw["y_train"][order], 0.3, seed=1)
    assert data.y_val.tolist() == raw["y_train"][order][drawn].tolist()
    np.testing.assert_allclose(data.x_train.mean(axis=0), 0, atol=1e-12)
    assert set(data.y_train) == set(data.y_val) == {0, 1, 2}
    assert data.sha256 == load(path).sha256  # the same four arrays; that they are split otherwise is in the key


def test_test_inputs_that_were_trained_on_are_counted(npz):
    raw = small_arrays()
    assert load(npz()).seen_in_training == 0
    raw["x_test"][:7] = raw["x_train"][20:27]
    raw["x_test"][8] = raw["x_test"][9] = raw["x_train"][59]
    assert load(npz(**raw)).seen_in_training == 9
    assert load(npz(**raw), validation_split=0.5).seen_in_training == 9  # validation counts as training
    raw["x_train"][20, 0] = raw["x_test"][0, 0] = 0.0
    raw["x_test"][0, 0] *= -1
    raw["x_train"] = raw["x_train"].astype("float32")
    for kind in ("float64", "longdouble"):  # which has bytes that say nothing
        raw["x_test"] = raw["x_test"].astype("float32").astype(kind)
        assert load(npz(**raw)).seen_in_training == 9


def test_channels_first_are_told(npz):
    with pytest.raises(UserError, match=r"\(20, 3, 8, 8\), which looks like channels first.*moveaxis\(x, 1, -1\)"):
        load(npz(x_train=np.zeros((20, 3, 8, 8)), y_train=np.arange(20) % 2))


def test_what_names_stand_for(own_folder):
    for name, kind, file in [
        ("a.npz", "archive", "a.npz"), ("b/c.CSV", "table", "b/c.CSV"), ("text:d.txt(block=3)", "text", "d.txt"),
        ("e/", "images", "e/"), ("hf:x/y", "hugging_face", None), ("openml:iris", "openml", None),
        ("mnist", None, None),
    ]:  # fmt: skip
        assert getattr(kind_of(name), "name", None) == kind
        assert file_of(name) == file
    (own_folder / "t.parquet").touch()
    with pytest.raises(UserError, match=r"'t\.parquet' is of no kind that is read here.*FOLDER/.*FILE\.csv"):
        describe("t.parquet")
    with pytest.raises(UserError, match="'no/where' is not there"):
        describe("no/where")
    for name in ("9" * 300, "a/" + "9" * 300):  # too long to be a path
        with pytest.raises(UserError, match="Unknown dataset|is not there"):
            describe(name)
        with pytest.raises(UserError, match="There is no folder"):
            load(name + "/")
    assert {kind.spelled for kind in KINDS} > {"FILE.npz", "FILE.csv", "FOLDER/", "text:FILE"}
    assert all(kind.summary for kind in KINDS)


def test_a_data_set_with_parameters(monkeypatch):
    monkeypatch.setattr(DATASETS, "_entries", dict(DATASETS._entries))

    @datasets.dataset(epochs=1, model="mlp(5)")
    def doubles(request: Request, times: int = 2):
        """Arrays, several times."""
        return {key: np.concatenate([value] * times) for key, value in small_arrays().items()}

    assert len(load("doubles").x_train) == 120
    assert len(load("doubles(times=3)").x_train) == 180
    assert describe("doubles(3)").name == "doubles(times=3)"
    with pytest.raises(UserError, match="has no parameter 'size'"):
        describe("doubles(size=3)")


@pytest.mark.slow
def test_a_table_and_a_folder_train_from_one_command_each(own_folder):
    write_table(own_folder / "t.csv")
    save_images(own_folder / "pets", {"cat": 20, "dog": 20})
    for number, options in enumerate([("t.csv", "--target", "kind"), ("pets/", "--image-size", "8")]):
        program(
            "run", "--act", "relu", "--data", *options, "--epochs", 1, "--batch-size", 10, "--results", f"r{number}",
            "-q", cwd=own_folder, check=0,
        )  # fmt: skip
    (row,) = read_runs(Path("r0"))
    assert (row["dataset"], row["target"], row["model"]) == ("t.csv", "kind", "mlp(100, 50)")
    (row,) = read_runs(Path("r1"))
    assert (row["dataset"], row["image_size"], row["seen_in_training"]) == ("pets/", "8", "0")


@pytest.mark.slow
def test_a_study_beside_its_table_and_text(own_folder):
    home = own_folder / "home"
    home.mkdir()
    write_table(home / "t.csv")
    (home / "s.toml").write_text(
        '[data]\nname = "t.csv"\ntarget = "kind"\nvalidation_split = 0.25\nsplit = "stratified"\n'
        '[training]\nbatch_size = 10\nepochs = 1\n[grid]\nactivation = ["relu"]\n'
    )
    program("run", "home/s.toml", "-q", "--results", "r", cwd=own_folder, check=0)
    (row,) = read_runs(Path("r"))
    assert (row["target"], row["split"], row["train_size"]) == ("kind", "stratified", "36")
    refused = program("run", "home/s.toml", "--impute", "mean", cwd=own_folder, check=2)
    assert "--impute cannot be 'mean': allowed are median." in refused.stderr
    refused = program("run", "--split", "stratified", cwd=own_folder, check=2)
    assert "--split stratified says how the validation part is kept: give --validation-split too" in refused.stderr
    refused = program("run", "home/s.toml", "--split", "random", cwd=own_folder, check=2)
    assert "--split cannot be 'random': allowed are last, stratified" in refused.stderr


@pytest.mark.slow
def test_show(own_folder):
    write_table(own_folder / "t.csv")
    shown = program("data", "show", "t.csv", "--target", "kind", cwd=own_folder, check=0).stdout
    found = datasets.prepare(Request("t.csv", target="kind")).info
    for text in (
        "48 training, 12 test; each 5, float64",
        "0 of 12 test inputs also in the training part",
        found.sha256,
    ):
        assert text in shown
    facts = json.loads(program("data", "show", "digits", "--json", cwd=own_folder, check=0).stdout)
    assert facts["inputs"] == {"training": 1437, "test": 360}
    assert facts["classes"]["3"] == {"training": 146, "test": 37}
    shown = program("data", "show", "digits", "--validation-split", "0.1", cwd=own_folder, check=0).stdout
    assert "1,293 training, 144 validation, 360 test; each 8×8×1, float64 from 0 to 16" in shown
    lines = shown.splitlines()
    assert lines[-1].split() == [str(digit) for digit in range(10)]
    assert "@" in lines[-2]
