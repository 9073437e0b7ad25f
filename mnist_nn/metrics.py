"""How good the answers are, and how sure one can be of it."""

from math import comb, cos, log, log1p, pi, sin, sqrt, tan
from operator import index
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import Array, check_labels, checked, finite_array, positive_integer, real_number


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


def recall(y: ArrayLike, y_hat: ArrayLike, K: int = 10) -> NDArray[np.float64]:
    """Return the share of each true class that was found, equation :eq:`eq-recall`.

    Takes and raises what :func:`errors_per_class` does; shape (K,), NaN for a class without
    examples.

    Examples
    --------
    >>> recall([0, 0, 1], [0, 1, 1], K=2)
    array([0.5, 1. ])
    """
    C = confusion_matrix(y, y_hat, K)
    n = C.sum(axis=1)  # (K, K) → (K,)
    return np.divide(np.diag(C), n, where=n > 0, out=np.full(len(C), np.nan))


def precision(y: ArrayLike, y_hat: ArrayLike, K: int = 10) -> NDArray[np.float64]:
    """Return, for each answer, the share of its uses that were right, :eq:`eq-precision`.

    Takes and raises what :func:`errors_per_class` does; shape (K,), NaN for an answer that was
    never given.

    Examples
    --------
    >>> precision([0, 0, 1], [0, 1, 1], K=2)
    array([1. , 0.5])
    """
    C = confusion_matrix(y, y_hat, K)
    n = C.sum(axis=0)  # (K, K) → (K,)
    return np.divide(np.diag(C), n, where=n > 0, out=np.full(len(C), np.nan))


def standard_error(k: int, n: int) -> float:
    """Return the standard error √(p̂ (1 - p̂) / n) of a rate p̂ = k/n, :eq:`eq-standard-error`.

    Parameters
    ----------
    k
        Number of hits, 0 to n.
    n
        Number of independent trials, at least 1.

    Raises
    ------
    ValueError
        If a number is out of its range.
    TypeError
        If `k` or `n` is not an integer.

    Examples
    --------
    >>> round(standard_error(3888, 4000), 4)  # 97.2 % of 4,000
    0.0026
    """
    k, n = _count(k, n)
    return sqrt(k / n * (1 - k / n) / n)


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
    (k, n), confidence = _count(k, n), _confidence(confidence)
    z = -NormalDist().inv_cdf((1 - confidence) / 2)
    p = k / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    # At the ends centre and half cancel exactly, but for rounding.
    return centre - half if k > 0 else 0.0, centre + half if k < n else 1.0


class Comparison(NamedTuple):
    """Two classifiers on the same examples; see :func:`compare`.

    Attributes
    ----------
    only_a, only_b
        How many examples only a, and only b, got right.
    difference
        Accuracy of b minus accuracy of a.
    standard_error
        Of the difference.
    p_value
        Of McNemar's exact test that both are equally good.
    """

    only_a: int
    only_b: int
    difference: float
    standard_error: float
    p_value: float


def compare(y: ArrayLike, y_hat_a: ArrayLike, y_hat_b: ArrayLike) -> Comparison:
    """Compare two classifiers by the examples on which just one of them is right.

    The standard error is :eq:`eq-paired-error`. The p-value is that of McNemar's test
    :cite:p:`mcnemar1947` in its exact, two-sided form, :eq:`eq-mcnemar`: if both are equally good,
    each such example falls to either of them like a fair coin.

    Parameters
    ----------
    y
        True labels, integers, shape (M,).
    y_hat_a, y_hat_b
        Labels predicted by a and by b, the same shape.

    Raises
    ------
    ValueError, TypeError
        If the labels are empty, not integers or negative, or the shapes differ.

    Examples
    --------
    >>> compare([0, 1, 1, 2], [0, 1, 0, 0], [0, 1, 1, 2])
    Comparison(only_a=0, only_b=2, difference=0.5, standard_error=0.25, p_value=0.5)
    """
    y, a = _pair(y, y_hat_a, name="y_hat_a")
    y, b = _pair(y, y_hat_b, name="y_hat_b")
    M = len(y)
    only_a = int(np.sum((a == y) & (b != y)))
    only_b = int(np.sum((a != y) & (b == y)))
    n, d = only_a + only_b, (only_b - only_a) / M
    tail = sum(comb(n, i) for i in range(min(only_a, only_b) + 1))  # whole numbers, exact
    return Comparison(only_a, only_b, d, sqrt((n / M - d**2) / M), min(1.0, 2 * tail / 2**n))


