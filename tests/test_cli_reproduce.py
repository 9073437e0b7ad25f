"""``mnist-nn reproduce``."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mnist_nn.cli import main
from mnist_nn.reports import RECIPES, Claim, Recipe, Setting, Variant
from mnist_nn.reports import results as module

Capture = pytest.CaptureFixture[str]

pytestmark = pytest.mark.usefixtures("folder")

SMALL = Recipe(
    name="chang",
    title="A small report",
    authors="Nobody",
    settings=(
        Setting("learns_from", ("train", 0, 100), "section 1"),
        Setting("hidden", (5,)),
        Setting("scaling", (0, 1)),
        Setting("epochs", 1, "section 2"),
        Setting("batch_size", None),
        Setting("learning_rate", 0.1),
        Setting("measured_on", {"test digits": ("test", 0, 50)}),
    ),
    claims=(
        Claim("test accuracy", 0.5, "section 3", ("accuracy, test digits",)),
        Claim("test loss", 2.25, "section 3", ("softmax_nll, test digits",)),
    ),
    variants=(Variant("the only one"), Variant("tuned", {"epochs": 2}, tuning=True)),
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.RECIPES, "chang", SMALL)


def says(capsys: Capture, code: int, *argv: object) -> tuple[str, str]:
    """Run a command that ends with `code`; return its output and its last line on stderr."""
    try:
        assert main(["reproduce", *map(str, argv)]) == code
    except SystemExit as done:
        assert done.code == code
    output, errors = capsys.readouterr()
    assert "Traceback" not in errors
    return output, (errors.splitlines() or [""])[-1]


def test_people_get_the_settings_and_the_table(capsys: Capture, small: None) -> None:
    output, _ = says(capsys, 0, "chang", "--seeds", 3, "--jobs", 1)
    lines = output.splitlines()
    assert lines[0] == "A small report (Nobody)"
    assert f"  {'learns_from':15}{'section 1':48}train 0 to 100" in lines
    assert f"  {'batch_size':15}{'left open: our choice':48}all digits" in lines
    assert "  the only one" in lines and "  tuned" not in lines
    (accuracy,) = (line for line in lines if "accuracy, test digits" in line)
    words = accuracy.split()
    assert words[3] == "50.00" and words[5] == "%" and words[8] == "to"
    (loss,) = (line for line in lines if "softmax_nll, test digits" in line)
    assert "2.2500" in loss and "%" not in loss
    assert lines[-1].startswith("3 seeds, ") and "mnist_nn 0." in lines[-1]


def test_one_seed_has_no_spread(capsys: Capture, small: None) -> None:
    output, _ = says(capsys, 0, "chang", "--seeds", 1, "--jobs", 1)
    (accuracy,) = (line for line in output.splitlines() if "accuracy, test digits" in line)
    assert accuracy.split()[-2:] == ["–", "–"]


def test_programs_get_a_file(capsys: Capture, small: None) -> None:
    output, _ = says(capsys, 0, "chang", "--seeds", 2, "--tuning", "--jobs", 1, "--json", "a.json")
    assert output.endswith("Saved as a.json.\n")
    text = Path("a.json").read_text(encoding="utf-8")
    document = json.loads(text)
    assert document["seeds"] == [0, 1] and document["tuning"] is True
    entry = document["reports"]["chang"]
    assert entry["reported"][0]["value"] == 0.5
    assert list(entry["variants"]) == ["the only one", "tuned"]
    assert len(entry["variants"]["the only one"]["measured"]["accuracy, test digits"]) == 2
    longest = max(text.splitlines(), key=len)
    assert len(longest) < 500 and len(text.splitlines()) < 250  # numbers of a list on one line


def test_a_file_that_is_there_is_kept_unless_asked_otherwise(capsys: Capture, small: None) -> None:
    Path("a.json").write_text("mine")
    _, errors = says(capsys, 1, "chang", "--json", "a.json")
    assert errors == (
        "mnist-nn: a.json is there already; choose another name, or replace it with --force"
    )
    assert Path("a.json").read_text() == "mine"
    says(capsys, 0, "chang", "--seeds", 1, "--jobs", 1, "--json", "a.json", "--force")
    assert "chang" in json.loads(Path("a.json").read_text())["reports"]


@pytest.mark.parametrize("name", ["no/a.json", "folder"])
def test_what_cannot_be_written_is_said_before_the_training(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("mnist_nn.cli.reproduce.reproduce", lambda *_, **__: pytest.fail("trained"))
    Path("folder").mkdir()
    _, errors = says(capsys, 1, "chang", "--json", name)
    assert name in errors and errors.startswith("mnist-nn: ")
    assert sorted(path.name for path in Path().iterdir()) == ["folder"]


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["nobody"], "invalid choice: 'nobody'"),
        ([], "the following arguments are required: REPORT"),
        (["chang", "--seeds", "0"], "argument --seeds"),
        (["chang", "--jobs", "-1"], "argument --jobs"),
        (["chang", "--json"], "argument --json: expected one argument"),
    ],
)
def test_wrong_arguments(capsys: Capture, argv: list[str], sentence: str) -> None:
    _, errors = says(capsys, 2, *argv)
    assert sentence in errors


def test_help_names_every_report(capsys: Capture) -> None:
    output, _ = says(capsys, 0, "--help")
    assert all(name in output for name in RECIPES)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_ends_all_processes_at_once_and_writes_nothing(jobs: int) -> None:
    command = [sys.executable, "-m", "mnist_nn", "reproduce", "qin", "--jobs", str(jobs)]
    with subprocess.Popen(
        [*command, "--json", "a.json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        time.sleep(6)  # the trainings have begun; each takes a minute
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: all processes get it
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert errors.splitlines()[-1] == "mnist-nn: interrupted"
    assert "Traceback" not in errors
    assert not list(Path().iterdir())
    with pytest.raises(ProcessLookupError):
        for _ in range(100):  # whoever is left ends soon
            os.killpg(process.pid, 0)
            time.sleep(0.1)
