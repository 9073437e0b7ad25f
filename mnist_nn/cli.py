"""The command ``mnist-nn``.

Each sub-command is a function that adds its own parser and sets ``run``, which is called with the
parsed arguments.
"""

import argparse
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv
        The arguments; those of the process if None.

    Returns
    -------
    int
        The exit code: 0, or 1 after an error, which is written to stderr in one sentence.

    Raises
    ------
    SystemExit
        From argparse: after ``--help`` or ``--version``, or with code 2 for wrong arguments.
    """
    args = _parser().parse_args(argv)
    try:
        args.run(args)
    except (OSError, ValueError) as error:
        print(f"mnist-nn: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    from . import __version__

    parser = argparse.ArgumentParser(
        prog="mnist-nn", description="A neural network that reads handwritten digits."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_data(commands)
    return parser


def _add_data(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    data = commands.add_parser("data", help="the MNIST files that come with the package")
    actions = data.add_subparsers(metavar="ACTION", required=True)
    verify = actions.add_parser("verify", help="read each file and compare its SHA-256")
    verify.set_defaults(run=_verify_data)


def _verify_data(args: argparse.Namespace) -> None:
    # Each command imports what it needs: `--help` should not wait for all of them.
    from .data.mnist import SHA256, read_verified

    print(f"{'file':26}{'shape':18}SHA-256")
    for name in SHA256:
        print(f"{name:26}{read_verified(name).shape!s:18}ok")


if __name__ == "__main__":
    sys.exit(main())
