"""The network: one of two units worked by hand, gradients, memory, dtypes."""

import copy
import pickle
import tracemalloc
from itertools import product

import numpy as np
import pytest

from mnist_nn import MLP, Params, Scaling
from mnist_nn import functional as F
from mnist_nn.data import UNIT
from mnist_nn.gradcheck import check_gradient
from mnist_nn.model import ACTIVATIONS, OUTPUTS

FLOATS = (np.float32, np.float64)


def network(sizes=(6, 5, 4, 3), **settings):
    settings = {"rng": np.random.default_rng(0), "dtype": np.float64} | settings
    return MLP(sizes, **settings)


def examples(M=4, n=6, K=3, seed=1, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(M, n)).astype(dtype), rng.integers(0, K, M)


def close(actual, expected, tolerance=1e-14):
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


# ------------------------------------------------------------ by hand


def by_hand(**settings):
    """Return a 2-2-2 network with small whole weights, and one example."""
    model = network((2, 2, 2), **settings)
    model.params.W[1][:] = [[1, 2], [3, -4]]
    model.params.b[1][:] = [0, 1]
    model.params.W[2][:] = [[1, 0], [5, 1]]
    model.params.b[2][:] = [0, 4]
    return model, np.array([[1.0, 1.0]]), np.array([0])


def test_forward_by_hand():
    model, X, _ = by_hand()
    # Z¹ = (1 + 3 + 0, 2 - 4 + 1) = (4, -1);  A¹ = ReLU(Z¹) = (4, 0)
    # Z² = (4·1 + 0·5 + 0, 4·0 + 0·1 + 4) = (4, 4)
    A = model.forward(X)
    close(A[0], [[1, 1]])
    close(A[1], [[4, 0]])
    close(A[2], [[4, 4]])
    close(model.predict_proba(X), [[0.5, 0.5]])
    close(model.loss(X, [0]), np.log(2))


def test_backward_by_hand():
    model, X, y = by_hand()
    loss, grad = model.loss_and_grad(X, y)
    close(loss, np.log(2))
    # dZ² = p - y = (-1/2, 1/2)
    # dW² = A¹ᵀ dZ²: row 1 is 4 (-1/2, 1/2), row 2 is 0
    close(grad.W[2], [[-2, 2], [0, 0]])
    close(grad.b[2], [-0.5, 0.5])
    # dA¹ = dZ² W²ᵀ = (-1/2·1 + 1/2·0, -1/2·5 + 1/2·1) = (-1/2, -2);  ReLU stops the second
    # dZ¹ = (-1/2, 0);  dW¹ = Xᵀ dZ¹
    close(grad.W[1], [[-0.5, 0], [-0.5, 0]])
    close(grad.b[1], [-0.5, 0])


def test_backward_through_a_sigmoid_by_hand():
    model, X, y = by_hand(activation="sigmoid")
    model.params.W[1][:] = [[np.log(3), 0], [0, 0]]
    model.params.b[1][:] = 0
    # A¹ = (σ(ln 3), σ(0)) = (3/4, 1/2)
    close(model.forward(X)[1], [[3 / 4, 1 / 2]])
    model.params.b[2][:] = -(model.forward(X)[1] @ model.params.W[2])[0]  # so that Z² = 0
    _, grad = model.loss_and_grad(X, y)
    # dA¹ = (-1/2, -2) as before;  dZ¹ = dA¹ ⊙ a (1 - a) = (-1/2 · 3/16, -2 · 1/4)
    close(grad.b[1], [-3 / 32, -1 / 2])
    close(grad.W[1], [[-3 / 32, -1 / 2], [-3 / 32, -1 / 2]])


def test_one_layer_is_affine_and_nothing_else():
    model = network((3, 2))
    X, _ = examples(n=3)
    close(model.logits(X), X @ model.params.W[1] + model.params.b[1])
    assert (model.logits(X) < 0).any(), "the logits pass no activation"


