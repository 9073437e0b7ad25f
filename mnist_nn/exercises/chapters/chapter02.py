"""Chapter 2: the affine map in three notations, its parameters, and the perceptron's rule."""

import numpy as np

from ... import functional as F
from ..exercise import Exercise, Probe

_rng = np.random.default_rng(2)


def _normal(*shape):
    return _rng.normal(size=shape)


# The chapter's example by hand.
_A = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]])
_W = np.array([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]])
_b = np.array([10.0, 20.0])
_THREE = np.array([0.5, -1.0, 2.0])
_FLOAT32 = tuple(x.astype(np.float32) for x in (_normal(2, 4), _normal(4, 4), _normal(4)))

# ------------------------------------------------------------ examples in rows

affine = Exercise(
    name="affine",
    title="One layer, for a batch",
    chapter=2,
    level=1,
    minutes=5,
    equation="eq-affine",
    reference=F.affine,
    probes=(
        Probe("two examples, three inputs, two outputs", (_A, _W, _b)),
        Probe("five examples, four inputs, three outputs", (_normal(5, 4), _normal(4, 3), _THREE)),
        Probe("a single example", (np.array([[2.0, -1.0, 0.5]]), _W, _b)),
        Probe("as many outputs as inputs", (_normal(5, 3), _normal(3, 3), _THREE)),
        Probe("three of everything", (_normal(3, 3), _normal(3, 3), _THREE)),
        Probe("float32", _FLOAT32),
        Probe("one output", (_normal(4, 3), _normal(3, 1), np.array([0.5]))),
        Probe("empty sheets", (np.zeros((6, 2)), _normal(2, 2), _b)),
    ),
    hints=(
        "Which shapes do A, W and b have, and which shape must come out? The inner sizes vanish.",
        "A product of matrices gives the sums; then the bias is added to each row. For one entry: "
        "row m of A times column j of W, plus b[j].",
        "The equation is nearly Python: the product is written with @, and a vector of shape "
        "(n_out,) is added to every row by itself.",
    ),
)


@affine.right
def _(A, W, b):
    return A @ W + b


@affine.right
def _(A, W, b):
    Z = np.zeros((len(A), len(b)))
    for m in range(len(A)):
        for j in range(len(b)):
            Z[m, j] = b[j]
            for i in range(A.shape[1]):
                Z[m, j] += A[m, i] * W[i, j]
    return Z


@affine.right
def _(A, W, b):
    return np.einsum("mi,ij->mj", A, W).astype(np.float32) + b.astype(np.float32)


@affine.right
def _(A, W, b):
    return [[sum(a * w) + bias for w, bias in zip(W.T, b)] for a in A]


@affine.right
def _(A, W, b):
    return (W.T @ A.T + b[:, None]).T


@affine.wrong()
def no_bias(A, W, b):
    """The bias is missing. An empty sheet would get logits of 0, but it should get b."""
    return A @ W


@affine.wrong("eq-affine-column")
def bias_along_the_examples(A, W, b):
    """The bias is added along the examples: NumPy lines a vector up with the last axis, and here
    that axis counts examples. It runs only if the sizes happen to agree. With examples in rows the
    last axis counts units; with examples in columns b must be a column, b[:, None]."""
    return (W.T @ A.T + b).T


@affine.wrong()
def W_transposed(A, W, b):
    """You transpose W. It has a row for each input and a column for each output, so A @ W fits as
    it stands. A transposed W fits only if there are as many inputs as outputs, and then the result
    is something else."""
    return A @ W.T + b


@affine.wrong()
def factors_in_another_order(A, W, b):
    """The factors do not fit: look at the shapes, (M, n_in) and (n_in, n_out). With examples in
    rows, A comes first and W second, neither of them transposed. W in front belongs to examples in
    columns. The product of matrices is @; a * multiplies entry by entry."""
    return W @ A + b


@affine.wrong()
def one_bias_for_all_outputs(A, W, b):
    """You add the same number to all outputs, the sum of the biases. Each output has a bias of its
    own."""
    return A @ W + b.sum()


