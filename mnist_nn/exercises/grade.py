"""Grade notebooks with the checks, each in a process of its own.

Only imports, functions and assignments of plain values are run. What they do cannot reach the
process that grades, and time and memory are limited; they can still read and write files. Grade the
work of people you do not know in a container.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..checks import positive_integer
from ..files import check_path


class Grade(NamedTuple):
    """What came of one notebook.

    Attributes
    ----------
    notebook : str
        Its file.
    right : dict
        By exercise, whether the answer is right; exercises without an answer are left out.
    mistakes : dict
        By exercise, the mistake that a wrong answer looks like; empty if none is known.
    note : str
        What kept the notebook from being graded, or which of its cells ended in an error.
    """

    notebook: str
    right: dict[str, bool]
    mistakes: dict[str, str]
    note: str


def grade(path: Path, seconds: int = 120, megabytes: int = 2000) -> Grade:
    """Run a notebook in a process of its own, and check the functions that it defines.

    Parameters
    ----------
    path
        The notebook.
    seconds
        After which the process is ended.
    megabytes
        Of memory that it may ask for (not limited on Windows).

    Returns
    -------
    Grade
        Also where the notebook cannot be read or run: its note then says why.

    Raises
    ------
    TypeError
        If a number is not an integer, or `path` not a path.
    ValueError
        If a number is not positive.
    """
    path = check_path(path)
    seconds, megabytes = positive_integer("seconds", seconds), positive_integer("MB", megabytes)
    environment = os.environ | {"MPLBACKEND": "Agg", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", __name__, str(path.resolve()), str(megabytes)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        return Grade(path.name, {}, {}, f"ended after {seconds} seconds")
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        last = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        return Grade(path.name, {}, {}, f"could not be graded: {last}")
    return Grade(path.name, **json.loads(lines[-1]))


def table(grades: Sequence[Grade]) -> list[list[str]]:
    """Return grades as the lines of a table: 1 right, 0 wrong, empty without an answer.

    Raises
    ------
    TypeError
        If `grades` are something else.
    """
    if not all(isinstance(one, Grade) for one in grades):
        raise TypeError(f"grades is {grades!r}; expected a list of Grade")
    from .catalogue import EXERCISES

    asked = [name for name in EXERCISES if any(name in one.right for one in grades)]
    lines = [["notebook", *asked, "right", "mistakes", "note"]]
    for one in grades:
        marks = [str(int(one.right[name])) if name in one.right else "" for name in asked]
        named = "; ".join(f"{k}: {v or 'not known'}" for k, v in one.mistakes.items())
        lines.append([one.notebook, *marks, str(sum(one.right.values())), named, one.note])
    return lines


def _main(path: str, megabytes: int) -> None:
    """Grade one notebook and print what came of it as JSON."""
    try:
        import resource
    except ImportError:  # Windows
        pass
    else:
        size = megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    from contextlib import redirect_stdout
    from io import StringIO

    from .answers import cells, definitions, own_answers
    from .catalogue import EXERCISES
    from .judge import judge

    file = Path(path)
    right, mistakes = {}, {}
    with redirect_stdout(StringIO()):
        space, note = definitions(cells(file.read_text(encoding="utf-8")), file.name)
        for name, answer in own_answers(space).items():
            verdict = judge(EXERCISES[name], answer)
            right[name] = verdict.passed
            if not verdict.passed:
                mistakes[name] = verdict.mistake
    print(json.dumps({"right": right, "mistakes": mistakes, "note": note}))


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
