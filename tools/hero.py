"""Draw the picture of the landing page: one digit goes forward, its error comes back.

    python tools/hero.py

Trains a small network (a few seconds) and writes ``book/_static/hero-light.svg`` and
``hero-dark.svg``. What the caption says is asserted before anything is written.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

import mnist_nn as nn
from mnist_nn import functional as F
from mnist_nn.checks import Array
from mnist_nn.gradcheck import numerical_derivative, relative_error

STATIC = Path(__file__).resolve().parent.parent / "book" / "_static"
DIGIT = 8406  # in the test set: a 4, open at the top, that small networks like to call a 9
SIDE, GAP = 224, 44  # of the panels, in units of the drawing; 224 is 8 times 28
TOP, BOTTOM = 36, 318  # where the two rows of panels begin
WIDTH, HEIGHT = 3 * SIDE + 2 * GAP, BOTTOM + SIDE + 36
THEMES = {  # ink, frame, lowers the loss, raises the loss (Okabe and Ito, brighter in the dark)
    "light": ("#1f2a37", "#c3cad3", "#0072b2", "#d55e00"),
    "dark": ("#e8ebee", "#4a525c", "#56b4e9", "#ff8f3f"),
}


def compute() -> dict[str, Array]:
    """Train a network; return what the digit becomes on its way forward and back."""
    digits = nn.load_mnist()
    rng = np.random.default_rng(0)
    trained = nn.MLP((784, 100, 10), rng=rng)
    config = nn.TrainConfig(epochs=4, batch_size=50, learning_rate=0.13, decay=0.7, l2=2e-3)
    nn.fit(trained, digits.train, config, rng)
    _, accuracy = nn.evaluate(trained, digits.test)
    assert accuracy > 0.955, accuracy

    model = nn.MLP((784, 100, 10), rng=rng, dtype=np.float64)
    model.params.flat[:] = trained.params.flat
    digit = digits.test[DIGIT : DIGIT + 1]
    X, y = digit.scaled(np.float64), digit.labels  # (1, 784), (1,)
    W = model.params.W
    _, A, Z = model.forward(X)  # (1, 784) → (1, 100) → (1, 10)
    P = F.softmax(Z)
    _, dZ2 = F.softmax_nll(Z, y)
    dA, _, _ = F.affine_backward(dZ2, A, W[2])  # (1, 10) → (1, 100)
    assert dA is not None
    dZ1 = F.relu_backward(dA, A)
    dX = model.input_gradient(X, dZ2)  # (1, 10) → (1, 784), through dZ1

    assert y == [4] and P.argmax() == 9 and P[0, 9] > 0.5 and P[0].argsort()[-2] == 4
    assert relative_error(dX, numerical_derivative(lambda x: model.loss(x, y), X)) < 1e-6
    assert np.array_equal(dZ1 == 0, A == 0)  # silent units get no blame
    gap = X.reshape(28, 28)[6:9, 14:18], dX.reshape(28, 28)[6:9, 14:18]  # the open top
    assert gap[0].mean() < 0.2 and gap[1].max() == dX.max() and gap[1].mean() > dX.max() / 3
    return {"X": X[0], "A": A[0], "P": P[0], "dZ2": dZ2[0], "dZ1": dZ1[0], "dX": dX[0]}


def squares(values: Array, n: int, x0: float, y0: float, gap: float = 0) -> Iterator[str]:
    """Yield the squares of an n by n panel: opacity is size, colour is sign, a dot is zero."""
    step = SIDE / n
    size = step - gap
    signed = values.min() < 0
    paths: dict[tuple[str, float], str] = {}  # squares that look alike share a path
    for i, v in enumerate(values / np.abs(values).max()):
        x, y = x0 + i % n * step, y0 + i // n * step
        if gap and v == 0:
            yield f'<circle class="frame" cx="{x + step / 2:g}" cy="{y + step / 2:g}" r="2"/>'
        elif opacity := round(abs(v), 2):
            kind = ("up" if v > 0 else "down") if signed else "ink"
            square = f"M{x + gap / 2:g} {y + gap / 2:g}h{size:g}v{size:g}h-{size:g}z"
            paths[kind, opacity] = paths.get((kind, opacity), "") + square
    for (kind, opacity), path in sorted(paths.items()):
        yield f'<path class="{kind}" opacity="{opacity:g}" d="{path}"/>'


def outline(pixels: Array, x0: float, y0: float) -> str:
    """Return the edge between ink and paper."""
    ink = np.pad(pixels.reshape(28, 28) > 0.5, 1)  # (784,) → (30, 30)
    step = SIDE / 28
    path = ""
    for i, j in np.argwhere(ink[1:] != ink[:-1]):
        path += f"M{x0 + (j - 1) * step:g} {y0 + i * step:g}h{step:g}"
    for i, j in np.argwhere(ink[:, 1:] != ink[:, :-1]):
        path += f"M{x0 + j * step:g} {y0 + (i - 1) * step:g}v{step:g}"
    return f'<path class="line" d="{path}"/>'


def bars(values: Array, x0: float, y0: float) -> Iterator[str]:
    """Yield ten horizontal bars, one a digit, with their numbers; negative ones go left."""
    step = SIDE / 10
    signed = values.min() < 0
    zero, unit = (x0 + 120, 130) if signed else (x0 + 28, 180)
    yield f'<path class="axis" d="M{zero} {y0 + 4}v{SIDE - 8}"/>'
    for k, v in enumerate(values):
        base = y0 + (k + 0.5) * step + 6.5  # of the text
        yield f'<text x="{x0 + 8}" y="{base:g}">{k}</text>'
        if (width := abs(v) * unit) < 1:
            continue
        kind = ("up" if v > 0 else "down") if signed else "ink"
        yield (
            f'<rect class="{kind}" x="{zero - width if v < 0 else zero:.1f}" '
            f'y="{y0 + k * step + 4:.1f}" width="{width:.1f}" height="{step - 8:.1f}"/>'
        )
        if width > 20:  # the number stands on the other side of zero, where there is room
            x, anchor = (zero - 6, "end") if signed and v > 0 else (zero + 6, "start")
            x = x if signed else zero + width + 6
            number = f"{v:.2f}".replace("-", "\u2212")
            yield f'<text x="{x:.1f}" y="{base:g}" text-anchor="{anchor}">{number}</text>'


def arrow(x: float, y: float, turn: int) -> str:
    """Return an arrow with its middle at (x, y), turned by `turn` degrees."""
    return (
        f'<path class="arrow" d="M-13 0h24m-8 -7l8 7l-8 7" '
        f'transform="translate({x} {y}) rotate({turn})"/>'
    )


def draw(theme: str, values: dict[str, Array]) -> str:
    """Return the picture as SVG."""
    ink, frame, down, up = THEMES[theme]
    left, middle, right = 0, SIDE + GAP, 2 * (SIDE + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 0 {WIDTH + 4} {HEIGHT}" '
        f'width="{WIDTH + 4}" height="{HEIGHT}">',
        "<style>",
        f"text {{ font: 19px system-ui, sans-serif; fill: {ink} }}",
        ".label { font-size: 22px } .symbol { font-style: italic; font-family: Georgia, serif }",
        ".ink, .up, .down { shape-rendering: crispEdges }",  # or seams show between neighbours
        f".ink {{ fill: {ink} }} .up {{ fill: {up} }} .down {{ fill: {down} }}",
        f".frame {{ fill: {frame} }} .box, .axis {{ fill: none; stroke: {frame} }}",
        f".line {{ fill: none; stroke: {ink}; stroke-width: 1.5 }}",
        f".arrow {{ fill: none; stroke: {ink}; stroke-width: 2.5; stroke-linecap: round }}",
        "</style>",
    ]
    for x, symbol, words in (
        (left, "X", "pixels"),
        (middle, "A¹", "hidden units"),
        (right, "P", "probabilities"),
    ):
        parts.append(
            f'<text class="label" x="{x}" y="{TOP - 12}">'
            f'<tspan class="symbol">{symbol}</tspan>&#160; {words}</text>'
        )
    for x, symbol in ((left, "dX"), (middle, "dZ¹"), (right, "dZ² = P − Y")):
        parts.append(f'<text class="label symbol" x="{x}" y="{BOTTOM + SIDE + 26}">{symbol}</text>')
    for y in (TOP, BOTTOM):
        for x in (left, middle, right):
            parts.append(f'<rect class="box" x="{x}" y="{y}" width="{SIDE}" height="{SIDE}"/>')
    parts += squares(values["X"], 28, left, TOP)
    parts += squares(values["A"], 10, middle, TOP, gap=3)
    parts += bars(values["P"], right, TOP)
    parts += squares(values["dX"], 28, left, BOTTOM)
    parts.append(outline(values["X"], left, BOTTOM))
    parts += squares(values["dZ1"], 10, middle, BOTTOM, gap=3)
    parts += bars(values["dZ2"], right, BOTTOM)
    for x in (middle, right):
        parts.append(arrow(x - GAP / 2, TOP + SIDE / 2, 0))
        parts.append(arrow(x - GAP / 2, BOTTOM + SIDE / 2, 180))
    parts.append(arrow(right + SIDE / 2, (TOP + SIDE + BOTTOM) / 2, 90))
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    values = compute()
    for theme in THEMES:
        path = STATIC / f"hero-{theme}.svg"
        path.write_text(draw(theme, values), encoding="utf-8")
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
