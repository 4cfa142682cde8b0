"""Three units as AReLU's authors trained them, with one set of weights for all channels of a place.

They are those of the folder `activations` in the first commit of their repository, densechen/AReLU.
"""

from typing import Any

import keras
from keras import ops


class APL(keras.layers.Layer):
    """max(x, 0) + a·max(b - x, 0); a from 0.2 and b from 0.5, learned."""

    def build(self, _: Any) -> None:
        """Create the weights."""
        self.a = self.add_weight(shape=(), initializer=keras.initializers.Constant(0.2))
        self.b = self.add_weight(shape=(), initializer=keras.initializers.Constant(0.5))

    def call(self, x: Any) -> Any:
        """Apply the formula."""
        return ops.relu(x) + self.a * ops.relu(self.b - x)


class SLAF(keras.layers.Layer):
    """c + d·x, a polynomial of two terms; c and d from 1, learned."""

    def build(self, _: Any) -> None:
        """Create the weights."""
        self.c = self.add_weight(shape=(), initializer="ones")
        self.d = self.add_weight(shape=(), initializer="ones")

    def call(self, x: Any) -> Any:
        """Apply the formula."""
        return self.c + self.d * x


class PAU(keras.layers.Layer):
    """Σ aⱼxʲ (j = 0…5) / (1 + Σ |bₖxᵏ| (k = 1…4)); all learned, from a fit to a leaky ReLU.

    The catalogue's `pau`, which is its paper's, takes the absolute value of the sum.
    """

    def build(self, _: Any) -> None:
        """Create the weights."""
        top = (3.35583603e-02, 5.05000375e-01, 1.65343934, 2.01001052, 9.31901999e-01, 1.52424124e-01)
        bottom = (3.30847488e-06, 3.98021568, 5.12471206e-07, 3.01830109e-01)
        self.a = [self.add_weight(shape=(), initializer=keras.initializers.Constant(start)) for start in top]
        self.b = [self.add_weight(shape=(), initializer=keras.initializers.Constant(start)) for start in bottom]

    def call(self, x: Any) -> Any:
        """Apply the formula."""
        powers = [x]
        while len(powers) < len(self.a) - 1:
            powers.append(powers[-1] * x)
        top = self.a[0] + sum(a * power for a, power in zip(self.a[1:], powers, strict=True))
        bottom = 1.0 + sum(ops.abs(b * power) for b, power in zip(self.b, powers, strict=False))
        return top / bottom
