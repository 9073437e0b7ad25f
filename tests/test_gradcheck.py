"""The instrument that checks gradients, checked itself."""

import numpy as np
import pytest

from mnist_nn import MLP
from mnist_nn import functional as F
from mnist_nn.gradcheck import check_gradient, numerical_derivative, relative_error


def close(actual, expected, tolerance):
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


# ------------------------------------------------------------ numerical_derivative


def test_the_derivative_of_a_square_by_hand():
    # ((x + h)² - (x - h)²) / 2h = 4xh / 2h = 2x, whatever h is
    close(numerical_derivative(lambda x: np.sum(x**2), [3.0, -1.0], h=0.5), [6, -2], 1e-15)


def test_the_difference_of_a_cube_is_off_by_h_squared():
    # ((x + h)³ - (x - h)³) / 2h = 3x² + h²: a one-sided difference would be off by 3xh.
    close(numerical_derivative(lambda x: np.sum(x**3), [2.0], h=0.5), [12.25], 1e-15)


def test_known_derivatives():
    x = np.linspace(0.5, 2, 6).reshape(2, 3)
    for f, derivative in ((np.sin, np.cos), (np.exp, np.exp), (np.log, lambda x: 1 / x)):
        close(numerical_derivative(lambda x, f=f: np.sum(f(x)), x), derivative(x), 1e-9)


def test_a_gradient_has_the_shape_of_x():
    for shape in ((), (3,), (2, 3), (2, 1, 2)):
        assert numerical_derivative(np.sum, np.ones(shape)).shape == shape


