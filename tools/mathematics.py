"""A Sphinx extension: the formulas are set while the book is built, and not by each reader anew.

A chapter has hundreds. In the browser MathJax takes a second for them, on a telephone five, and
the text jumps meanwhile. Here the same MathJax does the same work once, in an engine without a
page. The reader's browser gets finished formulas, with MathML for screen readers, and no script.
"""

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from py_mini_racer import MiniRacer
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.ext.mathjax import html_visit_displaymath, html_visit_math

MATHJAX = Path(__file__).parent / "mathjax"
PARTS = ["core", "adaptors/liteDOM", "input/tex", "output/chtml", "output/chtml/fonts/tex"]
PARTS += ["a11y/assistive-mml"]
STYLE = "mathjax/mathjax.css"  # in _static
# As Sphinx writes formulas: \( ... \) within a line, \[ ... \] on lines of their own.
FORMULA = re.compile(r"\\\((?P<within>[^<]*)\\\)(?=</span>)|\\\[(?P<own>[^<]*)\\\](?=\s*</div>)")

# A browser may break the line anywhere around a formula, and would begin the next with the comma.
STOPPED = re.compile(r'(<span class="math[^>]*>\\\([^<]*\\\)</span>[.,;:!?)]+)')

START = """
var global = globalThis;
var console = {log() {}, warn() {}, error() {}};
var MathJax = {
    loader: {paths: {mathjax: ""}, load: PARTS, require: (name) => (0, eval)(FILES[name])},
    chtml: {fontURL: "output/chtml/fonts/woff-v2"},
    startup: {typeset: false},
};
function set(formulas) {
    const write = (node) => MathJax.startup.adaptor.outerHTML(node);
    return JSON.stringify(
        formulas.map(([tex, own]) => write(MathJax.tex2chtml(tex, {display: own, em: 16, ex: 8}))));
}
"""


@contextmanager
def mathjax() -> Iterator[MiniRacer]:
    """Start MathJax in an engine without a browser."""
    # As a context: left to the garbage collector, it can keep Python from ending.
    with MiniRacer() as engine:
        files = {f"/{part}.js": (MATHJAX / f"{part}.js").read_text("utf-8") for part in PARTS}
        engine.eval(f"var FILES = {json.dumps(files)}, PARTS = {json.dumps(PARTS)}; {START}; 0")
        engine.eval((MATHJAX / "startup.js").read_text(encoding="utf-8") + "; 0")
        yield engine


def typeset(engine: MiniRacer, formulas: list[tuple[str, bool]]) -> list[str]:
    """Return the HTML of formulas: their TeX, and whether each has a line of its own.

    Raises
    ------
    ValueError
        If MathJax does not understand a formula.
    """
    found: list[str] = json.loads(str(engine.eval(f"set({json.dumps(formulas)})")))
    for (source, _), text in zip(formulas, found, strict=True):
        if "merror" in text:
            raise ValueError(f"this formula cannot be set: {source}")
    return found


def tex(match: re.Match[str]) -> tuple[str, bool]:
    """Return the TeX of a formula as it stands on a page, and whether it has a line of its own."""
    own = match["own"] is not None
    return html.unescape(match["own"] if own else match["within"]).strip(), own


def _finish(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.format != "html":
        return
    pages = {path: path.read_text(encoding="utf-8") for path in Path(app.outdir).rglob("*.html")}
    formulas = sorted({tex(match) for text in pages.values() for match in FORMULA.finditer(text)})
    with mathjax() as engine:
        try:
            found = dict(zip(formulas, typeset(engine, formulas), strict=True))
        except ValueError as error:
            raise ExtensionError(str(error)) from error
        style = engine.eval("MathJax.startup.adaptor.textContent(MathJax.chtmlStylesheet())")
    for path, text in pages.items():
        whole = STOPPED.sub(r'<span class="unbroken">\1</span>', text)
        path.write_text(FORMULA.sub(lambda match: found[tex(match)], whole), encoding="utf-8")
    (Path(app.outdir) / "_static" / STYLE).write_text(str(style), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    # As Sphinx's own renderer, but without its script.
    app.add_html_math_renderer("typeset", (html_visit_math, None), (html_visit_displaymath, None))
    app.add_css_file(STYLE)
    app.connect("build-finished", _finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
