"""The equations of "Back through a layer", typed again as the page prints them."""

import numpy as np
import pytest
import sympy as sp

from mnist_nn import functional as F
from mnist_nn.gradcheck import numerical_derivative

M, N, K = 5, 3, 4  # examples, inputs, outputs


def close(actual, expected):
    np.testing.assert_allclose(actual, np.asarray(expected, float), rtol=1e-12, atol=1e-14)


@pytest.fixture
def rng():
    return np.random.default_rng(6)


@pytest.fixture
def A(rng):
    return rng.normal(size=(M, N))


@pytest.fixture
def W(rng):
    return rng.normal(size=(N, K))


@pytest.fixture
def dZ(rng):
    return rng.normal(size=(M, K))


@pytest.mark.equation("eq-affine-jacobian")
def test_affine_jacobian(A):
    T = F.affine_jacobian(A, K)
    assert T.shape == (M, N, K, K)
    for m, i, j, k in np.ndindex(T.shape):
        assert T[m, i, j, k] == (A[m, i] if j == k else 0)


@pytest.mark.equation("eq-affine-jacobian")
def test_affine_jacobian_is_the_derivative(A, W, rng):
    b = rng.normal(size=K)
    derivative = numerical_derivative(lambda W: F.affine(A[:1], W, b)[0], W)  # (K, N, K): k, i, j
    np.testing.assert_allclose(F.affine_jacobian(A[0], K), derivative.transpose(1, 2, 0), atol=1e-8)


@pytest.mark.equation("eq-affine-jacobian")
@pytest.mark.equation("eq-affine-outer")
@pytest.mark.equation("eq-affine-da-column")
def test_one_example_from_symbols(rng):
    a, b = sp.Matrix(sp.symbols("a:3")), sp.Matrix(sp.symbols("b:2"))
    W, dz = sp.Matrix(3, 2, sp.symbols("w:6")), sp.Matrix(sp.symbols("g:2"))
    z = W.T * a + b
    for i, j, k in np.ndindex(3, 2, 2):
        assert sp.diff(z[k], W[i, j]) == (a[i] if j == k else 0)
    loss = (dz.T * z)[0]  # its gradient with respect to z is dz
    derived_dW = sp.Matrix(3, 2, [sp.diff(loss, w) for w in W])
    derived_da = sp.Matrix([sp.diff(loss, x) for x in a])
    assert (derived_dW - a * dz.T).expand() == sp.zeros(3, 2)
    assert (derived_da - W * dz).expand() == sp.zeros(3, 1)

    symbols = [*a, *W, *dz]
    v = rng.normal(size=len(symbols))
    dW, da = sp.lambdify(symbols, (derived_dW, derived_da))(*v)
    package = F.affine_backward(v[None, 9:], v[None, :3], v[3:9].reshape(3, 2))
    close(package[1], dW)
    close(package[0], da.T)


@pytest.mark.equation("eq-affine-outer")
def test_the_tensor_times_dz_is_an_outer_product(A, dZ):
    for a, dz in zip(A, dZ, strict=True):
        contracted = np.zeros((N, K))
        for i, j, k in np.ndindex(N, K, K):
            contracted[i, j] += F.affine_jacobian(a, K)[i, j, k] * dz[k]
        outer = [[a[i] * dz[j] for j in range(K)] for i in range(N)]
        close(contracted, outer)
        close(F.affine_backward(dz[None, :], a[None, :])[1], outer)


@pytest.mark.equation("eq-affine-da-column")
def test_da_of_one_example(A, W, dZ):
    for a, dz in zip(A, dZ, strict=True):
        da = [sum(W[i, k] * dz[k] for k in range(K)) for i in range(N)]
        close(F.affine_backward(dz[None, :], a[None, :], W)[0], [da])


@pytest.mark.equation("eq-affine-dw-sum")
def test_dw_is_the_sum_of_outer_products(A, dZ):
    total = sum(np.outer(A[m], dZ[m]) for m in range(M))
    close(F.affine_backward(dZ, A)[1], total)


@pytest.mark.equation("eq-affine-dw-sum")
def test_dw_is_the_sum_of_outer_products_from_symbols(rng):
    A, dZ = sp.Matrix(3, 2, sp.symbols("a:6")), sp.Matrix(3, 2, sp.symbols("g:6"))
    total = sum((A.row(m).T * dZ.row(m) for m in range(3)), sp.zeros(2, 2))
    assert (total - A.T * dZ).expand() == sp.zeros(2, 2)
    v = rng.normal(size=12)
    expected = sp.lambdify([*A, *dZ], total)(*v)
    close(F.affine_backward(v[6:].reshape(3, 2), v[:6].reshape(3, 2))[1], expected)


@pytest.mark.equation("eq-affine-da")
def test_affine_da(A, W, dZ):
    dA = F.affine_backward(dZ, A, W)[0]
    for m, i in np.ndindex(M, N):
        close(dA[m, i], sum(dZ[m, j] * W[i, j] for j in range(K)))


@pytest.mark.equation("eq-affine-da")
def test_affine_da_from_symbols(rng):
    A, W = sp.Matrix(2, 3, sp.symbols("a:6")), sp.Matrix(3, 2, sp.symbols("w:6"))
    Z = A * W
    loss = sum((n + 1) * Z[n] ** 2 + sp.sin(Z[n]) for n in range(4))
    dZ = sp.Matrix(2, 2, [2 * (n + 1) * Z[n] + sp.cos(Z[n]) for n in range(4)])
    dA = sp.Matrix(2, 3, [sp.diff(loss, x) for x in A])
    assert (dA - dZ * W.T).expand() == sp.zeros(2, 3)
    v = rng.normal(size=12)
    dZ_value, dA_value = sp.lambdify([*A, *W], (dZ, dA))(*v)
    close(F.affine_backward(dZ_value, v[:6].reshape(2, 3), v[6:].reshape(3, 2))[0], dA_value)


@pytest.mark.equation("eq-affine-backward-ones")
def test_weights_and_biases_in_one_product(A, dZ):
    stacked = np.hstack([A, np.ones((M, 1))]).T @ dZ
    _, dW, db = F.affine_backward(dZ, A)
    close(np.vstack([dW, db]), stacked)


@pytest.mark.equation("eq-affine-backward-ones")
def test_weights_and_biases_in_one_product_from_symbols():
    A, W = sp.Matrix(2, 2, sp.symbols("a:4")), sp.Matrix(2, 2, sp.symbols("w:4"))
    b, G = sp.Matrix(1, 2, sp.symbols("b:2")), sp.Matrix(2, 2, sp.symbols("g:4"))
    loss = sum(G.multiply_elementwise(A * W + sp.ones(2, 1) * b))  # its dZ is G
    derived = sp.Matrix(3, 2, [sp.diff(loss, x) for x in [*W, *b]])
    stacked = A.row_join(sp.ones(2, 1)).T * G
    assert (derived - stacked).expand() == sp.zeros(3, 2)
    v = np.random.default_rng(6).normal(size=8)
    _, dW, db = F.affine_backward(v[4:].reshape(2, 2), v[:4].reshape(2, 2))
    expected = sp.lambdify([*A, *G], derived)(*v)
    close(np.vstack([dW, db]), expected)
