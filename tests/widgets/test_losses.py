"""The figure of two losses behind a softmax, as Python sees it."""

import json
import re

import pytest
from bs4 import BeautifulSoup
from py_mini_racer import MiniRacer
from traitlets import TraitError

from mnist_nn.widgets import Losses
from mnist_nn.widgets.figure import module


def test_begins_where_the_squared_error_is_stuck() -> None:
    figure = Losses()
    expected = {"moves": "wrong", "logit": 8.0, "learning_rate": 1.0, "steps": 0}
    assert figure.values() == expected
    assert figure.reached == figure.losses == figure.derivatives == []


def test_page_holds_the_chosen_values_and_no_results() -> None:
    tag = BeautifulSoup(Losses(moves="right", logit=-3, steps=7).html(), "html.parser").div
    state = json.loads(tag["data-state"])
    assert state == {"moves": "right", "logit": -3.0, "learning_rate": 1.0, "steps": 7}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("moves", "both"),
        ("logit", 12.1),
        ("logit", -12.1),
        ("logit", float("nan")),
        ("logit", "8"),
        ("learning_rate", 0.0),
        ("learning_rate", 11.0),
        ("learning_rate", float("nan")),
        ("steps", -1),
        ("steps", 10_001),
        ("steps", 1.5),
    ],
)
def test_impossible_values_are_refused(name: str, value: object) -> None:
    with pytest.raises(TraitError, match=name):
        Losses(**{name: value})
    figure = Losses()
    with pytest.raises(TraitError, match=name):
        setattr(figure, name, value)
    assert figure.values() == Losses().values()


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.0, "0.000"),
        (1.0, "1.000"),
        (-0.25, "−0.250"),
        (0.0005, "0.001"),
        (0.000335, "3.4 · 10⁻⁴"),
        (-2.5e-12, "−2.5 · 10⁻¹²"),
        (5e-324, "4.9 · 10⁻³²⁴"),
        (99_999.0, "99999.000"),
        (-250_000.0, "−2.5 · 10⁵"),
    ],
)
def test_small_numbers_are_not_shown_as_zero(x: float, text: str) -> None:
    with MiniRacer() as engine:
        engine.eval(re.sub(r"^export .*;$", "", module("losses"), flags=re.M))
        assert engine.eval(f"scientific({x!r})") == text
