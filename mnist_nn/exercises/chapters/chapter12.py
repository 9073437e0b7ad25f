"""Chapter 12: what the network learned."""

import numpy as np

from ..exercise import Exercise, Probe

_rng = np.random.default_rng(12)

# ------------------------------------------------------------ weight_pictures


def _weight_pictures(W):
    return W.T.reshape(-1, 28, 28)


_STROKE = np.zeros((784, 2))
_STROKE[28 * 3 : 28 * 3 + 5, 0] = 1.0  # the first five pixels of row 3
_STROKE[7::28, 1] = -1.0  # column 7

weight_pictures = Exercise(
    name="weight_pictures",
    title="Weights as pictures",
    chapter=12,
    level=1,
    minutes=10,
    equation="eq-affine",
    reference=_weight_pictures,
    probes=(
        Probe("two units: a short line in row 3, and column 7", (_STROKE,)),
        Probe("three units", (_rng.normal(size=(784, 3)),)),
        Probe("a single unit", (_rng.normal(size=(784, 1)),)),
        Probe("28 units", (_rng.normal(size=(784, 28)),)),
        Probe("float32 weights", (_rng.normal(size=(784, 5)).astype(np.float32),)),
    ),
    hints=(
        "Which of the 784 × K numbers belong to one unit: a row of W, or a column?",
        "The weights of unit k are column k. Reshape works along rows, so turn the matrix first.",
        "W.T has a row for each unit; reshape that to (-1, 28, 28).",
    ),
)


@weight_pictures.right
def _(W):
    return W.T.reshape(-1, 28, 28)


@weight_pictures.right
def _(W):
    return [W[:, k].reshape(28, 28) for k in range(W.shape[1])]


@weight_pictures.right
def _(W):
    return np.moveaxis(W.reshape(28, 28, -1), 2, 0)


@weight_pictures.right
def _(W):
    pictures = np.zeros((W.shape[1], 28, 28), np.float32)
    for k in range(W.shape[1]):
        for i in range(28):
            for j in range(28):
                pictures[k, i, j] = W[28 * i + j, k]
    return pictures


@weight_pictures.wrong()
def reshaped_without_turning(W):
    """The shape is right, the pictures are not: reshape goes through W row by row, and a row holds
    one weight of every unit. Bring the weights of one unit together first."""
    return W.reshape(-1, 28, 28)


@weight_pictures.wrong()
def mirrored_at_the_diagonal(W):
    """Rows and columns of each picture have changed places: it is mirrored at its diagonal. Pixels
    are stored row by row."""
    return W.T.reshape(-1, 28, 28).transpose(0, 2, 1)


@weight_pictures.wrong()
def the_units_last(W):
    """The axis of the units comes last. A list of pictures has it first: pictures[k] is then the
    picture of unit k."""
    return W.reshape(28, 28, -1)


@weight_pictures.wrong()
def scaled_one_by_one(W):
    """You scale each picture to [0, 1] on its own. Then a unit with tiny weights looks like one
    with large ones, and a weight of 0 and a negative one cannot be told apart. Return the weights
    as they are."""
    P = W.T.reshape(-1, 28, 28)
    low = P.min(axis=(1, 2), keepdims=True)
    return (P - low) / (P.max(axis=(1, 2), keepdims=True) - low)


@weight_pictures.wrong()
def the_absolute_values(W):
    """The signs are lost. A negative weight says that ink there speaks against the unit."""
    return np.abs(W.T.reshape(-1, 28, 28))


@weight_pictures.wrong()
def only_the_first_unit(W):
    """Only one picture comes back. There is one for each column."""
    return W[:, 0].reshape(28, 28)


# ------------------------------------------------------------ effective_weights

_W1, _W2 = _rng.normal(size=(5, 4)), _rng.normal(size=(4, 3))
_b1, _b2 = _rng.normal(size=4), _rng.normal(size=3)
_x, _x2 = _rng.uniform(size=5), _rng.uniform(size=5)
_EASY = (
    np.array([1.0, 2.0]),
    np.array([[1.0, -1.0, 0.5], [0.0, 0.5, -1.0]]),
    np.array([0.0, 0.5, 0.0]),
    np.array([[1.0, 0.0], [2.0, 1.0], [5.0, 5.0]]),
)
_WIDE = (
    _rng.uniform(size=20),
    _rng.normal(size=(20, 8)),
    _rng.normal(size=8),
    _rng.normal(size=(8, 10)),
)
_ASLEEP = (np.ones(3), -np.ones((3, 2)), np.zeros(2), np.ones((2, 4)))
_AT_ZERO = (
    np.array([1.0, 2.0]),
    np.array([[2.0, -1.0, 0.0], [-1.0, 0.5, -3.0]]),
    np.array([0.0, 1.0, 0.0]),
    np.array([[1.0, -1.0], [2.0, 1.0], [0.5, 3.0]]),
)
_BLANK = (np.zeros(6), _rng.normal(size=(6, 4)), np.zeros(4), _rng.normal(size=(4, 3)))
_AWAKE = (np.ones(3), np.ones((3, 2)), np.zeros(2), _rng.normal(size=(2, 4)))


