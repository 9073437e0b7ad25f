"""In a real JupyterLab the figures are widgets, whose values Python reads and sets."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import numpy as np
import pytest
from numpy.testing import assert_allclose
from playwright.sync_api import Browser, Locator, Page, TimeoutError

from mnist_nn import functional as F
from mnist_nn.widgets import __all__ as names
from tests.browser.conftest import lacking

pytestmark = pytest.mark.slow
SECONDS = 60
FIGURES = [name for name in names if name != "Figure"]
READ = "import json; print(json.dumps([figure.logits, figure.probabilities]))"
CELLS = [
    "from mnist_nn.widgets import *",
    "figure = Softmax(); figure",
    READ,
    "figure.logits = [5.0, 0.0, 0.0, 0.0, 0.0]",
    *(f"{name}()" for name in FIGURES),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a notebook with `CELLS` in a JupyterLab of its own."""
    if find_spec("jupyterlab") is None:
        lacking("JupyterLab is not installed (pip install jupyterlab)")
    folder = tmp_path_factory.mktemp("lab")
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    nbformat.write(notebook, folder / "figures.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += [f"--ServerApp.{name}=" for name in ("token", "password")]
    command += [f"--ServerApp.root_dir={folder}"]
    # All cells stand in the page, not only those in view.
    settings = folder / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    own = {f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in ("CONFIG", "RUNTIME")}
    own["JUPYTERLAB_SETTINGS_DIR"] = str(folder / "settings")
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | own)
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(SECONDS):
            try:
                urlopen(f"{base}/api", timeout=5).close()
                break
            except (URLError, OSError):
                time.sleep(1)
        else:
            pytest.fail((folder / "log").read_text())
        yield f"{base}/doc/tree/figures.ipynb"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def page(browser: Browser, lab: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(SECONDS * 1000)
    page = context.new_page()
    page.goto(lab)
    page.wait_for_selector(".jp-CodeCell")
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
    run(page, 0)
    yield page
    context.close()


def cell(page: Page, n: int) -> Locator:
    return page.locator(".jp-Notebook .jp-Cell").nth(n)


def run(page: Page, n: int) -> Locator:
    """Run a cell, and wait until it has: a page that is still being put together drops keys."""
    found = cell(page, n)
    done = found.locator(".jp-InputPrompt", has_text=re.compile(r"\d"))
    for _ in range(SECONDS // 5):
        found.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        with suppress(TimeoutError):
            done.wait_for(timeout=5000)
            return found
    pytest.fail(f"cell {n} does not run")


def test_python_reads_and_sets_a_figure(page: Page) -> None:
    figure = run(page, 1)
    slider = figure.get_by_role("slider", name="z₀")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    printed = run(page, 2).locator(".jp-OutputArea-output pre").inner_text()
    logits, probabilities = json.loads(printed)
    assert_allclose(logits, [2.5, 1.0, 0.0, -1.0, 0.5])
    assert_allclose(probabilities, F.softmax(np.array([logits]))[0], rtol=1e-6)

    run(page, 3)
    shown = cell(page, 1).locator(".bars .value").first
    p = F.softmax(np.array([[5.0, 0.0, 0.0, 0.0, 0.0]]))[0, 0]
    page.wait_for_function(
        "([e, text]) => e.innerText == text", arg=[shown.element_handle(), f"{p:.2f}"]
    )
    assert slider.input_value() == "5"


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_a_widget(page: Page, name: str) -> None:
    output = run(page, 4 + FIGURES.index(name)).locator(".jp-OutputArea-output")
    output.locator(".living input, .living button, .living canvas").first.wait_for()
    assert output.locator(".jp-mod-error, .jupyter-widgets-error-widget").count() == 0
