"""Print the whole book as one PDF, from the built pages.

    python tools/pdf.py          _build/html becomes _build/mnist_nn.pdf

The pages are put one after another into one file, which Chromium prints twice: only the first print
tells on which page each chapter begins, and the table of contents of the second says it.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import sync_playwright
from pypdf import PdfReader

import mnist_nn
from tools import repository, website

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
HTML = BUILD / "html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Pieces of code that look like the code around them: without their tags the PDF is half as large.
PLAIN = "pre span:not([class]), pre .n, pre .p, pre .w, pre .nn, code .pre"
TITLE_PAGE = """\
<section class="title-page">
  <img src="html/_static/logo.svg" alt="">
  <p class="course">{title}</p>
  <p>{author}</p>
  <p>Version {version}</p>
  <p class="licence">Text and figures: CC BY 4.0. Code: BSD 3-Clause.</p>
  <p class="licence">Every number in this book comes from code that ran.{online}</p>
</section>
"""
# Formulas are not laid out before they come into view, and their letters not fetched.
FONTS = """() => Promise.all(
    [...document.fonts].filter(font => font.family.startsWith("MJX")).map(font => font.load()))"""
STYLE = """
@page { size: A4; }
@page :first { @bottom-center { content: none } }
.title-page { text-align: center; padding-top: 45mm; }
.title-page img { width: 45mm; margin-bottom: 18mm; }
.title-page .course { font-size: 30pt; font-weight: 600; line-height: 1.2; margin-bottom: 14mm; }
.title-page .licence { margin: 0; }
.title-page p:nth-child(5) { margin-top: 55mm; }
.places { break-before: page; }
.places p { display: flex; margin: 0.15em 0; }
.places p.part { margin-top: 0.9em; font-weight: 600; }
.places p.below { margin-left: 2em; }
.places a { color: inherit; text-decoration: none; }
.places i { flex: 1; border-bottom: 1px dotted #999; margin: 0 0.6em 0.3em; }
h1.part { font-size: 13pt; font-weight: 400; color: #555; margin: 0 0 1em; }
.level1 { font-size: 23pt; margin: 0 0 0.8em; }
.level2 { font-size: 15pt; }
.level3 { font-size: 12pt; }
.level4, .level5, .level6 { font-size: 10.5pt; }
"""


def pages(toc: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Yield of each page its name, the part that begins with it, and whether it is a sub-page."""
    yield toc["root"], "", False
    for part in toc["parts"]:
        caption = part["caption"]
        for chapter in part["chapters"]:
            yield chapter["file"], caption, False
            for section in chapter.get("sections", []):
                yield section["file"], "", True
            caption = ""


def place(name: str, anchor: str = "") -> str:
    """Return the id that a place on a page has in the book."""
    return name.removeprefix("book/").replace("/", "-") + (f".{anchor}" if anchor else "")


def take(name: str, names: set[str], shift: int, online: str | None) -> Tag:
    """Return the text of a page, with links that lead within the book.

    Parameters
    ----------
    name
        The page, such as book/chapters/04-softmax.
    names
        All pages of the book.
    shift
        How many steps its headings go down.
    online
        The address of the site, for links to what is only there; without one they become text.
    """
    path = HTML / f"{name}.html"
    article = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").find("article")
    assert isinstance(article, Tag), f"{path} has no article"
    for tag in article.select("a.headerlink, button, script, .only-dark, .sd-btn, details.hide"):
        tag.decompose()
    for tag in article.select(PLAIN):
        tag.unwrap()
    article.smooth()
    for tag in article.find_all(id=True):
        tag["id"] = place(name, str(tag["id"]))
    for tag in article.find_all("img"):
        parts = urlsplit(str(tag["src"]))
        if parts.scheme != "data":  # as the stills of the figures that move are
            file = (path.parent / unquote(parts.path)).resolve()
            tag["src"] = file.relative_to(BUILD).as_posix()
        del tag["loading"]  # what is far down the page must be there, too
    for tag in article.find_all("a", href=True):
        link = str(tag["href"])
        if urlsplit(link).scheme:
            continue
        address, anchor = urldefrag(link)
        file = (path.parent / unquote(address)).resolve() if address else path
        target = file.relative_to(HTML).with_suffix("").as_posix()
        if target in names:
            tag["href"] = "#" + place(target, unquote(anchor))
        elif online:
            tag["href"] = online + file.relative_to(HTML).as_posix() + (anchor and f"#{anchor}")
        else:
            tag.unwrap()
    for level in range(6, 0, -1):
        for heading in article.find_all(f"h{level}"):
            heading.name = f"h{min(6, level + shift)}"
            heading["class"] = f"level{level}"
    article.name = "section"
    article["class"] = "bd-article bd-content"
    article["id"] = place(name)
    return article


def assemble() -> str:
    """Return the book as one page, that belongs into _build."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    online = website.address(os.environ, repository.remote())
    names = {name for name, _, _ in pages(toc)}
    body, contents, heads = "", "", ""
    for name, part, below in pages(toc):
        root = name == toc["root"]
        article = take(name, names, 0 if root else 1 + below, online)
        heading = article.find(class_="level1")
        assert isinstance(heading, Tag), f"{name} has no heading"
        if root:
            heading.string = "About this course"
        if part:
            article.insert(0, BeautifulSoup(f'<h1 class="part">{part}</h1>', "html.parser"))
            contents += f'<p class="part">{part}</p>\n'
        title = " ".join(heading.get_text().split())
        contents += (
            f'<p class="{"below" if below else ""}"><a href="#{place(name)}">{escape(title)}</a>'
            f'<i></i><span data-page="{place(name)}">000</span></p>\n'
        )
        page = "on-" + place(name)  # a kind of sheet of its own, with the title at its top
        heads += f"#{place(name)} {{ page: {page} }}\n"
        heads += f"@page {page} {{ @top-right {{ content: {json.dumps(title)} }} }}\n"
        body += f"{article}\n"
    title, author = config["title"], config["author"]
    first = TITLE_PAGE.format(
        title=title,
        author=author,
        version=mnist_nn.__version__,
        online=f" Online: <a href='{online}'>{online}</a>" if online else "",
    )
    return (
        '<!DOCTYPE html>\n<html lang="en" data-theme="light" data-mode="light">\n<head>\n'
        f'<meta charset="utf-8">\n<title>{title}</title>\n<meta name="author" content="{author}">\n'
        f"{''.join(styles())}<style>{STYLE}{heads}</style>\n</head>\n<body>\n{first}"
        f'<nav class="places"><h1 class="level1">Contents</h1>\n{contents}</nav>\n'
        f"{body}</body>\n</html>\n"
    )


def styles() -> Iterator[str]:
    """Yield the links to the styles of a page."""
    path = next((HTML / "book" / "chapters").glob("*.html"))
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    for tag in page.select("link[rel=stylesheet]"):
        file = (path.parent / str(tag["href"]).partition("?")[0]).resolve()
        tag["href"] = file.relative_to(BUILD).as_posix()
        yield f"{tag}\n"


def print_book(source: Path, target: Path, browser: str) -> None:
    """Print a page with a table of contents."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page()
        page.set_default_timeout(600_000)
        page.goto(source.as_uri())
        page.evaluate(FONTS)
        options: dict[str, Any] = {
            "path": target,
            "prefer_css_page_size": True,
            "print_background": True,
            "outline": True,
            "tagged": True,
        }
        page.pdf(**options)
        page.evaluate(
            """numbers => document.querySelectorAll("[data-page]").forEach(
                   span => { span.textContent = numbers[span.dataset.page] })""",
            page_numbers(target),
        )
        page.pdf(**options)
        chromium.close()
    # Chromium says a heading twice in the outline if it moved it to the next sheet. Blanks take the
    # place of what is cut, so that the file's table of addresses stays right.
    twice = re.compile(rb"/Title (\(|<FEFF)(.{4,})\2([)>])")
    once = twice.sub(
        lambda m: b"/Title " + m[1] + m[2] + m[3] + b" " * len(m[2]), target.read_bytes()
    )
    target.write_bytes(once)


def page_numbers(pdf: Path) -> dict[str, int]:
    """Return on which page of a PDF each place is that a link leads to; the first is 1."""
    reader = PdfReader(pdf)
    found = {}
    for name, destination in reader.named_destinations.items():
        number = reader.get_destination_page_number(destination)
        if number is not None:
            found[name.removeprefix("/")] = number + 1
    return found


def main() -> int:
    """Run the command line."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(
            "Chromium prints the PDF, and is not installed. On Debian: apt-get install chromium. "
            "Elsewhere: Chrome or Chromium, as one of the commands " + ", ".join(BROWSERS) + ".",
            file=sys.stderr,
        )
        return 1
    source, partial = BUILD / "book.html", BUILD / "mnist_nn.part.pdf"
    source.write_text(assemble(), encoding="utf-8")
    print_book(source, partial, browser)
    target = partial.replace(BUILD / "mnist_nn.pdf")
    source.unlink()
    count = len(PdfReader(target).pages)
    print(f"{target.relative_to(ROOT)}: {count} pages, {target.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
