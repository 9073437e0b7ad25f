"""Chapter 6: back through an affine layer, by the tensor and without it."""

import numpy as np

from ... import functional as F
from ..exercise import Exercise, Probe

_rng = np.random.default_rng(6)


def _normal(*shape):
    return _rng.normal(size=shape)


# ------------------------------------------------------------ affine_jacobian


def _affine_jacobian(a, n_out):
    return F.affine_jacobian(a, n_out)


affine_jacobian = Exercise(
    name="affine_jacobian",
    title="The tensor ∂z/∂W",
    chapter=6,
    level=3,
    minutes=20,
    equation="eq-affine-jacobian",
    reference=_affine_jacobian,
    probes=(
        Probe("two inputs, three outputs", (np.array([5.0, 7.0]), 3)),
        Probe("four inputs, two outputs", (_normal(4), 2)),
        Probe("as many inputs as outputs", (_normal(3), 3)),
        Probe("one output", (_normal(3), 1)),
        Probe("one input", (np.array([-2.0]), 4)),
        Probe("float32", (_normal(5).astype(np.float32), 3)),
        Probe("an input that is 0", (np.array([0.0, 1.5, -1.0]), 2)),
    ),
    hints=(
        "Write down z₂ for two inputs and three outputs. Which weights occur in it, and what is "
        "each of them multiplied by?",
        "Begin with zeros of the shape (n_in, n_out, n_out). Entry [i, j, k] stays zero, unless "
        "the weight's column j is the output k.",
        "In two loops: T[i, j, j] = a[i]. Or at once, a[:, None, None] times the identity matrix "
        "np.eye(n_out).",
    ),
)


@affine_jacobian.right
def _(a, n_out):
    return a[:, None, None] * np.eye(n_out)


@affine_jacobian.right
def _(a, n_out):
    T = np.zeros((len(a), n_out, n_out))
    for i in range(len(a)):
        for j in range(n_out):
            for k in range(n_out):
                if j == k:
                    T[i, j, k] = a[i]
    return T


@affine_jacobian.right
def _(a, n_out):
    return np.einsum("i,jk->ijk", a, np.eye(n_out, dtype=np.float32))


@affine_jacobian.right
def _(a, n_out):
    return [[[x if j == k else 0 for k in range(n_out)] for j in range(n_out)] for x in a]


@affine_jacobian.right
def _(a, n_out):
    # z is linear in W, so its change with a unit matrix in the place of W is the derivative.
    T = np.empty((len(a), n_out, n_out))
    for i, j in np.ndindex(len(a), n_out):
        W = np.zeros((len(a), n_out))
        W[i, j] = 1
        T[i, j] = a @ W
    return T


@affine_jacobian.right
def _(a, n_out):
    return np.kron(np.eye(n_out), a).reshape(n_out, n_out, len(a)).transpose(2, 0, 1)


@affine_jacobian.wrong()
def the_watched_output_first(a, n_out):
    """The numbers are right, and the axes in another order: yours begins with the output k. Here
    T[i, j, k] belongs to the weight w_ij first, and to the output that is watched last."""
    return (a[:, None, None] * np.eye(n_out)).transpose(2, 0, 1)


@affine_jacobian.wrong()
def the_input_last(a, n_out):
    """The numbers are right, and the axes in another order: yours ends with the input i. Here
    T[i, j, k] has i first: the row of the weight, then its column, then the output."""
    return (a[:, None, None] * np.eye(n_out)).transpose(1, 2, 0)


@affine_jacobian.wrong()
def full_of_inputs(a, n_out):
    """Every weight moves every output, in yours. A weight w_ij belongs to output j alone; where j
    and k differ there is 0."""
    return np.broadcast_to(a[:, None, None], (len(a), n_out, n_out)).copy()


@affine_jacobian.wrong()
def a_one_where_the_input_belongs(a, n_out):
    """The zeros are in the right places. But where j = k the output does not move by 1: it moves by
    what the weight is multiplied by."""
    return np.ones((len(a), 1, 1)) * np.eye(n_out)


