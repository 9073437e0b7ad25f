"""Gradient descent."""

from .checks import check_type, real_number
from .params import Params


def sgd_step(params: Params, grad: Params, learning_rate: float, l2: float = 0.0) -> None:
    """Move the parameters against the gradient, in place: θ ← θ - η ∂L/∂θ, :eq:`eq-sgd-step`.

    With L2 regularisation the loss has a further term λ/2 Σ W², whose gradient λW is taken here:
    W ← (1 - ηλ) W - η dW. Biases are not regularised.

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

    Raises
    ------
    ValueError
        If the sizes or dtypes differ, η is not positive or λ is negative, or one is not finite.
    TypeError
        If an argument has the wrong type.
    """
    check_type("params", params, Params)
    check_type("grad", grad, Params)
    if params.sizes != grad.sizes or params.flat.dtype != grad.flat.dtype:
        raise ValueError(f"grad is {grad}; expected the sizes and dtype of params, {params}")
    # Python floats, so that float32 parameters stay float32.
    learning_rate, l2 = real_number("learning_rate", learning_rate), real_number("l2", l2)
    if learning_rate <= 0 or l2 < 0:
        raise ValueError(
            f"learning_rate is {learning_rate} and l2 {l2}; expected a rate > 0 and l2 ≥ 0"
        )
    if l2:
        for W in params.W.values():
            W *= 1 - learning_rate * l2
    params.flat -= learning_rate * grad.flat
