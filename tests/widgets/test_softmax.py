"""The figure of softmax, as Python sees it."""

import json

import pytest
from bs4 import BeautifulSoup
from traitlets import TraitError

from mnist_nn.widgets import Softmax


def test_defaults() -> None:
    figure = Softmax()
    logits = [2.0, 1.0, 0.0, -1.0, 0.5]
    assert figure.values() == {"logits": logits, "label": 1, "offset": 0.0, "shift": True}
    assert figure.probabilities == []


def test_page_holds_the_chosen_values_and_no_results() -> None:
    figure = Softmax(logits=[0.0] * 10, label=9, offset=750, shift=False)
    tag = BeautifulSoup(figure.html(), "html.parser").div
    expected = {"logits": [0.0] * 10, "label": 9, "offset": 750.0, "shift": False}
    assert json.loads(tag["data-state"]) == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"logits": [1.0]}, "logits"),
        ({"logits": [0.0] * 11}, "logits"),
        ({"logits": [1.0, float("nan")]}, "finite"),
        ({"logits": [1.0, float("inf")]}, "finite"),
        ({"logits": ["1", "2"]}, "logits"),
        ({"offset": float("nan")}, "finite"),
        ({"label": -1}, "label"),
        ({"label": 5}, "label is 5; expected 0 to 4, one of the 5 logits"),
        ({"label": 1.5}, "label"),
        ({"logits": [1.0, 2.0], "label": 2}, "label is 2; expected 0 to 1, one of the 2 logits"),
    ],
)
def test_impossible_values_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(TraitError, match=message):
        Softmax(**values)


def test_the_right_class_stays_one_of_the_logits() -> None:
    figure = Softmax(label=4)
    with pytest.raises(TraitError, match="label is 4; expected 0 to 1"):
        figure.logits = [1.0, 2.0]
    assert len(figure.logits) == 5
    with pytest.raises(TraitError, match="label is 5"):
        figure.label = 5
    assert figure.label == 4
    figure.label = 0
    figure.logits = [1.0, 2.0]
    assert figure.values()["logits"] == [1.0, 2.0]