def test_hidden_layers_pass_the_activation_and_the_last_does_not():
    X, _ = examples(50)
    A = network().forward(X)
    assert [a.shape for a in A] == [(50, 6), (50, 5), (50, 4), (50, 3)]
    assert min(A[1].min(), A[2].min()) == 0
    assert A[3].min() < 0
    A = network(activation="sigmoid").forward(X)
    assert min(A[1].min(), A[2].min()) > 0
    assert max(A[1].max(), A[2].max()) < 1


# ------------------------------------------------------------ the derivative of ReLU at zero


def at_zero(c):
    """Return a 1-3-2 network whose hidden units see -2, 0 and 2 for x = 1."""
    model = network((1, 3, 2), c=c)
    model.params.W[1][:] = [[-2, 0, 2]]
    model.params.b[1][:] = 0
    model.params.W[2][:] = [[1, 3], [2, 6], [3, 1]]
    model.params.b[2][:] = [-6, -2]
    return model, np.array([[1.0]]), np.array([0])


@pytest.mark.parametrize("c", [0, 0.5, 1, np.float32(0.25)])
def test_at_zero_the_gradient_is_c_times_what_it_would_be(c):
    model, X, y = at_zero(c)
    # Z¹ = (-2, 0, 2), A¹ = (0, 0, 2), Z² = (2·3 - 6, 2·1 - 2) = (0, 0), p = (1/2, 1/2)
    np.testing.assert_array_equal(model.logits(X), [[0, 0]])
    for _ in range(2):  # the second time with buffers that hold the first
        loss, grad = model.loss_and_grad(X, y)
        close(loss, np.log(2))
        # dZ² = (-1/2, 1/2);  dA¹ = dZ² W²ᵀ = ((3 - 1)/2, (6 - 2)/2, (1 - 3)/2) = (1, 2, -1)
        # dZ¹ = dA¹ ⊙ ReLU′(Z¹) = (0, 2c, -1)
        np.testing.assert_array_equal(grad.b[1], [0, 2 * c, -1])
        np.testing.assert_array_equal(grad.W[1], [[0, 2 * c, -1]])
        np.testing.assert_array_equal(grad.W[2], [[0, 0], [0, 0], [-1, 1]])
        np.testing.assert_array_equal(grad.b[2], [-0.5, 0.5])


def test_c_is_zero_unless_told_otherwise():
    assert network().c == 0
    c = network(c=np.float32(0.5)).c
    assert c == 0.5
    assert type(c) is float


@pytest.mark.parametrize("c", [-0.1, 1.1])
def test_c_lies_between_zero_and_one(c):
    with pytest.raises(ValueError, match=f"c is {c}; expected a number from 0 to 1"):
        network(c=c)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_away_from_zero_c_changes_nothing(activation):
    X, y = examples()
    _, expected = network(activation=activation).loss_and_grad(X, y)
    _, grad = network(activation=activation, c=0.5).loss_and_grad(X, y)
    np.testing.assert_array_equal(grad.flat, expected.flat)


@pytest.mark.parametrize("c", [0, 0.5])
def test_the_gradient_is_that_of_the_functions_one_by_one(c):
    model = network(c=c)
    W, b = model.params.W, model.params.b
    b[1][:] = 0  # so that the blank first example meets the kink in every unit
    X, y = examples()
    X[0] = 0
    Z1 = F.affine(X, W[1], b[1])
    A1 = F.relu(Z1)
    Z2 = F.affine(A1, W[2], b[2])
    A2 = F.relu(Z2)
    _, dZ3 = F.softmax_nll(F.affine(A2, W[3], b[3]), y)
    dA2, dW3, db3 = F.affine_backward(dZ3, A2, W[3])
    dA1, dW2, db2 = F.affine_backward(F.relu_backward(dA2, Z2, c), A1, W[2])
    _, dW1, db1 = F.affine_backward(F.relu_backward(dA1, Z1, c), X)
    _, grad = model.loss_and_grad(X, y)
    for l, (dW, db) in enumerate([(dW1, db1), (dW2, db2), (dW3, db3)], start=1):
        close(grad.W[l], dW)
        close(grad.b[l], db)


