"""Chapter 7: networks of any depth, forward and back, and gradients by finite differences."""

import numpy as np

from ... import functional as F
from ...gradcheck import numerical_derivative, relative_error
from ..exercise import Exercise, Probe

_rng = np.random.default_rng(7)


def _normal(*shape):
    return _rng.normal(size=shape)


def _network(*sizes):
    Ws = [_normal(n_in, n_out) for n_in, n_out in zip(sizes, sizes[1:], strict=False)]
    return Ws, [_normal(n) for n in sizes[1:]]


def _single(arrays):
    return [x.astype(np.float32) for x in arrays]


# ------------------------------------------------------------ forward


def _forward(X, Ws, bs):
    As = [X]
    for l, (W, b) in enumerate(zip(Ws, bs, strict=True), start=1):
        Z = As[-1] @ W + b
        As.append(np.maximum(Z, 0) if l < len(Ws) else Z)
    return tuple(As)


_X = np.array([[1.0, 2.0], [-1.0, 0.5]])
_Ws = [
    np.array([[1.0, 2.0, 0.0], [-1.0, 1.0, 1.0]]),
    np.array([[1.0, -1.0], [1.0, 2.0], [-2.0, 0.0]]),
]
_bs = [np.array([2.0, -1.0, 0.5]), np.array([1.0, -1.0])]
_THREE = _network(5, 4, 3, 2)
_FOUR = _network(3, 6, 2, 5, 4)
_EQUAL = _network(3, 3, 3, 3)
_ONE_LAYER = _network(4, 3)
_FLOAT32 = tuple(map(_single, _network(4, 5, 3)))

forward = Exercise(
    name="forward",
    title="Forward through any number of layers",
    chapter=7,
    level=2,
    minutes=15,
    equation="eq-forward",
    reference=_forward,
    probes=(
        Probe("two examples, two layers", (_X, _Ws, _bs)),
        Probe("six examples, three layers", (_normal(6, 5), *_THREE)),
        Probe("all layers equally wide", (_normal(5, 3), *_EQUAL)),
        Probe("a single layer", (_normal(5, 4), *_ONE_LAYER)),
        Probe("a single example, four layers", (_normal(1, 3), *_FOUR)),
        Probe("float32", (_normal(3, 4).astype(np.float32), *_FLOAT32)),
        Probe("no biases", (_normal(4, 5), _THREE[0], [0 * b for b in _THREE[1]])),
    ),
    hints=(
        "Each layer does the same to what the layer before it has left. What is left before the "
        "first one?",
        "Begin with the list [X]. Each layer takes the last entry of the list and puts a new one "
        "behind it. One of the layers gets no activation: which?",
        "For each W and b: Z = As[-1] @ W + b, then append np.maximum(Z, 0), but for the last "
        "layer append Z itself.",
    ),
)


@forward.right
def _(X, Ws, bs):
    As = [X]
    for l in range(len(Ws)):
        Z = As[l] @ Ws[l] + bs[l]
        if l < len(Ws) - 1:
            As.append(np.maximum(Z, 0))
        else:
            As.append(Z)
    return As


@forward.right
def _(X, Ws, bs):
    # As a recursion, from the back.
    if not Ws:
        return [X]
    before = forward.rights[1](X, Ws[:-1], bs[:-1])
    A = before[-1] if len(Ws) == 1 else np.where(before[-1] > 0, before[-1], 0)
    return [*before[:-1], A, A @ Ws[-1] + bs[-1]]


@forward.right
def _(X, Ws, bs):
    A, every = np.float32(X), [X]
    for W, b in zip(Ws[:-1], bs[:-1], strict=True):
        A = np.einsum("mi,ij->mj", A, np.float32(W)) + b
        A *= A > 0
        every.append(A)
    return tuple([*every, A @ Ws[-1] + bs[-1]])


@forward.right
def _(X, Ws, bs):
    # Example by example, unit by unit.
    layers = [[list(x) for x in X]]
    for l, (W, b) in enumerate(zip(Ws, bs, strict=True)):
        rows = []
        for a in layers[-1]:
            z = [sum(a[i] * W[i, j] for i in range(len(a))) + b[j] for j in range(len(b))]
            rows.append(z if l == len(Ws) - 1 else [max(x, 0.0) for x in z])
        layers.append(rows)
    return layers


@forward.wrong("eq-affine")
def shapes_on_the_way(X, Ws, bs):
    """Somewhere two shapes do not fit. Examples are rows: A is (M, n_in), W is (n_in, n_out), b is
    (n_out,). A stands on the left of W, and each layer takes the A of the layer before it. Print
    the shapes of both where it stops. Does your loop count layers from 1? Ws[0] is the first."""
    As = [X]
    for W, b in zip(Ws, bs, strict=True):
        As.append(np.maximum(W @ As[-1] + b, 0))
    return As


@forward.wrong()
def the_input_missing(X, Ws, bs):
    """All the layers are there, but the list begins with A¹. The way back needs A⁰ = X too, the
    input of the first layer."""
    return _forward(X, Ws, bs)[1:]


@forward.wrong()
def only_the_logits(X, Ws, bs):
    """You return the last layer alone. The way back needs the inputs of all layers: keep each A in
    a list, and return the list."""
    return _forward(X, Ws, bs)[-1]


@forward.wrong()
def ReLU_on_the_logits(X, Ws, bs):
    """The last layer has been through a ReLU. Logits may be negative: what is to become of them is
    the business of the loss."""
    *before, Z = _forward(X, Ws, bs)
    return [*before, np.maximum(Z, 0)]


@forward.wrong("eq-softmax")
def probabilities_at_the_end(X, Ws, bs):
    """The last layer has been through a softmax. Here the logits themselves are asked for; softmax
    belongs to the loss."""
    *before, Z = _forward(X, Ws, bs)
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return [*before, E / E.sum(axis=1, keepdims=True)]


@forward.wrong("eq-affine-affine")
def no_activation(X, Ws, bs):
    """There is no ReLU between the layers. Without it all of them together are one affine map, and
    depth adds nothing."""
    As = [X]
    for W, b in zip(Ws, bs, strict=True):
        As.append(As[-1] @ W + b)
    return As


@forward.wrong()
def Z_kept_and_not_A(X, Ws, bs):
    """You pass on what has been through the ReLU, and keep what has not. The list should hold the
    A: the inputs of the next layers."""
    A, every = X, [X]
    for W, b in zip(Ws, bs, strict=True):
        Z = A @ W + b
        every.append(Z)
        A = np.maximum(Z, 0)
    return every


