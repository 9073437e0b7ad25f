"""Five published reports as recipes, run again by one command each.

A recipe holds every setting of a report with its place in the text, and marks what is left open.
The training is that of the package; there is none here.
"""

from .recipe import Claim, Recipe, Setting, Variant
from .results import RECIPES, Row, reproduce, rows, stored
from .training import run

__all__ = [
    "RECIPES",
    "Claim",
    "Recipe",
    "Row",
    "Setting",
    "Variant",
    "reproduce",
    "rows",
    "run",
    "stored",
]
