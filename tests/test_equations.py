"""Every numbered equation, verified: written out index by index, and by SymPy where it proves it.

A numerical test transcribes its formula with explicit loops, the way one would do it on paper, and
compares the package with it. A symbolic test derives the formula, lets SymPy reduce the difference
to zero, and then puts numbers into the derived expression and compares the package with those.
"""

from math import exp, log, sqrt

import numpy as np
import pytest
import sympy as sp

from mnist_nn import functional as F
from mnist_nn.metrics import accuracy, binomial_interval, confusion_matrix
from mnist_nn.model import MLP
from mnist_nn.optim import sgd_step
from mnist_nn.params import Params

M, N, K = 5, 3, 4  # examples, inputs, classes


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.fixture
def Z(rng):
    return rng.normal(size=(M, K))


@pytest.fixture
def y(rng):
    return rng.integers(0, K, M)


def close(actual, expected):
    np.testing.assert_allclose(actual, np.asarray(expected, float), rtol=1e-12, atol=1e-14)


def transcribe(shape, entry):
    """Return the array whose entry at an index is entry(*index)."""
    result = np.empty(shape)
    for index in np.ndindex(shape):
        result[index] = entry(*index)
    return result


# ------------------------------------------------------------ symbols, for one example

z = sp.symbols(f"z1:{K + 1}", real=True)
p = sp.symbols(f"p1:{K + 1}", positive=True)
g = sp.symbols(f"g1:{K + 1}", real=True)  # ∂L/∂p
soft = [sp.exp(zk) / sum(map(sp.exp, z)) for zk in z]
T = 2  # the right class, counted from 0
onehot = [1 if k == T else 0 for k in range(K)]


def is_zero(expression):
    return sp.simplify(expression) == 0


def numbers(expressions, symbols, values):
    """Put numbers into a list of expressions."""
    return np.array(sp.lambdify(symbols, list(expressions))(*map(float, values)))


# ------------------------------------------------------------ Handwritten digits


@pytest.mark.equation("eq-one-hot")
def test_one_hot(y):
    close(F.one_hot(y, K), transcribe((M, K), lambda m, k: 1 if k == y[m] else 0))


@pytest.mark.equation("eq-accuracy")
def test_accuracy(rng):
    y, y_hat = rng.integers(0, 3, 50), rng.integers(0, 3, 50)
    right = 0
    for m in range(50):
        right += 1 if y[m] == y_hat[m] else 0
    assert 0 < right < 50
    assert accuracy(y, y_hat) == right / 50


@pytest.mark.equation("eq-confusion")
def test_confusion(rng):
    y, y_hat = rng.integers(0, 3, 50), rng.integers(0, 3, 50)
    C = transcribe((3, 3), lambda i, j: sum(y[m] == i and y_hat[m] == j for m in range(50)))
    assert not np.array_equal(C, C.T)
    close(confusion_matrix(y, y_hat, 3), C)


@pytest.mark.equation("eq-binomial-interval")
@pytest.mark.parametrize(("k", "n"), [(7, 10), (3888, 4000), (1, 3)])
def test_binomial_interval(k, n):
    z, rate = 1.959963984540054, k / n  # 97.5 % of a normal distribution lie below 1.96
    centre, half = rate + z**2 / (2 * n), z * sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    close(binomial_interval(k, n), [(centre + s * half) / (1 + z**2 / n) for s in (-1, 1)])


@pytest.mark.equation("eq-binomial-interval")
def test_binomial_interval_solves_its_quadratic():
    q, z = sp.symbols("q z", positive=True)
    k, n = 7, 10
    rate = sp.Rational(k, n)
    roots = sp.solve(sp.Eq((rate - q) ** 2, z**2 * q * (1 - q) / n), q)
    close(binomial_interval(k, n), sorted(float(r.subs(z, 1.959963984540054)) for r in roots))


# ------------------------------------------------------------ one layer


@pytest.mark.equation("eq-affine")
def test_affine(rng):
    A, W, b = rng.normal(size=(M, N)), rng.normal(size=(N, K)), rng.normal(size=K)
    Z = transcribe((M, K), lambda m, k: sum(A[m, i] * W[i, k] for i in range(N)) + b[k])
    close(F.affine(A, W, b), Z)


@pytest.mark.equation("eq-affine-dw")
def test_affine_dw(rng):
    A, dZ = rng.normal(size=(M, N)), rng.normal(size=(M, K))
    dW = transcribe((N, K), lambda i, k: sum(A[m, i] * dZ[m, k] for m in range(M)))
    close(F.affine_backward(dZ, A)[1], dW)


