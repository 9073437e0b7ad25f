"""The MNIST files, the IDX reader and the objects that hold digits."""

import ast
import gzip
import hashlib
import math
import re
import shutil
import struct
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from mnist_nn import data
from mnist_nn.data import MNIST, UNIT, Digits, Scaling, idx, load_mnist, read_idx
from mnist_nn.data import mnist as mnist_files

DATASHEET = (Path(data.__file__).parent / "DATASHEET.md").read_text(encoding="utf-8")
CODES = {
    "uint8": 0x08,
    "int8": 0x09,
    "int16": 0x0B,
    "int32": 0x0C,
    "float32": 0x0D,
    "float64": 0x0E,
}


def idx_bytes(a: NDArray[Any]) -> bytes:
    """Write an array as IDX, independently of the reader's tables."""
    header = struct.pack(f">HBB{a.ndim}I", 0, CODES[a.dtype.name], a.ndim, *a.shape)
    return header + a.astype(a.dtype.newbyteorder(">")).tobytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("idx")


@pytest.fixture(scope="module")
def mnist() -> MNIST:
    return load_mnist()


def numbered(count: int) -> Digits:
    """Digits whose first two pixels tell their position."""
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.divmod(np.arange(count), 256)
    return Digits(images, np.arange(count) % 10)


def positions(X: NDArray[Any]) -> list[int]:
    """Recover the positions from scaled rows of `numbered` digits."""
    return [round(255 * (256 * float(row[0]) + float(row[1]))) for row in X]


# ---------------------------------------------------------------- IDX: what is read

BY_HAND: dict[str, tuple[str, NDArray[Any]]] = {
    "uint8": ("00 00 08 01 00000003 05 00 ff", np.array([5, 0, 255], np.uint8)),
    "int8": ("00 00 09 01 00000003 05 80 ff", np.array([5, -128, -1], np.int8)),
    "int16": ("00 00 0b 02 00000001 00000002 0102 fffe", np.array([[258, -2]], np.int16)),
    "int32": ("00 00 0c 01 00000002 00000102 80000000", np.array([258, -(2**31)], np.int32)),
    "float32": ("00 00 0d 01 00000002 3f800000 c0200000", np.array([1.0, -2.5], np.float32)),
    "float64": ("00 00 0e 01 00000001 3ff8000000000000", np.array([1.5])),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", BY_HAND)
def test_reads_every_type_written_by_hand(name: str, packed: bool, tmp_path: Path) -> None:
    text, expected = BY_HAND[name]
    content = bytes.fromhex(text)
    path = tmp_path / "array"
    path.write_bytes(gzip.compress(content) if packed else content)
    a = read_idx(path)
    assert a.dtype == expected.dtype and a.dtype.isnative
    np.testing.assert_array_equal(a, expected, strict=True)
    a[:] = 1  # the caller may write to it


@settings(deadline=None)
@given(
    a=hnp.arrays(
        st.sampled_from([np.dtype(name) for name in CODES]),
        hnp.array_shapes(min_dims=1, max_dims=5, min_side=0, max_side=4),
    ),
    packed=st.booleans(),
)
def test_round_trip(a: NDArray[Any], packed: bool, folder: Path) -> None:
    content = idx_bytes(a)
    path = folder / "round-trip"
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    b = read_idx(path, hashlib.sha256(content).hexdigest().upper())
    assert (b.dtype, b.shape) == (a.dtype, a.shape)
    assert b.tobytes() == a.tobytes()  # NaN and -0.0 included


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    content = idx_bytes(np.arange(3, dtype=np.uint8))
    (tmp_path / "plain.gz").write_bytes(content)
    (tmp_path / "packed.idx").write_bytes(gzip.compress(content))
    np.testing.assert_array_equal(
        read_idx(tmp_path / "plain.gz"), read_idx(tmp_path / "packed.idx")
    )
    np.testing.assert_array_equal(read_idx(str(tmp_path / "plain.gz")), [0, 1, 2])


def test_reads_a_gzip_file_of_several_members(tmp_path: Path) -> None:
    content = idx_bytes(np.arange(300, dtype=np.int32))
    path = tmp_path / "members.gz"
    path.write_bytes(b"".join(gzip.compress(content[i : i + 7]) for i in range(0, 1210, 7)))
    np.testing.assert_array_equal(read_idx(path), np.arange(300))


def test_reads_more_than_one_block_and_chunk(tmp_path: Path) -> None:
    a = np.random.default_rng(0).integers(0, 256, (3, 700_000), np.uint8)
    for content in (idx_bytes(a), gzip.compress(idx_bytes(a), 1)):
        assert len(content) > 2 * idx._CHUNK > 2 * idx._BLOCK
        (tmp_path / "large").write_bytes(content)
        np.testing.assert_array_equal(read_idx(tmp_path / "large"), a)


# ---------------------------------------------------------------- IDX: what is refused

SMALL = idx_bytes(np.arange(6, dtype=np.int16).reshape(2, 3))  # 12 bytes of header, 12 of data
CLAIM = "int16 of shape (2, 3), 12 bytes"

DAMAGED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "ends in its header"),
    "one byte": (SMALL[:1], "ends in its header"),
    "no sizes": (SMALL[:4], "ends in its header"),
    "half a size": (SMALL[:10], "ends in its header"),
    "bad magic": (b"\x00\x01" + SMALL[2:], "starts with the bytes 00 01, not 00 00"),
    "web page": (b"<!DOCTYPE html>", "starts with the bytes 3c 21, not 00 00"),
    "zip archive": (b"PK\x03\x04", "starts with the bytes 50 4b, not 00 00"),
    "unknown type": (b"\0\0\x0a" + SMALL[3:], "unknown element type 0x0A"),
    "no dimensions": (b"\0\0\x08\0\x07", "claims 0 dimensions"),
    "many dimensions": (b"\0\0\x08\x41" + bytes(4 * 65), "claims 65 dimensions"),
    "no data": (SMALL[:12], f"{CLAIM}, but only 0 follow"),
    "truncated": (SMALL[:-1], f"{CLAIM}, but only 11 follow"),
    "trailing byte": (SMALL + b"\0", f"{CLAIM}, but more follow"),
    "count too low": (SMALL[:11] + b"\2" + SMALL[12:], "shape (2, 2), 8 bytes, but more follow"),
    "count too high": (SMALL[:11] + b"\5" + SMALL[12:], "shape (2, 5), 20 bytes, but only 12"),
    "impossible shape": (b"\0\0\x08\4" + bytes(4) + b"\xff" * 12, "too large for an array"),
    "many large sizes": (b"\0\0\x08\x40" + b"\xff" * 256, "(4294967295, 4294967295, ..., 42949"),
}


