"""The numbered equations of chapter 8, verified: batches, learning rates, L2 and momentum."""

from itertools import combinations
from math import ceil, floor

import numpy as np
import pytest
import sympy as sp

from mnist_nn import functional as F
from mnist_nn.data import Digits, Examples
from mnist_nn.gradcheck import numerical_derivative
from mnist_nn.metrics import variance_of_mean
from mnist_nn.model import MLP
from mnist_nn.optim import sgd_step
from mnist_nn.params import Params
from mnist_nn.train import TrainConfig, fit

SIZES = (3, 4, 2)


@pytest.fixture
def rng():
    return np.random.default_rng(8)


@pytest.fixture
def data(rng):
    return rng.normal(size=(6, 3)), rng.integers(0, 2, 6)


@pytest.fixture
def model(rng):
    return MLP(SIZES, bias_init="half_uniform", rng=rng, dtype=np.float64)


def close(actual, expected, rtol=1e-12):
    np.testing.assert_allclose(actual, np.asarray(expected, float), rtol=rtol, atol=1e-14)


def random_params(rng):
    params = Params(SIZES, np.float64)
    params.flat[:] = rng.normal(size=params.flat.size)
    return params


@pytest.mark.equation("eq-minibatch-gradient")
def test_the_gradient_of_a_batch_is_the_mean_of_its_examples(model, data):
    X, y = data
    for batch in ([4], [0, 3], [5, 1, 2, 0]):
        g = np.zeros(model.params.flat.size)
        for m in batch:
            g += model.loss_and_grad(X[m : m + 1], y[m : m + 1])[1].flat
        close(model.loss_and_grad(X[batch], y[batch])[1].flat, g / len(batch))


@pytest.mark.equation("eq-steps")
@pytest.mark.parametrize(("N", "M"), [(10, 5), (11, 5), (14, 5), (3, 5), (7, 1), (7, 7)])
def test_steps(N, M):
    digits = Digits(np.zeros((N, 28, 28), np.uint8), np.zeros(N, np.int64))
    assert len(list(digits.batches(M))) == ceil(N / M)
    if N >= M:
        assert len(list(digits.batches(M, drop_last=True))) == floor(N / M)


@pytest.mark.equation("eq-batch-variance")
@pytest.mark.parametrize("M", range(1, 8))
def test_batch_variance_over_all_batches(rng, M):
    """The definition of the variance, by enumerating every batch that can be drawn."""
    g = rng.normal(size=(7, 3))
    means = np.array([g[list(batch)].mean(axis=0) for batch in combinations(range(7), M)])
    variance = np.mean((means - g.mean(axis=0)) ** 2, axis=0)
    close(variance_of_mean(g, M), variance, rtol=1e-9)
    S2 = sum((g[m] - g.mean(axis=0)) ** 2 for m in range(7)) / (7 - 1)
    close(variance_of_mean(g, M), S2 / M * (1 - M / 7), rtol=1e-9)


@pytest.mark.equation("eq-batch-variance")
def test_batch_variance_by_sympy():
    g = sp.symbols("g1:5", real=True)
    N, mean = 4, sum(sp.symbols("g1:5", real=True)) / 4
    S2 = sum((x - mean) ** 2 for x in g) / (N - 1)
    for M in (1, 2, 3, 4):
        batches = list(combinations(g, M))
        variance = sum((sum(batch) / M - mean) ** 2 for batch in batches) / len(batches)
        formula = S2 / M * (1 - sp.Rational(M, N))
        assert sp.expand(variance - formula) == 0
        values = [0.3, -1.2, 2.0, 0.7]
        number = formula.subs(dict(zip(g, values, strict=True)))
        close(variance_of_mean(values, M), float(number), rtol=1e-9)


@pytest.mark.equation("eq-sum-or-mean")
def test_sum_or_mean(model, data):
    X, y = data
    assert F.divisor("mean", 6) == 6 * F.divisor("sum", 6)
    mean, total = (model.loss_and_grad(X, y, reduction)[1] for reduction in ("mean", "sum"))
    close(total.flat, 6 * mean.flat)
    one, other = model.params.copy(), model.params.copy()
    sgd_step(one, mean, 0.3)
    sgd_step(other, total, 0.3 / 6)
    close(one.flat, other.flat)


@pytest.mark.equation("eq-decay")
def test_decay(data):
    """Two epochs of one full batch each: the second step uses the decayed rate."""
    X, y = data
    eta, d = 0.2, 0.7
    models = [MLP(SIZES, rng=np.random.default_rng(1), dtype=np.float64) for _ in range(2)]
    config = TrainConfig(epochs=3, batch_size=None, learning_rate=eta, decay=d)
    fit(models[0], Examples(X, y), config, np.random.default_rng(0), progress=False)
    for t in range(3):
        _, grad = models[1].loss_and_grad(X, y)
        models[1].params.flat -= eta * d**t * grad.flat
    close(models[0].params.flat, models[1].params.flat, rtol=1e-10)


def l2_term(flat, lam):
    params = Params(SIZES, np.float64)
    params.flat[:] = flat
    return lam / 2 * sum(w**2 for W in params.W.values() for w in W.ravel())


@pytest.mark.equation("eq-l2")
def test_l2_is_descended(rng):
    """Where the gradient of the data is zero, a step goes down the slope of the L2 term."""
    params, none = random_params(rng), Params(SIZES, np.float64)
    before, eta, lam = params.flat.copy(), 0.1, 0.8
    sgd_step(params, none, eta, l2=lam)
    slope = numerical_derivative(lambda flat: l2_term(flat, lam), before)
    close((before - params.flat) / eta, slope, rtol=1e-7)


@pytest.mark.equation("eq-l2", "eq-l2-step")
def test_l2_by_sympy(rng):
    w, g, lam, eta = sp.symbols("w g lambda eta", real=True)
    step = w - eta * (g + sp.diff(lam / 2 * w**2, w))
    assert sp.expand(step - ((1 - eta * lam) * w - eta * g)) == 0
    params, grad = random_params(rng), random_params(rng)
    W0, G = params.W[1][2, 1], grad.W[1][2, 1]
    sgd_step(params, grad, 0.1, l2=0.8)
    close(params.W[1][2, 1], float(step.subs({w: W0, g: G, lam: 0.8, eta: 0.1})))


@pytest.mark.equation("eq-l2-step")
def test_l2_step(rng):
    params, grad = random_params(rng), random_params(rng)
    before, eta, lam = params.copy(), 0.1, 0.8
    sgd_step(params, grad, eta, l2=lam)
    for l in (1, 2):
        close(params.W[l], before.W[l] - eta * (grad.W[l] + lam * before.W[l]))
        close(params.W[l], (1 - eta * lam) * before.W[l] - eta * grad.W[l])
        close(params.b[l], before.b[l] - eta * grad.b[l])


@pytest.mark.equation("eq-momentum")
def test_momentum(rng):
    params, velocity = random_params(rng), Params(SIZES, np.float64)
    theta, v, eta, mu = params.flat.copy(), np.zeros(params.flat.size), 0.1, 0.7
    for _ in range(4):
        grad = random_params(rng)
        sgd_step(params, grad, eta, momentum=mu, velocity=velocity)
        for i in range(theta.size):
            v[i] = mu * v[i] + eta * grad.flat[i]
            theta[i] = theta[i] - v[i]
        close(params.flat, theta)
        close(velocity.flat, v)
