"""Bad input gets one clear sentence, everywhere: the decorator, and every public function."""

import inspect
import re
from dataclasses import is_dataclass
from functools import partial
from io import BytesIO
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from mnist_nn import (
    checkpoint,
    checks,
    files,
    functional,
    gradcheck,
    init,
    metrics,
    model,
    notebook,
    optim,
    params,
    plots,
    search,
    store,
    train,
)
from mnist_nn.checks import checked
from mnist_nn.data import MNIST, Digits, csvfile, examples, folder, keras, picture, scaling, sqlite
from mnist_nn.data.mnist import FOLDER
from mnist_nn.reports import RECIPES, recipe, results, stored, text
from mnist_nn.reports import training as one_training

# ------------------------------------------------------------ the decorator


@checked(A="M n_in", W="n_in n_out", b="n_out", out="M n_out")
def layer(A, W, b=None, out=None):
    """Stand in for a function of the course."""
    return A, W, b


@checked(y="M < K")
def count(y, K=3):
    return y


@checked(P="... K in [0, 1]")
def likely(P):
    return P


ONE, TWO = np.ones((3, 2)), np.ones((2, 4))


def test_equal_names_are_equal_sizes():
    layer(ONE, TWO)
    with pytest.raises(ValueError, match=r"^layer: W has shape \(3, 4\); expected \(n_in = 2, n_o"):
        layer(ONE, np.ones((3, 4)))
    with pytest.raises(ValueError, match=r"^layer: b has shape \(3,\); expected \(n_out = 4,\)$"):
        layer(ONE, TWO, np.ones(3))


def test_the_number_of_axes_counts():
    with pytest.raises(ValueError, match=r"A has shape \(3, 2, 1\); expected \(M, n_in\)"):
        layer(ONE[..., None], TWO)


def test_dots_stand_for_any_number_of_axes_but_not_for_the_last_one():
    for shape in ((2,), (3, 2), (4, 3, 2)):
        likely(np.full(shape, 0.5))
    with pytest.raises(ValueError, match=r"P has shape \(\); expected \(K,\)"):
        likely(0.5)


def test_what_dots_stand_for_may_differ_between_arguments():
    @checked(P="... K", Q="... K")
    def f(P, Q):
        return P.shape, Q.shape

    assert f(np.ones((3, 2)), np.ones((4, 2))) == ((3, 2), (4, 2))
    assert f(np.ones((3, 2)), np.ones(2)) == ((3, 2), (2,))
    with pytest.raises(ValueError, match=r"Q has shape \(3, 3\); expected \(..., K = 2\)"):
        f(np.ones((3, 2)), np.ones((3, 3)))


def test_probabilities_stay_between_zero_and_one():
    likely([0.0, 1.0])
    for wrong in ([-0.1, 0.5], [0.5, 1.1]):
        with pytest.raises(ValueError, match=r"P runs from .* to .*; expected probabilities"):
            likely(wrong)


def test_labels_become_integers_that_can_index():
    assert count(np.array([0, 2], np.uint8)).dtype == np.intp
    with pytest.raises(ValueError, match="y has labels from 0 to 3; expected 0 to 2"):
        count([0, 3])
    with pytest.raises(ValueError, match="y has labels from -1 to 2; expected 0 to 2"):
        count([-1, 2])
    count([0, 3], K=4)


def test_no_label_is_in_range_if_there_are_no_classes():
    with pytest.raises(ValueError, match="count: K is 0; expected at least 1"):
        count([0], K=0)


def test_lists_take_the_dtype_of_the_arrays():
    A, W, b = layer([[1, 2]], np.ones((2, 2), np.float32), [0.5, 0.5])
    assert {A.dtype, W.dtype, b.dtype} == {np.dtype(np.float32)}
    A, W, _ = layer([[1, 2]], np.ones((2, 2), int))
    assert {A.dtype, W.dtype} == {np.dtype(np.float64)}


def test_two_float_types_do_not_mix():
    with pytest.raises(TypeError, match=r"A \(float64\) and W \(float32\) differ in dtype"):
        layer(ONE, TWO.astype(np.float32))


def test_float_arrays_are_passed_on_uncopied():
    A, W, _ = layer(ONE, TWO)
    assert A is ONE
    assert W is TWO


def test_none_is_left_alone_where_it_is_the_default():
    assert layer(ONE, TWO, None)[2] is None
    with pytest.raises(TypeError, match="A holds object values"):
        layer(None, TWO)


def test_out_must_fit_as_it_is():
    layer(ONE, TWO, out=np.empty((3, 4)))
    for out, sentence in (
        ([[0.0]], "out is a list; expected an array"),
        (np.empty((3, 4), np.float32), "out holds float32 values; the result is float64"),
        (np.empty((4, 3)), r"out has shape \(4, 3\); expected \(M = 3, n_out = 4\)"),
        (np.broadcast_to(1.0, (3, 4)), "out is read-only; expected"),
    ):
        with pytest.raises((TypeError, ValueError), match=sentence):
            layer(ONE, TWO, out=out)


def test_several_outs_come_as_a_tuple():
    for out in (np.empty(1), (None, None), [None, None, None]):
        with pytest.raises(TypeError, match=r"out is a \w+; expected a tuple of 3"):
            functional.affine_backward([[1.0]], [[1.0]], out=out)


def test_nan_is_found_and_its_place_named():
    A = ONE.copy()
    A[2, 1] = np.nan
    with pytest.raises(ValueError, match=r"A is nan at index \[2, 1\]; expected finite numbers"):
        layer(A, TWO)


def test_a_declaration_without_an_argument_is_refused_at_once():
    with pytest.raises(TypeError, match="Z is not an argument of f"):

        @checked(Z="M K")
        def f(X):
            return X


def test_name_and_docstring_stay_and_the_bare_function_is_within():
    assert layer.__name__ == "layer"
    assert layer.__doc__ == "Stand in for a function of the course."
    assert inspect.unwrap(layer)("any", "thing") == ("any", "thing", None)


def test_keywords_and_positions_are_the_same():
    assert layer(W=TWO, A=ONE)[0] is ONE
    with pytest.raises(TypeError, match="missing a required argument: 'W'"):
        layer(ONE)


# ------------------------------------------------------------ one valid call of every function


AX = Figure().subplots()
SAVED = TemporaryDirectory()  # a small network, and a training of it
STORE = store.Store(SAVED.name + "/runs.db")
NPZ = BytesIO()
np.savez(NPZ, x=np.ones(3))


def saved(form):
    """Return the name of a small network that is saved once."""
    path = f"{SAVED.name}/model{form}"
    if not Path(path).exists():
        rng = np.random.default_rng(0)
        net = model.MLP((784, 10), rng=rng)
        config = train.TrainConfig(epochs=1, batch_size=2, learning_rate=0.1)
        save = checkpoint.save_model if form == ".json" else checkpoint.save_training
        save(net if form == ".json" else train.Training(net, config, rng), path)
    return path


