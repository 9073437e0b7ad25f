"""Digits in SQLite."""

import functools
import re
import sqlite3
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_nn.data import MNIST, Digits, load_mnist, read_sqlite, write_sqlite
from mnist_nn.data import sqlite as module
from tests.mutations import check_full_disk, complaint, read_mutants

THREE = Digits(np.arange(3 * 784).astype(np.uint8).reshape(3, 28, 28), np.array([5, 0, 4]))
BOTH = MNIST(train=THREE, test=THREE[1:])
IMAGE = bytes(784)


def equal(a: Digits, b: Digits) -> None:
    np.testing.assert_array_equal(a.images, b.images, strict=True)
    np.testing.assert_array_equal(a.labels, b.labels, strict=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "digits.sqlite"


def run(path: Path, *statements: str, rows: Any = ()) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        for statement in statements:
            database.execute(statement)
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            database.executemany(f"INSERT INTO digits VALUES ({marks})", rows)


def test_by_hand(path: Path) -> None:
    # As another program may have written it: with columns of its own, in an order of its own.
    run(path, "CREATE TABLE digits (image, writer TEXT, label)", rows=[(IMAGE, "me", 7)])
    digits = read_sqlite(str(path))
    assert digits.labels.tolist() == [7]
    assert digits.images.tolist() == np.zeros((1, 28, 28)).tolist()


def test_the_table_is_as_documented(path: Path) -> None:
    write_sqlite(BOTH, path)
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT * FROM digits").fetchall()
        (made,) = database.execute("SELECT sql FROM sqlite_master").fetchone()
    assert [row[:3] for row in rows] == [
        (1, "train", 5),
        (2, "train", 0),
        (3, "train", 4),
        (4, "test", 0),
        (5, "test", 4),
    ]
    assert rows[1][3] == THREE.images[1].tobytes()
    assert module.__doc__ is not None
    documented = " ".join(re.sub(" *--.*", "", module.__doc__.split("::")[1]).split())
    assert documented.replace("( ", "(").replace(" )", ")") == made


def test_parts(path: Path) -> None:
    write_sqlite(BOTH, path)
    equal(read_sqlite(path, "train"), THREE)
    equal(read_sqlite(path, "test"), THREE[1:])
    equal(read_sqlite(path), THREE[[0, 1, 2, 1, 2]])
    write_sqlite(THREE, path)
    equal(read_sqlite(path), THREE)
    with pytest.raises(ValueError, match="no digits of the part 'train'; give none, for its"):
        read_sqlite(path, "train")


def test_a_missing_part_is_answered_with_those_there_are(path: Path) -> None:
    write_sqlite(BOTH, path)
    with pytest.raises(ValueError, match=r"of the part 'valid'; give another: 'test', 'train'$"):
        read_sqlite(path, "valid")
    run(path, "UPDATE digits SET part = id")
    run(path, "INSERT INTO digits SELECT id + 5, id + 5, label, image FROM digits")
    with pytest.raises(ValueError, match=r"give another: '1', '10', '2', '3', '4', \.\.\.$"):
        read_sqlite(path, "train")


def test_a_locked_database_is_not_damaged(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sqlite(THREE, path)
    original = sqlite3.connect
    impatient = functools.partial(original, timeout=0.01)
    with closing(original(path, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(module.sqlite3, "connect", impatient)
        with pytest.raises(TimeoutError, match="while another program writes to it; try again"):
            read_sqlite(path)
    equal(read_sqlite(path), THREE)


@given(
    images=hnp.arrays(np.uint8, (4, 28, 28)),
    labels=hnp.arrays(np.uint8, 4, elements=st.integers(0, 9)),
    cut=st.integers(1, 3),
)
def test_round_trip(
    images: Any, labels: Any, cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    digits = Digits(images, labels)
    path = tmp_path_factory.getbasetemp() / "round-trip.sqlite"
    write_sqlite(MNIST(digits[:cut], digits[cut:]), path)
    equal(read_sqlite(path, "train"), digits[:cut])
    equal(read_sqlite(path, "test"), digits[cut:])
    equal(read_sqlite(path), digits)


def test_the_test_set_takes_little_more_memory_than_the_result(path: Path) -> None:
    test = load_mnist().test
    write_sqlite(test, path)
    tracemalloc.start()
    try:
        digits = read_sqlite(path)
        assert tracemalloc.get_traced_memory()[1] < 1.5 * test.images.nbytes
    finally:
        tracemalloc.stop()
    equal(digits, test)


@pytest.mark.slow
def test_all_of_mnist(path: Path) -> None:
    mnist = load_mnist()
    write_sqlite(mnist, path)
    equal(read_sqlite(path, "train"), mnist.train)
    equal(read_sqlite(path, "test"), mnist.test)


@pytest.mark.parametrize("name", ["a b.db", "50%.db", "what?mode=rwc&x=#1.db", "Ω.db", "a'b.db"])
def test_any_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sqlite(THREE, tmp_path / name)
    equal(read_sqlite(tmp_path / name), THREE)
    monkeypatch.chdir(tmp_path)
    equal(read_sqlite(name), THREE)
    assert [file.name for file in tmp_path.iterdir()] == [name]


# ---------------------------------------------------------------- what is refused

TABLE = "CREATE TABLE digits (label, image)"
BAD_ROWS: dict[str, tuple[tuple[Any, Any], str]] = {
    "label 10": ((10, IMAGE), "row 2: the label is 10; expected 0 to 9"),
    "negative": ((-1, IMAGE), "row 2: the label is -1; expected 0 to 9"),
    "huge": ((2**63 - 1, IMAGE), "row 2: the label is 9223372036854775807; expected 0 to 9"),
    "a fraction": ((5.0, IMAGE), "row 2: the label is 5.0; expected 0 to 9"),
    "text": (("5", IMAGE), "row 2: the label is '5'; expected 0 to 9"),
    "bytes": ((b"\5" * 1000, IMAGE), "row 2: the label is b'"),
    "no label": ((None, IMAGE), "row 2: the label is None; expected 0 to 9"),
    "short": ((5, IMAGE[1:]), "row 2: the image is 783 bytes; expected 784 bytes"),
    "long": ((5, IMAGE * 10), "row 2: the image is 7840 bytes; expected 784 bytes"),
    "no image": ((5, None), "row 2: the image is None; expected 784 bytes"),
    "as text": ((5, "0" * 784), "row 2: the image is '000"),
    "too long": ((5, bytes(2_000_000)), "string or blob too big"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_bad_rows(case: str, path: Path) -> None:
    row, expected = BAD_ROWS[case]
    run(path, TABLE, rows=[(5, IMAGE), row])
    with pytest.raises(ValueError, match=re.escape(expected)) as caught:
        read_sqlite(path)
    assert not complaint(caught.value, path)


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
FOREIGN: dict[str, tuple[list[str], str]] = {
    "another table": (["CREATE TABLE weights (label, image)"], "has no table with the name digits"),
    "an endless view": (
        [f"CREATE VIEW digits AS {ENDLESS} SELECT 5 AS label, zeroblob(784) AS image FROM n"],
        "has no table with the name digits",
    ),
    "an index": (["CREATE TABLE t (x)", "CREATE INDEX digits ON t (x)"], "has no table"),
    "no rows": ([TABLE], "holds no digits; give another file"),
    "no image": (["CREATE TABLE digits (label)"], "has no column image; expected image, label"),
    "no columns": (["CREATE TABLE digits (x)"], "has no column image or label; expected"),
    "computed": (
        [
            "CREATE TABLE digits (label, image AS (zeroblob(1000000000)))",
            "INSERT INTO digits VALUES (5)",
        ],
        "has no column image; expected",
    ),
    "without rows' numbers": (
        ["CREATE TABLE digits (label PRIMARY KEY, image) WITHOUT ROWID"],
        "no such column: rowid",
    ),
    "text that is none": (
        [TABLE, "INSERT INTO digits VALUES (CAST(x'ff' AS TEXT), x'00')"],
        "Could not decode",
    ),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_foreign_databases(case: str, path: Path) -> None:
    statements, expected = FOREIGN[case]
    run(path, *statements)
    with pytest.raises(ValueError, match=re.escape(expected)) as caught:
        read_sqlite(path)
    assert not complaint(caught.value, path)


def test_a_part_needs_its_column(path: Path) -> None:
    run(path, TABLE, rows=[(5, IMAGE)])
    assert len(read_sqlite(path)) == 1
    with pytest.raises(ValueError, match="no column part; expected image, label, part"):
        read_sqlite(path, "train")


@pytest.mark.parametrize("content", [b"", b"SQLite", b"<!DOCTYPE html>", b"PK\x03\x04" * 300])
def test_other_files(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is not an SQLite database; give one with") as caught:
        read_sqlite(path)
    assert not complaint(caught.value, path)
    assert path.read_bytes() == content


def test_cut_files(path: Path) -> None:
    write_sqlite(BOTH, path)
    whole = path.read_bytes()
    for end in range(16, len(whole), 511):
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError) as caught:
            read_sqlite(path)
        assert not complaint(caught.value, path)


def test_pages_that_lead_back_to_themselves(path: Path) -> None:
    write_sqlite(THREE[[0, 1, 2] * 40], path)
    data = bytearray(path.read_bytes())
    root = 4096  # page 2: the root of the table, whose children are its leaves
    assert data[root] == 5
    cells = int.from_bytes(data[root + 3 : root + 5], "big")
    for n in range(cells):
        at = root + int.from_bytes(data[root + 12 + 2 * n : root + 14 + 2 * n], "big")
        data[at : at + 4] = data[root + 8 : root + 12]  # every child is the last one
    path.write_bytes(data)
    with pytest.raises(ValueError, match="2nd reference to page") as caught:
        read_sqlite(path)
    assert not complaint(caught.value, path)


def test_paths(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="gone"):
        read_sqlite(tmp_path / "gone")
    assert [file.name for file in tmp_path.iterdir()] == []  # nothing was made
    for f in (read_sqlite, lambda path: write_sqlite(THREE, path)):
        with pytest.raises(ValueError, match="not a file"):
            f(tmp_path)
        for path in (None, 3, b"digits.db"):
            with pytest.raises(TypeError, match="expected a file name or a Path"):
                f(path)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"digits is of type list; expected mnist_nn\.data\.digits"):
        write_sqlite([THREE], tmp_path / "digits.db")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="part is of type int; expected str"):
        read_sqlite(tmp_path, 3)  # type: ignore[arg-type]


def test_reading_changes_nothing(path: Path) -> None:
    write_sqlite(THREE, path)
    path.chmod(0o444)
    before = path.read_bytes(), path.stat().st_mtime_ns
    equal(read_sqlite(path), THREE)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


# ---------------------------------------------------------------- writing


def test_a_failing_write_leaves_all_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text("old")

    def rows(_: object) -> Iterator[tuple[str | None, int, bytes]]:
        yield None, 5, IMAGE
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(module, "_rows", rows)
    with pytest.raises(OSError, match="cannot be written: database or disk is full; check"):
        write_sqlite(THREE, path)
    assert path.read_text() == "old"
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
def test_a_full_disk(path: Path) -> None:
    check_full_disk("write_sqlite", path)


def test_a_database_in_use_is_not_replaced(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(TABLE)
        with pytest.raises(ValueError, match=r"is in use, for there is digits\.sqlite-wal; close"):
            write_sqlite(THREE, path)
        database.execute("INSERT INTO digits VALUES (5, zeroblob(784))")
        assert len(read_sqlite(path)) == 1
    write_sqlite(THREE, path)
    equal(read_sqlite(path), THREE)


# ---------------------------------------------------------------- mutants


def originals(path: Path) -> list[bytes]:
    found = []
    for size in (512, 1024):  # small pages: little of the file is empty
        run(
            path,
            f"PRAGMA page_size = {size}",
            module._TABLE,
            rows=[(n, ("train", "test")[n % 2], n % 10, bytes([n]) * 784) for n in range(4)],
        )
        found.append(path.read_bytes())
        path.unlink()
    return found


def test_mutated_files(path: Path) -> None:
    good, bad = read_mutants(read_sqlite, originals(path), 500, path)
    assert good > 20 and bad > 100


@pytest.mark.slow
def test_100_000_mutated_files(path: Path) -> None:
    read_mutants(read_sqlite, originals(path), 100_000, path)
