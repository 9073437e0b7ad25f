"""A browser, the site in it, and pages that fail their test when something goes wrong on them."""

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import visit
from tools.server import HTML, served


def lacking(reason: str) -> None:
    """Skip; but where all must be there, fail."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


# For one file of tests, not for all: while Playwright runs, notebooks cannot be tested beside it.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if visit.CHROMIUM is None:
        lacking("Chromium is not installed")
    with visit.chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """The address of the site, which is served from a folder and not from the root of a host."""
    if not (HTML / "index.html").is_file():
        lacking("the book is not built (make book)")
    with served() as address:
        yield address


@pytest.fixture
def open_page(browser: Browser, base: str) -> Iterator[Callable[..., Page]]:
    """Give a function that opens a page: ``open_page("book/index.html", 390, "dark")``.

    The test fails at its end if a page said an error or a warning on the console, or asked for
    what is not there or not on this site.
    """
    readers = []

    def opened(name: str, width: int = 1280, theme: str = "light") -> Page:
        readers.append(visit.Reader(browser, base, theme, width))
        return readers[-1].open(name)

    yield opened
    for reader in readers:
        reader.context.close()
    assert [fault for reader in readers for fault in reader.faults] == []
