"""The figure of ReLU and the sigmoid, moved on its page."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose
from playwright.sync_api import Locator, expect

from mnist_nn import functional as F
from tests.browser import living
from tests.browser.living import Open, get, shown
from tests.browser.visit import OVERFLOW

PAGE = "book/chapters/05-relu.html"
alive = partial(living.alive, "activations")


def agrees(figure: Locator) -> None:
    """All that is shown is what mnist_nn computes."""
    z, c, one = np.array([get(figure, "z")]), get(figure, "c"), np.ones(1)
    a = [F.relu(z)[0], F.sigmoid(z)[0]]
    da = [F.relu_backward(one, z, c)[0], F.sigmoid_backward(one, F.sigmoid(z))[0]]
    assert_allclose(get(figure, "outputs"), a, rtol=1e-6)
    assert_allclose(get(figure, "derivatives"), da, rtol=1e-6)
    cells = [shown(text) for text in figure.locator(".compared tbody td").all_inner_texts()]
    assert_allclose(cells, [*a, *da], rtol=0.05, atol=0.00051)
    for i in (0, 1):
        left = [
            shown(t) for t in figure.locator(".bars").nth(i).locator(".value").all_inner_texts()
        ]
        assert_allclose(left, da[i] ** np.arange(1.0, 7), rtol=0.05, atol=0.00051)


def test_keyboard(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    remark, slider = figure.locator(".remark"), figure.get_by_label("z", exact=True)
    agrees(figure)
    slider.press("ArrowRight")
    assert get(figure, "z") == 2.1
    expect(remark).to_contain_text("The gate of ReLU is open")
    agrees(figure)
    slider.press("End")
    expect(remark).to_contain_text("it is saturated")
    agrees(figure)
    slider.press("Home")
    assert get(figure, "z") == -6
    expect(remark).to_contain_text("The gate of ReLU is shut: nothing passes.")
    agrees(figure)


def test_c_decides_at_zero_and_nowhere_else(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    choice, slider = figure.get_by_label("c, the derivative"), figure.get_by_label("z", exact=True)
    zero = figure.get_by_role("button", name="Go to zero")
    for text, c in (("½", 0.5), ("1", 1), ("0", 0)):
        choice.select_option(text)
        zero.click()
        assert get(figure, "z") == 0
        assert get(figure, "derivatives") == [c, 0.25]
        expect(figure.locator(".remark")).to_contain_text(f"returns c, here {c}.")
        agrees(figure)
        slider.press("ArrowLeft")
        assert get(figure, "z") == -0.1
        assert get(figure, "derivatives")[0] == 0
        agrees(figure)
        zero.click()
        slider.press("ArrowRight")
        assert get(figure, "derivatives")[0] == 1
        agrees(figure)


@pytest.mark.parametrize("width", [1280, 390])
def test_mouse(open_page: Open, width: int) -> None:
    page = open_page(PAGE, width)
    figure = alive(page)
    slider, charts = figure.get_by_label("z", exact=True), figure.locator("svg")
    for target, fraction in ((slider, 0.3), (charts.nth(0), 0.8), (charts.nth(1), 0.4)):
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box is not None
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] / 2, y)
        page.mouse.down()
        page.mouse.move(box["x"] + fraction * box["width"], y, steps=5)
        page.mouse.up()
        share = fraction if target is slider else (320 * fraction - 44) / (320 - 44 - 10)
        assert abs(get(figure, "z") - (12 * share - 6)) < 0.4
        agrees(figure)


def test_touch(open_page: Open) -> None:
    page = open_page(PAGE, 390)
    figure = alive(page)
    chart = figure.locator("svg").first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    device = page.context.new_cdp_session(page)
    y = box["y"] + box["height"] / 2
    for kind, fraction in (("touchStart", 0.5), ("touchMove", 0.55), ("touchMove", 0.9)):
        points = [{"x": box["x"] + fraction * box["width"], "y": y}]
        device.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    device.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function("document.querySelector('[data-figure=activations]').model.get('z') > 4")
    agrees(figure)


def test_narrow_and_dark(open_page: Open) -> None:
    page = open_page(PAGE, 390, "dark")
    figure = alive(page)
    line = figure.locator("polyline.orange").first
    assert line.evaluate("(e) => getComputedStyle(e).stroke") == "rgb(230, 159, 0)"
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert figure.evaluate("(e) => e.scrollWidth <= e.clientWidth")
        assert page.evaluate(OVERFLOW) == []
