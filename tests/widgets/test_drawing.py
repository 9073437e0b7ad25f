"""A drawing becomes an image of MNIST and probabilities in the browser as it would in Python."""

import re
import zlib

import numpy as np
import pytest
from numpy.testing import assert_allclose
from traitlets import TraitError

import mnist_nn as nn
from mnist_nn.data import center_digit
from mnist_nn.widgets import Drawing
from mnist_nn.widgets.drawing import EXAMPLES
from mnist_nn.widgets.figure import module
from mnist_nn.widgets.network import load_network
from tests.widgets.javascript import Maths

STROKES = """const [strokes, side, width] = given;
    const ink = zeros(side, side);
    for (const points of strokes)
      points.forEach((p, n) => drawLine(ink, points[n - 1] ?? p, p, width));"""
maths = Maths()
test = nn.load_mnist().test


@pytest.fixture(scope="module")
def script() -> Maths:
    """The figure's own functions, and its network."""
    script = Maths()
    body = module("drawing").replace("export default", "const figure =")
    own = body[body.index("// A digit drawn by hand") :]
    script.engine.eval(re.sub(r"^import .*\n", "", own, flags=re.M))
    content = list(zlib.decompress(Drawing().data))
    script.engine.eval(f"const {{ net, examples }} = unpacked(new Uint8Array({content}));")
    return script


@pytest.fixture(scope="module")
def network() -> nn.MLP:
    single = load_network()
    model = nn.MLP(single.sizes, rng=np.random.default_rng(0), dtype=np.float64)
    model.params.flat[:] = single.params.flat
    return model


def strokes(seed: int) -> list[list[list[float]]]:
    """One to three wavy strokes on a paper of 140 pixels."""
    rng = np.random.default_rng(seed)
    walks = [
        rng.uniform(30, 110, 2) + rng.normal(0, 4, (rng.integers(1, 30), 2)).cumsum(axis=0)
        for _ in range(rng.integers(1, 4))
    ]
    return [walk.clip(14, 126).tolist() for walk in walks]


@pytest.mark.parametrize("seed", range(40))
def test_a_drawing_becomes_an_image_of_mnist(seed: int) -> None:
    code = f"{STROKES} return [ink, centerDigit(ink)];"
    ink, image = map(np.array, maths.run(code, strokes(seed), 140, 8 + seed % 3 * 4))
    expected = center_digit(255 * (1 - ink)).ravel().astype(int)
    difference = abs(image - expected)
    assert difference.max() <= 1
    assert np.count_nonzero(difference) <= 3


def test_blank_paper_has_no_image() -> None:
    assert maths.centerDigit(np.zeros((9, 9))) is None


def test_the_pen_is_round_and_as_wide_as_it_says() -> None:
    ink = np.array(maths.run(f"{STROKES} return ink;", [[[50, 50], [90, 50]]], 140, 12))
    assert ink.max() == 1
    assert_allclose(ink[:, 70].sum(), 12, rtol=0.01)  # across the line
    assert_allclose(ink.sum(), 12 * 40 + np.pi * 6**2, rtol=0.01)  # its ends are half discs
    dot = np.array(maths.run(f"{STROKES} return ink;", [[[1, 1]]], 20, 6))  # partly off the paper
    assert dot[0, 0] == 1
    assert not dot[10:].any()


def test_the_network_is_the_one_of_python(script: Maths, network: nn.MLP) -> None:
    W, b = script.run("[net.W, net.b]")
    for l in (1, 2):
        assert np.array_equal(W[l], network.params.W[l])
        assert np.array_equal(b[l], network.params.b[l])


@pytest.mark.parametrize("m", [0, 8406, *EXAMPLES[-3:]])
def test_what_it_says_is_what_python_says(script: Maths, network: nn.MLP, m: int) -> None:
    pixels = test.images[m].ravel()
    X = test[m : m + 1].scaled(np.float64)
    P, A = network.predict_proba(X)[0], network.forward(X)[1][0]
    for digit in (None, 5):
        found = script.run("reading(net, ...given)", pixels, digit)
        assert_allclose(found["p"], P, rtol=1e-6, atol=1e-12)
        assert_allclose(found["hidden"], A, rtol=1e-6, atol=1e-12)
        k = int(P.argmax()) if digit is None else digit
        other = int(np.delete(P, k).argmax())
        other += other >= k  # k was left out
        assert (found["k"], found["other"]) == (k, other)
        lead = np.eye(10)[[k]] - np.eye(10)[[other]]
        shares = X[0] * network.input_gradient(X, lead)[0]
        assert_allclose(found["shares"], shares, rtol=1e-6, atol=1e-12)


def test_an_image_on_the_paper_is_the_same_image(script: Maths) -> None:
    enlarged = np.array(script.run("enlarged(given[0])", test.images[8406].ravel()))
    small = enlarged.reshape(28, 5, 28, 5).mean(axis=(1, 3))
    assert enlarged.shape == (140, 140)
    assert np.corrcoef(small.ravel(), test.images[8406].ravel())[0, 1] > 0.98


def test_the_examples_are_what_they_say(script: Maths) -> None:
    examples = script.run("examples")
    assert [e["label"] for e in examples[:10]] == list(range(10))
    assert len(examples) == len(EXAMPLES)
    y_hat = load_network().predict(test[EXAMPLES].scaled())
    for e, m, k in zip(examples, EXAMPLES, y_hat, strict=True):
        assert (e["label"], e["pixels"]) == (test.labels[m], test.images[m].ravel().tolist())
        assert (k == e["label"]) == (m in EXAMPLES[:10])


def test_first_values() -> None:
    figure = Drawing()
    assert figure.pixels == test.images[8406].ravel().tolist()
    assert figure.digit is None
    assert figure.probabilities == []
    assert 'data-data="data/drawing"' in figure.html()


@pytest.mark.parametrize(
    "bad",
    [
        {"pixels": [0] * 783},
        {"pixels": [0.5] * 784},
        {"pixels": [256] * 784},
        {"digit": 10},
        {"digit": "4"},
    ],
)
def test_what_it_refuses(bad: dict[str, object]) -> None:
    with pytest.raises(TraitError):
        Drawing(**bad)