def one_sentence(error: BaseException, path: Path) -> str:
    """Check the form of a message: one line that starts with the file and ends in the fix."""
    message = str(error)
    assert message.startswith(f"{path} ")
    assert "\n" not in message and not message.endswith(".") and len(message) < 400
    assert re.search(r"[;:] (get|give|check|save)\b", message), message
    return message


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("case", DAMAGED)
def test_damage_is_named(case: str, packed: bool, tmp_path: Path) -> None:
    content, expected = DAMAGED[case]
    path = tmp_path / "damaged"
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(ValueError) as caught:
        read_idx(path)
    assert expected in one_sentence(caught.value, path)


PACKED = gzip.compress(SMALL, mtime=0)

DAMAGED_GZIP: dict[str, tuple[bytes, str]] = {
    "only the magic": (PACKED[:2], "its gzip data has no end"),
    "cut in the data": (PACKED[:20], "its gzip data has no end"),
    "cut in the sums": (PACKED[:-1], "its gzip data has no end"),
    "wrong content": (PACKED[:-8] + bytes(4) + PACKED[-4:], "incorrect data check"),
    "wrong length": (PACKED[:-4] + bytes(4), "incorrect length check"),
    "not deflate": (PACKED[:2] + b"\7" + PACKED[3:], "unknown compression method"),
    "bytes behind it": (PACKED + b"more", "incorrect header check"),
    "a second array": (PACKED + PACKED, f"{CLAIM}, but more follow"),
}


