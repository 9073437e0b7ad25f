"""Pictures of one's own digits.

The test of the whole: digits of MNIST are made into pictures of many kinds and read back. What
knows the originals must know them still.
"""

import io
import re
import struct
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnist_nn.data import center_digit, load_mnist, picture, read_picture
from tests.mutations import complaint, read_mutants

Pixels = NDArray[Any]
TEST = load_mnist().test[:200]


def gap(a: Pixels, b: Pixels) -> float:
    """Return the mean difference; one pixel of place, where a half is rounded, does not count."""
    moved = [np.roll(a, (y, x), (0, 1)).astype(int) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return float(min(abs(c - b).mean() for c in moved))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "digit.png"


# ---------------------------------------------------------------- the steps, by hand


def bar(height: int = 50, width: int = 40, paper: int = 255, ink: int = 0) -> Pixels:
    """A vertical bar of 30 x 6 pixels, not in the middle."""
    a = np.full((height, width), paper)
    a[5:35, 8:14] = ink
    return a


def test_by_hand() -> None:
    # 30 x 6 fits a box of 20 x 20 as 20 x 4; around 14 that is rows 4 to 23, columns 12 to 15.
    expected = np.zeros((28, 28), np.uint8)
    expected[4:24, 12:16] = 255
    image = center_digit(bar())
    assert image.dtype == np.uint8
    # The mean of 12, 13, 14 and 15 is half a pixel from 14: rounded to even.
    np.testing.assert_array_equal(image, expected)


@pytest.mark.parametrize(
    ("paper", "ink"), [(0, 255), (255, 0), (200, 60), (30, 90), (120, 255), (20, 0)]
)
def test_dark_on_light_or_light_on_dark(paper: int, ink: int) -> None:
    np.testing.assert_array_equal(center_digit(bar(paper=paper, ink=ink)), center_digit(bar()))


def test_a_wide_digit_keeps_its_proportions() -> None:
    image = center_digit(bar().T)
    rows, columns = np.nonzero(image)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (4, 20)


def test_each_new_pixel_is_the_mean_of_what_it_covers() -> None:
    np.testing.assert_allclose(picture._averages(2, 3), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]])
    np.testing.assert_allclose(picture._averages(2, 1), [[1], [1]])
    for new, old in [(20, 7), (20, 20), (20, 133), (1, 9)]:
        np.testing.assert_allclose(picture._averages(new, old).sum(axis=1), 1)


def test_the_centre_of_mass_is_in_the_middle() -> None:
    a = np.zeros((60, 60), np.uint8)
    a[10:50, 10:20] = a[40:50, 10:50] = 255  # an L, heavy at the lower left
    image = center_digit(a).astype(float)
    for axis in (0, 1):
        centre = np.average(np.arange(28), weights=image.sum(axis=1 - axis))
        assert abs(centre - 14) <= 0.5


def test_uneven_light_and_dust() -> None:
    y, x = np.mgrid[0:1:300j, 0:1:400j]
    light = 230 - 100 * x - 40 * y * y
    ink = np.zeros((300, 400))
    ink[80:230, 250:280] = 1
    photo = light * (1 - 0.6 * ink) + np.random.default_rng(0).normal(0, 8, ink.shape)
    photo[270, 20] = 0
    clean = center_digit(255 * ink)
    found = center_digit(photo.clip(0, 255))
    assert gap(found, clean) < 6


# ---------------------------------------------------------------- digits of MNIST as pictures


def save(kind: str, image: Image.Image, **options: Any) -> Image.Image:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return Image.open(file)


def large(digit: Pixels) -> Pixels:
    """Enlarge a digit tenfold, with a margin that differs on each side."""
    a = np.asarray(Image.fromarray(digit).resize((280, 280), Image.Resampling.BICUBIC))
    return np.pad(a, ((30, 70), (55, 10)))


