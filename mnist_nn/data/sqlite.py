"""Digits in an SQLite database, one row for each.

The table, as any program that knows SQLite can read and write it::

    CREATE TABLE digits (
        id    INTEGER PRIMARY KEY,  -- 1, 2, ...: the order of the digits
        part  TEXT,                 -- 'train', 'test', or NULL
        label INTEGER NOT NULL,     -- 0 to 9
        image BLOB NOT NULL         -- 784 bytes: row by row from the top left, 0 paper, 255 ink
    )
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from ..checks import check_type
from ..files import StrPath, check_path, opened, replacing
from .digits import CLASSES, HEIGHT, WIDTH, Digits
from .mnist import MNIST

_TABLE = (
    "CREATE TABLE digits (id INTEGER PRIMARY KEY, part TEXT, label INTEGER NOT NULL,"
    " image BLOB NOT NULL)"
)
_LONGEST = 1 << 20  # bytes of a value or a row: no claim in the file makes SQLite take more
_NAMED = 5  # of the parts there are, in a message


def write_sqlite(digits: Digits | MNIST, path: StrPath) -> None:
    """Write digits to a new SQLite database, which :func:`read_sqlite` reads.

    The file is written whole or not at all; an older one is replaced, not added to.

    Parameters
    ----------
    digits
        What to write. Of MNIST, both parts are written, under the names "train" and "test".
    path
        The file to write or replace.

    Raises
    ------
    OSError
        If the file cannot be written.
    ValueError
        If `path` is a folder, or a database that another program is writing to.
    TypeError
        If an argument is of another kind.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> three = Digits(np.zeros((3, 28, 28), np.uint8), np.array([5, 0, 4]))
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "digits.sqlite"
    ...     write_sqlite(MNIST(train=three, test=three[:1]), file)
    ...     read_sqlite(file, "train").labels, len(read_sqlite(file))
    (array([5, 0, 4]), 4)
    """
    if not isinstance(digits, MNIST):
        check_type("digits", digits, Digits)
    path = check_path(path)
    for ending in ("-journal", "-wal"):
        if path.with_name(path.name + ending).exists():
            # SQLite would take that file for a part of the new database.
            raise ValueError(
                f"{path} is in use, for there is {path.name}{ending}; close the program that "
                "writes to it, or choose another name"
            )
    with replacing(path) as temporary:
        try:
            with closing(sqlite3.connect(temporary)) as database, database:
                # If this fails, the whole file is dropped: no journal beside it is needed.
                database.execute("PRAGMA journal_mode = OFF")
                database.execute(_TABLE)
                rows = "INSERT INTO digits (part, label, image) VALUES (?, ?, ?)"
                database.executemany(rows, _rows(digits))
        except sqlite3.Error as error:
            raise OSError(f"{path} cannot be written: {error}; check the disk") from None


def read_sqlite(path: StrPath, part: str | None = None) -> Digits:
    """Read digits from an SQLite database as :func:`write_sqlite` makes it.

    It is opened for reading only, and may come from any program: what is needed is a table
    ``digits`` with the columns ``label`` and ``image``, and ``part`` if one is asked for.

    Parameters
    ----------
    path
        The file.
    part
        "train" or "test", or another name in the column ``part``. None: all digits.

    Returns
    -------
    Digits
        In the order of their row numbers.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TimeoutError
        If another program keeps the file locked, to write to it, for five seconds.
    ValueError
        If `path` is not a file, or the file is damaged, not a database, without digits (in this
        part: the message names those there are), or a row is not a digit; the message gives the
        number of the row.
    TypeError
        If an argument is of another kind.
    """
    path = check_path(path)
    if part is not None:
        check_type("part", part, str)
    with _reading(path) as database:
        return _read(path, database, part)


def _parts(path: Path) -> list[str]:
    """Return the names of the parts in a database, sorted; none if its digits are in no parts."""
    with _reading(path) as database:
        if "part" not in _check_table(path, database, {"label", "image"}):
            return []
        _check_pages(path, database)
        return _names(database)


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database for reading only, and say in one sentence why it cannot be read."""
    with opened(path) as file:
        if file.read(16) != b"SQLite format 3\0":
            raise ValueError(f"{path} is not an SQLite database; give one with a table of digits")
    try:
        # As a URI, because only there is mode=ro; as_uri() quotes what has a meaning in it.
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
            database.execute("PRAGMA trusted_schema = OFF")  # what the file defines runs nothing
            yield database
    except (sqlite3.Error, UnicodeError) as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (
            sqlite3.SQLITE_BUSY,
            sqlite3.SQLITE_LOCKED,
        ):
            raise TimeoutError(
                f"{path} cannot be read while another program writes to it; try again later"
            ) from None
        reason = " ".join(str(error).split())[:100]
        raise ValueError(
            f"{path} is damaged, or not a database that can be read ({reason}); get a fresh copy"
        ) from None


