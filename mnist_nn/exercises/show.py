"""What a check says: as plain text, and as HTML with pictures of target and answer."""

import base64
import io
from html import escape
from typing import Any

import numpy as np

from .catalogue import place
from .exercise import Exercise
from .judge import Error, Verdict

_SMALL = 12  # rows and columns that are shown as numbers
_BLUE, _ORANGE = "0, 114, 178", "213, 94, 0"  # Okabe and Ito's, told apart by everyone


class Message:
    """Something to say to the learner: text anywhere, HTML in a notebook.

    Parameters
    ----------
    text
        The plain text.
    html
        The same as HTML, where that shows more than the text.
    passed
        Whether an answer was right; None where nothing was asked.
    """

    def __init__(self, text: str, html: str | None = None, passed: bool | None = None) -> None:
        self.text, self.html, self.passed = text, html, passed

    def __repr__(self) -> str:
        """Return the text."""
        return self.text

    def _repr_html_(self) -> str | None:
        return self.html


@np.errstate(all="ignore")  # what an answer holds may be infinite or huge
def message(verdict: Verdict) -> Message:
    """Put a verdict into words."""
    exercise = verdict.exercise
    count, total = len(verdict.held), len(exercise.probes)
    if verdict.failed is None or verdict.outcome is None or verdict.difference is None:
        text = f"{exercise.name}: right. All {total} checks hold."
        return Message(text, f"<p><strong>✓ {escape(text)}</strong></p>", True)
    head = f"{exercise.name}: not yet. {count} of {total} checks hold."
    lines, parts = [head], [f"<p><strong>✗ {escape(head)}</strong></p>"]
    where_it_fails = f"It fails at: {verdict.failed.words}."
    lines += ["", where_it_fails]
    parts.append(f"<p>{escape(where_it_fails)}</p>")
    arguments = [
        f"{name} = {words(value, len(name) + 3)}"
        for name, value in zip(exercise.arguments, verdict.failed.args, strict=False)
    ]
    found = verdict.difference
    why = f"{found.where}: {found.why}" if found.where else found.why
    lines += [_indented(argument) for argument in arguments]
    parts += [f"<pre>{escape(argument)}</pre>" for argument in arguments]
    lines += ["", f"What is wrong: {why}."]
    parts.append(f"<p>What is wrong: {escape(why)}.</p>")
    if isinstance(found.yours, Error):
        if found.yours.line:
            lines.append(_indented(found.yours.line))
            parts.append(f"<pre>{escape(found.yours.line)}</pre>")
    elif not verdict.outcome.changed or found.yours is not verdict.outcome.value:
        lines += [_indented(f"expected  {words(found.expected, 10)}")]
        lines += [_indented(f"yours     {words(found.yours, 10)}")]
        parts.append(side_by_side(found.expected, found.yours))
    if verdict.outcome.printed:
        printed = "\n".join(verdict.outcome.printed.splitlines()[:10])
        lines += ["", "Your function printed:", _indented(printed)]
        parts.append(f"<p>Your function printed:</p><pre>{escape(printed)}</pre>")
    if verdict.mistake:
        likely = f"It looks like a known mistake, “{verdict.mistake}”."
        lines += ["", likely, verdict.hint]
        parts.append(f"<p><strong>{escape(likely)}</strong> {escape(verdict.hint)}</p>")
    again = (
        f"Read again: {place(verdict.equation, exercise.chapter)}. A hint: hint({exercise.name!r})."
    )
    lines += ["", again]
    parts.append(f"<p>{escape(again)}</p>")
    return Message("\n".join(lines), "\n".join(parts), False)


def example(exercise: Exercise, expected: Any) -> Message:
    """Show the first call of an exercise, and what is expected of it."""
    probe = exercise.probes[0]
    arguments = [
        f"{name} = {words(value, len(name) + 3)}"
        for name, value in zip(exercise.arguments, probe.args, strict=False)
    ]
    passed = exercise.parameters if exercise.given else exercise.parameters[: len(probe.args)]
    call = f"{exercise.name}({', '.join(passed)})"
    results = [f"{call}  →  {words(expected, len(call) + 5)}"]
    if isinstance(expected, dict):
        facts = (
            (key, value if isinstance(value, str) else words(value, len(key) + 4))
            for key, value in expected.items()
        )
        results = [f"{call}:", *(f"  {key}: {fact}" for key, fact in facts)]
    return Message("\n".join([*arguments, *results]))


