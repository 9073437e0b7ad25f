"""Training: a validated configuration, and the loop that follows it."""

from dataclasses import dataclass, field
from math import ceil

import numpy as np

from .checks import check_labels, check_rng, check_type, positive_integer, real_number
from .data import Digits
from .functional import Reduction
from .metrics import accuracy
from .model import MLP, OUTPUTS, finite_loss
from .optim import sgd_step
from .params import Params


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How to train, checked when it is made.

    Parameters
    ----------
    epochs
        Passes over the training digits, at least 1.
    batch_size
        Examples per step, at least 1; None takes all of them at once.
    learning_rate
        η, positive.
    decay
        η is multiplied by this after each epoch, above 0 and up to 1.
    l2
        λ of the term λ/2 Σ W², zero or positive.
    reduction
        Gradients are a "mean" or a "sum" over the batch.
    shuffle
        Whether each epoch takes the digits in a new order.
    low
        Value of a pixel without ink; one full of ink is 1. At least -1 and less than 1.

    Raises
    ------
    ValueError
        If a number is out of its range.
    TypeError
        If a count is not an integer, another number not a number, or `shuffle` not a bool.
    """

    epochs: int
    batch_size: int | None
    learning_rate: float
    decay: float = 1.0
    l2: float = 0.0
    reduction: Reduction = "mean"
    shuffle: bool = True
    low: float = 0.0

    def __post_init__(self) -> None:
        """Check every setting."""
        positive_integer("epochs", self.epochs)
        if self.batch_size is not None:
            positive_integer("batch_size", self.batch_size)
        for name in ("learning_rate", "decay", "l2", "low"):
            real_number(name, getattr(self, name))
        check_type("shuffle", self.shuffle, bool)
        for name, fits, expected in (
            ("learning_rate", self.learning_rate > 0, "a number above 0"),
            ("decay", 0 < self.decay <= 1, "a number above 0 and up to 1"),
            ("l2", self.l2 >= 0, "a number of 0 or more"),
            ("reduction", str(self.reduction) in ("mean", "sum"), '"mean" or "sum"'),
            ("low", -1 <= self.low < 1, "at least -1 and less than 1"),
        ):
            if not fits:
                raise ValueError(f"{name} is {getattr(self, name)!r}; expected {expected}")


@dataclass
class History:
    """What was measured after each epoch: lists with one entry an epoch.

    Attributes
    ----------
    train_loss
        Mean loss per example over the batches of the epoch, while the network was learning;
        without the L2 term.
    val_loss, val_accuracy
        Mean loss and accuracy on the validation digits, if there were any.
    """

    train_loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)


def fit(
    model: MLP,
    digits: Digits,
    config: TrainConfig,
    rng: np.random.Generator,
    validation: Digits | None = None,
    progress: bool | None = None,
) -> History:
    """Train a network by stochastic gradient descent, in place.

    The same network, digits, configuration and generator give the same weights, bit for bit, on the
    same machine. BLAS works on one thread meanwhile: for layers of this size that is faster and
    steadier than two.

    Parameters
    ----------
    model
        The network to train.
    digits
        What it learns from.
    config
        Epochs, batches, learning rate and so on.
    rng
        Generator for the order of the digits, such as ``np.random.default_rng(0)``.
    validation
        Digits to measure on after each epoch.
    progress
        Whether to show a bar; None shows one in a terminal only.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If the network does not fit the digits, or the loss stops being finite: the learning rate is
        too large.
    TypeError
        If an argument has the wrong type, such as a seed for `rng`.
    """
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

    _check_fit(model, "digits", digits)
    if validation is not None:
        _check_fit(model, "validation", validation)
    check_type("config", config, TrainConfig)
    check_rng(rng)
    size = config.batch_size or len(digits)
    grad = Params(model.sizes, model.dtype)
    history = History()
    with (
        threadpool_limits(1, "blas"),
        tqdm(
            total=config.epochs * ceil(len(digits) / size),
            unit="batch",
            disable=None if progress is None else not progress,
        ) as bar,
    ):
        for epoch in range(config.epochs):
            learning_rate = config.learning_rate * config.decay**epoch
            order = rng if config.shuffle else None
            total = 0.0
            for X, y in digits.batches(size, order, model.dtype, config.low):
                loss, _ = model.loss_and_grad(X, y, config.reduction, out=grad)
                sgd_step(model.params, grad, learning_rate, config.l2)
                total += loss * len(y) if config.reduction == "mean" else loss
                bar.update()
            history.train_loss.append(total / len(digits))
            if validation is not None:
                val_loss, val_accuracy = evaluate(model, validation, config.low)
                history.val_loss.append(val_loss)
                history.val_accuracy.append(val_accuracy)
                bar.set_postfix(val_accuracy=f"{val_accuracy:.2%}")
    return history


def evaluate(model: MLP, digits: Digits, low: float = 0.0) -> tuple[float, float]:
    """Return the mean loss per example and the accuracy of a network on `digits`.

    Parameters
    ----------
    model
        The network.
    digits
        What to measure on; scaled a thousand at a time, so that they stay small in memory.
    low
        Value of a pixel without ink, as in training.

    Raises
    ------
    ValueError
        If the network does not fit the digits, or its loss is not finite.
    TypeError
        If an argument has the wrong type.
    """
    _check_fit(model, "digits", digits)
    total, y_hat = 0.0, []
    with np.errstate(over="ignore", invalid="ignore"):  # seen in the loss, and said there
        for X, y in digits.batches(1000, dtype=model.dtype, low=low):
            Z = model.logits(X)
            loss, _ = OUTPUTS[model.output].loss(Z, y, "sum")
            total += finite_loss(loss)
            y_hat.append(Z.argmax(axis=1))  # (B, K) → (B,)
    return total / len(digits), accuracy(digits.labels, np.concatenate(y_hat))


def _check_fit(model: MLP, name: str, digits: Digits) -> None:
    """Check that a network has an output for each label of `digits`; batches show the rest."""
    check_type("model", model, MLP)
    check_type(name, digits, Digits)
    check_labels(name, digits.labels, model.sizes[-1])