@pytest.mark.parametrize("case", DAMAGED_GZIP)
def test_damaged_gzip_is_named(case: str, tmp_path: Path) -> None:
    content, expected = DAMAGED_GZIP[case]
    path = tmp_path / "damaged.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError) as caught:
        read_idx(path)
    assert expected in one_sentence(caught.value, path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    path = tmp_path / "gone"
    with pytest.raises(FileNotFoundError) as missing:
        read_idx(path)
    assert "is not there" in one_sentence(missing.value, path)
    (tmp_path / "file").touch()
    with pytest.raises(FileNotFoundError, match="is not there"):
        read_idx(tmp_path / "file" / "below")
    with pytest.raises(ValueError) as is_folder:
        read_idx(tmp_path)
    assert "is a folder" in one_sentence(is_folder.value, tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="no such devices")
def test_device_is_refused_without_reading_it() -> None:
    path = Path("/dev/zero")
    with pytest.raises(ValueError) as caught:
        read_idx(path)
    assert "not a regular file" in one_sentence(caught.value, path)


def test_wrong_hash(tmp_path: Path) -> None:
    wanted, found = "0" * 64, hashlib.sha256(SMALL).hexdigest()
    for content in (SMALL, PACKED):  # the hash is that of the content, packed or not
        path = tmp_path / "array"
        path.write_bytes(content)
        read_idx(path, found)
        with pytest.raises(ValueError) as caught:
            read_idx(path, wanted)
        assert f"has SHA-256 {found}, not {wanted}" in one_sentence(caught.value, path)


@pytest.mark.parametrize("path", [None, 3, b"bytes"])
def test_path_must_be_a_path(path: Any) -> None:
    with pytest.raises(TypeError, match="expected a file name or a Path"):
        read_idx(path)


def test_hash_must_be_a_hash(tmp_path: Path) -> None:
    wrong: Any = hashlib.sha256(SMALL).digest()
    with pytest.raises(TypeError, match="expected 64 hexadecimal digits"):
        read_idx(tmp_path, wrong)
    for text in ("", "ff", "g" * 64, "0" * 64 + "\n"):
        with pytest.raises(ValueError, match="expected 64 hexadecimal digits"):
            read_idx(tmp_path, text)


def fits(content: bytes) -> tuple[int, ...] | None:
    """Return the shape if `content` is a valid IDX file: an oracle without NumPy."""
    sizes = {code: np.dtype(name).itemsize for name, code in CODES.items()}
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in sizes:
        return None
    end = 4 + 4 * content[3]
    if not 1 <= content[3] <= 64 or len(content) < end:
        return None
    shape = struct.unpack(f">{content[3]}I", content[4:end])
    return shape if len(content) == end + math.prod(shape) * sizes[content[2]] else None


MUTATIONS = st.lists(st.tuples(st.integers(0, 63), st.integers(0, 255)), min_size=1, max_size=3)
ENDINGS = st.one_of(st.none(), st.integers(0, 63), st.binary(min_size=1, max_size=5))


def mutate(content: bytes, changes: list[tuple[int, int]], ending: int | bytes | None) -> bytes:
    mutated = bytearray(content)
    for position, value in changes:
        mutated[position % len(mutated)] = value
    if isinstance(ending, bytes):
        return bytes(mutated) + ending
    return bytes(mutated[:ending])


@settings(max_examples=300, deadline=None)
@given(changes=MUTATIONS, ending=ENDINGS)
@example(changes=[(2, 0x09)], ending=None)
@example(changes=[(2, 0x0E)], ending=None)
@example(changes=[(7, 0)], ending=12)  # no rows: an empty array
@example(changes=[(4, 255), (8, 255)], ending=None)  # 2**64 elements
def test_mutated_bytes(
    changes: list[tuple[int, int]], ending: int | bytes | None, folder: Path
) -> None:
    content = mutate(SMALL, changes, ending)
    path = folder / "mutated"
    path.write_bytes(content)
    shape = fits(content)
    if shape is None:
        with pytest.raises(ValueError) as caught:
            read_idx(path)
        one_sentence(caught.value, path)
    else:
        a = read_idx(path)
        assert a.shape == shape
        assert idx_bytes(a) == content


@settings(max_examples=300, deadline=None)
@given(changes=MUTATIONS, ending=ENDINGS)
@example(changes=[(4, 1)], ending=None)  # another time stamp: still the same content
def test_mutated_gzip_bytes(
    changes: list[tuple[int, int]], ending: int | bytes | None, folder: Path
) -> None:
    path = folder / "mutated.gz"
    path.write_bytes(mutate(PACKED, changes, ending))
    try:
        a = read_idx(path)
    except ValueError as error:
        one_sentence(error, path)
    else:
        assert idx_bytes(a) == SMALL  # the check sum lets nothing else through


# ---------------------------------------------------------------- IDX: memory


def peak(f: Callable[[], object]) -> int:
    """Return how many bytes of memory `f` takes at most."""
    tracemalloc.start()
    try:
        f()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


HUGE = b"\0\0\x08\3" + struct.pack(">3I", 60_000, 280, 280)  # claims 4.7 GB


@pytest.mark.parametrize("packed", [False, True])
def test_huge_claim_takes_no_memory(packed: bool, tmp_path: Path) -> None:
    content = HUGE + bytes(1000)
    path = tmp_path / "huge"
    path.write_bytes(gzip.compress(content) if packed else content)

    def read() -> None:
        with pytest.raises(ValueError, match="cut short"):
            read_idx(path)

    assert peak(read) < 1_000_000


def test_huge_claim_over_packed_zeros_is_refused_unread(tmp_path: Path) -> None:
    # 40 MB of zeros pack into 40 kB, but 40 kB can never hold 4.7 GB.
    path = tmp_path / "huge.gz"
    path.write_bytes(gzip.compress(HUGE + bytes(40_000_000), 9))

    def read() -> None:
        with pytest.raises(ValueError, match="the file is too small for that"):
            read_idx(path)

    assert peak(read) < 1_000_000


def test_unpacks_one_byte_more_than_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A small claim over 40 MB of packed zeros: what follows the claim must stay packed.
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"\0\0\x08\1\0\0\0\x05" + bytes(40_000_000), 9))
    unpacked = 0

    class Counting:
        def __init__(self, wbits: int) -> None:
            self.inner = zlib_decompressobj(wbits=wbits)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

        def decompress(self, packed: bytes, most: int) -> bytes:
            nonlocal unpacked
            content = self.inner.decompress(packed, most)
            unpacked += len(content)
            return content

    zlib_decompressobj = zlib.decompressobj
    monkeypatch.setattr(zlib, "decompressobj", Counting)

    def read() -> None:
        with pytest.raises(ValueError, match="5 bytes, but more follow"):
            read_idx(path)

    assert peak(read) < 1_000_000
    assert unpacked == 8 + 5 + 1


def test_reading_takes_little_more_than_the_array(tmp_path: Path) -> None:
    a = np.random.default_rng(0).integers(0, 256, (20, 1_000_000), np.uint8)
    for content in (idx_bytes(a), gzip.compress(idx_bytes(a), 1)):
        (tmp_path / "large").write_bytes(content)
        assert peak(lambda: read_idx(tmp_path / "large")) < 1.4 * a.nbytes


