"""Chapter 3: three losses, entropy, and a loss that never overflows."""

import math

import numpy as np

from ... import functional as F
from ..exercise import Exercise, Probe

_rng = np.random.default_rng(3)


def _rows(M, K):
    return F.softmax(_rng.normal(size=(M, K)))


def _coins(M, K):
    return _rng.uniform(0.05, 0.95, (M, K))


def _on(M, K):
    return _rng.integers(0, 2, (M, K)).astype(float)


# ------------------------------------------------------------ negative log-likelihood


def _nll(P, y):
    return -np.log(P[np.arange(len(y)), y]).mean()


_many = np.random.default_rng(31)
_MANY = F.softmax(_many.normal(size=(800, 10)))
_LABELS = _many.integers(0, 10, 800).astype(np.uint8)

nll = Exercise(
    name="nll",
    title="The negative log-likelihood",
    chapter=3,
    level=2,
    minutes=10,
    equation="eq-nll",
    reference=_nll,
    probes=(
        Probe(
            "three examples, two classes",
            (np.array([[0.5, 0.5], [0.9, 0.1], [0.2, 0.8]]), np.array([0, 0, 1])),
        ),
        Probe("six examples, four classes", (_rows(6, 4), np.array([2, 0, 3, 3, 1, 2]))),
        Probe("a single example", (np.array([[0.2, 0.7, 0.1]]), np.array([1]))),
        Probe("five examples, five classes", (_rows(5, 5), np.array([4, 0, 1, 1, 3]))),
        Probe("float32", (_rows(2, 3).astype(np.float32), np.array([2, 1]))),
        Probe(
            "classes that are ruled out, and rightly",
            (np.array([[1.0, 0.0, 0.0], [0.25, 0.5, 0.25]]), np.array([0, 1])),
        ),
        Probe(
            "a right class that got 1e-30",
            (np.array([[1.0, 1e-30], [0.5, 0.5], [0.25, 0.75]]), np.array([1, 1, 0])),
        ),
        Probe(
            "a right class that got nothing",
            (np.array([[0.0, 1.0], [0.5, 0.5]]), np.array([0, 1])),
        ),
        Probe("800 examples, labels as bytes", (_MANY, _LABELS)),
    ),
    hints=(
        "Of each row only one number matters: what the right class has got. How do you pick it?",
        "P[np.arange(len(y)), y] takes from row m the entry in column y[m]. Then the logarithm of "
        "each, and only then the mean.",
        "Minus the mean of np.log of these M numbers. Nothing is added inside the logarithm: where "
        "the right class got 0, the loss is infinite.",
    ),
)


@nll.right
def _(P, y):
    return -np.mean(np.log(P[np.arange(len(y)), y]))


@nll.right
def _(P, y):
    loss = 0.0
    for p, label in zip(P, y):
        loss -= np.log(p[label])
    return loss / len(y)


@nll.right
def _(P, y):
    Y = np.eye(P.shape[1])[y]
    return -np.log(np.einsum("mk,mk->m", Y, P)).sum() / len(P)


@nll.right
def _(P, y):
    Y = np.eye(P.shape[1], dtype=bool)[y]
    return np.log(1 / P[Y].astype(np.float32)).mean()


@nll.right
def _(P, y):
    return F.nll(P.astype(float), np.eye(P.shape[1])[y])


@nll.wrong()
def mean_of_everything(P, y):
    """You divide by the classes as well as by the examples: the mean over a one-hot product has M
    times K terms, nearly all of them 0. Sum over the classes, and take the mean over the examples
    only."""
    Y = np.eye(P.shape[1])[y]
    return -np.mean(Y * np.log(P))


@nll.wrong()
def a_sum_over_the_examples(P, y):
    """That is the sum over the examples. Divide by M, or the loss grows with the number of
    images."""
    return -np.log(P[np.arange(len(y)), y]).sum()


@nll.wrong()
def no_minus(P, y):
    """The minus is missing: that is the mean log-likelihood, which one makes large. A loss is made
    small."""
    return np.log(P[np.arange(len(y)), y]).mean()


@nll.wrong("eq-likelihood")
def logarithm_of_the_mean(P, y):
    """You take the mean of the probabilities, and then one logarithm. The likelihood is a product,
    so its logarithm is a sum of logarithms: first log, then the mean."""
    return -np.log(P[np.arange(len(y)), y].mean())


