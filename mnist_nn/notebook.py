"""What the notebooks of the book need from Jupyter."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any


def glue(name: str, value: Any) -> None:
    """Store a value in the notebook, so that the prose can quote it: ``{glue:text}`name```.

    The record is the one that MyST-NB, which builds the book, looks for. Written here, it spares
    readers on Binder or Colab the installation of the book's whole tool chain. Nothing shows in the
    notebook itself.

    Parameters
    ----------
    name
        The name that the prose uses; unique in the book.
    value
        A number or a text.

    Raises
    ------
    TypeError
        If `name` is not a text, or `value` neither a number nor a text.
    ValueError
        If `name` is empty.
    """
    from IPython.display import display

    if not isinstance(name, str):
        raise TypeError(f"name is {name!r}; expected a text")
    if not name:
        raise ValueError("name is empty; expected the name that the prose uses")
    if getattr(value, "size", 0) == 1:
        value = value.item()  # np.float64(0.5) → 0.5
    if not isinstance(value, int | float | str):
        raise TypeError(f"value is of type {type(value).__name__}; expected a number or a text")
    mime = "application/papermill.record/"
    display(
        {f"{mime}text/plain": repr(value)},
        raw=True,
        metadata={"scrapbook": {"name": name, "mime_prefix": mime}},
    )


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Show texts as a table, which scrolls sideways where the page is narrow.

    Parameters
    ----------
    header
        What stands over each column.
    rows
        Texts, as many in each as in `header`. The first of a row names it; where it is the same as
        in the row above, it is not shown again.

    Raises
    ------
    ValueError
        If a row has more or fewer cells than the header.
    TypeError
        If `header` or a row is not a list of texts, or empty.
    """
    from IPython.display import HTML, display

    head = _cells("header", header)
    if isinstance(rows, str) or not isinstance(rows, Iterable):
        raise TypeError(f"rows is {rows!r}; expected a list of rows")
    lines, before = [_line(head, "th scope='col'")], None
    for row in rows:
        cells = _cells("rows", row)
        if len(cells) != len(head):
            raise ValueError(f"rows has one of {len(cells)} cells; the header has {len(head)}")
        name = "" if cells[0] == before else cells[0]
        lines.append(_line([name, *cells[1:]], "td"))
        before = cells[0]
    scrolling = "style='overflow-x: auto' tabindex='0' role='region' aria-label='Table'"
    display(
        HTML(f"<div {scrolling}>\n<table class='table'>\n{chr(10).join(lines)}\n</table></div>")
    )


def _cells(name: str, row: Sequence[str]) -> list[str]:
    if isinstance(row, str) or not isinstance(row, Sequence) or not row:
        raise TypeError(f"{name} has {row!r}; expected a list of texts")
    for cell in row:
        if not isinstance(cell, str):
            raise TypeError(f"{name} has a cell {cell!r}; expected a text")
    return list(row)


def _line(cells: Sequence[str], tag: str) -> str:
    closing = tag.partition(" ")[0]
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{closing}>" for cell in cells) + "</tr>"
