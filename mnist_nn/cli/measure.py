"""How well a network does, for people and for programs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import check_labels
from ..data import Digits
from ..metrics import binomial_interval
from ..model import MLP, OUTPUTS
from ..train import evaluate
from .console import percent


def measure(model: MLP, digits: Digits) -> dict[str, Any]:
    """Return the loss and accuracy of a network on `digits`, with the accuracy's 95 % interval."""
    with _one_thread():
        loss, accuracy = evaluate(model, digits)
    return _measured(loss, round(accuracy * len(digits)), len(digits))


def read(model: MLP, digits: Digits) -> tuple[dict[str, Any], NDArray[np.intp]]:
    """Return what :func:`measure` does, and the most probable digits, shape (M,)."""
    total, y_hat = 0.0, []
    with _one_thread():
        for start in range(0, len(digits), 1000):  # so many at a time stay small in memory
            rows = slice(start, start + 1000)
            Z = model.logits(digits.inputs(rows, model.dtype, model.scaling))  # (B, K)
            labels = check_labels("digits", digits.labels[rows], model.sizes[-1])
            total += float(OUTPUTS[model.output].loss(Z, labels, "sum")[0])
            y_hat.append(Z.argmax(axis=1))  # (B, K) → (B,)
    read_as = np.concatenate(y_hat)
    right = int((read_as == digits.labels).sum())
    return _measured(total / len(digits), right, len(digits)), read_as


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute on one thread, as in training: more would add up in another order."""
    from threadpoolctl import ThreadpoolController

    with ThreadpoolController().limit(limits=1, user_api="blas"):
        yield


def _measured(loss: float, right: int, digits: int) -> dict[str, Any]:
    low, high = binomial_interval(right, digits)
    return {
        "digits": digits,
        "right": right,
        "accuracy": right / digits,
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
