"""How well a network does, for people and for programs."""

from typing import Any

from ..data import Digits
from ..metrics import binomial_interval
from ..model import MLP
from ..train import evaluate
from .console import percent


def measure(model: MLP, digits: Digits) -> dict[str, Any]:
    """Return the loss and accuracy of a network on `digits`, with the accuracy's 95 % interval."""
    from threadpoolctl import ThreadpoolController

    # One thread, as in training: more would add up in another order.
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        loss, accuracy = evaluate(model, digits)
    right = round(accuracy * len(digits))
    low, high = binomial_interval(right, len(digits))
    return {
        "digits": len(digits),
        "right": right,
        "accuracy": accuracy,
        "low": low,
        "high": high,
        "loss": loss,
    }


def describe(name: str, measured: dict[str, Any]) -> str:
    """Write what :func:`measure` gives in a line."""
    low, high = 100 * measured["low"], 100 * measured["high"]
    return (
        f"{name}: {percent(measured['accuracy'])} of {measured['digits']:,} right "
        f"(95 % interval {low:.2f} to {high:.2f} %), loss {measured['loss']:.4f}"
    )