@affine.wrong()
def bias_subtracted(A, W, b):
    """You subtract b. A threshold would be subtracted; a bias is added."""
    return A @ W - b


@affine.wrong()
def bias_added_to_the_weights(A, W, b):
    """You add b to every row of W, before the product. Then each bias is multiplied by the inputs.
    The product comes first."""
    return A @ (W + b)


@affine.wrong()
def a_bias_for_each_input(A, W, b):
    """The bias is added once for each input, and not once. Does it stand inside the sum over i?"""
    return A @ W + A.shape[1] * b


@affine.wrong()
def last_input_only(A, W, b):
    """Only the last input counts. In the innermost loop, do you write = where += belongs?"""
    Z = np.zeros((len(A), len(b)))
    for m in range(len(A)):
        for j in range(len(b)):
            for i in range(A.shape[1]):
                Z[m, j] = A[m, i] * W[i, j]
    return Z + b


@affine.wrong()
def first_example_only(A, W, b):
    """The result has one row, that of the first example. Is the return inside the loop?"""
    rows = []
    for a in A:
        rows.append(a @ W + b)
        return np.array(rows)


@affine.wrong()
def answers_instead_of_logits(A, W, b):
    """You return the answers, the places of the largest logits. That is the step after this one:
    asked are the logits themselves."""
    return (A @ W + b).argmax(axis=1)


@affine.wrong()
def a_threshold_at_the_end(A, W, b):
    """You return answers, 1 or 0, as a perceptron does. A layer keeps the sums: a threshold has no
    slope, and nothing could be trained through it."""
    return (A @ W + b > 0).astype(float)


@affine.wrong()
def axes_of_length_1_lost(A, W, b):
    """With a single example, or a single output, the result has lost an axis: squeeze takes away
    every axis of length 1. A batch of one is still a batch, shape (1, n_out)."""
    return np.squeeze(A @ W + b)


@affine.wrong()
def examples_in_columns(A, W, b):
    """The numbers are right, but examples have become columns. Here they are rows: the shape is (M,
    n_out)."""
    return W.T @ A.T + b[:, None]


# ------------------------------------------------------------ examples in columns


def _affine_column(W, A, b):
    return W.T @ A + b[:, None]


_COLUMNS = (_FLOAT32[1], _FLOAT32[0].T.copy(), _FLOAT32[2])

affine_column = Exercise(
    name="affine_column",
    title="The same layer, with examples in columns",
    chapter=2,
    level=2,
    minutes=10,
    equation="eq-affine-column",
    reference=_affine_column,
    probes=(
        Probe("two columns, three inputs, two outputs", (_W, _A.T.copy(), _b)),
        Probe("five columns, four inputs, three outputs", (_normal(4, 3), _normal(4, 5), _THREE)),
        Probe("a single column", (_W, np.array([[2.0], [-1.0], [0.5]]), _b)),
        Probe("as many outputs as inputs", (_normal(3, 3), _normal(3, 5), _THREE)),
        Probe("three of everything", (_normal(3, 3), _normal(3, 3), _THREE)),
        Probe("float32", _COLUMNS),
        Probe("as many examples as outputs", (_normal(6, 4), _normal(6, 4), np.arange(4.0))),
        Probe("empty sheets", (_normal(2, 2), np.zeros((2, 6)), _b)),
    ),
    hints=(
        "Write the equation for one column, and see which shape each factor has. Then let the "
        "columns stand side by side.",
        "The product is Wᵀ times A, of shape (n_out, M). Now the bias: b has shape (n_out,), and "
        "NumPy would lay it along the last axis. What does the last axis count here?",
        "Make b a column of shape (n_out, 1), by b[:, None] or b.reshape(-1, 1), and add it to "
        "W.T @ A.",
    ),
)


@affine_column.right
def _(W, A, b):
    return (A.T @ W + b).T


