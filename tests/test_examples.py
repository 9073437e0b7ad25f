"""Examples: rows of numbers with labels, used as they are."""

import re

import numpy as np
import pytest

from mnist_nn import MLP, Examples, TrainConfig, evaluate, fit
from mnist_nn.data import Scaling

FLOATS = [np.float32, np.float64]


def some(M=5, n=3, dtype=np.float64):
    X = np.random.default_rng(0).normal(size=(M, n)).astype(dtype)
    return Examples(X, np.arange(M) % 2)


def test_lists_and_arrays_make_the_same_examples():
    X, y = [[0.5, 1], [2, 3], [4, 5]], [0, 2, 1]
    for labels in (y, np.array(y), np.array(y, np.uint8), tuple(y)):
        e = Examples(X, labels)
        np.testing.assert_array_equal(e.X, np.array(X), strict=True)
        np.testing.assert_array_equal(e.labels, np.array(y, np.intp), strict=True)
        assert (len(e), e.width) == (3, 2)


def test_the_text_says_how_many_there_are():
    assert repr(Examples([[0, 0], [0, 1], [1, 0]], [0, 1, 7])) == (
        "Examples(3 rows of 2 numbers, labels 0 to 7)"
    )


@pytest.mark.parametrize(
    ("X", "labels", "kind", "message"),
    [
        ([[1.0, np.nan]], [0], ValueError, "X is nan at index [0, 1]; expected finite numbers"),
        ([[1.0, -np.inf]], [0], ValueError, "X is -inf at index [0, 1]; expected finite numbers"),
        (np.empty((0, 3)), [0], ValueError, "X is empty, with shape (0, 3); expected at least one"),
        ([[1.0], [1.0, 2.0]], [0, 1], ValueError, "X is not a rectangular array; make its rows"),
        ([["a"]], [0], TypeError, "X holds <U1 values; expected real numbers"),
        ([[1j]], [0], TypeError, "X holds complex128 values; expected real numbers"),
        (None, [0], TypeError, "X holds object values; expected real numbers"),
        ([1.0, 2.0], [0, 1], ValueError, "X has shape (2,) and labels (2,); expected (M, n)"),
        (np.ones((2, 3, 1)), [0, 1], ValueError, "X has shape (2, 3, 1) and labels (2,)"),
        ([[1.0], [2.0]], [0], ValueError, "X has shape (2, 1) and labels (1,); expected (M, n)"),
        ([[1.0], [2.0]], [[0], [1]], ValueError, "labels (2, 1); expected (M, n) and (M,)"),
        ([[1.0]], [0.0], TypeError, "labels holds float64 values; expected integer labels"),
        ([[1.0]], [True], TypeError, "labels holds bool values; expected integer labels"),
        ([[1.0]], ["0"], TypeError, "labels holds <U1 values; expected real numbers"),
        ([[1.0]], [], ValueError, "labels is empty, with shape (0,); expected at least one"),
        ([[1.0]], [-1], ValueError, "labels has labels from -1 to -1; expected 0 to"),
        ([[1.0]], [2**40], ValueError, "labels has labels from 1099511627776 to 1099511627776"),
        ([[1.0]], None, TypeError, "labels holds object values; expected real numbers"),
    ],
)
def test_what_is_not_examples_is_refused(X, labels, kind, message):
    with pytest.raises(kind, match=re.escape(message)) as caught:
        Examples(X, labels)
    assert str(caught.value).startswith("Examples: ")
    assert "; " in str(caught.value)


@pytest.mark.parametrize("given", FLOATS)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("rows", [slice(1, 4), slice(None), np.array([4, 0, 4])], ids=str)
def test_inputs_are_the_rows_in_the_dtype_asked_for(rows, dtype, given):
    e = some(dtype=given)
    expected = e.X[rows].astype(dtype)
    np.testing.assert_array_equal(e.inputs(rows, dtype), expected, strict=True)
    out = np.full(expected.shape, np.nan, dtype)
    assert e.inputs(rows, dtype, out=out) is out
    np.testing.assert_array_equal(out, expected, strict=True)


def test_inputs_are_not_scaled():
    e = some()
    np.testing.assert_array_equal(e.inputs(slice(None), np.float64, Scaling(-1, 5)), e.X)


@pytest.mark.parametrize("rows", [slice(None), np.array([0, 1])], ids=str)
def test_inputs_may_be_changed_without_changing_the_examples(rows):
    e = some()
    before = e.X.copy()
    for dtype in FLOATS:
        X = e.inputs(rows, dtype)
        assert not np.shares_memory(X, e.X)
        X[:] = 7
    np.testing.assert_array_equal(e.X, before)


def test_training_and_measuring_leave_what_was_given_as_it_was():
    X, y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2
    before, labels = X.copy(), y.copy()
    X.flags.writeable = y.flags.writeable = False  # a write would raise
    e = Examples(X, y)
    for dtype in FLOATS:
        model = MLP((3, 4, 2), rng=np.random.default_rng(0), dtype=dtype)
        config = TrainConfig(epochs=2, batch_size=6, learning_rate=0.1, momentum=0.5)
        fit(model, e, config, np.random.default_rng(0), e, progress=False)
        evaluate(model, e)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(y, labels)


def test_evaluate_measures_examples():
    e = some(50)
    model = MLP((3, 4, 2), rng=np.random.default_rng(0), dtype=np.float64)
    loss, accuracy = evaluate(model, e)
    np.testing.assert_allclose(loss, model.loss(e.X, e.labels), rtol=1e-14)
    assert accuracy == np.mean(model.predict(e.X) == e.labels)


def test_bytes_are_refused():
    with pytest.raises(TypeError, match="bytes"):
        Examples(np.zeros((1, 2), np.uint8), [0])


def test_what_was_checked_cannot_be_changed_through_the_object():
    X = np.zeros((2, 2))
    examples = Examples(X, np.array([0, 1]))
    for array in (examples.X, examples.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    X[0] = 1  # the caller's own array stays writable


def test_one_hot_rows_are_labels_too():
    Y = np.eye(3)[[2, 0, 2, 1]]
    np.testing.assert_array_equal(Examples(np.zeros((4, 2)), Y).labels, [2, 0, 2, 1])
    for wrong in ([[0, 0]], [[1, 1]], [[0.5, 0.5]], [[2, -1]]):
        with pytest.raises(ValueError, match="one-hot"):
            Examples(np.zeros((1, 2)), np.array(wrong))
    with pytest.raises(ValueError, match="rectangular"):
        Examples(np.zeros((2, 2)), [[1, 0], [1]])
