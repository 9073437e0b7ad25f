"""Figures that the reader moves, as widgets in a notebook or on a page without a kernel.

They need anywidget: ``pip install "mnist_nn[notebooks]"``.
"""

from .activations import Activations
from .backpropagation import Backpropagation
from .confusions import Confusions
from .drawing import Drawing
from .figure import Figure
from .losses import Losses
from .softmax import Softmax
from .training import Training

__all__ = [
    "Activations",
    "Backpropagation",
    "Confusions",
    "Drawing",
    "Figure",
    "Losses",
    "Softmax",
    "Training",
]
