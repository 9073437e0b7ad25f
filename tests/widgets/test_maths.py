"""The mathematics of the figures gives the numbers of mnist_nn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import mnist_nn as nn
from mnist_nn import functional as F
from mnist_nn.init import INITS, weight_variance
from mnist_nn.model import ACTIVATIONS
from tests.widgets.javascript import Maths

CLOSE = {"rtol": 1e-6, "atol": 1e-12}
maths = Maths()
numbers = st.floats(-1000, 1000)
vectors = st.lists(numbers, min_size=1, max_size=12)
rng = np.random.default_rng(7)


def test_affine_and_its_gradients() -> None:
    a, W, b, dz = (rng.normal(size=shape) for shape in (5, (5, 3), 3, 3))
    a[2] = 0.0
    assert_allclose(maths.affine(a, W, b), F.affine(a[None], W, b)[0], **CLOSE)
    dA, dW, db = F.affine_backward(dz[None], a[None], W)
    assert_allclose(maths.affineBackward(dz, W), dA[0], **CLOSE)
    code = "const [dz, a, W, b] = given; addGradient(dz, a, W, b); return [W, b];"
    added = maths.run(code, dz, a, np.ones((5, 3)), np.ones(3))
    assert_allclose(added[0], 1 + dW, **CLOSE)
    assert_allclose(added[1], 1 + db, **CLOSE)


@given(vectors, st.sampled_from([0.0, 0.5, 1.0]))
def test_relu(z: list[float], c: float) -> None:
    z[0] = 0.0
    da = np.linspace(-1, 2, len(z))
    Z = np.array([z])
    assert_allclose(maths.relu(z), F.relu(Z)[0], **CLOSE)
    assert_allclose(maths.reluBackward(da, z, c), F.relu_backward(da[None], Z, c)[0], **CLOSE)


@given(vectors)
def test_sigmoid(z: list[float]) -> None:
    a = F.sigmoid(np.array([z]))
    da = np.linspace(-1, 2, len(z))
    assert_allclose(maths.sigmoid(z), a[0], **CLOSE)
    assert_allclose(maths.sigmoidBackward(da, a[0]), F.sigmoid_backward(da[None], a)[0], **CLOSE)


@given(vectors, st.data())
def test_softmax_and_the_losses(z: list[float], data: st.DataObject) -> None:
    y = data.draw(st.integers(0, len(z) - 1))
    Z = np.array([z])
    P = F.softmax(Z)
    assert_allclose(maths.softmax(z), P[0], **CLOSE)
    assert_allclose(maths.logsumexp(z), F.logsumexp(Z)[0], **CLOSE)
    assert_allclose(maths.softmaxJacobian(P[0]), F.softmax_jacobian(P)[0], **CLOSE)
    dp = np.linspace(-1, 2, len(z))
    dz = maths.softmaxBackward(dp, P[0])
    assert_allclose(dz, F.softmax_backward(dp[None], P)[0], **CLOSE)
    assert maths.oneHot(y, len(z)) == F.one_hot([y], len(z))[0].tolist()
    for ours, theirs in ((maths.softmaxNll, F.softmax_nll), (maths.softmaxMse, F.softmax_mse)):
        loss, dZ = theirs(Z, [y])
        found = ours(z, y)
        # Logits of up to 1000 are rounded at 1e-13: so exact can a difference of two be.
        assert_allclose(found["loss"], loss, rtol=1e-6, atol=1e-9)
        assert_allclose(found["dz"], dZ[0], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("offset", [1000, -1000])
def test_without_the_shift_exp_overflows_or_vanishes(offset: float) -> None:
    z = [offset + 1.0, offset + 0.0]
    assert maths.softmax(z, False) == ["NaN", "NaN"]
    assert_allclose(maths.softmax(z, True), F.softmax(np.array([[1.0, 0.0]]))[0], **CLOSE)
    assert_allclose(maths.softmax([1.0, 0.0], False), maths.softmax(z, True), **CLOSE)


def as_script(model: nn.MLP) -> dict[str, object]:
    """The network as maths.js has it."""
    L = len(model.sizes) - 1
    return {
        "activation": model.activation,
        "W": [None, *(model.params.W[l] for l in range(1, L + 1))],
        "b": [None, *(model.params.b[l] for l in range(1, L + 1))],
    }


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(6, 3), (6, 5, 4), (7, 6, 5, 3)])
def test_network(sizes: tuple[int, ...], activation: str) -> None:
    model = nn.MLP(sizes, activation, rng=np.random.default_rng(1), dtype=np.float64)
    X = rng.uniform(0, 1, (8, sizes[0])) * rng.integers(0, 2, (8, sizes[0]))
    y = rng.integers(0, sizes[-1], 8)
    net = as_script(model)

    pass_ = maths.forward(net, X[0])
    assert_allclose(pass_["logits"], model.logits(X[:1])[0], **CLOSE)
    loss, gradient = model.loss_and_grad(X, y)
    found = maths.lossAndGrad(net, X, y)
    assert_allclose(found["loss"], loss, **CLOSE)
    assert found["right"] == np.sum(model.predict(X) == y)
    for l in range(1, len(sizes)):
        assert_allclose(found["dW"][l], gradient.W[l], **CLOSE)
        assert_allclose(found["db"][l], gradient.b[l], **CLOSE)

    for k in range(sizes[-1]):
        dZ = F.one_hot([k], sizes[-1], np.float64)
        assert_allclose(
            maths.inputGradient(net, X[0], k), model.input_gradient(X[:1], dZ)[0], **CLOSE
        )


def test_twenty_steps() -> None:
    """Errors that a single step hides add up."""
    model = nn.MLP((6, 5, 4), rng=np.random.default_rng(2), dtype=np.float64)
    X, y = rng.uniform(0, 1, (8, 6)), rng.integers(0, 4, 8)
    code = """const [net, X, y] = given;
        for (let t = 0; t < 20; t++) sgdStep(net, lossAndGrad(net, X, y), 0.5);
        return net;"""
    net = maths.run(code, as_script(model), X, y)
    for _ in range(20):
        _, gradient = model.loss_and_grad(X, y)
        model.params.flat -= 0.5 * gradient.flat
    for l in (1, 2):
        assert_allclose(net["W"][l], model.params.W[l], **CLOSE)
        assert_allclose(net["b"][l], model.params.b[l], **CLOSE)


@pytest.mark.parametrize("init", sorted(INITS))
def test_first_weights_have_the_spread_of_the_rule(init: str) -> None:
    if init not in maths.run("Object.keys(inits)"):
        pytest.skip("not offered in a figure")
    code = f"network([300, 200], 'relu', '{init}', generator(3)).W[1]"
    W = np.array(maths.run(code))
    assert W.shape == (300, 200)
    variance = weight_variance(init, 300, 200)
    assert_allclose(W.mean(), 0, atol=5 * np.sqrt(variance / W.size))
    assert_allclose(W.var(), variance, rtol=0.03)
    if init.endswith("uniform"):
        assert abs(W).max() <= np.sqrt(3 * variance)


def test_chance_follows_from_the_seed() -> None:
    draws = "Array.from({ length: 20000 }, generator(given[0]))"
    first = np.array(maths.run(draws, 5))
    assert first.tolist() == maths.run(draws, 5)
    assert first.tolist() != maths.run(draws, 6)
    assert first.min() >= 0
    assert first.max() < 1
    assert_allclose(np.histogram(first, 10, (0, 1))[0], 2000, atol=5 * np.sqrt(2000))
    order = maths.run("permutation(generator(1), 50)")
    assert sorted(order) == list(range(50)) != order