# ---------------------------------------------------------------- Digits: construction

IMAGES = np.zeros((3, 28, 28), np.uint8)
LABELS = np.array([5, 0, 9])


@pytest.mark.parametrize(
    ("images", "labels", "kind", "message"),
    [
        (IMAGES.tolist(), LABELS, TypeError, "images has type list; expected a NumPy array"),
        (IMAGES, [5, 0, 9], TypeError, "labels has type list; expected a NumPy array"),
        (IMAGES / 255, LABELS, TypeError, "images hold float64 values; expected uint8 pixels"),
        (IMAGES.astype(int), LABELS, TypeError, "images hold int64 values; expected uint8"),
        (IMAGES.reshape(3, 784), LABELS, ValueError, "shape (3, 784); expected (M, 28, 28)"),
        (IMAGES[0], LABELS, ValueError, "shape (28, 28); expected (M, 28, 28)"),
        (IMAGES[:, :20], LABELS, ValueError, "shape (3, 20, 28); expected (M, 28, 28)"),
        (IMAGES[..., None], LABELS, ValueError, "shape (3, 28, 28, 1); expected (M, 28, 28)"),
        (IMAGES, LABELS / 1, TypeError, "labels hold float64 values; expected integers"),
        (IMAGES, LABELS > 0, TypeError, "labels hold bool values; expected integers"),
        (IMAGES, LABELS[:, None], ValueError, "labels have shape (3, 1); expected (M,)"),
        (IMAGES, LABELS[:2], ValueError, "3 images and 2 labels; expected one label per image"),
        (IMAGES[:0], LABELS[:0], ValueError, "there are no images; give or select at least one"),
        (IMAGES, LABELS + 1, ValueError, "labels run from 1 to 10; expected 0 to 9"),
        (IMAGES, LABELS - 1, ValueError, "labels run from -1 to 8; expected 0 to 9"),
        (IMAGES, np.full(3, 2**64 - 1, np.uint64), ValueError, "18446744073709551615; expected 0"),
    ],
)
def test_digits_refuses(images: Any, labels: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=re.escape(message)):
        Digits(images, labels)


@pytest.mark.parametrize("dtype", ["u1", "i1", "<i2", ">i4", "u8"])
def test_labels_become_int64(dtype: str) -> None:
    d = Digits(IMAGES, LABELS.astype(dtype))
    assert d.labels.dtype == np.int64
    np.testing.assert_array_equal(d.labels, [5, 0, 9])


def test_digits_are_frozen_and_leave_the_arguments_alone() -> None:
    images, labels = IMAGES.copy(), LABELS.copy()
    d = Digits(images, labels)
    assert np.shares_memory(d.images, images) and np.shares_memory(d.labels, labels)
    with pytest.raises(AttributeError):
        d.images = images  # type: ignore[misc]
    for array in (d.images, d.labels, d[1:].images, d[np.array([0])].images):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    images[0], labels[0] = 1, 1  # the caller's own arrays stay writable


def test_repr_is_short() -> None:
    assert repr(numbered(12)) == "Digits(12 images of 28 x 28 pixels, labels 0 to 9)"
    assert repr(numbered(1)) == "Digits(1 image of 28 x 28 pixels, labels 0 to 0)"


# ---------------------------------------------------------------- Digits: selection


def test_slices_are_views() -> None:
    d = numbered(20)
    for index in (
        slice(5, 10),
        slice(None),
        slice(None, None, 3),
        slice(-4, None),
        slice(9, 4, -1),
    ):
        part = d[index]
        assert isinstance(part, Digits)
        np.testing.assert_array_equal(part.labels, d.labels[index])
        np.testing.assert_array_equal(part.images, d.images[index])
        assert np.shares_memory(part.images, d.images)
        assert np.shares_memory(part.labels, d.labels)


@pytest.mark.parametrize("index", [[3, 3, 0], [-1, 2], np.array([19, 0], np.uint8)])
def test_positions_select(index: Any) -> None:
    d = numbered(20)
    np.testing.assert_array_equal(d[index].images, d.images[index])
    np.testing.assert_array_equal(d[index].labels, d.labels[index])


def test_mask_selects() -> None:
    d = numbered(20)
    threes = d[d.labels == 3]
    assert len(threes) == 2
    np.testing.assert_array_equal(threes.images, d.images[[3, 13]])
    assert len(d[[True] + 19 * [False]]) == 1