def begin_and_stop(run, **more):
    """Go on with run 1, which is made, and said to be interrupted, just before."""
    if not STORE.runs():
        training = checkpoint.load_training(saved(".npz"))
        STORE.train(training, more["digits"], more["validation"], progress=False)
    STORE._db.execute("UPDATE runs SET status = 'interrupted' WHERE id = 1")
    return STORE.resume(run, **more)


RAY = stored()["reports"]["ray"]
QUICK = recipe.Recipe(
    name="quick",
    title="A quick one",
    authors="Nobody",
    settings=tuple(
        recipe.Setting(name, value)
        for name, value in {
            "learns_from": ("train", 0, 10),
            "measured_on": {"test digits": ("test", 0, 10)},
            "hidden": (),
            "scaling": (0, 1),
            "epochs": 1,
            "batch_size": 5,
            "learning_rate": 0.1,
        }.items()
    ),
    claims=(),
    variants=(recipe.Variant("quick"),),
)


def reproduce_one(names, **more):
    """Run reports again, with a quick one among them."""
    results.RECIPES["quick"], order = QUICK, results._LONGEST_FIRST
    results._LONGEST_FIRST = (*order, "quick")
    try:
        return results.reproduce(names, progress=False, **more)
    finally:
        del results.RECIPES["quick"]
        results._LONGEST_FIRST = order


def replace_and_leave(path):
    with files.replacing(path):
        pass


def open_and_close(path):
    with files.opened(path):
        pass


def saved_digits(name):
    """Return the name of a file of two digits that is written once."""
    path, digits = Path(SAVED.name, name), Digits(np.zeros((2, 28, 28), np.uint8), np.array([5, 0]))
    if not path.exists():
        x, y = digits.images, digits.labels
        np.savez(path.with_suffix(".npz"), x_train=x, y_train=y, x_test=x, y_test=y)
        csvfile.write_csv(digits, path.with_suffix(".csv"))
        sqlite.write_sqlite(MNIST(digits, digits), path.with_suffix(".db"))
    return path


