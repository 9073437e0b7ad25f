"""The built pages are complete, described, linked and their own.

Each check goes over all pages and names every place that fails.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup, Tag

from tools import launch, repository, website
from tools.repository import LAUNCH

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"


# Written by Sphinx besides the pages of _toc.yml.
GENERATED = {"404.html", "index.html", "genindex.html", "py-modindex.html", "search.html"}
# Where a host serves the site; links of 404.html begin with it. Empty where the host is not known.
FOLDER = urlsplit(website.address(os.environ, repository.remote()) or "").path
# A page below this has lost its text.
FEWEST_WORDS = 60


@dataclass
class Page:
    """One built page."""

    path: Path
    soup: BeautifulSoup = field(repr=False)

    @property
    def name(self) -> str:
        return str(self.path.relative_to(HTML))

    @cached_property
    def article(self) -> Tag:
        """What the author wrote, without the theme's bars."""
        article = self.soup.select_one("article.bd-article")
        assert article is not None, f"{self.name} has no article"
        return article

    @cached_property
    def anchors(self) -> set[str]:
        return {tag["id"] for tag in self.soup.find_all(id=True)}

    def resolve(self, link: str) -> tuple[Path, str]:
        """The file and the anchor that a relative link leads to."""
        address, anchor = urldefrag(link)
        target = unquote(urlsplit(address).path).removeprefix(FOLDER)
        path = (self.path.parent / target).resolve() if target else self.path
        return path, unquote(anchor)


@dataclass
class Site:
    """All built pages, by their path in _build/html."""

    pages: dict[str, Page] = field(repr=False)

    def __iter__(self) -> Iterator[Page]:
        return iter(self.pages.values())

    @cached_property
    def toc(self) -> list[str]:
        """The pages of _toc.yml, in its order."""
        toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
        chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
        entries = [e for chapter in chapters for e in (chapter, *chapter.get("sections", []))]
        return [f"{name}.html" for name in (toc["root"], *(entry["file"] for entry in entries))]

    @property
    def chapters(self) -> list[Page]:
        """The pages that are notebooks."""
        return [self.pages[name] for name in self.toc if re.search("/(chapters|reports)/", name)]


@pytest.fixture(scope="session")
def site() -> Site:
    if not (HTML / "index.html").is_file():
        if os.environ.get("CI"):
            pytest.fail("The book is not built: run `make book` first.")
        pytest.skip("the book is not built (make book)")
    pages = {}
    for path in sorted(HTML.rglob("*.html")):
        if "_static" not in path.relative_to(HTML).parts:
            soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
            page = Page(path, soup)
            pages[page.name] = page
    return Site(pages)


def none(offenders: list[str]) -> None:
    """Fail with the whole list: one run shows all there is to mend."""
    assert not offenders, "\n" + "\n".join(offenders)


def written(site: Site) -> list[Page]:
    return [site.pages[name] for name in site.toc if name in site.pages]


def test_all_pages_are_there_and_no_others(site: Site) -> None:
    assert set(site.toc) - set(site.pages) == set()
    sources = {name for name in site.pages if name.startswith("_modules/")}  # of the package
    assert set(site.pages) - set(site.toc) - GENERATED - sources == set()
    assert len(site.chapters) >= 2


def test_toc_lists_every_source(site: Site) -> None:
    """A chapter that nobody can reach is either not finished or forgotten."""
    sources = {
        str(path.relative_to(ROOT).with_suffix(".html"))
        for kind in ("*.md", "*.ipynb")
        for path in (ROOT / "book").rglob(kind)
        if not {"_static", ".ipynb_checkpoints", "solutions"} & set(path.parts)
    }
    assert sources == set(site.toc)


def test_front_door_leads_to_the_landing_page(site: Site) -> None:
    refresh = site.pages["index.html"].soup.find("meta", attrs={"http-equiv": "Refresh"})
    assert refresh is not None
    assert f"url={site.toc[0]}" in refresh["content"].replace(" ", "")


