"""Imports of mnist_nn point only down, and `import mnist_nn` is light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mnist_nn

PACKAGE = Path(mnist_nn.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# From the bottom to the top. A module may import from lower rows only; the files of a folder
# (data/) are one module, and may import each other.
LAYERS = [
    {"checks"},
    {"files"},
    {"functional", "init", "params", "data", "metrics", "notebook"},
    {"model", "optim"},
    {"train", "gradcheck"},
    {"plots", "checkpoint"},
    {"store"},
    {"search"},
    {"reports", "exercises", "widgets"},
    {"cli", "sklearn"},
    {"__main__"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
# What a plain `import mnist_nn` may load besides the standard library.
LIGHT = {"mnist_nn", "numpy", "cython_runtime"}  # the last is a part of NumPy


def part(path: Path) -> str:
    """The name in LAYERS to which a file belongs."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_parts(path: Path) -> set[str]:
    """The parts of mnist_nn that a file imports, wherever in the file it does so."""
    package = ["mnist_nn", *path.relative_to(PACKAGE).parent.parts]
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            up = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*up, *([node.module] if node.module else [])])
            names |= {f"{base}.{alias.name}" for alias in node.names}
    found = set()
    for name in names:
        first, _, rest = name.partition(".")
        if first == "mnist_nn":
            found.add(rest.partition(".")[0])
    return found - {"__version__"}


def test_every_module_has_its_layer() -> None:
    assert {part(path) for path in MODULES} - {"__init__"} == set(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    name = part(path)
    if name == "__init__":
        assert "cli" not in imported_parts(path)
        return
    upward = {p for p in imported_parts(path) - {name} if LEVEL.get(p, 99) >= LEVEL[name]}
    assert upward == set(), f"{name} may not import {', '.join(sorted(upward))}"


def test_import_is_light() -> None:
    code = "import sys; old = set(sys.modules); import mnist_nn; print(*set(sys.modules) - old)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    heavy = {name for name in loaded - LIGHT - set(sys.stdlib_module_names) if name[0] != "_"}
    assert heavy == set()
