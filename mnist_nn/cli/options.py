"""The options that describe a network and its training, shared by ``train`` and ``search``.

What a setting may be is decided by :class:`~mnist_nn.train.TrainConfig` and
:class:`~mnist_nn.model.MLP`; here each gets a name, a reader and a sentence.
"""

import argparse
from collections.abc import Callable, Collection, Iterable
from dataclasses import MISSING, fields
from inspect import signature
from typing import Any, NamedTuple, get_args

import numpy as np

from ..checks import positive_integer
from ..data import UNIT, Digits, Scaling
from ..data.digits import CLASSES
from ..functional import Reduction
from ..init import INITS
from ..model import ACTIVATIONS, MLP, OUTPUTS
from ..train import TrainConfig

Settings = dict[str, Any]

# Measured: with seeds 0 to 7, `--hidden 512 --epochs 2` reads 96.9 to 97.8 % of the validation
# digits and 96.6 to 97.5 % of the test digits.
_CHOSEN: Settings = {"epochs": 10, "batch_size": 32, "learning_rate": 0.2}
DEFAULTS: Settings = {
    "hidden": (128,),
    "scaling": "unit",
    "dtype": "float32",
    "seed": 0,
    **{f.name: f.default for f in fields(TrainConfig) if f.default is not MISSING},
    **{n: p.default for n, p in signature(MLP).parameters.items() if isinstance(p.default, str)},
    "c": signature(MLP).parameters["c"].default,
    **_CHOSEN,
}