@affine_jacobian.wrong("eq-affine-outer")
def a_matrix(a, n_out):
    """You return a matrix: what is left if the tensor is summed over an axis. Three indices are
    asked for, with all the zeros."""
    return np.repeat(np.asarray(a)[:, None], n_out, axis=1)


@affine_jacobian.wrong()
def input_and_output_compared(a, n_out):
    """Your entries stand where the input i equals the output k. What has to agree is the weight's
    column j with k; the input may be any."""
    T = np.zeros((len(a), n_out, n_out))
    for i in range(min(len(a), n_out)):
        T[i, :, i] = a[i]
    return T


@affine_jacobian.wrong()
def the_weight_on_the_diagonal(a, n_out):
    """Your entries stand where the weight's row equals its column. What has to agree is its column
    j with the output k that is watched."""
    T = np.zeros((len(a), n_out, n_out))
    for i in range(min(len(a), n_out)):
        T[i, i, :] = a[i]
    return T


@affine_jacobian.wrong()
def all_three_indices_compared(a, n_out):
    """Your entries stand where i, j and k are all equal. Only the weight's column j and the output
    k have to be; the input i may be any."""
    T = np.zeros((len(a), n_out, n_out))
    for i in range(min(len(a), n_out)):
        T[i, i, i] = a[i]
    return T


@affine_jacobian.wrong()
def two_axes_missing(a, n_out):
    """a and the identity matrix cannot be multiplied like this: entry by entry the shapes (n_in,)
    and (n_out, n_out) do not fit, or fit by luck. The result has three axes, and a belongs to the
    first of them: give a new axes until it stands there, or use loops."""
    return a * np.eye(n_out)


@affine_jacobian.wrong()
def the_input_counted_by_the_output(a, n_out):
    """The index of a is the wrong one: the input i is the row of the weight, and it has nothing to
    do with the outputs j and k."""
    T = np.zeros((len(a), n_out, n_out))
    for j in range(n_out):
        T[:, j, j] = a[j]
    return T


@affine_jacobian.wrong()
def the_first_output_left_out(a, n_out):
    """One output has no derivatives. Formulas count from 1, arrays from 0: range(n_out) begins
    with 0."""
    T = a[:, None, None] * np.eye(n_out)
    T[:, 0] = 0
    return T


@affine_jacobian.wrong()
def the_last_output_left_out(a, n_out):
    """The last output has no derivatives. range(n_out) ends with n_out - 1, and that is the last
    one: nothing has to be taken away."""
    T = a[:, None, None] * np.eye(n_out)
    T[:, -1] = 0
    return T


@affine_jacobian.wrong()
def the_derivative_for_the_biases(a, n_out):
    """The identity matrix is ∂z/∂b. The weights have one index more, and their inputs as
    factors."""
    return np.eye(n_out)


# ------------------------------------------------------------ weight_gradient

_A_SMALL = np.array([[1.0, 2.0], [0.0, 1.0], [3.0, -1.0]])
_dZ_SMALL = np.array([[1.0, 0.0, -1.0, -2.0], [2.0, -3.0, 1.0, -4.0], [0.5, 1.0, 0.0, -1.0]])


def _weight_gradient(A, dZ):
    return F.affine_backward(dZ, A)[1]


weight_gradient = Exercise(
    name="weight_gradient",
    title="The gradient of the weights",
    chapter=6,
    level=2,
    minutes=10,
    equation="eq-affine-dw-sum",
    reference=_weight_gradient,
    probes=(
        Probe("three examples, two inputs, four outputs", (_A_SMALL, _dZ_SMALL)),
        Probe("six examples, four inputs, three outputs", (_normal(6, 4), _normal(6, 3))),
        Probe("two examples, five inputs, three outputs", (_normal(2, 5), _normal(2, 3))),
        Probe("a single example", (_normal(1, 3), _normal(1, 4))),
        Probe(
            "float32",
            (_normal(7, 3).astype(np.float32), _normal(7, 2).astype(np.float32)),
        ),
        Probe("a pixel that is white in all examples", (_normal(4, 3) * [1, 0, 1], _normal(4, 2))),
        Probe("one output", (_normal(5, 3), _normal(5, 1))),
    ),
    hints=(
        "The gradient has the shape of W. Which axis of A and of dZ has to disappear?",
        "For one example it is the outer product of its inputs and its dz. For a batch: the sum of "
        "these over the examples.",
        "A matrix product is a sum of outer products: A turned round, (n_in, M), times dZ, "
        "(M, n_out).",
    ),
)


