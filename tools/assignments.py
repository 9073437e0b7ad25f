"""Export the exercises for otter-grader: master notebooks, and what `otter assign` makes of them.

    python tools/assignments.py FOLDER [OTTER]

The masters are made from ``book/solutions``, the same source as the exercises of the book. OTTER is
the command; without it only the masters are written.
"""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbformat import v4

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, or imported

from tools import exercises, launch, notebooks, repository

ASSIGNMENT = """\
# ASSIGNMENT CONFIG
init_cell: true
export_cell: true
check_all_cell: true
generate: true
"""


def master(source: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return the solutions in the form that `otter assign` reads."""
    cells = [v4.new_raw_cell(ASSIGNMENT)]
    task: list[nbformat.NotebookNode] = []  # what comes before the solution of an exercise
    for cell in source.cells:
        text = cell.source
        if cell.cell_type == "markdown" and text.startswith("## "):
            task = [v4.new_markdown_cell(text)]
        elif "solution" in cell.metadata.get("tags", []):
            name = next(n.name for n in ast.parse(text).body if isinstance(n, ast.FunctionDef))
            question, *rest = task
            cells += [
                v4.new_raw_cell(f"# BEGIN QUESTION\nname: {name}\npoints: 1"),
                question,
                *rest,
                v4.new_raw_cell("# BEGIN SOLUTION"),
                v4.new_code_cell(marked(text)),
                v4.new_raw_cell("# END SOLUTION"),
            ]
        elif text.startswith("check("):
            test = f"report = {text}\nassert report.passed, report"
            cells += [
                v4.new_raw_cell("# BEGIN TESTS"),
                v4.new_code_cell(test),
                v4.new_raw_cell("# END TESTS"),
                v4.new_raw_cell("# END QUESTION"),
            ]
            task = []
        elif task:
            task.append(v4.new_code_cell(text))
        elif cell.cell_type == "code":
            cells.append(v4.new_code_cell(text))
        else:
            cells.append(v4.new_markdown_cell(text))
    found = v4.new_notebook(cells=cells)
    found.metadata["kernelspec"] = notebooks.KERNELSPEC
    return found


def marked(source: str) -> str:
    """Return a cell with the bodies of its functions marked as the solution."""
    lines = source.splitlines()
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.FunctionDef):
            lines.insert(node.end_lineno or 0, "    # END SOLUTION")
            lines.insert(node.body[0].end_lineno or 0, "    # BEGIN SOLUTION")
    return "\n".join(lines)


def handed_out(otter: list[str], target: Path, folder: Path) -> str:
    """Let otter make an assignment and grade it, untouched and solved; return what came of it.

    Raises
    ------
    RuntimeError
        If a command fails, an untouched notebook gets a point, or a solved one not all.
    """
    _call([*otter, "assign", "--no-pdfs", str(target), str(folder)])
    (graded_by,) = (folder / "autograder").glob("*.zip")
    points = {}
    for kind in ("student", "autograder"):
        with TemporaryDirectory() as results:
            notebook = str(folder / kind / target.name)
            _call([*otter, "run", "-a", str(graded_by), "-o", results, notebook])
            tests = json.loads(Path(results, "results.json").read_text(encoding="utf-8"))["tests"]
        points[kind] = [test["score"] for test in tests if "score" in test]
    if any(points["student"]) or set(points["autograder"]) != {1}:
        raise RuntimeError(f"{target.name}: {points}")
    count = len(points["autograder"])
    return f"{count} questions; untouched 0 points, solved {count}"


def _call(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")


def main() -> None:
    """Write the masters and, with OTTER, the assignments."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    url = repository.address(os.environ, repository.remote())
    for path in sorted(exercises.SOLUTIONS.glob("[0-9]*.ipynb")):
        target = folder / path.name
        nbformat.write(master(notebooks.load(path)), target)
        if url:
            launch.insert(target, launch.cell(url, repository.commit()))
        if sys.argv[2:]:
            print(f"{path.stem}:", handed_out(sys.argv[2:], target, folder / path.stem), flush=True)


if __name__ == "__main__":
    main()
