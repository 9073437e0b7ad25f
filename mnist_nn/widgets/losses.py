"""The NLL and the squared error behind a softmax, and descent on each."""

from traitlets import Enum, Float, Int, List

from .figure import Figure, Finite


class Losses(Figure):
    """Two losses of ten logits, one of which moves, and gradient descent on it.

    The gradients are :eq:`eq-softmax-nll-backward` and :eq:`eq-softmax-mse-backward`, a step is
    :eq:`eq-sgd-step`. The other nine logits are 0. The lists below have two entries, for the NLL
    and the squared error. They are empty until the figure is shown.

    Attributes
    ----------
    moves
        Whose logit moves, "wrong" or "right": that of a wrong class or that of the right one.
    logit
        Where it begins, from -12 to 12.
    learning_rate
        From 0.1 to 10.
    steps
        Steps of descent taken from there, 0 to 10,000.
    reached
        Where the logit is after these steps.
    losses
        The loss there.
    derivatives
        The derivative of the loss there, with respect to that logit.
    """

    name = "losses"
    alt = (
        "Two charts against the logit of a wrong class. Left, the NLL rises in a straight line, "
        "while the squared error levels off at 2. Right, the derivative of the NLL rises to 1 and "
        "stays; that of the squared error has a hump and falls back to 0. Below, buttons for steps "
        "of descent, and a table of the numbers at the chosen point."
    )
    moves = Enum(["wrong", "right"], "wrong").tag(sync=True, chosen=True)
    logit = Finite(8.0, min=-12.0, max=12.0).tag(sync=True, chosen=True)
    learning_rate = Finite(1.0, min=0.1, max=10.0).tag(sync=True, chosen=True)
    steps = Int(0, min=0, max=10_000).tag(sync=True, chosen=True)
    reached = List(Float()).tag(sync=True)
    losses = List(Float()).tag(sync=True)
    derivatives = List(Float()).tag(sync=True)
