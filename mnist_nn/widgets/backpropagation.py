"""Backpropagation through a small network, one operation at a time."""

from typing import Any

import numpy as np
from traitlets import Bool, Dict, Int, List, TraitError, validate

from .figure import Figure, Finite

LARGEST = 100  # of all that is given: then no result is too large for a float64


def _given(*first: Any) -> Any:
    return List(default_value=list(first)).tag(sync=True, chosen=True)


class Backpropagation(Figure):
    """A network of 2, 3 and 2 units forward and back: :eq:`eq-forward`, :eq:`eq-backward`.

    The hidden units are ReLU, :eq:`eq-relu`; the loss is :eq:`eq-nll` after :eq:`eq-softmax`. The
    last operation is a step downhill, :eq:`eq-sgd-step`.

    Attributes
    ----------
    x
        The input: 2 numbers, like all parameters from -100 to 100.
    W1, b1, W2, b2
        The weights, as lists (2, 3) and (3, 2), and the biases, (3,) and (2,).
    label
        The right class, 0 or 1. (The figure counts from 1, as formulas do.)
    learning_rate
        From 0 to 1.
    step
        The operation that is shown, from 1, which computes z¹, to 13, the step downhill.
    entry
        The entry of its result that is shown with its numbers, counted row by row from 0.
    predict
        Whether results are hidden until the reader asks for them.
    forward
        What the browser computed: ``z1``, ``a1``, ``z2``, ``p`` and ``loss``. Like the next two
        empty until the figure is shown.
    gradients
        ``dz2``, ``dW2``, ``db2``, ``da1``, ``dz1``, ``dW1`` and ``db1``.
    updated
        ``W1``, ``b1``, ``W2`` and ``b2`` after the step, and the ``loss`` that they give.
    """

    name = "backpropagation"
    alt = (
        "A network drawn as boxes: two inputs, three hidden units, two outputs, the loss. Two "
        "lines lead to the first hidden unit and carry its weights. Above stands the sum that "
        "gives its z, in letters and in numbers. Tables hold all weights and biases."
    )
    x = _given(1.0, 2.0)
    W1 = _given([0.5, -1.0, 1.0], [1.0, 0.5, -1.0])
    b1 = _given(-0.5, 0.5, 0.0)
    W2 = _given([0.5, -0.5], [1.0, 2.0], [-1.0, 1.0])
    b2 = _given(0.0, 0.5)
    label = Int(1, min=0, max=1).tag(sync=True, chosen=True)
    learning_rate = Finite(0.1, min=0, max=1).tag(sync=True, chosen=True)
    step = Int(1, min=1, max=13).tag(sync=True, chosen=True)
    entry = Int(0, min=0, max=16).tag(sync=True, chosen=True)
    predict = Bool(False).tag(sync=True, chosen=True)
    forward = Dict().tag(sync=True)
    gradients = Dict().tag(sync=True)
    updated = Dict().tag(sync=True)

    @validate("x", "W1", "b1", "W2", "b2")
    def _all_numbers_in_range(self, proposal: Any) -> Any:
        shape = np.shape(proposal.trait.default())
        try:
            given = np.array(proposal.value, float)
        except (TypeError, ValueError):  # not numbers, or rows of different lengths
            given = np.array(np.nan)
        if given.shape != shape or not (np.abs(given) <= LARGEST).all():
            raise TraitError(
                f"{proposal.trait.name} is {proposal.value}; expected {shape} numbers "
                f"from -{LARGEST} to {LARGEST}"
            )
        return given.tolist()
