"""A neural network that reads handwritten digits, derived from first principles.

The companion package of the course. Start with::

    import mnist_nn as nn

    digits = nn.load_mnist()
"""

from . import functional, gradcheck, init, metrics
from .data import Digits, Examples, Scaling, load_mnist
from .model import MLP
from .params import Params
from .train import History, TrainConfig, Training, evaluate, fit

__version__ = "0.1.0"

__all__ = [
    "MLP",
    "Digits",
    "Examples",
    "History",
    "Params",
    "Scaling",
    "TrainConfig",
    "Training",
    "evaluate",
    "fit",
    "functional",
    "gradcheck",
    "init",
    "load_mnist",
    "metrics",
]
