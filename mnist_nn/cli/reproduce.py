"""``mnist-nn reproduce``."""

import argparse
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..files import replacing
from ..reports import RECIPES, reproduce, rows
from ..reports.text import result_cells, setting_cells
from .console import DONE, Commands, Console, HelpFormatter
from .options import positive
from .outputs import check_new, rehearse

_EPILOG = """\
examples:
  mnist-nn reproduce chang
  mnist-nn reproduce all --seeds 1
  mnist-nn reproduce all --json reports.json    some twenty minutes on two cores

The table has the figure of the report, the mean over the seeds, their standard deviation, and the
95 % interval for one more seed. Nothing is read or written but the digits inside the package and
the file that you name.
"""


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "reproduce",
        help="run the five reports again",
        description="Train as a published report says, from several seeds, and show what it "
        "reported beside what comes out.",
        epilog=_EPILOG,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument(
        "report", choices=(*RECIPES, "all"), metavar="REPORT", help=", ".join((*RECIPES, "all"))
    )
    parser.add_argument(
        "--seeds",
        type=positive,
        default=5,
        metavar="N",
        help="how many trainings of each kind, from the seeds 0 to N - 1 (default: 5)",
    )
    parser.add_argument(
        "--tuning",
        action="store_true",
        help="run the searches of qin too, and the program of qin, once: half an hour more",
    )
    parser.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        help="how many processes (default: one for each processor)",
    )
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="write all that was measured, the settings and where it was made as JSON",
    )
    parser.add_argument("--force", action="store_true", help="replace a file that is there already")


def run(args: argparse.Namespace, console: Console) -> int:
    """Run reports as `args` say; return the exit code."""
    console.json = False  # the document goes to a file
    if args.json is not None:
        check_new(args.json, args.force, "choose another name, or ")
        rehearse(Path.touch, args.json)
    names = list(RECIPES) if args.report == "all" else [args.report]
    document = reproduce(names, args.seeds, tuning=args.tuning, jobs=args.jobs)
    if args.json is not None:
        with replacing(args.json) as temporary:
            temporary.write_text(_json(document), encoding="utf-8")
    for entry in document["reports"].values():
        for line in _report(entry):
            console.say(line)
    console.say(
        f"{args.seeds} seeds, {document['seconds']:.0f} s, mnist_nn {document['mnist_nn']}, "
        f"NumPy {document['numpy']}"
    )
    if args.json is not None:
        console.say(f"Saved as {args.json}.")
    return DONE


def _report(entry: Mapping[str, Any]) -> Iterator[str]:
    """Write a report as people read it: its settings, and the table."""
    yield f"{entry['title']} ({entry['authors']})"
    yield ""
    for name, value, place in map(setting_cells, entry["settings"]):
        first, *more = value.split("; ")
        yield f"  {name:15}{place:48}{first}"
        yield from (" " * 65 + line for line in more)
    yield ""
    yield f"  {'':41}{'reported':>10}{'mean':>10}{'sd':>8}  one more seed, 95 %"
    said = None
    for variant, *cells in map(result_cells, rows(entry)):
        if variant != said:
            said = variant
            yield f"  {variant}"
        measure, reported, mean, sd, interval = cells
        yield f"    {measure:39}{reported:>10}{mean:>10}{sd:>8}  {interval}"
    yield ""


def _json(document: Mapping[str, Any]) -> str:
    """Write a document as JSON that can be read and compared: a list of numbers on one line."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    return re.sub(r'\[[^][{}"]*\]', lambda found: re.sub(r"\s+", " ", found[0]), text) + "\n"
