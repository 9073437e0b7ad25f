"""A store of runs in one SQLite file, written as training goes.

Each epoch is one transaction: what was measured, and the whole training (weights, velocity,
generator) as :func:`~mnist_nn.checkpoint.training_to_bytes` writes it. So a process may be killed
at any moment; the last complete epoch can be read, and training goes on from there. The weights of
two epochs are kept, the last and the best; what was measured is kept of all.

SQLite's rollback journal is used, not its write-ahead log: at rest a store is then one file, which
can be copied, and it works in folders on a network too. One short write an epoch needs no more.
"""

import json
import os
import platform
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import count
from math import isfinite
from pathlib import Path
from typing import Any, Literal

from .checkpoint import (
    _sha256,
    architecture,
    fingerprint,
    training_from_bytes,
    training_to_bytes,
)
from .checks import check_type
from .data import Digits, Examples
from .files import StrPath, check_path
from .model import MLP
from .train import Training

_APPLICATION = 0x4D4E4E53  # "MNNS", in the header of the file: it is ours
_VERSION = 1
# A file whose tables were made by any other text than this is not used.
_SCHEMA = {
    "runs": """CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    status TEXT NOT NULL,  -- running, done, failed or interrupted
    reason TEXT NOT NULL,  -- of a failure
    settings TEXT NOT NULL,  -- JSON
    weights TEXT NOT NULL,  -- SHA-256 of the first ones
    digits TEXT NOT NULL,  -- SHA-256
    validation TEXT NOT NULL,  -- SHA-256, or empty
    started TEXT NOT NULL,  -- UTC
    version TEXT NOT NULL,  -- of mnist_nn
    process TEXT NOT NULL,  -- the one that trains, or did so last
    seen REAL NOT NULL  -- when it last wrote, in seconds since 1970
)""",
    "epochs": """CREATE TABLE epochs (
    run INTEGER NOT NULL REFERENCES runs (id),
    epoch INTEGER NOT NULL,
    train_loss REAL NOT NULL,
    val_loss REAL,
    val_accuracy REAL,
    seconds REAL NOT NULL,
    PRIMARY KEY (run, epoch)
)""",
    "states": """CREATE TABLE states (
    run INTEGER NOT NULL REFERENCES runs (id),
    epoch INTEGER NOT NULL,  -- 0 before the first
    training BLOB NOT NULL,  -- an .npz file
    PRIMARY KEY (run, epoch)
)""",
}
_PATIENCE = 30  # seconds to wait for another process that writes
_SILENCE = 3600  # seconds after which a process on another machine is taken for dead
_SMALL = 1 << 20  # bytes of a value that a file of any size may hold
_LARGE = 1 << 30  # bytes of the largest value that SQLite takes
_NUMBERS = count()  # of the runs that this process trains, in any store
_ACTIVE: set[str] = set()  # what those are named that it trains now

_STATUS = ("running", "done", "failed", "interrupted")
_SQLITE_ERRORS: dict[int, tuple[type[OSError], str]] = {
    sqlite3.SQLITE_FULL: (OSError, "the disk is full; free some space or choose another disk"),
    sqlite3.SQLITE_IOERR: (OSError, "the disk cannot be written or read; check it"),
    sqlite3.SQLITE_BUSY: (TimeoutError, "another process keeps writing to it; try again later"),
    sqlite3.SQLITE_LOCKED: (TimeoutError, "another process keeps writing to it; try again later"),
    sqlite3.SQLITE_READONLY: (PermissionError, "it is read-only; choose a place to write to"),
    sqlite3.SQLITE_PERM: (PermissionError, "it is read-only; choose a place to write to"),
    sqlite3.SQLITE_CANTOPEN: (PermissionError, "it may not be opened; choose another place"),
}

Metrics = tuple[int, float, float | None, float | None, float]


@dataclass(frozen=True)
class Epoch:
    """What was measured in an epoch of a run.

    Attributes
    ----------
    epoch : int
        Counted from 1.
    train_loss : float
    val_loss, val_accuracy : float or None
        None without validation.
    seconds : float
        Time for training and validation.
    """

    epoch: int
    train_loss: float
    val_loss: float | None
    val_accuracy: float | None
    seconds: float


