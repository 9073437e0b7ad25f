"""Chapter 5: two layers in one, ReLU, the sigmoid, and the way back through both."""

import numpy as np

from ... import functional as F
from ..exercise import Exercise, Probe

_rng = np.random.default_rng(5)

# ------------------------------------------------------------ merge_layers


def _merge_layers(W1, b1, W2, b2):
    return W1 @ W2, b1 @ W2 + b2


def _two_layers(n0, n1, n2):
    return (
        _rng.normal(size=(n0, n1)),
        _rng.normal(size=n1),
        _rng.normal(size=(n1, n2)),
        _rng.normal(size=n2),
    )


_W1 = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]])
_W2 = np.array([[2.0, 0.0], [1.0, -1.0]])

merge_layers = Exercise(
    name="merge_layers",
    title="Two affine layers in one",
    chapter=5,
    level=1,
    minutes=10,
    equation="eq-affine-affine",
    reference=_merge_layers,
    probes=(
        Probe("three inputs, two units, two outputs", (_W1, np.array([1.0, -1.0]), _W2, _W2[0])),
        Probe("six inputs, three units, four outputs", _two_layers(6, 3, 4)),
        Probe("two inputs, seven units, five outputs", _two_layers(2, 7, 5)),
        Probe("all layers equally wide", _two_layers(3, 3, 3)),
        Probe("one number in, one number out", _two_layers(1, 1, 1)),
        Probe("no biases", (_W1, np.zeros(2), _W2, np.zeros(2))),
        Probe("float32", tuple(x.astype(np.float32) for x in _two_layers(5, 4, 2))),
    ),
    hints=(
        "Write down what both layers make of A, and multiply out. What stands behind A? What is "
        "left when A is zero?",
        "(A W1 + b1) W2 + b2 has three terms. One of them has A in it; the other two together are "
        "the bias of the one layer.",
        "The weights are W1 @ W2. The biases are b1, sent through the second layer: b1 @ W2 + b2.",
    ),
)


@merge_layers.right
def _(W1, b1, W2, b2):
    return W1 @ W2, b1 @ W2 + b2


@merge_layers.right
def _(W1, b1, W2, b2):
    b = b1 @ W2 + b2
    W = [row @ W2 + b2 - b2 for row in W1]
    return [W, list(b)]


@merge_layers.right
def _(W1, b1, W2, b2):
    # By asking both layers: what do they make of zero, and of each unit vector?
    def both(A):
        return (A @ W1 + b1) @ W2 + b2

    b = both(np.zeros(len(W1)))
    return both(np.eye(len(W1))) - b, b


@merge_layers.right
def _(W1, b1, W2, b2):
    W = np.einsum("ij,jk->ik", W1, W2)
    b = np.float32(np.einsum("j,jk->k", b1, W2)) + b2
    return W, b


@merge_layers.wrong()
def the_second_layer_first(W1, b1, W2, b2):
    """The shapes do not fit, or fit by luck. Write them down: A is (M, n0), W1 (n0, n1), W2 (n1,
    n2), b1 (n1,). A meets W1 first and W2 second, so the weights stand in that order, and neither
    is transposed. b1 never meets W1."""
    return W2 @ W1, b2 @ W1 + b1


@merge_layers.wrong()
def the_sum_of_the_biases(W1, b1, W2, b2):
    """You add b1 and b2, which need not even have the same shape. b1 goes through the second layer
    on its way to the output: what does that layer make of it?"""
    return W1 @ W2, b1 + b2


@merge_layers.wrong()
def the_first_bias_lost(W1, b1, W2, b2):
    """The weights are right, and b2 is there. b1 is missing: multiply (A W1 + b1) W2 out, and see
    what becomes of it."""
    return W1 @ W2, b2


@merge_layers.wrong()
def the_second_bias_lost(W1, b1, W2, b2):
    """The weights are right, and b1 has gone through the second layer. The second layer then adds
    its own biases, and they are missing."""
    return W1 @ W2, b1 @ W2


