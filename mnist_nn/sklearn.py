"""The network as a scikit-learn estimator, for its searches, pipelines and cross-validation.

Optional: ``import mnist_nn`` does not import this module, which needs scikit-learn. There is no
training code in it. A search spreads over processes with ``n_jobs``, and over machines with the
back ends of joblib, such as Dask; each network trains and predicts on one BLAS thread, so that
workers do not get in each other's way.
"""

from functools import cache
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import ThreadpoolController

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise ImportError(
        "mnist_nn.sklearn needs scikit-learn; install it with: pip install scikit-learn"
    ) from error
try:
    from sklearn.utils.validation import validate_data
except ImportError:  # scikit-learn 1.5

    def validate_data(estimator: Any, *arrays: Any, **how: Any) -> Any:
        """Do what the function of this name does in later versions."""
        return estimator._validate_data(*arrays, **how)


from . import functional as F
from .checks import Array, float_dtype
from .data import Examples
from .model import MLP
from .train import TrainConfig, fit


class NetworkClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A multilayer perceptron with the methods of a scikit-learn classifier.

    Numbers are used as they are: scale them first, with a scaler in a pipeline or, for digits, with
    :meth:`Digits.scaled <mnist_nn.data.Digits.scaled>`. All settings are those of
    :class:`~mnist_nn.model.MLP` and :class:`~mnist_nn.train.TrainConfig`; as in all of
    scikit-learn, they are checked by :meth:`fit`.

    Parameters
    ----------
    hidden
        Units of each hidden layer, a tuple such as ``(512, 256)``; ``()`` for none.
    activation, output, init, bias_init, c
        What the network is made of; see :class:`~mnist_nn.model.MLP`.
    epochs, batch_size, shuffle, drop_last
        How often and in which batches the examples are taken; see
        :class:`~mnist_nn.train.TrainConfig`.
    learning_rate, decay, momentum, l2, l2_per_example, reduction
        What a step is; see :class:`~mnist_nn.train.TrainConfig`.
    dtype
        float32 or float64; None takes that of `X`, or float64 if `X` holds other numbers.
    random_state
        Seed for the first weights and the order of the examples: with the same integer, every
        `fit` gives the same weights. A ``np.random.Generator`` is drawn from; None starts
        differently each time.

    Attributes
    ----------
    model_ : MLP
        The trained network. Its outputs are numbered as in `classes_`.
    history_ : History
        Its loss after each epoch.
    classes_ : array of shape (K,)
        The labels, sorted.
    n_features_in_ : int
        The width n of `X`.
    feature_names_in_ : array of shape (n,)
        The names of the columns, if `X` was a data frame.

    Examples
    --------
    >>> from mnist_nn import load_mnist
    >>> from sklearn.model_selection import GridSearchCV
    >>> digits = load_mnist().train[:300]
    >>> classifier = NetworkClassifier(hidden=(30,), epochs=10, random_state=0)
    >>> search = GridSearchCV(classifier, {"learning_rate": [0.001, 0.1]}, cv=3)
    >>> search.fit(digits.scaled(), digits.labels).best_params_
    {'learning_rate': 0.1}
    """

    def __init__(
        self,
        *,
        hidden: tuple[int, ...] = (100,),
        activation: str = "relu",
        output: str = "softmax_nll",
        init: str = "he_normal",
        bias_init: str = "zeros",
        c: float = 0.0,
        epochs: int = 20,
        batch_size: int | None = 50,
        learning_rate: float = 0.1,
        decay: float = 1.0,
        momentum: float = 0.0,
        l2: float = 0.0,
        l2_per_example: bool = False,
        reduction: F.Reduction = "mean",
        shuffle: bool = True,
        drop_last: bool = False,
        dtype: str | None = None,
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        # scikit-learn copies an estimator by its parameters: they stay as they were given.
        self.hidden = hidden
        self.activation = activation
        self.output = output
        self.init = init
        self.bias_init = bias_init
        self.c = c
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.decay = decay
        self.momentum = momentum
        self.l2 = l2
        self.l2_per_example = l2_per_example
        self.reduction = reduction
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.dtype = dtype
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train a new network.

        Parameters
        ----------
        X
            Inputs, shape (M, n), numbers or a data frame.
        y
            Labels, shape (M,): integers, strings or whatever else can be sorted.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a setting is out of its range, `X` or `y` has a wrong shape or is not finite, or the
            loss stops being finite: the learning rate is too large.
        TypeError
            If a setting has the wrong type, or `X` is a uint8 array: pixels that have not been
            scaled yet.
        """
        rng = self._generator()
        if not isinstance(self.hidden, tuple | list):
            raise TypeError(f"hidden is {self.hidden!r}; expected a tuple such as (100,)")
        config = TrainConfig(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            decay=self.decay,
            momentum=self.momentum,
            l2=self.l2,
            l2_per_example=self.l2_per_example,
            reduction=self.reduction,
            shuffle=self.shuffle,
            drop_last=self.drop_last,
        )
        _refuse_bytes(X)
        dtype = [np.float64, np.float32] if self.dtype is None else float_dtype("dtype", self.dtype)
        checked: tuple[Array, Array] = validate_data(self, X, y, dtype=dtype)
        X, y = checked
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)  # (K,), (M,)
        self.model_ = MLP(
            (X.shape[1], *self.hidden, len(self.classes_)),
            self.activation,
            self.output,
            self.init,
            bias_init=self.bias_init,
            c=self.c,
            rng=rng,
            dtype=X.dtype,
        )
        self.history_ = fit(self.model_, Examples(X, labels), config, rng, progress=False)
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable label of each row, shape (M,), for `X`, shape (M, n).

        Raises what :meth:`predict_proba` raises.
        """
        X = self._inputs(X)
        with _blas().limit(limits=1, user_api="blas"):
            return self.classes_[self.model_.predict(X)]

    def predict_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Return the probability of each label of `classes_`, shape (M, K), for `X`, shape (M, n).

        Rows add up to 1, as scikit-learn expects: the probabilities of sigmoids, which need not,
        are divided by their sum.

        Raises
        ------
        NotFittedError
            If the network has not been trained yet.
        ValueError
            If `X` has another width than in training, or is not finite.
        TypeError
            If `X` is a uint8 array: pixels that have not been scaled yet.
        """
        X = self._inputs(X)
        with _blas().limit(limits=1, user_api="blas"):
            if self.output != "sigmoid_bernoulli_nll":
                return self.model_.predict_proba(X)
            # P / ΣP is the softmax of log P, which is not lost where every P is rounded to zero.
            return F.softmax(-np.logaddexp(0, -self.model_.logits(X)))

    def _generator(self) -> np.random.Generator:
        try:
            return np.random.default_rng(self.random_state)
        except (TypeError, ValueError) as error:
            raise type(error)(
                f"random_state is {self.random_state!r}; "
                "expected an integer of 0 or more, a np.random.Generator or None"
            ) from None

    def _inputs(self, X: ArrayLike) -> Array:
        """Return `X` in the dtype of the network, if it is what the network was trained on."""
        check_is_fitted(self)
        _refuse_bytes(X)
        return validate_data(self, X, reset=False, dtype=self.model_.dtype)


@cache  # the search through all libraries of the process takes longer than a prediction
def _blas() -> ThreadpoolController:
    """Return what sets the number of threads of NumPy's BLAS."""
    return ThreadpoolController()


def _refuse_bytes(X: object) -> None:
    """Refuse pixels: inputs up to 255 train badly, and nothing would say why."""
    if getattr(X, "dtype", None) == np.uint8:
        raise TypeError("X holds uint8 pixels; scale them first: digits.scaled(), or X / 255")
