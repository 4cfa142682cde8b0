"""Convolutional networks that papers on activations and optimizers train, as their authors give them."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from actbench.lazy import lazy
from actbench.models import Shape, SiteFactory, model

keras = lazy("keras")
layers = lazy("keras.layers")

Bias = Annotated[float, Meta(description="that every bias begins with")]


@model(smallest_side=28)
def conv_mnist(site: SiteFactory, input_shape: Shape, classes: int) -> Any:
    """Three convolutions (10 of 5×5, 20 of 5×5, 40 of 3×3, valid), each with 2×2 max pooling and a site, then Dense
    (ConvMNIST: Chen, Li & Xu 2020, with --initializer fan_in_uniform)
    """
    inputs = x = keras.Input(input_shape)
    for filters, size in ((10, 5), (20, 5), (40, 3)):
        x = site()(layers.MaxPooling2D()(layers.Conv2D(filters, size)(x)))
    return keras.Model(inputs, layers.Dense(classes)(layers.Flatten()(x)))


@model(smallest_side=4, name="2c2d")
def two_convolutions_two_dense(site: SiteFactory, input_shape: Shape, classes: int, bias: Bias = 0.05) -> Any:
    """Two 5×5 convolutions (32 and 64 filters, same), each with a site and 2×2 max pooling, Dense 1024 with a site,
    Dense (DeepOBS: Schneider, Balles & Hennig 2019, with --initializer 'truncated_normal(sd=0.05)')
    """
    begins = {"bias_initializer": keras.initializers.Constant(bias)}
    inputs = x = keras.Input(input_shape)
    for filters in (32, 64):
        x = site()(layers.Conv2D(filters, 5, padding="same", **begins)(x))
        x = layers.MaxPooling2D(padding="same")(x)
    x = site()(layers.Dense(1024, **begins)(layers.Flatten()(x)))
    return keras.Model(inputs, layers.Dense(classes, **begins)(x))


@model(smallest_side=13, name="3c3d")
def three_convolutions_three_dense(site: SiteFactory, input_shape: Shape, classes: int, bias: Bias = 0.0) -> Any:
    """Three convolutions (64 of 5×5 and 96 of 3×3, valid, 128 of 3×3, same), each with a site and 3×3 max pooling
    of stride 2, Dense 512 and 256 with sites, Dense (DeepOBS: Schneider, Balles & Hennig 2019, with `--initializer`
    `glorot_by_kind` and `--l2` 0.001, as DeepOBS halves its 0.002)
    """
    begins = {"bias_initializer": keras.initializers.Constant(bias)}
    inputs = x = keras.Input(input_shape)
    for filters, size, padding in ((64, 5, "valid"), (96, 3, "valid"), (128, 3, "same")):
        x = site()(layers.Conv2D(filters, size, padding=padding, **begins)(x))
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = layers.Flatten()(x)
    for width in (512, 256):
        x = site()(layers.Dense(width, **begins)(x))
    return keras.Model(inputs, layers.Dense(classes, **begins)(x))


@model(smallest_side=4)
def resnet20(site: SiteFactory, input_shape: Shape, classes: int) -> Any:
    """Residual network of 20 layers: a 3×3 convolution, nine blocks of two (16, 32 and 64 filters, batch-normalized,
    the site before and after the sum, shortcuts without weights), global average pooling, Dense (He et al. 2016)
    """
    inputs = keras.Input(input_shape)
    x = site()(_normalized(inputs, 16, 1))
    for stage, filters in enumerate((16, 32, 64)):
        for block in range(3):
            stride = 2 if stage and not block else 1
            y = _normalized(site()(_normalized(x, filters, stride)), filters, 1)
            x = site()(layers.Add()([y, _shortcut(x, filters, stride)]))
    return keras.Model(inputs, layers.Dense(classes)(layers.GlobalAveragePooling2D()(x)))


def _normalized(x: Any, filters: int, stride: int) -> Any:
    """A 3×3 convolution, whose bias batch normalization would take out again.

    It is padded by 1 on every side. With a stride of 2, Keras's "same" pads an even side at its end alone: the
    convolution would look at the pixels between those of the shortcut.
    """
    convolution = layers.Conv2D(filters, 3, strides=stride, padding="same" if stride == 1 else "valid", use_bias=False)
    return layers.BatchNormalization()(convolution(x if stride == 1 else layers.ZeroPadding2D(1)(x)))


def _shortcut(x: Any, filters: int, stride: int) -> Any:
    """The identity; where the shape changes, every second pixel, and zeros for the channels that are new."""
    if stride == 1:
        return x
    x = layers.MaxPooling2D(1, strides=stride)(x)
    new = filters - x.shape[-1]
    swapped = layers.Permute((3, 1, 2))(x)
    padded = layers.ZeroPadding2D(((new // 2, new - new // 2), (0, 0)))(swapped)
    return layers.Permute((2, 3, 1))(padded)
