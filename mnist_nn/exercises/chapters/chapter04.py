"""Chapter 4: softmax and its Jacobian."""

import numpy as np

from ... import functional as F
from ..exercise import Exercise, Probe

_rng = np.random.default_rng(4)
_Z = np.array([[1.0, 2.0, 0.5], [0.0, 0.0, 0.0]])
_FIVE = _rng.normal(size=(5, 4))
_FAR = np.array([[1000.0, 999.0, 0.0], [-1000.0, -1001.0, -999.0]])
_ONE = np.array([[3.0, 1.0]])
_SMALL = np.array([[0.5, -1.5, 2.0], [1.0, 1.0, 3.0]], np.float32)
_HUGE = np.array([[0.0, 1e4, 0.0, 1.0], [1e4, 0.0, 0.0, 0.0], [1.0, -1e4, 2.0, -1e4]])
_MIXED = np.array([[800.0, 0.0, 0.0], [0.0, -800.0, 1.0]])

_ROWS = (  # what softmax and its logarithm have to stand
    Probe("two rows of three logits", (_Z,)),
    Probe("five rows of four logits", (_FIVE,)),
    Probe("a single row", (_ONE,)),
    Probe("float32 logits", (_SMALL,)),
    Probe("logits of 1000 and -1000", (_FAR,)),
    Probe("logits of 10,000, far from the others of their row", (_HUGE,)),
)

# ------------------------------------------------------------ softmax

softmax = Exercise(
    name="softmax",
    title="Softmax that never overflows",
    chapter=4,
    level=1,
    minutes=10,
    equation="eq-softmax",
    reference=F.softmax,
    probes=(
        *_ROWS,
        Probe("a large logit in one row, none in the other", (_MIXED,)),
    ),
    hints=(
        "Each row becomes a distribution of its own. Which axis do you sum along?",
        "exp(1000) is infinite. The probabilities stay the same if you take the same number away "
        "from all logits of a row: which number makes the largest exponent 0?",
        "E = exp(Z - Z.max(axis=1, keepdims=True)); then divide each row of E by its sum, again "
        "with keepdims=True.",
    ),
)


@softmax.right
def _(Z):
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


@softmax.right
def _(Z):
    rows = []
    for z in Z:
        largest = max(z)
        e = [np.exp(x - largest) for x in z]
        rows.append([x / sum(e) for x in e])
    return rows


@softmax.right
def _(Z):
    Z = np.asarray(Z, np.float32)
    logs = Z - np.logaddexp.reduce(Z, axis=1, keepdims=True)
    return np.exp(logs)


@softmax.right
def _(Z):
    E = np.exp((Z.T - Z.max(1)).T)
    return np.einsum("mk,m->mk", E, 1 / E.sum(1))


@softmax.wrong("eq-softmax-shift")
def no_shift(Z):
    """exp of a large logit is infinite. Take the largest logit of each row away from all of that
    row before exp: the probabilities do not change."""
    E = np.exp(Z)
    return E / E.sum(axis=1, keepdims=True)


@softmax.wrong()
def one_sum_for_all_rows(Z):
    """You divide by the sum over the whole array. Each row is a distribution of its own: sum along
    the axis of the classes, and keep that axis."""
    E = np.exp(Z - Z.max())
    return E / E.sum()


@softmax.wrong("eq-softmax-shift")
def one_shift_for_all_rows(Z):
    """You take the largest logit of the whole array away from every row. A row whose own logits are
    much smaller then has exp = 0 everywhere, and 0 / 0. Each row needs its own largest."""
    E = np.exp(Z - Z.max())
    return E / E.sum(axis=1, keepdims=True)


@softmax.wrong()
def over_the_examples(Z):
    """You sum down the columns: then the examples compete with each other, and not the classes. The
    classes are along axis 1."""
    E = np.exp(Z - Z.max(axis=0, keepdims=True))
    return E / E.sum(axis=0, keepdims=True)


@softmax.wrong()
def without_exp(Z):
    """You divide the logits themselves by their sum. They may be negative, and so may their sum:
    exp comes first."""
    return Z / Z.sum(axis=1, keepdims=True)


@softmax.wrong()
def not_divided(Z):
    """The rows do not sum to 1: exp is there, the division by the sum of the row is not."""
    return np.exp(Z - Z.max(axis=1, keepdims=True))


