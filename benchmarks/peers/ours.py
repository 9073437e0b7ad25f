"""mnist_nn, through its own training loop."""

import numpy as np
from workload import LEARNING_RATE, Array, Row

import mnist_nn as nn


class Peer:
    """One call of :func:`mnist_nn.fit` an epoch, everything that it does included."""

    def __init__(self, row: Row, images: Array, labels: Array) -> None:
        self.row, self.rng = row, np.random.default_rng(1)
        self.digits = nn.Digits(images.reshape(-1, 28, 28), labels)
        self.model = nn.MLP(row.sizes, activation=row.activation, rng=self.rng)
        self.model.params.flat = np.concatenate([a.ravel() for a in row.weights])

    def train(self, n: int, shuffle: bool) -> float:
        """Train on the first `n` images."""
        config = nn.TrainConfig(
            epochs=1,
            batch_size=None if self.row.full_batch else self.row.batch,
            learning_rate=LEARNING_RATE,
            shuffle=shuffle,
        )
        history = nn.fit(self.model, self.digits[:n], config, self.rng, progress=False)
        return history.train_loss[0]

    def weights(self) -> list[Array]:
        """Return W¹ b¹ W² b² … as arrays."""
        p = self.model.params
        return [a for l in p.W for a in (p.W[l], p.b[l])]
