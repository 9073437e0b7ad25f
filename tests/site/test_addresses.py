"""The site knows its own address, or does without: a small book, built with and without one."""

import os
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
import yaml
from docutils.core import publish_doctree
from PIL import Image

from tests.browser import visit
from tools import repository, website

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
GITHUB = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "Ann/course"}
ELSEWHERE = {"CI_PROJECT_URL": "https://gitlab.com/ann/course"}  # its pages may be anywhere
BASE = "https://ann.github.io/course/"
PAGES = {
    "book/index": "# The course\n\nIt begins with digits, and it ends with <b>digits</b> & more.\n",
    "book/deep/one": "# One\n\n$x$ is here too early to be read aloud, so the next one counts.\n\n"
    "The “first” page says what it is about, in plain words & quotes.\n",
    "book/deep/two": "# Two\n\nThe second page is as plain as the first, but it comes later.\n",
}
LINK = re.compile(r'(?<![\w-])(?:href|src|action)="([^"]*)"')


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://github.com/Ann/course.git", BASE),
        ("git@github.com:ann/ann.github.io.git", "https://ann.github.io/"),
        ("https://code.example/ann/course", None),
        ("", None),
    ],
)
def test_github_publishes_under_the_owners_name(remote: str, address: str | None) -> None:
    assert website.address({}, remote) == address


def test_the_variables_of_a_ci_come_first() -> None:
    assert website.address(GITHUB, "https://github.com/ben/other") == BASE
    gitlab = {"CI_PAGES_URL": "https://ann.gitlab.io/course"}
    assert website.address(gitlab, "") == "https://ann.gitlab.io/course/"


def test_a_description_is_what_a_page_says_first() -> None:
    text = (
        "Title\n=====\n\n.. note::\n\n   First, how long it takes to read all of this.\n\nNow:\n\n"
    )
    words = "A page says in its first sentence what it is about, " * 5
    assert website.describe(publish_doctree(text)) == ""
    found = website.describe(publish_doctree(text + words))
    assert words.startswith(found.removesuffix(" …"))
    assert 150 < len(found) <= website.LENGTH


def build(folder: Path, environment: dict[str, str]) -> Path:
    """Build a book of three pages with the settings of the course; return its site."""
    for name, text in PAGES.items():
        path = folder / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    toc = {"format": "jb-book", "root": "book/index", "chapters": []}
    toc["chapters"] = [{"file": name} for name in PAGES if name != toc["root"]]
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    shutil.copy(ROOT / "_config.yml", folder)
    for name in ("tools", "book/_static", "book/_templates", "book/references.bib"):
        (folder / name).symlink_to(ROOT / name)
    start = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", start, "build", str(folder), "-W", "--keep-going"]
    rest = {k: v for k, v in os.environ.items() if not k.startswith(("CI_", "GITHUB_"))}
    done = subprocess.run(
        command, env=rest | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "_build" / "html"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("published"), GITHUB)


@pytest.fixture(scope="module")
def homeless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("homeless"), ELSEWHERE)


def tags(page: Path) -> dict[str, str]:
    """What the head of a page says about it."""
    text = page.read_text(encoding="utf-8").partition("</head>")[0]
    pairs = re.findall(r'<meta (?:name|property)="([\w:]+)" content="([^"]*)"', text)
    found = {name: unescape(value) for name, value in pairs}
    if canonical := re.search(r'<link rel="canonical" href="([^"]*)"', text):
        found["canonical"] = canonical[1]
    return found


def links(page: Path) -> list[str]:
    return [unescape(link) for link in LINK.findall(page.read_text(encoding="utf-8"))]


def test_every_page_has_its_address_and_its_card(published: Path) -> None:
    for name in PAGES:
        found = tags(published / f"{name}.html")
        address = f"{BASE}{name}.html"
        assert found["canonical"] == found["og:url"] == address
        assert found["description"] == found["og:description"]
        card = published / found["og:image"].removeprefix(BASE)
        with Image.open(card) as image:
            assert image.size == (1200, 630) == website.CARD
            colours = image.convert("L").getextrema()
        assert colours[1] - colours[0] > 150  # something is written on it
    assert tags(published / "book/deep/one.html")["description"] == (
        "The “first” page says what it is about, in plain words & quotes."
    )