@nll.wrong()
def answer_instead_of_label(P, y):
    """You take the largest probability of each row, which belongs to the answer. What counts is the
    probability that the right class has got, y[m], likely or not."""
    return -np.log(P.max(axis=1)).mean()


@nll.wrong()
def rows_picked_by_labels(P, y):
    """P[y] takes whole rows, those whose numbers are in y. A label tells a column: in row m the
    column y[m]."""
    return -np.log(P[y]).mean()


@nll.wrong()
def every_row_with_every_label(P, y):
    """P[:, y] takes all the columns y from every row, so that each example is judged by all labels.
    Give a list of rows, too: row m goes with column y[m]."""
    return -np.log(P[:, y]).mean()


@nll.wrong()
def zero_times_infinity(P, y):
    """A product with a one-hot matrix asks for the logarithm of every entry, and 0 times log 0 is
    nan for a computer. In the equation such a term counts as 0. Pick the right entry of each row
    first, and take the logarithm of that alone."""
    Y = np.eye(P.shape[1])[y]
    return -(Y * np.log(P)).sum() / len(y)


@nll.wrong()
def a_small_number_in_the_logarithm(P, y):
    """You add a small number inside the logarithm. It is harmless until a probability is smaller
    still: then the loss tells you that number, and not how wrong the answer was. Take the logarithm
    of p as it is, even if p is 0."""
    return -np.log(P[np.arange(len(y)), y] + 1e-8).mean()


@nll.wrong()
def probabilities_cut_off(P, y):
    """You cut small probabilities off before the logarithm. Then all answers that are wrong enough
    cost the same. Take the logarithm of p as it is, even if p is 0."""
    return -np.log(np.clip(P[np.arange(len(y)), y], 1e-15, 1)).mean()


@nll.wrong()
def a_trillionth_in_the_logarithm(P, y):
    """You add a small number inside the logarithm, or cut small probabilities off. Then all answers
    that are wrong enough cost the same. Take the logarithm of p as it is, even if p is 0."""
    return -np.log(P[np.arange(len(y)), y] + 1e-12).mean()


@nll.wrong()
def cut_off_at_a_ten_millionth(P, y):
    """You cut probabilities off before the logarithm, as some libraries do. Then all answers that
    are wrong enough cost the same. Take the logarithm of p as it is, even if p is 0."""
    return -np.log(np.clip(P[np.arange(len(y)), y], 1e-7, 1 - 1e-7)).mean()


@nll.wrong()
def softmax_once_more(P, y):
    """You make probabilities of what are probabilities already: P has been through softmax."""
    P = np.exp(P) / np.exp(P).sum(axis=1, keepdims=True)
    return -np.log(P[np.arange(len(y)), y]).mean()


@nll.wrong()
def one_loss_for_each_example(P, y):
    """These are the losses of the single examples. Their mean is the loss."""
    return -np.log(P[np.arange(len(y)), y])


@nll.wrong()
def log_that_refuses_zero(P, y):
    """math.log(0) ends with an error. np.log gives minus infinity (and a warning), and an infinite
    loss is right here: the program has called impossible what then happened."""
    return -sum(math.log(p[label]) for p, label in zip(P, y)) / len(y)


@nll.wrong("eq-likelihood")
def logarithm_of_the_product(P, y):
    """On paper it is the same, and for a few examples also in the computer. But a product of many
    probabilities underflows to 0, and its logarithm is minus infinity. Take the logarithms first,
    and add them up."""
    return -np.log(np.prod(P[np.arange(len(y)), y])) / len(y)


# ------------------------------------------------------------ ten coins

_CERTAIN = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 1.0]])
_MANY_COINS = _many.uniform(0.05, 0.95, (3, 1200)), _many.integers(0, 2, (3, 1200)).astype(float)

