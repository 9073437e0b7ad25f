"""Files written whole or not at all, and ``.npz`` files known before they are read."""

import errno
import math
import os
import re
import secrets
import stat
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from .checks import Array, check_type

StrPath = str | os.PathLike[str]

_STALE = 3600  # seconds after which a temporary file is what a killed process left behind
_CHUNK = 1 << 20  # bytes unpacked at once: memory grows with what is there
_UNPACKED = 1 << 29  # bytes that a compressed array may unpack to; MNIST has 47 MB
_DEFLATE_RATIO = 1032  # deflate spends at least 2 bits on 258 bytes
_TEXT = 1 << 24  # bytes of a text inside an .npz file

# What zipfile raises for a damaged file, besides its own error.
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # unknown compression
    RuntimeError,  # encrypted
    OverflowError,
    ValueError,
)
# The header that NumPy writes: magic, version 1.0, two bytes of length, a dict padded with spaces.
# Parsed by hand because numpy.lib.format evaluates it as Python, and fails in many ways.
_NPY = re.compile(
    rb"\x93NUMPY\x01\x00(..)"
    rb"\{'descr': '([<>|=][a-zA-Z]\d{1,9})', 'fortran_order': (True|False), "
    rb"'shape': \(([\d, L]*)\), \} *\n",
    re.DOTALL,
)
_NPY_BYTES = 1024  # more than the header of any array that is read here


def check_path(path: StrPath) -> Path:
    """Return the name of a file as a Path.

    Raises
    ------
    TypeError
        If `path` is neither a string nor a path.
    ValueError
        If it is empty or holds a null character.
    """
    if not isinstance(path, str | os.PathLike):
        found = type(path).__name__
        raise TypeError(f"path has type {found}; expected a file name or a Path")
    name = os.fspath(path)
    if not isinstance(name, str):
        raise TypeError("path is bytes; expected a file name or a Path")
    if not name or "\0" in name:
        raise ValueError(f"path is {name!r}; expected the name of a file")
    return Path(name)


@contextmanager
def replacing(path: StrPath) -> Iterator[Path]:
    """Give a temporary file to write to; when the block ends well, it takes the place of `path`.

    So `path` holds the old content or the new, never a part of one: also if the program is killed,
    the disk is full, or another process reads at that moment. What a killed process leaves is a
    hidden file beside `path`, ending in ``.tmp``; the next call removes it, once it is an hour old.

    Parameters
    ----------
    path
        The file to write or replace. Where it is a link, the file behind it is replaced. A file
        that is replaced passes its permissions on.

    Returns
    -------
    context manager
        It gives the path of an empty file in the same folder.

    Raises
    ------
    OSError
        If the file cannot be written: no such folder, no permission, disk full. All is then as it
        was before.
    TypeError, ValueError
        If `path` is not the name of a file; it may be a folder.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "note.txt") as temporary:
    ...         size = temporary.write_text("whole")
    ...     print([file.name for file in Path(folder).iterdir()])
    ['note.txt']
    """
    path = Path(os.path.realpath(check_path(path)))  # of a link, the file that it points to
    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is not a file; give the path of one to write")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        _remove_stale(path)
        # 0o666 less the umask, as for any new file; tempfile would make it private.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            if path.exists():
                temporary.chmod(stat.S_IMODE(path.stat().st_mode))
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())  # on the disk before it gets the name
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise explained(error, path, "written") from error
    with suppress(OSError):  # Windows opens no folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name is on the disk too
        finally:
            os.close(folder)


def _remove_stale(path: Path) -> None:
    """Remove old temporary files of `path`."""
    pattern = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}\.tmp")
    with suppress(OSError):  # another process may be faster, or the folder may not be listed
        for file in path.parent.iterdir():
            if pattern.fullmatch(file.name) and time.time() - file.stat().st_mtime > _STALE:
                file.unlink()


def explained(error: OSError, path: Path, done: str) -> OSError:
    """Return an error of the same class that says what could not be `done` to `path`, and why.

    An error that says so already is returned as it is. It raises nothing.
    """
    if error.errno is None:
        return error
    advice = "check the path and the disk"
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        create = ", and create the folder first" if done == "written" else " and the folder"
        advice = f"check the file name{create}"
    elif isinstance(error, PermissionError):
        advice = "choose a place where you may do that"
    elif error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        advice = "free some space or choose another disk"
    return type(error)(f"{path} cannot be {done}: {error.strerror}; {advice}")


