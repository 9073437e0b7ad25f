"""ReLU and the sigmoid, their derivatives, and what they leave of a gradient."""

from traitlets import Enum, Float, List

from .figure import Figure, Finite


class Activations(Figure):
    """Two activations: :eq:`eq-relu`, :eq:`eq-relu-derivative`, :eq:`eq-sigmoid-derivative`.

    The lists below have two entries, for ReLU and the sigmoid. They are empty until the figure is
    shown.

    Attributes
    ----------
    z
        From -6 to 6.
    c
        The derivative of ReLU at exactly zero: 0, 0.5 or 1.
    outputs
        The activations at `z`.
    derivatives
        Their derivatives at `z`.
    """

    name = "activations"
    alt = (
        "Two charts against z. Left, ReLU with its corner at zero and the S-shaped sigmoid between "
        "0 and 1, each with a dot. Right, their derivatives: a step from 0 to 1, and a low bell of "
        "height one quarter. Below, bars of what is left of a gradient behind one to six layers: "
        "all of it behind ReLUs, next to nothing behind sigmoids."
    )
    z = Finite(2.0, min=-6.0, max=6.0).tag(sync=True, chosen=True)
    c = Enum([0, 0.5, 1], 0).tag(sync=True, chosen=True)
    outputs = List(Float()).tag(sync=True)
    derivatives = List(Float()).tag(sync=True)