@dataclass(frozen=True)
class Run:
    """What a store knows about a run, but for its weights.

    Attributes
    ----------
    id : int
    name : str
    status : str
        "running", "done", "failed" (the loss stopped being finite) or "interrupted": stopped or
        killed, so that it can go on.
    reason : str
        Of a failure, else empty.
    settings : dict
        The architecture of the network, every setting of TrainConfig, and what the caller added,
        such as init and seed.
    epochs : int
        How many are done.
    best_epoch : int or None
        The epoch with the highest validation accuracy, the first of equals; None without.
    val_accuracy, val_loss : float or None
        Of the best epoch.
    last_val_accuracy, last_val_loss : float or None
        Of the last epoch.
    started : str
        UTC, such as "2024-05-31 12:00:00".
    seconds : float
        Time for training and validation, all epochs together.
    version : str
        Of mnist_nn.
    """

    id: int
    name: str
    status: str
    reason: str
    settings: dict[str, Any]
    epochs: int
    best_epoch: int | None
    val_accuracy: float | None
    val_loss: float | None
    last_val_accuracy: float | None
    last_val_loss: float | None
    started: str
    seconds: float
    version: str


class RunFailed(ValueError):
    """The loss of a run stopped being finite; the store has it as failed, with the reason.

    It raises nothing itself.

    Attributes
    ----------
    run : int
        The number of the run.
    """

    def __init__(self, message: str, run: int) -> None:
        super().__init__(message)
        self.run = run


