"""Training: a validated configuration, and the loop that follows it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from math import ceil
from typing import Any

import numpy as np

from .checks import check_labels, check_rng, check_type, positive_integer, real_number
from .data import Digits, Examples
from .functional import Reduction
from .metrics import accuracy
from .model import MLP, OUTPUTS, check_parameters, finite_loss
from .optim import take_step
from .params import Params

# A larger batch is worked through in blocks of so many rows, which stay in the cache: 1,000 images
# of 784 float32 pixels are 3 MB, where 60,000 would be 188.
BLOCK = 1000


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
        η is multiplied by this after each epoch, :eq:`eq-decay`; above 0 and up to 1.
    momentum
        μ of the velocity v ← μv + η ∂L/∂θ that moves the parameters; at least 0, less than 1.
    l2
        λ of the term λ/2 Σ W², zero or positive.
    l2_per_example
        Whether λ is divided by the number of examples in the batch, as in the gradients of
        :cite:t:`qin`.
    reduction
        Gradients are a "mean" or a "sum" over the batch.
    shuffle
        Whether each epoch takes the digits in a new order.
    drop_last
        Whether a last batch with fewer examples than the others is left out.

    Raises
    ------
    ValueError
        If a number is out of its range.
    TypeError
        If a count is not an integer, another number not a number, or a switch not a bool.
    """

    epochs: int
    batch_size: int | None
    learning_rate: float
    decay: float = 1.0
    momentum: float = 0.0
    l2: float = 0.0
    l2_per_example: bool = False
    reduction: Reduction = "mean"
    shuffle: bool = True
    drop_last: bool = False

    def __post_init__(self) -> None:
        """Check every setting, and keep plain Python values: they can be written as JSON."""
        plain: dict[str, Any] = {"epochs": positive_integer("epochs", self.epochs)}
        if self.batch_size is not None:
            plain["batch_size"] = positive_integer("batch_size", self.batch_size)
        for name in ("learning_rate", "decay", "momentum", "l2"):
            plain[name] = real_number(name, getattr(self, name))
        for name in ("l2_per_example", "shuffle", "drop_last"):
            check_type(name, getattr(self, name), bool)
        plain["reduction"] = self.reduction if isinstance(self.reduction, str) else None
        for name, fits, expected in (
            ("learning_rate", plain["learning_rate"] > 0, "a number above 0"),
            ("decay", 0 < plain["decay"] <= 1, "a number above 0 and up to 1"),
            ("momentum", 0 <= plain["momentum"] < 1, "at least 0 and less than 1"),
            ("l2", plain["l2"] >= 0, "a number of 0 or more"),
            ("reduction", plain["reduction"] in ("mean", "sum"), '"mean" or "sum"'),
        ):
            if not fits:
                raise ValueError(f"{name} is {getattr(self, name)!r}; expected {expected}")
        for name, value in plain.items():
            object.__setattr__(self, name, value)


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


class Training:
    """A training that can be stopped after any epoch, saved, and resumed bit for bit.

    It holds everything that the next epoch depends on, but for the digits. Where an epoch cannot be
    finished, by Ctrl-C or an error, all is put back as it was before that epoch.

    Parameters
    ----------
    model
        The network; it is trained in place.
    config
        Epochs, batches, learning rate and so on.
    rng
        Generator for the order of the digits, such as ``np.random.default_rng(0)``.

    Attributes
    ----------
    velocity : Params or None
        v, if there is momentum.
    history : History

    Raises
    ------
    TypeError
        If an argument has the wrong type, such as a seed for `rng`.

    Examples
    --------
    >>> xor = Examples([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> model = MLP((2, 8, 2), rng=np.random.default_rng(0))
    >>> config = TrainConfig(epochs=100, batch_size=None, learning_rate=0.5)
    >>> training = Training(model, config, np.random.default_rng(1))
    >>> for epoch in training.epochs(xor):
    ...     if training.history.train_loss[-1] < 0.1:
    ...         break
    >>> print(evaluate(model, xor)[1])
    1.0
    """

    def __init__(self, model: MLP, config: TrainConfig, rng: np.random.Generator) -> None:
        check_type("model", model, MLP)
        check_type("config", config, TrainConfig)
        check_rng(rng)
        self.model, self.config, self.rng = model, config, rng
        self.velocity = Params(model.sizes, model.dtype) if config.momentum else None
        self.history = History()

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return len(self.history.train_loss)

    def epochs(
        self,
        digits: Digits | Examples,
        validation: Digits | Examples | None = None,
        progress: bool | None = None,
        threads: int = 1,
    ) -> Iterator[int]:
        """Train, one epoch for each turn of a loop; give the number of epochs done.

        Parameters
        ----------
        digits
            What the network learns from: the same in every epoch.
        validation
            Digits to measure on after each epoch.
        progress
            Whether to show a bar; None shows one in a terminal only.
        threads
            How many threads BLAS may use. For layers of up to 100 units one is faster than two; for
            larger ones a second thread helps only while nothing else runs.

        Raises
        ------
        ValueError
            If the network does not fit the digits, no batch would be left, there is validation in
            some epochs only, or the loss stops being finite: the learning rate is too large.
        TypeError
            If an argument has the wrong type.
        """
        threads = positive_integer("threads", threads)
        _check_fit(self.model, "digits", digits)
        if validation is not None:
            _check_fit(self.model, "validation", validation)
        if self.epoch and bool(self.history.val_loss) != (validation is not None):
            raise ValueError("validation is there in some epochs only; give it in all or in none")
        size = self.config.batch_size or len(digits)
        if self.config.drop_last and size > len(digits):
            raise ValueError(
                f"batch_size is {size}, but there are {len(digits)} digits, so that drop_last "
                "would leave no batch; make it smaller"
            )
        return self._epochs(digits, validation, size, progress, threads)

    def _epochs(
        self,
        digits: Digits | Examples,
        validation: Digits | Examples | None,
        size: int,
        progress: bool | None,
        threads: int,
    ) -> Iterator[int]:
        from tqdm import tqdm

        blas = _blas()
        end = len(digits) - len(digits) % size if self.config.drop_last else len(digits)
        batches = ceil(end / size)
        with tqdm(
            initial=self.epoch * batches,
            total=self.config.epochs * batches,
            unit="batch",
            disable=None if progress is None else not progress,
        ) as bar:
            while self.epoch < self.config.epochs:
                with _Undo(self), blas.limit(limits=threads, user_api="blas"):
                    loss = self._learn(digits, end, size, bar)
                    if validation is not None:
                        val_loss, val_accuracy = evaluate(self.model, validation)
                        self.history.val_loss.append(val_loss)
                        self.history.val_accuracy.append(val_accuracy)
                        bar.set_postfix(val_accuracy=f"{val_accuracy:.2%}")
                    self.history.train_loss.append(loss)  # the last: it counts the epoch as done
                yield self.epoch

    def _learn(self, digits: Digits | Examples, end: int, size: int, bar: Any) -> float:
        """Go once through the digits; return the mean loss."""
        config, model = self.config, self.model
        rate = config.learning_rate * config.decay**self.epoch
        # A batch of all digits is the same in any order.
        shuffle = config.shuffle and size < len(digits)
        order = self.rng.permutation(len(digits)) if shuffle else np.empty(0, np.intp)
        step = Params(model.sizes, model.dtype)
        part = Params(model.sizes, model.dtype) if size > BLOCK else step  # of a block
        X = np.empty((min(size, BLOCK), digits.width), model.dtype)
        total = 0.0
        with np.errstate(over="ignore", invalid="ignore"):  # seen in the loss, and said there
            for start in range(0, end, size):
                stop = min(start + size, end)
                M = stop - start
                scale = rate / M if config.reduction == "mean" else rate
                for first in range(start, stop, BLOCK):
                    last = min(first + BLOCK, stop)
                    rows = order[first:last] if shuffle else slice(first, last)
                    digits.inputs(rows, model.dtype, model.scaling, out=X[: last - first])
                    out = step if first == start else part
                    loss = model.backpropagate(
                        X[: last - first], digits.labels[rows], scale, out=out
                    )
                    total += finite_loss(loss)
                    if first > start:
                        step.flat += part.flat
                l2 = config.l2 / M if config.l2_per_example else config.l2
                take_step(model.params, step, rate * l2, config.momentum, self.velocity)
                bar.update()
        check_parameters(model.params)  # the last step may have been too long
        return total / end


