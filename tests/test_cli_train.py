"""``mnist-nn train``: every option, every file, and Ctrl-C at any moment."""

import json
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mnist_nn as nn
from mnist_nn.checkpoint import load_model, load_training, save_model
from mnist_nn.cli import main
from mnist_nn.store import Store

ROOT = Path(nn.__file__).parents[1]
Capture = pytest.CaptureFixture[str]

pytestmark = pytest.mark.usefixtures("folder")


def train(capsys: Capture, digits: Path, *argv: object) -> dict[str, Any]:
    """Train here, with --json; return the document."""
    words = ["train", "--data", str(digits), "--json", "--force", *map(str, argv)]
    assert main(words) == 0
    output, errors = capsys.readouterr()
    assert "mnist-nn: " not in errors
    document: dict[str, Any] = json.loads(output)
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


def start(*argv: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mnist_nn", *map(str, argv)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


# ---------------------------------------------------------------- what it does


def test_the_same_as_in_python(capsys: Capture, digits: Path) -> None:
    document = train(capsys, digits, "--hidden", 20, "--epochs", 2, "--seed", 5)
    digits_, _ = nn.load_mnist()
    part, validation = digits_[:400].split(367, 33)  # one in twelve
    rng = np.random.default_rng(5)
    model = nn.MLP((784, 20, 10), rng=rng)
    config = nn.TrainConfig(epochs=2, batch_size=32, learning_rate=0.2)
    history = nn.fit(model, part, config, rng, validation)
    assert np.array_equal(load_model("model.npz").params.flat, model.params.flat)
    assert document["model"] == "model.npz" and document["epochs"] == 2
    assert document["history"] == {
        "train_loss": history.train_loss,
        "val_loss": history.val_loss,
        "val_accuracy": history.val_accuracy,
    }
    assert document["split"] == [367, 33, 0] and document["test"] is None
    assert document["validation"]["accuracy"] == history.val_accuracy[-1]
    assert document["interrupted"] is False and document["training_state"] is None
    assert document["seed"] == 5 and document["seconds"] > 0


@pytest.mark.parametrize(
    ("option", "where", "name", "value"),
    [
        ("--hidden 30 20", "network", "sizes", [784, 30, 20, 10]),
        ("--hidden", "network", "sizes", [784, 10]),
        ("--activation sigmoid", "network", "activation", "sigmoid"),
        ("--derivative-at-zero 0.5", "network", "c", 0.5),
        ("--output softmax_mse", "network", "output", "softmax_mse"),
        ("--output sigmoid_bernoulli_nll", "network", "output", "sigmoid_bernoulli_nll"),
        ("--init glorot_normal", "network", "init", "glorot_normal"),
        ("--bias-init standard_normal", "network", "bias_init", "standard_normal"),
        ("--scaling positive", "network", "scaling", {"low": 0.01, "high": 1.0}),
        ("--dtype float64", "network", "dtype", "float64"),
        ("--epochs 2", "training", "epochs", 2),
        ("--batch-size 50", "training", "batch_size", 50),
        ("--batch-size full", "training", "batch_size", None),
        ("--learning-rate 0.01", "training", "learning_rate", 0.01),
        ("--decay 0.95", "training", "decay", 0.95),
        ("--momentum 0.9", "training", "momentum", 0.9),
        ("--l2 1e-4", "training", "l2", 1e-4),
        ("--l2-per-example", "training", "l2_per_example", True),
        ("--reduction sum", "training", "reduction", "sum"),
        ("--no-shuffle", "training", "shuffle", False),
        ("--drop-last", "training", "drop_last", True),
    ],
)
def test_each_option_reaches_its_setting(
    capsys: Capture, digits: Path, option: str, where: str, name: str, value: object
) -> None:
    brief = ["--epochs", 1, "--hidden", 8, "--learning-rate", 0.001]
    document = train(capsys, digits, *brief, *option.split())
    assert document[where][name] == value
    plain = train(capsys, digits, *brief)
    document[where].pop(name), plain[where].pop(name)
    assert document[where] == plain[where]  # and no other


def test_the_first_weights_are_drawn_as_asked(capsys: Capture, digits: Path) -> None:
    still = ["--hidden", 8, "--epochs", 1, "--learning-rate", 1e-30]
    train(capsys, digits, *still, "--init", "zeros", "--bias-init", "half_uniform")
    model = load_model("model.npz")
    assert abs(model.params.W[1]).max() < 1e-20 < abs(model.params.b[1]).min()


def test_standard_scaling_is_that_of_the_training_digits(capsys: Capture, digits: Path) -> None:
    train(capsys, digits, "--split", 200, 50, "--scaling", "standard", "--epochs", 1, "--hidden", 8)
    expected = nn.Scaling.standard(nn.load_mnist().train.images[:200])
    assert load_model("model.npz").scaling == expected


@pytest.mark.parametrize(
    ("split", "sizes", "measured"),
    [
        ("300 50", [300, 50, 0], {"validation"}),
        ("300 50 70", [300, 50, 70], {"validation", "test"}),
        ("300 50 0", [300, 50, 0], {"validation"}),
        ("400 0", [400, 0, 100], {"test"}),
        ("400 0 100", [400, 0, 100], {"test"}),
        ("400 0 0", [400, 0, 0], set()),
    ],
)
def test_split(
    capsys: Capture, digits: Path, split: str, sizes: list[int], measured: set[str]
) -> None:
    document = train(capsys, digits, "--split", *split.split(), "--epochs", 1, "--hidden", 8)
    assert document["split"] == sizes
    assert {name for name in ("validation", "test") if document[name]} == measured


def test_split_of_a_single_file(capsys: Capture, tmp_path: Path) -> None:
    from mnist_nn.data.csvfile import write_csv

    csv = tmp_path / "digits.csv"
    write_csv(nn.load_mnist().train[:60], csv)
    brief = ["--epochs", 1, "--hidden", 8]
    assert train(capsys, csv, *brief)["split"] == [55, 5, 0]
    assert train(capsys, csv, *brief, "--split", 30, 20, 10)["split"] == [30, 20, 10]
    assert train(capsys, csv, *brief, "--split", 60, 0)["test"] is None
    message = said(capsys, 2, "train", "--data", csv, "--force", "--split", 30, 20, 11)
    assert "argument --split: 11 digits are to test with, but there are 10" in message


def test_people_are_told_what_to_do_next(capsys: Capture, digits: Path) -> None:
    assert main(["train", "--data", str(digits), "--epochs", "2", "--save", "a b.json"]) == 0
    output, errors = capsys.readouterr()
    assert errors == ""  # no bar where nobody watches
    lines = output.splitlines()
    assert lines[0] == "784-128-10, relu, softmax_nll: 101,770 parameters"
    assert lines[1] == "367 digits to train on, 33 to validate with"
    assert [line[:13] for line in lines[2:4]] == ["epoch 1 of 2:", "epoch 2 of 2:"]
    assert "95 % interval" in lines[4]
    assert lines[-1] == f"  mnist-nn evaluate 'a b.json' --data {digits}"
    assert main(shlex.split(lines[-1])[1:]) == 0


# ---------------------------------------------------------------- wrong arguments and files


@pytest.mark.parametrize(
    "option",
    [
        "--hidden 0",
        "--hidden 2.5",
        "--hidden 10 -1",
        "--activation tanh",
        "--derivative-at-zero 2",
        "--derivative-at-zero x",
        "--output mse",
        "--init he",
        "--bias-init none",
        "--scaling big",
        "--dtype float16",
        "--epochs 0",
        "--epochs 1e3",
        "--batch-size 0",
        "--batch-size half",
        "--learning-rate 0",
        "--learning-rate nan",
        "--learning-rate inf",
        "--learning-rate 0,1",
        "--decay 1.5",
        "--momentum 1",
        "--l2 -1",
        "--reduction none",
        "--seed -1",
        "--threads 0",
        "--split 1",
        "--split 0 10",
        "--split 1 2 3 4",
        "--split 60001 0",
        "--split 50000 10001",
        "--split 50000 1000 10001",
        "--split 10 -5",
        "--save model.pkl",
        "--save model",
        "--checkpoint state.json",
        "--resume state.json",
    ],
)
def test_a_wrong_value_is_named_before_anything_is_done(
    capsys: Capture, folder: Path, option: str
) -> None:
    flag = option.split()[0]
    message = said(capsys, 2, "train", *option.split())
    assert message.startswith(f"mnist-nn train: error: argument {flag}: ")
    assert list(folder.iterdir()) == []


def test_arguments_that_do_not_go_together(capsys: Capture, digits: Path) -> None:
    for option in ("--hidden 5", "--activation relu", "--scaling unit", "--dtype float32"):
        message = said(capsys, 2, "train", "--from", "model.npz", *option.split())
        assert f"argument {option.split()[0]}: not allowed with argument --from" in message
    for option in ("--hidden 5", "--learning-rate 1", "--no-shuffle", "--seed 1"):
        message = said(capsys, 2, "train", "--resume", "state.npz", *option.split())
        assert f"argument {option.split()[0]}: not allowed with argument --resume" in message
    assert "not allowed" in said(capsys, 2, "train", "--resume", "a.npz", "--from", "b.npz")
    assert "not allowed" in said(capsys, 2, "train", "--resume", "a.npz", "--store", "b.sqlite")
    assert "not allowed" in said(capsys, 2, "train", "--checkpoint", "a.npz", "--store", "b.sqlite")


@pytest.mark.parametrize("name", ["model.npz", "model.training.npz"])
def test_nothing_is_lost_by_accident(
    capsys: Capture, digits: Path, folder: Path, name: str
) -> None:
    (folder / name).write_text("precious")
    message = said(capsys, 1, "train", "--data", digits)
    assert message.startswith(f"mnist-nn: {name} is there already; ") and "--force" in message
    assert (folder / name).read_text() == "precious"
    assert train(capsys, digits, "--epochs", 1, "--hidden", 8)["epochs"] == 1  # with --force
    assert load_model("model.npz").sizes == (784, 8, 10)


def test_where_nothing_can_be_written(capsys: Capture, digits: Path, folder: Path) -> None:
    (folder / "file").write_text("")
    for path in ("gone/model.npz", "file/model.npz", "/proc/model.npz"):
        message = said(capsys, 1, "train", "--data", digits, "--save", path)
        assert message.startswith(f"mnist-nn: {path} cannot be written: ")
    assert [file.name for file in folder.iterdir()] == ["file"]


def test_a_network_too_large_for_json_is_refused_at_once(
    capsys: Capture, digits: Path, folder: Path
) -> None:
    words = ["--data", digits, "--hidden", 3000, "--save", "model.json"]
    assert "model.json" in said(capsys, 1, "train", *words)
    assert list(folder.iterdir()) == []


def test_a_batch_larger_than_the_data(capsys: Capture, digits: Path) -> None:
    message = said(capsys, 1, "train", "--data", digits, "--batch-size", 1000, "--drop-last")
    assert "batch_size is 1000" in message


def test_a_learning_rate_too_large(capsys: Capture, digits: Path, folder: Path) -> None:
    message = said(capsys, 1, "train", "--data", digits, "--learning-rate", 1e30)
    assert message.startswith("mnist-nn: the loss is ") and "smaller learning rate" in message
    assert list(folder.iterdir()) == []


# ---------------------------------------------------------------- go on


def test_warm_start(capsys: Capture, digits: Path) -> None:
    first = nn.MLP((784, 10), "sigmoid", rng=np.random.default_rng(1), scaling=nn.Scaling(-1, 1))
    save_model(first, "first.json")
    words = ["--from", "first.json", "--epochs", 1, "--learning-rate", 1e-30]
    document = train(capsys, digits, *words)
    assert document["network"]["scaling"] == {"low": -1.0, "high": 1.0}
    assert "init" not in document["network"]
    second = load_model("model.npz")
    assert np.allclose(second.params.flat, first.params.flat) and second.activation == "sigmoid"
    other = nn.MLP((2, 2), rng=np.random.default_rng(0))
    save_model(other, "other.npz")
    message = said(capsys, 1, "train", "--data", digits, "--from", "other.npz", "--force")
    assert "the network expects 2" in message


def test_checkpoint_and_resume(capsys: Capture, digits: Path) -> None:
    words = ["--hidden", 16, "--momentum", 0.5, "--decay", 0.9]
    train(capsys, digits, *words, "--epochs", 4, "--save", "whole.npz")
    document = train(capsys, digits, *words, "--epochs", 2, "--checkpoint", "state.npz")
    assert document["training_state"] == "state.npz"
    assert load_training("state.npz").epoch == 2
    # The model of the training that goes on may be replaced without --force.
    assert main(["train", "--resume", "state.npz", "--data", str(digits), "--epochs", "4"]) == 0
    whole, resumed = load_model("whole.npz"), load_model("model.npz")
    assert np.array_equal(whole.params.flat, resumed.params.flat)
    assert load_training("state.npz").epoch == 4
    capsys.readouterr()
    message = said(capsys, 2, "train", "--resume", "state.npz", "--data", digits)
    assert "argument --epochs: 4 epochs are done already" in message
    save_model(nn.MLP((784, 10), rng=np.random.default_rng(0)), "model.npz")
    more = ["train", "--resume", "state.npz", "--data", digits, "--epochs", 5]
    assert "model.npz is there already" in said(capsys, 1, *more)
    for part, *sizes in (("training", 300, 50), ("training", 400, 0), ("validation", 367, 20)):
        message = said(capsys, 2, *more, "--force", "--split", *sizes)
        assert f"the {part} digits are not those of the epochs so far" in message
    assert "model.npz" in said(capsys, 1, "train", "--resume", "model.npz", "--data", digits)


def test_resume_notices_other_digits_that_validate_alike(
    capsys: Capture, digits: Path, tmp_path: Path
) -> None:
    with np.load(digits) as file:
        arrays = dict(file)
    arrays["x_train"][0, 0, 0] += 1  # of a training digit, the first
    np.savez(tmp_path / "other.npz", **arrays)
    train(capsys, digits, "--hidden", 8, "--epochs", 1, "--checkpoint", "state.npz")
    more = ["train", "--resume", "state.npz", "--epochs", 2]
    message = said(capsys, 2, *more, "--data", tmp_path / "other.npz")
    assert "argument --resume: the training digits are not those of the epochs so far" in message
    assert main([*map(str, more), "--data", str(digits)]) == 0


def test_one_file_is_not_two(capsys: Capture, digits: Path, folder: Path) -> None:
    brief = ["train", "--data", digits, "--hidden", 8, "--epochs", 1, "--force"]
    for option, name, save in (
        ("--checkpoint", "model.npz", []),
        ("--checkpoint", "a.npz", ["--save", folder / "a.npz"]),
        ("--store", "a.npz", ["--save", "a.npz"]),
    ):
        message = said(capsys, 2, *brief, option, name, *save)
        assert f"error: argument {option}: the trained network goes to " in message
        assert list(folder.iterdir()) == []
    train(capsys, digits, "--hidden", 8, "--epochs", 1, "--checkpoint", "a.npz")
    state = (folder / "a.npz").read_bytes()
    (folder / "model.npz").unlink()
    (folder / "model.npz").symlink_to("a.npz")
    for words in (["--save", "a.npz"], [], ["--checkpoint", "b.npz", "--save", "./a.npz"]):
        resume = ["train", "--resume", "a.npz", "--data", digits, "--epochs", 2, "--force"]
        message = said(capsys, 2, *resume, *words)
        assert "error: argument --resume: the trained network goes to " in message
    assert (folder / "a.npz").read_bytes() == state


def test_where_no_state_can_be_written(capsys: Capture, digits: Path, folder: Path) -> None:
    (folder / "folder.npz").mkdir()
    words = ["train", "--data", digits, "--force", "--checkpoint"]
    for path in ("gone/state.npz", "/proc/state.npz", "folder.npz"):
        message = said(capsys, 1, *words, path)
        assert message.startswith(f"mnist-nn: {path} ")
    assert [file.name for file in folder.iterdir()] == ["folder.npz"]


def test_a_checkpoint_that_fails_loses_nothing(
    capsys: Capture, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mnist_nn.cli.train as module

    original = module.save_training
    full = 2  # the epoch when the disk is full, for so many writes

    def save(training: nn.Training, path: Path, part: nn.Digits) -> None:
        nonlocal writes
        if training.epoch == full and writes:
            writes -= 1
            raise OSError(28, "No space left on device", str(path))
        original(training, path, part)

    monkeypatch.setattr(module, "save_training", save)
    words = ["train", "--data", str(digits), "--hidden", "8", "--epochs", "4", "--force"]
    words += ["--checkpoint", "state.npz"]
    for failures, state in ((1, "state.npz"), (2, None)):
        writes = failures
        assert main([*words, "--json"]) == 1
        output, errors = capsys.readouterr()
        document = json.loads(output)
        assert "mnist-nn: state.npz: No space left on device" in errors
        assert document["error"] == "state.npz: No space left on device"
        assert document["epochs"] == 2 and document["interrupted"] is True
        assert (document["model"], document["training_state"]) == ("model.npz", state)
        saved = load_training("state.npz")
        assert saved.epoch == (2 if state else 1)  # an older one stays
        assert document["history"]["val_loss"][-1] == pytest.approx(
            nn.evaluate(load_model("model.npz"), nn.load_mnist().train[367:400])[0]
        )
    full, writes = 4, 1
    assert main(words) == 1
    assert "Saved as model.npz after " in capsys.readouterr().out
    assert load_training("state.npz").epoch == 4


def test_a_loss_that_blows_up_late_loses_nothing(
    capsys: Capture, digits: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = nn.MLP.backpropagate
    steps = 0

    def diverge(self: nn.MLP, *args: Any, **out: Any) -> float:
        nonlocal steps
        steps += 1
        return original(self, *args, **out) if steps <= 30 else float("nan")  # of 12 an epoch

    monkeypatch.setattr(nn.MLP, "backpropagate", diverge)
    words = ["train", "--data", str(digits), "--hidden", "8", "--epochs", "5"]
    assert main(words) == 1
    output, errors = capsys.readouterr()
    assert "Stopped after epoch 2 of 5; what was learned is saved as model.npz." in output
    assert errors.startswith("mnist-nn: the loss is nan") and errors.count("\n") == 1
    state = load_training("model.training.npz")
    assert state.epoch == 2
    assert np.array_equal(load_model("model.npz").params.flat, state.model.params.flat)


def test_advice_can_be_followed(capsys: Capture, digits: Path, folder: Path) -> None:
    save_model(nn.MLP((784, 10), rng=np.random.default_rng(0)), "model.npz")
    message = said(capsys, 1, "train", "--data", digits, "--from", "model.npz")
    assert "--from" not in message and "choose another name with --save, or replace" in message
    message = said(capsys, 2, "train", "--split", 60000, 10000, "--force")
    assert message.endswith("for test digits give a third number: --split 60000 0 10000")
    message = said(capsys, 2, "train", "--split", 60000, 10001, "--force")
    assert message.endswith("the sizes add up to 70001, but there are 60000 digits")


def test_the_next_command_measures_digits_that_were_not_trained_on(
    capsys: Capture, folder: Path
) -> None:
    from mnist_nn.data.csvfile import write_csv

    write_csv(nn.load_mnist().train[:60], "my digits.csv")
    for split, last in (([], " --last 5"), (["40", "15", "5"], " --last 5"), (["40", "15"], "")):
        words = ["--data", "my digits.csv", "--hidden", "8", "--epochs", "1", "--force"]
        assert main(["train", *words, *(["--split", *split] if split else [])]) == 0
        line = capsys.readouterr().out.splitlines()[-1]
        assert line == f"  mnist-nn evaluate model.npz --data 'my digits.csv'{last}"
        assert main(shlex.split(line)[1:]) == 0
        capsys.readouterr()


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda number, frame: None])
def test_ctrl_c_that_does_something_else_stays(
    capsys: Capture, digits: Path, monkeypatch: pytest.MonkeyPatch, handler: Any
) -> None:
    original = nn.MLP.backpropagate

    def interrupt(self: nn.MLP, *args: Any, **out: Any) -> float:
        signal.raise_signal(signal.SIGINT)
        return original(self, *args, **out)

    monkeypatch.setattr(nn.MLP, "backpropagate", interrupt)
    before = signal.signal(signal.SIGINT, handler)
    try:
        train(capsys, digits, "--hidden", 8, "--epochs", 1)
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_while_saving(
    capsys: Capture, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mnist_nn.cli.train as module

    saves = []

    def save(training: nn.Training, path: Path, part: nn.Digits) -> None:
        saves.append(training.epoch)
        if training.epoch == 2:
            signal.raise_signal(signal.SIGINT)  # in the loop it stops; after that it does nothing
        original(training, path, part)

    original = module.save_training
    monkeypatch.setattr(module, "save_training", save)
    words = ["--data", str(digits), "--hidden", "8", "--epochs", "5", "--checkpoint", "state.npz"]
    before = signal.getsignal(signal.SIGINT)
    assert main(["train", *words, "--json"]) == 130
    document = json.loads(capsys.readouterr().out)
    assert saves == [0, 1, 2, 2]  # the first a rehearsal
    assert document["interrupted"] is True and document["epochs"] == 2
    assert load_training("state.npz").epoch == 2
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_before_the_first_epoch(
    capsys: Capture, digits: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = nn.MLP.backpropagate

    def interrupt(self: nn.MLP, *args: Any, **out: Any) -> float:
        signal.raise_signal(signal.SIGINT)
        return original(self, *args, **out)

    monkeypatch.setattr(nn.MLP, "backpropagate", interrupt)
    for words in ([], ["--store", "runs.sqlite"]):
        assert main(["train", "--data", str(digits), *words]) == 130
        output, errors = capsys.readouterr()
        assert "Stopped before the first epoch was done; nothing is saved." in output
        assert "Traceback" not in errors
    assert [file.name for file in folder.iterdir()] == ["runs.sqlite"]


def test_ctrl_c_at_random_moments(capsys: Capture, digits: Path) -> None:
    words = ["--data", str(digits), "--hidden", "64", "--momentum", "0.5"]
    words += ["--epochs", "400", "--learning-rate", "0.01", "--batch-size", "32"]
    assert main(["train", *words, "--save", "whole.npz"]) == 0
    whole = load_model("whole.npz").params.flat
    seed = random.randrange(10**6)
    print("seed", seed)
    dice = random.Random(seed)
    resumed = False
    for n in range(3):
        process = start("train", *words, "--save", f"{n}.npz")
        assert process.stdout is not None
        line = next((line for line in process.stdout if line.startswith("epoch ")), None)
        assert line, process.stderr and process.stderr.read()
        time.sleep(dice.uniform(0, 0.15))
        for _ in range(dice.randint(1, 3)):
            process.send_signal(signal.SIGINT)
            time.sleep(dice.uniform(0, 0.003))
        output, errors = process.communicate(timeout=60)
        assert errors in ("", "mnist-nn: interrupted\n")
        if process.returncode == 0:  # it was faster
            assert np.array_equal(load_model(f"{n}.npz").params.flat, whole)
            continue
        assert process.returncode == 130, errors
        if not Path(f"{n}.training.npz").exists():  # it had ended, and all was saved
            assert np.array_equal(load_model(f"{n}.npz").params.flat, whole)
            continue
        state = load_training(f"{n}.training.npz")
        assert 0 < state.epoch < 400
        assert np.array_equal(load_model(f"{n}.npz").params.flat, state.model.params.flat)
        command = ["mnist-nn", "train", "--resume", f"{n}.training.npz", "--data", str(digits)]
        command += ["--save", f"{n}.npz"]
        if errors == "":  # else the last Ctrl-C came after all was saved, and cut the message
            assert shlex.split(output.splitlines()[-1]) == command
        assert main(command[1:]) == 0
        assert np.array_equal(load_model(f"{n}.npz").params.flat, whole)
        resumed = True
    assert resumed


# ---------------------------------------------------------------- a store


def test_a_run_in_a_store(capsys: Capture, digits: Path, folder: Path) -> None:
    words = ["--hidden", 8, "--epochs", 2, "--store", "runs.sqlite"]
    document = train(capsys, digits, *words)
    assert document["store"] == "runs.sqlite" and document["run"] == 1
    assert document["model"] is None and document["training_state"] is None
    assert [file.name for file in folder.iterdir()] == ["runs.sqlite"]
    again = train(capsys, digits, *words, "--save", "model.npz")
    assert again["run"] == 1 and again["history"] == document["history"]
    other = train(capsys, digits, *words, "--seed", 1)
    warm = train(capsys, digits, *words[2:], "--from", "model.npz")
    assert (other["run"], warm["run"]) == (2, 3)
    with Store("runs.sqlite") as store:
        first = store.run(1)
        assert first.status == "done" and first.settings["split"] == [367, 33]
        assert first.settings["seed"] == 0 and first.settings["init"] == "he_normal"
        assert store.run(3).settings["from"] == "model.npz"
        stored = store.model(1, "last").params.flat
    assert np.array_equal(stored, load_model("model.npz").params.flat)
    assert main(["train", *map(str, words), "--data", str(digits)]) == 0
    assert capsys.readouterr().out.endswith("mnist-nn runs runs.sqlite --run 1 --save model.npz\n")


def test_a_run_in_a_store_goes_on(
    capsys: Capture, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["train", "--hidden", "8", "--epochs", "4", "--data", str(digits)]
    assert main([*words, "--save", "whole.npz"]) == 0
    steps = 0
    original = nn.MLP.backpropagate

    def interrupt(self: nn.MLP, *args: Any, **out: Any) -> float:
        nonlocal steps
        steps += 1
        if steps == 30:  # of 12 an epoch
            signal.raise_signal(signal.SIGINT)
        return original(self, *args, **out)

    monkeypatch.setattr(nn.MLP, "backpropagate", interrupt)
    words += ["--store", "runs.sqlite", "--save", "model.npz"]
    capsys.readouterr()
    assert main(words) == 130
    output = capsys.readouterr().out
    assert (
        "Stopped after epoch 2 of 4; what was learned is saved in runs.sqlite as run 1." in output
    )
    assert [line[:12] for line in output.splitlines()[2:4]] == ["epoch 1 of 4", "epoch 2 of 4"]
    assert not Path("model.npz").exists()  # it would stand in the way of the same command
    assert main(words) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line[:5] == "epoch"]
    assert [line[:7] for line in lines] == [f"epoch {n}" for n in range(1, 5)]
    assert np.array_equal(load_model("model.npz").params.flat, load_model("whole.npz").params.flat)


def test_epochs_in_a_store_are_told_as_they_end(
    capsys: Capture, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    original = nn.MLP.backpropagate

    def step(self: nn.MLP, *args: Any, **out: Any) -> float:
        seen.append(capsys.readouterr().out)
        return original(self, *args, **out)

    monkeypatch.setattr(nn.MLP, "backpropagate", step)
    words = ["--hidden", "8", "--epochs", "2", "--store", "runs.sqlite"]
    assert main(["train", "--data", str(digits), *words]) == 0
    assert sum(text.startswith("epoch 1 of 2: loss ") for text in seen[12:13]) == 1
    assert capsys.readouterr().out.startswith("epoch 2 of 2: ")


def test_ctrl_c_finds_its_own_run(
    capsys: Capture, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["train", "--hidden", "8", "--epochs", "2", "--store", "runs.sqlite"]
    words += ["--data", str(digits)]
    with np.load(digits) as file:  # a run of the same settings on other digits of the same name
        arrays = dict(file)
    others = arrays | {"x_train": arrays["x_train"][::-1], "y_train": arrays["y_train"][::-1]}
    original, steps = nn.MLP.backpropagate, 0

    def interrupt(self: nn.MLP, *args: Any, **out: Any) -> float:
        nonlocal steps
        steps += 1
        if steps == 14:  # of 12 an epoch
            signal.raise_signal(signal.SIGINT)
        return original(self, *args, **out)

    monkeypatch.setattr(nn.MLP, "backpropagate", interrupt)
    assert main(words) == 130
    assert "in runs.sqlite as run 1" in capsys.readouterr().out
    copy = digits.read_bytes()
    try:
        np.savez(digits, **others)
        assert main(words) == 0
        digits.write_bytes(copy)
        steps = 2
        assert main(words) == 130
    finally:
        digits.write_bytes(copy)
    output = capsys.readouterr().out
    assert "as run 2 after" in output and "run 1" in output.splitlines()[-2]


def test_a_run_in_a_store_that_diverges(capsys: Capture, digits: Path) -> None:
    words = ["train", "--data", digits, "--learning-rate", 1e30, "--store", "runs.sqlite"]
    for _ in range(2):
        assert "run 1" in said(capsys, 1, *words)


def test_a_store_that_is_none(capsys: Capture, digits: Path, folder: Path) -> None:
    (folder / "runs.sqlite").write_text("no database")
    assert "runs.sqlite" in said(capsys, 1, "train", "--data", digits, "--store", "runs.sqlite")


# ---------------------------------------------------------------- the promise


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_512_units_read_96_percent_after_two_epochs(capsys: Capture, seed: int) -> None:
    assert main(["train", "--hidden", "512", "--epochs", "2", "--seed", str(seed), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["validation"]["accuracy"] > 0.96
    assert main(["evaluate", "model.npz", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] > 0.96