class Store:
    """Runs, their settings, epochs and networks, in one SQLite file.

    Several processes may use one store at once.

    Parameters
    ----------
    path
        The file. It is made if there is none.
    create
        False where the file must be there already.

    Raises
    ------
    ValueError
        If the file is something else than a store, damaged, or of a newer version.
    TypeError
        If an argument has the wrong type.
    OSError
        If there is no such file or folder (FileNotFoundError), it may not be written
        (PermissionError), the disk is full, or another process keeps writing for half a minute
        (TimeoutError). So do all methods.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from mnist_nn import TrainConfig
    >>> xor = Examples([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> rng = np.random.default_rng(0)
    >>> config = TrainConfig(epochs=3, batch_size=None, learning_rate=0.5)
    >>> training = Training(MLP((2, 8, 2), rng=rng), config, rng)
    >>> with TemporaryDirectory() as folder, Store(folder + "/runs.db") as store:
    ...     number = store.train(training, xor, name="xor", settings={"seed": 0})
    ...     run = store.run(number)
    >>> run.name, run.status, run.epochs, run.settings["seed"]
    ('xor', 'done', 3, 0)
    """

    def __init__(self, path: StrPath, create: bool = True) -> None:
        check_type("create", create, bool)
        self.path = check_path(path).absolute()  # so that no name means a database in memory
        self._known: list[tuple[object, str]] = []  # digits and their fingerprints
        if self.path.exists() and not self.path.is_file():
            raise ValueError(f"path is {path}, not a file; give the path of a store")
        if not self.path.exists() and not (create and self.path.parent.is_dir()):
            missing = self.path.parent if create else self.path
            raise FileNotFoundError(f"path is {path}, but there is no {missing}; check the name")
        with self._explaining():
            self._db = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
        try:
            with self._explaining():
                for setting in ("trusted_schema = off", "cell_size_check = on"):
                    self._db.execute(f"PRAGMA {setting}")
                if not self._is_ours():
                    with self._writing():
                        self._create()
        except BaseException:
            self.close()
            raise

    def _is_ours(self) -> bool:
        """Check what the file is; False if it is empty."""
        tables = dict(self._rows("SELECT name, sql FROM sqlite_schema WHERE sql NOT NULL"))
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if not tables and application == version == 0:
            return False
        if application != _APPLICATION:
            raise ValueError(f"{self.path} is another SQLite database, no store; choose a new file")
        if version != _VERSION:
            raise ValueError(
                f"{self.path} has version {version}; expected {_VERSION}: update mnist_nn"
            )
        if tables != _SCHEMA:
            raise ValueError(f"{self.path} has other tables than a store; restore a copy of it")
        return True

    def _create(self) -> None:
        if not self._is_ours():  # asked again, now that no other process can write
            for statement in _SCHEMA.values():
                self._db.execute(statement)
            self._db.execute(f"PRAGMA application_id = {_APPLICATION}")
            self._db.execute(f"PRAGMA user_version = {_VERSION}")

    def __enter__(self) -> "Store":
        """Return the store."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        with self._explaining():
            self._db.close()

    # ------------------------------------------------------------ train

    def train(
        self,
        training: Training,
        digits: Digits | Examples,
        validation: Digits | Examples | None = None,
        *,
        name: str = "",
        settings: Mapping[str, Any] | None = None,
        once: bool = False,
        progress: bool | None = None,
        threads: int = 1,
        watch: Callable[[int, Training], None] | None = None,
    ) -> int:
        """Train to the end and record each epoch as it ends; return the number of the run.

        A run that is stopped by Ctrl-C or an error becomes "interrupted", and the error goes on. A
        KeyboardInterrupt has the number of the run as its attribute `run`, unless none had begun.

        Parameters
        ----------
        training
            A training that has not begun.
        digits, validation
            As for :meth:`~mnist_nn.train.Training.epochs`.
        name
            To be found by; it need not be the only one of that name.
        settings
            How else the run was made, such as ``{"init": "he_normal", "seed": 0}``: values that
            JSON can hold. The architecture and the configuration are recorded anyway.
        once
            If the store has a run with the same settings, first weights and digits, start no other
            one: go on with it if it is interrupted, and leave it if it is done, failed or running
            elsewhere. Then `training` stays as it was; :meth:`training` gives the one in the store.
        progress, threads
            As for :meth:`~mnist_nn.train.Training.epochs`.
        watch
            Called with the number of the run and its training after each epoch that is recorded.

        Raises
        ------
        RunFailed
            If the loss stops being finite; a ValueError.
        ValueError
            If the network does not fit the digits or is too large for a store, the training has
            begun, JSON cannot hold the settings, or another process has taken over the run.
        TypeError
            If an argument has the wrong type.
        """
        check_type("training", training, Training)
        check_type("name", name, str)
        check_type("once", once, bool)
        if training.epoch:
            raise ValueError(
                f"training has done {training.epoch} epochs already; give one that has not begun"
            )
        training.epochs(digits, validation, progress, threads)  # checks its arguments
        _check_watch(watch)
        text = _settings(training, settings)
        weights = _sha256(training.model.params.flat)
        prints = weights, self._fingerprint(digits), self._fingerprint(validation)
        state = training_to_bytes(training)
        with self._recording() as me:
            with self._writing():
                same = "settings = ? AND weights = ? AND digits = ? AND validation = ?"
                order = "status = 'done' DESC, id"
                query = f"SELECT id FROM runs WHERE {same} ORDER BY {order} LIMIT 1"
                found = self._rows(query, text, *prints) if once else []
                run: int = found[0][0] if found else self._insert(me, name, text, prints, state)
                ours = not found or self._claim(run, me)
            if ours:
                training = self.training(run) if found else training
                steps = training.epochs(digits, validation, progress, threads)
                self._go_on(run, me, training, steps, watch)
        return run

    def resume(
        self,
        run: int,
        digits: Digits | Examples,
        validation: Digits | Examples | None = None,
        *,
        progress: bool | None = None,
        threads: int = 1,
        watch: Callable[[int, Training], None] | None = None,
    ) -> int:
        """Go on with an interrupted run, as :meth:`train` does; return its number.

        The weights become the same, bit for bit, as if it had never been stopped.

        Parameters
        ----------
        run
            Its number.
        digits, validation
            The same as before.
        progress, threads
            As for :meth:`~mnist_nn.train.Training.epochs`.
        watch
            Called with the number of the run and its training after each epoch that is recorded.

        Raises
        ------
        RunFailed
            If the loss stops being finite; a ValueError.
        ValueError
            If there is no such run, it is not interrupted, the digits are others, or another
            process has taken over the run.
        TypeError
            If an argument has the wrong type.
        """
        training = self.training(run)
        training.epochs(digits, validation, progress, threads)  # checks its arguments
        _check_watch(watch)
        (prints,) = self._rows("SELECT digits, validation FROM runs WHERE id = ?", run)
        for name, value, before in zip(
            ("digits", "validation"), (digits, validation), prints, strict=True
        ):
            if self._fingerprint(value) != before:
                raise ValueError(f"{name} are not those of run {run}; give the same")
        with self._recording() as me:
            with self._writing():
                ours = self._claim(run, me)
            if not ours:
                status = self.run(run).status
                raise ValueError(f"run {run} is {status}; expected one that is interrupted")
            training = self.training(run)  # another process may have gone on, and stopped, since
            steps = training.epochs(digits, validation, progress, threads)
            self._go_on(run, me, training, steps, watch)
        return run

    @contextmanager
    def _remembering(self, *digits: Digits | Examples) -> Iterator[None]:
        """Take the fingerprints of digits only once in a block, in which they do not change."""
        self._known = [(part, fingerprint(part)) for part in digits]
        try:
            yield
        finally:
            self._known = []

    def _fingerprint(self, digits: Digits | Examples | None) -> str:
        known = [text for part, text in self._known if part is digits]
        return known[0] if known else fingerprint(digits)

    @contextmanager
    def _recording(self) -> Iterator[str]:
        """Give the name under which a run is trained in a block; what stops it is recorded.

        Whatever happens, a run of that name is not taken for running after the block.
        """
        me = f"{_me()} {next(_NUMBERS)}"
        _ACTIVE.add(me)
        try:
            yield me
        except RunFailed:
            raise
        except BaseException as error:
            ours = "process = ? AND status = 'running'"
            with suppress(OSError, ValueError), self._writing():
                runs = self._rows(f"SELECT id FROM runs WHERE {ours}", me)
                self._db.execute(f"UPDATE runs SET status = 'interrupted' WHERE {ours}", (me,))
                if runs and isinstance(error, KeyboardInterrupt):
                    error.run = runs[0][0]  # type: ignore[attr-defined]
            raise
        finally:
            _ACTIVE.discard(me)

    def _insert(
        self, me: str, name: str, settings: str, prints: tuple[str, ...], state: bytes
    ) -> int:
        from . import __version__

        values = (name, "running", "", settings, *prints, _utc(), __version__, me, time.time())
        run = self._db.execute(
            f"INSERT INTO runs VALUES (NULL{', ?' * len(values)})", values
        ).lastrowid
        assert run is not None
        self._insert_state(run, 0, state)
        return run

    def _insert_state(self, run: int, epoch: int, state: bytes) -> None:
        self._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGE)
        try:
            self._db.execute("INSERT INTO states VALUES (?, ?, ?)", (run, epoch, state))
        except (sqlite3.DataError, OverflowError):  # SQLite's answer, or that of the module
            raise ValueError(
                f"the network is too large for a store: its training takes {len(state)} bytes; "
                "save it as .npz"
            ) from None

    def _claim(self, run: int, me: str) -> bool:
        """Make an interrupted run one of this process; False if it is not interrupted."""
        status = self.run(run).status
        if status == "interrupted":
            values = (me, time.time(), run)
            query = "UPDATE runs SET status = 'running', process = ?, seen = ? WHERE id = ?"
            self._db.execute(query, values)
        return status == "interrupted"

    def _go_on(
        self,
        run: int,
        me: str,
        training: Training,
        steps: Iterator[int],
        watch: Callable[[int, Training], None] | None,
    ) -> None:
        """Train, and record every epoch and how it ended."""
        while True:
            start = time.perf_counter()
            try:
                epoch = next(steps, None)
            except ValueError as error:  # all else that it might be has been checked
                with self._writing():
                    self._set_status(run, me, "failed", str(error))
                raise RunFailed(f"run {run} has failed: {error}", run) from error
            if epoch is None:
                break
            self._add_epoch(run, me, training, time.perf_counter() - start)
            if watch is not None:
                watch(run, training)
        with self._writing():
            self._set_status(run, me, "done")

    def _add_epoch(self, run: int, me: str, training: Training, seconds: float) -> None:
        history, epoch = training.history, training.epoch
        measured = len(history.val_loss) == epoch  # in every epoch, or in none
        values = (history.val_loss[-1], history.val_accuracy[-1]) if measured else (None, None)
        state = training_to_bytes(training)
        with self._writing():
            self._set_status(run, me, "running")  # first: it asks whether the run is still ours
            row = (run, epoch, history.train_loss[-1], *values, seconds)
            self._db.execute("INSERT INTO epochs VALUES (?, ?, ?, ?, ?, ?)", row)
            self._insert_state(run, epoch, state)
            keep = (epoch, self.run(run).best_epoch or epoch)
            self._db.execute(
                "DELETE FROM states WHERE run = ? AND epoch NOT IN (?, ?)", (run, *keep)
            )

    def _set_status(self, run: int, me: str, status: str, reason: str = "") -> None:
        """Say how a run goes, if it is still the one that goes by this name."""
        changed = self._db.execute(
            "UPDATE runs SET status = ?, reason = ?, seen = ? "
            "WHERE id = ? AND process = ? AND status = 'running'",
            (status, reason, time.time(), run, me),
        ).rowcount
        if not changed:
            raise ValueError(f"run {run} has been taken over by another process; leave it to that")

    # ------------------------------------------------------------ look

    def training(self, run: int, epoch: Literal["last", "best"] = "last") -> Training:
        """Return the training of a run as it was after its last epoch, or its best.

        The best epoch is that of :eq:`eq-best-epoch`.

        Parameters
        ----------
        run
            Its number.
        epoch
            "last", or "best": the one with the highest validation accuracy; without validation,
            the last.

        Raises
        ------
        ValueError
            If there is no such run, or what is kept of it is damaged.
        TypeError
            If `run` is not an integer.
        """
        if not isinstance(epoch, str) or epoch not in ("last", "best"):
            raise ValueError(f'epoch is {epoch!r}; expected "last" or "best"')
        found = self.run(run)
        number = found.best_epoch if epoch == "best" and found.best_epoch else found.epochs
        query = "SELECT training FROM states WHERE run = ? AND epoch = ?"
        states = self._rows(query, run, number)
        if not states or type(states[0][0]) is not bytes:
            raise self._damaged(f"the weights of run {run} are missing")
        training = training_from_bytes(states[0][0], f"run {run} in {self.path}")
        if training.epoch != number:
            raise self._damaged(f"the weights of run {run} are of another epoch")
        return training

    def model(self, run: int, epoch: Literal["best", "last"] = "best") -> MLP:
        """Return the network of a run as it was after its best epoch, or its last.

        Raises what :meth:`training` raises, which has the same parameters.
        """
        return self.training(run, epoch).model

    def runs(self) -> list[Run]:
        """Return all runs, in the order in which they were started."""
        epochs: dict[int, list[Epoch]] = {}
        with self._explaining():
            self._db.execute("BEGIN")  # both tables at one moment
            try:
                rows = self._rows("SELECT * FROM runs ORDER BY id")
                metrics = self._rows("SELECT * FROM epochs ORDER BY run, epoch")
            finally:
                self._db.execute("COMMIT")
        for run, *values in metrics:
            epochs.setdefault(run, []).append(self._epoch(values))
        return [self._run(row, epochs.get(row[0], [])) for row in rows]

    def run(self, run: int) -> Run:
        """Return one run.

        Parameters
        ----------
        run
            Its number.

        Raises
        ------
        ValueError
            If there is no such run.
        TypeError
            If `run` is not an integer.
        """
        if type(run) is not int:
            raise TypeError(f"run has type {type(run).__name__}; expected the number of a run")
        rows = self._rows("SELECT * FROM runs WHERE id = ?", run) if abs(run) < 2**63 else []
        if not rows:
            raise ValueError(f"run is {run}, which {self.path} does not have; see runs()")
        return self._run(rows[0], self._epochs(run))

    def epochs(self, run: int) -> list[Epoch]:
        """Return what was measured in each epoch of a run.

        Raises what :meth:`run` raises, which has the same parameter.
        """
        self.run(run)
        return self._epochs(run)

    def best(self, by: Literal["val_accuracy", "val_loss"] = "val_accuracy") -> Run:
        """Return the best run on validation, :eq:`eq-best-by-validation`.

        Each run is taken at its most accurate epoch.
        Runs that failed are left out.

        Parameters
        ----------
        by
            "val_accuracy": the highest accuracy, of equals the lowest loss, and of those the run
            that was started first. "val_loss": the lowest loss, each run at its most accurate
            epoch; of equals the highest accuracy, and of those the first.

        Raises
        ------
        ValueError
            If no run has been validated yet, or `by` is another word.
        """
        if not isinstance(by, str) or by not in ("val_accuracy", "val_loss"):
            raise ValueError(f'by is {by!r}; expected "val_accuracy" or "val_loss"')
        found = [run for run in self.runs() if run.best_epoch and run.status != "failed"]
        if not found:
            raise ValueError(f"{self.path} has no run with validation digits; train one first")
        return min(found, key=_rank if by == "val_accuracy" else _rank_by_loss)

    def _epochs(self, run: int) -> list[Epoch]:
        rows = self._rows("SELECT * FROM epochs WHERE run = ? ORDER BY epoch", run)
        return [self._epoch(row[1:]) for row in rows]

    # SQLite keeps any value in any column, so that what comes out of a file is checked.

    def _epoch(self, row: Any) -> Epoch:
        epoch = Epoch(*row)
        numbers = (epoch.train_loss, epoch.val_loss, epoch.val_accuracy, epoch.seconds)
        validated = (epoch.val_loss is None) == (epoch.val_accuracy is None)
        if (
            type(epoch.epoch) is not int
            or {type(x) for x in numbers} - {float, type(None)}
            or None in (epoch.train_loss, epoch.seconds)
            or not all(x is None or isfinite(x) for x in numbers)
            or not validated
        ):
            raise self._damaged("the numbers of an epoch are not numbers")
        return epoch

    def _run(self, row: Any, epochs: list[Epoch]) -> Run:
        number, *texts, seen = row
        if {type(text) for text in texts} != {str} or type(seen) is not float:
            raise self._damaged(f"the texts of run {number} are not texts")
        name, status, reason, text, _, _, _, started, version, process = texts
        try:
            settings = json.loads(text)
            json.dumps(settings, allow_nan=False)
            sizes = settings["sizes"]
        except (ValueError, RecursionError, TypeError, LookupError):
            sizes = None
        if (
            status not in _STATUS
            or not isinstance(sizes, list)
            or not all(type(n) is int for n in sizes)
        ):
            raise self._damaged(f"the status or the settings of run {number} cannot be read")
        if [epoch.epoch for epoch in epochs] != list(range(1, len(epochs) + 1)):
            raise self._damaged(f"run {number} lacks an epoch")
        if status == "running" and not _is_alive(process, seen):
            status = "interrupted"
        measured = [epoch for epoch in epochs if epoch.val_accuracy is not None]
        best = max(measured, key=lambda epoch: epoch.val_accuracy or 0.0, default=None)
        last = epochs[-1] if epochs else None
        return Run(
            id=number,
            name=name,
            status=status,
            reason=reason,
            settings=settings,
            epochs=len(epochs),
            best_epoch=best.epoch if best else None,
            val_accuracy=best.val_accuracy if best else None,
            val_loss=best.val_loss if best else None,
            last_val_accuracy=last.val_accuracy if last else None,
            last_val_loss=last.val_loss if last else None,
            started=started,
            seconds=sum(epoch.seconds for epoch in epochs),
            version=version,
        )

    # ------------------------------------------------------------ SQLite

    def _rows(self, query: str, *values: Any) -> list[Any]:
        with self._explaining():
            # SQLite takes the memory that a value claims; none is larger than its file.
            with suppress(OSError):  # the file has been deleted: SQLite has it open still
                longest = max(_SMALL, min(self.path.stat().st_size, _LARGE))
                self._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Do all of a block or nothing, while no other process writes."""
        with self._explaining():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    with suppress(sqlite3.Error):
                        self._db.execute("ROLLBACK")

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """Say in one sentence what SQLite could not do."""
        try:
            yield
        except MemoryError:  # SQLite's answer to some damage, however small the file
            raise self._damaged("SQLite runs out of memory over it") from None
        except UnicodeDecodeError:
            raise self._damaged("a text in it is not UTF-8") from None
        except sqlite3.ProgrammingError as error:
            if "thread" in str(error):
                raise ValueError(
                    f"{self.path} was opened in another thread; open a store in each"
                ) from None
            raise ValueError(f"{self.path} is closed; open the store again") from None
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in _SQLITE_ERRORS:
                kind, reason = _SQLITE_ERRORS[code]
                raise kind(f"{self.path} cannot be used: {reason}") from error
            if code == sqlite3.SQLITE_NOTADB:
                raise ValueError(f"{self.path} is not a store of runs; choose another") from None
            raise self._damaged(" ".join(str(error).split())[:150]) from None

    def _damaged(self, reason: str) -> ValueError:
        return ValueError(f"{self.path} is damaged: {reason}; restore a copy of it")


