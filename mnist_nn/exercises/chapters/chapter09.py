"""Chapter 9: initialisation."""

from collections.abc import Callable
from copy import deepcopy
from math import sqrt
from typing import Any

import numpy as np

from ..exercise import Exercise, Function, Probe

_ENOUGH = 5000  # numbers, for mean, deviation and distribution to be seen
_SIZES = (
    ("200 inputs, 100 units", 200, 100),
    ("100 inputs, 200 units", 100, 200),
    ("as many units as inputs", 120, 120),
    ("two inputs", 2, 6000),
    ("one unit", 6000, 1),
    ("three inputs, four units", 3, 4),
    ("a single weight", 1, 1),
)


def _probes(deviation: Callable[[int, int], float]) -> tuple[Probe, ...]:
    return tuple(
        Probe(words, (n_in, n_out, np.random.default_rng(seed)), 0.005 * deviation(n_in, n_out))
        for seed, (words, n_in, n_out) in enumerate(_SIZES)
    )


def _drawn(
    deviation: Callable[[int, int], float], bound: Callable[[int, int], float] | None = None
) -> Callable[..., Any]:
    """Return what draws weights with an answer, and says what there is to see in them."""

    def call(answer: Function, n_in: int, n_out: int, rng: np.random.Generator) -> Any:
        twin = deepcopy(rng)
        weights = answer(n_in, n_out, rng)
        if weights is None:
            return None
        try:
            W = np.asarray(weights, float)
        except (TypeError, ValueError):
            return {"shape": f"none: that is not an array, but a {type(weights).__name__}"}
        expected = deviation(n_in, n_out)
        facts: dict[str, Any] = {"shape": str(W.shape)}
        if W.size >= _ENOUGH:
            facts |= {
                "mean": _rounded(W.mean(), 0.0, 1.5 * max(expected, W.std())),
                "standard deviation": _rounded(W.std(), expected, expected),
                "distribution": _distribution(W),
            }
            if bound is None:  # of 6,000 normal numbers some 14 are
                beyond = np.abs(W - W.mean()).max() > 3.05 * W.std()
                facts["some are more than three deviations out"] = bool(beyond)
        if bound is not None:
            end, largest = bound(n_in, n_out), np.abs(W).max()
            facts["none is beyond the bounds"] = bool(largest <= end * (1 + 1e-6))
            if W.size >= _ENOUGH:
                facts["they reach from bound to bound"] = bool(
                    W.max() > 0.97 * end and W.min() < -0.97 * end
                )
        if W.shape == (n_in, n_out):
            if n_out > 1:
                facts["each unit has weights of its own"] = _all_differ(W.T)
            if n_in > 1:
                facts["each input has weights of its own"] = _all_differ(W)
        later = answer(n_in, n_out, rng)
        again = answer(n_in, n_out, twin)
        other = answer(n_in, n_out, np.random.default_rng(99))
        facts["a generator of the same seed gives the same"] = np.array_equal(weights, again)
        facts["the next call gives others"] = not np.array_equal(weights, later)
        facts["a generator of another seed gives others"] = not np.array_equal(weights, other)
        return facts

    return call


def _rounded(found: float, expected: float, unit: float) -> float:
    """Return what was found; where it differs by chance alone, what is expected.

    With 6,000 numbers or more, 0.06 of a deviation is over 6 standard errors of a deviation, and
    0.09 nearly 7 of a mean.
    """
    near = abs(found - expected) <= 0.06 * unit
    return float(f"{expected if near else found:.3g}")


def _distribution(W: np.ndarray) -> str:
    """Return the kind of distribution, which the mean fourth power tells."""
    squares = (W - W.mean()) ** 2
    if not squares.mean() > 0:
        return "none"
    tails = np.mean(squares**2) / squares.mean() ** 2  # 1.8 for uniform, 3 for normal numbers
    return "uniform" if 1.65 < tails < 2 else "normal" if 2.65 < tails < 3.4 else "another"


def _all_differ(rows: np.ndarray) -> bool:
    return not (rows[1:] == rows[:1]).all(axis=1).any()


