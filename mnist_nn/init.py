"""Ways to draw the first weights and biases of a layer.

Each function takes a generator and the numbers of units before and after the layer, and returns
numbers in float64; they are rounded when they are put into a network. The shape is that of the
weights, (n_in, n_out), unless another is given: biases take (n_out,).
"""

from collections.abc import Callable
from math import sqrt

import numpy as np

from .checks import Array, check_rng, positive_integer

Shape = tuple[int, ...]
Init = Callable[..., Array]  # (rng, n_in, n_out, shape=None)


def fan_in_uniform(
    rng: np.random.Generator, n_in: int, n_out: int, shape: Shape | None = None
) -> Array:
    """Draw uniformly from ±1/√n_in: variance 1/(3 n_in), what :cite:t:`paterson` calls Xavier.

    Raises
    ------
    TypeError
        If `rng` is not a generator, or a number of units or an axis of `shape` not an integer.
    ValueError
        If a number of units or an axis of `shape` is below 1.
    """
    shape = _check(rng, n_in, n_out, shape)
    return rng.uniform(-1, 1, shape) / sqrt(n_in)


def glorot_uniform(
    rng: np.random.Generator, n_in: int, n_out: int, shape: Shape | None = None
) -> Array:
    """Draw uniformly from ±√(6/(n_in + n_out)): variance 2/(n_in + n_out) :cite:p:`glorot2010`.

    Raises what :func:`fan_in_uniform` raises.
    """
    shape = _check(rng, n_in, n_out, shape)
    return rng.uniform(-1, 1, shape) * sqrt(6 / (n_in + n_out))


def glorot_normal(
    rng: np.random.Generator, n_in: int, n_out: int, shape: Shape | None = None
) -> Array:
    """Draw from a normal distribution of variance 2/(n_in + n_out) :cite:p:`glorot2010`.

    Raises what :func:`fan_in_uniform` raises.
    """
    shape = _check(rng, n_in, n_out, shape)
    return rng.standard_normal(shape) * sqrt(2 / (n_in + n_out))


def he_normal(rng: np.random.Generator, n_in: int, n_out: int, shape: Shape | None = None) -> Array:
    """Draw from a normal distribution of variance 2/n_in, made for ReLU :cite:p:`he2015`.

    Raises what :func:`fan_in_uniform` raises.
    """
    shape = _check(rng, n_in, n_out, shape)
    return rng.standard_normal(shape) * sqrt(2 / n_in)


def half_uniform(
    rng: np.random.Generator, n_in: int, n_out: int, shape: Shape | None = None
) -> Array:
    """Draw uniformly from ±½, whatever the size of the layer: variance 1/12.

    Raises what :func:`fan_in_uniform` raises.
    """
    shape = _check(rng, n_in, n_out, shape)
    return rng.uniform(-0.5, 0.5, shape)


def standard_normal(
    rng: np.random.Generator, n_in: int, n_out: int, shape: Shape | None = None
) -> Array:
    """Draw from the standard normal distribution, whatever the size of the layer: variance 1.

    Raises what :func:`fan_in_uniform` raises.
    """
    shape = _check(rng, n_in, n_out, shape)
    return rng.standard_normal(shape)


def zeros(rng: np.random.Generator, n_in: int, n_out: int, shape: Shape | None = None) -> Array:
    """Return zeros: fine for biases. With such weights, hidden units behind ReLU never learn.

    Raises what :func:`fan_in_uniform` raises.
    """
    return np.zeros(_check(rng, n_in, n_out, shape))


def _check(rng: np.random.Generator, n_in: int, n_out: int, shape: Shape | None) -> Shape:
    """Return the shape to draw."""
    check_rng(rng)
    weights = positive_integer("n_in", n_in), positive_integer("n_out", n_out)
    if shape is None:
        return weights
    if not isinstance(shape, tuple):
        raise TypeError(f"shape is {shape!r}; expected a tuple such as ({n_out},)")
    return tuple(positive_integer("an axis of shape", n) for n in shape)


INITS: dict[str, Init] = {
    f.__name__: f
    for f in (
        fan_in_uniform,
        glorot_uniform,
        glorot_normal,
        he_normal,
        half_uniform,
        standard_normal,
        zeros,
    )
}
