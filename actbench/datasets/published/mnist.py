"""MNIST, in Keras's archive and in the four files of its makers."""

from __future__ import annotations

from functools import partial

from actbench.datasets.published import published
from actbench.datasets.published._idx import DIGITS, four_files
from actbench.datasets.published.decoders import npz
from actbench.datasets.published.files import Container, PublishedFile


@published(
    source="LeCun, Cortes & Burges 1998, The MNIST database of handwritten digits",
    home="http://yann.lecun.com/exdb/mnist/",
    licence="CC BY-SA 3.0, as Keras states it; its makers' page names none",
    epochs=10,
    model="mlp(100, 50)",
    chance=0.1124,
)
def mnist() -> tuple[Container, ...]:
    """70,000 handwritten digits of 28×28 pixels, 10 classes, 10,000 of them for testing (LeCun, Cortes & Burges)."""
    archive = PublishedFile(
        "mnist.npz",
        # As programs show it that fetch the file from either host.
        11_490_434,
        (
            # keras 3: keras/src/datasets/mnist.py, and its SHA-256.
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
            # keras 2.3: keras/datasets/mnist.py, and its MD5.
            "https://s3.amazonaws.com/img-datasets/mnist.npz",
        ),
        sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        md5="8a61469f7ea1b51cbae51d4f78837e45",
        kept_as=("keras:mnist.npz",),
    )
    files = four_files(
        hosts=(
            # pytorch/vision: torchvision/datasets/mnist.py, and the MD5s.
            "https://ossci-datasets.s3.amazonaws.com/mnist",
            # tensorflow/datasets: url_checksums/mnist.txt, with sizes and SHA-256s.
            "https://storage.googleapis.com/cvdf-datasets/mnist",
            # github.com/fgnt/mnist, which many programs name.
            "https://raw.githubusercontent.com/fgnt/mnist/master",
        ),
        folders={"torchvision": "MNIST/raw"},
        facts=(
            (
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            ),
            (
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "d53e105ee54ea40749a09fcbcd1e9432",
            ),
            (
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "9fb629c4189551a2d022fa330f9573f3",
            ),
            (
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                "ec29112dd5afa0611ce80d1b7f02629c",
            ),
        ),
    )
    return (Container((archive,), partial(npz.decode, known=DIGITS)), files)