def _rows(digits: Digits | MNIST) -> Iterator[tuple[str | None, int, bytes]]:
    """Yield part, label and image."""
    parts = digits._asdict() if isinstance(digits, MNIST) else {None: digits}
    for part, members in parts.items():
        for label, image in zip(members.labels.tolist(), members.images, strict=True):
            yield part, label, image.tobytes()


def _read(path: Path, database: sqlite3.Connection, part: str | None) -> Digits:
    """Read the digits of an open database."""
    _check_table(path, database, {"label", "image"} if part is None else {"label", "image", "part"})
    _check_pages(path, database)
    query = "SELECT rowid, label, image FROM digits WHERE ?1 IS NULL OR part = ?1 ORDER BY rowid"
    if part is None:
        query = "SELECT rowid, label, image FROM digits ORDER BY rowid"
    images, labels = bytearray(), bytearray()
    for row, label, image in database.execute(query, () if part is None else (part,)):
        if not isinstance(label, int) or not 0 <= label < CLASSES:
            raise ValueError(f"{path}, row {row}: the label is {label!r:.40}; expected 0 to 9")
        if not isinstance(image, bytes) or len(image) != HEIGHT * WIDTH:
            found = f"{len(image)} bytes" if isinstance(image, bytes) else f"{image!r:.40}"
            raise ValueError(
                f"{path}, row {row}: the image is {found}; expected {HEIGHT * WIDTH} bytes"
            )
        labels.append(label)
        images += image
    if not labels:
        if part is None:
            raise ValueError(f"{path} holds no digits; give another file")
        parts = _names(database)
        names = ", ".join(f"{name!r:.40}" for name in parts[:_NAMED])
        more = ", ..." if len(parts) > _NAMED else ""
        there = f"another: {names}{more}" if parts else "none, for its digits are in no parts"
        raise ValueError(f"{path} holds no digits of the part {part!r:.40}; give {there}")
    return Digits(
        np.frombuffer(images, np.uint8).reshape(-1, HEIGHT, WIDTH),  # (784 M,) → (M, 28, 28)
        np.frombuffer(labels, np.uint8),
    )


def _names(database: sqlite3.Connection) -> list[str]:
    query = "SELECT DISTINCT part FROM digits WHERE typeof(part) = 'text' ORDER BY part"
    return [name for (name,) in database.execute(query)]


def _check_pages(path: Path, database: sqlite3.Connection) -> None:
    """Look for damage first: pages that are used twice would make a small file endless."""
    (page,) = database.execute("PRAGMA page_size").fetchone()
    if path.stat().st_size % page:
        raise sqlite3.DatabaseError("its last page is cut short")  # zeros would be read
    (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if state != "ok":
        raise sqlite3.DatabaseError(state.rpartition("***")[2])


def _check_table(path: Path, database: sqlite3.Connection, needed: set[str]) -> set[str]:
    """Check that there is a real table ``digits`` with the columns `needed`; return all columns."""
    # Views, virtual tables and computed columns can claim any number of rows and bytes.
    found = database.execute(
        "SELECT type, sql LIKE 'CREATE VIRTUAL%' FROM sqlite_master WHERE name = 'digits'"
    ).fetchone()
    if found != ("table", 0):
        raise ValueError(f"{path} has no table with the name digits; give a database that has one")
    columns = {
        name for _, name, *_, hidden in database.execute("PRAGMA table_xinfo(digits)") if not hidden
    }
    if missing := sorted(needed - columns):
        raise ValueError(
            f"{path}: the table digits has no column {' or '.join(missing)}; "
            f"expected {', '.join(sorted(needed))}"
        )
    return columns