def test_landmarks(site: Site) -> None:
    lacking = []
    for page in written(site):
        soup = page.soup
        checks = {
            "a title": bool(soup.title and soup.title.get_text(strip=True)),
            "a language": bool(soup.html and soup.html.get("lang")),
            "a viewport": soup.find("meta", attrs={"name": "viewport"}) is not None,
            "one h1": len(page.article.find_all("h1")) == 1,
            "one main": len(soup.find_all("main")) == 1,
            "navigation": soup.find("nav") is not None,
            "a skip link": soup.select_one("a[href='#main-content']") is not None,
            "search": soup.select_one("form.bd-search input[name=q]") is not None,
            "a favicon": soup.select_one("link[rel=icon]") is not None,
            "text": len(page.article.get_text().split()) >= FEWEST_WORDS,
        }
        lacking += [f"{page.name}: {what}" for what, holds in checks.items() if not holds]
    none(lacking)


def test_titles_differ(site: Site) -> None:
    titles = [page.soup.title.get_text(strip=True) for page in written(site)]
    assert len(set(titles)) == len(titles)


def test_headings_go_down_one_step_at_a_time(site: Site) -> None:
    jumps = []
    for page in written(site):
        last = 0
        for heading in page.article.find_all(re.compile("^h[1-6]$")):
            level = int(heading.name[1])
            if level > last + 1:
                jumps.append(f"{page.name}: h{last} to h{level} at {heading.get_text(strip=True)}")
            last = level
    none(jumps)


def test_previous_and_next_form_one_chain(site: Site) -> None:
    broken = []
    for number, name in enumerate(site.toc):
        page = site.pages[name]
        for kind, step in (("left-prev", -1), ("right-next", +1)):
            link = page.soup.select_one(f"a.{kind}")
            goal = number + step
            expected = site.toc[goal] if 0 <= goal < len(site.toc) else None
            found = str(page.resolve(link["href"])[0].relative_to(HTML)) if link else None
            if found != expected:
                broken.append(f"{name}: {kind} leads to {found}, not to {expected}")
    none(broken)


def test_every_picture_is_described(site: Site) -> None:
    bad = []
    for page in site:
        for image in page.soup.find_all(["img", "svg"]):
            if image.name == "svg":
                if image.get("role") == "img" and not (image.title or image.get("aria-label")):
                    bad.append(f"{page.name}: an inline svg without a title")
                continue
            alt, source = image.get("alt", "").strip(), image["src"]
            file = source.rsplit("/", 1)[-1]
            if not alt:
                bad.append(f"{page.name}: {source} has no alt text")
            elif alt in {source, file, file.partition(".")[0]} or re.search(r"\.\w{3,4}$", alt):
                bad.append(f"{page.name}: the alt text of {source} is a file name: {alt}")
            elif page.name in site.toc and image in page.article.find_all("img") and len(alt) < 20:
                bad.append(f"{page.name}: the alt text of {source} says too little: {alt}")
    none(bad)


def test_every_figure_has_a_number_and_a_caption(site: Site) -> None:
    bad = []
    for page in site.chapters:
        for figure in page.article.find_all("figure"):
            number = figure.select_one("figcaption .caption-number")
            text = figure.select_one("figcaption .caption-text")
            if number is None or text is None or len(text.get_text(strip=True)) < 20:
                bad.append(f"{page.name}: #{figure.get('id')}")
        loose = [
            i["src"] for i in page.article.select(".cell_output img") if not i.find_parent("figure")
        ]
        bad += [f"{page.name}: {source} stands in no figure" for source in loose]
    none(bad)


def test_links_are_alive(site: Site) -> None:
    dead = []
    pages = {page.path.resolve(): page for page in site}
    for page in site:
        for tag in page.soup.find_all("a", href=True):
            link = tag["href"]
            if urlsplit(link).scheme or not link:
                continue
            target, anchor = page.resolve(link)
            if target.is_dir() or not target.exists():
                dead.append(f"{page.name}: {link}")
            elif anchor and target in pages and anchor not in pages[target].anchors:
                dead.append(f"{page.name}: {link} (no such place on that page)")
    none(dead)


def test_local_files_are_there(site: Site) -> None:
    missing = []
    for page in site:
        for source in resources(page):
            if not is_foreign(source) and not page.resolve(source)[0].is_file():
                missing.append(f"{page.name}: {source}")
    none(missing)


