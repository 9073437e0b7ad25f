"""The figure of training, moved on its page."""

from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from playwright.sync_api import Locator, expect

import mnist_nn as nn
from mnist_nn.optim import sgd_step
from mnist_nn.widgets import Training
from tests.browser import living
from tests.browser.living import Open, get, put
from tests.browser.visit import OVERFLOW
from tests.widgets.javascript import Maths

PAGE = "book/chapters/08-sgd.html"
alive = partial(living.alive, "training")
DEFAULTS = Training().values()


def wait(figure: Locator, what: str) -> None:
    figure.page.wait_for_function(
        f"(place) => {{ const get = (n) => place.model.get(n); return {what}; }}",
        arg=figure.element_handle(),
        timeout=60_000,
    )


def press(figure: Locator, name: str) -> None:
    """Click a button, and wait until it has done its work."""
    figure.get_by_role("button", name=name, exact=True).click()
    wait(figure, "!get('running')")


def trained(steps: int, **values: Any) -> tuple[list[float], float]:
    """Losses and accuracy of mnist_nn, from the page's first weights and order of digits."""
    v = DEFAULTS | values
    code = """const [v] = given, rng = generator(v.seed);
        const net = network([784, v.width, 10], v.activation, v.init, rng);
        return [net, permutation(rng, 2000)];"""
    net, order = Maths().run(code, v)
    rng = np.random.default_rng()
    model = nn.MLP((784, v["width"], 10), v["activation"], rng=rng, dtype=np.float64)
    for l in (1, 2):
        model.params.W[l][:], model.params.b[l][:] = net["W"][l], net["b"][l]
    learn, unseen = nn.load_mnist().train.split(2_000, 500)
    losses = []
    for t in range(steps):
        batch = learn[np.array(order[v["batch_size"] * t : v["batch_size"] * (t + 1)])]
        loss, gradient = model.loss_and_grad(batch.scaled(np.float64), batch.labels)
        sgd_step(model.params, gradient, v["learning_rate"])
        losses.append(loss)
    return losses, float(np.mean(model.predict(unseen.scaled(np.float64)) == unseen.labels))


def agrees(figure: Locator, steps: int, **values: Any) -> None:
    """All that is shown after so many steps of the first epoch is what mnist_nn computes."""
    losses, accuracy = trained(steps, **values)
    size = (DEFAULTS | values)["batch_size"]
    assert get(figure, "step") == steps
    assert get(figure, "epoch") == steps * size / 2000
    assert_allclose(get(figure, "losses"), losses[-100:], rtol=1e-6)
    assert_allclose(get(figure, "accuracy"), accuracy)
    readout = figure.locator(".readout")
    expect(readout).to_contain_text(f"Step {steps}")
    expect(readout).to_contain_text(f"Epoch {steps * size / 2000:.2f}")
    expect(readout).to_contain_text(f"Right of unseen {100 * accuracy:.1f} %")
    wrong = round(500 * (1 - accuracy))
    expect(figure).to_contain_text(f"{wrong} of the 500 unseen digits are read wrong")


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_mouse(open_page: Open, width: int, theme: str) -> None:
    page = open_page(PAGE, width, theme)
    figure = alive(page)
    agrees(figure, 0)
    press(figure, "One step")
    agrees(figure, 1)
    expect(figure.locator(".readout")).to_contain_text(f"Loss {trained(1)[0][0]:.3f}")
    press(figure, "One step")
    agrees(figure, 2)
    press(figure, "One epoch")
    agrees(figure, 40)
    expect(figure.locator(".remark")).to_contain_text("After 40 steps, 1.00 epochs, ")
    figure.get_by_label("Activation").select_option("sigmoid")  # begins anew
    agrees(figure, 0, activation="sigmoid")
    figure.get_by_label("Hidden units h").select_option("8")
    figure.get_by_label("Batch size").select_option("200")
    press(figure, "One epoch")
    agrees(figure, 10, activation="sigmoid", width=8, batch_size=200)
    assert figure.locator(".tiles canvas").count() == 8

    assert page.evaluate(OVERFLOW) == []
    hidden = "(e) => e.scrollWidth > e.clientWidth + 1"
    assert not figure.evaluate(hidden)
    assert not figure.locator(".panels").evaluate(hidden)
    line = figure.locator(".line.blue").first
    blue = {"light": "rgb(0, 114, 178)", "dark": "rgb(86, 180, 233)"}[theme]
    assert line.evaluate("(e) => getComputedStyle(e).stroke") == blue


