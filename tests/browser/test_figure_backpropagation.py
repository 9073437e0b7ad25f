"""The backpropagation stepper, moved on its page."""

import math
import re
from functools import partial
from typing import Any
from urllib.parse import urldefrag

import numpy as np
import pytest
from numpy.testing import assert_allclose
from playwright.sync_api import Locator, expect

from mnist_nn import MLP
from mnist_nn import functional as F
from tests.browser import living
from tests.browser.living import Open, get, put
from tests.browser.visit import OVERFLOW

PAGE = "book/chapters/07-any-depth.html"
alive = partial(living.alive, "backpropagation")
RESULTS = ["z1", "a1", "z2", "p", "loss", "dz2", "dW2", "db2", "da1", "dz1", "dW1", "db1", "new"]
PARAMETERS = ["W1", "b1", "W2", "b2"]


def press(figure: Locator, name: str) -> None:
    figure.get_by_role("button", name=name).click()


def computed(figure: Locator) -> dict[str, Any]:
    """Return every number of the figure, as mnist_nn computes it from what is given."""
    given = {name: np.array(get(figure, name), float) for name in ["x", *PARAMETERS]}
    y, eta = get(figure, "label"), get(figure, "learning_rate")
    model = MLP((2, 3, 2), rng=np.random.default_rng(0), dtype=np.float64)
    for l in (1, 2):
        model.params.W[l], model.params.b[l] = given[f"W{l}"], given[f"b{l}"]
    X = given["x"][None]
    z1 = F.affine(X, given["W1"], given["b1"])
    _, a1, z2 = model.forward(X)
    loss, grad = model.loss_and_grad(X, [y])
    _, dz2 = F.softmax_nll(z2, [y])
    da1 = F.affine_backward(dz2, a1, given["W2"])[0]
    numbers = {"z1": z1[0], "a1": a1[0], "z2": z2[0], "p": F.softmax(z2)[0], "loss": loss}
    numbers |= {"dz2": dz2[0], "da1": da1[0], "dz1": F.relu_backward(da1, z1)[0]}
    numbers |= {f"dW{l}": grad.W[l].copy() for l in (1, 2)}
    numbers |= {f"db{l}": grad.b[l].copy() for l in (1, 2)}
    model.params.flat -= eta * grad.flat
    numbers["new"] = {f"W{l}": model.params.W[l] for l in (1, 2)}
    numbers["new"] |= {f"b{l}": model.params.b[l] for l in (1, 2)}
    numbers["new"]["loss"] = model.loss_and_grad(X, [y])[0]
    return given | numbers | {"y": np.eye(2)[y], "eta": eta}


