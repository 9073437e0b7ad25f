"""The figure of ReLU and the sigmoid, as Python sees it."""

import json

import pytest
from bs4 import BeautifulSoup
from traitlets import TraitError

from mnist_nn.widgets import Activations


def test_defaults() -> None:
    figure = Activations()
    assert figure.values() == {"z": 2.0, "c": 0}
    assert figure.outputs == figure.derivatives == []


def test_page_holds_the_chosen_values_and_no_results() -> None:
    tag = BeautifulSoup(Activations(z=0, c=0.5).html(), "html.parser").div
    assert json.loads(tag["data-state"]) == {"z": 0.0, "c": 0.5}


@pytest.mark.parametrize(
    ("name", "value"),
    [("z", 6.1), ("z", -6.1), ("z", float("nan")), ("z", "0"), ("c", 0.3), ("c", 2), ("c", None)],
)
def test_impossible_values_are_refused(name: str, value: object) -> None:
    with pytest.raises(TraitError, match=name):
        Activations(**{name: value})
    figure = Activations()
    with pytest.raises(TraitError, match=name):
        setattr(figure, name, value)
    assert figure.values() == Activations().values()
