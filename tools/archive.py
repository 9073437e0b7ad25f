"""Pack the course into one file for those who will have no network.

    python tools/archive.py      _build/html becomes _build/mnist_nn-course.zip

It holds the site, the notebooks and the package with the digits. The same files give the same
archive, byte for byte.
"""

import calendar
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
TARGET = ROOT / "_build" / "mnist_nn-course.zip"
TOP = "mnist_nn-course"  # the folder that the archive unpacks to
NOTEBOOKS = ("chapters", "exercises", "reports")
PACKAGE = ("LICENSE", "LICENSE-TEXT", "README.md", "pyproject.toml")  # besides its modules
# The first is for a web server, the second only for the next build.
LEFT_OUT = {"404.html", ".buildinfo"}
DATE = (2026, 1, 1, 0, 0, 0)  # of all files, or no two archives would be the same
README = """\
A neural network from first principles
======================================

Everything in this folder works without a network, once Python and its packages are installed.

To read
    Open site/index.html in a browser. Nothing needs to be installed.

To run the notebooks (Python 3.11 or newer; the first line fetches NumPy, Matplotlib and Jupyter,
so type it while there is a network)
    python -m pip install "{wheel}[notebooks]" jupyterlab
    jupyter lab notebooks

To do the exercises
    Begin with notebooks/exercises/01-handwritten-digits.ipynb.

The digits are inside the package. Text and figures: CC BY 4.0 (LICENSE-TEXT). Code: BSD 3-Clause
(LICENSE).
"""


def build_wheel(folder: Path) -> Path:
    """Build the package, with its data, into `folder`; return the wheel."""
    with TemporaryDirectory() as copy:  # setuptools leaves files of its own beside the package
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "mnist_nn", Path(copy, "mnist_nn"), ignore=skip)
        for name in PACKAGE:
            shutil.copy(ROOT / name, copy)
        # Without isolation it needs no network: what builds the book brings setuptools.
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
        more = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), copy]
        seconds = calendar.timegm((*DATE, 0, 0, 0))
        environment = os.environ | {"SOURCE_DATE_EPOCH": str(seconds)}
        subprocess.run([*command, *more], check=True, env=environment)
    (wheel,) = folder.glob("*.whl")
    return wheel


def files(html: Path, wheel: Path) -> Iterator[tuple[str, Path]]:
    """Yield what is packed: its name in the archive, and where it is now."""
    for path in sorted(html.rglob("*")):
        if path.is_file() and path.name not in LEFT_OUT:
            yield f"site/{path.relative_to(html).as_posix()}", path
    for folder in NOTEBOOKS:
        for path in sorted((ROOT / "book" / folder).glob("*.ipynb")):
            yield f"notebooks/{folder}/{path.name}", path
    for name in ("LICENSE", "LICENSE-TEXT"):
        yield name, ROOT / name
    yield wheel.name, wheel


def pack(html: Path, target: Path) -> None:
    """Write the archive; `target` is there only when it is whole."""
    partial = target.with_suffix(".part")
    with TemporaryDirectory() as folder:
        wheel = build_wheel(Path(folder))
        with ZipFile(partial, "w", ZIP_DEFLATED) as archive:
            archive.writestr(_entry("README.txt"), README.format(wheel=wheel.name))
            for name, path in files(html, wheel):
                archive.writestr(_entry(name), path.read_bytes())
    partial.replace(target)


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(f"{TOP}/{name}", DATE)
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o644 << 16  # everyone may read it
    return entry


def main() -> int:
    """Run the command line."""
    if not (HTML / "index.html").is_file():
        print("The book is not built: make book", file=sys.stderr)
        return 1
    pack(HTML, TARGET)
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