def words(value: Any, indent: int = 0) -> str:
    """Return an argument or a result as a short text."""
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return f"{value.item():.6g}" if value.dtype.kind == "f" else str(value.item())
        if value.dtype.kind not in "biufc" or not value.size:
            return repr(value)
        if value.size > _SMALL**2 or max(value.shape) > 2 * _SMALL:
            ends = f"from {value.min():.4g} to {value.max():.4g}"
            return f"array of shape {value.shape}, {value.dtype}, {ends}"
        tiny = value.dtype.kind == "f" and ((value != 0) & (np.abs(value) < 5e-5)).any()
        with np.printoptions(precision=4, suppress=not tiny, linewidth=88):
            return np.array2string(value, prefix=" " * indent)
    if isinstance(value, np.random.Generator):
        return "a random generator"
    if isinstance(value, Error):
        return f"{value.kind}: {value.message}"
    if isinstance(value, tuple | list):
        arrays = any(isinstance(one, np.ndarray) and one.ndim for one in value)
        between = ",\n" + " " * (indent + 1) if arrays else ", "  # each array begins a line
        inner = between.join(words(one, indent + 1) for one in value)
        return f"({inner})" if isinstance(value, tuple) else f"[{inner}]"
    if isinstance(value, dict):
        inner = ", ".join(f"{key!r}: {words(one, indent)}" for key, one in value.items())
        return f"{{{inner}}}"
    if callable(value):
        return f"the function {getattr(value, '__name__', 'f')}"
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]} ..."


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def side_by_side(expected: Any, yours: Any) -> str:
    """Return target and answer as two tables of coloured numbers, or as two pictures."""
    both = (expected, yours)
    if not all(isinstance(x, np.ndarray) and x.dtype.kind in "biuf" and x.size for x in both):
        text = f"expected  {words(expected, 10)}\nyours     {words(yours, 10)}"
        return f"<pre>{escape(text)}</pre>"
    finite = [x[np.isfinite(x)] for x in (expected.astype(float), yours.astype(float))]
    most = max((float(np.abs(x).max()) for x in finite if x.size), default=0.0) or 1.0
    panels = "".join(
        f"<div><p>{title}</p>{_panel(x, most, expected)}</div>"
        for title, x in (("expected", expected), ("yours", yours))
    )
    return (
        "<div style='display: flex; flex-wrap: wrap; gap: 2em; overflow-x: auto' "
        f"tabindex='0' role='region' aria-label='Target and answer'>{panels}</div>"
    )


def _panel(x: np.ndarray, most: float, expected: np.ndarray) -> str:
    flat = x.reshape(-1, x.shape[-1]) if x.ndim else x.reshape(1, 1)
    if flat.shape[0] > _SMALL or flat.shape[1] > _SMALL:
        return _picture(flat.astype(float), most, f"array of shape {x.shape}")
    same = expected.reshape(flat.shape) if expected.size == x.size else None
    rows = []
    for i, row in enumerate(flat):
        cells = []
        for j, number in enumerate(row.astype(float)):
            off = same is not None and not np.isclose(
                number, float(same[i, j]), 1e-4, equal_nan=True
            )
            colour = _BLUE if number >= 0 else _ORANGE
            share = min(abs(number) / most, 1.0) if np.isfinite(number) else 0.0
            style = f"background: rgba({colour}, {0.6 * share:.2f}); text-align: right"
            text = f"{number:.4g}"
            cells.append(f"<td style='{style}'>{f'<b><u>{text}</u></b>' if off else text}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _picture(x: np.ndarray, most: float, alt: str) -> str:
    from matplotlib.image import imsave

    file = io.BytesIO()
    imsave(file, np.nan_to_num(x), cmap="RdBu", vmin=-most, vmax=most, format="png")
    data = base64.b64encode(file.getvalue()).decode()
    return (
        f"<img alt='{escape(alt)}' src='data:image/png;base64,{data}' "
        "style='width: 12em; image-rendering: pixelated'>"
    )