@pytest.mark.equation("eq-affine-db")
def test_affine_db(rng):
    A, dZ = rng.normal(size=(M, N)), rng.normal(size=(M, K))
    close(F.affine_backward(dZ, A)[2], transcribe((K,), lambda k: sum(dZ[m, k] for m in range(M))))


@pytest.mark.equation("eq-affine-dw")
@pytest.mark.equation("eq-affine-db")
def test_gradients_of_an_affine_layer_from_symbols():
    A, W = sp.Matrix(2, 3, sp.symbols("a:6")), sp.Matrix(3, 2, sp.symbols("w:6"))
    b = sp.Matrix(1, 2, sp.symbols("b:2"))
    Z = A * W + sp.ones(2, 1) * b
    # Any loss will do; this one treats each entry of Z in its own way.
    loss = sum((n + 1) * Z[n] ** 2 + sp.sin(Z[n]) for n in range(4))
    dZ = sp.Matrix(2, 2, [2 * (n + 1) * Z[n] + sp.cos(Z[n]) for n in range(4)])
    dW = sp.Matrix(3, 2, [sp.diff(loss, w) for w in W])
    db = sp.Matrix(1, 2, [sp.diff(loss, x) for x in b])
    assert (dW - A.T * dZ).expand() == sp.zeros(3, 2)
    assert (db - sp.ones(1, 2) * dZ).expand() == sp.zeros(1, 2)

    symbols = [*A, *W, *b]
    values = np.random.default_rng(1).normal(size=len(symbols))
    dZ_value, dW_value, db_value = sp.lambdify(symbols, (dZ, dW, db))(*values)
    _, dW_package, db_package = F.affine_backward(dZ_value, values[:6].reshape(2, 3))
    close(dW_package, dW_value)
    close(db_package, db_value[0])


# ------------------------------------------------------------ softmax


@pytest.mark.equation("eq-softmax")
def test_softmax(Z):
    P = transcribe((M, K), lambda m, k: exp(Z[m, k]) / sum(exp(Z[m, j]) for j in range(K)))
    close(F.softmax(Z), P)


@pytest.mark.equation("eq-softmax-shift")
@pytest.mark.parametrize("shift", [-7.5, 3.0, 600.0])
def test_softmax_shift(Z, shift):
    close(F.softmax(Z + shift), F.softmax(Z))
    np.testing.assert_allclose(F.softmax(Z[0] + shift), numbers(soft, z, Z[0]), rtol=1e-12)


@pytest.mark.equation("eq-softmax-shift")
def test_softmax_shift_from_symbols(Z):
    c = sp.symbols("c", real=True)
    shifted = [e.subs({zk: zk + c for zk in z}, simultaneous=True) for e in soft]
    assert all(is_zero(a - b) for a, b in zip(shifted, soft, strict=True))
    close(F.softmax(Z[0]), numbers(shifted, (*z, c), (*Z[0], 1.5)))


@pytest.mark.equation("eq-logsumexp")
def test_logsumexp(Z):
    close(F.logsumexp(Z), [log(sum(exp(Z[m, j]) for j in range(K))) for m in range(M)])
    largest = [max(Z[m]) for m in range(M)]
    stable = [largest[m] + log(sum(exp(Z[m, j] - largest[m]) for j in range(K))) for m in range(M)]
    close(F.logsumexp(Z), stable)


@pytest.mark.equation("eq-logsumexp")
def test_logsumexp_shift_from_symbols(Z):
    c = sp.symbols("c", real=True)
    plain = sp.log(sum(map(sp.exp, z)))
    shifted = c + sp.log(sum(sp.exp(zk - c) for zk in z))
    assert is_zero(sp.expand_log(sp.logcombine(shifted - plain, force=True), force=True).simplify())
    close(F.logsumexp(Z[0]), numbers([shifted], (*z, c), (*Z[0], 1.5))[0])


@pytest.mark.equation("eq-log-softmax")
def test_log_softmax(Z):
    S = transcribe((M, K), lambda m, k: Z[m, k] - log(sum(exp(Z[m, j]) for j in range(K))))
    close(F.log_softmax(Z), S)


@pytest.mark.equation("eq-log-softmax")
def test_log_softmax_from_symbols(Z):
    short = [zk - sp.log(sum(map(sp.exp, z))) for zk in z]
    assert all(is_zero(sp.exp(s) - q) for s, q in zip(short, soft, strict=True))
    close(F.log_softmax(Z[0]), numbers(short, z, Z[0]))


# ------------------------------------------------------------ its Jacobian


def two_cases(p, k, i):
    """Return ∂pₖ/∂zᵢ as the derivation finds it: pₖ (1 - pₖ) if i = k, -pₖ pᵢ if not."""
    return p[k] * (1 - p[k]) if i == k else -p[k] * p[i]


