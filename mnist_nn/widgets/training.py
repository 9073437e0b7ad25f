"""A network that learns digits in the reader's browser."""

import zlib

import numpy as np
from traitlets import Bool, Bytes, Enum, Float, Int, List, TraitError, default, validate

from ..data import load_mnist
from .figure import Figure

LEARN, UNSEEN = 2_000, 500


class Training(Figure):
    """A 784-h-10 network, trained by :eq:`eq-sgd-step` on batches, :eq:`eq-minibatch-gradient`.

    It learns from the first 2,000 digits of MNIST's training set, and is tested on the 500 that
    follow. One seed draws the first weights and, in every epoch, a new order of the digits.

    Attributes
    ----------
    width
        Hidden units h.
    activation, init
        As in :class:`~mnist_nn.model.MLP`.
    seed
        From 0. The same values give the same numbers.
    batch_size
        Digits in a step.
    learning_rate
        η, positive. The slider runs from 0.001 to 10.
    fast
        Whether to train as fast as the browser can, instead of one epoch a second.
    running
        Whether it is learning. A change of width, activation, init or seed stops it, and begins
        again with a fresh network.
    step, epoch
        How far it has come; an epoch is 2,000 digits. Results are sent twice a second.
    losses
        Of the last 100 batches.
    accuracy
        Share of the 500 unseen digits that it reads correctly, from 0 to 1.
    """

    name = "training"
    alt = (
        "Choices for the network and its training, and buttons to start, to take one step or one "
        "epoch, and to reset. Two charts after five epochs: the loss has fallen, steeply at "
        "first, and the share of digits read correctly has risen beyond 85 per cent. Below, 16 "
        "small pictures of weights, blue and orange, and eight unseen digits that are read wrong."
    )
    presses = ("One epoch",) * 5
    width = Enum([2, 4, 8, 16, 32, 64, 128], 32).tag(sync=True, chosen=True)
    activation = Enum(["relu", "sigmoid"], "relu").tag(sync=True, chosen=True)
    init = Enum(
        [
            "he_normal",
            "glorot_normal",
            "glorot_uniform",
            "fan_in_uniform",
            "standard_normal",
            "zeros",
        ],
        "he_normal",
    ).tag(sync=True, chosen=True)
    seed = Int(0, min=0, max=2**32 - 1).tag(sync=True, chosen=True)
    batch_size = Enum([1, 5, 10, 20, 50, 100, 200, 500, 2000], 50).tag(sync=True, chosen=True)
    learning_rate = Float(0.1).tag(sync=True, chosen=True)
    fast = Bool(False).tag(sync=True, chosen=True)
    running = Bool(False).tag(sync=True)
    step = Int().tag(sync=True)
    epoch = Float().tag(sync=True)
    losses = List(Float()).tag(sync=True)
    accuracy = Float(None, allow_none=True).tag(sync=True)
    data = Bytes().tag(sync=True)

    @default("data")
    def _data(self) -> bytes:
        parts = load_mnist().train.split(LEARN, UNSEEN)
        images = np.concatenate([part.images for part in parts])  # (2500, 28, 28)
        labels = np.concatenate([part.labels for part in parts]).astype(np.uint8)
        return zlib.compress(images.tobytes() + labels.tobytes(), 9)

    @validate("learning_rate")
    def _learning_rate(self, proposal: dict[str, float]) -> float:
        if not 0 < proposal["value"] < np.inf:
            raise TraitError(f"learning_rate is {proposal['value']}; expected a positive number")
        return proposal["value"]
