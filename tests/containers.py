"""Small made-up files of the formats in which data is published, written by other means than they are read with."""

import functools
import gzip
import io
import pickle
import struct
import tarfile
import zipfile

import numpy as np
import scipy.io

from actbench.datasets.published.decoders import cifar as cifar_decoder
from actbench.datasets.published.decoders import idx as idx_decoder
from actbench.datasets.published.decoders import mat
from actbench.datasets.published.decoders import npz as npz_decoder
from actbench.datasets.published.decoders.bounds import Known

IMAGES = Known(train=7, test=4, shape=(28, 28), classes=10)
LETTERS = Known(train=7, test=4, shape=(28, 28), classes=26)
PHOTOGRAPHS = Known(train=10, test=4, shape=(32, 32, 3), classes=10)
SMALL = Known(train=3, test=2, shape=(2, 2), classes=4)
FEW = Known(train=2, test=2, shape=(4, 4, 3), classes=10)
REVIEWS = Known(train=9, test=6, shape=(50,), classes=2)
TOPICS = Known(train=8, test=3, shape=(50,), classes=5)
BATCHES = {"train": ["batches/one", "batches/two"], "test": ["batches/test"]}
NAMES = ("x_train", "y_train", "x_test", "y_test")


def made_up(known, *, seed=0):
    """The four arrays of images that are all different."""
    random = np.random.RandomState(seed)
    arrays = {}
    for part, count in (("train", known.train), ("test", known.test)):
        arrays[f"x_{part}"] = random.randint(0, 256, (count, *known.shape)).astype(np.uint8)
        arrays[f"y_{part}"] = random.randint(0, known.classes, count).astype(np.uint8)
    return arrays


def idx(array):
    """An array in the format of MNIST."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def idx_files(folder, arrays):
    """The four files of MNIST."""
    paths = [folder / f"{name}.gz" for name in NAMES]
    for path, name in zip(paths, NAMES, strict=True):
        path.write_bytes(gzip.compress(idx(arrays[name]), 1))
    return paths


def emnist_zip(path, arrays, part="letters"):
    """EMNIST's archive with one of its parts, its images transposed and its labels from 1."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("gzip/emnist-byclass-mapping.txt", "0 48\n")
        for name in NAMES:
            array = arrays[name].transpose(0, 2, 1) if name.startswith("x") else arrays[name] + 1
            kind = "images-idx3" if name.startswith("x") else "labels-idx1"
            archive.writestr(f"gzip/emnist-{part}-{name[2:]}-{kind}-ubyte.gz", gzip.compress(idx(array), 1))
    return [path]


