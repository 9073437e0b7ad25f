"""The figure that reads what one draws: by mouse, finger and keyboard, on both of its pages."""

from collections.abc import Sequence
from functools import cache, partial

import numpy as np
import pytest
from numpy.testing import assert_allclose
from playwright.sync_api import Locator, Page, expect

import mnist_nn as nn
from mnist_nn.data import center_digit
from mnist_nn.widgets.network import load_network
from tests.browser import living
from tests.browser.living import Open, get
from tests.browser.visit import OVERFLOW

FIRST = "book/index.html"
PAGES = [FIRST, "book/chapters/12-what-it-learned.html"]
alive = partial(living.alive, "drawing")
Stroke = Sequence[tuple[float, float]]  # points, as shares of the paper's width and height
SEVEN: list[Stroke] = [[(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]]
ZERO: list[Stroke] = [
    [(0.5 + 0.2 * np.cos(t), 0.5 - 0.3 * np.sin(t)) for t in np.linspace(1.6, 7.8, 30)]
]


@cache
def network() -> nn.MLP:
    single = load_network()
    model = nn.MLP(single.sizes, rng=np.random.default_rng(0), dtype=np.float64)
    model.params.flat[:] = single.params.flat
    return model


def agrees(figure: Locator) -> int:
    """What is shown is what mnist_nn says of the pixels that the network sees."""
    pixels = np.array(get(figure, "pixels"))
    P = network().predict_proba(pixels[None] / 255)[0]
    assert_allclose(get(figure, "probabilities"), P, rtol=1e-6, atol=1e-12)
    shown = figure.locator(".bars .value").all_inner_texts()
    assert [float(text.strip("\N{NO-BREAK SPACE} %")) for text in shown] == [
        np.floor(1000 * p) / 10 for p in P
    ]
    digit = int(P.argmax())
    expect(figure.locator(".remark")).to_contain_text(f"The network reads {digit}")
    expect(figure.locator(".marked th")).to_have_text(f"{digit}")
    return digit


def draw(page: Page, figure: Locator, strokes: list[Stroke]) -> None:
    paper = figure.locator(".paper")
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    assert box
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=8)
        page.mouse.up()


def clear(figure: Locator) -> None:
    figure.get_by_role("button", name="Clear").click()


@pytest.mark.parametrize("name", PAGES)
def test_it_begins_with_a_real_digit(open_page: Open, name: str) -> None:
    figure = alive(open_page(name))
    assert get(figure, "pixels") == nn.load_mnist().test.images[8406].ravel().tolist()
    assert agrees(figure) == 4


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_wider_than_the_screen(open_page: Open, width: int, theme: str) -> None:
    page = open_page(FIRST, width, theme)
    figure = alive(page)
    draw(page, figure, SEVEN)
    assert page.evaluate(OVERFLOW) == []


def test_the_mouse_draws(open_page: Open) -> None:
    page = open_page(FIRST)
    figure = alive(page)
    for strokes, digit in ((SEVEN, 7), (ZERO, 0)):
        clear(figure)
        expect(figure.locator(".remark")).to_contain_text("Blank paper")
        assert get(figure, "probabilities") == []
        assert not any(get(figure, "pixels"))
        draw(page, figure, strokes)
        assert agrees(figure) == digit


def test_a_drawing_is_centred_as_in_python(open_page: Open) -> None:
    """The dark part of the paper, as Python takes it from the screen, becomes the same image."""
    page = open_page(FIRST)
    figure = alive(page)
    clear(figure)
    draw(page, figure, SEVEN)
    opacity = figure.locator(".paper").evaluate(
        "(c) => Array.from(c.getContext('2d').getImageData(0, 0, 140, 140).data)"
    )
    ink = np.array(opacity).reshape(140, 140, 4)[:, :, 3]
    image = center_digit(255 - ink).ravel().astype(int)
    # The screen rounds ink to 255 levels.
    assert_allclose(get(figure, "pixels"), image, atol=3)