# ------------------------------------------------------------ gradients

DEPTHS = [(6, 3), (6, 5, 3), (6, 5, 4, 3), (6, 4, 4, 4, 3)]


@pytest.mark.parametrize(
    ("sizes", "activation", "output", "reduction"),
    list(product(DEPTHS, ACTIVATIONS, OUTPUTS, ["mean", "sum"])),
)
def test_backpropagation_agrees_with_finite_differences(sizes, activation, output, reduction):
    model = network(sizes, activation=activation, output=output)
    model.params.flat += np.random.default_rng(2).normal(scale=0.1, size=model.params.flat.size)
    X, y = examples(5)
    A, W, b = model.forward(X), model.params.W, model.params.b
    nearest = min(np.abs(F.affine(A[l - 1], W[l], b[l])).min() for l in W)
    assert nearest > 1e-4, "a difference must not straddle the kink of ReLU"
    assert check_gradient(model, X, y, reduction) < 1e-7


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_output_is_the_function_of_that_name(output):
    model = network(output=output)
    X, y = examples()
    Z = model.logits(X)
    expected, _ = getattr(F, output)(Z, y)
    assert model.loss(X, y) == expected
    assert model.loss_and_grad(X, y)[0] == expected
    P = F.sigmoid(Z) if output.startswith("sigmoid") else F.softmax(Z)
    np.testing.assert_array_equal(model.predict_proba(X), P)
    np.testing.assert_array_equal(model.predict(X), P.argmax(axis=1))


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_sum_is_m_times_the_mean(output):
    model = network(output=output)
    X, y = examples(5)
    mean, grad_mean = model.loss_and_grad(X, y, "mean")
    total, grad_total = model.loss_and_grad(X, y, reduction="sum")
    close(total, 5 * mean)
    close(grad_total.flat, 5 * grad_mean.flat)
    close(model.loss(X, y, "sum"), total)


def test_the_gradient_of_a_batch_is_the_mean_over_its_examples():
    model = network()
    X, y = examples(5)
    alone = [model.loss_and_grad(X[m : m + 1], y[m : m + 1])[1].flat for m in range(5)]
    close(model.loss_and_grad(X, y)[1].flat, np.mean(alone, axis=0))


def test_the_order_of_the_examples_does_not_matter():
    model = network()
    X, y = examples(5)
    close(model.loss_and_grad(X[::-1], y[::-1])[1].flat, model.loss_and_grad(X, y)[1].flat)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("scale", [1 / 4, 0.13 / 4, 2.0])
def test_the_inner_step_gives_the_sum_of_the_losses_and_a_scaled_gradient(output, scale):
    model, out = network(output=output), Params((6, 5, 4, 3), np.float64)
    X, y = examples()
    total, grad = model.loss_and_grad(X, y, "sum")
    loss = model.backpropagate(X, y, scale, out)
    close(loss, total)
    assert type(loss) is float
    close(out.flat, scale * grad.flat)


# ------------------------------------------------------------ one-hot labels


@pytest.mark.parametrize("kind", [int, np.uint8, np.int8, np.float32, np.float64, bool, list])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_one_hot_labels_are_labels(kind, output, reduction):
    model = network(output=output)
    X, y = examples(7)
    Y = np.eye(3)[y].tolist() if kind is list else np.eye(3)[y].astype(kind)
    before = copy.deepcopy(Y)
    loss, grad = model.loss_and_grad(X, y, reduction)
    loss_again, grad_again = model.loss_and_grad(X, Y, reduction)
    assert loss == loss_again == model.loss(X, Y, reduction)
    np.testing.assert_array_equal(grad.flat, grad_again.flat)
    np.testing.assert_array_equal(Y, before)


