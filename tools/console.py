"""Run the commands that a page shows, and write what they print below them.

    python tools/console.py [PAGE]

A block of the language ``console`` starts with ``$ mnist-nn …``; the rest of it is the output. The
commands run in order in an empty folder, with a picture of a digit in it. A block with ``^C`` shows
what a person does, and is left as it is. The tests run the same and compare all but the numbers,
which differ by machine.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from mnist_nn import load_mnist

PAGE = Path(__file__).resolve().parent.parent / "book" / "command-line.md"
BLOCK = re.compile(r"^```console\n\$ (mnist-nn .*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def with_fresh_outputs(page: str) -> str:
    """Return the text of a page with what its commands print now.

    Raises
    ------
    ValueError
        If a command fails.
    """
    with TemporaryDirectory() as folder:
        seven = load_mnist().test.images[0]  # (28, 28), a 7
        ink_on_paper = Image.fromarray(255 - seven).resize((280, 280))
        ink_on_paper.save(Path(folder) / "my-digit.png")

        def run(block: re.Match[str]) -> str:
            command, shown = block.groups()
            if "^C" in shown:
                return block[0]
            done = subprocess.run(
                [sys.executable, "-m", "mnist_nn", *shlex.split(command)[1:]],
                cwd=folder,
                env=os.environ | {"COLUMNS": "80", "PYTHONIOENCODING": "utf-8"},
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            if done.returncode:
                raise ValueError(f"{command} failed: {done.stderr}")
            lines = "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())
            return f"```console\n$ {command}\n{lines}```"

        return BLOCK.sub(run, page)


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    path.write_text(with_fresh_outputs(path.read_text(encoding="utf-8")), encoding="utf-8")