def test_nothing_is_loaded_from_elsewhere(site: Site) -> None:
    foreign = []
    for page in site:
        foreign += [f"{page.name}: {s}" for s in resources(page) if is_foreign(s)]
        for script in page.soup.find_all("script", src=False):
            foreign += [f"{page.name}: inline script: {u}" for u in addresses(script.string or "")]
        for style in [*page.soup.find_all("style"), *page.soup.find_all(style=True)]:
            text = style.string if style.name == "style" else style["style"]
            foreign += [f"{page.name}: style: {u}" for u in css_addresses(text or "")]
    for path in (HTML / "_static").rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        foreign += [f"{path.relative_to(HTML)}: {u}" for u in css_addresses(text)]
    none(foreign)


def resources(page: Page) -> list[str]:
    """What a browser fetches by itself when it opens the page."""
    tags = page.soup.find_all(
        ["script", "img", "iframe", "source", "audio", "video", "embed"], src=True
    )
    found = [tag["src"] for tag in tags]
    fetched = {"stylesheet", "icon", "preload", "modulepreload", "preconnect", "dns-prefetch"}
    for link in page.soup.find_all("link", href=True):
        if fetched & set(link.get("rel", [])):
            found.append(link["href"])
    return [source for source in found if not source.startswith("data:")]


def is_foreign(address: str) -> bool:
    return bool(urlsplit(address).netloc)


def addresses(text: str) -> list[str]:
    return re.findall(r"(?:https?:)?//[\w-]+\.[\w.-]+/[^\s\"')]*", text)


def css_addresses(text: str) -> list[str]:
    """The addresses in url() and @import that leave the site."""
    found = re.findall(r"url\(\s*[\"']?([^\"')]+)", text)
    found += re.findall(r"@import\s+[\"']([^\"']+)", text)
    return [address for address in found if is_foreign(address)]


def test_no_trace_of_a_failed_build(site: Site) -> None:
    bad = []
    for page in site:
        for tag in page.soup.select(".problematic, .system-message"):
            bad.append(f"{page.name}: {tag.get_text(strip=True)[:80]}")
    for page in written(site):
        text = " ".join(
            str(s)
            for s in page.article.find_all(string=True)
            if s.find_parent(["pre", "code"]) is None and s.find_parent(class_="math") is None
        )
        raw = re.findall(
            r"\{(?:eq|numref|ref|cite|glue\w*|doc|py:\w+|term)[}:]\S*|\]\(\S+|\?\?\?", text
        )
        bad += [f"{page.name}: unread markup {markup}" for markup in raw]
    none(bad)


def test_no_output_of_one_machine(site: Site) -> None:
    """Nothing on a page tells where it was made."""
    found = []
    for page in site:
        for match in re.finditer(
            r"(?<![\w.<])/(?:home|root|Users|tmp)/\w[^\s<]*", page.soup.get_text()
        ):
            found.append(f"{page.name}: {match[0]}")
        found += [f"{page.name}: {tag.get_text()[:80]}" for tag in page.soup.select(".stderr")]
    none(found)


def test_mathematics_is_set_and_its_letters_come_from_here(site: Site) -> None:
    style = HTML / "_static" / "mathjax" / "mathjax.css"
    fonts = re.findall(r'url\("([^"]+)"\)', style.read_text(encoding="utf-8"))
    assert fonts
    none([font for font in fonts if not (style.parent / font).is_file()])
    raw = []
    for page in site:
        for formula in page.soup.select(".math"):
            if len(formula.find_all("mjx-container")) != 1 or not formula.select("math"):
                raw.append(f"{page.name}: {formula.get_text()[:80]}")
    none(raw)
    for page in site.chapters:
        fewest = 5 if "/chapters/" in page.name else 1
        assert len(page.article.select(".math")) >= fewest, f"{page.name}: no mathematics?"