@weight_gradient.right
def _(A, dZ):
    return A.T @ dZ


@weight_gradient.right
def _(A, dZ):
    return sum(np.outer(a, dz) for a, dz in zip(A, dZ, strict=True))


@weight_gradient.right
def _(A, dZ):
    return np.einsum("mi,mj->ij", A, dZ)


@weight_gradient.right
def _(A, dZ):
    M, n_in = A.shape
    n_out = dZ.shape[1]
    return [[sum(A[m, i] * dZ[m, j] for m in range(M)) for j in range(n_out)] for i in range(n_in)]


@weight_gradient.right
def _(A, dZ):
    # The long way: the tensor of each example, contracted with its dz.
    T = np.float32(A)[:, :, None, None] * np.eye(dZ.shape[1], dtype=np.float32)
    return np.tensordot(T, np.float32(dZ), axes=([0, 3], [0, 1]))


@weight_gradient.right
def _(A, dZ):
    return (dZ.T @ A).T


@weight_gradient.wrong()
def the_transpose_of_it(A, dZ):
    """The numbers are right, and rows and columns have changed places: that is the gradient of a W
    that is stored transposed, as in a report that writes W a + b. A gradient has the shape of its
    variable, and here W is (n_in, n_out)."""
    return dZ.T @ A


@weight_gradient.wrong()
def reshaped_and_not_turned(A, dZ):
    """A.reshape(n_in, M) has the shape of the transpose, and the numbers in other places: it reads
    row after row into new rows. What makes rows of the columns is A.T."""
    return A.reshape(A.shape[1], A.shape[0]) @ dZ


@weight_gradient.wrong("eq-softmax-nll-backward")
def divided_by_M_once_more(A, dZ):
    """All is too small by the number of examples. The 1/M of the mean is in dZ already, and it may
    enter only once: here the examples are added up."""
    return A.T @ dZ / len(A)


@weight_gradient.wrong()
def only_the_first_example(A, dZ):
    """You take the outer product of one example. All examples use the same weights, so each adds
    its own."""
    return np.outer(A[0], dZ[0])


@weight_gradient.wrong()
def only_the_last_example(A, dZ):
    """What is left is the outer product of the last example: is the result of each one replaced by
    the next, where it should be added?"""
    return np.outer(A[-1], dZ[-1])


@weight_gradient.wrong()
def the_product_of_two_sums(A, dZ):
    """You add up the examples first and multiply then. The product of two sums is not the sum of
    the products: in each outer product input and gradient belong to the same example."""
    return np.outer(A.sum(axis=0), dZ.sum(axis=0))


@weight_gradient.wrong()
def not_summed_over_the_examples(A, dZ):
    """There is one matrix for each example. All examples use the same W: add them up."""
    return A[:, :, None] * dZ[:, None, :]


@weight_gradient.wrong()
def the_axis_of_the_examples_not_inside(A, dZ):
    """These shapes do not fit. Write both down: A is (M, n_in), dZ is (M, n_out), and the result
    (n_in, n_out). M has to disappear, so in a matrix product the two M must stand next to each
    other. Which of the two arrays has to be turned for that, and on which side does it stand?"""
    return A @ dZ


@weight_gradient.wrong()
def the_gradient_squared(A, dZ):
    """The gradient dZ enters twice. The chain rule has it once: what went in, times what comes
    back."""
    return A.T @ dZ**2


@weight_gradient.wrong()
def divided_by_the_outputs(A, dZ):
    """All is too small by the number of outputs. Nothing is averaged over the outputs: each has
    weights of its own."""
    return A.T @ dZ / dZ.shape[1]


@weight_gradient.wrong("eq-sgd-step")
def the_step_and_not_the_gradient(A, dZ):
    """Every sign is wrong. The minus belongs to the step of gradient descent; the gradient itself
    has none."""
    return -A.T @ dZ


# ------------------------------------------------------------ bias_gradient


