"""Equations of chapter 10, on measuring, verified; the symbolic ones by SymPy."""

from math import sqrt

import numpy as np
import pytest
import sympy as sp
from scipy.stats import binomtest
from sklearn import metrics as oracle

from mnist_nn.metrics import (
    calibration_error,
    compare,
    precision,
    recall,
    reliability,
    standard_error,
)


@pytest.fixture
def labels():
    rng = np.random.default_rng(10)
    y = rng.integers(0, 4, 200)
    return y, *(np.where(rng.random(200) < right, y, rng.integers(0, 4, 200)) for right in (0.6, 1))


@pytest.mark.equation("eq-standard-error")
@pytest.mark.parametrize(("k", "n"), [(3888, 4000), (1, 3), (0, 5), (5, 5)])
def test_standard_error(k, n):
    p = k / n
    assert standard_error(k, n) == pytest.approx(sqrt(p * (1 - p) / n), rel=1e-14)


@pytest.mark.equation("eq-standard-error")
def test_standard_error_from_symbols():
    p, n = sp.symbols("p n", positive=True)
    hit = p * (1 - p) ** 2 + (1 - p) * (0 - p) ** 2  # variance of one trial
    assert sp.simplify(n * hit / n**2 - p * (1 - p) / n) == 0
    value = sp.sqrt(hit / n).subs({p: sp.Rational(3, 7), n: 7})
    assert standard_error(3, 7) == pytest.approx(float(value), rel=1e-14)


@pytest.mark.equation("eq-recall")
@pytest.mark.equation("eq-precision")
def test_recall_and_precision(labels):
    y, y_hat, _ = labels
    for k in range(4):
        both = sum(1 for a, b in zip(y, y_hat, strict=True) if a == b == k)
        assert recall(y, y_hat, 4)[k] == both / sum(1 for a in y if a == k)
        assert precision(y, y_hat, 4)[k] == both / sum(1 for b in y_hat if b == k)
    np.testing.assert_allclose(recall(y, y_hat, 4), oracle.recall_score(y, y_hat, average=None))
    expected = oracle.precision_score(y, y_hat, average=None)
    np.testing.assert_allclose(precision(y, y_hat, 4), expected)


@pytest.mark.equation("eq-recall")
@pytest.mark.equation("eq-precision")
def test_without_examples_there_is_no_share():
    np.testing.assert_array_equal(recall([0], [1], 3), [0, np.nan, np.nan])
    np.testing.assert_array_equal(precision([0], [1], 3), [np.nan, 0, np.nan])


@pytest.mark.equation("eq-paired-error")
def test_paired_error_is_that_of_a_mean_of_differences(labels):
    y, a, _ = labels
    b = np.roll(a, 1)
    found = compare(y, a, b)
    d = (b == y).astype(float) - (a == y)
    assert found.difference == pytest.approx(d.mean(), abs=1e-15)
    assert found.standard_error == pytest.approx(d.std() / sqrt(len(d)), rel=1e-12)
    assert (found.only_a, found.only_b) == (np.sum(d == -1), np.sum(d == 1))
    n = found.only_a + found.only_b
    by_page = sqrt(n - (found.only_b - found.only_a) ** 2 / len(y)) / len(y)
    assert found.standard_error == pytest.approx(by_page, rel=1e-12)


@pytest.mark.equation("eq-paired-error")
def test_paired_error_from_symbols():
    a, b, m = sp.symbols("a b m", positive=True)
    mean = (b - a) / m
    variance = (a * (-1 - mean) ** 2 + b * (1 - mean) ** 2 + (m - a - b) * mean**2) / m
    assert sp.simplify(variance / m - (a + b - (b - a) ** 2 / m) / m**2) == 0


@pytest.mark.equation("eq-mcnemar")
@pytest.mark.parametrize(
    ("only_a", "only_b"), [(0, 0), (0, 5), (3, 4), (4, 4), (19, 8), (500, 600)]
)
def test_mcnemar(only_a, only_b):
    n = only_a + only_b
    y = np.zeros(n + 3, int)
    a, b = y.copy(), y.copy()
    b[:only_a], a[only_a:n] = 1, 1
    found = compare(y, a, b)
    assert (found.only_a, found.only_b) == (only_a, only_b)
    term = [sp.binomial(n, i) / sp.Integer(2) ** n for i in range(min(only_a, only_b) + 1)]
    assert found.p_value == pytest.approx(float(min(1, 2 * sum(term))), rel=1e-12)
    if n:
        assert found.p_value == pytest.approx(binomtest(only_a, n).pvalue, rel=1e-9)


@pytest.mark.equation("eq-calibration-error")
def test_calibration_error(labels):
    rng = np.random.default_rng(3)
    P = rng.dirichlet(np.full(4, 0.4), 200)
    y, bins = labels[0], 7
    total = 0.0
    for b in range(bins):
        inside = [m for m in range(200) if b / bins < P[m].max() <= (b + 1) / bins]
        if inside:
            sure = np.mean([P[m].max() for m in inside])
            right = np.mean([P[m].argmax() == y[m] for m in inside])
            total += len(inside) / 200 * abs(right - sure)
    assert calibration_error(y, P, bins) == pytest.approx(total, rel=1e-12)


def test_reliability_accounts_for_every_answer():
    P = np.array([[1.0, 0.0], [0.5, 0.5], [0.51, 0.49], [0.0, 1.0]])
    found = reliability([0, 0, 1, 1], P, bins=2)
    np.testing.assert_array_equal(found.counts, [1, 3])
    np.testing.assert_allclose(found.confidence, [0.5, 2.51 / 3])
    np.testing.assert_allclose(found.accuracy, [1, 2 / 3])


def test_sure_and_right_is_perfectly_calibrated():
    assert calibration_error([0, 1], np.eye(2)) == 0
