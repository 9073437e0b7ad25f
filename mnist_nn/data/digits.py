"""Images of digits with their labels, kept as bytes and scaled batch by batch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..checks import check_rng, check_type, float_dtype, positive_integer
from .scaling import UNIT, Scaling

HEIGHT = WIDTH = 28  # pixels
CLASSES = 10

Index = slice | list[int] | list[bool] | NDArray[np.integer[Any]] | NDArray[np.bool_]


@dataclass(frozen=True, eq=False, repr=False)
class Digits:
    """Images of handwritten digits and the digits that they show.

    Images stay as they are in the file, one byte per pixel: a training set of 60,000 takes 47 MB
    instead of the 188 MB of float32. Pixels are scaled when a batch is taken. Both arrays are
    read-only views of what was given, because slices share them: ``d[:10]`` copies nothing.

    Parameters
    ----------
    images
        Pixels from 0 (paper) to 255 (ink), uint8, shape (M, 28, 28).
    labels
        The digits, integers from 0 to 9, shape (M,). Kept as int64.

    Raises
    ------
    TypeError
        If an argument is not an array, images are not uint8, or labels not integers.
    ValueError
        If there are no digits, a shape is wrong, the lengths differ, or a label is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> d = Digits(np.zeros((5, 28, 28), np.uint8), np.array([5, 0, 4, 1, 9]))
    >>> d
    Digits(5 images of 28 x 28 pixels, labels 0 to 9)
    >>> d[1:3].labels
    array([0, 4])
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check the arrays and make them read-only."""
        images = _array("images", self.images)
        labels = _array("labels", self.labels)
        if images.dtype != np.uint8:
            raise TypeError(
                f"Digits: images hold {images.dtype} values; expected uint8 pixels from 0 to 255"
            )
        if images.shape[1:] != (HEIGHT, WIDTH):
            raise ValueError(f"Digits: images have shape {images.shape}; expected (M, 28, 28)")
        if labels.dtype.kind not in "iu":
            raise TypeError(
                f"Digits: labels hold {labels.dtype} values; expected integers from 0 to 9"
            )
        if labels.ndim != 1:
            raise ValueError(f"Digits: labels have shape {labels.shape}; expected (M,)")
        if len(images) != len(labels):
            raise ValueError(
                f"Digits: there are {len(images)} images and {len(labels)} labels; "
                "expected one label per image"
            )
        if len(images) == 0:
            raise ValueError("Digits: there are no images; give or select at least one")
        if labels.min() < 0 or labels.max() >= CLASSES:
            raise ValueError(
                f"Digits: labels run from {labels.min()} to {labels.max()}; expected 0 to 9"
            )
        object.__setattr__(self, "images", _read_only(images))
        object.__setattr__(self, "labels", _read_only(labels.astype(np.int64, copy=False)))

    def __len__(self) -> int:
        """Return the number of digits, M."""
        return len(self.labels)

    def __repr__(self) -> str:
        """Say how many there are, not which pixels."""
        images = "1 image" if len(self) == 1 else f"{len(self)} images"
        digits = f"labels {self.labels.min()} to {self.labels.max()}"
        return f"Digits({images} of {HEIGHT} x {WIDTH} pixels, {digits})"

    def __getitem__(self, index: Index) -> "Digits":
        """Select digits with a slice, an array of positions or a mask.

        Parameters
        ----------
        index
            A slice (the result then shares memory with this object), positions, shape (n,), or
            a mask, bool, shape (M,).

        Returns
        -------
        Digits
            The selected digits, at least one.

        Raises
        ------
        TypeError
            If `index` is a single position or of another type.
        ValueError
            If `index` has the wrong shape or selects nothing.
        IndexError
            If a position is out of range.
        """
        if not isinstance(index, slice):
            index = self._positions(index)
        elif len(range(*index.indices(len(self)))) == 0:
            raise ValueError(
                f"Digits: {_text(index)} selects none of {len(self)} digits; "
                f"choose positions from 0 to {len(self) - 1}"
            )
        return Digits(self.images[index], self.labels[index])

    def _positions(self, index: object) -> NDArray[np.integer[Any]]:
        """Return `index` as valid positions."""
        if isinstance(index, int | np.integer) and not isinstance(index, bool):
            raise TypeError(
                f"Digits: one position does not make Digits; take d[{index}:{int(index) + 1}] "
                f"or d.images[{index}]"
            )
        if not isinstance(index, list | np.ndarray):
            raise TypeError(
                f"Digits: the index has type {type(index).__name__}; "
                "expected a slice, an array of positions or a mask"
            )
        try:
            positions = np.asarray(index)
        except ValueError:
            raise ValueError("Digits: the index is a ragged list; expected one dimension") from None
        if positions.size == 0:
            raise ValueError("Digits: the index is empty; select at least one digit")
        if positions.ndim != 1:
            raise ValueError(
                f"Digits: the index has shape {positions.shape}; expected one dimension"
            )
        if positions.dtype.kind == "b":
            if len(positions) != len(self):
                raise ValueError(
                    f"Digits: the mask has {len(positions)} entries for {len(self)} digits; "
                    "expected one each"
                )
            positions = np.flatnonzero(positions)
            if positions.size == 0:
                raise ValueError("Digits: the mask selects none; select at least one digit")
        if positions.dtype.kind not in "iu":
            raise TypeError(
                f"Digits: the index holds {positions.dtype} values; "
                "expected a slice, an array of positions or a mask"
            )
        if positions.min() < -len(self) or positions.max() >= len(self):
            raise IndexError(
                f"Digits: positions run from {positions.min()} to {positions.max()}; "
                f"there are {len(self)} digits"
            )
        return positions

    def split(
        self, *sizes: SupportsIndex, rng: np.random.Generator | None = None
    ) -> tuple["Digits", ...]:
        """Cut into parts that have no digit in common.

        Parameters
        ----------
        *sizes
            The number of digits in each part. Digits beyond their sum are left out.
        rng
            If given, digits are drawn in random order. Without it, parts follow one another in
            the order of the file and share memory with this object.

        Returns
        -------
        parts
            One object for each size.

        Raises
        ------
        TypeError
            If a size is not an integer, or `rng` not a Generator.
        ValueError
            If there are no sizes, one is below 1, or their sum is more than there is.

        Examples
        --------
        >>> import numpy as np
        >>> d = Digits(np.zeros((6, 28, 28), np.uint8), np.array([5, 0, 4, 1, 9, 2]))
        >>> train, validation = d.split(4, 2)
        >>> train.labels, validation.labels
        (array([5, 0, 4, 1]), array([9, 2]))
        """
        parts = [positive_integer("split: a size", size) for size in sizes]
        if rng is not None:
            check_rng(rng, "split: rng")
        if not parts:
            raise ValueError("split: no sizes are given; give one for each part")
        if sum(parts) > len(self):
            raise ValueError(
                f"split: the sizes add up to {sum(parts)}, but there are {len(self)} digits; "
                "make the parts smaller"
            )
        ends = np.cumsum(parts)
        if rng is None:
            return tuple(
                self[end - size : end] for size, end in zip(parts, ends.tolist(), strict=True)
            )
        order = rng.permutation(len(self))  # (M,)
        return tuple(self[part] for part in np.split(order[: ends[-1]], ends[:-1]))

    @property
    def width(self) -> int:
        """Pixels of an image: the numbers in a row of inputs."""
        return HEIGHT * WIDTH

    def scaled(self, dtype: DTypeLike = np.float32, scaling: Scaling = UNIT) -> NDArray[Any]:
        """Return all images as rows of numbers, between 0 and 1 unless told otherwise.

        Implements :eq:`eq-scale-pixels`.

        Parameters
        ----------
        dtype
            float32 or float64.
        scaling
            What paper and ink become.

        Returns
        -------
        X
            A new array, shape (M, 784), row by row from the top left pixel.

        Raises
        ------
        TypeError
            If `dtype` or `scaling` is of another kind.

        Examples
        --------
        >>> import numpy as np
        >>> d = Digits(np.full((1, 28, 28), 255, np.uint8), np.array([8]))
        >>> d.scaled().shape
        (1, 784)
        >>> float(d.scaled(scaling=Scaling(-1, 1)).max())
        1.0
        """
        check_type("scaled: scaling", scaling, Scaling)
        return self.inputs(slice(None), float_dtype("scaled: dtype", dtype), scaling)

    def inputs(
        self,
        rows: slice | NDArray[np.integer[Any]],
        dtype: DTypeLike = np.float32,
        scaling: Scaling = UNIT,
        out: NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        """Return the scaled images at `rows`, a slice or positions, as rows: shape (B, 784).

        The inner step of :meth:`scaled` and :meth:`batches`. It checks nothing and, given `out`,
        makes no new array of floats.
        """
        # take() gathers rows in half the time that images[rows] needs.
        pixels = self.images[rows] if isinstance(rows, slice) else self.images.take(rows, axis=0)
        return scaling(pixels.reshape(-1, HEIGHT * WIDTH), dtype, out)  # (B, 28, 28) → (B, 784)

    def batches(
        self,
        size: SupportsIndex,
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = np.float32,
        scaling: Scaling = UNIT,
        drop_last: bool = False,
    ) -> Iterator[tuple[NDArray[Any], NDArray[np.int64]]]:
        """Go once through all digits, in batches.

        Pixels are scaled as in :eq:`eq-scale-pixels`, see :meth:`scaled`; how many batches there
        are says :eq:`eq-steps`.

        Parameters
        ----------
        size
            Digits in a batch. The last batch may be smaller.
        rng
            If given, digits are shuffled, anew in each call: batches then differ in their members.
            Without it, they come in the order of the file.
        dtype
            float32 or float64.
        scaling
            What paper and ink become.
        drop_last
            Leave out the last batch if it is smaller than `size`.

        Returns
        -------
        iterator
            It gives pairs of X, shape (B, 784), and the labels y, int64, shape (B,). Each batch has
            arrays of its own, which the caller may keep or change.

        Raises
        ------
        TypeError
            If an argument is of the wrong kind.
        ValueError
            If `size` is below 1, or `drop_last` would leave no batch.

        Examples
        --------
        >>> import numpy as np
        >>> d = Digits(np.zeros((5, 28, 28), np.uint8), np.array([5, 0, 4, 1, 9]))
        >>> for X, y in d.batches(2):
        ...     print(X.shape, X.dtype, y)
        (2, 784) float32 [5 0]
        (2, 784) float32 [4 1]
        (1, 784) float32 [9]
        """
        # Not itself a generator: arguments are checked, and digits shuffled, when it is called.
        n = positive_integer("batches: size", size)
        if rng is not None:
            check_rng(rng, "batches: rng")
        dtype = float_dtype("batches: dtype", dtype)
        check_type("batches: scaling", scaling, Scaling)
        if not isinstance(drop_last, bool | np.bool_):
            raise TypeError(
                f"batches: drop_last has type {type(drop_last).__name__}; expected True or False"
            )
        if drop_last and n > len(self):
            raise ValueError(
                f"batches: size is {n}, but there are {len(self)} digits, so that drop_last "
                "would leave no batch; make size smaller"
            )
        end = len(self) - len(self) % n if drop_last else len(self)
        order = None if rng is None else rng.permutation(len(self))  # (M,)
        slices = (slice(start, min(start + n, end)) for start in range(0, end, n))
        chosen = slices if order is None else (order[s] for s in slices)
        return ((self.inputs(rows, dtype, scaling), self.labels[rows].copy()) for rows in chosen)


def _array(name: str, x: object) -> NDArray[Any]:
    if not isinstance(x, np.ndarray):
        raise TypeError(f"Digits: {name} has type {type(x).__name__}; expected a NumPy array")
    return np.asarray(x)


def _read_only(x: NDArray[Any]) -> NDArray[Any]:
    """Return a view of `x` that cannot be written to; `x` itself is not changed."""
    view = x.view()
    view.flags.writeable = False
    return view


def _text(index: slice) -> str:
    """Write a slice as in the code."""
    parts = ["" if part is None else str(part) for part in (index.start, index.stop)]
    step = "" if index.step is None else f":{index.step}"
    return f"d[{parts[0]}:{parts[1]}{step}]"
