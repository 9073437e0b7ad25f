"""CSV files of digits."""

import gzip
import os
import re
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_nn.data import Digits, csvfile, load_mnist, read_csv, write_csv
from tests.mutations import check_full_disk, complaint, read_mutants

ROW = [5] + [n % 256 for n in range(784)]
TWO = Digits(np.arange(1568).astype(np.uint8).reshape(2, 28, 28), np.array([5, 0]))
HEADERS = {
    "1x1": "label," + ",".join(f"{r}x{c}" for r in range(1, 29) for c in range(1, 29)),
    "pixel0": "label," + ",".join(f"pixel{n}" for n in range(784)),
    "quoted": '"Label",' + ",".join(f'"V{n}"' for n in range(784)),
}


def text(*rows: list[Any]) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


def equal(a: Digits, b: Digits) -> None:
    np.testing.assert_array_equal(a.images, b.images, strict=True)
    np.testing.assert_array_equal(a.labels, b.labels, strict=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "digits.csv"


def test_by_hand(path: Path) -> None:
    path.write_text(text(ROW, [3] + [255] * 784))
    for digits in (read_csv(path), read_csv(str(path))):
        assert digits.labels.tolist() == [5, 3]
        assert digits.images[0].ravel().tolist() == ROW[1:]
        assert digits.images[0, 1, 2] == 30  # row by row
        assert digits.images[1].min() == 255


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_header_changes_nothing(header: str, path: Path) -> None:
    write_csv(TWO, path)
    body = path.read_text()
    equal(read_csv(path), TWO)
    path.write_text(f"{header}\n{body}")
    equal(read_csv(path), TWO)


VARIANTS = {
    "Windows": lambda b: b.replace(b"\n", b"\r\n"),
    "mark": lambda b: b"\xef\xbb\xbf" + b,
    "mark and header": lambda b: b"\xef\xbb\xbf" + HEADERS["1x1"].encode() + b"\n" + b,
    "no end": lambda b: b[:-1],
    "empty lines": lambda b: b"\n" + b.replace(b"\n", b"\n\n") + b" \r\n",
    "spaces": lambda b: b.replace(b",", b" , "),
    "leading zeros": lambda b: b.replace(b",0,", b",000,").replace(b",7,", b",007,"),
    "gzip": gzip.compress,
    "two gzips": lambda b: gzip.compress(b[:1000]) + gzip.compress(b[1000:]),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants(variant: str, path: Path) -> None:
    write_csv(TWO, path)
    path.write_bytes(VARIANTS[variant](path.read_bytes()))  # type: ignore[no-untyped-call]
    equal(read_csv(path), TWO)


@given(images=hnp.arrays(np.uint8, (2, 28, 28)), labels=st.lists(st.integers(0, 9), min_size=2))
def test_round_trip(
    images: Any, labels: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    digits = Digits(images, np.array(labels[:2]))
    path = tmp_path_factory.getbasetemp() / "round-trip.csv"
    write_csv(digits, path)
    equal(read_csv(path), digits)


def test_reading_takes_little_more_memory_than_the_result(path: Path) -> None:
    test = load_mnist().test[:4000]
    write_csv(test, path)
    tracemalloc.start()
    try:
        digits = read_csv(path)
        assert tracemalloc.get_traced_memory()[1] < 1.5 * test.images.nbytes
    finally:
        tracemalloc.stop()
    equal(digits, test)


@pytest.mark.slow
def test_all_60_000(path: Path) -> None:
    train = load_mnist().train
    write_csv(train, path)
    equal(read_csv(path), train)


# ---------------------------------------------------------------- what is refused

GOOD = text(ROW)
BAD: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "holds no digits"),
    "empty lines": ("\n\r\n", "holds no digits"),
    "only a header": (HEADERS["1x1"], "holds no digits"),
    "a missing cell": (GOOD + text(ROW[:-1]), "line 2 has 784 cells; expected 785"),
    "a cell too many": (GOOD + text([*ROW, 0]), "line 2 has 786 cells; expected 785"),
    "no label": (text(ROW[1:]), "line 1 has 784 cells; expected 785: a label and 784 pixels"),
    "semicolons": (GOOD.replace(",", ";"), "line 1: cell 1 is '5;0;1;2;3;4;5;6;7;8;', not a"),
    "an empty cell": (GOOD + text([5, "", *ROW[2:]]), "line 2: cell 2 is empty"),
    "a word": (GOOD + text([5, "x", *ROW[2:]]), "line 2: cell 2 is 'x', not a whole number"),
    "a fraction": (text([5, 0.5, *ROW[2:]]), "line 1: cell 2 is '0.5', not a whole number"),
    "a float": (text([5.0, *ROW[1:]]), "line 1: cell 1 is '5.0', not a whole number"),
    "NaN": (text([5, "nan", *ROW[2:]]), "cell 2 is 'nan', not a whole number"),
    "underscores": (text([5, "1_0", *ROW[2:]]), "cell 2 is '1_0', not a whole number"),
    "256": (text([5, 256, *ROW[2:]]), "line 1: cell 2 is 256; expected 0 to 255"),
    "negative": (text([5, *ROW[1:-1], -1]), "line 1: cell 785 is -1; expected 0 to 255"),
    "a huge number": (
        text([5, "1" + 5000 * "0", *ROW[2:]]),
        "cell 2 is 10000000000000000000; expected",
    ),
    "label 10": (GOOD + text([10, *ROW[1:]]), "line 2: the label is 10; expected 0 to 9"),
    "label -1": (GOOD + text([-1, *ROW[1:]]), "line 2: cell 1 is -1; expected"),
    "label last": (
        ",".join(HEADERS["pixel0"].split(",")[1:]) + ",label\n" + GOOD,
        "line 1: cell 1 is 'pixel0', not a whole number; expected the label, or a header",
    ),
    "a header below": (GOOD + HEADERS["1x1"], "line 2: cell 1 is 'label', not a whole number"),
    "a short header": ("label,pixels\n" + GOOD, "line 1: cell 1 is 'label', not a whole number"),
    "a web page": ("<!DOCTYPE html>\n", "line 1: cell 1 is '<!DOCTYPE html>', not a whole"),
    "a zip archive": (b"PK\x03\x04\x14\x00\x08", "line 1: these are no letters; give a CSV file"),
    "NUL bytes": (GOOD.encode() + b"\0" * 100, "line 2: these are no letters"),
    "UTF-16": (GOOD.encode("utf-16"), "line 1: these are no letters; give a CSV file, saved as UT"),
    "Latin-1": (
        text([5, "é", *ROW[2:]]).encode("latin-1"),
        r"line 1: cell 2 is '\xe9', not a whol",
    ),
    "one long line": (GOOD.strip() * 20, "line 1 is longer than 16384 bytes; give a file with one"),
    "cut gzip": (gzip.compress(GOOD.encode())[:-20], "its gzip data cannot be unpacked"),
    "damaged gzip": (b"\x1f\x8b\x08" + b"\xff" * 50, "its gzip data cannot be unpacked"),
    "gzip of nothing": (gzip.compress(b""), "holds no digits"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said(case: str, path: Path) -> None:
    content, expected = BAD[case]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=re.escape(expected)) as caught:
        read_csv(path)
    assert not complaint(caught.value, path)


def test_a_gzip_bomb_takes_no_memory(path: Path) -> None:
    for bomb in (b"0" * 20_000_000, b"," * 20_000_000, b"\n" * 300_000):
        path.write_bytes(gzip.compress(bomb))
        tracemalloc.start()
        try:
            with pytest.raises(ValueError, match=r"longer than|holds no digits"):
                read_csv(path)
            assert tracemalloc.get_traced_memory()[1] < 2_000_000
        finally:
            tracemalloc.stop()


def test_there_is_a_limit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csvfile, "_MOST", 2)
    path.write_text(GOOD * 2)
    assert len(read_csv(path)) == 2
    path.write_text(GOOD * 3)
    with pytest.raises(ValueError, match="line 3: a file may hold 2 digits at most; split it"):
        read_csv(path)


def test_paths(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="gone"):
        read_csv(tmp_path / "gone")
    with pytest.raises(ValueError, match="not a file"):
        read_csv(tmp_path)
    with pytest.raises(ValueError, match="not a file"):
        read_csv("/dev/zero")
    for path in (None, 3, b"digits.csv"):
        with pytest.raises(TypeError, match="expected a file name or a Path"):
            read_csv(path)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="expected a file name or a Path"):
            write_csv(TWO, path)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="digits is of type list; expected mnist_nn"):
        write_csv([TWO], tmp_path / "digits.csv")  # type: ignore[arg-type]


# ---------------------------------------------------------------- writing


def test_a_failing_write_leaves_all_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="cannot be written: No space left on device; free some"):
        write_csv(TWO, path)
    assert path.read_text() == "old"
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_full_disk(path: Path) -> None:
    check_full_disk("write_csv", path)


def test_writing_through_a_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(path)
    write_csv(TWO, link)
    assert link.is_symlink()
    equal(read_csv(path), TWO)


# ---------------------------------------------------------------- mutants

ORIGINALS = [text(ROW), HEADERS["pixel0"] + "\n" + text(ROW, ROW[:1] + ROW[:0:-1])]
ORIGINALS += [text([3] + [0] * 784)]
MUTABLE = [original.encode() for original in ORIGINALS]
MUTABLE += [gzip.compress(original) for original in MUTABLE]


def test_mutated_files(path: Path) -> None:
    good, bad = read_mutants(read_csv, MUTABLE, 600, path)
    assert good > 20 and bad > 200


@pytest.mark.slow
def test_100_000_mutated_files(path: Path) -> None:
    read_mutants(read_csv, MUTABLE, 100_000, path)
