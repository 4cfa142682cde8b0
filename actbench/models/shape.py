"""The shape of what a network is given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self


class Shape(tuple[int, ...]):  # noqa: SLOT001 - tuples have none
    """The shape of one input: ``(features,)``, ``(height, width, channels)``, or ``(length,)`` of a sequence of tokens.

    Attributes:
        vocabulary: how many tokens there are, whose numbers the inputs are; 0 where they are no tokens.
        per_token: whether the network is to answer for each token, ``(batch, length, classes)``, from those up to it.
    """

    vocabulary: int
    per_token: bool

    def __new__(cls, sides: Iterable[int], *, vocabulary: int = 0, per_token: bool = False) -> Self:  # noqa: D102
        shape = super().__new__(cls, sides)
        shape.vocabulary, shape.per_token = vocabulary, per_token
        return shape

    @property
    def answers(self) -> Shape | tuple[()]:
        """The shape of what an input is answered by, but for the classes."""
        return self if self.per_token else ()
