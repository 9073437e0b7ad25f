"""A multilayer perceptron of any depth: forward, loss, backward."""

from collections.abc import Sequence
from inspect import unwrap
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from . import functional as F
from .checks import (
    Array,
    check_rng,
    check_type,
    finite_array,
    labels_of_rows,
    real_array,
    real_number,
)
from .data import UNIT, Scaling
from .init import INITS
from .params import Params


class Activation(NamedTuple):
    """A hidden layer's function, and its gradient; c is the derivative of ReLU at zero."""

    forward: Any  # (Z, out=) → A
    backward: Any  # (dA, Z, A, c, out=) → dZ


class Output(NamedTuple):
    """What the last layer's logits become: probabilities, and a loss with its gradient."""

    predict: Any  # Z → P
    loss: Any  # (Z, y, reduction, out=) → loss, dZ


# The network checks its input once; inside it works with the bare formulas.
affine, affine_backward = unwrap(F.affine), unwrap(F.affine_backward)
relu_backward, sigmoid_backward = unwrap(F.relu_backward), unwrap(F.sigmoid_backward)
ACTIVATIONS = {
    "relu": Activation(unwrap(F.relu), lambda dA, Z, A, c, out: relu_backward(dA, Z, c, out)),
    "sigmoid": Activation(unwrap(F.sigmoid), lambda dA, Z, A, c, out: sigmoid_backward(dA, A, out)),
}
OUTPUTS = {
    "softmax_nll": Output(unwrap(F.softmax), unwrap(F.softmax_nll)),
    "softmax_mse": Output(unwrap(F.softmax), unwrap(F.softmax_mse)),
    "sigmoid_bernoulli_nll": Output(unwrap(F.sigmoid), unwrap(F.sigmoid_bernoulli_nll)),
}


class _Buffers(NamedTuple):
    """Arrays that one batch leaves to the next, unless that is larger."""

    Z: list[Array]  # Z¹ … Zᴸ
    A: list[Array]  # A¹ … Aᴸ⁻¹
    dA: list[Array]  # ∂L/∂A¹ … ∂L/∂Aᴸ⁻¹

    def fit(self, M: int, in_place: bool) -> bool:
        return bool(self.Z) and len(self.Z[0]) >= M and (self.A is self.Z) == in_place


