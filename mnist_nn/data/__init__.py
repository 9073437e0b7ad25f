"""Handwritten digits: the four MNIST files, a reader for their format, and objects to hold them.

The files are in this folder, so nothing is downloaded. ``DATASHEET.md`` beside this module says
where they come from and what they are good for.
"""

from .digits import Digits
from .idx import read_idx
from .mnist import MNIST, load_mnist

__all__ = ["MNIST", "Digits", "load_mnist", "read_idx"]
