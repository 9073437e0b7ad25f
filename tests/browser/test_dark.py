"""Every page in dark, on a telephone and a laptop: whole, for everyone, its links alive."""

import pytest
from playwright.sync_api import Browser

from tests.browser.visit import Reader, pages

# The pages are those of test_light.py: what only the dark changes may wait for `make test-all`.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reader(browser: Browser, base: str) -> Reader:
    return Reader(browser, base, "dark", 390)


@pytest.mark.parametrize("name", pages() or [""])  # not built: one test, to say so
def test_page(reader: Reader, name: str) -> None:
    assert reader.inspect(name) == []
