"""The confusion matrix of a real network, and the digits behind each of its counts."""

import zlib
from typing import Any

import numpy as np
from traitlets import Bytes, Int, List, TraitError, default, validate

from .. import metrics
from ..data import load_mnist
from .figure import Figure
from .network import load_network

RIGHT = 12  # digits of each class that are kept of those read rightly


class Confusions(Figure):
    """The 10,000 test digits as :func:`~mnist_nn.widgets.network.load_network` reads them.

    The counts are :eq:`eq-confusion`. Each count off the diagonal shows all its digits, the
    surest mistake first; on the diagonal the twelve of which the network was least sure.

    Attributes
    ----------
    cell
        The true digit and the one that was read, [i, j], each from 0 to 9.
    shown
        Which digits are shown, by their numbers among the test digits, from 0 to 9999. Empty until
        the figure is shown.
    data
        What the figure is made of, compressed by zlib.
    """

    name = "confusions"
    alt = (
        "A ten by ten table of counts: rows are true digits, columns what the network read. The "
        "cell of true 9, read as 4, is chosen. Below are its digits, each a picture with bars for "
        "the three classes that the network thought most likely."
    )
    cell = List(Int(), [9, 4]).tag(sync=True, chosen=True)
    shown = List(Int()).tag(sync=True)
    data = Bytes().tag(sync=True)

    @validate("cell")
    def _cell(self, proposal: Any) -> list[int]:
        cell: list[int] = proposal.value
        if len(cell) != 2 or not all(0 <= k <= 9 for k in cell):
            raise TraitError(f"cell is {cell}; expected [true, read], two digits from 0 to 9")
        return cell

    @default("data")
    def _data(self) -> bytes:
        """Pack the matrix and n digits, one little-endian array after the other."""
        digits = load_mnist().test
        y = digits.labels
        # The page does not load the network for this: its answers are smaller than its weights.
        P = load_network().predict_proba(digits.scaled())  # (10000, 10)
        y_hat, confidence = P.argmax(axis=1), P.max(axis=1)
        surest = np.argsort(-confidence, kind="stable")
        wrong = surest[(y != y_hat)[surest]]
        least_sure = surest[(y == y_hat)[surest]][::-1]
        right = [least_sure[y[least_sure] == k][:RIGHT] for k in range(10)]
        kept = np.concatenate([wrong, *right])  # n digits
        parts: list[tuple[Any, str]] = [
            (metrics.confusion_matrix(y, y_hat), "<u2"),  # (10, 10)
            (kept, "<u2"),  # (n,)
            (np.rint(65535 * P[kept]), "<u2"),  # (n, 10)
            (y[kept], "u1"),  # (n,)
            (y_hat[kept], "u1"),  # (n,)
            (digits.images[kept], "u1"),  # (n, 784)
        ]
        return zlib.compress(b"".join(a.astype(dtype).tobytes() for a, dtype in parts), 9)
