"""A Sphinx extension: what a published site needs besides its pages.

Each page gets a description, and the site a front door and a page for addresses that lead nowhere.
Where the site's own address is known, there is more: each page names its canonical address, shows a
card where somebody shares it, and stands in ``sitemap.xml``.
"""

import os
import re
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from docutils import nodes
from markupsafe import Markup
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sphinx.application import Sphinx
from sphinx.config import Config

from mnist_nn import load_mnist
from tools import repository

LENGTH = 200  # characters; search engines and messengers show about as many
CARD = (1200, 630)  # pixels, as social networks want them
CARDS = "_images/cards"
BLUE = "#12355b"  # of the logo
NOT_FOUND = """\
<h1>There is no such page</h1>
<p>Perhaps it has moved, or the address has a slip in it. Nothing is wrong with your machine.</p>
<p>Begin at the <a href="{home}">first page</a>, or look for a word:</p>
<form action="search.html" role="search" class="d-flex gap-2">
  <input type="search" name="q" class="form-control" aria-label="Search the course"
    style="background: transparent; color: inherit; border-color: var(--pst-color-text-muted)">
  <button type="submit" class="sd-btn sd-btn-primary">Search</button>
</form>
"""
FRONT_DOOR = """\
<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{title}</title>
    <meta http-equiv="Refresh" content="0; url={home}">
    {tags}
    <link rel="icon" href="_static/favicon.svg" type="image/svg+xml">
  </head>
  <body>
    <main><h1>{title}</h1><p>The course begins <a href="{home}">here</a>.</p></main>
  </body>
</html>
"""


def address(environment: Mapping[str, str], remote: str) -> str | None:
    """Return the address that the site is published at, with a slash at its end.

    A CI of GitLab tells it. GitHub Pages makes it from the name of the repository. Of other hosts
    it is not known.
    """
    if "CI_PAGES_URL" in environment:
        return environment["CI_PAGES_URL"].rstrip("/") + "/"
    home = repository.address(environment, remote) or ""
    if not (found := re.fullmatch(r"https://github\.com/([\w-]+)/([\w.-]+)", home)):
        return None
    host = f"{found[1].lower()}.github.io"
    return f"https://{host}/" if found[2].lower() == host else f"https://{host}/{found[2]}/"


def describe(doctree: nodes.Element) -> str:
    """Return what a page begins with, as plain text; empty if it has no paragraph to quote.

    Formulas cannot be read aloud from their source: where a paragraph holds one, the next serves.
    How long a page takes is not what it is about.
    """
    for paragraph in doctree.findall(nodes.paragraph):
        aside = isinstance(paragraph.parent, nodes.Admonition | nodes.entry | nodes.footnote)
        if not aside and not any(paragraph.findall(nodes.math)):
            text = " ".join(paragraph.astext().split())
            if len(text) >= 40 and not text.startswith("Reading time"):
                return textwrap.shorten(text, LENGTH, placeholder=" …")
    return ""


def draw_card(title: str, course: str, path: Path) -> None:
    """Write a picture of 1200 by 630 pixels: a page's title over a row of digits."""
    width, height = CARD
    figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor=BLUE)
    if title != course:
        figure.text(0.05, 0.87, course, color="#b7cbe2", size=22, va="center")
    lines = textwrap.wrap(title, 24)
    size = 50 if len(lines) < 4 else 36
    text = "\n".join(textwrap.wrap(title, 24 * 50 // size))
    style: dict[str, Any] = {"size": size, "weight": "bold", "linespacing": 1.25}
    figure.text(0.05, 0.54, text, color="white", va="center", **style)
    axes = figure.add_axes((0.05, 0.07, 0.9, 0.9 * width / height / 12))
    axes.imshow(_digits(), cmap=LinearSegmentedColormap.from_list("ink", [BLUE, "white"]))
    axes.set_axis_off()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


@cache
def _digits() -> NDArray[np.uint8]:
    return np.hstack(list(load_mnist().test.images[:12]))  # 12 of (28, 28) → (28, 336)


def _configure(app: Sphinx, config: Config) -> None:
    config.html_baseurl = address(os.environ, repository.remote()) or ""


def _describe(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    course, base = app.config.html_title, app.config.html_baseurl
    title = Markup(context.get("title", "An index")).striptags()
    words = (describe(doctree) if doctree else "") or f"{title}: a page of “{course}”."
    tags = f'<meta name="description" content="{escape(words)}" />\n'
    if base and doctree:
        card = f"{CARDS}/{page.replace('/', '-')}.png"
        draw_card(title, course, Path(app.outdir) / card)
        shown = {
            "og:type": "website" if page == app.config.root_doc else "article",
            "og:site_name": course,
            "og:title": title,
            "og:description": words,
            "og:url": base + app.builder.get_target_uri(page),
            "og:image": base + card,
            "og:image:width": str(CARD[0]),
            "og:image:height": str(CARD[1]),
            "og:image:alt": f"{title}, above a row of handwritten digits",
        }
        for name, value in shown.items():
            tags += f'<meta property="{name}" content="{escape(value)}" />\n'
        tags += '<meta name="twitter:card" content="summary_large_image" />\n'
    context["metatags"] = context.get("metatags", "") + tags
    if page == app.config.root_doc:  # who shares the site shares this address, and its card
        door = FRONT_DOOR.format(title=title, home=app.builder.get_target_uri(page), tags=tags)
        (Path(app.outdir) / "index.html").write_text(door, encoding="utf-8")


def _not_found(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    home = app.builder.get_target_uri(app.config.root_doc)
    yield "404", {"title": "No such page", "body": NOT_FOUND.format(home=home)}, "page.html"


def _finish(app: Sphinx, exception: Exception | None) -> None:
    base = app.config.html_baseurl
    if exception or not base:
        return
    # A host shows one file for /missing and for /a/b/missing: relative links would lead astray.
    file = Path(app.outdir) / "404.html"
    relative = re.compile(r'(href|src|action|data-content_root)="(?!#|/|[a-z]+:)(\./)?')
    page = relative.sub(rf'\1="{urlsplit(base).path}', file.read_text(encoding="utf-8"))
    file.write_text(page, encoding="utf-8")

    pages = [base + app.builder.get_target_uri(page) for page in sorted(app.env.found_docs)]
    locations = "".join(f"<url><loc>{escape(page)}</loc></url>\n" for page in pages)
    (Path(app.outdir) / "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{locations}</urlset>\n',
        encoding="utf-8",
    )


def _begin(app: Sphinx) -> None:
    if app.builder.name == "html":  # not for the book on one page, that the PDF is made of
        app.connect("html-page-context", _describe)
        app.connect("html-collect-pages", _not_found)
        app.connect("build-finished", _finish)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("config-inited", _configure)
    app.connect("builder-inited", _begin)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