bernoulli_nll = Exercise(
    name="bernoulli_nll",
    title="Coins instead of a die",
    chapter=3,
    level=2,
    minutes=15,
    equation="eq-bernoulli-nll",
    reference=F.bernoulli_nll,
    probes=(
        Probe(
            "two examples, three coins",
            (np.array([[0.8, 0.4, 0.1], [0.5, 0.3, 0.9]]), np.array([[1.0, 0, 0], [0, 0, 1]])),
        ),
        Probe("five examples, four coins", (_coins(5, 4), _on(5, 4))),
        Probe("a single example", (np.array([[0.7, 0.2, 0.6]]), np.array([[0.0, 0.0, 1.0]]))),
        Probe("one coin", (_coins(4, 1), np.array([[1.0], [0], [0], [1]]))),
        Probe("float32", (_coins(3, 2).astype(np.float32), np.float32([[1, 1], [0, 1], [0, 0]]))),
        Probe("certain, and right", (_CERTAIN, np.array([[1.0, 0, 0], [0, 1, 1]]))),
        Probe(
            "heads, which had got 1e-10",
            (
                np.array([[1e-10, 0.5], [0.25, 0.5], [0.5, 0.5]]),
                np.array([[1.0, 0], [0, 1], [1, 1]]),
            ),
        ),
        Probe("certain, and wrong", (_CERTAIN, np.array([[0.0, 0, 0], [0, 1, 1]]))),
        Probe("1200 coins", _MANY_COINS),
    ),
    hints=(
        "One coin: which probability did it give to what happened, if heads came up? And if tails?",
        "All entries count, those with y = 0 as well. Sum over the coins, and divide by the number "
        "of examples. Which terms become 0 times infinity where p is 0 or 1?",
        "np.where(Y == 1, P, 1 - P) is the probability of what happened, entry by entry. Minus the "
        "sum of its logarithms, divided by M.",
    ),
)


@bernoulli_nll.right
def _(P, Y):
    return -np.log(np.where(Y == 1, P, 1 - P)).sum() / len(P)


@bernoulli_nll.right
def _(P, Y):
    loss = 0.0
    for p_row, y_row in zip(P, Y):
        for p, y in zip(p_row, y_row):
            loss -= np.log(p) if y == 1 else np.log(1 - p)
    return loss / P.shape[0]


@bernoulli_nll.right
def _(P, Y):
    heads = np.log(P, where=Y > 0, out=np.zeros(P.shape))
    tails = np.log1p(-P, where=Y < 1, out=np.zeros(P.shape))
    return -np.mean((Y * heads + (1 - Y) * tails).sum(axis=1))


@bernoulli_nll.right
def _(P, Y):
    on = Y.astype(bool)
    losses = np.empty(P.shape, np.float32)
    losses[on] = -np.log(P[on])
    losses[~on] = -np.log(1 - P[~on])
    return np.einsum("mk->", losses) / len(P)


@bernoulli_nll.wrong()
def only_what_is_on(P, Y):
    """Only the coins with y = 1 count. That is the loss of a die. Here those that should be off pay
    for not being off: there is a second term."""
    return -(Y * np.log(P)).sum() / len(P)


@bernoulli_nll.wrong()
def only_what_is_off(P, Y):
    """Only the coins with y = 0 count. Where is the term of those that should be on?"""
    return -((1 - Y) * np.log(1 - P)).sum() / len(P)


@bernoulli_nll.wrong()
def mean_of_everything(P, Y):
    """You divide by the coins as well as by the examples. The losses of the coins are added; the
    mean is over the examples only."""
    return -np.mean(Y * np.log(P) + (1 - Y) * np.log(1 - P))


@bernoulli_nll.wrong()
def a_sum_over_the_examples(P, Y):
    """That is the sum over the examples. Divide by M."""
    return -np.log(np.where(Y == 1, P, 1 - P)).sum()


@bernoulli_nll.wrong()
def no_minus(P, Y):
    """The minus is missing: logarithms of probabilities are negative, and a loss is not."""
    return np.log(np.where(Y == 1, P, 1 - P)).sum() / len(P)


@bernoulli_nll.wrong()
def heads_and_tails_exchanged(P, Y):
    """Heads and tails are exchanged: log p belongs to y = 1, and log(1 - p) to y = 0."""
    return -np.log(np.where(Y == 1, 1 - P, P)).sum() / len(P)


@bernoulli_nll.wrong()
def second_term_subtracted(P, Y):
    """The two terms have different signs. Both are logarithms of probabilities: the minus stands in
    front of their sum."""
    return -(Y * np.log(P) - (1 - Y) * np.log(1 - P)).sum() / len(P)


@bernoulli_nll.wrong()
def zero_times_infinity(P, Y):
    """Where p is exactly 0 or 1, one of the two terms is 0 times log 0, and that is nan for a
    computer. In the equation it counts as 0. Choose first which of p and 1 - p is meant, and take
    one logarithm."""
    return -(Y * np.log(P) + (1 - Y) * np.log(1 - P)).sum() / len(P)


@bernoulli_nll.wrong()
def a_small_number_in_the_logarithm(P, Y):
    """You add a small number inside the logarithm. It is harmless until a probability is smaller
    still: then the loss tells you that number, and not how wrong the answer was."""
    eps = 1e-8
    return -(Y * np.log(P + eps) + (1 - Y) * np.log(1 - P + eps)).sum() / len(P)


