"""JAX: a whole epoch compiled into one call, a loop of jitted steps."""

from functools import partial

import jax
import numpy as np
from workload import Array, Row

from . import jax_jit
from .jax_jit import Params


class Peer(jax_jit.Peer):
    """``jax.jit`` over a ``lax.scan``: nothing comes back to Python between two steps."""

    def __init__(self, row: Row, images: Array, labels: Array) -> None:
        super().__init__(row, images, labels)
        step = self.step

        @partial(jax.jit, donate_argnums=0)
        def epoch(
            params: Params, images: jax.Array, labels: jax.Array, batches: jax.Array
        ) -> tuple[Params, jax.Array]:
            return jax.lax.scan(lambda p, rows: step(p, images, labels, rows), params, batches)

        self.epoch = epoch

    def train(self, n: int, shuffle: bool) -> float:
        """Train on the first `n` images."""
        batch = self.row.batch
        if n == batch == len(self.images):  # a single step
            return super().train(n, shuffle)
        order = (self.rng.permutation(n) if shuffle else np.arange(n)).astype(np.int32)
        whole, rest = np.split(order, [n - n % batch])
        data = self.images, self.labels
        self.params, losses = self.epoch(self.params, *data, whole.reshape(-1, batch))
        total = float(losses.sum()) * batch
        if len(rest):  # the short last batch
            self.params, loss = self.step(self.params, *data, rest)
            total += float(loss) * len(rest)
        return total / n
