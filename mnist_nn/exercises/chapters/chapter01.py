"""Chapter 1: a file, labels, pixels, and a first baseline."""

import struct

import numpy as np

from ... import functional as F
from ... import metrics
from ..exercise import Exercise, Probe

_rng = np.random.default_rng(1)


# ------------------------------------------------------------ the header of an IDX file


def _header(code, *sizes):
    return bytes([0, 0, code, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes)


def _idx_shape(header):
    return struct.unpack_from(f">{header[3]}I", header, 4)


idx_shape = Exercise(
    name="idx_shape",
    title="What an IDX header says",
    chapter=1,
    level=2,
    minutes=10,
    equation="",
    reference=_idx_shape,
    probes=(
        Probe("513 images of 28 by 28 pixels", (_header(0x08, 513, 28, 28),)),
        Probe("55,000 labels, one dimension", (_header(0x08, 55_000),)),
        Probe("a matrix of floats, 256 by 784", (_header(0x0D, 256, 784),)),
        Probe("four dimensions", (_header(0x0B, 150, 3, 28, 20),)),
        Probe("a size that needs all four bytes", (_header(0x08, 16_909_060, 2),)),
        Probe("12 pixels behind the header", (_header(0x08, 2, 2, 3) + bytes(range(200, 212)),)),
        Probe("8 labels behind the header", (_header(0x08, 8) + bytes([5, 0, 4, 1, 7, 2, 9, 3]),)),
    ),
    hints=(
        "Byte 3 says how many sizes there are. Where does the first one begin, and how many bytes "
        "does each one have?",
        "Size number k (from 0) is in the bytes 4 + 4k to 7 + 4k, the most significant one first. "
        "int.from_bytes or struct.unpack makes a number of four bytes; both want to be told the "
        "order. What comes behind the last size is data.",
        'One line: tuple(int.from_bytes(header[4 + 4 * k : 8 + 4 * k], "big") for k in '
        "range(header[3])).",
    ),
)


@idx_shape.right
def _(header):
    n = header[3]
    return struct.unpack(f">{n}I", header[4 : 4 + 4 * n])


@idx_shape.right
def _(header):
    return [int.from_bytes(header[4 * k : 4 * k + 4], "big") for k in range(1, header[3] + 1)]


@idx_shape.right
def _(header):
    return np.frombuffer(header, ">i4", count=header[3], offset=4)


@idx_shape.right
def _(header):
    sizes = []
    at = 4
    for _ in range(header[3]):
        size = 0
        for byte in header[at : at + 4]:
            size = 256 * size + byte
        sizes.append(size)
        at += 4
    return tuple(sizes)


@idx_shape.right
def _(header):
    words = np.frombuffer(header[: 4 + 4 * header[3]], np.uint8).reshape(-1, 4)
    return tuple((words[1:] @ np.array([1 << 24, 1 << 16, 1 << 8, 1])).tolist())


@idx_shape.wrong()
def least_significant_byte_first(header):
    """The bytes are read in the other order, which is that of your processor. In an IDX file the
    most significant byte comes first: say so, with "big" or with > in the format."""
    return tuple(np.frombuffer(header, "<i4", count=header[3], offset=4).tolist())


@idx_shape.wrong()
def magic_number_included(header):
    """The first number that you return is the magic number: the zeros, the type and the number of
    dimensions, read as if they were a size. The sizes begin at byte 4."""
    n = header[3] + 1
    return struct.unpack(f">{n}I", header[: 4 * n])


@idx_shape.wrong()
def begun_too_early(header):
    """You begin at byte 0, with the magic number, and so the last size is missing. The sizes begin
    at byte 4."""
    return tuple(int.from_bytes(header[4 * k : 4 * k + 4], "big") for k in range(header[3]))


@idx_shape.wrong()
def begun_too_late(header):
    """You begin at byte 8, and so the first size is missing. The magic number has four bytes: the
    sizes begin at byte 4."""
    return tuple(int.from_bytes(header[8 + 4 * k : 12 + 4 * k], "big") for k in range(header[3]))


@idx_shape.wrong()
def steps_of_one_byte(header):
    """From one size to the next you go on by one byte. A size has four of them, so that the next
    one begins four bytes later."""
    return tuple(int.from_bytes(header[4 + k : 8 + k], "big") for k in range(header[3]))


@idx_shape.wrong()
def first_size_only(header):
    """You return the first size alone. That is all for labels; images have three. Byte 3 says how
    many there are. (Is there a return inside a loop?)"""
    sizes = []
    for k in range(header[3]):
        sizes.append(int.from_bytes(header[4 + 4 * k : 8 + 4 * k], "big"))
        return tuple(sizes)


@idx_shape.wrong()
def always_three_sizes(header):
    """You read three sizes from every file. That is right for images; a file of labels has one
    dimension only, and its header ends earlier. Byte 3 says how many there are."""
    return struct.unpack(">3I", header[4:16])


@idx_shape.wrong()
def type_taken_for_dimensions(header):
    """You take byte 2 for the number of dimensions. That is the type of the elements, and 8 stands
    for unsigned bytes. The number of dimensions is the next one, byte 3."""
    return tuple(int.from_bytes(header[4 + 4 * k : 8 + 4 * k], "big") for k in range(header[2]))


@idx_shape.wrong()
def last_byte_only(header):
    """You take one byte of each size, the last. That is enough for 28 and too little for 513: a
    size is made of four bytes."""
    return tuple(header[7 + 4 * k] for k in range(header[3]))


@idx_shape.wrong()
def each_byte_a_size(header):
    """Every byte comes back as a number of its own. Four of them together make one size: each step
    to the left is worth 256 times as much."""
    return tuple(header[4 : 4 + 4 * header[3]])


@idx_shape.wrong()
def bytes_added_up(header):
    """You add the four bytes of a size. They are digits of a number in base 256: the last one
    counts once, the one before it 256 times, and so on."""
    return tuple(sum(header[4 + 4 * k : 8 + 4 * k]) for k in range(header[3]))


@idx_shape.wrong()
def last_size_first(header):
    """The sizes are right, and in the reverse order. They stand in the file in the order of the
    shape: images first, then rows, then columns."""
    return struct.unpack_from(f">{header[3]}I", header, 4)[::-1]


@idx_shape.wrong()
def data_read_as_sizes(header):
    """You read on to the end of what you were given. Behind the header come the pixels or labels
    themselves; byte 3 says after how many sizes to stop."""
    return tuple(int.from_bytes(header[k : k + 4], "big") for k in range(4, len(header), 4))


@idx_shape.wrong()
def a_number_for_one_dimension(header):
    """For labels you return a plain number. One size is still a tuple, or a list, of one: (55000,)
    with a comma. Brackets alone make no tuple."""
    sizes = struct.unpack_from(f">{header[3]}I", header, 4)
    return sizes[0] if len(sizes) == 1 else sizes


# ------------------------------------------------------------ one-hot labels

_DIGITS = np.random.default_rng(11).integers(0, 10, 40).astype(np.uint8)

one_hot = Exercise(
    name="one_hot",
    title="Labels as rows of zeros and a one",
    chapter=1,
    level=1,
    minutes=5,
    equation="eq-one-hot",
    reference=F.one_hot,
    probes=(
        Probe("three labels, four classes", (np.array([2, 0, 3]), 4)),
        Probe("five labels, three classes", (np.array([1, 1, 0, 2, 1]), 3)),
        Probe("all ten digits", (np.array([5, 0, 4, 1, 9, 2, 3, 8, 6, 7]), 10)),
        Probe("a single label", (np.array([1]), 3)),
        Probe("classes that do not occur", (np.array([0, 3, 3, 1]), 6)),
        Probe("labels as bytes, as in the file", (np.array([7, 2, 1, 0, 4], np.uint8), 10)),
        Probe("the same label everywhere", (np.array([2, 2, 2, 2]), 3)),
        Probe("40 labels as bytes, ten classes", (_DIGITS, 10)),
    ),
    hints=(
        "How many rows does the result have, and how many columns? Start with zeros of that shape.",
        "In row m there is one 1, in column y[m]. Columns are counted from 0, so label 0 has the "
        "first. A loop over m will do; then look for a way without one.",
        "Either Y[np.arange(len(y)), y] = 1 on an array of zeros, or the rows y of np.eye(K), or "
        "the comparison y[:, None] == np.arange(K).",
    ),
)


@one_hot.right
def _(y, K):
    return np.eye(K)[y]


@one_hot.right
def _(y, K):
    return [[1 if k == label else 0 for k in range(K)] for label in y]


@one_hot.right
def _(y, K):
    return (y[:, None] == np.arange(K)).astype(np.float32)


@one_hot.right
def _(y, K):
    Y = np.zeros((len(y), K), np.uint8)
    np.put_along_axis(Y, y.astype(int)[:, None], 1, axis=1)
    return Y


@one_hot.wrong()
def columns_counted_from_one(y, K):
    """Label 1 is in the first column, and label 0 has gone to the last: you write into column
    y - 1. Count columns from 0, and column k is class k."""
    Y = np.zeros((len(y), K))
    for m, label in enumerate(y):
        Y[m, int(label) - 1] = 1
    return Y


@one_hot.wrong()
def columns_up_to_the_largest_label(y, K):
    """The number of columns depends on the largest label that happens to be there. A batch without
    a nine would lose the last column. There are K classes, whether they occur or not."""
    return np.eye(int(y.max()) + 1)[y]


@one_hot.wrong()
def always_ten_columns(y, K):
    """There are ten columns, whatever K is."""
    return np.eye(10)[y]


@one_hot.wrong()
def only_classes_that_occur(y, K):
    """There are columns only for the classes that occur in y, so the same digit has another column
    in the next batch. There are K columns, always."""
    classes, position = np.unique(y, return_inverse=True)
    return np.eye(len(classes))[position]


@one_hot.wrong()
def classes_in_rows(y, K):
    """Rows and columns are exchanged: examples are rows, so the shape is (M, K)."""
    return np.eye(K)[:, y]


@one_hot.wrong()
def every_label_in_every_row(y, K):
    """Each row has a 1 for every label of the batch. Y[:, y] means all rows, and the columns y in
    each of them: give a list of rows, too, so that row 0 goes with column y[0] and row 1 with
    column y[1]. (Or is it one and the same list, put into the result again and again?)"""
    Y = np.zeros((len(y), K))
    Y[:, y] = 1
    return Y


@one_hot.wrong()
def labels_not_used(y, K):
    """The ones lie on the diagonal, whatever the labels are. In row m the 1 is in column y[m]."""
    return np.eye(len(y), K)


@one_hot.wrong()
def whole_rows_of_ones(y, K):
    """One index alone means a row: Y[y] = 1 fills the rows whose numbers are in y. Row m needs a 1
    in one place, and that takes two indices, m and y[m]."""
    Y = np.zeros((len(y), K))
    Y[y] = 1
    return Y


@one_hot.wrong()
def labels_lined_up_with_classes(y, K):
    """You compare label 0 with class 0, label 1 with class 1, and so on, and the shapes (M,) and
    (K,) do not fit. Each label is to be compared with all classes: make y a column, of shape (M,
    1)."""
    return (np.arange(K) == y).astype(float)


@one_hot.wrong()
def label_instead_of_one(y, K):
    """The right place, but you wrote the label into it. A label is a name and not an amount: each
    row holds a 1, and the place tells the class."""
    Y = np.zeros((len(y), K))
    Y[np.arange(len(y)), y] = y
    return Y


@one_hot.wrong()
def zeros_and_ones_exchanged(y, K):
    """There is a 0 at the class and a 1 everywhere else: the other way round."""
    return 1 - np.eye(K)[y]


@one_hot.wrong()
def one_row_for_all(y, K):
    """The result has one row for the whole batch, and it says only which labels occur. Each example
    has a row of its own: start with zeros of shape (M, K)."""
    row = np.zeros(K)
    row[y] = 1
    return row


@one_hot.wrong()
def first_row_only(y, K):
    """Only the first row has a 1. Is the return inside the loop? Then the function ends after the
    first label."""
    Y = np.zeros((len(y), K))
    for m, label in enumerate(y):
        Y[m, label] = 1
        return Y


@one_hot.wrong()
def last_row_only(y, K):
    """Only the last row has a 1. Are the zeros made inside the loop? Then each label wipes out the
    ones before it."""
    for m, label in enumerate(y):
        Y = np.zeros((len(y), K))
        Y[m, label] = 1
    return Y


@one_hot.wrong()
def positions_that_do_not_fit_into_a_byte(y, K):
    """You number the places of the whole matrix and add a label to m K. A label may be a byte, and
    a sum with a byte is a byte: beyond 255 it wraps around, or Python complains. Use two indices, m
    and y[m], or int(y[m])."""
    Y = np.zeros((len(y), K))
    for m in range(len(y)):
        Y.flat[m * K + y[m]] = 1
    return Y


# ------------------------------------------------------------ scaled pixels


def _scale_pixels(images, low, high):
    return low + (high - low) * (images / 255.0)


_STEPS = np.array([[[0, 51, 102], [153, 204, 255]]], np.uint8)
_IMAGES = _rng.integers(0, 256, (2, 4, 3)).astype(np.uint8)
_WHOLE = np.array([[[0, 1, 127], [128, 200, 255]]], np.uint8)
_PALE = _rng.integers(20, 180, (2, 3, 3)).astype(np.uint8)
_THREE = _rng.integers(0, 256, (3, 5, 4)).astype(np.uint8)
_ROWS = _rng.integers(0, 256, (4, 6)).astype(np.uint8)
_FAINT = np.array([[[0, 1, 0, 1], [1, 1, 0, 0]]], np.uint8)

scale_pixels = Exercise(
    name="scale_pixels",
    title="Pixels on another scale",
    chapter=1,
    level=1,
    minutes=10,
    equation="eq-scale-pixels",
    reference=_scale_pixels,
    probes=(
        Probe("one image of 2 by 3 pixels, to [0, 1]", (_STEPS, 0.0, 1.0)),
        Probe("two images, to [0.01, 1]", (_IMAGES, 0.01, 1.0)),
        Probe("to [-1, 1], given as whole numbers", (_WHOLE, -1, 1)),
        Probe("pale images, without black and without white", (_PALE, 0.0, 1.0)),
        Probe("an empty sheet", (np.zeros((1, 2, 2), np.uint8), 0.01, 1.0)),
        Probe("to [-0.42, 2.82], as standardised pixels", (_THREE, -0.42, 2.82)),
        Probe("images as rows", (_ROWS, 0.0, 1.0)),
        Probe("a faint image, with no pixel above 1", (_FAINT, 0.0, 1.0)),
    ),
    hints=(
        "What becomes of pixel 0, and what of pixel 255? In between it is a straight line.",
        "Bring the pixels to [0, 1] first, as floats, by 255. Then stretch by high - low, and move "
        "by low. Mind the order: a byte times a whole number is a byte again.",
        "images / 255 is between 0 and 1, and float. The rest is low + (high - low) times that.",
    ),
)


@scale_pixels.right
def _(images, low, high):
    x = images.astype(np.float32) / 255
    return low * (1 - x) + high * x


@scale_pixels.right
def _(images, low, high):
    table = np.linspace(low, high, 256)
    return table[images]


@scale_pixels.right
def _(images, low, high):
    result = np.empty(images.shape)
    for at, pixel in np.ndenumerate(images):
        result[at] = low + (high - low) * int(pixel) / 255
    return result


@scale_pixels.right
def _(images, low, high):
    return np.interp(images, [0, 255], [low, high])


@scale_pixels.right
def _(images, low, high):
    return (images / (255 / (high - low)) + low).tolist()


@scale_pixels.wrong()
def divided_by_256(images, low, high):
    """Full ink does not quite become high: you divide by 256. There are 256 values, but the largest
    is 255."""
    return low + (high - low) * (images / 256.0)


@scale_pixels.wrong()
def stretched_by_high(images, low, high):
    """Paper becomes low, but full ink becomes low + high: it is above the scale. From low to high
    it is only high - low."""
    return low + high * (images / 255.0)


@scale_pixels.wrong()
def low_not_added(images, low, high):
    """Paper becomes 0, and not low. The width of the scale is right; now move it."""
    return (high - low) * (images / 255.0)


@scale_pixels.wrong()
def all_divided_by_255(images, low, high):
    """You divide low by 255, too. Only the pixel is divided: mind the brackets."""
    return (low + (high - low) * images.astype(float)) / 255


@scale_pixels.wrong()
def low_and_high_not_used(images, low, high):
    """You scale to [0, 1] whatever low and high are."""
    return images / 255.0


@scale_pixels.wrong()
def not_divided(images, low, high):
    """The pixels are not divided by 255, so the numbers are far too large."""
    return low + (high - low) * images.astype(float)


@scale_pixels.wrong()
def by_their_own_mean(images, low, high):
    """You subtract the mean of these pixels and divide by their standard deviation. Then the same
    pixel becomes another number in each batch. low and high are given: use those."""
    return (images - images.mean()) / images.std()


@scale_pixels.wrong()
def by_the_largest_pixel(images, low, high):
    """You divide by the largest pixel that happens to be there. A pale image then comes out as dark
    as a black one, and an empty one as nan. The scale is fixed: it ends at 255."""
    return low + (high - low) * (images / images.max())


@scale_pixels.wrong()
def from_smallest_to_largest(images, low, high):
    """You stretch from the smallest pixel that happens to be there to the largest. The scale is
    fixed: paper is 0 and ink is 255, in every image alike."""
    x = images.astype(float)
    return low + (high - low) * (x - x.min()) / (x.max() - x.min())


@scale_pixels.wrong()
def floor_division(images, low, high):
    """// throws away what comes after the point, so every pixel below 255 becomes 0. Divide with
    /."""
    return low + (high - low) * (images // 255).astype(float)


@scale_pixels.wrong()
def multiplied_as_bytes(images, low, high):
    """It works for floats, and wraps around for whole numbers: 2 * 200 in bytes is 144, without a
    word. The product comes first in your formula, and a byte times a whole number is a byte. Make
    floats of the pixels before anything else."""
    return low + (high - low) * images / 255


@scale_pixels.wrong()
def kept_as_bytes(images, low, high):
    """The result is written into bytes again, which hold whole numbers from 0 to 255 and nothing
    between. It needs a float type: np.empty_like and astype(images.dtype) keep bytes."""
    return (low + (high - low) * (images / 255.0)).astype(images.dtype)


@scale_pixels.wrong()
def light_and_dark_exchanged(images, low, high):
    """Paper became high and ink low. Here 0 is paper, and it becomes low."""
    return high - (high - low) * (images / 255.0)


@scale_pixels.wrong()
def divided_in_place(images, low, high):
    """images /= 255 would have to write floats into an array of bytes, and NumPy refuses. It is as
    well: the images belong to the caller. Make a new array, x = images / 255."""
    images /= 255
    return low + (high - low) * images


@scale_pixels.wrong()
def only_if_it_looks_like_bytes(images, low, high):
    """You ask for the largest pixel, to see whether the image is scaled already. A faint image then
    stays as it is, and becomes 255 times too dark. Bytes are always on the scale to 255."""
    x = images / 255 if images.max() > 1 else images
    return low + (high - low) * x


# ------------------------------------------------------------ accuracy

_MANY = np.random.default_rng(12).integers(0, 10, 600).astype(np.uint8)
_GUESSED = np.where(np.arange(600) % 10 < 7, _MANY, _MANY[::-1])

accuracy = Exercise(
    name="accuracy",
    title="The share of right answers",
    chapter=1,
    level=1,
    minutes=5,
    equation="eq-accuracy",
    reference=metrics.accuracy,
    probes=(
        Probe("four images, one error", (np.array([7, 2, 1, 0]), np.array([7, 2, 1, 6]))),
        Probe("all right", (np.array([3, 0, 5, 8, 1]), np.array([3, 0, 5, 8, 1]))),
        Probe("all wrong", (np.array([3, 0, 5]), np.array([5, 8, 3]))),
        Probe("a single zero, and right", (np.array([0]), np.array([0]))),
        Probe(
            "one class much more common than the others",
            (np.array([1, 1, 1, 1, 1, 1, 0, 2]), np.array([1, 1, 1, 1, 1, 0, 1, 1])),
        ),
        Probe(
            "labels as bytes",
            (np.array([9, 4, 4, 0, 7, 9], np.uint8), np.array([4, 9, 4, 0, 7, 7])),
        ),
        Probe(
            "the right labels in another order",
            (np.array([1, 2, 3, 4, 5, 6, 7]), np.array([7, 1, 2, 3, 4, 5, 6])),
        ),
        Probe("six hundred images, labels as bytes", (_MANY, _GUESSED)),
    ),
    hints=(
        "Compare the two arrays entry by entry. What does y == y_hat give?",
        "An array of True and False. Count the True ones, and divide by the number of images.",
        "True counts as 1, so the mean of y == y_hat is the share.",
    ),
)


@accuracy.right
def _(y, y_hat):
    return np.mean(y == y_hat)


@accuracy.right
def _(y, y_hat):
    right = 0
    for truth, answer in zip(y, y_hat):
        if truth == answer:
            right += 1
    return right / len(y)


@accuracy.right
def _(y, y_hat):
    return np.float32(1) - np.count_nonzero(y != y_hat) / np.float32(len(y))


@accuracy.right
def _(y, y_hat):
    K = int(max(y.max(), y_hat.max())) + 1
    return np.einsum("mk,mk->", np.eye(K)[y], np.eye(K)[y_hat]) / y.size


@accuracy.wrong()
def the_error(y, y_hat):
    """That is the share of wrong answers, the error. The accuracy is 1 minus it."""
    return float(np.mean(y != y_hat))


@accuracy.wrong()
def a_count(y, y_hat):
    """That is the number of right answers. Divide by the number of images."""
    return int(np.sum(y == y_hat))


@accuracy.wrong()
def in_percent(y, y_hat):
    """That is the accuracy in percent. The equation gives a number from 0 to 1."""
    return 100 * float(np.mean(y == y_hat))


@accuracy.wrong()
def all_or_nothing(y, y_hat):
    """You get 1 if all answers are right, and 0 otherwise. Do you ask whether the arrays are equal
    as a whole, or divide with //? You want the share of entries that agree."""
    return int(np.sum(y == y_hat)) // len(y)


@accuracy.wrong()
def not_averaged(y, y_hat):
    """That says for each image whether it was right, M times True or False. The accuracy is the
    mean of that."""
    return y == y_hat


@accuracy.wrong()
def first_image_only(y, y_hat):
    """Only the first image is counted. Is the return inside the loop?"""
    right = 0
    for truth, answer in zip(y, y_hat):
        if truth == answer:
            right += 1
        return right / len(y)


@accuracy.wrong()
def label_found_anywhere(y, y_hat):
    """You ask whether a label occurs anywhere among the answers. Image m is right if y[m] equals
    y_hat[m], in the same place."""
    return sum(label in y_hat for label in y) / len(y)


@accuracy.wrong()
def order_not_looked_at(y, y_hat):
    """You compare which labels occur, and not where. Image m is right if y[m] equals y_hat[m]:
    do not sort, and do not compare counts."""
    return float(np.mean(np.sort(y) == np.sort(y_hat)))


@accuracy.wrong()
def mean_over_the_classes(y, y_hat):
    """That is the mean of the accuracies of the classes. There a rare class counts as much as a
    common one. In the equation each image counts the same."""
    return float(np.mean([np.mean(y_hat[y == k] == k) for k in np.unique(y)]))


@accuracy.wrong()
def right_zeros_lost(y, y_hat):
    """Images of a zero that are answered rightly are not counted. Label 0 is a label like any
    other, but counts as False: do you multiply labels, or ask whether one is there?"""
    return np.count_nonzero(y * (y == y_hat)) / len(y)


@accuracy.wrong()
def divided_by_the_classes(y, y_hat):
    """You divide by ten, the number of classes. A mean over images is divided by their number."""
    return int(np.sum(y == y_hat)) / 10


@accuracy.wrong()
def labels_as_amounts(y, y_hat):
    """You measure how far the labels are apart. A label is a name: a 1 taken for a 7 is one error,
    just as a 1 taken for a 2."""
    return 1 - float(np.mean(np.abs(y.astype(int) - y_hat.astype(int))))


@accuracy.wrong()
def count_kept_in_a_byte(y, y_hat):
    """You count in bytes, which end at 255: with more right answers the count begins at 0 again.
    Leave y == y_hat as True and False; np.sum and np.mean count those in large numbers."""
    return float(np.sum(y == y_hat, dtype=np.uint8)) / len(y)


# ------------------------------------------------------------ the nearest mean


def _nearest_mean(X, means):
    return ((X[:, None, :] - means) ** 2).sum(axis=2).argmin(axis=1)


_POINTS = np.array([[1.0, 1.0], [5.0, 4.0], [0.0, 6.0], [4.0, 5.0]])
_CORNERS = np.array([[0.0, 0.0], [6.0, 6.0], [1.0, 7.0]])
_FOUR = _rng.normal(size=(4, 5))
_NEAR_FOUR = _FOUR[[2, 0, 3, 3, 1, 2, 1]] + 0.3 * _rng.normal(size=(7, 5))
_TWO = np.float32([[0, 0, 1, 1, 0, 0, 0, 1], [1, 0, 0, 1, 1, 1, 0, 0]])
_NEAR_TWO = (_TWO[[1, 0, 0, 1, 0]] + 0.2 * _rng.normal(size=(5, 8))).astype(np.float32)
_SIX = _rng.normal(size=(6, 5))
_BETWEEN = 0.8 * _rng.normal(size=(60, 5))
_TWO_NEAREST = np.sort(np.linalg.norm(_BETWEEN[:, None] - _SIX, axis=2))[:, :2]
_BETWEEN = _BETWEEN[_TWO_NEAREST[:, 0] < 0.97 * _TWO_NEAREST[:, 1]]  # no tie, in float32 either
_SIGNS = np.array([[3.0, -3.0, 0.0], [-4.0, 1.0, 2.0], [1.0, 1.0, -1.0]])
_FAR_OFF = np.array([[0.0, 0.0, 0.0], [-3.0, 1.0, 1.0], [2.0, -3.0, 1.0], [0.0, 2.0, -3.0]])

nearest_mean = Exercise(
    name="nearest_mean",
    title="The nearest of K means",
    chapter=1,
    level=2,
    minutes=15,
    equation="",
    reference=_nearest_mean,
    probes=(
        Probe("four points, three means", (_POINTS, _CORNERS)),
        Probe("seven rows of five numbers, four means", (_NEAR_FOUR, _FOUR)),
        Probe("a single row", (np.array([[2.0, -1.0, 0.0]]), _SIGNS)),
        Probe("float32, two means", (_NEAR_TWO, _TWO)),
        Probe("all far from zero", (_NEAR_FOUR[:5] + 20, _FOUR + 20)),
        Probe("one mean only", (np.array([[1.0, 2.0], [0.0, 0.0], [5.0, 1.0]]), _CORNERS[:1])),
        Probe("the means themselves, in another order", (_SIGNS[[1, 2, 0]], _SIGNS)),
        Probe(
            "one large difference against several small ones",
            (
                np.array([[0.0, 0, 0, 0], [1.0, 0.8, -0.8, 0.8]]),
                np.array([[3.0, 0, 0, 0], [1.0, -1, 1, -1]]),
            ),
        ),
        Probe("rows that lie between six means", (_BETWEEN, _SIX)),
        Probe("large numbers, far from every mean", (1e6 * _FAR_OFF, 1e6 * _SIGNS)),
        Probe("very small numbers", (1e-5 * _FAR_OFF, 1e-5 * _SIGNS)),
    ),
    hints=(
        "For one row x: compute its distance to each of the K means. Which of the K is smallest?",
        "The squared distance is the sum of the squared differences along the pixels. Bring all of "
        "them into an array of shape (M, K), and take argmin along the classes.",
        "With X[:, None, :] - means, of shape (M, K, n): square, sum over axis 2, argmin over axis "
        "1. Or two loops, over the rows and over the means; or a loop over the means alone.",
    ),
)


@nearest_mean.right
def _(X, means):
    labels = []
    for x in X:
        distances = [np.linalg.norm(x - mu) for mu in means]
        labels.append(distances.index(min(distances)))
    return labels


@nearest_mean.right
def _(X, means):
    D = (X**2).sum(axis=1)[:, None] - 2 * X @ means.T + (means**2).sum(axis=1)
    return D.argmin(axis=1)


@nearest_mean.right
def _(X, means):
    scores = X @ means.T - 0.5 * np.einsum("kn,kn->k", means, means)
    return scores.argmax(axis=1)


@nearest_mean.right
def _(X, means):
    D = np.empty((len(means), len(X)), np.float32)
    for k, mu in enumerate(means):
        D[k] = ((X - mu) ** 2).sum(axis=1)
    return np.argsort(D, axis=0)[0]


@nearest_mean.wrong()
def largest_product(X, means):
    """You take the mean with the largest product x · μ. It favours means with much ink. In the
    squared distance there is also the squared length of μ: expand it and see which terms depend on
    k."""
    return (X @ means.T).argmax(axis=1)


@nearest_mean.wrong()
def the_whole_squared_length(X, means):
    """You compare x · μ with the whole squared length of μ. Expand the distance: the product has
    the factor 2 there, and the squared length has the factor 1."""
    return (X @ means.T - (means**2).sum(axis=1)).argmax(axis=1)


@nearest_mean.wrong()
def differences_not_squared(X, means):
    """You add up differences with their signs, so that large positive and large negative ones
    cancel. Square them before you add."""
    return (X[:, None, :] - means).sum(axis=2).argmin(axis=1)


@nearest_mean.wrong()
def ink_only(X, means):
    """You compare the sum (or the mean) of the pixels, one number for each image. That is the
    baseline before this one. Take the difference pixel by pixel, square it, and only then add."""
    return np.abs(X.sum(axis=1)[:, None] - means.sum(axis=1)).argmin(axis=1)


@nearest_mean.wrong()
def absolute_differences(X, means):
    """You add up absolute differences. That is another distance, as one walks in a town with square
    blocks. Here the differences are squared, so that one large one counts more than several small
    ones."""
    return np.abs(X[:, None, :] - means).sum(axis=2).argmin(axis=1)


@nearest_mean.wrong()
def the_farthest(X, means):
    """You answer with the mean that is farthest away: the largest distance instead of the
    smallest."""
    return ((X[:, None, :] - means) ** 2).sum(axis=2).argmax(axis=1)


@nearest_mean.wrong()
def a_row_for_each_mean(X, means):
    """You have found for each mean the nearest row, K numbers. The question is the other way round:
    for each row the nearest mean. Take argmin along the other axis."""
    return ((X[:, None, :] - means) ** 2).sum(axis=2).argmin(axis=0)


@nearest_mean.wrong()
def one_answer_for_all(X, means):
    """You get a single number: argmin without an axis looks at the whole array. Each row needs its
    own, so say along which axis."""
    return ((X[:, None, :] - means) ** 2).sum(axis=2).argmin()


@nearest_mean.wrong()
def rows_lined_up_with_means(X, means):
    """X - means takes mean 0 from row 0, mean 1 from row 1, and so on, and the shapes (M, n) and
    (K, n) do not fit. Each row is to be compared with all means: give X an axis in the middle,
    X[:, None, :] of shape (M, 1, n)."""
    return ((X - means) ** 2).sum(axis=1).argmin()


@nearest_mean.wrong()
def position_in_a_table(X, means):
    """For each row you look for the smallest entry in a table of shape (K, n), single squares. Add
    them up along the pixels first: then K distances are left."""
    labels = []
    for x in X:
        labels.append(((x - means) ** 2).argmin())
    return labels


@nearest_mean.wrong()
def all_the_distances(X, means):
    """These are the distances of all rows to all means. Which of them is the smallest in each row?
    Take argmin along the classes."""
    return ((X[:, None, :] - means) ** 2).sum(axis=2)


@nearest_mean.wrong()
def distances_returned(X, means):
    """These are the smallest distances. Asked is which mean it was: argmin and not min."""
    return ((X[:, None, :] - means) ** 2).sum(axis=2).min(axis=1)


@nearest_mean.wrong()
def classes_counted_from_one(X, means):
    """All labels are too large by 1. Classes are counted from 0: row 0 of means belongs to label
    0."""
    return ((X[:, None, :] - means) ** 2).sum(axis=2).argmin(axis=1) + 1


@nearest_mean.wrong()
def the_mean_itself(X, means):
    """You return the nearest mean, a row of numbers for each example. Asked is its label."""
    return means[((X[:, None, :] - means) ** 2).sum(axis=2).argmin(axis=1)]


@nearest_mean.wrong()
def begun_with_a_number_that_is_not_large(X, means):
    """Your loop begins with a number as the smallest distance so far. If all means are farther away
    than that, none is ever chosen, and the label of the beginning stays. Begin with np.inf, or with
    the distance to the first mean."""
    labels = np.zeros(len(X), int)
    for m, x in enumerate(X):
        smallest = 1000.0
        for k, mu in enumerate(means):
            distance = ((x - mu) ** 2).sum()
            if distance < smallest:
                smallest, labels[m] = distance, k
    return labels


EXERCISES = (idx_shape, one_hot, scale_pixels, accuracy, nearest_mean)