@pytest.mark.equation("eq-softmax-jacobian-entries")
def test_softmax_jacobian_entries(Z):
    P = F.softmax(Z)
    J = transcribe((M, K, K), lambda m, k, i: two_cases(P[m], k, i))
    close(F.softmax_jacobian(P), J)


@pytest.mark.equation("eq-softmax-jacobian-entries")
def test_softmax_jacobian_entries_from_symbols(Z):
    derived = [[sp.diff(soft[k], z[i]) for i in range(K)] for k in range(K)]
    for k, i in np.ndindex(K, K):
        assert is_zero(derived[k][i] - two_cases(soft, k, i))
    J = np.array([numbers(row, z, Z[0]) for row in derived])
    close(F.softmax_jacobian(F.softmax(Z[0])), J)


@pytest.mark.equation("eq-softmax-jacobian")
def test_softmax_jacobian(Z):
    P = F.softmax(Z)
    for m in range(M):
        close(F.softmax_jacobian(P)[m], np.diag(P[m]) - np.outer(P[m], P[m]))


@pytest.mark.equation("eq-softmax-jacobian")
def test_softmax_jacobian_from_symbols(Z):
    column = sp.Matrix(soft)
    derived = column.jacobian(z)
    matrix = sp.diag(*soft) - column * column.T
    assert (derived - matrix).applyfunc(sp.simplify) == sp.zeros(K, K)
    close(F.softmax_jacobian(F.softmax(Z[0])), numbers(derived, z, Z[0]).reshape(K, K))


@pytest.mark.equation("eq-softmax-backward")
def test_softmax_backward(rng, Z):
    P, dP = F.softmax(Z), rng.normal(size=(M, K))

    def entry(m, i):
        return P[m, i] * (dP[m, i] - sum(P[m, k] * dP[m, k] for k in range(K)))

    close(F.softmax_backward(dP, P), transcribe((M, K), entry))


@pytest.mark.equation("eq-softmax-backward")
def test_softmax_backward_from_symbols(rng, Z):
    gradient = [sum(g[k] * sp.diff(soft[k], z[i]) for k in range(K)) for i in range(K)]
    dot = sum(pk * gk for pk, gk in zip(soft, g, strict=True))
    for i in range(K):
        assert is_zero(gradient[i] - soft[i] * (g[i] - dot))
    dP = rng.normal(size=K)
    close(F.softmax_backward(dP, F.softmax(Z[0])), numbers(gradient, (*z, *g), (*Z[0], *dP)))


# ------------------------------------------------------------ losses


@pytest.mark.equation("eq-nll")
def test_nll(Z, y):
    P, Y = F.softmax(Z), F.one_hot(y, K, np.float64)
    total = sum(Y[m, k] * log(P[m, k]) for m in range(M) for k in range(K))
    close(F.nll(P, Y), -total / M)


@pytest.mark.equation("eq-nll")
def test_nll_is_the_log_likelihood_of_the_right_classes_per_example(Z, y):
    P, likelihood = F.softmax(Z), 1.0
    for m in range(M):
        likelihood *= P[m, y[m]]
    close(F.nll(P, F.one_hot(y, K, np.float64)), -log(likelihood) / M)


@pytest.mark.equation("eq-nll-backward")
def test_nll_backward(Z, y):
    P, Y = F.softmax(Z), F.one_hot(y, K, np.float64)
    close(F.nll_backward(P, Y), transcribe((M, K), lambda m, k: -Y[m, k] / P[m, k] / M))


@pytest.mark.equation("eq-nll-backward")
def test_nll_backward_from_symbols(Z):
    loss = -sum(yk * sp.log(pk) for yk, pk in zip(onehot, p, strict=True))
    gradient = [sp.diff(loss, pk) for pk in p]
    assert gradient == [-yk / pk for yk, pk in zip(onehot, p, strict=True)]
    P, Y = F.softmax(Z[:1]), np.array([onehot], float)
    close(F.nll_backward(P, Y)[0], numbers(gradient, p, P[0]))


@pytest.mark.equation("eq-softmax-nll-backward")
def test_softmax_nll_backward(Z, y):
    P, Y = F.softmax(Z), F.one_hot(y, K, np.float64)
    _, dZ = F.softmax_nll(Z, y)
    close(dZ, transcribe((M, K), lambda m, k: (P[m, k] - Y[m, k]) / M))


@pytest.mark.equation("eq-softmax-nll-backward")
def test_softmax_nll_backward_from_symbols(Z):
    loss = -sum(yk * sp.log(pk) for yk, pk in zip(onehot, soft, strict=True))
    gradient = [sp.diff(loss, zi) for zi in z]
    for i in range(K):
        assert is_zero(gradient[i] - (soft[i] - onehot[i]))
    value, dZ = F.softmax_nll(Z[:1], [T])
    close(value, numbers([loss], z, Z[0])[0])
    close(dZ[0], numbers(gradient, z, Z[0]))


