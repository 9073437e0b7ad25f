"""``mnist-nn zoo``."""

import argparse

from .console import DONE, ERROR, Commands, Console, HelpFormatter, add_json


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "zoo",
        help="try the checks of the exercises on all known answers",
        description="Try every wrong and every right answer that is known to the exercises: each "
        "mistake must be caught and named, each right answer accepted.",
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run, parser=parser)
    add_json(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Count; return the exit code."""
    from ..exercises.zoo import count

    found = count()
    console.answer(found._asdict(), [found.line])
    for problem in found.problems:
        console.complain(problem)
    return ERROR if found.problems else DONE