def reader(
    kind: str, convert: Callable[[str], Any], check: Callable[[Any], Any]
) -> Callable[[str], Any]:
    """Return a function that reads an option's value and checks it, with errors for argparse.

    Parameters
    ----------
    kind
        What the value is, as in "a whole number".
    convert
        Makes a value of the text, or raises ValueError.
    check
        Raises ValueError for a value that is out of range.
    """

    def read(text: str) -> Any:
        try:
            value = convert(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not {kind}") from None
        try:
            check(value)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        return value

    return read


def _check_size(n: int) -> None:
    positive_integer("the number", n)


def _check_seed(seed: int) -> None:
    if seed < 0:
        raise ValueError(f"the seed is {seed}; expected 0 or more")


def _check_c(c: float) -> None:
    MLP((1, 1), c=c, rng=np.random.default_rng(0))


def _training(name: str) -> Callable[[Any], Any]:
    """Return a check of one setting of TrainConfig."""
    return lambda value: config(DEFAULTS | {name: value})


def _batch_size(text: str) -> int | str:
    return text if text == "full" else int(text)


positive = reader("a whole number", int, _check_size)


class Option(NamedTuple):
    """One setting: the flag, the name in :data:`DEFAULTS`, and what the help says."""

    flag: str
    name: str
    help: str
    metavar: str = "NAME"
    read: Callable[[str], Any] = str
    choices: Collection[str] | None = None


HIDDEN = Option(
    "--hidden",
    "hidden",
    "units of each hidden layer, first to last; none if no number follows",
    "N",
    positive,
)
NETWORK = (
    Option(
        "--activation", "activation", "what hidden units compute of z", choices=tuple(ACTIVATIONS)
    ),
    Option(
        "--derivative-at-zero",
        "c",
        "c, the derivative of ReLU chosen at z = 0, from 0 to 1",
        "C",
        reader("a number", float, _check_c),
    ),
    Option(
        "--output",
        "output",
        "what the last layer gives, and its loss",
        choices=tuple(OUTPUTS),
    ),
    Option("--init", "init", "how the first weights W are drawn", choices=tuple(INITS)),
    Option("--bias-init", "bias_init", "how the first biases b are drawn", choices=tuple(INITS)),
    Option(
        "--scaling",
        "scaling",
        "pixels become numbers from 0 to 1 (unit), from 0.01 to 1 (positive), or of mean 0 and "
        "variance 1 over the training digits (standard)",
        choices=("unit", "positive", "standard"),
    ),
    Option("--dtype", "dtype", "precision of the numbers", choices=("float32", "float64")),
)
EPOCHS = Option(
    "--epochs",
    "epochs",
    "how often to go through the training digits",
    "N",
    reader("a whole number", int, _training("epochs")),
)
TRAINING = (
    Option(
        "--batch-size",
        "batch_size",
        "M, the digits in a step; full takes all of them at once",
        "M",
        reader("a whole number or full", _batch_size, _training("batch_size")),
    ),
    Option(
        "--learning-rate",
        "learning_rate",
        "η, the length of a step θ ← θ − η ∂L/∂θ",
        "ETA",
        reader("a number", float, _training("learning_rate")),
    ),
    Option(
        "--decay",
        "decay",
        "η is multiplied by this after each epoch",
        "FACTOR",
        reader("a number", float, _training("decay")),
    ),
    Option(
        "--momentum",
        "momentum",
        "μ, how much of the last step v stays: v ← μv + η ∂L/∂θ",
        "MU",
        reader("a number", float, _training("momentum")),
    ),
    Option(
        "--l2",
        "l2",
        "λ of the term λ/2 Σ W² that keeps weights small",
        "LAMBDA",
        reader("a number", float, _training("l2")),
    ),
    Option(
        "--reduction",
        "reduction",
        "whether a gradient is the mean over its batch or the sum",
        choices=get_args(Reduction),
    ),
    Option(
        "--seed",
        "seed",
        "of all random numbers: the same seed gives the same weights again",
        "N",
        reader("a whole number", int, _check_seed),
    ),
)
_SHORT = 30  # letters of choices that fit into the line of an option

# Flags: the option, the setting, its value where the flag is given, and the help.
SWITCHES = (
    ("--l2-per-example", "l2_per_example", True, "divide λ by the digits in the batch"),
    ("--no-shuffle", "shuffle", False, "keep the digits in the order of the file"),
    ("--drop-last", "drop_last", True, "leave out a last batch that is not full"),
)


def add_network(parser: argparse.ArgumentParser, several: bool = False) -> None:
    """Add the options of the network; with `several`, each takes more than one value."""
    group = parser.add_argument_group("the network")
    group.add_argument(
        HIDDEN.flag,
        dest=HIDDEN.name,
        nargs="*",
        type=HIDDEN.read,
        metavar=HIDDEN.metavar,
        action="append" if several else "store",
        help=_help(HIDDEN, "; to try others, give the option again" if several else ""),
    )
    for option in NETWORK:
        _add(group, option, several)


def add_training(parser: argparse.ArgumentParser, several: bool = False) -> None:
    """Add the options of the training; with `several`, each takes more than one value."""
    group = parser.add_argument_group("the training")
    for option in (EPOCHS, *TRAINING):
        _add(group, option, several and option is not EPOCHS)
    for flag, name, value, text in SWITCHES:
        group.add_argument(flag, dest=name, action="store_const", const=value, help=text)
    group.add_argument(
        "--threads",
        type=positive,
        default=1,
        metavar="N",
        help="threads for the products of matrices; more than 1 helps only layers of far more "
        "than 100 units (default: 1)",
    )


def _add(group: Any, option: Option, several: bool) -> None:
    words = ", ".join(option.choices or ())
    in_usage = 0 < len(words) <= _SHORT and not several  # else in the sentence
    group.add_argument(
        option.flag,
        dest=option.name,
        type=option.read,
        choices=option.choices,
        metavar=None if in_usage else option.metavar,
        nargs="+" if several else None,
        help=_help(option, f": {words}" if words and not in_usage else ""),
    )


def _help(option: Option, more: str = "") -> str:
    default = DEFAULTS[option.name]
    if isinstance(default, tuple):
        default = " ".join(map(str, default))
    return f"{option.help}{more} (default: {default})"


def given(args: argparse.Namespace, names: Iterable[str]) -> Settings:
    """Return those settings of `names` that were given on the command line."""
    values = {name: getattr(args, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def flag(name: str) -> str:
    """Return the option that sets `name`."""
    flags = {option.name: option.flag for option in (HIDDEN, *NETWORK, EPOCHS, *TRAINING)}
    return (flags | {name: flag for flag, name, _, _ in SWITCHES})[name]


def scaling(name: str, train: Digits) -> Scaling:
    """Return the scaling of pixels that is called `name`."""
    if name == "standard":
        return Scaling.standard(train.images)
    return Scaling(0.01, 1.0) if name == "positive" else UNIT


def network(settings: Settings, train: Digits, rng: np.random.Generator) -> MLP:
    """Return a new network for the digits `train`."""
    names = ("activation", "output", "init", "bias_init", "c", "dtype")
    return MLP(
        (train.width, *settings["hidden"], CLASSES),
        **{name: settings[name] for name in names},
        scaling=scaling(settings["scaling"], train),
        rng=rng,
    )


def config(settings: Settings) -> TrainConfig:
    """Return the configuration of the training."""
    values = {f.name: settings[f.name] for f in fields(TrainConfig)}
    if values["batch_size"] == "full":
        values["batch_size"] = None
    return TrainConfig(**values)