@merge_layers.wrong()
def the_second_matrix_turned(W1, b1, W2, b2):
    """You use the transpose of W2. On the way forward, with examples as rows, nothing is
    transposed."""
    return W1 @ W2.T, b1 @ W2.T + b2


@merge_layers.wrong()
def ReLU_between(W1, b1, W2, b2):
    """You put a ReLU into it. Between these two layers stands nothing: that is why they are one
    layer. With a ReLU between them they are not."""
    return np.maximum(W1, 0) @ W2, np.maximum(b1, 0) @ W2 + b2


@merge_layers.wrong()
def the_biases_with_the_first_matrix(W1, b1, W2, b2):
    """The biases b1 are added behind the first layer. They never meet W1; what they meet is the
    second layer."""
    return W1 @ W2, W1 @ b1 + b2


@merge_layers.wrong()
def both_biases_through_the_second_layer(W1, b1, W2, b2):
    """The weights are right. But b2 is added behind the second layer, and does not go through it:
    only b1 is multiplied by W2."""
    return W1 @ W2, (b1 + b2) @ W2


@merge_layers.wrong()
def the_biases_first(W1, b1, W2, b2):
    """Both are there, in the other order: the weights come first, then the biases."""
    return b1 @ W2 + b2, W1 @ W2


# ------------------------------------------------------------ relu

_Z = np.array([[2.0, -1.0, 0.0], [-0.5, 0.25, 3.0]])
_dA = np.array([[1.0, 2.0, 3.0], [4.0, -5.0, -6.0]])
_FIVE = _rng.normal(size=(5, 4))
_FIVE[1, 2] = _FIVE[4, 0] = 0.0
_ROW = np.array([[-3.0, 1.5, 0.0, 2.0]])
_SMALL = _rng.normal(size=(3, 5)).astype(np.float32)

relu = Exercise(
    name="relu",
    title="ReLU",
    chapter=5,
    level=1,
    minutes=5,
    equation="eq-relu",
    reference=F.relu,
    probes=(
        Probe("two examples, three units", (_Z,)),
        Probe("five examples, four units", (_FIVE,)),
        Probe("as many examples as units", (_rng.normal(size=(3, 3)),)),
        Probe("a single row", (_ROW,)),
        Probe("float32", (_SMALL,)),
        Probe("all negative", (-np.ones((2, 3)),)),
        Probe("very large numbers", (np.array([[1e30, -1e30], [-2e30, 5e29]]),)),
        Probe("very small numbers", (np.array([[1e-4, -1e-4, 3e-5]]),), 0.0),
    ),
    hints=(
        "Each number is looked at by itself: it stays, or it becomes 0.",
        "NumPy can compare an array with a number, and it can take the larger of two numbers for "
        "each entry. (np.max is something else: it takes the largest of many.)",
        "np.maximum(Z, 0) does it; so does Z * (Z > 0).",
    ),
)


@relu.right
def _(Z):
    return np.maximum(Z, 0)


@relu.right
def _(Z):
    return [[max(z, 0) for z in row] for row in Z]


@relu.right
def _(Z):
    return np.where(Z > 0, Z, 0.0)


@relu.right
def _(Z):
    A = Z.copy()
    A[A < 0] = 0
    return A


@relu.right
def _(Z):
    return np.float32(0.5) * (np.abs(Z) + Z).astype(np.float32)


@relu.wrong()
def the_largest_of_each_column(Z):
    """np.max(Z, 0) takes the largest number of each column: its second argument is an axis. Another
    function of NumPy, with a longer name, takes the larger of two numbers in each place."""
    return np.max(Z, 0)


@relu.wrong()
def one_question_for_the_whole_array(Z):
    """“if Z > 0” and max(Z, 0) ask one question about a whole array, and NumPy cannot answer with
    one yes or no. Ask each number: in two loops, or with a function of NumPy that does."""
    return Z if Z > 0 else 0 * Z