def valid():
    """Return name → (function, its arguments): one valid call of all that is public."""
    rng = np.random.default_rng(0)
    Z, y = rng.normal(size=(4, 2)), np.array([0, 1, 1, 0])
    P, Y = functional.softmax(Z), functional.one_hot(y, 2, np.float64)
    X, W, b = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
    net = model.MLP((3, 4, 2), rng=rng, dtype=np.float64)
    digits = Digits(np.zeros((4, 28, 28), np.uint8), np.array([0, 1, 2, 9]))
    small = model.MLP((784, 10), rng=rng)
    config = {"epochs": 1, "batch_size": 2, "learning_rate": 0.1, "decay": 0.9, "l2": 0.1}
    config |= {"momentum": 0.5, "l2_per_example": True, "drop_last": True}
    config |= {"reduction": "mean", "shuffle": True}
    training = {"model": small, "config": train.TrainConfig(**config), "rng": rng}
    layer = {"rng": rng, "n_in": 3, "n_out": 2, "shape": (2,)}
    fused = {"Z": Z, "y": y, "reduction": "mean", "out": Z.copy()}
    return {
        "checks.checked": (lambda **specs: checked(**specs)(lambda Z: Z), {"Z": "M K"}),
        "checks.real_array": (partial(checks.real_array, "x"), {"x": X}),
        "checks.finite_array": (partial(checks.finite_array, "x"), {"x": X}),
        "checks.positive_integer": (partial(checks.positive_integer, "n"), {"n": 3}),
        "checks.real_number": (partial(checks.real_number, "x"), {"x": 0.5}),
        "checks.float_dtype": (partial(checks.float_dtype, "dtype"), {"dtype": np.float32}),
        "checks.check_type": (lambda x: checks.check_type("x", x, model.MLP), {"x": net}),
        "checks.check_rng": (checks.check_rng, {"rng": rng}),
        "checks.check_labels": (lambda y: checks.check_labels("y", y, 2), {"y": y}),
        "checks.labels_of_rows": (lambda y: checks.labels_of_rows("y", y, 2), {"y": y}),
        "functional.affine": (functional.affine, {"A": X, "W": W, "b": b, "out": Z}),
        "functional.affine_backward": (
            functional.affine_backward,
            {"dZ": Z, "A": X, "W": W, "out": (None, np.empty((3, 2)), None)},
        ),
        "functional.relu": (functional.relu, {"Z": Z, "out": P}),
        "functional.relu_backward": (
            functional.relu_backward,
            {"dA": Z, "Z": P, "c": 0.5, "out": Y},
        ),
        "functional.affine_jacobian": (functional.affine_jacobian, {"A": X, "n_out": 2}),
        "functional.relu_jacobian": (functional.relu_jacobian, {"Z": Z, "c": 0.5}),
        "functional.sigmoid_jacobian": (functional.sigmoid_jacobian, {"A": P}),
        "functional.sigmoid": (functional.sigmoid, {"Z": Z, "out": P}),
        "functional.sigmoid_backward": (functional.sigmoid_backward, {"dA": Z, "A": P, "out": Y}),
        "functional.softmax": (functional.softmax, {"Z": Z, "out": P}),
        "functional.logsumexp": (functional.logsumexp, {"Z": Z}),
        "functional.log_softmax": (functional.log_softmax, {"Z": Z, "out": P}),
        "functional.softmax_jacobian": (functional.softmax_jacobian, {"P": P}),
        "functional.softmax_backward": (functional.softmax_backward, {"dP": Z, "P": P, "out": Y}),
        "functional.one_hot": (functional.one_hot, {"y": y, "K": 3, "dtype": np.float32}),
        "functional.nll": (functional.nll, {"P": P, "Y": Y}),
        "functional.nll_backward": (functional.nll_backward, {"P": P, "Y": Y}),
        "functional.mse": (functional.mse, {"P": P, "Y": Y}),
        "functional.mse_backward": (functional.mse_backward, {"P": P, "Y": Y}),
        "functional.entropy": (functional.entropy, {"P": P}),
        "functional.kl_divergence": (functional.kl_divergence, {"Q": P, "P": P}),
        "functional.bernoulli_nll": (functional.bernoulli_nll, {"P": P, "Y": Y}),
        "functional.bernoulli_nll_backward": (functional.bernoulli_nll_backward, {"P": P, "Y": Y}),
        "functional.softmax_nll": (functional.softmax_nll, fused),
        "functional.softmax_mse": (functional.softmax_mse, fused),
        "functional.sigmoid_bernoulli_nll": (functional.sigmoid_bernoulli_nll, fused),
        "functional.divisor": (partial(functional.divisor, M=3), {"reduction": "mean"}),
        "data.scaling.Scaling": (scaling.Scaling, {"low": 0.0, "high": 1.0}),
        "data.scaling.Scaling.standard": (
            scaling.Scaling.standard,
            {"pixels": np.array([0, 255], np.uint8)},
        ),
        "data.scaling.Scaling.__call__": (
            partial(scaling.UNIT, digits.images),
            {"dtype": np.float32},
        ),
        "data.examples.Examples": (examples.Examples, {"X": X, "labels": y}),
        "data.csvfile.read_csv": (csvfile.read_csv, {"path": saved_digits("two.csv")}),
        "data.csvfile.write_csv": (
            csvfile.write_csv,
            {"digits": digits, "path": Path(SAVED.name, "new.csv")},
        ),
        "data.folder.load_idx_folder": (folder.load_idx_folder, {"path": FOLDER}),
        "data.keras.read_npz": (keras.read_npz, {"path": saved_digits("two.npz")}),
        "data.picture.center_digit": (picture.center_digit, {"gray": 200 * np.eye(30)}),
        "data.picture.read_picture": (
            picture.read_picture,
            {"picture": Image.fromarray(np.uint8(200 * np.eye(30)))},
        ),
        "data.sqlite.read_sqlite": (
            sqlite.read_sqlite,
            {"path": saved_digits("two.db"), "part": "test"},
        ),
        "data.sqlite.write_sqlite": (
            sqlite.write_sqlite,
            {"digits": digits, "path": Path(SAVED.name, "new.db")},
        ),
        **{f"init.{name}": (f, layer) for name, f in init.INITS.items()},
        "init.weight_variance": (
            init.weight_variance,
            {"init": "he_normal", "n_in": 3, "n_out": 2},
        ),
        **{
            f"init.{f.__name__}": (
                f,
                {"sizes": (3, 2), "init": "he_normal", "mean_square": 0.1, "keep": 0.5},
            )
            for f in (init.forward_variances, init.backward_variances)
        },
        "params.Params": (params.Params, {"sizes": (3, 2), "dtype": np.float32}),
        "params.check_sizes": (params.check_sizes, {"sizes": (3, 2)}),
        "model.MLP": (
            model.MLP,
            {"sizes": (3, 2), "activation": "relu", "output": "softmax_nll", "init": "zeros"}
            | {"bias_init": "zeros", "c": 0.5, "scaling": scaling.UNIT}
            | {"rng": rng, "dtype": np.float32},
        ),
        "model.MLP.forward": (net.forward, {"X": X}),
        "model.MLP.logits": (net.logits, {"X": X}),
        "model.MLP.predict_proba": (net.predict_proba, {"X": X}),
        "model.MLP.predict": (net.predict, {"X": X}),
        "model.MLP.loss": (net.loss, {"X": X, "y": y, "reduction": "sum"}),
        "model.MLP.loss_and_grad": (
            net.loss_and_grad,
            {"X": X, "y": y, "reduction": "mean", "out": net.params.copy()},
        ),
        "model.MLP.input_gradient": (net.input_gradient, {"X": X, "dZ": Z}),
        "model.MLP.effective_weights": (net.effective_weights, {"X": X}),
        "model.finite_loss": (model.finite_loss, {"loss": 0.5}),
        "model.check_parameters": (model.check_parameters, {"params": net.params}),
        "optim.sgd_step": (
            optim.sgd_step,
            {"params": net.params, "grad": net.params.copy(), "learning_rate": 0.1, "l2": 0.1}
            | {"momentum": 0.5, "velocity": net.params.copy()},
        ),
        "train.TrainConfig": (train.TrainConfig, config),
        "train.fit": (
            partial(train.fit, progress=False),
            training | {"digits": digits, "validation": digits, "threads": 1},
        ),
        "train.Training": (train.Training, training),
        "train.Training.epochs": (
            train.Training(**training).epochs,
            {"digits": digits, "validation": digits, "threads": 1},
        ),
        "train.evaluate": (train.evaluate, {"model": small, "digits": digits}),
        "files.check_path": (files.check_path, {"path": "model.json"}),
        "files.replacing": (replace_and_leave, {"path": SAVED.name + "/file"}),
        "files.opened": (open_and_close, {"path": saved(".json")}),
        "files.explained": (partial(files.explained, OSError(), Path("x"), "read"), {}),
        "files.Npz": (files.Npz, {"file": NPZ, "name": "a file"}),
        "files.Npz.read": (files.Npz(NPZ, "a file").read, {"name": "x"}),
        "files.Npz.read_text": (
            files.Npz(BytesIO(Path(saved(".npz")).read_bytes()), "a file").read_text,
            {"name": "header.json"},
        ),
        "checkpoint.save_model": (
            checkpoint.save_model,
            {"model": small, "path": SAVED.name + "/small.json"},
        ),
        "checkpoint.load_model": (checkpoint.load_model, {"path": saved(".json")}),
        "checkpoint.save_training": (
            checkpoint.save_training,
            {"training": train.Training(**training), "path": SAVED.name + "/small.npz"}
            | {"digits": digits},
        ),
        "checkpoint.load_training": (
            checkpoint.load_training,
            {"path": saved(".npz"), "digits": digits},
        ),
        "checkpoint.fingerprint": (checkpoint.fingerprint, {"digits": digits}),
        "checkpoint.training_to_bytes": (
            checkpoint.training_to_bytes,
            {"training": train.Training(**training)},
        ),
        "checkpoint.training_from_bytes": (
            checkpoint.training_from_bytes,
            {"content": Path(saved(".npz")).read_bytes(), "name": "some bytes"},
        ),
        "checkpoint.architecture": (checkpoint.architecture, {"model": small}),
        "store.RunFailed": (partial(store.RunFailed, "run 1 has failed", 1), {}),
        "store.Store": (store.Store, {"path": SAVED.name + "/runs.db", "create": False}),
        "store.Store.train": (
            partial(STORE.train, progress=False),
            {"training": train.Training(**training), "digits": digits, "validation": digits}
            | {"name": "a run", "settings": {"seed": 0}, "once": True, "threads": 1}
            | {"watch": None},
        ),
        "store.Store.resume": (
            partial(begin_and_stop, progress=False),
            {"run": 1, "digits": digits, "validation": digits, "threads": 1, "watch": print},
        ),
        "store.Store.training": (STORE.training, {"run": 1, "epoch": "best"}),
        "store.Store.model": (STORE.model, {"run": 1, "epoch": "last"}),
        "store.Store.run": (STORE.run, {"run": 1}),
        "store.Store.epochs": (STORE.epochs, {"run": 1}),
        "store.Store.best": (STORE.best, {"by": "val_loss"}),
        "search.grid": (lambda values: search.grid(values=values), {"values": [1, 2]}),
        "search.search": (
            partial(search.search, progress=False),
            {"store": STORE, "combinations": [{"hidden": (), **config}], "digits": digits}
            | {"validation": digits, "seeds": [0], "settings": {"split": [4, 4]}, "threads": 1},
        ),
        "metrics.accuracy": (metrics.accuracy, {"y": y, "y_hat": y}),
        "metrics.error": (metrics.error, {"y": y, "y_hat": y}),
        "metrics.confusion_matrix": (metrics.confusion_matrix, {"y": y, "y_hat": y, "K": 3}),
        "metrics.errors_per_class": (metrics.errors_per_class, {"y": y, "y_hat": y, "K": 2}),
        "metrics.recall": (metrics.recall, {"y": y, "y_hat": y, "K": 2}),
        "metrics.precision": (metrics.precision, {"y": y, "y_hat": y, "K": 2}),
        "metrics.standard_error": (metrics.standard_error, {"k": 3, "n": 4}),
        "metrics.variance_of_mean": (metrics.variance_of_mean, {"values": [1.0, 2.0], "n": 1}),
        "metrics.binomial_interval": (
            metrics.binomial_interval,
            {"k": 3, "n": 4, "confidence": 0.9},
        ),
        "metrics.compare": (metrics.compare, {"y": y, "y_hat_a": y, "y_hat_b": y}),
        "metrics.reliability": (metrics.reliability, {"y": y, "P": P, "bins": 5}),
        "metrics.calibration_error": (metrics.calibration_error, {"y": y, "P": P, "bins": 5}),
        "metrics.expected_best": (metrics.expected_best, {"p": 0.9, "n": 10, "m": 3}),
        "gradcheck.numerical_derivative": (
            gradcheck.numerical_derivative,
            {"f": np.sum, "x": X, "h": 1e-6},
        ),
        "gradcheck.relative_error": (gradcheck.relative_error, {"a": X, "b": X}),
        "gradcheck.check_gradient": (
            gradcheck.check_gradient,
            {"model": net, "X": X, "y": y, "reduction": "mean", "h": 1e-6},
        ),
        "plots.digits": (
            plots.digits,
            {"images": digits.images, "titles": [0, 1, 2, 9], "columns": 2},
        ),
        "plots.matrix": (
            plots.matrix,
            {"M": Z, "ax": AX, "numbers": ".2f"},
        ),
        "plots.confusion": (
            plots.confusion,
            {"C": np.array([[3, 1], [0, 2]]), "ax": AX},
        ),
        "plots.history": (
            plots.history,
            {"history": train.History([1.0], [2.0], [0.5])},
        ),
        "notebook.glue": (
            notebook.glue,
            {"name": "accuracy", "value": 0.5},
        ),
        "notebook.table": (
            notebook.table,
            {"header": ["a", "b"], "rows": [["1", "2"]]},
        ),
        "metrics.prediction_interval": (
            metrics.prediction_interval,
            {"values": [0.5, 0.6], "confidence": 0.95},
        ),
        "reports.recipe.Recipe.settings_of": (
            RECIPES["ray"].settings_of,
            {"variant": "L2 loss"},
        ),
        "reports.recipe.network_and_training": (
            recipe.network_and_training,
            {"settings": {"epochs": 1}},
        ),
        "reports.training.run": (
            one_training.run,
            {"recipe": QUICK, "variant": "quick", "seed": 0},
        ),
        "reports.results.reproduce": (
            reproduce_one,
            {"names": ["quick"], "seeds": 1, "tuning": False, "jobs": 1},
        ),
        "reports.results.rows": (
            results.rows,
            {"entry": RAY},
        ),
        "reports.text.setting_cells": (
            text.setting_cells,
            {"setting": {"name": "epochs", "value": 1, "place": None}},
        ),
        "reports.text.result_cells": (
            text.result_cells,
            {"row": results.rows(RAY)[0]},
        ),
    }


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


