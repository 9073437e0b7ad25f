"""The scikit-learn estimator: scikit-learn's own checks, its searches, and workers."""

import io
import os
import subprocess
import sys
from unittest import mock

import joblib
import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning, FitFailedWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import ThreadpoolController

import mnist_nn.train
from mnist_nn import MLP, Examples, TrainConfig, fit, load_mnist
from mnist_nn.model import ACTIVATIONS, OUTPUTS
from mnist_nn.sklearn import NetworkClassifier

GRID = {"hidden": [(), (20,), (20, 20)], "learning_rate": [0.01, 0.1]}


@pytest.fixture(scope="module")
def digits():
    return load_mnist().train[:300]


@pytest.fixture(scope="module")
def X(digits):
    return digits.scaled()


@pytest.fixture(scope="module")
def y(digits):
    return digits.labels


def quick(**settings):
    return NetworkClassifier(**{"hidden": (20,), "epochs": 5, "random_state": 0} | settings)


def flat(search):
    return search.best_estimator_.model_.params.flat


# ------------------------------------------------------------ scikit-learn's own checks


CHECKS = parametrize_with_checks(
    [
        NetworkClassifier(),
        NetworkClassifier(hidden=(30, 20), output="sigmoid_bernoulli_nll", momentum=0.5),
        NetworkClassifier(activation="sigmoid", output="softmax_mse"),
    ]
)
# Up to version 1.8 the checks come from a generator, of which pytest 9 warns: here they are a list.
names, checks = CHECKS.args


@pytest.mark.parametrize(names, list(checks), **CHECKS.kwargs)
def test_scikit_learn_finds_nothing_wrong(estimator, check):
    check(estimator)


# ------------------------------------------------------------ the same network


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_is_the_network_that_fit_trains(X, y, dtype):
    network = {"activation": "sigmoid", "output": "softmax_mse", "init": "glorot_normal"}
    network |= {"bias_init": "fan_in_uniform", "c": 0.5}
    settings = {"epochs": 3, "batch_size": 32, "learning_rate": 0.5, "decay": 0.9}
    settings |= {"momentum": 0.5, "l2": 0.1, "l2_per_example": True, "reduction": "sum"}
    settings |= {"shuffle": True, "drop_last": True}

    rng = np.random.default_rng(7)
    model = MLP((784, 20, 15, 10), **network, rng=rng, dtype=dtype)
    history = fit(model, Examples(X, y), TrainConfig(**settings), rng, progress=False)

    classifier = NetworkClassifier(hidden=(20, 15), dtype=dtype, random_state=7)
    classifier.set_params(**network, **settings).fit(X, y)
    np.testing.assert_array_equal(classifier.model_.params.flat, model.params.flat)
    assert classifier.history_ == history
    assert (classifier.model_.c, classifier.model_.dtype) == (0.5, dtype)
    np.testing.assert_array_equal(classifier.predict(X), model.predict(X))
    np.testing.assert_array_equal(classifier.predict_proba(X), model.predict_proba(X))


def test_every_setting_of_the_network_and_the_training_is_a_parameter():
    settings = set(NetworkClassifier().get_params())
    of_network = set(MLP.__init__.__annotations__) - {"sizes", "rng", "scaling", "return"}
    assert settings == of_network | set(TrainConfig.__annotations__) | {"hidden", "random_state"}


def test_settings_that_both_have_are_the_same_unless_given():
    rng = np.random.default_rng(0)
    a, b = MLP((4, 100, 2), rng=rng), NetworkClassifier().fit(np.eye(4), [0, 1, 0, 1]).model_
    assert (a.sizes, a.activation, a.output, a.c) == (b.sizes, b.activation, b.output, b.c)
    given = NetworkClassifier().get_params()
    config = TrainConfig(epochs=20, batch_size=50, learning_rate=0.1)
    assert {name: given[name] for name in vars(config)} == vars(config)


@pytest.mark.parametrize(("given", "used"), [("float32",) * 2, ("float64",) * 2, ("int64", "f8")])
def test_the_dtype_is_that_of_the_inputs_unless_given(given, used):
    X = np.arange(8).reshape(4, 2).astype(given)
    assert quick().fit(X, [0, 1, 0, 1]).model_.dtype == used
    for dtype in ("float32", np.float64):
        model = quick(dtype=dtype).fit(X, [0, 1, 0, 1])
        assert model.predict_proba(X).dtype == dtype


def test_labels_may_be_words_and_digits_left_out(X, y):
    odd = y % 2 == 1
    words = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "9"])
    numbers, named = quick().fit(X[odd], y[odd]), quick().fit(X[odd], words[y[odd]])
    assert numbers.classes_.tolist() == [1, 3, 5, 7, 9]
    assert named.classes_.tolist() == ["9", "five", "one", "seven", "three"]
    assert named.score(X[odd], words[y[odd]]) > 0.7
    assert set(named.predict(X)) <= set(named.classes_)


