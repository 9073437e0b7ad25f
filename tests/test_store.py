"""The store of runs: each epoch is kept, whatever happens to the process or to the file.

Tests that end processes or limit their memory run functions of this file in a process of its own.
"""

import os
import platform
import random
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from mnist_nn import MLP, Examples, TrainConfig, Training, __version__, load_mnist
from mnist_nn.checkpoint import training_to_bytes
from mnist_nn.store import RunFailed, Store, _me, _started
from tests.processes import command, fork, run_alone, run_at_once, run_named

CONFIG = TrainConfig(epochs=5, batch_size=4, learning_rate=0.3, decay=0.99, momentum=0.8)
EXAMPLES = Examples(np.random.default_rng(1).normal(size=(12, 2)), np.arange(12) % 2)
VALIDATION = Examples(np.random.default_rng(2).normal(size=(40, 2)), np.arange(40) % 2)


def training(config=CONFIG, seed=0, sizes=(2, 2), **settings):
    rng = np.random.default_rng(seed)
    return Training(MLP(sizes, rng=rng, **settings), config, rng)


def trained(config=CONFIG, epochs=None, **settings):
    """Return a training after some of its epochs, trained without a store."""
    one = training(config, **settings)
    for epoch in one.epochs(EXAMPLES, VALIDATION, progress=False):
        if epoch == epochs:
            break
    return one


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.db"


@pytest.fixture
def store(path):
    with Store(path) as store:
        yield store


def record(store, one=None, validation=VALIDATION, **more):
    return store.train(one or training(), EXAMPLES, validation, progress=False, **more)


@contextmanager
def edited(path):
    """Open a store as another program would."""
    with closing(sqlite3.connect(path)) as db, db:
        yield db


class Stop(Exception):
    pass


def record_and_stop(store, monkeypatch, after, error=Stop, **more):
    """Record a run that is stopped by an error in the middle of an epoch."""
    learn = Training._learn

    def stop(self, *arguments):
        if self.epoch == after:
            raise error("stop")
        return learn(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "_learn", stop)
        with pytest.raises(error):
            record(store, **more)
    return store.runs()[-1].id


# ------------------------------------------------------------ what is recorded


def test_a_run_says_how_it_was_made_and_how_it_went(store):
    number = record(store, name="first", settings={"init": "he_normal", "seed": 0})
    run, history = store.run(number), trained().history
    assert (run.id, run.name, run.status, run.reason, run.epochs) == (1, "first", "done", "", 5)
    assert run.settings == {
        "sizes": [2, 2],
        "activation": "relu",
        "c": 0.0,
        "output": "softmax_nll",
        "scaling": {"low": 0.0, "high": 1.0},
        "dtype": "float32",
        "epochs": 5,
        "batch_size": 4,
        "learning_rate": 0.3,
        "decay": 0.99,
        "momentum": 0.8,
        "l2": 0.0,
        "l2_per_example": False,
        "reduction": "mean",
        "shuffle": True,
        "drop_last": False,
        "init": "he_normal",
        "seed": 0,
    }
    best = int(np.argmax(history.val_accuracy))
    assert run.best_epoch == best + 1
    assert (run.val_accuracy, run.val_loss) == (history.val_accuracy[best], history.val_loss[best])
    assert run.last_val_accuracy == history.val_accuracy[-1]
    assert run.last_val_loss == history.val_loss[-1]
    assert abs(time.time() - time.mktime(time.strptime(run.started, "%Y-%m-%d %H:%M:%S"))) < 2e5
    assert run.version == __version__
    epochs = store.epochs(number)
    assert [e.epoch for e in epochs] == [1, 2, 3, 4, 5]
    assert [e.train_loss for e in epochs] == history.train_loss
    assert [e.val_loss for e in epochs] == history.val_loss
    assert [e.val_accuracy for e in epochs] == history.val_accuracy
    assert 0 < run.seconds == sum(e.seconds for e in epochs) < 10


def test_the_training_is_the_same_as_without_a_store(store):
    one = training()
    record(store, one)
    assert training_to_bytes(one) == training_to_bytes(trained())
    assert training_to_bytes(store.training(1)) == training_to_bytes(one)