# ------------------------------------------------------------ fan_in_uniform


def _fan_in_uniform(n_in, n_out, rng):
    return rng.uniform(-1, 1, (n_in, n_out)) / sqrt(n_in)


def _fan_in_deviation(n_in: int, n_out: int) -> float:
    return sqrt(1 / (3 * n_in))


fan_in_uniform = Exercise(
    name="fan_in_uniform",
    title="Uniform, by the number of inputs",
    chapter=9,
    level=1,
    minutes=10,
    equation="eq-fan-in-uniform",
    reference=_fan_in_uniform,
    call=_drawn(_fan_in_deviation, lambda n_in, n_out: 1 / sqrt(n_in)),
    probes=_probes(_fan_in_deviation),
    hints=(
        "Where do the bounds lie for 100 inputs? The generator has a method that draws uniformly "
        "between two bounds.",
        "rng.uniform(low, high, shape) draws them all at once. The bounds are -a and a, with "
        "a = 1/√n_in, and the shape has inputs first.",
        "a = 1 / np.sqrt(n_in), and then rng.uniform(-a, a, (n_in, n_out)).",
    ),
)


@fan_in_uniform.right
def _(n_in, n_out, rng):
    return (2 * rng.random((n_in, n_out)) - 1) * n_in**-0.5


@fan_in_uniform.right
def _(n_in, n_out, rng):
    a = 1 / sqrt(n_in)
    return [[rng.uniform(-a, a) for _ in range(n_out)] for _ in range(n_in)]


@fan_in_uniform.right
def _(n_in, n_out, rng):
    numbers = rng.random(n_in * n_out, dtype=np.float32)
    return (numbers.reshape(n_in, n_out) - np.float32(0.5)) * np.float32(2 / sqrt(n_in))


@fan_in_uniform.right
def _(n_in, n_out, rng):
    columns = [rng.uniform(-1, 1, n_in) / np.sqrt(n_in) for _ in range(n_out)]
    return np.stack(columns, axis=1)


@fan_in_uniform.wrong()
def root_forgotten(n_in, n_out, rng):
    """Your bound is 1/n_in. A sum of n_in terms of mean 0 grows like √n_in, so the bound falls with
    the root."""
    return rng.uniform(-1, 1, (n_in, n_out)) / n_in


@fan_in_uniform.wrong()
def by_the_number_of_units(n_in, n_out, rng):
    """You use n_out. What a unit adds up are its inputs: it is n_in that counts here."""
    return rng.uniform(-1, 1, (n_in, n_out)) / sqrt(n_out)


@fan_in_uniform.wrong()
def positive_only(n_in, n_out, rng):
    """None of your weights is negative. The bounds are -a and a, and rng.random alone gives numbers
    from 0 to 1."""
    return rng.random((n_in, n_out)) / sqrt(n_in)


@fan_in_uniform.wrong()
def from_zero_to_twice_the_bound(n_in, n_out, rng):
    """The width is right, but you begin at 0. Take the bound away again, so that the mean is 0."""
    return rng.random((n_in, n_out)) * 2 / sqrt(n_in)


@fan_in_uniform.wrong()
def half_as_wide(n_in, n_out, rng):
    """Your weights reach only half as far as they should. From -a to a it is 2 a wide."""
    return (rng.random((n_in, n_out)) - 0.5) / sqrt(n_in)


@fan_in_uniform.wrong()
def normal_instead(n_in, n_out, rng):
    """You draw from a normal distribution, with 1/√n_in as its deviation. Here the numbers are
    uniform, and 1/√n_in is the bound that none of them passes."""
    return rng.normal(0, 1 / sqrt(n_in), (n_in, n_out))


@fan_in_uniform.wrong("eq-glorot-uniform")
def the_bound_of_Glorot(n_in, n_out, rng):
    """That is Glorot's bound, which has n_out in it. This rule is the one that Glorot's paper
    replaces, and it is often called by the same name."""
    return rng.uniform(-1, 1, (n_in, n_out)) * sqrt(6 / (n_in + n_out))