# ------------------------------------------------------------ bad values, by what is expected

# In the place of an array a single NaN or infinity means an array that is full of it.
NOT_FINITE = {"NaN": np.nan, "infinity": np.inf, "minus infinity": -np.inf}
NO_ARRAYS = {
    "complex": np.ones((4, 3), complex),
    "text": np.full((4, 3), "1.0"),
    "objects": np.full((4, 3), None),
    "dates": np.zeros((4, 3), "datetime64[D]"),
    "empty": np.empty((0, 3)),
    "empty list": [],
    "ragged list": [[1.0], [1.0, 2.0]],
    "a word": "abc",
}
NONE = {"None": None}
ARRAY = NO_ARRAYS | NOT_FINITE | NONE
ROWS = {"a vector": np.ones(4), "three axes": np.ones((4, 2, 1)), "examples": np.ones((3, 2))}
OUT_OF_RANGE = {"below 0": np.full((4, 2), -0.1), "above 1": np.full((4, 2), 1.1)}
NUMBER = {"a number": np.array(1.0)}
OUT = {
    "a list": [[0.0, 0.0]],
    "float32": np.empty((4, 2), np.float32),
    "another shape": np.empty((2, 4)),
    "read-only": np.broadcast_to(0.5, (4, 2)),
}
LABELS = {
    "floats": np.array([0.0, 1.0, 1.0, 0.0]),
    "text": np.array(["0", "1", "1", "0"]),
    "bools": np.array([False, True, True, False]),
    "no labels": np.array([], int),
    "negative": np.array([0, 1, -1, 0]),
    "None": None,
}
SHAPES_OF_LABELS = {
    "too few": np.array([0, 1]),
    "two axes": np.ones((4, 1), int),
    "one-hot": np.eye(4, 2, dtype=int),
    "a number": 1,
}
TOO_LARGE = {"too large": np.array([0, 1, 7, 0])}
TARGETS = LABELS | SHAPES_OF_LABELS | TOO_LARGE
PREDICTIONS = LABELS | SHAPES_OF_LABELS
REAL = {"text": "0.1", "complex": 1j, "a list": [0.1], "an array": np.ones(2), "a bool": True}
REAL |= NOT_FINITE | NONE
ABOVE_0 = REAL | {"zero": 0.0, "negative": -0.1}
FROM_0 = REAL | {"negative": -0.1}
COUNT = {"zero": 0, "negative": -1, "a fraction": 2.5, "a whole float": 2.0, "text": "2"}
COUNT |= {"NaN": np.nan, "a list": [2], "an array": np.array([2, 3]), "a bool": True}
SIZES = {
    "a zero": (3, 0, 2),
    "a negative": (3, -4, 2),
    "a fraction": (3, 2.5),
    "whole floats": (3.0, 2.0),
    "text": ("3", "2"),
    "a word": "32",
    "a bool": (True, 2),
    "one size": (3,),
    "no size": (),
    "a number": 3,
    "None": None,
    "nested": ((3, 2), (2, 1)),
}
WORD = {"unknown": "tanh", "empty": "", "None": None, "a number": 3, "a list": ["relu"]}
WORD |= {"an array": np.array(["mean", "relu"])}
DTYPE = {"float16": np.float16, "int": int, "complex": complex, "unknown": "float33"}
DTYPE |= {"None": None, "object": object, "a number": 32}
RNG = {"a seed": 0, "None": None, "the module": np.random, "old": np.random.RandomState(0)}
NO_OBJECT = {"a dict": {}, "a word": "model", "an array": np.ones((4, 784)), "a class": model.MLP}
OBJECT = NO_OBJECT | NONE
INPUTS = ARRAY | {
    "one example": np.ones(3),
    "columns": np.ones((3, 4)),
    "three axes": np.ones((4, 3, 1)),
    "pixels as bytes": np.zeros((4, 3), np.uint8),
    "whole numbers": [[1, 2, 3]],
    "a mask": np.ones((4, 3), bool),
}
LOSS = {"P": ARRAY | ROWS | OUT_OF_RANGE, "Y": ARRAY | ROWS | OUT_OF_RANGE}
SQUARES = {"P": ARRAY | ROWS, "Y": ARRAY | ROWS}
FUSED = {
    "Z": ARRAY | {"a vector": np.ones(4), "three axes": np.ones((4, 2, 1))},
    "y": TARGETS,
    "reduction": WORD,
    "out": OUT,
}
SHAPE = {"a number": 2, "a list": [2], "a zero": (2, 0), "a negative": (-2,), "a word": "2"}
SHAPE |= {"a fraction": (2.5,), "a whole float": (2.0,), "an array": np.array([2])}
LAYER = {"rng": RNG, "n_in": COUNT | NONE, "n_out": COUNT | NONE, "shape": SHAPE}
VARIANCES = {"sizes": SIZES | NONE, "init": WORD, "mean_square": ABOVE_0, "keep": ABOVE_0}
DIGITS = {"images": np.zeros((4, 28, 28), np.uint8), "rows": np.zeros((4, 784))}
DIGITS |= {"other inputs": examples.Examples([[1.0]], [0])}
DIGITS |= {"labels out of range": examples.Examples(np.zeros((1, 784)), [10])}
NAME = {"a number": 1, "None": None, "bytes": b"name"}
PATH = NAME | {"empty": "", "a null": "a\0b", "a list": ["file"], "a folder": SAVED.name}
SUFFIX = PATH | {"no suffix": "model", "a pickle": "model.pkl"}
RUN = {"none": 10**6, "negative": -1, "huge": 10**30, "a text": "1", "a float": 1.0}
RUN |= {"a bool": True, "None": None, "a list": [1]}
RECORDED = {"a list": [1], "a word": "seed", "numbers as names": {1: 2}, "twice": {"epochs": 3}}
RECORDED |= {"an array": {"x": np.ones(2)}, "NaN": {"x": np.nan}}
SWITCH = {"a word": "no", "a number": 1, "None": None}