def _effective_weights(x, W1, b1, W2):
    on = x @ W1 + b1 > 0
    return (W1 * on) @ W2


effective_weights = Exercise(
    name="effective_weights",
    title="The one matrix of an image",
    chapter=12,
    level=2,
    minutes=15,
    equation="eq-effective-weights",
    reference=_effective_weights,
    probes=(
        Probe("two pixels, three units of which two are on", _EASY),
        Probe("five pixels, four units", (_x, _W1, _b1, _W2)),
        Probe("another image, the same network", (_x2 - 0.5, _W1, _b1, _W2)),
        Probe("twenty pixels, eight units", _WIDE),
        Probe("no unit is on", _ASLEEP),
        Probe("every unit is on", _AWAKE),
        Probe("a unit at exactly 0", _AT_ZERO),
        Probe("an image without ink in a fresh network: every unit at 0", _BLANK),
        Probe("float32", tuple(a.astype(np.float32) for a in _WIDE)),
    ),
    hints=(
        "For this image some hidden units are on and some are off. What does an off unit pass on?",
        "A unit is on where x W1 + b1 is positive. Put a 0 for the others between W1 and W2.",
        "on = (x @ W1 + b1) > 0; then (W1 * on) @ W2: columns of W1 whose unit is off become 0.",
    ),
)


@effective_weights.right
def _(x, W1, b1, W2):
    on = (x @ W1 + b1) > 0
    return W1[:, on] @ W2[on]


@effective_weights.right
def _(x, W1, b1, W2):
    D = np.diag((x @ W1 + b1 > 0).astype(float))
    return W1 @ D @ W2


@effective_weights.right
def _(x, W1, b1, W2):
    on = np.heaviside(x @ W1 + b1, 0)
    return np.einsum("nh,h,hk->nk", W1, on, W2)


@effective_weights.right
def _(x, W1, b1, W2):
    W = [[0.0] * W2.shape[1] for _ in range(W1.shape[0])]
    for h in range(W1.shape[1]):
        if sum(x[n] * W1[n, h] for n in range(len(x))) + b1[h] > 0:
            for n in range(W1.shape[0]):
                for k in range(W2.shape[1]):
                    W[n][k] += W1[n, h] * W2[h, k]
    return W


@effective_weights.wrong()
def without_the_gates(x, W1, b1, W2):
    """This is W1 times W2, the network with every unit switched on, the same for all images. Units
    that are off for this image pass nothing on."""
    return W1 @ W2


@effective_weights.wrong("eq-affine")
def gates_without_the_bias(x, W1, b1, W2):
    """You decide which units are on without their bias. A unit is on where x W1 + b1 is
    positive."""
    return (W1 * (x @ W1 > 0)) @ W2


@effective_weights.wrong("eq-relu-jacobian")
def activations_instead_of_gates(x, W1, b1, W2):
    """You multiply by the activations of the units. Between the matrices stand zeros and ones: an
    on unit lets its input pass as it is."""
    return (W1 * np.maximum(x @ W1 + b1, 0)) @ W2


@effective_weights.wrong()
def the_off_units(x, W1, b1, W2):
    """You keep the units that are off, and drop those that are on: the comparison is the wrong way
    round."""
    return (W1 * (x @ W1 + b1 < 0)) @ W2


@effective_weights.wrong()
def a_unit_at_zero_is_on(x, W1, b1, W2):
    """A unit whose sum is exactly 0 counts as on here. In an image without ink, with biases of 0,
    that is every unit. It passes nothing on: > instead of >=."""
    return (W1 * (x @ W1 + b1 >= 0)) @ W2


@effective_weights.wrong("eq-relu-jacobian")
def signs_instead_of_gates(x, W1, b1, W2):
    """An off unit counts with -1 here. It passes nothing on: its gate is 0."""
    return (W1 * np.sign(x @ W1 + b1)) @ W2


@effective_weights.wrong()
def the_logits(x, W1, b1, W2):
    """You send the image through the network. Asked for is the matrix W(x), (N, K), that stands
    behind x when the layers are multiplied out."""
    return np.maximum(x @ W1 + b1, 0) @ W2


