"""The numbered equations of chapter 7, verified: a network of any depth, and its gradient check."""

from math import exp

import numpy as np
import pytest
import sympy as sp

from mnist_nn import functional as F
from mnist_nn.gradcheck import numerical_derivative, relative_error
from mnist_nn.model import MLP
from mnist_nn.params import Params

SIZES = [(3, 4), (4, 5, 3), (3, 5, 5, 4, 2)]
M = 6


@pytest.fixture(params=SIZES, ids=str)
def network(request):
    rng = np.random.default_rng(7)
    sizes = request.param
    model = MLP(sizes, bias_init="half_uniform", rng=rng, dtype=np.float64)
    return model, rng.normal(size=(M, sizes[0])), rng.integers(0, sizes[-1], M)


def close(actual, expected):
    np.testing.assert_allclose(actual, np.asarray(expected, float), rtol=1e-11, atol=1e-14)


def written_out(model, X):
    """Return A and Z of every layer, entry by entry as the page has it."""
    A, Z = {0: X.tolist()}, {}
    L = len(model.sizes) - 1
    for l in range(1, L + 1):
        n_in, n_out = model.sizes[l - 1], model.sizes[l]
        W, b = model.params.W[l], model.params.b[l]
        Z[l] = [
            [sum(A[l - 1][m][i] * W[i, j] for i in range(n_in)) + b[j] for j in range(n_out)]
            for m in range(M)
        ]
        if l < L:
            A[l] = [[max(z, 0.0) for z in row] for row in Z[l]]
    return A, Z


@pytest.mark.equation("eq-forward")
def test_forward(network):
    model, X, _ = network
    A, Z = written_out(model, X)
    *activations, logits = model.forward(X)
    for l, a in enumerate(activations):
        close(a, A[l])
    close(logits, Z[len(model.sizes) - 1])


def gradients_written_out(model, X, y):
    """Return dZ, dW, db of every layer by the recursion, entry by entry."""
    A, Z = written_out(model, X)
    L = len(model.sizes) - 1
    dZ = {L: []}
    for m in range(M):
        total = sum(exp(z) for z in Z[L][m])
        dZ[L].append([(exp(z) / total - (k == y[m])) / M for k, z in enumerate(Z[L][m])])
    for l in range(L - 1, 0, -1):
        W = model.params.W[l + 1]
        dZ[l] = [
            [
                sum(dZ[l + 1][m][j] * W[i, j] for j in range(W.shape[1])) * (Z[l][m][i] > 0)
                for i in range(W.shape[0])
            ]
            for m in range(M)
        ]
    dW = {
        l: [
            [sum(A[l - 1][m][i] * dZ[l][m][j] for m in range(M)) for j in range(model.sizes[l])]
            for i in range(model.sizes[l - 1])
        ]
        for l in dZ
    }
    db = {l: [sum(dZ[l][m][j] for m in range(M)) for j in range(model.sizes[l])] for l in dZ}
    return dZ, dW, db


@pytest.mark.equation("eq-backward-dz", "eq-backward")
def test_backward(network):
    model, X, y = network
    _, dW, db = gradients_written_out(model, X, y)
    out = Params(model.sizes, np.float64)
    model.backpropagate(X, y, 1 / M, out)
    for l in dW:
        close(out.W[l], dW[l])
        close(out.b[l], db[l])


@pytest.mark.equation("eq-backward-dz")
def test_the_recursion_gives_the_derivative_at_every_layer(network):
    """With a further bias in front of the activation: its gradient for one example is dZ."""
    model, X, y = network
    dZ, _, _ = gradients_written_out(model, X, y)
    W, b, L = model.params.W, model.params.b, len(model.sizes) - 1
    _, Z = written_out(model, X)

    for l in range(1, L + 1):

        def loss_from(Z_l, l=l):
            for k in range(l + 1, L + 1):
                Z_l = np.maximum(Z_l, 0) @ W[k] + b[k]
            return F.softmax_nll(Z_l, y)[0]

        numerical = numerical_derivative(loss_from, np.array(Z[l]))
        assert relative_error(numerical, np.array(dZ[l])) < 1e-7


