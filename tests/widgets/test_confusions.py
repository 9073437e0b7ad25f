"""The confusions figure: what its bytes hold, and what it can be told."""

import zlib

import numpy as np
import pytest
from traitlets import TraitError

from mnist_nn import load_mnist, metrics
from mnist_nn.widgets import Confusions
from mnist_nn.widgets.network import load_network

DIGITS = load_mnist().test


@pytest.fixture(scope="module")
def data() -> bytes:
    return Confusions().data


@pytest.fixture(scope="module")
def unpacked(data: bytes) -> dict[str, np.ndarray]:
    """What the bytes say, read by hand."""
    raw = zlib.decompress(data)
    n, rest = divmod(len(raw) - 200, 808)
    assert rest == 0
    kinds = [
        ("C", "<u2", (10, 10)),
        ("number", "<u2", (n,)),
        ("P", "<u2", (n, 10)),
        ("y", "u1", (n,)),
        ("y_hat", "u1", (n,)),
        ("images", "u1", (n, 784)),
    ]
    arrays, start = {}, 0
    for name, dtype, shape in kinds:
        arrays[name] = np.frombuffer(raw, dtype, np.prod(shape), start).reshape(shape)
        start += arrays[name].nbytes
    assert start == len(raw)
    return arrays


@pytest.fixture(scope="module")
def P() -> np.ndarray:
    return load_network().predict_proba(DIGITS.scaled())  # (10000, 10)


def test_defaults() -> None:
    figure = Confusions()
    assert figure.values() == {"cell": [9, 4]}
    assert figure.shown == []
    assert Confusions(cell=[3, 5]).cell == [3, 5]


@pytest.mark.parametrize("cell", [[4], [4, 9, 1], [4, 10], [-1, 0], [4, "9"], [4.5, 9], 49, None])
def test_what_is_no_cell_is_refused(cell: object) -> None:
    with pytest.raises(TraitError, match="cell"):
        Confusions(cell=cell)


def test_what_is_shown_is_not_chosen() -> None:
    with pytest.raises(TypeError, match="has no shown; it takes cell"):
        Confusions(shown=[1])


def test_small(data: bytes) -> None:
    assert len(data) < 100_000


def test_matrix_is_that_of_the_network(unpacked: dict[str, np.ndarray], P: np.ndarray) -> None:
    C = metrics.confusion_matrix(DIGITS.labels, P.argmax(axis=1))
    np.testing.assert_array_equal(unpacked["C"], C)
    assert np.trace(C) > 9800


def test_digits_are_those_of_the_test_set(unpacked: dict[str, np.ndarray], P: np.ndarray) -> None:
    number = unpacked["number"]
    assert len(set(number)) == len(number)
    np.testing.assert_array_equal(unpacked["y"], DIGITS.labels[number])
    np.testing.assert_array_equal(unpacked["images"], DIGITS.images[number].reshape(-1, 784))
    np.testing.assert_array_equal(unpacked["y_hat"], P[number].argmax(axis=1))
    # Half a step of rounding, and what float32 differs by from machine to machine
    np.testing.assert_allclose(unpacked["P"] / 65535, P[number], atol=0.5 / 65535 + 1e-5)


def test_every_mistake_is_there_and_twelve_of_each_class(unpacked: dict[str, np.ndarray]) -> None:
    y, y_hat, C = unpacked["y"], unpacked["y_hat"], unpacked["C"]
    kept = metrics.confusion_matrix(y, y_hat)
    np.testing.assert_array_equal(kept - np.diag(np.diag(kept)), C - np.diag(np.diag(C)))
    np.testing.assert_array_equal(np.diag(kept), 12)


def test_right_answers_are_the_least_sure(unpacked: dict[str, np.ndarray], P: np.ndarray) -> None:
    right = P.argmax(axis=1) == DIGITS.labels
    for k in range(10):
        shown = unpacked["P"][(unpacked["y"] == k) & (unpacked["y_hat"] == k)].max(axis=1) / 65535
        lowest = np.sort(P[right & (DIGITS.labels == k)].max(axis=1))[:12]
        np.testing.assert_allclose(shown, lowest, atol=1e-4)


def test_mistakes_begin_with_the_surest(unpacked: dict[str, np.ndarray]) -> None:
    wrong = unpacked["y"] != unpacked["y_hat"]
    confidence = unpacked["P"][wrong].max(axis=1).astype(int)
    assert (np.diff(confidence) <= 1).all()
