"""Grid search: every combination is trained once, however often the search is stopped.

Tests that end processes run functions of this file in a process of its own.
"""

import os
import random
import signal
import time
from dataclasses import fields
from inspect import signature
from pathlib import Path

import numpy as np
import pytest

from mnist_nn import MLP, Examples, Scaling, TrainConfig, Training, load_mnist
from mnist_nn.checkpoint import fingerprint, training_to_bytes
from mnist_nn.search import grid, search
from mnist_nn.store import Store
from tests.processes import command, fork, run_alone, run_at_once, run_named, wait_for

EXAMPLES = Examples(np.random.default_rng(1).normal(size=(30, 2)), np.arange(30) % 3)
VALIDATION = Examples(np.random.default_rng(2).normal(size=(40, 2)), np.arange(40) % 3)
FIXED = {"epochs": [4], "batch_size": [10], "momentum": [0.5]}
GRID = grid(hidden=[(), (4,)], learning_rate=[0.1, 0.5], **FIXED)


def run(store, combinations=GRID, seeds=(0, 1), **more):
    return search(store, combinations, EXAMPLES, VALIDATION, seeds=seeds, progress=False, **more)


def results(store):
    """Return all that a search leaves behind, by its settings."""
    return {
        str(one.settings): (one.status, one.epochs, training_to_bytes(store.training(one.id)))
        for one in store.runs()
    }


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.db") as store:
        yield store


# ------------------------------------------------------------ the grid


def test_a_grid_is_every_combination_the_last_setting_fastest():
    assert grid(hidden=[(3,), ()], c=[0, 0.5, 1]) == [
        {"hidden": (3,), "c": 0},
        {"hidden": (3,), "c": 0.5},
        {"hidden": (3,), "c": 1},
        {"hidden": (), "c": 0},
        {"hidden": (), "c": 0.5},
        {"hidden": (), "c": 1},
    ]
    assert len(grid(learning_rate=np.logspace(-2, 0, 3), epochs=range(1, 3))) == 6


# ------------------------------------------------------------ the search


def test_every_combination_is_trained_with_every_seed_and_the_best_comes_first(store):
    found = run(store, settings={"split": "30/40"})
    assert len(found) == len(GRID) * 2
    assert {one.status for one in found} == {"done"}
    accuracies = [one.val_accuracy for one in found]
    assert accuracies == sorted(accuracies, reverse=True)
    assert found[0] == store.best()
    made = {
        (tuple(one.settings["sizes"]), one.settings["learning_rate"], one.settings["seed"])
        for one in found
    }
    assert made == {
        (sizes, rate, seed)
        for sizes in ((2, 3), (2, 4, 3))
        for rate in (0.1, 0.5)
        for seed in (0, 1)
    }
    for one in found:
        assert one.settings["split"] == "30/40"
        assert (one.settings["init"], one.settings["bias_init"]) == ("he_normal", "zeros")


def test_a_run_is_what_its_settings_say(store):
    (found, *_) = run(store, GRID[3:], seeds=(5,))
    rng = np.random.default_rng(5)
    model = MLP((2, 4, 3), rng=rng)
    config = TrainConfig(epochs=4, batch_size=10, momentum=0.5, learning_rate=0.5)
    by_hand = Training(model, config, rng)
    for _ in by_hand.epochs(EXAMPLES, VALIDATION, progress=False):
        pass
    assert training_to_bytes(store.training(found.id)) == training_to_bytes(by_hand)


def test_every_setting_of_network_and_training_can_be_searched(tmp_path):
    digits = load_mnist().train[:30]
    more = {
        "hidden": (5,),
        "activation": "sigmoid",
        "output": "softmax_mse",
        "init": "glorot_uniform",
        "bias_init": "half_uniform",
        "c": 0.5,
        "scaling": Scaling(0.01, 1),
        "dtype": np.float64,
    }
    assert set(more) == signature(MLP).parameters.keys() - {"sizes", "rng"} | {"hidden"}
    config = TrainConfig(
        epochs=2, batch_size=7, learning_rate=0.2, decay=0.9, momentum=0.1, l2=0.1,
        l2_per_example=True, reduction="sum", shuffle=False, drop_last=True,
    )  # fmt: skip
    more |= {field.name: getattr(config, field.name) for field in fields(config)}
    with Store(tmp_path / "runs.db") as store:
        (one,) = search(store, [more], digits[:20], digits[20:], progress=False)
        model = store.model(one.id)
    assert model.sizes == (784, 5, 10)
    assert (model.dtype, model.c, model.scaling) == (np.float64, 0.5, Scaling(0.01, 1))
    assert one.settings["bias_init"] == "half_uniform"
    assert {name: one.settings[name] for name in ("l2_per_example", "drop_last")} == {
        "l2_per_example": True,
        "drop_last": True,
    }


def test_what_is_done_is_not_done_again_and_only_what_is_new_is_added(store):
    first = run(store)
    before = results(store)
    assert run(store) == first
    assert results(store) == before
    more = run(store, [*GRID, *grid(hidden=[(7,)], learning_rate=[0.1], **FIXED)])
    assert len(more) == len(store.runs()) == len(first) + 2
    assert before.items() <= results(store).items()


def test_the_same_combination_twice_is_one_run(store):
    default = {**GRID[0], "init": "he_normal", "shuffle": True}
    assert len(run(store, [GRID[0], GRID[0], default], seeds=(0, 0))) == 1


