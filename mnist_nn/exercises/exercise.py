"""What an exercise is: a reference, calls to try, right answers, and mistakes that people make."""

from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import cleandoc, signature
from typing import Any, NamedTuple

Function = Callable[..., Any]


class Probe(NamedTuple):
    """One call that an answer has to pass.

    Attributes
    ----------
    words : str
        What is tried, such as "logits of 1000".
    args : tuple
        The arguments; each answer gets a copy.
    atol : float
        The difference that is allowed anywhere, besides a ten-thousandth of the value and a
        millionth of the largest.
    """

    words: str
    args: tuple[Any, ...]
    atol: float = 1e-7


class Wrong(NamedTuple):
    """A mistake that people make.

    Attributes
    ----------
    name : str
    answer : function
    hint : str
        What is wrong, and where to look; never the whole solution.
    equation : str
        The label of the equation to read again; empty if there is none.
    """

    name: str
    answer: Function
    hint: str
    equation: str


def _plain(answer: Function, *args: Any) -> Any:
    return answer(*args)


@dataclass(frozen=True, eq=False, kw_only=True)
class Exercise:
    """A function to write, and all that is known about answers to it.

    Attributes
    ----------
    name : str
        That of the function, unique in the course.
    title : str
    chapter : int
    level : int
        1 warm-up, 2 ordinary, 3 challenging.
    minutes : int
    equation : str
        The label of the equation that the answer implements; empty if it has no number.
    reference : function
        Gives the expected results; its parameters have the names that the learner sees.
    probes : tuple of Probe
        The first is the example that is shown.
    hints : tuple of str
        Three, from a nudge to nearly the answer.
    call : function
        How an answer is tried, ``call(answer, *args)``. It may return a dictionary of facts (where
        chance plays, or an answer is a generator); an answer is right if each fact is as expected.
    given : tuple of str
        What the arguments of a probe are called, where `call` makes others of them; without it, as
        the parameters.
    """

    name: str
    title: str
    chapter: int
    level: int
    minutes: int
    equation: str
    reference: Function
    probes: tuple[Probe, ...]
    hints: tuple[str, str, str]
    call: Function = _plain
    given: tuple[str, ...] = ()
    rights: list[Function] = field(default_factory=list)
    wrongs: list[Wrong] = field(default_factory=list)

    def right(self, answer: Function) -> Function:
        """Note a right answer (a decorator)."""
        self.rights.append(answer)
        return answer

    def wrong(self, equation: str | None = None) -> Callable[[Function], Function]:
        """Note a wrong answer (a decorator).

        The name of the function names the mistake, its docstring is the hint.

        Parameters
        ----------
        equation
            The label to read again, if it is not that of the exercise.
        """

        def note(answer: Function) -> Function:
            hint = " ".join(cleandoc(answer.__doc__ or "").split())
            name = answer.__name__.replace("_", " ").strip()
            self.wrongs.append(Wrong(name, answer, hint, equation or self.equation))
            return answer

        return note

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the arguments of a probe are called."""
        return self.given or self.parameters

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names that the learner's function has for its arguments."""
        return tuple(signature(self.reference).parameters)
