"""Notebooks install the course where it is missing, and the check of the published site checks."""

import json
import os
import re
import subprocess
import sys
import tomllib
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import nbformat
import pytest
import yaml
from IPython.core.inputtransformer2 import TransformerManager
from packaging.requirements import Requirement

from mnist_nn.exercises.answers import cells, definitions
from tools import exercises, launch, notebooks, published, repository

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = ROOT / ".github" / "workflows"
ADDRESS, COMMIT = "https://github.com/ann/course", "0123456789abcdef0123456789abcdef01234567"
CELL = launch.cell(ADDRESS, COMMIT)
PATHS = launch.notebooks(launch.BOOK)
TARGET = f"mnist_nn[notebooks] @ git+{ADDRESS}@{COMMIT}"


class Shell:
    """Notes what a magic command is asked for, in place of IPython."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def run_line_magic(self, name: str, line: str) -> None:
        self.asked.append((name, line))


def run(present: bool, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Run the cell as IPython does, with or without the package; return what it asked for."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: present and name == "mnist_nn")
    shell = Shell()
    source = TransformerManager().transform_cell("".join(CELL["source"]))
    exec(compile(source, "cell", "exec"), {"get_ipython": lambda: shell})
    return shell.asked


def test_the_cell_installs_the_package_of_this_commit_where_it_is_missing(monkeypatch) -> None:
    assert run(False, monkeypatch) == [("pip", f'install --quiet "{TARGET}"')]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "notebooks" in project["optional-dependencies"], "the cell asks for it"


# In July 2026. A new NumPy needs a restart there; ipywidgets 8 is not supported.
COLAB = {"numpy": "2.0.2", "matplotlib": "3.10.0", "ipywidgets": "7.7.1", "tqdm": "4.67.3"}


def test_what_colab_has_need_not_be_upgraded() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["notebooks"]]
    needed = {one.name: one.specifier for one in map(Requirement, lines)}
    for name, version in COLAB.items():
        assert version in needed[name], f"{name} {version}"


def test_the_cell_does_nothing_where_the_package_is(monkeypatch, capsys) -> None:
    assert run(True, monkeypatch) == []
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("path", PATHS, ids=[path.name for path in PATHS])
def test_a_notebook_gets_the_cell_before_its_first_code_and_stays_as_it_is(path, tmp_path) -> None:
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    launch.insert(copy, CELL)
    once = copy.read_bytes()
    launch.insert(copy, CELL)
    assert copy.read_bytes() == once, "a second time changes nothing"

    nb = notebooks.load(copy)
    nbformat.validate(nb)
    code = [n for n, cell in enumerate(nb.cells) if cell.cell_type == "code"]
    assert TARGET in nb.cells[code[0]].source
    del nb.cells[code[0]]
    assert notebooks.dumps(nb) == path.read_text(encoding="utf-8")


def test_a_notebook_with_the_cell_runs_here_and_nothing_is_installed(tmp_path) -> None:
    path = tmp_path / "04-softmax.ipynb"
    path.write_bytes((launch.BOOK / "exercises" / path.name).read_bytes())
    launch.insert(path, launch.cell("https://host.invalid/none", COMMIT))
    assert notebooks.run(path) == []
    first = next(cell for cell in notebooks.load(path).cells if cell.cell_type == "code")
    assert "find_spec" in first.source and first.outputs == []


def test_grading_reads_notebooks_that_have_the_cell(tmp_path) -> None:
    path = tmp_path / "04-softmax.ipynb"
    path.write_bytes((launch.BOOK / "solutions" / path.name).read_bytes())
    launch.insert(path, CELL)
    space, error = definitions(cells(path.read_text(encoding="utf-8")), path.name)
    assert error == "" and callable(space["softmax"])


def test_in_git_no_notebook_knows_an_address_also_in_a_fork(monkeypatch) -> None:
    """Else the CI of a fork would find its student notebooks different from their sources."""
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "ann/course")
    assert repository.address(os.environ, "") == ADDRESS
    assert exercises.differences() == []
    for path in PATHS:
        assert "%pip" not in path.read_text(encoding="utf-8"), path


# The workflow ---------------------------------------------------------------------------------


def git(*words: str | Path) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
    return done.stdout


def test_the_workflow_pushes_the_branch_that_the_buttons_lead_to(tmp_path) -> None:
    """Its own commands, in a clone, with a folder as the host; twice, as for two pushes."""
    source, host = tmp_path / "source", tmp_path / "host.git"
    files = ["tools/launch.py", "book/chapters/04-softmax.ipynb", "book/index.md"]
    files += [
        "book/solutions/04-softmax.ipynb",
        ".github/workflows/publish.yml",
        "mnist_nn/init.py",
    ]
    for name in files:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((ROOT / name).read_bytes())
    git("init", "--quiet", "--initial-branch=main", source)
    git("init", "--quiet", "--bare", host)
    author = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    jobs = yaml.safe_load((WORKFLOWS / "publish.yml").read_text(encoding="utf-8"))["jobs"]
    job = jobs["launch"]
    assert job["permissions"] == {"contents": "write"}
    assert [name for name, one in jobs.items() if "write" in one.get("permissions", {}).values()]
    for turn in (1, 2):
        (source / "turn").write_text(str(turn))
        git("-C", source, "add", "--all")
        git("-C", source, *author, "commit", "--quiet", "--message", "x")
        commit = git("-C", source, "rev-parse", "HEAD").strip()
        clone = tmp_path / f"clone-{turn}"
        git("clone", "--quiet", source, clone)
        environment = os.environ | {
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "ann/course",
            "GITHUB_SHA": commit,
            "TOKEN": "secret",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{host.as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": "https://x-access-token:secret@github.com/ann/course",
        }
        command = ["bash", "-e", "-o", "pipefail", "-c", job["steps"][-1]["run"]]
        subprocess.run(command, cwd=clone, env=environment, capture_output=True, check=True)

        read = partial(git, "-C", host, "show")
        chapter = json.loads(read("launch:book/chapters/04-softmax.ipynb"))
        assert launch.cell(ADDRESS, commit) in chapter["cells"]
        assert "%pip" not in read("launch:book/solutions/04-softmax.ipynb")
        names = git("-C", host, "ls-tree", "-r", "--name-only", "launch").splitlines()
        assert set(names) == {*files, "turn"} - {".github/workflows/publish.yml"}
        assert git("-C", host, "rev-list", "--count", "launch").strip() == "1"


def test_the_newest_versions_are_those_without_upper_bounds(tmp_path) -> None:
    jobs = yaml.safe_load((WORKFLOWS / "newest.yml").read_text(encoding="utf-8"))["jobs"]
    (command,) = [s["run"] for s in jobs["test"]["steps"] if s.get("run", "").startswith("sed")]
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    text = (tmp_path / "requirements.txt").read_text() + (tmp_path / "pyproject.toml").read_text()
    assert re.findall(r".*,<\d.*", text) == ["jupyter-book>=1.0.4,<2"]
    assert '"numpy>=2.' in text


# The check of the site --------------------------------------------------------------------------

PAGE = """<!DOCTYPE html><html><head><meta name="commit" content="{commit}">
<link href="{root}_static/style.css?v=1" rel="stylesheet"></head>
<body><div class="living" data-figure="softmax" data-data="data/softmax"></div>
<a href="#top">up</a> <a href="https://host.invalid/">away</a></body></html>"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A small site that is whole."""
    folder = tmp_path / "site"
    locations = ""
    for path in published.pages():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(PAGE.format(commit=COMMIT, root="../" * path.count("/")))
        locations += f"<loc>https://ann.github.io/course/{path}</loc>"
    (folder / "_static" / "figures" / "data").mkdir(parents=True)
    for name in ("style.css", "figures/softmax.js", "figures/data/softmax.js"):
        (folder / "_static" / name).write_text("x")
    (folder / "sitemap.xml").write_text(locations)
    (folder / "404.html").write_text("There is no such page")
    (folder / "index.html").write_text("The course begins here")
    return folder