@effective_weights.wrong()
def gates_from_the_weights(x, W1, b1, W2):
    """You cut off negative weights. ReLU looks at the sum x W1 + b1 of a unit, not at its single
    weights."""
    return np.maximum(W1, 0) @ W2


# ------------------------------------------------------------ saliency


def _saliency(x, W1, b1, W2, b2, k):
    on = x @ W1 + b1 > 0
    return W1 @ (W2[:, k] * on)


_TWO = (*_EASY, np.array([0.1, -0.1]), 1)
_FULL = (*_WIDE, _rng.normal(size=10), 7)

saliency = Exercise(
    name="saliency",
    title="What the answer hangs on",
    chapter=12,
    level=3,
    minutes=20,
    equation="eq-input-gradient",
    reference=_saliency,
    probes=(
        Probe("two pixels, logit 1 of two", _TWO),
        Probe("five pixels, logit 0 of three", (_x, _W1, _b1, _W2, _b2, 0)),
        Probe("the same, logit 2", (_x, _W1, _b1, _W2, _b2, 2)),
        Probe("another image", (_x2 - 0.5, _W1, _b1, _W2, _b2, 1)),
        Probe("twenty pixels, logit 7 of ten", _FULL),
        Probe("no unit is on", (*_ASLEEP, np.zeros(4), 3)),
        Probe("every unit is on", (*_AWAKE, np.zeros(4), 0)),
        Probe("an image without ink", (np.zeros(5), _W1, _b1, _W2, _b2, 1)),
        Probe("a unit at exactly 0", (*_AT_ZERO, np.zeros(2), 1)),
        Probe("every unit at exactly 0", (*_BLANK, np.zeros(3), 2)),
        Probe("float32", (*(a.astype(np.float32) for a in _FULL[:5]), 3)),
    ),
    hints=(
        "Begin at the logits: which gradient there picks out logit k, and nothing else?",
        "Go back as in backpropagation, one product further: through W2, the gates of ReLU, "
        "and W1. What arrives has one number for each pixel.",
        "dA1 = W2[:, k]; dZ1 = dA1 * (x @ W1 + b1 > 0); dx = W1 @ dZ1.",
    ),
)


@saliency.right
def _(x, W1, b1, W2, b2, k):
    dz2 = np.zeros(W2.shape[1])
    dz2[k] = 1
    dz1 = (dz2 @ W2.T) * (x @ W1 + b1 > 0)
    return dz1 @ W1.T


@saliency.right
def _(x, W1, b1, W2, b2, k):
    return _effective_weights(x, W1, b1, W2)[:, k]


@saliency.right
def _(x, W1, b1, W2, b2, k):
    gradient = [0.0] * len(x)
    for h in range(len(b1)):
        if b1[h] + sum(x[i] * W1[i, h] for i in range(len(x))) > 0:
            for i in range(len(x)):
                gradient[i] += W1[i, h] * W2[h, k]
    return gradient


@saliency.right
def _(x, W1, b1, W2, b2, k):
    on = np.heaviside(np.einsum("n,nh->h", x, W1) + b1, 0).astype(np.float32)
    return np.einsum("nh,h,h->n", W1.astype(np.float32), on, W2[:, k].astype(np.float32))


@saliency.wrong("eq-relu-backward")
def without_the_gates(x, W1, b1, W2, b2, k):
    """You go back as if every unit were on. What is off for this image has no part in the answer:
    multiply by ReLU's derivative."""
    return W1 @ W2[:, k]


@saliency.wrong()
def times_the_image(x, W1, b1, W2, b2, k):
    """You multiply the gradient by the image at the end. That is another quantity (the chapter has
    it, too): where there is no ink, it is always 0, even if ink there would change the answer."""
    return x * _saliency(x, W1, b1, W2, b2, k)


@saliency.wrong()
def the_absolute_values(x, W1, b1, W2, b2, k):
    """The signs are lost: they tell whether more ink speaks for class k or against it."""
    return np.abs(_saliency(x, W1, b1, W2, b2, k))


@saliency.wrong()
def all_logits_together(x, W1, b1, W2, b2, k):
    """You add up the gradients of all logits. Begin with a gradient that is 1 at logit k and 0
    elsewhere."""
    return W1 @ (W2.sum(axis=1) * (x @ W1 + b1 > 0))


@saliency.wrong("eq-relu-backward")
def activations_instead_of_gates(x, W1, b1, W2, b2, k):
    """You multiply by the activations of the hidden units. The derivative of ReLU is 0 or 1."""
    return W1 @ (W2[:, k] * np.maximum(x @ W1 + b1, 0))


