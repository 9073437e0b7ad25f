"""The command ``mnist-nn``: what all commands share, and `data`, `evaluate` and `predict`."""

import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mnist_nn as nn
from mnist_nn.checkpoint import save_model
from mnist_nn.cli import main
from mnist_nn.data import mnist as mnist_files
from mnist_nn.metrics import binomial_interval

ROOT = Path(nn.__file__).parents[1]
Capture = pytest.CaptureFixture[str]


def run(*argv: object, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "mnist_nn", *map(str, argv)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(ROOT)} | env,
        check=False,
    )


def answer(capsys: Capture, *argv: object) -> dict[str, Any]:
    """Run the command here with --json and return its document, the only thing on stdout."""
    assert main([*map(str, argv), "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def wrong(capsys: Capture, *argv: object) -> str:
    """Run the command here with wrong arguments; return what it says about them."""
    with pytest.raises(SystemExit) as done:
        main([*map(str, argv)])
    assert done.value.code == 2
    output, errors = capsys.readouterr()
    assert output == "" and errors.startswith("usage: mnist-nn")
    return errors.splitlines()[-1].partition(" error: ")[2]


def failed(capsys: Capture, *argv: object) -> str:
    """Run the command here; return the one sentence that says why it failed."""
    assert main([*map(str, argv)]) == 1
    output, errors = capsys.readouterr()
    assert errors.startswith("mnist-nn: ") and errors.count("\n") == 1
    assert "Traceback" not in output + errors
    return errors.removeprefix("mnist-nn: ")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.json"
    save_model(nn.MLP((784, 10), rng=np.random.default_rng(3)), path)
    return path


# ---------------------------------------------------------------- all commands


def test_version(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as done:
        main(["--version"])
    assert done.value.code == 0
    assert capsys.readouterr().out == f"mnist-nn {nn.__version__}\n"


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["data"],
        ["nonsense"],
        ["data", "verify", "more"],
        [
            "train",
            "--hid",
            "5",
        ],  # options are not abbreviated: a new one would change their meaning
        ["evaluate"],
        ["predict"],
        ["evaluate", "model.npz", "--first", "1", "--last", "1"],
    ],
)
def test_wrong_arguments_show_the_usage(argv: list[str], capsys: Capture) -> None:
    wrong(capsys, *argv)


def test_help_says_what_there_is(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as done:
        main(["--help"])
    assert done.value.code == 0
    output = capsys.readouterr().out
    for word in ("train", "evaluate", "predict", "search", "runs", "data", "130  interrupted"):
        assert word in output
    assert output.count("\n  mnist-nn ") == 3  # examples


@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "search", "runs", "data"])
def test_help_fits_a_narrow_terminal(
    command: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    with pytest.raises(SystemExit):
        main([command, "--help"])
    options = capsys.readouterr().out.partition("\nexamples:")[0]
    assert max(map(len, options.splitlines())) <= 60


def test_a_terminal_without_greek_gets_words() -> None:
    done = run("train", "--help", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.isascii()
    text = " ".join(done.stdout.split())
    assert "eta, the length of a step theta <- theta - eta dL/dtheta (default: 0.2)" in text


def test_help_loads_nothing_slow() -> None:
    code = (
        "import sys; from mnist_nn.cli import main\n"
        "try: main(['train', '--help'])\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert not loaded & {"matplotlib", "PIL", "scipy", "sklearn", "threadpoolctl", "tqdm"}


def test_a_closed_pipe_is_no_error(model: Path, digits: Path) -> None:
    command = f"{sys.executable} -m mnist_nn"
    for words in (f"evaluate {model} --data {digits}", "--help"):
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", f"{command} {words} | head -n 0"],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_an_interrupt_elsewhere_is_one_word(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, model: Path
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mnist_nn.cli.sources.load", interrupt)
    assert main(["evaluate", str(model)]) == 130
    assert capsys.readouterr() == ("", "mnist-nn: interrupted\n")


def test_too_little_memory_is_said(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fill(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("mnist_nn.cli.options.network", fill)
    assert "not enough memory" in failed(capsys, "train", "--save", tmp_path / "never.npz")


# ---------------------------------------------------------------- data


def test_verify_prints_a_table(capsys: Capture) -> None:
    assert main(["data", "verify"]) == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    assert output.splitlines() == [
        "file                      shape             SHA-256",
        "train-images-idx3-ubyte   (60000, 28, 28)   ok",
        "train-labels-idx1-ubyte   (60000,)          ok",
        "t10k-images-idx3-ubyte    (10000, 28, 28)   ok",
        "t10k-labels-idx1-ubyte    (10000,)          ok",
    ]


def test_verify_answers_a_program(capsys: Capture) -> None:
    files = answer(capsys, "data", "verify")["files"]
    assert files[1]["shape"] == [60000]
    assert {file["file"]: file["sha256"] for file in files} == mnist_files.SHA256


def test_verify_names_a_damaged_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    for file in mnist_files.FOLDER.glob("*.gz"):
        shutil.copy(file, tmp_path)
    broken = tmp_path / "train-labels-idx1-ubyte.gz"
    broken.write_bytes(b"not an IDX file")
    monkeypatch.setattr(mnist_files, "FOLDER", tmp_path)
    assert main(["data", "verify"]) == 1
    output, errors = capsys.readouterr()
    assert errors.startswith(f"mnist-nn: {broken} is not an IDX file")
    assert errors.count("\n") == 1 and errors.endswith("\n")
    assert "train-labels" not in output and "Traceback" not in output + errors


def test_exit_code_of_the_process() -> None:
    # As a console script runs it, with a folder that is not there.
    code = (
        "import sys, pathlib, mnist_nn.data.mnist as m\n"
        "from mnist_nn.cli import main\n"
        "m.FOLDER = pathlib.Path('gone')\n"
        "sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "data", "verify"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("mnist-nn: gone") and "is not there" in done.stderr
    assert done.stderr.count("\n") == 1


def test_python_runs_the_package() -> None:
    assert run("--version").stdout == f"mnist-nn {nn.__version__}\n"


# ---------------------------------------------------------------- evaluate


def test_evaluate_measures_what_the_package_measures(
    capsys: Capture, model: Path, digits: Path
) -> None:
    document = answer(capsys, "evaluate", model, "--data", digits)
    network = nn.MLP((784, 10), rng=np.random.default_rng(3))
    test = nn.load_mnist().test[:100]
    loss, accuracy = nn.evaluate(network, test)
    assert document["accuracy"] == accuracy and document["digits"] == 100
    assert document["loss"] == pytest.approx(loss, rel=1e-6)
    assert (document["low"], document["high"]) == binomial_interval(document["right"], 100)
    C = nn.metrics.confusion_matrix(test.labels, network.predict(test.scaled()))
    assert document["confusion"] == C.tolist()
    assert [row["digits"] for row in document["per_digit"]] == C.sum(axis=1).tolist()
    assert sum(row["errors"] for row in document["per_digit"]) == 100 - document["right"]


def test_evaluate_runs_the_network_once_on_one_thread(
    capsys: Capture, model: Path, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from threadpoolctl import ThreadpoolController

    original, seen = nn.MLP.forward, []
    blas = ThreadpoolController().select(user_api="blas")

    def forward(self: nn.MLP, X: Any, *args: Any, **out: Any) -> Any:
        seen.append((len(X), *(library["num_threads"] for library in blas.info())))
        return original(self, X, *args, **out)

    monkeypatch.setattr(nn.MLP, "forward", forward)
    with blas.limit(limits=2):
        answer(capsys, "evaluate", model, "--data", digits)
    assert [rows for rows, *_ in seen] == [100]
    assert {n for _, *threads in seen for n in threads} == {1}


def test_evaluate_draws_tables(capsys: Capture, model: Path, digits: Path) -> None:
    assert main(["evaluate", str(model), "--data", str(digits), "--first", "5"]) == 0
    output, errors = capsys.readouterr()
    assert errors == "" and output.isascii()
    lines = output.splitlines()
    assert lines[0].startswith("accuracy: ") and "of 5 right" in lines[0]
    assert lines[2].split() == ["digit", "errors", "of", "rate"]
    assert len(lines) == 26 and max(map(len, lines[1:])) <= 60
    assert "-" in lines[6]  # no threes among the first five


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        (["--part", "train"], slice(0, 400)),
        (["--part", "all"], slice(0, 500)),
        (["--part", "train", "--last", "30"], slice(370, 400)),
        (["--part", "test", "--first", "30"], slice(400, 430)),
    ],
)
def test_evaluate_takes_a_part(
    capsys: Capture, model: Path, digits: Path, options: list[str], rows: slice
) -> None:
    with np.load(digits) as file:
        labels = np.concatenate([file["y_train"], file["y_test"]])[rows]
    document = answer(capsys, "evaluate", model, "--data", digits, *options)
    counts = [row["digits"] for row in document["per_digit"]]
    assert counts == np.bincount(labels, minlength=10).tolist()


def test_digits_from_other_files(
    capsys: Capture, model: Path, digits: Path, tmp_path: Path
) -> None:
    from mnist_nn.data import MNIST
    from mnist_nn.data.csvfile import write_csv
    from mnist_nn.data.sqlite import write_sqlite

    train, test = nn.load_mnist()
    parts = MNIST(train[:40], test[:10])
    write_csv(parts.test, tmp_path / "ten.csv")
    write_sqlite(parts, tmp_path / "both.sqlite")
    write_sqlite(parts.test, tmp_path / "ten.db")
    expected = answer(capsys, "evaluate", model, "--first", 10)
    assert expected["data"] is None
    for name in ("ten.csv", "both.sqlite", "ten.db"):
        document = answer(capsys, "evaluate", model, "--data", tmp_path / name)
        assert document | {"data": None} == expected
    document = answer(capsys, "evaluate", model, "--data", mnist_files.FOLDER, "--first", 10)
    assert document | {"data": None} == expected
    message = wrong(capsys, "evaluate", model, "--data", tmp_path / "ten.csv", "--part", "test")
    assert message.startswith("argument --part: ")
    assert wrong(capsys, "evaluate", model, "--last", 10001).startswith("argument --last: there")


def test_parts_of_a_database(capsys: Capture, model: Path, tmp_path: Path) -> None:
    from contextlib import closing

    from mnist_nn.data.sqlite import write_sqlite

    path = tmp_path / "digits.sqlite"
    write_sqlite(nn.load_mnist().test[:6], path)

    def mark(**rows: int) -> None:
        with closing(sqlite3.connect(path)) as database, database:
            for part, row in rows.items():
                database.execute("UPDATE digits SET part = ? WHERE id = ?", (part, row))

    assert answer(capsys, "evaluate", model, "--data", path)["digits"] == 6
    mark(train=1, other=2)
    message = failed(capsys, "evaluate", model, "--data", path)
    assert f"{path} has the parts 'other', 'train'; expected both 'train' and 'test'" in message
    mark(test=2)
    assert answer(capsys, "evaluate", model, "--data", path)["digits"] == 1
    assert answer(capsys, "evaluate", model, "--data", path, "--part", "all")["digits"] == 2
    plain = tmp_path / "plain.db"
    with closing(sqlite3.connect(plain)) as database, database:
        database.execute("CREATE TABLE digits (label INTEGER, image BLOB)")  # and no part
        database.execute("INSERT INTO digits VALUES (5, zeroblob(784))")
    assert answer(capsys, "evaluate", model, "--data", plain)["digits"] == 1
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE digits SET label = 11 WHERE id = 1")
    assert "row 1: the label is 11" in failed(capsys, "evaluate", model, "--data", path)


@pytest.mark.parametrize("name", ["gone.npz", "gone", "gone.csv", "gone.sqlite", "digits.txt"])
def test_digits_that_are_not_there(capsys: Capture, model: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "digits.txt").write_text("5")
    message = failed(capsys, "evaluate", model, "--data", tmp_path / name)
    assert str(tmp_path / name) in message


@pytest.mark.parametrize("name", ["gone.npz", "broken.npz", "broken.json", "model.txt"])
def test_models_that_are_none(capsys: Capture, tmp_path: Path, name: str) -> None:
    for broken in ("broken.npz", "broken.json", "model.txt"):
        (tmp_path / broken).write_bytes(b"PK no model")
    for command in (["evaluate"], ["predict", "five.png", "--model"], ["train", "--from"]):
        assert name in failed(capsys, *command, tmp_path / name)


# ---------------------------------------------------------------- predict


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    from PIL import Image

    seven = nn.load_mnist().test.images[0]
    path = tmp_path / "seven.png"
    Image.fromarray(255 - np.kron(seven, np.ones((5, 5), np.uint8))).save(path)
    return path


def test_predict_says_what_the_network_says(capsys: Capture, model: Path, picture: Path) -> None:
    from mnist_nn.data.picture import read_picture

    network = nn.MLP((784, 10), rng=np.random.default_rng(3))
    image = read_picture(picture)
    p = network.predict_proba(nn.Scaling()(image.reshape(1, -1)))[0]
    document = answer(capsys, "predict", picture, picture, "--model", model)
    assert document["model"] == str(model) and len(document["pictures"]) == 2
    found = document["pictures"][0]
    assert found["picture"] == str(picture)
    assert found["probabilities"] == p.tolist()
    first, second = np.argsort(-p)[:2]
    assert (found["digit"], found["second"]) == (first, second)
    assert found["probability"] == p[first] and found["second_probability"] == p[second]


def test_predict_draws_what_the_network_sees(capsys: Capture, model: Path, picture: Path) -> None:
    assert main(["predict", str(picture), "--model", str(model), "--show"]) == 0
    first, *drawn = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{picture}: ") and ", or else " in first
    assert len(drawn) == 28 and max(map(len, drawn)) <= 56
    assert drawn[0] == "" and any("@@@@" in line for line in drawn)


def test_predict_refuses_what_is_no_picture(
    capsys: Capture, model: Path, picture: Path, tmp_path: Path
) -> None:
    assert "gone.png" in failed(capsys, "predict", tmp_path / "gone.png", "--model", model)
    assert str(model) in failed(capsys, "predict", model, "--model", model)
    other = tmp_path / "other.npz"
    save_model(nn.MLP((2, 2), rng=np.random.default_rng(0)), other)
    assert "2 numbers" in failed(capsys, "predict", picture, "--model", other)
    assert "2" in failed(capsys, "evaluate", other)


def test_a_bad_picture_does_not_lose_the_others(
    capsys: Capture, model: Path, picture: Path, tmp_path: Path
) -> None:
    blank, gone = tmp_path / "blank.png", tmp_path / "gone.png"
    from PIL import Image

    Image.new("L", (40, 40), 255).save(blank)
    words = ["predict", str(gone), str(picture), str(blank), str(picture), "--model", str(model)]
    assert main(words) == 1
    output, errors = capsys.readouterr()
    assert [line.split(":")[0] for line in output.splitlines()] == [str(picture)] * 2
    first, second = errors.splitlines()
    assert first.startswith("mnist-nn: ") and str(gone) in first and "no ink" in second
    assert main([*words, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["pictures"]
    assert [set(entry) == {"picture", "error"} for entry in found] == [True, False, True, False]
    assert found[2]["picture"] == str(blank) and "no ink" in found[2]["error"]
    assert found[1] == found[3] and found[1]["picture"] == str(picture)


# ---------------------------------------------------------------- the page


def test_the_commands_of_the_page_are_understood() -> None:
    from mnist_nn.cli import _parser

    page = (ROOT / "book" / "command-line.md").read_text(encoding="utf-8")
    commands = re.findall(r"^(?:\$|  )? ?(mnist-nn .*)$", page, flags=re.MULTILINE)
    assert len(commands) >= 8
    for command in commands:
        _parser().parse_args(shlex.split(command)[1:])
