"""The numbered equations of the chapter on likelihood and loss, verified."""

from math import exp, log

import numpy as np
import pytest
import sympy as sp

from mnist_nn import functional as F

M, K = 5, 4  # examples, classes


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture
def Z(rng):
    return rng.normal(size=(M, K))


@pytest.fixture
def y(rng):
    return rng.integers(0, K, M)


@pytest.fixture
def P(Z):
    return F.softmax(Z)


@pytest.fixture
def Q(rng):
    return F.softmax(rng.normal(size=(M, K)))


def close(actual, expected):
    np.testing.assert_allclose(actual, np.asarray(expected, float), rtol=1e-12, atol=1e-14)


ALL = list(np.ndindex(M, K))


@pytest.mark.equation("eq-likelihood")
def test_likelihood(P, y):
    Y, product = F.one_hot(y, K, np.float64), 1.0
    for m, k in ALL:
        product *= P[m, k] ** Y[m, k]
    close(exp(-M * F.nll(P, Y)), product)


@pytest.mark.equation("eq-likelihood")
def test_minus_the_log_of_the_likelihood_is_the_sum_from_symbols():
    p, y = sp.symbols("p1:5", positive=True), sp.symbols("y1:5", real=True)
    product = sp.prod(pk**yk for pk, yk in zip(p, y, strict=True))
    total = sum(yk * sp.log(pk) for pk, yk in zip(p, y, strict=True))
    assert sp.expand(sp.expand_log(sp.log(product)) - total) == 0
    values = [0.1, 0.2, 0.3, 0.4]
    number = float(-total.subs(dict(zip([*p, *y], [*values, 0, 0, 1, 0], strict=True))))
    close(F.nll([values], [[0, 0, 1, 0]]), number)


@pytest.mark.equation("eq-entropy")
def test_entropy(Q):
    close(F.entropy(Q), [-sum(Q[m, k] * log(Q[m, k]) for k in range(K)) for m in range(M)])
    close(F.entropy(Q[0]), F.entropy(Q)[0])
    assert F.entropy([0.0, 1.0, 0.0]) == 0
    close(F.entropy(np.full(10, 0.1)), log(10))


@pytest.mark.equation("eq-cross-entropy")
def test_cross_entropy(P, Q):
    rows = [-sum(Q[m, k] * log(P[m, k]) for k in range(K)) for m in range(M)]
    for m in range(M):
        close(F.nll(P[m : m + 1], Q[m : m + 1]), rows[m])
    close(F.nll(P, Q), sum(rows) / M)


@pytest.mark.equation("eq-kl-divergence")
def test_kl_divergence(P, Q):
    rows = [sum(Q[m, k] * log(Q[m, k] / P[m, k]) for k in range(K)) for m in range(M)]
    close(F.kl_divergence(Q, P), rows)
    for m in range(M):
        difference = F.nll(P[m : m + 1], Q[m : m + 1]) - F.entropy(Q[m])
        close(F.kl_divergence(Q[m], P[m]), difference)
    assert (F.kl_divergence(Q, P) > 0).all()
    assert not np.allclose(F.kl_divergence(Q, P), F.kl_divergence(P, Q))


@pytest.mark.equation("eq-kl-divergence")
def test_kl_divergence_at_the_edges():
    assert F.kl_divergence([0.0, 1.0], [0.5, 0.5]) == pytest.approx(log(2))
    assert F.kl_divergence([0.5, 0.5], [0.0, 1.0]) == np.inf
    assert F.kl_divergence([0.0, 1.0], [0.0, 1.0]) == 0


@pytest.mark.equation("eq-kl-divergence")
def test_kl_divergence_from_symbols(P, Q):
    q, p = sp.symbols("q1:5", positive=True), sp.symbols("p1:5", positive=True)
    cross = -sum(a * sp.log(b) for a, b in zip(q, p, strict=True))
    own = -sum(a * sp.log(a) for a in q)
    short = sum(a * sp.log(a / b) for a, b in zip(q, p, strict=True))
    assert sp.expand(sp.expand_log(short) - (cross - own)) == 0
    close(F.kl_divergence(Q[0], P[0]), sp.lambdify([*q, *p], cross - own)(*Q[0], *P[0]))


@pytest.mark.equation("eq-sigmoid")
def test_sigmoid(Z):
    values = np.array([1 / (1 + exp(-Z[m, k])) for m, k in ALL]).reshape(M, K)
    close(F.sigmoid(Z), values)