def test_the_weights_of_the_last_and_the_best_epoch_are_kept_and_no_others(store, path):
    config = replace(CONFIG, epochs=30)
    record(store, training(config))
    run = store.run(1)
    assert 0 < run.best_epoch < 30
    with edited(path) as db:
        kept = db.execute("SELECT epoch FROM states").fetchall()
    assert sorted(kept) == [(run.best_epoch,), (30,)]
    best = trained(config, run.best_epoch).model.params.flat
    last = trained(config).model.params.flat
    np.testing.assert_array_equal(store.model(1).params.flat, best)
    np.testing.assert_array_equal(store.model(1, "last").params.flat, last)
    np.testing.assert_array_equal(store.training(1, "best").model.params.flat, best)


def test_without_validation_the_best_network_is_the_last(store):
    record(store, validation=None)
    run = store.run(1)
    assert (run.best_epoch, run.val_accuracy, run.last_val_loss) == (None, None, None)
    np.testing.assert_array_equal(store.model(1).params.flat, store.model(1, "last").params.flat)
    with pytest.raises(ValueError, match="no run with validation digits; train one first"):
        store.best()


def test_the_best_run_is_found(store):
    for seed in range(4):
        record(store, training(seed=seed, config=replace(CONFIG, learning_rate=0.1 + seed)))
    runs = store.runs()
    assert [run.id for run in runs] == [1, 2, 3, 4]
    assert store.best().val_accuracy == max(run.val_accuracy for run in runs)
    assert store.best("val_loss").val_loss == min(run.val_loss for run in runs)


def test_of_equals_the_one_with_the_lowest_loss_is_best_and_then_the_first(store, path):
    for seed in range(4):
        record(store, training(replace(CONFIG, epochs=1), seed=seed))
    set_to = "UPDATE epochs SET val_accuracy = ?, val_loss = ? WHERE run = ?"
    with edited(path) as db:
        db.executemany(set_to, [(0.5, 0.3, 1), (0.9, 0.2, 2), (0.9, 0.1, 3), (0.9, 0.1, 4)])
    assert (store.best().id, store.best("val_loss").id) == (3, 3)
    with edited(path) as db:
        db.executemany(set_to, [(0.5, 0.1, 1), (0.9, 0.2, 3), (0.9, 0.2, 4)])
    assert (store.best().id, store.best("val_loss").id) == (2, 1)


def test_a_run_that_failed_is_not_the_best(store, path):
    record(store)
    record(store)
    with edited(path) as db:
        db.execute("UPDATE runs SET status = 'failed' WHERE id = 1")
    assert store.best().id == store.best("val_loss").id == 2
    with edited(path) as db:
        db.execute("UPDATE runs SET status = 'failed'")
    with pytest.raises(ValueError, match="no run with validation digits; train one first"):
        store.best()


def test_a_store_is_found_again(path):
    with Store(path) as store:
        record(store, name="kept")
        runs = store.runs()
    with Store(path, create=False) as store:
        assert store.runs() == runs
    assert [file.name for file in path.parent.iterdir()] == ["runs.db"]


def test_a_store_that_is_closed_says_so(path):
    store = Store(path)
    store.close()
    store.close()
    for act in (store.runs, lambda: record(store)):
        with pytest.raises(ValueError, match=r"runs\.db is closed; open the store again"):
            act()


def test_another_thread_is_told_to_open_the_store_itself(store):
    with ThreadPoolExecutor(1) as pool:
        for act in (store.runs, store.close):
            with pytest.raises(ValueError, match=r"runs\.db was opened in another thread; open"):
                pool.submit(act).result()
    assert store.runs() == []


def test_a_store_is_the_same_file_when_the_folder_changes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Store("runs.db") as store:
        monkeypatch.chdir("/")
        assert store.path == tmp_path / "runs.db"
        record(store)
        assert len(store.runs()) == 1


def test_a_network_that_is_too_large_is_refused(store, monkeypatch):
    monkeypatch.setattr("mnist_nn.store._LARGE", 2000)  # SQLite's is a billion bytes
    with pytest.raises(ValueError, match=r"the network is too large for a store: .*; save it as"):
        record(store, training(sizes=(2, 500, 2)))
    assert store.runs() == []


def test_each_epoch_that_is_recorded_can_be_watched(store, monkeypatch):
    seen = []

    def watch(run, training):
        assert store.run(run).epochs == training.epoch
        seen.append((run, training.epoch, training.history.train_loss[-1]))

    record_and_stop(store, monkeypatch, 2, watch=watch)
    store.resume(1, EXAMPLES, VALIDATION, progress=False, watch=watch)
    losses = trained().history.train_loss
    assert seen == [(1, epoch, loss) for epoch, loss in enumerate(losses, start=1)]


