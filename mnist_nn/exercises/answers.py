"""The functions that notebooks and saved files define, without running the rest of them."""

import ast
import json
import linecache
from typing import Any

from ..checks import check_type
from ..files import StrPath, check_path
from .catalogue import EXERCISES
from .judge import attempted

_KEPT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
_PLAIN = {"np", "numpy", "math", "float", "int"}  # whose calls in an assignment are no work


def collect(folder: StrPath = ".") -> dict[str, Any]:
    """Return the answers to exercises in the notebooks and saved files of a folder.

    Of notebooks and files ``answers-*.py`` only imports, functions and assignments of plain values
    are run. Answers that are not attempted are left out. Where there are two, the file counts.

    Parameters
    ----------
    folder
        Where they are; without it, the current one, in which a notebook runs.

    Raises
    ------
    ValueError
        If there is no such folder.
    TypeError
        If `folder` is not a path.
    """
    folder = check_path(folder)
    if not folder.is_dir():
        raise ValueError(
            f"folder is {str(folder)!r}, which is none; name the one of your notebooks"
        )
    found: dict[str, Any] = {}
    for path in [*sorted(folder.glob("*.ipynb")), *sorted(folder.glob("answers-*.py"))]:
        try:
            text = path.read_text(encoding="utf-8")
            space, _ = definitions(cells(text) if path.suffix == ".ipynb" else [text], path.name)
        except (OSError, ValueError, KeyError, TypeError):  # not a notebook; others may be
            continue
        found |= own_answers(space)
    return found


def own_answers(space: dict[str, Any]) -> dict[str, Any]:
    """Return the exercises that a namespace answers itself: attempted, and not imported.

    Raises
    ------
    TypeError
        If `space` is not a dictionary.
    """
    check_type("space", space, dict)
    return {
        name: space[name]
        for name in EXERCISES
        if callable(space.get(name))
        and getattr(space[name], "__module__", None) == "__main__"
        and attempted(space[name])
    }


def cells(text: str) -> list[str]:
    """Return the sources of the code cells of a notebook.

    Raises
    ------
    ValueError
        If the text is not that of a notebook.
    TypeError
        If `text` is not a text.
    """
    check_type("text", text, str)
    try:
        found = json.loads(text)["cells"]
        return ["".join(cell["source"]) for cell in found if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError):
        raise ValueError("text is not that of a notebook; expected an .ipynb file") from None


def definitions(sources: list[str], name: str) -> tuple[dict[str, Any], str]:
    """Run the imports, functions and assignments of plain values in cells, in order.

    Parameters
    ----------
    sources
        The text of each cell; lines with magic commands are skipped.
    name
        Of the file, for messages.

    Returns
    -------
    dict, str
        What they define, and the first error, in words; empty if there was none.

    Raises
    ------
    TypeError
        If `sources` are not texts, or `name` is not one.
    """
    check_type("name", name, str)
    space: dict[str, Any] = {"__name__": "__main__"}
    note = ""
    for n, source in enumerate(sources, start=1):
        check_type("sources", source, str)
        file = f"<{name}, cell {n}>"
        lines = [
            "" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines()
        ]
        text = "\n".join(lines)
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        try:
            tree = ast.parse(text, file)
            tree.body = [node for node in tree.body if _defines(node)]
            exec(compile(tree, file, "exec"), space)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # the other cells may be all right
            note = note or f"cell {n}: {type(error).__name__}: {error}"
    return space, note


def _defines(node: ast.stmt) -> bool:
    """Return whether a statement belongs to what a notebook defines, and is not its work."""
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return isinstance(node, _KEPT)
    calls = [inner.func for inner in ast.walk(node) if isinstance(inner, ast.Call)]
    for n, function in enumerate(calls):
        while isinstance(function, ast.Attribute):
            function = calls[n] = function.value
    return all(isinstance(function, ast.Name) and function.id in _PLAIN for function in calls)
