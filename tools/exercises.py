"""Make the student notebooks of book/exercises from the solutions, and the pages of mistakes.

    python tools/exercises.py    write what differs, and run the new notebooks

In ``book/solutions`` a cell tagged ``solution`` holds a function. The student's notebook has its
head and docstring, and three dots for the rest; hints and solution are folded below the check. A
cell is never written twice by hand: what stands in both notebooks stands in the solutions only.
"""

import ast
import inspect
import re
import sys
import textwrap
from pathlib import Path

import nbformat
from nbformat import v4

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file, or imported

from mnist_nn.exercises import EXERCISES, Exercise
from mnist_nn.exercises.catalogue import CHAPTERS
from mnist_nn.exercises.judge import judge
from tools import notebooks

BOOK = notebooks.BOOK
SOLUTIONS, STUDENTS = BOOK / "solutions", BOOK / "exercises"
MISTAKES = BOOK / "mistakes"  # a page for each chapter
LEVELS = {1: "warm-up", 2: "ordinary", 3: "challenging"}

HOW = """\
Write your functions in the cells that end in three dots, and run the check below each. To do that
the notebook needs a kernel: download it and open it in Jupyter, or use the buttons at the top of
the page, where it has them."""
END = """\
## Keep what you have written

The next cell shows what is done, the last one saves your answers as a Python file. On Binder and
Colab do not forget to download it: they forget."""
MISTAKES_HEAD = """\
# Mistakes: {title}

The exercises are in {{doc}}`../exercises/{name}`. Do them first: whoever has read what is wrong has
half of what is right. {{doc}}`../mistakes` says what this page is for. In the code `np` is NumPy,
and `F` is {{py:mod}}`mnist_nn.functional`; `math`, `struct` and `json` are Python's own.
"""


