"""The numbered equations of chapter 11: the size of a grid, the best run, the best of m equals."""

from itertools import product
from math import comb

import numpy as np
import pytest
import sympy as sp

from mnist_nn import MLP, Digits, TrainConfig, Training, evaluate
from mnist_nn.metrics import expected_best
from mnist_nn.search import grid
from mnist_nn.store import Store


@pytest.mark.equation("eq-grid-size")
def test_grid_size():
    values = {"hidden": [(3,), (4,), (3, 4)], "learning_rate": [0.1, 1.0], "l2": [0.0], "c": [0, 1]}
    found = grid(**values)
    n = 1
    for choices in values.values():
        n *= len(choices)
    assert len(found) == n == 12
    assert [tuple(c.values()) for c in found] == list(product(*values.values()))


@pytest.mark.equation("eq-best-epoch")
@pytest.mark.equation("eq-best-by-validation")
def test_best_by_validation(tmp_path):
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    images = rng.integers(0, 256, (60, 28, 28), np.uint8) // 4
    images[np.arange(60), 9 * labels] += 60  # a line tells the class
    digits = Digits(images, labels)
    train, validation = digits[:30], digits[30:]
    with Store(tmp_path / "runs.db") as store:
        for seed, rate in enumerate((0.001, 0.05, 0.9)):
            rng = np.random.default_rng(seed)
            config = TrainConfig(epochs=5, batch_size=5, learning_rate=rate)
            store.train(Training(MLP((784, 10), rng=rng), config, rng), train, validation)
        v = {run.id: [e.val_accuracy for e in store.epochs(run.id)] for run in store.runs()}
        star = {}
        for run, shown in v.items():
            star[run] = 1
            for e in range(2, 6):
                if shown[e - 1] > shown[star[run] - 1]:
                    star[run] = e
            training = store.training(run, "best")
            assert training.epoch == store.run(run).best_epoch == star[run]
            assert evaluate(training.model, validation)[1] == max(shown)
        assert any(e < 5 for e in star.values())
        best = store.best()
        assert best.val_accuracy == max(v[run][star[run] - 1] for run in v)
        assert len({max(shown) for shown in v.values()}) > 1


@pytest.mark.equation("eq-expected-maximum")
@pytest.mark.parametrize(("p", "n", "m"), [(0.3, 4, 3), (0.9, 50, 7), (0.5, 3, 1), (0.97, 400, 20)])
def test_expected_maximum(p, n, m):
    def F(k):
        return sum(comb(n, s) * p**s * (1 - p) ** (n - s) for s in range(k + 1))

    assert abs(expected_best(p, n, m) - sum(1 - F(k) ** m for k in range(n)) / n) < 1e-12


@pytest.mark.equation("eq-expected-maximum")
def test_expected_maximum_from_symbols():
    p, n, m = sp.symbols("p", positive=True), 3, 2
    chance = [sp.binomial(n, s) * p**s * (1 - p) ** (n - s) for s in range(n + 1)]
    by_cases = sum(
        sp.Rational(max(a, b), n) * chance[a] * chance[b]
        for a, b in product(range(n + 1), repeat=m)
    )
    formula = sum(1 - sum(chance[: k + 1]) ** m for k in range(n)) / n
    assert sp.expand(by_cases - formula) == 0
    for value in (0.1, 0.5, 0.8):
        assert abs(expected_best(value, n, m) - float(formula.subs(p, value))) < 1e-12


def test_expected_maximum_at_the_ends():
    assert expected_best(0, 10, 5) == 0
    assert expected_best(1, 10, 5) == 1
    assert abs(expected_best(0.97, 100_000, 1) - 0.97) < 1e-9
    assert expected_best(0.9, 20, 10**6) > 0.999
    values = [expected_best(0.9, 200, m) for m in range(1, 30)]
    assert (np.diff(values) > 0).all()
