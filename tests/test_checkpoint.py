"""Saved networks and trainings: nothing is lost, nothing half-written, nothing believed.

Tests that end processes or limit their memory run functions of this file in a process of its own.
"""

import json
import os
import random
import re
import resource
import signal
import stat
import time
import tracemalloc
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_nn import MLP, Digits, Examples, Scaling, TrainConfig, Training
from mnist_nn.checkpoint import (
    architecture,
    fingerprint,
    load_model,
    load_training,
    save_model,
    save_training,
    training_from_bytes,
    training_to_bytes,
)
from mnist_nn.files import Npz, opened, replacing
from tests.mutations import mutated
from tests.processes import fork, run_alone, run_named

CONFIG = TrainConfig(epochs=6, batch_size=4, learning_rate=0.3, decay=0.9, momentum=0.8, l2=0.01)
GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
FORMS = (".json", ".npz")


def network(sizes=(3, 4, 2), seed=0, **settings):
    return MLP(sizes, rng=np.random.default_rng(seed), **settings)


def training(config=CONFIG, generator="PCG64", **settings):
    rng = np.random.Generator(getattr(np.random, generator)(7))
    return Training(network(**settings), config, rng)


def examples():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(30, 3))
    return Examples(X, (X.sum(axis=1) > 0).astype(int))


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


