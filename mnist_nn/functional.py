"""The equations of the course, one pure function each.

Examples are rows: a batch of M examples with n features is an array of shape (M, n). A name such as
dZ stands for ∂L/∂Z and has the shape of Z. No function changes its arguments. The results have the
dtype of the arguments, and ``out`` takes an array for the result, as in NumPy.

Softmax and what belongs to it work on the last axis, so that z may be one vector of K logits or a
batch (M, K). Losses are means over the M examples, and sums over the K classes.
"""

from inspect import unwrap
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike

from .checks import Array, checked, float_dtype, positive_integer, real_number

Reduction = Literal["mean", "sum"]


# ---------------------------------------------------------------- one layer


@checked(A="M n_in", W="n_in n_out", b="n_out", out="M n_out")
def affine(A: Array, W: Array, b: Array, out: Array | None = None) -> Array:
    """Return Z = A W + b, equation :eq:`eq-affine`.

    For one example as a column it is z = Wᵀ a + b, :eq:`eq-affine-column`. With a column of ones
    behind A, and b as a last row of W, one product does it all, :eq:`eq-affine-ones`. Two affine
    maps in a row are one again, :eq:`eq-affine-affine`.

    Parameters
    ----------
    A
        Inputs, shape (M, n_in).
    W
        Weights, shape (n_in, n_out).
    b
        Biases, shape (n_out,).
    out
        Array for the result, shape (M, n_out); made new if None. It must not overlap the others.

    Returns
    -------
    Z
        Shape (M, n_out).

    Raises
    ------
    ValueError
        If the shapes do not fit, or a value is NaN or infinite.
    TypeError
        If a dtype is not real, or the dtypes differ.

    Examples
    --------
    >>> affine([[1, 2]], [[3, 4], [5, 6]], [0.5, 0])
    array([[13.5, 16. ]])
    """
    Z = np.matmul(A, W, out=out)  # (M, n_in) @ (n_in, n_out) → (M, n_out)
    Z += b
    return Z


@checked(dZ="M n_out", A="M n_in", W="n_in n_out", out=("M n_in", "n_in n_out", "n_out"))
def affine_backward(
    dZ: Array,
    A: Array,
    W: Array | None = None,
    out: tuple[Array | None, Array | None, Array | None] = (None, None, None),
) -> tuple[Array | None, Array, Array]:
    """Return the three gradients of an affine layer: dA = dZ Wᵀ, dW = Aᵀ dZ, db = Σₘ dZₘ.

    Equations :eq:`eq-affine-da`, :eq:`eq-affine-dw` and :eq:`eq-affine-db`; with a column of ones
    behind A, the last two are one, :eq:`eq-affine-backward-ones`. For one example dA is
    :eq:`eq-affine-da-column` and dW the outer product :eq:`eq-affine-outer`; for a batch dW is the
    sum of the outer products of its rows, :eq:`eq-affine-dw-sum`.

    Where an input is zero in all rows, so is its row of dW, :eq:`eq-blank-pixel`.

    Parameters
    ----------
    dZ
        ∂L/∂Z, shape (M, n_out).
    A
        The inputs that gave Z, shape (M, n_in).
    W
        Weights, shape (n_in, n_out), or None if dA is not wanted: nothing in front of the first
        layer learns, so the gradient of its input would be thrown away.
    out
        Arrays (or None) for dA, dW and db. They must not overlap the other arguments.

    Returns
    -------
    dA, dW, db
        Shapes (M, n_in), (n_in, n_out) and (n_out,); dA is None if `W` is.

    Raises
    ------
    ValueError
        If the shapes do not fit, or a value is NaN or infinite.
    TypeError
        If a dtype is not real, or the dtypes differ.
    """
    out_dA, out_dW, out_db = out
    dW = np.matmul(A.T, dZ, out=out_dW)  # (n_in, M) @ (M, n_out) → (n_in, n_out)
    # The sum over the rows as a product, which takes half the time of np.sum: 1ᵀ dZ.
    db = np.matmul(np.ones(len(dZ), dZ.dtype), dZ, out=out_db)  # (M,) @ (M, n_out) → (n_out,)
    # (M, n_out) @ (n_out, n_in) → (M, n_in)
    dA = None if W is None else np.matmul(dZ, W.T, out=out_dA)
    return dA, dW, db