def plain(text: str) -> str:
    """Write numbers as Python does: −1.2 · 10⁻⁴ is -1.2e-4."""
    digits = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    text = re.sub(r" · 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: "e" + m[1].translate(digits), text)
    return text.replace("−", "-")


def value(text: str) -> float:
    return float(plain(text))


def formula(text: str) -> float:
    """Compute what a formula says."""
    text = plain(text).replace("·", "*").replace("ReLU′", "slope")
    text = re.sub(r"(exp|log) ([\d.]+)", r"\1(\2)", text)
    names = {"exp": math.exp, "log": math.log, "max": max, "slope": lambda z: float(z > 0)}
    return float(eval(text, names))


def letters(text: str, numbers: dict[str, Any]) -> str:
    """Put the numbers in the place of w¹₁₂ and its like, all digits of them."""

    def number(match: re.Match[str]) -> str:
        name, layer, indices = match.groups()
        key = name.replace("w", "W") + layer.translate(str.maketrans("¹²", "12"))
        entry = numbers[key][tuple("₁₂₃".index(i) for i in indices)]
        return f"({float(entry)!r})"

    return re.sub(r"(d?[a-z])([¹²]?)([₁₂₃]+)", number, text).replace("η", str(numbers["eta"]))


def agrees(figure: Locator) -> None:
    """All that is shown and stored is what mnist_nn computes."""
    numbers, step = computed(figure), get(figure, "step")
    for trait in ("forward", "gradients"):
        for name, stored in get(figure, trait).items():
            assert_allclose(stored, numbers[name], rtol=1e-6, atol=1e-9, err_msg=name)
    for name, stored in get(figure, "updated").items():
        assert_allclose(stored, numbers["new"][name], rtol=1e-6, atol=1e-9, err_msg=name)

    def expected(names: list[str]) -> list[float | None]:
        flat: list[float | None] = []
        for name in names:
            known = name not in RESULTS or RESULTS.index(name) < step
            entries = np.ravel(numbers[name])
            flat += [float(entry) if known else None for entry in entries]
        return flat

    boxes = figure.locator("svg .cell text:last-child").all_text_contents()
    gradients = ["dW1", "db1", "dW2", "db2"]
    after = np.concatenate([np.ravel(numbers["new"][name]) for name in PARAMETERS])
    pairs = [
        (boxes, expected(["x", "z1", "a1", "da1", "dz1", "z2", "p", "y", "dz2", "loss"])),
        (
            figure.locator("td.cell").all_text_contents(),
            list(after) if step == 13 else expected(gradients),
        ),
    ]
    for texts, values in pairs:
        assert len(texts) == len(values)
        for text, number in zip(texts, values, strict=True):
            assert (text == "") == (number is None)
            if number is not None:
                assert_allclose(
                    value(text), number, rtol=0.5 if "10" in text else 0.0051, atol=0.0051
                )

    in_letters, in_numbers = figure.locator(".operation > div").all_text_contents()[1:3]
    left, right = re.split("[=←]", in_letters)
    *parts, end = in_numbers.split("=")[1:]
    entry = get(figure, "entry")
    result = after[entry] if step == 13 else np.ravel(numbers[RESULTS[step - 1]])[entry]
    assert_allclose(value(end), result, atol=0.00051)
    assert_allclose(formula(letters(right, numbers)), result, rtol=1e-9, atol=1e-12)
    for part in parts:
        assert_allclose(formula(part), result, atol=0.01)
    name = left.strip()
    if step not in (5, 13):
        assert letters(name, numbers) == f"({float(result)!r})"


def test_every_entry_by_keyboard(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    button = figure.get_by_role("button", name="Next")
    seen = 0
    for step in range(1, 14):
        assert get(figure, "step") == step
        while True:
            agrees(figure)
            seen += 1
            figure.get_by_role("button").nth(1).press("ArrowDown")
            if get(figure, "entry") == 0:
                break
        if step < 13:
            button.press("ArrowRight")
    assert seen == 36 + 17
    figure.get_by_role("button").nth(1).press("ArrowRight")  # there is nothing further on
    figure.get_by_role("button").nth(1).press("ArrowUp")
    assert (get(figure, "step"), get(figure, "entry")) == (13, 16)
    for _ in range(14):
        figure.get_by_role("button").nth(1).press("ArrowLeft")
    assert (get(figure, "step"), get(figure, "entry")) == (1, 0)
    agrees(figure)


@pytest.mark.parametrize("width", [1280, 390])
def test_mouse(open_page: Open, width: int) -> None:
    figure = alive(open_page(PAGE, width))
    press(figure, "Run all")
    assert get(figure, "step") == 13
    agrees(figure)
    figure.locator("td.cell").nth(4).click()  # a new weight
    assert (get(figure, "step"), get(figure, "entry")) == (13, 4)
    agrees(figure)
    figure.locator("svg .cell").nth(13).click()  # dz¹ of the third unit: it is off
    assert (get(figure, "step"), get(figure, "entry")) == (10, 2)
    expect(figure.locator(".operation")).to_contain_text("= −1.462 · ReLU′(−1) = 0")
    expect(figure.locator(".operation")).to_contain_text("nothing passes: unit 3")
    agrees(figure)
    figure.locator("td.cell").nth(0).click()  # dW¹ is not yet there
    assert get(figure, "step") == 10
    press(figure, "Back")
    press(figure, "Next")
    assert (get(figure, "step"), get(figure, "entry")) == (10, 0)
    figure.get_by_label("Right class y").select_option("1")
    agrees(figure)
    assert get(figure, "gradients")["dz2"][0] < 0
    press(figure, "Reset")
    assert (get(figure, "step"), get(figure, "label")) == (1, 1)
    agrees(figure)


def test_a_changed_weight_wakes_the_unit(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    press(figure, "Run all")
    assert get(figure, "gradients")["db1"][2] == 0
    bias = figure.get_by_label("b¹₃", exact=True)
    bias.fill("2")
    assert get(figure, "b1") == [-0.5, 0.5, 2]
    assert get(figure, "gradients")["db1"][2] != 0
    agrees(figure)
    bias.press("ArrowUp")  # in a field the arrows change the number
    assert (get(figure, "b1")[2], get(figure, "step")) == (2.5, 13)
    for text, number in (("-", 2.5), ("", 2.5), ("-1e3", -100), ("0.25", 0.25)):
        bias.fill("")
        bias.press_sequentially(text)
        assert get(figure, "b1")[2] == number
        agrees(figure)
    figure.get_by_label("x₂").fill("-1.5")
    figure.get_by_label("w²₃₁").fill("0.75")
    figure.get_by_label("Learning rate").press("End")
    assert (get(figure, "x"), get(figure, "W2")[2], get(figure, "learning_rate")) == (
        [1, -1.5],
        [0.75, 1],
        1,
    )
    agrees(figure)


def test_steps_downhill(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    losses = [get(figure, "forward")["loss"]]
    for _ in range(3):
        press(figure, "Run all")
        after = get(figure, "updated")["loss"]
        text = f"{losses[-1]:.3f} before the step, {after:.3f} after it"
        expect(figure.locator(".operation")).to_contain_text(text)
        press(figure, "Take the step")
        assert get(figure, "step") == 1
        agrees(figure)
        losses.append(get(figure, "forward")["loss"])
        assert losses[-1] == after
    assert losses == sorted(losses, reverse=True)


def test_predict_first(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    status, answer = figure.locator(".operation"), figure.get_by_label("Your answer")
    expect(answer).to_be_hidden()
    figure.get_by_label("let me predict").check()
    expect(status).to_contain_text("= 1 · 0.5 + 2 · 1 + (−0.5) = ?")
    assert figure.locator("svg .result text:last-child").all_text_contents() == ["?"] * 3
    for text, verdict in (("3", "Not yet."), ("2", "Right!")):
        answer.fill(text)
        answer.press("Enter")
        expect(figure.get_by_text(verdict)).to_be_visible()
    press(figure, "Show")
    expect(answer).to_be_hidden()
    agrees(figure)
    press(figure, "Next")
    expect(answer).to_have_value("")
    expect(status).to_contain_text("= max(2, 0) = ?")
    figure.get_by_label("let me predict").uncheck()
    agrees(figure)


def test_extremes(open_page: Open) -> None:
    figure = alive(open_page(PAGE))
    put(figure, x=[100, 100], W1=[[100] * 3] * 2, W2=[[-100, 100]] * 3, label=0, learning_rate=1)
    press(figure, "Run all")
    assert get(figure, "forward")["loss"] > 1e6
    assert all(math.isfinite(n) for n in np.ravel(get(figure, "updated")["W1"]))
    press(figure, "Take the step")
    assert np.abs(get(figure, "W1")).max() == 100
    put(figure, x=[0, 0], W1=[[0] * 3] * 2, W2=[[0] * 2] * 3, b1=[0] * 3, b2=[0] * 2)
    press(figure, "Run all")
    agrees(figure)
    for _ in range(20):
        press(figure, "Back")
        press(figure, "Next")
    agrees(figure)


# Tiny gradients of both signs (of the size of 10⁻⁶³), huge sums, and the smallest floats
EXTREMES: list[dict[str, Any]] = [
    {"x": [100, 2]},
    {"x": [100, 100], "W1": [[100] * 3] * 2, "W2": [[-100, 100]] * 3, "label": 0},
    {"x": [-99.5, -88.25], "W1": [[-99.25] * 3] * 2, "W2": [[0.02, 0.03]] * 3, "b2": [-74, 73]},
]


@pytest.mark.parametrize("width", [1280, 390, 320])
@pytest.mark.parametrize("values", EXTREMES)
def test_long_numbers_have_room(open_page: Open, values: dict[str, Any], width: int) -> None:
    figure = alive(open_page(PAGE, width))
    put(figure, **values)
    for step in range(1, 14):
        put(figure, step=step)
        assert not re.search(r"\de", figure.locator(".operation").inner_text())
        assert (
            figure.evaluate("""(figure) => {
          const [box, style] = [figure.getBoundingClientRect(), getComputedStyle(figure)];
          const right = box.right - parseFloat(style.paddingRight);
          const outside = [...figure.querySelectorAll("*")]
            .filter((node) => node.getBoundingClientRect().right > right + 0.5);
          const overlaid = [...figure.querySelectorAll("svg .cell")].filter((cell) => {
            const [rect, name, value] = [...cell.children].map((c) => c.getBoundingClientRect());
            return value.width && (value.left < name.right || value.right > rect.right);
          });
          return [...outside, ...overlaid].map((node) => node.outerHTML);
        }""")
            == []
        )
    if width > 320:
        sizes = figure.locator("svg").evaluate("""(svg) => {
          const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
          const texts = [...svg.querySelectorAll("text:not(.weight)")];
          return texts.map((text) => parseFloat(getComputedStyle(text).fontSize) * scale);
        }""")
        assert min(sizes) >= 11


def test_equations_are_those_of_the_page(open_page: Open) -> None:
    """Each operation links its equations; the numbers are those that the equations have."""
    page = open_page(PAGE)
    figure = alive(page)
    found = {}
    for _ in range(13):
        labels = figure.locator(".labels").first
        assert labels.locator("code").count() == labels.locator("a").count() > 0
        for link in labels.locator("a").all():
            label, number = link.inner_text().split()
            found[label] = (link.evaluate("(a) => a.href"), number)
        figure.get_by_role("button").nth(1).press("ArrowRight")
    assert len(found) == 13
    for label, (address, number) in found.items():
        address, anchor = urldefrag(address)
        assert anchor == f"equation-{label}"
        text = page.request.get(address).text()
        _, _, equation = text.partition(f'id="{anchor}"')
        printed = re.search(r'class="eqno">(\([\d.]+\))', equation)
        assert printed is not None
        assert printed[1] == number


def test_narrow_and_dark(open_page: Open) -> None:
    page = open_page(PAGE, 390, "dark")
    figure = alive(page)
    line = figure.locator("line.used").first
    assert line.evaluate("(e) => getComputedStyle(e).stroke") == "rgb(86, 180, 233)"
    press(figure, "Run all")
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert figure.evaluate("(e) => e.scrollWidth <= e.clientWidth")
        assert page.evaluate(OVERFLOW) == []
    page.set_viewport_size({"width": 390, "height": 800})
    for target in (*figure.get_by_role("button").all(), *figure.locator("td.cell, rect").all()):
        box = target.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
