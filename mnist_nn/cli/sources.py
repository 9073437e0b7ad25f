"""Where digits come from: the MNIST inside, or a file or folder of one's own."""

import argparse
from pathlib import Path
from typing import NamedTuple

from ..data import Digits, load_mnist
from ..data.csvfile import read_csv
from ..data.folder import load_idx_folder
from ..data.keras import read_npz
from ..data.sqlite import _parts, read_sqlite
from .console import WrongArguments
from .options import reader


class Source(NamedTuple):
    """Digits to train on and, where they come apart from these, digits to test with."""

    train: Digits
    test: Digits | None


class Parts(NamedTuple):
    """What :func:`split` gives."""

    train: Digits
    validation: Digits | None
    test: Digits | None


def _check_part(n: int) -> None:
    if n < 0:
        raise ValueError(f"a size is {n}; expected 0 or more")


def add_data(parser: argparse._ActionsContainer) -> None:
    """Add the option that names the digits."""
    parser.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        help="a folder of IDX files, a .csv file with the label first, the .npz file of Keras, "
        "or an .sqlite file (default: the MNIST that comes with the package)",
    )


def add_split(parser: argparse._ActionsContainer) -> None:
    """Add the option that says how many digits are for what."""
    parser.add_argument(
        "--split",
        type=reader("a whole number", int, _check_part),
        nargs="+",
        metavar="SIZE",
        help="digits to train on, to validate with and, if a third number is given, to test with "
        "at the end (default: one in twelve to validate with; of MNIST 55000 5000)",
    )


def check_split(args: argparse.Namespace) -> None:
    """Check the numbers after ``--split``.

    Raises
    ------
    WrongArguments
        If there are not two or three, or no digits to train on.
    """
    if args.split is not None and (len(args.split) not in (2, 3) or args.split[0] == 0):
        raise WrongArguments("argument --split: expected two or three sizes, the first at least 1")


def load(path: Path | None) -> Source:
    """Load digits from `path`, or the MNIST inside.

    Raises
    ------
    ValueError
        If the file is damaged, of an unknown kind, or its digits are in other parts than "train"
        and "test".
    OSError
        If it cannot be read.
    """
    if path is None:
        return Source(*load_mnist())
    if path.is_dir():
        return Source(*load_idx_folder(path))
    name = path.name.lower()
    if name.endswith((".csv", ".csv.gz")):
        return Source(read_csv(path), None)
    if name.endswith(".npz"):
        return Source(*read_npz(path))
    if name.endswith((".sqlite", ".sqlite3", ".db")):
        return _from_sqlite(path)
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there; check the name")
    raise ValueError(f"{path} is neither a folder nor a file named .csv, .npz or .sqlite")


def _from_sqlite(path: Path) -> Source:
    parts = _parts(path)
    if {"train", "test"} <= set(parts):
        return Source(read_sqlite(path, "train"), read_sqlite(path, "test"))
    if parts:
        names = ", ".join(f"{name!r:.40}" for name in parts[:5])
        raise ValueError(
            f"{path} has the parts {names}; expected both 'train' and 'test', or no parts"
        )
    return Source(read_sqlite(path), None)


def split(source: Source, sizes: list[int] | None) -> Parts:
    """Cut the digits as ``--split`` says.

    Test digits are a part of their own where the source has one. They are measured if they are
    asked for, or if there are none to validate with.

    Raises
    ------
    WrongArguments
        If there are fewer digits than asked for.
    """
    M = len(source.train)
    if sizes is None:
        sizes = [M - M // 12, M // 12]
    n, validation, *rest = sizes
    test = source.test
    if rest:
        if test is None:
            test = source.train[n + validation :] if n + validation < M else None
        if rest[0] > (0 if test is None else len(test)):
            raise WrongArguments(
                f"argument --split: {rest[0]} digits are to test with, but there are "
                f"{0 if test is None else len(test)}"
            )
        test = test[: rest[0]] if test is not None and rest[0] else None
    if n + validation > M:
        advice = ""
        if not rest and test is not None and n <= M and validation <= len(test):
            advice = f"; for test digits give a third number: --split {n} 0 {validation}"
        raise WrongArguments(
            f"argument --split: the sizes add up to {n + validation}, but there are {M} digits"
            + (" to train and validate with" if advice else "")
            + advice
        )
    return Parts(
        source.train[:n],
        source.train[n : n + validation] if validation else None,
        test if rest or not validation else None,
    )
