"""The numbered equations of the chapter on one layer, verified."""

import numpy as np
import pytest
import sympy as sp

from mnist_nn import functional as F
from mnist_nn.model import MLP
from mnist_nn.params import Params

M, N, K = 5, 3, 4  # examples, inputs, outputs


@pytest.fixture
def layer():
    rng = np.random.default_rng(2)
    return rng.normal(size=(M, N)), rng.normal(size=(N, K)), rng.normal(size=K)


def close(actual, expected):
    np.testing.assert_allclose(actual, np.asarray(expected, float), rtol=1e-12, atol=1e-14)


@pytest.mark.equation("eq-affine-column")
def test_one_example_as_a_column(layer):
    A, W, b = layer
    for m in range(M):
        z = [sum(W.T[k, i] * A[m, i] for i in range(N)) + b[k] for k in range(K)]
        close(F.affine(A, W, b)[m], z)


@pytest.mark.equation("eq-affine-ones")
def test_the_bias_as_the_weight_of_a_one(layer):
    A, W, b = layer
    extended, weights = np.hstack([A, np.ones((M, 1))]), np.vstack([W, b])
    close(F.affine(A, W, b), extended @ weights)
    close(F.affine(extended, weights, np.zeros(K)), F.affine(A, W, b))


@pytest.mark.equation("eq-affine-column")
@pytest.mark.equation("eq-affine-ones")
def test_both_forms_from_symbols(layer):
    A, W = sp.Matrix(2, 3, sp.symbols("a:6")), sp.Matrix(3, 2, sp.symbols("w:6"))
    b = sp.Matrix(1, 2, sp.symbols("b:2"))
    Z = A * W + sp.ones(2, 1) * b
    assert (A.row_join(sp.ones(2, 1)) * W.col_join(b) - Z).expand() == sp.zeros(2, 2)
    columns = [W.T * A[m, :].T + b.T for m in range(2)]
    assert all((columns[m] - Z[m, :].T).expand() == sp.zeros(2, 1) for m in range(2))
    values = np.random.default_rng(1).normal(size=14)
    expected = sp.lambdify([*A, *W, *b], Z)(*values)
    close(
        F.affine(values[:6].reshape(2, 3), values[6:12].reshape(3, 2), values[12:]),
        expected,
    )


@pytest.mark.equation("eq-parameter-count")
@pytest.mark.parametrize("sizes", [(784, 10), (3, 4, 2), (5, 1, 7, 2)])
def test_parameter_count(sizes):
    count = 0
    for l in range(1, len(sizes)):
        count += (sizes[l - 1] + 1) * sizes[l]
    params = Params(sizes)
    assert params.flat.size == count
    assert count == sum(w.size for w in params.W.values()) + sum(b.size for b in params.b.values())


@pytest.mark.equation("eq-argmax")
def test_argmax():
    rng = np.random.default_rng(3)
    model = MLP((N, K), rng=rng, dtype=np.float64)
    X = rng.normal(size=(20, N))
    Z = F.affine(X, model.params.W[1], model.params.b[1])
    answers = []
    for row in Z:
        best = 0
        for k in range(K):
            if row[k] > row[best]:
                best = k
        answers.append(best)
    assert len(set(answers)) > 1
    assert model.predict(X).tolist() == answers
