"""Accuracy, errors, confusions, and how sure one can be of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binom, binomtest
from sklearn import metrics as oracle

from mnist_nn.metrics import (
    accuracy,
    binomial_interval,
    confusion_matrix,
    error,
    errors_per_class,
)

quick = settings(max_examples=60)

# Five digits: a 0 called 1, a 2 called 0, the rest right.
Y, Y_HAT = [0, 0, 1, 2, 2], [0, 1, 1, 0, 2]


# ------------------------------------------------------------ by hand


def test_accuracy_by_hand():
    assert accuracy(Y, Y_HAT) == 3 / 5
    assert error(Y, Y_HAT) == 2 / 5


def test_an_error_is_counted_not_subtracted():
    y, y_hat = [0] * 10, [1, *[0] * 9]
    assert error(y, y_hat) == 0.1, "1 - 0.9 is 0.09999999999999998"


def test_accuracy_and_error_are_python_floats():
    assert type(accuracy(Y, Y_HAT)) is type(error(Y, Y_HAT)) is float


def test_confusion_matrix_has_a_row_for_each_true_class():
    expected = [[1, 1, 0], [0, 1, 0], [1, 0, 1]]
    np.testing.assert_array_equal(confusion_matrix(Y, Y_HAT, K=3), expected)


def test_confusion_matrix_has_ten_classes_unless_told_otherwise():
    C = confusion_matrix([9], [3])
    assert C.shape == (10, 10)
    assert C[9, 3] == C.sum() == 1
    assert C.dtype == np.int64


def test_errors_per_class_by_hand():
    # One of two 0s, none of one 1, one of two 2s; there is no 3.
    np.testing.assert_array_equal(errors_per_class(Y, Y_HAT, K=4), [0.5, 0, 0.5, np.nan])


def test_errors_per_class_has_ten_classes_unless_told_otherwise():
    assert errors_per_class(range(10), range(10)).tolist() == [0.0] * 10


def test_wilsons_interval_by_hand():
    # z = 1 is a confidence of 68.27 %. For 1 hit in 1: (1 + 1/2 ± √(0 + 1/4)) / (1 + 1) = 1/2, 1
    one_sigma = 0.6826894921370859
    np.testing.assert_allclose(binomial_interval(1, 1, one_sigma), [0.5, 1], rtol=1e-12)
    # For 2 in 4: (1/2 + 1/8 ± √(1/16 + 1/64)) / (5/4) = 1/2 ± 1/√20
    low, high = binomial_interval(2, 4, one_sigma)
    np.testing.assert_allclose([low, high], [0.5 - 20**-0.5, 0.5 + 20**-0.5], rtol=1e-12)


def test_97_2_percent_of_4000_is_half_a_percent_either_way():
    # z² = 1.96² = 3.8415:  (0.972 + 3.8415/8000) / (1 + 3.8415/4000) = 0.97248 / 1.00096 = 0.97155
    # 1.96 / 1.00096 · √(0.972 · 0.028 / 4000 + 3.8415/(4 · 4000²)) = 1.9581 · 0.0026199 = 0.00513
    low, high = binomial_interval(3888, 4000)
    np.testing.assert_allclose([low, high], [0.9664, 0.9767], atol=5e-5)


def test_labels_may_be_lists_ranges_or_arrays_of_any_integers():
    for kind in (list, np.array, lambda y: np.array(y, np.uint8), lambda y: np.array(y, np.int32)):
        assert accuracy(kind(Y), kind(Y_HAT)) == 3 / 5
        assert confusion_matrix(kind(Y), kind(Y_HAT), np.uint8(20)).sum() == 5


def test_accuracy_knows_no_largest_label():
    assert accuracy([70_000, 3], [70_000, 4]) == 0.5


def test_columns_of_labels_are_refused_even_if_both_are():
    column = np.array([[0], [1]])
    for f in (accuracy, error, confusion_matrix, errors_per_class):
        with pytest.raises(ValueError, match=r"y has shape \(2, 1\) .*; expected \(M,\) for both"):
            f(column, column)


def test_labels_are_not_changed():
    y, y_hat = np.array(Y), np.array(Y_HAT)
    for f in (accuracy, error, confusion_matrix, errors_per_class):
        f(y, y_hat)
    assert y.tolist() == Y
    assert y_hat.tolist() == Y_HAT


# ------------------------------------------------------------ other people's code

pairs = st.integers(1, 60).flatmap(lambda M: arrays(np.int64, (2, M), elements=st.integers(0, 4)))


@quick
@given(pairs)
def test_scikit_learn_counts_the_same(labels):
    y, y_hat = labels
    assert accuracy(y, y_hat) == oracle.accuracy_score(y, y_hat)
    C = oracle.confusion_matrix(y, y_hat, labels=range(5))
    np.testing.assert_array_equal(confusion_matrix(y, y_hat, K=5), C)
    present = np.unique(y)
    recall = oracle.recall_score(y, y_hat, labels=present, average=None, zero_division=0)
    np.testing.assert_allclose(errors_per_class(y, y_hat, K=5)[present], 1 - recall, atol=1e-15)


counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
confidences = st.floats(0.01, 0.9999)


@quick
@given(counts, confidences)
def test_scipy_finds_the_same_interval(count, confidence):
    k, n = count
    expected = binomtest(k, n).proportion_ci(confidence, method="wilson")
    np.testing.assert_allclose(
        binomial_interval(k, n, confidence), (expected.low, expected.high), rtol=1e-9, atol=1e-12
    )


# ------------------------------------------------------------ properties


@quick
@given(pairs)
def test_confusion_matrix_accounts_for_everything(labels):
    y, y_hat = labels
    C = confusion_matrix(y, y_hat, K=5)
    np.testing.assert_array_equal(C.sum(axis=1), np.bincount(y, minlength=5))
    np.testing.assert_array_equal(C.sum(axis=0), np.bincount(y_hat, minlength=5))
    np.testing.assert_array_equal(confusion_matrix(y_hat, y, K=5), C.T)
    assert np.trace(C) / C.sum() == accuracy(y, y_hat)
    assert accuracy(y, y_hat) + error(y, y_hat) == pytest.approx(1)


@quick
@given(pairs)
def test_errors_per_class_weighted_by_class_give_the_error(labels):
    y, y_hat = labels
    errors, n = errors_per_class(y, y_hat, K=5), np.bincount(y, minlength=5)
    np.testing.assert_allclose(np.nansum(errors * n) / len(y), error(y, y_hat), atol=1e-15)
    np.testing.assert_array_equal(np.isnan(errors), n == 0)


@quick
@given(counts, confidences)
def test_an_interval_holds_the_rate_and_stays_between_zero_and_one(count, confidence):
    k, n = count
    low, high = binomial_interval(k, n, confidence)
    assert 0 <= low <= k / n <= high <= 1
    assert low < high
    mirrored = binomial_interval(n - k, n, confidence)
    np.testing.assert_allclose((1 - high, 1 - low), mirrored, atol=1e-12)


@pytest.mark.parametrize("n", [1, 10, 10_000])
def test_an_interval_keeps_a_width_at_both_ends(n):
    assert binomial_interval(0, n)[0] == 0
    assert binomial_interval(0, n)[1] > 0
    assert binomial_interval(n, n)[0] < 1
    assert binomial_interval(n, n)[1] == 1


def test_more_confidence_is_wider_and_more_trials_are_narrower():
    def width(*arguments):
        low, high = binomial_interval(*arguments)
        return high - low

    assert width(90, 100, 0.99) > width(90, 100, 0.95) > width(90, 100, 0.5)
    assert width(90, 100) > width(900, 1000) > width(9000, 10_000)


def test_the_default_confidence_is_95_percent():
    assert binomial_interval(3, 4) == binomial_interval(3, 4, 0.95)


def test_confidence_next_to_one_still_has_an_interval():
    low, high = binomial_interval(50, 100, np.nextafter(1, 0))
    assert 0 < low < 0.5 < high < 1


@pytest.mark.parametrize("rate", [0.5, 0.9, 0.972])
def test_about_95_of_100_intervals_hold_the_true_rate(rate):
    n = 400
    k = np.arange(n + 1)
    holds = [low <= rate <= high for low, high in (binomial_interval(int(i), n) for i in k)]
    assert abs(binom.pmf(k, n, rate)[holds].sum() - 0.95) < 0.015


def test_accuracy_takes_labels_of_any_number_of_classes():
    assert accuracy([100_000, 7], [100_000, 8]) == 0.5
