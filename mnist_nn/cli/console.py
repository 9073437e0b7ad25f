"""What the commands say: to people on any terminal, or one JSON document to a program."""

import argparse
import codecs
import json
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

DONE, ERROR, INTERRUPTED = 0, 1, 130  # exit codes; argparse exits with 2

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Commands = argparse._SubParsersAction  # it takes no type arguments at run time

# What a terminal that cannot show a letter gets instead.
_SPELLED = {
    "η": "eta",
    "θ": "theta",
    "λ": "lambda",
    "μ": "mu",
    "Σ": "sum of ",
    "∂": "d",
    "²": "^2",
    "√": "sqrt ",
    "±": "+-",
    "½": "1/2",
    "←": "<-",
    "−": "-",
    "×": "x",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
}


def _spell(error: UnicodeError) -> tuple[str | bytes, int]:
    """Write a letter in plain ones: an error handler of the codecs."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letter = error.object[error.start]
    spelled = _SPELLED.get(letter) or letter.encode("ascii", "backslashreplace").decode()
    return spelled, error.start + 1


class HelpFormatter(argparse.HelpFormatter):
    """Wraps sentences to the width of the terminal, and keeps the lines of examples."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


class WrongArguments(ValueError):
    """Arguments that do not go together, or not with the digits: said as argparse does."""


class Console:
    """Standard output and error.

    Attributes
    ----------
    json : bool
        Whether standard output is kept for one JSON document, and messages go to standard error.
    """

    def __init__(self) -> None:
        self.json = False
        codecs.register_error("mnist_nn.spell", _spell)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="mnist_nn.spell")

    def say(self, line: str = "") -> None:
        """Write a line for people."""
        _write(line, sys.stderr if self.json else sys.stdout)

    def complain(self, sentence: str) -> None:
        """Write what went wrong."""
        _write(f"mnist-nn: {sentence}", sys.stderr)

    def answer(self, document: dict[str, Any], lines: Sequence[str]) -> None:
        """Write the result of a command: the document if a program asked for it, else the lines."""
        if self.json:
            _write(json.dumps(document, allow_nan=False), sys.stdout)
        else:
            for line in lines:
                self.say(line)

    def flush(self) -> None:
        """Write what is left, quietly if nobody reads any more."""
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BrokenPipeError:
                _discard(stream)


def _write(line: str, stream: TextIO) -> None:
    try:
        print(line, file=stream, flush=True)
    except BrokenPipeError:  # as with `| head`; what was begun is still finished
        _discard(stream)


def _discard(stream: TextIO) -> None:
    """Send what is written to a closed pipe nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def sentence(error: Exception) -> str:
    """Say what an error means for who typed the command."""
    if isinstance(error, MemoryError):
        return "there is not enough memory; make the layers or the batches smaller"
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option that asks for a JSON document."""
    parser.add_argument(
        "--json",
        action="store_true",
        help="write one JSON document to standard output, and messages to standard error",
    )


def percent(fraction: float) -> str:
    """Write a fraction for people."""
    return f"{fraction:.2%}".replace("%", " %")
