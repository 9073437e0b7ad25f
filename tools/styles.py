"""A Sphinx extension: one style sheet instead of a dozen, with what the pages can use of it.

Before a browser shows anything it fetches every style sheet, and those that these import. The
theme brings all of Bootstrap and of Font Awesome, five times what the pages have a use for.
"""

import hashlib
import os
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

LINK = re.compile(r'<link\b(?![^>]*media=)[^>]*rel="stylesheet"[^>]*>\s*')
WITHIN = ("@media", "@supports", "@layer", "@container")
TOKEN = re.compile(r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]""", re.S)
# Bootstrap puts the names of these classes together from parts.
MADE = ("bs-",)


def used(site: Path) -> set[str]:
    """Return every class that an element of the site has, and every word of its scripts."""
    words: set[str] = set()
    for path in site.rglob("*.html"):
        for double, single in re.findall(
            r"""class=(?:"([^"]*)"|'([^']*)')""", path.read_text(encoding="utf-8")
        ):
            words.update((double or single).split())
    for path in site.rglob("*.js"):
        if path.name != "searchindex.js":
            words.update(re.findall(r"[\w-]+", path.read_text(encoding="utf-8")))
    return words


def purge(style: str, words: set[str]) -> str:
    """Return a style sheet without the rules for classes that are not among `words`."""
    style = TOKEN.sub(lambda m: "" if m[0].startswith("/*") else m[0], style)  # comments
    kept, depth, start, body = "", 0, 0, 0
    for token in re.finditer(
        r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]""", style, re.S
    ):
        if token[0] == ";" and depth == 0:
            kept += style[start : token.end()]
            start = token.end()
        elif token[0] == "{":
            depth += 1
            body = token.end() if depth == 1 else body
        elif token[0] == "}":
            depth -= 1
            if depth == 0:
                kept += _rule(style[start : body - 1].strip(), style[body : token.start()], words)
                start = token.end()
    return kept


def _rule(head: str, body: str, words: set[str]) -> str:
    if head.startswith(WITHIN):
        inner = purge(body, words)
        return f"{head}{{{inner}}}" if inner.strip() else ""
    if not head.startswith("@"):
        head = ",".join(s for s in re.split(r",(?![^(]*\))", head) if _possible(s, words))
    return f"{head}{{{body}}}" if head else ""


def _possible(selector: str, words: set[str]) -> bool:
    plain = re.sub(r"\[[^\]]*\]|\([^()]*\)", "", selector)
    classes = re.findall(r"\.([A-Za-z_][\w-]*)", plain)
    return "\\" in plain or "(" in plain or all(c in words or c.startswith(MADE) for c in classes)


def sheet(path: Path, static: Path) -> str:
    """Return a style sheet with what it imports, its addresses as seen from `static`."""
    style = path.read_text(encoding="utf-8").removeprefix('@charset "UTF-8";')

    def moved(match: re.Match[str]) -> str:
        return f'url("{os.path.relpath(path.parent / match[1], static)}")'

    style = re.sub(r"""url\(["']?(?!data:|#)([^"')]+)["']?\)""", moved, style)
    return re.sub(r'@import "([^"]+)";', lambda match: sheet(path.parent / match[1], static), style)


def _bundle(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    static = site / "_static"
    words = used(site)
    written: dict[tuple[Path, ...], str] = {}
    for page in site.rglob("*.html"):
        if static in page.parents:
            continue  # a template of the theme
        text = page.read_text(encoding="utf-8")
        links = LINK.findall(text)
        addresses = [re.search(r'href="([^"?]*)', link) for link in links]
        paths = tuple((page.parent / a[1]).resolve() for a in addresses if a)
        if not paths or not all(path.is_file() for path in paths):
            continue  # the page for lost addresses may name its styles in full
        if paths not in written:
            style = purge("".join(sheet(path, static) + "\n" for path in paths), words)
            name = f"all-{hashlib.sha256(style.encode()).hexdigest()[:8]}.css"
            (static / name).write_text(style, encoding="utf-8")
            written[paths] = name
        address = os.path.relpath(static / written[paths], page.parent)
        text = text.replace(links[0], f'<link rel="stylesheet" href="{address}" />\n', 1)
        page.write_text(LINK.sub(lambda m: m[0] if "/all-" in m[0] else "", text), "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("build-finished", _bundle, priority=900)  # after all that write pages and styles
    return {"parallel_read_safe": True, "parallel_write_safe": True}