@softmax.wrong()
def sigmoid_of_each(Z):
    """That is a sigmoid of each logit on its own. In softmax the classes share the probability 1:
    divide by the sum over all of them."""
    return 0.5 * (1 + np.tanh(Z / 2))


@softmax.wrong()
def hard_maximum(Z):
    """All the probability goes to the largest logit. Softmax is soft: a logit that is smaller by 1
    gets e times less, not nothing."""
    return (Z == Z.max(axis=1, keepdims=True)).astype(float)


@softmax.wrong()
def the_logarithm(Z):
    """These are the logarithms of the probabilities. Take exp of them."""
    return Z - np.logaddexp.reduce(Z, axis=1, keepdims=True)


@softmax.wrong("eq-softmax-shift")
def clipped(Z):
    """You cut large logits off. Then 1000 and 999 become equal, and so do their probabilities: take
    the largest of the row away instead, which changes nothing."""
    E = np.exp(np.clip(Z, -500, 500))
    return E / E.sum(axis=1, keepdims=True)


@softmax.wrong("eq-softmax-shift")
def shifted_in_place(Z):
    """You write into the array that you were given: Z -= ... changes the caller's logits. Write
    Z = Z - ... instead."""
    Z -= Z.max(axis=1, keepdims=True)
    E = np.exp(Z)
    return E / E.sum(axis=1, keepdims=True)


@softmax.wrong()
def divided_by_the_sum_of_all_rows(Z):
    """Each row is shifted by its own largest logit, and then all are divided by one sum, that of
    the whole array. Each row is a distribution of its own: sum along the classes, and keep that
    axis."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum()


@softmax.wrong("eq-softmax-shift")
def shifted_by_the_mean(Z):
    """You take the mean of each row away, or another number that is not its largest. It changes no
    probability, but a logit far above it is still far above 0, and its exp infinite. After the
    shift no exponent may be positive."""
    E = np.exp(Z - Z.mean(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


# ------------------------------------------------------------ log_softmax


def _log_softmax(Z):
    return Z - np.logaddexp.reduce(Z, axis=1, keepdims=True)


log_softmax = Exercise(
    name="log_softmax",
    title="The logarithm of softmax",
    chapter=4,
    level=2,
    minutes=10,
    equation="eq-log-softmax",
    reference=_log_softmax,
    probes=(
        *_ROWS,
        Probe("a class that is 800 behind", (_MIXED,)),
        Probe("a class that is 60 behind", (np.array([[60.0, 0.0], [0.0, 0.0]]),)),
    ),
    hints=(
        "Take the logarithm of the softmax formula with a pencil first. What becomes of the "
        "logarithm of a quotient?",
        "log p = z - log Σ exp(z). Only the sum can overflow: take the largest logit of the row "
        "out of it first, and add it again outside the logarithm.",
        "S = Z - Z.max(axis=1, keepdims=True); then S - log(exp(S).sum(axis=1, keepdims=True)).",
    ),
)


@log_softmax.right
def _(Z):
    S = Z - Z.max(axis=1, keepdims=True)
    return S - np.log(np.exp(S).sum(axis=1, keepdims=True))


@log_softmax.right
def _(Z):
    largest = Z.max(axis=1)
    logsumexp = largest + np.log(np.einsum("mk->m", np.exp(Z - largest[:, None])))
    return Z - logsumexp[:, None]


@log_softmax.right
def _(Z):
    rows = []
    for z in Z.astype(np.float32):
        m = max(z)
        total = sum(np.exp(x - m) for x in z)
        rows.append([x - m - np.log(total) for x in z])
    return rows


@log_softmax.right
def _(Z):
    return Z - np.logaddexp.reduce(Z, axis=1, keepdims=True)


@log_softmax.wrong()
def the_log_of_the_probabilities(Z):
    """You compute the probabilities first and then their logarithm. Where a probability is so small
    that it becomes 0, its logarithm is -inf, though the answer is a plain number such as -800.
    Never form the quotient."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return np.log(E / E.sum(axis=1, keepdims=True))


