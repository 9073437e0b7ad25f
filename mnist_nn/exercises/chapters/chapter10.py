"""Chapter 10: measuring."""

from math import sqrt
from statistics import NormalDist

import numpy as np

from ... import metrics
from ..exercise import Exercise, Probe

_rng = np.random.default_rng(10)


def _answers(K, M, right, dtype=np.int64):
    """Return labels, and answers of which about a share is right."""
    y = _rng.integers(K, size=M)
    y_hat = np.where(_rng.random(M) < right, y, _rng.integers(K, size=M))
    return y.astype(dtype), y_hat.astype(dtype)


_SIX = np.array([0, 0, 0, 1, 1, 2])
_SIX_HAT = np.array([0, 1, 1, 1, 1, 0])


def _many_of_one(dtype=np.uint8):
    """Return 700 labels as bytes, 600 of them 17, and answers: more than a byte can count."""
    y, y_hat = _answers(20, 700, 0.5)
    y[:600], y_hat[:320], y_hat[320:600] = 17, 17, 4
    return y.astype(np.uint8), y_hat.astype(dtype)


# ------------------------------------------------------------ confusion_matrix

confusion_matrix = Exercise(
    name="confusion_matrix",
    title="Who is taken for whom",
    chapter=10,
    level=1,
    minutes=10,
    equation="eq-confusion",
    reference=metrics.confusion_matrix,
    probes=(
        Probe("six examples, three classes", (_SIX, _SIX_HAT, 3)),
        Probe("fifty examples, four classes", (*_answers(4, 50, 0.5), 4)),
        Probe("ten classes, some without examples", (np.array([3, 3, 7]), np.array([3, 8, 7]), 10)),
        Probe("all answers right", (np.array([2, 0, 1, 2]), np.array([2, 0, 1, 2]), 3)),
        Probe("a single example, and the answer is wrong", (np.array([1]), np.array([0]), 2)),
        Probe("bytes as labels, twenty classes", (*_answers(20, 60, 0.3, np.uint8), 20)),
        Probe("bytes, and more than 255 examples of one kind", (*_many_of_one(), 20)),
        Probe("labels as bytes, answers as int64", (*_many_of_one(np.int64), 20)),
    ),
    hints=(
        "Start with zeros of shape (K, K). What does one example with true class i and answer j "
        "change?",
        "It adds 1 in row i, column j. A loop over the examples does it. C[y, y_hat] += 1 does "
        "not: where a pair comes several times, it adds 1 once.",
        "for i, j in zip(y, y_hat): C[i, j] += 1. In one line: np.add.at(C, (y, y_hat), 1).",
    ),
)


@confusion_matrix.right
def _(y, y_hat, K):
    C = [[0] * K for _ in range(K)]
    for i, j in zip(y, y_hat, strict=True):
        C[i][j] += 1
    return C


@confusion_matrix.right
def _(y, y_hat, K):
    C = np.zeros((K, K), int)
    np.add.at(C, (y, y_hat), 1)
    return C


@confusion_matrix.right
def _(y, y_hat, K):
    Y, Y_hat = np.eye(K, dtype=np.float32)[y], np.eye(K, dtype=np.float32)[y_hat]
    return np.einsum("mi,mj->ij", Y, Y_hat)


@confusion_matrix.right
def _(y, y_hat, K):
    return np.array([[np.sum((y == i) & (y_hat == j)) for j in range(K)] for i in range(K)])


@confusion_matrix.right
def _(y, y_hat, K):
    edges = np.arange(K + 1) - 0.5
    return np.histogram2d(y, y_hat, bins=(edges, edges))[0]


@confusion_matrix.wrong()
def answers_are_rows(y, y_hat, K):
    """Rows and columns have changed places. Here a row is a true class: its sum says how many
    examples of that class there are."""
    return metrics.confusion_matrix(y_hat, y, K)


@confusion_matrix.wrong()
def repeated_pairs_count_once(y, y_hat, K):
    """A pair that comes several times counts once. C[y, y_hat] += 1 reads all entries, adds 1 and
    writes them back: the same entry gets the same number again and again."""
    C = np.zeros((K, K), int)
    C[y, y_hat] += 1
    return C


@confusion_matrix.wrong()
def only_the_mistakes(y, y_hat, K):
    """Your diagonal is empty. The right answers are counted, too: there i = j."""
    C = metrics.confusion_matrix(y, y_hat, K)
    return C - np.diag(np.diag(C))


@confusion_matrix.wrong()
def only_classes_that_occur(y, y_hat, K):
    """The size of your table depends on the labels that happen to occur. It is (K, K), with zeros
    for a class without examples."""
    occur = np.unique(np.concatenate([y, y_hat]))
    return metrics.confusion_matrix(y, y_hat, K)[np.ix_(occur, occur)]


