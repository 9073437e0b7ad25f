"""Try an answer, compare it with what is expected, and name the mistake that it looks like."""

import contextlib
import dis
import io
import itertools
import re
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .exercise import Exercise, Function, Probe
from .limit import OutOfTime, time_limit

SECONDS = 5.0  # for each probe

RTOL = 1e-4  # float32 passes, a missing 1/M does not


class Error(NamedTuple):
    """An exception that an answer raised.

    Attributes
    ----------
    kind : str
        The name of its type.
    message : str
    line : str
        The learner's own line, where it can be found.
    """

    kind: str
    message: str
    line: str


class Outcome(NamedTuple):
    """What came of one call.

    Attributes
    ----------
    value : object
        What was returned, with arrays in place of lists; or an `Error`.
    changed : str
        The name of an argument that the call has changed; empty if none.
    printed : str
        What the answer printed.
    """

    value: Any
    changed: str = ""
    printed: str = ""


class Difference(NamedTuple):
    """The first thing in which a result is not what it should be.

    Attributes
    ----------
    where : str
        The fact, or the part of the result; empty if it is one thing.
    why : str
        In words.
    yours, expected : object
    """

    where: str
    why: str
    yours: Any
    expected: Any


class Verdict(NamedTuple):
    """What is to be said about an answer.

    Attributes
    ----------
    exercise : Exercise
    held : tuple of str
        The probes that it passed, in words.
    failed : Probe or None
        The first that it did not.
    outcome : Outcome or None
        What came of that one.
    difference : Difference or None
    mistake : str
        The name of the mistake that it looks like; empty if none is known.
    hint : str
    equation : str
        The label to read again.
    """

    exercise: Exercise
    held: tuple[str, ...]
    failed: Probe | None = None
    outcome: Outcome | None = None
    difference: Difference | None = None
    mistake: str = ""
    hint: str = ""
    equation: str = ""

    @property
    def passed(self) -> bool:
        """Whether all probes held."""
        return self.failed is None


