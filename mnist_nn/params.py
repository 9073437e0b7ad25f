"""All weights and biases of a network in one flat vector."""

from collections.abc import Sequence
from itertools import pairwise
from operator import index
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .checks import Array, float_dtype


class _Views(dict[int, Array]):
    """Arrays by layer. Assigning to one writes into its memory, so that it stays a view."""

    def __setitem__(self, l: int, values: Array) -> None:
        if values is not self[l]:  # after W[l] -= … it is
            self[l][:] = values


class Params:
    """The weights W[l] and biases b[l] of every layer, as views into one vector.

    Layers are counted from 1, as in the derivation: ``W[1]`` is W¹. Writing to a view writes to
    ``flat`` and the other way round, so one line updates the whole network, and one array holds all
    there is to save or to check. A gradient has the same form. Equation :eq:`eq-flat` says
    which number stands where.

    Parameters
    ----------
    sizes
        Units per layer, input first, as in ``(784, 100, 10)``: at least two numbers ≥ 1.
    dtype
        float32 to train, float64 to check.

    Attributes
    ----------
    sizes : tuple of int
    flat : array of shape (n,)
        All parameters, W¹ b¹ W² b² …, zero to begin with; n is equation
        :eq:`eq-parameter-count`.
    W : dict from l to an array of shape (sizes[l - 1], sizes[l])
    b : dict from l to an array of shape (sizes[l],)

    Raises
    ------
    ValueError
        If there are fewer than two sizes or one is below 1.
    TypeError
        If a size is not an integer, or `dtype` is not float32 or float64.

    Examples
    --------
    >>> params = Params((3, 2))
    >>> params.b[1][:] = 7
    >>> params.flat
    array([0., 0., 0., 0., 0., 0., 7., 7.], dtype=float32)
    """

    def __init__(self, sizes: Sequence[int], dtype: DTypeLike = np.float32) -> None:
        self.sizes = check_sizes(sizes)
        dtype = float_dtype("dtype", dtype)
        shapes = list(pairwise(self.sizes))
        self._flat = np.zeros(sum((n_in + 1) * n_out for n_in, n_out in shapes), dtype)
        self.W, self.b = _Views(), _Views()
        rest = self._flat
        for l, (n_in, n_out) in enumerate(shapes, start=1):
            W, b, rest = np.split(rest, [n_in * n_out, (n_in + 1) * n_out])
            self.W.update({l: W.reshape(n_in, n_out)})  # (n_in · n_out,) → (n_in, n_out)
            self.b.update({l: b})

    @property
    def flat(self) -> Array:
        """All parameters, W¹ b¹ W² b² …, shape (n,); assigning copies values into it."""
        return self._flat

    @flat.setter
    def flat(self, values: Array) -> None:
        if values is not self._flat:  # after flat -= … it is
            self._flat[:] = values

    def copy(self) -> "Params":
        """Return parameters with the same values and their own memory."""
        return _params(self.sizes, self.flat)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the vector alone: arrays copied one by one would no longer be views of it."""
        return _params, (self.sizes, self.flat)

    def __repr__(self) -> str:
        """Say how many numbers there are, not which."""
        sizes = "-".join(map(str, self.sizes))
        return f"Params({sizes}: {self.flat.size:,} numbers, {self.flat.dtype})"


def _params(sizes: tuple[int, ...], flat: Array) -> Params:
    """Return parameters with their own memory and the values of `flat`."""
    params = Params(sizes, flat.dtype)
    params.flat[:] = flat
    return params


def check_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the sizes of the layers as a tuple of integers.

    Raises
    ------
    ValueError
        If there are fewer than two sizes or one is below 1.
    TypeError
        If a size is not an integer.
    """
    try:
        checked = tuple(index(n) for n in sizes)
        if any(isinstance(n, bool) for n in sizes):
            raise TypeError
    except TypeError:
        raise TypeError(f"sizes is {sizes!r}; expected integers such as (784, 100, 10)") from None
    if len(checked) < 2 or min(checked) < 1:
        raise ValueError(f"sizes is {checked}; expected two or more numbers ≥ 1, input first")
    return checked
