"""``mnist-nn grade``."""

import argparse
import csv
import sys
from pathlib import Path

from .console import DONE, Commands, Console, HelpFormatter, add_json
from .options import positive
from .outputs import check_new

_EPILOG = """\
examples:
  mnist-nn grade submitted --csv grades.csv
  mnist-nn grade submitted/ada.ipynb

Each notebook runs in a process of its own. It can still read and write files: grade the work of
people you do not know in a container.
"""


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "grade",
        help="check the exercises in notebooks that were handed in",
        description="Run each notebook, check the functions that it defines, and write a table: "
        "a line for each notebook, a column for each exercise.",
        epilog=_EPILOG,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="notebooks or folders")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the table as CSV")
    parser.add_argument("--force", action="store_true", help="replace a file that is there already")
    parser.add_argument(
        "--seconds",
        type=positive,
        default=120,
        metavar="N",
        help="end a notebook that takes longer (default: 120)",
    )
    parser.add_argument(
        "--memory",
        type=positive,
        default=2000,
        metavar="MB",
        help="memory that a notebook may ask for, not limited on Windows (default: 2000)",
    )
    add_json(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Grade as `args` say; return the exit code."""
    from tqdm import tqdm

    from ..exercises.grade import grade, table
    from ..files import replacing

    if args.csv is not None:
        check_new(args.csv, args.force, "choose another name, or ")
    grades = [
        grade(path, args.seconds, args.memory)
        for path in tqdm(_notebooks(args.paths), unit="notebook", disable=None)
    ]
    lines = table(grades)
    if args.csv is not None:
        with replacing(args.csv) as temporary, temporary.open("w", newline="") as file:
            csv.writer(file).writerows(lines)
        console.say(f"{len(grades)} notebooks graded, saved as {args.csv}.")
    elif not console.json:
        csv.writer(sys.stdout).writerows(lines)
    console.answer({"grades": [one._asdict() for one in grades]}, [])
    return DONE


def _notebooks(paths: list[Path]) -> list[Path]:
    """Return the notebooks among `paths`, folders searched."""
    found = []
    for path in paths:
        if path.is_dir():
            inside = sorted(
                one for one in path.rglob("*.ipynb") if ".ipynb_checkpoints" not in one.parts
            )
            if not inside:
                raise ValueError(f"{path} holds no notebook; name a folder with *.ipynb files")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise ValueError(f"{path} does not exist; name a notebook, or a folder of notebooks")
    return found