class MLP:
    """A multilayer perceptron: affine layers with an activation between them.

    Layer l computes Zˡ = Aˡ⁻¹ Wˡ + bˡ and, but for the last, Aˡ = activation(Zˡ); A⁰ is the input
    X, and the last Z holds the logits.

    Parameters
    ----------
    sizes
        Units per layer, input first, as in ``(784, 100, 100, 10)``.
    activation
        Of the hidden layers: "relu" or "sigmoid".
    output
        Name of the function in :mod:`mnist_nn.functional` that gives the loss: "softmax_nll",
        "softmax_mse" or "sigmoid_bernoulli_nll".
    init, bias_init
        How weights and biases are drawn: names in ``mnist_nn.init.INITS``.
    c
        The derivative of ReLU chosen at zero, from 0 to 1.
    scaling
        What training, :func:`~mnist_nn.train.evaluate` and the command line make of pixels before
        this network sees them. Kept here so that it is saved and loaded with the weights.
    rng
        Generator for the weights, such as ``np.random.default_rng(0)``.
    dtype
        float32 to train, float64 to check gradients.

    Attributes
    ----------
    params : Params
        The weights ``params.W[l]`` and biases ``params.b[l]``, l = 1 … L.

    Raises
    ------
    ValueError
        If a size or a name is not a possible one; the message lists those that are.
    TypeError
        If `rng` is not a generator, or a size or `dtype` has the wrong type.

    Examples
    --------
    >>> model = MLP((784, 100, 10), rng=np.random.default_rng(0))
    >>> model
    MLP(784-100-10, relu, softmax_nll, 79,510 parameters, float32)
    >>> model.predict_proba(np.zeros((1, 784), np.float32)).round(2)[0, :3]
    array([0.1, 0.1, 0.1], dtype=float32)
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str = "relu",
        output: str = "softmax_nll",
        init: str = "he_normal",
        *,
        bias_init: str = "zeros",
        c: float = 0.0,
        scaling: Scaling = UNIT,
        rng: np.random.Generator,
        dtype: DTypeLike = np.float32,
    ) -> None:
        for kind, name, names in (
            ("activation", activation, ACTIVATIONS),
            ("output", output, OUTPUTS),
            ("init", init, INITS),
            ("bias_init", bias_init, INITS),
        ):
            if not isinstance(name, str) or name not in names:
                raise ValueError(f"{kind} is {name!r}; expected one of {', '.join(names)}")
        check_rng(rng)
        check_type("scaling", scaling, Scaling)
        self.c = real_number("c", c)
        if not 0 <= self.c <= 1:
            raise ValueError(f"c is {c}; expected a number from 0 to 1")
        self.params = Params(sizes, dtype)
        self.activation, self.output, self.scaling = activation, output, scaling
        for l, W in self.params.W.items():
            W[:] = INITS[init](rng, *W.shape, W.shape)
            self.params.b[l][:] = INITS[bias_init](rng, *W.shape, W.shape[1:])
        self._buffers = _Buffers([], [], [])

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units per layer, input first."""
        return self.params.sizes

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of parameters and results."""
        return self.params.flat.dtype

    def __repr__(self) -> str:
        """Say what the network is made of."""
        sizes = "-".join(map(str, self.sizes))
        count = f"{self.params.flat.size:,} parameters"
        return f"MLP({sizes}, {self.activation}, {self.output}, {count}, {self.dtype})"

    def __getstate__(self) -> dict[str, Any]:
        """Pickle and copy the network without its buffers."""
        return self.__dict__ | {"_buffers": _Buffers([], [], [])}

    def forward(self, X: Array) -> list[Array]:
        """Return what every layer computes, :eq:`eq-forward`: [A⁰ = X, A¹, …, Z], the logits last.

        Parameters
        ----------
        X
            Inputs, shape (M, n_in), scaled floats.

        Raises
        ------
        ValueError
            If the shape is wrong, or a value is NaN or infinite.
        TypeError
            If `X` holds integers: pixels that have not been scaled yet.
        """
        X = self._check_inputs(X)
        Z = self._empty_layers(len(X))
        self._forward(X, Z, Z)
        return [X, *Z]

    def _forward(self, X: Array, Z: list[Array], A: list[Array]) -> None:
        """Fill the lists of Z¹ … Zᴸ and of A¹ … Aᴸ⁻¹, which may be the same arrays."""
        W, b, L = self.params.W, self.params.b, len(self.params.W)
        activate = ACTIVATIONS[self.activation].forward
        for l in range(1, L + 1):
            affine(X if l == 1 else A[l - 2], W[l], b[l], out=Z[l - 1])  # (M, n_in) → (M, n_out)
            if l < L:
                activate(Z[l - 1], out=A[l - 1])

    def _empty_layers(self, M: int) -> list[Array]:
        return [np.empty((M, n), self.dtype) for n in self.sizes[1:]]

    def logits(self, X: Array) -> Array:
        """Return the last layer's Z, shape (M, K), for inputs `X`, shape (M, n_in).

        Raises what :meth:`forward` raises.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # seen in Z, and said there
            Z = self.forward(X)[-1]
        if not np.isfinite(Z).all():
            raise ValueError(
                "the logits are not finite: the parameters have grown too large; "
                "start again with a smaller learning rate"
            )
        return Z

    def predict_proba(self, X: Array) -> Array:
        """Return probabilities, shape (M, K), for inputs `X`, shape (M, n_in).

        Rows of a softmax add up to 1; those of sigmoids need not. Raises what :meth:`forward`
        raises.
        """
        P: Array = OUTPUTS[self.output].predict(self.logits(X))
        return P

    def predict(self, X: Array) -> NDArray[np.intp]:
        """Return the most probable class of each input, shape (M,), for `X`, shape (M, n_in).

        It is the class with the largest logit, equation :eq:`eq-argmax`. Raises what
        :meth:`forward` raises.
        """
        return self.logits(X).argmax(axis=1)  # (M, K) → (M,)

    def loss(self, X: Array, y: ArrayLike, reduction: F.Reduction = "mean") -> float:
        """Return the loss of inputs `X`, shape (M, n_in), with labels `y`, (M,) or one-hot (M, K).

        Raises what :meth:`loss_and_grad` raises.
        """
        X, labels = self._check_inputs(X), self._check_targets(X, y)
        with np.errstate(over="ignore", invalid="ignore"):  # seen in the loss, and said there
            loss, _ = OUTPUTS[self.output].loss(self.logits(X), labels, reduction)
        return finite_loss(loss)

    def loss_and_grad(
        self, X: Array, y: ArrayLike, reduction: F.Reduction = "mean", out: Params | None = None
    ) -> tuple[float, Params]:
        """Return the loss and its gradient with respect to every parameter.

        With the reduction "mean", the gradient of a batch is :eq:`eq-minibatch-gradient`.

        Parameters
        ----------
        X
            Inputs, shape (M, n_in), scaled floats.
        y
            Labels: integers from 0 to K - 1, shape (M,), or one-hot rows, shape (M, K).
        reduction
            "mean" over the M examples, or "sum".
        out
            Parameters that take the gradient; made new if None.

        Returns
        -------
        loss, grad
            A float, and ∂L/∂W[l], ∂L/∂b[l] in a :class:`~mnist_nn.params.Params`.

        Raises
        ------
        ValueError
            If a shape is wrong, a label is out of range, a value is NaN or infinite, or the
            parameters have grown so large that the loss is.
        TypeError
            If `X` holds integers, or `y` holds anything else, or `out` is not a Params.
        """
        X, labels = self._check_inputs(X), self._check_targets(X, y)
        grad = Params(self.sizes, self.dtype) if out is None else out
        check_type("out", grad, Params)
        if grad.sizes != self.sizes or grad.flat.dtype != self.dtype:
            raise ValueError(f"out is {grad}; expected {self.params}")
        if np.may_share_memory(grad.flat, self.params.flat):
            raise ValueError("out is the network's own parameters; expected a Params of its own")
        n = F.divisor(reduction, len(X))
        with np.errstate(over="ignore", invalid="ignore"):  # seen in the loss, and said there
            loss = self.backpropagate(X, labels, 1 / n, grad)
        return finite_loss(loss / n), grad

    def backpropagate(self, X: Array, y: NDArray[np.intp], scale: float, out: Params) -> float:
        """Return the summed loss, and fill `out` with `scale` times its gradient.

        From the logits back to layer 1, dZ goes from layer to layer by :eq:`eq-backward-dz`, and
        leaves dW and db on the way, :eq:`eq-backward`. All of it is linear in the first dZ, so that
        is where `scale` comes in, :eq:`eq-backward-linear`.

        The inner step of :meth:`loss_and_grad` and of training, which checks its data once: nothing
        is checked here.

        Parameters
        ----------
        X
            Inputs, shape (M, n_in), of the dtype of the network.
        y
            Labels, integers from 0 to K - 1, shape (M,).
        scale
            1/M for the gradient of the mean loss; times η for a step of gradient descent.
        out
            Parameters that take the gradient.
        """
        buffers = self._buffers
        # A may take the place of Z, unless backward must tell z = 0 from z < 0.
        in_place = self.c == 0
        if not buffers.fit(len(X), in_place):  # they are kept for the next batch
            Z, dA = self._empty_layers(len(X)), self._empty_layers(len(X))[:-1]
            A = Z if in_place else self._empty_layers(len(X))
            buffers = self._buffers = _Buffers(Z, A, dA)
        Z, A, dA_out = ([a[: len(X)] for a in arrays] for arrays in buffers)
        W, L = self.params.W, len(self.params.W)
        backward = ACTIVATIONS[self.activation].backward
        self._forward(X, Z, A)
        loss, dZ = OUTPUTS[self.output].loss(Z[L - 1], y, "sum", out=Z[L - 1])
        dZ *= scale  # the gradient is linear in it: every layer's is scaled by this
        for l in range(L, 1, -1):
            grads = (dA_out[l - 2], out.W[l], out.b[l])
            dA, _, _ = affine_backward(dZ, A[l - 2], W[l], out=grads)  # (M, n_out) → (M, n_in)
            dZ = backward(dA, Z[l - 2], A[l - 2], self.c, out=dA)
        affine_backward(dZ, X, out=(None, out.W[1], out.b[1]))
        return float(loss)

    def input_gradient(self, X: Array, dZ: ArrayLike) -> Array:
        """Return ∂L/∂X from ∂L/∂Z of the logits, equation :eq:`eq-input-gradient`.

        Training never needs it: nothing in front of the first layer learns. It tells which pixels
        a number depends on. For the gradient of logit k take one-hot rows as `dZ`, for that of the
        loss what :func:`~mnist_nn.functional.softmax_nll` returns.

        Parameters
        ----------
        X
            Inputs, shape (M, n_in), scaled floats.
        dZ
            The gradient with respect to the logits, shape (M, K).

        Returns
        -------
        dX
            Shape (M, n_in).

        Raises
        ------
        ValueError
            If a shape is wrong, or a value is NaN or infinite.
        TypeError
            If `X` holds integers: pixels that have not been scaled yet; or `dZ` no numbers.

        Examples
        --------
        >>> model = MLP((3, 2), rng=np.random.default_rng(0))
        >>> dX = model.input_gradient(np.ones((1, 3)), [[1, 0]])
        >>> print(np.array_equal(dX[0], model.params.W[1][:, 0]))
        True
        """
        X = self._check_inputs(X)
        dZ = finite_array("dZ", dZ, self.dtype)
        if dZ.shape != (len(X), self.sizes[-1]):
            raise ValueError(f"dZ has shape {dZ.shape}; expected ({len(X)}, {self.sizes[-1]})")
        Z, A = self._empty_layers(len(X)), self._empty_layers(len(X))
        self._forward(X, Z, A)
        W, backward = self.params.W, ACTIVATIONS[self.activation].backward
        for l in range(len(W), 1, -1):
            dA = dZ @ W[l].T  # (M, n_out) → (M, n_in)
            dZ = backward(dA, Z[l - 2], A[l - 2], self.c, out=dA)
        dX: Array = dZ @ W[1].T  # (M, n_1) → (M, n_in)
        return dX

    def effective_weights(self, X: Array) -> tuple[Array, Array]:
        """Return, for each input, the one affine map that a ReLU network is there.

        While no hidden unit switches on or off, the network is Z = X W + b with one matrix W,
        :eq:`eq-effective-weights`, and one b, :eq:`eq-effective-bias`. At the input itself this is
        exact, :eq:`eq-piecewise-linear`. Column k of W is the gradient of logit k.

        Parameters
        ----------
        X
            Inputs, shape (M, n_in), scaled floats. Few: the result has n_in · K numbers for each.

        Returns
        -------
        W, b
            Shapes (M, n_in, K) and (M, K).

        Raises
        ------
        ValueError
            If the shape is wrong, a value is NaN or infinite, or hidden units are sigmoids.
        TypeError
            If `X` holds integers: pixels that have not been scaled yet.

        Examples
        --------
        >>> model = MLP((3, 4, 2), rng=np.random.default_rng(0), dtype=np.float64)
        >>> x = np.array([[0.1, 0.7, 0.2]])
        >>> W, b = model.effective_weights(x)
        >>> print(np.allclose(x @ W[0] + b, model.logits(x)))
        True
        """
        X = self._check_inputs(X)
        L = len(self.params.W)
        if L > 1 and self.activation != "relu":
            raise ValueError(
                f"activation is {self.activation!r}; expected 'relu': with other units the network "
                "is not linear between its kinks"
            )
        Z, A = self._empty_layers(len(X)), self._empty_layers(len(X))
        self._forward(X, Z, A)
        n_last, K = self.params.W[L].shape
        G = np.broadcast_to(self.params.W[L], (len(X), n_last, K))
        b = np.broadcast_to(self.params.b[L], (len(X), K))
        for l in range(L - 1, 0, -1):
            G = np.heaviside(Z[l - 1], self.c)[:, :, None] * G  # (M, n_l, K): D of layer l
            b = b + self.params.b[l] @ G  # (n_l,) @ (M, n_l, K) → (M, K)
            G = self.params.W[l] @ G  # (n_in, n_l) @ (M, n_l, K) → (M, n_in, K)
        return G.copy(), b.copy()

    def _check_inputs(self, X: Array) -> Array:
        a = real_array("X", X)
        if a.dtype.kind != "f":
            raise TypeError(f"X holds {a.dtype} values; expected scaled pixels: digits.scaled()")
        if a.ndim != 2 or a.shape[1] != self.sizes[0]:
            raise ValueError(f"X has shape {a.shape}; expected (M, {self.sizes[0]}), a row each")
        return finite_array("X", a, self.dtype)

    def _check_targets(self, X: Array, y: ArrayLike) -> NDArray[np.intp]:
        labels = labels_of_rows("y", y, self.sizes[-1])
        if labels.shape != (len(X),):
            raise ValueError(f"y has shape {labels.shape}; expected ({len(X)},), one label a row")
        return labels


def check_parameters(params: Params) -> None:
    """Check that all parameters are finite.

    Raises
    ------
    ValueError
        If one is not.
    TypeError
        If `params` is not a Params.
    """
    check_type("params", params, Params)
    if not np.isfinite(params.flat).all():
        raise ValueError(
            "the parameters are not finite: they have grown too large; "
            "start again with a smaller learning rate"
        )


def finite_loss(loss: float) -> float:
    """Return `loss`, if it is finite.

    Raises
    ------
    ValueError
        If it is not.
    """
    if not isfinite(loss):
        raise ValueError(
            f"the loss is {loss}: the parameters have grown too large; "
            "start again with a smaller learning rate"
        )
    return loss
