"""The equations of "ReLU and its derivative", typed again as the page prints them."""

from math import exp

import numpy as np
import pytest
import sympy as sp

from mnist_nn import functional as F
from mnist_nn.gradcheck import numerical_derivative

M, N = 5, 4


def close(actual, expected):
    np.testing.assert_allclose(actual, np.asarray(expected, float), rtol=1e-12, atol=1e-14)


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture
def Z(rng):
    Z = rng.normal(size=(M, N))
    Z[0, :3] = 0.0, -0.0, 1e-300  # both zeros, and the smallest step to the right of them
    return Z


def slope(z, c):
    """Return ReLU′(z) by the three cases of the page."""
    if z > 0:
        return 1
    if z < 0:
        return 0
    return c


@pytest.mark.equation("eq-affine-affine")
def test_two_affine_maps_are_one(rng):
    A, W1, W2 = rng.normal(size=(M, 3)), rng.normal(size=(3, N)), rng.normal(size=(N, 2))
    b1, b2 = rng.normal(size=N), rng.normal(size=2)
    one = A @ (W1 @ W2) + (b1 @ W2 + b2)
    np.testing.assert_allclose(F.affine(F.affine(A, W1, b1), W2, b2), one, rtol=1e-12)


@pytest.mark.equation("eq-affine-affine")
def test_two_affine_maps_are_one_from_symbols(rng):
    A, W1 = sp.Matrix(1, 2, sp.symbols("a:2")), sp.Matrix(2, 3, sp.symbols("w:6"))
    W2, b1 = sp.Matrix(3, 2, sp.symbols("v:6")), sp.Matrix(1, 3, sp.symbols("b:3"))
    b2 = sp.Matrix(1, 2, sp.symbols("d:2"))
    two = (A * W1 + b1) * W2 + b2
    assert (two - (A * (W1 * W2) + (b1 * W2 + b2))).expand() == sp.zeros(1, 2)
    symbols = [*A, *W1, *W2, *b1, *b2]
    v = rng.normal(size=len(symbols))
    a, w1, w2, c1, c2 = np.split(v, [2, 8, 14, 17])
    layers = F.affine(F.affine(a[None, :], w1.reshape(2, 3), c1), w2.reshape(3, 2), c2)
    close(layers, sp.lambdify(symbols, two)(*v))


@pytest.mark.equation("eq-relu")
def test_relu(Z):
    close(F.relu(Z), [[max(z, 0) for z in row] for row in Z])


@pytest.mark.equation("eq-relu-derivative")
@pytest.mark.parametrize("c", [0, 0.25, 1])
def test_relu_derivative(Z, c):
    cases = [[slope(z, c) for z in row] for row in Z]
    close(F.relu_backward(np.ones_like(Z), Z, c), cases)


@pytest.mark.equation("eq-relu-derivative")
def test_relu_derivative_from_symbols():
    z = sp.symbols("z", real=True)
    derived = sp.diff(sp.Max(z, 0), z)  # Heaviside's step, which leaves the value at 0 open
    for value in (-2, sp.Rational(1, 3)):
        assert derived.subs(z, value) == slope(value, None)
        close(F.relu_backward([1.0], [float(value)]), [slope(value, None)])


@pytest.mark.equation("eq-relu-jacobian")
@pytest.mark.parametrize("c", [0, 0.25, 1])
def test_relu_jacobian(Z, c):
    J = F.relu_jacobian(Z, c)
    assert J.shape == (M, N, N)
    for m, i, j in np.ndindex(M, N, N):
        assert J[m, i, j] == (slope(Z[m, i], c) if i == j else 0)


@pytest.mark.equation("eq-relu-jacobian")
def test_relu_jacobian_is_the_derivative(Z):
    J = F.relu_jacobian(Z[1])
    np.testing.assert_allclose(J, numerical_derivative(F.relu, Z[1]), atol=1e-8)


@pytest.mark.equation("eq-relu-backward")
@pytest.mark.parametrize("c", [0, 0.25, 1])
def test_relu_backward(rng, Z, c):
    dA = rng.normal(size=(M, N))
    dZ = F.relu_backward(dA, Z, c)
    for m, j in np.ndindex(M, N):
        assert dZ[m, j] == slope(Z[m, j], c) * dA[m, j]
    long_way = [F.relu_jacobian(Z[m], c).T @ dA[m] for m in range(M)]
    close(dZ, long_way)


s = sp.symbols("z", real=True)
sigma = 1 / (1 + sp.exp(-s))


@pytest.mark.equation("eq-sigmoid-derivative")
def test_sigmoid_derivative(Z):
    A = F.sigmoid(Z)
    formula = [[1 / (1 + exp(-z)) * (1 - 1 / (1 + exp(-z))) for z in row] for row in Z]
    np.testing.assert_allclose(F.sigmoid_backward(np.ones_like(Z), A), formula, rtol=1e-12)


@pytest.mark.equation("eq-sigmoid-derivative")
def test_sigmoid_derivative_from_symbols():
    derived = sp.diff(sigma, s)
    assert sp.simplify(derived - sigma * (1 - sigma)) == 0
    z = np.array([-2.0, 0.0, 0.7])
    expected = sp.lambdify(s, derived, "numpy")(z)
    np.testing.assert_allclose(F.sigmoid_backward(np.ones(3), F.sigmoid(z)), expected, rtol=1e-12)


@pytest.mark.equation("eq-sigmoid-jacobian")
def test_sigmoid_jacobian(Z):
    A = F.sigmoid(Z)
    J = F.sigmoid_jacobian(A)
    assert J.shape == (M, N, N)
    for m, i, j in np.ndindex(M, N, N):
        close(J[m, i, j], A[m, i] * (1 - A[m, i]) if i == j else 0)
    np.testing.assert_allclose(J[0], numerical_derivative(F.sigmoid, Z[0]), atol=1e-8)


@pytest.mark.equation("eq-sigmoid-jacobian")
def test_sigmoid_jacobian_from_symbols():
    z = sp.symbols("z1:4", real=True)
    column = sp.Matrix([sigma.subs(s, zk) for zk in z])
    derived = column.jacobian(z)
    assert (derived - sp.diag(*[a * (1 - a) for a in column])).applyfunc(sp.simplify).is_zero_matrix
    values = [0.3, -1.0, 2.0]
    close(F.sigmoid_jacobian(F.sigmoid(values)), sp.lambdify([z], derived)(values))


@pytest.mark.equation("eq-sigmoid-backward")
def test_sigmoid_backward(rng, Z):
    dA, A = rng.normal(size=(M, N)), F.sigmoid(Z)
    dZ = F.sigmoid_backward(dA, A)
    for m, j in np.ndindex(M, N):
        close(dZ[m, j], A[m, j] * (1 - A[m, j]) * dA[m, j])
    close(dZ, [F.sigmoid_jacobian(A[m]).T @ dA[m] for m in range(M)])
