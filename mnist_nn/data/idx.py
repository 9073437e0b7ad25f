"""The IDX file format: a header of a few bytes, then the numbers of one array.

A file starts with two zero bytes, one byte for the element type and one for the number of
dimensions. The size of each dimension follows as a 32-bit integer, then the elements, the last
index changing fastest. Every number is stored with its most significant byte first. The format was
published with MNIST at http://yann.lecun.com/exdb/mnist/.
"""

import hashlib
import math
import os
import re
import stat
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

# The third byte of a file gives the type of its elements; the codes leave out 0x0A.
ELEMENT_TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}

_MAX_DIMENSIONS = 64  # of a NumPy array
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_MAX_RATIO = 1032  # deflate spends at least 2 bits on 258 bytes
_BLOCK = 1 << 16  # bytes read from the file at once
_CHUNK = 1 << 20  # bytes of data taken at once: memory grows with what is there


def read_idx(path: str | os.PathLike[str], sha256: str | None = None) -> NDArray[Any]:
    """Read an array from an IDX file, plain or gzipped.

    Whether the file is gzipped is seen from its content, not from its name. Memory is spent on
    data that is there, never on what a header claims.

    Parameters
    ----------
    path
        The file.
    sha256
        The SHA-256 of the uncompressed content, 64 hexadecimal digits. If given, the content must
        have it.

    Returns
    -------
    array
        A writable array with the shape and the element type of the file (uint8, int8, int16, int32,
        float32 or float64), in the byte order of this machine.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If `path` is a folder, or the file is not a complete and undamaged IDX file, or does not
        have the given `sha256`.
    TypeError
        If `path` is not a path, or `sha256` not a string.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "labels.idx"
    ...     size = file.write_bytes(bytes([0, 0, 0x08, 1, 0, 0, 0, 3, 5, 0, 4]))
    ...     read_idx(file)
    array([5, 0, 4], dtype=uint8)
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(
            f"read_idx: path has type {type(path).__name__}; expected a file name or a Path"
        )
    wanted = _digest(sha256)
    path = Path(path)
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(
            f"{path} is not there; check the file name and the folder"
        ) from None
    if stat.S_ISDIR(mode):
        raise ValueError(f"{path} is a folder; give the name of an IDX file in it")
    if not stat.S_ISREG(mode):
        raise ValueError(f"{path} is not a regular file; save the data to one and read that")

    with path.open("rb") as file:
        gzipped = file.read(2) == _GZIP_MAGIC  # a plain file starts with two zero bytes
        file.seek(0)
        size = os.fstat(file.fileno()).st_size
        try:
            if gzipped:
                return _read(path, _Gunzip(file).read, size * _GZIP_MAX_RATIO, wanted)
            return _read(path, file.read, size, wanted)
        except EOFError:
            raise ValueError(
                f"{path} is cut short: its gzip data has no end; get a fresh copy"
            ) from None
        except zlib.error as error:
            reason = str(error).rpartition(": ")[2]
            raise ValueError(
                f"{path} is damaged: its gzip data cannot be unpacked ({reason}); get a fresh copy"
            ) from None


def _digest(sha256: str | None) -> str | None:
    """Return a valid `sha256` in lower case."""
    if sha256 is None:
        return None
    if not isinstance(sha256, str):
        raise TypeError(
            f"read_idx: sha256 has type {type(sha256).__name__}; expected 64 hexadecimal digits"
        )
    if not re.fullmatch("[0-9a-fA-F]{64}", sha256):
        raise ValueError(f"read_idx: sha256 is {sha256!r}; expected 64 hexadecimal digits")
    return sha256.lower()


def _read(
    path: Path, read: Callable[[int], bytes], capacity: int, wanted: str | None
) -> NDArray[Any]:
    """Read header and elements through `read`, which gives at most as many bytes as asked for.

    `capacity` is the most that the file can hold, header included.
    """
    sha = hashlib.sha256()
    shape, dtype = _read_header(path, read, sha.update)
    expected = math.prod(shape) * dtype.itemsize
    sizes = str(shape) if len(shape) <= 8 else f"({shape[0]}, {shape[1]}, ..., {shape[-1]})"
    claim = f"its header says {dtype.name} of shape {sizes}"
    # NumPy refuses a shape whose other axes overflow even where one axis is 0.
    if math.prod(n or 1 for n in shape) * dtype.itemsize > sys.maxsize:
        raise ValueError(f"{path} is damaged: {claim}, too large for an array; get a fresh copy")
    claim += f", {expected} bytes"
    if expected > capacity:
        raise ValueError(
            f"{path} is cut short: {claim}, and the file is too small for that; get a fresh copy"
        )

    data = bytearray()
    while len(data) <= expected:  # asks for one byte more than expected, to see that none follows
        chunk = read(min(_CHUNK, expected + 1 - len(data)))
        if not chunk:
            break
        data += chunk
        if wanted:
            sha.update(chunk)
    if len(data) < expected:
        raise ValueError(
            f"{path} is cut short: {claim}, but only {len(data)} follow; get a fresh copy"
        )
    if len(data) > expected:
        raise ValueError(f"{path} is too long: {claim}, but more follow; get a fresh copy")
    if wanted and sha.hexdigest() != wanted:
        raise ValueError(
            f"{path} has SHA-256 {sha.hexdigest()}, not {wanted}; "
            "get a fresh copy, or correct the hash if another file is meant"
        )

    array = np.frombuffer(data, dtype).reshape(shape)
    if not dtype.isnative:
        array = array.byteswap(inplace=True).view(dtype.newbyteorder("="))
    return array


def _read_header(
    path: Path, read: Callable[[int], bytes], update: Callable[[bytes], None]
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Read shape and element type; pass the bytes of the header to `update`."""
    magic = _exactly(path, read, 4)
    zeros, code, dimensions = magic[:2], magic[2], magic[3]
    if zeros != b"\0\0":
        raise ValueError(
            f"{path} is not an IDX file: it starts with the bytes {zeros.hex(' ')}, not 00 00; "
            "give the IDX file itself, plain or gzipped"
        )
    if code not in ELEMENT_TYPES:
        known = ", ".join(f"0x{c:02X} {dtype.name}" for c, dtype in ELEMENT_TYPES.items())
        raise ValueError(
            f"{path} has the unknown element type 0x{code:02X} (IDX knows {known}); "
            "get a fresh copy"
        )
    if not 1 <= dimensions <= _MAX_DIMENSIONS:
        raise ValueError(
            f"{path} claims {dimensions} dimensions; expected 1 to {_MAX_DIMENSIONS}: "
            "get a fresh copy"
        )
    sizes = _exactly(path, read, 4 * dimensions)
    update(magic + sizes)
    return struct.unpack(f">{dimensions}I", sizes), ELEMENT_TYPES[code]


def _exactly(path: Path, read: Callable[[int], bytes], n: int) -> bytes:
    """Read `n` bytes of the header."""
    data = b""
    while len(data) < n:
        chunk = read(n - len(data))
        if not chunk:
            raise ValueError(f"{path} is cut short: it ends in its header; get a fresh copy")
        data += chunk
    return data


class _Gunzip:
    """The content of a gzip file, unpacked no further than asked.

    :class:`gzip.GzipFile` would read ahead, and its ``read(n)`` sets `n` bytes aside at once.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._inflate = _inflate()

    def read(self, n: int) -> bytes:
        """Return 1 to `n` bytes, or none at the end of the content."""
        while True:
            if not self._inflate.eof:
                packed = self._inflate.unconsumed_tail or self._file.read(_BLOCK)
            elif packed := self._inflate.unused_data or self._file.read(_BLOCK):
                # What `cat a.gz b.gz` gives is a gzip file too, with the contents joined.
                self._inflate = _inflate()
            else:
                return b""
            content = self._inflate.decompress(packed, n)
            if content:
                return content
            if not packed:
                raise EOFError


def _inflate() -> "zlib._Decompress":
    """Return an unpacker that expects a gzip header and checks the sums at the end."""
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