@bernoulli_nll.wrong()
def probabilities_cut_off(P, Y):
    """You cut the probabilities off near 0 and 1. Then all answers that are wrong enough cost the
    same, and certain ones that are right cost something."""
    P = np.clip(P, 1e-15, 1 - 1e-15)
    return -(Y * np.log(P) + (1 - Y) * np.log(1 - P)).sum() / len(P)


@bernoulli_nll.wrong()
def a_trillionth_in_the_logarithm(P, Y):
    """You add a small number inside the logarithm. Then all answers that are wrong enough cost the
    same. Choose first which of p and 1 - p is meant; then nothing has to be added."""
    eps = 1e-12
    return -(Y * np.log(P + eps) + (1 - Y) * np.log(1 - P + eps)).sum() / len(P)


@bernoulli_nll.wrong()
def cut_off_at_a_ten_millionth(P, Y):
    """You cut the probabilities off, as some libraries do. Then all answers that are wrong enough
    cost the same. Choose first which of p and 1 - p is meant; then nothing has to be cut off."""
    P = np.clip(P, 1e-7, 1 - 1e-7)
    return -(Y * np.log(P) + (1 - Y) * np.log(1 - P)).sum() / len(P)


@bernoulli_nll.wrong()
def one_loss_for_each_example(P, Y):
    """These are the losses of the single examples. Their mean is the loss."""
    return -np.log(np.where(Y == 1, P, 1 - P)).sum(axis=1)


@bernoulli_nll.wrong()
def infinity_made_zero(P, Y):
    """You replace what is not finite by 0, and so the worst answer of all costs nothing: what
    happened had the probability 0, and the loss there is infinite. Only 0 log 0 counts as 0. Choose
    between p and 1 - p before the logarithm; then nothing has to be replaced."""
    logs = np.log(np.where(Y == 1, P, 1 - P))
    return -np.where(np.isfinite(logs), logs, 0).sum() / len(P)


@bernoulli_nll.wrong("eq-likelihood")
def logarithm_of_the_product(P, Y):
    """On paper it is the same, and for a few coins also in the computer. But a product of many
    probabilities underflows to 0, and its logarithm is minus infinity. Take the logarithms first,
    and add them up."""
    return -np.log(np.prod(np.where(Y == 1, P, 1 - P), axis=1)).sum() / len(P)


# ------------------------------------------------------------ squared error

mse = Exercise(
    name="mse",
    title="The squared error",
    chapter=3,
    level=1,
    minutes=5,
    equation="eq-mse",
    reference=F.mse,
    probes=(
        Probe(
            "two examples, three classes",
            (np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]]), np.array([[1.0, 0, 0], [0, 0, 1]])),
        ),
        Probe("five examples, four coins", (_coins(5, 4), _on(5, 4))),
        Probe("a single example", (np.array([[0.2, 0.7, 0.1]]), np.array([[0.0, 1.0, 0.0]]))),
        Probe("float32", (_rows(3, 2).astype(np.float32), np.eye(2, dtype=np.float32)[[1, 0, 0]])),
        Probe("predictions that are exact", (np.eye(3)[[2, 0]], np.eye(3)[[2, 0]])),
        Probe("measurements", (5 * _rng.normal(size=(4, 6)), 5 * _rng.normal(size=(4, 6)))),
        Probe(
            "one output",
            (np.array([[1.0], [3], [-2], [0], [2]]), np.array([[0.0], [1], [1], [0], [5]])),
        ),
    ),
    hints=(
        "Two sums: which of them is divided by its number of terms, and which is not?",
        "Square the differences entry by entry, add all of them up, and divide by the number of "
        "examples, len(P).",
        "np.sum of (P - Y) ** 2, divided by M. np.mean would divide by K as well.",
    ),
)


@mse.right
def _(P, Y):
    return ((P - Y) ** 2).sum(axis=1).mean()


@mse.right
def _(P, Y):
    loss = 0
    for m in range(P.shape[0]):
        for k in range(P.shape[1]):
            loss += (P[m, k] - Y[m, k]) ** 2 / P.shape[0]
    return loss


@mse.right
def _(P, Y):
    D = np.asarray(P, np.float32) - np.asarray(Y, np.float32)
    return np.einsum("mk,mk->", D, D) / len(D)


