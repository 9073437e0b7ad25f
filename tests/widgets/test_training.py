"""Training in the page: the data, the class, and a step that is mnist_nn's, without a browser."""

import re
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from traitlets import TraitError

import mnist_nn as nn
from mnist_nn.optim import sgd_step
from mnist_nn.widgets import Training
from mnist_nn.widgets.figure import FOLDER
from tests.widgets.javascript import Maths

CLOSE = {"rtol": 1e-6, "atol": 1e-9}
maths = Maths()
source = FOLDER.joinpath("training.js").read_text(encoding="utf-8")
maths.engine.eval(
    re.sub(r"^(?:import \{[^}]*\} from .*|export default .*)$", "", source, flags=re.M)
)
learn, unseen = nn.load_mnist().train.split(2_000, 500)
X, y = unseen.scaled(np.float64), unseen.labels


def test_data_are_the_first_digits_and_those_that_follow() -> None:
    data = Training().data
    assert len(data) < 450_000
    raw = np.frombuffer(zlib.decompress(data), np.uint8)
    both = nn.load_mnist().train[:2_500]
    assert_array_equal(raw[: 2_500 * 784].reshape(2_500, 28, 28), both.images)
    assert_array_equal(raw[2_500 * 784 :], both.labels)


def test_offers_what_the_page_offers() -> None:
    offered = re.findall(r'oneOf\("(\w+)", "[^"]*", \[([^\]]*)\]\)', source)
    assert len(offered) == 3
    for name, values in offered:
        trait = Training.class_traits()[name]
        assert [str(v) for v in trait.values] == values.replace('"', "").split(", ")
    assert Training.class_traits()["init"].values == maths.run("Object.keys(inits)")


@pytest.mark.parametrize(
    "bad",
    [
        {"width": 3},
        {"activation": "tanh"},
        {"init": "half_uniform"},
        {"batch_size": 0},
        {"batch_size": 300},
        {"learning_rate": 0.0},
        {"learning_rate": -0.1},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
        {"seed": -1},
        {"fast": 2},
    ],
)
def test_impossible_values_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(TraitError, match=next(iter(bad))):
        Training(**bad)


def test_values_of_a_program() -> None:
    figure = Training(width=8, learning_rate=1e-4, seed=3)
    assert figure.values()["width"] == 8
    assert not figure.running
    assert figure.accuracy is None
    assert "running" not in figure.html()


# The training itself -----------------------------------------------------------------------------


def random_network(width: int, activation: str) -> tuple[nn.MLP, dict[str, Any]]:
    """The same network for Python and for JavaScript; its biases are not zero."""
    rng = np.random.default_rng(width)
    model = nn.MLP((784, width, 10), activation, rng=rng, dtype=np.float64)
    model.params.flat += rng.normal(scale=0.01, size=model.params.flat.size)
    W, b = model.params.W, model.params.b
    return model, {"activation": activation, "W": [None, W[1], W[2]], "b": [None, b[1], b[2]]}


def compare(found: dict[str, Any], params: nn.Params, prefix: str = "") -> None:
    for l in (1, 2):
        assert_allclose(found[f"{prefix}W"][l], params.W[l], **CLOSE)
        assert_allclose(found[f"{prefix}b"][l], params.b[l], **CLOSE)


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
@pytest.mark.parametrize(("width", "batch"), [(2, 1), (8, 50), (32, 10), (128, 20)])
def test_a_step_on_digits_is_that_of_mnist_nn(width: int, batch: int, activation: str) -> None:
    model, net = random_network(width, activation)
    loss, gradient = model.loss_and_grad(X[:batch], y[:batch])
    found = maths.lossAndGrad(net, X[:batch], y[:batch])
    assert_allclose(found["loss"], loss, **CLOSE)
    assert found["right"] == np.sum(model.predict(X[:batch]) == y[:batch])
    compare(found, gradient, "d")


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_twenty_steps_on_digits_are_those_of_mnist_nn(activation: str) -> None:
    model, net = random_network(16, activation)
    code = """const [net, X, y] = given;
        for (let t = 0; t < 20; t++) {
          const rows = [0, 1, 2, 3, 4].map((m) => 5 * t + m);
          const batch = lossAndGrad(net, rows.map((m) => X[m]), rows.map((m) => y[m]));
          sgdStep(net, batch, 0.3);
        }
        return net;"""
    found = maths.run(code, net, X[:100], y[:100])
    for t in range(20):
        rows = slice(5 * t, 5 * t + 5)
        sgd_step(model.params, model.loss_and_grad(X[rows], y[rows])[1], 0.3)
    compare(found, model.params)


DEFAULTS = Training().values()


