"""The figure of softmax, moved on its page."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose
from playwright.sync_api import Locator, expect

from mnist_nn import functional as F
from tests.browser import living
from tests.browser.living import Open, get, put
from tests.browser.visit import OVERFLOW

PAGE = "book/chapters/04-softmax.html"
alive = partial(living.alive, "softmax")


def numbers(cells: Locator) -> list[float]:
    return [float(text.replace("−", "-")) for text in cells.all_inner_texts()]


def agrees(figure: Locator) -> None:
    """All that is shown is what mnist_nn computes."""
    z = np.array(get(figure, "logits")) + get(figure, "offset")
    y, p = get(figure, "label"), F.softmax(z)
    assert_allclose(get(figure, "probabilities"), p, rtol=1e-6, atol=1e-12)
    columns = figure.locator(".bars")
    assert_allclose(numbers(columns.nth(0).locator(".value")), p, atol=0.0051)
    assert_allclose(numbers(columns.nth(1).locator(".value")), p - np.eye(len(z))[y], atol=0.0051)
    J = np.reshape(numbers(figure.locator(".heat tbody td")), (len(z), len(z)))
    assert_allclose(J, F.softmax_jacobian(p), atol=0.0051)
    loss, _ = F.softmax_nll(z[None], [y])
    sentence = f"The loss, −log p{'₀₁₂₃₄₅₆₇₈₉'[y]}, is {loss:.2f}."
    expect(figure.locator(".remark")).to_have_text(sentence)


def test_keyboard(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    agrees(figure)
    slider = figure.get_by_label("z₀")
    slider.focus()
    for _ in range(3):
        slider.press("ArrowRight")
    assert get(figure, "logits") == [2.3, 1, 0, -1, 0.5]
    agrees(figure)
    slider.press("End")
    assert get(figure, "logits")[0] == 10
    agrees(figure)
    slider.press("Delete")  # back to where it began
    assert get(figure, "logits")[0] == 2
    figure.get_by_label("Right class y").press("ArrowDown")
    assert get(figure, "label") == 2
    agrees(figure)


@pytest.mark.parametrize("width", [1280, 390])
def test_mouse(open_page: Open, width: int) -> None:
    page = open_page(PAGE, width)
    figure = alive(page)
    slider = figure.get_by_label("z₃")
    box = slider.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2, steps=10)
    page.mouse.up()
    assert 7 < get(figure, "logits")[3] < 10
    agrees(figure)
    slider.dblclick()
    assert get(figure, "logits")[3] == -1
    agrees(figure)


def test_overflow_with_and_without_the_shift(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    added, remark = figure.get_by_label("Added to all"), figure.locator(".remark")
    before = get(figure, "probabilities")
    added.press("End")
    assert get(figure, "offset") == 1000
    assert_allclose(get(figure, "probabilities"), before, rtol=1e-9)
    agrees(figure)

    figure.get_by_label("subtract the largest logit first").uncheck()
    assert set(figure.locator(".value").all_inner_texts()) == {"nan"}
    expect(remark).to_contain_text("An exponential is more than a float64 can hold")
    added.press("Home")
    assert set(figure.locator(".value").all_inner_texts()) == {"nan"}
    expect(remark).to_contain_text("Every exponential is rounded to 0")
    added.press("Delete")
    agrees(figure)
    put(figure, offset=709.5, logits=[0.0, 0.1])  # each is finite, their sum is not
    expect(remark).to_contain_text("The sum of the exponentials is more than")
    figure.get_by_label("subtract the largest logit first").check()
    agrees(figure)


def test_a_program_sets_it(open_page: Open) -> None:
    page = open_page(PAGE)
    figure = alive(page)
    put(figure, logits=[0.0] * 5)
    agrees(figure)
    assert_allclose(get(figure, "probabilities"), 0.2)
    put(figure, logits=[1.0, -800.0], label=1)  # another number of classes, far off the sliders
    assert figure.locator("input[type=range]").count() == 3
    expect(figure.locator(".remark")).to_have_text("The loss, −log p₁, is 801.00.")
    put(figure, logits=np.linspace(-3, 3, 10).tolist(), label=9)
    agrees(figure)


def test_narrow_and_dark(open_page: Open) -> None:
    page = open_page(PAGE, 390, "dark")
    figure = alive(page)
    fill = figure.locator(".fill").first
    assert fill.evaluate("(e) => getComputedStyle(e).backgroundColor") == "rgb(86, 180, 233)"
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert figure.evaluate("(e) => e.scrollWidth <= e.clientWidth")
        assert page.evaluate(OVERFLOW) == []
