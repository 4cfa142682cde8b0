"""Names that people know from elsewhere and that are no entry here: what to take instead, or why there is nothing."""

from __future__ import annotations

from actbench.errors import UserError
from actbench.registry import Spelling

_GATE = (
    "It multiplies one half of the channels by a gate made of the other, so that the next layer gets half of them: a "
    'comparison site by site would measure width as well as shape. At equal parameters it is --model "transformer('
    'gated=True)" --act {}; or write it into a model of your own (--model FILE.py:NAME).'
)
INSTEAD = {
    "gelu_tanh": "Take 'gelu(approximate=True)'.",
    "gelu_new": "Take 'gelu(approximate=True)'.",
    "fast_gelu": "Some libraries mean 'gelu(approximate=True)' by it, others 'quick_gelu'.",
    "gelu_fast": "Some libraries mean 'gelu(approximate=True)' by it, others 'quick_gelu'.",
    "softmin": "It is 'softmax' of -x, and the layer before it learns its sign: take 'softmax'.",
    "softclip": "Write it as a function of your own, 'FILE.py:softclip'. Near it are 'sigmoid', 'hard_tanh', 'relu6'.",
    "glu": _GATE.format("sigmoid"),
    "swiglu": _GATE.format("swish"),
    "geglu": _GATE.format("gelu"),
    "reglu": _GATE.format("relu"),
    "bilinear": _GATE.format("linear"),
    "crelu": "It joins relu(x) and relu(-x), so that the next layer gets twice the channels and has twice the weights: "
    "a comparison site by site would measure size as well as shape. Write it into a model of your own (--model "
    "FILE.py:NAME).",
    "maxout": "It takes the largest of k channels, so that the next layer gets a k-th of them: a comparison site by "
    "site would measure width as well as shape. Write it into a model of your own (--model FILE.py:NAME).",
}


def refuse(spelling: Spelling) -> None:
    """Raise UserError for a name that stands for something, but for nothing that a site could call."""
    if not spelling.provider and spelling.name in INSTEAD:
        raise UserError(f"There is no activation {spelling.name!r} in the catalogue. {INSTEAD[spelling.name]}")
    if spelling.provider.split(".")[0] == "torch":
        raise UserError(
            f"{spelling.path!r} works on PyTorch's tensors, and the networks here are Keras's. 'actbench list "
            f"activations' shows the catalogue, which has PyTorch's; 'keras:{spelling.name}' would be Keras's own."
        )
