"""MNIST from a folder of one's own: the four IDX files, under any of their usual names."""

from pathlib import Path

from ..files import StrPath, check_path
from .digits import Digits
from .idx import read_idx
from .mnist import MNIST, SHA256


def load_idx_folder(path: StrPath) -> MNIST:
    """Load MNIST, or a data set made like it, from the four IDX files in a folder.

    A file may be called ``train-images-idx3-ubyte``, as it was published, or
    ``train-images.idx3-ubyte``, as some programs unpack it; either may end in ``.gz``. The others
    begin with ``train-labels``, ``t10k-images`` and ``t10k-labels``. Where several are there, the
    first of these names counts. Nothing is compared with the published files, so that
    Fashion-MNIST, say, can be read too; :func:`load_mnist` does compare.

    Parameters
    ----------
    path
        The folder that holds the files.

    Returns
    -------
    MNIST
        ``train`` and ``test``, each with as many digits as its files hold.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or a file is missing in it.
    ValueError
        If `path` is not a folder, or a file is damaged or holds something else.
    TypeError
        If `path` is not a path.

    Examples
    --------
    >>> from mnist_nn.data.mnist import FOLDER
    >>> load_idx_folder(FOLDER).test
    Digits(10000 images of 28 x 28 pixels, labels 0 to 9)
    """
    folder = check_path(path)
    if not folder.exists():
        raise FileNotFoundError(f"{folder} is not there; check the name of the folder")
    if not folder.is_dir():
        raise ValueError(f"path is {folder}, not a folder; give the one that holds the IDX files")
    train_images, train_labels, test_images, test_labels = (_find(folder, name) for name in SHA256)
    return MNIST(_digits(train_images, train_labels), _digits(test_images, test_labels))


def _find(folder: Path, name: str) -> Path:
    """Return the file that goes by `name` or one of its variants."""
    for stem in (name, name.replace("-idx", ".idx")):
        for file in (folder / stem, folder / f"{stem}.gz"):
            if file.is_file():
                return file
    raise FileNotFoundError(
        f"{folder} holds no file {name}, nor {name}.gz; copy it there or give another folder"
    )


def _digits(images: Path, labels: Path) -> Digits:
    """Read a file of images and the file of their labels."""
    pixels, classes = read_idx(images), read_idx(labels)
    try:
        return Digits(pixels, classes)
    except (TypeError, ValueError) as error:  # what is wrong is in the files
        raise ValueError(
            f"{images} and {labels.name} are no digits with labels "
            f"({str(error).removeprefix('Digits: ')}); get fresh copies"
        ) from None
