"""A Sphinx extension: the figures of mnist_nn.widgets come to life on the published pages.

It writes each figure's module and data as a plain script, which also runs on a page opened from a
folder, and adds the host to the pages that have a figure. ``{living} Drawing`` puts one into a page
that is no notebook.
"""

import base64
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from mnist_nn import widgets
from mnist_nn.widgets.figure import FOLDER, Figure, module

FIGURES: list[type[Figure]] = [
    getattr(widgets, name) for name in widgets.__all__ if name != "Figure"
]


def script(figure: type[Figure]) -> str:
    """Return the figure's module as a plain script."""
    body = module(figure.name).replace("export default", "return")
    return f'livingFigures.define("{figure.name}", (() => {{\n{body}\n}})());\n'


def data_script(figure: Figure) -> str:
    """Return the figure's data as a plain script."""
    text = base64.b64encode(figure.data).decode()
    return f'livingFigures.define("data/{figure.name}", livingFigures.bytes("{text}"));\n'


def write(folder: Path) -> None:
    """Write what the pages load into `folder`."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for name in ("host.js", "figures.css"):
        text = FOLDER.joinpath(name).read_text(encoding="utf-8")
        (folder / name).write_text(text, encoding="utf-8")
    for figure in FIGURES:
        (folder / f"{figure.name}.js").write_text(script(figure), encoding="utf-8")
        if figure.class_traits().get("data"):
            (folder / "data" / f"{figure.name}.js").write_text(data_script(figure()), "utf-8")


class Living(SphinxDirective):
    """``{living} Name``: the figure of that name, with its first values."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the figure's HTML."""
        figure: Figure = getattr(widgets, self.arguments[0])()
        return [nodes.raw("", figure.html(), format="html")]


def _write(app: Sphinx) -> None:
    if app.builder.format == "html":
        write(Path(app.outdir) / "_static" / "figures")


def _add(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    if 'class="living"' in context.get("body", ""):
        app.add_js_file("figures/host.js", loading_method="defer")
        app.add_css_file("figures/figures.css")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_directive("living", Living)
    app.connect("builder-inited", _write)
    app.connect("html-page-context", _add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