def test_a_stroke_makes_the_4_a_9_and_undo_takes_it_back(open_page: Open) -> None:
    page = open_page(FIRST)
    figure = alive(page)
    undo = figure.get_by_role("button", name="Undo")
    expect(undo).to_be_disabled()
    draw(page, figure, [[(0.5, 0.26), (0.78, 0.24)]])
    assert agrees(figure) == 9
    undo.click()
    assert agrees(figure) == 4
    expect(undo).to_be_disabled()


def test_keys_draw(open_page: Open) -> None:
    page = open_page(FIRST)
    figure = alive(page)
    clear(figure)
    figure.locator(".paper").focus()
    for key, times in (("ArrowUp", 6), ("ArrowLeft", 4), (" ", 1), ("ArrowRight", 8)):
        for _ in range(times):
            page.keyboard.press(key)
    expect(figure.get_by_text("The pen is down.")).to_be_visible()
    page.keyboard.down("ArrowDown")  # two keys at once lead aslant
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    page.keyboard.up("ArrowDown")
    for _ in range(7):
        page.keyboard.press("ArrowDown")
    page.keyboard.press(" ")
    expect(figure.get_by_text("The pen is up.")).to_be_visible()
    assert agrees(figure) == 7
    page.keyboard.press("ArrowRight")  # the pen is up: nothing is drawn
    drawn = get(figure, "pixels")
    page.keyboard.press("Backspace")
    expect(figure.locator(".remark")).to_contain_text("Blank paper")
    assert drawn != get(figure, "pixels")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") != ""
    expect(figure.locator(".paper")).not_to_be_focused()


def test_a_finger_draws_and_the_page_stays(open_page: Open) -> None:
    page = open_page(FIRST, 390)
    figure = alive(page)
    clear(figure)
    before = page.evaluate("scrollY")
    paper = figure.locator(".paper")
    box = paper.bounding_box()
    assert box
    touch = page.context.new_cdp_session(page)
    for kind, x, y in [("touchStart", 0.5, 0.2)] + [
        ("touchMove", 0.5, 0.2 + 0.06 * step) for step in range(1, 11)
    ]:
        point = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert agrees(figure) == 1
    assert page.evaluate("scrollY") == before


def test_examples_and_colours(open_page: Open) -> None:
    figure = alive(open_page(FIRST))
    example, colours = figure.get_by_label("or take"), figure.get_by_label("Colours for")
    example.select_option("test digit 8, read as 7")
    assert agrees(figure) == 7
    expect(figure.get_by_text("Orange ink speaks for 7")).to_be_visible()
    picture = figure.get_by_label("What the lead hangs on")
    before = picture.evaluate("(c) => c.toDataURL()")
    colours.select_option("8")
    expect(figure.get_by_text("Orange ink speaks for 8, blue for 7")).to_be_visible()
    assert picture.evaluate("(c) => c.toDataURL()") != before
    assert get(figure, "digit") == 8


def test_a_program_sets_the_image(open_page: Open) -> None:
    page = open_page(FIRST)
    figure = alive(page)
    draw(page, figure, SEVEN)
    image = nn.load_mnist().test.images[0].ravel().tolist()
    figure.evaluate(
        "(place, image) => { place.model.set('pixels', image); place.model.save_changes(); }", image
    )
    assert get(figure, "pixels") == image  # not what was drawn before
    assert agrees(figure) == 7
    expect(figure.get_by_role("button", name="Undo")).to_be_disabled()


def test_a_dot_at_the_edge_and_a_mess(open_page: Open) -> None:
    page = open_page(FIRST)
    figure = alive(page)
    for strokes in (
        [[(0.003, 0.003), (0.004, 0.003)]],  # a dot, in the corner
        [[(x, y) for x in (0.01, 0.99)] for y in np.linspace(0.01, 0.99, 14)],  # nearly all black
        [[(0.5, 0.5), (1.5, 0.5), (0.5, 0.6)]],  # off the paper and back
    ):
        clear(figure)
        draw(page, figure, [list(stroke) for stroke in strokes])
        agrees(figure)