@fan_in_uniform.wrong()
def variance_of_one_over_n(n_in, n_out, rng):
    """Your variance is 1/n_in, which would keep the size of signals without an activation. This
    rule has its bound at 1/√n_in, and so a variance of 1/(3 n_in)."""
    return rng.uniform(-1, 1, (n_in, n_out)) * sqrt(3 / n_in)


@fan_in_uniform.wrong()
def not_scaled(n_in, n_out, rng):
    """Your weights reach from -1 to 1, whatever the size of the layer. Scale them by
    1/√n_in."""
    return rng.uniform(-1, 1, (n_in, n_out))


@fan_in_uniform.wrong()
def deviation_for_the_bound(n_in, n_out, rng):
    """Your bound is √(1/(3 n_in)), the standard deviation that the weights should have. The bound
    is √3 times as far out."""
    return rng.uniform(-1, 1, (n_in, n_out)) * sqrt(1 / (3 * n_in))


@fan_in_uniform.wrong()
def a_single_number(n_in, n_out, rng):
    """A single number comes back. rng.uniform takes the shape as its third argument."""
    return rng.uniform(-1, 1) / sqrt(n_in)


@fan_in_uniform.wrong()
def one_column_for_all_units(n_in, n_out, rng):
    """Every unit of your layer gets the same weights, so all of them say the same about an image: a
    hundred units see no more than one. Draw n_in times n_out numbers."""
    column = rng.uniform(-1, 1, (n_in, 1)) / sqrt(n_in)
    return np.repeat(column, n_out, axis=1)


@fan_in_uniform.wrong()
def units_are_rows(n_in, n_out, rng):
    """The shape is (n_out, n_in). In this course inputs come first, so that Z = A @ W + b fits."""
    return rng.uniform(-1, 1, (n_out, n_in)) / sqrt(n_in)


@fan_in_uniform.wrong()
def a_generator_of_its_own(n_in, n_out, rng):
    """Every call gives the same numbers, whatever the generator: each layer and each network
    starts alike. Make no generator of your own, and draw from the rng that is given."""
    return np.random.default_rng(0).uniform(-1, 1, (n_in, n_out)) / sqrt(n_in)


@fan_in_uniform.wrong()
def chance_from_elsewhere(n_in, n_out, rng):
    """The numbers do not come from rng: a generator of the same seed gives others, and nobody can
    repeat your training. Use rng's own methods, not those of np.random or of a new generator."""
    return np.random.uniform(-1, 1, (n_in, n_out)) / sqrt(n_in)  # noqa: NPY002


# ------------------------------------------------------------ glorot_uniform


def _glorot_uniform(n_in, n_out, rng):
    return rng.uniform(-1, 1, (n_in, n_out)) * sqrt(6 / (n_in + n_out))


def _glorot_deviation(n_in: int, n_out: int) -> float:
    return sqrt(2 / (n_in + n_out))


glorot_uniform = Exercise(
    name="glorot_uniform",
    title="Glorot's rule, which is called Xavier",
    chapter=9,
    level=1,
    minutes=10,
    equation="eq-glorot-uniform",
    reference=_glorot_uniform,
    call=_drawn(_glorot_deviation, lambda n_in, n_out: sqrt(6 / (n_in + n_out))),
    probes=_probes(_glorot_deviation),
    hints=(
        "The variance should be 2/(n_in + n_out), the compromise between forward and backward. "
        "Which bounds does a uniform distribution of that variance have?",
        "Between -a and a the variance is a²/3. Set that equal to 2/(n_in + n_out), and solve for "
        "a.",
        "a = np.sqrt(6 / (n_in + n_out)), and then rng.uniform(-a, a, (n_in, n_out)).",
    ),
)


@glorot_uniform.right
def _(n_in, n_out, rng):
    a = 6**0.5 / (n_in + n_out) ** 0.5
    return a * (1 - 2 * rng.random((n_in, n_out)))