BAD = {
    "checks.checked": {"Q": {"no such argument": "M K"}},
    "checks.real_array": {"x": NO_ARRAYS | NONE},
    "checks.finite_array": {"x": ARRAY},
    "checks.positive_integer": {"n": COUNT | NONE},
    "checks.real_number": {"x": REAL},
    "checks.float_dtype": {"dtype": DTYPE},
    "checks.check_type": {"x": OBJECT},
    "checks.check_rng": {"rng": RNG},
    "checks.check_labels": {"y": LABELS | TOO_LARGE},
    "checks.labels_of_rows": {"y": LABELS | TOO_LARGE},
    "functional.affine": {
        "A": ARRAY | {"a vector": np.ones(3), "three axes": np.ones((4, 3, 1))},
        "W": ARRAY | {"transposed": np.ones((2, 3)), "a vector": np.ones(3)},
        "b": ARRAY | {"a row": np.ones((1, 2)), "a number": 1.0, "too many": np.ones(3)},
        "out": OUT,
    },
    "functional.affine_backward": {
        "dZ": ARRAY | {"a vector": np.ones(4), "three axes": np.ones((4, 2, 1))},
        "A": ARRAY | {"too few": np.ones((3, 3))},
        "W": NO_ARRAYS | NOT_FINITE | {"transposed": np.ones((2, 3))},
        "out": {
            "one array": np.empty((4, 3)),
            "two": (None, None),
            "a list": [None, None, None],
            "the shape of dA": (np.empty((4, 2)), None, None),
            "the shape of dW": (None, np.empty((2, 3)), None),
            "the shape of db": (None, None, np.empty(3)),
            "float32": (None, None, np.empty(2, np.float32)),
            "numbers": (1, 2, 3),
        },
    },
    "functional.relu": {"Z": ARRAY, "out": OUT},
    "functional.relu_backward": {
        "dA": ARRAY,
        "Z": ARRAY | ROWS | {"float32": np.ones((4, 2), np.float32)},
        "c": FROM_0 | {"above 1": 1.5},
        "out": OUT,
    },
    "functional.affine_jacobian": {"A": ARRAY | NUMBER, "n_out": COUNT},
    "functional.relu_jacobian": {"Z": ARRAY | NUMBER, "c": FROM_0 | {"above 1": 1.5}},
    "functional.sigmoid_jacobian": {"A": ARRAY | NUMBER | OUT_OF_RANGE},
    "functional.sigmoid": {"Z": ARRAY, "out": OUT},
    "functional.sigmoid_backward": {"dA": ARRAY, "A": ARRAY | ROWS | OUT_OF_RANGE, "out": OUT},
    "functional.softmax": {"Z": ARRAY | NUMBER, "out": OUT},
    "functional.logsumexp": {"Z": ARRAY | NUMBER},
    "functional.log_softmax": {"Z": ARRAY | NUMBER, "out": OUT},
    "functional.softmax_jacobian": {"P": ARRAY | NUMBER | OUT_OF_RANGE},
    "functional.softmax_backward": {
        "dP": ARRAY | NUMBER,
        "P": ARRAY | ROWS | OUT_OF_RANGE,
        "out": OUT,
    },
    "functional.one_hot": {
        "y": LABELS | TOO_LARGE | {"two axes": np.ones((2, 2), int), "a number": 1},
        "K": COUNT | NONE,
        "dtype": DTYPE,
    },
    "functional.nll": LOSS,
    "functional.nll_backward": LOSS,
    "functional.mse": SQUARES,
    "functional.mse_backward": SQUARES,
    "functional.entropy": {"P": ARRAY | NUMBER | OUT_OF_RANGE},
    "functional.kl_divergence": {
        "Q": ARRAY | NUMBER | OUT_OF_RANGE,
        "P": ARRAY | ROWS | OUT_OF_RANGE,
    },
    "functional.bernoulli_nll": LOSS,
    "functional.bernoulli_nll_backward": LOSS,
    "functional.softmax_nll": FUSED,
    "functional.softmax_mse": FUSED,
    "functional.sigmoid_bernoulli_nll": FUSED,
    "functional.divisor": {"reduction": WORD},
    "data.scaling.Scaling": {
        "low": REAL | {"as high": 1.0, "above high": 2.0, "far": -1001.0, "float64 only": 1 - 1e-9},
        "high": REAL | {"as low": 0.0, "below low": -1.0, "far": 1001.0},
    },
    "data.scaling.Scaling.standard": {
        "pixels": NO_ARRAYS
        | NONE
        | {
            "scaled": np.ones(3),
            "whole numbers": np.ones(3, int),
            "no pixels": np.empty((0, 28, 28), np.uint8),
            "paper": np.zeros((2, 28, 28), np.uint8),
        }
    },
    "data.scaling.Scaling.__call__": {"dtype": DTYPE},
    "data.csvfile.read_csv": {"path": PATH},
    "data.csvfile.write_csv": {"digits": OBJECT, "path": PATH},
    "data.folder.load_idx_folder": {"path": NAME | {"empty": "", "a file": __file__}},
    "data.keras.read_npz": {"path": PATH},
    "data.picture.center_digit": {
        "gray": ARRAY
        | NUMBER
        | {
            "a vector": np.ones(784),
            "three axes": np.zeros((4, 28, 28)),
            "too bright": np.full((28, 28), 256),
            "negative": np.full((28, 28), -1),
            "paper": np.zeros((28, 28)),
        }
    },
    "data.picture.read_picture": {
        "picture": {"a number": 3, "None": None, "an array": np.ones((28, 28))}
    },
    "data.sqlite.read_sqlite": {"path": PATH, "part": {"a number": 3, "missing": "third"}},
    "data.sqlite.write_sqlite": {"digits": OBJECT, "path": PATH},
    "data.examples.Examples": {
        "X": ARRAY | {"a vector": np.ones(4), "three axes": np.ones((4, 3, 1)), "few": [[1.0]]},
        "labels": LABELS | {"too few": [0, 1], "two axes": np.ones((4, 1), int), "a number": 1},
    },
    "init.fan_in_uniform": LAYER,
    "init.glorot_uniform": LAYER,
    "init.glorot_normal": LAYER,
    "init.he_normal": LAYER,
    "init.half_uniform": LAYER,
    "init.standard_normal": LAYER,
    "init.zeros": LAYER,
    "init.weight_variance": {"init": WORD, "n_in": COUNT | NONE, "n_out": COUNT | NONE},
    "init.forward_variances": VARIANCES,
    "init.backward_variances": VARIANCES,
    "params.Params": {"sizes": SIZES, "dtype": DTYPE},
    "params.check_sizes": {"sizes": SIZES},
    "model.MLP": {
        "sizes": SIZES,
        "activation": WORD,
        "output": WORD,
        "init": WORD,
        "bias_init": WORD,
        "c": FROM_0 | {"above 1": 1.5},
        "scaling": OBJECT | {"a number": 0.01, "two numbers": (0, 1)},
        "rng": RNG,
        "dtype": DTYPE,
    },
    "model.MLP.forward": {"X": INPUTS},
    "model.MLP.logits": {"X": INPUTS},
    "model.MLP.predict_proba": {"X": INPUTS},
    "model.MLP.predict": {"X": INPUTS},
    "model.MLP.loss": {"X": INPUTS, "y": TARGETS, "reduction": WORD},
    "model.MLP.loss_and_grad": {
        "X": INPUTS,
        "y": TARGETS,
        "reduction": WORD,
        "out": NO_OBJECT
        | {
            "another size": params.Params((3, 5, 2), np.float64),
            "float32": params.Params((3, 4, 2), np.float32),
        },
    },
    "model.MLP.input_gradient": {"X": INPUTS, "dZ": ARRAY | ROWS},
    "model.MLP.effective_weights": {"X": INPUTS},
    "model.finite_loss": {"loss": NOT_FINITE},
    "model.check_parameters": {"params": OBJECT},
    "optim.sgd_step": {
        "params": OBJECT
        | {
            "another size": params.Params((3, 2), np.float64),
            "float32": params.Params((3, 4, 2), np.float32),
        },
        "grad": OBJECT
        | {
            "another size": params.Params((3, 5, 2), np.float64),
            "float32": params.Params((3, 4, 2), np.float32),
        },
        "learning_rate": ABOVE_0,
        "l2": FROM_0,
        "momentum": FROM_0 | {"one": 1.0},
        "velocity": OBJECT
        | {
            "another size": params.Params((3, 5, 2), np.float64),
            "float32": params.Params((3, 4, 2), np.float32),
        },
    },
    "train.TrainConfig": {
        "epochs": COUNT | NONE,
        "batch_size": COUNT,
        "learning_rate": ABOVE_0,
        "decay": ABOVE_0 | {"growth": 1.01},
        "momentum": FROM_0 | {"one": 1.0},
        "l2": FROM_0,
        "reduction": WORD,
        "l2_per_example": SWITCH,
        "shuffle": SWITCH,
        "drop_last": SWITCH,
    },
    "train.fit": {
        "model": OBJECT,
        "digits": OBJECT | DIGITS,
        "config": OBJECT,
        "rng": RNG,
        "validation": NO_OBJECT | DIGITS,
        "threads": COUNT | NONE,
    },
    "train.Training": {"model": OBJECT, "config": OBJECT, "rng": RNG},
    "train.Training.epochs": {
        "digits": OBJECT | DIGITS,
        "validation": NO_OBJECT | DIGITS,
        "threads": COUNT | NONE,
    },
    "train.evaluate": {"model": OBJECT, "digits": OBJECT | DIGITS},
    "files.check_path": {"path": NAME | {"empty": "", "a null": "a\0b", "a list": ["file"]}},
    "files.replacing": {"path": PATH},
    "files.opened": {"path": PATH},
    "files.explained": {},
    "files.Npz": {
        "file": NAME | {"a path": "x.npz", "no zip file": BytesIO(b"text"), "empty": BytesIO()},
        "name": NAME,
    },
    "files.Npz.read": {"name": NAME | {"none": "y"}},
    "files.Npz.read_text": {"name": NAME | {"an array": "W1"}},
    "checkpoint.save_model": {"model": OBJECT, "path": SUFFIX},
    "checkpoint.load_model": {"path": SUFFIX},
    "checkpoint.save_training": {
        "training": OBJECT,
        "path": SUFFIX | {"JSON": "model.json"},
        "digits": NO_OBJECT,
    },
    "checkpoint.load_training": {
        "path": SUFFIX | {"JSON": "model.json"},
        "digits": NO_OBJECT,
    },
    "checkpoint.fingerprint": {"digits": NO_OBJECT},
    "checkpoint.training_to_bytes": {"training": OBJECT},
    "checkpoint.training_from_bytes": {"content": OBJECT, "name": NAME},
    "checkpoint.architecture": {"model": OBJECT},
    "store.RunFailed": {},
    "store.Store": {"path": PATH, "create": SWITCH},
    "store.Store.train": {
        "training": OBJECT,
        "digits": OBJECT | DIGITS,
        "validation": NO_OBJECT | DIGITS,
        "name": NAME,
        "settings": RECORDED,
        "once": SWITCH,
        "threads": COUNT | NONE,
        "watch": {"a number": 3, "a word": "print"},
    },
    "store.Store.resume": {
        "run": RUN,
        "digits": OBJECT | DIGITS,
        "validation": NO_OBJECT | DIGITS,
        "threads": COUNT | NONE,
        "watch": {"a number": 3, "a word": "print"},
    },
    "store.Store.training": {"run": RUN, "epoch": WORD},
    "store.Store.model": {"run": RUN, "epoch": WORD},
    "store.Store.run": {"run": RUN},
    "store.Store.epochs": {"run": RUN},
    "store.Store.best": {"by": WORD},
    "search.grid": {"values": {"one alone": 3, "a word": "relu", "none": [], "None": None}},
    "search.search": {
        "store": OBJECT | {"a path": "runs.db"},
        "combinations": OBJECT | {"none": [], "a number": [3], "unknown": [{"colour": 1}]},
        "digits": OBJECT,
        "validation": OBJECT | DIGITS,
        "seeds": {"a seed": 0, "none": [], "a negative": [-1], "a bool": [True], "None": None},
        "settings": RECORDED,
        "threads": COUNT | NONE,
    },
    "metrics.accuracy": {"y": PREDICTIONS, "y_hat": PREDICTIONS},
    "metrics.error": {"y": PREDICTIONS, "y_hat": PREDICTIONS},
    "metrics.confusion_matrix": {"y": TARGETS, "y_hat": TARGETS, "K": COUNT | NONE},
    "metrics.errors_per_class": {"y": TARGETS, "y_hat": TARGETS, "K": COUNT | NONE},
    "metrics.recall": {"y": TARGETS, "y_hat": TARGETS, "K": COUNT | NONE},
    "metrics.precision": {"y": TARGETS, "y_hat": TARGETS, "K": COUNT | NONE},
    "metrics.compare": {"y": PREDICTIONS, "y_hat_a": PREDICTIONS, "y_hat_b": PREDICTIONS},
    "metrics.reliability": {"y": TARGETS, "P": ARRAY | OUT_OF_RANGE, "bins": COUNT | NONE},
    "metrics.calibration_error": {"y": TARGETS, "P": ARRAY | OUT_OF_RANGE, "bins": COUNT | NONE},
    "metrics.variance_of_mean": {
        "values": ARRAY | {"a single one": [1.0], "a number": 1.0},
        "n": COUNT | NONE | {"more than there are": 3},
    },
    "metrics.standard_error": {
        "k": {"negative": -1, "more than n": 5, "a fraction": 2.5, "text": "3", "None": None},
        "n": {"zero": 0, "negative": -4, "a whole float": 4.0, "text": "4", "None": None},
    },
    "metrics.binomial_interval": {
        "k": {"negative": -1, "more than n": 5, "a fraction": 2.5, "text": "3", "None": None},
        "n": {"zero": 0, "negative": -4, "a whole float": 4.0, "text": "4", "None": None},
        "confidence": ABOVE_0 | {"one": 1.0, "in percent": 95},
    },
    "metrics.expected_best": {
        "p": FROM_0 | {"above 1": 1.5},
        "n": COUNT | NONE,
        "m": COUNT | NONE,
    },
    "gradcheck.numerical_derivative": {
        "f": {"a number": 3.0, "None": None, "an array": np.ones(3)},
        "x": ARRAY,
        "h": ABOVE_0,
    },
    "gradcheck.relative_error": {"a": ARRAY | ROWS, "b": ARRAY | ROWS},
    "gradcheck.check_gradient": {
        "model": OBJECT | {"float32": model.MLP((3, 4, 2), rng=np.random.default_rng(0))},
        "X": INPUTS,
        "y": TARGETS,
        "reduction": WORD,
        "h": ABOVE_0,
    },
    "plots.digits": {
        "images": ARRAY
        | NUMBER
        | {
            "NaN": np.full((4, 784), np.nan),
            "infinity": np.full((4, 784), np.inf),
            "minus infinity": np.full((4, 784), -np.inf),
            "one image": np.zeros((28, 28)),
            "another size": np.zeros((4, 16, 49)),
            "a channel": np.zeros((4, 28, 28, 1)),
        },
        "titles": {"too few": [1, 2], "too many": range(5), "a number": 4, "a word": "two"},
        "columns": COUNT | NONE,
    },
    "plots.matrix": {
        "M": ARRAY | {"a vector": np.ones(3), "three axes": np.ones((2, 2, 2))},
        "ax": NO_OBJECT,
        "numbers": {"no format": ".2q", "a number": 2, "a bool": True},
    },
    "plots.confusion": {
        "C": NO_ARRAYS
        | NONE
        | {
            "not square": np.ones((2, 3), int),
            "a vector": np.ones(4, int),
            "three axes": np.ones((2, 2, 2), int),
            "fractions": np.full((2, 2), 0.25),
            "a negative count": np.array([[1, -1], [0, 1]]),
        },
        "ax": NO_OBJECT,
    },
    "plots.history": {"history": OBJECT | {"nothing recorded": train.History()}},
    "notebook.glue": {
        "name": {"empty": "", "a number": 3, "None": None},
        "value": {"a list": [1, 2], "an array": np.ones(3), "a function": np.sum, "None": None},
    },
    "notebook.table": {
        "header": {"a word": "ab", "None": None, "numbers": [1, 2], "empty": []},
        "rows": {"a word": "ab", "None": None, "numbers": [[1, 2]], "too few": [["1"]]}
        | {"words": ["ab"], "an empty row": [[]]},
    },
    "metrics.prediction_interval": {
        "values": ARRAY | {"a single one": [0.5], "two axes": np.ones((2, 2))},
        "confidence": ABOVE_0 | {"1": 1.0},
    },
    "reports.recipe.Recipe.settings_of": {"variant": NAME | {"none of that name": "x"}},
    "reports.recipe.network_and_training": {"settings": {"a list": [1], "None": None}},
    "reports.training.run": {
        "recipe": OBJECT,
        "variant": NAME | {"none of that name": "x"},
        "seed": {"negative": -1, "a fraction": 0.5, "None": None, "a bool": True, "a text": "0"},
    },
    "reports.results.reproduce": {
        "names": NAME | {"a word": "quick", "empty": [], "unknown": ["nobody"]},
        "seeds": COUNT | NONE,
        "tuning": SWITCH,
        "jobs": COUNT,
    },
    "reports.results.rows": {"entry": {"empty": {}, "None": None, "a list": [1], "a text": "ray"}},
    "reports.text.setting_cells": {"setting": {"empty": {}, "None": None, "a list": [1]}},
    "reports.text.result_cells": {"row": OBJECT},
}