class Reliability(NamedTuple):
    """Answers sorted by how sure they were; see :func:`reliability`.

    Attributes
    ----------
    counts
        Answers in each bin, shape (bins,).
    confidence
        Their mean probability, shape (bins,); NaN for an empty bin.
    accuracy
        The share of them that was right, shape (bins,); NaN for an empty bin.
    """

    counts: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]


@checked(P="M K in [0, 1]", y="M < K")
def reliability(y: ArrayLike, P: ArrayLike, bins: int = 10) -> Reliability:
    """Compare how sure a classifier says it is with how often it is right.

    Each example's answer is its most probable class, and that probability its confidence. The
    examples are sorted by confidence into bins of equal width from 0 to 1; the right end belongs
    to a bin.

    Parameters
    ----------
    y
        True labels, integers from 0 to K - 1, shape (M,).
    P
        Probabilities, shape (M, K).
    bins
        How many.

    Raises
    ------
    ValueError, TypeError
        If a shape is wrong, a label or a probability is out of range, or `bins` is not a whole
        number of at least 1.

    Examples
    --------
    >>> reliability([0, 1], [[0.9, 0.1], [0.7, 0.3]], bins=2).accuracy
    array([nan, 0.5])
    """
    bins = positive_integer("bins", bins)
    labels, probabilities = np.asarray(y), np.asarray(P, np.float64)
    confidence = probabilities.max(axis=1)  # (M, K) → (M,)
    right = probabilities.argmax(axis=1) == labels
    at = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    counts = np.bincount(at, minlength=bins)
    sums = (np.bincount(at, weights, minlength=bins) for weights in (confidence, right))
    means = (np.divide(s, counts, where=counts > 0, out=np.full(bins, np.nan)) for s in sums)
    return Reliability(counts, *means)


def calibration_error(y: ArrayLike, P: ArrayLike, bins: int = 10) -> float:
    """Return the mean gap between confidence and accuracy, equation :eq:`eq-calibration-error`.

    Takes what :func:`reliability` takes, `y` of shape (M,) and `P` of shape (M, K), and raises what
    it raises.

    Examples
    --------
    >>> round(calibration_error([0, 1], [[0.9, 0.1], [0.7, 0.3]]), 3)  # |1 - 0.9|/2 + |0 - 0.7|/2
    0.4
    """
    counts, confidence, right = reliability(y, P, bins)
    gaps = np.abs(confidence - right)[counts > 0]
    return float(gaps @ counts[counts > 0] / counts.sum())


def _confidence(confidence: float) -> float:
    confidence = real_number("confidence", confidence)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; expected a number between 0 and 1")
    return confidence


def _count(k: int, n: int) -> tuple[int, int]:
    """Check k hits in n trials."""
    try:
        k, n = index(k), index(n)
    except TypeError:
        raise TypeError(f"k is {k!r} and n {n!r}; expected two integers, counts") from None
    if not 0 <= k <= n or n == 0:
        raise ValueError(f"k is {k} and n {n}; expected 0 ≤ k ≤ n and n ≥ 1")
    return k, n


def expected_best(p: float, n: int, m: int) -> float:
    """Return the accuracy that the best of several equal networks is expected to show.

    All m of them have the true accuracy p, and each is measured on n examples of its own. The best
    of the m results is not p but more, :eq:`eq-expected-maximum`: the price of choosing by the
    numbers that are then reported. Measured on the same examples, networks make some mistakes
    together, and the surplus is smaller.

    Parameters
    ----------
    p
        True accuracy, 0 to 1.
    n
        Number of examples that each is measured on, at least 1.
    m
        Number of networks, at least 1.

    Raises
    ------
    ValueError
        If a number is out of its range.
    TypeError
        If `p` is not a number, or `n` or `m` not an integer.

    Examples
    --------
    >>> print(f"{expected_best(0.5, 1, 2):.4f}")  # two tosses of a coin: heads at least once
    0.7500
    >>> print(f"{expected_best(0.9, 1000, 20):.4f}")
    0.9173
    """
    p = real_number("p", p)
    if not 0 <= p <= 1:
        raise ValueError(f"p is {p}; expected a number from 0 to 1")
    n, m = positive_integer("n", n), positive_integer("m", m)
    if p in (0.0, 1.0):
        return p
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])  # (n + 1,)
    k = np.arange(n)  # the largest result is above k with probability 1 - F(k)ᵐ
    log_choose = log_factorial[n] - log_factorial[k] - log_factorial[n - k]
    F = np.cumsum(np.exp(log_choose + k * log(p) + (n - k) * log1p(-p)))
    return float(np.sum(1 - np.minimum(F, 1) ** m) / n)


