"""Settings and results as words, for a table on a page or in a terminal."""

from collections.abc import Mapping
from typing import Any

from ..checks import check_type
from .results import Row

SETTINGS = ("setting", "value", "where the report gives it")
RESULTS = ("variant", "measured", "reported", "mean", "sd", "one more seed, 95 %")


def setting_cells(setting: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return a setting of a stored report as the cells of ``SETTINGS``.

    Raises
    ------
    ValueError
        If it is something else.
    """
    try:
        name, value, place = (setting[key] for key in ("name", "value", "place"))
    except (KeyError, TypeError):
        raise ValueError(f"setting is {setting!r}; expected one of stored()") from None
    return name, _value(value), place or "left open: our choice"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_value(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        if value and value[0] in ("train", "test"):  # a part of the digits
            return f"{value[0]} {value[1]:,} to {value[2]:,}"
        return ", ".join(map(_value, value))
    if value is None:
        return "all digits"
    return f"{value:g}" if isinstance(value, float) else str(value)


def result_cells(row: Row) -> tuple[str, str, str, str, str, str]:
    """Return a row as the cells of ``RESULTS``: accuracies in per cent, losses as they are.

    Raises
    ------
    TypeError
        If `row` is not a :class:`~mnist_nn.reports.Row`.
    """
    check_type("row", row, Row)
    factor, form = (100, ".2f") if "accuracy" in row.measure else (1, ".4f")
    unit = " %" if factor == 100 else ""

    def text(x: float | None) -> str:
        return "–" if x is None else f"{factor * x:{form}}"

    low, high = (None, None) if row.interval is None else row.interval
    return (
        row.variant,
        row.measure,
        text(row.reported),
        text(row.mean) + unit,
        text(row.sd),
        "–" if low is None else f"{text(low)} to {text(high)}",
    )
