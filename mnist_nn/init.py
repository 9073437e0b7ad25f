"""Ways to draw the first weights of a layer.

Each function takes a generator and the numbers of units before and after the layer, and returns
weights of shape (n_in, n_out) in float64; they are rounded when they are put into a network.
Biases start at zero.
"""

from collections.abc import Callable
from math import sqrt

import numpy as np

from .checks import Array, check_rng, positive_integer

Init = Callable[[np.random.Generator, int, int], Array]


def fan_in_uniform(rng: np.random.Generator, n_in: int, n_out: int) -> Array:
    """Draw uniformly from ±1/√n_in: variance 1/(3 n_in), what :cite:t:`paterson` calls Xavier.

    Raises
    ------
    TypeError
        If `rng` is not a generator, or a number of units not an integer.
    ValueError
        If a number of units is below 1.
    """
    _check(rng, n_in, n_out)
    return rng.uniform(-1, 1, (n_in, n_out)) / sqrt(n_in)


def glorot_uniform(rng: np.random.Generator, n_in: int, n_out: int) -> Array:
    """Draw uniformly from ±√(6/(n_in + n_out)): variance 2/(n_in + n_out) :cite:p:`glorot2010`.

    Raises what :func:`fan_in_uniform` raises.
    """
    _check(rng, n_in, n_out)
    return rng.uniform(-1, 1, (n_in, n_out)) * sqrt(6 / (n_in + n_out))


def glorot_normal(rng: np.random.Generator, n_in: int, n_out: int) -> Array:
    """Draw from a normal distribution of variance 2/(n_in + n_out) :cite:p:`glorot2010`.

    Raises what :func:`fan_in_uniform` raises.
    """
    _check(rng, n_in, n_out)
    return rng.standard_normal((n_in, n_out)) * sqrt(2 / (n_in + n_out))


def he_normal(rng: np.random.Generator, n_in: int, n_out: int) -> Array:
    """Draw from a normal distribution of variance 2/n_in, made for ReLU :cite:p:`he2015`.

    Raises what :func:`fan_in_uniform` raises.
    """
    _check(rng, n_in, n_out)
    return rng.standard_normal((n_in, n_out)) * sqrt(2 / n_in)


def zeros(rng: np.random.Generator, n_in: int, n_out: int) -> Array:
    """Return zeros: fine for one layer. Deeper, hidden units behind ReLU never learn.

    Raises what :func:`fan_in_uniform` raises.
    """
    _check(rng, n_in, n_out)
    return np.zeros((n_in, n_out))


def _check(rng: np.random.Generator, n_in: int, n_out: int) -> None:
    check_rng(rng)
    positive_integer("n_in", n_in)
    positive_integer("n_out", n_out)


INITS: dict[str, Init] = {
    f.__name__: f for f in (fan_in_uniform, glorot_uniform, glorot_normal, he_normal, zeros)
}