@pytest.mark.parametrize(
    ("index", "kind", "message"),
    [
        (3, TypeError, "take d[3:4] or d.images[3]"),
        (np.int64(3), TypeError, "take d[3:4] or d.images[3]"),
        (True, TypeError, "the index has type bool; expected a slice"),
        ("3", TypeError, "the index has type str; expected a slice"),
        (None, TypeError, "the index has type NoneType; expected a slice"),
        ((1, 2), TypeError, "the index has type tuple; expected a slice"),
        ([1.0], TypeError, "the index holds float64 values; expected a slice"),
        ([[1], [2]], ValueError, "the index has shape (2, 1); expected one dimension"),
        ([[1], [2, 3]], ValueError, "the index is a ragged list; expected one dimension"),
        (
            slice(5, 5),
            ValueError,
            "d[5:5] selects none of 20 digits; choose positions from 0 to 19",
        ),
        (slice(20, None), ValueError, "d[20:] selects none of 20 digits"),
        (slice(9, 3, 2), ValueError, "d[9:3:2] selects none of 20 digits"),
        ([], ValueError, "the index is empty; select at least one digit"),
        (np.zeros(20, bool), ValueError, "the mask selects none; select at least one digit"),
        (np.ones(19, bool), ValueError, "the mask has 19 entries for 20 digits"),
        ([0, 20], IndexError, "positions run from 0 to 20; there are 20 digits"),
        ([-21, 0], IndexError, "positions run from -21 to 0; there are 20 digits"),
    ],
)
def test_selection_refuses(index: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=re.escape(message)):
        numbered(20)[index]


# ---------------------------------------------------------------- Digits: split


def test_split_in_order_shares_memory() -> None:
    d = numbered(300)
    train, validation, test = d.split(200, 1, 50)
    np.testing.assert_array_equal(train.images, d.images[:200])
    np.testing.assert_array_equal(validation.images, d.images[200:201])
    np.testing.assert_array_equal(test.images, d.images[201:251])
    assert all(np.shares_memory(part.images, d.images) for part in (train, validation, test))


@given(
    sizes=st.lists(st.integers(1, 20), min_size=1, max_size=4),
    spare=st.integers(0, 10),
    seed=st.integers(0, 2**32),
)
def test_random_split_is_disjoint_and_reproducible(sizes: list[int], spare: int, seed: int) -> None:
    d = numbered(sum(sizes) + spare)
    parts = d.split(*sizes, rng=np.random.default_rng(seed))
    again = d.split(*sizes, rng=np.random.default_rng(seed))
    found = [positions(part.scaled(np.float64)) for part in parts]
    assert [len(part) for part in found] == sizes
    assert len({p for part in found for p in part}) == sum(sizes)
    assert found == [positions(part.scaled(np.float64)) for part in again]
    for part, where in zip(parts, found, strict=True):
        np.testing.assert_array_equal(part.labels, d.labels[where])  # labels went along


def test_random_split_draws_from_everywhere() -> None:
    (part,) = numbered(1000).split(500, rng=np.random.default_rng(0))
    where = positions(part.scaled(np.float64))
    assert where != sorted(where)
    assert 200 < sum(p < 500 for p in where) < 300


@pytest.mark.parametrize(
    ("sizes", "rng", "kind", "message"),
    [
        ((), None, ValueError, "no sizes are given; give one for each part"),
        (
            (6, 5),
            None,
            ValueError,
            "the sizes add up to 11, but there are 10 digits; make the parts smaller",
        ),
        ((5, 0), None, ValueError, "a size is 0; expected at least 1"),
        ((-5,), None, ValueError, "a size is -5; expected at least 1"),
        ((0.5,), None, TypeError, "a size has type float; expected an integer"),
        ((True,), None, TypeError, "a size has type bool; expected an integer"),
        (([5, 5],), None, TypeError, "a size has type list; expected an integer"),
        (
            (5,),
            0,
            TypeError,
            "rng has type int; expected a generator",
        ),
    ],
)
def test_split_refuses(sizes: Any, rng: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=re.escape(f"split: {message}")):
        numbered(10).split(*sizes, rng=rng)


# ---------------------------------------------------------------- Digits: scaling

ALL_PIXELS = Digits(
    np.resize(np.arange(256, dtype=np.uint8), (2, 28, 28)), np.array([0, 1])
)  # every value from 0 to 255


@pytest.mark.parametrize("scaling", [Scaling(), Scaling(0.01, 1), Scaling(-2, 3)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scaled_digits_are_rows_of_scaled_pixels(
    dtype: type[np.floating[Any]], scaling: Scaling
) -> None:
    X = ALL_PIXELS.scaled(dtype, scaling)
    assert X.shape == (2, 784)
    pixels = ALL_PIXELS.images.reshape(2, 784)
    np.testing.assert_array_equal(X, scaling(pixels, dtype), strict=True)


def test_scaling_is_division_by_255() -> None:
    pixels = ALL_PIXELS.images.reshape(2, 784)
    for dtype in (np.float32, np.float64):
        quotient = pixels.astype(dtype) / dtype(255)
        np.testing.assert_array_max_ulp(ALL_PIXELS.scaled(dtype), quotient, maxulp=1)


def test_rows_run_from_the_top_left() -> None:
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 2, 5] = 255
    X = Digits(image, np.array([0])).scaled()
    assert X[0, 2 * 28 + 5] == 1 and X.sum() == 1
    turned = Digits(image.transpose(0, 2, 1), np.array([0]))  # not contiguous
    assert turned.scaled()[0, 5 * 28 + 2] == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64, "float32", np.dtype("float64"), float])