@cache  # the search through all libraries of the process takes as long as a few steps
def _blas() -> Any:
    """Return what sets the number of threads of NumPy's BLAS."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


class _Undo(AbstractContextManager[None]):
    """Put a training back as it was, if what follows does not come to its end."""

    def __init__(self, training: Training) -> None:
        self.training = training
        self.theta = training.model.params.flat.copy()
        self.velocity = None if training.velocity is None else training.velocity.flat.copy()
        self.rng = training.rng.bit_generator.state
        self.history = {name: len(values) for name, values in vars(training.history).items()}

    def __exit__(self, error: object, *_: object) -> None:
        if error is None:
            return
        training = self.training
        training.model.params.flat = self.theta
        if training.velocity is not None and self.velocity is not None:
            training.velocity.flat = self.velocity
        training.rng.bit_generator.state = self.rng
        for name, n in self.history.items():
            del getattr(training.history, name)[n:]


def fit(
    model: MLP,
    digits: Digits | Examples,
    config: TrainConfig,
    rng: np.random.Generator,
    validation: Digits | Examples | None = None,
    progress: bool | None = None,
    threads: int = 1,
) -> History:
    """Train a network by stochastic gradient descent, in place.

    The same network, digits, configuration and generator give the same weights, bit for bit, on the
    same machine. Where training has to be watched, stopped or resumed, use :class:`Training`.

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
    threads
        How many threads BLAS may use; see :meth:`Training.epochs`.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If the network does not fit the digits, no batch would be left, or the loss stops being
        finite: the learning rate is too large.
    TypeError
        If an argument has the wrong type, such as a seed for `rng`.
    """
    training = Training(model, config, rng)
    for _ in training.epochs(digits, validation, progress, threads):
        pass
    return training.history


def evaluate(model: MLP, digits: Digits | Examples) -> tuple[float, float]:
    """Return the mean loss per example and the accuracy of a network on `digits`.

    Parameters
    ----------
    model
        The network.
    digits
        What to measure on; scaled as in training and a thousand at a time, so that they stay small
        in memory.

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
        for start in range(0, len(digits), 1000):
            rows = slice(start, start + 1000)
            Z = model.logits(digits.inputs(rows, model.dtype, model.scaling))
            y = digits.labels[rows]
            loss, _ = OUTPUTS[model.output].loss(Z, y, "sum")
            total += finite_loss(loss)
            y_hat.append(Z.argmax(axis=1))  # (B, K) → (B,)
    return total / len(digits), accuracy(digits.labels, np.concatenate(y_hat))


def _check_fit(model: MLP, name: str, digits: object) -> None:
    """Check that a network has an input for each number and an output for each label."""
    check_type("model", model, MLP)
    if not isinstance(digits, Digits | Examples):
        raise TypeError(f"{name} is of type {type(digits).__name__}; expected Digits or Examples")
    if digits.width != model.sizes[0]:
        raise ValueError(
            f"{name} have {digits.width} numbers in a row; the network expects {model.sizes[0]}"
        )
    check_labels(name, digits.labels, model.sizes[-1])
