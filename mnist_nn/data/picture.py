"""Pictures of one's own digits, made to look like those of MNIST.

The makers of MNIST scaled each digit to fit a box of 20 x 20 pixels without changing its
proportions, smoothed by anti-aliasing, and put its centre of mass in the middle of 28 x 28 pixels
(LeCun, Bottou, Bengio and Haffner, 1998). Here the same is done to a photograph or a drawing,
after its background is found and taken away.
"""

import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import finite_array
from ..files import StrPath, opened
from .digits import HEIGHT, WIDTH

if TYPE_CHECKING:
    from PIL.Image import Image

_BOX = 20  # pixels: the digit without its margin
_MIDDLE = 14  # where MNIST has the centre of mass: between pixels 13.5 and 14.5 in every image
_WORKING = 200  # pixels: larger pictures are shrunk to this first
_MOST = 1 << 25  # pixels of a picture, which then takes 300 MB at most
_MOST_JPEG = 1 << 26  # these can be shrunk while they are read; good cameras have fewer
_FAINTEST = 16  # levels of 255 by which ink differs from paper, at least
# Others can start programs (EPS), or are rare in what people have.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")


def read_picture(picture: "StrPath | Image") -> NDArray[np.uint8]:
    """Read the picture of one digit and make it like an image of MNIST.

    The digit may be drawn or photographed, dark on light or light on dark, in grey or colour, on a
    transparent ground, in any size and anywhere in the picture; a camera's note on how it was held
    is obeyed. Nothing else should be in the picture. Thick strokes, an eighth of the height of the
    digit, are most like those of MNIST. :func:`center_digit` tells the steps.

    Parameters
    ----------
    picture
        A file (PNG, JPEG, GIF, BMP, TIFF, WebP or PPM), or an image of Pillow.

    Returns
    -------
    image
        Pixels from 0 (paper) to 255 (ink), uint8, shape (28, 28).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not an undamaged picture, is too large (more than 33 million pixels, a JPEG file
        67 million), or shows no ink.
    TypeError
        If `picture` is neither a path nor an image.
    ImportError
        If Pillow, which comes with Matplotlib, is not installed.

    Examples
    --------
    >>> from PIL import Image, ImageDraw
    >>> paper = Image.new("RGB", (300, 200), "white")
    >>> ImageDraw.Draw(paper).line([(90, 40), (80, 150)], "navy", width=12)
    >>> one = read_picture(paper)
    >>> one.shape, int(one.argmax()) % 28 in (13, 14, 15)
    ((28, 28), True)
    """
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("read_picture needs Pillow; install it: pip install pillow") from None
    if isinstance(picture, Image.Image):
        return center_digit(_gray(picture, "the picture", False))
    if not isinstance(picture, str | os.PathLike):
        raise TypeError(
            f"read_picture: picture has type {type(picture).__name__}; "
            "expected a file name, a Path or an image of Pillow"
        )
    with opened(picture) as file:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow's: its limit is ours, or it goes on
                image = Image.open(file, formats=_FORMATS)
        except Image.DecompressionBombError:
            raise ValueError(_too_large(f"{picture}", _MOST)) from None
        except Exception as error:  # of any kind: its readers promise nothing
            raise _damaged(f"{picture}", error) from None
        gray = _gray(image, f"{picture}", True)
    try:
        return center_digit(gray)
    except ValueError as error:
        raise ValueError(f"{picture}: {str(error).removeprefix('center_digit: ')}") from None


def center_digit(gray: ArrayLike) -> NDArray[np.uint8]:
    """Make the grey picture of one digit like an image of MNIST.

    The steps: find the background, which may grow lighter or darker across the picture, and take
    it away; turn the ink light; crop to it; scale to fit 20 x 20 pixels, keeping proportions, each
    new pixel the mean of what it covers; put the centre of mass in the middle of 28 x 28, as
    :cite:t:`lecun1998` did.

    Parameters
    ----------
    gray
        Brightness from 0 to 255, shape (height, width), dark on light or light on dark.

    Returns
    -------
    image
        Pixels from 0 (paper) to 255 (ink), uint8, shape (28, 28).

    Raises
    ------
    TypeError
        If `gray` does not hold real numbers.
    ValueError
        If it has another shape, numbers out of range, or shows no ink.

    Examples
    --------
    >>> paper = np.full((50, 40), 255)
    >>> paper[10:40, 10:14] = 0
    >>> one = center_digit(paper)
    >>> np.flatnonzero(one.any(axis=1)).size, np.flatnonzero(one.any(axis=0))
    (20, array([13, 14, 15]))
    """
    gray = finite_array("center_digit: gray", gray)
    if gray.ndim != 2:
        raise ValueError(
            f"center_digit: gray has shape {gray.shape}; expected (height, width) of one picture"
        )
    if gray.min() < 0 or gray.max() > 255:
        raise ValueError(
            f"center_digit: gray runs from {gray.min():g} to {gray.max():g}; expected 0 to 255"
        )
    ink = _ink(_shrunk(gray))  # (h, w), 0 to 1
    ink = _cropped(ink)
    height, width = ink.shape
    scale = _BOX / max(height, width)
    height, width = (max(1, round(n * scale)) for n in (height, width))
    small = _averages(height, ink.shape[0]) @ ink @ _averages(width, ink.shape[1]).T
    small *= 255 / small.max()
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    top, left = _place(small.sum(axis=1), HEIGHT), _place(small.sum(axis=0), WIDTH)
    image[top : top + height, left : left + width] = np.rint(small)
    return image


