"""The letters of EMNIST, in the one archive of all its parts."""

from __future__ import annotations

from functools import partial

from actbench.datasets.published import published
from actbench.datasets.published.decoders import idx
from actbench.datasets.published.decoders.bounds import Known
from actbench.datasets.published.files import Container, PublishedFile


@published(
    source="Cohen, Afshar, Tapson & van Schaik 2017, EMNIST: an extension of MNIST to handwritten letters",
    home="https://www.nist.gov/itl/products-and-services/emnist-dataset",
    licence="none stated by its makers, who ask that the paper be cited",
    epochs=10,
    model="mlp(100, 50)",
    thresholds=(0.8, 0.85, 0.88),
    chance=0.0385,
)
def emnist_letters() -> tuple[Container, ...]:
    """145,600 handwritten letters of 28×28 pixels, 26 classes, 20,800 of them for testing (NIST)."""
    archive = PublishedFile(
        "gzip.zip",
        # tensorflow/datasets: url_checksums/emnist.txt, and the SHA-256.
        561_753_746,
        (
            # NIST's newer address; mlverse/torchvision: emnist_dataset, with the MD5 below.
            "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip",
            # pytorch/vision: torchvision/datasets/mnist.py, and the MD5.
            "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/gzip.zip",
        ),
        sha256="fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
        md5="58c8d27c78d21e728a6bc7b3cc06412e",
        kept_as=("torchvision:EMNIST/raw/gzip.zip",),
    )
    known = Known(train=124_800, test=20_800, shape=(28, 28), classes=26)
    return (Container((archive,), partial(idx.decode_emnist, known=known, part="letters")),)
