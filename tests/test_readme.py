"""The README does what it says: its Python runs, its commands exist."""

import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from mnist_nn import load_mnist

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
PYTHON = [body for language, body in BLOCKS if language == "python"]
COMMANDS = [
    line.removeprefix("$ ").partition("  #")[0].strip()
    for language, body in BLOCKS
    if language in {"bash", "console", "sh"}
    for line in body.splitlines()
    if line.strip() and (language != "console" or line.startswith("$ "))
]
# Run elsewhere in the tests, or needing what a test has not: a network, a browser, a clone.
KNOWN = {
    "git clone",
    "cd",
    "source .venv/bin/activate",
    "python -m venv .venv",
    "python3 -m venv .venv",
    "pip install -r requirements.txt",
    "jupyter-book build . -W -n --keep-going",
    "jupyter lab",
    "pytest",
    "pytest -n 2",
}


def test_there_is_something_to_run() -> None:
    assert PYTHON
    assert COMMANDS


def test_python_blocks_run_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    """All in one namespace; a text block that follows a Python block is its output."""
    namespace: dict[str, object] = {"__name__": "readme"}
    outputs = []
    for body in PYTHON:
        exec(compile(body, "README.md", "exec"), namespace)
        outputs.append(capsys.readouterr().out)
    for (first, body), (second, shown) in pairwise(BLOCKS):
        if (first, second) == ("python", "text"):
            assert outputs[PYTHON.index(body)] == shown


def test_the_command_line_works_in_this_order(tmp_path: Path) -> None:
    seven = next(d for d, y in zip(*vars(load_mnist().test).values(), strict=True) if y == 7)
    Image.fromarray(255 - seven).resize((280, 280)).save(tmp_path / "my-seven.png")
    commands = [shlex.split(c)[1:] for c in COMMANDS if c.startswith("mnist-nn ")]
    assert commands
    for words in commands:
        run = [sys.executable, "-m", "mnist_nn", *words]
        done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        if words[0] == "predict":
            assert done.stdout.startswith("my-seven.png: 7 ")


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_exist(command: str) -> None:
    words = shlex.split(command)
    if words[0] == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        targets = re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE)
        named = [word for word in words[1:] if "=" not in word]
        assert named
        assert set(named) <= set(targets)
    elif words[0] == "mnist-nn":
        pass  # run below
    elif words[0] == "python" and len(words) > 1 and words[1].startswith("tools/"):
        assert (ROOT / words[1]).is_file()
    else:
        known = command in KNOWN or words[0] in KNOWN or " ".join(words[:2]) in KNOWN
        assert known, "run this command in a test, or say in KNOWN why not"