@relu.wrong()
def absolute_values(Z):
    """Negative numbers lose their sign. They should become 0: ReLU does not fold, it cuts."""
    return np.abs(Z)


@relu.wrong()
def only_the_gate(Z):
    """You return 1 where z is positive, and 0 elsewhere. That is the derivative. ReLU itself lets
    the positive number through as it is."""
    return (Z > 0).astype(float)


@relu.wrong()
def the_smaller_of_the_two(Z):
    """You keep what is negative, and make the rest 0. It is the other way round: the larger of z
    and 0."""
    return np.minimum(Z, 0)


@relu.wrong()
def the_sign_turned_first(Z):
    """You take the larger of -z and 0: what is negative comes back as positive, and what is
    positive as 0. No sign is turned in ReLU."""
    return np.maximum(-Z, 0)


@relu.wrong()
def cut_off_at_1(Z):
    """You also cut at 1. Upwards ReLU has no limit."""
    return np.clip(Z, 0, 1)


@relu.wrong()
def leaky(Z):
    """A little of what is negative comes through: that is a leaky ReLU. Here it should be exactly
    0."""
    return np.where(Z > 0, Z, 0.01 * Z)


@relu.wrong()
def negative_numbers_thrown_away(Z):
    """Z[Z > 0] leaves the negative numbers out, and the shape is lost with them. They should stay
    in their places, as zeros."""
    return Z[Z > 0]


@relu.wrong()
def written_into_Z(Z):
    """Z[Z < 0] = 0 writes into the array that you were given. On the way back somebody may still
    need Z: work on Z.copy(), or make a new array."""
    Z[Z < 0] = 0
    return Z


# ------------------------------------------------------------ relu_backward

relu_backward = Exercise(
    name="relu_backward",
    title="Back through ReLU",
    chapter=5,
    level=2,
    minutes=10,
    equation="eq-relu-backward",
    reference=F.relu_backward,
    probes=(
        Probe("two examples, three units", (_dA, _Z)),
        Probe("five examples, four units", (_rng.normal(size=(5, 4)), _rng.normal(size=(5, 4)))),
        Probe("as many examples as units", (_rng.normal(size=(3, 3)), _rng.normal(size=(3, 3)))),
        Probe("a single row", (np.array([[-1.0, -2.0, 3.0, 4.0]]), _ROW)),
        Probe("float32", (_rng.normal(size=(3, 5)).astype(np.float32), _SMALL)),
        Probe("every z is exactly 0", (_dA, np.zeros((2, 3)))),
        Probe("every gate is open", (_dA, np.full((2, 3), 0.5))),
        Probe("every gate is shut", (_dA, np.full((2, 3), -1e-9))),
        Probe("every z is just above 0", (_dA, np.full((2, 3), 1e-9))),
    ),
    hints=(
        "Each unit is a gate for the gradient. Which of the two arrays says whether it is open?",
        "Make an array of ones and zeros from Z: 1 where z is positive, 0 where it is negative, "
        "and 0 where it is exactly 0. What does the gradient have to do with it?",
        "Z > 0 is an array of True and False, which count as 1 and 0 in a product: multiply dA by "
        "it, entry by entry.",
    ),
)


@relu_backward.right
def _(dA, Z):
    return dA * (Z > 0)


@relu_backward.right
def _(dA, Z):
    dZ = dA.copy()
    dZ[Z <= 0] = 0
    return dZ


@relu_backward.right
def _(dA, Z):
    return [
        [d if z > 0 else 0 for d, z in zip(d_row, z_row, strict=True)]
        for d_row, z_row in zip(dA, Z, strict=True)
    ]


@relu_backward.right
def _(dA, Z):
    J = np.float32(Z > 0)[:, :, None] * np.eye(Z.shape[1], dtype=np.float32)  # the long way
    return np.einsum("mij,mi->mj", J, dA)


@relu_backward.right
def _(dA, Z):
    return np.heaviside(Z, 0) * dA


