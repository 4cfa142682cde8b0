"""Names in others' collections, read by their real libraries from what lies on this machine."""

import io

import numpy as np
import pytest
from conftest import bytes_images
from fetched import CONTENT, NAME, forget, published_file, register
from PIL import Image
from test_own_data import save_images, write_table

from actbench import datasets
from actbench.datasets import Request
from actbench.datasets.fetching import places
from actbench.datasets.fetching.hashes import arrays_hash
from actbench.datasets.fetching.importing import import_from
from actbench.datasets.fetching.stamps import remember_arrays
from actbench.datasets.published.files import PUBLISHED
from actbench.errors import UserError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Where the libraries keep what they have; they read the variables when they are imported."""
    folder = tmp_path_factory.mktemp("collections")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HOME", str(folder))
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("TFDS_DATA_DIR", str(folder))
        yield folder


@pytest.fixture
def library(home):
    """Hugging Face's."""
    return pytest.importorskip("datasets")


@pytest.mark.usefixtures("library")
def test_a_table_is_what_it_is_as_a_file(own_folder):
    (own_folder / "set").mkdir()
    write_table(own_folder / "set" / "train.csv")
    there = datasets.prepare(Request(f"hf:{own_folder}/set", target="kind"))
    here = datasets.prepare(Request("set/train.csv", target="kind"))
    assert there.info == here.info
    assert there.class_names == here.class_names
    with pytest.raises(UserError, match="does not say which column holds the classes. Give --target; it has width"):
        datasets.prepare(Request(f"hf:{own_folder}/set"))
    with pytest.raises(UserError, match="has no column 'sort'"):
        datasets.prepare(Request(f"hf:{own_folder}/set", target="sort"))


@pytest.mark.usefixtures("library")
def test_images_in_folders_are_what_they_are_here(own_folder):
    for part, count in (("train", 6), ("test", 3)):
        save_images(own_folder / "pets" / part, {"cat": count, "dog": count})
    there = datasets.prepare(Request(f"hf:{own_folder}/pets"))
    here = datasets.prepare(Request("pets/"))
    assert there.class_names == here.class_names == ("cat", "dog")
    for part in ("train", "test"):
        for label in (0, 1):
            of_class = [
                sorted(map(bytes, found.arrays[f"x_{part}"][found.arrays[f"y_{part}"] == label]))
                for found in (there, here)
            ]
            assert of_class[0] == of_class[1]
    Image.fromarray(np.zeros((9, 9, 3), "uint8")).save(own_folder / "pets" / "train" / "cat" / "large.png")
    with pytest.raises(UserError, match="differ in size.*--image-size"):
        datasets.prepare(Request(f"hf:{own_folder}/pets"))
    assert datasets.info(Request(f"hf:{own_folder}/pets", image_size="4")).input_shape == (4, 4, 3)


@pytest.mark.usefixtures("library")
def test_what_the_hub_does_not_have_is_told_in_a_sentence():
    with pytest.raises(UserError, match="^Cannot get 'hf:nobody/nothing': "):
        datasets.prepare(Request("hf:nobody/nothing"))


def test_tensorflow_datasets(home):
    tfds = pytest.importorskip("tensorflow_datasets")
    raw = bytes_images(channels=3)

    class LittleImages(tfds.core.GeneratorBasedBuilder):
        """Its name at TensorFlow Datasets is little_images."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            features = {"image": tfds.features.Image(shape=(4, 4, 3)), "label": tfds.features.ClassLabel(num_classes=3)}
            return tfds.core.DatasetInfo(
                builder=self, features=tfds.features.FeaturesDict(features), supervised_keys=("image", "label")
            )

        def _split_generators(self, _):
            return {part: self._generate_examples(part) for part in ("train", "test")}

        def _generate_examples(self, part):
            for number, (image, label) in enumerate(zip(raw[f"x_{part}"], raw[f"y_{part}"], strict=True)):
                yield number, {"image": image, "label": label}

    LittleImages(data_dir=home).download_and_prepare()
    found = datasets.prepare(Request("tfds:little_images"))
    for part in ("train", "test"):
        assert sorted(map(bytes, found.arrays[f"x_{part}"])) == sorted(map(bytes, raw[f"x_{part}"]))
        counts = [np.bincount(labels) for labels in (found.arrays[f"y_{part}"], raw[f"y_{part}"])]
        assert counts[0].tolist() == counts[1].tolist()
    with pytest.raises(UserError, match="'tfds:no_such_set'"):
        datasets.prepare(Request("tfds:no_such_set"))


@pytest.fixture
def faces(own_folder, monkeypatch):
    """A published data set of images whose arrays were verified once in this folder."""
    monkeypatch.setenv("ACTBENCH_DATA_DIR", str(own_folder / "kept"))
    register([published_file(())])
    with np.load(io.BytesIO(CONTENT)) as file:
        arrays = dict(file)
    (own_folder / "kept").mkdir()
    remember_arrays(places.folder(), NAME, arrays_hash(arrays))
    yield arrays
    forget()


def write_parquet(folder, arrays, shards=1, **more):
    """As Hugging Face keeps images: a struct of PNG bytes and a path, and a column of labels."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    folder.mkdir()
    for part in ("train", "test"):
        rows = list(zip(arrays[f"x_{part}"], arrays[f"y_{part}"], strict=True))
        for shard in range(shards):
            here = rows[shard * len(rows) // shards : (shard + 1) * len(rows) // shards]
            images = []
            for image, _ in here:
                content = io.BytesIO()
                Image.fromarray(image).save(content, "PNG")
                images.append({"bytes": content.getvalue(), "path": None})
            table = pyarrow.table({"image": images, "label": [int(label) for _, label in here], **more})
            parquet.write_table(table, folder / f"{part}-{shard:05}-of-{shards:05}.parquet")


@pytest.mark.parametrize("shards", [1, 3])
def test_parquet_counts_as_the_data_that_it_holds(own_folder, faces, shards):
    write_parquet(own_folder / "hub", faces, shards)
    (done,) = import_from(own_folder / "hub", [PUBLISHED[NAME]])
    assert (done.name, done.missing) == (NAME, ())
    assert datasets.info(Request(NAME)).sha256 == arrays_hash(faces)


def test_parquet_of_other_data_is_refused(own_folder, faces):
    faces["x_train"][3, 2, 1] ^= 1
    write_parquet(own_folder / "hub", faces)
    with pytest.raises(UserError, match="Nothing in .*hub"):
        import_from(own_folder / "hub", [PUBLISHED[NAME]])
    next((own_folder / "hub").iterdir()).write_bytes(b"PAR1 no table PAR1")
    with pytest.raises(UserError, match="Nothing in .*hub"):
        import_from(own_folder / "hub", [PUBLISHED[NAME]])
