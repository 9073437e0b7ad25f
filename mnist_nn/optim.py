"""Gradient descent, plain and with momentum."""

from itertools import combinations

import numpy as np

from .checks import check_type, real_number
from .params import Params


def sgd_step(
    params: Params,
    grad: Params,
    learning_rate: float,
    l2: float = 0.0,
    momentum: float = 0.0,
    velocity: Params | None = None,
) -> None:
    """Move the parameters against the gradient, in place: θ ← θ - η ∂L/∂θ, :eq:`eq-sgd-step`.

    With L2 regularisation the loss has a further term λ/2 Σ W², :eq:`eq-l2`, whose gradient λW is
    added to that of the weights, :eq:`eq-l2-step`. Biases are not regularised. A weight whose ∂L/∂W
    is zero only shrinks, by the factor 1 - ηλ a step, :eq:`eq-blank-decay`.

    With momentum μ, the velocity v ← μv + η ∂L/∂θ is kept from step to step, and θ ← θ - v: see
    :eq:`eq-momentum`.

    Parameters
    ----------
    params
        What is changed.
    grad
        ∂L/∂θ, of the same sizes; left as it is.
    learning_rate
        η, positive.
    l2
        λ, zero or positive.
    momentum
        μ, at least 0 and less than 1.
    velocity
        v, of the same sizes, zero before the first step; changed. Needed if μ > 0.

    Raises
    ------
    ValueError
        If the sizes or dtypes differ, a number is out of its range, or a velocity is missing.
    TypeError
        If an argument has the wrong type.
    """
    check_type("params", params, Params)
    others = {"grad": grad} | ({} if velocity is None else {"velocity": velocity})
    for name, other in others.items():
        check_type(name, other, Params)
        if params.sizes != other.sizes or params.flat.dtype != other.flat.dtype:
            raise ValueError(f"{name} is {other}; expected the sizes and dtype of params, {params}")
    vectors = [params.flat, *(other.flat for other in others.values())]
    if any(np.may_share_memory(a, b) for a, b in combinations(vectors, 2)):
        raise ValueError("params, grad and velocity share memory; expected a Params each")
    # Python floats, so that float32 parameters stay float32.
    learning_rate, l2 = real_number("learning_rate", learning_rate), real_number("l2", l2)
    momentum = real_number("momentum", momentum)
    if learning_rate <= 0 or l2 < 0:
        raise ValueError(
            f"learning_rate is {learning_rate} and l2 {l2}; expected a rate > 0 and l2 ≥ 0"
        )
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum is {momentum}; expected at least 0 and less than 1")
    if momentum and velocity is None:
        raise ValueError("velocity is missing; give Params(model.sizes), kept from step to step")
    step = grad.copy()
    step.flat *= learning_rate
    take_step(params, step, learning_rate * l2, momentum, velocity)


def take_step(
    params: Params, step: Params, shrink: float, momentum: float, velocity: Params | None
) -> None:
    """Do the work of :func:`sgd_step`, unchecked, with η in the gradient already.

    Training multiplies the few numbers of ∂L/∂Z at the output by η. Backpropagation is linear, so
    that every gradient behind it arrives multiplied, and the whole vector is gone through only once
    more: here.

    Parameters
    ----------
    params
        What is changed.
    step
        η ∂L/∂θ, of the same sizes; left as it is.
    shrink
        ηλ.
    momentum
        μ.
    velocity
        v, or None without momentum.
    """
    if velocity is not None:
        velocity.flat *= momentum
        velocity.flat += step.flat
        step = velocity
    if shrink:
        for l, W in params.W.items():
            if velocity is None:
                W *= 1 - shrink
            else:
                velocity.W[l] += shrink * W
    params.flat -= step.flat