@mse.right
def _(P, Y):
    return np.linalg.norm(P - Y) ** 2 / len(Y)


@mse.wrong()
def mean_of_everything(P, Y):
    """You divide by the outputs as well as by the examples. Qin's report counts that way, and many
    programs do; here the errors of the outputs are added, and only the examples are averaged."""
    return np.mean((P - Y) ** 2)


@mse.wrong()
def divided_by_the_outputs(P, Y):
    """You divide by the number of outputs, K, and add up the examples. It is the other way round:
    the mean is over the examples, the rows."""
    return ((P - Y) ** 2).sum() / P.shape[1]


@mse.wrong()
def a_sum_over_the_examples(P, Y):
    """That is the sum over the examples. Divide by M."""
    return ((P - Y) ** 2).sum()


@mse.wrong()
def half_of_it(P, Y):
    """There is a factor ½ in yours. Some texts put it there so that the derivative has no 2. The
    equation has none."""
    return 0.5 * ((P - Y) ** 2).sum() / len(P)


@mse.wrong()
def the_root_of_it(P, Y):
    """You take a root at the end. The loss is made of the squares themselves."""
    return np.sqrt(((P - Y) ** 2).sum() / len(P))


@mse.wrong()
def mean_of_the_lengths(P, Y):
    """You take the mean of the lengths of the rows of P - Y. The loss is the mean of their squared
    lengths: leave the roots out."""
    return np.linalg.norm(P - Y, axis=1).mean()


@mse.wrong()
def absolute_differences(P, Y):
    """You add up absolute differences. Square them."""
    return np.abs(P - Y).sum() / len(P)


@mse.wrong()
def differences_not_squared(P, Y):
    """You add up the differences themselves, and positive and negative ones cancel. Square them
    first. (In Python ** 2 is the square. * 2 is twice, and ^ is something else.)"""
    return (P - Y).sum() / len(P)


@mse.wrong()
def square_of_the_sum(P, Y):
    """You add first and square then. Positive and negative differences cancel; rows that both add
    up to 1 would always cost nothing. Square each difference, then add."""
    return ((P - Y).sum(axis=1) ** 2).mean()


@mse.wrong()
def difference_of_the_squares(P, Y):
    """You subtract squares. Asked is the square of the difference: subtract first."""
    return (P**2 - Y**2).sum() / len(P)


@mse.wrong()
def only_the_right_class(P, Y):
    """Only the outputs with y = 1 count. In the NLL it is so. Here all of them do: those that
    should be 0 are also off by something."""
    return (Y * (P - Y) ** 2).sum() / len(P)


@mse.wrong()
def the_gradient(P, Y):
    """That is the derivative of the loss, an array. Asked is the loss, one number."""
    return 2 * (P - Y) / len(P)


@mse.wrong()
def squares_not_added(P, Y):
    """These are the squares, one for each output of each example. Add them up, and divide by M."""
    return (P - Y) ** 2


@mse.wrong()
def one_loss_for_each_example(P, Y):
    """These are the losses of the single examples. Their mean is the loss."""
    return ((P - Y) ** 2).sum(axis=1)


# ------------------------------------------------------------ entropy


def _entropy(q):
    return F.entropy(q)


entropy = Exercise(
    name="entropy",
    title="How uncertain is a distribution?",
    chapter=3,
    level=2,
    minutes=10,
    equation="eq-entropy",
    reference=_entropy,
    probes=(
        Probe("one half and two quarters", (np.array([0.5, 0.25, 0.25]),)),
        Probe("ten classes, all alike", (np.full(10, 0.1),)),
        Probe("seven classes", (_rows(1, 7)[0],)),
        Probe("one class is certain", (np.array([0.0, 1.0, 0.0]),)),
        Probe("a fair coin, and two classes that never come", (np.array([0.5, 0, 0.5, 0]),)),
        Probe("float32", (_rows(1, 5)[0].astype(np.float32),)),
        Probe("classes that hardly ever come", (np.array([0.01, 0.989, 0.001]),)),
        Probe("one class only", (np.array([1.0]),)),
        Probe("classes that never come, first and between", (np.array([0, 0.3, 0, 0.6, 0.1]),)),
    ),
    hints=(
        "The surprise at class k is -log q[k], and it comes with probability q[k]. What is the "
        "mean of the surprises?",
        "It is a weighted sum. A class that never comes adds nothing: 0 log 0 counts as 0. What "
        "does NumPy make of 0 * np.log(0)?",
        "Leave the zeros out before the logarithm: q = q[q > 0], a new array. Then minus the sum "
        "of q * np.log(q).",
    ),
)


