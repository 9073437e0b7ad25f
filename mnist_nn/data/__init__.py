"""Handwritten digits: the four MNIST files, a reader for their format, and objects to hold them.

The files are in this folder, so nothing is downloaded. ``DATASHEET.md`` beside this module says
where they come from and what they are good for.
"""

from .csvfile import read_csv, write_csv
from .digits import Digits
from .examples import Examples
from .folder import load_idx_folder
from .idx import read_idx
from .keras import read_npz
from .mnist import MNIST, load_mnist
from .picture import center_digit, read_picture
from .scaling import UNIT, Scaling
from .sqlite import read_sqlite, write_sqlite

__all__ = [
    "MNIST",
    "UNIT",
    "Digits",
    "Examples",
    "Scaling",
    "center_digit",
    "load_idx_folder",
    "load_mnist",
    "read_csv",
    "read_idx",
    "read_npz",
    "read_picture",
    "read_sqlite",
    "write_csv",
    "write_sqlite",
]