@log_softmax.wrong()
def a_little_added(Z):
    """You add a small number inside the logarithm, so that it never sees 0. Then no result is below
    its logarithm: a class that is 800 behind gets -28 or so. Never form the quotient, and no such
    number is needed."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return np.log(E / E.sum(axis=1, keepdims=True) + 1e-12)


@log_softmax.wrong("eq-logsumexp")
def no_shift(Z):
    """exp of a large logit is infinite, and so is the sum. Take the largest logit of the row out of
    the sum first."""
    return Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))


@log_softmax.wrong("eq-logsumexp")
def the_largest_is_not_added_again(Z):
    """The largest logit was taken out of the sum and is missing now: either both terms are shifted,
    or it is added to the logarithm again."""
    S = Z - Z.max(axis=1, keepdims=True)
    return Z - np.log(np.exp(S).sum(axis=1, keepdims=True))


@log_softmax.wrong()
def over_the_examples(Z):
    """You sum down the columns: the examples compete with each other. The classes are along
    axis 1."""
    return Z - np.logaddexp.reduce(Z, axis=0, keepdims=True)


@log_softmax.wrong()
def one_sum_for_all_rows(Z):
    """One sum is used for all rows. Each row has its own: sum along the classes, and keep that
    axis."""
    return Z - np.logaddexp.reduce(Z.ravel())


@log_softmax.wrong()
def minus_the_logarithm(Z):
    """This is minus the logarithm, as in the loss. Logarithms of probabilities are 0 or less."""
    return np.logaddexp.reduce(Z, axis=1, keepdims=True) - Z


@log_softmax.wrong()
def the_probabilities(Z):
    """These are the probabilities, not their logarithms."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


