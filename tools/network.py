"""Train the network that the figures show, and store it small.

    python tools/network.py               learns from all 60,000; writes widgets/network.npz
    python tools/network.py --validate    learns from the first 50,000; measures on the others

Each takes a few minutes. The recipe was chosen by the second alone: no test digit had a say in it.
Another machine rounds otherwise, so that another network comes out, not a worse one; after the
first command look at what chapters 10 and 12 say of it.
"""

import sys

import numpy as np
from scipy.ndimage import affine_transform  # type: ignore[import-untyped]

import mnist_nn as nn
from mnist_nn.data import Digits
from mnist_nn.widgets.network import PATH, load_network, pack

SIZES = (784, 196, 10)
EPOCHS = 40
MIDDLE = np.array([13.5, 13.5])  # pixels


def moved(digits: Digits, rng: np.random.Generator) -> Digits:
    """Return each digit a little turned, leant, stretched and shifted: people draw so.

    Parameters
    ----------
    digits
        The digits.
    rng
        What says how much: up to about 15 degrees, a tenth of the size, and two pixels.
    """
    images = np.empty_like(digits.images)
    for image, out in zip(digits.images, images, strict=True):
        A = np.eye(2) + rng.uniform(-0.2, 0.2, (2, 2))
        shift = rng.uniform(-2, 2, 2)
        affine_transform(image, A, MIDDLE - A @ MIDDLE + shift, output=out, order=1)
    return Digits(images, digits.labels)


def train(digits: Digits) -> nn.MLP:
    """Return a network that has seen every digit once an epoch, never twice the same."""
    rng = np.random.default_rng(0)
    model = nn.MLP(SIZES, rng=rng)
    for epoch in range(EPOCHS):
        rate = 0.1 * (1 + np.cos(np.pi * epoch / EPOCHS)) / 2  # falls to zero in a half wave
        config = nn.TrainConfig(epochs=1, batch_size=50, learning_rate=rate, momentum=0.9)
        nn.fit(model, moved(digits, rng), config, rng)
    return model


def main() -> int:
    """Run the command line."""
    digits = nn.load_mnist()
    if sys.argv[1:] == ["--validate"]:
        first, last = digits.train.split(50_000, 10_000)
        model = train(first)
        print(f"{nn.evaluate(model, last)[1]:.2%} of the validation digits")
        return 0
    np.savez(PATH, **pack(train(digits.train)))  # type: ignore[arg-type]
    print(f"{nn.evaluate(load_network(), digits.test)[1]:.2%} of the test digits")
    return 0


if __name__ == "__main__":
    sys.exit(main())