def _bias_gradient(dZ):
    return F.affine_backward(dZ, np.ones((len(dZ), 1), dZ.dtype))[2]


bias_gradient = Exercise(
    name="bias_gradient",
    title="The gradient of the biases",
    chapter=6,
    level=1,
    minutes=5,
    equation="eq-affine-db",
    reference=_bias_gradient,
    probes=(
        Probe("two examples, three outputs", (np.array([[1.0, 0.5, -2.0], [3.0, -1.0, 0.0]]),)),
        Probe("five examples, four outputs", (_normal(5, 4),)),
        Probe("as many examples as outputs", (_normal(4, 4),)),
        Probe("a single example", (_normal(1, 3),)),
        Probe("one output", (_normal(6, 1),)),
        Probe("float32", (_normal(3, 5).astype(np.float32),)),
        Probe("rows that add up to 0, as behind a softmax", (_normal(4, 3) @ (np.eye(3) - 1 / 3),)),
    ),
    hints=(
        "A gradient has the shape of its variable. What is the shape of b, and which axis of dZ "
        "has to disappear?",
        "Each example uses the same biases, and adds its own dz. So add up the rows.",
        "np.sum with the axis of the examples, which is the first: axis=0.",
    ),
)


@bias_gradient.right
def _(dZ):
    return dZ.sum(axis=0)


@bias_gradient.right
def _(dZ):
    return np.ones(len(dZ)) @ dZ


@bias_gradient.right
def _(dZ):
    return [sum(column) for column in zip(*dZ, strict=True)]


@bias_gradient.right
def _(dZ):
    db = np.zeros(dZ.shape[1], np.float32)
    for dz in dZ:
        db += dz.astype(np.float32)
    return db


@bias_gradient.right
def _(dZ):
    return np.einsum("mj->j", dZ)


@bias_gradient.wrong()
def one_sum_for_all_outputs(dZ):
    """np.sum(dZ) adds up everything, and one number is left for all biases. NumPy would spread it
    over b without a word. Say over which axis to sum: the one of the examples."""
    return np.sum(dZ)


@bias_gradient.wrong()
def one_sum_given_to_each_output(dZ):
    """Each bias gets the same number, the sum of all. Each unit has a bias of its own, and only the
    column of that unit counts for it."""
    return np.full(dZ.shape[1], dZ.sum())


@bias_gradient.wrong()
def a_number_for_each_example(dZ):
    """You sum along each row: that gives a number for each example. A bias belongs to an output,
    and the examples are what is to be added up."""
    return dZ.sum(axis=1)


@bias_gradient.wrong("eq-softmax-nll-backward")
def the_mean_over_the_examples(dZ):
    """All is too small by the number of examples. The 1/M of the mean loss is in dZ already: here
    the rows are added up."""
    return dZ.mean(axis=0)


@bias_gradient.wrong()
def an_axis_too_many(dZ):
    """The numbers are right, but yours is a row of a matrix, (1, n_out), and b is (n_out,). Is it
    keepdims=True?"""
    return dZ.sum(axis=0, keepdims=True)


@bias_gradient.wrong()
def not_summed_over_the_examples(dZ):
    """There is one row for each example. For one example db = dz, but all examples share the
    biases: add up."""
    return dZ.copy()


@bias_gradient.wrong()
def only_the_first_example(dZ):
    """You take the row of one example. All of them use the same biases, and each adds its own."""
    return dZ[0].copy()


@bias_gradient.wrong()
def only_the_last_example(dZ):
    """What is left is the row of the last example: is it put in the place of the others, where it
    should be added to them?"""
    return dZ[-1].copy()


@bias_gradient.wrong()
def as_many_biases_as_examples(dZ):
    """The array for the result has an entry for each example, len(dZ). A bias belongs to an output:
    dZ.shape[1]."""
    db = np.zeros(len(dZ))
    for dz in dZ:
        db += dz
    return db


@bias_gradient.wrong()
def the_mean_of_everything(dZ):
    """np.mean(dZ) makes one number of all. Add up, over the examples only."""
    return np.mean(dZ)


