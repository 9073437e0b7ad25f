"""How good the answers are, and how sure one can be of it."""

from math import sqrt
from operator import index
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import check_labels, positive_integer, real_number


def accuracy(y: ArrayLike, y_hat: ArrayLike) -> float:
    """Return the fraction of right answers, from 0 to 1, equation :eq:`eq-accuracy`.

    Parameters
    ----------
    y
        True labels, integers, shape (M,).
    y_hat
        Predicted labels, the same shape.

    Raises
    ------
    ValueError, TypeError
        If the labels are empty, not integers or negative, or the shapes differ.

    Examples
    --------
    >>> accuracy([7, 2, 1, 0], [7, 2, 1, 6])
    0.75
    """
    y, y_hat = _pair(y, y_hat)
    return float(np.mean(y == y_hat))


def error(y: ArrayLike, y_hat: ArrayLike) -> float:
    """Return the fraction of wrong answers, 1 - accuracy, for labels of shape (M,).

    Takes and raises what :func:`accuracy` does.
    """
    y, y_hat = _pair(y, y_hat)
    return float(np.mean(y != y_hat))


def confusion_matrix(y: ArrayLike, y_hat: ArrayLike, K: int = 10) -> NDArray[np.int64]:
    """Count the answers: entry [i, j] says how often a true i was called j, :eq:`eq-confusion`.

    Parameters
    ----------
    y
        True labels, integers from 0 to K - 1, shape (M,).
    y_hat
        Predicted labels, the same shape.
    K
        Number of classes.

    Returns
    -------
    C
        Counts, shape (K, K): rows are true classes, columns predicted ones.

    Raises
    ------
    ValueError, TypeError
        If the labels are empty, not integers or out of range, or the shapes differ.

    Examples
    --------
    >>> confusion_matrix([0, 0, 1], [0, 1, 1], K=2)
    array([[1, 1],
           [0, 1]])
    """
    K = positive_integer("K", K)
    y, y_hat = _pair(y, y_hat, K)
    counts = np.bincount(y * K + y_hat, minlength=K * K)
    return counts.reshape(K, K)  # (K²,) → (K, K)


def errors_per_class(y: ArrayLike, y_hat: ArrayLike, K: int = 10) -> NDArray[np.float64]:
    """Return, for each true class, the fraction of its examples that got a wrong answer.

    Parameters
    ----------
    y
        True labels, integers from 0 to K - 1, shape (M,).
    y_hat
        Predicted labels, the same shape.
    K
        Number of classes.

    Returns
    -------
    errors
        Fractions from 0 to 1, shape (K,); NaN for a class without examples.

    Raises
    ------
    ValueError, TypeError
        If the labels are empty, not integers or out of range, or the shapes differ.

    Examples
    --------
    >>> errors_per_class([0, 0, 1], [0, 1, 1], K=2)
    array([0.5, 0. ])
    """
    C = confusion_matrix(y, y_hat, K)
    n = C.sum(axis=1)  # (K, K) → (K,)
    return np.divide(n - np.diag(C), n, where=n > 0, out=np.full(K, np.nan))


def binomial_interval(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's confidence interval for a rate, :eq:`eq-binomial-interval`.

    With k hits seen in n trials, p̂ = k/n, its ends solve (p̂ - p)² = z² p (1 - p) / n for p. Unlike
    p̂ ± z √(p̂ (1 - p̂) / n), it stays within [0, 1] and keeps a width when k is 0 or n
    :cite:p:`wilson1927`.

    Parameters
    ----------
    k
        Number of hits, 0 to n.
    n
        Number of trials, at least 1.
    confidence
        Between 0 and 1, both excluded.

    Raises
    ------
    ValueError
        If a number is out of its range.
    TypeError
        If `k` or `n` is not an integer, or `confidence` not a number.

    Examples
    --------
    >>> low, high = binomial_interval(3888, 4000)  # 97.2 % of 4,000
    >>> print(f"{low:.3f} to {high:.3f}")
    0.966 to 0.977
    """
    try:
        k, n = index(k), index(n)
    except TypeError:
        raise TypeError(f"k is {k!r} and n {n!r}; expected two integers, counts") from None
    if not 0 <= k <= n or n == 0:
        raise ValueError(f"k is {k} and n {n}; expected 0 ≤ k ≤ n and n ≥ 1")
    confidence = real_number("confidence", confidence)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; expected a number between 0 and 1")
    z = -NormalDist().inv_cdf((1 - confidence) / 2)
    p = k / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    # At the ends centre and half cancel exactly, but for rounding.
    return centre - half if k > 0 else 0.0, centre + half if k < n else 1.0


def _pair(
    y: ArrayLike, y_hat: ArrayLike, K: int = 2**31
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Check true and predicted labels."""
    a = check_labels("y", y, K)
    b = check_labels("y_hat", y_hat, K)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"y has shape {a.shape} and y_hat {b.shape}; expected (M,) for both")
    return a, b
