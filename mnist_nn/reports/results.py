"""Reports run again from several seeds: what they reported beside what came out."""

import json
import multiprocessing
import os
import platform
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

import numpy as np

from ..checks import check_type, positive_integer
from ..data.mnist import SHA256
from ..metrics import prediction_interval
from .chang import CHANG
from .ncsu import NCSU
from .paterson import PATERSON
from .qin import QIN
from .ray import RAY
from .recipe import Claim, Recipe
from .training import run

RECIPES = {recipe.name: recipe for recipe in (PATERSON, NCSU, CHANG, RAY, QIN)}

# In this order no process is left with a long training at the end.
_LONGEST_FIRST = ("qin", "chang", "ncsu", "ray", "paterson")
_STORED = Path(__file__).parent / "results.json"


class Row(NamedTuple):
    """One line of the table: what was reported beside what was measured.

    Attributes
    ----------
    variant : str
    measure : str
        What was measured.
    reported : float or None
        The figure that the report gives for it, if any.
    values : tuple of float
        One a seed.
    mean : float
    sd : float or None
        Standard deviation over the seeds; None for a single one.
    interval : tuple of float, or None
        Where one more seed would lie, :func:`~mnist_nn.metrics.prediction_interval`; of an
        accuracy, what is below 0 or above 1 is cut off.
    """

    variant: str
    measure: str
    reported: float | None
    values: tuple[float, ...]
    mean: float
    sd: float | None
    interval: tuple[float, float] | None

    @property
    def reached(self) -> bool | None:
        """Whether the reported figure lies in the interval; None if one of them is missing."""
        if self.reported is None or self.interval is None:
            return None
        return self.interval[0] <= self.reported <= self.interval[1]


def reproduce(
    names: Sequence[str],
    seeds: int = 5,
    *,
    tuning: bool = False,
    jobs: int | None = None,
    progress: bool | None = None,
) -> dict[str, Any]:
    """Run reports again, every variant from several seeds, in processes side by side.

    Parameters
    ----------
    names
        Keys of :data:`RECIPES`.
    seeds
        How many: 0, 1, 2 and so on.
    tuning
        Whether to run what only belongs to a search of the report, too, with seed 0.
    jobs
        How many processes; None takes one for each processor.
    progress
        Whether to show a bar; None shows one in a terminal only.

    Returns
    -------
    dict
        Plain values, as JSON holds them: how and where it was made, and under ``reports``, by name,
        what the report says, its settings and their places, and for each variant what
        :func:`~mnist_nn.reports.run` measured, a value a seed. :func:`rows` makes a table of
        it.

    Raises
    ------
    ValueError
        If there is no such report, or a number is out of its range.
    TypeError
        If an argument has the wrong type.
    """
    from tqdm import tqdm

    if isinstance(names, str) or not isinstance(names, Sequence) or not names:
        raise TypeError(f"names is {names!r}; expected a list such as ['chang']")
    for name in names:
        if name not in RECIPES:
            raise ValueError(f"names has {name!r}; choose from {', '.join(RECIPES)}")
    check_type("tuning", tuning, bool)
    n = positive_integer("seeds", seeds)
    jobs = (os.cpu_count() or 1) if jobs is None else positive_integer("jobs", jobs)
    tasks = [
        (name, variant.name, seed)
        for name in names
        for variant in RECIPES[name].variants
        if tuning or not variant.tuning
        for seed in range(1 if variant.tuning else n)
    ]
    tasks.sort(key=lambda task: _LONGEST_FIRST.index(task[0]))
    started, found = time.perf_counter(), {}
    hidden = None if progress is None else not progress
    with tqdm(total=len(tasks), unit="training", disable=hidden) as bar:
        for task, outcome in _side_by_side(tasks, min(jobs, len(tasks))):
            found[task] = outcome
            bar.update()
    return {
        **_provenance(),
        "seeds": list(range(n)),
        "tuning": tuning,
        "jobs": jobs,
        "seconds": round(time.perf_counter() - started, 1),
        "reports": {name: _entry(RECIPES[name], found) for name in names},
    }


