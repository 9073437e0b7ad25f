"""One step of gradient descent."""

import numpy as np
import pytest

from mnist_nn import MLP, Params
from mnist_nn.gradcheck import numerical_derivative, relative_error
from mnist_nn.optim import sgd_step, take_step

FLOATS = (np.float32, np.float64)


def close(actual, expected, tolerance=1e-14):
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def pair(sizes=(3, 4, 2), dtype=np.float64):
    """Return parameters and a gradient, both random."""
    params, grad = Params(sizes, dtype), Params(sizes, dtype)
    params.flat[:], grad.flat[:] = np.random.default_rng(0).normal(size=(2, params.flat.size))
    return params, grad


def test_one_step_of_a_2_2_2_network_by_hand():
    model = MLP((2, 2, 2), rng=np.random.default_rng(0), dtype=np.float64)
    model.params.W[1][:] = [[1, 2], [3, -4]]
    model.params.b[1][:] = [0, 1]
    model.params.W[2][:] = [[1, 0], [5, 1]]
    model.params.b[2][:] = [0, 4]
    # For x = (1, 1) and label 0: A¹ = (4, 0), Z² = (4, 4), p = (1/2, 1/2), the loss is ln 2.
    # dZ² = (-1/2, 1/2), dW² = [[-2, 2], [0, 0]], dZ¹ = (-1/2, 0), dW¹ = [[-1/2, 0], [-1/2, 0]]
    _, grad = model.loss_and_grad(np.array([[1.0, 1.0]]), [0])
    sgd_step(model.params, grad, learning_rate=0.5)
    close(model.params.W[1], [[1.25, 2], [3.25, -4]])
    close(model.params.b[1], [0.25, 1])
    close(model.params.W[2], [[2, -1], [5, 1]])
    close(model.params.b[2], [0.25, 3.75])
    # Now A¹ = (1.25 + 3.25 + 0.25, 0) = (4.75, 0) and Z² = (4.75·2 + 0.25, -4.75 + 3.75)
    close(model.logits(np.array([[1.0, 1.0]])), [[9.75, -1]])


def test_l2_shrinks_the_weights_by_hand_and_leaves_the_biases():
    params, grad = Params((1, 1), np.float64), Params((1, 1), np.float64)
    params.flat[:] = [8, 6]
    grad.flat[:] = [2, 4]
    sgd_step(params, grad, learning_rate=0.5, l2=0.25)
    # w = (1 - 0.5·0.25)·8 - 0.5·2 = 6        b = 6 - 0.5·4 = 4
    close(params.flat, [6, 4])


def test_l2_is_the_gradient_of_half_lambda_times_the_squared_weights():
    params, grad = pair()
    before, lam, eta = params.flat.copy(), 0.3, 0.1

    def penalty(flat):
        p = Params(params.sizes, np.float64)
        p.flat[:] = flat
        return lam / 2 * sum(np.sum(W**2) for W in p.W.values())

    sgd_step(params, grad, eta, lam)
    step = (before - params.flat) / eta
    assert relative_error(step, grad.flat + numerical_derivative(penalty, before)) < 1e-7


def test_without_a_gradient_l2_only_decays():
    params, grad = pair()
    before = params.copy()
    grad.flat[:] = 0
    sgd_step(params, grad, 0.1, l2=0.5)
    for l in params.W:
        close(params.W[l], 0.95 * before.W[l])
        close(params.b[l], before.b[l])


# ------------------------------------------------------------ momentum


def test_three_steps_with_momentum_by_hand():
    params, grad, v = (Params((1, 1), np.float64) for _ in range(3))
    params.flat[:] = [8, -8]
    for g, velocity, theta in (
        # η = 1/2, μ = 1/2: v = 0/2 + 4/2 = 2, then 2/2 + 2/2 = 2, then 2/2 + 0/2 = 1;
        # for the bias -v, since its gradient has the other sign
        (4, 2, 6),
        (2, 2, 4),
        (0, 1, 3),
    ):
        grad.flat[:] = [g, -g]
        sgd_step(params, grad, learning_rate=0.5, momentum=0.5, velocity=v)
        np.testing.assert_array_equal(v.flat, [velocity, -velocity])
        np.testing.assert_array_equal(params.flat, [theta, -theta])
        np.testing.assert_array_equal(grad.flat, [g, -g])


def test_momentum_with_l2_by_hand():
    params, grad, v = (Params((1, 1), np.float64) for _ in range(3))
    params.flat[:] = [8, 6]
    grad.flat[:] = [2, 4]
    sgd_step(params, grad, learning_rate=0.5, l2=0.25, momentum=0.5, velocity=v)
    # weight: v = (2 + 0.25·8)/2 = 2, w = 6        bias: v = 4/2 = 2, b = 4
    np.testing.assert_array_equal(v.flat, [2, 2])
    np.testing.assert_array_equal(params.flat, [6, 4])
    sgd_step(params, grad, learning_rate=0.5, l2=0.25, momentum=0.5, velocity=v)
    # weight: v = 2/2 + (2 + 0.25·6)/2 = 2.75, w = 3.25        bias: v = 2/2 + 4/2 = 3, b = 1
    np.testing.assert_array_equal(v.flat, [2.75, 3])
    np.testing.assert_array_equal(params.flat, [3.25, 1])


@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_momentum_is_a_decaying_sum_of_all_gradients(l2):
    params, grad = pair()
    v, eta, mu = Params(params.sizes, np.float64), 0.1, 0.9
    theta, total = params.flat.copy(), np.zeros_like(params.flat)
    is_weight = Params(params.sizes, np.float64)
    for W in is_weight.W.values():
        W[:] = 1
    rng = np.random.default_rng(1)
    for _ in range(5):
        grad.flat[:] = rng.normal(size=theta.size)
        total = mu * total + eta * (grad.flat + l2 * is_weight.flat * theta)
        theta = theta - total
        sgd_step(params, grad, eta, l2, mu, v)
        close(v.flat, total)
        close(params.flat, theta)


