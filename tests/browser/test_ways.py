"""Other ways to read: from a folder without a network, without scripts, by keyboard alone."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.visit import Reader, pages
from tools.figures import FIGURES
from tools.server import HTML

LANDING = "book/index.html"
CHAPTERS = ["book/chapters/01-handwritten-digits.html", "book/chapters/08-sgd.html"]
Open = Callable[..., Page]


@pytest.fixture
def folder(browser: Browser, base: str) -> Iterator[Reader]:
    """Someone who opens the site's files from a folder, on a machine without a network."""
    reader = Reader(browser, f"{HTML.as_uri()}/", "light", 390)
    reader.context.set_offline(True)
    yield reader
    reader.context.close()
    assert reader.faults == []


@pytest.mark.parametrize("name", [LANDING, *CHAPTERS])
def test_a_page_from_a_folder_is_whole(folder: Reader, name: str) -> None:
    assert folder.inspect(name) == []


def test_all_figures_live_in_a_folder(folder: Reader) -> None:
    marked = [n for n in pages() if 'class="living"' in (HTML / n).read_text(encoding="utf-8")]
    alive = set().union(*(folder.living(folder.open(name)) for name in marked))
    assert alive == {figure.name for figure in FIGURES}


def test_one_finds_the_way_through_a_folder(folder: Reader) -> None:
    page = folder.context.new_page()
    page.goto(folder.base + "index.html")
    page.wait_for_url("**/book/index.html")
    page.get_by_role("link", name="Start with the digits").click()
    expect(page.locator("article h1")).to_contain_text("Handwritten digits")
    page.locator("a.right-next").click()
    expect(page.locator("article h1")).to_contain_text("One layer")


def test_one_finds_a_word_in_a_folder(folder: Reader) -> None:
    page = folder.open("search.html?q=softmax")
    page.locator("#search-results a", has_text="Softmax and its Jacobian").first.wait_for()


@pytest.mark.parametrize("name", CHAPTERS)
def test_without_scripts_a_chapter_can_be_read(browser: Browser, base: str, name: str) -> None:
    reader = Reader(browser, base, "light", 390, java_script_enabled=False)
    page = reader.open(name)
    expect(page.locator("article h1")).to_be_visible()
    assert len((page.locator("article").text_content() or "").split()) > 2000
    expect(page.locator("article mjx-container").first).to_be_visible()
    pictures = page.locator("article img:not(.only-dark)")
    assert pictures.count() >= 3
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_be_visible()
        expect(picture).not_to_have_js_property("naturalWidth", 0)
    assert reader.faults == []
    reader.context.close()


def focus(page: Page, selector: str, most: int = 30) -> None:
    """Press Tab until an element has the focus, as a reader without a mouse does."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"{most} times Tab do not reach {selector}")


def test_the_first_tab_leads_past_the_bars(open_page: Open) -> None:
    page = open_page(CHAPTERS[0])
    focus(page, "#pst-skip-link a", most=1)
    expect(page.locator("#pst-skip-link a")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main-content")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') != null")


@pytest.mark.parametrize("width", [390, 1280])
def test_keys_open_search_and_close_it(open_page: Open, width: int) -> None:
    page = open_page(CHAPTERS[0], width)
    dialogue = page.locator("#pst-search-dialog")
    focus(page, ".search-button, .search-button__button")
    page.keyboard.press("Enter")
    expect(dialogue).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialogue).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(dialogue.locator("input")).to_be_focused()
    page.keyboard.type("softmax")
    page.keyboard.press("Enter")
    page.locator("#search-results a", has_text="Softmax and its Jacobian").first.wait_for()


def test_keys_switch_between_light_and_dark(open_page: Open) -> None:
    page = open_page(CHAPTERS[0], 390, "light")
    root = page.locator("html")
    focus(page, ".theme-switch-button")
    shown = []
    for _ in range(4):
        page.keyboard.press("Enter")
        shown.append(root.get_attribute("data-mode"))
        page.locator(".theme-switch-button").focus()  # the theme's script lets go of it
    assert shown == ["dark", "light", "auto", "dark"]
    page.goto(page.url.replace(CHAPTERS[0], CHAPTERS[1]))
    expect(root).to_have_attribute("data-theme", "dark")  # it is remembered


def test_keys_open_the_side_bar_of_a_telephone(open_page: Open) -> None:
    page = open_page(CHAPTERS[0], 390)
    link = page.locator("dialog a", has_text="One layer").first
    expect(link).to_be_hidden()
    focus(page, ".primary-toggle")
    page.keyboard.press("Enter")
    expect(link).to_be_visible()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
