"""Gradients by finite differences, to check those that were derived."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import Array, check_type, finite_array, real_number
from .functional import Reduction
from .model import MLP


def numerical_derivative(
    f: Callable[[Array], ArrayLike], x: ArrayLike, h: float = 1e-6
) -> NDArray[np.float64]:
    """Return the derivative of `f` at `x` by central differences, (f(x + h) - f(x - h)) / 2h.

    Equation :eq:`eq-central-difference`. The error of the formula falls with h², that of rounding
    grows with 1/h; in float64 the two meet near h = 1e-6.

    Parameters
    ----------
    f
        A function of one array that returns a number or an array.
    x
        Where to differentiate, any shape. It is copied.
    h
        Step, positive.

    Returns
    -------
    derivative
        The gradient, with the shape of `x`, if f(x) is a number; else the Jacobian, with the axes
        of f(x) followed by those of `x`.

    Raises
    ------
    ValueError, TypeError
        If `f` cannot be called, `x` or f(x) is empty, not real or not finite, or `h` is not
        positive or too small for the digits of `x`.

    Examples
    --------
    >>> numerical_derivative(lambda x: np.sum(x**2), [1.0, 2.0]).round(6)
    array([2., 4.])
    """
    if not callable(f):
        raise TypeError(f"f is {f!r}; expected a function of one array")
    if real_number("h", h) <= 0:
        raise ValueError(f"h is {h}; expected a small positive step")
    x = finite_array("x", x, np.float64)
    derivative = np.empty(np.shape(f(x.copy())) + x.shape)
    for i in np.ndindex(x.shape):
        forward, backward = x.copy(), x.copy()
        forward[i] += h
        backward[i] -= h
        step = forward[i] - backward[i]  # 2h, as far as float64 can tell the two apart
        if not step:
            raise ValueError(
                f"h is {h}, lost in the digits of x = {x[i]:g}; expected a larger step"
            )
        up = finite_array("f(x)", f(forward), np.float64).copy()  # f may use its buffer again
        down = finite_array("f(x)", f(backward), np.float64)
        derivative[(..., *i)] = (up - down) / step
    return derivative


def relative_error(a: ArrayLike, b: ArrayLike) -> float:
    """Return max|a - b| divided by the larger of max|a| and max|b|; 0 if both are zero.

    Equation :eq:`eq-relative-error`. `a` and `b` are arrays of any one shape, each in float32 or
    float64. Measured against the largest entry, since the differences of small entries are
    rounding.

    Raises
    ------
    ValueError, TypeError
        If an array is empty, not real or not finite, or the shapes differ.

    Examples
    --------
    >>> relative_error([1.0, 2.0], [1.0, 2.5])
    0.2
    """
    a, b = finite_array("a", a, np.float64), finite_array("b", b, np.float64)
    if a.shape != b.shape:
        raise ValueError(f"a has shape {a.shape} and b {b.shape}; expected the same")
    scale = max(np.abs(a).max(), np.abs(b).max())
    return float(np.abs(a - b).max() / scale) if scale else 0.0


def check_gradient(
    model: MLP, X: Array, y: ArrayLike, reduction: Reduction = "mean", h: float = 1e-6
) -> float:
    """Compare backpropagation with finite differences for every parameter of a small network.

    A right gradient gives less than 1e-7, unless a Z lies within `h` of ReLU's kink at 0, as for a
    blank image and zero biases: there a difference sees the mean of both slopes. A wrong sign or
    factor shows in the first digits.

    Parameters
    ----------
    model
        A network in float64. Two forward passes are made for each of its parameters.
    X
        Inputs, shape (M, n_in).
    y
        Labels, shape (M,).
    reduction
        "mean" over the M examples, or "sum".
    h
        Step, positive.

    Returns
    -------
    error
        The :func:`relative_error` of the whole gradient.

    Raises
    ------
    ValueError
        If the network computes in float32, which has too few digits for small differences, or `X`
        and `y` do not fit it.
    TypeError
        If an argument has the wrong type.
    """
    check_type("model", model, MLP)
    if model.dtype != np.float64:
        raise ValueError("model computes in float32; make it with dtype=np.float64")
    _, grad = model.loss_and_grad(X, y, reduction)
    theta = model.params.flat.copy()

    def loss(flat: Array) -> float:
        model.params.flat[:] = flat
        return model.loss(X, y, reduction)

    try:
        numerical = numerical_derivative(loss, theta, h)
    finally:
        model.params.flat[:] = theta
    return relative_error(grad.flat, numerical)
