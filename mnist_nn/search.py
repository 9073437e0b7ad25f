"""Grid search: every combination of some settings, trained and kept in a store."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from inspect import signature
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from .checks import check_type
from .data import Digits, Examples
from .data.digits import CLASSES
from .model import MLP
from .store import Run, RunFailed, Store, _rank
from .train import TrainConfig, Training

_CONFIG = {field.name for field in fields(TrainConfig)}
_NEEDED = {field.name for field in fields(TrainConfig) if field.default is MISSING}
_MODEL = signature(MLP).parameters.keys() - {"sizes", "rng"}
# What a network does not remember of how it was made.
_DEFAULTS = {name: signature(MLP).parameters[name].default for name in ("init", "bias_init")}


def grid(**values: Sequence[Any]) -> list[dict[str, Any]]:
    """Return every combination of the values given for each setting.

    Their number is the product of the numbers of values, :eq:`eq-grid-size`.

    Parameters
    ----------
    **values
        For each setting a list of values. The last setting changes fastest.

    Raises
    ------
    TypeError
        If a value stands alone, not in a list.
    ValueError
        If there are no settings, or one has no values.

    Examples
    --------
    >>> grid(hidden=[(30,), (100, 100)], learning_rate=[0.1])
    [{'hidden': (30,), 'learning_rate': 0.1}, {'hidden': (100, 100), 'learning_rate': 0.1}]
    """
    if not values:
        raise ValueError("grid: there are no values; give a list for at least one setting")
    for name, choices in values.items():
        if isinstance(choices, str) or not isinstance(choices, Sequence | np.ndarray):
            raise TypeError(f"{name} is {choices!r}; expected a list of values")
        if len(choices) == 0:
            raise ValueError(f"{name} is an empty list; give at least one value")
    return [dict(zip(values, choice, strict=True)) for choice in product(*values.values())]


def search(
    store: Store,
    combinations: Sequence[Mapping[str, Any]],
    digits: Digits | Examples,
    validation: Digits | Examples,
    *,
    seeds: Sequence[int] = (0,),
    settings: Mapping[str, Any] | None = None,
    progress: bool | None = None,
    threads: int = 1,
) -> list[Run]:
    """Train each combination with each seed; return the runs, the best on validation first.

    What the store has of these is not trained again: runs that are done or failed are left as they
    are, those that were interrupted go on. So a search that was stopped, or killed, is continued by
    the same call, and ends with the same weights, bit for bit. Several processes may work on one
    search.

    Parameters
    ----------
    store
        Where the runs are kept.
    combinations
        Settings of each run, as :func:`grid` gives them: ``hidden``, the units of the hidden
        layers, such as ``(100, 100)`` or ``()``; the arguments of :class:`~mnist_nn.model.MLP` but
        for sizes and rng; and those of :class:`~mnist_nn.train.TrainConfig`. All are checked before
        the first training starts.
    digits, validation
        What the networks learn from, and what they are measured on after each epoch.
    seeds
        Each combination is trained once for each. One generator with that seed draws the weights
        and then the order of the digits.
    settings
        What to record with each run besides, such as ``{"split": "50000/4000"}``.
    progress
        Whether to show a bar; None shows one in a terminal only.
    threads
        How many threads BLAS may use.

    Returns
    -------
    list of Run
        By falling validation accuracy, equals by rising loss. A run whose loss stopped being finite
        is there too, as failed, with what was measured before; so is one that another process is
        training now, as running.

    Raises
    ------
    ValueError
        If a combination is not possible, or does not fit the digits.
    TypeError
        If an argument has the wrong type.
    """
    from tqdm import tqdm

    check_type("store", store, Store)
    if settings is not None and not isinstance(settings, Mapping):
        found = type(settings).__name__
        raise TypeError(f"settings are of type {found}; expected names with values, as in a dict")
    jobs = _jobs(combinations, seeds, digits, validation)
    for training, _ in map(_start, jobs):
        training.epochs(digits, validation, False, threads)  # checks that they fit

    runs = {}
    hidden = None if progress is None else not progress
    bar = tqdm(total=len(jobs), unit="run", disable=hidden)
    with bar, store._remembering(digits, validation):
        for job in jobs:
            training, how = _start(job)
            try:
                run = store.train(
                    training,
                    digits,
                    validation,
                    settings={**(settings or {}), **how},
                    once=True,
                    progress=False,
                    threads=threads,
                )
            except RunFailed as failed:
                run = failed.run
            runs[run] = store.run(run)
            bar.update()
    return sorted(runs.values(), key=_rank)


class _Job(NamedTuple):
    """One training of a search."""

    number: int  # of the combination
    combination: Mapping[str, Any]
    seed: int
    n_in: int
    n_out: int


def _jobs(combinations: Any, seeds: Any, *data: Digits | Examples) -> list[_Job]:
    """Return what there is to train, and check the forms of the arguments."""
    if not isinstance(combinations, list | tuple) or not combinations:
        raise TypeError("combinations are not a list of settings; expected what grid() returns")
    if not isinstance(seeds, list | tuple | range) or not seeds:
        raise TypeError(f"seeds is {seeds!r}; expected a list such as [0, 1, 2]")
    for seed in seeds:
        if type(seed) is not int or seed < 0:
            raise ValueError(f"seeds has {seed!r}; expected integers of 0 or more")
    for name, part in zip(("digits", "validation"), data, strict=True):
        if not isinstance(part, Digits | Examples):
            found = type(part).__name__
            raise TypeError(f"{name} is of type {found}; expected Digits or Examples")
    images = isinstance(data[0], Digits)
    n_out = CLASSES if images else max(int(part.labels.max()) for part in data) + 1
    return [
        _Job(number, combination, seed, data[0].width, n_out)
        for number, combination in enumerate(combinations)
        for seed in seeds
    ]


def _start(job: _Job) -> tuple[Training, dict[str, Any]]:
    """Return a training that has not begun, and how it was made where it cannot tell itself."""
    try:
        if not isinstance(job.combination, Mapping):
            found = type(job.combination).__name__
            raise TypeError(f"it is of type {found}; expected settings, as grid() returns them")
        settings = dict(job.combination)
        if unknown := settings.keys() - {"hidden"} - _MODEL - _CONFIG:
            raise ValueError(f"there is no setting {unknown.pop()!r}; see search()")
        hidden = settings.pop("hidden", None)
        if not isinstance(hidden, list | tuple):
            raise TypeError(f"hidden is {hidden!r}; expected units per layer such as (100, 100)")
        if missing := _NEEDED - settings.keys():
            raise ValueError(f"there is no value of {min(missing)!r}; give one")
        config = {name: settings.pop(name) for name in _CONFIG & settings.keys()}
        rng = np.random.default_rng(job.seed)
        model = MLP((job.n_in, *hidden, job.n_out), rng=rng, **settings)
        training = Training(model, TrainConfig(**config), rng)
    except (TypeError, ValueError) as error:
        raise type(error)(f"combinations[{job.number}]: {error}") from None
    how = {name: settings.get(name, value) for name, value in _DEFAULTS.items()}
    return training, {**how, "seed": job.seed}
