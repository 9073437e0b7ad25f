"""Settings go together: each combination trains, and the fast path is the readable one."""

from copy import deepcopy
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest

import mnist_nn.train
from mnist_nn import MLP, Examples, Params, Scaling, TrainConfig, evaluate, fit, load_mnist
from mnist_nn.gradcheck import check_gradient
from mnist_nn.init import INITS
from mnist_nn.model import OUTPUTS
from mnist_nn.optim import sgd_step

DIGITS = load_mnist().train[:60]
ACTIVATIONS = [("relu", 0.0), ("relu", 0.5), ("relu", 1.0), ("sigmoid", 0.0)]  # with c
L2 = [(0.0, False), (0.01, False), (0.01, True)]  # with l2_per_example

SETTINGS = {
    "hidden": [(), (12,), (10, 8)],
    "activation": ACTIVATIONS,
    "output": list(OUTPUTS),
    "init": list(INITS),
    "bias_init": list(INITS),
    "scaling": [Scaling(), Scaling(0.01, 1), Scaling.standard(DIGITS.images)],
    "dtype": [np.float32, np.float64],
    "reduction": ["mean", "sum"],
    "momentum": [0.0, 0.5, 0.9],
    "l2": L2,
    "batch_size": [16, None, 1000],  # of 60: a last batch of 12, and two ways to take all at once
    "decay": [1.0, 0.8],
    "shuffle": [True, False],
    "drop_last": [False, True],
}


def some_combinations(n):
    """Draw combinations that make sense: nothing can be dropped from fewer digits than a batch."""
    rng = np.random.default_rng(0)
    drawn = [{k: v[rng.integers(len(v))] for k, v in SETTINGS.items()} for _ in range(n)]
    return [s for s in drawn if not (s["drop_last"] and s["batch_size"] == 1000)]


SAMPLE = some_combinations(500)


def network(s, inputs=784, dtype=None):
    activation, c = s["activation"]
    names = {k: s[k] for k in ("output", "init", "bias_init", "scaling")}
    sizes, rng = (inputs, *s["hidden"], 10), np.random.default_rng(0)
    return MLP(sizes, activation, **names, c=c, rng=rng, dtype=dtype or s["dtype"])


def configuration(s, epochs):
    # Small steps: that the loss falls is then the work of the gradient, whatever the settings.
    rate = 0.01 * (1 - s["momentum"])
    if s["reduction"] == "sum":
        rate /= min(s["batch_size"] or 60, 60)
    l2, per_example = s["l2"]
    others = ("batch_size", "decay", "momentum", "reduction", "shuffle", "drop_last")
    return TrainConfig(
        epochs=epochs,
        learning_rate=rate,
        l2=l2,
        l2_per_example=per_example,
        **{k: s[k] for k in others},
    )


def has_nothing_to_learn_from(s):
    """Tell networks whose hidden units are all 0 and whose weights let no gradient through."""
    return s["hidden"] and s["activation"][0] == "relu" and s["init"] == s["bias_init"] == "zeros"


def test_the_sample_has_every_pair_of_settings():
    def pairs(combination):
        return {frozenset(pair) for pair in combinations(combination, 2)}

    drawn = set().union(*(pairs((k, repr(v)) for k, v in s.items()) for s in SAMPLE))
    for a, b in combinations(SETTINGS, 2):
        for x, y in product(SETTINGS[a], SETTINGS[b]):
            if (x, y) != (1000, True) or (a, b) != ("batch_size", "drop_last"):
                assert frozenset([(a, repr(x)), (b, repr(y))]) in drawn


def test_every_combination_trains():
    for s in SAMPLE:
        model, config = network(s), configuration(s, epochs=4)
        before, _ = evaluate(model, DIGITS)
        history = fit(model, DIGITS, config, np.random.default_rng(0), progress=False)
        after, _ = evaluate(model, DIGITS)
        assert np.isfinite(history.train_loss).all(), s
        assert model.params.flat.dtype == s["dtype"], s
        assert after < before, s
        if has_nothing_to_learn_from(s):
            last = len(s["hidden"]) + 1
            model.params.b[last][:] = 0  # all that has moved
            assert not model.params.flat.any(), s


