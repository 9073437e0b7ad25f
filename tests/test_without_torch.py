"""Where PyTorch is missing, its chapter is left out by name, and everything else runs."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from nbformat import v4

import conftest
from tools import notebooks

CHAPTER = notebooks.BOOK / "chapters" / "14-pytorch.ipynb"


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    find = notebooks.find_spec
    monkeypatch.setattr(
        notebooks, "find_spec", lambda name: None if name == "torch" else find(name)
    )


def marks(path: Path) -> list[Any]:
    """Return the marks that collection puts on a cell of the notebook at `path`."""
    found: list[Any] = []
    item: Any = SimpleNamespace(path=path, add_marker=found.append)
    conftest.pytest_collection_modifyitems([item])
    return [(mark.name, mark.kwargs) for mark in found]


def test_cells_of_the_chapter_are_skipped_with_a_reason(no_torch: None) -> None:
    [(name, kwargs)] = marks(CHAPTER)
    assert name == "skip"
    assert "PyTorch is not installed" in kwargs["reason"]
    assert marks(CHAPTER.with_name("04-softmax.ipynb")) == []
    assert marks(Path(__file__)) == []


def test_nothing_is_skipped_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebooks, "find_spec", lambda name: "there")
    assert marks(CHAPTER) == []


def test_the_chapter_is_the_only_one_that_imports_torch() -> None:
    assert CHAPTER.exists(), "renamed? then NEEDS in tools/notebooks.py must follow"
    users = [
        path.name
        for path in notebooks.notebooks([notebooks.BOOK])
        if any(
            "import torch" in c.source for c in notebooks.load(path).cells if c.cell_type == "code"
        )
    ]
    assert users == list(notebooks.NEEDS)


def test_the_tool_says_what_it_did_not_run(
    no_torch: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other, chapter = tmp_path / "01-a.ipynb", tmp_path / CHAPTER.name
    for path in (other, chapter):
        nb = v4.new_notebook(cells=[v4.new_code_cell("1 + 1")])
        path.write_text(notebooks.dumps(nb), encoding="utf-8")
    before = chapter.read_bytes()
    monkeypatch.setattr(sys, "argv", ["notebooks.py", str(tmp_path)])
    assert notebooks.main() == 0
    said = capsys.readouterr().out
    assert f"{chapter}: NOT RUN" in said
    assert "PyTorch is not installed" in said
    assert "2 notebooks, 1 in order, 1 not run" in said
    assert chapter.read_bytes() == before
    assert other.read_text(encoding="utf-8") != notebooks.dumps(nb)
