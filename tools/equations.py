"""List every numbered equation with the functions that implement it and the tests that verify it.

An equation is a display formula with a label, ``$$ … $$ (eq-name)``, in a page of the book. A
function implements it if its docstring says :eq:`eq-name`; the page must name one such function, so
that readers find the code. A test verifies it if it carries ``@pytest.mark.equation("eq-name")``
and passes. The command runs these tests, and ends with an error if anything is missing, or if code
or tests name an equation that no page has.
"""

import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections import defaultdict
from pathlib import Path

import nbformat
import pytest

import mnist_nn

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "book" / "equations.md"
PLACES = ROOT / "mnist_nn" / "exercises" / "equations.json"  # for the hints of the exercises
HEAD = """\
# Equations

Every numbered equation of the course, with the function that is the same in code, and the tests
that hold the two together: on random numbers, and with SymPy where it is an identity.
`make equations` runs them, and fails where one is missing.
"""
LABEL = re.compile(r"\$\$\s*\((eq-[\w-]+)\)")


def pages() -> dict[Path, str]:
    """Return the text of every page that the table of contents lists."""
    toc = (ROOT / "_toc.yml").read_text()
    texts = {}
    for name in re.findall(r"^\s*-?\s*(?:file|root):\s*(\S+)", toc, re.MULTILINE):
        page = ROOT / name
        if page.with_suffix(".ipynb").exists():
            cells = nbformat.read(page.with_suffix(".ipynb"), as_version=4).cells
            texts[page] = "\n\n".join(c.source for c in cells if c.cell_type == "markdown")
        else:
            texts[page] = page.with_suffix(".md").read_text()
    return texts


def implementations() -> dict[str, set[tuple[str, str]]]:
    """Return, for each label, the modules and functions whose docstrings name it."""
    found = defaultdict(set)
    for module_info in pkgutil.walk_packages(mnist_nn.__path__, "mnist_nn."):
        module = importlib.import_module(module_info.name)
        for name, thing in vars(module).items():
            if getattr(thing, "__module__", None) != module.__name__ or name.startswith("_"):
                continue
            members = vars(thing) if inspect.isclass(thing) else {}
            methods = {f"{name}.{k}": v for k, v in members.items() if inspect.isfunction(v)}
            for path, member in ({name: thing} | methods).items():
                for label in re.findall(r":eq:`(eq-[\w-]+)`", inspect.getdoc(member) or ""):
                    found[label].add((module.__name__, path))
    return found


class Verdicts:
    """A pytest plugin that keeps, for each label, the tests that passed and that did not."""

    def __init__(self) -> None:
        self.labels: dict[str, list[str]] = {}
        self.passed: dict[str, set[str]] = defaultdict(set)
        self.failed: dict[str, set[str]] = defaultdict(set)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note which equations each test is for."""
        for item in items:
            marks = item.iter_markers("equation")
            self.labels[item.nodeid] = [label for mark in marks for label in mark.args]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Sort each test under the labels it names."""
        for label in self.labels.get(report.nodeid, ()):
            test = re.sub(r"\[.*", "", report.nodeid).split("::", 1)[1]
            if report.failed:
                self.failed[label].add(test)
            elif report.when == "call" and report.passed:
                self.passed[label].add(test)


def _suffix(page: Path) -> str:
    return ".ipynb" if page.with_suffix(".ipynb").exists() else ".md"


def main() -> int:
    """Print the list and return 0 if every equation is implemented and verified, else 1."""
    texts = pages()
    where: dict[str, Path] = {}
    problems = []
    for page, text in texts.items():
        for label in LABEL.findall(text):
            if label in where:
                problems.append(f"{label} is defined twice, in {where[label].name} and {page.name}")
            where[label] = page
    code = implementations()
    verdicts = Verdicts()
    options = ["-m", "equation", "-q", "--no-header", "--no-summary", "-p", "no:cacheprovider"]
    pytest.main([*options, str(ROOT / "tests")], plugins=[verdicts])

    lines = [HEAD]
    last = None
    for label, page in where.items():
        functions = sorted(code.get(label, ()))
        # A page may use a shorter public name, as in mnist_nn.data.Digits.scaled.
        links = (rf"mnist_nn\.[\w.]*\b{re.escape(path)}(?=`)" for _, path in functions)
        found = [match[0] for link in links if (match := re.search(link, texts[page]))]
        print(f"\n{label}  ({page.name})")
        print(f"  implemented by  {', '.join(map('.'.join, functions)) or '—'}")
        print(f"  verified by     {', '.join(sorted(verdicts.passed[label])) or '—'}")
        if not functions:
            problems.append(f"{label}: no docstring of mnist_nn names it")
        elif not found:
            problems.append(f"{label}: {page.name} names none of the functions that implement it")
        if verdicts.failed[label]:
            problems.append(f"{label}: {', '.join(sorted(verdicts.failed[label]))} failed")
        elif not verdicts.passed[label]:
            problems.append(f"{label}: no test that names it has passed")
        if page != last:
            lines.append(f"\n[]({page.relative_to(LIST.parent)}{_suffix(page)})\n")
            last = page
        names = ", ".join(f"{{py:obj}}`~{name}`" for name in found)
        tests = ", ".join(f"`{name}`" for name in sorted(verdicts.passed[label]))
        lines.append(f"- {{eq}}`{label}`: {names}; {tests}")
    for label in (code.keys() | verdicts.passed.keys() | verdicts.failed.keys()) - where.keys():
        problems.append(f"{label}: named in code or tests, but no page defines it")

    places = {label: page.name for label, page in where.items()}
    for file, text in (
        (LIST, "\n".join(lines) + "\n"),
        (PLACES, json.dumps(places, indent=1) + "\n"),
    ):
        if "--write" in sys.argv[1:]:
            file.write_text(text, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != text:
            problems.append(f"{file.name} is another list: run python tools/equations.py --write")

    verified = sum(bool(verdicts.passed[k]) and not verdicts.failed[k] for k in where)
    print(f"\n{len(where)} equations, {verified} verified")
    for problem in sorted(problems):
        print(f"  {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