def attempted(answer: Function) -> bool:
    """Return whether there is more in a function than a docstring and three dots."""
    if not isinstance(answer, types.FunctionType):
        return True
    steps = [step for step in dis.get_instructions(answer) if step.opname != "RESUME"]
    empty = {step.opname for step in steps} <= {"LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}
    return not (empty and steps[0].argval is None)


@np.errstate(all="ignore")  # of infinite answers, too, the difference is taken
def judge(exercise: Exercise, answer: Function) -> Verdict:
    """Try an answer on all probes of an exercise."""
    expected = expectations(exercise)
    outcomes = []
    for probe in exercise.probes:
        outcomes.append(attempt(exercise, answer, probe))
        if isinstance(outcomes[-1].value, Error) and outcomes[-1].value.kind == "OutOfTime":
            break  # the others would take as long
    differences = [
        difference(outcome, right, probe.atol)
        for outcome, right, probe in zip(outcomes, expected, exercise.probes, strict=False)
    ]
    wrong = [n for n, found in enumerate(differences) if found]
    held = tuple(
        probe.words
        for probe, found in zip(exercise.probes, differences, strict=False)
        if found is None
    )
    if not wrong:
        return Verdict(exercise, held)
    first = wrong[0]
    name, hint, equation = _diagnose(exercise, outcomes, wrong)
    return Verdict(
        exercise,
        held,
        exercise.probes[first],
        outcomes[first],
        differences[first],
        name,
        hint,
        equation,
    )


@cache
def expectations(exercise: Exercise) -> tuple[Outcome, ...]:
    """Return what is expected of each probe."""
    return tuple(attempt(exercise, exercise.reference, probe) for probe in exercise.probes)


@cache
def _zoo(exercise: Exercise) -> tuple[tuple[Outcome, ...], ...]:
    """Return what comes of each known wrong answer."""
    return tuple(
        tuple(attempt(exercise, wrong.answer, probe) for probe in exercise.probes)
        for wrong in exercise.wrongs
    )


def attempt(exercise: Exercise, answer: Function, probe: Probe) -> Outcome:
    """Call an answer with copies of the arguments, and keep what comes of it."""
    args = deepcopy(probe.args)
    printed = io.StringIO()
    try:
        with (
            np.errstate(all="ignore"),
            warnings.catch_warnings(),
            contextlib.redirect_stdout(printed),
            time_limit(SECONDS),
        ):
            warnings.simplefilter("ignore")
            value = _settled(exercise.call(answer, *args))
    except OutOfTime:
        value = Error("OutOfTime", f"it had not ended after {SECONDS:g} seconds", "")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever it is, the learner is told and not thrown out
        value = Error(type(error).__name__, str(error), _line(error, answer))
    changed = [
        name
        for name, before, after in zip(exercise.arguments, probe.args, args, strict=False)
        if not isinstance(before, np.random.Generator) and not _equal(before, after)
    ]
    return Outcome(value, changed[0] if changed else "", printed.getvalue())


def _settled(value: Any) -> Any:
    """Return a result with arrays in place of numbers and lists of numbers."""
    if isinstance(value, dict):
        return {key: _settled(inner) for key, inner in value.items()}
    if value is None or isinstance(value, str | bytes | bool | np.bool_ | np.ndarray):
        return bool(value) if isinstance(value, np.bool_) else value
    if isinstance(value, tuple):
        return tuple(map(_settled, value))
    if isinstance(value, Iterator):  # one without an end shall not fill the memory
        return tuple(map(_settled, itertools.islice(value, 10_000)))
    try:
        found = np.asarray(value)
    except (TypeError, ValueError):
        found = None
    if found is not None and found.dtype != object:
        return found
    return tuple(map(_settled, value)) if isinstance(value, list) else value


def _equal(before: Any, after: Any) -> bool:
    """Return whether an argument is as it was, bit for bit."""
    if isinstance(before, np.ndarray):
        return (
            isinstance(after, np.ndarray)
            and before.shape == after.shape
            and np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
        )
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(_equal, before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(_equal(before[k], after[k]) for k in before)
    return callable(before) or before == after


def _line(error: BaseException, answer: Function) -> str:
    """Return the last line of the learner's own file or cell on the way to an error."""
    file = getattr(getattr(answer, "__code__", None), "co_filename", None)
    own = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return f"line {own[-1].lineno}: {own[-1].line}" if own and own[-1].line else ""


# ------------------------------------------------------------ as it should be?


def difference(outcome: Outcome, expected: Outcome, atol: float = 1e-7) -> Difference | None:
    """Return the first thing in which an outcome is not as expected, or None."""
    found = _compare("", outcome.value, expected.value, atol)
    if found is None and outcome.changed and not expected.changed:
        why = f"the result is right, but your function changes its argument {outcome.changed}"
        return Difference("", why, outcome.value, expected.value)
    return found


def _compare(where: str, yours: Any, expected: Any, atol: float) -> Difference | None:
    def no(why: str) -> Difference:
        return Difference(where, why, yours, expected)

    if isinstance(yours, Error):
        return no(f"{yours.kind}: {yours.message}" if yours.message else yours.kind)
    if isinstance(expected, dict):
        if not isinstance(yours, dict):
            return no(f"expected a dictionary; yours is {_kind(yours)}")
        for key, value in expected.items():
            if key not in yours:
                return no(f"there is no {key!r} in your dictionary")
            if found := _compare(str(key), yours[key], value, atol):
                return found
        return None
    if isinstance(expected, tuple):
        if isinstance(yours, np.ndarray) and yours.ndim and len(yours) == len(expected):
            yours = tuple(yours)
        count = f"{len(expected)} result{'s' if len(expected) > 1 else ''}"
        if not isinstance(yours, tuple):
            return no(f"expected {count}; yours is {_kind(yours)}")
        if len(yours) != len(expected):
            return no(f"expected {count}; yours has {len(yours)}")
        for n, (mine, right) in enumerate(zip(yours, expected, strict=True)):
            if found := _compare(f"result {n + 1}", _settled(mine), right, atol):
                return found
        return None
    if isinstance(expected, str | bytes | bool) or expected is None:
        if isinstance(yours, np.ndarray) and yours.size == 1:
            yours = yours.item()
        same = not isinstance(yours, np.ndarray) and yours == expected
        return None if same else no(f"expected {expected!r}; yours is {_kind(yours)}")
    return _compare_arrays(no, yours, np.asarray(expected), atol)


def _compare_arrays(
    no: Callable[[str], Difference], yours: Any, expected: np.ndarray, atol: float
) -> Difference | None:
    if isinstance(yours, bool):
        yours = np.asarray(yours)
    if isinstance(yours, tuple):
        with contextlib.suppress(ValueError):  # rows of different lengths stay what they are
            yours = np.array(yours)
    if not isinstance(yours, np.ndarray) or yours.dtype.kind not in "biuf":
        return no(
            f"expected {'an array' if expected.ndim else 'a number'}; yours is {_kind(yours)}"
        )
    if yours.shape != expected.shape:
        return no(f"expected the shape {expected.shape}; yours has {yours.shape}")
    if _close(yours, expected, atol):
        return None
    for odd, word in ((np.isnan, "nan"), (np.isinf, "infinite")):
        if odd(yours).any() and not odd(expected.astype(float)).any():
            return no(_how_many(odd(yours), f"are {word}", f"it is {word}"))
    return no(_how_many(~_near(yours, expected, atol), "differ", "it differs"))


def _how_many(which: np.ndarray, several: str, one: str) -> str:
    return f"{int(which.sum())} of {which.size} numbers {several}" if which.size > 1 else one


def _near(a: np.ndarray, b: np.ndarray, atol: float) -> np.ndarray:
    """Return where two arrays of one shape agree: counts exactly, others as float32 allows."""
    if b.dtype.kind in "biu":
        return np.abs(a.astype(float) - b.astype(float)) < 1e-6
    a, b = a.astype(float), b.astype(float)
    finite = np.isfinite(b)
    scale = float(np.abs(b[finite]).max()) if finite.any() else 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(a - b) <= RTOL * np.abs(b) + 1e-6 * scale + atol
    return (finite & near) | (a == b) | (np.isnan(a) & np.isnan(b))


def _close(a: np.ndarray, b: np.ndarray, atol: float) -> bool:
    return bool(_near(a, b, atol).all())


def _kind(value: Any) -> str:
    if value is None:
        return "None (is there a return?)"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.ndim else f"the number {value}"
    if isinstance(value, tuple):
        return f"{len(value)} results"
    return repr(value) if isinstance(value, str | bytes | bool) else f"a {type(value).__name__}"


# ------------------------------------------------------------ what does it look like?


def _diagnose(
    exercise: Exercise, outcomes: list[Outcome], wrong: list[int]
) -> tuple[str, str, str]:
    """Return the name of a mistake, its hint and the equation to read again."""
    expected = expectations(exercise)
    if found := _from_zoo(exercise, outcomes, wrong):
        return found
    failures = [(outcomes[n], expected[n], exercise.probes[n].args) for n in wrong]
    numbers = sum(
        np.size(yours.value) for yours, _, _ in failures if isinstance(yours.value, np.ndarray)
    )
    for name, hint, holds in PATTERNS:
        if name in _BY_CHANCE and numbers < 3:
            continue
        if all(holds(yours, right, args) for yours, right, args in failures):
            return name, hint, exercise.equation
    return "", "", exercise.equation


def _from_zoo(
    exercise: Exercise, outcomes: list[Outcome], wrong: list[int]
) -> tuple[str, str, str] | None:
    """Return the known mistake that gives the same wherever one of the two is wrong, or mostly."""
    best, most = None, 0.6
    expected = expectations(exercise)
    for known, theirs in zip(exercise.wrongs, _zoo(exercise), strict=True):
        same = differ = 0
        for n, (outcome, their) in enumerate(zip(outcomes, theirs, strict=False)):
            atol = exercise.probes[n].atol
            if n in wrong or difference(their, expected[n], atol):
                differ += 1
                same += n in wrong and _same(outcome, their, atol)
        if differ and same / differ > most:
            best, most = known, same / differ
    return best and (best.name, best.hint, best.equation)


def _same(a: Outcome, b: Outcome, atol: float) -> bool:
    if isinstance(a.value, Error) and isinstance(b.value, Error):
        return a.value.kind == b.value.kind and _gist(a.value) == _gist(b.value)
    if isinstance(a.value, Error) or isinstance(b.value, Error):
        return False
    return a.changed == b.changed and _compare("", a.value, b.value, atol) is None


def _gist(error: Error) -> str:
    """Return a message without its numbers: shapes differ from answer to answer."""
    return re.sub(r"\d+", "", error.message)


Test = Callable[[Outcome, Outcome, tuple[Any, ...]], bool]


def _arrays(test: Callable[[np.ndarray, np.ndarray, tuple[Any, ...]], bool]) -> Test:
    """Make a test of two arrays into one of two outcomes."""

    def outer(yours: Outcome, right: Outcome, args: tuple[Any, ...]) -> bool:
        a, b = yours.value, right.value
        if isinstance(a, dict) and isinstance(b, dict):
            pairs = [(a.get(k), b[k]) for k in b if difference(Outcome(a.get(k)), Outcome(b[k]))]
        elif isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
            both = zip(a, b, strict=True)
            pairs = [(x, y) for x, y in both if difference(Outcome(x), Outcome(y))]
        else:
            pairs = [(a, b)]
        return bool(pairs) and all(
            isinstance(x, np.ndarray)
            and isinstance(y, np.ndarray)
            and x.dtype.kind in "biuf"
            and test(x.astype(float), y.astype(float), args)
            for x, y in pairs
        )

    return outer


def _scaled(by: Callable[[tuple[int, ...]], float]) -> Test:
    """Return the test whether the answer is what is expected times a size of the first array."""

    def test(a: np.ndarray, b: np.ndarray, args: tuple[Any, ...]) -> bool:
        shapes = [x.shape for x in args if isinstance(x, np.ndarray) and x.ndim]
        factor = by(shapes[0]) if shapes else 0.0
        return factor not in (0, 1) and _constant(a, b, factor)

    return _arrays(test)


def _constant(a: np.ndarray, b: np.ndarray, factor: float) -> bool:
    return a.shape == b.shape and bool(b.any()) and _close(a, factor * b, 0)


# One number may be half of another without any reason.
_BY_CHANCE = ("a factor of 2", "a factor of one half", "the wrong sign", "rounded")
_SHAPES = ("broadcast", "matmul", "not aligned", "match exactly", "number of dimensions")

# In the order in which they are tried; each has to hold wherever the answer fails.
PATTERNS: list[tuple[str, str, Test]] = [
    (
        "it changes its argument",
        "Your function writes into an array that it was given. Whoever calls it still needs that "
        "array. Make a new one: Z = Z - 1 instead of Z -= 1, or Z.copy() first.",
        lambda yours, right, args: bool(yours.changed),
    ),
    (
        "no end",
        "A loop does not come to its end. Look at what ends it, and whether that ever happens.",
        lambda yours, right, args: (
            isinstance(yours.value, Error) and yours.value.kind == "OutOfTime"
        ),
    ),
    (
        "shapes that do not fit",
        "Two arrays on the way have shapes that cannot be combined. Print both shapes. Often a sum "
        "or a maximum has lost an axis: keepdims=True keeps it.",
        lambda yours, right, args: (
            isinstance(yours.value, Error)
            and yours.value.kind == "ValueError"
            and any(word in yours.value.message for word in _SHAPES)
        ),
    ),
    (
        "a name without a value",
        "A name is used that has no value there. Capital or small letter? Does it get its value "
        "only in a loop or an if that is sometimes left out?",
        lambda yours, right, args: (
            isinstance(yours.value, Error)
            and yours.value.kind in ("NameError", "UnboundLocalError")
        ),
    ),
    (
        "one question for a whole array",
        "if and while want one True or False, and get an array of them. Ask for each number: "
        "np.where, a product with a mask, or a loop.",
        lambda yours, right, args: (
            isinstance(yours.value, Error) and "truth value of an array" in yours.value.message
        ),
    ),
    (
        "a function that returns nothing",
        "On the way something is None. Functions that change an array or a list in place, such as "
        "rng.shuffle(p) or p.sort(), return None: call them on a line of their own.",
        lambda yours, right, args: (
            isinstance(yours.value, Error) and "NoneType" in yours.value.message
        ),
    ),
    (
        "nothing comes back",
        "Your function returns None. Is there a return on every way through it?",
        lambda yours, right, args: yours.value is None,
    ),
    (
        "all zeros",
        "All that comes back is 0. Is the result ever written into the array?",
        _arrays(
            lambda a, b, args: a.shape == b.shape and a.size > 1 and not a.any() and bool(b.any())
        ),
    ),
    (
        "nan or infinity",
        "The formula is right where numbers are moderate, but a number on the way gets too large, "
        "or is divided by 0. Which one? Rewrite the formula so that it stays small.",
        _arrays(lambda a, b, args: a.shape == b.shape and not np.isfinite(a[np.isfinite(b)]).all()),
    ),
    (
        "kept away from infinity",
        "Where the result has to be infinite, yours is a finite number: something small is added, "
        "or something is cut off, so that the infinity never shows. It is the right answer there.",
        _arrays(
            lambda a, b, args: (
                a.shape == b.shape
                and bool(np.isinf(b).any())
                and bool(np.isfinite(a[np.isinf(b)]).any())
            )
        ),
    ),
    (
        "the wrong sign",
        "Every number has the wrong sign.",
        _arrays(lambda a, b, args: _constant(a, b, -1)),
    ),
    (
        "a sum where a mean belongs",
        "All is too large by the number of examples: divide by M.",
        _scaled(lambda shape: float(shape[0])),
    ),
    (
        "divided by the number of examples once too often",
        "All is too small by the number of examples. Is it a sum, or is the mean taken twice?",
        _scaled(lambda shape: 1 / shape[0]),
    ),
    (
        "too small by the number of columns",
        "All is too small by the number of columns: a mean over everything where a sum along each "
        "row belongs?",
        _scaled(lambda shape: 1 / shape[-1]),
    ),
    (
        "too large by the number of columns",
        "All is too large by the number of columns.",
        _scaled(lambda shape: float(shape[-1])),
    ),
    (
        "a factor of 2",
        "All is twice what it should be.",
        _arrays(lambda a, b, args: _constant(a, b, 2)),
    ),
    (
        "a factor of one half",
        "All is half of what it should be.",
        _arrays(lambda a, b, args: _constant(a, b, 0.5)),
    ),
    (
        "transposed",
        "The numbers are right, but rows and columns have changed places.",
        _arrays(lambda a, b, args: a.ndim > 1 and a.shape == b.T.shape and _close(a, b.T, 0)),
    ),
    (
        "the right numbers in other places",
        "Every number is there, in another place. Was an array reshaped where it had to be "
        "transposed, or sorted, or read the other way round?",
        _arrays(
            lambda a, b, args: (
                a.shape == b.shape and a.size > 2 and _close(np.sort(a, None), np.sort(b, None), 0)
            )
        ),
    ),
    (
        "the wrong shape",
        "The numbers are right, but an axis is missing or too many: look at keepdims, and at where "
        "a (M,) should be a (M, 1).",
        _arrays(
            lambda a, b, args: (
                a.shape != b.shape and a.size == b.size and _close(a.ravel(), b.ravel(), 0)
            )
        ),
    ),
    (
        "whole numbers",
        "What comes after the point is lost: an array of integers cannot hold it. Give the array a "
        "float dtype before you write into it.",
        _arrays(
            lambda a, b, args: (
                a.shape == b.shape and _close(a, np.trunc(b), 0) and not _close(b, np.trunc(b), 0)
            )
        ),
    ),
    (
        "rounded",
        "The result is rounded. Leave that to whoever prints it.",
        _arrays(
            lambda a, b, args: (
                a.shape == b.shape and any(_close(a, np.round(b, n), 0) for n in (1, 2, 3, 4))
            )
        ),
    ),
    (
        "the argument itself",
        "What comes back is an argument, as it was.",
        _arrays(
            lambda a, b, args: any(
                isinstance(x, np.ndarray) and x.shape == a.shape and np.array_equal(x, a)
                for x in args
            )
        ),
    ),
    (
        "one example is used for all",
        "Every row of the result is the same.",
        _arrays(
            lambda a, b, args: (
                a.shape == b.shape
                and a.ndim == 2
                and len(a) > 1
                and _close(a, np.broadcast_to(a[0], a.shape), 0)
                and not _close(b, np.broadcast_to(b[0], b.shape), 0)
            )
        ),
    ),
    (
        "shifted by a constant",
        "Every number is off by the same amount.",
        _arrays(
            lambda a, b, args: (
                a.shape == b.shape and a.size > 1 and np.ptp(a - b) < 1e-6 * np.abs(b).max()
            )
        ),
    ),
]