@confusion_matrix.wrong()
def only_the_labels_that_occur(y, y_hat, K):
    """You make rows and columns only for the classes that are among the true labels. A class may be
    answered without being there, or not occur at all: the size is (K, K)."""
    occur = np.unique(y)
    return metrics.confusion_matrix(y, y_hat, K)[np.ix_(occur, occur)]


@confusion_matrix.wrong()
def size_from_the_largest_label(y, y_hat, K):
    """You take the largest label for the number of classes. The last classes may have no examples,
    and still have a row: use K."""
    K = max(y.max(), y_hat.max()) + 1
    return metrics.confusion_matrix(y, y_hat, int(K))


@confusion_matrix.wrong("eq-recall")
def shares_of_each_row(y, y_hat, K):
    """Your rows are divided by their sums. Counts are asked for; divided by the sum of its row, the
    diagonal holds the recalls."""
    C = metrics.confusion_matrix(y, y_hat, K)
    return C / np.maximum(C.sum(axis=1, keepdims=True), 1)


@confusion_matrix.wrong()
def shares_of_all(y, y_hat, K):
    """You divide by the number of examples. Counts are asked for."""
    return metrics.confusion_matrix(y, y_hat, K) / len(y)


@confusion_matrix.wrong()
def one_row_many_times(y, y_hat, K):
    """All your rows are the same. [[0] * K] * K makes one list and puts it in K places: a change in
    one row is a change in all. Use np.zeros((K, K)), or make a new list for each row."""
    row = [0] * K
    for j in y_hat:
        row[j] += 1
    return [row] * K


@confusion_matrix.wrong()
def only_the_first_example(y, y_hat, K):
    """Only one example is counted. Does your function return inside its loop?"""
    return metrics.confusion_matrix(y[:1], y_hat[:1], K)


@confusion_matrix.wrong()
def bincount_without_minlength(y, y_hat, K):
    """np.bincount returns only as many counts as it needs for the largest number it meets. Tell it
    how many you want: minlength=K * K."""
    return np.bincount(y.astype(int) * K + y_hat).reshape(K, K)


@confusion_matrix.wrong()
def ten_classes_always(y, y_hat, K):
    """Your table is for ten classes, whatever K is."""
    C = np.zeros((max(K, 10), max(K, 10)), int)
    np.add.at(C, (y, y_hat), 1)
    return C[:10, :10]


@confusion_matrix.wrong()
def every_truth_with_every_answer(y, y_hat, K):
    """You pair each truth with each answer: a loop in a loop. Answer m belongs to example m, so go
    through both together."""
    return np.outer(np.bincount(y, minlength=K), np.bincount(y_hat, minlength=K))


@confusion_matrix.wrong()
def bytes_that_run_over(y, y_hat, K):
    """With labels as bytes, y * K runs over at 256 and starts again at 0, without a word. Convert
    first: y.astype(int)."""
    with np.errstate(over="ignore"):
        pairs = y * K + y_hat
    return np.bincount(pairs.astype(np.int64), minlength=K * K)[: K * K].reshape(K, K)


@confusion_matrix.wrong()
def counted_in_bytes(y, y_hat, K):
    """Your table has the dtype of the labels. If they are bytes, counting ends at 255 and starts
    again at 0: let the zeros be of dtype int."""
    return metrics.confusion_matrix(y, y_hat, K).astype(y.dtype)


# ------------------------------------------------------------ errors_per_digit


def _errors_per_digit(y, y_hat, K):
    return metrics.errors_per_class(y, y_hat, K)


def _counts(y, y_hat, K):
    """Return the confusion matrix, examples and mistakes of each class."""
    C = metrics.confusion_matrix(y, y_hat, K)
    return C, C.sum(axis=1), C.sum(axis=1) - np.diag(C)


errors_per_digit = Exercise(
    name="errors_per_digit",
    title="The error of each digit",
    chapter=10,
    level=2,
    minutes=10,
    equation="eq-recall",
    reference=_errors_per_digit,
    probes=(
        Probe("six examples, three classes", (_SIX, _SIX_HAT, 3)),
        Probe("eighty examples, four classes", (*_answers(4, 80, 0.6), 4)),
        Probe(
            "a class that has no examples, but is answered",
            (np.array([0, 0, 2, 2, 2]), np.array([0, 1, 2, 2, 0]), 4),
        ),
        Probe("all answers right", (np.array([1, 0, 1]), np.array([1, 0, 1]), 2)),
        Probe("always the same answer", (np.array([0, 1, 1, 2, 2, 2]), np.full(6, 2), 3)),
        Probe("a single example", (np.array([0]), np.array([1]), 2)),
        Probe("ten classes, bytes", (*_answers(10, 200, 0.9, np.uint8), 10)),
        Probe("bytes, twenty classes, one with 600 examples", (*_many_of_one(), 20)),
        Probe("labels as bytes, answers as int64", (*_many_of_one(np.int64), 20)),
    ),
    hints=(
        "For one digit k: which examples do you look at, and what do you count among them?",
        "Look at those with y == k. The share of them whose answer is not k is the error of k. The "
        "mean of an array of True and False is the share of True.",
        "For each k: np.mean(y_hat[y == k] != k), and NaN if no label is k. Or from the confusion "
        "matrix: 1 minus its diagonal over its row sums.",
    ),
)


