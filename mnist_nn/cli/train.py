"""``mnist-nn train``."""

import argparse
import os
import shlex
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from ..checkpoint import load_model, load_training, save_model, save_training
from ..data import Digits
from ..model import MLP
from ..train import Training, evaluate
from . import options, sources
from .console import (
    DONE,
    INTERRUPTED,
    Commands,
    Console,
    HelpFormatter,
    WrongArguments,
    add_json,
    sentence,
)
from .interrupts import Interrupts
from .outputs import check_new, model_path, rehearse, training_path
from .report import Outcome, document, epoch_line, introduction, summary
from .stored import train_in_store

_EPILOG = """\
examples:
  mnist-nn train --hidden 512 --epochs 2
  mnist-nn train --hidden 100 100 --batch-size 50 --learning-rate 0.13
  mnist-nn train --from model.npz --save better.npz --learning-rate 0.02

Ctrl-C keeps what was learned up to the last whole epoch, and says how to go on.
"""
_NETWORK = (options.HIDDEN.name, *(option.name for option in options.NETWORK))
_TRAINING = (
    *(option.name for option in options.TRAINING),
    *(name for _, name, _, _ in options.SWITCHES),
)
_STATE = ".training.npz"  # what a training state is called beside its model


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "train",
        usage="mnist-nn train [OPTION ...]",
        help="train a network and save it",
        description="Train a network on handwritten digits by gradient descent, and save it.",
        epilog=_EPILOG,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run, parser=parser)
    options.add_network(parser)
    options.add_training(parser)
    files = parser.add_argument_group("digits and files")
    sources.add_data(files)
    sources.add_split(files)
    files.add_argument(
        "--save",
        type=model_path,
        metavar="MODEL",
        help="where the trained network goes, .npz or readable .json (default: model.npz; with "
        "--store, only there)",
    )
    start = files.add_mutually_exclusive_group()
    start.add_argument(
        "--from",
        dest="warm",
        type=Path,
        metavar="MODEL",
        help="start from the weights of a saved network",
    )
    start.add_argument(
        "--resume",
        type=training_path,
        metavar="TRAINING",
        help="go on with a training that was stopped, bit for bit as if it had not been; "
        "--epochs may ask for more",
    )
    state = files.add_mutually_exclusive_group()
    state.add_argument(
        "--checkpoint",
        type=training_path,
        metavar="TRAINING",
        help="after each epoch, save all that --resume needs, as .npz",
    )
    state.add_argument(
        "--store",
        type=Path,
        metavar="RUNS",
        help="record the run in this SQLite file, see mnist-nn runs; the same command again goes "
        "on with a run that was stopped",
    )
    files.add_argument("--force", action="store_true", help="replace files that are there already")
    add_json(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Train as `args` say; return the exit code."""
    given = options.given(args, (*_NETWORK, options.EPOCHS.name, *_TRAINING))
    _check(args, given)
    begun = _load(args)  # small files that may be wrong come before large ones
    save, state = _paths(args)
    _check_outputs(args, begun, save, state)
    source = sources.load(args.data)
    parts = sources.split(source, args.split)
    if isinstance(begun, Training):
        training, settings = begun, {}
        _check_resumed(args.resume, training, parts, given)
    else:
        settings = options.DEFAULTS | given
        training = _start(settings, parts.train, begun)
    if save is not None:
        rehearse(lambda path: save_model(training.model, path), save)
    if args.store is None:
        rehearse(lambda path: save_training(training, path, parts.train), state)

    console.say(introduction(training, parts))
    start, run_id, failure = perf_counter(), None, None
    lines = _EpochLines(console, 0 if args.store is not None else training.epoch)
    with Interrupts() as interrupts:
        before = training.epoch
        try:
            if args.store is None:
                _train(training, parts, args, state, lines)
            else:
                recorded = _recorded(args, settings, parts, begun)
                training, run_id = train_in_store(
                    args.store, training, parts, recorded, args.threads, lines.watch
                )
                lines.say(training)  # those of epochs that were in the store already
            interrupts.armed = False
        except KeyboardInterrupt:  # all is as it was after the last whole epoch
            pass
        except (MemoryError, OSError, ValueError) as error:
            interrupts.armed = False
            if args.store is not None or training.epoch == before:
                raise  # the store keeps what was learned, or nothing was
            failure = error
        seconds = perf_counter() - start
        done = training.epoch == training.config.epochs
        if save is None or not (done or (training.epoch and args.store is None)):
            save = None
        else:
            save_model(training.model, save)
        kept: Path | None = None
        if training.epoch and args.store is None and not (done and failure is None):
            try:
                save_training(training, state, parts.train)
                kept = state
            except OSError as error:
                if failure is None:
                    raise
                console.complain(sentence(error))
        elif args.checkpoint is not None or args.resume is not None:
            kept = state if training.epoch else None
    why = None if failure is None else sentence(failure)
    told = document(args, Outcome(training, parts, settings, save, kept, seconds, run_id, why))
    console.answer(told, summary(args, told, source))
    if failure is not None:
        raise failure
    return DONE if done else INTERRUPTED


def _check(args: argparse.Namespace, given: options.Settings) -> None:
    """Check that the arguments go together."""
    sources.check_split(args)
    started = "--from" if args.warm is not None else "--resume"
    fixed = () if args.warm is None else _NETWORK
    if args.resume is not None:
        fixed = (*_NETWORK, *_TRAINING)
    for name in fixed:
        if name in given:
            raise WrongArguments(
                f"argument {options.flag(name)}: not allowed with argument {started}, "
                "where it is settled already"
            )
    if args.resume is not None and args.store is not None:
        raise WrongArguments(
            "argument --store: not allowed with argument --resume; a run in a store goes on when "
            "its command is given again"
        )


def _load(args: argparse.Namespace) -> MLP | Training | None:
    """Return what the training starts from, if that is a file."""
    if args.resume is not None:
        return load_training(args.resume)
    return None if args.warm is None else load_model(args.warm)


def _paths(args: argparse.Namespace) -> tuple[Path | None, Path]:
    """Return where the network is saved, and where the state of the training."""
    save: Path | None = args.save
    if save is None and args.store is None:
        name = "model.npz" if args.resume is None else args.resume.name
        folder = Path() if args.resume is None else args.resume.parent
        save = folder / (
            name.removesuffix(_STATE) + ".npz" if name.endswith(_STATE) else "model.npz"
        )
    beside = Path("model.npz") if save is None else save
    return save, args.checkpoint or args.resume or beside.with_name(beside.stem + _STATE)


def _check_outputs(
    args: argparse.Namespace, begun: MLP | Training | None, save: Path | None, state: Path
) -> None:
    """Check that nothing is lost by writing these files."""
    others = {"--checkpoint": args.checkpoint, "--resume": args.resume, "--store": args.store}
    for flag, other in others.items():
        if save is not None and other is not None and _same(save, other):
            raise WrongArguments(
                f"argument {flag}: the trained network goes to {save} too; choose another name, "
                "or one for the network with --save"
            )
    if save is not None and not _holds(save, begun):
        new = args.resume is None and args.warm is None
        go_on = f"go on from it with --from {shlex.quote(str(save))} as well, " if new else ""
        check_new(save, args.force, f"choose another name with --save, {go_on}or ")
    if args.store is None and (args.resume is None or not _same(state, args.resume)):
        go_on = f"go on with it with --resume {shlex.quote(str(state))}, or "
        check_new(state, args.force, go_on)


def _same(a: Path, b: Path) -> bool:
    """Return whether two names are of one file, also if there is none yet."""
    if a.exists() and b.exists():
        return a.samefile(b)
    return os.path.realpath(a) == os.path.realpath(b)


def _holds(path: Path, begun: MLP | Training | None) -> bool:
    """Return whether a file holds the network as it is in the training that is resumed."""
    if not isinstance(begun, Training) or not path.exists():
        return False
    try:
        saved = load_model(path).params.flat
    except ValueError:
        return False
    return np.array_equal(saved, begun.model.params.flat)


def _start(settings: options.Settings, train: Digits, model: MLP | None) -> Training:
    rng = np.random.default_rng(settings["seed"])
    if model is None:
        model = options.network(settings, train, rng)
    return Training(model, options.config(settings), rng)


def _check_resumed(
    path: Path, training: Training, parts: sources.Parts, given: options.Settings
) -> None:
    """Check that there is more to do, and that the digits are those of the epochs so far."""
    config = replace(training.config, **given)
    if config.epochs <= training.epoch:
        raise WrongArguments(
            f"argument --epochs: {training.epoch} epochs are done already; ask for more"
        )
    training.config = config
    same = "give the same --data and --split as then"
    try:
        load_training(path, parts.train)  # which compares them
    except ValueError:
        raise WrongArguments(
            f"argument --resume: the training digits are not those of the epochs so far; {same}"
        ) from None
    # The state does not say which digits it was validated on, but their loss does.
    seen = training.history.val_loss[-1:]
    now = [] if parts.validation is None else [evaluate(training.model, parts.validation)[0]]
    if training.epoch and not (len(seen) == len(now) and np.allclose(seen, now, rtol=1e-4)):
        raise WrongArguments(
            f"argument --resume: the validation digits are not those of the epochs so far; {same}"
        )


def _train(
    training: Training,
    parts: sources.Parts,
    args: argparse.Namespace,
    state: Path,
    lines: "_EpochLines",
) -> None:
    """Train to the end, with a line for each epoch."""
    for _ in training.epochs(parts.train, parts.validation, threads=args.threads):
        if args.checkpoint is not None or args.resume is not None:
            save_training(training, state, parts.train)
        lines.watch(None, training)


class _EpochLines:
    """A line for each epoch, after the first `shown`, as it ends."""

    def __init__(self, console: Console, shown: int) -> None:
        self.console, self.shown, self.start = console, shown, perf_counter()

    def watch(self, run: int | None, training: Training) -> None:
        """Say what was measured in the epoch that has just ended, and how long all took."""
        self.say(training, f", {perf_counter() - self.start:.1f} s")

    def say(self, training: Training, last: str = "") -> None:
        """Say what was measured in all epochs of which nothing was said; end with `last`."""
        from tqdm import tqdm

        with tqdm.external_write_mode():  # the bar makes room for it
            for epoch in range(self.shown + 1, training.epoch + 1):
                end = last if epoch == training.epoch else ""
                self.console.say(epoch_line(training, epoch) + end)
        self.shown = training.epoch


def _recorded(
    args: argparse.Namespace,
    settings: options.Settings,
    parts: sources.Parts,
    warm: MLP | Training | None,
) -> dict[str, Any]:
    """Return what a store cannot know of a run: it tells the run from others."""
    recorded: dict[str, Any] = {"seed": settings["seed"]}
    if isinstance(warm, MLP):
        recorded["from"] = str(args.warm)
        recorded["from_sha256"] = sha256(warm.params.flat.tobytes()).hexdigest()
    else:
        recorded |= {name: settings[name] for name in ("init", "bias_init")}
    recorded["split"] = [len(part) for part in parts[:2] if part is not None]
    return recorded if args.data is None else recorded | {"data": str(args.data)}
