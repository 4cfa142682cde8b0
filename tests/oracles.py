"""What the catalogue is held against: every formula once more, from the papers, in arbitrary precision.

Nothing here is taken from the package. The functions are written as the papers print them, with no regard to
overflow or cancellation: mpmath has the digits for that. Slopes are numerical derivatives in fifty digits, so no
derivative is written by hand anywhere. Parameters have the names that a spelling uses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath as mp
import numpy as np

mp.mp.dps = 50


@dataclass(frozen=True)
class Oracle:
    """One formula ``function(x, **parameters)``, and what else is known of it.

    Attributes:
        function: the formula.
        kinks: the points where value or slope jump, for given parameters.
        symmetry: ``"odd"``, ``"even"`` or nothing.
        left: the asymptote towards −∞ as a Python expression in x; empty: there is none.
        right: the asymptote towards +∞.
        offset: the size of a constant that the formula subtracts; the result is good to a rounding of *that*.
    """

    function: Callable[..., Any]
    kinks: Callable[..., tuple[float, ...]]
    symmetry: str
    left: str
    right: str
    offset: float


ORACLES: dict[str, Oracle] = {}


def oracle(
    *kinks: float,
    symmetry: str = "",
    left: str = "0",
    right: str = "x",
    offset: float = 0.0,
    moving: Callable[..., tuple[float, ...]] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare an oracle under its function's name. ``moving`` gives the kinks where they depend on parameters."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        where = moving or (lambda **_: kinks)
        ORACLES[function.__name__.rstrip("_")] = Oracle(function, where, symmetry, left, right, offset)
        return function

    return register


def sigma(x):
    return 1 / (1 + mp.exp(-x))


def ln_1p_exp(x):
    return mp.log(1 + mp.exp(x)) if x > -60 else mp.exp(x) - mp.exp(2 * x) / 2


def tanh(x):
    """Tanh that does not choke on the astronomical arguments of tanhexp."""
    return mp.mpf(1) if x > 200 else mp.tanh(x)


def erf(x):
    return mp.sign(x) if abs(x) > 200 else mp.erf(x)


def normal_cdf(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


# Straight pieces --------------------------------------------------------------------------------------------------


@oracle(symmetry="odd", left="x")
def linear(x):
    return x


@oracle(0)
def relu(x):
    return x if x > 0 else mp.mpf(0)


@oracle(0, 6, right="6")
def relu6(x):
    return mp.mpf(0) if x < 0 else min(x, mp.mpf(6))


@oracle(0, left="0.01 * x")
def leaky_relu(x, slope=0.01):
    return x if x >= 0 else slope * x


@oracle(moving=lambda threshold=1.0, **_: (threshold,))
def threshold(x, threshold=1.0, value=0.0):
    return x if x > threshold else mp.mpf(value)


@oracle(moving=lambda slope=1 / 6: (-0.5 / slope, 0.5 / slope), right="1")
def hard_sigmoid(x, slope=1 / 6):
    line = mp.mpf(slope) * x + mp.mpf(1) / 2
    return mp.mpf(0) if line < 0 else mp.mpf(1) if line > 1 else line


@oracle(-1, 1, right="1")
def sparse_sigmoid(x):
    if x <= -1:
        return mp.mpf(0)
    return mp.mpf(1) if x >= 1 else (x + 1) / 2


@oracle(moving=lambda lower=-1.0, upper=1.0: (lower, upper), symmetry="odd", left="-1", right="1")
def hard_tanh(x, lower=-1.0, upper=1.0):
    return mp.mpf(lower) if x < lower else mp.mpf(upper) if x > upper else x


@oracle(moving=lambda lower=-0.5, upper=0.5: (lower, upper), symmetry="odd", left="x")
def hardshrink(x, lower=-0.5, upper=0.5):
    return mp.mpf(0) if lower <= x <= upper else x


@oracle(moving=lambda lower=-0.5, upper=0.5: (lower, upper), symmetry="odd", left="x + 0.5", right="x - 0.5")
def softshrink(x, lower=-0.5, upper=0.5):
    if x > upper:
        return x - upper
    return x - lower if x < lower else mp.mpf(0)


@oracle(-3, 3)
def hard_silu(x):
    return x * min(max(x + 3, 0), 6) / 6


@oracle(-2, 0)
def hard_mish(x):
    return x / 2 * min(mp.mpf(2), max(mp.mpf(0), x + 2))


# Parabolas and polynomials ----------------------------------------------------------------------------------------


@oracle(right="x * x")
def squared_relu(x):
    return max(x, mp.mpf(0)) ** 2


@oracle(left="-0.4472", right="0.8944 * x * x - 0.4472")
def star_relu(x, scale=0.8944, bias=-0.4472):
    return scale * max(x, mp.mpf(0)) ** 2 + mp.mpf(bias)


@oracle()
def sparse_plus(x):
    if x <= -1:
        return mp.mpf(0)
    return x if x >= 1 else (x + 1) ** 2 / 4


@oracle(left="-3.0937 * 0.6653**3 * (0.6653**5 - 2 * 0.6653**4 + 2)", right="", offset=1.27)
def spocu(x, alpha=3.0937, beta=0.6653, gamma=4.437):
    def h(z):
        return mp.mpf(0) if z < 0 else z**3 * (z**5 - 2 * z**4 + 2)

    return alpha * h(x / mp.mpf(gamma) + mp.mpf(beta)) - alpha * h(mp.mpf(beta))


# Exponentials -----------------------------------------------------------------------------------------------------


@oracle(right="1")
def sigmoid(x):
    return sigma(x)


@oracle(left="x", right="0")
def log_sigmoid(x):
    return mp.log(sigma(x))


@oracle(symmetry="odd", left="-1", right="1")
def tanh_(x):
    return (mp.exp(x) - mp.exp(-x)) / (mp.exp(x) + mp.exp(-x))


@oracle(0, left="-0.25", right="1")
def penalized_tanh(x, penalty=0.25):
    return mp.tanh(x) if x > 0 else penalty * mp.tanh(x)


@oracle(symmetry="odd", left="x + 1", right="x - 1")
def tanhshrink(x):
    return x - mp.tanh(x)


@oracle(moving=lambda alpha=1.0: () if alpha == 1 else (0,), left="-1", offset=1)
def elu(x, alpha=1.0):
    return x if x > 0 else alpha * (mp.exp(x) - 1)


@oracle(0, left="-1.0507009873554805 * 1.6732632423543772", right="1.0507009873554805 * x", offset=1.76)
def selu(x):
    scale, alpha = mp.mpf("1.05070098735548049342"), mp.mpf("1.67326324235437728481")
    return scale * x if x > 0 else scale * alpha * (mp.exp(x) - 1)


@oracle(left="-1")
def celu(x, alpha=1.0):
    return max(mp.mpf(0), x) + min(mp.mpf(0), alpha * (mp.exp(x / mp.mpf(alpha)) - 1))


@oracle()
def softplus(x, beta=1.0):
    return ln_1p_exp(mp.mpf(beta) * x) / mp.mpf(beta)


@oracle(left="-0.6931471805599453", right="x - 0.6931471805599453", offset=0.7)
def shifted_softplus(x):
    return mp.log(mp.exp(x) / 2 + mp.mpf(1) / 2)


@oracle(right="")
def exponential(x):
    return mp.exp(x)


# Roots and fractions ----------------------------------------------------------------------------------------------


@oracle(symmetry="odd", left="-1", right="1")
def softsign(x):
    return x / (1 + abs(x))


@oracle(symmetry="odd", left="-1", right="1")
def isru(x, alpha=1.0):
    return x / mp.sqrt(1 + alpha * x**2)


@oracle(left="-1")
def isrlu(x, alpha=1.0):
    return x if x >= 0 else x / mp.sqrt(1 + alpha * x**2)


@oracle()
def squareplus(x, b=4.0):
    return (x + mp.sqrt(x**2 + b)) / 2


@oracle()
def pflu(x):
    return x / 2 * (1 + x / mp.sqrt(1 + x**2))


# Gates ------------------------------------------------------------------------------------------------------------


@oracle()
def swish(x, beta=1.0):
    return x * sigma(beta * x)


@oracle(right="1.75 * x")
def e_swish(x, beta=1.75):
    return beta * x * sigma(x)


@oracle()
def quick_gelu(x):
    return x * sigma(mp.mpf("1.702") * x)


@oracle()
def gelu(x, approximate=False):
    if approximate:
        return x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3)))
    return x * normal_cdf(x)


@oracle()
def aria2(x, alpha=1.5, beta=2.0):
    return x * (1 + mp.exp(-mp.mpf(beta) * x)) ** (-mp.mpf(alpha))


@oracle(offset=1)
def elish(x):
    return x / (1 + mp.exp(-x)) if x >= 0 else (mp.exp(x) - 1) / (1 + mp.exp(-x))


@oracle(-1, 1, offset=1)
def hard_elish(x):
    return (x if x >= 0 else mp.exp(x) - 1) * max(mp.mpf(0), min(mp.mpf(1), (x + 1) / 2))


@oracle()
def mish(x):
    return x * mp.tanh(ln_1p_exp(x))


@oracle()
def tanhexp(x):
    return x * tanh(mp.exp(x))


@oracle()
def serf(x):
    return x * erf(ln_1p_exp(x))


@oracle(right="0.6 * x")
def smish(x):
    return x * mp.tanh(mp.log(1 + sigma(x)))


@oracle(right="0.6931471805599453 * x")
def logish(x):
    return x * mp.log(1 + sigma(x))


@oracle()
def phish(x):
    return x * mp.tanh(gelu(x))


@oracle(symmetry="even", left="-x")
def lisht(x):
    return x * mp.tanh(x)


# Waves ------------------------------------------------------------------------------------------------------------


@oracle(symmetry="odd", left="", right="")
def sine(x, frequency=1.0):
    return mp.sin(frequency * x)


@oracle(left="", right="")
def snake(x, frequency=1.0):
    return x + (1 - mp.cos(2 * frequency * x)) / (2 * mp.mpf(frequency))


@oracle(symmetry="odd", left="", right="")
def gcu(x):
    return x * mp.cos(x)


# Learned and random ones, at their start values, and in inference -------------------------------------------------


@oracle(0, left="0.25 * x")
def prelu(x, init=0.25, per_channel=True):  # one slope or one a channel: the start is the same
    return max(mp.mpf(0), x) + init * min(mp.mpf(0), x)


@oracle(0, left="11 / 48 * x")
def rrelu(x, lower=0.125, upper=1 / 3, divisor=False):
    if x >= 0:
        return x
    low, high = mp.mpf(lower), mp.mpf(upper)
    return x / ((1 / low + 1 / high) / 2) if divisor else (low + high) / 2 * x


@oracle(0, left="0.9 * x", right="(1 + 1 / (1 + 2.718281828459045**-2)) * x")
def arelu(x, alpha=0.9, beta=2.0):
    low = min(max(mp.mpf(alpha), mp.mpf("0.01")), mp.mpf("0.99"))
    return (1 + sigma(mp.mpf(beta))) * x if x >= 0 else low * x


@oracle(
    moving=lambda t=0.9, init=1.0: ((0,) if init != 1 else ()) + ((-1 / (1 - t),) if t == 0 else ()),
    left="-1",
    offset=1,
)
def pdelu(x, t=0.9, init=1.0):
    if x > 0:
        return x
    inner = max(mp.mpf(0), 1 + (1 - mp.mpf(t)) * x)
    return init * (inner ** (1 / (1 - mp.mpf(t))) - 1)


@oracle()
def swish_trainable(x, beta=1.0):
    return swish(x, beta)


@oracle(left="-0.4472", right="0.8944 * x * x - 0.4472")
def star_relu_trainable(x, scale=0.8944, bias=-0.4472):
    return star_relu(x, scale, bias)


@oracle()
def erfact(x, alpha=0.75, beta=0.75):
    return x * erf(alpha * mp.exp(beta * x))


@oracle()
def pserf(x, gamma=1.25, delta=0.85):
    return x * erf(gamma * ln_1p_exp(delta * x))


PADE_NUMERATOR = ["0.0335583603", "0.505000375", "1.65343934", "2.01001052", "0.931901999", "0.152424124"]
PADE_DENOMINATOR = ["0.00000330847488", "3.98021568", "0.000000512471206", "0.301830109"]


@oracle(0, left="", right="")
def pau(x):
    top = mp.fsum(mp.mpf(a) * x**j for j, a in enumerate(PADE_NUMERATOR))
    return top / (1 + abs(mp.fsum(mp.mpf(b) * x**k for k, b in enumerate(PADE_DENOMINATOR, start=1))))


@oracle(left="", right="")
def snake_trainable(x, frequency=1.0):
    return snake(x, frequency)


@oracle(left="", right="")
def snake_beta(x, alpha=1.0, beta=1.0):
    return x + mp.sin(alpha * x) ** 2 / mp.mpf(beta)


@oracle(left="-0.3 * x - 0.8", right="0.8 * x * x + 0.5 * x", offset=1)
def xielu(x, alpha_p=0.8, alpha_n=0.8, beta=0.5):
    if x > 0:
        return alpha_p * x**2 + beta * x
    return alpha_n * (mp.exp(x) - 1) - alpha_n * x + beta * x


@oracle(
    moving=lambda t_left=0.0, t_right=1.0, a_right=1.0, **_: (t_left, t_right) if a_right != 1 else (t_left,),
    left="0.2 * x",
)
def srelu(x, t_left=0.0, a_left=0.2, t_right=1.0, a_right=1.0):
    if x <= t_left:
        return t_left + a_left * (x - t_left)
    return x if x < t_right else t_right + a_right * (x - t_right)


# Along an axis, seen through the first of two outputs, the second input being 0; test_axis has the vectors ---------


@oracle(right="1")
def softmax(x):
    return mp.exp(x) / (mp.exp(x) + 1)


@oracle(left="x", right="0")
def log_softmax(x):
    return x - ln_1p_exp(x)


@oracle(-1, 1, right="1")
def sparsemax(x):
    return min(max((x + 1) / 2, mp.mpf(0)), mp.mpf(1))


@dataclass(frozen=True)
class Truth:
    """What an oracle says at some points; left and right of a kink the slopes differ."""

    value: np.ndarray
    left: np.ndarray
    right: np.ndarray
    bend: np.ndarray

    @property
    def steepest(self) -> np.ndarray:
        """The larger of the slopes of both sides, without sign."""
        return np.maximum(np.abs(self.left), np.abs(self.right))


def evaluate(name: str, x: np.ndarray, *, close: float = 1e-9, **parameters: Any) -> Truth:
    """Value, slopes just left and right, and second derivative at each point.

    Points nearer to a kink than ``close`` count as the kink.
    """
    entry = ORACLES[name]
    kinks = [mp.mpf(kink) for kink in entry.kinks(**parameters)]
    step = mp.mpf(10) ** -15

    def at(point):
        return entry.function(point, **parameters)

    def slope(point):
        return (at(point + step) - at(point - step)) / (2 * step)

    rows = []
    for point in map(mp.mpf, map(float, x)):
        kink = next((kink for kink in kinks if abs(point - kink) <= close), None)
        left = slope(point if kink is None else kink - 2 * step)
        right = left if kink is None else slope(kink + 2 * step)
        bend = 0 if kink is not None else (at(point + step) - 2 * at(point) + at(point - step)) / step**2
        rows.append([float(number) for number in (at(point), left, right, bend)])
    return Truth(*np.array(rows).T)
