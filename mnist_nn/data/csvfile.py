"""CSV files of digits: a line for each, its label first, then 784 pixels."""

import gzip
import re
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from ..checks import check_type
from ..files import StrPath, check_path, opened, replacing
from .digits import CLASSES, HEIGHT, WIDTH, Digits

_CELLS = 1 + HEIGHT * WIDTH
_TEXT = [b"%d" % n for n in range(256)]  # how each number is written
_NUMBER = {text: n for n, text in enumerate(_TEXT)}
_LABEL = {b"label", b"class", b"digit", b"target", b"y"}  # a header starts with one of these
_LONGEST = 1 << 14  # bytes of a line; one of MNIST has up to 3,138, a header up to 8,000
_MOST = 1 << 20  # digits in a file; without a limit, a small gzipped file could fill the memory


def read_csv(path: StrPath) -> Digits:
    """Read digits from a CSV file: on each line the label, then 784 pixels from 0 to 255.

    That is how the files named ``mnist_train.csv`` are made, with a header line
    (``label,1x1,1x2,...`` or ``label,pixel0,...``) or without one. The file may be gzipped. Lines
    are read one by one, so that memory is needed for little more than the result.

    Parameters
    ----------
    path
        The file. Whether it is gzipped, and whether it has a header, is seen from its content.

    Returns
    -------
    Digits
        In the order of the lines.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If `path` is not a file, or a line is not a digit; the message gives the number of the line.
    TypeError
        If `path` is not a path.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "digits.csv"
    ...     size = file.write_text("5" + 784 * ",0")
    ...     read_csv(file).labels
    array([5])
    """
    path = check_path(path)
    with opened(path) as file:
        gzipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not gzipped:
            return _read(path, file)
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                return _read(path, cast(BinaryIO, unpacked))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            reason = str(error).rpartition(": ")[2]
            raise ValueError(
                f"{path} is damaged: its gzip data cannot be unpacked ({reason}); get a fresh copy"
            ) from None


def write_csv(digits: Digits, path: StrPath) -> None:
    """Write digits to a CSV file that :func:`read_csv` reads, without a header.

    The file is written whole or not at all.

    Parameters
    ----------
    digits
        What to write.
    path
        The file to write or replace.

    Raises
    ------
    OSError
        If the file cannot be written.
    ValueError
        If `path` is a folder.
    TypeError
        If an argument is of another kind.
    """
    check_type("digits", digits, Digits)
    with replacing(path) as temporary, temporary.open("wb") as file:
        for label, image in zip(digits.labels.tolist(), digits.images, strict=True):
            cells = [_TEXT[n] for n in (label, *image.tobytes())]
            file.write(b",".join(cells) + b"\n")


def _read(path: Path, file: BinaryIO) -> Digits:
    """Read all lines of an open file."""
    images, labels = bytearray(), bytearray()
    number = 0  # of the line
    while line := file.readline(_LONGEST):
        number += 1
        if len(line) == _LONGEST:
            raise ValueError(
                f"{path}, line {number} is longer than {_LONGEST} bytes; "
                "give a file with one digit on each line"
            )
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")  # the mark that some programs write first
        # A dictionary of all 256 cells is twice as fast as int(), and stricter.
        cells = line.rstrip(b"\r\n").split(b",")
        try:
            row = bytes(map(_NUMBER.__getitem__, cells))
        except KeyError:
            if not line.strip() or (number == 1 and _is_header(cells)):
                continue
            row = _unusual(path, number, line)
        if len(row) != _CELLS or row[0] >= CLASSES or len(labels) == _MOST:
            raise _wrong_row(path, number, row)
        labels.append(row[0])
        images += row[1:]
    if not labels:
        raise ValueError(f"{path} holds no digits; give a CSV file with at least one line of them")
    return Digits(
        np.frombuffer(images, np.uint8).reshape(-1, HEIGHT, WIDTH),  # (784 M,) → (M, 28, 28)
        np.frombuffer(labels, np.uint8),
    )


def _is_header(cells: list[bytes]) -> bool:
    """Tell whether the cells are the names of the columns."""
    return len(cells) == _CELLS and cells[0].strip(b'" ').lower() in _LABEL


def _unusual(path: Path, number: int, line: bytes) -> bytes:
    """Return the numbers of a line that holds other cells than 0 to 255 in their shortest form."""
    where = f"{path}, line {number}"
    if b"\0" in line or line.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError(f"{where}: these are no letters; give a CSV file, saved as UTF-8")
    cells = [cell.strip() for cell in line.split(b",")]
    for column, cell in enumerate(cells, start=1):
        shown = repr(cell[:20])[1:]  # without the b
        if not cell:
            raise ValueError(f"{where}: cell {column} is empty; fill it or get a fresh copy")
        if not re.fullmatch(rb"-?\d+", cell):
            advice = "; expected the label, or a header that begins with 'label'" * (
                number == column == 1
            )
            raise ValueError(
                f"{where}: cell {column} is {shown}, not a whole number"
                f"{advice or '; expected 0 to 255'}"
            )
        if (cell.lstrip(b"0") or b"0") not in _NUMBER:
            raise ValueError(f"{where}: cell {column} is {cell[:20].decode()}; expected 0 to 255")
    return bytes([_NUMBER[cell.lstrip(b"0") or b"0"] for cell in cells])


def _wrong_row(path: Path, number: int, row: bytes) -> ValueError:
    """Return the error that says why `row` is not a digit."""
    where = f"{path}, line {number}"
    if len(row) != _CELLS:
        noun = "cell" if len(row) == 1 else "cells"
        return ValueError(
            f"{where} has {len(row)} {noun}; expected {_CELLS}: a label and 784 pixels, "
            "with commas between them"
        )
    if row[0] >= CLASSES:
        return ValueError(
            f"{where}: the label is {row[0]}; expected 0 to 9 in the first cell of the line"
        )
    return ValueError(f"{where}: a file may hold {_MOST} digits at most; split it")
