"""A folder of IDX files, under any of their usual names."""

import gzip
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_nn.data import load_idx_folder, load_mnist, read_idx
from mnist_nn.data.mnist import FOLDER, SHA256
from tests.mutations import complaint, read_mutants

IMAGES = np.arange(3 * 784, dtype=np.uint32).astype(np.uint8).reshape(3, 28, 28)
LABELS = np.array([5, 0, 4], np.uint8)


def idx(a: NDArray[np.uint8]) -> bytes:
    return struct.pack(f">HBB{a.ndim}I", 0, 8, a.ndim, *a.shape) + a.tobytes()


PARTS = dict(zip(SHA256, map(idx, (IMAGES, LABELS, IMAGES[1:], LABELS[1:])), strict=True))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in PARTS.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def check(folder: Any) -> None:
    train, test = load_idx_folder(folder)
    np.testing.assert_array_equal(train.images, IMAGES)
    np.testing.assert_array_equal(train.labels, LABELS)
    np.testing.assert_array_equal(test.images, IMAGES[1:])
    np.testing.assert_array_equal(test.labels, LABELS[1:])


def test_the_folder_of_the_package_is_mnist() -> None:
    for ours, theirs in zip(load_idx_folder(FOLDER), load_mnist(), strict=True):
        np.testing.assert_array_equal(ours.images, theirs.images)
        np.testing.assert_array_equal(ours.labels, theirs.labels)


def test_every_usual_name(folder: Path) -> None:
    check(folder)
    check(str(folder))
    for name in PARTS:
        (folder / name).rename(folder / name.replace("-idx", ".idx"))
    check(folder)
    for name, content in PARTS.items():
        (folder / name.replace("-idx", ".idx")).unlink()
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))
    check(folder)
    for name in PARTS:
        (folder / f"{name}.gz").rename(folder / f"{name.replace('-idx', '.idx')}.gz")
    check(folder)


def test_a_folder_with_the_name_of_a_file_is_passed_over(folder: Path) -> None:
    # So does a well-known archive unpack.
    name = next(iter(PARTS))
    (folder / name).rename(folder / "train-images.idx3-ubyte")
    (folder / name).mkdir()
    check(folder)


def test_links(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(folder, target_is_directory=True)
    check(link)


@pytest.mark.parametrize("name", PARTS)
def test_a_missing_file_is_named(name: str, folder: Path) -> None:
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"holds no file {name}, nor {name}.gz; copy it"):
        load_idx_folder(folder)


@pytest.mark.parametrize("name", PARTS)
def test_a_damaged_file_is_named(name: str, folder: Path) -> None:
    (folder / name).write_bytes(PARTS[name][:-1])
    with pytest.raises(ValueError, match=f"{name} is cut short"):
        load_idx_folder(folder)


WRONG: dict[str, tuple[str, NDArray[np.uint8], str]] = {
    "too few labels": ("train-labels-idx1-ubyte", LABELS[1:], "3 images and 2 labels"),
    "labels as images": ("train-images-idx3-ubyte", LABELS, "images have shape (3,)"),
    "images as labels": ("t10k-labels-idx1-ubyte", IMAGES, "labels have shape (3, 28, 28)"),
    "another size": ("t10k-images-idx3-ubyte", IMAGES[:, 1:], "images have shape (3, 27, 28)"),
    "letters": ("train-labels-idx1-ubyte", LABELS + 20, "labels run from 20 to 25"),
    "nothing": ("train-images-idx3-ubyte", IMAGES[:0], "0 images and 3 labels"),
}


@pytest.mark.parametrize("case", WRONG)
def test_files_that_do_not_hold_digits(case: str, folder: Path) -> None:
    name, content, expected = WRONG[case]
    (folder / name).write_bytes(idx(content))
    with pytest.raises(ValueError, match=re.escape(expected)) as caught:
        load_idx_folder(folder)
    assert name in str(caught.value)
    assert not complaint(caught.value, folder)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone is not there; check the name of the folder"):
        load_idx_folder(tmp_path / "gone")
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"file, not a folder; give the one that holds"):
        load_idx_folder(tmp_path / "file")
    for path in (None, 3, b"bytes"):
        with pytest.raises(TypeError, match="expected a file name or a Path"):
            load_idx_folder(path)  # type: ignore[arg-type]


ORIGINALS = [idx(LABELS), gzip.compress(idx(LABELS)), idx(np.arange(6, dtype="u1").reshape(2, 3))]


def test_mutated_idx_files(tmp_path: Path) -> None:
    good, bad = read_mutants(read_idx, ORIGINALS, 500, tmp_path / "digits.idx")
    assert good > 20 and bad > 200


@pytest.mark.slow
def test_100_000_mutated_idx_files(tmp_path: Path) -> None:
    read_mutants(read_idx, ORIGINALS, 100_000, tmp_path / "digits.idx")