@forward.wrong()
def every_layer_takes_X(X, Ws, bs):
    """Every layer takes X, as in the lines printed in one of the reports. Then the layers stand
    side by side, and the shapes fit only by luck. Each layer takes what the layer before it has
    left."""
    As = [X]
    for l, (W, b) in enumerate(zip(Ws, bs, strict=True), start=1):
        Z = X @ W + b
        As.append(np.maximum(Z, 0) if l < len(Ws) else Z)
    return As


@forward.wrong("eq-affine")
def W_transposed(X, Ws, bs):
    """You transpose the weights. With examples as rows and W of the shape (n_in, n_out) nothing is
    transposed on the way forward; between layers of equal width the shapes fit all the same,
    elsewhere NumPy stops."""
    As = [X]
    for l, (W, b) in enumerate(zip(Ws, bs, strict=True), start=1):
        Z = As[-1] @ W.T + b
        As.append(np.maximum(Z, 0) if l < len(Ws) else Z)
    return As


@forward.wrong()
def the_biases_missing(X, Ws, bs):
    """The products are there, the biases are not."""
    return _forward(X, Ws, [0 * b for b in bs])


@forward.wrong("eq-sigmoid")
def a_sigmoid_between_the_layers(X, Ws, bs):
    """Between the layers stands a sigmoid. Here it should be ReLU."""
    As = [X]
    for l, (W, b) in enumerate(zip(Ws, bs, strict=True), start=1):
        Z = As[-1] @ W + b
        As.append(1 / (1 + np.exp(-Z)) if l < len(Ws) else Z)
    return As


@forward.wrong()
def layers_counted_from_1(X, Ws, bs):
    """Formulas count layers from 1, lists from 0: Ws[0] holds W¹, and there is no Ws[L]."""
    As = [X]
    for l in range(1, len(Ws) + 1):
        As.append(np.maximum(As[-1] @ Ws[l] + bs[l], 0))
    return As


@forward.wrong()
def Z_and_A_in_two_lists(X, Ws, bs):
    """You return two lists, the Z and the A. One is asked for: X, then each A, and the logits at
    its end."""
    Zs, As = [], [X]
    for W, b in zip(Ws, bs, strict=True):
        Zs.append(As[-1] @ W + b)
        As.append(np.maximum(Zs[-1], 0))
    return As, Zs


@forward.wrong()
def a_dictionary(X, Ws, bs):
    """The layers are in a dictionary, as in the chapter. Here a list is asked for: it counts from 0
    by itself."""
    return dict(enumerate(_forward(X, Ws, bs)))


@forward.wrong()
def ReLU_only_behind_the_first_layer(X, Ws, bs):
    """There is a ReLU behind the first layer, and none behind the others. Only the last one goes
    without."""
    As = [X]
    for l, (W, b) in enumerate(zip(Ws, bs, strict=True)):
        Z = As[-1] @ W + b
        As.append(np.maximum(Z, 0) if l == 0 and len(Ws) > 1 else Z)
    return As


# ------------------------------------------------------------ backward


def _top(As, y):
    """Return dZ of the last layer, (P - Y) / M."""
    E = np.exp(As[-1] - As[-1].max(axis=1, keepdims=True))
    dZ = E / E.sum(axis=1, keepdims=True)
    dZ[np.arange(len(y)), y] -= 1
    return dZ / len(y)


def _backward(As, Ws, y):
    dZ = _top(As, y)
    dWs, dbs = [], []
    for l in range(len(Ws) - 1, -1, -1):
        dWs.insert(0, As[l].T @ dZ)
        dbs.insert(0, dZ.sum(axis=0))
        if l:
            dZ = dZ @ Ws[l].T * (As[l] > 0)
    return dWs, dbs


def _by_layer(answer, As, Ws, y):
    """Give each gradient its name, so that a difference can be said of one of them."""
    found = answer(As, Ws, y)
    if found is None:
        return None
    if not isinstance(found, list | tuple) or len(found) != 2:
        size = f" of {len(found)}" if isinstance(found, list | tuple) else ""
        return {"what comes back": f"{type(found).__name__}{size}, not a pair"}
    dWs, dbs = found
    for part in found:
        if not isinstance(part, list | tuple | np.ndarray):
            return {"what comes back": f"a pair with a {type(part).__name__} in it"}
    came = f"two lists: {len(dWs)} dW and {len(dbs)} db"
    named = {"what comes back": came}
    for l, (dW, db) in enumerate(zip(dWs, dbs, strict=False), start=1):
        named |= {f"dW{l}": dW, f"db{l}": db}
    return named


def _passed(M, network, scale=1.0):
    """Return what a forward pass leaves, the weights, and labels."""
    Ws, bs = network
    X = scale * _normal(M, len(Ws[0])).astype(Ws[0].dtype)
    return list(_forward(X, Ws, bs)), Ws, _rng.integers(0, len(bs[-1]), M)


def _far_apart():
    # Between the rows lie more than exp can span, within each of them hardly anything.
    X = np.array([[1.0, 2.0], [600.0, 800.0], [0.5, -1.0]])
    W, b = np.array([[1.0, 1.2, 0.8], [0.5, 0.3, 0.7]]), np.array([0.1, -0.2, 0.0])
    return list(_forward(X, [W], [b])), [W], np.array([2, 0, 1])


def _without_the_last(M, network):
    As, Ws, _ = _passed(M, network)
    return As, Ws, np.arange(M) % (Ws[-1].shape[1] - 1)


def _in_bytes(M, network):
    As, Ws, y = _passed(M, network)
    return As, Ws, y.astype(np.uint8)


backward = Exercise(
    name="backward",
    title="Back through any number of layers",
    chapter=7,
    level=3,
    minutes=30,
    equation="eq-backward-dz",
    reference=_backward,
    call=_by_layer,
    probes=(
        Probe("two examples, two layers", (list(_forward(_X, _Ws, _bs)), _Ws, np.array([0, 1]))),
        Probe("six examples, three layers", _passed(6, _THREE)),
        Probe("all layers equally wide", _passed(7, _EQUAL)),
        Probe("a single layer", _passed(5, _ONE_LAYER)),
        Probe("a single example, four layers", _passed(1, _FOUR)),
        Probe("eight examples, four layers", _passed(8, _FOUR)),
        Probe("float32", _passed(3, _FLOAT32)),
        Probe("logits of several thousand", _passed(4, _network(4, 3, 5), 2000.0)),
        Probe("logits near 0 and near 1000", _far_apart()),
        Probe("nobody has the last label", _without_the_last(5, _network(3, 4, 4))),
        Probe("ninety examples, labels in bytes", _in_bytes(90, _network(2, 3, 4))),
    ),
    hints=(
        "Where does the gradient start, and what do you know there already? Then: one layer back, "
        "and the same again.",
        "At the logits dZ is (P - Y) / M. In each layer, from the last to the first: dW and db "
        "from dZ; then dA for the layer before; then the gate of that layer, which is open where "
        "its A is positive.",
        "With l counted from 0: dW = As[l].T @ dZ, db = dZ.sum(axis=0), and if l > 0, the next dZ "
        "is dZ @ Ws[l].T * (As[l] > 0). Put each new dW and db at the front of its list.",
    ),
)