@pytest.mark.equation("eq-backward-dz", "eq-backward")
def test_backward_by_sympy():
    """One unit a layer, three layers of a smooth activation: the recursion is the chain rule."""
    x, *weights = sp.symbols("x w1:4 b1:4", real=True)
    w, b = weights[:3], weights[3:]
    phi = lambda t: 1 / (1 + sp.exp(-t))  # noqa: E731

    def network(entries):
        """Return the z of each layer for weights and biases `entries`."""
        a, z = x, []
        for l in range(3):
            z.append(a * entries[l] + entries[3 + l])
            a = phi(z[-1])
        return z

    z = network(weights)
    loss = sp.log(1 + sp.exp(-z[2]))  # two classes: the NLL of the first
    t = sp.symbols("t", real=True)
    slope = sp.lambdify(t, sp.diff(phi(t), t), "sympy")
    dz = {2: phi(z[2]) - 1}
    for l in (1, 0):
        dz[l] = dz[l + 1] * w[l + 1] * slope(z[l])
    a = [x, phi(z[0]), phi(z[1])]
    for l in range(3):
        values = {x: 0.7, w[0]: 0.3, w[1]: -1.1, w[2]: 0.8, b[0]: 0.2, b[1]: 0.4, b[2]: -0.5}
        for expected, variable in ((a[l] * dz[l], w[l]), (dz[l], b[l])):
            difference = sp.simplify(sp.diff(loss, variable) - expected)
            assert difference == 0 or abs(difference.subs(values).evalf(30)) < 1e-20

    model = MLP((1, 1, 1, 2), "sigmoid", rng=np.random.default_rng(0), dtype=np.float64)
    for l in (1, 2):
        model.params.W[l][:], model.params.b[l][:] = values[w[l - 1]], values[b[l - 1]]
    model.params.W[3][:], model.params.b[3][:] = [[values[w[2]], 0.0]], [values[b[2]], 0.0]
    _, grad = model.loss_and_grad(np.array([[values[x]]]), [0])
    for l in range(3):
        close(grad.W[l + 1][0, 0], float((a[l] * dz[l]).subs(values)))
        close(grad.b[l + 1][0], float(dz[l].subs(values)))


@pytest.mark.equation("eq-backward-linear")
@pytest.mark.parametrize("s", [-2.0, 0.0, 1e-3, 7.0])
def test_backward_is_linear(network, s):
    model, X, y = network
    _, dW, db = gradients_written_out(model, X, y)  # of the mean
    out = Params(model.sizes, np.float64)
    model.backpropagate(X, y, s, out)  # of s times the sum
    for l in dW:
        close(out.W[l], s * M * np.array(dW[l]))
        close(out.b[l], s * M * np.array(db[l]))


@pytest.mark.equation("eq-parameter-count")
@pytest.mark.parametrize("sizes", [*SIZES, (784, 512, 10), (1, 1)], ids=str)
def test_parameter_count(sizes):
    n = sum((sizes[l - 1] + 1) * sizes[l] for l in range(1, len(sizes)))
    assert Params(sizes).flat.size == n


@pytest.mark.equation("eq-flat")
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_flat(sizes):
    params = Params(sizes, np.float64)
    params.flat[:] = np.arange(params.flat.size)
    for l in range(1, len(sizes)):
        o = sum((sizes[k - 1] + 1) * sizes[k] for k in range(1, l))
        n_in, n_out = sizes[l - 1], sizes[l]
        for j in range(n_out):
            assert params.b[l][j] == params.flat[o + n_in * n_out + j]
            for i in range(n_in):
                assert params.W[l][i, j] == params.flat[o + i * n_out + j]


@pytest.mark.equation("eq-central-difference")
def test_central_difference():
    """The difference quotient itself, and the leading term of its error: h² f'''/6."""
    x, h = np.array([0.3, -1.2]), 1e-2
    D = numerical_derivative(lambda v: np.sum(np.sin(2 * v)), x, h)
    for i in range(2):
        quotient = (np.sin(2 * (x[i] + h)) - np.sin(2 * (x[i] - h))) / (2 * h)
        np.testing.assert_allclose(D[i], quotient, rtol=1e-10)
    third = -8 * np.cos(2 * x)
    np.testing.assert_allclose((D - 2 * np.cos(2 * x)) / h**2, third / 6, rtol=1e-3)


@pytest.mark.equation("eq-central-difference")
def test_central_difference_by_sympy():
    x, h = sp.symbols("x h", real=True)
    f = sp.Function("f")
    D = (f(x + h) - f(x - h)) / (2 * h)
    error = sp.series(D.subs(f, sp.Lambda(x, sp.exp(3 * x))).doit(), h, 0, 4).removeO()
    expected = 3 * sp.exp(3 * x) + h**2 / 6 * 27 * sp.exp(3 * x)
    assert sp.simplify(error - expected) == 0
    value = numerical_derivative(lambda v: np.exp(3 * v[0]), [0.2], h=1e-2)[0]
    assert value == pytest.approx(float(expected.subs({x: 0.2, h: 1e-2})), rel=1e-6)


@pytest.mark.equation("eq-relative-error")
def test_relative_error():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 4, 3))
    difference = max(abs(a[i, j] - b[i, j]) for i in range(4) for j in range(3))
    scale = max(max(abs(v) for v in a.ravel()), max(abs(v) for v in b.ravel()))
    assert relative_error(a, b) == pytest.approx(difference / scale, rel=1e-14)
    assert relative_error(b, a) == relative_error(a, b)
    assert relative_error(a, 20 * a) == pytest.approx(1 - 1 / 20, rel=1e-14)
    assert relative_error(a, -a) == 2
