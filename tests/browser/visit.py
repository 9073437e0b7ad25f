"""Opens pages of the built site in Chromium, and notes what a reader should never meet."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.error import URLError
from urllib.parse import unquote, urldefrag
from urllib.request import urlopen

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tools.server import HTML

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
ARGUMENTS = [
    "--no-sandbox",  # in a container it cannot have one
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # A request to another host is noted, and fails at once instead of waiting for a network.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
# First a telephone, then a laptop: what takes the focus because it scrolls may keep it.
WIDTHS = (390, 1280)  # pixels
HEIGHT = 800


def pages() -> list[str]:
    """Return all pages of the built site, such as ``book/index.html``.

    But not the front door, which leads on to that page at once.
    """
    found = [str(path.relative_to(HTML)) for path in sorted(HTML.rglob("*.html"))]
    return [name for name in found if not name.startswith("_static/") and name != "index.html"]


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Reader:
    """Someone with a browser of one width, in light or dark.

    ``faults`` fills with what goes wrong on the pages that they open, ``loaded`` with the addresses
    of all that the pages ask for. ``base`` is where the site is: ``http://...`` or ``file://...``.
    """

    def __init__(self, browser: Browser, base: str, theme: str, width: int, **more: Any) -> None:
        size = {"width": width, "height": HEIGHT}
        self.context = browser.new_context(color_scheme=theme, viewport=size, **more)
        self.context.set_default_timeout(30_000)
        self.base, self.theme = base, theme
        self.faults: list[str] = []
        self.loaded: set[str] = set()
        self.context.on("console", self._console)
        self.context.on("request", self._request)
        self.context.on("response", self._response)
        self.context.on("requestfailed", self._failed)
        self.context.on("weberror", lambda e: self.faults.append(f"page error: {e.error}"))

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console {message.type}: {message.text}")

    def _request(self, request: Any) -> None:
        self.loaded.add(request.url)
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.faults.append(f"another host: {request.url}")

    def _response(self, response: Any) -> None:
        if response.status >= 400:
            self.faults.append(f"status {response.status}: {response.url}")

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # the reader went on to another page
            self.faults.append(f"failed: {request.url}: {request.failure}")

    def open(self, name: str) -> Page:
        """Open a page, and wait until its letters are there."""
        page = self.context.new_page()
        page.goto(self.base + name)
        page.evaluate("document.fonts.ready")
        return page

    def living(self, page: Page) -> set[str]:
        """Wait until each figure of a page that moves has come to life; return their names."""
        names = set()
        for figure in page.locator(".living").all():
            figure.scroll_into_view_if_needed()
            figure.and_(page.locator("[data-alive]")).wait_for()
            names.add(figure.get_attribute("data-figure") or "")
        return names

    def inspect(self, name: str) -> list[str]:
        """Return what is wrong on a page, at each width."""
        self.faults.clear()
        self.loaded.clear()
        page = self.open(name)
        # What is laid out only when it comes near would escape.
        page.add_style_tag(content="* { content-visibility: visible !important }")
        self.living(page)
        page.evaluate(LETTERS)
        shown = page.evaluate("document.documentElement.dataset.theme")
        found = [] if shown == self.theme else [f"theme: {shown}, not {self.theme}"]
        found += page.evaluate(MATHEMATICS) + dead_links(page, self.base)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
            found += [f"sideways: at {width} pixels: {what}" for what in page.evaluate(OVERFLOW)]
            if width == WIDTHS[0]:
                page.evaluate(THIN)
                page.evaluate(Axe().axe_script)
            found += [f"axe: at {width} pixels: {what}" for what in axe(page)]
        page.close()
        return found + self.faults


# Letters are fetched once something that needs them is laid out, which takes until the next frame.
LETTERS = """new Promise((done) =>
    requestAnimationFrame(() => setTimeout(() => document.fonts.ready.then(() => done()))))"""
MATHEMATICS = r"""() => {
    const math = [...document.querySelectorAll(".math")];
    const bad = [
        ...math.filter((e) => e.querySelectorAll("mjx-container").length != 1),
        ...math.filter((e) => /\\[()[\]]|\$\$/.test(e.innerText)),
        ...document.querySelectorAll("mjx-merror"),
    ];
    const letters = [...document.fonts].some((f) => /MJX/.test(f.family) && f.status == "loaded");
    return [
        ...bad.map((e) => `mathematics: not set: ${e.textContent}`),
        ...(math.length && !letters ? ["mathematics: its letters are not loaded"] : []),
    ];
}"""

# The page itself never scrolls sideways. Says what sticks out of it.
OVERFLOW = """() => {
    const root = document.documentElement;
    if (root.scrollWidth <= innerWidth) return [];
    const scrolls = (e) => e && e != document.body
        && (getComputedStyle(e).overflowX != "visible" || scrolls(e.parentElement));
    const wide = [...document.body.querySelectorAll("*")].filter(
        (e) => e.getBoundingClientRect().right > innerWidth + 1 && !scrolls(e.parentElement));
    return [`by ${root.scrollWidth - innerWidth} pixels: `
        + wide.slice(0, 3).map((e) => e.outerHTML.slice(0, 120)).join(" | ")];
}"""

# A chapter has thousands of coloured words of code, and of parts of formulas: axe would take ten
# seconds. It judges one of each kind; the others stay as plain text, and as boxes of their size.
THIN = """() => {
    const kinds = new Set();
    const again = (kind) => kinds.has(kind) || !kinds.add(kind);
    for (const span of document.querySelectorAll("pre span[class], dt.sig span, code span.pre")) {
        const place = span.closest("[class*=highlight], pre, dt, table, .admonition, article");
        if (!span.children.length && again(`${place?.className} ${span.className}`))
            span.replaceWith(span.textContent);
    }
    const formulas = [...document.querySelectorAll("mjx-container")]
        .filter((formula) => again(`formula ${formula.getAttribute("display")}`));
    const sizes = formulas.map((formula) => formula.firstElementChild.getBoundingClientRect());
    formulas.forEach((formula, i) => {
        const box = document.createElement("span");
        box.role = "img";
        box.ariaLabel = "formula";
        box.style.cssText =
            `display: inline-block; width: ${sizes[i].width}px; height: ${sizes[i].height}px`;
        formula.replaceChildren(box);
    });
}"""
# preload: axe would load the style sheets again, for rules on sound and on rotated screens.
OPTIONS = {"resultTypes": ["violations"], "iframes": False, "preload": False}


def axe(page: Page) -> list[str]:
    """Return what axe finds against WCAG 2 A and AA and its own best practice; no rule is off."""
    found = page.evaluate("(options) => axe.run(document, options)", OPTIONS)
    return [
        f"{rule['id']}: {len(rule['nodes'])} times: "
        + " | ".join(f"{n['target']} {n['html'][:150]} {said(n)}" for n in rule["nodes"][:3])
        for rule in found["violations"]
    ]


def said(node: dict[str, Any]) -> str:
    return "; ".join(check["message"] for kind in ("any", "all", "none") for check in node[kind])


@cache
def anchors(address: str) -> set[str] | None:
    """Return the places of a page that a link can lead to; None if the page is not there."""
    try:
        with urlopen(address) as answer:
            text = answer.read()
    except URLError:
        return None
    return set(re.findall(r'\bid="([^"]+)"', text.decode("utf-8", "replace")))


def dead_links(page: Page, base: str) -> list[str]:
    """Return the links of an open page, those made by scripts too, that lead nowhere."""
    links = set(page.evaluate("[...document.querySelectorAll('a[href]')].map((a) => a.href)"))
    here = set(page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)"))
    dead = []
    for link in sorted(links):
        address, anchor = urldefrag(link)
        if link.startswith(base):
            there = here if address == urldefrag(page.url)[0] else anchors(address)
            if there is None or (anchor and unquote(anchor) not in there):
                dead.append(f"dead link: {link.removeprefix(base)}")
        elif not link.startswith(("https:", "http:", "mailto:")) or "//127.0.0.1" in link:
            dead.append(f"dead link: out of the site: {link}")
    return dead
