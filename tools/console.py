"""Run the commands that a page shows, and write what they print below them.

    python tools/console.py [PAGE]

A block of the language ``console`` starts with ``$ mnist-nn …``; the rest of it is the output. The
commands run in order in an empty folder, with a picture of a digit in it. A line ``^C`` interrupts
the command once it has printed the first two words of the line before, such as ``epoch 2``. The
tests run the same and compare all but the numbers, which differ by machine.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
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
            before, interrupted, _ = shown.partition("^C\n")
            last = " ".join(before.splitlines()[-1].split()[:2]) if interrupted else None
            with subprocess.Popen(
                [sys.executable, "-m", "mnist_nn", *shlex.split(command)[1:]],
                cwd=folder,
                env=os.environ | {"COLUMNS": "80", "PYTHONIOENCODING": "utf-8"},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            ) as process:
                assert process.stdout is not None and process.stderr is not None
                lines = []
                for line in process.stdout:
                    lines.append(f"{line.rstrip()}\n")
                    if last and line.startswith(f"{last} "):
                        process.send_signal(signal.SIGINT)
                        lines.append(interrupted)
                errors = process.stderr.read()  # a few lines: no pipe is full of them
            if process.returncode != (130 if interrupted else 0):
                raise ValueError(f"{command} failed: {errors}")
            return f"```console\n$ {command}\n{''.join(lines)}```"

        return BLOCK.sub(run, page)


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    path.write_text(with_fresh_outputs(path.read_text(encoding="utf-8")), encoding="utf-8")