@pytest.mark.equation("eq-softmax-nll-backward")
def test_the_chain_through_the_jacobian_cancels_to_p_minus_y(Z):
    # Σₖ (-yₖ/pₖ) ∂pₖ/∂zᵢ, with the entries of the Jacobian, is pᵢ - yᵢ once the p add up to 1.
    y = (*sp.symbols(f"y1:{K}"), 1 - sum(sp.symbols(f"y1:{K}")))
    for i in range(K):
        chain = sum(-y[k] / p[k] * two_cases(p, k, i) for k in range(K))
        assert is_zero(chain - (p[i] - y[i]))
    P = F.softmax(Z)
    Y = F.one_hot(np.full(M, T), K, np.float64)
    close(F.softmax_backward(F.nll_backward(P, Y), P), F.softmax_nll(Z, np.full(M, T))[1])


@pytest.mark.equation("eq-mse")
def test_mse(rng):
    P, Y = rng.normal(size=(M, K)), rng.normal(size=(M, K))
    close(F.mse(P, Y), sum((P[m, k] - Y[m, k]) ** 2 for m in range(M) for k in range(K)) / M)


@pytest.mark.equation("eq-mse-backward")
def test_mse_backward(rng):
    P, Y = rng.normal(size=(M, K)), rng.normal(size=(M, K))
    close(F.mse_backward(P, Y), transcribe((M, K), lambda m, k: 2 * (P[m, k] - Y[m, k]) / M))


@pytest.mark.equation("eq-mse")
@pytest.mark.equation("eq-mse-backward")
def test_mse_from_symbols(rng):
    P, Y = sp.Matrix(2, 3, sp.symbols("p:6")), sp.Matrix(2, 3, sp.symbols("y:6"))
    loss = sum((a - b) ** 2 for a, b in zip(P, Y, strict=True)) / 2  # M = 2
    gradient = [sp.diff(loss, x) for x in P]
    assert [sp.expand(d - (a - b)) for d, a, b in zip(gradient, P, Y, strict=True)] == [0] * 6
    values = rng.normal(size=(2, 2, 3))
    close(F.mse(*values), numbers([loss], [*P, *Y], values.flat)[0])
    close(F.mse_backward(*values), numbers(gradient, [*P, *Y], values.flat).reshape(2, 3))


@pytest.mark.equation("eq-softmax-mse-backward")
def test_softmax_mse_backward(Z, y):
    P, Y = F.softmax(Z), F.one_hot(y, K, np.float64)

    def entry(m, i):
        dot = sum(P[m, k] * (P[m, k] - Y[m, k]) for k in range(K))
        return 2 * P[m, i] * (P[m, i] - Y[m, i] - dot) / M

    close(F.softmax_mse(Z, y)[1], transcribe((M, K), entry))


@pytest.mark.equation("eq-softmax-mse-backward")
def test_softmax_mse_backward_from_symbols(Z):
    loss = sum((soft[k] - onehot[k]) ** 2 for k in range(K))
    gradient = [sp.diff(loss, zi) for zi in z]
    dot = sum(soft[k] * (soft[k] - onehot[k]) for k in range(K))
    for i in range(K):
        assert is_zero(gradient[i] - 2 * soft[i] * (soft[i] - onehot[i] - dot))
    value, dZ = F.softmax_mse(Z[:1], [T])
    close(value, numbers([loss], z, Z[0])[0])
    close(dZ[0], numbers(gradient, z, Z[0]))


# ------------------------------------------------------------ gradient descent


@pytest.mark.equation("eq-sgd-step")
def test_sgd_step(rng):
    params, grad = Params((3, 4, 2), np.float64), Params((3, 4, 2), np.float64)
    params.flat[:], grad.flat[:] = rng.normal(size=(2, params.flat.size))
    before = params.flat.copy()
    sgd_step(params, grad, learning_rate=0.1)
    close(params.flat, [before[i] - 0.1 * grad.flat[i] for i in range(before.size)])


@pytest.mark.equation("eq-sgd-step")
def test_a_small_sgd_step_lowers_the_loss_by_eta_times_the_squared_gradient(rng):
    model = MLP((3, 4, 2), rng=rng, dtype=np.float64)
    X, y, eta = rng.normal(size=(6, 3)), rng.integers(0, 2, 6), 1e-6
    loss, grad = model.loss_and_grad(X, y)
    sgd_step(model.params, grad, eta)
    fall = (loss - model.loss(X, y)) / eta
    np.testing.assert_allclose(fall, np.sum(grad.flat**2), rtol=1e-4)