def test_a_column_of_labels_is_flattened_with_a_warning(X, y):
    with pytest.warns(DataConversionWarning):
        column = quick().fit(X, y[:, None])
    np.testing.assert_array_equal(column.predict(X), quick().fit(X, y).predict(X))


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_probabilities_add_up_to_one_and_their_largest_is_the_prediction(X, y, output, activation):
    classifier = quick(output=output, activation=activation).fit(X, y)
    P = classifier.predict_proba(X)
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(P.argmax(axis=1), classifier.predict(X))


def test_probabilities_of_sigmoids_are_divided_by_their_sum_even_where_they_vanish(X, y):
    classifier = quick(output="sigmoid_bernoulli_nll", dtype="float64").fit(X, y)
    P = classifier.model_.predict_proba(X.astype(float))
    np.testing.assert_allclose(classifier.predict_proba(X), P / P.sum(axis=1, keepdims=True))
    classifier.model_.params.b[2] -= 1000
    assert not classifier.model_.predict_proba(X.astype(float)).any()
    np.testing.assert_allclose(classifier.predict_proba(X).sum(axis=1), 1)


# ------------------------------------------------------------ seeds


def test_the_same_seed_gives_the_same_network_and_another_seed_another(X, y):
    first, again, other = (quick(random_state=s).fit(X, y) for s in (0, 0, 1))
    np.testing.assert_array_equal(first.model_.params.flat, again.model_.params.flat)
    assert not np.array_equal(first.model_.params.flat, other.model_.params.flat)
    weights = first.model_.params.flat.copy()
    np.testing.assert_array_equal(first.fit(X, y).model_.params.flat, weights)


def test_a_generator_is_drawn_from_and_no_seed_starts_differently(X, y):
    seeded = quick(random_state=3).fit(X, y)
    drawn = quick(random_state=np.random.default_rng(3))
    np.testing.assert_array_equal(drawn.fit(X, y).model_.params.flat, seeded.model_.params.flat)
    for classifier in (drawn, quick(random_state=None)):
        first = classifier.fit(X, y).model_.params.flat
        assert not np.array_equal(classifier.fit(X, y).model_.params.flat, first)


# ------------------------------------------------------------ searches and pipelines


def test_a_grid_search_finds_the_better_learning_rate(X, y):
    search = GridSearchCV(quick(), GRID, cv=3).fit(X, y)
    assert search.best_params_["learning_rate"] == 0.1
    assert search.best_score_ > 0.7
    assert len(search.cv_results_["params"]) == 6


def test_a_random_search_draws_learning_rates(X, y):
    space = {"learning_rate": loguniform(1e-4, 1), "momentum": [0.0, 0.5], "hidden": [(10,), (20,)]}
    search = RandomizedSearchCV(quick(), space, n_iter=6, cv=3, random_state=0).fit(X, y)
    assert search.best_score_ > 0.7
    assert search.best_estimator_.model_.dtype == np.float32


def test_a_search_passes_over_a_rate_that_is_too_large(X, y):
    search = GridSearchCV(quick(), {"learning_rate": [0.1, 1e25]}, cv=2)
    with (
        pytest.warns(FitFailedWarning, match="start again with a smaller learning rate"),
        pytest.warns(UserWarning, match="One or more of the test scores are non-finite"),
    ):
        search.fit(X, y)
    assert search.best_params_ == {"learning_rate": 0.1}


def test_pipelines_scale_pixels(digits, y):
    pixels = digits.images.reshape(-1, 784)  # (M, 28, 28) → (M, 784)
    pipeline = make_pipeline(StandardScaler(), quick(epochs=10))
    assert cross_val_score(pipeline, pixels, y, cv=3).mean() > 0.7
    grid = {"networkclassifier__hidden": [(10,), (20,)]}
    assert GridSearchCV(pipeline, grid, cv=3).fit(pixels, y).best_score_ > 0.7


def test_a_clone_has_the_settings_and_no_weights(X, y):
    classifier = quick(hidden=(5, 4), l2=0.1).fit(X, y)
    copy = clone(classifier)
    assert copy.get_params() == classifier.get_params()
    with pytest.raises(NotFittedError):
        copy.predict(X)


def test_a_saved_classifier_predicts_the_same_and_is_no_larger_than_its_weights(X, y):
    classifier, file = quick().fit(X, y), io.BytesIO()
    joblib.dump(classifier, file)
    assert file.tell() < classifier.model_.params.flat.nbytes + 4000
    file.seek(0)
    loaded = joblib.load(file)
    np.testing.assert_array_equal(loaded.predict_proba(X), classifier.predict_proba(X))
    loaded.model_.params.W[1] *= 0
    assert not loaded.model_.params.flat[: 784 * 20].any(), "weights are views of one vector"


# ------------------------------------------------------------ workers


def watched():
    """Return a classifier that sees how many threads BLAS has, and a scorer that tells.

    Both are made here so that they travel to a worker whole: it cannot import this file.
    """

    class Watched(NetworkClassifier):
        def fit(self, X, y):
            def step(*arguments):
                self.threads_ = max(self.threads_, *(x["num_threads"] for x in blas.info()))
                take_step(*arguments)

            blas = ThreadpoolController().select(user_api="blas")
            self.threads_, take_step = 0, mnist_nn.train.take_step
            # Two threads are allowed: that there is only one is then the work of training.
            with blas.limit(limits=2), mock.patch.object(mnist_nn.train, "take_step", step):
                return super().fit(X, y)

    def score(classifier, X, y):
        process, threads = os.getpid(), classifier.threads_
        return {"accuracy": classifier.score(X, y), "process": process, "threads": threads}

    return Watched(epochs=10, batch_size=10, random_state=0), score