@relu_backward.wrong()
def asks_the_gradient(dA, Z):
    """Your gate opens where the gradient is positive. It has to ask z: whether a unit was on has
    nothing to do with the sign of what comes back."""
    return dA * (dA > 0)


@relu_backward.wrong()
def no_gate(dA, Z):
    """All of the gradient comes through. Where z is negative the unit was off, and nothing may
    pass. (Asking whether ReLU(z) >= 0 does not help: that is true everywhere.)"""
    return dA.copy()


@relu_backward.wrong("eq-relu-derivative")
def open_at_zero(dA, Z):
    """Right, but for z exactly 0. There is no derivative there, and a choice is made: here it is 0,
    and yours is 1. Look at > and >=."""
    return dA * (Z >= 0)


@relu_backward.wrong("eq-relu-derivative")
def half_open_at_zero(dA, Z):
    """Right, but for z exactly 0. One half lies between the slopes of both sides, as a central
    difference does; here the choice is 0."""
    return dA * np.heaviside(Z, 0.5)


@relu_backward.wrong()
def the_gate_turned_round(dA, Z):
    """What should pass is stopped, and what should be stopped passes: the gate is open where z is
    positive."""
    return dA * (Z < 0)


@relu_backward.wrong()
def the_gate_alone(dA, Z):
    """These are the ones and zeros of the gate: the derivative of ReLU. The gradient that comes
    from behind has yet to pass through it."""
    return (Z > 0).astype(float)


@relu_backward.wrong("eq-relu-derivative")
def ReLU_in_place_of_its_derivative(dA, Z):
    """You multiply by ReLU(z). The chain rule wants its derivative, which is 1 or 0: an open gate
    passes the gradient unchanged, however large z is."""
    return dA * np.maximum(Z, 0)


@relu_backward.wrong()
def arguments_exchanged(dA, Z):
    """The two arrays have changed places: the gradient dA comes first, and Z only says where it
    may pass."""
    return Z * (dA > 0)


@relu_backward.wrong("eq-relu-derivative")
def multiplied_by_z(dA, Z):
    """You multiply dA by Z. The chain rule wants the derivative of ReLU at z, which is 1 or 0."""
    return dA * Z


@relu_backward.wrong("eq-relu-derivative")
def the_sign_of_z(dA, Z):
    """np.sign is -1 where z is negative, so the gradient comes back with its sign turned. There the
    gate is shut: 0, and not -1."""
    return dA * np.sign(Z)


@relu_backward.wrong()
def forward_once_more(dA, Z):
    """You return ReLU(Z), the way forward. Here it goes back: what passes the gates is dA."""
    return np.maximum(Z, 0)


@relu_backward.wrong()
def a_matrix_product_that_does_not_fit(dA, Z):
    """These shapes do not fit: @ is a matrix product, and sums over an axis. Each unit has a gate
    of its own, so nothing is summed here: all goes entry by entry, with *."""
    return dA @ (Z > 0)


@relu_backward.wrong("eq-relu-jacobian")
def a_matrix_product(dA, Z):
    """You take a matrix product, which mixes the examples. The Jacobian of ReLU is diagonal, so its
    product with a gradient is a product of entries."""
    return dA @ (Z > 0).T.astype(float)


@relu_backward.wrong()
def written_into_dA(dA, Z):
    """dA[Z <= 0] = 0 writes into the array that you were given, and so does dA *= ... Make a new
    array."""
    dA[Z <= 0] = 0
    return dA


# ------------------------------------------------------------ sigmoid


def _no_overflow(answer, *args):
    with np.errstate(over="raise"):
        return answer(*args)


