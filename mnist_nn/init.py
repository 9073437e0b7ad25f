"""Ways to draw the first weights and biases of a layer, and what they do to signals.

Each of them takes a generator and the numbers of units before and after the layer, and returns
numbers in float64; they are rounded when they are put into a network. The shape is that of the
weights, (n_in, n_out), unless another is given: biases take (n_out,).
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import sqrt

import numpy as np

from .checks import Array, check_rng, positive_integer, real_number

Shape = tuple[int, ...]
Init = Callable[..., Array]  # (rng, n_in, n_out, shape=None)


def fan_in_uniform(
    rng: np.random.Generator, n_in: int, n_out: int, shape: Shape | None = None
) -> Array:
    """Draw uniformly from ±1/√n_in: variance 1/(3 n_in), what :cite:t:`paterson` calls Xavier.

    Equation :eq:`eq-fan-in-uniform`.

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

    Equation :eq:`eq-glorot-uniform`. Raises what :func:`fan_in_uniform` raises.
    """
    shape = _check(rng, n_in, n_out, shape)
    return rng.uniform(-1, 1, shape) * sqrt(6 / (n_in + n_out))


def glorot_normal(
    rng: np.random.Generator, n_in: int, n_out: int, shape: Shape | None = None
) -> Array:
    """Draw from a normal distribution of variance 2/(n_in + n_out) :cite:p:`glorot2010`.

    Equation :eq:`eq-glorot`. Raises what :func:`fan_in_uniform` raises.
    """
    shape = _check(rng, n_in, n_out, shape)
    return rng.standard_normal(shape) * sqrt(2 / (n_in + n_out))


def he_normal(rng: np.random.Generator, n_in: int, n_out: int, shape: Shape | None = None) -> Array:
    """Draw from a normal distribution of variance 2/n_in, made for ReLU :cite:p:`he2015`.

    Equation :eq:`eq-he`. Raises what :func:`fan_in_uniform` raises.
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


def weight_variance(init: str, n_in: int, n_out: int) -> float:
    """Return the variance of the weights that a rule draws for a layer.

    Parameters
    ----------
    init
        A name in ``INITS``.
    n_in, n_out
        Units before and after the layer.

    Raises
    ------
    ValueError
        If the name is not in the list, or a number of units is below 1.
    TypeError
        If a number of units is not an integer.

    Examples
    --------
    >>> weight_variance("he_normal", 784, 100) == 2 / 784
    True
    """
    if not isinstance(init, str) or init not in INITS:
        raise ValueError(f"init is {init!r}; expected one of {', '.join(INITS)}")
    n_in, n_out = positive_integer("n_in", n_in), positive_integer("n_out", n_out)
    return {
        "fan_in_uniform": 1 / (3 * n_in),
        "glorot_uniform": 2 / (n_in + n_out),
        "glorot_normal": 2 / (n_in + n_out),
        "he_normal": 2 / n_in,
        "half_uniform": 1 / 12,
        "standard_normal": 1.0,
        "zeros": 0.0,
    }[init]


def forward_variances(
    sizes: Sequence[int], init: str, mean_square: float, keep: float = 0.5
) -> Array:
    """Return the variance of Z in every layer of a fresh network, :eq:`eq-forward-variance`.

    The mean is over the draws of the weights; biases are 0. One network scatters around it, the
    more so the narrower and deeper it is.

    Parameters
    ----------
    sizes
        Units per layer, input first, as in ``(784, 100, 100, 10)``.
    init
        A name in ``INITS``.
    mean_square
        Mean of the squared inputs, such as ``np.mean(X**2)``.
    keep
        What share of E[z²] the activation keeps: 1/2 for ReLU, :eq:`eq-relu-second-moment`; 1 if
        there is none.

    Returns
    -------
    variances
        Of Z¹ … Zᴸ, shape (L,).

    Raises
    ------
    ValueError
        If there are fewer than two sizes, one is below 1, the name is not in the list, or
        `mean_square` or `keep` is not above 0.
    TypeError
        If a size is not an integer, or a number not a number.

    Examples
    --------
    >>> forward_variances((784, 100, 100, 10), "he_normal", 0.1).round(3)
    array([0.2, 0.2, 0.2])
    """
    v, keep = _positive("mean_square", mean_square), _positive("keep", keep)
    variances = []
    for n_in, _, w in _layers(sizes, init):
        variances.append(n_in * w * v)
        v = keep * variances[-1]
    return np.array(variances)


def backward_variances(
    sizes: Sequence[int], init: str, mean_square: float, keep: float = 0.5
) -> Array:
    """Return the mean square of dZ in every layer of a fresh network, :eq:`eq-backward-variance`.

    It takes what comes from above to be independent of the weights that it passes.

    Parameters
    ----------
    sizes
        Units per layer, input first, as in ``(784, 100, 100, 10)``.
    init
        A name in ``INITS``.
    mean_square
        Mean square of dZ in the last layer.
    keep
        Mean of the squared slope of the activation: 1/2 for ReLU; 1 if there is none.

    Returns
    -------
    mean_squares
        Of dZ¹ … dZᴸ, shape (L,).

    Raises
    ------
    ValueError, TypeError
        As :func:`forward_variances` does.

    Examples
    --------
    >>> backward_variances((784, 100, 100, 10), "he_normal", 0.1).round(3)
    array([0.01, 0.01, 0.1 ])
    """
    v, keep = _positive("mean_square", mean_square), _positive("keep", keep)
    mean_squares = [v]
    for _, n_out, w in reversed(_layers(sizes, init)[1:]):
        mean_squares.append(keep * n_out * w * mean_squares[-1])
    return np.array(mean_squares[::-1])


def _layers(sizes: Sequence[int], init: str) -> list[tuple[int, int, float]]:
    """Return n_in, n_out and the variance of the weights of every layer."""
    if not isinstance(sizes, tuple | list) or len(sizes) < 2:
        raise ValueError(f"sizes is {sizes!r}; expected two or more, such as (784, 100, 10)")
    units = [positive_integer(f"sizes[{l}]", n) for l, n in enumerate(sizes)]
    return [(i, o, weight_variance(init, i, o)) for i, o in pairwise(units)]


def _positive(name: str, x: float) -> float:
    """Check a number that must be above 0."""
    x = real_number(name, x)
    if x <= 0:
        raise ValueError(f"{name} is {x}; expected a number above 0")
    return x
