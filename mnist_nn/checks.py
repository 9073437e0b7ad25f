"""Checks of array arguments, declared once and kept out of the mathematics.

``@checked(A="M n_in", W="n_in n_out", b="n_out")`` says which shapes a function takes. Equal names
mean equal sizes, so one line is documentation and check. The function below it holds nothing but
its formula; :func:`inspect.unwrap` gives it bare to callers that have checked already.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from math import inf, isfinite
from numbers import Real
from operator import index
from typing import Any, ParamSpec, SupportsIndex, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[Any]

_P = ParamSpec("_P")
_R = TypeVar("_R")


def checked(**specs: str | tuple[str, ...]) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Make a decorator that checks and converts array arguments before a function runs.

    Each keyword names an argument and gives its shape in words:

    - ``Z="M K"``: two axes, called M and K;
    - ``Z="... K"``: any number of axes before K;
    - ``P="Z"``: the shape of the argument Z;
    - ``P="M K in [0, 1]"``: probabilities;
    - ``y="M < K"``: integer labels from 0 to K - 1, where K is a size or an integer argument.

    An optional argument that is None is left alone. Float arrays keep their dtype and must share
    it. Lists and integers take that dtype too, or float64 where no float array is given. ``out``,
    an array or a tuple of arrays and None, must have the right shape and dtype already.

    The decorated function raises ``TypeError`` for values that are not real numbers, and
    ``ValueError`` for a wrong shape, an empty array, NaN, infinity or a value out of range: one
    sentence that names the function and the argument. The decorator raises ``TypeError`` if the
    function has no such argument.
    """

    def decorate(f: Callable[_P, _R]) -> Callable[_P, _R]:
        signature = inspect.signature(f)
        for name in specs:
            if name not in signature.parameters:
                raise TypeError(f"{name} is not an argument of {f.__name__}; expected one that is")
        optional = {k for k, p in signature.parameters.items() if p.default is None}

        @functools.wraps(f)
        def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                bound = signature.bind(*args, **kwargs)
                bound.apply_defaults()
                _check(bound.arguments, specs, optional)
            except (TypeError, ValueError) as error:
                raise type(error)(f"{f.__name__}: {error}") from None
            return f(*bound.args, **bound.kwargs)

        return wrapper

    return decorate


def _check(
    given: dict[str, Any], specs: Mapping[str, str | tuple[str, ...]], optional: set[str]
) -> None:
    """Check the arguments `given` against `specs`, and convert them in place."""
    arrays = {
        k: real_array(k, given[k])
        for k in specs
        if k != "out" and not (k in optional and given[k] is None)
    }
    dtype = _common_dtype(
        {k: a for k, a in arrays.items() if hasattr(given[k], "dtype") and " < " not in specs[k]}
    )
    sizes: dict[str, int] = {}
    for name, a in arrays.items():
        axes, _, values = str(specs[name]).partition(" in ")
        axes, _, bound = axes.partition(" < ")
        _check_shape(name, a.shape, axes, arrays, sizes)
        if bound:
            K = sizes[bound] if bound in sizes else positive_integer(bound, given[bound])
            given[name] = check_labels(name, a, K)
        else:
            given[name] = finite_array(name, a, dtype)
        if values and not (a.min() >= 0 and a.max() <= 1):
            raise ValueError(
                f"{name} runs from {a.min():g} to {a.max():g}; expected probabilities from 0 to 1"
            )
    out, spec = given.get("out"), specs.get("out", ())
    if out is not None:
        outs, axes_of_outs = ((out,), (spec,)) if isinstance(spec, str) else (out, spec)
        if not isinstance(outs, tuple) or len(outs) != len(axes_of_outs):
            n, found = len(axes_of_outs), type(outs).__name__
            raise TypeError(f"out is a {found}; expected a tuple of {n}, each an array or None")
        for x, axes in zip(outs, axes_of_outs, strict=True):
            if x is not None:
                _check_out(x, axes, arrays, sizes, dtype)


def real_array(name: str, x: ArrayLike) -> Array:
    """Return `x` as an array of real numbers, of any shape but not empty.

    Raises
    ------
    TypeError
        If `x` holds anything but real numbers.
    ValueError
        If `x` is empty, or a list whose rows have different lengths.
    """
    try:
        a = np.asarray(x)
    except ValueError:
        raise ValueError(f"{name} is not a rectangular array; make its rows equally long") from None
    if a.dtype.kind not in "fiub":
        raise TypeError(f"{name} holds {a.dtype} values; expected real numbers")
    if a.size == 0:
        raise ValueError(f"{name} is empty, with shape {a.shape}; expected at least one value")
    return a


def finite_array(name: str, x: ArrayLike, dtype: DTypeLike | None = None) -> Array:
    """Return `x` as an array of finite numbers of any shape; None keeps their dtype.

    Raises
    ------
    TypeError
        If `x` holds anything but real numbers.
    ValueError
        If `x` is empty, or holds NaN or infinity.
    """
    a = real_array(name, x)
    with np.errstate(over="ignore"):  # what is too large for float32 becomes infinite
        a = a.astype(a.dtype if dtype is None else dtype, copy=False)
    if not np.isfinite(a).all():
        at = np.argwhere(~np.isfinite(a))[0].tolist()
        raise ValueError(f"{name} is {a[tuple(at)]} at index {at}; expected finite numbers")
    return a


def positive_integer(name: str, n: SupportsIndex) -> int:
    """Return a count `n` as an int.

    Raises
    ------
    TypeError
        If `n` is not an integer.
    ValueError
        If `n` is below 1.
    """
    try:
        count = index(n)
    except TypeError:
        count = None  # an array has __index__ too, and may refuse
    if count is None or isinstance(n, bool):
        raise TypeError(f"{name} has type {type(n).__name__}; expected an integer")
    if count < 1:
        raise ValueError(f"{name} is {count}; expected at least 1")
    return count