sigmoid = Exercise(
    name="sigmoid",
    title="A sigmoid that never overflows",
    chapter=5,
    level=2,
    minutes=15,
    equation="eq-sigmoid",
    reference=F.sigmoid,
    call=_no_overflow,
    probes=(
        Probe("two examples, three units", (np.array([[0.0, 1.0, -1.0], [2.0, -4.0, 0.5]]),)),
        Probe("five examples, four units", (3 * _FIVE,)),
        Probe("a single row", (_ROW,)),
        Probe("float32", (_SMALL,)),
        Probe("all positive", (np.abs(_FIVE[:2]) + 0.1,)),
        Probe("numbers down to -1000", (np.array([[-1000.0, 2.0], [-800.0, -1.0]]),)),
        Probe("numbers up to 1000", (np.array([[1000.0, -2.0], [800.0, 1.0]]),)),
        Probe("float32, which overflows at 89", (np.float32([[-200.0, 200.0, 1.0]]),)),
    ),
    hints=(
        "exp(1000) is infinite, exp(-1000) is 0 and does no harm. So which sign may an exponent "
        "have?",
        "Multiply the fraction above and below by exp(z), and you have exp(z) / (1 + exp(z)): the "
        "same number, with the other sign in the exponent. One form is safe for z >= 0, the other "
        "for z < 0.",
        "e = exp(-|z|) is never above 1. For z >= 0 the result is 1 / (1 + e), for z < 0 it is "
        "e / (1 + e): np.where(Z >= 0, 1, e) / (1 + e).",
    ),
)


@sigmoid.right
def _(Z):
    e = np.exp(-np.abs(Z))
    return np.where(Z >= 0, 1, e) / (1 + e)


@sigmoid.right
def _(Z):
    return 0.5 * (1 + np.tanh(Z / 2))


@sigmoid.right
def _(Z):
    return np.exp(-np.logaddexp(0, -Z))


@sigmoid.right
def _(Z):
    from math import exp

    return [[1 / (1 + exp(-z)) if z >= 0 else exp(z) / (1 + exp(z)) for z in row] for row in Z]


@sigmoid.right
def _(Z):
    A = np.empty(Z.shape, np.float32)
    on = Z > 0
    A[on] = 1 / (1 + np.exp(-Z[on]))
    A[~on] = np.exp(Z[~on]) / (1 + np.exp(Z[~on]))
    return A


@sigmoid.right
def _(Z):
    # A softmax of the two logits z and 0.
    top = np.maximum(Z, 0)
    return np.exp(Z - top) / (np.exp(Z - top) + np.exp(-top))


@sigmoid.wrong()
def overflows_where_z_is_very_negative(Z):
    """The formula is right, but for z = -1000 it computes exp(1000), which overflows: NumPy warns,
    and math.exp stops. For negative z take the other form of the fraction, multiplied above and
    below by exp(z)."""
    return 1 / (1 + np.exp(-Z))


@sigmoid.wrong()
def overflows_where_z_is_very_positive(Z):
    """The formula is right, but for z = 1000 it computes exp(1000), which overflows, and infinity
    divided by infinity is nan. For positive z take the form with exp(-z)."""
    return np.exp(Z) / (1 + np.exp(Z))


@sigmoid.wrong()
def both_forms_for_all_numbers(Z):
    """You choose the right form for each z, but np.where is given both, computed for all z: each
    overflows for the numbers that are not its own. Compute exp(-|z|) once; both forms can be
    written with it."""
    return np.where(Z >= 0, 1 / (1 + np.exp(-Z)), np.exp(Z) / (1 + np.exp(Z)))


@sigmoid.wrong()
def overflows_in_a_loop(Z):
    """The formula is right, but for z = -1000 it computes exp(1000), and math.exp stops at a number
    that is too large. For negative z take the other form of the fraction, multiplied above and
    below by exp(z)."""
    from math import exp

    return [[1 / (1 + exp(-z)) for z in row] for row in Z]


@sigmoid.wrong()
def cut_off_too_early(Z):
    """You keep z between two bounds, so that nothing overflows. But behind the bound the result
    stays where it is: 1 / (1 + exp(10)) is not yet 0. No bound is needed in a form whose exponent
    is never above 0."""
    Z = np.clip(Z, -10, 10)
    return 1 / (1 + np.exp(-Z))


