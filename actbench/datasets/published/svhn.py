"""The cropped digits of SVHN, in MATLAB's files."""

from __future__ import annotations

from functools import partial

from actbench.datasets.published import published
from actbench.datasets.published.decoders import mat
from actbench.datasets.published.decoders.bounds import Known
from actbench.datasets.published.files import Container, PublishedFile

HOSTS = (
    # The makers' host with TLS; a few programs name it so.
    "https://ufldl.stanford.edu/housenumbers",
    # pytorch/vision: torchvision/datasets/svhn.py, and the MD5s.
    "http://ufldl.stanford.edu/housenumbers",
)


def _file(name: str, size: int, sha256: str, md5: str) -> PublishedFile:
    return PublishedFile(name, size, tuple(f"{host}/{name}" for host in HOSTS), sha256, md5, (f"torchvision:{name}",))


@published(
    source="Netzer, Wang, Coates, Bissacco, Wu & Ng 2011, Reading digits in natural images with unsupervised feature "
    "learning",
    home="http://ufldl.stanford.edu/housenumbers/",
    licence="for non-commercial use only",
    epochs=10,
    model="cnn",
    thresholds=(0.8, 0.85, 0.88),
    chance=0.1892,
)
def svhn() -> tuple[Container, ...]:
    """99,289 house numbers' digits of 32×32 pixels in colour, 10 classes, 26,032 of them for testing (Stanford)."""
    # tensorflow/datasets: url_checksums/svhn_cropped.txt, sizes and SHA-256s.
    train = _file(
        "train_32x32.mat",
        182_040_794,
        "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
        "e26dedcc434d2e4c54c9b2d4a06d8373",
    )
    test = _file(
        "test_32x32.mat",
        64_275_384,
        "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
        "eb5a983be6a315427106f1b164d9cef3",
    )
    known = Known(train=73_257, test=26_032, shape=(32, 32, 3), classes=10)
    return (Container((train, test), partial(mat.decode_svhn, known=known)),)