def test_digits_and_each_form_of_settings_are_recorded(store):
    digits = load_mnist().train[:20]
    one = training(replace(CONFIG, batch_size=None, epochs=1), sizes=(784, 10))
    store.train(one, digits, settings={"split": [20, 0], "note": "é", "nested": {"a": None}})
    assert store.run(1).settings["nested"] == {"a": None}
    assert store.run(1).settings["batch_size"] is None


# ------------------------------------------------------------ stopped, and going on


@pytest.mark.parametrize("error", [KeyboardInterrupt, Stop, MemoryError])
@pytest.mark.parametrize("after", [0, 3])
def test_a_run_that_is_stopped_goes_on_bit_for_bit(store, monkeypatch, after, error):
    number = record_and_stop(store, monkeypatch, after, error)
    assert store.run(number).status == "interrupted"
    assert store.run(number).epochs == after
    assert store.resume(number, EXAMPLES, VALIDATION, progress=False) == number
    assert store.run(number).status == "done"
    assert training_to_bytes(store.training(number)) == training_to_bytes(trained())


def test_ctrl_c_tells_which_run_it_stopped(store):
    def stop(run, training):
        raise KeyboardInterrupt

    record(store)
    with pytest.raises(KeyboardInterrupt) as caught:
        record(store, watch=stop)
    assert caught.value.run == 2
    with pytest.raises(KeyboardInterrupt) as caught:
        store.resume(2, EXAMPLES, VALIDATION, progress=False, watch=stop)
    assert caught.value.run == 2
    assert store.run(2).epochs == 2


@pytest.mark.parametrize("method", ["training", "_go_on"])
def test_what_stops_a_run_before_its_first_epoch_interrupts_it(store, path, monkeypatch, method):
    how = {"settings": {"seed": 0}, "once": True}
    record_and_stop(store, monkeypatch, 1, **how)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Store, method, stop)
        with pytest.raises(KeyboardInterrupt) as caught:
            record(store, **how)
    assert caught.value.run == 1
    with edited(path) as db:
        assert db.execute("SELECT status FROM runs").fetchall() == [("interrupted",)]
    record(store, **how)
    assert training_to_bytes(store.training(1)) == training_to_bytes(trained())


def test_a_run_that_this_process_no_longer_trains_is_interrupted(store, path, monkeypatch):
    def stop(run, training):
        store._db.execute("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")  # so that "interrupted" cannot be written
        raise Stop

    with edited(path) as other, pytest.raises(Stop):
        record(store, watch=stop)
    with edited(path) as db:
        assert db.execute("SELECT status FROM runs").fetchall() == [("running",)]
    assert store.run(1).status == "interrupted"
    store.resume(1, EXAMPLES, VALIDATION, progress=False)
    assert training_to_bytes(store.training(1)) == training_to_bytes(trained())


def test_a_run_is_running_while_this_process_trains_it(store, path):
    def look(run, training):
        with Store(path) as other:
            assert other.run(run).status == "running"
            with pytest.raises(ValueError, match="run 1 is running; expected one that is inter"):
                other.resume(run, EXAMPLES, VALIDATION)

    record(store, watch=look)
    assert store.run(1).status == "done"


@pytest.mark.parametrize("status", ["running", "interrupted", "done"])
def test_a_run_that_another_process_has_taken_over_is_left_to_it(store, path, status):
    def take(run, training):
        with edited(path) as db:
            db.execute("UPDATE runs SET status = ?, process = 'elsewhere 1 1 0'", (status,))

    with pytest.raises(ValueError, match="run 1 has been taken over by another process; leave it"):
        record(store, watch=take)
    with edited(path) as db:
        found = db.execute("SELECT status, process FROM runs").fetchall()
    assert found == [(status, "elsewhere 1 1 0")]
    assert store.run(1).epochs == 1


def test_only_an_interrupted_run_goes_on(store):
    record(store)
    with pytest.raises(ValueError, match="run 1 is done; expected one that is interrupted"):
        store.resume(1, EXAMPLES, VALIDATION)