@pytest.mark.parametrize(
    "Y",
    [
        [[1, 0, 0], [0, 0, 0]],
        [[1, 0, 0], [0, 1, 1]],
        [[1, 0, 0], [0, 2, 0]],
        [[1, 0, 0], [1, 1, -1]],
        [[1, 0, 0], [0, 0.5, 0.5]],
        [[1, 0, 0], [0, np.nan, 1]],
        [[1, 0, 0], [0, np.inf, 0]],
        [[1, 0], [0, 1]],
        [[1, 0, 0, 0], [0, 1, 0, 0]],
        [[0], [1]],
        np.ones((2, 3), np.uint8),
    ],
    ids=str,
)
def test_rows_that_are_not_one_hot_are_refused(Y):
    model = network()
    for f in (model.loss, model.loss_and_grad):
        with pytest.raises(
            ValueError, match="y has rows that are not one-hot; expected a single 1 of 3"
        ):
            f(examples(2)[0], Y)


def test_one_hot_labels_are_as_many_as_the_examples():
    with pytest.raises(ValueError, match=r"y has shape \(3,\); expected \(2,\), one label a row"):
        network().loss(examples(2)[0], np.eye(3))


# ------------------------------------------------------------ dtypes


@pytest.mark.parametrize(("dtype", "given"), list(product(FLOATS, FLOATS)))
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_results_have_the_dtype_of_the_network_whatever_comes_in(dtype, given, activation, output):
    model = network(activation=activation, output=output, dtype=dtype)
    X, y = examples(dtype=given)
    loss, grad = model.loss_and_grad(X, y)
    assert type(loss) is type(model.loss(X, y)) is float
    assert model.dtype == model.params.flat.dtype == grad.flat.dtype == dtype
    assert {a.dtype for a in model.forward(X)} == {np.dtype(dtype)}
    assert model.logits(X).dtype == model.predict_proba(X).dtype == dtype
    assert model.predict(X).dtype == np.intp


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_float32_agrees_with_float64_to_single_precision(activation, output):
    X, y = examples(dtype=np.float32)
    small = network(activation=activation, output=output, dtype=np.float32)
    large = network(activation=activation, output=output, dtype=np.float64)
    large.params.flat[:] = small.params.flat
    close(small.loss_and_grad(X, y)[1].flat, large.loss_and_grad(X, y)[1].flat, 1e-6)
    close(small.loss(X, y), large.loss(X, y), 1e-6)


def test_lists_of_floats_and_labels_of_any_integers_are_fine():
    model = network()
    X, y = examples()
    for labels in (y.tolist(), y.astype(np.uint8), y.astype(np.int32)):
        assert model.loss(X.tolist(), labels) == model.loss(X, y)


# ------------------------------------------------------------ memory


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_arguments_and_parameters_are_not_changed(activation, output):
    model = network(activation=activation, output=output)
    X, y = examples()
    X_before, y_before, before = X.copy(), y.copy(), model.params.flat.copy()
    for f in (model.forward, model.logits, model.predict, model.predict_proba):
        f(X)
    model.loss(X, y)
    model.loss_and_grad(X, y)
    model.loss_and_grad(X, y, out=model.params.copy())
    np.testing.assert_array_equal(X, X_before)
    np.testing.assert_array_equal(y, y_before)
    np.testing.assert_array_equal(model.params.flat, before)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_later_calls_do_not_change_what_earlier_calls_returned(activation, output):
    model = network(activation=activation, output=output)
    X, y = examples(seed=1)
    other, labels = examples(seed=2)
    _, grad = model.loss_and_grad(X, y)
    returned = [*model.forward(X), model.logits(X), model.predict_proba(X), model.predict(X)]
    returned.append(grad.flat)
    kept = [x.copy() for x in returned]
    model.loss_and_grad(other, labels)
    model.loss_and_grad(other, labels, out=model.params.copy())
    for f in (model.forward, model.logits, model.predict, model.predict_proba):
        f(other)
    for x, before in zip(returned, kept, strict=True):
        np.testing.assert_array_equal(x, before)