def test_every_label_of_an_equation_is_a_place(site: Site) -> None:
    labels = {}
    for path in sorted((ROOT / "book").rglob("*")):
        if path.suffix == ".ipynb":
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        elif path.suffix == ".md":
            text = path.read_text(encoding="utf-8")
        else:
            continue
        page = str(path.relative_to(ROOT).with_suffix(".html"))
        labels |= dict.fromkeys(re.findall(r"^\s*\$\$\s*\((eq-[\w-]+)\)", text, re.M), page)
    assert labels, "no numbered equation found in book/"
    missing = [
        f"{page}: {label}"
        for label, page in labels.items()
        if f"equation-{label}" not in site.pages[page].anchors
    ]
    none(missing)


def test_chapters_can_be_downloaded_as_notebooks(site: Site) -> None:
    lacking = []
    for page in site.chapters:
        links = [a["href"] for a in page.soup.select("a.btn-download-source-button")]
        files = [page.resolve(link)[0] for link in links if link.endswith(".ipynb")]
        if not files or not json.loads(files[0].read_text(encoding="utf-8"))["cells"]:
            lacking.append(page.name)
    none(lacking)


def test_buttons_lead_to_this_repository_or_are_left_out(site: Site) -> None:
    home = repository.address(os.environ, repository.remote())
    buttons = ".article-header-buttons a[href], .launch-buttons a[href]"
    foreign = [
        (page, tag["href"])
        for page in site
        for tag in page.soup.select(buttons)
        if is_foreign(tag["href"])
    ]
    name = home.removeprefix("https://github.com/") if home else ""
    starts = [home, *(f"{LAUNCH[service]}/" for service in ("binderhub_url", "colab_url"))]
    none(
        [
            f"{p.name}: {link}"
            for p, link in foreign
            if not (home and link.startswith(tuple(starts)) and name in link)
        ]
    )
    reports = [page.soup.find("a", string="Report an error") for page in site.chapters]
    assert all(reports) if home else not any(reports)


def test_buttons_open_the_branch_whose_notebooks_install_the_course(site: Site) -> None:
    """And a note beside them says what to expect; Binder lacks what one chapter needs."""
    home = repository.address(os.environ, repository.remote()) or ""
    wrong = []
    for page in site.chapters:
        menu = page.soup.select(".dropdown-launch-buttons a")
        names = [link.get_text(strip=True).partition(" ")[0] for link in menu]
        wanted = ["Colab", "Colab"] if "14-pytorch" in page.name else ["Binder", "Colab", "Binder"]
        if names != (wanted if home.startswith("https://github.com/") else []):
            wrong.append(f"{page.name}: {names}")
            continue
        wrong += [f"{page.name}: {a['href']}" for a in menu[:-1] if "/launch" not in a["href"]]
        if menu and page.resolve(menu[-1]["href"])[0] != HTML / "book" / "running.html":
            wrong.append(f"{page.name}: the note leads to {menu[-1]['href']}")
    none(wrong)


def test_downloaded_notebooks_install_the_course_where_its_address_is_known(site: Site) -> None:
    home = repository.address(os.environ, repository.remote())
    paths = launch.notebooks(HTML / "_sources" / "book")
    texts = [path.read_text(encoding="utf-8") for path in paths]
    there = [f'mnist_nn[notebooks] @ git+{home}@{commits(site)[0]}\\"' in text for text in texts]
    assert texts
    assert all(there) if home else not any("%pip install" in text for text in texts)


def test_all_pages_say_of_which_one_commit_they_are(site: Site) -> None:
    """Not which: since the build there may have been another."""
    if repository.commit():
        assert re.fullmatch("[0-9a-f]{40}", *commits(site))


def commits(site: Site) -> list[str]:
    """The commits that the pages are of; one, if all is well."""
    lacking = "a page that does not say"
    tags = [page.soup.select_one("meta[name=commit]") for page in written(site)]
    return sorted({tag["content"] if tag else lacking for tag in tags})


@pytest.mark.parametrize("word", ["softmax", "digit"])
def test_search_finds(site: Site, word: str) -> None:
    text = (HTML / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(re.fullmatch(r"Search\.setIndex\((.*)\);?\s*", text, re.S)[1])
    assert set(index["docnames"]) == {name.removesuffix(".html") for name in site.toc}
    assert word in index["terms"] or word in index["titleterms"]
