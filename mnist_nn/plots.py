"""The pictures of the course: digits, matrices, learning curves, confusions.

Each function draws with matplotlib and returns the figure or the axes it drew on.
"""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .checks import Array, check_type, finite_array, positive_integer
from .train import History


def digits(images: Array, titles: Sequence[Any] | None = None, columns: int = 10) -> Figure:
    """Draw images side by side, ink dark on white as on paper.

    Parameters
    ----------
    images
        Shape (M, 28, 28) or (M, 784), any range. One scale serves them all: 0, or the
        smallest value if it is negative, is white; the largest is black.
    titles
        M words or numbers to stand above the images.
    columns
        Images in a row.

    Raises
    ------
    ValueError
        If the shape is wrong, a value is NaN or infinite, `columns` is below 1, or the titles are
        too few or too many.
    TypeError
        If `images` does not hold numbers, or another argument has the wrong type.
    """
    pixels = finite_array("images", images)
    if pixels.shape[1:] not in ((28, 28), (784,)):
        raise ValueError(f"images has shape {pixels.shape}; expected (M, 28, 28) or (M, 784)")
    M = len(pixels)
    if not (titles is None or isinstance(titles, Sequence | np.ndarray)):
        raise TypeError(f"titles is {titles!r}; expected a list of {M}, one an image")
    if titles is not None and len(titles) != M:
        raise ValueError(f"titles has {len(titles)} entries; expected {M}, one an image")
    columns = min(positive_integer("columns", columns), M)
    rows = -(-M // columns)
    height = 0.72 if titles is None else 0.95
    figure, axes = plt.subplots(
        rows, columns, figsize=(0.72 * columns, height * rows), squeeze=False
    )
    for ax in axes.flat:
        ax.axis("off")
    for m, ax in zip(range(M), axes.flat, strict=False):
        image = pixels[m].reshape(28, 28)  # (784,) → (28, 28)
        ax.imshow(image, cmap="gray_r", vmin=min(0, pixels.min()), vmax=pixels.max() or 1)
        if titles is not None:
            ax.set_title(titles[m], loc="center", fontsize="small", fontweight="normal")
    return figure


def matrix(M: Array, ax: Axes | None = None, numbers: str | None = None) -> Axes:
    """Draw a matrix as a heat map with a colour bar.

    Values of both signs get a diverging scale with white at zero; others go from pale to dark.

    Parameters
    ----------
    M
        Shape (rows, columns).
    ax
        Where to draw; a new figure if None.
    numbers
        A format such as ".2f" to write each entry in its square.

    Raises
    ------
    ValueError
        If `M` does not have two axes, or holds NaN or infinity, or `numbers` is not a format.
    TypeError
        If `M` does not hold numbers, or `ax` is not a matplotlib Axes.
    """
    M = finite_array("M", M)
    if M.ndim != 2:
        raise ValueError(f"M has shape {M.shape}; expected two axes")
    if numbers is not None:
        try:
            format(M[0, 0], numbers)
        except (TypeError, ValueError):
            raise ValueError(f'numbers is {numbers!r}; expected a format: ".2f"') from None
    if ax is None:
        _, ax = plt.subplots(figsize=(4.6, 3.8))
    check_type("ax", ax, Axes)
    top = np.abs(M.astype(np.float64)).max() or 1.0
    signed = M.min() < 0
    image = ax.imshow(M, cmap="RdBu_r" if signed else "Blues", vmin=-top if signed else 0, vmax=top)
    ax.figure.colorbar(image, ax=ax, shrink=0.9)
    ax.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    ax.yaxis.set_major_locator(MaxNLocator(10, integer=True))
    for (i, j), value in np.ndenumerate(M):
        if numbers is not None:
            colour = "white" if abs(value) > 0.6 * top else "black"
            ax.text(j, i, format(value, numbers), ha="center", va="center", color=colour, size=7)
    return ax


def confusion(C: Array, ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix: the counts as numbers, the mistakes as colour.

    The diagonal is left white. It would drown the mistakes, which are what one looks for.

    Parameters
    ----------
    C
        Counts, shape (K, K), rows true and columns predicted, as
        :func:`~mnist_nn.metrics.confusion_matrix` gives them.
    ax
        Where to draw; a new figure if None.

    Raises
    ------
    ValueError
        If `C` is not square, or a count is negative.
    TypeError
        If `C` does not hold integers, or `ax` is not a matplotlib Axes.
    """
    C = finite_array("C", C)
    if C.dtype.kind not in "iu":
        raise TypeError(f"C holds {C.dtype} values; expected integers, counts")
    if C.min() < 0:
        raise ValueError(f"C has a count of {C.min()}; expected 0 or more")
    if C.ndim != 2 or C.shape[0] != C.shape[1]:
        raise ValueError(f"C has shape {C.shape}; expected (K, K)")
    if ax is None:
        _, ax = plt.subplots(figsize=(5.4, 4.6))
    check_type("ax", ax, Axes)
    mistakes = C - np.diag(np.diag(C))
    image = ax.imshow(mistakes, cmap="Oranges", vmin=0, vmax=mistakes.max() or 1)
    ax.figure.colorbar(image, ax=ax, shrink=0.9, label="wrong answers")
    for (i, j), count in np.ndenumerate(C):
        colour = "white" if mistakes[i, j] > 0.6 * mistakes.max() else "black"
        ax.text(j, i, str(count), ha="center", va="center", color=colour, size=7)
    ax.set(
        xlabel="predicted digit", ylabel="true digit", xticks=range(len(C)), yticks=range(len(C))
    )
    return ax


def history(history: History) -> Figure:
    """Draw loss and, where it was measured, accuracy against epochs.

    Raises
    ------
    ValueError
        If nothing has been recorded yet.
    TypeError
        If `history` is not a History.
    """
    check_type("history", history, History)
    epochs = range(1, len(history.train_loss) + 1)
    if not epochs:
        raise ValueError("history is empty; train for an epoch first")
    panels = 2 if history.val_accuracy else 1
    figure, axes = plt.subplots(1, panels, figsize=(3.5 * panels, 2.8), squeeze=False)
    loss, accuracy = axes[0, 0], axes[0, -1]
    loss.plot(epochs, history.train_loss, marker="o", label="training")
    loss.set(xlabel="epoch", ylabel="loss per example")
    if history.val_accuracy:
        loss.plot(epochs, history.val_loss, marker="s", linestyle="--", label="validation")
        accuracy.plot(epochs, history.val_accuracy, marker="s", linestyle="--", color="C1")
        accuracy.set(xlabel="epoch", ylabel="accuracy, validation")
    for ax in axes.flat:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    loss.legend()
    return figure