@glorot_uniform.right
def _(n_in, n_out, rng):
    a = sqrt(3) * _glorot_deviation(n_in, n_out)
    W = np.zeros((n_in, n_out))
    for i in range(n_in):
        for j in range(n_out):
            W[i, j] = rng.uniform(-a, a)
    return W


@glorot_uniform.right
def _(n_in, n_out, rng):
    a = np.float32(np.sqrt(6 / (n_in + n_out)))
    return (rng.uniform(-1, 1, (n_out, n_in)).astype(np.float32) * a).T


@glorot_uniform.right
def _(n_in, n_out, rng):
    a = np.exp(0.5 * np.log(6 / (n_in + n_out)))
    return [rng.uniform(-a, a, n_out).tolist() for _ in range(n_in)]


@glorot_uniform.wrong("eq-fan-in-uniform")
def by_the_inputs_alone(n_in, n_out, rng):
    """Your bound is 1/√n_in. This is often called Xavier, in one of the five reports too, but it is
    what Glorot's paper replaces. Where is n_out?"""
    return rng.uniform(-1, 1, (n_in, n_out)) / sqrt(n_in)


@glorot_uniform.wrong("eq-glorot")
def deviation_for_the_bound(n_in, n_out, rng):
    """Your bound is the standard deviation. Between -a and a the variance is a²/3, not a², so the
    bound must be wider."""
    return rng.uniform(-1, 1, (n_in, n_out)) * sqrt(2 / (n_in + n_out))


@glorot_uniform.wrong("eq-glorot")
def normal_instead(n_in, n_out, rng):
    """The variance is right, but the numbers are normal. That is the other form of Glorot's rule;
    asked for is the uniform one."""
    return rng.normal(0, sqrt(2 / (n_in + n_out)), (n_in, n_out))


@glorot_uniform.wrong()
def normal_with_the_bound(n_in, n_out, rng):
    """You draw normal numbers, and take the bound for their deviation. Uniform numbers are asked
    for, between -a and a."""
    return rng.normal(0, sqrt(6 / (n_in + n_out)), (n_in, n_out))


@glorot_uniform.wrong()
def root_forgotten(n_in, n_out, rng):
    """Your bound is 6/(n_in + n_out), without its root."""
    return rng.uniform(-1, 1, (n_in, n_out)) * 6 / (n_in + n_out)


@glorot_uniform.wrong()
def a_missing_bracket(n_in, n_out, rng):
    """6 / n_in + n_out is first divided, then added: your bound is about √n_out. Put the sum in
    brackets."""
    return rng.uniform(-1, 1, (n_in, n_out)) * sqrt(6 / n_in + n_out)


@glorot_uniform.wrong("eq-he")
def the_variance_of_He(n_in, n_out, rng):
    """Your variance is 2/n_in: that is He's rule, made for ReLU, and n_out has no part in it.
    Glorot's has both numbers."""
    return rng.uniform(-1, 1, (n_in, n_out)) * sqrt(6 / n_in)


@glorot_uniform.wrong("eq-glorot")
def variance_for_the_bound(n_in, n_out, rng):
    """Your bound is 2/(n_in + n_out), which should be the variance. Between -a and a it is
    a²/3."""
    return rng.uniform(-1, 1, (n_in, n_out)) * 2 / (n_in + n_out)


@glorot_uniform.wrong()
def without_the_6(n_in, n_out, rng):
    """Your bound is 1/√(n_in + n_out): the 6 is missing. It is 2 for the compromise, times 3 from
    the variance of uniform numbers, a²/3."""
    return rng.uniform(-1, 1, (n_in, n_out)) / sqrt(n_in + n_out)


@glorot_uniform.wrong()
def a_single_number(n_in, n_out, rng):
    """A single number comes back. rng.uniform takes the shape as its third argument."""
    return rng.uniform(-1, 1) * sqrt(6 / (n_in + n_out))


@glorot_uniform.wrong()
def from_zero_to_twice_the_bound(n_in, n_out, rng):
    """The width is right, but you begin at 0. Take the bound away again, so that the mean is 0."""
    return rng.random((n_in, n_out)) * 2 * sqrt(6 / (n_in + n_out))


