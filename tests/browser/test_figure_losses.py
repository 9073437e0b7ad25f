"""The figure of two losses behind a softmax, moved on its page."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose
from playwright.sync_api import Locator, expect

from mnist_nn import functional as F
from tests.browser import living
from tests.browser.living import Open, get, put, shown
from tests.browser.visit import OVERFLOW

PAGE = "book/chapters/04-softmax.html"
alive = partial(living.alive, "losses")


def agrees(figure: Locator) -> None:
    """All that is shown is what mnist_nn computes: two descents on one logit."""
    k = 0 if get(figure, "moves") == "right" else 1
    eta, steps = get(figure, "learning_rate"), get(figure, "steps")
    expected = []
    for loss_of in (F.softmax_nll, F.softmax_mse):
        Z = np.zeros((1, 10))
        Z[0, k] = get(figure, "logit")
        for _ in range(steps):
            Z[0, k] -= eta * loss_of(Z, [0])[1][0, k]
        loss, dZ = loss_of(Z, [0])
        expected.append([Z[0, k], F.softmax(Z)[0, 0], loss, dZ[0, k]])
    for j, name in ((0, "reached"), (2, "losses"), (3, "derivatives")):
        assert_allclose(get(figure, name), [row[j] for row in expected], rtol=1e-6, atol=1e-12)
    cells = [shown(text) for text in figure.locator("tbody td").all_inner_texts()]
    assert_allclose(np.reshape(cells, (4, 2)).T, expected, rtol=0.05, atol=0.0051)


def test_keyboard(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    remark = figure.locator(".remark")
    agrees(figure)
    expect(remark).to_contain_text("Wrong, and sure of it.")
    slider = figure.get_by_label("Its logit")
    slider.press("ArrowLeft")
    assert get(figure, "logit") == 7.9
    agrees(figure)
    slider.press("Home")
    expect(remark).to_contain_text("Little is left to learn.")
    agrees(figure)
    slider.press("End")
    agrees(figure)
    nll, mse = get(figure, "derivatives")
    assert nll > 0.999
    assert mse < 0.001


def test_descent_on_the_nll_gets_away_and_on_the_squared_error_does_not(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    for name in ("1 step", "10 steps"):
        button = figure.get_by_role("button", name=name, exact=True)
        button.focus()
        button.press("Enter")
        agrees(figure)
    expect(figure.locator("caption")).to_have_text("After 11 steps of descent")
    nll, mse = get(figure, "reached")
    assert nll < 1
    assert mse > 7.8
    expect(figure.locator(".remark")).to_contain_text(f"on the squared error by {8 - mse:.2f}")
    figure.get_by_role("button", name="1000 steps").click()
    assert get(figure, "steps") == 1011
    assert get(figure, "reached")[1] < 0
    agrees(figure)
    figure.get_by_label("Learning rate η").press("End")
    assert get(figure, "learning_rate") == 10
    agrees(figure)
    figure.get_by_role("button", name="Back to the start").click()
    assert get(figure, "reached") == [8, 8]
    agrees(figure)


def test_steps_end_at_ten_thousand(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    for _ in range(12):
        figure.get_by_role("button", name="1000 steps").click()
    assert get(figure, "steps") == 10_000
    put(figure, moves="right", logit=-12.0, learning_rate=0.1)
    agrees(figure)


def test_the_right_class_moves(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    figure.get_by_label("Move the logit of").select_option("the right class")
    assert get(figure, "logit") == -8  # as wrong as before
    agrees(figure)
    nll, mse = get(figure, "derivatives")
    assert -1 < nll < -0.999
    assert -0.001 < mse < 0
    figure.get_by_label("Its logit").press("End")
    expect(figure.locator(".remark")).to_contain_text("Little is left to learn.")
    agrees(figure)


@pytest.mark.parametrize("width", [1280, 390])
def test_mouse(open_page: Open, width: int) -> None:
    page = open_page(PAGE, width)
    figure = alive(page)
    slider, charts = figure.get_by_label("Its logit"), figure.locator("svg")
    for target, fraction in ((slider, 0.6), (charts.nth(0), 0.7), (charts.nth(1), 0.4)):
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box is not None
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] / 2, y)
        page.mouse.down()
        page.mouse.move(box["x"] + fraction * box["width"], y, steps=5)
        page.mouse.up()
        share = fraction if target is slider else (320 * fraction - 44) / (320 - 44 - 10)
        assert abs(get(figure, "logit") - (24 * share - 12)) < 0.8
        agrees(figure)
    # The dots are where the numbers are.
    dot = charts.nth(0).locator("circle.blue")
    x = float(dot.get_attribute("cx") or 0)
    assert_allclose(x, 44 + (get(figure, "logit") + 12) / 24 * (320 - 44 - 10))


def test_narrow_and_dark(open_page: Open) -> None:
    page = open_page(PAGE, 390, "dark")
    figure = alive(page)
    line = figure.locator("polyline.blue").first
    assert line.evaluate("(e) => getComputedStyle(e).stroke") == "rgb(86, 180, 233)"
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert figure.evaluate("(e) => e.scrollWidth <= e.clientWidth")
        assert page.evaluate(OVERFLOW) == []
