"""scikit-learn's MLPClassifier with its own batches, one call of ``partial_fit`` an epoch."""

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier
from workload import LEARNING_RATE, Array, Row


class Peer:
    """``solver="sgd"`` without momentum and L2; it always keeps the pixels as float32."""

    def __init__(self, row: Row, images: Array, labels: Array) -> None:
        # It takes no bytes. Scaling beforehand costs it memory, but no time in the table.
        self.X = images.astype(np.float32)
        self.X /= 255
        self.y = labels
        sklearn.set_config(assume_finite=True)  # saves it a pass over all pixels
        self.model = MLPClassifier(
            row.sizes[1:-1],
            activation={"relu": "relu", "sigmoid": "logistic"}[row.activation],
            solver="sgd",
            alpha=0,
            batch_size=row.batch,
            learning_rate_init=LEARNING_RATE,
            momentum=0,
            nesterovs_momentum=False,
            random_state=1,
        )
        # The first call makes the arrays; what it learned is then overwritten.
        self.model.set_params(batch_size=100)
        self.model.partial_fit(self.X[:100], labels[:100], classes=np.arange(10))
        self.model.set_params(batch_size=row.batch)
        for a, first in zip(self.weights(), row.weights, strict=True):
            a[...] = first

    def train(self, n: int, shuffle: bool) -> float:
        """Train on the first `n` images."""
        self.model.shuffle = shuffle
        self.model.partial_fit(self.X[:n], self.y[:n])
        return float(self.model.loss_)

    def weights(self) -> list[Array]:
        """Return W¹ b¹ W² b² … as arrays."""
        both = zip(self.model.coefs_, self.model.intercepts_, strict=True)
        return [a for W, b in both for a in (W, b)]