@glorot_uniform.wrong()
def half_as_wide(n_in, n_out, rng):
    """Your weights reach only half as far as they should. From -a to a it is 2 a wide."""
    return (rng.random((n_in, n_out)) - 0.5) * sqrt(6 / (n_in + n_out))


@glorot_uniform.wrong()
def positive_only(n_in, n_out, rng):
    """None of your weights is negative. They lie between -a and a, with mean 0."""
    return rng.random((n_in, n_out)) * sqrt(6 / (n_in + n_out))


@glorot_uniform.wrong()
def units_are_rows(n_in, n_out, rng):
    """The shape is (n_out, n_in). In this course inputs come first, so that Z = A @ W + b fits."""
    return rng.uniform(-1, 1, (n_out, n_in)) * sqrt(6 / (n_in + n_out))


@glorot_uniform.wrong()
def a_generator_of_its_own(n_in, n_out, rng):
    """Every call gives the same numbers, whatever the generator: each layer and each network
    starts alike. Make no generator of your own, and draw from the rng that is given."""
    return _glorot_uniform(n_in, n_out, np.random.default_rng(0))


@glorot_uniform.wrong()
def chance_from_elsewhere(n_in, n_out, rng):
    """The numbers do not come from rng: a generator of the same seed gives others, and nobody can
    repeat your training. Use rng's own methods, not those of np.random or of a new generator."""
    a = sqrt(6 / (n_in + n_out))
    return np.random.uniform(-a, a, (n_in, n_out))  # noqa: NPY002


# ------------------------------------------------------------ he_normal


def _he_normal(n_in, n_out, rng):
    return rng.standard_normal((n_in, n_out)) * sqrt(2 / n_in)


def _he_deviation(n_in: int, n_out: int) -> float:
    return sqrt(2 / n_in)


he_normal = Exercise(
    name="he_normal",
    title="He's rule, made for ReLU",
    chapter=9,
    level=1,
    minutes=10,
    equation="eq-he",
    reference=_he_normal,
    call=_drawn(_he_deviation),
    probes=_probes(_he_deviation),
    hints=(
        "Which share of the mean square does ReLU keep, and which variance makes up for it?",
        "The variance is 2/n_in. A generator's normal method asks for the standard deviation. How "
        "do you get one from the other?",
        "rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out)).",
    ),
)


@he_normal.right
def _(n_in, n_out, rng):
    return rng.normal(scale=(2 / n_in) ** 0.5, size=(n_in, n_out))


@he_normal.right
def _(n_in, n_out, rng):
    W = np.empty((n_in, n_out))
    for i in range(n_in):
        for j in range(n_out):
            W[i, j] = rng.normal() * sqrt(2 / n_in)
    return W


@he_normal.right
def _(n_in, n_out, rng):
    return rng.standard_normal((n_in, n_out), dtype=np.float32) / np.float32(sqrt(n_in / 2))


@he_normal.right
def _(n_in, n_out, rng):
    radius = np.sqrt(-2 * np.log(1 - rng.random((n_in, n_out))))  # after Box and Muller
    angle = 2 * np.pi * rng.random((n_in, n_out))
    return (radius * np.cos(angle) * sqrt(2 / n_in)).tolist()


@he_normal.wrong()
def variance_for_the_deviation(n_in, n_out, rng):
    """2/n_in is the variance, and you use it as the standard deviation. The deviation is its
    root."""
    return rng.normal(0, 2 / n_in, (n_in, n_out))


@he_normal.wrong("eq-relu-second-moment")
def without_the_2(n_in, n_out, rng):
    """Your variance is 1/n_in. That keeps the size of a sum; but then ReLU takes half of its mean
    square, layer after layer. Make up for that half."""
    return rng.normal(0, sqrt(1 / n_in), (n_in, n_out))


@he_normal.wrong()
def by_the_number_of_units(n_in, n_out, rng):
    """You use n_out. On the way forward a unit adds up n_in products, and it is their number that
    counts."""
    return rng.normal(0, sqrt(2 / n_out), (n_in, n_out))


