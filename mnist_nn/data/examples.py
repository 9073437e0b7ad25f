"""Rows of numbers with labels, for data that are not images of digits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..checks import check_labels, finite_array, labels_of_rows, real_array
from .scaling import Scaling


@dataclass(frozen=True, eq=False, repr=False)
class Examples:
    """Inputs that are numbers already, with their labels: what a network can learn besides digits.

    Parameters
    ----------
    X
        Inputs, shape (M, n), floats, used as they are.
    labels
        Integers from 0 upwards, shape (M,), or one-hot rows, shape (M, K). Kept as integers.

    Raises
    ------
    TypeError
        If `X` does not hold real numbers or holds bytes, or `labels` do not hold integers.
    ValueError
        If there are no examples, a shape is wrong, a number is not finite, a label is negative, or
        a row of labels is not one-hot.

    Examples
    --------
    >>> xor = Examples([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> xor
    Examples(4 rows of 2 numbers, labels 0 to 1)
    """

    X: NDArray[Any]
    labels: NDArray[np.intp]

    def __post_init__(self) -> None:
        """Check the arrays."""
        X = finite_array("Examples: X", self.X).view()
        if X.dtype == np.uint8:
            raise TypeError("Examples: X holds bytes; give digits.scaled(), or Digits as they are")
        Y = real_array("Examples: labels", self.labels)
        if Y.ndim == 2 and Y.shape[1] > 1:
            labels = labels_of_rows("Examples: labels", Y, Y.shape[1])
        else:
            labels = check_labels("Examples: labels", Y, np.iinfo(np.int32).max).view()
        if X.ndim != 2 or labels.shape != X.shape[:1]:
            raise ValueError(
                f"Examples: X has shape {X.shape} and labels {labels.shape}; "
                "expected (M, n) and (M,)"
            )
        X.flags.writeable = labels.flags.writeable = False  # views: what was given stays writable
        object.__setattr__(self, "X", X)
        object.__setattr__(self, "labels", labels)

    def __len__(self) -> int:
        """Return the number of examples, M."""
        return len(self.labels)

    def __repr__(self) -> str:
        """Say how many there are, not which."""
        M, n = self.X.shape
        return f"Examples({M} rows of {n} numbers, labels 0 to {self.labels.max()})"

    @property
    def width(self) -> int:
        """Numbers in a row, n."""
        return self.X.shape[1]

    def inputs(
        self,
        rows: slice | NDArray[np.integer[Any]],
        dtype: DTypeLike = np.float32,
        scaling: Scaling | None = None,
        out: NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        """Return the inputs at `rows`, a slice or positions: shape (B, n), in `dtype`.

        The inner step of training: nothing is checked. The scaling is that of pixels, and left out
        here. Given `out`, the result is written there.
        """
        X = self.X[rows]
        if out is None:
            return X.astype(dtype)
        out[:] = X
        return out