@checked(A="... n_in")
def affine_jacobian(A: Array, n_out: int) -> Array:
    """Return ∂z/∂W for each row of `A`, the tensor with a at j = k, :eq:`eq-affine-jacobian`.

    The long way to dW: n_out times as large as W itself, and almost all of it zeros. Summed over k
    with ∂L/∂zₖ it gives the outer product :eq:`eq-affine-outer`, which :func:`affine_backward`
    computes without it.

    Parameters
    ----------
    A
        Inputs, shape (n_in,) or (M, n_in).
    n_out
        Number of outputs of the layer, at least 1.

    Returns
    -------
    T
        Shape (n_in, n_out, n_out) or (M, n_in, n_out, n_out); ``T[..., i, j, k]`` is ∂zₖ/∂wᵢⱼ.

    Raises
    ------
    ValueError
        If `A` is empty or not finite, or `n_out` is below 1.
    TypeError
        If `A` is not real, or `n_out` not an integer.

    Examples
    --------
    >>> T = affine_jacobian([5.0, 7.0], n_out=3)
    >>> T.shape
    (2, 3, 3)
    >>> T[:, :, 1]  # how z₂ answers to each weight: only those of column 2 move it
    array([[0., 5., 0.],
           [0., 7., 0.]])
    """
    identity = np.eye(positive_integer("n_out", n_out), dtype=A.dtype)
    return A[..., :, None, None] * identity  # (..., n_in, 1, 1) * (K, K) → (..., n_in, K, K)


# ---------------------------------------------------------------- activations


@checked(Z="...", out="Z")
def relu(Z: Array, out: Array | None = None) -> Array:
    """Return max(z, 0) for each entry of `Z`, any shape, equation :eq:`eq-relu`.

    Raises
    ------
    ValueError, TypeError
        If `Z` is empty, not real or not finite, or `out` does not fit.

    Examples
    --------
    >>> relu([-2, 0, 3])
    array([0., 0., 3.])
    """
    # A row of zeros instead of 0: NumPy compares two arrays several times faster than one with 0.
    return np.maximum(Z, np.zeros(Z.shape[-1:], Z.dtype), out=out)


@checked(dA="...", Z="dA", out="dA")
def relu_backward(dA: Array, Z: Array, c: float = 0.0, out: Array | None = None) -> Array:
    """Return dZ = dA ⊙ ReLU′(z), where ReLU′ is 1 for z > 0, 0 for z < 0 and `c` at z = 0.

    Equation :eq:`eq-relu-backward`, with the derivative :eq:`eq-relu-derivative`.

    Parameters
    ----------
    dA
        ∂L/∂A, any shape.
    Z
        The argument of ReLU. With ``c=0`` its result A = ReLU(Z) will do as well, since z > 0
        exactly where a > 0.
    c
        The derivative chosen at zero, between 0 and 1.
    out
        Array for the result.

    Raises
    ------
    ValueError, TypeError
        If an array is empty, not real or not finite, the shapes differ, or `c` leaves [0, 1].
    """
    c = real_number("c", c)  # a Python float, so that float32 stays float32
    if not 0 <= c <= 1:
        raise ValueError(f"c is {c}; expected a number from 0 to 1")
    if c == 0:
        return np.multiply(dA, Z > 0, out=out)
    return np.multiply(dA, np.heaviside(Z, c), out=out)  # Heaviside's step is c at zero