class Host(SimpleHTTPRequestHandler):
    """Serves a folder below /course/, with its own page for what is missing, as Pages does."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix("/course"))

    def send_error(self, code: int, *_: object) -> None:
        page = Path(self.directory, "404.html")
        self.send_response(code)
        self.end_headers()
        self.wfile.write(page.read_bytes() if page.exists() else b"none")

    def log_message(self, *_: object) -> None:
        """Keep the output of the tests clean."""


@pytest.fixture
def address(site: Path):
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Host, directory=str(site))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/course/"
        server.shutdown()


def test_a_whole_site_passes_before_and_after_publishing(site: Path, address: str) -> None:
    assert published.problems(f"{site.as_uri()}/", COMMIT) == []
    assert published.problems(address, COMMIT) == []
    command = [sys.executable, ROOT / "tools" / "published.py", address.rstrip("/"), COMMIT]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"0 problems, {len(published.pages())} pages" in done.stdout


@pytest.mark.parametrize(
    "missing",
    [
        "book/index.html",
        "book/chapters/04-softmax.html",
        "index.html",
        "404.html",
        "sitemap.xml",
        "_static/style.css",
        "_static/figures/softmax.js",
        "_static/figures/data/softmax.js",
    ],
)
def test_what_is_missing_is_named(site: Path, address: str, missing: str) -> None:
    (site / missing).unlink()
    for base in (f"{site.as_uri()}/", address):
        assert any(
            one.startswith(f"{missing}: missing") for one in published.problems(base, COMMIT)
        )
    command = [sys.executable, ROOT / "tools" / "published.py", address, COMMIT]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_pages_of_another_commit_are_named(site: Path, address: str) -> None:
    found = published.problems(address, COMMIT[::-1])
    assert len(found) == len(published.pages())
    (site / "book" / "index.html").write_text(PAGE.format(commit=COMMIT, root="../")[:-7])
    assert [one.partition(":")[0] for one in published.problems(address, COMMIT)] == [
        "book/index.html"
    ]


def test_a_host_that_has_a_page_for_everything_is_found_out(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Host.send_error
    monkeypatch.setattr(Host, "send_error", lambda self, code, *_: send(self, 200))
    assert "an address without a page does not show 404.html" in published.problems(address, COMMIT)


def test_the_pages_are_those_of_the_table_of_contents() -> None:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    files = [e["file"] for one in chapters for e in (one, *one.get("sections", []))]
    assert published.pages() == [f"{name}.html" for name in (toc["root"], *files)]
