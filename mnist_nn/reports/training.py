"""One training as a report describes it, from its recipe and a seed."""

import time
from collections.abc import Iterator, Mapping
from copy import copy
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ..checkpoint import load_model, save_model
from ..checks import check_type
from ..data import MNIST, Digits, Scaling, load_mnist
from ..model import MLP
from ..search import _Job, _start, grid
from ..train import Training, _blas, evaluate
from .recipe import Part, Recipe, network_and_training

Curve = dict[str, list[float]]  # what was measured, at each of the epochs under "epoch"


def run(recipe: Recipe, variant: str, seed: int) -> dict[str, Any]:
    """Train as a report says, once, and measure as it says.

    One generator with that seed draws the weights and then the order of the digits. Where the
    report tries a grid of settings, each starts from the same seed; the one that does best on the
    digits it chooses by is saved as bestmodel.json, and the second training begins with what that
    file holds.

    Parameters
    ----------
    recipe
        Such as ``RECIPES["chang"]``.
    variant
        The name of one of its variants.
    seed
        0 or more.

    Returns
    -------
    dict
        ``measured``: by name, at the end of training; accuracies are fractions, losses (named as
        the network's output) are means per example; "best accuracy" is the highest of all epochs.
        ``curves``: one for each training (two, if there is a second), with the numbers of the
        ``epoch`` and, by name, what was measured after it. ``grid``: if there was one, for each
        point its settings and what was measured. ``seconds``.

    Raises
    ------
    ValueError
        If there is no such variant, the settings are not possible, or a loss stops being finite.
    TypeError
        If an argument has the wrong type.
    """
    check_type("recipe", recipe, Recipe)
    settings = recipe.settings_of(variant)
    if type(seed) is not int or seed < 0:
        raise ValueError(f"seed is {seed!r}; expected an integer of 0 or more")
    started = time.perf_counter()
    with _blas().limit(limits=1, user_api="blas"):
        if "grid" in settings:
            model, curve, points = _search(settings, seed)
        else:
            model, curve = _train(settings, seed)
            points = None
        curves = [curve]
        if "then" in settings:
            then = settings["then"]
            start = _saved_and_loaded(model) if then["warm"] else None
            model, curve = _train(settings | then, seed, start)
            curves.append(curve)
    measured = {name: value for curve in curves for name, value in _ends(curve)}
    found: dict[str, Any] = {"measured": measured, "curves": curves}
    if points is not None:
        found["grid"] = points
    return found | {"seconds": round(time.perf_counter() - started, 1)}


def _train(settings: Mapping[str, Any], seed: int, model: MLP | None = None) -> tuple[MLP, Curve]:
    """Train a network, or the one given, and follow its course."""
    plain = network_and_training(settings)
    plain["scaling"] = Scaling(*plain["scaling"])
    training, _ = _start(_Job(0, plain, seed, 784, 10))
    if model is not None:
        training = Training(model, training.config, np.random.default_rng(seed))
    every = settings.get("every", 1)
    curve: Curve = {"epoch": [], "loss while learning": []}
    for epoch in training.epochs(_part(settings["learns_from"]), progress=False):
        if epoch % every == 0 or epoch == training.config.epochs:
            curve["epoch"].append(epoch)
            curve["loss while learning"].append(round(training.history.train_loss[-1], 6))
            for name, part in settings["measured_on"].items():
                loss, accuracy = evaluate(training.model, _part(part))
                curve.setdefault(f"accuracy, {name}", []).append(round(accuracy, 6))
                curve.setdefault(f"{training.model.output}, {name}", []).append(round(loss, 6))
            if "also" in settings:
                other = copy(training.model)  # the same weights
                other.output = settings["also"]
                for name, part in settings["measured_on"].items():
                    loss, _ = evaluate(other, _part(part))
                    curve.setdefault(f"{other.output}, {name}", []).append(round(loss, 6))
                squares = sum(np.sum(W**2.0, dtype=float) for W in other.params.W.values())
                penalty = training.config.l2 / 2 * squares
                curve.setdefault("λ/2 ‖W‖²", []).append(round(penalty, 6))
    return training.model, curve


def _search(settings: dict[str, Any], seed: int) -> tuple[MLP, Curve, list[dict[str, Any]]]:
    """Train at each point of the grid; return the network that does best, its course, and all."""
    best = f"accuracy, {settings['chosen_on']}"
    trained = []
    for point in grid(**settings["grid"]):
        model, curve = _train(settings | point | {"every": settings["epochs"]}, seed)
        trained.append((point, model, curve))
    point, model, _ = max(trained, key=lambda one: one[2][best][-1])
    points = [{"settings": point, "measured": dict(_ends(c))} for point, _, c in trained]
    again, curve = _train(settings | point, seed)  # now followed epoch by epoch
    assert np.array_equal(again.params.flat, model.params.flat)
    return model, curve, points


def _saved_and_loaded(model: MLP) -> MLP:
    """Return what a file of the network holds: the same weights, bit for bit."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "bestmodel.json")
        save_model(model, path)
        return load_model(path)


def _ends(curve: Curve) -> Iterator[tuple[str, float]]:
    """Yield what was measured at the end, and the best accuracies."""
    for name, values in curve.items():
        if name != "epoch":
            yield name, values[-1]
        if name.startswith("accuracy") and len(values) > 1:
            yield f"best {name}", max(values)


@cache
def _mnist() -> MNIST:
    return load_mnist()


def _part(part: Part) -> Digits:
    file, start, stop = part
    return (_mnist().train if file == "train" else _mnist().test)[start:stop]