@he_normal.wrong("eq-glorot")
def the_variance_of_Glorot(n_in, n_out, rng):
    """That is Glorot's variance, 2/(n_in + n_out). He's rule has only the inputs in it."""
    return rng.normal(0, sqrt(2 / (n_in + n_out)), (n_in, n_out))


@he_normal.wrong()
def root_of_2_alone(n_in, n_out, rng):
    """Your deviation is √2 / n_in: the number of inputs belongs under the root, too."""
    return rng.normal(0, sqrt(2) / n_in, (n_in, n_out))


@he_normal.wrong()
def a_hundredth_for_all_layers(n_in, n_out, rng):
    """Your deviation is 0.01, however large the layer is. It should follow from n_in."""
    return rng.normal(0, 0.01, (n_in, n_out))


@he_normal.wrong()
def uniform_of_this_bound(n_in, n_out, rng):
    """You draw uniformly, with the deviation as the bound. He's rule is a normal distribution, and
    √(2/n_in) is its standard deviation."""
    return rng.uniform(-1, 1, (n_in, n_out)) * sqrt(2 / n_in)


@he_normal.wrong()
def uniform_of_this_variance(n_in, n_out, rng):
    """The variance is right, but your numbers are uniform. A normal distribution is asked for."""
    return rng.uniform(-1, 1, (n_in, n_out)) * sqrt(6 / n_in)


@he_normal.wrong()
def of_one_size_for_all_layers(n_in, n_out, rng):
    """Your weights have the variance 1, however large the layer is. Multiply them by the
    standard deviation that this layer needs."""
    return rng.standard_normal((n_in, n_out))


@he_normal.wrong()
def deviation_for_the_mean(n_in, n_out, rng):
    """√(2/n_in) is the mean of your weights, and their deviation is 1. The first argument of
    rng.normal is the mean, the second the standard deviation."""
    return rng.normal(sqrt(2 / n_in), 1, (n_in, n_out))


@he_normal.wrong()
def cut_off_at_two_deviations(n_in, n_out, rng):
    """You leave out what is beyond two standard deviations. Some libraries do; it makes the
    variance smaller than the rule says, unless one makes up for it."""
    W = rng.standard_normal((n_in, n_out))
    while (beyond := np.abs(W) > 2).any():
        W[beyond] = rng.standard_normal(beyond.sum())
    return W * sqrt(2 / n_in)


@he_normal.wrong()
def clipped_at_two_deviations(n_in, n_out, rng):
    """You push what is beyond two standard deviations back to that border, where many weights are
    the same then. Leave them where they fall."""
    return np.clip(rng.standard_normal((n_in, n_out)), -2, 2) * sqrt(2 / n_in)


@he_normal.wrong()
def units_are_rows(n_in, n_out, rng):
    """The shape is (n_out, n_in). In this course inputs come first, so that Z = A @ W + b fits."""
    return rng.standard_normal((n_out, n_in)) * sqrt(2 / n_in)


@he_normal.wrong()
def a_generator_of_its_own(n_in, n_out, rng):
    """Every call gives the same numbers, whatever the generator: each layer and each network
    starts alike. Make no generator of your own, and draw from the rng that is given."""
    return _he_normal(n_in, n_out, np.random.default_rng(0))


@he_normal.wrong()
def chance_from_elsewhere(n_in, n_out, rng):
    """The numbers do not come from rng: a generator of the same seed gives others, and nobody can
    repeat your training. Use rng's own methods, not those of np.random or of a new generator."""
    return np.random.standard_normal((n_in, n_out)) * sqrt(2 / n_in)  # noqa: NPY002


# ------------------------------------------------------------ forward_variances


def _forward_variances(sizes, weight_variances, mean_square):
    v = [sizes[0] * weight_variances[0] * mean_square]
    for n_in, variance in zip(sizes[1:-1], weight_variances[1:], strict=True):
        v.append(n_in * variance * v[-1] / 2)
    return np.array(v)


