"""The capstone: the learner's own functions, put together, learn to read digits."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..data import load_mnist
from .catalogue import CHAPTERS, EXERCISES
from .judge import attempted, judge
from .show import Message

NEEDED = (
    "scale_pixels",
    "accuracy",
    "affine",
    "softmax_nll_gradient",
    "relu",
    "relu_backward",
    "weight_gradient",
    "bias_gradient",
    "input_gradient",
    "batches",
    "sgd_step",
    "he_normal",
)
HIDDEN, BATCH, ETA, EPOCHS = 100, 50, 0.2, 5
GOAL = 0.97
_LONGEST = 600.0  # seconds that the training may take


def capstone(answers: Mapping[str, Callable[..., Any]]) -> Message:
    """Train a network on MNIST that consists of the learner's functions.

    First each is checked; if one is missing or not right, that is said, and nothing is trained. It
    never raises an exception for what the functions do.

    Parameters
    ----------
    answers
        Functions by the name of their exercise, as `collect` returns them.

    Raises
    ------
    TypeError
        If `answers` are not functions with names.
    """
    if not isinstance(answers, Mapping):
        raise TypeError(f"answers is of type {type(answers).__name__}; expected what collect gives")
    lines = []
    for name in NEEDED:
        answer = answers.get(name)
        chapter = CHAPTERS[EXERCISES[name].chapter]
        if not callable(answer) or not attempted(answer):
            lines.append(f"  {name}: not there yet, {chapter}")
            continue
        verdict = judge(EXERCISES[name], answer)
        if not verdict.passed and verdict.failed is not None:
            mistake = f" ({verdict.mistake})" if verdict.mistake else ""
            lines.append(f"  {name}: not right at: {verdict.failed.words}{mistake}, {chapter}")
    if lines:
        head = f"{len(NEEDED) - len(lines)} of {len(NEEDED)} functions are right. Still to do:"
        return Message("\n".join([head, *lines]), passed=False)
    try:
        return _train({name: answers[name] for name in NEEDED})
    except KeyboardInterrupt:
        raise
    except Exception as error:  # right on small arrays, and not on large ones
        return Message(f"The training ended in {type(error).__name__}: {error}", passed=False)


def _train(own: dict[str, Callable[..., Any]]) -> Message:
    """Train 784-100-10 with these functions, and measure on the test digits."""
    from tqdm import tqdm

    digits = load_mnist()
    rng = np.random.default_rng(0)
    spent = dict.fromkeys(own, 0.0)

    def call(name: str, *args: Any) -> Any:
        started = time.perf_counter()
        found = own[name](*args)
        spent[name] += time.perf_counter() - started
        return found

    X = np.asarray(call("scale_pixels", digits.train.images.reshape(-1, 784), 0, 1))  # (M, 784)
    y = digits.train.labels
    W1, W2 = (np.asarray(call("he_normal", *sizes, rng)) for sizes in ((784, HIDDEN), (HIDDEN, 10)))
    b1, b2 = np.zeros(HIDDEN), np.zeros(10)
    steps, done = EPOCHS * len(y) // BATCH, 0
    started = time.perf_counter()
    with tqdm(total=steps, disable=None) as bar:
        for _ in range(EPOCHS):
            for rows in call("batches", len(y), BATCH, rng):
                rows = np.asarray(rows)
                A0, labels = X[rows], y[rows]  # (B, 784), (B,)
                Z1 = np.asarray(call("affine", A0, W1, b1))  # (B, 100)
                A1 = np.asarray(call("relu", Z1))
                Z2 = np.asarray(call("affine", A1, W2, b2))  # (B, 10)
                dZ2 = np.asarray(call("softmax_nll_gradient", Z2, labels))
                dA1 = np.asarray(call("input_gradient", dZ2, W2))  # (B, 100)
                dZ1 = np.asarray(call("relu_backward", dA1, Z1))
                W2 = np.asarray(
                    call("sgd_step", W2, np.asarray(call("weight_gradient", A1, dZ2)), ETA)
                )
                b2 = np.asarray(call("sgd_step", b2, np.asarray(call("bias_gradient", dZ2)), ETA))
                W1 = np.asarray(
                    call("sgd_step", W1, np.asarray(call("weight_gradient", A0, dZ1)), ETA)
                )
                b1 = np.asarray(call("sgd_step", b1, np.asarray(call("bias_gradient", dZ1)), ETA))
                bar.update()
                done += 1
                if done % 20 == 0:
                    needed = (time.perf_counter() - started) * steps / done
                    if needed > _LONGEST:
                        slow = max(spent, key=spent.__getitem__)
                        return Message(
                            "All functions are right, but the training would take "
                            f"{needed / 60:.0f} minutes. Most of the time goes into {slow}: write "
                            "it with whole arrays instead of loops.",
                            passed=False,
                        )
    test = np.asarray(call("scale_pixels", digits.test.images.reshape(-1, 784), 0, 1))
    logits = call("affine", np.asarray(call("relu", call("affine", test, W1, b1))), W2, b2)
    reached = float(call("accuracy", digits.test.labels, np.asarray(logits).argmax(axis=1)))
    said = f"Your own network reads {100 * reached:.1f} % of the 10,000 test digits."
    if reached > GOAL:
        said += " That is it: every line of it is yours."
    return Message(said, passed=reached > GOAL)
