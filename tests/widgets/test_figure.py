"""What all figures have in common: their HTML, their still pictures, their scripts."""

import json
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from PIL import Image
from py_mini_racer import MiniRacer

from mnist_nn import widgets
from mnist_nn.widgets.figure import Figure, module
from tools import figures, stills

FIGURES = [kind.name for kind in figures.FIGURES]
LARGEST_STILL = 60_000  # bytes: it stands in the notebook and in the page


@pytest.fixture(params=figures.FIGURES, ids=FIGURES)
def figure(request: pytest.FixtureRequest) -> Figure:
    return request.param()


def place(figure: Figure) -> BeautifulSoup:
    return BeautifulSoup(figure.html(), "html.parser").div


def test_seven_figures() -> None:
    names = "activations backpropagation confusions drawing losses softmax training"
    assert sorted(FIGURES) == names.split()


def test_module_is_one_text_without_imports(figure: Figure) -> None:
    code = module(figure.name)
    assert re.findall(r"^(?:import|export) .*", code, re.M) == ["export default { render };"]
    # The same text, as the page has it, is understood, and brings a function.
    with MiniRacer() as engine:
        engine.eval("const found = {}; const livingFigures = { define: (n, v) => (found[n] = v) };")
        engine.eval(figures.script(type(figure)))
        assert engine.eval(f"typeof found['{figure.name}'].render") == "function"


def test_html_says_what_the_page_needs(figure: Figure) -> None:
    tag = place(figure)
    assert tag["data-figure"] == figure.name
    assert json.loads(tag["data-state"]) == json.loads(json.dumps(figure.values()))
    assert tag.has_attr("data-data") == figure.has_trait("data")
    assert tag.img["src"].startswith("data:image/png;base64,iVBOR")
    assert len(tag.img["alt"]) > 60
    assert int(tag.img["width"]) > 600


def test_output_in_a_notebook(figure: Figure) -> None:
    bundle, _ = figure._repr_mimebundle_()
    assert bundle["text/html"] == figure.html()
    assert bundle["text/plain"] == repr(figure)
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "0x" not in repr(figure)  # an address would differ in every run


def test_still_shows_the_figure_as_it_is(figure: Figure) -> None:
    path = stills.STILLS / f"{figure.name}.png"
    assert stills.marks()[figure.name] == stills.mark(figure), "run `make stills`"
    assert path.stat().st_size < LARGEST_STILL
    with Image.open(path) as image:
        assert image.convert("L").getextrema()[0] < 60  # not empty


def test_unknown_values_are_refused(figure: Figure) -> None:
    with pytest.raises(TypeError, match="has no nonsense; it takes"):
        type(figure)(nonsense=1)


def test_values_become_the_first_state() -> None:
    tag = place(widgets.Softmax(logits=[1.0, 2.0], label=1))
    state = json.loads(tag["data-state"])
    assert state == {"logits": [1.0, 2.0], "label": 1, "offset": 0.0, "shift": True}


def test_files_that_pages_load(tmp_path: Path) -> None:
    figures.write(tmp_path)
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")}
    data = {f"data/{kind.name}.js" for kind in figures.FIGURES if "data" in kind.class_traits()}
    assert found == {"figures.css", "host.js", *(f"{name}.js" for name in FIGURES), *data}