@checked(Z="... N")
def relu_jacobian(Z: Array, c: float = 0.0) -> Array:
    """Return the Jacobian ∂a/∂z of ReLU, diagonal, equation :eq:`eq-relu-jacobian`.

    The long way: times a gradient it is what :func:`relu_backward` does entry by entry.

    Parameters
    ----------
    Z
        The argument of ReLU, shape (N,) or (M, N).
    c
        The derivative chosen at zero, between 0 and 1.

    Returns
    -------
    J
        Shape (N, N) or (M, N, N); ``J[..., i, j]`` is ∂aᵢ/∂zⱼ.

    Raises
    ------
    ValueError, TypeError
        If `Z` is empty, not real or not finite, or `c` leaves [0, 1].

    Examples
    --------
    >>> relu_jacobian([2.0, -1.0, 0.0], c=0.5)
    array([[1. , 0. , 0. ],
           [0. , 0. , 0. ],
           [0. , 0. , 0.5]])
    """
    slopes = unwrap(relu_backward)(np.ones_like(Z), Z, c)  # (..., N)
    return slopes[..., None] * np.eye(Z.shape[-1], dtype=Z.dtype)  # (..., N, 1) * (N, N)


@checked(Z="...", out="Z")
def sigmoid(Z: Array, out: Array | None = None) -> Array:
    """Return 1 / (1 + exp(-z)) for each entry of `Z`, any shape, equation :eq:`eq-sigmoid`.

    The exponent is never positive, so nothing overflows: for z < 0 the fraction is expanded by
    exp(z).

    Raises
    ------
    ValueError, TypeError
        If `Z` is empty, not real or not finite, or `out` does not fit.

    Examples
    --------
    >>> sigmoid([-1000, 0, 1000])
    array([0. , 0.5, 1. ])
    """
    e = np.exp(-np.abs(Z))
    return np.divide(np.maximum(e, Z >= 0), 1 + e, out=out)


@checked(dA="...", A="dA in [0, 1]", out="dA")
def sigmoid_backward(dA: Array, A: Array, out: Array | None = None) -> Array:
    """Return dZ = dA ⊙ a (1 - a), the gradient before a sigmoid from the one after it.

    Equation :eq:`eq-sigmoid-backward`, with the derivative :eq:`eq-sigmoid-derivative`.

    Parameters
    ----------
    dA
        ∂L/∂A, any shape.
    A
        The result of the sigmoid, the same shape.
    out
        Array for the result.

    Raises
    ------
    ValueError, TypeError
        If an array is empty, not real or not finite, the shapes differ, or `A` leaves [0, 1].
    """
    return np.multiply(dA, A * (1 - A), out=out)


@checked(A="... N in [0, 1]")
def sigmoid_jacobian(A: Array) -> Array:
    """Return the Jacobian ∂a/∂z of the sigmoid, diagonal, equation :eq:`eq-sigmoid-jacobian`.

    The long way: times a gradient it is what :func:`sigmoid_backward` does entry by entry.

    Parameters
    ----------
    A
        The result of the sigmoid, shape (N,) or (M, N).

    Returns
    -------
    J
        Shape (N, N) or (M, N, N); ``J[..., i, j]`` is ∂aᵢ/∂zⱼ.

    Raises
    ------
    ValueError, TypeError
        If `A` is empty, not real, or leaves [0, 1].

    Examples
    --------
    >>> sigmoid_jacobian([0.5, 1.0])
    array([[0.25, 0.  ],
           [0.  , 0.  ]])
    """
    return (A * (1 - A))[..., None] * np.eye(A.shape[-1], dtype=A.dtype)  # (..., N, 1) * (N, N)


# ---------------------------------------------------------------- softmax


@checked(Z="... K", out="Z")
def softmax(Z: Array, out: Array | None = None) -> Array:
    """Return exp(zₖ) / Σⱼ exp(zⱼ) along the last axis, equation :eq:`eq-softmax`.

    The largest logit is subtracted first. That changes nothing, :eq:`eq-softmax-shift`, except that
    no exponential overflows.

    Parameters
    ----------
    Z
        Logits, shape (K,) or (M, K).
    out
        Array for the result.

    Returns
    -------
    P
        Probabilities of the same shape; each row adds up to 1.

    Raises
    ------
    ValueError, TypeError
        If `Z` is empty, not real or not finite, or `out` does not fit.

    Examples
    --------
    >>> softmax([1000.0, 1000.0])
    array([0.5, 0.5])
    """
    P = np.subtract(Z, Z.max(axis=-1, keepdims=True), out=out)
    np.exp(P, out=P)
    P /= P.sum(axis=-1, keepdims=True)
    return P