_rng = np.random.default_rng(9)
forward_variances = Exercise(
    name="forward_variances",
    title="What depth makes of a signal",
    chapter=9,
    level=2,
    minutes=15,
    equation="eq-forward-variance",
    reference=_forward_variances,
    probes=(
        Probe("two layers", ((4, 3, 2), np.array([0.5, 1.0]), 2.0)),
        Probe(
            "He's rule",
            ((784, 100, 50, 10), np.array([2 / 784, 2 / 100, 2 / 50]), 0.1),
        ),
        Probe("a single layer", ((5, 7), np.array([0.3]), 1.5)),
        Probe("layers that get wider", ((3, 5, 8, 13, 21), np.array([0.9, 0.6, 0.7, 0.4]), 3.0)),
        Probe("twelve layers of weights with variance 1", ((64,) * 13, np.ones(12), 0.1)),
        Probe("a layer of zeros", ((6, 5, 4, 3), np.array([0.5, 0.0, 0.8]), 1.0)),
        Probe("ten layers of ±1/√n_in", ((30,) * 11, np.full(10, 1 / 90), 20.0)),
    ),
    hints=(
        "Go from layer to layer in a loop, with a number that you carry on. What happens to the "
        "mean square of a signal when it passes ReLU?",
        "The first layer multiplies the mean square of the pixels by n_0 σ_1². Each later layer "
        "multiplies the variance of the one before by ½ n σ², with n its own number of inputs.",
        "v = sizes[0] * weight_variances[0] * mean_square; then for l from 1 on, "
        "v = v * sizes[l] * weight_variances[l] / 2; collect every v.",
    ),
)


@forward_variances.right
def _(sizes, weight_variances, mean_square):
    n = np.array(sizes[:-1], float)
    return 2 * mean_square * np.cumprod(n * weight_variances / 2)


@forward_variances.right
def _(sizes, weight_variances, mean_square):
    signal, found = mean_square, []
    for l in range(len(sizes) - 1):
        z = float(sizes[l] * weight_variances[l] * signal)
        found.append(z)
        signal = 0.5 * z
    return found


@forward_variances.right
def _(sizes, weight_variances, mean_square):
    factors = np.float32(sizes[:-1]) * np.float32(weight_variances)
    factors[1:] *= np.float32(0.5)
    factors[0] *= np.float32(mean_square)
    return np.array([np.prod(factors[: l + 1]) for l in range(len(factors))], np.float32)


@forward_variances.right
def _(sizes, weight_variances, mean_square):
    def variance(l):
        before = mean_square if l == 0 else variance(l - 1) / 2
        return sizes[l] * weight_variances[l] * before

    return [variance(l) for l in range(len(weight_variances))]


@forward_variances.wrong()
def half_before_the_first_layer(sizes, weight_variances, mean_square):
    """All your numbers are half of what they should be. The pixels have not come out of a ReLU, so
    the first layer gets them whole; and what is asked for is the variance of Z, before ReLU."""
    return _forward_variances(sizes, weight_variances, mean_square) / 2


@forward_variances.wrong("eq-relu-second-moment")
def no_ReLU(sizes, weight_variances, mean_square):
    """The first layer is right, the others miss the half: between two layers stands a ReLU, which
    keeps half of the mean square."""
    return mean_square * np.cumprod(np.array(sizes[:-1]) * weight_variances)


@forward_variances.wrong()
def by_the_number_of_units(sizes, weight_variances, mean_square):
    """You multiply by the number of units that come out. A unit adds up the products of what goes
    in: layer l has sizes[l - 1] inputs."""
    return _forward_variances((*sizes[1:], 0), weight_variances, mean_square)


@forward_variances.wrong()
def by_the_number_of_units_later(sizes, weight_variances, mean_square):
    """The first layer is right. From the second on you multiply by the number of units that come
    out; it is the number that goes in that counts."""
    return _forward_variances((sizes[0], *sizes[2:], 0), weight_variances, mean_square)


