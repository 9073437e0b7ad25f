"""What ``mnist-nn train`` tells, to people and to programs."""

import argparse
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from ..checkpoint import architecture
from ..train import Training
from . import options, sources
from .console import percent
from .measure import describe, measure


def epoch_line(training: Training, epoch: int) -> str:
    """Say what was measured after an epoch, counted from 1."""
    history = training.history
    line = f"epoch {epoch} of {training.config.epochs}: loss {history.train_loss[epoch - 1]:.4f}"
    if history.val_accuracy:
        line += f", validation {percent(history.val_accuracy[epoch - 1])}"
    return line


def introduction(training: Training, parts: sources.Parts) -> str:
    """Say what is trained, and on what."""
    model = training.model
    sizes = "-".join(map(str, model.sizes))
    line = f"{sizes}, {model.activation}, {model.output}: {model.params.flat.size:,} parameters\n"
    line += f"{len(parts.train):,} digits to train on"
    if parts.validation is not None:
        line += f", {len(parts.validation):,} to validate with"
    return line


class Outcome(NamedTuple):
    """A training that has ended or was stopped, and where it is kept."""

    training: Training
    parts: sources.Parts
    settings: options.Settings
    save: Path | None
    state: Path | None
    seconds: float
    run: int | None  # in a store
    error: str | None  # that ended it early


def document(args: argparse.Namespace, outcome: Outcome) -> dict[str, Any]:
    """Return what there is to tell a program."""
    training, parts, settings, save, state, seconds, run, error = outcome
    done = training.epoch == training.config.epochs
    validation = parts.validation if training.epoch else None
    test = parts.test if done else None
    drawn = {} if args.warm else {name: settings.get(name) for name in ("init", "bias_init")}
    return {
        "model": None if save is None else str(save),
        "training_state": None if state is None else str(state),
        "store": None if args.store is None else str(args.store),
        "run": run,
        "interrupted": not done,
        "error": error,
        "epochs": training.epoch,
        "seconds": seconds,
        "network": architecture(training.model) | drawn,
        "training": asdict(training.config),
        "seed": settings.get("seed"),
        "data": None if args.data is None else str(args.data),
        "split": [0 if part is None else len(part) for part in parts],
        "history": asdict(training.history),
        "validation": validation and measure(training.model, validation),
        "test": test and measure(training.model, test),
    }


def summary(args: argparse.Namespace, told: dict[str, Any], source: sources.Source) -> list[str]:
    """Return lines that tell people what :func:`document` tells a program."""
    lines = [
        describe(name, told[name]) for name in ("validation", "test") if told[name] is not None
    ]
    if not told["epochs"]:
        return ["Stopped before the first epoch was done; nothing is saved."]
    kept = [f"as {told['model']}"] if told["model"] else []
    if told["run"] is not None:
        kept.append(f"in {told['store']} as run {told['run']}")
    if told["interrupted"]:
        lines.append(
            f"Stopped after epoch {told['epochs']} of {told['training']['epochs']}; "
            f"what was learned is saved {' and '.join(kept)}."
        )
        if args.store is not None:
            return [*lines, "The same command goes on from there."]
        if told["training_state"] is None:
            return lines
        return [*lines, "To go on:", f"  {_command(args, told['training_state'])}"]
    lines.append(f"Saved {' and '.join(kept)} after {told['seconds']:.1f} s. Next:")
    if told["model"] is None:
        words = ["runs", str(args.store), "--run", str(told["run"]), "--save", "model.npz"]
    else:
        words = ["evaluate", told["model"]]
        if args.data is not None:
            words += ["--data", str(args.data)]
            measured = next((n for n in told["split"][:0:-1] if n), 0)
            if source.test is None and measured and sum(told["split"]) == len(source.train):
                words += ["--last", str(measured)]  # the others were to train on
    return [*lines, f"  mnist-nn {shlex.join(words)}"]


def _command(args: argparse.Namespace, state: str) -> str:
    """Return the command that goes on with a stopped training."""
    words = ["mnist-nn", "train", "--resume", state]
    if args.data is not None:
        words += ["--data", str(args.data)]
    if args.split is not None:
        words += ["--split", *map(str, args.split)]
    if args.save is not None:
        words += ["--save", str(args.save)]
    if args.threads != 1:
        words += ["--threads", str(args.threads)]
    return shlex.join(words)