@affine_column.right
def _(W, A, b):
    Z = np.empty((W.shape[1], A.shape[1]), np.float32)
    for m in range(A.shape[1]):
        Z[:, m] = W.T @ A[:, m] + b
    return Z


@affine_column.right
def _(W, A, b):
    return np.einsum("ij,im->jm", W, A) + b.reshape(-1, 1)


@affine_column.right
def _(W, A, b):
    inputs, examples = A.shape
    return [
        [sum(W[i, j] * A[i, m] for i in range(inputs)) + b[j] for m in range(examples)]
        for j in range(W.shape[1])
    ]


@affine_column.wrong()
def bias_along_the_examples(W, A, b):
    """b is added along the examples. A vector of shape (n_out,) lines up with the last axis, and
    here that axis counts examples. Where the sizes happen to agree it runs, and is wrong. Make b a
    column."""
    return W.T @ A + b


@affine_column.wrong()
def W_not_transposed(W, A, b):
    """W is not transposed. Here it has shape (n_in, n_out), as everywhere in this course. A report
    that writes W x without a T has the transpose of it stored."""
    return W @ A + b[:, None]


@affine_column.wrong()
def the_form_for_rows(W, A, b):
    """The factors do not fit: look at the shapes, W (n_in, n_out) and A (n_in, M). A in front and W
    behind is the form for examples in rows; when a product is transposed, it turns round."""
    return A @ W + b


@affine_column.wrong()
def examples_in_rows(W, A, b):
    """The numbers are right, but examples have become rows. Asked is the column form: the result
    has a column for each example, shape (n_out, M)."""
    return A.T @ W + b


@affine_column.wrong()
def no_bias(W, A, b):
    """The bias is missing. An empty sheet would get logits of 0, but it should get b."""
    return W.T @ A


@affine_column.wrong()
def bias_subtracted(W, A, b):
    """You subtract b. A threshold would be subtracted; a bias is added."""
    return W.T @ A - b[:, None]


@affine_column.wrong()
def one_bias_for_all_outputs(W, A, b):
    """You add the same number to all outputs, the sum of the biases. Each output, each row of the
    result, has a bias of its own."""
    return W.T @ A + b.sum()


@affine_column.wrong()
def axes_of_length_1_lost(W, A, b):
    """With a single example the result has lost an axis: squeeze takes away every axis of length 1.
    One column is still a column, shape (n_out, 1)."""
    return np.squeeze(W.T @ A + b[:, None])


@affine_column.wrong()
def first_column_only(W, A, b):
    """You compute one example, the first column of A. All columns are wanted, side by side: the
    shape is (n_out, M)."""
    return W.T @ A[:, 0] + b


@affine_column.wrong()
def reshaped_instead_of_transposed(W, A, b):
    """The numbers and the shape are right, and most numbers are in the wrong place. reshape keeps
    the order of the numbers and only breaks the lines elsewhere. To turn rows into columns,
    transpose: .T."""
    return (A.T @ W + b).reshape(len(b), -1)


# ------------------------------------------------------------ the bias as the weight of a one


def _affine_ones(A, W_b):
    return A @ W_b[:-1] + W_b[-1]


affine_ones = Exercise(
    name="affine_ones",
    title="The bias as one more weight",
    chapter=2,
    level=1,
    minutes=10,
    equation="eq-affine-ones",
    reference=_affine_ones,
    probes=(
        Probe("two examples, three inputs, two outputs", (_A, np.vstack([_W, _b]))),
        Probe("five examples, four inputs, three outputs", (_normal(5, 4), _normal(5, 3))),
        Probe("a single example", (np.array([[2.0, -1.0, 0.5]]), np.vstack([_W, _b]))),
        Probe("three examples, one input", (_normal(3, 1), _normal(2, 4))),
        Probe("as many examples as inputs and outputs", (_normal(3, 3), _normal(4, 3))),
        Probe("float32", (_FLOAT32[0], np.vstack(_FLOAT32[1:]))),
        Probe("empty sheets", (np.zeros((4, 2)), np.vstack([_normal(2, 3), _THREE]))),
    ),
    hints=(
        "W_b has one row more than A has columns. Which input does the last row belong to?",
        "Make a new array from A and a column of ones, in the place where the bias has its row. "
        "np.hstack or np.column_stack puts arrays side by side.",
        "np.ones((len(A), 1)) is the column. Put it behind A, not in front, and multiply by W_b.",
    ),
)