@saliency.wrong("eq-affine")
def gates_without_the_bias(x, W1, b1, W2, b2, k):
    """You decide which units are on without their bias: it is x W1 + b1 that ReLU looks at."""
    return W1 @ (W2[:, k] * (x @ W1 > 0))


@saliency.wrong()
def at_the_hidden_units(x, W1, b1, W2, b2, k):
    """You stop at the hidden units: there is a number for each of them. Go one product further,
    through W1, to the pixels."""
    return W2[:, k] * (x @ W1 + b1 > 0)


@saliency.wrong("eq-effective-weights")
def of_each_logit(x, W1, b1, W2, b2, k):
    """That is a column for each logit. Return column k, of shape (N,)."""
    return _effective_weights(x, W1, b1, W2)


@saliency.wrong("eq-relu-jacobian")
def a_unit_at_zero_is_on(x, W1, b1, W2, b2, k):
    """A unit whose sum is exactly 0 counts as on here. The derivative of ReLU at 0 is 0 in this
    course: > instead of >=."""
    return W1 @ (W2[:, k] * (x @ W1 + b1 >= 0))


@saliency.wrong("eq-relu-jacobian")
def differences_across_the_kink(x, W1, b1, W2, b2, k):
    """You measure the gradient by small steps to both sides. Where the sum of a unit is exactly 0,
    it is on at one side and off at the other, and you get half of its share; it counts as off.
    Use the chain rule."""

    def logit(x):
        return float(np.maximum(x @ W1 + b1, 0) @ W2[:, k] + b2[k])

    steps = 1e-6 * np.eye(len(x))
    return np.array([(logit(x + step) - logit(x - step)) / 2e-6 for step in steps])


@saliency.wrong("eq-softmax-backward")
def the_gradient_of_the_probability(x, W1, b1, W2, b2, k):
    """This is the gradient of the probability of class k, which is nearly 0 wherever the network is
    sure. Asked for is that of its logit."""
    z = np.maximum(x @ W1 + b1, 0) @ W2 + b2
    p = np.exp(z - z.max())
    p /= p.sum()
    dz = -p[k] * p
    dz[k] += p[k]
    return W1 @ ((W2 @ dz) * (x @ W1 + b1 > 0))


# ------------------------------------------------------------ hardest


def _hardest(P, y, n):
    return np.argsort(P[np.arange(len(y)), y], kind="stable")[:n]


def _ordered(answer, P, y, n):
    """Look at the images in the order of the answer."""
    found = answer(P, y, n)
    if found is None:
        return None
    found = np.asarray(found)
    facts = {"how many": len(found) if found.ndim == 1 else f"an array of shape {found.shape}"}
    inside = found.ndim == 1 and found.dtype.kind in "iu" and all(0 <= i < len(y) for i in found)
    facts["all are numbers of rows"] = inside
    facts["the images, hardest first"] = found
    return facts


_P = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.05, 0.9, 0.05], [0.4, 0.35, 0.25]])
_MANY = _rng.dirichlet(np.ones(5), size=30)
_LABELS = _rng.integers(0, 5, 30)
_SPREAD = _rng.permutation(np.linspace(0.01, 0.99, 2000))[:, None]  # no two are close
_TWO_THOUSAND = np.hstack([_SPREAD, 1 - _SPREAD]), np.zeros(2000, int)
_RIGHTLY = np.array([0, 1, 0])

hardest = Exercise(
    name="hardest",
    title="The hardest digits",
    chapter=12,
    level=2,
    minutes=10,
    equation="eq-nll",
    reference=_hardest,
    call=_ordered,
    probes=(
        Probe("four images, the two hardest", (_P, np.array([0, 0, 1, 2]), 2)),
        Probe("thirty images, the seven hardest", (_MANY, _LABELS, 7)),
        Probe("only the hardest", (_MANY, _LABELS, 1)),
        Probe("all of them", (_MANY[:6], _LABELS[:6], 6)),
        Probe("labels of one byte", (_MANY, _LABELS.astype(np.uint8), 3)),
        Probe(
            "one that is read rightly and without conviction",
            (
                np.array([[0.4, 0.3, 0.3], [0.45, 0.5, 0.05], [0.9, 0.1, 0.0]]),
                np.array([0, 0, 0]),
                2,
            ),
        ),
        Probe(
            "tiny probabilities, and one that is 0",
            (
                np.array([[1e-35, 1.0, 0.0], [0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [1e-30, 1.0, 0.0]]),
                np.array([0, 0, 1, 0]),
                3,
            ),
        ),
        Probe(
            "tiny probabilities, in another order",
            (
                np.array([[1e-30, 1.0, 0.0], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [1e-35, 1.0, 0.0]]),
                np.array([0, 1, 0, 0]),
                3,
            ),
        ),
        Probe("float32", (_MANY.astype(np.float32), _LABELS, 5)),
        Probe("two thousand images, the seven hundred hardest", (*_TWO_THOUSAND, 700)),
        Probe(
            "all are read rightly", (np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]]), _RIGHTLY, 2)
        ),
    ),
    hints=(
        "Its loss says how hard an image is. What does the loss of one image depend on?",
        "Take the probability that each image's right label gets. The smallest are the hardest.",
        "p = P[np.arange(len(y)), y]; the first n of np.argsort(p).",
    ),
)