def test_the_digits_are_read_once_for_their_fingerprint(store, monkeypatch):
    read = []
    monkeypatch.setattr(
        "mnist_nn.store.fingerprint", lambda part: read.append(part) or fingerprint(part)
    )
    run(store)
    assert read == [EXAMPLES, VALIDATION]
    rng = np.random.default_rng(0)
    training = Training(MLP((2, 3), rng=rng), store.training(1).config, rng)
    store.train(training, EXAMPLES, VALIDATION, progress=False)
    assert len(read) == 4, "after the search they may change"


def test_other_digits_are_another_search(store):
    run(store)
    search(store, GRID, VALIDATION, EXAMPLES, progress=False)
    assert len(store.runs()) == 8 + 4


def test_a_combination_that_diverges_has_failed_and_the_search_goes_on(store):
    wild = grid(hidden=[(4, 4)], learning_rate=[1e30, 0.1, 1e35], **FIXED)
    found = run(store, wild, seeds=(0,))
    assert [one.status for one in found] == ["done", "failed", "failed"]
    assert found[1].reason.startswith("the loss is ")
    assert run(store, wild, seeds=(0,)) == found, "and is not tried again"


@pytest.mark.parametrize(
    ("wrong", "error", "sentence"),
    [
        ({"activation": "tanh"}, ValueError, "activation is 'tanh'; expected one of relu"),
        ({"learning_rate": -1}, ValueError, "learning_rate is -1; expected"),
        ({"epochs": 2.5}, TypeError, "epochs has type float; expected an integer"),
        ({"hidden": (0,)}, ValueError, "sizes is"),
        ({"hidden": 4}, TypeError, r"hidden is 4; expected units per layer such as \(100, 100\)"),
        ({"colour": 1}, ValueError, r"there is no setting 'colour'; see search\(\)"),
        ({"rng": None}, ValueError, "there is no setting 'rng'"),
        ({"scaling": (0, 1)}, TypeError, "scaling is of type tuple"),
        ({"dtype": "int8"}, TypeError, "dtype is 'int8'"),
    ],
)
def test_all_is_checked_before_the_first_training_starts(store, wrong, error, sentence):
    with pytest.raises(error, match=rf"^combinations\[4\]: .*{sentence}"):
        run(store, [*GRID, GRID[0] | wrong])
    assert store.runs() == []


def test_what_does_not_fit_the_digits_is_found_before_the_first_training_starts(store):
    with pytest.raises(ValueError, match="batch_size is 31, but there are 30 digits"):
        run(store, [*GRID, GRID[0] | {"batch_size": 31, "drop_last": True}])
    missing = {name: value for name, value in GRID[0].items() if name != "epochs"}
    with pytest.raises(ValueError, match=r"combinations\[0\]: there is no value of 'epochs'; give"):
        run(store, [missing])
    wide = Examples(np.ones((3, 5)), [0, 1, 2])
    with pytest.raises(ValueError, match="validation have 5 numbers in a row"):
        search(store, GRID, EXAMPLES, wide)
    assert store.runs() == []


def test_a_bar_shows_progress_if_asked_and_only_then(store, capsys):
    search(store, GRID, EXAMPLES, VALIDATION, progress=True)
    assert "4/4" in capsys.readouterr().err
    search(store, GRID, EXAMPLES, VALIDATION)
    assert capsys.readouterr().err == ""


# ------------------------------------------------------------ stopped and killed

LONG = grid(hidden=[(), (4,)], learning_rate=[0.1, 0.5, 1e30], epochs=[12], batch_size=[10])


def test_a_search_that_is_stopped_goes_on(store, tmp_path, monkeypatch):
    learn, left = Training._learn, [11]

    def stop(self, *arguments):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return learn(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "_learn", stop)
        with pytest.raises(KeyboardInterrupt):
            run(store)
    assert [one.status for one in store.runs()] == ["done", "done", "interrupted"]
    run(store)
    with Store(tmp_path / "whole.db") as whole:
        run(whole)
        assert results(store) == results(whole)


def kill_while_searching(path, kills):
    """Kill a search again and again; the same call ends it as if nothing had happened."""
    random.seed(0)
    whole_path = path + ".whole"
    start = time.perf_counter()
    with Store(whole_path) as whole:
        expected, ranked = None, [one.settings for one in run(whole, LONG)]
        expected = results(whole)
    usual = (time.perf_counter() - start) / int(kills)

    def go_on():
        with Store(path) as store:
            run(store, LONG)

    for _ in range(int(kills)):
        child = fork(go_on)
        time.sleep(random.uniform(0, 2 * usual))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert wait_for(fork(go_on)) == 0
    with Store(path) as store:
        assert results(store) == expected
        assert [one.settings for one in run(store, LONG)] == ranked
    print(f"killed {kills} times, {len(expected)} runs")


@pytest.mark.parametrize("kills", [8, pytest.param(60, marks=pytest.mark.slow)])
def test_a_search_that_is_killed_ends_bit_for_bit_as_one_that_was_not(tmp_path, kills):
    print(run_alone(kill_while_searching, tmp_path / "runs.db", kills))


def search_too(path):
    with Store(path) as store:
        run(store, LONG)


def test_two_processes_share_one_search(tmp_path):
    path = tmp_path / "runs.db"
    run_at_once(*[command(search_too, path)] * 2)
    with Store(path) as store, Store(tmp_path / "whole.db") as whole:
        run(whole, LONG)
        assert results(store) == results(whole)
        assert len(store.runs()) == len(LONG) * 2
        assert len(set(Path(path).parent.iterdir())) == 2


if __name__ == "__main__":
    run_named(globals())