# Arguments that take anything: labels for a message, and what is only asked if it is true.
FREE = {
    *(("checks." + f, "name") for f in ("real_array", "finite_array", "positive_integer")),
    *(("checks." + f, "name") for f in ("real_number", "float_dtype", "check_type")),
    ("checks.check_rng", "name"),
    ("checks.check_labels", "name"),
    ("checks.check_labels", "K"),
    ("checks.labels_of_rows", "name"),
    ("checks.labels_of_rows", "K"),
    ("checks.check_type", "expected"),
    ("checks.finite_array", "dtype"),
    ("checks.checked", "specs"),
    ("functional.divisor", "M"),
    ("data.scaling.Scaling.__call__", "pixels"),
    ("data.scaling.Scaling.__call__", "out"),
    ("train.fit", "progress"),
    ("train.Training.epochs", "progress"),
    *(("files.explained", argument) for argument in ("error", "path", "done")),
    *(("store.RunFailed", argument) for argument in ("message", "run")),
    *(("store.Store." + method, "progress") for method in ("train", "resume")),
    ("search.search", "progress"),
    ("reports.results.reproduce", "progress"),
}

# Inner steps, for callers that have checked already. They say so.
UNCHECKED = {"model.MLP.backpropagate", "optim.take_step", "data.examples.Examples.inputs"}


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        pytest.param(name, argument, value, id=f"{name}-{argument}-{what}")
        for name, bad in BAD.items()
        for argument, values in bad.items()
        for what, value in values.items()
    ],
)
def test_bad_input_gets_one_sentence_that_says_what_was_expected(name, argument, value):
    f, arguments = valid()[name]
    good = arguments.get(argument)
    if isinstance(good, np.ndarray) and isinstance(value, float) and not isfinite(value):
        value = np.full_like(good, value)
    with pytest.raises((TypeError, ValueError)) as caught:
        f(**arguments | {argument: value})
    assert caught.type in (TypeError, ValueError), "no exception of another library"
    message = str(caught.value)
    assert re.search(rf"\b{argument}\b", message), f"{argument} is not named: {message}"
    assert "; " in message, f"what to do is not said: {message}"
    assert "\n" not in message
    assert len(message) < 300


