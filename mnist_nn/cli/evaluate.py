"""``mnist-nn evaluate``."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checkpoint import load_model
from ..data import Digits
from ..metrics import confusion_matrix
from . import sources
from .console import DONE, Commands, Console, HelpFormatter, WrongArguments, add_json, percent
from .measure import describe, read
from .options import positive

_EPILOG = """\
examples:
  mnist-nn evaluate model.npz
  mnist-nn evaluate model.npz --part train --last 5000    the default validation digits
"""


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "evaluate",
        help="measure a saved network",
        description="Measure how well a saved network reads digits: loss, accuracy, and which "
        "digits it takes for which.",
        epilog=_EPILOG,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a file that train has saved")
    sources.add_data(parser)
    parser.add_argument(
        "--part",
        choices=("test", "train", "all"),
        help="which of the digits (default: test, or all where they are not apart)",
    )
    cut = parser.add_mutually_exclusive_group()
    cut.add_argument("--first", type=positive, metavar="N", help="only the first N of them")
    cut.add_argument("--last", type=positive, metavar="N", help="only the last N of them")
    add_json(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Measure as `args` say; return the exit code."""
    model = load_model(args.model)
    digits = _select(args, sources.load(args.data))
    measured, y_hat = read(model, digits)
    C = confusion_matrix(digits.labels, y_hat, model.sizes[-1])
    n, right = C.sum(axis=1), np.diag(C)  # (K, K) → (K,)
    per_digit = [
        {"digit": k, "digits": int(n[k]), "errors": int(n[k] - right[k])} for k in range(len(C))
    ]
    document = {"model": str(args.model), "data": None if args.data is None else str(args.data)}
    document |= measured | {"per_digit": per_digit, "confusion": C.tolist()}
    console.answer(document, [describe("accuracy", measured), "", *_tables(C, per_digit)])
    return DONE


def _select(args: argparse.Namespace, source: sources.Source) -> Digits:
    """Return the digits that are asked for."""
    part = args.part or ("all" if source.test is None else "test")
    if part == "test":
        if source.test is None:
            raise WrongArguments("argument --part: these digits have no part to test with")
        digits = source.test
    elif part == "all" and source.test is not None:
        digits = Digits(
            np.concatenate([source.train.images, source.test.images]),
            np.concatenate([source.train.labels, source.test.labels]),
        )
    else:
        digits = source.train
    for name in ("first", "last"):
        if (getattr(args, name) or 0) > len(digits):
            raise WrongArguments(f"argument --{name}: there are {len(digits)} digits")
    return digits[-args.last :] if args.last else digits[: args.first]


def _tables(C: NDArray[np.int64], per_digit: list[dict[str, Any]]) -> list[str]:
    """Return the errors of each digit, and what each was taken for."""
    lines = ["digit   errors        of   rate"]
    for row in per_digit:
        share = percent(row["errors"] / row["digits"]) if row["digits"] else "-"
        lines.append(f"{row['digit']:5}{row['errors']:9}{row['digits']:10}{share:>10}")
    width = max(5, len(str(C.max())) + 1)
    lines += ["", "rows: the true digit; columns: what it was read as"]
    lines.append(" " * 5 + "".join(f"{k:{width}}" for k in range(len(C))))
    for k, counts in enumerate(C.tolist()):
        lines.append(f"{k:5}" + "".join(f"{count or '.':>{width}}" for count in counts))
    return lines