def test_a_jacobian_has_the_axes_of_f_and_then_those_of_x():
    B = np.arange(6.0).reshape(2, 3)
    close(numerical_derivative(lambda x: B @ x, np.ones(3)), B, 1e-8)
    J = numerical_derivative(lambda x: x**2, np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert J.shape == (2, 2, 2, 2)
    assert J[1, 0, 1, 0] == pytest.approx(6)
    assert J[1, 0, 0, 1] == 0


def test_x_is_left_as_it_is_even_if_f_changes_its_argument():
    def f(x):
        x *= 2
        return np.sum(x)

    x = np.ones(3)
    close(numerical_derivative(f, x), [2, 2, 2], 1e-8)
    np.testing.assert_array_equal(x, 1)


def test_f_may_return_the_same_buffer_each_time():
    buffer = np.empty(3)
    J = numerical_derivative(lambda x: np.multiply(x, 2, out=buffer), np.ones(3))
    close(J, 2 * np.eye(3), 1e-8)


@pytest.mark.parametrize("value", [np.nan, np.inf, "text", None, 1j])
def test_f_must_return_finite_numbers(value):
    with pytest.raises((TypeError, ValueError), match=r"f\(x\) .*; expected"):
        numerical_derivative(lambda x: value, [1.0])


def test_float32_and_integers_are_differentiated_in_float64():
    for x in (np.float32([1, 2]), [1, 2], np.array([1, 2], np.uint8)):
        derivative = numerical_derivative(lambda x: np.sum(x**2), x)
        assert derivative.dtype == np.float64
        close(derivative, [2, 4], 1e-8)


def test_the_default_step_is_near_the_best_one():
    def off(h):
        x = np.array([0.3, 1.1])
        return relative_error(numerical_derivative(lambda x: np.sum(np.exp(x)), x, h), np.exp(x))

    assert off(1e-6) < 1e-9
    assert off(1e-1) > 1e-4, "the formula's own error, h²"
    assert off(1e-13) > 1e-6, "rounding"
    assert numerical_derivative(np.sum, [0.5]) == numerical_derivative(np.sum, [0.5], 1e-6)


# ------------------------------------------------------------ relative_error


def test_relative_error_by_hand():
    assert relative_error([1.0, 2.0], [1.0, 2.5]) == 0.5 / 2.5
    assert relative_error([[3.0]], [[-3.0]]) == 2
    assert relative_error([0.0, 0.0], [0.0, 0.0]) == 0
    assert relative_error([0.0, 4.0], [0.0, 0.0]) == 1


def test_relative_error_does_not_depend_on_scale_or_order():
    a, b = np.random.default_rng(0).normal(size=(2, 5))
    assert relative_error(a, b) == relative_error(b, a)
    assert relative_error(1024 * a, 1024 * b) == relative_error(a, b)


def test_relative_error_of_unsigned_integers_does_not_wrap_around():
    assert relative_error(np.array([1], np.uint8), np.array([2], np.uint8)) == 0.5


def test_float32_and_float64_may_be_compared():
    a = np.array([0.1, 0.2])
    assert 0 < relative_error(a, a.astype(np.float32)) < 1e-7
    assert type(relative_error(a, a)) is float


# ------------------------------------------------------------ check_gradient


@pytest.fixture
def network():
    return MLP((4, 5, 3), rng=np.random.default_rng(0), dtype=np.float64)


@pytest.fixture
def batch():
    rng = np.random.default_rng(1)
    return rng.normal(size=(6, 4)), rng.integers(0, 3, 6)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_right_gradient_passes(network, batch, reduction):
    assert check_gradient(network, *batch, reduction) < 1e-7


def test_at_the_kink_a_difference_sees_the_mean_of_both_slopes(batch):
    # A blank image and zero biases put every hidden unit at z = 0, where ReLU′ is c.
    X, y = batch
    X[0] = 0
    error = {}
    for c in (0, 0.5, 1):
        model = MLP((4, 5, 3), c=c, rng=np.random.default_rng(0), dtype=np.float64)
        error[c] = check_gradient(model, X, y)
    assert error[0.5] < 1e-7
    assert min(error[0], error[1]) > 0.01


def test_one_hot_labels_may_be_checked_too(network, batch):
    X, y = batch
    assert check_gradient(network, X, np.eye(3)[y]) == check_gradient(network, X, y)


def test_the_parameters_are_as_before(network, batch):
    before = network.params.flat.copy()
    check_gradient(network, *batch)
    np.testing.assert_array_equal(network.params.flat, before)


def test_the_parameters_are_as_before_even_after_an_error(network, batch, monkeypatch):
    before = network.params.flat.copy()

    def fail(*_):
        raise ValueError("no loss")

    monkeypatch.setattr(network, "loss", fail)
    with pytest.raises(ValueError, match="no loss"):
        check_gradient(network, *batch)
    np.testing.assert_array_equal(network.params.flat, before)


def wrong(change):
    """Return a loss_and_grad whose gradient is spoiled by `change`."""

    def loss_and_grad(self, X, y, reduction="mean", out=None):
        loss, grad = MLP.loss_and_grad(self, X, y, reduction, out)
        change(grad)
        return loss, grad

    return loss_and_grad


def one_number_for_all_units(grad):
    grad.b[1][:] = grad.b[1].sum()


def one_sign(grad):
    grad.W[2][0, 0] *= -1


def classes_counted_too(grad):
    grad.flat /= 3


def nothing(grad):
    grad.flat[:] = 0


@pytest.mark.parametrize(
    "mistake", [one_number_for_all_units, one_sign, classes_counted_too, nothing]
)
def test_a_wrong_gradient_shows_as_one_percent_or_more(network, batch, mistake):
    network.__class__ = type("Wrong", (MLP,), {"loss_and_grad": wrong(mistake)})
    assert check_gradient(network, *batch) > 1e-2


def test_the_wrong_loss_for_a_gradient_shows(batch, network):
    # p - y belongs to softmax with NLL. The Bernoulli loss of a softmax has another gradient.
    X, y = batch
    Z = network.logits(X)
    Y = F.one_hot(y, 3, np.float64)
    numerical = numerical_derivative(lambda Z: F.bernoulli_nll(F.softmax(Z), Y), Z)
    assert relative_error((F.softmax(Z) - Y) / len(Z), numerical) > 1e-2


def test_float32_is_refused_with_the_way_out():
    model = MLP((4, 3), rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"make it with dtype=np\.float64"):
        check_gradient(model, np.ones((1, 4)), [0])


def test_a_step_is_measured_as_float64_takes_it():
    assert relative_error(numerical_derivative(np.sum, [1e9]), [1.0]) < 1e-6
    with pytest.raises(ValueError, match="lost in the digits"):
        numerical_derivative(np.sum, [1e12])
