"""PyTorch, compiled: one graph from the indices of a batch to the new weights."""

import torch
import torch.nn.functional as F
from workload import LEARNING_RATE, Array, Row

from .torch_eager import network, scaled

Params = dict[str, torch.Tensor]


class Peer:
    """``torch.compile`` over the whole step: gather, scale, forward, backward and update."""

    def __init__(self, row: Row, images: Array, labels: Array) -> None:
        self.row = row
        torch.manual_seed(1)
        self.images, self.labels = torch.tensor(images), torch.tensor(labels)
        if row.floats:
            self.images = scaled(self.images)
        model = network(row)
        self.params = {name: p.detach() for name, p in model.named_parameters()}

        def loss_of(params: Params, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return F.cross_entropy(torch.func.functional_call(model, params, (x,)), y)

        def step(rows: torch.Tensor) -> torch.Tensor:
            whole = len(rows) == len(self.images)  # a full batch need not be gathered
            x = self.images if whole else self.images.index_select(0, rows)
            y = self.labels if whole else self.labels.index_select(0, rows)
            grads, loss = torch.func.grad_and_value(loss_of)(self.params, scaled(x), y)
            for name, p in self.params.items():
                p.sub_(grads[name], alpha=LEARNING_RATE)
            return loss

        # dynamic=False: the short last batch of an epoch gets a graph of its own.
        self.step = torch.compile(step, dynamic=False, fullgraph=True)

    def train(self, n: int, shuffle: bool) -> float:
        """Train on the first `n` images."""
        order = torch.randperm(n) if shuffle else torch.arange(n)
        with torch.no_grad():
            losses = [self.step(rows) * len(rows) for rows in order.split(self.row.batch)]
            return float(torch.stack(losses).sum()) / n

    def weights(self) -> list[Array]:
        """Return W¹ b¹ W² b² … as arrays."""
        return [p.numpy().T for p in self.params.values()]
