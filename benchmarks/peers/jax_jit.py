"""JAX: a jitted step, which takes over the memory of the old weights."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from workload import LEARNING_RATE, Array, Row

Params = list[jax.Array]
ACTIVATIONS = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}


def scaled(x: jax.Array) -> jax.Array:
    """Return pixels from 0 to 1; bytes are scaled, floats have been."""
    return x if x.dtype == jnp.float32 else x.astype(jnp.float32) / 255


class Peer:
    """``jax.value_and_grad`` in a jitted step, called for each batch."""

    def __init__(self, row: Row, images: Array, labels: Array) -> None:
        self.row, self.rng = row, np.random.default_rng(1)
        self.images, self.labels = jnp.asarray(images), jnp.asarray(labels, dtype=jnp.int32)
        if row.floats:
            self.images = scaled(self.images)
        self.params = [jnp.array(a) for a in row.weights]
        activation = ACTIVATIONS[row.activation]

        def loss_of(params: Params, x: jax.Array, y: jax.Array) -> jax.Array:
            *hidden, (W, b) = zip(params[::2], params[1::2], strict=True)
            for V, c in hidden:
                x = activation(x @ V + c)
            log_p = jax.nn.log_softmax(x @ W + b)
            return -jnp.take_along_axis(log_p, y[:, None], axis=1).mean()

        @partial(jax.jit, donate_argnums=0)
        def step(
            params: Params, images: jax.Array, labels: jax.Array, rows: jax.Array | None
        ) -> tuple[Params, jax.Array]:
            x = images if rows is None else images[rows]
            y = labels if rows is None else labels[rows]
            x = scaled(x)
            loss, grads = jax.value_and_grad(loss_of)(params, x, y)
            new = [p - LEARNING_RATE * d for p, d in zip(params, grads, strict=True)]
            return new, loss

        self.step = step

    def train(self, n: int, shuffle: bool) -> float:
        """Train on the first `n` images."""
        data, batch = (self.images, self.labels), self.row.batch
        if n == batch == len(self.images):  # a full batch need not be gathered
            self.params, loss = self.step(self.params, *data, None)
            return float(loss)
        order = (self.rng.permutation(n) if shuffle else np.arange(n)).astype(np.int32)
        losses, sizes = [], []
        for start in range(0, n, batch):
            rows = order[start : start + batch]
            self.params, loss = self.step(self.params, *data, rows)
            losses.append(loss)
            sizes.append(len(rows))
        return float(np.dot([float(loss) for loss in losses], sizes)) / n

    def weights(self) -> list[Array]:
        """Return W¹ b¹ W² b² … as arrays."""
        return [np.asarray(p) for p in self.params]