@hardest.right
def _(P, y, n):
    loss = -np.log(P[np.arange(len(y)), y])
    return np.argsort(-loss)[:n]


@hardest.right
def _(P, y, n):
    return sorted(range(len(y)), key=lambda m: P[m, y[m]])[:n]


@hardest.right
def _(P, y, n):
    p = np.take_along_axis(P, y[:, None].astype(int), axis=1)[:, 0]
    found = []
    for _ in range(n):
        m = int(np.argmin(p))
        found.append(m)
        p[m] = 2.0
    return found


@hardest.right
def _(P, y, n):
    Y = np.eye(P.shape[1])[y]
    return np.einsum("mk,mk->m", P, Y).argsort()[:n]


@hardest.wrong()
def the_least_sure(P, y, n):
    """You look for the smallest of the largest probabilities: images of which the network is
    unsure. It may be sure and wrong, and that is harder. Look at the probability of the right
    label."""
    return np.argsort(P.max(axis=1))[:n]


@hardest.wrong()
def the_easiest(P, y, n):
    """These are the easiest: the probability of the right label is largest. Sort the other way."""
    return np.argsort(-P[np.arange(len(y)), y])[:n]


@hardest.wrong()
def the_easiest_of_the_hardest_first(P, y, n):
    """The right images, in the wrong order: begin with the hardest."""
    return np.argsort(P[np.arange(len(y)), y])[:n][::-1]


@hardest.wrong()
def the_probabilities(P, y, n):
    """You return the probabilities. Asked for are the numbers of the images: argsort instead of
    sort."""
    return np.sort(P[np.arange(len(y)), y])[:n]


@hardest.wrong()
def the_losses(P, y, n):
    """You return the losses. Asked for are the numbers of the images: argsort instead of sort."""
    return np.sort(-np.log(P[np.arange(len(y)), y]))[::-1][:n]


@hardest.wrong()
def their_labels(P, y, n):
    """You return the labels of the images. Asked for are their numbers: argsort gives them."""
    return y[np.argsort(P[np.arange(len(y)), y])[:n]]


@hardest.wrong()
def the_misread_alone(P, y, n):
    """You leave out the images that are read rightly. Such an image can be hard, too, and n of them
    are asked for, even if the network makes fewer mistakes."""
    misread = np.flatnonzero(P.argmax(axis=1) != y)
    return misread[np.argsort(P[misread, y[misread]])][:n]


@hardest.wrong()
def kept_away_from_0(P, y, n):
    """You keep the probabilities away from 0. The smallest of them then give the same number, and
    the order of the very hardest is lost. The order needs no logarithm."""
    return np.argsort(np.log(P[np.arange(len(y)), y] + 1e-12), kind="stable")[:n]


@hardest.wrong()
def kept_away_from_0_in_the_loss(P, y, n):
    """You add something to the probabilities, or cut them off below. The smallest of them have the
    same loss then, and the order of the very hardest is lost. The order needs no logarithm."""
    p = np.maximum(P[np.arange(len(y)), y], 1e-12)
    return np.argsort(-np.log(p), kind="stable")[::-1][:n]


@hardest.wrong()
def whole_columns(P, y, n):
    """P[:, y] takes whole columns, one for each label, of every image. Each row has its own label:
    pair it with the number of the row, P[np.arange(M), y]."""
    return np.argsort(P[:, y].min(axis=1))[:n]


@hardest.wrong()
def by_the_wrong_answer(P, y, n):
    """You sort the misread images by how sure the network was of its wrong answer. The loss looks
    at the right label: an image can be read rightly and be hard."""
    sure = np.where(P.argmax(axis=1) != y, P.max(axis=1), 0)
    return np.argsort(-sure)[:n]


EXERCISES = (weight_pictures, effective_weights, saliency, hardest)