@checked(Z="... K")
def logsumexp(Z: Array) -> Array:
    """Return log Σⱼ exp(zⱼ) along the last axis, equation :eq:`eq-logsumexp`.

    Parameters
    ----------
    Z
        Logits, shape (K,) or (M, K).

    Returns
    -------
    lse
        Shape () or (M,).

    Raises
    ------
    ValueError, TypeError
        If `Z` is empty, not real or not finite.

    Examples
    --------
    >>> print(logsumexp([1000.0, 1000.0]).round(4))  # 1000 + log 2
    1000.6931
    """
    m = Z.max(axis=-1, keepdims=True)
    s = np.exp(Z - m).sum(axis=-1)  # (M, K) → (M,)
    return m[..., 0] + np.log(s)


@checked(Z="... K", out="Z")
def log_softmax(Z: Array, out: Array | None = None) -> Array:
    """Return log softmax(z) = z - log Σⱼ exp(zⱼ), equation :eq:`eq-log-softmax`.

    Never the logarithm of a probability that has already been rounded to zero.

    Parameters
    ----------
    Z
        Logits, shape (K,) or (M, K).
    out
        Array for the result.

    Returns
    -------
    log_P
        Log-probabilities of the same shape, all ≤ 0.

    Raises
    ------
    ValueError, TypeError
        If `Z` is empty, not real or not finite, or `out` does not fit.

    Examples
    --------
    >>> log_softmax([0.0, 200.0])
    array([-200.,    0.])
    """
    S = np.subtract(Z, Z.max(axis=-1, keepdims=True), out=out)
    S -= np.log(np.exp(S).sum(axis=-1, keepdims=True))
    return S


