"""The equations as functions: numbers worked by hand, properties, gradients, extremes, dtypes."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnist_nn import functional as F
from mnist_nn.gradcheck import numerical_derivative, relative_error

LN2, LN3 = np.log(2), np.log(3)
FLOATS = (np.float32, np.float64)

quick = settings(max_examples=60)


def close(actual, expected, tolerance=1e-14):
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


# ------------------------------------------------------------ one layer, by hand


def test_affine_is_a_row_times_the_columns_plus_the_bias():
    # (1, 2) · (3, 5) + 0.5 = 13.5    (1, 2) · (4, 6) + 0 = 16
    # (0, -1) · (3, 5) + 0.5 = -4.5   (0, -1) · (4, 6) + 0 = -6
    Z = F.affine([[1, 2], [0, -1]], [[3, 4], [5, 6]], [0.5, 0])
    close(Z, [[13.5, 16], [-4.5, -6]])


def test_affine_backward_by_hand():
    A = [[1, 2], [0, -1], [3, 1]]
    W = [[3, 4], [5, 6]]
    dZ = [[1, 0], [2, 1], [0, -1]]
    dA, dW, db = F.affine_backward(dZ, A, W)
    # dA: row m is dZ[m] · Wᵀ: (1, 0) → (3, 5); (2, 1) → (6 + 4, 10 + 6); (0, -1) → (-4, -6)
    close(dA, [[3, 5], [10, 16], [-4, -6]])
    # dW[i, j] = Σₘ A[m, i] dZ[m, j]: 1·1 + 0·2 + 3·0 = 1      1·0 + 0·1 + 3·(-1) = -3
    #                                 2·1 + (-1)·2 + 1·0 = 0   2·0 + (-1)·1 + 1·(-1) = -2
    close(dW, [[1, -3], [0, -2]])
    # db[j] = Σₘ dZ[m, j], one number for each unit: 1 + 2 + 0, 0 + 1 - 1
    close(db, [3, 0])


def test_affine_backward_leaves_out_da_without_weights():
    with_W = F.affine_backward([[1.0]], [[2.0, 3.0]], [[4.0], [5.0]])
    dA, dW, db = F.affine_backward([[1.0]], [[2.0, 3.0]])
    assert dA is None
    close(dW, with_W[1])
    close(db, with_W[2])


# ------------------------------------------------------------ activations, by hand


def test_relu_keeps_what_is_positive():
    close(F.relu([[-2, 0], [3, 0.5]]), [[0, 0], [3, 0.5]])


@pytest.mark.parametrize("c", [0, 0.0, 0.25, 0.5, 1])
def test_relu_backward_takes_c_at_zero_only(c):
    dZ = F.relu_backward([10, 10, 10], [-2, 0, 3], c)
    close(dZ, [0, 10 * c, 10])


def test_relu_backward_may_be_given_the_result_of_relu():
    Z = np.array([-1.5, 0.0, 1e-300, 2.0])
    dA = np.array([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(F.relu_backward(dA, Z), F.relu_backward(dA, F.relu(Z)))


def test_sigmoid_turns_log_odds_into_probabilities():
    # Odds of 3 to 1 are a probability of 3/4, odds of 1 to 3 one of 1/4.
    close(F.sigmoid([LN3, 0, -LN3]), [3 / 4, 1 / 2, 1 / 4])


def test_sigmoid_backward_is_p_times_one_minus_p():
    close(F.sigmoid_backward([16, 4, 1], [3 / 4, 1 / 2, 1]), [3, 1, 0])


# ------------------------------------------------------------ softmax, by hand

# exp(0), exp(ln 2), exp(ln 3) are 1, 2, 3; they add up to 6.
Z123, P123 = np.array([0, LN2, LN3]), np.array([1 / 6, 2 / 6, 3 / 6])


def test_softmax_by_hand():
    close(F.softmax(Z123), P123)


def test_logsumexp_by_hand():
    close(F.logsumexp(Z123), np.log(6))


def test_log_softmax_by_hand():
    close(F.log_softmax(Z123), [-np.log(6), -LN3, -LN2])


def test_softmax_jacobian_by_hand():
    # Over 36: on the diagonal p (1 - p) = 1·5, 2·4, 3·3; beside it -pᵢ pₖ = -1·2, -1·3, -2·3.
    close(F.softmax_jacobian(P123), np.array([[5, -2, -3], [-2, 8, -6], [-3, -6, 9]]) / 36)


def test_softmax_backward_by_hand():
    # p·dP = (6 + 0 + 3·12) / 6 = 7;  dZ = p ⊙ (6 - 7, 0 - 7, 12 - 7) = (-1, -14, 15) / 6
    close(F.softmax_backward([6, 0, 12], P123), np.array([-1, -14, 15]) / 6)


# ------------------------------------------------------------ losses, by hand

P2 = np.array([[1 / 2, 1 / 4, 1 / 4], [1 / 8, 3 / 4, 1 / 8]])
Y2 = np.array([[1.0, 0, 0], [0, 0, 1]])


def test_one_hot_has_a_one_at_the_label():
    np.testing.assert_array_equal(F.one_hot([2, 0], K=4), [[0, 0, 1, 0], [1, 0, 0, 0]])


def test_one_hot_has_ten_classes_in_float32_unless_told_otherwise():
    Y = F.one_hot([9])
    assert Y.shape == (1, 10)
    assert Y.dtype == np.float32
    assert F.one_hot([9], dtype=np.float64).dtype == np.float64


def test_one_hot_takes_any_integers():
    for y in ([1, 0], np.array([1, 0], np.uint8), np.array([1, 0], np.int32)):
        np.testing.assert_array_equal(F.one_hot(y, np.int64(2)), [[0, 1], [1, 0]])


def test_nll_by_hand():
    # The right classes have p = 1/2 and 1/8: (ln 2 + ln 8) / 2 = (1 + 3) ln 2 / 2
    close(F.nll(P2, Y2), 2 * LN2)


def test_nll_backward_by_hand():
    # -1 / p / M at the right class, with M = 2
    close(F.nll_backward(P2, Y2), [[-1, 0, 0], [0, 0, -4]])


def test_nll_counts_zero_times_log_zero_as_zero():
    assert F.nll([[1.0, 0.0]], [[1.0, 0.0]]) == 0
    close(F.nll_backward([[1.0, 0.0]], [[1.0, 0.0]]), [[-1, 0]])


def test_nll_is_infinite_where_the_right_class_has_no_probability():
    assert F.nll([[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [1.0, 0.0]]) == np.inf
    np.testing.assert_array_equal(F.nll_backward([[1.0, 0.0]], [[0.0, 1.0]]), [[0, -np.inf]])


def test_nll_backward_is_quiet_where_p_is_too_small_to_divide_by():
    P = np.array([[1e-45, 1]], np.float32)
    np.testing.assert_array_equal(F.nll_backward(P, np.float32([[1, 0]])), [[-np.inf, 0]])


def test_mse_sums_over_classes_and_averages_over_examples():
    # Row 1: (-1/2)² + (1/4)² + (1/4)² = 24/64.  Row 2: (1/8)² + (3/4)² + (-7/8)² = 86/64.
    # (24 + 86) / 64 / 2 = 55/64, and not divided by the 3 classes.
    close(F.mse(P2, Y2), 55 / 64)


def test_mse_backward_by_hand():
    # 2 (p - y) / M with M = 2 is p - y.
    close(F.mse_backward(P2, Y2), [[-1 / 2, 1 / 4, 1 / 4], [1 / 8, 3 / 4, -7 / 8]])


def test_bernoulli_nll_by_hand():
    # One example, three coins: y = (1, 0, 0) and p = (1/2, 1/4, 1/4)
    # -ln 1/2 - ln 3/4 - ln 3/4 = ln 2 + 2 (2 ln 2 - ln 3)
    close(F.bernoulli_nll(P2[:1], Y2[:1]), 5 * LN2 - 2 * LN3)


def test_bernoulli_nll_backward_by_hand():
    # -1/p where y = 1, 1/(1 - p) where y = 0, over M = 2
    close(F.bernoulli_nll_backward(P2, Y2), [[-1, 2 / 3, 2 / 3], [4 / 7, 2, -4]])


def test_bernoulli_nll_of_certain_and_right_coins_is_zero():
    assert F.bernoulli_nll([[1.0, 0.0]], [[1.0, 0.0]]) == 0
    close(F.bernoulli_nll_backward([[1.0, 0.0]], [[1.0, 0.0]]), [[-1, 1]])


# ------------------------------------------------------------ output and loss in one, by hand


def test_softmax_nll_by_hand():
    loss, dZ = F.softmax_nll([Z123, [0, 0, 0]], [1, 0])
    # -ln 2/6 = ln 3 and -ln 1/3 = ln 3: the mean is ln 3.  dZ = (P - Y) / 2
    close(loss, LN3)
    close(dZ, [[1 / 12, -4 / 12, 3 / 12], [-1 / 3, 1 / 6, 1 / 6]])


def test_softmax_mse_by_hand():
    loss, dZ = F.softmax_mse([Z123], [2])
    # p - y = (1, 2, -3)/6: the loss is (1 + 4 + 9)/36.
    close(loss, 14 / 36)
    # dP = 2 (p - y) = (2, 4, -6)/6, p·dP = (2 + 8 - 18)/36 = -8/36,
    # dZ = p ⊙ (12 + 8, 24 + 8, -36 + 8)/36 = (1·20, 2·32, 3·(-28))/216
    close(dZ, np.array([[20, 64, -84]]) / 216)


def test_sigmoid_bernoulli_nll_by_hand():
    loss, dZ = F.sigmoid_bernoulli_nll([[LN3, 0, -LN3]], [0])
    # p = (3/4, 1/2, 1/4), y = (1, 0, 0): -ln 3/4 - ln 1/2 - ln 3/4 = 5 ln 2 - 2 ln 3
    close(loss, 5 * LN2 - 2 * LN3)
    close(dZ, [[-1 / 4, 1 / 2, 1 / 4]])


OUTPUTS = [F.softmax_nll, F.softmax_mse, F.sigmoid_bernoulli_nll]


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_sum_is_m_times_the_mean(output):
    rng = np.random.default_rng(1)
    Z, y = rng.normal(size=(5, 4)), rng.integers(0, 4, 5)
    mean, dZ_mean = output(Z, y, "mean")
    total, dZ_total = output(Z, y, "sum")
    close(total, 5 * mean)
    close(dZ_total, 5 * dZ_mean)


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_mean_is_the_default(output):
    Z, y = [[1.0, 2.0], [0.0, -1.0]], [0, 1]
    assert output(Z, y)[0] == output(Z, y, "mean")[0]
    np.testing.assert_array_equal(output(Z, y)[1], output(Z, y, "mean")[1])


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_sum_adds_up_the_examples_one_by_one(output):
    rng = np.random.default_rng(2)
    Z, y = rng.normal(size=(5, 4)), rng.integers(0, 4, 5)
    alone = [output(Z[m : m + 1], y[m : m + 1]) for m in range(5)]
    total, dZ = output(Z, y, "sum")
    close(total, sum(loss for loss, _ in alone))
    close(dZ, np.concatenate([d for _, d in alone]))


def test_losses_are_python_floats():
    losses = [F.nll(P2, Y2), F.mse(P2, Y2), F.bernoulli_nll(P2, Y2)]
    losses += [output(np.float32([[1, 2]]), [0])[0] for output in OUTPUTS]
    assert {type(loss) for loss in losses} == {float}


# ------------------------------------------------------------ properties


def logits(dtype, bound=50, K=(1, 12)):
    """Return one vector of logits or a batch of them, K of `K[0]` to `K[1]` classes."""
    width = 8 * np.dtype(dtype).itemsize
    entries = st.floats(-bound, bound, width=width)
    sizes = st.integers(*K)
    shapes = st.one_of(st.tuples(sizes), st.tuples(st.integers(1, 4), sizes))
    return shapes.flatmap(lambda shape: arrays(dtype, shape, elements=entries))


any_logits = st.one_of(*(logits(dtype) for dtype in FLOATS))


def eps(x):
    return 64 * np.finfo(x.dtype).eps


@quick
@given(any_logits)
def test_softmax_gives_probabilities_that_add_up_to_one(Z):
    P = F.softmax(Z)
    assert P.shape == Z.shape
    assert P.min() >= 0
    assert P.max() <= 1
    close(P.sum(axis=-1), 1, eps(P))


@quick
@given(logits(np.float64), st.floats(-1000, 1000))
def test_softmax_does_not_see_a_shift_of_all_logits(Z, shift):
    close(F.softmax(Z + shift), F.softmax(Z), 1e-11)


@quick
@given(any_logits)
def test_softmax_keeps_the_order(Z):
    Z, P = np.atleast_2d(Z), np.atleast_2d(F.softmax(Z))
    sorted_by_z = np.take_along_axis(P, Z.argsort(axis=1), axis=1)
    assert (np.diff(sorted_by_z, axis=1) >= -eps(P)).all()
    np.testing.assert_array_equal(P[np.arange(len(P)), Z.argmax(axis=1)], P.max(axis=1))


@quick
@given(any_logits)
def test_logsumexp_lies_between_the_maximum_and_log_k_above_it(Z):
    m, L = Z.max(axis=-1), F.logsumexp(Z)
    slack = eps(Z) * (1 + np.abs(m))
    assert L.shape == Z.shape[:-1]
    assert (m - slack <= L).all()
    assert (m + np.log(Z.shape[-1]) + slack >= L).all()


@quick
@given(any_logits)
def test_log_softmax_is_the_logarithm_of_softmax(Z):
    S = F.log_softmax(Z)
    assert S.max() <= 0
    close(np.exp(S), F.softmax(Z), eps(Z))
    close(S, Z - F.logsumexp(Z)[..., None], 100 * eps(Z))


@quick
@given(any_logits)
def test_softmax_jacobian_is_symmetric_and_its_rows_add_up_to_zero(Z):
    J = F.softmax_jacobian(F.softmax(Z))
    assert J.shape == (*Z.shape, Z.shape[-1])
    np.testing.assert_array_equal(J, np.swapaxes(J, -1, -2))
    close(J.sum(axis=-1), 0, eps(Z))


@quick
@given(logits(np.float64, bound=3, K=(2, 10)))
def test_softmax_jacobian_has_rank_k_minus_one_and_is_positive_semidefinite(Z):
    P = np.atleast_2d(F.softmax(Z))
    values = np.linalg.eigvalsh(F.softmax_jacobian(P))  # ascending
    close(values[:, 0], 0, 1e-15)
    # diag(p) minus a matrix of rank 1: its eigenvalues interlace with the entries of p.
    assert (values[:, 1] >= P.min(axis=1) - 1e-15).all()


@quick
@given(any_logits)
def test_a_gradient_behind_softmax_never_points_along_the_shift(Z):
    dZ = F.softmax_backward(np.ones_like(Z), F.softmax(Z))  # the same push on all classes
    close(dZ, 0, eps(Z))
    dZ = F.softmax_backward(np.cos(Z), F.softmax(Z))
    close(dZ.sum(axis=-1), 0, eps(Z))


@quick
@given(any_logits)
def test_sigmoid_of_minus_z_is_one_minus_sigmoid_of_z(Z):
    A = F.sigmoid(Z)
    assert A.min() >= 0
    assert A.max() <= 1
    close(F.sigmoid(-Z), 1 - A, eps(Z))


@quick
@given(any_logits)
def test_sigmoid_is_half_a_tanh_and_a_softmax_of_two(Z):
    close(F.sigmoid(Z), (1 + np.tanh(Z / 2)) / 2, eps(Z))
    pairs = np.stack([Z, np.zeros_like(Z)], axis=-1)
    close(F.sigmoid(Z), F.softmax(pairs)[..., 0], eps(Z))


@quick
@given(any_logits)
def test_relu_splits_a_number_into_two_parts(Z):
    np.testing.assert_array_equal(F.relu(Z) - F.relu(-Z), Z)
    assert F.relu(Z).min() >= 0


@quick
@given(any_logits.filter(lambda Z: Z.ndim == 2), st.data())
def test_losses_and_their_gradients_have_their_signs(Z, data):
    M, K = Z.shape
    y = data.draw(arrays(np.int64, M, elements=st.integers(0, K - 1)))
    rows = np.arange(M)
    for output in OUTPUTS:
        loss, dZ = output(Z, y)
        assert loss >= 0
        assert (dZ[rows, y] <= 0).all(), "more of the right class is never worse"
    assert F.softmax_mse(Z, y)[0] <= 2 + eps(Z)
    close(F.softmax_nll(Z, y)[1].sum(axis=1), 0, eps(Z))


BATCHED = {
    "softmax": F.softmax,
    "log_softmax": F.log_softmax,
    "logsumexp": F.logsumexp,
    "softmax_jacobian": lambda Z: F.softmax_jacobian(F.softmax(Z)),
    "softmax_backward": lambda Z: F.softmax_backward(np.sin(Z), F.softmax(Z)),
}


@pytest.mark.parametrize("name", BATCHED)
@pytest.mark.parametrize("dtype", FLOATS)
def test_a_batch_is_its_rows_one_by_one(name, dtype):
    f = BATCHED[name]
    Z = np.random.default_rng(3).normal(size=(2, 3, 5)).astype(dtype)
    batch = f(Z)
    for i, j in np.ndindex(2, 3):
        close(batch[i, j], f(Z[i, j]), eps(Z))
        close(f(Z[i])[j], f(Z[i, j]), eps(Z))


@pytest.mark.parametrize("f", [F.relu, F.sigmoid, F.softmax, F.log_softmax])
def test_memory_layout_does_not_matter(f):
    Z = np.random.default_rng(4).normal(size=(4, 6))
    for view in (Z.T, Z[::-1], Z[:, ::2], np.asfortranarray(Z)):
        close(f(view), f(view.copy()))


@pytest.mark.parametrize("f", [F.relu, F.sigmoid])
def test_elementwise_functions_take_any_shape(f):
    for shape in ((), (3,), (2, 3), (2, 1, 3)):
        assert np.shape(f(np.ones(shape))) == shape


# ------------------------------------------------------------ gradients by finite differences


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def check(forward, x, dx):
    """Compare `dx` with the finite differences of the number that `forward` makes of x."""
    assert dx.shape == x.shape
    assert relative_error(dx, numerical_derivative(forward, x)) < 1e-7


def test_affine_backward_is_the_gradient_of_affine(rng):
    A, W, b = rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), rng.normal(size=5)
    dZ = rng.normal(size=(4, 5))  # of the loss Σ dZ ⊙ Z
    dA, dW, db = F.affine_backward(dZ, A, W)
    check(lambda A: np.sum(dZ * F.affine(A, W, b)), A, dA)
    check(lambda W: np.sum(dZ * F.affine(A, W, b)), W, dW)
    check(lambda b: np.sum(dZ * F.affine(A, W, b)), b, db)


@pytest.mark.parametrize("c", [0.0, 0.5])
def test_relu_backward_is_the_gradient_of_relu(rng, c):
    Z = rng.normal(size=(4, 3))
    assert np.abs(Z).min() > 1e-3, "a difference must not straddle the kink"
    dA = rng.normal(size=(4, 3))
    check(lambda Z: np.sum(dA * F.relu(Z)), Z, F.relu_backward(dA, Z, c))


def test_at_the_kink_central_differences_see_the_mean_of_both_sides():
    derivative = numerical_derivative(lambda Z: np.sum(F.relu(Z)), np.zeros(1))
    close(F.relu_backward(np.ones(1), np.zeros(1), c=0.5), derivative, 1e-9)


def test_sigmoid_backward_is_the_gradient_of_sigmoid(rng):
    Z, dA = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    check(lambda Z: np.sum(dA * F.sigmoid(Z)), Z, F.sigmoid_backward(dA, F.sigmoid(Z)))


@pytest.mark.parametrize("shape", [(1,), (6,), (4, 3)])
def test_softmax_backward_is_the_gradient_of_softmax(rng, shape):
    Z, dP = rng.normal(size=shape), rng.normal(size=shape)
    dZ = F.softmax_backward(dP, F.softmax(Z))
    if shape == (1,):  # one class has p = 1, whatever its logit
        close(dZ, 0)
    else:
        check(lambda Z: np.sum(dP * F.softmax(Z)), Z, dZ)


def test_softmax_jacobian_is_the_jacobian_of_softmax(rng):
    z = rng.normal(size=6)
    J = F.softmax_jacobian(F.softmax(z))
    assert relative_error(J, numerical_derivative(F.softmax, z)) < 1e-7


def test_softmax_is_the_gradient_of_logsumexp(rng):
    z = rng.normal(size=6)
    check(F.logsumexp, z, F.softmax(z))


def test_the_jacobian_of_log_softmax_is_one_minus_p_in_every_row(rng):
    z = rng.normal(size=6)
    J = np.eye(6) - F.softmax(z)
    assert relative_error(J, numerical_derivative(F.log_softmax, z)) < 1e-7


@pytest.mark.parametrize(
    ("loss", "backward"),
    [
        (F.nll, F.nll_backward),
        (F.mse, F.mse_backward),
        (F.bernoulli_nll, F.bernoulli_nll_backward),
    ],
)
@pytest.mark.parametrize("soft", [False, True], ids=["one-hot", "soft"])
def test_the_gradient_of_a_loss_is_that_of_this_loss(rng, loss, backward, soft):
    P = rng.uniform(0.2, 0.8, size=(4, 3))
    Y = rng.uniform(0.1, 0.9, size=(4, 3)) if soft else F.one_hot([2, 0, 1, 1], 3, np.float64)
    check(lambda P: loss(P, Y), P, backward(P, Y))


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(("M", "K"), [(1, 2), (4, 3), (7, 10)])
def test_the_gradient_of_a_fused_output_is_that_of_its_loss(rng, output, reduction, M, K):
    Z, y = rng.normal(size=(M, K)), rng.integers(0, K, M)
    check(lambda Z: output(Z, y, reduction)[0], Z, output(Z, y, reduction)[1])


# ------------------------------------------------------------ the long way is the short way


def batch(dtype=np.float64, M=6, K=5):
    rng = np.random.default_rng(6)
    Z, y = rng.normal(size=(M, K)).astype(dtype), rng.integers(0, K, M)
    return Z, y, F.softmax(Z), F.one_hot(y, K, dtype), rng.normal(size=(M, K)).astype(dtype)


def test_softmax_backward_is_the_jacobian_times_the_gradient():
    _, _, P, _, dP = batch()
    long = np.einsum("mki,mk->mi", F.softmax_jacobian(P), dP)
    close(F.softmax_backward(dP, P), long)


def test_softmax_nll_is_nll_after_softmax_and_the_jacobian_in_between():
    Z, y, P, Y, _ = batch()
    loss, dZ = F.softmax_nll(Z, y)
    close(loss, F.nll(P, Y))
    close(dZ, np.einsum("mki,mk->mi", F.softmax_jacobian(P), F.nll_backward(P, Y)))
    close(dZ, (P - Y) / len(Z))


def test_softmax_mse_is_mse_after_softmax_and_the_jacobian_in_between():
    Z, y, P, Y, _ = batch()
    loss, dZ = F.softmax_mse(Z, y)
    close(loss, F.mse(P, Y))
    close(dZ, np.einsum("mki,mk->mi", F.softmax_jacobian(P), F.mse_backward(P, Y)))


def test_sigmoid_bernoulli_nll_is_bernoulli_nll_after_sigmoid():
    Z, y, _, Y, _ = batch()
    A = F.sigmoid(Z)
    loss, dZ = F.sigmoid_bernoulli_nll(Z, y)
    close(loss, F.bernoulli_nll(A, Y))
    close(dZ, F.sigmoid_backward(F.bernoulli_nll_backward(A, Y), A))
    close(dZ, (A - Y) / len(Z))


def test_a_softmax_needs_its_whole_jacobian():
    # Popular code takes the diagonal p (1 - p) for it and the Bernoulli loss behind a softmax: two
    # errors that give p - y. The gradient of that loss is another one.
    Z, _, P, Y, _ = batch()
    dZ = F.softmax_backward(F.bernoulli_nll_backward(P, Y), P)
    check(lambda Z: F.bernoulli_nll(F.softmax(Z), Y), Z, dZ)
    assert relative_error(dZ, (P - Y) / len(Z)) > 0.1


def test_dividing_by_the_classes_too_would_show():
    Z, y, P, Y, _ = batch()
    assert relative_error(F.softmax_nll(Z, y)[1], (P - Y) / Z.size) > 0.1
    assert abs(F.mse(P, Y) - np.mean((P - Y) ** 2)) > 0.1


# ------------------------------------------------------------ extremes


@pytest.mark.parametrize(
    ("dtype", "big"),
    [(np.float64, 1e4), (np.float64, 1e300), (np.float32, 1e3), (np.float32, 1e37)],
)
def test_huge_logits_give_certain_probabilities(dtype, big):
    Z = np.array([[big, -big, 0], [-big, -big, -big]], dtype)
    third = dtype(1) / dtype(3)
    close(F.softmax(Z), [[1, 0, 0], [third, third, third]], 1e-7)
    close(F.logsumexp(Z), [big, np.log(3) - big], 1e-7)
    np.testing.assert_array_equal(F.log_softmax(Z)[0], np.array([0, -2 * big, -big], dtype))
    np.testing.assert_array_equal(F.softmax_jacobian(F.softmax(Z[0])), np.zeros((3, 3)))


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_logit_gap_of_200_is_a_loss_of_exactly_200(dtype):
    # Clipped at 1e-7 it would read 16, and the gradient would be lost.
    loss, dZ = F.softmax_nll(np.array([[0, 200]], dtype), [0])
    assert loss == 200
    close(dZ, [[-1, 1]])


@pytest.mark.parametrize(("dtype", "big"), [(np.float64, 1e4), (np.float32, 1e3)])
def test_a_network_that_is_very_sure_and_wrong_gets_an_exact_loss(dtype, big):
    Z = np.array([[big, -big], [-big, big]], dtype)
    loss, dZ = F.softmax_nll(Z, [1, 0])
    assert loss == 2 * big
    close(dZ, [[0.5, -0.5], [-0.5, 0.5]])
    loss, dZ = F.softmax_nll(Z, [0, 1])
    assert loss == 0
    close(dZ, 0)


def test_squared_error_of_a_sure_and_wrong_softmax_has_no_gradient():
    loss, dZ = F.softmax_mse([[1e4, -1e4]], [1])
    assert loss == 2
    close(dZ, 0)


@pytest.mark.parametrize("dtype", FLOATS)
def test_sigmoid_saturates_without_overflow(dtype):
    A = F.sigmoid(np.array([-1000, -1e30, 0, 1e30, 1000], dtype))
    np.testing.assert_array_equal(A, [0, 0, 0.5, 1, 1])


def test_sigmoid_keeps_its_digits_far_below_zero():
    close(F.sigmoid(-40.0) / np.exp(-40.0), 1)


@pytest.mark.parametrize("dtype", FLOATS)
def test_bernoulli_loss_of_a_saturated_sigmoid_is_the_logit(dtype):
    Z = np.array([[1000, -1000]], dtype)
    loss, dZ = F.sigmoid_bernoulli_nll(Z, [0])
    assert loss == 0
    close(dZ, [[0, 0]])
    loss, dZ = F.sigmoid_bernoulli_nll(Z, [1])  # both units wrong by 1000
    assert loss == 2000
    close(dZ, [[1, -1]])


# ------------------------------------------------------------ promises of every function


def calls(dtype):
    """Return a valid call of every function: its arguments, in float arrays of the given dtype."""
    Z, y, P, Y, dP = batch(dtype)
    A, W, b = Z[:, :3].copy(), Z[:3, :4].copy(), Z[0, :4].copy()
    return {
        "affine": (A, W, b),
        "affine_backward": (P[:, :4].copy(), A, W),
        "relu": (Z,),
        "relu_backward": (dP, Z, 0.5),
        "sigmoid": (Z,),
        "sigmoid_backward": (dP, P),
        "softmax": (Z,),
        "logsumexp": (Z,),
        "log_softmax": (Z,),
        "affine_jacobian": (A, 4),
        "relu_jacobian": (Z,),
        "sigmoid_jacobian": (P,),
        "softmax_jacobian": (P,),
        "softmax_backward": (dP, P),
        "one_hot": (y, 5, dtype),
        "nll": (P, Y),
        "nll_backward": (P, Y),
        "mse": (P, Y),
        "mse_backward": (P, Y),
        "entropy": (P,),
        "kl_divergence": (Y, P),
        "bernoulli_nll": (P, Y),
        "bernoulli_nll_backward": (P, Y),
        "softmax_nll": (Z, y),
        "softmax_mse": (Z, y),
        "sigmoid_bernoulli_nll": (Z, y),
    }


NAMES = list(calls(np.float64))
TAKES_OUT = [n for n in NAMES if "out" in inspect.signature(getattr(F, n)).parameters]
OUT_MAY_BE = [  # the argument in this position
    ("relu", 0),
    ("relu_backward", 0),
    ("relu_backward", 1),
    ("sigmoid", 0),
    ("sigmoid_backward", 0),
    ("sigmoid_backward", 1),
    ("softmax", 0),
    ("log_softmax", 0),
    ("softmax_backward", 0),
    ("softmax_backward", 1),
]


def results(name, *arguments, **more):
    """Call a function and return the arrays of its result, without the loss."""
    result = getattr(F, name)(*arguments, **more)
    return [x for x in (result if isinstance(result, tuple) else (result,)) if np.ndim(x)]


def test_the_table_has_every_function():
    public = [
        name
        for name, f in vars(F).items()
        if inspect.isfunction(f) and f.__module__ == F.__name__ and not name.startswith("_")
    ]
    assert sorted(public) == sorted([*NAMES, "divisor"]), "the divisor knows no arrays"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_the_dtype_is_kept(name, dtype):
    for x in results(name, *calls(dtype)[name]):
        assert x.dtype == dtype


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_single_number_keeps_its_dtype_too(dtype):
    assert F.logsumexp(dtype([1, 2])).dtype == dtype
    assert F.relu(dtype(2)).dtype == dtype


@pytest.mark.parametrize("number", [0.5, np.float64(0.5), np.float32(0.5), 1])
def test_the_choice_at_zero_promotes_nothing(number):
    dA, Z = np.ones(3, np.float32), np.zeros(3, np.float32)
    assert F.relu_backward(dA, Z, number).dtype == np.float32


@pytest.mark.parametrize("name", [n for n in NAMES if n != "one_hot"])
def test_lists_become_float64(name):
    arguments = calls(np.float64)[name]
    lists = [x.tolist() if isinstance(x, np.ndarray) else x for x in arguments]
    for x, expected in zip(results(name, *lists), results(name, *arguments), strict=True):
        assert x.dtype == np.float64
        np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize("kind", [int, np.uint8, np.int8, bool])
def test_integers_become_float64_before_anything_is_computed(kind):
    Z = np.array([[0, 1, 1]]).astype(kind)
    for f in (F.relu, F.sigmoid, F.softmax, F.log_softmax, F.logsumexp):
        assert f(Z).dtype == np.float64
        close(f(Z), f(Z.astype(np.float64)))
    assert F.mse(Z, 1 - Z.astype(int)) == 3, "0 - 1 is not 255"
    close(F.softmax(np.array([200, 100], np.uint8)), [1, 0])


def test_a_list_takes_the_dtype_of_the_array_beside_it():
    W = np.ones((2, 3), np.float32)
    assert F.affine([[1.0, 2.0]], W, [0, 0, 0]).dtype == np.float32
    assert F.mse_backward(W, [[1, 0, 0], [0, 1, 0]]).dtype == np.float32


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_arguments_are_not_changed(name, dtype):
    arguments, before = calls(dtype)[name], calls(dtype)[name]
    for x in arguments:
        if isinstance(x, np.ndarray):
            x.setflags(write=False)  # a write would raise
    for result in results(name, *arguments):
        assert not any(np.shares_memory(result, x) for x in arguments)
    for x, y in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("name", TAKES_OUT)
@pytest.mark.parametrize("dtype", FLOATS)
def test_out_takes_the_result_and_is_what_is_returned(name, dtype):
    arguments = calls(dtype)[name]
    expected = results(name, *arguments)
    outs = [np.full_like(x, 7) for x in expected]
    out = tuple(outs) if name == "affine_backward" else outs[0]
    for x, e, o in zip(results(name, *arguments, out=out), expected, outs, strict=True):
        assert x is o
        np.testing.assert_array_equal(o, e)
    for x, before in zip(arguments, calls(dtype)[name], strict=True):
        np.testing.assert_array_equal(x, before)


def test_out_makes_no_difference_to_the_loss():
    for output in OUTPUTS:
        Z, y, *_ = batch()
        assert output(Z, y)[0] == output(Z, y, out=np.empty_like(Z))[0]


@pytest.mark.parametrize(("name", "position"), OUT_MAY_BE)
def test_out_may_be_an_argument(name, position):
    arguments = calls(np.float64)[name]
    (expected,) = results(name, *arguments)
    assert getattr(F, name)(*arguments, out=arguments[position]) is arguments[position]
    np.testing.assert_array_equal(arguments[position], expected)


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_gradient_may_overwrite_the_logits(output):
    Z, y, *_ = batch()
    loss, dZ = output(Z, y)
    loss_again, dZ_again = output(Z, y, out=Z)
    assert dZ_again is Z
    assert loss_again == loss
    np.testing.assert_array_equal(Z, dZ)


def test_affine_backward_takes_some_outs_and_makes_the_others():
    dZ, A, W = calls(np.float64)["affine_backward"]
    expected = F.affine_backward(dZ, A, W)
    db = np.empty(4)
    result = F.affine_backward(dZ, A, W, out=(None, None, db))
    assert result[2] is db
    for x, e in zip(result, expected, strict=True):
        np.testing.assert_array_equal(x, e)


@pytest.mark.parametrize("name", NAMES)
def test_the_bare_formula_is_what_the_checked_function_computes(name):
    arguments = calls(np.float64)[name]
    bare = inspect.unwrap(getattr(F, name))
    assert bare is not getattr(F, name)
    a, b = bare(*arguments), getattr(F, name)(*arguments)
    for x, y in zip(*((r if isinstance(r, tuple) else (r,)) for r in (a, b)), strict=True):
        np.testing.assert_array_equal(x, y)


def test_the_bernoulli_loss_keeps_its_digits_where_the_network_is_right():
    Z = np.full((1, 2), [40.0, -40.0])
    loss, _ = F.sigmoid_bernoulli_nll(Z, [0])
    assert abs(loss / (2 * np.exp(-40.0)) - 1) < 1e-12


def test_a_mean_divides_by_the_number_of_examples_and_a_sum_by_one():
    assert (F.divisor("mean", 50), F.divisor("sum", 50)) == (50, 1)
    for other in ("max", "", None, 1, np.array(["mean", "sum"])):
        with pytest.raises(ValueError, match=r'reduction is .*; expected "mean" or "sum"'):
            F.divisor(other, 50)
