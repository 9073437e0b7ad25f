"""The appendices: every term is linked, every exercise listed, and the version is the package's."""

import re
from pathlib import Path

import pytest
import yaml

import mnist_nn
from mnist_nn.reports import RECIPES
from tools import notebooks

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
CHAPTERS = sorted((BOOK / "chapters").glob("*.ipynb"))
NAMES = [path.stem for path in CHAPTERS]
REPORTS = sorted((BOOK / "reports").glob("*.ipynb"))


def prose(path: Path) -> str:
    """The text of a page."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = notebooks.load(path).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def terms() -> list[str]:
    """The terms of the glossary, in its order."""
    _, body = prose(BOOK / "glossary.md").split("```{glossary}\n")
    return [line for line in body.partition("```")[0].splitlines() if re.match(r"\S", line)]


def linked(text: str) -> list[str]:
    found = re.findall(r"\{term\}`([^`]+)`", text)
    return [re.sub(r".*<(.*)>", r"\1", target) for target in found]


def test_the_glossary_is_in_order_and_each_term_is_linked_from_a_chapter() -> None:
    names = terms()
    assert len(names) > 50
    assert names == sorted(names, key=str.casefold)
    used = {term.casefold() for path in CHAPTERS for term in linked(prose(path))}
    assert [name for name in names if name.casefold() not in used] == []


@pytest.mark.parametrize("path", CHAPTERS, ids=NAMES)
def test_a_term_is_linked_once_a_chapter(path: Path) -> None:
    found = [term.casefold() for term in linked(prose(path))]
    assert sorted(found) == sorted(set(found))


def exercises(path: Path) -> list[tuple[str, str]]:
    """The labels and titles of a chapter's exercises."""
    found = re.findall(r"\{exercise(?:-start)?\} (.*)\n:label: (\S+)", prose(path))
    return [(label, title) for title, label in found]


@pytest.mark.parametrize("path", CHAPTERS, ids=NAMES)
def test_a_chapter_has_what_each_chapter_has(path: Path) -> None:
    text = prose(path)
    labels = [label for label, _ in exercises(path)]
    assert len(labels) >= 4
    solved = re.findall(r"\{solution(?:-start)?\} (\S+)\n:class: dropdown", text)
    assert sorted(solved) == sorted(labels), "each exercise has one folded solution"
    for part in (
        "**Reading time**",
        "**You need**",
        "this chapter you will be able to",
        "\n## Summary",
        "\n## Exercises",
    ):
        assert part in text, part
    assert re.search(r"^## (What to )?[Rr]ead next", text, re.MULTILINE)
    assert "{cite" in text


def test_the_index_lists_every_exercise_in_order() -> None:
    listed = re.findall(
        r"^- \{ref\}`(ex-[\w-]+)`: (.*)$", prose(BOOK / "exercises.md"), re.MULTILINE
    )
    assert listed == [exercise for path in CHAPTERS for exercise in exercises(path)]


def test_no_word_stands_twice() -> None:
    doubled = re.compile(r"\b([a-z]+)[ \n]+\1\b(?![-'’])")
    allowed = {"had had", "that that"}
    found = [
        f"{path.name}: {match[0]}"
        for path in [*CHAPTERS, *REPORTS, *BOOK.glob("*.md")]
        for match in doubled.finditer(re.sub(r"```.*?```|\$[^$]*\$|`[^`]*`", " # ", prose(path)))
        if match[0] not in allowed
    ]
    assert found == []


def test_each_report_has_its_page() -> None:
    assert [path.stem for path in REPORTS] == sorted(RECIPES)


@pytest.mark.parametrize("path", REPORTS, ids=[path.stem for path in REPORTS])
def test_the_page_of_a_report_has_what_each_has(path: Path) -> None:
    text = prose(path)
    code = "\n".join(cell.source for cell in notebooks.load(path).cells if cell.cell_type == "code")
    assert f"mnist-nn reproduce {path.stem}" in text + code
    assert "13-five-reports" in text, "it leads back to the chapter"
    for part in ("**Reading time**", "\n## What to read next", f"`{path.stem}`"):
        assert part in text, part
    assert "stored()" in code and "rows(" in code, "its table is that of the stored results"


def test_the_page_on_citing_names_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    text = prose(BOOK / "citing.md")
    assert citation["version"] == mnist_nn.__version__
    assert text.count(mnist_nn.__version__) == 2
    assert citation["title"] in " ".join(text.replace("\n> ", " ").split())
