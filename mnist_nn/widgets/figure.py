"""What all figures share: one ES module each, run by a notebook's kernel or by the page alone."""

import base64
import json
import math
import re
import reprlib
import struct
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, ClassVar

import anywidget
from traitlets import Float

FOLDER = files(__package__)
_IMPORT = re.compile(r"^import \{[^}]*\} from \"\./(\w+)\.js\";\n", re.M)


class Finite(Float[float, float]):
    """A number that JSON can write: no nan, no infinity."""

    info_text = "a finite number"

    def validate(self, obj: Any, value: Any) -> float:
        """Return the number; raise TraitError if it is none."""
        number = super().validate(obj, value)
        if not math.isfinite(number):
            self.error(obj, value)
        return number


# Keys that are pressed in a figure are its own: JupyterLab would take the arrows for itself.
_WITH_KEYS = """export default {
  render(view) {
    view.el.addEventListener("keydown", (event) => event.ctrlKey || event.stopPropagation());
    return render(view);
  },
};"""


@cache
def module(name: str) -> str:
    """Return the ES module of a figure as one text, what it imports put in front.

    A notebook's front end receives a single text, which cannot import its neighbours.
    """
    source = FOLDER.joinpath(f"{name}.js").read_text(encoding="utf-8")
    parts = [
        FOLDER.joinpath(f"{part}.js").read_text(encoding="utf-8")
        for part in _IMPORT.findall(source)
    ]
    inlined = [re.sub(r"^export ", "", part, flags=re.M) for part in parts]
    return "\n".join([*inlined, _IMPORT.sub("", source)])


class Figure(anywidget.AnyWidget):
    """A figure that computes in the reader's browser.

    In a running notebook it is a widget: its values can be read and set. Without a kernel its HTML
    names the module and the values, and a script of the page shows the same figure. Where no script
    runs, a still picture stands there.

    A subclass gives `name`, that of its module and of its still picture; `alt`, what the picture
    shows; `presses`, the buttons pressed before it is taken; and traits, tagged ``chosen`` where
    the reader chooses the value. Large data that the figure needs, compressed by zlib, is the
    trait ``data``.

    Parameters
    ----------
    values
        What else than the defaults to begin with.

    Raises
    ------
    TypeError
        If a value has a name that the figure does not know.
    traitlets.TraitError
        If a value is not a possible one.
    """

    name: ClassVar[str]
    alt: ClassVar[str]
    presses: ClassVar[tuple[str, ...]] = ()
    _css = FOLDER.joinpath("figures.css").read_text(encoding="utf-8")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "name" in cls.__dict__:  # anywidget makes classes, too, with traits of its own
            cls._esm = module(cls.name).replace("export default { render };", _WITH_KEYS)
        super().__init_subclass__(**kwargs)

    def __init__(self, **values: Any) -> None:
        chosen = self.class_trait_names(chosen=True)
        if unknown := values.keys() - set(chosen):
            raise TypeError(
                f"{type(self).__name__} has no {', '.join(sorted(unknown))}; "
                f"it takes {', '.join(chosen)}"
            )
        super().__init__(**values)
        self.add_class("living")

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={reprlib.repr(x)}" for name, x in self.values().items())
        return f"{type(self).__name__}({values})"

    def values(self) -> dict[str, Any]:
        """Return what the reader or the program has chosen, by name."""
        return {name: getattr(self, name) for name in self.class_trait_names(chosen=True)}

    def html(self) -> str:
        """Return the figure as a published page holds it."""
        still = FOLDER.joinpath("stills", f"{self.name}.png").read_bytes()
        width, height = struct.unpack(">II", still[16:24])  # where every PNG file has them
        data = f' data-data="data/{self.name}"' if self.has_trait("data") else ""
        source = f"data:image/png;base64,{base64.b64encode(still).decode()}"
        return (
            f'<div class="living" data-figure="{self.name}"{data} '
            f'data-state="{escape(json.dumps(self.values()))}">'
            f'<img width="{width}" height="{height}" alt="{escape(self.alt)}" src="{source}"></div>'
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle, metadata = super()._repr_mimebundle_(**kwargs)  # type: ignore[misc]
        return bundle | {"text/html": self.html(), "text/plain": repr(self)}, metadata