def _settings(training: Training, more: Mapping[str, Any] | None) -> str:
    """Return how a run is made, as JSON: the same text for the same settings."""
    settings = architecture(training.model) | asdict(training.config)
    more = {} if more is None else more
    if not isinstance(more, Mapping) or not all(isinstance(key, str) for key in more):
        raise TypeError("settings have another form; expected names with values, such as a dict")
    if twice := settings.keys() & more.keys():
        raise ValueError(f"settings has {min(twice)!r}, which is recorded anyway; leave it out")
    try:
        text = json.dumps(settings | dict(more), sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"settings cannot be JSON ({error}); give plain values") from None
    if len(text) > _SMALL // 2:
        raise ValueError(f"settings take {len(text)} bytes as JSON; record less than 500,000")
    return text


def _check_watch(watch: object) -> None:
    if watch is not None and not callable(watch):
        raise TypeError(f"watch is of type {type(watch).__name__}; expected a function")


def _rank(run: Run) -> tuple[bool, float, float, int]:
    """Order runs: those that did not fail, the most accurate, those of the smallest loss first."""
    if run.val_accuracy is None or run.val_loss is None:
        return True, 0.0, 0.0, run.id
    return run.status == "failed", -run.val_accuracy, run.val_loss, run.id


def _rank_by_loss(run: Run) -> tuple[bool, float, float, int]:
    failed, accuracy, loss, number = _rank(run)
    return failed, loss, accuracy, number


def _utc() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())


def _me() -> str:
    """Name this process as no other process is named."""
    return f"{platform.node()} {os.getpid()} {_started(os.getpid())}"


def _started(pid: int) -> str:
    """Return when a process was started; empty where the system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        return stat.rpartition(b")")[2].split()[19].decode()  # the name in brackets may hold spaces
    except (OSError, IndexError):
        return ""


def _is_alive(process: str, seen: float) -> bool:
    """Tell whether a process that trains is still there.

    Of a process on another machine (or on Windows) one cannot know. It is taken for dead when it
    has not written for an hour.
    """
    found = re.fullmatch(r"((.*) ([0-9]{1,9}) ([0-9]*)) [0-9]+", process, re.DOTALL)
    if found is None:
        return False
    if found[1] == _me():  # there, but it may have stopped to train
        return process in _ACTIVE
    if found[2] != platform.node() or os.name != "posix":
        return time.time() - seen < _SILENCE
    pid = int(found[3])
    try:
        os.kill(pid, 0)  # no signal, only the question
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # of another user, but there
    except OverflowError:
        return False
    return _started(pid) == found[4]  # else another process got the number
