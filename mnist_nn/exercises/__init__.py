"""Exercises that diagnose: a check tries an answer, and names the mistake that it looks like.

In a notebook of ``book/exercises``::

    from mnist_nn.exercises import check, example, hint, progress, save
"""

from .answers import collect
from .capstone import capstone
from .catalogue import EXERCISES
from .exercise import Exercise, Probe
from .session import check, example, hint, progress, save
from .show import Message

__all__ = [
    "EXERCISES",
    "Exercise",
    "Message",
    "Probe",
    "capstone",
    "check",
    "collect",
    "example",
    "hint",
    "progress",
    "save",
]