def test_dtype_is_the_one_asked_for(dtype: Any) -> None:
    scaling = Scaling(0.25, 1)
    assert ALL_PIXELS.scaled(dtype, scaling).dtype == np.dtype(dtype)
    X, _ = next(ALL_PIXELS.batches(1, dtype=dtype, scaling=scaling))
    assert X.dtype == np.dtype(dtype)


@pytest.mark.parametrize(
    ("dtype", "scaling", "message"),
    [
        (np.int64, UNIT, "dtype is <class 'numpy.int64'>; expected float32 or float64"),
        (np.float16, UNIT, "expected float32 or float64"),
        (">f4", UNIT, "expected float32 or float64"),
        (None, UNIT, "dtype is None; expected float32 or float64"),
        ("nonsense", UNIT, "dtype is 'nonsense'; expected float32 or float64"),
        (np.float32, 0.01, "scaling is of type float; expected mnist_nn.data.scaling.Scaling"),
        (np.float32, (0, 1), "scaling is of type tuple; expected mnist_nn.data.scaling.Scaling"),
        (np.float32, None, "scaling is of type NoneType; expected"),
        (np.float32, Scaling, "scaling is of type type; expected"),
    ],
)
def test_scaling_refuses(dtype: Any, scaling: Any, message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        ALL_PIXELS.scaled(dtype, scaling)
    with pytest.raises(TypeError, match=re.escape(message)):
        ALL_PIXELS.batches(1, dtype=dtype, scaling=scaling)


@pytest.mark.parametrize("rows", [slice(1, 4), slice(None), np.array([4, 0, 4])], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_inputs_are_some_of_the_scaled_rows(rows: Any, dtype: type[np.floating[Any]]) -> None:
    d, scaling = numbered(5), Scaling(-1, 1)
    expected = d.scaled(dtype, scaling)[rows]
    np.testing.assert_array_equal(d.inputs(rows, dtype, scaling), expected, strict=True)
    out = np.full_like(expected, np.nan)
    assert d.inputs(rows, dtype, scaling, out=out) is out
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("scaling", [UNIT, Scaling(0.01, 1)], ids=str)
def test_inputs_that_are_given_an_array_make_no_other_of_floats(scaling: Scaling) -> None:
    d, rows = numbered(2000), np.arange(1000)
    out = np.empty((1000, 784), np.float32)
    tracemalloc.start()
    d.inputs(rows, np.float32, scaling, out=out)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The bytes that are gathered, a quarter of the floats; the rest of a line with two ends.
    assert peak < (0.3 if scaling == UNIT else 1.3) * out.nbytes


def test_a_row_has_784_numbers() -> None:
    assert numbered(3).width == 784 == numbered(3).scaled().shape[1]


# ---------------------------------------------------------------- Digits: batches


@given(
    count=st.integers(1, 50),
    size=st.integers(1, 60),
    seed=st.none() | st.integers(0, 2**32),
    drop_last=st.booleans(),
)
def test_batches_cover_each_digit_once(
    count: int, size: int, seed: int | None, drop_last: bool
) -> None:
    d = numbered(count)
    rng = None if seed is None else np.random.default_rng(seed)
    if drop_last and size > count:
        with pytest.raises(ValueError, match="drop_last would leave no batch"):
            d.batches(size, rng, drop_last=True)
        return
    batches = list(d.batches(size, rng, np.float64, drop_last=drop_last))
    full, rest = divmod(count, size)
    sizes = full * [size] + ([rest] if rest and not drop_last else [])
    assert [len(y) for _, y in batches] == sizes
    assert all(X.shape == (len(y), 784) for X, y in batches)
    where = [p for X, _ in batches for p in positions(X)]
    assert len(set(where)) == len(where) == sum(sizes)
    if seed is None:
        assert where == list(range(sum(sizes)))
    np.testing.assert_array_equal(np.concatenate([y for _, y in batches]), d.labels[where])


def test_shuffling_mixes_the_members_of_batches() -> None:
    d = numbered(100)
    rng = np.random.default_rng(3)
    epochs = [[positions(X) for X, _ in d.batches(10, rng, np.float64)] for _ in range(2)]
    rng = np.random.default_rng(3)
    again = [[positions(X) for X, _ in d.batches(10, rng, np.float64)] for _ in range(2)]
    assert epochs == again  # reproducible
    assert epochs[0] != epochs[1]  # another order in each call
    in_order = [set(range(i, i + 10)) for i in range(0, 100, 10)]
    for epoch in epochs:
        assert not any(set(batch) in in_order for batch in epoch)


def test_shuffling_happens_in_the_call() -> None:
    d, rng = numbered(50), np.random.default_rng(0)
    first, second = d.batches(50, rng, np.float64), d.batches(50, rng, np.float64)
    late, early = positions(next(second)[0]), positions(next(first)[0])
    rng = np.random.default_rng(0)
    assert [early, late] == [rng.permutation(50).tolist(), rng.permutation(50).tolist()]


@pytest.mark.parametrize("seed", [None, 0])
def test_batches_are_the_callers_own(seed: int | None) -> None:
    d = numbered(6)
    before = d.images.tobytes()
    rng = None if seed is None else np.random.default_rng(seed)
    kept = list(d.batches(3, rng))
    copies = [(X.copy(), y.copy()) for X, y in kept]
    arrays = [a for batch in kept for a in batch]
    assert not any(np.shares_memory(a, b) for a in arrays for b in (d.images, d.labels))
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])
    kept[0][0][:], kept[0][1][:] = 7, 7
    np.testing.assert_array_equal(kept[1][0], copies[1][0])
    np.testing.assert_array_equal(kept[1][1], copies[1][1])
    assert d.images.tobytes() == before