@affine_ones.right
def _(A, W_b):
    return np.hstack([A, np.ones((len(A), 1))]) @ W_b


@affine_ones.right
def _(A, W_b):
    A_ones = np.ones((A.shape[0], A.shape[1] + 1), np.float32)
    A_ones[:, :-1] = A
    return np.einsum("mi,ij->mj", A_ones, W_b)


@affine_ones.right
def _(A, W_b):
    Z = []
    for a in A:
        a_one = [*a, 1]
        Z.append([sum(x * w for x, w in zip(a_one, W_b[:, j])) for j in range(W_b.shape[1])])
    return Z


@affine_ones.right
def _(A, W_b):
    W, b = W_b[:-1], W_b[-1]
    return A @ W + b


@affine_ones.wrong()
def the_one_in_front(A, W_b):
    """The ones stand in front of A, so the first row of W_b is taken for the bias. In the equation
    the bias is the last row, and the ones are the last column."""
    return np.hstack([np.ones((len(A), 1)), A]) @ W_b


@affine_ones.wrong()
def bias_left_out(A, W_b):
    """The bias, the last row of W_b, does not come in. It is the weight of an input that is always
    1: did you cut the row off, or fill the new column with zeros?"""
    return A @ W_b[:-1]


@affine_ones.wrong()
def not_one_column_more(A, W_b):
    """The shapes do not fit: A has n_in columns, and W_b has n_in + 1 rows. Give A exactly one
    column more, an array of ones of shape (M, 1): not a row, not a vector, and not a second array
    of the shape of A."""
    return A @ W_b


@affine_ones.wrong()
def appended_without_an_axis(A, W_b):
    """Without an axis, np.append lays everything out in one row and puts a single 1 behind it. You
    want a 1 behind each row: a column of shape (M, 1), put side by side with A."""
    return np.append(A, 1) @ W_b


@affine_ones.wrong()
def bias_twice(A, W_b):
    """The bias is added twice: once as the weight of the ones, and once more. The product has done
    it already."""
    return np.hstack([A, np.ones((len(A), 1))]) @ W_b + W_b[-1]


@affine_ones.wrong()
def ones_added_to_the_inputs(A, W_b):
    """You add 1 to every input. The 1 is an input of its own, in a new column."""
    return (A + 1) @ W_b[:-1] + W_b[-1]


@affine_ones.wrong()
def last_input_overwritten(A, W_b):
    """The last input is lost: a 1 stands in its place, too. There is one column of ones, the last;
    all the columns before it come from A."""
    A_ones = np.ones((len(A), A.shape[1] + 1))
    A_ones[:, :-2] = A[:, :-1]
    return A_ones @ W_b


@affine_ones.wrong()
def the_wrong_number_of_ones(A, W_b):
    """The ones do not fit beside A. There is one for each example, so M of them and not n_in, in a
    column of shape (M, 1)."""
    return np.hstack([A, np.ones((A.shape[1], 1))]) @ W_b


@affine_ones.wrong()
def ones_as_a_vector(A, W_b):
    """You put a vector of shape (M,) beside a matrix, and NumPy does not know whether it is a row
    or a column. Make it a column, of shape (M, 1)."""
    return np.hstack([A, np.ones(len(A))]) @ W_b


# ------------------------------------------------------------ how many numbers


def _count_parameters(sizes):
    return sum((sizes[k] + 1) * sizes[k + 1] for k in range(len(sizes) - 1))


