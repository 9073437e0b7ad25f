"""The PDF of the book: three pages of it, printed as all are."""

import os
import re
import shutil
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.browser import visit
from tools import pdf

pytestmark = pytest.mark.slow

PAGES = [
    ("book/index", "", False),
    ("book/chapters/04-softmax", "The loss", False),
    ("book/exercises/04-softmax", "", True),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (pdf.HTML / "index.html").is_file():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("the book is not built (make book)")
    if visit.CHROMIUM is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Chromium is not installed")
    folder = tmp_path_factory.mktemp("pdf")
    shutil.copytree(pdf.HTML, folder / "html")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf, "BUILD", folder)
        patch.setattr(pdf, "HTML", folder / "html")
        patch.setattr(pdf, "pages", lambda toc: iter(PAGES))
        (folder / "book.html").write_text(pdf.assemble(), encoding="utf-8")
        pdf.print_book(folder / "book.html", folder / "book.pdf", visit.CHROMIUM)
    return folder


@pytest.fixture(scope="module")
def book(folder: Path) -> PdfReader:
    return PdfReader(folder / "book.pdf")


def titles(outline: list) -> list[str]:
    """The outline's titles, whatever their depth."""
    return [
        title
        for entry in outline
        for title in (titles(entry) if isinstance(entry, list) else [entry.title])
    ]


def test_the_contents_say_where_each_page_begins(book: PdfReader) -> None:
    contents = book.pages[1].extract_text()
    rows = re.findall(
        r"(About this course|\d+\. Softmax[^\n\d]*|Exercises: softmax)\s+(\d+)", contents
    )
    assert len(rows) == len(PAGES)
    for title, number in rows:
        assert title.strip() in book.pages[int(number) - 1].extract_text()


def test_the_outline_names_parts_pages_and_sections_once(book: PdfReader) -> None:
    found = titles(book.outline)
    assert found[:2] == ["Contents", "About this course"]
    for title in ("The loss", "Exercises: softmax", "Log-sum-exp"):
        assert found.count(title) == 1
    assert [title for title in found if title[: len(title) // 2] * 2 == title] == []


def test_links_stay_in_the_book_or_lead_to_the_web(book: PdfReader) -> None:
    inside, outside = 0, []
    for page in book.pages:
        for note in page.get("/Annots", []):
            link = note.get_object()
            if "/A" in link and "/URI" in link["/A"]:
                outside.append(str(link["/A"]["/URI"]))
            else:
                inside += 1
    assert inside > 20
    assert [
        link for link in outside if not link.startswith(("https://", "http://", "mailto:"))
    ] == []


def test_no_picture_is_lost(folder: Path) -> None:
    html = (folder / "book.html").read_text(encoding="utf-8")
    pictures = re.findall(r'<img [^>]*src="(?!data:)([^"]+)"', html)
    assert len(pictures) >= 5
    assert 'src="data:image/png;base64,' in html  # stills of living figures
    assert [name for name in pictures if not (folder / name).is_file()] == []


def test_answers_are_unfolded_and_nothing_asks_to_be_clicked(book: PdfReader) -> None:
    text = "".join(page.extract_text() for page in book.pages)
    assert "Divide numerator and denominator" in text  # the answer to exercise 4.1
    assert "Show code cell" not in text
