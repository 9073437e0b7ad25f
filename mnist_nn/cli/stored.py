"""One training whose run is kept in a store."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..store import Store
from ..train import Training
from .sources import Parts


def train_in_store(
    path: Path,
    training: Training,
    parts: Parts,
    settings: Mapping[str, Any],
    threads: int,
    watch: Callable[[int, Training], None],
) -> tuple[Training, int | None]:
    """Train as :meth:`~mnist_nn.store.Store.train` does, or go on with the same run.

    Returns
    -------
    training, run
        The training as it is now, also after Ctrl-C, and the number of its run, None if there is
        none yet.

    Raises
    ------
    ValueError
        If the run has failed, or goes on in another process.
    OSError
        If the store cannot be read or written.
    """
    digits = parts.train, parts.validation
    with Store(path) as store:
        try:
            run = store.train(
                training, *digits, settings=settings, once=True, threads=threads, watch=watch
            )
        except KeyboardInterrupt as error:
            if not hasattr(error, "run"):
                return training, None
            run = error.run
        found = store.run(run)
        if found.status == "failed":
            raise ValueError(f"run {run} in {path} has failed: {found.reason}")
        if found.status == "running":
            raise ValueError(f"run {run} in {path} goes on in another process; wait for it")
        return store.training(run), run