@pytest.mark.parametrize(
    ("digits", "validation", "sentence"),
    [
        (VALIDATION, VALIDATION, "digits are not those of run 1; give the same"),
        (EXAMPLES, EXAMPLES, "validation are not those of run 1; give the same"),
        (EXAMPLES, None, "validation is there in some epochs only; give it in all or in none"),
    ],
)
def test_a_run_goes_on_with_the_same_digits_only(store, monkeypatch, digits, validation, sentence):
    record_and_stop(store, monkeypatch, 1)
    with pytest.raises(ValueError, match=f"^{sentence}"):
        store.resume(1, digits, validation)
    assert store.run(1).status == "interrupted"


def test_a_run_that_is_running_elsewhere_is_left_alone(store, path, monkeypatch):
    record_and_stop(store, monkeypatch, 1, settings={"seed": 0})
    with edited(path) as db:  # as another process would have written it
        db.execute("UPDATE runs SET status = 'running', process = 'elsewhere 1 1 0'")
    assert store.run(1).status == "running"
    with pytest.raises(ValueError, match="run 1 is running; expected one that is interrupted"):
        store.resume(1, EXAMPLES, VALIDATION)
    assert record(store, once=True, settings={"seed": 0}) == 1
    assert store.run(1).epochs == 1


def test_a_process_that_is_gone_has_interrupted_its_run(store, path):
    record(store)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    here, now = platform.node(), time.time()
    for process, seen, status in (
        (f"{here} {gone.pid} 12 0", now, "interrupted"),
        (f"{here} {os.getpid()} 1 0", now, "interrupted"),  # our number, started at another time
        (f"{_me()} 0", now, "interrupted"),  # we are there, but train no more
        (f"{here} {os.getppid()} {_started(os.getppid())} 0", now, "running"),
        (f"elsewhere {os.getpid()} 1 0", now, "running"),  # one cannot know
        (f"elsewhere {os.getpid()} 1 0", now - 4000, "interrupted"),
        ("nonsense", now, "interrupted"),
    ):
        with edited(path) as db:
            row = ("running", process, seen)
            db.execute("UPDATE runs SET status = ?, process = ?, seen = ?", row)
        assert store.run(1).status == status, process


def test_once_starts_a_run_goes_on_with_it_and_then_leaves_it(store, monkeypatch):
    how = {"settings": {"seed": 0}, "once": True}
    record_and_stop(store, monkeypatch, 2, **how)
    assert record(store, **how) == 1
    assert training_to_bytes(store.training(1)) == training_to_bytes(trained())
    before = store.runs()
    assert record(store, **how) == 1
    assert store.runs() == before
    assert record(store, settings={"seed": 1}, once=True) == 2
    assert record(store, validation=None, **how) == 3, "not measured on the same digits"
    assert record(store, settings={"seed": 0}) == 4, "not once, but again"
    assert record(store, training(seed=1), **how) == 5, "a warm start from other weights"


def test_once_prefers_a_run_that_is_done_and_then_the_first(store, monkeypatch):
    how = {"settings": {"seed": 0}}
    record_and_stop(store, monkeypatch, 1, **how)
    for _ in range(2):
        record(store, **how)
    assert record(store, once=True, **how) == 2
    assert store.run(1).status == "interrupted"


def test_a_run_that_diverges_has_failed_and_says_why(store):
    config = replace(CONFIG, learning_rate=1e30, momentum=0.0)
    one = training(config, sizes=(2, 3, 2))
    with pytest.raises(RunFailed, match=r"run 1 has failed: the loss is .*learning rate") as caught:
        record(store, one)
    assert caught.value.run == 1
    run = store.run(1)
    assert run.status == "failed"
    assert run.reason.startswith("the loss is ")
    with pytest.raises(ValueError, match="run 1 is failed"):
        store.resume(1, EXAMPLES, VALIDATION)
    store.model(1)  # what was good is there


def test_what_does_not_fit_is_refused_before_it_is_recorded(store):
    begun = training()
    next(begun.epochs(EXAMPLES, progress=False))
    for act, sentence in (
        (lambda: record(store, begun), "training has done 1 epochs already; give one that has no"),
        (lambda: record(store, training(sizes=(3, 2))), "digits have 2 numbers in a row"),
        (lambda: record(store, settings={"epochs": 3}), "settings has 'epochs', which is recorded"),
        (lambda: record(store, settings={"x": np.ones(2)}), "settings cannot be JSON .* plain val"),
        (lambda: record(store, settings={"x": float("nan")}), "settings cannot be JSON"),
        (lambda: record(store, settings={"x": "x" * 10**6}), "settings take 1000.* record less"),
    ):
        with pytest.raises(ValueError, match=sentence):
            act()
    blown = training()
    blown.model.params.flat[0] = np.nan
    with pytest.raises(ValueError, match="a parameter is not finite"):
        record(store, blown)
    assert store.runs() == []