def test_without_out_every_gradient_is_fresh():
    model = network()
    _, first = model.loss_and_grad(*examples())
    _, second = model.loss_and_grad(*examples())
    assert not np.shares_memory(first.flat, second.flat)
    assert not np.shares_memory(first.flat, model.params.flat)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_out_takes_the_gradient_whatever_was_in_it(activation, output):
    model = network(activation=activation, output=output)
    loss, expected = model.loss_and_grad(*examples())
    out = Params(model.sizes, model.dtype)
    out.flat[:] = np.nan
    loss_again, grad = model.loss_and_grad(*examples(), out=out)
    assert grad is out
    assert loss_again == loss
    np.testing.assert_array_equal(grad.flat, expected.flat)


@pytest.mark.parametrize("c", [0, 0.5])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_batches_of_changing_sizes_do_not_disturb_each_other(output, activation, c):
    settings = {"output": output, "activation": activation, "c": c}
    model = network(**settings)
    for M in (4, 7, 7, 1, 7, 4, 4):
        X, y = examples(M, seed=M)
        X[0] = 0  # at the kink
        _, expected = network(**settings).loss_and_grad(X, y)
        np.testing.assert_array_equal(model.loss_and_grad(X, y)[1].flat, expected.flat)


def test_the_next_batch_of_the_same_size_needs_no_new_layers():
    model = network((20, 500, 10))
    (X, y), out = examples(400, 20, 10), model.params.copy()
    layer = 400 * 500 * 8  # bytes of A¹
    peaks = []
    for _ in range(2):
        tracemalloc.start()
        model.loss_and_grad(X, y, out=out)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[0] > 2 * layer, "A¹ and its gradient"
    assert peaks[1] < 0.5 * layer, "no more than small change"


def test_inputs_may_be_views_with_any_strides():
    model = network()
    X, y = examples(8)
    wide = np.asfortranarray(X)[::2]
    close(model.loss_and_grad(wide, y[::2])[1].flat, model.loss_and_grad(X[::2], y[::2])[1].flat)


# ------------------------------------------------------------ copies

COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{f"pickle {p}": lambda m, p=p: pickle.loads(pickle.dumps(m, p)) for p in range(2, 6)},
}


@pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("c", [0, 0.5])
def test_a_copy_is_the_same_network_without_its_buffers(duplicate, c):
    settings = {"activation": "sigmoid", "output": "softmax_mse", "scaling": Scaling(-0.4, 2.8)}
    model = network(c=c, dtype=np.float32, **settings)
    X, y = examples(50)
    loss, grad = model.loss_and_grad(X, y)
    twin = duplicate(model)
    assert twin._buffers.Z == twin._buffers.A == twin._buffers.dA == []
    assert model._buffers.Z, "the original keeps its own"
    assert repr(twin) == repr(model)
    assert (twin.c, twin.scaling) == (c, Scaling(-0.4, 2.8))
    assert twin.loss_and_grad(X, y)[0] == loss
    np.testing.assert_array_equal(twin.loss_and_grad(X, y)[1].flat, grad.flat)
    # Both at work at once: neither writes into the arrays of the other.
    assert not any(
        np.shares_memory(a, b)
        for a in twin._buffers.Z + twin._buffers.dA
        for b in model._buffers.Z + model._buffers.dA
    )


@pytest.mark.parametrize("duplicate", list(COPIES.values())[1:], ids=list(COPIES)[1:])
def test_a_deep_copy_has_views_of_its_own_vector(duplicate):
    model = network()
    before = model.params.flat.copy()
    twin = duplicate(model)
    assert not np.shares_memory(twin.params.flat, model.params.flat)
    for views in (twin.params.W, twin.params.b):
        assert all(np.shares_memory(view, twin.params.flat) for view in views.values())
    twin.params.flat[:] = 7
    assert (twin.params.W[2] == 7).all()
    np.testing.assert_array_equal(model.params.flat, before)


