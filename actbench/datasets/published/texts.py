"""Texts that Keras publishes as lists of the numbers of their words: film reviews, and news by topic."""

from __future__ import annotations

from functools import partial

from actbench.datasets.published import published
from actbench.datasets.published.decoders import npz
from actbench.datasets.published.decoders.bounds import Known
from actbench.datasets.published.files import Container, PublishedFile

WORDS = 1000
"""Inputs are rows of so many truth values: which of Keras's word indices below it occur."""
TOKENS, LENGTH = 10_000, 200
"""Or sequences of so many tokens, of Keras's word indices below it: the last of each text."""
REVIEWS = PublishedFile(
    "imdb.npz",
    # As programs show it that fetch the file from either host.
    17_464_789,
    (
        # keras 3: keras/src/datasets/imdb.py, and its SHA-256.
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb.npz",
        # keras 2.2: keras/datasets/imdb.py, and its MD5.
        "https://s3.amazonaws.com/text-datasets/imdb.npz",
    ),
    sha256="69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    md5="599dadb1135973df5b59232a0e9a887c",
    kept_as=("keras:imdb.npz",),
)
NEWS = PublishedFile(
    "reuters.npz",
    # As programs show it that fetch the file from the second host.
    2_110_848,
    (
        # keras 3: keras/src/datasets/reuters.py, and its SHA-256.
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/reuters.npz",
        # keras 2.2: keras/datasets/reuters.py, and its MD5.
        "https://s3.amazonaws.com/text-datasets/reuters.npz",
    ),
    sha256="d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
    md5="87aedbeb0cb229e378797a632c1997b6",
    kept_as=("keras:reuters.npz",),
)
of_reviews = partial(
    published,
    source="Maas, Daly, Pham, Huang, Ng & Potts 2011, Learning word vectors for sentiment analysis",
    home="https://ai.stanford.edu/~amaas/data/sentiment/",
    licence="none stated by its makers, who ask that the paper be cited",
    thresholds=(0.8, 0.83, 0.85),
    chance=0.5,
)
of_news = partial(
    published,
    source="Lewis 1997, Reuters-21578 text categorization test collection, as prepared for Keras",
    home="https://archive.ics.uci.edu/dataset/137/reuters+21578+text+categorization+collection",
    licence="© Reuters Ltd; free distribution for research purposes only",
    thresholds=(0.7, 0.75, 0.78),
    chance=0.3517,
)


@of_reviews(epochs=10, model="mlp(100, 50)")
def imdb() -> tuple[Container, ...]:
    """50,000 film reviews as the frequent words that occur in them, 2 classes, half of them for testing (Maas 2011)."""
    known = Known(train=25_000, test=25_000, shape=(WORDS,), classes=2)
    return (Container((REVIEWS,), partial(npz.decode_texts, known=known)),)


@of_reviews(epochs=5, model="transformer(1, 32, 2)")
def imdb_tokens() -> tuple[Container, ...]:
    """50,000 film reviews as sequences of their last 200 words, 2 classes, half of them for testing (Maas 2011)."""
    known = Known(train=25_000, test=25_000, shape=(LENGTH,), classes=2)
    return (Container((REVIEWS,), partial(npz.decode_texts, known=known, words=TOKENS)),)


@of_news(epochs=20, model="mlp(100, 50)")
def reuters() -> tuple[Container, ...]:
    """11,228 news as the frequent words that occur in them, 46 classes, a fifth of them for testing (Reuters 1987)."""
    known = Known(train=8_982, test=2_246, shape=(WORDS,), classes=46)
    return (Container((NEWS,), partial(npz.decode_topics, known=known)),)


@of_news(epochs=20, model="transformer(1, 32, 2)")
def reuters_tokens() -> tuple[Container, ...]:
    """11,228 news as sequences of their last 200 words, 46 classes, a fifth of them for testing (Reuters 1987)."""
    known = Known(train=8_982, test=2_246, shape=(LENGTH,), classes=46)
    return (Container((NEWS,), partial(npz.decode_topics, known=known, words=TOKENS)),)
