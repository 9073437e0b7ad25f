"""The archive holds all that a reader without a network needs, and it fits together."""

import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit
from zipfile import ZipFile

import pytest

from tools import archive

pytestmark = pytest.mark.slow

LINK = re.compile(r'<(?:a|img|link|script|source)\s[^>]*?\b(?:href|src)="([^"]+)"')


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (archive.HTML / "index.html").is_file():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("the book is not built (make book)")
    folder = tmp_path_factory.mktemp("archive")
    archive.pack(archive.HTML, folder / "course.zip")
    assert [path.name for path in folder.iterdir()] == ["course.zip"]  # nothing half done is left
    with ZipFile(folder / "course.zip") as packed:
        packed.extractall(folder)
    return folder / archive.TOP


def test_the_site_is_whole(unpacked: Path) -> None:
    site = unpacked / "site"
    dead = []
    for page in (p for p in site.rglob("*.html") if "_static" not in p.parts):
        for link in LINK.findall(page.read_text("utf-8")):
            address = urldefrag(unescape(link))[0]
            if urlsplit(address).scheme or not address:
                continue
            if not (page.parent / unquote(urlsplit(address).path)).is_file():
                dead.append(f"{page.relative_to(site)}: {link}")
    assert dead == []
    assert len(list((site / "book" / "chapters").glob("*.html"))) >= 14
    assert (site / "index.html").is_file()
    assert (site / "searchindex.js").is_file()


def test_all_notebooks_are_there(unpacked: Path) -> None:
    for folder in archive.NOTEBOOKS:
        there = {path.name for path in (unpacked / "notebooks" / folder).iterdir()}
        assert there == {path.name for path in (archive.ROOT / "book" / folder).glob("*.ipynb")}
        assert len(there) >= 5


def test_the_package_installs_without_a_network_and_runs_a_notebook(
    unpacked: Path, tmp_path: Path
) -> None:
    (wheel,) = unpacked.glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*install, "--target", str(tmp_path / "site"), str(wheel)], check=True)
    notebook = unpacked / "notebooks" / "chapters" / "01-handwritten-digits.ipynb"
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    first = next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert "load_mnist" in first
    code = f"{first}\nimport mnist_nn; print(mnist_nn.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=notebook.parent,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site"), "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.splitlines()[-1]).is_relative_to(tmp_path)


def test_the_readme_names_what_is_there(unpacked: Path) -> None:
    text = (unpacked / "README.txt").read_text(encoding="utf-8")
    names = re.findall(r"[\w.-]+/[\w./-]+|\S+\.whl|LICENSE[-\w]*", text.replace('"', " "))
    assert len(names) >= 4
    for name in names:
        assert (unpacked / name.removesuffix("[notebooks]").rstrip(".")).exists(), name


def test_the_same_files_give_the_same_archive(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("Hello")
    for name in ("a.zip", "b.zip"):
        archive.pack(site, tmp_path / name)
        os.utime(site / "index.html", (0, 0))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
