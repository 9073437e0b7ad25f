"""All exercises, by name, in the order of the course."""

import json
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from .exercise import Exercise

CHAPTERS = MappingProxyType(
    {
        1: "01-handwritten-digits",
        2: "02-one-layer",
        3: "03-likelihood-to-loss",
        4: "04-softmax",
        5: "05-relu",
        6: "06-back-through-a-layer",
        7: "07-any-depth",
        8: "08-sgd",
        9: "09-initialisation",
        10: "10-measuring",
        11: "11-tuning",
        12: "12-what-it-learned",
    }
)

EXERCISES: dict[str, Exercise] = {
    exercise.name: exercise
    for chapter in CHAPTERS
    for exercise in import_module(f".chapters.chapter{chapter:02}", __package__).EXERCISES
}

_EQUATIONS: dict[str, str] = json.loads(
    (Path(__file__).parent / "equations.json").read_text(encoding="utf-8")
)


def place(equation: str, chapter: int) -> str:
    """Return what to read, such as "eq-softmax in chapter 4 (04-softmax.ipynb)".

    Parameters
    ----------
    equation
        Its label; empty where there is none, then it is the whole chapter.
    chapter
        That of the exercise.
    """
    if not equation:
        return f"chapter {chapter} ({CHAPTERS[chapter]}.ipynb)"
    file = _EQUATIONS[equation]
    return f"{equation} in chapter {int(file[:2])} ({file}.ipynb)"
