"""The stored notebooks: in normal form, run from top to bottom, every picture described.

That their outputs are true is nbval's part: pytest runs it over book/ (see pyproject.toml).
"""

import base64
import io
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbformat import v4
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from conftest import Kernel, picture_difference
from tools import notebooks

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
PATHS = sorted(BOOK.rglob("*.ipynb"))
NAMES = [str(path.relative_to(BOOK)) for path in PATHS]


def code_cells(path: Path) -> list[Any]:
    return [cell for cell in notebooks.load(path).cells if cell.cell_type == "code"]


def test_there_are_notebooks() -> None:
    assert PATHS, "no notebook under book/: nothing below would be checked"


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_stored_in_normal_form(path: Path) -> None:
    """Run in order, no error, no warning, no path of a machine, no trace of an editor."""
    assert notebooks.check(path) == []


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_every_picture_has_caption_and_alt_text(path: Path) -> None:
    missing = []
    for n, cell in enumerate(code_cells(path), start=1):
        if any(m.startswith("image/") for o in cell.outputs for m in o.get("data", {})):
            missing += [f"code cell {n}: {lack}" for lack in lacks(cell.metadata.get("mystnb", {}))]
    assert missing == []


def lacks(mystnb: dict[str, Any]) -> list[str]:
    """List what a picture's cell lacks of name, caption and a real alternative text."""
    figure, image = mystnb.get("figure", {}), mystnb.get("image", {})
    caption, alt = figure.get("caption", ""), image.get("alt", "").strip()
    checks = {
        "a name that starts with fig-": figure.get("name", "").startswith("fig-"),
        "a caption of at least 20 characters": len(caption.strip()) >= 20,
        "alt text of at least 20 characters": len(alt) >= 20,
        "alt text that is a sentence": alt[:1].isupper() and alt.endswith((".", "!", "?")),
        "alt text in words, not a file name": " " in alt and not alt.endswith((".png", ".svg")),
        "alt text that is not the caption again": alt != caption.strip(),
    }
    return [what for what, holds in checks.items() if not holds]


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_nbval_compares_nearly_everything(path: Path) -> None:
    cells = code_cells(path)
    tags = [set(cell.metadata.get("tags", [])) for cell in cells]
    comments = [line.strip() for cell in cells for line in cell.source.splitlines()]
    skipped = {"nbval-skip", "nbval-raises-exception", "raises-exception"}
    assert not any(skipped & found for found in tags), "a cell is not run, or may fail"
    assert not any(c.startswith("#") and "NBVAL_" in c for c in comments), "use tags, not comments"
    ignored = sum(
        "nbval-ignore-output" in found and prints(cell)
        for cell, found in zip(cells, tags, strict=True)
    )  # of pictures and controls, nbval compares nothing anyway
    assert ignored <= len(cells) / 5, f"{ignored} of {len(cells)} cells are not compared"
    silent = [
        n
        for n, (cell, found) in enumerate(zip(cells, tags, strict=True), start=1)
        if "nbval-ignore-output" in found and prints(cell) and "assert" not in cell.source
    ]
    assert silent == [], "a cell that prints and is not compared must assert a range"


def prints(cell: Any) -> bool:
    """Does the cell show text? Pictures and glued numbers are asserted where they are computed."""
    return any(
        output.output_type == "stream"
        or ("text/plain" in output.data and "image/png" not in output.data)
        for output in cell.outputs
    )


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_every_control_has_a_still_picture(path: Path) -> None:
    """The function behind a control has drawn a captioned picture before; so it also runs."""
    drawn: set[str] = set()
    for cell in code_cells(path):
        if "figure" in cell.metadata.get("mystnb", {}):
            drawn |= set(re.findall(r"^(\w+)\(", cell.source, re.MULTILINE))
        controlled = re.findall(r"\binteract\(\s*(\w+)", cell.source)
        assert set(controlled) <= drawn
        if controlled:
            assert {"remove-output", "nbval-ignore-output"} <= set(cell.metadata.get("tags", []))


def test_binder_installs_what_the_notebooks_import() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    lines += [*project["dependencies"], *project["optional-dependencies"]["notebooks"]]
    installed = {re.split(r"[^\w-]", line)[0] for line in lines}
    known = {"mnist_nn", "IPython", *sys.stdlib_module_names}  # Binder itself brings IPython
    imported = {
        module: path.name
        for path in PATHS
        if path.name not in notebooks.NEEDS
        for cell in code_cells(path)
        for module in re.findall(r"^\s*(?:from|import) (\w+)", cell.source, re.MULTILINE)
        if module not in known
    }
    names = packages_distributions()
    assert {m: n for m, n in imported.items() if not installed & set(names[m])} == {}


# The tool itself ------------------------------------------------------------------------------


def notebook(*sources: str) -> nbformat.NotebookNode:
    return v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources])


