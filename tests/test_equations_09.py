"""Equations of chapter 9, on initialisation, verified; the symbolic ones by SymPy."""

from math import sqrt

import numpy as np
import pytest
import sympy as sp

from mnist_nn import MLP
from mnist_nn.init import (
    INITS,
    backward_variances,
    fan_in_uniform,
    forward_variances,
    glorot_normal,
    glorot_uniform,
    he_normal,
    weight_variance,
)

N_IN, N_OUT = 300, 200
SIZES = (30, 20, 40, 10)


def draw(init, seed=0):
    return init(np.random.default_rng(seed), N_IN, N_OUT)


def variance_is(W, expected):
    """Five standard errors of a variance, which for these shapes is at most v √(2/n)."""
    assert abs(np.mean(W**2) - expected) < 5 * expected * sqrt(2 / W.size)
    assert abs(np.mean(W)) < 5 * sqrt(expected / W.size)


def uniform_variance(a):
    w = sp.symbols("w")
    return sp.simplify(sp.integrate(w**2 / (2 * a), (w, -a, a)))


@pytest.mark.equation("eq-fan-in-uniform")
def test_fan_in_uniform():
    W, a = draw(fan_in_uniform), 1 / sqrt(N_IN)
    assert 0.999 * a < np.abs(W).max() <= a
    n = sp.symbols("n", positive=True)
    assert sp.simplify(uniform_variance(1 / sp.sqrt(n)) - 1 / (3 * n)) == 0
    variance_is(W, 1 / (3 * N_IN))
    assert weight_variance("fan_in_uniform", N_IN, N_OUT) == 1 / (3 * N_IN)


@pytest.mark.equation("eq-glorot")
def test_glorot():
    variance_is(draw(glorot_normal), 2 / (N_IN + N_OUT))
    assert weight_variance("glorot_normal", N_IN, N_OUT) == 2 / (N_IN + N_OUT)


@pytest.mark.equation("eq-glorot-uniform")
def test_glorot_uniform():
    W, a = draw(glorot_uniform), sqrt(6) / sqrt(N_IN + N_OUT)
    assert 0.999 * a < np.abs(W).max() <= a
    i, o = sp.symbols("i o", positive=True)
    assert sp.simplify(uniform_variance(sp.sqrt(6) / sp.sqrt(i + o)) - 2 / (i + o)) == 0
    variance_is(W, 2 / (N_IN + N_OUT))
    assert weight_variance("glorot_uniform", N_IN, N_OUT) == 2 / (N_IN + N_OUT)


@pytest.mark.equation("eq-he")
def test_he():
    variance_is(draw(he_normal), 2 / N_IN)
    assert weight_variance("he_normal", N_IN, N_OUT) == 2 / N_IN


@pytest.mark.equation("eq-relu-second-moment")
def test_relu_second_moment_from_symbols():
    z, s = sp.symbols("z s", positive=True)
    normal = sp.exp(-(z**2) / (2 * s**2)) / (s * sp.sqrt(2 * sp.pi))
    assert sp.simplify(sp.integrate(z**2 * normal, (z, 0, sp.oo)) - s**2 / 2) == 0
    assert sp.simplify(sp.integrate(z**2 / (2 * s), (z, 0, s)) - uniform_variance(s) / 2) == 0


@pytest.mark.equation("eq-relu-second-moment")
def test_relu_halves_between_two_layers():
    one, two = forward_variances((1, 1, 1), "standard_normal", 3.0)
    assert two / one == 1 / 2


@pytest.mark.equation("eq-forward-variance")
@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("keep", [1 / 2, 1])
def test_forward_variance_step_by_step(init, keep):
    variances, v = forward_variances(SIZES, init, 0.7, keep), 0.7
    for l in range(1, 4):
        expected = SIZES[l - 1] * weight_variance(init, SIZES[l - 1], SIZES[l]) * v
        assert variances[l - 1] == pytest.approx(expected, rel=1e-14)
        v = keep * expected


@pytest.mark.equation("eq-forward-variance")
@pytest.mark.parametrize("init", ["fan_in_uniform", "glorot_uniform", "glorot_normal", "he_normal"])
def test_forward_variance_is_the_mean_over_networks(init):
    X = np.random.default_rng(1).uniform(size=(1, 30))
    measured = []
    for seed in range(2000):
        model = MLP(SIZES, init=init, rng=np.random.default_rng(seed), dtype=np.float64)
        A = model.forward(X)
        measured.append([np.mean((A[l - 1] @ model.params.W[l]) ** 2) for l in (1, 2, 3)])
    expected = forward_variances(SIZES, init, float(np.mean(X**2)))
    np.testing.assert_allclose(np.mean(measured, axis=0), expected, rtol=0.1)


@pytest.mark.equation("eq-backward-variance")
@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("keep", [1 / 2, 1])
def test_backward_variance_step_by_step(init, keep):
    mean_squares = backward_variances(SIZES, init, 0.7, keep)
    assert mean_squares[2] == 0.7
    for l in (2, 1):  # dZ of layer l comes through the weights of layer l + 1
        w = weight_variance(init, SIZES[l], SIZES[l + 1])
        expected = keep * SIZES[l + 1] * w * mean_squares[l]
        assert mean_squares[l - 1] == pytest.approx(expected, rel=1e-14)


@pytest.mark.equation("eq-backward-variance")
def test_backward_variance_is_the_mean_over_networks():
    measured = []
    for seed in range(2000):
        rng = np.random.default_rng(seed)
        model = MLP(SIZES, rng=rng, dtype=np.float64)
        A = model.forward(rng.normal(size=(1, 30)))
        dZ = rng.normal(size=(1, 10))  # from above: independent of the weights
        squares = [np.mean(dZ**2)]
        for l in (2, 1):
            dZ = dZ @ model.params.W[l + 1].T * (A[l] > 0)
            squares.append(np.mean(dZ**2))
        measured.append(squares[::-1])
    expected = backward_variances(SIZES, "he_normal", 1.0)
    np.testing.assert_allclose(np.mean(measured, axis=0), expected, rtol=0.1)


def test_variances_refuse_one_size():
    with pytest.raises(ValueError, match="expected two or more"):
        forward_variances((3,), "he_normal", 1.0)