# ------------------------------------------------------------ kill -9


def kill_while_training(path, kills):
    """Kill a run again and again, at random moments; what is left is always a whole epoch."""
    random.seed(0)
    epochs = 10**6
    reference = training(replace(CONFIG, epochs=epochs))
    steps = reference.epochs(EXAMPLES, VALIDATION, progress=False)
    start = time.perf_counter()  # how long five epochs take on this disk, from open to close
    with Store(path + ".other") as store:
        record(store)
    usual = time.perf_counter() - start
    Path(path + ".other").unlink()
    with Store(path):
        pass
    reached, journals = set(), 0

    def go_on():
        with Store(path) as store:
            record(store, training(replace(CONFIG, epochs=epochs)), once=True)

    for _ in range(int(kills)):
        child = fork(go_on)
        time.sleep(random.uniform(0.0, usual))
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        journals += Path(path + "-journal").exists()
        with Store(path, create=False) as store:
            if not store.runs():  # killed before it had begun
                continue
            (run,) = store.runs()
            assert run.status == "interrupted"
            if run.epochs in reached:  # the disk has become slower, so wait longer
                usual *= 1.2
            reached.add(run.epochs)
            while reference.epoch < run.epochs:
                next(steps)
            assert training_to_bytes(store.training(1)) == training_to_bytes(reference)
            assert [e.train_loss for e in store.epochs(1)] == reference.history.train_loss
            store.model(1, "best")
    with Store(path) as store:
        assert store._db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert len(store._db.execute("SELECT epoch FROM states").fetchall()) <= 2
        record(store)
    names = {file.name for file in Path(path).parent.iterdir()}
    assert names == {Path(path).name}, "the next who writes removes a journal that was left"
    print(f"{kills} kills, {journals} in a transaction, {max(reached)} epochs")
    assert len(reached) > int(kills) / 5
    assert journals, "no kill came while an epoch was written"


@pytest.mark.parametrize("kills", [15, pytest.param(200, marks=pytest.mark.slow)])
def test_kill_9_during_a_run_leaves_the_last_whole_epoch(path, kills):
    print(run_alone(kill_while_training, path, kills))


# ------------------------------------------------------------ two processes


def train_three(path, first):
    with Store(path) as store:
        for seed in range(int(first), int(first) + 3):
            record(store, training(replace(CONFIG, epochs=20), seed), settings={"seed": seed})


def train_the_same(path):
    with Store(path) as store:
        for seed in range(8):
            one = training(replace(CONFIG, epochs=10), seed)
            record(store, one, settings={"seed": seed}, once=True)


def test_two_processes_write_one_store_at_once(path):
    run_at_once(*(command(train_three, path, first) for first in (0, 3)))
    with Store(path, create=False) as store:
        runs = store.runs()
        assert sorted(run.settings["seed"] for run in runs) == [0, 1, 2, 3, 4, 5]
        for run in runs:
            assert (run.status, run.epochs) == ("done", 20)
            seed = run.settings["seed"]
            expected = training_to_bytes(trained(replace(CONFIG, epochs=20), seed=seed))
            assert training_to_bytes(store.training(run.id)) == expected


def test_two_processes_share_the_work(path):
    run_at_once(*[command(train_the_same, path)] * 2)
    with Store(path) as store:
        assert sorted(run.settings["seed"] for run in store.runs()) == list(range(8))


def test_who_keeps_writing_is_waited_for_but_not_for_ever(store, path):
    store._db.execute("PRAGMA busy_timeout = 50")
    with edited(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TimeoutError, match="another process keeps writing to it; try again la"):
            record(store)
    record(store)


# ------------------------------------------------------------ a full disk, and no permission


def files_may_be_small_only(path):
    """Record runs with a limit on the size of files, as a disk that fills up would set one."""
    config = replace(CONFIG, epochs=3)
    with Store(path) as store:
        record(store, training(config))
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            record(store, training(config, sizes=(2, 300, 100, 2)))
        except OSError as error:
            assert "cannot be used: the disk" in str(error)
        else:
            raise AssertionError("it was recorded")
        assert [run.status for run in store.runs()] == ["done"]


def test_a_full_disk_leaves_what_was_recorded(path):
    run_alone(files_may_be_small_only, path)
    with Store(path) as store:
        assert [run.status for run in store.runs()] == ["done"]
        record(store)