@sigmoid.wrong()
def cut_off_for_float64_only(Z):
    """You keep z between two bounds, and in float64 that is enough. An exponential in float32
    overflows at 89 already, and Z may be float32. No bound is needed in a form whose exponent is
    never above 0."""
    Z = np.clip(Z, -500, 500)
    return 1 / (1 + np.exp(-Z))


@sigmoid.wrong()
def one_number_at_a_time(Z):
    """math.exp takes a single number, and Z is an array: np.exp takes each of its numbers. “if
    Z > 0” wants a single number too; np.where asks each."""
    from math import exp

    return 1 / (1 + exp(-Z))


@sigmoid.wrong()
def zero_left_out(Z):
    """Right, but for z exactly 0, which belongs to neither of your two cases. One of them should be
    >= or <=."""
    e = np.exp(-np.abs(Z))
    return np.where(Z > 0, 1, np.where(Z < 0, e, 0)) / (1 + e)


@sigmoid.wrong()
def parentheses_forgotten(Z):
    """1 / 1 + exp(-z) divides 1 by 1 first. The whole sum belongs below the line."""
    return 1 / 1 + np.exp(-Z)


@sigmoid.wrong()
def the_sign_in_the_exponent(Z):
    """Your sigmoid falls where it should rise: for large z it should come near 1. Look at the sign
    in the exponent."""
    return 0.5 * (1 - np.tanh(Z / 2))


@sigmoid.wrong()
def one_side_for_both(Z):
    """exp(-|z|) is safe, but 1 / (1 + exp(-|z|)) gives the same for z and -z, and is never below
    one half. For negative z the fraction has something else on top."""
    return 1 / (1 + np.exp(-np.abs(Z)))


@sigmoid.wrong()
def the_derivative(Z):
    """That is the derivative, a (1 - a). It is 0.25 at z = 0, where the sigmoid is 0.5."""
    A = 0.5 * (1 + np.tanh(Z / 2))
    return A * (1 - A)


@sigmoid.wrong()
def a_tanh(Z):
    """That is tanh, from -1 to 1. It is related, tanh(z) = 2 σ(2z) - 1, but a sigmoid goes from 0
    to 1."""
    return np.tanh(Z)


@sigmoid.wrong()
def tanh_of_z_and_not_of_half_of_it(Z):
    """You go by tanh, and the result runs from 0 to 1, but too steeply: it is σ(2z). Look at the
    argument of tanh again."""
    return 0.5 * (1 + np.tanh(Z))


