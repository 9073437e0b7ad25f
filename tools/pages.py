"""A Sphinx extension: pages that load fast, and that everyone can use.

It mends what the theme and others write into every page. The browser tests say what must hold.
"""

import base64
import io
import re
import shutil
from pathlib import Path
from typing import Any

from fontTools import subset
from PIL import Image
from sphinx.application import Sphinx

MENDED = {
    # The corner of a table, above names of rows and beside names of columns, names nothing.
    '<th class="head"><p></p></th>': "<td></td>",
    # Several tables on a page were landmarks of one and the same name.
    "role='region' aria-label='Table'": 'role="group" aria-label="Table"',
    # These roles are outdated, or hold what they must not.
    ' role="doc-biblioentry"': "",
    '<div role="list" class="citation-list">': '<div class="citation-list">',
}

# Where the theme's script looks for what scrolls; book/_static/scrolling.js does this instead.
SCROLLING = (
    '["pre",".nboutput > .output_area",".cell_output > .output",".jp-RenderedHTMLCommon",'
    '".pst-scrollable-table-container"]'
)


def _mend(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    body = context.get("body", "")
    for old, new in MENDED.items():
        body = body.replace(old, new)
    pictures = {name: Path(app.srcdir, path) for path, name in app.builder.images.items()}
    context["body"] = _with_sizes(body, pictures)
    for script in context["script_files"]:
        if script.filename:
            script.attributes["defer"] = "defer"  # first the page, then what moves on it
    context["script_files"] = [
        script
        for script in context["script_files"]
        if "DOCUMENTATION_OPTIONS." not in script.attributes.get("body", "")
    ]
    toctree = context["generate_toctree_html"]
    context["generate_toctree_html"] = lambda *a, **b: _named(str(toctree(*a, **b)))


def _with_sizes(body: str, pictures: dict[str, Path]) -> str:
    """Say how large pictures are, so that nothing jumps; and load those further down when due."""
    first = True

    def sized(match: re.Match[str]) -> str:
        nonlocal first
        tag, name = match[0], match[1]
        width, height = _size(pictures[name])
        tag = tag.replace("<img", f'<img width="{width}" height="{height}"')
        if not first:
            tag = tag.replace("<img", '<img loading="lazy"')
        first = False
        return tag

    return re.sub(r'<img [^>]*src="[^"]*_images/([^"]+)"[^>]*>', sized, body)


def _size(picture: Path) -> tuple[int, int]:
    """Return width and height in pixels."""
    if picture.suffix == ".svg":
        box = re.search(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"', picture.read_text("utf-8"))
        assert box is not None, f"{picture} does not say its size"
        return round(float(box[1])), round(float(box[2]))
    with Image.open(picture) as image:
        return image.size


def _named(toctree: str) -> str:
    """Give the arrows that unfold a chapter's pages a name."""
    return re.sub(
        r">([^<>]+)</a>\s*<details([^>]*)><summary>",
        r'>\1</a><details\2><summary aria-label="Pages of \1">',
        toctree,
    )


def _slim(app: Sphinx, exception: Exception | None) -> None:
    """Keep of Font Awesome the icons that a page shows, as small fonts in the style sheet.

    And let the theme's script measure nothing.
    """
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    used = {
        name
        for path in Path(app.outdir).rglob("*.html")
        for name in re.findall(r"fa-[\w-]+", path.read_text(encoding="utf-8"))
    }

    def kept(rule: re.Match[str]) -> str:
        return "" if used.isdisjoint(re.findall(r"fa-[\w-]+", rule[1])) else rule[0]

    sheet = static / "styles" / "pydata-sphinx-theme.css"
    style = sheet.read_text(encoding="utf-8")
    style = re.sub(r'((?:\.fa-[\w-]+:+before,?)+)\{content:"\\[0-9a-f]+"\}', kept, style)
    letters = {int(code, 16) for code in re.findall(r'"\\(f[0-9a-f]{3}|e[0-9a-f]{3})"', style)}

    def small(source: re.Match[str]) -> str:
        options = subset.Options(flavor="woff")
        font = subset.load_font(next(static.rglob(f"{source[1]}.ttf")), options)
        if letters.isdisjoint(font.getBestCmap()):
            return "src:local(none)"
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=letters)
        subsetter.subset(font)
        file = io.BytesIO()
        subset.save_font(font, file, options)
        data = base64.b64encode(file.getvalue()).decode()
        return f'src:url(data:font/woff;base64,{data}) format("woff")'

    style = re.sub(r"src:url\([^)]*/(fa-\w+-\d+)\.woff2\)[^;}]*", small, style)
    sheet.write_text(style, encoding="utf-8")
    theme = static / "scripts" / "pydata-sphinx-theme.js"
    script = theme.read_text(encoding="utf-8")
    assert SCROLLING in script, "the theme has changed: see what its script measures"
    theme.write_text(script.replace(SCROLLING, '[".no-element"]'), encoding="utf-8")
    shutil.rmtree(static / "vendor")
    for path in (static / "scripts").glob("fontawesome.js*"):
        path.unlink()


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("html-page-context", _mend, priority=900)  # after the theme
    app.connect("build-finished", _slim)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