def _pair(
    y: ArrayLike, y_hat: ArrayLike, K: int = 2**31, name: str = "y_hat"
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Check true and predicted labels."""
    a = check_labels("y", y, K)
    b = check_labels(name, y_hat, K)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"y has shape {a.shape} and {name} {b.shape}; expected (M,) for both")
    return a, b


def variance_of_mean(values: ArrayLike, n: int) -> Array:
    """Return the variance of the mean of `n` out of N values, :eq:`eq-batch-variance`.

    The n are drawn at random and none twice, like the examples of a mini-batch: S²/n (1 - n/N),
    where S² is the variance of the values with N - 1 in the denominator.

    Parameters
    ----------
    values
        All N of them, at least 2, along the first axis; further axes are kept apart.
    n
        How many are drawn, 1 to N.

    Returns
    -------
    variance
        Of the shape that the further axes have.

    Raises
    ------
    ValueError
        If there are fewer than two values, one is NaN or infinite, or `n` is out of its range.
    TypeError
        If `values` is not real or `n` not an integer.

    Examples
    --------
    >>> print(variance_of_mean([1.0, 2.0, 3.0], 1).round(4), variance_of_mean([1.0, 2.0, 3.0], 3))
    0.6667 0.0
    """
    v, n = finite_array("values", values, np.float64), positive_integer("n", n)
    N = len(v) if v.ndim else 1
    if N < 2:
        raise ValueError("values holds a single one; expected two or more")
    if n > N:
        raise ValueError(f"n is {n}, but there are {N} values; make it smaller")
    variance: Array = v.var(axis=0, ddof=1) / n * (1 - n / N)  # (N, …) → (…)
    return variance


def prediction_interval(values: ArrayLike, confidence: float = 0.95) -> tuple[float, float]:
    """Return where one more value would lie, equation :eq:`eq-prediction-interval`.

    From n values that were drawn independently and scatter normally, such as the accuracies of
    networks trained from n seeds: mean ± t s √(1 + 1/n), where s is their standard deviation and t
    the quantile of Student's distribution with n - 1 degrees of freedom.

    Parameters
    ----------
    values
        n of them, at least 2, shape (n,).
    confidence
        Between 0 and 1, both excluded.

    Raises
    ------
    ValueError
        If there are fewer than two values, one is NaN or infinite, or a number is out of its range.
    TypeError
        If `values` or `confidence` is not real.

    Examples
    --------
    >>> low, high = prediction_interval([94.2, 94.0, 94.4, 94.1, 94.3])
    >>> print(f"{low:.1f} to {high:.1f}")
    93.7 to 94.7
    """
    v, confidence = finite_array("values", values, np.float64), _confidence(confidence)
    if v.ndim != 1 or len(v) < 2:
        raise ValueError(f"values has shape {v.shape}; expected (n,) with n of 2 or more")
    t = _student_quantile(confidence, len(v) - 1)
    half = t * v.std(ddof=1) * sqrt(1 + 1 / len(v))
    return float(v.mean() - half), float(v.mean() + half)


def _student_quantile(confidence: float, n: int) -> float:
    """Return the t with P(|T| < t) = `confidence`, T of Student's distribution, n degrees."""
    low, high = 0.0, pi / 2  # of θ with t = √n tan θ
    for _ in range(60):  # each halves what is left
        theta = (low + high) / 2
        if _student_probability(theta, n) < confidence:
            low = theta
        else:
            high = theta
    return sqrt(n) * tan(low)


def _student_probability(theta: float, n: int) -> float:
    """Return P(|T| < √n tan θ): 26.7.3 and 26.7.4 of :cite:t:`abramowitz1964`."""
    term, total = (cos(theta), cos(theta)) if n % 2 else (1.0, 1.0)
    for k in range(3 if n % 2 else 2, n - 1, 2):
        term *= cos(theta) ** 2 * (k - 1) / k
        total += term
    if n % 2 == 0:
        return sin(theta) * total
    return 2 / pi * (theta + (sin(theta) * total if n > 1 else 0))
