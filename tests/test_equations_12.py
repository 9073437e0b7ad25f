"""The numbered equations of chapter 12: gradients of the input, and the one map a network is."""

import numpy as np
import pytest
import sympy as sp

from mnist_nn import functional as F
from mnist_nn.model import MLP
from mnist_nn.optim import sgd_step
from mnist_nn.params import Params


def close(actual, expected):
    np.testing.assert_allclose(actual, np.asarray(expected, float), rtol=1e-10, atol=1e-12)


def network(sizes=(4, 6, 5, 3), seed=3, **how):
    model = MLP(sizes, bias_init="standard_normal", rng=np.random.default_rng(seed), **how)
    return model, np.random.default_rng(seed + 1)


@pytest.fixture
def net():
    return network(dtype=np.float64)


@pytest.mark.equation("eq-input-gradient")
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_input_gradient_by_finite_differences(activation):
    model, rng = network(activation=activation, dtype=np.float64)
    X, y, h = rng.normal(size=(5, 4)), rng.integers(0, 3, 5), 1e-6
    dX = model.input_gradient(X, F.softmax_nll(model.logits(X), y)[1])
    assert np.abs(dX).max() > 0.01
    for m, i in np.ndindex(5, 4):
        up, down = X.copy(), X.copy()
        up[m, i] += h
        down[m, i] -= h
        assert abs(dX[m, i] - (model.loss(up, y) - model.loss(down, y)) / (2 * h)) < 1e-7


@pytest.mark.equation("eq-input-gradient")
def test_input_gradient_term_by_term(net):
    model, rng = net
    X, dZ3 = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    _, A1, A2, _ = model.forward(X)
    W = model.params.W
    for m, i in np.ndindex(5, 4):
        total = sum(
            W[1][i, j] * (A1[m, j] > 0) * W[2][j, k] * (A2[m, k] > 0) * W[3][k, c] * dZ3[m, c]
            for j in range(6)
            for k in range(5)
            for c in range(3)
        )
        close(model.input_gradient(X, dZ3)[m, i], total)


@pytest.mark.equation("eq-effective-weights")
@pytest.mark.equation("eq-effective-bias")
@pytest.mark.equation("eq-piecewise-linear")
def test_effective_weights(net):
    model, rng = net
    X, (W, b) = rng.normal(size=(5, 4)), (model.params.W, model.params.b)
    _, A1, A2, Z = model.forward(X)
    W_x, b_x = model.effective_weights(X)
    for m in range(5):
        D1, D2 = np.diag(A1[m] > 0).astype(float), np.diag(A2[m] > 0).astype(float)
        close(W_x[m], W[1] @ D1 @ W[2] @ D2 @ W[3])
        close(b_x[m], b[1] @ D1 @ W[2] @ D2 @ W[3] + b[2] @ D2 @ W[3] + b[3])
        close(X[m] @ W_x[m] + b_x[m], Z[m])
        for k in range(3):
            close(W_x[m, :, k], model.input_gradient(X[m : m + 1], np.eye(3)[[k]])[0])


@pytest.mark.equation("eq-effective-weights")
@pytest.mark.equation("eq-effective-bias")
@pytest.mark.equation("eq-piecewise-linear")
def test_effective_weights_from_symbols():
    n_in, n, K = 2, 3, 2
    W1, W2 = sp.Matrix(n_in, n, sp.symbols("w:6")), sp.Matrix(n, K, sp.symbols("u:6"))
    b1, b2 = sp.Matrix(1, n, sp.symbols("b:3")), sp.Matrix(1, K, sp.symbols("c:2"))
    x, D = sp.Matrix(1, n_in, sp.symbols("x:2")), sp.diag(*sp.symbols("d:3"))
    Z = (x * W1 + b1) * D * W2 + b2  # ReLU multiplies each unit by its d, 0 or 1
    W_x, b_x = W1 * D * W2, b1 * D * W2 + b2
    assert (Z - x * W_x - b_x).expand() == sp.zeros(1, K)
    assert Z.jacobian(x).T.equals(W_x)

    model, rng = network((n_in, n, K), dtype=np.float64)
    p, point = model.params, rng.normal(size=(1, n_in))
    on = (model.forward(point)[1][0] > 0).astype(float)
    assert 0 < on.sum() < n
    symbols = [*W1, *W2, *b1, *b2, *sp.symbols("d:3")]
    values = [*p.W[1].ravel(), *p.W[2].ravel(), *p.b[1], *p.b[2], *on]
    expected_W, expected_b = sp.lambdify(symbols, (W_x, b_x))(*values)
    W_package, b_package = model.effective_weights(point)
    close(W_package[0], expected_W)
    close(b_package, expected_b)


def test_at_zero_the_choice_c_counts_for_the_gradient_and_not_for_the_value():
    model = MLP((1, 1, 1), c=0.25, rng=np.random.default_rng(0), dtype=np.float64)
    model.params.flat[:] = [2, 0, 3, 1]
    W, b = model.effective_weights(np.zeros((1, 1)))
    close(W, [[[0.25 * 2 * 3]]])
    close(b, [[1]])
    close(model.input_gradient(np.zeros((1, 1)), [[1]]), [[1.5]])


def test_sigmoids_have_no_effective_weights():
    model, rng = network(activation="sigmoid", dtype=np.float64)
    with pytest.raises(ValueError, match="activation is 'sigmoid'; expected 'relu'"):
        model.effective_weights(rng.normal(size=(1, 4)))
    linear = MLP((4, 3), activation="sigmoid", rng=rng, dtype=np.float64)
    close(linear.effective_weights(np.ones((1, 4)))[0][0], linear.params.W[1])


def test_results_are_arrays_of_their_own_in_the_dtype_of_the_network():
    for sizes in ((4, 3), (4, 6, 3)):
        model, rng = network(sizes)
        X = rng.normal(size=(2, 4)).astype(np.float32)
        W, b = model.effective_weights(X)
        dX = model.input_gradient(X, np.ones((2, 3)))
        assert {W.dtype, b.dtype, dX.dtype} == {np.dtype(np.float32)}
        before = model.params.flat.copy()
        for array in (W, b, dX):
            array += 1
        assert np.array_equal(model.params.flat, before)


@pytest.mark.equation("eq-blank-pixel")
def test_a_blank_input_has_no_gradient():
    rng = np.random.default_rng(0)
    A, dZ = rng.normal(size=(6, 4)), rng.normal(size=(6, 3))
    A[:, 2] = 0
    _, dW, _ = F.affine_backward(dZ, A)
    for k in range(3):
        assert dW[2, k] == sum(A[m, 2] * dZ[m, k] for m in range(6)) == 0
    assert (dW[[0, 1, 3]] != 0).all()


@pytest.mark.equation("eq-blank-decay")
def test_a_weight_without_gradient_decays():
    rng = np.random.default_rng(0)
    params, grad = Params((2, 2), np.float64), Params((2, 2), np.float64)
    params.flat[:] = rng.normal(size=6)
    grad.W[1][1] = 0.3
    first = params.W[1].copy()
    for _ in range(50):
        sgd_step(params, grad, learning_rate=0.13, l2=0.01)
    close(params.W[1][0], (1 - 0.13 * 0.01) ** 50 * first[0])
    assert not np.allclose(params.W[1][1], (1 - 0.13 * 0.01) ** 50 * first[1])