def real_number(name: str, x: float) -> float:
    """Return a number `x` as a Python float, which leaves the dtype of every array as it is.

    Raises
    ------
    TypeError
        If `x` is not a real number.
    ValueError
        If `x` is NaN or infinite.
    """
    if not isinstance(x, Real) or isinstance(x, bool):
        raise TypeError(f"{name} has type {type(x).__name__}; expected a number")
    try:
        number = float(x)
    except OverflowError:
        number = inf
    if not isfinite(number):
        raise ValueError(f"{name} is {number}; expected a finite number")
    return number


def float_dtype(name: str, dtype: DTypeLike) -> np.dtype[Any]:
    """Return the dtype of a network as NumPy's object.

    Raises
    ------
    TypeError
        If `dtype` is not float32 or float64. None is neither, though NumPy takes it for float64.
    """
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = np.dtype(object)
    if dtype is None or found not in (np.float32, np.float64):
        raise TypeError(f"{name} is {dtype!r}; expected float32 or float64")
    return found


def check_type(name: str, x: object, expected: type) -> None:
    """Check that `x` is an object of the class `expected`.

    Raises
    ------
    TypeError
        If it is not.
    """
    if not isinstance(x, expected):
        found, wanted = type(x).__name__, f"{expected.__module__}.{expected.__name__}"
        wanted = wanted.removeprefix("builtins.")
        raise TypeError(f"{name} is of type {found}; expected {wanted}")


def check_rng(rng: object, name: str = "rng") -> None:
    """Check that `rng` is a generator of random numbers.

    Raises
    ------
    TypeError
        If it is not: a seed, say, or None.
    """
    if not isinstance(rng, np.random.Generator):
        found = type(rng).__name__
        raise TypeError(f"{name} has type {found}; expected a generator: np.random.default_rng(0)")


def check_labels(name: str, y: ArrayLike, K: int) -> NDArray[np.intp]:
    """Return class labels `y`, shape (M,), as integers that can index an array.

    Raises
    ------
    TypeError
        If `y` does not hold integers.
    ValueError
        If `y` is empty, or a label is not one of 0 to K - 1.
    """
    labels = real_array(name, y)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"{name} holds {labels.dtype} values; expected integer labels")
    if labels.min() < 0 or labels.max() >= K:
        low, high = labels.min(), labels.max()
        raise ValueError(f"{name} has labels from {low} to {high}; expected 0 to {K - 1}")
    return labels.astype(np.intp, copy=False)


def labels_of_rows(name: str, y: ArrayLike, K: int) -> NDArray[np.intp]:
    """Return labels, shape (M,), for labels or one-hot rows, shape (M, K).

    Raises
    ------
    TypeError
        If labels are not integers, or rows not real numbers.
    ValueError
        If `y` is empty, a label is not one of 0 to K - 1, or a row is not a single 1 among K.
    """
    Y = real_array(name, y)
    if Y.ndim != 2:
        return check_labels(name, Y, K)
    if Y.shape[1] != K or not ((Y == 0) | (Y == 1)).all() or (Y.sum(axis=1) != 1).any():
        raise ValueError(f"{name} has rows that are not one-hot; expected a single 1 of {K}")
    return Y.argmax(axis=1)  # (M, K) → (M,)


def _common_dtype(arrays: dict[str, Array]) -> np.dtype[Any]:
    """Return the one float dtype among `arrays`, float64 if there is none."""
    floats = {name: a.dtype for name, a in arrays.items() if a.dtype.kind == "f"}
    if len(set(floats.values())) > 1:
        # NumPy would promote float32 to float64 without a word, and halve the speed.
        kinds = " and ".join(f"{name} ({dtype})" for name, dtype in floats.items())
        raise TypeError(f"{kinds} differ in dtype; convert one with .astype")
    return next(iter(floats.values()), np.dtype(np.float64))


def _check_shape(
    name: str, shape: tuple[int, ...], spec: str, arrays: dict[str, Array], sizes: dict[str, int]
) -> None:
    """Compare `shape` with the axes that `spec` names, and note the sizes of new ones."""
    if spec in arrays:
        if shape != arrays[spec].shape:
            raise ValueError(
                f"{name} has shape {shape}; expected {arrays[spec].shape}, as {spec} has"
            )
        return
    axes = spec.split()
    if axes[0] == "...":
        axes[:1] = ["..."] * (len(shape) - len(axes) + 1)
    if len(axes) != len(shape) or any(
        sizes.get(axis, n) != n for axis, n in zip(axes, shape, strict=True)
    ):
        named = ", ".join(f"{axis} = {sizes[axis]}" if axis in sizes else axis for axis in axes)
        named += "," if len(axes) == 1 else ""
        raise ValueError(f"{name} has shape {shape}; expected ({named})")
    sizes.update(zip(axes, shape, strict=True))
    sizes.pop("...", None)


def _check_out(
    out: object, spec: str, arrays: dict[str, Array], sizes: dict[str, int], dtype: np.dtype[Any]
) -> None:
    """Check that an array given as ``out`` can take the result as it is."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out is a {type(out).__name__}; expected an array")
    if out.dtype != dtype:
        raise TypeError(f"out holds {out.dtype} values; the result is {dtype}")
    if not out.flags.writeable:
        raise ValueError("out is read-only; expected an array that can be written to")
    _check_shape("out", out.shape, spec, arrays, sizes)