count_parameters = Exercise(
    name="count_parameters",
    title="How many numbers does a network have?",
    chapter=2,
    level=1,
    minutes=5,
    equation="eq-parameter-count",
    reference=_count_parameters,
    probes=(
        Probe("3 inputs, 4 hidden units, 2 outputs", ([3, 4, 2],)),
        Probe("one layer", ([784, 10],)),
        Probe("two hidden layers of 100", ([784, 100, 100, 10],)),
        Probe("Qin's network", ([784, 512, 10],)),
        Probe("one input, one output", ([1, 1],)),
        Probe("five sizes, all different", ([5, 4, 3, 2, 6],)),
        Probe("one output", ([10, 1],)),
    ),
    hints=(
        "Draw the network for [3, 4, 2]. How many arrows go into one unit of the hidden layer? And "
        "which number does it add besides?",
        "Go through neighbouring sizes. A layer from n to k units has n weights and one bias for "
        "each of its k units. Inputs are not computed, so they have none.",
        "Add up (sizes[l - 1] + 1) * sizes[l] for l = 1, 2, ..., up to the last.",
    ),
)


@count_parameters.right
def _(sizes):
    return sum((a + 1) * b for a, b in zip(sizes, sizes[1:]))


@count_parameters.right
def _(sizes):
    total = 0
    for layer in range(1, len(sizes)):
        W = np.zeros((sizes[layer - 1], sizes[layer]))
        b = np.zeros(sizes[layer])
        total += W.size + b.size
    return total


@count_parameters.right
def _(sizes):
    n = np.array(sizes, np.float32)
    return n[:-1] @ n[1:] + n[1:].sum()


@count_parameters.right
def _(sizes):
    if len(sizes) < 2:
        return 0
    first, second, *_ = sizes
    return first * second + second + _count_parameters(sizes[1:])


@count_parameters.wrong()
def weights_without_biases(sizes):
    """You count the weights, and not the biases. Each unit that is computed has one."""
    return sum(a * b for a, b in zip(sizes, sizes[1:]))


@count_parameters.wrong()
def biases_for_the_inputs_instead(sizes):
    """Each layer gets as many biases as it has inputs. A bias belongs to a unit that is computed,
    so there is one for each output of the layer. The 1 is added to the other factor."""
    return sum(a * (b + 1) for a, b in zip(sizes, sizes[1:]))


@count_parameters.wrong()
def biases_for_the_inputs_too(sizes):
    """The pixels have biases in your count: it is too large by the first size. They are given and
    not computed. Biases begin with the first layer behind them."""
    return sum(a * b for a, b in zip(sizes, sizes[1:])) + sum(sizes)


@count_parameters.wrong()
def one_bias_for_a_layer(sizes):
    """You count one bias for each layer. Each unit of the layer has its own: b has shape
    (n_out,)."""
    return sum(a * b + 1 for a, b in zip(sizes, sizes[1:]))


@count_parameters.wrong("eq-affine-ones")
def a_one_on_both_sides(sizes):
    """You add 1 to both factors. The 1 that is put behind the inputs of a layer is given; nothing
    is computed for it, so no weights lead to it."""
    return sum((a + 1) * (b + 1) for a, b in zip(sizes, sizes[1:]))


@count_parameters.wrong()
def last_layer_forgotten(sizes):
    """The last layer is not counted. Between L + 1 sizes there are L layers: where does your loop
    end?"""
    return sum((a + 1) * b for a, b in zip(sizes[:-2], sizes[1:]))


@count_parameters.wrong()
def first_layer_only(sizes):
    """Only the first layer is counted. Is the return inside the loop? Then it ends after the first
    round."""
    total = 0
    for a, b in zip(sizes, sizes[1:]):
        total += (a + 1) * b
        return total


@count_parameters.wrong()
def last_layer_only(sizes):
    """Only the last layer is counted. Does the loop set a total where it should add to it?"""
    for a, b in zip(sizes, sizes[1:]):
        total = (a + 1) * b
    return total


