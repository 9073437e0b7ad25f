"""``mnist-nn search`` and ``mnist-nn runs``."""

import json
import os
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mnist_nn as nn
from mnist_nn.checkpoint import load_model
from mnist_nn.cli import main
from mnist_nn.store import Store

ROOT = Path(nn.__file__).parents[1]
Capture = pytest.CaptureFixture[str]

pytestmark = pytest.mark.usefixtures("folder")


def answer(capsys: Capture, *argv: object) -> dict[str, Any]:
    """Run a command here with --json and return its document."""
    assert main([*map(str, argv), "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def said(capsys: Capture, code: int, *argv: object) -> str:
    """Run a command that ends with `code`; return what it says on stderr last."""
    try:
        assert main([*map(str, argv)]) == code
    except SystemExit as done:
        assert done.code == code
    output, errors = capsys.readouterr()
    assert "Traceback" not in output + errors
    return errors.splitlines()[-1]


def grid(digits: Path) -> list[object]:
    """Two networks, two rates, two seeds."""
    words: list[object] = ["search", "--data", digits, "--epochs", 2, "--seed", 0, 1]
    return [*words, "--hidden", 8, "--hidden", "--learning-rate", 0.01, 0.1]


def test_search_tries_every_combination(capsys: Capture, digits: Path) -> None:
    document = answer(capsys, *grid(digits))
    runs = document["runs"]
    assert document["store"] == "runs.sqlite" and document["interrupted"] is False
    settings = [run["settings"] for run in runs]
    tried = {(tuple(s["sizes"]), s["learning_rate"], s["seed"]) for s in settings}
    sizes = (784, 8, 10), (784, 10)
    assert tried == {(s, rate, seed) for s in sizes for rate in (0.01, 0.1) for seed in (0, 1)}
    assert len(runs) == 8 and all(s["split"] == [367, 33] for s in settings)
    accuracies = [run["val_accuracy"] for run in runs]
    assert accuracies == sorted(accuracies, reverse=True)
    again = answer(capsys, *grid(digits), "--learning-rate", 0.01, 0.1, 0.5)["runs"]
    assert len(again) == 12
    assert {run["id"]: run for run in again}[3] == {run["id"]: run for run in runs}[3]  # not anew


def test_search_trains_as_train_does(capsys: Capture, digits: Path) -> None:
    answer(capsys, *grid(digits))
    words = ["--data", digits, "--epochs", 2, "--hidden", 8, "--learning-rate", 0.1, "--seed", 1]
    document = answer(capsys, "train", *words, "--store", "runs.sqlite")
    with Store("runs.sqlite") as store:
        assert len(store.runs()) == 8  # it was there
        assert store.run(document["run"]).settings["seed"] == 1


@pytest.mark.parametrize(
    ("option", "name", "values"),
    [
        ("--activation relu sigmoid", "activation", ["relu", "sigmoid"]),
        ("--derivative-at-zero 0 0.5", "c", [0.0, 0.5]),
        ("--output softmax_nll softmax_mse", "output", ["softmax_nll", "softmax_mse"]),
        ("--init zeros he_normal", "init", ["zeros", "he_normal"]),
        ("--bias-init zeros half_uniform", "bias_init", ["zeros", "half_uniform"]),
        ("--dtype float32 float64", "dtype", ["float32", "float64"]),
        ("--batch-size 32 full", "batch_size", [32, None]),
        ("--decay 0.9 1", "decay", [0.9, 1.0]),
        ("--momentum 0 0.5", "momentum", [0.0, 0.5]),
        ("--l2 0 0.1", "l2", [0.0, 0.1]),
        ("--reduction mean sum", "reduction", ["mean", "sum"]),
        ("--no-shuffle", "shuffle", [False]),
        ("--drop-last", "drop_last", [True]),
        ("--l2-per-example", "l2_per_example", [True]),
        ("--epochs 1", "epochs", [1]),
    ],
)
def test_each_option_takes_values(
    capsys: Capture, digits: Path, option: str, name: str, values: list[object]
) -> None:
    brief = ["--hidden", 8, "--epochs", 1, "--learning-rate", 0.01]
    runs = answer(capsys, "search", "--data", digits, *brief, *option.split())["runs"]
    found = [run["settings"][name] for run in sorted(runs, key=lambda run: run["id"])]
    assert found == values


def test_scalings_are_tried(capsys: Capture, digits: Path) -> None:
    words = ["--hidden", "--epochs", 1, "--scaling", "unit", "positive", "standard"]
    runs = answer(capsys, "search", "--data", digits, *words)["runs"]
    lows = sorted(run["settings"]["scaling"]["low"] for run in runs)
    assert lows[1:] == [0, 0.01] and lows[0] < -0.3


def test_search_ranks_for_people(capsys: Capture, digits: Path) -> None:
    words = ["--hidden", "8", "--epochs", "1", "--learning-rate", "0.1", "1e30"]
    assert main(["search", "--data", str(digits), *words]) == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    lines = output.splitlines()
    assert lines[0] == "2 runs, kept in runs.sqlite"
    assert lines[1].split() == ["run", "validation", "epochs", "status", "learning_rate"]
    assert lines[2].split()[-2:] == ["done", "0.1"]
    assert lines[3].split() == ["2", "-", "0", "failed", "1e+30"]
    assert lines[-2] == "  mnist-nn runs runs.sqlite --run 1 --save best.npz"
    assert lines[-1] == f"  mnist-nn evaluate best.npz --data {digits}"
    assert main(lines[-2].split()[1:]) == 0 and main(lines[-1].split()[1:]) == 0


def test_search_does_not_choose_by_test_digits(capsys: Capture, digits: Path) -> None:
    for split in ([300, 0], [300, 50, 50]):
        message = said(capsys, 2, "search", "--data", digits, "--split", *split)
        assert message.startswith("mnist-nn search: error: argument --split: a search chooses by")


def test_search_refuses_a_value_given_twice(capsys: Capture, digits: Path) -> None:
    message = said(capsys, 2, "search", "--data", digits, "--learning-rate", 0.1, 0.10)
    assert "argument --learning-rate: a value is given twice" in message
    message = said(capsys, 2, "search", "--data", digits, "--hidden", 8, "--hidden", 8)
    assert "argument --hidden: a value is given twice" in message


@pytest.mark.parametrize("option", ["--learning-rate 0.1 0", "--init zeros he", "--split 1"])
def test_search_names_a_wrong_value(capsys: Capture, folder: Path, option: str) -> None:
    message = said(capsys, 2, "search", *option.split())
    assert message.startswith(f"mnist-nn search: error: argument {option.split()[0]}: ")
    assert list(folder.iterdir()) == []


def test_search_goes_on_after_ctrl_c(capsys: Capture, digits: Path) -> None:
    words = ["search", "--data", digits, "--hidden", 64, "--epochs", 15, "--seed", *range(4)]
    expected = answer(capsys, *words, "--store", "whole.sqlite")["runs"]
    process = subprocess.Popen(
        [sys.executable, "-m", "mnist_nn", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "4 runs, kept in runs.sqlite\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")
    assert output.startswith("Stopped; runs.sqlite keeps what is done.")
    found = answer(capsys, *words)["runs"]
    assert [run["val_loss"] for run in found] == [run["val_loss"] for run in expected]
    with Store("runs.sqlite") as store, Store("whole.sqlite") as whole:
        assert len(store.runs()) == 4
        ours, theirs = store.best().id, whole.best().id
        assert np.array_equal(store.model(ours).params.flat, whole.model(theirs).params.flat)


def test_search_advises_its_own_best_run(capsys: Capture, digits: Path, folder: Path) -> None:
    words = ["--hidden", "8", "--epochs", "1", "--data", str(digits), "--store", "my runs.sqlite"]
    assert main(["search", *words, "--learning-rate", "0.3"]) == 0
    assert main(["search", *words, "--learning-rate", "1e-9"]) == 0  # not the best of the store
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2] == "  mnist-nn runs 'my runs.sqlite' --run 2 --save best.npz"
    assert main(shlex.split(lines[-2])[1:]) == 0
    assert capsys.readouterr().out.endswith(f"  mnist-nn evaluate best.npz --data {digits}\n")


def test_a_search_that_is_stopped_tells_what_has_ended(
    capsys: Capture, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["search", "--data", str(digits), "--hidden", "8", "--epochs", "1", "--json"]
    assert main([*words, "--learning-rate", "0.2"]) == 0  # of another search
    original, steps = nn.MLP.backpropagate, 0

    def interrupt(self: nn.MLP, *args: Any, **out: Any) -> float:
        nonlocal steps
        steps += 1
        if steps == 30:  # of 12 a run, but for the second
            signal.raise_signal(signal.SIGINT)
        return original(self, *args, **out)

    monkeypatch.setattr(nn.MLP, "backpropagate", interrupt)
    capsys.readouterr()
    assert main([*words, "--learning-rate", "1e-9", "1e30", "0.1", "0.3", "0.4"]) == 130
    document = json.loads(capsys.readouterr().out)
    assert document["interrupted"] is True
    found = [(run["settings"]["learning_rate"], run["status"]) for run in document["runs"]]
    assert found == [(0.1, "done"), (1e-9, "done"), (1e30, "failed")]


# ---------------------------------------------------------------- runs


@pytest.fixture
def store(capsys: Capture, digits: Path, folder: Path) -> str:
    """A store of three runs."""
    words = ["--hidden", 8, "--epochs", 3, "--learning-rate", 0.001, 0.3, 0.01]
    answer(capsys, "search", "--data", digits, *words)
    return "runs.sqlite"


def test_runs_lists_all(capsys: Capture, store: str) -> None:
    assert [run["id"] for run in answer(capsys, "runs")["runs"]] == [1, 2, 3]
    assert main(["runs", store]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and lines[0].split()[-1] == "learning_rate"
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3"]


def test_runs_shows_the_best(capsys: Capture, store: str) -> None:
    document = answer(capsys, "runs", store, "--best", "--save", "best.json")
    assert document["run"]["id"] == 2 and document["model"] == "best.json"
    assert len(document["epochs"]) == 3
    with Store(store) as opened:
        model = opened.model(2, "best")
        last = opened.model(2, "last")
    assert np.array_equal(load_model("best.json").params.flat, model.params.flat)
    answer(capsys, "runs", store, "--run", 2, "--epoch", "last", "--save", "last.npz")
    assert np.array_equal(load_model("last.npz").params.flat, last.params.flat)
    assert answer(capsys, "runs", store, "--best", "--by", "loss")["run"]["id"] == 2
    assert main(["runs", store, "--run", "3"]) == 0
    output = capsys.readouterr().out
    assert output.startswith("run 3, done, started ") and "  learning_rate   0.01" in output


def test_options_of_runs_that_say_nothing_are_refused(capsys: Capture, store: str) -> None:
    for words in (["--by", "loss"], ["--by", "accuracy", "--run", 1]):
        assert "argument --by: " in said(capsys, 2, "runs", store, *words)
    for words in (["--epoch", "best"], ["--epoch", "last", "--best"]):
        assert "argument --epoch: " in said(capsys, 2, "runs", store, *words)


@pytest.mark.parametrize(
    "settings",
    [
        "{}",
        '{"sizes": null, "batch_size": {"a": [1]}}',
        '{"sizes": 5, "learning_rate": 1e999}',
        '{"sizes": [784, {"a": 1}, 10], "data": 5}',
        '{"sizes": ["\\ud800", "\\udfff", "x"], "\\ud800": "\\ud800"}',
        '{"a": ' + 400 * "[" + 400 * "]" + "}",
        '{"a": ' + 990 * "[" + 990 * "]" + "}",
        '{"a": ' + 10**5 * "[" + 10**5 * "]" + "}",
        "5",
    ],
)
def test_an_edited_store_makes_no_traceback(capsys: Capture, store: str, settings: str) -> None:
    with closing(sqlite3.connect(store)) as database, database:
        database.execute("UPDATE runs SET settings = ? WHERE id = 2", (settings,))
    for words in ([], ["--best"], ["--run", "2"], ["--run", "2", "--save", "a.npz", "--force"]):
        for how in ([], ["--json"]):
            code = main(["runs", store, *words, *how])
            output, errors = capsys.readouterr()
            assert code in (0, 1) and "Traceback" not in output + errors
            assert (errors == "") == (code == 0) and errors.count("\n") == code


def test_runs_loses_nothing(capsys: Capture, store: str, folder: Path) -> None:
    (folder / "best.npz").write_text("precious")
    words = ["runs", store, "--best", "--save", "best.npz"]
    assert "best.npz is there already" in said(capsys, 1, *words)
    assert (folder / "best.npz").read_text() == "precious"
    assert main([*words, "--force"]) == 0 and load_model("best.npz").sizes == (784, 8, 10)


def test_runs_that_are_not_there(capsys: Capture, store: str, folder: Path) -> None:
    assert "gone.sqlite" in said(capsys, 1, "runs", "gone.sqlite")
    assert not (folder / "gone.sqlite").exists()
    assert "run is 9" in said(capsys, 1, "runs", store, "--run", 9)
    assert "argument --save: say which run" in said(capsys, 2, "runs", "--save", "best.npz")
    with Store("empty.sqlite"):
        pass
    assert main(["runs", "empty.sqlite"]) == 0
    assert capsys.readouterr().out == "There are no runs yet.\n"
    assert said(capsys, 1, "runs", "empty.sqlite", "--best")
