"""Scaling: a straight line from bytes to numbers, exact at both ends."""

import copy
import math
import pickle
import re
import tracemalloc
from dataclasses import FrozenInstanceError
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mnist_nn import load_mnist
from mnist_nn.data import UNIT, Scaling

FLOATS = [np.float32, np.float64]
BYTES = np.arange(256, dtype=np.uint8)
# The common choices, and some where low + (high - low) x would miss an end.
LINES = [(0, 1), (0.01, 1), (-1, 1), (0.1, 0.7), (1 / 3, 1), (-0.3, -0.1), (0, 1000), (-1000, 1000)]
LINES += [(-1e-9, 1), (1e-30, 1), (0.999, 1), (-0.42407389439156606, 2.8215433456893355)]


@pytest.mark.equation("eq-scale-pixels")
@pytest.mark.parametrize(("low", "high"), LINES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_scaling_is_the_formula(dtype, low, high):
    X = Scaling(low, high)(BYTES, dtype)
    assert X.dtype == dtype
    exact = [
        Fraction(low) + (Fraction(high) - Fraction(low)) * Fraction(pixel, 255)
        for pixel in range(256)
    ]
    tolerance = 2 * Fraction(float(np.finfo(dtype).eps)) * Fraction(max(abs(low), abs(high)))
    for x, expected in zip(X.tolist(), exact, strict=True):
        assert abs(Fraction(x) - expected) <= tolerance


@given(low=st.floats(-1000, 1000), high=st.floats(-1000, 1000), dtype=st.sampled_from(FLOATS))
@example(low=0.0, high=1.0, dtype=np.float32)
@example(low=0.1, high=0.7, dtype=np.float64)  # 0.1 + (0.7 - 0.1) is not 0.7
def test_both_ends_are_exact_and_the_order_is_kept(low, high, dtype):
    if not np.float32(low) < np.float32(high):
        with pytest.raises(ValueError, match="expected low below high"):
            Scaling(low, high)
        return
    x = Scaling(low, high)(BYTES, dtype)
    assert x[0] == dtype(low)
    assert x[255] == dtype(high)
    eps = 2 * np.finfo(dtype).eps * max(abs(low), abs(high))
    assert x.min() >= x[0] - eps
    assert x.max() <= x[255] + eps
    assert (np.diff(x) >= -2 * eps).all()


@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (2, 28, 28), (0, 784)], ids=str)
def test_any_shape_will_do(shape):
    pixels = np.full(shape, 255, np.uint8)
    np.testing.assert_array_equal(Scaling(-1, 2)(pixels), np.full(shape, 2, np.float32))


@pytest.mark.parametrize("scaling", [UNIT, Scaling(0.01, 1)], ids=str)
@pytest.mark.parametrize("dtype", FLOATS)
def test_out_takes_the_result_and_the_pixels_are_not_changed(scaling, dtype):
    pixels = BYTES.copy()
    out = np.full(256, np.nan, dtype)
    assert scaling(pixels, dtype, out) is out
    np.testing.assert_array_equal(out, scaling(pixels, dtype), strict=True)
    np.testing.assert_array_equal(pixels, BYTES)


@pytest.mark.parametrize(
    "low", [np.float32(0.25), np.float64(0.25), Fraction(1, 4), 0, np.int64(0)]
)
@pytest.mark.parametrize("dtype", [*FLOATS, "float32", np.dtype("float64"), float])
def test_the_dtype_is_the_one_asked_for_whatever_the_ends_are(dtype, low):
    scaling = Scaling(low, np.float64(2))
    assert type(scaling.low) is type(scaling.high) is float
    assert scaling(BYTES, dtype).dtype == np.dtype(dtype)


@pytest.mark.parametrize("dtype", [np.float16, int, complex, ">f4", None, "float33", object])
def test_other_dtypes_are_refused(dtype):
    with pytest.raises(TypeError, match=r"Scaling: dtype is .*; expected float32 or float64"):
        UNIT(BYTES, dtype)


def test_unit_is_the_default_and_plain_division():
    assert Scaling() == UNIT == Scaling(0, 1)
    for dtype in (np.float32, np.float64):
        quotient = BYTES.astype(dtype) / dtype(255)
        np.testing.assert_array_max_ulp(UNIT(BYTES, dtype), quotient, maxulp=1)


# ------------------------------------------------------------ as a value


def test_equal_numbers_make_equal_scalings():
    a, b = Scaling(0.01, 1), Scaling(np.float64(0.01), np.int64(1))
    assert a == b
    assert hash(a) == hash(b)
    assert len({a, b, Scaling(0.01, 1.0)}) == 1
    assert a != UNIT
    assert a != Scaling(0.01, 2)
    assert a != (0.01, 1)
    assert repr(a) == "Scaling(low=0.01, high=1.0)"


def test_it_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        UNIT.low = 0.5


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))]
)
def test_copies_are_equal(duplicate):
    scaling = Scaling(-0.4, 2.8)
    assert duplicate(scaling) == scaling


