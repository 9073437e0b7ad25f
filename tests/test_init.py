"""First weights: their ranges, their variances, their seeds."""

from math import sqrt

import numpy as np
import pytest

from mnist_nn import MLP
from mnist_nn.init import INITS

N_IN, N_OUT = 200, 300  # not equal, so that one cannot stand in for the other

# The variances that the docstrings promise; a uniform distribution on ±a has a²/3.
VARIANCE = {
    "fan_in_uniform": 1 / (3 * N_IN),
    "glorot_uniform": 2 / (N_IN + N_OUT),
    "glorot_normal": 2 / (N_IN + N_OUT),
    "he_normal": 2 / N_IN,
    "half_uniform": 1 / 12,
    "standard_normal": 1,
    "zeros": 0,
}
BOUND = {
    "fan_in_uniform": 1 / sqrt(N_IN),
    "glorot_uniform": sqrt(6 / (N_IN + N_OUT)),
    "half_uniform": 1 / 2,
}
RANDOM = [name for name in INITS if name != "zeros"]


def draw(name, seed=0):
    return INITS[name](np.random.default_rng(seed), N_IN, N_OUT)


def test_the_table_has_every_name():
    assert list(INITS) == list(VARIANCE)


@pytest.mark.parametrize("name", INITS)
def test_weights_have_a_row_for_each_input(name):
    W = draw(name)
    assert W.shape == (N_IN, N_OUT)
    assert W.dtype == np.float64


@pytest.mark.parametrize("name", INITS)
def test_mean_and_variance_are_as_promised(name):
    W, n = draw(name), N_IN * N_OUT
    # Five standard errors: √(v/n) of a mean, at most v √(2/n) of a variance.
    assert abs(W.mean()) <= 5 * sqrt(VARIANCE[name] / n)
    assert abs(W.var() - VARIANCE[name]) <= 5 * VARIANCE[name] * sqrt(2 / n)


@pytest.mark.parametrize("name", BOUND)
def test_uniform_weights_fill_their_range_and_stay_in_it(name):
    W, a = draw(name), BOUND[name]
    assert np.abs(W).max() <= a
    assert W.max() > 0.999 * a
    assert W.min() < -0.999 * a
    share = np.mean(np.abs(W) < a / 2)
    assert abs(share - 1 / 2) < 0.01, "flat: half of the weights lie in half of the range"


@pytest.mark.parametrize("name", ["glorot_normal", "he_normal", "standard_normal"])
def test_normal_weights_have_a_bell_shape(name):
    W = draw(name) / sqrt(VARIANCE[name])
    assert abs(np.mean(np.abs(W) < 1) - 0.6827) < 0.01
    assert abs(np.mean(np.abs(W) < 2) - 0.9545) < 0.005


@pytest.mark.parametrize("name", ["half_uniform", "standard_normal"])
def test_some_do_not_depend_on_the_size_of_the_layer(name):
    small = INITS[name](np.random.default_rng(0), 1, 6, (6,))
    large = INITS[name](np.random.default_rng(0), 1000, 1000, (6,))
    np.testing.assert_array_equal(small, large)


def test_zeros_are_zeros():
    assert not draw("zeros").any()


def test_zeros_draw_nothing_so_that_a_seed_means_the_same_with_and_without_them():
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    INITS["zeros"](rng, N_IN, N_OUT)
    INITS["zeros"](rng, N_IN, N_OUT, (N_OUT,))
    assert rng.bit_generator.state == before


# ------------------------------------------------------------ another shape: biases


@pytest.mark.parametrize("name", INITS)
@pytest.mark.parametrize("shape", [(7,), (2, 3), (2, 3, 4), (N_IN, N_OUT), (np.int64(7),)], ids=str)
def test_another_shape_may_be_asked_for(name, shape):
    x = INITS[name](np.random.default_rng(0), N_IN, N_OUT, shape)
    assert x.shape == shape
    assert x.dtype == np.float64


@pytest.mark.parametrize("name", INITS)
def test_the_default_shape_is_that_of_the_weights(name):
    x = INITS[name](np.random.default_rng(0), N_IN, N_OUT, (N_IN, N_OUT))
    np.testing.assert_array_equal(x, draw(name))


@pytest.mark.parametrize("name", INITS)
def test_biases_have_the_variance_of_the_weights_of_their_layer(name):
    x, n = INITS[name](np.random.default_rng(1), N_IN, N_OUT, (50_000,)), 50_000
    assert abs(x.mean()) <= 5 * sqrt(VARIANCE[name] / n)
    assert abs(x.var() - VARIANCE[name]) <= 5 * VARIANCE[name] * sqrt(2 / n)