@pytest.fixture(scope="module")
def page() -> Maths:
    """The data as the page has them, and train(steps, values): a run after so many steps."""
    raw = np.frombuffer(zlib.decompress(Training().data), np.uint8)
    maths.run("globalThis.digits = digitsOf(Uint8Array.from(given[0])); return 0", raw)
    maths.engine.eval(
        """function train(steps, values) {
          const run = trainingRun(digits, () => values);
          while (run.step < steps && !run.pieces.next().done);
          return run;
        }"""
    )
    return maths


def test_digits_in_the_page_are_scaled_as_in_mnist_nn(page: Maths) -> None:
    assert_allclose(page.run("digits.images[2000]"), X[0], rtol=1e-15)
    assert page.run("digits.labels")[:2000] == learn.labels.tolist()
    assert page.run("digits.labels")[2000:] == y.tolist()


@pytest.mark.parametrize(
    "values",
    [
        {"batch_size": 50},
        {"batch_size": 1, "width": 4, "learning_rate": 0.01},
        {"batch_size": 200, "activation": "sigmoid", "init": "glorot_uniform", "seed": 5},
    ],
)
def test_a_run_is_that_of_mnist_nn(page: Maths, values: dict[str, Any]) -> None:
    """The first 25 steps, from the page's own first weights and order of digits."""
    values = DEFAULTS | values
    code = """const [v] = given, rng = generator(v.seed);
        const net = network([784, v.width, 10], v.activation, v.init, rng);
        return [net, permutation(rng, 2000)];"""
    net, order = page.run(code, values)
    model = nn.MLP((784, values["width"], 10), values["activation"], rng=rng(), dtype=np.float64)
    for l in (1, 2):
        model.params.W[l][:], model.params.b[l][:] = net["W"][l], net["b"][l]
    M, losses = values["batch_size"], []
    steps = min(25, 2000 // M)
    for t in range(steps):
        batch = learn[np.array(order[M * t : M * (t + 1)])]
        loss, gradient = model.loss_and_grad(batch.scaled(np.float64), batch.labels)
        losses.append(loss)
        sgd_step(model.params, gradient, values["learning_rate"])

    found = page.run(
        "const { net, losses, step } = train(...given); return [net, losses, step];", steps, values
    )
    compare(found[0], model.params)
    assert_allclose(np.array(found[1])[:, 1], losses, **CLOSE)
    assert_allclose(np.array(found[1])[:, 0], M * np.arange(1, steps + 1) / 2000)
    assert found[2] == steps


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_accuracy_misread_digits_and_dead_units_are_true(page: Maths) -> None:
    code = """const run = train(20, given[0]);
        while (run.points.length < 3 && !run.pieces.next().done);
        return [run.net, run.points, run.wrong, run.dead, run.step];"""
    values = DEFAULTS | {"learning_rate": 1.0}  # so that units die
    net, points, wrong, dead, step = page.run(code, values)
    model = nn.MLP((784, 32, 10), rng=rng(), dtype=np.float64)
    for l in (1, 2):
        model.params.W[l][:], model.params.b[l][:] = net["W"][l], net["b"][l]
    answers = model.predict(X)
    assert step == 20
    assert [point["epoch"] for point in points] == [0, 0.25, 0.5]
    assert points[-1]["unseen"] == np.mean(answers == y)
    expected = [
        {"m": 2000 + int(m), "answer": int(answers[m])} for m in np.flatnonzero(answers != y)
    ]
    assert wrong == expected
    assert dead == np.sum((model.forward(X)[1] <= 0).all(axis=0)) > 0


def test_points_of_the_curves_are_means(page: Maths) -> None:
    losses, points = page.run(
        "const { losses, points } = train(41, given[0]); return [losses, points];", DEFAULTS
    )
    assert points[0]["loss"] is points[0]["learned"] is None
    for quarter in range(4):
        assert points[quarter + 1]["epoch"] == (quarter + 1) / 4
        mean = np.mean([loss for _, loss in losses[10 * quarter : 10 * quarter + 10]])
        assert_allclose(points[quarter + 1]["loss"], mean)
        assert 0 < points[quarter + 1]["learned"] < 1


def test_same_settings_same_numbers(page: Maths) -> None:
    code = "const { net, points } = train(...given); return [net, points];"
    first = page.run(code, 30, DEFAULTS)
    assert page.run(code, 30, DEFAULTS) == first
    assert page.run(code, 30, DEFAULTS | {"seed": 1}) != first


def test_above_85_per_cent_after_three_epochs(page: Maths) -> None:
    """Three epochs take the page three seconds, or what the machine needs if that is more."""
    for seed in range(2):
        points = page.run("train(121, given[0]).points", DEFAULTS | {"seed": seed})
        assert points[12]["epoch"] == 3
        assert points[12]["unseen"] > 0.85


def test_ends_when_the_loss_is_no_number(page: Maths) -> None:
    code = """const { step, diverged, losses, points } = train(9, given[0]);
        return [step, diverged, losses, points];"""
    step, diverged, losses, points = page.run(code, DEFAULTS | {"learning_rate": 1e200})
    assert step == 1
    assert diverged
    assert np.isfinite([loss for _, loss in losses]).all()
    assert len(points) == 1


def test_ends_after_fifty_epochs(page: Maths) -> None:
    values = DEFAULTS | {"width": 2, "batch_size": 2000}
    step, seen = page.run(
        "const { step, seen } = train(1000, given[0]); return [step, seen]", values
    )
    assert (step, seen) == (50, 100_000)


# What the chapter says that the reader will notice ------------------------------------------------


def after(page: Maths, epochs: int, **values: Any) -> dict[str, Any]:
    """The last point of a run's curves, its dead units and its largest loss."""
    values = DEFAULTS | values
    code = """const run = train(...given), last = run.points.at(-1), W = run.net.W[1];
        const alike = W.every((row) => row.every((w) => w === row[0]));
        return { ...last, dead: run.dead, alike,
          most: Math.max(...run.losses.map((l) => l[1])) };"""
    steps = epochs * 2000 // values["batch_size"]
    found: dict[str, Any] = page.run(code, steps + 1, values)
    assert found["epoch"] == epochs
    return found


def test_too_large_a_rate(page: Maths) -> None:
    for seed in range(2):
        good, large, larger = (
            after(page, 5, learning_rate=eta, seed=seed) for eta in (0.1, 1.0, 3.0)
        )
        assert good["dead"] == 0
        assert 16 < large["dead"] < 31 <= larger["dead"]
        assert good["most"] < 2.6 < large["most"] < larger["most"]
        assert larger["unseen"] < 0.15 < large["unseen"] < 0.7 < 0.84 < good["unseen"]


def test_one_image_or_500(page: Maths) -> None:
    for seed in range(2):
        poor = after(page, 3, batch_size=1, seed=seed)
        well = after(page, 1, batch_size=1, learning_rate=0.01, seed=seed)
        usual = after(page, 1, seed=seed)
        slow = after(page, 5, batch_size=500, seed=seed)
        at_three, quicker = (
            after(page, 3, batch_size=500, learning_rate=eta, seed=seed) for eta in (0.1, 0.3)
        )
        assert poor["unseen"] < 0.7
        assert poor["most"] > 20
        assert well["unseen"] > 0.84
        assert slow["most"] < 2.6
        assert slow["unseen"] < usual["unseen"]
        assert slow["loss"] > usual["loss"]
        assert quicker["loss"] < at_three["loss"] - 0.3
        assert quicker["unseen"] > at_three["unseen"] + 0.05


def test_zeros(page: Maths) -> None:
    relu = after(page, 5, init="zeros")
    assert relu["dead"] == 32
    assert relu["most"] == pytest.approx(np.log(10), abs=0.05)
    assert relu["unseen"] < 0.15
    sigmoid = after(page, 10, init="zeros", activation="sigmoid", learning_rate=1.0)
    assert sigmoid["alike"]
    assert 0.15 < sigmoid["unseen"] < 0.5


def test_sigmoids(page: Maths) -> None:
    for seed in range(2):
        relu = after(page, 3, seed=seed)
        slow = after(page, 3, activation="sigmoid", seed=seed)
        bold = after(page, 3, activation="sigmoid", learning_rate=1.0, seed=seed)
        assert slow["loss"] > relu["loss"] + 0.5
        assert slow["unseen"] < relu["unseen"] - 0.05
        assert bold["loss"] < relu["loss"] + 0.1
        assert bold["unseen"] > relu["unseen"] - 0.04


def test_a_smaller_rate_on_the_way(page: Maths) -> None:
    code = """const values = { ...given[0] }, run = trainingRun(digits, () => values);
        const until = (epochs) => {
          while (run.seen < epochs * 2000) run.pieces.next();
          return run.points.filter((p) => p.epoch > epochs - 3.5).map((p) => [p.loss, p.unseen]);
        };
        const before = until(8);
        values.learning_rate = 0.01;
        return [before, until(12)];"""
    before, then = page.run(code, DEFAULTS | {"batch_size": 10})
    assert np.std(then, axis=0)[0] < np.std(before, axis=0)[0] / 2
    assert np.std(then, axis=0)[1] < np.std(before, axis=0)[1] / 2
    assert np.mean(then, axis=0)[0] < np.mean(before, axis=0)[0] / 2
    assert np.mean(then, axis=0)[1] > np.mean(before, axis=0)[1]