@pytest.mark.equation("eq-sigmoid")
def test_sigmoid_is_softmax_with_a_second_logit_of_zero_from_symbols(Z):
    z = sp.symbols("z", real=True)
    assert sp.simplify(sp.exp(z) / (sp.exp(z) + 1) - 1 / (1 + sp.exp(-z))) == 0
    pairs = np.stack([Z[0], np.zeros(K)], axis=1)
    close(F.sigmoid(Z[0]), F.softmax(pairs)[:, 0])


@pytest.mark.equation("eq-bernoulli-nll")
def test_bernoulli_nll(Z, y):
    P, Y = F.sigmoid(Z), F.one_hot(y, K, np.float64)
    total = sum(Y[i] * log(P[i]) + (1 - Y[i]) * log(1 - P[i]) for i in ALL)
    close(F.bernoulli_nll(P, Y), -total / M)


@pytest.mark.equation("eq-bernoulli-nll-backward")
def test_bernoulli_nll_backward(Z, y):
    P, Y = F.sigmoid(Z), F.one_hot(y, K, np.float64)
    entries = [((1 - Y[i]) / (1 - P[i]) - Y[i] / P[i]) / M for i in ALL]
    close(F.bernoulli_nll_backward(P, Y), np.reshape(entries, (M, K)))


@pytest.mark.equation("eq-bernoulli-nll")
@pytest.mark.equation("eq-bernoulli-nll-backward")
def test_bernoulli_from_symbols():
    p, y = sp.symbols("p y", positive=True)
    loss = -(y * sp.log(p) + (1 - y) * sp.log(1 - p))
    slope = sp.diff(loss, p)
    assert sp.simplify(slope - ((1 - y) / (1 - p) - y / p)) == 0
    assert sp.simplify(slope - (p - y) / ((1 - p) * p)) == 0
    for target in (0.0, 1.0):
        close(F.bernoulli_nll([[0.3]], [[target]]), loss.subs({p: 0.3, y: target}))
        close(F.bernoulli_nll_backward([[0.3]], [[target]]), [[slope.subs({p: 0.3, y: target})]])


@pytest.mark.equation("eq-sigmoid-bernoulli-nll")
def test_sigmoid_bernoulli_nll(Z, y):
    Y = F.one_hot(y, K, np.float64)

    def first(z):
        return log(1 + exp(z))

    def second(z):
        return max(z, 0) + log(1 + exp(-abs(z)))

    for form in (first, second):
        total = sum(form(Z[i]) - Y[i] * Z[i] for i in ALL)
        close(F.sigmoid_bernoulli_nll(Z, y)[0], total / M)
    close(F.bernoulli_nll(F.sigmoid(Z), Y), F.sigmoid_bernoulli_nll(Z, y)[0])


@pytest.mark.equation("eq-sigmoid-bernoulli-nll-backward")
def test_sigmoid_bernoulli_nll_backward(Z, y):
    Y = F.one_hot(y, K, np.float64)
    entries = [(1 / (1 + exp(-Z[i])) - Y[i]) / M for i in ALL]
    close(F.sigmoid_bernoulli_nll(Z, y)[1], np.reshape(entries, (M, K)))
    P = F.sigmoid(Z)
    close(F.sigmoid_backward(F.bernoulli_nll_backward(P, Y), P), F.sigmoid_bernoulli_nll(Z, y)[1])


@pytest.mark.equation("eq-sigmoid-bernoulli-nll")
@pytest.mark.equation("eq-sigmoid-bernoulli-nll-backward")
def test_sigmoid_bernoulli_from_symbols():
    z, y = sp.symbols("z y", real=True)
    sigma = 1 / (1 + sp.exp(-z))
    long = -(y * sp.log(sigma) + (1 - y) * sp.log(1 - sigma))
    short = sp.log(1 + sp.exp(z)) - y * z
    slope = sp.diff(short, z)
    assert sp.simplify(slope - (sigma - y)) == 0
    assert sp.simplify(sp.diff(long, z) - slope) == 0  # so they differ by a constant …
    assert sp.simplify((long - short).subs(z, 0)) == 0  # … and that is 0
    loss, dZ = F.sigmoid_bernoulli_nll([[0.7]], [0])
    close(loss, short.subs({z: 0.7, y: 1}))
    close(dZ, [[slope.subs({z: 0.7, y: 1})]])
