"""What is asked of data, and what is known of it: values that travel, without the data itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from actbench.models import Shape

Split: TypeAlias = Literal["last", "stratified"]
"""Which training inputs are kept for validation: the last, as Keras does, or a seeded draw of each class."""
TEST_SHARE = 0.2
"""Of data without a test part, what is kept for one."""


@dataclass(frozen=True)
class Request:
    """Which data, and which part of it. Runs that ask for the same share what was loaded.

    Attributes:
        name: a registered name, or how a person's own data is spelled; see ``actbench.datasets.own``.
        data_dir: a folder to look for ``NAME.npz`` in first.
        limit: keep at most this many training and at most this many test inputs, balanced over the classes.
        validation_split: this fraction of the training part is kept for validation.
        dtype: the floating type of the inputs.
        max_memory: GiB that a file's data may take; None: half of what is free.
        split: which inputs are kept for validation.
        test_split: the fraction of data without a test part that is kept for one; None: `TEST_SHARE`.
        target: the column of a table that holds the classes.
        impute: what takes the place of missing numbers: ``median``, that of the training part; None: they are refused.
        image_size: what images are resized to, as ``32`` or ``32x48``, height first; None: they must be of one size.
    """

    name: str
    data_dir: str | None = None
    limit: int | None = None
    validation_split: float = 0.0
    dtype: str = "float32"
    max_memory: float | None = None
    split: Split = "last"
    test_split: float | None = None
    target: str | None = None
    impute: Literal["median"] | None = None
    image_size: str | None = None

    @property
    def label(self) -> str:
        """The part of the data set, in words: ``mnist``, ``mnist (limit 500, validation split 0.1)``."""
        parts = [f"limit {self.limit}"] if self.limit is not None else []
        kind = "" if self.split == "last" else f"{self.split} "
        parts += [f"{kind}validation split {self.validation_split:g}"] if self.validation_split else []
        parts += [f"test split {self.test_split:g}"] if self.test_split is not None else []
        named = {"target": self.target, "impute": self.impute, "image size": self.image_size}
        parts += [f"{name} {value}" for name, value in named.items() if value is not None]
        return f"{self.name} ({', '.join(parts)})" if parts else self.name


@dataclass(frozen=True)
class DatasetInfo:
    """What a plan needs to know of a data set: everything but the data.

    ``seen_in_training`` counts the test inputs that are equal to a training input, whatever their labels; None in what
    older versions noted. ``vocabulary`` is how many tokens there are, where inputs are sequences of such; ``per_token``
    says whether each of them has a target.
    """

    sha256: str
    classes: int
    input_shape: tuple[int, ...]
    train_size: int
    val_size: int
    test_size: int
    seen_in_training: int | None = None
    vocabulary: int = 0
    per_token: bool = False

    @property
    def shape(self) -> Shape:
        """The shape of one input, as networks are told it."""
        from actbench.models import Shape

        return Shape(self.input_shape, vocabulary=self.vocabulary, per_token=self.per_token)

    @property
    def strata(self) -> int:
        """What a part must have an input of each of, to be one of all: the classes; 1 where each token has a target."""
        return 1 if self.per_token else self.classes