def test_a_disk_that_fills_up_during_a_run_leaves_its_last_whole_epoch(small_disk):
    filler = small_disk / "filler"
    with Store(small_disk / "runs.db") as store:
        record(store)
        add = store._add_epoch

        def fill(*arguments):
            if arguments[2].epoch == 3:
                with pytest.raises(OSError), filler.open("wb", buffering=0) as file:
                    for _ in range(1000):
                        file.write(bytes(1024))
            add(*arguments)

        store._add_epoch = fill
        with pytest.raises(OSError, match=r"runs\.db cannot be used: the disk"):
            record(store)
        filler.unlink()
        assert store.run(2).epochs == 2
        expected = training_to_bytes(trained(epochs=2))
        assert training_to_bytes(store.training(2)) == expected
        assert store._db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def as_nobody(path):
    """Use a store that may be read only."""
    os.setuid(65534)
    with Store(path) as store:
        assert [run.status for run in store.runs()] == ["done"]
        for act in (lambda: record(store), lambda: Store(path + ".new")):
            try:
                act()
            except PermissionError as error:
                assert "cannot be used: it " in str(error)
                assert "; choose" in str(error)
            else:
                raise AssertionError("it was possible")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_store_that_may_only_be_read_is_read():
    with TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        with Store(folder + "/runs.db") as store:
            record(store)
        run_alone(as_nobody, folder + "/runs.db")


# ------------------------------------------------------------ files that are wrong


def test_a_name_that_leads_nowhere_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"runs\.db; check the name$"):
        Store(tmp_path / "runs.db", create=False)
    with pytest.raises(FileNotFoundError, match=r"but there is no .*missing; check the name"):
        Store(tmp_path / "missing" / "runs.db")
    with pytest.raises(ValueError, match="not a file; give the path of a store"):
        Store(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"hello", b"x" * 5000, b"PK\x03\x04" + bytes(2000)])
def test_another_file_is_refused_and_left_alone(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is not a store of runs; choose another"):
        Store(path)
    assert path.read_bytes() == content


def test_another_database_is_refused_and_left_alone(path):
    with edited(path) as db:
        db.execute("CREATE TABLE runs (id INTEGER)")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="another SQLite database, no store; choose a new file"):
        Store(path)
    assert path.read_bytes() == before


def test_a_newer_store_is_refused(path):
    Store(path).close()
    with edited(path) as db:
        db.execute("PRAGMA user_version = 2")
    with pytest.raises(ValueError, match="has version 2; expected 1: update mnist_nn"):
        Store(path)


def test_other_tables_are_refused(path):
    Store(path).close()
    with edited(path) as db:
        db.execute("ALTER TABLE runs ADD COLUMN colour")
    with pytest.raises(ValueError, match="has other tables than a store; restore a copy"):
        Store(path)


def test_an_empty_file_becomes_a_store(path):
    path.touch()
    with Store(path) as store:
        record(store)


EDITS = {
    "status": "UPDATE runs SET status = 'asleep'",
    "settings": "UPDATE runs SET settings = '[]'",
    "no JSON": "UPDATE runs SET settings = '{'",
    "nested deeply": f"UPDATE runs SET settings = '{'[' * 10**5}'",
    "a blob": "UPDATE runs SET name = x'ff'",
    "no time": "UPDATE runs SET seen = 'now'",
    "not UTF-8": "UPDATE runs SET name = CAST(x'ff' AS TEXT)",
    "an epoch missing": "DELETE FROM epochs WHERE epoch = 2",
    "a text for a number": "UPDATE epochs SET train_loss = 'small' WHERE epoch = 2",
    "half a validation": "UPDATE epochs SET val_loss = NULL",
    "an infinite loss": "UPDATE epochs SET train_loss = 9e999 WHERE epoch = 2",
    "an infinite accuracy": "UPDATE epochs SET val_accuracy = -9e999 WHERE epoch = 2",
    "no settings": "UPDATE runs SET settings = '{}'",
    "sizes of a word": """UPDATE runs SET settings = '{"sizes": "22"}'""",
    "sizes with a text": """UPDATE runs SET settings = '{"sizes": [2, "2"]}'""",
    "sizes with a bool": """UPDATE runs SET settings = '{"sizes": [2, true]}'""",
    "NaN in settings": """UPDATE runs SET settings = '{"sizes": [2, 2], "c": NaN}'""",
    "infinity in settings": """UPDATE runs SET settings = '{"sizes": [2, 2], "c": 1e999}'""",
}


