"""The commands `mnist-nn zoo` and `mnist-nn grade`, and the process that grades."""

import csv
import json
import re
import sys

import pytest

from mnist_nn.cli import main
from mnist_nn.exercises.grade import Grade, grade, table
from tools import notebooks

SOLVED = notebooks.BOOK / "solutions" / "04-softmax.ipynb"
STUDENT = notebooks.BOOK / "exercises" / "04-softmax.ipynb"


def notebook(path, *sources):
    """Write a notebook of these code cells."""
    cells = [{"cell_type": "code", "source": source, "metadata": {}} for source in sources]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))
    return path


@pytest.fixture
def submitted(tmp_path):
    folder = tmp_path / "submitted"
    folder.mkdir()
    (folder / "ada.ipynb").write_bytes(SOLVED.read_bytes())
    (folder / "bob.ipynb").write_bytes(STUDENT.read_bytes())
    imports = "import numpy as np\n%matplotlib inline"
    over_all = "def softmax(Z):\n    E = np.exp(Z - Z.max())\n    return E / E.sum()"
    notebook(folder / "cyd.ipynb", imports, over_all, "def relu(Z):\n    return np.cos(Z) + 0.3")
    notebook(folder / "dan.ipynb", "from mnist_nn.functional import softmax")
    notebook(folder / "eve.ipynb", "def softmax(Z):\n    return (")
    (folder / "fay.ipynb").write_text("no notebook")
    return folder


def test_a_folder_is_graded(submitted, tmp_path, capsys):
    file = tmp_path / "grades.csv"
    assert main(["grade", str(submitted), "--csv", str(file)]) == 0
    assert "6 notebooks graded" in capsys.readouterr().out
    with file.open(newline="") as lines:
        rows = {row["notebook"]: row for row in csv.DictReader(lines)}
    assert list(rows) == [f"{name}.ipynb" for name in ("ada", "bob", "cyd", "dan", "eve", "fay")]
    ada, bob, cyd, dan, eve, fay = rows.values()
    assert ada["right"] == "4" and ada["softmax"] == "1" and ada["note"] == ""
    assert bob["right"] == "0" and bob["softmax"] == ""
    assert cyd["softmax"] == cyd["relu"] == "0"
    assert cyd["mistakes"] == "softmax: one sum for all rows; relu: not known"
    assert dan["softmax"] == ""  # not the student's own
    assert re.match(r"cell 1: SyntaxError", eve["note"])
    assert "could not be graded" in fay["note"] and "expected an .ipynb file" in fay["note"]


def test_grades_go_to_the_screen_or_to_a_program(submitted, capsys):
    one = str(submitted / "cyd.ipynb")
    assert main(["grade", one]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].startswith("notebook,softmax,relu,right")
    assert main(["grade", one, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["grades"]
    assert found["right"] == {"softmax": False, "relu": False}


def test_a_file_that_is_there_is_kept(submitted, tmp_path, capsys):
    file = tmp_path / "grades.csv"
    file.write_text("mine")
    assert main(["grade", str(submitted), "--csv", str(file)]) == 1
    assert "--force" in capsys.readouterr().err
    assert file.read_text() == "mine"


def test_what_is_not_there_is_said(tmp_path, capsys):
    assert main(["grade", str(tmp_path / "none")]) == 1
    assert "does not exist" in capsys.readouterr().err
    assert main(["grade", str(tmp_path)]) == 1
    assert "holds no notebook" in capsys.readouterr().err


def test_time_is_limited(tmp_path):
    path = notebook(tmp_path / "slow.ipynb", "import time\ndef f(x=time.sleep(60)):\n    ...")
    assert grade(path, seconds=3).note == "ended after 3 seconds"


@pytest.mark.skipif(sys.platform == "win32", reason="memory is not limited on Windows")
def test_memory_is_limited(tmp_path):
    path = notebook(
        tmp_path / "large.ipynb",
        "import numpy as np\nx = np.ones(10**9)",
        "def softmax(Z):\n    return Z",
    )
    found = grade(path, megabytes=1500)
    assert "MemoryError" in found.note
    assert found.right == {"softmax": False}


def test_a_process_that_ends_itself_is_noted(tmp_path):
    path = notebook(tmp_path / "gone.ipynb", "import os\ndef f(x=os._exit(3)):\n    ...")
    assert "could not be graded" in grade(path).note


def test_a_table_has_the_exercises_that_were_answered():
    lines = table(
        [
            Grade("a", {"relu": True, "softmax": False}, {"softmax": ""}, ""),
            Grade("b", {}, {}, "why"),
        ]
    )
    assert lines == [
        ["notebook", "softmax", "relu", "right", "mistakes", "note"],
        ["a", "0", "1", "1", "softmax: not known", ""],
        ["b", "", "", "0", "", "why"],
    ]


def test_the_zoo_prints_its_counts(capsys):
    assert main(["zoo"]) == 0
    counts = dict(re.findall(r"([a-z ]+): (\d+)", capsys.readouterr().out.replace(", ", ",")))
    assert counts["wrong answers"] == counts["caught"] == counts["named correctly"]
    assert counts["right answers"] == counts["accepted"]
    assert main(["zoo", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["problems"] == []
