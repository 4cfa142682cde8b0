"""Fashion-MNIST, in files of the form of MNIST's."""

from __future__ import annotations

from actbench.datasets.published import published
from actbench.datasets.published._idx import four_files
from actbench.datasets.published.files import Container


@published(
    source="Xiao, Rasul & Vollgraf 2017, Fashion-MNIST: a novel image dataset for benchmarking machine learning",
    home="https://github.com/zalandoresearch/fashion-mnist",
    licence="MIT, © 2017 Zalando SE",
    epochs=10,
    model="mlp(100, 50)",
    thresholds=(0.8, 0.85, 0.88),
    chance=0.1,
)
def fashion_mnist() -> tuple[Container, ...]:
    """70,000 pictures of clothes of 28×28 pixels, 10 classes, 10,000 of them for testing (Zalando)."""
    files = four_files(
        hosts=(
            # keras 3: keras/src/datasets/fashion_mnist.py, which states no hashes.
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
            # The makers' own bucket by its address with TLS; their README names it without.
            "https://fashion-mnist.s3.eu-central-1.amazonaws.com",
            # The makers' repository, "the dataset appears under data/fashion".
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
            # zalandoresearch/fashion-mnist: README.md; pytorch/vision: torchvision/datasets/mnist.py; and the MD5s.
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        ),
        folders={"keras": "fashion-mnist", "torchvision": "FashionMNIST/raw"},
        # tensorflow/datasets: url_checksums/fashion_mnist.txt, sizes and SHA-256s.
        facts=(
            (
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            ),
            (
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                "25c81989df183df01b3e8a0aad5dffbe",
            ),
            (
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                "bef4ecab320f06d8554ea6380940ec79",
            ),
            (
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                "bb300cfdad3c16e7a12a480ee83cd310",
            ),
        ),
    )
    return (files,)