@contextmanager
def opened(path: StrPath) -> Iterator[BinaryIO]:
    """Open a file for reading bytes; a context manager.

    Raises
    ------
    ValueError
        If `path` is a folder, a pipe or another thing that is not a file.
    OSError
        If it cannot be read: FileNotFoundError, PermissionError.
    TypeError
        If `path` is not the name of a file.
    """
    path = check_path(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would wait for ever
            raise ValueError(f"path is {path}, not a file; give the path of one to read")
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise explained(error, path, "read") from error


class Header(NamedTuple):
    """What an array in an ``.npz`` file is, known before it is read."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    start: int  # bytes before its numbers
    fortran: bool


class Npz:
    """An ``.npz`` file whose members are known, and known to fit, before memory is spent on them.

    ``numpy.load`` believes what a file claims. Here a claim is held against the bytes that are
    there; Python objects are never read.

    Parameters
    ----------
    file
        The file, open for reading bytes; it is not closed.
    name
        What to call it in messages.

    Attributes
    ----------
    arrays : dict from str to Header
        Shape and dtype of each array, by its name without ``.npy``.
    texts : set of str
        Names of other members, such as "header.json".

    Raises
    ------
    ValueError
        If the file is not an undamaged ``.npz`` file, or holds other things than numbers.
    TypeError
        If an argument has the wrong type.

    Examples
    --------
    >>> from io import BytesIO
    >>> file = BytesIO()
    >>> np.savez(file, x=np.arange(6).reshape(2, 3))
    >>> npz = Npz(file, "a file")
    >>> npz.arrays["x"].shape
    (2, 3)
    >>> npz.read("x").sum()
    np.int64(15)
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        if not hasattr(file, "seek"):
            found = type(file).__name__
            raise TypeError(f"file is of type {found}; expected a file opened for reading bytes")
        check_type("name", name, str)
        self.name = name
        self.arrays: dict[str, Header] = {}
        self.texts: set[str] = set()
        with self._explaining():
            self._zip = zipfile.ZipFile(file)
            size = file.seek(0, os.SEEK_END)
            for info in self._zip.infolist():
                member = info.filename.removesuffix(".npy")
                if member in self.arrays or member in self.texts:
                    raise ValueError(f"it holds {member!r} twice")
                _check_size(info, size)
                if info.filename == member:
                    self.texts.add(member)
                else:
                    self.arrays[member] = self._header(info)

    def read(self, name: str) -> Array:
        """Return an array, writable and in the byte order of this machine.

        Raises
        ------
        ValueError
            If there is no such array, or it is damaged.
        TypeError
            If `name` is not a string.
        """
        check_type("name", name, str)
        with self._explaining():
            if name not in self.arrays:
                raise ValueError(f"it holds no array with the name {name!r}")
            header = self.arrays[name]
            data = self._content(name + ".npy")
            flat = np.frombuffer(data, header.dtype, offset=header.start)
            array = flat.reshape(header.shape, order="F" if header.fortran else "C")
            return array.astype(header.dtype.newbyteorder("="), order="C", copy=False)

    def read_text(self, name: str) -> bytes:
        """Return another member than an array, as bytes.

        Raises
        ------
        ValueError
            If there is no such member, it is damaged, or larger than 16 MB.
        TypeError
            If `name` is not a string.
        """
        check_type("name", name, str)
        with self._explaining():
            if name not in self.texts:
                raise ValueError(f"it holds no member with the name {name!r}")
            if self._zip.getinfo(name).file_size > _TEXT:
                raise ValueError(f"its member {name!r} is larger than {_TEXT} bytes")
            return bytes(self._content(name))

    def _header(self, info: zipfile.ZipInfo) -> Header:
        """Read what an array is, and check that its numbers are there."""
        with self._zip.open(info) as member:
            found = _NPY.match(member.read(_NPY_BYTES))
        name = info.filename
        if found is None or int.from_bytes(found[1], "little") != found.end() - 10:
            raise ValueError(f"its member {name!r} is not an array of numbers, as NumPy writes it")
        try:
            dtype = np.dtype(found[2].decode())
        except TypeError:
            dtype = np.dtype(object)
        if dtype.kind not in "fiu":
            raise ValueError(f"its member {name!r} holds {found[2].decode()!r}, not numbers")
        shape = tuple(int(n) for n in re.findall(rb"\d+", found[4]))
        if found.end() + math.prod(shape) * dtype.itemsize != info.file_size or 0 in shape:
            claim = f"{dtype} of shape {shape}"[:100]
            raise ValueError(f"its member {name!r} claims {claim}, but has another size")
        return Header(shape, dtype, found.end(), found[3] == b"True")

    def _content(self, name: str) -> bytearray:
        """Unpack a member to its end, where zipfile compares its checksum."""
        data = bytearray()
        with self._zip.open(name) as member:
            while chunk := member.read(_CHUNK):
                data += chunk
        if len(data) != self._zip.getinfo(name).file_size:
            raise ValueError(f"its member {name!r} is cut short")
        return data

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """Name the file in every error."""
        try:
            yield
        except _ZIP_ERRORS as error:
            reason = " ".join(str(error).split())[:150] or type(error).__name__
            raise ValueError(
                f"{self.name} is damaged or not an .npz file: {reason}; get a fresh copy"
            ) from None


def _check_size(info: zipfile.ZipInfo, size: int) -> None:
    """Check that a member of a zip file of `size` bytes can be as large as it claims."""
    packed, unpacked = info.compress_size, info.file_size
    if info.compress_type == zipfile.ZIP_STORED:
        fits = unpacked == packed
    else:
        if info.compress_type != zipfile.ZIP_DEFLATED:
            raise ValueError(f"its member {info.filename!r} is compressed in an unknown way")
        fits = unpacked <= min(packed * _DEFLATE_RATIO, _UNPACKED)
    # An offset below 0 would be an error of the system, deep in zipfile.
    if not fits or not 0 <= info.header_offset <= size - packed:
        raise ValueError(
            f"its member {info.filename!r} claims {unpacked} bytes, more than it can hold"
        )