# ------------------------------------------------------------ models


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("sizes", [(2, 2), (1, 1), (5, 3, 2, 4)], ids=str)
def test_a_model_comes_back_as_it_was(tmp_path, form, dtype, sizes):
    settings = {"activation": "sigmoid", "output": "sigmoid_bernoulli_nll", "c": 0.1}
    model = network(sizes, scaling=Scaling(0.01, 1), dtype=dtype, bias_init="he_normal", **settings)
    path = tmp_path / f"model{form}"
    save_model(model, path)
    loaded = load_model(path)
    assert architecture(loaded) == architecture(model)
    assert same_bits(loaded.params.flat, model.params.flat)
    X = np.ones((1, sizes[0]), dtype)
    assert same_bits(loaded.predict_proba(X), model.predict_proba(X))
    loaded.params.flat += 1  # and can be trained on
    assert loaded.params.W[1][0, 0] == model.params.W[1][0, 0] + dtype(1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_finite_number_comes_back_bit_for_bit(dtype):
    width = 32 if dtype is np.float32 else 64

    @given(
        st.lists(
            st.floats(width=width, allow_nan=False, allow_infinity=False),
            min_size=4,
            max_size=4,
        )
    )
    def check(values):
        model = network((1, 2), dtype=dtype)
        model.params.flat[:] = values
        with TemporaryDirectory() as folder:
            for form in FORMS:
                path = folder + "/model" + form
                save_model(model, path)
                assert same_bits(load_model(path).params.flat, model.params.flat)

    check()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_numbers_come_back_bit_for_bit(tmp_path, dtype):
    limits = np.finfo(dtype)
    values = [limits.max, limits.min, limits.tiny, limits.smallest_subnormal, limits.eps, -0.0]
    values += [1 / 3, 1e16, 123456789, 0.1]
    values += [7.038531e-26]  # rounded from float64, this decimal gives the next float32
    model = network((len(values), 1), dtype=dtype)
    model.params.W[1][:, 0] = values
    model.params.b[1][:] = limits.max
    save_model(model, tmp_path / "model.json")
    assert same_bits(load_model(tmp_path / "model.json").params.flat, model.params.flat)


def test_many_random_bit_patterns_come_back(tmp_path):
    bits = np.random.default_rng(0).integers(0, 2**32, 200_001, np.uint64).astype(np.uint32)
    values = bits.view(np.float32)
    model = network((200_000, 1))
    model.params.flat = np.where(np.isfinite(values), values, 0)
    save_model(model, tmp_path / "model.json")
    assert same_bits(load_model(tmp_path / "model.json").params.flat, model.params.flat)


def test_json_is_made_for_people(tmp_path):
    model = network((3, 2), scaling=Scaling(0.01, 1))
    model.params.flat = [0.1, -2, 3e-9, 0.25, 1, 0, 0.5, 1 / 3]
    save_model(model, tmp_path / "model.json")
    assert (
        (tmp_path / "model.json").read_text()
        == """\
{
  "format": "mnist_nn model",
  "version": 1,
  "sizes": [3, 2],
  "activation": "relu",
  "c": 0.0,
  "output": "softmax_nll",
  "scaling": {"low": 0.01, "high": 1.0},
  "dtype": "float32",
  "layers": [
    {
      "W": [
        [0.1, -2.0],
        [3e-09, 0.25],
        [1.0, 0.0]
      ],
      "b": [0.5, 0.33333334]
    }
  ]
}
"""
    )


def test_json_may_be_laid_out_in_another_way(tmp_path):
    path, model = tmp_path / "model.json", network()
    save_model(model, path)
    document = json.loads(path.read_text())
    for text in (json.dumps(document), json.dumps(document, indent=4, sort_keys=True)):
        for start in ("", "\ufeff"):
            path.write_text(start + text, encoding="utf-8")
            assert same_bits(load_model(path).params.flat, model.params.flat)


def test_npz_can_be_read_by_numpy_alone(tmp_path):
    model = network()
    save_model(model, tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz", allow_pickle=False) as npz:
        for l in (1, 2):
            assert same_bits(npz[f"W{l}"], model.params.W[l])
            assert same_bits(npz[f"b{l}"], model.params.b[l])
        assert json.loads(npz["header.json"])["sizes"] == [3, 4, 2]


@pytest.mark.parametrize("form", FORMS)
def test_the_same_model_gives_the_same_bytes(tmp_path, form):
    paths = [tmp_path / f"{name}{form}" for name in "ab"]
    for path in paths:
        save_model(network(), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_npz_that_numpy_wrote_otherwise_is_read_too(tmp_path):
    """Compressed, in Fortran order, big-endian: the numbers are the same."""
    path, model = tmp_path / "model.npz", network()
    save_model(model, path)
    with np.load(path) as npz:
        members = dict(npz)
    header = members.pop("header.json")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", header)
        for name, array in members.items():
            content = BytesIO()
            np.save(content, np.asfortranarray(array.astype(">f4")))
            archive.writestr(name + ".npy", content.getvalue())
    assert same_bits(load_model(path).params.flat, model.params.flat)


def test_other_suffixes_are_refused_by_name(tmp_path):
    for suffix in (".pkl", "", ".h5"):
        for act in (lambda path: save_model(network(), path), load_model):
            with pytest.raises(ValueError, match=r"expected a name that ends in \.json or \.npz"):
                act(tmp_path / f"model{suffix}")
    with pytest.raises(ValueError, match=r"expected a name that ends in \.npz"):
        save_training(training(), tmp_path / "training.json")
    assert list(tmp_path.iterdir()) == []
    save_model(network(), tmp_path / "MODEL.JSON")
    load_model(tmp_path / "MODEL.JSON")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_model_that_has_blown_up_is_not_saved(tmp_path, form, value):
    model = network()
    model.params.flat[3] = value
    with pytest.raises(ValueError, match="a parameter of the model is not finite"):
        save_model(model, tmp_path / f"model{form}")
    assert list(tmp_path.iterdir()) == []


def test_what_load_would_refuse_is_not_saved(tmp_path):
    model = network((2000, 1000))
    with pytest.raises(ValueError, match=r"more than 2,000,000 parameters; save it as \.npz"):
        save_model(model, tmp_path / "model.json")
    model.params.flat[:] = -1.2345678e-38
    save_model(model, tmp_path / "model.npz")
    assert same_bits(load_model(tmp_path / "model.npz").params.flat, model.params.flat)


# ------------------------------------------------------------ trainings


def next_epochs(path, result):
    """Load a training, go on with it, and write the weights: in a process of its own."""
    loaded = load_training(path)
    for _ in loaded.epochs(examples(), examples(), progress=False):
        pass
    Path(result).write_bytes(training_to_bytes(loaded))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("generator", GENERATORS)
@pytest.mark.parametrize(
    "config", [CONFIG, replace(CONFIG, momentum=0.0), replace(CONFIG, batch_size=None)], ids=str
)
def test_a_training_goes_on_bit_for_bit_from_any_epoch(tmp_path, dtype, generator, config):
    whole = training(config, generator, dtype=dtype)
    whole.rng.random(3, np.float32)  # half a number is kept for the next
    states = [training_to_bytes(whole)]
    states += [training_to_bytes(whole) for _ in whole.epochs(examples(), examples(), False)]
    for state in states:
        stopped = training_from_bytes(state, "a training")
        assert training_to_bytes(stopped) == state
        for _ in stopped.epochs(examples(), examples(), progress=False):
            pass
        assert training_to_bytes(stopped) == states[-1]
        assert stopped.history == whole.history
        assert same_bits(stopped.model.params.flat, whole.model.params.flat)
        assert stopped.rng.random() == training_from_bytes(states[-1], "whole").rng.random()


@pytest.mark.parametrize("generator", GENERATORS)
def test_a_training_goes_on_bit_for_bit_in_another_process(tmp_path, generator):
    whole = training(generator=generator)
    for epoch in whole.epochs(examples(), examples(), progress=False):
        if epoch == 2:
            save_training(whole, tmp_path / "training.npz")
    run_alone(next_epochs, tmp_path / "training.npz", tmp_path / "result")
    assert (tmp_path / "result").read_bytes() == training_to_bytes(whole)


def test_a_training_that_knows_its_digits_goes_on_with_no_others(tmp_path):
    path, one = tmp_path / "training.npz", training()
    save_training(one, path, examples())
    assert load_training(path).epoch == load_training(path, examples()).epoch == 0
    assert same_bits(load_model(path).params.flat, one.model.params.flat)
    others = Examples(examples().X, 1 - examples().labels)
    with pytest.raises(ValueError, match=r"digits are not those that .* was saved with; give"):
        load_training(path, others)
    save_training(one, path)
    assert path.read_bytes() == training_to_bytes(one)
    load_training(path, others)  # none were recorded


def test_digits_have_a_fingerprint_by_their_numbers_and_labels():
    rng = np.random.default_rng(3)
    images, labels = rng.integers(0, 256, (4, 28, 28)).astype(np.uint8), np.arange(4)
    one = fingerprint(Digits(images, labels))
    assert re.fullmatch("[0-9a-f]{64}", one)
    assert one == fingerprint(Digits(images.copy(), labels))
    twice = Digits(np.repeat(images, 2, axis=0), np.repeat(labels, 2))
    assert one == fingerprint(twice[::2]), "a view with gaps"
    assert one != fingerprint(Digits(images, labels[::-1]))
    assert one != fingerprint(Digits(images[::-1], labels))
    assert one != fingerprint(Examples(images.reshape(4, 784) / 255, labels))
    assert fingerprint(None) == ""


def test_the_network_of_a_training_can_be_loaded_alone(tmp_path):
    one = training()
    save_training(one, tmp_path / "training.npz")
    assert same_bits(load_model(tmp_path / "training.npz").params.flat, one.model.params.flat)


def test_a_model_is_no_training(tmp_path):
    save_model(network(), tmp_path / "model.npz")
    with pytest.raises(ValueError, match="its format is 'mnist_nn model'; expected 'mnist_nn trai"):
        load_training(tmp_path / "model.npz")


def test_a_generator_that_is_not_of_numpy_is_refused():
    class Own(np.random.PCG64):
        @property
        def state(self):
            return {"bit_generator": "Own"}

    one = Training(network(), CONFIG, np.random.Generator(Own(0)))
    with pytest.raises(ValueError, match="the generator is Own; expected one of PCG64, PCG64DXSM"):
        training_to_bytes(one)


def test_a_training_that_has_blown_up_is_not_saved(tmp_path):
    one = training()
    one.velocity.flat[0] = np.inf
    with pytest.raises(ValueError, match="a velocity is not finite"):
        save_training(one, tmp_path / "training.npz")
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------ files that are replaced


def test_a_file_that_is_replaced_keeps_its_permissions_and_a_new_one_follows_the_umask(tmp_path):
    path = tmp_path / "model.json"
    before = os.umask(0o027)
    try:
        save_model(network(), path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o604)
    save_model(network(seed=1), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_the_file_behind_a_link_is_replaced(tmp_path):
    (tmp_path / "link.json").symlink_to("model.json")
    save_model(network(), tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink()
    load_model(tmp_path / "model.json")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_nothing_changes_if_writing_fails(tmp_path, error):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(error), replacing(path) as temporary:
        temporary.write_text("new, but not")
        raise error("stop")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_old_temporary_files_of_the_same_file_are_removed_and_no_others(tmp_path):
    path = tmp_path / "file"
    names = {".file.0123abcd.tmp", ".other.0123abcd.tmp", ".file.tmp", "file.0123abcd.tmp"}
    for name in names:
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / ".file.99999999.tmp").touch()  # perhaps of another process, at this moment
    with replacing(path):
        pass
    left = {file.name for file in tmp_path.iterdir()}
    assert left == names - {".file.0123abcd.tmp"} | {"file", ".file.99999999.tmp"}


def test_where_nothing_can_be_written_one_sentence_says_so(tmp_path):
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(ValueError, match="is not a file; give the path of one to write"):
        save_model(network(), tmp_path / "folder.json")
    with pytest.raises(
        FileNotFoundError, match=r"cannot be written: No such file.*create the fold"
    ):
        save_model(network(), tmp_path / "missing" / "model.json")
    with pytest.raises(OSError, match=r"cannot be written: .*check the path"):
        save_model(network(), tmp_path / ("n" * 250 + ".json"))


def as_nobody(folder):
    """Save and load where one may not: root may, so become another user."""
    os.setuid(65534)
    for act, done in ((load_model, "read"), (lambda path: save_model(network(), path), "written")):
        try:
            act(folder + "/model.json")
        except PermissionError as error:
            assert f"cannot be {done}: Permission denied; choose a place" in str(error)
        else:
            raise AssertionError("it was possible")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_without_permission_one_sentence_says_so():
    with TemporaryDirectory(dir="/tmp") as folder:
        save_model(network(), folder + "/model.json")
        Path(folder, "model.json").chmod(0o600)
        Path(folder).chmod(0o755)
        run_alone(as_nobody, folder)


# ------------------------------------------------------------ a full disk


def files_may_be_small_only(folder):
    """Save with a limit on the size of files, as a disk that fills up would set one."""
    model, one = network((100, 100)), training(sizes=(100, 100))
    save_model(network(), folder + "/model.json")
    save_model(network(), folder + "/model.npz")
    save_training(training(), folder + "/training.npz")
    before = {path: path.read_bytes() for path in Path(folder).iterdir()}
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
    for save, thing, name in (
        (save_model, model, "model.json"),
        (save_model, model, "model.npz"),
        (save_training, one, "training.npz"),
    ):
        try:
            save(thing, f"{folder}/{name}")
        except OSError as error:
            assert f"{name} cannot be written: File too large; free some space" in str(error)
        else:
            raise AssertionError("it was saved")
        assert {path: path.read_bytes() for path in Path(folder).iterdir()} == before


def test_a_full_disk_leaves_all_as_it_was(tmp_path):
    run_alone(files_may_be_small_only, tmp_path)


@pytest.mark.parametrize("form", FORMS)
def test_a_disk_that_is_really_full_leaves_all_as_it_was(small_disk, form):
    path, small = small_disk / f"model{form}", network()
    save_model(small, path)
    with pytest.raises(OSError, match="cannot be written: No space left on device; free some"):
        save_model(network((400, 200)), path)
    assert list(small_disk.iterdir()) == [path]
    assert same_bits(load_model(path).params.flat, small.params.flat)


def test_a_write_that_fails_at_its_very_end_leaves_all_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "model.json"
    save_model(network(), path)
    before = path.read_bytes()

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left on device; free some space"):
        save_model(network(seed=1), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


# ------------------------------------------------------------ kill -9


def kill_while_saving(folder, kills):
    """Kill a process that saves all the time, at random moments; look at what is left."""
    random.seed(0)
    saves = (
        (".json", lambda path, one: save_model(one.model, path), lambda path: load_model(path)),
        (".npz", lambda path, one: save_model(one.model, path), lambda path: load_model(path)),
        (
            ".npz",
            lambda path, one: save_training(one, path),
            lambda path: load_training(path).model,
        ),
    )
    values, temporary = set(), 0
    for number in range(int(kills)):
        form, save, load = saves[number % 3]
        place = Path(folder, str(number % 3))
        place.mkdir(exist_ok=True)
        one, path = training(sizes=(60, 50)), place / f"saved{form}"
        one.model.params.flat[:] = number * 1000
        save(path, one)

        def save_all_the_time(save=save, one=one, path=path, first=number * 1000):
            for value in range(first, 10**9):
                one.model.params.flat[:] = value
                save(path, one)

        child = fork(save_all_the_time)
        time.sleep(random.uniform(0, 0.03))
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        (value,) = set(load(path).params.flat.tolist())  # all numbers from one save
        values.add(value)
        for file in place.iterdir():
            if file != path:
                assert re.fullmatch(rf"\.saved\{form}\.[0-9a-f]{{8}}\.tmp", file.name), file
                temporary += 1
                os.utime(file, (0, 0))  # as if it had been there for long
        save(path, one)
        assert list(place.iterdir()) == [path]
    print(f"{kills} kills, {len(values)} different states, {temporary} temporary files left")
    assert temporary, "no kill came while a file was written"


@pytest.mark.parametrize("kills", [12, pytest.param(200, marks=pytest.mark.slow)])
def test_kill_9_during_a_save_leaves_the_last_whole_file(tmp_path, kills):
    print(run_alone(kill_while_saving, tmp_path, kills))


# ------------------------------------------------------------ files that are wrong


def document():
    """A small model as JSON."""
    with TemporaryDirectory() as folder:
        save_model(network((3, 2)), folder + "/model.json")
        return json.loads(Path(folder, "model.json").read_text())


def edited(path, value):
    """The text of a model with another value at `path`, such as "scaling/low"."""
    changed = document()
    place, names = changed, path.split("/")
    for name in names[:-1]:
        place = place[int(name) if isinstance(place, list) else name]
    place[int(names[-1]) if isinstance(place, list) else names[-1]] = value
    return json.dumps(changed)


WRONG_JSON = {
    "empty": ("", "it is not JSON"),
    "a word": ("model", "it is not JSON"),
    "cut short": (json.dumps(document())[:-10], "it is not JSON"),
    "followed by more": (json.dumps(document()) + "{}", "it is not JSON"),
    "not UTF-8": (b"\xff\xfe{}", "it is not text in UTF-8"),
    "UTF-16": (json.dumps(document()).encode("utf-16"), "it is not text in UTF-8"),
    "a list": ("[]", "it is not an object"),
    "null": ("null", "it is not an object"),
    "another format": ('{"format": "keras"}', "its format is 'keras'; expected 'mnist_nn model'"),
    "no format": ("{}", "its format is None; expected 'mnist_nn model'"),
    "a newer version": (edited("version", 2), "its version is 2; expected 1; .*update that"),
    "version true": (edited("version", True), "its version is True; expected 1"),
    "NaN": (edited("c", float("nan")), "it holds NaN; expected finite numbers"),
    "infinity": (edited("layers/0/b/0", float("-inf")), "it holds -Infinity; expected finite"),
    "1e999": (edited("layers/0/b/0", 7).replace("[7,", "[1e999,"), "a number is infinite or NaN"),
    "too large for float32": (edited("layers/0/b/0", 1e39), "a number is infinite or NaN"),
    "a huge integer": (edited("layers/0/b/0", 10**400), "too large to convert"),
    "5000 digits": (edited("c", 7).replace("7", "7" * 5000), "4300 digits"),
    "nested deeply": ("[" * 100_000, "it is nested too deeply"),
    "objects nested deeply": ('{"a":' * 100_000, "it is nested too deeply"),
    "a name twice": ('{"format": "mnist_nn model", "format": "x"}', "a name stands twice"),
    "no dtype": (json.dumps({k: v for k, v in document().items() if k != "dtype"}), "no 'dtype'"),
    "an unknown name": (edited("colour", 1), "the model has an unknown 'colour'"),
    "an endless name": (edited("n" * 10**6, 1), r"the model has an unknown 'nnn.*\.\.\.;"),
    "no layers": (edited("layers", None), "layers are not a list; save"),
    "too many layers": (edited("layers", document()["layers"] * 2), "sizes has 2 entries.* 2 la"),
    "a million layers": (edited("sizes", [1] * 10**6), "sizes has 1000000 entries.* 1 layers"),
    "a layer is a list": (edited("layers/0", []), "layer 1 is of type list; expected an object"),
    "a layer without b": (edited("layers/0", {"W": []}), "layer 1 has no 'b'"),
    "too few rows": (edited("layers/0/W", [[1, 2]]), "W in layer 1 has 1 rows; expected 3"),
    "a short row": (edited("layers/0/W/1", [1]), "a row of W in layer 1 is not a list of 2 num"),
    "a row that is a text": (edited("layers/0/W/1", "12"), "a row of W in layer 1 is not a list"),
    "a number that is a list": (edited("layers/0/W/1/0", [1]), "is not a list of 2 numbers"),
    "a number that is a text": (edited("layers/0/W/1/0", "1"), "is not a list of 2 numbers"),
    "a number that is a bool": (edited("layers/0/b/0", True), "b in layer 1 is not a list of 2"),
    "a number that is null": (edited("layers/0/b/0", None), "b in layer 1 is not a list of 2"),
    "10⁹ units claimed": (edited("sizes", [3, 10**9]), "a row of W in layer 1 is not a list of 1"),
    "10⁹ layers claimed": (edited("sizes/1", 10**18), "a row of W in layer 1 is not a list of 1"),
    "sizes with a bool": (edited("sizes", [True, 2]), "sizes are not two or more integers"),
    "sizes with a fraction": (edited("sizes", [3, 2.0]), "sizes are not two or more integers"),
    "sizes with zero": (edited("sizes", [3, 0]), "sizes are not two or more integers"),
    "one size": (edited("sizes", [3]), "sizes are not two or more integers"),
    "sizes of a word": (edited("sizes", "32"), "sizes in the model is of type str; expected list"),
    "an unknown activation": (edited("activation", "tanh"), "activation is 'tanh'; expected one o"),
    "activation 1": (edited("activation", 1), "activation in the model is of type int; expected"),
    "a lone surrogate": (edited("activation", "\ud800"), r"activation is '\\ud800'; expected"),
    "an unknown output": (edited("output", ""), "output is ''; expected one of"),
    "c above 1": (edited("c", 1.5), "c is 1.5; expected a number from 0 to 1"),
    "c true": (edited("c", True), "c in the model is of type bool; expected int or float"),
    "float16": (edited("dtype", "float16"), "dtype is 'float16'; expected float32 or float64"),
    "objects": (edited("dtype", "object"), "dtype is 'object'; expected float32 or float64"),
    "low above high": (edited("scaling/low", 2), "low is 2.0 and high 1.0; expected low below"),
    "scaling with more": (edited("scaling/mid", 0.5), "scaling has an unknown 'mid'"),
    "scaling is null": (edited("scaling", None), "scaling in the model is of type NoneType"),
}


def assert_one_sentence(message, path):
    assert str(path) in message
    assert "; " in message, "what to do is not said"
    assert "\n" not in message
    assert len(message) < 300 + 2 * len(str(path))
    message.encode()  # it can be printed


@pytest.mark.parametrize("what", WRONG_JSON)
def test_wrong_json_is_refused_in_one_sentence(tmp_path, what):
    content, sentence = WRONG_JSON[what]
    path = tmp_path / "model.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=sentence) as caught:
            load_model(path)
        assert tracemalloc.get_traced_memory()[1] < 20e6, "memory was spent on a claim"
    finally:
        tracemalloc.stop()
    assert caught.type is ValueError
    assert_one_sentence(str(caught.value), path)


def test_a_very_large_json_is_refused_unread(tmp_path):
    path = tmp_path / "model.json"
    with path.open("wb") as file:
        file.truncate(10**12)  # a terabyte of nothing
    with pytest.raises(ValueError, match="it is larger than 64000000 bytes"):
        load_model(path)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([10**9, 2**63, "relu", "float32", [1, 1], "mnist_nn model"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
PLACES = ["format", "version", "sizes", "sizes/0", "sizes/1", "activation", "c", "output"]
PLACES += ["scaling", "scaling/low", "scaling/high", "dtype", "layers", "layers/0", "layers/0/W"]
PLACES += ["layers/0/W/2", "layers/0/W/2/1", "layers/0/b", "layers/0/b/0", "new", "scaling/new"]


@given(st.sampled_from(PLACES), JSON_VALUES)
def test_a_document_with_another_value_somewhere_gives_a_model_or_a_sentence(place, value):
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.json")
        path.write_text(edited(place, value))
        try:
            assert isinstance(load_model(path), MLP)
        except ValueError as error:
            assert type(error) is ValueError
            assert_one_sentence(str(error), path)


def rewritten(content, change):
    """An .npz file with its members changed: name → bytes, or None to leave one out."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members |= change(members) if callable(change) else change
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, member in members.items():
            if member is not None:
                archive.writestr(name, member)
    return file.getvalue()


def npy(array, **header):
    """A .npy file; the header may claim something else."""
    file = BytesIO()
    np.save(file, array)
    content = file.getvalue()
    for old, new in header.values():
        assert len(old) >= len(new) and old in content
        content = content.replace(old, new.ljust(len(old)))
    return content


def changed_header(**entries):
    """A change of header.json."""
    return lambda members: {
        "header.json": json.dumps(json.loads(members["header.json"]) | entries).encode()
    }


def changed_part(part, **entries):
    """A change of an object in header.json."""

    def change(members):
        header = json.loads(members["header.json"])
        header[part] |= entries
        return {"header.json": json.dumps(header).encode()}

    return change


W = np.ones((3, 2), np.float32)
WRONG_MODEL_NPZ = {
    "no b1": ({"b1.npy": None}, "one W and b for each layer"),
    "another layer": ({"W2.npy": npy(W)}, "sizes has 2 entries, but there are 2 layers"),
    "another b": ({"b2.npy": npy(W)}, "one W and b for each layer"),
    "a million layers": (changed_header(sizes=[1] * 10**6), "sizes has 1000000 entries.* 1 layers"),
    "a stranger": ({"readme.txt": b"hello"}, "one W and b for each layer"),
    "no header": ({"header.json": None}, "no member with the name 'header.json'"),
    "header is no JSON": ({"header.json": b"{"}, "it is not JSON"),
    "header is a list": ({"header.json": b"[]"}, "header.json is not an object"),
    "header with NaN": ({"header.json": b'{"c": NaN}'}, "it holds NaN"),
    "header nested deeply": ({"header.json": b"[" * 10**6}, "nested too deeply"),
    "a newer version": (changed_header(version=2), "its version is 2; expected 1"),
    "unknown name": (changed_header(colour=1), "the model has an unknown 'colour'"),
    "10⁹ units claimed": (changed_header(sizes=[3, 10**9]), "W1 is float32 of shape"),
    "transposed": ({"W1.npy": npy(W.T)}, r"W1 is float32 of shape \(2, 3\); expected float32 of"),
    "a vector": ({"W1.npy": npy(W.ravel())}, r"W1 is float32 of shape \(6,\)"),
    "float64": ({"W1.npy": npy(W.astype(float))}, r"W1 is float64 of shape .* expected float32"),
    "integers": ({"W1.npy": npy(W.astype(int))}, "W1 is int64 of shape"),
    "objects": ({"W1.npy": npy(W.astype(object))}, "'W1.npy' is not an array of numbers"),
    "text": ({"W1.npy": npy(W.astype(str))}, "'W1.npy' holds '<U32', not numbers"),
    "complex": ({"W1.npy": npy(W.astype(complex))}, "'W1.npy' holds '<c16', not numbers"),
    "no array": ({"W1.npy": b"hello"}, "'W1.npy' is not an array of numbers"),
    "empty": ({"W1.npy": b""}, "'W1.npy' is not an array of numbers"),
    "cut short": ({"W1.npy": npy(W)[:-1]}, "'W1.npy' claims float32 .* but has another size"),
    "too long": ({"W1.npy": npy(W) + b"\0"}, "'W1.npy' claims float32 .* but has another size"),
    "NaN": ({"W1.npy": npy(W * np.float32(np.nan))}, "a number is infinite or NaN"),
    "infinity": ({"b1.npy": npy(np.full(2, np.inf, np.float32))}, "a number is infinite or NaN"),
    "a claim of 10⁹": (
        {"W1.npy": npy(W, shape=(b"(3, 2), }" + b" " * 9, b"(1000000000, 2), }"))},
        "'W1.npy' claims float32 of shape",
    ),
    "no numbers": ({"W1.npy": npy(W[:0])}, "'W1.npy' claims float32 of shape"),
}
WRONG_TRAINING_NPZ = {
    "no velocity": ({"velocity.npy": None}, "one W and b for each layer"),
    "velocity of another shape": ({"velocity.npy": npy(W)}, "velocity is float32 of shape"),
    "velocity of NaN": (
        {"velocity.npy": npy(np.full(8, np.nan, np.float32))},
        "a number is infinite or NaN",
    ),
    "no config": (changed_header(config=None), "config in the header is of type NoneType"),
    "no epochs": (changed_header(config={"epochs": 3}), "config has no"),
    "0 epochs": (changed_part("config", epochs=0), "epochs is 0; expected at least 1"),
    "epochs true": (changed_part("config", epochs=True), "epochs has type bool; expected an int"),
    "momentum 2": (changed_part("config", momentum=2), "momentum is 2; expected at least 0 and"),
    "reduction": (changed_part("config", reduction=[]), r"reduction is \[\]; expected"),
    "config with more": (changed_part("config", colour=1), "config has an unknown 'colour'"),
    "an unknown generator": (
        changed_part("generator", bit_generator="Mersenne"),
        "the generator is 'Mersenne'; expected one of PCG64",
    ),
    "state too large": (
        changed_part("generator", state={"state": 2**128, "inc": 1}),
        "state of the generator is not a possible one",
    ),
    "state true": (
        changed_part("generator", has_uint32=True),
        "has_uint32 of the generator is not a possible one",
    ),
    "state is a text": (changed_part("generator", state="0"), "state is of type str; expected an"),
    "state of another": (
        changed_part("generator", bit_generator="SFC64"),
        "state has no 'state'|state has an unknown|state of the generator is not",
    ),
    "history of text": (
        changed_part("history", train_loss=["1"]),
        "train_loss in history is not a list of finite numbers",
    ),
    "history of 1e999": (changed_part("history", train_loss=[True]), "train_loss in history is no"),
    "history too long": (
        changed_part("history", train_loss=[1.0] * 7),
        "the lists in history do not fit",
    ),
    "more validated than trained": (
        changed_part("history", val_loss=[1.0], val_accuracy=[1.0]),
        "the lists in history do not fit",
    ),
    "validated in some epochs": (
        changed_part("history", train_loss=[1.0] * 2, val_loss=[1.0], val_accuracy=[1.0]),
        "the lists in history do not fit",
    ),
    "digits of another type": (changed_header(digits=[]), "digits in the header is of type list"),
}


def contents():
    """A small file of each form."""
    with TemporaryDirectory() as folder:
        for form in FORMS:
            save_model(network((3, 2)), f"{folder}/model{form}")
        return {
            "model.json": Path(folder, "model.json").read_bytes(),
            "model.npz": Path(folder, "model.npz").read_bytes(),
            "training.npz": training_to_bytes(training(sizes=(3, 2))),
        }


CONTENTS = contents()


def check_refused(path, content, load, sentence):
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=sentence) as caught:
            load(path)
        assert tracemalloc.get_traced_memory()[1] < 20e6, "memory was spent on a claim"
    finally:
        tracemalloc.stop()
    assert caught.type is ValueError
    assert_one_sentence(str(caught.value), path)


@pytest.mark.parametrize("what", WRONG_MODEL_NPZ)
def test_wrong_members_of_a_model_are_refused_in_one_sentence(tmp_path, what):
    change, sentence = WRONG_MODEL_NPZ[what]
    content = rewritten(CONTENTS["model.npz"], change)
    check_refused(tmp_path / "model.npz", content, load_model, sentence)


@pytest.mark.parametrize("what", WRONG_TRAINING_NPZ)
def test_wrong_members_of_a_training_are_refused_in_one_sentence(tmp_path, what):
    change, sentence = WRONG_TRAINING_NPZ[what]
    content = rewritten(CONTENTS["training.npz"], change)
    check_refused(tmp_path / "training.npz", content, load_training, sentence)


@pytest.mark.parametrize(
    ("generator", "name", "value"),
    [("MT19937", "pos", 625), ("MT19937", "pos", -1), ("Philox", "buffer_pos", 5)],
)
def test_a_position_behind_the_buffer_of_a_generator_is_refused(generator, name, value):
    """NumPy would read there."""
    content = training_to_bytes(training(generator=generator))
    header = json.loads(zipfile.ZipFile(BytesIO(content)).read("header.json"))
    state = header["generator"]
    (state["state"] if name == "pos" else state)[name] = value
    content = rewritten(content, {"header.json": json.dumps(header).encode()})
    with pytest.raises(ValueError, match=f"{name} of the generator is not a possible one"):
        training_from_bytes(content, "a training")


def bomb():
    """A file of 1 MB that claims to hold 1 GB."""
    file = BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("W1.npy", "w") as member,
    ):
        member.write(npy(W, shape=(b"(3, 2), }" + b" " * 9, b"(134217728, 2), }")))
        for _ in range(1024):
            member.write(bytes(1 << 20))
    return file.getvalue()


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    check_refused(tmp_path / "model.npz", bomb(), load_model, "more than it can hold")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is damaged or not an .npz file"),
        (b"hello", "is damaged or not an .npz file: File is not a zip file"),
        (CONTENTS["model.json"], "File is not a zip file"),
        (npy(W), "File is not a zip file"),
        (b"PK\x05\x06" + bytes(18), "no member with the name 'header.json'"),
    ],
    ids=["empty", "text", "JSON", "npy", "an empty zip file"],
)
@pytest.mark.parametrize("load", [load_model, load_training])
def test_other_files_are_refused_in_one_sentence(tmp_path, load, content, sentence):
    check_refused(tmp_path / "model.npz", content, load, sentence)


def test_encrypted_and_strangely_compressed_members_are_refused(tmp_path):
    content = bytearray(CONTENTS["model.npz"])
    central = content.index(b"PK\x01\x02")
    content[central + 8] |= 1
    check_refused(tmp_path / "model.npz", content, load_model, "encrypted")
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        file = BytesIO()
        with zipfile.ZipFile(file, "w", method) as archive:
            archive.writestr("W1.npy", npy(W))
        sentence = "'W1.npy' is compressed in an unknown way"
        check_refused(tmp_path / "model.npz", file.getvalue(), load_model, sentence)


def test_a_member_that_is_there_twice_is_refused(tmp_path):
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("W1.npy", npy(W))
        archive.writestr("W1.npy", npy(W))
    check_refused(tmp_path / "model.npz", file.getvalue(), load_model, "it holds 'W1' twice")


@pytest.mark.parametrize("name", CONTENTS)
def test_a_file_cut_short_anywhere_is_refused(tmp_path, name):
    load = load_training if name == "training.npz" else load_model
    content, path = CONTENTS[name].rstrip(), tmp_path / name
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=re.escape(str(path))):
            load(path)


@pytest.mark.parametrize("name", ["model.npz", "training.npz"])
def test_a_changed_weight_is_seen(tmp_path, name):
    """The zip file holds a checksum of each member."""
    load = load_training if name == "training.npz" else load_model
    content = bytearray(CONTENTS[name])
    content[content.index(b"NUMPY") + 128] ^= 1
    check_refused(tmp_path / name, content, load, "Bad CRC-32")


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.npz").mkdir()
    for name in ("pipe.json", "folder.npz"):
        with pytest.raises(ValueError, match="not a file; give the path of one to read"):
            load_model(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=r"model\.json cannot be read: No such file or dir"):
        load_model(tmp_path / "model.json")
    with pytest.raises(FileNotFoundError), opened(tmp_path / "none"):
        pass


def test_an_open_file_can_be_read_as_npz():
    file = BytesIO()
    np.savez(file, x=np.arange(6, dtype=">i2").reshape(2, 3))
    npz = Npz(file, "a file")
    assert npz.arrays["x"].shape == (2, 3)
    assert same_bits(npz.read("x"), np.arange(6, dtype=np.int16).reshape(2, 3))
    with pytest.raises(ValueError, match=r"a file .* no array with the name 'y'; get a fresh copy"):
        npz.read("y")


# ------------------------------------------------------------ mutations


def mutate(name, count, folder):
    """Load mutated files; anything but a network or the documented error ends the process."""
    limit = Path("/proc/self/statm").read_text().split()[0]
    limit = int(limit) * resource.getpagesize() + (100 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))  # a MemoryError is not documented
    load = load_training if name == "training.npz" else load_model
    rng, path = random.Random(0), Path(folder, name)
    valid, start = 0, time.perf_counter()
    originals = [CONTENTS[name]]
    if name == "training.npz":  # each generator has a state of its own
        originals += [
            training_to_bytes(training(sizes=(2, 2), generator=generator))
            for generator in ("Philox", "SFC64")
        ]
    for number in range(int(count)):
        content = mutated(rng.choice(originals), rng)
        path.write_bytes(content)
        try:
            loaded = load(path)
        except ValueError as error:
            assert type(error) is ValueError
            assert_one_sentence(str(error), path)
        except BaseException:
            print(f"mutation {number}: {content!r}")
            raise
        else:
            model = loaded.model if name == "training.npz" else loaded
            assert np.isfinite(model.params.flat).all()
            valid += 1
    print(f"{name}: {count} mutations, {valid} valid, {time.perf_counter() - start:.0f} s")


@pytest.mark.parametrize("count", [500, pytest.param(100_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", CONTENTS)
def test_mutated_files_give_a_network_or_the_documented_error(tmp_path, name, count):
    print(run_alone(mutate, name, count, tmp_path))


if __name__ == "__main__":
    run_named(globals())