@pytest.mark.parametrize("name", BAD)
def test_the_good_values_beside_the_bad_ones_are_good(name):
    f, arguments = valid()[name]
    f(**arguments)


# ------------------------------------------------------------ nothing public is left out

MODULES = [checks, functional, init, params, model, optim, train, metrics, gradcheck, plots]
MODULES += [scaling, examples, csvfile, folder, keras, picture, sqlite]
MODULES += [files, checkpoint, store, search]
MODULES += [notebook, recipe, one_training, results, text]


def public():
    """Yield the name and object of each public function, class and method of the core."""
    for module in MODULES:
        for name, thing in vars(module).items():
            mine = getattr(thing, "__module__", None) == module.__name__
            if name.startswith("_") or not mine or not callable(thing):
                continue
            if inspect.isfunction(thing) or inspect.isclass(thing):
                yield f"{module.__name__.removeprefix('mnist_nn.')}.{name}", thing
            if inspect.isclass(thing):
                for method, f in vars(thing).items():
                    mine = inspect.isfunction(f) or isinstance(f, classmethod)
                    if mine and (method == "__call__" or not method.startswith("_")):
                        full = f"{module.__name__.removeprefix('mnist_nn.')}.{name}.{method}"
                        yield full, getattr(thing, method)


def is_record(thing):
    """Tell a plain record, which checks nothing: a NamedTuple, or a dataclass with no checks."""
    if not inspect.isclass(thing):
        return False
    return issubclass(thing, tuple) or (is_dataclass(thing) and not hasattr(thing, "__post_init__"))