def test_batch_dtypes_and_scaling() -> None:
    d = Digits(np.full((2, 28, 28), 255, np.uint8), np.array([1, 2]))
    ((X, y),) = d.batches(5)
    assert X.dtype == np.float32 and y.dtype == np.int64
    scaling = Scaling(0.01, 1)
    ((X, y),) = numbered(1).batches(1, np.random.default_rng(0), np.float64, scaling)
    assert X.dtype == np.float64 and (X == 0.01).all()


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"size": 0}, ValueError, "size is 0; expected at least 1"),
        ({"size": -1}, ValueError, "size is -1; expected at least 1"),
        ({"size": 2.0}, TypeError, "size has type float; expected an integer"),
        ({"size": None}, TypeError, "size has type NoneType; expected an integer"),
        ({"size": True}, TypeError, "size has type bool; expected an integer"),
        ({"size": 2, "rng": 0}, TypeError, "rng has type int; expected a generator"),
        (
            {"size": 2, "rng": np.random.RandomState(0)},
            TypeError,
            "rng has type RandomState; expected a generator",
        ),
        ({"size": 2, "drop_last": 1}, TypeError, "drop_last has type int; expected True or False"),
        (
            {"size": 9, "drop_last": True},
            ValueError,
            "size is 9, but there are 5 digits, so that drop_last would leave no batch",
        ),
    ],
)
def test_batches_refuse_when_called(arguments: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=re.escape(f"batches: {message}")):
        numbered(5).batches(**arguments)  # not only when the first batch is taken


# ---------------------------------------------------------------- MNIST


def test_mnist(mnist: MNIST) -> None:
    assert mnist.train.images.shape == (60_000, 28, 28)
    assert mnist.test.images.shape == (10_000, 28, 28)
    for d in mnist:
        assert d.images.dtype == np.uint8 and d.labels.dtype == np.int64
    assert mnist.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


def test_shipped_content_has_the_published_hashes() -> None:
    published = {
        "train-images-idx3": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    }
    assert {f"{name}-ubyte": sha256 for name, sha256 in published.items()} == mnist_files.SHA256
    for name, sha256 in published.items():
        # Another reader than ours.
        with gzip.open(mnist_files.FOLDER / f"{name}-ubyte.gz") as file:
            assert hashlib.sha256(file.read()).hexdigest() == sha256


@pytest.mark.parametrize("name", mnist_files.SHA256)
def test_shipped_files_carry_no_time_and_no_name(name: str) -> None:
    header = (mnist_files.FOLDER / f"{name}.gz").read_bytes()[:10]
    magic, method, flags, time = struct.unpack("<HBBI", header[:8])
    assert (magic, method) == (0x8B1F, 8)
    assert flags == 0  # no name, no comment, no extra field
    assert time == 0