# ------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("low", "high", "kind", "message"),
    [
        (1, 1, ValueError, "Scaling: low is 1.0 and high 1.0; expected low below high"),
        (1, 0, ValueError, "Scaling: low is 1.0 and high 0.0; expected low below high"),
        # In float32 they would be the same number.
        (1 - 1e-12, 1, ValueError, "expected low below high"),
        (-1000.001, 0, ValueError, "expected low below high, both from -1000 to 1000"),
        (0, 1000.001, ValueError, "expected low below high, both from -1000 to 1000"),
        (-3000, -2000, ValueError, "both from -1000 to 1000"),
        (2000, 3000, ValueError, "both from -1000 to 1000"),
        (math.nan, 1, ValueError, "Scaling: low is nan; expected a finite number"),
        (0, math.nan, ValueError, "Scaling: high is nan; expected a finite number"),
        (-math.inf, 1, ValueError, "Scaling: low is -inf; expected a finite number"),
        (0, 10**400, ValueError, "Scaling: high is inf; expected a finite number"),
        ("0", 1, TypeError, "Scaling: low has type str; expected a number"),
        (0, True, TypeError, "Scaling: high has type bool; expected a number"),
        (None, 1, TypeError, "Scaling: low has type NoneType; expected a number"),
        (0, np.ones(2), TypeError, "Scaling: high has type ndarray; expected a number"),
        (0, 1j, TypeError, "Scaling: high has type complex; expected a number"),
    ],
)
def test_bad_ends_are_refused(low, high, kind, message):
    with pytest.raises(kind, match=re.escape(message)):
        Scaling(low, high)


# ------------------------------------------------------------ mean 0, variance 1


@pytest.fixture(scope="module")
def mnist():
    return load_mnist()


def test_standard_pixels_have_mean_0_and_variance_1(mnist):
    pixels = mnist.train.images
    scaling = Scaling.standard(pixels)
    total = squares = 0.0
    for block in np.split(pixels, 60):
        X = scaling(block, np.float64)
        total, squares = total + X.sum(), squares + np.square(X).sum()
    assert abs(total / pixels.size) < 1e-6
    assert abs(squares / pixels.size - 1) < 1e-6
    # The datasheet's mean and standard deviation, 0.1307 and 0.3081.
    assert scaling.low == pytest.approx(-0.1307 / 0.3081, abs=1e-3)
    assert scaling.high == pytest.approx((1 - 0.1307) / 0.3081, abs=1e-3)


def test_the_standard_is_that_of_the_pixels_given(mnist):
    train, test = Scaling.standard(mnist.train.images), Scaling.standard(mnist.test.images)
    assert train != test
    X = train(mnist.test.images, np.float64)
    assert 1e-3 < abs(X.mean()) < 0.1, "near zero, yet not zero: the test set is another sample"
    X = test(mnist.test.images, np.float64)
    assert abs(X.mean()) < 1e-12
    assert abs(X.var() - 1) < 1e-12


def test_the_standard_by_hand():
    # x is 0 or 1, half and half: mean 1/2, standard deviation 1/2.
    assert Scaling.standard(np.array([[0, 255], [255, 0]], np.uint8)) == Scaling(-1, 1)
    # One in five is ink: mean 1/5, standard deviation √(1/5 · 4/5) = 2/5.
    scaling = Scaling.standard(np.array([0, 0, 255, 0, 0], np.uint8))
    np.testing.assert_allclose([scaling.low, scaling.high], [-0.5, 2], rtol=1e-15)


@given(st.binary(min_size=2, max_size=200))
def test_the_standard_of_any_pixels(data):
    pixels = np.frombuffer(data, np.uint8)
    if pixels.std() / 255 < 2.001e-3:
        return
    X = Scaling.standard(pixels)(pixels, np.float64)
    # An error of 1e-16 in the mean is divided by a standard deviation of 0.002 or more.
    assert abs(X.mean()) < 1e-12
    assert abs(X.var() - 1) < 1e-12


def test_the_standard_reads_its_pixels_only(mnist):
    pixels = mnist.test.images[:50].transpose(2, 0, 1)  # neither contiguous nor writeable
    before = pixels.copy()
    assert Scaling.standard(pixels) == Scaling.standard(before)
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize(
    ("pixels", "kind", "message"),
    [
        (np.zeros((2, 28, 28)), TypeError, "pixels are not a uint8 array; give digits.images"),
        (np.zeros(5, int), TypeError, "pixels are not a uint8 array"),
        ([0, 255], TypeError, "pixels are not a uint8 array"),
        (None, TypeError, "pixels are not a uint8 array"),
        (np.empty((0, 28, 28), np.uint8), ValueError, "there are no pixels; give at least one"),
        (np.zeros((2, 28, 28), np.uint8), ValueError, "all pixels are nearly the same; give"),
        (np.full(1, 255, np.uint8), ValueError, "all pixels are nearly the same"),
        (np.array([0] * 9999 + [3], np.uint8), ValueError, "all pixels are nearly the same"),
    ],
)
def test_pixels_without_a_standard_are_refused(pixels, kind, message):
    with pytest.raises(kind, match=f"^Scaling: {message}"):
        Scaling.standard(pixels)


def test_pixels_that_have_been_scaled_are_refused():
    with pytest.raises(TypeError, match="expected uint8"):
        Scaling()(Scaling()(np.array([[0, 255]], np.uint8)))


def test_a_standard_scaling_of_a_large_set_takes_little_memory():
    pixels = np.zeros((20_000, 28, 28), np.uint8)
    pixels[::2] = 255
    tracemalloc.start()
    Scaling.standard(pixels)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < pixels.nbytes