@count_parameters.wrong()
def biases_of_the_outputs_forgotten(sizes):
    """The hidden units have biases in your count, and the outputs have none. Each unit that is
    computed has one, the last ones too."""
    return sum(a * b for a, b in zip(sizes, sizes[1:])) + sum(sizes[1:-1])


@count_parameters.wrong()
def loop_one_too_far(sizes):
    """The loop goes one step too far, beyond the last size. Between L + 1 sizes there are L
    layers."""
    return sum((sizes[k] + 1) * sizes[k + 1] for k in range(len(sizes)))


@count_parameters.wrong()
def last_size_before_the_first(sizes):
    """There is one layer too many in your count: from the last size to the first. sizes[-1] is the
    last entry in Python, no error. Begin at l = 1."""
    return sum((sizes[k - 1] + 1) * sizes[k] for k in range(len(sizes)))


@count_parameters.wrong()
def a_count_for_each_layer(sizes):
    """That is one number for each layer. Add them up."""
    return [(a + 1) * b for a, b in zip(sizes, sizes[1:])]


@count_parameters.wrong()
def bracket_missing(sizes):
    """A bracket is missing: n + 1 * k is n + k. First 1 is added to the number of inputs, then
    comes the product."""
    return sum(a + 1 * b for a, b in zip(sizes, sizes[1:]))


@count_parameters.wrong()
def units_counted(sizes):
    """You count units. Each of them has many parameters: a weight for each unit of the layer before
    it, and a bias."""
    return sum(sizes)


@count_parameters.wrong()
def exactly_three_sizes(sizes):
    """That is right for a network with one hidden layer, and for no other. There may be two sizes,
    or six: go through all pairs of neighbours in a loop."""
    n, h, k = sizes
    return (n + 1) * h + (h + 1) * k


# ------------------------------------------------------------ the perceptron's rule


def _perceptron_pass(X, t, w, b):
    mistakes = 0
    for x, sign in zip(X, t):
        if sign * (x @ w + b) <= 0:
            w, b = w + sign * x, b + sign
            mistakes += 1
    return w, b, mistakes


_CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
_AND = np.array([-1, -1, -1, 1])
_XOR = np.array([-1, 1, 1, -1])

perceptron_pass = Exercise(
    name="perceptron_pass",
    title="One pass of the perceptron's rule",
    chapter=2,
    level=3,
    minutes=20,
    equation="",
    reference=_perceptron_pass,
    probes=(
        Probe("the corners of AND, from the start", (_CORNERS, _AND, np.zeros(2), 0.0)),
        Probe("the corners of AND, later", (_CORNERS, _AND, np.array([1.0, 1.0]), 0.0)),
        Probe("AND has settled: no mistake", (_CORNERS, _AND, np.array([2.0, 1.0]), -2.0)),
        Probe("XOR", (_CORNERS, _XOR, np.array([0.0, -1.0]), 1.0)),
        Probe(
            "seven examples of three numbers",
            (_normal(7, 3), np.array([1, -1, -1, 1, 1, -1, 1]), np.zeros(3), 0.0),
        ),
        Probe(
            "float32, from weights that are not zero",
            (
                _normal(6, 4).astype(np.float32),
                np.array([-1, 1, -1, -1, 1, 1]),
                np.float32([0.5, -1, 2, 0]),
                -0.5,
            ),
        ),
        Probe("a single example", (np.array([[3.0, -2.0]]), np.array([-1]), np.ones(2), 1.0)),
    ),
    hints=(
        "Go through the examples one after the other. What makes one a mistake, and what happens "
        "then? A sum of exactly 0 is a mistake, whatever its label.",
        "The next example meets the weights that this one has left, so a loop is in order here. "
        "After a mistake both w and b change, in the direction of the label.",
        "In the loop: if t[m] * (X[m] @ w + b) <= 0, then w = w + t[m] * X[m], b = b + t[m], and "
        "one mistake more. Not w +=, which would write into the array of the caller.",
    ),
)


