"""The command ``mnist-nn``."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mnist_nn
from mnist_nn.cli import main
from mnist_nn.data import mnist as mnist_files


def test_verify_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
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


def test_verify_names_a_damaged_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
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
    root = Path(mnist_nn.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code, "data", "verify"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("mnist-nn: gone") and "is not there" in done.stderr
    assert done.stderr.count("\n") == 1


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["--version"])
    assert done.value.code == 0
    assert capsys.readouterr().out == f"mnist-nn {mnist_nn.__version__}\n"


@pytest.mark.parametrize("argv", [[], ["data"], ["nonsense"], ["data", "verify", "more"]])
def test_wrong_arguments_show_the_usage(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as done:
        main(argv)
    assert done.value.code == 2
    assert capsys.readouterr().err.startswith("usage: mnist-nn")


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["--help"])
    assert done.value.code == 0
    assert "the MNIST files that come with the package" in capsys.readouterr().out
