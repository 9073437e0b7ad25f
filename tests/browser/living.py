"""What the tests of all figures do: wait until one is alive, read and set its values."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

Open = Callable[..., Page]


def alive(name: str, page: Page) -> Locator:
    """Return the figure of that name, in view and come to life."""
    figure = page.locator(f"[data-figure={name}]")
    figure.scroll_into_view_if_needed()
    expect(figure).to_have_attribute("data-alive", "")
    figure.scroll_into_view_if_needed()  # what stands above may have moved it
    return figure


def get(figure: Locator, name: str) -> Any:
    """Return a value of the figure."""
    return figure.evaluate("(place, name) => place.model.get(name)", name)


def put(figure: Locator, **values: Any) -> None:
    """Set values as Python would."""
    code = (
        "(place, v) => { for (const k in v) place.model.set(k, v[k]); place.model.save_changes(); }"
    )
    figure.evaluate(code, values)


def shown(text: str) -> float:
    """Read a number as the figures write it: −0.250, or 3.4 · 10⁻⁴."""
    ascii_text = text.translate(str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789"))
    return float(ascii_text.replace(" · 10", "e"))