@errors_per_digit.right
def _(y, y_hat, K):
    return [np.mean(y_hat[y == k] != k) if (y == k).any() else float("nan") for k in range(K)]


@errors_per_digit.right
def _(y, y_hat, K):
    examples = np.bincount(y, minlength=K)
    mistakes = np.bincount(y[y != y_hat], minlength=K)
    with np.errstate(invalid="ignore"):
        return (mistakes / examples).astype(np.float32)


@errors_per_digit.right
def _(y, y_hat, K):
    found, seen = [0] * K, [0] * K
    for true, answer in zip(y, y_hat, strict=True):
        seen[true] += 1
        found[true] += int(true == answer)
    return np.array([1 - f / n if n else np.nan for f, n in zip(found, seen, strict=True)])


@errors_per_digit.right
def _(y, y_hat, K):
    Y, Y_hat = np.eye(K)[y], np.eye(K)[y_hat]
    with np.errstate(invalid="ignore"):
        return 1 - np.einsum("mk,mk->k", Y, Y_hat) / Y.sum(axis=0)


@errors_per_digit.wrong()
def share_of_those_found(y, y_hat, K):
    """That is the recall, the share of right answers. The error is what it lacks of 1."""
    return 1 - _errors_per_digit(y, y_hat, K)


@errors_per_digit.wrong("eq-precision")
def by_the_answer(y, y_hat, K):
    """You divide by how often k was the answer. The error of a digit looks at the images that are k
    in truth, whatever the answer was: by rows, and not by columns."""
    C = metrics.confusion_matrix(y, y_hat, K)
    return 1 - np.diag(C) / C.sum(axis=0)


@errors_per_digit.wrong()
def share_of_all_examples(y, y_hat, K):
    """You divide by the number of all examples. Each digit has its own number: divide the mistakes
    of k by how many k there are."""
    return _counts(y, y_hat, K)[2] / len(y)


@errors_per_digit.wrong()
def share_of_all_mistakes(y, y_hat, K):
    """Your numbers add up to 1: you divide by the number of all mistakes. Divide by the number of
    examples of the digit."""
    mistakes = _counts(y, y_hat, K)[2]
    return mistakes / mistakes.sum()


@errors_per_digit.wrong()
def mistakes_counted(y, y_hat, K):
    """These are the numbers of mistakes. A rate is divided by the number of examples."""
    return _counts(y, y_hat, K)[2]


@errors_per_digit.wrong()
def zero_where_there_are_no_examples(y, y_hat, K):
    """A class without examples gets 0 from you, as if it had been tested and passed. Nothing is
    known about it: NaN."""
    return np.nan_to_num(_errors_per_digit(y, y_hat, K))


@errors_per_digit.wrong()
def one_where_there_are_no_examples(y, y_hat, K):
    """A class without examples gets 1 from you, as if all its answers were wrong. Nothing is known
    about it: NaN."""
    return np.nan_to_num(_errors_per_digit(y, y_hat, K), nan=1.0)


@errors_per_digit.wrong()
def only_classes_that_occur(y, y_hat, K):
    """Classes without examples are missing, so that the others move up: entry k is no longer digit
    k. Return K numbers, with NaN for those."""
    errors = _errors_per_digit(y, y_hat, K)
    return errors[~np.isnan(errors)]


@errors_per_digit.wrong()
def percent(y, y_hat, K):
    """Yours are percentages. Shares from 0 to 1 are asked for."""
    return 100 * _errors_per_digit(y, y_hat, K)


@errors_per_digit.wrong("eq-accuracy")
def one_error_for_all(y, y_hat, K):
    """Every digit has the same error: that of all examples together. Choose those with y == k
    first."""
    return np.full(K, np.mean(y != y_hat))


@errors_per_digit.wrong("eq-accuracy")
def one_number(y, y_hat, K):
    """That is the error of all examples together, one number. Return K of them, one for each
    class."""
    return np.mean(y != y_hat)


@errors_per_digit.wrong()
def how_far_the_answer_is_off(y, y_hat, K):
    """You take the difference of the labels. A 3 that is called 8 is one mistake, and not five:
    labels are names."""
    off = np.abs(y_hat.astype(int) - y)
    with np.errstate(invalid="ignore"):
        return np.bincount(y, off, K) / np.bincount(y, minlength=K)


@errors_per_digit.wrong()
def each_digit_against_the_rest(y, y_hat, K):
    """You ask of all examples "is it a k?" and count wrong answers. Most examples are not k and are
    rightly said not to be, so that every error looks small. Look only at those with y == k."""
    return np.array([np.mean((y == k) != (y_hat == k)) for k in range(K)])