@sigmoid.wrong()
def a_softmax(Z):
    """Your rows sum to 1: that is a softmax, where units share one probability. Here each number
    is looked at by itself."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


# ------------------------------------------------------------ sigmoid_backward

_A = np.array([[0.5, 1.0, 0.0], [0.1, 0.25, 0.9]])
_A_FIVE = _rng.uniform(0.05, 0.95, size=(5, 4))

sigmoid_backward = Exercise(
    name="sigmoid_backward",
    title="Back through a sigmoid",
    chapter=5,
    level=1,
    minutes=5,
    equation="eq-sigmoid-backward",
    reference=F.sigmoid_backward,
    probes=(
        Probe("two examples, three units, two of them saturated", (_dA, _A)),
        Probe("five examples, four units", (_rng.normal(size=(5, 4)), _A_FIVE)),
        Probe(
            "as many examples as units",
            (_rng.normal(size=(3, 3)), _rng.uniform(0.1, 0.9, size=(3, 3))),
        ),
        Probe("a single row", (np.array([[2.0, -1.0]]), np.array([[0.75, 0.5]]))),
        Probe(
            "float32",
            (_rng.normal(size=(4, 2)).astype(np.float32), _A_FIVE[:4, :2].astype(np.float32)),
        ),
        Probe("saturated everywhere", (_dA, np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]))),
        Probe("large gradients", (1e6 * _dA, _A)),
    ),
    hints=(
        "You are given A, the result of the sigmoid, and not Z. Is that enough for the derivative?",
        "The derivative of the sigmoid is a (1 - a), with a = σ(z). It stands on the diagonal of a "
        "Jacobian that has zeros everywhere else.",
        "Three factors, entry by entry: dA, A and 1 - A. Mind the parentheses.",
    ),
)


@sigmoid_backward.right
def _(dA, A):
    return dA * A * (1 - A)


@sigmoid_backward.right
def _(dA, A):
    return dA * (0.25 - (A - 0.5) ** 2)


@sigmoid_backward.right
def _(dA, A):
    dZ = np.zeros(A.shape)
    for m in range(A.shape[0]):
        for k in range(A.shape[1]):
            dZ[m, k] = dA[m, k] * (A[m, k] - A[m, k] ** 2)
    return dZ


@sigmoid_backward.right
def _(dA, A):
    return [np.diag(a * (1 - a)) @ np.float32(d) for d, a in zip(dA, A, strict=True)]


@sigmoid_backward.right
def _(dA, A):
    return np.einsum("mk,mk,mk->mk", dA, A, 1 - A)


@sigmoid_backward.wrong("eq-sigmoid-derivative")
def the_sigmoid_taken_again(dA, A):
    """A is already σ(z), and you take the sigmoid of it once more. The derivative can be had from A
    as it is."""
    S = 1 / (1 + np.exp(-A))
    return dA * S * (1 - S)


@sigmoid_backward.wrong("eq-sigmoid-derivative")
def one_factor_missing(dA, A):
    """You multiply by a alone. The derivative has a second factor, which stops the gradient where
    a is near 1."""
    return dA * A


@sigmoid_backward.wrong("eq-sigmoid-derivative")
def the_other_factor_missing(dA, A):
    """You multiply by 1 - a alone. The derivative has a second factor, which stops the gradient
    where a is near 0."""
    return dA * (1 - A)


@sigmoid_backward.wrong()
def the_derivative_alone(dA, A):
    """That is a (1 - a), the derivative. The gradient from behind, dA, has yet to be multiplied by
    it."""
    return A * (1 - A)


@sigmoid_backward.wrong()
def parentheses_forgotten(dA, A):
    """dA * A * 1 - A takes A away at the very end. What should be one factor needs parentheses."""
    return dA * A * 1 - A


@sigmoid_backward.wrong()
def squared_too_late(dA, A):
    """dA * A - A ** 2 multiplies only the first term by dA. Both terms of a - a² belong to the
    derivative, and need parentheses."""
    return dA * A - A**2


@sigmoid_backward.wrong("eq-sigmoid-derivative")
def the_sign_of_the_second_factor(dA, A):
    """Every sign is wrong: a (a - 1) is negative, and the sigmoid rises everywhere."""
    return dA * A * (A - 1)


@sigmoid_backward.wrong("eq-sigmoid-derivative")
def the_derivative_of_tanh(dA, A):
    """1 - a² is the derivative of tanh. The sigmoid has another one, which is never above a
    quarter."""
    return dA * (1 - A**2)


@sigmoid_backward.wrong("eq-sigmoid-derivative")
def the_gate_of_ReLU(dA, A):
    """You treat the sigmoid as a ReLU. It has no gate that is open or shut, but a slope between 0
    and a quarter."""
    return dA * (A > 0)


@sigmoid_backward.wrong()
def arguments_exchanged(dA, A):
    """You take dA for A: the derivative belongs to the second argument, and the first is multiplied
    by it."""
    return A * dA * (1 - dA)


@sigmoid_backward.wrong()
def written_into_dA(dA, A):
    """dA *= ... writes into the array that you were given. Write dA * ... instead, which makes a
    new one."""
    dA *= A * (1 - A)
    return dA


EXERCISES = (merge_layers, relu, relu_backward, sigmoid, sigmoid_backward)