@perceptron_pass.right
def _(X, t, w, b):
    count = 0
    for m in range(len(X)):
        if t[m] * (np.dot(X[m], w) + b) <= 0:
            w = w + t[m] * X[m]
            b = b + t[m]
            count += 1
    return w, b, count


@perceptron_pass.right
def _(X, t, w, b):
    w = w.copy()
    mistakes = []
    for x, sign in zip(X, t):
        total = b + sum(x * w)
        right = total > 0 if sign == 1 else total < 0
        if not right:
            w += sign * x
            b += sign
        mistakes.append(not right)
    return [w, b, sum(mistakes)]


@perceptron_pass.right
def _(X, t, w, b):
    signed = np.hstack([X, np.ones((len(X), 1))]) * t[:, None]
    theta = np.append(w, b).astype(np.float32)
    mistakes = 0
    for row in signed:
        wrong = float(np.einsum("i,i->", row, theta) <= 0)
        theta = theta + wrong * row
        mistakes += wrong
    return theta[:-1], theta[-1], mistakes


@perceptron_pass.right
def _(X, t, w, b):
    weights, bias, mistakes = list(w), b, 0
    for x, sign in zip(X.tolist(), t.tolist()):
        if sign * (sum(u * v for u, v in zip(x, weights)) + bias) > 0:
            continue
        mistakes += 1
        weights = [v + sign * u for u, v in zip(x, weights)]
        bias += sign
    return weights, bias, mistakes


@perceptron_pass.wrong()
def a_sum_of_zero_taken_as_right(X, t, w, b):
    """A sum of exactly 0 passes as right. At the start all sums are 0, so nothing would ever move:
    it counts as a mistake, whatever the label."""
    mistakes = 0
    for x, sign in zip(X, t):
        if sign * (x @ w + b) < 0:
            w, b = w + sign * x, b + sign
            mistakes += 1
    return w, b, mistakes


@perceptron_pass.wrong()
def sign_of_the_sum_compared(X, t, w, b):
    """A sum of exactly 0 counts as the answer -1 in yours, and passes as right where the label is
    -1. While the perceptron learns, it is a mistake for both labels."""
    mistakes = 0
    for x, sign in zip(X, t):
        if (1 if x @ w + b > 0 else -1) != sign:
            w, b = w + sign * x, b + sign
            mistakes += 1
    return w, b, mistakes


@perceptron_pass.wrong()
def all_examples_at_once(X, t, w, b):
    """You judge all examples with the weights of the beginning, and then add all the mistakes. The
    rule goes one by one: the second example meets the weights that the first has left."""
    wrong = t * (X @ w + b) <= 0
    return w + (t * wrong) @ X, b + (t * wrong).sum(), int(wrong.sum())


@perceptron_pass.wrong()
def moved_the_wrong_way(X, t, w, b):
    """After a mistake you subtract t x, and the sum moves further to the wrong side. Compute the
    sum of the same example before and after your step."""
    mistakes = 0
    for x, sign in zip(X, t):
        if sign * (x @ w + b) <= 0:
            w, b = w - sign * x, b - sign
            mistakes += 1
    return w, b, mistakes


@perceptron_pass.wrong()
def label_left_out_of_the_step(X, t, w, b):
    """You add x after every mistake, whatever its label. For the label -1 it has to be
    subtracted: the step is t x, and t for the bias."""
    mistakes = 0
    for x, sign in zip(X, t):
        if sign * (x @ w + b) <= 0:
            w, b = w + x, b + 1
            mistakes += 1
    return w, b, mistakes


@perceptron_pass.wrong()
def bias_does_not_learn(X, t, w, b):
    """The weights move and the bias does not. It is the weight of an input that is always 1, so it
    moves by t."""
    mistakes = 0
    for x, sign in zip(X, t):
        if sign * (x @ w + b) <= 0:
            w = w + sign * x
            mistakes += 1
    return w, b, mistakes


