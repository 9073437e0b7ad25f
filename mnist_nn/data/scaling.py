"""What number a pixel becomes before a network sees it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..checks import float_dtype, real_number

_LIMIT = 1000  # beyond it, a network would only ever blow up
_CHUNK = 1 << 20  # pixels counted at once


@dataclass(frozen=True)
class Scaling:
    """A straight line from bytes to numbers: pixel 0 (paper) becomes `low`, 255 (ink) `high`.

    Three choices are common: ``Scaling()`` for [0, 1]; ``Scaling(0.01, 1)`` as in :cite:t:`qin`, so
    that no input is zero; and :meth:`standard`, which gives the pixels mean 0 and variance 1. A
    network keeps its scaling, so that it always sees what it was trained on.

    Parameters
    ----------
    low, high
        Two numbers from -1000 to 1000, the first smaller.

    Raises
    ------
    ValueError
        If `low` is not below `high`, or one is out of range.
    TypeError
        If one is not a number.

    Examples
    --------
    >>> Scaling(0.01, 1)(np.array([[0, 255]], np.uint8), np.float64)
    array([[0.01, 1.  ]])
    """

    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        """Check both numbers and keep them as Python floats."""
        low, high = real_number("Scaling: low", self.low), real_number("Scaling: high", self.high)
        # Rounded to float32 they must still differ, or paper and ink would look the same.
        if not (max(-low, high) <= _LIMIT and low < high and np.float32(low) < np.float32(high)):
            raise ValueError(
                f"Scaling: low is {low} and high {high}; "
                f"expected low below high, both from -{_LIMIT} to {_LIMIT}"
            )
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    @classmethod
    def standard(cls, pixels: NDArray[np.uint8]) -> "Scaling":
        """Return the scaling after which `pixels`, uint8 of any shape, have mean 0 and variance 1.

        Take the pixels of the training digits only: ``Scaling.standard(train.images)``.

        Raises
        ------
        ValueError
            If there are no pixels, or all are (nearly) the same.
        TypeError
            If `pixels` are not uint8.
        """
        if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8:
            raise TypeError("Scaling: pixels are not a uint8 array; give digits.images")
        if pixels.size == 0:
            raise ValueError("Scaling: there are no pixels; give at least one image")
        flat = pixels.reshape(-1)
        counts = np.zeros(256, np.int64)
        for start in range(0, flat.size, _CHUNK):  # bincount makes 8 bytes of each
            counts += np.bincount(flat[start : start + _CHUNK], minlength=256)
        levels = np.arange(256) / 255
        mean = counts @ levels / pixels.size
        std = np.sqrt(counts @ (levels - mean) ** 2 / pixels.size)
        if std < 2 / _LIMIT:
            raise ValueError("Scaling: all pixels are nearly the same; give images with ink")
        return cls(float(-mean / std), float((1 - mean) / std))

    def __call__(
        self,
        pixels: NDArray[np.uint8],
        dtype: DTypeLike = np.float32,
        out: NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        """Return the numbers for `pixels`, uint8 of any shape; equation :eq:`eq-scale-pixels`.

        Both ends are exact. The result is written to `out` if that is given.

        Raises
        ------
        TypeError
            If `pixels` are not bytes, or `dtype` is not float32 or float64.
        """
        if pixels.dtype != np.uint8:
            raise TypeError(f"Scaling: pixels are {pixels.dtype}; expected uint8: not scaled yet")
        # Only in-place steps and Python floats: neither changes the dtype.
        # Times 1/255, since a product is faster than a quotient; 255 times it is exactly 1.
        X = np.empty(pixels.shape, float_dtype("Scaling: dtype", dtype)) if out is None else out
        X[...] = pixels
        X *= 1 / 255
        if (self.low, self.high) != (0, 1):
            # high x + low (1 - x) is low + (high - low) x, but exact at both ends.
            rest = 1.0 - X
            rest *= self.low
            X *= self.high
            X += rest
        return X


UNIT = Scaling()
