"""``mnist-nn train``."""

import argparse
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
        _check_resumed(training, parts, given)
    else:
        settings = options.DEFAULTS | given
        training = _start(settings, parts.train, begun)
    if save is not None:
        rehearse(training.model, save)

    console.say(introduction(training, parts))
    start, run_id = perf_counter(), None
    with Interrupts() as interrupts:
        try:
            if args.store is None:
                _train(training, parts, args, state, console)
            else:
                recorded = _recorded(args, settings, parts, begun)
                training, run_id = train_in_store(
                    args.store, training, parts, recorded, args.threads
                )
                for epoch in range(1, training.epoch + 1):
                    console.say(epoch_line(training, epoch))
            interrupts.armed = False
        except KeyboardInterrupt:  # all is as it was after the last whole epoch
            pass
        seconds = perf_counter() - start
        done = training.epoch == training.config.epochs
        if save is not None and (done or (training.epoch and args.store is None)):
            save_model(training.model, save)
        if training.epoch and not done and args.store is None:
            save_training(training, state)
    told = document(args, Outcome(training, parts, settings, save, state, seconds, run_id))
    console.answer(told, summary(args, told, source))
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
    if save is not None and not _holds(save, begun):
        go_on = f"go on from it with --from {save}, " if args.resume is None else ""
        check_new(save, args.force, f"choose another name with --save, {go_on}or ")
    if args.store is None and state != args.resume:
        check_new(state, args.force, f"go on with it with --resume {state}, or ")


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


def _check_resumed(training: Training, parts: sources.Parts, given: options.Settings) -> None:
    """Check that there is more to do, and that the digits are those of the epochs so far."""
    config = replace(training.config, **given)
    if config.epochs <= training.epoch:
        raise WrongArguments(
            f"argument --epochs: {training.epoch} epochs are done already; ask for more"
        )
    training.config = config
    # The state does not say which digits it has seen, but their loss does.
    seen = training.history.val_loss[-1:]
    now = [] if parts.validation is None else [evaluate(training.model, parts.validation)[0]]
    if training.epoch and not (len(seen) == len(now) and np.allclose(seen, now, rtol=1e-4)):
        raise WrongArguments(
            "argument --resume: the validation digits are not those of the epochs so far; "
            "give the same --data and --split as then"
        )


def _train(
    training: Training,
    parts: sources.Parts,
    args: argparse.Namespace,
    state: Path,
    console: Console,
) -> None:
    """Train to the end, with a line for each epoch."""
    from tqdm import tqdm

    start = perf_counter()
    for epoch in training.epochs(parts.train, parts.validation, threads=args.threads):
        if args.checkpoint is not None or args.resume is not None:
            save_training(training, state)
        with tqdm.external_write_mode():  # the bar makes room for it
            console.say(f"{epoch_line(training, epoch)}, {perf_counter() - start:.1f} s")


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
