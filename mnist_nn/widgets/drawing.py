"""A digit drawn by hand, and what the network makes of it."""

import zlib

import numpy as np
from traitlets import Bytes, Float, Int, List, default

from ..data import load_mnist
from .figure import Figure
from .network import PATH

FIRST = 8406  # of the test digits: a 4 with an open top, which a stroke turns into a 9
# Test digits to begin with: one of each class, and three that the network misreads.
EXAMPLES = [3, 2, 1, 18, FIRST, 8, 11, 0, 61, 7, 1393, 2135, 1530]


class Drawing(Figure):
    """A digit that the reader draws, made like an image of MNIST, and read while it is drawn.

    The drawing becomes 28 x 28 pixels as by :func:`~mnist_nn.data.center_digit`. The network is
    that of :func:`~mnist_nn.widgets.network.load_network`. The colours show, for each pixel, its
    value times the gradient, :eq:`eq-input-gradient`, of the lead of one digit over the strongest
    other: z_k - z_j.

    Attributes
    ----------
    pixels
        What the network sees: 784 integers from 0 (paper) to 255 (ink), row by row. To show an
        image of MNIST, set them: ``figure.pixels = image.ravel().tolist()``.
    digit
        The digit k that the colours speak for; None takes the most probable one.
    probabilities
        What the browser computed, of 0 to 9. Empty until the figure is shown, and for blank paper.
    data
        The network and some test digits, compressed by zlib.
    """

    name = "drawing"
    alt = (
        "Left, a square of paper with a handwritten 4, open at the top. Beside it ten bars for the "
        "probabilities of 0 to 9: a long one for the 4, a short one for the 9. Then three "
        "small pictures: the 4 in 28 by 28 pixels; the same strokes, orange where they speak for a "
        "4, blue where for a 9; and the hidden units as a grid of squares, many of them blank."
    )
    pixels = List(Int(min=0, max=255), minlen=784, maxlen=784).tag(sync=True, chosen=True)
    digit = Int(None, min=0, max=9, allow_none=True).tag(sync=True, chosen=True)
    probabilities = List(Float()).tag(sync=True)
    data = Bytes().tag(sync=True)

    @default("pixels")
    def _pixels(self) -> list[int]:
        pixels: list[int] = load_mnist().test.images[FIRST].ravel().tolist()
        return pixels

    @default("data")
    def _data(self) -> bytes:
        # Little-endian: the number of hidden units, int32; both layers' biases, then scales,
        # float32; their weights, int8; examples, each a label and 784 pixels, uint8.
        with np.load(PATH, allow_pickle=False) as arrays:
            names = ("b1", "b2", "scale1", "scale2", "W1", "W2")
            parts = [np.array(arrays["b1"].size, "<i4"), *(arrays[name] for name in names)]
        test = load_mnist().test
        parts += [np.append(test.labels[m], test.images[m]).astype(np.uint8) for m in EXAMPLES]
        return zlib.compress(b"".join(part.tobytes() for part in parts), 9)