def colours(a: Pixels, paper: Any, ink: Any) -> Image.Image:
    share = a[:, :, None] / 255
    mixed = np.array(paper) * (1 - share) + np.array(ink) * share
    return Image.fromarray(mixed.clip(0, 255).astype(np.uint8))


def photo(a: Pixels) -> Image.Image:
    y, x = np.mgrid[0 : 1 : a.shape[0] * 1j, 0 : 1 : a.shape[1] * 1j]
    light = 230 - 90 * x - 40 * y * y
    noise = np.random.default_rng(int(a.sum())).normal(0, 8, a.shape)
    return Image.fromarray((light * (1 - 0.6 / 255 * a) + noise).clip(0, 255).astype(np.uint8))


def turned(a: Pixels, orientation: int) -> Image.Image:
    """Save with a camera's note that the picture must be turned or mirrored to be upright."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    return save("JPEG", Image.fromarray(255 - a).transpose(undo), exif=exif)


def rgba(a: Pixels, colour: int) -> Image.Image:
    return Image.fromarray(np.dstack([np.full_like(a, colour)] * 3 + [a]))


def rounded(a: Pixels) -> Image.Image:
    """A white sheet whose corners are cut, as of a window."""
    image = Image.fromarray(255 - a).convert("RGBA")
    mask = Image.new("L", image.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, image.width - 1, image.height - 1), 25, fill=255)
    image.putalpha(mask)
    return image


KINDS: dict[str, Callable[[Pixels], Image.Image]] = {
    "PNG, light on dark": lambda a: save("PNG", Image.fromarray(a)),
    "dark on light": lambda a: save("PNG", Image.fromarray(255 - a)),
    "small": lambda a: save("PNG", Image.fromarray(255 - a).reduce(4)),
    "JPEG": lambda a: save("JPEG", Image.fromarray(255 - a), quality=30),
    "very large JPEG": lambda a: save("JPEG", Image.fromarray(255 - a).resize((2100, 2300))),
    "blue on yellow": lambda a: save("PNG", colours(a, (250, 240, 200), (30, 50, 160))),
    "yellow on blue": lambda a: save("WEBP", colours(a, (20, 20, 90), (250, 240, 60))),
    "photograph": photo,
    "turned 2": lambda a: turned(a, 2),
    "turned 3": lambda a: turned(a, 3),
    "turned 5": lambda a: turned(a, 5),
    "turned 6": lambda a: turned(a, 6),
    "turned 8": lambda a: turned(a, 8),
    "black on nothing": lambda a: save("PNG", rgba(a, 0)),
    "white on nothing": lambda a: save("PNG", rgba(a, 255)),
    "round corners": rounded,
    "16 bits": lambda a: save("PNG", Image.fromarray(65535 - a.astype(np.uint16) * 257)),
    "floats": lambda a: save("TIFF", Image.fromarray((a / 255).astype(np.float32))),
    "palette": lambda a: save("GIF", Image.fromarray(255 - a)),
    "two colours": lambda a: save("BMP", Image.fromarray(255 - a).convert("1", dither=0)),
    "CMYK": lambda a: save("TIFF", Image.fromarray(255 - a).convert("CMYK")),
    "PPM": lambda a: save("PPM", Image.fromarray(255 - a).convert("RGB")),
}


@pytest.fixture(scope="module")
def classify() -> Callable[[list[Pixels]], NDArray[np.int64]]:
    """Take the label of the nearest of 10,000 training digits."""
    train = load_mnist().train[:10_000]
    X = train.scaled()  # (10000, 784)
    lengths = (X * X).sum(axis=1)

    def classify(images: list[Pixels]) -> NDArray[np.int64]:
        Z = np.stack(images).reshape(-1, 784) / np.float32(255)
        return train.labels[(lengths - 2 * Z @ X.T).argmin(axis=1)]

    return classify


@pytest.mark.parametrize("kind", KINDS)
def test_twenty_digits_are_still_known(
    kind: str, classify: Callable[[list[Pixels]], NDArray[np.int64]]
) -> None:
    twenty = TEST[:20]
    before = (classify(list(twenty.images)) == twenty.labels).sum()
    images = [read_picture(KINDS[kind](large(digit))) for digit in twenty.images]
    assert (classify(images) == twenty.labels).sum() >= before - 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_200_digits_are_still_known(
    kind: str, classify: Callable[[list[Pixels]], NDArray[np.int64]]
) -> None:
    before = (classify(list(TEST.images)) == TEST.labels).mean()
    images = [read_picture(KINDS[kind](large(digit))) for digit in TEST.images]
    after = (classify(images) == TEST.labels).mean()
    assert before >= 0.92
    assert after >= before - 0.03


def test_an_image_of_mnist_stays_nearly_as_it_is() -> None:
    gaps = [gap(center_digit(digit), digit) for digit in TEST.images]
    assert np.mean(gaps) < 3 and max(gaps) < 15


@given(
    scale=st.integers(3, 9),
    margins=st.tuples(*[st.integers(3, 60)] * 4),
    digit=st.integers(0, 50),
)
def test_place_and_size_do_not_matter(
    scale: int, margins: tuple[int, int, int, int], digit: int
) -> None:
    a = TEST.images[digit]
    top, bottom, left, right = margins
    b = np.pad(np.kron(a, np.ones((scale, scale), np.uint8)), ((top, bottom), (left, right)))
    assert gap(center_digit(b), center_digit(a)) < 15


def test_files_and_images_are_read_alike(path: Path) -> None:
    image = Image.fromarray(255 - large(TEST.images[0]))
    image.save(path)
    expected = read_picture(image)
    np.testing.assert_array_equal(read_picture(path), expected)
    np.testing.assert_array_equal(read_picture(str(path)), expected)
    path.rename(path.with_name("picture"))  # the content tells the format, not the name
    np.testing.assert_array_equal(read_picture(path.with_name("picture")), expected)


def test_an_image_is_not_changed() -> None:
    image = Image.fromarray(255 - large(TEST.images[0])).convert("RGB")
    before = image.tobytes(), image.size, image.mode
    read_picture(image)
    assert (image.tobytes(), image.size, image.mode) == before


def test_a_large_photo_that_is_open_is_not_shrunk(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    Image.new("L", (3200, 2400), 255).save(path)
    seven = Image.fromarray(255 - large(TEST.images[0])).resize((2000, 2000))
    with Image.open(path) as paper:
        paper.paste(seven, (300, 200))
        paper.save(path, quality=95)
    with Image.open(path) as image:
        assert gap(read_picture(image), read_picture(path)) < 10
        assert image.size == (3200, 2400)


# ---------------------------------------------------------------- what is refused


def png(width: int, height: int, data: bytes = b"") -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def encoded(kind: str, image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


WHITE = Image.new("L", (50, 50), 255)
NOISE = np.random.default_rng(0).normal(200, 5, (100, 100)).clip(0, 255).astype(np.uint8)
BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is damaged, or not a picture that can be read"),
    "text": (b"five", "is damaged, or not a picture that can be read"),
    "a program": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "is damaged, or not a picture that can be read"),
    "white": (encoded("PNG", WHITE), "gray shows no ink: it runs from 255 to 255"),
    "noise": (encoded("PNG", Image.fromarray(NOISE)), "gray shows no ink: it runs from"),
    "nearly white": (encoded("PNG", Image.fromarray(bar(ink=250).astype("u1"))), "shows no ink"),
    "one pixel": (encoded("PNG", WHITE.resize((1, 1))), "shows no ink"),
    "one line": (encoded("PNG", WHITE.resize((900, 1))), "shows no ink"),
    "transparent": (encoded("PNG", Image.new("RGBA", (50, 50), (0, 0, 0, 0))), "shows no ink"),
    "too large": (png(9000, 9000), "has more than 33554432 pixels; make it smaller"),
    "far too large": (png(50_000, 50_000), "has more than 33554432 pixels; make it smaller"),
    "absurd": (png(2**31 - 1, 2**31 - 1), "has more than 33554432 pixels; make it smaller"),
    "no data": (png(100, 100), "is damaged, or not a picture that can be read"),
    "other data": (png(100, 100, b"no zlib"), "is damaged, or not a picture that can be read"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files(case: str, path: Path) -> None:
    content, expected = BAD[case]
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=re.escape(expected)) as caught:
            read_picture(path)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()
    assert not complaint(caught.value, path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"])
def test_cut_files(kind: str, path: Path) -> None:
    whole = encoded(kind, Image.fromarray(NOISE))
    for end in range(0, len(whole) * 9 // 10, len(whole) // 20):
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError, match="is damaged, or not a picture") as caught:
            read_picture(path)
        assert not complaint(caught.value, path)


def test_images_that_are_refused() -> None:
    with pytest.raises(ValueError, match="shows no ink"):
        read_picture(WHITE)
    with pytest.raises(ValueError, match="the picture has more than"):
        read_picture(Image.new("1", (9000, 9000)))
    with pytest.raises(ValueError, match=r"its pixels run from -5 to 3\)"):
        read_picture(Image.fromarray(np.array([[-5, 3]], np.float32)))
    with pytest.raises(ValueError, match="its pixels run from nan to nan"):
        read_picture(Image.fromarray(np.array([[np.nan, 3]], np.float32)))


def test_a_long_strip_takes_little_memory(path: Path) -> None:
    strip = np.zeros((1, 3_000_000), np.uint8)
    strip[0, 1_000_000:1_200_000] = 255
    tracemalloc.start()
    try:
        center_digit(strip)
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("gray", "kind", "message"),
    [
        ("digit.png", TypeError, "gray holds"),
        (np.ones((4, 4), complex), TypeError, "gray holds complex128 values"),
        (np.ones(784), ValueError, r"gray has shape (784,); expected (height, width)"),
        (np.ones((4, 28, 28)), ValueError, r"gray has shape (4, 28, 28); expected"),
        (np.full((4, 4), np.nan), ValueError, "gray is nan at index [0, 0]"),
        (np.full((4, 4), 256), ValueError, "gray runs from 256 to 256; expected 0 to 255"),
        (np.full((4, 4), -1), ValueError, "gray runs from -1 to -1; expected 0 to 255"),
        (np.eye(20), ValueError, "gray shows no ink: it runs from 0 to 1"),
        (np.empty((0, 28)), ValueError, "gray is empty"),
    ],
)
def test_arrays_that_are_refused(gray: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=re.escape(message)):
        center_digit(gray)


def test_paths(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="gone"):
        read_picture(tmp_path / "gone")
    with pytest.raises(ValueError, match="not a file"):
        read_picture(tmp_path)
    for wrong in (None, 3, bar()):
        with pytest.raises(TypeError, match="expected a file name, a Path or an image of Pillow"):
            read_picture(wrong)  # type: ignore[arg-type]


def test_without_pillow(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="needs Pillow; install it: pip install pillow"):
        read_picture(path)
    assert center_digit(bar()).max() == 255  # needs none


# ---------------------------------------------------------------- mutants


def originals() -> list[bytes]:
    small = Image.fromarray(bar(24, 20).astype(np.uint8))
    images = [encoded(kind, small) for kind in ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "PPM")]
    file = io.BytesIO()
    turned(255 - bar(24, 20).astype(np.uint8), 6).save(file, "JPEG", exif=b"Exif\0\0" + bytes(20))
    alpha = small.convert("LA")
    return [*images, file.getvalue(), encoded("PNG", small.convert("P")), encoded("PNG", alpha)]


def test_mutated_files(path: Path) -> None:
    good, bad = read_mutants(read_picture, originals(), 500, path)
    assert good > 50 and bad > 50


@pytest.mark.slow
def test_100_000_mutated_files(path: Path) -> None:
    read_mutants(read_picture, originals(), 100_000, path)
