"""``mnist-nn search``."""

import argparse
import shlex
from pathlib import Path
from typing import Any

from ..data import Digits
from ..search import grid, search
from ..store import RunFailed, Store, _rank
from . import options, sources
from .console import DONE, INTERRUPTED, Commands, Console, HelpFormatter, WrongArguments, add_json
from .interrupts import Interrupts
from .runs import STORE, table

_EPILOG = """\
examples:
  mnist-nn search --hidden 128 --hidden 256 --learning-rate 0.05 0.1 0.2
  mnist-nn search --hidden 20 --batch-size 32 128 --seed 0 1 2 --epochs 5

Networks are compared on the validation digits, never on those to test with. Each run is kept as it
goes: after Ctrl-C, the same command goes on where it stopped, and with more values it trains only
what is new.
"""
_SETTINGS = (
    options.HIDDEN.name,
    *(option.name for option in options.NETWORK),
    options.EPOCHS.name,
    *(option.name for option in options.TRAINING),
    *(name for _, name, _, _ in options.SWITCHES),
)


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "search",
        usage="mnist-nn search [OPTION VALUE ...] ...",
        help="try many settings and compare them",
        description="Train a network with every combination of the values that are given, and "
        "compare them on the validation digits.",
        epilog=_EPILOG,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run, parser=parser)
    options.add_network(parser, several=True)
    options.add_training(parser, several=True)
    files = parser.add_argument_group("digits and files")
    sources.add_data(files)
    sources.add_split(files)
    files.add_argument(
        "--store",
        type=Path,
        default=STORE,
        metavar="RUNS",
        help=f"the SQLite file that keeps the runs (default: {STORE})",
    )
    add_json(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Search as `args` say; return the exit code."""
    sources.check_split(args)
    if args.split is not None and (len(args.split) == 3 or args.split[1] == 0):
        raise WrongArguments(
            "argument --split: a search chooses by the validation digits; give their number after "
            "that of the training digits, and none to test with"
        )
    parts = sources.split(sources.load(args.data), args.split)
    if parts.validation is None:
        raise WrongArguments("argument --split: there are too few digits to validate with")
    values = _values(options.given(args, _SETTINGS))
    seeds = values.pop("seed")
    combinations = grid(**_prepared(values, parts.train))
    n = len(combinations) * len(seeds)
    console.say(f"{n} runs, kept in {args.store}")
    recorded: dict[str, Any] = {"split": [len(parts.train), len(parts.validation)]}
    if args.data is not None:
        recorded["data"] = str(args.data)
    interrupted = False
    store = _Remembering(args.store)
    with Interrupts() as interrupts, store:
        try:
            found = search(
                store,
                combinations,
                parts.train,
                parts.validation,
                seeds=seeds,
                settings=recorded,
                threads=args.threads,
            )
            interrupts.armed = False
        except KeyboardInterrupt:  # the store keeps what was done
            interrupted = True
            found = [run for run in map(store.run, store.ended) if run.status in ("done", "failed")]
            found.sort(key=_rank)
    document = {
        "store": str(args.store),
        "interrupted": interrupted,
        "runs": [vars(run) for run in found],
    }
    if interrupted:
        lines = [f"Stopped; {args.store} keeps what is done. The same command goes on from there."]
    else:
        varied = [name for name, tried in values.items() if len(tried) > 1]
        varied += ["seed"] if len(seeds) > 1 else []
        lines = table(found, varied)
        if found and found[0].val_accuracy is not None:
            lines += ["", "Next, the best as a file of its own, and how well it does:"]
            best = ["runs", str(args.store), "--run", str(found[0].id), "--save", "best.npz"]
            data = [] if args.data is None else ["--data", str(args.data)]
            for words in (best, ["evaluate", "best.npz", *data]):
                lines.append(f"  {shlex.join(['mnist-nn', *words])}")
    console.answer(document, lines)
    return INTERRUPTED if interrupted else DONE


class _Remembering(Store):
    """A store that knows which runs this process has asked it for, also after Ctrl-C.

    Attributes
    ----------
    ended : list of int
        Their numbers.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.ended: list[int] = []

    def train(self, *args: Any, **how: Any) -> int:
        """Train as the store does, and remember the run."""
        try:
            run = super().train(*args, **how)
        except RunFailed as error:
            self.ended.append(error.run)
            raise
        self.ended.append(run)
        return run


def _values(given: options.Settings) -> dict[str, list[Any]]:
    """Return the values to try for each setting: one for those that were not given."""
    values = {name: [options.DEFAULTS[name]] for name in _SETTINGS}
    for name, tried in given.items():
        values[name] = list(tried) if isinstance(tried, list) else [tried]
    values["hidden"] = [tuple(layers) for layers in values["hidden"]]
    for name, tried in values.items():
        if len(set(tried)) < len(tried):
            raise WrongArguments(f"argument {options.flag(name)}: a value is given twice")
    return values


def _prepared(values: dict[str, list[Any]], train: Digits) -> dict[str, list[Any]]:
    """Return the values as :func:`~mnist_nn.search.search` takes them."""
    scalings = [options.scaling(name, train) for name in values["scaling"]]
    sizes = [None if size == "full" else size for size in values["batch_size"]]
    return values | {"scaling": scalings, "batch_size": sizes}
