"""Settings for every test, doctest and notebook cell; and pictures compared as pictures.

nbval compares all stored text with fresh text, but never compares PNG images: byte for byte they
differ by machine. Here each picture must have the size of the stored one, within 2 %, and, if the
same version of Matplotlib drew both (the file says which), nearly the same colours when shrunk to
blocks of 8 x 8 pixels. Other versions lay out their letters otherwise, and all else with them.
"""

from __future__ import annotations

import base64
import gc
import io
import os
import signal
import warnings
from collections.abc import Generator
from typing import Any

import nbval.plugin
import pytest

# One BLAS thread, here and in every kernel and worker that is started from here.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

BLOCK = 8  # pixels
# In levels of 255, over all blocks and colours. A shift by one pixel moves a block by at most
# 255 / 8 = 32 levels; a wrong cell in a heat map, or a line that goes elsewhere, moves it by more.
MEAN_DIFFERENCE = 1.0
BLOCK_DIFFERENCE = 40.0


class Kernel(nbval.plugin.RunningKernel):  # type: ignore[misc]
    """A kernel that is started again if it dies at once.

    Two kernels that start at the same moment may be given the same port, and one of them dies.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        for left in (2, 1, 0):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)  # it leaves a file open then
                try:
                    return super().__init__(*arguments, **more)
                except RuntimeError:
                    if not left:
                        raise
                gc.collect()


nbval.plugin.RunningKernel = Kernel


def pytest_sessionstart(session: pytest.Session) -> None:
    # A shell starts what runs in the background deaf to Ctrl-C, and the tests send one.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)

    import matplotlib

    matplotlib.use("agg")  # no windows
    # On a new machine Matplotlib lists the fonts first, and says so on stderr if that takes long:
    # do it here, once, and not in a notebook's cell whose output is compared.
    if not hasattr(session.config, "workerinput"):
        import matplotlib.font_manager


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the cells of a notebook that needs what is not installed, and say what."""
    for item in items:
        if item.path.suffix == ".ipynb":
            from tools.notebooks import lack

            if reason := lack(item.path):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    result = yield
    cell = getattr(item, "cell", None)  # only nbval's items have one
    if cell is not None and item.options["check"]:  # type: ignore[attr-defined]
        stored, fresh = _pictures(cell.outputs), _pictures(item.test_outputs)  # type: ignore[attr-defined]
        if len(fresh) != len(stored):
            pytest.fail(f"{len(stored)} pictures stored, {len(fresh)} drawn")
        for n, (a, b) in enumerate(zip(stored, fresh, strict=True), start=1):
            if difference := picture_difference(a, b):
                pytest.fail(f"picture {n} of this cell is not the stored one: {difference}")
    return result


def _pictures(outputs: list[Any]) -> list[str]:
    return [o.data["image/png"] for o in outputs if "image/png" in o.get("data", {})]


def picture_difference(stored: str, fresh: str) -> str:
    """Say how two PNG images, in Base64, differ; an empty string if only as machines differ."""
    if stored.strip() == fresh.strip():
        return ""
    (a, drawn_by), (b, draws) = _decoded(stored), _decoded(fresh)
    (h, w), (g, v) = a.shape[:2], b.shape[:2]
    if abs(h - g) > 0.02 * h or abs(w - v) > 0.02 * w:
        return f"{w} x {h} pixels stored, {v} x {g} drawn"
    rows, columns = min(h, g) // BLOCK, min(w, v) // BLOCK
    gap = abs(_shrunk(a, rows, columns) - _shrunk(b, rows, columns))
    if drawn_by == draws and (gap.mean() > MEAN_DIFFERENCE or gap.max() > BLOCK_DIFFERENCE):
        return f"colours differ by {gap.mean():.2f} levels on average, by {gap.max():.0f} at most"
    return ""


def _decoded(png: str) -> tuple[Any, str | None]:
    """Return the picture on white, as an array (height, width, 3), and what drew it."""
    import numpy as np
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(png))) as image:
        white = Image.new("RGBA", image.size, "white")
        on_white = Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
        return np.asarray(on_white, dtype=np.float64), image.info.get("Software")


def _shrunk(picture: Any, rows: int, columns: int) -> Any:
    """Return the mean colour of each of rows x columns blocks."""
    cut = picture[: rows * BLOCK, : columns * BLOCK]
    return cut.reshape(rows, BLOCK, columns, BLOCK, 3).mean(axis=(1, 3))
