"""The Keras file mnist.npz."""

import io
import re
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.lib import format as npy
from numpy.typing import NDArray

from mnist_nn.data import load_mnist, read_npz
from tests.mutations import complaint, read_mutants

X = np.arange(3 * 784).astype(np.uint8).reshape(3, 28, 28)
Y = np.array([5, 0, 4], np.uint8)
ARRAYS: dict[str, NDArray[Any]] = {"x_train": X, "y_train": Y, "x_test": X[1:], "y_test": Y[1:]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mnist.npz"


def check(path: Any) -> None:
    train, test = read_npz(path)
    np.testing.assert_array_equal(train.images, X)
    np.testing.assert_array_equal(train.labels, Y)
    np.testing.assert_array_equal(test.images, X[1:])
    np.testing.assert_array_equal(test.labels, Y[1:])


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_by_hand(save: Any, path: Path) -> None:
    save(path, **ARRAYS)
    check(path)
    check(str(path))
    link = path.with_name("link")
    link.symlink_to(path)
    check(link)


@pytest.mark.parametrize("dtype", ["i1", "<i2", ">i4", "i8", ">u8"])
def test_labels_of_any_integers(dtype: str, path: Path) -> None:
    np.savez(path, **ARRAYS | {"y_train": Y.astype(dtype)})
    check(path)


def test_fortran_order_and_other_members(path: Path) -> None:
    np.savez(path, **ARRAYS | {"x_train": np.asfortranarray(X), "more": np.ones(2)})
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("README.txt", "where it comes from")
    check(path)


@given(
    x=hnp.arrays(np.uint8, st.tuples(st.integers(1, 3), st.just(28), st.just(28))),
    y=hnp.arrays(np.uint8, 3, elements=st.integers(0, 9)),
    packed=st.booleans(),
)
def test_round_trip(x: Any, y: Any, packed: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "round-trip.npz"
    save = np.savez_compressed if packed else np.savez
    y = y[: len(x)]
    save(path, x_train=x, y_train=y, x_test=x[:1], y_test=y[:1])
    train, test = read_npz(path)
    np.testing.assert_array_equal(train.images, x)
    np.testing.assert_array_equal(train.labels, y)
    assert len(test) == 1


@pytest.mark.slow
def test_all_of_mnist(path: Path) -> None:
    mnist = load_mnist()
    arrays = {f"x_{name}": digits.images for name, digits in mnist._asdict().items()}
    arrays |= {f"y_{name}": digits.labels for name, digits in mnist._asdict().items()}
    np.savez_compressed(path, **arrays)
    for ours, theirs in zip(read_npz(path), mnist, strict=True):
        np.testing.assert_array_equal(ours.images, theirs.images)
        np.testing.assert_array_equal(ours.labels, theirs.labels)


# ---------------------------------------------------------------- what is refused

OTHER: dict[str, tuple[dict[str, Any], str]] = {
    "floats": ({"x_train": X / 255}, "x_train is float64 of shape (3, 28, 28); expected uint8"),
    "rows": ({"x_test": X.reshape(3, 784)}, "x_test is uint8 of shape (3, 784); expected uint8 of"),
    "another size": ({"x_test": X[:, 1:]}, "x_test is uint8 of shape (3, 27, 28); expected uint8"),
    "one-hot": ({"y_train": np.eye(10, dtype=int)}, "y_train is int64 of shape (10, 10); expected"),
    "float labels": ({"y_test": Y / 1}, "y_test is float64 of shape (3,); expected integers"),
    "letters": ({"y_test": Y[1:] + 20}, "labels run from 20 to 24; expected 0 to 9"),
    "too few labels": ({"y_train": Y[1:]}, "there are 3 images and 2 labels; expected one label"),
    "objects": ({"y_train": np.array([5, None], object)}, "y_train.npy"),
    "a record": ({"y_train": np.zeros(3, "i4,f4")}, "y_train.npy"),
    "no digits": ({"x_train": X[:0], "y_train": Y[:0]}, "x_train.npy"),
}


@pytest.mark.parametrize("case", OTHER)
def test_other_arrays(case: str, path: Path) -> None:
    changed, expected = OTHER[case]
    np.savez(path, **ARRAYS | changed)
    with pytest.raises(ValueError, match=re.escape(expected)) as caught:
        read_npz(path)
    assert not complaint(caught.value, path)


@pytest.mark.parametrize("name", ARRAYS)
def test_a_missing_array_is_named(name: str, path: Path) -> None:
    np.savez(path, **{other: a for other, a in ARRAYS.items() if other != name})
    with pytest.raises(ValueError, match=f"holds no array {name}; give a file with x_train") as e:
        read_npz(path)
    assert not complaint(e.value, path)


FOREIGN: dict[str, bytes] = {
    "empty": b"",
    "a web page": b"<!DOCTYPE html>",
    "only the magic": b"PK\x03\x04",
    "one array": b"\x93NUMPY\x01\x00",
    "an empty archive": b"PK\x05\x06" + bytes(18),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_foreign_files(case: str, path: Path) -> None:
    path.write_bytes(FOREIGN[case])
    with pytest.raises(ValueError) as caught:
        read_npz(path)
    assert not complaint(caught.value, path)


def test_cut_files(path: Path) -> None:
    np.savez_compressed(path, **ARRAYS)
    whole = path.read_bytes()
    for end in range(0, len(whole), 97):
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError) as caught:
            read_npz(path)
        assert not complaint(caught.value, path)


def peak(path: Path) -> int:
    tracemalloc.start()
    try:
        with pytest.raises(ValueError) as caught:
            read_npz(path)
        assert not complaint(caught.value, path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def member(shape: tuple[int, ...], content: bytes) -> bytes:
    file = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    npy.write_array_header_1_0(file, header)
    return file.getvalue() + content


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_huge_claim_takes_no_memory(compression: int, path: Path) -> None:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name in ARRAYS:
            file.writestr(f"{name}.npy", member((1_300_000, 28, 28), bytes(1000)))  # 10⁹ elements
    assert peak(path) < 1_000_000


def test_a_zip_bomb_takes_no_memory(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name in ARRAYS:
            with file.open(f"{name}.npy", "w") as out:
                out.write(member((1_000_000, 28, 28), b""))  # true, and 784 MB
                for _ in range(784):
                    out.write(bytes(1_000_000))
            break  # one is enough
    assert path.stat().st_size < 1_000_000
    assert peak(path) < 1_000_000


def test_nothing_in_the_file_is_run(path: Path) -> None:
    class Run:
        def __reduce__(self) -> Any:
            return (pytest.fail, ("a pickle was run",))

    np.savez(path, **ARRAYS | {"y_train": np.array([Run()], object)})
    with pytest.raises(ValueError):
        read_npz(path)


def test_paths(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="gone"):
        read_npz(tmp_path / "gone")
    with pytest.raises(ValueError, match="not a file"):
        read_npz(tmp_path)
    for path in (None, 3, b"mnist.npz"):
        with pytest.raises(TypeError, match="expected a file name or a Path"):
            read_npz(path)  # type: ignore[arg-type]


# ---------------------------------------------------------------- mutants


def originals() -> list[bytes]:
    found = []
    small = ARRAYS | {"x_train": np.asfortranarray(X[:1]), "y_train": Y[:1]}
    for save in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        save(file, **small)
        found.append(file.getvalue())
    return found


def test_mutated_files(path: Path) -> None:
    good, bad = read_mutants(read_npz, originals(), 500, path)
    assert good > 5 and bad > 200


@pytest.mark.slow
def test_100_000_mutated_files(path: Path) -> None:
    read_mutants(read_npz, originals(), 100_000, path)