@forward_variances.wrong()
def inputs_not_counted(sizes, weight_variances, mean_square):
    """The number of inputs is missing. A sum of n independent terms has n times the variance of
    one."""
    return _forward_variances((1,) * len(sizes), weight_variances, mean_square)


@forward_variances.wrong()
def deviations_come_back(sizes, weight_variances, mean_square):
    """These are the standard deviations. Asked for are the variances, their squares."""
    return np.sqrt(_forward_variances(sizes, weight_variances, mean_square))


@forward_variances.wrong()
def nothing_is_carried_on(sizes, weight_variances, mean_square):
    """Every layer of yours gets the mean square of the pixels. From the second on, it gets what the
    layer before has made of it."""
    v = np.array(sizes[:-1]) * weight_variances * mean_square / 2
    v[0] *= 2
    return v


@forward_variances.wrong()
def sizes_one_too_early(sizes, weight_variances, mean_square):
    """From the second layer on you take the size of one layer too early: sizes[0] belongs to the
    first layer alone. Layer l has sizes[l - 1] inputs, if layers are counted from 1."""
    return _forward_variances((sizes[0], *sizes[:-1]), weight_variances, mean_square)


@forward_variances.wrong("eq-relu-second-moment")
def doubled_for_halved(sizes, weight_variances, mean_square):
    """You multiply by 2 between the layers. ReLU keeps one half; the 2 of He's rule stands in the
    weights, to make up for it."""
    v = np.array(sizes[:-1]) * weight_variances * 2
    return mean_square / 2 * np.cumprod(v)


@forward_variances.wrong("eq-relu-second-moment")
def a_quarter(sizes, weight_variances, mean_square):
    """You take one quarter between the layers. Half of the units are on, but the mean square is
    taken over all of them: that is one half, once."""
    v = np.array(sizes[:-1]) * weight_variances / 4
    return mean_square * 4 * np.cumprod(v)


@forward_variances.wrong("eq-relu-second-moment")
def variance_for_the_mean_square(sizes, weight_variances, mean_square):
    """You carry the variance of A, which is 0.34 of that of Z. A is never negative, its mean is not
    0, and what the next sum feels is the mean square: one half."""
    keep = 0.5 - 0.5 / np.pi
    factors = np.array(sizes[:-1]) * weight_variances * keep
    return mean_square / keep * np.cumprod(factors)


@forward_variances.wrong()
def pixels_left_out(sizes, weight_variances, mean_square):
    """mean_square is not used. The first layer multiplies it by n_0 σ_1²."""
    return _forward_variances(sizes, weight_variances, 1.0)


@forward_variances.wrong()
def sizes_that_run_over(sizes, weight_variances, mean_square):
    """In a deep network the last numbers are far off: NumPy's whole numbers end at 2⁶³, and a
    product of many sizes runs over without a word. Multiply floats, layer by layer."""
    n = np.cumprod(np.array(sizes[:-1], np.int64))
    halves = 0.5 ** np.arange(len(n))
    return mean_square * n * np.cumprod(weight_variances) * halves


@forward_variances.wrong()
def kept_as_whole_numbers(sizes, weight_variances, mean_square):
    """What comes after the point is lost on the way: an array that is made of the sizes holds whole
    numbers. Give yours a float dtype."""
    v = np.zeros_like(sizes[1:])
    before = 2 * mean_square
    for l in range(len(v)):
        v[l] = before = int(sizes[l] * weight_variances[l] * before / 2)
    return v


@forward_variances.wrong()
def only_the_last(sizes, weight_variances, mean_square):
    """You return one number. Keep what every layer gives, and return them all."""
    return _forward_variances(sizes, weight_variances, mean_square)[-1]


@forward_variances.wrong()
def the_pixels_too(sizes, weight_variances, mean_square):
    """There is one number too many: your first is that of the pixels. Begin with the first
    layer."""
    return np.append(mean_square, _forward_variances(sizes, weight_variances, mean_square))


EXERCISES = (fan_in_uniform, glorot_uniform, he_normal, forward_variances)