@errors_per_digit.wrong()
def bytes_that_run_over(y, y_hat, K):
    """With labels as bytes, y * K runs over at 256 and starts again at 0, without a word. Convert
    first: y.astype(int)."""
    with np.errstate(over="ignore"):
        pairs = (y * K + y_hat).astype(np.int64)
    C = np.bincount(pairs, minlength=K * K)[: K * K].reshape(K, K)
    return 1 - np.diag(C) / C.sum(axis=1)


@errors_per_digit.wrong()
def counted_in_bytes(y, y_hat, K):
    """Your counts have the dtype of the labels. If they are bytes, counting ends at 255 and starts
    again at 0: let the zeros be of dtype int."""
    _, n, mistakes = _counts(y, y_hat, K)
    return mistakes.astype(y.dtype) / n.astype(y.dtype)


# ------------------------------------------------------------ binomial_interval


def _binomial_interval(k, n):
    return metrics.binomial_interval(k, n)


def _wilson(p, n, z=1.96, shift=None, inner=None):
    """Return Wilson's interval, or one with other terms in it."""
    shift = z**2 / (2 * n) if shift is None else shift
    inner = z**2 / (4 * n**2) if inner is None else inner
    half = z * sqrt(p * (1 - p) / n + inner)
    return (p + shift - half) / (1 + z**2 / n), (p + shift + half) / (1 + z**2 / n)


binomial_interval = Exercise(
    name="binomial_interval",
    title="How sure an accuracy is",
    chapter=10,
    level=2,
    minutes=15,
    equation="eq-binomial-interval",
    reference=_binomial_interval,
    probes=(
        Probe("8 of 10", (8, 10)),
        Probe("97.2 % of 4,000", (3888, 4000)),
        Probe("half of 100", (50, 100)),
        Probe("no hit in 20", (0, 20)),
        Probe("all of 100", (100, 100)),
        Probe("a single image", (1, 1)),
        Probe("9,817 of 10,000", (9817, 10_000)),
    ),
    hints=(
        "Work through k = 8, n = 10 on paper, with z = 1.96. Which number is the centre of the "
        "interval, and is it 0.8?",
        "Compute three things: the centre p̂ + z²/2n, the half width z √(p̂(1 - p̂)/n + z²/4n²), and "
        "the divisor 1 + z²/n, which both are divided by.",
        "half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)); the lower end is "
        "(p + z**2 / (2 * n) - half) / (1 + z**2 / n), and the upper end has + half.",
    ),
)


@binomial_interval.right
def _(k, n):
    z, p = 1.96, k / n
    return _wilson(p, n, z)


@binomial_interval.right
def _(k, n):
    z2, p = 1.96**2, k / n
    ends = np.roots([1 + z2 / n, -(2 * p + z2 / n), p**2])
    return np.sort(ends.real)


@binomial_interval.right
def _(k, n):
    z = NormalDist().inv_cdf(0.975)
    half = z * (k * (n - k) / n + z * z / 4) ** 0.5 / (n + z * z)
    centre = (k + z * z / 2) / (n + z * z)
    return [centre - half, centre + half]


@binomial_interval.right
def _(k, n):
    p, z = k / n, 1.96
    grid = [p, p]
    for side, far in enumerate((0.0, 1.0)):  # the last p that is not too far from p̂
        near = p
        for _ in range(60):
            middle = (near + far) / 2
            if (p - middle) ** 2 <= z * z * middle * (1 - middle) / n:
                near = middle
            else:
                far = middle
        grid[side] = near
    return tuple(grid)


@binomial_interval.right
def _(k, n):
    p, n, z = np.float32(k / n), np.float32(n), np.float32(1.96)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return np.array([p + z**2 / (2 * n) - half, p + z**2 / (2 * n) + half]) / (1 + z**2 / n)


@binomial_interval.wrong()
def the_simple_interval(k, n):
    """That is p̂ ± z √(p̂(1 - p̂)/n). With no hits, or with nothing but hits, it has no width and
    claims to be certain; near the ends it goes beyond 0 or 1. Wilson's interval does neither."""
    p = k / n
    half = 1.96 * sqrt(p * (1 - p) / n)
    return p - half, p + half


@binomial_interval.wrong()
def the_simple_interval_cut_off(k, n):
    """That is p̂ ± z √(p̂(1 - p̂)/n), cut off at 0 and 1. With no hits, or with nothing but hits,
    it still has no width: it is the formula that has to change."""
    p = k / n
    half = 1.96 * sqrt(p * (1 - p) / n)
    return max(p - half, 0.0), min(p + half, 1.0)