class Python2:
    """What Python 2 wrote as pickle of protocol 2: text is bytes, and nearly everything is remembered."""

    def __init__(self):
        self.out, self.remembered = [b"\x80\x02"], 0

    def put(self):
        at = self.remembered
        self.out.append(b"q" + bytes([at]) if at < 256 else b"r" + struct.pack("<I", at))
        self.remembered += 1

    def write(self, value):
        kind = type(value).__name__
        if value is None or kind == "bool":
            self.out.append({None: b"N", True: b"\x88", False: b"\x89"}[value])
        else:
            getattr(self, {"int": "number", "bytes": "text", "ndarray": "array"}.get(kind, f"{kind}_of"))(value)

    def number(self, value):
        if 0 <= value < 65536:
            self.out.append(b"K" + struct.pack("<B", value) if value < 256 else b"M" + struct.pack("<H", value))
        else:
            self.out.append(b"J" + struct.pack("<i", value))

    def text(self, value):
        self.out.append(
            b"U" + struct.pack("<B", len(value)) if len(value) < 256 else b"T" + struct.pack("<I", len(value))
        )
        self.out.append(value)
        self.put()

    def list_of(self, value):
        self.out.append(b"]")
        self.put()
        for at in range(0, len(value), 1000):
            self.out.append(b"(")
            self.each(value[at : at + 1000])
            self.out.append(b"e")

    def dict_of(self, value):
        self.out.append(b"}")
        self.put()
        self.out.append(b"(")
        self.each([item for pair in value.items() for item in pair])
        self.out.append(b"u")

    def tuple_of(self, value):
        short = {1: b"\x85", 2: b"\x86", 3: b"\x87"}.get(len(value))
        self.out.append(b"" if short else b"(")
        self.each(value)
        self.out.append(short or b"t")
        self.put()

    def each(self, values):
        for value in values:
            self.write(value)

    def array(self, value):
        self.out.append(b"cnumpy.core.multiarray\n_reconstruct\n")
        self.put()
        self.out.append(b"cnumpy\nndarray\n")
        self.put()
        self.out.append(b"K\x00\x85")
        self.put()
        self.write(b"b")
        self.out.append(b"\x87")
        self.put()
        self.out.append(b"R")
        self.put()
        self.out.append(b"(K\x01")
        self.write(tuple(value.shape))
        self.out.append(b"cnumpy\ndtype\n")
        self.put()
        self.write(b"O8" if value.dtype.hasobject else value.dtype.str[1:].encode())
        self.out.append(b"K\x00K\x01\x87")
        self.put()
        self.out.append(b"R")
        self.put()
        self.out.append(b"(K\x03")
        self.write(b"|" if value.dtype.itemsize == 1 or value.dtype.hasobject else b"<")
        self.out.append(b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff")
        self.write(63 if value.dtype.hasobject else 0)
        self.out.append(b"t")
        self.put()
        self.out.append(b"b\x89")
        self.write(list(value) if value.dtype.hasobject else value.tobytes())
        self.out.append(b"t")
        self.put()
        self.out.append(b"b")

    @classmethod
    def pickle(cls, value):
        machine = cls()
        machine.write(value)
        return b"".join([*machine.out, b"."])


def batches(arrays, labels="labels"):
    """CIFAR's batches by member: rows of red, green and blue ones, and what else lies there."""
    cut = len(arrays["x_train"]) // 2
    parts = {
        "batches/one": (arrays["x_train"][:cut], arrays["y_train"][:cut]),
        "batches/two": (arrays["x_train"][cut:], arrays["y_train"][cut:]),
        "batches/test": (arrays["x_test"], arrays["y_test"]),
    }
    return {
        name: {
            b"batch_label": b"training batch",
            labels.encode(): y.tolist(),
            b"data": np.ascontiguousarray(x.transpose(0, 3, 1, 2).reshape(len(x), -1)),
            b"filenames": [b"%d.png" % index for index in range(len(x))],
        }
        for name, (x, y) in parts.items()
    }


def cifar_tar(path, members):
    """A tar archive as CIFAR's: the folder itself, the members, and a page."""
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        folder = tarfile.TarInfo("batches")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in {**members, "batches/readme.html": b"<html>"}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return [path]


def cifar(path, arrays, pickled=Python2.pickle, labels="labels"):
    """CIFAR's archive of these arrays."""
    return cifar_tar(path, {name: pickled(batch) for name, batch in batches(arrays, labels).items()})


def svhn(folder, arrays, **options):
    """SVHN's files: images last, labels in a column, 10 for 0."""
    paths = [folder / "train_32x32.mat", folder / "test_32x32.mat"]
    for path, part in zip(paths, ("train", "test"), strict=True):
        labels = np.where(arrays[f"y_{part}"] == 0, 10, arrays[f"y_{part}"]).astype(np.uint8)
        content = {"X": arrays[f"x_{part}"].transpose(1, 2, 3, 0), "y": labels[:, None]}
        scipy.io.savemat(path, content, **{"do_compression": True, **options})
    return paths


def npy(array, protocol=2):
    """An array as NumPy saves it; one of objects by a pickle of that protocol (2: as Python 2 did)."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, np.lib.format.header_data_from_array_1_0(array))
    if array.dtype.hasobject:
        out.write(Python2.pickle(array) if protocol == 2 else pickle.dumps(array, protocol=protocol))
    else:
        out.write(array.tobytes())
    return out.getvalue()


def npz(path, arrays, protocol=2, packing=zipfile.ZIP_DEFLATED):
    """An archive of arrays."""
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, array in arrays.items():
            archive.writestr(f"{name}.npy", array if isinstance(array, bytes) else npy(array, protocol))
    return [path]


def texts(count, *, seed=0, most=80):
    """Texts as lists of the numbers of words from 1 on: frequent and rarer ones, one empty, one of large numbers."""
    random = np.random.RandomState(seed)
    rows = np.empty(count, dtype=object)
    rows[:] = [random.randint(1, most, random.randint(0, 30)).tolist() for _ in range(count)]
    rows[0], rows[1] = [], [70_000, 1, 255, 256, 65_535, 65_536]
    return rows


def reviews(seed=0):
    """The arrays of Keras's archive of film reviews, for REVIEWS."""
    random = np.random.RandomState(seed)
    arrays = {}
    for part, count in (("train", REVIEWS.train), ("test", REVIEWS.test)):
        arrays[f"x_{part}"] = texts(count, seed=seed + count)
        arrays[f"y_{part}"] = random.randint(0, 2, count)
    return arrays


def topics(seed=0):
    """The arrays of Keras's archive of news, for TOPICS."""
    count = TOPICS.train + TOPICS.test
    return {"x": texts(count, seed=seed), "y": np.random.RandomState(seed).randint(0, TOPICS.classes, count)}


FORMATS = {
    "idx": (idx_files, SMALL, idx_decoder.decode),
    "emnist": (
        lambda folder, arrays: emnist_zip(folder / "gzip.zip", arrays),
        SMALL,
        functools.partial(idx_decoder.decode_emnist, part="letters"),
    ),
    "cifar": (
        lambda folder, arrays: cifar(folder / "cifar.tar.gz", arrays),
        FEW,
        functools.partial(cifar_decoder.decode, batches=BATCHES, labels="labels"),
    ),
    "svhn": (svhn, FEW, mat.decode_svhn),
    "svhn, not packed": (functools.partial(svhn, do_compression=False), FEW, mat.decode_svhn),
    "npz": (lambda folder, arrays: npz(folder / "mnist.npz", arrays), SMALL, npz_decoder.decode),
    "reviews": (
        lambda folder, _: npz(folder / "imdb.npz", reviews(), packing=zipfile.ZIP_STORED),
        REVIEWS,
        npz_decoder.decode_texts,
    ),
    "topics": (lambda folder, _: npz(folder / "r.npz", topics()), TOPICS, npz_decoder.decode_topics),
}


def written(name, folder):
    """The files of a format, what they hold, and what reads them."""
    write, known, decode = FORMATS[name]
    paths = write(folder, made_up(known))
    read = functools.partial(decode, paths, known)
    return paths, read(), read