@bias_gradient.wrong()
def the_count_of_the_examples(dZ):
    """∂z/∂b is 1, and you have added these ones up. The chain rule multiplies them by dz first."""
    return np.ones_like(dZ).sum(axis=0)


@bias_gradient.wrong("eq-sgd-step")
def the_step_and_not_the_gradient(dZ):
    """Every sign is wrong. The minus belongs to the step of gradient descent; the gradient itself
    has none."""
    return -dZ.sum(axis=0)


# ------------------------------------------------------------ input_gradient

_W_SMALL = np.array([[1.0, 0.0, 2.0], [-1.0, 3.0, 1.0]])


def _input_gradient(dZ, W):
    return F.affine_backward(dZ, np.zeros((len(dZ), len(W)), dZ.dtype), W)[0]


input_gradient = Exercise(
    name="input_gradient",
    title="What is passed on",
    chapter=6,
    level=2,
    minutes=10,
    equation="eq-affine-da",
    reference=_input_gradient,
    probes=(
        Probe("one example, two inputs, three outputs", (np.array([[1.0, -1.0, 2.0]]), _W_SMALL)),
        Probe("five examples, four inputs, three outputs", (_normal(5, 3), _normal(4, 3))),
        Probe("two examples, three inputs, five outputs", (_normal(2, 5), _normal(3, 5))),
        Probe("as many inputs as outputs", (_normal(5, 3), _normal(3, 3))),
        Probe("one output", (_normal(4, 1), _normal(3, 1))),
        Probe("float32", (_normal(6, 2).astype(np.float32), _normal(5, 2).astype(np.float32))),
        Probe("an output without a gradient", (_normal(4, 3) * [1, 0, 1], _normal(2, 3))),
    ),
    hints=(
        "An input acts on every output of its own example, each time with the weight between the "
        "two. What does the chain rule do with several ways?",
        "da_mi is the sum over the outputs j of dz_mj w_ij. Which axis disappears? Where must it "
        "stand in a matrix product?",
        "dZ is (M, n_out), and W turned round is (n_out, n_in): multiply them in this order.",
    ),
)


@input_gradient.right
def _(dZ, W):
    return dZ @ W.T


@input_gradient.right
def _(dZ, W):
    return [[sum(w * d for w, d in zip(row, dz, strict=True)) for row in W] for dz in dZ]


@input_gradient.right
def _(dZ, W):
    return np.einsum("mj,ij->mi", dZ, W)


@input_gradient.right
def _(dZ, W):
    return np.stack([np.float32(W) @ np.float32(dz) for dz in dZ])


@input_gradient.right
def _(dZ, W):
    return (dZ[:, None, :] * W).sum(axis=2)


@input_gradient.right
def _(dZ, W):
    return (W @ dZ.T).T


@input_gradient.wrong("eq-affine-da-column")
def W_on_the_left(dZ, W):
    """These shapes do not fit. Here examples are rows, and dZ is (M, n_out), W is (n_in, n_out),
    the result (M, n_in). M has to come first, so dZ stands on the left; n_out has to disappear, so
    it must stand inside. (In column notation it is W dz.)"""
    return W @ dZ


@input_gradient.wrong()
def W_not_transposed(dZ, W):
    """You multiply dZ by W as it is. For a layer with as many inputs as outputs the shapes let it
    pass, and the numbers are wrong; for others they refuse. What has to disappear is n_out: turn W
    so that it stands inside."""
    return dZ @ W


@input_gradient.wrong()
def reshaped_and_not_turned(dZ, W):
    """W.reshape(n_out, n_in) has the shape of the transpose, and the numbers in other places: it
    reads row after row into new rows. What makes rows of the columns is W.T."""
    return dZ @ W.reshape(W.shape[1], W.shape[0])


@input_gradient.wrong()
def the_sum_not_set_back(dZ, W):
    """The first example is right, and each one after it has those before it in its sum. Set the sum
    back to 0 inside the loop over the examples."""
    dA = np.zeros((len(dZ), len(W)))
    total = np.zeros(len(W))
    for m in range(len(dZ)):
        for j in range(W.shape[1]):
            total += dZ[m, j] * W[:, j]
        dA[m] = total
    return dA


