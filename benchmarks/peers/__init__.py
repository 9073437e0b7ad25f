"""The peers: each module has a class ``Peer`` that trains one network, as its users would.

``Peer(row, images, labels)`` starts from ``row.weights``. ``train(n, shuffle)`` goes once through
the first n images in batches and returns the mean loss; ``weights()`` gives W¹ b¹ W² b² … with W of
shape (n_in, n_out).
"""

from typing import NamedTuple


class Entry(NamedTuple):
    """A peer in the table."""

    module: str  # in this folder
    label: str
    requires: tuple[str, ...]  # distributions; those that are missing are the reason to skip it


PEERS = {
    "ours": Entry("ours", "mnist_nn", ("numpy",)),
    "eager": Entry("torch_eager", "PyTorch", ("torch",)),
    "tuned": Entry("torch_tuned", "PyTorch tuned", ("torch",)),
    "compile": Entry("torch_compile", "torch.compile", ("torch",)),
    "jax": Entry("jax_jit", "JAX jit", ("jax", "jaxlib")),
    "scan": Entry("jax_scan", "JAX scan", ("jax", "jaxlib")),
    "sklearn": Entry("sklearn_mlp", "scikit-learn", ("scikit-learn",)),
}
