"""``mnist-nn runs``."""

import argparse
import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from ..checkpoint import save_model
from ..store import Epoch, Run, Store
from .console import DONE, Commands, Console, HelpFormatter, WrongArguments, add_json, percent
from .options import positive
from .outputs import check_new, model_path

STORE = Path("runs.sqlite")

_BY: dict[str, Literal["val_accuracy", "val_loss"]] = {
    "accuracy": "val_accuracy",
    "loss": "val_loss",
}

_EPILOG = """\
examples:
  mnist-nn runs                       every run in runs.sqlite
  mnist-nn runs --best --save best.npz
  mnist-nn runs others.sqlite --run 3
"""


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "runs",
        help="list what train --store and search have kept",
        description="List the runs in a store, show one, or save its network as a file.",
        epilog=_EPILOG,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run, parser=parser)
    parser.add_argument(
        "store", nargs="?", type=Path, default=STORE, metavar="STORE", help=f"default: {STORE}"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--best", action="store_true", help="the run that does best on the validation digits"
    )
    which.add_argument(
        "--run", dest="id", type=positive, metavar="ID", help="the run of this number"
    )
    parser.add_argument(
        "--by",
        choices=tuple(_BY),
        help="what makes a run the best (default: accuracy)",
    )
    parser.add_argument(
        "--epoch",
        choices=("best", "last"),
        help="the weights to save: after the epoch that did best, or after the last "
        "(default: best)",
    )
    parser.add_argument(
        "--save",
        type=model_path,
        metavar="MODEL",
        help="save the network of that run as .npz or readable .json",
    )
    parser.add_argument("--force", action="store_true", help="replace a file that is there already")
    add_json(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """List, show or save as `args` say; return the exit code."""
    one = args.best or args.id is not None
    if args.by is not None and not args.best:
        raise WrongArguments("argument --by: it says which run is the best; give --best too")
    if args.epoch is not None and args.save is None:
        raise WrongArguments("argument --epoch: it says which weights to save; give --save too")
    if args.save is not None:
        if not one:
            raise WrongArguments("argument --save: say which run, with --best or --run")
        check_new(args.save, args.force, "choose another name, or ")
    try:
        with Store(args.store, create=False) as store:
            console.answer(*(_one(args, store) if one else _all(args, store)))
    except RecursionError:
        raise ValueError(
            f"{args.store} is damaged: settings are nested too deeply; restore a copy of it"
        ) from None
    return DONE


def _all(args: argparse.Namespace, store: Store) -> tuple[dict[str, Any], list[str]]:
    """Return what there is to tell of all runs, to a program and to people."""
    runs = store.runs()
    return {"store": str(args.store), "runs": [vars(run) for run in runs]}, _list(runs)


def _one(args: argparse.Namespace, store: Store) -> tuple[dict[str, Any], list[str]]:
    """Return what there is to tell of the run that is asked for; save its network."""
    found = store.best(_BY[args.by or "accuracy"]) if args.best else store.run(args.id)
    epochs = store.epochs(found.id)
    lines = _show(found, epochs)
    if args.save is not None:
        save_model(store.model(found.id, args.epoch or "best"), args.save)
        words = ["mnist-nn", "evaluate", str(args.save)]
        if isinstance(data := found.settings.get("data"), str):
            words += ["--data", data]
        lines += ["", f"Saved as {args.save}. Next:", f"  {shlex.join(words)}"]
    document = {
        "store": str(args.store),
        "run": vars(found),
        "epochs": [vars(epoch) for epoch in epochs],
        "model": None if args.save is None else str(args.save),
    }
    return document, lines


def table(runs: Sequence[Run], names: Sequence[str]) -> list[str]:
    """Return a table of `runs`, with a column for each setting in `names`."""
    head = ["run", "validation", "epochs", "status", *names]
    rows = [
        [
            str(run.id),
            "-" if run.val_accuracy is None else percent(run.val_accuracy),
            str(run.epochs),
            run.status,
            *(setting(run, name) for name in names),
        ]
        for run in runs
    ]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        for row in (head, *rows)
    ]


def setting(run: Run, name: str) -> str:
    """Write a setting of a run; "-" if the store does not have it."""
    if name == "hidden":
        sizes = run.settings.get("sizes")
        return "-".join(map(str, sizes[1:-1])) or "none" if isinstance(sizes, list) else "-"
    if name not in run.settings:
        return "-"
    value = run.settings[name]
    if name == "batch_size" and value is None:
        return "full"
    return value if isinstance(value, str) else json.dumps(value)


def _list(runs: Sequence[Run]) -> list[str]:
    if not runs:
        return ["There are no runs yet."]
    return table(runs, ["hidden", "batch_size", "learning_rate"])


def _show(run: Run, epochs: Sequence[Epoch]) -> list[str]:
    """Return all there is to say of a run."""
    lines = [f"run {run.id}, {run.status}, started {run.started}, {run.seconds:.1f} s"]
    if run.reason:
        lines.append(run.reason)
    lines += [f"  {name:16}{setting(run, name)}" for name in run.settings]
    lines += ["", "epoch      loss  validation"]
    for epoch in epochs:
        accuracy = "-" if epoch.val_accuracy is None else percent(epoch.val_accuracy)
        best = "  best" if epoch.epoch == run.best_epoch else ""
        lines.append(f"{epoch.epoch:5}{epoch.train_loss:10.4f}{accuracy:>12}{best}")
    return lines