@log_softmax.wrong()
def a_very_little_added(Z):
    """You add a very small number inside the logarithm, so that it never sees 0. Then no result is
    below its logarithm, which is -691 for 1e-300: a class that is 800 behind should get -800. Never
    form the quotient, and no such number is needed."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return np.log(E / E.sum(axis=1, keepdims=True) + 1e-300)


# ------------------------------------------------------------ softmax_jacobian

_p = np.array([0.7, 0.2, 0.1])
_four = F.softmax(_FIVE)[0]


def _jacobian(p):
    return F.softmax_jacobian(p)


softmax_jacobian = Exercise(
    name="softmax_jacobian",
    title="The Jacobian of softmax",
    chapter=4,
    level=2,
    minutes=15,
    equation="eq-softmax-jacobian",
    reference=_jacobian,
    probes=(
        Probe("three probabilities", (_p,)),
        Probe("four probabilities", (_four,)),
        Probe("two equal probabilities", (np.array([0.5, 0.5]),)),
        Probe("certainty", (np.array([0.0, 1.0, 0.0]),)),
        Probe("float32 probabilities", (np.array([0.25, 0.25, 0.5], np.float32),)),
        Probe("ten probabilities", (np.arange(1, 11) / 55,)),
    ),
    hints=(
        "How does probability i change if logit j grows a little? Two cases: j = i, and j ≠ i.",
        "On the diagonal stands p_i (1 - p_i), off the diagonal -p_i p_j. Where do both have the "
        "same term, and what is added on the diagonal only?",
        "A diagonal matrix of p, minus the outer product of p with itself.",
    ),
)


@softmax_jacobian.right
def _(p):
    return np.diag(p) - np.outer(p, p)


@softmax_jacobian.right
def _(p):
    K = len(p)
    J = [[0.0] * K for _ in range(K)]
    for i in range(K):
        for j in range(K):
            J[i][j] = p[i] * ((i == j) - p[j])
    return J


@softmax_jacobian.right
def _(p):
    p = np.asarray(p, np.float32)
    return p[:, None] * (np.eye(len(p), dtype=np.float32) - p)


@softmax_jacobian.right
def _(p):
    J = -np.einsum("i,j->ij", p, p)
    np.fill_diagonal(J, p * (1 - p))
    return J


@softmax_jacobian.wrong("eq-softmax-jacobian-entries")
def only_the_diagonal(p):
    """Off the diagonal you have 0. But if one logit grows, all other probabilities shrink: they
    share the sum 1."""
    return np.diag(p * (1 - p))


@softmax_jacobian.wrong("eq-softmax-jacobian-entries")
def only_the_diagonal_as_a_vector(p):
    """This is p (1 - p), the derivative of each probability with respect to its own logit, as for a
    sigmoid. The Jacobian has K times K entries: every probability depends on every logit."""
    return p * (1 - p)


@softmax_jacobian.wrong("eq-softmax-jacobian-entries")
def the_sign_off_the_diagonal(p):
    """Off the diagonal the sign is wrong: if another logit grows, this probability shrinks. (Each
    row of the Jacobian sums to 0: try it.)"""
    J = np.outer(p, p)
    np.fill_diagonal(J, p * (1 - p))
    return J


@softmax_jacobian.wrong()
def a_sum_of_both(p):
    """The outer product is added; it has to be taken away. Each row of the Jacobian sums to 0,
    since the probabilities always sum to 1."""
    return np.diag(p) + np.outer(p, p)


@softmax_jacobian.wrong()
def the_wrong_sign(p):
    """Every entry has the wrong sign. If logit i grows, probability i grows: the diagonal is
    positive."""
    return np.outer(p, p) - np.diag(p)


@softmax_jacobian.wrong()
def the_identity_instead_of_p(p):
    """On the diagonal you take p² away from 1. Work it out again for j = i: d/dz of e/S gives
    e/S - (e/S)²."""
    return np.eye(len(p)) - np.outer(p, p)


@softmax_jacobian.wrong()
def an_inner_product(p):
    """For vectors, p @ p is an inner product: one number, which is then taken away from everything.
    You need the outer product, all products p_i p_j."""
    return np.diag(p) - p @ p


@softmax_jacobian.wrong()
def softmax_once_more(p):
    """You apply softmax to p. The argument already holds the probabilities."""
    p = np.exp(p) / np.exp(p).sum()
    return np.diag(p) - np.outer(p, p)


@softmax_jacobian.wrong()
def squares_instead_of_products(p):
    """A vector times itself with * is a vector of squares, p_j², and you take it away from every
    row. (.T does nothing to a vector.) You need all products p_i p_j, a matrix: a column times a
    row."""
    return np.diag(p) - p * p


# ------------------------------------------------------------ softmax_nll_gradient

_y = np.array([1, 0])
_labels = np.array([3, 0, 2, 2, 1])
_THIRTY = _rng.normal(size=(30, 10))
_BYTES = _rng.integers(0, 10, 30).astype(np.uint8)


def _gradient(Z, y):
    return F.softmax_nll(np.asarray(Z), y)[1]


softmax_nll_gradient = Exercise(
    name="softmax_nll_gradient",
    title="From the loss straight to the logits",
    chapter=4,
    level=2,
    minutes=15,
    equation="eq-softmax-nll-backward",
    reference=_gradient,
    probes=(
        Probe("two rows of three logits", (_Z, _y)),
        Probe("five rows of four logits", (_FIVE, _labels)),
        Probe("a single row", (_ONE, np.array([1]))),
        Probe("float32 logits", (_SMALL, np.array([2, 2]))),
        Probe("logits of 1000 and -1000", (_FAR, np.array([1, 0]))),
        Probe("logits of 10,000, far from the others", (_HUGE, np.array([1, 3, 0]))),
        Probe("three times the same row", (np.ones((3, 2)) * [0.0, 1.0], np.array([0, 0, 1]))),
        Probe("30 rows of ten logits, labels as bytes", (_THIRTY, _BYTES)),
    ),
    hints=(
        "The Jacobian of softmax and the gradient of the NLL are multiplied, and nearly everything "
        "cancels. What is left, for one example?",
        "For one example it is p - y, with y one-hot. The loss is a mean over M examples: what "
        "does that do to each row?",
        "P = softmax(Z); take 1 away from P[m, y[m]] in every row m; divide by M.",
    ),
)


@softmax_nll_gradient.right
def _(Z, y):
    P = np.exp(Z - Z.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    P[np.arange(len(y)), y] -= 1
    return P / len(y)


@softmax_nll_gradient.right
def _(Z, y):
    M, K = Z.shape
    Y = np.eye(K)[y]
    return (np.exp(_log_softmax(Z)) - Y) / M


@softmax_nll_gradient.right
def _(Z, y):
    M, K = Z.shape
    dZ = np.zeros((M, K), np.float32)
    for m in range(M):
        e = [np.exp(z - max(Z[m])) for z in Z[m]]
        for k in range(K):
            dZ[m, k] = (e[k] / sum(e) - (k == y[m])) / M
    return dZ


@softmax_nll_gradient.right
def _(Z, y):
    P = F.softmax(Z)
    M, K = P.shape
    J = np.einsum("mi,ij->mij", P, np.eye(K)) - np.einsum("mi,mj->mij", P, P)
    dP = np.zeros((M, K))
    safe = np.maximum(P[np.arange(M), y], 1e-300)
    dP[np.arange(M), y] = -1 / (M * safe)
    dZ = np.einsum("mij,mi->mj", J, dP)
    lost = P[np.arange(M), y] == 0  # there the long way fails, and the short one does not
    dZ[lost] = ((P - np.eye(K)[y]) / M)[lost]
    return dZ


@softmax_nll_gradient.wrong()
def no_mean(Z, y):
    """The loss is a mean over the M examples, so each row of its gradient carries 1/M. You have the
    gradient of the sum."""
    return F.softmax(Z) - np.eye(Z.shape[1])[y]


@softmax_nll_gradient.wrong()
def labels_minus_probabilities(Z, y):
    """The sign is wrong: a step goes against the gradient, and the gradient is p - y."""
    return (np.eye(Z.shape[1])[y] - F.softmax(Z)) / len(y)


@softmax_nll_gradient.wrong()
def divided_by_the_classes(Z, y):
    """You divide by the number of all entries, M times K, as np.mean does. The mean runs over the M
    examples only; over the classes it is a sum."""
    return (F.softmax(Z) - np.eye(Z.shape[1])[y]) / Z.size


@softmax_nll_gradient.wrong()
def the_logits_without_softmax(Z, y):
    """You take the labels away from the logits. It is the probabilities, softmax of the logits,
    that stand in the gradient."""
    return (Z - np.eye(Z.shape[1])[y]) / len(y)


@softmax_nll_gradient.wrong()
def the_gradient_at_the_probabilities(Z, y):
    """This is the gradient with respect to the probabilities, -1/p at the right class. It still has
    to go back through softmax."""
    P = F.softmax(Z)
    dP = np.zeros_like(P)
    rows = np.arange(len(y))
    dP[rows, y] = -1 / (len(y) * P[rows, y])
    return dP


@softmax_nll_gradient.wrong("eq-softmax-mse-backward")
def as_for_squared_error(Z, y):
    """There is a softmax Jacobian too many: this is J (p - y), which squared error has, times 2.
    With the NLL the Jacobian cancels against 1/p."""
    P = F.softmax(Z)
    D = (P - np.eye(Z.shape[1])[y]) / len(y)
    return P * (D - (P * D).sum(axis=1, keepdims=True))


@softmax_nll_gradient.wrong()
def one_taken_from_whole_columns(Z, y):
    """P[:, y] -= 1 takes 1 from whole columns, for every example. Each row has its own label: pair
    the number of the row with it, P[np.arange(M), y]."""
    P = F.softmax(Z)
    P[:, y] -= 1
    return P / len(y)


@softmax_nll_gradient.wrong()
def only_where_the_label_is(Z, y):
    """Only the right class has an entry. For every other logit the gradient is the probability of
    its class, divided by M: the network learns from the classes that it took for possible, too."""
    Y = np.eye(Z.shape[1])[y]
    return (F.softmax(Z) - 1) * Y / len(y)


@softmax_nll_gradient.wrong("eq-softmax-shift")
def no_shift(Z, y):
    """exp of a large logit is infinite, and the quotient is nan. Use a softmax that takes the
    largest logit of the row away first."""
    E = np.exp(Z)
    return (E / E.sum(axis=1, keepdims=True) - np.eye(Z.shape[1])[y]) / len(y)


@softmax_nll_gradient.wrong()
def divided_before_the_one_is_taken_away(Z, y):
    """You divide the probabilities by M, and then take away a whole 1. The labels belong to the
    mean, too: first p - y, then divide all of it by M."""
    P = F.softmax(Z) / len(y)
    P[np.arange(len(y)), y] -= 1
    return P


EXERCISES = (softmax, log_softmax, softmax_jacobian, softmax_nll_gradient)