@entropy.right
def _(q):
    q = q[q > 0]
    return -(q * np.log(q)).sum()


@entropy.right
def _(q):
    total = 0.0
    for share in q:
        if share > 0:
            total += share * math.log(1 / share)
    return total


@entropy.right
def _(q):
    q = np.asarray(q, np.float32)
    return -np.einsum("k,k", q, np.log(np.where(q > 0, q, 1)))


@entropy.right
def _(q):
    return -np.nansum(q * np.log2(q)) * np.log(2)


@entropy.right
def _(q):
    return np.log(1 / np.prod(q**q))


@entropy.wrong()
def zero_times_infinity(q):
    """A class that never comes makes nan of everything: 0 times log 0 is nan for a computer. In the
    equation it counts as 0. Leave such classes out before you take the logarithm."""
    return -(q * np.log(q)).sum()


@entropy.wrong()
def log_that_refuses_zero(q):
    """math.log(0) ends with an error. A class that never comes adds nothing to the entropy: leave
    it out before you take the logarithm."""
    return -sum(share * math.log(share) for share in q)


@entropy.wrong()
def in_bits(q):
    """You measure in bits, with the logarithm to base 2. The equation has the natural one,
    np.log, and measures in nats."""
    q = q[q > 0]
    return -(q * np.log2(q)).sum()


@entropy.wrong()
def no_minus(q):
    """The minus is missing: logarithms of probabilities are negative, and an uncertainty is not."""
    q = q[q > 0]
    return (q * np.log(q)).sum()


@entropy.wrong()
def mean_over_the_classes(q):
    """You divide by the number of classes. The weights q are already those of a mean: they add up
    to 1."""
    return -(q * np.log(np.where(q > 0, q, 1))).sum() / len(q)


@entropy.wrong()
def surprises_not_weighted(q):
    """You add up the surprises of all classes as if they came equally often. Class k comes with
    probability q[k]: weight it by that."""
    return -np.log(np.where(q > 0, q, 1)).sum()


@entropy.wrong()
def most_likely_class_only(q):
    """That is the surprise at the most likely class. The entropy is the mean over all of them."""
    return -np.log(q.max())


@entropy.wrong()
def exponential_of_it(q):
    """You take exp of the entropy. That is a number of classes: so many, all equally likely, would
    be just as uncertain. Asked is the entropy itself."""
    return np.exp(-(q * np.log(np.where(q > 0, q, 1))).sum())


@entropy.wrong()
def one_minus_the_squares(q):
    """You take squares away from 1. That measures uncertainty, too, in another way: how often two
    draws differ. The entropy is made of logarithms."""
    return 1 - (q**2).sum()


@entropy.wrong()
def last_class_only(q):
    """Only the last class counts. Does the loop begin again from 0 in each round?"""
    for share in q:
        total = 0.0
        if share > 0:
            total -= share * np.log(share)
    return total


@entropy.wrong()
def a_coin_for_each_class(q):
    """You add the term of 1 - q for each class. That is the entropy of K coins, and here is one
    die with K faces: the faces share the probability 1 already."""
    r = 1 - q
    return -(q * np.log(np.where(q > 0, q, 1)) + r * np.log(np.where(r > 0, r, 1))).sum()


@entropy.wrong()
def one_term_for_each_class(q):
    """These are the terms of the sum. Add them up."""
    return -q * np.log(np.where(q > 0, q, 1))


@entropy.wrong()
def distance_from_uniform(q):
    """That is log K minus the entropy, 0 where all classes are equally likely. The entropy is
    largest there."""
    q_positive = q[q > 0]
    return np.log(len(q)) + (q_positive * np.log(q_positive)).sum()


@entropy.wrong()
def zeros_replaced_in_place(q):
    """The number is right, but you have written a small number over the zeros of the array that you
    were given. It belongs to the caller. Make a new array: q[q > 0], or np.where."""
    q[q == 0] = 1e-12
    return -(q * np.log(q)).sum()


@entropy.wrong()
def stops_at_a_class_that_never_comes(q):
    """You stop at the first class with probability 0, and those behind it are lost. It adds
    nothing; go on with the next: continue, and not break or return."""
    total = 0.0
    for share in q:
        if share == 0:
            break
        total -= share * np.log(share)
    return total


# ------------------------------------------------------------ from the logits