def test_a_pickled_network_is_hardly_larger_than_its_parameters():
    model = network((20, 500, 10))
    model.loss_and_grad(*examples(400, 20, 10))  # makes buffers of 400 × 500 numbers
    assert len(pickle.dumps(model)) < model.params.flat.nbytes + 2000


def test_a_network_keeps_its_scaling():
    assert network().scaling == UNIT
    assert network(scaling=Scaling(0.01, 1)).scaling == Scaling(0.01, 1)
    for wrong in (0.01, (0, 1), None, Scaling):
        with pytest.raises(TypeError, match=r"scaling is of type .*; expected mnist_nn\.data"):
            network(scaling=wrong)


# ------------------------------------------------------------ the rest


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_gives_the_same_network_bit_for_bit(seed):
    a, b = (network(rng=np.random.default_rng(seed)).params.flat for _ in range(2))
    np.testing.assert_array_equal(a, b)


def test_other_seeds_give_other_networks():
    a, b = (network(rng=np.random.default_rng(seed)).params.flat for seed in (0, 1))
    assert not np.array_equal(a, b)


def test_a_prediction_is_the_most_probable_class():
    model = network((2, 3), init="zeros")
    model.params.W[1][:] = [[0, 5, 0], [0, 0, 5]]
    np.testing.assert_array_equal(model.predict(np.array([[1.0, 0], [0, 1], [-1, -1]])), [1, 2, 0])


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_network_that_has_blown_up_says_so(output):
    model = network(output=output, dtype=np.float32)
    model.params.flat *= np.float32(1e38)
    X, y = examples(dtype=np.float32)
    for f in (model.loss, model.loss_and_grad):
        with pytest.raises(ValueError, match=r"start again with a smaller learning"):
            f(X, y)


def test_the_text_says_what_the_network_is_made_of():
    model = MLP((784, 100, 10), "sigmoid", "softmax_mse", rng=np.random.default_rng(0))
    assert repr(model) == "MLP(784-100-10, sigmoid, softmax_mse, 79,510 parameters, float32)"
    assert model.sizes == (784, 100, 10)


def test_the_names_in_the_messages_are_the_ones_that_work():
    with pytest.raises(ValueError, match="activation is 'tanh'; expected one of relu, sigmoid"):
        network(activation="tanh")
    with pytest.raises(ValueError, match="output is 'mse'; expected one of softmax_nll, softmax_"):
        network(output="mse")
    with pytest.raises(ValueError, match="init is 'xavier'; expected one of fan_in_uniform, gl"):
        network(init="xavier")
    with pytest.raises(ValueError, match="bias_init is 'ones'; expected one of fan_in_uniform, gl"):
        network(bias_init="ones")


def test_the_gradient_may_not_be_written_over_the_parameters():
    model = network()
    before = model.params.flat.copy()
    with pytest.raises(ValueError, match="out is the network's own parameters"):
        model.loss_and_grad(*examples(8), out=model.params)
    np.testing.assert_array_equal(model.params.flat, before)


def test_no_answer_from_parameters_that_have_blown_up():
    model = network()
    model.params.flat[:] = 1e200
    for ask in (model.logits, model.predict, model.predict_proba):
        with pytest.raises(ValueError, match="the parameters have grown too large"):
            ask(examples(8)[0])


def test_c_may_be_changed_after_a_step():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((6, 3)), [0, 1, 2, 0, 1, 2]
    model = MLP((3, 5, 3), rng=rng, dtype=np.float64)
    _, grad = model.loss_and_grad(X, y)
    for c in (0.5, 0.0):
        model.c = c
        _, again = model.loss_and_grad(X, y)
        np.testing.assert_array_equal(again.flat, grad.flat, "no z is 0, so c is never used")
