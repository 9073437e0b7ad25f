"""What the learner calls: example, check, hint, progress, save."""

import inspect
import linecache
import types
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from ..files import replacing
from . import show
from .catalogue import CHAPTERS, EXERCISES
from .exercise import Exercise
from .judge import Error, attempted, expectations, judge
from .show import Message

_passed: dict[str, bool] = {}  # what has been tried, and whether it was right in the end
_answers: dict[str, Any] = {}  # the last answer to each
_hints: dict[str, int] = {}  # how many hints were given


def example(name: str) -> Message:
    """Show what a right answer gives: the arguments of one call, and its result.

    It never raises an exception; where there is no exercise of that name, it says so.

    Parameters
    ----------
    name
        Of the exercise, such as "softmax".
    """
    exercise = _find(name)
    if isinstance(exercise, Message):
        return exercise
    return show.example(exercise, expectations(exercise)[0].value)


def check(name: str, answer: Callable[..., Any]) -> Message:
    """Try an answer on ordinary, extreme and odd arguments, and say what came of it.

    If it is not right: on what it fails, what came out, what was expected, and the mistake that it
    looks like. It never raises an exception; what yours raises is shown with its line. An answer
    that takes more than a few seconds is ended.

    Parameters
    ----------
    name
        Of the exercise, such as "softmax".
    answer
        Your function.

    Returns
    -------
    Message
        Shows itself in a notebook; ``print`` it elsewhere. ``passed`` is True, False, or None if
        nothing was tried.
    """
    exercise = _find(name)
    if isinstance(exercise, Message):
        return exercise
    if not callable(answer):
        return Message(
            f"{name}: check needs your function itself, and got something of type "
            f"{type(answer).__name__}. Write check({name!r}, {name}), without more parentheses."
        )
    if not attempted(answer):
        return Message(f"{name}: not attempted yet.")
    verdict = judge(exercise, answer)
    value = verdict.outcome.value if verdict.outcome else None
    if isinstance(value, Error) and value.kind == "NotImplementedError":
        return Message(f"{name}: not attempted yet.")
    _answers[name] = answer
    _passed[name] = verdict.passed or _passed.get(name, False)
    return show.message(verdict)


def hint(name: str, step: int | None = None) -> Message:
    """Give a hint: each call says more, up to nearly the answer.

    It never raises an exception.

    Parameters
    ----------
    name
        Of the exercise, such as "softmax".
    step
        1, 2 or 3; without it the next one.
    """
    exercise = _find(name)
    if isinstance(exercise, Message):
        return exercise
    if step is None:
        step = _hints[name] = min(_hints.get(name, 0) + 1, 3)
    if step not in (1, 2, 3):
        return Message(f"{name}: there are hints 1, 2 and 3, and no hint {step!r}.")
    more = (
        f"More: hint({name!r}) again."
        if step < 3
        else "The solution is folded below the check, and stands in "
        f"book/solutions/{CHAPTERS[exercise.chapter]}.ipynb."
    )
    return Message(f"{name}, hint {step} of 3: {exercise.hints[step - 1]}\n{more}")


def progress() -> Message:
    """Show which exercises are done, tried, or still to do."""
    lines = []
    for chapter, file in CHAPTERS.items():
        names = [e.name for e in EXERCISES.values() if e.chapter == chapter]
        if not names:
            continue
        done = sum(_passed.get(name, False) for name in names)
        marks = " ".join(_mark(name) + name for name in names)
        lines.append(f"{file}: {done} of {len(names)}   {marks}")
    total = sum(_passed.values())
    lines.append(f"{total} of {len(EXERCISES)} done in this session (✓ right, ✗ tried, · not yet)")
    return Message("\n".join(lines))


def _mark(name: str) -> str:
    return {True: "✓", False: "✗", None: "·"}[_passed.get(name)]


def save(path: str) -> Message:
    """Save the cells of your answers as a Python file; ``%run`` brings them back.

    It never raises an exception; what goes wrong is said. The file is written whole or not at all.

    Parameters
    ----------
    path
        Such as "answers-04.py".
    """
    if not _answers:
        return Message("Nothing to save yet: no answer has been checked in this session.")
    sources: dict[str, None] = {}  # a set that keeps its order
    missing = []
    for name, answer in _answers.items():
        if not _collect(answer, sources, set()):
            missing.append(name)
    text = f"# Answers to the exercises: {', '.join(_answers)}.\n"
    text += f"# Bring them back in a notebook with  %run -i {path}\n\n"
    text += "import numpy as np\n\n" + "\n\n".join(sources) + "\n"
    try:
        with replacing(path) as file:
            file.write_text(text, encoding="utf-8")
    except (OSError, TypeError, ValueError) as error:
        return Message(f"Nothing was saved: {error}")
    said = f"Saved {', '.join(n for n in _answers if n not in missing)} in {path}."
    if missing:
        said += f" The source of {', '.join(missing)} cannot be found: keep it by hand."
    said += (
        "\nDownload the file: in the list of files on the left, right click. To go on another day, "
        f"upload it next to this notebook, and run:  %run -i {path}"
    )
    return Message(said)


def _collect(answer: Any, sources: dict[str, None], seen: set[int]) -> bool:
    """Add the cell that defines an answer, after what it uses: modules, numbers, functions."""
    if not isinstance(answer, types.FunctionType) or id(answer) in seen:
        return isinstance(answer, types.FunctionType)
    seen.add(id(answer))
    code = answer.__code__
    for name in code.co_names:
        used = answer.__globals__.get(name)
        if isinstance(used, types.FunctionType) and used.__globals__ is answer.__globals__:
            _collect(used, sources, seen)
        elif isinstance(used, types.ModuleType) and name != "np":
            renamed = "" if used.__name__ == name else f" as {name}"
            sources[f"import {used.__name__}{renamed}"] = None
        elif isinstance(used, int | float | str):
            sources[f"{name} = {used!r}"] = None
    if "ipykernel" in code.co_filename or "<ipython-input" in code.co_filename:  # a whole cell
        source = "".join(linecache.getlines(code.co_filename))
    else:
        try:
            source = inspect.getsource(answer)
        except (OSError, TypeError):
            source = ""
    if source:
        sources[source.strip()] = None
    return bool(source)


def _find(name: str) -> Exercise | Message:
    if isinstance(name, str) and name in EXERCISES:
        return EXERCISES[name]
    near = get_close_matches(str(name), EXERCISES, 3)
    text = f"There is no exercise {name!r}."
    if near:
        text += f" Did you mean {' or '.join(near)}?"
    return Message(text)
