"""Softmax, its Jacobian and its gradient, moved by hand."""

from typing import Any

from traitlets import Bool, Float, Int, List, TraitError, validate

from .figure import Figure, Finite


class Softmax(Figure):
    """Logits in, probabilities out: :eq:`eq-softmax`, :eq:`eq-softmax-jacobian`, and p - y.

    Attributes
    ----------
    logits
        2 to 10 numbers; the sliders run from -10 to 10.
    offset
        A number that is added to all logits.
    label
        The right class, from 0.
    shift
        Whether the largest logit is subtracted before the exponential.
    probabilities
        What the browser computed; None where it is no number. Empty until the figure is shown.
    """

    name = "softmax"
    alt = (
        "Five sliders for logits. Below them bars for five probabilities, bars for p minus y to "
        "both sides of zero, and the five by five Jacobian: its diagonal orange, all else blue."
    )
    logits = List(Finite(), [2.0, 1.0, 0.0, -1.0, 0.5], minlen=2, maxlen=10).tag(
        sync=True, chosen=True
    )
    offset = Finite(0.0).tag(sync=True, chosen=True)
    label = Int(1, min=0).tag(sync=True, chosen=True)
    shift = Bool(True).tag(sync=True, chosen=True)
    probabilities = List(Float(allow_none=True)).tag(sync=True)

    @validate("logits", "label")
    def _right_class_is_one(self, proposal: Any) -> Any:
        values = {"logits": self.logits, "label": self.label, proposal.trait.name: proposal.value}
        label, K = values["label"], len(values["logits"])
        if label >= K:
            raise TraitError(f"label is {label}; expected 0 to {K - 1}, one of the {K} logits")
        return proposal.value