def student(source: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    """Return the student's notebook, without outputs.

    Parameters
    ----------
    source
        The solutions.
    name
        The file's stem, such as "04-softmax".
    """
    cells = []
    exercise, solution = None, ""
    to_write = any("solution" in cell.metadata.get("tags", []) for cell in source.cells)
    for cell in source.cells:
        text = cell.source
        if cell.cell_type == "markdown":
            if text.startswith("# ") and to_write:
                text += f"\n\n{HOW}"
            elif to_write and (match := re.match(r"## (.*)\n", text)):
                exercise = next(e for e in EXERCISES.values() if e.title == match[1])
                line = f"*{LEVELS[exercise.level].capitalize()}, {exercise.minutes} minutes.*"
                text = text.replace("\n\n", f"\n\n{line}\n\n", 1)
            cells.append(v4.new_markdown_cell(text))
        elif "solution" in cell.metadata.get("tags", []):
            solution = text
            cells.append(v4.new_code_cell(stub(text)))
        elif "from mnist_nn.exercises import" in text:
            cells.append(v4.new_code_cell(text.replace("hint", "hint, progress, save")))
        else:  # what is asserted holds for the solutions
            cells.append(v4.new_code_cell(re.sub(r"(?m)^assert .*\n", "", text)))
            if text.startswith("check(") and exercise:
                cells.append(v4.new_markdown_cell(folded(exercise, solution)))
    if to_write:
        cells.append(v4.new_markdown_cell(END))
        save = f'save("answers-{name}.py")'
        cells += [v4.new_code_cell("progress()"), v4.new_code_cell(save)]
    found = v4.new_notebook(cells=cells)
    notebooks.normalise(found)
    return found


def stub(source: str) -> str:
    """Return a cell with the heads and docstrings of its functions, and dots for the rest."""
    lines = source.splitlines()
    kept, after = [], 0
    for node in ast.parse(source).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        docstring = node.body[0]
        kept += [*lines[after : docstring.end_lineno], "    ..."]
        after = node.end_lineno or 0
    return "\n".join(kept + lines[after:])


def folded(exercise: Exercise, solution: str) -> str:
    """Return hints and solution as Markdown that opens on a click, in Jupyter and on the site."""
    parts = [(f"Hint {n}", escaped(text)) for n, text in enumerate(exercise.hints, start=1)]
    parts.append(("Solution", f"```python\n{solution}\n```"))
    return "\n\n".join(
        f"<details><summary>{title}</summary>\n\n{text}\n\n</details>" for title, text in parts
    )


def escaped(text: str) -> str:
    """Return plain text as Markdown that shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]<>$|])", r"\\\1", text)


def mistakes(chapter: int, title: str) -> str:
    """Return the page of the wrong answers of a chapter."""
    parts = [MISTAKES_HEAD.format(title=title, name=CHAPTERS[chapter])]
    for exercise in EXERCISES.values():
        if exercise.chapter != chapter:
            continue
        parts.append(f"## {exercise.title}\n")
        for wrong in exercise.wrongs:
            verdict = judge(exercise, wrong.answer)
            difference = verdict.difference
            if verdict.failed is None or difference is None:
                raise SystemExit(f"{exercise.name}: the wrong answer {wrong.name!r} passes.")
            why = f"{difference.where}: {difference.why}" if difference.where else difference.why
            name = wrong.name[0].upper() + wrong.name[1:]
            again = f" Read again: {{eq}}`{wrong.equation}`." if wrong.equation else ""
            parts.append(
                f"**{name}.** {escaped(wrong.hint)}{again}\n\n"
                f"```python\n{body(wrong.answer, exercise.name)}\n```\n\n"
                f"It fails at: {escaped(verdict.failed.words)}. There, {escaped(why)}.\n"
            )
    return "\n".join(parts)


def pages() -> dict[Path, str]:
    """Return the texts of the pages of mistakes."""
    found = {}
    for chapter, name in CHAPTERS.items():
        first = notebooks.load(SOLUTIONS / f"{name}.ipynb").cells[0].source
        title = first.partition("\n")[0].removeprefix("# Exercises: ")
        found[MISTAKES / f"{name}.md"] = mistakes(chapter, title)
    return found


def body(answer: object, name: str) -> str:
    """Return the source of an answer as a learner has it: without decorator and docstring."""
    source = textwrap.dedent(inspect.getsource(answer))  # type: ignore[arg-type]
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.FunctionDef)
    lines = source.splitlines()
    first = node.body[1] if ast.get_docstring(node) else node.body[0]
    head = "\n".join(lines[node.lineno - 1 : node.body[0].lineno - 1])
    return (
        head.replace(f"def {node.name}(", f"def {name}(")
        + "\n"
        + "\n".join(lines[first.lineno - 1 : node.end_lineno])
    )


def plain(nb: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """Return the cells of a notebook without outputs."""
    return [(cell.cell_type, cell.source) for cell in nb.cells]


def differences() -> list[str]:
    """Return what is not as its source says, a sentence each."""
    found = []
    for path in sorted(SOLUTIONS.glob("*.ipynb")):
        target = STUDENTS / path.name
        wanted = student(notebooks.load(path), path.stem)
        if not target.exists() or plain(notebooks.load(target)) != plain(wanted):
            found.append(f"exercises/{path.name} differs from solutions/{path.name}")
    known = {path.name for path in SOLUTIONS.glob("*.ipynb")}
    for path in sorted(STUDENTS.glob("*.ipynb")):
        if path.name not in known:
            found.append(f"exercises/{path.name} has no solutions")
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            found.append(f"mistakes/{path.name} is not what the checks say")
    return found


def main() -> int:
    """Write what differs; return 1 if a notebook does not run."""
    different = differences()
    for one in different:
        print(one)
    bad = 0
    STUDENTS.mkdir(exist_ok=True)
    for path in sorted(SOLUTIONS.glob("*.ipynb")):
        if not any(f"/{path.name} differs" in one for one in different):
            continue
        target = STUDENTS / path.name
        target.write_text(
            notebooks.dumps(student(notebooks.load(path), path.stem)), encoding="utf-8"
        )
        if found := notebooks.run(target):
            bad += 1
            print(*found, sep="\n", file=sys.stderr)
    MISTAKES.mkdir(exist_ok=True)
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