def _bernoulli_nll_logits(Z, Y):
    return np.sum(np.logaddexp(0, np.where(Y == 1, -Z, Z))) / len(Z)


_FORTY = np.array([[40.0, 0.0], [0.0, -40.0], [1.0, 1.0], [40.0, -1.0]])
_SURE = np.array([[800.0, -800.0, 0.0], [-900.0, 2.0, 850.0]])
_LARGE = np.array([[800.0, 1.0], [0.5, 900.0], [2.0, 3.0]])
_ONE_OFF = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])

bernoulli_nll_logits = Exercise(
    name="bernoulli_nll_logits",
    title="A loss that never overflows",
    chapter=3,
    level=3,
    minutes=20,
    equation="eq-sigmoid-bernoulli-nll",
    reference=_bernoulli_nll_logits,
    probes=(
        Probe(
            "two examples, three coins",
            (np.array([[2.0, -1.0, 0.0], [-0.5, 1.0, 3.0]]), np.array([[1.0, 0, 0], [0, 0, 1]])),
        ),
        Probe("five examples, four coins", (2 * _rng.normal(size=(5, 4)), _on(5, 4))),
        Probe("a single example", (np.array([[1.5, -2.0, 0.5]]), np.array([[0.0, 0.0, 1.0]]))),
        Probe(
            "float32",
            (_rng.normal(size=(3, 2)).astype(np.float32), np.float32([[1, 1], [0, 1], [0, 0]])),
        ),
        Probe("logits of 800, sure and right", (_SURE, np.array([[1.0, 0, 0], [0, 1, 1]]))),
        Probe("logits of 800, sure and wrong", (_SURE, np.array([[0.0, 0, 1], [0, 1, 0]]))),
        Probe(
            "logits of 40, sure and wrong",
            (_FORTY, np.array([[0.0, 1], [1, 1], [1, 0], [0, 0]])),
        ),
        Probe("large positive logits only", (_LARGE, _ONE_OFF)),
        Probe("large negative logits only", (-_LARGE, _ONE_OFF)),
    ),
    hints=(
        "Where does exp overflow, for large or for small arguments? The loss itself is harmless: "
        "at a logit of 800 it is 0 or 800.",
        "Never form p. The equation has two lines: the first is the loss of one coin, the second "
        "says how to compute log(1 + exp(z)) so that no exponent is positive.",
        "np.maximum(Z, 0) + np.log1p(np.exp(-np.abs(Z))) is the first term; np.logaddexp(0, Z) is "
        "the same. Subtract Y * Z, add all up, divide by M.",
    ),
)


@bernoulli_nll_logits.right
def _(Z, Y):
    return (np.maximum(Z, 0) + np.log1p(np.exp(-np.abs(Z))) - Y * Z).sum() / len(Z)


@bernoulli_nll_logits.right
def _(Z, Y):
    return np.mean(np.sum(np.logaddexp(0, Z) - Y * Z, axis=1))


@bernoulli_nll_logits.right
def _(Z, Y):
    loss = 0.0
    for z, y in zip(Z.ravel(), Y.ravel()):
        s = -z if y == 1 else z  # how far on the wrong side
        loss += s + math.log(1 + math.exp(-s)) if s > 0 else math.log(1 + math.exp(s))
    return loss / Z.shape[0]


@bernoulli_nll_logits.right
def _(Z, Y):
    Z, Y = Z.astype(np.float32), Y.astype(np.float32)
    sums = np.einsum("mk,mk->m", 1 - Y, np.logaddexp(0, Z))
    sums += np.einsum("mk,mk->m", Y, np.logaddexp(0, -Z))
    return sums.mean()


@bernoulli_nll_logits.wrong()
def probabilities_cut_off(Z, Y):
    """You cut probabilities off near 0 and 1, so that all answers that are wrong enough cost the
    same. At a logit of 800 on the wrong side the loss is 800. It can be had from the logit
    directly."""
    P = np.clip(1 / (1 + np.exp(-Z)), 1e-7, 1 - 1e-7)
    return -(Y * np.log(P) + (1 - Y) * np.log(1 - P)).sum() / len(Z)


@bernoulli_nll_logits.wrong()
def a_small_number_in_the_logarithm(Z, Y):
    """You add a small number inside the logarithm, so that no loss can be larger than minus its
    logarithm. At a logit of 800 on the wrong side the loss is 800. It can be had from the logit
    directly."""
    P = 1 / (1 + np.exp(-Z))
    return -(Y * np.log(P + 1e-8) + (1 - Y) * np.log(1 - P + 1e-8)).sum() / len(Z)