Task = tuple[str, str, int]


def _side_by_side(tasks: list[Task], jobs: int) -> Iterator[tuple[Task, dict[str, Any]]]:
    """Yield each task with what came out, as they end."""
    if jobs == 1:
        for task in tasks:
            yield task, _do(task)
        return
    before = set(multiprocessing.active_children())
    # Started anew rather than forked, as on every system: no thread or lock is inherited.
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _prepare)
    try:
        waiting = {pool.submit(_do, task): task for task in tasks}
        for done in as_completed(waiting):
            yield waiting[done], done.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        raise
    finally:
        pool.shutdown()


def _prepare() -> None:
    """Make a process that can be ended at any moment by the one that started it."""
    from tqdm import tqdm

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is answered there
    tqdm.set_lock(RLock())  # its own is a resource of the system, which would be left behind


def _do(task: Task) -> dict[str, Any]:
    name, variant, seed = task
    return run(RECIPES[name], variant, seed)


def _entry(recipe: Recipe, found: Mapping[Task, dict[str, Any]]) -> dict[str, Any]:
    """Return what the document holds of one report."""
    variants = {}
    for variant in recipe.variants:
        runs = [found[task] for task in sorted(found) if task[:2] == (recipe.name, variant.name)]
        if runs:
            variants[variant.name] = {
                "changes": dict(variant.changes),
                "tuning": variant.tuning,
                "measured": {
                    name: [one["measured"][name] for one in runs] for name in runs[0]["measured"]
                },
                **{key: [one[key] for one in runs] for key in runs[0] if key != "measured"},
            }
    entry = {
        "title": recipe.title,
        "authors": recipe.authors,
        "settings": [asdict(setting) for setting in recipe.settings],
        "reported": [asdict(claim) for claim in recipe.claims],
        "variants": variants,
    }
    plain: dict[str, Any] = json.loads(json.dumps(entry))  # what reading it back would give
    return plain


def _provenance() -> dict[str, Any]:
    """Return where and with what the results were made."""
    from threadpoolctl import threadpool_info

    from .. import __version__

    blas = sorted(
        " ".join(str(library[key]) for key in ("internal_api", "version", "architecture"))
        for library in threadpool_info()
        if library["user_api"] == "blas" and "architecture" in library
    )
    return {
        "mnist_nn": __version__,
        "made": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": blas,
        "system": f"{platform.system()} {platform.machine()}",
        "digits": dict(SHA256),
    }


def rows(entry: Mapping[str, Any]) -> list[Row]:
    """Return the table of a report: what is claimed about, for each variant, or all accuracies.

    Parameters
    ----------
    entry
        What :func:`reproduce` or :func:`stored` holds of it: ``stored()["reports"]["ray"]``.

    Raises
    ------
    ValueError
        If it is something else.
    """
    table = []
    try:
        claims = [Claim(**claim) for claim in entry["reported"]]
        reported = {measure: claim.value for claim in claims for measure in claim.measures}
        for name, variant in entry["variants"].items():
            for measure, values in variant["measured"].items():
                if measure in reported or (not claims and measure.startswith("accuracy")):
                    table.append(_row(name, measure, reported.get(measure), values))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(
            f"this is not the entry of a report ({error!r}); see reproduce()"
        ) from None
    return table


def _row(variant: str, measure: str, reported: float | None, values: list[float]) -> Row:
    mean, sd, interval = float(np.mean(values)), None, None
    if len(values) > 1:
        sd, interval = float(np.std(values, ddof=1)), prediction_interval(values)
        if "accuracy" in measure:
            interval = max(interval[0], 0.0), min(interval[1], 1.0)
    return Row(variant, measure, reported, tuple(values), mean, sd, interval)


def stored() -> dict[str, Any]:
    """Return the results that come with the package: five seeds of every variant, and the tuning.

    It raises nothing: the file is a part of the package.
    """
    document: dict[str, Any] = json.loads(_STORED.read_text(encoding="utf-8"))
    return document
