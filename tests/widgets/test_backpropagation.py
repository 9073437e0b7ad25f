"""The backpropagation stepper, as Python sees it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from traitlets import TraitError

from mnist_nn import MLP, exercises
from mnist_nn.widgets import Backpropagation
from mnist_nn.widgets.figure import FOLDER

EQUATIONS = Path(exercises.__path__[0]) / "equations.json"


def test_one_unit_is_off_at_first() -> None:
    figure = Backpropagation()
    model = MLP((2, 3, 2), rng=np.random.default_rng(0), dtype=np.float64)
    model.params.W[1], model.params.b[1] = figure.W1, figure.b1
    model.params.W[2], model.params.b[2] = figure.W2, figure.b2
    _, a, _ = model.forward(np.array([figure.x]))
    assert (a > 0).tolist() == [[True, True, False]]
    assert (figure.step, figure.entry, figure.predict) == (1, 0, False)
    assert figure.forward == figure.gradients == figure.updated == {}


def test_page_holds_what_is_given_and_no_results() -> None:
    figure = Backpropagation(x=[0, -3], W1=[[1, 2, 3], [4, 5, 6]], label=0, step=13, entry=16)
    tag = BeautifulSoup(figure.html(), "html.parser").div
    state = json.loads(tag["data-state"])
    assert state["x"] == [0, -3]
    assert state["W1"] == [[1, 2, 3], [4, 5, 6]]
    assert (state["label"], state["step"], state["entry"]) == (0, 13, 16)
    assert not state.keys() & {"forward", "gradients", "updated"}


def test_figures_do_not_share_their_numbers() -> None:
    one, other = Backpropagation(), Backpropagation()
    one.W1 = [[0, 0, 0], [0, 0, 0]]
    assert other.W1 == [[0.5, -1.0, 1.0], [1.0, 0.5, -1.0]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"x": [1.0]}, r"x is \[1.0\]; expected \(2,\) numbers from -100 to 100"),
        ({"x": [1.0, float("nan")]}, "x is"),
        ({"b1": [1.0, 2.0, float("inf")]}, "b1 is"),
        ({"b2": [1.0, 100.5]}, "b2 is"),
        ({"b2": ["one", 2]}, "b2 is"),
        ({"W1": [[1, 2, 3], [4, 5]]}, r"expected \(2, 3\) numbers"),
        ({"W2": [[1, 2, 3], [4, 5, 6]]}, r"expected \(3, 2\) numbers"),
        ({"W2": 3}, "W2"),
        ({"label": 2}, "label"),
        ({"learning_rate": -0.1}, "learning_rate"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"step": 0}, "step"),
        ({"step": 14}, "step"),
        ({"entry": 17}, "entry"),
    ],
)
def test_impossible_values_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(TraitError, match=message):
        Backpropagation(**values)


def test_labels_are_those_of_the_book() -> None:
    source = FOLDER.joinpath("backpropagation.js").read_text(encoding="utf-8")
    known = json.loads(EQUATIONS.read_text(encoding="utf-8"))
    labels = set(re.findall(r'"(eq-[\w-]+)"', source))
    assert len(labels) == 13
    assert labels <= known.keys()