@bernoulli_nll_logits.wrong()
def logits_cut_off(Z, Y):
    """You cut the logits off, so 800 counts as 500. Nothing has to be cut off: write log(1 +
    exp(z)) in such a way that no exponent is positive."""
    Z = np.clip(Z, -500, 500)
    return (np.log(1 + np.exp(Z)) - Y * Z).sum() / len(Z)


@bernoulli_nll_logits.wrong()
def first_line_only(Z, Y):
    """That is the first line of the equation as it stands, and exp(800) is infinite. The second
    line writes log(1 + exp(z)) in such a way that no exponent is positive."""
    return (np.log(1 + np.exp(Z)) - Y * Z).sum() / len(Z)


@bernoulli_nll_logits.wrong()
def exponent_positive(Z, Y):
    """The exponent is |z|, and should be -|z|. What was taken out of the bracket is max(z, 0), and
    what is left in it is small."""
    return (np.maximum(Z, 0) + np.log1p(np.exp(np.abs(Z))) - Y * Z).sum() / len(Z)


@bernoulli_nll_logits.wrong()
def sign_in_the_exponent(Z, Y):
    """The two terms belong to two different forms: log(1 + exp(z)) goes with - y z, and log(1 +
    exp(-z)) with + (1 - y) z."""
    return (np.logaddexp(0, -Z) - Y * Z).sum() / len(Z)


@bernoulli_nll_logits.wrong()
def maximum_forgotten(Z, Y):
    """max(z, 0) is missing. For z > 0 you have taken exp(z) out of the bracket; its logarithm, z,
    has to be added again."""
    return (np.log1p(np.exp(-np.abs(Z))) - Y * Z).sum() / len(Z)


@bernoulli_nll_logits.wrong()
def heads_and_tails_exchanged(Z, Y):
    """Heads and tails are exchanged: a large positive logit should cost nothing where y is 1, and
    much where y is 0."""
    return (np.logaddexp(0, -Z) + Y * Z).sum() / len(Z)


@bernoulli_nll_logits.wrong()
def mean_of_everything(Z, Y):
    """You divide by the coins as well as by the examples. The losses of the coins are added; the
    mean is over the examples only."""
    return (np.logaddexp(0, Z) - Y * Z).mean()


@bernoulli_nll_logits.wrong()
def a_sum_over_the_examples(Z, Y):
    """That is the sum over the examples. Divide by M."""
    return (np.logaddexp(0, Z) - Y * Z).sum()


@bernoulli_nll_logits.wrong()
def one_loss_for_each_example(Z, Y):
    """These are the losses of the single examples. Their mean is the loss."""
    return (np.logaddexp(0, Z) - Y * Z).sum(axis=1)


@bernoulli_nll_logits.wrong()
def a_die_and_not_coins(Z, Y):
    """You let the logits of a row compete, as softmax does. Here each has a sigmoid of its own:
    coins do not know of each other."""
    shifted = Z - Z.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(Y * logs).sum() / len(Z)


@bernoulli_nll_logits.wrong()
def probability_first(Z, Y):
    """You go through p. For a logit of 40, 1 - p is rounded to exactly 0. Its logarithm is infinite
    for tails, and for heads 0 times infinity is nan. Put the sigmoid into the loss on paper, and
    simplify before you compute."""
    P = 1 / (1 + np.exp(-Z))
    return -(Y * np.log(P) + (1 - Y) * np.log(1 - P)).sum() / len(Z)


@bernoulli_nll_logits.wrong()
def probability_first_and_chosen(Z, Y):
    """You go through p. For a logit of 40, 1 - p is rounded to exactly 0, and its logarithm is
    infinite. Choosing between the two terms keeps nan away, and not infinity. Put the sigmoid into
    the loss on paper, and simplify before you compute."""
    P = 1 / (1 + np.exp(-Z))
    return -np.log(np.where(Y == 1, P, 1 - P)).sum() / len(Z)


@bernoulli_nll_logits.wrong()
def for_positive_logits_only(Z, Y):
    """You take exp(z) out of the bracket always. That helps for positive logits; for those far
    below 0, exp(-z) is infinite. The second line of the equation has max(z, 0) and |z|: it takes
    out the larger of the two terms, whichever that is."""
    return (Z + np.log1p(np.exp(-Z)) - Y * Z).sum() / len(Z)


EXERCISES = (nll, bernoulli_nll, mse, entropy, bernoulli_nll_logits)