@perceptron_pass.wrong()
def bracket_missing(X, t, w, b):
    """Only x · w is multiplied by the label, and b is not: a bracket is missing. The whole sum is
    compared with the label."""
    mistakes = 0
    for x, sign in zip(X, t):
        if sign * (x @ w) + b <= 0:
            w, b = w + sign * x, b + sign
            mistakes += 1
    return w, b, mistakes


@perceptron_pass.wrong()
def begun_at_zero_again(X, t, w, b):
    """You begin with zeros, and not with the weights that you were given. A second pass would
    forget the first."""
    w, b, mistakes = np.zeros_like(w), 0.0, 0
    for x, sign in zip(X, t):
        if sign * (x @ w + b) <= 0:
            w, b = w + sign * x, b + sign
            mistakes += 1
    return w, b, mistakes


@perceptron_pass.wrong()
def more_than_one_pass(X, t, w, b):
    """You go on until there is no mistake left. Asked is one pass. (On XOR it would never end.)"""
    mistakes = 0
    for _ in range(100):
        for x, sign in zip(X, t):
            if sign * (x @ w + b) <= 0:
                w, b = w + sign * x, b + sign
                mistakes += 1
    return w, b, mistakes


@perceptron_pass.wrong()
def every_example_counted(X, t, w, b):
    """You count examples. Asked is the number of mistakes: count where you step."""
    mistakes = 0
    for x, sign in zip(X, t):
        if sign * (x @ w + b) <= 0:
            w, b = w + sign * x, b + sign
        mistakes += 1
    return w, b, mistakes


@perceptron_pass.wrong()
def count_begun_again(X, t, w, b):
    """The count begins again with each example. Set it to 0 before the loop, and add to it with
    +=."""
    for x, sign in zip(X, t):
        mistakes = 0
        if sign * (x @ w + b) <= 0:
            w, b = w + sign * x, b + sign
            mistakes += 1
    return w, b, mistakes


@perceptron_pass.wrong()
def stops_at_the_first_mistake(X, t, w, b):
    """You stop after the first mistake. A pass goes through all examples: is there a return or a
    break inside the loop?"""
    for x, sign in zip(X, t):
        if sign * (x @ w + b) <= 0:
            return w + sign * x, b + sign, 1
    return w, b, 0


@perceptron_pass.wrong()
def mistakes_counted_afterwards(X, t, w, b):
    """The weights are right. The mistakes are counted afterwards, with the last weights; asked is
    how many were made on the way, one for each step."""
    for x, sign in zip(X, t):
        if sign * (x @ w + b) <= 0:
            w, b = w + sign * x, b + sign
    return w, b, int((t * (X @ w + b) <= 0).sum())


@perceptron_pass.wrong()
def bias_left_out_of_the_sum(X, t, w, b):
    """The sum that you judge has no bias: it is x · w + b."""
    mistakes = 0
    for x, sign in zip(X, t):
        if sign * (x @ w) <= 0:
            w, b = w + sign * x, b + sign
            mistakes += 1
    return w, b, mistakes


@perceptron_pass.wrong()
def weights_changed_in_place(X, t, w, b):
    """w += ... writes into the array that you were given, and the caller's weights change behind
    its back. Write w = w + ..., or copy w first. (b is a number, and numbers cannot be changed.)"""
    mistakes = 0
    for x, sign in zip(X, t):
        if sign * (x @ w + b) <= 0:
            w += sign * x
            b += sign
            mistakes += 1
    return w, b, mistakes


@perceptron_pass.wrong()
def a_sum_of_zero_taken_for_one(X, t, w, b):
    """A sum of exactly 0 counts as the answer 1 in yours, and passes as right where the label is 1.
    While the perceptron learns, it is a mistake for both labels."""
    mistakes = 0
    for x, sign in zip(X, t):
        if (1 if x @ w + b >= 0 else -1) != sign:
            w, b = w + sign * x, b + sign
            mistakes += 1
    return w, b, mistakes


EXERCISES = (affine, affine_column, affine_ones, count_parameters, perceptron_pass)
