"""The four MNIST files that come with the package."""

from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from .digits import Digits
from .idx import read_idx

FOLDER = Path(__file__).parent / "files"

# The files without .gz, and the SHA-256 of what is in them. How they were made: DATASHEET.md.
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


class MNIST(NamedTuple):
    """The two sets of MNIST.

    Attributes
    ----------
    train
        60,000 digits to train on.
    test
        10,000 digits by other writers, to test once.
    """

    train: Digits
    test: Digits


def load_mnist() -> MNIST:
    """Load MNIST from the files of the package and verify them; no network is needed.

    Returns
    -------
    MNIST
        ``train`` with 60,000 and ``test`` with 10,000 digits, in the order of the files.

    Raises
    ------
    FileNotFoundError
        If a file is missing from the installation.
    ValueError
        If a file is not the one that was published.

    Examples
    --------
    >>> digits = load_mnist()
    >>> digits.train.images.shape, digits.test.images.shape
    ((60000, 28, 28), (10000, 28, 28))
    """
    train_images, train_labels, test_images, test_labels = map(read_verified, SHA256)
    return MNIST(Digits(train_images, train_labels), Digits(test_images, test_labels))


def read_verified(name: str) -> NDArray[Any]:
    """Read one of the files named in `SHA256` and compare its hash.

    Parameters
    ----------
    name
        The name of the file, without ``.gz``.

    Returns
    -------
    array
        Its content, uint8.

    Raises
    ------
    FileNotFoundError
        If the file is missing from the installation.
    ValueError
        If it is not the file that was published.
    """
    try:
        return read_idx(FOLDER / f"{name}.gz", SHA256[name])
    except (FileNotFoundError, ValueError) as error:
        # The reader cannot know where these files come from; say it here.
        raise type(error)(f"{error} (it is part of mnist_nn: install that again)") from None