def test_datasheet_rebuilds_the_shipped_bytes() -> None:
    listed = dict(
        reversed(line.split("  ")) for line in re.findall(r"^[0-9a-f]{64}  \S+$", DATASHEET, re.M)
    )
    files = {file.name: file.read_bytes() for file in mnist_files.FOLDER.glob("*.gz")}
    assert listed == {name: hashlib.sha256(file).hexdigest() for name, file in files.items()}
    program = shutil.which("gzip")
    if (
        program is None
        or b"gzip 1."
        not in subprocess.run([program, "--version"], capture_output=True, check=True).stdout
    ):
        pytest.skip("needs GNU gzip")
    for name in ("train-labels-idx1-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):  # images take 15 s
        content = gzip.decompress(files[name])
        packed = subprocess.run([program, "-9n"], input=content, capture_output=True, check=True)
        assert packed.stdout == files[name]


def table_row(first: str) -> list[str]:
    """Return the cells of the row of the datasheet that starts with `first`."""
    (row,) = re.findall(rf"^\| {re.escape(first)} \|(.*)\|$", DATASHEET, re.M)
    return [cell.strip() for cell in row.split("|")]


def test_datasheet_hashes_and_class_counts(mnist: MNIST) -> None:
    for name, sha256 in mnist_files.SHA256.items():
        assert table_row(f"`{name}.gz`")[-1] == f"`{sha256}`"
    for d, name in zip(mnist, ("train", "test"), strict=True):
        counts = np.bincount(d.labels, minlength=10).tolist()
        assert [int(cell) for cell in table_row(name)] == [*counts, len(d)]
    assert np.bincount(mnist.train.labels).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip
    assert "right for 11.35 %" in DATASHEET
    assert np.bincount(mnist.test.labels).max() == 1135


CENTRE = "centre of mass, from the centre of the field"


def test_datasheet_measurements(mnist: MNIST) -> None:
    images = np.concatenate([mnist.train.images, mnist.test.images])  # (70000, 28, 28)
    (box,) = table_row("largest box around the ink of an image")
    (low, high) = re.findall(r"-?[0-9.]+", table_row(CENTRE)[0].replace("\N{MINUS SIGN}", "-"))
    lengths, centres = [], []
    for axis in (1, 2):
        ink = images.max(axis) > 0  # (70000, 28)
        lengths.append(28 - ink.argmax(1) - ink[:, ::-1].argmax(1))
        middles = np.arange(28) + 0.5 - 14  # of the pixels, from the centre of the field
        centres.append(images.sum(axis) @ middles / images.sum((1, 2)))
    assert [str(length.max()) for length in lengths] == re.findall(r"[0-9]+", box)
    assert (f"{np.min(centres):.2f}", f"{np.max(centres):.2f}") == (low, high)

    (zeros,) = table_row("pixels that are 0 (training set)")
    assert zeros == f"{100 * (mnist.train.images == 0).mean():.1f} %"
    (moments,) = table_row(
        "mean and standard deviation of the pixels (training set, scaled to 0 to 1)"
    )
    mean, squares = mnist.train.images.mean() / 255, (np.arange(256) / 255) ** 2
    counts = np.bincount(mnist.train.images.ravel(), minlength=256)
    deviation = np.sqrt(counts @ squares / counts.sum() - mean**2)
    assert moments == f"{mean:.4f} and {deviation:.4f}"
    (empty,) = table_row("pixel positions that are 0 in all training images")
    assert empty == f"{(mnist.train.images.max(0) == 0).sum()} of 784"
    assert len({image.tobytes() for image in images}) == 70_000  # none occurs twice


def test_datasheet_says_which_parts_are_harder(mnist: MNIST) -> None:
    train, test = mnist.train.scaled(), mnist.test.scaled()
    y = mnist.train.labels
    means = np.stack([train[y == k].mean(0) for k in range(10)])  # (10, 784)

    def nearest_mean(X: NDArray[Any]) -> Any:
        return np.argmax(X @ means.T - (means**2).sum(1) / 2, axis=1)

    ones = np.ones((60_000, 1), np.float32)
    A = np.hstack([train, ones])  # (60000, 785)
    # A little added to the diagonal: 67 pixels are always 0, and their weights are free.
    gram = (A.T @ A).astype(float) + 0.1 * np.eye(785)
    W = np.linalg.solve(gram, (A.T @ np.eye(10, dtype=np.float32)[y]).astype(float))

    def least_squares(X: NDArray[Any]) -> Any:
        return np.argmax(np.hstack([X, ones[: len(X)]]) @ W, axis=1)

    for classifier, name in (
        (nearest_mean, "nearest mean image"),
        (least_squares, "linear least squares"),
    ):
        wrong = classifier(test) != mnist.test.labels
        errors = [int(wrong[:5000].sum()), int(wrong[5000:].sum())]
        # Rounding may turn a near tie.
        np.testing.assert_allclose(errors, [int(cell) for cell in table_row(name)], atol=5)
        assert errors[0] > 1.5 * errors[1]

    blocks = (nearest_mean(train) != y).reshape(12, 5000).sum(1)
    assert "misreads between 921 and 1057, but only 724 of the last 5,000" in DATASHEET
    np.testing.assert_allclose(
        [blocks[:-1].min(), blocks[:-1].max(), blocks[-1]], [921, 1057, 724], atol=5
    )


def test_datasheet_doubtful_labels(mnist: MNIST) -> None:
    where = [int(cell) for cell in table_row("position in the test set")]
    assert len(set(where)) == 15
    assert mnist.test.labels[where].tolist() == [int(cell) for cell in table_row("label")]
    assert len(table_row("what the model read")) == 15


@pytest.mark.parametrize("damage", ["missing", "changed", "cut"])
def test_damaged_installation_is_named(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "t10k-labels-idx1-ubyte"
    for file in mnist_files.FOLDER.glob("*.gz"):
        shutil.copy(file, tmp_path)
    broken = tmp_path / f"{name}.gz"
    content = gzip.decompress(broken.read_bytes())
    if damage == "missing":
        broken.unlink()
    elif damage == "changed":
        broken.write_bytes(gzip.compress(content[:-1] + bytes([content[-1] ^ 1])))
    else:
        broken.write_bytes(broken.read_bytes()[:-100])
    monkeypatch.setattr(mnist_files, "FOLDER", tmp_path)
    with pytest.raises(FileNotFoundError if damage == "missing" else ValueError) as caught:
        load_mnist()
    assert "it is part of mnist_nn: install that again" in one_sentence(caught.value, broken)


def test_only_numpy_and_the_standard_library_are_imported() -> None:
    for file in Path(data.__file__).parent.glob("*.py"):
        allowed = sys.stdlib_module_names | {"numpy"}
        if file.name == "picture.py":
            allowed |= {"PIL"}  # only when a picture is read: see test_import_is_light
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [str(node.module)]
            for name in names:
                assert name.split(".")[0] in allowed, (file, name)
                assert name != "pickle"
