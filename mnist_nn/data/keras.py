"""The file ``mnist.npz`` that comes with Keras."""

from ..files import Npz, StrPath, check_path, opened
from .digits import HEIGHT, WIDTH, Digits
from .mnist import MNIST

_NAMES = ("x_train", "y_train", "x_test", "y_test")


def read_npz(path: StrPath) -> MNIST:
    """Read MNIST from an ``.npz`` file as Keras has it, also known as ``mnist.npz``.

    It holds four arrays: ``x_train`` and ``x_test``, uint8, shape (M, 28, 28), and the labels
    ``y_train`` and ``y_test``, integers, shape (M,). The file is known to hold what it claims
    before memory is spent on it, and nothing in it is run: no pickle is read.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    MNIST
        ``train`` and ``test``, each with as many digits as the file holds.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If `path` is not a file, or the file is damaged, lacks an array, or holds other arrays.
    TypeError
        If `path` is not a path.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> x, y = np.zeros((3, 28, 28), np.uint8), np.array([5, 0, 4])
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "mnist.npz"
    ...     np.savez(file, x_train=x, y_train=y, x_test=x[:1], y_test=y[:1])
    ...     read_npz(file).train.labels
    array([5, 0, 4])
    """
    path = check_path(path)
    with opened(path) as file:
        npz = Npz(file, str(path))
        for name in _NAMES:
            if name not in npz.arrays:
                raise ValueError(
                    f"{path} holds no array {name}; give a file with {', '.join(_NAMES)}"
                )
            shape, dtype = npz.arrays[name].shape, npz.arrays[name].dtype
            if name.startswith("x"):
                fits = dtype == "uint8" and len(shape) == 3 and shape[1:] == (HEIGHT, WIDTH)
                expected = "uint8 of shape (M, 28, 28)"
            else:
                fits, expected = dtype.kind in "iu" and len(shape) == 1, "integers of shape (M,)"
            if not fits:
                raise ValueError(
                    f"{path}: {name} is {dtype} of shape {str(shape)[:100]}; expected {expected}"
                )
        arrays = [npz.read(name) for name in _NAMES]
    try:
        return MNIST(Digits(arrays[0], arrays[1]), Digits(arrays[2], arrays[3]))
    except ValueError as error:
        raise ValueError(f"{path}: {str(error).removeprefix('Digits: ')}") from None
