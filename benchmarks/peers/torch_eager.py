"""PyTorch, eager: the loop of its tutorials, without a DataLoader."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from workload import LEARNING_RATE, Array, Row

ACTIVATIONS = {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid}


def network(row: Row) -> torch.nn.Sequential:
    """Return the network of `row` with its first weights."""
    layers: list[torch.nn.Module] = []
    for n_in, n_out in pairwise(row.sizes):
        layers += [torch.nn.Linear(n_in, n_out), ACTIVATIONS[row.activation]()]
    model = torch.nn.Sequential(*layers[:-1])  # no activation after the last layer
    with torch.no_grad():
        for p, a in zip(model.parameters(), row.weights, strict=True):
            p.copy_(torch.from_numpy(a.T.copy()))  # PyTorch keeps W as (n_out, n_in)
    return model


def scaled(x: torch.Tensor) -> torch.Tensor:
    """Return pixels from 0 to 1; bytes are scaled, floats have been."""
    return x if x.is_floating_point() else x.float().div_(255)


class Peer:
    """``torch.nn``, ``F.cross_entropy`` and ``torch.optim.SGD``, as most programs have them."""

    def __init__(self, row: Row, images: Array, labels: Array) -> None:
        self.row = row
        torch.manual_seed(1)
        self.images, self.labels = torch.tensor(images), torch.tensor(labels)
        self.model = network(row)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=LEARNING_RATE)

    def batch(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the scaled pixels and the labels of some rows."""
        if len(rows) == len(self.images):  # a full batch need not be gathered
            return self.images.float() / 255, self.labels
        return self.images[rows].float() / 255, self.labels[rows]

    def train(self, n: int, shuffle: bool) -> float:
        """Train on the first `n` images."""
        order = torch.randperm(n) if shuffle else torch.arange(n)
        losses = []
        for rows in order.split(self.row.batch):
            x, y = self.batch(rows)
            self.optimizer.zero_grad()
            loss = F.cross_entropy(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            losses.append(loss.detach() * len(y))
        return torch.stack(losses).sum().item() / n

    def weights(self) -> list[Array]:
        """Return W¹ b¹ W² b² … as arrays."""
        return [p.detach().numpy().T for p in self.model.parameters()]