def test_who_shares_the_site_shares_its_first_page(published: Path) -> None:
    door = tags(published / "index.html")
    first = tags(published / "book/index.html")
    assert door["og:image"] == first["og:image"]
    assert door["og:title"] == "The course"


def test_the_sitemap_lists_the_pages_and_no_others(published: Path) -> None:
    root = ElementTree.parse(published / "sitemap.xml").getroot()
    found = [entry.text for entry in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert sorted(map(str, found)) == sorted(f"{BASE}{name}.html" for name in PAGES)


def test_the_page_for_missing_pages_works_at_any_depth(published: Path) -> None:
    page = published / "404.html"
    for link in links(page):
        parts = urlsplit(link)
        if parts.scheme or link.startswith("#") or link == "":
            continue
        assert link.startswith("/course/"), link
        assert (published / unquote(parts.path).removeprefix("/course/")).is_file(), link
    text = page.read_text(encoding="utf-8")
    assert 'href="/course/book/index.html">first page' in text
    assert 'data-content_root="/course/"' in text  # where scripts look for the search index


def test_without_an_address_nothing_pretends_to_have_one(homeless: Path) -> None:
    assert not (homeless / "sitemap.xml").exists()
    for name in (*PAGES, "404", "index"):
        found = tags(homeless / f"{name}.html")
        assert len(found["description"]) > 20
        assert "canonical" not in found
        assert not any(tag.startswith("og:") for tag in found)
    for link in links(homeless / "404.html"):
        parts = urlsplit(link)
        if not parts.scheme and parts.path:
            assert (homeless / unquote(parts.path)).is_file(), link


def built() -> list[Path]:
    """The pages of the real site."""
    if not (HTML / "index.html").is_file():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("the book is not built (make book)")
    return [p for p in sorted(HTML.rglob("*.html")) if "_static" not in p.relative_to(HTML).parts]


def test_pages_work_in_any_folder() -> None:
    """No page but the one for missing pages holds an address that begins with a slash."""
    absolute = [
        f"{page.relative_to(HTML)}: {link}"
        for page in built()
        for link in links(page)
        if link.startswith("/") and page.name != "404.html"
    ]
    assert absolute == []


def test_every_page_describes_itself_and_no_two_alike() -> None:
    found = {page: tags(page).get("description", "") for page in built()}
    assert [page for page, text in found.items() if not 20 < len(text) <= 200] == []
    written = [text for page, text in found.items() if page.is_relative_to(HTML / "book")]
    assert len(set(written)) == len(written)


def test_the_real_site_has_an_address_if_its_repository_has_one() -> None:
    base = website.address(os.environ, repository.remote())
    for page in built():
        if page.is_relative_to(HTML / "book"):
            canonical = f"{base}{page.relative_to(HTML).as_posix()}" if base else None
            assert tags(page).get("canonical") == canonical
    assert (HTML / "sitemap.xml").exists() == bool(base)


def test_the_site_works_opened_from_disk(homeless: Path) -> None:
    if visit.CHROMIUM is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Chromium is not installed")
    with visit.chromium() as browser:
        page = browser.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: said.type == "error" and errors.append(said.text))
        page.goto((homeless / "index.html").as_uri())
        page.wait_for_url("**/book/index.html")
        page.locator("a[href$='one.html']:visible").first.click()
        page.wait_for_url("**/one.html")
        assert page.locator("mjx-container").first.is_visible()
        page.evaluate("document.fonts.ready")
        loaded = "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)"
        assert "MJXTEX-I" in page.evaluate(loaded)
        page.goto((homeless / "search.html").as_uri() + "?q=second")
        page.locator("#search-results li a[href*='two.html']").wait_for(timeout=20_000)
        page.wait_for_load_state("networkidle")
    assert errors == []