def arguments_of(thing):
    return [p for n, p in inspect.signature(thing).parameters.items() if n != "self"]


PUBLIC = dict(public())
CHECKED = {
    name: x
    for name, x in PUBLIC.items()
    if arguments_of(x) and not is_record(x) and name not in UNCHECKED
}


def test_the_walk_finds_what_is_public():
    assert {"functional.softmax", "model.MLP", "model.MLP.loss", "init.zeros"} <= set(PUBLIC)
    assert len(PUBLIC) > 50


def test_every_public_function_has_bad_input_to_refuse():
    assert sorted(CHECKED) == sorted(BAD) == sorted(valid())


@pytest.mark.parametrize("name", CHECKED)
def test_every_argument_has_bad_input_to_refuse(name):
    arguments = {p.name for p in arguments_of(CHECKED[name])}
    free = {argument for f, argument in FREE if f == name}
    assert arguments - free <= set(BAD[name]), "add a bad value of this argument to BAD"


@pytest.mark.parametrize("name", PUBLIC)
def test_everything_public_has_a_docstring(name):
    first = inspect.cleandoc(PUBLIC[name].__doc__).splitlines()[0]
    assert first.endswith((".", ":")), first


@pytest.mark.parametrize("name", sorted(UNCHECKED))
def test_what_checks_nothing_says_so(name):
    assert re.search(r"unchecked|nothing\s+is\s+checked", PUBLIC[name].__doc__)


@pytest.mark.parametrize("name", CHECKED)
def test_every_docstring_says_what_is_raised(name):
    assert re.search(r"\braises?\b", CHECKED[name].__doc__, re.IGNORECASE)


@pytest.mark.parametrize("name", CHECKED)
def test_every_docstring_gives_the_shapes_of_arrays(name):
    kinds = [str(p.annotation) for p in arguments_of(CHECKED[name])]
    if any("ndarray" in kind or "SupportsArray" in kind for kind in kinds):
        assert re.search(r"\bshapes?\b", CHECKED[name].__doc__, re.IGNORECASE)