def searched(X, y, n_jobs=None):
    classifier, score = watched()
    grid = GRID | {"hidden": [(20,), (50,), (50, 50)]}
    return GridSearchCV(classifier, grid, cv=3, scoring=score, refit="accuracy", n_jobs=n_jobs).fit(
        X, y
    )


@pytest.fixture(scope="module")
def serial(X, y):
    return searched(X, y)


def workers_of(search, serial):
    """Return the processes that took part in a search, once it has found what one process finds."""
    assert search.best_params_ == serial.best_params_
    np.testing.assert_array_equal(flat(search), flat(serial))
    columns = search.cv_results_
    for split in range(3):
        accuracies = columns[f"split{split}_test_accuracy"]
        np.testing.assert_array_equal(accuracies, serial.cv_results_[f"split{split}_test_accuracy"])
        assert set(columns[f"split{split}_test_threads"]) == {1}
    return {int(pid) for split in range(3) for pid in columns[f"split{split}_test_process"]}


def test_training_takes_one_thread(serial):
    assert workers_of(serial, serial) == {os.getpid()}


@pytest.mark.parametrize("output", ["softmax_nll", "sigmoid_bernoulli_nll"])
@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_prediction_takes_one_thread(X, y, output, method):
    classifier = quick(output=output).fit(X, y)
    blas = ThreadpoolController().select(user_api="blas")
    threads, forward = [], MLP.forward

    def step(*arguments, **more):
        threads.extend(library["num_threads"] for library in blas.info())
        return forward(*arguments, **more)

    with blas.limit(limits=2), mock.patch.object(MLP, "forward", step):
        getattr(classifier, method)(X)
        assert {library["num_threads"] for library in blas.info()} == {2}
    assert set(threads) == {1}


def test_two_processes_find_what_one_finds_each_on_one_thread(X, y, serial):
    with joblib.parallel_config(backend="loky"):
        workers = workers_of(searched(X, y, n_jobs=2), serial)
    assert os.getpid() not in workers
    assert len(workers) <= 2, "one may do it all while the other starts"


def test_two_workers_of_dask_find_what_one_process_finds_each_on_one_thread(X, y, serial):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
        joblib.parallel_config(backend="dask"),
    ):
        workers = set(client.run(os.getpid).values())
        assert len(workers) == 2
        assert workers_of(searched(X, y), serial) == workers


# ------------------------------------------------------------ what goes wrong


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden": 100}, r"hidden is 100; expected a tuple such as \(100,\)"),
        ({"hidden": "100"}, r"hidden is '100'; expected a tuple such as \(100,\)"),
        ({"hidden": (0,)}, r"sizes is \(784, 0, 10\); expected two or more numbers ≥ 1"),
        ({"hidden": (2.5,)}, "expected integers such as"),
        ({"activation": "tanh"}, "activation is 'tanh'; expected one of relu, sigmoid"),
        ({"output": "softmax"}, "output is 'softmax'; expected one of softmax_nll, "),
        ({"epochs": 0}, "epochs is 0; expected at least 1"),
        ({"learning_rate": "0.1"}, "learning_rate has type str; expected a number"),
        ({"momentum": 1}, "momentum is 1; expected at least 0 and less than 1"),
        ({"dtype": "float16"}, "dtype is 'float16'; expected float32 or float64"),
        ({"random_state": -1}, "random_state is -1; expected an integer of 0 or more, "),
        ({"random_state": "0"}, "random_state is '0'; expected an integer of 0 or more, "),
    ],
    ids=str,
)
def test_a_wrong_setting_is_refused_by_fit_in_one_sentence(X, y, settings, message):
    with pytest.raises((TypeError, ValueError), match=message):
        quick(**settings).fit(X, y)


def test_pixels_that_are_not_scaled_are_refused(digits, X, y):
    pixels = digits.images.reshape(-1, 784)  # (M, 28, 28) → (M, 784)
    with pytest.raises(TypeError, match="X holds uint8 pixels; scale them first"):
        quick().fit(pixels, y)
    with pytest.raises(TypeError, match="X holds uint8 pixels; scale them first"):
        quick().fit(X, y).predict(pixels)


def test_one_hot_labels_are_refused(X, y):
    with pytest.raises(ValueError, match=r"y should be a 1d array"):
        quick().fit(X, np.eye(10)[y])


def test_without_scikit_learn_the_error_says_what_to_install():
    code = "import sys; sys.modules['sklearn'] = None; import mnist_nn.sklearn"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    last = run.stderr.splitlines()[-1]
    assert last == (
        "ImportError: mnist_nn.sklearn needs scikit-learn; "
        "install it with: pip install scikit-learn"
    )
