"""What a recipe is: the settings of a report, where it gives them, and what it says came out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any, Literal

from ..checks import check_type
from ..model import MLP
from ..train import TrainConfig

Part = tuple[Literal["train", "test"], int, int]

_NETWORK = signature(MLP).parameters.keys() - {"sizes", "rng"} | {"hidden"}
_TRAINING = signature(TrainConfig).parameters.keys()
_OTHERS = {"learns_from", "measured_on", "also", "every", "grid", "chosen_on", "then"}


@dataclass(frozen=True)
class Setting:
    """One setting, and the place in the report that gives it.

    Attributes
    ----------
    name : str
        ``hidden`` (units of each hidden layer), an argument of :class:`~mnist_nn.model.MLP` or of
        :class:`~mnist_nn.train.TrainConfig`, or one of these:

        ``learns_from``: a part of the digits, as ``("train", 0, 50_000)``: the file, the first, and
        the one after the last; ``measured_on``: names and parts; ``also``: an output whose loss is
        measured besides that of the network, and λ/2 ‖W‖² with it; ``every``: measured after so
        many epochs, 1 if not given; ``grid``: settings and the values to try; ``chosen_on``: the
        name of the part on which the best of the grid is chosen; ``then``: what differs in a second
        training, and whether it is a ``warm`` start, from the weights of the best.
    value : object
    place : str or None
        Such as "section 2.2". None where the report leaves it open: the value is our choice.
    """

    name: str
    value: Any
    place: str | None = None


@dataclass(frozen=True)
class Claim:
    """What the report says came out.

    Attributes
    ----------
    what : str
        In a few words.
    value : float
        A fraction, or a loss.
    place : str
        Where the report says so.
    measures : tuple of str
        The names of what we measured that may be meant.
    """

    what: str
    value: float
    place: str
    measures: tuple[str, ...]


@dataclass(frozen=True)
class Variant:
    """A way to fill in what the report leaves open.

    Attributes
    ----------
    name : str
    changes : mapping
        Settings that differ from those of the recipe, by name.
    tuning : bool
        Whether it only belongs to a search of the report: it is run if asked for, with one seed.
    """

    name: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    tuning: bool = False


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A report as settings, without a line of training code.

    Attributes
    ----------
    name : str
        A word, also the key in the bibliography.
    title, authors : str
    settings : tuple of Setting
    claims : tuple of Claim
        Empty if the report gives no result.
    variants : tuple of Variant
        The first is what we take the report to mean.
    """

    name: str
    title: str
    authors: str
    settings: tuple[Setting, ...]
    claims: tuple[Claim, ...]
    variants: tuple[Variant, ...]

    def settings_of(self, variant: str) -> dict[str, Any]:
        """Return all settings of a variant, by name.

        Raises
        ------
        ValueError
            If there is no such variant, or one of its settings is not known.
        TypeError
            If `variant` is not a text.
        """
        check_type("variant", variant, str)
        changes = {known.name: known.changes for known in self.variants}
        if variant not in changes:
            names = ", ".join(map(repr, changes))
            raise ValueError(f"variant is {variant!r}; {self.name} has {names}")
        found = {setting.name: setting.value for setting in self.settings} | dict(changes[variant])
        if unknown := sorted(found.keys() - _NETWORK - _TRAINING - _OTHERS):
            raise ValueError(f"there is no setting {unknown[0]!r}; see Setting for what there is")
        return found


def network_and_training(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the settings that describe the network and its training.

    Raises
    ------
    TypeError
        If `settings` are not names with values.
    """
    if not isinstance(settings, Mapping):
        found = type(settings).__name__
        raise TypeError(f"settings are of type {found}; expected names with values")
    return {k: v for k, v in settings.items() if k in _NETWORK | _TRAINING}