@binomial_interval.wrong()
def whole_number_division(k, n):
    """k // n is 0, unless all are right: // divides whole numbers and drops the rest. Use /."""
    return _wilson(k // n, n)


@binomial_interval.wrong("eq-standard-error")
def one_standard_error(k, n):
    """Your z is 1, and your interval one standard error either way: about 68 per cent. For 95 per
    cent z is 1.96."""
    return _wilson(k / n, n, 1.0)


@binomial_interval.wrong()
def two_for_z(k, n):
    """Your z is 2. That is good enough for a sum in your head, but for 95 per cent it is 1.96."""
    return _wilson(k / n, n, 2.0)


@binomial_interval.wrong()
def around_the_rate_itself(k, n):
    """The half width is right, but your interval lies around p̂. The centre of Wilson's is moved
    towards one half: by z²/2n, and by the divisor."""
    p = k / n
    low, high = _wilson(p, n)
    return p - (high - low) / 2, p + (high - low) / 2


@binomial_interval.wrong()
def not_divided(k, n):
    """The bracket is right, but it is not divided by 1 + z²/n."""
    low, high = _wilson(k / n, n)
    return low * (1 + 1.96**2 / n), high * (1 + 1.96**2 / n)


@binomial_interval.wrong()
def only_the_centre_is_divided(k, n):
    """Only the centre is divided by 1 + z²/n. The divisor stands in front of the whole bracket: the
    half width is divided, too."""
    p, z = k / n, 1.96
    centre, half = (
        (p + z**2 / (2 * n)) / (1 + z**2 / n),
        z * sqrt(p * (1 - p) / n + (z / 2 / n) ** 2),
    )
    return centre - half, centre + half


@binomial_interval.wrong()
def no_term_in_the_centre(k, n):
    """z²/2n is missing in the centre. Without it the interval for no hits begins below 0."""
    return _wilson(k / n, n, shift=0.0)


@binomial_interval.wrong()
def no_term_under_the_root(k, n):
    """z²/4n² is missing under the root. Without it, an interval for no hits has no width."""
    return _wilson(k / n, n, inner=0.0)


@binomial_interval.wrong()
def the_square_of_n_forgotten(k, n):
    """The last term under the root is z²/4n², with n². Yours has n, and the interval gets much too
    wide."""
    return _wilson(k / n, n, inner=1.96**2 / (4 * n))


@binomial_interval.wrong()
def brackets_below(k, n):
    """z**2 / 2 * n is first divided by 2, and then multiplied by n. What stands below a line needs
    brackets: z**2 / (2 * n)."""
    return _wilson(k / n, n, shift=1.96**2 / 2 * n, inner=1.96**2 / 4 * n**2)


@binomial_interval.wrong()
def the_factor_z_forgotten(k, n):
    """The root is not multiplied by z. It is about one standard error, and you want 1.96 of
    them."""
    p, z = k / n, 1.96
    half = sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (p + z**2 / (2 * n) - half) / (1 + z**2 / n), (p + z**2 / (2 * n) + half) / (
        1 + z**2 / n
    )


@binomial_interval.wrong()
def upper_end_first(k, n):
    """Both ends are right, but in the wrong order: the lower one first."""
    low, high = _wilson(k / n, n)
    return high, low


@binomial_interval.wrong()
def centre_and_half_width(k, n):
    """You return the centre and the half width. Return the two ends."""
    low, high = _wilson(k / n, n)
    return (low + high) / 2, (high - low) / 2


@binomial_interval.wrong()
def percent(k, n):
    """Your ends are percentages. Shares from 0 to 1 are asked for."""
    low, high = _wilson(k / n, n)
    return 100 * low, 100 * high


# ------------------------------------------------------------ precision_recall


def _ratio(a, b):
    return np.divide(a, b, where=b > 0, out=np.full(len(a), np.nan))


def _precision_recall(C):
    right = np.diag(C).astype(float)
    return _ratio(right, C.sum(axis=0)), _ratio(right, C.sum(axis=1))


_TABLE = np.array([[8, 2, 0], [1, 6, 3], [0, 2, 18]])
precision_recall = Exercise(
    name="precision_recall",
    title="Precision and recall",
    chapter=10,
    level=2,
    minutes=10,
    equation="eq-precision",
    reference=_precision_recall,
    probes=(
        Probe("three classes", (_TABLE,)),
        Probe("five classes", (_rng.integers(1, 30, (5, 5)),)),
        Probe("is it a 5? 100 fives, 900 others", (np.array([[882, 18], [10, 90]]),)),
        Probe("a class that is never answered", (np.array([[5, 2, 0], [1, 4, 0], [2, 1, 0]]),)),
        Probe("a class without examples", (np.array([[5, 2, 1], [0, 0, 0], [2, 1, 7]]),)),
        Probe("counts as float32", (np.float32([[30, 4], [9, 27]]),)),
        Probe("no right answer at all", (np.array([[0, 3], [5, 0]]),)),
    ),
    hints=(
        "Both have C_kk on top. Which sum does one divide by, if one asks how far an answer can be "
        "believed? And which, if one asks how many of the fives were found?",
        "Answers are columns: precision divides the diagonal by the sum down each column, axis 0. "
        "Recall divides it by the sum along each row, axis 1.",
        "np.diag(C) / C.sum(axis=0) and np.diag(C) / C.sum(axis=1); NumPy makes NaN of 0 / 0.",
    ),
)


@precision_recall.right
def _(C):
    with np.errstate(invalid="ignore"):
        return np.diag(C) / C.sum(axis=0), np.diag(C) / C.sum(axis=1)


@precision_recall.right
def _(C):
    K = len(C)
    precision, recall = [], []
    for k in range(K):
        answered = sum(float(C[i, k]) for i in range(K))
        there = sum(float(C[k, j]) for j in range(K))
        precision.append(float(C[k, k]) / answered if answered else float("nan"))
        recall.append(float(C[k, k]) / there if there else float("nan"))
    return [precision, recall]


@precision_recall.right
def _(C):
    C = np.float32(C)
    right, answered, there = (np.einsum(s, C) for s in ("kk->k", "ik->k", "kj->k"))
    return np.stack([right / answered, right / there])


@precision_recall.right
def _(C):
    # The diagonals of the table with columns, and with rows, that sum to 1.
    by_column, by_row = C / C.sum(axis=0, keepdims=True), C / C.sum(axis=1, keepdims=True)
    return by_column.diagonal(), by_row.diagonal()


@precision_recall.wrong("eq-recall")
def exchanged(C):
    """You have the two exchanged. C.sum(axis=0) adds down the columns and gives the answers:
    precision divides by it. C.sum(axis=1) gives the truths: recall divides by that."""
    precision, recall = _precision_recall(C)
    return recall, precision


@precision_recall.wrong("eq-recall")
def recall_twice(C):
    """The recall is right, but you give it for the precision as well. Precision divides by the sum
    down the columns."""
    recall = _precision_recall(C)[1]
    return recall, recall


@precision_recall.wrong()
def precision_twice(C):
    """The precision is right, but you give it for the recall as well. Recall divides by the sum
    along the rows."""
    precision = _precision_recall(C)[0]
    return precision, precision


@precision_recall.wrong()
def shares_of_all_examples(C):
    """You divide by the number of all examples. Precision divides by how often the answer k was
    given, recall by how many k there are."""
    return np.diag(C) / C.sum(), np.diag(C) / C.sum()


@precision_recall.wrong("eq-accuracy")
def one_number_each(C):
    """You add all classes up, and both numbers are the accuracy then. Each class has a precision
    and a recall of its own."""
    return np.trace(C) / C.sum(), np.trace(C) / C.sum()


@precision_recall.wrong()
def means_over_the_classes(C):
    """You take the mean over the classes at the end. Return them all, one for each class."""
    precision, recall = _precision_recall(C)
    return precision.mean(), recall.mean()


@precision_recall.wrong()
def without_the_right_ones_below(C):
    """You divide by the mistakes alone. The right answers are among those that are counted below,
    too: the sum runs over all of the column or row."""
    right = np.diag(C)
    return right / (C.sum(axis=0) - right), right / (C.sum(axis=1) - right)


@precision_recall.wrong()
def zero_for_nothing(C):
    """Where a class has no examples, or an answer was never given, you say 0, as if all had been
    wrong. 0 / 0 is NaN: nothing is known."""
    precision, recall = _precision_recall(C)
    return np.nan_to_num(precision), np.nan_to_num(recall)


@precision_recall.wrong()
def one_for_nothing(C):
    """Where a class has no examples, or an answer was never given, you say 1, as if all had been
    right. 0 / 0 is NaN: nothing is known."""
    precision, recall = _precision_recall(C)
    return np.nan_to_num(precision, nan=1.0), np.nan_to_num(recall, nan=1.0)


@precision_recall.wrong()
def nan_for_no_hits(C):
    """Where a class has no right answers you say NaN. 0 of 5 is 0; only 0 of 0 says nothing. Ask
    whether the sum below is 0, not the number on top."""
    right = np.diag(C)
    hit = np.where(right > 0, right, np.nan)
    return hit / C.sum(axis=0), hit / C.sum(axis=1)


@precision_recall.wrong()
def whole_tables(C):
    """You divide the whole table. Only its diagonal counts right answers: np.diag."""
    return C / C.sum(axis=0), C / C.sum(axis=1, keepdims=True)


@precision_recall.wrong()
def one_measure_of_both(C):
    """You make one number of the two, their harmonic mean, which is called F1. Return both."""
    precision, recall = _precision_recall(C)
    return 2 * precision * recall / (precision + recall)


@precision_recall.wrong()
def whole_numbers(C):
    """What comes after the point is lost: // divides whole numbers and rounds down. Use /."""
    precision, recall = _precision_recall(C)
    return np.floor(precision), np.floor(recall)


@precision_recall.wrong()
def a_pair_for_each_class(C):
    """You return a pair for each class. Two arrays are asked for: all precisions, then all
    recalls."""
    return np.stack(_precision_recall(C), axis=1)


@precision_recall.wrong()
def percent(C):
    """Yours are percentages. Shares from 0 to 1 are asked for."""
    precision, recall = _precision_recall(C)
    return 100 * precision, 100 * recall


# ------------------------------------------------------------ paired_difference


def _paired_difference(y, y_hat_a, y_hat_b):
    found = metrics.compare(y, y_hat_a, y_hat_b)
    return found.difference, found.standard_error


def _three(K, M, a, b, dtype=np.int64):
    """Return labels, and the answers of two that are wrong on much the same examples."""
    y, y_hat_a = _answers(K, M, a, dtype)
    y_hat_b = np.where(_rng.random(M) < b, y, y_hat_a).astype(dtype)
    return y, y_hat_a, y_hat_b


def _signs(y, y_hat_a, y_hat_b):
    """Return +1 where only b is right, -1 where only a is, else 0."""
    return (y_hat_b == y).astype(float) - (y_hat_a == y)


_EIGHT = np.array([0, 1, 2, 0, 1, 2, 0, 1])
_EIGHT_A = np.array([0, 1, 2, 0, 1, 0, 1, 0])
_EIGHT_B = np.array([0, 1, 2, 0, 2, 2, 0, 2])
paired_difference = Exercise(
    name="paired_difference",
    title="Two networks, the same digits",
    chapter=10,
    level=3,
    minutes=15,
    equation="eq-paired-error",
    reference=_paired_difference,
    probes=(
        Probe("eight examples", (_EIGHT, _EIGHT_A, _EIGHT_B)),
        Probe("a hundred examples", _three(5, 100, 0.6, 0.4)),
        Probe("the first network is better", (_EIGHT, _EIGHT_B, _EIGHT_A)),
        Probe("both answer alike", (_EIGHT, _EIGHT_A, _EIGHT_A)),
        Probe("both are wrong, with different answers", (_EIGHT, 3 + _EIGHT, 4 + _EIGHT)),
        Probe("one is always right, the other never", (_EIGHT, _EIGHT + 1, _EIGHT)),
        Probe("bytes as labels", _three(10, 60, 0.5, 0.3, np.uint8)),
        Probe(
            "bytes, and more than 255 on which only one is right",
            (
                np.full(900, 200, np.uint8),
                np.repeat(np.uint8([200, 9]), [310, 590]),
                np.repeat(np.uint8([7, 200, 9]), [300, 400, 200]),
            ),
        ),
    ),
    hints=(
        "Give each example a number: +1 if only b is right, -1 if only a is, 0 otherwise. What is "
        "the mean of these numbers?",
        "The mean is the difference of the accuracies. Its standard error is the standard "
        "deviation of the numbers (with M below, not M - 1) over √M.",
        "With n_a and n_b, the numbers of examples that only a and only b got right: (n_b - n_a)/M "
        "and √(n_a + n_b - (n_b - n_a)²/M)/M.",
    ),
)


@paired_difference.right
def _(y, y_hat_a, y_hat_b):
    d = (y_hat_b == y).astype(int) - (y_hat_a == y).astype(int)
    return d.mean(), d.std() / np.sqrt(len(d))


@paired_difference.right
def _(y, y_hat_a, y_hat_b):
    only_a = only_b = M = 0
    for true, a, b in zip(y, y_hat_a, y_hat_b, strict=True):
        M += 1
        only_a += int(a == true and b != true)
        only_b += int(b == true and a != true)
    return [(only_b - only_a) / M, (only_a + only_b - (only_b - only_a) ** 2 / M) ** 0.5 / M]


@paired_difference.right
def _(y, y_hat_a, y_hat_b):
    a, b = np.float32(y_hat_a == y), np.float32(y_hat_b == y)
    d = b.mean() - a.mean()
    covariance = np.mean(a * b) - a.mean() * b.mean()
    variance = a.var() + b.var() - 2 * covariance
    return d, np.sqrt(np.maximum(variance, 0) / np.float32(len(y)))


@paired_difference.right
def _(y, y_hat_a, y_hat_b):
    right = np.array([y_hat_a, y_hat_b]) == y
    n_a, n_b = np.sum(right[0] & ~right[1]), np.sum(right[1] & ~right[0])
    M = y.size
    return np.array([n_b - n_a, np.sqrt(n_a + n_b - (n_b - n_a) ** 2 / M)]) / M


@paired_difference.wrong()
def a_minus_b(y, y_hat_a, y_hat_b):
    """Your difference has the other sign. It is that of b minus that of a: positive if b is
    better."""
    d, error = _paired_difference(y, y_hat_a, y_hat_b)
    return -d, error


@paired_difference.wrong()
def without_a_sign(y, y_hat_a, y_hat_b):
    """You take the size of the difference. The sign says which of the two is better."""
    d, error = _paired_difference(y, y_hat_a, y_hat_b)
    return abs(d), error


@paired_difference.wrong("eq-standard-error")
def as_if_on_separate_digits(y, y_hat_a, y_hat_b):
    """You add the variances of the two accuracies. That is right for two test sets; here both saw
    the same digits, and what is common to both drops out. Look at the digits on which just one is
    right."""
    a, b = np.mean(y_hat_a == y), np.mean(y_hat_b == y)
    return b - a, sqrt((a * (1 - a) + b * (1 - b)) / len(y))


@paired_difference.wrong()
def different_answers_counted(y, y_hat_a, y_hat_b):
    """You count the examples on which the two answers differ. Where both are wrong, in different
    ways, neither is ahead: count those on which just one is right."""
    M, d = len(y), _signs(y, y_hat_a, y_hat_b).mean()
    return d, sqrt(max(np.sum(y_hat_a != y_hat_b) - d**2 * M, 0)) / M


@paired_difference.wrong()
def square_of_the_mean_forgotten(y, y_hat_a, y_hat_b):
    """(n_b - n_a)²/M is missing under the root. A variance is the mean square less the square of
    the mean; without it, one who is always ahead by the same seems to scatter."""
    d = _signs(y, y_hat_a, y_hat_b)
    return d.mean(), sqrt(np.sum(d**2)) / len(d)


@paired_difference.wrong()
def square_not_divided(y, y_hat_a, y_hat_b):
    """Under the root you take (n_b - n_a)² away as it is. It is divided by M, and what is left
    cannot be negative then."""
    d = _signs(y, y_hat_a, y_hat_b)
    return d.mean(), np.sqrt(np.sum(d**2) - np.sum(d) ** 2) / len(d)


@paired_difference.wrong()
def deviation_of_one_example(y, y_hat_a, y_hat_b):
    """That is the standard deviation of the single numbers. The mean of M of them scatters less, by
    √M."""
    d = _signs(y, y_hat_a, y_hat_b)
    return d.mean(), d.std()


@paired_difference.wrong()
def divided_by_M_once_too_often(y, y_hat_a, y_hat_b):
    """You divide the standard deviation by M. Variances are divided by M, deviations by its
    root."""
    d = _signs(y, y_hat_a, y_hat_b)
    return d.mean(), d.std() / len(d)


@paired_difference.wrong()
def all_right_answers_counted(y, y_hat_a, y_hat_b):
    """n_a and n_b are all right answers of a and of b in your formula. They are the examples that
    only a, and only b, got right: where both are right, neither is ahead."""
    M, n_a, n_b = len(y), np.sum(y_hat_a == y), np.sum(y_hat_b == y)
    return (n_b - n_a) / M, np.sqrt(n_a + n_b - (n_b - n_a) ** 2 / M) / M


@paired_difference.wrong()
def half_width_for_the_error(y, y_hat_a, y_hat_b):
    """Your error is 1.96 times too large: that is half the width of an interval. Asked for is one
    standard error."""
    d, error = _paired_difference(y, y_hat_a, y_hat_b)
    return d, 1.96 * error


@paired_difference.wrong()
def percentage_points(y, y_hat_a, y_hat_b):
    """Yours are percentage points. Shares are asked for, from -1 to 1."""
    d, error = _paired_difference(y, y_hat_a, y_hat_b)
    return 100 * d, 100 * error


@paired_difference.wrong()
def difference_alone(y, y_hat_a, y_hat_b):
    """The difference is right, but it comes alone. Return its standard error, too."""
    return _paired_difference(y, y_hat_a, y_hat_b)[0]


@paired_difference.wrong()
def variance_for_the_error(y, y_hat_a, y_hat_b):
    """That is the variance of the difference. The standard error is its root."""
    d, error = _paired_difference(y, y_hat_a, y_hat_b)
    return d, error**2


@paired_difference.wrong()
def one_less_below(y, y_hat_a, y_hat_b):
    """You divide by M - 1 where our equation has M: that is ddof=1. With many digits it makes
    hardly any difference; with eight it does."""
    d = _signs(y, y_hat_a, y_hat_b)
    return d.mean(), d.std(ddof=1) / sqrt(len(d))


@paired_difference.wrong()
def counts(y, y_hat_a, y_hat_b):
    """You return counts of digits. Divide both by M, to get a difference of accuracies and its
    standard error."""
    d, error = _paired_difference(y, y_hat_a, y_hat_b)
    return d * len(y), error * len(y)


EXERCISES = (
    confusion_matrix,
    errors_per_digit,
    binomial_interval,
    precision_recall,
    paired_difference,
)
