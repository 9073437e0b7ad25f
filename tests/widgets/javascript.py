"""The figures' JavaScript, run without a browser."""

import atexit
import json
import re
from typing import Any

import numpy as np
from py_mini_racer import MiniRacer

from mnist_nn.widgets.figure import FOLDER


class Maths:
    """The functions of maths.js: ``Maths().softmax([1.0, 2.0])``."""

    def __init__(self) -> None:
        source = FOLDER.joinpath("maths.js").read_text(encoding="utf-8")
        self.engine = MiniRacer()
        atexit.register(self.engine.close)  # or Python may not end
        self.engine.eval(re.sub(r"^export ", "", source, flags=re.M))
        # Typed arrays become lists; what JSON has no word for, words.
        self.engine.eval(
            """const plain = (key, v) => ArrayBuffer.isView(v) ? Array.from(v)
                 : typeof v === "number" && !Number.isFinite(v) ? `${v}` : v;"""
        )

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.run(f"{name}(...given)", *arguments)

    def run(self, code: str, *given: Any) -> Any:
        """Return what `code` gives, an expression or a function's body that ends in return."""
        body = code if "return" in code else f"return {code}"
        text = json.dumps(given, default=lambda a: np.asarray(a).tolist())
        call = f"((given) => JSON.stringify((() => {{ {body} }})(), plain))({text})"
        return json.loads(self.engine.eval(call))