@pytest.mark.parametrize(
    ("shape", "kind", "message"),
    [
        (5, TypeError, r"shape is 5; expected a tuple such as \(300,\)"),
        ([5], TypeError, r"shape is \[5\]; expected a tuple"),
        ("5", TypeError, r"shape is '5'; expected a tuple"),
        ((5, 0), ValueError, "an axis of shape is 0; expected at least 1"),
        ((-1,), ValueError, "an axis of shape is -1; expected at least 1"),
        ((2.0,), TypeError, "an axis of shape has type float; expected an integer"),
        ((True,), TypeError, "an axis of shape has type bool; expected an integer"),
    ],
)
def test_other_shapes_are_refused_before_anything_is_drawn(shape, kind, message):
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    for init in INITS.values():
        with pytest.raises(kind, match=message):
            init(rng, N_IN, N_OUT, shape)
    assert rng.bit_generator.state == before


@pytest.mark.parametrize("name", INITS)
@pytest.mark.parametrize("bias", INITS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_and_biases_are_drawn_in_turn_layer_by_layer(name, bias, dtype):
    rng, by_hand = np.random.default_rng(7), np.random.default_rng(7)
    model = MLP((5, 4, 3), init=name, bias_init=bias, rng=rng, dtype=dtype)
    for l, (n_in, n_out) in {1: (5, 4), 2: (4, 3)}.items():
        W = INITS[name](by_hand, n_in, n_out).astype(dtype)
        b = INITS[bias](by_hand, n_in, n_out, (n_out,)).astype(dtype)
        np.testing.assert_array_equal(model.params.W[l], W)
        np.testing.assert_array_equal(model.params.b[l], b)
    assert rng.bit_generator.state == by_hand.bit_generator.state
    assert model.dtype == dtype


def test_seed_7_still_gives_the_weights_that_it_gave():
    # Written down in the first version: (rng.standard_normal((2, 2)) * √(2/2)) with seed 7.
    model = MLP((2, 2), rng=np.random.default_rng(7), dtype=np.float64)
    expected = np.random.default_rng(7).standard_normal((2, 2))
    np.testing.assert_array_equal(model.params.W[1], expected)
    np.testing.assert_allclose(model.params.W[1][0], [0.00123015, 0.29874554], atol=1e-8)


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_gives_the_same_weights_bit_for_bit(name, seed):
    np.testing.assert_array_equal(draw(name, seed), draw(name, seed))


@pytest.mark.parametrize("name", RANDOM)
def test_other_seeds_give_other_weights(name):
    assert not np.array_equal(draw(name, 0), draw(name, 1))


@pytest.mark.parametrize("name", RANDOM)
def test_a_generator_moves_on_so_that_layers_differ(name):
    rng = np.random.default_rng(0)
    assert not np.array_equal(INITS[name](rng, 3, 3), INITS[name](rng, 3, 3))


def test_numpys_global_generator_is_neither_read_nor_moved():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    for name in INITS:
        draw(name)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("name", INITS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_network_rounds_the_weights_of_its_layers_and_has_zero_biases(name, dtype):
    model = MLP((5, 4, 3), init=name, rng=np.random.default_rng(7), dtype=dtype)
    rng = np.random.default_rng(7)
    for l, (n_in, n_out) in {1: (5, 4), 2: (4, 3)}.items():
        np.testing.assert_array_equal(
            model.params.W[l], INITS[name](rng, n_in, n_out).astype(dtype)
        )
        assert not model.params.b[l].any()


def test_he_normal_is_the_default():
    model = MLP((5, 3), rng=np.random.default_rng(7), dtype=np.float64)
    np.testing.assert_array_equal(
        model.params.W[1], INITS["he_normal"](np.random.default_rng(7), 5, 3)
    )


def test_he_keeps_the_size_of_signals_through_relu_layers():
    # Each layer halves what ReLU lets through and doubles it again: that is where the 2 comes from.
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1000, 256))
    A = MLP((256,) * 11, rng=rng, dtype=np.float64).forward(X)
    assert 0.5 < np.mean(A[-1] ** 2) / 2 < 2


def test_from_zeros_only_the_last_bias_learns():
    model = MLP((5, 4, 3), init="zeros", rng=np.random.default_rng(0), dtype=np.float64)
    _, grad = model.loss_and_grad(np.ones((2, 5)), [0, 1])
    assert not grad.W[1].any()
    assert not grad.b[1].any()
    assert not grad.W[2].any()
    assert grad.b[2].any()
