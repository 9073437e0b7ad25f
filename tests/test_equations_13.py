"""Equations of chapter 13, on one more seed, verified; and the form of its list of errata."""

import re
from itertools import pairwise
from math import pi, sqrt, tan
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from mnist_nn.metrics import prediction_interval
from tools import notebooks

BOOK = Path(__file__).parents[1] / "book"
CHAPTER = BOOK / "chapters" / "13-five-reports.ipynb"


@pytest.mark.equation("eq-prediction-interval")
@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 9, 10, 31, 200])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_prediction_interval_by_scipy(n, confidence):
    x = np.random.default_rng(n).normal(94, 0.3, n)
    t = stats.t.ppf((1 + confidence) / 2, n - 1)
    mean = sum(x) / n
    s = sqrt(sum((x - mean) ** 2) / (n - 1))
    half = t * s * sqrt(1 + 1 / n)
    expected = (mean - half, mean + half)
    assert prediction_interval(x, confidence) == pytest.approx(expected, rel=1e-9)


@pytest.mark.equation("eq-prediction-interval")
@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95])
def test_prediction_interval_of_two_by_hand(confidence):
    """One degree of freedom is Cauchy's distribution: P(|T| < t) = 2 atan(t) / π."""
    a, b = 3.0, 5.0  # mean 4, s = √2
    half = tan(pi * confidence / 2) * sqrt(2) * sqrt(3 / 2)
    expected = (4 - half, 4 + half)
    assert prediction_interval([a, b], confidence) == pytest.approx(expected, rel=1e-12)


@pytest.mark.equation("eq-prediction-interval")
def test_one_more_value_lies_inside_as_often_as_promised():
    rng = np.random.default_rng(13)
    draws = rng.normal(-3, 2, (20_000, 6))
    inside = 0
    for *seen, new in draws:
        low, high = prediction_interval(seen)
        inside += low < new < high
    expected = stats.binom(20_000, 0.95)
    assert abs(inside - expected.mean()) < 3 * expected.std()


@pytest.mark.equation("eq-prediction-interval")
def test_variance_of_what_is_predicted_from_symbols():
    """With n = 5: weights 1 for the new value, -1/5 for each seen, variances add."""
    sigma, n = sp.symbols("sigma n", positive=True)
    weights = [1, *[-1 / n] * 5]
    variance = sum(w**2 * sigma**2 for w in weights).subs(n, 5)
    assert sp.simplify(variance - (sigma**2 * (1 + 1 / n)).subs(n, 5)) == 0
    x = [94.2, 94.0, 94.4, 94.1, 94.3]
    low, high = prediction_interval(x)
    t = stats.t.ppf(0.975, 4)
    found = ((high - low) / 2 / t) ** 2
    value = variance.subs(sigma, np.std(x, ddof=1))
    assert found == pytest.approx(float(value), rel=1e-9)


def test_each_erratum_has_a_label_a_place_and_a_cell():
    """The labels count through; the list that the page counts is the list that it shows."""
    cells = notebooks.load(CHAPTER).cells
    shown: dict[str, list[str]] = {}
    for cell, after in pairwise(cells):
        if cell.source.startswith("(erratum-"):
            report, number, title, place = re.match(
                r"\(erratum-(\w+)-(\d+)\)=\n+\*\*\w+ \d+\. (.+?)\*\* \(([^)]+)\)\. ", cell.source
            ).groups()
            assert place
            assert f" {number}. {title}**" in cell.source
            assert after.cell_type == "code" and after.outputs, cell.source
            shown.setdefault(report, []).append(title)
            assert int(number) == len(shown[report])
    (source,) = (cell.source for cell in cells if cell.source.startswith("errata = {"))
    listed = {
        report: [line.split(maxsplit=1)[1] for line in text.strip().splitlines()]
        for report, text in re.findall(r'"(\w+)": """(.*?)"""', source, re.DOTALL)
    }
    assert shown == listed
    assert len(shown) == 5


def test_an_erratum_is_referred_to_by_its_number():
    """The words of each link, Ray 2 or 2, end with the number of the erratum behind it."""
    sources = [cell.source for cell in notebooks.load(CHAPTER).cells]
    errata = re.findall(r"^\((erratum-\w+-\d+)\)=$", "\n".join(sources), re.MULTILINE)
    links = [
        (label, number)
        for page in BOOK.glob("*/*.ipynb")
        for cell in notebooks.load(page).cells
        for number, label in re.findall(r"\{ref\}`[^`<]*?(\d+) <(erratum-[^>]+)>`", cell.source)
    ]
    assert links
    for label, number in links:
        assert label in errata
        assert label.endswith(f"-{number}")