def store(path: Path, nb: nbformat.NotebookNode) -> bytes:
    path.write_text(nbformat.writes(nb), encoding="utf-8")
    return path.read_bytes()


def test_running_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    store(path, notebook("print(1)\nprint(2)", "import os\nos.environ['OPENBLAS_NUM_THREADS']"))
    assert notebooks.run(path) == []
    first = path.read_bytes()
    assert notebooks.run(path) == []
    assert path.read_bytes() == first
    assert notebooks.check(path) == []
    ran = notebooks.load(path).cells
    assert [cell.execution_count for cell in ran] == [1, 2]
    assert ran[0].outputs == [{"output_type": "stream", "name": "stdout", "text": "1\n2\n"}]
    assert ran[1].outputs[0].data["text/plain"] == "'1'"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import warnings; warnings.warn('careful')", "stderr"),
        ("import sys; print('x', file=sys.stderr)", "stderr"),
        ("print('RuntimeWarning: overflow')", "a warning"),
        ("import pathlib; print(pathlib.Path.cwd())", "a path"),
        ("'/home/ann/digits'", "a path"),
        ("'/' + 'root/.local'", "a path"),
        (r"print(r'C:\Users\ann')", "a path"),
        ("object()", "a memory address"),
        ("", "empty"),
        ("1;", "`;`"),
    ],
)
def test_refused_notebooks_are_left_alone(tmp_path: Path, source: str, complaint: str) -> None:
    path = tmp_path / "a.ipynb"
    before = store(path, notebook("import sys", source))
    found = notebooks.run(path)
    assert found
    assert complaint in "\n".join(found)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_only_looks_like_a_path_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    store(path, notebook("print('https://example.org/home/page </tmp> 1/var x:\\\\y train/work')"))
    assert notebooks.run(path) == []


def test_a_control_is_not_stored(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    draw = "import ipywidgets\nfrom matplotlib import pyplot\n"
    draw += (
        "_ = ipywidgets.interact(lambda x: pyplot.plot(x) and pyplot.show(), x=(0, 9))\nprint(1)"
    )
    store(path, notebook(draw))
    assert notebooks.run(path) == []
    (cell,) = notebooks.load(path).cells
    assert [output.text for output in cell.outputs] == ["1\n"]


def test_normal_form_keeps_sources_and_drops_traces() -> None:
    nb = notebook("1 + 1", "1 + 1")
    nb.metadata["vscode"] = {"interpreter": "x"}
    nb.cells[0].metadata = nbformat.from_dict(
        {"tags": ["remove-cell"], "execution": {"started": "now"}, "collapsed": True}
    )
    notebooks.normalise(nb)
    assert nb.metadata.keys() == {"kernelspec", "language_info"}
    assert nb.cells[0].metadata == {"tags": ["remove-cell"]}
    assert [cell.source for cell in nb.cells] == ["1 + 1", "1 + 1"]
    ids = [cell.id for cell in nb.cells]
    assert ids[1] == f"{ids[0]}-2"
    again = notebook("1 + 1", "1 + 1")
    notebooks.normalise(again)
    assert [cell.id for cell in again.cells] == ids


def test_a_kernel_that_dies_at_once_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = []

    def start(*_: Any, **__: Any) -> tuple[None, None]:
        starts.append(1)
        if len(starts) < 3:
            raise RuntimeError("Kernel died before replying to kernel_info")
        return None, None

    monkeypatch.setattr("nbval.kernel.start_new_kernel", start)
    monkeypatch.setattr(Kernel, "_ensure_iopub_up", lambda self: None)
    Kernel("python3")
    assert len(starts) == 3


# The comparison of pictures -------------------------------------------------------------------


def test_pictures_differ_where_a_reader_would_see_it() -> None:
    def png(pixels: np.ndarray, software: str = "Matplotlib 3") -> str:
        file, by = io.BytesIO(), PngInfo()
        by.add_text("Software", software)
        Image.fromarray(pixels).save(file, "PNG", pnginfo=by)
        return base64.b64encode(file.getvalue()).decode()

    white = np.full((160, 160, 3), 255, np.uint8)
    line, moved, elsewhere, red, blue = (white.copy() for _ in range(5))
    line[80:83], moved[81:84], elsewhere[40:43] = 0, 0, 0
    red[:40, :40], blue[:40, :40] = (200, 60, 60), (60, 60, 200)

    assert picture_difference(png(line), png(line)) == ""
    assert picture_difference(png(line), png(moved)) == ""
    assert "colours differ" in picture_difference(png(line), png(elsewhere))
    assert "colours differ" in picture_difference(png(red), png(blue))
    assert "pixels stored" in picture_difference(png(white), png(white[:100]))
    assert picture_difference(png(line), png(elsewhere, "Matplotlib 4")) == ""
    assert "pixels stored" in picture_difference(png(white), png(white[:100], "Matplotlib 4"))
