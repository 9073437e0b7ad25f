"""The figure of the confusion matrix and its digits, moved on its page."""

from functools import cache, partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from playwright.sync_api import Locator, expect

from mnist_nn import load_mnist, metrics
from mnist_nn.widgets.network import load_network
from tests.browser import living
from tests.browser.living import Open, get
from tests.browser.visit import OVERFLOW

PAGE = "book/chapters/10-measuring.html"
alive = partial(living.alive, "confusions")
DIGITS = load_mnist().test
y = DIGITS.labels
SHOWN = "(place, cell) => { place.model.set('cell', cell); place.model.save_changes(); "
SHOWN += "return place.model.get('shown'); }"


@cache
def P() -> np.ndarray:
    return load_network().predict_proba(DIGITS.scaled())  # (10000, 10)


@cache
def matrix() -> np.ndarray:
    return metrics.confusion_matrix(y, P().argmax(axis=1))


def cell(figure: Locator, i: int, j: int) -> Locator:
    return figure.get_by_role("gridcell", name=f"true {i}, read as {j}:")


def percent(text: str) -> float:
    """0.5 for "50.0 %"; what is said to be less or more than a limit is just beyond it."""
    number = float(text.strip("<> %\N{NO-BREAK SPACE}"))
    return (number + 0.05 * (text.startswith(">") - text.startswith("<"))) / 100


def agrees(figure: Locator, i: int, j: int) -> None:
    """The digits of a cell are shown, with what mnist_nn's network makes of them."""
    assert get(figure, "cell") == [i, j]
    chosen = figure.locator('[aria-selected="true"]')
    count = matrix()[i, j]
    expect(chosen).to_have_count(1)
    expect(chosen).to_have_attribute(
        "aria-label", f"true {i}, read as {j}: {count:,} {'digit' if count == 1 else 'digits'}"
    )
    shown = get(figure, "shown")
    assert_array_equal(y[shown], i)
    assert_array_equal(P()[shown].argmax(axis=1), j)
    assert len(shown) == (12 if i == j else count)
    sure = P()[shown].max(axis=1)
    assert (np.diff(sure) * (1 if i == j else -1) > -1e-5).all()
    cards = figure.locator(".cards li")
    expect(cards).to_have_count(len(shown))
    for card, m in zip(cards.all(), shown, strict=True):
        expect(card.locator("caption")).to_contain_text(f"No. {m}: ")
        classes = [int(text) for text in card.locator("th").all_inner_texts()]
        assert_allclose(P()[m][classes], np.sort(P()[m])[:-4:-1], atol=1e-4)
        values = [percent(text) for text in card.locator(".value").all_inner_texts()]
        assert_allclose(values, P()[m][classes], atol=0.00055)
        underlined = card.locator(".marked th").all_inner_texts()
        assert underlined == ([str(i)] if i in classes else [])


def test_every_count_and_every_mistake(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    C = matrix()
    labels = figure.get_by_role("gridcell").evaluate_all(
        "(cells) => cells.map((e) => e.getAttribute('aria-label')).filter(Boolean)"
    )
    counts = [int(text.split(": ")[1].split()[0].replace(",", "")) for text in labels]
    assert_array_equal(np.reshape(counts, (10, 10)), C)
    expect(figure.locator("caption").first).to_contain_text(f"{np.trace(C):,} of 10,000 digits")
    shown = [m for i, j in np.ndindex(10, 10) if i != j for m in figure.evaluate(SHOWN, [i, j])]
    assert sorted(shown) == np.flatnonzero(P().argmax(axis=1) != y).tolist()


def test_pictures_are_those_of_the_digits(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    pixels = figure.locator(".cards canvas").evaluate_all(
        "(all) => all.map((c) => Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data))"
    )
    ink = 255 - np.array(pixels)[:, ::4]  # (n, 784, red green blue alpha) → (n, 784)
    assert_array_equal(ink, DIGITS.images[get(figure, "shown")].reshape(-1, 784))


@pytest.mark.parametrize("width", [1280, 390])
def test_mouse(open_page: Open, width: int) -> None:
    figure = alive(open_page(PAGE, width))
    agrees(figure, 9, 4)
    none = tuple(np.argwhere(matrix() == 0)[0].tolist())
    most = matrix() - np.diag(np.diag(matrix()))
    most_at = tuple(int(k) for k in np.unravel_index(most.argmax(), most.shape))
    for i, j in (most_at, (4, 4), none, (1, 1)):
        cell(figure, i, j).click()
        agrees(figure, i, j)
        row, column = matrix()[i].sum(), matrix()[:, j].sum()
        expect(figure).to_contain_text(
            f"Of the {row:,} true {i}s, {row - matrix()[i, i]} are read as another digit. "
            f"Of the {column:,} read as {j}, {column - matrix()[j, j]} are another digit."
        )
    cell(figure, *none).click()
    expect(figure.get_by_role("status")).to_have_text(f"True {none[0]}, read as {none[1]}: none.")


def test_keyboard(open_page: Open) -> None:
    page = open_page(PAGE)
    figure = alive(page)
    expect(figure.locator('[tabindex="0"]')).to_have_count(1)  # Tab comes to one cell only
    cell(figure, 9, 4).focus()
    before = page.evaluate("scrollY")
    for key, at in (
        ("ArrowUp", (8, 4)),
        ("ArrowLeft", (8, 3)),
        ("End", (8, 9)),
        ("ArrowRight", (8, 9)),  # no further
        ("ArrowDown", (9, 9)),
        ("ArrowDown", (9, 9)),
        ("Home", (9, 0)),
        ("ArrowRight", (9, 1)),
        ("ArrowRight", (9, 2)),
        ("ArrowRight", (9, 3)),
    ):
        page.keyboard.press(key)
        expect(cell(figure, *at)).to_be_focused()
        agrees(figure, 9, 4) if at == (9, 9) else None  # moving does not choose
    assert page.evaluate("scrollY") == before
    page.keyboard.press("Enter")
    agrees(figure, 9, 3)
    expect(cell(figure, 9, 3)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    agrees(figure, 8, 3)
    page.keyboard.press("Tab")  # and out of the grid
    expect(figure.locator(":focus")).to_have_count(0)
    expect(figure.locator('[tabindex="0"]')).to_have_count(1)


def test_a_program_sets_it(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    figure.evaluate(SHOWN, [5, 3])
    agrees(figure, 5, 3)
    expect(cell(figure, 5, 3)).to_have_attribute("tabindex", "0")


def test_narrow_and_dark(open_page: Open) -> None:
    page = open_page(PAGE, 390, "dark")
    figure = alive(page)
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert figure.evaluate("(e) => e.scrollWidth <= e.clientWidth")
        assert page.evaluate(OVERFLOW) == []
        box = cell(figure, 5, 3).bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24 or width < 390
    ground = "(e) => getComputedStyle(e).backgroundColor"
    zero = tuple(np.argwhere(matrix() == 0)[0].tolist())
    assert cell(figure, 3, 5).evaluate(ground) != cell(figure, *zero).evaluate(ground)