def _gray(image: "Image", name: str, ours: bool) -> NDArray[Any]:
    """Return the brightness of an image, 0 to 255, shape (height, width).

    One that is `ours`, opened here and used for nothing else, may be shrunk as it is read.
    """
    from PIL import ImageOps

    most = _MOST_JPEG if ours and image.format in ("JPEG", "MPO") else _MOST
    if image.width * image.height > most:
        raise ValueError(_too_large(name, most))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if ours:  # a large JPEG is shrunk as it is read
                image.draft(None, (2 * _WORKING, 2 * _WORKING))
            image = ImageOps.exif_transpose(image)
            if image.mode.startswith(("I", "F")):  # 16 bits or more
                return _from_0_to_255(np.asarray(image))
            image = image.convert("RGBA")
            image = image.reduce(_factor(image.size)).convert("LA")
    except Exception as error:  # of any kind: its readers promise nothing
        raise _damaged(name, error) from None
    pixels = np.asarray(image, dtype=np.float64)  # (h, w, 2)
    gray, opacity = pixels[:, :, 0], pixels[:, :, 1] / 255
    if opacity.min() == 1:
        return gray
    # What lies behind is not known. If most is transparent, the rest is ink: take the contrary.
    # Else the transparent part is a margin: take what is usual in the rest.
    if opacity.mean() < 0.5:
        behind = 0.0 if np.average(gray, weights=opacity + 1e-9) > 127 else 255.0
    else:
        behind = float(np.median(gray[opacity > 0.5]))
    return behind + (gray - behind) * opacity


def _from_0_to_255(gray: NDArray[Any]) -> NDArray[Any]:
    """Scale brightness of more than 8 bits, whose range Pillow does not tell."""
    gray = _shrunk(gray)
    low, high = gray.min(), gray.max()
    most = next((limit for limit in (1, 255, 65535) if 0 <= low <= high <= limit), None)
    if most is None:
        raise ValueError(f"its pixels run from {low:g} to {high:g}")
    return gray * (255 / most)


def _factor(size: tuple[int, ...]) -> int:
    """Return by how much to shrink a picture so that its longer side becomes short enough."""
    return -(-max(size) // _WORKING)  # rounded up


def _shrunk(gray: NDArray[Any]) -> NDArray[np.float64]:
    """Replace blocks of k x k pixels by their mean."""
    k = _factor(gray.shape)
    rows, columns = (min(k, n) for n in gray.shape)  # in a block: a line has fewer than k rows
    h, w = gray.shape[0] // rows, gray.shape[1] // columns
    blocks = gray[: h * rows, : w * columns].reshape(h, rows, w, columns)
    return blocks.mean(axis=(1, 3), dtype=np.float64)  # (height, width) → (h, w)


def _ink(gray: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much ink each pixel holds, from 0 to 1."""
    difference, noise = _without_background(gray)
    # Ink is the rarer part and lies farther off: cubes tell on which side.
    if (difference**3).sum() < 0:
        difference = -difference
    full = np.median(difference[difference >= difference.max() / 2])
    if not full >= max(_FAINTEST, 6 * noise):
        raise ValueError(
            f"center_digit: gray shows no ink: it runs from {gray.min():.0f} to {gray.max():.0f}; "
            "expected a digit that differs clearly from its ground"
        )
    least = max(0.1 * full, min(3 * noise, 0.4 * full))
    return np.clip((difference - least) / (full - least), 0, 1)


def _without_background(gray: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return the difference from the background, and how much the background varies by itself."""
    h, w = gray.shape
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]  # (h, w) each
    surface = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)  # (h, w, 6)
    edge = np.ones((h, w), bool)
    margin = max(1, min(h, w) // 20)
    edge[margin:-margin, margin:-margin] = False
    values, terms = gray[edge], surface[edge]
    # Fit to the margin, then leave out what lies far off: strokes that reach it.
    residual = values - np.median(values)
    for _ in range(5):
        near = abs(residual) <= max(1.0, 3 * np.median(abs(residual)))
        c = np.linalg.lstsq(terms[near], values[near], rcond=None)[0]  # (6,)
        residual = values - terms @ c
    # 1.48 times the median of distances is the standard deviation of normal noise.
    return gray - surface @ c, 1.48 * float(np.median(abs(residual)))


def _cropped(ink: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cut away the rows and columns around the ink; a speck of dust is no ink."""
    bounds = []
    for axis in (1, 0):
        share = np.cumsum((ink**2).sum(axis=axis))  # squares: what is faint may be noise
        share /= share[-1]
        first, last = np.searchsorted(share, [0.001, 0.999])
        bounds.append(slice(first, last + 1))
    return ink[tuple(bounds)]


def _averages(new: int, old: int) -> NDArray[np.float64]:
    """Return the matrix, shape (new, old), that makes each new value the mean of what it covers."""
    edges = np.arange(new + 1) * old / new
    pixel = np.arange(old)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    return np.maximum(overlap, 0) * new / old


def _place(ink: NDArray[np.float64], size: int) -> int:
    """Return where rows (or columns) with so much ink start, for the centre in the middle."""
    centre = np.average(np.arange(len(ink)), weights=ink)
    return int(np.clip(round(_MIDDLE - centre), 0, size - len(ink)))


def _too_large(name: str, most: int) -> str:
    return f"{name} has more than {most} pixels; make it smaller, or cut out the digit"


def _damaged(name: str, error: Exception) -> ValueError:
    reason = " ".join(str(error).split())[:100] or type(error).__name__
    return ValueError(
        f"{name} is damaged, or not a picture that can be read ({reason}); "
        "save it as PNG or JPEG and give that"
    )