def test_keyboard(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    rate = figure.get_by_label("Learning rate")
    rate.press("ArrowRight")
    assert get(figure, "learning_rate") == 0.3
    expect(rate).to_have_attribute("aria-valuetext", "0.3")
    figure.get_by_label("Batch size").press("ArrowDown")
    assert get(figure, "batch_size") == 100
    figure.get_by_label("Seed").press("ArrowRight")
    figure.get_by_role("button", name="One step").press("Enter")
    wait(figure, "!get('running') && get('step') === 1")
    agrees(figure, 1, learning_rate=0.3, batch_size=100, seed=1)
    rate.press("Delete")  # the rate may change on the way
    assert get(figure, "learning_rate") == 0.1
    assert get(figure, "step") == 1

    figure.get_by_label("full speed").press("Space")
    assert get(figure, "fast")
    figure.get_by_role("button", name="Start").press("Enter")
    expect(figure.locator(".remark")).to_have_text("Learning.")
    wait(figure, "get('step') > 30")
    figure.get_by_role("button", name="Pause").press("Space")
    assert not get(figure, "running")
    step = get(figure, "step")
    figure.page.wait_for_timeout(300)
    assert get(figure, "step") == step
    figure.get_by_role("button", name="Reset").press("Enter")
    agrees(figure, 0, seed=1)


def test_above_85_per_cent_with_the_first_settings(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    figure.get_by_role("button", name="Start").click()
    wait(figure, "get('accuracy') > 0.85")
    assert get(figure, "running")
    assert get(figure, "epoch") <= 5


def test_reset_and_a_program_begin_the_same_run_again(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    runs = []
    for _ in range(2):
        put(figure, fast=True, running=True)
        wait(figure, "get('step') > 60")
        put(figure, running=False)
        press(figure, "One epoch")
        runs.append((get(figure, "step"), get(figure, "losses"), get(figure, "accuracy")))
        press(figure, "Reset")
    # How far the first part came is chance; what came then is not, if both came equally far.
    steps = min(runs[0][0], runs[1][0])
    first, second = (
        dict(zip(range(step - len(losses), step), losses, strict=True)) for step, losses, _ in runs
    )
    both = first.keys() & second.keys()
    assert both
    assert [first[t] for t in both] == [second[t] for t in both]
    assert steps % 40 == 0


def test_stops_where_nobody_looks(open_page: Open) -> None:
    page = open_page(PAGE)
    figure = alive(page)
    figure.get_by_role("button", name="Start").click()
    wait(figure, "get('step') > 0")
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    page.wait_for_timeout(500)
    text = figure.locator(".readout").inner_text()
    page.wait_for_timeout(1000)
    assert figure.locator(".readout").inner_text() == text
    step = get(figure, "step")
    figure.scroll_into_view_if_needed()
    wait(figure, f"get('step') > {step}")


def test_a_loss_that_is_no_number_ends_the_run_in_words(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    put(figure, learning_rate=1e200, running=True)
    wait(figure, "!get('running')")
    expect(figure.locator(".remark")).to_contain_text("1e+200, is too large")
    assert get(figure, "step") == 1
    assert np.isfinite(get(figure, "losses")).all()
    put(figure, learning_rate=0.1)
    figure.get_by_role("button", name="Start").click()  # a fresh network
    wait(figure, "get('accuracy') > 0.5")


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_a_key_stands_beside_its_words(open_page: Open, width: int) -> None:
    keys = alive(open_page(PAGE, width)).locator(".keyed")
    words = ["a batch", "500 digits", "guessing", "of the unseen", "of the learned"]
    assert keys.all_inner_texts() == words
    assert keys.evaluate_all("(all) => all.map((e) => e.getClientRects().length)") == [1] * 5


def test_dead_units_are_told(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    figure.get_by_label("First weights").select_option("zeros")
    press(figure, "One step")
    expect(figure.locator(".remark")).to_contain_text("All hidden units are dead")
    expect(figure.locator(".readout")).to_contain_text("Dead units 32 of 32")


def test_rapid_clicks(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    for name in ("Start", "Pause", "Start", "Reset", "One epoch", "One step", "Reset") * 3:
        figure.get_by_role("button", name=name, exact=True).click()
    agrees(figure, 0)
