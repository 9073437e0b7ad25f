"""What is trained, the same for everyone: networks, data, first weights, the right answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mnist_nn as nn

Array = NDArray[Any]

IMAGES = 60_000
LEARNING_RATE = 0.1  # plain gradient descent on the mean loss of a batch


@dataclass(frozen=True)
class Row:
    """One line of the table: a network and its batches."""

    sizes: tuple[int, ...]
    activation: str  # of the hidden layers
    batch: int
    floats: bool = False  # whether peers keep the pixels as scaled float32, not as bytes

    @property
    def name(self) -> str:
        """Say what the network is, such as 784-512-10."""
        return "-".join(map(str, self.sizes)) + "-float32" * self.floats

    @property
    def full_batch(self) -> bool:
        """Whether one step takes all images."""
        return self.batch == IMAGES

    def steps(self, images: int) -> int:
        """Return the number of batches in so many images; the last may be short."""
        return -(-images // self.batch)

    def flops(self, images: int) -> int:
        """Return the floating-point operations in the matrix products of an epoch.

        A product of (M, n_in) and (n_in, n_out) takes 2 M n_in n_out. Each layer needs one forward
        and one for dW, and each but the first one more for dA. All else (biases, activations, the
        loss, the update, the scaling of pixels) is counted as free.
        """
        products = [2 * n_in * n_out for n_in, n_out in pairwise(self.sizes)]
        return images * (3 * sum(products) - products[0])

    @cached_property
    def weights(self) -> list[Array]:
        """The first weights and biases, W¹ b¹ W² b² …, float32; W has shape (n_in, n_out)."""
        rng = np.random.default_rng(0)
        arrays: list[Array] = []
        for n_in, n_out in pairwise(self.sizes):
            W = rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out))
            arrays += [W.astype(np.float32), np.zeros(n_out, np.float32)]
        return arrays


ROWS = {
    row.name: row
    for row in (
        Row((784, 512, 10), "relu", 64),
        Row((784, 100, 100, 10), "relu", 50),
        Row((784, 20, 10), "sigmoid", 128),
        Row((784, 10, 10), "relu", IMAGES),
        Row((784, 10, 10), "relu", IMAGES, floats=True),
        Row((784, 800, 10), "relu", 128),
        Row((784, 1000, 1000, 10), "relu", 256),
    )
}


def load() -> tuple[Array, Array]:
    """Return the images, uint8, shape (60000, 784), and their labels, int64, shape (60000,)."""
    train = nn.load_mnist().train
    return train.images.reshape(IMAGES, -1), train.labels  # (60000, 28, 28) → (60000, 784)


def three_steps(row: Row, images: Array, labels: Array) -> tuple[float, list[Array]]:
    """Return the mean loss of three steps without shuffling, and the weights after them.

    In float64 and by the textbook: what every peer must agree with before it is timed.
    """
    params = [a.astype(np.float64) for a in row.weights]
    loss = 0.0
    for step in range(3):
        start = step * row.batch % IMAGES
        grads = [np.zeros_like(a) for a in params]
        for block in range(start, start + row.batch, 5000):  # so that 60,000 rows fit in memory
            stop = min(block + 5000, start + row.batch)
            loss += _add_gradient(row, params, images[block:stop], labels[block:stop], grads)
        for a, d in zip(params, grads, strict=True):
            a -= LEARNING_RATE * d / row.batch
    return loss / (3 * row.batch), params


def _add_gradient(row: Row, params: list[Array], x: Array, y: Array, grads: list[Array]) -> float:
    """Add the gradient of the summed loss to `grads`, and return that loss."""
    W, b, L = params[::2], params[1::2], len(params) // 2
    A = [x / 255]
    for l in range(L):
        Z = A[l] @ W[l] + b[l]
        if l < L - 1:
            Z = np.maximum(Z, 0) if row.activation == "relu" else 1 / (1 + np.exp(-Z))
        A.append(Z)
    log_P = A[L] - np.log(np.exp(A[L]).sum(axis=1, keepdims=True))
    dZ = np.exp(log_P) - np.eye(10)[y]
    for l in reversed(range(L)):
        grads[2 * l] += A[l].T @ dZ
        grads[2 * l + 1] += dZ.sum(axis=0)
        if l:
            dA = dZ @ W[l].T
            dZ = dA * (A[l] > 0 if row.activation == "relu" else A[l] * (1 - A[l]))
    return -float(log_P[np.arange(len(y)), y].sum())