@pytest.mark.parametrize("c", [0.0, 0.5, 1.0])
def test_a_deep_network_of_zeros_stays_where_it_is_with_relu_but_not_with_sigmoid(c):
    config = TrainConfig(epochs=20, batch_size=10, learning_rate=0.5, momentum=0.5)
    for activation in ("relu", "sigmoid"):
        rng = np.random.default_rng(0)
        model = MLP((784, 12, 8, 10), activation, init="zeros", c=c, rng=rng)
        fit(model, DIGITS, config, rng, progress=False)
        weights_moved = [bool(W.any()) for W in model.params.W.values()]
        assert weights_moved == [activation == "sigmoid"] * 3


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_finite_differences_find_the_gradient_of_every_network(activation, output, reduction):
    # Each image as the means of 16 blocks of 7 x 7 pixels: small enough to try every parameter.
    blocks = DIGITS[:6].images.reshape(6, 4, 7, 4, 7).mean(axis=(2, 4))  # (M, 28, 28) → (M, 4, 4)
    X = blocks.reshape(6, 16) / 255
    for init, bias_init in [*zip(INITS, reversed(INITS), strict=True), ("he_normal", "zeros")]:
        s = {"activation": activation, "output": output, "init": init, "bias_init": bias_init}
        s |= {"hidden": (6, 5), "scaling": Scaling()}
        model = network(s, inputs=16, dtype=np.float64)
        assert check_gradient(model, X, DIGITS[:6].labels, reduction) < 1e-7, s


@pytest.mark.parametrize("c", [0.0, 0.25, 1.0])
def test_units_at_zero_pass_on_c_times_their_gradient(c):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(6, 5)), rng.integers(0, 3, 6)
    X[::2] = 0  # without biases, every hidden Z is then 0, where differences see no derivative
    model = MLP((5, 4, 4, 3), c=c, rng=rng, dtype=np.float64)
    model.params.b[3][:] = [0.1, 0.2, 0.3]
    _, grad = model.loss_and_grad(X, y)

    W = model.params.W
    Z1 = X @ W[1]
    A1 = np.maximum(Z1, 0)
    Z2 = A1 @ W[2]
    A2 = np.maximum(Z2, 0)
    Z3 = A2 @ W[3] + model.params.b[3]
    dZ3 = (np.exp(Z3) / np.exp(Z3).sum(axis=1, keepdims=True) - np.eye(3)[y]) / 6
    dZ2 = dZ3 @ W[3].T * np.heaviside(Z2, c)
    dZ1 = dZ2 @ W[2].T * np.heaviside(Z1, c)
    for l, A, dZ in ((1, X, dZ1), (2, A1, dZ2), (3, A2, dZ3)):
        np.testing.assert_allclose(grad.W[l], A.T @ dZ, rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(grad.b[l], dZ.sum(axis=0), rtol=1e-10, atol=1e-14)


# ------------------------------------------------------------ the fast path and the readable one


def train_readably(model, examples, config, rng):
    """Do what `fit` does, with the functions that a chapter shows."""
    M, rate = len(examples), config.learning_rate
    size = config.batch_size or M
    velocity = Params(model.sizes, model.dtype) if config.momentum else None
    for _ in range(config.epochs):
        order = rng.permutation(M) if config.shuffle and size < M else np.arange(M)
        for start in range(0, M, size):
            rows = order[start : start + size]
            if config.drop_last and len(rows) < size:
                break
            X, y = examples.inputs(rows, model.dtype, model.scaling), examples.labels[rows]
            _, grad = model.loss_and_grad(X, y, config.reduction)
            l2 = config.l2 / len(rows) if config.l2_per_example else config.l2
            sgd_step(model.params, grad, rate, l2, config.momentum, velocity)
        rate *= config.decay


def check_paths(model, examples, config):
    readable, start = deepcopy(model), model.params.flat.copy()
    fit(model, examples, config, np.random.default_rng(1), progress=False)
    train_readably(readable, examples, config, np.random.default_rng(1))
    np.testing.assert_allclose(model.params.flat, readable.params.flat, rtol=1e-11, atol=1e-13)
    assert np.abs(model.params.flat - start).max() > 1e-4, "it has moved"


def test_both_paths_end_at_the_same_weights_for_every_combination():
    for s in SAMPLE[::10]:
        model, config = network(s, dtype=np.float64), configuration(s, epochs=2)
        check_paths(model, DIGITS, replace(config, learning_rate=10 * config.learning_rate))


BLOCK = 300  # rows worked through at once: fewer than in the package, so that less will do


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("batch_size", [50, BLOCK, BLOCK + 1, 2 * BLOCK + 50, None])
def test_both_paths_end_at_the_same_weights_with_batches_of_many_blocks(
    monkeypatch, batch_size, reduction
):
    monkeypatch.setattr(mnist_nn.train, "BLOCK", BLOCK)
    rng = np.random.default_rng(0)
    examples = Examples(rng.normal(size=(700, 6)), rng.integers(0, 4, 700))
    rate = 0.1 if reduction == "mean" else 0.1 / (batch_size or 700)
    networks = zip(ACTIVATIONS[1:], OUTPUTS, strict=True)
    for momentum, (l2, per_example), ((activation, c), output) in product((0.0, 0.9), L2, networks):
        config = TrainConfig(
            epochs=2,
            batch_size=batch_size,
            learning_rate=rate,
            decay=0.5,
            momentum=momentum,
            l2=l2,
            l2_per_example=per_example,
            reduction=reduction,
        )
        model = MLP((6, 5, 5, 4), activation, output, c=c, rng=rng, dtype=np.float64)
        check_paths(model, examples, config)
