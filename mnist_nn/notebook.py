"""What the notebooks of the book need from Jupyter."""

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