@checked(P="... K in [0, 1]")
def softmax_jacobian(P: Array) -> Array:
    """Return the Jacobian ∂p/∂z of softmax, diag(p) - p pᵀ, equation :eq:`eq-softmax-jacobian`.

    Entry by entry it is :eq:`eq-softmax-jacobian-entries`. It is symmetric, so its rows may be read
    as its columns.

    Parameters
    ----------
    P
        Probabilities p = softmax(z), shape (K,) or (M, K).

    Returns
    -------
    J
        Shape (K, K) or (M, K, K); ``J[..., k, i]`` is ∂pₖ/∂zᵢ.

    Raises
    ------
    ValueError, TypeError
        If `P` is empty, not real, or leaves [0, 1].

    Examples
    --------
    >>> softmax_jacobian([0.5, 0.5])
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    diagonal = P[..., None] * np.eye(P.shape[-1], dtype=P.dtype)  # (M, K, K)
    return diagonal - P[..., :, None] * P[..., None, :]


@checked(dP="... K", P="dP in [0, 1]", out="dP")
def softmax_backward(dP: Array, P: Array, out: Array | None = None) -> Array:
    """Return dZ = p ⊙ (dP - p·dP), equation :eq:`eq-softmax-backward`.

    The Jacobian applied to a gradient, without building its K² entries.

    Parameters
    ----------
    dP
        ∂L/∂p, shape (K,) or (M, K).
    P
        Probabilities p = softmax(z), the same shape.
    out
        Array for the result.

    Raises
    ------
    ValueError, TypeError
        If an array is empty, not real or not finite, the shapes differ, or `P` leaves [0, 1].
    """
    dot = np.sum(P * dP, axis=-1, keepdims=True)  # (M, K) → (M, 1)
    return np.multiply(P, dP - dot, out=out)


# ---------------------------------------------------------------- losses


@checked(y="M < K")
def one_hot(y: Array, K: int = 10, dtype: DTypeLike = np.float32) -> Array:
    """Return the rows Y with Y[m, y[m]] = 1 and zeros elsewhere, equation :eq:`eq-one-hot`.

    Parameters
    ----------
    y
        Labels, integers from 0 to K - 1, shape (M,).
    K
        Number of classes.
    dtype
        Of the result: the dtype of the network, since float64 rows would promote all they meet.

    Returns
    -------
    Y
        Shape (M, K).

    Raises
    ------
    ValueError
        If a label is out of range, `y` is empty or has another shape, or `K` is below 1.
    TypeError
        If the labels or `K` are not integers, or `dtype` is not float32 or float64.

    Examples
    --------
    >>> one_hot([2, 0], K=3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    Y = np.zeros((len(y), K), float_dtype("dtype", dtype))
    Y[np.arange(len(y)), y] = 1
    return Y


@checked(P="M K in [0, 1]", Y="P in [0, 1]")
def nll(P: Array, Y: Array) -> float:
    """Return the negative log-likelihood -1/M Σₘ Σₖ yₖ log pₖ, equation :eq:`eq-nll`.

    It is minus the logarithm of the likelihood :eq:`eq-likelihood`, per example. If the rows of `Y`
    are probabilities too, it is the cross-entropy :eq:`eq-cross-entropy`.

    Parameters
    ----------
    P
        Probabilities, shape (M, K).
    Y
        One-hot labels, or probabilities of the classes, shape (M, K).

    Returns
    -------
    loss
        In nats, from 0 to infinity. It is infinite where the right class has p = 0; use
        :func:`softmax_nll` on the logits, which has no such limit.

    Raises
    ------
    ValueError, TypeError
        If an array is empty, not real, leaves [0, 1], or the shapes differ.
    """
    with np.errstate(divide="ignore"):
        log_P = np.log(P, where=Y > 0, out=np.zeros_like(P))  # 0 log 0 counts as 0
    return float(-np.sum(Y * log_P) / len(P))


@checked(P="M K in [0, 1]", Y="P in [0, 1]")
def nll_backward(P: Array, Y: Array) -> Array:
    """Return dP = -Y / P / M, the gradient of :func:`nll`, equation :eq:`eq-nll-backward`.

    Parameters
    ----------
    P
        Probabilities, shape (M, K).
    Y
        One-hot labels, shape (M, K).

    Returns
    -------
    dP
        Shape (M, K); minus infinity where the right class has p = 0, or too small to divide by.

    Raises
    ------
    ValueError, TypeError
        If an array is empty, not real, leaves [0, 1], or the shapes differ.
    """
    with np.errstate(divide="ignore", over="ignore"):
        return np.divide(-Y, P, where=Y > 0, out=np.zeros_like(P)) / len(P)


@checked(P="... K in [0, 1]")
def entropy(P: Array) -> Array:
    """Return the entropy -Σₖ pₖ log pₖ along the last axis, equation :eq:`eq-entropy`.

    Parameters
    ----------
    P
        Probabilities, shape (K,) or (M, K).

    Returns
    -------
    H
        In nats, shape () or (M,): 0 where one class is certain, log K where all are equally likely.

    Raises
    ------
    ValueError, TypeError
        If `P` is empty, not real, or leaves [0, 1].

    Examples
    --------
    >>> print(entropy([0.5, 0.5]).round(4), entropy([1.0, 0.0]).round(4))  # log 2, and nothing
    0.6931 0.0
    """
    log_P = np.log(P, where=P > 0, out=np.zeros_like(P))  # 0 log 0 counts as 0
    return 0 - np.sum(P * log_P, axis=-1)


@checked(Q="... K in [0, 1]", P="Q in [0, 1]")
def kl_divergence(Q: Array, P: Array) -> Array:
    """Return Σₖ qₖ log(qₖ / pₖ) along the last axis, equation :eq:`eq-kl-divergence`.

    What it costs, in nats per label, to expect P where Q is the truth. Not a distance: exchanging
    the arguments changes the result.

    Parameters
    ----------
    Q
        Probabilities that are true, shape (K,) or (M, K).
    P
        Probabilities that are believed, the same shape.

    Returns
    -------
    D
        Shape () or (M,): 0 where the two agree, infinite where P excludes what Q allows.

    Raises
    ------
    ValueError, TypeError
        If an array is empty, not real, leaves [0, 1], or the shapes differ.

    Examples
    --------
    >>> print(kl_divergence([0.5, 0.5], [0.9, 0.1]).round(4))
    0.5108
    """
    with np.errstate(divide="ignore"):
        log_P = np.log(P, where=Q > 0, out=np.zeros_like(P))
    return np.sum(Q * (np.log(Q, where=Q > 0, out=np.zeros_like(Q)) - log_P), axis=-1)


@checked(P="M K", Y="P")
def mse(P: Array, Y: Array) -> float:
    """Return the squared error 1/M Σₘ Σₖ (pₖ - yₖ)², equation :eq:`eq-mse`.

    The mean is over examples only. Dividing by the K classes too would make every gradient K times
    smaller.

    Parameters
    ----------
    P
        Predictions, shape (M, K).
    Y
        Targets, shape (M, K).

    Raises
    ------
    ValueError, TypeError
        If an array is empty, not real or not finite, or the shapes differ.
    """
    return float(np.sum((P - Y) ** 2) / len(P))


@checked(P="M K", Y="P")
def mse_backward(P: Array, Y: Array) -> Array:
    """Return dP = 2 (P - Y) / M, the gradient of :func:`mse`, equation :eq:`eq-mse-backward`.

    Parameters
    ----------
    P
        Predictions, shape (M, K).
    Y
        Targets, shape (M, K).

    Raises
    ------
    ValueError, TypeError
        If an array is empty, not real or not finite, or the shapes differ.
    """
    return 2 * (P - Y) / len(P)


@checked(P="M K in [0, 1]", Y="P in [0, 1]")
def bernoulli_nll(P: Array, Y: Array) -> float:
    """Return -1/M Σₘ Σₖ [y log p + (1 - y) log(1 - p)]: K coins, not one die.

    Equation :eq:`eq-bernoulli-nll`.

    Parameters
    ----------
    P
        Probability that unit k is on, shape (M, K).
    Y
        Targets, shape (M, K).

    Returns
    -------
    loss
        In nats, from 0 to infinity.

    Raises
    ------
    ValueError, TypeError
        If an array is empty, not real, leaves [0, 1], or the shapes differ.
    """
    return nll(P, Y) + nll(1 - P, 1 - Y)


@checked(P="M K in [0, 1]", Y="P in [0, 1]")
def bernoulli_nll_backward(P: Array, Y: Array) -> Array:
    """Return dP = [(1 - y)/(1 - p) - y/p] / M, the gradient of :func:`bernoulli_nll`.

    Equation :eq:`eq-bernoulli-nll-backward`.

    Parameters
    ----------
    P
        Probability that unit k is on, shape (M, K).
    Y
        Targets, shape (M, K).

    Raises
    ------
    ValueError, TypeError
        If an array is empty, not real, leaves [0, 1], or the shapes differ.
    """
    return nll_backward(P, Y) - nll_backward(1 - P, 1 - Y)


# ---------------------------------------------------------------- output and loss in one


@checked(Z="M K", y="M < K", out="Z")
def softmax_nll(
    Z: Array, y: Array, reduction: Reduction = "mean", out: Array | None = None
) -> tuple[float, Array]:
    """Return the NLL of softmax(Z) and dZ = (P - Y)/M, equation :eq:`eq-softmax-nll-backward`.

    The loss is taken from the logits by log-sum-exp: exact, however wrong the network is.

    Parameters
    ----------
    Z
        Logits, shape (M, K).
    y
        Labels, integers from 0 to K - 1, shape (M,).
    reduction
        "mean" over the M examples, or "sum".
    out
        Array for dZ.

    Returns
    -------
    loss, dZ
        A float in nats, and an array of shape (M, K).

    Raises
    ------
    ValueError, TypeError
        If `Z` is empty, not real or not finite, a label is out of range, or the shapes do not fit.

    Examples
    --------
    >>> loss, dZ = softmax_nll([[0.0, 200.0]], [0])
    >>> print(loss, dZ)
    200.0 [[-1.  1.]]
    """
    n = divisor(reduction, len(Z))
    Y = np.eye(Z.shape[1], dtype=Z.dtype).take(y, axis=1)  # (K, M), the columns one-hot
    S = Z.T.copy()  # (M, K) → (K, M): over the first axis NumPy takes sums and maxima far faster
    S -= S.max(axis=0)
    loss = -np.vdot(S, Y)
    P = np.exp(S, out=S)
    total = P.sum(axis=0)  # (K, M) → (M,)
    loss += np.log(total).sum()
    P /= total
    P -= Y
    return float(loss) / n, np.divide(P.T, n, out=out)  # (K, M) → (M, K)


@checked(Z="M K", y="M < K", out="Z")
def softmax_mse(
    Z: Array, y: Array, reduction: Reduction = "mean", out: Array | None = None
) -> tuple[float, Array]:
    """Return the squared error of softmax(Z) and its gradient, :eq:`eq-softmax-mse-backward`.

    Parameters
    ----------
    Z
        Logits, shape (M, K).
    y
        Labels, integers from 0 to K - 1, shape (M,).
    reduction
        "mean" over the M examples, or "sum".
    out
        Array for dZ.

    Returns
    -------
    loss, dZ
        A float from 0 to 2, and an array of shape (M, K).

    Raises
    ------
    ValueError, TypeError
        If `Z` is empty, not real or not finite, a label is out of range, or the shapes do not fit.
    """
    n = divisor(reduction, len(Z))
    P = unwrap(softmax)(Z)  # the bare formula: Z has been checked
    E = P.copy()
    E[np.arange(len(Z)), y] -= 1  # P - Y
    dZ = unwrap(softmax_backward)(2 * E / n, P, out)
    return float(np.sum(E**2)) / n, dZ


@checked(Z="M K", y="M < K", out="Z")
def sigmoid_bernoulli_nll(
    Z: Array, y: Array, reduction: Reduction = "mean", out: Array | None = None
) -> tuple[float, Array]:
    """Return the Bernoulli NLL of K sigmoids and dZ = (σ(Z) - Y)/M.

    The gradient is equation :eq:`eq-sigmoid-bernoulli-nll-backward`. The loss of one unit is
    log(1 + exp(z)), and log(1 + exp(-z)) for the unit that should be on: taken from the logit
    without overflow, equation :eq:`eq-sigmoid-bernoulli-nll`.

    Parameters
    ----------
    Z
        Logits, shape (M, K).
    y
        Labels, integers from 0 to K - 1, shape (M,).
    reduction
        "mean" over the M examples, or "sum".
    out
        Array for dZ.

    Returns
    -------
    loss, dZ
        A float in nats, and an array of shape (M, K).

    Raises
    ------
    ValueError, TypeError
        If `Z` is empty, not real or not finite, a label is out of range, or the shapes do not fit.
    """
    n = divisor(reduction, len(Z))
    rows = np.arange(len(Z))
    S = Z.copy()
    S[rows, y] *= -1  # log(1 + exp(z)) - z = log(1 + exp(-z)), without the difference
    loss = np.sum(np.logaddexp(0, S))
    dZ = unwrap(sigmoid)(Z, out)  # the bare formula: Z has been checked
    dZ[rows, y] -= 1
    dZ /= n
    return float(loss) / n, dZ


def divisor(reduction: Reduction, M: int) -> int:
    """Return what a sum over `M` examples is divided by: M for a "mean", 1 for a "sum".

    The gradients differ by the same factor, :eq:`eq-sum-or-mean`.

    Raises
    ------
    ValueError
        If `reduction` is neither.
    """
    if not isinstance(reduction, str) or reduction not in ("mean", "sum"):
        raise ValueError(f'reduction is {reduction!r}; expected "mean" or "sum"')
    return M if reduction == "mean" else 1