@input_gradient.wrong("eq-affine-da-column")
def the_transpose_of_it(dZ, W):
    """The numbers are right, with an example in each column. Here examples are rows: the result has
    the shape of A, (M, n_in)."""
    return W @ dZ.T


@input_gradient.wrong()
def only_the_sum_of_the_weights(dZ, W):
    """Each input gets the sum of its weights, for every example the same. The gradient dz of the
    outputs has to weigh them."""
    return np.tile(W.sum(axis=1), (len(dZ), 1))


@input_gradient.wrong()
def the_examples_added_up(dZ, W):
    """You have added up the examples. That is right for weights and biases, which all examples
    share. An input belongs to one example alone: a row of the result for each row of dZ."""
    return dZ.sum(axis=0) @ W.T


@input_gradient.wrong()
def the_sum_of_the_gradients_times_the_weights(dZ, W):
    """You add up the dz of an example before the weights come in. Each output has a weight of its
    own: multiply first, then add up."""
    return dZ.sum(axis=1, keepdims=True) * W.sum(axis=1)


@input_gradient.wrong()
def divided_by_the_examples(dZ, W):
    """All is too small by the number of examples. The 1/M is in dZ already, and comes through by
    itself."""
    return dZ @ W.T / len(dZ)


@input_gradient.wrong()
def the_mean_over_the_outputs(dZ, W):
    """All is too small by the number of outputs: a mean where the chain rule has a sum."""
    return dZ @ W.T / W.shape[1]


@input_gradient.wrong("eq-affine-da-column")
def not_summed_over_the_outputs(dZ, W):
    """There is a number for each example, input and output. An input acts on the loss through all
    the outputs: add up over them."""
    return dZ[:, None, :] * W


@input_gradient.wrong("eq-sgd-step")
def a_minus_too_many(dZ, W):
    """Every sign is wrong. The minus belongs to the step of gradient descent, and not to the
    gradient that is passed on."""
    return -dZ @ W.T


# ------------------------------------------------------------ layer_backward


def _layer_backward(dA, Z, A_before, W):
    return F.affine_backward(F.relu_backward(dA, Z), A_before, W)


def _layer(M, n_in, n_out):
    # Z is that of the layer, so that what is kept of the forward pass fits together.
    A_before, W = np.maximum(_normal(M, n_in), 0), _normal(n_in, n_out)
    return _normal(M, n_out), A_before @ W + _normal(n_out), A_before, W


def _at_the_corner():
    dA, Z, A_before, W = _layer(5, 3, 4)
    Z = Z.copy()
    Z[1, 2] = Z[3] = 0.0
    return dA, Z, A_before, W


_EXAMPLE = (
    np.array([[1.0, -2.0, 3.0], [2.0, 1.0, -1.0]]),
    np.array([[-1.0, 6.0, 4.0], [0.5, -2.0, 1.0]]),
    np.array([[1.0, 2.0], [0.5, 0.0]]),
    _W_SMALL,
)

layer_backward = Exercise(
    name="layer_backward",
    title="Back through a whole layer",
    chapter=6,
    level=3,
    minutes=20,
    equation="eq-affine-da",
    reference=_layer_backward,
    probes=(
        Probe("two examples, two inputs, three units", _EXAMPLE),
        Probe("six examples, four inputs, three units", _layer(6, 4, 3)),
        Probe("three examples, two inputs, five units", _layer(3, 2, 5)),
        Probe("as many inputs as units", _layer(6, 4, 4)),
        Probe("a single example", _layer(1, 5, 3)),
        Probe("some z exactly 0", _at_the_corner()),
        Probe("float32", tuple(x.astype(np.float32) for x in _layer(4, 3, 2))),
        Probe("all units off", (_normal(4, 3), -np.ones((4, 3)), _normal(4, 2), _normal(2, 3))),
    ),
    hints=(
        "Walk back in the order opposite to the way forward. What was the last thing that the "
        "layer did?",
        "First through the ReLU: dZ from dA and Z. All three results are made of dZ, and none of "
        "dA.",
        "dZ is dA where Z > 0, else 0. Then dZ times W turned round, A_before turned round times "
        "dZ, and the sum of the rows of dZ.",
    ),
)


