"""The command ``mnist-nn``.

A command is a file with two functions: ``add`` gives it a parser, and ``run``, called with the
parsed arguments and a console, returns the exit code. The other files hold what commands share.
NumPy is imported at once; Pillow, threadpoolctl and tqdm only where a command uses them, so that
``--help`` need not wait for them.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from . import data, evaluate, grade, predict, reproduce, runs, search, train, zoo
from .console import ERROR, INTERRUPTED, Console, HelpFormatter, WrongArguments, sentence

_EPILOG = """\
examples:
  mnist-nn train --hidden 512 --epochs 2
  mnist-nn evaluate model.npz
  mnist-nn predict my-digit.png --model model.npz

mnist-nn COMMAND --help explains a command.

exit codes:
  0    done
  1    an error, in one sentence on stderr
  2    wrong arguments
  130  interrupted with Ctrl-C
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv
        The arguments; those of the process if None.

    Returns
    -------
    int
        The exit code: 0; 1 after an error, which is written to stderr in one sentence; 130 after
        Ctrl-C.

    Raises
    ------
    SystemExit
        From argparse: after ``--help`` or ``--version``, or with code 2 for wrong arguments.
    """
    console = Console()
    try:
        args = _parser().parse_args(argv)
        console.json = args.json
        try:
            code: int = args.run(args, console)
        except WrongArguments as error:
            args.parser.error(str(error))
    except KeyboardInterrupt:
        console.complain("interrupted")
        code = INTERRUPTED
    except (ImportError, MemoryError, OSError, ValueError) as error:
        console.complain(sentence(error))  # Pillow may be missing: predict says so
        code = ERROR
    finally:
        console.flush()
    return code


def process() -> NoReturn:
    """Run the command line and end the process, as the script ``mnist-nn`` does.

    Raises
    ------
    SystemExit
        With the exit code that :func:`main` returns.
    """
    code = INTERRUPTED
    try:
        code = main()
    except KeyboardInterrupt:
        pass  # a second Ctrl-C, while the first was answered
    finally:
        # All is saved and said: one more would only cut the process short with a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def _parser() -> argparse.ArgumentParser:
    from .. import __version__

    parser = argparse.ArgumentParser(
        prog="mnist-nn",
        description="A neural network that reads handwritten digits: train it, measure it, use it.",
        epilog=_EPILOG,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (train, evaluate, predict, search, runs, reproduce, data, grade, zoo):
        command.add(commands)
    return parser
