"""Files that a command writes: named well, and nothing lost by accident."""

import argparse
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from ..files import explained


def _path(text: str, *suffixes: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in suffixes:
        raise argparse.ArgumentTypeError(f"{text!r} does not end in {' or '.join(suffixes)}")
    return path


def model_path(text: str) -> Path:
    """Read the name of a model file: a reader for argparse."""
    return _path(text, ".npz", ".json")


def training_path(text: str) -> Path:
    """Read the name of a file with the state of a training: a reader for argparse."""
    return _path(text, ".npz")


def check_new(path: Path, force: bool, advice: str = "") -> None:
    """Check that writing `path` would replace nothing, unless that was asked for.

    Raises
    ------
    FileExistsError
        If there is something already.
    """
    if path.exists() and not force:
        raise FileExistsError(f"{path} is there already; {advice}replace it with --force")


def rehearse(save: Callable[[Path], None], path: Path) -> None:
    """Save something beside `path` and delete it again: better now than after hours of training.

    Raises
    ------
    OSError
        If nothing can be written there.
    ValueError
        If `path` is a folder, or what is saved is too large for the form.
    """
    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is not a file; give the path of one to write")
    try:
        with TemporaryDirectory(prefix=".mnist-nn-", dir=path.parent) as folder:
            rehearsal = Path(folder) / path.name
            try:
                save(rehearsal)
            except ValueError as error:
                raise ValueError(str(error).replace(str(rehearsal), str(path))) from None
    except OSError as error:
        raise explained(error, path, "written") from None