@layer_backward.right
def _(dA, Z, A_before, W):
    dZ = dA * (Z > 0)
    return dZ @ W.T, A_before.T @ dZ, dZ.sum(axis=0)


@layer_backward.right
def _(dA, Z, A_before, W):
    dZ = np.where(Z > 0, dA, 0)
    dA_before = np.einsum("mj,ij->mi", dZ, W)
    dW = np.einsum("mi,mj->ij", A_before, dZ)
    return [dA_before, dW, np.einsum("mj->j", dZ)]


@layer_backward.right
def _(dA, Z, A_before, W):
    M, n_out = Z.shape
    n_in = len(W)
    dA_before, dW, db = np.zeros((M, n_in)), np.zeros((n_in, n_out)), np.zeros(n_out)
    for m in range(M):
        for j in range(n_out):
            if Z[m, j] <= 0:
                continue
            db[j] += dA[m, j]
            for i in range(n_in):
                dW[i, j] += A_before[m, i] * dA[m, j]
                dA_before[m, i] += W[i, j] * dA[m, j]
    return dA_before, dW, db


@layer_backward.right
def _(dA, Z, A_before, W):
    # Weights and biases in one product, with a column of ones; all in float32.
    dA, Z, A_before, W = (np.float32(x) for x in (dA, Z, A_before, W))
    dZ = dA.copy()
    dZ[Z <= 0] = 0
    both = np.hstack([A_before, np.ones((len(Z), 1), np.float32)]).T @ dZ
    return dZ @ W.T, both[:-1], both[-1]


@layer_backward.right
def _(dA, Z, A_before, W):
    # Example by example, as a column.
    each = [
        (W @ (d * (z > 0)), np.outer(a, d * (z > 0)), d * (z > 0))
        for d, z, a in zip(dA, Z, A_before, strict=True)
    ]
    rows, matrices, biases = zip(*each, strict=True)
    return np.array(rows), sum(matrices), sum(biases)


@layer_backward.wrong()
def shapes_on_the_way(dA, Z, A_before, W):
    """Somewhere two shapes do not fit. A gradient has the shape of its variable: dZ is (M, n_out),
    dA_before (M, n_in), dW (n_in, n_out), db (n_out,). The gate is a product of entries, with *;
    dA_before and dW are matrix products, with @, and the axis that disappears stands inside; db is
    a sum."""
    dZ = dA * (Z > 0)
    return W @ dZ, A_before @ dZ, dZ.sum(axis=0)


@layer_backward.wrong("eq-relu-backward")
def no_gate(dA, Z, A_before, W):
    """The ReLU is missing: nothing passes where Z was not positive. All three gradients are made of
    dZ, and dZ is not dA."""
    return dA @ W.T, A_before.T @ dA, dA.sum(axis=0)


@layer_backward.wrong("eq-relu-backward")
def the_gate_only_for_the_parameters(dA, Z, A_before, W):
    """dW and db are right. But what you pass on has not been through the gate: a unit that was off
    passes nothing to the units in front of it."""
    dZ = dA * (Z > 0)
    return dA @ W.T, A_before.T @ dZ, dZ.sum(axis=0)


@layer_backward.wrong("eq-relu-backward")
def asks_the_gradient(dA, Z, A_before, W):
    """Your gate opens where dA is positive. It has to ask Z: whether a unit was on has nothing to
    do with the sign of what comes back."""
    dZ = dA * (dA > 0)
    return dZ @ W.T, A_before.T @ dZ, dZ.sum(axis=0)


@layer_backward.wrong("eq-relu-derivative")
def open_at_zero(dA, Z, A_before, W):
    """Right, but for z exactly 0, where the gate should be shut. Look at > and >=."""
    dZ = dA * (Z >= 0)
    return dZ @ W.T, A_before.T @ dZ, dZ.sum(axis=0)


@layer_backward.wrong("eq-affine-db")
def the_gate_forgotten_for_the_biases(dA, Z, A_before, W):
    """Only db is not right yet. It adds up dA, where it should add up dZ, which has passed the
    gates."""
    dZ = dA * (Z > 0)
    return dZ @ W.T, A_before.T @ dZ, dA.sum(axis=0)