@pytest.mark.parametrize("what", EDITS)
def test_what_was_edited_is_refused_in_one_sentence(store, path, what):
    record(store)
    with edited(path) as db:
        db.execute(EDITS[what])
    for act in (store.runs, lambda: store.run(1), store.best, lambda: store.model(1)):
        with pytest.raises(ValueError, match=r"runs\.db is damaged: .*; restore a copy of it$"):
            act()


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ("DELETE FROM states", "the weights of run 1 are missing"),
        ("UPDATE states SET training = 'text'", "the weights of run 1 are missing"),
        ("UPDATE states SET training = x'00'", "run 1 in .* is damaged or not an .npz file"),
        ("DELETE FROM epochs WHERE epoch = 5", "the weights of run 1 are missing"),
        ("UPDATE states SET epoch = 6", "the weights of run 1 are missing"),
    ],
)
def test_weights_that_were_edited_are_refused(store, path, edit, sentence):
    record(store, validation=None)
    with edited(path) as db:
        db.execute(edit)
    with pytest.raises(ValueError, match=sentence):
        store.model(1)


def test_a_number_that_no_run_has_is_refused(store):
    record(store)
    for number in (0, 2, -1, 10**30):
        with pytest.raises(ValueError, match=f"run is {number}, which .* does not have; see run"):
            store.run(number)


def small_store(folder):
    path = Path(folder, "original.db")
    with Store(path) as store:
        record(store, training(replace(CONFIG, epochs=2)), name="a run", settings={"seed": 0})
        record(store, training(replace(CONFIG, epochs=1)), validation=None)
    return path.read_bytes()


def test_a_store_cut_short_is_refused(tmp_path, path):
    content = small_store(tmp_path)
    for length in (*range(1, 600, 50), *range(600, len(content) - 1, 1000)):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=re.escape(str(path))), Store(path) as store:
            store.runs()
            store.model(1)
            store.model(2)


# ------------------------------------------------------------ mutations


def mutated(content, used, rng):
    """A copy of a file with one to four random changes, most of them where something is."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.choice(used) if rng.random() < 0.9 else rng.randrange(len(data))
        n = rng.choice((1, 1, 2, 4, 8, 40))
        kind = rng.randrange(8)
        if kind <= 2:
            data[at] = rng.randrange(256)
        elif kind <= 4:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 5:
            data[at : at + n] = rng.randbytes(n)[: len(data) - at]
        elif kind == 6:
            data[at : at + n] = rng.choice((b"\xff", b"\0", b"\x7f"))[:1] * min(n, len(data) - at)
        elif rng.random() < 0.1:
            del data[rng.randrange(len(data)) :]
            break
    return bytes(data)


def mutate(count, folder):
    """Use mutated stores; anything but an answer or a documented error ends the process."""
    content, path = small_store(folder), Path(folder, "runs.db")
    used = [at for at, byte in enumerate(content) if byte]
    limit = int(Path("/proc/self/statm").read_text().split()[0])
    limit = limit * resource.getpagesize() + (100 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))  # a MemoryError is not documented
    rng, valid, start = random.Random(0), 0, time.perf_counter()
    for number in range(int(count)):
        mutation = mutated(content, used, rng)
        path.write_bytes(mutation)
        try:
            with Store(path) as store:
                for run in store.runs():
                    assert run.id == store.run(run.id).id
                    assert isinstance(store.model(run.id), MLP)
                    assert store.training(run.id).epoch == run.epochs
                store.best()
            valid += 1
        except (ValueError, PermissionError, OSError) as error:
            message = str(error)
            assert type(error) in (ValueError, PermissionError, OSError)
            assert str(path) in message and "; " in message and "\n" not in message, message
            assert len(message) < 400 + len(str(path)), message
            message.encode()
        except BaseException:
            print(f"mutation {number}")
            raise
        for suffix in ("-journal", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
    print(f"store: {count} mutations, {valid} valid, {time.perf_counter() - start:.0f} s")


@pytest.mark.parametrize("count", [500, pytest.param(100_000, marks=pytest.mark.slow)])
def test_mutated_stores_give_an_answer_or_a_documented_error(tmp_path, count):
    print(run_alone(mutate, count, tmp_path))


if __name__ == "__main__":
    run_named(globals())
