"""Whether the checks catch every known mistake, and accept every right way."""

from typing import NamedTuple

from .catalogue import EXERCISES
from .judge import judge


class Count(NamedTuple):
    """How the checks fare on all answers that are known.

    Attributes
    ----------
    exercises, wrong, caught, named, right, accepted : int
        A wrong answer is caught if it does not pass, and named if it is taken for itself.
    problems : tuple of str
        A sentence for each answer with which something is amiss.
    """

    exercises: int
    wrong: int
    caught: int
    named: int
    right: int
    accepted: int
    problems: tuple[str, ...]

    @property
    def line(self) -> str:
        """The counts in one line."""
        return (
            f"exercises: {self.exercises}, wrong answers: {self.wrong}, caught: {self.caught}, "
            f"named correctly: {self.named}, right answers: {self.right}, "
            f"accepted: {self.accepted}"
        )


def count() -> Count:
    """Try every wrong and every right answer of the zoo."""
    wrong = caught = named = right = accepted = 0
    problems = []
    for exercise in EXERCISES.values():
        for known in exercise.wrongs:
            verdict = judge(exercise, known.answer)
            wrong += 1
            caught += not verdict.passed
            named += verdict.mistake == known.name
            if verdict.passed:
                problems.append(f"{exercise.name}: the wrong answer {known.name!r} passes")
            elif verdict.mistake != known.name:
                taken = f"taken for {verdict.mistake!r}" if verdict.mistake else "not named"
                problems.append(f"{exercise.name}: the wrong answer {known.name!r} is {taken}")
        for n, answer in enumerate(exercise.rights, start=1):
            verdict = judge(exercise, answer)
            right += 1
            accepted += verdict.passed
            if verdict.failed is not None and verdict.difference is not None:
                why = f"{verdict.failed.words}: {verdict.difference.why}"
                problems.append(f"{exercise.name}: right answer {n} is refused, {why}")
    return Count(len(EXERCISES), wrong, caught, named, right, accepted, tuple(problems))