@backward.right
def _(As, Ws, y):
    M, L = len(y), len(Ws)
    E = np.exp(As[-1] - As[-1].max(axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)
    Y = np.zeros_like(P)
    Y[np.arange(M), y] = 1
    dZ = (P - Y) / M
    dWs, dbs = [None] * L, [None] * L
    for l in reversed(range(L)):
        dWs[l] = As[l].T @ dZ
        dbs[l] = dZ.sum(axis=0)
        dA = dZ @ Ws[l].T
        dZ = dA * (As[l] > 0)
    return dWs, dbs


@backward.right
def _(As, Ws, y):
    # With the 1/M at the end, as a sum over examples taken one at a time.
    sums = [np.zeros_like(W) for W in Ws], [np.zeros(W.shape[1]) for W in Ws]
    for m in range(len(y)):
        z = As[-1][m]
        p = np.exp(z - z.max())
        p = p / p.sum()
        dz = p - (np.arange(len(p)) == y[m])
        for l in range(len(Ws) - 1, -1, -1):
            sums[0][l][...] += np.outer(As[l][m], dz)
            sums[1][l][...] += dz
            dz = (Ws[l] @ dz) * (As[l][m] > 0)
    return tuple([g / len(y) for g in part] for part in sums)


@backward.right
def _(As, Ws, y):
    # As a recursion, with einsum, in float32.
    def layer(l, dZ):
        here = np.einsum("mi,mj->ij", As[l], dZ), np.einsum("mj->j", dZ)
        if l == 0:
            return [here]
        dA = np.einsum("mj,ij->mi", dZ, Ws[l])
        return [*layer(l - 1, np.where(As[l] > 0, dA, 0)), here]

    dWs, dbs = zip(*layer(len(Ws) - 1, _top(As, y).astype(np.float32)), strict=True)
    return dWs, dbs


@backward.right
def _(As, Ws, y):
    # Lists are filled from the back and turned round at the end.
    Z = As[-1]
    log_P = Z - np.logaddexp.reduce(Z, axis=1, keepdims=True)
    dZ = (np.exp(log_P) - np.eye(Z.shape[1])[y]) / len(Z)
    dWs, dbs = [], []
    for A, W in zip(As[-2::-1], Ws[::-1], strict=True):
        dWs.append(A.T @ dZ)
        dbs.append(np.ones(len(Z)) @ dZ)
        dZ = dZ @ W.T
        dZ[A <= 0] = 0
    return dWs[::-1], dbs[::-1]


@backward.wrong()
def shapes_on_the_way(As, Ws, y):
    """Somewhere two shapes do not fit. dZ of a layer is (M, n_out), its W is (n_in, n_out), its
    input (M, n_in). In each product the axis that disappears stands inside. Print the shapes of
    both arrays where it stops."""
    dZ = _top(As, y)
    dWs, dbs = [], []
    for l in reversed(range(len(Ws))):
        dWs.insert(0, As[l] @ dZ)
        dbs.insert(0, dZ.sum(axis=0))
        dZ = dZ @ Ws[l].T * (As[l] > 0)
    return dWs, dbs


@backward.wrong("eq-softmax-nll-backward")
def shapes_at_the_start(As, Ws, y):
    """Two arrays that are combined number by number have different shapes, already at the start.
    Labels are no one-hot rows; one-hot rows have as many columns as there are logits, and that need
    not be 10; and the sum or the maximum of each row needs keepdims=True."""
    P = _top(As, y) * len(y)
    return P - np.eye(len(P[0]) + 10)[y]


@backward.wrong()
def W_not_transposed(As, Ws, y):
    """On the way back through a layer you multiply by W as it is. Between layers of equal width the
    shapes fit, and every gradient in front of them is wrong; elsewhere NumPy stops."""
    dZ, dWs, dbs = _top(As, y), [], []
    for l in range(len(Ws) - 1, -1, -1):
        dWs.insert(0, As[l].T @ dZ)
        dbs.insert(0, dZ.sum(axis=0))
        if l:
            dZ = dZ @ Ws[l] * (As[l] > 0)
    return dWs, dbs


@backward.wrong()
def W_of_another_layer(As, Ws, y):
    """On the way back you multiply by the weights of another layer. dZ belongs to the layer with
    the weights Ws[l]: these are the ones that it goes back through."""
    dZ, dWs, dbs = _top(As, y), [], []
    for l in range(len(Ws) - 1, -1, -1):
        dWs.insert(0, As[l].T @ dZ)
        dbs.insert(0, dZ.sum(axis=0))
        if l:
            dZ = dZ @ Ws[l - 1].T * (As[l] > 0)
    return dWs, dbs


@backward.wrong("eq-relu-backward")
def ReLU_forgotten(As, Ws, y):
    """The last layer is right, those in front of it are not: the gradient has not been through the
    gates of the ReLU. A gate is open where A is positive (A >= 0 is true everywhere)."""
    dZ, dWs, dbs = _top(As, y), [], []
    for l in range(len(Ws) - 1, -1, -1):
        dWs.insert(0, As[l].T @ dZ)
        dbs.insert(0, dZ.sum(axis=0))
        dZ = dZ @ Ws[l].T
    return dWs, dbs


@backward.wrong()
def ReLU_of_another_layer(As, Ws, y):
    """The gradient goes through the gates of another layer. dA = dZ Wᵀ belongs to the A that was
    the input of this W: it is this A that must be positive."""
    dZ, dWs, dbs = _top(As, y), [], []
    for l in range(len(Ws) - 1, -1, -1):
        dWs.insert(0, As[l].T @ dZ)
        dbs.insert(0, dZ.sum(axis=0))
        if l:
            dZ = dZ @ Ws[l].T * (As[l - 1] > 0)
    return dWs, dbs


@backward.wrong("eq-forward")
def ReLU_on_the_logits(As, Ws, y):
    """Already the last layer is wrong: at the start the gradient goes through a gate, as if there
    were a ReLU behind the logits. There is none."""
    dZ, dWs, dbs = _top(As, y), [], []
    for l in range(len(Ws) - 1, -1, -1):
        dZ = dZ * (As[l + 1] > 0)
        dWs.insert(0, As[l].T @ dZ)
        dbs.insert(0, dZ.sum(axis=0))
        dZ = dZ @ Ws[l].T
    return dWs, dbs


@backward.wrong("eq-relu-backward")
def multiplied_by_A(As, Ws, y):
    """You multiply the gradient by A itself. The derivative of ReLU is 1 or 0: 1 where A is
    positive."""
    dZ, dWs, dbs = _top(As, y), [], []
    for l in range(len(Ws) - 1, -1, -1):
        dWs.insert(0, As[l].T @ dZ)
        dbs.insert(0, dZ.sum(axis=0))
        if l:
            dZ = dZ @ Ws[l].T * As[l]
    return dWs, dbs


@backward.wrong("eq-softmax-nll-backward")
def a_sum_and_not_a_mean(As, Ws, y):
    """All gradients are too large by the number of examples. The loss is a mean: divide by M once,
    where the gradient starts."""
    dWs, dbs = _backward(As, Ws, y)
    return [len(y) * dW for dW in dWs], [len(y) * db for db in dbs]


@backward.wrong("eq-backward-linear")
def divided_by_M_twice(As, Ws, y):
    """All gradients are too small by the number of examples. A factor at the top is a factor
    everywhere: if dZ has the 1/M, dW and db must not divide again."""
    dWs, dbs = _backward(As, Ws, y)
    return [dW / len(y) for dW in dWs], [db / len(y) for db in dbs]


@backward.wrong("eq-backward-linear")
def the_weights_divided_once_more(As, Ws, y):
    """The biases are right, the weights too small by the number of examples. The 1/M is in dZ
    already, and comes once."""
    dWs, dbs = _backward(As, Ws, y)
    return [dW / len(y) for dW in dWs], dbs


@backward.wrong("eq-backward-linear")
def the_biases_divided_once_more(As, Ws, y):
    """The weights are right, the biases too small by the number of examples. The 1/M is in dZ
    already: add up, and take no mean."""
    dWs, dbs = _backward(As, Ws, y)
    return dWs, [db / len(y) for db in dbs]


@backward.wrong("eq-affine-db")
def one_sum_for_all_biases(As, Ws, y):
    """The weights are right. np.sum(dZ) adds up everything, and one number is left for all biases
    of a layer: add up the examples only."""
    dZ, dWs, dbs = _top(As, y), [], []
    for l in range(len(Ws) - 1, -1, -1):
        dWs.insert(0, As[l].T @ dZ)
        dbs.insert(0, np.sum(dZ))
        if l:
            dZ = dZ @ Ws[l].T * (As[l] > 0)
    return dWs, dbs


@backward.wrong("eq-softmax-nll-backward")
def the_sign_at_the_start(As, Ws, y):
    """Every sign is wrong: at the start it is P - Y, and not Y - P. (The minus of gradient descent
    comes later, in the step.)"""
    dWs, dbs = _backward(As, Ws, y)
    return [-dW for dW in dWs], [-db for db in dbs]


@backward.wrong("eq-softmax-nll-backward")
def the_softmax_forgotten(As, Ws, y):
    """The last entry of As holds logits, and you treat them as probabilities. They have to go
    through a softmax before Y is taken away."""
    Z = As[-1]
    dZ, dWs, dbs = (Z - np.eye(Z.shape[1])[y]) / len(y), [], []
    for l in range(len(Ws) - 1, -1, -1):
        dWs.insert(0, As[l].T @ dZ)
        dbs.insert(0, dZ.sum(axis=0))
        dZ = dZ @ Ws[l].T * (As[l] > 0)
    return dWs, dbs


@backward.wrong("eq-softmax-shift")
def a_softmax_that_overflows(As, Ws, y):
    """Right, but for large logits: exp overflows, and nan comes out. Take the largest logit of each
    row away first."""
    E = np.exp(As[-1])
    dZ = E / E.sum(axis=1, keepdims=True)
    dZ[np.arange(len(y)), y] -= 1
    dZ, dWs, dbs = dZ / len(y), [], []
    for l in range(len(Ws) - 1, -1, -1):
        dWs.insert(0, As[l].T @ dZ)
        dbs.insert(0, dZ.sum(axis=0))
        dZ = dZ @ Ws[l].T * (As[l] > 0)
    return dWs, dbs


@backward.wrong("eq-softmax-shift")
def one_shift_for_all_rows(As, Ws, y):
    """You take the largest logit of the whole array away from all rows. In a row that lies far
    below it all exponentials become 0, and 0 / 0 is nan. Each row needs its own largest logit."""
    E = np.exp(As[-1] - As[-1].max())
    dZ = E / E.sum(axis=1, keepdims=True)
    dZ[np.arange(len(y)), y] -= 1
    dZ, dWs, dbs = dZ / len(y), [], []
    for l in range(len(Ws) - 1, -1, -1):
        dWs.insert(0, As[l].T @ dZ)
        dbs.insert(0, dZ.sum(axis=0))
        dZ = dZ @ Ws[l].T * (As[l] > 0)
    return dWs, dbs


@backward.wrong("eq-one-hot")
def one_hot_up_to_the_largest_label(As, Ws, y):
    """Your one-hot rows have as many columns as the largest label in this batch needs. There are as
    many classes as logits, whether or not the last of them occurs among the labels."""
    P = _top(As, y) * len(y)
    P[np.arange(len(y)), y] += 1
    dZ, dWs, dbs = (P - np.eye(y.max() + 1)[y]) / len(y), [], []
    for l in range(len(Ws) - 1, -1, -1):
        dWs.insert(0, As[l].T @ dZ)
        dbs.insert(0, dZ.sum(axis=0))
        dZ = dZ @ Ws[l].T * (As[l] > 0)
    return dWs, dbs


@backward.wrong("eq-softmax-nll-backward")
def ones_taken_from_whole_columns(As, Ws, y):
    """P[:, y] -= 1 takes 1 away from whole columns, for all examples. Each example has its own
    class: P[np.arange(M), y], or take the one-hot rows away."""
    M = len(y)
    P = _top(As, y) * M
    P[np.arange(M), y] += 1
    P[:, y] -= 1
    dZ, dWs, dbs = P / M, [], []
    for l in range(len(Ws) - 1, -1, -1):
        dWs.insert(0, As[l].T @ dZ)
        dbs.insert(0, dZ.sum(axis=0))
        if l:
            dZ = dZ @ Ws[l].T * (As[l] > 0)
    return dWs, dbs


@backward.wrong("eq-backward")
def from_the_last_layer_to_the_first(As, Ws, y):
    """The gradients are there, in the order in which the way back finds them. The lists should
    begin with layer 1, as Ws does: turn them round at the end."""
    dWs, dbs = _backward(As, Ws, y)
    return dWs[::-1], dbs[::-1]


@backward.wrong("eq-backward")
def a_pair_for_each_layer(As, Ws, y):
    """You return a pair (dW, db) for each layer. Asked for are two lists: all the dW, then all the
    db."""
    return list(zip(*_backward(As, Ws, y), strict=True))


@backward.wrong("eq-backward")
def dictionaries(As, Ws, y):
    """You return dictionaries, as the chapter does. Here two lists are asked for, in the order of
    Ws."""
    return tuple(dict(enumerate(part, start=1)) for part in _backward(As, Ws, y))


@backward.wrong()
def updated_on_the_way(As, Ws, y):
    """Your function changes the weights. This is not its task, and it spoils the gradient: the way
    back needs the weights with which the forward pass was made. First all gradients, then all
    steps."""
    dZ, dWs, dbs = _top(As, y), [], []
    for l in range(len(Ws) - 1, -1, -1):
        dWs.insert(0, As[l].T @ dZ)
        dbs.insert(0, dZ.sum(axis=0))
        Ws[l] -= 0.1 * dWs[0]
        dZ = dZ @ Ws[l].T * (As[l] > 0)
    return dWs, dbs


@backward.wrong("eq-forward")
def layers_counted_from_1(As, Ws, y):
    """Formulas count layers from 1, lists from 0: the weights of the last layer are Ws[L - 1], its
    input is As[L - 1], and its logits are As[L]."""
    dZ = _top(As, y)
    dWs, dbs = [], []
    for l in range(len(Ws), 0, -1):
        dWs.insert(0, As[l].T @ dZ)
        dbs.insert(0, dZ.sum(axis=0))
        dZ = dZ @ Ws[l].T * (As[l] > 0)
    return dWs, dbs


# ------------------------------------------------------------ numerical_gradient


def _numerical_gradient(f, theta):
    return numerical_derivative(f, np.asarray(theta, float))


def _central(f, theta, h):
    theta = np.array(theta, float)
    gradient = np.zeros(theta.shape)
    for i in np.ndindex(theta.shape):
        up, down = theta.copy(), theta.copy()
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient


def sum_of_squares(theta):
    return np.sum(theta**2)


def sum_of_cubes(theta):
    return np.sum(theta**3)


def sum_of_exponentials(theta):
    return np.sum(np.exp(theta))


def sum_of_relus(theta):
    return np.sum(np.maximum(theta, 0))


def fast_waves(theta):
    weights = np.arange(1, theta.size + 1).reshape(theta.shape)
    return np.sum(weights * np.sin(100 * theta))


def products_of_neighbours(theta):
    return np.sum(theta[..., 1:] * theta[..., :-1]) + np.exp(theta.flat[0])


_X_LOSS, _y_LOSS = _normal(6, 4), np.array([0, 2, 1, 1, 0, 2])


def loss_of_a_layer(W):
    return F.softmax_nll(_X_LOSS @ np.asarray(W, float), _y_LOSS)[0]


numerical_gradient = Exercise(
    name="numerical_gradient",
    title="A gradient by central differences",
    chapter=7,
    level=2,
    minutes=20,
    equation="eq-central-difference",
    reference=_numerical_gradient,
    probes=(
        Probe("a sum of squares", (sum_of_squares, np.array([1.0, -2.0, 0.5]))),
        Probe("the loss of a layer, by its weights", (loss_of_a_layer, _normal(4, 3))),
        Probe("three axes", (products_of_neighbours, _normal(2, 3, 2))),
        Probe(
            "at the corner of ReLU, where the two sides have slopes 0 and 1",
            (sum_of_relus, np.array([[0.0, 1.0], [-1.0, 0.0]])),
        ),
        Probe("waves of a short length", (fast_waves, _normal(2, 3))),
        Probe("integers", (sum_of_exponentials, np.array([[1, 2, -1], [0, 3, -2]]))),
        Probe("float32", (sum_of_cubes, np.float32([0.5, -1.25, 3.0, 2.0]))),
        Probe(
            "float32, at numbers of very different sizes",
            (sum_of_squares, np.float32([[300.0, -0.001], [0.0, 20.0]])),
        ),
    ),
    hints=(
        "The slope in the direction of one entry: what has to be changed for it, and what has to "
        "stay?",
        "For each entry: copy theta, move this entry up by h, and ask f. The same with another "
        "copy, down by h. np.ndindex(theta.shape) goes through all entries, whatever the shape.",
        "gradient[i] = (f(up) - f(down)) / (2 * h) with h = 1e-6, where up and down are fresh "
        "copies of np.array(theta, float), with up[i] += h and down[i] -= h.",
    ),
)


@numerical_gradient.right
def _(f, theta):
    h = 1e-6
    theta = np.array(theta, float)
    gradient = np.zeros(theta.shape)
    for i in np.ndindex(theta.shape):
        up, down = theta.copy(), theta.copy()
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient


@numerical_gradient.right
def _(f, theta):
    h = 1e-5
    slopes = []
    for e in np.eye(theta.size):
        step = h * e.reshape(theta.shape)
        slopes.append((f(theta + step) - f(theta - step)) / (2 * h))
    return np.reshape(slopes, theta.shape)


@numerical_gradient.right
def _(f, theta):
    theta = theta.astype(np.float64)
    gradient = np.empty(theta.size, np.float32)
    for i in range(theta.size):
        before = theta.flat[i]
        theta.flat[i] = before + 1e-7
        up = f(theta)
        theta.flat[i] = before - 1e-7
        down = f(theta)
        theta.flat[i] = before
        gradient[i] = (up - down) / 2e-7
    return gradient.reshape(theta.shape)


@numerical_gradient.right
def _(f, theta):
    # Two central differences, put together so that the error falls with the fourth power of h.
    def central(i, h):
        step = np.zeros(theta.shape)
        step[i] = h
        return (f(theta + step) - f(theta - step)) / (2 * h)

    gradient = np.zeros(theta.shape)
    for i, _ in np.ndenumerate(theta):
        gradient[i] = (4 * central(i, 5e-5) - central(i, 1e-4)) / 3
    return gradient.tolist()


@numerical_gradient.wrong()
def only_one_side(f, theta):
    """That is the forward difference, (f(x + h) - f(x)) / h. Where the function bends it is less
    exact, and at a corner it sees one side only. Step to both sides."""
    theta, h = np.array(theta, float), 1e-6
    gradient = np.zeros(theta.shape)
    for i in np.ndindex(theta.shape):
        up = theta.copy()
        up[i] += h
        gradient[i] = (f(up) - f(theta)) / h
    return gradient


@numerical_gradient.wrong()
def divided_by_h(f, theta):
    """All is twice too large: from x - h to x + h the distance is not h."""
    return 2 * _numerical_gradient(f, theta)


@numerical_gradient.wrong()
def next_to_nothing(f, theta):
    """All is 0, or nearly so. The divisor? / 2 * h divides by 2 and multiplies by h: it needs
    brackets. The copies? up = theta and down = theta are two names for one array, which goes up and
    down again. The step? If h is as small as 1e-17, x + h is x again."""
    h = 1e-6
    gradient = np.zeros(theta.shape)
    for i in np.ndindex(theta.shape):
        up, down = np.array(theta, float), np.array(theta, float)
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / 2 * h
    return gradient


@numerical_gradient.wrong()
def all_entries_moved_at_once(f, theta):
    """Every entry of yours is the same: theta + h moves all entries together, so you see the sum of
    all slopes. Move one, and leave the others where they are."""
    h = 1e-6
    return np.full(np.shape(theta), (f(theta + h) - f(theta - h)) / (2 * h))


@numerical_gradient.wrong()
def one_number_for_all(f, theta):
    """You return one number. theta + h moves all entries together; a gradient has an entry for each
    entry of theta."""
    h = 1e-6
    return (f(theta + h) - f(theta - h)) / (2 * h)


@numerical_gradient.wrong()
def whole_rows_moved(f, theta):
    """For one axis it is right. With more, theta[i] is a whole row, and all its entries move at
    once. Go through all entries: np.ndindex(theta.shape), or theta.flat."""
    theta, h = np.array(theta, float), 1e-6
    gradient = np.zeros(theta.shape)
    for i in range(len(theta)):
        up, down = theta.copy(), theta.copy()
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient


@numerical_gradient.wrong()
def steps_that_add_up(f, theta):
    """The first entry is right, and each one after it has the slopes of those before it in it: they
    were moved and never put back. Take a fresh copy for each entry."""
    theta, h = np.array(theta, float), 1e-6
    gradient = np.zeros(theta.shape)
    up, down = theta.copy(), theta.copy()
    for i in np.ndindex(theta.shape):
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient


@numerical_gradient.wrong()
def only_the_first_entry(f, theta):
    """The first entry is right, the others are never computed: does the return stand inside the
    loop?"""
    gradient = np.zeros(theta.shape)
    gradient.flat[0] = _numerical_gradient(f, theta).flat[0]
    return gradient


@numerical_gradient.wrong()
def two_names_for_theta(f, theta):
    """up = theta and down = theta make no copies: they are two more names for theta. Moved up by
    one name and down by the other, it is where it was. Each needs a copy of its own."""
    h = 1e-6
    gradient = np.zeros(theta.shape)
    up = down = theta
    for i in np.ndindex(theta.shape):
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient


@numerical_gradient.wrong()
def the_shape_lost(f, theta):
    """The numbers are right, in one long row. A gradient has the shape of its variable."""
    return _numerical_gradient(f, theta).ravel()


@numerical_gradient.wrong()
def the_copy_keeps_the_dtype(f, theta):
    """Right for float64. But a copy of float32 has too few digits for a step of a millionth, and
    one of integers has none behind the point. Step in a float64 copy: np.array(theta, float)."""
    h = 1e-6
    gradient = np.zeros(theta.shape)
    for i in np.ndindex(theta.shape):
        up, down = theta.copy(), theta.copy()
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient


@numerical_gradient.wrong()
def the_result_keeps_the_dtype(f, theta):
    """Right for floats. np.zeros_like(theta) is an array of integers if theta is one, and what
    comes after the point is lost: np.zeros(theta.shape) holds floats."""
    gradient = np.zeros_like(theta)
    gradient[...] = _numerical_gradient(f, theta)
    return gradient


@numerical_gradient.wrong()
def one_index_for_several_axes(f, theta):
    """Right for one axis. With more, theta[i] is a whole row, and there are fewer rows than
    entries. np.ndindex(theta.shape) goes through all entries, or theta.flat."""
    gradient = np.zeros(theta.shape)
    numerical = _numerical_gradient(f, theta)
    for i in range(theta.size):
        gradient[i] = numerical[i]
    return gradient


@numerical_gradient.wrong()
def a_flat_array_for_f(f, theta):
    """You give f one long row. f expects its argument in the shape of theta: go through the flat
    array, and reshape it before you call f."""
    return _numerical_gradient(f, theta.ravel()).reshape(theta.shape)


@numerical_gradient.wrong()
def too_small_a_step(f, theta):
    """Nearly right, but only to a few digits: your step is so small that rounding shows in the
    difference. The error from rounding grows as h falls; h = 1e-6 is a good compromise."""
    return _central(f, theta, 1e-12)


@numerical_gradient.wrong()
def too_large_a_step(f, theta):
    """Right where the function is calm, and not where it bends quickly: the step is too large for
    that. Its error grows with h²; h = 1e-6 is a good compromise."""
    return _central(f, theta, 1e-3)


@numerical_gradient.wrong()
def a_step_that_may_be_0(f, theta):
    """Your step is a share of the entry, and where the entry is 0 it is 0 too. Take the same h for
    all entries."""
    theta = np.array(theta, float)
    gradient = np.zeros(theta.shape)
    for i in np.ndindex(theta.shape):
        up, down = theta.copy(), theta.copy()
        h = 1e-6 * theta[i]
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient


@numerical_gradient.wrong()
def theta_not_put_back(f, theta):
    """Your function moves the entries of the theta that it was given. Even if you move them back by
    adding h, a rounding error stays. Step in a copy."""
    h = 1e-6
    gradient = np.zeros(theta.shape)
    for i in np.ndindex(theta.shape):
        theta[i] += h
        up = f(theta)
        theta[i] -= 2 * h
        down = f(theta)
        theta[i] += h
        gradient[i] = (up - down) / (2 * h)
    return gradient


# ------------------------------------------------------------ gradient_check


def _error(gradient, numerical):
    return relative_error(gradient, numerical)


def _gradient_check(f, gradient, theta):
    numerical = numerical_derivative(f, theta)
    return np.shape(gradient) == numerical.shape and _error(gradient, numerical) < 1e-5


def sum_of_entries(theta):
    return np.sum(theta)


def _yes_or_no(answer, f, gradient, theta):
    """Keep what is no single answer apart, in words."""
    found = answer(f, gradient, theta)
    if isinstance(found, np.ndarray) and found.ndim:
        return "an array, with an answer for each entry"
    return found


def always_three(theta):
    return 3.0


def minus_a_sum_of_exponentials(theta):
    return -np.sum(np.exp(theta))


def tiny_sum_of_squares(theta):
    return 1e-9 * np.sum(theta**2)


def huge_sum_of_squares(theta):
    return 1e9 * np.sum(theta**2)


def strong_sine_and_weak_line(theta):
    return 1000 * np.sin(theta[0]) + 1e-9 * theta[1]


_T = np.array([1.0, -2.0, 0.5])
_LAYER = _normal(4, 3)
_LAYER_GRADIENT = _X_LOSS.T @ F.softmax_nll(_X_LOSS @ _LAYER, _y_LOSS)[1]
_OFF = _LAYER_GRADIENT.copy()
_OFF[3, 2] += 2e-4 * np.abs(_OFF).max()
_SQUARE = np.array([[1.0, 2.0], [-3.0, 0.5]])
_STRONG = np.array([0.3, 2.0])
_MANY = np.linspace(-2, 2, 100)
_ONE_OFF = 2 * _MANY
_ONE_OFF[40] += 8e-4

gradient_check = Exercise(
    name="gradient_check",
    title="Is this gradient right?",
    chapter=7,
    level=3,
    minutes=25,
    equation="eq-relative-error",
    reference=_gradient_check,
    call=_yes_or_no,
    probes=(
        Probe("a right gradient", (sum_of_squares, 2 * _T, _T)),
        Probe("a right gradient of a layer", (loss_of_a_layer, _LAYER_GRADIENT, _LAYER)),
        Probe("a gradient of the wrong sign", (sum_of_squares, -2 * _T, _T)),
        Probe("a gradient twice too large", (sum_of_exponentials, 2 * np.exp(_T), _T)),
        Probe(
            "a gradient half as large as it should be", (sum_of_exponentials, 0.5 * np.exp(_T), _T)
        ),
        Probe("a gradient of zeros", (loss_of_a_layer, 0 * _LAYER, _LAYER)),
        Probe("the last entry is off, by 0.02 % of the largest", (loss_of_a_layer, _OFF, _LAYER)),
        Probe(
            "one of a hundred entries is off, by 0.02 % of the largest",
            (sum_of_squares, _ONE_OFF, _MANY),
        ),
        Probe("a transposed gradient, square", (sum_of_squares, 2 * _SQUARE.T, _SQUARE)),
        Probe("a transposed gradient, not square", (loss_of_a_layer, _LAYER_GRADIENT.T, _LAYER)),
        Probe("one number where there should be three", (sum_of_entries, np.array(1.0), _T)),
        Probe("the right numbers, with an axis too many", (sum_of_squares, 2 * _T[None], _T)),
        Probe("the right numbers, in one long row", (sum_of_squares, 2 * _SQUARE.ravel(), _SQUARE)),
        Probe(
            "a right gradient, but for an error of 0.0002 %",
            (sum_of_exponentials, (1 + 2e-6) * np.exp(_T), _T),
        ),
        Probe("two errors whose sum is 0", (sum_of_entries, np.array([1.5, 1.0, 0.5]), _T)),
        Probe(
            "negative everywhere, and half as large as it should be",
            (minus_a_sum_of_exponentials, -0.5 * np.exp(_T), _T),
        ),
        Probe("a right gradient, very small", (tiny_sum_of_squares, 2e-9 * _T, _T)),
        Probe("zeros where a very small gradient should be", (tiny_sum_of_squares, 0 * _T, _T)),
        Probe("a right gradient, very large", (huge_sum_of_squares, 2e9 * _T, _T)),
        Probe(
            "a right gradient with a very small entry",
            (strong_sine_and_weak_line, np.array([1000 * np.cos(0.3), 1e-9]), _STRONG),
        ),
        Probe("a right gradient of zeros", (always_three, 0 * _T, _T)),
    ),
    hints=(
        "A difference of 0.001 is much for a gradient of 0.001, and nothing for one of 1000. What "
        "do you compare it with?",
        "Compute the gradient once more with your numerical_gradient. If the shapes differ, the "
        "answer is False. Else compare the largest difference with the largest entry of both.",
        "scale = the larger of np.abs(gradient).max() and np.abs(numerical).max(); if it is 0, the "
        "two agree. Else return np.abs(gradient - numerical).max() / scale < 1e-5.",
    ),
)


@gradient_check.right
def _(f, gradient, theta):
    numerical = _numerical_gradient(f, theta)
    if np.shape(gradient) != numerical.shape:
        return False
    scale = max(np.abs(gradient).max(), np.abs(numerical).max())
    if scale == 0:
        return True
    return np.abs(gradient - numerical).max() / scale < 1e-5


@gradient_check.right
def _(f, gradient, theta):
    # Without a division, and with another step.
    numerical = numerical_derivative(f, theta, 1e-5)
    if gradient.shape != theta.shape:
        return False
    largest = np.maximum(np.abs(gradient), np.abs(numerical)).max()
    return bool((np.abs(gradient - numerical) <= 1e-5 * largest).all())


@gradient_check.right
def _(f, gradient, theta):
    # In loops.
    if np.shape(gradient) != np.shape(theta):
        return False
    numerical = numerical_gradient.rights[0](f, theta)
    worst = largest = 0.0
    for i in np.ndindex(theta.shape):
        worst = max(worst, abs(gradient[i] - numerical[i]))
        largest = max(largest, abs(gradient[i]), abs(numerical[i]))
    return largest == 0 or worst / largest < 1e-5


@gradient_check.right
def _(f, gradient, theta):
    # With lengths of vectors: another measure, and the same answers.
    if np.shape(gradient) != np.shape(theta):
        return False
    a, b = np.ravel(gradient), _numerical_gradient(f, theta).ravel()
    length = np.linalg.norm(a) + np.linalg.norm(b)
    return np.linalg.norm(a - b) <= 1e-5 * length


@gradient_check.wrong()
def shapes_not_compared(f, gradient, theta):
    """Right where both have the same shape. Where they differ, NumPy spreads a single number over
    all entries, or stops with an error. Compare the shapes before anything else: a gradient has
    that of theta."""
    numerical = _numerical_gradient(f, theta)
    scale = max(np.abs(gradient).max(), np.abs(numerical).max()) or 1.0
    return np.abs(gradient - numerical).max() / scale < 1e-5


@gradient_check.wrong()
def only_the_sizes_compared(f, gradient, theta):
    """You count the entries, and the shape may be another: one long row, an axis too many, rows and
    columns that have changed places. A gradient has the shape of theta: compare the shapes."""
    numerical = _numerical_gradient(f, theta).ravel()
    gradient = np.ravel(gradient)
    if gradient.size != numerical.size:
        return False
    scale = max(np.abs(gradient).max(), np.abs(numerical).max()) or 1.0
    return np.abs(gradient - numerical).max() / scale < 1e-5


@gradient_check.wrong()
def an_absolute_difference(f, gradient, theta):
    """You ask whether the difference is small, whatever the size of the gradient. Then a large one
    that is right is refused, and a small one that is wrong passes, even zeros. Divide by the
    largest entry."""
    numerical = _numerical_gradient(f, theta)
    if np.shape(gradient) != numerical.shape:
        return False
    return np.abs(gradient - numerical).max() < 1e-5


@gradient_check.wrong()
def the_tolerance_of_allclose(f, gradient, theta):
    """np.allclose forgives a difference of 1e-8 anywhere (its atol), so where a gradient is smaller
    than that, zeros pass. Compare with the largest entry instead. (And it spreads a single number
    over all entries: compare the shapes first.)"""
    return np.allclose(gradient, _numerical_gradient(f, theta))


@gradient_check.wrong()
def shapes_and_allclose(f, gradient, theta):
    """np.allclose forgives a difference of 1e-8 anywhere (its atol), so zeros pass where a gradient
    is smaller than that; and it measures each entry by itself. Compare the largest difference with
    the largest entry."""
    numerical = _numerical_gradient(f, theta)
    return np.shape(gradient) == numerical.shape and np.allclose(gradient, numerical)


@gradient_check.wrong()
def divided_entry_by_entry(f, gradient, theta):
    """You divide each difference by its own entry. An entry that is 0 but for rounding then makes a
    right gradient fail. Divide the largest difference by the largest entry."""
    numerical = _numerical_gradient(f, theta)
    if np.shape(gradient) != numerical.shape:
        return False
    scale = np.maximum(np.abs(gradient), np.abs(numerical))
    return np.all(np.abs(gradient - numerical) <= 1e-5 * scale)


@gradient_check.wrong()
def zeros_refused_where_they_are_right(f, gradient, theta):
    """Right, but for a gradient of zeros that is meant to be zeros. Then the largest entry is 0.
    Divided by it, 0 / 0 is nan, and no comparison with nan is true; without the division, 0 < 0 is
    not true either. Ask for this case first."""
    numerical = _numerical_gradient(f, theta)
    if np.shape(gradient) != numerical.shape:
        return False
    scale = max(np.abs(gradient).max(), np.abs(numerical).max())
    return np.abs(gradient - numerical).max() / np.float64(scale) < 1e-5


@gradient_check.wrong()
def differences_with_their_signs(f, gradient, theta):
    """You take the largest difference with its sign. If all entries are too small, all differences
    are negative, and negative is below every limit. Take absolute values first."""
    numerical = _numerical_gradient(f, theta)
    if np.shape(gradient) != numerical.shape:
        return False
    scale = max(np.abs(gradient).max(), np.abs(numerical).max()) or 1.0
    return (gradient - numerical).max() / scale < 1e-5


@gradient_check.wrong()
def signs_kept_in_the_differences(f, gradient, theta):
    """You take the largest difference with its sign. If all entries are too large, the numerical
    gradient minus yours is negative, and negative is below every limit. Take absolute values
    first."""
    numerical = _numerical_gradient(f, theta)
    if np.shape(gradient) != numerical.shape:
        return False
    scale = max(np.abs(gradient).max(), np.abs(numerical).max()) or 1.0
    return (numerical - gradient).max() / scale < 1e-5


@gradient_check.wrong()
def only_the_sums_compared(f, gradient, theta):
    """You add up before you compare, so that errors of opposite signs cancel. Look at each
    difference, and take the largest."""
    numerical = _numerical_gradient(f, theta)
    if np.shape(gradient) != numerical.shape:
        return False
    scale = max(np.abs(gradient).max(), np.abs(numerical).max()) or 1.0
    return abs(np.sum(gradient - numerical)) / scale < 1e-5


@gradient_check.wrong()
def only_the_lengths_compared(f, gradient, theta):
    """You compare how long the two gradients are. One of the wrong sign is just as long, and so is
    one whose entries have changed places. Take the difference of the arrays first."""
    numerical = _numerical_gradient(f, theta)
    if np.shape(gradient) != numerical.shape:
        return False
    a, b = np.linalg.norm(gradient), np.linalg.norm(numerical)
    return abs(a - b) <= 1e-5 * max(a, b)


@gradient_check.wrong()
def only_the_first_entry_compared(f, gradient, theta):
    """A wrong entry passes: you look at one entry, or at a few. A check is worth something if it
    sees all of them."""
    numerical = _numerical_gradient(f, theta)
    if np.shape(gradient) != numerical.shape:
        return False
    a, b = gradient.flat[0], numerical.flat[0]
    return abs(a - b) <= 1e-5 * max(abs(a), abs(b))


@gradient_check.wrong()
def too_much_forgiven(f, gradient, theta):
    """A gradient with an entry that is a little off passes. Central differences in float64 agree
    with a right gradient to eight digits or so: a limit of 1e-5 leaves room enough."""
    numerical = _numerical_gradient(f, theta)
    if np.shape(gradient) != numerical.shape:
        return False
    scale = max(np.abs(gradient).max(), np.abs(numerical).max()) or 1.0
    return np.abs(gradient - numerical).max() / scale < 0.05


@gradient_check.wrong()
def too_little_forgiven(f, gradient, theta):
    """A gradient that is right to six digits is refused. Rounding and the finite step leave small
    differences: the limit is 1e-5, and not less."""
    numerical = _numerical_gradient(f, theta)
    if np.shape(gradient) != numerical.shape:
        return False
    scale = max(np.abs(gradient).max(), np.abs(numerical).max()) or 1.0
    return np.abs(gradient - numerical).max() / scale < 1e-7


@gradient_check.wrong()
def the_error_itself(f, gradient, theta):
    """You return a number. It is the right thing to look at; now compare it with the limit, and
    return True or False."""
    numerical = _numerical_gradient(f, theta)
    return _error(gradient, numerical) if np.shape(gradient) == numerical.shape else np.inf


@gradient_check.wrong()
def an_answer_for_each_entry(f, gradient, theta):
    """You compare two arrays, and get an array with True and False for each entry. One answer for
    all is wanted: compare a single number, the largest, with the limit."""
    numerical = _numerical_gradient(f, theta)
    return np.abs(gradient - numerical) < 1e-5


@gradient_check.wrong()
def right_ones_are_refused(f, gradient, theta):
    """A right gradient is refused. A finite difference always has a small error: equal to the last
    digit it never is. Allow a relative error of 1e-5. (If nothing is ever right, look at your
    numerical_gradient first.)"""
    return False


@gradient_check.wrong()
def wrong_ones_pass(f, gradient, theta):
    """A wrong gradient passes. Which of its entries differ from the numerical one, by how much, and
    why does your comparison not see it?"""
    return True


EXERCISES = (forward, backward, numerical_gradient, gradient_check)