def test_a_velocity_without_momentum_is_the_last_step_only():
    (params, grad), (same, _) = pair(), pair()
    v = Params(params.sizes, np.float64)
    v.flat[:] = 7
    sgd_step(params, grad, 0.1, velocity=v)
    sgd_step(same, grad, 0.1)
    np.testing.assert_array_equal(params.flat, same.flat)
    np.testing.assert_array_equal(v.flat, 0.1 * grad.flat)


@pytest.mark.parametrize("l2", [0.0, 0.3])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_taking_a_step_is_the_same_with_the_rate_in_the_gradient(l2, momentum):
    (params, grad), (same, step) = pair(), pair()
    v, w = Params(params.sizes, np.float64), Params(params.sizes, np.float64)
    step.flat *= 0.1
    before = step.flat.copy()
    for _ in range(3):
        sgd_step(params, grad, 0.1, l2, momentum, v if momentum else None)
        take_step(same, step, 0.1 * l2, momentum, w if momentum else None)
        np.testing.assert_array_equal(params.flat, same.flat)
        np.testing.assert_array_equal(v.flat, w.flat)
        np.testing.assert_array_equal(step.flat, before)


def test_momentum_needs_a_velocity():
    params, grad = pair()
    before = params.flat.copy()
    with pytest.raises(ValueError, match=r"velocity is missing; give Params\(model.sizes\), kept"):
        sgd_step(params, grad, 0.1, momentum=0.9)
    np.testing.assert_array_equal(params.flat, before)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize(
    "velocity", [Params((3, 5, 2), np.float64), Params((3, 4, 2), np.float32)], ids=str
)
def test_a_velocity_of_another_kind_is_refused(velocity, momentum):
    params, grad = pair()
    before = params.flat.copy()
    with pytest.raises(ValueError, match=r"velocity is .*; expected the sizes and dtype of params"):
        sgd_step(params, grad, 0.1, momentum=momentum, velocity=velocity)
    with pytest.raises(
        TypeError, match=r"velocity is of type list; expected mnist_nn.params.Params"
    ):
        sgd_step(params, grad, 0.1, momentum=momentum, velocity=[0.0])
    np.testing.assert_array_equal(params.flat, before)


@pytest.mark.parametrize("momentum", [1.0, -0.1, 2])
def test_momentum_stays_below_one(momentum):
    params, grad = pair()
    v = Params(params.sizes, np.float64)
    with pytest.raises(ValueError, match=r"momentum is .*; expected at least 0 and less than 1"):
        sgd_step(params, grad, 0.1, momentum=momentum, velocity=v)
    assert not v.flat.any()


# ------------------------------------------------------------ defaults, memory, dtypes


def test_no_l2_is_the_default():
    (params, grad), (same, _) = pair(), pair()
    sgd_step(params, grad, 0.1)
    sgd_step(same, grad, 0.1, l2=0)
    np.testing.assert_array_equal(params.flat, same.flat)


def test_a_step_changes_the_parameters_in_place_and_returns_nothing():
    params, grad = pair()
    flat, W = params.flat, params.W[1]
    assert sgd_step(params, grad, 0.1) is None
    assert params.flat is flat
    assert params.W[1] is W
    assert np.shares_memory(W, flat)


def test_the_gradient_is_left_as_it_is():
    params, grad = pair()
    before = grad.flat.copy()
    sgd_step(params, grad, 0.1, l2=0.1)
    np.testing.assert_array_equal(grad.flat, before)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    "rate", [0.1, np.float64(0.1), np.logspace(-3, 0, 4)[2], np.float32(0.1), 1]
)
def test_no_kind_of_learning_rate_changes_the_dtype(dtype, rate):
    params, grad = pair(dtype=dtype)
    v = Params(params.sizes, dtype)
    sgd_step(params, grad, rate, l2=rate)
    sgd_step(params, grad, rate, rate, min(rate, np.float64(0.5)), v)
    arrays = [params.flat, *params.W.values(), *params.b.values(), grad.flat, v.flat]
    assert {x.dtype for x in arrays} == {np.dtype(dtype)}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("rate", [np.float64(0.125), np.float32(0.125)])
def test_the_kind_of_learning_rate_does_not_change_the_numbers(dtype, rate):
    (params, grad), (same, _) = pair(dtype=dtype), pair(dtype=dtype)
    sgd_step(params, grad, rate, l2=rate)
    sgd_step(same, grad, 0.125, l2=0.125)
    np.testing.assert_array_equal(params.flat, same.flat)


def test_a_refused_step_changes_nothing():
    params, grad = pair()
    before = params.flat.copy()
    for rate, l2 in ((np.nan, 0.0), (-0.1, 0.0), (0.1, -1.0), (0.1, np.nan)):
        with pytest.raises(ValueError, match=r"learning_rate|l2"):
            sgd_step(params, grad, rate, l2)
    np.testing.assert_array_equal(params.flat, before)


@pytest.mark.parametrize("shared", ["params", "grad"])
def test_params_grad_and_velocity_have_memory_of_their_own(shared):
    params, grad = Params((2, 2)), Params((2, 2))
    velocity = {"params": params, "grad": grad}[shared]
    with pytest.raises(ValueError, match="share memory"):
        sgd_step(params, grad, 0.1, momentum=0.9, velocity=velocity)