@layer_backward.wrong("eq-affine-db")
def one_sum_for_all_biases(dA, Z, A_before, W):
    """Only db is not right yet: np.sum without an axis adds up everything, and one number is left
    for all units. Add up the examples."""
    dZ = dA * (Z > 0)
    return dZ @ W.T, A_before.T @ dZ, np.sum(dZ)


@layer_backward.wrong("eq-affine-db")
def a_bias_for_each_example(dA, Z, A_before, W):
    """Only db is not right yet: you sum along each row. A bias belongs to a unit, and what is to be
    added up is the examples."""
    dZ = dA * (Z > 0)
    return dZ @ W.T, A_before.T @ dZ, dZ.sum(axis=1)


@layer_backward.wrong("eq-affine-db")
def a_bias_with_an_axis_too_many(dA, Z, A_before, W):
    """Only db is not right yet, and only its shape: (1, n_out), where b is (n_out,). Is it
    keepdims=True?"""
    dZ = dA * (Z > 0)
    return dZ @ W.T, A_before.T @ dZ, dZ.sum(axis=0, keepdims=True)


@layer_backward.wrong("eq-softmax-nll-backward")
def divided_by_M_once_more(dA, Z, A_before, W):
    """dW and db are too small by the number of examples. The 1/M of the mean came in where the
    gradient started, and is in dA already: here the examples are added up."""
    dZ = dA * (Z > 0)
    return dZ @ W.T, A_before.T @ dZ / len(Z), dZ.mean(axis=0)


@layer_backward.wrong("eq-softmax-nll-backward")
def the_biases_divided_once_more(dA, Z, A_before, W):
    """Only db is not right yet: it is too small by the number of examples. The 1/M is in dA
    already: add up, and take no mean."""
    dZ = dA * (Z > 0)
    return dZ @ W.T, A_before.T @ dZ, dZ.mean(axis=0)


@layer_backward.wrong()
def W_not_transposed(dA, Z, A_before, W):
    """What you pass on is dZ W, without a transpose. With as many inputs as units the shapes let it
    pass, and the numbers are wrong; with others they refuse."""
    dZ = dA * (Z > 0)
    return dZ @ W, A_before.T @ dZ, dZ.sum(axis=0)


@layer_backward.wrong("eq-relu-backward")
def the_gate_of_the_layer_in_front(dA, Z, A_before, W):
    """What you pass on has been through the gates of A_before. That ReLU belongs to the layer in
    front, which will do it itself; here only this layer's own gate, Z > 0, is asked."""
    dZ = dA * (Z > 0)
    return dZ @ W.T * (A_before > 0), A_before.T @ dZ, dZ.sum(axis=0)


@layer_backward.wrong("eq-relu-backward")
def asks_the_input(dA, Z, A_before, W):
    """Your gate asks A_before, the input of the layer. This layer's ReLU stands behind the weights:
    it is Z that was positive or not."""
    dZ = dA * (A_before > 0)
    return dZ @ W.T, A_before.T @ dZ, dZ.sum(axis=0)


@layer_backward.wrong("eq-relu-derivative")
def ReLU_in_place_of_its_derivative(dA, Z, A_before, W):
    """You multiply dA by ReLU(Z). The chain rule wants the derivative, 1 or 0: an open gate passes
    the gradient unchanged."""
    dZ = dA * np.maximum(Z, 0)
    return dZ @ W.T, A_before.T @ dZ, dZ.sum(axis=0)


@layer_backward.wrong()
def the_results_in_another_order(dA, Z, A_before, W):
    """The three gradients are there, in another order. First what is passed on, then the weights,
    then the biases."""
    dZ = dA * (Z > 0)
    return A_before.T @ dZ, dZ.sum(axis=0), dZ @ W.T


@layer_backward.wrong("eq-relu-backward")
def written_into_dA(dA, Z, A_before, W):
    """dA *= ... and dA[Z <= 0] = 0 write into the array that you were given. Make a new one,
    dZ."""
    dA *= Z > 0
    return dA @ W.T, A_before.T @ dA, dA.sum(axis=0)


EXERCISES = (affine_jacobian, weight_gradient, bias_gradient, input_gradient, layer_backward)
