"""Kuzushiji-MNIST, in files of the form of MNIST's."""

from __future__ import annotations

from actbench.datasets.published import published
from actbench.datasets.published._idx import four_files
from actbench.datasets.published.files import Container


@published(
    source="Clanuwat and others 2018, Deep learning for classical Japanese literature",
    home="https://github.com/rois-codh/kmnist",
    licence="CC BY-SA 4.0; to be named: “KMNIST Dataset” (created by CODH), adapted from “Kuzushiji Dataset” "
    "(created by NIJL and others), doi:10.20676/00000341",
    epochs=10,
    model="mlp(100, 50)",
    thresholds=(0.8, 0.85, 0.88),
    chance=0.1,
)
def kmnist() -> tuple[Container, ...]:
    """70,000 cursive Japanese characters of 28×28 pixels, 10 classes, 10,000 of them for testing (CODH)."""
    files = four_files(
        hosts=(
            # The makers' host with TLS; rois-codh/kmnist: README.md names it without. Not always up (issue 29 there).
            "https://codh.rois.ac.jp/kmnist/dataset/kmnist",
            # tensorflow/swift-models: Datasets/MNIST/KuzushijiMNIST.swift.
            "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/KMNIST",
            # pytorch/vision: torchvision/datasets/mnist.py, and the MD5s.
            "http://codh.rois.ac.jp/kmnist/dataset/kmnist",
        ),
        folders={"torchvision": "KMNIST/raw"},
        # tensorflow/datasets: url_checksums/kmnist.txt, sizes and SHA-256s.
        facts=(
            (
                18_165_135,
                "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
                "bdb82020997e1d708af4cf47b453dcf7",
            ),
            (
                29_497,
                "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
                "e144d726b3acfaa3e44228e80efcd344",
            ),
            (
                3_041_136,
                "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
                "5c965bf0a639b31b8f53240b1b52f4d7",
            ),
            (
                5_120,
                "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
                "7320c461ea6c1c855c0b718fb2a4b134",
            ),
        ),
    )
    return (files,)
